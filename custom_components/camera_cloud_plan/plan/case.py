"""The case of one camera: a wish about its renewal, until the maker's word decides it.

Nearly always the wish is "off", a cancellation; "on" is the same machine in the other
direction, for someone who changed their mind before the plan's end. A case never asks the
maker for anything: it is told what was done and what was read, and says when to look next,
when to speak up, and when it is decided. All moments are UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from .activity import Activity
from .charge import ChargeExpectation
from .reading import Service
from .renewal import Renewal
from .view import PlanView

_HOUR: Final = timedelta(hours=1)

# When it is looked again after the wish and after each thing done about it. A change was
# reported to take 2 to 8 hours to show (rules_needs_and_peers 1.3, G5).
CHECKED_AFTER: Final = (timedelta(minutes=15), 2 * _HOUR, 8 * _HOUR, 24 * _HOUR, 72 * _HOUR)

# When it is looked at the latest before a charge may come.
CHECKED_BEFORE_CHARGE: Final = (24 * _HOUR, 6 * _HOUR, _HOUR)

# After so long without the maker's word it is said that the wish has had no effect.
GIVES_UP_AFTER: Final = CHECKED_AFTER[-1]

# How often that is said about one charge.
MOST_ESCALATIONS: Final = 3

# A plan's end that moves forward by less is a correction, not a new term.
SHORTEST_TERM: Final = 12 * _HOUR

# What a plan's end is read from, and what says that no plan runs.
_WITH_A_TERM: Final = (Service.ACTIVE, Service.EXPIRED)
_WITHOUT_A_PLAN: Final = (Service.EXPIRED, Service.NEVER_BOUGHT)

# How long a confirmed wish for "on" is kept, so that whoever asked still finds the answer.
_KEPT_AFTER_ON: Final = 24 * _HOUR


class Wish(StrEnum):
    """What an owner wants renewal to be."""

    OFF = "off"
    ON = "on"


class CaseState(StrEnum):
    """How far a wish has come."""

    WAITING_FOR_YOU = "waiting_for_you"
    CHECKING = "checking"
    CONFIRMED = "confirmed"
    DONE_NOT_READABLE = "done_not_readable"
    NOT_EFFECTIVE = "not_effective"
    CHARGED_AFTER = "charged_after"


class Proof(StrEnum):
    """What a confirmation rests on."""

    READ = "read_from_maker"
    NO_NEW_TERM = "no_new_term"


class Answer(StrEnum):
    """What became of a request that was sent for the owner.

    `UNKNOWN` stands from before it is sent until an answer is there, so that a request
    whose answer got lost, in a crash too, is never taken for one that was not sent.
    """

    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """A request to the maker: by which definition, when, and what came back.

    `meaning` is the definition's word for a refusal.
    """

    definition: str
    at: datetime
    answer: Answer = Answer.UNKNOWN
    meaning: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerm:
    """A term that moved forward: the plan's end before and now, and when that was seen."""

    old_end: datetime
    new_end: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One wish about a plan's renewal.

    `term_ends_at` is the end of the term that shall be the last, and `term_seen_at` when it
    was last read. `done_at` is when the owner last said that the step at the seller is
    done, `first_done_at` when they first did. `checks` counts the readings since
    `opened_at`, `contrary` those that said the opposite of the wish; the last one was made
    at `last_check_at` and said `last_said`, where `disagreed` is set if its witnesses
    contradict each other and `readable` if the maker can confirm the wish on this billing
    channel at all. `over_at` is when nothing was left to watch of a plan that is typed in,
    whose end nobody confirms. `escalations` counts how often it was said about the present term
    that the wish has had no effect, last at `escalated_at`. `back_on_at` is when a confirmed
    "off" was read as on again. `save_first` is the wish to save the recordings before, and
    `send_when_saved` the one that the request then goes out by itself.
    """

    camera_id: str
    opened_at: datetime
    wish: Wish = Wish.OFF
    term_ends_at: datetime | None = None
    term_seen_at: datetime | None = None
    done_at: datetime | None = None
    first_done_at: datetime | None = None
    request: SentRequest | None = None
    checks: int = 0
    contrary: int = 0
    last_check_at: datetime | None = None
    last_said: Renewal | None = None
    disagreed: bool = False
    readable: bool = True
    escalated_at: datetime | None = None
    escalations: int = 0
    confirmed_at: datetime | None = None
    proof: Proof | None = None
    renewed: NewTerm | None = None
    over_at: datetime | None = None
    back_on_at: datetime | None = None
    save_first: bool = False
    send_when_saved: bool = False

    # --- What it says ---

    @property
    def state(self) -> CaseState:
        """The state, derived from what happened."""
        if self.renewed is not None:
            return CaseState.CHARGED_AFTER
        if self.confirmed_at is not None:
            return CaseState.CONFIRMED
        if self._is_escalated and self._can_be_ineffective:
            return CaseState.NOT_EFFECTIVE
        if self.acted_at is None:
            return CaseState.WAITING_FOR_YOU
        return CaseState.CHECKING if self._can_be_ineffective else CaseState.DONE_NOT_READABLE

    @property
    def is_open(self) -> bool:
        """Whether the wish is neither confirmed, nor overtaken by a new term or by time."""
        return self.confirmed_at is None and self.renewed is None and self.over_at is None

    @property
    def acted_at(self) -> datetime | None:
        """When something was last done about the wish: by the owner, or by a request."""
        return max(self._acts(self.done_at), default=None)

    @property
    def may_send(self) -> bool:
        """Whether a request may be sent: not if one was sent that may have worked."""
        return self.is_open and not self._may_have_worked

    @property
    def _may_have_worked(self) -> bool:
        return self.request is not None and self.request.answer in (Answer.UNKNOWN, Answer.ACCEPTED)

    def _acts(self, done_at: datetime | None) -> Iterator[datetime]:
        if done_at:
            yield done_at
        if self.request and self._may_have_worked:
            yield self.request.at

    @property
    def _is_escalated(self) -> bool:
        """Whether it was said that the wish has no effect, and nothing was done since."""
        acted_at = self.acted_at
        return self.escalated_at is not None and (acted_at is None or acted_at < self.escalated_at)

    @property
    def _can_be_ineffective(self) -> bool:
        """Whether the maker is a witness here, or said the contrary without being one."""
        return self.readable or self.last_said is self._contrary

    @property
    def _contrary(self) -> Renewal:
        return Renewal.ON if self.wish is Wish.OFF else Renewal.OFF

    # --- What happens to it ---

    def done(self, now: datetime) -> Self:
        """Return it with the owner's word that the step is done; the schedule begins anew."""
        if not self.is_open:
            return self
        case = self.clamped(now)
        return replace(case, done_at=now, first_done_at=case.first_done_at or case.done_at or now)

    def sending(self, definition: str, now: datetime) -> Self:
        """Return it as it must be on disk before a request is sent."""
        return replace(
            self.clamped(now),
            request=SentRequest(definition=definition, at=now),
            save_first=False,
            send_when_saved=False,
        )

    def answered(self, answer: Answer, meaning: str | None = None) -> Self:
        """Return it with what became of the request that was sent last."""
        if self.request is None:
            return self
        return replace(self, request=replace(self.request, answer=answer, meaning=meaning))

    def saving_first(self, *, wanted: bool, send_when_saved: bool = False) -> Self:
        """Return it with whether the recordings shall be saved before renewal ends.

        `send_when_saved`: whether the request may go out by itself once they are. Where that
        was allowed already, it stays so until they are not waited for any more.
        """
        may_send = send_when_saved or self.send_when_saved
        return replace(self, save_first=wanted, send_when_saved=wanted and may_send)

    def clamped(self, now: datetime) -> Self:
        """Return it without moments that lie ahead of `now`: the clock was set back."""
        sent = self.request
        return replace(
            self,
            opened_at=min(self.opened_at, now),
            term_seen_at=_at_most(self.term_seen_at, now),
            done_at=_at_most(self.done_at, now),
            first_done_at=_at_most(self.first_done_at, now),
            request=replace(sent, at=min(sent.at, now)) if sent else None,
            last_check_at=_at_most(self.last_check_at, now),
            escalated_at=_at_most(self.escalated_at, now),
            confirmed_at=_at_most(self.confirmed_at, now),
            back_on_at=_at_most(self.back_on_at, now),
        )

    def seen(self, view: PlanView, now: datetime) -> Self:
        """Return it after a reading; one made before it was opened changes nothing.

        Nor does one made after `now`: the clock was set back, and nobody can say which of
        the two came first. Confirmed only where the channel's trust rule lets the maker say
        so and it did, of a plan that runs; or where the plan ended and nothing followed
        while the channel may still charge.
        """
        case = self.clamped(now)
        read_at = view.reading.read_at
        if not (case.last_check_at or case.opened_at) < read_at <= now or case.renewed:
            return case
        if case.wish is Wish.OFF and view.reading.service in _WITH_A_TERM:
            # By its moments as they were: set back, an act could seem to precede a charge.
            case = self._with_term(view).clamped(now)
        said = view.renewal
        checked = replace(
            case,
            checks=case.checks + 1,
            contrary=case.contrary + (said is case._contrary),  # noqa: SLF001 - its own kind
            last_check_at=read_at,
            last_said=said,
            disagreed=view.verdict.disagree,
            readable=view.rule.can_say_off or case.wish is Wish.ON,
        )
        return checked._judged(view, said)  # noqa: SLF001 - its own kind

    def escalated(self, charge: ChargeExpectation | None, now: datetime) -> Self:
        """Return it with word that the wish has had no effect, where that is due by `now`."""
        due = self.next_escalation(charge)
        if due is None or due > now:
            return self
        return replace(
            self, escalated_at=now, escalations=min(self.escalations + 1, MOST_ESCALATIONS)
        )

    def _with_term(self, view: PlanView) -> Self:
        """Return it with what the plan's end says about a new term."""
        old, new, read_at = self.term_ends_at, view.reading.ends_at, view.reading.read_at
        if new is None:
            return self
        if view.rule.typed:
            # It goes on by its rule: that is no news, but a term of its own to speak up about.
            said = 0 if old and new - old >= SHORTEST_TERM else self.escalations
            return replace(self, term_ends_at=new, term_seen_at=read_at, escalations=said)
        if old is None or new - old < SHORTEST_TERM:
            return replace(self, term_ends_at=max(old or new, new), term_seen_at=read_at)
        if self._surely_decided_before(old - view.rule.charges_ahead, new):
            return replace(self, renewed=NewTerm(old_end=old, new_end=new, seen_at=read_at))
        # Renewed before anything was done about it, or too close to tell: the wish is now
        # about the new term, and so is what may be said about it.
        return replace(self, term_ends_at=new, term_seen_at=read_at, escalations=0)

    def _surely_decided_before(self, earliest: datetime, new_end: datetime) -> bool:
        """Return whether the new term can only have been charged after the wish took hold.

        That is: after something was done about it, or after it was confirmed. `earliest` is
        when it may have been charged, `new_end` when it ends.
        """
        if self.proof is Proof.NO_NEW_TERM and self.confirmed_at and self.confirmed_at < new_end:
            return True
        shown = self.term_seen_at or earliest
        acted_at = min(self._acts(self.first_done_at or self.done_at), default=None)
        # A later reading still showed the old term.
        acted_before = acted_at is not None and acted_at < max(earliest, shown)
        # What is on again was confirmed before that.
        confirmed_by = self.confirmed_at or self.back_on_at
        confirmed_before = confirmed_by is not None and (
            confirmed_by < earliest or confirmed_by <= shown
        )
        return acted_before or confirmed_before

    def _judged(self, view: PlanView, said: Renewal) -> Self:
        """Return it with what a reading that was just taken down proves, or takes back."""
        case, read_at = self, view.reading.read_at
        if case.renewed:
            return case
        if view.rule.typed:
            over = case.wish is Wish.OFF and case._ran_out(view)
            return replace(case, over_at=read_at) if over else case
        if case.proof is Proof.READ and not case.readable:
            # Its owner said since that somebody else bills it, whom the maker cannot see.
            case = replace(case, confirmed_at=None, proof=None)
        if case.confirmed_at is None:
            proof = case._proven_by(view, said)  # noqa: SLF001 - its own kind
            return replace(case, confirmed_at=read_at, proof=proof) if proof else case
        if case.wish is Wish.OFF and said is Renewal.ON:
            return replace(
                case,
                confirmed_at=None,
                proof=None,
                back_on_at=read_at,
                escalated_at=read_at,
                escalations=min(case.escalations + 1, MOST_ESCALATIONS),
            )
        return case

    def _proven_by(self, view: PlanView, said: Renewal) -> Proof | None:
        if said is (Renewal.OFF if self.wish is Wish.OFF else Renewal.ON):
            return Proof.READ
        return Proof.NO_NEW_TERM if self.wish is Wish.OFF and self._ran_out(view) else None

    def _ran_out(self, view: PlanView) -> bool:
        """Return whether the last term ended and the time for late charges passed."""
        return (
            view.reading.service in _WITHOUT_A_PLAN
            and self.term_ends_at is not None
            and view.reading.read_at > self.term_ends_at + view.rule.watched_after_end
        )

    def is_over(self, view: PlanView | None, now: datetime) -> bool:
        """Return whether there is nothing left to watch and it may be forgotten.

        Of a plan that is typed in nobody confirms that; it is over when it ran out. A wish
        for "on" is over once its plan is: what has ended cannot be switched on.
        """
        if self.over_at is not None:
            return True
        if self.wish is Wish.ON:
            ended = view is not None and view.reading.service in _WITHOUT_A_PLAN
            kept = self.confirmed_at is not None and now < self.confirmed_at + _KEPT_AFTER_ON
            return not kept if self.confirmed_at else ended
        if self.state is not CaseState.CONFIRMED or view is None or self.last_check_at is None:
            return False
        return self._ran_out(view) and now >= (self.confirmed_at or now) + _KEPT_AFTER_ON

    # --- When to look, and when to speak up ---

    @property
    def _anchor(self) -> datetime:
        """What the schedule counts from: what was last done, else the wish."""
        return max(self.acted_at or self.opened_at, self.back_on_at or self.opened_at)

    def next_check(self, charge: ChargeExpectation | None) -> datetime | None:
        """Return when the maker is to be asked next; in the past where that is overdue.

        `None` where only the regular polls are left. `charge` is the charge to be expected.
        """
        if not self.is_open:
            return None
        last = self.last_check_at
        if last is None or last < self._anchor:
            return self._anchor
        return min((moment for moment in self._looks(charge) if moment > last), default=None)

    def next_escalation(self, charge: ChargeExpectation | None) -> datetime | None:
        """Return when it will be said that the wish has no effect, unless it is confirmed."""
        if not self.is_open or (self.acted_at and not self._can_be_ineffective):
            return None
        since = max(self.escalated_at or self._anchor, self._anchor)
        return min((moment for moment in self._speaks_up(charge) if moment > since), default=None)

    def _looks(self, charge: ChargeExpectation | None) -> Iterator[datetime]:
        for after in CHECKED_AFTER:
            yield self._anchor + after
        yield from self._before(charge)
        if charge:
            yield charge.watched_until

    def _speaks_up(self, charge: ChargeExpectation | None) -> Iterator[datetime]:
        gives_up_at = self._anchor + GIVES_UP_AFTER
        if not self._may_have_ended(charge, gives_up_at):
            yield gives_up_at
        if self.wish is Wish.OFF:
            yield from self._before(charge)

    def _may_have_ended(self, charge: ChargeExpectation | None, by: datetime) -> bool:
        """Return whether the plan ended after something was done, with no charge in sight.

        Whether it obeyed then shows when the time for late charges has passed.
        """
        return (
            self.wish is Wish.OFF
            and self.acted_at is not None
            and charge is None
            and self.last_said is Renewal.UNKNOWN
            and self.term_ends_at is not None
            and self.term_ends_at <= by
        )

    def _before(self, charge: ChargeExpectation | None) -> Iterator[datetime]:
        """Yield the moments counted back from a charge that lie ahead of the anchor.

        Where the earliest charge is too near for any, or past, they count back from the
        latest.
        """
        for limit in (charge.earliest, charge.latest) if charge else ():
            moments = [limit - before for before in CHECKED_BEFORE_CHARGE]
            if ahead := [moment for moment in moments if moment > self._anchor]:
                yield from ahead
                return


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What the same step is called for a wish."""

    opened: Activity
    withdrawn: Activity
    sent: Activity
    done: Activity
    confirmed: Activity


_WORDS: Final = {
    Wish.OFF: _Words(
        opened=Activity.CANCELLATION_OPENED,
        withdrawn=Activity.CANCELLATION_WITHDRAWN,
        sent=Activity.CANCELLATION_REQUEST_SENT,
        done=Activity.CANCELLATION_STEP_DONE,
        confirmed=Activity.CANCELLATION_CONFIRMED,
    ),
    Wish.ON: _Words(
        opened=Activity.TURN_ON_OPENED,
        withdrawn=Activity.TURN_ON_WITHDRAWN,
        sent=Activity.TURN_ON_REQUEST_SENT,
        done=Activity.TURN_ON_STEP_DONE,
        confirmed=Activity.TURN_ON_CONFIRMED,
    ),
}


def activities(before: Case | None, after: Case | None) -> Iterator[Activity]:
    """Yield what happened between two versions of one case; `None` where there is none.

    A case that ends undecided was withdrawn, also in favour of the opposite wish; one that
    ends decided ends silently. A request is told as sent unless it surely never left.
    """
    if before and after and before.wish is not after.wish:
        yield from activities(before, None)
        before = None
    if after is None:
        if before and before.is_open:
            yield _WORDS[before.wish].withdrawn
        return
    words = _WORDS[after.wish]
    if before is None:
        yield words.opened
        before = Case(camera_id=after.camera_id, opened_at=after.opened_at, wish=after.wish)
    if _is_later(_sent_at(after), _sent_at(before)):
        yield words.sent
    if _is_later(after.done_at, before.done_at):
        yield words.done
    if bad_news := _bad_news(before, after):
        yield bad_news
    if after.confirmed_at and not before.confirmed_at:
        yield words.confirmed


def _bad_news(before: Case, after: Case) -> Activity | None:
    if after.renewed and not before.renewed:
        return Activity.RENEWED_AFTER_CANCELLING
    if _is_later(after.back_on_at, before.back_on_at):
        return Activity.RENEWAL_BACK_ON
    return _escalation(after) if after.escalations > before.escalations else None


def _sent_at(case: Case) -> datetime | None:
    sent = case.request
    return sent.at if sent and sent.answer is not Answer.NOT_SENT else None


def _at_most(moment: datetime | None, now: datetime) -> datetime | None:
    return None if moment is None else min(moment, now)


def _is_later(moment: datetime | None, before: datetime | None) -> bool:
    """Return whether something happened anew; a clock set back makes moments earlier only."""
    return moment is not None and (before is None or moment > before)


def _escalation(case: Case) -> Activity:
    if case.wish is Wish.ON:
        return Activity.TURN_ON_NOT_EFFECTIVE
    if case.state is CaseState.NOT_EFFECTIVE and case.acted_at:
        return Activity.CANCELLATION_NOT_EFFECTIVE
    return Activity.CANCELLATION_REMINDER
