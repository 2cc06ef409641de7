"""What happens to plans over years, worked out day by day on a calendar.

Written to be told from the plan model: nothing here uses its terms, charges, stages or sums.
Wall clock times become moments by trying them out, terms end where counting days leads to,
digests and quiet hours are found by walking.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache, cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

# Hours that a charge may come ahead of a plan's end, by who bills.
LEADS = {"mi_pay": 72, "apple": 24, "google_play": 24, "outside_unknown": 72, "seller": 24}

# Days before the deadline: monthly, yearly, trial, ending.
STAGES = {
    "cn": {"monthly": (10, 5, 3, 1), "yearly": (30, 10, 5, 1), "trial": (5, 3, 1), "ending": (5,)},
    "de": {"monthly": (7, 3, 1), "yearly": (45, 31, 7), "trial": (7, 3, 1), "ending": (7,)},
    "us": {"monthly": (7, 3, 1), "yearly": (45, 15, 3), "trial": (21, 7, 3), "ending": (7,)},
    "*": {"monthly": (7, 3, 1), "yearly": (30, 7, 1), "trial": (7, 3, 1), "ending": (7,)},
}


@cache
def moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when clocks show a time first; for one they never show, when they would have."""
    offsets = [_offset(wall - DAY, zone), _offset(wall + DAY, zone)]
    tries = [(wall - offset).replace(tzinfo=UTC) for offset in offsets]
    shown = [utc for utc in tries if utc.astimezone(zone).replace(tzinfo=None) == wall]
    return min(shown, default=tries[0])


def _offset(wall: datetime, zone: ZoneInfo) -> timedelta:
    offset = wall.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def local(utc: datetime, zone: ZoneInfo) -> datetime:
    return utc.astimezone(zone).replace(tzinfo=None)


def is_last_of_month(day: date) -> bool:
    return (day + DAY).month != day.month


def is_billing_day(day: date, of_month: int) -> bool:
    """Return whether a day is the chosen one of its month, or the last of one too short."""
    return day.day == of_month or (is_last_of_month(day) and day.day < of_month)


@dataclass(frozen=True, kw_only=True)
class Window:
    """A charge to come, or with `ending` the end of a plan that does not renew."""

    begins: datetime
    ends: datetime
    earliest: datetime
    latest: datetime
    deadline: datetime
    kind: str
    ending: bool = False


