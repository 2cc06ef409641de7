"""The fields of the options about charges: when people are told of them, and what plans cost.

What an option lacks has its default; what was emptied is kept as `None`.
"""

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import Any, Final

from homeassistant.data_entry_flow import section
from homeassistant.generated.currencies import ACTIVE_CURRENCIES
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import (
    BooleanSelector,
    DateSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TimeSelector,
)
import voluptuous as vol

from .choices import many, one
from .const import (
    CONF_ALERTS,
    CONF_CHARGE_LIMIT,
    CONF_DIGEST_AT,
    CONF_LIMIT_CURRENCY,
    CONF_MONTH_LIMIT,
    CONF_QUIET_FROM,
    CONF_QUIET_UNTIL,
    CONF_RULES,
    DEFAULT_DIGEST_AT,
    DEFAULT_QUIET_FROM,
    DEFAULT_QUIET_UNTIL,
)
from .plan import Limits, Money
from .plan.alerts import Keep
from .plan.rules import rule_regions
from .tariffs import (
    CONF_BILLING_DAY,
    CONF_COVERS_ALL,
    CONF_CURRENCY,
    CONF_PRICE,
    CONF_PRICE_FROM,
    CONF_REGULAR_PRICE,
    CONF_TERM_MONTHS,
)

# The rules of the region where a plan is billed, or of none.
RULES_AUTOMATIC: Final = "automatic"
RULES_NEUTRAL: Final = "neutral"

_LIMITS: Final = (CONF_CHARGE_LIMIT, CONF_MONTH_LIMIT)
_PRICES: Final = (CONF_PRICE, CONF_REGULAR_PRICE)
_MOST: Final = 1_000_000
_TERMS: Final = ("1", "3", "6", "12", "24")
_LAST_DAY: Final = 31

CONF_KEEP_PLAN: Final = "keep_plan"
CONF_KEEP_CHARGE: Final = "keep_charge"
_KEEPS: Final = {CONF_KEEP_PLAN: Keep.PLAN, CONF_KEEP_CHARGE: Keep.CHARGE}

# The fields that few plans need, folded away.
CONF_SPECIAL: Final = "special"

type Fields = dict[vol.Marker, object]


def alert_fields(said: Mapping[str, Any], currency: str) -> Fields:
    """Return the fields about telling, with what was said before; `currency` is the home's."""
    return {
        vol.Required(CONF_ALERTS, default=said.get(CONF_ALERTS, True)): BooleanSelector(),
        vol.Required(
            CONF_DIGEST_AT, default=said.get(CONF_DIGEST_AT, DEFAULT_DIGEST_AT)
        ): TimeSelector(),
        _shown(CONF_QUIET_FROM, said.get(CONF_QUIET_FROM, DEFAULT_QUIET_FROM)): TimeSelector(),
        _shown(CONF_QUIET_UNTIL, said.get(CONF_QUIET_UNTIL, DEFAULT_QUIET_UNTIL)): TimeSelector(),
        vol.Required(CONF_RULES, default=said.get(CONF_RULES, RULES_AUTOMATIC)): one(
            [
                RULES_AUTOMATIC,
                *(region for region in rule_regions() if region != "*"),
                RULES_NEUTRAL,
            ],
            CONF_RULES,
        ),
        **{_shown(limit, _number(said.get(limit))): _amount() for limit in _LIMITS},
        vol.Required(
            CONF_LIMIT_CURRENCY, default=said.get(CONF_LIMIT_CURRENCY) or currency
        ): _currency(),
    }


def limits_of(options: Mapping[str, Any]) -> Limits | None:
    """Return the limits that the options set; `None` where they set none."""
    currency = options.get(CONF_LIMIT_CURRENCY)
    per_charge, per_month = (
        Money(amount=Decimal(said), currency=currency) if said and currency else None
        for said in (options.get(limit) for limit in _LIMITS)
    )
    if per_charge is None and per_month is None:
        return None
    return Limits(per_charge=per_charge, per_month=per_month)


