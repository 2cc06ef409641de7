"""The actions about ledgers: look through them, add to them by hand or from a table, hand them out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import CloudPlanCoordinator
from ..devices import account_key
from ..ledger import Entry, Kind, LedgerError, LedgerFile, Row, Verdict, table, verify_ledger
from ..plan import clock
from ..saving.paper import read_owners_file, write_paper
from ..targets import Chosen, async_check_administrator, async_chosen
from ..words import listed, translated
from .desk import ProofDesk
from .words import not_read, where_broken

ATTR_AMOUNT: Final = "amount"
ATTR_ANOTHER: Final = "another"
ATTR_CURRENCY: Final = "currency"
ATTR_DATE: Final = "date"
ATTR_DRY_RUN: Final = "dry_run"
ATTR_FILE: Final = "file"
ATTR_FOLDER: Final = "folder"
ATTR_KIND: Final = "kind"
ATTR_ORDER: Final = "order"
ATTR_TABLE: Final = "table"
ATTR_TEXT: Final = "text"

VERIFY_FIELDS: Final = cv.TARGET_SERVICE_FIELDS
ADD_FIELDS: Final = {
    **cv.TARGET_SERVICE_FIELDS,
    vol.Optional(ATTR_KIND, default=Kind.CHARGE.value): vol.In([*map(str, table.ADDABLE)]),
    vol.Required(ATTR_DATE): cv.date,
    vol.Optional(ATTR_AMOUNT): vol.Any(str, vol.Coerce(float)),
    vol.Optional(ATTR_CURRENCY): cv.string,
    vol.Optional(ATTR_TEXT): cv.string,
    vol.Optional(ATTR_ORDER): cv.string,
    vol.Optional(ATTR_ANOTHER, default=False): cv.boolean,
}
IMPORT_FIELDS: Final = {
    **cv.TARGET_SERVICE_FIELDS,
    vol.Exclusive(ATTR_FILE, "table"): cv.string,
    vol.Exclusive(ATTR_TABLE, "table"): cv.string,
    vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
}
EXPORT_FIELDS: Final = {**cv.TARGET_SERVICE_FIELDS, vol.Optional(ATTR_FOLDER): cv.string}

_NO_TABLE: Final = {
    table.TableFlaw.TOO_LARGE: "charges_table_too_large",
    table.TableFlaw.NOT_TEXT: "charges_table_not_text",
    table.TableFlaw.COLUMNS_MISSING: "charges_table_columns_missing",
    table.TableFlaw.EMPTY: "charges_table_empty",
}

type _Answer = dict[str, JsonValueType]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line that can be written: whose it is, what it adds, and where it stands in a table."""

    desk: ProofDesk
    camera_id: str | None
    added: table.Added
    line: int = 0

    @property
    def camera_key(self) -> str | None:
        """What the camera is called in the ledger."""
        return self.desk.camera_key(self.camera_id) if self.camera_id else None

    def entry(self) -> Entry:
        """Return it as it is written down: at the begin of its day, by the home's calendar."""
        begins = datetime.combine(self.added.on, time.min, dt_util.get_default_time_zone())
        return self.desk.entry_of(
            self.added.kind,
            self.added.facts,
            at=begins.astimezone(UTC),
            source=self.added.source,
        )


# --- Looking through ---


async def async_verify_ledger(call: ServiceCall) -> ServiceResponse:
    """Look through ledgers: whether each is whole, or where it is broken, also in words.

    `head` is the last row's number and hash, to be compared with one from elsewhere.
    """
    ledgers: list[JsonValueType] = []
    for chosen in await async_chosen(call):
        if (coordinator := _loaded(chosen)) is None:
            ledgers.append({"account": chosen.entry.title, "state": "not_loaded"})
            continue
        ledgers.append(await _async_verified(call.hass, coordinator))
    return {"ledgers": ledgers} if call.return_response else None


async def _async_verified(hass: HomeAssistant, coordinator: CloudPlanCoordinator) -> _Answer:
    desk = coordinator.proof
    about: _Answer = {
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


# --- Adding ---


async def async_add_charge(call: ServiceCall) -> ServiceResponse:
    """Add a charge, a line of the bank or a seller's notice to a camera's ledger.

    One that is there already is not added again, unless `another` says that there were two.
    """
    await async_check_administrator(call)
    desk, camera_id = _one(await async_chosen(call))
    try:
        added = table.Added.parse(
            {**call.data, ATTR_DATE: call.data[ATTR_DATE].isoformat()}, today=_today()
        )
    except table.FlawError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="charge_unusable",
            translation_placeholders={"field": err.column, "flaw": _flaw(call.hass, err)},
        ) from err
    line = _Line(desk=desk, camera_id=camera_id, added=added)
    if not call.data[ATTR_ANOTHER] and not await _async_lacks(call.hass, desk, [line]):
        return {"state": "already"} if call.return_response else None
    (row,) = await desk.async_append_all([(camera_id, line.entry())])
    return {"state": "added", "row": row.seq, "hash": row.hash} if call.return_response else None


