"""Diagnostics: what a person may hand on, and what must not be in it."""

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.camera_cloud_plan.devices import account_identifier, camera_identifier
from custom_components.camera_cloud_plan.export.model import Interruption, Tally
from custom_components.camera_cloud_plan.plan import Wish
from simulator.faults import Trouble
from simulator.server import RunningSimulator
from simulator.world import World
from simulator.worldfile import load_world
from tests.integration.acts import direct_way, press
from tests.integration.conftest import EntryMaker, set_up
from tests.integration.saving import (
    LACKING,
    breathe,
    engines_in,
    export,
    media_folder,
)

MEI = "2300410071"
FRONT_DOOR = "1051000101"
BALCONY = "1051000104"
GARAGE = "1051000105"


@pytest.fixture
def world() -> World:
    """Return the two homes, whose cameras have names as people give them."""
    return load_world("two_homes")


@pytest.fixture
async def loaded(
    hass: HomeAssistant, make_entry: EntryMaker, hass_client: ClientSessionGenerator
) -> MockConfigEntry:
    """Load the mainland account, after the download's own parts."""
    assert await async_setup_component(hass, "diagnostics", {})
    entry = await make_entry(MEI, show_shared=True, cameras_excluded=[BALCONY])
    await set_up(hass, entry)
    return entry


def secrets(world: World, entry: MockConfigEntry, gateway: str) -> Iterator[str]:
    """Yield everything that tells an account, a camera or a home, and every token."""
    credentials = entry.data["credentials"]
    session = credentials["session"]
    yield from (credentials["pass_token"], credentials["device_id"])
    yield from (session["service_token"], session["ssecurity"])
    yield gateway
    yield entry.data["account"]
    for account in world.accounts.values():
        yield from (account.user_id, account.c_user_id, account.password)
        yield from (account.names.en, account.names.zh)
        for home in account.homes:
            yield from (home.home_id, home.names.en, home.names.zh)
    for camera in world.cameras.values():
        yield from (camera.did, camera.mac, camera.mac.replace(":", ""), camera.local_ip)
        yield from (camera.names.en, camera.names.zh)


def assert_no_secret(told: Any, world: World, entry: MockConfigEntry, gateway: str) -> None:
    text = json.dumps(told, ensure_ascii=False).lower()
    for secret in secrets(world, entry, gateway):
        assert secret.lower() not in text, secret


async def test_account(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
) -> None:
    """Every camera with what was read and what is concluded; nothing is asked for it."""
    asked = sum(sim.requests.counts.values())
    told: Any = await get_diagnostics_for_config_entry(hass, hass_client, loaded)
    assert sum(sim.requests.counts.values()) == asked
    assert_no_secret(told, sim.world, loaded, sim.base_url)

    assert told["account"] == {
        "maker": "xiaomi",
        "through_gateway": True,
        "entry_version": "1.2",
        "regions": ["cn", "de"],
        "poll_hours": 6,
        "show_shared": True,
        "cameras_excluded": 1,
        "cameras": 6,
        "direct_way": None,
    }
    assert told["last_poll"]["succeeded"] is True
    assert told["last_poll"]["error"] is None
    assert len(told["cameras"]) == 6
    (shared,) = (camera for camera in told["cameras"] if camera["ownership"] == "shared")
    assert shared["region"] == "cn"


