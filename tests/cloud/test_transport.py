"""The one place where requests are made: where they go, what they carry, how they fail."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import ipaddress
import socket
import ssl
from typing import override

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from multidict import CIMultiDict, CIMultiDictProxy
import pytest
from yarl import URL

from custom_components.camera_cloud_plan.cloud.errors import (
    CertificateError,
    CloudError,
    NoConnectionError,
    RateLimitedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCloud
from custom_components.camera_cloud_plan.cloud.xiaomi.transport import (
    Answer,
    ServerClock,
    Transport,
)
from simulator.cloud import Cloud
from simulator.hosts import Host, host_of
from simulator.server import RunningSimulator, create_app
from simulator.world import World
from tests.cloud.helpers import DEVICE_ID, MEI, credentials_of

_API = URL("https://de.api.io.mi.com/app/x%2Fy?a=1%2B2&b=%2F", encoded=True)

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def _server(handler: Handler) -> AsyncIterator[str]:
    """Serve everything with one handler, and return the origin."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _through(http: aiohttp.ClientSession, gateway: str | None) -> Transport:
    return Transport(http, device_id=DEVICE_ID, gateway=gateway)


@pytest.mark.own_server
async def test_through_a_gateway_only_the_address_changes(http: aiohttp.ClientSession) -> None:
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response(text=(await request.read()).decode())

    async with _server(handler) as origin:
        answer = await _through(http, origin).send(
            "POST",
            _API,
            cookies={"serviceToken": "a/b+c==", "userId": "1"},
            headers={"X-Own": "1"},
            body=b"data=%2B",
        )
    [request] = seen
    assert answer.text == "data=%2B"
    assert answer.host == "de.api.io.mi.com"
    assert request.method == "POST"
    assert request.raw_path == "/app/x%2Fy?a=1%2B2&b=%2F"
    assert request.headers["Host"] == "de.api.io.mi.com"
    # Bare, as the maker's app sends it; and one User-Agent, which is not Home Assistant's.
    assert request.headers["Cookie"] == "serviceToken=a/b+c==; userId=1"
    [user_agent] = request.headers.getall("User-Agent")
    assert user_agent.startswith(f"{DEVICE_ID} APP/com.xiaomi.mihome")
    assert request.headers["X-Own"] == "1"
    assert request.headers["Accept-Encoding"] == "identity"


@pytest.mark.own_server
async def test_a_path_that_looks_like_a_host_stays_a_path(http: aiohttp.ClientSession) -> None:
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response()

    async with _server(handler) as origin:
        address = URL("https://sts.api.io.mi.com//evil.example/x", encoded=True)
        await _through(http, origin).send("GET", address, cookies={})
        # The gateway's own pages are reached as they are.
        await _through(http, origin).send("GET", URL(f"{origin}/page"), cookies={})
    assert [request.raw_path for request in seen] == ["//evil.example/x", "/page"]
    assert seen[0].headers["Host"] == "sts.api.io.mi.com"
    assert seen[1].headers["Host"] == URL(origin).raw_authority


@pytest.mark.parametrize("address", ["https://evil.example/", "http://api.io.mi.com/", "/x", ""])
async def test_nothing_is_sent_elsewhere(http: aiohttp.ClientSession, address: str) -> None:
    async def handler(_request: web.Request) -> web.Response:
        pytest.fail("was asked")

    async with _server(handler) as origin:
        with pytest.raises(UnexpectedAnswerError, match="leads away"):
            await _through(http, origin).send("GET", URL(address), cookies={})


@pytest.mark.own_server
async def test_redirects_are_not_followed(http: aiohttp.ClientSession) -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.path == "/app/x/y"
        return web.Response(status=302, headers={"Location": "/other"})

    async with _server(handler) as origin:
        answer = await _through(http, origin).send("GET", _API, cookies={})
    assert (answer.status, answer.location) == (302, "/other")


@pytest.mark.own_server
async def test_the_session_keeps_no_cookies(http: aiohttp.ClientSession) -> None:
    seen: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie"))
        response = web.Response()
        response.headers.add("Set-Cookie", "serviceToken=x; Path=/")
        response.headers.add("Set-Cookie", 'quoted="y/z=="; Path=/')
        response.headers.add("Set-Cookie", "serviceToken=EXPIRED; Max-Age=0")
        response.headers.add("Set-Cookie", "passToken=; Max-Age=0")
        response.headers.add("Set-Cookie", "nonsense")
        return response

    async with _server(handler) as origin:
        sender = _through(http, origin)
        answers = [await sender.send("GET", _API, cookies={}) for _ in range(2)]
    assert seen == [None, None]
    assert answers[0].cookies() == {"serviceToken": "x", "quoted": "y/z=="}


