"""The ledger: what happened to an account's plans, written so that a change of it shows.

Knows the plan model and nothing of Home Assistant. `row` is what is written, `book` the file,
`chain` and `verify_ledger` say whether it is whole; the latter needs nothing but Python, and goes
out with whatever is handed over.
"""

from .book import LedgerError, LedgerFile, NotTheLastError, Trouble
from .chain import Anchor, Break, Damage, Verdict, Walk, verify, withheld
from .row import Entry, Json, Kind, Row, Source, UnreadableRowError, rows_of

__all__ = [
    "Anchor",
    "Break",
    "Damage",
    "Entry",
    "Json",
    "Kind",
    "LedgerError",
    "LedgerFile",
    "NotTheLastError",
    "Row",
    "Source",
    "Trouble",
    "UnreadableRowError",
    "Verdict",
    "Walk",
    "rows_of",
    "verify",
    "withheld",
]
