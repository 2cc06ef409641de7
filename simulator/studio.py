"""Makes footage when somebody wants it, in threads, and keeps what was made within bounds.

What leaves here is enciphered as the maker stores it: AES-128-CBC with PKCS#7 padding, most often
with a key of its own for every segment. Keys are worked out, not stored.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
import hashlib
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from simulator.footage import FRAMES_PER_SEGMENT, Look, Stock, make_stock, segment_frames
from simulator.moments import SECOND_MS, home_zone, moment
from simulator.recordings import FRAMES_PER_SECOND, Recording, Size
from simulator.world import Camera

# How many bytes of footage are kept, unless told otherwise.
ROOM: Final = 128 * 1024 * 1024
# The same where recordings share their footage, for measurements.
STOCK_ROOM: Final = 1024 * 1024 * 1024

_BLOCK: Final = 16
_WORKERS: Final = 2
# What the clock of a shared picture shows at its beginning (epoch ms).
_STOCK_STARTS_MS: Final = 1_767_225_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of a recording that has one size of picture; `first` is its first segment."""

    size: Size
    first: int
    frames: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many frames it has."""
        return (len(self.frames) - 1) * FRAMES_PER_SEGMENT + self.frames[-1]


def parts(recording: Recording) -> tuple[Part, ...]:
    """Return a recording's parts; the last segment may be shorter than the others."""
    return _parts(recording.group.length_ms, recording.group.sizes)


@lru_cache
def _parts(length_ms: int, sizes: tuple[Size, ...]) -> tuple[Part, ...]:
    frames = segment_frames(max(1, length_ms * FRAMES_PER_SECOND // SECOND_MS))
    borders = [len(frames) * at // len(sizes) for at in range(len(sizes) + 1)]
    return tuple(
        Part(size=size, first=first, frames=tuple(frames[first:after]))
        for size, first, after in zip(sizes, borders, borders[1:], strict=False)
    )


def part_of(recording: Recording, index: int) -> Part | None:
    """Return the part in which segment `index` lies; `None` when there is no such segment."""
    for part in parts(recording):
        if part.first <= index < part.first + len(part.frames):
            return part
    return None


def key_of(recording: Recording, index: int) -> bytes:
    """Return the key of a segment (16 bytes)."""
    return _secret(recording, "key", index if recording.group.own_keys else 0)


def iv_of(recording: Recording, index: int) -> bytes:
    """Return the initialisation vector of a segment (16 bytes)."""
    return _secret(recording, "iv", index)


def _secret(recording: Recording, what: str, index: int) -> bytes:
    whose = "stock" if recording.group.stock else f"{recording.did} {recording.number}"
    return hashlib.sha256(f"{what} {whose} {index}".encode()).digest()[:16]


def encipher(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Return padded and enciphered bytes."""
    padding = _BLOCK - len(data) % _BLOCK
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    return encryptor.update(data + bytes((padding,)) * padding) + encryptor.finalize()


class Studio:
    """Where footage comes from. `room` bounds the bytes that are kept; the oldest go first."""

    def __init__(self, room: int = ROOM) -> None:
        """Start with nothing made."""
        self.room = room
        self._kept: OrderedDict[object, tuple[object, int]] = OrderedDict()
        self._used = 0
        self._under_way: dict[object, asyncio.Task[object]] = {}
        self._threads: ThreadPoolExecutor | None = None

    @property
    def used(self) -> int:
        """How many bytes are kept now."""
        return self._used

    async def close(self) -> None:
        """Let everything go, once what is being made has been made."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        if self._threads is not None:
            await asyncio.to_thread(self._threads.shutdown)
            self._threads = None
        self._kept.clear()
        self._used = 0

    async def segment(self, camera: Camera, recording: Recording, index: int) -> bytes:
        """Return a segment, enciphered.

        Raises:
            KeyError: when there is no such segment.
            NoFootageError: when a package that footage needs is missing.

        """
        part = part_of(recording, index)
        if part is None:
            raise KeyError(index)
        look = _look(camera, recording, part)
        key, iv = key_of(recording, index), iv_of(recording, index)

        def make(stock: Stock) -> bytes:
            plain = stock.segment(index - part.first, index * FRAMES_PER_SEGMENT)
            return encipher(plain, key, iv)

        return await self._of_stock(look, (look, index, key), make)

    async def initialisation(self, camera: Camera, recording: Recording, index: int) -> bytes:
        """Return what comes before the MP4 fragments of the part that begins with a segment.

        It is enciphered like that segment.

        Raises:
            KeyError: when no part begins there.
            NoFootageError: when a package that footage needs is missing.

        """
        part = part_of(recording, index)
        if part is None or part.first != index or recording.group.container != "mp4":
            raise KeyError(index)
        look = _look(camera, recording, part)
        key, iv = key_of(recording, index), iv_of(recording, index)
        return await self._of_stock(
            look, (look, "init", key), lambda stock: encipher(stock.initialisation, key, iv)
        )

    async def thumbnail(self, camera: Camera, recording: Recording) -> bytes:
        """Return the first picture, as a JPEG.

        Raises:
            NoFootageError: when a package that footage needs is missing.

        """
        return (await self._stock(_look(camera, recording, parts(recording)[0]))).thumbnail

    async def _of_stock(self, look: Look, key: object, make: Callable[[Stock], bytes]) -> bytes:
        kept = self._find(key)
        if isinstance(kept, bytes):
            return kept
        stock = await self._stock(look)
        made = await self._in_thread(lambda: make(stock))
        self._keep(key, made, len(made))
        return made

    async def _stock(self, look: Look) -> Stock:
        """Return a stock; whoever wants it while it is being made waits for that one."""
        kept = self._find(look)
        if isinstance(kept, Stock):
            return kept
        task = self._under_way.get(look)
        if task is None:
            task = asyncio.create_task(self._make_stock(look))
            self._under_way[look] = task
            task.add_done_callback(lambda _: self._under_way.pop(look, None))
        made = await asyncio.shield(task)
        if not isinstance(made, Stock):
            raise TypeError(made)
        return made

    async def _make_stock(self, look: Look) -> Stock:
        stock = await self._in_thread(lambda: make_stock(look))
        self._keep(look, stock, stock.size)
        return stock

    async def _in_thread[T](self, make: Callable[[], T]) -> T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="studio")
        return await asyncio.get_running_loop().run_in_executor(self._threads, make)

    def _find(self, key: object) -> object:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def _keep(self, key: object, value: object, size: int) -> None:
        if key in self._kept:
            return
        self._kept[key] = (value, size)
        self._used += size
        while self._used > self.room and len(self._kept) > 1:
            _, (_, freed) = self._kept.popitem(last=False)
            self._used -= freed


def _look(camera: Camera, recording: Recording, part: Part) -> Look:
    group = recording.group
    starts_ms = _STOCK_STARTS_MS if group.stock else recording.created_ms
    starts_ms += part.first * FRAMES_PER_SEGMENT * SECOND_MS // FRAMES_PER_SECOND
    return Look(
        title_en="Stock" if group.stock else camera.names.en,
        title_zh="" if group.stock else camera.names.zh,
        starts=moment(starts_ms, home_zone(camera.region)),
        size=part.size,
        codec=group.codec,
        container=group.container,
        frames=part.total,
        bit_rate=group.bit_rate,
    )
