"""A case against a maker of its own mind: whatever happens, in whatever order.

The maker is a model written without the case's code: what is true, what its flag says and
how late, who bills, and a billing engine. People, faults, restarts and the clock do what
they like to the case; what it says must be borne out by what the model knows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

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
    Wish,
    activities,
    trust_rule,
)
from tests.plan.readings import DAY, HOUR, MAKERS, NOW, TERM, read

SECOND = timedelta(seconds=1)
ESCALATIONS = (
    Activity.CANCELLATION_REMINDER,
    Activity.CANCELLATION_NOT_EFFECTIVE,
    Activity.TURN_ON_NOT_EFFECTIVE,
)
CONFIRMATIONS = (Activity.CANCELLATION_CONFIRMED, Activity.TURN_ON_CONFIRMED)
HOURS = (0.1, 1, 3, 8, 30, 80)
ACTS = ("nobody", "done", "said only", "send", "off in the app", "on in the app", "press")
ODD = ("no end", "no flag", "not understood", "never bought")


@dataclass
class Maker:
    """A maker's cloud and its billing, by true time.

    `flag_after` is how long its flag takes to follow, `None` if it never does. A charge is
    taken `ahead` of the end, or where that is negative so long after the plan lapsed.
    """

    channel: Channel
    ends: datetime
    ahead: timedelta
    flag_after: timedelta | None
    flag: bool | None
    second: bool | None
    charges_anyway: bool
    renews: bool = True
    ran_until: datetime = NOW
    flips: list[tuple[datetime, bool]] = field(default_factory=list)
    charges: list[tuple[datetime, datetime]] = field(default_factory=list)

    def set_renewal(self, at: datetime, *, on: bool) -> None:
        self.renews = on
        if self.channel in MAKERS and self.flag_after is not None:
            self.flips.append((at + self.flag_after, on))

    def run(self, until: datetime) -> None:
        while (charge_at := self.ends - self.ahead) <= until and (
            self.renews or self.charges_anyway
        ):
            # One that is switched on late is charged when it is.
            charged_at = max(charge_at, self.ran_until)
            self.ends = max(self.ends, charged_at) + TERM
            self.charges.append((charged_at, self.ends))
        if self.ends - self.ahead <= until:
            # Its moment has passed unused; an ended plan is not charged out of the blue.
            self.charges_anyway = self.renews = False
        for flip in [flip for flip in self.flips if flip[0] <= until]:
            self.flips.remove(flip)
            self.flag = flip[1]
        self.ran_until = until

    def sell(self, at: datetime) -> None:
        """Begin a term for an owner who buys one by hand."""
        self.ends, self.renews = at + TERM, True
        self.charges.append((at, self.ends))

    def runs(self, at: datetime) -> bool:
        return at < self.ends


def _moments(case: Case) -> Iterator[datetime]:
    """Yield what a case says of the past."""
    yield case.opened_at
    past = (case.done_at, case.first_done_at, case.escalated_at, case.confirmed_at)
    seen = (case.last_check_at, case.term_seen_at, case.back_on_at)
    sent = case.request.at if case.request else None
    yield from (moment for moment in (*past, *seen, sent) if moment)


@st.composite
def makers(draw: st.DrawFn) -> Maker:
    channel = draw(st.sampled_from(Channel))
    limits = trust_rule(channel)
    share = draw(st.sampled_from((-0.9, -0.3, 0.0, 0.3, 1.0)))
    flag_after = draw(st.sampled_from((0, 0, 7, 48, None)))
    return Maker(
        channel=channel,
        ends=NOW + draw(st.sampled_from((3, 10, 40))) * DAY,
        ahead=share * (limits.charges_ahead if share > 0 else limits.watched_after_end),
        flag_after=None if flag_after is None else flag_after * HOUR,
        flag=True if channel in MAKERS else draw(st.sampled_from((True, False, None))),
        second=draw(st.sampled_from((None, None, None, False, True)))
        if channel in MAKERS
        else None,
        charges_anyway=draw(st.sampled_from((False, False, True))),
    )


class CaseMachine(RuleBasedStateMachine):
    """Acts of people, answers, faults and restarts, in any order.

    There is one rule, so that each life has its share of all: somebody does something or
    nobody does, time passes, and it is looked. Each change goes through its stored form, as
    if Home Assistant were killed after it.
    """

    def __init__(self) -> None:
        """Begin without a case."""
        super().__init__()
        self.true = NOW
        self.skew = timedelta(0)
        self.case: Case | None = None
        self.shown: PlanView | None = None
        # What the model knows of the present case.
        self.escalations = 0
        self.acts: list[datetime] = []
        self.confirmations: list[datetime] = []
        self.may_have_reached = False
        self.is_confirmed = False
        self.is_charged = False
        self.clock_was_right = True
        self.last_end_shown: datetime | None = None

    @initialize(maker=makers(), knows_term=st.booleans())
    def begin(self, maker: Maker, *, knows_term: bool) -> None:
        self.maker = maker
        self.open(Wish.OFF, knows_term=knows_term)

    # --- The model's own bookkeeping ---

    @property
    def clock(self) -> datetime:
        return self.true + self.skew

    def pass_time(self, until: datetime) -> None:
        self.true = max(self.true, until)
        self.maker.run(self.true)

    def tick(self) -> None:
        """Let a second pass, so that no two things happen at once."""
        self.pass_time(self.true + SECOND)

    def change(self, after: Case) -> None:
        before = self.case
        assert before is not None
        assert (before.state, after.state) != (CaseState.CONFIRMED, CaseState.WAITING_FOR_YOU)
        for activity in activities(before, after):
            if activity in ESCALATIONS:
                self.escalations += 1
                assert before.is_open
                assert before.state is not CaseState.DONE_NOT_READABLE
            elif activity in CONFIRMATIONS:
                assert not self.is_confirmed
                self.is_confirmed = True
            elif activity is Activity.RENEWAL_BACK_ON:
                assert self.is_confirmed
                self.is_confirmed = False
                assert after.state is CaseState.NOT_EFFECTIVE
            elif activity is Activity.RENEWED_AFTER_CANCELLING:
                assert not self.is_charged
                self.is_confirmed, self.is_charged = False, True
        assert self.escalations <= 3
        self.case = decode(Case, encode(after))
        assert self.case == after

    @rule(
        act=st.sampled_from(ACTS),
        answer=st.sampled_from(Answer),
        luck=st.booleans(),
        until=st.sampled_from((*HOURS, "due", "due", "due", "lead", "charge", "end", "watched")),
        beside=st.sampled_from((-HOUR, HOUR)),
        word=st.sampled_from((*("all",) * 12, *ODD, "nothing")),
    )
    def live(
        self,
        act: str,
        answer: Answer,
        until: str | float,
        beside: timedelta,
        word: str,
        *,
        luck: bool,
    ) -> None:
        """Live on for a while: `answer` is to a request, `word` what is read afterwards."""
        self.people(act, answer, luck=luck)
        moment = self.turn(until) if isinstance(until, str) else self.true + until * HOUR
        self.pass_time(moment + beside if until != "due" else moment)
        if word != "nothing":
            self.look(word)
        self.speak_up()

    # --- People ---

    def people(self, act: str, answer: Answer, *, luck: bool) -> None:
        """Do one thing; `luck` is whether the term is known, or a lost request arrived."""
        self.tick()
        case = self.case
        if act == "nobody":
            return
        if act.endswith("in the app"):
            self.tell_maker(on=act.startswith("on"))
        elif case is None:
            self.open(Wish.OFF if luck else Wish.ON, knows_term=luck)
        elif act == "press" and not case.is_open:
            self.open(Wish.OFF, knows_term=luck)
        elif act == "press" and luck:
            self.open(Wish.ON if case.wish is Wish.OFF else Wish.OFF, knows_term=luck)
        elif act == "press":
            assert len(list(activities(case, None))) == 1
            self.case = None
        elif act == "send":
            self.send(case, answer, arrives=luck)
        else:
            self.say_it_is_done(case, really=act == "done")

    def open(self, wish: Wish, *, knows_term: bool) -> None:
        case = Case(
            camera_id="1",
            opened_at=self.clock,
            wish=wish,
            term_ends_at=self.maker.ends if knows_term and self.maker.runs(self.true) else None,
        )
        replaced = self.case if self.case and self.case.is_open else None
        assert len(list(activities(replaced, case))) == (2 if replaced else 1)
        self.case = case
        self.escalations = 0
        self.acts = []
        self.confirmations = []
        self.may_have_reached = False
        self.is_confirmed = self.is_charged = False
        self.clock_was_right = self.skew == timedelta(0)
        self.last_end_shown = case.term_ends_at

    def tell_maker(self, *, on: bool) -> None:
        if self.maker.runs(self.true):
            self.maker.set_renewal(self.true, on=on)
        elif on:
            self.maker.sell(self.true)

    def say_it_is_done(self, case: Case, *, really: bool) -> None:
        if case.is_open:
            self.acts.append(self.true)
        if really:
            self.tell_maker(on=case.wish is Wish.ON)
        self.change(case.done(self.clock))

    def send(self, case: Case, answer: Answer, *, arrives: bool) -> None:
        """Send a request where that is allowed; a lost one may have arrived or not."""
        if not case.may_send:
            return
        assert case.is_open
        assert not self.may_have_reached, "sent twice"
        sending = case.sending("definition", self.clock)
        self.change(sending)
        # Killed now, it must be taken for sent.
        assert not sending.may_send
        if answer in (Answer.ACCEPTED, Answer.UNKNOWN):
            self.may_have_reached = True
            self.acts.append(self.true)
            if answer is Answer.ACCEPTED or arrives:
                self.tell_maker(on=case.wish is Wish.ON)
        self.change(sending.answered(answer))

    # --- Time passes, and somebody looks ---

    def speak_up(self) -> None:
        if self.case is None:
            return
        charge = self.shown.charge if self.shown else None
        due = self.case.next_escalation(charge)
        after = self.case.escalated(charge, self.clock)
        assert (after != self.case) is (due is not None and due <= self.clock)
        self.change(after)

    def turn(self, name: str) -> datetime:
        """Return a moment at which something is due, or may change."""
        maker, limits = self.maker, trust_rule(self.maker.channel)
        charge = self.shown.charge if self.shown else None
        wanted = (
            (self.case.next_check(charge), self.case.next_escalation(charge)) if self.case else ()
        )
        return {
            "due": min((moment for moment in wanted if moment), default=self.true) - self.skew,
            "lead": maker.ends - limits.charges_ahead,
            "charge": maker.ends - maker.ahead,
            "end": maker.ends,
            "watched": maker.ends + limits.watched_after_end,
        }[name]

    def says(self, odd: str) -> PlanView:
        maker, runs = self.maker, self.maker.runs(self.true)
        view = read(
            self.clock,
            maker.flag,
            second=maker.second,
            service=Service.ACTIVE if runs else Service.EXPIRED,
            ends=maker.ends,
            channel=maker.channel,
        )
        reading = view.reading
        match odd:
            case "no end":
                reading = replace(reading, ends_at=None)
            case "no flag":
                reading = replace(reading, renewal=None)
            case "not understood":
                reading = replace(reading, service=Service.UNKNOWN, ends_at=None)
            case "never bought" if not runs:
                reading = replace(reading, service=Service.NEVER_BOUGHT, ends_at=None)
        return replace(view, reading=reading)

    def look(self, odd: str) -> None:
        """Read the plan; what the case concludes must be borne out by this very reading."""
        self.tick()
        view = self.shown = self.says(odd)
        before = self.case
        if before is None:
            return
        after = before.seen(view, self.clock)
        counted = after.checks > before.checks
        # The first reading after the clock was set back may not count, any other does.
        assert counted or before.renewed or not self.clock_was_right
        end = view.reading.ends_at if counted and before.wish is Wish.OFF else None
        if end and view.reading.service in (Service.ACTIVE, Service.EXPIRED):
            old = self.last_end_shown
            if old and end - old >= TERM / 2:
                self._check_new_term(after, old, end)
            self.last_end_shown = max(old or end, end)
        if after.confirmed_at and not before.confirmed_at:
            self._check_confirmation(after, view)
        if counted and after.renewed is None:
            self._check_nothing_missed(after, view)
        # The same reading shown again is no second one.
        assert after.seen(view, self.clock) == after
        self.change(after)
        if after.is_over(view, self.clock):
            self._check_end(after, view)
            self.case = None

    def _check_new_term(self, after: Case, old: datetime, new: datetime) -> None:
        """Hold against the charges whether the maker is rightly accused of a term, or spared."""
        charged = [at for at, end in self.maker.charges if old < end <= new]
        assert charged
        if not after.renewed:
            self.escalations = 0
        if not self.clock_was_right:
            return
        if after.renewed:
            assert (after.renewed.old_end, after.renewed.new_end) == (old, new)
            assert min(self.acts + self.confirmations) < max(charged)
        elif self.acts:
            # Spared only where it was done so late that nobody can tell.
            assert self.acts[0] >= old - trust_rule(self.maker.channel).charges_ahead

    def _check_confirmation(self, after: Case, view: PlanView) -> None:
        flag = view.reading.renewal.says if view.reading.renewal else None
        runs = view.reading.service is Service.ACTIVE
        if after.wish is Wish.ON:
            assert after.proof is Proof.READ
            assert runs
            assert flag is True
        elif after.proof is Proof.READ:
            assert runs
            assert flag is False
            assert view.channel in MAKERS
            assert not self.maker.second
        else:
            assert after.proof is Proof.NO_NEW_TERM
            assert view.reading.service in (Service.EXPIRED, Service.NEVER_BOUGHT)
            assert self.last_end_shown is not None
            watched = trust_rule(view.channel).watched_after_end
            assert view.reading.read_at > self.last_end_shown + watched
        assert after.confirmed_at == view.reading.read_at
        assert view.reading.read_at > after.opened_at
        self.confirmations.append(self.true)

    def _check_nothing_missed(self, after: Case, view: PlanView) -> None:
        """Hold against the reading that nothing it says was held back or passed over."""
        flag = view.reading.renewal.says if view.reading.renewal else None
        if view.reading.service is Service.ACTIVE and after.wish is Wish.OFF:
            if flag is True:
                assert after.state is not CaseState.CONFIRMED
            if flag is False and self.maker.channel in MAKERS and not self.maker.second:
                assert after.state is CaseState.CONFIRMED
        assert all(moment <= self.clock for moment in _moments(after))

    def _check_end(self, case: Case, view: PlanView) -> None:
        """Only what nothing can follow is forgotten."""
        runs = self.maker.runs(self.true)
        if case.wish is Wish.ON:
            assert case.confirmed_at or not runs
            return
        assert case.state is CaseState.CONFIRMED
        assert not runs
        if self.clock_was_right:
            # Of an end that was not read the case goes by the last it knew.
            end = self.maker.ends if view.reading.ends_at else self.last_end_shown
            assert end is not None
            assert self.true > end + trust_rule(view.channel).watched_after_end

    # --- What always holds ---

    @invariant()
    def state_and_words_agree(self) -> None:
        if self.case is not None:
            assert (self.case.state is CaseState.CONFIRMED) is self.is_confirmed
            assert (self.case.state is CaseState.CHARGED_AFTER) is self.is_charged
            assert self.case.is_open is not (self.is_confirmed or self.is_charged)

    @invariant()
    def nothing_that_may_have_arrived_can_go_out_again(self) -> None:
        if self.case is not None and self.may_have_reached:
            assert not self.case.may_send

    @invariant()
    def what_is_open_is_looked_at(self) -> None:
        if self.case is None or not self.case.is_open:
            return
        if self.case.last_check_at is None:
            assert self.case.next_check(None) is not None
        if self.case.state is CaseState.DONE_NOT_READABLE:
            assert self.maker.channel not in MAKERS
            assert self.acts


class WildClockMachine(CaseMachine):
    """The same, with a clock that is set back and forth, over restarts too."""

    @rule(hours=st.sampled_from(HOURS), back=st.booleans(), restarted=st.booleans())
    def set_the_clock(self, hours: float, *, back: bool, restarted: bool) -> None:
        self.skew += -hours * HOUR if back else hours * HOUR
        self.clock_was_right = False
        if restarted and self.case:
            self.change(self.case.clamped(self.clock))

    @rule()
    def set_the_clock_right(self) -> None:
        self.skew = timedelta(0)


_LIVES = settings(
    max_examples=200,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
CaseMachine.TestCase.settings = _LIVES
WildClockMachine.TestCase.settings = settings(_LIVES, max_examples=100)
TestCase = CaseMachine.TestCase
TestCaseByAWildClock = WildClockMachine.TestCase
