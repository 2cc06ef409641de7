"""What a plan costs and how it is billed, as far as the maker or the owner said so."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from .money import Money
from .term import Term

_MAX_DAY: Final = 31


class PriceSource(StrEnum):
    """Who said what a plan costs."""

    MAKER = "read_from_maker"
    OWNER = "said_by_owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What is known of a plan's price and billing; what was not said is `None`.

    `price` is for one term. `price_from` (UTC) is when a promotion ends: charges for terms
    that begin then or later cost `regular_price` (`None`: something else, not known what).
    `billing_day` is a fixed day of the month (1 to 31; the last day where a month is
    shorter) on which the seller charges, by the owner's word. `covers_all`: one plan, with
    one price, covers all cameras that have a plan of this name. `notice_days` is how long
    before a term ends it has to be cancelled at the latest.
    """

    source: PriceSource
    price: Money | None = None
    term: Term | None = None
    regular_price: Money | None = None
    price_from: datetime | None = None
    billing_day: int | None = None
    covers_all: bool = False
    notice_days: int = 0

    def price_at(self, moment: datetime) -> Money | None:
        """Return what a term costs that begins at a moment (UTC)."""
        if self.price_from is not None and moment >= self.price_from:
            return self.regular_price
        return self.price

    def rises_at(self, begins_at: datetime, before: datetime) -> bool:
        """Return whether a term is the first without the promotion that the one before had.

        `before` is when that one began, or any later moment in it.
        """
        return self.price_from is not None and before < self.price_from <= begins_at


def fixed_day_before(day: int, moment: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the last day of the month `day` that began by a moment (UTC): its begin and end.

    Both are UTC; the day is one of the zone's calendar.
    """
    local = moment.astimezone(zone).date()
    first = local.replace(day=1)
    while True:
        last_day = ((first + timedelta(days=_MAX_DAY)).replace(day=1) - timedelta(days=1)).day
        chosen = first.replace(day=min(day, last_day))
        if chosen <= local:
            break
        first = (first - timedelta(days=1)).replace(day=1)
    begins = datetime(chosen.year, chosen.month, chosen.day, tzinfo=zone)
    after = chosen + timedelta(days=1)
    ends = datetime(after.year, after.month, after.day, tzinfo=zone)
    return begins.astimezone(UTC), ends.astimezone(UTC)
