"""Repairs: which guide an issue opens. The guides are in their own room."""

from collections.abc import Callable, Mapping
from typing import Final

from homeassistant.components.repairs import RepairsFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .casework.departures import ISSUE_CAMERA_LEFT
from .casework.issues import ISSUE_REMOVED, ISSUE_TURN_ON
from .const import DOMAIN
from .guides.cancellation import CancellationGuide
from .guides.charged import ChargedGuide
from .guides.departed import AccountRemovedGuide, CameraLeftGuide
from .guides.finding import FindingGuide, RestoredGuide
from .guides.notices import NoticeGuide
from .guides.turn_on import TurnOnGuide
from .plan import Notice
from .proof.board import ISSUE_FINDING, ISSUE_RESTORED
from .proof.claims import ISSUE_CHARGED

_OF_A_CAMERA: Final[Mapping[str, Callable[[str, str], RepairsFlow]]] = {
    ISSUE_CAMERA_LEFT: CameraLeftGuide,
    ISSUE_CHARGED: ChargedGuide,
    ISSUE_TURN_ON: TurnOnGuide,
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: Mapping[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the guide of an issue."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    key = issue.translation_key if issue else None
    about = data or {}
    if key == ISSUE_REMOVED:
        return AccountRemovedGuide(str(about["account_key"]))
    if key == ISSUE_RESTORED:
        return RestoredGuide()
    entry_id = str(about["entry_id"])
    if key == ISSUE_FINDING:
        return FindingGuide(entry_id, str(about["finding"]))
    camera_id = str(about["camera_id"]) if about["camera_id"] is not None else None
    if camera_id is None:
        return CancellationGuide(entry_id, None)
    if key in {notice.value for notice in Notice}:
        return NoticeGuide(entry_id, camera_id, Notice(str(key)))
    return _OF_A_CAMERA.get(key or "", CancellationGuide)(entry_id, camera_id)
