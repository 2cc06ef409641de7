"""One digest for the whole house: several accounts, one message to each who is told."""

from unittest.mock import patch

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.edits import edit_camera
from simulator.world import World
from simulator.worldfile import load_world

from .acts import STORE_BILLED, Heard, restart
from .alerted import ALERTED, TARGETS, Clock, here, stop_others, until
from .conftest import EUROPE, EntryMaker, set_up
from .phone import Phone
from .test_coordinator import RENEWING, coordinator_of

pytestmark = ALERTED

DIGEST = "2026-11-22T09:00"


@pytest.fixture
def world() -> World:
    """Return a world in which one plan of each account renews, or may."""
    world = load_world("every_state")
    stop_others(world, RENEWING, STORE_BILLED)
    edit_camera(world, STORE_BILLED, {"plan": {"end": "+12d12h", "auto_renew": False}})
    return world


@pytest.fixture
async def entry(make_entry: EntryMaker) -> MockConfigEntry:
    return await make_entry(notify=TARGETS)


async def europe(hass: HomeAssistant, make_entry: EntryMaker, **options: object) -> MockConfigEntry:
    """Set the European account up, by the mainland's rules."""
    entry = await make_entry(EUROPE, **{"rules": "cn", "notify": TARGETS, **options})
    await set_up(hass, entry)
    return entry


async def test_two_accounts_make_one_message(
    hass: HomeAssistant,
    freezer: Clock,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    phone: Phone,
) -> None:
    other = await europe(hass, make_entry)
    heard = [Heard(loaded), Heard(other)]
    await until(hass, freezer, DIGEST, phone=phone)
    (message,) = phone.all
    assert len([line for line in message.lines if line.startswith("• ")]) == 2
    assert [len(one.take()) for one in heard] == [1, 1]
    ((title, text),) = here(hass)
    assert title == message.title
    assert message.lines[0] in text


async def test_what_is_told_once_is_not_told_again_by_the_other(
    hass: HomeAssistant,
    freezer: Clock,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    phone: Phone,
) -> None:
    other = await europe(hass, make_entry)
    await until(hass, freezer, DIGEST, phone=phone)
    await restart(hass, loaded)
    await restart(hass, other)
    await until(hass, freezer, "2026-11-23T12:00", phone=phone)
    assert len(phone.all) == 1
    assert len(here(hass)) == 1


async def test_an_account_with_a_later_digest_keeps_what_was_said_in_the_morning(
    hass: HomeAssistant,
    freezer: Clock,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    phone: Phone,
) -> None:
    await europe(hass, make_entry, quiet_from="00:00:00", quiet_until="15:00:00")
    for hour in ("14:59", "15:00", "16:00"):
        await until(hass, freezer, f"2026-11-22T{hour}", phone=phone)
    first, second = phone.all
    assert (first.at, second.at) == ("Sun 22 08:00", "Sun 22 15:00")
    assert first.data["tag"] == second.data["tag"]
    assert first.lines[0] in second.text
    assert len([line for line in second.lines if line.startswith("• ")]) == 2


async def test_each_hears_of_the_accounts_that_name_them(
    hass: HomeAssistant,
    freezer: Clock,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    phone: Phone,
) -> None:
    """The phone of one account says nothing of the other; Home Assistant shows both."""
    await europe(hass, make_entry, notify=["persistent_notification"])
    await until(hass, freezer, DIGEST, phone=phone)
    (message,) = phone.all
    assert message.title == "Plan charge coming: Renewing, Tue 1 Dec"
    ((title, text),) = here(hass)
    assert title != message.title
    assert text.count("• ") == 2

    # Its button answers the phone, and leaves the other's line standing here.
    await phone.press(message.buttons["Keep"])
    assert phone.last.title == "Kept: Renewing"
    ((_, left),) = here(hass)
    assert "Renewal unknown" in left
    assert "Renewing" not in left


async def test_one_button_puts_both_accounts_off(
    hass: HomeAssistant,
    freezer: Clock,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    phone: Phone,
) -> None:
    other = await europe(hass, make_entry)
    await until(hass, freezer, DIGEST, phone=phone)
    (first,) = phone.all
    await restart(hass, other)
    await phone.press(first.buttons["Tomorrow"])
    assert [message.title for message in phone.all[1:]] == ["Tomorrow again: 2 plans"]
    await until(hass, freezer, "2026-11-23T09:00", phone=phone)
    assert phone.last.title == first.title
    assert len(phone.all) == 3


async def test_an_account_that_is_loaded_anew_takes_nothing_down(
    hass: HomeAssistant,
    freezer: Clock,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    phone: Phone,
) -> None:
    other = await europe(hass, make_entry)
    await until(hass, freezer, DIGEST, phone=phone)
    shown = here(hass)
    await hass.config_entries.async_unload(other.entry_id)
    coordinator_of(loaded).async_show(RENEWING)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert here(hass) == shown
    await hass.config_entries.async_remove(other.entry_id)
    coordinator_of(loaded).async_show(RENEWING)
    await hass.async_block_till_done(wait_background_tasks=True)
    (title, _), (left, _) = here(hass)
    assert title == "Plan charge coming: Renewing, Tue 1 Dec"
    assert left.endswith("was removed: what stays")


async def test_what_somebody_took_down_stays_down(
    hass: HomeAssistant,
    freezer: Clock,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    phone: Phone,
) -> None:
    await europe(hass, make_entry)
    await until(hass, freezer, DIGEST, phone=phone)
    persistent_notification.async_dismiss_all(hass)
    coordinator_of(loaded).async_show(RENEWING)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert here(hass) == []


async def test_a_mistake_with_one_account_silences_no_other(
    hass: HomeAssistant,
    freezer: Clock,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    phone: Phone,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And the one is looked at again."""
    other = await europe(hass, make_entry)
    desk = coordinator_of(other).alerts
    with patch.object(desk, "_part", side_effect=ZeroDivisionError):
        await until(hass, freezer, DIGEST, phone=phone)
    (first,) = phone.all
    assert first.title == "Plan charge coming: Renewing, Tue 1 Dec"
    assert "Unexpected error with the alerts" in caplog.text
    caplog.clear()
    await until(hass, freezer, "2026-11-22T12:00", phone=phone)
    assert phone.last.text.count("• ") == 2


async def test_what_reached_nobody_stands_here(
    hass: HomeAssistant,
    freezer: Clock,
    make_entry: EntryMaker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All of it, though each account names somebody else."""
    await set_up(hass, await make_entry(notify=["notify.gone"]))
    await europe(hass, make_entry, notify=["notify.away"])
    await until(hass, freezer, DIGEST)
    ((_, text),) = here(hass)
    assert text.count("• ") == 2
    assert "Nobody could be told at notify.gone" in caplog.text
    assert "Nobody could be told at notify.away" in caplog.text
    caplog.clear()
