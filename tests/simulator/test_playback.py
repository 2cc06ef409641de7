"""A camera's recordings on the wire: lists, playlists, segments, thumbnails, and what spoils them."""

import asyncio
import base64
from collections.abc import AsyncIterator
import contextlib
from dataclasses import replace
import importlib.util
import io
from itertools import pairwise
import json
import os
from pathlib import Path
import re
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp
import av
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from PIL import Image
import pytest

from simulator import studio
from simulator.footage import Look, Stock, make_stock
from simulator.generate import generate_recordings
from simulator.moments import DAY_MS, HOUR_MS
from simulator.server import RunningSimulator, running
from simulator.storage import prepare_stock
from simulator.world import World
from simulator.worldfile import build_world
from tests.simulator.sample import MEI, MEI_BERLIN, VIP_STATUS
from tests.simulator.signing_client import SigningClient
from tests.simulator.viewer import (
    CLOUD_LIST,
    EVENT_LIST,
    PLAYLIST,
    THUMBNAIL,
    Viewer,
    addresses,
    lengths,
)
from tests.simulator.worlds import DID, plan_entry, world_entry

SMALL = ["128x72"]
# Twelve clips an hour apart and, in between, two videos that are events too.
CLIPS: dict[str, Any] = {
    "kind": "event",
    "from": "-12h",
    "every": "1h",
    "count": 12,
    "length": "6s",
    "sizes": SMALL,
    "event_types": ["PeopleMotion", "ObjectMotion"],
    "events_per_file": 2,
}
VIDEOS: dict[str, Any] = {
    "kind": "video",
    "from": "-4d",
    "every": "1d",
    "count": 2,
    "length": "50s",
    "container": "mp4",
    "sizes": ["128x72", "192x108"],
    "event_types": ["Pass:Bell"],
}
SILENT: dict[str, Any] = CLIPS | {"from": "-12h30m", "count": 2, "footage": False}


@contextlib.asynccontextmanager
async def viewing(
    *groups: dict[str, Any], region: str = "cn", http: aiohttp.ClientSession
) -> AsyncIterator[Viewer]:
    """Run a world of one camera with these recordings, and look at it as its owner."""
    world = build_world(world_entry(plan_entry(), region=region, recordings=list(groups)))
    async with running(world) as simulator:
        credentials = simulator.sessions.sign_in("100")
        client = SigningClient(http=http, simulator=simulator, credentials=credentials)
        yield Viewer(client=client, prefix="" if region == "cn" else f"{region}.")


@pytest.fixture
async def viewer(http: aiohttp.ClientSession) -> AsyncIterator[Viewer]:
    """Look at a camera with clips, videos and events without video."""
    async with viewing(CLIPS, VIDEOS, SILENT, http=http) as viewer:
        yield viewer


# --- Lists -------------------------------------------------------------------


async def test_pages_go_back_in_time_without_gaps_or_repeats(viewer: Viewer) -> None:
    pages = await viewer.all_pages(limit=5)
    units = [unit for page in pages for unit in page.units]
    times = [unit["createTime"] for unit in units]
    assert times == sorted(times, reverse=True)
    assert len({(unit["fileId"], unit["offset"]) for unit in units}) == len(units) == 12 * 2 + 4 + 2
    assert [len(page.units) for page in pages[:3]] == [5, 5, 5]
    for page, following in pairwise(pages):
        assert page.cursor > 0
        assert all(unit["createTime"] <= page.cursor for unit in following.units)
    assert (pages[-1].more, pages[-1].cursor) == (False, 0)


async def test_a_unit_as_the_facts_have_it(viewer: Viewer) -> None:
    [unit, earlier, *_] = await viewer.units()
    assert unit.keys() == {
        "fileId",
        "createTime",
        "expireTime",
        "eventType",
        "isAlarm",
        "isRead",
        "isShowImg",
        "offset",
        "startDuration",
        "imgStoreId",
        "videoStoreId",
        "extraInfo",
    }
    assert json.loads(unit["extraInfo"])["eventType"] == unit["eventType"]
    assert unit["isAlarm"] is True
    # Two events of one file.
    assert unit["fileId"] == earlier["fileId"]
    assert (unit["offset"], earlier["offset"]) == (3, 0)
    assert unit["createTime"] == earlier["createTime"] + 3000
    assert unit["expireTime"] == earlier["createTime"] + 7 * DAY_MS


