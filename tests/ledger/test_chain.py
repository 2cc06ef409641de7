"""Whatever is done to a ledger is found, and said of the right place."""

from collections.abc import Iterable
import io
from itertools import pairwise
import random
from typing import override

from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.ledger import Anchor, Row, Walk, rows_of, verify, withheld
from custom_components.camera_cloud_plan.ledger.verify_ledger import (
    GENESIS,
    Link,
    check,
    lines_of,
    link_of,
    sealed,
)
from tests.ledger.pages import anchor_of, entry, joined, judged, told, written, written_fast

SEVEN = written(7)
MANY = 100_000
FLIPPED = 4_000


def without(*numbers: int) -> list[bytes]:
    """Return the seven rows without some of them."""
    return [line for number, line in enumerate(SEVEN, 1) if number not in numbers]


def covered(line: bytes) -> bytes:
    link = link_of(line)
    assert link
    return withheld(link)


def flips(byte: int) -> set[int]:
    """Return what a byte may become: each bit of it, and what counts in such a file."""
    return {byte ^ (1 << bit) for bit in range(8)} | set(b'\0\n "') - {byte}


def test_a_whole_ledger_is_whole() -> None:
    verdict = verify(SEVEN, anchor_of(SEVEN[3]))
    assert verdict.is_whole
    assert verdict.anchored
    assert (verdict.rows, verdict.first, verdict.head) == (7, 1, anchor_of(SEVEN[-1]))
    assert verify([]).is_whole


@pytest.mark.parametrize("is_excerpt", [False, True])
def test_every_flipped_byte_of_a_small_ledger_is_found(*, is_excerpt: bool) -> None:
    lines = written(3)
    if is_excerpt:
        lines[1] = covered(lines[1])
    content = bytearray(joined(lines))

    def is_whole() -> bool:
        return check(lines_of(io.BytesIO(content)), is_excerpt=is_excerpt).is_whole

    assert is_whole()
    for at, byte in enumerate(content):
        for other in flips(byte):
            content[at] = other
            assert not is_whole(), (at, other)
        content[at] = byte


class TakenApart(Walk):
    """Takes every line apart, also the one that is expected."""

    @override
    def _next(self, line: bytes) -> Link | None:
        return None


JUNK = (b"\n", b"x\n", b'{"withheld":"%s"}\n' % (b"0" * 64))
NUMBERS = st.integers(0, 6)
HARM = st.one_of(
    st.tuples(st.just("drop"), NUMBERS, st.just(0)),
    st.tuples(st.just("double"), NUMBERS, NUMBERS),
    st.tuples(st.just("swap"), NUMBERS, NUMBERS),
    st.tuples(st.just("cover"), NUMBERS, st.just(0)),
    st.tuples(st.just("junk"), NUMBERS, st.integers(0, 2)),
    st.tuples(st.just("flip"), NUMBERS, st.integers(0, len(SEVEN[0]) - 1)),
    st.tuples(st.just("tear"), NUMBERS, st.integers(0, len(SEVEN[0]) - 1)),
)


def harmed(lines: list[bytes], how: str, at: int, more: int) -> list[bytes]:
    """Return lines after one thing was done to them."""
    if at >= len(lines):
        return lines
    line, lines = lines[at], [*lines]
    match how:
        case "drop":
            del lines[at]
        case "double":
            lines.insert(more, line)
        case "swap":
            other = more % len(lines)
            lines[at], lines[other] = lines[other], line
        case "cover" if link_of(line):
            lines[at] = covered(line)
        case "junk":
            lines.insert(at, JUNK[more])
        case "flip" if more < len(line):
            lines[at] = line[:more] + bytes([line[more] ^ 1]) + line[more + 1 :]
        case "tear":
            lines[at] = line[:more]
    return lines


@given(
    done=st.lists(HARM, max_size=4),
    anchor=st.sampled_from([None, *map(anchor_of, SEVEN), Anchor(9, "0" * 64)]),
    is_excerpt=st.booleans(),
)
def test_the_row_that_is_expected_is_judged_as_any_other(
    *, done: list[tuple[str, int, int]], anchor: Anchor | None, is_excerpt: bool
) -> None:
    lines = SEVEN
    for how, at, more in done:
        lines = harmed(lines, how, at, more)
    walks = [kind(anchor, is_excerpt=is_excerpt) for kind in (Walk, TakenApart)]
    content = joined(lines)
    for line in lines_of(io.BytesIO(content)):
        one, other = (walk.step(line) for walk in walks)
        assert one == other
    assert walks[0].verdict() == walks[1].verdict()


