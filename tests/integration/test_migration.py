"""Whoever updates keeps what they have: entries and stored files of every landed version.

Each file in `landed` was written by the code of one commit, set up against the simulator at
the same moment: what it stored of an account, with a cancellation that waits for its owner,
one whose step is done, and what else that version kept. Only the sign-in is left out.

| file | commit | what it was the first to keep |
|---|---|---|
| plans | 8576af2 | an account, its last readings, cancellations by config entry |
| cancellations | 87d5d16 | cancellations by account, what was noticed, who bills, the direct way |
| recordings | cb61357 | exports: one that waits, and what the last came to |
| warnings | 8cdc538 | which plans are kept, when people are told, plans that are typed in |
| ledger | cf581d3 | ledgers, a charge that is taken up, what voice may do |
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
import json
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_RESTORED, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.const import (
    DOMAIN,
    ENTRY_MINOR_VERSION,
    ENTRY_VERSION,
)
from custom_components.camera_cloud_plan.devices import account_key
from custom_components.camera_cloud_plan.plan import Activity
from custom_components.camera_cloud_plan.plan.alerts import Keep
from simulator.server import RunningSimulator
from simulator.world import World
from simulator.worldfile import load_world

from .acts import TRIAL, settle
from .conftest import MAINLAND, pass_time, set_up, sign_in
from .ledgers import desk_of, is_whole, kinds_of, rows_of
from .test_coordinator import NOT_RENEWING, RENEWING, as_of, coordinator_of, state_of

LANDED = ("plans", "cancellations", "recordings", "warnings", "ledger")
STORED_AT = datetime.fromisoformat("2026-11-22T12:00:00+00:00")

type Storage = dict[str, Any]
type Update = Callable[..., Any]


@pytest.fixture
def world(freezer: FrozenDateTimeFactory) -> World:
    """Make the world of that moment; the update comes a little later."""
    freezer.move_to(STORED_AT)
    made = load_world("every_state")
    freezer.tick(600)
    return made


@pytest.fixture
def update(
    hass: HomeAssistant, hass_storage: Storage, sim: RunningSimulator, tmp_path: Path
) -> Update:
    """Put what a version left on disk under the code of now, as an update does."""
    media = tmp_path / "media"
    media.mkdir()
    hass.config.media_dirs = {"local": str(media)}

    async def put(version: str, *, in_outage: bool = False) -> tuple[Any, list[MockConfigEntry]]:
        path = Path(__file__).parent / "landed" / f"{version}.json"
        left = json.loads(path.read_text(encoding="utf-8").replace("MEDIA", str(media)))
        hass_storage.update(left["storage"])
        for name, content in left.get("files", {}).items():
            (tmp_path / DOMAIN).mkdir(exist_ok=True)
            (tmp_path / DOMAIN / name).write_text(content, encoding="utf-8")
        entries = []
        for stored in left["entries"]:
            if "credentials" in stored["data"]:
                signed_in = await sign_in(sim, MAINLAND)
                stored["data"] |= {"credentials": signed_in.as_dict(), "gateway": sim.base_url}
            entry = MockConfigEntry(
                domain=DOMAIN,
                **{key: stored[key] for key in ("data", "entry_id", "options", "title")},
                **{key: stored[key] for key in ("unique_id", "version", "minor_version")},
                subentries_data=stored["subentries"],
            )
            entry.add_to_hass(hass)
            entries.append(entry)
        for domain, unique_id, entity_id, disabled_by, entry_number in left["entities"]:
            er.async_get(hass).async_get_or_create(
                domain,
                DOMAIN,
                unique_id,
                suggested_object_id=entity_id.partition(".")[2],
                config_entry=entries[entry_number],
                disabled_by=er.RegistryEntryDisabler(disabled_by) if disabled_by else None,
            )
        if in_outage:
            # Without its folder the export waits as well: it would try and try again.
            sim.faults.add("http_status", status=503)
        else:
            (media / DOMAIN).mkdir()
        await hass.config_entries.async_setup(entries[0].entry_id)
        await settle(hass)
        return left, entries

    return put


@pytest.mark.parametrize("version", LANDED)
async def test_an_update_keeps_the_account_its_choices_and_its_entities(
    hass: HomeAssistant, update: Update, version: str
) -> None:
    left, entries = await update(version)
    for entry, stored in zip(entries, left["entries"], strict=True):
        assert entry.state is ConfigEntryState.LOADED
        assert (entry.version, entry.minor_version) == (ENTRY_VERSION, ENTRY_MINOR_VERSION)
        assert entry.options == stored["options"]
        assert {**entry.data}.keys() == stored["data"].keys()
    for domain, unique_id, entity_id, disabled_by, _ in left["entities"]:
        assert er.async_get(hass).async_get_entity_id(domain, DOMAIN, unique_id) == entity_id
        if disabled_by is None:
            state = hass.states.get(entity_id)
            assert state is not None, entity_id
            assert state.state != STATE_UNAVAILABLE, entity_id
            assert ATTR_RESTORED not in state.attributes, entity_id


@pytest.mark.parametrize("version", LANDED)
async def test_an_update_loses_no_cancellation_and_tells_nothing_anew(
    hass: HomeAssistant, hass_storage: Storage, update: Update, version: str
) -> None:
    _, (account, *_rest) = await update(version)
    cases = coordinator_of(account).cases
    assert cases.open_cameras == {RENEWING, TRIAL}
    waiting, done = cases.get(RENEWING), cases.get(TRIAL)
    assert waiting is not None
    assert done is not None
    assert (waiting.opened_at, waiting.done_at) == (STORED_AT, None)
    assert done.done_at == STORED_AT.replace(minute=1)
    assert state_of(hass, RENEWING, "cancellation") == "waiting_for_you"
    assert state_of(hass, TRIAL, "cancellation") == "checking"
    issues = {issue.translation_key for issue in ir.async_get(hass).issues.values()}
    assert issues - {"charged"} == {"plan_cancellation"}
    assert f"{DOMAIN}.{account_key(account)}.cases" in hass_storage
    assert f"{DOMAIN}.{account.entry_id}.cancellations" not in hass_storage
    (activity,) = (
        state
        for state in hass.states.async_all("event")
        if state.entity_id.startswith("event.xiaomi_cloud_plans")
    )
    assert activity.attributes["event_type"] in {None, Activity.RECORDINGS_SAVED}


@pytest.mark.parametrize("version", LANDED)
async def test_an_update_in_an_outage_shows_the_last_good_data(
    hass: HomeAssistant, update: Update, version: str
) -> None:
    _, (account, *_rest) = await update(version, in_outage=True)
    assert account.state is ConfigEntryState.LOADED
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    read_at = as_of(hass, RENEWING)
    assert read_at is not None
    assert (read_at - STORED_AT).total_seconds() < 120


@pytest.mark.parametrize("version", LANDED[2:])
async def test_an_update_goes_on_with_exports(
    hass: HomeAssistant,
    update: Update,
    hass_storage: Storage,
    freezer: FrozenDateTimeFactory,
    version: str,
) -> None:
    left, (account, *_rest) = await update(version)
    key = f"{DOMAIN}.{account_key(account)}.exports"
    stored = left["storage"][key]["data"]
    assert [*stored["orders"]] == [NOT_RENEWING]
    # The one that waits is taken up, and done: there is nothing to save.
    async with asyncio.timeout(20):
        while hass_storage[key]["data"]["orders"]:
            await pass_time(hass, freezer, 30)
    now = hass_storage[key]["data"]
    assert now["last"][RENEWING].items() >= stored["last"][RENEWING].items()
    assert now["last"][NOT_RENEWING]["order"] == stored["orders"][NOT_RENEWING]
    assert now["last"][NOT_RENEWING]["whole"] is True


async def test_an_update_keeps_what_is_kept_and_what_is_typed_in(
    hass: HomeAssistant, update: Update
) -> None:
    _, (account, typed) = await update("warnings")
    assert coordinator_of(account).alerts.kept(TRIAL) is Keep.PLAN
    assert coordinator_of(account).alerts.kept(RENEWING) is None
    ((plan_id, plan),) = typed.subentries.items()
    assert plan.title == "Doorbell"
    assert state_of(hass, plan_id, "auto_renewal") == "on"
    assert state_of(hass, plan_id, "plan_status") == "active_renewing"


async def test_an_update_keeps_the_ledger_and_a_charge_that_is_taken_up(
    hass: HomeAssistant, update: Update, told_of_findings: None
) -> None:
    """It goes on with the rows as they are, and writes none of what it knows once more."""
    left, (account, *_rest) = await update("ledger")
    path = desk_of(account).file.path
    before = left["files"][path.name].splitlines()
    now = path.read_text(encoding="utf-8").splitlines()
    assert now[: len(before)] == before
    assert is_whole(account)
    kinds = kinds_of(rows_of(account))
    for once in ("ledger_opened", "plan_seen"):
        assert once not in kinds[len(before) :]
    (claim,) = (
        issue for issue in ir.async_get(hass).issues.values() if issue.translation_key == "charged"
    )
    assert claim.data is not None
    assert claim.data["camera_id"] == NOT_RENEWING


async def test_an_entry_of_a_later_minor_version_is_left_as_it_is(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    later = ENTRY_MINOR_VERSION + 1
    hass.config_entries.async_update_entry(
        entry, minor_version=later, options={**entry.options, "of_a_later_version": 1}
    )
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.minor_version == later
    assert entry.options["of_a_later_version"] == 1


async def test_an_entry_of_a_later_major_version_is_refused_in_words(
    hass: HomeAssistant, entry: MockConfigEntry, entry_de: MockConfigEntry
) -> None:
    """Nothing of it is changed, so that the newer version finds it whole."""
    hass.config_entries.async_update_entry(entry, version=ENTRY_VERSION + 1)
    before = entry.as_dict()
    await set_up(hass, entry_de)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert entry.as_dict() == before
    (issue,) = ir.async_get(hass).issues.values()
    assert issue.translation_key == "made_by_newer_version"
    assert issue.translation_placeholders == {"account": entry.title}
    await hass.config_entries.async_remove(entry.entry_id)
    assert not ir.async_get(hass).issues
