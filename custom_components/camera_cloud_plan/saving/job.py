"""What is ordered, and how far an order is: the words that the export desk shares with others."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from homeassistant.config_entries import ConfigEntry

from ..cloud.provider import PlanProvider
from ..const import (
    CONF_EXPORT_AT_ONCE,
    CONF_EXPORT_PAUSE,
    DEFAULT_EXPORT_AT_ONCE,
    DEFAULT_EXPORT_PAUSE,
)
from ..export import Pace
from ..export.model import (
    Container,
    Estimate,
    InterruptedExportError,
    Interruption,
    Order,
    Progress,
    Result,
)
from ..plan import RecordingKind, possible_kinds
from ..snapshot import CameraPlan
from .book import LastExport

# An order that cannot go on is taken up again after this, then after twice that, and so on.
_FIRST_RETRY: Final = timedelta(minutes=5)
_LONGEST_RETRY: Final = timedelta(hours=1)
_MAX_DOUBLINGS: Final = 8
# A disk is looked at again after this.
_DISK_RETRY: Final = timedelta(minutes=15)
# What only a person can mend.
NEEDS_A_PERSON: Final = frozenset(
    {
        Interruption.DISK_FULL,
        Interruption.FOLDER_GONE,
        Interruption.FOLDER_REFUSED,
        Interruption.NOT_WRITABLE,
    }
)


class ExportState(StrEnum):
    """What an account's exports are doing."""

    IDLE = "idle"
    RUNNING = "running"
    WAITING = "waiting"
    PROBLEM = "problem"


class Placed(StrEnum):
    """What became of an order that was given."""

    STARTED = "started"
    QUEUED = "queued"
    ALREADY_RUNNING = "already_running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants saved, before it is an order; moments in UTC.

    `folder` is as it was given: absolute, below the media folder, or nothing for the usual.
    """

    container: Container = Container.MP4
    start: datetime | None = None
    end: datetime | None = None
    events: bool = True
    videos: bool = True
    folder: str | None = None

    @property
    def kinds(self) -> frozenset[RecordingKind]:
        """The kinds of recordings that are wanted."""
        wanted = {RecordingKind.EVENT: self.events, RecordingKind.VIDEO: self.videos}
        return frozenset(kind for kind, is_wanted in wanted.items() if is_wanted)

    def is_like(self, other: Wanted, within: timedelta) -> bool:
        """Return whether both want the same; a span counted back from now moves on a little."""
        if replace(self, start=None) != replace(other, start=None):
            return False
        if self.start is None or other.start is None:
            return self.start is other.start
        return abs(self.start - other.start) <= within


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """An order on its way: how far it is, and for what it waits until when (UTC).

    `interrupted` counts how often in a row it could not go on. `trouble` is what only a person
    can mend; it stands until something was saved again.
    """

    order: Order
    progress: Progress | None = None
    waits_for: Interruption | None = None
    until: datetime | None = None
    interrupted: int = 0
    trouble: Interruption | None = None
    waited_for: int = 0
    ended: asyncio.Future[Outcome] = field(default_factory=asyncio.Future)

    @property
    def percent(self) -> int | None:
        """How far it is, in whole percent; `None` as long as nothing can be said."""
        return self.progress.percent if self.progress else None

    def is_due(self, now: datetime) -> bool:
        """Return whether it may go on at `now` (UTC)."""
        return self.waits_for is None or (self.until is not None and self.until <= now)

    def wait_after(self, err: InterruptedExportError) -> timedelta:
        """Return how long it waits after what stopped it: longer each time, at least as asked."""
        if err.why in NEEDS_A_PERSON:
            return _DISK_RETRY
        doubled = _FIRST_RETRY * (1 << min(self.interrupted - 1, _MAX_DOUBLINGS))
        # A maker that asks for a second may do so for ever.
        return max(timedelta(seconds=err.retry_after or 0), min(doubled, _LONGEST_RETRY))

    def end(self, *, result: Result | None = None, why: Interruption | None = None) -> None:
        """Tell whoever waits for it what it came to, or why it does not go on now."""
        if not self.ended.done():
            self.ended.set_result(Outcome(job=self, result=result, why=why))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What whoever waits for a job hears: what it came to, or why it does not go on now.

    Neither, where the account is unloaded: the job goes on with the next start.
    """

    job: Job
    result: Result | None = None
    why: Interruption | None = None


class Export(Protocol):
    """What the desk needs of an export."""

    async def estimate(self) -> Estimate:
        """Return what it would come to; raises `InterruptedExportError`."""

    async def run(self) -> Result:
        """Save what is to be saved; raises `InterruptedExportError`."""


class Reader(Protocol):
    """What the desk needs of whoever reads the account."""

    provider: PlanProvider

    @property
    def needs_sign_in(self) -> bool:
        """Whether the owner has to sign in again."""

    def known(self, camera_id: str) -> CameraPlan | None:
        """Return a camera as last read."""

    def display_name(self, camera_id: str) -> str:
        """Return the name people gave a camera."""

    def showing_losses(self) -> Collection[str]:
        """Return the cameras of which an entity shows what they are about to lose."""

    def async_show(self, *camera_ids: str) -> None:
        """Tell the entities of these cameras that something changed."""

    def async_counted(self, camera_id: str, count: int, at: datetime) -> None:
        """Hear how many recordings the maker lists of a camera, all there are at a moment (UTC)."""

    async def async_exported(self, last: LastExport, *, waited_for: bool, makes_up: bool) -> bool:
        """Hear that an export is done, before it is taken off the books.

        `makes_up`: whether it was for all that lacked before. Returns whether everything that
        the camera has is to be saved as well.
        """


def kinds_of(reader: Reader, camera_id: str) -> frozenset[RecordingKind]:
    """Return which kinds of recordings a camera can have in the cloud."""
    plan = reader.known(camera_id)
    if plan is None or reader.provider.recordings is None:
        return frozenset()
    return possible_kinds(plan.view)


def pace_of(entry: ConfigEntry) -> Pace:
    """Return how fast the owner lets recordings be fetched."""
    options = entry.options
    return Pace(
        at_once=int(options.get(CONF_EXPORT_AT_ONCE, DEFAULT_EXPORT_AT_ONCE)),
        pause=float(options.get(CONF_EXPORT_PAUSE, DEFAULT_EXPORT_PAUSE)),
    )
