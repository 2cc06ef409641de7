"""What happens to plans, as event entities: one for the account, one for each camera."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .activity import Happened
from .coordinator import CloudPlanConfigEntry
from .devices import camera_identifier
from .entity import (
    AccountEntity,
    CameraDescription,
    CameraEntity,
    PlanEntity,
    async_setup_camera_entities,
    own_plan,
)
from .plan import Activity

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class CameraActivityDescription(CameraDescription, EventEntityDescription):
    """The events of a camera."""


ACTIVITY = EventEntityDescription(
    key="activity",
    translation_key="activity",
    event_types=[*Activity],
)
PLAN_ACTIVITY = CameraActivityDescription(
    key="plan_activity",
    translation_key="activity",
    event_types=[*Activity],
    entity_registry_enabled_default=False,
    exists=own_plan,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CloudPlanConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the events of the account, and of all cameras with a plan."""
    async_add_entities([AccountActivity(entry.runtime_data.coordinator, ACTIVITY)])
    await async_setup_camera_entities(
        hass, entry, async_add_entities, Platform.EVENT, (PLAN_ACTIVITY,), CameraActivity
    )


class ActivityEntity(PlanEntity, EventEntity):
    """Passes on what happens; readings alone are no events."""

    @property
    @override
    def available(self) -> bool:
        """Always: what happened stays true, however old the last reading."""
        return True

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Nothing: an event's attributes are its own."""
        return {}

    @override
    async def async_added_to_hass(self) -> None:
        """Listen."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.activity.async_listen(self._async_on_activity))

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Do nothing."""

    @callback
    def _async_on_activity(self, happened: Happened) -> None:
        if self._concerns(happened):
            self._trigger_event(happened.activity, self._attributes(happened))
            self.async_write_ha_state()

    def _concerns(self, _happened: Happened) -> bool:
        return True

    def _attributes(self, happened: Happened) -> dict[str, Any]:
        """Return whom it is about, and the facts; moments as ISO 8601 in UTC."""
        entry = self.coordinator.config_entry
        device = dr.async_get(self.hass).async_get_device_by_identifier(
            camera_identifier(entry, happened.camera_id), entry.entry_id
        )
        return {
            "camera": happened.camera,
            "device_id": device.id if device else None,
            **{
                name: fact.isoformat() if isinstance(fact, datetime) else fact
                for name, fact in happened.facts.items()
            },
        }


class AccountActivity(ActivityEntity, AccountEntity):
    """What happens to any plan of the account."""

    entity_description: EventEntityDescription


class CameraActivity(ActivityEntity, CameraEntity):
    """What happens to one camera's plan."""

    entity_description: CameraActivityDescription

    @override
    def _concerns(self, happened: Happened) -> bool:
        return happened.camera_id == self.camera_id
