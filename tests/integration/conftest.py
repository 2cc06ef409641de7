"""What the Home Assistant tests share: a simulated cloud and an account signed in to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
import logging
from pathlib import Path
from typing import Any
from unittest.mock import PropertyMock, patch

from aiohttp import ClientSession, DummyCookieJar
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion
from yarl import URL

from custom_components.camera_cloud_plan.casework import doors
from custom_components.camera_cloud_plan.cloud.sign_in import LinkOffered
from custom_components.camera_cloud_plan.cloud.xiaomi import (
    LinkSignIn,
    XiaomiCredentials,
    preload,
)
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.plan import channel, rules
from simulator.server import RunningSimulator, running
from simulator.world import World
from simulator.worldfile import load_world

from .automations import import_blueprints
from .phone import Phone

# Accounts of the `every_state` world.
MAINLAND = "2500110011"
EUROPE = "6500220022"


@pytest.fixture(autouse=True)
def _custom_integrations(enable_custom_integrations: None, hass_storage: dict[str, Any]) -> None:
    """Let Home Assistant load the integration from this repository, and store in memory."""


@pytest.fixture(autouse=True)
def _ledgers_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep each test's ledgers in a folder of its own."""

    def path(_hass: HomeAssistant, key: str) -> Path:
        return tmp_path / "camera_cloud_plan" / f"ledger_{key}.jsonl"

    monkeypatch.setattr("custom_components.camera_cloud_plan.proof.desk.ledger_path", path)


@pytest.fixture(autouse=True)
def _preloaded() -> None:
    """Read the data files before a loop runs, as set-up does in an executor."""
    for load in (channel.preload, rules.preload, doors.preload, preload):
        load()


@pytest.fixture(autouse=True)
def _charges_are_not_brought_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep coming charges from coming in between, but in tests of alerts."""
    if "told_of_charges" in request.fixturenames:
        yield
        return
    with patch("custom_components.camera_cloud_plan.telling.alert_desk.AlertDesk.async_start"):
        yield


@pytest.fixture(autouse=True)
def _nothing_is_found(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep what the ledger shows from coming in between, but in tests of findings."""
    if "told_of_findings" in request.fixturenames:
        yield
        return
    with patch(
        "custom_components.camera_cloud_plan.ledger.findings.Detectors.due", return_value=()
    ):
        yield


@pytest.fixture
def told_of_findings() -> None:
    """Look through the rows for what they show, as ever."""


@pytest.fixture
async def told_of_charges(hass: HomeAssistant) -> AsyncIterator[None]:
    """Have people told of coming charges by Shanghai's clock, polls exactly apart."""
    await hass.config.async_set_time_zone("Asia/Shanghai")
    with patch("custom_components.camera_cloud_plan.coordinator.random.uniform", return_value=1.0):
        yield


@pytest.fixture
def phone(hass: HomeAssistant) -> Phone:
    """Return a phone with the companion app."""
    return Phone(hass)


# What the integration may say above INFO, by the beginning of its words; each is asserted
# by the test that provokes it, and anything else fails the test it falls in.
_EXPECTED_WORDS = (
    "Showing the last good data",
    "Nothing is known of the plans",
    "The price of the plan",
    "The prices in the options",
    "The stored plan data cannot be used",
    "Typed plans that are damaged",
    "A stored cancellation is damaged",
    "What a renewal request did is damaged",
    "What was noticed so far cannot be used",
    "What was told of a charge is damaged",
    "The last digest is damaged",
    "A stored export is damaged",
    "The stored exports cannot be used",
    "The renewal request of",
    "Error fetching camera_cloud_plan",
    "Authentication failed while fetching camera_cloud_plan",
    "Unexpected error updating a listener",
    "A ledger cannot be written",
    "Unexpected error looking through the rows",
    "Unexpected error while exporting",
    "Config entry 'Xiaomi",  # Home Assistant's own, of an entry that is not ready
)


