"""Devices: one service device for the account, one per camera below it."""

from functools import lru_cache
import hashlib

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import CONF_ACCOUNT, DOMAIN
from .plan import Camera
from .words import translated

_KEY_LENGTH = 12


@lru_cache
def key_of(*names: str) -> str:
    """Return a name that is stable for these names and does not tell them."""
    return hashlib.sha256(":".join(names).encode()).hexdigest()[:_KEY_LENGTH]


def account_key(entry: ConfigEntry) -> str:
    """Return a name for the account that is stable and is not its id.

    Entities and devices keep their names and areas when the account is added anew, and
    two accounts that see the same camera do not collide.
    """
    return key_of(DOMAIN, entry.unique_id or entry.entry_id)


def account_identifier(entry: ConfigEntry) -> tuple[str, str]:
    """Return the identifier of the account's device."""
    return (DOMAIN, account_key(entry))


def camera_identifier(entry: ConfigEntry, camera_id: str) -> tuple[str, str]:
    """Return the identifier of a camera's device."""
    return (DOMAIN, f"{account_key(entry)}_{camera_id}")


def camera_id_of(entry: ConfigEntry, device: dr.DeviceEntry) -> str | None:
    """Return the id of the camera that a device stands for; `None` for another device."""
    prefix = f"{account_key(entry)}_"
    for domain, name in device.identifiers:
        if domain == DOMAIN and name.startswith(prefix):
            return name.removeprefix(prefix)
    return None


@callback
def async_register_account(hass: HomeAssistant, entry: ConfigEntry, maker: str) -> str:
    """Create or update the account's device; return its id."""
    account = entry.data.get(CONF_ACCOUNT)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={account_identifier(entry)},
        entry_type=dr.DeviceEntryType.SERVICE,
        manufacturer=maker or None,
        translation_key="account" if account else "typed_plans",
        translation_placeholders={"maker": maker, "account": account or ""},
    )
    return device.id


@callback
def async_register_camera(hass: HomeAssistant, entry: ConfigEntry, camera: Camera) -> None:
    """Create or update a camera's device.

    That of a typed plan belongs to its subentry. One that is attached to a device of another
    integration stands behind that one, and takes its area where it has none of its own.
    """
    registry = dr.async_get(hass)
    identifier = camera_identifier(entry, camera.camera_id)
    subentry = entry.subentries.get(camera.camera_id)
    attached = _attached_to(registry, subentry)
    known = registry.async_get_device_by_identifier(identifier, entry.entry_id)
    account_id = dr.async_get_device_id_by_identifier(
        hass, account_identifier(entry), config_entry_id=entry.entry_id
    )
    device = registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        config_subentry_id=subentry.subentry_id if subentry else None,
        identifiers={identifier},
        connections={(dr.CONNECTION_NETWORK_MAC, camera.mac)} if camera.mac else set(),
        entry_type=dr.DeviceEntryType.SERVICE,
        manufacturer=camera.maker or None,
        model=camera.model
        if subentry
        else translated(hass, "common.device_model", model=camera.model),
        name=camera.name,
        sw_version=camera.firmware,
        via_device_id=attached.id if attached else account_id,
    )
    if (
        attached
        and device.area_id is None
        and (known is None or known.via_device_id != attached.id)
    ):
        registry.async_update_device(device.id, area_id=attached.area_id)


def _attached_to(
    registry: dr.DeviceRegistry, subentry: ConfigSubentry | None
) -> dr.DeviceEntry | None:
    """Return the device that a typed plan is for; `None` where there is none, or no more.

    A part of a device cannot have others behind it: for one the whole counts.
    """
    chosen = subentry.data.get("attached_to") if subentry else None
    device = registry.async_get(chosen) if chosen else None
    if isinstance(device, dr.ChildDeviceEntry):
        device = registry.async_get(device.parent_device_id)
    return device if isinstance(device, dr.DeviceEntry) else None


@callback
def async_shown_name(hass: HomeAssistant, entry: ConfigEntry, camera_id: str) -> str | None:
    """Return what a camera's device is called here; `None` where it has none."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        camera_identifier(entry, camera_id), entry.entry_id
    )
    return (device.name_by_user or device.name) if device else None


@callback
def async_registered_cameras(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, str]:
    """Return the device ids of all cameras that have a device, by camera id."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {
        camera_id: device.id
        for device in devices
        if isinstance(device, dr.DeviceEntry)
        and (camera_id := camera_id_of(entry, device)) is not None
    }


@callback
def async_remove_camera(hass: HomeAssistant, entry: ConfigEntry, camera_id: str) -> None:
    """Remove a camera's device, and with it its entities."""
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier(
        camera_identifier(entry, camera_id), entry.entry_id
    )
    if device is not None:
        registry.async_remove_device(device.id)
