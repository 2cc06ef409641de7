"""The billing engine: what is charged, when, and for which term."""

from datetime import datetime

from hypothesis import given, settings, strategies as st
import pytest

from simulator.moments import CHINA, DAY_MS, HOUR_MS, MINUTE_MS, moment
from simulator.plans import Order, Plan
from simulator.world import Misbehaviour, World
from tests.simulator.worlds import DID, camera_of, china, one_camera, plan_entry


def plan_of(world: World) -> Plan:
    plan = camera_of(world).plan
    assert plan is not None
    return plan


def in_china(ms: int) -> str:
    return f"{moment(ms, CHINA):%Y-%m-%d %H:%M}"


def charged(world: World) -> list[tuple[str, str]]:
    return [(in_china(order.at_ms), order.outcome) for order in world.orders]


def terms(world: World) -> list[tuple[str, str]]:
    return [(in_china(o.covers_from_ms), in_china(o.covers_to_ms)) for o in world.orders]


# --- Terms and rules ---------------------------------------------------------


def test_a_term_bought_on_the_31st_keeps_its_day_through_short_months() -> None:
    world = one_camera(
        plan_entry(start=china("2026-01-31 10:00"), end=china("2026-02-28 10:00"), anchor_day=31),
        at="2026-02-01 00:00",
    )
    world.advance(100 * DAY_MS)
    assert terms(world) == [
        ("2026-02-28 10:00", "2026-03-31 10:00"),
        ("2026-03-31 10:00", "2026-04-30 10:00"),
        ("2026-04-30 10:00", "2026-05-31 10:00"),
    ]


def test_mainland_months_are_counted_in_china_time() -> None:
    # 1 March 00:30 in China is still February in UTC: counted there, the day would be lost.
    world = one_camera(plan_entry(end=china("2026-03-01 00:30")), at="2026-02-20 00:00")
    world.advance(20 * DAY_MS)
    assert terms(world) == [("2026-03-01 00:30", "2026-04-01 00:30")]


def test_a_yearly_plan_from_a_leap_day_ends_on_the_28th() -> None:
    world = one_camera(
        plan_entry(period="12 months", end=china("2028-02-29 09:00")), at="2028-02-01 00:00"
    )
    world.advance(30 * DAY_MS)
    assert terms(world) == [("2028-02-29 09:00", "2029-02-28 09:00")]


def test_a_term_of_days_is_counted_in_days() -> None:
    world = one_camera(plan_entry(period="30 days", end=china("2026-02-20 09:00")))
    world.advance(50 * DAY_MS)
    assert terms(world) == [("2026-02-20 09:00", "2026-03-22 09:00")]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("at end", "2026-01-20 12:00"),
        ("24h before end", "2026-01-19 12:00"),
        ("72h before end", "2026-01-17 12:00"),
    ],
)
def test_the_charge_comes_when_the_rule_says(rule: str, expected: str) -> None:
    world = one_camera(plan_entry(charged=rule))
    world.advance(10 * DAY_MS)
    assert charged(world) == [(expected, "paid")]
    assert terms(world) == [("2026-01-20 12:00", "2026-02-20 12:00")]


def test_nothing_is_charged_a_moment_too_early() -> None:
    world = one_camera(plan_entry(charged="24h before end"))
    world.advance(9 * DAY_MS - 1)
    assert not world.orders
    world.advance(1)
    assert charged(world) == [("2026-01-19 12:00", "paid")]


def test_a_fixed_day_charges_within_its_window_every_month() -> None:
    world = one_camera(
        plan_entry(charged="day 5 00:00-02:00", end=china("2026-02-05 02:00")),
        at="2026-01-20 08:00",
    )
    world.advance(150 * DAY_MS)
    moments = [moment(order.at_ms, CHINA) for order in world.orders]
    assert [(at.month, at.day) for at in moments] == [(2, 5), (3, 5), (4, 5), (5, 5), (6, 5)]
    assert all(at.hour in {0, 1} for at in moments)
    assert len({at.time() for at in moments}) == 1


def test_a_fixed_day_charges_ahead_of_an_end_in_mid_month() -> None:
    world = one_camera(
        plan_entry(charged="day 5 00:00-02:00", end=china("2026-02-20 09:00")),
        at="2026-01-20 08:00",
    )
    world.advance(20 * DAY_MS)
    assert [datetime.fromisoformat(at).day for at, _ in charged(world)] == [5]
    assert terms(world) == [("2026-02-20 09:00", "2026-03-20 09:00")]


