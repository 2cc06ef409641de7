"""Footage: what is fetched, from where, how often, and how it ends where it cannot be had."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import time
from typing import Any

import aiohttp
from aiohttp import web
import pytest
from yarl import URL

from custom_components.camera_cloud_plan.cloud import hls
from custom_components.camera_cloud_plan.cloud.errors import (
    ApiError,
    CloudError,
    DamagedFootageError,
    ForbiddenAddressError,
    RateLimitedError,
    RecordingGoneError,
    TooLargeError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.camera_cloud_plan.cloud.guarded import GuardedResolver
from custom_components.camera_cloud_plan.cloud.recordings import Fetched
from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCloud, footage, transport
from custom_components.camera_cloud_plan.cloud.xiaomi.transport import (
    CutOffError,
    FetchRefusedError,
    Transport,
)
from custom_components.camera_cloud_plan.plan import (
    Camera,
    Recording,
    RecordingKind,
    Span,
    clock,
)
from simulator.faults import Trouble
from simulator.hosts import HostKind
from simulator.server import RunningSimulator, running
from simulator.worldfile import build_world
from tests.cloud.helpers import DEVICE_ID, FRONT_DOOR, MEI, connect, credentials_of
from tests.cloud.test_transport import _direct, _Internet, _raw_server, _server, internet
from tests.simulator.worlds import DID, plan_entry, world_entry

__all__ = ["internet"]

PLAYLIST = "/common/app/m3u8"
_STORAGE = "storage.simulated-maker.example"
_LONG = {"kind": "video", "from": "-1d", "every": "1h", "count": 1, "length": "32s", "stock": True}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footage, "BACKOFF", 0.001)


async def _newest(
    cloud: XiaomiCloud, sim: RunningSimulator, camera_id: str
) -> tuple[Camera, Recording]:
    camera = next(each for each in await cloud.list_cameras() if each.camera_id == camera_id)
    now = datetime.fromtimestamp(sim.world.now_ms() / 1000, UTC)
    span = Span(start=now - timedelta(days=30), end=now)
    found = await cloud.list_recordings(camera, span, RecordingKind)
    return camera, found.recordings[-1]


@asynccontextmanager
async def _recorded(
    http: aiohttp.ClientSession, **group: object
) -> AsyncIterator[tuple[RunningSimulator, XiaomiCloud, tuple[Camera, Recording]]]:
    """Run a cloud with one recording, of eight segments where nothing else is said."""
    entry = world_entry(plan_entry(), recordings=[_LONG | group], cloud_support=True)
    async with running(build_world(entry)) as sim:
        cloud = connect(sim, http, credentials_of(sim, "100"), regions=["cn"])
        camera, recording = await _newest(cloud, sim, DID)
        sim.requests.reset()
        yield sim, cloud, (camera, recording)


def _plain(fetched: Fetched) -> bytes:
    before = fetched.initialisation.opened() if fetched.initialisation else b""
    return before + fetched.piece.opened()


@pytest.mark.parametrize("own_keys", [True, False])
@pytest.mark.parametrize("container", ["ts", "mp4"])
async def test_a_recording_comes_whole(
    http: aiohttp.ClientSession, container: str, own_keys: bool
) -> None:
    async with _recorded(http, container=container, own_keys=own_keys) as (sim, cloud, which):
        opened = await cloud.open_recording(*which)
        assert opened.duration == pytest.approx(32)
        assert [segment.index for segment in opened.segments] == list(range(8))
        fetched = await asyncio.gather(*map(opened.fetch, opened.segments))
        keys = sum(n for (_, path, _), n in sim.requests.counts.items() if "/key/" in path)
        assert sim.requests.leaked_cookies == 0
        assert sim.requests.total(path=PLAYLIST) == 1
    assert [each.segment for each in fetched] == list(opened.segments)
    # Each key once, though all were asked for at the same time.
    assert keys == (8 if own_keys else 1)
    starts = [_plain(each)[:8] for each in fetched]
    if container == "ts":
        assert {start[:1] for start in starts} == {b"\x47"}
        assert not any(each.initialisation for each in fetched)
    else:
        assert starts[0][4:8] == b"ftyp"
        assert [bool(each.initialisation) for each in fetched] == [True] + [False] * 7


async def test_what_starts_anew_is_told(http: aiohttp.ClientSession) -> None:
    sizes = ["320x180", "640x360"]
    async with _recorded(http, container="mp4", sizes=sizes, length="16s") as (_, cloud, which):
        opened = await cloud.open_recording(*which)
        assert [segment.starts_anew for segment in opened.segments] == [False, False, True, False]
        assert (await opened.fetch(opened.segments[2])).initialisation is not None


@pytest.mark.parametrize("alarm", [True, False, None])
async def test_the_other_kind_of_recording_is_tried_once(
    http: aiohttp.ClientSession, alarm: bool | None
) -> None:
    async with _recorded(http, needs_alarm=False) as (sim, cloud, (camera, recording)):
        await cloud.open_recording(camera, replace(recording, alarm=alarm))
        assert sim.requests.total(path=PLAYLIST) == (2 if alarm else 1)


async def test_a_recording_that_is_gone(http: aiohttp.ClientSession) -> None:
    async with _recorded(http) as (sim, cloud, (camera, recording)):
        sim.faults.add(Trouble.RECORDING_GONE)
        with pytest.raises(RecordingGoneError):
            await cloud.open_recording(camera, recording)
        assert sim.requests.total(path=PLAYLIST) == 2


async def test_a_refusal_is_no_loss_unless_the_recording_had_expired(
    http: aiohttp.ClientSession,
) -> None:
    async with _recorded(http) as (sim, cloud, (camera, recording)):
        sim.faults.add(Trouble.API_ERROR, path=PLAYLIST)
        with pytest.raises(ApiError):
            await cloud.open_recording(camera, recording)
        past = datetime(2020, 1, 1, tzinfo=UTC)
        with pytest.raises(RecordingGoneError):
            await cloud.open_recording(camera, replace(recording, expires_at=past))


@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimitedError), (503, UnreachableError), (403, UnreachableError)]
)
async def test_what_is_no_refusal_is_not_asked_twice(
    http: aiohttp.ClientSession, status: int, error: type[CloudError]
) -> None:
    async with _recorded(http) as (sim, cloud, which):
        sim.faults.add(Trouble.HTTP_STATUS, {"status": status}, path=PLAYLIST)
        with pytest.raises(error):
            await cloud.open_recording(*which)
        assert sim.requests.total(path=PLAYLIST) == 1


async def test_an_expired_session_is_renewed_for_a_playlist(http: aiohttp.ClientSession) -> None:
    async with _recorded(http) as (sim, cloud, which):
        sim.sessions.expire()
        assert (await cloud.open_recording(*which)).segments


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        ("garbage", DamagedFootageError),
        ("gigantic", TooLargeError),
        ("master", DamagedFootageError),
        ("empty", DamagedFootageError),
    ],
)
async def test_playlists_that_make_no_sense(
    http: aiohttp.ClientSession, shape: str, error: type[CloudError]
) -> None:
    async with _recorded(http) as (sim, cloud, which):
        sim.faults.add(Trouble.ODD_PLAYLIST, {"shape": shape})
        with pytest.raises(error):
            await cloud.open_recording(*which)


async def test_a_playlist_without_an_end_is_whole_once_nothing_can_come(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the simulated maker's playlists had no such line.
    monkeypatch.setattr(hls, "_END_TAG", "#EXT-X-ANOTHER-END")
    async with _recorded(http) as (_, cloud, (camera, recording)):
        young = replace(recording, created_at=clock.now() - timedelta(hours=23))
        with pytest.raises(DamagedFootageError, match="without an end"):
            await cloud.open_recording(camera, young)
        old = replace(recording, created_at=clock.now() - timedelta(hours=25))
        assert len((await cloud.open_recording(camera, old)).segments) == 8


async def test_a_page_instead_of_a_playlist_is_the_makers_trouble(
    http: aiohttp.ClientSession,
) -> None:
    async with _recorded(http) as (sim, cloud, which):
        sim.faults.add(Trouble.HTML, path=PLAYLIST)
        with pytest.raises(UnexpectedAnswerError):
            await cloud.open_recording(*which)


@pytest.mark.parametrize("what", ["segments", "keys", "initialisation", "all"])
@pytest.mark.parametrize(
    "origin",
    [
        "https://10.0.0.1",
        "https://127.0.0.1",
        "https://[fd00::1]",
        "https://homeassistant.local",
        "https://localhost",
        "https://me@storage.example.com",
        "http://storage.example.com",
        "file://",
    ],
)
async def test_a_playlist_leads_nowhere_private(
    http: aiohttp.ClientSession, what: str, origin: str
) -> None:
    async with _recorded(http, container="mp4") as (sim, cloud, which):
        sim.faults.add(Trouble.FOREIGN_ADDRESS, {"origin": origin, "what": what})
        with pytest.raises(ForbiddenAddressError) as raised:
            await cloud.open_recording(*which)
        assert {path for _, path, _ in sim.requests.counts} == {PLAYLIST}
    assert origin not in str(raised.value)


async def test_addresses_that_ran_out_are_signed_anew_once_for_all(
    http: aiohttp.ClientSession,
) -> None:
    async with _recorded(http) as (sim, cloud, which):
        sim.faults.add(Trouble.HASTY_LINKS, count=1)
        opened = await cloud.open_recording(*which)
        fetched = await asyncio.gather(*map(opened.fetch, opened.segments))
        assert all(_plain(each) for each in fetched)
        assert sim.requests.total(path=PLAYLIST) == 2


async def test_addresses_that_run_out_at_once_are_given_up(http: aiohttp.ClientSession) -> None:
    async with _recorded(http) as (sim, cloud, which):
        sim.faults.add(Trouble.HASTY_LINKS)
        opened = await cloud.open_recording(*which)
        with pytest.raises(ApiError, match="footage: code 403"):
            await opened.fetch(opened.segments[0])
        assert sim.requests.total(path=PLAYLIST) == 2


async def test_a_recording_that_goes_while_it_is_fetched(http: aiohttp.ClientSession) -> None:
    async with _recorded(http) as (sim, cloud, which):
        sim.faults.add(Trouble.HASTY_LINKS, count=1)
        opened = await cloud.open_recording(*which)
        sim.faults.add(Trouble.RECORDING_GONE)
        with pytest.raises(RecordingGoneError):
            await opened.fetch(opened.segments[0])


async def test_what_breaks_off_is_tried_again(http: aiohttp.ClientSession) -> None:
    async with _recorded(http) as (sim, cloud, which):
        opened = await cloud.open_recording(*which)
        whole = _plain(await opened.fetch(opened.segments[0]))
        sim.faults.add(Trouble.DROPPED_SEGMENT, count=2)
        assert _plain(await opened.fetch(opened.segments[0])) == whole
        sim.faults.add(Trouble.DROPPED, host=HostKind.STORAGE, count=2)
        assert _plain(await opened.fetch(opened.segments[0])) == whole
        sim.faults.add(Trouble.HTTP_STATUS, {"status": 503}, host=HostKind.STORAGE, count=2)
        assert _plain(await opened.fetch(opened.segments[0])) == whole


@pytest.mark.parametrize(
    ("trouble", "params", "error"),
    [
        # Breaking off each time it is the recording's trouble, not the network's.
        (Trouble.DROPPED_SEGMENT, {}, DamagedFootageError),
        (Trouble.HTTP_STATUS, {"status": 503}, UnreachableError),
        (Trouble.HTTP_STATUS, {"status": 429}, RateLimitedError),
        (Trouble.WRONG_KEY, {"bytes": 15}, DamagedFootageError),
        (Trouble.WRONG_KEY, {"bytes": 17}, DamagedFootageError),
        (Trouble.WRONG_KEY, {"bytes": 0}, DamagedFootageError),
        (Trouble.ENDLESS_SEGMENT, {}, TooLargeError),
    ],
)
async def test_what_cannot_be_had_ends(
    http: aiohttp.ClientSession,
    trouble: Trouble,
    params: dict[str, int],
    error: type[CloudError],
) -> None:
    async with _recorded(http) as (sim, cloud, which):
        opened = await cloud.open_recording(*which)
        sim.requests.reset()
        sim.faults.add(trouble, params, host=HostKind.STORAGE)
        with pytest.raises(error):
            await opened.fetch(opened.segments[0])
        assert sum(sim.requests.counts.values()) <= 6


@pytest.mark.parametrize(
    ("trouble", "params"),
    [
        (Trouble.WRONG_KEY, {"bytes": 16}),
        (Trouble.TRUNCATED_SEGMENT, {"aligned": 0}),
        (Trouble.TRUNCATED_SEGMENT, {"aligned": 1}),
    ],
)
async def test_what_came_wrong_does_not_open(
    http: aiohttp.ClientSession, trouble: Trouble, params: dict[str, int]
) -> None:
    # The padding of the wrong bytes fits once in 250 times.
    async with _recorded(http) as (sim, cloud, which):
        sim.faults.add(trouble, params)
        opened = await cloud.open_recording(*which)
        fetched = [await opened.fetch(segment) for segment in opened.segments]
    damaged = 0
    for each in fetched:
        try:
            each.piece.opened()
        except DamagedFootageError:
            damaged += 1
    assert damaged >= 6


# --- The transport alone -----------------------------------------------------

_AT = URL("https://storage.example.com/ts/1%2F2?Signature=a%2Fb%3D&x=1", encoded=True)


def _through(http: aiohttp.ClientSession, gateway: str) -> Transport:
    return Transport(http, device_id=DEVICE_ID, gateway=gateway)


async def test_footage_is_asked_for_bare(http: aiohttp.ClientSession) -> None:
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        response = web.Response(body=b"x" * 100)
        response.set_cookie("track", "1")
        return response

    async with _server(handler) as origin:
        sender = _through(http, origin)
        assert [await sender.fetch(_AT) for _ in range(2)] == [b"x" * 100] * 2
    for request in seen:
        assert (request.method, request.raw_path) == ("GET", _AT.raw_path_qs)
        assert {name.lower() for name in request.headers} == {
            "host",
            "accept",
            "accept-encoding",
            "user-agent",
        }
        assert request.headers["Host"] == "storage.example.com"
        assert DEVICE_ID not in request.headers["User-Agent"]


async def test_redirects_of_footage_lead_nowhere(http: aiohttp.ClientSession) -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.path.startswith("/ts/")
        return web.Response(status=302, headers={"Location": "/secrets"})

    async with _server(handler) as origin:
        with pytest.raises(ForbiddenAddressError, match="leads to another"):
            await _through(http, origin).fetch(_AT)


@pytest.mark.parametrize("address", ["https://10.0.0.1/", "http://storage.example.com/", ""])
async def test_the_transport_looks_at_addresses_too(
    http: aiohttp.ClientSession, address: str
) -> None:
    async def handler(_request: web.Request) -> web.Response:
        pytest.fail("was asked")

    async with _server(handler) as origin:
        with pytest.raises(ForbiddenAddressError):
            await _through(http, origin).fetch(URL(address))


@pytest.mark.parametrize(
    ("status", "final"), [(403, ApiError), (404, RecordingGoneError), (410, RecordingGoneError)]
)
async def test_what_is_not_served_is_to_be_signed_anew(
    http: aiohttp.ClientSession, status: int, final: type[CloudError]
) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    async with _server(handler) as origin:
        with pytest.raises(FetchRefusedError) as raised:
            await _through(http, origin).fetch(_AT)
    assert isinstance(raised.value.final, final)


@pytest.mark.parametrize("status", [400, 401, 418])
async def test_another_refusal_is_of_this_recording(
    http: aiohttp.ClientSession, status: int
) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    async with _server(handler) as origin:
        with pytest.raises(ApiError, match=f"footage: code {status}"):
            await _through(http, origin).fetch(_AT)


async def test_who_asks_to_wait_says_how_long(http: aiohttp.ClientSession) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "70"})

    async with _server(handler) as origin:
        with pytest.raises(RateLimitedError) as raised:
            await _through(http, origin).fetch(_AT)
    assert raised.value.retry_after == 70


async def test_too_much_is_not_read(http: aiohttp.ClientSession) -> None:
    sent = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        if "announced" in request.query:
            response.content_length = 2**40
        await response.prepare(request)
        while True:
            await response.write(b"x" * 2**16)
            sent += 2**16

    async with _server(handler) as origin:
        for query in ({"announced": "1"}, {}):
            with pytest.raises(TooLargeError):
                await _through(http, origin).fetch(_AT.update_query(query), limit=2**20)
    assert sent < 2**25


async def test_what_unpacks_to_anything_is_bounded(http: aiohttp.ClientSession) -> None:
    async def handler(_request: web.Request) -> web.Response:
        response = web.Response(body=b"\0" * 2**24)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async with _server(handler) as origin:
        with pytest.raises(TooLargeError):
            await _through(http, origin).fetch(_AT, limit=2**20)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
    ],
)
async def test_a_short_body_is_no_body(http: aiohttp.ClientSession, said: bytes) -> None:
    async with _raw_server(said) as origin:
        with pytest.raises(CutOffError) as raised:
            await _through(http, origin).fetch(_AT)
    assert raised.value.__context__ is None


@pytest.mark.parametrize("slow", ["headers", "body", "nothing"])
async def test_a_slow_drip_ends(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    """However often something comes: it is what came altogether that counts."""
    monkeypatch.setattr(transport, "PATIENCE", 0.3)

    ended = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        if slow == "body":
            writer.write(b"Content-Length: 100000\r\n\r\n")
        try:
            while slow != "nothing":
                writer.write(b"x" if slow == "body" else b"X-A: b\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()
            ended.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        gateway = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        start = time.monotonic()
        with pytest.raises(UnreachableError, match="no answer in time"):
            await _through(http, gateway).fetch(_AT)
        assert time.monotonic() - start < 2
        await ended.wait()


async def test_what_comes_fast_enough_may_take_long(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "PATIENCE", 0.3)

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(8):
            await response.write(b"x" * 4096)
            await asyncio.sleep(0.1)
        return response

    async with _server(handler) as origin:
        assert len(await _through(http, origin).fetch(_AT)) == 8 * 4096


async def test_only_so_much_is_on_its_way(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not say how much it is, may send the most that is allowed."""
    monkeypatch.setattr(transport, "_BUDGET", 3000)
    whole, under_way, most = transport._whole, 0, 0

    async def counted(*what: Any) -> bytes:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return await whole(*what)

    monkeypatch.setattr(transport, "_whole", counted)

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if "size" in request.query:
            response.content_length = int(request.query["size"])
        await response.prepare(request)
        await response.write(b"x" * int(request.query.get("size", "1000")))
        return response

    async with _server(handler) as origin:
        sender = _through(http, origin)
        for query, at_once in (({"size": "1000"}, 3), ({"size": "1600"}, 1), ({}, 1)):
            most = 0
            address = _AT.update_query(query)
            await asyncio.gather(*(sender.fetch(address, limit=2000) for _ in range(6)))
            assert most == at_once


