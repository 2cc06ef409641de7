"""World files, what a world shows to whom, and ageing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import fields
import json
from pathlib import Path
import re
from typing import Any

import pytest

from simulator.clock import AgeingClock, VirtualClock
from simulator.edits import add_camera, edit_camera
from simulator.errors import WorldError
from simulator.generate import generate_world
from simulator.moments import (
    CHINA,
    DAY_MS,
    HOUR_MS,
    moment,
    parse_duration,
    parse_moment,
    spell_duration,
)
from simulator.names import Names, language_of
from simulator.plans import CHANNELS, FixedDay, Plan
from simulator.spelling import device_entry
from simulator.world import DROP, Camera, World
from simulator.worldfile import PLAN_STATUSES, build_world, load_world, shipped_worlds
from tests.simulator.sample import FRONT_DOOR, GRANDMA, GRANDMAS_HALL, JUN, MEI, MEI_BERLIN
from tests.simulator.worlds import (
    DID,
    camera_of,
    china,
    one_camera,
    plan_entry,
    stopped,
    world_entry,
)

WORLDS = Path(__file__).parents[2] / "simulator" / "worlds"

type Json = dict[str, Any]


def camera_named(world: World, name: str) -> Camera:
    [camera] = [camera for camera in world.cameras.values() if camera.names.en == name]
    return world.camera(camera.did)


def plan_named(world: World, name: str) -> Plan:
    plan = camera_named(world, name).plan
    assert plan is not None
    return plan


# --- The shipped worlds ------------------------------------------------------


def test_the_shipped_worlds_are_these() -> None:
    assert shipped_worlds() == ("every_state", "two_homes")


@pytest.mark.parametrize("name", shipped_worlds())
def test_a_shipped_world_holds_no_date_that_could_age(name: str) -> None:
    text = (WORLDS / f"{name}.json").read_text(encoding="utf-8")
    assert not re.search(r"\b20\d\d-\d\d-\d\d", text)
    # Epoch milliseconds would be numbers of this size; ids are texts.
    assert max(map(int, re.findall(r"[:\[] ?(\d+)", text))) < 10**6


@pytest.mark.parametrize("name", shipped_worlds())
def test_a_shipped_world_says_what_every_camera_must_come_to(name: str) -> None:
    world = load_world(name)
    for camera in world.cameras.values():
        expect = camera.expect
        assert expect is not None
        assert_expected(camera, world)


def assert_expected(camera: Camera, world: World) -> None:
    """Compare what is expected with what the file itself holds, by the maker's day count."""
    expect, plan, now = camera.expect, camera.plan, world.now_ms()
    assert expect is not None
    if plan is None or not plan.running(now):
        assert expect.days_remaining is None
        assert not expect.plan_status.startswith("active")
        return
    days = (plan.end_ms - now) // DAY_MS + 1
    assert expect.days_remaining in {None, days}
    owned_by_who_signs_in = world.accounts[camera.owner].signs_in
    if not owned_by_who_signs_in:
        assert expect.auto_renewal is None
    elif plan.store_billed:
        assert expect.auto_renewal == "unknown"
    else:
        assert expect.auto_renewal == ("on" if plan.shown_auto_renew else "off")
    if plan.trial:
        assert expect.plan_status == "trial"
        assert "trial" in plan.name.en
        assert "试用" in plan.name.zh


def test_every_state_has_one_camera_for_every_status_over_two_regions() -> None:
    world = load_world("every_state")
    statuses = Counter(
        camera.expect.plan_status for camera in world.cameras.values() if camera.expect
    )
    assert statuses == Counter(PLAN_STATUSES)
    assert {camera.region for camera in world.cameras.values()} == {"cn", "de"}