@pytest.mark.parametrize("ageing", [False, True])
def test_a_promotion_ends_with_the_first_term_that_begins_after_it(*, ageing: bool) -> None:
    plan = plan_entry(
        charged="24h before end",
        price="3.00 CNY",
        regular_price="6.00 CNY",
        regular_from="+35d",
        past_terms=1,
    )
    world = one_camera(plan, ageing=ageing)
    for _ in range(9):
        world.advance(10 * DAY_MS)
    # Terms begin after 10, 41 and 69 days.
    assert [order.amount_minor for order in world.orders] == [300, 300, 600, 600]


def test_an_early_charge_appends_a_term_and_leaves_the_running_one() -> None:
    world = one_camera(plan_entry(charged="72h before end"))
    running_from = plan_of(world).start_ms
    world.advance(8 * DAY_MS)
    assert in_china(plan_of(world).end_ms) == "2026-02-20 12:00"
    assert plan_of(world).start_ms == running_from
    world.advance(2 * DAY_MS)
    assert in_china(plan_of(world).start_ms) == "2026-01-20 12:00"


def test_a_trial_turns_paid_when_its_time_is_over_not_when_it_is_charged() -> None:
    world = one_camera(
        plan_entry(
            trial=True,
            charged="24h before end",
            name={"en": "Monthly, trial", "zh": "包月试用"},
            paid_name={"en": "Monthly", "zh": "包月"},
        )
    )
    world.advance(9 * DAY_MS + HOUR_MS)
    assert len(world.orders) == 1
    assert plan_of(world).trial
    assert plan_of(world).name.zh == "包月试用"
    world.advance(DAY_MS)
    assert not plan_of(world).trial
    assert plan_of(world).name.zh == "包月"


def test_a_trial_that_does_not_renew_ends_uncharged() -> None:
    world = one_camera(plan_entry(trial=True, auto_renew=False))
    world.advance(40 * DAY_MS)
    assert not world.orders
    assert not plan_of(world).running(world.now_ms())


# --- Payments that fail ------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "attempts"),
    [("mi_pay", 4), ("wechat", 4), ("alipay", 4), ("apple", 17), ("google", 31)],
)
def test_a_failing_payment_is_retried_daily_and_then_ends_renewal(
    channel: str, attempts: int
) -> None:
    world = one_camera(plan_entry(channel=channel, payment_works=False))
    world.advance((10 + attempts - 1) * DAY_MS - 1)
    assert plan_of(world).auto_renew
    world.advance(40 * DAY_MS)
    assert [order.outcome for order in world.orders] == ["failed"] * attempts
    gaps = {b.at_ms - a.at_ms for a, b in zip(world.orders, world.orders[1:], strict=False)}
    assert gaps == {DAY_MS}
    assert not plan_of(world).auto_renew
    assert plan_of(world).shown_auto_renew is False


def test_a_retry_that_works_after_the_end_begins_a_term_of_its_own() -> None:
    world = one_camera(plan_entry(payment_works=False))
    world.advance(11 * DAY_MS + HOUR_MS)
    assert not plan_of(world).running(world.now_ms())
    plan_of(world).payment_works = True
    world.advance(DAY_MS)
    assert charged(world) == [
        ("2026-01-20 12:00", "failed"),
        ("2026-01-21 12:00", "failed"),
        ("2026-01-22 12:00", "paid"),
    ]
    assert terms(world)[-1] == ("2026-01-22 12:00", "2026-02-22 12:00")
    assert plan_of(world).running(world.now_ms())


def test_switching_off_stops_the_retries() -> None:
    world = one_camera(plan_entry(charged="72h before end", payment_works=False))
    world.advance(8 * DAY_MS + HOUR_MS)
    assert len(world.orders) == 2
    world.switch_renewal(DID, on=False)
    world.advance(30 * DAY_MS)
    assert len(world.orders) == 2


# --- Switching renewal, and the flag -----------------------------------------


def test_the_flag_follows_the_truth_after_its_delay() -> None:
    world = one_camera(plan_entry(flag_delay="7h"))
    world.switch_renewal(DID, on=False)
    assert not plan_of(world).auto_renew
    world.advance(7 * HOUR_MS - 1)
    assert plan_of(world).shown_auto_renew is True
    world.advance(1)
    assert plan_of(world).shown_auto_renew is False
    world.advance(30 * DAY_MS)
    assert not world.orders


def test_switched_on_again_before_the_flag_moved_it_never_moves() -> None:
    world = one_camera(plan_entry(flag_delay="7h"))
    world.switch_renewal(DID, on=False)
    world.advance(6 * HOUR_MS)
    world.switch_renewal(DID, on=True)
    for _ in range(20):
        world.advance(HOUR_MS)
        assert plan_of(world).shown_auto_renew is True