async def test_events_without_video(viewer: Viewer) -> None:
    units = [unit for unit in await viewer.units() if "videoStoreId" not in unit]
    assert {unit["imgStoreId"] for unit in units} == {"FREE_HOME_SUR_DEFAULT_STORE_ID"}
    assert len({unit["fileId"] for unit in units}) == 2
    answer = await viewer.open(units[0])
    assert answer.headers["x-xiaomi-status-code"] == "404"


async def test_a_file_may_be_in_both_lists(viewer: Viewer) -> None:
    videos = await viewer.units(CLOUD_LIST)
    events = [unit for unit in await viewer.units() if not unit["isAlarm"]]
    assert [unit["fileId"] for unit in videos] == [unit["fileId"] for unit in events]
    assert [unit["eventType"] for unit in events] == ["Pass:Bell"] * 2
    assert {unit["duration"] for unit in videos} == {50_000}


async def test_where_nothing_happened_for_a_day_a_page_is_empty_and_goes_on(
    viewer: Viewer,
) -> None:
    end = viewer.client.simulator.world.now_ms() - DAY_MS
    empty, full = await viewer.all_pages(endTime=end)
    assert (empty.units, empty.more) == ([], True)
    assert full.units[0]["createTime"] == empty.cursor
    pages = await viewer.all_pages(endTime=end - 60 * DAY_MS)
    assert [(page.units, page.more) for page in pages] == [([], False)]


async def test_events_of_one_kind_only(viewer: Viewer) -> None:
    people = await viewer.units(eventType="PeopleMotion")
    assert {unit["eventType"] for unit in people} == {"PeopleMotion"}
    assert len(people) == 14
    assert len(await viewer.units(eventType="Bell")) == 2


async def test_a_page_has_a_largest_size(http: aiohttp.ClientSession) -> None:
    many = CLIPS | {"from": "-9h", "every": "10s", "count": 3000}
    async with viewing(many, http=http) as viewer:
        assert len((await viewer.page(limit=5000)).units) == 100


async def test_long_videos_are_listed_in_china_time(http: aiohttp.ClientSession) -> None:
    async with viewing(VIDEOS, region="de", http=http) as viewer:
        [newest, _] = await viewer.units(CLOUD_LIST)
        at = newest["createTime"]
        shift = 7 * HOUR_MS
        wanted = {"beginTime": at + shift, "endTime": at + shift}
        assert [unit["createTime"] for unit in await viewer.units(CLOUD_LIST, **wanted)] == [at]
        plain = {"beginTime": at, "endTime": at}
        assert await viewer.units(CLOUD_LIST, **plain) == []
        # The event list goes by plain time.
        assert [unit["createTime"] for unit in await viewer.units(**plain)] == [at]
        page = await viewer.page(CLOUD_LIST, limit=1, endTime=at + shift)
        assert page.cursor == at - DAY_MS + shift


async def test_on_the_mainland_both_lists_go_by_plain_time(viewer: Viewer) -> None:
    [newest, _] = await viewer.units(CLOUD_LIST)
    at = newest["createTime"]
    assert len(await viewer.units(CLOUD_LIST, beginTime=at, endTime=at)) == 1


@pytest.mark.parametrize("path", [EVENT_LIST, CLOUD_LIST])
@pytest.mark.parametrize(
    "change",
    [
        {"did": "2"},
        {"did": None},
        {"model": None},
        {"region": None},
        {"language": None},
        {"beginTime": None},
        {"endTime": "1"},
        {"endTime": 1},
        {"limit": 0},
        {"limit": True},
    ],
)
async def test_a_list_needs_what_clients_send(
    viewer: Viewer, path: str, change: dict[str, object]
) -> None:
    answer = await viewer.ask(path, **change)
    assert answer.json is not None
    assert (answer.json["code"], answer.json["data"]) == (-8, None)


@pytest.mark.parametrize(
    "change",
    [{"eventType": None}, {"needMerge": None}, {"doorBell": "no"}, {"sortType": "ASC"}],
)
async def test_the_event_list_needs_more(viewer: Viewer, change: dict[str, object]) -> None:
    answer = await viewer.ask(EVENT_LIST, **change)
    assert answer.json is not None
    assert answer.json["code"] == -8


