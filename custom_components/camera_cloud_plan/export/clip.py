"""One recording becomes a file: fetched, opened, put in its container, verified, then named.

Whatever happens before, there is nothing of it in the folder but partial files of ours.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import partial
import json
from typing import Any, Final

from ..cloud.errors import (
    CloudError,
    DamagedFootageError,
    RateLimitedError,
    SessionRefusedError,
    SignInNeededError,
)
from ..cloud.recordings import Footage, Piece
from ..plan import Recording, clock
from .feed import AbandonedError, Feed
from .manifest import Manifest, SavedFile, events_as_json
from .model import Container
from .names import clip_stem, day_name
from .place import DETAILS, Folder, PartFile, disk_errors, numbered
from .remux import Part, is_possible, remux, verify
from .segments import Carrier, opened

# How far a recording's length may be from its playlist's: a second, or so much of it, but no
# more than a segment's length. Where the playlist names whole seconds only, half a second for
# each segment.
_SECONDS_OFF: Final = 1.0
_SHARE_OFF: Final = 0.02
_MOST_OFF: Final = 10.0  # seconds
_ROUNDED_OFF: Final = 0.5
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND: Final = timedelta(microseconds=1)
_KEPT_AS: Final = {Carrier.TS: "ts", Carrier.MP4: "mp4"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipWriter:
    """Writes one camera's clips. Blocks; for threads.

    `name` is as people call the camera, `file_name` how its files begin. `keep_free` in bytes;
    `on_written` is told of all bytes written, in the thread that wrote them.
    """

    folder: Folder
    manifest: Manifest
    name: str
    file_name: str
    time_zone: tzinfo
    container: Container
    keep_free: int
    job_id: str
    on_written: Callable[[int], None]

    def write(
        self, recording: Recording, feed: Feed, thumbnail: Piece | None, *, as_it_came: bool
    ) -> int:
        """Save a recording, and return the size of its files in bytes.

        Raises `DamagedFootageError`, `AbandonedError`, `UnheldError` where it can only be
        kept `as_it_came`, and `InterruptedExportError` for what is the disk's.
        """
        with (
            disk_errors(),
            self.folder.made_folder(day_name(recording.created_at, self.time_zone)) as day,
        ):
            return self._write(day, recording, feed, thumbnail, as_it_came=as_it_came)

    def _write(
        self,
        day: Folder,
        recording: Recording,
        feed: Feed,
        thumbnail: Piece | None,
        *,
        as_it_came: bool,
    ) -> int:
        made: list[PartFile] = []

        def new_file() -> PartFile:
            part = day.new_part(keep_free=self.keep_free)
            part.watch(self.on_written)
            made.append(part)
            return part

        try:
            if as_it_came or not is_possible():
                parts = list(_kept(feed, new_file))
            else:
                parts = remux(opened(feed), self.container, new_file)
                _check_length(parts, feed)
                for part in parts:
                    verify(part)
            feed.check()
            files = self._publish(recording, parts)
        finally:
            for file in made:
                file.discard()
        details = self._write_details(day, recording, files, thumbnail)
        day.sync()
        self.manifest.add_saved(
            recording,
            files,
            {
                "details": details,
                "playlist_seconds": round(feed.duration, 3),
                "segments": feed.count,
                "saved_at": clock.now().isoformat(),
                "job": self.job_id,
            },
        )
        return sum(file.size for file in files)

    def _publish(self, recording: Recording, parts: list[Part]) -> tuple[SavedFile, ...]:
        stem = clip_stem(self.file_name, recording.created_at, self.time_zone)
        mtime_ns = (recording.created_at - _EPOCH) // _MICROSECOND * 1000
        for part in parts:
            part.file.set_time(mtime_ns)
            part.file.flush()
        read_back = [part.file.digest() for part in parts]
        files = []
        for number, (part, (size, sha256)) in enumerate(
            zip(parts, read_back, strict=True), start=1
        ):
            suffix = f".{part.container}"
            stated = part.file.stated()
            name = part.file.publish(
                numbered(f"{stem} part {number}" if len(parts) > 1 else stem, suffix),
                size,
                sha256,
            )
            files.append(
                SavedFile(
                    day=day_name(recording.created_at, self.time_zone),
                    name=name,
                    size=size,
                    sha256=sha256,
                    mtime_ns=stated.st_mtime_ns,
                    seconds=part.seconds,
                    container=part.container,
                    codec=part.codec,
                    width=part.width,
                    height=part.height,
                    audio=part.audio,
                )
            )
        return tuple(files)

    def _write_details(
        self,
        day: Folder,
        recording: Recording,
        files: tuple[SavedFile, ...],
        thumbnail: Piece | None,
    ) -> list[str]:
        """Write what goes with a clip, under the name of its first file."""
        stem = files[0].name.rpartition(".")[0]
        sidecar = json.dumps(self._told(recording, files), ensure_ascii=False, indent=2)
        contents = [(".json", sidecar.encode("utf-8", "replace") + b"\n")]
        if picture := _picture(thumbnail):
            contents.append(picture)
        names = []
        with day.made_folder(DETAILS) as details:
            for suffix, content in contents:
                part = details.new_part()
                try:
                    part.write(content)
                    name = part.publish(numbered(stem, suffix), *part.digest())
                finally:
                    part.discard()
                names.append(f"{files[0].day}/{DETAILS}/{name}")
        return names

    def _told(self, recording: Recording, files: tuple[SavedFile, ...]) -> dict[str, Any]:
        """Return what a clip's sidecar says; the same each time it is written."""
        lengths = [file.seconds for file in files if file.seconds is not None]
        return {
            "camera": self.name,
            "local_time": recording.created_at.astimezone(self.time_zone).isoformat(),
            "utc_time": recording.created_at.isoformat(),
            "kind": recording.kind.value,
            "events": events_as_json(recording),
            "seconds": round(sum(lengths), 3) if lengths else None,
            "source": {"maker": self.manifest.maker, "list": recording.kind.value},
            "files": [
                {"name": file.name, "bytes": file.size, "sha256": file.sha256} for file in files
            ],
        }


