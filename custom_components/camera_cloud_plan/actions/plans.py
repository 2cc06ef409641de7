"""The actions about a plan's renewal: cancel it, read it now, keep it, withdraw a cancellation."""

from typing import Final

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..casework.ask import Asker, Outcome, async_ask, async_asker, foresee
from ..casework.doors import doors_for
from ..plan import Wish
from ..plan.alerts import Keep
from .cameras import Answer, Target, async_for_each, whose
from .targets import async_check_administrator

ATTR_DRY_RUN: Final = "dry_run"
ATTR_EXPORT_FIRST: Final = "export_first"
ATTR_FOR: Final = "for"

_WITHDRAWN: Final = "withdrawn"
_NOTHING_OPEN: Final = "nothing_open"
_WOULD_OPEN: Final = "would_open"
_NOT_KEPT: Final = "not_kept"
_NOT_REACHED: Final = "not_reached"
_NOTHING: Final = "none"
_NO_CHARGE: Final = "no_charge_ahead"

CANCEL_FIELDS: Final = {
    **cv.TARGET_SERVICE_FIELDS,
    vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
    vol.Optional(ATTR_EXPORT_FIRST, default=False): cv.boolean,
}
CHECK_FIELDS: Final = cv.TARGET_SERVICE_FIELDS
KEEP_FIELDS: Final = {
    **cv.TARGET_SERVICE_FIELDS,
    vol.Required(ATTR_FOR): vol.In((*Keep, _NOTHING)),
}
WITHDRAW_FIELDS: Final = {
    **cv.TARGET_SERVICE_FIELDS,
    vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
}


async def async_cancel_plan(call: ServiceCall) -> ServiceResponse:
    """Ask for the cancellation of plans, or say what that would come to."""
    asker = await async_asker(call.hass, call.context)
    dry_run, export_first = call.data[ATTR_DRY_RUN], call.data[ATTR_EXPORT_FIRST]

    async def act(target: Target) -> Answer:
        if dry_run:
            return _foreseen_row(target)
        return await _async_cancel(target, asker, save_first=export_first)

    return await async_for_each(call, act)


async def _async_cancel(target: Target, asker: Asker, *, save_first: bool) -> Answer:
    """Ask for one camera's cancellation; return its row.

    `state` says what became of it. While a step is left, `next_step` names the doors to go
    to and `for` whom it is left.
    """
    try:
        outcome = await async_ask(
            target.coordinator, target.camera_id, asker=asker, save_first=save_first
        )
    except HomeAssistantError:
        return {**_row(target), "state": _NOT_KEPT, "next_step": []}
    waiting = outcome in (Outcome.WAITING, Outcome.NOT_EFFECTIVE)
    row = {**_row(target), "state": outcome.value, "next_step": _doors(target) if waiting else []}
    if waiting:
        row["for"] = "administrator" if asker is Asker.PERSON else "you"
    return row


def _foreseen_row(target: Target) -> Answer:
    foreseen = foresee(target.coordinator, target.camera_id, Wish.OFF)
    if foreseen:
        return {**_row(target), "state": foreseen.value, "next_step": []}
    return {**_row(target), "state": _WOULD_OPEN, "next_step": _doors(target)}


async def async_check_renewal(call: ServiceCall) -> ServiceResponse:
    """Read plans now."""
    return await async_for_each(call, _async_check)


async def _async_check(target: Target) -> Answer:
    """Read one camera's plan now; return its row with what was read.

    `renewal` is what may be said about auto-renewal, `read_at` when (ISO 8601, UTC), and
    `cancellation` how far one has come, if there is one.
    """
    answered = await target.coordinator.casework.async_check(target.camera_id)
    view = target.coordinator.data.cameras[target.camera_id].view
    case = target.coordinator.cases.get(target.camera_id)
    return {
        **_row(target),
        "state": "read" if answered else _NOT_REACHED,
        "renewal": view.renewal.value if view and view.is_active else None,
        "read_at": view.reading.read_at.isoformat() if view else None,
        "cancellation": case.state.value if case and case.wish is Wish.OFF else None,
    }


async def async_keep_plan(call: ServiceCall) -> ServiceResponse:
    """Take down that plans are kept, or that their reminders are wanted again."""
    said = call.data[ATTR_FOR]
    keep = None if said == _NOTHING else Keep(said)

    async def act(target: Target) -> Answer:
        return await _async_keep(target, keep)

    return await async_for_each(call, act)


async def _async_keep(target: Target, keep: Keep | None) -> Answer:
    """Take down whether one camera's plan is kept; return its row."""
    desk = target.coordinator.alerts
    if desk.charge(target.camera_id) is None:
        return {**_row(target), "state": _NO_CHARGE}
    try:
        await desk.async_keep({target.camera_id: keep})
    except HomeAssistantError:
        return {**_row(target), "state": _NOT_KEPT}
    return {**_row(target), "state": f"{keep}_kept" if keep else "reminded"}


async def async_withdraw_cancellation(call: ServiceCall) -> ServiceResponse:
    """Withdraw cancellations that are open."""
    await async_check_administrator(call)
    dry_run = call.data[ATTR_DRY_RUN]

    async def act(target: Target) -> Answer:
        return await _async_withdraw(target, dry_run=dry_run)

    return await async_for_each(call, act)


async def _async_withdraw(target: Target, *, dry_run: bool) -> Answer:
    """Withdraw one camera's open cancellation; return its row."""
    case = target.coordinator.cases.get(target.camera_id)
    is_open = case is not None and case.is_open and case.wish is Wish.OFF
    if is_open and not dry_run:
        await target.coordinator.casework.async_withdraw(target.camera_id)
    done = "would_withdraw" if dry_run else _WITHDRAWN
    return {**_row(target), "state": done if is_open else _NOTHING_OPEN}


def _row(target: Target) -> Answer:
    """Return what a row about a plan says of its camera.

    `plan_ends` is when the plan runs out and `deadline` until when renewal has to be off, both
    ISO 8601 or `None`; `offline` whether the maker cannot reach the camera, which keeps
    nothing from being cancelled.
    """
    plan = target.coordinator.data.cameras[target.camera_id]
    view = plan.view
    ends_at = view.reading.ends_at if view else None
    charge = view.charge if view else None
    return {
        **whose(target),
        "offline": plan.camera.online is False,
        "plan_ends": ends_at.isoformat() if ends_at else None,
        "deadline": charge.deadline.isoformat() if charge else None,
    }


def _doors(target: Target) -> list[JsonValueType]:
    plan = target.coordinator.data.cameras[target.camera_id]
    return [door.key for door in doors_for(plan.channel)]
