"""What the maker's pages show of a camera: the truth at the payment party beside the flag."""

from dataclasses import dataclass
from typing import assert_never

from markupsafe import Markup

from simulator import billing
from simulator.billing import Upcoming
from simulator.plans import AtEnd, FixedDay, HoursBefore, Period, Plan
from simulator.recordings import Tally, tally
from simulator.speech import Speech
from simulator.world import Account, Camera, World


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraView:
    """One camera on the maker's desk. `status` is the last part of a `status_…` word."""

    camera: Camera
    status: str
    charge: Upcoming | None
    # Whether the maker's flag lags behind the truth without ever catching up.
    flag_stuck: bool
    shared_with: tuple[Account, ...]
    recordings: Tally

    @property
    def plan(self) -> Plan | None:
        """Its plan, if it has one."""
        return self.camera.plan


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """One account with the cameras it owns."""

    account: Account
    cameras: tuple[CameraView, ...]


def account_views(world: World) -> list[AccountView]:
    """Return every account that owns a camera, as of now."""
    world.settle()
    views = [
        AccountView(
            account=account,
            cameras=tuple(
                camera_view(camera, world)
                for camera in world.cameras.values()
                if camera.owner == account.user_id
            ),
        )
        for account in world.accounts.values()
    ]
    return [view for view in views if view.cameras]


def camera_view(camera: Camera, world: World) -> CameraView:
    """Return what is shown of one camera."""
    return CameraView(
        camera=camera,
        status=_status(camera.plan, world.now_ms()),
        charge=billing.upcoming(camera, world.aged_ms, world.misbehaviour),
        flag_stuck=_flag_stuck(camera, world),
        shared_with=tuple(world.accounts[share.user_id] for share in camera.shares),
        recordings=tally(camera, world.now_ms()),
    )


def _status(plan: Plan | None, now_ms: int) -> str:
    if plan is None:
        return "none"
    if plan.failing_since_ms is not None:
        return "failing"
    if plan.running(now_ms):
        if plan.trial:
            return "trial"
        return "renewing" if plan.auto_renew else "ending"
    return "reachable" if now_ms < plan.reachable_until_ms else "expired"


def _flag_stuck(camera: Camera, world: World) -> bool:
    plan, maker = camera.plan, world.misbehaviour
    if plan is None or plan.store_billed or plan.shown_auto_renew in {None, plan.auto_renew}:
        return False
    return plan.flag_follows_ms is None or (maker.flag_stays and maker.concerns(camera.did))


def rule_words(plan: Plan, world: World, speech: Speech) -> Markup:
    """Return when a plan is charged, in words."""
    match plan.rule:
        case AtEnd():
            return speech.word("rule_at_end")
        case HoursBefore(hours):
            return speech.word("rule_hours", hours=hours)
        case FixedDay(day, from_hour, to_hour):
            words = speech.word("rule_day", day=day, from_hour=from_hour, to_hour=to_hour)
            if not world.aged_ms:
                return words
            return Markup("{} ({})").format(words, speech.word("rule_day_aged"))
        case _:
            assert_never(plan.rule)


def period_words(period: Period, speech: Speech) -> Markup:
    """Return how long a term is, in words."""
    if period.days:
        return speech.word("days", n=period.days)
    if period.months in {1, 12}:
        return speech.word(f"months_{period.months}")
    return speech.word("months", n=period.months)
