"""Charges, bank lines and sellers' notices as a table, to and from a spreadsheet.

An amount is what was taken. Banks write that with a minus: in a table in which any line of a
bank has one, a line without is money that came back. Nothing else is guessed: a day or an
amount that may be read in two ways is asked for again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

from ..plan import Money
from ..plan.sheet import TableError, TableFlaw, read_sheet, write_sheet
from ..plan.written import amount_of, amount_text, currency_of, day_of, number_of
from .row import Entry, Json, Kind, Source

__all__ = ["COLUMNS", "Added", "Flaw", "Line", "TableError", "TableFlaw", "read", "write"]

COLUMNS: Final = ("kind", "date", "camera", "amount", "currency", "text", "order")
_NEEDED: Final = frozenset({"date"})

ADDABLE: Final = (Kind.CHARGE, Kind.BANK_LINE, Kind.NOTICE, Kind.REFUND_RECEIVED)
_WITH_MONEY: Final = (Kind.BANK_LINE, Kind.REFUND_RECEIVED)

LONGEST_TEXT: Final = 500
MOST_MONEY: Final = Decimal(10**9)
# Of an order's number so many last characters are kept: enough to find it again.
_SHOWN_OF_ORDER: Final = 4

_KINDS: Final = {
    "": Kind.CHARGE,
    **{kind.value: kind for kind in ADDABLE},
    "bank": Kind.BANK_LINE,
    "refund": Kind.REFUND_RECEIVED,
}


class Flaw(StrEnum):
    """What can be wrong with a line."""

    KIND_UNUSABLE = "kind_unusable"
    DATE_MISSING = "date_missing"
    DATE_UNUSABLE = "date_unusable"
    DATE_AHEAD = "date_ahead"
    AMOUNT_MISSING = "amount_missing"
    AMOUNT_UNUSABLE = "amount_unusable"
    CURRENCY_UNUSABLE = "currency_unusable"
    TEXT_UNUSABLE = "text_unusable"
    CAMERA_UNKNOWN = "camera_unknown"
    CAMERA_DOUBTFUL = "camera_doubtful"


class FlawError(ValueError):
    """A line cannot be used: `flaw` says why, `column` where."""

    def __init__(self, column: str, flaw: Flaw) -> None:
        """Take the column's name and what is wrong with it."""
        super().__init__(f"{column}: {flaw}")
        self.column = column
        self.flaw = flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Something that an owner adds to the ledger; what was not said is `None`.

    `on` is the day by the home's calendar, `camera` what its owner wrote for the camera,
    `order` the last characters of the seller's number.
    """

    kind: Kind
    on: date
    money: Money | None = None
    camera: str | None = None
    text: str | None = None
    order: str | None = None

    @classmethod
    def parse(cls, values: Mapping[str, object], *, today: date, is_bank: bool = False) -> Self:
        """Return what plain values say: of an action, or of a table's line.

        `is_bank`: whether money that a bank took is written with a minus there. Raises
        `FlawError`.
        """
        kind = _KINDS.get(_said(values, "kind").casefold())
        if kind is None:
            raise FlawError("kind", Flaw.KIND_UNUSABLE)
        on = _day(values, today)
        money, is_negative = _money(values)
        if money is None and kind in _WITH_MONEY:
            raise FlawError("amount", Flaw.AMOUNT_MISSING)
        if is_negative and kind is not Kind.BANK_LINE:
            raise FlawError("amount", Flaw.AMOUNT_UNUSABLE)
        if kind is Kind.BANK_LINE and is_bank and not is_negative:
            kind = Kind.REFUND_RECEIVED
        order = _text(values, "order")
        return cls(
            kind=kind,
            on=on,
            money=money,
            camera=_text(values, "camera"),
            text=_text(values, "text"),
            order=f"…{order.removeprefix('…')[-_SHOWN_OF_ORDER:]}" if order else None,
        )

    @property
    def source(self) -> Source:
        """On whose word it is."""
        return Source.BANK if self.kind is Kind.BANK_LINE else Source.OWNER

    @property
    def facts(self) -> dict[str, Json]:
        """The facts of its row."""
        day = "arrived_at" if self.kind is Kind.NOTICE else "on"
        said: dict[str, Json] = {
            day: self.on.isoformat(),
            "money": {
                "amount": f"{self.money.amount:f}",
                "currency": self.money.currency,
            }
            if self.money
            else None,
            "text": self.text,
            "order": self.order,
        }
        return {name: fact for name, fact in said.items() if fact is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a table: the line it begins on, and what it adds, or what is wrong with it."""

    line: int
    added: Added | FlawError


