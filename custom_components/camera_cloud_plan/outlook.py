"""What an account's cameras add up to: the next charge, the count, what needs attention."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from .cases import CaseBook
from .plan import CaseState, ChargeExpectation, Notice, Renewal, Wish
from .snapshot import AccountSnapshot, CameraPlan
from .watches import WatchBook


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
        return {
            "camera": camera,
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

    RENEWED_AFTER_CANCELLING = "renewed_after_cancelling"
    NOT_EFFECTIVE = "not_effective"
    CANCELLATION_OPEN = "cancellation_open"
    TURN_ON_OPEN = "turn_on_open"
    CAMERA_LEFT = "camera_left"
    RENEWAL_BACK_ON = "renewal_back_on"
    CAMERA_OFFLINE = "camera_offline"
    UPLOAD_OFF = "upload_off"
    WITNESSES_DISAGREE = "witnesses_disagree"
    SELLER_CONFIRMS = "seller_confirms"
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
    data: AccountSnapshot, cases: CaseBook, watches: WatchBook
) -> list[tuple[CameraPlan, Reason]]:
    """Return the cameras that need attention, each with its weightiest reason; weightiest first."""
    weights = list(Reason)
    found = [
        (plan, min(reasons, key=weights.index))
        for plan in data.cameras.values()
        if (reasons := set(_reasons(plan, cases, watches)))
    ]
    return sorted(found, key=lambda item: weights.index(item[1]))


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
    if view is None or not plan.is_own or not view.is_active:
        return
    if view.verdict.disagree:
        yield Reason.WITNESSES_DISAGREE
    elif view.renewal is Renewal.UNKNOWN:
        yield Reason.RENEWAL_UNKNOWN
