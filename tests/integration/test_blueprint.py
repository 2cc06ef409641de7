"""The charge reminder, run on Home Assistant's own automation engine."""

from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, SERVICE_RELOAD
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_get_persistent_notifications,
    async_mock_service,
)

from custom_components.camera_cloud_plan.plan.alerts import Keep
from simulator.edits import edit_camera
from simulator.server import RunningSimulator

from .acts import STORE_BILLED, TRIAL, direct_way, settle
from .automations import add_phone, automate, charge_at, press_button, to_moment
from .conftest import EntryMaker, entity_id, set_up
from .test_coordinator import RENEWING, coordinator_of, refresh
from .typed import typed_in

REMINDER = "charge_reminder"
NOON = "2026-11-22T12:00:00+00:00"
NO_QUIET = "09:00:00"
ACCOUNT_SENSOR = "sensor.xiaomi_cloud_plans_0011_next_charge_of_all_cameras"

pytestmark = [pytest.mark.freeze_time(NOON), pytest.mark.usefixtures("blueprints")]


@pytest.fixture
async def calls(hass: HomeAssistant) -> list[ServiceCall]:
    """Note what the reminder does besides the phones."""
    return async_mock_service(hass, "notify", "send")


@pytest.fixture
async def phone(hass: HomeAssistant) -> str:
    """Register a phone; return its device."""
    return await add_phone(hass, "Mei's phone")


@pytest.fixture
async def pushes(hass: HomeAssistant, calls: list[ServiceCall]) -> list[ServiceCall]:
    """Note what the phone gets."""
    return async_mock_service(hass, "notify", "mobile_app_mei_s_phone")


async def remind(hass: HomeAssistant, sensor: str, **inputs: Any) -> None:
    """Set up an automation that uses the blueprint, without quiet hours unless told."""
    send = [{"action": "notify.send", "data": {"title": "{{ title }}", "text": "{{ message }}"}}]
    given = {"notify": send, "quiet_from": NO_QUIET, "quiet_until": NO_QUIET, **inputs}
    await automate(hass, REMINDER, {"next_charge": sensor, **given})


def due(hass: HomeAssistant, sensor: str, hours: float = 72) -> datetime:
    """Return when the reminder falls due."""
    return charge_at(hass, sensor) - timedelta(hours=hours)


def buttons(push: ServiceCall) -> dict[str, str]:
    """Return the buttons of a message on the phone: what each sends, by its words."""
    return {button["title"]: button["action"] for button in push.data["data"]["actions"]}


async def test_reminds_at_the_chosen_time_before_the_earliest_moment(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor)
    moment = due(hass, sensor)
    await to_moment(hass, freezer, moment - timedelta(seconds=1))
    assert calls == []
    await to_moment(hass, freezer, moment)
    (call,) = calls
    assert call.data["title"] == "Renewing: a plan charge is coming"
    assert (
        "A charge is expected between Tue 1 Dec, 16:00 and Fri 4 Dec, 16:00. To end it: Mi Home"
        in call.data["text"]
    )


async def test_the_time_before_can_be_chosen(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, lead="-24:00:00")
    moment = due(hass, sensor, hours=24)
    await to_moment(hass, freezer, moment - timedelta(seconds=1))
    assert calls == []
    await to_moment(hass, freezer, moment)
    assert len(calls) == 1


async def test_a_moved_charge_moves_the_reminder(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor)
    before = due(hass, sensor)
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+20d"}})
    await refresh(hass, loaded)
    await to_moment(hass, freezer, before)
    assert calls == []
    await to_moment(hass, freezer, due(hass, sensor))
    assert len(calls) == 1


async def test_a_plan_that_was_ended_is_not_reminded_of(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor)
    moment = due(hass, sensor)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    await to_moment(hass, freezer, moment + timedelta(days=1))
    assert calls == []


async def test_an_unknown_renewal_is_reminded_of_in_words_that_say_so(
    hass: HomeAssistant,
    loaded_de: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, STORE_BILLED, "next_charge")
    await remind(hass, sensor)
    await to_moment(hass, freezer, due(hass, sensor))
    (call,) = calls
    assert call.data["title"] == "Renewal unknown: a plan charge may be coming"
    assert "Nobody can see from here whether this plan renews" in call.data["text"]
    assert "Google Play or iPhone" in call.data["text"]


