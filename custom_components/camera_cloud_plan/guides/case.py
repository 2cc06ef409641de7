"""What the guides to switch renewal off and on again share: do it, ask the maker, say what it said."""

from abc import abstractmethod
import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import QrCodeSelector, QrCodeSelectorConfig
import voluptuous as vol

from ..casework.doors import Door, DoorProof, door
from ..plan import CaseState, Renewal, Wish
from ..words import translated
from .camera import CameraGuide
from .standing import Standing

# Seconds that a person waits for an answer of the maker; it goes on by itself after them.
_PATIENCE: Final = 60

type _Work = Callable[[Standing], Coroutine[Any, Any, str]]


class CaseGuide(CameraGuide):
    """Decide, do it at the seller, hear what the maker says."""

    _wish: ClassVar[Wish]

    # What a person waits for; its result is the name of the step that follows.
    _work: asyncio.Task[str] | None = None

    @abstractmethod
    async def _async_begin(self, at: Standing) -> RepairsFlowResult:
        """Show the first screen where nothing was done so far."""

    @abstractmethod
    def _decide(self, at: Standing) -> RepairsFlowResult:
        """Show what is at stake, and ask whether to go on."""

    @abstractmethod
    def _doors(self, at: Standing) -> tuple[Door, ...]:
        """Return where the owner can do it."""

    @abstractmethod
    def _show_settled(self, at: Standing) -> RepairsFlowResult:
        """Show how a case ended that is open no more."""

    @abstractmethod
    def _show_not_effective(self, at: Standing) -> RepairsFlowResult:
        """Say that the maker did not confirm it in all the time it was given."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Go on from where the case stands."""
        at = self._case_stands()
        if at is None or at.case is None:
            return self._nothing_to_do()
        if not at.case.is_open:
            return self._show_settled(at)
        if at.nothing_done:
            return await self._async_begin(at)
        match at.case.state:
            case CaseState.DONE_NOT_READABLE:
                return self._show_noted(at)
            case CaseState.NOT_EFFECTIVE:
                return self._show_not_effective(at)
            case _:
                return await self.async_step_check()

    def _show_noted(self, at: Standing) -> RepairsFlowResult:
        """Say that what was done is for the seller to confirm; a typed plan cannot be checked."""
        if at.is_typed:
            return self._menu(at, "typed_noted", ["steps", "leave", "keep"])
        step = "noted" if at.ends_at else "noted_not_dated"
        return self._menu(at, step, ["check", "steps", "leave", "keep"])

    async_step_noted = async_step_init
    async_step_noted_not_dated = async_step_init
    async_step_typed_noted = async_step_init

    def _case_stands(self) -> Standing | None:
        """Return where things stand while there is a case for this guide's wish."""
        at = self._standing()
        return at if at and at.case and at.case.wish is self._wish else None

    def _open(self) -> Standing | None:
        """Return where things stand while that case is open."""
        at = self._case_stands()
        return at if at and at.case and at.case.is_open else None

    # --- Do it ---

    async def async_step_steps(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Go to the seller's door; ask for the phone, where it is not known who bills."""
        if (at := self._open()) is None:
            return self._nothing_to_do()
        doors = self._doors(at)
        if len(doors) == 1:
            return self._show_door(at, doors[0])
        return self._menu(at, "shop", [known.key for known in doors])

    async_step_by_hand = async_step_steps
    async_step_shop = async_step_steps

    async def async_step_mi_home(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the steps in the maker's app."""
        return await self._async_at_door("mi_home", user_input)

    async def async_step_wechat_pay(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the steps in WeChat."""
        return await self._async_at_door("wechat_pay", user_input)

    async def async_step_alipay(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the steps in Alipay."""
        return await self._async_at_door("alipay", user_input)

    async def async_step_google_play(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the steps at Google Play."""
        return await self._async_at_door("google_play", user_input)

    async def async_step_apple(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the steps at Apple."""
        return await self._async_at_door("apple", user_input)

    async def async_step_seller_door(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the steps at whoever sells a typed plan."""
        return await self._async_at_door("seller_door", user_input)

    async def async_step_seller_unknown(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show how to find out who takes the money."""
        return await self._async_at_door("seller_unknown", user_input)

    async def _async_at_door(
        self, key: str, user_input: dict[str, Any] | None
    ) -> RepairsFlowResult:
        """Show a door's steps; on the owner's word that they are done, go and check."""
        if (at := self._open()) is None:
            return self._nothing_to_do()
        if user_input is None:
            return self._show_door(at, door(key))
        await at.casework.async_done(at.camera_id)
        if at.is_typed and await at.casework.async_check(at.camera_id):
            return await self.async_step_answer()  # nobody is asked, so nobody waits
        return await self.async_step_check()

    def _show_door(self, at: Standing, shown: Door) -> RepairsFlowResult:
        unproven = shown.proof is DoorProof.UNPROVEN
        gaps = {"menus": translated(self.hass, "common.guide_menus") if unproven else ""}
        schema: dict[vol.Marker, QrCodeSelector] = {}
        if shown.url:
            gaps["url"] = shown.url
            schema[vol.Optional("qr")] = QrCodeSelector(QrCodeSelectorConfig(data=shown.url))
        return self._form(at, shown.key, vol.Schema(schema), gaps)

    # --- Have it sent ---

    async def async_step_send(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say with which request it would be sent, and ask."""
        if (at := self._open()) is None:
            return self._nothing_to_do()
        if not self._may_send(at):
            return await self.async_step_steps()
        return self._menu(at, "send", ["send_now", "by_hand"])

    async def async_step_send_now(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Send it, once, at the owner's press of this very button."""
        at = self._open()
        if self._work is None and at and not self._may_send(at):
            return await self.async_step_check()  # it was sent elsewhere meanwhile
        return self._while_working("send_now", "sending", self._async_send)

    async def async_step_not_saved(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say that nothing was begun, as it could not be kept on disk."""
        return self._end("not_saved", self._case_stands())

    async def async_step_not_sent(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say that nothing was sent, as the maker could not be asked before."""
        return self._end("not_sent", self._case_stands())

    def _may_send(self, at: Standing) -> bool:
        """Return whether there is a request that may be sent for the case."""
        return at.casework.can_send(at.camera_id, by_switch=False)

    async def _async_send(self, at: Standing) -> str:
        """Send the request; return the step that follows."""
        before = at.case.request if at.case else None

        async def send() -> str:
            try:
                case = await at.casework.async_send(at.camera_id)
            except HomeAssistantError:
                return "not_saved"
            nothing_sent = case is not None and case.is_open and case.request is before
            return "not_sent" if nothing_sent else "answer"

        # A task of its own: what is being sent is not given up because nobody waits for it.
        sending = at.coordinator.config_entry.async_create_background_task(
            self.hass, send(), "send a renewal request"
        )
        await asyncio.wait((sending,), timeout=_PATIENCE)
        return sending.result() if sending.done() and not sending.cancelled() else "answer"

    # --- Ask the maker ---

    async def async_step_check(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask the maker, which goes on by itself if the window is closed."""
        return self._while_working("check", "asking", self._async_check)

    async def async_step_not_reached(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say that the maker could not be asked; the issue stays."""
        return self._end("not_reached", self._case_stands())

    async def async_step_not_open(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Close: the account was unloaded while a person waited."""
        return self._nothing_to_do()

    async def _async_check(self, at: Standing) -> str:
        """Read the camera; return the step that follows."""
        try:
            async with asyncio.timeout(_PATIENCE):
                reached = await at.casework.async_check(at.camera_id)
        except TimeoutError:
            reached = False
        return "answer" if reached else "not_reached"

    def _while_working(self, step: str, action: str, work: _Work) -> RepairsFlowResult:
        """Show that something goes on until it is done, then go to the step it names."""
        at = self._case_stands()
        if self._work is None:
            if at is None:
                return self._nothing_to_do()
            # The entry's own task, so that unloading the account ends it.
            self._work = at.coordinator.config_entry.async_create_background_task(
                self.hass, work(at), f"guide: {step}"
            )
        if at and not self._work.done():
            return self.async_show_progress(
                step_id=step,
                progress_action=action,
                progress_task=self._work,
                description_placeholders=at.gaps,
            )
        done, self._work = self._work, None
        ended = done.done() and not done.cancelled()
        return self.async_show_progress_done(next_step_id=done.result() if ended else "not_open")

    # --- Say what it said ---

    def _finish(self, ending: str, at: Standing) -> RepairsFlowResult:
        """End the guide and its issue, once it was read from the maker; nothing else ends it.

        The frontend shows these words on its own last page, so no screen goes before it.
        """
        return self.async_create_entry(
            data={}, description=ending, description_placeholders=at.gaps
        )

    async def async_step_answer(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say what the maker answered."""
        at = self._case_stands()
        if at is None or at.case is None:
            return self._nothing_to_do()
        if not at.case.is_open:
            return self._show_settled(at)
        if at.nothing_done:
            return self._show_refused(at) if at.was_refused else self._decide(at)
        return self._show_unconfirmed(at)

    def _show_refused(self, at: Standing) -> RepairsFlowResult:
        """Say why the request had no effect; the owner can still do it by hand."""
        return self._menu(at, "refused", ["by_hand", "check", "keep"])

    def _show_unconfirmed(self, at: Standing) -> RepairsFlowResult:
        """Say that what was done is not confirmed yet, and why."""
        match at.case.state if at.case else None:
            case CaseState.DONE_NOT_READABLE:
                if at.is_typed:
                    return self._end("typed_done", at)
                return self._end("done_not_readable" if at.ends_at else "done_not_dated", at)
            case CaseState.NOT_EFFECTIVE:
                return self._show_not_effective(at)
            case _:
                again = "by_hand" if at.rests_on_request else "steps"
                return self._menu(at, _unconfirmed(at), ["check", again, "leave", "keep"])

    # Menus need a step of their name.
    async_step_refused = async_step_answer
    async_step_sent_unanswered = async_step_answer
    async_step_still_on = async_step_answer
    async_step_still_off = async_step_answer
    async_step_still_unsure = async_step_answer
    async_step_unsaid = async_step_answer

    async def async_step_leave(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Close and go on watching; the issue stays."""
        return self._end("left", self._open())


def _unconfirmed(at: Standing) -> str:
    """Return the step that says why what was done is not confirmed yet."""
    if at.was_unanswered:
        return "sent_unanswered"
    if at.disagree:
        return "still_unsure"
    match at.case.last_said if at.case else None:
        case Renewal.ON:
            return "still_on"
        case Renewal.OFF:
            return "still_off"
        case _:
            return "unsaid"
