"""What the rows of a ledger show, taken together: each finding once, with the rows that show it.

All that is known is in the rows, so that a restart repeats nothing: what has a row of its own
was found. Unknown never makes a finding.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from ..row import Kind, Row
from .cameras import camera_silent, month_without_recordings, plan_without_camera
from .charges import amount_changed, charge_without_renewal, two_charges
from .finding import Finding, FindingKind
from .history import CameraHistory, Span, gap_of
from .renewals import (
    plan_lapsed,
    renewal_rearmed,
    renewed_after_cancelling,
    trial_turned_paid,
    two_renewals,
)

__all__ = ["DETECTORS", "Detectors", "Finding", "FindingKind"]

type Detector = Callable[[CameraHistory, datetime], Iterable[Finding]]
"""Looks at what the rows say of one camera, at a moment (UTC) up to which it was read."""

DETECTORS: Final[tuple[Detector, ...]] = (
    renewed_after_cancelling,
    two_renewals,
    two_charges,
    amount_changed,
    charge_without_renewal,
    trial_turned_paid,
    renewal_rearmed,
    plan_without_camera,
    camera_silent,
    month_without_recordings,
    plan_lapsed,
)


class Detectors:
    """Looks through an account's rows as they come."""

    def __init__(self) -> None:
        """Begin with an empty ledger."""
        self._gaps: list[Span] = []
        self._histories: dict[str, CameraHistory] = {}
        self._found: set[str] = set()

    def heed(self, row: Row) -> None:
        """Take a row in; they come in their order."""
        if row.kind is Kind.FINDING:
            self._found.add(str(row.facts.get("key")))
        elif row.camera is None:
            if row.kind is Kind.READING_GAP and (gap := gap_of(row)):
                self._gaps.append(gap)
        else:
            history = self._histories.get(row.camera)
            if history is None:
                history = self._histories[row.camera] = CameraHistory(row.camera, self._gaps)
            history.heed(row)

    def due(self, now: datetime) -> Iterator[Finding]:
        """Yield what the rows show and was not written down as found.

        `now` (UTC) is when the account was last read: what was not seen did not happen.
        """
        told = set(self._found)
        for history in self._histories.values():
            for detector in DETECTORS:
                for finding in detector(history, now):
                    if finding.key not in told:
                        told.add(finding.key)
                        yield finding
