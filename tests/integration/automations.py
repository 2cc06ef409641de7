"""What the tests of blueprints share: an owner's automation, their phone, and its buttons."""

import asyncio
from datetime import datetime
import json
from pathlib import Path
from shutil import copytree
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

FOLDER = Path("blueprints/automation/camera_cloud_plan")


def import_blueprints(hass: HomeAssistant, config: Path) -> None:
    """Put the blueprints where an owner's import puts them."""
    hass.config.config_dir = str(config)
    copytree(FOLDER, config / FOLDER)


async def automate(hass: HomeAssistant, blueprint: str, inputs: dict[str, Any]) -> None:
    """Set up an automation that uses a blueprint."""
    path = f"camera_cloud_plan/{blueprint}.yaml"
    config = {"id": "owners", "alias": "Owners", "use_blueprint": {"path": path, "input": inputs}}
    content = json.dumps({"automation": [config]})
    (Path(hass.config.config_dir) / "configuration.yaml").write_text(content, encoding="utf-8")
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    state = hass.states.get("automation.owners")
    assert state
    assert state.state == "on"


async def to_moment(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: datetime, *, waits: bool = False
) -> None:
    """Go to a moment, and let happen what falls due then; all, unless an automation `waits`."""
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    if waits:
        await a_little()
    else:
        await hass.async_block_till_done(wait_background_tasks=True)


async def a_little() -> None:
    """Let all happen that needs no more than a turn or two of the loop."""
    for _ in range(50):
        await asyncio.sleep(0)


def charge_at(hass: HomeAssistant, sensor: str) -> datetime:
    """Return the earliest moment of a charge."""
    state = hass.states.get(sensor)
    assert state is not None
    return datetime.fromisoformat(state.state)


async def add_phone(hass: HomeAssistant, name: str) -> str:
    """Register a phone with the app; return its device."""
    entry = MockConfigEntry(domain="mobile_app", data={"device_name": name})
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("mobile_app", name)}, name=name
    )
    return device.id


async def press_button(hass: HomeAssistant, button: str) -> None:
    """Press a button of a message, as the app tells it."""
    hass.bus.async_fire("mobile_app_notification_action", {"action": button})
    await a_little()
