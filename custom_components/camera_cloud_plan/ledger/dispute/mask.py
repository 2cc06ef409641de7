"""What tells a person or a device, taken out of what is shown unless it was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
import re
from typing import Any, Final

# Seven digits or more, also in groups as telephone and card numbers are written.
_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z_.])\+?\(?\d(?:[ ()/-]{0,2}\d){6,}(?![0-9A-Za-z_])")
# In groups between points, too, which days and amounts of money also have.
_DOTTED: Final = re.compile(r"(?<![0-9A-Za-z_.])\+?\d{1,4}(?:\.\d{2,4}){2,}(?![0-9A-Za-z_.])")
_AMOUNT: Final = re.compile(r"\d{1,3}(?:\.\d{3})+")
_DAY: Final = re.compile(r"\d{4}[-/ .]\d{1,2}[-/ .]\d{1,2}|\d{1,2}[-/ .]\d{1,2}[-/ .]\d{4}")
_IP: Final = re.compile(r"(?<![0-9A-Za-z_.])\d{1,3}(?:\.\d{1,3}){3}(?![0-9A-Za-z_.])")
_MAC: Final = re.compile(r"\b(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}\b")
# Looked for from the begin of a word only, as a long one takes for ever otherwise.
_MAIL: Final = re.compile(r"(?<![^\s@<>])[^\s@<>]+@[^\s@<>]+\.\w+")
# A digest tells nobody.
_DIGEST: Final = re.compile(r"[0-9a-f]{12}|[0-9a-f]{64}", re.ASCII)
_KEPT: Final = 2
_DOTS: Final = "•••"
# Facts whose text names an account, and those that tell what kind of device it is.
_OF_THE_ACCOUNT: Final = frozenset({"account"})
_OF_ITS_KIND: Final = frozenset({"firmware", "model"})


class Include(StrEnum):
    """What tells a person or a device, and is in the file only if it is asked for."""

    ACCOUNT = "account"
    DEVICE_ID = "device_id"
    MAC = "mac"
    NUMBERS = "numbers"


def shortened(text: str) -> str:
    """Return all but the last characters of an id as dots, e.g. "•••01"."""
    return f"{_DOTS}{text[-_KEPT:]}" if len(text) > 2 * _KEPT else _DOTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """What is taken out: all that is not included.

    `own_id` is the maker's id of the camera that the file is about, `ids` those of the others
    of its account, which are never shown.
    """

    include: frozenset[Include] = frozenset()
    own_id: str = ""
    ids: frozenset[str] = frozenset()
    _hidden: Sequence[tuple[str, str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find the ids that are not shown, those first that others are a part of."""
        hidden = self.ids | ({self.own_id} if self.own_id else frozenset())
        if Include.DEVICE_ID in self.include:
            hidden -= {self.own_id}
        pairs = [(own, shortened(own)) for own in sorted(hidden, key=len, reverse=True)]
        object.__setattr__(self, "_hidden", pairs)

    def text(self, text: str) -> str:
        """Return a text without what is not included."""
        for own, short in self._hidden:
            text = text.replace(own, short)
        if Include.MAC not in self.include:
            text = _MAC.sub(_DOTS, text)
        if Include.NUMBERS not in self.include:
            text = _MAIL.sub(_DOTS, text)
            text = _NUMBER.sub(self._number, _IP.sub(_DOTS, text))
            text = _DOTTED.sub(self._number, text)
        return text

    def fact(self, name: str, value: Any) -> Any:
        """Return a fact of a row without what is not included."""
        match value:
            case str() if name in _OF_THE_ACCOUNT and Include.ACCOUNT not in self.include:
                return _DOTS
            case str() if name in _OF_ITS_KIND or _is_moment(value) or _DIGEST.fullmatch(value):
                return value
            case str():
                return self.text(value)
            case Mapping():
                return {key: self.fact(key, of) for key, of in value.items()}
            case list() | tuple():
                return [self.fact(name, of) for of in value]
        return value

    def _number(self, found: re.Match[str]) -> str:
        number = found.group()
        if (
            _DAY.fullmatch(number)
            or _AMOUNT.fullmatch(number)
            or (number == self.own_id and Include.DEVICE_ID in self.include)
        ):
            return number
        return shortened(number)


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return not text.isdigit()
