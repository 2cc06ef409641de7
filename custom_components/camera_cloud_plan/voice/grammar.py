"""Our sentences: built from templates and the names that cameras and areas go by.

The templates (`sentences.json`) are in the syntax of Home Assistant's sentences: `(a|b)`,
`[optional]`; a `<rule>` is put in as it is written, and `{name}` stands for any of our names.
`subjects` are the rules whose words are only about plans: see `Grammar.flat`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
import json
from pathlib import Path
import re
from typing import Any, Final

_SENTENCES: Final = Path(__file__).with_name("sentences.json")
_NAME: Final = "{name}"
# What every sentence of a language may begin and end with: a hesitation, a courtesy.
_AROUND: Final = ("lead", "tail")
_RULE: Final = re.compile(r"<(\w+)>")
# Brackets with none inside: what may be left out, or be one of several things.
_BRACKETS: Final = re.compile(r"[\[(][^\[\]()]*[\])]")
# Latin words, each with the space behind it, and single signs.
_NAME_PIECE: Final = re.compile(r"[A-Za-z]+ ?|.")
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
    """A template of a language. `kind`: what it may be one sentence with."""

    language: str
    topic: Topic
    template: str
    kind: str
    confirms: bool = False

    @property
    def key(self) -> str:
        return f"{self.language}:{self.topic}:{'yes' if self.confirms else ''}"

    @property
    def is_named(self) -> bool:
        return _NAME in self.template

    def parts(self) -> tuple[tuple[str, ...], ...]:
        """Return what is before the name and what is behind it, each in its pieces."""
        begins, _, ends = self.template.partition(_NAME)
        rules = _load()[self.language]["rules"]
        return tuple(
            tuple(_filled(piece, rules) for piece in _pieces(part)) for part in (begins, ends)
        )


@cache
def _load() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(_SENTENCES.read_text(encoding="utf-8"))
    return table


def preload() -> None:
    """Read the templates and put them together; blocking, so that later calls are not."""
    for open_case in (False, True):
        _flat(open_case=open_case)


def languages() -> tuple[str, ...]:
    """Return the languages in which there are sentences."""
    return tuple(_load())


class Grammar:
    """All that can be said now.

    `names` are the forms that cameras and areas go by. `open_case`: whether it makes sense to
    ask whether "it" is off.
    """

    def __init__(self, names: Collection[str], *, open_case: bool = False) -> None:
        """Build the sentences."""
        self._names = sorted(names)
        self._open_case = open_case

    def flat(self) -> tuple[str, ...]:
        """Return the sentences with each name in its place, as few as it takes.

        Names are many, and Home Assistant reads each sentence whenever one changes. So those
        with a subject of ours behind the name are one, any of their beginnings with any of
        their ends, and so are those with one before it. What that adds makes no sense and
        names our subject, so it is nobody else's. Recordings are a subject apart: those of
        others may be stopped or turned off.
        """
        names = _one_of([*map(escaped, _NAME_PIECE.findall(name))] for name in self._names)
        return tuple(
            each.replace(_NAME, names)
            for each in _flat(open_case=self._open_case)
            if names or _NAME not in each
        )

    def as_intents(self) -> dict[str, Any]:
        """Return the sentences as a table of intents, whose `name` is a list of ours."""
        intents: dict[str, Any] = defaultdict(lambda: {"data": [{"sentences": []}]})
        for each in _sentences(open_case=self._open_case):
            if self._names or not each.is_named:
                table = _load()[each.language]
                template = each.template.replace(_NAME, table["name"])
                lead, tail = (f"<{each.language}_{part}>" for part in _AROUND)
                intents[each.key]["data"][0]["sentences"].append(
                    f"{lead}{_filled(template, table['rules'])}{tail}"
                )
        return {
            "language": "en",
            "intents": dict(intents),
            "lists": {"name": {"values": [{"in": escaped(n), "out": n} for n in self._names]}},
            "expansion_rules": {
                f"{language}_{part}": table[part]
                for language, table in _load().items()
                for part in _AROUND
            },
        }

    @staticmethod
    def meaning(key: str, name: str | None) -> Heard:
        """Return what a sentence of an intent means."""
        language, topic, yes = key.split(":")
        return Heard(language=language, topic=Topic(topic), name=name, confirms=bool(yes))


def escaped(name: str) -> str:
    """Return a name as it is written in a sentence: nothing of it is syntax."""
    return _SYNTAX.sub(r"\\\1", name)


@cache
def _flat(*, open_case: bool) -> tuple[str, ...]:
    """Return the sentences, each with any name."""
    alike: dict[str, list[_Sentence]] = defaultdict(list)
    for each in _sentences(open_case=open_case):
        alike[each.kind].append(each)
    return tuple(map(_in_one, alike.values()))


def _in_one(sentences: Sequence[_Sentence]) -> str:
    """Return sentences as one template.

    What may be left out in any of their languages stands in a row, not side by side: the agent
    goes on from each of several ways to leave it out, and that multiplies.
    """
    tables = [_load()[language] for language in dict.fromkeys(each.language for each in sentences)]
    begins, ends = map(_one_of, zip(*(each.parts() for each in sentences), strict=True))
    lead, tail = ("".join(table[part] for table in tables) for part in _AROUND)
    name = ""
    if sentences[0].is_named:
        before, behind = zip(*(table["name"].split(_NAME) for table in tables), strict=True)
        name = f"{''.join(before)}{_NAME}{''.join(behind)}"
    return f"{lead}{begins}{name}{ends}{tail}"


@cache
def _sentences(*, open_case: bool) -> tuple[_Sentence, ...]:
    return tuple(_every(open_case=open_case))


def _every(*, open_case: bool) -> Iterator[_Sentence]:
    for language, table in _load().items():
        of_language = partial(_sentence, language, table)
        for topic, templates in table["questions"].items():
            for template in templates:
                yield of_language(Topic(topic), template)
        for template in table["open_case"] if open_case else ():
            yield of_language(Topic.IS_OFF, template)
        for topic, templates in table["confirm"].items():
            for template in templates:
                yield of_language(Topic(topic), template, confirms=True)


def _sentence(
    language: str, table: Mapping[str, Any], topic: Topic, template: str, *, confirms: bool = False
) -> _Sentence:
    """Return a template's sentence, told by where it surely names a subject of ours."""
    begins, name, ends = template.partition(_NAME)
    groups = table["subjects"]
    kinds = [f"after {n}" for n, group in enumerate(groups) if _names_one_of(group, ends)]
    kinds += ["before" for group in groups if _names_one_of(group, begins)]
    return _Sentence(
        language=language,
        topic=topic,
        template=template,
        kind=[*kinds, template][0] if name else f"without a name, in {language}",
        confirms=confirms,
    )


