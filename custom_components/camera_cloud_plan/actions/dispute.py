"""The action that makes the file for a dispute."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..ledger.dispute import Include
from ..plan import clock
from ..proof.package import LANGUAGES, Order, async_make
from .cameras import Answer, Target, async_for_each, whose
from .targets import async_check_administrator

ATTR_ATTACHMENTS: Final = "attachments"
ATTR_END: Final = "end"
ATTR_FOLDER: Final = "folder"
ATTR_INCLUDE: Final = "include"
ATTR_LANGUAGE: Final = "language"
ATTR_START: Final = "start"

PACKAGE_FIELDS: Final = {
    **cv.TARGET_SERVICE_FIELDS,
    vol.Optional(ATTR_START): cv.datetime,
    vol.Optional(ATTR_END): cv.datetime,
    vol.Optional(ATTR_INCLUDE, default=list): vol.All(cv.ensure_list, [vol.Coerce(Include)]),
    vol.Optional(ATTR_ATTACHMENTS, default=list): vol.All(cv.ensure_list, [cv.string]),
    vol.Optional(ATTR_LANGUAGE): vol.In(LANGUAGES),
    vol.Optional(ATTR_FOLDER): cv.string,
}


async def async_create_dispute_package(call: ServiceCall) -> ServiceResponse:
    """Make the dispute files of cameras; return where they are, what is in them and what not."""
    await async_check_administrator(call)
    order = _order(call.data)

    async def act(target: Target) -> Answer:
        made = await async_make(target.coordinator, target.camera_id, order)
        return {
            **whose(target),
            "state": "made",
            "path": str(made.path),
            "sha256": made.package.sha256,
            "files": dict(made.package.files),
            "missing": [*made.package.missing],
        }

    return await async_for_each(call, act)


def _order(data: Mapping[str, Any]) -> Order:
    """Return what an action wants in a dispute file; a moment without a zone is local.

    Raises `ServiceValidationError` where its span makes no sense.
    """
    start, end = (_utc(data.get(name)) for name in (ATTR_START, ATTR_END))
    if start and start >= (end or clock.now()):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="empty_span")
    return Order(
        start=start,
        end=end,
        include=frozenset(data[ATTR_INCLUDE]),
        attachments=tuple(data[ATTR_ATTACHMENTS]),
        language=data.get(ATTR_LANGUAGE),
        folder=data.get(ATTR_FOLDER) or None,
    )


def _utc(moment: datetime | None) -> datetime | None:
    try:
        return dt_util.as_utc(moment) if moment else None
    except OverflowError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="empty_span"
        ) from err