def test_two_homes_tells_its_story() -> None:
    world = load_world("two_homes", clock=stopped(china("2026-11-22 20:00")))
    now = world.now_ms()
    assert len(world.cameras) == 13
    assert [a.region for a in world.accounts.values() if a.signs_in] == ["cn", "de", "cn"]
    # Charged up to 72 hours ahead on the mainland: the earliest moment is in about two days.
    earliest = plan_named(world, "Front door").end_ms - 72 * HOUR_MS
    assert DAY_MS < earliest - now < 2 * DAY_MS
    assert plan_named(world, "Garage").flag_delay_ms == 7 * HOUR_MS
    assert camera_named(world, "Balcony").offline_since_ms == now - 5 * DAY_MS
    assert not camera_named(world, "Balcony").online
    assert plan_named(world, "Workshop").end_ms == now - 2 * DAY_MS
    assert plan_named(world, "Living room").period.months == 12
    assert plan_named(world, "Berlin hallway").auto_renew
    assert not camera_named(world, "Old cam").cloud_support
    kitchen = plan_named(world, "Kitchen")
    assert kitchen.rule == FixedDay(day=moment(kitchen.end_ms, CHINA).day)
    assert kitchen.end_ms == china("2026-12-05 02:00")
    balcony = plan_named(world, "Balcony")
    assert [balcony.price_at(at) for at in (balcony.start_ms, balcony.end_ms)] == [300, 600]
    assert plan_named(world, "Nursery").trial


def test_two_homes_holds_on_every_day_of_a_leap_year() -> None:
    for day in range(366):
        world = load_world(clock=stopped(china("2028-01-01 09:00") + day * DAY_MS))
        now = world.now_ms()
        for camera in world.cameras.values():
            assert camera.plan is None or camera.plan.start_ms < now
        kitchen = plan_named(world, "Kitchen")
        assert isinstance(kitchen.rule, FixedDay)
        assert kitchen.rule.day == moment(kitchen.end_ms, CHINA).day


def test_two_homes_has_a_camera_for_every_channel() -> None:
    world = load_world("two_homes")
    billed = {"Front door", "Balcony", "Living room", "Berlin hallway", "Attic"}
    assert {plan_named(world, name).channel for name in billed} == set(CHANNELS)
    assert plan_named(world, "Attic").auto_renew
    assert plan_named(world, "Attic").shown_auto_renew is False


def test_the_hero_is_asked_again_and_the_balcony_for_its_password() -> None:
    world = load_world("two_homes")
    assert camera_named(world, "Front door").paid_terms == 4
    assert camera_named(world, "Front door").asks_twice
    assert not camera_named(world, "Nursery").asks_twice
    asked = [c.names.en for c in world.cameras.values() if c.plan and c.plan.asks_password]
    assert asked == ["Balcony"]


def test_three_days_on_the_nursery_has_turned_paid() -> None:
    world = load_world("two_homes")
    before = {order.order_id for order in world.orders}
    world.advance(3 * DAY_MS)
    [order] = [order for order in world.orders if order.order_id not in before]
    assert world.cameras[order.did].names.en == "Nursery"
    assert not plan_named(world, "Nursery").trial
    assert "trial" not in plan_named(world, "Nursery").name.en


# --- Who sees what -----------------------------------------------------------


def test_owners_see_their_region_and_shares_come_with_their_permit() -> None:
    world = load_world("two_homes")
    mainland = {camera.names.en: permit for camera, permit in world.cameras_seen_by(MEI, "cn")}
    assert len(mainland) == 7
    assert mainland["Front door"] == 16
    assert mainland["Grandma's hall"] == 36
    assert world.cameras_seen_by(MEI, "de") == []
    assert len(world.cameras_seen_by(MEI_BERLIN, "de")) == 5
    assert [camera.names.en for camera, _ in world.cameras_seen_by(JUN, "cn")] == ["Kitchen"]
    assert [(c.did, p) for c, p in world.cameras_seen_by(GRANDMA, "cn")] == [(GRANDMAS_HALL, 16)]


def test_homes_are_seen_by_owners_and_family_only() -> None:
    world = load_world("two_homes")
    assert [home.names.en for _, home in world.homes_seen_by(MEI, "cn")] == ["Home"]
    edit_camera(world, GRANDMAS_HALL, {"shares": [{"with": "cn", "permit_level": 8}]})
    homes = [(owner.key, home.names.en) for owner, home in world.homes_seen_by(MEI, "cn")]
    assert homes == [("cn", "Home"), ("grandma", "Grandma's house")]


def test_lamps_are_devices_but_no_cameras() -> None:
    world = load_world("two_homes")
    seen = [device.names.en for device, _ in world.devices_seen_by(MEI, "cn")]
    assert {"Hall lamp", "Gateway", "Grandma's kettle", "Front door"} < set(seen)


# --- Ageing ------------------------------------------------------------------


DURATIONS = {"flag_delay_ms"}
MARKERS = {"expires_ms"}


