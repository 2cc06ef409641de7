"""Recordings that are saved before renewal ends: nothing is sent before that, and then once."""

from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import persistent_notification
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.camera_cloud_plan.cloud.recordings import RecordingList
from custom_components.camera_cloud_plan.export.model import Interruption, Tally
from custom_components.camera_cloud_plan.plan import (
    Activity,
    CaseState,
    Recording,
    RecordingKind,
    RecordingOutlook,
    recording_outlook,
)
from custom_components.camera_cloud_plan.saving.book import ExportBook
from simulator.faults import Trouble
from simulator.server import RunningSimulator

from .acts import (
    Heard,
    case_of,
    direct_way,
    press_off,
    settle,
    standing,
)
from .conftest import EntryMaker, entity_id, pass_time, set_up
from .guided import Guide
from .saving import (
    LACKING,
    WHOLE,
    Engines,
    breathe,
    desk_of,
    engines_in,
    export,
    media_folder,
    reload,
)
from .test_coordinator import RENEWING, coordinator_of

# Not frozen where a request is sent: between the readings after it real time passes.
pytestmark = pytest.mark.usefixtures("repairs")


@pytest.fixture(autouse=True)
def media(hass: HomeAssistant, tmp_path: Path) -> Path:
    return media_folder(hass, tmp_path)


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch) -> Engines:
    return engines_in(monkeypatch.setattr)


@pytest.fixture
async def known(hass: HomeAssistant, make_entry: EntryMaker) -> MockConfigEntry:
    """Set an account up whose owner said who bills."""
    entry = await make_entry(billed_by={"*": "mi_pay"})
    await set_up(hass, entry)
    return entry


@pytest.fixture
async def direct(hass: HomeAssistant, make_entry: EntryMaker) -> MockConfigEntry:
    """Set an account up whose owner let the switch send."""
    entry = await make_entry(billed_by={"*": "mi_pay"}, renewal_request=direct_way())
    await set_up(hass, entry)
    return entry


async def cancel_first(
    hass: HomeAssistant, context: Context | None = None
) -> list[dict[str, object]]:
    return await export(hass, RENEWING, action="cancel_plan", export_first=True, context=context)


def notifications(hass: HomeAssistant) -> list[str]:
    shown = persistent_notification._async_get_or_create_notifications(hass)
    return [f"{item['title']}: {item['message']}" for item in shown.values()]


async def press_quietly(hass: HomeAssistant) -> None:
    """Press off while an export holds."""
    with pytest.raises(HomeAssistantError, match="Not off yet"):
        await hass.services.async_call(
            "switch",
            "turn_off",
            {"entity_id": entity_id(hass, RENEWING, "auto_renewal")},
            blocking=True,
        )


# --- The action ---


async def test_everything_is_saved_first(
    hass: HomeAssistant, direct: MockConfigEntry, engines: Engines, sim: RunningSimulator
) -> None:
    (row,) = await cancel_first(hass)
    assert row["state"] == "waiting_for_you"
    assert case_of(direct).save_first
    order = engines.last.order
    assert (order.start, order.end, order.events, order.videos) == (None, None, True, True)
    # Neither the switch nor a second asking acts meanwhile.
    await press_quietly(hass)
    await cancel_first(hass)
    assert sim.requests.renewals.total() == 0
    assert len(engines.begun) == 1


async def test_once_all_is_saved_the_request_goes_out_once(
    hass: HomeAssistant, direct: MockConfigEntry, engines: Engines, sim: RunningSimulator
) -> None:
    await cancel_first(hass)
    heard = Heard(direct)
    engines.last.finish()
    await settle(hass)
    assert sim.requests.renewals.total() == 1
    assert standing(direct) is CaseState.CONFIRMED
    assert not case_of(direct).save_first
    assert heard.take() == [
        Activity.CANCELLATION_REQUEST_SENT,
        Activity.CANCELLATION_CONFIRMED,
        Activity.RECORDINGS_SAVED,
    ]
    engines.script = [WHOLE]
    await export(hass, RENEWING)
    await settle(hass)
    assert sim.requests.renewals.total() == 1


async def test_a_crash_between_saving_and_sending_sends_once(
    hass: HomeAssistant, direct: MockConfigEntry, engines: Engines, sim: RunningSimulator
) -> None:
    await cancel_first(hass)
    engines.last.finish()
    await settle(hass)
    # As if the order had not been taken off the disk: it is carried out once more.
    desk = desk_of(direct)
    await desk._book.async_add(engines.last.order)
    engines.script = [WHOLE]
    await reload(hass, direct)
    await settle(hass)
    assert len(engines.begun) == 2
    assert sim.requests.renewals.total() == 1


