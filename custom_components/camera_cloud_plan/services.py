"""The actions, for cameras rather than for their switches.

Each answers with a row per camera and a reason in it; one camera never spoils the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from .casework.ask import Asker, Outcome, async_ask, async_asker, foresee
from .casework.doors import doors_for
from .const import (
    DOMAIN,
    SERVICE_ADD_CHARGE,
    SERVICE_CANCEL_PLAN,
    SERVICE_CHECK_RENEWAL,
    SERVICE_CREATE_DISPUTE_PACKAGE,
    SERVICE_EXPORT_CALENDAR,
    SERVICE_EXPORT_LEDGER,
    SERVICE_EXPORT_RECORDINGS,
    SERVICE_GET_BILL,
    SERVICE_GET_DASHBOARD,
    SERVICE_GET_FORECAST,
    SERVICE_IMPORT_CHARGES,
    SERVICE_KEEP_PLAN,
    SERVICE_REPORT_CHARGE,
    SERVICE_STOP_EXPORT,
    SERVICE_VERIFY_LEDGER,
    SERVICE_WITHDRAW_CANCELLATION,
)
from .coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from .dashboard.action import DASHBOARD_FIELDS, async_get_dashboard
from .devices import camera_id_of
from .export.model import Container
from .money_actions import (
    CALENDAR_FIELDS,
    FORECAST_FIELDS,
    async_export_calendar,
    async_get_forecast,
)
from .plan import Wish, clock
from .plan.alerts import Keep
from .proof.actions import (
    ADD_FIELDS,
    EXPORT_FIELDS,
    IMPORT_FIELDS,
    VERIFY_FIELDS,
    async_add_charge,
    async_export_ledger,
    async_import_charges,
    async_verify_ledger,
)
from .proof.dispute_actions import (
    BILL_FIELDS,
    PACKAGE_FIELDS,
    async_create_package,
    async_get_bill,
    async_report_charge,
    package_order,
)
from .saving.job import Wanted
from .saving.rows import ACCOUNT_NOT_LOADED, Row, async_export, refused
from .targets import async_check_administrator, async_check_may, async_targeted

ATTR_CONTAINER: Final = "container"
ATTR_DRY_RUN: Final = "dry_run"
ATTR_END: Final = "end"
ATTR_EXPORT_FIRST: Final = "export_first"
ATTR_FOLDER: Final = "folder"
ATTR_FOR: Final = "for"
ATTR_KINDS: Final = "kinds"
ATTR_LAST_DAYS: Final = "last_days"
ATTR_START: Final = "start"
ATTR_WAIT: Final = "wait"

_EVENTS: Final = "events"
_VIDEOS: Final = "videos"
_MOST_DAYS: Final = 3650

_WITHDRAWN: Final = "withdrawn"
_NOTHING_OPEN: Final = "nothing_open"
_WOULD_OPEN: Final = "would_open"
_NOT_KEPT: Final = "not_kept"
_NOT_REACHED: Final = "not_reached"
_NOTHING: Final = "none"
_NO_CHARGE: Final = "no_charge_ahead"

_DRY_RUN_FIELD: Final = {vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean}
_EXPORT_FIRST_FIELD: Final = {vol.Optional(ATTR_EXPORT_FIRST, default=False): cv.boolean}
_EXPORT_FIELDS: Final = {
    vol.Optional(ATTR_START): cv.datetime,
    vol.Optional(ATTR_END): cv.datetime,
    vol.Optional(ATTR_LAST_DAYS): vol.All(vol.Coerce(float), vol.Range(min=0, max=_MOST_DAYS)),
    vol.Optional(ATTR_KINDS, default=[_EVENTS, _VIDEOS]): vol.All(
        cv.ensure_list, vol.Length(min=1), [vol.In((_EVENTS, _VIDEOS))]
    ),
    vol.Optional(ATTR_CONTAINER, default=Container.MP4): vol.Coerce(Container),
    vol.Optional(ATTR_FOLDER): cv.string,
    vol.Optional(ATTR_WAIT, default=False): cv.boolean,
}

type _Act = Callable[[_Target], Awaitable[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """A camera that an action is for, and its device here."""

    coordinator: CloudPlanCoordinator
    camera_id: str
    device_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unreachable:
    """A device of which nothing can be said, and why: its account is not loaded, or not read."""

    device_id: str
    name: str
    account: str
    state: str


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, action, fields in (
        (SERVICE_CANCEL_PLAN, _cancel_plan, {**_DRY_RUN_FIELD, **_EXPORT_FIRST_FIELD}),
        (SERVICE_CHECK_RENEWAL, _check_renewal, {}),
        (SERVICE_CREATE_DISPUTE_PACKAGE, _create_dispute_package, PACKAGE_FIELDS),
        (SERVICE_EXPORT_RECORDINGS, _export_recordings, {**_DRY_RUN_FIELD, **_EXPORT_FIELDS}),
        (SERVICE_KEEP_PLAN, _keep_plan, {vol.Required(ATTR_FOR): vol.In((*Keep, _NOTHING))}),
        (SERVICE_REPORT_CHARGE, _report_charge, {}),
        (SERVICE_STOP_EXPORT, _stop_export, {}),
        (SERVICE_WITHDRAW_CANCELLATION, _withdraw_cancellation, _DRY_RUN_FIELD),
    ):
        hass.services.async_register(
            DOMAIN,
            name,
            action,
            schema=vol.Schema({**cv.TARGET_SERVICE_FIELDS, **fields}),
            supports_response=SupportsResponse.OPTIONAL,
        )
    for name, act, schema in (
        (SERVICE_ADD_CHARGE, async_add_charge, ADD_FIELDS),
        (SERVICE_EXPORT_LEDGER, async_export_ledger, EXPORT_FIELDS),
        (SERVICE_GET_BILL, async_get_bill, BILL_FIELDS),
        (SERVICE_IMPORT_CHARGES, async_import_charges, IMPORT_FIELDS),
        (SERVICE_VERIFY_LEDGER, async_verify_ledger, VERIFY_FIELDS),
    ):
        hass.services.async_register(
            DOMAIN,
            name,
            act,
            schema=vol.Schema(schema),
            supports_response=SupportsResponse.OPTIONAL,
        )
    for name, answer, schema in (
        (SERVICE_EXPORT_CALENDAR, async_export_calendar, CALENDAR_FIELDS),
        (SERVICE_GET_DASHBOARD, async_get_dashboard, DASHBOARD_FIELDS),
        (SERVICE_GET_FORECAST, async_get_forecast, FORECAST_FIELDS),
    ):
        hass.services.async_register(
            DOMAIN,
            name,
            answer,
            schema=vol.Schema(schema),
            supports_response=SupportsResponse.ONLY,
        )


async def _cancel_plan(call: ServiceCall) -> ServiceResponse:
    asker = await async_asker(call.hass, call.context)
    dry_run, export_first = call.data[ATTR_DRY_RUN], call.data[ATTR_EXPORT_FIRST]

    async def act(target: _Target) -> Row:
        if dry_run:
            return _foreseen_row(target)
        return await _async_cancel(target, asker, save_first=export_first)

    return await _async_act(call, act)


async def _check_renewal(call: ServiceCall) -> ServiceResponse:
    return await _async_act(call, _async_check)


async def _export_recordings(call: ServiceCall) -> ServiceResponse:
    if call.data.get(ATTR_FOLDER):
        await async_check_administrator(call)
    wanted = _wanted(call.data)

    async def act(target: _Target) -> Row:
        return await _async_export(
            target, wanted, dry_run=call.data[ATTR_DRY_RUN], wait=call.data[ATTR_WAIT]
        )

    return await _async_act(call, act, lasts=True)


async def _stop_export(call: ServiceCall) -> ServiceResponse:
    async def act(target: _Target) -> Row:
        stopped = await target.coordinator.exports.async_cancel(target.camera_id)
        return {**_whose(target), "state": "stopped" if stopped else "nothing_running"}

    return await _async_act(call, act)


async def _create_dispute_package(call: ServiceCall) -> ServiceResponse:
    await async_check_administrator(call)
    order = package_order(call.data)

    async def act(target: _Target) -> Row:
        made = await async_create_package(target.coordinator, target.camera_id, order)
        return {**_whose(target), **made}

    return await _async_act(call, act)


async def _report_charge(call: ServiceCall) -> ServiceResponse:
    async def act(target: _Target) -> Row:
        begun = await async_report_charge(target.coordinator, target.camera_id)
        return {**_whose(target), **begun}

    return await _async_act(call, act)


async def _keep_plan(call: ServiceCall) -> ServiceResponse:
    said = call.data[ATTR_FOR]
    keep = None if said == _NOTHING else Keep(said)

    async def act(target: _Target) -> Row:
        return await _async_keep(target, keep)

    return await _async_act(call, act)


async def _withdraw_cancellation(call: ServiceCall) -> ServiceResponse:
    await async_check_administrator(call)
    dry_run = call.data[ATTR_DRY_RUN]

    async def act(target: _Target) -> Row:
        return await _async_withdraw(target, dry_run=dry_run)

    return await _async_act(call, act)


async def _async_act(call: ServiceCall, act: _Act, *, lasts: bool = False) -> ServiceResponse:
    """Do something for each camera of a target; return the rows, if they are asked for.

    What `lasts` holds back no message to people meanwhile.
    """
    found = _targets(call.hass, call.data)
    targets = [target for target in found if isinstance(target, _Target)]
    await async_check_may(call, POLICY_CONTROL, (target.device_id for target in found))
    with ExitStack() as batches:
        # Many cameras make one message to people, not one each.
        coordinators = {id(target.coordinator): target.coordinator for target in targets}
        for coordinator in () if lasts else coordinators.values():
            batches.enter_context(coordinator.casework.batch())
        done = await asyncio.gather(*map(act, targets))
    rows = {target.device_id: row for target, row in zip(targets, done, strict=True)}
    plans: list[JsonValueType] = [
        _unreachable_row(target) if isinstance(target, _Unreachable) else rows[target.device_id]
        for target in found
    ]
    return {"plans": plans} if call.return_response else None


async def _async_cancel(target: _Target, asker: Asker, *, save_first: bool) -> Row:
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


def _foreseen_row(target: _Target) -> Row:
    foreseen = foresee(target.coordinator, target.camera_id, Wish.OFF)
    if foreseen:
        return {**_row(target), "state": foreseen.value, "next_step": []}
    return {**_row(target), "state": _WOULD_OPEN, "next_step": _doors(target)}


async def _async_check(target: _Target) -> Row:
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


async def _async_withdraw(target: _Target, *, dry_run: bool) -> Row:
    """Withdraw one camera's open cancellation; return its row."""
    case = target.coordinator.cases.get(target.camera_id)
    is_open = case is not None and case.is_open and case.wish is Wish.OFF
    if is_open and not dry_run:
        await target.coordinator.casework.async_withdraw(target.camera_id)
    done = "would_withdraw" if dry_run else _WITHDRAWN
    return {**_row(target), "state": done if is_open else _NOTHING_OPEN}


