"""Our sentences: built from templates and the names that cameras and areas go by.

The templates (`sentences.json`) are in the syntax of Home Assistant's sentences: `(a|b)`,
`[optional]`; a `<rule>` is put in as it is written, and `{name}` stands for any of our names.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
import json
from pathlib import Path
import re
from typing import Any, Final

_SENTENCES: Final = Path(__file__).with_name("sentences.json")
_NAME: Final = "{name}"
_SYNTAX: Final = re.compile(r"([()\[\]{}<>|;\\])")


class Topic(StrEnum):
    """What a sentence asks for."""

    NEXT_CHARGE = "next_charge"
    DAYS_LEFT = "days_left"
    RENEWS = "renews"
    MONTHLY_COST = "monthly_cost"
    AT_RISK = "at_risk"
    IS_OFF = "is_off"
    STOP = "stop"
    WITHDRAW = "withdraw"
    KEEP = "keep"
    SAVE = "save"


# What is done only after it was asked back.
ASKED_BACK: Final = (Topic.STOP, Topic.WITHDRAW, Topic.KEEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was said: in which language, what about, of which name, and whether it is the yes."""

    language: str
    topic: Topic
    name: str | None = None
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class _Sentence:
    language: str
    topic: Topic
    template: str
    confirms: bool = False

    @property
    def key(self) -> str:
        return f"{self.language}:{self.topic}:{'yes' if self.confirms else ''}"


@cache
def _load() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(_SENTENCES.read_text(encoding="utf-8"))
    return table


def preload() -> None:
    """Read the templates; blocking, so that later calls are not."""
    _load()


def languages() -> tuple[str, ...]:
    """Return the languages in which there are sentences."""
    return tuple(_load())


class Grammar:
    """All that can be said now.

    `names` are the forms that cameras and areas go by. `open_case`: whether it makes sense to
    ask whether "it" is off. `awaited` are the acts whose yes is awaited: the sentences that
    say it exist only then.
    """

    def __init__(
        self,
        names: Collection[str],
        *,
        open_case: bool = False,
        awaited: Collection[Topic] = (),
    ) -> None:
        """Build the sentences."""
        self._names = sorted(names)
        self._sentences = tuple(_sentences(open_case=open_case, awaited=awaited))

    def flat(self) -> tuple[str, ...]:
        """Return the sentences with each name in its place, as few as it takes.

        Those that differ only before the name, or only after it, are one: names are many.
        """
        plain = [each.template for each in self._sentences if _NAME not in each.template]
        if not self._names:
            return tuple(plain)
        # Rests by what follows the name, so that the names stand once for all of them.
        before: dict[str, list[str]] = defaultdict(list)
        for each in self._sentences:
            if _NAME in each.template:
                begins, _, ends = each.template.partition(_NAME)
                before[ends].append(begins)
        after: dict[str, list[str]] = defaultdict(list)
        for ends, all_before in before.items():
            after[_one_of(all_before)].append(ends)
        names = _one_of(escaped(name) for name in self._names)
        return (*plain, *(f"{begins}{names}{_one_of(ends)}" for begins, ends in after.items()))

    def as_intents(self) -> dict[str, Any]:
        """Return the sentences as a table of intents, whose `name` is a list of ours."""
        intents: dict[str, Any] = defaultdict(lambda: {"data": [{"sentences": []}]})
        for each in self._sentences:
            if self._names or _NAME not in each.template:
                intents[each.key]["data"][0]["sentences"].append(each.template)
        return {
            "language": "en",
            "intents": dict(intents),
            "lists": {"name": {"values": [{"in": escaped(n), "out": n} for n in self._names]}},
        }

    @staticmethod
    def meaning(key: str, name: str | None) -> Heard:
        """Return what a sentence of an intent means."""
        language, topic, yes = key.split(":")
        return Heard(language=language, topic=Topic(topic), name=name, confirms=bool(yes))


def escaped(name: str) -> str:
    """Return a name as it is written in a sentence: nothing of it is syntax."""
    return _SYNTAX.sub(r"\\\1", name)


def _sentences(*, open_case: bool, awaited: Collection[Topic]) -> Iterator[_Sentence]:
    for language, table in _load().items():
        rules, name = table["rules"], table["name"]
        for topic, templates in table["questions"].items():
            for template in templates:
                yield _Sentence(language, Topic(topic), _filled(template, rules, name))
        for template in table["open_case"] if open_case else ():
            yield _Sentence(language, Topic.IS_OFF, _filled(template, rules, name))
        for topic in awaited:
            for template in table["confirm"][topic]:
                yield _Sentence(language, topic, _filled(template, rules, name), confirms=True)


def _filled(template: str, rules: Mapping[str, str], name: str) -> str:
    for rule, text in rules.items():
        template = template.replace(f"<{rule}>", text)
    return template.replace(_NAME, name)


def _one_of(texts: Iterable[str]) -> str:
    return f"({'|'.join(dict.fromkeys(texts))})"