@pytest.mark.own_server
async def test_an_answer_without_end_is_cut(http: aiohttp.ClientSession) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * int(request.query["size"]))

    async with _server(handler) as origin:
        sender = _through(http, origin)
        answer = await sender.send("GET", _API.update_query(size=1000), cookies={}, limit=1000)
        assert len(answer.text) == 1000
        with pytest.raises(UnexpectedAnswerError, match="longer answer"):
            await sender.send("GET", _API.update_query(size=1001), cookies={}, limit=1000)


@pytest.mark.own_server
async def test_an_answer_that_does_not_come_in_time(http: aiohttp.ClientSession) -> None:
    async def handler(_request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with _server(handler) as origin:
        with pytest.raises(UnreachableError, match="no answer in time") as raised:
            await _through(http, origin).send("GET", _API, cookies={}, patience=0.1)
    assert not isinstance(raised.value, NoConnectionError)


@asynccontextmanager
async def _raw_server(said: bytes) -> AsyncIterator[str]:
    """Serve these bytes to whoever connects, then hang up."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.own_server
@pytest.mark.parametrize(
    ("said", "error", "reason"),
    [
        (b"", UnreachableError, "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", UnreachableError, "broke off"),
        (b"SSH-2.0-nothing of the kind\r\n\r\n", UnexpectedAnswerError, "not HTTP"),
    ],
)
async def test_a_connection_that_breaks_off(
    http: aiohttp.ClientSession, said: bytes, error: type[CloudError], reason: str
) -> None:
    async with _raw_server(said) as origin:
        with pytest.raises(error, match=reason):
            await _through(http, origin).send("GET", _API, cookies={})


@pytest.mark.own_server
async def test_a_gateway_that_is_not_there_is_named(http: aiohttp.ClientSession) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(NoConnectionError, match="no connection") as raised:
            await _through(http, f"http://127.0.0.1:{port}").send("GET", _API, cookies={})
    assert raised.value.host == "127.0.0.1"


class _GuardError(aiohttp.ClientError):
    """As Home Assistant's guard against redirects to this machine raises one."""


@pytest.mark.own_server
async def test_the_redirect_guard_is_no_statement_about_the_network(
    socket_enabled: None,
) -> None:
    async def guard(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        (await handler(request)).close()
        raise _GuardError(str(request.url))

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1/"})

    async with _server(handler) as origin, aiohttp.ClientSession(middlewares=[guard]) as session:
        with pytest.raises(UnexpectedAnswerError, match="stopped") as raised:
            await _through(session, origin).send("GET", _API, cookies={})
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def _answer(status: int, **headers: str) -> Answer:
    return Answer(
        host="api.io.mi.com",
        status=status,
        headers=CIMultiDictProxy(CIMultiDict({k.replace("_", "-"): v for k, v in headers.items()})),
        body=b"",
    )


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 426])
def test_what_is_served(status: int) -> None:
    _answer(status).demand_served()


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("999999999", 86400.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Thu, 99 Foo 2026", None),
    ],
)
def test_how_long_to_wait(said: str, wait: float | None) -> None:
    with pytest.raises(RateLimitedError) as raised:
        _answer(429, Retry_After=said).demand_served()
    assert raised.value.retry_after == wait


@pytest.mark.parametrize(("ahead", "wait"), [(90, 90.0), (-90, 0.0), (10**6, 86400.0)])
def test_how_long_to_wait_as_a_date(ahead: int, wait: float) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    with pytest.raises(RateLimitedError) as raised:
        _answer(429, Retry_After=date).demand_served()
    assert raised.value.retry_after == pytest.approx(wait, abs=2)


@pytest.mark.parametrize(
    ("ahead", "corrected"),
    [
        (0, False),
        (29, False),
        (-29, False),
        (45, True),
        (-45, True),
        (23 * 3600, True),
        (-23 * 3600, True),
        (25 * 3600, False),
        (-400 * 86400, False),
    ],
)
def test_which_difference_of_clocks_is_corrected(ahead: int, corrected: bool) -> None:
    server = ServerClock()
    assert server.seconds_ahead is None
    server.learn(format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True))
    assert server.seconds_ahead == pytest.approx(ahead, abs=2)
    expected = datetime.now(UTC) + timedelta(seconds=ahead if corrected else 0)
    assert abs(server.now() - expected) < timedelta(seconds=3)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 99 Nov 99999 00:00:00 GMT"])
def test_an_unreadable_date_changes_nothing(date: str | None) -> None:
    server = ServerClock(ahead=timedelta(hours=1))
    server.learn(date)
    assert server.ahead == timedelta(hours=1)


