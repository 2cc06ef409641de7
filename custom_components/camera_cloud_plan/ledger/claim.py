"""What an owner says and does about a charge, put together from the rows that say so.

Everything a guide asks is a row, so that nothing is lost with a closed window, and the answers
are evidence like the rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from enum import StrEnum
from typing import Any, Final

from ..plan import CountsFrom, Route, follow_up
from ..plan.written import day_of
from .row import Entry, Kind

TAKEN_UP: Final = "claim"
"""Why a finding is dismissed that such a matter began with: it still stands."""
FOLLOW_UP: Final = "follow_up"
"""The name of the deadline that no rule sets: when to look whether an answer has come."""


class Step(StrEnum):
    """What is said about a charge, in the order in which it is asked."""

    BEGAN = "began"
    RENEWAL_WAS = "renewal_was"
    NOTICE = "notice"
    CHARGE = "charge"
    AMOUNT = "amount"
    WANT = "want"
    ACCEPTED = "accepted"
    CLOSED = "closed"


# What is answered before anything can be done.
QUESTIONS: Final = (Step.RENEWAL_WAS, Step.NOTICE, Step.CHARGE, Step.AMOUNT, Step.WANT)


@dataclass(slots=True, kw_only=True)
class Claim:
    """How far one matter of one camera is; moments in UTC.

    `first_paid`: whether it began in the term that a trial had turned into. `answers` are by
    step. `charged_on` is the day of the charge by the owner's word, `asked_of`
    the way by which the money was asked back last, at `asked_at`; `asked_ways` are all ways.
    """

    key: str
    camera: str
    began_at: datetime
    finding: str | None = None
    first_paid: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    charged_on: date | None = None
    asked_at: datetime | None = None
    asked_of: str | None = None
    accepted_at: datetime | None = None
    asked_ways: set[str] = field(default_factory=set)
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is left to be said or done."""
        return self.closed_at is None

    @property
    def next_question(self) -> Step | None:
        """What is asked next; `None` once all is answered."""
        return next((step for step in QUESTIONS if step not in self.answers), None)

    def deadlines(self, routes: Iterable[Route], zone: tzinfo) -> Iterator[tuple[str, datetime]]:
        """Yield by name what has to be done or answered until when (UTC), as far as is known.

        Days count by the zone's calendar. A charge of which only the day is known counts from
        the day's begin.
        """
        charged = datetime.combine(self.charged_on, time.min, zone) if self.charged_on else None
        answered_by_rule = False
        for route in routes:
            is_asked = route.key == self.asked_of
            begins = {
                CountsFrom.CHARGE: None if route.key in self.asked_ways else charged,
                CountsFrom.ASKED: self.asked_at if is_asked and not self.accepted_at else None,
                CountsFrom.ACCEPTED: self.accepted_at if is_asked else None,
            }
            for deadline in route.deadlines:
                if (begin := begins[deadline.counts_from]) is not None:
                    answered_by_rule |= is_asked
                    yield deadline.key, deadline.after(begin.astimezone(UTC), zone)
        if self.asked_at and not answered_by_rule:
            yield FOLLOW_UP, self.asked_at + follow_up()


class FirstPaidTerm:
    """Whether a plan is in the term that followed its trial, kept up with each of its rows."""

    def __init__(self) -> None:
        """Begin with no trial known."""
        self._since: datetime | None = None

    @property
    def runs(self) -> bool:
        """Whether a trial turned paid, and no other term has begun since."""
        return self._since is not None

    def heed(self, entry: Entry) -> None:
        """Take in what an entry of the plan's camera says."""
        match entry.kind, entry.facts:
            case Kind.PLAN_CHANGED, {"changes": {"trial": {"old": True}}}:
                self._since = entry.at
            case Kind.RENEWED, _ if self._since is not None and entry.at > self._since:
                # The end moves in the same reading in which the trial is over.
                self._since = None
            case Kind.PLAN_SEEN, _:
                self._since = None
            case _:
                pass


class Claims:
    """The matters of one account, kept up with each row that is written."""

    def __init__(self) -> None:
        """Begin without any."""
        # By camera, the latest of each.
        self._of: dict[str, Claim] = {}
        self._first_paid: defaultdict[str, FirstPaidTerm] = defaultdict(FirstPaidTerm)

    def of(self, camera: str) -> Claim | None:
        """Return a camera's open matter, by the camera's key; `None` where there is none."""
        claim = self._of.get(camera)
        return claim if claim and claim.is_open else None

    def open(self) -> tuple[Claim, ...]:
        """Return all that are open, the oldest first."""
        found = (claim for claim in self._of.values() if claim.is_open)
        return tuple(sorted(found, key=lambda claim: claim.began_at))

    def heed(self, entry: Entry) -> None:
        """Take in what an entry says, as far as it is about such a matter."""
        if entry.camera is None:
            return
        self._first_paid[entry.camera].heed(entry)
        if not isinstance(key := entry.facts.get("claim"), str):
            return
        if entry.facts.get("step") == Step.BEGAN:
            finding = entry.facts.get("finding")
            self._of[entry.camera] = Claim(
                key=key,
                camera=entry.camera,
                began_at=entry.at,
                finding=finding if isinstance(finding, str) else None,
                first_paid=self._first_paid[entry.camera].runs,
            )
        elif (claim := self._of.get(entry.camera)) and claim.key == key:
            _heed(claim, entry.kind, entry.at, entry.facts)


def _heed(claim: Claim, kind: Kind, at: datetime, facts: Mapping[str, Any]) -> None:
    match kind:
        case Kind.REFUND_ASKED:
            claim.asked_at, claim.asked_of = at, str(facts.get("to"))
            claim.asked_ways.add(claim.asked_of)
            # What was accepted before was by somebody else.
            claim.accepted_at = None
        case Kind.REFUND_RECEIVED:
            claim.closed_at = at
        case Kind.NOTICE:
            claim.answers[Step.NOTICE] = "yes"
        case Kind.CHARGE:
            claim.charged_on = _day(facts.get("on")) or claim.charged_on
            claim.answers[Step.CHARGE] = "noted"
        case Kind.COMPLAINT:
            _heed_step(claim, at, facts)
        case _:
            pass


def _heed_step(claim: Claim, at: datetime, facts: Mapping[str, Any]) -> None:
    step = facts.get("step")
    if step == Step.ACCEPTED:
        claim.accepted_at = at
    elif step == Step.CLOSED:
        claim.closed_at = at
    elif step in QUESTIONS:
        claim.answers[step] = str(facts.get("answer"))
        claim.charged_on = _day(facts.get("on")) or claim.charged_on


def _day(fact: object) -> date | None:
    return day_of(fact) if isinstance(fact, str) else None
