"""Recordings worked out from rules: how many, which, until when. No sockets."""

import base64
import json
import tracemalloc
from typing import Any

import pytest

from simulator.edits import edit_camera
from simulator.errors import WorldError
from simulator.generate import generate_recordings
from simulator.moments import DAY_MS, HOUR_MS, SECOND_MS
from simulator.recordings import all_recordings, events, find, tally, videos
from simulator.spelling import device_entry
from simulator.world import World
from simulator.worldfile import build_world, load_world, shipped_worlds
from tests.simulator.worlds import DID, camera_of, china, plan_entry, stopped, world_entry

EVENT: dict[str, Any] = {
    "kind": "event",
    "from": "-6d",
    "every": "6h",
    "count": 20,
    "length": "10s",
}
VIDEO: dict[str, Any] = EVENT | {"kind": "video", "length": "5m", "count": 3}


def recording_world(
    *groups: dict[str, Any],
    plan: dict[str, object] | None = None,
    ageing: bool = False,
    region: str = "cn",
    **camera: object,
) -> World:
    """Return a world with one camera, with a plan of seven days, and these recordings."""
    clock = stopped(china("2026-01-10 12:00"), ageing=ageing)
    bought = plan_entry() if plan is None else plan
    entry = world_entry(bought or None, region=region, recordings=list(groups), **camera)
    return build_world(entry, clock=clock)


def created(world: World) -> list[int]:
    """Return when every recording began, counted from the world's now (ms)."""
    now = world.now_ms()
    return [recording.created_ms - now for recording in all_recordings(camera_of(world), now)]


