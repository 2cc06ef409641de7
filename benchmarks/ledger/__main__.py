"""`python -m benchmarks.ledger`: ratios of one run, as tables in Markdown."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import gc
import logging
from pathlib import Path
import random
import sqlite3
from statistics import median
import tempfile
from time import perf_counter, process_time
import tracemalloc
from typing import Final

from homeassistant.exceptions import HomeAssistantError

from benchmarks.machine import machine
from benchmarks.table import table
from custom_components.camera_cloud_plan.ledger import (
    Entry,
    Kind,
    LedgerFile,
    Row,
    Source,
    Walk,
    rows_of,
)
from custom_components.camera_cloud_plan.ledger.findings import Detectors
from custom_components.camera_cloud_plan.proof.known import Known

from .keepers import File, JsonStore, Keeper, Sqlite

_ROWS: Final = 100_000
_ROUNDS: Final = 5
_BATCH: Final = 50
_TIMES: Final = 20
"""How often is appended in a round, but by who takes a second for each time."""
_FEW_ROWS: Final = 300
_FLIPS: Final = 2_000
_BEGAN: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)


class DisagreementError(Exception):
    """Two ways to keep rows came to different numbers."""


@dataclass(slots=True)
class _Cost:
    """Seconds by task, one for each round; and bytes."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    size: int = 0
    memory: int = 0

    def took(self, task: str, seconds: float) -> None:
        """Add the seconds of a round."""
        self.seconds.setdefault(task, []).append(seconds)


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="few rows, one round")
    parser.add_argument("--rows", type=int, default=_ROWS)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    arguments = parser.parse_args(words)
    rows, rounds, flips = arguments.rows, arguments.rounds, _FLIPS
    if arguments.smoke:
        rows, rounds, flips = 2_000, 1, 100
    kept = list(rows_of(_entries(0, rows)))
    with tempfile.TemporaryDirectory() as folder:
        costs = _measured(Path(folder), kept, rounds)
    print(f"{rows} rows. Median of {rounds} rounds in turn. {machine()}.", end="\n\n")
    heads = ("Task", "By", "Milliseconds", "Against ours")
    print("\n".join(table(heads, list(_times(costs)), left=(0, 1))), end="\n\n")
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(_at_a_start(File(Path(folder)), kept, rounds)), end="\n\n")
    logging.disable()  # Home Assistant tells of each store that it cannot read
    with tempfile.TemporaryDirectory() as folder:
        noticed = _noticed(Path(folder), kept[:_FEW_ROWS], flips)
    heads = (
        "By",
        "On disk, MB",
        "Python's memory to verify, MB",
        f"Noticed of {flips} flipped bytes",
    )
    kept_by = [
        (name, f"{cost.size / 1e6:.1f}", f"{cost.memory / 1e6:.1f}", str(noticed[name]))
        for name, cost in costs.items()
    ]
    print("\n".join(table(heads, kept_by, left=(0,))), end="\n\n")
    return 0


def _entries(first: int, count: int) -> Iterator[Entry]:
    """Yield what a home of a dozen cameras might write down, a renewal a row."""
    for number in range(first, first + count):
        end = _BEGAN + timedelta(days=number % 400)
        yield Entry(
            at=_BEGAN + timedelta(minutes=number),
            zone="Europe/Berlin",
            kind=Kind.RENEWED,
            source=Source.MAKER,
            camera=f"{number % 12:012x}",
            name=f"Camera {number % 12}",
            facts={
                "old_end": end.isoformat(),
                "new_end": (end + timedelta(days=30)).isoformat(),
            },
        )


def _keepers(folder: Path) -> tuple[Keeper, ...]:
    return (File(folder), JsonStore(folder), Sqlite(folder))


