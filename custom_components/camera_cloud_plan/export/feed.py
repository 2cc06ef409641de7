"""Segments on their way from the event loop, which fetches them, to a thread, which opens them."""

import asyncio
from queue import SimpleQueue
from typing import Final

from ..cloud.recordings import Fetched, Footage, Segment

# How many segments of a recording are fetched or lie ready at a time, and how many bytes
# they may come to, each taken for as large as the largest so far: so much memory it takes,
# whatever its length. One always may, and the first one comes alone, as it gives the measure.
_IN_FLIGHT: Final = 4
_READY: Final = 32 << 20


class AbandonedError(Exception):
    """Nothing more is coming: the recording was given up on the other side."""


class Feed:
    """One recording's segments, in order, handed to one thread."""

    def __init__(self, footage: Footage) -> None:
        """Take what is to be fetched; made in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._footage = footage
        self._room = asyncio.Event()
        self._most = 1
        self._held = 0
        self._largest = 1
        self._ready: SimpleQueue[Fetched | None] = SimpleQueue()
        self._given = 0
        self._filled = asyncio.Event()
        self._is_abandoned = False

    @property
    def count(self) -> int:
        """How many segments were announced."""
        return len(self._footage.segments)

    @property
    def duration(self) -> float:
        """How long the recording is by its playlist, in seconds."""
        return self._footage.duration

    @property
    def is_coarse(self) -> bool:
        """Whether the playlist names whole seconds only."""
        return all(float(segment.duration).is_integer() for segment in self._footage.segments)

    async def pump(self) -> None:
        """Fetch and hand over all segments, some ahead of the thread. Raises `CloudError`."""
        before: asyncio.Task[None] | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for segment in self._footage.segments:
                    while self._held >= self._most:
                        self._room.clear()
                        await self._room.wait()
                    self._held += 1
                    before = group.create_task(self._fetch(segment, before))
            self._ready.put(None)
        except BaseExceptionGroup as errors:
            self.abandon()
            raise errors.exceptions[0] from None
        except asyncio.CancelledError:
            self.abandon()
            raise
        finally:
            self._filled.set()

    async def _fetch(self, segment: Segment, before: asyncio.Task[None] | None) -> None:
        fetched = await self._footage.fetch(segment)
        pieces = (fetched.piece, fetched.initialisation)
        self._largest = max(self._largest, sum(len(piece.data) for piece in pieces if piece))
        self._most = max(1, min(_IN_FLIGHT, _READY // self._largest))
        self._room.set()
        if before:
            await before
        self._ready.put(fetched)
        self._given += 1
        if self._given >= min(self._most, self.count):
            self._filled.set()

    async def filled(self) -> None:
        """Return when the first segments are there, or all that will come.

        A thread that starts then does not wait for the network at its start, and for a short
        clip never.
        """
        await self._filled.wait()

    def abandon(self) -> None:
        """Let the thread's next step fail."""
        self._is_abandoned = True
        self._ready.put(None)

    def take(self) -> Fetched | None:
        """Return the next segment, `None` after the last; for the thread, which it blocks.

        Raises `AbandonedError`.
        """
        fetched = self._ready.get()
        self.check()
        if fetched is not None:
            self._loop.call_soon_threadsafe(self._release)
        return fetched

    def _release(self) -> None:
        self._held -= 1
        self._room.set()

    def check(self) -> None:
        """Raise `AbandonedError` where nobody waits for the result any more."""
        if self._is_abandoned:
            raise AbandonedError
