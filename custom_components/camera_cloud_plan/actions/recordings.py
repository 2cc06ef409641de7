"""The actions about recordings: have them saved, and stop that."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..export.model import Container
from ..plan import clock
from ..saving.job import Wanted
from ..saving.rows import async_export, refused
from .cameras import Answer, Target, async_for_each, whose
from .targets import async_check_administrator

ATTR_CONTAINER: Final = "container"
ATTR_DRY_RUN: Final = "dry_run"
ATTR_END: Final = "end"
ATTR_FOLDER: Final = "folder"
ATTR_KINDS: Final = "kinds"
ATTR_LAST_DAYS: Final = "last_days"
ATTR_START: Final = "start"
ATTR_WAIT: Final = "wait"

_EVENTS: Final = "events"
_VIDEOS: Final = "videos"
_MOST_DAYS: Final = 3650

EXPORT_FIELDS: Final = {
    **cv.TARGET_SERVICE_FIELDS,
    vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
    vol.Optional(ATTR_START): cv.datetime,
    vol.Optional(ATTR_END): cv.datetime,
    vol.Optional(ATTR_LAST_DAYS): vol.All(vol.Coerce(float), vol.Range(min=0, max=_MOST_DAYS)),
    vol.Optional(ATTR_KINDS, default=[_EVENTS, _VIDEOS]): vol.All(
        cv.ensure_list, vol.Length(min=1), [vol.In((_EVENTS, _VIDEOS))]
    ),
    vol.Optional(ATTR_CONTAINER, default=Container.MP4): vol.Coerce(Container),
    vol.Optional(ATTR_FOLDER): cv.string,
    vol.Optional(ATTR_WAIT, default=False): cv.boolean,
}

STOP_FIELDS: Final = cv.TARGET_SERVICE_FIELDS


async def async_export_recordings(call: ServiceCall) -> ServiceResponse:
    """Have recordings saved, or say what that would come to."""
    if call.data.get(ATTR_FOLDER):
        await async_check_administrator(call)
    wanted = _wanted(call.data)

    async def act(target: Target) -> Answer:
        return await _async_export(
            target, wanted, dry_run=call.data[ATTR_DRY_RUN], wait=call.data[ATTR_WAIT]
        )

    return await async_for_each(call, act, lasts=True)


async def _async_export(target: Target, wanted: Wanted, *, dry_run: bool, wait: bool) -> Answer:
    """Have one camera's recordings saved; return its row.

    Raises `ServiceValidationError` where the folder that was named may not be used; one of
    the options is its account's own matter.
    """
    try:
        row = await async_export(
            target.coordinator, target.camera_id, wanted, dry_run=dry_run, wait=wait
        )
    except HomeAssistantError as err:
        if wanted.folder and isinstance(err, ServiceValidationError):
            raise
        row = refused(err)
    return {**whose(target), **row}


async def async_stop_export(call: ServiceCall) -> ServiceResponse:
    """Stop the saving of recordings; what is saved stays."""

    async def act(target: Target) -> Answer:
        stopped = await target.coordinator.exports.async_cancel(target.camera_id)
        return {**whose(target), "state": "stopped" if stopped else "nothing_running"}

    return await async_for_each(call, act)


def _wanted(data: Mapping[str, Any]) -> Wanted:
    """Return what an action asks to have saved; a moment without a zone is local.

    Raises `ServiceValidationError` where its span makes no sense.
    """
    start, end, days = data.get(ATTR_START), data.get(ATTR_END), data.get(ATTR_LAST_DAYS)
    now = clock.now()
    if days is not None and start is not None:
        raise _invalid("start_or_last_days")
    if days is not None:
        start = now - timedelta(days=days)
    wanted = Wanted(
        container=data[ATTR_CONTAINER],
        start=_utc(start, now),
        end=_utc(end, now),
        events=_EVENTS in data[ATTR_KINDS],
        videos=_VIDEOS in data[ATTR_KINDS],
        folder=data.get(ATTR_FOLDER) or None,
    )
    if wanted.start and wanted.start >= (wanted.end or now):
        raise _invalid("empty_span")
    return wanted


def _utc(moment: datetime | None, now: datetime) -> datetime | None:
    """Return a moment in UTC; one that is years away as one with which can be reckoned."""
    if moment is None:
        return None
    furthest = timedelta(days=_MOST_DAYS)
    if moment.year < (now - furthest).year:
        return now - furthest
    if moment.year > (now + furthest).year:
        return now + furthest
    return dt_util.as_utc(moment)


def _invalid(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
