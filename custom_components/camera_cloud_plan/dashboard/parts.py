"""What a dashboard is put together from: Home Assistant's own cards, badges and conditions."""

from collections.abc import Iterable, Sequence
from typing import Any

type Card = dict[str, Any]


def view(path: str, title: str, icon: str, columns: int, sections: Iterable[Card]) -> Card:
    """Return a page of sections, at most so many columns wide."""
    return {
        "type": "sections",
        "title": title,
        "path": path,
        "icon": icon,
        "max_columns": columns,
        "sections": [*sections],
    }


def section(*cards: Card, columns: int = 1) -> Card:
    """Return cards that belong together, so many columns wide."""
    return {"type": "grid", "cards": [*cards]} | ({"column_span": columns} if columns > 1 else {})


def heading(text: str, *badges: Card, icon: str | None = None) -> Card:
    """Return a heading with its badges."""
    card: Card = {"type": "heading", "heading": text} | ({"icon": icon} if icon else {})
    return card | ({"badges": [*badges]} if badges else {}) | grid()


def grid(rows: int | None = None) -> Card:
    """Return the place of a card that takes the whole width, and so many rows."""
    return {"grid_options": {"columns": "full"} | ({"rows": rows} if rows else {})}


def text(content: str) -> Card:
    """Return words without a frame, over the whole width."""
    return {"type": "markdown", "content": content, "text_only": True} | grid()


def button(icon: str, words: str = "") -> Card:
    """Return a badge to press."""
    return {"type": "button", "icon": icon} | ({"text": words} if words else {})


def goes_to(path: str) -> Card:
    """Return what a tap does that leads somewhere else."""
    return {"tap_action": {"action": "navigate", "navigation_path": path}}


def performs(action: str, **target: Sequence[str]) -> Card:
    """Return what a tap does that performs an action."""
    return {
        "tap_action": {
            "action": "perform-action",
            "perform_action": action,
            "target": {key: [*value] for key, value in target.items()},
        }
    }


def shown_if(*conditions: Card) -> Card:
    """Return when a card is there; without a condition, always."""
    return {"visibility": [*conditions]} if conditions else {}


def state_is(entity: str, *states: str) -> Card:
    """Return that an entity is in one of these states."""
    return {"condition": "state", "entity": entity, "state": [*states]}


def state_is_not(entity: str, *states: str) -> Card:
    """Return that an entity is in none of these states."""
    return {"condition": "state", "entity": entity, "state_not": [*states]}


def screen(media_query: str) -> Card:
    """Return that a screen is of this kind."""
    return {"condition": "screen", "media_query": media_query}


def any_of(conditions: Iterable[Card]) -> Card:
    """Return that one of these conditions holds."""
    return {"condition": "or", "conditions": [*conditions]}
