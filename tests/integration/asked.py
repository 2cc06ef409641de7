"""Asking by voice in the tests: through Home Assistant's own agent, as the Assist dialogue does."""

from homeassistant.components.conversation import async_converse
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component


async def listen(hass: HomeAssistant) -> None:
    """Set up what hears: Home Assistant's own agent."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    await hass.async_block_till_done()


async def ask(
    hass: HomeAssistant,
    text: str,
    *,
    language: str | None = None,
    chat: str | None = None,
    context: Context | None = None,
) -> str:
    """Say something and return what is answered."""
    result = await async_converse(hass, text, chat, context or Context(), language=language)
    return str(result.response.speech["plain"]["speech"])
