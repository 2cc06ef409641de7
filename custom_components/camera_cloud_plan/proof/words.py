"""What was found, and where a ledger is broken, in words."""

from collections.abc import Iterator, Mapping
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..ledger import Break, Entry, Json, LedgerError, Verdict
from ..ledger.dispute.told import moment_of
from ..ledger.findings.history import money
from ..plan.written import day_of
from ..words import amount as amount_words, spoken, spoken_date, translated

# Breaks that are told one by one.
_MOST_PLACES: Final = 10

# Facts of findings that people are told, as the dispute file calls them.
_TOLD: Final = frozenset(
    {
        *("old_end", "new_end", "ends_at", "from", "to", "on", "plan"),
        *("old", "new", "price", "money", "count", "order"),
    }
)
_MONEY: Final = frozenset(
    {
        "renewed_after_cancelling",
        "two_renewals",
        "amount_changed",
        "trial_turned_paid",
        "plan_without_camera",
        "month_without_recordings",
        "charge_without_renewal",
        "two_charges",
    }
)
# Names that the maker gives, whatever they look like.
_GIVEN: Final = frozenset({"plan", "order"})


def finding_title(hass: HomeAssistant, finding: Entry) -> str:
    """Return what was found, e.g. "Renewed twice in one period"."""
    return title_of(hass, finding.facts)


def finding_message(hass: HomeAssistant, finding: Entry) -> str:
    """Return what the rows show of it: a sentence, and each fact on a line of its own."""
    return message_of(hass, finding.facts)


def title_of(hass: HomeAssistant, facts: Mapping[str, Json]) -> str:
    """Return what was found, by the facts of its row."""
    return translated(hass, f"common.finding_{facts['finding']}")


def message_of(hass: HomeAssistant, facts: Mapping[str, Json]) -> str:
    """Return what is known of what was found, by the facts of its row."""
    lines = [
        f"- {translated(hass, f'common.dispute_fact_{name}')}: {said}"
        for name, fact in facts.items()
        if name in _TOLD and (said := _said(hass, name, fact))
    ]
    sentence = translated(hass, f"common.finding_{facts['finding']}_message")
    return "\n\n".join((sentence, "\n".join(lines))) if lines else sentence


def is_about_money(finding: Entry) -> bool:
    """Return whether money may have been taken, that could be asked back."""
    return finding.facts.get("finding") in _MONEY


def _said(hass: HomeAssistant, name: str, fact: Json) -> str | None:
    """Return a fact as people read it; `None` for what only a program reads."""
    if amount := money(fact):
        return amount_words(amount)
    match fact:
        case str() if name not in _GIVEN:
            return _text(hass, fact)
        case bool():
            return None
        case str() | int():
            return str(fact)
    return None


def _text(hass: HomeAssistant, fact: str) -> str:
    if moment := moment_of(fact):
        return spoken(hass, moment)
    day = day_of(fact)
    return spoken_date(hass, day) if day else fact


def not_read(hass: HomeAssistant, err: LedgerError) -> HomeAssistantError:
    """Return the error that says why a ledger could not be read, and what helps."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="ledger_not_read",
        translation_placeholders={"why": translated(hass, f"common.ledger_trouble_{err.why}")},
    )


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