async def test_who_gives_up_frees_what_was_held(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_BUDGET", 1000)
    arrived = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 1000
        await response.prepare(request)
        if "stuck" in request.query:
            arrived.set()
            await asyncio.sleep(30)
        await response.write(b"x" * 1000)
        return response

    async with _server(handler) as origin:
        sender = _through(http, origin)
        stuck = asyncio.create_task(sender.fetch(_AT.update_query(stuck=1)))
        await arrived.wait()
        waiting = [asyncio.create_task(sender.fetch(_AT)) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in waiting)
        waiting[0].cancel()
        stuck.cancel()
        assert [len(await task) for task in waiting[1:]] == [1000, 1000]


# --- Without a gateway -------------------------------------------------------


async def test_without_a_gateway_footage_needs_its_guard(internet: _Internet) -> None:
    async with internet.session("io.mi.com", _STORAGE) as (http, resolver):
        cloud = _direct(internet, http)
        opened = await cloud.open_recording(*await _newest(cloud, internet.simulator, FRONT_DOOR))
        with pytest.raises(ForbiddenAddressError, match="guarded"):
            await opened.fetch(opened.segments[0])
    assert not any(_STORAGE in name for name in resolver.asked)


async def test_without_a_gateway_nothing_private_is_connected_to(internet: _Internet) -> None:
    """The storage host of the simulated maker is on this machine, and so it is refused."""
    async with internet.session("io.mi.com", _STORAGE) as (http, resolver):
        connector = aiohttp.TCPConnector(resolver=GuardedResolver(resolver))
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as guarded:
            credentials = credentials_of(internet.simulator, MEI)
            cloud = XiaomiCloud(http, credentials, regions=["cn"], footage_session=guarded)
            which = await _newest(cloud, internet.simulator, FRONT_DOOR)
            opened = await cloud.open_recording(*which)
            with pytest.raises(ForbiddenAddressError, match="private network") as raised:
                await opened.fetch(opened.segments[0])
    assert resolver.asked[-1] == f"cn.{_STORAGE}"
    assert _STORAGE not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


async def test_without_a_gateway_footage_comes_from_where_it_lies(internet: _Internet) -> None:
    """The same again with names that may lead anywhere."""
    async with internet.session("io.mi.com", _STORAGE) as (http, resolver):
        credentials = credentials_of(internet.simulator, MEI)
        cloud = XiaomiCloud(http, credentials, regions=["cn"], footage_session=http)
        opened = await cloud.open_recording(*await _newest(cloud, internet.simulator, FRONT_DOOR))
        assert _plain(await opened.fetch(opened.segments[0]))
        assert f"cn.{_STORAGE}" in resolver.asked
