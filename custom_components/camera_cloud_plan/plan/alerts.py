"""When an owner hears of a coming charge or of a plan's end, and that it is heard once.

One camera's plan at a time. A cycle is one term, known by its end. Its stages (`rules`)
count back from the deadline to cancel; each is due at the last digest before its day, so
that a day's stages make one digest. From then on:

- What is due is told at the next moment outside quiet hours, or at once where the charge
  may come before they end; never from the earliest charge on.
- Of several stages that are due at once, the one nearest to the charge is told, and the
  others count as passed: when a plan is seen for the first time, or after days without us.
- A stage that was reached is behind for good, whatever the clock, the zone, the habits,
  the rules or the deadline do: within a cycle stages only ever come nearer.
- A stage from before the charge was the next one does not exist; the last always does.
- A plan that does not renew has a word about its end instead, unless it was switched off
  when there was no time for that any more.
- What is kept, or told elsewhere (`muted`), reaches its stages in silence; a kept plan has
  one line at the first of them.

`due` says what is to be told and how the memory is once it was. Who tells writes it down
after telling: a crash in between makes it told twice, never not at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import islice
from typing import Final, Self

from .charge import ChargeExpectation, ChargeKind
from .reading import Service
from .rules import StageKind, rules_for, stages
from .schedule import cycle_of, is_same_cycle
from .view import PlanView

_DAY: Final = timedelta(days=1)
_WITHOUT_A_PLAN: Final = (Service.EXPIRED, Service.NEVER_BOUGHT)

# How many terms of one plan are remembered: an old end that is read once more is no news.
_REMEMBERED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """When an owner wants to hear: the daily digest and quiet hours, by their wall clock.

    Without quiet hours both are `None` (or the same). They may go through midnight. A
    digest that falls into them comes when they end.
    """

    digest_at: time
    quiet_from: time | None
    quiet_until: time | None
    zone: tzinfo

    def digest_on(self, day: date) -> datetime:
        """Return the moment (UTC) of a day's digest."""
        return self.not_quiet_from(self._at(day, self.digest_at))

    def last_digest(self, moment: datetime) -> datetime:
        """Return the last digest at or before a moment (both UTC)."""
        day = self._day(moment)
        while (digest := self.digest_on(day)) > moment:
            day -= _DAY
        return digest

    def digest_of_tomorrow(self, moment: datetime) -> datetime:
        """Return the first digest (UTC) on a later day than a moment's."""
        day = self._day(moment)
        # Quiet hours may have put today's off until tomorrow.
        digest = self.digest_on(day)
        return digest if self._day(digest) > day else self.digest_on(day + _DAY)

    def not_quiet_from(self, moment: datetime) -> datetime:
        """Return the first moment (UTC) outside quiet hours, at or after one."""
        while (ends := self._quiet_until(moment)) is not None:
            moment = ends
        return moment

    def _quiet_until(self, moment: datetime) -> datetime | None:
        if self.quiet_from is None or self.quiet_until is None:
            return None
        through_midnight = self.quiet_until < self.quiet_from
        for day in (self._day(moment) - _DAY, self._day(moment)):
            begins = self._at(day, self.quiet_from)
            ends = self._at(day + _DAY if through_midnight else day, self.quiet_until)
            if begins <= moment < ends:
                return ends
        return None

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _at(self, day: date, wall: time) -> datetime:
        """Return a day's moment: forward with the clock in a gap, the first of two."""
        return datetime.combine(day, wall, tzinfo=self.zone).astimezone(UTC)


