"""Terms, fixed days and prices by the calendar of any zone, as walking its days shows them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.plan import (
    Basis,
    Channel,
    ChargeExpectation,
    ChargeKind,
    Money,
    PlanReading,
    PlanView,
    PriceSource,
    Service,
    Tariff,
    Term,
    Witness,
    charges_ahead,
    coming_charges,
    cycle_of,
    is_same_cycle,
    term_between,
)
from custom_components.camera_cloud_plan.plan.charge import began_at
from custom_components.camera_cloud_plan.plan.tariff import fixed_day_before
from custom_components.camera_cloud_plan.plan.term import term_ends
from tests.plan.almanac import is_billing_day, is_last_of_month, local, moment
from tests.plan.readings import DAY, HOUR, camera

SECOND = timedelta(seconds=1)
# Half-hour changes, and a day that never was (Apia, 30 December 2011).
ZONES = tuple(
    ZoneInfo(name)
    for name in (
        "Asia/Shanghai",
        "Europe/Berlin",
        "America/Los_Angeles",
        "Australia/Lord_Howe",
        "Pacific/Apia",
    )
)
BERLIN = ZONES[1]

ANY_DAY = st.datetimes(
    min_value=datetime(2008, 1, 1),  # noqa: DTZ001 - made aware below
    max_value=datetime(2036, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
# Half of them at the end of a month.
MOMENTS = ANY_DAY | st.builds(
    lambda moment, day: moment.replace(month=1, day=day), ANY_DAY, st.integers(29, 31)
)
MONTHS = st.sampled_from((1, 3, 6, 12))
TERMS = st.builds(Term.months, MONTHS) | st.builds(Term.days, st.sampled_from((1, 7, 30, 365)))
zones = pytest.mark.parametrize("zone", ZONES, ids=str)


def at(wall: str, zone: ZoneInfo = BERLIN) -> datetime:
    return moment(datetime.fromisoformat(wall), zone)


def walked(start: date, months: int) -> date:
    """Return the same day so many months later or earlier, found by walking."""
    day, left, step = start, abs(months), DAY if months > 0 else -DAY
    while left or not is_billing_day(day, start.day):
        crosses = day.day == 1 if months < 0 else is_last_of_month(day)
        left -= crosses and left > 0
        day += step
    return day


@zones
@given(start=MOMENTS, count=st.integers(1, 12), times=st.integers(-6, 12))
def test_months_end_on_the_same_day_or_the_last(
    zone: ZoneInfo, start: datetime, count: int, times: int
) -> None:
    wall = local(start, zone)
    expected = moment(datetime.combine(walked(wall.date(), count * times), wall.time()), zone)
    assert Term.months(count).after(start, times, zone) == (expected if times else start)


@zones
@given(start=MOMENTS, count=st.integers(1, 400), times=st.integers(-3, 3))
def test_days_end_at_the_same_time_of_day(
    zone: ZoneInfo, start: datetime, count: int, times: int
) -> None:
    expected = moment(local(start, zone) + count * times * DAY, zone)
    assert Term.days(count).after(start, times, zone) == (expected if times else start)


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        # An hour that is missing: on with the clock.
        ("Europe/Berlin", "2027-02-28 02:30", "2027-03-28 03:30"),
        ("America/Los_Angeles", "2027-02-14 02:30", "2027-03-14 03:30"),
        ("Australia/Lord_Howe", "2027-09-03 02:15", "2027-10-03 02:45"),
        ("Pacific/Apia", "2011-11-30 12:00", "2011-12-31 12:00"),
    ],
)
def test_a_time_that_a_day_lacks(zone: str, start: str, end: str) -> None:
    there = ZoneInfo(zone)
    ends_at = Term.months(1).after(at(start, there), 1, there)
    assert local(ends_at, there) == datetime.fromisoformat(end)
    # It is back the month after.
    later = local(Term.months(1).after(at(start, there), 2, there), there)
    assert later.time() == datetime.fromisoformat(start).time()


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    first = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert Term.months(1).after(at("2027-09-30 02:30"), 1, BERLIN) == first - DAY
    assert Term.days(31).after(at("2027-09-30 02:30"), 1, BERLIN) == first
    # A moment of the second pass is itself no terms later.
    assert Term.days(31).after(first + HOUR, 0, BERLIN) == first + HOUR


@zones
@given(start=MOMENTS, term=TERMS, times=st.integers(1, 30), more=st.integers(-5, 5))
def test_ends_are_counted_from_the_start_that_leads_to_them(
    zone: ZoneInfo, start: datetime, term: Term, times: int, more: int
) -> None:
    ends_at = term.after(start, times, zone)
    expected = term.after(start, times + more, zone)
    assert term_ends(term, start, ends_at, more, zone) == expected
    # A maker may end it with the second before.
    assert term_ends(term, start, ends_at - SECOND, more, zone) == expected - SECOND


@zones
@given(start=MOMENTS, ends_at=MOMENTS, term=TERMS)
def test_an_end_to_which_no_start_leads_counts_for_itself(
    zone: ZoneInfo, start: datetime, ends_at: datetime, term: Term
) -> None:
    ends = [term_ends(term, start, ends_at, times, zone) for times in range(5)]
    assert ends[0] == ends_at
    # A day that never was ends with the next one.
    assert all(before <= after for before, after in pairwise(ends))
    assert len({*ends}) >= len(ends) - 1
    alone = [term_ends(term, None, ends_at, times, zone) for times in range(5)]
    assert alone == [term.after(ends_at, times, zone) for times in range(5)]
    if start >= ends_at:
        assert ends == alone


@zones
@given(start=MOMENTS, months=MONTHS, times=st.integers(0, 30))
def test_the_usual_terms_are_recognised(
    zone: ZoneInfo, start: datetime, months: int, times: int
) -> None:
    term = Term.months(months)
    begins, ends = (term.after(start, count, zone) for count in (times, times + 1))
    assert term_between(begins, ends, zone) == term
    assert term_between(begins, ends - SECOND, zone) == term


@zones
@pytest.mark.parametrize("days", [0, 1, 7, 14, 25, 45, 62, 120, 300, 400])
def test_other_terms_are_not_guessed(zone: ZoneInfo, days: int) -> None:
    start = at("2027-01-10 10:00", zone)
    assert term_between(start, start + days * DAY, zone) is None
    assert term_between(start + DAY, start, zone) is None


@pytest.mark.parametrize(
    ("term", "is_long"),
    [
        (Term.days(7), False),
        (Term.days(30), False),
        (Term.months(1), False),
        (Term.months(3), False),
        (Term.days(180), False),
        (Term.months(6), True),
        (Term.days(183), True),
        (Term.months(12), True),
        (Term.days(365), True),
    ],
)
def test_half_a_year_is_long(term: Term, is_long: bool) -> None:
    assert term.is_long is is_long


@zones
@given(day=st.integers(1, 31), limit=MOMENTS)
def test_a_fixed_day_is_the_last_that_began(zone: ZoneInfo, day: int, limit: datetime) -> None:
    chosen = local(limit, zone).date()
    while not is_billing_day(chosen, day):
        chosen -= DAY
    begins, ends = fixed_day_before(day, limit, zone)
    assert begins == moment(datetime.combine(chosen, time()), zone)
    assert ends == moment(datetime.combine(chosen + DAY, time()), zone)
    # Where midnight is missing, a day begins when the clock goes on.
    assert begins <= limit


# --- Charges by price, trial, notice and day ---


def money(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


MONTHLY = Tariff(source=PriceSource.OWNER, price=money("6.00"), term=Term.months(1))
ENDS = at("2027-01-31 10:00")
READ = ENDS - 20 * DAY


def plan(
    tariff: Tariff | None = MONTHLY,
    *,
    channel: Channel = Channel.APPLE,
    flag: bool | None = True,
    **read: Any,
) -> PlanView:
    reading = PlanReading(
        read_at=READ,
        service=Service.ACTIVE,
        ends_at=ENDS,
        renewal=Witness(source="isRenew", says=flag, seen_at=READ),
        tariff=tariff,
    )
    return PlanView(
        camera=camera(),
        reading=replace(reading, **read),
        channel=channel,
        zone=BERLIN,
    )


def first(view: PlanView) -> ChargeExpectation:
    assert view.charge is not None
    return view.charge


def kinds(view: PlanView) -> list[tuple[ChargeKind, str | None]]:
    return [
        (charge.kind, str(charge.amount.amount) if charge.amount else None)
        for charge in charges_ahead(view)
    ]


RENEWAL, CHANGES = ChargeKind.RENEWAL, ChargeKind.PRICE_CHANGES


@pytest.mark.parametrize(
    ("price_from", "expected"),
    [
        ("2026-12-31", [(RENEWAL, "12")] * 3),
        ("2027-01-01", [(CHANGES, "12"), (RENEWAL, "12"), (RENEWAL, "12")]),
        ("2027-01-31", [(CHANGES, "12"), (RENEWAL, "12"), (RENEWAL, "12")]),
        ("2027-02-01", [(RENEWAL, "6.00"), (CHANGES, "12"), (RENEWAL, "12")]),
        ("2027-03-01", [(RENEWAL, "6.00"), (RENEWAL, "6.00"), (CHANGES, "12")]),
        ("2028-01-01", [(RENEWAL, "6.00")] * 3),
    ],
)
def test_a_promotion_ends_once(
    price_from: str, expected: list[tuple[ChargeKind, str | None]]
) -> None:
    tariff = replace(MONTHLY, regular_price=money("12"), price_from=at(f"{price_from} 00:00"))
    assert kinds(plan(tariff)) == expected
    # Whatever start is read: this term's, or that of the first one.
    assert kinds(plan(tariff, starts_at=at("2026-12-31 10:00"))) == expected
    assert kinds(plan(tariff, starts_at=at("2024-05-31 10:00"))) == expected
    # What it costs then may not be known.
    unknown = [(kind, None if amount == "12" else amount) for kind, amount in expected]
    assert kinds(plan(replace(tariff, regular_price=None))) == unknown


def test_where_no_term_is_known_only_a_promotion_that_is_ahead_ends() -> None:
    tariff = replace(MONTHLY, term=None, regular_price=money("12"), price_from=READ)
    assert kinds(plan(tariff)) == [(RENEWAL, "12")]
    ahead = replace(tariff, price_from=READ + SECOND)
    assert kinds(plan(ahead)) == [(CHANGES, "12")]


def test_a_trial_costs_what_comes_after_it() -> None:
    trial = plan(trial=True, starts_at=ENDS - 30 * DAY)
    assert kinds(trial) == [(ChargeKind.TRIAL_TURNS_PAID, "6.00"), *[(RENEWAL, "6.00")] * 2]
    # What follows is counted from its end, however long it was.
    assert [local(charge.term_ends_at, BERLIN).date() for charge in charges_ahead(trial)] == [
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2027, 3, 31),
    ]
    assert trial.ahead_since == ENDS - 30 * DAY
    unknown = plan(None, trial=True, starts_at=at("2026-12-31 10:00"))
    assert kinds(unknown) == [(ChargeKind.TRIAL_TURNS_PAID, None)]
    assert unknown.term is None


def test_a_trial_ends_when_it_ends_whatever_the_day_of_the_month() -> None:
    tariff = replace(MONTHLY, billing_day=5)
    trial, *paid = charges_ahead(plan(tariff, trial=True))
    assert (trial.latest, trial.basis) == (ENDS, Basis.PLAN_END_LESS_LEAD)
    assert [charge.basis for charge in paid] == [Basis.FIXED_DAY] * 2
    assert [local(charge.earliest, BERLIN) for charge in paid] == [
        datetime.fromisoformat("2027-02-05 00:00"),
        datetime.fromisoformat("2027-03-05 00:00"),
    ]


@pytest.mark.parametrize("notice", [0, 1, 2, 30])
def test_notice_is_given_before_the_end_and_any_charge(notice: int) -> None:
    charge = first(plan(replace(MONTHLY, notice_days=notice)))
    assert charge.earliest == ENDS - DAY
    assert charge.deadline == min(ENDS - DAY, ENDS - notice * DAY)
    on_a_day = first(plan(replace(MONTHLY, notice_days=notice, billing_day=28)))
    assert on_a_day.deadline == min(at("2027-01-28 00:00"), ENDS - notice * DAY)


def test_a_fixed_day_holds_until_it_passed_without_a_new_term() -> None:
    tariff = replace(MONTHLY, billing_day=28)
    day = at("2027-01-28 00:00")
    before = first(plan(tariff, read_at=day + DAY - SECOND))
    assert (before.earliest, before.latest) == (day, day + DAY)
    after = first(plan(tariff, read_at=day + DAY))
    assert (after.earliest, after.latest) == (ENDS - DAY, ENDS)
    assert (after.basis, after.deadline) == (Basis.PLAN_END_LESS_LEAD, ENDS - DAY)
    assert is_same_cycle(after.term_ends_at, before.term_ends_at)


def test_what_an_owner_says_falls_due_on_a_day_counts_as_charged_after_it() -> None:
    tariff = replace(MONTHLY, billing_day=28)
    day = at("2027-01-28 00:00")
    typed = plan(tariff, channel=Channel.SELLER, typed=True, read_at=day + DAY)
    days = [local(charge.earliest, BERLIN).date() for charge in charges_ahead(typed)]
    assert days == [date(2027, 2, 28), date(2027, 3, 28), date(2027, 4, 28)]
    assert typed.ahead_since == day + DAY
    # Where it is not known how long a term is, the end is all there is.
    unknown = plan(
        replace(tariff, term=None), channel=Channel.SELLER, typed=True, read_at=day + DAY
    )
    assert first(unknown).latest == ENDS


def test_charges_go_on_as_far_as_the_term_is_known() -> None:
    view = plan()
    assert len(list(coming_charges(view, ENDS + 400 * DAY))) == 14
    assert list(coming_charges(view, first(view).earliest)) == [view.charge]
    assert list(coming_charges(view, first(view).earliest - SECOND)) == []
    assert charges_ahead(plan(None)) == (plan(None).charge,)
    assert charges_ahead(plan(channel=Channel.MI_PAY, flag=False)) == ()
    assert all(charge.possible for charge in charges_ahead(plan(flag=None)))


def test_a_corrected_end_is_the_same_cycle() -> None:
    charge = first(plan())
    assert cycle_of(charge) == ENDS.isoformat()
    for moved in (timedelta(0), HOUR, -11 * HOUR):
        assert is_same_cycle(ENDS, ENDS + moved)
    for moved in (12 * HOUR, -7 * DAY):
        assert not is_same_cycle(ENDS, ENDS + moved)


def test_when_a_term_began_is_known_from_its_length_else_from_its_start() -> None:
    start = at("2026-10-31 10:00")
    assert began_at(plan(starts_at=start).reading, BERLIN) == at("2026-12-31 10:00")
    assert began_at(plan(None, starts_at=ENDS - 9 * DAY).reading, BERLIN) == ENDS - 9 * DAY
    assert began_at(plan(None).reading, BERLIN) is None
    off = plan(channel=Channel.MI_PAY, flag=False, starts_at=start)
    assert off.ahead_since == at("2026-12-31 10:00")
