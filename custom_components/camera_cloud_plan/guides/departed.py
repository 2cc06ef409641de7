"""What outlives a camera that left its account, and an account that was removed here."""

from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.helpers import issue_registry as ir

from ..casework.book import async_end_kept
from ..const import DOMAIN
from .camera import CameraGuide


class CameraLeftGuide(CameraGuide):
    """Take note that a plan may outlive its camera, and let the camera go."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say what is known, and ask whether to remove the camera here."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Remove the camera once its owner has taken note."""
        if (at := self._standing()) is None:
            return self._nothing_to_do()
        if user_input is None:
            return self._form(at, "confirm")
        await at.coordinator.async_forget(at.camera_id)
        return self.async_create_entry(data={}, description="removed")


class AccountRemovedGuide(RepairsFlow):
    """Keep or end what was still open when an account was removed."""

    def __init__(self, account_key: str) -> None:
        """Take the account by its key."""
        self._account_key = account_key

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say what is still open, and ask what shall become of it."""
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        return self.async_show_menu(
            step_id="choose",
            menu_options=["keep", "end"],
            description_placeholders=issue.translation_placeholders if issue else None,
        )

    async_step_choose = async_step_init

    async def async_step_keep(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Leave it for when the account is added again."""
        return self.async_abort(reason="kept")

    async def async_step_end(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Forget it, and the issue with it: nothing is left to be confirmed here."""
        await async_end_kept(self.hass, self._account_key)
        ir.async_delete_issue(self.hass, DOMAIN, self.issue_id)
        return self.async_abort(reason="ended")
