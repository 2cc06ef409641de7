"""Having the request sent from the guide: once, after being asked, and read back."""

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.cloud.errors import RequestNotSentError
from custom_components.camera_cloud_plan.plan import Camera, CaseState, Channel, Wish
from simulator.edits import edit_camera
from simulator.server import RunningSimulator
from simulator.world import Misbehaviour

from .acts import (
    REQUEST_PATH,
    case_of,
    direct_way,
    issue_keys,
    press,
    press_off,
    restart,
    settle,
    standing,
)
from .conftest import EntryMaker, set_up
from .guided import Guide
from .test_coordinator import RENEWING, coordinator_of, state_of

pytestmark = pytest.mark.usefixtures("repairs")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once after a request."""
    monkeypatch.setattr(
        "custom_components.camera_cloud_plan.casework.desk._LOOKS_AFTER_SENDING", (0.0, 0.0)
    )


@pytest.fixture
async def direct(hass: HomeAssistant, make_entry: EntryMaker) -> MockConfigEntry:
    """Have an account whose owner handed over the request, for the guide only."""
    entry = await make_entry(renewal_request=direct_way(by_switch=False))
    await set_up(hass, entry)
    await coordinator_of(entry).async_set_billed_by(Channel.MI_PAY)
    return entry


async def at_send(hass: HomeAssistant) -> Guide:
    """Open the guide and go as far as the question whether to send."""
    return await (await Guide.open(hass)).tap("send")


def sent(sim: RunningSimulator) -> int:
    return sim.requests.renewals[RENEWING]


async def test_it_is_sent_once_at_the_press_of_its_button(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    assert guide.buttons == ["send", "by_hand", "save_first", "keep"]
    await guide.tap("send")
    assert (guide.shows, guide.buttons) == ("send", ["send_now", "by_hand"])
    assert "**kitchen.json**" in guide.said
    assert "It has not been used so far." in guide.said
    assert sent(sim) == 0
    await guide.tap("send_now")
    assert guide.shows == "finished: confirmed"
    assert sent(sim) == 1
    assert state_of(hass, RENEWING, "auto_renewal") == "off"


@pytest.mark.parametrize(
    ("worked", "words"), [(1, "It has worked once."), (3, "It has worked 3 times.")]
)
async def test_it_says_how_often_it_worked(
    hass: HomeAssistant, direct: MockConfigEntry, worked: int, words: str
) -> None:
    coordinator = coordinator_of(direct)
    assert coordinator.renewal_request is not None
    for _ in range(worked):
        await coordinator.cases.async_request_worked(coordinator.renewal_request.digest)
    await press_off(hass)
    assert words in (await at_send(hass)).said


async def test_by_hand_sends_nothing(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    guide = await (await at_send(hass)).tap("by_hand")
    assert guide.shows == "mi_home"
    await guide.tap()
    assert guide.shows == "still_on"
    assert guide.buttons == ["check", "steps", "leave", "keep"]
    assert sent(sim) == 0


async def test_accepted_and_still_on_offers_to_do_it_by_hand(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("accepted_no_effect", path=REQUEST_PATH)
    await press_off(hass)
    guide = await (await at_send(hass)).tap("send_now")
    assert (guide.shows, guide.buttons) == ("still_on", ["check", "by_hand", "leave", "keep"])
    await guide.tap("check")
    assert guide.shows == "still_on"
    await guide.tap("by_hand")
    assert guide.shows == "mi_home"
    assert sent(sim) == 1


async def test_a_lost_answer_is_read_back_and_never_sent_again(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.world.misbehave(Misbehaviour(flag_stays=True))
    sim.faults.add("lost_answer", path=REQUEST_PATH)
    await press_off(hass)
    guide = await (await at_send(hass)).tap("send_now")
    assert guide.shows == "sent_unanswered"
    assert case_of(direct).request is not None
    # Neither in this window nor in another, nor after a restart.
    await guide.tap("check")
    assert guide.shows == "sent_unanswered"
    await restart(hass, direct)
    guide = await Guide.open(hass)
    assert guide.shows == "sent_unanswered"
    assert "send" not in guide.buttons
    assert sent(sim) == 1


async def test_a_lost_answer_that_worked_is_confirmed(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("lost_answer", path=REQUEST_PATH)
    await press_off(hass)
    guide = await (await at_send(hass)).tap("send_now")
    assert guide.shows == "finished: confirmed"


async def test_two_windows_send_it_once(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("accepted_no_effect", path=REQUEST_PATH)
    await press_off(hass)
    first, second = await at_send(hass), await at_send(hass)
    await first.begin("send_now")
    await second.begin("send_now")
    await settle(hass)
    await first.look()
    await second.look()
    assert first.shows == "still_on"
    assert second.shows == "still_on"
    assert sent(sim) == 1


async def test_a_window_left_open_while_another_sent_it_asks_instead(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("accepted_no_effect", path=REQUEST_PATH)
    await press_off(hass)
    first, second = await at_send(hass), await at_send(hass)
    await first.tap("send_now")
    await second.tap("send_now")
    assert second.shows == "still_on"
    assert sent(sim) == 1


async def test_a_refusal_is_said_in_words(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    edit_camera(sim.world, RENEWING, {"plan": {"asks_password": True}})
    await press_off(hass)
    guide = await (await at_send(hass)).tap("send_now")
    assert (guide.shows, guide.buttons) == ("refused", ["by_hand", "check", "keep"])
    assert "wants your password again" in guide.said
    assert standing(direct) is CaseState.WAITING_FOR_YOU
    await guide.tap("check")
    assert guide.shows == "refused"
    await guide.tap("by_hand")
    assert guide.shows == "mi_home"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3, "the sign-in is too old"),
        (4001, "wants your password again"),
        (4002, "wants an extra confirmation"),
        (4003, "a store bills this plan"),
        (4004, "the plan has ended"),
        (4005, "it is so already"),
        (4006, "this account may not do it"),
        (9999, "for a reason that is not known here"),
    ],
)
async def test_every_refusal_has_words(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator, code: int, words: str
) -> None:
    sim.faults.add("api_error", path=REQUEST_PATH, code=code)
    await press_off(hass)
    guide = await (await at_send(hass)).tap("send_now")
    assert guide.shows == "refused"
    assert words in guide.said


async def test_what_could_not_leave_is_said_not_to_be_sent(
    hass: HomeAssistant, direct: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_camera: Camera, _wish: Wish) -> None:
        raise RequestNotSentError("no session")

    monkeypatch.setattr(coordinator_of(direct).provider, "request_renewal", refuse)
    await press_off(hass)
    guide = await (await at_send(hass)).tap("send_now")
    assert guide.shows == "refused"
    assert "It could not be sent" in guide.said


async def test_what_is_out_of_reach_gets_nothing_sent(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    guide = await at_send(hass)
    sim.faults.add("dropped")
    await guide.tap("send_now")
    assert guide.shows == "abort: not_sent"
    assert case_of(direct).request is None
    assert sent(sim) == 0


async def test_what_cannot_be_saved_is_not_sent(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    sim: RunningSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await press_off(hass)
    guide = await at_send(hass)

    async def lose(_data: object) -> None:
        """Write nothing, as a full disk does."""

    monkeypatch.setattr(coordinator_of(direct).cases._store, "async_save", lose)
    await guide.tap("send_now")
    assert guide.shows == "abort: not_saved"
    assert sent(sim) == 0


async def test_off_already_is_confirmed_without_sending(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    guide = await at_send(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    await guide.tap("send_now")
    assert guide.shows == "finished: confirmed"
    assert sent(sim) == 0


async def test_sending_goes_on_when_nobody_waits_for_it(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    sim: RunningSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.camera_cloud_plan.guides.case._PATIENCE", 0.05)
    await press_off(hass)
    guide = await at_send(hass)
    sim.faults.add("latency", seconds=0.3, path=REQUEST_PATH)
    await guide.tap("send_now")
    assert standing(direct) is CaseState.CONFIRMED
    assert sent(sim) == 1


async def test_a_request_that_does_not_work_is_not_offered(
    hass: HomeAssistant, direct: MockConfigEntry
) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    coordinator = coordinator_of(direct)
    assert coordinator.renewal_request is not None
    await coordinator.cases.async_request_failed(coordinator.renewal_request.digest)
    # A window that still offers it goes to the steps.
    await guide.tap("send")
    assert guide.shows == "mi_home"
    assert (await Guide.open(hass)).buttons == ["steps", "save_first", "keep"]


async def test_a_window_left_open_while_it_was_withdrawn_sends_nothing(
    hass: HomeAssistant, direct: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    first, second = await Guide.open(hass), await at_send(hass)
    await press(hass, RENEWING, "on")
    await first.tap("send")
    assert first.shows == "abort: not_open"
    await second.tap("send_now")
    assert second.shows == "abort: not_open"
    assert sent(sim) == 0
    assert not issue_keys(hass)
