"""What is noticed without a case: told once, shown once, gone when it is over."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
import json
from typing import Any
from unittest.mock import patch

from aiohttp import ClientSession, DummyCookieJar
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCloud
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.plan import Activity, Notice
from simulator.edits import edit_camera
from simulator.server import RunningSimulator
from simulator.worldfile import load_world
from tests.contract.shipped import LANGUAGES, words

from .acts import (
    TRIAL,
    Heard,
    attention,
    issue_keys,
    issue_of,
    issues,
    press_off,
    restart,
    settle,
)
from .conftest import MAINLAND, EntryMaker, entity_id, pass_time, set_up, sign_in
from .test_coordinator import NOT_RENEWING, RENEWING, coordinator_of, refresh, state_of

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.freeze_time("2026-11-22T12:00:00+00:00")


@pytest.fixture(autouse=True)
def _no_jitter() -> Iterator[None]:
    """Poll after exactly the interval."""
    with patch("custom_components.camera_cloud_plan.coordinator.random.uniform", return_value=1.0):
        yield


@pytest.fixture
def look(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> Callable[[], Awaitable[None]]:
    """Poll, a minute later."""

    async def look() -> None:
        freezer.tick(60)
        await refresh(hass, loaded)

    return look


type Look = Callable[[], Awaitable[None]]


def last_event(hass: HomeAssistant) -> tuple[str | None, str]:
    """Return what the account's event entity told last, and when."""
    state = hass.states.get("event.xiaomi_cloud_plans_0011_plan_activity")
    assert state is not None
    return state.attributes["event_type"], state.state


# --- Renewal on again ---


