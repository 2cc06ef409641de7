"""What a dashboard says: its texts in one language, and the templates that speak them.

A template in `templates/` is the same for all languages; the words that it uses are put in when
a dashboard is made, and so are the entities that it speaks about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
import re
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN

_TEMPLATES: Final = Path(__file__).with_name("templates")
_COMMON: Final = f"component.{DOMAIN}.common."
_OURS: Final = "dashboard_"
_WORD: Final = re.compile(r"\bwords\.(\w+)")
# Templates that others begin with, by what they define.
_SHARED: Final = {"_day": ("day", "weekday", "month"), "_money": ("money",)}
# What Markdown would take for its own.
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>|#~])")

# How a language writes what is between words; others as English does.
_MARKS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"comma": ", ", "colon": ": ", "space": " ", "decimal": "."},
    "de": {"comma": ", ", "colon": ": ", "space": " ", "decimal": ","},
    "zh-Hans": {"comma": "、", "colon": "：", "space": "", "decimal": "."},
}

type Given = float | str | Sequence[Given] | Mapping[str, Given] | None


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language, by the keys of `common` in the translations."""

    language: str
    common: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """Return a word of a dashboard; raises `KeyError` for one that there is not."""
        marks = _MARKS.get(self.language, _MARKS["en"])
        return marks[name] if name in marks else self.common[_OURS + name]

    def get(self, name: str) -> str | None:
        """Return a word of a dashboard, if there is one."""
        return self.common.get(_OURS + name)

    def beginning(self, start: str) -> dict[str, str]:
        """Return the texts whose keys begin like this, by the rest of the key."""
        return {
            key.removeprefix(start): text
            for key, text in self.common.items()
            if key.startswith(start)
        }

    def template(self, name: str, **given: Given) -> str:
        """Return a card's template; what it is given and its words stand at its beginning."""
        body = templates()[name]
        for shared, defined in reversed(_SHARED.items()):
            if any(f"{macro}(" in body for macro in defined):
                body = templates()[shared] + body
        words = {word: self[word] for word in dict.fromkeys(_WORD.findall(body))}
        # Of texts, numbers, `None` and what holds them, Python's notation is Jinja's too.
        head = "".join(
            f"{{%- set {key} = {value!r} -%}}\n"
            for key, value in ({"words": words} | given).items()
        )
        return head + body.rstrip("\n")


async def async_texts(hass: HomeAssistant, language: str) -> Texts:
    """Return the texts of a language; what it lacks is English, as everywhere."""
    found = await async_get_translations(hass, language, "common", {DOMAIN})
    common = {key.removeprefix(_COMMON): text for key, text in found.items()}
    return Texts(language, common)


def label(name: str) -> str:
    """Return a name as Markdown shows it letter by letter."""
    return _MARKDOWN.sub(r"\\\1", name)


@cache
def templates() -> Mapping[str, str]:
    """Return the templates by name; reads files the first time, see `preload`."""
    return {path.stem: path.read_text(encoding="utf-8") for path in _TEMPLATES.glob("*.j2")}


def preload() -> None:
    """Read the templates; blocks."""
    templates()
