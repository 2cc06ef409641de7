"""What a person would otherwise use, and the least that any program has to do: as processes.

    python -m benchmarks.export.rivals ffmpeg ADDRESSES FOLDER --at-once 4
    python -m benchmarks.export.rivals limit ADDRESSES FOLDER --at-once 4

ADDRESSES is a file with a playlist's address in each line, open to any player; each becomes a
file in FOLDER. What it cost is printed as JSON.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
import json
from pathlib import Path
import resource
from time import perf_counter
from typing import BinaryIO, Final

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
import m3u8
import psutil

_SAMPLED_EVERY: Final = 0.1
_WRITE_AT_ONCE: Final = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a program took: seconds by the clock and of processors, bytes at the most."""

    wall: float
    cpu: float
    memory: int


async def ffmpeg(playlists: Sequence[str], folder: Path, at_once: int) -> None:
    """Save each playlist with ffmpeg, so many processes at a time."""
    waiting = iter(enumerate(playlists))

    async def work() -> None:
        for number, playlist in waiting:
            process = await asyncio.create_subprocess_exec(
                *("ffmpeg", "-nostdin", "-v", "error", "-i", playlist),
                *("-c", "copy", str(folder / f"{number}.mp4")),
            )
            if await process.wait():
                raise RuntimeError(f"ffmpeg failed at {playlist}")

    await asyncio.gather(*(work() for _ in range(at_once)))


async def limit(playlists: Sequence[str], folder: Path, at_once: int) -> None:
    """Download the same bytes, decipher them once and write them once: nothing more."""
    waiting = iter(enumerate(playlists))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def get(url: str) -> bytes:
            async with http.get(url) as answer:
                answer.raise_for_status()
                return await answer.read()

        async def work() -> None:
            for number, playlist in waiting:
                content = m3u8.loads((await get(playlist)).decode())
                keys: dict[str, bytes] = {}
                with (folder / f"{number}.ts").open("wb", _WRITE_AT_ONCE) as file:
                    for segment in content.segments:
                        if (key := segment.key) is None:
                            raise RuntimeError("a segment that is not enciphered")
                        url, iv = str(key.uri), bytes.fromhex(str(key.iv)[2:])
                        if url not in keys:
                            keys[url] = await get(url)
                        data = await get(str(segment.uri))
                        await asyncio.to_thread(_write, file, data, keys[url], iv)

        await asyncio.gather(*(work() for _ in range(at_once)))


def _write(file: BinaryIO, data: bytes, key: bytes, iv: bytes) -> None:
    file.write(_deciphered(data, key, iv))


def _deciphered(data: bytes, key: bytes, iv: bytes) -> bytes:
    decryptor = Cipher(AES(key), CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


class _Meter:
    """What this process takes, or all that it starts, its own work left out."""

    def __init__(self, *, children: bool) -> None:
        self._children = children
        self._process = psutil.Process()
        self._most = 0

    async def measured(self, work: Awaitable[None]) -> Cost:
        """Return what some work took."""
        watching = asyncio.create_task(self._watch())
        began, used = perf_counter(), self._cpu()
        await work
        wall, cpu = perf_counter() - began, self._cpu() - used
        watching.cancel()
        return Cost(wall=wall, cpu=cpu, memory=self._most)

    async def _watch(self) -> None:
        while True:
            self._most = max(self._most, await asyncio.to_thread(self._memory))
            await asyncio.sleep(_SAMPLED_EVERY)

    def _memory(self) -> int:
        found = 0
        for process in self._process.children() if self._children else (self._process,):
            with suppress(psutil.NoSuchProcess):
                found += process.memory_info().rss
        return found

    def _cpu(self) -> float:
        usage = resource.getrusage(
            resource.RUSAGE_CHILDREN if self._children else resource.RUSAGE_SELF
        )
        return usage.ru_utime + usage.ru_stime


_WAYS: Final[dict[str, Callable[[Sequence[str], Path, int], Awaitable[None]]]] = {
    "ffmpeg": ffmpeg,
    "limit": limit,
}


def main() -> None:
    """Save the playlists in one way and print what that cost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export.rivals", description=__doc__)
    parser.add_argument("way", choices=_WAYS)
    parser.add_argument("addresses", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--at-once", type=int, default=1)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True)
    playlists = arguments.addresses.read_text(encoding="utf-8").split()
    way = _WAYS[arguments.way]
    meter = _Meter(children=way is ffmpeg)
    cost = asyncio.run(meter.measured(way(playlists, arguments.folder, arguments.at_once)))
    print(json.dumps(asdict(cost)))


if __name__ == "__main__":
    main()
