"""A recording's footage: its playlist, and its segments from wherever they lie.

Source: xiaomi_cloud_plan_api 3.2. Addresses are signed and run out, nobody knows when; a new
playlist brings new ones.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
import math
import re
from typing import Final

from yarl import URL

from ...plan import Camera, Recording, RecordingKind, clock
from .. import hls
from ..errors import (
    ApiError,
    CloudError,
    DamagedFootageError,
    RecordingGoneError,
    TooLargeError,
    UnreachableError,
)
from ..recordings import Fetched, Piece, Segment
from .client import XiaomiClient
from .endpoints import endpoints
from .transport import CutOffError, FetchRefusedError, LongAnswerError, Transport

# Beyond this, parsing a playlist leaves the event loop: some milliseconds' worth.
_INLINE_LIMIT: Final = 2**13
_TRIES: Final = 3
BACKOFF: Final = 0.5
# How long a recording may still be on its way into the cloud. That playlists mark their end is
# inferred (players take one that does not for a live stream), so nothing older hangs on it.
_GROWS: Final = timedelta(days=1)
_KEY_BYTES: Final = 16
_MOST_KEYS: Final = 64
# How an error begins: as JSON, as a page, or enciphered in base64.
_ERROR: Final = re.compile(rb"\s*(?:[{\[<]|[A-Za-z0-9+/=][A-Za-z0-9+/=\s]*\Z)")


async def open_recording(
    client: XiaomiClient, transport: Transport, camera: Camera, recording: Recording
) -> XiaomiFootage:
    """Return a recording's footage. Raises as `PlanProvider.open_recording` does."""
    source = _Playlist(client, camera, recording, any_port=transport.has_gateway)
    return XiaomiFootage(await source.read(), source.read, transport)


class _Playlist:
    """A recording's playlist at the maker: can be read again, for new addresses."""

    def __init__(
        self, client: XiaomiClient, camera: Camera, recording: Recording, *, any_port: bool
    ) -> None:
        self._client = client
        self._camera = camera
        self._recording = recording
        self._any_port = any_port
        # Where the list does not say: short clips are alarms (A 3.1).
        alarm = recording.alarm
        self._alarm = recording.kind is RecordingKind.EVENT if alarm is None else alarm

    async def read(self) -> tuple[hls.Part, ...]:
        """Return its segments, with addresses signed just now. Raises `CloudError`."""
        text = (await self._download()).decode("utf-8", "replace")
        parse = partial(
            hls.parse,
            any_port=self._any_port,
            may_grow=clock.now() - self._recording.created_at < _GROWS,
        )
        return parse(text) if len(text) <= _INLINE_LIMIT else await asyncio.to_thread(parse, text)

    async def _download(self) -> bytes:
        """Return it as it came; where it is refused, the other value of `isAlarm` may do."""
        refusals: list[ApiError] = []
        for alarm in (self._alarm, not self._alarm):
            try:
                body = await self._ask(alarm=alarm)
            except ApiError as error:
                refusals.append(error)
            else:
                self._alarm = alarm
                return body
        gone = endpoints().recordings.gone_codes
        if self._recording.is_expired(clock.now()) or any(each.code in gone for each in refusals):
            raise RecordingGoneError
        raise refusals[0]

    async def _ask(self, *, alarm: bool) -> bytes:
        try:
            body, _ = await self._client.download(
                "playlist",
                self._camera.region,
                {
                    "did": self._camera.camera_id,
                    "model": self._camera.model,
                    "fileId": self._recording.file_id,
                    "isAlarm": alarm,
                },
                limit=hls.MAX_PLAYLIST_BYTES,
                is_good=lambda body: _ERROR.match(body) is None,
            )
        except LongAnswerError:
            raise TooLargeError from None
        return body


class XiaomiFootage:
    """One recording, opened; a `Footage`."""

    def __init__(
        self,
        parts: tuple[hls.Part, ...],
        reopen: Callable[[], Awaitable[tuple[hls.Part, ...]]],
        transport: Transport,
    ) -> None:
        """Take the segments, and what returns them with addresses signed anew."""
        self._parts = parts
        self._reopen = reopen
        self._transport = transport
        self._keys = _KeyRing(transport)
        self._signing = asyncio.Lock()
        self._segments = tuple(part.segment for part in parts)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, in order."""
        return self._segments

    @property
    def duration(self) -> float:
        """How long it is by its playlist, in seconds."""
        return math.fsum(segment.duration for segment in self._segments)

    async def fetch(self, segment: Segment) -> Fetched:
        """Return a segment as it came. Raises as `Footage.fetch` does."""
        broken: list[UnreachableError] = []
        signed_anew = False
        while True:
            parts, refused = self._parts, None
            try:
                return await self._fetch(parts[segment.index])
            except FetchRefusedError as error:
                refused = error
            except UnreachableError as error:
                broken.append(error)
            if refused is None:
                if len(broken) == _TRIES:
                    raise _given_up(broken)
                await asyncio.sleep(BACKOFF * 2 ** (len(broken) - 1))
            elif signed_anew:
                raise refused.final
            else:
                await self._sign_anew(parts)
                signed_anew = True

    async def _fetch(self, part: hls.Part) -> Fetched:
        initialisation = None
        if part.initialisation is not None:
            initialisation = await self._piece(part.initialisation)
        piece = await self._piece(part.source)
        return Fetched(segment=part.segment, piece=piece, initialisation=initialisation)

    async def _piece(self, source: hls.Source) -> Piece:
        key = None if source.key is None else await self._keys.get(source.key)
        data = await self._transport.fetch(source.url)
        if not data:
            raise DamagedFootageError("an empty segment")
        return Piece(data=data, key=key, iv=source.iv)

    async def _sign_anew(self, stale: tuple[hls.Part, ...]) -> None:
        """Replace addresses that ran out, once for all who find them so."""
        async with self._signing:
            if self._parts is not stale:
                return
            parts = await self._reopen()
            # It may have grown; what was there has to be the same.
            if tuple(part.segment for part in parts[: len(self._segments)]) != self._segments:
                raise DamagedFootageError("a playlist that changed meanwhile")
            self._parts = parts


def _given_up(broken: list[UnreachableError]) -> CloudError:
    """Return what it comes to: what breaks off each time is not for want of a network."""
    if all(isinstance(error, CutOffError) for error in broken):
        return DamagedFootageError("a segment breaks off each time")
    return broken[-1]


@dataclass(slots=True)
class _Slot:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    key: bytes | None = field(default=None, repr=False)


class _KeyRing:
    """The keys of a recording: each fetched once, the last few kept."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._slots: dict[URL, _Slot] = {}

    async def get(self, url: URL) -> bytes:
        """Return the key at an address. Raises as `Transport.fetch` does."""
        slot = self._slots.get(url)
        if slot is None:
            if len(self._slots) >= _MOST_KEYS:
                del self._slots[next(iter(self._slots))]
            slot = self._slots[url] = _Slot()
        async with slot.lock:
            if slot.key is None:
                key = await self._transport.fetch(url, limit=_KEY_BYTES)
                if len(key) != _KEY_BYTES:
                    raise DamagedFootageError("a key of another length")
                slot.key = key
            return slot.key
