"""What the rows say of one camera, by subject, for whoever looks for something in them.

Rows come in the order in which they were written, which is not always that in which things
happened: a charge of last month may be typed in today.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final

from ...plan import Money, Term
from ...plan.term import TermUnit
from ..row import Json, Kind, Row

_DAYS_PER_MONTH: Final = 30.436875
_UNITS: Final = frozenset(TermUnit)
# What is further off was not meant, and leaves no room to reckon with.
YEARS: Final = range(1970, 9000)
_LONGEST_TERM: Final = 1200
_LONGEST_KEPT: Final = 36500
_LEARNT: Final = frozenset({"plan", "term", "retention_days"})
# An end that was a mistake is put right by then, and a flag that slipped.
PUT_RIGHT: Final = timedelta(hours=36)
# What a bank adds for itself, of the amount.
_BANKS_SHARE: Final = Decimal("0.1")
# An end that moves by less is a correction.
_CORRECTION: Final = timedelta(hours=12)
NEW_PLAN: Final = frozenset({"plan", "term", "trial", "service", "retention_days"})
"""Facts of which each says that another plan runs, if it changes."""


@cache
def _length(count: int, unit: str) -> timedelta:
    return timedelta(days=float(Term(count=count, unit=TermUnit(unit)).in_months) * _DAYS_PER_MONTH)


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to another (UTC); the end is open as long as it is not known.

    `lost`: rows were written of it that are gone.
    """

    seq: int
    start: datetime
    end: datetime | None
    lost: bool = False

    def overlap(self, start: datetime, end: datetime) -> timedelta:
        """Return for how long of a time this was."""
        until = min(end, self.end) if self.end else end
        return max(timedelta(), until - max(start, self.start))


@dataclass(frozen=True, slots=True)
class Renewal:
    """An end that moved by a term, and when that was seen."""

    seq: int
    at: datetime
    old_end: datetime
    new_end: datetime

    @property
    def length(self) -> timedelta:
        """How much was added: from the old end, or from when it was seen if that was over."""
        return self.new_end - max(self.old_end, self.at)


@dataclass(frozen=True, slots=True)
class Flag:
    """What the maker said of auto-renewal before and after; `None` where it said nothing."""

    seq: int
    at: datetime
    old: bool | None
    new: bool | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a cancellation (wish `off`), or of switching on (wish `on`)."""

    seq: int
    at: datetime
    step: str
    wish: str
    facts: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Version:
    """All that was known of the plan from a reading on, and what was new in that."""

    seq: int
    at: datetime
    facts: Mapping[str, Json]
    changed: frozenset[str]

    @property
    def is_active(self) -> bool:
        """Whether a bought plan ran."""
        return self.facts.get("service") == "active"

    @property
    def is_trial(self) -> bool:
        """Whether it ran as a trial."""
        return self.facts.get("trial") is True

    @property
    def is_typed(self) -> bool:
        """Whether all of it is its owner's word."""
        return self.facts.get("typed") is True

    @property
    def ends_at(self) -> datetime | None:
        """When its term ends (UTC)."""
        return moment(self.facts.get("ends_at"))

    @property
    def term(self) -> timedelta | None:
        """How long a term is, by the calendar's mean month."""
        match self.facts.get("term"):
            case {"count": int(count), "unit": str(unit)} if (
                unit in _UNITS and 0 < count <= _LONGEST_TERM
            ):
                return _length(count, unit)
            case _:
                return None


