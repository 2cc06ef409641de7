"""Segments opened in a thread, and put together to the files that they are pieces of."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
import io
import itertools
from typing import Final

from ..cloud.errors import DamagedFootageError
from .feed import Feed

_TS_PACKET: Final = 188
_TS_SYNC: Final = 0x47
_BOX_HEADER: Final = 8
# What an MP4 segment can begin with (ISO/IEC 14496-12, HTTP live streaming in RFC 8216).
_MP4_BOXES: Final = frozenset(
    {b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"prft", b"emsg", b"free", b"mdat"}
)


class Carrier(StrEnum):
    """What segments are pieces of, by the names of FFmpeg's demuxers."""

    TS = "mpegts"
    MP4 = "mp4"


@dataclass(slots=True)
class Opened:
    """One segment in plain bytes, with the initialisation before it where that is new."""

    data: bytes
    carrier: Carrier
    starts_anew: bool
    is_alone: bool
    """Whether it is a whole file of its own, that no other goes on from."""


def opened(feed: Feed) -> Iterator[Opened]:
    """Yield a feed's segments as they are opened, all that were announced.

    Raises `DamagedFootageError` where one is not what it should be, and `AbandonedError`.
    """
    before: Carrier | None = None
    for index in itertools.count():
        fetched = feed.take()
        if fetched is None:
            if index != feed.count:
                raise DamagedFootageError("not all segments came")
            return
        data = fetched.piece.opened()
        beginning = fetched.initialisation.opened() if fetched.initialisation else b""
        starts_anew = index > 0 and fetched.segment.starts_anew
        del fetched
        carrier = _carrier(data)
        is_whole = carrier is Carrier.MP4 and not beginning and data[4:8] == b"ftyp"
        yield Opened(
            data=beginning + data if beginning else data,
            carrier=carrier,
            starts_anew=starts_anew or is_whole or before not in {None, carrier},
            is_alone=is_whole and not _is_fragmented(data),
        )
        before = carrier


def _carrier(data: bytes) -> Carrier:
    """Return what a segment is a piece of. Raises `DamagedFootageError`."""
    if data[4:8] in _MP4_BOXES:
        return Carrier.MP4
    packets, rest = divmod(len(data), _TS_PACKET)
    if not packets or data[0] != _TS_SYNC:
        raise DamagedFootageError("a segment holds no footage")
    if rest or data[::_TS_PACKET].count(_TS_SYNC) != packets:
        raise DamagedFootageError("a segment is cut off or garbled")
    return Carrier.TS


def _is_fragmented(data: bytes) -> bool:
    """Return whether an MP4 file is made of fragments, which others can go on from."""
    place = 0
    while place + _BOX_HEADER <= len(data):
        size = int.from_bytes(data[place : place + 4])
        if data[place + 4 : place + 8] == b"moof":
            return True
        if size == 1 and place + 16 <= len(data):
            size = int.from_bytes(data[place + 8 : place + 16])
        if size < _BOX_HEADER:
            return False
        place += size
    return False


class Run:
    """Segments that go on from each other, as one file that PyAV reads; for one thread.

    What goes wrong while it is read stays in `error`, and the file ends there: FFmpeg does
    not hand on every error of a reader.
    """

    def __init__(self, first: Opened, segments: Iterator[Opened]) -> None:
        """Take the first segment and where the others come from."""
        self.carrier = first.carrier
        self.next: Opened | None = None
        self.error: Exception | None = None
        self._segments = segments
        self._current = memoryview(first.data)
        self._is_over = first.is_alone
        self.file: Run | io.BytesIO = io.BytesIO(first.data) if first.is_alone else self

    def read(self, size: int) -> bytes:
        """Return up to so many bytes; none at the end."""
        if not self._current:
            self._advance()
        data = self._current[:size].tobytes()
        self._current = self._current[size:]
        return data

    def _advance(self) -> None:
        if self._is_over:
            return
        try:
            segment = next(self._segments, None)
        except Exception as err:  # noqa: BLE001 - raised again by `end`
            self.error = err
            segment = None
        if segment is None or segment.starts_anew:
            self._is_over = True
            self.next = segment
        else:
            self._current = memoryview(segment.data)

    def end(self) -> Opened | None:
        """Return what the next run starts with, `None` after the last.

        What was not read of this one is passed over. Raises what befell the reading.
        """
        if self.error:
            raise self.error
        if self.file is not self:
            self.next = next(self._segments, None)
        while not self._is_over:
            self._advance()
            if self.error:
                raise self.error
        return self.next


def runs(segments: Iterator[Opened]) -> Iterator[Run]:
    """Yield the runs that segments form; each is to be read before the next is asked for."""
    first = next(segments, None)
    if first is None:
        raise DamagedFootageError("there is no segment")
    while first is not None:
        run = Run(first, segments)
        del first
        yield run
        first = run.end()
