"""The billing engine: runs one camera's plan through time, event by event.

An event happens at its own moment, never at the moment somebody looks, so that ninety days in one
step and ninety steps of a day leave the same orders. What is billed here is the *simulated*
maker's doing; clients only ever read it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never
import zlib

from simulator.moments import CHINA, DAY_MS, HOUR_MS, epoch_ms, moment, month_shifted, zone_of
from simulator.plans import AtEnd, Channel, FixedDay, HoursBefore, Order, Plan

if TYPE_CHECKING:
    from simulator.world import Camera, Misbehaviour


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a failed payment is tried again before renewal ends by itself."""

    times: int
    every_ms: int = DAY_MS


# Apple: 16 consecutive days, Google: 30 days (the maker's own FAQ). For the mainland's channels no
# source names a number; three daily attempts are assumed.
RETRIES: dict[Channel, Retries] = {
    "mi_pay": Retries(3),
    "wechat": Retries(3),
    "alipay": Retries(3),
    "apple": Retries(16),
    "google": Retries(30),
}


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next charge as the simulated maker means to make it."""

    at_ms: int
    covers_from_ms: int
    covers_to_ms: int
    amount_minor: int
    currency: str
    # Whether this is another attempt after a failed payment.
    retry: bool
    # Whether it comes although renewal is off.
    unwanted: bool


def run(camera: Camera, until_ms: int, aged_ms: int, misbehaviour: Misbehaviour) -> None:
    """Let everything happen to a camera's plan that is due by `until_ms` (epoch ms).

    `aged_ms` is how far the world's moments were moved into the past; months and days of the
    month are counted in the calendar from before that.
    """
    while camera.plan is not None:
        event = _first_event(camera, camera.plan, aged_ms, misbehaviour)
        if event is None or event[0] > until_ms:
            break
        at, happen = event
        camera.settled_ms = at
        happen(at)
    camera.settled_ms = max(camera.settled_ms, until_ms)


def upcoming(camera: Camera, aged_ms: int, misbehaviour: Misbehaviour) -> Upcoming | None:
    """Return the charge that comes next if nobody does anything; `None` when none does."""
    plan = camera.plan
    if plan is None:
        return None
    at = _charge_at(camera, plan, aged_ms, misbehaviour)
    if at is None:
        return None
    covers_from = max(at, plan.end_ms)
    return Upcoming(
        at_ms=at,
        covers_from_ms=covers_from,
        covers_to_ms=_term_end(camera, plan, covers_from, aged_ms)[0],
        amount_minor=plan.price_at(covers_from),
        currency=plan.currency,
        retry=plan.failing_since_ms is not None,
        unwanted=not plan.auto_renew,
    )


def switch_renewal(plan: Plan, at_ms: int, *, on: bool) -> None:
    """Switch renewal at the party that takes the money, as a person does at `at_ms`."""
    if plan.auto_renew == on:
        return
    plan.switched_off_ms = None if on else at_ms
    plan.flips_back_ms = None
    plan.failing_since_ms = None
    plan.failed_attempts = 0
    _set_truth(plan, at_ms, on=on)


def _set_truth(plan: Plan, at_ms: int, *, on: bool) -> None:
    plan.auto_renew = on
    await_flag(plan, at_ms)


def await_flag(plan: Plan, at_ms: int) -> None:
    """Let the maker's flag follow the truth by the plan's delay, counted from `at_ms`.

    It never does for a store-billed plan, nor for one whose delay has no end.
    """
    if plan.store_billed or plan.shown_auto_renew is None:
        return
    plan.flag_follows_ms = None if plan.flag_delay_ms is None else at_ms + plan.flag_delay_ms


def _first_event(
    camera: Camera, plan: Plan, aged_ms: int, misbehaviour: Misbehaviour
) -> tuple[int, Callable[[int], None]] | None:
    """Return the plan's next event: its moment and what happens then.

    Of two events at one moment the one that stands first here comes first.
    """

    def flag_follows(_at: int) -> None:
        plan.shown_auto_renew = plan.auto_renew
        plan.flag_follows_ms = None

    def next_term(at: int) -> None:
        plan.start_ms = at
        plan.next_term_ms = None
        plan.trial = False
        plan.name = plan.paid_name or plan.name

    def flip_back(at: int) -> None:
        plan.flips_back_ms = None
        plan.switched_off_ms = None
        if plan.running(at):
            _set_truth(plan, at, on=True)

    def charge(at: int) -> None:
        _charge(camera, plan, at, aged_ms, misbehaviour)

    stays = misbehaviour.flag_stays and misbehaviour.concerns(camera.did)
    events = (
        (plan.next_term_ms, next_term),
        (plan.flips_back_ms, flip_back),
        (None if stays else plan.flag_follows_ms, flag_follows),
        (_charge_at(camera, plan, aged_ms, misbehaviour), charge),
    )
    # What an edit left overdue happens now: nothing ever happens before the last event.
    return min(
        ((max(at, camera.settled_ms), happen) for at, happen in events if at is not None),
        key=lambda event: event[0],
        default=None,
    )


def _charge_at(camera: Camera, plan: Plan, aged_ms: int, misbehaviour: Misbehaviour) -> int | None:
    """Return when the plan will next be charged, never before now; `None`: it will not be."""
    if plan.failing_since_ms is not None:
        due = plan.failing_since_ms + plan.failed_attempts * RETRIES[plan.channel].every_ms
    elif plan.auto_renew or (
        misbehaviour.charges_anyway
        and misbehaviour.concerns(camera.did)
        and camera.settled_ms <= plan.end_ms
    ):
        due = _due(camera.did, plan, aged_ms)
    else:
        return None
    return max(due, camera.settled_ms)


def _due(did: str, plan: Plan, aged_ms: int) -> int:
    """Return when the term after the running one is due by the plan's rule."""
    match plan.rule:
        case AtEnd():
            return plan.end_ms
        case HoursBefore(hours):
            return plan.end_ms - hours * HOUR_MS
        case FixedDay() as rule:
            return _fixed_day_due(did, rule, plan.end_ms + aged_ms) - aged_ms
        case _:
            assert_never(plan.rule)


