"""An owner's renewal request: sent once and never again, and nothing claimed about it.

Counted where requests arrive: at the simulated maker, or at a server that breaks off.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
import json
from pathlib import Path
import socket
from typing import Any

import aiohttp
from aiohttp import web
import pytest

from custom_components.camera_cloud_plan.cloud.errors import (
    CloudError,
    NoConnectionError,
    RefusalMeaning,
    RequestNotSentError,
    RequestRefusedError,
    RequestUnansweredError,
    UnreachableError,
)
from custom_components.camera_cloud_plan.cloud.renewal_request import RenewalRequest, parse
from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCloud, XiaomiCredentials
from custom_components.camera_cloud_plan.plan import Camera, Ownership, PlanReading, Wish
from simulator.faults import Trouble
from simulator.hosts import HostKind
from simulator.renewal import PATH
from simulator.server import RunningSimulator
from tests.cloud.helpers import ACCOUNT, MEI, MEI_BERLIN, credentials_of

DEFINITION = Path(__file__).parents[2] / "simulator" / "renewal_request.json"
JUN = "2300630093"
KITCHEN = "1063000301"
FRONT_DOOR = "1051000101"
BALCONY = "1051000104"
STUDY = "1051000106"
BERLIN_HALLWAY = "1064000201"
WINDOW = "1064000203"
GRANDMAS_HALL = "1074000401"


def _definition(**changes: object) -> RenewalRequest:
    """Return the simulated maker's definition, with changes to its request for "off"."""
    data = json.loads(DEFINITION.read_text(encoding="utf-8"))
    data["off"] |= changes
    return parse(json.dumps(data))


def _camera(camera_id: str, region: str = "cn", **changes: Any) -> Camera:
    camera = Camera(
        camera_id=camera_id,
        name="Camera",
        maker="Xiaomi",
        model="isa.camera.hlc6",
        region=region,
        ownership=Ownership.OWNER,
    )
    return replace(camera, **changes)


def _cloud(
    gateway: str | None,
    http: aiohttp.ClientSession,
    credentials: XiaomiCredentials,
    definition: RenewalRequest | None,
) -> XiaomiCloud:
    return XiaomiCloud(
        http,
        credentials,
        regions=("cn", "de"),
        gateway=gateway,
        renewal_request=definition,
    )


def _signed_in(
    sim: RunningSimulator,
    http: aiohttp.ClientSession,
    user_id: str = JUN,
    definition: RenewalRequest | None = None,
) -> XiaomiCloud:
    credentials = credentials_of(sim, user_id)
    return _cloud(sim.base_url, http, credentials, definition or _definition())


async def _renews(cloud: XiaomiCloud, camera: Camera) -> bool | None:
    reading = (await cloud.read_plans([camera], {}))[camera.camera_id]
    assert isinstance(reading, PlanReading)
    assert reading.renewal is not None
    return reading.renewal.says


