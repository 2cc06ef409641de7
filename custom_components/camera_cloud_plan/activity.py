"""Tells what happens to an account's plans, each thing once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from homeassistant.core import callback

from .plan import Activity

type OnTold = Callable[[Collection[str]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing that happened to a camera's plan.

    `camera` is the name people gave its device here, `at` the moment (UTC). `facts` are
    what is known with it, moments in UTC: `asked_on`, `checks`, `earliest` and `latest` of
    the coming charge, `plan_ends`, `old_end` and `new_end`, the counts of an export and
    whether a `cancellation` waits for it; what is unknown is left out. `on_told` is called
    once the message is out, with what kinds of places it went to.
    """

    activity: Activity
    camera_id: str
    camera: str
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    on_told: OnTold | None = field(default=None, compare=False)


class ActivityHub:
    """Passes on what happened to whoever listens.

    What happens before everybody is there is held back until `async_release`: the first
    reading after a start shows what changed meanwhile, before there are entities.
    """

    def __init__(self) -> None:
        """Begin without listeners, holding back."""
        self._listeners: list[Callable[[Happened], None]] = []
        self._held: list[Callable[[], None]] | None = []

    @callback
    def async_listen(self, listener: Callable[[Happened], None]) -> Callable[[], None]:
        """Call `listener` with all that happens from now on; return how to end that."""
        self._listeners.append(listener)

        @callback
        def end() -> None:
            self._listeners.remove(listener)

        return end

    @callback
    def async_tell(self, happened: Happened) -> None:
        """Tell everybody, or hold it back while not everybody is there."""
        if self._held is not None:
            self._held.append(partial(self.async_tell, happened))
            return
        for listener in tuple(self._listeners):
            listener(happened)

    @callback
    def async_release(self) -> None:
        """Tell what was held back, and hold nothing back any more."""
        held, self._held = self._held or [], None
        for tell in held:
            tell()

    @callback
    def async_when_heard(self, tell: Callable[[], None]) -> None:
        """Call `tell` once what is told is heard: at once, or after what is held back."""
        if self._held is None:
            tell()
        else:
            self._held.append(tell)
