"""The charge reminder, run on Home Assistant's own automation engine."""

from datetime import datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)

from simulator.edits import edit_camera
from simulator.server import RunningSimulator

from .acts import STORE_BILLED
from .conftest import entity_id
from .test_coordinator import RENEWING, refresh

REMINDER = Path("blueprints/automation/camera_cloud_plan/charge_reminder.yaml")
NOON = "2026-11-22T12:00:00+00:00"

pytestmark = [pytest.mark.freeze_time(NOON), pytest.mark.usefixtures("blueprints")]


@pytest.fixture
async def calls(hass: HomeAssistant) -> list[ServiceCall]:
    """Note what the reminder sends."""
    return async_mock_service(hass, "notify", "send")


@pytest.fixture
def blueprints(hass: HomeAssistant, tmp_path: Path) -> None:
    """Put the blueprint where an owner's import puts it."""
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / "blueprints" / "automation" / "camera_cloud_plan"
    folder.mkdir(parents=True)
    copy(REMINDER, folder)


async def remind(hass: HomeAssistant, sensor: str, **inputs: Any) -> None:
    """Set up an automation that uses the blueprint."""
    send = [{"action": "notify.send", "data": {"title": "{{ title }}", "text": "{{ message }}"}}]
    inputs = {"next_charge": sensor, "notify": send, **inputs}
    path = f"camera_cloud_plan/{REMINDER.name}"
    config = {"automation": {"use_blueprint": {"path": path, "input": inputs}}}
    assert await async_setup_component(hass, "automation", config)
    await hass.async_block_till_done()
    assert hass.states.async_entity_ids_count("automation") == 1


async def to_moment(hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: datetime) -> None:
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await hass.async_block_till_done(wait_background_tasks=True)


def charge_at(hass: HomeAssistant, sensor: str) -> datetime:
    state = hass.states.get(sensor)
    assert state is not None
    return datetime.fromisoformat(state.state)


async def test_reminds_at_the_chosen_time_before_the_earliest_moment(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor)
    due = charge_at(hass, sensor) - timedelta(hours=72)
    await to_moment(hass, freezer, due - timedelta(seconds=1))
    assert calls == []
    await to_moment(hass, freezer, due)
    (call,) = calls
    assert call.data["title"] == "Renewing: a plan charge is coming"
    assert (
        "is expected to be charged between 2026-12-01 16:00 and 2026-12-04 16:00"
        in call.data["text"]
    )
    assert "Mi Home" in call.data["text"]


async def test_the_time_before_can_be_chosen(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, lead="-24:00:00")
    due = charge_at(hass, sensor) - timedelta(hours=24)
    await to_moment(hass, freezer, due - timedelta(seconds=1))
    assert calls == []
    await to_moment(hass, freezer, due)
    assert len(calls) == 1


async def test_a_moved_charge_moves_the_reminder(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor)
    before = charge_at(hass, sensor)
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+20d"}})
    await refresh(hass, loaded)
    await to_moment(hass, freezer, before - timedelta(hours=72))
    assert calls == []
    await to_moment(hass, freezer, charge_at(hass, sensor) - timedelta(hours=72))
    assert len(calls) == 1


async def test_a_plan_that_was_ended_is_not_reminded_of(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor)
    due = charge_at(hass, sensor) - timedelta(hours=72)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    await to_moment(hass, freezer, due)
    assert calls == []


async def test_an_unknown_renewal_is_reminded_of_in_words_that_say_so(
    hass: HomeAssistant,
    loaded_de: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, STORE_BILLED, "next_charge")
    await remind(hass, sensor)
    await to_moment(hass, freezer, charge_at(hass, sensor) - timedelta(hours=72))
    (call,) = calls
    assert call.data["title"] == "Renewal unknown: a plan charge may be coming"
    assert "does not show whether its plan renews" in call.data["text"]
    assert "the app in which the plan was bought" in call.data["text"]


async def test_the_accounts_sensor_names_the_camera(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = "sensor.xiaomi_cloud_plans_0011_next_charge_of_all_cameras"
    await remind(hass, sensor)
    await to_moment(hass, freezer, charge_at(hass, sensor) - timedelta(hours=72))
    (call,) = calls
    assert call.data["title"] == "Trial: a plan charge is coming"
