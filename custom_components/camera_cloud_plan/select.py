"""Who bills a camera's plan, by its owner's word."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CloudPlanConfigEntry
from .entity import CameraDescription, CameraEntity, async_setup_camera_entities, own_plan
from .plan import Channel, channels_sold_in

PARALLEL_UPDATES = 0

# "I don't know" is an answer; `unknown` would be Home Assistant's word for no answer yet.
_NOT_KNOWN: Final = "not_known"


@dataclass(frozen=True, kw_only=True)
class BilledByDescription(CameraDescription, SelectEntityDescription):
    """The choice of a camera."""


BILLED_BY = BilledByDescription(
    key="billed_by",
    translation_key="billed_by",
    entity_category=EntityCategory.CONFIG,
    entity_registry_enabled_default=False,
    exists=own_plan,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CloudPlanConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the choices of all cameras with a plan."""
    await async_setup_camera_entities(
        hass, entry, async_add_entities, Platform.SELECT, (BILLED_BY,), BilledBySelect
    )


class BilledBySelect(CameraEntity, SelectEntity):
    """Who bills a camera's plan; only those who sell plans in its region are offered."""

    entity_description: BilledByDescription

    @property
    def _sold_by(self) -> tuple[Channel, ...]:
        return channels_sold_in(self.plan.camera.region) if self.plan else ()

    @property
    @override
    def options(self) -> list[str]:
        """Who can bill plans in the camera's region, and that it is not known."""
        return [*(channel.value for channel in self._sold_by), _NOT_KNOWN]

    @property
    @override
    def current_option(self) -> str | None:
        """The owner's word; none before they were asked, or where that one does not sell."""
        if not self.coordinator.is_billing_known(self.camera_id):
            return None
        channel = self.coordinator.billed_by(self.camera_id)
        if channel is None:
            return _NOT_KNOWN
        return channel.value if channel in self._sold_by else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Keep the owner's word for this camera."""
        channel = None if option == _NOT_KNOWN else Channel(option)
        await self.coordinator.async_set_billed_by(channel, self.camera_id)
