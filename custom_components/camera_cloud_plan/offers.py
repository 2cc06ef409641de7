"""Which entities make sense for an account, by what its provider declares."""

from collections.abc import Iterable, Mapping
from typing import Final

from homeassistant.helpers.entity import EntityDescription

from .cloud.provider import PlanProvider, Readable

# By an entity's key: what has to be readable for it to have a value.
_NEEDS: Final[Mapping[str, Readable]] = {
    "retention": Readable.RETENTION,
    "storage_used": Readable.STORAGE_USED,
    "upload": Readable.UPLOAD,
    "recordings_at_risk": Readable.RECORDINGS,
    "last_export": Readable.RECORDINGS,
    "export": Readable.RECORDINGS,
    "stop_export": Readable.RECORDINGS,
}
# What is only there where somebody is asked.
_ASKED: Final = frozenset({"check_now", "last_checked"})


def offered[D: EntityDescription](provider: PlanProvider, descriptions: Iterable[D]) -> list[D]:
    """Return those of these descriptions whose entities a provider can give a value to."""
    can = provider.capabilities
    return [
        description
        for description in descriptions
        if (needed := _NEEDS.get(description.key)) is None or needed in can.readable
        if can.asks or description.key not in _ASKED
    ]
