"""What stands on an account's calendar: charges, ends, deadlines and checks of all cameras.

Reckoned when it is asked for, in slices, and anew only for cameras of which something changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from ..casework.desk import Casework
from ..plan import (
    ChargeExpectation,
    ChargeKind,
    PlanView,
    Renewal,
    Wish,
    charges_ahead,
    plans_charged,
)
from ..proof.claims import ClaimDesk
from ..slices import Slices
from ..snapshot import AccountSnapshot, CameraPlan


class EventKind(StrEnum):
    """What an event is about."""

    RENEWAL = "renewal"
    TRIAL_TURNS_PAID = "trial_turns_paid"
    PRICE_CHANGES = "price_changes"
    PLAN_ENDS = "plan_ends"
    TRIAL_ENDS = "trial_ends"
    CANCEL_BY = "cancel_by"
    CHECK = "check"
    OFF_BY = "off_by"
    ASK_BY = "ask_by"
    ANSWER_DUE = "answer_due"


_OF_CHARGE: Final = {kind: EventKind(kind.value) for kind in ChargeKind}
# Until when money is asked back where a rule or a seller names a day; all others are answers.
_ASKED_BY: Final = frozenset({"google_48_hours", "eu_14_days"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaEvent:
    """One event: a window, or a moment where it ends when it begins (UTC).

    `plans` are the cameras that it is about, several where one plan covers them all. `cycle`
    tells it from others of its kind, and stays when its moments are corrected a little.
    `charge` is the one that it comes from, `ahead` how many terms that is after the running one,
    `deadline` the name of the one that it is about.
    """

    kind: EventKind
    plans: tuple[CameraPlan, ...]
    begins: datetime
    ends: datetime
    cycle: str
    charge: ChargeExpectation | None = None
    ahead: int = 0
    deadline: str | None = None

    @property
    def plan(self) -> CameraPlan:
        """The camera that it is about, or the first of them."""
        return self.plans[0]

    def touches(self, start: datetime, end: datetime) -> bool:
        """Return whether any of it lies in a span (UTC) that ends before `end`."""
        return self.begins < end and (self.ends > start or self.begins >= start)


class Account(Protocol):
    """What the agenda needs to know of an account."""

    data: AccountSnapshot
    casework: Casework
    claims: ClaimDesk


type _Deadlines = Sequence[tuple[str, datetime]]


@dataclass(frozen=True, slots=True)
class _Checks:
    """When an open cancellation is looked at next, and by when it should be confirmed."""

    opened_at: datetime
    check: datetime | None
    off_by: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the events of a camera were reckoned from."""

    plan: CameraPlan
    checks: _Checks | None
    deadlines: _Deadlines

    def is_same_as(self, other: _Seen) -> bool:
        """Return whether the same events come of it."""
        return (
            self.plan is other.plan
            and self.checks == other.checks
            and self.deadlines == other.deadlines
        )


class Agenda:
    """The events of one account, in order."""

    def __init__(self, account: Account) -> None:
        """Take the account; nothing is reckoned yet."""
        self._account = account
        self._of_camera: dict[str, tuple[_Seen, tuple[AgendaEvent, ...]]] = {}
        self._events: Sequence[AgendaEvent] = ()

    async def async_events(self) -> Sequence[AgendaEvent]:
        """Return all events by when they begin, those of the past too as long as they stand."""
        slices = Slices()
        cameras = self._account.data.cameras
        changed = self._of_camera.keys() != cameras.keys()
        reckoned = {}
        for camera_id, plan in cameras.items():
            before, seen = self._of_camera.get(camera_id), self._seen(camera_id, plan)
            if before is None or not before[0].is_same_as(seen):
                before = (seen, tuple(_events(seen)))
                changed = True
            reckoned[camera_id] = before
            await slices.pause_if_due()
        if changed:
            covered = _covered(cameras)
            in_order: list[tuple[datetime, datetime, int, AgendaEvent]] = []
            for camera_id, (_, events) in reckoned.items():
                for event in _joined(events, covered.get(camera_id)):
                    in_order.append((event.begins, event.ends, len(in_order), event))
                await slices.pause_if_due()
            in_order.sort()
            self._of_camera, self._events = reckoned, [event for *_, event in in_order]
        return self._events

    def _seen(self, camera_id: str, plan: CameraPlan) -> _Seen:
        return _Seen(
            plan=plan,
            checks=self._checks(camera_id),
            deadlines=self._account.claims.deadlines(camera_id),
        )

    def _checks(self, camera_id: str) -> _Checks | None:
        casework = self._account.casework
        case = casework.cases.get(camera_id)
        if case is None or not case.is_open or case.wish is not Wish.OFF:
            return None
        return _Checks(
            opened_at=case.opened_at,
            check=casework.next_check(camera_id),
            off_by=casework.next_escalation(camera_id),
        )


