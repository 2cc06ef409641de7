"""What each phase of a run cost, and the tables over several runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any, Final, Self

from benchmarks.meter import Hold, Lap
from benchmarks.table import table

_MS: Final = 1e3
_MB: Final = 1e6

# What is promised of a poll of this many cameras of which at most a twentieth changed:
# the longest hold of the loop, in seconds.
LARGE: Final = 1000
PROMISED_HOLD: Final = 0.020


class Work(StrEnum):
    """The phases, in the order in which a run goes through them."""

    FIRST_POLL = "first poll"
    ENTITIES = "entities added"
    NOTHING = "nothing changed"
    FEW = "5 % changed"
    ALL = "all changed"
    PLAIN_NOTHING = "nothing changed, told plainly"
    PLAIN_FEW = "5 % changed, told plainly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase of one run.

    `requests` reached the cloud, `states` were written; `wall` is the time (seconds) until
    all entities were told. The lap goes on until the recorder has committed that.
    `full_collection` is what a full garbage collection took just before (seconds).
    """

    work: Work
    requests: int
    states: int
    wall: float
    full_collection: float
    lap: Lap

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """Return a phase from what `dataclasses.asdict` made of it."""
        lap = {**data["lap"], "holds": [Hold(**hold) for hold in data["lap"]["holds"]]}
        return cls(**{**data, "work": Work(data["work"]), "lap": Lap(**lap)})


class Runs:
    """The phases of all runs with one number of cameras."""

    def __init__(self, cameras: int) -> None:
        """Begin with no run."""
        self.cameras = cameras
        self._phases: dict[Work, list[Phase]] = {work: [] for work in Work}

    def add(self, phases: Sequence[Phase]) -> None:
        """Take one run's phases."""
        for phase in phases:
            self._phases[phase.work].append(phase)

    def figures(self, work: Work, of: Callable[[Phase], float]) -> tuple[float, float, float]:
        """Return the median, least and greatest of one figure of a phase."""
        found = [of(phase) for phase in self._phases[work]]
        return median(found), min(found), max(found)

    def holder(self, work: Work) -> str:
        """Return the callback that held the loop longest in any run of a phase."""
        holds = [phase.lap.holds[0] for phase in self._phases[work] if phase.lap.holds]
        return max(holds, key=lambda hold: hold.lasted - hold.queued).name if holds else ""


def costs(all_runs: Sequence[Runs]) -> Iterator[str]:
    """Yield the table of what polls cost."""
    rows = [
        (
            f"{runs.cameras}",
            work,
            _whole(runs.figures(work, lambda phase: phase.requests)),
            _whole(runs.figures(work, lambda phase: phase.states)),
            _spread(runs.figures(work, lambda phase: phase.wall), 2),
            _spread(runs.figures(work, lambda phase: phase.lap.cpu), 2),
            _whole(runs.figures(work, lambda phase: phase.lap.memory / _MB)),
        )
        for runs in all_runs
        for work in (Work.FIRST_POLL, Work.ENTITIES, Work.NOTHING, Work.FEW, Work.ALL)
    ]
    heads = ("Cameras", "Phase", "Requests", "States written", "Wall, s", "CPU, s", "Memory, MB")
    yield from table(heads, rows, left=(1,))


def stalls(all_runs: Sequence[Runs]) -> Iterator[str]:
    """Yield the table of how long the event loop was held, in milliseconds."""
    rows = [
        (
            f"{runs.cameras}",
            work,
            _spread(_in_ms(runs, work, lambda lap: lap.own_turn), 1),
            _spread(_in_ms(runs, work, lambda lap: lap.turn), 1),
            _spread(_in_ms(runs, work, lambda lap: lap.bare_callback), 1),
            _spread(_in_ms(runs, work, lambda lap: lap.collection), 1),
            f"`{name}`" if (name := runs.holder(work)) else "",
        )
        for runs in all_runs
        for work in Work
    ]
    heads = (
        *("Cameras", "Phase", "Longest hold, ms", "By the clock, ms"),
        *("Longest callback alone, ms", "Longest collection, ms", "Worst callback"),
    )
    yield from table(heads, rows, left=(1, 6))


def verdict(runs: Runs) -> Iterator[str]:
    """Yield how a number of cameras stands against the promise and against the plain way."""
    for ours, plain in ((Work.NOTHING, Work.PLAIN_NOTHING), (Work.FEW, Work.PLAIN_FEW)):
        held, *_ = _in_ms(runs, ours, lambda lap: lap.own_turn)
        rival, *_ = _in_ms(runs, plain, lambda lap: lap.own_turn)
        requests, *_ = runs.figures(ours, lambda phase: phase.requests)
        beside = requests - runs.cameras
        kept = "kept" if held <= PROMISED_HOLD * _MS else "MISSED"
        promise = f" ({PROMISED_HOLD * _MS:.0f} ms promised: {kept})"
        yield (
            f"- {runs.cameras} cameras, {ours}: held for {held:.1f} ms"
            f"{promise if runs.cameras == LARGE else ''}; told by the plain coordinator "
            f"{rival:.1f} ms, {rival / held:.1f} times as long. "
            f"One request per camera and {beside:.0f} more."
        )
    full, *_ = runs.figures(Work.FEW, lambda phase: phase.full_collection * _MS)
    yield (
        f"- A full garbage collection of Home Assistant with {runs.cameras} cameras takes "
        f"{full:.0f} ms whenever it comes; the figures above are without it."
    )


def _in_ms(runs: Runs, work: Work, of: Callable[[Lap], float]) -> tuple[float, float, float]:
    middle, least, most = runs.figures(work, lambda phase: of(phase.lap) * _MS)
    return middle, least, most


def _whole(figures: tuple[float, float, float]) -> str:
    return f"{figures[0]:.0f}"


def _spread(figures: tuple[float, float, float], digits: int) -> str:
    middle, least, most = (f"{figure:.{digits}f}" for figure in figures)
    return middle if least == most else f"{middle} ({least} to {most})"
