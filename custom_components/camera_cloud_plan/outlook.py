"""What an account's cameras add up to: the next charge, the count, what needs attention."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .cancellations import CancellationBook
from .plan import ChargeExpectation, Renewal
from .snapshot import AccountSnapshot, CameraPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCharge:
    """The next charge of an account and the camera it is for."""

    plan: CameraPlan
    charge: ChargeExpectation

    @property
    def earliest(self) -> datetime:
        """The first moment at which it may come (UTC)."""
        return self.charge.earliest

    @property
    def words(self) -> dict[str, Any]:
        """What is shown beside the moment."""
        return {
            "camera": self.plan.camera.name,
            "latest": self.charge.latest,
            "possible": self.charge.possible,
            "channel": self.plan.channel.value,
        }


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


class Reason(StrEnum):
    """Why a camera needs its owner's attention, weightiest first."""

    CANCELLATION_OPEN = "cancellation_open"
    CAMERA_LEFT = "camera_left"
    WITNESSES_DISAGREE = "witnesses_disagree"
    RENEWAL_UNKNOWN = "renewal_unknown"


def needs_attention(
    data: AccountSnapshot, cancellations: CancellationBook
) -> list[tuple[CameraPlan, Reason]]:
    """Return the cameras that need attention, each with its weightiest reason; weightiest first."""
    found = [
        (plan, reason)
        for plan in data.cameras.values()
        if (reason := _reason(plan, cancellations)) is not None
    ]
    weights = list(Reason)
    return sorted(found, key=lambda item: weights.index(item[1]))


def _reason(plan: CameraPlan, cancellations: CancellationBook) -> Reason | None:
    if cancellations.is_open(plan.camera.camera_id):
        return Reason.CANCELLATION_OPEN
    if plan.left_at:
        return Reason.CAMERA_LEFT
    view = plan.view
    if view is None or not plan.is_own or not view.is_active:
        return None
    if view.verdict.disagree:
        return Reason.WITNESSES_DISAGREE
    return Reason.RENEWAL_UNKNOWN if view.renewal is Renewal.UNKNOWN else None