def moments_of(value: object) -> dict[str, int]:
    """Return every moment a thing stores, by the convention of its field names."""
    return {
        name: getattr(value, name)
        for name in (field.name for field in fields(value))  # type: ignore[arg-type]  # a dataclass
        if name.endswith("_ms") and name not in DURATIONS and getattr(value, name) is not None
    }


def test_ageing_moves_every_stored_moment() -> None:
    world = load_world("two_homes", clock=AgeingClock(lambda: china("2026-11-22 20:00")))
    camera = camera_named(world, "Balcony")
    assert camera.plan is not None
    for name in ("flag_follows_ms", "flips_back_ms", "next_term_ms", "failing_since_ms"):
        setattr(camera.plan, name, camera.plan.end_ms)
    camera.plan.switched_off_ms = camera.plan.start_ms
    camera.free_tier.expires_ms = camera.plan.end_ms
    things: list[object] = [camera, camera.plan, camera.free_tier, *camera.orders]
    before = [moments_of(thing) for thing in things]
    assert len(before[1]) == 8
    camera.age(DAY_MS)
    after = [moments_of(thing) for thing in things]
    assert after == [{name: ms - DAY_MS for name, ms in thing.items()} for thing in before]


def test_ageing_leaves_the_markers_of_the_free_tier_alone() -> None:
    world = load_world("two_homes", clock=AgeingClock())
    world.advance(30 * DAY_MS)
    assert camera_named(world, "Window").free_tier.expires_ms == -2
    assert camera_named(world, "Old cam").free_tier.expires_ms == -1


def test_an_ageing_clock_stands_and_a_virtual_one_runs_ahead() -> None:
    for clock, moved in ((AgeingClock(lambda: 1000), 0), (VirtualClock(lambda: 1000), DAY_MS)):
        world = build_world(world_entry(None), clock=clock)
        world.advance(DAY_MS)
        assert world.now_ms() == 1000 + moved
        assert world.passed_ms == DAY_MS


def test_a_lamp_gone_offline_ages_too() -> None:
    world = load_world("two_homes", clock=AgeingClock())
    lamp = next(d for d in world.devices.values() if d.names.en == "Hall lamp")
    lamp.offline_since_ms = 5 * DAY_MS
    world.advance(DAY_MS)
    assert lamp.offline_since_ms == 4 * DAY_MS


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        one_camera(None).advance(-1)


# --- Reading and its mistakes ------------------------------------------------


def change(*path: str | int, to: object) -> Callable[[Json], None]:
    def apply(entry: Json) -> None:
        inner: Any = entry
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to

    return apply


CAMERA = ("cameras", 0)
PLAN = (*CAMERA, "plan")


