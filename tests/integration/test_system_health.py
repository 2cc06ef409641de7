"""System information: how many, how fresh, and whether the way is free."""

import asyncio
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_system_health_info,
)

from custom_components.camera_cloud_plan.const import DOMAIN
from simulator.faults import Trouble
from simulator.server import RunningSimulator
from tests.integration.conftest import EUROPE, EntryMaker, set_up


async def told(hass: HomeAssistant) -> dict[str, Any]:
    """Return the lines as the page shows them."""
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    lines = await get_system_health_info(hass, DOMAIN)
    return {
        key: await value if asyncio.iscoroutine(value) else value for key, value in lines.items()
    }


async def test_without_an_account(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    assert await told(hass) == {
        "accounts": 0,
        "cameras": 0,
        "cameras_not_read": 0,
        "oldest_read": None,
    }


async def test_two_accounts_behind_a_gateway(
    hass: HomeAssistant, make_entry: EntryMaker, freezer: FrozenDateTimeFactory
) -> None:
    """Cameras are counted together; of the readings the oldest counts."""
    await set_up(hass, await make_entry())
    first = dt_util.now()
    freezer.tick(60)
    await set_up(hass, await make_entry(EUROPE))
    lines = await told(hass)
    assert lines["accounts"] == 2
    assert lines["cameras"] == 9
    assert lines["cameras_not_read"] == 0
    assert lines["oldest_read"] == first
    assert lines["reach_gateway"] == "ok"
    assert "reach_maker" not in lines


async def test_when_the_gateway_is_away(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add(Trouble.DROPPED)
    await loaded.runtime_data.coordinator.async_refresh()
    hass.config_entries.async_update_entry(
        loaded, data={**loaded.data, "gateway": "http://127.0.0.1:9"}
    )
    lines = await told(hass)
    assert lines["cameras_not_read"] == lines["cameras"] == 5
    assert lines["reach_gateway"] == {"type": "failed", "error": "unreachable"}


async def test_without_a_gateway_the_sign_in_server_is_asked(
    hass: HomeAssistant, loaded: MockConfigEntry, aioclient_mock: Any
) -> None:
    aioclient_mock.get("https://account.xiaomi.com", text="")
    hass.config_entries.async_update_entry(loaded, data={**loaded.data, "gateway": None})
    lines = await told(hass)
    assert lines["reach_maker"] == "ok"
    assert "reach_gateway" not in lines