def _events(seen: _Seen) -> Iterator[AgendaEvent]:
    """Yield the events of one camera; of one that is shared with the account there are none."""
    plan, checks, view = seen.plan, seen.checks, seen.plan.view
    for name, until in seen.deadlines:
        yield AgendaEvent(
            kind=EventKind.ASK_BY if name in _ASKED_BY else EventKind.ANSWER_DUE,
            plans=(plan,),
            begins=until,
            ends=until,
            cycle=f"{name}:{until.date().isoformat()}",
            deadline=name,
        )
    if view is None or not plan.is_own:
        return
    if view.is_active:
        yield from _charges(plan, view)
        yield from _end(plan, view)
    # Of a plan that is typed in nobody is asked.
    if checks and not view.reading.typed:
        for kind, moment in ((EventKind.CHECK, checks.check), (EventKind.OFF_BY, checks.off_by)):
            if moment:
                yield AgendaEvent(
                    kind=kind,
                    plans=(plan,),
                    begins=moment,
                    ends=moment,
                    cycle=checks.opened_at.isoformat(),
                )


def _charges(plan: CameraPlan, view: PlanView) -> Iterator[AgendaEvent]:
    for ahead, charge in enumerate(charges_ahead(view)):
        event = AgendaEvent(
            kind=_OF_CHARGE[charge.kind],
            plans=(plan,),
            begins=charge.earliest,
            ends=charge.latest,
            cycle=_day(view, charge.term_ends_at),
            charge=charge,
            ahead=ahead,
        )
        yield event
        # Where the seller wants no notice, the window's own beginning is the deadline.
        if charge.deadline < charge.earliest:
            yield replace(
                event, kind=EventKind.CANCEL_BY, begins=charge.deadline, ends=charge.deadline
            )


def _end(plan: CameraPlan, view: PlanView) -> Iterator[AgendaEvent]:
    ends_at = view.reading.ends_at
    if ends_at is not None and view.renewal is Renewal.OFF:
        yield AgendaEvent(
            kind=EventKind.TRIAL_ENDS if view.reading.trial else EventKind.PLAN_ENDS,
            plans=(plan,),
            begins=ends_at,
            ends=ends_at,
            cycle=_day(view, ends_at),
        )


def _day(view: PlanView, moment: datetime) -> str:
    return moment.astimezone(view.zone).date().isoformat()


def _covered(cameras: Mapping[str, CameraPlan]) -> Mapping[str, tuple[CameraPlan, ...]]:
    """Return the cameras of which a plan covers several, by the id of each.

    All of them stand at the one that speaks for the plan, and none at the others.
    """
    joint = [
        view
        for plan in cameras.values()
        if plan.is_own and (view := plan.view) and (tariff := view.reading.tariff)
        if tariff.covers_all
    ]
    covered: dict[str, tuple[CameraPlan, ...]] = {}
    for view, camera_ids in plans_charged(joint):
        if len(camera_ids) > 1:
            covered |= dict.fromkeys(camera_ids, ())
            covered[view.camera.camera_id] = tuple(cameras[of] for of in camera_ids)
    return covered


def _joined(
    events: Iterable[AgendaEvent], covered: tuple[CameraPlan, ...] | None
) -> Iterator[AgendaEvent]:
    """Yield a camera's events; the charges of a plan that covers several only once."""
    for event in events:
        if covered is None or event.charge is None:
            yield event
        elif covered:
            yield replace(event, plans=covered)