def test_a_flag_without_a_delay_that_ends_never_follows() -> None:
    world = one_camera(plan_entry(flag_delay="never"))
    world.switch_renewal(DID, on=False)
    world.advance(60 * DAY_MS)
    assert not plan_of(world).auto_renew
    assert plan_of(world).shown_auto_renew is True
    assert not world.orders


def test_a_flag_that_stays_catches_up_when_the_maker_behaves_again() -> None:
    world = one_camera(plan_entry(flag_delay="7h"))
    world.misbehave(Misbehaviour(flag_stays=True, dids=frozenset({DID})))
    world.switch_renewal(DID, on=False)
    world.advance(5 * DAY_MS)
    assert plan_of(world).shown_auto_renew is True
    world.misbehave(Misbehaviour(flag_stays=True, dids=frozenset({"another"})))
    assert plan_of(world).shown_auto_renew is False


@pytest.mark.parametrize("channel", ["apple", "google"])
def test_a_store_billed_flag_is_false_whatever_is_true(channel: str) -> None:
    world = one_camera(plan_entry(channel=channel))
    assert plan_of(world).shown_auto_renew is False
    world.switch_renewal(DID, on=False)
    world.switch_renewal(DID, on=True)
    world.advance(12 * DAY_MS)
    assert plan_of(world).shown_auto_renew is False
    assert len(world.orders) == 1


def test_a_missing_flag_stays_missing() -> None:
    world = one_camera(plan_entry(shown_auto_renew=None))
    world.switch_renewal(DID, on=False)
    world.advance(DAY_MS)
    assert plan_of(world).shown_auto_renew is None


def test_switched_on_within_the_window_it_is_charged_at_once_and_only_once() -> None:
    world = one_camera(plan_entry(auto_renew=False, charged="72h before end"))
    world.advance(8 * DAY_MS)
    world.switch_renewal(DID, on=True)
    assert charged(world) == [("2026-01-18 12:00", "paid")]
    world.advance(10 * DAY_MS)
    assert len(world.orders) == 1


def test_an_ended_plan_cannot_be_switched() -> None:
    world = one_camera(plan_entry(auto_renew=False, end="-1d"))
    with pytest.raises(ValueError, match="nothing to switch"):
        world.switch_renewal(DID, on=True)


# --- Misbehaviour ------------------------------------------------------------


def test_charges_anyway_takes_the_money_and_leaves_renewal_off() -> None:
    world = one_camera(plan_entry(auto_renew=False))
    world.misbehave(Misbehaviour(charges_anyway=True))
    world.advance(15 * DAY_MS)
    [order] = world.orders
    assert order.unwanted
    assert order.outcome == "paid"
    assert not plan_of(world).auto_renew
    assert plan_of(world).shown_auto_renew is False
    world.misbehave(Misbehaviour())
    world.advance(60 * DAY_MS)
    assert len(world.orders) == 1


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("at end", "2026-01-20 12:00"),
        ("24h before end", "2026-01-19 12:00"),
        ("day 15 00:00-01:00", "2026-01-15 00:"),
    ],
)
def test_a_charge_after_cancelling_comes_when_the_rule_says(rule: str, expected: str) -> None:
    world = one_camera(plan_entry(charged=rule))
    world.misbehave(Misbehaviour(charges_anyway=True, dids=frozenset({DID})))
    world.switch_renewal(DID, on=False)
    world.advance(12 * DAY_MS)
    [order] = world.orders
    assert in_china(order.at_ms).startswith(expected)
    assert order.unwanted
    assert plan_of(world).shown_auto_renew is False


def test_charges_anyway_does_not_revive_a_plan_that_ended_before() -> None:
    world = one_camera(plan_entry(auto_renew=False, end="-1d"))
    world.misbehave(Misbehaviour(charges_anyway=True))
    world.advance(60 * DAY_MS)
    assert not world.orders


def test_renewal_flips_back_on_and_the_plan_is_charged() -> None:
    world = one_camera(plan_entry())
    world.misbehave(Misbehaviour(flips_back_after_ms=2 * HOUR_MS))
    world.switch_renewal(DID, on=False)
    world.advance(2 * HOUR_MS - 1)
    assert plan_of(world).shown_auto_renew is False
    world.advance(1)
    assert plan_of(world).shown_auto_renew is True
    world.advance(12 * DAY_MS)
    assert charged(world) == [("2026-01-20 12:00", "paid")]


