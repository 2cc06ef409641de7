"""One camera's recordings, all that an order asks for, saved on a disk."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial
from itertools import batched
import logging
from pathlib import Path
import threading
import time
from typing import Final

from ..cloud.errors import (
    ApiError,
    CloudError,
    DamagedFootageError,
    ForbiddenAddressError,
    NoConnectionError,
    RateLimitedError,
    RecordingGoneError,
    SessionRefusedError,
    TooLargeError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ..cloud.provider import RecordingSource
from ..cloud.recordings import Footage, RecordingList
from ..plan import ALL_BACK, Camera, Recording, RecordingKind, Span, clock
from .clip import ClipWriter, in_thread, save_clip
from .manifest import Manifest, camera_manifest, new_camera_folder
from .model import (
    Estimate,
    InterruptedExportError,
    Interruption,
    Missing,
    Order,
    Phase,
    Progress,
    Reason,
    Result,
    Tally,
)
from .names import camera_folder_name
from .pace import Pace, Patience, interruption
from .place import Folder, Root, disk_errors, remove_left_overs
from .remux import UnheldError

_LOGGER = logging.getLogger(__name__)

_TRIES: Final = 3
# Footage that cannot be reached is tried so often in each round, the last one at the end.
_ROUNDS: Final = 2
# Footage of so many recordings in a row cannot be reached: that is not the recordings'.
_UNREACHABLE_IN_A_ROW: Final = 5
_THREADS: Final = 2
# So many answers of its own in a row, and nothing saved between: that is not the recordings'.
_REFUSED_IN_A_ROW: Final = 10
# So many recordings are sorted out at a time: the loop goes on meanwhile, and it may end there.
_BATCH: Final = 200
_TELL_EVERY: Final = 1.0  # seconds
# What was written lately is what was written in these seconds.
_LATELY: Final = 30.0
_LONG_AGO: Final = 1e9


@dataclass(slots=True, kw_only=True)
class _Place:
    """Where a camera's recordings go, open."""

    root: Root
    folder: Folder
    manifest: Manifest
    name: str

    def close(self) -> None:
        self.manifest.close()
        self.folder.close()
        self.root.folder.close()


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Some recordings, by what is to be done about them."""

    already: int
    to_fetch: list[Recording]
    to_check: list[Recording]
    missing: list[tuple[Recording, Reason]]


@dataclass(slots=True)
class _Todo:
    """A recording that is to be fetched."""

    recording: Recording
    tries: int = 0
    is_given_up: bool = False
    is_gone: bool = False
    as_it_came: bool = False


class CameraExport:
    """Saves one camera's recordings: `run` does it, and does the rest when it is run again."""

    def __init__(  # noqa: PLR0913 - what an order needs from the one who carries it out
        self,
        *,
        source: RecordingSource,
        camera: Camera,
        name: str,
        kinds: frozenset[RecordingKind],
        order: Order,
        time_zone: tzinfo,
        pace: Pace,
        keep_free: int,
        is_allowed: Callable[[Path], bool],
        on_progress: Callable[[Progress], None] = lambda _: None,
        begun: bool = False,
    ) -> None:
        """Take the order and what it is carried out with.

        `name` is what people call the camera, `kinds` are wanted and possible, `keep_free` is
        how many bytes the disk is to keep free. `is_allowed` is asked in a thread, with the
        camera's folder. `on_progress` is called in the event loop, once a second at most and
        at each change of phase. `begun` is whether this order has saved something before: a
        folder without the camera's is then a disk that is not there.
        """
        self._source = source
        self._camera = camera
        self._name = name
        self._kinds = kinds
        self._order = order
        self._time_zone = time_zone
        self._pace = pace
        self._keep_free = keep_free
        self._is_allowed = is_allowed
        self._on_progress = on_progress
        self._begun = begun
        self._lock = threading.Lock()
        self._place: _Place | None = None
        self._reset()

    def _reset(self) -> None:
        self._progress = Progress(phase=Phase.FINDING)
        self._missing: list[Missing] = []
        self._queue: deque[_Todo] = deque()
        self._to_check: list[Recording] = []
        self._refused: list[_Todo] = []
        self._written = 0
        self._samples: deque[tuple[float, int]] = deque()
        self._saving_since = 0.0
        self._settled_before = 0
        self._told_at = -_LONG_AGO
        self._unreachable_in_a_row = 0
        self._phase = Phase.FINDING
        self._patience = Patience(self._pace, self._waits)

    # --- Finding --------------------------------------------------------------------------

    @property
    def _span(self) -> Span:
        order = self._order
        return Span(start=order.start or order.asked_at - ALL_BACK, end=order.end or order.asked_at)

    async def _find(self) -> RecordingList:
        """Return the lists: each recording once, soonest lost first."""
        if not self._kinds:
            return RecordingList(recordings=())
        return await self._source.list_recordings(
            self._camera, self._span, self._kinds, pause=self._patience.pause
        )

    async def estimate(self) -> Estimate:
        """Return what the order would come to. Lists only; downloads and writes nothing.

        A recording counts as there where its files have the sizes they were saved with.
        Raises `InterruptedExportError`.
        """
        try:
            found = await self._find()
        except CloudError as err:
            raise interruption(err) from err
        return await asyncio.to_thread(self._estimated, found)

    def _estimated(self, found: RecordingList) -> Estimate:
        now = clock.now()
        root = Root.opened(self._order.folder)
        try:
            with disk_errors():
                free = root.folder.free()
                known = camera_manifest(root.folder, self._camera)
                self._check_allowed(root.path / (known[2] if known else self._folder_name))
                try:
                    return _estimate(found, known[0] if known else None, free, now)
                finally:
                    if known:
                        known[1].close()
        finally:
            root.folder.close()

    # --- The place ------------------------------------------------------------------------

    @property
    def _folder_name(self) -> str:
        return camera_folder_name(self._name)

    def _check_allowed(self, folder: Path) -> None:
        if not self._is_allowed(folder):
            raise InterruptedExportError(Interruption.FOLDER_REFUSED, detail="not allowed")

    def _open(self) -> _Place:
        """Open the camera's folder, made where there is none yet, and clear it up. Blocks."""
        root = Root.opened(self._order.folder)
        try:
            root.check(self._keep_free)
            with disk_errors():
                return self._opened_below(root)
        finally:
            if not self._place:
                root.folder.close()

    def _opened_below(self, root: Root) -> _Place:
        found = camera_manifest(root.folder, self._camera)
        if found is None and self._begun:
            raise InterruptedExportError(
                Interruption.FOLDER_GONE, detail="what was saved before is not there"
            )
        self._check_allowed(root.path / (found[2] if found else self._folder_name))
        manifest, folder, name = found or new_camera_folder(
            root.folder, self._camera, self._name, self._folder_name
        )
        self._begun = True
        self._place = _Place(root=root, folder=folder, manifest=manifest, name=name)
        remove_left_overs(folder)
        return self._place

    # --- Running --------------------------------------------------------------------------

    async def run(self) -> Result:
        """Save what is not saved yet, and return what became of every recording listed.

        Raises `InterruptedExportError` where it ends before that. May be cancelled at any
        moment; what is saved by then is whole.
        """
        self._reset()
        executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="camera_cloud_plan_export")
        try:
            with disk_errors():
                return await self._run(executor)
        except CloudError as err:
            raise interruption(err) from err
        finally:
            if self._place:
                self._place.close()
                self._place = None
            # Its threads have nothing more to do, so that this takes no time.
            executor.shutdown()

    async def _run(self, executor: ThreadPoolExecutor) -> Result:
        self._tell(Phase.FINDING)
        place = await in_thread(executor, self._open)
        found = await self._found_in_the_end()
        self._count(listed=len(found.recordings), complete=found.complete)
        await self._sort_out(found.recordings, place.manifest, executor)
        await self._save(place, executor)
        await self._check(place.manifest, executor)
        await self._save(place, executor)
        tally, now = self._progress.tally, clock.now()
        seal = await in_thread(
            executor,
            partial(place.manifest.add_finished, tally, now, self._order.job_id),
        )
        return Result(
            tally=tally,
            missing=tuple(self._missing),
            finished_at=now,
            folder=str(place.root.path / place.name),
            manifest=seal,
        )

    async def _found_in_the_end(self) -> RecordingList:
        """Return the lists, after as many waits as they take."""
        while True:
            try:
                found = await self._find()
            except (RateLimitedError, UnreachableError) as err:
                await self._patience.wait_out(err)
            else:
                self._patience.succeeded()
                return found

    async def _sort_out(
        self, recordings: Iterable[Recording], manifest: Manifest, executor: ThreadPoolExecutor
    ) -> None:
        """Sort out what is to be fetched, and what is to be read before that can be said."""
        self._tell(Phase.CHECKING)
        job_id, now = self._order.job_id, clock.now()
        missing: list[tuple[Recording, Reason]] = []
        for batch in batched(recordings, _BATCH, strict=False):
            done = await in_thread(executor, partial(_sorted_out, batch, manifest, job_id, now))
            self._count(already=done.already)
            self._miss(done.missing)
            self._queue.extend(map(_Todo, done.to_fetch))
            self._to_check += done.to_check
            missing += done.missing
            self._tell_now_and_then()
        await in_thread(executor, partial(manifest.add_missing, missing, now, job_id))

    async def _check(self, manifest: Manifest, executor: ThreadPoolExecutor) -> None:
        """Read what looks as if it were there, and compare; what is damaged is to be fetched.

        That may take hours, in which the maker drops what was never saved: that came first.
        """
        self._progress = replace(self._progress, clip=None)
        if self._to_check:
            self._tell(Phase.CHECKING)
        to_check, self._to_check = deque(self._to_check), []
        while to_check:
            recording = to_check.popleft()
            if await in_thread(executor, partial(manifest.is_there, recording)):
                self._count(already=1)
            else:
                self._queue.append(_Todo(recording))
            self._tell_now_and_then()

    async def _save(self, place: _Place, executor: ThreadPoolExecutor) -> None:
        """Fetch what is to be fetched."""
        if not self._queue:
            return
        self._saving_since = time.monotonic()
        self._settled_before = self._progress.tally.settled
        self._tell(Phase.SAVING)
        writer = ClipWriter(
            folder=place.folder,
            manifest=place.manifest,
            name=self._name,
            file_name=place.name,
            time_zone=self._time_zone,
            container=self._order.container,
            keep_free=self._keep_free,
            job_id=self._order.job_id,
            on_written=self._wrote,
        )
        try:
            async with asyncio.TaskGroup() as group:
                ticker = group.create_task(self._tick())
                at_once = min(self._pace.at_once, len(self._queue))
                async with asyncio.TaskGroup() as workers:
                    for _ in range(at_once):
                        workers.create_task(self._work(place, writer, executor))
                await self._settle_refused(place, executor)
                ticker.cancel()
            self._tell(Phase.SAVING)
        except BaseExceptionGroup as errors:
            first: BaseException = errors
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            raise first from None

    async def _work(self, place: _Place, writer: ClipWriter, executor: ThreadPoolExecutor) -> None:
        """Fetch one recording after another, as long as there is one."""
        while self._queue:
            todo = self._queue.popleft()
            match await self._outcome(todo, place, writer, executor):
                case None:
                    pass
                case Reason.REFUSED if not todo.is_gone:
                    self._heed_refusal(todo)
                case reason:
                    await self._give_up([(todo.recording, reason)], place, executor)
            if self._queue:
                await self._patience.pause()

    async def _give_up(
        self,
        missing: list[tuple[Recording, Reason]],
        place: _Place,
        executor: ThreadPoolExecutor,
    ) -> None:
        """Count what cannot be had, and write down why."""
        self._miss(missing)
        await in_thread(
            executor,
            partial(place.manifest.add_missing, missing, clock.now(), self._order.job_id),
        )

    def _heed_refusal(self, todo: _Todo) -> None:
        """Keep what was refused until it is known whether that is the recording's or all's.

        After so many in a row the recording that is lost last tells. Raises
        `InterruptedExportError` where that one is refused too.
        """
        self._refused.append(todo)
        if len(self._refused) == _REFUSED_IN_A_ROW and self._queue:
            self._queue.appendleft(self._queue.pop())
        elif len(self._refused) >= _REFUSED_IN_A_ROW:
            self._queue.extendleft(reversed(self._refused))
            self._refused.clear()
            raise InterruptedExportError(
                Interruption.MAKER_ERROR, detail="it refuses one after another"
            )

    async def _settle_refused(self, place: _Place, executor: ThreadPoolExecutor) -> None:
        """Give up what was refused, now that it were not too many in a row."""
        if self._refused:
            missing = [(todo.recording, Reason.REFUSED) for todo in self._refused]
            self._refused.clear()
            await self._give_up(missing, place, executor)

    async def _outcome(
        self, todo: _Todo, place: _Place, writer: ClipWriter, executor: ThreadPoolExecutor
    ) -> Reason | None:
        """Return why a recording cannot be had; `None` where it is saved, or comes later."""
        recording = todo.recording
        while True:
            await self._patience.until_open()
            if recording.is_expired(clock.now()):
                return Reason.EXPIRED
            self._progress = replace(self._progress, clip=recording.created_at)
            await in_thread(executor, partial(place.root.check, self._keep_free))
            try:
                footage = await self._opened(recording)
                size = await save_clip(
                    footage,
                    partial(self._source.read_thumbnail, self._camera, recording),
                    write=partial(writer.write, recording, as_it_came=todo.as_it_came),
                    executor=executor,
                )
            except UnheldError:
                todo.as_it_came = True
            except RateLimitedError as err:
                await self._patience.wait_out(err)
            except UnreachableError as err:
                if not await self._is_tried_again(todo, err):
                    return Reason.UNREACHABLE if todo.is_given_up else None
            except CloudError as err:
                if reason := self._reason(todo, err):
                    _LOGGER.debug("A recording is not saved: %s", err)
                    return reason
                await self._patience.pause()
            else:
                self._patience.succeeded()
                self._unreachable_in_a_row = 0
                self._count(saved=1, saved_bytes=size)
                await self._settle_refused(place, executor)
                return None

    async def _opened(self, recording: Recording) -> Footage:
        """Open a recording at the maker, as soon as that can be reached at all."""
        while True:
            try:
                return await self._source.open_recording(self._camera, recording)
            except NoConnectionError as err:
                await self._patience.wait_out(err)

    async def _is_tried_again(self, todo: _Todo, err: UnreachableError) -> bool:
        """Return whether to try again at once footage that could not be reached.

        After some tries the other recordings come first, then it has its last ones. Where
        that befalls several in a row, it is not theirs, and is waited out.
        """
        todo.tries += 1
        if todo.tries % _TRIES:
            await self._patience.pause()
            return True
        self._unreachable_in_a_row += 1
        todo.is_given_up = todo.tries >= _ROUNDS * _TRIES
        if not todo.is_given_up:
            self._queue.append(todo)
        if self._unreachable_in_a_row >= _UNREACHABLE_IN_A_ROW or self._queue == deque([todo]):
            await self._patience.wait_out(err)
        return False

    def _reason(self, todo: _Todo, err: CloudError) -> Reason | None:
        """Return why a recording cannot be had after an error; `None` to try again.

        Raises what is not about this recording.
        """
        todo.is_gone = isinstance(err, RecordingGoneError)
        match err:
            case RecordingGoneError():
                # Which answers mean that is inferred: it is lost only where its time is over.
                if todo.recording.is_expired(clock.now()):
                    return Reason.EXPIRED
                reason = Reason.REFUSED
            case ForbiddenAddressError():
                return Reason.FORBIDDEN_ADDRESS
            case SessionRefusedError():
                raise err
            case TooLargeError():
                reason = Reason.TOO_LARGE
            case DamagedFootageError():
                reason = Reason.DAMAGED
            case ApiError() | UnexpectedAnswerError():
                reason = Reason.REFUSED
            case _:
                raise err
        todo.tries += 1
        return reason if todo.tries >= _TRIES else None

    # --- Telling --------------------------------------------------------------------------

    def _count(self, *, complete: bool | None = None, **more: int) -> None:
        """Add to the tally."""
        tally = self._progress.tally
        counts = {name: getattr(tally, name) + number for name, number in more.items()}
        if complete is not None:
            tally = replace(tally, complete=complete)
        self._progress = replace(self._progress, tally=replace(tally, **counts))

    def _miss(self, missing: Iterable[tuple[Recording, Reason]]) -> None:
        reasons = Counter[Reason]()
        for recording, reason in missing:
            reasons[reason] += 1
            self._missing.append(
                Missing(file_id=recording.file_id, created_at=recording.created_at, reason=reason)
            )
        event_only, expired = reasons[Reason.EVENT_ONLY], reasons[Reason.EXPIRED]
        failed = reasons.total() - event_only - expired
        self._count(event_only=event_only, expired=expired, failed=failed)

    def _wrote(self, size: int) -> None:
        """Count what was written; called in threads."""
        with self._lock:
            self._written += size

    def _waits(self, why: Interruption | None, until: datetime | None) -> None:
        self._progress = replace(self._progress, waits_for=why, until=until)
        self._tell(Phase.WAITING if why else self._phase)

    async def _tick(self) -> None:
        """Tell how far it is, again and again."""
        while True:
            await asyncio.sleep(_TELL_EVERY)
            self._tell_now_and_then()

    def _tell_now_and_then(self) -> None:
        if time.monotonic() - self._told_at >= _TELL_EVERY:
            self._tell(self._progress.phase)

    def _tell(self, phase: Phase) -> None:
        if phase is not Phase.WAITING:
            self._phase = phase
        now = time.monotonic()
        self._told_at = now
        self._samples.append((now, self._written))
        while now - self._samples[0][0] > _LATELY:
            self._samples.popleft()
        since, written = self._samples[0]
        tally = self._progress.tally
        done = tally.settled - self._settled_before
        is_saving = self._phase is Phase.SAVING
        self._progress = replace(
            self._progress,
            phase=phase,
            bytes_per_second=(self._written - written) / (now - since)
            if is_saving and now > since
            else None,
            seconds_left=(now - self._saving_since)
            / done
            * (tally.listed - tally.settled - len(self._to_check))
            if is_saving and done
            else None,
        )
        self._on_progress(self._progress)


