"""What a page tells of a ledger's rows, gathered as they go by."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ..claim import TAKEN_UP, FirstPaidTerm
from ..row import Kind, Row
from ..verify_ledger import Anchor
from .excerpt import Shown
from .picture import Stretch
from .told import moment_of

MOST_ON_PAGE: Final = 500
"""So many rows, the newest, a table of the page has at most: more is for no reader of paper."""


# Rows that come of reading a camera.
_READ: Final = frozenset(
    {
        *(Kind.PLAN_SEEN, Kind.PLAN_CHANGED, Kind.RENEWED, Kind.FLAG),
        *(Kind.OFFLINE, Kind.ONLINE, Kind.UPLOAD),
    }
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was last seen of auto-renewal, and when (UTC)."""

    on: bool
    at: datetime


class Gist:
    """What a page tells of the rows that are shown: how many, and the newest of each kind.

    Kept up with one row after the other, so that a long history needs no more memory than a
    short one.
    """

    def __init__(self) -> None:
        """Begin without any row."""
        self.counts: Counter[Kind] = Counter()
        # Lines that say nothing of their row.
        self.covered = 0
        # Of the whole ledger, in how many places it is not whole, and its last row.
        self.broken = 0
        self.head: Anchor | None = None
        # Of cancellations that the maker confirmed, and of charges with their order.
        self.confirmed = self.orders = 0
        # When the first of all happened, and the newest renewal or charge (UTC).
        self.begins: datetime | None = None
        self.paid_at: datetime | None = None
        self.first_paid = FirstPaidTerm()
        self.newest: deque[Shown] = deque(maxlen=MOST_ON_PAGE)
        # Each with what was last seen of auto-renewal before.
        self.renewed: deque[tuple[Shown, Seen | None]] = deque(maxlen=MOST_ON_PAGE)
        # By key; without those that their owner put aside.
        self.findings: dict[str, Shown] = {}
        self.offline: list[Stretch] = []
        self.unread: list[Stretch] = []
        # When the camera was first read of all that is shown, and as what.
        self.first_read: Row | None = None
        self._of: dict[Kind, deque[Shown]] = {}
        self._renewal: Seen | None = None
        self._offline_since: datetime | None = None

    @property
    def shown(self) -> int:
        """How many rows there are."""
        return self.counts.total()

    def of(self, *kinds: Kind) -> list[Shown]:
        """Return the newest rows of some kinds, as they were written."""
        found = [shown for kind in kinds for shown in self._of.get(kind, ())]
        return sorted(found, key=lambda shown: shown.row.seq)[-MOST_ON_PAGE:]

    def count(self, *kinds: Kind) -> int:
        """Return how many rows of some kinds there are."""
        return sum(self.counts[kind] for kind in kinds)

    def not_read(self, since: datetime) -> Iterator[Stretch]:
        """Yield when nobody looked; before a plan was first read that is so as well."""
        if self.first_read and self.first_read.kind is Kind.PLAN_SEEN:
            yield Stretch(begins=since, ends=max(since, self.first_read.at))
        yield from self.unread

    def still_offline(self) -> Iterator[Stretch]:
        """Yield when the camera was offline, also what began and is not known to have ended."""
        yield from self.offline
        if self._offline_since:
            yield Stretch(begins=self._offline_since, ends=None)

    def heed(self, shown: Shown | None) -> None:
        """Take in what a line shows, in the order they were written."""
        self.covered += shown is None or shown.is_short
        if shown is not None:
            self._heed(shown)

    def _heed(self, shown: Shown) -> None:
        kind, facts = shown.row.kind, shown.facts
        self.counts[kind] += 1
        self.newest.append(shown)
        self._of.setdefault(kind, deque(maxlen=MOST_ON_PAGE)).append(shown)
        at = shown.row.at
        self.begins = min(self.begins or at, at)
        if kind in _READ and self.first_read is None:
            self.first_read = shown.row
        if kind in (Kind.RENEWED, Kind.CHARGE):
            self.paid_at = max(self.paid_at or at, at)
        self.first_paid.heed(shown.row)
        match kind:
            case Kind.CANCELLATION:
                self.confirmed += facts.get("step") == "confirmed"
            case Kind.CHARGE:
                self.orders += bool(facts.get("order"))
            case Kind.FINDING:
                self.findings[str(facts.get("key"))] = shown
            case Kind.FINDING_DISMISSED if facts.get("why") != TAKEN_UP:
                self.findings.pop(str(facts.get("key")), None)
            case Kind.RENEWED:
                self.renewed.append((shown, self._renewal))
            case Kind.OFFLINE | Kind.ONLINE | Kind.READING_GAP:
                self._heed_stretch(shown)
        if isinstance(on := _flag_of(shown), bool):
            self._renewal = Seen(on, shown.row.at)

    def _heed_stretch(self, shown: Shown) -> None:
        begins, ends = (moment_of(shown.facts.get(of)) for of in ("from", "to"))
        ends = ends or shown.row.at
        match shown.row.kind:
            case Kind.OFFLINE:
                self._offline_since = begins or shown.row.at
            case Kind.ONLINE:
                if begins := begins or self._offline_since:
                    self.offline.append(Stretch(begins=begins, ends=ends))
                self._offline_since = None
            case _ if begins:
                self.unread.append(Stretch(begins=begins, ends=ends))


def _flag_of(shown: Shown) -> object:
    """Return what a row says of auto-renewal; anything but a `bool` is nothing."""
    match shown.row.kind:
        case Kind.FLAG:
            return shown.facts.get("new")
        case Kind.PLAN_SEEN:
            return shown.facts.get("renewal")
        case Kind.PLAN_CHANGED:
            changed = shown.facts.get("changes", {}).get("renewal")
            return changed.get("new") if isinstance(changed, dict) else None
    return None
