"""What was found, and where a ledger is broken, in words."""

from collections.abc import Iterator

from homeassistant.core import HomeAssistant

from ..ledger import Break, Entry, Verdict
from ..words import translated

# Breaks that are told one by one.
_MOST_PLACES = 10


def finding_title(hass: HomeAssistant, finding: Entry) -> str:
    """Return what was found, e.g. "Renewed twice in one period"."""
    return translated(hass, f"common.finding_{finding.facts['finding']}")


def where_broken(hass: HomeAssistant, verdict: Verdict) -> list[str]:
    """Return where a ledger is broken and how, one sentence a place."""
    places = [*_places(hass, verdict.breaks[:_MOST_PLACES])]
    if more := len(verdict.breaks) - len(places):
        places.append(translated(hass, "common.ledger_break_more", count=more))
    return places


def _places(hass: HomeAssistant, breaks: tuple[Break, ...]) -> Iterator[str]:
    for one in breaks:
        is_one = one.row == one.last_row
        rows = str(one.row) if is_one else f"{one.row}–{one.last_row}"
        key = f"common.ledger_break_{one.kind.value}"
        yield translated(hass, key, line=one.line, rows=rows)


def finding_message(hass: HomeAssistant, finding: Entry) -> str:
    """Return what the rows show of it, in sentences."""
    return translated(hass, f"common.finding_{finding.facts['finding']}_facts")