def alert_problem(typed: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return which field makes no sense and why; `None` where all do."""
    since, until = typed.get(CONF_QUIET_FROM), typed.get(CONF_QUIET_UNTIL)
    if (since is None) is not (until is None):
        return (CONF_QUIET_FROM if since is None else CONF_QUIET_UNTIL), "both_or_none"
    if since and until:
        at = cv.time(typed[CONF_DIGEST_AT])
        if _is_within(at, cv.time(since), cv.time(until)):
            return CONF_DIGEST_AT, "in_quiet_hours"
    return None


def alert_options(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed as options; amounts are text, so that none is rounded."""
    return {
        CONF_ALERTS: typed[CONF_ALERTS],
        CONF_DIGEST_AT: typed[CONF_DIGEST_AT],
        CONF_QUIET_FROM: typed.get(CONF_QUIET_FROM),
        CONF_QUIET_UNTIL: typed.get(CONF_QUIET_UNTIL),
        CONF_RULES: typed[CONF_RULES],
        CONF_LIMIT_CURRENCY: typed[CONF_LIMIT_CURRENCY],
        **{limit: _text(typed.get(limit)) for limit in _LIMITS},
    }


def price_fields(said: Mapping[str, Any], currency: str) -> Fields:
    """Return the fields about a plan's price, with what was said before."""
    special: Fields = {
        _shown(CONF_REGULAR_PRICE, _number(said.get(CONF_REGULAR_PRICE))): _amount(),
        _shown(CONF_PRICE_FROM, said.get(CONF_PRICE_FROM)): DateSelector(),
        _shown(CONF_BILLING_DAY, said.get(CONF_BILLING_DAY)): NumberSelector(
            NumberSelectorConfig(min=1, max=_LAST_DAY, step=1, mode=NumberSelectorMode.BOX)
        ),
        vol.Required(CONF_COVERS_ALL, default=said.get(CONF_COVERS_ALL, False)): BooleanSelector(),
    }
    term = said.get(CONF_TERM_MONTHS)
    terms = sorted({*_TERMS, *([str(term)] if term else [])}, key=int)
    uses_special = any(said.get(str(field)) for field in special)
    return {
        _shown(CONF_PRICE, _number(said.get(CONF_PRICE))): _amount(),
        vol.Required(CONF_CURRENCY, default=said.get(CONF_CURRENCY) or currency): _currency(),
        _shown(CONF_TERM_MONTHS, str(term) if term else None): SelectSelector(
            SelectSelectorConfig(
                options=terms, translation_key=CONF_TERM_MONTHS, mode=SelectSelectorMode.DROPDOWN
            )
        ),
        vol.Required(CONF_SPECIAL): section(vol.Schema(special), {"collapsed": not uses_special}),
    }


def price_problem(typed: Mapping[str, Any]) -> str | None:
    """Return why what was typed makes no sense; `None` where it does."""
    special = typed[CONF_SPECIAL]
    without_a_day = CONF_REGULAR_PRICE in special and CONF_PRICE_FROM not in special
    return "no_day" if without_a_day else None


def price_row(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed as `tariffs` reads it; empty where nothing was said."""
    flat = {**typed, **typed[CONF_SPECIAL]}
    row: dict[str, Any] = {price: _text(flat.get(price)) for price in _PRICES}
    row[CONF_PRICE_FROM] = flat.get(CONF_PRICE_FROM)
    for number in (CONF_TERM_MONTHS, CONF_BILLING_DAY):
        row[number] = int(flat[number]) if number in flat else None
    row[CONF_COVERS_ALL] = flat[CONF_COVERS_ALL] or None
    row = {field: value for field, value in row.items() if value is not None}
    return {**row, CONF_CURRENCY: typed[CONF_CURRENCY]} if row else {}


def kept_fields(kept: Mapping[str, Keep | None], names: Mapping[str, str]) -> Fields:
    """Return the fields to tick kept plans in; both are by camera id."""
    choices = [
        SelectOptionDict(value=camera_id, label=name)
        for camera_id, name in sorted(names.items(), key=lambda item: item[1].casefold())
    ]
    return {
        vol.Required(
            field, default=[choice["value"] for choice in choices if kept[choice["value"]] is keep]
        ): many(choices)
        for field, keep in _KEEPS.items()
    }


def kept_wishes(
    kept: Mapping[str, Keep | None], typed: Mapping[str, Any]
) -> dict[str, Keep | None]:
    """Return what was ticked, by camera id; for good goes before this time."""
    wishes: dict[str, Keep | None] = dict.fromkeys(kept)
    for field in reversed(_KEEPS):
        wishes |= dict.fromkeys(typed[field], _KEEPS[field])
    return wishes


def _is_within(at: time, since: time, until: time) -> bool:
    """Return whether a time of day lies in a span that may run over midnight."""
    if since <= until:
        return since <= at < until
    return at >= since or at < until


def _shown(name: str, value: object) -> vol.Optional:
    """Return a field that may be emptied, with what it shows at first."""
    return vol.Optional(name, description={"suggested_value": value})


def _amount() -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(min=0, max=_MOST, step=0.01, mode=NumberSelectorMode.BOX)
    )


def _currency() -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=sorted(ACTIVE_CURRENCIES), mode=SelectSelectorMode.DROPDOWN, sort=False
        )
    )


def _number(text: str | None) -> float | None:
    return float(text) if text else None


def _text(number: float | None) -> str | None:
    return None if number is None else f"{Decimal(str(number)):.2f}"
