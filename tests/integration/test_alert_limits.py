"""Limits: told once when a forecast exceeds them; and what is remembered of it all."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.plan import Activity
from custom_components.camera_cloud_plan.plan.alerts import AlertMemory, Cycle, Keep
from custom_components.camera_cloud_plan.plan.rules import StageKind
from custom_components.camera_cloud_plan.telling.alert_book import AlertBook, Digest, Line
from simulator.edits import edit_camera
from simulator.server import RunningSimulator
from simulator.world import World
from simulator.worldfile import load_world

from .acts import Heard, attention, issue_keys, restart
from .alerted import ALERTED, TARGETS, Clock, add_like, here, stop_others, until
from .conftest import EntryMaker, set_up
from .phone import Phone
from .test_coordinator import RENEWING, coordinator_of

pytestmark = ALERTED

NAME = "7-day cloud storage, monthly"
SIX = {NAME: {"price": "6.00", "currency": "CNY", "term_months": 1}}


@pytest.fixture
def world() -> World:
    """Return a world in which one plan of the mainland account renews."""
    world = load_world("every_state")
    stop_others(world, RENEWING)
    return world


@pytest.fixture
async def entry(make_entry: EntryMaker) -> MockConfigEntry:
    return await make_entry(notify=TARGETS)


async def limited(hass: HomeAssistant, make_entry: EntryMaker, **limits: str) -> MockConfigEntry:
    """Set the account up with prices and limits."""
    entry = await make_entry(notify=TARGETS, tariffs=SIX, limit_currency="CNY", **limits)
    await set_up(hass, entry)
    return entry


# --- Limits ---


async def test_a_charge_above_its_limit_is_told_once(
    hass: HomeAssistant, freezer: Clock, make_entry: EntryMaker, phone: Phone
) -> None:
    """The next one of the plan, with the day's digest; a restart repeats nothing."""
    entry = await limited(hass, make_entry, charge_limit="5.00")
    over = "Renewing: 6.00 CNY is above your limit of 5.00 CNY for one charge."
    for day in (22, 23, 24):
        await until(hass, freezer, f"2026-11-{day}T12:00", phone=phone)
        await restart(hass, entry)
    assert [message.text.count(over) for message in phone.all] == [0, 1]
    assert phone.last.at == "Sun 22 09:00"
    assert len(here(hass)) == 1


async def test_nothing_above_a_limit_is_nothing_to_tell(
    hass: HomeAssistant, freezer: Clock, make_entry: EntryMaker, phone: Phone
) -> None:
    await limited(hass, make_entry, charge_limit="6.00", month_limit="6.00")
    await until(hass, freezer, "2026-11-24T12:00", phone=phone)
    assert [message.at for message in phone.all] == ["Sun 22 08:00"]


async def test_a_month_above_its_limit_is_told_once(
    hass: HomeAssistant, freezer: Clock, world: World, make_entry: EntryMaker, phone: Phone
) -> None:
    add_like(world, RENEWING, 1)
    entry = await limited(hass, make_entry, month_limit="10.00")
    await until(hass, freezer, "2026-11-25T12:00", phone=phone)
    assert phone.last.at == "Sun 22 09:00"
    assert phone.last.title == "2 plan charges coming, the first on Tue 1 Dec"
    over = [line for line in phone.last.lines if "limit" in line]
    assert over[0] == (
        "• Dec 2026: 12.00 CNY in charges is expected, above your limit of 10.00 CNY for a month."
    )
    assert len(phone.all) == 2
    assert coordinator_of(entry).alerts.digest is not None


async def test_a_limit_alone_makes_a_message_of_its_own(
    hass: HomeAssistant, freezer: Clock, world: World, make_entry: EntryMaker, phone: Phone
) -> None:
    """Of a charge that is far away yet."""
    edit_camera(world, RENEWING, {"plan": {"end": "+20d12h"}})
    await limited(hass, make_entry, charge_limit="5.00")
    await until(hass, freezer, "2026-11-22T12:00", phone=phone)
    (message,) = phone.all
    assert message.title == "Plan charges above your limit"
    assert message.buttons == {}


