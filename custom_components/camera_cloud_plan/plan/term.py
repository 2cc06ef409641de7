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

# Within so much of each other, two ends of a term are the same.
_SAME_DAY: Final = timedelta(days=1)


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
            months = local.year * _MONTHS_PER_YEAR + local.month - 1 + count
            year, month = divmod(months, _MONTHS_PER_YEAR)
            day = min(local.day, monthrange(year, month + 1)[1])
            wall = local.replace(year=year, month=month + 1, day=day, tzinfo=None)
        # The moment itself keeps its own pass of an hour that comes twice.
        fold = local.fold if not count else 0
        return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def term_between(starts_at: datetime, ends_at: datetime, zone: tzinfo) -> Term | None:
    """Return the term that runs from one moment to another; `None` where it is no usual one.

    Recognised are one, three, six and twelve months, to the day of a zone's calendar,
    counted from either side: from 28 February to 31 March is a month too.
    """
    for months in (1, 3, 6, 12):
        term = Term.months(months)
        if _close(term.after(starts_at, 1, zone), ends_at) or _close(
            term.after(ends_at, -1, zone), starts_at
        ):
            return term
    return None


def term_ends(
    term: Term, starts_at: datetime | None, ends_at: datetime, times: int, zone: tzinfo
) -> datetime:
    """Return the end (UTC) of the term that comes so many after one that ends at a moment.

    `times` may be negative. Counted from `starts_at`, where whole terms lead from there to
    the end, since its day of the month is the one that was agreed: what began on 31 January
    and ends on 28 February ends on 31 March next. Else from the end itself.
    """
    later = term.after(ends_at, times, zone)
    if starts_at is None or starts_at >= ends_at:
        return later
    count = _terms_between(term, starts_at, ends_at, zone)
    off_by = ends_at - term.after(starts_at, count, zone)
    if not count or abs(off_by) >= _SAME_DAY:
        return later
    return term.after(starts_at, count + times, zone) + off_by


def _terms_between(term: Term, starts_at: datetime, ends_at: datetime, zone: tzinfo) -> int:
    """Return how many whole terms come closest to leading from one moment to another."""
    if term.unit is TermUnit.DAY:
        return round((ends_at - starts_at) / timedelta(days=term.count))
    first, last = starts_at.astimezone(zone), ends_at.astimezone(zone)
    months = (last.year - first.year) * _MONTHS_PER_YEAR + last.month - first.month
    return round(months / term.count)


def _close(moment: datetime, other: datetime) -> bool:
    return abs(moment - other) < _SAME_DAY