async def test_who_asks_later_takes_back_nothing_that_was_allowed(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    engines: Engines,
    sim: RunningSimulator,
    housemate: MockUser,
) -> None:
    await cancel_first(hass)
    await cancel_first(hass, Context(user_id=housemate.id))
    engines.last.finish(LACKING)
    await breathe(hass)
    engines.script = [LACKING]
    guide = await Guide.open(hass)
    await guide.tap("save_again")
    assert case_of(direct).send_when_saved
    engines.script = [WHOLE]
    await export(hass, RENEWING)
    await settle(hass)
    assert sim.requests.renewals.total() == 1


async def test_a_person_is_told_that_one_step_is_left(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    engines: Engines,
    sim: RunningSimulator,
    housemate: MockUser,
    freezer: FrozenDateTimeFactory,
) -> None:
    await cancel_first(hass, Context(user_id=housemate.id))
    freezer.tick(2)
    async_fire_time_changed(hass)
    await breathe(hass)
    assert not notifications(hass)  # no step is left to anybody while it saves
    engines.last.finish()
    await breathe(hass)
    await pass_time(hass, freezer, 2)
    assert sim.requests.renewals.total() == 0
    assert not case_of(direct).save_first
    assert standing(direct) is CaseState.WAITING_FOR_YOU
    (told,) = notifications(hass)
    assert told.startswith("Recordings saved: Renewing")
    assert "One step is left" in told
    assert (await Guide.open(hass)).shows == "decide"


