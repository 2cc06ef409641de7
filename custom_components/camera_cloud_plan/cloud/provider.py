"""What a maker's cloud offers, in a shape that fits every maker.

A provider says by its capabilities what can be read and what can be changed; entities
exist only for what is declared. Buying is not among them, for any maker.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Flag, StrEnum, auto
from typing import Protocol

from ..plan import Camera, PlanReading, Recording, RecordingKind, Span, Wish
from .errors import CloudError
from .recordings import Footage, Piece, RecordingList


class Readable(Flag):
    """What can be read from a maker's cloud."""

    STATUS = auto()
    END_DATE = auto()
    AUTO_RENEWAL = auto()
    RETENTION = auto()
    STORAGE_USED = auto()
    UPLOAD = auto()
    RECORDINGS = auto()


class CancelWay(StrEnum):
    """How renewal can be switched off at a maker."""

    GUIDED = "guided"
    NONE = "none"


class Detail(Flag):
    """Readings that cost a request of their own and are made only for who shows them."""

    NONE = 0
    STORAGE_USED = auto()
    UPLOAD = auto()
    SECOND_WITNESS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do.

    `asks` is whether there is anybody to ask: plans that are typed in are known as they are.
    """

    readable: Readable
    cancel: CancelWay
    asks: bool = True


type PlanReadings = Mapping[str, PlanReading | CloudError]


class RecordingSource(Protocol):
    """What gives an account's recordings out."""

    async def list_recordings(
        self,
        camera: Camera,
        span: Span,
        kinds: Collection[RecordingKind],
        *,
        pause: Callable[[], Awaitable[None]] | None = None,
    ) -> RecordingList:
        """Return a camera's recordings of these kinds that were made in a span.

        `pause` is awaited before each further page, so that a long list is asked politely.
        Asks only for what is declared as `Readable.RECORDINGS`. Raises `CloudError`.
        """

    async def open_recording(self, camera: Camera, recording: Recording) -> Footage:
        """Return a recording's footage, its addresses signed just now.

        Raises `RecordingGoneError` where the maker has it no more, `DamagedFootageError`
        where its playlist makes no sense, and other `CloudError`.
        """

    async def read_thumbnail(self, camera: Camera, recording: Recording) -> Piece | None:
        """Return a recording's still picture, to be opened in a thread; `None` without one.

        Raises `CloudError`.
        """


class RenewalRequests(Protocol):
    """What can ask a maker, on its owner's behalf, to turn auto-renewal off or on."""

    def can_request(self, camera: Camera, wish: Wish) -> bool:
        """Return whether a direct request for this wish is known for this camera.

        Says nothing about whether the maker will heed it.
        """

    async def request_renewal(self, camera: Camera, wish: Wish) -> None:
        """Ask the maker, exactly once, to turn a camera's auto-renewal on or off.

        Returns where the maker took the request, which proves nothing: read it back.
        Uses the session as it is, so read something first to have it fresh; nothing is
        ever sent a second time, whatever became of the first.

        Raises `RequestNotSentError` where it surely never left, `RequestRefusedError`
        where the maker said no, and `RequestUnansweredError` for everything between: it
        may have worked. A caller that is cancelled does not know either.
        """


class PlanProvider(Protocol):
    """One account at one maker, or plans of any maker that their owner typed in.

    What reads raises `SignInNeededError` when the owner has to sign in again.
    """

    @property
    def maker(self) -> str:
        """The maker's name as people know it, e.g. "Xiaomi"."""

    @property
    def capabilities(self) -> Capabilities:
        """What can be read and changed here."""

    @property
    def recordings(self) -> RecordingSource | None:
        """Where recordings are had from; `None` where none can be."""

    @property
    def requests(self) -> RenewalRequests | None:
        """Who sends requests about renewal; `None` where nobody does."""

    async def list_cameras(self) -> tuple[Camera, ...]:
        """Return every camera the account can see, owned or shared, in every chosen region.

        Raises `CloudError` if any region could not be listed: half a list must not
        look like cameras that left.
        """

    async def read_plans(
        self,
        cameras: Collection[Camera],
        details: Mapping[str, Detail],
    ) -> PlanReadings:
        """Return for each camera's id its reading, or the error that befell it alone.

        `details` names by camera id what else to ask. Raises `CloudError` only for what
        concerns the whole account (sign-in needed, nothing reachable at all).
        """
