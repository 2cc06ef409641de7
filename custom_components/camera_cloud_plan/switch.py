"""The switch that shows whether a plan renews, and opens the way to end that.

It never sends anything to the maker: off opens a guided cancellation, on withdraws it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .cancel import Outcome, async_ask
from .const import DOMAIN
from .coordinator import CloudPlanConfigEntry
from .doors import doors_for
from .entity import CameraDescription, CameraEntity, async_setup_camera_entities, own_plan
from .plan import Renewal
from .snapshot import CameraPlan

PARALLEL_UPDATES = 1

_STATES: Final[Mapping[Renewal, bool | None]] = {
    Renewal.ON: True,
    Renewal.OFF: False,
    Renewal.UNKNOWN: None,
}

# Where a plan can be bought again, by the door that leads to its seller.
_WHERE_TO_RENEW: Final = {
    "mi_home": "renew_in_mi_home",
    "google_play": "renew_in_google_play",
    "apple": "renew_at_apple",
}


@dataclass(frozen=True, kw_only=True)
class AutoRenewalDescription(CameraDescription, SwitchEntityDescription):
    """The switch of a camera."""


AUTO_RENEWAL = AutoRenewalDescription(
    key="auto_renewal",
    translation_key="auto_renewal",
    entity_category=EntityCategory.CONFIG,
    exists=own_plan,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CloudPlanConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of all cameras with a plan."""
    await async_setup_camera_entities(
        hass, entry, async_add_entities, Platform.SWITCH, (AUTO_RENEWAL,), AutoRenewalSwitch
    )


class AutoRenewalSwitch(CameraEntity, SwitchEntity):
    """Whether a camera's plan renews by itself."""

    entity_description: AutoRenewalDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """What may be said about renewal; unknown is not off."""
        view = self.plan.view if self.plan else None
        return _STATES[view.renewal] if view else None

    @property
    @override
    def assumed_state(self) -> bool:
        """Whether a cancellation is open: the frontend then offers both off and on."""
        return self.coordinator.cancellations.is_open(self.camera_id)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """The witnesses, where they contradict each other."""
        verdict = self.plan.view.verdict if self.plan and self.plan.view else None
        if verdict is None or not verdict.disagree:
            return super().extra_state_attributes
        witnesses = {witness.source: witness.says for witness in verdict.witnesses}
        return {"witnesses": witnesses, **super().extra_state_attributes}

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Open the cancellation, then say that it is not off yet."""
        plan = self._existing_plan
        match await async_ask(self.coordinator, self.camera_id):
            case Outcome.NO_PLAN:
                raise ServiceValidationError(
                    translation_domain=DOMAIN,
                    translation_key="no_running_plan",
                    translation_placeholders={"camera": plan.camera.name},
                )
            case Outcome.WAITING:
                told = await self._by_someone_else()
                raise HomeAssistantError(
                    translation_domain=DOMAIN,
                    translation_key="not_off_yet_owner_told" if told else "not_off_yet",
                    translation_placeholders={"camera": plan.camera.name},
                )

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Withdraw an open cancellation; otherwise say where a plan can be renewed."""
        plan = self._existing_plan
        placeholders = {"camera": plan.camera.name}
        if self.assumed_state:
            if await self._by_someone_else():
                raise ServiceValidationError(
                    translation_domain=DOMAIN,
                    translation_key="withdrawn_by_owner_only",
                    translation_placeholders=placeholders,
                )
            await self.coordinator.cancellations.async_withdraw(self.camera_id)
        elif not self.is_on:
            doors = doors_for(plan.channel)
            key = _WHERE_TO_RENEW[doors[0].key] if len(doors) == 1 else "renew_in_store"
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key=key,
                translation_placeholders=placeholders,
            )

    @property
    def _existing_plan(self) -> CameraPlan:
        """The camera; an entity that can be called always has one."""
        return self.coordinator.data.cameras[self.camera_id]

    async def _by_someone_else(self) -> bool:
        """Return whether a person without administrator's rights asks.

        Only administrators can open Repairs; automations have no user.
        """
        user_id = self._context.user_id if self._context else None
        user = await self.hass.auth.async_get_user(user_id) if user_id else None
        return user is not None and not user.is_admin
