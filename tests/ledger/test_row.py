"""What is written down reads back the same, whatever it is."""

from datetime import UTC, datetime, timedelta, timezone
import hashlib
import json
import math
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.camera_cloud_plan.ledger import (
    Entry,
    Kind,
    Row,
    UnreadableRowError,
    rows_of,
    verify,
    withheld,
)
from custom_components.camera_cloud_plan.ledger.verify_ledger import GENESIS, link_of, sealed
from tests.ledger.pages import CAMERA, NOW, entry, written

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.just("seq"), inner, max_size=3)
    ),
    max_leaves=8,
)
ZONES = st.builds(
    lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-14 * 60, 14 * 60)
)
ENTRIES = st.builds(
    Entry,
    at=st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=ZONES),  # noqa: DTZ001 - with zones
    zone=st.just("Asia/Shanghai"),
    kind=st.sampled_from(Kind),
    source=TEXT,
    camera=st.none() | st.just(CAMERA),
    name=st.none() | TEXT,
    facts=st.dictionaries(TEXT, JSON, max_size=4),
)


@settings(max_examples=60)
@given(st.lists(ENTRIES, max_size=4))
def test_any_row_reads_back_as_it_was_written(entries: list[Entry]) -> None:
    rows = list(rows_of(entries, written_at=NOW))
    lines = [row.line() for row in rows]
    assert [Row.from_line(line) for line in lines] == rows
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines)
    verdict = verify(lines)
    assert verdict.is_whole
    assert (verdict.rows, verdict.head.seq) == (len(rows), len(rows))
    for row, given_entry in zip(rows, entries, strict=True):
        assert row.at == given_entry.at
        assert row.at.tzinfo is UTC
        assert row.facts == given_entry.facts
        assert (row.kind, row.source, row.camera, row.name) == (
            given_entry.kind,
            given_entry.source,
            given_entry.camera,
            given_entry.name,
        )


def test_a_hash_can_be_computed_by_anybody() -> None:
    """By the words of the script that goes out, without our code."""
    previous = "0" * 64
    for number, line in enumerate(written(3), 1):
        row = json.loads(line)
        assert (row.pop("seq"), row.pop("previous")) == (number, previous)
        stated = row.pop("hash")
        assert list(row) == sorted(row)
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        previous = hashlib.sha256(f"{number} {previous} {digest}".encode()).hexdigest()
        assert previous == stated


def test_what_no_file_can_hold_is_gone_and_said_so() -> None:
    (row,) = rows_of([entry(name="half \ud800 a character")])
    assert row.name == "half ? a character"
    assert Row.from_line(row.line()) == row


@pytest.mark.parametrize(
    "changes",
    [
        {"at": NOW.replace(tzinfo=None)},
        {"facts": {"amount": math.nan}},
        {"facts": {"amount": math.inf}},
        {"facts": {"text": "x" * (1 << 20)}},
    ],
)
def test_what_is_no_row_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        list(rows_of([entry(**changes)]))


def test_rows_go_on_behind_another() -> None:
    first, second = rows_of([entry(1), entry(2)])
    (third,) = rows_of([entry(3)], after=second.anchor)
    assert (third.seq, third.previous) == (3, second.hash)
    assert first.written_at == first.at
    assert first.salt != second.salt


def test_equal_rows_cannot_be_told_by_their_digests() -> None:
    """Who knows what a withheld row may say must not find out whether it does."""
    one, other = (link_of(row.line()) for row in rows_of([entry(1), entry(1)]))
    assert one
    assert other
    assert one.digest != other.digest


def test_only_rows_as_they_were_written_are_read() -> None:
    (line,) = written(1)
    link = link_of(line)
    assert link
    content = line[: line.index(b',"seq":')] + b"}"
    for other in (
        b"",
        b"{}\n",
        line.replace(b"Haust", b"Haus-"),
        line[:-2],
        line.replace(b"}\n", b"}\r\n"),
        withheld(link),
        sealed(content.replace(b'"form":1', b'"form":2'), 1, GENESIS),
        sealed(content.replace(b"renewed", b"unheard_of"), 1, GENESIS),
        sealed(content.replace(b'"zone"', b'"none"'), 1, GENESIS),
        sealed(content.replace(b"Haust", b"\xff"), 1, GENESIS),
        sealed(b'{"form":1}', 1, GENESIS),
        sealed(b"[]", 1, GENESIS),
        sealed(content[:-1] + b"}{}", 1, GENESIS),
        sealed(content.replace(b'"facts":{', b'"facts":5,"more":{'), 1, GENESIS),
        sealed(content.replace(b'"facts":{', b'"facts":[],"more":{'), 1, GENESIS),
        sealed(content.replace(b'"facts":{', b'"facts":{"x":' + b"[" * 200_000), 1, GENESIS),
        sealed(content.replace(b'"Haust\xc3\xbcr"', b"[]"), 1, GENESIS),
        sealed(content.replace(b'"camera":"9f1c0a77be21"', b'"camera":{}'), 1, GENESIS),
        sealed(content.replace(b'12:00:00+00:00",', b'12:00:00",', 1), 1, GENESIS),
        sealed(content.replace(b'"kind":"renewed"', b'"kind":[]'), 1, GENESIS),
    ):
        with pytest.raises(UnreadableRowError):
            Row.from_line(other)
    assert Row.from_line(line[:-1]) == Row.from_line(line)
