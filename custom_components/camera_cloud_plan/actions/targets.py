"""Whom an action is for: the devices that its target names, and who may have it done to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from ..casework.ask import Asker, async_asker
from ..const import DOMAIN
from ..coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from ..devices import account_identifier, camera_id_of


@dataclass(frozen=True, slots=True)
class Chosen:
    """An account, and those of its cameras that are meant; `None` for all."""

    entry: CloudPlanConfigEntry
    camera_ids: frozenset[str] | None

    @property
    def loaded(self) -> CloudPlanCoordinator | None:
        """Who looks after the account; `None` while it is not loaded."""
        if self.entry.state is not ConfigEntryState.LOADED:
            return None
        return self.entry.runtime_data.coordinator

    @property
    def coordinator(self) -> CloudPlanCoordinator | None:
        """Who has read the account; `None` where it is not loaded or was never read."""
        loaded = self.loaded
        return loaded if loaded and loaded.data.read_at else None

    def has(self, camera_id: str) -> bool:
        """Return whether a camera of the account is meant."""
        return self.camera_ids is None or camera_id in self.camera_ids


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


async def async_check_administrator(call: ServiceCall) -> None:
    """Raise `Unauthorized` for a person who is none; automations have no user and may."""
    if await async_asker(call.hass, call.context) is Asker.PERSON:
        raise Unauthorized(context=call.context, permission=POLICY_CONTROL)


async def async_chosen(call: ServiceCall) -> list[Chosen]:
    """Return the accounts that an action is for, all without a target.

    A camera's device stands for that camera, an account's for all of its cameras. Raises
    `Unauthorized` for what a person may not see, and `ServiceValidationError` where a target
    names nothing of ours.
    """
    hass = call.hass
    entries: list[CloudPlanConfigEntry] = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    )
    named = any(call.data.get(str(field)) for field in cv.TARGET_SERVICE_FIELDS)
    devices = async_targeted(hass, call.data) if named else _account_devices(hass, entries)
    chosen = [found for entry in entries if (found := _chosen_of(entry, devices))]
    if named and not chosen:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_camera_in_target"
        )
    ours = {entry.entry_id for entry in entries}
    await async_check_may(
        call, POLICY_READ, (device.id for device in devices if device.config_entry_id in ours)
    )
    return chosen


@callback
def _account_devices(
    hass: HomeAssistant, entries: Iterable[CloudPlanConfigEntry]
) -> list[dr.DeviceEntry]:
    registry = dr.async_get(hass)
    return [
        device
        for entry in entries
        if (
            device := registry.async_get_device_by_identifier(
                account_identifier(entry), entry.entry_id
            )
        )
    ]


def _chosen_of(entry: CloudPlanConfigEntry, devices: Iterable[dr.DeviceEntry]) -> Chosen | None:
    camera_ids: set[str] = set()
    for device in devices:
        if device.config_entry_id != entry.entry_id:
            continue
        if account_identifier(entry) in device.identifiers:
            return Chosen(entry, None)
        if (camera_id := camera_id_of(entry, device)) is not None:
            camera_ids.add(camera_id)
    return Chosen(entry, frozenset(camera_ids)) if camera_ids else None
