"""The dispute file itself: a zip whose bytes are the same for the same content.

Beside the page there are the rows as a table and as they stand in the ledger, the owner's
files, a list of all with their hashes, and the script that checks them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
import hashlib
import io
import json
from pathlib import Path
from typing import Final
import zipfile

from ...plan.sheet import write_sheet
from .. import verify_ledger
from ..verify_ledger import Walk
from .attached import FOLDER, named
from .excerpt import Part, Shown, excerpt
from .gist import Gist
from .lacks import Has, checklist
from .model import CaseFile, Words
from .report import report

_SCRIPT: Final = Path(verify_ledger.__file__)
_COLUMNS: Final = ("seq", "at", "zone", "written_at", "kind", "source", "name", "facts", "hash")
_BUFFER: Final = 1 << 18
# Zips know no earlier year, and no later one than this.
_FIRST_YEAR, _LAST_YEAR = 1980, 2107


class LeakError(Exception):
    """Something secret would have been in the file; names neither what nor where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A dispute file: its bytes, what is in it by hash, and what it lacks, by key."""

    content: bytes
    files: Mapping[str, str]
    missing: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The hash of the zip, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def make_package(case: CaseFile, words: Words, secrets: frozenset[str] = frozenset()) -> Package:
    """Return the dispute file of a case; blocking.

    `secrets` are the account's tokens, and whatever else must be in no file of ours. Raises
    `LeakError` where one would be. Of the rows only those that the page tells are held in
    memory, and the table that they make.
    """
    shut = tuple(secret.encode() for secret in secrets)
    gist, packed = Gist(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        packing = _Packing(archive, case.made_at)
        with packing.file("ledger.jsonl") as write:
            sheet = write_sheet(_COLUMNS, _table(_written(case, gist, write, shut)))
        law = case.law(gist.paid_at or case.last or case.made_at, gist.first_paid)
        items = checklist(case, gist, law)
        page = report(case, gist, law, items, words).encode()
        for name, content in (("ledger.csv", sheet), ("report.html", page)):
            _refuse(content, shut)
            packing.add(name, content)
        for name, of in named(case.attachments):
            packing.add(f"{FOLDER}/{name}", of.content)
        packing.add(_SCRIPT.name, _SCRIPT.read_bytes())
        packing.add("manifest.json", _manifest(case, gist, packing.listed))
    return Package(
        content=packed.getvalue(),
        files={name: str(of["sha256"]) for name, of in sorted(packing.listed.items())},
        missing=tuple(item.key for item in items if item.has is Has.NO),
    )


def _manifest(case: CaseFile, gist: Gist, listed: Mapping[str, Mapping[str, object]]) -> bytes:
    manifest = {
        "files": listed,
        "ledger": {
            "head": {"seq": gist.head.seq, "hash": gist.head.hash} if gist.head else None,
            "shown": gist.shown,
        },
        "made_at": case.made_at.astimezone(UTC).isoformat(),
        "version": case.version,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True)
    return f"{text}\n".encode()


def _written(
    case: CaseFile, gist: Gist, write: Callable[[bytes], None], shut: Collection[bytes]
) -> Iterator[Shown]:
    """Write the lines of the excerpt as they come; yield the rows that are shown."""
    walk = Walk()
    part = Part(camera=case.subject.key, first=case.first, last=case.last)
    for line, shown in excerpt(case.lines, walk, part, case.mask):
        _refuse(line, shut)
        write(line)
        gist.heed(shown)
        if shown:
            yield shown
    verdict = walk.verdict()
    gist.broken = len(verdict.breaks)
    gist.head = verdict.head if verdict.head.seq else None


def _refuse(content: bytes, shut: Collection[bytes]) -> None:
    if any(secret in content for secret in shut):
        raise LeakError("a secret would be in the file")


def _table(rows: Iterable[Shown]) -> Iterator[Mapping[str, object]]:
    encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
    for shown in rows:
        row = shown.row
        yield {
            "seq": row.seq,
            "at": row.at.isoformat(),
            "zone": row.zone,
            "written_at": row.written_at.isoformat(),
            "kind": row.kind.value,
            "source": row.source,
            "name": shown.name,
            "facts": encode(shown.facts),
            "hash": row.hash,
        }


class _Packing:
    """Puts one file after the other into a zip; lists each with its size and hash."""

    def __init__(self, archive: zipfile.ZipFile, made_at: datetime) -> None:
        """Take the zip, and the moment that its files are of."""
        self._zip = archive
        made = made_at.astimezone(UTC)
        year = min(max(made.year, _FIRST_YEAR), _LAST_YEAR)
        self._when = made.replace(year=year).timetuple()[:6]
        self.listed: dict[str, dict[str, int | str]] = {}

    @contextmanager
    def file(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Begin a file; what it is called with is written into it."""
        info = zipfile.ZipInfo(name, self._when)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system = 3  # as on Unix, whatever system this is
        info.external_attr = 0o644 << 16
        # Most of it are hashes, which more effort makes no smaller.
        info.compress_level = 1
        sha256, size = hashlib.sha256(), 0
        with self._zip.open(info, "w") as opened, io.BufferedWriter(opened, _BUFFER) as packed:

            def write(content: bytes) -> None:
                nonlocal size
                sha256.update(content)
                size += packed.write(content)

            yield write
        self.listed[name] = {"bytes": size, "sha256": sha256.hexdigest()}

    def add(self, name: str, content: bytes) -> None:
        """Add a whole file."""
        with self.file(name) as write:
            write(content)
