"""Listens for our sentences while there is somebody to answer for, and always has an answer.

One desk for all accounts: what is said names a camera, not an account. The sentences are built
anew when what cameras and places are called changes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
import logging
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import CALLBACK_TYPE, Context, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
)
from homeassistant.helpers.chat_session import current_session as current_chat
from homeassistant.helpers.event import async_call_later
from homeassistant.setup import async_when_setup

from ..const import CONF_VOICE_ANSWERS
from ..coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from ..plan import clock
from .acts import AWAITED_FOR, Acts, Awaited, Reply, is_due
from .answers import Answers, is_cancelled
from .grammar import ASKED_BACK, Grammar, Heard, Topic, preload
from .names import Directory, Target, async_directory
from .speech import Speech, async_speech, spoken

if TYPE_CHECKING:
    from .agent import Parser

__all__ = ["VoiceDesk", "preload"]

_LOGGER = logging.getLogger(__name__)

_CONVERSATION: Final = "conversation"
# Seconds in which changes of names gather: at a start there are many.
_GATHERED_FOR: Final = 1.0
_REGISTRIES: Final = (
    ar.EVENT_AREA_REGISTRY_UPDATED,
    dr.EVENT_DEVICE_REGISTRY_UPDATED,
    er.EVENT_ENTITY_REGISTRY_UPDATED,
    fr.EVENT_FLOOR_REGISTRY_UPDATED,
)
# Of changes that are told one by one, those that make another name.
_NAMING: Final = frozenset({"aliases", "area_id", "device_id", "name", "name_by_user"})


@dataclass(frozen=True, slots=True)
class _Listening:
    """What is listened for, and how to end that.

    `open_case`: whether it makes sense now to ask whether "it" is off.
    """

    sentences: tuple[str, ...]
    parser: Parser
    directory: Directory
    open_case: bool
    end: CALLBACK_TYPE


class VoiceDesk:
    """Answers what is asked by voice or in writing, for all accounts that allow it."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Wait for Home Assistant's sentence agent; without one nothing is heard."""
        self._hass = hass
        self._accounts: list[CloudPlanCoordinator] = []
        self._listening: _Listening | None = None
        self._awaited: dict[str, Awaited] = {}
        self._gathering: CALLBACK_TYPE | None = None
        self._registries: list[CALLBACK_TYPE] = []
        self._is_ready = False
        async_when_setup(hass, _CONVERSATION, self._async_begin)

    async def _async_begin(self, _hass: HomeAssistant, _component: str) -> None:
        self._is_ready = True
        self._async_rebuild()

    # --- Who is answered for ---

    @callback
    def async_join(self, entry: CloudPlanConfigEntry) -> None:
        """Answer for an account while it is loaded, if its owner lets voice do so."""
        if not entry.options.get(CONF_VOICE_ANSWERS, True):
            return
        coordinator = entry.runtime_data.coordinator
        self._accounts.append(coordinator)
        if not self._registries:
            self._registries = [
                self._hass.bus.async_listen(event, self._async_on_registry) for event in _REGISTRIES
            ]
        entry.async_on_unload(coordinator.async_add_cameras_listener(self._async_on_cameras))
        entry.async_on_unload(lambda: self._async_leave(coordinator))
        self._async_rebuild()

    @callback
    def _async_leave(self, coordinator: CloudPlanCoordinator) -> None:
        self._accounts.remove(coordinator)
        self._awaited = {
            chat: awaited
            for chat, awaited in self._awaited.items()
            if awaited.target.coordinator is not coordinator
        }
        if not self._accounts:
            for end in self._registries:
                end()
            self._registries = []
            if self._gathering:
                self._gathering()
            self._gathering = None
        self._async_rebuild()

    # --- What is listened for ---

    @callback
    def _async_on_registry(self, event: Event[Any]) -> None:
        changes = event.data.get("changes")
        if changes is None or _NAMING & changes.keys():
            self._async_gather()

    @callback
    def _async_on_cameras(self, _camera_ids: object) -> None:
        if self._is_outdated():
            self._async_gather()

    @callback
    def _async_gather(self) -> None:
        """Rebuild the sentences soon, once for all that changes meanwhile."""
        if self._gathering is None and self._accounts:
            self._gathering = async_call_later(self._hass, _GATHERED_FOR, self._async_gathered)

    @callback
    def _async_gathered(self, _now: object) -> None:
        self._gathering = None
        self._async_rebuild()

    @callback
    def _async_rebuild(self) -> None:
        """Listen for what can be said now; nothing is done where that did not change."""
        if not self._is_ready:
            return
        directory = async_directory(self._hass, self._accounts)
        open_case = _has_a_case(directory)
        grammar = Grammar(directory.forms, open_case=open_case)
        sentences = grammar.flat() if self._accounts else ()
        before = self._listening
        if before and before.sentences == sentences:
            self._listening = replace(before, directory=directory, open_case=open_case)
            return
        if before:
            before.end()
            self._listening = None
        if sentences:
            self._async_listen(grammar, sentences, directory, open_case=open_case)

    def _is_outdated(self) -> bool:
        """Return whether there are other cameras, or a case to ask about, than is listened for.

        Names are not looked at: with many cameras that takes a while.
        """
        before = self._listening
        if before is None:
            return True
        cameras = {
            Target(coordinator, camera_id)
            for coordinator in self._accounts
            for camera_id in coordinator.data.cameras
        }
        return cameras != {*before.directory.cameras} or before.open_case != _has_a_case(
            before.directory
        )

    @callback
    def _async_listen(
        self,
        grammar: Grammar,
        sentences: tuple[str, ...],
        directory: Directory,
        *,
        open_case: bool,
    ) -> None:
        """Hand the sentences to Home Assistant's agent; where its way changed, do without."""
        try:
            from .agent import (  # noqa: PLC0415 - its modules come with another integration
                CHANGED,
                Parser,
                async_hear,
            )
        except ImportError:
            self._async_do_without()
            return
        try:
            end = async_hear(self._hass, sentences, self._async_heard)
        except CHANGED:
            self._async_do_without()
            return
        self._listening = _Listening(sentences, Parser(grammar), directory, open_case, end)

    @callback
    def _async_do_without(self) -> None:
        """Say once that nothing can be heard; all but voice goes on."""
        self._is_ready = False
        _LOGGER.warning(
            "This release of Home Assistant takes no sentences from integrations in the way"
            " that is known; voice does not answer questions about plans, all else works"
        )

    # --- What is answered ---

    async def _async_heard(self, text: str, language: str, context: Context) -> str:
        """Return what to say, whatever happens; `language` is that of the chat."""
        listening = self._listening
        heard = (
            await self._hass.async_add_executor_job(listening.parser.heard, text)
            if listening
            else None
        )
        speech = await async_speech(self._hass, heard.language if heard else spoken(language))
        if listening is None or heard is None:
            return speech.say("not_understood")
        acts = Acts(self._hass, listening.directory, speech, context)
        try:
            if heard.confirms:
                return await self._async_confirmed(heard, acts, speech, context)
            if heard.topic in ASKED_BACK or heard.topic is Topic.SAVE:
                reply = await acts.async_asked(heard.topic, heard.name)
                return self._asked_back(reply, heard.language, speech, context)
            return await _async_answer(heard, Answers(listening.directory, speech))
        except HomeAssistantError as err:
            return acts.failed(err)
        except Exception:  # whoever asks always hears something
            _LOGGER.exception("Unexpected error answering by voice")
            return speech.say("failed")
        finally:
            if self._is_outdated():  # a case may be open now
                self._async_rebuild()

    def _asked_back(self, reply: Reply, language: str, speech: Speech, context: Context) -> str:
        """Wait for the yes that a reply asks for, in this chat and not for long."""
        chat = current_chat.get()
        if chat is None:
            return reply.text if reply.awaits is None else speech.say("no_chat")
        self._awaited = {
            each: awaited for each, awaited in self._awaited.items() if is_due(awaited)
        }
        self._awaited.pop(chat.conversation_id, None)
        if reply.awaits and reply.target:
            self._awaited[chat.conversation_id] = Awaited(
                topic=reply.awaits,
                target=reply.target,
                asked=reply.text,
                language=language,
                user_id=context.user_id,
                until=clock.now() + AWAITED_FOR,
            )
        return reply.text

    async def _async_confirmed(
        self, heard: Heard, acts: Acts, speech: Speech, context: Context
    ) -> str:
        """Do what this chat was asked back, once; a yes to anything else does nothing."""
        chat = current_chat.get()
        awaited = self._awaited.get(chat.conversation_id) if chat else None
        if chat is None or awaited is None or not is_due(awaited):
            return speech.say("nothing_awaited")
        said = (heard.topic, heard.language, context.user_id)
        if said != (awaited.topic, awaited.language, awaited.user_id):
            return speech.say("nothing_awaited")
        del self._awaited[chat.conversation_id]
        reply = await acts.async_confirmed(awaited)
        return self._asked_back(reply, heard.language, speech, context)


def _has_a_case(directory: Directory) -> bool:
    return any(map(is_cancelled, directory.cameras))


async def _async_answer(heard: Heard, answers: Answers) -> str:
    questions: dict[Topic, Callable[[str | None], Any]] = {
        Topic.NEXT_CHARGE: answers.next_charge,
        Topic.DAYS_LEFT: answers.days_left,
        Topic.RENEWS: answers.renews,
        Topic.MONTHLY_COST: answers.monthly_cost,
        Topic.AT_RISK: answers.at_risk,
        Topic.IS_OFF: answers.is_off,
    }
    return str(await questions[heard.topic](heard.name))
