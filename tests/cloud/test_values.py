"""Odd values on the wire: read to nothing, never to something else, and never an error."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import json
import math

from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.cloud import values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
# What each reader may return besides nothing.
_READERS: list[tuple[Callable[[object], object], type]] = [
    (values.as_flag, bool),
    (values.as_int, int),
    (values.as_count, int),
    (values.as_moment, datetime),
    (values.as_days, int),
    (values.as_text, str),
    (values.as_id, str),
    (values.as_opaque, str),
    (values.as_mac, str),
    (values.as_object, dict),
    (values.as_list, list),
]


def _odd(*values_: object) -> list[tuple[object, None]]:
    """Return cases of values that are read to nothing."""
    return [(value, None) for value in values_]


@given(JSON)
def test_no_value_makes_a_reader_raise_or_return_another_type(value: object) -> None:
    for read, kind in _READERS:
        result = read(value)
        assert result is None or type(result) is kind


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, True),
        (1, True),
        (1.0, True),
        ("1", True),
        ("true", True),
        (" True ", True),
        (False, False),
        (0, False),
        ("0", False),
        ("FALSE", False),
        *_odd(None, 2, -1, "", "yes", "on", [], {}, [True], math.nan, "1.5"),
    ],
)
def test_flag(value: object, flag: bool | None) -> None:
    assert values.as_flag(value) is flag


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        ("7", 7),
        (" -7 ", -7),
        ("+7", 7),
        (7.0, 7),
        ("7.0", 7),
        ("7.", 7),
        (-(2**63), -(2**63)),
        *_odd(
            True,
            7.5,
            "7.5",
            "7e3",
            "0x7",
            "٧",
            "",
            None,
            [],
            math.inf,
            math.nan,
            2**63,
            1e300,
            "9" * 5000,
        ),
    ],
)
def test_int(value: object, number: int | None) -> None:
    assert values.as_int(value) == number


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_int_reads_what_it_was_written_from(number: int) -> None:
    assert values.as_int(number) == values.as_int(str(number)) == number


def test_count_is_not_negative() -> None:
    assert values.as_count("0") == 0
    assert values.as_count(-1) is None


_MOMENT = datetime(2026, 11, 24, 8, 30, 15, 250_000, tzinfo=UTC)
_MOMENT_MS = 1_795_509_015_250


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (_MOMENT_MS, _MOMENT),
        (str(_MOMENT_MS), _MOMENT),
        (float(_MOMENT_MS), _MOMENT),
        *_odd(
            0,
            -1,
            -2,
            None,
            True,
            "",
            "2026-11-24",
            _MOMENT_MS // 1000,  # seconds
            _MOMENT_MS * 1000,  # microseconds
            2**62,
            -(2**62),
            math.nan,
        ),
    ],
)
def test_moment(value: object, moment: datetime | None) -> None:
    assert values.as_moment(value) == moment


@given(JSON)
def test_a_moment_is_always_in_living_memory(value: object) -> None:
    moment = values.as_moment(value)
    assert moment is None or (moment.utcoffset() == timedelta(0) and 2010 <= moment.year <= 2100)


@pytest.mark.parametrize(
    ("value", "days"),
    [
        (604_800_000, 7),
        ("2592000000", 30),
        (604_800_000 + 80_000_000, 7),
        *_odd(0, -1, 7, 86_399_999, None, "7 days", 2**62),
    ],
)
def test_days(value: object, days: int | None) -> None:
    assert values.as_days(value) == days


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  Front \n\t door ", "Front door"),
        ("门口", "门口"),
        ("a\x00b\x1bc\ud800d\u2028e", "a b c d e"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        *_odd(None, "", " \n", 7, True, [], ["a"], {}, "\ud800"),
    ],
)
def test_text(value: object, text: str | None) -> None:
    assert values.as_text(value) == text


@given(JSON, st.integers(min_value=1, max_value=40))
def test_a_text_can_be_kept_anywhere(value: object, limit: int) -> None:
    text = values.as_text(value, limit)
    if text is not None:
        assert 1 <= len(text) <= limit
        assert text == text.strip()
        assert json.loads(json.dumps(text).encode()) == text
        assert text.encode().decode() == text


@pytest.mark.parametrize(
    ("value", "identifier"),
    [("105", "105"), (105, "105"), (" a.b ", "a.b"), (True, None), (None, None), (1.5, None)],
)
def test_id(value: object, identifier: str | None) -> None:
    assert values.as_id(value) == identifier


@pytest.mark.parametrize(
    ("value", "mac"),
    [
        ("02:E5:00:00:00:01", "02:e5:00:00:00:01"),
        ("02-e5-00-00-00-01", "02:e5:00:00:00:01"),
        ("02E500000001", "02:e5:00:00:00:01"),
        *_odd(
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "02:e5:00:00:00",
            "02:e5:00:00:00:zz",
            "",
            None,
            2,
            ["02:E5:00:00:00:01"],
        ),
    ],
)
def test_mac(value: object, mac: str | None) -> None:
    assert values.as_mac(value) == mac


def test_first_given_passes_over_nulls() -> None:
    data = {"a": None, "b": False, "c": 1}
    assert values.first_given(data, ("x", "a", "b", "c")) is False
    assert values.first_given(data, ("x", "a")) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("eyJhIjoxfQ==", "eyJhIjoxfQ=="),
        (" as  it is ", " as  it is "),
        (100000000000000001, "100000000000000001"),
        ("x" * 1024, "x" * 1024),
        *_odd("", None, "x" * 1025, "a\nb", "\0", 1.5, True, [], {}),
    ],
)
def test_what_is_passed_back_stays_as_it_came(value: object, text: str | None) -> None:
    assert values.as_opaque(value) == text
