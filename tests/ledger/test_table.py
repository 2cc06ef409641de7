"""Charges in a spreadsheet: to it and back, in the forms that people write, nothing guessed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.ledger import Entry, Kind
from custom_components.camera_cloud_plan.ledger.table import (
    ADDABLE,
    Added,
    Flaw,
    FlawError,
    TableError,
    TableFlaw,
    not_there_yet,
    read,
    write,
)
from custom_components.camera_cloud_plan.plan import Money

TODAY = date(2026, 11, 26)
SIX = Money(amount=Decimal("6.00"), currency="CNY")


def added_of(text: str, today: date = TODAY) -> list[Added | FlawError]:
    return [line.added for line in read(text.encode("utf-8-sig"), today=today)]


def entry_of(added: Added, camera: str | None = "key") -> Entry:
    return Entry(
        at=datetime.combine(added.on, datetime.min.time(), UTC),
        zone="UTC",
        kind=added.kind,
        source=added.source,
        camera=camera,
        name=added.camera,
        facts=added.facts,
    )


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("date,amount,currency\n2026-11-24,6.00,CNY", SIX),
        ("date;amount;currency\n24.11.2026;6,00;cny", SIX),
        ("date\tamount\tcurrency\n2026年11月24日\t6\tCNY", SIX),
        # As wallets write it: a time of day, and tabs behind.
        ("date,amount,currency\n2026-11-24 10:31:22\t,6.00\t,CNY\t", SIX),
        ("date,amount,currency\r2026-11-24,6,CNY\r", SIX),
        ('"date","text","amount","currency"\n"2026-11-24","a\nb","6.00","CNY"', SIX),
        ("date;amount;currency;;\n24.11.2026;6,00;CNY;;", SIX),
        (
            "Currency,Date,Amount\nEUR,2026/11/24,1.234,50\n".replace("1.234,50", '"1.234,50"'),
            Money(amount=Decimal("1234.50"), currency="EUR"),
        ),
    ],
)
def test_what_spreadsheets_write_is_understood(table: str, expected: Money) -> None:
    (added,) = added_of(table)
    assert isinstance(added, Added)
    assert (added.kind, added.on, added.money) == (Kind.CHARGE, date(2026, 11, 24), expected)


@pytest.mark.parametrize(
    ("line", "column", "flaw"),
    [
        ("charge,,6,CNY", "date", Flaw.DATE_MISSING),
        ("charge,11/12/2026,6,CNY", "date", Flaw.DATE_UNUSABLE),
        ("charge,2026-11-27,6,CNY", "date", Flaw.DATE_AHEAD),
        ("charge,2026-11-24,1.234,CNY", "amount", Flaw.AMOUNT_UNUSABLE),
        ('charge,2026-11-24,"12,34.5",CNY', "amount", Flaw.AMOUNT_UNUSABLE),
        ("charge,2026-11-24,6.00-,CNY", "amount", Flaw.AMOUNT_UNUSABLE),
        ("charge,2026-11-24,(6.00),CNY", "amount", Flaw.AMOUNT_UNUSABLE),
        ("charge,2026-11-24,6.00 €,CNY", "amount", Flaw.AMOUNT_UNUSABLE),
        ("charge,24/11/2026,6,CNY", "date", Flaw.DATE_UNUSABLE),
        ("charge,24.11.26,6,CNY", "date", Flaw.DATE_UNUSABLE),
        ("charge,2026-11-24,0,CNY", "amount", Flaw.AMOUNT_UNUSABLE),
        ("charge,2026-11-24,-6,CNY", "amount", Flaw.AMOUNT_UNUSABLE),
        ("charge,2026-11-24,six,CNY", "amount", Flaw.AMOUNT_UNUSABLE),
        ("charge,2026-11-24,6,", "currency", Flaw.CURRENCY_UNUSABLE),
        ("charge,2026-11-24,6,¥", "currency", Flaw.CURRENCY_UNUSABLE),
        ("bank_line,2026-11-24,,CNY", "amount", Flaw.AMOUNT_MISSING),
        ("debit,2026-11-24,6,CNY", "kind", Flaw.KIND_UNUSABLE),
    ],
)
def test_what_may_be_read_in_two_ways_is_asked_for_again(
    line: str, column: str, flaw: Flaw
) -> None:
    (error,) = added_of(f"kind,date,amount,currency\n{line}")
    assert isinstance(error, FlawError)
    assert (error.column, error.flaw) == (column, flaw)


def test_money_that_came_back_is_told_from_what_a_bank_took() -> None:
    with_minus = "kind,date,amount,currency\nbank,2026-11-24,-6.00,CNY\nbank,2026-11-25,6.00,CNY"
    kinds = [added.kind for added in added_of(with_minus) if isinstance(added, Added)]
    assert kinds == [Kind.BANK_LINE, Kind.REFUND_RECEIVED]
    without = "kind,date,amount,currency\nbank,2026-11-24,6.00,CNY"
    assert [added.kind for added in added_of(without) if isinstance(added, Added)] == [
        Kind.BANK_LINE
    ]


def test_of_an_order_only_the_end_is_kept() -> None:
    (added,) = added_of("date,order\n2026-11-24,510020230000123456")
    assert isinstance(added, Added)
    assert added.facts == {"on": "2026-11-24", "order": "…3456"}


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"", TableFlaw.EMPTY),
        (b"date,amount\n", TableFlaw.EMPTY),
        (b"amount,currency\n6,CNY\n", TableFlaw.COLUMNS_MISSING),
        (b"PK\x03\x04\xff", TableFlaw.NOT_TEXT),
        ("date,text\n2026-11-24,云存储".encode("gbk"), TableFlaw.NOT_TEXT),
        ("date,text\n2026-11-24,Haustür".encode("latin-1"), TableFlaw.NOT_TEXT),
        ("date,text\n2026-11-24,Haustür".encode("utf-16"), TableFlaw.NOT_TEXT),
        (b"date;Date\n2026-11-24;2026-11-25", TableFlaw.COLUMNS_DOUBLED),
        (b"date,currency,amount\n2026-11-24,EUR,6,50", TableFlaw.UNEVEN),
        (b'date,text\n2026-11-24,"open', TableFlaw.QUOTES),
        (b'date,text\n2026-11-24,"a"b', TableFlaw.QUOTES),
        (b"date\n" + b"2026-11-24\n" * 1001, TableFlaw.TOO_LARGE),
    ],
)
def test_what_is_no_table_of_charges(data: bytes, flaw: TableFlaw) -> None:
    with pytest.raises(TableError) as raised:
        read(data, today=TODAY)
    assert raised.value.flaw is flaw


_TEXTS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Zs", "Cn", "Co")),
    min_size=1,
    max_size=20,
)
_MONEY = st.builds(
    Money,
    amount=st.decimals(min_value="0.01", max_value="99999.99", places=2),
    currency=st.sampled_from(("CNY", "EUR", "USD")),
)


@given(
    st.lists(
        st.builds(
            Added,
            kind=st.sampled_from(ADDABLE),
            on=st.dates(date(1990, 1, 1), TODAY),
            money=_MONEY,
            camera=st.none() | _TEXTS,
            text=st.none() | _TEXTS | st.sampled_from(("=1+1", "-x", "'quoted", "@a", 'a "b", c;')),
            order=st.none(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_is_read_again(added: list[Added]) -> None:
    table = write(entry_of(one) for one in added)
    assert [line.added for line in read(table, today=TODAY)] == added
    assert not [
        cell for cell in table.decode("utf-8-sig").splitlines() if cell.startswith(("=", "@"))
    ]


def test_twice_the_same_table_adds_nothing_and_two_alike_are_two() -> None:
    once = [("key", Added(kind=Kind.CHARGE, on=TODAY, money=SIX))]
    twice = once * 2
    assert not_there_yet(twice, ()) == [True, True]
    there = [entry_of(added) for _, added in once]
    assert not_there_yet(once, there) == [False]
    assert not_there_yet(twice, there) == [False, True]
    assert not_there_yet(twice, there * 2) == [False, False]
    written_otherwise = replace(once[0][1], money=Money(amount=Decimal("6.0"), currency="CNY"))
    assert not_there_yet([("key", written_otherwise)], there) == [False]
    assert not_there_yet([("other", once[0][1])], there) == [True]