@pytest.mark.parametrize(
    ("mistake", "place"),
    [
        (change("accounts", to=[]), "accounts"),
        (change("accounts", to={}), "accounts"),
        (change("name", to="misspelt"), "name"),
        (change("names", to={"en": "One"}), "names"),
        (change("accounts", 0, "region", to="xx"), "accounts[0].region"),
        (change("accounts", 0, "homes", 0, "home_id", to=9), "accounts[0].homes[0].home_id"),
        (change(*CAMERA, to="door"), "cameras[0]"),
        (change(*CAMERA, "owner", to="nobody"), "cameras[0].owner"),
        (change(*CAMERA, "home_id", to="8"), "cameras[0].home_id"),
        (change(*CAMERA, "online", to="yes"), "cameras[0].online"),
        (change(*CAMERA, "storage_used_mb", to=-1), "cameras[0].storage_used_mb"),
        (change(*CAMERA, "offline_since", to="yesterday"), "cameras[0].offline_since"),
        (change(*CAMERA, "colour", to="red"), "cameras[0].colour"),
        (change(*CAMERA, "cloud_support", to=False), "cameras[0].plan"),
        (
            change(*CAMERA, "shares", to=[{"with": "me", "permit_level": 4}]),
            "cameras[0].shares[0].with",
        ),
        (
            change(*CAMERA, "shares", to=[{"with": "me", "permit_level": 5}]),
            "cameras[0].shares[0].permit_level",
        ),
        (
            change(*CAMERA, "expect", to={"plan_status": "fine", "auto_renewal": "on"}),
            "cameras[0].expect.plan_status",
        ),
        (change(*PLAN, "end", to="day 31 02:00 after +1d"), "cameras[0].plan.end"),
        (change(*PLAN, "start", to="+11d"), "cameras[0].plan.start"),
        (change(*PLAN, "period", to="1 moon"), "cameras[0].plan.period"),
        (change(*PLAN, "retention_days", to="7"), "cameras[0].plan.retention_days"),
        (change(*PLAN, "price", to="6 CNY"), "cameras[0].plan.price"),
        (change(*PLAN, "channel", to="cash"), "cameras[0].plan.channel"),
        (change(*PLAN, "channel", to="wallet"), "cameras[0].plan.channel"),
        (change(*PLAN, "flag_delay", to="sometime"), "cameras[0].plan.flag_delay"),
        (change(*PLAN, "asks_password", to="yes"), "cameras[0].plan.asks_password"),
        (change(*PLAN, "charged", to="sometimes"), "cameras[0].plan.charged"),
        (change(*PLAN, "charged", to="day 28 00:00-02:00"), "cameras[0].plan.charged"),
        (change(*PLAN, "charged", to="day 5 02:00-02:00"), "cameras[0].plan.charged"),
        (change(*PLAN, "regular_price", to="9.00 CNY"), "cameras[0].plan.regular_from"),
        (change(*PLAN, "regular_from", to="+9d"), "cameras[0].plan.regular_from"),
        (change(*PLAN, "regular_price", to="9.00 EUR"), "cameras[0].plan.regular_price"),
        (change(*PLAN, "charged", to="672h before end"), "cameras[0].plan.charged"),
        (change(*PLAN, "anchor_day", to=21), "cameras[0].plan.anchor_day"),
        (change(*PLAN, "failed_attempts", to=1), "cameras[0].plan.failed_attempts"),
        (change(*PLAN, "trail", to=True), "cameras[0].plan.trail"),
    ],
)
def test_a_mistake_is_named_with_its_place(mistake: Callable[[Json], None], place: str) -> None:
    entry = world_entry(plan_entry())
    mistake(entry)
    with pytest.raises(WorldError) as caught:
        build_world(entry, clock=stopped(china("2026-01-10 12:00")))
    assert caught.value.place == place
    assert str(caught.value) == f"{place}: {caught.value.reason}"


def test_a_store_never_shows_its_renewal_in_a_world_file() -> None:
    with pytest.raises(WorldError, match="shown_auto_renew"):
        one_camera(plan_entry(channel="google", shown_auto_renew=True))


def test_a_fixed_day_wants_months() -> None:
    with pytest.raises(WorldError, match="months"):
        one_camera(plan_entry(period="30 days", charged="day 5 00:00-02:00"))


@pytest.mark.parametrize("part", ["key", "user_id", "homes"])
def test_an_account_is_there_once(part: str) -> None:
    entry: Json = world_entry(None)
    twin = dict(entry["accounts"][0])
    twin |= {"key": "you", "user_id": "200", "homes": []} | {part: twin[part]}
    entry["accounts"].append(twin)
    with pytest.raises(WorldError) as caught:
        build_world(entry)
    assert caught.value.place == f"accounts[1].{part}"


def test_a_camera_is_there_once() -> None:
    entry: Json = world_entry(None)
    entry["cameras"].append(entry["cameras"][0])
    with pytest.raises(WorldError, match=r"cameras\[1\]\.did: 1 is there twice"):
        build_world(entry)


def test_a_file_that_is_not_there_and_one_that_is_no_json(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="cannot be read"):
        load_world(tmp_path / "none.json")
    bad = tmp_path / "bad.json"
    bad.write_text("{", encoding="utf-8")
    with pytest.raises(WorldError, match="is not JSON"):
        load_world(bad)


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps(world_entry(plan_entry())), encoding="utf-8")
    assert load_world(own).cameras.keys() == {DID}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-01-10 12:00"),
        ("+2d4h", "2026-01-12 16:00"),
        ("-1w", "2026-01-03 12:00"),
        ("day 5 02:00 after +10d", "2026-02-05 02:00"),
        ("day 20 12:00 after +10d", "2026-01-20 12:00"),
        ("day 20 11:59 after +10d", "2026-02-20 11:59"),
        ("day 5 or 20 12:00 after +10d", "2026-01-20 12:00"),
        ("day 5 or 20 11:59 after +10d", "2026-02-05 11:59"),
    ],
)
def test_moments_are_read_relative_to_now(text: str, expected: str) -> None:
    assert parse_moment(text, china("2026-01-10 12:00")) == china(expected)


