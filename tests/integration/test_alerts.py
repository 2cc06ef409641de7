"""Coming charges: told in stages, once, in one message a day, in words that claim nothing."""

import re
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.plan import Activity
from simulator.server import RunningSimulator
from simulator.world import World
from simulator.worldfile import load_world

from .acts import Heard, issues, press_off, restart, settle
from .alerted import ALERTED, TARGETS, Clock, edit, here, stop_others, until
from .conftest import EntryMaker, set_up
from .phone import PHONE, Phone
from .test_coordinator import RENEWING, coordinator_of, refresh

pytestmark = ALERTED


@pytest.fixture
def world() -> World:
    """Return a world in which one plan of the mainland account renews."""
    world = load_world("every_state")
    stop_others(world, RENEWING)
    return world


@pytest.fixture
async def entry(make_entry: EntryMaker) -> MockConfigEntry:
    return await make_entry(notify=TARGETS)


# --- Stages ---


async def test_each_stage_is_told_once_through_restarts(
    hass: HomeAssistant, freezer: Clock, loaded: MockConfigEntry, phone: Phone
) -> None:
    """Ten, five, three and one days ahead, at the last digest by then."""
    days: list[tuple[Activity, Any]] = []
    for day in range(22, 31):
        for hour in ("08:59", "09:00", "23:59"):
            heard = Heard(loaded)
            await until(hass, freezer, f"2026-11-{day}T{hour}", phone=phone)
            days += [(happened.activity, happened.facts["stage_days"]) for happened in heard.all]
            heard.stop()
            await restart(hass, loaded)
    assert days == [(Activity.CHARGE_AHEAD, stage) for stage in (10, 5, 3, 1)]
    assert [message.at for message in phone.all] == [
        "Sun 22 08:00",
        "Thu 26 09:00",
        "Sat 28 09:00",
        "Mon 30 09:00",
    ]
