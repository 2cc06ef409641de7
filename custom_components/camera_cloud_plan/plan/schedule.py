"""The charges to come: the next one, and those that follow while a plan renews."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from .case import SHORTEST_TERM
from .charge import ChargeExpectation, charge_at
from .view import PlanView

CYCLES_AHEAD: Final = 3

# As far as one day of the calendar lies apart in the zones of the world (UTC-12 to UTC+14),
# daylight saving included.
_TYPED_DAYS_APART: Final = timedelta(hours=27)


def coming_charges(view: PlanView, until: datetime) -> Iterator[ChargeExpectation]:
    """Yield the charges that may come by a moment (UTC), in order; none where none is expected.

    The next one, and as far as it is known how long a term is, those after it, were the
    plan to renew until then. Whether they are certain is as with the next.
    """
    for charge in _charges(view):
        if charge.earliest > until:
            return
        yield charge


def charges_ahead(view: PlanView) -> tuple[ChargeExpectation, ...]:
    """Return the next charge and those after it, at most three in all."""
    return tuple(charge for charge, _ in zip(_charges(view), range(CYCLES_AHEAD), strict=False))


def _charges(view: PlanView) -> Iterator[ChargeExpectation]:
    following = view.charge
    if following is None:
        return
    yield following
    for times in count(1):
        charge = charge_at(view.reading, times, view.renewal, view.rule, view.zone)
        if charge is None:
            return
        # Of a plan on a fixed day the running term's may be behind.
        if not is_same_cycle(charge.term_ends_at, following.term_ends_at):
            yield charge


def cycle_of(charge: ChargeExpectation) -> str:
    """Return a name for the cycle that a charge ends, as text without spaces.

    An end that is corrected a little names another one: compare by `is_same_cycle`.
    """
    return charge.term_ends_at.isoformat()


def is_same_cycle(ends_at: datetime, other: datetime, *, typed: bool = False) -> bool:
    """Return whether two ends are of one term: by less than the shortest it was corrected.

    The end of a plan that is `typed` in is a day of the home's calendar: where the home moves
    to another zone, it moves by up to a day and some hours.
    """
    return abs(ends_at - other) < (_TYPED_DAYS_APART if typed else SHORTEST_TERM)