@pytest.mark.parametrize("text", ["", "7", "h", "1h1d", "-1d", "1.5h", "7 h"])
def test_odd_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["7h", "1d12h", "90d", "1h30m5s"])
def test_durations_are_spelt_as_they_are_read(text: str) -> None:
    assert spell_duration(parse_duration(text)) == text
    assert spell_duration(0) == "0s"


def test_names_follow_the_language() -> None:
    door, kitchen = Names(en="Door", zh="门"), Names(en="Kitchen", zh="厨房", de="Küche")
    tags = ("zh_CN", "de", "fr", None)
    assert [door.text(language_of(tag)) for tag in tags] == ["门", "Door", "Door", "Door"]
    assert kitchen.text(language_of("de-AT")) == "Küche"


# --- Writing and editing -----------------------------------------------------


@pytest.mark.parametrize("delay", ["never", "7h"])
def test_a_plans_habits_are_written_as_they_are_read(delay: str) -> None:
    world = one_camera(plan_entry(flag_delay=delay, asks_password=True))
    written: Json = device_entry(camera_of(world), world)
    assert written["plan"]["flag_delay"] == delay
    assert written["plan"]["asks_password"] is True


@pytest.mark.parametrize("name", shipped_worlds())
def test_a_device_written_and_read_again_is_the_same(name: str) -> None:
    world = load_world(name, clock=stopped(china("2026-11-22 20:00")))
    world.advance(5 * DAY_MS)
    world.switch_renewal(next(d for d, c in world.cameras.items() if c.plan), on=False)
    before = list(world.cameras.values())
    for camera in before:
        entry = json.loads(json.dumps(device_entry(camera, world)))
        world.remove_device(camera.did)
        again = add_camera(world, entry)
        again.settled_ms = camera.settled_ms
        assert again == camera
        assert again is not camera


def test_an_edit_changes_what_it_names_and_derives_what_hangs_on_it() -> None:
    world = one_camera(plan_entry())
    before = camera_of(world)
    edited = edit_camera(world, DID, {"online": False, "plan": {"end": "+3d"}})
    assert edited is world.camera(DID)
    assert edited.plan is not None
    assert before.plan is not None
    assert not edited.online
    assert edited.plan.end_ms == china("2026-01-13 12:00")
    assert edited.plan.start_ms == china("2025-12-13 12:00")
    assert edited.plan.anchor_day == 13
    assert edited.plan.rule == before.plan.rule
    assert edited.plan.amount_minor == before.plan.amount_minor


def test_an_edit_of_renewal_moves_the_flag_at_once() -> None:
    world = one_camera(plan_entry(flag_delay="7h"))
    edited = edit_camera(world, DID, {"plan": {"auto_renew": False}})
    assert edited.plan is not None
    assert edited.plan.shown_auto_renew is False
    store = edit_camera(world, DID, {"plan": {"auto_renew": True, "channel": "apple"}})
    assert store.plan is not None
    assert store.plan.shown_auto_renew is False


def test_a_flag_under_way_waits_anew_when_its_delay_is_changed() -> None:
    def shown(world: World) -> bool | None:
        plan = camera_of(world).plan
        assert plan is not None
        return plan.shown_auto_renew

    world = one_camera(plan_entry(flag_delay="7h"))
    world.switch_renewal(DID, on=False)
    edit_camera(world, DID, {"plan": {"flag_delay": "never"}})
    world.advance(3 * DAY_MS)
    assert shown(world) is True
    edit_camera(world, DID, {"plan": {"flag_delay": "10h"}})
    world.advance(10 * HOUR_MS - 1)
    assert shown(world) is True
    world.advance(1)
    assert shown(world) is False
    # Nothing lags, so nothing waits.
    edited = edit_camera(world, DID, {"plan": {"flag_delay": "1h"}}).plan
    assert edited is not None
    assert edited.flag_follows_ms is None


def test_a_plan_can_be_taken_away_and_given() -> None:
    world = one_camera(plan_entry())
    assert edit_camera(world, DID, {"plan": None}).plan is None
    assert edit_camera(world, DID, {"plan": plan_entry()}).plan is not None


def test_offline_since_in_an_edit_means_offline() -> None:
    world = one_camera(None)
    assert not edit_camera(world, DID, {"offline_since": "-2h"}).online
    assert edit_camera(world, DID, {"offline_since": None}).online


