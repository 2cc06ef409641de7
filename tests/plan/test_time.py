"""Days, charges and changes: what the clock alone does to a plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given, strategies as st
import pytest

from custom_components.camera_cloud_plan.plan import (
    Basis,
    Channel,
    FreeTier,
    PlanReading,
    PlanStatus,
    PlanView,
    Renewal,
    Service,
    days_remaining,
    trust_rule,
)
from custom_components.camera_cloud_plan.plan.charge import expect_charge
from custom_components.camera_cloud_plan.plan.clock import now as clock_now
from custom_components.camera_cloud_plan.plan.view import next_day_change
from tests.plan.readings import DAY, MAKERS, NOW, TICK, camera
from tests.plan.test_trust import reading, witness

MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - made aware below
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)


def view(
    *,
    service: Service = Service.ACTIVE,
    ends_at: datetime | None = None,
    free: FreeTier | None = None,
    flag: bool | None = True,
    trial: bool = False,
    reachable: bool | None = None,
) -> PlanView:
    return PlanView(
        camera=camera(),
        reading=PlanReading(
            read_at=NOW,
            service=service,
            ends_at=ends_at,
            free_tier=free,
            trial=trial,
            reachable=reachable,
            renewal=witness(flag),
        ),
        channel=Channel.MI_PAY,
    )


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=9), 10),
        (timedelta(days=9) - TICK, 9),
        (timedelta(hours=25), 2),
        (DAY, 2),
        (DAY - TICK, 1),
        (timedelta(minutes=1), 1),
        (TICK, 1),
        (timedelta(0), 0),
        (-TICK, 0),
        (timedelta(days=-30), 0),
    ],
)
def test_begun_days_count(left: timedelta, days: int) -> None:
    assert days_remaining(NOW + left, NOW) == days


@given(ends_at=MOMENTS, now=MOMENTS)
def test_days_are_as_the_makers_app_counts_them(ends_at: datetime, now: datetime) -> None:
    milliseconds = (ends_at - now) // timedelta(milliseconds=1)
    assume(milliseconds % 86_400_000)
    expected = milliseconds // 86_400_000 + 1 if milliseconds > 0 else 0
    assert days_remaining(ends_at, now) == expected


@given(ends_at=MOMENTS, now=MOMENTS, later=st.timedeltas(min_value=timedelta(0), max_value=9 * DAY))
def test_days_only_ever_fall(ends_at: datetime, now: datetime, later: timedelta) -> None:
    assert days_remaining(ends_at, now + later) <= days_remaining(ends_at, now)


@given(ends_at=MOMENTS, now=MOMENTS)
def test_the_next_change_is_the_next_one(ends_at: datetime, now: datetime) -> None:
    change = next_day_change(ends_at, now)
    days = days_remaining(ends_at, now)
    if change is None:
        assert days == 0
        return
    assert now < change <= now + DAY + TICK
    assert days_remaining(ends_at, change) == days - 1
    # Until then nothing changes.
    for moment in (change - TICK, now + (change - now) / 2):
        if now <= moment < change:
            assert days_remaining(ends_at, moment) == days


@given(left=st.integers(min_value=1, max_value=400), tick=st.integers(min_value=-1, max_value=1))
def test_following_the_changes_counts_down_to_nothing(left: int, tick: int) -> None:
    ends_at = NOW + left * DAY + tick * TICK
    moment, counted = NOW, [days_remaining(ends_at, NOW)]
    while (change := next_day_change(ends_at, moment)) is not None:
        moment = change
        counted.append(days_remaining(ends_at, moment))
    assert counted == list(range(counted[0], -1, -1))
    assert moment == ends_at


def test_a_plan_without_an_end_has_no_days() -> None:
    assert view().days_remaining(NOW) is None
    assert view().next_change(NOW) is None
    assert view().charge is None


def test_days_of_a_running_plan() -> None:
    running = view(ends_at=NOW + timedelta(hours=30))
    assert running.days_remaining(NOW) == 2
    assert running.next_change(NOW) == NOW + timedelta(hours=6) + TICK


@pytest.mark.parametrize("service", [Service.NEVER_BOUGHT, Service.EXPIRED, Service.UNKNOWN])
def test_without_a_plan_the_end_of_the_free_tier_is_the_next_change(service: Service) -> None:
    until = NOW + timedelta(hours=5)
    idle = view(service=service, ends_at=NOW + DAY, free=FreeTier(clips=True, until=until))
    assert idle.next_change(NOW) == until
    assert idle.next_change(until) is None


def test_the_earlier_of_two_changes_comes_first() -> None:
    free = FreeTier(clips=True, until=NOW + timedelta(hours=1))
    running = view(ends_at=NOW + timedelta(hours=30), free=free)
    assert running.next_change(NOW) == NOW + timedelta(hours=1)


@pytest.mark.parametrize("renewal", [Renewal.ON, Renewal.UNKNOWN])
@pytest.mark.parametrize("channel", list(Channel))
def test_a_charge_is_a_window_before_the_end(renewal: Renewal, channel: Channel) -> None:
    rule, ends_at = trust_rule(channel), NOW + 9 * DAY
    charge = expect_charge(reading(flag=True), renewal, rule, UTC)
    assert charge is not None
    assert charge.earliest == ends_at - rule.charges_ahead
    assert charge.latest == ends_at
    assert charge.watched_until == ends_at + rule.watched_after_end
    assert charge.earliest < charge.latest < charge.watched_until
    assert charge.basis is Basis.PLAN_END_LESS_LEAD
    assert charge.possible is (renewal is Renewal.UNKNOWN)


@pytest.mark.parametrize("channel", list(Channel))
def test_no_charge_without_an_end_or_where_renewal_is_off(channel: Channel) -> None:
    rule, endless = trust_rule(channel), replace(reading(flag=True), ends_at=None)
    assert expect_charge(reading(flag=True), Renewal.OFF, rule, UTC) is None
    for renewal in Renewal:
        assert expect_charge(endless, renewal, rule, UTC) is None


def test_a_running_plan_whose_renewal_is_off_has_no_charge() -> None:
    ended = PlanView(camera=camera(), reading=reading(flag=False), channel=Channel.MI_PAY)
    assert ended.renewal is Renewal.OFF
    assert ended.charge is None


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        (view(flag=True), PlanStatus.ACTIVE_RENEWING),
        (view(flag=False), PlanStatus.ACTIVE_NOT_RENEWING),
        (view(flag=None), PlanStatus.ACTIVE_RENEWAL_UNKNOWN),
        (view(trial=True), PlanStatus.TRIAL),
        (view(service=Service.EXPIRED, reachable=True), PlanStatus.EXPIRED_REACHABLE),
        (view(service=Service.EXPIRED, reachable=False), PlanStatus.EXPIRED),
        (view(service=Service.EXPIRED), PlanStatus.EXPIRED),
        (view(service=Service.EXPIRED, trial=True), PlanStatus.EXPIRED),
        (view(service=Service.UNKNOWN), PlanStatus.UNKNOWN),
        (view(service=Service.NEVER_BOUGHT), PlanStatus.NONE),
        (view(service=Service.NEVER_BOUGHT, free=FreeTier(clips=False)), PlanStatus.NONE),
        (view(service=Service.NEVER_BOUGHT, free=FreeTier(clips=True)), PlanStatus.FREE_TIER),
        (
            view(service=Service.NEVER_BOUGHT, free=FreeTier(clips=True, until=NOW + TICK)),
            PlanStatus.FREE_TIER,
        ),
        (
            view(service=Service.NEVER_BOUGHT, free=FreeTier(clips=True, until=NOW)),
            PlanStatus.NONE,
        ),
    ],
)
def test_the_status_in_one_word(plan: PlanView, status: PlanStatus) -> None:
    assert plan.status(NOW) is status


READINGS = st.builds(
    PlanReading,
    read_at=MOMENTS,
    service=st.sampled_from(Service),
    name=st.none() | st.text(),
    trial=st.booleans(),
    starts_at=st.none() | MOMENTS,
    ends_at=st.none() | MOMENTS,
    renewal=st.none() | st.builds(witness, st.none() | st.booleans()),
    second_witness=st.none() | st.builds(witness, st.none() | st.booleans()),
    reachable=st.none() | st.booleans(),
    retention_days=st.none() | st.integers(),
    free_tier=st.none() | st.builds(FreeTier, clips=st.booleans(), until=st.none() | MOMENTS),
)


@given(READINGS, st.sampled_from(Channel), MOMENTS)
def test_no_reading_however_odd_makes_judging_fail(
    odd: PlanReading, channel: Channel, now: datetime
) -> None:
    judged = PlanView(camera=camera(), reading=odd, channel=channel)
    assert isinstance(judged.status(now), PlanStatus)
    assert judged.verdict.witnesses == tuple(w for w in (odd.renewal, odd.second_witness) if w)
    days, change, charge = judged.days_remaining(now), judged.next_change(now), judged.charge
    assert days is None or days >= 0
    assert change is None or change > now
    if charge is not None:
        assert judged.is_active
        assert charge.latest == odd.ends_at
    if judged.renewal is Renewal.OFF:
        assert channel in MAKERS
        assert charge is None
        assert odd.renewal is not None
        assert odd.renewal.says is False


def test_the_clock_is_aware_and_in_utc() -> None:
    assert clock_now().utcoffset() == timedelta(0)
