"""The doors: where an owner switches a plan's renewal off, as data."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
import json
from pathlib import Path
from typing import Final

from .plan import Channel

_DOORS: Final = Path(__file__).with_name("doors.json")


class DoorKind(StrEnum):
    """Whether a door can be opened by a link or only be described."""

    STEPS = "steps"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One place to switch renewal off; `key` names its words in the translations."""

    key: str
    kind: DoorKind
    url: str | None = None


@cache
def _load() -> dict[Channel, tuple[Door, ...]]:
    table = json.loads(_DOORS.read_text(encoding="utf-8"))
    doors = {
        key: Door(key=key, kind=DoorKind(row["kind"]), url=row.get("url"))
        for key, row in table["doors"].items()
    }
    return {
        Channel(channel): tuple(doors[key] for key in keys)
        for channel, keys in table["by_channel"].items()
    }


def doors_for(channel: Channel) -> tuple[Door, ...]:
    """Return the doors of a billing channel; several where it is not known who bills."""
    return _load()[channel]


def preload() -> None:
    """Read the door file; blocking, so that later calls are not."""
    _load()