async def test_a_charge_that_is_kept_is_above_no_limit(
    hass: HomeAssistant, freezer: Clock, make_entry: EntryMaker, phone: Phone
) -> None:
    entry = await limited(hass, make_entry, charge_limit="5.00")
    await coordinator_of(entry).alerts.async_keep({RENEWING: Keep.PLAN})
    await until(hass, freezer, "2026-11-24T12:00", phone=phone)
    assert phone.all == []


# --- Offline ---


@pytest.mark.parametrize("kept", [True, False])
async def test_an_offline_camera_is_told_of_once_and_kept_ones_need_nobody(
    hass: HomeAssistant,
    freezer: Clock,
    sim: RunningSimulator,
    loaded: MockConfigEntry,
    phone: Phone,
    kept: bool,
) -> None:
    if kept:
        await coordinator_of(loaded).alerts.async_keep({RENEWING: Keep.PLAN})
    edit_camera(sim.cloud.world, RENEWING, {"online": False})
    heard = Heard(loaded)
    await until(hass, freezer, "2026-11-27T12:00", phone=phone)
    told = [message for message in phone.all if "offline" in message.title]
    assert [message.title for message in told] == ["Renewing is offline, its plan goes on"]
    assert heard.take().count(Activity.CAMERA_OFFLINE) == 1
    assert issue_keys(hass) == ([] if kept else ["camera_offline"])
    reasons = [item["reason"] for item in attention(hass)]
    assert ("camera_offline" in reasons) is not kept


# --- What is remembered ---


def memory(**more: Any) -> AlertMemory:
    ends_at = datetime(2026, 12, 4, 11, tzinfo=UTC)
    cycles: Mapping[str, Cycle] = {"one": Cycle(ends_at=ends_at, reached=5)}
    return AlertMemory(cycles=cycles, **more)


async def test_all_that_is_remembered_survives(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    book = AlertBook(hass, "entry")
    await book.async_load()
    line = Line(cycle="one", kind=StageKind.MONTHLY, stage_days=5)
    digest = Digest(at=datetime(2026, 11, 22, 1, tzinfo=UTC), lines={RENEWING: line})
    book.async_put(RENEWING, memory(keep=Keep.CHARGE, kept_cycle="one"))
    book.async_put_digest(digest)
    book.async_put_limits(frozenset({"month:2026-12"}))
    await book.async_flush()
    again = AlertBook(hass, "entry")
    await again.async_load()
    assert again.get(RENEWING) == book.get(RENEWING)
    assert again.digest == digest
    assert again.limits == {"month:2026-12"}
    book.async_forget(RENEWING)
    await book.async_flush()
    stored = hass_storage[f"{DOMAIN}.entry.alerts"]["data"]
    assert RENEWING not in str(stored)


async def test_what_is_kept_survives_damage(
    hass: HomeAssistant, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """One camera's damage costs no other anything, and its owner's decision stays."""
    book = AlertBook(hass, "entry")
    assert await book.async_decide(
        {camera_id: memory(keep=Keep.PLAN) for camera_id in ("1", "2", "3")}
    )
    stored = hass_storage[f"{DOMAIN}.entry.alerts"]["data"]
    stored["plans"]["1"]["cycles"] = "?"
    stored["plans"]["2"] = 7
    stored["digest"] = {"at": "yesterday"}
    stored["limits"] = {"odd": 1}
    again = AlertBook(hass, "entry")
    await again.async_load()
    assert again.get("1") == AlertMemory(keep=Keep.PLAN)
    assert again.get("2") == AlertMemory()
    assert again.get("3") == memory(keep=Keep.PLAN)
    assert again.digest is None
    assert again.limits == frozenset()
    complaints = [text for text in caplog.messages if "damaged" in text]
    assert len(complaints) == 3
    assert not any(f'"{key}"' in text for text in complaints for key in ("1", "2", "3"))


async def test_what_is_remembered_goes_with_the_account(
    hass: HomeAssistant,
    freezer: Clock,
    loaded: MockConfigEntry,
    phone: Phone,
    hass_storage: dict[str, Any],
) -> None:
    await until(hass, freezer, "2026-11-22T09:00", phone=phone)
    key = f"{DOMAIN}.{loaded.entry_id}.alerts"
    assert key in hass_storage
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert key not in hass_storage
