"""Our sentences: built from templates and the names that cameras and areas go by.

The templates (`sentences.json`) are in the syntax of Home Assistant's sentences: `(a|b)`,
`[optional]`; a `<rule>` is put in as it is written, and `{name}` stands for any of our names.
`subjects` are the rules whose words are only about plans: see `Grammar.flat`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
import json
from pathlib import Path
import re
from typing import Any, Final

_SENTENCES: Final = Path(__file__).with_name("sentences.json")
_NAME: Final = "{name}"
_RULE: Final = re.compile(r"<(\w+)>")
# What may be left out, or be something else.
_MAY_BE: Final = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A template, its rules put in. `kind`: what it may be one sentence with."""

    language: str
    topic: Topic
    template: str
    kind: tuple[str, ...]
    confirms: bool = False

    @property
    def key(self) -> str:
        return f"{self.language}:{self.topic}:{'yes' if self.confirms else ''}"

    @property
    def is_named(self) -> bool:
        return _NAME in self.template

    @property
    def begins(self) -> str:
        return self.template.partition(_NAME)[0]

    @property
    def ends(self) -> str:
        return self.template.partition(_NAME)[2]


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

        Names are many, and Home Assistant reads each sentence whenever one changes. So those
        of a language with a subject of ours behind the name are one, any of their beginnings
        with any of their ends, and so are those with one before it. What that adds makes no
        sense and names our subject, so it is nobody else's. Recordings are a subject apart:
        those of others may be stopped or turned off.
        """
        plain = [each.template for each in self._sentences if not each.is_named]
        if not self._names:
            return tuple(plain)
        alike: dict[tuple[str, ...], list[_Sentence]] = defaultdict(list)
        for each in self._sentences:
            if each.is_named:
                alike[each.kind].append(each)
        names = _one_of(escaped(name) for name in self._names)
        return (
            *plain,
            *(
                f"{_one_of(each.begins for each in them)}{names}"
                f"{_one_of(each.ends for each in them)}"
                for them in alike.values()
            ),
        )

    def as_intents(self) -> dict[str, Any]:
        """Return the sentences as a table of intents, whose `name` is a list of ours."""
        intents: dict[str, Any] = defaultdict(lambda: {"data": [{"sentences": []}]})
        for each in self._sentences:
            if self._names or not each.is_named:
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
        of_language = partial(_sentence, language, table)
        for topic, templates in table["questions"].items():
            for template in templates:
                yield of_language(Topic(topic), template)
        for template in table["open_case"] if open_case else ():
            yield of_language(Topic.IS_OFF, template)
        for topic in awaited:
            for template in table["confirm"][topic]:
                yield of_language(topic, template, confirms=True)


def _sentence(
    language: str, table: Mapping[str, Any], topic: Topic, template: str, *, confirms: bool = False
) -> _Sentence:
    """Return a template's sentence, told by where it surely names a subject of ours."""
    begins, _, ends = template.partition(_NAME)
    groups = table["subjects"]
    kinds = [f"after {n}" for n, group in enumerate(groups) if _names_one_of(group, ends)]
    kinds += ["before" for group in groups if _names_one_of(group, begins)]
    return _Sentence(
        language=language,
        topic=topic,
        template=_filled(template, table["rules"]).replace(_NAME, table["name"]),
        kind=(language, *kinds[:1]) if kinds else (language, template),
        confirms=confirms,
    )


def _names_one_of(subjects: Collection[str], part: str) -> bool:
    """Return whether whatever is said by a part of a template has one of these subjects."""
    while (left := _MAY_BE.sub("", part)) != part:
        part = left
    return any(f"<{subject}>" in part for subject in subjects)


def _filled(template: str, rules: Mapping[str, str]) -> str:
    """Return a template with its rules put in, which may have rules in them."""
    while rule := _RULE.search(template):
        template = template.replace(rule[0], rules[rule[1]])
    return template


def _one_of(texts: Iterable[str]) -> str:
    return f"({'|'.join(dict.fromkeys(texts))})"