async def test_zero_and_one_stand_for_a_truth(viewer: Viewer) -> None:
    assert (await viewer.page(doorBell=0)).units


# --- Playlists and segments --------------------------------------------------


async def test_a_playlist_of_transport_stream(viewer: Viewer) -> None:
    [unit, *_] = await viewer.units()
    text = await viewer.playlist(unit)
    assert re.search(r"^#EXT-X-VERSION:7$", text, re.MULTILINE)
    assert re.search(r"^#EXT-X-TARGETDURATION:4$", text, re.MULTILINE)
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert lengths(text) == [4.0, 2.0]
    keys = addresses(text, "key")
    assert len(set(keys)) == len(addresses(text, "ts")) == 2
    assert len(set(re.findall(r"IV=0x([0-9a-f]{32})\b", text))) == 2
    assert all(
        url.startswith("https://cn.storage.simulated-maker.example/") for url in addresses(text)
    )
    status, key = await viewer.fetch(keys[0])
    assert (status, len(key)) == (200, 16)


async def test_a_playlist_of_two_sizes_in_fragments(viewer: Viewer) -> None:
    [unit, *_] = await viewer.units(CLOUD_LIST)
    text = await viewer.playlist(unit)
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert text.count("#EXT-X-MAP:") == 2
    assert sum(lengths(text)) == pytest.approx(50)
    first, second = text.split("#EXT-X-DISCONTINUITY\n")
    assert len(lengths(first)) == 6
    assert "#EXT-X-MAP" in second


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("container", ["ts", "mp4"])
@pytest.mark.parametrize(("length", "own_keys"), [("7s", False), ("54s", True)])
async def test_footage_plays(
    codec: str,
    container: str,
    length: str,
    own_keys: bool,
    http: aiohttp.ClientSession,
    tmp_path: Path,
) -> None:
    """An independent player deciphers and plays a copy of it, without a gap or a repeat."""
    group = CLIPS | {"codec": codec, "container": container, "length": length}
    async with viewing(group | {"own_keys": own_keys}, http=http) as viewer:
        [unit, *_] = await viewer.units()
        text = await viewer.playlist(unit)
        copy = await viewer.copy(text, tmp_path)
    assert len(set(addresses(text, "key"))) == (len(lengths(text)) if own_keys else 1)
    seconds = int(length[:-1])
    assert sum(lengths(text)) == seconds
    pictures, sounds = await asyncio.to_thread(play, copy)
    assert len(pictures) == seconds * 15
    assert pictures == pytest.approx([number / 15 for number in range(len(pictures))], abs=1e-3)
    assert sounds == pytest.approx([number * 0.064 for number in range(len(sounds))], abs=1e-3)
    assert len(sounds) * 0.064 == pytest.approx(seconds, abs=0.1)


def play(path: Path) -> tuple[list[float], list[float]]:
    """Decode a playlist; return when each picture and each frame of sound is shown (seconds)."""
    options = {"allowed_extensions": "ALL", "protocol_whitelist": "file,crypto"}
    times: dict[str, list[float]] = {"video": [], "audio": []}
    with av.open(str(path), "r", options=options) as container:
        for packet in container.demux():
            assert not packet.is_corrupt
            for frame in packet.decode():
                assert isinstance(frame, av.VideoFrame | av.AudioFrame)
                assert frame.time is not None
                times[packet.stream.type].append(frame.time)
    start = min(times["video"][0], times["audio"][0])
    return [at - start for at in times["video"]], [at - start for at in times["audio"]]


async def test_every_segment_begins_with_a_picture_of_its_own(
    http: aiohttp.ClientSession,
) -> None:
    async with viewing(CLIPS | {"length": "54s"}, http=http) as viewer:
        [unit, *_] = await viewer.units()
        text = await viewer.playlist(unit)
        for number in (0, 7, 13):
            plain = await opened(viewer, text, number)
            with av.open(io.BytesIO(plain), "r") as container:
                first = next(container.demux(container.streams.video[0]))
                assert first.is_keyframe
                assert first.pts is not None
                assert float(first.pts * first.time_base) == pytest.approx(number * 4)


