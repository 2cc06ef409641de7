"""Finding the integration's entities: which one tells what, of which camera."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .accounts import DOMAIN
from .home_assistant import HomeAssistant

ACCOUNT_MONTHLY_COST: Final = "account_monthly_cost"
ACTIVITY: Final = "activity"
AUTO_RENEWAL: Final = "auto_renewal"
CANCELLATION: Final = "cancellation"
CHARGES: Final = "charges"
DAYS_REMAINING: Final = "days_remaining"
EXPORT: Final = "export"
LAST_EXPORT: Final = "last_export"
NEXT_CHARGE: Final = "next_charge"
PLAN_STATUS: Final = "plan_status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device of the integration and its enabled entities, by what they tell.

    `key` ends with the maker's own id of the camera; an account's device has no
    `plan_status`. `has_recordings` is whether there are any to save: a plan that is typed
    in has none.
    """

    device_id: str
    key: str
    name: str
    entities: Mapping[str, str] = field(default_factory=dict)
    has_recordings: bool = True

    @property
    def is_camera(self) -> bool:
        """Whether it stands for a camera rather than for an account."""
        return PLAN_STATUS in self.entities

    @property
    def page(self) -> str:
        """The path of its page in Home Assistant."""
        return f"/config/devices/device/{self.device_id}"


async def devices(home: HomeAssistant) -> list[Device]:
    """Return the integration's devices in the order in which they were added."""
    listed = await home.command("config/device_registry/list")
    entities: dict[str, dict[str, str]] = {}
    saved: set[str] = set()
    for entity in await home.command("config/entity_registry/list"):
        if entity["platform"] != DOMAIN:
            continue
        if entity["translation_key"] == LAST_EXPORT:
            saved.add(entity["device_id"])
        if entity["disabled_by"] is None:
            told = entities.setdefault(entity["device_id"], {})
            told[entity["translation_key"]] = entity["entity_id"]
    return [
        Device(
            device_id=device["id"],
            key=next(key for domain, key in device["identifiers"] if domain == DOMAIN),
            name=device["name_by_user"] or device["name"],
            entities=entities.get(device["id"], {}),
            has_recordings=device["id"] in saved,
        )
        for device in sorted(listed, key=lambda device: device["created_at"])
        if any(domain == DOMAIN for domain, _ in device["identifiers"])
    ]
