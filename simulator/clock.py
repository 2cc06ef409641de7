"""The world's two clocks.

Tests use a *virtual* clock, which runs ahead of the real one. The demo *ages* its world instead:
the clock keeps real time and every moment the maker has stored moves into the past, so that Home
Assistant, which knows only real time, sees days go by without anyone bending its clock.
"""

from collections.abc import Callable
import time
from typing import Protocol, override


def real_ms() -> int:
    """Return the real time (epoch ms, UTC)."""
    return time.time_ns() // 1_000_000


class Clock(Protocol):
    """Where a world takes its time from."""

    @property
    def ageing(self) -> bool:
        """Whether time passes by ageing the world."""

    def now_ms(self) -> int:
        """Return the world's time (epoch ms)."""

    def advance(self, ms: int) -> int:
        """Let `ms` pass; return by how much stored moments must move into the past (ms)."""


class VirtualClock(Clock):
    """Real time plus an offset that grows."""

    def __init__(self, real: Callable[[], int] = real_ms) -> None:
        """Start level with `real`, a source of epoch ms."""
        self._real = real
        self._offset_ms = 0

    @property
    @override
    def ageing(self) -> bool:
        return False

    @override
    def now_ms(self) -> int:
        return self._real() + self._offset_ms

    @override
    def advance(self, ms: int) -> int:
        self._offset_ms += ms
        return 0


class AgeingClock(Clock):
    """Real time, always."""

    def __init__(self, real: Callable[[], int] = real_ms) -> None:
        """Keep the time of `real`, a source of epoch ms."""
        self._real = real

    @property
    @override
    def ageing(self) -> bool:
        return True

    @override
    def now_ms(self) -> int:
        return self._real()

    @override
    def advance(self, ms: int) -> int:
        return ms
