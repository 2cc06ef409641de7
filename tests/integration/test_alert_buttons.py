"""The buttons of a digest: show me how, keep, tomorrow; whoever presses, whenever."""

from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.plan import Activity, CaseState, clock
from custom_components.camera_cloud_plan.plan.alerts import Keep
from custom_components.camera_cloud_plan.telling.alert_words import Verb, action_of
from simulator.server import RunningSimulator
from simulator.world import World
from simulator.worldfile import load_world

from .acts import (
    Heard,
    act,
    device_id,
    direct_way,
    issue_keys,
    press_off,
    restart,
    standing,
)
from .alerted import ALERTED, HOUR, TARGETS, Clock, add_like, here, stop_others, until
from .conftest import EntryMaker, pass_time, set_up
from .phone import Phone
from .test_config_flow import start_options
from .test_coordinator import NOT_RENEWING, RENEWING, coordinator_of, refresh

pytestmark = ALERTED

DIGEST = "2026-11-22T09:00"


def tag(phone: Phone) -> str:
    """Return what the digest is known by on a phone."""
    found: str = phone.all[0].data["tag"]
    return found


@pytest.fixture
def world() -> World:
    """Return a world in which one plan of the mainland account renews."""
    world = load_world("every_state")
    stop_others(world, RENEWING)
    return world


@pytest.fixture
async def entry(make_entry: EntryMaker) -> MockConfigEntry:
    return await make_entry(notify=TARGETS)


@pytest.fixture
async def told(
    hass: HomeAssistant, freezer: Clock, loaded: MockConfigEntry, phone: Phone
) -> MockConfigEntry:
    """Return the account of which the phone was told this morning."""
    await until(hass, freezer, DIGEST, phone=phone)
    assert len(phone.all) == 1
    return loaded


# --- Show me how ---


async def test_show_me_how_opens_the_guided_way(
    hass: HomeAssistant,
    freezer: Clock,
    told: MockConfigEntry,
    phone: Phone,
    hass_admin_user: MockUser,
) -> None:
    """What pressing off would tell takes the digest's place."""
    digest = phone.last
    await phone.press(digest.buttons["Show me how"], hass_admin_user.id)
    assert standing(told) is CaseState.WAITING_FOR_YOU
    assert issue_keys(hass) == ["plan_cancellation"]
    assert (phone.last.text, phone.last.data) == ("clear_notification", {"tag": tag(phone)})
    await pass_time(hass, freezer, 2)
    assert phone.last.title == "One step left: Renewing"
    assert phone.last.data["url"] == "/config/repairs"
    assert [title for title, _ in here(hass)] == ["One step left: Renewing"]

    await phone.press(digest.buttons["Show me how"], hass_admin_user.id)
    assert phone.last.data == {
        "tag": tag(phone),
        "url": "/config/repairs",
        "clickAction": "/config/repairs",
    }


async def test_no_button_ever_sends_anything(
    hass: HomeAssistant,
    freezer: Clock,
    sim: RunningSimulator,
    make_entry: EntryMaker,
    phone: Phone,
    hass_admin_user: MockUser,
) -> None:
    """Not even where the owner lets the switch send."""
    entry = await make_entry(notify=TARGETS, renewal_request=direct_way(by_switch=True))
    await set_up(hass, entry)
    await until(hass, freezer, DIGEST, phone=phone)
    await phone.press(phone.last.buttons["Show me how"], hass_admin_user.id)
    assert standing(entry) is CaseState.WAITING_FOR_YOU
    assert not sim.requests.renewals[RENEWING]


async def test_for_somebody_else_the_owner_is_told(
    hass: HomeAssistant, told: MockConfigEntry, phone: Phone, housemate: MockUser
) -> None:
    heard = Heard(told)
    await phone.press(phone.last.buttons["Show me how"], housemate.id)
    assert heard.take() == [Activity.CANCELLATION_OPENED]
    answer = phone.last
    assert answer.data == {"tag": tag(phone)}
    assert answer.text == ("Renewal is still on. The rest has been sent to the owner of this home.")


# --- Keep ---


async def test_keep_silences_this_charge_only(
    hass: HomeAssistant, freezer: Clock, told: MockConfigEntry, phone: Phone
) -> None:
    heard = Heard(told)
    await phone.press(phone.last.buttons["Keep"])
    first, answer = phone.all
    assert (answer.title, answer.text) == ("Kept: Renewing", "No more about this charge.")
    assert answer.data == {"tag": first.data["tag"]}
    assert here(hass) == [("Kept: Renewing", "No more about this charge.")]
    assert coordinator_of(told).alerts.kept(RENEWING) is Keep.CHARGE
    await until(hass, freezer, "2026-12-22T12:00", phone=phone)
    assert heard.take() == [Activity.RENEWED, Activity.CHARGE_AHEAD]
    assert len(phone.all) == 3
    assert "Fri 1 Jan" in phone.last.text