def test_renewal_flips_back_after_days_on_the_one_camera_meant() -> None:
    world = one_camera(plan_entry())
    world.misbehave(Misbehaviour(flips_back_after_ms=2 * DAY_MS, dids=frozenset({DID})))
    world.switch_renewal(DID, on=False)
    world.advance(2 * DAY_MS - 1)
    assert not plan_of(world).auto_renew
    world.advance(1)
    assert plan_of(world).auto_renew


def test_what_was_switched_off_before_flips_back_as_well_but_not_what_never_renewed() -> None:
    world = one_camera(plan_entry())
    world.switch_renewal(DID, on=False)
    world.advance(DAY_MS)
    world.misbehave(Misbehaviour(flips_back_after_ms=HOUR_MS))
    world.advance(HOUR_MS)
    assert plan_of(world).auto_renew

    never = one_camera(plan_entry(auto_renew=False))
    never.misbehave(Misbehaviour(flips_back_after_ms=HOUR_MS))
    never.advance(DAY_MS)
    assert not plan_of(never).auto_renew


def test_back_to_normal_stops_a_flip_that_is_under_way() -> None:
    world = one_camera(plan_entry())
    world.misbehave(Misbehaviour(flips_back_after_ms=2 * HOUR_MS))
    world.switch_renewal(DID, on=False)
    world.misbehave(Misbehaviour())
    world.advance(DAY_MS)
    assert not plan_of(world).auto_renew


def test_misbehaviour_can_be_kept_to_one_camera() -> None:
    world = one_camera(plan_entry(auto_renew=False))
    world.misbehave(Misbehaviour(charges_anyway=True, dids=frozenset({"another"})))
    world.advance(60 * DAY_MS)
    assert not world.orders


# --- Properties --------------------------------------------------------------

RULES = ["at end", "24h before end", "72h before end", "day 5 00:00-02:00", "day 27 22:00-24:00"]

plans = st.builds(
    plan_entry,
    end=st.integers(min_value=1, max_value=45 * 24 * 60).map(lambda m: f"+{m}m"),
    period=st.sampled_from(["1 month", "2 months", "12 months"]),
    charged=st.sampled_from(RULES),
    channel=st.sampled_from(["mi_pay", "wechat", "alipay", "apple", "google"]),
    payment_works=st.booleans(),
    auto_renew=st.booleans(),
    trial=st.booleans(),
    flag_delay=st.sampled_from(["0s", "7h", "3d", "never"]),
)
starts = st.sampled_from(
    ["2026-01-31 23:59", "2026-02-27 00:00", "2026-03-05 01:00", "2027-12-31 12:00"]
)
misbehaviours = st.builds(
    Misbehaviour,
    flips_back_after_ms=st.sampled_from([None, 2 * HOUR_MS]),
    charges_anyway=st.booleans(),
    flag_stays=st.booleans(),
)


def relative(world: World) -> tuple[list[Order], Plan | None]:
    """Return orders and plan with every moment counted from now."""
    camera = camera_of(world)
    camera.age(world.now_ms())
    return camera.orders, camera.plan


def lived_through(
    plan: dict[str, object],
    at: str,
    misbehaviour: Misbehaviour,
    steps: list[int],
    *,
    ageing: bool,
    off_after: int | None = None,
) -> World:
    world = one_camera(plan, at=at, ageing=ageing)
    world.misbehave(misbehaviour)
    for number, step in enumerate(steps):
        renewal = camera_of(world).plan
        if number == off_after and renewal is not None and renewal.running(world.now_ms()):
            world.switch_renewal(DID, on=False)
        world.advance(step)
    return world


@settings(max_examples=150, deadline=None)
@given(plans, starts, misbehaviours, st.booleans())
def test_ninety_days_in_one_step_and_in_ninety_leave_the_same(
    plan: dict[str, object], at: str, misbehaviour: Misbehaviour, ageing: bool
) -> None:
    one = lived_through(plan, at, misbehaviour, [90 * DAY_MS], ageing=ageing)
    many = lived_through(plan, at, misbehaviour, [DAY_MS] * 90, ageing=ageing)
    assert relative(one) == relative(many)


@settings(max_examples=150, deadline=None)
@given(
    plans,
    starts,
    misbehaviours,
    st.lists(st.integers(0, 40 * DAY_MS), min_size=1, max_size=8),
    st.integers(0, 8),
)
def test_an_aged_world_and_a_clock_run_ahead_look_the_same_from_now(
    plan: dict[str, object],
    at: str,
    misbehaviour: Misbehaviour,
    steps: list[int],
    off_after: int,
) -> None:
    aged, ahead = (
        lived_through(plan, at, misbehaviour, steps, ageing=ageing, off_after=off_after)
        for ageing in (True, False)
    )
    assert aged.now_ms() + sum(steps) == ahead.now_ms()
    assert relative(aged) == relative(ahead)


