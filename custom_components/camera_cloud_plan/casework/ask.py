"""Asking that a plan's renewal be off, or on: what the switch and the actions have in common."""

import asyncio
from enum import StrEnum
from typing import Final

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..coordinator import CloudPlanCoordinator
from ..plan import Case, Renewal, Wish
from ..saving.job import Wanted

# Seconds that whoever asks waits for the first reading, and for the readings after a
# request; all goes on by itself after them. The frontend takes a toggle back after two.
_PATIENCE: Final = 1.5
_PATIENCE_SENDING: Final = 4.5


class Asker(StrEnum):
    """Who asks. Only administrators can open Repairs; automations have no user."""

    ADMINISTRATOR = "administrator"
    PERSON = "person"
    AUTOMATION = "automation"


class Outcome(StrEnum):
    """What asking came to: why no case is opened, or the case's state."""

    NOT_READ = "not_read"
    SHARED = "shared"
    UNSUPPORTED = "unsupported"
    NO_PLAN = "no_running_plan"
    NO_RECORDINGS = "no_recordings"
    ALREADY_SO = "already_so"
    CONFIRMED = "confirmed"
    WAITING = "waiting_for_you"
    CHECKING = "checking"
    DONE_NOT_READABLE = "done_not_readable"
    NOT_EFFECTIVE = "not_effective"

    @property
    def is_open(self) -> bool:
        """Whether a case is open and its wish not yet fulfilled."""
        return self in _OPEN


_OPEN: Final = frozenset(
    {Outcome.WAITING, Outcome.CHECKING, Outcome.DONE_NOT_READABLE, Outcome.NOT_EFFECTIVE}
)


async def async_asker(hass: HomeAssistant, context: Context | None) -> Asker:
    """Return who is behind a context."""
    if context is None or context.user_id is None:
        return Asker.AUTOMATION
    user = await hass.auth.async_get_user(context.user_id)
    # Somebody who is not known has a person's rights, not an automation's.
    return Asker.ADMINISTRATOR if user and user.is_admin else Asker.PERSON


def foresee(coordinator: CloudPlanCoordinator, camera_id: str, wish: Wish) -> Outcome | None:
    """Return what asking would come to at once; `None` where it would open a case."""
    case = coordinator.cases.get(camera_id)
    if case and case.is_open and case.wish is wish:
        return Outcome(case.state.value)
    plan = coordinator.data.cameras[camera_id]
    view = plan.view
    if not plan.is_own:
        return Outcome.SHARED
    if view is None:
        return Outcome.UNSUPPORTED if plan.camera.supports_plans is False else Outcome.NOT_READ
    if not view.is_active:
        unsupported = plan.camera.supports_plans is False
        return Outcome.UNSUPPORTED if unsupported else Outcome.NO_PLAN
    wanted = Renewal.OFF if wish is Wish.OFF else Renewal.ON
    return Outcome.ALREADY_SO if view.renewal is wanted else None


async def async_ask(
    coordinator: CloudPlanCoordinator,
    camera_id: str,
    wish: Wish = Wish.OFF,
    *,
    asker: Asker,
    save_first: bool = False,
    guided: bool = False,
) -> Outcome:
    """Open a camera's case, on disk before anything else, and read back at once.

    Where the owner allowed the switch to act, and no one but an administrator or an
    automation of theirs asks, the request for "off" is sent then, once. Asked again while
    the case is open, it brings the guide back and does nothing else. `guided`: nothing is
    sent, whatever was allowed.

    `save_first`: an export of all that the camera has is begun, and nothing is sent before
    it is whole; where recordings cannot be had no case is opened. Raises `HomeAssistantError`
    where the case or the order cannot be kept, or nothing may be saved where the options say;
    then all is as it was before.
    """
    casework = coordinator.casework
    if save_first and coordinator.provider.recordings is None:
        return Outcome.NO_RECORDINGS
    foreseen = foresee(coordinator, camera_id, wish)
    if foreseen and not foreseen.is_open:
        return foreseen
    sends_itself = asker is not Asker.PERSON and not guided
    before = coordinator.cases.get(camera_id)
    if save_first:
        await coordinator.exports.async_check_folder(Wanted())
    await casework.async_open(
        coordinator.data.cameras[camera_id],
        wish,
        save_first=save_first,
        send_when_saved=save_first and sends_itself,
    )
    if save_first:
        if foreseen is Outcome.WAITING:
            await casework.async_save_first(camera_id, wanted=True, send_when_saved=sends_itself)
        try:
            await coordinator.exports.async_order(camera_id, Wanted())
        except HomeAssistantError:
            await _async_take_back(coordinator, camera_id, before)
            raise
    if foreseen:
        return foreseen
    sends = sends_itself and casework.can_send(camera_id, by_switch=True)
    work = casework.async_send(camera_id) if sends else casework.async_check(camera_id)
    task: asyncio.Task[Case | bool | None] = coordinator.config_entry.async_create_background_task(
        coordinator.hass, work, "read back what was asked for"
    )
    await asyncio.wait((task,), timeout=_PATIENCE_SENDING if sends else _PATIENCE)
    if task.done() and not task.cancelled():
        task.result()  # what could not be written is for whoever asked to hear
    case = coordinator.cases.get(camera_id)
    return Outcome(case.state.value) if case else Outcome.NO_PLAN


async def _async_take_back(
    coordinator: CloudPlanCoordinator, camera_id: str, before: Case | None
) -> None:
    """Undo what was opened for an order that could not be kept: it would wait for nothing."""
    if before is None or not before.is_open or before.wish is not Wish.OFF:
        await coordinator.casework.async_withdraw(camera_id)
    elif not before.save_first:
        await coordinator.casework.async_save_first(camera_id, wanted=False)
