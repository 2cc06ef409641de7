"""Who may say "off": channel by channel, region by region, flag by flag."""

from datetime import timedelta
from itertools import product

from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.plan import (
    Channel,
    PlanReading,
    PlanStatus,
    PlanView,
    Renewal,
    Service,
    Witness,
    channel_in,
    channels_sold_in,
    default_channel,
    judge_renewal,
    trust_rule,
)
from custom_components.camera_cloud_plan.plan.channel import preload
from tests.plan.readings import MAKERS, NOW, STORES, camera

REGIONS = ("cn", "de", "i2", "ru", "sg", "us")
FLAGS = (True, False, None)


def witness(says: bool | None, source: str = "isRenew") -> Witness:
    return Witness(source=source, says=says, seen_at=NOW)


def reading(
    *, flag: bool | None, given: bool = True, second: bool | None = None, trial: bool = False
) -> PlanReading:
    return PlanReading(
        read_at=NOW,
        service=Service.ACTIVE,
        ends_at=NOW + timedelta(days=9),
        trial=trial,
        renewal=witness(flag) if given else None,
        second_witness=None if second is None else witness(second, "hasDeductOrders"),
    )


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("channel", STORES)
@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("second", FLAGS)
def test_a_plan_billed_by_a_store_is_never_off(
    region: str, channel: Channel, flag: bool | None, given: bool, second: bool | None
) -> None:
    view = PlanView(
        camera=camera(region),
        reading=reading(flag=flag, given=given, second=second),
        channel=channel,
    )
    expected = Renewal.ON if given and flag else Renewal.UNKNOWN
    assert view.renewal is expected
    assert view.status(NOW) is (
        PlanStatus.ACTIVE_RENEWING if expected is Renewal.ON else PlanStatus.ACTIVE_RENEWAL_UNKNOWN
    )
    # What is not known is warned about like what renews.
    assert view.charge is not None
    assert view.charge.possible is (expected is Renewal.UNKNOWN)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("flag", FLAGS)
def test_by_region_alone_only_the_mainland_can_say_off(region: str, flag: bool | None) -> None:
    view = PlanView(
        camera=camera(region), reading=reading(flag=flag), channel=default_channel(region)
    )
    can_be_off = region == "cn" and flag is False
    assert (view.renewal is Renewal.OFF) is can_be_off


@pytest.mark.parametrize("channel", MAKERS)
@pytest.mark.parametrize(
    ("flag", "second", "renewal", "disagree"),
    [
        (True, None, Renewal.ON, False),
        (True, True, Renewal.ON, False),
        (True, False, Renewal.ON, False),
        (False, None, Renewal.OFF, False),
        (False, False, Renewal.OFF, False),
        (False, True, Renewal.UNKNOWN, True),
        (None, None, Renewal.UNKNOWN, False),
        (None, False, Renewal.UNKNOWN, False),
        (None, True, Renewal.UNKNOWN, False),
    ],
)
def test_where_the_maker_is_a_witness(
    channel: Channel, flag: bool | None, second: bool | None, renewal: Renewal, disagree: bool
) -> None:
    verdict = judge_renewal(reading(flag=flag, second=second), trust_rule(channel))
    assert (verdict.renewal, verdict.disagree) == (renewal, disagree)
    assert [w.source for w in verdict.witnesses] == ["isRenew"] + (
        [] if second is None else ["hasDeductOrders"]
    )


def test_off_needs_a_flag_a_rule_and_no_contradiction() -> None:
    for channel, flag, there, second in product(Channel, FLAGS, (True, False), FLAGS):
        rule = trust_rule(channel)
        verdict = judge_renewal(reading(flag=flag, given=there, second=second), rule)
        if verdict.renewal is Renewal.OFF:
            assert rule.can_say_off
            assert there
            assert flag is False
            assert second is not True


@pytest.mark.parametrize("service", [s for s in Service if s is not Service.ACTIVE])
@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("channel", list(Channel))
def test_of_a_plan_that_does_not_run_nothing_is_said(
    service: Service, flag: bool | None, channel: Channel
) -> None:
    idle = PlanReading(read_at=NOW, service=service, renewal=witness(flag), ends_at=NOW)
    view = PlanView(camera=camera(), reading=idle, channel=channel)
    assert view.renewal is Renewal.UNKNOWN
    assert view.charge is None
    assert view.days_remaining(NOW) is None
    assert not view.is_active


@pytest.mark.parametrize("region", ["CN", "cn", "Cn"])
def test_the_mainland_however_written(region: str) -> None:
    assert default_channel(region) is Channel.MI_PAY


@given(st.text().filter(lambda region: region.lower() != "cn"))
def test_every_other_region_is_taken_for_the_most_careful(region: str) -> None:
    assert default_channel(region) is Channel.OUTSIDE_UNKNOWN


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("chosen", [None, *Channel])
def test_a_choice_holds_where_it_is_sold(region: str, chosen: Channel | None) -> None:
    """Who cannot bill a plan there is not believed to, nor is the maker's flag for it."""
    channel = channel_in(region, chosen)
    sold = channels_sold_in(region)
    assert channel is (chosen if chosen in sold else default_channel(region))
    if region != "cn":
        assert channel in STORES


def test_every_channel_has_a_rule() -> None:
    preload()
    for channel in Channel:
        rule = trust_rule(channel)
        assert rule.channel is channel
        assert rule.flag_true is Renewal.ON
        assert rule.flag_missing is Renewal.UNKNOWN
        assert rule.charges_ahead > timedelta(0)
        assert rule.watched_after_end > timedelta(0)
    careful = trust_rule(Channel.OUTSIDE_UNKNOWN)
    for channel in (Channel.APPLE, Channel.GOOGLE_PLAY):
        assert careful.charges_ahead >= trust_rule(channel).charges_ahead
        assert careful.watched_after_end >= trust_rule(channel).watched_after_end
