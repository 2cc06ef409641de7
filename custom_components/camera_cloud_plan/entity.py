"""What all entities have in common, and how those of cameras come and go."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import KEEP_LAST_GOOD
from .coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from .devices import account_identifier, account_key, camera_identifier
from .offers import offered
from .plan import clock
from .slices import Slices
from .snapshot import CameraPlan


@dataclass(frozen=True, kw_only=True)
class CameraDescription(EntityDescription):
    """An entity of a camera; `exists` says for which cameras, at a moment (UTC)."""

    exists: Callable[[CameraPlan, datetime], bool]


def own_plan(plan: CameraPlan, now: datetime) -> bool:
    """Return whether a camera has a plan, or had one lately, that is this account's own."""
    return plan.is_own and plan.has_plan(now)


class PlanEntity(CoordinatorEntity[CloudPlanCoordinator]):
    """An entity fed by the coordinator."""

    _attr_has_entity_name = True

    @override
    async def async_update(self) -> None:
        """Read the account, as the "check now" button does."""
        await self.coordinator.async_check_now()


class AccountEntity(PlanEntity):
    """An entity of the account."""

    def __init__(self, coordinator: CloudPlanCoordinator, description: EntityDescription) -> None:
        """Take what it shows."""
        super().__init__(coordinator)
        self.entity_description = description
        entry = coordinator.config_entry
        self._attr_unique_id = f"{account_key(entry)}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={account_identifier(entry)})

    @property
    @override
    def available(self) -> bool:
        """Whether the last good reading of the account is young enough to be shown."""
        read_at = self.coordinator.data.read_at
        return read_at is not None and clock.now() < read_at + KEEP_LAST_GOOD


class ReckonedEntity(AccountEntity):
    """An entity of the account whose value is reckoned beside the event loop."""

    _reckoning = False
    _again = False
    _is_removed = False

    async def async_reckon(self) -> None:
        """Reckon what is shown; nothing is written by it."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Have a value before the first is shown."""
        await super().async_added_to_hass()
        await self.async_reckon()

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Write nothing any more: it would set timers that nobody ends."""
        self._is_removed = True
        await super().async_will_remove_from_hass()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Reckon and show it, once more where something changes meanwhile."""
        self._again = True
        if not self._reckoning:
            self._reckoning = True
            self.coordinator.config_entry.async_create_task(
                self.hass, self._async_show(), f"{self.entity_id} reckons"
            )

    async def _async_show(self) -> None:
        try:
            while self._again:
                self._again = False
                await self.async_reckon()
        finally:
            self._reckoning = False
        if not self._is_removed:
            self.async_write_ha_state()


class CameraEntity(PlanEntity):
    """An entity of one camera."""

    def __init__(
        self, coordinator: CloudPlanCoordinator, camera_id: str, description: CameraDescription
    ) -> None:
        """Take the camera and what is shown of it."""
        super().__init__(coordinator, context=camera_id)
        self.entity_description = description
        self.camera_id = camera_id
        entry = coordinator.config_entry
        self._attr_unique_id = camera_unique_id(entry, camera_id, description)
        self._attr_device_info = DeviceInfo(identifiers={camera_identifier(entry, camera_id)})

    @property
    def plan(self) -> CameraPlan | None:
        """The camera as last read; `None` once it left the account."""
        return self.coordinator.data.cameras.get(self.camera_id)

    @property
    @override
    def available(self) -> bool:
        """Whether there is a reading young enough to be shown."""
        return self.plan is not None and self.plan.is_shown(clock.now())

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """The moment of the reading, while it is not from the last poll; and whose word it is.

        A maker's goes without saying.
        """
        said: dict[str, Any] = {}
        if self.plan and self.plan.reading and self.plan.reading.typed:
            said["word"] = "owner"
        if self.plan and (as_of := self.plan.as_of):
            said["as_of"] = as_of
        return said


def camera_unique_id(
    entry: CloudPlanConfigEntry, camera_id: str, description: CameraDescription
) -> str:
    """Return the unique id of a camera's entity."""
    return f"{account_key(entry)}_{camera_id}_{description.key}"


async def async_setup_camera_entities[D: CameraDescription](
    hass: HomeAssistant,
    entry: CloudPlanConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: str,
    descriptions: Collection[D],
    make: Callable[[CloudPlanCoordinator, str, D], Entity],
) -> None:
    """Add a platform's entities of all cameras, now and whenever one calls for more.

    They are added camera by camera, yielding to the event loop on the way. Entities of a plan that is
    long over, left in the registry by an earlier run, are removed.
    """
    coordinator = entry.runtime_data.coordinator
    possible = offered(coordinator.provider, descriptions)
    there: dict[str, set[str]] = {}

    def missing(camera_id: str) -> list[Entity]:
        plan = coordinator.data.cameras.get(camera_id)
        if plan is None:
            there.pop(camera_id, None)
            return []
        now = clock.now()
        keys = there.setdefault(camera_id, set())
        called_for = [
            description
            for description in possible
            if description.key not in keys and description.exists(plan, now)
        ]
        keys.update(description.key for description in called_for)
        return [make(coordinator, camera_id, description) for description in called_for]

    async def add(camera_ids: Iterable[str]) -> None:
        slices = Slices()
        for camera_id in camera_ids:
            if entities := missing(camera_id):
                subentry_id = camera_id if camera_id in entry.subentries else None
                async_add_entities(entities, config_subentry_id=subentry_id)
            await slices.pause_if_due()

    @callback
    def on_change(camera_ids: Collection[str]) -> None:
        if camera_ids:
            entry.async_create_task(hass, add(camera_ids), f"{platform} of new plans")

    await add(tuple(coordinator.data.cameras))
    _async_remove_obsolete(hass, entry, platform, descriptions, there)
    entry.async_on_unload(coordinator.async_add_cameras_listener(on_change))


@callback
def _async_remove_obsolete[D: CameraDescription](
    hass: HomeAssistant,
    entry: CloudPlanConfigEntry,
    platform: str,
    descriptions: Collection[D],
    there: Mapping[str, Collection[str]],
) -> None:
    """Remove registered entities that a camera, once read, no longer calls for."""
    registry = er.async_get(hass)
    cameras = entry.runtime_data.coordinator.data.cameras
    for camera_id, keys in there.items():
        if cameras[camera_id].reading is None:
            continue
        for description in descriptions:
            if description.key in keys:
                continue
            unique_id = camera_unique_id(entry, camera_id, description)
            if entity_id := registry.async_get_entity_id(platform, entry.domain, unique_id):
                registry.async_remove(entity_id)
