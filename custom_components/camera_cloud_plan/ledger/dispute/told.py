"""Moments, facts and whole rows in words, for a page that is read far away and years later.

So moments have their year and their distance from UTC, and nothing is said relative to now.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import reduce
import re
from typing import Any, Final

from ..row import Kind
from .excerpt import Shown
from .model import Words

_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SHOWN_OF_A_DIGEST: Final = 16
_WORD: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*", re.ASCII)
# What was put down so much later than it happened is said to be.
_LATER: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_HOURS_PER_DAY: Final = 24
_SAID: Final = {True: "dispute_yes", False: "dispute_no", None: "dispute_unknown"}
_SWITCHED: Final = {True: "dispute_on", False: "dispute_off", None: "dispute_unknown"}
_SWITCHES: Final = frozenset({"new", "old", "renewal"})
# What is told first; the rest follows by name.
_ORDER: Final = (
    *("step", "answer", "on", "money", "plan", "service", "renewal", "old", "new"),
    *("old_end", "new_end", "starts_at", "ends_at", "from", "to"),
)
# Texts that people typed, and names: words of theirs, never of ours.
_TYPED: Final = frozenset(
    {"account", "file", "firmware", "maker", "model", "name", "plan", "text", "what", "to_whom"}
)
# Of these it is said where their amount is not known.
_OF_MONEY: Final = frozenset({Kind.CHARGE, Kind.REFUND_RECEIVED})
# What only a program reads.
_LEFT_OUT: Final = frozenset({"claim", "finding", "key", "shown_by"})


class Teller:
    """Puts rows into words in one language and one zone."""

    def __init__(self, words: Words, zone: tzinfo) -> None:
        """Take the words and the zone in which moments are told."""
        self.words = words
        self._zone = zone

    def moment(self, moment: datetime) -> str:
        """Return a moment, e.g. "2026-11-24 11:31 +08:00"."""
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M %:z}"

    def day(self, moment: datetime) -> str:
        """Return a moment's day."""
        return f"{moment.astimezone(self._zone):%Y-%m-%d}"

    def duration(self, span: timedelta) -> str:
        """Return how long something lasted, in whole days and hours."""
        hours = span // _HOUR
        if hours < _HOURS_PER_DAY:
            return self.words("dispute_hours", hours=hours)
        days, hours = divmod(hours, _HOURS_PER_DAY)
        return self.words("dispute_days_hours", days=days, hours=hours)

    def sentences(self, *said: str) -> str:
        """Return sentences one after the other, as the language does."""
        return reduce(
            lambda so_far, one: self.words("said_sentences", so_far=so_far, one=one), said
        )

    def source(self, source: str, maker: str) -> str:
        """Return on whose word something stands."""
        known = self.words.name("dispute_source", source)
        return known.replace("{maker}", maker)

    def kind(self, shown: Shown) -> str:
        """Return what a row is about, in a few words."""
        row = shown.row
        if row.kind is Kind.FINDING and isinstance(found := shown.facts.get("finding"), str):
            return self.words.name("finding", found)
        return self.words.name("dispute_kind", row.kind)

    def details(self, shown: Shown) -> Iterator[str]:
        """Yield what a row says, a line each."""
        if shown.row.kind is Kind.FINDING and isinstance(found := shown.facts.get("finding"), str):
            yield self.words.name("finding", f"{found}_message")
        for name, value in sorted(shown.facts.items(), key=_place):
            if name == "changes" and isinstance(value, Mapping):
                yield from self._changes(value)
            elif name not in _LEFT_OUT:
                yield self._labelled(name, self.value(name, value))
        if shown.row.kind in _OF_MONEY and "money" not in shown.facts:
            yield self._labelled("money", self.words("dispute_unknown"))
        if shown.row.written_at - shown.row.at > _LATER:
            yield self.words("dispute_written_later", at=self.moment(shown.row.written_at))
        if shown.is_short:
            yield self.words("dispute_shortened")

    def value(self, name: str, value: Any) -> str:
        """Return a fact's value in words."""
        match value:
            case bool() | None:
                said = _SWITCHED if name in _SWITCHES else _SAID
                return self.words(said[value])
            case Mapping():
                return self._mapping(value)
            case list() | tuple():
                return ", ".join(self.value(name, of) for of in value)
            case str():
                return self._text(name, value)
        return str(value)

    def _mapping(self, value: Mapping[str, Any]) -> str:
        match value:
            case {"amount": amount, "currency": currency}:
                return f"{amount} {currency}"
            case {"count": int(count), "unit": str(unit)}:
                return self.words("dispute_term", count=count, unit=self._text("unit", unit))
        return ", ".join(self._labelled(name, self.value(name, of)) for name, of in value.items())

    def _text(self, name: str, text: str) -> str:
        if name in _TYPED:
            return text
        if _DIGEST.fullmatch(text):
            return f"{text[:_SHOWN_OF_A_DIGEST]}…"
        if moment := moment_of(text):
            return self.moment(moment)
        kind = "dispute_region" if name == "region" else "dispute_value"
        return self.words.name(kind, text) if _WORD.fullmatch(text) else text

    def _changes(self, changes: Mapping[str, Any]) -> Iterator[str]:
        for name, change in changes.items():
            old, new = (change.get(of) for of in ("old", "new"))
            yield self._labelled(name, f"{self.value(name, old)} → {self.value(name, new)}")

    def _labelled(self, name: str, value: str) -> str:
        return self.words("dispute_labelled", label=self.label(name), value=value)

    def label(self, name: str) -> str:
        """Return what a fact is called."""
        return self.words.name("dispute_fact", name)


def _place(fact: tuple[str, object]) -> tuple[int, str]:
    name = fact[0]
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def moment_of(value: object) -> datetime | None:
    """Return a fact that is a moment with a zone; `None` for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
