"""Events as iCalendar text (RFC 5545), for any other calendar.

Written here rather than with the `ical` library: Home Assistant's own integrations pin that
one, and a second pin of it would fight theirs. A file of plain events needs few of the rules.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
import re
from typing import Final

_PRODUCT: Final = "-//Camera Cloud Plan//Plan charges//EN"
# Octets of a line without its end (RFC 5545, 3.1).
_LINE: Final = 75
# What text may not hold (RFC 5545, 3.3.11): control characters other than tab and line end.
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class IcalEvent:
    """One event: days, the last one not included, or moments with a zone.

    One that ends when it begins is a moment.
    """

    uid: str
    begins: date
    ends: date
    summary: str
    description: str


def calendar_text(events: Iterable[IcalEvent], name: str, now: datetime) -> str:
    """Return a calendar of events as the text of a file; `now` is when it is made.

    No event blocks its time, and none rings: who imports it chooses that.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{_PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
    ]
    for event in events:
        lines += _event_lines(event, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event_lines(event: IcalEvent, now: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(event.uid)}"
    yield f"DTSTAMP{_when(now)}"
    yield f"DTSTART{_when(event.begins)}"
    # An end at the beginning is not allowed, and without one an event is a moment (3.6.1).
    if event.ends > event.begins:
        yield f"DTEND{_when(event.ends)}"
    yield f"SUMMARY:{_text(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{_text(event.description)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _when(moment: date) -> str:
    """Return the rest of a property that says when: a day, or a moment in UTC."""
    if isinstance(moment, datetime):
        return f":{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f";VALUE=DATE:{moment:%Y%m%d}"


def _text(value: str) -> str:
    """Return text with what has a meaning of its own escaped (3.3.11)."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = _FORBIDDEN.sub("", value)
    for special in ("\\", ";", ","):
        value = value.replace(special, f"\\{special}")
    return value.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Return a line folded to as many octets as are allowed, no character cut in two."""
    folded: list[str] = []
    part, size = "", 0
    for character in line:
        octets = len(character.encode())
        # A line that goes on begins with a space, which counts.
        if size + octets > _LINE - bool(folded):
            folded.append(part)
            part, size = "", 0
        part += character
        size += octets
    return "\r\n ".join((*folded, part))
