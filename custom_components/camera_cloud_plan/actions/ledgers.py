"""The actions about ledgers: look through them, and hand them out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..coordinator import CloudPlanCoordinator
from ..devices import account_key
from ..ledger import LedgerError, LedgerFile, Row, Verdict, table, verify_ledger
from ..proof.words import not_read, where_broken
from ..saving.paper import write_paper
from ..words import today, translated
from .cameras import Answer
from .targets import async_check_administrator, async_chosen

ATTR_FOLDER: Final = "folder"

VERIFY_FIELDS: Final = cv.TARGET_SERVICE_FIELDS
EXPORT_LEDGER_FIELDS: Final = {**cv.TARGET_SERVICE_FIELDS, vol.Optional(ATTR_FOLDER): cv.string}


async def async_verify_ledger(call: ServiceCall) -> ServiceResponse:
    """Look through ledgers: whether each is whole, or where it is broken, also in words.

    `head` is the last row's number and hash, to be compared with one from elsewhere.
    """
    ledgers: list[JsonValueType] = []
    for chosen in await async_chosen(call):
        if (coordinator := chosen.loaded) is None:
            ledgers.append({"account": chosen.entry.title, "state": "not_loaded"})
            continue
        ledgers.append(await _async_verified(call.hass, coordinator))
    return {"ledgers": ledgers} if call.return_response else None


async def _async_verified(hass: HomeAssistant, coordinator: CloudPlanCoordinator) -> Answer:
    desk = coordinator.proof
    about: Answer = {
        "account": coordinator.config_entry.title,
        "file": _shown(desk.file.path),
        "waiting": desk.waiting,
    }
    await desk.async_settled()
    try:
        verdict = await desk.async_verify()
    except LedgerError as err:
        words = translated(hass, f"common.ledger_trouble_{err.why}")
        return {**about, "state": "not_read", "words": [words]}
    return {
        **about,
        "state": "whole" if verdict.is_whole else "broken",
        "waiting": desk.waiting,
        "rows": verdict.rows,
        "head": {"row": verdict.head.seq, "hash": verdict.head.hash} if verdict.rows else None,
        "breaks": [*_breaks(verdict)],
        "words": [*where_broken(hass, verdict)],
    }


def _breaks(verdict: Verdict) -> Iterator[JsonValueType]:
    for one in verdict.breaks:
        yield {
            "kind": one.kind.value,
            "line": one.line,
            "last_line": one.last_line,
            "row": one.row,
            "last_row": one.last_row,
        }


async def async_export_ledger(call: ServiceCall) -> ServiceResponse:
    """Write ledgers as files where exports go, with the script that verifies them.

    What an owner added is written as a table besides.
    """
    await async_check_administrator(call)
    written: list[JsonValueType] = []
    for chosen in await async_chosen(call):
        if (coordinator := chosen.loaded) is None:
            continue
        desk = coordinator.proof
        await desk.async_settled()
        stem = f"ledger_{account_key(chosen.entry)}_{today():%Y%m%d}"
        try:
            files = await call.hass.async_add_executor_job(
                _write, call.hass, call.data.get(ATTR_FOLDER), stem, desk.file
            )
        except LedgerError as err:
            raise not_read(call.hass, err) from err
        head = desk.head
        written.append(
            {
                "account": chosen.entry.title,
                "files": files,
                "rows": head.seq if head else 0,
                "head": head.hash if head else None,
            }
        )
    return {"ledgers": written} if call.return_response else None


def _write(hass: HomeAssistant, folder: str | None, stem: str, file: LedgerFile) -> list[Any]:
    """Write a ledger's files; blocks."""
    content = b"".join(file.lines())
    script = Path(verify_ledger.__file__).read_bytes()
    paths = [
        write_paper(hass, folder, stem, ".jsonl", content),
        write_paper(hass, folder, "verify_ledger", ".py", script),
    ]
    added: list[Row] = [row for row in file.rows() if row.kind in table.ADDABLE]
    if added:
        paths.append(write_paper(hass, folder, f"{stem}_charges", ".csv", table.write(added)))
    return [str(path) for path in paths]


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