def _measured(folder: Path, rows: Sequence[Row], rounds: int) -> dict[str, _Cost]:
    """Return what each way costs; they take turns, each round in the opposite order."""
    keepers = _keepers(folder)
    costs = {keeper.name: _Cost() for keeper in keepers}
    for keeper in keepers:
        keeper.fill(rows)
        keeper.close()
        costs[keeper.name].size = keeper.path.stat().st_size
    for number in range(rounds):
        lasts = {
            _round(keeper, costs[keeper.name])
            for keeper in (keepers if number % 2 else keepers[::-1])
        }
        if len(lasts) != 1:
            raise DisagreementError(sorted(lasts))
    for keeper in keepers:
        gc.collect()
        tracemalloc.start()
        keeper.verify()
        costs[keeper.name].memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return costs


def _at_a_start(keeper: File, rows: Sequence[Row], rounds: int) -> list[str]:
    """Return, as a table, the processor time in which a start reads all rows and verifies them.

    Beside it the same in two passes, one that verifies and one that reads.
    """
    keeper.fill(rows)
    book = LedgerFile(keeper.path)

    def in_one() -> None:
        known, detectors = Known(), Detectors()
        for row in book.rows_along(Walk()):
            known.heed(row)
            detectors.heed(row)

    def in_two() -> None:
        known, detectors = Known(), Detectors()
        book.verify()
        for row in book.rows():
            known.heed(row)
            detectors.heed(row)

    took: dict[str, list[float]] = {"in one pass": [], "in two": []}
    for _ in range(rounds):
        for seconds, work in zip(took.values(), (in_one, in_two), strict=True):
            began = process_time()
            work()
            seconds.append(process_time() - began)
    heads = ("A start reads and verifies", "Processor time, s")
    return list(table(heads, [(way, f"{median(took[way]):.2f}") for way in took], left=(0,)))


def _round(keeper: Keeper, cost: _Cost) -> int:
    """Do everything once; return the last row's number."""
    gc.collect()
    count = _timed(cost, "open", keeper.open)
    times = 1 if isinstance(keeper, JsonStore) else _TIMES
    for size, task in ((1, "append a row"), (_BATCH, f"append {_BATCH} rows at once")):
        began = perf_counter()
        for _ in range(times):
            count = keeper.append(list(_entries(count, size)))
        cost.took(task, (perf_counter() - began) / times)
        if times == 1:  # unmeasured, so that all have the same rows again
            count = keeper.append(list(_entries(count, size * (_TIMES - 1))))
    keeper.close()
    if _timed(cost, "verify", keeper.verify) != count:
        raise DisagreementError(keeper.name)
    return count


def _timed(cost: _Cost, task: str, work: Callable[[], int]) -> int:
    began = perf_counter()
    outcome = work()
    cost.took(task, perf_counter() - began)
    return outcome


def _times(costs: dict[str, _Cost]) -> Iterator[tuple[str, ...]]:
    (ours, *_) = costs.values()
    for task, own in ours.seconds.items():
        for name, cost in costs.items():
            # The ratio of each round's two times: what else the machine does meets both.
            ratios = [one / other for one, other in zip(cost.seconds[task], own, strict=True)]
            yield task, name, f"{median(cost.seconds[task]) * 1e3:.2f}", f"{median(ratios):.1f}"


def _noticed(folder: Path, rows: Sequence[Row], flips: int) -> dict[str, int]:
    """Return how many flipped bytes each way's own check notices."""
    noticed = {}
    for keeper in _keepers(folder):
        keeper.fill(rows)
        keeper.close()
        content = keeper.path.read_bytes()
        chance = random.Random(flips)  # noqa: S311 - the same ones in each run
        noticed[keeper.name] = 0
        for _ in range(flips):
            flipped = bytearray(content)
            flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            keeper.path.write_bytes(flipped)
            whole = 0
            with suppress(
                HomeAssistantError, sqlite3.Error, ValueError, TypeError, KeyError, AttributeError
            ):
                whole = keeper.verify()
            noticed[keeper.name] += whole != len(rows)
    return noticed


if __name__ == "__main__":
    raise SystemExit(main())
