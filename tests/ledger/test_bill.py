"""A month's bill: what is in which month, what it cost where that is known, and what is open."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.camera_cloud_plan.ledger import Anchor, Entry, Kind, Row, rows_of
from custom_components.camera_cloud_plan.ledger.bill import Bill, bill, month_of
from custom_components.camera_cloud_plan.ledger.bill_page import BillOf, bill_page, bill_values
from tests.contract.shipped import LANGUAGES

from .story import BEGIN, CAMERA, LATE, SHANGHAI, entry, iso, ledger, told_in

BERLIN = ZoneInfo("Europe/Berlin")
EUROS = {"amount": "3.50", "currency": "EUR"}


def september(rows: Iterable[Row]) -> Bill:
    return bill(rows, *month_of(2026, 9, SHANGHAI), SHANGHAI)


def of(*entries: Entry) -> Bill:
    return september(rows_of(entries))


def renewed(day: float = 19, **facts: Any) -> Entry:
    return entry(day, Kind.RENEWED, old_end=iso(20), new_end=iso(50), **facts)


def charge(day: float, on: str, money: dict[str, str] | None = None, **facts: Any) -> Entry:
    known = {"money": money} if money else {}
    return entry(day, Kind.CHARGE, "owner", on=on, **known, **facts)


@pytest.mark.parametrize(
    ("year", "month", "begins", "ends"),
    [
        (2026, 12, datetime(2026, 11, 30, 23, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)),
        (2026, 3, datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)),
    ],
)
def test_a_month_is_one_of_the_calendar(
    year: int, month: int, begins: datetime, ends: datetime
) -> None:
    assert month_of(year, month, BERLIN) == (begins, ends)


def test_the_story_costs_what_was_noted(tmp_path: Path) -> None:
    found = september(ledger(tmp_path).rows())
    (term,) = found.renewed
    assert term.paid
    assert term.price
    assert (term.paid.amount, term.price.amount, found.paid) == (
        Decimal("6.00"),
        Decimal("6.00"),
        {"CNY": Decimal("6.00")},
    )
    assert found.unknown == 0
    assert [row.facts["finding"] for row in found.open_findings] == ["renewed_after_cancelling"]
    assert len(found.gaps) == 1


def test_a_renewal_without_a_charge_is_of_unknown_cost() -> None:
    found = of(renewed())
    assert (found.unknown, found.paid, found.renewed[0].paid) == (1, {}, None)


def test_of_two_charges_that_fit_none_is_guessed() -> None:
    found = of(renewed(), charge(20, "2026-09-21", EUROS), charge(20, "2026-09-21", EUROS))
    assert found.renewed[0].charge is None
    assert found.paid == {"EUR": Decimal("7.00")}
    assert found.unknown == 1


def test_month_after_month_each_renewal_has_the_charge_that_is_nearest() -> None:
    """Sellers charge days ahead of the end, so that two charges lie within each term."""
    rows: list[Entry] = []
    for month in range(3):
        day = 19 + 30 * month
        on = (BEGIN + timedelta(days=day - 2)).date().isoformat()
        money = {"amount": f"{month + 1}.00", "currency": "EUR"}
        rows += [
            charge(day - 2, on, money),
            entry(day, Kind.RENEWED, old_end=iso(day + 1), new_end=iso(day + 31)),
        ]
    paid = []
    for month in (9, 10, 11):
        found = bill(rows_of(rows), *month_of(2026, month, SHANGHAI), SHANGHAI)
        assert found.unknown == 0
        paid += [term.paid and str(term.paid.amount) for term in found.renewed]
    assert paid == ["1.00", "2.00", "3.00"]


@pytest.mark.parametrize(
    ("charges", "paid", "unknown"),
    [
        ((), {"EUR": Decimal("3.50")}, 0),
        # Told by the shop, too, days before it was booked.
        ((charge(20, "2026-09-19", EUROS),), {"EUR": Decimal("3.50")}, 0),
        # Another one: which of them it was is not known.
        (
            (charge(20, "2026-09-20", {"amount": "9.00", "currency": "EUR"}),),
            {"EUR": Decimal("12.50")},
            1,
        ),
    ],
)
def test_a_line_of_the_bank_counts_where_no_shop_tells_of_it(
    charges: tuple[Entry, ...], paid: dict[str, Decimal], unknown: int
) -> None:
    line = entry(21, Kind.BANK_LINE, "bank", on="2026-09-22", money=EUROS)
    found = of(renewed(), *charges, line)
    assert (found.paid, found.unknown) == (paid, unknown)


def test_what_came_back_is_of_its_day_and_may_be_of_unknown_amount(tmp_path: Path) -> None:
    back = entry(40, Kind.REFUND_RECEIVED, "owner", on="2026-09-30", money=EUROS)
    unknown = entry(21, Kind.REFUND_RECEIVED, "owner")
    found = of(back, unknown)
    assert (found.back, found.back_unknown) == ({"EUR": Decimal("3.50")}, 1)
    made = BillOf(
        bill=found,
        month="2026-09",
        account="",
        made_at=LATE,
        zone=SHANGHAI,
        head=None,
        version="1.0.0",
    )
    assert "Money back: 3.50 EUR, 1 of unknown amount" in bill_page(made, told_in("en"))
    assert bill_values(made)["refunds_unknown"] == 1


def test_currencies_stay_apart_and_another_cameras_charge_is_not_taken() -> None:
    found = of(
        renewed(),
        charge(20, "2026-09-21", {"amount": "6.00", "currency": "CNY"}, camera="f" * 12),
        charge(20, "2026-09-02", EUROS, camera="f" * 12),
    )
    assert found.renewed[0].paid is None
    assert found.paid == {"CNY": Decimal("6.00"), "EUR": Decimal("3.50")}


def test_a_charge_that_was_noted_later_is_of_its_own_month() -> None:
    found = of(renewed(), charge(80, "2026-09-22", EUROS), charge(80, "2026-11-20", EUROS))
    assert found.renewed[0].paid
    assert found.paid == {"EUR": Decimal("3.50")}


def test_an_amount_that_nobody_knows_is_counted() -> None:
    found = of(charge(20, "2026-09-21"), charge(20, "2026-09-21", {"amount": "x", "currency": "E"}))
    assert (found.unknown, found.paid) == (2, {})


def test_what_was_put_aside_or_closed_is_not_open() -> None:
    began = entry(20, Kind.COMPLAINT, "owner", claim="c1", step="began")
    lost = entry(20, Kind.FINDING, "home", key="k1", finding="renewed_twice")
    assert len(of(began, lost).open_claims) == len(of(began, lost).open_findings) == 1
    later = of(
        began,
        lost,
        entry(21, Kind.COMPLAINT, "owner", claim="c1", step="closed"),
        entry(21, Kind.FINDING_DISMISSED, "owner", key="k1"),
    )
    assert (later.open_claims, later.open_findings) == ((), ())
    # In the next month it is over; at the end of this one it was not.
    assert of(began, entry(40, Kind.COMPLAINT, "owner", claim="c1", step="closed")).open_claims


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_a_page_and_values(tmp_path: Path, language: str) -> None:
    book = ledger(tmp_path)
    made = BillOf(
        bill=september(book.rows()),
        month="2026-09",
        account="Xiaomi (…0011)",
        made_at=LATE,
        zone=SHANGHAI,
        head=Anchor(18, "a" * 64),
        version="1.0.0",
    )
    html = bill_page(made, told_in(language))
    body = html.split("</style>")[1]
    assert "6.00 CNY" in body
    assert "a" * 64 in body
    assert not re.search(r"<script|<link|<img|://|[{}]|\b[a-z]+_[a-z_]+\b", body)
    values = bill_values(made)
    assert values["ledger"] == {"row": 18, "hash": "a" * 64}
    assert values["paid"] == {"CNY": 6.0}
    assert values["is_over"]
    assert CAMERA not in str(values)
