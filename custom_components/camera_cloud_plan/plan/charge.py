"""When the next charge is to be expected, and how that is known."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .channel import TrustRule
from .renewal import Renewal


class Basis(StrEnum):
    """Where a charge expectation comes from."""

    READ = "read_from_maker"
    PLAN_END_LESS_LEAD = "derived_plan_end_less_lead_time"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeExpectation:
    """A coming charge: a window rather than an instant.

    `earliest` is the first moment a charge may come, `latest` the moment the plan ends
    and a regular charge is due; both UTC. `possible` is set where it is not known
    whether the plan renews: it may be charged, and is warned about like one that will.
    `watched_until` is how long a late charge (a retried payment) may still come.
    """

    earliest: datetime
    latest: datetime
    watched_until: datetime
    basis: Basis
    possible: bool


def expect_charge(
    ends_at: datetime | None, renewal: Renewal, rule: TrustRule
) -> ChargeExpectation | None:
    """Return the next charge of an active plan; `None` where none is to be expected.

    No maker names a charge date. The term runs to `ends_at`, the app announces the
    debit for that day (xiaomi_cloud_plan_api 1.3), and the billing channel may take it
    ahead of that by its lead time: hence the window and its basis.
    """
    if ends_at is None or renewal is Renewal.OFF:
        return None
    return ChargeExpectation(
        earliest=ends_at - rule.charges_ahead,
        latest=ends_at,
        watched_until=ends_at + rule.watched_after_end,
        basis=Basis.PLAN_END_LESS_LEAD,
        possible=renewal is Renewal.UNKNOWN,
    )
