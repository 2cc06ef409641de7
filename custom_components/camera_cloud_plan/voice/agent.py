"""The only door to Home Assistant's sentence agent and to its grammar.

What its own sentence triggers call, `register_trigger` of the conversation integration's
agent manager, is not public, and the grammar (`hassil`) comes with that integration. So this
module is imported only once that integration is there, and a contract test holds it to both
releases. Every `{list}` in a sentence of a trigger takes any words at all, and would swallow
the sentences of others: nothing of that kind is registered.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from hassil.intents import Intents
from hassil.recognize import recognize_all
from homeassistant.components.conversation.agent_manager import get_agent_manager
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback

from .grammar import Grammar, Heard

# What is said, in which language, and in whose name.
type Listener = Callable[[str, str, Context], Awaitable[str]]

# What it raises where the private way is gone, or goes differently.
CHANGED = (AttributeError, KeyError, TypeError, ValueError)


@callback
def async_hear(
    hass: HomeAssistant, sentences: Collection[str], listener: Listener
) -> CALLBACK_TYPE:
    """Listen for sentences until the returned function is called; raises one of `CHANGED`."""

    async def on_sentence(said: Any, *_match: Any) -> str:
        return await listener(said.text, said.language, said.context)

    return get_agent_manager(hass).register_trigger([*sentences], on_sentence)


class Parser:
    """Tells which of a grammar's sentences was said, and which name was named."""

    def __init__(self, grammar: Grammar) -> None:
        """Take a grammar. It is read when the first sentence is heard."""
        self._grammar = grammar
        self._intents: Intents | None = None

    def heard(self, text: str) -> Heard | None:
        """Return what was said; `None` where it is none of the grammar's sentences.

        The first time takes a while, so this is not for the event loop.
        """
        if self._intents is None:
            self._intents = Intents.from_dict(self._grammar.as_intents())
        for result in recognize_all(text, self._intents):
            name = result.entities.get("name")
            return self._grammar.meaning(result.intent.name, name.value if name else None)
        return None
