"""What the export actions do for one camera, and what they answer."""

from datetime import datetime
from typing import Final

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.json import JsonValueType

from ..coordinator import CloudPlanCoordinator
from ..export.model import (
    Estimate,
    InterruptedExportError,
    Interruption,
    Missing,
    Progress,
    Reason,
    Result,
    Tally,
)
from .job import Job, Outcome, Wanted

# Recordings that lack are named one by one up to so many; the counts say the rest.
_MOST_MISSING: Final = 50

ACCOUNT_NOT_LOADED: Final = "account_not_loaded"

type Row = dict[str, JsonValueType]


async def async_export(
    coordinator: CloudPlanCoordinator,
    camera_id: str,
    wanted: Wanted,
    *,
    dry_run: bool,
    wait: bool,
) -> Row:
    """Have a camera's recordings saved, or say what that would come to; return its answer.

    `state` says what became of it. Raises `HomeAssistantError` where the order cannot be kept.
    """
    desk = coordinator.exports
    if not coordinator.data.cameras[camera_id].is_own:
        return {"state": "shared"}
    if not desk.kinds(camera_id, wanted.kinds):
        return {"state": "unsupported"}
    if dry_run:
        return await _async_estimate(coordinator, camera_id, wanted)
    if too_much := await desk.async_does_not_fit(camera_id, wanted):
        return {"state": "does_not_fit", "estimate": _estimate(too_much)}
    placed, job = await desk.async_place(camera_id, wanted)
    if wait:
        return _ended(await desk.async_wait_for(job))
    row: Row = {"state": placed.value, "folder": job.order.folder, **_how_far(job)}
    if why := desk.why(job):
        row["reason"] = why.value
    return row


def refused(err: HomeAssistantError) -> Row:
    """Return the answer for a camera whose order could not be kept."""
    return {"state": "not_kept", "reason": err.translation_key}


async def _async_estimate(coordinator: CloudPlanCoordinator, camera_id: str, wanted: Wanted) -> Row:
    try:
        estimate = await coordinator.exports.async_estimate(camera_id, wanted)
    except InterruptedExportError as err:
        return {"state": "interrupted", "reason": err.why.value}
    return {
        "state": "would_export" if estimate.tally.listed else "nothing_listed",
        **_counts(estimate.tally),
        "estimate": _estimate(estimate),
    }


def _estimate(estimate: Estimate) -> Row:
    return {
        "to_fetch": estimate.to_fetch,
        "size": estimate.size,
        "free": estimate.free,
        "first_loss": _moment(estimate.first_loss),
    }


def _ended(outcome: Outcome) -> Row:
    """Return what is answered to whoever waited."""
    if outcome.result is None:
        stopped = outcome.why is Interruption.STOPPED
        row: Row = {
            "state": "stopped" if stopped else "interrupted",
            "folder": outcome.job.order.folder,
            **_how_far(outcome.job),
        }
        if not stopped:
            row["reason"] = outcome.why.value if outcome.why else ACCOUNT_NOT_LOADED
        return row
    result = outcome.result
    return {
        "state": _came_to(result),
        **_counts(result.tally),
        "folder": result.folder,
        "missing": _missing(result.missing),
    }


def _came_to(result: Result) -> str:
    if not result.is_whole:
        return "incomplete"
    return "saved" if result.tally.listed else "nothing_listed"


def _counts(tally: Tally) -> Row:
    """Return how many recordings are where, whether that is all, and the bytes just written."""
    return {
        "counts": {
            "listed": tally.listed,
            "event_only": tally.event_only,
            "expired": tally.expired,
            "already": tally.already,
            "saved": tally.saved,
            "failed": tally.failed,
        },
        "complete": tally.complete,
        "bytes": tally.saved_bytes,
    }


def _missing(missing: tuple[Missing, ...]) -> list[JsonValueType]:
    """Return which recordings lack and why; those without footage are counted only."""
    lacking = [item for item in missing if item.reason is not Reason.EVENT_ONLY]
    return [
        {"created_at": item.created_at.isoformat(), "reason": item.reason.value}
        for item in lacking[:_MOST_MISSING]
    ]


def _how_far(job: Job) -> Row:
    if job.progress is None:
        return {}
    return {**_counts(job.progress.tally), "progress": _progress(job.progress)}


def _progress(progress: Progress) -> Row:
    tally = progress.tally
    return {
        "phase": progress.phase.value,
        "percent": progress.percent,
        "left": tally.listed - tally.settled,
        "clip": _moment(progress.clip),
        "bytes_per_second": progress.bytes_per_second,
        "seconds_left": progress.seconds_left,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