async def test_off_and_on_again_read_back(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud, kitchen = _signed_in(sim, http), _camera(KITCHEN)
    assert await _renews(cloud, kitchen) is True
    for wish, says in ((Wish.OFF, False), (Wish.ON, True)):
        assert cloud.can_request(kitchen, wish)
        await cloud.request_renewal(kitchen, wish)
        assert await _renews(cloud, kitchen) is says
    assert sim.requests.renewals == {KITCHEN: 2}
    assert sim.requests.counts["camera.api.io.mi.com", PATH, 200] == 2
    assert sim.requests.total(host=ACCOUNT) == 0


async def test_a_region_has_its_own_host(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud = _signed_in(sim, http, MEI_BERLIN)
    with pytest.raises(RequestRefusedError) as raised:
        await cloud.request_renewal(_camera(BERLIN_HALLWAY, "de"), Wish.OFF)
    assert raised.value.meaning is RefusalMeaning.BILLED_BY_STORE
    assert sim.requests.counts["de.camera.api.io.mi.com", PATH, 200] == 1


@pytest.mark.parametrize(
    ("user_id", "camera", "meaning"),
    [
        (MEI, _camera(BALCONY), RefusalMeaning.PASSWORD_NEEDED),
        (MEI, _camera(STUDY), RefusalMeaning.ALREADY_SO),
        (MEI_BERLIN, _camera(WINDOW, "de"), RefusalMeaning.PLAN_ENDED),
        (MEI, _camera(GRANDMAS_HALL), RefusalMeaning.NOT_ALLOWED),
        (MEI, _camera("1"), RefusalMeaning.NOT_ALLOWED),
    ],
)
async def test_why_the_maker_says_no(
    sim: RunningSimulator,
    http: aiohttp.ClientSession,
    user_id: str,
    camera: Camera,
    meaning: RefusalMeaning,
) -> None:
    cloud = _signed_in(sim, http, user_id)
    with pytest.raises(RequestRefusedError) as raised:
        await cloud.request_renewal(camera, Wish.OFF)
    assert raised.value.meaning is meaning
    assert sim.requests.renewals == {camera.camera_id: 1}


async def test_what_the_definition_says_is_what_is_sent(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    """Without the parameter by which its page confirms twice, the maker wants it."""
    unconfirmed = {
        "did": "{camera}",
        "region": "{region}",
        "user": "{user}",
        "renewal": "off",
    }
    cloud = _signed_in(sim, http, MEI, _definition(parameters=unconfirmed))
    with pytest.raises(RequestRefusedError) as raised:
        await cloud.request_renewal(_camera(FRONT_DOOR), Wish.OFF)
    assert raised.value.meaning is RefusalMeaning.CONFIRMATION_NEEDED
    await _signed_in(sim, http, MEI).request_renewal(_camera(FRONT_DOOR), Wish.OFF)


async def test_an_error_without_a_meaning_is_still_a_no(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    rules = {"code": "code", "accepted": [0]}
    cloud = _signed_in(sim, http, definition=_definition(answer=rules))
    sim.faults.add(Trouble.API_ERROR, path=PATH)
    with pytest.raises(RequestRefusedError) as raised:
        await cloud.request_renewal(_camera(KITCHEN), Wish.OFF)
    assert raised.value.meaning is RefusalMeaning.OTHER


async def test_no_trace_without_a_definition(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud, kitchen = (
        _cloud(sim.base_url, http, credentials_of(sim, JUN), None),
        _camera(KITCHEN),
    )
    for wish in Wish:
        assert not cloud.can_request(kitchen, wish)
        with pytest.raises(RequestNotSentError) as raised:
            await cloud.request_renewal(kitchen, wish)
        assert raised.value.cause is None
    assert sim.requests.total() == 0


_GATEWAY = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("gateway", "changes", "known"),
    [
        (_GATEWAY, {}, {Wish.OFF, Wish.ON}),
        (_GATEWAY, {"on": None}, {Wish.OFF}),
        # A definition for a server of one's own is never sent to the maker.
        (None, {}, set()),
        (None, {"gateway_only": False}, {Wish.OFF, Wish.ON}),
    ],
)
async def test_when_a_request_is_known(
    sim: RunningSimulator,
    http: aiohttp.ClientSession,
    gateway: str | None,
    changes: dict[str, Any],
    known: set[Wish],
) -> None:
    definition = replace(_definition(), **changes)
    cloud = _cloud(gateway, http, credentials_of(sim, JUN), definition)
    for wish in Wish:
        assert cloud.can_request(_camera(KITCHEN), wish) is (wish in known)
        for ownership in (Ownership.SHARED, Ownership.UNKNOWN):
            camera = _camera(KITCHEN, ownership=ownership)
            assert not cloud.can_request(camera, wish)


# --- Not sent ---


async def test_nothing_is_renewed_for_it(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    credentials = credentials_of(sim, JUN, session=False)
    cloud = _cloud(sim.base_url, http, credentials, _definition())
    with pytest.raises(RequestNotSentError, match="no session"):
        await cloud.request_renewal(_camera(KITCHEN), Wish.OFF)
    assert sim.requests.total() == 0


async def test_no_connection_means_not_sent(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        gateway = f"http://127.0.0.1:{taken.getsockname()[1]}"
        cloud = _cloud(gateway, http, credentials_of(sim, JUN), _definition())
        with pytest.raises(RequestNotSentError) as raised:
            await cloud.request_renewal(_camera(KITCHEN), Wish.OFF)
    assert isinstance(raised.value.cause, NoConnectionError)


# --- Sent, and then ---


async def test_a_session_that_ended_is_told_and_nothing_more(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud = _signed_in(sim, http)
    sim.sessions.expire()
    with pytest.raises(RequestRefusedError) as raised:
        await cloud.request_renewal(_camera(KITCHEN), Wish.OFF)
    assert raised.value.meaning is RefusalMeaning.SESSION_EXPIRED
    assert sim.requests.renewals == {KITCHEN: 1}
    assert sim.requests.total(host=ACCOUNT) == 0


async def test_a_lost_answer_is_unknown_and_may_have_worked(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud, kitchen = _signed_in(sim, http), _camera(KITCHEN)
    sim.faults.add(Trouble.LOST_ANSWER, path=PATH)
    with pytest.raises(RequestUnansweredError) as raised:
        await cloud.request_renewal(kitchen, Wish.OFF)
    assert isinstance(raised.value.cause, UnreachableError)
    assert sim.requests.renewals == {KITCHEN: 1}
    assert await _renews(cloud, kitchen) is False


async def test_an_accepted_request_proves_nothing(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud, kitchen = _signed_in(sim, http), _camera(KITCHEN)
    sim.faults.add(Trouble.ACCEPTED_NO_EFFECT, path=PATH)
    await cloud.request_renewal(kitchen, Wish.OFF)
    assert await _renews(cloud, kitchen) is True


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"trouble": Trouble.DROPPED}, RequestUnansweredError),
        ({"trouble": Trouble.LOST_ANSWER}, RequestUnansweredError),
        ({"trouble": Trouble.HTTP_STATUS, "status": 500}, RequestUnansweredError),
        ({"trouble": Trouble.HTTP_STATUS, "status": 503}, RequestUnansweredError),
        ({"trouble": Trouble.HTTP_STATUS, "status": 403}, RequestRefusedError),
        ({"trouble": Trouble.HTTP_STATUS, "status": 429}, RequestRefusedError),
        ({"trouble": Trouble.HTML}, RequestUnansweredError),
        ({"trouble": Trouble.TRUNCATED_CIPHER}, RequestUnansweredError),
        ({"trouble": Trouble.GARBAGE_CIPHER}, RequestUnansweredError),
        ({"trouble": Trouble.NULL_DATA}, RequestUnansweredError),
        ({"trouble": Trouble.MISSING_KEYS}, RequestUnansweredError),
        ({"trouble": Trouble.EXPIRED_TOKEN}, RequestRefusedError),
        ({"trouble": Trouble.API_ERROR}, RequestRefusedError),
    ],
    ids=str,
)
async def test_whatever_happens_it_is_sent_once(
    sim: RunningSimulator,
    http: aiohttp.ClientSession,
    fault: Mapping[str, str | int],
    error: type[CloudError],
) -> None:
    cloud = _signed_in(sim, http)
    params = {name: value for name, value in fault.items() if name != "trouble"}
    sim.faults.add(str(fault["trouble"]), params, host=HostKind.WEB)
    with pytest.raises(error):
        await cloud.request_renewal(_camera(KITCHEN), Wish.OFF)
    await asyncio.sleep(0)
    assert sim.requests.renewals == {KITCHEN: 1}
    assert sim.requests.total() == 1


# --- Servers that break off, for every method ---

_BY_METHOD = {"GET": "query", "POST": "form", "PUT": "json"}


@asynccontextmanager
async def _breaks_off(*, after_answers: int) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve so many requests of a connection, then break it off when the next one is there."""
    seen: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(after_answers):
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.transport.abort()

    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen


@pytest.mark.own_server
@pytest.mark.parametrize("method", sorted(_BY_METHOD))
@pytest.mark.parametrize("after_answers", [0, 1], ids=["fresh connection", "kept connection"])
async def test_no_method_is_tried_again_on_a_connection_that_broke_off(
    sim: RunningSimulator,
    http: aiohttp.ClientSession,
    method: str,
    after_answers: int,
) -> None:
    definition = _definition(method=method, body=_BY_METHOD[method])
    async with _breaks_off(after_answers=after_answers) as (gateway, seen):
        cloud = _cloud(gateway, http, credentials_of(sim, JUN), definition)
        for _ in range(after_answers + 1):
            with pytest.raises(RequestUnansweredError):
                await cloud.request_renewal(_camera(KITCHEN), Wish.OFF)
    assert len(seen) == after_answers + 1


async def test_aiohttp_alone_would_try_again(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    """What the test above guards against is there: a plain read is sent a second time."""
    async with _breaks_off(after_answers=0) as (gateway, seen):
        cloud = _cloud(gateway, http, credentials_of(sim, JUN), None)
        with pytest.raises(UnreachableError):
            await cloud.read_plans([_camera(KITCHEN)], {})
    assert len(seen) == 2


@asynccontextmanager
async def _says(
    status: int, text: str, **headers: str
) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """Answer everything so, and keep what was asked."""
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        await request.read()
        seen.append(request)
        return web.Response(status=status, text=text, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "text", "meaning"),
    [
        (200, '{"code": "0"}', None),
        (200, '{"code": 4005}', RefusalMeaning.ALREADY_SO),
        (200, '{"code": true}', RefusalMeaning.OTHER),
        (400, '{"code": 4001}', RefusalMeaning.PASSWORD_NEEDED),
        (400, '{"code": 0}', RequestUnansweredError),
        (401, "", RefusalMeaning.SESSION_EXPIRED),
        (401, '{"code": 4006}', RefusalMeaning.NOT_ALLOWED),
        (404, "<html>", RefusalMeaning.OTHER),
        (200, "", RequestUnansweredError),
        (200, "[0]", RequestUnansweredError),
        (200, '{"code": null}', RequestUnansweredError),
        (200, '{"code": {}}', RequestUnansweredError),
        (200, "[" * 100_000, RequestUnansweredError),
        (204, "", RequestUnansweredError),
        (302, '{"code": 0}', RequestUnansweredError),
        (500, '{"code": 0}', RequestUnansweredError),
        (502, '{"code": 4005}', RequestUnansweredError),
    ],
)
async def test_what_an_answer_means(
    sim: RunningSimulator,
    http: aiohttp.ClientSession,
    status: int,
    text: str,
    meaning: RefusalMeaning | type[RequestUnansweredError] | None,
) -> None:
    async with _says(status, text, Location="/elsewhere") as (gateway, seen):
        cloud = _cloud(gateway, http, credentials_of(sim, JUN), _definition())
        if meaning is None:
            await cloud.request_renewal(_camera(KITCHEN), Wish.OFF)
        elif isinstance(meaning, RefusalMeaning):
            with pytest.raises(RequestRefusedError) as refused:
                await cloud.request_renewal(_camera(KITCHEN), Wish.OFF)
            assert refused.value.meaning is meaning
        else:
            with pytest.raises(meaning):
                await cloud.request_renewal(_camera(KITCHEN), Wish.OFF)
    assert len(seen) == 1


async def test_how_it_is_written(sim: RunningSimulator, http: aiohttp.ClientSession) -> None:
    """In each kind of body, with the cookies that the maker's pages get, and unsigned."""
    credentials = credentials_of(sim, JUN)
    session = credentials.session
    assert session is not None
    parameters = {"did": "{camera}", "of": "{region}", "who": "{user}", "why": "a b+c/d"}
    expected = {"did": KITCHEN, "of": "CN", "who": JUN, "why": "a b+c/d"}
    for body in ("form", "query", "json"):
        given: Mapping[str, object] = parameters
        wanted: Mapping[str, object] = expected
        if body == "json":
            given, wanted = {**parameters, "auto": False}, {**expected, "auto": False}
        definition = _definition(body=body, parameters=given)
        async with _says(200, '{"code": 0}') as (gateway, seen):
            cloud = _cloud(gateway, http, credentials, definition)
            await cloud.request_renewal(_camera(KITCHEN), Wish.OFF)
        [request] = seen
        assert request.path == PATH
        assert request.headers["Host"] == "camera.api.io.mi.com"
        cookies = dict(pair.split("=", 1) for pair in request.headers["Cookie"].split("; "))
        assert set(cookies) == {"userId", "serviceToken", "yetAnotherServiceToken", "locale"}
        assert cookies["userId"] == JUN
        assert cookies["yetAnotherServiceToken"] == session.service_token
        assert "/" not in cookies["serviceToken"]
        sent: object
        if body == "query":
            sent = dict(request.query)
            assert await request.read() == b""
        else:
            sent = dict(await request.post()) if body == "form" else await request.json()
            assert not request.query_string
        assert sent == wanted
        assert "MIOT-ENCRYPT-ALGORITHM" not in request.headers
