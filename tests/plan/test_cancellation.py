"""A cancellation goes from wish to confirmation by what was read, and by nothing else."""

from datetime import timedelta

import pytest

from custom_components.camera_cloud_plan.plan import (
    Camera,
    Cancellation,
    CancellationState,
    Channel,
    Ownership,
    PlanReading,
    PlanView,
    Renewal,
    Service,
)
from tests.plan.test_trust import NOW, STORES, camera, witness

HOUR = timedelta(hours=1)
OPENED = Cancellation(camera_id="1", opened_at=NOW)


def seen(
    flag: bool | None, *, after: timedelta = HOUR, channel: Channel = Channel.MI_PAY
) -> PlanView:
    return PlanView(
        camera=camera(),
        reading=PlanReading(
            read_at=NOW + after,
            service=Service.ACTIVE,
            ends_at=NOW + 99 * HOUR,
            renewal=witness(flag),
        ),
        channel=channel,
    )


def test_begins_with_the_owner() -> None:
    assert OPENED.state is CancellationState.WAITING_FOR_YOU
    assert OPENED.is_open


def test_off_as_the_maker_says_it_confirms() -> None:
    confirmed = OPENED.done(NOW).seen(seen(False))
    assert confirmed.state is CancellationState.CONFIRMED
    assert confirmed.confirmed_at == NOW + HOUR
    assert confirmed.checks == 1
    assert not confirmed.is_open
    # It stays what it was when it was confirmed.
    assert confirmed.seen(seen(True, after=2 * HOUR)) == confirmed


def test_off_confirms_also_before_the_owner_says_so() -> None:
    assert OPENED.seen(seen(False)).state is CancellationState.CONFIRMED


@pytest.mark.parametrize("after", [timedelta(0), -HOUR])
def test_a_reading_from_before_confirms_nothing(after: timedelta) -> None:
    assert OPENED.seen(seen(False, after=after)) == OPENED


@pytest.mark.parametrize("flag", [True, None])
def test_still_on_or_not_said_goes_on_checking(flag: bool | None) -> None:
    checked = OPENED.done(NOW).seen(seen(flag)).seen(seen(flag, after=2 * HOUR))
    assert checked.state is CancellationState.CHECKING
    assert checked.checks == 2
    assert checked.last_check_at == NOW + 2 * HOUR
    assert checked.last_said is (Renewal.ON if flag else Renewal.UNKNOWN)
    assert checked.is_open


def test_the_same_reading_counts_once() -> None:
    once = OPENED.done(NOW).seen(seen(True))
    assert once.seen(seen(True)) == once
    assert once.seen(seen(False, after=HOUR / 2)) == once


@pytest.mark.parametrize("channel", STORES)
@pytest.mark.parametrize("flag", [True, False, None])
def test_billed_by_a_store_it_is_never_confirmed_by_the_maker(
    channel: Channel, flag: bool | None
) -> None:
    checked = OPENED.done(NOW).seen(seen(flag, channel=channel))
    assert checked.state is CancellationState.DONE_NOT_READABLE
    assert checked.confirmed_at is None
    assert checked.is_open


@pytest.mark.parametrize("service", [s for s in Service if s is not Service.ACTIVE])
def test_a_plan_that_does_not_run_confirms_nothing(service: Service) -> None:
    idle = PlanReading(read_at=NOW + HOUR, service=service, renewal=witness(False))
    checked = OPENED.done(NOW).seen(PlanView(camera=camera(), reading=idle, channel=Channel.MI_PAY))
    assert checked.state is CancellationState.CHECKING


@pytest.mark.parametrize(
    ("ownership", "owned"),
    [(Ownership.OWNER, True), (Ownership.SHARED, False), (Ownership.UNKNOWN, False)],
)
def test_only_an_owner_holds_plans(ownership: Ownership, owned: bool) -> None:
    lent = Camera(camera_id="1", name="x", maker="m", model="m", region="cn", ownership=ownership)
    assert lent.is_owned is owned
