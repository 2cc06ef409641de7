"""Switching renewal on again: guided, read back, and sent only from a screen with the charge."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.plan import Channel, Wish
from simulator.edits import edit_camera
from simulator.server import RunningSimulator
from simulator.world import DROP

from .acts import (
    REQUEST_PATH,
    STORE_BILLED,
    case_of,
    direct_way,
    issue_keys,
    live,
    press_refused,
    standing,
)
from .conftest import EntryMaker, set_up
from .guided import Guide
from .test_coordinator import (
    NOT_RENEWING,
    ORDERS_PATH,
    STATUS_PATH,
    coordinator_of,
    refresh,
    state_of,
)

pytestmark = pytest.mark.usefixtures("repairs")

AGAIN = ["check", "steps", "leave", "keep"]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once after a request."""
    monkeypatch.setattr(
        "custom_components.camera_cloud_plan.casework.desk._LOOKS_AFTER_SENDING", (0.0, 0.0)
    )


@pytest.fixture
async def direct(hass: HomeAssistant, make_entry: EntryMaker) -> MockConfigEntry:
    """Have an account whose owner handed over the request, and lets the switch use it."""
    entry = await make_entry(renewal_request=direct_way())
    await set_up(hass, entry)
    return entry


async def press_on(hass: HomeAssistant) -> None:
    """Press on and see it said that it is not on yet."""
    await press_refused(hass, NOT_RENEWING, "on", "not_on_yet")


async def opened(hass: HomeAssistant) -> Guide:
    return await Guide.open(hass, "plan_turn_on")