@settings(max_examples=150, deadline=None)
@given(plans, starts, st.lists(st.integers(1, 30 * DAY_MS), min_size=1, max_size=30))
def test_no_term_is_paid_twice_and_no_day_is_left_out(
    plan: dict[str, object], at: str, steps: list[int]
) -> None:
    world = one_camera(plan | {"auto_renew": True, "payment_works": True}, at=at)
    bought = world.cameras[DID].plan
    assert bought is not None
    before = bought.end_ms
    for step in steps:
        world.advance(step)
    for order in world.orders:
        assert order.covers_from_ms == before
        assert order.covers_to_ms > before
        assert order.at_ms <= order.covers_from_ms
        before = order.covers_to_ms
    assert plan_of(world).end_ms == before
    # What was due by now has been charged: the plan of one that pays never lapses.
    assert plan_of(world).running(world.now_ms())


@settings(max_examples=100, deadline=None)
@given(plans, starts, st.integers(0, 60 * 24 * 60))
def test_nothing_is_charged_after_renewal_was_switched_off(
    plan: dict[str, object], at: str, minutes: int
) -> None:
    world = one_camera(plan, at=at)
    world.advance(minutes * MINUTE_MS)
    if not plan_of(world).running(world.now_ms()):
        return
    world.switch_renewal(DID, on=False)
    before = list(world.orders)
    world.advance(400 * DAY_MS)
    assert world.orders == before


# --- Money that is taken wrongly ---------------------------------------------


def test_a_term_can_be_charged_twice_and_is_still_one() -> None:
    world = one_camera(plan_entry(end=china("2026-03-01 10:00")), at="2026-02-20 00:00")
    world.misbehave(Misbehaviour(charges_twice=True))
    world.advance(20 * DAY_MS)
    assert terms(world) == [("2026-03-01 10:00", "2026-04-01 10:00")] * 2
    assert len({order.order_id for order in world.orders}) == 2
    assert in_china(plan_of(world).end_ms) == "2026-04-01 10:00"


def test_half_as_much_again_can_be_taken() -> None:
    world = one_camera(plan_entry(end=china("2026-03-01 10:00")), at="2026-02-20 00:00")
    world.misbehave(Misbehaviour(charges_more=True))
    world.advance(20 * DAY_MS)
    assert [order.amount_minor for order in world.orders] == [900]
    assert plan_of(world).amount_minor == 600


@pytest.mark.parametrize("told", [True, False])
def test_a_new_price_holds_from_the_next_term_on(*, told: bool) -> None:
    world = one_camera(plan_entry())
    world.change_price(DID, 900, told=told)
    plan = plan_of(world)
    assert plan.price_at(plan.start_ms) == 600
    assert plan.next_price_told == (900 if told else 600)
    world.advance(45 * DAY_MS)
    assert [order.amount_minor for order in world.orders] == [900, 900]
    world.change_price(DID, 1200, told=told)
    assert plan.price_at(plan.start_ms) == 900
    world.advance(30 * DAY_MS)
    assert [order.amount_minor for order in world.orders] == [900, 900, 1200]


def test_what_does_not_run_has_no_price_to_change() -> None:
    world = one_camera(plan_entry(auto_renew=False))
    world.advance(40 * DAY_MS)
    with pytest.raises(ValueError, match="no running plan"):
        world.change_price(DID, 900, told=True)


def test_payments_that_fail_are_tried_again_and_given_up() -> None:
    world = one_camera(plan_entry(end=china("2026-03-01 10:00")), at="2026-02-20 00:00")
    world.misbehave(Misbehaviour(payments_fail=True))
    world.advance(20 * DAY_MS)
    assert charged(world) == [(f"2026-03-0{day} 10:00", "failed") for day in (1, 2, 3, 4)]
    assert not plan_of(world).auto_renew


def test_money_is_taken_wrongly_of_the_cameras_named_only() -> None:
    world = one_camera(plan_entry(end=china("2026-03-01 10:00")), at="2026-02-20 00:00")
    wrong = Misbehaviour(
        charges_twice=True, charges_more=True, payments_fail=True, dids=frozenset({"another"})
    )
    world.misbehave(wrong)
    world.advance(20 * DAY_MS)
    assert [(order.outcome, order.amount_minor) for order in world.orders] == [("paid", 600)]
