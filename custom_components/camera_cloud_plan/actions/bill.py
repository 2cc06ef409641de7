"""The action that returns a month's bill."""

from collections.abc import Collection
import hashlib
import json
import re
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
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
from ..ledger.dispute import Mask
from ..plan import clock
from ..plan.written import YEARS
from ..proof.package import LANGUAGES, async_words
from ..proof.words import not_read
from ..saving.paper import write_paper
from ..words import today
from .targets import async_check_administrator, async_chosen

ATTR_FILE: Final = "file"
ATTR_FOLDER: Final = "folder"
ATTR_LANGUAGE: Final = "language"
ATTR_MONTH: Final = "month"

_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")

BILL_FIELDS: Final = {
    **cv.TARGET_SERVICE_FIELDS,
    vol.Optional(ATTR_MONTH): cv.string,
    vol.Optional(ATTR_FILE, default=False): cv.boolean,
    vol.Optional(ATTR_LANGUAGE): vol.In(LANGUAGES),
    vol.Optional(ATTR_FOLDER): cv.string,
}


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
        day = today()
        return day.year, day.month
    match = _MONTH.fullmatch(said)
    if match is None or int(match[1]) not in YEARS:
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
    # As on the page: a file may get anywhere.
    values = {**bill_values(made), "account": Mask().text(made.account)}
    text = json.dumps(values, ensure_ascii=False, indent=2, sort_keys=True)
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
