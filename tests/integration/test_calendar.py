"""The calendar: what stands on it, in which words, and that triggers on it fire to the second."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.calendar.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.camera_cloud_plan.calendar import ChargesCalendar
from custom_components.camera_cloud_plan.devices import camera_identifier
from simulator.edits import edit_camera
from simulator.server import RunningSimulator

from .acts import STORE_BILLED, TRIAL, press_off, restart, settle
from .conftest import EntryMaker, entity_id, set_up
from .test_coordinator import NOT_RENEWING, RENEWING, coordinator_of, refresh
from .typed import typed_in

CALENDAR = "calendar.xiaomi_cloud_plans_0011_plan_charges"
NOON = "2026-11-22T12:00:00+00:00"
YEARS = timedelta(days=3 * 366)

pytestmark = pytest.mark.freeze_time(NOON)


@pytest.fixture(autouse=True)
async def _shanghai(hass: HomeAssistant) -> None:
    """Live where the plans are billed."""
    await hass.config.async_update(time_zone="Asia/Shanghai")


@pytest.fixture(autouse=True)
async def _automations_end(hass: HomeAssistant) -> AsyncIterator[None]:
    """Let go of the timers that calendar triggers hold."""
    yield
    await end_automations(hass)


def calendar(hass: HomeAssistant) -> ChargesCalendar:
    found = hass.data[DATA_COMPONENT].get_entity(CALENDAR)
    assert isinstance(found, ChargesCalendar)
    return found


async def events(
    hass: HomeAssistant, camera: str = "", *, span: timedelta = YEARS
) -> list[dict[str, Any]]:
    """Return what stands on the calendar from now on, as its own action tells it."""
    now = datetime.now(UTC)
    answer: Any = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": CALENDAR, "start_date_time": now, "end_date_time": now + span},
        blocking=True,
        return_response=True,
    )
    found: list[dict[str, Any]] = answer[CALENDAR]["events"]
    return [event for event in found if event["summary"].startswith(camera)]


def said(found: list[dict[str, Any]]) -> list[str]:
    return [event["summary"] for event in found]


async def to_moment(hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: datetime) -> None:
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await settle(hass)


async def end_automations(hass: HomeAssistant) -> None:
    if hass.services.has_service("automation", "turn_off"):
        await hass.services.async_call(
            "automation", "turn_off", {"entity_id": "all"}, blocking=True
        )


async def listen(hass: HomeAssistant, **trigger: Any) -> list[ServiceCall]:
    """Set up an automation with a trigger; return the list that its runs are noted in."""
    calls = async_mock_service(hass, "test", "automation")
    config = {
        "trigger": trigger,
        "action": {
            "action": "test.automation",
            "data": {"summary": "{{ (trigger.calendar_event | default({})).summary }}"},
        },
    }
    assert await async_setup_component(hass, "automation", {"automation": config})
    await settle(hass)
    return calls


# --- What stands on it ---


async def test_charges_stand_three_cycles_ahead_as_windows(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+9d4h"}})
    await refresh(hass, loaded)
    first, second, third = await events(hass, "Renewing")
    assert said([first, second, third]) == ["Renewing: charge expected"] * 3
    # 16:00 UTC is midnight in Shanghai: the window is made of whole days.
    assert (first["start"], first["end"]) == ("2026-11-29", "2026-12-02")
    assert (second["start"], second["end"]) == ("2026-12-30", "2027-01-02")


async def test_windows_of_other_hours_keep_their_moments(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    charge = (await events(hass, "Renewing"))[0]
    state = hass.states.get(entity_id(hass, RENEWING, "next_charge"))
    assert state is not None
    assert datetime.fromisoformat(charge["start"]) == datetime.fromisoformat(state.state)
    assert datetime.fromisoformat(charge["end"]) == state.attributes["latest"]


async def test_each_kind_is_said_as_what_it_is(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    assert said(await events(hass, span=timedelta(days=20))) == [
        "Trial: trial turns paid",
        "Renewing: charge expected",
        "Not renewing: plan ends, no renewal",
    ]
    sim.world.switch_renewal(TRIAL, on=False)
    await refresh(hass, loaded)
    assert said(await events(hass, "Trial")) == ["Trial: trial ends, no renewal"]


async def test_an_unknown_renewal_may_come_and_nobody_says_that_it_will(
    hass: HomeAssistant, loaded_de: MockConfigEntry
) -> None:
    name = coordinator_of(loaded_de).display_name(STORE_BILLED)
    answer: Any = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": "calendar.xiaomi_cloud_plans_0022_plan_charges", "duration": {"days": 400}},
        blocking=True,
        return_response=True,
    )
    (found,) = answer.values()
    of_it = [event for event in found["events"] if event["summary"].startswith(name)]
    assert of_it
    for event in of_it:
        assert event["summary"] == f"{name}: may renew"
        assert "It is not known whether this plan renews." in event["description"]
        assert "will" not in event["description"]
        assert "expected" not in event["description"]


async def test_a_charge_says_when_how_much_where_to_and_by_whose_word(
    hass: HomeAssistant, entry: MockConfigEntry, make_entry: EntryMaker
) -> None:
    await set_up(hass, entry)
    assert "What it costs is not known." in (await events(hass, "Renewing"))[0]["description"]
    reading = coordinator_of(entry).data.cameras[RENEWING].reading
    assert reading is not None
    hass.config_entries.async_update_entry(
        entry,
        options={
            **entry.options,
            "tariffs": {reading.name: {"price": "6", "currency": "CNY", "billing_day": 5}},
        },
    )
    await restart(hass, entry)
    first, second, _ = await events(hass, "Renewing")
    assert first["summary"] == "Renewing: charge expected, 6.00 CNY"
    assert first["description"].split("\n") == [
        "Between Sat 5 Dec, 00:00 and Sat 5 Dec, 08:00.",
        "6.00 CNY, by your word.",
        "To stop it, go to Xiaomi (Mi Home) before Sat 5 Dec, 00:00.",
        "On the day of the month that you chose.",
        "Read from Xiaomi on Sun 22 Nov, 20:00.",
    ]
    assert "If the plan goes on renewing until then." in second["description"]


async def test_a_plan_that_covers_several_cameras_is_one_event(
    hass: HomeAssistant, entry: MockConfigEntry, sim: RunningSimulator
) -> None:
    await set_up(hass, entry)
    cameras = coordinator_of(entry).data.cameras
    reading = cameras[RENEWING].reading
    assert reading is not None
    for did in (RENEWING, NOT_RENEWING):
        edit_camera(sim.world, did, {"plan": {"end": "+12d"}})
        sim.world.switch_renewal(did, on=True)
    tariff = {"price": "20", "currency": "CNY", "covers_all": True}
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, "tariffs": {reading.name: tariff}}
    )
    await restart(hass, entry)
    assert said(await events(hass, "2 cameras", span=timedelta(days=20))) == [
        "2 cameras: charge expected, 20.00 CNY"
    ]
    assert await events(hass, "Renewing") == []
    (event,) = await events(hass, "2 cameras", span=timedelta(days=20))
    assert event["description"].startswith("Not renewing, Renewing\n")


async def test_a_typed_plan_stands_on_it_by_its_owners_word(hass: HomeAssistant) -> None:
    await typed_in(hass, billed_by="seller", price=39.9, currency="EUR")
    (calendar_state,) = hass.states.async_all("calendar")
    entity = hass.data[DATA_COMPONENT].get_entity(calendar_state.entity_id)
    assert isinstance(entity, ChargesCalendar)
    now = datetime.now(UTC)
    first = (await entity.async_get_events(hass, now, now + YEARS))[0]
    assert first.summary.endswith(": charge expected, 39.90 EUR, by your word")
    # Whole days, though a typed day ends with its last second.
    assert (first.start, first.end) == (date(2026, 12, 2), date(2026, 12, 4))
    assert first.description is not None
    assert first.description.endswith("By your word: nobody can be asked.")
    assert "Read from" not in first.description


async def test_a_promotion_that_ends_says_so(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await set_up(hass, entry)
    reading = coordinator_of(entry).data.cameras[RENEWING].reading
    assert reading is not None
    tariff = {
        "price": "6",
        "currency": "CNY",
        "regular_price": "12.50",
        "price_from": "2027-01-01",
    }
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, "tariffs": {reading.name: tariff}}
    )
    await restart(hass, entry)
    assert said(await events(hass, "Renewing")) == [
        "Renewing: charge expected, 6.00 CNY",
        "Renewing: charge expected at a new price, 12.50 CNY",
        "Renewing: charge expected, 12.50 CNY",
    ]


async def test_checks_of_an_open_cancellation_stand_on_it(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    assert await events(hass, "Renewing: checking") == []
    await press_off(hass)
    casework = coordinator_of(loaded).casework
    await casework.async_done(RENEWING)
    await settle(hass)
    (check,) = await events(hass, "Renewing: checking")
    assert datetime.fromisoformat(check["start"]) == casework.next_check(RENEWING)
    (off_by,) = await events(hass, "Renewing: renewal should be off")
    assert datetime.fromisoformat(off_by["start"]) == casework.next_escalation(RENEWING)
    await casework.async_withdraw(RENEWING)
    assert await events(hass, "Renewing: checking") == []


async def test_no_checks_stand_there_of_a_plan_about_which_nobody_is_asked(
    hass: HomeAssistant,
) -> None:
    plan = await typed_in(hass)
    await press_off(hass, plan)
    (calendar_state,) = hass.states.async_all("calendar")
    entity = hass.data[DATA_COMPONENT].get_entity(calendar_state.entity_id)
    assert isinstance(entity, ChargesCalendar)
    now = datetime.now(UTC)
    found = await entity.async_get_events(hass, now, now + YEARS)
    assert len(found) == 3
    assert all("charge expected" in event.summary for event in found)


async def test_events_are_named_so_that_they_stay_and_tell_no_camera(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    async def uids() -> list[str | None]:
        now = datetime.now(UTC)
        return [
            event.uid for event in await calendar(hass).async_get_events(hass, now, now + YEARS)
        ]

    before = await uids()
    assert len(set(before)) == len(before)
    assert not any(camera in str(uid) for uid in before for camera in (RENEWING, TRIAL))
    freezer.tick(3600)
    await refresh(hass, loaded)
    await restart(hass, loaded)
    assert await uids() == before


async def test_a_renamed_camera_goes_by_its_name(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier(
        camera_identifier(loaded, RENEWING), loaded.entry_id
    )
    assert device is not None
    registry.async_update_device(device.id, name_by_user="Front door")
    assert said(await events(hass, "Front door")) == ["Front door: charge expected"] * 3


@pytest.mark.parametrize(
    ("language", "summary", "line"),
    [
        (
            "zh-Hans",
            "试用中：试用转为付费",
            "不想续费，请在11月26日（周四）08:00之前到小米（米家）关闭。",
        ),
        (
            "de",
            "Trial: Testphase wird kostenpflichtig",
            "bei Xiaomi (Mi Home), bis Do, 26. November, 08:00 Uhr.",
        ),
    ],
)
async def test_home_assistants_language_is_spoken(
    hass: HomeAssistant, entry: MockConfigEntry, language: str, summary: str, line: str
) -> None:
    hass.config.language = language
    await set_up(hass, entry)
    now = datetime.now(UTC)
    (entity_state,) = hass.states.async_all("calendar")
    entity = hass.data[DATA_COMPONENT].get_entity(entity_state.entity_id)
    assert entity is not None
    first = (await entity.async_get_events(hass, now, now + YEARS))[0]
    assert first.summary == summary
    assert first.description is not None
    assert line in first.description


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2026-12-01T23:59:59", "2026-12-02T08:00:00", 0),  # up to where it begins
        ("2026-12-01T23:59:59", "2026-12-02T08:00:01", 1),
        ("2026-12-03T00:00:00", "2026-12-03T01:00:00", 1),  # amid it
        ("2026-12-05T07:59:59", "2026-12-06T00:00:00", 1),
        ("2026-12-05T08:00:00", "2026-12-06T00:00:00", 0),  # from where it ends
    ],
)
async def test_a_span_holds_what_touches_it(
    hass: HomeAssistant, loaded: MockConfigEntry, start: str, end: str, found: int
) -> None:
    entity = calendar(hass)
    zone = coordinator_of(loaded).data.cameras[RENEWING].zone
    moments = [datetime.fromisoformat(moment).replace(tzinfo=zone) for moment in (start, end)]
    within = await entity.async_get_events(hass, *moments)
    assert sum(event.summary == "Renewing: charge expected" for event in within) == found


async def test_a_moment_is_found_by_the_span_that_it_begins(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    end = coordinator_of(loaded).data.cameras[NOT_RENEWING].reading
    assert end is not None
    assert end.ends_at is not None
    entity, second = calendar(hass), timedelta(seconds=1)
    for start, until, found in (
        (end.ends_at, end.ends_at + second, 1),
        (end.ends_at - second, end.ends_at, 0),
    ):
        within = await entity.async_get_events(hass, start, until)
        assert sum("plan ends" in event.summary for event in within) == found


# --- Its state, and triggers ---


async def test_it_is_on_while_a_charge_may_come(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    sim.faults.add("dropped")  # whatever changes now, the clock did
    begins = datetime(2026, 11, 26, 0, 0, tzinfo=UTC)
    ends = datetime(2026, 11, 29, 0, 0, tzinfo=UTC)
    for moment, state, message in (
        (begins - timedelta(seconds=1), "off", "Trial: trial turns paid"),
        (begins, "on", "Trial: trial turns paid"),
        (ends - timedelta(seconds=1), "on", "Trial: trial turns paid"),
        (ends, "off", "Renewing: charge expected"),
    ):
        await to_moment(hass, freezer, moment)
        shown = hass.states.get(CALENDAR)
        assert shown is not None
        assert (shown.state, shown.attributes["message"]) == (state, message)


@pytest.mark.parametrize(
    ("offset", "hours"), [("-72:00:00", -72), ("0:0:0", 0), ("+01:30:00", 1.5)]
)
async def test_a_calendar_trigger_fires_to_the_second(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    offset: str,
    hours: float,
) -> None:
    due = datetime(2026, 11, 26, 0, 0, tzinfo=UTC) + timedelta(hours=hours)
    await to_moment(hass, freezer, due - timedelta(minutes=20))
    calls = await listen(
        hass, platform="calendar", event="start", entity_id=CALENDAR, offset=offset
    )
    # The trigger looks ahead by a quarter of an hour.
    for left in (timedelta(minutes=10), timedelta(minutes=4), timedelta(seconds=1)):
        await to_moment(hass, freezer, due - left)
        assert calls == []
    await to_moment(hass, freezer, due)
    assert [call.data["summary"] for call in calls] == ["Trial: trial turns paid"]


async def test_a_time_trigger_with_an_offset_fires_to_the_second(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    calls = await listen(hass, platform="time", at={"entity_id": sensor, "offset": "-72:00:00"})
    due = datetime(2026, 12, 2, 0, 0, tzinfo=UTC) - timedelta(hours=72)
    await to_moment(hass, freezer, due - timedelta(seconds=1))
    assert calls == []
    await to_moment(hass, freezer, due)
    assert len(calls) == 1


async def test_in_another_zone_whole_days_are_those_of_that_zone(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+9d4h"}})
    await refresh(hass, loaded)
    assert (await events(hass, "Renewing"))[0]["start"] == "2026-11-29"
    await hass.config.async_update(time_zone="Europe/Berlin")
    await settle(hass)
    assert (await events(hass, "Renewing"))[0]["start"] == "2026-11-28T17:00:00+01:00"


async def test_people_who_see_it_are_told_of_changes(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    seen: list[Any] = []
    now = datetime.now(UTC)
    calendar(hass).async_subscribe_events(now, now + timedelta(days=40), seen.append)
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+20d"}})
    await refresh(hass, loaded)
    starts = [event["start"] for event in seen[-1] if event["summary"].startswith("Renewing")]
    assert starts[0].startswith("2026-12-09")


async def test_past_its_age_it_still_warns(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What is due stays due: the description says when it was read."""
    sim.faults.add("dropped")
    await to_moment(hass, freezer, datetime.now(UTC) + timedelta(days=9))
    shown = hass.states.get(CALENDAR)
    assert shown is not None
    assert shown.attributes["message"] == "Renewing: charge expected"
    assert "Read from Xiaomi on Sun 22 Nov, 20:00." in shown.attributes["description"]