async def _async_keep(target: _Target, keep: Keep | None) -> Row:
    """Take down whether one camera's plan is kept; return its row."""
    desk = target.coordinator.alerts
    if desk.charge(target.camera_id) is None:
        return {**_row(target), "state": _NO_CHARGE}
    try:
        await desk.async_keep({target.camera_id: keep})
    except HomeAssistantError:
        return {**_row(target), "state": _NOT_KEPT}
    return {**_row(target), "state": f"{keep}_kept" if keep else "reminded"}


def _wanted(data: Mapping[str, Any]) -> Wanted:
    """Return what an action asks to have saved; a moment without a zone is local.

    Raises `ServiceValidationError` where its span makes no sense.
    """
    start, end, days = data.get(ATTR_START), data.get(ATTR_END), data.get(ATTR_LAST_DAYS)
    now = clock.now()
    if days is not None and start is not None:
        raise _invalid("start_or_last_days")
    if days is not None:
        start = now - timedelta(days=days)
    wanted = Wanted(
        container=data[ATTR_CONTAINER],
        start=_utc(start, now),
        end=_utc(end, now),
        events=_EVENTS in data[ATTR_KINDS],
        videos=_VIDEOS in data[ATTR_KINDS],
        folder=data.get(ATTR_FOLDER) or None,
    )
    if wanted.start and wanted.start >= (wanted.end or now):
        raise _invalid("empty_span")
    return wanted


