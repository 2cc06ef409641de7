"""How long a plan runs at a time, and when later terms end."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

# The Gregorian calendar's mean month, for terms that are counted in days.
_DAYS_PER_MONTH: Final = Decimal("30.436875")
_MONTHS_PER_YEAR: Final = 12


class TermUnit(StrEnum):
    """What a term is counted in."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The length of one term: calendar months, or days."""

    count: int
    unit: TermUnit = TermUnit.MONTH

    @classmethod
    def months(cls, count: int) -> Self:
        """Return a term of calendar months; a year has twelve."""
        return cls(count=count)

    @classmethod
    def days(cls, count: int) -> Self:
        """Return a term of days."""
        return cls(count=count, unit=TermUnit.DAY)

    @property
    def in_months(self) -> Decimal:
        """How many months it is long, by the calendar's mean for days."""
        if self.unit is TermUnit.MONTH:
            return Decimal(self.count)
        return self.count / _DAYS_PER_MONTH

    @property
    def is_long(self) -> bool:
        """Whether it is warned about as yearly plans are: half a year or more."""
        return self.in_months >= _MONTHS_PER_YEAR // 2

    def after(self, moment: datetime, times: int, zone: tzinfo) -> datetime:
        """Return the moment (UTC) so many terms after one (UTC), by a zone's calendar.

        Months are counted from the first moment, so that a day of the month that some
        months lack comes back in those that have it (31 Jan, 28 Feb, 31 Mar), and the time
        of day stays through daylight saving. A time that a day lacks moves forward with the
        clock; of one that it has twice, the first is meant. `times` may be negative.
        """
        local = moment.astimezone(zone)
        count = self.count * times
        if self.unit is TermUnit.DAY:
            wall = local.replace(tzinfo=None) + timedelta(days=count)
        else:
            year, month = divmod(local.year * _MONTHS_PER_YEAR + local.month - 1 + count, 12)
            day = min(local.day, monthrange(year, month + 1)[1])
            wall = local.replace(year=year, month=month + 1, day=day, tzinfo=None)
        # The moment itself keeps its own pass of an hour that comes twice.
        fold = local.fold if not count else 0
        return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def term_between(starts_at: datetime, ends_at: datetime, zone: tzinfo) -> Term | None:
    """Return the term that runs from one moment to another; `None` where it is no usual one.

    Recognised are one, three, six and twelve months, to the day of a zone's calendar.
    """
    for months in (1, 3, 6, 12):
        term = Term.months(months)
        if abs(term.after(starts_at, 1, zone) - ends_at) < timedelta(days=1):
            return term
    return None
