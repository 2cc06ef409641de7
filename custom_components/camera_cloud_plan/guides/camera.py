"""What all guides about a camera share."""

from collections.abc import Mapping

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
import voluptuous as vol

from ..coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from .standing import Standing


class CameraGuide(RepairsFlow):
    """A guide about one camera.

    One that ends in an entry deletes its issue, one that aborts keeps it.
    """

    def __init__(self, entry_id: str, camera_id: str | None) -> None:
        """Take the camera it is about; `None` if it is yet to be chosen."""
        self._entry_id = entry_id
        self._camera_id = camera_id

    def _coordinator(self) -> CloudPlanCoordinator | None:
        """Return the account's coordinator; `None` while the account is not loaded."""
        entry: CloudPlanConfigEntry | None = self.hass.config_entries.async_get_entry(
            self._entry_id
        )
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return entry.runtime_data.coordinator

    def _standing(self) -> Standing | None:
        """Return where things stand; `None` if the account is not loaded or lacks the camera."""
        coordinator = self._coordinator()
        if coordinator is None or self._camera_id is None:
            return None
        return Standing.of(coordinator, self._camera_id)

    def _menu(
        self,
        at: Standing,
        step: str,
        options: list[str],
        more_gaps: Mapping[str, str] | None = None,
    ) -> RepairsFlowResult:
        """Show a step with buttons."""
        return self.async_show_menu(
            step_id=step,
            menu_options=options,
            description_placeholders={**at.gaps, **(more_gaps or {})},
        )

    def _form(
        self,
        at: Standing,
        step: str,
        schema: vol.Schema | None = None,
        more_gaps: Mapping[str, str] | None = None,
    ) -> RepairsFlowResult:
        """Show a step with one button, named in the translations."""
        return self.async_show_form(
            step_id=step,
            data_schema=schema or vol.Schema({}),
            description_placeholders={**at.gaps, **(more_gaps or {})},
        )

    def _end(self, reason: str, at: Standing | None) -> RepairsFlowResult:
        """Close without deleting the issue."""
        if at is None:
            return self._nothing_to_do()
        return self.async_abort(reason=reason, description_placeholders=at.gaps)

    def _nothing_to_do(self) -> RepairsFlowResult:
        """Close where the account is not loaded, the camera is gone or all is settled."""
        return self.async_abort(reason="not_open")
