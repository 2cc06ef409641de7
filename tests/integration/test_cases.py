"""Cases on disk: none is lost, and what comes back from a disk is read anew before it speaks."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.casework.book import async_end_kept
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.devices import account_key
from custom_components.camera_cloud_plan.plan import Activity, CaseState, Channel, Proof
from simulator.edits import edit_camera
from simulator.server import RunningSimulator

from .acts import (
    STORE_BILLED,
    TRIAL,
    Heard,
    assumed,
    attention,
    case_of,
    issue_keys,
    issue_of,
    issues,
    live,
    moment,
    press,
    press_off,
    restart,
    settle,
    standing,
)
from .conftest import EntryMaker, entity_id, pass_time, set_up
from .test_coordinator import RENEWING, coordinator_of, refresh, state_of

type Storage = dict[str, Any]

NOON = "2026-11-22T12:00:00+00:00"


def cases_key(entry: MockConfigEntry) -> str:
    return f"{DOMAIN}.{account_key(entry)}.cases"


def stored_cases(hass_storage: Storage, entry: MockConfigEntry) -> dict[str, Any]:
    cases: dict[str, Any] = hass_storage[cases_key(entry)]["data"]["cases"]
    return cases


def last_event(hass: HomeAssistant, account: str = "0011") -> str | None:
    """Return what the account's event entity told last."""
    state = hass.states.get(f"event.xiaomi_cloud_plans_{account}_plan_activity")
    assert state is not None
    told: str | None = state.attributes["event_type"]
    return told


# --- Before anybody hears of it ---


async def test_a_case_is_on_disk_before_anybody_hears_of_it(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: Storage
) -> None:
    on_disk: list[set[str]] = []

    def note(_happened: object) -> None:
        on_disk.append(set(stored_cases(hass_storage, loaded)))
        assert issues(hass) == []

    coordinator_of(loaded).activity.async_listen(note)
    await press_off(hass)
    assert on_disk == [{RENEWING}]
    assert issue_keys(hass) == ["plan_cancellation"]


# --- Restart, reload, another version ---


