"""The actions about charges: take one up, make the file for a dispute, return a month's bill."""

from collections.abc import Collection
from datetime import datetime
import hashlib
import json
import re
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.loader import async_get_integration
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..const import CONF_EXPORT_FOLDER, DOMAIN
from ..coordinator import CloudPlanCoordinator
from ..devices import account_key
from ..ledger import Kind, LedgerError, Row, Source
from ..ledger.bill import bill, month_of
from ..ledger.bill_page import BillOf, bill_page, bill_values
from ..ledger.dispute import Include
from ..plan import clock
from ..saving.paper import write_paper
from ..targets import async_check_administrator, async_chosen
from .package import LANGUAGES, Order, async_make, async_words
from .words import not_read

ATTR_ATTACHMENTS: Final = "attachments"
ATTR_END: Final = "end"
ATTR_FILE: Final = "file"
ATTR_FOLDER: Final = "folder"
ATTR_INCLUDE: Final = "include"
ATTR_LANGUAGE: Final = "language"
ATTR_MONTH: Final = "month"
ATTR_START: Final = "start"

_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")

PACKAGE_FIELDS: Final = {
    vol.Optional(ATTR_START): cv.datetime,
    vol.Optional(ATTR_END): cv.datetime,
    vol.Optional(ATTR_INCLUDE, default=list): vol.All(cv.ensure_list, [vol.Coerce(Include)]),
    vol.Optional(ATTR_ATTACHMENTS, default=list): vol.All(cv.ensure_list, [cv.string]),
    vol.Optional(ATTR_LANGUAGE): vol.In(LANGUAGES),
    vol.Optional(ATTR_FOLDER): cv.string,
}
BILL_FIELDS: Final = {
    **cv.TARGET_SERVICE_FIELDS,
    vol.Optional(ATTR_MONTH): cv.string,
    vol.Optional(ATTR_FILE, default=False): cv.boolean,
    vol.Optional(ATTR_LANGUAGE): vol.In(LANGUAGES),
    vol.Optional(ATTR_FOLDER): cv.string,
}

type _Answer = dict[str, JsonValueType]


# --- One camera ---


async def async_report_charge(coordinator: CloudPlanCoordinator, camera_id: str) -> _Answer:
    """Take a charge of a camera's plan up; return what became of that."""
    begun = coordinator.claims.of(camera_id) is None
    try:
        await coordinator.claims.async_begin(camera_id)
    except HomeAssistantError:
        return {"state": "not_kept"}
    return {"state": "begun" if begun else "begun_already"}


def package_order(data: dict[str, Any]) -> Order:
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
    return dt_util.as_utc(moment) if moment else None


async def async_create_package(
    coordinator: CloudPlanCoordinator, camera_id: str, order: Order
) -> _Answer:
    """Make the dispute file of a camera; return where it is, its hash, what is in it and not."""
    made = await async_make(coordinator, camera_id, order)
    return {
        "state": "made",
        "path": str(made.path),
        "sha256": made.package.sha256,
        "files": dict(made.package.files),
        "missing": [*made.package.missing],
    }


# --- Accounts ---


async def async_get_bill(call: ServiceCall) -> ServiceResponse:
    """Return the bills of a month, by account, and save them as files if that is wanted."""
    hass = call.hass
    if call.data[ATTR_FILE]:
        await async_check_administrator(call)
    year, month = _month(call.data.get(ATTR_MONTH))
    bills: list[JsonValueType] = []
    missing: list[JsonValueType] = []
    for chosen in await async_chosen(call):
        if (coordinator := chosen.coordinator) is None:
            missing.append(chosen.entry.title)
            continue
        keys = chosen.camera_ids and {
            coordinator.proof.camera_key(camera_id) for camera_id in chosen.camera_ids
        }
        made = await _async_bill(coordinator, year, month, keys)
        values = bill_values(made)
        if call.data[ATTR_FILE]:
            values["files"] = await _async_save(hass, coordinator, made, call.data)
        bills.append(values)
    return {"bills": bills, "accounts_missing": missing} if call.return_response else None


def _month(said: str | None) -> tuple[int, int]:
    """Return the year and month that are meant; without one, those of now."""
    if said is None:
        now = dt_util.as_local(clock.now())
        return now.year, now.month
    match = _MONTH.fullmatch(said)
    if match is None or not int(match[1]):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_a_month",
            translation_placeholders={"month": said},
        )
    return int(match[1]), int(match[2])


async def _async_bill(
    coordinator: CloudPlanCoordinator, year: int, month: int, keys: Collection[str] | None
) -> BillOf:
    hass, desk, zone = coordinator.hass, coordinator.proof, dt_util.get_default_time_zone()
    begins, ends = month_of(year, month, zone)
    await desk.async_settled()

    def is_meant(row: Row) -> bool:
        return keys is None or row.camera is None or row.camera in keys

    try:
        rows = await desk.async_rows()
    except LedgerError as err:
        raise not_read(hass, err) from err
    return BillOf(
        bill=await hass.async_add_executor_job(bill, filter(is_meant, rows), begins, ends, zone),
        month=f"{year:04}-{month:02}",
        account=coordinator.config_entry.title,
        made_at=clock.now(),
        zone=zone,
        head=desk.head,
        version=str((await async_get_integration(hass, DOMAIN)).version),
    )


async def _async_save(
    hass: HomeAssistant, coordinator: CloudPlanCoordinator, made: BillOf, data: dict[str, Any]
) -> list[str]:
    """Write a bill as a page and as JSON; the ledger holds the hash of what was written."""
    words = await async_words(hass, data.get(ATTR_LANGUAGE))
    folder = data.get(ATTR_FOLDER) or coordinator.config_entry.options.get(CONF_EXPORT_FOLDER)
    text = json.dumps(bill_values(made), ensure_ascii=False, indent=2, sort_keys=True)
    contents = {".html": bill_page(made, words).encode(), ".json": f"{text}\n".encode()}
    stem = f"bill_{made.month}_{account_key(coordinator.config_entry)}"
    paths = [
        await hass.async_add_executor_job(write_paper, hass, folder, stem, suffix, content)
        for suffix, content in contents.items()
    ]
    await coordinator.proof.async_append(
        Kind.REPORT,
        {"month": made.month, "sha256": hashlib.sha256(contents[".json"]).hexdigest()},
        source=Source.HOME,
    )
    return [*map(str, paths)]
