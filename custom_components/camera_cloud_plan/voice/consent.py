"""What assistants may see of an account, by Home Assistant's own means and its owner's word.

Home Assistant itself shows none of these entities to an assistant, and writes that down as soon
as one has a state. That is no decision of anybody, so it gives way to the owner's word, whenever
that comes. What people chose by hand is never changed: whatever differs from what is kept here
with an entity is theirs from then on.
"""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.homeassistant.const import DATA_EXPOSED_ENTITIES
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import CONF_VOICE_ANSWERS, DOMAIN

# Home Assistant's own assistant; those of others are left to people.
ASSISTANT: Final = "conversation"
# What questions are about; never the switch: by its own sentence one would hear a lie.
_ASKED_ABOUT: Final = (
    "_cancellation",
    "_charges",
    "_days_remaining",
    "_next_charge",
    "_plan_status",
    "_renewing_plans",
)
_EXPOSED: Final = "should_expose"
# What is kept with an entity: whether we show it, and whether somebody chose by hand.
_SHOWN: Final = "shown_to_voice"
_BY_HAND: Final = "shown_by_hand"


@callback
def async_expose_entities(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Show an account's entities to Home Assistant's assistant, or no more, as its owner said.

    Where the owner was never asked, nothing is done but to note what people choose.
    """
    if DATA_EXPOSED_ENTITIES not in hass.data:
        return
    consent = _Consent(hass, entry)
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        consent.async_follow(entity)
    entry.async_on_unload(
        hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, consent.async_on_registry)
    )


class _Consent:
    """Follows what the owner of one account said, and what people choose for its entities."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        self._hass = hass
        self._registry = er.async_get(hass)
        self._entry_id = entry.entry_id
        self._answers: bool | None = entry.options.get(CONF_VOICE_ANSWERS)
        self._is_writing = False

    @callback
    def async_on_registry(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Follow for an entity that is new, or that somebody chose otherwise for."""
        data = event.data
        if data["action"] == "remove" or self._is_writing:
            return
        if data["action"] == "update" and "options" not in data["changes"]:
            return
        entity = self._registry.async_get(data["entity_id"])
        if entity and entity.config_entry_id == self._entry_id:
            self.async_follow(entity)

    @callback
    def async_follow(self, entity: er.RegistryEntry) -> None:
        """Have an entity shown or not as the owner said, unless somebody chose by hand."""
        by_hand = _option(entity, DOMAIN, _BY_HAND)
        if by_hand or not entity.unique_id.endswith(_ASKED_ABOUT):
            return
        exposed = _option(entity, ASSISTANT, _EXPOSED)
        is_ours = bool(_option(entity, DOMAIN, _SHOWN))
        self._is_writing = True
        if exposed is not None and exposed != is_ours:
            self._keep(entity, {_BY_HAND: True})
        elif self._answers is not None and self._answers != is_ours:
            async_expose_entity(self._hass, ASSISTANT, entity.entity_id, self._answers)
            self._keep(entity, {_SHOWN: self._answers})
        self._is_writing = False

    def _keep(self, entity: er.RegistryEntry, kept: Mapping[str, Any]) -> None:
        self._registry.async_update_entity_options(entity.entity_id, DOMAIN, kept)


def _option(entity: er.RegistryEntry, whose: str, name: str) -> bool | None:
    options: Mapping[str, Any] = entity.options.get(whose) or {}
    value: bool | None = options.get(name)
    return value
