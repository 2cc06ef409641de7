"""Comparing what Home Assistant shows with what the simulated world implies."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final
import unicodedata
from zoneinfo import ZoneInfo

from .accounts import DOMAIN
from .entities import (
    ACCOUNT_MONTHLY_COST,
    AUTO_RENEWAL,
    CHARGES,
    DAYS_REMAINING,
    NEXT_CHARGE,
    PLAN_STATUS,
    Device,
    devices,
)
from .hass_log import SETTLED_HTTP, unexpected_errors
from .home_assistant import HomeAssistant, RefusedError
from .maker import ExpectedCamera, Maker, Money
from .typed import TypedPlan

_WITHIN: Final = 60.0
_SAME_MOMENT: Final = timedelta(seconds=1)
_ABSENT: Final = "–"
_COIN: Final = Decimal("0.01")
# How far the calendars are looked at: no plan is charged twice within that.
_LOOKED_BACK: Final = timedelta(days=4)
_LOOKED_AHEAD: Final = timedelta(days=20)
type States = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """One event of a calendar: its words, and when it begins and ends."""

    summary: str
    begins: datetime | None
    ends: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What Home Assistant shows at a moment (UTC): devices, states, and what is on calendars."""

    at: datetime
    devices: Sequence[Device]
    states: States
    events: Sequence[Entered]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One camera's line of the table: what is shown, and in what it is not as expected."""

    name: str
    plan_status: str
    auto_renewal: str
    days_remaining: str
    next_charge: str
    amount: str
    faults: tuple[str, ...]


def compare(expected: Iterable[ExpectedCamera], shown: Shown) -> list[Row]:
    """Return one row per expected camera, compared with the entities found."""
    return [
        _row(
            camera,
            next((device for device in shown.devices if _stands_for(device, camera)), None),
            shown,
        )
        for camera in expected
    ]


def wrong_sums(expected: Iterable[ExpectedCamera], shown: Shown) -> list[str]:
    """Return in which currencies what plans cost by the month is not the sum of their prices."""
    wanted = _sums(camera.monthly for camera in expected if camera.monthly)
    states = [
        shown.states[device.entities[ACCOUNT_MONTHLY_COST]]
        for device in shown.devices
        if device.entities.get(ACCOUNT_MONTHLY_COST) in shown.states
    ]
    found = _sums(
        (amount, state["attributes"]["unit_of_measurement"])
        for state in states
        if (amount := _decimal(state["state"])) is not None
    )
    return [
        f"by the month it should cost {wanted.get(currency, 0):.2f} {currency}, not {cost:.2f}"
        for currency in sorted(wanted.keys() | found.keys())
        for cost in (found.get(currency, Decimal(0)),)
        # Each account's own sum is rounded.
        if abs(cost - wanted.get(currency, Decimal(0))) > _COIN * len(states)
    ]


async def look(home: HomeAssistant) -> Shown:
    """Return what Home Assistant shows now."""
    found, now = await devices(home), datetime.now(UTC)
    zone = ZoneInfo((await home.command("get_config"))["time_zone"])
    listed = [
        await home.calendar(device.entities[CHARGES], now - _LOOKED_BACK, now + _LOOKED_AHEAD)
        for device in found
        if CHARGES in device.entities
    ]
    events = [
        Entered(
            summary=event["summary"],
            begins=_border(event["start"], zone),
            ends=_border(event["end"], zone),
        )
        for events in listed
        for event in events
    ]
    return Shown(at=now, devices=found, states=await home.states(), events=events)


