"""Typed plans as a table of text (CSV), to and from a spreadsheet.

Spreadsheets write a byte order mark, separate by semicolons where the comma is for
decimals, and take a cell that begins with an equals sign for a formula. All that is
understood when reading; when writing, such a cell is defused by an apostrophe before it,
which reading takes away again.
"""

from collections.abc import Iterable, Mapping, Sequence
import csv
from dataclasses import dataclass
from enum import StrEnum
import io
from typing import Final

from .plan import ManualPlan, ManualPlanError

COLUMNS: Final = (
    "name",
    "brand",
    "ends_on",
    "term",
    "renews",
    "price",
    "currency",
    "starts_on",
    "trial",
    "regular_price",
    "price_from",
    "billed_by",
    "notice_days",
    "billing_day",
    "attached_to",
)
_NEEDED: Final = frozenset({"name", "ends_on", "term"})

# What makes a spreadsheet calculate; the apostrophe is what keeps it from that.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_GUARD: Final = "'"

_MOST_BYTES: Final = 1_000_000
_MOST_ROWS: Final = 1000


class TableFlaw(StrEnum):
    """Why a file as a whole is no table of plans."""

    TOO_LARGE = "table_too_large"
    NOT_TEXT = "table_not_text"
    COLUMNS_MISSING = "table_columns_missing"
    EMPTY = "table_empty"


class TableError(ValueError):
    """A file that is no table of plans."""

    def __init__(self, flaw: TableFlaw) -> None:
        """Take what is wrong with it."""
        super().__init__(flaw.value)
        self.flaw = flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table: the line it begins on, and the plan, or what is wrong with it."""

    line: int
    plan: ManualPlan | ManualPlanError


def write_table(plans: Iterable[ManualPlan]) -> bytes:
    """Return plans as a table that spreadsheets open with the right letters."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for plan in plans:
        said = plan.as_dict()
        writer.writerow([_cell(said.get(column)) for column in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def read_table(data: bytes) -> list[Row]:
    """Return the rows of a table; empty ones are passed over. Raises `TableError`.

    Columns may stand in any order; ones that are not known are passed over.
    """
    if len(data) > _MOST_BYTES:
        raise TableError(TableFlaw.TOO_LARGE)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise TableError(TableFlaw.NOT_TEXT) from err
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[Row] = []
    try:
        columns = [cell.strip().casefold() for cell in next(reader, [])]
        if not columns:
            raise TableError(TableFlaw.EMPTY)
        if not _NEEDED.issubset(columns):
            raise TableError(TableFlaw.COLUMNS_MISSING)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_row(line, columns, cells))
            if len(rows) > _MOST_ROWS:
                raise TableError(TableFlaw.TOO_LARGE)
            line = reader.line_num + 1
    except csv.Error as err:
        raise TableError(TableFlaw.NOT_TEXT) from err
    if not rows:
        raise TableError(TableFlaw.EMPTY)
    return rows


def _row(line: int, columns: Sequence[str], cells: Sequence[str]) -> Row:
    values: Mapping[str, object] = {
        column: _restored(cell)
        for column, cell in zip(columns, cells, strict=False)
        if column in COLUMNS
    }
    try:
        return Row(line=line, plan=ManualPlan.parse(values))
    except ManualPlanError as err:
        return Row(line=line, plan=err)


def _delimiter(text: str) -> str:
    """Return what separates the columns: what the first line holds most of."""
    first = text.partition("\n")[0]
    return max((",", ";", "\t"), key=first.count)


def _cell(value: str | bool | int | None) -> str:  # noqa: FBT001 - a cell is any of these
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            text = str(value)
            return _GUARD + text if text.startswith((*_FORMULA, _GUARD)) else text


def _restored(cell: str) -> str:
    """Return a cell without the apostrophe that keeps it from being a formula."""
    guarded = cell.startswith(_GUARD) and cell[1:].startswith((*_FORMULA, _GUARD))
    return cell[1:] if guarded else cell
