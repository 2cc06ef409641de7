"""Whatever people call a camera, its files have names that every system takes."""

from datetime import UTC, datetime, timedelta
import re
import unicodedata
from zoneinfo import ZoneInfo

from hypothesis import example, given, strategies as st
import pytest

from custom_components.camera_cloud_plan.export.names import (
    camera_folder_name,
    clip_stem,
    day_name,
    is_day_name,
)

NASTY = st.text(
    st.sampled_from([*'/\\:*?"<>|. ~\0\x1b\x7f\u202e\u200f\u200d\ufeff\U0001f4f7\u0301e门'])
)
NAMES = st.one_of(st.text(), NASTY, st.text(st.characters(categories=["Cs", "Co", "Cf", "Zs"])))
MOMENTS = st.integers(1_420_070_400, 2_840_140_800).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
# Zones of whole and half hours, on both sides of UTC, with and without a repeated hour.
ZONES = st.sampled_from(
    [
        ZoneInfo(key)
        for key in (
            "Europe/Berlin",
            "America/New_York",
            "Asia/Shanghai",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "Atlantic/Azores",
        )
    ]
)


def holds_everywhere(name: str) -> None:
    """Fail unless Windows, exFAT, SMB servers and Linux all take a name as it is."""
    assert name
    assert name not in {".", ".."}
    assert not name.startswith((".", " "))  # hidden, and cut off by some
    assert not name.endswith((".", " "))  # cut off by Windows
    assert not set(name) & set('<>:"/\\|?*\0')
    assert all(unicodedata.category(each)[0] != "C" for each in name)
    assert not any(unicodedata.category(each) in {"Zl", "Zp"} for each in name)
    assert len(name.encode()) < 240
    assert len(name.encode("utf-16-le")) // 2 < 240
    assert unicodedata.is_normalized("NFC", name)
    assert not re.fullmatch(
        r"(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9¹²³])",
        name.split(".", maxsplit=1)[0].strip().lower(),
    )


@given(NAMES)
@example("CON")
@example("com1.door")
@example("nul .txt")
@example("..")
@example("../../etc/passwd")
@example("\ud800")
@example("门" * 200)
@example("📷" * 200)
@example("A" * 149 + "门")
@example("x" + "\u0301" * 300)
def test_a_camera_has_a_folder_everywhere(name: str) -> None:
    folder = camera_folder_name(name)
    holds_everywhere(folder)
    assert camera_folder_name(folder) == folder
    assert len(folder.encode()) <= 150


@given(NAMES, MOMENTS, ZONES)
def test_a_clip_has_a_name_everywhere(name: str, moment: datetime, zone: ZoneInfo) -> None:
    stem = clip_stem(camera_folder_name(name), moment, zone)
    for suffix in (".mp4", " part 100 (10000).webp"):
        holds_everywhere(stem + suffix)
    assert is_day_name(day_name(moment, zone))


@given(MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(hours=30)), ZONES)
@example(
    datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), timedelta(seconds=1), ZoneInfo("Europe/Berlin")
)
@example(
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC), timedelta(minutes=40), ZoneInfo("Europe/Berlin")
)
def test_clips_sort_by_their_moments(moment: datetime, later: timedelta, zone: ZoneInfo) -> None:
    moment = moment.replace(microsecond=0)
    later = timedelta(seconds=later // timedelta(seconds=1))
    assert clip_stem("Door", moment, zone) < clip_stem("Door", moment + later, zone)


@pytest.mark.parametrize(
    ("moment", "stem"),
    [
        ("2026-07-01T10:00:00+00:00", "Door 2026-07-01 12-00-00"),
        ("2026-10-25T00:30:00+00:00", "Door 2026-10-25 02-30-00"),
        ("2026-10-25T01:30:00+00:00", "Door 2026-10-25 02UTC+0100-30-00"),
        ("2026-10-25T02:30:00+00:00", "Door 2026-10-25 03-30-00"),
    ],
)
def test_the_repeated_hour_is_told_apart(moment: str, stem: str) -> None:
    assert clip_stem("Door", datetime.fromisoformat(moment), ZoneInfo("Europe/Berlin")) == stem


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Front door", "Front door"),
        ("大门", "大门"),
        ("Caf\u0065\u0301", "Café"),
        ("a/b\\c", "a b c"),
        ("..hidden.. ", "hidden"),
        ("  ", "Camera"),
        ("NUL", "_NUL"),
        ("abc\u202egpj.exe", "abcgpj.exe"),
    ],
)
def test_names_stay_as_alike_as_they_can(name: str, folder: str) -> None:
    assert camera_folder_name(name) == folder