async def test_what_is_kept_is_on_disk_before_it_is_said(
    hass: HomeAssistant, told: MockConfigEntry, hass_storage: dict[str, Any], phone: Phone
) -> None:
    await phone.press(phone.last.buttons["Keep"])
    stored = hass_storage[f"{DOMAIN}.{told.entry_id}.alerts"]["data"]
    assert stored["plans"][RENEWING]["keep"] == "charge"


async def test_what_cannot_be_written_is_not_called_kept(
    hass: HomeAssistant, told: MockConfigEntry, phone: Phone
) -> None:
    with patch("custom_components.camera_cloud_plan.telling.alert_book.LenientStore.async_save"):
        await phone.press(phone.last.buttons["Keep"])
    assert phone.last.title == "Renewing"
    assert phone.last.text.startswith("What you want to keep could not be saved")
    assert coordinator_of(told).alerts.kept(RENEWING) is None


# --- Tomorrow ---


async def test_tomorrow_brings_it_up_once_more(
    hass: HomeAssistant, freezer: Clock, told: MockConfigEntry, phone: Phone
) -> None:
    heard = Heard(told)
    await phone.press(phone.last.buttons["Tomorrow"])
    first, answer = phone.all
    assert answer.title == "Tomorrow again: Renewing"
    assert answer.text == "You hear of it again on Mon 23 Nov, 09:00."
    await until(hass, freezer, "2026-11-25T12:00", phone=phone)
    again = phone.all[2]
    assert (again.at, again.title) == ("Mon 23 09:00", first.title)
    assert len(phone.all) == 3
    assert heard.take() == []


async def test_several_are_put_off_together(
    hass: HomeAssistant, freezer: Clock, world: World, loaded: MockConfigEntry, phone: Phone
) -> None:
    for number in range(3):
        add_like(world, RENEWING, number)
    await refresh(hass, loaded)
    await until(hass, freezer, DIGEST, phone=phone)
    await restart(hass, loaded)
    await phone.press(phone.last.buttons["Tomorrow"])
    assert phone.last.title == "Tomorrow again: 4 plans"
    await until(hass, freezer, "2026-11-23T09:00", phone=phone)
    assert phone.last.title == "4 plan charges coming, the first on Tue 1 Dec"


# --- Whenever, whoever ---


async def test_several_are_put_off_though_time_passes_while_they_are_told(
    hass: HomeAssistant, freezer: Clock, world: World, loaded: MockConfigEntry, phone: Phone
) -> None:
    """As it does anywhere but in tests."""
    add_like(world, RENEWING, 1)
    await refresh(hass, loaded)

    async def take_a_while(*about: Any) -> dict[str, str]:
        freezer.tick(0.001)
        return await async_get_translations(*about)

    with patch(
        "custom_components.camera_cloud_plan.telling.house.async_get_translations",
        side_effect=take_a_while,
    ):
        await until(hass, freezer, DIGEST, phone=phone)
        await phone.press(phone.last.buttons["Tomorrow"])
    assert phone.last.title == "Tomorrow again: 2 plans"


async def test_several_are_put_off_though_the_digest_went_on_elsewhere(
    hass: HomeAssistant, freezer: Clock, world: World, loaded: MockConfigEntry, phone: Phone
) -> None:
    """As where another account, of another phone, has something to tell later that day."""
    add_like(world, RENEWING, 1)
    await refresh(hass, loaded)
    await until(hass, freezer, DIGEST, phone=phone)
    freezer.tick(HOUR)
    desk = coordinator_of(loaded).alerts
    desk.remember(clock.now(), [*desk.parts_of_day(clock.now())])
    await phone.press(phone.last.buttons["Tomorrow"])
    assert phone.last.title == "Tomorrow again: 2 plans"


@pytest.mark.parametrize("button", ["Show me how", "Keep", "Tomorrow"])
async def test_buttons_work_after_a_restart(
    hass: HomeAssistant, told: MockConfigEntry, phone: Phone, button: str
) -> None:
    await restart(hass, told)
    await phone.press(phone.last.buttons[button])
    assert tag(phone) in [message.data["tag"] for message in phone.all[1:]]


@pytest.mark.parametrize("button", ["Show me how", "Keep", "Tomorrow"])
async def test_a_button_of_a_term_that_is_over_does_nothing(
    hass: HomeAssistant, freezer: Clock, told: MockConfigEntry, phone: Phone, button: str
) -> None:
    action = phone.last.buttons[button]
    await until(hass, freezer, "2026-12-06T12:00", phone=phone)
    so_far = len(phone.all)
    await phone.press(action)
    assert len(phone.all) == so_far
    assert standing(told) is None
    assert coordinator_of(told).alerts.kept(RENEWING) is None


