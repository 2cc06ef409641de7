"""A case worked on as it is in life: looked at when due, told when due, at simulated moments."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from custom_components.camera_cloud_plan.codec import decode, encode
from custom_components.camera_cloud_plan.plan import (
    Activity,
    Answer,
    Case,
    CaseState,
    Channel,
    PlanView,
    Proof,
    Service,
    activities,
    trust_rule,
)
from tests.plan.readings import DAY, ENDS, HOUR, MAKERS, MINUTE, NOW, STORES, TERM, TICK, read

EARLIEST = ENDS - 72 * HOUR
POLL = 6 * HOUR

type Maker = Callable[[datetime], PlanView]


def stays_on(at: datetime) -> PlanView:
    """Return what a maker says whose flag never flips, and who charges nothing."""
    return read(at)


def off_from(moment: datetime, *, until: datetime | None = None) -> Maker:
    """Return a maker whose flag says off from one moment, until another."""

    def maker(at: datetime) -> PlanView:
        ended = at >= ENDS
        return read(
            at,
            flag=not (moment <= at and (until is None or at < until)),
            service=Service.EXPIRED if ended and until is None else Service.ACTIVE,
        )

    return maker


def renewed_at(moment: datetime, maker: Maker = stays_on) -> Maker:
    """Return a maker who begins a new term at that moment."""
    return lambda at: maker(at) if at < moment else read(at, ends=ENDS + TERM)


@dataclass
class Life:
    """Works on a case the way it is worked on in life, without waiting.

    Polls come every six hours, and a look takes a moment. What happened is kept with its
    moment. `restarts` takes the case through its stored form before each step.
    """

    maker: Maker
    case: Case
    restarts: bool = False
    down: tuple[datetime, datetime] | None = None
    happened: list[tuple[datetime, Activity]] = field(default_factory=list)
    states: list[tuple[datetime, CaseState]] = field(default_factory=list)
    now: datetime = NOW
    next_poll: datetime = NOW

    def change(self, case: Case) -> None:
        self.happened += [(self.now, activity) for activity in activities(self.case, case)]
        if case.state is not self.case.state:
            self.states.append((self.now, case.state))
        self.case = decode(Case, encode(case)) if self.restarts else case

    def run(self, until: datetime) -> CaseState:
        """Go on until that moment; return how far the case has come by then."""
        while (moment := self._next()) <= until:
            self.now = max(self.now, moment)
            if self.down and self.down[0] <= self.now < self.down[1]:
                self.now = self.down[1]
            if self.now >= self.next_poll:
                self.next_poll = self.now + POLL
            self.now += TICK
            view = self.maker(self.now)
            self.change(self.case.seen(view, self.now))
            self.change(self.case.escalated(view.charge, self.now))
        self.now = until
        return self.case.state

    def _next(self) -> datetime:
        charge = self.maker(self.now).charge
        due = (self.next_poll, self.case.next_check(charge), self.case.next_escalation(charge))
        return min(moment for moment in due if moment)

    def moments_of(self, *wanted: Activity) -> list[datetime]:
        return [moment for moment, activity in self.happened if activity in wanted]


def life(maker: Maker, opened_at: datetime = NOW, *, restarts: bool = False) -> Life:
    case = Case(camera_id="1", opened_at=opened_at, term_ends_at=ENDS)
    return Life(maker=maker, case=case, restarts=restarts, now=opened_at, next_poll=opened_at)


ESCALATED = (Activity.CANCELLATION_REMINDER, Activity.CANCELLATION_NOT_EFFECTIVE)


@pytest.mark.parametrize("acted", [True, False])
@pytest.mark.parametrize("restarts", [True, False])
def test_opened_twenty_hours_before_the_charge_against_a_flag_that_never_flips(
    acted: bool, restarts: bool
) -> None:
    opened = EARLIEST - 20 * HOUR
    lived = life(stays_on, opened, restarts=restarts)
    if acted:
        lived.change(lived.case.done(opened))
    assert lived.run(EARLIEST) is CaseState.NOT_EFFECTIVE
    told = lived.moments_of(*ESCALATED)
    assert told == [EARLIEST - 6 * HOUR + TICK, EARLIEST - HOUR + TICK]
    lived.run(ENDS + 3 * DAY)
    assert len(lived.moments_of(*ESCALATED)) == 3
    assert lived.case.is_open


@pytest.mark.parametrize("hours", [*range(1, 100, 7), 167, 168])
def test_however_near_the_charge_it_was_opened_it_is_told_before(hours: int) -> None:
    """At more than an hour before the earliest charge; three times at most for it."""
    opened = EARLIEST - hours * HOUR - MINUTE
    lived = life(stays_on, opened)
    lived.change(lived.case.done(opened))
    lived.run(ENDS + 30 * DAY)
    told = lived.moments_of(*ESCALATED)
    assert told[0] < EARLIEST
    assert len(told) <= 3


@pytest.mark.parametrize("restarts", [True, False])
def test_the_flag_flips_after_seven_hours(restarts: bool) -> None:
    lived = life(off_from(NOW + 7 * HOUR), restarts=restarts)
    lived.change(lived.case.done(NOW))
    assert lived.run(NOW + 7 * HOUR) is CaseState.CHECKING
    assert lived.case.contrary >= 3
    assert lived.run(NOW + 8 * HOUR + MINUTE) is CaseState.CONFIRMED
    assert lived.case.confirmed_at == NOW + 8 * HOUR + TICK
    assert lived.run(ENDS + 30 * DAY) is CaseState.CONFIRMED
    assert [activity for _, activity in lived.happened] == [
        Activity.CANCELLATION_STEP_DONE,
        Activity.CANCELLATION_CONFIRMED,
    ]
    assert lived.case.is_over(lived.maker(lived.now), lived.now)


@pytest.mark.parametrize("delay", range(11))
@pytest.mark.parametrize("channel", MAKERS)
def test_every_delay_that_was_reported_is_confirmed_without_alarm(
    delay: int, channel: Channel
) -> None:
    flips = off_from(NOW + delay * HOUR)
    lived = life(lambda at: replace(flips(at), channel=channel))
    lived.change(lived.case.done(NOW))
    assert lived.run(NOW + 16 * HOUR) is CaseState.CONFIRMED
    assert lived.case.confirmed_at is not None
    assert lived.case.confirmed_at >= NOW + delay * HOUR
    assert lived.moments_of(*ESCALATED) == []


@pytest.mark.parametrize("restarts", [True, False])
def test_the_flag_never_flips(restarts: bool) -> None:
    lived = life(stays_on, restarts=restarts)
    lived.change(lived.case.done(NOW))
    assert lived.run(NOW + 72 * HOUR - MINUTE) is CaseState.CHECKING
    assert lived.run(NOW + 72 * HOUR + MINUTE) is CaseState.NOT_EFFECTIVE
    lived.run(ENDS)
    assert lived.moments_of(*ESCALATED) == [
        NOW + 72 * HOUR + TICK,
        EARLIEST - 24 * HOUR + TICK,
        EARLIEST - 6 * HOUR + TICK,
    ]


@pytest.mark.parametrize("restarts", [True, False])
def test_on_again_after_two_days(restarts: bool) -> None:
    lived = life(off_from(NOW + 2 * HOUR, until=NOW + 50 * HOUR), restarts=restarts)
    lived.change(lived.case.done(NOW))
    assert lived.run(NOW + 49 * HOUR) is CaseState.CONFIRMED
    assert lived.run(NOW + 50 * HOUR + POLL) is CaseState.NOT_EFFECTIVE
    (back_on,) = lived.moments_of(Activity.RENEWAL_BACK_ON)
    assert NOW + 50 * HOUR <= back_on <= NOW + 50 * HOUR + POLL
    # And then told twice more before the charge; the first word about it counts.
    lived.run(ENDS)
    assert len(lived.moments_of(*ESCALATED)) == 2


@pytest.mark.parametrize("restarts", [True, False])
def test_a_charge_after_it_was_confirmed(restarts: bool) -> None:
    maker = renewed_at(EARLIEST + HOUR, off_from(NOW + HOUR))
    lived = life(maker, restarts=restarts)
    lived.change(lived.case.done(NOW))
    assert lived.run(EARLIEST + HOUR) is CaseState.CONFIRMED
    assert lived.run(EARLIEST + HOUR + POLL) is CaseState.CHARGED_AFTER
    assert lived.case.renewed is not None
    assert (lived.case.renewed.old_end, lived.case.renewed.new_end) == (ENDS, ENDS + TERM)
    lived.run(ENDS + TERM)
    assert len(lived.moments_of(Activity.RENEWED_AFTER_CANCELLING)) == 1
    assert lived.happened[-1][1] is Activity.RENEWED_AFTER_CANCELLING


def test_a_charge_after_a_step_that_had_no_effect() -> None:
    lived = life(renewed_at(EARLIEST + HOUR))
    lived.change(lived.case.done(NOW))
    lived.run(ENDS)
    assert [state for _, state in lived.states] == [
        CaseState.CHECKING,
        CaseState.NOT_EFFECTIVE,
        CaseState.CHARGED_AFTER,
    ]


def test_nobody_did_anything_and_it_renewed_twice() -> None:
    def maker(at: datetime) -> PlanView:
        renewals = 0 if at < ENDS else (at - ENDS) // TERM + 1
        return read(at, ends=ENDS + renewals * TERM)

    lived = life(maker)
    lived.run(ENDS + TERM + DAY)
    assert lived.case.is_open
    assert lived.case.term_ends_at == ENDS + 2 * TERM
    reminders = lived.moments_of(Activity.CANCELLATION_REMINDER)
    first = [moment for moment in reminders if moment <= ENDS + TICK]
    second = [moment for moment in reminders if ENDS + TICK < moment <= ENDS + TERM + TICK]
    assert len(first) == 3
    assert len(second) == 3
    assert first[0] < EARLIEST
    assert second[0] < EARLIEST + TERM


@pytest.mark.parametrize("channel", STORES)
@pytest.mark.parametrize("flag", [False, None])
@pytest.mark.parametrize("restarts", [True, False])
def test_billed_by_a_store_it_is_confirmed_by_what_does_not_come(
    channel: Channel, flag: bool | None, restarts: bool
) -> None:
    watched_until = ENDS + trust_rule(channel).watched_after_end

    def maker(at: datetime) -> PlanView:
        service = Service.ACTIVE if at < ENDS else Service.EXPIRED
        return read(at, flag, service=service, channel=channel)

    lived = life(maker, restarts=restarts)
    lived.change(lived.case.done(NOW))
    assert lived.run(watched_until - MINUTE) is CaseState.DONE_NOT_READABLE
    assert lived.moments_of(*ESCALATED) == []
    assert lived.run(watched_until + POLL) is CaseState.CONFIRMED
    assert lived.case.proof is Proof.NO_NEW_TERM
    assert lived.case.confirmed_at is not None
    assert lived.case.confirmed_at > watched_until


@pytest.mark.parametrize("channel", STORES)
def test_billed_by_a_store_that_charges_late(channel: Channel) -> None:
    """A payment that was retried after the plan had lapsed for some days."""
    late = ENDS + trust_rule(channel).watched_after_end - DAY

    def maker(at: datetime) -> PlanView:
        if at >= late:
            return read(at, flag=False, ends=ENDS + TERM, channel=channel)
        service = Service.ACTIVE if at < ENDS else Service.EXPIRED
        return read(at, flag=False, service=service, channel=channel)

    lived = life(maker)
    lived.change(lived.case.done(NOW))
    assert lived.run(late + POLL) is CaseState.CHARGED_AFTER
    assert lived.moments_of(Activity.CANCELLATION_CONFIRMED) == []


@pytest.mark.parametrize(
    ("down", "state", "proof"),
    [
        ((NOW + HOUR, NOW + 5 * DAY), CaseState.CONFIRMED, Proof.READ),
        ((NOW + HOUR, ENDS + 20 * DAY), CaseState.CONFIRMED, Proof.NO_NEW_TERM),
    ],
)
def test_what_fell_due_while_nobody_was_there_is_made_up_for(
    down: tuple[datetime, datetime], state: CaseState, proof: Proof
) -> None:
    lived = life(off_from(NOW + 2 * HOUR), restarts=True)
    lived.down = down
    lived.change(lived.case.done(NOW))
    assert lived.run(down[1] + MINUTE) is state
    assert lived.case.proof is proof
    assert lived.case.confirmed_at == down[1] + TICK
    assert lived.moments_of(*ESCALATED) == []


def test_speaking_up_late_is_still_once() -> None:
    lived = life(stays_on, restarts=True)
    lived.down = (NOW + HOUR, EARLIEST - 2 * HOUR)
    lived.change(lived.case.done(NOW))
    lived.run(EARLIEST - 2 * HOUR + MINUTE)
    assert len(lived.moments_of(*ESCALATED)) == 1
    assert lived.case.state is CaseState.NOT_EFFECTIVE


@pytest.mark.parametrize("answer", [Answer.ACCEPTED, Answer.UNKNOWN])
def test_a_request_that_works_and_one_whose_answer_was_lost(answer: Answer) -> None:
    lived = life(off_from(NOW + 5 * MINUTE), restarts=True)
    lived.change(lived.case.sending("d", NOW))
    lived.change(lived.case.answered(answer))
    assert lived.run(NOW + 20 * MINUTE) is CaseState.CONFIRMED
    assert [activity for _, activity in lived.happened] == [
        Activity.CANCELLATION_REQUEST_SENT,
        Activity.CANCELLATION_CONFIRMED,
    ]


def test_the_maker_cannot_be_asked_for_days() -> None:
    """Nothing is read, so nothing is confirmed; but it is said in time."""
    case = Case(camera_id="1", opened_at=NOW, term_ends_at=ENDS).done(NOW)
    charge = read(NOW).charge
    due, told = case.next_escalation(charge), 0
    while due is not None and due < EARLIEST:
        after = case.escalated(charge, due)
        told += len(list(activities(case, after)))
        case, due = after, after.next_escalation(charge)
    assert told == 3
    assert case.state is CaseState.NOT_EFFECTIVE
    # And the look that fell due stands until it was made.
    assert case.next_check(charge) == NOW


def test_a_case_and_all_it_holds_survives_its_stored_form() -> None:
    opened = Case(camera_id="1", opened_at=NOW, term_ends_at=ENDS, save_first=True)
    sent = opened.done(NOW).sending("d", NOW).answered(Answer.REFUSED, "password_needed")
    charged = sent.seen(read(ENDS, ends=ENDS + TERM), ENDS)
    for case in (opened, sent, charged):
        assert decode(Case, encode(case)) == case
    kept_by_an_earlier_release = {"camera_id": "1", "opened_at": NOW.isoformat(), "checks": 2}
    assert decode(Case, kept_by_an_earlier_release) == Case(camera_id="1", opened_at=NOW, checks=2)


def test_between_two_moments_nothing_becomes_due() -> None:
    """The schedule says its next moment truly: nothing is due a moment before."""
    case = Case(camera_id="1", opened_at=NOW, term_ends_at=ENDS).done(NOW)
    charge = read(NOW).charge
    for _ in range(20):
        due = case.next_escalation(charge)
        if due is None:
            break
        for share in (timedelta(0), (due - NOW) / 2, due - NOW - TICK):
            assert case.escalated(charge, NOW + share) == case
        case = case.escalated(charge, due)
    assert due is None