async def test_the_accounts_sensor_names_the_camera(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    await remind(hass, ACCOUNT_SENSOR)
    await to_moment(hass, freezer, due(hass, ACCOUNT_SENSOR))
    (call,) = calls
    assert call.data["title"] == "Trial: the trial is about to turn paid"


async def test_a_typed_plan_is_told_with_its_price_and_whose_word_it_is(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, calls: list[ServiceCall]
) -> None:
    plan = await typed_in(hass, price=39.9, currency="EUR", notice_days=14, billed_by="seller")
    sensor = entity_id(hass, plan, "next_charge")
    await remind(hass, sensor)
    await to_moment(hass, freezer, due(hass, sensor))
    (call,) = calls
    assert call.data["title"] == "Doorbell: a plan charge is coming"
    assert call.data["text"] == (
        "A charge of 39.90 EUR is expected between Wed 2 Dec, 00:00 and Thu 3 Dec, 23:59, by what"
        " you typed in. To end it: the page or app of its seller."
    )


async def test_it_speaks_chinese(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, language="zh")
    await to_moment(hass, freezer, due(hass, sensor))
    (call,) = calls
    assert call.data["title"] == "Renewing：套餐即将扣费"
    assert "12月1日（周二）16:00 至 12月4日（周五）16:00 之间扣费" in call.data["text"]
    assert "米家 App" in call.data["text"]


async def test_without_phones_home_assistant_itself_shows_it(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await async_setup_component(hass, "persistent_notification", {})
    sensor = entity_id(hass, RENEWING, "next_charge")
    await automate(hass, REMINDER, {"next_charge": sensor})
    await to_moment(hass, freezer, due(hass, sensor))
    shown = async_get_persistent_notifications(hass)
    (notification,) = shown.values()
    assert notification["title"] == "Renewing: a plan charge is coming"


# --- Once, and never missed ---


async def test_each_charge_is_told_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor)
    moment = due(hass, sensor)
    # Every morning it looks, and every reading changes something of the sensor.
    for hours in range(0, 75, 3):
        await to_moment(hass, freezer, moment + timedelta(hours=hours))
        state = hass.states.get(sensor)
        assert state
        hass.states.async_set(sensor, state.state, {**state.attributes, "looked": hours})
        await settle(hass)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("quiet", "told_after_hours"),
    [(("15:30:00", "17:30:00"), 1.5), (("15:30:00", "08:00:00"), 16), ((NO_QUIET, NO_QUIET), 0)],
    ids=("by day", "over midnight", "no quiet hours"),
)
async def test_what_falls_into_the_quiet_hours_is_told_when_they_end(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
    quiet: tuple[str, str],
    told_after_hours: float,
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, quiet_from=quiet[0], quiet_until=quiet[1])
    moment = due(hass, sensor)
    assert f"{dt_util.as_local(moment):%H:%M}" == "16:00"
    await to_moment(hass, freezer, moment)
    assert len(calls) == (0 if told_after_hours else 1)
    await to_moment(hass, freezer, moment + timedelta(hours=told_after_hours))
    assert len(calls) == 1


async def test_a_charge_that_comes_before_the_quiet_hours_end_is_told_at_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, lead="-01:00:00", quiet_from="14:00:00", quiet_until="17:00:00")
    await to_moment(hass, freezer, due(hass, sensor, hours=1))
    assert len(calls) == 1


async def test_a_charge_that_is_seen_late_is_told_as_soon_as_it_is_seen(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor)
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+4d"}})
    await refresh(hass, loaded)
    assert len(calls) == 1


