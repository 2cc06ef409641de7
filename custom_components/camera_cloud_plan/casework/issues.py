"""The Repairs issues of an account's cases and notices, rebuilt from what stands.

Nothing is kept here: the issues that should be there follow from the cases and watches,
after a restart as well.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..devices import key_of
from ..plan import Case, CaseState, Notice, Wish
from ..words import translated
from .book import CaseBook
from .watches import WatchBook

ISSUE_CANCELLATION: Final = "plan_cancellation"
ISSUE_TURN_ON: Final = "plan_turn_on"
ISSUE_REMOVED: Final = "removed_with_open_cancellation"

# With more open cancellations than this there is one issue for all of them.
MOST_ISSUES: Final = 5

_LOUD: Final = (CaseState.NOT_EFFECTIVE, CaseState.CHARGED_AFTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issue:
    """An issue that should be there; without a camera it is about several."""

    key: str
    camera_id: str | None
    placeholders: dict[str, str]
    severity: ir.IssueSeverity = ir.IssueSeverity.WARNING


class IssueBoard:
    """Keeps the issues of one account in step with its cases and notices."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        cases: CaseBook,
        watches: WatchBook,
        name_of: Callable[[str], str],
    ) -> None:
        """Take what the issues follow from; `name_of` gives a camera's name by its id."""
        self._hass = hass
        self._entry_id = entry.entry_id
        self._cases = cases
        self._watches = watches
        self._name_of = name_of

    @callback
    def async_sync(self, again: Collection[str] = ()) -> None:
        """Create the issues that lack and delete those that are over.

        An issue that was ignored stays so, but for the cameras named in `again`.
        """
        wanted = {self._issue_id(issue): issue for issue in self._wanted()}
        for issue_id in self._present() - wanted.keys():
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        for issue_id, issue in wanted.items():
            if again and (issue.camera_id is None or issue.camera_id in again):
                ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                issue_id,
                data={"entry_id": self._entry_id, "camera_id": issue.camera_id},
                is_fixable=True,
                severity=issue.severity,
                translation_key=issue.key,
                translation_placeholders=issue.placeholders,
            )

    def _wanted(self) -> Iterator[_Issue]:
        shown = [
            (camera_id, case)
            for camera_id in sorted(self._cases.watched_cameras)
            if (case := self._cases.get(camera_id)) and case.state is not CaseState.CONFIRMED
        ]
        off = [case for _camera_id, case in shown if case.wish is Wish.OFF]
        if len(off) > MOST_ISSUES:
            yield self._digest(off)
        for camera_id, case in shown:
            if case.wish is Wish.ON:
                yield _Issue(
                    key=ISSUE_TURN_ON,
                    camera_id=camera_id,
                    placeholders={"camera": self._name_of(camera_id)},
                )
            elif len(off) <= MOST_ISSUES:
                yield self._cancellation(camera_id, case)
        for camera_id, notice in self._watches.standing():
            if not self._cases.is_open(camera_id):
                yield _Issue(
                    key=notice.value,
                    camera_id=camera_id,
                    placeholders={"camera": self._name_of(camera_id)},
                )

    def _cancellation(self, camera_id: str, case: Case) -> _Issue:
        return _Issue(
            key=ISSUE_CANCELLATION,
            camera_id=camera_id,
            placeholders={
                "standing": translated(
                    self._hass, f"entity.sensor.cancellation.state.{case.state}"
                ),
                "camera": self._name_of(camera_id),
            },
            severity=_severity(case.state),
        )

    def _digest(self, cases: list[Case]) -> _Issue:
        """Return the one issue for many; it is named by the weightiest of their states."""
        state = max((case.state for case in cases), key=_weight)
        cameras = translated(self._hass, "common.many_cameras", count=len(cases))
        return _Issue(
            key=ISSUE_CANCELLATION,
            camera_id=None,
            placeholders={
                "standing": translated(self._hass, f"entity.sensor.cancellation.state.{state}"),
                "camera": cameras,
            },
            severity=_severity(state),
        )

    def _issue_id(self, issue: _Issue) -> str:
        """Return an issue's id; it gets into diagnostics, the camera's does not."""
        return f"{issue.key}_{key_of(self._entry_id, issue.camera_id or '')}"

    def _present(self) -> set[str]:
        keys = {ISSUE_CANCELLATION, ISSUE_TURN_ON, *(notice.value for notice in Notice)}
        return {
            issue.issue_id
            for issue in ir.async_get(self._hass).issues.values()
            if issue.domain == DOMAIN
            and issue.translation_key in keys
            and (issue.data or {}).get("entry_id") == self._entry_id
        }


def _severity(state: CaseState) -> ir.IssueSeverity:
    return ir.IssueSeverity.ERROR if state in _LOUD else ir.IssueSeverity.WARNING


def _weight(state: CaseState) -> int:
    order = (
        CaseState.DONE_NOT_READABLE,
        CaseState.CHECKING,
        CaseState.WAITING_FOR_YOU,
        CaseState.NOT_EFFECTIVE,
        CaseState.CHARGED_AFTER,
    )
    return order.index(state)