async def opened(viewer: Viewer, text: str, number: int) -> bytes:
    """Return a segment's plain bytes."""
    _, key = await viewer.fetch(addresses(text, "key")[number])
    _, sealed = await viewer.fetch(addresses(text, "ts")[number])
    vector = bytes.fromhex(re.findall(r"IV=0x([0-9a-f]{32})", text)[number])
    return unpadded(key, vector, sealed)


def unpadded(key: bytes, vector: bytes, sealed: bytes) -> bytes:
    """Decipher, check the padding and take it off."""
    decryptor = Cipher(AES(key), CBC(vector)).decryptor()
    plain = decryptor.update(sealed) + decryptor.finalize()
    assert 1 <= plain[-1] <= 16
    assert plain[-plain[-1] :] == bytes((plain[-1],)) * plain[-1]
    return plain[: -plain[-1]]


async def test_is_alarm_matters_on_the_mainland(viewer: Viewer) -> None:
    [unit, *_] = await viewer.units()
    wrong = await viewer.open(unit, isAlarm=False)
    assert (wrong.status, wrong.sealed) == (200, False)
    assert wrong.headers["x-xiaomi-status-code"] == "404"
    assert wrong.json is not None
    assert wrong.json["code"] == -8


async def test_is_alarm_matters_not_everywhere(http: aiohttp.ClientSession) -> None:
    async with viewing(CLIPS, region="de", http=http) as viewer:
        [unit, *_] = await viewer.units()
        for value in (True, False):
            assert (await viewer.open(unit, isAlarm=value)).text.startswith("#EXTM3U")


async def test_a_list_may_say_the_wrong_is_alarm(http: aiohttp.ClientSession) -> None:
    async with viewing(CLIPS | {"needs_alarm": False}, http=http) as viewer:
        [unit, *_] = await viewer.units()
        assert unit["isAlarm"] is True
        assert not (await viewer.open(unit)).text.startswith("#EXTM3U")
        assert (await viewer.open(unit, isAlarm=False)).text.startswith("#EXTM3U")


@pytest.mark.parametrize(
    "change",
    [
        {"fileId": "100000000000000001"},
        {"fileId": None},
        {"model": None},
        {"isAlarm": None},
        {"videoCodec": None},
        {"videoCodec": "VP9"},
        {"did": "2"},
    ],
)
async def test_a_playlist_needs_what_clients_send(
    viewer: Viewer, change: dict[str, object]
) -> None:
    [unit, *_] = await viewer.units()
    answer = await viewer.open(unit, **change)
    assert answer.json is not None
    assert answer.json["code"] == -8
    assert answer.headers["x-xiaomi-status-code"] == "404"


async def test_what_has_expired_since_it_was_listed_is_gone(viewer: Viewer) -> None:
    [unit, *_] = await viewer.units(CLOUD_LIST)
    text = await viewer.playlist(unit)
    viewer.client.simulator.world.advance(unit["expireTime"] - unit["createTime"])
    assert (await viewer.open(unit)).headers["x-xiaomi-status-code"] == "404"
    assert (await viewer.fetch(addresses(text)[0]))[0] == 404
    assert await viewer.units() == []


async def test_an_address_is_good_for_a_while_only(viewer: Viewer) -> None:
    viewer.client.simulator.cloud.links.lifetime = 0.3
    [unit, *_] = await viewer.units()
    url = addresses(await viewer.playlist(unit))[0]
    assert (await viewer.fetch(url))[0] == 200
    await asyncio.sleep(0.35)
    assert (await viewer.fetch(url))[0] == 403


async def test_an_address_is_good_for_itself_only(viewer: Viewer) -> None:
    [unit, *_] = await viewer.units()
    first, second = addresses(await viewer.playlist(unit), "key")
    path, query = second.split("?")
    for forged in (
        f"{path}?{first.split('?')[1]}",
        path,
        f"{path}?{query.replace('Expires=1', 'Expires=2')}",
        second.replace("https://cn.", "https://de."),
    ):
        assert (await viewer.fetch(forged))[0] in {403, 404}
    assert (await viewer.fetch(second))[0] == 200