class Keep(StrEnum):
    """What an owner wants to keep, and so not to hear about: this term, or the plan."""

    CHARGE = "charge"
    PLAN = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """What was told of one term.

    `ends_at` is its end as last seen. `reached` is the stage that was told or passed last,
    in days. `renewing` is whether a charge was expected when it was last looked at, and
    `end_told` whether the word about its end was told or passed.
    """

    ends_at: datetime
    reached: int | None = None
    renewing: bool = True
    end_told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMemory:
    """What is remembered of one camera's plan, so that nothing is told twice.

    `cycles` are by the name that alerts give them. `kept_cycle` is the one that `keep` is
    for (`Keep.CHARGE`), `snoozed_cycle` the one that shall be told again at the first
    digest on a later day than `snoozed_at` (UTC).
    """

    cycles: Mapping[str, Cycle] = field(default_factory=dict)
    keep: Keep | None = None
    kept_cycle: str | None = None
    snoozed_cycle: str | None = None
    snoozed_at: datetime | None = None

    def cycle_of(self, charge: ChargeExpectation) -> str:
        """Return the name of the cycle that a charge ends, as alerts about it have it."""
        return self._known(charge.term_ends_at, typed=charge.typed) or cycle_of(charge)

    def charge_kept(self, cycle: str) -> Self:
        """Return it with an owner's wish not to hear of a cycle; it ends with that one."""
        return replace(self._awake(), keep=Keep.CHARGE, kept_cycle=cycle)

    def plan_kept(self) -> Self:
        """Return it with an owner's wish to keep the plan; it stays through renewals."""
        return replace(self._awake(), keep=Keep.PLAN, kept_cycle=None)

    def unkept(self) -> Self:
        """Return it without such a wish: the stages that are left are told again."""
        return replace(self, keep=None, kept_cycle=None)

    def snoozed(self, cycle: str, now: datetime) -> Self:
        """Return it with an owner's wish to hear of a cycle again tomorrow."""
        return replace(self, snoozed_cycle=cycle, snoozed_at=now)

    def is_kept(self, cycle: str) -> bool:
        """Return whether a cycle is not to be told of."""
        return self.keep is Keep.PLAN or (self.keep is Keep.CHARGE and self.kept_cycle == cycle)

    def _awake(self) -> Self:
        return replace(self, snoozed_cycle=None, snoozed_at=None)

    def _known(self, ends_at: datetime, *, typed: bool) -> str | None:
        known = {
            abs(cycle.ends_at - ends_at): name
            for name, cycle in self.cycles.items()
            if is_same_cycle(cycle.ends_at, ends_at, typed=typed)
        }
        return known[min(known)] if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to be told of a plan.

    `cycle` names the term it is about, and `stage_days` its stage. `charge` is the charge to
    come, `None` where the plan ends (`ends_at`, UTC). `kept`: only a line that it is kept.
    `again`: it was told before and asked for once more. `rules` are what the region's rules
    say at this stage.
    """

    cycle: str
    kind: StageKind
    stage_days: int
    ends_at: datetime
    charge: ChargeExpectation | None
    kept: bool = False
    again: bool = False
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    """What is ahead of a plan: the charge or the end, its deadline and the stages before."""

    kind: StageKind
    charge: ChargeExpectation | None
    ends_at: datetime
    stages: tuple[int, ...]
    typed: bool

    @property
    def deadline(self) -> datetime:
        return self.charge.deadline if self.charge else self.ends_at

    @property
    def too_late(self) -> datetime:
        """From when on there is nothing to be told any more."""
        return self.charge.earliest if self.charge else self.ends_at

    def comes_before(self, moment: datetime) -> bool:
        """Return whether a charge may come before it, so that quiet hours do not count."""
        return self.charge is not None and self.charge.earliest <= moment

    def digest_for(self, stage: int, habits: Habits) -> datetime:
        """Return the digest at which a stage is due."""
        return habits.last_digest(self.deadline - stage * _DAY)


def due(
    memory: AlertMemory,
    view: PlanView,
    region: str,
    habits: Habits,
    now: datetime,
    *,
    muted: bool = False,
) -> tuple[AlertMemory, Alert | None]:
    """Return what is to be told of a plan at a moment (UTC), and the memory once it was.

    `region` is whose rules hold. `muted`: the plan is told about elsewhere, as by its
    cancellation. The memory may change where there is nothing to tell, too.
    """
    expected = _expected(view, region)
    if expected is None:
        return _without_lapsed_keep(memory, view), None
    memory, name = _looked_at(memory, expected, habits, now)
    cycle = memory.cycles[name]
    stage = min(_stages_due(cycle, expected, habits, now), default=None)
    again = _snoozed_until(memory, name, expected, habits, now)
    is_again = again is not None and again <= now
    if (stage is None and not is_again) or not _may_tell(expected, habits, now):
        return memory, None
    told = _with(memory, name, _reached(cycle, expected, stage))
    if is_again or muted:
        told = told._awake()  # noqa: SLF001 - its own
    if muted:
        return told, None
    kept = memory.is_kept(name)
    if kept and (expected.charge is None or cycle.reached is not None):
        return told, None
    days = stage if stage is not None else (cycle.reached or expected.stages[-1])
    alert = Alert(
        cycle=name,
        kind=expected.kind,
        stage_days=days,
        ends_at=expected.ends_at,
        charge=expected.charge,
        kept=kept,
        again=stage is None,
        rules=rules_for(region, expected.kind, days, now.astimezone(habits.zone).date()),
    )
    return told, alert


def next_moment(
    memory: AlertMemory, view: PlanView, region: str, habits: Habits, now: datetime
) -> datetime | None:
    """Return when `due` is to be asked next (UTC); `None` where nothing is ahead.

    Not before `now`. Until then there is nothing that it would tell or pass.
    """
    expected = _expected(view, region)
    if expected is None:
        return None
    memory, name = _looked_at(memory, expected, habits, now)
    cycle = memory.cycles[name]
    # Of the stages the first comes first.
    moments = [
        expected.digest_for(stage, habits) for stage in islice(_stages_ahead(cycle, expected), 1)
    ]
    if again := _snoozed_until(memory, name, expected, habits, now):
        moments.append(again)
    first = max(min(moments, default=expected.too_late), now)
    if first >= expected.too_late:
        return None
    after_quiet = habits.not_quiet_from(first)
    return first if expected.comes_before(after_quiet) else after_quiet


def tomorrow(charge: ChargeExpectation, habits: Habits, now: datetime) -> datetime | None:
    """Return when a charge that is put off until tomorrow is told again (UTC).

    `None` where it may come before: then there is no putting it off.
    """
    again = habits.digest_of_tomorrow(now)
    return again if again < charge.earliest else None


def _expected(view: PlanView, region: str) -> _Expected | None:
    charge, ends_at = view.charge, view.reading.ends_at
    if not view.is_active or ends_at is None:
        return None
    if charge is None:
        # It runs and has an end: only what does not renew has no charge then.
        kind, deadline = StageKind.ENDING, ends_at
    else:
        kind, deadline, ends_at = _kind(view, charge), charge.deadline, charge.term_ends_at
    all_stages = stages(region, kind)
    since = view.ahead_since
    return _Expected(
        kind=kind,
        charge=charge,
        ends_at=ends_at,
        stages=tuple(
            stage
            for stage in all_stages
            if stage == all_stages[-1] or since is None or deadline - stage * _DAY >= since
        ),
        typed=view.reading.typed,
    )


def _kind(view: PlanView, charge: ChargeExpectation) -> StageKind:
    if charge.kind is ChargeKind.TRIAL_TURNS_PAID:
        return StageKind.TRIAL
    return StageKind.YEARLY if view.term and view.term.is_long else StageKind.MONTHLY


def _looked_at(
    memory: AlertMemory, expected: _Expected, habits: Habits, now: datetime
) -> tuple[AlertMemory, str]:
    """Return the memory with the cycle that is expected, and that one's name."""
    known = memory._known(expected.ends_at, typed=expected.typed)  # noqa: SLF001 - its own
    name = known or expected.ends_at.isoformat()
    cycle = memory.cycles.get(name)
    renewing = expected.charge is not None
    if cycle is None:
        cycle = Cycle(ends_at=expected.ends_at, renewing=renewing)
    elif cycle.renewing and not renewing:
        # Whoever switches it off when it is about to end knows that it does.
        late = expected.digest_for(expected.stages[-1], habits) <= now
        cycle = replace(cycle, end_told=cycle.end_told or late)
    cycle = replace(cycle, ends_at=expected.ends_at, renewing=renewing)
    return _with(memory, name, cycle), name


