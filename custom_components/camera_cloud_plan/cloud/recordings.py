"""Recordings in a maker's cloud, in a shape that fits every maker: lists and footage.

Footage comes in segments, as HTTP live streaming has them: each a piece of a file, most
often enciphered with AES-128-CBC. Fetching is for the event loop, opening is for a thread.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ..plan import Recording
from .errors import DamagedFootageError

_BLOCK: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingList:
    """What a camera's lists hold in a span, each file once, in the order to save them.

    `complete` is false where a list ended for another reason than its own word (a cursor
    that stood still, a page seen before, the cap), where one of several was refused, and
    where an entry could not be read: there may be more.
    """

    recordings: tuple[Recording, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment of a recording; `duration` in seconds.

    `starts_anew` is whether it cannot go on from the one before: the playlist says so, or its
    initialisation is another.
    """

    index: int
    duration: float
    starts_anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a file as it came over the wire. Neither bytes nor key go into a log."""

    data: bytes = field(repr=False)
    key: bytes | None = field(default=None, repr=False)
    iv: bytes | None = field(default=None, repr=False)

    def opened(self) -> bytes:
        """Return the plain bytes; blocks for as long as deciphering takes.

        Raises `DamagedFootageError` where they are cut off or the key is not theirs, as far
        as the cipher's padding tells.
        """
        if self.key is None or self.iv is None:
            return self.data
        if not self.data or len(self.data) % _BLOCK:
            raise DamagedFootageError("a segment is cut off")
        decryptor = Cipher(AES(self.key), CBC(self.iv)).decryptor()
        plain = decryptor.update(self.data) + decryptor.finalize()
        padding = plain[-1]
        if not 1 <= padding <= _BLOCK or plain[-padding:] != bytes((padding,)) * padding:
            raise DamagedFootageError("a segment does not open with its key")
        return plain[:-padding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A segment with all that opens it: `initialisation` comes before it where it is new."""

    segment: Segment
    piece: Piece
    initialisation: Piece | None = None


class Footage(Protocol):
    """One recording, opened at the maker: its segments can be fetched for a while."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, in order."""

    @property
    def duration(self) -> float:
        """How long it is by its playlist, in seconds."""

    async def fetch(self, segment: Segment) -> Fetched:
        """Return a segment as it came; several may be fetched at a time.

        Addresses that ran out are signed anew, and what broke off is tried again a few
        times. Raises `RecordingGoneError`, `DamagedFootageError` and other `CloudError`.
        """
