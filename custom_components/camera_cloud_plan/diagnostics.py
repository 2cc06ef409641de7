"""What an owner can download to show what was read.

Only what is listed here leaves: no token, no account, and of a camera neither its name
nor its id or address. Nothing is asked of the cloud for it.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .codec import encode
from .const import (
    CONF_CAMERAS_EXCLUDED,
    CONF_GATEWAY,
    CONF_MAKER,
    CONF_REGIONS,
    CONF_SHOW_SHARED,
)
from .coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from .devices import camera_id_of
from .plan import Case, PlanReading, PlanView, clock
from .proof.desk import ProofDesk
from .saving.desk import ExportDesk
from .snapshot import CameraPlan


async def async_get_config_entry_diagnostics(
    _hass: HomeAssistant, entry: CloudPlanConfigEntry
) -> dict[str, Any]:
    """Return what is known of an account and all its cameras."""
    return _account(entry, entry.runtime_data.coordinator.data.cameras.values())


async def async_get_device_diagnostics(
    _hass: HomeAssistant, entry: CloudPlanConfigEntry, device: dr.DeviceEntry
) -> dict[str, Any]:
    """Return the same for one camera; for the account's device with all of them."""
    cameras = entry.runtime_data.coordinator.data.cameras
    camera_id = camera_id_of(entry, device)
    if camera_id is None:
        return _account(entry, cameras.values())
    return _account(entry, [cameras[camera_id]] if camera_id in cameras else [])


def _account(entry: CloudPlanConfigEntry, plans: Iterable[CameraPlan]) -> dict[str, Any]:
    coordinator = entry.runtime_data.coordinator
    options, read_at = entry.options, coordinator.data.read_at
    return {
        "account": {
            "maker": entry.data[CONF_MAKER],
            "through_gateway": entry.data.get(CONF_GATEWAY) is not None,
            "entry_version": f"{entry.version}.{entry.minor_version}",
            "regions": options.get(CONF_REGIONS),
            "poll_hours": coordinator.poll_hours,
            "show_shared": options.get(CONF_SHOW_SHARED),
            "cameras_excluded": len(options.get(CONF_CAMERAS_EXCLUDED, ())),
            "cameras": len(coordinator.data.cameras),
            "direct_way": _direct_way(coordinator),
        },
        "last_poll": {
            "read_at": read_at.isoformat() if read_at else None,
            "succeeded": coordinator.last_update_success,
            "error": _error(coordinator),
        },
        "exports": _exports(coordinator.exports),
        "ledger": _ledger(coordinator.proof),
        "cameras": [_camera(coordinator, plan) for plan in plans],
    }


def _direct_way(coordinator: CloudPlanCoordinator) -> dict[str, Any] | None:
    """Return whether a renewal request is at hand and how it did; nothing of its content."""
    definition = coordinator.casework.definition
    if definition is None:
        return None
    return {
        "by_switch": definition.by_switch,
        "has_on": definition.has_on,
        "worked": definition.worked,
        "failed_at": definition.failed_at.isoformat() if definition.failed_at else None,
    }


def _error(coordinator: CloudPlanCoordinator) -> str | None:
    """Return the kind of the last poll's error and what the cloud client said.

    Client errors hold no secrets (`cloud.errors`); others are named by their kind only.
    """
    error = coordinator.last_exception
    if error is None:
        return None
    cause = error.__cause__
    return type(error).__name__ if cause is None else f"{type(cause).__name__}: {cause}"


def _camera(coordinator: CloudPlanCoordinator, plan: CameraPlan) -> dict[str, Any]:
    camera = plan.camera
    case = coordinator.cases.get(camera.camera_id)
    return {
        "model": camera.model,
        "region": camera.region,
        "ownership": camera.ownership,
        "firmware": camera.firmware,
        "online": camera.online,
        "supports_plans": camera.supports_plans,
        "channel": plan.channel,
        "failure": plan.failure,
        "left_at": plan.left_at.isoformat() if plan.left_at else None,
        "reading": _reading(plan.reading) if plan.reading else None,
        "shown": _shown(plan.view) if plan.view else None,
        "case": _case(case) if case else None,
        "last_export": _last_export(coordinator.exports, camera.camera_id),
        "notices": [str(notice) for notice in coordinator.watches.get(camera.camera_id).notices],
    }


def _reading(reading: PlanReading) -> dict[str, Any]:
    """Return what was read; a typed plan is called as its owner calls the camera."""
    return encode(replace(reading, name=None) if reading.typed else reading)


def _exports(desk: ExportDesk) -> dict[str, Any]:
    """Return what the exports are doing, without whose recordings they are and where they go."""
    job = desk.foremost
    why, until = (desk.why(job), desk.until(job)) if job else (None, None)
    return {
        "state": desk.state,
        "jobs": len(desk.jobs),
        "tally": encode(job.progress.tally) if job and job.progress else None,
        "waits_for": why,
        "until": until.isoformat() if until else None,
    }


def _ledger(desk: ProofDesk) -> dict[str, Any]:
    """Return how far the ledger goes, and nothing of what it says."""
    head = desk.head
    return {
        "rows": head.seq if head else 0,
        "head": head.hash if head else None,
        "waiting": desk.waiting,
        "trouble": desk.trouble,
        "open_findings": len(desk.open_findings()),
    }


def _last_export(desk: ExportDesk, camera_id: str) -> dict[str, Any] | None:
    """Return what a camera's last export came to."""
    last = desk.last(camera_id)
    if last is None:
        return None
    return {
        "finished_at": last.finished_at.isoformat(),
        "whole": last.whole,
        "tally": encode(last.tally),
    }


def _case(case: Case) -> dict[str, Any]:
    """Return a camera's case without whose it is and without the request's definition."""
    told = encode(case)
    del told["camera_id"]
    request = case.request
    told["request"] = (
        {"at": request.at.isoformat(), "answer": request.answer, "meaning": request.meaning}
        if request
        else None
    )
    return {"state": case.state, **told}


def _shown(view: PlanView) -> dict[str, Any]:
    """Return what is concluded from a reading."""
    now = clock.now()
    return {
        "status": view.status(now),
        "renewal": view.renewal,
        "witnesses_disagree": view.verdict.disagree,
        "days_remaining": view.days_remaining(now),
        "charge": encode(view.charge) if view.charge else None,
    }