def test_a_row_that_says_withheld_of_itself_is_none() -> None:
    """Sealed like any other, it would pass for one of which nothing is shown."""
    line = sealed(b'{"withheld":"%s"}' % (b"0" * 64), 1, GENESIS)
    assert not verify([line]).is_whole
    assert Walk().step(line) is None


def test_thousands_of_flipped_bytes_in_very_many_rows_are_found() -> None:
    """Each line that was touched is told, and no other."""
    lines = written_fast(MANY)
    chance = random.Random(7)  # noqa: S311 - to flip the same ones again
    touched = set(chance.sample(range(MANY), FLIPPED))
    for index in touched:
        line = bytearray(lines[index])
        line[chance.randrange(len(line) - 1)] ^= 1 << chance.randrange(8)
        lines[index] = bytes(line)
        if b"\n" in line[:-1]:
            lines[index] = bytes(line).replace(b"\n", b"\t", 1)
    verdict = verify(lines)
    found = {line for of in verdict.breaks for line in range(of.line - 1, of.last_line)}
    assert found == touched
    assert {of.kind.value for of in verdict.breaks} == {"altered", "unreadable"}
    assert verdict.rows == MANY - FLIPPED


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (without(4), [("missing", 4, 4, 4, 4)]),
        (without(1), [("missing", 1, 1, 1, 1)]),
        (without(2, 3, 5), [("missing", 2, 2, 2, 3), ("missing", 3, 3, 5, 5)]),
        ([*SEVEN[:4], SEVEN[3], *SEVEN[4:]], [("doubled", 5, 5, 4, 4)]),
        ([*SEVEN, SEVEN[0], SEVEN[1]], [("doubled", 8, 9, 1, 2)]),
        ([*SEVEN[:3], SEVEN[4], SEVEN[3], *SEVEN[5:]], [("misplaced", 5, 5, 4, 4)]),
        ([*without(2, 4), SEVEN[3], SEVEN[1]], [("misplaced", 6, 6, 4, 4), ("misplaced", 7, 7, 2, 2)]),
        ([*without(3), SEVEN[2], SEVEN[2]], [("misplaced", 7, 7, 3, 3), ("doubled", 8, 8, 3, 3)]),
        ([*SEVEN[:2], b"\n", *SEVEN[2:]], [("unreadable", 3, 3, 0, 0)]),
        ([*SEVEN[:2], b"x\n", b"y\n", *SEVEN[4:]], [("unreadable", 3, 4, 0, 0)]),
        ([*SEVEN[:2], b"x\n", *SEVEN[4:]], [("unreadable", 3, 3, 0, 0), ("missing", 4, 4, 3, 4)]),
        ([*SEVEN[:6], SEVEN[6][:-2]], [("torn", 7, 7, 0, 0)]),
        ([*SEVEN[:6], SEVEN[6][:-1]], []),
        ([SEVEN[0], covered(SEVEN[1]), *SEVEN[2:]], [("altered", 2, 2, 2, 2)]),
    ],
)  # fmt: skip
def test_rows_that_are_gone_doubled_or_moved_are_named(
    lines: list[bytes], expected: list[tuple[str, int, int, int, int]]
) -> None:
    assert told(verify(lines)) == expected


def edited(line: bytes) -> bytes:
    """Return a row that says something else, as its owner would forge it: with its hash right."""
    row = Row.from_line(line)
    (anew,) = rows_of([entry(name="another")], after=Anchor(row.seq - 1, row.previous))
    return anew.line()


def test_a_row_that_was_written_anew_is_found_by_the_next() -> None:
    assert told(verify([*SEVEN[:3], edited(SEVEN[3]), *SEVEN[4:]])) == [("replaced", 5, 5, 4, 4)]


def test_an_edit_by_hand_names_the_row() -> None:
    lines = [*SEVEN]
    lines[4] = lines[4].replace(b"2026-12", b"2026-11")
    assert lines != SEVEN
    assert told(verify(lines)) == [("altered", 5, 5, 5, 5)]


def test_a_ledger_written_anew_from_some_row_on_needs_a_hash_from_elsewhere() -> None:
    forged = [*SEVEN[:4]]
    forged += [
        row.line() for row in rows_of(map(entry, range(20, 23)), after=anchor_of(forged[-1]))
    ]
    assert verify(forged).is_whole
    assert verify(forged, anchor_of(SEVEN[3])).is_whole
    verdict = verify(forged, anchor_of(SEVEN[5]))
    assert not verdict.anchored
    assert told(verdict) == [("replaced", 7, 7, 6, 6)]