async def settled_rows(
    home: HomeAssistant, maker: Maker, typed: TypedPlan, *, accounts: Iterable[str]
) -> tuple[list[Row], list[str]]:
    """Return the rows of all cameras that these accounts see, once all are as expected.

    And that of the plan that was typed in; then what is wrong with the sums. After a minute
    they are returned as they are.
    """
    signed_in = set(accounts)
    expected = [camera for camera in await maker.cameras() if signed_in & {*camera.accounts}]
    expected.append(typed.expected(await _plan_id(home, typed), datetime.now(UTC)))
    rows: list[Row] = []
    sums: list[str] = []
    try:
        async with asyncio.timeout(_WITHIN):
            while not rows or sums or any(row.faults for row in rows):
                await asyncio.sleep(0.2 if rows else 0)
                shown = await look(home)
                rows, sums = compare(expected, shown), wrong_sums(expected, shown)
    except TimeoutError:
        if not rows:
            raise
    return rows, sums


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
    lines = [("camera", "plan status", "auto-renewal", "days", "next charge", "amount", "")] + [
        (
            row.name,
            row.plan_status,
            row.auto_renewal,
            row.days_remaining,
            row.next_charge,
            row.amount,
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


def _row(camera: ExpectedCamera, device: Device | None, shown: Shown) -> Row:
    if device is None:
        absent = dict.fromkeys((PLAN_STATUS, AUTO_RENEWAL, DAYS_REMAINING, NEXT_CHARGE), _ABSENT)
        return _as_row(camera, absent, None, ("is not there",))
    says = {
        what: shown.states[entity_id]["state"] if entity_id in shown.states else _ABSENT
        for what in (PLAN_STATUS, AUTO_RENEWAL, DAYS_REMAINING, NEXT_CHARGE)
        for entity_id in (device.entities.get(what, ""),)
    }
    wanted = {
        PLAN_STATUS: camera.plan_status,
        AUTO_RENEWAL: camera.auto_renewal or _ABSENT,
    }
    if camera.days_remaining is not None and DAYS_REMAINING in device.entities:
        wanted[DAYS_REMAINING] = str(camera.days_remaining)
    faults = [f"{what} should be {value}" for what, value in wanted.items() if says[what] != value]
    charge = shown.states.get(device.entities.get(NEXT_CHARGE, ""))
    faults += _charge_faults(camera, charge)
    faults += _calendar_faults(camera, shown)
    return _as_row(camera, says, charge, tuple(faults))


def _charge_faults(camera: ExpectedCamera, shown: Mapping[str, Any] | None) -> list[str]:
    if camera.auto_renewal is None:
        return [] if shown is None else ["there should be no next charge"]
    if shown is None:
        return ["next charge is not there"]
    told = shown["attributes"]
    earliest = _moment(shown["state"])
    if camera.charge is None:
        return [] if earliest is None else ["no charge should be expected"]
    faults = [
        f"next charge should be {which} {wanted.isoformat(timespec='seconds')}"
        for which, wanted, moment in (
            ("from", camera.charge.earliest, earliest),
            ("until", camera.charge.latest, _moment(told.get("latest"))),
        )
        if not _is_same(moment, wanted)
    ]
    if told.get("kind") != camera.charge.kind:
        faults.append(f"next charge should be of the kind {camera.charge.kind}")
    if _amount(shown) != camera.charge.amount:
        faults.append(f"next charge should cost {_spelled(camera.charge.amount)}")
    return faults


def _calendar_faults(camera: ExpectedCamera, shown: Shown) -> list[str]:
    """Return in what a calendar differs: a charge soon to come stands there, once."""
    charge = camera.charge
    if charge is None:
        return []
    charges = [
        event
        for event in shown.events
        if event.summary.startswith(camera.name)
        and _is_same(event.begins, charge.earliest)
        and _is_same(event.ends, charge.latest)
    ]
    soon = charge.earliest < shown.at + _LOOKED_AHEAD
    return [] if len(charges) == soon else [f"the calendar has its charge {len(charges)} times"]


def _sums(costs: Iterable[Money]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for amount, currency in costs:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sums


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _amount(charge: Mapping[str, Any] | None) -> Money | None:
    told = charge["attributes"] if charge else {}
    amount = _decimal(told.get("amount"))
    return None if amount is None else (amount.quantize(_COIN), told.get("currency", ""))


def _spelled(money: Money | None) -> str:
    return f"{money[0]} {money[1]}" if money else "nothing known"


def _border(entered: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    """Return when an event begins or ends; of one that is all day, the midnight."""
    if day := entered.get("date"):
        return datetime.combine(date.fromisoformat(day), time.min, zone)
    return _moment(entered.get("dateTime"))


def _is_same(moment: datetime | None, wanted: datetime) -> bool:
    return moment is not None and abs(moment - wanted) <= _SAME_MOMENT


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _as_row(
    camera: ExpectedCamera,
    says: Mapping[str, str],
    charge: Mapping[str, Any] | None,
    faults: tuple[str, ...],
) -> Row:
    amount = _amount(charge)
    return Row(
        name=camera.name,
        plan_status=says[PLAN_STATUS],
        auto_renewal=says[AUTO_RENEWAL],
        days_remaining=says[DAYS_REMAINING],
        next_charge=says[NEXT_CHARGE],
        amount=_spelled(amount) if amount else _ABSENT,
        faults=faults,
    )


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
