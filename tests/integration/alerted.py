"""What the tests of alerts share: a morning in Shanghai, and time that passes."""

from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from simulator.edits import add_camera, edit_camera
from simulator.server import RunningSimulator
from simulator.spelling import device_entry
from simulator.world import World

from .acts import settle
from .phone import PHONE, Phone
from .test_coordinator import RENEWING

TARGETS = [PHONE, "persistent_notification"]
HOUR = timedelta(hours=1)

# In Shanghai it is seven in the morning of a Sunday. The plan that renews ends on Friday
# 4 December at seven in the evening, and may be charged three days ahead of that.
BEGIN = "2026-11-21T23:00:00+00:00"

# What makes a test one of alerts.
ALERTED = [pytest.mark.freeze_time(BEGIN), pytest.mark.usefixtures("told_of_charges")]

type Clock = FrozenDateTimeFactory


def here(hass: HomeAssistant) -> list[tuple[str, str]]:
    """Return what Home Assistant's own notifications show: titles and messages."""
    found = persistent_notification._async_get_or_create_notifications(hass)
    return [(str(item["title"]), item["message"]) for item in found.values()]


# When something may happen of a day: quiet hours end, the digest, quiet hours begin.
_HOURS = (8, 9, 21)


async def until(
    hass: HomeAssistant, freezer: Clock, local: str, *, phone: Phone | None = None
) -> None:
    """Let it become this local time, with whatever falls due on the way."""
    hass.loop.set_debug(False)  # which keeps where each task was made
    end = datetime.fromisoformat(local).replace(tzinfo=dt_util.get_default_time_zone())
    while True:
        async_fire_time_changed(hass)
        await settle(hass)
        if phone:
            _ = phone.all
        now = dt_util.now()
        if now >= end:
            return
        today = now.replace(minute=0, second=0, microsecond=0)
        coming = [today.replace(hour=hour) for hour in _HOURS]
        coming.append(coming[0] + timedelta(days=1))
        freezer.move_to(min(next(at for at in coming if at > now), end))


def edit(sim: RunningSimulator, camera_id: str = RENEWING, **plan: Any) -> None:
    """Change something of a camera's plan at the maker."""
    edit_camera(sim.cloud.world, camera_id, {"plan": plan})


def stop_others(world: World, *renewing: str) -> None:
    """Let only these cameras' plans renew, and no other end soon."""
    for did, camera in [*world.cameras.items()]:
        if camera.plan is not None and did not in renewing:
            edit_camera(world, did, {"plan": {"auto_renew": False, "end": "+300d"}})


def add_like(world: World, camera_id: str, number: int) -> str:
    """Add a camera with a plan like another's; return its id."""
    model = device_entry(world.camera(camera_id), world)
    did = f"20000001{number:02}"
    names = {"en": f"Camera {number}", "zh": f"摄像头 {number}"}
    mac = f"02:E5:00:00:01:{number:02}"
    add_camera(world, {**model, "did": did, "mac": mac, "names": names})
    return did
