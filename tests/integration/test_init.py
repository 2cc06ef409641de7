"""The life of a config entry: restart, unload, migration, removal."""

import asyncio
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_get_persistent_notifications,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.camera_cloud_plan.codec import encode
from custom_components.camera_cloud_plan.const import (
    CONF_VOICE_ANSWERS,
    CONF_VOICE_CANCELS,
    DOMAIN,
    SERVICE_CHECK_RENEWAL,
    SERVICE_WITHDRAW_CANCELLATION,
)
from custom_components.camera_cloud_plan.devices import (
    account_key,
    async_remove_camera,
    camera_identifier,
)
from custom_components.camera_cloud_plan.export.model import Order, Tally
from custom_components.camera_cloud_plan.plan import clock
from custom_components.camera_cloud_plan.saving.book import LastExport
from simulator.server import RunningSimulator

from .acts import act, device_id, press_off, restart
from .conftest import EntryMaker, pass_time, set_up
from .test_coordinator import (
    NOT_RENEWING,
    RENEWING,
    as_of,
    coordinator_of,
    press_check_now,
    refresh,
    state_of,
)

type Storage = dict[str, Any]


def stored(hass_storage: Storage, entry: MockConfigEntry, what: str) -> Any:
    return hass_storage[f"{DOMAIN}.{entry.entry_id}.{what}"]["data"]


