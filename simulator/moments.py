"""Moments, durations and calendar months, and how world files spell them.

A moment is an integer of epoch milliseconds (UTC); a duration an integer of milliseconds.
World files never hold a date: they hold offsets from the time of loading, so they do not age.
"""

import calendar
from datetime import UTC, datetime, timedelta, timezone, tzinfo
import re

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS

# In days.
SHORTEST_MONTH = 28
LONGEST_MONTH = 31

# China has one time zone and no summer time, so a fixed offset is exact.
CHINA = timezone(timedelta(hours=8), "China")

# Where most of a region's people live.
_HOME_OFFSETS = {
    "cn": timedelta(hours=8),
    "de": timedelta(hours=1),
    "i2": timedelta(hours=5, minutes=30),
    "ru": timedelta(hours=3),
    "sg": timedelta(hours=8),
    "us": timedelta(hours=-5),
}

_UNITS_MS = {"w": WEEK_MS, "d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS, "s": SECOND_MS}
_DURATION = re.compile(r"(?=\d)(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?")
_PART = re.compile(r"(\d+)([wdhms])")
# Up to the 28th, which every month has.
_DAY_OF_MONTH = re.compile(
    r"day ((?:[1-9]|1\d|2[0-8])(?: or (?:[1-9]|1\d|2[0-8]))*) "
    r"([01]\d|2[0-3]):([0-5]\d) after (\+\S+)"
)


def zone_of(region: str) -> tzinfo:
    """Return the time zone in which a region's billing counts its months.

    China time for the mainland; UTC elsewhere, where app stores do the billing and no source
    names a zone.
    """
    return CHINA if region == "cn" else UTC


def home_offset_ms(region: str) -> int:
    """Return how far a region's people are ahead of UTC in winter; one zone each is enough."""
    return _HOME_OFFSETS[region] // timedelta(milliseconds=1)


def home_zone(region: str) -> tzinfo:
    """Return the time that a region's people go by, in winter."""
    return timezone(_HOME_OFFSETS[region])


def moment(ms: int, zone: tzinfo) -> datetime:
    """Return the moment `ms` (epoch ms) as a date and time in `zone`, exact to the millisecond."""
    seconds, rest = divmod(ms, SECOND_MS)
    return datetime.fromtimestamp(seconds, zone) + timedelta(milliseconds=rest)


def epoch_ms(when: datetime) -> int:
    """Return an aware date and time as epoch ms, without going through a float."""
    return (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def days_in_month(day: datetime) -> int:
    """Return how many days the month of `day` has."""
    return calendar.monthrange(day.year, day.month)[1]


def month_shifted(ms: int, months: int, anchor_day: int, zone: tzinfo) -> int:
    """Move `ms` by calendar months, keeping the time of day in `zone`.

    The day becomes `anchor_day`, or the month's last day where the month is shorter: a term
    that began on 31 January ends on 28 February and the next one on 31 March.
    """
    start = moment(ms, zone)
    year, month_index = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(anchor_day, calendar.monthrange(year, month_index + 1)[1])
    return epoch_ms(start.replace(year=year, month=month_index + 1, day=day))


def parse_duration(text: str) -> int:
    """Read a duration such as `7h`, `30d` or `1d12h30m` into ms.

    Raises:
        ValueError: when the text is not a duration.

    """
    if _DURATION.fullmatch(text) is None:
        reason = f"not a duration such as 7h or 1d12h: {text!r}"
        raise ValueError(reason)
    return sum(int(count) * _UNITS_MS[unit] for count, unit in _PART.findall(text))


def parse_moment(text: str, now_ms: int) -> int:
    """Read a moment relative to `now_ms` into epoch ms.

    Three spellings: `now`; an offset such as `+2d4h` or `-5d`; and the first given day of a
    month, China time, at or after an offset, such as `day 5 02:00 after +10d`, or the first of
    several, such as `day 5 or 20 02:00 after +10d`.

    Raises:
        ValueError: when the text is none of these.

    """
    if text == "now":
        return now_ms
    if text[:1] in {"+", "-"}:
        offset = parse_duration(text[1:])
        return now_ms + (offset if text[0] == "+" else -offset)
    found = _DAY_OF_MONTH.fullmatch(text)
    if found is None:
        reason = f"not a moment such as now, +2d4h, -5d or day 5 02:00 after +10d: {text!r}"
        raise ValueError(reason)
    earliest = parse_moment(found[4], now_ms)
    hour, minute = int(found[2]), int(found[3])
    return min(_first(int(day), hour, minute, earliest) for day in found[1].split(" or "))


def _first(day: int, hour: int, minute: int, earliest_ms: int) -> int:
    """Return that time of the first such day of a month, China time, not before a moment."""
    this_month = moment(earliest_ms, CHINA).replace(
        day=day, hour=hour, minute=minute, second=0, microsecond=0
    )
    at = epoch_ms(this_month)
    return at if at >= earliest_ms else month_shifted(at, 1, day, CHINA)


def spell_duration(ms: int) -> str:
    """Return a duration in the spelling of world files, such as `1d12h`; `0s` for none."""
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, ms = divmod(ms, _UNITS_MS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
