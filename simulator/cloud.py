"""What every part of the simulated cloud shares while it runs."""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.faults import Faults
from simulator.protocol import Flaw
from simulator.sessions import Sessions
from simulator.world import World

_REFUSALS_KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A signed call that was refused, and why; never sent to the client."""

    host: str
    path: str
    flaw: Flaw


@dataclass(slots=True, kw_only=True)
class Requests:
    """How often which path of which host was called, for tests and benchmarks.

    Keys are host, path and HTTP status; status 0 stands for a connection that was dropped.
    Query strings and cookies are never kept: they hold secrets.
    """

    counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    refusals: deque[Refusal] = field(default_factory=lambda: deque(maxlen=_REFUSALS_KEPT))

    def total(self, *, host: str | None = None, path: str | None = None) -> int:
        """Return the number of requests, of one host or path where given."""
        return sum(
            count
            for (its_host, its_path, _), count in self.counts.items()
            if host in {None, its_host} and path in {None, its_path}
        )

    def reset(self) -> None:
        """Start counting again."""
        self.counts.clear()
        self.refusals.clear()


@dataclass(slots=True, kw_only=True)
class Cloud:
    """The state behind all hosts. `base_url` is the simulator's own origin, without a slash."""

    world: World
    sessions: Sessions
    faults: Faults = field(default_factory=Faults)
    requests: Requests = field(default_factory=Requests)
    base_url: str = ""
    # Real time in epoch seconds; the world's own time is another matter.
    now: Callable[[], float] = time.time
