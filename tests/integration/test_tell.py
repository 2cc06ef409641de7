"""Telling people: where they chose, in few messages, each step in place of the last."""

from datetime import UTC, datetime, timedelta
import logging
from typing import Any, override

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.notify import NotifyEntity
from homeassistant.components.notify.const import DATA_COMPONENT, NotifyEntityFeature
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.camera_cloud_plan.casework.desk import Casework
from custom_components.camera_cloud_plan.plan import Activity, Wish
from simulator.edits import add_camera
from simulator.server import RunningSimulator
from simulator.spelling import device_entry
from simulator.world import World
from simulator.worldfile import load_world
from tests.contract.shipped import LANGUAGES, words

from .conftest import entity_id, pass_time

RENEWING = "2000000003"
ALL = tuple(f"20000000{number:02}" for number in (*range(1, 6), *range(71, 74)))
WHEN = datetime(2026, 11, 22, 12, tzinfo=UTC)

OPENED = Activity.CANCELLATION_OPENED
CONFIRMED = Activity.CANCELLATION_CONFIRMED
WITHDRAWN = Activity.CANCELLATION_WITHDRAWN

PHONE = "notify.mobile_app_phone"
DISPLAY = "notify.display"


class Shown:
    """What Home Assistant shows, read as its frontend does."""

    def __init__(self, hass: HomeAssistant, ws: WebSocketGenerator) -> None:
        self.hass = hass
        self.ws = ws

    async def all(self) -> list[dict[str, Any]]:
        client = await self.ws(self.hass)
        await client.send_json_auto_id({"type": "persistent_notification/get"})
        found: list[dict[str, Any]] = (await client.receive_json())["result"]
        return found

    async def titles(self) -> list[str]:
        return sorted(notification["title"] for notification in await self.all())

    async def only(self) -> dict[str, Any]:
        (notification,) = await self.all()
        return notification


