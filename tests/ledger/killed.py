"""Writers of one ledger that are killed, in processes of their own.

`python -m tests.ledger.killed ROOT RUNS` has two writers append side by side in each run, and
kills both by `kill -9` after a random time. Each says which row is on disk once `append` returned;
what it said has to be there. `python -m tests.ledger.killed ROOT` lets a writer die at each of its
steps instead, in the middle of what it writes too. Prints how many died.
"""

from collections.abc import Buffer, Callable
from functools import partial
from itertools import count, pairwise
import os
from pathlib import Path
import random
import shutil
import signal
import sys
import time
from typing import Any

from custom_components.camera_cloud_plan.ledger import Anchor, LedgerFile, verify
from custom_components.camera_cloud_plan.ledger.verify_ledger import link_of
from tests.ledger.pages import entry, joined, written

_STEPS = ("open", "mkdir", "write", "fsync", "ftruncate")
_TORN = b'{"at":"2026-11-22T12'
# The longest that writers are left alone, in seconds; an append takes a few milliseconds.
_LONGEST = 0.02
_APPENDS = 60
# Then another is begun: that the first row is being written is a point, too.
_RUNS_OF_A_LEDGER = 10


def _forked(work: Callable[[], None]) -> int:
    """Do some work in a child; return its process id."""
    if child := os.fork():
        return child
    try:
        work()
        os._exit(0)
    finally:
        os._exit(1)


def _append_for_ever(book: LedgerFile, tell: int, number: int) -> None:
    for turn in count():
        rows = book.append(entry(number * 1000 + turn + more) for more in range(turn % 3 + 1))
        for row in rows:
            os.write(tell, b"%d:%s\n" % (row.seq, row.hash.encode()))


def _killed_once(book: LedgerFile, number: int, chance: random.Random) -> list[Anchor]:
    """Have two writers killed; return what they acknowledged."""
    hear, tell = os.pipe()
    writers = [
        _forked(lambda: _append_for_ever(book, tell, number)),
        _forked(lambda: _append_for_ever(book, tell, -number)),
    ]
    os.close(tell)
    time.sleep(chance.uniform(0, _LONGEST))
    for writer in writers:
        os.kill(writer, signal.SIGKILL)
    died = [os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1]) for writer in writers]
    assert died == [-signal.SIGKILL] * 2
    with os.fdopen(hear, "rb") as heard:
        told = [line.decode().strip().split(":") for line in heard]
    return [Anchor(int(seq), digest) for seq, digest in told]


def _side_by_side(book: LedgerFile) -> None:
    """Have two writers append at the same time, unharmed."""

    def append(sign: int) -> None:
        for number in range(1, _APPENDS + 1):
            book.append([entry(sign * number), entry(sign * number)])
            time.sleep(0.001)  # on a busy machine one would be done in its first slice

    start_read, start_write = os.pipe()  # neither begins before both are there

    def once_both_are_there(sign: int) -> None:
        os.close(start_write)
        os.read(start_read, 1)
        append(sign)

    writers = [_forked(partial(once_both_are_there, sign)) for sign in (1, -1)]
    os.close(start_read)
    os.close(start_write)
    assert all(os.waitpid(writer, 0)[1] == 0 for writer in writers)
    numbers: list[Any] = [row.facts["number"] for row in book.rows()]
    assert book.verify().is_whole
    for sign in (1, -1):
        own = [number * sign for number in numbers if number * sign > 0]
        assert own == [number for number in range(1, _APPENDS + 1) for _ in range(2)]
    assert numbers[::2] == numbers[1::2]  # nothing comes between what was appended at once
    turns = sum(one * other < 0 for one, other in pairwise(numbers))
    assert turns > 1, "one was done before the other began"


def at_random_points(root: Path, runs: int) -> int:
    """Kill two writers so many times; return how many rows they had acknowledged."""
    _side_by_side(LedgerFile(root / "ledger.jsonl"))
    chance = random.Random(runs)  # noqa: S311 - to come back to the same points
    total = 0
    acknowledged = list[Anchor]()
    for run in range(runs):
        if run % _RUNS_OF_A_LEDGER == 0:
            book = LedgerFile(root / str(run) / "ledger.jsonl")
            total, acknowledged = total + len(acknowledged), []
        acknowledged += _killed_once(book, run, chance)
        lines = [*book.lines()]
        there = {Anchor(link.seq, link.hash) for link in map(link_of, lines) if link}
        assert there.issuperset(acknowledged), run
        assert len(set(acknowledged)) == len(acknowledged), run
        # A writer that died in the middle may have left a torn end; all else is whole.
        broken = [found.kind.value for found in verify(lines).breaks]
        assert broken in ([], ["torn"]), (run, broken)
    assert book.verify(book.append([entry()])[-1].anchor).is_whole
    return total + len(acknowledged)


def _dying(function: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def call(*args: Any, **how: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
        return function(*args, **how)

    return call


def _dying_write(left: list[int]) -> Callable[[int, Buffer], int]:
    """Return a write whose bytes are steps, some hundred at a time."""
    write = os.write

    def call(fd: int, data: Buffer) -> int:
        content = bytes(data)
        for begin in range(0, len(content), 100):
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)
            write(fd, content[begin : begin + 100])
        return len(content)

    return call


def _dies(book: LedgerFile, steps: int) -> bool:
    """Append two rows in a child that dies after so many steps; return whether it did."""

    def append() -> None:
        left = [steps]
        for name in _STEPS:
            setattr(os, name, _dying(getattr(os, name), left))
        os.write = _dying_write(left)
        book.append([entry(10), entry(11)])

    child = _forked(append)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, 9}
    return code == 9


def at_every_step(root: Path) -> int:
    """Let a writer die at each of its steps, from each beginning; return how many did."""
    died = 0
    os.fsync = lambda fd: None  # nobody pulls a plug here; it is a step all the same
    whole = joined(written(2))
    for before, kept in (
        (None, []),
        (whole, [0, 1]),
        (whole + _TORN, [0, 1]),
        (whole[:-1], [0, 1]),
    ):
        for steps in count():
            folder = root / "ledgers"
            book = LedgerFile(folder / "ledger.jsonl")
            if before is not None:
                folder.mkdir()
                book.path.write_bytes(before)
            is_dead = _dies(book, steps)
            last = book.append([entry(12)])[-1]
            numbers = [row.facts["number"] for row in book.rows()]
            more = [10, 11][: len(numbers) - len(kept) - 1]
            assert numbers == [*kept, *more, 12], steps
            assert is_dead or more == [10, 11]
            assert book.verify(last.anchor).is_whole, steps
            if before and before.endswith(_TORN):
                assert _TORN in {path.read_bytes() for path in book.kept_aside()}, steps
            shutil.rmtree(folder)
            if not is_dead:
                break
            died += 1
    return died


if __name__ == "__main__":
    told = sys.argv[2:]
    root = Path(sys.argv[1])
    print(at_random_points(root, int(told[0])) if told else at_every_step(root))  # noqa: T201 - for who started this
