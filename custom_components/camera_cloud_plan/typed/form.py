"""The form in which an owner types a plan in; the same when it is added and when it is changed."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.generated.currencies import ACTIVE_CURRENCIES
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.selector import (
    BooleanSelector,
    DateSelector,
    DeviceSelector,
    DeviceSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
import voluptuous as vol

from ..choices import one
from ..cloud.manual import REGION, ManualPlan, ManualPlanError
from ..plan import Channel, Term, channels_sold_in
from ..words import spoken_term
from .plans import is_among, typed_plans

CONF_MORE: Final = "more"

# The usual ones; any other can be typed.
_TERMS: Final = (*map(Term.months, (1, 3, 6, 12)), Term.days(30))
_RENEWS: Final = ["yes", "no", "unknown"]
_RENEWS_MISSING: Final = "renews_missing"
_PLAN_EXISTS: Final = "plan_exists"

_MONEY: Final = NumberSelectorConfig(min=0, step="any", mode=NumberSelectorMode.BOX)
# Fields whose own place an error can be shown at; those of a folded section cannot.
_OPEN_FIELDS: Final = ("name", "ends_on", "term", "renews", "price", "currency")


class PlanForm:
    """One filling in of the form: what it shows, and what becomes of it."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry | None, changed: str | None = None
    ) -> None:
        """Take the local account, once there is one, and the plan that is changed."""
        self._hass = hass
        self._others = typed_plans(entry) if entry else {}
        self._shown: Mapping[str, Any] = {}
        if changed is not None and (plan := self._others.pop(changed, None)):
            term = spoken_term(hass, plan.term)
            self._shown = plan.as_dict() | {"renews": _word(plan.renews), "term": term}

    def take(self, user_input: Mapping[str, Any]) -> ManualPlan | dict[str, str]:
        """Return the plan that was typed in, or what is wrong with it, by field."""
        values = {key: value for key, value in user_input.items() if key != CONF_MORE}
        self._shown = values | user_input.get(CONF_MORE, {})
        try:
            plan = ManualPlan.parse(
                {**self._shown, "name": self._shown.get("name") or self._device_name()}
            )
        except ManualPlanError as err:
            return {err.field if err.field in _OPEN_FIELDS else "base": err.flaw.value}
        if not self._shown.get("renews"):
            return {"renews": _RENEWS_MISSING}  # "I don't know" is an answer, too
        if is_among(plan, self._others.values()):
            return {"name": _PLAN_EXISTS}
        return plan

    def _device_name(self) -> str | None:
        """Return what the chosen device is called."""
        device = dr.async_get(self._hass).async_get(self._shown.get("attached_to", ""))
        return (device.name_by_user or device.name) if device else None

    def schema(self) -> vol.Schema:
        """Return the fields: the four that suffice and the price open, the rest folded.

        None is required for the frontend, which would fill those in with what comes first:
        today, a month, and that it renews.
        """
        currency = self._shown.get("currency", self._hass.config.currency)
        return vol.Schema(
            {
                self._optional("name"): TextSelector(),
                self._optional("ends_on"): DateSelector(),
                self._optional("term"): SelectSelector(
                    SelectSelectorConfig(
                        # What is chosen is shown as it is sent: in words, therefore.
                        options=[spoken_term(self._hass, term) for term in _TERMS],
                        mode=SelectSelectorMode.DROPDOWN,
                        custom_value=True,
                    )
                ),
                self._optional("renews"): one(_RENEWS, "renews"),
                self._optional("price"): NumberSelector(_MONEY),
                vol.Optional("currency", default=currency): _currencies(currency),
                vol.Required(CONF_MORE): section(self._folded(), {"collapsed": True}),
            }
        )

    def _folded(self) -> vol.Schema:
        sellers = [*channels_sold_in(REGION), Channel.SELLER_UNKNOWN]
        fields: dict[str, Selector[Any]] = {
            "brand": TextSelector(),
            "billed_by": SelectSelector(
                SelectSelectorConfig(
                    options=[channel.value for channel in sellers],
                    translation_key="billed_by",
                    mode=SelectSelectorMode.DROPDOWN,
                )
            ),
            "trial": BooleanSelector(),
            "starts_on": DateSelector(),
            "regular_price": NumberSelector(_MONEY),
            "price_from": DateSelector(),
            "notice_days": _days(0, 365),
            "billing_day": _days(1, 31),
            "attached_to": DeviceSelector(DeviceSelectorConfig(entity=[{"domain": "camera"}])),
        }
        return vol.Schema({self._optional(name): field for name, field in fields.items()})

    def _optional(self, name: str) -> vol.Optional:
        return vol.Optional(name, description={"suggested_value": self._suggested(name)})

    def _suggested(self, name: str) -> object:
        value = self._shown.get(name)
        # Amounts are kept as text, to the last digit; the field wants a number.
        return float(value) if name in {"price", "regular_price"} and value else value


def _word(renews: bool | None) -> str:  # noqa: FBT001 - it is the owner's answer
    if renews is None:
        return "unknown"
    return "yes" if renews else "no"


def _days(least: int, most: int) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(min=least, max=most, step=1, mode=NumberSelectorMode.BOX)
    )


def _currencies(chosen: str) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=sorted(ACTIVE_CURRENCIES | {chosen}), mode=SelectSelectorMode.DROPDOWN
        )
    )
