"""A case against a maker of its own mind: whatever happens, in whatever order.

The maker is a model written without the case's code: what is true, what its flag says and
how late, who bills, and a billing engine. People, faults, restarts and the clock do what
they like to the case; what it says must be borne out by what the model knows.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
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
HOURS = st.sampled_from((0.1, 0.5, 1, 3, 8, 20, 50, 80, 200, 900))


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
            self.ends = max(self.ends, charge_at) + TERM
            self.charges.append((charge_at, self.ends))
        if self.ends - self.ahead <= until:
            # Its moment has passed unused; an ended plan is not charged out of the blue.
            self.charges_anyway = self.renews = False
        for flip in [flip for flip in self.flips if flip[0] <= until]:
            self.flips.remove(flip)
            self.flag = flip[1]

    def runs(self, at: datetime) -> bool:
        return at < self.ends


@st.composite
def makers(draw: st.DrawFn) -> Maker:
    channel = draw(st.sampled_from(Channel))
    limits = trust_rule(channel)
    share = draw(st.sampled_from((-0.9, -0.3, 0.0, 0.3, 1.0)))
    flag_after = draw(st.sampled_from((0, 7, 10, 48, None)))
    return Maker(
        channel=channel,
        ends=NOW + draw(st.integers(1, 40)) * DAY,
        ahead=share * (limits.charges_ahead if share > 0 else limits.watched_after_end),
        flag_after=None if flag_after is None else flag_after * HOUR,
        flag=True if channel in MAKERS else draw(st.sampled_from((True, False, None))),
        second=draw(st.sampled_from((None, None, False, True))) if channel in MAKERS else None,
        charges_anyway=draw(st.booleans()),
    )


class CaseMachine(RuleBasedStateMachine):
    """Acts of people, answers, faults, restarts and clock jumps, in any order."""

    def __init__(self) -> None:
        """Begin without a case."""
        super().__init__()
        self.true = NOW
        self.skew = timedelta(0)
        self.case: Case | None = None
        self.shown: PlanView | None = None
        # What the model knows of the present case.
        self.escalations = 0
        self.took_hold: list[datetime] = []
        self.may_have_reached = False
        self.is_confirmed = False
        self.is_charged = False
        self.clock_was_right = True
        self.last_end_shown: datetime | None = None

    @initialize(maker=makers())
    def begin(self, maker: Maker) -> None:
        self.maker = maker

    # --- The model's own bookkeeping ---

    @property
    def clock(self) -> datetime:
        return self.true + self.skew

    def tick(self) -> None:
        """Let a second pass, so that no two things happen at once."""
        self.true += SECOND
        self.maker.run(self.true)

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
        self.case = after

    # --- People ---

    @rule(wish=st.sampled_from((Wish.OFF, Wish.OFF, Wish.OFF, Wish.ON)), knows_term=st.booleans())
    def press(self, wish: Wish, *, knows_term: bool) -> None:
        """Press the switch; what is open with the same wish stays as it is."""
        if self.case and self.case.is_open and self.case.wish is wish:
            return
        self.tick()
        case = Case(
            camera_id="1",
            opened_at=self.clock,
            wish=wish,
            term_ends_at=self.maker.ends if knows_term and self.maker.runs(self.true) else None,
        )
        withdrawn = [] if self.case is None else list(activities(self.case, None))
        assert len(withdrawn) == (self.case is not None and self.case.is_open)
        assert len(list(activities(None, case))) == 1
        self.case = case
        self.escalations = 0
        self.took_hold = []
        self.may_have_reached = False
        self.is_confirmed = self.is_charged = False
        self.clock_was_right = self.skew == timedelta(0)
        self.last_end_shown = case.term_ends_at

    @precondition(lambda self: self.case is not None and self.case.is_open)
    @rule()
    def withdraw(self) -> None:
        assert self.case is not None
        assert len(list(activities(self.case, None))) == 1
        self.case = None

    @precondition(lambda self: self.case is not None)
    @rule(really=st.booleans())
    def say_it_is_done(self, *, really: bool) -> None:
        assert self.case is not None
        self.tick()
        if self.case.is_open:
            self.took_hold.append(self.true)
        if really and self.maker.runs(self.true):
            self.maker.set_renewal(self.true, on=self.case.wish is Wish.ON)
        self.change(self.case.done(self.clock))

    @rule()
    def turn_it_on_in_the_app(self) -> None:
        self.tick()
        if self.maker.runs(self.true):
            self.maker.set_renewal(self.true, on=True)

    # --- The request ---

    @precondition(lambda self: self.case is not None and self.case.may_send)
    @rule(
        arrives=st.booleans(),
        answer=st.sampled_from(Answer),
        crash=st.booleans(),
    )
    def send(self, answer: Answer, *, arrives: bool, crash: bool) -> None:
        """Send a request; it may work and its answer get lost, also in a crash."""
        assert self.case is not None
        assert self.case.is_open
        assert not self.may_have_reached, "sent twice"
        self.tick()
        self.change(self.case.sending("definition", self.clock))
        assert not self.case.may_send
        if crash:
            self.restart()
            answer = Answer.UNKNOWN
        works = answer is Answer.ACCEPTED or (answer is Answer.UNKNOWN and arrives)
        if works and self.maker.runs(self.true):
            self.maker.set_renewal(self.true, on=self.case.wish is Wish.ON)
        if answer in (Answer.ACCEPTED, Answer.UNKNOWN):
            self.may_have_reached = True
            self.took_hold.append(self.true)
        self.change(self.case.answered(answer))

    # --- The maker's word ---

    def says(self, odd: str | None = None) -> PlanView:
        maker = self.maker
        runs = maker.runs(self.true)
        service = Service.ACTIVE if runs else Service.EXPIRED
        view = read(
            self.clock,
            maker.flag,
            second=maker.second,
            service=service,
            ends=maker.ends,
            channel=maker.channel,
        )
        match odd:
            case "no end":
                return replace(view, reading=replace(view.reading, ends_at=None))
            case "no flag":
                return replace(view, reading=replace(view.reading, renewal=None))
            case "not understood":
                return replace(
                    view, reading=replace(view.reading, service=Service.UNKNOWN, ends_at=None)
                )
            case "never bought" if not runs:
                return replace(
                    view, reading=replace(view.reading, service=Service.NEVER_BOUGHT, ends_at=None)
                )
        return view

    @precondition(lambda self: self.case is not None)
    @rule(
        odd=st.sampled_from(
            (None, None, None, None, "no end", "no flag", "not understood", "never bought")
        )
    )
    def look(self, odd: str | None) -> None:
        """Read the plan; what the case concludes must be borne out by this very reading."""
        before = self.case
        assert before is not None
        self.tick()
        view = self.says(odd)
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
        self.change(after)
        self.shown = view
        assert self.case is not None
        if self.case.is_over(view, self.clock):
            self._check_end(view)
            self.case = None

    def _check_new_term(self, after: Case, old: datetime, new: datetime) -> None:
        """Hold against the charges whether the maker is rightly accused of a term, or spared."""
        charged = [at for at, end in self.maker.charges if old < end <= new]
        assert charged
        if not self.clock_was_right:
            return
        first = min(self.took_hold, default=None)
        if after.renewed:
            assert (after.renewed.old_end, after.renewed.new_end) == (old, new)
            assert first is not None
            assert first < max(charged)
        elif first is not None:
            # Spared only where it was done so late that nobody can tell.
            assert first >= old - trust_rule(self.maker.channel).charges_ahead
        if not after.renewed:
            self.escalations = 0

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
        self.took_hold.append(self.true)

    def _check_end(self, view: PlanView) -> None:
        """Only what nothing can follow is forgotten."""
        assert self.case is not None
        if self.case.wish is Wish.ON:
            assert self.case.confirmed_at or not self.maker.runs(self.true)
            return
        assert self.case.state is CaseState.CONFIRMED
        assert not self.maker.runs(self.true)
        if self.skew == timedelta(0):
            watched = trust_rule(view.channel).watched_after_end
            assert self.true > self.maker.ends + watched or view.reading.ends_at is None

    @precondition(lambda self: self.case and self.shown and self.clock_was_right)
    @rule()
    def show_the_last_reading_again(self) -> None:
        assert self.case is not None
        assert self.shown is not None
        assert self.case.seen(self.shown, self.clock) == self.case

    # --- Time, faults, restarts ---

    @rule(hours=HOURS)
    def pass_time(self, hours: float) -> None:
        self.true += hours * HOUR
        self.maker.run(self.true)

    @rule(hours=HOURS, back=st.booleans())
    def set_the_clock(self, hours: float, *, back: bool) -> None:
        self.skew += -hours * HOUR if back else hours * HOUR
        self.clock_was_right = False

    @rule()
    def set_the_clock_right(self) -> None:
        self.skew = timedelta(0)

    @precondition(lambda self: self.case is not None)
    @rule()
    def speak_up(self) -> None:
        """Time for it to be told, with what was read last; the maker may be out of reach."""
        assert self.case is not None
        charge = self.shown.charge if self.shown else None
        due = self.case.next_escalation(charge)
        after = self.case.escalated(charge, self.clock)
        assert (after != self.case) is (due is not None and due <= self.clock)
        self.change(after)

    @precondition(lambda self: self.case is not None)
    @rule()
    def wait_for_what_is_due(self) -> None:
        """Follow the schedule: time passes until the case wants something."""
        assert self.case is not None
        charge = self.shown.charge if self.shown else None
        due = (self.case.next_check(charge), self.case.next_escalation(charge))
        moment = min((moment for moment in due if moment), default=None)
        if moment is not None and moment > self.clock:
            self.true += moment - self.clock
            self.maker.run(self.true)

    @precondition(lambda self: self.case is not None)
    @rule()
    def restart(self) -> None:
        """Nothing but what is on disk survives, and the clock is asked anew."""
        assert self.case is not None
        restored = decode(Case, encode(self.case))
        assert restored == self.case
        self.change(restored.clamped(self.clock))

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
    def what_is_open_is_looked_at_and_spoken_of(self) -> None:
        if self.case is None or not self.case.is_open:
            return
        if self.case.last_check_at is None:
            assert self.case.next_check(None) is not None
        if self.case.state is CaseState.DONE_NOT_READABLE:
            assert self.maker.channel not in MAKERS
            assert self.took_hold


# Many short lives find more than few long ones.
CaseMachine.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestCase = CaseMachine.TestCase
