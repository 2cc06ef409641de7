"""Comparing what Home Assistant shows with what the simulated world implies."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
import unicodedata

from .accounts import DOMAIN
from .entities import AUTO_RENEWAL, DAYS_REMAINING, NEXT_CHARGE, PLAN_STATUS, Device, devices
from .hass_log import SETTLED_HTTP, unexpected_errors
from .home_assistant import HomeAssistant, RefusedError
from .maker import ExpectedCamera, Maker
from .typed import TypedPlan

_WITHIN: Final = 60.0
_SAME_MOMENT: Final = timedelta(seconds=1)
_ABSENT: Final = "–"
type States = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One camera's line of the table: what is shown, and in what it is not as expected."""

    name: str
    plan_status: str
    auto_renewal: str
    days_remaining: str
    next_charge: str
    faults: tuple[str, ...]


def compare(
    expected: Iterable[ExpectedCamera], found: Sequence[Device], states: States
) -> list[Row]:
    """Return one row per expected camera, compared with the entities found."""
    return [
        _row(
            camera, next((device for device in found if _stands_for(device, camera)), None), states
        )
        for camera in expected
    ]


async def settled_rows(
    home: HomeAssistant, maker: Maker, typed: TypedPlan, *, accounts: Iterable[str]
) -> list[Row]:
    """Return the rows of all cameras that these accounts see, once all are as expected.

    And that of the plan that was typed in. After a minute they are returned as they are.
    """
    signed_in = set(accounts)
    expected = [camera for camera in await maker.cameras() if signed_in & {*camera.accounts}]
    expected.append(typed.expected(await _plan_id(home, typed), datetime.now(UTC)))
    rows: list[Row] = []
    try:
        async with asyncio.timeout(_WITHIN):
            while not rows or any(row.faults for row in rows):
                await asyncio.sleep(0.2 if rows else 0)
                rows = compare(expected, await devices(home), await home.states())
    except TimeoutError:
        if not rows:
            raise
    return rows


async def _plan_id(home: HomeAssistant, typed: TypedPlan) -> str:
    """Return the id under which the typed plan is kept."""
    for entry in await home.command("config_entries/get", domain=DOMAIN):
        listed = await home.command("config_entries/subentries/list", entry_id=entry["entry_id"])
        for plan in listed:
            if plan["title"] == typed.name:
                plan_id: str = plan["subentry_id"]
                return plan_id
    return "nowhere"


async def troubles(home: HomeAssistant, log: Path) -> list[str]:
    """Return what is wrong with the Home Assistant around the cameras, in words."""
    found = []
    try:
        # One broken integration here, and every page of the frontend stays at "Loading…".
        await home.command("get_services")
    except RefusedError as error:
        found.append(f"get_services is refused: {error}")
    text = await asyncio.to_thread(log.read_text, encoding="utf-8", errors="replace")
    if SETTLED_HTTP not in text:
        found.append("the server's settings wait to be confirmed; it would restart itself")
    found += [f"an error in the log: {line}" for line in unexpected_errors(text)]
    return found


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table for a terminal."""
    lines = [("camera", "plan status", "auto-renewal", "days", "next charge", "")] + [
        (
            row.name,
            row.plan_status,
            row.auto_renewal,
            row.days_remaining,
            row.next_charge,
            "as expected" if not row.faults else "; ".join(row.faults),
        )
        for row in rows
    ]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _stands_for(device: Device, camera: ExpectedCamera) -> bool:
    return device.is_camera and device.key.endswith(f"_{camera.did}")


def _row(camera: ExpectedCamera, device: Device | None, states: States) -> Row:
    if device is None:
        shown = dict.fromkeys((PLAN_STATUS, AUTO_RENEWAL, DAYS_REMAINING, NEXT_CHARGE), _ABSENT)
        return _as_row(camera, shown, ("is not there",))
    shown = {
        what: states[entity_id]["state"] if entity_id in states else _ABSENT
        for what in (PLAN_STATUS, AUTO_RENEWAL, DAYS_REMAINING, NEXT_CHARGE)
        for entity_id in (device.entities.get(what, ""),)
    }
    wanted = {
        PLAN_STATUS: camera.plan_status,
        AUTO_RENEWAL: camera.auto_renewal or _ABSENT,
    }
    if camera.days_remaining is not None and DAYS_REMAINING in device.entities:
        wanted[DAYS_REMAINING] = str(camera.days_remaining)
    faults = [f"{what} should be {value}" for what, value in wanted.items() if shown[what] != value]
    charge = states.get(device.entities.get(NEXT_CHARGE, ""))
    return _as_row(camera, shown, (*faults, *_charge_faults(camera, charge)))


def _charge_faults(camera: ExpectedCamera, shown: Mapping[str, Any] | None) -> list[str]:
    if camera.auto_renewal is None:
        return [] if shown is None else ["there should be no next charge"]
    if shown is None:
        return ["next charge is not there"]
    earliest = _moment(shown["state"])
    latest = _moment(shown["attributes"].get("latest"))
    if camera.charge is None:
        return [] if earliest is None else ["no charge should be expected"]
    return [
        f"next charge should be {which} {wanted.isoformat(timespec='seconds')}"
        for which, wanted, moment in (
            ("from", camera.charge.earliest, earliest),
            ("until", camera.charge.latest, latest),
        )
        if moment is None or abs(moment - wanted) > _SAME_MOMENT
    ]


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _as_row(camera: ExpectedCamera, shown: Mapping[str, str], faults: tuple[str, ...]) -> Row:
    return Row(
        name=camera.name,
        plan_status=shown[PLAN_STATUS],
        auto_renewal=shown[AUTO_RENEWAL],
        days_remaining=shown[DAYS_REMAINING],
        next_charge=shown[NEXT_CHARGE],
        faults=faults,
    )


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