@pytest.fixture
async def shown(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Shown:
    assert await async_setup_component(hass, "persistent_notification", {})
    return Shown(hass, hass_ws_client)


@pytest.fixture
def now(freezer: FrozenDateTimeFactory) -> FrozenDateTimeFactory:
    """Stop the clock at a known moment."""
    freezer.move_to(WHEN)
    return freezer


@pytest.fixture
def world() -> World:
    """Return the world of every plan state, with a few cameras more for the mainland account."""
    world = load_world("every_state")
    model = device_entry(world.camera(RENEWING), world)
    for camera_id in ALL[-3:]:
        mac = f"02:E5:00:00:01:{camera_id[-2:]}"
        names = {"en": f"Camera {camera_id}", "zh": f"摄像头 {camera_id}"}
        add_camera(world, {**model, "did": camera_id, "mac": mac, "names": names})
    return world


@pytest.fixture
async def casework(hass: HomeAssistant, now: object, loaded: MockConfigEntry) -> Casework:
    """Return the loaded account's casework, which tells through its teller."""
    await hass.config.async_set_time_zone("UTC")
    found: Casework = loaded.runtime_data.coordinator.casework
    return found


def some(casework: Casework, count: int) -> list[str]:
    """Return so many cameras of the account, the renewing one among them."""
    cameras = [RENEWING, *(camera_id for camera_id in ALL if camera_id != RENEWING)][:count]
    assert all(casework._reader.known(camera_id) for camera_id in cameras)
    return cameras


def tell(casework: Casework, activity: Activity, *cameras: str, **facts: object) -> None:
    for camera_id in cameras or (RENEWING,):
        casework.async_tell(camera_id, activity, facts, to_people=True)


def choose(casework: Casework, *targets: str) -> None:
    entry, hass = casework._entry, casework._hass
    hass.config_entries.async_update_entry(entry, options={**entry.options, "notify": [*targets]})


async def add_display(
    hass: HomeAssistant, *, title: bool, name: str = "display"
) -> list[ServiceCall]:
    """Add a notify entity and return what it is asked to show."""
    features = NotifyEntityFeature.TITLE if title else NotifyEntityFeature(0)
    hass.states.async_set(f"notify.{name}", "unknown", {"supported_features": features})
    return async_mock_service(hass, "notify", "send_message")


# --- At the toggle ---


async def test_a_press_is_answered_within_two_seconds(
    hass: HomeAssistant, now: FrozenDateTimeFactory, casework: Casework, shown: Shown
) -> None:
    """One notification, which leads to the step and does not tell the camera's id."""
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call(
            "switch",
            "turn_off",
            {"entity_id": entity_id(hass, RENEWING, "auto_renewal")},
            blocking=True,
        )
    await pass_time(hass, now, 1.1)
    notification = await shown.only()
    assert notification["title"] == "One step left: Renewing"
    assert notification["message"] == (
        "Renewal is still on. Only you can switch it off where the plan was bought. "
        "It takes about a minute.\n\n[Show me](/config/repairs)"
    )
    assert RENEWING not in notification["notification_id"]


async def test_the_next_step_takes_the_place_of_the_last(
    hass: HomeAssistant,
    now: FrozenDateTimeFactory,
    casework: Casework,
    shown: Shown,
    sim: RunningSimulator,
) -> None:
    """From the first press to what was read, through real readings."""
    plan = casework._reader.known(RENEWING)
    assert plan is not None
    await casework.async_open(plan, Wish.OFF)
    await pass_time(hass, now, 1.1)
    first = await shown.only()
    await casework.async_done(RENEWING)
    assert await shown.all() == []
    sim.world.switch_renewal(RENEWING, on=False)
    now.tick(5)
    assert await casework.async_check(RENEWING)
    await pass_time(hass, now, 1.1)
    last = await shown.only()
    assert last["notification_id"] == first["notification_id"]
    assert last["title"] == "Off, confirmed: Renewing"
    assert "It is confirmed that the plan no longer renews." in last["message"]
    assert "/config/repairs" not in last["message"]


async def test_withdrawing_takes_the_message_back(
    hass: HomeAssistant, now: FrozenDateTimeFactory, casework: Casework, shown: Shown
) -> None:
    """Before it was told, and after."""
    tell(casework, OPENED)
    tell(casework, WITHDRAWN)
    await pass_time(hass, now, 1.1)
    assert await shown.all() == []
    tell(casework, OPENED)
    await pass_time(hass, now, 1.1)
    assert await shown.titles() == ["One step left: Renewing"]
    tell(casework, WITHDRAWN)
    assert await shown.all() == []


async def test_only_the_last_of_what_comes_at_once_is_told(
    hass: HomeAssistant, now: FrozenDateTimeFactory, casework: Casework, shown: Shown
) -> None:
    """As when a request works within a second."""
    tell(casework, OPENED)
    tell(casework, Activity.CANCELLATION_REQUEST_SENT)
    tell(casework, CONFIRMED)
    await pass_time(hass, now, 1.1)
    assert await shown.titles() == ["Off, confirmed: Renewing"]


async def test_different_matters_do_not_hide_each_other(
    hass: HomeAssistant, now: FrozenDateTimeFactory, casework: Casework, shown: Shown
) -> None:
    tell(casework, OPENED)
    tell(casework, Activity.UPLOAD_OFF)
    tell(casework, Activity.CAMERA_OFFLINE)
    await pass_time(hass, now, 1.1)
    assert await shown.titles() == [
        "One step left: Renewing",
        "Renewing is offline, its plan goes on",
        "Renewing uploads nothing, but its plan renews",
    ]
    tell(casework, WITHDRAWN)
    assert len(await shown.all()) == 2


# --- Many cameras ---


async def test_five_cameras_are_told_of_one_by_one(
    hass: HomeAssistant, now: FrozenDateTimeFactory, casework: Casework, shown: Shown
) -> None:
    tell(casework, OPENED, *some(casework, 5))
    await pass_time(hass, now, 1.1)
    titles = await shown.titles()
    assert len(titles) == 5
    assert all(title.startswith("One step left: ") for title in titles)


async def test_more_than_five_cameras_make_one_message(
    hass: HomeAssistant, now: FrozenDateTimeFactory, casework: Casework, shown: Shown
) -> None:
    """It takes the place of theirs, shrinks with those withdrawn, and goes with the last."""
    cameras = some(casework, 6)
    tell(casework, OPENED, *cameras[:2])
    await pass_time(hass, now, 1.1)
    assert len(await shown.all()) == 2
    tell(casework, OPENED, *cameras)
    await pass_time(hass, now, 1.1)
    notification = await shown.only()
    assert notification["title"] == "One step left for 6 cameras"
    lines = notification["message"].split("\n")
    assert sum(line.startswith("• ") for line in lines) == 6
    assert "• Renewing" in lines
    assert lines[-1] == "[Show me](/config/repairs)"

    tell(casework, WITHDRAWN, RENEWING)
    shrunk = await shown.only()
    assert shrunk["notification_id"] == notification["notification_id"]
    assert shrunk["title"] == "One step left for 5 cameras"
    assert "• Renewing" not in shrunk["message"]

    tell(casework, CONFIRMED, cameras[1])
    await pass_time(hass, now, 1.1)
    assert "One step left for 4 cameras" in await shown.titles()
    tell(casework, WITHDRAWN, *cameras)
    assert await shown.all() == []


async def test_others_join_the_message_about_many(
    hass: HomeAssistant, now: FrozenDateTimeFactory, casework: Casework, shown: Shown
) -> None:
    cameras = some(casework, 7)
    tell(casework, OPENED, *cameras[:6])
    await pass_time(hass, now, 1.1)
    tell(casework, OPENED, *cameras[1:])
    await pass_time(hass, now, 1.1)
    assert await shown.titles() == ["One step left for 7 cameras"]


async def test_a_batch_is_collected_however_long_it_takes(
    hass: HomeAssistant, now: FrozenDateTimeFactory, casework: Casework, shown: Shown
) -> None:
    cameras = some(casework, 6)
    tell(casework, OPENED, cameras[0])
    with casework.batch():
        for camera_id in cameras[1:]:
            tell(casework, OPENED, camera_id)
            await pass_time(hass, now, 2)
        assert await shown.all() == []
    await pass_time(hass, now, 0.1)
    assert await shown.titles() == ["One step left for 6 cameras"]


# --- Other ways to tell ---


@pytest.fixture
def phone(hass: HomeAssistant) -> list[ServiceCall]:
    """Return what is sent to a phone."""
    return async_mock_service(hass, "notify", "mobile_app_phone")


async def test_a_phone_gets_a_link(
    hass: HomeAssistant,
    now: FrozenDateTimeFactory,
    casework: Casework,
    shown: Shown,
    phone: list[ServiceCall],
) -> None:
    """The next step's message takes the place of the last there too."""
    choose(casework, PHONE)
    tell(casework, OPENED)
    await pass_time(hass, now, 1.1)
    tell(casework, CONFIRMED)
    await pass_time(hass, now, 1.1)
    first, last = (dict(call.data) for call in phone)
    tag = first["data"].pop("tag")
    assert first == {
        "title": "One step left: Renewing",
        "message": "Renewal is still on. Only you can switch it off where the plan was bought. "
        "It takes about a minute.",
        "data": {"url": "/config/repairs", "clickAction": "/config/repairs"},
    }
    assert last["title"] == "Off, confirmed: Renewing"
    assert last["data"] == {"tag": tag}
    assert RENEWING not in tag
    assert await shown.all() == []


@pytest.mark.parametrize("title", [True, False])
async def test_a_notify_entity_says_where_to_go(
    hass: HomeAssistant,
    now: FrozenDateTimeFactory,
    casework: Casework,
    title: bool,
) -> None:
    """It knows no links, and maybe no title: that must not get lost."""
    display = await add_display(hass, title=title)
    choose(casework, DISPLAY)
    tell(casework, Activity.UPLOAD_OFF)
    await pass_time(hass, now, 1.1)
    (call,) = display
    said = dict(call.data)
    assert said.pop("entity_id") == DISPLAY
    heading = "Renewing uploads nothing, but its plan renews"
    assert ("title" in said) is title
    assert said.get("title", said["message"].split("\n")[0]) == heading
    assert said["message"].endswith("\nOpen Settings → Repairs.")
    assert "](" not in said["message"]


async def test_a_notify_entity_is_really_reached(
    hass: HomeAssistant,
    now: FrozenDateTimeFactory,
    casework: Casework,
) -> None:
    """Through Home Assistant's own action, not only as these tests imagine it."""
    said = []

    class Display(NotifyEntity):
        entity_id = DISPLAY

        @override
        async def async_send_message(self, message: str, title: str | None = None) -> None:
            said.append((title, message.partition(".")[0]))

    assert await async_setup_component(hass, "notify", {})
    await hass.data[DATA_COMPONENT].async_add_entities([Display()])
    choose(casework, DISPLAY)
    tell(casework, OPENED)
    await pass_time(hass, now, 1.1)
    assert said == [(None, "One step left: Renewing\nRenewal is still on")]


async def test_a_way_that_fails_is_named_once_and_hides_no_other(
    hass: HomeAssistant,
    now: FrozenDateTimeFactory,
    casework: Casework,
    shown: Shown,
    phone: list[ServiceCall],
    caplog: pytest.LogCaptureFixture,
) -> None:
    choose(casework, DISPLAY, "notify.mobile_app_lost", "persistent_notification", PHONE)
    works = False

    def fail(_: ServiceCall) -> None:
        if not works:
            raise HomeAssistantError("webhook 8f2c")

    await add_display(hass, title=True)
    hass.services.async_register("notify", "send_message", fail)

    def complaints() -> list[str]:
        found = [
            record.getMessage()
            for record in caplog.records
            if record.levelno >= logging.WARNING and "Nobody could be told" in record.message
        ]
        caplog.clear()
        return sorted(found)

    tell(casework, OPENED)
    await pass_time(hass, now, 1.1)
    assert complaints() == [
        "Nobody could be told at notify.display: HomeAssistantError",
        "Nobody could be told at notify.mobile_app_lost: LookupError",
    ]
    tell(casework, OPENED)
    await pass_time(hass, now, 1.1)
    assert complaints() == []
    assert len(phone) == 2
    assert await shown.titles() == ["One step left: Renewing"]

    works = True
    tell(casework, OPENED)
    await pass_time(hass, now, 1.1)
    works = False
    tell(casework, OPENED)
    await pass_time(hass, now, 1.1)
    assert complaints() == ["Nobody could be told at notify.display: HomeAssistantError"]


async def test_nobody_is_told_if_nobody_wants_to_be(
    hass: HomeAssistant,
    now: FrozenDateTimeFactory,
    casework: Casework,
    shown: Shown,
    phone: list[ServiceCall],
) -> None:
    choose(casework)
    tell(casework, OPENED)
    tell(casework, CONFIRMED, *some(casework, 7))
    await pass_time(hass, now, 1.1)
    assert await shown.all() == []
    assert not phone


# --- When ---


async def test_nothing_is_told_before_home_assistant_has_started(
    hass: HomeAssistant,
    now: FrozenDateTimeFactory,
    casework: Casework,
    shown: Shown,
) -> None:
    """The ways to tell may not be there yet; nothing is lost of it."""
    hass.set_state(CoreState.starting)
    choose(casework, "persistent_notification", PHONE)
    tell(casework, OPENED)
    await pass_time(hass, now, 60)
    assert await shown.all() == []
    phone = async_mock_service(hass, "notify", "mobile_app_phone")
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await shown.titles() == ["One step left: Renewing"]
    assert len(phone) == 1


async def test_what_waits_is_told_when_the_account_is_unloaded(
    hass: HomeAssistant, loaded: MockConfigEntry, casework: Casework, shown: Shown
) -> None:
    tell(casework, OPENED)
    await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await shown.titles() == ["One step left: Renewing"]


# --- Words ---


async def said_of(hass: HomeAssistant, now: FrozenDateTimeFactory, shown: Shown) -> tuple[str, str]:
    await pass_time(hass, now, 1.1)
    notification = await shown.only()
    return notification["title"], notification["message"].partition("\n")[0]


async def test_facts_are_said_where_they_are_known(
    hass: HomeAssistant, now: FrozenDateTimeFactory, casework: Casework, shown: Shown
) -> None:
    """A moment is local and spoken; a line whose value is unknown is left out."""
    tell(
        casework,
        Activity.CANCELLATION_NOT_EFFECTIVE,
        asked_on=WHEN - timedelta(days=3),
        checks=7,
        earliest=WHEN + timedelta(hours=1),
        latest=WHEN + timedelta(days=3),
    )
    title, message = await said_of(hass, now, shown)
    assert title == "Renewing: renewal is not confirmed off"
    assert message.endswith(
        "You asked for it on Thu 19 Nov, 12:00. Checks since then: 7. "
        "The next charge would come between Sun 22 Nov, 13:00 and Wed 25 Nov, 12:00."
    )
    tell(
        casework,
        Activity.RENEWED_AFTER_CANCELLING,
        old_end=WHEN,
        new_end=WHEN + timedelta(days=30),
    )
    title, message = await said_of(hass, now, shown)
    assert title == "Renewing was renewed after you switched it off"
    assert message.endswith("Its end moved from Sun 22 Nov, 12:00 to Tue 22 Dec, 12:00.")
    assert "charge" not in f"{title}{message}"


async def test_what_is_over_or_unknown_is_not_said(
    hass: HomeAssistant, now: FrozenDateTimeFactory, casework: Casework, shown: Shown
) -> None:
    tell(casework, CONFIRMED, plan_ends=WHEN + timedelta(days=1))
    assert "The plan works until Mon 23 Nov, 12:00." in (await said_of(hass, now, shown))[1]
    tell(casework, CONFIRMED, plan_ends=WHEN - timedelta(days=1))
    assert "until" not in (await said_of(hass, now, shown))[1]
    never_bought = "2000000001"
    casework.async_tell(RENEWING, WITHDRAWN, to_people=True)
    casework.async_tell(never_bought, Activity.CANCELLATION_NOT_EFFECTIVE, to_people=True)
    assert (await said_of(hass, now, shown))[1].endswith("Look at it now.")


async def test_in_chinese(
    hass: HomeAssistant, now: FrozenDateTimeFactory, casework: Casework, shown: Shown
) -> None:
    hass.config.language = "zh-Hans"
    tell(casework, OPENED)
    await pass_time(hass, now, 1.1)
    notification = await shown.only()
    assert notification["title"] == "还差一步：Renewing"
    assert notification["message"] == (
        "自动续费还开着，需要您本人到购买处关闭，大约一分钟。\n\n[去操作](/config/repairs)"
    )


# What is only shown as an event: people have just done it, or it is as it should be.
SILENT = {
    Activity.CANCELLATION_STEP_DONE,
    Activity.CANCELLATION_REQUEST_SENT,
    Activity.CANCELLATION_WITHDRAWN,
    Activity.TURN_ON_STEP_DONE,
    Activity.TURN_ON_REQUEST_SENT,
    Activity.TURN_ON_WITHDRAWN,
    Activity.RENEWED,
    Activity.RENEWAL_SWITCHED_OFF,
    Activity.CHARGE_AHEAD,  # in a message of the day's own
    Activity.PLAN_ENDING,
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_all_that_is_told_has_words(
    hass: HomeAssistant,
    now: FrozenDateTimeFactory,
    casework: Casework,
    phone: list[ServiceCall],
    language: str,
) -> None:
    """Of one camera and of many, with every fact; and what is silent is."""
    hass.config.language = language
    choose(casework, PHONE)
    facts = {
        "asked_on": WHEN,
        "checks": 3,
        "earliest": WHEN + timedelta(days=1),
        "latest": WHEN + timedelta(days=4),
        "plan_ends": WHEN + timedelta(days=4),
        "old_end": WHEN,
        "new_end": WHEN + timedelta(days=31),
        "finding": "two_renewals",
        "key": "two_renewals:1",
    }
    for activity in Activity:
        for cameras in ([RENEWING], some(casework, 6)):
            tell(casework, activity, *cameras, **facts)
            await pass_time(hass, now, 1.1)
        if activity in SILENT:
            assert not phone, activity
            continue
        one, many = (call.data for call in phone)
        phone.clear()
        assert "Renewing" in one["title"]
        assert "6" in many["title"]
        assert many["message"].count("\n• ") == 6
        for call in (one, many):
            assert "{" not in f"{call['title']}{call['message']}"


def test_no_words_are_left_over() -> None:
    told = {*Activity} - SILENT
    for language in LANGUAGES:
        keys = {key for key in words(language)["common"] if key.startswith("tell_")}
        lines = {"asked", "charge", "ends", "moved", "saved", "not_saved", "waits"}
        lines |= {"show_me", "where"}
        assert keys == {
            *(f"tell_{activity}{part}" for activity in told for part in ("", "_many", "_message")),
            *(f"tell_{line}" for line in lines),
        }
