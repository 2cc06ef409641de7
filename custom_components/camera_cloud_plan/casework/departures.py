"""Cameras that leave an account while it is watched.

Removing a camera from the maker's app does not end its plan. One list without a camera
is not believed; after the second, a camera without a charging plan goes, and one whose
plan may go on charging stays, marked, until its owner has taken note.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..devices import async_shown_name, key_of
from ..plan import clock
from ..snapshot import CameraPlan, Failure

ISSUE_CAMERA_LEFT: Final = "camera_left"

# Lists in a row that a camera has to be missing from before it counts as gone.
_LISTS_TO_BELIEVE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What becomes of the cameras that a list does not name.

    `kept` stay in the snapshot, `gone` are to be removed with their devices. Of those that
    stay, `left` were found gone from the account just now.
    """

    kept: Mapping[str, CameraPlan]
    gone: frozenset[str]
    left: frozenset[str]


class Departures:
    """Counts how often cameras were missing, and decides what becomes of them."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take the account whose cameras they are."""
        self._hass = hass
        self._entry = entry
        self._missing: dict[str, int] = {}

    @callback
    def async_settle(
        self,
        absent: Mapping[str, CameraPlan | None],
        deselected: Collection[str],
        watched: Collection[str],
    ) -> Settled:
        """Decide about the cameras that are `absent` from a list, by id.

        `None` stands for a camera of which only the device is left. Those `deselected`
        by the owner go at once, those `watched` for a case stay.
        """
        self._missing = {camera_id: self._missing.get(camera_id, 0) + 1 for camera_id in absent}
        kept: dict[str, CameraPlan] = {}
        gone: set[str] = set()
        left: set[str] = set()
        for camera_id, plan in absent.items():
            if camera_id in deselected:
                gone.add(camera_id)
            elif self._missing[camera_id] < _LISTS_TO_BELIEVE:
                if plan:
                    kept[camera_id] = replace(plan, failure=Failure.NOT_LISTED)
            elif plan and (camera_id in watched or (plan.is_own and plan.may_charge)):
                kept[camera_id] = replace(
                    plan, failure=Failure.NOT_LISTED, left_at=plan.left_at or clock.now()
                )
                self.async_show(kept[camera_id])
                if plan.left_at is None and plan.may_charge:
                    left.add(camera_id)
            else:
                gone.add(camera_id)
        return Settled(kept=kept, gone=frozenset(gone), left=frozenset(left))

    @callback
    def async_show_all(self, plans: Iterable[CameraPlan]) -> None:
        """Create the issues of all cameras that left, at set-up."""
        for plan in plans:
            if plan.left_at:
                self.async_show(plan)

    @callback
    def async_show(self, plan: CameraPlan) -> None:
        """Create the Repairs issue that says that a plan may outlive its camera."""
        camera = plan.camera
        name = async_shown_name(self._hass, self._entry, camera.camera_id) or camera.name
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self.issue_id(camera.camera_id),
            data={"entry_id": self._entry.entry_id, "camera_id": camera.camera_id},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_CAMERA_LEFT,
            translation_placeholders={"camera": name},
        )

    @callback
    def async_hide(self, camera_id: str) -> None:
        """Delete a camera's issue: it is back, or its owner has taken note."""
        ir.async_delete_issue(self._hass, DOMAIN, self.issue_id(camera_id))

    def issue_id(self, camera_id: str) -> str:
        """Return the id of a camera's Repairs issue; it gets into diagnostics, the camera's not."""
        return f"{ISSUE_CAMERA_LEFT}_{key_of(self._entry.entry_id, camera_id)}"
