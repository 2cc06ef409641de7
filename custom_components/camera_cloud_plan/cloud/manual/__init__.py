"""Plans of any maker that their owner typed in: nobody is asked, and all is the owner's word."""

from .cloud import REGION, ManualCloud
from .plan import Flaw, ManualPlan, ManualPlanError
from .table import COLUMNS, Row, TableError, TableFlaw, read_table, write_table

__all__ = [
    "COLUMNS",
    "REGION",
    "Flaw",
    "ManualCloud",
    "ManualPlan",
    "ManualPlanError",
    "Row",
    "TableError",
    "TableFlaw",
    "read_table",
    "write_table",
]
