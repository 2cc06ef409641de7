"""Measures what holds an event loop, and for how long, without missing any of it.

A ticker beside the work would see a stall only by its own delay, and not by whom. So the
two places that an asyncio loop passes through are timed instead: every callback (a task's
step is one; what runs eagerly within it counts as part of it), and every turn of the loop,
from the moment its selector returns until it is asked again. Whatever arrives meanwhile
waits for the end of the turn: that is the stall that others feel, and the longest callback
is the one that makes it. A selector that returns later than it was asked to counts as well.

On a busy machine a callback also lasts while other programs have the processor. Linux counts
that for each thread, and it is given apart. Timing costs some 5 microseconds per callback.
"""

from asyncio import Handle, SelectorEventLoop
from collections.abc import Mapping
from dataclasses import dataclass, field
import gc
import os
from pathlib import Path
import selectors
from threading import get_native_id
from time import perf_counter, process_time
from typing import Any, Final, override

import psutil

# Callbacks shorter than this (seconds) are not named.
_WORTH_A_NAME: Final = 0.008


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A callback that held the loop for long; all in seconds.

    `queued` is what it waited for a processor that others had, `collecting` what the
    garbage collector took meanwhile; both are part of `lasted`.
    """

    name: str
    lasted: float
    queued: float
    collecting: float


@dataclass(slots=True, kw_only=True)
class Lap:
    """What was measured between two moments: seconds, and bytes of resident memory.

    Turns and callbacks are the longest ones; those that are `own` are without what was
    waited for a processor, those that are `bare` also without the garbage collector.
    """

    cpu: float = 0.0
    turn: float = 0.0
    own_turn: float = 0.0
    own_callback: float = 0.0
    bare_callback: float = 0.0
    collection: float = 0.0
    memory: int = 0
    holds: list[Hold] = field(default_factory=list)


class Meter:
    """Times one event loop's callbacks and turns, and the garbage collector's pauses.

    Made, and asked, in the thread in which the loop runs.
    """

    def __init__(self) -> None:
        """Begin to measure; callbacks of every loop are timed from now on."""
        self._lap = Lap()
        self._collected = 0.0
        self._collection_began = 0.0
        self._process = psutil.Process()
        self._cpu = process_time()
        schedule = Path(f"/proc/self/task/{get_native_id()}/schedstat")
        self._schedule = os.open(schedule, os.O_RDONLY) if schedule.exists() else None
        gc.callbacks.append(self._on_collection)
        self._time_callbacks()

    def new_loop(self) -> SelectorEventLoop:
        """Return an event loop whose turns are timed."""
        return SelectorEventLoop(_TimedSelector(self))

    def lap(self) -> Lap:
        """Return what was measured since the last lap, and begin a new one."""
        lap, self._lap = self._lap, Lap()
        cpu = process_time()
        lap.cpu, self._cpu = cpu - self._cpu, cpu
        lap.memory = self._process.memory_info().rss
        lap.holds.sort(key=lambda hold: hold.lasted - hold.queued, reverse=True)
        return lap

    def queued(self) -> float:
        """Return how long this thread has waited for a processor so far (seconds)."""
        if self._schedule is None:
            return 0.0
        return int(os.pread(self._schedule, 64, 0).split()[1]) / 1e9

    def turned(self, lasted: float, queued: float) -> None:
        """Take note of one turn of the loop."""
        self._lap.turn = max(self._lap.turn, lasted)
        self._lap.own_turn = max(self._lap.own_turn, lasted - queued)

    def _time_callbacks(self) -> None:
        meter = self
        run = Handle._run  # noqa: SLF001 - the one place through which asyncio calls back

        def timed(self: Handle) -> None:
            # Kept, because a handle that is cancelled forgets it.
            called: object = getattr(self, "_callback")  # noqa: B009 - typeshed hides it
            collected, queued, began = meter._collected, meter.queued(), perf_counter()
            run(self)
            lasted = perf_counter() - began
            queued, collecting = meter.queued() - queued, meter._collected - collected
            lap, own = meter._lap, lasted - queued
            lap.own_callback = max(lap.own_callback, own)
            lap.bare_callback = max(lap.bare_callback, own - collecting)
            if own > _WORTH_A_NAME:
                lap.holds.append(
                    Hold(name=_name(called), lasted=lasted, queued=queued, collecting=collecting)
                )

        Handle._run = timed  # type: ignore[method-assign]  # noqa: SLF001 - as above

    def _on_collection(self, phase: str, _info: Mapping[str, int]) -> None:
        # Whichever thread collects has the interpreter's lock meanwhile: the loop waits.
        if phase == "start":
            self._collection_began = perf_counter()
            return
        lasted = perf_counter() - self._collection_began
        self._collected += lasted
        self._lap.collection = max(self._lap.collection, lasted)


class _TimedSelector(selectors.DefaultSelector):
    """Tells the meter how long the loop was away between two of its waits."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self._meter = meter
        self._returned, self._queued = perf_counter(), meter.queued()

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        asked, queued = perf_counter(), self._meter.queued()
        self._meter.turned(asked - self._returned, queued - self._queued)
        try:
            return super().select(timeout)
        finally:
            self._returned, self._queued = perf_counter(), self._meter.queued()
            if timeout is not None:
                # Back later than asked for: another thread had the interpreter's lock.
                late = self._returned - asked - max(timeout, 0.0)
                self._meter.turned(late, self._queued - queued)


def _name(called: Any) -> str:
    """Return what a callback is: a task by the coroutine it runs."""
    task = getattr(called, "__self__", None)
    if (get_coro := getattr(task, "get_coro", None)) and (coro := get_coro()):
        return str(coro.__qualname__)
    return str(getattr(called, "__qualname__", type(called).__name__))
