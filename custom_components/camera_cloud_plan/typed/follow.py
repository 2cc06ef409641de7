"""Keeps the local account in step with what is typed in, without loading it anew.

Loading it anew would end whatever dialogue somebody has open about one of its plans.
"""

import logging

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from ..devices import async_register_camera
from ..plan import Case, Wish
from .plans import async_change_plan, typed_plans

_LOGGER = logging.getLogger(__name__)


class PlanFollower:
    """Takes over what an owner adds, changes or removes, once for all that comes at a time."""

    def __init__(
        self, hass: HomeAssistant, entry: CloudPlanConfigEntry, coordinator: CloudPlanCoordinator
    ) -> None:
        """Take the account and who reads it."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._plans = typed_plans(entry)
        if damaged := len(entry.subentries) - len(self._plans):
            _LOGGER.warning("Typed plans that are damaged and left out: %s", damaged)
        self._is_due = False

    @callback
    def async_start(self) -> None:
        """Make up for what a crash cut off, and follow from now on."""
        for plan_id, plan in self._plans.items():
            case = self._case(plan_id)
            # The case is on disk at once, the plan a little later.
            done_at = case.done_at if case else None
            if plan.renews is not False and done_at and self._entry.modified_at < done_at:
                async_change_plan(self._hass, self._entry, plan_id, renews=False)
        self._entry.async_on_unload(
            async_dispatcher_connect(self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._async_on_change)
        )
        self._async_take_soon()

    def _case(self, plan_id: str) -> Case | None:
        """Return a plan's open cancellation."""
        case = self._coordinator.cases.get(plan_id)
        return case if case and case.is_open and case.wish is Wish.OFF else None

    @callback
    def _async_on_change(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry is self._entry and change is ConfigEntryChange.UPDATED:
            self._async_take_soon()

    @callback
    def _async_take_soon(self) -> None:
        if not self._is_due and typed_plans(self._entry) != self._plans:
            self._is_due = True
            self._entry.async_create_task(
                self._hass, self._async_take(), "typed plans", eager_start=False
            )

    async def _async_take(self) -> None:
        self._is_due = False
        before, self._plans = self._plans, typed_plans(self._entry)
        await self._coordinator.async_refresh()
        for plan_id, plan in self._plans.items():
            if (was := before.get(plan_id)) is None:
                continue
            if was.attached_to != plan.attached_to and (seen := self._coordinator.known(plan_id)):
                async_register_camera(self._hass, self._entry, seen.camera)
            if was.renews is not plan.renews:
                await self._async_heard(plan_id, renews=plan.renews)

    async def _async_heard(self, plan_id: str, *, renews: bool | None) -> None:
        """Let an open cancellation follow what its owner says of the plan itself."""
        case, casework = self._case(plan_id), self._coordinator.casework
        if case and renews is False and case.done_at is None:
            await casework.async_done(plan_id)
        elif case and renews is not False and case.done_at is not None:
            # "I don't know" too: while a case is open, nobody is warned of the charge.
            await casework.async_withdraw(plan_id)
