"""Working on cases: when it is looked, when it is spoken up, and what each answer comes to."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.plan import (
    Activity,
    CaseState,
    Channel,
    Proof,
    Renewal,
    channels_sold_in,
)
from simulator.edits import edit_camera
from simulator.server import RunningSimulator
from simulator.world import DROP, Misbehaviour

from .acts import (
    STORE_BILLED,
    Heard,
    assumed,
    attention,
    case_of,
    issue_keys,
    issue_of,
    issues,
    live,
    press,
    press_off,
    restart,
    settle,
    standing,
)
from .conftest import EntryMaker, entity_id, pass_time, set_up
from .test_coordinator import NOT_RENEWING, RENEWING, coordinator_of, refresh, state_of

NOON = "2026-11-22T12:00:00+00:00"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.freeze_time(NOON)


@pytest.fixture(autouse=True)
def _no_jitter() -> Iterator[None]:
    """Poll after exactly the interval."""
    with patch("custom_components.camera_cloud_plan.coordinator.random.uniform", return_value=1.0):
        yield


@pytest.fixture
async def daily(hass: HomeAssistant, make_entry: EntryMaker) -> MockConfigEntry:
    """Set the mainland account up, polled once a day, so that checks stand out."""
    entry = await make_entry(poll_hours=24)
    await set_up(hass, entry)
    return entry


async def ask(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    camera_id: str = RENEWING,
    key: str = "not_off_yet",
) -> datetime:
    """Press off; return when that was. The first reading after it is made, too."""
    await pass_time(hass, freezer, 1)
    asked_at = dt_util.utcnow()
    await press_off(hass, camera_id, key)
    await pass_time(hass, freezer, 10)
    return asked_at


async def do_step(hass: HomeAssistant, entry: MockConfigEntry, camera_id: str = RENEWING) -> None:
    """Say that the step at the seller is done."""
    await coordinator_of(entry).casework.async_done(camera_id)
    await settle(hass)


async def checks_within(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    since: datetime,
    span: timedelta,
) -> list[timedelta]:
    """Live through a span; return when readings were made, in minutes since a moment."""
    seen = [case_of(entry).last_check_at]
    end = dt_util.utcnow() + span
    while dt_util.utcnow() < end:
        await live(hass, freezer, 5 * MINUTE, step=5 * MINUTE)
        if (last := case_of(entry).last_check_at) != seen[-1]:
            seen.append(last)
    return [
        timedelta(minutes=5 * round((moment - since) / (5 * MINUTE))) for moment in seen if moment
    ]


# --- When it is looked ---


async def test_it_is_looked_at_once_after_15_minutes_2_8_24_and_72_hours(
    hass: HomeAssistant, daily: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await pass_time(hass, freezer, 3600)
    asked_at = await ask(hass, freezer)
    checks = await checks_within(hass, daily, freezer, asked_at, 73 * HOUR)
    scheduled = [timedelta(0), 15 * MINUTE, 2 * HOUR, 8 * HOUR, 24 * HOUR, 72 * HOUR]
    polls = [hours * HOUR for hours in (23, 47, 71)]
    assert checks == sorted(scheduled + polls)
    assert case_of(daily).checks == len(checks)


async def test_the_schedule_begins_anew_with_the_step_that_was_done(
    hass: HomeAssistant, daily: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await ask(hass, freezer)
    await live(hass, freezer, 5 * HOUR)
    await do_step(hass, daily)
    done_at = dt_util.utcnow()
    await pass_time(hass, freezer, 10)
    checks = await checks_within(hass, daily, freezer, done_at, 9 * HOUR)
    assert checks == [timedelta(0), 15 * MINUTE, 2 * HOUR, 8 * HOUR]


async def test_it_is_looked_24_6_and_1_hour_before_the_earliest_charge(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+4d8h"}})  # the charge from +32 h
    await pass_time(hass, freezer, 1)
    await refresh(hass, daily)
    asked_at = await ask(hass, freezer)
    checks = await checks_within(hass, daily, freezer, asked_at, 33 * HOUR)
    assert set(checks) >= {8 * HOUR, 26 * HOUR, 31 * HOUR}


async def test_next_check_and_deadline_are_shown(
    hass: HomeAssistant, daily: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    asked_at = await ask(hass, freezer)
    state = hass.states.get(entity_id(hass, RENEWING, "cancellation"))
    assert state is not None
    assert state.state == "waiting_for_you"
    assert state.attributes["since"] == asked_at
    assert state.attributes["next_check"] == asked_at + 15 * MINUTE
    assert state.attributes["deadline"] == asked_at + 72 * HOUR
    assert (state.attributes["checks"], state.attributes["last_said"]) == (1, "on")
    assert "confirmed_at" not in state.attributes


@pytest.mark.parametrize("fault", ["dropped", "html", "garbage_cipher", "api_error"])
async def test_a_failing_cloud_is_asked_again_sooner_and_then_ever_more_rarely(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    fault: str,
) -> None:
    asked_at = await ask(hass, freezer)
    casework = coordinator_of(daily).casework
    sim.faults.add(fault, host="camera")
    await pass_time(hass, freezer, 15 * 60)
    waits = []
    for _ in range(6):
        next_check = casework.next_check(RENEWING)
        assert next_check is not None
        waits.append(round((next_check - dt_util.utcnow()) / MINUTE))
        await pass_time(hass, freezer, (next_check - dt_util.utcnow()).total_seconds())
    assert waits == [5, 10, 20, 40, 60, 60]
    case = case_of(daily)
    assert (case.checks, case.state) == (1, CaseState.WAITING_FOR_YOU)
    sim.faults.clear()
    sim.world.switch_renewal(RENEWING, on=False)
    await pass_time(hass, freezer, 3600)
    assert standing(daily) is CaseState.CONFIRMED
    assert case_of(daily).opened_at == asked_at


async def test_a_camera_that_alone_cannot_be_read_is_asked_again(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await ask(hass, freezer)
    sim.faults.add("api_error", host="camera", did=RENEWING)
    await pass_time(hass, freezer, 15 * 60)
    sim.faults.clear()
    sim.world.switch_renewal(RENEWING, on=False)
    await pass_time(hass, freezer, 5 * 60)
    assert standing(daily) is CaseState.CONFIRMED


async def test_what_fell_due_while_it_was_down_is_done_at_start(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await ask(hass, freezer)
    await do_step(hass, daily)
    await hass.config_entries.async_unload(daily.entry_id)
    freezer.tick(4 * DAY)
    await hass.config_entries.async_setup(daily.entry_id)
    await settle(hass)
    await pass_time(hass, freezer, 10)
    assert standing(daily) is CaseState.NOT_EFFECTIVE
    event = hass.states.get("event.xiaomi_cloud_plans_0011_plan_activity")
    assert event is not None
    assert event.attributes["event_type"] == "cancellation_not_effective"


async def test_unloading_releases_the_timers(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await ask(hass, freezer)
    assert await hass.config_entries.async_unload(daily.entry_id)
    sim.requests.reset()
    await live(hass, freezer, 3 * HOUR)
    assert sim.requests.total() == 0


# --- When it is spoken up ---


async def test_after_72_hours_without_effect_it_says_so_loudly(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    asked_at = await ask(hass, freezer)
    await do_step(hass, daily)
    heard = Heard(daily, RENEWING)
    ir.async_ignore_issue(hass, DOMAIN, issue_of(hass, "plan_cancellation").issue_id, ignore=True)
    await live(hass, freezer, 71 * HOUR, step=HOUR)
    assert standing(daily) is CaseState.CHECKING
    assert issue_of(hass, "plan_cancellation").severity is ir.IssueSeverity.WARNING
    assert issue_of(hass, "plan_cancellation").dismissed_version is not None
    assert heard.all == []

    await live(hass, freezer, HOUR + MINUTE)
    issue = issue_of(hass, "plan_cancellation")
    assert issue.severity is ir.IssueSeverity.ERROR
    assert issue.dismissed_version is None  # an ignored one is shown again
    assert issue.translation_placeholders == {
        "standing": "Not off, still set to renew",
        "camera": "Renewing",
    }
    facts = heard.facts(Activity.CANCELLATION_NOT_EFFECTIVE)
    view = coordinator_of(daily).data.cameras[RENEWING].view
    assert view is not None
    assert view.charge is not None
    assert facts == {
        "asked_on": asked_at,
        "checks": case_of(daily).checks,
        "plan_ends": view.reading.ends_at,
        "earliest": view.charge.earliest,
        "latest": view.charge.latest,
    }
    assert state_of(hass, RENEWING, "cancellation") == "not_effective"
    assert attention(hass) == [{"camera": "Renewing", "reason": "not_effective"}]
    assert assumed(hass)


async def test_a_wish_about_which_nothing_was_done_is_reminded_of(
    hass: HomeAssistant, daily: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await ask(hass, freezer)
    heard = Heard(daily, RENEWING)
    await live(hass, freezer, 73 * HOUR, step=HOUR)
    assert heard.take() == [Activity.CANCELLATION_REMINDER]


async def test_before_the_charge_it_is_said_three_times_at_most(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A wish of 20 hours before the earliest charge, and a flag that never follows."""
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+3d20h", "flag_delay": "never"}})
    await pass_time(hass, freezer, 1)
    await refresh(hass, daily)
    await ask(hass, freezer)
    sim.world.switch_renewal(RENEWING, on=False)
    await do_step(hass, daily)
    heard = Heard(daily, RENEWING)
    await live(hass, freezer, 19 * HOUR + 50 * MINUTE, step=10 * MINUTE)
    before_charge = heard.take()
    assert before_charge
    assert set(before_charge) == {Activity.CANCELLATION_NOT_EFFECTIVE}
    assert standing(daily) is CaseState.NOT_EFFECTIVE
    await live(hass, freezer, 3 * DAY + 12 * HOUR, step=HOUR)
    assert len(before_charge) + heard.take().count(Activity.CANCELLATION_NOT_EFFECTIVE) <= 3


