"""Where money can be asked back, or a complaint be made, and until when: dated data.

Stands with the rules (`rules.json`), each row with its source and how well it is known. They
are facts about ways, never conclusions about who is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cache
import json
from pathlib import Path
from typing import Any, Final

from .channel import Channel
from .rules import StageKind

_RULES: Final = Path(__file__).with_name("rules.json")
_SATURDAY: Final = 5


class Weight(StrEnum):
    """How well something is known: from a primary source, from others, or inferred."""

    OFFICIAL = "official"
    SECONDARY = "secondary"
    UNPROVEN = "unproven"


class CountsFrom(StrEnum):
    """From when a deadline counts."""

    CHARGE = "charge"
    ASKED = "asked"
    ACCEPTED = "accepted"


class DeadlineUnit(StrEnum):
    """What a deadline is counted in. Working days are Mondays to Fridays; no holiday is known."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Until when something has to be done, or answered."""

    key: str
    counts_from: CountsFrom
    count: int
    unit: DeadlineUnit

    def after(self, moment: datetime, zone: tzinfo) -> datetime:
        """Return when it is over (UTC), counted from a moment (UTC).

        Hours are hours. Days begin with the one after, by the zone's calendar, and end with
        the last one's last second.
        """
        if self.unit is DeadlineUnit.HOURS:
            return moment + timedelta(hours=self.count)
        day = moment.astimezone(zone).date()
        if self.unit is DeadlineUnit.DAYS:
            day += timedelta(days=self.count)
        else:
            day = working_days_after(day, self.count)
        return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way to ask for money back or to complain; `key` names its words.

    Empty `regions` and `channels` mean all of them; `kinds` are the plans for which it goes,
    `since` the day from which on (`None`: it needs no law).
    """

    key: str
    channels: frozenset[Channel]
    regions: frozenset[str]
    kinds: frozenset[StageKind]
    deadlines: tuple[Deadline, ...]
    since: date | None
    weight: Weight
    reviewed: date
    source: str
    url: str | None

    def goes(self, region: str, channel: Channel, kinds: frozenset[StageKind], on: date) -> bool:
        """Return whether it goes for a plan of these kinds that such a party bills."""
        return (
            (not self.regions or region in self.regions)
            and (not self.channels or channel in self.channels)
            and (not self.kinds or bool(kinds & self.kinds))
            and (self.since is None or self.since <= on)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    routes: tuple[Route, ...]
    follow_up: timedelta


@cache
def _load() -> _Table:
    table = json.loads(_RULES.read_text(encoding="utf-8"))
    return _Table(
        routes=tuple(map(_route, table["routes"])),
        follow_up=timedelta(days=table["follow_up_days"]),
    )


def _route(row: Mapping[str, Any]) -> Route:
    since = row["in_force_from"]
    return Route(
        key=row["key"],
        channels=frozenset(map(Channel, row.get("channels", ()))),
        regions=frozenset(row.get("regions", ())),
        kinds=frozenset(map(StageKind, row.get("kinds", ()))),
        deadlines=tuple(
            Deadline(
                key=of["key"],
                counts_from=CountsFrom(of["from"]),
                count=of["count"],
                unit=DeadlineUnit(of["unit"]),
            )
            for of in row.get("deadlines", ())
        ),
        since=date.fromisoformat(since) if since else None,
        weight=Weight(row["weight"]),
        reviewed=date.fromisoformat(row["reviewed"]),
        source=row["source"],
        url=row.get("url"),
    )


def routes_for(
    region: str, channel: Channel, kinds: frozenset[StageKind], on: date
) -> tuple[Route, ...]:
    """Return the ways there are on a day, the nearest first: whoever took the money.

    Reads the rule file once. Home Assistant loads it off the event loop by calling `preload`
    in the executor.
    """
    return tuple(route for route in _load().routes if route.goes(region, channel, kinds, on))


def follow_up() -> timedelta:
    """Return after how long to look whether an answer has come, where no rule names a day."""
    return _load().follow_up


def working_days_after(day: date, count: int) -> date:
    """Return the day so many working days after one, Monday to Friday, no holidays known."""
    while count:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY:
            count -= 1
    return day


def preload() -> None:
    """Read the rule file; blocking, so that later calls are not."""
    _load()
