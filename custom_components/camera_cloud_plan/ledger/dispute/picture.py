"""A small picture of when a camera could not be reached, as SVG to stand inside a page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from html import escape
from typing import Final

_WIDTH: Final = 720
_TOP, _HIGH, _LABELS = 4, 22, 40
# A span of an hour in a year is still to be seen.
_LEAST: Final = 1.5
_HATCHED: Final = (
    '<defs><pattern id="unread" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="2" height="5" fill="#888"/></pattern></defs>'
)
_MOST_TICKS: Final = 8
_STEPS: Final = (1, 2, 7, 14, 30, 61, 91, 182, 365, 730)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of time (UTC); `ends` is `None` where it still lasts."""

    begins: datetime
    ends: datetime | None

    def within(self, first: datetime, last: datetime) -> tuple[datetime, datetime] | None:
        """Return the part of it that lies in a span; `None` where none does."""
        begins, ends = max(self.begins, first), min(self.ends or last, last)
        return (begins, ends) if begins < ends else None


def picture(
    offline: Iterable[Stretch],
    unread: Iterable[Stretch],
    span: tuple[datetime, datetime],
    zone: tzinfo,
    title: str,
) -> str:
    """Return a bar from the begin to the end of a span (UTC), with ticks at midnights.

    Dark is where the camera was offline, hatched where nobody looked.
    """
    first, last = span
    whole = max((last - first).total_seconds(), 1.0)

    def at(moment: datetime) -> float:
        return round(_WIDTH * (moment - first).total_seconds() / whole, 1)

    lines = [
        f'<svg viewBox="-2 0 {_WIDTH + 4} {_LABELS + 6}" role="img" class="bar">',
        f"<title>{escape(title)}</title>",
        _HATCHED,
        f'<rect x="0" y="{_TOP}" width="{_WIDTH}" height="{_HIGH}" fill="#e6eee6" stroke="#666"/>',
    ]
    for stretches, fill in ((unread, "url(#unread)"), (offline, "#8a1f1f")):
        parts = sorted(part for of in stretches if (part := of.within(first, last)))
        for begins, ends in _joined((at(begins), at(ends)) for begins, ends in parts):
            lines.append(
                f'<rect x="{begins}" y="{_TOP}" width="{round(ends - begins, 1)}" '
                f'height="{_HIGH}" fill="{fill}"/>'
            )
    for moment in _ticks(first, last, zone):
        x = at(moment)
        lines.append(
            f'<path d="M{x} {_TOP + _HIGH}v5" stroke="#666"/>'
            f'<text x="{x}" y="{_LABELS}" font-size="11" text-anchor="middle">'
            f"{moment.astimezone(zone):%Y-%m-%d}</text>"
        )
    lines.append("</svg>")
    return "".join(lines)


def _joined(parts: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return parts of the bar, none too small to be seen; those that touch as one."""
    joined: list[tuple[float, float]] = []
    for begins, ends in parts:
        if joined and begins <= joined[-1][1]:
            begun, so_far = joined.pop()
            joined.append((begun, max(so_far, ends)))
        else:
            joined.append((begins, max(ends, begins + _LEAST)))
    return joined


def _ticks(first: datetime, last: datetime, zone: tzinfo) -> Iterator[datetime]:
    days = max((last - first) / timedelta(days=1), 1)
    step = next((step for step in _STEPS if days / step < _MOST_TICKS), _STEPS[-1])
    day = first.astimezone(zone).date() + timedelta(days=1)
    # No label hangs over the edges.
    margin = (last - first) / 14
    while True:
        tick = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        if tick > last - margin:
            return
        if tick >= first + margin:
            yield tick
        day += timedelta(days=step)