async def test_a_reminder_missed_while_home_assistant_was_off_is_made_up_for_at_the_start(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    freezer.move_to(due(hass, sensor) + timedelta(hours=1))
    hass.set_state(CoreState.starting)
    await remind(hass, sensor)
    assert calls == []
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle(hass)
    assert len(calls) == 1


# --- Buttons ---


async def test_a_phone_gets_three_buttons_and_the_way_to_the_camera(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    phone: str,
    pushes: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, phones=[phone])
    await to_moment(hass, freezer, due(hass, sensor))
    (push,) = pushes
    assert push.data["title"] == "Renewing: a plan charge is coming"
    assert [*buttons(push)] == ["Show me how", "Keep", "Tomorrow"]
    page = f"/config/devices/device/{device_of(hass, sensor)}"
    assert push.data["data"]["url"] == push.data["data"]["clickAction"] == page


async def test_a_phone_that_is_gone_keeps_the_rest_from_nothing(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    phone: str,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, phones=[phone, "no such device"])
    await to_moment(hass, freezer, due(hass, sensor))
    assert len(calls) == 1


async def test_show_me_how_sends_the_steps_and_asks_nobody_for_anything(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    phone: str,
    pushes: list[ServiceCall],
) -> None:
    # Not even where the owner lets the switch send a request.
    entry = await make_entry(renewal_request=direct_way(by_switch=True))
    await set_up(hass, entry)
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, phones=[phone])
    await to_moment(hass, freezer, due(hass, sensor))
    asked = sim.requests.total()
    await press_button(hass, buttons(pushes[0])["Show me how"])
    steps = pushes[1].data
    assert steps["title"] == "Renewing: how to stop its plan"
    assert steps["message"].startswith("1. Mi Home: the camera, Cloud storage, auto-renewal. Turn")
    assert steps["data"]["actions"] == []
    assert steps["data"]["url"].endswith(device_of(hass, sensor))
    assert sim.requests.total() == asked
    assert coordinator_of(entry).cases.get(RENEWING) is None


async def test_keep_keeps_the_charge_and_nothing_else(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    phone: str,
    pushes: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, phones=[phone])
    await to_moment(hass, freezer, due(hass, sensor))
    await press_button(hass, buttons(pushes[0])["Keep"])
    await settle(hass)
    alerts = coordinator_of(loaded).alerts
    assert {camera: alerts.kept(camera) for camera in (RENEWING, TRIAL)} == {
        RENEWING: Keep.CHARGE,
        TRIAL: None,
    }
    # Whatever happens to the sensor, no more is said of this charge.
    await refresh(hass, loaded)
    await to_moment(hass, freezer, charge_at(hass, sensor) + timedelta(hours=1))
    assert len(pushes) == 1


async def test_a_plan_that_is_kept_is_not_reminded_of(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await coordinator_of(loaded).alerts.async_keep({RENEWING: Keep.PLAN})
    await settle(hass)
    await remind(hass, sensor)
    await to_moment(hass, freezer, due(hass, sensor) + timedelta(hours=1))
    assert calls == []


async def test_tomorrow_says_it_again_a_day_later(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    phone: str,
    pushes: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, phones=[phone])
    moment = due(hass, sensor)
    await to_moment(hass, freezer, moment)
    for day in (1, 2):
        await press_button(hass, buttons(pushes[-1])["Tomorrow"])
        moment += timedelta(days=1)
        await to_moment(hass, freezer, moment - timedelta(seconds=1), waits=True)
        assert len(pushes) == day
        await to_moment(hass, freezer, moment)
        assert len(pushes) == day + 1
    assert pushes[0].data == pushes[1].data == pushes[2].data


async def test_tomorrow_says_nothing_of_a_plan_that_was_ended_meanwhile(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    phone: str,
    pushes: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, phones=[phone])
    moment = due(hass, sensor)
    await to_moment(hass, freezer, moment)
    await press_button(hass, buttons(pushes[0])["Tomorrow"])
    sim.world.switch_renewal(RENEWING, on=False)
    await coordinator_of(loaded).async_refresh()
    await to_moment(hass, freezer, moment + timedelta(hours=25))
    assert len(pushes) == 1


async def test_a_button_still_works_after_the_automation_was_loaded_anew(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    phone: str,
    pushes: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, phones=[phone])
    await to_moment(hass, freezer, due(hass, sensor))
    await hass.services.async_call("automation", SERVICE_RELOAD, blocking=True)
    await press_button(hass, buttons(pushes[0])["Show me how"])
    assert len(pushes) == 2


async def test_buttons_of_others_and_of_charges_that_are_over_do_nothing(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    phone: str,
    pushes: list[ServiceCall],
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    await remind(hass, sensor, phones=[phone])
    await to_moment(hass, freezer, due(hass, sensor))
    how = buttons(pushes[0])["Show me how"]
    for foreign in ("", "ALARM_SNOOZE", "camera_plan:how", f"{how}_2"):
        await press_button(hass, foreign)
    # Its last moment is three days after the earliest.
    freezer.move_to(charge_at(hass, sensor) + timedelta(days=3))
    await press_button(hass, how)
    assert len(pushes) == 1


def device_of(hass: HomeAssistant, sensor: str) -> str:
    entity = er.async_get(hass).async_get(sensor)
    assert entity
    assert entity.device_id
    assert dr.async_get(hass).async_get(entity.device_id)
    return entity.device_id