async def async_import_charges(call: ServiceCall) -> ServiceResponse:
    """Add the lines of a table; return what became of each.

    What is there already is not added again, so that a table can be read in as often as one
    likes. Lines that cannot be used keep no other from being added.
    """
    await async_check_administrator(call)
    chosen = [found for found in await async_chosen(call) if _loaded(found)]
    data = await _async_table(call)
    try:
        lines = table.read(data, today=_today())
    except table.TableError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key=_NO_TABLE[err.flaw]
        ) from err
    answers: dict[int, _Answer] = {}
    usable: list[_Line] = []
    for line in lines:
        try:
            usable.append(_placed(line, chosen))
        except table.FlawError as err:
            answers[line.line] = {
                "state": "wrong",
                "column": err.column,
                "why": err.flaw.value,
                "words": _flaw(call.hass, err),
            }
    for desk in {id(line.desk): line.desk for line in usable}.values():
        own = [line for line in usable if line.desk is desk]
        new = await _async_lacks(call.hass, desk, own)
        if not call.data[ATTR_DRY_RUN]:
            await desk.async_append_all([(line.camera_id, line.entry()) for line in new])
        done = "would_add" if call.data[ATTR_DRY_RUN] else "added"
        for one in own:
            answers[one.line] = {"state": done if one in new else "already", **_told(one)}
    if not call.return_response:
        return None
    rows: list[JsonValueType] = [{"line": at, **answers[at]} for at in sorted(answers)]
    states = [answer["state"] for answer in answers.values()]
    return {"lines": rows, **{state: states.count(state) for state in sorted({*map(str, states)})}}


async def _async_table(call: ServiceCall) -> bytes:
    """Return the table that an action names or holds."""
    if (text := call.data.get(ATTR_TABLE)) is not None:
        return str(text).encode()
    if (file := call.data.get(ATTR_FILE)) is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="charges_missing")
    return await call.hass.async_add_executor_job(read_owners_file, call.hass, file)


def _placed(line: table.Line, chosen: Iterable[Chosen]) -> _Line:
    """Return a table's line with the camera that it is about; raises `FlawError`.

    A line that names none is about the one camera, or else the one account, that is meant.
    """
    if isinstance(line.added, table.FlawError):
        raise line.added
    name, found = line.added.camera, []
    for one in chosen:
        if (coordinator := _loaded(one)) is None:
            continue
        if name is None:
            found.append((coordinator.proof, _only(one)))
            continue
        found += [
            (coordinator.proof, camera_id)
            for camera_id in coordinator.data.cameras
            if one.has(camera_id)
            and coordinator.display_name(camera_id).casefold() == name.casefold()
        ]
    if len(found) != 1:
        flaw = table.Flaw.CAMERA_DOUBTFUL if found else table.Flaw.CAMERA_UNKNOWN
        raise table.FlawError("camera", flaw)
    ((desk, camera_id),) = found
    return _Line(desk=desk, camera_id=camera_id, added=line.added, line=line.line)


async def _async_lacks(hass: HomeAssistant, desk: ProofDesk, lines: list[_Line]) -> list[_Line]:
    """Return the lines that a ledger lacks."""
    await desk.async_settled()
    try:
        known = await desk.async_rows()
    except LedgerError as err:
        raise not_read(hass, err) from err
    lacks = table.not_there_yet([(line.camera_key, line.added) for line in lines], known)
    return [line for line, is_new in zip(lines, lacks, strict=True) if is_new]


def _told(line: _Line) -> _Answer:
    money = line.added.money
    return {
        "kind": line.added.kind.value,
        "date": line.added.on.isoformat(),
        "amount": f"{money.amount:f}" if money else None,
        "currency": money.currency if money else None,
    }


# --- Handing out ---


async def async_export_ledger(call: ServiceCall) -> ServiceResponse:
    """Write ledgers as files where exports go, with the script that verifies them.

    What an owner added is written as a table besides.
    """
    await async_check_administrator(call)
    written: list[JsonValueType] = []
    for chosen in await async_chosen(call):
        if (coordinator := _loaded(chosen)) is None:
            continue
        desk = coordinator.proof
        await desk.async_settled()
        stem = f"ledger_{account_key(chosen.entry)}_{_today():%Y%m%d}"
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


# --- Whose ---


def _loaded(chosen: Chosen) -> CloudPlanCoordinator | None:
    """Return who keeps an account's ledger; `None` while it is not loaded."""
    if chosen.entry.state is not ConfigEntryState.LOADED:
        return None
    return chosen.entry.runtime_data.coordinator


def _only(chosen: Chosen) -> str | None:
    """Return the camera that is meant, if it is one; `None` for the account."""
    cameras = chosen.camera_ids
    return next(iter(cameras)) if cameras and len(cameras) == 1 else None


def _one(chosen: list[Chosen]) -> tuple[ProofDesk, str | None]:
    """Return the one account and camera that is meant.

    Raises `ServiceValidationError` where they are more, or none that is loaded.
    """
    found = [(one, coordinator) for one in chosen if (coordinator := _loaded(one))]
    if len(found) != 1 or (found[0][0].camera_ids is not None and _only(found[0][0]) is None):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="not_one_camera_in_target"
        )
    ((one, coordinator),) = found
    return coordinator.proof, _only(one)


def _today() -> date:
    return dt_util.as_local(clock.now()).date()


def _flaw(hass: HomeAssistant, err: table.FlawError) -> str:
    return translated(hass, f"common.charge_flaw_{err.flaw}", kinds=listed(hass, table.ADDABLE))


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
