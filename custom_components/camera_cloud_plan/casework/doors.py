"""The doors: where an owner switches a plan's renewal off or on, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
import json
from pathlib import Path
from typing import Any, Final

from ..plan import Channel

_DOORS: Final = Path(__file__).with_name("doors.json")


class DoorKind(StrEnum):
    """Whether a door can be opened by a link or only be described."""

    STEPS = "steps"
    LINK = "link"


class DoorProof(StrEnum):
    """How well it is known: from the seller's own help, seen by people, or inferred."""

    OFFICIAL = "official"
    SEEN = "seen"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One place to switch renewal off or on; `key` names its words in the translations.

    `reviewed` is when what is known of it was last looked at; `url` is there for links.
    """

    key: str
    kind: DoorKind
    proof: DoorProof
    reviewed: date
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A number to call about a plan billed by one of `channels`."""

    number: str
    channels: frozenset[Channel]
    proof: DoorProof
    reviewed: date


type _ByChannel = Mapping[Channel, tuple[Door, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    doors: Mapping[str, Door]
    to_turn_off: _ByChannel
    to_turn_on: _ByChannel
    phones: Mapping[str, Phone]


@cache
def _load() -> _Table:
    table = json.loads(_DOORS.read_text(encoding="utf-8"))
    doors = {
        key: Door(
            key=key,
            kind=DoorKind(row["kind"]),
            proof=DoorProof(row["proof"]),
            reviewed=date.fromisoformat(row["reviewed"]),
            url=row.get("url"),
        )
        for key, row in table["doors"].items()
    }
    return _Table(
        doors=doors,
        to_turn_off=_by_channel(table["by_channel"], doors),
        to_turn_on=_by_channel(table["to_turn_on"], doors),
        phones={region: _phone(row) for region, row in table["phones"].items()},
    )


def _by_channel(rows: Mapping[str, list[str]], doors: Mapping[str, Door]) -> _ByChannel:
    return {Channel(name): tuple(doors[key] for key in keys) for name, keys in rows.items()}


def _phone(row: Mapping[str, Any]) -> Phone:
    return Phone(
        number=row["number"],
        channels=frozenset(Channel(name) for name in row["channels"]),
        proof=DoorProof(row["proof"]),
        reviewed=date.fromisoformat(row["reviewed"]),
    )


def doors_for(channel: Channel) -> tuple[Door, ...]:
    """Return where renewal is switched off; several doors where it is not known who bills."""
    return _load().to_turn_off[channel]


def doors_to_turn_on(channel: Channel) -> tuple[Door, ...]:
    """Return where renewal is switched on again, likewise."""
    return _load().to_turn_on[channel]


def door(key: str) -> Door:
    """Return a door by its key; raises `KeyError` for one that there is not."""
    return _load().doors[key]


def phone_for(region: str, channel: Channel) -> Phone | None:
    """Return whom to call about a plan of this maker region; `None` where no number is known."""
    phone = _load().phones.get(region.lower())
    return phone if phone and channel in phone.channels else None


def preload() -> None:
    """Read the door file; blocking, so that later calls are not."""
    _load()
