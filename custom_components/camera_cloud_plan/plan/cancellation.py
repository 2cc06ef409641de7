"""A cancellation the owner asked for, from the wish to the maker's own "off".

First form: one wish per camera, read back with every poll. A cancellation is only
ever confirmed by a reading made after it was opened.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from .renewal import Renewal
from .view import PlanView


class CancellationState(StrEnum):
    """How far a cancellation has come."""

    WAITING_FOR_YOU = "waiting_for_you"
    CHECKING = "checking"
    CONFIRMED = "confirmed"
    DONE_NOT_READABLE = "done_not_readable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """One wish to stop a plan's renewal; all moments UTC.

    `done_at` is when the owner said that the step at the seller is done; `checks`
    counts the readings since `opened_at`, the last at `last_check_at` saying `last_said`.
    """

    camera_id: str
    opened_at: datetime
    done_at: datetime | None = None
    checks: int = 0
    last_check_at: datetime | None = None
    last_said: Renewal | None = None
    confirmed_at: datetime | None = None
    readable: bool = True

    @property
    def state(self) -> CancellationState:
        """The state, derived from what happened."""
        if self.confirmed_at is not None:
            return CancellationState.CONFIRMED
        if self.done_at is None:
            return CancellationState.WAITING_FOR_YOU
        return CancellationState.CHECKING if self.readable else CancellationState.DONE_NOT_READABLE

    @property
    def is_open(self) -> bool:
        """Whether it still has to be watched."""
        return self.confirmed_at is None

    def done(self, now: datetime) -> Self:
        """Return it with the owner's word that the step is done."""
        return replace(self, done_at=now)

    def seen(self, view: PlanView) -> Self:
        """Return it after a reading; one made before it was opened changes nothing.

        Confirmed only where the channel's trust rule lets the maker say "off" and it
        did, of a plan that runs.
        """
        read_at = view.reading.read_at
        if read_at <= (self.last_check_at or self.opened_at) or not self.is_open:
            return self
        said = view.renewal
        return replace(
            self,
            checks=self.checks + 1,
            last_check_at=read_at,
            last_said=said,
            readable=view.rule.can_say_off,
            confirmed_at=read_at if said is Renewal.OFF else None,
        )
