"""What was found, and where a ledger is broken, in words."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
import re
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..ledger import Break, Entry, Json, LedgerError, Verdict
from ..plan import Money
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
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


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
        if name in _TOLD and (said := _said(hass, fact))
    ]
    sentence = translated(hass, f"common.finding_{facts['finding']}_message")
    return "\n\n".join((sentence, "\n".join(lines))) if lines else sentence


def is_about_money(finding: Entry) -> bool:
    """Return whether money may have been taken, that could be asked back."""
    return finding.facts.get("finding") in _MONEY


def _said(hass: HomeAssistant, fact: Json) -> str | None:
    """Return a fact as people read it; `None` for what only a program reads."""
    match fact:
        case {"amount": amount, "currency": currency}:
            return amount_words(Money(amount=Decimal(str(amount)), currency=str(currency)))
        case str() if _MOMENT.match(fact):
            return spoken(hass, datetime.fromisoformat(fact))
        case str() if _DAY.fullmatch(fact):
            return spoken_date(hass, date.fromisoformat(fact))
        case str():
            return fact
        case int() if not isinstance(fact, bool):
            return str(fact)
        case _:
            return None


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
