"""Tables of text (CSV) to and from a spreadsheet.

Spreadsheets write a byte order mark, separate by semicolons where the comma is for
decimals, and take a cell that begins with an equals sign for a formula. All that is
understood when reading; when writing, such a cell is defused by an apostrophe before it,
which reading takes away again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
import csv
from enum import StrEnum
import io
from typing import Final

# What makes a spreadsheet calculate; the apostrophe is what keeps it from that.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_GUARD: Final = "'"

_MOST_BYTES: Final = 1_000_000
_MOST_ROWS: Final = 1000


class TableFlaw(StrEnum):
    """Why a file as a whole is no table."""

    TOO_LARGE = "table_too_large"
    NOT_TEXT = "table_not_text"
    COLUMNS_MISSING = "table_columns_missing"
    EMPTY = "table_empty"


class TableError(ValueError):
    """A file that is no table of what was expected."""

    def __init__(self, flaw: TableFlaw) -> None:
        """Take what is wrong with it."""
        super().__init__(flaw.value)
        self.flaw = flaw


def write_sheet(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return rows as a table that spreadsheets open with the right letters."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return text.getvalue().encode("utf-8-sig")


def read_sheet(
    data: bytes, columns: Collection[str], needed: Collection[str]
) -> list[tuple[int, Mapping[str, str]]]:
    """Return a table's rows: the line on which each begins, and its cells by column.

    Empty rows are passed over. Columns may stand in any order; ones that are not among
    `columns` are passed over. Raises `TableError`, also where one that is `needed` lacks.
    """
    if len(data) > _MOST_BYTES:
        raise TableError(TableFlaw.TOO_LARGE)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise TableError(TableFlaw.NOT_TEXT) from err
    try:
        rows = [*_rows(text, columns, needed)]
    except csv.Error as err:
        raise TableError(TableFlaw.NOT_TEXT) from err
    if not rows:
        raise TableError(TableFlaw.EMPTY)
    return rows


def _rows(
    text: str, columns: Collection[str], needed: Collection[str]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    names = [cell.strip().casefold() for cell in next(reader, [])]
    if not names:
        raise TableError(TableFlaw.EMPTY)
    if not set(needed).issubset(names):
        raise TableError(TableFlaw.COLUMNS_MISSING)
    count, line = 0, reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            named = zip(names, cells, strict=False)
            yield line, {name: _restored(cell) for name, cell in named if name in columns}
            count += 1
        if count > _MOST_ROWS:
            raise TableError(TableFlaw.TOO_LARGE)
        line = reader.line_num + 1


def _delimiter(text: str) -> str:
    """Return what separates the columns: what the first line holds most of."""
    first = text.partition("\n")[0]
    return max((",", ";", "\t"), key=first.count)


def _cell(value: object) -> str:
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