async def test_cookies_at_a_storage_host_are_noticed(viewer: Viewer) -> None:
    [unit, *_] = await viewer.units()
    url = addresses(await viewer.playlist(unit))[0]
    requests = viewer.client.simulator.requests
    await viewer.fetch(url)
    assert requests.leaked_cookies == 0
    await viewer.fetch(url, Cookie="serviceToken=made-up")
    assert requests.leaked_cookies == 1
    assert requests.total(host="cn.storage.simulated-maker.example") == 2


async def test_a_stranger_gets_no_playlist(viewer: Viewer, http: aiohttp.ClientSession) -> None:
    [unit, *_] = await viewer.units()
    away = replace(viewer, prefix="de.")
    answer = await away.open(unit)
    assert answer.json is not None
    assert answer.json["code"] == -8


# --- Thumbnails --------------------------------------------------------------


@pytest.mark.parametrize("path", [THUMBNAIL, "/common/app/v1/img"])
async def test_a_thumbnail_is_the_first_picture(viewer: Viewer, path: str) -> None:
    [unit, *_] = await viewer.units(CLOUD_LIST)
    vector = os.urandom(16)
    body = await raw(viewer, path, unit, vector)
    key = base64.b64decode(viewer.client.credentials.ssecurity)
    picture = Image.open(io.BytesIO(unpadded(key, vector, body)))
    assert (picture.format, picture.size) == ("JPEG", (128, 72))


async def raw(viewer: Viewer, path: str, unit: dict[str, Any], vector: bytes) -> bytes:
    """Return the bytes of an answer that is no text."""
    client = viewer.client
    data = {
        "did": viewer.did,
        "fileId": unit["fileId"],
        "stoId": unit["imgStoreId"],
        "segmentIv": base64.b64encode(vector).decode(),
    }
    fields, _ = client._fields("GET", path, data)
    headers = {
        "Host": f"{viewer.prefix}processor.smartcamera.api.io.mi.com",
        "Cookie": client._cookie(),
        **client.headers,
    }
    url = client.simulator.base_url + path
    async with client.http.get(url, params=fields, headers=headers) as response:
        assert response.status == 200
        return await response.read()


@pytest.mark.parametrize(
    "change",
    [{"stoId": "CAMERA_IMG_1"}, {"segmentIv": "AAAA"}, {"segmentIv": "?"}, {"fileId": "1"}],
)
async def test_a_thumbnail_needs_what_clients_send(
    viewer: Viewer, change: dict[str, object]
) -> None:
    [unit, *_] = await viewer.units(CLOUD_LIST)
    data: dict[str, object] = {
        "fileId": unit["fileId"],
        "stoId": unit["imgStoreId"],
        "segmentIv": base64.b64encode(bytes(16)).decode(),
    }
    answer = await viewer.call(THUMBNAIL, data | change, host="processor")
    assert answer.json is not None
    assert answer.json["code"] == -8


# --- The studio --------------------------------------------------------------


