"""The switch that shows whether a plan renews, and opens the way to end that.

Off opens a guided cancellation, on withdraws it. A request is sent to the maker only for
"off", and only where the owner handed one over and allowed the switch to use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .casework.ask import Asker, Outcome, async_ask, async_asker
from .casework.doors import doors_for
from .const import DOMAIN
from .coordinator import CloudPlanConfigEntry
from .entity import CameraDescription, CameraEntity, async_setup_camera_entities, own_plan
from .plan import Renewal, Wish
from .snapshot import CameraPlan
from .words import maker_name

PARALLEL_UPDATES = 1

_STATES: Final[Mapping[Renewal, bool | None]] = {
    Renewal.ON: True,
    Renewal.OFF: False,
    Renewal.UNKNOWN: None,
}

# Where a plan can be bought again, by the door that leads to its seller.
_WHERE_TO_RENEW: Final = {
    "mi_home": "renew_in_mi_home",
    "wechat_pay": "renew_in_mi_home",
    "alipay": "renew_in_mi_home",
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
        """Whether a case is open: the frontend then offers both off and on."""
        return self.coordinator.cases.is_open(self.camera_id)

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
        casework = self.coordinator.casework
        if self._open_wish is Wish.ON:
            await casework.async_withdraw(self.camera_id)
            if self.is_on is False:
                return
        asker = await async_asker(self.hass, self._context)
        outcome = await async_ask(self.coordinator, self.camera_id, asker=asker)
        case = self.coordinator.cases.get(self.camera_id)
        match outcome:
            case Outcome.CONFIRMED | Outcome.ALREADY_SO:
                return
            case Outcome.WAITING if asker is Asker.PERSON:
                raise self._not_yet("not_off_yet_owner_told")
            case Outcome.WAITING:
                raise self._not_yet("not_off_yet")
            case Outcome.CHECKING | Outcome.NOT_EFFECTIVE if case and case.request:
                raise self._not_yet("asked_not_off_yet")
            case Outcome.CHECKING | Outcome.NOT_EFFECTIVE:
                raise self._not_yet("still_checking")
            case Outcome.DONE_NOT_READABLE:
                raise self._not_yet("only_seller_confirms")
            case _:
                raise self._refused("no_running_plan")

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Withdraw an open cancellation; else guide to the maker's page, or say where to buy.

        Nothing is ever sent from here.
        """
        asker = await async_asker(self.hass, self._context)
        if self._open_wish is Wish.OFF:
            if asker is Asker.PERSON:
                raise self._refused("withdrawn_by_owner_only")
            await self.coordinator.casework.async_withdraw(self.camera_id)
            return
        view = self._existing_plan.view
        if view and view.reading.typed:
            if view.renewal is Renewal.ON:
                return
            raise self._refused("renew_at_seller")
        if view is None or not view.is_active or view.renewal is Renewal.UNKNOWN:
            doors = doors_for(self._existing_plan.channel)
            key = _WHERE_TO_RENEW[doors[0].key] if len(doors) == 1 else "renew_in_store"
            raise self._refused(key)
        outcome = await async_ask(self.coordinator, self.camera_id, Wish.ON, asker=asker)
        if outcome.is_open:
            told = asker is Asker.PERSON
            raise self._not_yet("not_on_yet_owner_told" if told else "not_on_yet")

    @property
    def _open_wish(self) -> Wish | None:
        """What the open case is for; `None` without one."""
        case = self.coordinator.cases.get(self.camera_id)
        return case.wish if case and case.is_open else None

    @property
    def _existing_plan(self) -> CameraPlan:
        """The camera; an entity that can be called always has one."""
        return self.coordinator.data.cameras[self.camera_id]

    def _not_yet(self, key: str) -> HomeAssistantError:
        """Return the error that keeps everybody from taking a wish for done."""
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={
                "camera": self.coordinator.display_name(self.camera_id),
                "maker": maker_name(self.hass, self._existing_plan.camera.maker),
            },
        )

    def _refused(self, key: str) -> ServiceValidationError:
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"camera": self.coordinator.display_name(self.camera_id)},
        )
