"""Says whether a ledger of camera cloud plans is whole: nothing but Python 3.9 is needed.

    python3 verify_ledger.py                     the folder that this file lies in
    python3 verify_ledger.py FILE.jsonl          a ledger
    python3 verify_ledger.py PACKAGE.zip         a dispute file, packed or unpacked (a folder)
    python3 verify_ledger.py --head 120:9f2c... FILE.jsonl    with a hash that you know from elsewhere

A ledger is a text file with one row a line. A line is JSON in UTF-8 and ends with

    ,"hash":"<64 hexadecimal digits>"}

and a line feed. Cut those 75 characters off, put a single } in their place, and take the SHA-256 of
that: it has to be the hash. Each row names in "previous" the hash of the row before it, the first
one 64 zeros, and in "seq" its number, beginning with 1. So no row can be changed, taken out, put
in or moved without every later row telling of it. What no file can show by itself is that it was
not written anew from some row on: compare the last hash with one that was kept elsewhere, in a
report, a dispute file or a message.

Where only some rows are shown, a line of the others holds their "seq", "previous" and "hash" and
says "withheld": the chain holds, and nothing is told of what they say (each row has a random
"salt", so that its content cannot be guessed from its hash).

In a dispute file `manifest.json` names every file with its size and SHA-256.
"""

import argparse
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
import hashlib
import json
import os
from pathlib import Path
import re
import sys
from typing import IO, Any, Final, NamedTuple, Optional
import zipfile

FORM: Final = 1
"""The form of row that this file knows."""
GENESIS: Final = "0" * 64
"""What the first row names as the hash before it."""
LONGEST_LINE: Final = 1 << 20
"""No row is longer, in bytes: more is not ours."""

_TAIL: Final = re.compile(rb',"hash":"([0-9a-f]{64})"}')
_TAIL_LENGTH: Final = 75
_WITHHELD: Final = {"previous", "seq", "withheld", "hash"}


class Damage(str, Enum):
    """What is wrong with a ledger at one place."""

    ALTERED = "altered"
    """A row does not have its own hash."""
    UNREADABLE = "unreadable"
    """A line is no row, or one of a form that is not known here."""
    MISSING = "missing"
    """Rows between two others are gone."""
    DOUBLED = "doubled"
    """A row stands there a second time."""
    MISPLACED = "misplaced"
    """A row stands behind one that was written after it."""
    REPLACED = "replaced"
    """A row is whole, but not the one that was there when the next one was written, or when
    the hash known from elsewhere was taken."""
    TORN = "torn"
    """The last line is not whole: writing it was interrupted."""
    CUT = "cut"
    """Rows are gone from the end, up to one that is known from elsewhere."""


class Anchor(NamedTuple):
    """A row's number and hash: enough to know later whether it is still there."""

    seq: int
    hash: str


class Break(NamedTuple):
    """One place where a ledger is not whole: its lines and the numbers of the rows concerned.

    Lines count from 1. Both rows are 0 where it cannot be said which they are.
    """

    kind: Damage
    line: int
    last_line: int
    row: int
    last_row: int


class Verdict(NamedTuple):
    """What a ledger is: how many rows stand there whole, how far they go, and what is broken.

    `withheld` of the rows are there by their hash only. `first` is the number of the first
    row. `head` is the last row in order, number 0 where there is none. `anchored` says that
    a row known from elsewhere was found.
    """

    rows: int
    withheld: int
    first: int
    head: Anchor
    breaks: tuple[Break, ...]
    anchored: bool

    @property
    def is_whole(self) -> bool:
        """Whether nothing is broken."""
        return not self.breaks


class Link(NamedTuple):
    """What a line says about its place in the chain, and whether its hash is its own."""

    seq: int
    previous: str
    hash: str
    form: int
    is_intact: bool
    is_withheld: bool


def hash_of(line: bytes) -> str:
    """Return the hash that a row has to have; `line` is without its line feed."""
    return hashlib.sha256(line[:-_TAIL_LENGTH] + b"}").hexdigest()


def sealed(body: bytes) -> bytes:
    """Return a row, which is the JSON of an object with all but its hash, with its hash and line feed."""
    return b'%s,"hash":"%s"}\n' % (body[:-1], hashlib.sha256(body).hexdigest().encode())


def withheld(link: Link) -> bytes:
    """Return the line that stands for a row whose content is not shown, with its line feed."""
    return b'{"previous":"%s","seq":%d,"withheld":true,"hash":"%s"}\n' % (
        link.previous.encode(),
        link.seq,
        link.hash.encode(),
    )


def link_of(line: bytes) -> Optional[Link]:
    """Return a line's place in the chain; `None` where it is no row. It is without line feed."""
    tail = _TAIL.fullmatch(line, max(0, len(line) - _TAIL_LENGTH))
    if tail is None or len(line) > LONGEST_LINE:
        return None
    try:
        data = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    return _link(data, line, tail.group(1).decode()) if isinstance(data, dict) else None


def _link(data: dict[str, Any], line: bytes, stated: str) -> Optional[Link]:
    seq, previous, form = data.get("seq"), data.get("previous"), data.get("form", FORM)
    if type(seq) is not int or seq < 1 or not isinstance(previous, str) or type(form) is not int:
        return None
    is_withheld = data.get("withheld") is True and set(data) == _WITHHELD
    is_intact = is_withheld or hash_of(line) == stated
    return Link(seq, previous, stated, form, is_intact, is_withheld)