async def test_the_server_answers_while_footage_is_made(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(look: Look) -> Stock:
        time.sleep(0.5)
        return make_stock(look)

    monkeypatch.setattr(studio, "make_stock", slowly)
    [unit, *_] = await viewer.units()
    text = await viewer.playlist(unit)
    wanted = asyncio.create_task(viewer.fetch(addresses(text, "ts")[0]))
    await asyncio.sleep(0.1)
    await viewer.call(VIP_STATUS, {"region": "CN"})
    assert not wanted.done()
    assert (await wanted)[0] == 200


async def test_footage_is_made_once(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Look] = []

    def noted(look: Look) -> Stock:
        made.append(look)
        return make_stock(look)

    monkeypatch.setattr(studio, "make_stock", noted)
    [unit, *_] = await viewer.units()
    text = await viewer.playlist(unit)
    urls = addresses(text, "ts") * 3
    answers = await asyncio.gather(*(viewer.fetch(url) for url in urls))
    assert len({data for _, data in answers}) == 2
    assert len(made) == 1
    assert made[0].title_zh == "门口"


async def test_what_was_made_is_kept_within_bounds(viewer: Viewer) -> None:
    room = viewer.client.simulator.cloud.studio
    room.room = 1_000_000
    units = {unit["fileId"]: unit for unit in await viewer.units() if unit["isAlarm"]}
    for unit in list(units.values())[:6]:
        for url in addresses(await viewer.playlist(unit), "ts"):
            assert (await viewer.fetch(url))[0] == 200
            assert 0 < room.used <= room.room


async def test_shared_footage_is_all_made_before_it_is_served(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build_world(generate_recordings("event:2:8s,video:1:40s"))
    async with running(world) as simulator:
        await prepare_stock(simulator.cloud)
        used = simulator.cloud.studio.used
        monkeypatch.setattr(studio, "make_stock", None)
        monkeypatch.setattr(Stock, "segment", None)
        [did] = world.cameras
        credentials = simulator.sessions.sign_in("2900990099")
        client = SigningClient(http=http, simulator=simulator, credentials=credentials)
        viewer = Viewer(client=client, did=did)
        files: list[bytes] = []
        for unit in [*await viewer.units(), *await viewer.units(CLOUD_LIST)]:
            urls = addresses(await viewer.playlist(unit), "ts")
            files.append(b"".join([(await viewer.fetch(url))[1] for url in urls]))
        assert files[0] == files[1]
        assert len(files[0]) * 8 / 8 == pytest.approx(1_200_000, rel=0.15)
        assert len(files[2]) * 8 / 40 == pytest.approx(500_000, rel=0.15)
        assert simulator.cloud.studio.used == used


async def test_without_an_encoder_it_fails_clearly(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(av, "codecs_available", {"libx264", "aac"})
    async with viewing(CLIPS | {"codec": "h265"}, http=http) as viewer:
        [unit, *_] = await viewer.units()
        status, said = await viewer.fetch(addresses(await viewer.playlist(unit), "ts")[0])
        assert status == 501
        assert b"libx265" in said


async def test_without_its_packages_footage_fails_clearly(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    [unit, *_] = await viewer.units()
    text = await viewer.playlist(unit)
    status, said = await viewer.fetch(addresses(text, "ts")[0])
    assert status == 501
    assert b"package av" in said


# --- Going wrong -------------------------------------------------------------


async def test_an_empty_page_that_says_there_is_more(viewer: Viewer) -> None:
    viewer.client.simulator.faults.add("empty_page", path=EVENT_LIST, did=DID, count=1)
    pages = await viewer.all_pages()
    assert (pages[0].units, pages[0].more) == ([], True)
    assert sum(len(page.units) for page in pages) == 30


async def test_a_repeated_page(viewer: Viewer) -> None:
    viewer.client.simulator.faults.add("repeated_page")
    first = await viewer.page(limit=4)
    second = await viewer.page(limit=4, endTime=first.cursor)
    assert first.units == second.units
    assert second.more
    assert second.cursor < first.cursor


async def test_a_cursor_that_stands_still(viewer: Viewer) -> None:
    viewer.client.simulator.faults.add("still_cursor")
    first = await viewer.page(limit=4)
    second = await viewer.page(limit=4, endTime=first.cursor)
    assert (second.more, second.cursor) == (True, first.cursor)


async def test_pages_without_end(viewer: Viewer) -> None:
    viewer.client.simulator.faults.add("endless_pages")
    end = viewer.client.simulator.world.now_ms() - 300 * DAY_MS
    for _ in range(5):
        page = await viewer.page(endTime=end, beginTime=0)
        assert page.more
        assert page.cursor < end
        end = page.cursor


async def test_a_recording_gone_since_it_was_listed(viewer: Viewer) -> None:
    viewer.client.simulator.faults.add("recording_gone", did=DID, count=1)
    [unit, *_] = await viewer.units()
    assert (await viewer.open(unit)).headers["x-xiaomi-status-code"] == "404"
    assert (await viewer.open(unit)).text.startswith("#EXTM3U")


async def test_addresses_that_run_out_at_once(viewer: Viewer) -> None:
    viewer.client.simulator.faults.add("hasty_links", count=1)
    [unit, *_] = await viewer.units()
    assert (await viewer.fetch(addresses(await viewer.playlist(unit))[0]))[0] == 403
    assert (await viewer.fetch(addresses(await viewer.playlist(unit))[0]))[0] == 200


@pytest.mark.parametrize("origin", ["https://10.0.0.1", "http://127.0.0.1:8123", "https://x.test"])
@pytest.mark.parametrize(
    ("what", "foreign"), [("segments", 13), ("keys", 13), ("initialisation", 2), ("all", 28)]
)
async def test_a_playlist_that_leads_elsewhere(
    viewer: Viewer, origin: str, what: str, foreign: int
) -> None:
    viewer.client.simulator.faults.add("foreign_address", origin=origin, what=what)
    [unit, *_] = await viewer.units(CLOUD_LIST)
    text = (await viewer.open(unit)).text
    assert sum(url.startswith(origin + "/") for url in addresses(text)) == foreign
    assert len(addresses(text)) == 28


async def test_odd_playlists(viewer: Viewer) -> None:
    [unit, *_] = await viewer.units()
    texts: dict[str, str] = {}
    for shape in ("garbage", "cut", "gigantic", "master", "empty", "no_key"):
        viewer.client.simulator.faults.add("odd_playlist", shape=shape, megabytes=3, count=1)
        texts[shape] = (await viewer.open(unit)).text
    assert "#EXTM3U" not in texts["garbage"]
    assert len(texts["gigantic"]) > 3_000_000
    assert "#EXT-X-ENDLIST" not in texts["gigantic"] + texts["cut"]
    assert texts["cut"].startswith("#EXTM3U")
    assert "#EXT-X-STREAM-INF" in texts["master"]
    assert texts["empty"] == ""
    assert len(addresses(texts["no_key"])) == 2
    assert "#EXT-X-KEY" not in texts["no_key"]


@pytest.fixture
async def segment(viewer: Viewer) -> str:
    """Give the address of a segment that was fetched once."""
    [unit, *_] = await viewer.units()
    url = addresses(await viewer.playlist(unit), "ts")[0]
    await viewer.fetch(url)
    return url


@pytest.mark.parametrize("size", [16, 15, 0])
async def test_a_wrong_key(viewer: Viewer, size: int) -> None:
    [unit, *_] = await viewer.units()
    url = addresses(await viewer.playlist(unit), "key")[0]
    right = await viewer.fetch(url)
    viewer.client.simulator.faults.add("wrong_key", bytes=size, count=1)
    status, wrong = await viewer.fetch(url)
    assert (status, len(wrong)) == (200, size)
    assert wrong != right[1]
    assert await viewer.fetch(url) == right


@pytest.mark.parametrize("aligned", [0, 1])
async def test_a_segment_cut_short(viewer: Viewer, segment: str, aligned: int) -> None:
    whole = (await viewer.fetch(segment))[1]
    viewer.client.simulator.faults.add("truncated_segment", aligned=aligned, did=DID)
    status, cut = await viewer.fetch(segment)
    assert status == 200
    assert whole.startswith(cut)
    assert (len(cut) % 16 == 0) is bool(aligned)


async def test_a_segment_that_breaks_off(viewer: Viewer, segment: str) -> None:
    viewer.client.simulator.faults.add("dropped_segment", count=1)
    with pytest.raises(aiohttp.ClientPayloadError):
        await viewer.fetch(segment)
    requests = viewer.client.simulator.requests.counts
    assert any(path.startswith("/ts/") and status == 0 for _, path, status in requests)
    assert (await viewer.fetch(segment))[0] == 200


async def test_a_segment_that_trickles_in(viewer: Viewer, segment: str) -> None:
    viewer.client.simulator.faults.add("slow_drip", bytes_per_second=1000)
    async with viewer.get(segment) as response:
        assert response.content_length > 10_000
        await asyncio.sleep(0.5)
        assert 0 < len(await response.content.readany()) < 2000


async def test_garbage_that_opens_with_its_key(viewer: Viewer, segment: str) -> None:
    viewer.client.simulator.faults.add("garbage_segment")
    [unit, *_] = await viewer.units()
    plain = await opened(viewer, await viewer.playlist(unit), 0)
    assert len(plain) > 10_000
    assert plain[0] != 0x47 or plain[188] != 0x47


async def test_a_segment_without_end(viewer: Viewer, segment: str) -> None:
    viewer.client.simulator.faults.add("endless_segment", count=1)
    async with viewer.get(segment) as response:
        assert response.content_length is None
        assert len(await response.content.readexactly(5_000_000)) == 5_000_000
    assert (await viewer.fetch(segment))[0] == 200


async def test_too_many_requests_at_a_storage_host(viewer: Viewer, segment: str) -> None:
    viewer.client.simulator.faults.add(
        "http_status", host="storage", status=429, retry_after=7, did=DID, count=1
    )
    async with viewer.get(segment) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
    assert (await viewer.fetch(segment))[0] == 200


@pytest.mark.parametrize("path", [PLAYLIST, THUMBNAIL])
async def test_an_expired_session_gets_nothing(viewer: Viewer, path: str) -> None:
    viewer.client.simulator.sessions.expire()
    host = "business" if path == PLAYLIST else "processor"
    answer = await viewer.call(path, {"fileId": "1"}, host=host)
    assert answer.json is not None
    assert (answer.json["code"], answer.json["message"]) == (3, "serviceToken expired")


# --- The desk and the control interface --------------------------------------


async def test_the_control_interface_lists_them(
    viewer: Viewer, http: aiohttp.ClientSession
) -> None:
    base = f"{viewer.client.simulator.base_url}/_control/camera"
    async with http.get(f"{base}/{DID}/recordings") as response:
        told = (await response.json())["recordings"]
    units = [*await viewer.units(), *await viewer.units(CLOUD_LIST)]
    assert {entry["fileId"] for entry in told} == {unit["fileId"] for unit in units}
    assert len(told) == 16
    assert sum(not entry["footage"] for entry in told) == 2
    [video, _] = [entry for entry in told if entry["kind"] == "video"]
    assert (video["length"], video["parts"], video["container"]) == (50, 2, "mp4")
    async with http.get(f"{base}/2/recordings") as response:
        assert response.status == 404


async def test_any_player_can_watch_at_the_simulators_own_origin(viewer: Viewer) -> None:
    [unit, *_] = await viewer.units()
    simulator = viewer.client.simulator
    address = f"{simulator.base_url}/_control/camera/{DID}/playlist"
    url = f"{address}?{urlencode({'fileId': unit['fileId']})}"
    # Asked twice by some players, and not counted as the cloud's own traffic.
    before = simulator.requests.total()
    with await asyncio.to_thread(av.open, url, "r") as container:
        packets = await asyncio.to_thread(lambda: list(container.demux(video=0)))
    assert sum(packet.size > 0 for packet in packets) == 6 * 15
    assert simulator.requests.total() == before
    for wrong in (f"{address}?fileId=1", address, address.replace(f"/{DID}/", "/2/")):
        async with viewer.client.http.get(wrong) as response:
            assert response.status == 404


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "16 recordings in the cloud, 2 of them without video"),
        ("zh", "云端有 16 段录像，其中 2 段没有视频"),
    ],
)
async def test_the_desk_says_what_the_cloud_holds(
    viewer: Viewer, http: aiohttp.ClientSession, language: str, line: str
) -> None:
    async with http.get(f"{viewer.client.simulator.base_url}/?lang={language}") as response:
        assert line in await response.text()


async def test_the_demo_in_both_regions(world: World, http: aiohttp.ClientSession) -> None:
    async with running(world) as simulator:
        for user, prefix in ((MEI, ""), (MEI_BERLIN, "de.")):
            credentials = simulator.sessions.sign_in(user)
            client = SigningClient(http=http, simulator=simulator, credentials=credentials)
            await compare(simulator, client, user, prefix)


async def compare(
    simulator: RunningSimulator, client: SigningClient, user: str, prefix: str
) -> None:
    """See that the lists of an account's cameras hold what the world file says."""
    for camera in simulator.world.cameras.values():
        if camera.owner != user:
            continue
        viewer = Viewer(client=client, did=camera.did, prefix=prefix)
        units = [*await viewer.units(), *await viewer.units(CLOUD_LIST)]
        files = {unit["fileId"]: "videoStoreId" in unit for unit in units}
        says = None if camera.expect is None else camera.expect.recordings
        assert len(files) == (0 if says is None else says.listed)
        assert list(files.values()).count(False) == (0 if says is None else says.event_only)
