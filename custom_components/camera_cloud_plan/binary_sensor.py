"""Binary sensors: whether clips are uploaded, and whether anything needs attention."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CloudPlanConfigEntry
from .entity import (
    AccountEntity,
    CameraDescription,
    CameraEntity,
    async_setup_camera_entities,
    own_plan,
)
from .outlook import Reason, needs_attention
from .snapshot import CameraPlan

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class UploadDescription(CameraDescription, BinarySensorEntityDescription):
    """The binary sensor of a camera."""


UPLOAD = UploadDescription(
    key="upload",
    translation_key="upload",
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
    exists=own_plan,
)

ATTENTION = BinarySensorEntityDescription(
    key="attention",
    translation_key="attention",
    device_class=BinarySensorDeviceClass.PROBLEM,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CloudPlanConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the account's binary sensor and those of its cameras."""
    async_add_entities([AttentionSensor(entry.runtime_data.coordinator, ATTENTION)])
    await async_setup_camera_entities(
        hass, entry, async_add_entities, Platform.BINARY_SENSOR, (UPLOAD,), UploadSensor
    )


class UploadSensor(CameraEntity, BinarySensorEntity):
    """Whether a camera uploads its clips to the cloud."""

    entity_description: UploadDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """What the maker says; `None` where it was not read."""
        return self.plan.reading.uploads if self.plan and self.plan.reading else None


class AttentionSensor(AccountEntity, BinarySensorEntity):
    """Whether a camera's plan needs its owner's attention."""

    entity_description: BinarySensorEntityDescription
    # Of very many cameras it is more than the recorder takes.
    _unrecorded_attributes = frozenset({"items"})

    _needing: Sequence[tuple[CameraPlan, Reason]] = ()

    @override
    async def async_added_to_hass(self) -> None:
        """Look before the first is shown."""
        await super().async_added_to_hass()
        self._look()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._look()
        super()._handle_coordinator_update()

    def _look(self) -> None:
        """Look through all cameras, once for all that is shown: they may be very many."""
        coordinator = self.coordinator
        self._needing = needs_attention(
            coordinator.data, coordinator.cases, coordinator.watches, coordinator.proof.found()
        )

    @property
    @override
    def is_on(self) -> bool:
        """Whether anything does."""
        return bool(self._needing)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What does, by camera and reason, weightiest first."""
        return {
            "items": [
                {
                    "camera": self.coordinator.display_name(plan.camera.camera_id),
                    "reason": reason.value,
                }
                for plan, reason in self._needing
            ]
        }