async def test_inside_the_charge_window_it_is_spoken_up_before_the_last_moment(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    edit_camera(
        sim.world,
        RENEWING,
        {"plan": {"end": "+30h", "flag_delay": "never", "charged": "at end"}},
    )
    await pass_time(hass, freezer, 1)
    await refresh(hass, daily)
    await ask(hass, freezer)
    await do_step(hass, daily)
    await live(hass, freezer, 29 * HOUR + 30 * MINUTE, step=30 * MINUTE)
    assert standing(daily) is CaseState.NOT_EFFECTIVE


async def test_doing_the_step_again_begins_anew(
    hass: HomeAssistant, daily: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await ask(hass, freezer)
    await do_step(hass, daily)
    await live(hass, freezer, 73 * HOUR, step=HOUR)
    assert standing(daily) is CaseState.NOT_EFFECTIVE
    await do_step(hass, daily)
    assert standing(daily) is CaseState.CHECKING
    assert issue_of(hass, "plan_cancellation").severity is ir.IssueSeverity.WARNING
    heard = Heard(daily, RENEWING)
    await live(hass, freezer, 73 * HOUR, step=HOUR)
    assert heard.take() == [Activity.CANCELLATION_NOT_EFFECTIVE]


# --- What the maker's flag comes to ---


@pytest.mark.parametrize("hours", [0, 1, 2, 7, 10])
async def test_a_flag_that_follows_late_confirms_when_it_is_next_looked(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    hours: int,
) -> None:
    edit_camera(sim.world, RENEWING, {"plan": {"flag_delay": f"{hours}h"}})
    asked_at = await ask(hass, freezer)
    sim.world.switch_renewal(RENEWING, on=False)
    await do_step(hass, daily)
    heard = Heard(daily, RENEWING)
    while standing(daily) is CaseState.CHECKING:
        assert state_of(hass, RENEWING, "auto_renewal") == "on"
        await live(hass, freezer, 5 * MINUTE, step=5 * MINUTE)
        assert dt_util.utcnow() < asked_at + 25 * HOUR
    after = dt_util.utcnow() - asked_at
    due = {0: 0.25, 1: 2, 2: 2, 7: 8, 10: 24}[hours]
    assert due * HOUR <= after + 5 * MINUTE
    assert after <= due * HOUR + 15 * MINUTE
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    assert state_of(hass, RENEWING, "cancellation") == "confirmed"
    assert heard.take() == [Activity.CANCELLATION_CONFIRMED]
    assert issues(hass) == []
    assert not assumed(hass)


async def test_confirmed_in_the_midst_of_a_restart(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    edit_camera(sim.world, RENEWING, {"plan": {"flag_delay": "7h"}})
    await ask(hass, freezer)
    sim.world.switch_renewal(RENEWING, on=False)
    await do_step(hass, daily)
    for _ in range(3):
        await live(hass, freezer, 2 * HOUR)
        assert standing(daily) is CaseState.CHECKING
        await restart(hass, daily)
    await live(hass, freezer, 3 * HOUR)
    assert standing(daily) is CaseState.CONFIRMED
    assert case_of(daily).proof is Proof.READ


async def test_a_second_witness_that_still_says_on_keeps_it_unconfirmed(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await ask(hass, freezer)
    # The flag says off, the order list still shows a coming debit.
    edit_camera(sim.world, RENEWING, {"wire_overrides": {"isRenew": False}})
    await pass_time(hass, freezer, 60)
    await refresh(hass, daily)
    assert state_of(hass, RENEWING, "auto_renewal") == "unknown"
    assert (standing(daily), case_of(daily).disagreed) == (CaseState.WAITING_FOR_YOU, True)
    switch = hass.states.get(entity_id(hass, RENEWING, "auto_renewal"))
    assert switch is not None
    assert switch.attributes["witnesses"] == {"isRenew": False, "hasDeductOrders": True}
    # It is asked for as long as the two contradict each other, also without a case.
    await press(hass, RENEWING, "on")
    await pass_time(hass, freezer, 60)
    await refresh(hass, daily)
    assert state_of(hass, RENEWING, "auto_renewal") == "unknown"
    assert attention(hass) == [{"camera": "Renewing", "reason": "witnesses_disagree"}]


async def test_an_odd_flag_confirms_nothing(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await ask(hass, freezer)
    odd_ones: tuple[object, ...] = (DROP, None, "false", 0, [], "no")
    for odd in odd_ones:
        edit_camera(sim.world, RENEWING, {"wire_overrides": {"isRenew": odd, "renewStatus": DROP}})
        await pass_time(hass, freezer, 60)
        await refresh(hass, daily)
        assert coordinator_of(daily).cases.is_open(RENEWING), odd
        assert state_of(hass, RENEWING, "auto_renewal") != "off", odd


# --- After it was confirmed ---


async def confirm(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Take a cancellation to its confirmation."""
    await ask(hass, freezer)
    sim.world.switch_renewal(RENEWING, on=False)
    await do_step(hass, entry)
    await live(hass, freezer, 20 * MINUTE, step=MINUTE)
    assert standing(entry) is CaseState.CONFIRMED


async def test_renewal_that_comes_on_again_opens_it_again_loudly(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    sim.world.misbehave(Misbehaviour(flips_back_after_ms=2 * 86_400_000))
    await confirm(hass, daily, sim, freezer)
    heard = Heard(daily, RENEWING)
    await live(hass, freezer, 3 * DAY, step=HOUR)
    assert standing(daily) is CaseState.NOT_EFFECTIVE
    assert heard.take() == [Activity.RENEWAL_BACK_ON]
    assert issue_of(hass, "plan_cancellation").severity is ir.IssueSeverity.ERROR
    assert issue_keys(hass) == ["plan_cancellation"]  # the case tells it, no second issue does
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    # Pressed again, the guide comes back; done again, it is confirmed again.
    await press_off(hass, key="still_checking")
    sim.world.misbehave(Misbehaviour())
    sim.world.switch_renewal(RENEWING, on=False)
    await do_step(hass, daily)
    await live(hass, freezer, 20 * MINUTE, step=MINUTE)
    assert standing(daily) is CaseState.CONFIRMED


async def test_a_new_term_after_it_was_confirmed_is_said_and_never_called_a_charge(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    sim.world.misbehave(Misbehaviour(charges_anyway=True))
    await confirm(hass, daily, sim, freezer)
    case = case_of(daily)
    heard = Heard(daily, RENEWING)
    await live(hass, freezer, 13 * DAY, step=6 * HOUR)
    assert standing(daily) is CaseState.CHARGED_AFTER
    facts = heard.facts(Activity.RENEWED_AFTER_CANCELLING)
    assert facts["old_end"] == case.term_ends_at
    assert facts["new_end"] > facts["old_end"] + 27 * DAY
    assert heard.take() == [Activity.RENEWED_AFTER_CANCELLING]
    issue = issue_of(hass, "plan_cancellation")
    assert issue.severity is ir.IssueSeverity.ERROR
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["standing"] == "Renewed after switching off"
    assert attention(hass) == [{"camera": "Renewing", "reason": "renewed_after_cancelling"}]
    assert not assumed(hass)  # it is decided
    # It stays until its owner takes note, also over a restart.
    await restart(hass, daily)
    assert standing(daily) is CaseState.CHARGED_AFTER
    assert issue_keys(hass) == ["plan_cancellation"]
    await coordinator_of(daily).casework.async_forget(RENEWING)
    assert issues(hass) == []
    assert standing(daily) is None


async def test_a_term_renewed_before_anything_was_done_is_no_misdeed(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await ask(hass, freezer)
    heard = Heard(daily, RENEWING)
    await live(hass, freezer, 13 * DAY, step=6 * HOUR)
    assert standing(daily) is not CaseState.CHARGED_AFTER
    assert coordinator_of(daily).cases.is_open(RENEWING)
    assert Activity.RENEWED in heard.take()


async def test_a_confirmed_case_is_over_some_time_after_the_plan(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await confirm(hass, daily, sim, freezer)
    heard = Heard(daily, RENEWING)
    await live(hass, freezer, 15 * DAY, step=6 * HOUR)  # the plan ended 2.5 days ago
    assert standing(daily) is CaseState.CONFIRMED
    await live(hass, freezer, 3 * DAY, step=6 * HOUR)
    assert standing(daily) is None
    assert heard.take() == []
    assert issues(hass) == []
    assert state_of(hass, RENEWING, "cancellation") == "none"


# --- Sellers whom the maker cannot see ---


async def test_done_at_a_store_is_confirmed_when_no_new_term_came(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    edit_camera(sim.world, STORE_BILLED, {"plan": {"end": "+2d12h"}})
    entry = await make_entry("6500220022", poll_hours=24)
    await set_up(hass, entry)
    await coordinator_of(entry).async_set_billed_by(Channel.GOOGLE_PLAY)
    await ask(hass, freezer, STORE_BILLED)
    sim.world.switch_renewal(STORE_BILLED, on=False)
    await do_step(hass, entry, STORE_BILLED)
    heard = Heard(entry, STORE_BILLED)
    assert standing(entry, STORE_BILLED) is CaseState.DONE_NOT_READABLE
    await press_off(hass, STORE_BILLED, "only_seller_confirms")
    await live(hass, freezer, 2 * DAY + 13 * HOUR, step=12 * HOUR)  # the plan's end
    assert state_of(hass, STORE_BILLED, "plan_status") == "expired_reachable"
    await live(hass, freezer, 29 * DAY, step=DAY)
    assert standing(entry, STORE_BILLED) is CaseState.DONE_NOT_READABLE
    assert attention(hass, "0022") == [{"camera": "Renewal unknown", "reason": "seller_confirms"}]
    assert heard.all == []
    await live(hass, freezer, 36 * HOUR, step=12 * HOUR)
    case = case_of(entry, STORE_BILLED)
    assert (case.state, case.proof) == (CaseState.CONFIRMED, Proof.NO_NEW_TERM)
    assert heard.take() == [Activity.CANCELLATION_CONFIRMED]
    assert issues(hass) == []


async def test_a_store_that_goes_on_renewing_is_found_out(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    entry = await make_entry("6500220022", poll_hours=24)
    await set_up(hass, entry)
    await coordinator_of(entry).async_set_billed_by(Channel.GOOGLE_PLAY)
    await ask(hass, freezer, STORE_BILLED)
    await do_step(hass, entry, STORE_BILLED)  # said, and not done
    heard = Heard(entry, STORE_BILLED)
    await live(hass, freezer, 21 * DAY, step=12 * HOUR)
    assert standing(entry, STORE_BILLED) is CaseState.CHARGED_AFTER
    assert heard.take() == [Activity.RENEWED_AFTER_CANCELLING]


# The account, its camera, and who may bill that.
SOLD = [
    *(("2500110011", RENEWING, channel) for channel in channels_sold_in("cn")),
    *(("6500220022", STORE_BILLED, channel) for channel in channels_sold_in("de")),
]
READABLE = {Channel.MI_PAY, Channel.WECHAT_PAY, Channel.ALIPAY}


@pytest.mark.parametrize("sold", SOLD, ids=lambda sold: f"{sold[1]}-{sold[2]}")
@pytest.mark.parametrize("flag", [True, False, DROP])
async def test_what_the_flag_may_say_by_channel_and_region(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    sold: tuple[str, str, Channel],
    flag: object,
) -> None:
    """Store-billed with false is never off, never confirmed by it, and still warned about."""
    account, camera_id, channel = sold
    entry = await make_entry(account)
    await set_up(hass, entry)
    await coordinator_of(entry).async_set_billed_by(channel, camera_id)
    assert coordinator_of(entry).billed_by(camera_id) is channel
    edit_camera(sim.world, camera_id, {"wire_overrides": {"isRenew": True}})
    await pass_time(hass, freezer, 60)
    await refresh(hass, entry)
    assert state_of(hass, camera_id, "auto_renewal") == "on"
    await ask(hass, freezer, camera_id)
    said = {"isRenew": flag, "renewStatus": flag}
    changes = {"wire_overrides": said, "plan": {"auto_renew": flag is True}}
    edit_camera(sim.world, camera_id, changes)
    await do_step(hass, entry, camera_id)
    await live(hass, freezer, 9 * HOUR, step=HOUR)
    shown = (state_of(hass, camera_id, "auto_renewal"), standing(entry, camera_id))
    charge = hass.states.get(entity_id(hass, camera_id, "next_charge"))
    assert charge is not None
    if flag is True:
        assert shown == ("on", CaseState.CHECKING)
        assert charge.attributes["possible"] is False
    elif flag is False and channel in READABLE:
        assert shown == ("off", CaseState.CONFIRMED)
        assert charge.state == "unknown"
    else:
        readable = channel in READABLE
        state = CaseState.CHECKING if readable else CaseState.DONE_NOT_READABLE
        assert shown == ("unknown", state)
        assert dt_util.parse_datetime(charge.state) is not None
        assert charge.attributes["possible"] is True
        assert charge.attributes["channel"] == channel.value


async def test_a_seller_named_later_takes_back_a_confirmation_it_cannot_give(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await confirm(hass, daily, sim, freezer)
    await coordinator_of(daily).async_set_billed_by(Channel.APPLE, RENEWING)
    assert state_of(hass, RENEWING, "auto_renewal") == "unknown"
    await live(hass, freezer, DAY, step=6 * HOUR)
    assert standing(daily) is CaseState.DONE_NOT_READABLE
    assert issue_keys(hass) == ["plan_cancellation"]


# --- The other direction ---


async def test_on_is_confirmed_when_it_was_read(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await pass_time(hass, freezer, 1)
    with pytest.raises(Exception, match="Not on yet"):
        await press(hass, NOT_RENEWING, "on")
    heard = Heard(daily, NOT_RENEWING)
    assert issue_keys(hass) == ["plan_turn_on"]
    await do_step(hass, daily, NOT_RENEWING)
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await live(hass, freezer, 20 * MINUTE)
    case = case_of(daily, NOT_RENEWING)
    assert (case.state, case.last_said) == (CaseState.CONFIRMED, Renewal.ON)
    assert heard.take() == [
        Activity.TURN_ON_STEP_DONE,
        Activity.TURN_ON_CONFIRMED,
        Activity.RENEWAL_SWITCHED_ON,
    ]
    assert issues(hass) == []
    assert state_of(hass, NOT_RENEWING, "cancellation") == "none"
    await live(hass, freezer, 2 * DAY, step=6 * HOUR)
    assert standing(daily, NOT_RENEWING) is None


async def test_on_that_does_not_come_is_said_after_72_hours(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await pass_time(hass, freezer, 1)
    with pytest.raises(Exception, match="Not on yet"):
        await press(hass, NOT_RENEWING, "on")
    await do_step(hass, daily, NOT_RENEWING)
    heard = Heard(daily, NOT_RENEWING)
    await live(hass, freezer, 73 * HOUR, step=HOUR)
    assert heard.take() == [Activity.TURN_ON_NOT_EFFECTIVE]
    assert standing(daily, NOT_RENEWING) is CaseState.NOT_EFFECTIVE


async def test_a_plan_that_ends_ends_the_wish_for_on(
    hass: HomeAssistant,
    daily: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await pass_time(hass, freezer, 1)
    with pytest.raises(Exception, match="Not on yet"):
        await press(hass, NOT_RENEWING, "on")
    heard = Heard(daily, NOT_RENEWING)
    await live(hass, freezer, 11 * DAY, step=12 * HOUR)
    assert standing(daily, NOT_RENEWING) is None
    assert heard.take()[-1] is Activity.TURN_ON_WITHDRAWN
    assert issues(hass) == []