async def test_renewal_that_comes_on_by_itself_is_told_and_shown_once(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    heard = Heard(loaded)
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await look()
    await look()
    assert heard.take() == [Activity.RENEWAL_SWITCHED_ON]
    issue = issue_of(hass, "renewal_back_on")
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING
    assert issue.translation_placeholders == {"camera": "Not renewing"}
    assert attention(hass) == [{"camera": "Not renewing", "reason": "renewal_back_on"}]
    told = last_event(hass)
    assert told[0] == "renewal_switched_on"

    await restart(hass, loaded)
    await look()
    assert issue_keys(hass) == ["renewal_back_on"]
    assert last_event(hass) == told

    sim.world.switch_renewal(NOT_RENEWING, on=False)
    await look()
    assert issues(hass) == []
    assert last_event(hass)[0] == "renewal_switched_off"


async def test_what_its_owner_took_note_of_stays_gone_until_it_happens_again(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await look()
    await coordinator_of(loaded).casework.async_note(NOT_RENEWING, Notice.RENEWAL_BACK_ON)
    await settle(hass)
    assert issues(hass) == []
    assert attention(hass) == []
    await restart(hass, loaded)
    await look()
    assert issues(hass) == []
    heard = Heard(loaded)
    for on in (False, True):
        sim.world.switch_renewal(NOT_RENEWING, on=on)
        await look()
    assert heard.take() == [Activity.RENEWAL_SWITCHED_OFF, Activity.RENEWAL_SWITCHED_ON]
    assert issue_keys(hass) == ["renewal_back_on"]


async def test_a_notice_gives_way_to_a_case_and_comes_back_after_it(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await look()
    await press_off(hass, NOT_RENEWING)
    assert issue_keys(hass) == ["plan_cancellation"]
    await coordinator_of(loaded).casework.async_withdraw(NOT_RENEWING)
    await settle(hass)
    assert issue_keys(hass) == ["renewal_back_on"]


async def test_renewal_switched_off_by_someone_is_an_event_and_no_issue(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    heard = Heard(loaded)
    sim.world.switch_renewal(RENEWING, on=False)
    await look()
    await look()
    assert heard.take() == [Activity.RENEWAL_SWITCHED_OFF]
    assert issues(hass) == []


async def test_what_changed_while_it_was_down_is_told_once(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    await look()
    await hass.config_entries.async_unload(loaded.entry_id)
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    await hass.config_entries.async_setup(loaded.entry_id)
    await settle(hass)
    told = last_event(hass)
    assert told[0] == "renewal_switched_on"
    assert issue_keys(hass) == ["renewal_back_on"]
    await restart(hass, loaded)
    assert last_event(hass) == told


async def test_an_outage_or_an_odd_answer_is_no_change(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    heard = Heard(loaded)
    for fault in ("dropped", "null_data", "wrong_types", "missing_keys"):
        sim.faults.add(fault, host="camera")
        await look()
        sim.faults.clear()
        await look()
    assert heard.take() == []
    assert issues(hass) == []


# --- A new term ---


async def test_a_term_that_moved_forward_is_renewed_and_told_with_both_ends(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    before = coordinator_of(loaded).data.cameras[RENEWING].reading
    assert before is not None
    assert before.ends_at is not None
    heard = Heard(loaded)
    later = before.ends_at + timedelta(days=31)
    edit_camera(sim.world, RENEWING, {"plan": {"end": int(later.timestamp() * 1000)}})
    await look()
    facts = heard.facts(Activity.RENEWED)
    assert (facts["old_end"], facts["new_end"]) == (before.ends_at, later)
    await look()
    await restart(hass, loaded)
    assert heard.take() == [Activity.RENEWED]
    assert issues(hass) == []
    state = hass.states.get("event.xiaomi_cloud_plans_0011_plan_activity")
    assert state is not None
    assert (state.attributes["camera"], state.attributes["event_type"]) == ("Renewing", "renewed")
    assert state.attributes["new_end"] == later.isoformat()


async def test_an_end_that_moved_by_hours_is_a_correction(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    heard = Heard(loaded)
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+12d20h"}})
    await look()
    assert heard.take() == []


# --- Offline ---


async def test_a_camera_offline_for_72_hours_is_told_once_and_over_when_it_is_back(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    look: Look,
) -> None:
    edit_camera(sim.world, RENEWING, {"online": False})
    await look()
    heard = Heard(loaded, RENEWING)
    freezer.tick(71 * HOUR)
    await look()
    assert (heard.take(), issues(hass)) == ([], [])
    await restart(hass, loaded)
    heard = Heard(loaded, RENEWING)
    freezer.tick(HOUR)
    await look()
    await look()
    assert heard.take() == [Activity.CAMERA_OFFLINE]
    assert issue_of(hass, "camera_offline").translation_placeholders == {"camera": "Renewing"}
    assert attention(hass) == [{"camera": "Renewing", "reason": "camera_offline"}]
    told = last_event(hass)
    await restart(hass, loaded)
    await look()
    assert (issue_keys(hass), last_event(hass)) == (["camera_offline"], told)
    edit_camera(sim.world, RENEWING, {"online": True})
    await look()
    assert issues(hass) == []


async def test_a_camera_that_comes_back_in_between_counts_anew(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    look: Look,
) -> None:
    for online in (False, True, False):
        edit_camera(sim.world, RENEWING, {"online": online})
        await look()
        freezer.tick(40 * HOUR)
    await look()
    assert issues(hass) == []


async def test_an_offline_camera_that_does_not_renew_is_nobodys_concern(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    look: Look,
) -> None:
    for camera_id in (NOT_RENEWING, RENEWING):
        edit_camera(sim.world, camera_id, {"online": False})
    await look()
    freezer.tick(73 * HOUR)
    await look()
    assert [issue.translation_placeholders for issue in issues(hass)] == [{"camera": "Renewing"}]
    sim.world.switch_renewal(RENEWING, on=False)
    await look()
    assert issues(hass) == []


# --- Upload ---


@pytest.fixture
async def upload_shown(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Enable the entity that shows whether clips are uploaded, so that it is read."""
    er.async_get(hass).async_update_entity(entity_id(hass, RENEWING, "upload"), disabled_by=None)
    await pass_time(hass, freezer, 31)  # Home Assistant then reloads the account by itself
    assert state_of(hass, RENEWING, "upload") == "on"


@pytest.mark.usefixtures("upload_shown")
async def test_upload_that_is_off_while_renewal_is_on_is_said_once(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    heard = Heard(loaded)
    edit_camera(sim.world, RENEWING, {"upload_on": False})
    await look()
    await look()
    assert heard.take() == [Activity.UPLOAD_OFF]
    assert state_of(hass, RENEWING, "upload") == "off"
    assert issue_of(hass, "upload_off").translation_placeholders == {"camera": "Renewing"}
    assert attention(hass) == [{"camera": "Renewing", "reason": "upload_off"}]
    await coordinator_of(loaded).casework.async_note(RENEWING, Notice.UPLOAD_OFF)
    await restart(hass, loaded)
    await look()
    assert issues(hass) == []
    for on in (True, False):
        edit_camera(sim.world, RENEWING, {"upload_on": on})
        await look()
    assert issue_keys(hass) == ["upload_off"]
    edit_camera(sim.world, RENEWING, {"upload_on": True})
    await look()
    assert issues(hass) == []


async def test_upload_that_is_not_read_is_not_spoken_of(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    edit_camera(sim.world, RENEWING, {"upload_on": False})
    await look()
    assert issues(hass) == []


# --- Cameras that left ---


async def test_a_camera_that_left_with_a_renewing_plan_is_told_once(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    heard = Heard(loaded)
    camera = sim.world.camera(RENEWING)
    sim.world.remove_device(RENEWING)
    await look()
    assert heard.all == []  # one list is not believed
    for _ in range(3):
        await look()
    assert "earliest" in heard.facts(Activity.CAMERA_LEFT)
    assert heard.take() == [Activity.CAMERA_LEFT]
    assert issue_keys(hass) == ["camera_left"]
    told = last_event(hass)
    await restart(hass, loaded)
    await look()
    assert (issue_keys(hass), last_event(hass)) == (["camera_left"], told)
    sim.world.put_device(camera)
    await look()
    assert issues(hass) == []


async def test_a_camera_that_left_during_a_case_is_told_and_the_case_stays(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    await press_off(hass)
    heard = Heard(loaded)
    sim.world.remove_device(RENEWING)
    for _ in range(3):
        await look()
    assert heard.take() == [Activity.CAMERA_LEFT]
    assert coordinator_of(loaded).cases.is_open(RENEWING)
    assert issue_keys(hass) == ["camera_left", "plan_cancellation"]


async def test_a_camera_without_a_charging_plan_leaves_without_a_word(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    heard = Heard(loaded)
    sim.world.remove_device(NOT_RENEWING)
    for _ in range(3):
        await look()
    assert heard.take() == []
    assert issues(hass) == []


# --- Someone else's ---


async def test_a_shared_cameras_plan_is_not_watched(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    homes = await hass.async_add_executor_job(load_world, "two_homes")
    sim.world.become(homes)
    entry = await make_entry(homes.account("cn").user_id, show_shared=True)
    await set_up(hass, entry)
    heard = Heard(entry, "1074000401")
    edit_camera(sim.world, "1074000401", {"plan": {"auto_renew": False}, "online": False})
    for _ in range(2):
        freezer.tick(73 * HOUR)
        await refresh(hass, entry)
    edit_camera(sim.world, "1074000401", {"plan": {"auto_renew": True}})
    await refresh(hass, entry)
    assert heard.take() == []


# --- On disk ---


@pytest.mark.parametrize(
    "stored",
    [
        {"version": 1, "data": {RENEWING: {"renewal": "perhaps"}}},
        {"version": 1, "data": {RENEWING: "damaged"}},
        {"version": 2, "data": {"of": "a newer version"}},
    ],
)
async def test_what_was_noticed_can_be_lost_without_harm(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_storage: dict[str, Any],
    look: Look,
    caplog: pytest.LogCaptureFixture,
    stored: dict[str, Any],
) -> None:
    await hass.config_entries.async_unload(loaded.entry_id)
    key = f"{DOMAIN}.{loaded.entry_id}.watches"
    hass_storage[key] = {**stored, "minor_version": 1, "key": key}
    await hass.config_entries.async_setup(loaded.entry_id)
    await settle(hass)
    assert "What was noticed so far cannot be used" in caplog.text
    heard = Heard(loaded)
    await look()
    assert (heard.take(), issues(hass)) == ([], [])


# --- Words ---


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_charge_that_was_not_seen_is_not_claimed(language: str) -> None:
    said = words(language)
    noticed = [
        said["issues"][key]
        for key in ("renewal_back_on", "camera_offline", "upload_off", "camera_left")
    ]
    told = [text for key, text in said["common"].items() if key.startswith("tell_")]
    text = json.dumps([noticed, told], ensure_ascii=False).lower()
    assert not [
        word
        for word in (
            "was charged",
            "been charged",
            "were charged",
            "wurde abgebucht",
            "扣了",
            "已扣",
        )
        if word in text
    ]


# --- Another installation on the same account ---


@pytest.fixture
async def http(socket_enabled: None) -> AsyncIterator[ClientSession]:
    """Open the session of another installation."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        yield session


async def test_what_another_installation_cancelled_shows_here_and_both_stay_signed_in(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    look: Look,
    http: ClientSession,
) -> None:
    """The other one is a client of its own, signed in by itself."""
    credentials = await sign_in(sim, MAINLAND)
    assert credentials.device_id != loaded.data["credentials"]["device_id"]
    other = XiaomiCloud(http, credentials, regions=["cn"], gateway=sim.base_url)
    listed = {camera.camera_id: camera for camera in await other.list_cameras()}
    assert {RENEWING, TRIAL} <= listed.keys()

    await press_off(hass, TRIAL)
    heard = Heard(loaded)
    sim.world.switch_renewal(RENEWING, on=False)  # led there by the other one's guide
    await look()
    assert heard.take() == [Activity.RENEWAL_SWITCHED_OFF]
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    assert coordinator_of(loaded).cases.open_cameras == {TRIAL}

    # Each renews its own session without ending the other's.
    sim.sessions.expire()
    await other.list_cameras()
    await look()
    reading = (await other.read_plans([listed[RENEWING]], {}))[RENEWING]
    assert not isinstance(reading, Exception)
    assert coordinator_of(loaded).last_update_success
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []


async def test_a_case_that_another_installation_ended_is_confirmed_here(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, look: Look
) -> None:
    await press_off(hass)
    heard = Heard(loaded)
    sim.world.switch_renewal(RENEWING, on=False)
    await look()
    assert heard.take() == [Activity.CANCELLATION_CONFIRMED]
    assert issues(hass) == []


async def test_unloaded_watches_are_written(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    await pass_time(hass, freezer, 1)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    watched = hass_storage[f"{DOMAIN}.{loaded.entry_id}.watches"]["data"]
    assert watched[RENEWING]["renewal"] == "on"
    assert watched[NOT_RENEWING]["renewal"] == "off"
