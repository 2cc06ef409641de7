"""Asking for a cancellation: what the switch and the action have in common."""

import asyncio
from enum import StrEnum
import logging
from typing import Final

from .cloud.errors import CloudError
from .coordinator import CloudPlanCoordinator
from .plan import Renewal

_LOGGER = logging.getLogger(__name__)

# Seconds that whoever asks waits for the first reading; it goes on by itself after them. The
# frontend takes a toggle back after two.
_PATIENCE: Final = 1.5


class Outcome(StrEnum):
    """What asking for a cancellation came to."""

    NO_PLAN = "no_running_plan"
    ALREADY_OFF = "already_off"
    CONFIRMED = "confirmed"
    WAITING = "waiting_for_you"


async def async_ask(coordinator: CloudPlanCoordinator, camera_id: str) -> Outcome:
    """Open a camera's cancellation, on disk before anything else, and read back at once.

    Asked again while one is open, it brings the guide back. The maker is never asked to
    change anything.
    """
    plan = coordinator.data.cameras[camera_id]
    view = plan.view
    cancellations = coordinator.cancellations
    if not cancellations.is_open(camera_id):
        if view is None or not view.is_active or not plan.is_own:
            return Outcome.NO_PLAN
        if view.renewal is Renewal.OFF:
            return Outcome.ALREADY_OFF
    await cancellations.async_open(plan)
    reading = coordinator.config_entry.async_create_background_task(
        coordinator.hass, _async_read_back(coordinator, camera_id), "read back a cancellation"
    )
    await asyncio.wait((reading,), timeout=_PATIENCE)
    return Outcome.WAITING if cancellations.is_open(camera_id) else Outcome.CONFIRMED


async def _async_read_back(coordinator: CloudPlanCoordinator, camera_id: str) -> None:
    """Read once; what cannot be read now is read with the next poll."""
    try:
        await coordinator.async_read_back(camera_id)
    except CloudError as err:
        _LOGGER.debug("A cancellation could not be read back at once: %s", err)