def test_online_in_an_edit_keeps_since_when_in_step() -> None:
    world = one_camera(None)
    gone = edit_camera(world, DID, {"online": False})
    assert (gone.online, gone.offline_since_ms) == (False, world.now_ms())
    since = world.now_ms()
    world.advance(DAY_MS)
    assert edit_camera(world, DID, {"online": False}).offline_since_ms == since
    back = edit_camera(world, DID, {"online": True})
    assert (back.online, back.offline_since_ms) == (True, None)
    both = edit_camera(world, DID, {"online": False, "offline_since": "-4d"})
    assert both.offline_since_ms == world.now_ms() - 4 * DAY_MS


def test_a_field_can_be_dropped_from_the_wire_and_the_free_tier_changed_in_part() -> None:
    world = one_camera(None)
    edited = edit_camera(
        world, DID, {"wire_overrides": {"vip": DROP}, "free_tier": {"expires": "+9d"}}
    )
    assert edited.wire_overrides == {"vip": "$drop"}
    assert edited.free_tier.limited
    assert edited.free_tier.expires_ms == world.now_ms() + 9 * DAY_MS


@pytest.mark.parametrize("changes", [{"did": "2"}, {"plan": {"end": "soon"}}, {"colour": 1}, []])
def test_an_edit_that_makes_no_sense_changes_nothing(changes: object) -> None:
    world = one_camera(plan_entry())
    before = device_entry(camera_of(world), world)
    with pytest.raises(WorldError):
        edit_camera(world, DID, changes)
    assert device_entry(camera_of(world), world) == before


def test_an_edit_in_an_aged_world_counts_months_as_before() -> None:
    # Aged over the 31st: the anchor is the day it was, in the calendar from before.
    worlds = [
        one_camera(plan_entry(end="+40d"), at="2026-01-20 12:00", ageing=ageing)
        for ageing in (True, False)
    ]
    for world in worlds:
        world.advance(15 * DAY_MS)
        edit_camera(world, DID, {"plan": {"end": "+3d"}})
        world.advance(60 * DAY_MS)
    aged, ahead = ([o.at_ms - w.now_ms() for o in w.orders] for w in worlds)
    assert aged == ahead
    assert len(aged) == 2


def test_a_world_can_become_another() -> None:
    world = load_world("two_homes")
    world.advance(DAY_MS)
    now = world.now_ms()
    world.become(load_world("every_state", clock=world.clock))
    assert world.names.en == "Every state"
    assert FRONT_DOOR not in world.cameras
    assert world.passed_ms == 0
    assert world.now_ms() >= now


# --- Generated worlds --------------------------------------------------------


def test_a_generated_world_is_the_same_for_the_same_seed() -> None:
    assert generate_world(30, seed=1) == generate_world(30, seed=1)
    assert generate_world(30, seed=1) != generate_world(30, seed=2)


def test_a_generated_world_can_have_years_of_orders() -> None:
    content = generate_world(60, seed=1, past_terms=24)
    assert content == generate_world(60, seed=1, past_terms=24)
    paid = {camera.paid_terms for camera in build_world(content).cameras.values()}
    assert 0 in paid
    assert 15 < max(paid) <= 24
    assert len(paid) > 8


@pytest.mark.parametrize("size", [0, 1, 20, 230, 1000])
def test_a_generated_world_of_any_size_loads_and_says_what_to_expect(size: int) -> None:
    world = build_world(generate_world(size, regions=("cn", "de", "sg")))
    assert len(world.cameras) == size
    assert len({camera.mac for camera in world.cameras.values()}) == size
    homes = Counter(camera.home_id for camera in world.cameras.values())
    assert all(count <= 50 for count in homes.values())
    for camera in world.cameras.values():
        assert_expected(camera, world)


def test_a_generated_world_has_every_kind_of_plan_and_several_regions() -> None:
    world = build_world(generate_world(200))
    statuses = {camera.expect.plan_status for camera in world.cameras.values() if camera.expect}
    assert statuses == {
        "none",
        "active_renewing",
        "active_not_renewing",
        "active_renewal_unknown",
        "expired_reachable",
    }
    [account] = world.accounts
    assert len(world.cameras_seen_by(account, "cn")) == 100
    assert len(world.cameras_seen_by(account, "de")) == 100