async def test_a_button_of_another_account_or_of_nobody_does_nothing(
    hass: HomeAssistant, told: MockConfigEntry, phone: Phone
) -> None:
    cycle = coordinator_of(told).alerts.cycle(RENEWING)
    assert cycle is not None
    for action in (
        action_of(Verb.KEEP, "another", RENEWING, cycle),
        f"{DOMAIN}_keep_",
        "OPEN_GARAGE",
        None,
    ):
        hass.bus.async_fire("mobile_app_notification_action", {"action": action})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(phone.all) == 1
    assert coordinator_of(told).alerts.kept(RENEWING) is None


@pytest.mark.parametrize("button", ["Show me how", "Keep", "Tomorrow"])
async def test_who_may_only_look_presses_in_vain(
    hass: HomeAssistant,
    told: MockConfigEntry,
    phone: Phone,
    hass_read_only_user: MockUser,
    button: str,
) -> None:
    for user_id in (hass_read_only_user.id, "nobody"):
        await phone.press(phone.last.buttons[button], user_id)
    assert len(phone.all) == 1
    assert standing(told) is None
    assert coordinator_of(told).alerts.kept(RENEWING) is None


async def test_after_an_unload_buttons_do_nothing(
    hass: HomeAssistant, told: MockConfigEntry, phone: Phone
) -> None:
    await hass.config_entries.async_unload(told.entry_id)
    await phone.press(phone.last.buttons["Keep"])
    assert len(phone.all) == 1


# --- The same in other ways ---


async def keep(hass: HomeAssistant, what: str, camera_id: str = RENEWING) -> dict[str, Any]:
    """Call the action for one camera and return its row."""
    data: dict[str, Any] = {"device_id": device_id(hass, camera_id), "for": what}
    (row,) = await act(hass, "keep_plan", None, **data)
    return row


async def test_the_action_keeps_and_reminds_again(
    hass: HomeAssistant, freezer: Clock, told: MockConfigEntry, phone: Phone
) -> None:
    """Home Assistant's own notification goes, as there is nothing in it any more."""
    row = await keep(hass, "plan")
    assert (row["state"], row["camera"]) == ("plan_kept", "Renewing")
    assert here(hass) == []
    await restart(hass, told)
    assert coordinator_of(told).alerts.kept(RENEWING) is Keep.PLAN
    assert (await keep(hass, "none"))["state"] == "reminded"
    await until(hass, freezer, "2026-11-26T12:00", phone=phone)
    assert len(phone.all) == 2
    assert (await keep(hass, "charge"))["state"] == "charge_kept"
    assert (await keep(hass, "plan", NOT_RENEWING))["state"] == "no_charge_ahead"


async def test_the_action_says_what_could_not_be_kept(
    hass: HomeAssistant, told: MockConfigEntry
) -> None:
    with patch("custom_components.camera_cloud_plan.telling.alert_book.LenientStore.async_save"):
        row = await keep(hass, "plan")
    assert row["state"] == "not_kept"
    assert coordinator_of(told).alerts.kept(RENEWING) is None


async def test_the_options_list_what_is_kept(
    hass: HomeAssistant, sim: RunningSimulator, world: World, loaded: MockConfigEntry
) -> None:
    other = add_like(world, RENEWING, 1)
    await refresh(hass, loaded)
    dialogue = await start_options(hass, sim, loaded, "kept")
    schema = dialogue.result["data_schema"].schema
    assert [choice["label"] for choice in schema["keep_plan"].config["options"]] == [
        "Camera 1",
        "Renewing",
    ]
    await dialogue.answer(keep_plan=[RENEWING], keep_charge=[RENEWING, other])
    desk = coordinator_of(loaded).alerts
    assert {key: desk.kept(key) for key in (RENEWING, other)} == {
        RENEWING: Keep.PLAN,
        other: Keep.CHARGE,
    }
    again = await start_options(hass, sim, loaded, "kept")
    assert again.result["data_schema"]({}) == {"keep_plan": [RENEWING], "keep_charge": [other]}
    with patch("custom_components.camera_cloud_plan.telling.alert_book.LenientStore.async_save"):
        await again.answer(keep_plan=[], keep_charge=[])
    assert again.error == "keep_not_saved"
    assert desk.kept(RENEWING) is Keep.PLAN
    await again.answer(keep_plan=[], keep_charge=[])
    assert desk.kept(RENEWING) is None


async def test_a_cancellation_that_is_open_has_no_keeping(
    hass: HomeAssistant, told: MockConfigEntry
) -> None:
    """The digest that Home Assistant shows makes way for its message."""
    await press_off(hass)
    assert [title for title, _ in here(hass)] == []