def is_sealed(line: bytes) -> bool:
    """Return whether a line, without its line feed, ends as a row does."""
    return _TAIL.fullmatch(line, max(0, len(line) - _TAIL_LENGTH)) is not None


def lines_of(file: IO[bytes], size: Optional[int] = None) -> Iterator[bytes]:
    """Yield a file's lines with their line feeds, up to `size` bytes; of one too long the beginning."""
    left = sys.maxsize if size is None else size
    while line := file.readline(min(LONGEST_LINE + 2, left)):
        left -= len(line)
        rest = line
        while len(line) > LONGEST_LINE and rest and not rest.endswith(b"\n"):
            rest = file.readline(min(LONGEST_LINE, left))
            left -= len(rest)
        yield line if rest is line else line[:-1] + rest[-1:]


def check(
    lines: Iterable[bytes], anchor: Optional[Anchor] = None, *, is_excerpt: bool = False
) -> Verdict:
    """Return what a ledger's lines (with their line feeds) are.

    `anchor` is a row known from elsewhere that has to be there. An excerpt may begin at any
    row and withhold rows; an account's own ledger does neither.
    """
    walk = _Walk(anchor, is_excerpt=is_excerpt)
    for line in lines:
        walk.step(line)
    return walk.verdict()


class _Walk:
    """Goes along a ledger's lines and notes what is broken, in little memory."""

    def __init__(self, anchor: Optional[Anchor], *, is_excerpt: bool) -> None:
        self._anchor = anchor
        self._is_anchored = False
        self._is_excerpt = is_excerpt
        self._line = 0
        self._rows = 0
        self._withheld = 0
        self._first = 0
        self._seq = 0
        self._hash = GENESIS
        # Lines since the last good row that may each have been one.
        self._doubtful = 0
        self._breaks: list[Break] = []
        # Rows that were left out so far: first, last, and the line before which they were.
        self._gaps: list[tuple[int, int, int]] = []

    def step(self, line: bytes) -> None:
        self._line += 1
        is_ended = line.endswith(b"\n")
        link = link_of(line[:-1] if is_ended else line)
        if link is None or not link.is_intact or (link.is_withheld and not self._is_excerpt):
            self._doubt(link, Damage.ALTERED if is_ended else Damage.TORN)
        elif link.form != FORM:
            self._doubt(None, Damage.UNREADABLE)
        else:
            self._take(link)

    def _doubt(self, link: Optional[Link], kind: Damage) -> None:
        if kind is not Damage.TORN:
            self._doubtful += 1
            kind = kind if link else Damage.UNREADABLE
        is_known = kind is Damage.ALTERED and (self._first or not self._is_excerpt)
        row = self._seq + self._doubtful if is_known else 0
        self._note(kind, self._line, row, row)

    def _take(self, link: Link) -> None:
        self._rows += 1
        self._withheld += link.is_withheld
        if self._anchor and link.seq == self._anchor.seq:
            self._is_anchored |= link.hash == self._anchor.hash
        if self._is_excerpt and not self._first:
            self._seq, self._hash = max(0, link.seq - 1 - self._doubtful), link.previous
        self._first = self._first or link.seq
        if link.seq <= self._seq:
            self._take_out_of_order(link.seq)
            return
        gap = link.seq - self._seq - 1
        if gap > self._doubtful:
            insort(self._gaps, (self._seq + 1, link.seq - 1, self._line))
        elif gap == 0 and link.previous != self._hash:
            self._note(Damage.REPLACED, self._line, link.seq - 1, link.seq - 1)
        self._seq, self._hash, self._doubtful = link.seq, link.hash, 0

    def _take_out_of_order(self, seq: int) -> None:
        index = bisect_left(self._gaps, (seq + 1, 0, 0)) - 1
        if index < 0 or self._gaps[index][1] < seq:
            self._note(Damage.DOUBLED, self._line, seq, seq)
            return
        first, last, line = self._gaps.pop(index)
        if seq < last:
            self._gaps.insert(index, (seq + 1, last, line))
        if first < seq:
            self._gaps.insert(index, (first, seq - 1, line))
        self._note(Damage.MISPLACED, self._line, seq, seq)

    def _note(self, kind: Damage, line: int, row: int, last_row: int) -> None:
        """Note a break, together with one of the same kind in the line before."""
        before = self._breaks[-1] if self._breaks else None
        if (
            before
            and (before.kind, before.last_line) == (kind, line - 1)
            and (before.last_row == row - 1 or before.last_row == row == 0)
        ):
            self._breaks[-1] = before._replace(last_line=line, last_row=last_row)
        else:
            self._breaks.append(Break(kind, line, line, row, last_row))

    def verdict(self) -> Verdict:
        breaks = self._breaks + [
            Break(Damage.MISSING, line, line, first, last) for first, last, line in self._gaps
        ]
        breaks.sort(key=lambda found: (found.line, found.row))
        if self._anchor and not self._is_anchored:
            breaks += self._unanchored(self._anchor.seq)
        head = Anchor(self._seq, self._hash)
        return Verdict(
            self._rows, self._withheld, self._first, head, tuple(breaks), self._is_anchored
        )

    def _unanchored(self, seq: int) -> Iterator[Break]:
        last = self._seq + self._doubtful
        if seq > last:
            yield Break(Damage.CUT, self._line, self._line, last + 1, seq)
        elif self._first <= seq <= self._seq and not any(
            first <= seq <= end for first, end, _ in self._gaps
        ):
            yield Break(Damage.REPLACED, self._line, self._line, seq, seq)
