"""What is asked of an export, how far it is, and what it came to."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ..plan import RecordingKind


class Container(StrEnum):
    """The container that recordings are written in."""

    MP4 = "mp4"
    MOV = "mov"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asked to have saved of one camera; moments in UTC.

    `job_id` is new for each order, and the same when it is taken up again after a restart.
    `folder` is the root under which the camera gets its own. Without `start` all is meant
    that the maker still has, without `end` all up to `asked_at`.
    """

    job_id: str
    camera_id: str
    asked_at: datetime
    folder: str
    container: Container = Container.MP4
    start: datetime | None = None
    end: datetime | None = None
    events: bool = True
    videos: bool = True

    @property
    def kinds(self) -> frozenset[RecordingKind]:
        """The kinds of recordings that are wanted."""
        wanted = {RecordingKind.EVENT: self.events, RecordingKind.VIDEO: self.videos}
        return frozenset(kind for kind, is_wanted in wanted.items() if is_wanted)


class Reason(StrEnum):
    """Why a recording is not saved."""

    EVENT_ONLY = "event_only"
    """The maker keeps no footage of it."""
    EXPIRED = "expired"
    """The maker dropped it before it could be fetched."""
    DAMAGED = "damaged"
    """What the maker sends of it cannot be made a whole recording."""
    FORBIDDEN_ADDRESS = "forbidden_address"
    """Its footage is named where nothing may be fetched from."""
    REFUSED = "refused"
    """The maker answered with an error of this recording's own."""
    UNREACHABLE = "unreachable"
    """It could not be fetched in all its tries."""
    TOO_LARGE = "too_large"
    """A part of it is larger than any that makers send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many recordings of an order are where; all are facts, none is an estimate.

    `listed` is all that the maker lists in the span, whatever becomes of it: `event_only`,
    `expired` meanwhile, `already` there and verified, `saved` and verified by this job, and
    `failed`. `complete` is false where the lists ended early, so that there may be more.
    `saved_bytes` counts the files that this job wrote.
    """

    listed: int = 0
    event_only: int = 0
    expired: int = 0
    already: int = 0
    saved: int = 0
    failed: int = 0
    saved_bytes: int = 0
    complete: bool = True

    @property
    def settled(self) -> int:
        """How many of them nothing more is to be done about."""
        return self.event_only + self.expired + self.already + self.saved + self.failed


class Phase(StrEnum):
    """What a job is doing."""

    FINDING = "finding"
    CHECKING = "checking"
    SAVING = "saving"
    WAITING = "waiting"


class Interruption(StrEnum):
    """Why a job waits, or ended before all was done; it can be taken up again."""

    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    SIGN_IN_NEEDED = "sign_in_needed"
    MAKER_ERROR = "maker_error"
    DISK_FULL = "disk_full"
    FOLDER_GONE = "folder_gone"
    FOLDER_REFUSED = "folder_refused"
    NOT_WRITABLE = "not_writable"
    UNEXPECTED = "unexpected"
    """A mistake of our own; the log says more."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is.

    `clip` is when the recording being saved was made, `until` to when a waiting job waits
    (both UTC). `bytes_per_second` is what was written lately, `seconds_left` what is left at
    the pace so far; both `None` as long as nothing can be said.
    """

    phase: Phase
    tally: Tally = field(default_factory=Tally)
    clip: datetime | None = None
    waits_for: Interruption | None = None
    until: datetime | None = None
    bytes_per_second: float | None = None
    seconds_left: float | None = None

    @property
    def percent(self) -> int | None:
        """The share of listed recordings that is settled, in whole percent, rounded down."""
        if self.phase is Phase.FINDING or not self.tally.listed:
            return None
        return self.tally.settled * 100 // self.tally.listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A recording that is not saved, and why; `created_at` in UTC."""

    file_id: str
    created_at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestSeal:
    """What a manifest was when it was read back: as it only grows, its first bytes stay so."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a job came to, at `finished_at` (UTC); `folder` is the camera's own.

    `manifest` is what its manifest was then.
    """

    tally: Tally
    missing: tuple[Missing, ...]
    finished_at: datetime
    folder: str
    manifest: ManifestSeal | None = None

    @property
    def is_whole(self) -> bool:
        """Whether everything that could be had is saved and verified."""
        return self.tally.complete and not self.tally.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What an order would come to. `saved` and `failed` of its tally stay zero.

    `to_fetch` recordings would be downloaded. `size` in bytes, judged from what was saved of
    this camera before; `None` where nothing was. `free` is the disk's free space in bytes.
    """

    tally: Tally
    to_fetch: int
    size: int | None
    free: int
    first_loss: datetime | None


class InterruptedExportError(Exception):
    """A job ended before all was done; what is saved stays, and it can be taken up again.

    `retry_after` in seconds where the maker named a time; `detail` says more without secrets.
    """

    def __init__(
        self, why: Interruption, *, retry_after: float | None = None, detail: str = ""
    ) -> None:
        """Take the reason."""
        super().__init__(f"{why}: {detail}" if detail else why.value)
        self.why = why
        self.retry_after = retry_after
        self.detail = detail
