"""How days, spans, numbers and sums are said."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from custom_components.camera_cloud_plan.voice.chinese import Chinese
from custom_components.camera_cloud_plan.voice.english import English

EN, ZH = English(), Chinese()
# A Sunday.
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("days", "english", "chinese"),
    [
        (-60, "on Wednesday 23 September, 60 days ago", "9月23日周三，60天前"),
        (-2, "on Friday 20 November, two days ago", "前天"),
        (-1, "yesterday", "昨天"),
        (0, "today", "今天"),
        (1, "tomorrow", "明天"),
        (2, "on Tuesday, in two days", "后天"),
        (3, "on Wednesday, in three days", "周三，三天后"),
        (6, "on Saturday, in six days", "周六，六天后"),
        (7, "on Sunday 29 November, in seven days", "11月29日周日，七天后"),
        (13, "on Saturday 5 December, in 13 days", "12月5日周六，13天后"),
        (90, "on 20 February, in about three months", "2月20日，大约三个月后"),
        (400, "on 27 December 2027", "2027年12月27日"),
    ],
)
def test_a_day_is_said_as_people_say_it(days: int, english: str, chinese: str) -> None:
    day = TODAY + timedelta(days=days)
    assert EN.on(day, TODAY) == english
    assert ZH.on(day, TODAY) == chinese


@pytest.mark.parametrize(
    ("first", "last", "english", "chinese"),
    [
        (1, 3, "between tomorrow and Wednesday", "明天到周三之间"),
        (
            2,
            4,
            "between Tuesday and Thursday, in two days at the earliest",
            "后天到周四之间",
        ),
        (
            3,
            5,
            "between Wednesday and Friday, in three days at the earliest",
            "周三到周五之间，最早三天后",
        ),
    ],
)
def test_a_span_is_said_by_its_days(first: int, last: int, english: str, chinese: str) -> None:
    begins, ends = (TODAY + timedelta(days=count) for count in (first, last))
    assert EN.between(begins, ends, TODAY) == english
    assert ZH.between(begins, ends, TODAY) == chinese


def test_a_span_that_has_begun_says_until_when() -> None:
    assert EN.any_moment(TODAY, TODAY) == "any moment now, today at the latest"
    assert EN.any_moment(date(2026, 11, 24), TODAY) == "any moment now, by Tuesday at the latest"
    assert ZH.any_moment(TODAY, TODAY) == "今天之内，随时可能"


@pytest.mark.parametrize(
    ("count", "english", "chinese"),
    [
        (1, "one day", "一天"),
        (2, "two days", "两天"),
        (10, "ten days", "十天"),
        (13, "13 days", "13天"),
    ],
)
def test_days_are_counted(count: int, english: str, chinese: str) -> None:
    assert EN.days(count) == english
    assert ZH.days(count) == chinese


def test_hours_are_counted() -> None:
    assert [EN.hours(1), EN.hours(9), EN.hours(30)] == ["an hour", "nine hours", "30 hours"]
    assert [ZH.hours(1), ZH.hours(2)] == ["一小时", "两小时"]


@pytest.mark.parametrize(
    ("moment", "english", "chinese"),
    [
        (datetime(2026, 11, 22, 9, 10, tzinfo=UTC), "at 9:10", "9点10分"),
        (datetime(2026, 11, 23, 4, 0, tzinfo=UTC), "tomorrow at 4:00", "明天4点整"),
        (datetime(2026, 11, 26, 23, 5, tzinfo=UTC), "on Thursday at 23:05", "周四23点5分"),
    ],
)
def test_a_moment_is_said_by_the_clock(moment: datetime, english: str, chinese: str) -> None:
    assert EN.at(moment, TODAY) == english
    assert ZH.at(moment, TODAY) == chinese


@pytest.mark.parametrize(
    ("amount", "currency", "english", "chinese"),
    [
        ("6.00", "CNY", "6 yuan", "6元"),
        ("12.50", "CNY", "12.50 yuan", "12.5元"),
        ("1.00", "EUR", "1 euro", "1欧元"),
        ("4.99", "EUR", "4 euros and 99 cents", "4.99欧元"),
        ("1.01", "USD", "1 dollar and 1 cent", "1.01美元"),
        ("0.99", "GBP", "99 pence", "0.99英镑"),
        ("500", "JPY", "500 yen", "500日元"),
        ("100", "JPY", "100 yen", "100日元"),
        ("9.90", "SEK", "9.90 SEK", "9.9 SEK"),
    ],
)
def test_an_amount_is_said_in_its_currency(
    amount: str, currency: str, english: str, chinese: str
) -> None:
    assert EN.sum(Decimal(amount), currency) == english
    assert ZH.sum(Decimal(amount), currency) == chinese


def test_names_stand_in_a_row() -> None:
    assert EN.listed(["Hall"], choice=False) == "Hall"
    assert EN.listed(["Hall", "Attic", "Study"], choice=False) == "Hall, Attic and Study"
    assert EN.listed(["Hall", "Attic"], choice=True) == "Hall or Attic"
    assert ZH.listed(["门口", "客厅", "书房"], choice=False) == "门口、客厅和书房"
    assert ZH.listed(["门口", "客厅"], choice=True) == "门口还是客厅"
