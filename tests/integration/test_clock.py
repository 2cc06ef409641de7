"""What changes by the clock alone: on time, in any zone, for whom it concerns."""

from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.camera_cloud_plan.ticker import Ticker
from simulator.edits import edit_camera
from simulator.server import RunningSimulator

from .conftest import pass_time, set_up
from .test_coordinator import NOT_RENEWING, RENEWING, coordinator_of, state_of

STATUS_PATH = "/miot/camera/app/v1/vip/status"
NOON = "2026-11-22T12:00:00+00:00"

pytestmark = pytest.mark.freeze_time(NOON)


async def to_moment(hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: datetime) -> None:
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin"])
async def test_days_remaining_drop_at_the_plans_own_time_of_day(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    zone: str,
) -> None:
    await hass.config.async_set_time_zone(zone)
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+3d3h"}})
    await set_up(hass, entry)
    sim.faults.add("dropped")  # whatever changes now, the clock did
    end = datetime.now(UTC) + timedelta(days=3, hours=3)
    assert state_of(hass, RENEWING, "days_remaining") == "4"
    await to_moment(hass, freezer, end - timedelta(days=3, seconds=1))
    assert state_of(hass, RENEWING, "days_remaining") == "4"
    await to_moment(hass, freezer, end - timedelta(days=3) + timedelta(seconds=1))
    assert state_of(hass, RENEWING, "days_remaining") == "3"
    await to_moment(hass, freezer, end - timedelta(days=1) + timedelta(seconds=1))
    assert state_of(hass, RENEWING, "days_remaining") == "1"
    await to_moment(hass, freezer, end + timedelta(seconds=1))
    assert state_of(hass, RENEWING, "days_remaining") == "0"


async def test_at_a_plans_end_the_maker_is_asked_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    edit_camera(sim.world, NOT_RENEWING, {"plan": {"end": "+2h"}})
    await set_up(hass, entry)
    sim.requests.reset()
    await pass_time(hass, freezer, 3600)
    assert sim.requests.total() == 0
    await pass_time(hass, freezer, 3601)
    assert sim.requests.total(path=STATUS_PATH) == 5
    assert state_of(hass, NOT_RENEWING, "plan_status") == "expired_reachable"
    # Once: an end that has passed does not come again.
    sim.requests.reset()
    await pass_time(hass, freezer, 600)
    assert sim.requests.total() == 0


async def test_a_renewed_plan_moves_the_next_charge(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+2h", "charged": "at end"}})
    await set_up(hass, entry)
    before = state_of(hass, RENEWING, "next_charge")
    await pass_time(hass, freezer, 7201)
    after = state_of(hass, RENEWING, "next_charge")
    assert datetime.fromisoformat(after) > datetime.fromisoformat(before) + timedelta(days=27)
    assert state_of(hass, RENEWING, "auto_renewal") == "on"


async def test_the_end_of_free_storage_shows_on_time(
    hass: HomeAssistant,
    entry_de: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    free = "2000000006"
    edit_camera(sim.world, free, {"free_tier": {"limited": True, "expires": "+5h"}})
    await set_up(hass, entry_de)
    sim.faults.add("dropped")
    assert state_of(hass, free, "plan_status") == "free_tier"
    await pass_time(hass, freezer, 5 * 3600 + 1)
    assert state_of(hass, free, "plan_status") == "none"


async def test_the_accounts_next_charge_skips_one_that_has_passed(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+1h", "charged": "at end"}})
    await set_up(hass, entry)
    sensor = "sensor.xiaomi_cloud_plans_0011_next_charge_of_all_cameras"
    first = hass.states.get(sensor)
    assert first is not None
    assert first.attributes["camera"] == "Renewing"
    sim.faults.add("dropped")
    await pass_time(hass, freezer, 3601)
    second = hass.states.get(sensor)
    assert second is not None
    assert second.attributes["camera"] == "Trial"


async def test_unloading_releases_the_timer(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    coordinator = coordinator_of(loaded)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert coordinator._ticker._timer is None
    sim.requests.reset()
    await pass_time(hass, freezer, 14 * 86400)
    assert sim.requests.total() == 0


async def test_the_ticker_names_only_whose_moment_has_come(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    calls: list[set[str]] = []
    ticker = Ticker(hass, lambda due: calls.append(set(due)))
    start = datetime.now(UTC)
    minute = timedelta(minutes=1)
    ticker.async_set({"a": start + minute, "b": start + 2 * minute, "c": start + 2 * minute})
    ticker.async_set({"c": None, "d": start + 3 * minute})
    await to_moment(hass, freezer, start + minute)
    assert calls == [{"a"}]
    ticker.async_set({"a": start + 2 * minute})
    await to_moment(hass, freezer, start + 2.5 * minute)
    assert calls == [{"a"}, {"a", "b"}]
    ticker.async_stop()
    await to_moment(hass, freezer, start + 5 * minute)
    assert len(calls) == 2
