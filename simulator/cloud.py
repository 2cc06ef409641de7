"""What every part of the simulated cloud shares while it runs."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
import time

from simulator.faults import Faults
from simulator.links import Links
from simulator.protocol import Flaw
from simulator.sessions import Sessions
from simulator.studio import Studio
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
    Query strings and cookies are never kept: they hold secrets. `renewals` tells how often the web
    host was asked to switch which camera's renewal, whatever came of it; its keys are dids.
    `leaked_cookies` counts requests that brought cookies to a storage host, where none belong.
    """

    counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    renewals: Counter[str] = field(default_factory=Counter)
    leaked_cookies: int = 0
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
        self.renewals.clear()
        self.leaked_cookies = 0
        self.refusals.clear()


def real_seconds() -> float:
    """Return the real time (epoch seconds), by which tokens and nonces go."""
    # Looked up at each call: a test that stops the clock stops it for client and server alike.
    return time.time()


class Cloud:
    """The state behind all hosts."""

    def __init__(self, world: World, now: Callable[[], float] = real_seconds) -> None:
        """Start with nobody signed in and nothing going wrong; `now` gives epoch seconds."""
        self.world = world
        self.now = now
        self.sessions = Sessions(world, now)
        self.faults = Faults()
        self.requests = Requests()
        self.links = Links()
        self.studio = Studio()
        # The simulator's own origin, without a slash at its end; known once it listens.
        self.base_url = ""