async def test_it_survives_a_restart_in_an_outage_and_shows_its_issue_again(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    before = case_of(loaded)
    await hass.config_entries.async_unload(loaded.entry_id)
    for issue in issues(hass):
        ir.async_delete_issue(hass, DOMAIN, issue.issue_id)
    sim.faults.add("http_status", status=503)
    await hass.config_entries.async_setup(loaded.entry_id)
    await settle(hass)
    assert case_of(loaded) == before
    assert issue_of(hass, "plan_cancellation").translation_placeholders == {
        "standing": "One step left",
        "camera": "Renewing",
    }
    assert assumed(hass)


async def test_a_reload_keeps_what_was_done_and_what_was_read(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await press_off(hass)
    await coordinator_of(loaded).casework.async_done(RENEWING)
    await refresh(hass, loaded)
    before = case_of(loaded)
    assert before.state is CaseState.CHECKING
    await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass)
    after = case_of(loaded)
    assert (after.opened_at, after.done_at) == (before.opened_at, before.done_at)
    assert after.checks == before.checks + 1


async def test_what_became_true_while_it_was_down_is_told_after_the_restart(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    """As an event too: who listens comes after the first reading."""
    await press_off(hass)
    await hass.config_entries.async_unload(loaded.entry_id)
    sim.world.switch_renewal(RENEWING, on=False)
    await hass.config_entries.async_setup(loaded.entry_id)
    await settle(hass)
    assert standing(loaded) is CaseState.CONFIRMED
    assert last_event(hass) == "cancellation_confirmed"
    assert issues(hass) == []


@pytest.mark.parametrize(
    "damage",
    [
        {"camera_id": RENEWING, "opened_at": 17},
        {"camera_id": RENEWING},
        {"camera_id": RENEWING, "opened_at": "2026-11-20T12:00:00+00:00", "wish": "neither"},
        "lost",
        None,
    ],
)
async def test_a_damaged_case_starts_anew_rather_than_being_lost(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: Storage,
    caplog: pytest.LogCaptureFixture,
    damage: object,
) -> None:
    key = cases_key(entry)
    hass_storage[key] = {
        "version": 1,
        "minor_version": 1,
        "key": key,
        "data": {"cases": {RENEWING: damage}, "requests": {}},
    }
    await set_up(hass, entry)
    assert standing(entry) is CaseState.WAITING_FOR_YOU
    assert issue_keys(hass) == ["plan_cancellation"]
    assert "starts anew" in caplog.text


async def test_damage_to_what_a_definition_did_costs_no_case(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_storage: Storage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await press_off(hass)
    await hass.config_entries.async_unload(loaded.entry_id)
    hass_storage[cases_key(loaded)]["data"]["requests"] = {"digest": {"worked": "often"}}
    await hass.config_entries.async_setup(loaded.entry_id)
    await settle(hass)
    assert "is damaged and forgotten" in caplog.text
    assert standing(loaded) is CaseState.WAITING_FOR_YOU


async def test_cases_of_a_newer_major_version_stop_set_up_and_stay_as_they_are(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: Storage
) -> None:
    key = cases_key(entry)
    newer = {"version": 2, "minor_version": 1, "key": key, "data": {"not": "ours"}}
    hass_storage[key] = deepcopy(newer)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "stored_by_newer_version"
    assert hass_storage[key] == newer


async def test_cases_of_another_minor_version_are_read_as_they_are(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: Storage
) -> None:
    await press_off(hass)
    await hass.config_entries.async_unload(loaded.entry_id)
    hass_storage[cases_key(loaded)]["minor_version"] = 2
    case = stored_cases(hass_storage, loaded)[RENEWING]
    case["of_a_later_version"] = 1
    del case["save_first"]
    await hass.config_entries.async_setup(loaded.entry_id)
    await settle(hass)
    assert coordinator_of(loaded).cases.is_open(RENEWING)


@pytest.mark.freeze_time(NOON)
async def test_the_file_of_an_earlier_version_is_taken_over(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: Storage
) -> None:
    """It was by config entry, and knew of a wish, the step, and what was read."""
    key = f"{DOMAIN}.{entry.entry_id}.cancellations"
    opened, done = "2026-11-22T09:00:00+00:00", "2026-11-22T10:00:00+00:00"
    blank = {
        "opened_at": opened,
        "done_at": None,
        "checks": 0,
        "last_check_at": None,
        "last_said": None,
        "confirmed_at": None,
        "readable": True,
    }
    hass_storage[key] = {
        "version": 1,
        "minor_version": 1,
        "key": key,
        "data": {
            RENEWING: {
                **blank,
                "camera_id": RENEWING,
                "done_at": done,
                "checks": 2,
                "last_check_at": "2026-11-22T11:00:00+00:00",
                "last_said": "on",
            },
            TRIAL: {**blank, "camera_id": TRIAL},
        },
    }
    await set_up(hass, entry)
    assert key not in hass_storage
    assert set(stored_cases(hass_storage, entry)) == {RENEWING, TRIAL}
    case = case_of(entry)
    assert (case.opened_at, case.done_at) == (moment(opened), moment(done))
    assert (case.state, case.checks) == (CaseState.CHECKING, 3)
    assert standing(entry, TRIAL) is CaseState.WAITING_FOR_YOU
    assert issue_keys(hass) == ["plan_cancellation", "plan_cancellation"]
    # Nothing is taken over a second time.
    await press(hass, TRIAL, "on")
    await restart(hass, entry)
    assert standing(entry, TRIAL) is None


# --- Disabled, removed, added again ---


async def test_disabling_hides_the_issues_stops_asking_and_keeps_the_case(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await press_off(hass)
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    await settle(hass)
    assert issues(hass) == []
    sim.requests.reset()
    await pass_time(hass, freezer, 9 * 3600)
    assert sim.requests.total() == 0
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, None)
    await settle(hass)
    assert standing(loaded) is CaseState.WAITING_FOR_YOU
    assert issue_keys(hass) == ["plan_cancellation"]


async def removed_with_an_open_case(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry:
    await press_off(hass)
    assert await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    return issue_of(hass, "removed_with_open_cancellation")


async def test_removing_with_an_open_case_keeps_it_and_says_so(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: Storage
) -> None:
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{account_key(loaded)}_{RENEWING}"), loaded.entry_id
    )
    assert device is not None
    dr.async_get(hass).async_update_device(device.id, name_by_user="Garden gate")
    issue = await removed_with_an_open_case(hass, loaded)
    assert issues(hass) == [issue]
    assert issue.translation_placeholders == {"account": loaded.title, "cameras": "Garden gate"}
    assert issue.data == {"account_key": account_key(loaded)}
    assert issue.is_fixable
    # Nothing else would say it after the next start.
    assert issue.is_persistent
    assert [key for key in hass_storage if key.startswith(DOMAIN)] == [cases_key(loaded)]
    assert set(stored_cases(hass_storage, loaded)) == {RENEWING}


async def test_a_kept_case_can_be_ended(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: Storage
) -> None:
    issue = await removed_with_an_open_case(hass, loaded)
    assert issue.data is not None
    await async_end_kept(hass, str(issue.data["account_key"]))
    assert [key for key in hass_storage if key.startswith(DOMAIN)] == []


async def test_an_account_that_is_added_again_goes_on_where_it_was(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await removed_with_an_open_case(hass, loaded)
    freezer.tick(timedelta(hours=5))
    again = await make_entry()
    await set_up(hass, again)
    case = case_of(again)
    assert case.opened_at < dt_util.utcnow() - timedelta(hours=4)
    assert (case.state, case.checks) == (CaseState.WAITING_FOR_YOU, 1)
    assert issue_keys(hass) == ["plan_cancellation"]
    assert assumed(hass)


async def test_an_account_that_is_added_again_is_read_before_anything_is_said(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await removed_with_an_open_case(hass, loaded)
    sim.world.switch_renewal(RENEWING, on=False)
    freezer.tick(timedelta(days=5))  # it would have been high time to speak up
    again = await make_entry()
    await set_up(hass, again)
    case = case_of(again)
    assert (case.state, case.proof, case.escalations) == (CaseState.CONFIRMED, Proof.READ, 0)
    assert issues(hass) == []
    assert last_event(hass) == "cancellation_confirmed"


async def test_an_account_added_again_without_the_camera_still_has_its_case(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Unlinking a camera ends no plan: the case waits until its owner withdraws it."""
    await removed_with_an_open_case(hass, loaded)
    camera = sim.world.camera(RENEWING)
    sim.world.remove_device(RENEWING)
    again = await make_entry()
    await set_up(hass, again)
    await live(hass, freezer, timedelta(hours=13), step=timedelta(hours=1))
    assert standing(again) is CaseState.WAITING_FOR_YOU
    sim.world.put_device(camera)
    await refresh(hass, again)
    assert issue_of(hass, "plan_cancellation").translation_placeholders == {
        "standing": "One step left",
        "camera": "Renewing",
    }
    assert case_of(again).last_said is not None


async def test_removing_without_an_open_case_says_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: Storage, sim: RunningSimulator
) -> None:
    await press_off(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    assert standing(loaded) is CaseState.CONFIRMED
    await hass.config_entries.async_remove(loaded.entry_id)
    await settle(hass)
    assert issues(hass) == []
    assert [key for key in hass_storage if key.startswith(DOMAIN)] == []


async def test_removing_leaves_cases_of_a_newer_version_alone(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: Storage
) -> None:
    """It is not known whether any is open; what belongs to the entry goes all the same."""
    await hass.config_entries.async_unload(loaded.entry_id)
    key = cases_key(loaded)
    hass_storage[key] = {"version": 2, "minor_version": 1, "key": key, "data": {"not": "ours"}}
    await hass.config_entries.async_remove(loaded.entry_id)
    await settle(hass)
    assert [name for name in hass_storage if name.startswith(DOMAIN)] == [key]
    assert issues(hass) == []


# --- Backup and restore ---


@pytest.fixture
def backup(hass_storage: Storage) -> Iterator[Storage]:
    """Hold what a backup holds."""
    saved: Storage = {}
    yield saved
    saved.clear()


async def put_back(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: Storage, backup: Storage
) -> None:
    """Restart with what was on disk at the time of the backup."""
    await hass.config_entries.async_unload(entry.entry_id)
    for key in [key for key in hass_storage if key.startswith(DOMAIN)]:
        del hass_storage[key]
    hass_storage.update(deepcopy(backup))
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)


def save(hass_storage: Storage, backup: Storage) -> None:
    backup.update(
        {key: deepcopy(data) for key, data in hass_storage.items() if key.startswith(DOMAIN)}
    )


async def test_an_old_case_that_is_put_back_is_read_before_it_speaks(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_storage: Storage,
    backup: Storage,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await press_off(hass)
    save(hass_storage, backup)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    freezer.tick(timedelta(days=4))
    await put_back(hass, loaded, hass_storage, backup)
    case = case_of(loaded)
    assert (case.state, case.escalations) == (CaseState.CONFIRMED, 0)
    assert last_event(hass) == "cancellation_confirmed"
    assert issues(hass) == []


async def test_an_old_case_does_not_speak_up_while_the_maker_cannot_be_asked(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_storage: Storage,
    backup: Storage,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A house whose network comes up after Home Assistant must not hear old alarms."""
    await press_off(hass)
    await hass.config_entries.async_unload(loaded.entry_id)
    save(hass_storage, backup)
    await hass.config_entries.async_setup(loaded.entry_id)
    await settle(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    freezer.tick(timedelta(days=4))
    sim.faults.add("dropped")
    await put_back(hass, loaded, hass_storage, backup)
    await pass_time(hass, freezer, 60)
    case = case_of(loaded)
    assert (case.state, case.escalations) == (CaseState.WAITING_FOR_YOU, 0)
    assert issue_of(hass, "plan_cancellation").severity is ir.IssueSeverity.WARNING
    sim.faults.clear()
    await live(hass, freezer, timedelta(minutes=12), step=timedelta(minutes=1))
    assert (standing(loaded), case_of(loaded).escalations) == (CaseState.CONFIRMED, 0)
    assert issues(hass) == []


async def test_silence_in_an_outage_after_a_start_does_not_last(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Where nothing can be read for long, an alarm that may be late beats none."""
    await press_off(hass)
    await coordinator_of(loaded).casework.async_done(RENEWING)
    await hass.config_entries.async_unload(loaded.entry_id)
    freezer.tick(timedelta(days=4))
    sim.faults.add("dropped")
    await hass.config_entries.async_setup(loaded.entry_id)
    await settle(hass)
    await live(hass, freezer, timedelta(minutes=30), step=timedelta(minutes=1))
    assert standing(loaded) is CaseState.CHECKING
    await live(hass, freezer, timedelta(minutes=10), step=timedelta(minutes=1))
    assert standing(loaded) is CaseState.NOT_EFFECTIVE


async def test_a_withdrawn_case_that_is_put_back_is_open_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_storage: Storage,
    backup: Storage,
) -> None:
    """Nothing tells that its owner changed their mind since; a reminder is the safe side."""
    await press_off(hass)
    save(hass_storage, backup)
    await press(hass, RENEWING, "on")
    await put_back(hass, loaded, hass_storage, backup)
    assert standing(loaded) is CaseState.WAITING_FOR_YOU
    assert issue_keys(hass) == ["plan_cancellation"]


async def test_a_case_put_back_from_before_a_new_term_is_about_that_term(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_storage: Storage,
    backup: Storage,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Nothing had been done before the charge, so that nobody may say it came regardless."""
    await press_off(hass)
    save(hass_storage, backup)
    freezer.tick(timedelta(days=14))
    await put_back(hass, loaded, hass_storage, backup)
    case = case_of(loaded)
    assert case.renewed is None
    assert case.term_ends_at is not None
    assert case.term_ends_at > dt_util.utcnow() + timedelta(days=25)
    assert case.is_open


# --- Another name ---


async def test_a_renamed_device_is_spoken_of_by_its_new_name_and_the_case_goes_on(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    opened_at = case_of(loaded).opened_at
    device = er.async_get(hass).async_get(entity_id(hass, RENEWING, "auto_renewal"))
    assert device is not None
    assert device.device_id is not None
    dr.async_get(hass).async_update_device(device.device_id, name_by_user="Garden gate")
    await settle(hass)
    heard = Heard(loaded)
    await press_off(hass)
    assert issue_of(hass, "plan_cancellation").translation_placeholders == {
        "standing": "One step left",
        "camera": "Garden gate",
    }
    assert case_of(loaded).opened_at == opened_at
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    assert [happened.camera for happened in heard.all] == ["Garden gate"]
    assert heard.take() == [Activity.CANCELLATION_CONFIRMED]


async def test_what_stands_follows_a_new_name_with_the_next_reading(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await press_off(hass)
    device = er.async_get(hass).async_get(entity_id(hass, RENEWING, "auto_renewal"))
    assert device is not None
    assert device.device_id is not None
    dr.async_get(hass).async_update_device(device.device_id, name_by_user="Garden gate")
    await refresh(hass, loaded)
    placeholders = issue_of(hass, "plan_cancellation").translation_placeholders
    assert placeholders is not None
    assert placeholders["camera"] == "Garden gate"
    assert [item["camera"] for item in attention(hass)] == ["Garden gate"]


async def test_a_renamed_entity_changes_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    registry = er.async_get(hass)
    for key in ("auto_renewal", "cancellation"):
        old = entity_id(hass, RENEWING, key)
        domain = old.partition(".")[0]
        registry.async_update_entity(old, new_entity_id=f"{domain}.gate_{key}")
    await settle(hass)
    await press_off(hass)
    assert state_of(hass, RENEWING, "cancellation") == "waiting_for_you"
    await restart(hass, loaded)
    assert state_of(hass, RENEWING, "cancellation") == "waiting_for_you"
    await press(hass, RENEWING, "on")
    assert standing(loaded) is None
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    assert state_of(hass, RENEWING, "auto_renewal") == "off"


# --- A changed clock ---


async def test_a_clock_set_back_loses_no_case_and_goes_on_checking(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await press_off(hass)
    await coordinator_of(loaded).casework.async_done(RENEWING)
    await hass.config_entries.async_unload(loaded.entry_id)
    freezer.move_to(dt_util.utcnow() - timedelta(days=400))
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+12d"}})  # as it was
    await hass.config_entries.async_setup(loaded.entry_id)
    await settle(hass)
    case = case_of(loaded)
    assert case.state is CaseState.CHECKING
    assert case.opened_at <= dt_util.utcnow()
    next_check = coordinator_of(loaded).casework.next_check(RENEWING)
    assert next_check is not None
    assert next_check <= dt_util.utcnow() + timedelta(minutes=16)
    edit_camera(sim.world, RENEWING, {"plan": {"auto_renew": False}})
    await live(hass, freezer, timedelta(minutes=20), step=timedelta(minutes=1))
    assert standing(loaded) is CaseState.CONFIRMED


async def test_a_clock_set_forward_checks_at_once_and_speaks_up(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await press_off(hass)
    await coordinator_of(loaded).casework.async_done(RENEWING)
    checks = case_of(loaded).checks
    heard = Heard(loaded)
    await pass_time(hass, freezer, timedelta(days=4).total_seconds())
    case = case_of(loaded)
    assert case.checks > checks
    assert case.state is CaseState.NOT_EFFECTIVE
    assert heard.take() == [Activity.CANCELLATION_NOT_EFFECTIVE]


# --- Deselected and store-billed ---


async def test_a_deselected_camera_stays_until_its_case_is_over(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await press_off(hass)
    hass.config_entries.async_update_entry(
        loaded, options={**loaded.options, "cameras_excluded": [RENEWING]}
    )
    await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass)
    assert assumed(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    freezer.tick(1)
    await refresh(hass, loaded)
    assert standing(loaded) is CaseState.CONFIRMED
    assert RENEWING in coordinator_of(loaded).data.cameras  # it is watched to the plan's end
    await live(hass, freezer, timedelta(days=18), step=timedelta(hours=6))
    assert standing(loaded) is None
    assert RENEWING not in coordinator_of(loaded).data.cameras


async def test_the_channel_that_its_owner_names_survives_a_restart(
    hass: HomeAssistant, loaded_de: MockConfigEntry
) -> None:
    await coordinator_of(loaded_de).async_set_billed_by(Channel.APPLE, STORE_BILLED)
    await restart(hass, loaded_de)
    assert coordinator_of(loaded_de).data.cameras[STORE_BILLED].channel is Channel.APPLE