def test_two_of_until_every_and_count_give_the_third() -> None:
    spelled = [
        EVENT,
        EVENT | {"until": "-1d", "count": None},
        EVENT | {"until": "-1d", "every": None},
    ]
    worlds = [recording_world(group) for group in spelled]
    assert [created(world) for world in worlds] == [created(worlds[0])] * 3
    assert created(worlds[0]) == [number * 6 * HOUR_MS - 6 * DAY_MS for number in range(20)]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"kind": "photo"}, "kind"),
        ({"every": None}, "every"),
        ({"until": "-1d"}, "every"),
        ({"length": "6h"}, "length"),
        ({"length": "0s"}, "length"),
        ({"count": 10**8}, "count"),
        ({"until": "-7d", "count": None}, "count"),
        ({"codec": "vp9"}, "codec"),
        ({"sizes": ["640x361"]}, "sizes"),
        ({"sizes": []}, "sizes"),
        ({"sizes": ["640x360"] * 4}, "sizes"),
        ({"events_per_file": 11}, "events_per_file"),
        ({"event_types": []}, "event_types"),
        ({"event_types": [""]}, "event_types"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_mistake_is_named_with_its_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(WorldError) as caught:
        recording_world(EVENT | change)
    assert caught.value.place == f"cameras[0].recordings[0].{place}"


def test_an_edit_reads_what_was_written() -> None:
    world = recording_world(
        EVENT | {"needs_alarm": None, "footage": False},
        VIDEO | {"sizes": ["320x180", "640x360"], "container": "mp4", "own_keys": False},
        expect={
            "plan_status": "active_renewing",
            "auto_renewal": "on",
            "recordings": {"listed": 23, "event_only": 20},
        },
    )
    before = device_entry(camera_of(world), world)
    edited = edit_camera(world, DID, {"upload_on": False})
    assert device_entry(edited, world) == before | {"upload_on": False}
    assert edited.recordings == recording_world(*edited_groups(before)).cameras[DID].recordings


def edited_groups(entry: dict[str, object]) -> list[dict[str, Any]]:
    """Return the recordings in a written entry."""
    groups = entry["recordings"]
    assert isinstance(groups, list)
    return groups


def test_ids_are_decimal_on_the_mainland_and_lead_back() -> None:
    world = recording_world(EVENT, VIDEO)
    camera, now = camera_of(world), world.now_ms()
    recordings = list(all_recordings(camera, now))
    ids = {recording.file_id for recording in recordings}
    assert len(ids) == len(recordings) == 23
    assert all(len(file_id) == 18 and file_id.isdecimal() for file_id in ids)
    assert [find(camera, recording.file_id, now) for recording in recordings] == recordings
    for wrong in ("", "1", str(10**17), "٣" * 18, "AAAA", "not base64!", str(10**30)):
        assert find(camera, wrong, now) is None


def test_ids_elsewhere_are_base64_of_json() -> None:
    world = recording_world(EVENT, region="de")
    camera, now = camera_of(world), world.now_ms()
    for recording in all_recordings(camera, now):
        content = json.loads(base64.b64decode(recording.file_id))
        assert content.keys() == {"duration", "offset", "iId", "aId", "fileId"}
        assert find(camera, recording.file_id, now) == recording
        # The number inside is not the id.
        assert find(camera, content["fileId"], now) is None


@pytest.mark.parametrize("ageing", [False, True])
def test_recordings_grow_older_and_expire(ageing: bool) -> None:
    world = recording_world(EVENT, ageing=ageing)
    camera = camera_of(world)
    before = [recording.file_id for recording in all_recordings(camera, world.now_ms())]
    assert tally(camera, world.now_ms()).first_expiry_ms == world.now_ms() + DAY_MS
    world.advance(DAY_MS - 1)
    assert tally(camera, world.now_ms()).listed == 20
    world.advance(1)
    after = [recording.file_id for recording in all_recordings(camera, world.now_ms())]
    assert after == before[1:]
    assert find(camera, before[0], world.now_ms()) is None
    assert created(world)[0] == 6 * HOUR_MS - 7 * DAY_MS
    world.advance(10 * DAY_MS)
    assert tally(camera, world.now_ms()).listed == 0
    assert tally(camera, world.now_ms()).first_expiry_ms is None


def test_they_stay_reachable_after_the_plan_until_the_window_closes() -> None:
    plan = plan_entry(end="-1d", auto_renew=False, reachable_days_after_end=3)
    world = recording_world(EVENT | {"keep": "30d"}, plan=plan)
    assert tally(camera_of(world), world.now_ms()).listed == 20
    world.advance(2 * DAY_MS)
    assert tally(camera_of(world), world.now_ms()).listed == 0


@pytest.mark.parametrize(
    ("free_tier", "counts"),
    [
        # listed, event only
        ({"limited": False, "expires": 0}, (20, 0)),
        ({"limited": True, "expires": "+1d"}, (20, 0)),
        ({"limited": True, "expires": "-3d"}, (20, 8)),
        ({"limited": True, "expires": -2}, (20, 20)),
        ({"limited": True, "expires": -1}, (0, 0)),
    ],
)
def test_without_a_plan_the_free_tier_rules(
    free_tier: dict[str, object], counts: tuple[int, int]
) -> None:
    world = recording_world(EVENT, VIDEO, plan={}, free_tier=free_tier)
    found = tally(camera_of(world), world.now_ms())
    assert (found.listed, found.event_only) == counts


def test_what_is_yet_to_come_is_not_there() -> None:
    world = recording_world(EVENT | {"from": "-1d", "every": "6h", "count": 8})
    assert len(created(world)) == 5
    world.advance(6 * HOUR_MS)
    assert len(created(world)) == 6


def test_events_of_groups_come_in_one_order_and_spans_hold_both_ends() -> None:
    world = recording_world(
        EVENT | {"events_per_file": 2}, VIDEO | {"from": "-5d23h", "event_types": ["AI"]}
    )
    camera, now = camera_of(world), world.now_ms()
    units = list(events(camera, now - 9 * DAY_MS, now, now))
    assert len(units) == 43
    assert [unit.at_ms for unit in units] == sorted((u.at_ms for u in units), reverse=True)
    assert {unit.offset for unit in units} == {0, 5}
    newest, second = units[0], units[1]
    assert newest.recording == second.recording
    assert newest.at_ms - second.at_ms == 5 * SECOND_MS
    assert list(events(camera, second.at_ms, newest.at_ms, now)) == [newest, second]
    assert [u.at_ms for u in events(camera, second.at_ms + 1, newest.at_ms, now)] == [newest.at_ms]
    assert len(list(videos(camera, now - 9 * DAY_MS, now, now))) == 3


def test_millions_of_recordings_cost_nothing() -> None:
    tracemalloc.start()
    world = recording_world(
        EVENT | {"from": "-300d", "every": "20s", "count": 1_200_000, "keep": "400d"}
    )
    camera, now = camera_of(world), world.now_ms()
    listed = tally(camera, now).listed
    newest = [unit for unit, _ in zip(events(camera, 0, now, now), range(100), strict=False)]
    oldest = next(all_recordings(camera, now))
    again = find(camera, oldest.file_id, now)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert listed == 1_200_000
    assert len(newest) == 100
    assert again == oldest
    assert peak < 1_000_000


@pytest.mark.parametrize("name", shipped_worlds())
def test_shipped_worlds_have_the_recordings_they_say(name: str) -> None:
    world = load_world(name)
    for camera in world.cameras.values():
        found = tally(camera, world.now_ms())
        says = None if camera.expect is None else camera.expect.recordings
        told = (0, 0) if says is None else (says.listed, says.event_only)
        assert (found.listed, found.event_only) == told, camera.names.en
        if found.first_expiry_ms is not None:
            # A demo that runs for hours keeps its counts.
            assert found.first_expiry_ms > world.now_ms() + 7 * HOUR_MS


def test_the_demo_has_what_its_story_needs() -> None:
    world = load_world("two_homes")
    now = world.now_ms()
    named = {camera.names.en: camera for camera in world.cameras.values()}
    study = list(all_recordings(named["Study"], now))
    assert len(study) == 23
    assert all(recording.expires_ms < now + 2 * DAY_MS for recording in study)
    assert {recording.group.codec for recording in study} == {"h264", "h265"}
    assert any(len(group.sizes) == 2 for group in named["Living room"].recordings)
    assert any(group.kind == "video" for group in named["Berlin hallway"].recordings)


def test_a_generated_world_has_what_was_asked_for() -> None:
    world = build_world(generate_recordings("event:200:12s,video:1:2h"))
    [camera] = world.cameras.values()
    recordings = list(all_recordings(camera, world.now_ms()))
    lengths = [recording.group.length_ms // SECOND_MS for recording in recordings]
    assert sorted(lengths) == [12] * 200 + [7200]
    assert all(recording.group.stock for recording in recordings)


@pytest.mark.parametrize("spelled", ["", "event", "photo:1:3s", "event:0:3s", "event:3:x"])
def test_a_generated_world_is_spelled_one_way(spelled: str) -> None:
    with pytest.raises(WorldError):
        build_world(generate_recordings(spelled))
