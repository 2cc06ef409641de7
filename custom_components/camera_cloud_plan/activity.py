"""Tells what happens to an account's plans, each thing once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from homeassistant.core import callback

from .plan import Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing that happened to a camera's plan.

    `camera` is the name people gave its device here, `at` the moment (UTC). `facts` are
    what is known with it, moments in UTC: `asked_on`, `checks`, `earliest` and `latest` of
    the coming charge, `plan_ends`, `old_end` and `new_end`; what is unknown is left out.
    """

    activity: Activity
    camera_id: str
    camera: str
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)


class ActivityHub:
    """Passes on what happened to whoever listens."""

    def __init__(self) -> None:
        """Begin without listeners."""
        self._listeners: list[Callable[[Happened], None]] = []

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
        """Tell everybody."""
        for listener in tuple(self._listeners):
            listener(happened)
