"""The switch: who may press it, what it says, and what it sends, which is nothing or one request."""

import asyncio
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import persistent_notification
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.plan import (
    Activity,
    Answer,
    CaseState,
    Channel,
    SentRequest,
    Wish,
)
from simulator.edits import edit_camera
from simulator.server import RunningSimulator

from .acts import (
    EXPIRED,
    REQUEST_PATH,
    STORE_BILLED,
    TRIAL,
    Heard,
    assumed,
    attention,
    case_of,
    device_id,
    direct_way,
    issue_keys,
    issue_of,
    issues,
    live,
    press,
    press_off,
    press_refused,
    restart,
    settle,
    standing,
)
from .conftest import EntryMaker, entity_id, pass_time, set_up
from .test_coordinator import NOT_RENEWING, ORDERS_PATH, RENEWING, coordinator_of, refresh, state_of

HOUR = timedelta(hours=1)


def messages(hass: HomeAssistant) -> dict[str, str]:
    """Return what Home Assistant's own notifications say, by title."""
    notifications = hass.data.get(persistent_notification.DOMAIN, {})
    return {str(note["title"]): str(note["message"]) for note in notifications.values()}


# --- Off ---


async def test_off_opens_the_guide_and_says_not_yet(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    heard = Heard(loaded)
    with pytest.raises(HomeAssistantError, match="one step is left for Renewing") as raised:
        await press(hass, RENEWING, "off")
    assert raised.value.translation_key == "not_off_yet"
    assert heard.take() == [Activity.CANCELLATION_OPENED]
    issue = issue_of(hass, "plan_cancellation")
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    assert state_of(hass, RENEWING, "cancellation") == "waiting_for_you"
    assert assumed(hass)
    assert attention(hass) == [{"camera": "Renewing", "reason": "cancellation_open"}]


async def test_a_message_is_there_within_two_seconds(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    started = hass.loop.time()
    await press_off(hass)
    async with asyncio.timeout_at(started + 2):
        while not messages(hass):  # noqa: ASYNC110 - what people see signals nothing
            await asyncio.sleep(0.05)
    (title,) = messages(hass)
    assert title == "One step left: Renewing"
    await press(hass, RENEWING, "on")
    assert messages(hass) == {}


async def test_a_second_off_brings_an_ignored_guide_back_and_does_nothing_else(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    before = case_of(loaded)
    issue = issue_of(hass, "plan_cancellation")
    ir.async_ignore_issue(hass, DOMAIN, issue.issue_id, ignore=True)
    heard = Heard(loaded)
    sim.requests.reset()
    await press_off(hass)
    assert sim.requests.total() == 0
    assert issue_of(hass, "plan_cancellation").dismissed_version is None
    assert case_of(loaded) == before
    assert heard.all == []


async def test_off_says_how_it_stands(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await press_off(hass)
    await coordinator_of(loaded).casework.async_done(RENEWING)
    await press_off(hass, key="still_checking")
    await live(hass, freezer, 73 * HOUR, step=HOUR)
    assert standing(loaded) is CaseState.NOT_EFFECTIVE
    await press_off(hass, key="still_checking")


async def test_off_of_a_plan_read_as_off_succeeds_and_opens_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await press(hass, NOT_RENEWING, "off")
    assert standing(loaded, NOT_RENEWING) is None
    assert issues(hass) == []


async def test_off_of_a_plan_that_is_over_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await press_refused(hass, EXPIRED, "off", "no_running_plan")
    assert issues(hass) == []


async def test_off_succeeds_where_the_maker_already_says_off(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.world.switch_renewal(RENEWING, on=False)
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    await press(hass, RENEWING, "off")
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    assert not assumed(hass)
    assert issues(hass) == []
    assert sim.requests.total(path=ORDERS_PATH) == 1


async def test_off_does_not_wait_for_a_slow_maker(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("latency", seconds=3.0)
    started = hass.loop.time()
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call(
            "switch",
            "turn_off",
            {"entity_id": entity_id(hass, RENEWING, "auto_renewal")},
            blocking=True,
        )
    assert hass.loop.time() - started < 2.0
    assert assumed(hass)


async def test_off_during_an_outage_is_kept(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("dropped")
    await press_off(hass)
    assert standing(loaded) is CaseState.WAITING_FOR_YOU
    sim.faults.clear()
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    assert issues(hass) == []


async def test_a_toggle_of_everything_only_opens_guides(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call("switch", "turn_off", {"entity_id": "all"}, blocking=True)
    await settle(hass)
    assert coordinator_of(loaded).cases.open_cameras == {TRIAL, RENEWING}
    for did in (TRIAL, RENEWING):
        plan = sim.world.camera(did).plan
        assert plan is not None
        assert plan.auto_renew


async def test_a_device_target_does_not_reach_the_switch(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await hass.services.async_call(
        "switch", "turn_off", {"device_id": device_id(hass, RENEWING)}, blocking=True
    )
    assert coordinator_of(loaded).cases.watched_cameras == frozenset()


# --- On ---


async def test_on_withdraws_an_open_cancellation(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    heard = Heard(loaded)
    sim.requests.reset()
    await press(hass, RENEWING, "on")
    assert sim.requests.total() == 0
    assert heard.take() == [Activity.CANCELLATION_WITHDRAWN]
    assert (issues(hass), assumed(hass), standing(loaded)) == ([], False, None)
    await restart(hass, loaded)
    assert standing(loaded) is None


async def test_on_of_a_plan_that_renews_does_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.requests.reset()
    await press(hass, RENEWING, "on")
    assert sim.requests.total() == 0
    assert coordinator_of(loaded).cases.watched_cameras == frozenset()


@pytest.mark.parametrize("has_definition", [False, True])
async def test_on_of_a_plan_read_as_off_leads_to_the_makers_page_and_sends_nothing(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    *,
    has_definition: bool,
) -> None:
    entry = await make_entry(**({"renewal_request": direct_way()} if has_definition else {}))
    await set_up(hass, entry)
    heard = Heard(entry)
    await press_refused(hass, NOT_RENEWING, "on", "not_on_yet")
    case = case_of(entry, NOT_RENEWING)
    assert (case.wish, case.state) == (Wish.ON, CaseState.WAITING_FOR_YOU)
    assert heard.take() == [Activity.TURN_ON_OPENED]
    assert issue_keys(hass) == ["plan_turn_on"]
    assert assumed(hass, NOT_RENEWING)
    assert state_of(hass, NOT_RENEWING, "cancellation") == "none"
    assert attention(hass) == [{"camera": "Not renewing", "reason": "turn_on_open"}]
    # Once more brings the guide back.
    await press_refused(hass, NOT_RENEWING, "on", "not_on_yet")
    assert case_of(entry, NOT_RENEWING).opened_at == case.opened_at
    assert sim.requests.renewals.total() == 0


async def test_off_withdraws_the_wish_for_on(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    await press_refused(hass, NOT_RENEWING, "on", "not_on_yet")
    heard = Heard(loaded)
    await press(hass, NOT_RENEWING, "off")
    assert heard.take() == [Activity.TURN_ON_WITHDRAWN]
    assert (issues(hass), standing(loaded, NOT_RENEWING)) == ([], None)


async def test_off_after_on_came_true_is_a_cancellation(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_refused(hass, NOT_RENEWING, "on", "not_on_yet")
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await refresh(hass, loaded)
    assert case_of(loaded, NOT_RENEWING).state is CaseState.CONFIRMED
    assert issues(hass) == []
    await press_off(hass, NOT_RENEWING)
    assert case_of(loaded, NOT_RENEWING).wish is Wish.OFF
    assert issue_keys(hass) == ["plan_cancellation"]


async def test_on_after_off_was_confirmed_is_a_wish_for_on(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    assert standing(loaded) is CaseState.CONFIRMED
    await press_refused(hass, RENEWING, "on", "not_on_yet")
    assert case_of(loaded).wish is Wish.ON


async def test_on_of_a_plan_that_has_ended_says_where_to_buy(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.requests.reset()
    await press_refused(hass, EXPIRED, "on", "renew_in_mi_home")
    assert sim.requests.total() == 0
    assert coordinator_of(loaded).cases.watched_cameras == frozenset()


@pytest.mark.parametrize(
    ("channel", "key"),
    [
        (None, "renew_in_store"),
        (Channel.GOOGLE_PLAY, "renew_in_google_play"),
        (Channel.APPLE, "renew_at_apple"),
    ],
)
async def test_on_where_renewal_is_unknown_names_the_store(
    hass: HomeAssistant, loaded_de: MockConfigEntry, channel: Channel | None, key: str
) -> None:
    await coordinator_of(loaded_de).async_set_billed_by(channel)
    await press_refused(hass, STORE_BILLED, "on", key)
    assert issues(hass) == []


# --- Who may ---


async def test_a_housemate_opens_the_guide_and_hears_that_the_owner_was_told(
    hass: HomeAssistant, loaded: MockConfigEntry, housemate: MockUser
) -> None:
    context = Context(user_id=housemate.id)
    await press_refused(hass, RENEWING, "off", "not_off_yet_owner_told", context)
    assert issue_keys(hass) == ["plan_cancellation"]
    await press_refused(hass, RENEWING, "off", "not_off_yet_owner_told", context)


async def test_a_housemate_does_not_withdraw_it(
    hass: HomeAssistant, loaded: MockConfigEntry, housemate: MockUser
) -> None:
    await press_off(hass)
    context = Context(user_id=housemate.id)
    await press_refused(hass, RENEWING, "on", "withdrawn_by_owner_only", context)
    assert standing(loaded) is CaseState.WAITING_FOR_YOU


async def test_a_housemate_who_wants_renewal_on_hears_that_the_owner_was_told(
    hass: HomeAssistant, loaded: MockConfigEntry, housemate: MockUser
) -> None:
    context = Context(user_id=housemate.id)
    await press_refused(hass, NOT_RENEWING, "on", "not_on_yet_owner_told", context)
    assert issue_keys(hass) == ["plan_turn_on"]


async def test_an_administrator_opens_and_withdraws_it(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_admin_user: MockUser
) -> None:
    context = Context(user_id=hass_admin_user.id)
    await press_refused(hass, RENEWING, "off", "not_off_yet", context)
    await press(hass, RENEWING, "on", context)
    assert standing(loaded) is None


@pytest.mark.parametrize("direction", ["off", "on"])
async def test_a_read_only_person_changes_nothing(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_read_only_user: MockUser,
    direction: str,
) -> None:
    await press_off(hass)
    before = coordinator_of(loaded).cases.open_cameras
    with pytest.raises(Unauthorized):
        await press(hass, RENEWING, direction, Context(user_id=hass_read_only_user.id))
    with pytest.raises(Unauthorized):
        await press(hass, TRIAL, direction, Context(user_id=hass_read_only_user.id))
    assert coordinator_of(loaded).cases.open_cameras == before


# --- The direct way ---


@pytest.fixture
async def direct(hass: HomeAssistant, make_entry: EntryMaker) -> MockConfigEntry:
    """Set the mainland account up with a definition that the switch may use."""
    entry = await make_entry(renewal_request=direct_way())
    await set_up(hass, entry)
    return entry


def worked(entry: MockConfigEntry) -> int:
    definition = coordinator_of(entry).casework.definition
    assert definition is not None
    return definition.worked


def has_failed(entry: MockConfigEntry) -> bool:
    definition = coordinator_of(entry).casework.definition
    assert definition is not None
    return definition.failed_at is not None


def request_of(entry: MockConfigEntry) -> SentRequest:
    request = case_of(entry).request
    assert request is not None
    return request


async def test_off_is_sent_once_and_off_when_it_was_read_back(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    heard = Heard(direct)
    started = hass.loop.time()
    await press(hass, RENEWING, "off")
    assert hass.loop.time() - started < 5
    assert sim.requests.renewals == {RENEWING: 1}
    assert heard.take() == [
        Activity.CANCELLATION_OPENED,
        Activity.CANCELLATION_REQUEST_SENT,
        Activity.CANCELLATION_CONFIRMED,
    ]
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    assert standing(direct) is CaseState.CONFIRMED
    assert issues(hass) == []
    assert (worked(direct), has_failed(direct)) == (1, False)
    # Off is off: pressed again nothing is sent.
    await press(hass, RENEWING, "off")
    assert sim.requests.renewals == {RENEWING: 1}


async def test_it_is_sent_for_an_administrator_and_not_for_a_housemate(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    sim: RunningSimulator,
    hass_admin_user: MockUser,
    housemate: MockUser,
) -> None:
    await press_refused(hass, TRIAL, "off", "not_off_yet_owner_told", Context(user_id=housemate.id))
    assert sim.requests.renewals.total() == 0
    await press(hass, RENEWING, "off", Context(user_id=hass_admin_user.id))
    assert sim.requests.renewals == {RENEWING: 1}


async def test_one_that_is_for_the_guide_only_is_not_sent_by_the_switch(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> None:
    entry = await make_entry(renewal_request=direct_way(by_switch=False))
    await set_up(hass, entry)
    await press_off(hass)
    assert sim.requests.renewals.total() == 0
    casework = coordinator_of(entry).casework
    assert casework.can_send(RENEWING, by_switch=False)
    assert not casework.can_send(RENEWING, by_switch=True)


async def test_the_maker_is_read_first_and_nothing_sent_where_it_already_says_off(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.world.switch_renewal(RENEWING, on=False)
    await press(hass, RENEWING, "off")
    assert sim.requests.renewals.total() == 0
    assert standing(direct) is CaseState.CONFIRMED
    assert worked(direct) == 0


async def test_nothing_is_sent_while_the_maker_cannot_be_read(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("http_status", status=503, host="camera")
    await press_off(hass)
    assert sim.requests.renewals.total() == 0
    assert case_of(direct).request is None


async def test_two_presses_at_once_send_one_request(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    await asyncio.gather(*(press(hass, RENEWING, "off") for _ in range(3)), return_exceptions=True)
    assert sim.requests.renewals == {RENEWING: 1}
    assert standing(direct) is CaseState.CONFIRMED


async def test_a_flag_that_follows_late_is_asked_not_off_yet_and_never_asked_twice(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    edit_camera(sim.world, RENEWING, {"plan": {"flag_delay": "7h"}})
    freezer.tick(1)
    with patch("custom_components.camera_cloud_plan.casework.desk._LOOKS_AFTER_SENDING", (0.0,)):
        await press_off(hass, key="asked_not_off_yet")
    assert standing(direct) is CaseState.CHECKING
    assert request_of(direct).answer is Answer.ACCEPTED
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    assert issue_keys(hass) == ["plan_cancellation"]
    await press_off(hass, key="asked_not_off_yet")
    await restart(hass, direct)
    await press_off(hass, key="asked_not_off_yet")
    assert sim.requests.renewals == {RENEWING: 1}
    await live(hass, freezer, 8 * HOUR + timedelta(minutes=5))
    assert standing(direct) is CaseState.CONFIRMED
    assert sim.requests.renewals == {RENEWING: 1}
    assert worked(direct) == 1


async def test_a_lost_answer_is_read_back_and_nothing_sent_again(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("lost_answer")
    await press(hass, RENEWING, "off")
    assert request_of(direct).answer is Answer.UNKNOWN
    assert standing(direct) is CaseState.CONFIRMED
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    assert sim.requests.renewals == {RENEWING: 1}
    assert worked(direct) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"trouble": "lost_answer"},
        {"trouble": "dropped"},
        {"trouble": "http_status", "status": 503},
        {"trouble": "html"},
        {"trouble": "truncated_cipher"},
        {"trouble": "null_data"},
    ],
    ids=lambda fault: str(fault["trouble"]),
)
async def test_an_answer_that_says_nothing_is_never_sent_for_again(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    fault: dict[str, Any],
) -> None:
    """Not by a second press, not by the schedule, not after a restart."""
    edit_camera(sim.world, RENEWING, {"plan": {"flag_delay": "2h"}})
    sim.faults.add(**fault, path=REQUEST_PATH)
    freezer.tick(1)
    with patch("custom_components.camera_cloud_plan.casework.desk._LOOKS_AFTER_SENDING", (0.0,)):
        await press_off(hass, key="asked_not_off_yet")
        assert request_of(direct).answer is Answer.UNKNOWN
        sim.faults.clear()
        assert not coordinator_of(direct).casework.can_send(RENEWING, by_switch=False)
        await press_off(hass, key="asked_not_off_yet")
        await coordinator_of(direct).casework.async_send(RENEWING)
        await restart(hass, direct)
        await press_off(hass, key="asked_not_off_yet")
    await live(hass, freezer, 9 * HOUR)
    assert sim.requests.renewals == {RENEWING: 1}
    plan = sim.world.camera(RENEWING).plan
    assert plan is not None
    # Whichever way it went, the truth is told.
    assert standing(direct) is (CaseState.CHECKING if plan.auto_renew else CaseState.CONFIRMED)


async def test_a_crash_between_sending_and_the_answer_sends_nothing_again(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    sim: RunningSimulator,
    hass_storage: dict[str, Any],
) -> None:
    sim.faults.add("latency", path=REQUEST_PATH, seconds=30.0)
    pressed = hass.async_create_task(press(hass, RENEWING, "off"))
    async with asyncio.timeout(10):
        while not sim.requests.renewals:  # noqa: ASYNC110 - nor does a server
            await asyncio.sleep(0.01)
    (key,) = (key for key in hass_storage if key.endswith(".cases"))
    assert hass_storage[key]["data"]["cases"][RENEWING]["request"]["answer"] == "unknown"
    assert await hass.config_entries.async_unload(direct.entry_id)
    with pytest.raises(HomeAssistantError):
        await pressed
    sim.faults.clear()
    await hass.config_entries.async_setup(direct.entry_id)
    await settle(hass)
    assert standing(direct) is CaseState.CHECKING
    assert request_of(direct).answer is Answer.UNKNOWN
    await press_off(hass, key="asked_not_off_yet")
    assert sim.requests.renewals == {RENEWING: 1}


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (3, "session_expired"),
        (4001, "password_needed"),
        (4002, "confirmation_needed"),
        (4003, "billed_by_store"),
        (4004, "plan_ended"),
        (4005, "already_so"),
        (4006, "not_allowed"),
        (-8, "other"),
    ],
)
async def test_a_refusal_leaves_the_step_to_its_owner(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    sim: RunningSimulator,
    code: int,
    meaning: str,
) -> None:
    sim.faults.add("api_error", path=REQUEST_PATH, code=code)
    await press_off(hass)
    request = request_of(direct)
    assert (request.answer, request.meaning) == (Answer.REFUSED, meaning)
    assert standing(direct) is CaseState.WAITING_FOR_YOU
    assert issue_keys(hass) == ["plan_cancellation"]
    await press_off(hass)
    await restart(hass, direct)
    await press_off(hass)
    assert sim.requests.renewals == {RENEWING: 1}
    assert (worked(direct), has_failed(direct)) == (0, False)


async def test_a_request_without_effect_is_marked_and_the_guide_takes_over(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    sim.faults.add("accepted_no_effect")
    freezer.tick(1)
    with patch("custom_components.camera_cloud_plan.casework.desk._LOOKS_AFTER_SENDING", (0.0,)):
        await press_off(hass, key="asked_not_off_yet")
    await live(hass, freezer, 71 * HOUR, step=HOUR)
    assert not has_failed(direct)
    await live(hass, freezer, 2 * HOUR, step=HOUR)
    assert has_failed(direct)
    assert standing(direct) is CaseState.NOT_EFFECTIVE
    await restart(hass, direct)
    assert has_failed(direct)
    assert not coordinator_of(direct).casework.can_send(RENEWING, by_switch=False)
    # Another camera of the account is guided, too.
    sim.requests.reset()
    await press_off(hass, TRIAL)
    assert sim.requests.renewals.total() == 0


async def test_adding_a_definition_anew_gives_it_another_chance(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    sim.faults.add("accepted_no_effect")
    freezer.tick(1)
    with patch("custom_components.camera_cloud_plan.casework.desk._LOOKS_AFTER_SENDING", (0.0,)):
        await press_off(hass, key="asked_not_off_yet")
        await live(hass, freezer, 73 * HOUR, step=HOUR)
        assert has_failed(direct)
        sim.faults.clear()
        again = {**direct_way(), "added_at": dt_util.utcnow().isoformat()}
        hass.config_entries.async_update_entry(
            direct, options={**direct.options, "renewal_request": again}
        )
        await restart(hass, direct)
        assert not has_failed(direct)
        # The clock stands still here, and a reading of the same moment counts for nothing.
        await press_off(hass, TRIAL, "asked_not_off_yet")
    await pass_time(hass, freezer, 10)
    assert standing(direct, TRIAL) is CaseState.CONFIRMED
    # What is not known of the first request is not sent for again.
    assert sim.requests.renewals == {RENEWING: 1, TRIAL: 1}


async def test_it_worked_when_the_witness_that_its_definition_names_has_changed(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> None:
    """Here that is the list of coming debits."""
    entry = await make_entry(renewal_request=direct_way(witness="second_witness"))
    await set_up(hass, entry)
    await press(hass, RENEWING, "off")
    assert (standing(entry), worked(entry)) == (CaseState.CONFIRMED, 1)


async def test_a_definition_that_no_longer_passes_counts_as_none(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = await make_entry(renewal_request=direct_way(format=99))
    await set_up(hass, entry)
    assert coordinator_of(entry).casework.definition is None
    assert "The renewal request of" in caplog.text
    await press_off(hass)
    assert sim.requests.renewals.total() == 0


async def test_recordings_that_are_to_be_saved_first_keep_the_switch_from_sending(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    coordinator = coordinator_of(direct)
    await coordinator.casework.async_open(
        coordinator.data.cameras[RENEWING], Wish.OFF, save_first=True
    )
    await press_off(hass)
    assert sim.requests.renewals.total() == 0
    assert coordinator.casework.can_send(RENEWING, by_switch=False)


async def test_on_is_never_sent_by_a_press(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press(hass, RENEWING, "off")
    sim.requests.reset()
    await press_refused(hass, RENEWING, "on", "not_on_yet")
    await press_refused(hass, RENEWING, "on", "not_on_yet")
    assert sim.requests.renewals.total() == 0
    casework = coordinator_of(direct).casework
    assert not casework.can_send(RENEWING, by_switch=True)
    # The screen that names the next charge may.
    await casework.async_send(RENEWING)
    assert sim.requests.renewals == {RENEWING: 1}
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    assert case_of(direct).state is CaseState.CONFIRMED
