"""The desk that saves recordings: orders outlive everything, one camera at a time, nothing is lost."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.camera_cloud_plan import sensor
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.export.model import Interruption, Phase, Tally
from custom_components.camera_cloud_plan.plan import Activity
from custom_components.camera_cloud_plan.saving.job import ExportState, Placed, Wanted
from custom_components.camera_cloud_plan.store import LenientStore
from simulator.faults import Trouble
from simulator.server import RunningSimulator

from .acts import Heard, issue_keys, issue_of
from .conftest import EntryMaker, entity_id, set_up
from .saving import (
    LACKING,
    WHOLE,
    Engines,
    breathe,
    desk_of,
    engines_in,
    export,
    export_state,
    media_folder,
    reload,
    stored,
)
from .test_coordinator import RENEWING, coordinator_of

SECOND = "2000000002"
FIGURES_EVERY = sensor._FIGURES_EVERY
NOON = "2026-11-22T12:00:00+00:00"

pytestmark = pytest.mark.freeze_time(NOON)


@pytest.fixture(autouse=True)
def media(hass: HomeAssistant, tmp_path: Path) -> Path:
    return media_folder(hass, tmp_path)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Engines:
    return engines_in(monkeypatch.setattr)


async def pass_by(hass: HomeAssistant, freezer: FrozenDateTimeFactory, span: timedelta) -> None:
    freezer.tick(span)
    async_fire_time_changed(hass)
    await breathe(hass)


# --- Orders ---


async def test_an_order_is_on_disk_before_it_begins(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, hass_storage: dict[str, Any]
) -> None:
    placed = await desk_of(loaded).async_order(RENEWING, Wanted())
    assert placed is Placed.STARTED
    (data,) = stored(hass_storage)
    assert list(data["orders"]) == [RENEWING]
    assert not engines.begun
    await breathe(hass)
    assert engines.last.order.camera_id == RENEWING


async def test_an_order_that_cannot_be_written_is_not_begun(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    with (
        patch.object(LenientStore, "async_save"),
        pytest.raises(HomeAssistantError) as raised,
    ):
        await desk_of(loaded).async_order(RENEWING, Wanted())
    assert raised.value.translation_key == "order_not_saved"
    await breathe(hass)
    assert not engines.begun
    assert desk_of(loaded).state is ExportState.IDLE


async def test_an_export_is_given_what_it_needs(
    hass: HomeAssistant, make_entry: EntryMaker, engines: Engines, media: Path
) -> None:
    entry = await make_entry(export_at_once=3, export_pause=0.5)
    await set_up(hass, entry)
    await export(hass, RENEWING, container="mov", kinds=["events"])
    given = engines.last.given
    assert (given["pace"].at_once, given["pace"].pause) == (3, 0.5)
    assert given["camera"].camera_id == RENEWING
    assert given["name"] == coordinator_of(entry).display_name(RENEWING)
    assert given["order"].folder == str(media / DOMAIN)
    assert given["order"].container == "mov"
    assert {*given["kinds"]} == {"event"}
    assert given["time_zone"] is dt_util.get_default_time_zone()
    assert given["keep_free"] in {512 * 1024**2, 32 * 1024**2}
    assert given["begun"] is False
    is_allowed = given["is_allowed"]
    assert await hass.async_add_executor_job(is_allowed, media / DOMAIN / "camera")
    assert not await hass.async_add_executor_job(is_allowed, Path("/etc"))


async def test_one_camera_after_the_other_in_the_order_of_asking(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    assert [row["state"] for row in await export(hass, SECOND)] == ["started"]
    assert [row["state"] for row in await export(hass, RENEWING)] == ["queued"]
    assert [one.order.camera_id for one in engines.running] == [SECOND]
    engines.last.finish()
    await breathe(hass)
    assert [one.order.camera_id for one in engines.running] == [RENEWING]
    assert export_state(hass).state == "running"
    engines.last.finish()
    await breathe(hass)
    assert export_state(hass).state == "idle"


async def test_a_second_order_for_a_camera_joins_the_first(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    await export(hass, RENEWING)
    (row,) = await export(hass, RENEWING, last_days=1)
    assert row["state"] == "already_running"
    assert len(engines.begun) == 1


# --- Orders that another does not cover ---


async def test_what_a_running_order_does_not_cover_comes_after_it(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, media: Path
) -> None:
    await export(hass, RENEWING, last_days=1)
    waiting = hass.async_create_background_task(export(hass, RENEWING, wait=True), "waits")
    await breathe(hass)
    (elsewhere,) = await export(hass, RENEWING, folder="elsewhere")
    assert (elsewhere["state"], elsewhere["folder"]) == ("queued", str(media / "elsewhere"))
    assert (await export(hass, RENEWING, last_days=9))[0]["state"] == "queued"
    engines.last.finish(Tally(listed=1, saved=1))
    await breathe(hass)
    assert not waiting.done()  # a day is not everything
    assert engines.last.order.start is None
    await reload(hass, loaded)
    (row,) = await waiting
    assert (row["state"], row["reason"]) == ("interrupted", "account_not_loaded")
    for _ in range(2):
        engines.last.finish()
        await breathe(hass)
    # The nine days were within everything; the folder is another.
    assert engines.last.order.folder == str(media / "elsewhere")
    assert len(engines.begun) == 4
    assert export_state(hass).state == "idle"


async def test_who_waits_for_more_hears_what_more_came_to(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    await export(hass, RENEWING, last_days=1)
    waiting = hass.async_create_background_task(export(hass, RENEWING, wait=True), "waits")
    await breathe(hass)
    engines.script = [LACKING]
    engines.last.finish(Tally(listed=1, saved=1))
    await breathe(hass)
    (row,) = await waiting
    assert (row["state"], row["counts"]["listed"]) == ("incomplete", LACKING.listed)


async def test_who_waits_for_more_hears_why_it_does_not_go_on(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    await export(hass, RENEWING, last_days=1)
    waiting = hass.async_create_background_task(export(hass, RENEWING, wait=True), "waits")
    await breathe(hass)
    engines.last.interrupt(Interruption.UNREACHABLE)
    await breathe(hass)
    assert (await waiting)[0]["reason"] == "unreachable"
    assert (await export(hass, RENEWING, wait=True))[0]["reason"] == "unreachable"
    await export(hass, RENEWING, action="stop_export")
    assert export_state(hass).state == "idle"
    await reload(hass, loaded)
    assert len(engines.begun) == 1  # what would have come after it is stopped too


async def test_what_lacks_stands_until_all_of_it_is_saved(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    engines.script = [LACKING, WHOLE, WHOLE]
    await export(hass, RENEWING)
    await export(hass, RENEWING, kinds="events", wait=True)
    shown = export_state(hass)
    assert (shown.state, shown.attributes["reason"]) == ("problem", "incomplete")
    await reload(hass, loaded)
    assert export_state(hass).state == "problem"
    await export(hass, RENEWING, wait=True)
    assert export_state(hass).state == "idle"


async def test_what_lacks_is_made_up_for_by_the_days_that_lack(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, freezer: FrozenDateTimeFactory
) -> None:
    engines.script = [LACKING, WHOLE]
    await export(hass, RENEWING, last_days=7)
    freezer.tick(3600)
    await export(hass, RENEWING, last_days=7, wait=True)
    assert export_state(hass).state == "idle"


# --- What it outlives ---


async def test_an_order_outlives_a_restart(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    await export(hass, RENEWING, last_days=2)
    await export(hass, SECOND)
    first = engines.last
    await reload(hass, loaded)
    assert not first.is_running
    again = engines.last
    assert again is not first
    assert again.order == first.order
    again.finish()
    await breathe(hass)
    assert engines.last.order.camera_id == SECOND


async def test_what_was_saved_is_remembered_so_that_a_lost_disk_is_noticed(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    await export(hass, RENEWING)
    engines.last.tell(Tally(listed=4, saved=1))
    await breathe(hass)
    await reload(hass, loaded)
    assert engines.last.given["begun"] is True
    engines.last.finish()
    await breathe(hass)
    await export(hass, RENEWING)
    assert engines.last.given["begun"] is False


async def test_nothing_goes_on_once_an_account_is_disabled(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, hass_storage: dict[str, Any]
) -> None:
    await export(hass, RENEWING)
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    assert not engines.running
    (data,) = stored(hass_storage)
    assert list(data["orders"]) == [RENEWING]


async def test_removing_the_account_deletes_what_is_stored(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, hass_storage: dict[str, Any]
) -> None:
    await export(hass, RENEWING)
    await hass.config_entries.async_remove(loaded.entry_id)
    assert not engines.running
    assert not [*stored(hass_storage)]


@pytest.mark.parametrize("damage", [{"orders": {RENEWING: {"job_id": 7}}}, {"orders": {}}])
async def test_damage_costs_an_order_at_most(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    engines: Engines,
    hass_storage: dict[str, Any],
    damage: dict[str, Any],
) -> None:
    await export(hass, RENEWING)
    (data,) = stored(hass_storage)
    await hass.config_entries.async_unload(loaded.entry_id)
    data.update(damage)
    begun = len(engines.begun)
    await hass.config_entries.async_setup(loaded.entry_id)
    await breathe(hass)
    assert len(engines.begun) == begun
    assert (await export(hass, RENEWING))[0]["state"] == "started"


async def test_damage_costs_not_what_comes_after(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, hass_storage: dict[str, Any]
) -> None:
    await export(hass, RENEWING, last_days=1)
    await export(hass, RENEWING)
    (data,) = stored(hass_storage)
    await hass.config_entries.async_unload(loaded.entry_id)
    data["orders"] = {}
    await hass.config_entries.async_setup(loaded.entry_id)
    await breathe(hass)
    assert len(engines.begun) == 2
    assert engines.last.order.start is None


async def test_orders_of_a_newer_version_are_left_alone(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, hass_storage: dict[str, Any]
) -> None:
    await export(hass, RENEWING)
    await hass.config_entries.async_unload(loaded.entry_id)
    (key,) = (key for key in hass_storage if key.endswith(".exports"))
    hass_storage[key]["version"] = 2
    before = dict(hass_storage[key])
    await hass.config_entries.async_setup(loaded.entry_id)
    await breathe(hass)
    (row,) = await export(hass, RENEWING)
    assert (row["state"], row["reason"]) == ("not_kept", "order_not_saved")
    assert hass_storage[key] == before


# --- Stopping ---


async def test_a_stopped_job_is_gone_and_the_next_begins(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, hass_storage: dict[str, Any]
) -> None:
    await export(hass, RENEWING)
    await export(hass, SECOND)
    rows = await export(hass, RENEWING, action="stop_export")
    assert [row["state"] for row in rows] == ["stopped"]
    assert [one.order.camera_id for one in engines.running] == [SECOND]
    (data,) = stored(hass_storage)
    assert list(data["orders"]) == [SECOND]
    rows = await export(hass, RENEWING, action="stop_export")
    assert [row["state"] for row in rows] == ["nothing_running"]


@pytest.mark.usefixtures("all_entities_enabled")
async def test_the_button_stops_all(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    await export(hass, RENEWING)
    await export(hass, SECOND)
    await hass.services.async_call(
        "button",
        "press",
        {"entity_id": "button.xiaomi_cloud_plans_0011_stop_export"},
        blocking=True,
    )
    await breathe(hass)
    assert not engines.running
    assert export_state(hass).state == "idle"


# --- What keeps it ---


async def test_a_mistake_of_our_own_keeps_nobody_waiting_and_says_nothing_secret(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    engines: Engines,
    caplog: pytest.LogCaptureFixture,
) -> None:
    waiting = hass.async_create_background_task(export(hass, RENEWING, wait=True), "waits")
    await breathe(hass)
    engines.last.break_down(RuntimeError("a-secret-in-its-text"))
    await breathe(hass)
    (row,) = await waiting
    assert (row["state"], row["reason"]) == ("interrupted", "unexpected")
    assert export_state(hass).attributes["reason"] == "unexpected"
    assert "Unexpected error while exporting: RuntimeError" in caplog.text
    assert "a-secret-in-its-text" not in caplog.text


@pytest.mark.parametrize("retry_after", [0, 1])
async def test_a_maker_that_asks_for_a_second_is_not_asked_each_second(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, retry_after: float
) -> None:
    await export(hass, RENEWING)
    engines.last.interrupt(Interruption.RATE_LIMITED, retry_after=retry_after)
    await breathe(hass)
    until = export_state(hass).attributes["until"]
    assert until - dt_util.utcnow() == timedelta(minutes=5)


async def test_a_camera_that_is_out_of_reach_keeps_no_other(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    engines: Engines,
    freezer: FrozenDateTimeFactory,
) -> None:
    await export(hass, RENEWING)
    await export(hass, SECOND)
    engines.last.interrupt(Interruption.UNREACHABLE)
    await breathe(hass)
    assert not engines.running
    await pass_by(hass, freezer, timedelta(minutes=6))
    assert [one.order.camera_id for one in engines.running] == [SECOND]
    engines.last.finish()
    await breathe(hass)
    assert [one.order.camera_id for one in engines.running] == [RENEWING]


async def test_a_mistake_after_an_export_keeps_no_other_and_nobody_waiting(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    waiting = hass.async_create_background_task(export(hass, RENEWING, wait=True), "waits")
    await breathe(hass)
    await export(hass, SECOND)
    with patch.object(coordinator_of(loaded).casework, "async_exported", side_effect=OSError):
        engines.last.finish()
        await breathe(hass)
    (row,) = await waiting
    assert (row["state"], row["reason"]) == ("interrupted", "unexpected")
    assert [one.order.camera_id for one in engines.running] == [SECOND]


@pytest.mark.parametrize(
    ("why", "state"),
    [
        (Interruption.UNREACHABLE, "waiting"),
        (Interruption.RATE_LIMITED, "waiting"),
        (Interruption.MAKER_ERROR, "waiting"),
        (Interruption.UNEXPECTED, "waiting"),
        (Interruption.DISK_FULL, "problem"),
        (Interruption.FOLDER_GONE, "problem"),
        (Interruption.FOLDER_REFUSED, "problem"),
        (Interruption.NOT_WRITABLE, "problem"),
    ],
)
async def test_what_is_interrupted_is_taken_up_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    engines: Engines,
    freezer: FrozenDateTimeFactory,
    why: Interruption,
    state: str,
) -> None:
    needs_a_person = state == "problem"
    wait = timedelta(minutes=15 if needs_a_person else 5)
    await export(hass, RENEWING)
    engines.last.interrupt(why)
    await breathe(hass)
    shown = export_state(hass)
    assert (shown.state, shown.attributes["reason"]) == (state, why)
    assert shown.attributes["until"] == dt_util.utcnow() + wait
    assert issue_keys(hass) == (["export_needs_you"] if needs_a_person else [])
    await pass_by(hass, freezer, wait - timedelta(seconds=2))
    assert len(engines.begun) == 1
    await pass_by(hass, freezer, timedelta(seconds=3))
    assert len(engines.begun) == 2
    assert engines.last.order == engines.begun[0].order
    # Said until something is saved again, not only until it is tried again.
    assert bool(issue_keys(hass)) == needs_a_person
    engines.last.tell(Tally(listed=2, saved=1))
    assert not issue_keys(hass)
    engines.last.finish()
    await breathe(hass)
    assert export_state(hass).state == "idle"


async def test_waits_double_up_to_an_hour_and_begin_anew_once_something_was_saved(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    engines: Engines,
    freezer: FrozenDateTimeFactory,
) -> None:
    engines.script = [Interruption.UNREACHABLE] * 6
    await export(hass, RENEWING)
    waits = []
    for _ in range(6):
        until = export_state(hass).attributes["until"]
        waits.append(round((until - dt_util.utcnow()) / timedelta(minutes=1)))
        await pass_by(hass, freezer, until - dt_util.utcnow() + timedelta(seconds=1))
    assert waits == [5, 10, 20, 40, 60, 60]
    engines.last.tell(Tally(listed=2, saved=1))
    engines.last.interrupt(Interruption.UNREACHABLE)
    await breathe(hass)
    until = export_state(hass).attributes["until"]
    assert until - dt_util.utcnow() == timedelta(minutes=5)


async def test_a_wait_that_the_maker_names_is_kept(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    engines: Engines,
    freezer: FrozenDateTimeFactory,
) -> None:
    await export(hass, RENEWING)
    engines.last.interrupt(Interruption.RATE_LIMITED, retry_after=3000)
    await breathe(hass)
    # It is the account that waits: neither another camera nor an impatient person goes before.
    await export(hass, SECOND)
    await export(hass, RENEWING)
    assert len(engines.begun) == 1
    await pass_by(hass, freezer, timedelta(seconds=2990))
    assert len(engines.begun) == 1
    await pass_by(hass, freezer, timedelta(seconds=11))
    assert len(engines.begun) == 2


async def test_a_full_disk_keeps_no_other_camera_and_is_tried_at_once_when_asked(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    await export(hass, RENEWING)
    engines.last.interrupt(Interruption.DISK_FULL)
    await breathe(hass)
    await export(hass, SECOND)
    assert [one.order.camera_id for one in engines.running] == [SECOND]
    engines.last.finish()
    await breathe(hass)
    assert export_state(hass).state == "problem"
    assert (await export(hass, RENEWING))[0]["state"] == "already_running"
    assert [one.order.camera_id for one in engines.running] == [RENEWING]


async def test_the_issue_says_which_camera_which_folder_and_what_helps(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, media: Path
) -> None:
    await export(hass, RENEWING)
    engines.last.interrupt(Interruption.DISK_FULL)
    await breathe(hass)
    issue = issue_of(hass, "export_needs_you")
    assert not issue.is_fixable
    assert issue.translation_placeholders == {
        "camera": coordinator_of(loaded).display_name(RENEWING),
        "folder": str(media / DOMAIN),
        "why": "The disk is full. Free some space, or choose another folder.",
    }
    await export(hass, RENEWING, action="stop_export")
    assert not issue_keys(hass)


async def test_exports_wait_for_a_new_sign_in(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, sim: RunningSimulator
) -> None:
    await export(hass, RENEWING)
    engines.last.interrupt(Interruption.SIGN_IN_NEEDED)
    await breathe(hass)
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == "reauth"
    assert export_state(hass).state == "waiting"
    assert export_state(hass).attributes["reason"] == "sign_in_needed"
    assert not issue_keys(hass)
    begun = len(engines.begun)
    # A reading that succeeds says that the sign-in is good again.
    await coordinator_of(loaded).async_refresh()
    await breathe(hass)
    assert len(engines.begun) == begun + 1


async def test_at_a_start_without_a_sign_in_nothing_begins(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, sim: RunningSimulator
) -> None:
    await export(hass, RENEWING)
    begun = len(engines.begun)
    sim.sessions.expire(pass_tokens=True)
    await reload(hass, loaded)
    assert coordinator_of(loaded).needs_sign_in
    assert len(engines.begun) == begun
    assert export_state(hass).state == "waiting"
    assert export_state(hass).attributes["reason"] == "sign_in_needed"
    # An order given meanwhile is kept, and waits too.
    (row,) = await export(hass, SECOND)
    assert (row["state"], row["reason"]) == ("queued", "sign_in_needed")
    assert len(engines.begun) == begun


# --- What it tells ---


async def test_progress_is_shown(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    await export(hass, RENEWING)
    clip = dt_util.utcnow() - timedelta(hours=3)
    engines.last.tell(
        Tally(listed=8, saved=2), clip=clip, bytes_per_second=2_500_000.0, seconds_left=42.4
    )
    await breathe(hass)
    shown = export_state(hass)
    assert shown.state == "running"
    assert {key: shown.attributes[key] for key in ("percent", "left", "clip")} == {
        "percent": 25,
        "left": 6,
        "clip": clip,
    }
    assert (shown.attributes["speed"], shown.attributes["remaining"]) == (2.5, 42)
    engines.last.tell(
        Tally(listed=8, saved=2),
        Phase.WAITING,
        waits_for=Interruption.RATE_LIMITED,
        until=clip,
    )
    await breathe(hass)
    assert export_state(hass).state == "waiting"


async def test_mere_figures_are_written_seldom(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    engines: Engines,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sensor, "_FIGURES_EVERY", FIGURES_EVERY)
    clock = 1000.0
    monkeypatch.setattr(hass.loop, "time", lambda: clock)
    await export(hass, RENEWING)
    engines.last.tell(Tally(listed=1000, saved=1))
    before = export_state(hass)
    clock += 4
    for saved in range(2, 200):
        engines.last.tell(Tally(listed=1000, saved=saved))
    assert export_state(hass) is before
    clock += 2
    engines.last.tell(Tally(listed=1000, saved=200))
    assert export_state(hass).attributes["percent"] == 20


async def test_what_is_lacking_is_told_and_shown_until_it_is_whole(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    heard = Heard(loaded)
    engines.script = [LACKING]
    await export(hass, RENEWING)
    shown = export_state(hass)
    assert (shown.state, shown.attributes["reason"]) == ("problem", "incomplete")
    facts = heard.facts(Activity.RECORDINGS_INCOMPLETE)
    assert (facts["listed"], facts["saved"], facts["failed"], facts["expired"]) == (4, 2, 1, 1)
    assert "cancellation" not in facts
    assert heard.take() == [Activity.RECORDINGS_INCOMPLETE]
    engines.script = [WHOLE]
    await export(hass, RENEWING)
    assert export_state(hass).state == "idle"
    assert heard.take() == [Activity.RECORDINGS_SAVED]


@pytest.mark.usefixtures("all_entities_enabled")
async def test_the_last_export_is_kept(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    engines.script = [WHOLE]
    await export(hass, RENEWING)
    await reload(hass, loaded)
    state = hass.states.get(entity_id(hass, RENEWING, "last_export"))
    assert state is not None
    assert state.state == NOON
    assert (state.attributes["whole"], state.attributes["already"]) == (True, 1)


async def test_what_is_about_to_expire_is_asked_only_where_it_is_shown(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    with patch.object(
        coordinator_of(loaded).provider.__class__, "list_recordings", autospec=True
    ) as asked:
        await coordinator_of(loaded).async_refresh()
        await hass.async_block_till_done(wait_background_tasks=True)
        assert not asked.called
    shown = entity_id(hass, RENEWING, "recordings_at_risk")
    er.async_get(hass).async_update_entity(shown, disabled_by=None)
    await pass_by(hass, freezer, timedelta(seconds=31))  # Home Assistant loads it anew by itself
    await hass.async_block_till_done(wait_background_tasks=True)
    state = hass.states.get(shown)
    assert state is not None
    assert state.state == "0"
    assert state.attributes["kept"] == 0
    with patch.object(
        coordinator_of(loaded).provider.__class__, "list_recordings", autospec=True
    ) as asked:
        for hours, times in ((3, 0), (3, 1)):
            freezer.tick(timedelta(hours=hours))
            await coordinator_of(loaded).async_refresh()
            await breathe(hass)
            assert asked.call_count == times


async def test_a_list_that_fails_leaves_it_unknown(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add(Trouble.DROPPED)
    desk = desk_of(loaded)
    await desk.async_look(RENEWING)
    assert desk.outlook(RENEWING) is None
