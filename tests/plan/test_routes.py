"""Where money is asked back: which ways there are, and until when."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from custom_components.camera_cloud_plan.plan import (
    Channel,
    CountsFrom,
    StageKind,
    routes_for,
    working_days_after,
)

MONTHLY = frozenset({StageKind.MONTHLY})
TRIAL = frozenset({StageKind.TRIAL})
TODAY = date(2026, 11, 26)
SHANGHAI = ZoneInfo("Asia/Shanghai")
CHARGED = datetime(2026, 11, 24, 3, 31, tzinfo=UTC)


def keys(
    region: str, channel: Channel, kinds: frozenset[StageKind] = MONTHLY, on: date = TODAY
) -> list[str]:
    """Return the ways by name."""
    return [route.key for route in routes_for(region, channel, kinds, on)]


def test_who_took_the_money_comes_first() -> None:
    assert keys("cn", Channel.ALIPAY) == ["maker_service", "cn_market_regulator"]
    assert keys("cn", Channel.APPLE) == ["apple_refund", "cn_market_regulator"]
    assert keys("uk", Channel.GOOGLE_PLAY) == ["google_refund"]
    assert keys("*", Channel.SELLER) == ["seller"]


@pytest.mark.parametrize("region", ["eu", "de", "fr"])
def test_only_a_first_paid_term_can_be_withdrawn_from(region: str) -> None:
    assert keys(region, Channel.OUTSIDE_UNKNOWN) == ["apple_refund", "google_refund"]
    assert keys(region, Channel.APPLE, TRIAL) == ["apple_refund", "eu_withdrawal"]
    assert keys("uk", Channel.APPLE, TRIAL) == ["apple_refund"]


def test_every_party_that_bills_has_a_way() -> None:
    assert all(keys("*", channel) for channel in Channel)


def test_a_way_by_law_is_none_before_that_law() -> None:
    assert "cn_market_regulator" not in keys("cn", Channel.MI_PAY, on=date(2019, 12, 31))


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [
        (date(2026, 11, 26), 1, date(2026, 11, 27)),
        (date(2026, 11, 26), 2, date(2026, 11, 30)),
        (date(2026, 11, 28), 1, date(2026, 11, 30)),
        (date(2026, 11, 26), 7, date(2026, 12, 7)),
        (date(2026, 12, 7), 45, date(2027, 2, 8)),
        (date(2026, 11, 26), 0, date(2026, 11, 26)),
    ],
)
def test_working_days_leave_out_weekends(day: date, count: int, then: date) -> None:
    assert working_days_after(day, count) == then


def test_deadlines_count_in_their_own_unit() -> None:
    found = {
        deadline.key: deadline
        for region, channel, kinds in (
            ("cn", Channel.MI_PAY, MONTHLY),
            ("eu", Channel.GOOGLE_PLAY, TRIAL),
        )
        for route in routes_for(region, channel, kinds, TODAY)
        for deadline in route.deadlines
    }
    assert {key: deadline.counts_from for key, deadline in found.items()} == {
        "google_48_hours": CountsFrom.CHARGE,
        "eu_14_days": CountsFrom.CHARGE,
        "cn_accepted": CountsFrom.ASKED,
        "cn_mediated": CountsFrom.ACCEPTED,
    }
    ends = {key: deadline.after(CHARGED, SHANGHAI) for key, deadline in found.items()}
    assert ends["google_48_hours"] == datetime(2026, 11, 26, 3, 31, tzinfo=UTC)
    # Asked on a Tuesday: the seventh working day is Thursday of the week after.
    assert ends["cn_accepted"] == datetime(2026, 12, 3, 15, 59, 59, tzinfo=UTC)
    assert ends["eu_14_days"] == datetime(2026, 12, 8, 15, 59, 59, tzinfo=UTC)
