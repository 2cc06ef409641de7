"""Rows to test with."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
import io
from typing import Any

from custom_components.camera_cloud_plan.ledger import (
    Anchor,
    Entry,
    Kind,
    Source,
    Verdict,
    rows_of,
    verify,
)
from custom_components.camera_cloud_plan.ledger.verify_ledger import (
    GENESIS,
    lines_of,
    link_of,
    sealed,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CAMERA = "9f1c0a77be21"


def entry(number: int = 0, **changes: Any) -> Entry:
    """Return an entry that differs from others by its number."""
    facts = {"old_end": NOW.isoformat(), "new_end": (NOW + timedelta(days=30)).isoformat()}
    given: dict[str, Any] = {
        "at": NOW + timedelta(minutes=number),
        "zone": "Europe/Berlin",
        "kind": Kind.RENEWED,
        "source": Source.MAKER,
        "camera": CAMERA,
        "name": "Haustür",
        "facts": facts | {"number": number},
    }
    return Entry(**given | changes)


def written(count: int) -> list[bytes]:
    """Return the lines of a ledger of so many rows."""
    return [row.line() for row in rows_of(map(entry, range(count)))]


def written_fast(count: int) -> list[bytes]:
    """Return the same without much of what makes them; for very many."""
    (like,) = written(1)
    content, _, _ = like.partition(b',"seq":')
    before, number, after = content.partition(b'"number":0')
    assert number
    lines, previous = [], GENESIS
    for seq in range(1, count + 1):
        line = sealed(b'%s"number":%d%s}' % (before, seq, after), seq, previous)
        previous = line[-67:-3].decode()
        lines.append(line)
    return lines


def anchor_of(line: bytes) -> Anchor:
    """Return what is to be known of a row to find it again."""
    link = link_of(line)
    assert link
    return Anchor(link.seq, link.hash)


def judged(content: bytes, anchor: Anchor | None = None) -> Verdict:
    """Return the verdict on a ledger's bytes."""
    return verify(lines_of(io.BytesIO(content)), anchor)


def told(verdict: Verdict) -> list[tuple[str, int, int, int, int]]:
    """Return what is broken, as plain values."""
    return [(found.kind.value, *found[1:]) for found in verdict.breaks]


def joined(lines: Iterable[bytes]) -> bytes:
    """Return lines as one file."""
    return b"".join(lines)