@pytest.fixture(autouse=True)
def _no_unexpected_warnings(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail on any warning of the integration that no test expects."""
    yield
    assert [
        record.getMessage()
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if record.levelno >= logging.WARNING
        and record.name.startswith("custom_components.camera_cloud_plan")
        and not record.getMessage().startswith(_EXPECTED_WORDS)
    ] == []


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compare in Home Assistant's own serialisation."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def all_entities_enabled() -> Iterator[None]:
    """Enable also the entities that are off by default."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        new_callable=PropertyMock(return_value=True),
    ):
        yield


@pytest.fixture
def world() -> World:
    """Make a world with one camera for every plan state, over two regions and accounts."""
    return load_world("every_state")


@pytest.fixture
async def sim(world: World, socket_enabled: None) -> AsyncIterator[RunningSimulator]:
    """Serve that world on a loopback port, over real sockets."""
    async with running(world) as simulator:
        yield simulator


async def sign_in(sim: RunningSimulator, user_id: str) -> XiaomiCredentials:
    """Return credentials from a real sign-in by link, approved at the simulator."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        link = LinkSignIn(session, gateway=sim.base_url)
        offered = await link.start()
        assert isinstance(offered, LinkOffered)
        sim.sessions.tickets.approve(URL(offered.url).query["ticket"], user_id)
        async with asyncio.timeout(10):
            credentials = await link.wait()
    assert isinstance(credentials, XiaomiCredentials)
    return credentials


type EntryMaker = Callable[..., Awaitable[MockConfigEntry]]


@pytest.fixture
def make_entry(hass: HomeAssistant, sim: RunningSimulator) -> EntryMaker:
    """Make a config entry of a freshly signed-in account; options can be overridden."""

    async def make(user_id: str = MAINLAND, **options: Any) -> MockConfigEntry:
        credentials = await sign_in(sim, user_id)
        account = f"…{user_id[-4:]}"
        entry = MockConfigEntry(
            domain=DOMAIN,
            title=f"Xiaomi ({account})",
            unique_id=f"xiaomi_{user_id}",
            version=1,
            minor_version=1,
            data={
                "maker": "xiaomi",
                "account": account,
                "credentials": credentials.as_dict(),
                "gateway": sim.base_url,
            },
            options={
                "regions": ["cn", "de"],
                "cameras_excluded": [],
                "poll_hours": 6,
                "show_shared": False,
                "export_pause": 0,  # under a frozen clock none would end
                **options,
            },
        )
        entry.add_to_hass(hass)
        return entry

    return make


@pytest.fixture
async def entry(make_entry: EntryMaker) -> MockConfigEntry:
    """Make the mainland account's config entry, not yet set up."""
    return await make_entry()


@pytest.fixture
async def entry_de(make_entry: EntryMaker) -> MockConfigEntry:
    """Make the European account's config entry, not yet set up."""
    return await make_entry(EUROPE)


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up and see it loaded."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Set the mainland account up."""
    await set_up(hass, entry)
    return entry


@pytest.fixture
async def loaded_de(hass: HomeAssistant, entry_de: MockConfigEntry) -> MockConfigEntry:
    """Set the European account up."""
    await set_up(hass, entry_de)
    return entry_de


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass at once and whatever falls due happen."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


def entity_id(hass: HomeAssistant, camera_id: str, key: str) -> str:
    """Return the entity id of a camera's entity, by its key."""
    (found,) = (
        entity.entity_id
        for entity in er.async_get(hass).entities.values()
        if entity.platform == DOMAIN and entity.unique_id.endswith(f"_{camera_id}_{key}")
    )
    return found


@pytest.fixture
async def housemate(hass: HomeAssistant) -> MockUser:
    """Add a person of the household without administrator's rights."""
    group = await hass.auth.async_get_group("system-users")
    assert group is not None
    return MockUser(groups=[group]).add_to_hass(hass)


@pytest.fixture
async def blueprints(hass: HomeAssistant, tmp_path: Path) -> AsyncIterator[None]:
    """Import the blueprints into a configuration folder of their own; stop what uses them."""
    import_blueprints(hass, tmp_path)
    yield
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


@pytest.fixture
async def repairs(hass: HomeAssistant) -> None:
    """Set up Repairs, which hands out the guided steps."""
    assert await async_setup_component(hass, "repairs", {})
