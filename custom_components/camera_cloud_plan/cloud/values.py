"""Tolerant readers of values on the wire.

Makers' answers hold numbers as strings, sentinels for dates, missing keys and nulls.
Every reader here takes any JSON value and returns a clean one or `None`: it never
raises, and never turns something unreadable into a value.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
import math
import re
from typing import Final
import unicodedata

TEXT_LIMIT: Final = 255
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}(?:\.0{0,9})?", re.ASCII)
_INT64: Final = 2**63
_MAC: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)
_MAC_SEPARATORS: Final = str.maketrans("", "", ":-. ")
_NO_MAC: Final = frozenset({"0" * 12, "f" * 12})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Cloud cameras are younger than the first, and no plan is sold beyond the second.
_FIRST_MOMENT: Final = datetime(2010, 1, 1, tzinfo=UTC)
_LAST_MOMENT: Final = datetime(2100, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_LONGEST_RETENTION_DAYS: Final = 3650


def as_flag(value: object) -> bool | None:
    """Return a truth value given as true, "true", 1, "1" or their opposites."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        value = value.strip().lower()
        if value in {"true", "false"}:
            return value == "true"
    return {0: False, 1: True}.get(number) if (number := as_int(value)) is not None else None


def as_int(value: object) -> int | None:
    """Return a whole number given as a number or a string; a truth value is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        if not math.isfinite(value) or not value.is_integer():
            return None
        value = int(value)
    elif isinstance(value, str):
        if not _INTEGER.fullmatch(value := value.strip()):
            return None
        value = int(value.partition(".")[0])
    if not isinstance(value, int) or not -_INT64 <= value < _INT64:
        return None
    return value


def as_count(value: object) -> int | None:
    """Return a whole number that is not negative."""
    number = as_int(value)
    return number if number is not None and number >= 0 else None


def as_moment(value: object) -> datetime | None:
    """Return the UTC moment of epoch milliseconds.

    Sentinels (0, -1, -2), seconds taken for milliseconds and absurd years are `None`.
    """
    milliseconds = as_int(value)
    if milliseconds is None:
        return None
    try:
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
    return moment if _FIRST_MOMENT <= moment <= _LAST_MOMENT else None


def as_days(value: object) -> int | None:
    """Return the whole days in a span of milliseconds; less than one, or absurd, is `None`."""
    milliseconds = as_count(value)
    if milliseconds is None:
        return None
    days = milliseconds // (_DAY // timedelta(milliseconds=1))
    return days if 1 <= days <= _LONGEST_RETENTION_DAYS else None


def as_text(value: object, limit: int = TEXT_LIMIT) -> str | None:
    """Return a text in one line, at most `limit` characters long; an empty one is `None`.

    Control characters and lone surrogates, which no file and no page takes, become blanks.
    """
    if not isinstance(value, str):
        return None
    # Bounded before it is looked at: an answer may hold a text of megabytes.
    text = value[: 4 * limit]
    if not text.isprintable():  # which is quick, and true of nearly all
        text = "".join(
            " " if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} else character
            for character in text
        )
    return " ".join(text.split())[:limit].rstrip() or None


def as_id(value: object) -> str | None:
    """Return an identifier given as a text or a whole number."""
    if isinstance(value, str):
        return as_text(value)
    number = as_int(value)
    return None if number is None else str(number)


def as_opaque(value: object, limit: int = 1024) -> str | None:
    """Return a maker's own text to be passed back exactly as it came; a whole number as one.

    One that is empty, too long or not printable could not be, and is `None`.
    """
    if not isinstance(value, str):
        number = as_int(value)
        return None if number is None else str(number)
    return value if value and len(value) <= limit and value.isprintable() else None


def as_mac(value: object) -> str | None:
    """Return a MAC address as `aa:bb:cc:dd:ee:ff`; one of zeros or ones only is `None`."""
    if not isinstance(value, str):
        return None
    digits = value[:32].lower().translate(_MAC_SEPARATORS)
    if not _MAC.fullmatch(digits) or digits in _NO_MAC:
        return None
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))


def as_object(value: object) -> Mapping[str, object]:
    """Return a JSON object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return a JSON list; anything else is an empty one."""
    return value if isinstance(value, list) else []


def first_given(data: Mapping[str, object], names: Iterable[str]) -> object:
    """Return the first value that is given (not null) under one of several names."""
    return next((value for name in names if (value := data.get(name)) is not None), None)
