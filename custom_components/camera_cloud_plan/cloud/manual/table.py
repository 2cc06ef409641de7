"""Typed plans as a table, to and from a spreadsheet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ...plan.sheet import TableError, TableFlaw, read_sheet, write_sheet
from .plan import ManualPlan, ManualPlanError

__all__ = ["COLUMNS", "Row", "TableError", "TableFlaw", "read_table", "write_table"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table: the line it begins on, and the plan, or what is wrong with it."""

    line: int
    plan: ManualPlan | ManualPlanError


def write_table(plans: Iterable[ManualPlan]) -> bytes:
    """Return plans as a table that spreadsheets open with the right letters."""
    return write_sheet(COLUMNS, (plan.as_dict() for plan in plans))


def read_table(data: bytes) -> list[Row]:
    """Return the rows of a table; empty ones are passed over. Raises `TableError`.

    Columns may stand in any order; ones that are not known are passed over.
    """
    return [_row(line, cells) for line, cells in read_sheet(data, COLUMNS, _NEEDED)]


def _row(line: int, cells: Mapping[str, str]) -> Row:
    try:
        return Row(line=line, plan=ManualPlan.parse(cells))
    except ManualPlanError as err:
        return Row(line=line, plan=err)