def _kept(feed: Feed, new_file: Callable[[], PartFile]) -> Iterator[Part]:
    """Write segments as they came, put together where they go on from each other."""
    part: Part | None = None
    for segment in opened(feed):
        kept_as = _KEPT_AS[segment.carrier]
        if part and segment.starts_anew and "mp4" in {part.container, kept_as}:
            yield part
            part = None
        part = part or Part(file=new_file(), container=kept_as)
        part.file.write(segment.data)
    if part is None:
        raise DamagedFootageError("there is no segment")
    yield part


def _check_length(parts: list[Part], feed: Feed) -> None:
    """Raise `DamagedFootageError` where files are not as long as the playlist says together."""
    most = max(_SECONDS_OFF, min(_SHARE_OFF * feed.duration, _MOST_OFF))
    if feed.is_coarse:
        most = max(most, _ROUNDED_OFF * feed.count)
    if feed.duration and abs(sum(part.seconds or 0 for part in parts) - feed.duration) > most:
        raise DamagedFootageError("another length than the playlist says")


def _picture(piece: Piece | None) -> tuple[str, bytes] | None:
    """Return a thumbnail with its file's suffix, if it really is a picture."""
    with suppress(DamagedFootageError):
        data = piece.opened() if piece else b""
        if data.startswith(b"\xff\xd8\xff"):
            return ".jpg", data
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return ".png", data
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return ".webp", data
    return None


async def save_clip(
    footage: Footage,
    thumbnail: Callable[[], Awaitable[Piece | None]],
    *,
    write: Callable[[Feed, Piece | None], int],
    executor: Executor,
) -> int:
    """Fetch a recording while a thread of the executor saves it; return its size in bytes.

    `write` is `ClipWriter.write` for it. Cancelling returns when the thread has cleaned up.
    Raises `CloudError` and whatever `write` raises.
    """
    feed = Feed(footage)
    pump = asyncio.create_task(feed.pump())
    still = asyncio.create_task(_if_there(thumbnail))
    try:
        await feed.filled()
        picture = await still
        try:
            return await in_thread(executor, partial(write, feed, picture), feed.abandon)
        except AbandonedError:
            await pump
            raise
    finally:
        pump.cancel()
        still.cancel()
        await _settled(pump, still)


async def _if_there(thumbnail: Callable[[], Awaitable[Piece | None]]) -> Piece | None:
    """Return a recording's still picture; a recording is none the worse without it.

    Raises what is not about the picture.
    """
    try:
        return await thumbnail()
    except RateLimitedError, SessionRefusedError, SignInNeededError:
        raise
    except CloudError:
        return None


async def in_thread[T](
    executor: Executor,
    function: Callable[[], T],
    on_cancel: Callable[[], None] = lambda: None,
) -> T:
    """Return what a function returns that runs in a thread of the executor.

    Cancelling waits for its end: what it does is never left half done unseen. `on_cancel`
    may have it end sooner.
    """
    work = asyncio.get_running_loop().run_in_executor(executor, function)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        on_cancel()
        await _settled(work)
        raise


async def _settled(*futures: asyncio.Future[Any]) -> None:
    """Return when all are done, however often somebody cancels the wait."""
    is_cancelled = False
    while not all(future.done() for future in futures):
        try:
            await asyncio.wait(futures)
        except asyncio.CancelledError:
            is_cancelled = True
    for future in futures:
        if not future.cancelled():
            future.exception()  # which is of no more interest
    if is_cancelled:
        raise asyncio.CancelledError