def _utc(moment: datetime | None, now: datetime) -> datetime | None:
    """Return a moment in UTC; one that is years away as one with which can be reckoned."""
    if moment is None:
        return None
    furthest = timedelta(days=_MOST_DAYS)
    if moment.year < (now - furthest).year:
        return now - furthest
    if moment.year > (now + furthest).year:
        return now + furthest
    return dt_util.as_utc(moment)


def _invalid(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)


async def _async_export(target: _Target, wanted: Wanted, *, dry_run: bool, wait: bool) -> Row:
    """Have one camera's recordings saved; return its row.

    Raises `ServiceValidationError` where the folder that was named may not be used; one of
    the options is its account's own matter.
    """
    try:
        row = await async_export(
            target.coordinator, target.camera_id, wanted, dry_run=dry_run, wait=wait
        )
    except HomeAssistantError as err:
        if wanted.folder and isinstance(err, ServiceValidationError):
            raise
        row = refused(err)
    return {**_whose(target), **row}


def _whose(target: _Target) -> Row:
    """Return which camera a row is about."""
    return {
        "device_id": target.device_id,
        "camera": target.coordinator.display_name(target.camera_id),
        "account": target.coordinator.config_entry.title,
    }


def _row(target: _Target) -> Row:
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
        **_whose(target),
        "offline": plan.camera.online is False,
        "plan_ends": ends_at.isoformat() if ends_at else None,
        "deadline": charge.deadline.isoformat() if charge else None,
    }


