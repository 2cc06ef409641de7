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
_OURS: Final = "dashboard_"
_SAID: Final = "said_"
# What is said by number.
_BY_NUMBER: Final = {"weekdays": ("said_weekday_", 7), "months": ("said_month_", 12)}
_WORD: Final = re.compile(r"\bwords\.(\w+)")
# Templates that others begin with, by what they define.
_SHARED: Final = {
    "_day": ("day", "weekday", "month"),
    "_money": ("money",),
    "_oldest": ("oldest", "spoken"),
    "_row": ("row",),
}
# What Markdown would take for its own.
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>|#~])")

type Given = float | str | Sequence[Given] | Mapping[str, Given] | None


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language, by the keys of `common`, and the words for sensors' states."""

    common: Mapping[str, str]
    states: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """Return a word of a dashboard, or one that all share (`said_…`); raises `KeyError`."""
        return self.common[name if name.startswith(_SAID) else _OURS + name]

    def get(self, name: str) -> str | None:
        """Return a word of a dashboard, if there is one."""
        return self.common.get(_OURS + name)

    def state(self, sensor: str, state: str) -> str:
        """Return what a sensor shows in a state, by its translation key."""
        return self.states[f"{sensor}.state.{state}"]

    def _word(self, name: str) -> Given:
        if name not in _BY_NUMBER:
            return self[name]
        start, count = _BY_NUMBER[name]
        return [self.common[f"{start}{number}"] for number in range(1, count + 1)]

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
        words = {word: self._word(word) for word in dict.fromkeys(_WORD.findall(body))}
        # Of texts, numbers, `None` and what holds them, Python's notation is Jinja's too.
        head = "".join(
            f"{{%- set {key} = {value!r} -%}}\n"
            for key, value in ({"words": words} | given).items()
        )
        return head + body.rstrip("\n")


async def async_texts(hass: HomeAssistant, language: str) -> Texts:
    """Return the texts of a language; what it lacks is English, as everywhere."""
    parts = {
        "common": f"component.{DOMAIN}.common.",
        "entity": f"component.{DOMAIN}.entity.sensor.",
    }
    common, states = [
        {
            key.removeprefix(start): text
            for key, text in (
                await async_get_translations(hass, language, category, {DOMAIN})
            ).items()
        }
        for category, start in parts.items()
    ]
    return Texts(common, states)


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
