"""Whom an action is for: the devices that its target names, and who may have it done to them."""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from .const import DOMAIN


@callback
def async_targeted(hass: HomeAssistant, data: Mapping[str, Any]) -> list[dr.DeviceEntry]:
    """Return the devices that a target names, by entity, device, area, floor or label.

    Not by the switches alone: those, being settings, are not found by device, area or floor.
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
    return [
        device
        for device_id in sorted(device_ids)
        if isinstance(device := devices.async_get(device_id), dr.DeviceEntry)
    ]


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


async def async_check_may(call: ServiceCall, policy: str, device_ids: Iterable[str]) -> None:
    """Raise `Unauthorized` where a person may not do that with any entity of a device.

    Automations have no user and may; administrators may also where there is no entity yet.
    """
    if call.context.user_id is None:
        return
    user = await call.hass.auth.async_get_user(call.context.user_id)
    if user is None:
        raise UnknownUser(context=call.context)
    if user.is_admin:
        return
    registry = er.async_get(call.hass)
    for device_id in device_ids:
        entities = er.async_entries_for_device(registry, device_id, include_disabled_entities=True)
        if not any(user.permissions.check_entity(entity.entity_id, policy) for entity in entities):
            raise Unauthorized(context=call.context, permission=policy)
