"""What an account's cameras add up to: the next charge, the count, what needs attention."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from .casework.book import CaseBook
from .casework.watches import WatchBook
from .plan import (
    CaseState,
    ChargeExpectation,
    Notice,
    PlanView,
    Renewal,
    Service,
    Wish,
    monthly_cost,
)
from .snapshot import AccountSnapshot, CameraPlan
from .words import rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCharge:
    """The next charge of an account and the camera it is for."""

    plan: CameraPlan
    charge: ChargeExpectation

    @property
    def earliest(self) -> datetime:
        """The first moment at which it may come (UTC)."""
        return self.charge.earliest

    def words(self, camera: str) -> dict[str, Any]:
        """Return what is shown beside the moment; `camera` is what people call it."""
        return {"camera": camera, **charge_facts(self.plan, self.charge)}


def charge_facts(plan: CameraPlan, charge: ChargeExpectation) -> dict[str, Any]:
    """Return what is known of a charge besides its earliest moment; unknown is left out."""
    amount, tariff = charge.amount, plan.reading.tariff if plan.reading else None
    facts = {
        "latest": charge.latest,
        "deadline": charge.deadline,
        "basis": charge.basis.value,
        "kind": charge.kind.value,
        "possible": charge.possible,
        "channel": plan.channel.value,
        "amount": float(rounded(amount)) if amount else None,
        "currency": amount.currency if amount else None,
        "price_source": tariff.source.value if amount and tariff else None,
        "word": "owner" if charge.typed else None,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


def next_charge(data: AccountSnapshot, now: datetime) -> NextCharge | None:
    """Return the earliest charge that has not passed at `now` (UTC), certain or possible."""
    charges = [
        NextCharge(plan=plan, charge=view.charge)
        for plan in data.cameras.values()
        if plan.is_own and (view := plan.view) and view.charge and view.charge.latest > now
    ]
    return min(charges, key=lambda found: found.earliest, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewing:
    """How many running plans are known to renew, and of how many it is not known."""

    known: int
    unknown: int


def renewing(data: AccountSnapshot) -> Renewing:
    """Count the account's own running plans by whether they renew."""
    said = [
        view.renewal
        for plan in data.cameras.values()
        if plan.is_own and (view := plan.view) and view.is_active
    ]
    return Renewing(known=said.count(Renewal.ON), unknown=said.count(Renewal.UNKNOWN))


def own_views(plans: Iterable[CameraPlan]) -> list[PlanView]:
    """Return the judged readings of the plans that are the account's own."""
    return [view for plan in plans if plan.is_own and (view := plan.view)]


def currency_of(plan: CameraPlan) -> str | None:
    """Return the currency in which a plan's price is known; `None` without a price."""
    tariff = plan.reading.tariff if plan.reading else None
    price = (tariff.price or tariff.regular_price) if tariff else None
    return price.currency if price else None


def cost_by_month(view: PlanView, now: datetime) -> Decimal | None:
    """Return what a camera's plan costs by the month; `None` where that is not known.

    One that does not renew costs nothing more. `monthly_cost` has the rest.
    """
    cost = monthly_cost((view,), now)
    if cost.unknown:
        return None
    return sum((*cost.sums.values(), *cost.possible.values()), Decimal(0))


class Reason(StrEnum):
    """Why a camera needs its owner's attention, weightiest first."""

    RENEWED_AFTER_CANCELLING = "renewed_after_cancelling"
    NOT_EFFECTIVE = "not_effective"
    FINDING = "finding"
    CANCELLATION_OPEN = "cancellation_open"
    TURN_ON_OPEN = "turn_on_open"
    CAMERA_LEFT = "camera_left"
    RENEWAL_BACK_ON = "renewal_back_on"
    CAMERA_OFFLINE = "camera_offline"
    UPLOAD_OFF = "upload_off"
    WITNESSES_DISAGREE = "witnesses_disagree"
    SELLER_CONFIRMS = "seller_confirms"
    ENDED_OR_RENEWED = "ended_or_renewed"
    RENEWAL_UNKNOWN = "renewal_unknown"


_REASON_OF_NOTICE: Final = {
    Notice.RENEWAL_BACK_ON: Reason.RENEWAL_BACK_ON,
    Notice.CAMERA_OFFLINE: Reason.CAMERA_OFFLINE,
    Notice.UPLOAD_OFF: Reason.UPLOAD_OFF,
}

_REASON_OF_STATE: Final = {
    CaseState.WAITING_FOR_YOU: Reason.CANCELLATION_OPEN,
    CaseState.CHECKING: Reason.CANCELLATION_OPEN,
    CaseState.DONE_NOT_READABLE: Reason.SELLER_CONFIRMS,
    CaseState.NOT_EFFECTIVE: Reason.NOT_EFFECTIVE,
    CaseState.CHARGED_AFTER: Reason.RENEWED_AFTER_CANCELLING,
}


def needs_attention(
    data: AccountSnapshot, cases: CaseBook, watches: WatchBook, found: Collection[str]
) -> list[tuple[CameraPlan, Reason]]:
    """Return the cameras that need attention, each with its weightiest reason; weightiest first.

    `found` are those of which something was found that nobody has taken note of.
    """
    weights = list(Reason)
    needing = [
        (plan, min(reasons, key=weights.index))
        for plan in data.cameras.values()
        if (reasons := {*_reasons(plan, cases, watches), *_found(plan, found)})
    ]
    return sorted(needing, key=lambda item: weights.index(item[1]))


def _found(plan: CameraPlan, found: Collection[str]) -> Iterator[Reason]:
    if plan.camera.camera_id in found:
        yield Reason.FINDING


def _reasons(plan: CameraPlan, cases: CaseBook, watches: WatchBook) -> Iterator[Reason]:
    camera_id = plan.camera.camera_id
    case = cases.get(camera_id)
    if case and case.state in _REASON_OF_STATE:
        yield Reason.TURN_ON_OPEN if case.wish is Wish.ON else _REASON_OF_STATE[case.state]
        if case.is_open:
            return
    if plan.left_at:
        yield Reason.CAMERA_LEFT
    for notice in watches.get(camera_id).standing():
        yield _REASON_OF_NOTICE[notice]
    view = plan.view
    if view and view.reading.typed and view.reading.service is Service.UNKNOWN:
        yield Reason.ENDED_OR_RENEWED  # only its owner can say which
    if view is None or not plan.is_own or not view.is_active:
        return
    if view.verdict.disagree:
        yield Reason.WITNESSES_DISAGREE
    elif view.renewal is Renewal.UNKNOWN:
        yield Reason.RENEWAL_UNKNOWN
