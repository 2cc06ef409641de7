"""What a dashboard is made for: the devices and entities that are there, as their owner left them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN
from ..coordinator import CloudPlanConfigEntry
from ..devices import account_identifier, camera_id_of

# Entities by what they tell, which is the key of their translation.
ACCOUNT_MONTHLY_COST: Final = "account_monthly_cost"
ATTENTION: Final = "attention"
AUTO_RENEWAL: Final = "auto_renewal"
CANCELLATION: Final = "cancellation"
CHARGES: Final = "charges"
CHECK_NOW: Final = "check_now"
DAYS_REMAINING: Final = "days_remaining"
EXPORT: Final = "export"
LAST_CHECKED: Final = "last_checked"
LAST_EXPORT: Final = "last_export"
NEXT_CHARGE: Final = "next_charge"
PLAN_STATUS: Final = "plan_status"
RECORDINGS_AT_RISK: Final = "recordings_at_risk"
RENEWING_PLANS: Final = "renewing_plans"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A device and its entities.

    `read` are those that have a state, by what they tell: a currency's sum stands there once
    for each currency. `hidden` are those of them that their owner hid, `off` what disabled
    ones would tell.
    """

    device_id: str
    name: str
    maker: str
    read: Mapping[str, tuple[str, ...]]
    hidden: frozenset[str]
    off: frozenset[str]
    currencies: frozenset[str]

    @property
    def page(self) -> str:
        """The path of its page in Home Assistant."""
        return f"/config/devices/device/{self.device_id}"

    def reads(self, what: str) -> str | None:
        """Return the entity that tells this, also where its owner hid it."""
        return next(iter(self.read.get(what, ())), None)

    def shows(self, what: str) -> str | None:
        """Return the entity that tells this and may stand on a dashboard by itself."""
        return None if what in self.hidden else self.reads(what)

    @property
    def has_recordings(self) -> bool:
        """Whether there are recordings to save; a plan that is typed in has none."""
        return LAST_EXPORT in self.read or LAST_EXPORT in self.off


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAccount:
    """An account with its cameras, in the order in which they were added."""

    account: Found
    cameras: tuple[Found, ...]


@callback
def async_find(hass: HomeAssistant, entries: Iterable[CloudPlanConfigEntry]) -> list[FoundAccount]:
    """Return the accounts of these entries; those whose device is gone or disabled are left out.

    Of an account that is not loaded, what is registered counts: it comes back.
    """
    return [found for entry in entries if (found := _account(hass, entry))]


def _account(hass: HomeAssistant, entry: CloudPlanConfigEntry) -> FoundAccount | None:
    account = None
    cameras = []
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    whole = [device for device in devices if isinstance(device, dr.DeviceEntry)]
    for device in sorted(whole, key=_age):
        if device.disabled_by:
            continue
        if account_identifier(entry) in device.identifiers:
            account = _found(hass, device)
        elif camera_id_of(entry, device) is not None:
            cameras.append(_found(hass, device))
    if account is None:
        return None
    return FoundAccount(account=account, cameras=tuple(camera for camera in cameras if camera.read))


def _age(device: dr.DeviceEntry) -> tuple[datetime, str, str]:
    """Return what orders devices: when they were added, then their names."""
    return device.created_at, device.name or "", device.id


def _found(hass: HomeAssistant, device: dr.DeviceEntry) -> Found:
    read: dict[str, tuple[str, ...]] = {}
    hidden, off, currencies = set(), set(), set()
    entities = er.async_entries_for_device(
        er.async_get(hass), device.id, include_disabled_entities=True
    )
    for entity in sorted(entities, key=lambda entity: entity.unique_id):
        if entity.platform != DOMAIN or entity.translation_key is None:
            continue
        if entity.disabled_by:
            off.add(entity.translation_key)
            continue
        read[entity.translation_key] = (*read.get(entity.translation_key, ()), entity.entity_id)
        if entity.translation_key == ACCOUNT_MONTHLY_COST and entity.unit_of_measurement:
            currencies.add(entity.unit_of_measurement)
        if entity.hidden_by:
            hidden.add(entity.translation_key)
    return Found(
        device_id=device.id,
        name=device.name_by_user or device.name or "",
        maker=device.manufacturer or "",
        read=read,
        hidden=frozenset(hidden),
        off=frozenset(off),
        currencies=frozenset(currencies),
    )
