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
import re
from typing import Final

# What makes a spreadsheet calculate; the apostrophe is what keeps it from that. One that takes
# another sign for what separates the cells begins new ones within a text, so it stands there too.
_FORMULA: Final = r"""(?="*[=+\-@\t\r\n＝＋－＠'])"""
_MAYBE: Final = (*"\"=+-@\t\r\n＝＋－＠'",)
_UNGUARDED: Final = re.compile(rf"(^|[;\t]){_FORMULA}")
_GUARDED: Final = re.compile(rf"(^|[;\t])'{_FORMULA}")

_MOST_BYTES: Final = 1_000_000
_MOST_ROWS: Final = 1000


class TableFlaw(StrEnum):
    """Why a file as a whole is no table."""

    TOO_LARGE = "table_too_large"
    NOT_TEXT = "table_not_text"
    COLUMNS_MISSING = "table_columns_missing"
    COLUMNS_DOUBLED = "table_columns_doubled"
    UNEVEN = "table_uneven"
    """A line has more cells than there are columns: which is which is not known."""
    QUOTES = "table_quotes"
    """A quotation mark begins a cell and does not end it."""
    EMPTY = "table_empty"


class TableError(ValueError):
    """A file that is no table of what was expected; `line` is where, if it is at one place."""

    def __init__(self, flaw: TableFlaw, line: int = 0) -> None:
        """Take what is wrong with it, and the line."""
        super().__init__(flaw.value)
        self.flaw = flaw
        self.line = line


def write_sheet(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return rows as a table that spreadsheets open with the right letters."""
    written = io.BytesIO()
    with io.TextIOWrapper(written, "utf-8-sig", newline="", write_through=True) as text:
        writer = csv.writer(text)
        writer.writerow(columns)
        writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
        text.flush()
        return written.getvalue()


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
    rows = [*_rows(text, columns, needed)]
    if not rows:
        raise TableError(TableFlaw.EMPTY)
    return rows


def _rows(
    text: str, columns: Collection[str], needed: Collection[str]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    lines = _lines(text)
    names = [cell.strip().casefold() for cell in next(lines, (1, []))[1]]
    if not names:
        raise TableError(TableFlaw.EMPTY)
    if not set(needed).issubset(names):
        raise TableError(TableFlaw.COLUMNS_MISSING)
    if any(names.count(column) > 1 for column in columns):
        raise TableError(TableFlaw.COLUMNS_DOUBLED)
    count = 0
    for line, cells in lines:
        if any(cell.strip() for cell in cells[len(names) :]):
            raise TableError(TableFlaw.UNEVEN, line)
        if any(cell.strip() for cell in cells):
            named = zip(names, cells, strict=False)
            yield line, {name: _restored(cell) for name, cell in named if name in columns}
            count += 1
        if count > _MOST_ROWS:
            raise TableError(TableFlaw.TOO_LARGE)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each row begins, and its cells."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as err:
        raise TableError(TableFlaw.QUOTES, line) from err


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
            # Most hold nothing of the kind, and a long table is written much faster so.
            if not text.startswith(_MAYBE) and ";" not in text and "\t" not in text:
                return text
            return _UNGUARDED.sub(r"\1'", text)


def _restored(cell: str) -> str:
    """Return a cell without the apostrophes that keep it from being a formula."""
    return _GUARDED.sub(r"\1", cell)
