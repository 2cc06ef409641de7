"""The actions about charges: add one by hand or from a table, and take one up that was wrong."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import partial
from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..const import DOMAIN
from ..ledger import Entry, Kind, LedgerError, table
from ..proof.desk import ProofDesk
from ..proof.words import not_read
from ..saving.paper import read_owners_file
from ..words import listed, today, translated
from .cameras import Answer, Target, async_for_each, whose
from .targets import Chosen, async_check_administrator, async_chosen

ATTR_AMOUNT: Final = "amount"
ATTR_ANOTHER: Final = "another"
ATTR_CURRENCY: Final = "currency"
ATTR_DATE: Final = "date"
ATTR_DRY_RUN: Final = "dry_run"
ATTR_FILE: Final = "file"
ATTR_KIND: Final = "kind"
ATTR_ORDER: Final = "order"
ATTR_TABLE: Final = "table"
ATTR_TEXT: Final = "text"

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
REPORT_FIELDS: Final = cv.TARGET_SERVICE_FIELDS

_ADDING: Final[HassKey[asyncio.Lock]] = HassKey(f"{DOMAIN}_adding_charges")

# Lines with something wrong that are told one by one.
_MOST_LINES: Final = 10
_NO_TABLE: Final = {
    table.TableFlaw.TOO_LARGE: "charges_table_too_large",
    table.TableFlaw.NOT_TEXT: "charges_table_not_text",
    table.TableFlaw.COLUMNS_MISSING: "charges_table_columns_missing",
    table.TableFlaw.COLUMNS_DOUBLED: "charges_table_columns_doubled",
    table.TableFlaw.UNEVEN: "charges_table_uneven",
    table.TableFlaw.QUOTES: "charges_table_quotes",
    table.TableFlaw.EMPTY: "charges_table_empty",
}


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


async def async_add_charge(call: ServiceCall) -> ServiceResponse:
    """Add a charge, a line of the bank or a seller's notice to a camera's ledger.

    One that is there already is not added again, unless `another` says that there were two.
    """
    await async_check_administrator(call)
    desk, camera_id = _one(await async_chosen(call))
    try:
        added = table.Added.parse(
            {**call.data, ATTR_DATE: call.data[ATTR_DATE].isoformat()}, today=today()
        )
    except table.FlawError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="charge_unusable",
            translation_placeholders={"field": err.column, "flaw": _flaw(call.hass, err)},
        ) from err
    line = _Line(desk=desk, camera_id=camera_id, added=added)
    async with _adding(call.hass):
        if not call.data[ATTR_ANOTHER] and not await _async_lacks(call.hass, desk, [line]):
            return {"state": "already"} if call.return_response else None
        (row,) = await desk.async_append_all([(camera_id, line.entry())])
    return {"state": "added", "row": row.seq, "hash": row.hash} if call.return_response else None


async def async_import_charges(call: ServiceCall) -> ServiceResponse:
    """Add the lines of a table; return what became of each.

    What is there already is not added again, so that a table can be read in as often as one
    likes. Raises `ServiceValidationError` where any line cannot be used; nothing was added then.
    """
    await async_check_administrator(call)
    chosen = [found for found in await async_chosen(call) if found.loaded]
    data = await _async_table(call)
    try:
        # A table may be long, and a ledger longer: neither is gone through in the event loop.
        lines = await call.hass.async_add_executor_job(partial(table.read, data, today=today()))
    except table.TableError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=_NO_TABLE[err.flaw],
            translation_placeholders={"line": str(err.line), "columns": ", ".join(table.COLUMNS)},
        ) from err
    answers: dict[int, Answer] = {}
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
    is_dry = call.data[ATTR_DRY_RUN]
    if answers and not is_dry:
        raise _unusable(call.hass, answers)
    for desk in {id(line.desk): line.desk for line in usable}.values():
        own = [line for line in usable if line.desk is desk]
        async with _adding(call.hass):
            new = await _async_lacks(call.hass, desk, own)
            if not is_dry:
                await desk.async_append_all([(line.camera_id, line.entry()) for line in new])
        done, lacked = "would_add" if is_dry else "added", {line.line for line in new}
        for one in own:
            state = done if one.line in lacked else "already"
            answers[one.line] = {"state": state, **_told(one)}
    if not call.return_response:
        return None
    rows: list[JsonValueType] = [{"line": at, **answers[at]} for at in sorted(answers)]
    states = [answer["state"] for answer in answers.values()]
    return {"lines": rows, **{state: states.count(state) for state in sorted({*map(str, states)})}}


def _unusable(hass: HomeAssistant, wrong: dict[int, Answer]) -> ServiceValidationError:
    """Return the error that says which lines cannot be used, and what helps."""
    said = [
        translated(
            hass,
            "common.table_line_wrong",
            line=line,
            column=wrong[line]["column"],
            flaw=wrong[line]["words"],
        )
        for line in sorted(wrong)
    ]
    if (more := len(said) - _MOST_LINES) > 0:
        said[_MOST_LINES:] = [translated(hass, "common.table_lines_more", count=more)]
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="charges_lines_wrong",
        translation_placeholders={"lines": "\n".join(f"- {line}" for line in said)},
    )


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
        if (coordinator := one.loaded) is None:
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


def _adding(hass: HomeAssistant) -> asyncio.Lock:
    """Return what keeps two calls from finding the same lacking, and both adding it."""
    return hass.data.setdefault(_ADDING, asyncio.Lock())


async def _async_lacks(hass: HomeAssistant, desk: ProofDesk, lines: list[_Line]) -> list[_Line]:
    """Return the lines that a ledger lacks."""
    await desk.async_settled()
    try:
        known = await desk.async_rows()
    except LedgerError as err:
        raise not_read(hass, err) from err
    wanted = [(line.camera_key, line.added) for line in lines]
    lacks = await hass.async_add_executor_job(table.not_there_yet, wanted, known)
    return [line for line, is_new in zip(lines, lacks, strict=True) if is_new]


def _told(line: _Line) -> Answer:
    money = line.added.money
    return {
        "kind": line.added.kind.value,
        "date": line.added.on.isoformat(),
        "amount": f"{money.amount:f}" if money else None,
        "currency": money.currency if money else None,
    }


async def async_report_charge(call: ServiceCall) -> ServiceResponse:
    """Take charges up that should not have been."""

    async def act(target: Target) -> Answer:
        claims = target.coordinator.claims
        begun = claims.of(target.camera_id) is None
        try:
            await claims.async_begin(target.camera_id)
        except HomeAssistantError:
            return {**whose(target), "state": "not_kept"}
        return {**whose(target), "state": "begun" if begun else "begun_already"}

    return await async_for_each(call, act)


# --- Whose ---


def _only(chosen: Chosen) -> str | None:
    """Return the camera that is meant, if it is one; `None` for the account."""
    cameras = chosen.camera_ids
    return next(iter(cameras)) if cameras and len(cameras) == 1 else None


def _one(chosen: list[Chosen]) -> tuple[ProofDesk, str | None]:
    """Return the one account and camera that is meant.

    Raises `ServiceValidationError` where they are more, or none that is loaded.
    """
    found = [(one, coordinator) for one in chosen if (coordinator := one.loaded)]
    if len(found) != 1 or (found[0][0].camera_ids is not None and _only(found[0][0]) is None):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="not_one_camera_in_target"
        )
    ((one, coordinator),) = found
    return coordinator.proof, _only(one)


def _flaw(hass: HomeAssistant, err: table.FlawError) -> str:
    return translated(hass, f"common.charge_flaw_{err.flaw}", kinds=listed(hass, table.ADDABLE))
