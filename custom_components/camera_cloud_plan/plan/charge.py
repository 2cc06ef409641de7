"""When the next charge is to be expected, and how that is known."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from .channel import TrustRule
from .money import Money
from .reading import PlanReading
from .renewal import Renewal
from .tariff import fixed_day_before


class Basis(StrEnum):
    """Where a charge expectation comes from."""

    READ = "read_from_maker"
    PLAN_END_LESS_LEAD = "derived_plan_end_less_lead_time"
    FIXED_DAY = "fixed_day_chosen_by_owner"
    UNKNOWN = "unknown"


class ChargeKind(StrEnum):
    """What a charge is; whether it is certain to come is another question."""

    RENEWAL = "renewal"
    TRIAL_TURNS_PAID = "trial_turns_paid"
    PRICE_CHANGES = "price_changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeExpectation:
    """A coming charge: a window rather than an instant.

    `earliest` is the first moment a charge may come, `latest` the last at which a regular
    one is due, `term_ends_at` the end of the term that it would follow; all UTC. `possible`
    is set where it is not known whether the plan renews: it may be charged, and is warned
    about like one that will. `watched_until` is how long a late charge (a retried payment)
    may still come, `deadline` by when renewal has to be off. `amount` is what it costs,
    `None` where nobody said; `typed` is set where all this is the owner's word.
    """

    earliest: datetime
    latest: datetime
    term_ends_at: datetime
    watched_until: datetime
    deadline: datetime
    basis: Basis
    possible: bool
    kind: ChargeKind = ChargeKind.RENEWAL
    amount: Money | None = None
    typed: bool = False


def expect_charge(
    reading: PlanReading, renewal: Renewal, rule: TrustRule, zone: tzinfo
) -> ChargeExpectation | None:
    """Return the charge that ends a plan's running term; `None` where none is to be expected.

    No maker names a charge date. The term runs to the plan's end, the app announces the
    debit for that day (xiaomi_cloud_plan_api 1.3), and the billing channel may take it
    ahead of that by its lead time: hence the window and its basis. A fixed day that the
    owner chose goes before that, until a reading made after it shows the same end still.
    """
    ends_at = reading.ends_at
    if ends_at is None or renewal is Renewal.OFF:
        return None
    charge = charge_at(reading, ends_at, rule, zone, began_at=reading.starts_at)
    if charge.basis is Basis.FIXED_DAY and reading.read_at >= charge.latest:
        charge = _by_end(reading, ends_at, rule, began_at=reading.starts_at)
    return replace(charge, possible=renewal is Renewal.UNKNOWN)


def charge_at(
    reading: PlanReading,
    ends_at: datetime,
    rule: TrustRule,
    zone: tzinfo,
    *,
    began_at: datetime | None,
) -> ChargeExpectation:
    """Return the charge for the term that follows one which ends at a moment (UTC).

    For the running term or, were the plan to renew until then, a later one; `began_at` is
    when that one began.
    """
    by_end = _by_end(reading, ends_at, rule, began_at=began_at)
    tariff = reading.tariff
    if tariff is None or tariff.billing_day is None:
        return by_end
    begins, ends = fixed_day_before(tariff.billing_day, ends_at, zone)
    return replace(
        by_end,
        earliest=begins,
        latest=min(ends, ends_at),
        deadline=min(begins, ends_at - timedelta(days=tariff.notice_days)),
        basis=Basis.FIXED_DAY,
    )


def _by_end(
    reading: PlanReading, ends_at: datetime, rule: TrustRule, *, began_at: datetime | None
) -> ChargeExpectation:
    tariff = reading.tariff
    earliest = ends_at - rule.charges_ahead
    notice = timedelta(days=tariff.notice_days) if tariff else timedelta(0)
    kind = ChargeKind.RENEWAL
    if reading.trial and ends_at == reading.ends_at:
        kind = ChargeKind.TRIAL_TURNS_PAID
    elif tariff and tariff.rises_at(ends_at, began_at):
        kind = ChargeKind.PRICE_CHANGES
    return ChargeExpectation(
        earliest=earliest,
        latest=ends_at,
        term_ends_at=ends_at,
        watched_until=ends_at + rule.watched_after_end,
        deadline=min(earliest, ends_at - notice),
        basis=Basis.PLAN_END_LESS_LEAD,
        possible=False,
        kind=kind,
        amount=tariff.price_at(ends_at) if tariff else None,
        typed=reading.typed,
    )