class _Resolver(AbstractResolver):
    """Finds these names at one port of this machine, and no others."""

    def __init__(self, port: int, *names: str) -> None:
        self.asked: list[str] = []
        self._port = port
        self._names = names

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if not any(host == name or host.endswith(f".{name}") for name in self._names):
            raise OSError(None, "no such name")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=family,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    @override
    async def close(self) -> None:
        """Hold nothing."""


def _certificate() -> tuple[bytes, bytes]:
    """Return the key and the certificate of hosts that pass for the maker's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated")])
    names = ["*.api.io.mi.com", "api.io.mi.com", "*.smartcamera.api.io.mi.com"]
    names += ["*.business.smartcamera.api.io.mi.com", "*.app.business.smartcamera.api.io.mi.com"]
    names += ["*.storage.simulated-maker.example"]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName(host) for host in names]
                + [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
    )


class _Internet:
    """The simulated cloud under its own names and over TLS, reached without a gateway."""

    def __init__(self, cloud: Cloud, port: int, certificate: bytes) -> None:
        self.cloud = cloud
        self.simulator = RunningSimulator(cloud=cloud, port=port)
        self._certificate = certificate

    @asynccontextmanager
    async def session(
        self, *names: str, trusted: bool = True
    ) -> AsyncIterator[tuple[aiohttp.ClientSession, _Resolver]]:
        """Return an HTTP session that finds these names, and its resolver."""
        resolver = _Resolver(self.simulator.port, *names)
        context = ssl.create_default_context()
        if trusted:
            context.load_verify_locations(cadata=self._certificate.decode())
        connector = aiohttp.TCPConnector(resolver=resolver, ssl=context, use_dns_cache=False)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            yield session, resolver


@pytest.fixture
async def internet(
    world: World, tmp_path_factory: pytest.TempPathFactory, socket_enabled: None
) -> AsyncIterator[_Internet]:
    """Run the sample world's cloud over TLS."""
    key, certificate = _certificate()
    folder = tmp_path_factory.mktemp("tls")
    (folder / "key.pem").write_bytes(key)
    (folder / "cert.pem").write_bytes(certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    cloud = Cloud(world)
    runner = web.AppRunner(create_app(cloud), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield _Internet(cloud, runner.addresses[0][1], certificate)
    finally:
        await runner.cleanup()
        await cloud.studio.close()


def _direct(internet: _Internet, http: aiohttp.ClientSession) -> XiaomiCloud:
    return XiaomiCloud(http, credentials_of(internet.simulator, MEI), regions=["cn"])


async def test_without_a_gateway_the_hosts_are_called_by_name(internet: _Internet) -> None:
    async with internet.session("io.mi.com") as (http, resolver):
        cloud = _direct(internet, http)
        cameras = await cloud.list_cameras()
        assert await cloud.read_plans(cameras, {})
    assert set(resolver.asked) == {"api.io.mi.com", "business.smartcamera.api.io.mi.com"}


async def test_the_next_camera_host_is_tried_where_the_first_has_no_name(
    internet: _Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The simulated cloud has no second camera host: it gets the first one's requests.
    second = "app.business.smartcamera.api.io.mi.com"
    by_name = internet.cloud.requests
    monkeypatch.setattr("simulator.server.host_of", _as_first_host)
    async with internet.session("api.io.mi.com") as (http, resolver):
        resolver._names = ("api.io.mi.com",)
        real = resolver.resolve

        async def resolve(
            host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            if host == "business.smartcamera.api.io.mi.com":
                resolver.asked.append(host)
                raise OSError(None, "no such name")
            return await real(host, port, family)

        monkeypatch.setattr(resolver, "resolve", resolve)
        cloud = _direct(internet, http)
        cameras = await cloud.list_cameras()
        assert all(camera.supports_plans for camera in cameras)
        asked_before = resolver.asked.count("business.smartcamera.api.io.mi.com")
        readings = await cloud.read_plans(cameras, {})
    assert len(readings) == len(cameras)
    assert asked_before == 1
    # What works is remembered.
    assert resolver.asked.count("business.smartcamera.api.io.mi.com") == asked_before
    assert second in resolver.asked
    assert by_name.total() > 0


def _as_first_host(header: str) -> Host | None:
    return host_of(header.removeprefix("app."))


async def test_names_that_are_not_found_are_named(internet: _Internet) -> None:
    async with internet.session("nowhere.example") as (http, _):
        with pytest.raises(NoConnectionError, match="no such name") as raised:
            await _direct(internet, http).list_cameras()
    assert raised.value.host == "api.io.mi.com"


async def test_a_host_that_cannot_prove_its_name_gets_nothing(internet: _Internet) -> None:
    async with internet.session("io.mi.com", trusted=False) as (http, _):
        with pytest.raises(CertificateError, match="no valid certificate"):
            await _direct(internet, http).list_cameras()
    assert internet.cloud.requests.total() == 0
