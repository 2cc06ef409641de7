"""What plans cost: by the month, in the months to come, and against their owner's limits.

Only prices that were read or said count, each in its currency; charges without one are
counted, never guessed. Amounts are exact: who shows them rounds them. What may be charged
although nobody can say whether the plan renews stands apart from what renews.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final

from .charge import ChargeExpectation
from .money import Money, by_currency
from .renewal import Renewal
from .schedule import coming_charges
from .term import Term
from .view import PlanView

MONTHS_AHEAD: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyCost:
    """What plans cost by the month, by currency; a longer term is spread over its months.

    `sums` of plans that renew, `possible` of those of which it is not known, at the prices
    that hold now. `unknown` counts the plans whose price or term is not known.
    """

    sums: Mapping[str, Decimal]
    possible: Mapping[str, Decimal]
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingCharge:
    """A charge to come, and the cameras (by id) that it is for.

    `at` (UTC) is where it counts: its earliest moment, or now where that is past.
    """

    charge: ChargeExpectation
    camera_ids: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlay:
    """What a span of time costs: from `begins` until before `ends` (UTC), by currency.

    Charges count whole, where they begin. `sums` are of plans that renew, `possible` of
    those of which it is not known; `unknown` counts the charges without a known amount.
    """

    begins: datetime
    ends: datetime
    sums: Mapping[str, Decimal]
    possible: Mapping[str, Decimal]
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The charges of the next months, in order, month by month and in all."""

    charges: tuple[ComingCharge, ...]
    months: tuple[Outlay, ...]
    total: Outlay


class LimitKind(StrEnum):
    """What a limit is for."""

    CHARGE = "charge"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that an owner wants a charge, and a calendar month, to cost."""

    per_charge: Money | None = None
    per_month: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverLimit:
    """A charge or a month that costs more than its owner wants.

    `key` names it, so that it is told once: it stays through small corrections. `possible`:
    only if plans renew of which that is not known. `charges` are what it is made of.
    """

    kind: LimitKind
    key: str
    amount: Money
    limit: Money
    possible: bool
    charges: tuple[ComingCharge, ...]


def monthly_cost(views: Iterable[PlanView], now: datetime) -> MonthlyCost:
    """Return what plans cost by the month at the prices of a moment (UTC)."""
    sure: list[Money] = []
    possible: list[Money] = []
    unknown = 0
    for view, _ in plans_charged(views):
        tariff, term = view.reading.tariff, view.term
        price = tariff.price_at(now) if tariff else None
        if price is None or term is None:
            unknown += 1
            continue
        share = Money(amount=price.amount / term.in_months, currency=price.currency)
        (sure if view.renewal is Renewal.ON else possible).append(share)
    return MonthlyCost(sums=by_currency(sure), possible=by_currency(possible), unknown=unknown)


def forecast(
    views: Iterable[PlanView], now: datetime, zone: tzinfo, months: int = MONTHS_AHEAD
) -> Forecast:
    """Return the charges of some months from a moment (UTC) on, by a zone's calendar.

    A charge whose window has begun may still come, and counts until it is over.
    """
    borders = [Term.months(1).after(now, count, zone) for count in range(months + 1)]
    charges = sorted(
        (
            ComingCharge(charge=charge, camera_ids=camera_ids, at=max(charge.earliest, now))
            for view, camera_ids in plans_charged(views)
            for charge in coming_charges(view, borders[-1])
            if charge.latest >= now and charge.earliest < borders[-1]
        ),
        key=lambda coming: (coming.charge.earliest, coming.camera_ids),
    )
    return Forecast(
        charges=tuple(charges),
        months=tuple(_outlay(charges, begins, ends) for begins, ends in pairwise(borders)),
        total=_outlay(charges, borders[0], borders[-1]),
    )


def over_limits(ahead: Forecast, limits: Limits, zone: tzinfo) -> Iterator[OverLimit]:
    """Yield what of a forecast costs more than the limits, by the months of a zone's calendar.

    Amounts in another currency than a limit's are not held against it. What was charged
    earlier in a month is not in its forecast, so that a month may be told too rarely.
    """

    def month_of(coming: ComingCharge) -> str:
        return coming.charge.earliest.astimezone(zone).strftime("%Y-%m")

    for month, group in groupby(ahead.charges, key=month_of):
        charges = tuple(group)
        if limits.per_charge:
            for coming in charges:
                key = f"{LimitKind.CHARGE}:{month}:{coming.camera_ids[0]}"
                yield from _over(LimitKind.CHARGE, key, limits.per_charge, (coming,))
        if limits.per_month:
            key = f"{LimitKind.MONTH}:{month}"
            yield from _over(LimitKind.MONTH, key, limits.per_month, charges)


def _over(
    kind: LimitKind, key: str, limit: Money, charges: Iterable[ComingCharge]
) -> Iterator[OverLimit]:
    counted = tuple(
        coming
        for coming in charges
        if coming.charge.amount and coming.charge.amount.currency == limit.currency
    )
    amount = _sum(counted, limit.currency)
    sure = _sum((coming for coming in counted if not coming.charge.possible), limit.currency)
    if amount.amount > limit.amount:
        yield OverLimit(
            kind=kind,
            key=key,
            amount=amount,
            limit=limit,
            possible=sure.amount <= limit.amount,
            charges=counted,
        )


def _sum(charges: Iterable[ComingCharge], currency: str) -> Money:
    sums = by_currency(coming.charge.amount for coming in charges if coming.charge.amount)
    return Money(amount=sums.get(currency, Decimal(0)), currency=currency)


def _outlay(charges: Iterable[ComingCharge], begins: datetime, ends: datetime) -> Outlay:
    within = [coming.charge for coming in charges if begins <= coming.at < ends]
    known = [(charge.amount, charge.possible) for charge in within if charge.amount]
    return Outlay(
        begins=begins,
        ends=ends,
        sums=by_currency(amount for amount, possible in known if not possible),
        possible=by_currency(amount for amount, possible in known if possible),
        unknown=len(within) - len(known),
    )


def plans_charged(views: Iterable[PlanView]) -> Iterator[tuple[PlanView, tuple[str, ...]]]:
    """Yield the plans of which a charge is expected, each with the cameras that it is for.

    One that covers several cameras comes once: as read where its renewal is known best and
    its charge comes first.
    """
    plans: dict[tuple[str, ...], list[tuple[bool, datetime, PlanView]]] = {}
    for view in views:
        if charge := view.charge:
            known = (charge.possible, charge.earliest, view)
            plans.setdefault(_plan_key(view), []).append(known)
    for covered in plans.values():
        *_, view = min(covered, key=itemgetter(0, 1))
        yield view, tuple(sorted(view.camera.camera_id for *_, view in covered))


def _plan_key(view: PlanView) -> tuple[str, ...]:
    tariff, name, maker = view.reading.tariff, view.reading.name, view.camera.maker
    if tariff and tariff.covers_all and name:
        return maker, name
    return (view.camera.camera_id,)
