"""What plans cost by their owner's word: the option, by plan name, as tariffs of the plan model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
import logging
import re
from typing import Any, Final

from .plan import Money, PlanReading, PriceSource, Tariff, Term

_LOGGER = logging.getLogger(__name__)

# What the option holds of a plan; every field may be absent. Prices are text, so that none is
# rounded; `price_from` is a day of the calendar by which the plan is billed.
CONF_PRICE: Final = "price"
CONF_CURRENCY: Final = "currency"
CONF_TERM_MONTHS: Final = "term_months"
CONF_REGULAR_PRICE: Final = "regular_price"
CONF_PRICE_FROM: Final = "price_from"
CONF_BILLING_DAY: Final = "billing_day"
CONF_COVERS_ALL: Final = "covers_all"

_LONGEST_TERM: Final = 120
_LAST_DAY: Final = 31
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class _Said:
    """What the owner said of a plan; the promotion ends on a day, in no zone yet."""

    tariff: Tariff
    price_from: date | None

    def in_zone(self, zone: tzinfo) -> Tariff:
        if self.price_from is None:
            return self.tariff
        begins = datetime.combine(self.price_from, time.min, tzinfo=zone)
        return replace(self.tariff, price_from=begins.astimezone(UTC))


class OwnersTariffs:
    """The tariffs that an owner gave, by plan name."""

    def __init__(self, option: object) -> None:
        """Take the option; what cannot be used of it is logged and counts as not said."""
        self._said: dict[str, _Said] = {}
        if not isinstance(option, Mapping):
            _LOGGER.warning("The prices in the options cannot be used")
            return
        for name, row in option.items():
            try:
                self._said[name] = _parse(row)
            except (TypeError, ValueError) as err:
                _LOGGER.warning("The price of the plan %s is not used: %s", name, err)
        # One tariff for all cameras with a plan, rather than one each.
        self._in_zone = lru_cache(maxsize=None)(self._of)

    def _of(self, name: str, zone: tzinfo) -> Tariff:
        return self._said[name].in_zone(zone)

    def put_on(self, reading: PlanReading, zone: tzinfo) -> PlanReading:
        """Return a reading with what its owner says of its plan, billed by a zone's calendar.

        What the maker said goes before that, and a plan that is typed in brings its own.
        """
        own = reading.tariff
        if reading.typed or (own and own.source is not PriceSource.OWNER):
            return reading
        said = self._in_zone(reading.name, zone) if reading.name in self._said else None
        return reading if said == own else replace(reading, tariff=said)


def _parse(row: Any) -> _Said:
    """Return what one row says; raises `ValueError` or `TypeError` where it makes no sense."""
    if not isinstance(row, Mapping):
        raise TypeError("no fields")
    price = _money(row, CONF_PRICE)
    regular_price = _money(row, CONF_REGULAR_PRICE)
    term_months = _number(row, CONF_TERM_MONTHS, _LONGEST_TERM)
    price_from = row.get(CONF_PRICE_FROM)
    return _Said(
        Tariff(
            source=PriceSource.OWNER,
            price=price,
            term=Term.months(term_months) if term_months else None,
            regular_price=regular_price,
            billing_day=_number(row, CONF_BILLING_DAY, _LAST_DAY),
            covers_all=row.get(CONF_COVERS_ALL) is True,
        ),
        price_from=None if price_from is None else date.fromisoformat(price_from),
    )


def _money(row: Mapping[str, Any], field: str) -> Money | None:
    said = row.get(field)
    if said is None:
        return None
    currency = row.get(CONF_CURRENCY)
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        raise ValueError(f"{CONF_CURRENCY} is no code of three letters")
    try:
        amount = Decimal(said) if isinstance(said, str) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{field} is no amount")
    return Money(amount=amount, currency=currency)


def _number(row: Mapping[str, Any], field: str, most: int) -> int | None:
    said = row.get(field)
    if said is None:
        return None
    if isinstance(said, float) and said.is_integer():
        said = int(said)  # as a number selector gives it
    if type(said) is not int or not 1 <= said <= most:
        raise ValueError(f"{field} is not one of 1 to {most}")
    return said
