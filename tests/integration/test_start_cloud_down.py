"""Set-up while the maker's cloud is down: what automations hang on is there all the same."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.devices import async_registered_cameras
from simulator.server import RunningSimulator

from .acts import act, press_off, restart, settle
from .conftest import entity_id, pass_time, set_up
from .test_calendar import CALENDAR, calendar, end_automations, events, listen, said, to_moment
from .test_coordinator import RENEWING, coordinator_of, press_check_now, state_of

NOON = "2026-11-22T12:00:00+00:00"
ALL_TRIALS = ["Trial: trial turns paid"]

pytestmark = pytest.mark.freeze_time(NOON)


@pytest.fixture(autouse=True)
async def _automations_end(hass: HomeAssistant) -> AsyncIterator[None]:
    """Let go of the timers that calendar triggers hold."""
    yield
    await end_automations(hass)


@pytest.fixture
async def down(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    hass_storage: dict[str, Any],
    request: pytest.FixtureRequest,
) -> MockConfigEntry:
    """Start again with the cloud down, after what was stored was damaged in some way."""
    await hass.config_entries.async_unload(loaded.entry_id)
    key = f"{DOMAIN}.{loaded.entry_id}.last_good"
    match getattr(request, "param", "lost"):
        case "lost":
            hass_storage.pop(key)
        case "newer":
            hass_storage[key] = {"version": 2, "minor_version": 1, "key": key, "data": {}}
        case "damaged":
            hass_storage[key]["data"] = {"cameras": 5}
    sim.faults.add("dropped")
    await set_up(hass, loaded)
    return loaded


def shown(hass: HomeAssistant) -> dict[str, str]:
    return {state.entity_id: state.state for state in hass.states.async_all()}


@pytest.mark.parametrize("down", ["lost", "newer", "damaged"], indirect=True)
async def test_without_stored_data_everything_is_there_and_unavailable(
    hass: HomeAssistant, down: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    registered = {
        entity.entity_id
        for entity in er.async_entries_for_config_entry(er.async_get(hass), down.entry_id)
        if not entity.disabled
    }
    assert CALENDAR in registered
    # What does not hang on a reading works on.
    account = "xiaomi_cloud_plans_0011"
    assert {name for name, state in shown(hass).items() if state != STATE_UNAVAILABLE} == {
        f"button.{account}_check_plans_now",
        f"event.{account}_plan_activity",
        f"sensor.{account}_recordings_export",
    }
    assert set(shown(hass)) == registered
    now = datetime.now(UTC)
    assert await calendar(hass).async_get_events(hass, now, now + timedelta(days=400)) == []
    said_at_start = [record.message for record in caplog.get_records("setup")]
    assert any("Nothing is known of the plans" in message for message in said_at_start)


async def test_once_the_cloud_is_back_all_is_as_before(
    hass: HomeAssistant,
    down: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    before = set(async_registered_cameras(hass, down))
    assert coordinator_of(down).data.cameras == {}
    sim.faults.clear()
    await pass_time(hass, freezer, 11 * 60 + 60)
    assert set(async_registered_cameras(hass, down)) == before
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    assert STATE_UNAVAILABLE not in shown(hass).values()
    assert said(await events(hass, "Trial")) == ALL_TRIALS


@pytest.mark.parametrize("offset", ["-48:00:00", "0:0:0"])
async def test_an_automation_begun_meanwhile_works_once_the_cloud_is_back(
    hass: HomeAssistant,
    down: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    offset: str,
) -> None:
    due = datetime(2026, 11, 26, 0, 0, tzinfo=UTC) + timedelta(
        hours=int(offset.split(":", maxsplit=1)[0])
    )
    calls = await listen(
        hass, platform="calendar", event="start", entity_id=CALENDAR, offset=offset
    )
    assert "Error setting up trigger" not in caplog.text
    sim.faults.clear()
    await press_check_now(hass)
    for left in (timedelta(minutes=16), timedelta(minutes=10), timedelta(seconds=1)):
        await to_moment(hass, freezer, due - left)
        assert calls == []
    await to_moment(hass, freezer, due)
    assert [call.data["summary"] for call in calls] == ALL_TRIALS


async def test_with_stored_data_the_calendar_has_its_events(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("dropped")
    await restart(hass, loaded)
    assert coordinator_of(loaded).last_update_success is False
    assert said(await events(hass, "Trial")) == ALL_TRIALS


async def test_a_refused_sign_in_without_stored_data_asks_for_a_new_one(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    hass_storage: dict[str, Any],
) -> None:
    await hass.config_entries.async_unload(loaded.entry_id)
    hass_storage.pop(f"{DOMAIN}.{loaded.entry_id}.last_good")
    sim.sessions.expire(pass_tokens=True)
    await set_up(hass, loaded)
    assert shown(hass)[CALENDAR] == STATE_UNAVAILABLE
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert coordinator_of(loaded).update_interval is None


async def test_the_very_first_set_up_waits_for_the_cloud(
    hass: HomeAssistant, entry: MockConfigEntry, sim: RunningSimulator
) -> None:
    """Nobody's automation can hang on it yet, and what is wrong shows on the entry itself."""
    sim.faults.add("dropped")
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert hass.states.async_all() == []


async def test_nothing_is_stored_of_nothing(
    hass: HomeAssistant, down: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    await coordinator_of(down).async_set_billed_by(None)
    await hass.config_entries.async_unload(down.entry_id)
    await settle(hass)
    assert f"{DOMAIN}.{down.entry_id}.last_good" not in hass_storage


async def test_an_open_cancellation_goes_on(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    await press_off(hass)
    await hass.config_entries.async_unload(loaded.entry_id)
    hass_storage.pop(f"{DOMAIN}.{loaded.entry_id}.last_good")
    sim.faults.add("dropped")
    await set_up(hass, loaded)
    assert coordinator_of(loaded).cases.is_open(RENEWING)
    sim.faults.clear()
    await pass_time(hass, freezer, 12 * 60)
    assert state_of(hass, RENEWING, "cancellation") == "waiting_for_you"
    assert said(await events(hass, "Renewing: renewal should be off")) != []


async def test_actions_say_that_nothing_was_read(
    hass: HomeAssistant, down: MockConfigEntry
) -> None:
    device = async_registered_cameras(hass, down)[RENEWING]
    (row,) = await act(hass, "check_renewal", device_id=device)
    assert (row["camera"], row["state"]) == ("Renewing", "not_read")
    assert isinstance(dr.async_get(hass).async_get(device), dr.DeviceEntry)
    assert entity_id(hass, RENEWING, "auto_renewal")
