"""The blueprint that tells of renewal that was switched on, run on the automation engine."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from simulator.server import RunningSimulator

from .acts import restart, settle
from .automations import add_phone, automate
from .test_coordinator import NOT_RENEWING, RENEWING, refresh

BLUEPRINT = "renewal_switched_on"
ACTIVITY = "event.xiaomi_cloud_plans_0011_plan_activity"

pytestmark = [
    pytest.mark.freeze_time("2026-11-22T12:00:00+00:00"),
    pytest.mark.usefixtures("blueprints"),
]


@pytest.fixture
async def calls(hass: HomeAssistant) -> list[ServiceCall]:
    """Note what the automation does besides the phones."""
    return async_mock_service(hass, "notify", "send")


async def watch(hass: HomeAssistant, **inputs: Any) -> None:
    """Set up an automation that uses the blueprint."""
    send = [{"action": "notify.send", "data": {"title": "{{ title }}", "text": "{{ message }}"}}]
    await automate(hass, BLUEPRINT, {"activity": [ACTIVITY], "notify": send, **inputs})


async def test_renewal_that_is_switched_on_is_told_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    await watch(hass)
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await refresh(hass, loaded)
    (call,) = calls
    assert call.data["title"] == "Not renewing: renewal is on"
    # Loaded anew, its entities come back with what they told last.
    freezer.tick(60)
    await restart(hass, loaded)
    await refresh(hass, loaded)
    assert len(calls) == 1


async def test_several_at_once_are_all_told(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    calls: list[ServiceCall],
) -> None:
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    await watch(hass)
    for camera in (RENEWING, NOT_RENEWING):
        sim.world.switch_renewal(camera, on=True)
    await refresh(hass, loaded)
    assert {call.data["title"] for call in calls} == {
        "Renewing: renewal is on",
        "Not renewing: renewal is on",
    }
    assert len(calls) == 2


async def test_what_else_happens_is_not_told(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    calls: list[ServiceCall],
) -> None:
    await watch(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    state = hass.states.get(ACTIVITY)
    assert state
    assert state.attributes["event_type"] == "renewal_switched_off"
    assert calls == []


async def test_what_was_found_out_during_the_start_is_made_up_for(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    hass.set_state(CoreState.starting)
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await refresh(hass, loaded)
    freezer.tick(20)
    await watch(hass)
    assert calls == []
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle(hass)
    assert [call.data["title"] for call in calls] == ["Not renewing: renewal is on"]


async def test_what_is_old_is_not_told_at_a_start(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await refresh(hass, loaded)
    freezer.tick(3601)
    hass.set_state(CoreState.starting)
    await watch(hass)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle(hass)
    assert calls == []


async def test_a_phone_is_told_in_chinese(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    calls: list[ServiceCall],
) -> None:
    phone = await add_phone(hass, "Mei's phone")
    pushes = async_mock_service(hass, "notify", "mobile_app_mei_s_phone")
    await watch(hass, phones=[phone], language="zh")
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await refresh(hass, loaded)
    (push,) = pushes
    assert push.data["title"] == "Not renewing：自动续费开了"
    state = hass.states.get(ACTIVITY)
    assert state
    assert push.data["data"]["url"].endswith(state.attributes["device_id"])
