"""Saves the recordings of one account's cameras: one camera at a time, each order to its end.

Orders are on disk before they begin and are taken up again after a restart. One that cannot
go on waits, says for what, and is tried again by itself.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
import logging
from pathlib import Path
import traceback
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from homeassistant.util.ulid import ulid_now

from ..const import (
    CONF_EXPORT_FOLDER,
    DOMAIN,
)
from ..devices import key_of
from ..export import CameraExport
from ..export.model import (
    Estimate,
    InterruptedExportError,
    Interruption,
    Order,
    Phase,
    Progress,
    Reason,
    Result,
)
from ..plan import (
    RecordingKind,
    RecordingOutlook,
    clock,
    possible_kinds,
)
from ..ticker import Ticker
from ..words import translated
from . import folder as export_folder
from .book import ExportBook, LastExport, covers, holds_all
from .job import (
    NEEDS_A_PERSON,
    Export,
    ExportState,
    Job,
    Outcome,
    Placed,
    Reader,
    Wanted,
    kinds_of,
    pace_of,
)
from .losses import LossWatch

_LOGGER = logging.getLogger(__name__)

ISSUE_EXPORT: Final = "export_needs_you"

# What keeps the whole account waiting.
_OF_THE_ACCOUNT: Final = frozenset(
    {Interruption.RATE_LIMITED, Interruption.UNREACHABLE, Interruption.SIGN_IN_NEEDED}
)
# What no further export can bring.
_GONE: Final = frozenset({Reason.EVENT_ONLY, Reason.EXPIRED})
# How far a job is, is shown at most so often, in seconds.
_SHOWN_EVERY: Final = 1.0
# For so long an estimate is held against an order for the same.
_ESTIMATED_FOR: Final = timedelta(minutes=10)


class ExportDesk:
    """Takes orders for an account's cameras and works on them."""

    # Makes the export of one camera.
    make_export: Callable[..., Export] = CameraExport

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, reader: Reader) -> None:
        """Take who reads the account; nothing is begun yet."""
        self._hass = hass
        self._entry = entry
        self._reader = reader
        self._book = ExportBook(hass, entry)
        self._jobs: dict[str, Job] = {}
        # What comes after a camera's job, because that does not cover it.
        self._later: list[Job] = []
        self._running: Job | None = None
        self._worker: asyncio.Task[None] | None = None
        self._work: asyncio.Task[Result] | None = None
        self._ticker = Ticker(hass, self._async_on_due)
        self._ordering = asyncio.Lock()
        self._listing = asyncio.Lock()
        self._losses = LossWatch(hass, entry, reader, self._listing)
        # What was estimated last of each camera, when, and for what.
        self._estimates: dict[str, tuple[datetime, Wanted, Estimate]] = {}
        self._listeners: list[CALLBACK_TYPE] = []
        self._shown: tuple[object, ...] = ()
        self._shown_at = 0.0
        self._started = False

    # --- Life ---

    async def async_load(self) -> None:
        """Read what is stored."""
        await self._book.async_load()
        self._jobs = {key: Job(order=order) for key, order in self._book.orders.items()}
        self._later = [Job(order=order) for order in self._book.later]

    @callback
    def async_start(self) -> None:
        """Take up what is not done, once the account was read or restored."""
        self._started = True
        self._async_go_on()
        self._losses.async_look_in_turn()

    async def async_stop(self) -> None:
        """End what is under way; the orders stay, for the next start."""
        self._started = False
        self._ticker.async_stop()
        if self._worker:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        for job in (*self._jobs.values(), *self._later):
            job.end()

    async def async_remove(self) -> None:
        """Delete what is stored; what was saved stays."""
        await self._book.async_remove()

    async def async_forget(self, camera_id: str) -> None:
        """Let go of a camera that is gone for good."""
        await self.async_cancel(camera_id)
        self._losses.forget(camera_id)
        await self._book.async_forget(camera_id)

    @callback
    def async_polled(self) -> None:
        """Hear that the account was read: go on if that was waited for, list what is shown."""
        if not self._started:
            return
        for job in self._jobs.values():
            if job.waits_for is Interruption.SIGN_IN_NEEDED:
                job.until = clock.now()
        self._async_go_on()
        self._losses.async_look_in_turn()

    # --- What others look up ---

    def job(self, camera_id: str) -> Job | None:
        """Return a camera's job under way, running or not."""
        return self._jobs.get(camera_id)

    @property
    def running(self) -> Job | None:
        """The job that is being worked on."""
        return self._running

    @property
    def jobs(self) -> Mapping[str, Job]:
        """All jobs under way, the oldest first."""
        return self._jobs

    def last(self, camera_id: str) -> LastExport | None:
        """Return what a camera's last export came to."""
        return self._book.last.get(camera_id)

    @property
    def last_of_each(self) -> Collection[LastExport]:
        """What the last export of each camera came to."""
        return self._book.last.values()

    def last_of_all(self, camera_id: str, since: datetime) -> LastExport | None:
        """Return what the last export of all that a camera had at `since` (UTC) came to.

        An export of less that came after it says nothing about the rest.
        """
        lacking = (one for one in self._book.lacking if one.order.camera_id == camera_id)
        known = [*lacking, *filter(None, (self.last(camera_id),))]
        return next((one for one in reversed(known) if holds_all(one.order, since)), None)

    @property
    def folders(self) -> frozenset[str]:
        """The folders into which the account's recordings are or were saved last."""
        last = (last.order for last in self._book.last.values())
        orders = [*self._book.orders.values(), *self._book.later, *last]
        return frozenset(order.folder for order in orders)

    def outlook(self, camera_id: str) -> RecordingOutlook | None:
        """Return what a camera is about to lose, as last listed; `None` if it never was."""
        return self._losses.outlook(camera_id)

    async def async_look(self, camera_id: str) -> None:
        """List a camera's recordings; see `LossWatch`."""
        await self._losses.async_look(camera_id)

    def kinds(self, camera_id: str, wanted: frozenset[RecordingKind]) -> frozenset[RecordingKind]:
        """Return which of these kinds a camera can have in the cloud."""
        return wanted & kinds_of(self._reader, camera_id)

    @property
    def state(self) -> ExportState:
        """What the exports of the account are doing."""
        if self._running and not self.why(self._running):
            return ExportState.RUNNING
        if any(job.waits_for in NEEDS_A_PERSON for job in self._jobs.values()):
            return ExportState.PROBLEM
        if self._jobs:
            return ExportState.WAITING
        return ExportState.PROBLEM if self.lacking else ExportState.IDLE

    @property
    def lacking(self) -> LastExport | None:
        """The newest export that was not whole and is not made up for."""
        return max(self._book.lacking, key=lambda last: last.finished_at, default=None)

    @property
    def foremost(self) -> Job | None:
        """The job to be spoken of: the running one, else one that needs a person, else any."""
        if self._running:
            return self._running
        return min(
            self._jobs.values(), key=lambda job: job.waits_for not in NEEDS_A_PERSON, default=None
        )

    def why(self, job: Job) -> Interruption | None:
        """Return for what a job waits, by itself or in the middle of its work."""
        if job.waits_for or job.progress is None or job.progress.phase is not Phase.WAITING:
            return job.waits_for
        return job.progress.waits_for

    def until(self, job: Job) -> datetime | None:
        """Return until when a job waits (UTC), where that is known."""
        if job.until and job.waits_for:
            return job.until
        return job.progress.until if job.progress else None

    @callback
    def async_listen(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `listener` whenever something changes; return how to end that."""
        self._listeners.append(listener)

        @callback
        def end() -> None:
            self._listeners.remove(listener)

        return end

    # --- Orders ---

    async def async_order(self, camera_id: str, wanted: Wanted) -> Placed:
        """Take an order and return what became of it; see `async_place`."""
        placed, _job = await self.async_place(camera_id, wanted)
        return placed

    async def async_place(self, camera_id: str, wanted: Wanted) -> tuple[Placed, Job]:
        """Take an order, on disk before anything else; return the job that carries it out.

        A camera has one job at a time: what that or one after it covers is not ordered twice,
        the rest comes after it. Raises `HomeAssistantError` where its folder may not be used
        or it cannot be kept.
        """
        async with self._ordering:
            order = await self._async_order_of(camera_id, wanted)
            running = self._jobs.get(camera_id)
            if running:
                self._async_try_again(camera_id)
                for job in self._jobs_of(camera_id):
                    if job.order.folder == order.folder and covers(job.order, order):
                        return Placed.ALREADY_RUNNING if job is running else Placed.QUEUED, job
            folder = Path(order.folder)
            await self._hass.async_add_executor_job(export_folder.make, folder)
            if not await self._book.async_add(order):
                raise HomeAssistantError(
                    translation_domain=DOMAIN,
                    translation_key="order_not_saved",
                    translation_placeholders={"camera": self._reader.display_name(camera_id)},
                )
            job = Job(order=order)
            if camera_id in self._jobs:
                self._later.append(job)
                return Placed.QUEUED, job
            self._jobs[camera_id] = job
        is_next = self._running is None and self._due() is job
        self._async_go_on()
        return Placed.STARTED if is_next else Placed.QUEUED, job

    def _jobs_of(self, camera_id: str) -> list[Job]:
        """Return a camera's job and what comes after it."""
        later = (job for job in self._later if job.order.camera_id == camera_id)
        return [*filter(None, (self._jobs.get(camera_id),)), *later]

    async def async_check_folder(self, wanted: Wanted) -> Path:
        """Return where something would be saved; raises `ServiceValidationError`."""
        given = wanted.folder or self._entry.options.get(CONF_EXPORT_FOLDER)
        return await self._hass.async_add_executor_job(
            export_folder.export_folder, self._hass, given
        )

    async def async_estimate(self, camera_id: str, wanted: Wanted) -> Estimate:
        """Return what an order would come to; one camera is listed at a time.

        Nothing is written, so where the folder is not there yet, the disk it would be on is
        looked at. Raises `InterruptedExportError`, and `HomeAssistantError` for its folder.
        """
        order = await self._async_order_of(camera_id, wanted)
        there = await self._hass.async_add_executor_job(export_folder.nearest, Path(order.folder))
        async with self._listing:
            export = await self._async_export(
                replace(order, folder=str(there)), is_allowed=lambda _checked_before: True
            )
            estimate = await export.estimate()
        self._estimates[camera_id] = (order.asked_at, wanted, estimate)
        return estimate

    async def async_does_not_fit(self, camera_id: str, wanted: Wanted) -> Estimate | None:
        """Return what an order was just estimated to come to, if the disk has no room for it.

        `None` where it fits, or nobody knows: then the disk is watched while it is filled.
        """
        asked_at, estimated, estimate = self._estimates.get(camera_id, (None, None, None))
        if asked_at is None or estimated is None or estimate is None or estimate.size is None:
            return None
        if clock.now() - asked_at > _ESTIMATED_FOR or not wanted.is_like(estimated, _ESTIMATED_FOR):
            return None
        folder = await self.async_check_folder(wanted)
        free = await self._hass.async_add_executor_job(export_folder.free, folder)
        keep = await self._hass.async_add_executor_job(export_folder.keep_free, self._hass, folder)
        return replace(estimate, free=free) if estimate.size > free - keep else None

    async def async_wait(self, camera_id: str) -> Outcome | None:
        """Return what a camera's job came to, or why it does not go on; `None` without one."""
        job = self._jobs.get(camera_id)
        return await self.async_wait_for(job) if job else None

    async def async_wait_for(self, job: Job) -> Outcome:
        """Return what a job came to, or why it or the one before it does not go on.

        The job goes on if whoever waits goes away.
        """
        before = self._jobs.get(job.order.camera_id)
        if before and before.waits_for and not job.ended.done():
            return Outcome(job=job, why=before.waits_for)
        job.waited_for += 1
        try:
            return await asyncio.shield(job.ended)
        finally:
            job.waited_for -= 1

    async def async_cancel(self, camera_id: str) -> bool:
        """Stop a camera's job for good, and what comes after it; what is saved stays.

        Returns whether there was one.
        """
        async with self._ordering:
            stopped = self._jobs_of(camera_id)
            job = self._jobs.pop(camera_id, None)
            if job is None:
                return False
            self._later = [later for later in self._later if later not in stopped]
            await self._book.async_drop(camera_id)
        if job is self._running and (work := self._work):
            work.cancel()
            await asyncio.wait((work,))
        for ended in stopped:
            ended.end(why=Interruption.STOPPED)
        self._async_go_on()
        self._reader.async_show(camera_id)
        return True

    async def async_cancel_all(self) -> None:
        """Stop all jobs for good."""
        for camera_id in tuple(self._jobs):
            await self.async_cancel(camera_id)

    async def _async_order_of(self, camera_id: str, wanted: Wanted) -> Order:
        return Order(
            job_id=ulid_now(),
            camera_id=camera_id,
            asked_at=clock.now(),
            folder=str(await self.async_check_folder(wanted)),
            container=wanted.container,
            start=wanted.start,
            end=wanted.end,
            events=wanted.events,
            videos=wanted.videos,
        )

    async def _async_export(
        self,
        order: Order,
        on_progress: Callable[[Progress], None] = lambda _progress: None,
        *,
        begun: bool = False,
        is_allowed: Callable[[Path], bool] | None = None,
    ) -> Export:
        """Return the export of an order; raises `InterruptedExportError` for a camera that left."""
        plan = self._reader.known(order.camera_id)
        source = self._reader.provider.recordings
        if plan is None or source is None:
            raise InterruptedExportError(Interruption.MAKER_ERROR, detail="no such camera")
        free = await self._hass.async_add_executor_job(
            export_folder.keep_free, self._hass, Path(order.folder)
        )
        return self.make_export(
            source=source,
            camera=plan.camera,
            name=self._reader.display_name(order.camera_id),
            kinds=order.kinds & possible_kinds(plan.view),
            order=order,
            time_zone=dt_util.get_default_time_zone(),
            pace=pace_of(self._entry),
            keep_free=free,
            is_allowed=is_allowed or partial(export_folder.is_allowed, self._hass),
            on_progress=on_progress,
            begun=begun,
        )

    # --- Work ---

    @callback
    def _async_go_on(self) -> None:
        """Work on what is due, if nobody does; set the timer for the rest."""
        if not self._started:
            return
        if self._worker is None and self._due() is not None:
            self._worker = self._entry.async_create_background_task(
                self._hass, self._async_work(), "exports recordings", eager_start=False
            )
        self._ticker.async_set(
            {key: job.until if job.waits_for else None for key, job in self._jobs.items()}
        )
        self._async_sync_issue()
        self._async_show()

    def _due(self) -> Job | None:
        """Return the job to be worked on next; `None` while there is none or all have to wait.

        One that was interrupted often comes after the others, so that it keeps none of them.
        """
        now = clock.now()
        if self._reader.needs_sign_in:
            for job in self._jobs.values():
                job.waits_for, job.until = Interruption.SIGN_IN_NEEDED, None
            return None
        held = [job for job in self._jobs.values() if not job.is_due(now)]
        if any(job.waits_for in _OF_THE_ACCOUNT for job in held):
            return None
        due = (job for job in self._jobs.values() if job not in held)
        return min(due, key=lambda job: job.interrupted, default=None)

    async def _async_work(self) -> None:
        """Work on one job after the other until none is due."""
        try:
            while self._started and (job := self._due()):
                self._running, job.waits_for, job.until = job, None, None
                self._async_sync_issue()
                self._async_show()
                try:
                    await self._async_work_on(job)
                except Exception as err:  # noqa: BLE001 - whatever it is, nobody is to wait for ever
                    # Where it was, but not its text, which may be anything.
                    place = "".join(traceback.format_tb(err.__traceback__))
                    _LOGGER.error(  # noqa: TRY400 - as above
                        "Unexpected error while exporting: %s\n%s", type(err).__name__, place
                    )
                    if self._is_under_way(job):
                        self._async_interrupted(
                            job, InterruptedExportError(Interruption.UNEXPECTED)
                        )
                finally:
                    self._running = None
        except asyncio.CancelledError:
            self._worker = None
            raise
        self._worker = None
        self._async_go_on()

    async def _async_work_on(self, job: Job) -> None:
        """Carry a job out, as far as it goes."""

        async def work() -> Result:
            export = await self._async_export(
                job.order,
                partial(self._async_on_progress, job),
                begun=job.order.camera_id in self._book.begun,
            )
            return await export.run()

        self._work = asyncio.create_task(work())
        try:
            result = await self._work
        except InterruptedExportError as err:
            self._async_interrupted(job, err)
        except asyncio.CancelledError:
            if self._is_under_way(job):
                raise  # the account is unloaded, not the job stopped
        else:
            if self._is_under_way(job):
                await self._async_finished(job, result)
        finally:
            self._work = None

    def _is_under_way(self, job: Job) -> bool:
        """Return whether a job was not stopped meanwhile."""
        return self._jobs.get(job.order.camera_id) is job

    @callback
    def _async_on_progress(self, job: Job, progress: Progress) -> None:
        job.progress = progress
        camera_id = job.order.camera_id
        if progress.tally.saved:
            job.interrupted = 0
            if job.trouble:
                job.trouble = None
                self._async_sync_issue()
            if camera_id not in self._book.begun:
                self._entry.async_create_background_task(
                    self._hass, self._book.async_begin(camera_id), "an export has begun"
                )
        self._async_show()

    async def _async_finished(self, job: Job, result: Result) -> None:
        camera_id = job.order.camera_id
        last = LastExport(
            order=job.order,
            finished_at=result.finished_at,
            whole=result.is_whole,
            tally=result.tally,
            lacks_from=min(
                (item.created_at for item in result.missing if item.reason not in _GONE),
                default=None,
            )
            if result.tally.complete
            else None,
            manifest=result.manifest,
        )
        more = await self._reader.async_exported(
            last, waited_for=job.waited_for > 0, makes_up=self._book.makes_up(last)
        )
        async with self._ordering:
            await self._book.async_finish(last)
            if self._is_under_way(job):
                del self._jobs[camera_id]
                if later := self._jobs_of(camera_id):
                    self._later.remove(later[0])
                    self._jobs[camera_id] = later[0]
        self._losses.forget(camera_id)
        job.end(result=result)
        if more:
            await self._async_order_all(camera_id)
        self._reader.async_show(camera_id)
        if self._started:
            self._losses.async_look_in_turn()

    async def _async_order_all(self, camera_id: str) -> None:
        """Order all that a camera has; where that cannot be, its guide asks."""
        try:
            await self.async_order(camera_id, Wanted())
        except HomeAssistantError as err:
            _LOGGER.debug("Everything could not be ordered: %s", err.translation_key)

    @callback
    def _async_interrupted(self, job: Job, err: InterruptedExportError) -> None:
        """Note why a job does not go on, and when it is taken up again."""
        _LOGGER.debug("An export is interrupted: %s", err)
        job.interrupted += 1
        job.waits_for = err.why
        job.until = clock.now() + job.wait_after(err)
        if err.why in NEEDS_A_PERSON:
            job.trouble = err.why
        if err.why is Interruption.SIGN_IN_NEEDED:
            job.until = None  # signing in again loads the account anew
            self._entry.async_start_reauth(self._hass)
        for waiting in self._jobs_of(job.order.camera_id):
            waiting.end(why=err.why)
            waiting.ended = asyncio.Future()

    @callback
    def _async_try_again(self, camera_id: str) -> None:
        """Take a job that waits up again at once; a maker that asked to wait is left alone."""
        job = self._jobs[camera_id]
        if job.waits_for and job.waits_for not in _OF_THE_ACCOUNT:
            job.waits_for = job.until = None
            self._async_go_on()

    @callback
    def _async_on_due(self, _camera_ids: object) -> None:
        self._async_go_on()

    # --- Showing ---

    @callback
    def _async_show(self) -> None:
        """Tell who listens: of a change at once, of mere figures not too often."""
        foremost, now = self.foremost, self._hass.loop.time()
        shown = (
            self.state,
            foremost and foremost.order.camera_id,
            foremost and self.why(foremost),
            len(self._jobs),
        )
        if shown == self._shown and now - self._shown_at < _SHOWN_EVERY:
            return
        self._shown, self._shown_at = shown, now
        for listener in tuple(self._listeners):
            listener()

    @callback
    def _async_sync_issue(self) -> None:
        """Show what only a person can mend, as long as it stands."""
        issue_id = f"{ISSUE_EXPORT}_{key_of(self._entry.entry_id)}"
        job = next((job for job in self._jobs.values() if job.trouble), None)
        if job is None:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            data={"entry_id": self._entry.entry_id},
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_EXPORT,
            translation_placeholders={
                "camera": self._reader.display_name(job.order.camera_id),
                "folder": job.order.folder,
                "why": translated(self._hass, f"common.export_why_{job.trouble}"),
            },
        )