async def test_a_restart_during_an_outage_has_its_entities(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    reading = coordinator_of(loaded).data.cameras[RENEWING].reading
    assert reading is not None
    sim.faults.add("http_status", status=503)
    freezer.tick(3600)
    await restart(hass, loaded)
    assert loaded.state is ConfigEntryState.LOADED
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    assert as_of(hass, RENEWING) == reading.read_at
    assert "Showing the last good data" in caplog.text
    sim.faults.clear()
    await pass_time(hass, freezer, 11 * 60 + 60)
    assert as_of(hass, RENEWING) is None


async def test_a_restart_with_a_refused_sign_in_keeps_the_data_and_asks_to_sign_in(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.sessions.expire(pass_tokens=True)
    await restart(hass, loaded)
    assert loaded.state is ConfigEntryState.LOADED
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    assert len(hass.config_entries.flow.async_progress_by_handler(DOMAIN)) == 1
    # Nothing is asked again until the owner has signed in.
    assert coordinator_of(loaded).update_interval is None


async def test_whoever_finds_the_session_ended_has_its_owner_asked_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.sessions.expire(pass_tokens=True)
    (row,) = await act(hass, SERVICE_CHECK_RENEWAL, device_id=device_id(hass, RENEWING))
    assert row["state"] == "not_reached"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["step_id"] == "reauth_confirm"
    assert state_of(hass, RENEWING, "auto_renewal") == "on"


async def test_old_stored_data_is_not_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    sim.faults.add("http_status", status=503)
    await hass.config_entries.async_unload(loaded.entry_id)
    freezer.tick(8 * 86400)
    await hass.config_entries.async_setup(loaded.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, RENEWING, "auto_renewal") == STATE_UNAVAILABLE


async def test_an_outage_without_stored_data_is_tried_again(
    hass: HomeAssistant, entry: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("http_status", status=503)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY


@pytest.mark.parametrize(
    "damage",
    [
        {"read_at": "yesterday", "cameras": {}},
        {"read_at": "2026-11-22T12:00:00", "cameras": {}},
        {"read_at": None, "cameras": {}},
        {"cameras": {}},
        {"read_at": "2026-11-22T12:00:00+00:00", "cameras": []},
        {"read_at": "2026-11-22T12:00:00+00:00", "cameras": {"1": {"channel": "barter"}}},
        {"read_at": "2026-11-22T12:00:00+00:00", "cameras": {"1": {"channel": 1, "camera": "x"}}},
    ],
)
async def test_damaged_stored_data_is_read_anew(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: Storage,
    caplog: pytest.LogCaptureFixture,
    damage: dict[str, Any],
) -> None:
    key = f"{DOMAIN}.{entry.entry_id}.last_good"
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": damage}
    await set_up(hass, entry)
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    assert "cannot be used" in caplog.text


async def test_stored_data_of_a_newer_major_version_is_read_anew(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: Storage
) -> None:
    key = f"{DOMAIN}.{entry.entry_id}.last_good"
    hass_storage[key] = {"version": 2, "minor_version": 1, "key": key, "data": {}}
    await set_up(hass, entry)
    assert state_of(hass, RENEWING, "auto_renewal") == "on"


async def test_stored_data_of_another_minor_version_is_used(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: Storage, sim: RunningSimulator
) -> None:
    await hass.config_entries.async_unload(loaded.entry_id)
    key = f"{DOMAIN}.{loaded.entry_id}.last_good"
    camera = hass_storage[key]["data"]["cameras"][RENEWING]
    camera["of_a_later_version"] = 1
    del camera["left_at"]
    hass_storage[key]["minor_version"] = 2
    sim.faults.add("http_status", status=503)
    await hass.config_entries.async_setup(loaded.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, RENEWING, "auto_renewal") == "on"


async def test_unloading_writes_the_last_reading_and_makes_entities_unavailable(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: Storage, sim: RunningSimulator
) -> None:
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.NOT_LOADED
    assert state_of(hass, RENEWING, "auto_renewal") == STATE_UNAVAILABLE
    camera = stored(hass_storage, loaded, "last_good")["cameras"][RENEWING]
    assert camera["reading"]["renewal"]["says"] is False


async def test_unloading_in_the_midst_of_a_poll_ends_it(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("latency", seconds=10.0)
    started = hass.loop.time()
    pressed = hass.async_create_task(press_check_now(hass))
    await asyncio.sleep(0.3)  # the requests are under way
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await pressed
    assert hass.loop.time() - started < 5
    sim.faults.clear()
    assert await hass.config_entries.async_setup(loaded.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert as_of(hass, RENEWING) is None


async def test_removing_leaves_nothing_but_what_was_saved(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_storage: Storage,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    tmp_path: Path,
) -> None:
    """Neither in storage and registries nor shown anywhere; what was saved lies where it was."""
    hass.config.media_dirs = {"local": str(tmp_path)}
    clip = tmp_path / DOMAIN / "Renewing" / "2026-11-22 12.00.00.mp4"
    clip.parent.mkdir(parents=True)
    clip.write_bytes(b"footage")
    order = Order(job_id="1", camera_id=NOT_RENEWING, asked_at=clock.now(), folder=str(tmp_path))
    last = LastExport(order=order, finished_at=clock.now(), whole=True, tally=Tally(saved=1))
    key = f"{DOMAIN}.{account_key(entry)}.exports"
    data = {"last": {NOT_RENEWING: encode(last)}}
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, CONF_VOICE_ANSWERS: True, CONF_VOICE_CANCELS: False}
    )
    for other in ("homeassistant", "persistent_notification"):
        assert await async_setup_component(hass, other, {})
    await set_up(hass, entry)
    await press_off(hass)
    await act(hass, SERVICE_WITHDRAW_CANCELLATION, device_id=device_id(hass, RENEWING))
    sim.world.remove_device(RENEWING)  # an issue and a message about a plan that may go on
    for _ in range(2):
        await refresh(hass, entry)
    await pass_time(hass, freezer, 60)
    assert async_get_persistent_notifications(hass)
    ir.async_create_issue(
        hass,
        "other",
        "theirs",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="theirs",
    )
    assert len(ir.async_get(hass).issues) > 1

    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    await hass.async_block_till_done()
    assert [key for key in hass_storage if key.startswith(DOMAIN)] == []
    assert [issue.domain for issue in ir.async_get(hass).issues.values()] == ["other"]
    assert not dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert not er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert not [state for state in hass.states.async_all() if "plan" in state.entity_id]
    (told,) = async_get_persistent_notifications(hass).values()
    assert told["title"] == f"{entry.title} was removed: what stays"
    assert f"recordings, in {tmp_path}\n" in told["message"]
    assert f"{DOMAIN}/ledger_{account_key(entry)}.jsonl" in told["message"]
    assert not hass.config_entries.flow.async_progress()
    assert clip.read_bytes() == b"footage"
    assert [path.name for path in await hass.async_add_executor_job(clip.parent.glob, "*")] == [
        clip.name
    ]


async def test_an_account_that_was_disabled_is_removed_as_whole(
    hass: HomeAssistant, make_entry: EntryMaker, hass_storage: Storage
) -> None:
    """Nothing of the integration was loaded since Home Assistant started, its words neither."""
    entry = await make_entry()
    last = LastExport(
        order=Order(job_id="1", camera_id=RENEWING, asked_at=clock.now(), folder="/media/there"),
        finished_at=clock.now(),
        whole=True,
        tally=Tally(saved=1),
    )
    key = f"{DOMAIN}.{account_key(entry)}.exports"
    data = {"last": {RENEWING: encode(last)}}
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert [key for key in hass_storage if key.startswith(DOMAIN)] == []
    (told,) = async_get_persistent_notifications(hass).values()
    assert "/media/there" in told["message"]
    # Added again, there is nothing to be said of it any more.
    await set_up(hass, await make_entry())
    assert not async_get_persistent_notifications(hass)


async def test_damaged_credentials_ask_for_a_sign_in(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "credentials": {"user_id": "1"}}
    )
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "sign_in_needed"


async def test_only_devices_of_cameras_that_are_gone_can_be_removed_by_hand(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    hass_ws_client: WebSocketGenerator,
) -> None:
    assert await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)
    registry = dr.async_get(hass)

    async def remove(camera_id: str | None) -> bool:
        devices = dr.async_entries_for_config_entry(registry, loaded.entry_id)
        (device,) = (
            device
            for device in devices
            if (
                device.via_device_id is None
                if camera_id is None
                else camera_identifier(loaded, camera_id) in device.identifiers
            )
        )
        answer = await client.remove_device(device.id)
        await hass.async_block_till_done()
        return bool(answer["success"])

    assert not await remove(None)
    assert not await remove(RENEWING)
    await press_off(hass)
    sim.world.remove_device(RENEWING)
    for _ in range(2):
        await refresh(hass, loaded)
    assert len(ir.async_get(hass).issues) == 2
    assert await remove(RENEWING)
    assert RENEWING not in coordinator_of(loaded).data.cameras
    assert coordinator_of(loaded).cases.get(RENEWING) is None
    assert not ir.async_get(hass).issues


async def test_removing_a_device_that_is_not_there_does_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    registry = dr.async_get(hass)
    before = len(dr.async_entries_for_config_entry(registry, loaded.entry_id))
    async_remove_camera(hass, loaded, "unheard-of")
    assert len(dr.async_entries_for_config_entry(registry, loaded.entry_id)) == before