def _with(memory: AlertMemory, name: str, cycle: Cycle) -> AlertMemory:
    cycles = {**memory.cycles, name: cycle}
    by_end = sorted(cycles, key=lambda other: cycles[other].ends_at)
    remembered = {*by_end[-_REMEMBERED:], name}
    return replace(memory, cycles={other: cycles[other] for other in by_end if other in remembered})


def _without_lapsed_keep(memory: AlertMemory, view: PlanView) -> AlertMemory:
    """Return it without the wish to keep a plan that is gone, late payments considered."""
    ended = max((cycle.ends_at for cycle in memory.cycles.values()), default=None)
    if view.reading.service not in _WITHOUT_A_PLAN or (
        ended is not None and view.reading.read_at <= ended + view.rule.watched_after_end
    ):
        return memory
    return memory.unkept()


def _stages_ahead(cycle: Cycle, expected: _Expected) -> Iterator[int]:
    """Yield the stages that were not reached, the first to come first."""
    for stage in expected.stages:
        if expected.charge is None:
            if not cycle.end_told:
                yield stage
        elif cycle.reached is None or stage < cycle.reached:
            yield stage


def _stages_due(cycle: Cycle, expected: _Expected, habits: Habits, now: datetime) -> Iterator[int]:
    """Yield the stages that were not reached and are due."""
    for stage in _stages_ahead(cycle, expected):
        if expected.digest_for(stage, habits) > now:
            return
        yield stage


def _reached(cycle: Cycle, expected: _Expected, stage: int | None) -> Cycle:
    if stage is None:
        return cycle
    if expected.charge is None:
        return replace(cycle, end_told=True)
    return replace(cycle, reached=stage)


def _may_tell(expected: _Expected, habits: Habits, now: datetime) -> bool:
    if now >= expected.too_late:
        return False
    after_quiet = habits.not_quiet_from(now)
    return after_quiet == now or expected.comes_before(after_quiet)


def _snoozed_until(
    memory: AlertMemory, name: str, expected: _Expected, habits: Habits, now: datetime
) -> datetime | None:
    """Return when a cycle is to be told again; `None` where nobody asked for that."""
    if memory.snoozed_cycle != name or memory.snoozed_at is None or expected.charge is None:
        return None
    # A wish of later than now: the clock was set back.
    return habits.digest_of_tomorrow(min(memory.snoozed_at, now))
