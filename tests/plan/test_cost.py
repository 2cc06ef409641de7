"""Sums by currency, ahead and against limits; `test_two_years` holds them against a calendar."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.camera_cloud_plan.plan import (
    Channel,
    Forecast,
    LimitKind,
    Limits,
    Money,
    PlanReading,
    PlanView,
    PriceSource,
    Service,
    Tariff,
    Term,
    Witness,
    by_currency,
    forecast,
    monthly_cost,
    over_limits,
)
from tests.plan.almanac import moment
from tests.plan.readings import DAY, HOUR, camera

ZONE = ZoneInfo("Asia/Shanghai")


def at(wall: str) -> datetime:
    return moment(datetime.fromisoformat(wall), ZONE)


NOW = at("2027-01-10 12:00")
ENDS = at("2027-01-20 12:00")


def money(amount: str, currency: str = "CNY") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


def costs(amount: str, term: Term | None = None, **said: Any) -> Tariff:
    return Tariff(
        source=PriceSource.OWNER,
        price=money(amount, said.pop("currency", "CNY")),
        term=term or Term.months(1),
        **said,
    )


def plan(
    camera_id: str,
    tariff: Tariff | None,
    *,
    ends: datetime = ENDS,
    flag: bool | None = True,
    **read: Any,
) -> PlanView:
    reading = PlanReading(
        read_at=NOW,
        service=Service.ACTIVE,
        name="7 days",
        ends_at=ends,
        renewal=Witness(source="isRenew", says=flag, seen_at=NOW),
        tariff=tariff,
    )
    return PlanView(
        camera=replace(camera(), camera_id=camera_id),
        reading=replace(reading, **read),
        channel=Channel.MI_PAY,
        zone=ZONE,
    )


def ahead(*views: PlanView, now: datetime = NOW) -> Forecast:
    return forecast(views, now, ZONE)


def over(coming: Forecast, **limits: Money) -> list[tuple[str, Decimal, bool]]:
    return [
        (one.key, one.amount.amount, one.possible)
        for one in over_limits(coming, Limits(**limits), ZONE)
    ]


def test_currencies_are_never_mixed() -> None:
    sums = [money("1.10"), money("2", "EUR"), money("0.90"), money("3", "AUD") * 2]
    assert by_currency(sums) == {"AUD": 6, "CNY": 2, "EUR": 2}
    assert list(by_currency(sums)) == ["AUD", "CNY", "EUR"]


def test_by_the_month_a_year_is_spread_and_what_is_not_known_is_counted() -> None:
    cost = monthly_cost(
        (
            plan("1", costs("6")),
            plan("2", costs("33", Term.months(12), currency="EUR")),
            plan("3", costs("5"), flag=None),
            plan("4", None),
            plan("5", replace(costs("5"), term=None)),
            plan("6", replace(costs("5"), price=None)),
            # Costs nothing more, or nothing at all.
            plan("7", costs("100"), flag=False),
            plan("8", costs("100"), service=Service.EXPIRED),
        ),
        NOW,
    )
    assert cost.sums == {"CNY": Decimal(6), "EUR": Decimal("2.75")}
    assert cost.possible == {"CNY": Decimal(5)}
    assert cost.unknown == 3


def test_by_the_month_the_price_of_the_moment_counts() -> None:
    promoted = plan("1", costs("1", regular_price=money("12"), price_from=at("2027-01-15 00:00")))
    assert monthly_cost((promoted,), NOW).sums == {"CNY": 1}
    assert monthly_cost((promoted,), at("2027-01-15 00:00")).sums == {"CNY": 12}
    assert ahead(promoted).total.sums == {"CNY": 36}


def test_in_the_forecast_a_year_is_whole_where_it_falls_due() -> None:
    coming = ahead(plan("1", costs("33", Term.months(12)), ends=at("2027-02-20 12:00")))
    assert [month.sums for month in coming.months] == [{}, {"CNY": 33}, {}]
    assert coming.total.sums == {"CNY": 33}
    assert [month.begins for month in coming.months] == [
        NOW,
        at("2027-02-10 12:00"),
        at("2027-03-10 12:00"),
    ]
    assert coming.months[-1].ends == coming.total.ends == at("2027-04-10 12:00")


def test_a_charge_under_way_counts_until_its_window_is_over() -> None:
    view = plan("1", costs("6"))
    for now, count in ((ENDS - HOUR, 4), (ENDS, 4), (ENDS + HOUR, 3)):
        charges = ahead(view, now=now).charges
        assert len(charges) == count
        assert charges[0].at >= now
        assert sum(month.sums["CNY"] for month in ahead(view, now=now).months) == count * 6


def test_what_may_come_and_what_nobody_knows_the_price_of_stand_apart() -> None:
    coming = ahead(plan("1", costs("6")), plan("2", costs("4"), flag=None), plan("3", None))
    assert coming.total.sums == {"CNY": 18}
    assert coming.total.possible == {"CNY": 12}
    # How long its term is was not said either, so that only the next one is known.
    assert coming.total.unknown == 1
    assert coming.months[0].unknown == 1


def test_a_plan_for_several_cameras_counts_once() -> None:
    family = costs("11", covers_all=True)
    other = replace(camera(), camera_id="4", maker="Another")
    views = (
        plan("2", family, flag=None),
        plan("1", family, ends=ENDS + DAY),
        plan("3", family, name="30 days"),
        replace(plan("4", family), camera=other),
        plan("5", family, name=None),
        plan("6", family, flag=False),
    )
    assert monthly_cost(views, NOW).sums == {"CNY": 44}
    shared = [coming for coming in ahead(*views).charges if len(coming.camera_ids) > 1]
    assert {coming.camera_ids for coming in shared} == {("1", "2")}
    assert [coming.charge.possible for coming in shared] == [False] * 3
    assert shared[0].charge.term_ends_at == ENDS + DAY


def test_a_charge_over_its_limit() -> None:
    coming = ahead(plan("1", costs("6.01")), plan("2", costs("6")), plan("3", None))
    (first, *_) = over_limits(coming, Limits(per_charge=money("6")), ZONE)
    assert (first.kind, first.amount, first.limit) == (
        LimitKind.CHARGE,
        money("6.01"),
        money("6"),
    )
    assert [one.camera_ids for one in first.charges] == [("1",)]
    assert [key for key, *_ in over(coming, per_charge=money("6"))] == [
        "charge:2027-01:1",
        "charge:2027-02:1",
        "charge:2027-03:1",
    ]
    assert over(coming, per_charge=money("6", "EUR")) == []
    assert over(coming) == []


def test_a_month_over_its_limit() -> None:
    year = plan("2", costs("33", Term.months(12)), ends=at("2027-02-25 12:00"))
    coming = ahead(plan("1", costs("6")), year, plan("3", costs("100", currency="EUR")))
    assert over(coming, per_month=money("38")) == [("month:2027-02", Decimal(39), False)]
    assert over(coming, per_month=money("39")) == []


def test_a_month_over_its_limit_only_if_a_plan_renews_that_may_not() -> None:
    coming = ahead(plan("1", costs("6")), plan("2", costs("5"), flag=None))
    assert {possible for *_, possible in over(coming, per_month=money("10"))} == {True}
    assert {possible for *_, possible in over(coming, per_month=money("5.99"))} == {False}
    assert [(key, possible) for key, _, possible in over(coming, per_charge=money("4"))][:2] == [
        ("charge:2027-01:1", False),
        ("charge:2027-01:2", True),
    ]


@pytest.mark.parametrize("moved", [timedelta(0), HOUR, -HOUR, 5 * HOUR])
def test_what_is_told_once_keeps_its_name(moved: timedelta) -> None:
    """Though its end is corrected a little, and its window reaches into the next month."""
    ends = at("2027-02-02 12:00")
    named = {"charge:2027-01:1", "month:2027-01"}
    for now in (NOW, ends - 2 * DAY, ends - HOUR):
        coming = ahead(plan("1", costs("6"), ends=ends + moved), now=now)
        limits = {"per_charge": money("1"), "per_month": money("1")}
        assert named <= {key for key, *_ in over(coming, **limits)}
