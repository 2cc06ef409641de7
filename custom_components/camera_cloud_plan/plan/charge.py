"""When the next charge is to be expected, and how that is known."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TypedDict

from .channel import TrustRule
from .money import Money
from .reading import PlanReading
from .renewal import Renewal
from .tariff import fixed_day_before
from .term import Term, term_between, term_ends


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


def term_of(reading: PlanReading, zone: tzinfo) -> Term | None:
    """Return how long a plan runs at a time, `None` where it is not known.

    As its tariff says, or else as the running term shows. How long a trial runs says
    nothing of the terms that follow it.
    """
    if reading.tariff and reading.tariff.term:
        return reading.tariff.term
    if reading.trial or reading.starts_at is None or reading.ends_at is None:
        return None
    return term_between(reading.starts_at, reading.ends_at, zone)


def end_after(reading: PlanReading, times: int, zone: tzinfo) -> datetime | None:
    """Return the end (UTC) of the term that comes so many after the running one (0).

    Negative is before. `None` where the end or the term is not known.
    """
    if reading.ends_at is None or not times:
        return reading.ends_at
    term = term_of(reading, zone)
    if term is None:
        return None
    starts_at = None if reading.trial else reading.starts_at
    return term_ends(term, starts_at, reading.ends_at, times, zone)


def began_at(reading: PlanReading, zone: tzinfo) -> datetime | None:
    """Return when the running term began (UTC), `None` where it is not known.

    What is read as a plan's start may be that of its first term.
    """
    if reading.trial:
        return reading.starts_at
    return end_after(reading, -1, zone) or reading.starts_at


def expect_charge(
    reading: PlanReading, renewal: Renewal, rule: TrustRule, zone: tzinfo
) -> ChargeExpectation | None:
    """Return the charge that ends a plan's running term; `None` where none is to be expected.

    No maker names a charge date. The term runs to the plan's end, the app announces the
    debit for that day (xiaomi_cloud_plan_api 1.3), and the billing channel may take it
    ahead of that by its lead time: hence the window and its basis. A fixed day that the
    owner chose goes before that, until a reading made after it shows the same end still;
    of a plan that is the owner's word alone, what was due on that day counts as charged.
    """
    charge = charge_at(reading, 0, renewal, rule, zone)
    if charge is None or charge.basis is not Basis.FIXED_DAY or reading.read_at < charge.latest:
        return charge
    if reading.typed and (following := charge_at(reading, 1, renewal, rule, zone)):
        return following
    return replace(charge, **_window(charge.term_ends_at, rule, _notice(reading)))


def charge_at(
    reading: PlanReading, times: int, renewal: Renewal, rule: TrustRule, zone: tzinfo
) -> ChargeExpectation | None:
    """Return the charge that a term ends with, so many after the running one (0).

    Were the plan to renew until then; `None` where no charge is to be expected, or it is
    not known how long a term is.
    """
    ends_at = end_after(reading, times, zone)
    if ends_at is None or renewal is Renewal.OFF:
        return None
    tariff, notice = reading.tariff, _notice(reading)
    charge = ChargeExpectation(
        **_window(ends_at, rule, notice),
        term_ends_at=ends_at,
        watched_until=ends_at + rule.watched_after_end,
        possible=renewal is Renewal.UNKNOWN,
        kind=_kind(reading, times, ends_at, zone),
        amount=tariff.price_at(ends_at) if tariff else None,
        typed=reading.typed,
    )
    if charge.kind is ChargeKind.TRIAL_TURNS_PAID or not (tariff and tariff.billing_day):
        return charge
    begins, ends = fixed_day_before(tariff.billing_day, ends_at, zone)
    return replace(
        charge,
        earliest=begins,
        latest=min(ends, ends_at),
        deadline=min(begins, ends_at - notice),
        basis=Basis.FIXED_DAY,
    )


class _Window(TypedDict):
    earliest: datetime
    latest: datetime
    deadline: datetime
    basis: Basis


def _window(ends_at: datetime, rule: TrustRule, notice: timedelta) -> _Window:
    earliest = ends_at - rule.charges_ahead
    return {
        "earliest": earliest,
        "latest": ends_at,
        "deadline": min(earliest, ends_at - notice),
        "basis": Basis.PLAN_END_LESS_LEAD,
    }


def _notice(reading: PlanReading) -> timedelta:
    return timedelta(days=reading.tariff.notice_days if reading.tariff else 0)


def _kind(reading: PlanReading, times: int, ends_at: datetime, zone: tzinfo) -> ChargeKind:
    if reading.trial and not times:
        return ChargeKind.TRIAL_TURNS_PAID
    tariff = reading.tariff
    if tariff is None or tariff.price_from is None or tariff.price_from > ends_at:
        return ChargeKind.RENEWAL
    before = end_after(reading, times - 1, zone) if times else began_at(reading, zone)
    # Where it is not known when the running term began, it had by the time it was read.
    rises = tariff.rises_at(ends_at, before or reading.read_at)
    return ChargeKind.PRICE_CHANGES if rises else ChargeKind.RENEWAL
