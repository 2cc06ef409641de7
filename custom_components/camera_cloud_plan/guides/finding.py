"""What was found in a ledger: take note of it, or take it up with the seller."""

from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from ..proof.words import is_about_money


class FindingGuide(RepairsFlow):
    """Say what was found, and ask what to do about it.

    Taken note of, it is dismissed for good, and its issue goes.
    """

    def __init__(self, entry_id: str, key: str) -> None:
        """Take the account, and the finding by its key."""
        self._entry_id = entry_id
        self._key = key

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say the facts."""
        coordinator = self._coordinator()
        finding = coordinator.proof.finding(self._key) if coordinator else None
        if coordinator is None or finding is None:
            return self.async_abort(reason="not_open")
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        money = is_about_money(finding) and coordinator.proof.camera_id(finding.camera)
        return self.async_show_menu(
            step_id="choose",
            menu_options=["charged", "seen"] if money else ["seen"],
            description_placeholders=issue.translation_placeholders if issue else None,
        )

    async_step_choose = async_step_init

    async def async_step_seen(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Take down that its owner took note of it."""
        if (coordinator := self._coordinator()) is None:
            return self.async_abort(reason="not_open")
        try:
            await coordinator.proof.async_dismiss(self._key, "seen")
        except HomeAssistantError:
            return self.async_abort(reason="not_kept")
        return self.async_create_entry(data={}, description="noted")

    async def async_step_charged(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Take it up: what can be done now has an issue of its own, which stays until then."""
        coordinator = self._coordinator()
        finding = coordinator.proof.finding(self._key) if coordinator else None
        camera_id = coordinator.proof.camera_id(finding.camera) if coordinator and finding else None
        if coordinator is None or camera_id is None:
            return self.async_abort(reason="not_open")
        try:
            await coordinator.claims.async_begin(camera_id, self._key)
        except HomeAssistantError:
            return self.async_abort(reason="not_kept")
        return self.async_abort(reason="taken_up")

    def _coordinator(self) -> CloudPlanCoordinator | None:
        entry: CloudPlanConfigEntry | None = self.hass.config_entries.async_get_entry(
            self._entry_id
        )
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return entry.runtime_data.coordinator


class RestoredGuide(RepairsFlow):
    """Take note that a ledger is older than it was."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say what is known, and let it go."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Let the issue go once its reader has taken note."""
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        if issue is None:
            return self.async_abort(reason="not_open")
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders=issue.translation_placeholders,
            )
        return self.async_create_entry(data={}, description="noted")