def _names_one_of(subjects: Collection[str], part: str) -> bool:
    """Return whether whatever is said by a part of a template has one of these subjects."""
    marks = [f"<{subject}>" for subject in subjects]

    def surely_has(text: str) -> bool:
        return any(mark in text for mark in marks)

    def surely(brackets: re.Match[str]) -> str:
        is_left_out = brackets[0].startswith("[")
        return "" if is_left_out or not all(map(surely_has, brackets[0].split("|"))) else marks[0]

    while (left := _BRACKETS.sub(surely, part)) != part:
        part = left
    return surely_has(part)


def _filled(template: str, rules: Mapping[str, str]) -> str:
    """Return a template with its rules put in, which may have rules in them."""
    while rule := _RULE.search(template):
        template = template.replace(rule[0], rules[rule[1]])
    return template


def _pieces(template: str) -> Iterator[str]:
    """Yield the pieces that a template is a row of: brackets, rules, and the words between."""
    begins = depth = 0
    for at, sign in enumerate(template):
        if not depth and sign in "[(<" and begins < at:
            yield template[begins:at]
            begins = at
        depth += (sign in "[(<") - (sign in "])>")
        if not depth and sign in "])> ":
            yield template[begins : at + 1]
            begins = at + 1
    if template[begins:]:
        yield template[begins:]


def _one_of(rows: Iterable[Sequence[str]]) -> str:
    """Return a template for any of these rows of pieces; what they begin with is there once."""
    behind: dict[str, list[Sequence[str]]] = defaultdict(list)
    for row in rows:
        behind[row[0] if row else ""].append(row[1:])
    may_be_none = bool(behind.pop("", None))
    ways = [f"{piece}{_one_of(rest)}" for piece, rest in behind.items()]
    if may_be_none and ways:
        return f"[{'|'.join(ways)}]"
    return f"({'|'.join(ways)})" if len(ways) > 1 else "".join(ways)
