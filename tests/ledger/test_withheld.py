"""Rows that are withheld: the chain is checked across them as across any other.

A hash over previous + content alone could not be checked without the content, and a withheld row
would then say of the row before it whatever somebody likes. So the hash is over number, previous
hash and a digest of the content, and a withheld row's line holds that digest.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path

import pytest

from custom_components.camera_cloud_plan.ledger import Entry, Kind, LedgerFile, Row, verify
from custom_components.camera_cloud_plan.ledger.verify_ledger import check, link_of, withheld

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def three_lines(folder: Path) -> list[bytes]:
    """Return a ledger of three rows, the second of which is about another camera."""
    book = LedgerFile(folder / "ledger.jsonl")
    book.append(
        Entry(
            at=NOON + timedelta(days=day),
            zone="Europe/Berlin",
            kind=Kind.NOTE,
            source="owner",
            camera=camera,
            facts={"text": f"day {day}"},
        )
        for day, camera in enumerate(("a" * 12, "b" * 12, "a" * 12))
    )
    return [*book.lines()]


def covered(line: bytes) -> bytes:
    """Return the line that stands for a row that is not shown."""
    link = link_of(line.removesuffix(b"\n"))
    assert link
    return withheld(link)


def test_what_is_withheld_is_not_told_and_the_chain_holds(tmp_path: Path) -> None:
    first, second, third = three_lines(tmp_path)
    verdict = check([first, covered(second), third], is_excerpt=True)
    assert verdict.is_whole
    assert (verdict.rows, verdict.withheld) == (3, 1)
    assert b"day 1" not in covered(second)
    assert b"bbb" not in covered(second)
    assert not verify([first, covered(second), third]).is_whole  # no account's own ledger


def test_a_row_changed_before_a_withheld_one_is_found(tmp_path: Path) -> None:
    first, second, third = three_lines(tmp_path)
    changed = replace(Row.from_line(first), facts={"text": "another story"}).line()
    hidden = json.loads(covered(second))
    hidden["previous"] = json.loads(changed)["hash"]
    told = hidden.pop("hash")
    body = json.dumps(hidden, separators=(",", ":"), sort_keys=True).encode()
    forged = b'%s,"hash":"%s"}\n' % (body[:-1], told.encode())
    assert not check([changed, forged, third], is_excerpt=True).is_whole


@pytest.mark.parametrize("at", range(3))
def test_a_withheld_row_cannot_be_left_out_or_moved(tmp_path: Path, at: int) -> None:
    shown = [covered(line) for line in three_lines(tmp_path)]
    assert check(shown, is_excerpt=True).is_whole
    lacking = shown[:at] + shown[at + 1 :]
    # Of an excerpt only the ends are free.
    assert check(lacking, is_excerpt=True).is_whole == (at != 1)
    assert not check([shown[at], *lacking], is_excerpt=True).is_whole or at == 0
