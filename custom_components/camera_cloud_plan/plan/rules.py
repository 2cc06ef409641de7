"""When an owner is told of a charge, and which rules say something about it.

The rules are data (`rules.json`): by region, each with its source and since when it is in
force. They give hints; no conclusion is ever drawn from them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
import json
from pathlib import Path
from typing import Any, Final

_RULES: Final = Path(__file__).with_name("rules.json")
_ANY_OTHER_REGION: Final = "*"


class StageKind(StrEnum):
    """What is told of in stages; plans of half a year or more count as yearly."""

    MONTHLY = "monthly"
    YEARLY = "yearly"
    TRIAL = "trial"
    ENDING = "ending"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionRule:
    """One rule of a region: from when until before when it holds, and for which stages.

    `days` is empty where it goes with every stage. `since` is `None` where it is not known
    yet when it comes into force. One that is `only_cited` goes with no stage.
    """

    key: str
    kinds: frozenset[StageKind]
    days: frozenset[int]
    since: date | None
    until: date | None
    void: bool
    source: str
    only_cited: bool = False

    def applies(self, kind: StageKind, days: int, on: date) -> bool:
        """Return whether it is in force on a day and says something about a stage."""
        return (
            not self.only_cited
            and self.holds(frozenset({kind}), on)
            and (not self.days or days in self.days)
        )

    def holds(self, kinds: frozenset[StageKind], on: date) -> bool:
        """Return whether it is in force on a day, for plans of one of these kinds."""
        return (
            not self.void
            and self.since is not None
            and self.since <= on
            and (self.until is None or on < self.until)
            and bool(kinds & self.kinds)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Region:
    stages: Mapping[StageKind, tuple[int, ...]]
    rules: tuple[RegionRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pack:
    regions: Mapping[str, _Region]
    by_country: Mapping[str, str]
    by_maker_region: Mapping[str, str]
    reviewed: date


@cache
def _load() -> _Pack:
    pack = json.loads(_RULES.read_text(encoding="utf-8"))
    rows = pack["regions"]
    return _Pack(
        regions={
            name: _Region(
                stages={
                    StageKind(kind): tuple(sorted(days, reverse=True))
                    for kind, days in row["stages"].items()
                },
                rules=tuple(_rules(rows, name)),
            )
            for name, row in rows.items()
        },
        by_country=pack["countries"],
        by_maker_region=pack["maker_regions"],
        reviewed=date.fromisoformat(pack["reviewed"]),
    )


def _rules(rows: Mapping[str, Any], region: str) -> Iterator[RegionRule]:
    own = [(row, False) for row in rows[region]["rules"]]
    own += [(row, True) for row in rows[region].get("further_rules", ())]
    for row, only_cited in own:
        since, until = row["in_force_from"], row.get("in_force_until")
        yield RegionRule(
            key=row["key"],
            kinds=frozenset(StageKind(kind) for kind in row["kinds"]),
            days=frozenset(row.get("days", ())),
            since=date.fromisoformat(since) if since else None,
            until=date.fromisoformat(until) if until else None,
            void=row.get("void", False),
            source=row["source"],
            only_cited=only_cited,
        )
    if also := rows[region].get("also"):
        yield from _rules(rows, also)


def rule_regions() -> tuple[str, ...]:
    """Return the regions that have rows of their own, and "*" for any other.

    Reads the rule file once. Home Assistant loads it off the event loop by calling
    `preload` in the executor.
    """
    return tuple(_load().regions)


def region_of(maker_region: str, country: str | None) -> str:
    """Return whose rules hold for a plan: by where its account is, else by the home's country.

    `country` is the home's, by its ISO 3166-1 code.
    """
    pack = _load()
    by_country = pack.by_country.get((country or "").upper(), _ANY_OTHER_REGION)
    return pack.by_maker_region.get(maker_region.lower(), by_country)


def stages(region: str, kind: StageKind) -> tuple[int, ...]:
    """Return how many days before its deadline something is told of, the most days first."""
    return _region(region).stages[kind]


def rules_for(region: str, kind: StageKind, days: int, on: date) -> tuple[str, ...]:
    """Return the keys of the rules that are in force on a day and go with a stage."""
    return tuple(rule.key for rule in _region(region).rules if rule.applies(kind, days, on))


def rules_in_force(region: str, kinds: frozenset[StageKind], on: date) -> tuple[RegionRule, ...]:
    """Return the rules that are in force on a day for plans of these kinds, stage or not."""
    return tuple(rule for rule in _region(region).rules if rule.holds(kinds, on))


def rules_reviewed() -> date:
    """Return when the rules were last looked at as a whole."""
    return _load().reviewed


def _region(name: str) -> _Region:
    regions = _load().regions
    return regions.get(name, regions[_ANY_OTHER_REGION])


def preload() -> None:
    """Read the rule file; blocking, so that later calls are not."""
    _load()
