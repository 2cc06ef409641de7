"""The dispute file itself: a zip whose bytes are the same for the same content.

Beside the page there are the rows as a table and as they stand in the ledger, the owner's
files, a list of all with their hashes, and the script that checks them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
import hashlib
import io
import json
from pathlib import Path
import re
from typing import Final
import unicodedata
import zipfile

from ...plan.sheet import write_sheet
from .. import verify_ledger
from .excerpt import Excerpt, excerpt
from .lacks import Has, checklist
from .model import Attachment, CaseFile, Words
from .report import report

_SCRIPT: Final = Path(verify_ledger.__file__)
_COLUMNS: Final = ("seq", "at", "zone", "written_at", "kind", "source", "name", "facts", "hash")
_UNFIT: Final = re.compile(r"[^\w.() -]+")
_LONGEST_NAME: Final = 80
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
    `LeakError` where one would be.
    """
    rows = excerpt(case.lines, case.subject.key, case.first, case.last, case.mask)
    items = checklist(case, rows)
    files = {
        "report.html": report(case, rows, items, words).encode(),
        "ledger.jsonl": b"".join(rows.lines),
        "ledger.csv": write_sheet(_COLUMNS, _table(rows)),
    }
    if any(secret.encode() in content for secret in secrets for content in files.values()):
        raise LeakError("a secret would be in the file")
    files |= {f"attachments/{name}": of.content for name, of in _named(case.attachments)}
    files[_SCRIPT.name] = _SCRIPT.read_bytes()
    manifest = {
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in sorted(files.items())
        },
        "ledger": {
            "head": {"seq": case.head.seq, "hash": case.head.hash} if case.head else None,
            "shown": len(rows.shown),
        },
        "made_at": case.made_at.astimezone(UTC).isoformat(),
        "version": case.version,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True)
    files["manifest.json"] = f"{text}\n".encode()
    content = _zipped(files, case.made_at)
    hashes = {name: hashlib.sha256(of).hexdigest() for name, of in sorted(files.items())}
    missing = tuple(item.key for item in items if item.has is Has.NO)
    return Package(content=content, files=hashes, missing=missing)


def _table(rows: Excerpt) -> Iterator[Mapping[str, object]]:
    for shown in rows.shown:
        row = shown.row
        yield {
            "seq": row.seq,
            "at": row.at.isoformat(),
            "zone": row.zone,
            "written_at": row.written_at.isoformat(),
            "kind": row.kind.value,
            "source": row.source,
            "name": shown.name,
            "facts": json.dumps(shown.facts, ensure_ascii=False, sort_keys=True),
            "hash": row.hash,
        }


def _named(attachments: Sequence[Attachment]) -> Iterator[tuple[str, Attachment]]:
    """Yield attachments with names that any system can unpack, each once."""
    for number, of in enumerate(attachments, 1):
        plain = unicodedata.normalize("NFC", of.name).replace("/", "_").replace("\\", "_")
        plain = _UNFIT.sub("_", plain).strip(" .")[-_LONGEST_NAME:]
        yield f"{number:02}_{plain or 'file'}", of


def _zipped(files: Mapping[str, bytes], made_at: datetime) -> bytes:
    made = made_at.astimezone(UTC)
    when = made.replace(year=min(max(made.year, _FIRST_YEAR), _LAST_YEAR)).timetuple()[:6]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, when)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # as on Unix, whatever system this is
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return packed.getvalue()
