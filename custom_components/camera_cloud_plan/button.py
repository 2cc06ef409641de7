"""The buttons of an account: read its plans now, stop its export."""

from collections.abc import Callable, Mapping
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CloudPlanConfigEntry
from .entity import AccountEntity
from .offers import offered

PARALLEL_UPDATES = 1

CHECK_NOW = ButtonEntityDescription(
    key="check_now",
    translation_key="check_now",
    entity_category=EntityCategory.DIAGNOSTIC,
)
STOP_EXPORT = ButtonEntityDescription(
    key="stop_export",
    translation_key="stop_export",
    entity_category=EntityCategory.CONFIG,
    entity_registry_enabled_default=False,
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: CloudPlanConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the account's buttons."""
    coordinator = entry.runtime_data.coordinator
    makes: Mapping[str, Callable[..., ButtonEntity]] = {
        CHECK_NOW.key: CheckNowButton,
        STOP_EXPORT.key: StopExportButton,
    }
    async_add_entities(
        makes[description.key](coordinator, description)
        for description in offered(coordinator.provider, (CHECK_NOW, STOP_EXPORT))
    )


class CheckNowButton(AccountEntity, ButtonEntity):
    """Reads the account's plans, at most once a minute."""

    entity_description: ButtonEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Always: when nothing could be read for long, it is wanted most."""
        return True

    @override
    async def async_press(self) -> None:
        """Read now; asked too early, keep the last result and read when it is time."""
        await self.coordinator.async_check_now()


class StopExportButton(AccountEntity, ButtonEntity):
    """Stops all exports of the account for good; what is saved stays."""

    entity_description: ButtonEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Always, whatever became of the last reading."""
        return True

    @override
    async def async_press(self) -> None:
        """Stop them."""
        await self.coordinator.exports.async_cancel_all()