async def test_exports_are_counted_and_nothing_else(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    media = media_folder(hass, tmp_path)
    engines = engines_in(monkeypatch.setattr)
    engines.script = [LACKING]
    await export(hass, FRONT_DOOR)
    await export(hass, GARAGE)
    engines.last.tell(Tally(listed=8, saved=2))
    engines.last.interrupt(Interruption.DISK_FULL)
    await breathe(hass)
    told: Any = await get_diagnostics_for_config_entry(hass, hass_client, loaded)
    assert_no_secret(told, sim.world, loaded, sim.base_url)
    assert str(media) not in json.dumps(told)
    assert set(told["ledger"]) == {"rows", "head", "waiting", "trouble", "open_findings"}
    assert told["ledger"]["rows"] > 1
    assert told["exports"]["state"] == "problem"
    assert told["exports"]["jobs"] == 1
    assert told["exports"]["waits_for"] == "disk_full"
    assert told["exports"]["tally"]["saved"] == 2
    (last,) = (camera["last_export"] for camera in told["cameras"] if camera["last_export"])
    assert (last["whole"], last["tally"]["failed"]) == (False, LACKING.failed)


async def test_camera(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
) -> None:
    """One camera's device tells of that camera alone, in full."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        camera_identifier(loaded, FRONT_DOOR), loaded.entry_id
    )
    assert device
    told: Any = await get_diagnostics_for_device(hass, hass_client, loaded, device)
    assert_no_secret(told, sim.world, loaded, sim.base_url)
    (camera,) = told["cameras"]
    assert camera["model"] == sim.world.cameras[FRONT_DOOR].model
    assert camera["channel"] == "mi_pay"
    assert camera["failure"] is None
    assert camera["reading"]["service"] == "active"
    assert camera["reading"]["renewal"]["source"] == "isRenew"
    assert camera["reading"]["renewal"]["says"] is True
    assert camera["shown"]["status"] == "active_renewing"
    assert camera["shown"]["days_remaining"] == 5
    assert camera["shown"]["charge"]["latest"] == camera["reading"]["ends_at"]
    assert camera["case"] is None
    assert camera["notices"] == []


async def test_account_device(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded: MockConfigEntry
) -> None:
    """The account's device tells of all cameras."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        account_identifier(loaded), loaded.entry_id
    )
    assert device
    told: Any = await get_diagnostics_for_device(hass, hass_client, loaded, device)
    assert len(told["cameras"]) == 6


async def test_while_the_cloud_is_away(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
) -> None:
    """The last poll's error is named by its kind, without a secret."""
    sim.faults.add(Trouble.HTTP_STATUS, status=503)
    await loaded.runtime_data.coordinator.async_refresh()
    told: Any = await get_diagnostics_for_config_entry(hass, hass_client, loaded)
    assert_no_secret(told, sim.world, loaded, sim.base_url)
    assert told["last_poll"]["succeeded"] is False
    assert told["last_poll"]["error"].startswith("NotServedError: ")
    assert {camera["failure"] for camera in told["cameras"]} == {"unreachable"}
    assert all(camera["reading"] for camera in told["cameras"])


async def test_the_whole_download(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
) -> None:
    """Home Assistant adds the open Repairs issues by their ids: those tell no camera either."""
    coordinator = loaded.runtime_data.coordinator
    await coordinator.casework.async_open(coordinator.data.cameras[FRONT_DOOR], Wish.OFF)
    sim.world.remove_device(GARAGE)
    for _ in range(2):
        await coordinator.async_refresh()
    client = await hass_client()
    answer = await client.get(f"/api/diagnostics/config_entry/{loaded.entry_id}")
    told = await answer.json()
    ours = {part: told[part] for part in ("data", "issues", "integration_manifest")}
    assert_no_secret(ours, sim.world, loaded, sim.base_url)
    assert GARAGE not in json.dumps(told)
    assert {issue["issue_id"].rpartition("_")[0] for issue in told["issues"]} == {
        "plan_cancellation",
        "camera_left",
    }
    cases = [camera["case"] for camera in told["data"]["cameras"] if camera["case"]]
    assert [case["state"] for case in cases] == ["waiting_for_you"]


async def test_a_case_and_a_direct_way_tell_nothing_of_whose_they_are(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    make_entry: EntryMaker,
    sim: RunningSimulator,
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    sim.faults.add(Trouble.LOST_ANSWER)
    entry = await make_entry(MEI, renewal_request=direct_way())
    await set_up(hass, entry)
    await press(hass, FRONT_DOOR, "off")
    told: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert_no_secret(told, sim.world, entry, sim.base_url)
    assert told["account"]["direct_way"] == {
        "by_switch": True,
        "has_on": True,
        "worked": 1,
        "failed_at": None,
    }
    (case,) = (camera["case"] for camera in told["cameras"] if camera["case"])
    request = case.pop("request")
    assert (request.pop("at") is not None, request) == (
        True,
        {"answer": "unknown", "meaning": None},
    )
    assert (case["state"], case["wish"], case["proof"]) == ("confirmed", "off", "read_from_maker")
    assert "camera_id" not in case
    # Nothing of the definition's content, nor where it came from.
    text = json.dumps(told)
    assert "simulated/cloud-plan" not in text
    assert "kitchen.json" not in text