@dataclass(frozen=True, slots=True, order=True)
class Paid:
    """Money that was taken by somebody's word: a charge, or a line of a bank's statement.

    `occurrence` names it whoever tells of it, too, later on: by the word that came first.
    """

    on: date
    seq: int
    at: datetime = field(compare=False)
    money: Money | None = field(compare=False)
    order: str | None = field(compare=False)
    kind: Kind = field(compare=False)
    occurrence: str = field(default="", compare=False)

    def is_same(self, other: Paid, within: timedelta) -> bool:
        """Return whether both may tell of one charge, in two tellings.

        A bank, a list with the seller's numbers and one without are tellings of their own;
        none of them tells of one charge twice. A bank may add what it takes for itself, or
        tell it in another currency.
        """
        if abs(self.on - other.on) > within:
            return False
        if self.order and other.order:
            return self.order == other.order
        if self.kind is not other.kind and self.money and other.money:
            return _is_about(self.money, other.money)
        return self.telling != other.telling and self.money == other.money

    @property
    def telling(self) -> tuple[Kind, bool]:
        """By whose kind of word it is known."""
        return self.kind, self.kind is Kind.CHARGE and self.order is not None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many recordings a maker listed of a time."""

    seq: int
    start: datetime
    end: datetime
    count: int


@dataclass(slots=True)
class CameraHistory:
    """What the rows say of one camera.

    `account_gaps` are when nobody looked at the whole account, `gaps` when this camera could
    not be read. `read_at` is when it was read last, of what changed something.
    """

    camera: str
    account_gaps: list[Span]
    gaps: list[Span] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    renewals: list[Renewal] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    silences: list[Span] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    refunds: list[date] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    left: list[Version] = field(default_factory=list)
    read_at: datetime | None = None
    _charges: list[Paid] | None = None

    def heed(self, row: Row) -> None:
        """Take a row of this camera in; what it does not know or cannot read tells nothing."""
        if take := _TAKES.get(row.kind):
            take(self, row)
        if row.kind in _READ:
            self.read_at = max(self.read_at or row.at, row.at)

    # --- What is looked up ---

    def as_of(self, seq: int) -> Version | None:
        """Return what was known of the plan when a row was written."""
        place = bisect_right(self.versions, seq, key=lambda known: known.seq)
        return self.versions[place - 1] if place else None

    def before(self, seq: int) -> Version | None:
        """Return what was known of the plan before the row of that number."""
        return self.as_of(seq - 1)

    def at(self, moment: datetime) -> Version | None:
        """Return what was known of the plan at a moment (UTC)."""
        place = bisect_right(self.versions, moment, key=lambda known: known.at)
        return self.versions[place - 1] if place else None

    def since(self, known: Version) -> list[Version]:
        """Return what was known anew after something else was."""
        return self.versions[bisect_right(self.versions, known.seq, key=lambda one: one.seq) :]

    def between(self, start: datetime, end: datetime) -> list[Version]:
        """Return what was known anew from one moment to another (UTC), both among them."""
        first = bisect_left(self.versions, start, key=lambda known: known.at)
        return self.versions[first : bisect_right(self.versions, end, key=lambda known: known.at)]

    def changed(self, after: int, until: int, *facts: str) -> bool:
        """Return whether one of these facts changed in the rows between two numbers."""
        return any(
            not known.changed.isdisjoint(facts)
            for known in self.versions
            if after < known.seq <= until
        )

    def unseen(self, start: datetime, end: datetime) -> timedelta:
        """Return for how long of a time nobody looked."""
        unseen, until = timedelta(), start
        for gap in sorted((*self.account_gaps, *self.gaps), key=lambda gap: gap.start):
            unseen += gap.overlap(until, end)
            until = max(until, gap.end or end)
        return unseen

    def charges(self, within: timedelta) -> list[Paid]:
        """Return the charges by day, each once: what a shop and a bank both say is one.

        `within` is how far apart the days of two tellings may be. It is as the shop tells it,
        where it does.
        """
        if self._charges is None:
            groups: list[list[Paid]] = []
            for paid in self.paid:
                for tellings in groups[-4:]:
                    if all(paid.is_same(one, within) for one in tellings):
                        tellings.append(paid)
                        break
                else:
                    groups.append([paid])
            self._charges = sorted(_one_charge(tellings) for tellings in groups)
        return self._charges

    def lost(self, after: int, before: int) -> bool:
        """Return whether rows were lost between two that are there."""
        return any(gap.lost and after < gap.seq < before for gap in self.account_gaps)

    def is_taken_back(self, renewal: Renewal) -> bool:
        """Return whether the end that moved was put right soon after: it was a mistake."""
        known = self.at(renewal.at + PUT_RIGHT)
        end = known.ends_at if known and known.seq > renewal.seq else None
        return end is not None and end <= renewal.new_end - _CORRECTION

    def not_seen_since(self, moment: datetime) -> datetime:
        """Return since when it may have been what was seen at a moment (UTC)."""
        for gap in (*self.account_gaps, *self.gaps):
            if gap.start < moment and gap.end and gap.end >= moment:
                return gap.start
        return moment

    def seen_from(self, moment: datetime) -> datetime:
        """Return from when on it shows what was at a moment (UTC): then, or after a gap."""
        for gap in sorted((*self.account_gaps, *self.gaps), key=lambda gap: gap.start):
            if gap.start <= moment and gap.end and gap.end > moment:
                moment = gap.end
        return moment

    def last_step(self, wish: str, before: int, *, after: int = 0) -> Step | None:
        """Return the last step of a wish in the rows between two numbers."""
        return next(
            (
                step
                for step in reversed(self.steps)
                if step.wish == wish and after < step.seq < before
            ),
            None,
        )


def _take_plan(history: CameraHistory, row: Row) -> None:
    """Take in what is seen first, or first after the camera was away."""
    if history.gaps and history.gaps[-1].end is None:
        away = history.gaps.pop()
        history.gaps.append(replace(away, end=max(away.start, row.at)))
    if (flag := _flag(row.facts.get("renewal"))) is not None:
        history.flags.append(Flag(row.seq, row.at, old=flag, new=flag))
    _know(history, row, dict(row.facts), frozenset(row.facts))


def _know(
    history: CameraHistory, row: Row, facts: Mapping[str, Json], changed: frozenset[str]
) -> None:
    """Know the plan as a row says; a clock that was set back makes nothing earlier."""
    at = max(row.at, history.versions[-1].at) if history.versions else row.at
    history.versions.append(Version(row.seq, at, facts, changed))


def _take_changes(history: CameraHistory, row: Row) -> None:
    changes = row.facts.get("changes")
    if not isinstance(changes, Mapping) or not history.versions:
        return
    facts = dict(history.versions[-1].facts)
    for name, change in changes.items():
        facts.pop(name, None)
        if isinstance(change, Mapping) and "new" in change:
            facts[name] = change["new"]
    # What was only not known before, or is not any more, need not have changed.
    changed = {
        name
        for name, change in changes.items()
        if name not in _LEARNT or (isinstance(change, Mapping) and {"old", "new"} <= change.keys())
    }
    _know(history, row, facts, frozenset(changed))


def _take_renewal(history: CameraHistory, row: Row) -> None:
    old_end, new_end = moment(row.facts.get("old_end")), moment(row.facts.get("new_end"))
    if old_end and new_end:
        history.renewals.append(Renewal(row.seq, row.at, old_end, new_end))
        _learn(history, row, "ends_at", row.facts["new_end"])


def _take_flag(history: CameraHistory, row: Row) -> None:
    old, new = row.facts.get("old"), row.facts.get("new")
    history.flags.append(Flag(row.seq, row.at, _flag(old), _flag(new)))
    _learn(history, row, "renewal", new)


def _learn(history: CameraHistory, row: Row, name: str, value: Json) -> None:
    """Know one thing more of the plan, which a row of its own kind says."""
    if history.versions:
        facts = {**history.versions[-1].facts, name: value}
        if value is None:
            del facts[name]
        _know(history, row, facts, frozenset({name}))


def _take_step(history: CameraHistory, row: Row) -> None:
    step, wish = row.facts.get("step"), row.facts.get("wish")
    if isinstance(step, str) and isinstance(wish, str):
        history.steps.append(Step(row.seq, row.at, step, wish, row.facts))


def _take_offline(history: CameraHistory, row: Row) -> None:
    start = moment(row.facts.get("from")) or row.at
    _end_silence(history, start)
    history.silences.append(Span(row.seq, start, None))


def _take_online(history: CameraHistory, row: Row) -> None:
    _end_silence(history, moment(row.facts.get("to")) or row.at)


def _end_silence(history: CameraHistory, until: datetime) -> None:
    if history.silences and history.silences[-1].end is None:
        last = history.silences.pop()
        history.silences.append(Span(last.seq, last.start, until))


def _take_paid(history: CameraHistory, row: Row) -> None:
    history._charges = None  # noqa: SLF001 - of this module
    order = row.facts.get("order")
    insort(
        history.paid,
        Paid(
            on=_day(row.facts.get("on")) or row.at.date(),
            seq=row.seq,
            at=row.at,
            money=money(row.facts.get("money")),
            order=order if isinstance(order, str) else None,
            kind=row.kind,
        ),
    )


def _one_charge(tellings: list[Paid]) -> Paid:
    """Return what all tell of as the shop tells it, or else the bank."""
    first = min(tellings, key=lambda paid: paid.seq)
    told = min(tellings, key=lambda paid: paid.kind is Kind.BANK_LINE)
    return replace(told, occurrence=f"{first.on.isoformat()}:{first.seq}")


def _is_about(one: Money, other: Money) -> bool:
    """Return whether two amounts are as near to each other as a bank's own share is small."""
    if one.currency != other.currency:
        return True
    return abs(one.amount - other.amount) <= max(one.amount, other.amount) * _BANKS_SHARE


