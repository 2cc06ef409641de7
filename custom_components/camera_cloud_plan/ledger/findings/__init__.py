"""What the rows of a ledger show, taken together: each finding once, with the rows that show it.

All that is known is in the rows, so that a restart repeats nothing: what has a row of its own
was found. Unknown never makes a finding.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from ..row import Kind, Row
from .cameras import camera_silent, month_without_recordings, plan_without_camera, silent_at
from .charges import amount_changed, charge_without_renewal, settled_at, two_charges
from .finding import Finding, FindingKind
from .history import YEARS, CameraHistory, Span, gap_of
from .renewals import (
    lapses_at,
    plan_lapsed,
    renewal_rearmed,
    renewed_after_cancelling,
    stands_at,
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

_AT_ONCE: Final = datetime.min.replace(tzinfo=UTC)


class Detectors:
    """Looks through an account's rows as they come.

    A camera is looked at if rows of it came, or if time alone may show something of it.
    """

    def __init__(self) -> None:
        """Begin with an empty ledger."""
        self._gaps: list[Span] = []
        self._histories: dict[str, CameraHistory] = {}
        self._found: set[str] = set()
        # When each camera is to be looked at again, unless rows of it come before (UTC).
        self._next_look: dict[str, datetime] = {}
        self._last_at: datetime | None = None

    def heed(self, row: Row) -> None:
        """Take a row in; they come in their order."""
        if row.kind is Kind.FINDING:
            self._found.add(str(row.facts.get("key")))
        elif row.at.year not in YEARS:
            return
        elif row.camera is None:
            if gap := self._gap_of(row):
                self._gaps.append(gap)
        else:
            history = self._histories.get(row.camera)
            if history is None:
                history = self._histories[row.camera] = CameraHistory(row.camera, self._gaps)
            history.heed(row)
            self._next_look[row.camera] = _AT_ONCE
        self._last_at = row.at

    def _gap_of(self, row: Row) -> Span | None:
        """Return the time that a row of the whole account leaves unknown."""
        if row.kind is Kind.READING_GAP:
            return gap_of(row)
        # Rows that an older ledger lacks may have said anything.
        is_older = row.kind is Kind.LEDGER_OPENED and row.facts.get("older") == "ledger"
        if not is_older or self._last_at is None:
            return None
        return Span(row.seq, self._last_at, row.at, lost=True)

    def due(
        self, now: datetime, read_at: Mapping[str, datetime] | None = None
    ) -> Iterator[Finding]:
        """Yield what the rows show and was not written down as found.

        `now` (UTC) is when the account was last read, and `read_at` when each camera was, where
        that may be another time: what was not seen did not happen. A camera that it lacks is not
        read any more.
        """
        told = set(self._found)
        for camera, next_look in [*self._next_look.items()]:
            history = self._histories[camera]
            seen = now if read_at is None else read_at.get(camera, history.read_at)
            if seen is None or next_look > seen:
                continue
            is_shown = False
            for detector in DETECTORS:
                for finding in detector(history, seen):
                    if finding.key not in told:
                        told.add(finding.key)
                        is_shown = True
                        yield finding
            # What is yielded is found once its row comes, and is looked for until then.
            if is_shown:
                continue
            if later := next_look_at(history, seen):
                self._next_look[camera] = later
            else:
                del self._next_look[camera]


def next_look_at(history: CameraHistory, now: datetime) -> datetime | None:
    """Return when time alone may show something more of a camera (UTC)."""
    moments = (
        *stands_at(history),
        *settled_at(history),
        *lapses_at(history),
        *silent_at(history, now),
    )
    return min((moment for moment in moments if moment > now), default=None)