async def test_what_is_not_whole_sends_nothing_and_asks(
    hass: HomeAssistant,
    direct: MockConfigEntry,
    engines: Engines,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await cancel_first(hass)
    engines.last.finish(LACKING)
    await breathe(hass)
    await pass_time(hass, freezer, 2)
    assert sim.requests.renewals.total() == 0
    assert case_of(direct).save_first
    (told,) = notifications(hass)
    assert "not all recordings are saved" in told
    assert "Renewal stays as it is until you decide" in told
    guide = await Guide.open(hass)
    assert guide.shows == "unsaved"
    assert guide.buttons == ["save_again", "go_on", "keep"]
    assert "2 of 4 recordings are saved and verified. Could not be saved: 1. Lost" in guide.said

    engines.script = [LACKING]
    await guide.tap("save_again")
    assert guide.shows == "unsaved"
    await guide.tap("go_on")
    assert guide.shows == "decide"
    assert not case_of(direct).save_first
    assert sim.requests.renewals.total() == 0


async def test_a_message_about_what_lacks_stands_until_all_of_it_is_saved(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, freezer: FrozenDateTimeFactory
) -> None:
    for tally, kinds, left in (
        (LACKING, ["events", "videos"], 1),
        (WHOLE, ["events"], 1),
        (WHOLE, ["events", "videos"], 0),
    ):
        engines.script = [tally]
        await export(hass, RENEWING, kinds=kinds)
        await pass_time(hass, freezer, 2)
        assert len(notifications(hass)) == left


async def test_keeping_the_plan_after_all(
    hass: HomeAssistant, known: MockConfigEntry, engines: Engines
) -> None:
    engines.script = [LACKING]
    await cancel_first(hass)
    guide = await Guide.open(hass)
    await guide.tap("keep")
    assert guide.shows == "abort: kept"
    assert standing(known) is None


async def test_an_export_of_less_is_followed_by_one_of_all(
    hass: HomeAssistant, direct: MockConfigEntry, engines: Engines, sim: RunningSimulator
) -> None:
    await export(hass, RENEWING, last_days=1)
    await cancel_first(hass)
    engines.last.finish()
    await breathe(hass)
    assert len(engines.begun) == 2
    assert engines.last.order.start is None
    assert case_of(direct).save_first
    assert sim.requests.renewals.total() == 0
    engines.last.finish()
    await settle(hass)
    assert sim.requests.renewals.total() == 1


async def test_a_withdrawn_wish_is_not_sent_when_the_recordings_are_there(
    hass: HomeAssistant, direct: MockConfigEntry, engines: Engines, sim: RunningSimulator
) -> None:
    await cancel_first(hass)
    await export(hass, RENEWING, action="withdraw_cancellation")
    engines.last.finish()
    await settle(hass)
    assert sim.requests.renewals.total() == 0
    assert standing(direct) is None


async def test_a_maker_out_of_reach_leaves_the_step(
    hass: HomeAssistant, direct: MockConfigEntry, engines: Engines, sim: RunningSimulator
) -> None:
    await cancel_first(hass)
    sim.faults.add(Trouble.DROPPED)
    engines.last.finish()
    await settle(hass)
    sim.faults.clear()
    assert sim.requests.renewals.total() == 0
    assert standing(direct) is CaseState.WAITING_FOR_YOU
    assert not case_of(direct).save_first


async def test_a_folder_that_is_not_allowed_begins_nothing(
    hass: HomeAssistant, make_entry: EntryMaker, engines: Engines
) -> None:
    entry = await make_entry(export_folder="/etc/elsewhere")
    await set_up(hass, entry)
    (row,) = await cancel_first(hass)
    assert row["state"] == "not_kept"
    assert standing(entry) is None


async def test_an_order_that_cannot_be_kept_leaves_no_silent_case(
    hass: HomeAssistant, known: MockConfigEntry, engines: Engines
) -> None:
    with patch.object(ExportBook, "async_add", return_value=False):
        (row,) = await cancel_first(hass)
        assert row["state"] == "not_kept"
        assert standing(known) is None
        await press_off(hass)
        (row,) = await cancel_first(hass)
    assert row["state"] == "not_kept"
    assert standing(known) is CaseState.WAITING_FOR_YOU
    assert not case_of(known).save_first
    assert not engines.begun


async def test_people_hear_what_was_lost_while_it_was_saved(
    hass: HomeAssistant, known: MockConfigEntry, engines: Engines, freezer: FrozenDateTimeFactory
) -> None:
    await cancel_first(hass)
    engines.last.finish(Tally(listed=4, saved=3, expired=1))
    await breathe(hass)
    await pass_time(hass, freezer, 2)
    (told,) = notifications(hass)
    assert "Could not be saved: 0. Lost before: 1." in told


# --- The guide ---


@pytest.mark.freeze_time("2026-11-22T12:00:00+00:00")
async def test_the_guide_says_what_is_in_the_cloud(
    hass: HomeAssistant, known: MockConfigEntry
) -> None:
    await press_off(hass)
    soon = dt_util.utcnow() + timedelta(days=1)
    desk_of(known)._losses._outlooks[RENEWING] = RecordingOutlook(
        seen_at=dt_util.utcnow(), kept=41, at_risk=3, first_loss=soon
    )
    guide = await Guide.open(hass)
    assert (
        "\n• **41 recordings** are in the cloud now. The first is lost on Mon 23 Nov" in guide.said
    )
    assert "Save the recordings first (41)" in guide.said


@pytest.mark.freeze_time("2026-11-22T12:00:00+00:00")
async def test_what_was_listed_hours_ago_is_not_listed_at_each_opening(
    hass: HomeAssistant, known: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await press_off(hass)
    with patch.object(
        coordinator_of(known).provider,
        "list_recordings",
        return_value=RecordingList(recordings=(recording(hours_left=4),)),
    ) as asked:
        # After four hours what is said would be of the past.
        for hours, times in ((0, 1), (3, 1), (1, 2)):
            freezer.tick(timedelta(hours=hours))
            await Guide.open(hass)
            assert asked.call_count == times


@pytest.mark.freeze_time("2026-11-22T12:00:00+00:00")
async def test_a_list_that_ended_early_says_the_least_there_is(
    hass: HomeAssistant, known: MockConfigEntry
) -> None:
    await press_off(hass)
    with patch.object(
        coordinator_of(known).provider,
        "list_recordings",
        return_value=RecordingList(recordings=(recording(hours_left=9),), complete=False),
    ):
        guide = await Guide.open(hass)
    assert "**At least one recording** is in the cloud now" in guide.said
    assert "The first is lost" not in guide.said
    assert "Save the recordings first (1)" not in guide.said


def recording(*, hours_left: float | None) -> Recording:
    now = dt_util.utcnow()
    return Recording(
        file_id="1",
        kind=RecordingKind.EVENT,
        created_at=now - timedelta(days=1),
        expires_at=None if hours_left is None else now + timedelta(hours=hours_left),
    )


@pytest.mark.parametrize(
    ("found", "complete", "at_risk"),
    [((9.0,), True, 1), ((9.0,), False, None), ((None,), True, None), ((), True, 0)],
)
def test_what_is_about_to_be_lost_is_unknown_where_no_list_says_it(
    found: tuple[float | None, ...], complete: bool, at_risk: int | None
) -> None:
    recordings = [recording(hours_left=hours) for hours in found]
    outlook = recording_outlook(recordings, dt_util.utcnow(), complete=complete)
    assert outlook.at_risk == at_risk
    assert (outlook.first_loss is None) is not (at_risk == 1)


async def test_what_is_not_known_is_not_said(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    sim.faults.add(Trouble.HTTP_STATUS)
    guide = await Guide.open(hass)
    sim.faults.clear()
    assert guide.shows == "decide"
    assert "in the cloud now" not in guide.said


async def test_the_guide_saves_shows_how_far_it_is_and_goes_on(
    hass: HomeAssistant, known: MockConfigEntry, engines: Engines
) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    await guide.begin("save_first")
    await breathe(hass)
    assert guide.result["type"] is FlowResultType.SHOW_PROGRESS
    assert guide.result["progress_action"] == "saving"
    assert case_of(known).save_first
    shown = async_capture_events(hass, "data_entry_flow_progress_update")
    engines.last.tell(Tally(listed=8, saved=2))
    await breathe(hass)
    assert shown[-1].data["progress"] == 0.25

    second = await Guide.open(hass)
    assert (second.shows, second.buttons) == ("saving", ["watch", "go_on", "keep"])
    assert "2 of 8 recordings are done (25 %)." in second.said

    engines.last.finish()
    await settle(hass)
    await guide.look()
    assert guide.shows == "decide"
    assert "All 3 recordings are saved" in guide.said
    assert "Save the recordings first (" not in guide.said
    assert not case_of(known).save_first


async def test_an_export_of_less_does_not_speak_for_everything(
    hass: HomeAssistant, known: MockConfigEntry, engines: Engines
) -> None:
    await press_off(hass)
    engines.script = [WHOLE]
    await export(hass, RENEWING, last_days=1, wait=True)
    guide = await Guide.open(hass)
    assert guide.shows == "decide"
    assert "recordings are saved" not in guide.said
    engines.script = [LACKING, Interruption.STOPPED]
    await guide.tap("save_first")
    assert "2 of 4 recordings are saved" in guide.said
    await guide.tap("go_on")
    engines.script = [WHOLE]
    await export(hass, RENEWING, last_days=1, wait=True)
    guide = await Guide.open(hass)
    assert "recordings are saved" not in guide.said


async def test_what_was_lost_meanwhile_is_said(
    hass: HomeAssistant, known: MockConfigEntry, engines: Engines
) -> None:
    await press_off(hass)
    engines.script = [Tally(listed=4, saved=3, expired=1)]
    guide = await Guide.open(hass)
    await guide.tap("save_first")
    assert guide.shows == "decide"
    assert "All 3 recordings" not in guide.said
    assert "3 of 4 recordings are saved and verified. Could not be saved: 0. Lost" in guide.said


async def test_nobody_has_to_wait(
    hass: HomeAssistant, known: MockConfigEntry, engines: Engines
) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    await guide.begin("save_first")
    await breathe(hass)
    second = await Guide.open(hass)
    await second.begin("go_on")
    assert second.shows == "decide"
    assert engines.running  # it goes on being saved


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (Interruption.DISK_FULL, "The disk is full."),
        (Interruption.UNREACHABLE, "The maker cannot be reached."),
    ],
)
async def test_an_interruption_asks_and_can_be_tried_again(
    hass: HomeAssistant,
    known: MockConfigEntry,
    engines: Engines,
    why: Interruption,
    words: str,
) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    engines.script = [why]
    await guide.tap("save_first")
    assert guide.shows == "unsaved"
    assert f"{words}" in guide.said
    assert "It is tried again on" in guide.said


async def test_a_stopped_export_asks(
    hass: HomeAssistant, known: MockConfigEntry, engines: Engines
) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    await guide.begin("save_first")
    await breathe(hass)
    await export(hass, RENEWING, action="stop_export")
    await settle(hass)
    await guide.look()
    assert guide.shows == "unsaved"
    assert "Nothing is being saved" in guide.said


async def test_a_queue_is_said(
    hass: HomeAssistant, known: MockConfigEntry, engines: Engines
) -> None:
    await export(hass, "2000000002")
    await press_quietly(hass)
    guide = await Guide.open(hass)
    await guide.begin("save_first")
    await breathe(hass)
    second = await Guide.open(hass)
    assert "Another camera's recordings are being saved" in second.said


async def test_a_folder_that_is_not_allowed_is_said(
    hass: HomeAssistant, make_entry: EntryMaker
) -> None:
    entry = await make_entry(billed_by={"*": "mi_pay"}, export_folder="/etc/elsewhere")
    await set_up(hass, entry)
    await press_off(hass)
    guide = await Guide.open(hass)
    await guide.tap("save_first")
    assert guide.shows == "abort: folder_refused"
    assert not case_of(entry).save_first
