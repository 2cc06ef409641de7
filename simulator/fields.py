"""Checked reading of JSON objects: every mistake is a `WorldError` that names its place."""

from collections.abc import Callable, Mapping
import re

from simulator.errors import WorldError
from simulator.moments import parse_duration, parse_moment
from simulator.names import Names
from simulator.plans import (
    CHANNELS,
    AtEnd,
    Channel,
    ChargeRule,
    FixedDay,
    HoursBefore,
    Period,
)
from simulator.recordings import Size

type Convert[T] = Callable[[object], T]

_PERIOD = re.compile(r"([1-9]\d*) (month|day)s?")
_SIZE = re.compile(r"(\d{2,4})x(\d{2,4})")
_LOWEST, _WIDEST = 64, 2560
_PRICE = re.compile(r"(\d+)\.(\d{2}) ([A-Z]{3})")
_HOURS_BEFORE = re.compile(r"([1-9]\d*)h before end")
# Up to the 27th: a later day may fall behind the end of a term that a short month cut.
_FIXED_DAY = re.compile(r"day ([1-9]|1\d|2[0-7]) ([01]\d|2[0-3]):00-([01]\d|2[0-4]):00")


class Fields:
    """The fields of one JSON object, read one by one; `finish` refuses those nobody read."""

    def __init__(self, value: object, place: str) -> None:
        """Take a JSON object.

        Raises:
            WorldError: when `value` is no object.

        """
        if not isinstance(value, Mapping):
            raise WorldError(place, "an object is needed here")
        self._left = dict(value)
        self.place = place

    def __contains__(self, key: str) -> bool:
        """Return whether the field is there and not read yet."""
        return key in self._left

    def read[T](self, key: str, convert: Convert[T], *default: T) -> T:
        """Read a field with `convert`, which raises `ValueError` for what it does not accept.

        Raises:
            WorldError: when the field is refused, or missing without a default.

        """
        if key not in self._left:
            if default:
                return default[0]
            raise WorldError(self.at(key), "missing")
        try:
            return convert(self._left.pop(key))
        except ValueError as err:
            raise WorldError(self.at(key), str(err)) from err

    def switch(self, key: str, *, default: bool) -> bool:
        """Read a field that is true or false.

        Raises:
            WorldError: when it is something else.

        """
        return self.read(key, truth) if key in self else default

    def objects(self, key: str) -> list[Fields]:
        """Read a field that is a list of objects; a missing one is empty.

        Raises:
            WorldError: when it is something else.

        """
        return [
            Fields(value, f"{self.at(key)}[{index}]")
            for index, value in enumerate(self.read(key, items) if key in self else ())
        ]

    def items(self) -> list[tuple[str, object]]:
        """Return the fields that were not read yet."""
        return [(str(key), value) for key, value in self._left.items()]

    def at(self, key: str) -> str:
        """Return the place of a field."""
        return f"{self.place}.{key}" if self.place else key

    def finish(self) -> None:
        """Refuse fields that nobody has read, such as misspelt ones.

        Raises:
            WorldError: when there are any.

        """
        for key in self._left:
            raise WorldError(self.at(str(key)), "unknown field")


def _fail(what: str, value: object) -> ValueError:
    return ValueError(f"{what} is needed here, not {value!r}")


def text(value: object) -> str:
    """Accept a text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise _fail("a text", value)


def truth(value: object) -> bool:
    """Accept true or false."""
    if isinstance(value, bool):
        return value
    raise _fail("true or false", value)


def whole(value: object) -> int:
    """Accept a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _fail("a whole number", value)


def count(value: object) -> int:
    """Accept a whole number that is not negative."""
    if (number := whole(value)) >= 0:
        return number
    raise _fail("a number that is not negative", value)


def items(value: object) -> list[object]:
    """Accept a list."""
    if isinstance(value, list):
        return value
    raise _fail("a list", value)


