"""The three ways to keep the same rows, each on the disk when it says so."""

from collections.abc import Iterator, Sequence
from contextlib import closing
import json
from pathlib import Path
import sqlite3
from typing import Any, Final, Protocol

from homeassistant.helpers.json import prepare_save_json
from homeassistant.util.file import write_utf8_file_atomic
from homeassistant.util.json import load_json

from custom_components.camera_cloud_plan.ledger import (
    Anchor,
    Entry,
    LedgerFile,
    Row,
    rows_of,
    verify,
)
from custom_components.camera_cloud_plan.ledger.verify_ledger import sealed

_CHAIN: Final = ("seq", "previous", "hash")


class Keeper(Protocol):
    """One way to keep rows."""

    name: str
    path: Path

    def fill(self, rows: Sequence[Row]) -> None:
        """Keep rows, unmeasured."""

    def open(self) -> int:
        """Get ready to append, from nothing; return the last row's number."""

    def append(self, entries: Sequence[Entry]) -> int:
        """Keep further rows, flushed to the disk; return the last one's number."""

    def verify(self) -> int:
        """Check every row from the disk; return how many there are, 0 where one is not whole."""

    def close(self) -> None:
        """Let go of what `open` holds."""


class File:
    """The ledger."""

    name = "ledger file"

    def __init__(self, folder: Path) -> None:
        """Take the folder for its file."""
        self.path = folder / "ledger.jsonl"
        self._book = LedgerFile(self.path)

    def fill(self, rows: Sequence[Row]) -> None:
        """Keep rows, unmeasured."""
        self.path.write_bytes(b"".join(row.line() for row in rows))

    def open(self) -> int:
        """Get ready to append; nothing is held."""
        head = self._book.head()
        return head.seq if head else 0

    def append(self, entries: Sequence[Entry]) -> int:
        """Keep further rows."""
        return self._book.append(entries)[-1].seq

    def verify(self) -> int:
        """Check every row."""
        verdict = self._book.verify()
        return verdict.rows if verdict.is_whole else 0

    def close(self) -> None:
        """Do nothing."""


class JsonStore:
    """As Home Assistant's `Store` with `atomic_writes`: all of it is in memory and written anew."""

    name = "JSON store"

    def __init__(self, folder: Path) -> None:
        """Take the folder for its file."""
        self.path = folder / "store.json"
        self._rows: list[dict[str, Any]] = []

    def fill(self, rows: Sequence[Row]) -> None:
        """Keep rows, unmeasured."""
        self._rows = [json.loads(row.line()) for row in rows]
        self._save()

    def open(self) -> int:
        """Read all of it."""
        self._rows = self._load()
        return int(self._rows[-1]["seq"])

    def append(self, entries: Sequence[Entry]) -> int:
        """Add further rows and write all of them."""
        last = self._rows[-1]
        rows = rows_of(entries, after=Anchor(last["seq"], last["hash"]))
        self._rows += (json.loads(row.line()) for row in rows)
        self._save()
        return int(self._rows[-1]["seq"])

    def verify(self) -> int:
        """Read all of it and check every row."""
        verdict = verify(_lines(self._load()))
        return verdict.rows if verdict.is_whole else 0

    def close(self) -> None:
        """Forget it."""
        self._rows = []

    def _load(self) -> list[dict[str, Any]]:
        loaded: Any = load_json(self.path)
        rows: list[dict[str, Any]] = loaded["data"]["rows"]
        return rows

    def _save(self) -> None:
        data = {"version": 1, "minor_version": 1, "key": "ledger", "data": {"rows": self._rows}}
        mode, content = prepare_save_json(data, encoder=None)
        write_utf8_file_atomic(str(self.path), content, private=True, mode=mode)


def _lines(rows: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    """Yield rows as their lines; one whose hash is not its own as a line that is none."""
    for row in rows:
        content = {key: value for key, value in row.items() if key not in _CHAIN}
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        line = sealed(text.encode(), row["seq"], row["previous"])
        yield line if line[-67:-3].decode() == row["hash"] else b"\n"


class Sqlite:
    """SQLite from the standard library, each append a transaction that is flushed."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        """Take the folder for its file."""
        self.path = folder / "ledger.db"
        self._database: sqlite3.Connection | None = None
        self._head: Anchor | None = None

    def fill(self, rows: Sequence[Row]) -> None:
        """Keep rows, unmeasured."""
        with closing(self._connected()) as database, database:
            database.execute("CREATE TABLE ledger (seq INTEGER PRIMARY KEY, line BLOB NOT NULL)")
            database.executemany(
                "INSERT INTO ledger VALUES (?, ?)", ((row.seq, row.line()) for row in rows)
            )

    def open(self) -> int:
        """Connect and read the last row, as whoever appends to a chain has to."""
        self._database = self._connected()
        last = "SELECT line FROM ledger ORDER BY seq DESC LIMIT 1"
        (line,) = self._database.execute(last).fetchone()
        self._head = Row.from_line(line).anchor
        return self._head.seq

    def append(self, entries: Sequence[Entry]) -> int:
        """Insert further rows."""
        if self._database is None:
            self.open()
        assert self._database  # noqa: S101 - it was just opened
        rows = list(rows_of(entries, after=self._head))
        with self._database:
            self._database.executemany(
                "INSERT INTO ledger VALUES (?, ?)", ((row.seq, row.line()) for row in rows)
            )
        self._head = rows[-1].anchor
        return rows[-1].seq

    def verify(self) -> int:
        """Check the database itself, and every row."""
        with closing(self._connected()) as database:
            if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                return 0
            lines = database.execute("SELECT line FROM ledger ORDER BY seq")
            verdict = verify(line for (line,) in lines)
        return verdict.rows if verdict.is_whole else 0

    def close(self) -> None:
        """Disconnect."""
        if self._database:
            self._database.close()
        self._database = self._head = None

    def _connected(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        return database