@dataclass(kw_only=True)
class Plan:
    """A plan, how it truly runs, and what can be read of it.

    `months` or `days` is how long it runs at a time, from `start` (by the wall clock of
    where it is billed). `starts` is what is read as its start: of its first term, of the
    running one, or nothing. `says_term`: its owner said how long a term is.
    """

    name: str
    region: str
    channel: str
    zone: ZoneInfo
    start: str
    months: int = 0
    days: int = 0
    renews: bool | None = True
    trial_days: int = 0
    gap_days: int = 0
    starts: str = "term"
    says_term: bool = True
    price: str | None = None
    regular: str | None = None
    price_from: date | None = None
    billing_day: int | None = None
    notice: int = 0
    typed: bool = False
    covers: str | None = None
    charged_at: dict[int, datetime] = field(default_factory=dict)

    @cached_property
    def borders(self) -> list[datetime]:
        """Where terms begin and end, by the wall clock: each day is looked at."""
        start = datetime.fromisoformat(self.start)
        borders, day, months, counted = [start], start.date(), 0, 0
        if self.trial_days:
            borders.append(start + self.trial_days * DAY)
            day = borders[-1].date()
        of_month = day.day
        while day.year < 2034:
            day += DAY
            counted += 1
            months += day.day == 1
            full = counted == self.days if self.days else months == self.months
            if full and (self.days or is_billing_day(day, of_month)):
                borders.append(datetime.combine(day, start.time()))
                months = counted = 0
        return borders

    @cached_property
    def terms(self) -> list[tuple[datetime, datetime]]:
        """The terms as moments; between those of a plan that does not renew is a gap."""
        if not self.gap_days:
            ends = [moment(border, self.zone) for border in self.borders]
            return list(pairwise(ends))
        terms, begins = [], datetime.fromisoformat(self.start)
        while begins.year < 2031:
            ends_at = begins + self.days * DAY
            terms.append((moment(begins, self.zone), moment(ends_at, self.zone)))
            begins = ends_at + self.gap_days * DAY
        return terms

    @cached_property
    def windows(self) -> list[Window]:
        return [self._window(index) for index in range(len(self.terms))]

    def _window(self, index: int) -> Window:
        begins, ends = self.terms[index]
        if self.renews is False:
            return Window(
                begins=begins,
                ends=ends,
                earliest=ends,
                latest=ends,
                deadline=ends,
                kind="ending",
                ending=True,
            )
        earliest, latest = ends - timedelta(hours=LEADS[self.channel]), ends
        if self.typed:
            earliest -= timedelta(hours=23, minutes=59, seconds=59)  # of a day, its first second
        is_trial = bool(self.trial_days) and not index
        if self.billing_day and not is_trial:
            day = local(ends, self.zone).date()
            while not is_billing_day(day, self.billing_day):
                day -= DAY
            earliest = moment(datetime.combine(day, time()), self.zone)
            latest = min(ends, moment(datetime.combine(day + DAY, time()), self.zone))
        kind = "renewal"
        if is_trial:
            kind = "trial_turns_paid"
        elif self.price_at(begins) != self.price_at(ends):
            kind = "price_changes"
        return Window(
            begins=begins,
            ends=ends,
            earliest=earliest,
            latest=latest,
            deadline=min(earliest, ends - self.notice * DAY),
            kind=kind,
        )

    def price_at(self, utc: datetime) -> str | None:
        rises = self.price_from and local(utc, self.zone).date() >= self.price_from
        return self.regular if rises else self.price

    def running(self, read_at: datetime) -> int | None:
        """Return which term is read as the running one; `None` where none runs."""
        if self.renews is False:
            return next(
                (n for n, (begins, ends) in enumerate(self.terms) if begins <= read_at < ends), None
            )
        if read_at < self.terms[0][0]:
            return None
        for index, window in enumerate(self.windows):
            over = window.ends if self.typed else self.charged_at[index]
            if read_at < over:
                return index
        raise AssertionError("the calendar is too short")

    def due_next(self, read_at: datetime) -> int | None:
        """Return after which term the next charge comes, as far as can be known."""
        index = self.running(read_at)
        if self.typed and index is not None and read_at >= self.windows[index].latest:
            return index + 1
        return index

    def knows_term(self, index: int) -> bool:
        is_trial = bool(self.trial_days) and not index
        return self.says_term or (self.starts == "term" and not is_trial)

    def ahead(self, index: int) -> Iterator[Window]:
        """Yield the charges that can be known of, with the next one after a term."""
        if self.renews is not False:
            known = len(self.windows) if self.knows_term(index) else index + 1
            yield from self.windows[index:known]

    def stages(self, index: int) -> tuple[int, ...]:
        window = self.windows[index]
        kind = "yearly" if self.knows_term(index) and self.months >= 6 else "monthly"
        if window.ending or window.kind == "trial_turns_paid":
            kind = "ending" if window.ending else "trial"
        stages = STAGES[self.region][kind]
        if not self.knows_term(index) and self.starts == "none":
            return stages
        since = self.windows[index - 1].latest if index and self.renews is not False else None
        fit = [days for days in stages if window.deadline - days * DAY >= (since or window.begins)]
        return tuple(fit) or stages[-1:]

    @property
    def per_month(self) -> Fraction:
        if self.months:
            return Fraction(1, self.months)
        return Fraction("30.436875") / self.days


@dataclass(frozen=True, kw_only=True)
class Diary:
    """When an owner is told: at the digest, and never at night."""

    zone: ZoneInfo
    digest: time
    night: tuple[time, time] | None = None

    def is_quiet(self, utc: datetime) -> bool:
        if self.night is None:
            return False
        since, until = self.night
        wall = local(utc, self.zone).time()
        return since <= wall < until if since < until else wall >= since or wall < until

    def morning(self, utc: datetime) -> datetime:
        """Return when it is not quiet any more: by steps as small as quiet hours are set."""
        if self.is_quiet(utc):
            utc = utc.replace(second=0, microsecond=0)
        while self.is_quiet(utc):
            utc += MINUTE
        return utc

    @cache  # noqa: B019 - lives as long as the test
    def digest_of(self, day: date) -> datetime:
        return self.morning(moment(datetime.combine(day, self.digest), self.zone))

    def digest_before(self, utc: datetime) -> datetime:
        """Return the last digest by a moment."""
        day = local(utc, self.zone).date()
        digests = [self.digest_of(day + offset * DAY) for offset in (-2, -1, 0, 1)]
        return max(digest for digest in digests if digest <= utc)


def same_day_later(utc: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return the same time of the same day so many months later, or of the last day."""
    wall = local(utc, zone)
    day, crossed = wall.date(), 0
    while crossed < months or not is_billing_day(day, wall.day):
        day += DAY
        crossed += day.day == 1
    return moment(datetime.combine(day, wall.time()), zone)
