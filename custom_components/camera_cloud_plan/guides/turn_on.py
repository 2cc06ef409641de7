"""Switching renewal on again, for someone who changed their mind before the plan's end.

Nothing is bought or signed here: the owner does it at the maker's own page. A request that
the owner handed over is sent only from a screen that names the next charge.
"""

from typing import Any, override

from homeassistant.components.repairs import RepairsFlowResult

from ..casework.doors import Door, doors_to_turn_on
from ..plan import Wish
from .case import CaseGuide
from .standing import Standing


class TurnOnGuide(CaseGuide):
    """Switch a running plan's renewal on again."""

    _wish = Wish.ON

    @override
    async def _async_begin(self, at: Standing) -> RepairsFlowResult:
        return self._decide(at)

    @override
    def _decide(self, at: Standing) -> RepairsFlowResult:
        if not at.is_active:
            return self._end("plan_ended", at)
        if at.charge is None:
            return self._menu(at, "decide_no_dates", ["steps", "keep"])
        do_it = ["send", "by_hand"] if self._may_send(at) else ["steps"]
        return self._menu(at, "decide_late" if at.is_late else "decide", [*do_it, "keep"])

    # Menus need a step of their name.
    async_step_decide = CaseGuide.async_step_init
    async_step_decide_late = CaseGuide.async_step_init
    async_step_decide_no_dates = CaseGuide.async_step_init

    @override
    def _may_send(self, at: Standing) -> bool:
        """Return whether it may be sent: only where the screen can name the next charge."""
        return at.charge is not None and super()._may_send(at)

    @override
    def _doors(self, at: Standing) -> tuple[Door, ...]:
        return doors_to_turn_on(at.plan.channel)

    async def async_step_keep(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Leave renewal off, at the owner's word."""
        if (at := self._open()) is None:
            return self._nothing_to_do()
        reason = "left_off" if at.nothing_done else "left_off_after_all"
        await at.casework.async_withdraw(at.camera_id)
        return self._end(reason, at)

    @override
    def _show_not_effective(self, at: Standing) -> RepairsFlowResult:
        return self._menu(at, "not_effective", ["steps", "check", "keep"])

    async_step_not_effective = CaseGuide.async_step_init

    @override
    def _show_settled(self, at: Standing) -> RepairsFlowResult:
        return self._finish("confirmed" if at.charge else "confirmed_no_dates", at)
