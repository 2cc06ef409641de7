"""An alert is told once, in time and at a decent hour, whatever happens around it."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.codec import DecodeError, decode, encode
from custom_components.camera_cloud_plan.plan import (
    Alert,
    AlertMemory,
    Channel,
    ChargeExpectation,
    Cycle,
    Habits,
    Keep,
    PlanReading,
    PlanView,
    PriceSource,
    Renewal,
    Service,
    StageKind,
    Tariff,
    Term,
    Witness,
    due,
    next_moment,
    tomorrow,
)
from tests.plan.almanac import Diary, moment
from tests.plan.readings import DAY, HOUR, MINUTE, camera

BERLIN = ZoneInfo("Europe/Berlin")
HABITS = Habits(digest_at=time(9), quiet_from=time(22), quiet_until=time(7), zone=BERLIN)
SECOND = timedelta(seconds=1)


def at(wall: str, zone: ZoneInfo = BERLIN) -> datetime:
    return moment(datetime.fromisoformat(wall), zone)


# Apple charges up to a day ahead: from the evening of 30 January on.
ENDS = at("2027-01-31 20:00")
EARLIEST = ENDS - DAY
MONTHLY = Tariff(source=PriceSource.OWNER, term=Term.months(1))


def plan(
    ends: datetime = ENDS,
    *,
    flag: bool | None = True,
    service: Service = Service.ACTIVE,
    channel: Channel = Channel.APPLE,
    tariff: Tariff | None = MONTHLY,
    read: datetime | None = None,
) -> PlanView:
    read_at = read or ends - 20 * DAY
    return PlanView(
        camera=camera(),
        reading=PlanReading(
            read_at=read_at,
            service=service,
            ends_at=ends,
            renewal=Witness(source="isRenew", says=flag, seen_at=read_at),
            tariff=tariff,
        ),
        channel=channel,
        zone=BERLIN,
    )


def changed(view: PlanView, **read: Any) -> PlanView:
    return replace(view, reading=replace(view.reading, **read))


def off(ends: datetime = ENDS) -> PlanView:
    return plan(ends, flag=False, channel=Channel.MI_PAY)


def month_later(months: int) -> datetime:
    return Term.months(1).after(ENDS, months, BERLIN)


@dataclass
class Owner:
    """Whoever is told: of one plan, as it is read, from one moment to the next."""

    view: PlanView = field(default_factory=plan)
    habits: Habits = HABITS
    region: str = "de"
    muted: bool = False
    memory: AlertMemory = field(default_factory=AlertMemory)

    def look(self, now: datetime) -> Alert | None:
        self.memory, alert = due(
            self.memory, self.view, self.region, self.habits, now, muted=self.muted
        )
        # What was told is told.
        again = due(self.memory, self.view, self.region, self.habits, now, muted=self.muted)
        assert again == (self.memory, None)
        self.memory = decode(AlertMemory, encode(self.memory))
        return alert

    def live(self, now: datetime, until: datetime = ENDS + DAY) -> list[tuple[datetime, Alert]]:
        """Return what is told while it is looked whenever something is due."""
        told = [(now, alert)] if (alert := self.look(now)) else []
        while (now_ := self.next(now)) is not None and now_ <= until:
            now = now_ if now_ > now else now + SECOND
            told += [(now, alert)] if (alert := self.look(now)) else []
        return told

    def next(self, now: datetime) -> datetime | None:
        return next_moment(self.memory, self.view, self.region, self.habits, now)

    def stages(self, now: datetime, until: datetime = ENDS + DAY) -> list[int]:
        return [alert.stage_days for _, alert in self.live(now, until)]


def test_each_stage_is_told_at_the_digest_before_its_day() -> None:
    told = Owner().live(ENDS - 25 * DAY)
    assert [(alert.stage_days, when) for when, alert in told] == [
        (7, at("2027-01-23 09:00")),
        (3, at("2027-01-27 09:00")),
        (1, at("2027-01-29 09:00")),
    ]
    for _, alert in told:
        assert isinstance(alert.charge, ChargeExpectation)
        assert (alert.kind, alert.ends_at) == (StageKind.MONTHLY, ENDS)
        assert alert.rules == ("de_cancel_button",)
        assert (alert.kept, alert.again) == (False, False)
    assert len({alert.cycle for _, alert in told}) == 1


@pytest.mark.parametrize(
    ("view", "kind", "stages"),
    [
        (plan(tariff=None), StageKind.MONTHLY, [7, 3, 1]),
        (plan(tariff=replace(MONTHLY, term=Term.months(12))), StageKind.YEARLY, [45, 31, 7]),
        (changed(plan(), trial=True), StageKind.TRIAL, [7, 3, 1]),
        (plan(flag=None), StageKind.MONTHLY, [7, 3, 1]),
        (off(), StageKind.ENDING, [7]),
        # Of a week's stages those that come before it began are none.
        (plan(tariff=replace(MONTHLY, term=Term.days(7))), StageKind.MONTHLY, [3, 1]),
        (plan(tariff=replace(MONTHLY, term=Term.days(1))), StageKind.MONTHLY, [1]),
    ],
)
def test_each_kind_has_its_stages(view: PlanView, kind: StageKind, stages: list[int]) -> None:
    told = Owner(view).live(ENDS - 60 * DAY)
    assert [alert.stage_days for _, alert in told] == stages
    assert {alert.kind for _, alert in told} == {kind}
    for _, alert in told:
        assert (alert.charge is None) is (kind is StageKind.ENDING)
        assert alert.charge is None or alert.charge.possible is (view.renewal is Renewal.UNKNOWN)


@pytest.mark.parametrize(
    "view",
    [
        changed(plan(), ends_at=None),
        plan(service=Service.UNKNOWN),
        plan(service=Service.EXPIRED),
        plan(service=Service.NEVER_BOUGHT),
    ],
)
def test_of_what_is_not_known_or_not_there_nothing_is_told(view: PlanView) -> None:
    owner = Owner(view)
    assert owner.live(ENDS - 60 * DAY) == []
    assert owner.memory == AlertMemory()


# --- Late ---


def test_seen_late_the_most_urgent_stage_is_told_at_once() -> None:
    told = Owner().live(EARLIEST - 2 * DAY)
    assert [(alert.stage_days, when) for when, alert in told] == [
        (3, EARLIEST - 2 * DAY),
        (1, at("2027-01-29 09:00")),
    ]


def test_seen_at_night_it_waits_for_the_morning() -> None:
    told = Owner().live(at("2027-01-28 23:00"))
    assert [(alert.stage_days, when) for when, alert in told] == [
        (3, at("2027-01-29 07:00")),
        (1, at("2027-01-29 09:00")),
    ]


def test_seen_at_night_before_a_charge_in_the_night_it_does_not_wait() -> None:
    ends = at("2027-02-01 03:00")
    now = at("2027-01-30 23:00")
    told = Owner(plan(ends)).live(now)
    assert [(alert.stage_days, when) for when, alert in told] == [(1, now)]
    # That a plan ends is nothing to be woken for.
    ending = Owner(off(at("2027-01-31 03:00")))
    assert ending.live(now) == []


def test_after_days_without_us_the_most_urgent_stage_is_told() -> None:
    owner = Owner()
    assert owner.stages(ENDS - 25 * DAY, at("2027-01-22 12:00")) == []
    assert owner.stages(at("2027-01-28 12:00")) == [3, 1]


@pytest.mark.parametrize("late", [timedelta(0), SECOND, DAY, 40 * DAY])
def test_from_the_earliest_charge_on_nothing_is_told(late: timedelta) -> None:
    owner = Owner()
    assert owner.live(EARLIEST + late) == []
    # Should the clock have been wrong, nothing is lost.
    assert owner.stages(ENDS - 25 * DAY) == [7, 3, 1]


def test_the_last_moment_is_right_before_the_earliest_charge() -> None:
    assert Owner().stages(EARLIEST - SECOND) == [1]


# --- Clocks, habits and rules that change ---


def test_a_clock_that_is_set_back_tells_nothing_again() -> None:
    owner = Owner()
    assert owner.stages(ENDS - 25 * DAY, at("2027-01-27 09:00")) == [7, 3]
    assert owner.stages(ENDS - 25 * DAY) == [1]


@pytest.mark.parametrize("hour", [0, 8, 12, 21, 23])
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland", "Europe/Berlin"])
def test_other_habits_tell_nothing_again(hour: int, zone: str) -> None:
    owner = Owner()
    assert owner.stages(ENDS - 25 * DAY, at("2027-01-27 09:00")) == [7, 3]
    owner.habits = replace(HABITS, digest_at=time(hour), zone=ZoneInfo(zone))
    assert owner.stages(at("2027-01-27 09:30")) == [1]


def test_other_rules_tell_only_what_is_nearer() -> None:
    owner = Owner()
    assert owner.stages(ENDS - 25 * DAY, at("2027-01-23 09:00")) == [7]
    owner.region = "cn"
    assert owner.stages(at("2027-01-23 10:00")) == [5, 3, 1]
    owner = Owner()
    assert owner.stages(ENDS - 25 * DAY, at("2027-01-27 09:00")) == [7, 3]
    owner.view = plan(tariff=replace(MONTHLY, term=Term.months(12)))
    assert owner.stages(at("2027-01-27 09:30")) == []


def test_another_deadline_tells_only_what_is_nearer() -> None:
    owner = Owner(plan(channel=Channel.MI_PAY))
    assert owner.stages(ENDS - 25 * DAY, at("2027-01-25 09:00")) == [7, 3]
    owner.view = plan(channel=Channel.APPLE)
    assert owner.stages(at("2027-01-25 10:00")) == [1]


def test_a_corrected_end_is_no_new_cycle_and_a_later_one_is() -> None:
    owner = Owner()
    assert owner.stages(ENDS - 25 * DAY, at("2027-01-27 09:00")) == [7, 3]
    owner.view = plan(ENDS + 11 * HOUR)
    assert owner.stages(at("2027-01-27 10:00"), at("2027-01-29 08:00")) == []
    owner.view = plan(ENDS + 22 * HOUR)
    told = owner.live(at("2027-01-29 08:30"))
    assert [alert.stage_days for _, alert in told] == [1]
    assert {alert.cycle for _, alert in told} == {ENDS.isoformat()}
    owner.view = plan(month_later(1))
    assert owner.stages(ENDS, month_later(1)) == [7, 3, 1]


def test_an_old_end_that_is_read_once_more_is_no_news() -> None:
    owner = Owner()
    assert owner.stages(ENDS - 25 * DAY, at("2027-01-27 09:00")) == [7, 3]
    owner.view = plan(month_later(1))
    assert owner.look(at("2027-01-27 10:00")) is None
    owner.view = plan()
    assert owner.stages(at("2027-01-27 11:00")) == [1]


def test_only_the_latest_cycles_are_remembered() -> None:
    owner = Owner()
    for month in range(12):
        owner.view = plan(month_later(month))
        owner.look(month_later(month) - 25 * DAY)
    assert [cycle.ends_at for cycle in owner.memory.cycles.values()] == [
        month_later(month) for month in range(8, 12)
    ]
    # The one that is looked at is, however old.
    owner.view = plan()
    assert owner.look(EARLIEST - HOUR) is not None
    assert owner.look(EARLIEST - MINUTE) is None


# --- Kept ---


def test_a_kept_charge_has_one_line_and_ends_with_its_cycle() -> None:
    owner = Owner()
    charge = owner.view.charge
    assert charge
    owner.memory = owner.memory.charge_kept(owner.memory.cycle_of(charge))
    told = owner.live(ENDS - 25 * DAY)
    assert [(alert.stage_days, alert.kept) for _, alert in told] == [(7, True)]
    owner.view = plan(month_later(1))
    assert owner.stages(ENDS, month_later(1)) == [7, 3, 1]


def test_a_kept_plan_has_one_line_in_every_cycle() -> None:
    owner = Owner()
    owner.memory = owner.memory.plan_kept()
    for month in range(3):
        owner.view = plan(month_later(month))
        told = owner.live(month_later(month) - 25 * DAY, month_later(month))
        assert [(alert.stage_days, alert.kept) for _, alert in told] == [(7, True)]


@pytest.mark.parametrize("keep", Keep)
def test_what_is_kept_when_it_was_told_needs_no_line(keep: Keep) -> None:
    owner = Owner()
    ((_, alert),) = owner.live(ENDS - 25 * DAY, at("2027-01-23 09:00"))
    memory = owner.memory.snoozed(alert.cycle, at("2027-01-23 10:00"))
    owner.memory = memory.charge_kept(alert.cycle) if keep is Keep.CHARGE else memory.plan_kept()
    assert (owner.memory.keep, owner.memory.is_kept(alert.cycle)) == (keep, True)
    assert owner.memory.is_kept("another") is (keep is Keep.PLAN)
    assert owner.live(at("2027-01-23 10:00")) == []


def test_what_is_not_kept_any_more_is_told_from_there_on() -> None:
    owner = Owner()
    owner.memory = owner.memory.plan_kept()
    owner.live(ENDS - 25 * DAY, at("2027-01-28 09:00"))
    owner.memory = owner.memory.unkept()
    assert owner.stages(at("2027-01-28 10:00")) == [1]


def test_a_kept_plan_that_is_gone_for_good_is_kept_no_more() -> None:
    owner = Owner()
    owner.memory = owner.memory.plan_kept()
    owner.look(ENDS - 9 * DAY)
    late = ENDS + owner.view.rule.watched_after_end
    for read_at, keep in ((late, Keep.PLAN), (late + SECOND, None)):
        owner.view = plan(service=Service.EXPIRED, read=read_at)
        assert owner.look(read_at) is None
        assert owner.memory.keep is keep
    # That nothing is known is no reason.
    owner.memory = owner.memory.plan_kept()
    owner.view = plan(service=Service.UNKNOWN, read=late + DAY)
    owner.look(late + DAY)
    assert owner.memory.keep is Keep.PLAN


# --- Tomorrow ---


def test_tomorrow_it_comes_again_once() -> None:
    owner = Owner()
    ((when, alert),) = owner.live(ENDS - 25 * DAY, at("2027-01-23 09:00"))
    owner.memory = owner.memory.snoozed(alert.cycle, when + HOUR)
    told = owner.live(when + HOUR, at("2027-01-26 12:00"))
    assert [(a.stage_days, a.again, at_) for at_, a in told] == [(7, True, at("2027-01-24 09:00"))]
    assert owner.memory.snoozed_cycle is None


def test_tomorrow_with_a_stage_of_its_own_is_that_stage() -> None:
    owner = Owner()
    cycle = ENDS.isoformat()
    owner.live(ENDS - 25 * DAY, at("2027-01-26 09:00"))
    owner.memory = owner.memory.snoozed(cycle, at("2027-01-26 20:00"))
    told = owner.live(at("2027-01-26 20:00"), at("2027-01-28 20:00"))
    assert [(a.stage_days, a.again) for _, a in told] == [(3, False)]


def test_tomorrow_is_the_next_day_even_before_the_digest() -> None:
    charge = plan().charge
    assert charge
    assert tomorrow(charge, HABITS, at("2027-01-23 08:00")) == at("2027-01-24 09:00")
    assert tomorrow(charge, HABITS, at("2027-01-23 23:59")) == at("2027-01-24 09:00")
    # A digest of the late evening comes in the morning.
    evening = replace(HABITS, digest_at=time(23))
    assert tomorrow(charge, evening, at("2027-01-23 12:00")) == at("2027-01-24 07:00")
    assert tomorrow(charge, evening, at("2027-01-24 06:00")) == at("2027-01-25 07:00")


def test_there_is_no_tomorrow_if_the_charge_may_come_before() -> None:
    owner = Owner(plan(at("2027-01-31 08:00")))
    charge = owner.view.charge
    assert charge
    now = at("2027-01-29 10:00")
    assert tomorrow(charge, HABITS, now) is None
    owner.look(now)
    owner.memory = owner.memory.snoozed(owner.memory.cycle_of(charge), now)
    assert owner.live(now) == []


def test_what_was_put_off_is_forgotten_with_its_cycle() -> None:
    owner = Owner()
    ((_, alert),) = owner.live(EARLIEST - HOUR)
    owner.memory = owner.memory.snoozed(alert.cycle, EARLIEST - HOUR)
    owner.view = plan(month_later(1))
    assert owner.stages(EARLIEST, month_later(1)) == [7, 3, 1]


def test_put_off_before_the_clock_was_set_back() -> None:
    owner = Owner()
    ((_, alert),) = owner.live(ENDS - 25 * DAY, at("2027-01-23 09:00"))
    owner.memory = owner.memory.snoozed(alert.cycle, at("2031-01-01 09:00"))
    assert owner.next(at("2027-01-23 10:00")) == at("2027-01-24 09:00")


# --- Told elsewhere, and ends ---


def test_what_is_told_elsewhere_passes_in_silence() -> None:
    owner = Owner(muted=True)
    assert owner.live(ENDS - 25 * DAY, at("2027-01-28 09:00")) == []
    owner.memory = owner.memory.snoozed(ENDS.isoformat(), at("2027-01-28 09:00"))
    assert owner.live(at("2027-01-29 08:00"), at("2027-01-29 08:30")) == []
    owner.muted = False
    assert [stage for stage in owner.stages(at("2027-01-29 08:30")) if stage == 3] == []
    owner = Owner(muted=True)
    owner.live(ENDS - 25 * DAY, at("2027-01-28 09:00"))
    owner.muted = False
    assert owner.stages(at("2027-01-28 10:00")) == [1]


def test_what_is_told_elsewhere_needs_no_putting_off() -> None:
    owner = Owner(muted=True)
    owner.live(ENDS - 25 * DAY, at("2027-01-23 09:00"))
    owner.memory = owner.memory.snoozed(ENDS.isoformat(), at("2027-01-23 10:00"))
    assert owner.live(at("2027-01-23 10:00"), at("2027-01-25 09:00")) == []
    assert owner.memory.snoozed_cycle is None


def test_switched_off_in_time_its_end_is_told() -> None:
    owner = Owner(plan(channel=Channel.MI_PAY), region="cn")
    assert owner.stages(ENDS - 25 * DAY, at("2027-01-18 10:00")) == [10]
    owner.view = off()
    told = owner.live(at("2027-01-19 10:00"))
    assert [(a.kind, a.stage_days, when) for when, a in told] == [
        (StageKind.ENDING, 5, at("2027-01-26 09:00"))
    ]


def test_switched_off_late_its_end_is_known() -> None:
    owner = Owner(plan(channel=Channel.MI_PAY))
    assert owner.stages(ENDS - 25 * DAY, at("2027-01-25 09:00")) == [7, 3]
    owner.view = off()
    assert owner.live(at("2027-01-25 10:00")) == []
    # On again, it is warned about again.
    owner.view = plan(channel=Channel.MI_PAY)
    assert owner.stages(at("2027-01-27 10:00")) == [1]


def test_seen_first_as_ending_it_is_told_however_late() -> None:
    assert Owner(off()).stages(ENDS - DAY) == [7]
    assert Owner(off()).live(ENDS) == []


def test_of_a_kept_plan_the_end_is_not_told() -> None:
    owner = Owner(off())
    owner.memory = owner.memory.plan_kept()
    assert owner.live(ENDS - 25 * DAY) == []
    owner.memory = owner.memory.unkept()
    assert owner.live(ENDS - DAY) == []


# --- On disk ---


def test_memory_of_an_older_or_newer_kind_can_be_read() -> None:
    owner = Owner()
    owner.live(ENDS - 25 * DAY, at("2027-01-23 09:00"))
    stored = encode(owner.memory)
    assert decode(AlertMemory, stored) == owner.memory
    assert decode(AlertMemory, {**stored, "later": 1}) == owner.memory
    assert decode(AlertMemory, {}) == AlertMemory()
    told = Cycle(ends_at=ENDS, reached=7)
    assert owner.memory.cycles == {ENDS.isoformat(): told}
    damages: tuple[object, ...] = ({"keep": "for ever"}, {"cycles": {"1": {}}}, {"cycles": []}, [])
    for damaged in damages:
        with pytest.raises(DecodeError):
            decode(AlertMemory, damaged)


# --- Habits ---


@pytest.mark.parametrize(
    ("digest", "quiet", "day", "expected"),
    [
        (time(9, 0), (time(22, 0), time(7, 0)), "2027-01-20", "2027-01-20 09:00"),
        (time(6, 0), (time(22, 0), time(7, 0)), "2027-01-20", "2027-01-20 07:00"),
        (time(7, 0), (time(22, 0), time(7, 0)), "2027-01-20", "2027-01-20 07:00"),
        (time(22, 0), (time(22, 0), time(7, 0)), "2027-01-20", "2027-01-21 07:00"),
        (time(13, 0), (time(12, 30), time(14, 15)), "2027-01-20", "2027-01-20 14:15"),
        (time(14, 30), (time(12, 30), time(14, 15)), "2027-01-20", "2027-01-20 14:30"),
        (time(3, 0), (time(5, 0), time(5, 0)), "2027-01-20", "2027-01-20 03:00"),
        (time(3, 0), None, "2027-01-20", "2027-01-20 03:00"),
        (time(2, 30), None, "2027-03-28", "2027-03-28 03:30"),
        # Quiet until a time that is missing is quiet until the clock has gone on as far.
        (time(2, 0), (time(22, 0), time(2, 30)), "2027-03-28", "2027-03-28 03:30"),
    ],
)
def test_the_digest_comes_outside_quiet_hours(
    digest: time,
    quiet: tuple[time, time] | None,
    day: str,
    expected: str,
) -> None:
    since, until = quiet or (None, None)
    habits = Habits(digest_at=digest, quiet_from=since, quiet_until=until, zone=BERLIN)
    digest_at = habits.digest_on(date.fromisoformat(day))
    assert digest_at == at(expected)
    assert habits.last_digest(digest_at) == digest_at
    assert habits.last_digest(digest_at - SECOND) == habits.digest_on(date.fromisoformat(day) - DAY)


def test_of_a_digest_that_comes_twice_the_first_counts() -> None:
    habits = Habits(digest_at=time(2, 30), quiet_from=None, quiet_until=None, zone=BERLIN)
    first = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert habits.digest_on(date(2027, 10, 31)) == first
    assert habits.last_digest(first + HOUR) == first


# --- Whatever happens ---

HOURS = st.integers(0, 23).map(time)
NIGHTS = st.tuples(HOURS, HOURS) | st.just((None, None))
PLACES = st.sampled_from(("Australia/Lord_Howe", "Pacific/Apia", "Europe/Berlin"))
MOVES = st.one_of(
    st.tuples(st.just("wait"), st.floats(0.01, 90)),
    st.tuples(st.just("wait"), st.floats(0.01, 6)),
    st.tuples(st.just("wake"), st.none()),
    st.tuples(st.just("clock"), st.floats(-200, 50)),
    st.tuples(st.just("habits"), st.fixed_dictionaries({"digest_at": HOURS})),
    st.tuples(
        st.just("habits"),
        NIGHTS.map(lambda night: {"quiet_from": night[0], "quiet_until": night[1]}),
    ),
    st.tuples(st.just("habits"), st.fixed_dictionaries({"zone": PLACES.map(ZoneInfo)})),
    st.tuples(st.just("region"), st.sampled_from(("cn", "de", "us", "*"))),
    st.tuples(st.just("channel"), st.sampled_from(Channel)),
    st.tuples(st.just("flag"), st.sampled_from((True, False, None))),
    st.tuples(st.just("correct"), st.floats(-5, 5)),
    st.tuples(st.just("renew"), st.none()),
    st.tuples(st.just("trial"), st.booleans()),
    st.tuples(st.just("term"), st.sampled_from((None, Term.days(7), Term.months(12)))),
    st.tuples(st.just("keep"), st.sampled_from((None, *Keep))),
    st.tuples(st.just("tomorrow"), st.none()),
    st.tuples(st.just("muted"), st.booleans()),
)


@dataclass
class Chaos:
    """A life in which anything may happen to a plan, its owner and the clock."""

    owner: Owner = field(default_factory=Owner)
    now: datetime = ENDS - 12 * DAY
    last: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def happens(self, what: str, value: Any) -> None:
        owner, view = self.owner, self.owner.view
        cycle = owner.memory.cycle_of(view.charge) if view.charge else ENDS.isoformat()
        match what:
            case "wait":
                self._wait(value * HOUR)
            case "wake":
                self.now = max(owner.next(self.now) or self.now, self.now)
            case "clock":
                self.now += value * HOUR
            case "keep":
                memory = owner.memory.charge_kept(cycle) if value else owner.memory.unkept()
                owner.memory = memory.plan_kept() if value is Keep.PLAN else memory
            case "tomorrow":
                owner.memory = owner.memory.snoozed(cycle, self.now)
            case "region" | "muted":
                setattr(owner, what, value)
            case "habits":
                owner.habits = replace(owner.habits, **value)
            case "channel":
                owner.view = replace(view, channel=value)
            case _:
                self._read(what, value)

    def _read(self, what: str, value: Any) -> None:
        view, reading = self.owner.view, self.owner.view.reading
        assert reading.ends_at
        assert reading.renewal
        read: dict[str, Any] = {}
        match what:
            case "flag":
                read = {"renewal": replace(reading.renewal, says=value)}
            case "correct":
                read = {"ends_at": reading.ends_at + value * HOUR}
            case "renew":
                read = {"ends_at": reading.ends_at + 30 * DAY}
            case "trial":
                read = {"trial": value}
            case "term":
                read = {"tariff": replace(MONTHLY, term=value)}
        self.owner.view = changed(view, **read)

    def _wait(self, lasts: timedelta) -> None:
        """Let time pass; before the next moment there is nothing to tell, nor to pass."""
        owner = self.owner
        ahead, memory = owner.next(self.now), owner.memory
        self.now += lasts
        if ahead is None or self.now < ahead:
            assert owner.look(self.now) is None
            assert {name: cycle.reached for name, cycle in memory.cycles.items()}.items() <= {
                name: cycle.reached for name, cycle in owner.memory.cycles.items()
            }.items()

    def look(self) -> None:
        alert = self.owner.look(self.now)
        habits, view = self.owner.habits, self.owner.view
        if alert is None:
            return
        assert not self.owner.muted
        too_late = alert.charge.earliest if alert.charge else alert.ends_at
        assert self.now < too_late
        since, until = habits.quiet_from, habits.quiet_until
        diary = Diary(
            zone=ZoneInfo(str(habits.zone)),
            digest=habits.digest_at,
            night=(since, until) if since and until and since != until else None,
        )
        if diary.is_quiet(self.now) and habits.not_quiet_from(self.now) != self.now:
            assert alert.charge
            assert alert.charge.earliest <= diary.morning(self.now)
        assert (alert.charge is None) is (view.charge is None)
        if alert.charge and not alert.again:
            assert alert.stage_days < self.last.get(alert.cycle, 1000)
            self.last[alert.cycle] = alert.stage_days
        if alert.kept:
            self.kept[alert.cycle] += 1
            assert self.kept[alert.cycle] == 1
            assert self.owner.memory.is_kept(alert.cycle)


@given(st.lists(MOVES, max_size=40))
def test_whatever_happens_each_stage_is_told_once_and_in_time(
    moves: list[tuple[str, Any]],
) -> None:
    life = Chaos()
    life.look()
    for what, value in moves:
        life.happens(what, value)
        life.look()


def test_a_typed_day_is_the_same_in_another_zone() -> None:
    """Its end moves with the home; what was told or kept of it does not begin anew."""
    shanghai, los_angeles = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Los_Angeles")
    told: list[int] = []
    memory = AlertMemory()
    for zone in (shanghai, los_angeles, shanghai):
        view = changed(plan(at("2027-03-28 23:59:59", zone), channel=Channel.SELLER), typed=True)
        now = at("2027-03-24 18:00", los_angeles)
        memory, alert = due(memory, view, "eu", replace(HABITS, zone=zone), now)
        told += [alert.stage_days] if alert else []
        if alert:
            memory = memory.charge_kept(alert.cycle)
        assert view.charge is not None
        assert memory.is_kept(memory.cycle_of(view.charge))
    assert told == [1]