def read(data: bytes, *, today: date) -> list[Line]:
    """Return a table's lines; empty ones are passed over. Raises `TableError`.

    Columns may stand in any order; ones that are not known are passed over. Without a kind a
    line is a charge.
    """
    rows = read_sheet(data, COLUMNS, _NEEDED)
    is_bank = any(
        _KINDS.get(_said(cells, "kind").casefold()) is Kind.BANK_LINE
        and _said(cells, "amount").startswith(_MINUS)
        for _, cells in rows
    )
    return [_line(line, cells, today, is_bank=is_bank) for line, cells in rows]


def _line(line: int, cells: Mapping[str, str], today: date, *, is_bank: bool) -> Line:
    try:
        return Line(line=line, added=Added.parse(cells, today=today, is_bank=is_bank))
    except FlawError as err:
        return Line(line=line, added=err)


def write(entries: Iterable[Entry]) -> bytes:
    """Return the ledger's charges and the like as a table that `read` takes."""
    return write_sheet(COLUMNS, (_cells(entry) for entry in entries if entry.kind in ADDABLE))


def _cells(entry: Entry) -> dict[str, object]:
    facts, money = entry.facts, entry.facts.get("money")
    amount = money.get("amount") if isinstance(money, Mapping) else None
    written = amount_text(Decimal(str(amount))) if amount is not None else None
    return {
        "kind": entry.kind.value,
        "date": facts.get("on") or facts.get("arrived_at"),
        "camera": entry.name,
        # As banks write it, so that money that came back is told from what was taken.
        "amount": f"-{written}" if entry.kind is Kind.BANK_LINE and written else written,
        "currency": money.get("currency") if isinstance(money, Mapping) else None,
        "text": facts.get("text"),
        "order": facts.get("order"),
    }


def not_there_yet(wanted: Iterable[tuple[str | None, Added]], known: Iterable[Entry]) -> list[bool]:
    """Return of each, with its camera's key, whether the ledger lacks it.

    Two that are alike are two: one is there already for each that the ledger has. So a table
    can be read in again, or a longer one with the same lines.
    """
    there = Counter(
        _identity(entry.camera, entry.kind, entry.facts) for entry in known if entry.kind in ADDABLE
    )
    lacks = []
    for camera, added in wanted:
        identity = _identity(camera, added.kind, added.facts)
        lacks.append(there[identity] <= 0)
        there[identity] -= 1
    return lacks


def _identity(camera: str | None, kind: Kind, facts: Mapping[str, Json]) -> tuple[object, ...]:
    money = facts.get("money")
    amount = (
        (Decimal(str(money["amount"])).normalize(), money["currency"])
        if isinstance(money, Mapping) and {"amount", "currency"} <= money.keys()
        else None
    )
    day = str(facts.get("on") or facts.get("arrived_at"))[:10]
    return camera, kind, day, amount, facts.get("text"), facts.get("order")


# --- Plain values ---

_MINUS: Final = ("-", "−")


def _said(values: Mapping[str, object], column: str) -> str:
    value = values.get(column)
    return "" if value is None else str(value).strip()


def _text(values: Mapping[str, object], column: str) -> str | None:
    said = " ".join(_said(values, column).split())
    if len(said) > LONGEST_TEXT or not said.isprintable():
        raise FlawError(column, Flaw.TEXT_UNUSABLE)
    return said or None


def _day(values: Mapping[str, object], today: date) -> date:
    if not (said := _said(values, "date")):
        raise FlawError("date", Flaw.DATE_MISSING)
    if (day := day_of(said)) is None:
        raise FlawError("date", Flaw.DATE_UNUSABLE)
    if day > today:
        raise FlawError("date", Flaw.DATE_AHEAD)
    return day


def _money(values: Mapping[str, object]) -> tuple[Money | None, bool]:
    """Return an amount, and whether it has a minus."""
    if not (said := _said(values, "amount")):
        return None, False
    is_negative = said.startswith(_MINUS)
    bare = said[1:].lstrip() if is_negative or said.startswith("+") else said
    # A form sends a number, of which there is no doubt.
    amount = (amount_of if isinstance(values.get("amount"), str) else number_of)(bare)
    if amount is None or not 0 < amount <= MOST_MONEY:
        raise FlawError("amount", Flaw.AMOUNT_UNUSABLE)
    if (currency := currency_of(_said(values, "currency"))) is None:
        raise FlawError("currency", Flaw.CURRENCY_UNUSABLE)
    return Money(amount=amount, currency=currency), is_negative