def mapping(value: object) -> dict[str, object]:
    """Accept an object."""
    if isinstance(value, Mapping):
        return {str(key): inner for key, inner in value.items()}
    raise _fail("an object", value)


def nullable[T](convert: Convert[T]) -> Convert[T | None]:
    """Accept null as well."""
    return lambda value: None if value is None else convert(value)


def one_of(*allowed: str) -> Convert[str]:
    """Accept one of some words."""

    def convert(value: object) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        raise _fail(f"one of {', '.join(allowed)}", value)

    return convert


def one_word[W: str](allowed: tuple[W, ...]) -> Convert[W]:
    """Accept one of some words, and give it as what it is one of."""

    def convert(value: object) -> W:
        for word in allowed:
            if value == word:
                return word
        raise _fail(f"one of {', '.join(allowed)}", value)

    return convert


def several[T](convert: Convert[T]) -> Convert[tuple[T, ...]]:
    """Accept a list of things, each with `convert`."""
    return lambda value: tuple(convert(item) for item in items(value))


def names(value: object) -> Names:
    """Accept a name in each language: `{"en": …, "zh": …}`, and `de` where it differs from `en`."""
    told = mapping(value)
    if told.keys() | {"de"} != {"en", "zh", "de"}:
        raise _fail("a name in en and zh, and perhaps de", value)
    return Names(**{language: text(name) for language, name in told.items()})


def moment_from(now_ms: int) -> Convert[int]:
    """Accept a moment as world files spell it, or as epoch ms; gives epoch ms."""

    def convert(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return parse_moment(text(value), now_ms)

    return convert


def duration(value: object) -> int:
    """Accept a duration such as `7h`; gives ms."""
    return parse_duration(text(value))


def duration_or_never(value: object) -> int | None:
    """Accept a duration such as `7h`, or `never`; gives ms, or none."""
    return None if value == "never" else duration(value)


def size(value: object) -> Size:
    """Accept a picture's size such as `640x360`, both even; gives width and height."""
    found = _SIZE.fullmatch(text(value))
    if found is None:
        raise _fail("a size such as 640x360", value)
    width, height = int(found[1]), int(found[2])
    if width % 2 or height % 2 or not _LOWEST <= height <= width <= _WIDEST:
        raise _fail("a size in even numbers of a picture that can be made", value)
    return width, height


def channel(value: object) -> Channel:
    """Accept the word for a billing party."""
    for known in CHANNELS:
        if value == known:
            return known
    raise _fail(f"one of {', '.join(CHANNELS)}", value)


def period(value: object) -> Period:
    """Accept `1 month`, `12 months` or `30 days`."""
    found = _PERIOD.fullmatch(text(value))
    if found is None:
        raise _fail("a period such as 1 month or 30 days", value)
    number = int(found[1])
    return Period(months=number) if found[2] == "month" else Period(days=number)


def price(value: object) -> tuple[int, str]:
    """Accept `6.00 CNY`; gives the amount in hundredths and the currency."""
    found = _PRICE.fullmatch(text(value))
    if found is None:
        raise _fail("a price such as 6.00 CNY", value)
    return int(found[1]) * 100 + int(found[2]), found[3]


def charge_rule(last_day: int) -> Convert[ChargeRule]:
    """Accept `at end`, `24h before end`, `day 5 00:00-02:00` or `day of end 00:00-02:00`.

    Days are China time; `last_day` of the month is the one on which the plan ends there.
    """

    def convert(value: object) -> ChargeRule:
        spelled = text(value).replace("day of end", f"day {last_day}")
        if spelled == "at end":
            return AtEnd()
        if found := _HOURS_BEFORE.fullmatch(spelled):
            return HoursBefore(int(found[1]))
        if found := _FIXED_DAY.fullmatch(spelled):
            rule = FixedDay(int(found[1]), int(found[2]), int(found[3]))
            if rule.from_hour < rule.to_hour:
                return rule
        raise _fail("at end, 24h before end or day 5 00:00-02:00", value)

    return convert