def _take_refund(history: CameraHistory, row: Row) -> None:
    insort(history.refunds, _day(row.facts.get("on")) or row.at.date())


def _take_gap(history: CameraHistory, row: Row) -> None:
    if gap := gap_of(row):
        history.gaps.append(gap)


def _take_counted(history: CameraHistory, row: Row) -> None:
    start, end = moment(row.facts.get("from")), moment(row.facts.get("to"))
    count = row.facts.get("count")
    known = history.as_of(row.seq)
    kept = known.facts.get("retention_days") if known else None
    if not isinstance(count, int) or not isinstance(kept, int):
        return
    if start and end and kept <= _LONGEST_KEPT:
        # What was older than that when it was listed had gone; it was there or not.
        start = max(start, row.at - timedelta(days=kept))
        if start >= end:
            return
        insort(history.counted, Counted(row.seq, start, end, count), key=lambda one: one.start)


def _take_left(history: CameraHistory, row: Row) -> None:
    _end_silence(history, row.at)
    if history.versions:
        known = history.versions[-1]
        facts = {**known.facts, **row.facts}
        history.left.append(Version(row.seq, row.at, facts, frozenset()))
        history.gaps.append(Span(row.seq, row.at, None))


_TAKES: Final[Mapping[Kind, Callable[[CameraHistory, Row], None]]] = {
    Kind.PLAN_SEEN: _take_plan,
    Kind.PLAN_CHANGED: _take_changes,
    Kind.RENEWED: _take_renewal,
    Kind.FLAG: _take_flag,
    Kind.CANCELLATION: _take_step,
    Kind.OFFLINE: _take_offline,
    Kind.ONLINE: _take_online,
    Kind.CHARGE: _take_paid,
    Kind.BANK_LINE: _take_paid,
    Kind.REFUND_RECEIVED: _take_refund,
    Kind.READING_GAP: _take_gap,
    Kind.RECORDINGS: _take_counted,
    Kind.CAMERA_LEFT: _take_left,
}


# What a reading of the camera brings.
_READ: Final = frozenset(
    {
        *(Kind.PLAN_SEEN, Kind.PLAN_CHANGED, Kind.RENEWED, Kind.FLAG),
        *(Kind.OFFLINE, Kind.ONLINE, Kind.CAMERA_LEFT),
    }
)


def gap_of(row: Row) -> Span | None:
    """Return the time in which nobody looked, by a row that says so."""
    start, end = moment(row.facts.get("from")), moment(row.facts.get("to"))
    return Span(row.seq, start, end or row.at) if start else None


def moment(value: Any) -> datetime | None:
    """Return a moment of a row (UTC), `None` for anything else."""
    try:
        read = datetime.fromisoformat(value)
    except TypeError, ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo and read.year in YEARS else None


def money(value: Any) -> Money | None:
    """Return an amount of a row, `None` for anything else."""
    match value:
        case {"amount": str(amount), "currency": str(currency)}:
            try:
                return Money(amount=Decimal(amount), currency=currency)
            except InvalidOperation, ValueError:
                return None
        case _:
            return None


def _day(value: Any) -> date | None:
    try:
        read = date.fromisoformat(value)
    except TypeError, ValueError:
        return None
    return read if read.year in YEARS else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
