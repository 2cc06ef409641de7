"""Adding a plan to the local account, and changing one: a typed plan is a subentry of it."""

from typing import Any

from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigSubentryFlow,
    SubentryFlowResult,
)

from .form import PlanForm
from .plans import stored


class PlanSubentryFlow(ConfigSubentryFlow):
    """Type one plan in."""

    async def async_step_user(
        self, _user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Start with an empty form."""
        return await self.async_step_plan()

    async def async_step_reconfigure(
        self, _user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Start with what is known of the plan."""
        return await self.async_step_plan()

    async def async_step_plan(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Take the plan; what is wrong with it is said beside it."""
        entry = self._get_entry()
        is_new = self.source == SOURCE_USER
        form = PlanForm(self.hass, entry, None if is_new else self._reconfigure_subentry_id)
        errors: dict[str, str] = {}
        if user_input is not None:
            plan = form.take(user_input)
            if not isinstance(plan, dict):
                kept = stored(plan)
                if is_new:
                    return self.async_create_entry(title=kept["title"], data=kept["data"])
                return self.async_update_and_abort(
                    entry,
                    self._get_reconfigure_subentry(),
                    title=kept["title"],
                    data=kept["data"],
                    reason="plan_changed",
                )
            errors = plan
        return self.async_show_form(step_id="plan", data_schema=form.schema(), errors=errors)