def _unreachable_row(target: _Unreachable) -> Row:
    return {
        "device_id": target.device_id,
        "camera": target.name,
        "account": target.account,
        "state": target.state,
    }


def _doors(target: _Target) -> list[JsonValueType]:
    plan = target.coordinator.data.cameras[target.camera_id]
    return [door.key for door in doors_for(plan.channel)]


def _targets(hass: HomeAssistant, data: Mapping[str, Any]) -> list[_Target | _Unreachable]:
    """Return the cameras that a target names.

    Raises `ServiceValidationError` where it names none of ours.
    """
    targets = [target for device in async_targeted(hass, data) if (target := _target(hass, device))]
    if not targets:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_camera_in_target"
        )
    return targets


def _target(hass: HomeAssistant, device: dr.DeviceEntry) -> _Target | _Unreachable | None:
    """Return the camera that a device stands for; `None` for a device that is not one."""
    entry: CloudPlanConfigEntry | None = hass.config_entries.async_get_entry(device.config_entry_id)
    if entry is None or entry.domain != DOMAIN:
        return None
    if (camera_id := camera_id_of(entry, device)) is None:
        return None
    is_loaded = entry.state is ConfigEntryState.LOADED
    if not is_loaded or entry.runtime_data.coordinator.data.read_at is None:
        return _Unreachable(
            device_id=device.id,
            name=device.name_by_user or device.name or "",
            account=entry.title,
            state=Outcome.NOT_READ.value if is_loaded else ACCOUNT_NOT_LOADED,
        )
    coordinator = entry.runtime_data.coordinator
    if camera_id not in coordinator.data.cameras:
        return None
    return _Target(coordinator=coordinator, camera_id=camera_id, device_id=device.id)
