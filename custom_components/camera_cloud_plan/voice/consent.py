"""What assistants may see of an account, by Home Assistant's own means and its owner's word.

What people chose by hand is never changed: an entity is shown once, where nobody had decided
on it, and hidden again only where we had shown it. That we did is kept with the entity.
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
    "cancellation",
    "charges",
    "days_remaining",
    "next_charge",
    "plan_status",
    "renewing_plans",
)
_SHOWN: Final = "shown_to_voice"
_EXPOSED: Final = "should_expose"


@callback
def async_expose_entities(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Show an account's entities to Home Assistant's assistant, or no more, as its owner said.

    Where the owner was never asked, nothing is done.
    """
    answers = entry.options.get(CONF_VOICE_ANSWERS)
    if answers is None or DATA_EXPOSED_ENTITIES not in hass.data:
        return
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        _async_expose(hass, entity, shown=answers)

    @callback
    def on_registry(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        entity = registry.async_get(event.data["entity_id"])
        created = event.data["action"] == "create"
        if created and entity and entity.config_entry_id == entry.entry_id:
            _async_expose(hass, entity, shown=answers)

    entry.async_on_unload(hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, on_registry))


@callback
def _async_expose(hass: HomeAssistant, entity: er.RegistryEntry, *, shown: bool) -> None:
    if not entity.unique_id.endswith(tuple(f"_{key}" for key in _ASKED_ABOUT)):
        return
    decided = _option(entity, ASSISTANT, _EXPOSED)
    ours = _option(entity, DOMAIN, _SHOWN)
    if shown:
        # Nobody decided on it, or we had hidden it ourselves.
        due = decided is None if ours is None else not ours and decided is False
    else:
        due = bool(ours) and decided is True
    if due:
        async_expose_entity(hass, ASSISTANT, entity.entity_id, shown)
        er.async_get(hass).async_update_entity_options(entity.entity_id, DOMAIN, {_SHOWN: shown})


def _option(entity: er.RegistryEntry, whose: str, name: str) -> bool | None:
    options: Mapping[str, Any] = entity.options.get(whose) or {}
    value: bool | None = options.get(name)
    return value