def _fixed_day_due(did: str, rule: FixedDay, end_ms: int) -> int:
    """Return the last charge by `rule` that is not after `end_ms` (both in the calendar).

    Where in the window a camera is charged is its own, and the same every month.
    """
    opens = moment(end_ms, CHINA).replace(
        day=rule.day, hour=rule.from_hour, minute=0, second=0, microsecond=0
    )
    window_ms = (rule.to_hour - rule.from_hour) * HOUR_MS
    due = epoch_ms(opens) + zlib.crc32(did.encode()) % window_ms
    return due if due <= end_ms else month_shifted(due, -1, rule.day, CHINA)


def _term_end(camera: Camera, plan: Plan, begins_ms: int, aged_ms: int) -> tuple[int, int]:
    """Return the end of a term that begins at `begins_ms`, and its anchor day.

    A term that follows on keeps the day of the month; one that begins afresh, after the plan had
    ended, counts from its own first day.
    """
    zone = zone_of(camera.region)
    calendar_ms = begins_ms + aged_ms
    anchor = plan.anchor_day if begins_ms == plan.end_ms else moment(calendar_ms, zone).day
    if plan.period.days:
        return begins_ms + plan.period.days * DAY_MS, anchor
    return month_shifted(calendar_ms, plan.period.months, anchor, zone) - aged_ms, anchor


def _charge(
    camera: Camera, plan: Plan, at_ms: int, aged_ms: int, misbehaviour: Misbehaviour
) -> None:
    """Try to take the money for the coming term, and write the order down.

    A maker that misbehaves takes it twice for one term, or half as much again without a word,
    or says that it could not be taken.
    """
    begins = max(at_ms, plan.end_ms)
    ends, anchor = _term_end(camera, plan, begins, aged_ms)
    wrong = misbehaviour if misbehaviour.concerns(camera.did) else None
    is_paid = plan.payment_works and not (wrong and wrong.payments_fail)
    price = plan.price_at(begins)
    for _ in range(2 if is_paid and wrong and wrong.charges_twice else 1):
        camera.orders.append(
            Order(
                order_id=f"{camera.did}{len(camera.orders) + 1:04d}",
                did=camera.did,
                at_ms=at_ms,
                amount_minor=price * 3 // 2 if wrong and wrong.charges_more else price,
                currency=plan.currency,
                channel=plan.channel,
                outcome="paid" if is_paid else "failed",
                covers_from_ms=begins,
                covers_to_ms=ends,
                unwanted=not plan.auto_renew,
            )
        )
    if is_paid:
        plan.end_ms, plan.anchor_day = ends, anchor
        plan.next_term_ms = begins
        plan.failing_since_ms, plan.failed_attempts = None, 0
        return
    if plan.failing_since_ms is None:
        plan.failing_since_ms = at_ms
    plan.failed_attempts += 1
    if plan.failed_attempts > RETRIES[plan.channel].times:
        plan.failing_since_ms, plan.failed_attempts = None, 0
        _set_truth(plan, at_ms, on=False)
