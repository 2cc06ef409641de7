"""Which entities there are, and what they show, for every state a plan can be in."""

from collections import Counter
from unittest.mock import patch

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.camera_cloud_plan.const import DOMAIN, PLATFORMS
from simulator.edits import edit_camera
from simulator.server import RunningSimulator
from simulator.world import World
from simulator.worldfile import load_world

from .conftest import EUROPE, MAINLAND, EntryMaker, entity_id, set_up

NOON = "2026-11-22T12:00:00+00:00"
ATTIC = "1064000205"


@pytest.mark.freeze_time(NOON)
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("account", [MAINLAND, EUROPE])
@pytest.mark.usefixtures("all_entities_enabled")
async def test_entities(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    platform: Platform,
    account: str,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    entry = await make_entry(account)
    with patch("custom_components.camera_cloud_plan.PLATFORMS", [platform]):
        await set_up(hass, entry)
        await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


@pytest.mark.freeze_time(NOON)
async def test_devices(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    devices = dr.async_entries_for_config_entry(device_registry, loaded.entry_id)
    assert sorted(devices, key=lambda device: device.name or "") == snapshot
    (account,) = (device for device in devices if device.via_device_id is None)
    assert account.name == "Xiaomi cloud plans (…0011)"
    assert all(device.entry_type is dr.DeviceEntryType.SERVICE for device in devices)
    cameras = [device for device in devices if device.via_device_id == account.id]
    assert len(cameras) == len(devices) - 1


@pytest.mark.parametrize("account", [MAINLAND, EUROPE])
async def test_states_are_those_the_world_implies(
    hass: HomeAssistant, make_entry: EntryMaker, world: World, account: str
) -> None:
    await set_up(hass, await make_entry(account))
    cameras = [camera for camera in world.cameras.values() if camera.owner == account]
    assert cameras
    for camera in cameras:
        expect = camera.expect
        assert expect is not None
        status = hass.states.get(entity_id(hass, camera.did, "plan_status"))
        assert status is not None
        assert status.state == expect.plan_status, camera.names.en
        switches = [
            entity.entity_id
            for entity in er.async_get(hass).entities.values()
            if entity.unique_id.endswith(f"_{camera.did}_auto_renewal")
        ]
        states = [hass.states.get(switch) for switch in switches]
        shown = [state.state for state in states if state]
        assert shown == ([] if expect.auto_renewal is None else [expect.auto_renewal])


async def test_twelve_cameras_in_three_accounts_make_at_most_75_enabled_entities(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> None:
    homes = await hass.async_add_executor_job(load_world, "two_homes")
    sim.world.become(homes)
    sim.world.remove_device(ATTIC)  # the thirteenth
    for key in ("cn", "de", "cn2"):
        await set_up(hass, await make_entry(homes.account(key).user_id, show_shared=True))
    registry = er.async_get(hass)
    ours = [entity for entity in registry.entities.values() if entity.platform == DOMAIN]
    enabled = [entity for entity in ours if not entity.disabled]
    cameras = [
        device
        for entry in hass.config_entries.async_entries(DOMAIN)
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        if device.via_device_id is not None
    ]
    assert len(cameras) == 12
    assert len(enabled) <= 75
    assert Counter(entity.domain for entity in enabled)["switch"] == 9


async def test_a_shared_camera_is_hidden_unless_asked_for(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> None:
    homes = await hass.async_add_executor_job(load_world, "two_homes")
    sim.world.become(homes)
    await set_up(hass, await make_entry(homes.account("cn").user_id))
    assert not _keys_of(hass, "1074000401")


async def test_a_shared_camera_shows_its_status_and_has_no_switch(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> None:
    homes = await hass.async_add_executor_job(load_world, "two_homes")
    sim.world.become(homes)
    await set_up(hass, await make_entry(homes.account("cn").user_id, show_shared=True))
    assert _keys_of(hass, "1074000401") == {"plan_status": False, "days_remaining": True}
    # A plan of someone else's counts neither among the account's charges nor its renewals.
    renewing = hass.states.get("sensor.xiaomi_cloud_plans_0071_plans_set_to_renew")
    assert renewing is not None
    assert renewing.state == "5"


async def test_an_unknown_renewal_is_counted_apart(
    hass: HomeAssistant, loaded_de: MockConfigEntry
) -> None:
    renewing = hass.states.get("sensor.xiaomi_cloud_plans_0022_plans_set_to_renew")
    assert renewing is not None
    assert (renewing.state, renewing.attributes["unknown"]) == ("0", 1)
    charge = hass.states.get("sensor.xiaomi_cloud_plans_0022_next_charge_of_all_cameras")
    assert charge is not None
    assert charge.attributes["camera"] == "Renewal unknown"
    assert charge.attributes["possible"] is True
    attention = hass.states.get("binary_sensor.xiaomi_cloud_plans_0022_plans_need_attention")
    assert attention is not None
    assert attention.state == "on"
    assert attention.attributes["items"] == [
        {"camera": "Renewal unknown", "reason": "renewal_unknown"}
    ]


async def test_names_in_chinese(
    hass: HomeAssistant, entry: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    hass.config.language = "zh-Hans"
    await set_up(hass, entry)
    switch = entity_registry.async_get(entity_id(hass, "2000000003", "auto_renewal"))
    assert switch is not None
    assert switch.original_name == "套餐自动续费"
    device = dr.async_get(hass).async_get(switch.device_id or "")
    assert device is not None
    assert device.name == "自动续费"


async def test_details_are_read_only_for_enabled_entities(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sim: RunningSimulator,
    entity_registry: er.EntityRegistry,
) -> None:
    await set_up(hass, entry)
    assert sim.requests.total(path="/miot/camera/app/v1/capacity") == 0
    assert sim.requests.total(path="/miot/camera/app/v1/get/cloudSwitch") == 0
    for key in ("storage_used", "upload"):
        entity_registry.async_update_entity(entity_id(hass, "2000000003", key), disabled_by=None)
    edit_camera(sim.world, "2000000003", {"storage_used_mb": 1234, "upload_on": True})
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert sim.requests.total(path="/miot/camera/app/v1/capacity") == 1
    assert sim.requests.total(path="/miot/camera/app/v1/get/cloudSwitch") == 1
    storage = hass.states.get(entity_id(hass, "2000000003", "storage_used"))
    upload = hass.states.get(entity_id(hass, "2000000003", "upload"))
    assert storage is not None
    assert upload is not None
    assert (float(storage.state), upload.state) == (1234.0, "on")


async def test_two_accounts_that_see_one_camera_do_not_collide(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> None:
    homes = await hass.async_add_executor_job(load_world, "two_homes")
    sim.world.become(homes)
    for key in ("cn", "grandma"):
        await set_up(hass, await make_entry(homes.account(key).user_id, show_shared=True))
    statuses = [
        entity
        for entity in er.async_get(hass).entities.values()
        if entity.unique_id.endswith("_1074000401_plan_status")
    ]
    assert len(statuses) == 2


def _keys_of(hass: HomeAssistant, camera_id: str) -> dict[str, bool]:
    """Return the keys of a camera's entities, each with whether it is disabled."""
    return {
        entity.unique_id.rpartition(f"_{camera_id}_")[2]: entity.disabled
        for entity in er.async_get(hass).entities.values()
        if f"_{camera_id}_" in entity.unique_id
    }
