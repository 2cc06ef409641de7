"""What saving recordings took in each way, and the tables over several rounds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any, Final, Self

from benchmarks.table import table

_MB: Final = 1e6
_MS: Final = 1e3

# What is aimed at: against four ffmpeg at a time and against the least there is to do; memory
# above idle for the long recording, the loop's longest hold in any export.
FASTER: Final = 3.0
LESS_CPU: Final = 0.35
OF_THE_LIMIT: Final = 0.6
MEMORY: Final = 100.0
HOLD: Final = 20.0


class Way(StrEnum):
    """The ways to save the same recordings."""

    OURS = "export_recordings"
    ONE = "ffmpeg, one by one"
    FOUR = "ffmpeg, four at a time"
    LIMIT = "download, AES, one write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """How long Home Assistant's loop was held at most, in seconds; as `meter.Lap` has it."""

    longest: float
    by_clock: float
    callback: float
    collection: float
    worst: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One export of ours; seconds, and bytes of memory above idle."""

    kind: str
    saved: int
    failed: int
    wall: float
    cpu: float
    memory: int
    stall: Stall | None
    """`None` where that was not measured."""

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """Return an export from what `dataclasses.asdict` made of it."""
        return cls(**{**data, "stall": Stall(**data["stall"]) if data["stall"] else None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one way took in one round: seconds, and bytes of memory."""

    wall: float
    cpu: float
    memory: int


@dataclass(slots=True)
class Rounds:
    """All rounds of saving the same recordings."""

    title: str
    runs: dict[Way, list[Run]]
    stalls: list[Stall]

    def ratio(self, way: Way, of: Callable[[Run], float]) -> float:
        """Return the median over the rounds of a way's figure against ours of the same round."""
        pairs = zip(self.runs[way], self.runs[Way.OURS], strict=True)
        return median(of(rival) / of(ours) for rival, ours in pairs)


def costs(rounds: Sequence[Rounds]) -> Iterator[str]:
    """Yield the table of what each way took."""
    rows = [
        (
            each.title,
            way,
            _spread([run.wall for run in each.runs[way]], 2),
            _spread([run.cpu for run in each.runs[way]], 2),
            f"{median(run.memory for run in each.runs[way]) / _MB:.0f}",
            "1.00" if way is Way.OURS else f"{each.ratio(way, lambda run: run.wall):.2f}",
            "1.00" if way is Way.OURS else f"{each.ratio(way, lambda run: run.cpu):.2f}",
        )
        for each in rounds
        for way in Way
        if each.runs[way]
    ]
    heads = ("Recordings", "Way", "Wall, s", "CPU, s", "Memory, MB", "Wall to ours", "CPU to ours")
    yield from table(heads, rows, left=(0, 1))


def stalls(rounds: Sequence[Rounds]) -> Iterator[str]:
    """Yield the table of how long Home Assistant's loop was held, in milliseconds."""
    rows = [
        (
            each.title,
            _spread([stall.longest * _MS for stall in each.stalls], 1),
            _spread([stall.by_clock * _MS for stall in each.stalls], 1),
            _spread([stall.callback * _MS for stall in each.stalls], 1),
            _spread([stall.collection * _MS for stall in each.stalls], 1),
            f"`{name}`" if (name := max(each.stalls, key=lambda one: one.longest).worst) else "",
        )
        for each in rounds
    ]
    heads = (
        *("Recordings", "Longest hold, ms", "By the clock, ms"),
        *("Longest callback alone, ms", "Longest collection, ms", "Worst callback"),
    )
    yield from table(heads, rows, left=(0, 5))


def verdict(clips: Rounds, long: Rounds) -> Iterator[str]:
    """Yield how it stands against what is aimed at."""
    faster = clips.ratio(Way.FOUR, lambda run: run.wall)
    cpu = 1 / clips.ratio(Way.FOUR, lambda run: run.cpu)
    limit = clips.ratio(Way.LIMIT, lambda run: run.wall)
    memory = median(run.memory for run in long.runs[Way.OURS]) / _MB
    hold = max(median(stall.longest for stall in each.stalls) for each in (clips, long)) * _MS
    yield _line(
        f"{faster:.2f} times as fast as ffmpeg four at a time",
        f"at least {FASTER:g}",
        is_met=faster >= FASTER,
    )
    yield _line(
        f"{cpu:.2f} of the processor time of ffmpeg four at a time",
        f"at most {LESS_CPU:g}",
        is_met=cpu <= LESS_CPU,
    )
    yield _line(
        f"{limit:.2f} of the speed of the raw limit",
        f"at least {OF_THE_LIMIT:g}",
        is_met=limit >= OF_THE_LIMIT,
    )
    yield _line(
        f"{memory:.0f} MB above idle for the long recording",
        f"under {MEMORY:g}",
        is_met=memory < MEMORY,
    )
    yield _line(f"the loop held for {hold:.1f} ms at most", f"under {HOLD:g}", is_met=hold < HOLD)


def _line(found: str, aim: str, *, is_met: bool) -> str:
    return f"- {found} (aim: {aim}; {'met' if is_met else 'MISSED'})"


def _spread(figures: Sequence[float], digits: int) -> str:
    middle, least, most = (
        f"{figure:.{digits}f}" for figure in (median(figures), min(figures), max(figures))
    )
    return middle if least == most else f"{middle} ({least} to {most})"