def test_what_is_cut_off_the_end_is_found_by_a_hash_from_elsewhere() -> None:
    assert verify(SEVEN[:5]).is_whole
    assert told(verify(SEVEN[:5], anchor_of(SEVEN[6]))) == [("cut", 5, 5, 6, 7)]
    assert told(verify([], anchor_of(SEVEN[6]))) == [("cut", 0, 0, 1, 7)]
    # What is told already is not told twice.
    assert told(verify(without(5), anchor_of(SEVEN[4]))) == [("missing", 5, 5, 5, 5)]
    assert told(verify([*SEVEN[:6], b"x\n"], anchor_of(SEVEN[6]))) == [("unreadable", 7, 7, 0, 0)]


EDITS = st.lists(
    st.tuples(st.sampled_from(("remove", "double", "swap", "edit")), *[st.integers(0, 6)] * 2),
    min_size=1,
    max_size=4,
)


@given(EDITS)
def test_only_what_was_written_is_whole(edits: list[tuple[str, int, int]]) -> None:
    lines = [*SEVEN]
    for what, one, other in edits:
        if len(lines) <= max(one, other):
            continue
        match what:
            case "remove":
                del lines[one]
            case "double":
                lines.insert(other, lines[one])
            case "swap":
                lines[one], lines[other] = lines[other], lines[one]
            case "edit" if link_of(lines[one]):
                lines[one] = edited(lines[one])
    assert verify(lines, anchor_of(SEVEN[-1])).is_whole == (lines == SEVEN)
    if verify(lines).is_whole:  # then it is a beginning of it, but for a last row written anew
        assert lines[:-1] == SEVEN[: max(0, len(lines) - 1)]


def test_rows_in_any_order_are_gone_through_in_time() -> None:
    lines = written_fast(20_000)
    random.Random(1).shuffle(lines)  # noqa: S311 - the same order each time
    verdict = verify(lines)
    assert not any(found.kind.value == "missing" for found in verdict.breaks)
    assert verdict.rows == 20_000
    assert told(verify(lines[:1] * 3))[-1][0] == "doubled"


# --- Excerpts ---


def test_an_excerpt_begins_and_ends_anywhere() -> None:
    for first in range(7):
        for end in range(first + 1, 8):
            part = SEVEN[first:end]
            assert check(part, is_excerpt=True).is_whole
            assert check(map(covered, part), is_excerpt=True).is_whole
            assert verify(part).is_whole == (first == 0)


def test_an_excerpt_says_whether_a_known_row_is_in_it() -> None:
    part = SEVEN[2:5]
    assert check(part, anchor_of(SEVEN[3]), is_excerpt=True).anchored
    for outside in (SEVEN[0], SEVEN[6]):
        verdict = check(part, anchor_of(outside), is_excerpt=True)
        assert (verdict.is_whole, verdict.anchored) == (True, False)
    assert not check(part, anchor_of(edited(SEVEN[3])), is_excerpt=True).is_whole


def test_a_withheld_row_holds_the_chain_like_any_other() -> None:
    hidden = [covered(line) if number % 2 else line for number, line in enumerate(SEVEN)]
    verdict = check(hidden, is_excerpt=True)
    assert verdict.is_whole
    assert (verdict.rows, verdict.withheld) == (7, 3)
    assert verdict.head == anchor_of(SEVEN[-1])
    # One cannot be told to stand behind another row than it did.
    lines = [SEVEN[0], edited(SEVEN[1]), covered(SEVEN[2])]
    link = link_of(SEVEN[2])
    assert link
    relinked = withheld(link._replace(previous=anchor_of(lines[1]).hash))
    assert told(check(lines, is_excerpt=True)) == [("replaced", 3, 3, 2, 2)]
    assert not check([*lines[:2], relinked, SEVEN[3]], is_excerpt=True).is_whole


def test_the_lines_of_an_excerpt_have_no_gap() -> None:
    for one, other in pairwise(range(1, 7)):
        lines: Iterable[bytes] = without(one, other)
        assert check(lines, is_excerpt=True).is_whole == (one == 1)


def test_a_ledger_that_does_not_end_with_a_line_feed_is_read() -> None:
    assert judged(joined(SEVEN)[:-1]).is_whole
    assert told(judged(joined(SEVEN)[:-3])) == [("torn", 7, 7, 0, 0)]
