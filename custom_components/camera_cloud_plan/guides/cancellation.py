"""The guided cancellation: decide, do it where the plan was bought, hear it confirmed."""

import asyncio
from contextlib import suppress
from typing import Any, Final, override

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..casework.doors import Door, doors_for
from ..coordinator import CloudPlanCoordinator
from ..plan import Case, CaseState, Channel, Proof, Renewal, Wish, channels_sold_in
from ..saving.job import Wanted
from ..words import translated
from .case import CaseGuide
from .standing import Standing

_CAMERA: Final = "camera"

# Seconds that a person waits to hear how many recordings there are; without them it is not said.
_PATIENCE_LISTING: Final = 3

# The buttons of "who takes the money?".
_SELLERS: Final = {
    "billed_by_seller": Channel.SELLER,
    "billed_by_mi_pay": Channel.MI_PAY,
    "billed_by_wechat_pay": Channel.WECHAT_PAY,
    "billed_by_alipay": Channel.ALIPAY,
    "billed_by_google_play": Channel.GOOGLE_PLAY,
    "billed_by_apple": Channel.APPLE,
}
_SELLER_UNKNOWN: Final = "billed_by_unknown"


class CancellationGuide(CaseGuide):
    """Switch a plan's renewal off; without a camera, choose among those that wait."""

    _wish = Wish.OFF

    def __init__(self, entry_id: str, camera_id: str | None) -> None:
        """Take the camera; `None` for the issue that stands for many."""
        super().__init__(entry_id, camera_id)
        self._stands_for_many = camera_id is None

    # --- Which camera ---

    @override
    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Go on from where the case stands; ask which, where there are many."""
        if self._camera_id is None:
            return await self.async_step_pick()
        return await super().async_step_init()

    async def async_step_pick(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Choose one of the cameras that wait."""
        coordinator = self._coordinator()
        waiting = _waiting(coordinator) if coordinator else {}
        if user_input is not None:
            self._camera_id = str(user_input[_CAMERA])
            return await super().async_step_init()
        if not waiting:
            return self._nothing_to_do()
        options = [SelectOptionDict(value=key, label=label) for key, label in waiting.items()]
        selector = SelectSelector(
            SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST)
        )
        return self.async_show_form(
            step_id="pick",
            data_schema=vol.Schema({vol.Required(_CAMERA): selector}),
            description_placeholders={"count": str(len(waiting))},
        )

    # --- Decide ---

    @override
    async def _async_begin(self, at: Standing) -> RepairsFlowResult:
        """Ask who bills, once for all; then go on to what the owner wanted first."""
        camera = at.plan.camera
        sellers = channels_sold_in(camera.region)
        if len(sellers) > 1 and not at.coordinator.is_billing_known(camera.camera_id):
            options = [key for key, channel in _SELLERS.items() if channel in sellers]
            step = "typed_seller" if at.is_typed else "seller"
            return self._menu(at, step, [*options, _SELLER_UNKNOWN])
        if at.case and at.case.save_first:
            return self._show_saving(at)
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_LISTING):
                await at.coordinator.exports.async_look(camera.camera_id)
        return self._decide(at)

    async_step_seller = async_step_init
    async_step_typed_seller = async_step_init

    async def async_step_billed_by_seller(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Keep that whoever sells the plan bills it."""
        return await self._async_billed_by(Channel.SELLER)

    async def async_step_billed_by_mi_pay(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Keep that the maker bills."""
        return await self._async_billed_by(Channel.MI_PAY)

    async def async_step_billed_by_wechat_pay(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Keep that WeChat bills."""
        return await self._async_billed_by(Channel.WECHAT_PAY)

    async def async_step_billed_by_alipay(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Keep that Alipay bills."""
        return await self._async_billed_by(Channel.ALIPAY)

    async def async_step_billed_by_google_play(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Keep that Google bills."""
        return await self._async_billed_by(Channel.GOOGLE_PLAY)

    async def async_step_billed_by_apple(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Keep that Apple bills."""
        return await self._async_billed_by(Channel.APPLE)

    async def async_step_billed_by_unknown(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Keep that the owner was asked and does not know."""
        return await self._async_billed_by(None)

    async def _async_billed_by(self, channel: Channel | None) -> RepairsFlowResult:
        if (at := self._open()) is None:
            return self._nothing_to_do()
        # Typed plans may each be of another brand.
        await at.coordinator.async_set_billed_by(channel, at.camera_id if at.is_typed else None)
        return await self.async_step_init()

    @override
    def _decide(self, at: Standing) -> RepairsFlowResult:
        if at.is_typed:
            return self._menu(at, "typed_decide", ["steps", "keep"])
        do_it = ["send", "by_hand"] if self._may_send(at) else ["steps"]
        return self._menu(at, _decision(at), [*do_it, "save_first", "keep"])

    async_step_decide = async_step_init
    async_step_decide_late = async_step_init
    async_step_decide_unsure = async_step_init
    async_step_decide_unsure_late = async_step_init
    async_step_decide_no_dates = async_step_init
    async_step_decide_ended = async_step_init
    async_step_typed_decide = async_step_init

    # --- Save the recordings first ---

    async def async_step_save_first(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Save all that the camera has; the case waits until that is done, or its owner goes on."""
        if (at := self._open()) is None:
            return self._nothing_to_do()
        desk = at.coordinator.exports
        try:
            await desk.async_check_folder(Wanted())
            await at.casework.async_save_first(at.camera_id, wanted=True)
            await desk.async_order(at.camera_id, Wanted())
        except ServiceValidationError:
            return self._end("folder_refused", at)
        except HomeAssistantError:
            return self._end("not_saved", at)
        return await self.async_step_watch()

    async_step_save_again = async_step_save_first

    async def async_step_watch(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show how far it is, as long as somebody looks; it goes on by itself."""
        return self._while_working("watch", "saving", self._async_watch)

    async def _async_watch(self, at: Standing) -> str:
        """Wait until the export ends or cannot go on; return the step that follows."""
        desk, camera_id = at.coordinator.exports, at.camera_id

        @callback
        def show() -> None:
            job = desk.job(camera_id)
            if job and job.percent is not None:
                self.async_update_progress(job.percent / 100)

        stop = desk.async_listen(show)
        try:
            await desk.async_wait(camera_id)
        finally:
            stop()
        return "init"

    async def async_step_go_on(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Go on without waiting for the recordings; what is being saved goes on too."""
        if (at := self._open()) is None:
            return self._nothing_to_do()
        await at.casework.async_save_first(at.camera_id, wanted=False)
        return self._decide(at)

    def _show_saving(self, at: Standing) -> RepairsFlowResult:
        """Say how far it is; where it cannot go on or is not whole, ask what to do."""
        job = at.coordinator.exports.job(at.camera_id)
        if job and job.waits_for is None:
            return self._menu(at, "saving", ["watch", "go_on", "keep"])
        return self._menu(at, "unsaved", ["save_again", "go_on", "keep"])

    async_step_saving = async_step_init
    async_step_unsaved = async_step_init

    async def async_step_keep(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Withdraw the cancellation at its owner's word."""
        if (at := self._open()) is None:
            return self._nothing_to_do()
        reason = _kept(at)
        await at.casework.async_withdraw(at.camera_id)
        return self._end(reason, at)

    # --- Do it ---

    @override
    def _doors(self, at: Standing) -> tuple[Door, ...]:
        return doors_for(at.plan.channel)

    # --- Endings ---

    @override
    def _show_not_effective(self, at: Standing) -> RepairsFlowResult:
        case = at.case
        if case and case.back_on_at:
            step = "not_effective_back_on"
        else:
            step = "not_effective" if case and case.contrary else "not_effective_silent"
        send = ["send"] if self._may_send(at) else []
        return self._menu(at, step, ["steps", *send, "check", "keep"])

    async_step_not_effective = async_step_init
    async_step_not_effective_back_on = async_step_init
    async_step_not_effective_silent = async_step_init

    @override
    def _show_settled(self, at: Standing) -> RepairsFlowResult:
        """Say that it is off and on whose word, or that a new term began all the same."""
        case = at.case
        if case and case.state is CaseState.CHARGED_AFTER:
            again = ["again"] if at.plan.may_charge else []
            return self._menu(at, "renewed_after", ["charged", *again, "taken_note"])
        if case and case.proof is Proof.NO_NEW_TERM:
            ending = "confirmed_no_new_term"
        else:
            ending = "confirmed" if at.ends_at else "confirmed_no_end"
        if self._stands_for_many and _waiting(at.coordinator):
            return self._form(at, ending)
        return self._finish(ending, at)

    async def async_step_confirmed(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Go on to the next camera, where one issue stands for many."""
        at = self._case_stands()
        if at and at.case and at.case.state is not CaseState.CONFIRMED:
            return await self.async_step_init()  # it changed while the screen was open
        self._camera_id = None
        return await self.async_step_pick()

    async_step_confirmed_no_end = async_step_confirmed
    async_step_confirmed_no_new_term = async_step_confirmed

    async_step_renewed_after = async_step_init

    async def async_step_charged(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Take the charge up; its own guide does the rest."""
        if (at := self._case_stands()) is None:
            return self._nothing_to_do()
        try:
            await at.coordinator.claims.async_begin(at.camera_id)
        except HomeAssistantError:
            return self._end("not_saved", at)
        return self._end("charged", at)

    async def async_step_again(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Begin anew about the term that began all the same."""
        at = self._case_stands()
        if at is None or at.case is None or at.case.state is not CaseState.CHARGED_AFTER:
            return self._nothing_to_do()
        try:
            await at.casework.async_open(at.plan, Wish.OFF)
        except HomeAssistantError:
            return self._end("not_saved", at)
        return await self.async_step_init()

    async def async_step_taken_note(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Let go of a decided cancellation that its owner took note of."""
        if (at := self._case_stands()) and at.case and not at.case.is_open:
            await at.casework.async_forget(at.camera_id)
        return self._end("taken_note", at)


def _waiting(coordinator: CloudPlanCoordinator) -> dict[str, str]:
    """Return the cameras of which one is to be chosen, by id, with how each stands."""
    cases = (coordinator.cases.get(key) for key in coordinator.cases.watched_cameras)
    labels = {
        case.camera_id: f"{coordinator.display_name(case.camera_id)} · {_standing(coordinator, case)}"
        for case in cases
        if case and case.wish is Wish.OFF and case.state is not CaseState.CONFIRMED
    }
    return dict(sorted(labels.items(), key=lambda item: item[1]))


def _standing(coordinator: CloudPlanCoordinator, case: Case) -> str:
    """Return how a case stands, in the words of the sensor."""
    return translated(coordinator.hass, f"entity.sensor.cancellation.state.{case.state}")


def _decision(at: Standing) -> str:
    """Return the step that says what is at stake: a line whose value is unknown is left out."""
    if at.charge is None:
        return "decide_no_dates" if at.is_active or not at.ends_at else "decide_ended"
    step = "decide" if _renews(at) else "decide_unsure"
    return f"{step}_late" if at.is_late else step


def _kept(at: Standing) -> str:
    """Return what to say to an owner who keeps the plan."""
    if not at.nothing_done:
        return "typed_kept_after_all" if at.is_typed else "kept_after_all"
    if at.charge is None:
        return "kept_no_dates"
    return "kept" if _renews(at) else "kept_unsure"


def _renews(at: Standing) -> bool:
    return at.plan.view is not None and at.plan.view.renewal is Renewal.ON
