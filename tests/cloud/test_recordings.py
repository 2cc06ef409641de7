"""Lists of recordings: every way in which one can go on, end, or be wrong."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, override

import aiohttp
from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.cloud.errors import (
    ApiError,
    RateLimitedError,
    TooLargeError,
    UnexpectedAnswerError,
)
from custom_components.camera_cloud_plan.cloud.provider import Readable
from custom_components.camera_cloud_plan.cloud.recordings import RecordingList
from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCloud, recordings
from custom_components.camera_cloud_plan.cloud.xiaomi.client import XiaomiClient
from custom_components.camera_cloud_plan.cloud.xiaomi.endpoints import endpoints
from custom_components.camera_cloud_plan.cloud.xiaomi.recordings import (
    list_recordings,
    read_unit,
)
from custom_components.camera_cloud_plan.plan import (
    Camera,
    Ownership,
    Recording,
    RecordingEvent,
    RecordingKind,
    Span,
    soonest_lost_first,
)
from simulator.faults import Trouble
from simulator.hosts import HostKind
from simulator.server import RunningSimulator, running
from simulator.worldfile import build_world
from tests.cloud.helpers import FRONT_DOOR, connect, credentials_of
from tests.cloud.test_values import JSON
from tests.simulator.worlds import DID, plan_entry, world_entry

EVENT_LIST = "/common/app/get/eventlist"
CLOUD_LIST = "/common/app/get/cloudlist"
_EVENTS, _VIDEOS = RecordingKind.EVENT, RecordingKind.VIDEO
_LIVING_ROOM = "1051000102"
_NURSERY = "1051000103"


def _span(sim: RunningSimulator, **back: float) -> Span:
    now = datetime.fromtimestamp(sim.world.now_ms() / 1000, UTC)
    return Span(start=now - timedelta(**back or {"days": 90}), end=now)


async def _camera(cloud: XiaomiCloud, camera_id: str) -> Camera:
    return next(each for each in await cloud.list_cameras() if each.camera_id == camera_id)


@asynccontextmanager
async def _recorded(
    http: aiohttp.ClientSession, *groups: dict[str, object], region: str = "cn"
) -> AsyncIterator[tuple[RunningSimulator, XiaomiCloud, Camera]]:
    """Run a cloud with one camera that has these recordings."""
    entry = world_entry(
        plan_entry(retention_days=30), region=region, recordings=[*groups], cloud_support=True
    )
    async with running(build_world(entry)) as sim:
        cloud = connect(sim, http, credentials_of(sim, "100"), regions=[region])
        yield sim, cloud, await _camera(cloud, DID)


def _events(count: int, **more: object) -> dict[str, object]:
    return {"kind": "event", "from": "-25d", "every": "5m", "count": count, "length": "12s"} | more


def test_recordings_are_declared(mei: XiaomiCloud) -> None:
    assert Readable.RECORDINGS in mei.capabilities.readable


async def test_both_lists_make_one(sim: RunningSimulator, mei: XiaomiCloud) -> None:
    """Of a file that is in both, the list of videos says what it is, the other what happened."""
    camera = await _camera(mei, _LIVING_ROOM)
    found = await mei.list_recordings(camera, _span(sim), RecordingKind)
    assert found.complete
    assert len(found.recordings) == 24
    assert len({each.file_id for each in found.recordings}) == 24
    assert list(found.recordings) == soonest_lost_first(found.recordings)
    videos = [each for each in found.recordings if each.kind is _VIDEOS]
    assert sorted(len(each.events) for each in videos) == [0, 0, 3, 3, 3, 3]
    eventful = next(each for each in videos if each.events)
    assert [event.offset for event in eventful.events] == [0, 60, 120]
    assert {event.kinds for event in eventful.events} == {("PeopleMotion",)}
    assert eventful.events[0].at == eventful.created_at
    assert eventful.alarm is False
    assert eventful.video_store
    assert eventful.image_store
    assert eventful.expires_at == eventful.created_at + timedelta(days=30)


async def test_each_list_alone(sim: RunningSimulator, mei: XiaomiCloud) -> None:
    camera = await _camera(mei, _LIVING_ROOM)
    sim.requests.reset()
    videos = await mei.list_recordings(camera, _span(sim), [_VIDEOS])
    assert {each.kind for each in videos.recordings} == {_VIDEOS}
    assert sim.requests.total(path=EVENT_LIST) == 0
    events = await mei.list_recordings(camera, _span(sim), [_EVENTS])
    assert {each.kind for each in events.recordings} == {_EVENTS}
    assert (len(videos.recordings), len(events.recordings)) == (6, 22)
    assert await mei.list_recordings(camera, _span(sim), []) == RecordingList(recordings=())


async def test_events_without_video_are_told(sim: RunningSimulator, mei: XiaomiCloud) -> None:
    camera = await _camera(mei, _NURSERY)
    found = await mei.list_recordings(camera, _span(sim), RecordingKind)
    without = [each for each in found.recordings if not each.has_footage]
    assert (len(found.recordings), len(without)) == (16, 6)
    assert all(each.image_store is None for each in without)
    assert await mei.read_thumbnail(camera, without[0]) is None


async def test_many_pages_lose_nothing_and_are_asked_politely(http: aiohttp.ClientSession) -> None:
    groups = (
        _events(130),
        _events(130, every="1h", **{"from": "-6d"}),
        {"kind": "video", "from": "-6d", "every": "2h", "count": 45, "length": "1m"},
    )
    pauses = 0

    async def pause() -> None:
        nonlocal pauses
        pauses += 1

    async with _recorded(http, *groups) as (sim, cloud, camera):
        found = await cloud.list_recordings(camera, _span(sim), RecordingKind, pause=pause)
        asked = sim.requests.total(path=EVENT_LIST) + sim.requests.total(path=CLOUD_LIST)
    assert found.complete
    assert len(found.recordings) == 305
    # Days without anything are empty pages that say that there is more.
    assert asked >= 260 / 40 + 45 / 20 + 1
    assert pauses == asked - 1


@pytest.mark.parametrize("region", ["cn", "de", "us", "ru", "sg", "i2"])
async def test_a_span_is_the_same_in_every_list_and_region(
    http: aiohttp.ClientSession, region: str
) -> None:
    """The list of videos has a time base of its own outside the mainland."""
    groups = (
        _events(200, every="30m", **{"from": "-4d"}),
        {"kind": "video", "from": "-4d", "every": "30m", "count": 180, "length": "1m"},
    )
    async with _recorded(http, *groups, region=region) as (sim, cloud, camera):
        everything = await cloud.list_recordings(camera, _span(sim), RecordingKind)
        now = _span(sim).end
        span = Span(start=now - timedelta(hours=60), end=now - timedelta(hours=31))
        found = await cloud.list_recordings(camera, span, RecordingKind)
    assert found.complete
    assert len(everything.recordings) > 350
    assert set(found.recordings) == {
        each for each in everything.recordings if span.holds(each.created_at)
    }
    assert {each.kind for each in found.recordings} == set(RecordingKind)


async def test_ids_of_every_shape_come_back_as_they_are(http: aiohttp.ClientSession) -> None:
    async with _recorded(http, _events(2, **{"from": "-1d"}), region="sg") as (sim, cloud, camera):
        found = await cloud.list_recordings(camera, _span(sim), [_EVENTS])
        assert all(len(each.file_id) > 60 for each in found.recordings)
        assert (await cloud.open_recording(camera, found.recordings[0])).segments


@pytest.mark.parametrize(
    ("trouble", "complete"),
    [
        (Trouble.REPEATED_PAGE, False),
        (Trouble.STILL_CURSOR, False),
        # It ends where the span does, after everything.
        (Trouble.ENDLESS_PAGES, True),
    ],
)
async def test_lists_that_go_wrong_end_and_say_so(
    http: aiohttp.ClientSession, trouble: Trouble, complete: bool
) -> None:
    async with _recorded(http, _events(60, **{"from": "-1d"})) as (sim, cloud, camera):
        sim.faults.add(trouble)
        found = await cloud.list_recordings(camera, _span(sim, days=2), [_EVENTS])
        assert sim.requests.total(path=EVENT_LIST) < 60
    assert found.complete is complete
    assert len(found.recordings) == (60 if complete else 40)


async def test_an_empty_page_is_not_the_end(http: aiohttp.ClientSession) -> None:
    async with _recorded(http, _events(60, **{"from": "-1d"})) as (sim, cloud, camera):
        sim.faults.add(Trouble.EMPTY_PAGE, count=1)
        found = await cloud.list_recordings(camera, _span(sim), [_EVENTS])
        assert found.complete
        assert len(found.recordings) == 60
        # One that is empty again and again stands still.
        sim.faults.add(Trouble.EMPTY_PAGE)
        found = await cloud.list_recordings(camera, _span(sim), [_EVENTS])
    assert found == RecordingList(recordings=(), complete=False)


async def test_one_refused_list_does_not_lose_the_other(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    camera = await _camera(mei, _LIVING_ROOM)
    fault = sim.faults.add(Trouble.API_ERROR, path=CLOUD_LIST)
    found = await mei.list_recordings(camera, _span(sim), RecordingKind)
    assert not found.complete
    assert len(found.recordings) == 22
    with pytest.raises(ApiError):
        await mei.list_recordings(camera, _span(sim), [_VIDEOS])
    sim.faults.remove(fault)
    sim.faults.add(Trouble.API_ERROR, path=EVENT_LIST)
    found = await mei.list_recordings(camera, _span(sim), RecordingKind)
    assert not found.complete
    assert len(found.recordings) == 6


async def test_what_concerns_the_account_is_not_swallowed(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    camera = await _camera(mei, FRONT_DOOR)
    sim.faults.add(Trouble.HTTP_STATUS, {"status": 429}, path=CLOUD_LIST)
    with pytest.raises(RateLimitedError):
        await mei.list_recordings(camera, _span(sim), RecordingKind)


_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
_MS = int(_AT.timestamp() * 1000)
_CAMERA = Camera(
    camera_id="1",
    name="Door",
    maker="Xiaomi",
    model="madv.cateye.v1",
    region="de",
    ownership=Ownership.OWNER,
)
_SPAN = Span(start=_AT - timedelta(days=1), end=_AT + timedelta(days=1))


class _Pages(XiaomiClient):
    """Answers with these pages, whatever is asked."""

    def __init__(self, *pages: object) -> None:
        self.locale = "en_US"
        self.pages = iter(pages)
        self.asked: list[tuple[str, str, dict[str, object]]] = []

    @override
    async def call(self, name: str, region: str, data: Any) -> object:
        self.asked.append((name, region, data))
        return next(self.pages)


def _page(*units: object, more: object = False, following: object = 0) -> dict[str, object]:
    return {"isContinue": more, "nextTime": following, "thirdPartPlayUnits": [*units]}


def _unit(number: int = 1, /, **changes: object) -> dict[str, object]:
    return {"fileId": str(number), "createTime": _MS - number * 60_000} | changes


async def _listed(*pages: object, kinds: Iterable[RecordingKind] = (_EVENTS,)) -> RecordingList:
    return await list_recordings(_Pages(*pages), _CAMERA, _SPAN, [*kinds])


async def test_what_is_asked() -> None:
    client = _Pages(_page(more=True, following=_MS), _page(), _page())
    await list_recordings(client, _CAMERA, _SPAN, RecordingKind)
    day = 86_400_000
    common = {"did": "1", "model": "madv.cateye.v1", "region": "DE", "language": "en_US"}
    events = {**common, "beginTime": _MS - day, "limit": 40, "doorBell": True}
    videos = {**common, "beginTime": _MS - 2 * day, "endTime": _MS + 2 * day, "limit": 20}
    assert client.asked == [
        ("event_list", "de", {**events, "endTime": _MS + day}),
        ("event_list", "de", {**events, "endTime": _MS}),
        ("cloud_list", "de", videos),
    ]


@pytest.mark.parametrize(
    ("page", "complete"),
    [
        (_page(_unit()), True),
        (_page(_unit(), more="false"), True),
        (_page(_unit(), more=0, following=None), True),
        ({"isContinue": False, "nextTime": 0, "thirdPartPlayUnits": None}, True),
        ({"isContinue": False}, True),
        # More is announced, but not from where on; or not even whether there is more.
        (_page(_unit(), more=True), False),
        (_page(_unit(), more=True, following=-1), False),
        (_page(_unit(), more=True, following="soon"), False),
        (_page(_unit(), more=True, following=_MS + 86_400_000), False),
        (_page(_unit(), more=True, following=2**62), False),
        (_page(_unit(), more=None, following=_MS), False),
        (_page(_unit(), more="perhaps", following=_MS), False),
        (None, False),
        ([], False),
        ({}, False),
        # Behind the span there is nothing to ask for.
        (_page(_unit(), more=True, following=_MS - 86_400_001), True),
        # What cannot be read could not be saved.
        (_page(_unit(), {"fileId": "2"}), False),
        (_page(_unit(), {"createTime": _MS}), False),
        (_page(_unit(), _unit(2, createTime=0)), False),
        (_page(_unit(), _unit(2, fileId="x" * 2000)), False),
        (_page(_unit(), None, 3, "x"), False),
    ],
)
async def test_whether_one_page_is_all(page: object, complete: bool) -> None:
    found = await _listed(page)
    assert found.complete is complete
    assert len(found.recordings) == (bool(page) and bool(page.get("thirdPartPlayUnits")))  # type: ignore[attr-defined] # a page or nothing


async def test_no_list_is_no_empty_list() -> None:
    for strange in ("x", {"a": 1}, 7):
        with pytest.raises(UnexpectedAnswerError, match="no list"):
            await _listed({"isContinue": False, "thirdPartPlayUnits": strange})


async def test_pages_without_end_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = (_page(more=True, following=_MS - n) for n in range(1, 1000))
    client = _Pages(*empty)
    found = await list_recordings(client, _CAMERA, _SPAN, [_EVENTS])
    assert not found.complete
    assert len(client.asked) == endpoints().recordings.most_empty_pages + 1

    full = (_page(_unit(n), more=True, following=_MS - n) for n in range(1, 1100))
    client = _Pages(*full)
    found = await list_recordings(client, _CAMERA, _SPAN, [_EVENTS])
    assert not found.complete
    assert len(client.asked) == len(found.recordings) == endpoints().recordings.most_pages


async def test_a_page_seen_before_ends_it_though_its_cursor_moves() -> None:
    same = [_unit(1), _unit(2)]
    found = await _listed(
        _page(*same, more=True, following=_MS - 1), _page(*same, more=True, following=_MS - 2)
    )
    assert not found.complete
    assert len(found.recordings) == 2
    # At the end of a list, it is only what overlaps.
    found = await _listed(_page(*same, more=True, following=_MS - 1), _page(*same))
    assert found.complete


async def test_all_events_of_a_file_are_kept() -> None:
    units = [
        _unit(fileId=7, createTime=str(_MS + 5000), offset="5", eventType="Pass:Stay"),
        _unit(fileId="7", createTime=_MS, offset=0, eventType="Bell", expireTime=_MS + 9000),
        _unit(fileId="7", createTime=_MS, offset=0, eventType="Bell", isAlarm="true"),
    ]
    video = _unit(fileId="7", createTime=_MS, eventType="Default", isAlarm=False, videoStoreId="v")
    events = (
        RecordingEvent(at=_AT, kinds=("Bell",), offset=0),
        RecordingEvent(at=_AT + timedelta(seconds=5), kinds=("Pass", "Stay"), offset=5),
    )
    alone = Recording(
        file_id="7",
        kind=_EVENTS,
        created_at=_AT,
        expires_at=_AT + timedelta(seconds=9),
        events=events,
        alarm=True,
    )
    assert (await _listed(_page(*units))).recordings == (alone,)
    both = await _listed(_page(*units), _page(video), kinds=RecordingKind)
    assert both.recordings == (
        Recording(
            file_id="7",
            kind=_VIDEOS,
            created_at=_AT,
            expires_at=_AT + timedelta(seconds=9),
            events=events,
            alarm=False,
            video_store="v",
        ),
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"eventType": "ObjectMotion"}, ("ObjectMotion",)),
        ({"eventType": "Pass:Stay, Bell"}, ("Pass", "Stay", "Bell")),
        ({"eventType": "Default"}, ()),
        ({"eventType": ""}, ()),
        ({"eventType": 7}, ()),
        ({"extraInfo": '{"eventType":"Face"}'}, ("Face",)),
        ({"eventType": "AI", "extraInfo": '{"eventType":"Face"}'}, ("AI",)),
        ({"extraInfo": {"eventType": "Face"}}, ("Face",)),
        ({"extraInfo": '{"eventType":'}, ()),
        ({"extraInfo": "[" * 10_000}, ()),
        ({"extraInfo": '{"eventType":"Face","x":"' + "x" * 20_000 + '"}'}, ()),
        ({"eventType": ":".join("abcdefghijklmnopqrstuvwxyz")}, tuple("abcdefghijklmnop")),
    ],
)
def test_the_kinds_of_an_event(changes: dict[str, object], words: tuple[str, ...]) -> None:
    unit = read_unit(_unit(**changes), _EVENTS)
    assert unit is not None
    assert unit.words == words


@given(
    st.fixed_dictionaries(
        {"fileId": JSON, "createTime": JSON | st.just(_MS)},
        optional=dict.fromkeys(
            (
                "expireTime",
                "eventType",
                "isAlarm",
                "imgStoreId",
                "videoStoreId",
                "extraInfo",
                "offset",
            ),
            JSON,
        ),
    )
)
def test_whatever_an_entry_holds_it_is_read_or_not(data: dict[str, object]) -> None:
    unit = read_unit(data, _EVENTS)
    if unit is not None:
        assert unit.file_id == str(data["fileId"]) or float(unit.file_id) == data["fileId"]
        assert unit.created_at.tzinfo is UTC


async def test_a_thumbnail_opens_with_what_comes_with_it(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    camera = await _camera(mei, FRONT_DOOR)
    found = await mei.list_recordings(camera, _span(sim), RecordingKind)
    pieces = [await mei.read_thumbnail(camera, found.recordings[0]) for _ in range(2)]
    for piece in pieces:
        assert piece is not None
        assert piece.opened().startswith(b"\xff\xd8\xff")
    assert pieces[0] != pieces[1]  # a vector is used once


async def test_thumbnails_that_do_not_come(
    sim: RunningSimulator, mei: XiaomiCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = await _camera(mei, FRONT_DOOR)
    found = await mei.list_recordings(camera, _span(sim), RecordingKind)
    recording = found.recordings[0]
    gone = replace(recording, file_id="1")
    with pytest.raises(ApiError):
        await mei.read_thumbnail(camera, gone)
    fault = sim.faults.add(Trouble.HTML, host=HostKind.PROCESSOR)
    with pytest.raises(UnexpectedAnswerError):
        await mei.read_thumbnail(camera, recording)
    sim.faults.remove(fault)
    monkeypatch.setattr(recordings, "MAX_THUMBNAIL", 100)
    with pytest.raises(TooLargeError):
        await mei.read_thumbnail(camera, recording)


@pytest.mark.parametrize("trouble", [Trouble.EXPIRED_TOKEN, Trouble.INVALID_SIGNATURE])
async def test_plain_answers_renew_as_others_do(
    sim: RunningSimulator, mei: XiaomiCloud, trouble: Trouble
) -> None:
    camera = await _camera(mei, FRONT_DOOR)
    found = await mei.list_recordings(camera, _span(sim), RecordingKind)
    before = mei.credentials.session
    sim.faults.add(trouble, host=HostKind.PROCESSOR, count=1)
    piece = await mei.read_thumbnail(camera, found.recordings[0])
    assert piece is not None
    assert piece.opened().startswith(b"\xff\xd8\xff")
    assert mei.credentials.session != before
