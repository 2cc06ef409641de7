"""The action that asks for cancellations, for cameras rather than for their switches."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import (
    Context,
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from .cancel import Outcome, async_ask
from .const import DOMAIN, SERVICE_CANCEL_PLAN
from .coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from .devices import camera_id_of
from .doors import doors_for

_CANCEL_PLAN_SCHEMA = vol.Schema(cv.TARGET_SERVICE_FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """A camera that an action is for, and its device here."""

    coordinator: CloudPlanCoordinator
    camera_id: str
    device_id: str


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""

    async def cancel_plan(call: ServiceCall) -> ServiceResponse:
        targets = _targets(hass, call.data)
        await _async_check_control(hass, call.context, targets)
        rows: list[JsonValueType] = [*await asyncio.gather(*map(_async_cancel, targets))]
        return {"plans": rows} if call.return_response else None

    hass.services.async_register(
        DOMAIN,
        SERVICE_CANCEL_PLAN,
        cancel_plan,
        schema=_CANCEL_PLAN_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _async_cancel(target: _Target) -> dict[str, JsonValueType]:
    """Ask for one camera's cancellation; return its row of the answer.

    `state` is the outcome, `next_step` the doors to go to while a step is left,
    `plan_ends` when the plan runs out and `deadline` the last moment before a charge may
    come; both ISO 8601 or `None`.
    """
    outcome = await async_ask(target.coordinator, target.camera_id)
    plan = target.coordinator.data.cameras[target.camera_id]
    view = plan.view
    ends_at = view.reading.ends_at if view else None
    charge = view.charge if view else None
    waiting = outcome is Outcome.WAITING
    return {
        "device_id": target.device_id,
        "camera": plan.camera.name,
        "state": outcome.value,
        "next_step": [door.key for door in doors_for(plan.channel)] if waiting else [],
        "plan_ends": ends_at.isoformat() if ends_at else None,
        "deadline": charge.earliest.isoformat() if charge else None,
    }


async def _async_check_control(
    hass: HomeAssistant, context: Context, targets: Iterable[_Target]
) -> None:
    """Raise `Unauthorized` where a person may control no entity of a camera.

    Automations have no user and may.
    """
    if context.user_id is None:
        return
    user = await hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context)
    registry = er.async_get(hass)
    for target in targets:
        entities = er.async_entries_for_device(
            registry, target.device_id, include_disabled_entities=True
        )
        if not any(
            user.permissions.check_entity(entity.entity_id, POLICY_CONTROL) for entity in entities
        ):
            raise Unauthorized(context=context, permission=POLICY_CONTROL)


def _targets(hass: HomeAssistant, data: Mapping[str, Any]) -> list[_Target]:
    """Return the cameras that a target names, by entity, device, area, floor or label.

    Not the switches: those, being settings, are not found by device, area or floor. Raises
    `ServiceValidationError` where it names none of ours or one whose account is not loaded.
    """
    selected = async_extract_referenced_entity_ids(
        hass,
        TargetSelection({**data, "entity_id": _entity_ids(hass, data.get("entity_id"))}),
        primary_entities_only=False,
    )
    entities = er.async_get(hass)
    devices = dr.async_get(hass)
    device_ids = set(selected.referenced_devices)
    for entity_id in selected.referenced | selected.indirectly_referenced:
        if (entity := entities.async_get(entity_id)) and entity.device_id:
            device_ids.add(entity.device_id)
    targets = [
        target
        for device_id in sorted(device_ids)
        if isinstance(device := devices.async_get(device_id), dr.DeviceEntry)
        and (target := _target(hass, device))
    ]
    if not targets:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_camera_in_target"
        )
    return targets


def _entity_ids(hass: HomeAssistant, given: str | list[str] | None) -> list[str]:
    """Return entity ids; registry ids are looked up, "all" means all of ours."""
    registry = er.async_get(hass)
    if given is None or given == "none":
        return []
    if given == "all":
        return [
            entity.entity_id for entity in registry.entities.values() if entity.platform == DOMAIN
        ]
    return er.async_validate_entity_ids(registry, cv.ensure_list(given))


def _target(hass: HomeAssistant, device: dr.DeviceEntry) -> _Target | None:
    """Return the camera that a device stands for; `None` for a device that is not one."""
    for entry_id in device.config_entries:
        entry: CloudPlanConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
        if entry is None or entry.domain != DOMAIN:
            continue
        if (camera_id := camera_id_of(entry, device)) is None:
            continue
        if entry.state is not ConfigEntryState.LOADED:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="account_not_loaded",
                translation_placeholders={"account": entry.title},
            )
        if camera_id in entry.runtime_data.coordinator.data.cameras:
            return _Target(
                coordinator=entry.runtime_data.coordinator,
                camera_id=camera_id,
                device_id=device.id,
            )
    return None
