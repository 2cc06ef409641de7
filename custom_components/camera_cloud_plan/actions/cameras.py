"""Does something for each camera that an action's target names.

Each answers with a row of its own and a reason in it; one camera never spoils the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.util.json import JsonValueType

from ..casework.ask import Outcome
from ..const import DOMAIN
from ..coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from ..devices import camera_id_of
from ..saving.rows import ACCOUNT_NOT_LOADED
from .targets import async_check_may, async_targeted

type Answer = dict[str, JsonValueType]
type Act = Callable[[Target], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
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


async def async_for_each(call: ServiceCall, act: Act, *, lasts: bool = False) -> ServiceResponse:
    """Do something for each camera of a target; return the rows, if they are asked for.

    What `lasts` holds back no message to people meanwhile.
    """
    found = _targets(call.hass, call.data)
    targets = [target for target in found if isinstance(target, Target)]
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


def whose(target: Target) -> Answer:
    """Return which camera a row is about."""
    return {
        "device_id": target.device_id,
        "camera": target.coordinator.display_name(target.camera_id),
        "account": target.coordinator.config_entry.title,
    }


def _unreachable_row(target: _Unreachable) -> Answer:
    return {
        "device_id": target.device_id,
        "camera": target.name,
        "account": target.account,
        "state": target.state,
    }


def _targets(hass: HomeAssistant, data: Mapping[str, Any]) -> list[Target | _Unreachable]:
    """Return the cameras that a target names.

    Raises `ServiceValidationError` where it names none of ours.
    """
    targets = [target for device in async_targeted(hass, data) if (target := _target(hass, device))]
    if not targets:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_camera_in_target"
        )
    return targets


def _target(hass: HomeAssistant, device: dr.DeviceEntry) -> Target | _Unreachable | None:
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
    return Target(coordinator=coordinator, camera_id=camera_id, device_id=device.id)