async def test_the_owner_does_it_and_it_is_read_back(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_on(hass)
    sim.requests.reset()
    guide = await opened(hass)
    assert (guide.shows, guide.buttons) == ("decide", ["steps", "keep"])
    assert "is charged next between **" in guide.said
    assert "How much is not known here" in guide.said
    assert "Nothing is bought or signed here" in guide.said
    await guide.tap("steps")
    assert guide.shows == "mi_home"
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await guide.tap()
    assert guide.shows == "finished: confirmed"
    assert "On. Confirmed by Xiaomi" in guide.said
    assert state_of(hass, NOT_RENEWING, "auto_renewal") == "on"
    assert not issue_keys(hass)
    assert {path for _host, path, _status in sim.requests.counts} <= {STATUS_PATH, ORDERS_PATH}


async def test_still_off_keeps_the_issue(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    await press_on(hass)
    guide = await (await (await opened(hass)).tap("steps")).tap()
    assert (guide.shows, guide.buttons) == ("still_off", AGAIN)
    await guide.tap("leave")
    assert guide.shows == "abort: left"
    assert issue_keys(hass) == ["plan_turn_on"]
    guide = await opened(hass)
    assert guide.shows == "still_off"
    await guide.tap("keep")
    assert guide.shows == "abort: left_off_after_all"
    assert not issue_keys(hass)


async def test_leaving_it_off_withdraws(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    await press_on(hass)
    guide = await (await opened(hass)).tap("keep")
    assert guide.shows == "abort: left_off"
    assert standing(loaded, NOT_RENEWING) is None
    assert not issue_keys(hass)


async def test_inside_the_charge_window_it_may_be_charged_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    edit_camera(sim.world, NOT_RENEWING, {"plan": {"end": "+20h"}})
    await refresh(hass, loaded)
    await press_on(hass)
    guide = await opened(hass)
    assert guide.shows == "decide_late"
    assert "perhaps at once" in guide.said


async def test_without_dates_nothing_is_offered_to_be_sent(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    edit_camera(sim.world, NOT_RENEWING, {"wire_overrides": {"endTime": DROP}})
    await refresh(hass, direct)
    await press_on(hass)
    guide = await opened(hass)
    assert (guide.shows, guide.buttons) == ("decide_no_dates", ["steps", "keep"])
    await guide.tap("steps")
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await guide.tap()
    assert guide.shows == "finished: confirmed_no_dates"


async def test_dates_that_went_missing_take_the_sending_back(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_on(hass)
    guide = await opened(hass)
    edit_camera(sim.world, NOT_RENEWING, {"wire_overrides": {"endTime": DROP}})
    await refresh(hass, direct)
    await guide.tap("send")
    assert guide.shows == "mi_home"


async def test_it_is_sent_only_from_the_screen_that_names_the_charge(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_on(hass)
    # The switch may act for "off"; for "on" nothing was sent by the press.
    assert sim.requests.renewals[NOT_RENEWING] == 0
    guide = await opened(hass)
    assert guide.buttons == ["send", "by_hand", "keep"]
    await guide.tap("send")
    assert guide.shows == "send"
    assert "is then charged by " in guide.said
    assert sim.requests.renewals[NOT_RENEWING] == 0
    await guide.tap("send_now")
    assert guide.shows == "finished: confirmed"
    assert sim.requests.renewals[NOT_RENEWING] == 1


async def test_a_definition_without_on_offers_no_sending(
    hass: HomeAssistant, make_entry: EntryMaker
) -> None:
    option = direct_way()
    del option["definition"]["on"]
    entry = await make_entry(renewal_request=option)
    await set_up(hass, entry)
    await press_on(hass)
    assert (await opened(hass)).buttons == ["steps", "keep"]


async def test_a_lost_answer_is_not_sent_again(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("lost_answer", path=REQUEST_PATH)
    edit_camera(sim.world, NOT_RENEWING, {"wire_overrides": {"isRenew": False}})
    await press_on(hass)
    guide = await (await (await opened(hass)).tap("send")).tap("send_now")
    assert (guide.shows, guide.buttons) == (
        "sent_unanswered",
        ["check", "by_hand", "leave", "keep"],
    )
    await guide.tap("by_hand")
    assert guide.shows == "mi_home"
    assert sim.requests.renewals[NOT_RENEWING] == 1


async def test_a_refusal_is_said_in_words(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    edit_camera(sim.world, NOT_RENEWING, {"plan": {"asks_password": True}})
    await press_on(hass)
    guide = await (await (await opened(hass)).tap("send")).tap("send_now")
    assert (guide.shows, guide.buttons) == ("refused", ["by_hand", "check", "keep"])
    await guide.tap("keep")
    assert guide.shows == "abort: left_off"


async def test_two_words_of_the_maker_are_both_shown(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_on(hass)
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    edit_camera(sim.world, NOT_RENEWING, {"wire_overrides": {"isRenew": False}})
    guide = await (await (await opened(hass)).tap("steps")).tap()
    assert (guide.shows, guide.buttons) == ("still_unsure", AGAIN)
    assert "off: `isRenew`" in guide.said


async def test_a_maker_that_does_not_say_is_not_said_to_say_off(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_on(hass)
    missing = {"isRenew": DROP, "renewStatus": DROP}
    edit_camera(sim.world, NOT_RENEWING, {"wire_overrides": missing})
    guide = await (await (await opened(hass)).tap("steps")).tap()
    assert (guide.shows, guide.buttons) == ("unsaid", AGAIN)


@pytest.mark.parametrize("channel", [Channel.WECHAT_PAY, Channel.ALIPAY])
async def test_a_wallet_cannot_begin_a_debit_so_it_is_done_in_mi_home(
    hass: HomeAssistant, loaded: MockConfigEntry, channel: Channel
) -> None:
    await coordinator_of(loaded).async_set_billed_by(channel)
    await press_on(hass)
    await (guide := await opened(hass)).tap("steps")
    assert guide.shows == "mi_home"


@pytest.mark.parametrize(
    ("channel", "door"),
    [(Channel.APPLE, "apple"), (Channel.GOOGLE_PLAY, "google_play"), (None, "shop")],
)
async def test_a_store_billed_plan_is_switched_on_at_its_store(
    hass: HomeAssistant, loaded_de: MockConfigEntry, channel: Channel | None, door: str
) -> None:
    coordinator = coordinator_of(loaded_de)
    await coordinator.async_set_billed_by(channel)
    await coordinator.casework.async_open(coordinator.data.cameras[STORE_BILLED], Wish.ON)
    await (guide := await opened(hass)).tap("steps")
    assert guide.shows == door


async def test_a_plan_that_ended_cannot_be_switched_on(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_on(hass)
    guide = await opened(hass)
    # Its end is known before the maker's word is: the plan is not read as running any more.
    edit_camera(sim.world, NOT_RENEWING, {"wire_overrides": {"vip": DROP, "status": DROP}})
    await refresh(hass, loaded)
    assert (await opened(hass)).shows == "abort: plan_ended"
    await guide.tap("keep")
    assert guide.shows == "abort: left_off"


async def test_without_effect_it_says_so(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await press_on(hass)
    freezer.tick(60)
    await (await (await opened(hass)).tap("steps")).tap()
    await live(hass, freezer, timedelta(hours=73), step=timedelta(hours=6))
    guide = await opened(hass)
    assert (guide.shows, guide.buttons) == ("not_effective", ["steps", "check", "keep"])
    assert f"Checks since then: {case_of(loaded, NOT_RENEWING).checks}." in guide.said


@pytest.mark.parametrize("then", ["by_hand", "send", "keep"])
async def test_a_window_left_open_while_it_was_withdrawn_ends(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator, then: str
) -> None:
    await press_on(hass)
    guide = await opened(hass)
    await coordinator_of(direct).casework.async_withdraw(NOT_RENEWING)
    await guide.tap(then)
    assert guide.shows == "abort: not_open"
    assert sim.requests.renewals[NOT_RENEWING] == 0