def _sorted_out(
    recordings: Iterable[Recording], manifest: Manifest, job_id: str, now: datetime
) -> _Sorted:
    """Sort out recordings by what files of them are there, unread. Raises `OSError`."""
    done = _Sorted(already=0, to_fetch=[], to_check=[], missing=[])
    already = 0
    for recording in recordings:
        if not recording.has_footage:
            done.missing.append((recording, Reason.EVENT_ONLY))
        elif manifest.is_untouched(recording, job_id):
            already += 1
        elif manifest.looks_there(recording):
            done.to_check.append(recording)
        elif recording.is_expired(now):
            done.missing.append((recording, Reason.EXPIRED))
        else:
            done.to_fetch.append(recording)
    return replace(done, already=already)


def _estimate(
    found: RecordingList, manifest: Manifest | None, free: int, now: datetime
) -> Estimate:
    """Return what lists and a manifest say of what is to be fetched."""
    counts = Counter[str]()
    to_fetch = []
    for recording in found.recordings:
        if not recording.has_footage:
            counts["event_only"] += 1
        elif manifest and manifest.looks_there(recording):
            counts["already"] += 1
        elif recording.is_expired(now):
            counts["expired"] += 1
        else:
            to_fetch.append(recording)
    means = {kind: manifest.mean_size(kind) if manifest else None for kind in RecordingKind}
    sizes = [means[recording.kind] for recording in to_fetch]
    ends = [recording.expires_at for recording in to_fetch if recording.expires_at]
    return Estimate(
        tally=Tally(listed=len(found.recordings), complete=found.complete, **counts),
        to_fetch=len(to_fetch),
        size=None if None in sizes else round(sum(filter(None, sizes))),
        free=free,
        first_loss=min(ends, default=None),
    )
