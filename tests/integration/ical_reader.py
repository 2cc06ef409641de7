"""A public reader of calendar files, made to say what is in one.

Run by an interpreter that has it (`requirements/oracle.in`), never imported by the tests. It reads
a file from standard input, parsed strictly, and writes its name and events to standard output, as
JSON.
"""

from datetime import date
import json
import sys
from typing import Any

# Only in the environment of the one who runs this.
from icalendar import Calendar  # type: ignore[import-untyped]  # see above


def main() -> None:
    """Read, and say what was found."""
    calendar = Calendar.from_ical(sys.stdin.buffer.read())
    assert not calendar.errors
    found = {"name": str(calendar["X-WR-CALNAME"]), "events": list(map(said, calendar.events))}
    sys.stdout.write(json.dumps(found))


def said(event: Any) -> dict[str, Any]:
    """Return one event; its errors are ours."""
    assert not event.errors
    return {
        "uid": str(event["UID"]),
        "stamp": moment(event.DTSTAMP),
        "begins": moment(event.start),
        "ends": moment(event.end) if "DTEND" in event else None,
        "summary": str(event["SUMMARY"]),
        "description": str(event.get("DESCRIPTION", "")),
    }


def moment(when: date) -> str:
    """Return a day or a moment in text."""
    return when.isoformat()


main()
