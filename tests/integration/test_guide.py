"""The guided cancellation: every screen, every ending, and that nothing is sent but questions."""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.plan import Case, CaseState, Channel, Wish, clock
from simulator.edits import add_camera, edit_camera
from simulator.server import RunningSimulator
from simulator.spelling import device_entry
from simulator.world import DROP, Misbehaviour

from .acts import (
    STORE_BILLED,
    TRIAL,
    case_of,
    device_id,
    issue_keys,
    issue_of,
    live,
    press,
    press_off,
    restart,
    settle,
    standing,
)
from .conftest import set_up
from .guided import Guide
from .test_coordinator import (
    ORDERS_PATH,
    RENEWING,
    STATUS_PATH,
    coordinator_of,
    refresh,
    state_of,
)

pytestmark = pytest.mark.usefixtures("repairs")

LIST_PATHS = ("/common/app/get/eventlist", "/common/app/get/cloudlist")
AGAIN = ["check", "steps", "leave", "keep"]


@pytest.fixture
async def known(hass: HomeAssistant, loaded: MockConfigEntry) -> MockConfigEntry:
    """Have said already that the maker bills."""
    await coordinator_of(loaded).async_set_billed_by(Channel.MI_PAY)
    return loaded


@pytest.fixture
async def known_de(hass: HomeAssistant, loaded_de: MockConfigEntry) -> MockConfigEntry:
    """Have said already that Google bills."""
    await coordinator_of(loaded_de).async_set_billed_by(Channel.GOOGLE_PLAY)
    return loaded_de


# --- The good case ---


async def test_three_screens_and_five_taps_from_the_notification(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    await press_off(hass)
    sim.requests.reset()
    taps = 2  # the notification's link, and the issue in the list
    guide = await Guide.open(hass)
    assert guide.shows == "decide"
    assert guide.buttons == ["steps", "save_first", "keep"]
    assert "each about 7 days after it was recorded" in guide.said

    await guide.tap("steps")
    taps += 1
    assert guide.shows == "mi_home"
    assert "I keep reminding you until" in guide.said
    assert "Menus move between versions" in guide.said
    sim.world.switch_renewal(RENEWING, on=False)

    await guide.tap()
    taps += 1
    assert guide.shows == "finished: confirmed"
    assert "Off. Confirmed by Xiaomi" in guide.said
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    assert not issue_keys(hass)
    # Closing the frontend's own last page is the fifth tap.
    assert taps == 4
    # One reading with its second witness, and nothing else, ever.
    assert {path for _host, path, _status in sim.requests.counts} == {
        STATUS_PATH,
        ORDERS_PATH,
        *LIST_PATHS,
    }
    assert not sim.requests.renewals


@pytest.mark.freeze_time("2026-11-22T12:00:00+00:00")
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "So, 6. Dezember, 01:00 Uhr"),
        ("en", "Sun 6 Dec, 01:00"),
        ("zh-Hans", "12月6日（周日）01:00"),
        ("zh-Hant", "Sun 6 Dec, 01:00"),  # none of ours: English, and all of it
    ],
)
async def test_moments_are_said_in_the_local_zone_and_language(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sim: RunningSimulator,
    language: str,
    said: str,
) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    hass.config.language = language
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+13d5h"}})
    await set_up(hass, entry)
    await coordinator_of(entry).async_set_billed_by(None)
    await press_off(hass)
    guide = await Guide.open(hass)
    assert said in guide.read().get(language, guide.said)


async def test_the_name_that_people_gave_the_camera_is_used(
    hass: HomeAssistant, known: MockConfigEntry
) -> None:
    dr.async_get(hass).async_update_device(device_id(hass, RENEWING), name_by_user="Front gate")
    await press_off(hass)
    guide = await Guide.open(hass)
    assert "Stop renewal for Front gate?" in guide.said


# --- Who takes the money ---


async def test_who_bills_is_asked_once_for_the_whole_account(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    assert guide.shows == "seller"
    assert guide.buttons == [
        "billed_by_mi_pay",
        "billed_by_wechat_pay",
        "billed_by_alipay",
        "billed_by_apple",
        "billed_by_unknown",
    ]
    await guide.tap("billed_by_wechat_pay")
    assert guide.shows == "decide"
    assert coordinator_of(loaded).billed_by(TRIAL) is Channel.WECHAT_PAY
    await guide.tap("keep")

    await press_off(hass, TRIAL)
    guide = await Guide.open(hass)
    assert guide.shows == "decide"
    await guide.tap("steps")
    assert guide.shows == "wechat_pay"


@pytest.mark.parametrize(
    ("answer", "door"),
    [
        ("billed_by_mi_pay", "mi_home"),
        ("billed_by_wechat_pay", "wechat_pay"),
        ("billed_by_alipay", "alipay"),
        ("billed_by_apple", "apple"),
        ("billed_by_unknown", "mi_home"),
    ],
)
async def test_every_answer_leads_to_its_door(
    hass: HomeAssistant, loaded: MockConfigEntry, answer: str, door: str
) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    await guide.tap(answer)
    assert guide.shows == "decide"
    await guide.tap("steps")
    assert guide.shows == door
    # Only what is not the seller's own word is said to differ.
    assert ("Menus move" in guide.said) is (door != "apple")
    await guide.tap()
    assert case_of(loaded).done_at is not None
    assert guide.shows == "still_on"


@pytest.mark.parametrize("phone", ["google_play", "apple"])
async def test_abroad_the_phone_decides_where_it_is_not_known_who_bills(
    hass: HomeAssistant, loaded_de: MockConfigEntry, phone: str
) -> None:
    await press_off(hass, STORE_BILLED)
    guide = await Guide.open(hass)
    assert guide.buttons == ["billed_by_google_play", "billed_by_apple", "billed_by_unknown"]
    await guide.tap("billed_by_unknown")
    assert guide.shows == "decide_unsure"
    await guide.tap("steps")
    assert (guide.shows, guide.buttons) == ("shop", ["google_play", "apple"])
    await guide.tap(phone)
    assert guide.shows == phone


async def test_google_is_told_by_name(hass: HomeAssistant, loaded_de: MockConfigEntry) -> None:
    await press_off(hass, STORE_BILLED)
    guide = await Guide.open(hass)
    await guide.tap("billed_by_google_play")
    await guide.tap("steps")
    assert guide.shows == "google_play"


# --- Decide ---


async def test_inside_the_charge_window_that_is_said_first(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+20h", "charged": "at end"}})
    await refresh(hass, known)
    await press_off(hass)
    guide = await Guide.open(hass)
    assert guide.shows == "decide_late"
    text = guide.said.split("\n")[1]
    assert text.startswith("**A charge may already be on its way.**")
    await guide.tap("steps")
    assert "I keep reminding you. " in guide.said
    await guide.tap()
    assert guide.shows == "still_on"


async def test_the_same_of_a_plan_that_may_renew(
    hass: HomeAssistant, known_de: MockConfigEntry, sim: RunningSimulator
) -> None:
    edit_camera(sim.world, STORE_BILLED, {"plan": {"end": "+20h", "charged": "at end"}})
    await refresh(hass, known_de)
    await press_off(hass, STORE_BILLED)
    guide = await Guide.open(hass)
    assert guide.shows == "decide_unsure_late"
    await guide.tap("keep")
    assert guide.shows == "abort: kept_unsure"


async def test_unknown_dates_are_left_out(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    edit_camera(
        sim.world, RENEWING, {"wire_overrides": {"endTime": DROP, "rollingSaveInterval": DROP}}
    )
    await refresh(hass, known)
    await press_off(hass)
    guide = await Guide.open(hass)
    assert guide.shows == "decide_no_dates"
    assert "disappears one by one." in guide.said
    sim.world.switch_renewal(RENEWING, on=False)
    await (await guide.tap("steps")).tap()
    assert guide.shows == "finished: confirmed_no_end"


async def test_unknown_dates_are_left_out_of_what_was_kept(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    edit_camera(sim.world, RENEWING, {"wire_overrides": {"endTime": DROP}})
    await refresh(hass, known)
    await press_off(hass)
    guide = await Guide.open(hass)
    await guide.tap("keep")
    assert guide.shows == "abort: kept_no_dates"


async def test_a_plan_that_ended_meanwhile_may_still_be_charged(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    edit_camera(sim.world, RENEWING, {"plan": {"end": "-1h", "auto_renew": False}})
    await refresh(hass, known)
    guide = await Guide.open(hass)
    assert guide.shows == "decide_ended"
    assert "A late charge can still come until" in guide.said


async def test_keeping_the_plan_withdraws(hass: HomeAssistant, known: MockConfigEntry) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    await guide.tap("keep")
    assert guide.shows == "abort: kept"
    assert "at the latest" in guide.said
    assert not issue_keys(hass)
    assert standing(known) is None


# --- What the maker says ---


async def test_still_on_keeps_the_issue_and_a_new_window_goes_on(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    guide = await (await (await Guide.open(hass)).tap("steps")).tap()
    assert (guide.shows, guide.buttons) == ("still_on", AGAIN)
    assert "I check again on " in guide.said
    assert "If nothing has changed by " in guide.said
    assert standing(known) is CaseState.CHECKING

    await guide.tap("check")
    assert guide.shows == "still_on"
    await guide.tap("steps")
    assert guide.shows == "mi_home"
    await (await guide.tap()).tap("leave")
    assert guide.shows == "abort: left"
    assert issue_keys(hass) == ["plan_cancellation"]

    # The new window asks at once.
    guide = await Guide.open(hass)
    assert guide.shows == "still_on"
    sim.world.switch_renewal(RENEWING, on=False)
    guide = await Guide.open(hass)
    assert guide.shows == "finished: confirmed"


async def test_keeping_after_all_says_that_what_was_done_stays_done(
    hass: HomeAssistant, known: MockConfigEntry
) -> None:
    await press_off(hass)
    guide = await (await (await Guide.open(hass)).tap("steps")).tap()
    await guide.tap("keep")
    assert guide.shows == "abort: kept_after_all"
    assert "Xiaomi (Mi Home)" in guide.said
    assert not issue_keys(hass)


async def test_two_words_of_the_maker_are_both_shown(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    edit_camera(sim.world, RENEWING, {"wire_overrides": {"isRenew": False}})
    guide = await (await (await Guide.open(hass)).tap("steps")).tap()
    assert (guide.shows, guide.buttons) == ("still_unsure", AGAIN)
    assert "off: `isRenew`" in guide.said
    assert "on: `hasDeductOrders`" in guide.said


async def test_a_maker_that_does_not_say_is_not_said_to_say_on(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    edit_camera(sim.world, RENEWING, {"wire_overrides": {"isRenew": DROP, "renewStatus": DROP}})
    guide = await (await (await Guide.open(hass)).tap("steps")).tap()
    assert (guide.shows, guide.buttons) == ("unsaid", AGAIN)


async def test_a_maker_that_cannot_be_asked_leaves_the_issue(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    guide = await (await Guide.open(hass)).tap("steps")
    sim.faults.add("dropped")
    await guide.tap()
    assert guide.shows == "abort: not_reached"
    assert case_of(known).done_at is not None
    assert issue_keys(hass) == ["plan_cancellation"]


async def test_a_maker_that_does_not_answer_in_time_is_let_go(
    hass: HomeAssistant,
    known: MockConfigEntry,
    sim: RunningSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.camera_cloud_plan.guides.case._PATIENCE", 0.2)
    await press_off(hass)
    guide = await (await Guide.open(hass)).tap("steps")
    sim.faults.add("latency", seconds=5.0)
    await guide.tap()
    assert guide.shows == "abort: not_reached"


async def test_a_store_billed_plan_is_never_called_off(
    hass: HomeAssistant, known_de: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass, STORE_BILLED)
    guide = await (await Guide.open(hass)).tap("steps")
    assert guide.shows == "google_play"
    assert guide.result["description_placeholders"]["url"] == (
        "https://play.google.com/store/account/subscriptions"
    )
    assert [str(field) for field in guide.result["data_schema"].schema] == ["qr"]
    sim.world.switch_renewal(STORE_BILLED, on=False)
    await guide.tap()
    assert guide.shows == "abort: done_not_readable"
    assert "Only Google Play can confirm this" in guide.said
    assert "I watch until " in guide.said
    assert state_of(hass, STORE_BILLED, "auto_renewal") == "unknown"
    assert issue_keys(hass) == ["plan_cancellation"]

    guide = await Guide.open(hass)
    assert (guide.shows, guide.buttons) == ("noted", AGAIN)
    await guide.tap("check")
    assert guide.shows == "abort: done_not_readable"


async def test_a_store_billed_plan_without_an_end_is_watched_without_a_date(
    hass: HomeAssistant, known_de: MockConfigEntry, sim: RunningSimulator
) -> None:
    edit_camera(sim.world, STORE_BILLED, {"wire_overrides": {"endTime": DROP}})
    await refresh(hass, known_de)
    await press_off(hass, STORE_BILLED)
    guide = await (await (await Guide.open(hass)).tap("steps")).tap()
    assert guide.shows == "abort: done_not_dated"
    assert (await Guide.open(hass)).shows == "noted_not_dated"


async def test_a_store_billed_plan_is_confirmed_when_no_new_term_came(
    hass: HomeAssistant, known_de: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass, STORE_BILLED)
    guide = await (await Guide.open(hass)).tap("steps")
    edit_camera(sim.world, STORE_BILLED, {"plan": {"end": "-31d", "auto_renew": False}})
    await coordinator_of(known_de).cases.async_change(
        STORE_BILLED, lambda case: _of_term(case, days_ago=31)
    )
    await guide.tap()
    assert guide.shows == "finished: confirmed_no_new_term"


# --- When it has no effect ---


async def test_without_effect_it_says_how_often_and_whom_to_call(
    hass: HomeAssistant,
    known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    sim.world.misbehave(Misbehaviour(flag_stays=True))
    await _press_off_later(hass, freezer)
    guide = await (await (await Guide.open(hass)).tap("steps")).tap()
    assert guide.shows == "still_on"
    await _until_escalated(hass, known, freezer)
    guide = await Guide.open(hass)
    assert (guide.shows, guide.buttons) == ("not_effective", ["steps", "check", "keep"])
    assert f'has said "on" in {case_of(known).contrary} of {case_of(known).checks}' in guide.said
    assert "Or call 400-100-5678 and say" in guide.said
    assert "The next charge can come from" in guide.said
    await guide.tap("check")
    assert guide.shows == "not_effective"
    await (await guide.tap("steps")).tap()
    assert guide.shows == "still_on"


async def test_a_maker_that_never_said_is_not_quoted(
    hass: HomeAssistant,
    known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await _press_off_later(hass, freezer, silent=sim)
    guide = await (await (await Guide.open(hass)).tap("steps")).tap()
    assert guide.shows == "unsaid"
    await _until_escalated(hass, known, freezer)
    guide = await Guide.open(hass)
    assert guide.shows == "not_effective_silent"


async def test_on_again_after_it_was_off_is_said_as_such(
    hass: HomeAssistant,
    known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await _press_off_later(hass, freezer)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, known)
    assert standing(known) is CaseState.CONFIRMED
    freezer.tick(3600)
    sim.world.switch_renewal(RENEWING, on=True)
    await refresh(hass, known)
    guide = await Guide.open(hass)
    assert guide.shows == "not_effective_back_on"
    assert 'it says "on" again' in guide.said


async def test_a_reminder_of_what_was_never_begun_begins_at_the_beginning(
    hass: HomeAssistant, known: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await _press_off_later(hass, freezer)
    await _until_escalated(hass, known, freezer)
    assert (await Guide.open(hass)).shows == "decide"


async def test_a_new_term_after_all_says_what_can_be_done(
    hass: HomeAssistant,
    known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await _press_off_later(hass, freezer)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, known)
    freezer.tick(3600)
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+43d", "auto_renew": True}})
    await refresh(hass, known)
    assert standing(known) is CaseState.CHARGED_AFTER
    guide = await Guide.open(hass)
    assert (guide.shows, guide.buttons) == ("renewed_after", ["charged", "again", "taken_note"])
    assert "The end moved from" in guide.said
    assert "was charged" not in guide.said.replace("I was charged", "")  # its owner says so

    await guide.tap("again")
    assert guide.shows == "decide"
    assert standing(known) is CaseState.WAITING_FOR_YOU


async def test_a_new_term_that_does_not_renew_is_only_taken_note_of(
    hass: HomeAssistant,
    known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await _press_off_later(hass, freezer)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, known)
    freezer.tick(3600)
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+43d"}})
    await refresh(hass, known)
    guide = await Guide.open(hass)
    assert guide.buttons == ["charged", "taken_note"]
    await guide.tap("taken_note")
    assert guide.shows == "abort: taken_note"
    assert not issue_keys(hass)
    assert standing(known) is None


async def test_two_windows_about_a_new_term_do_one_thing(
    hass: HomeAssistant,
    known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await _press_off_later(hass, freezer)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, known)
    freezer.tick(3600)
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+43d", "auto_renew": True}})
    await refresh(hass, known)
    first, second, third = [await Guide.open(hass) for _ in range(3)]
    await first.tap("again")
    begun = case_of(known)
    await second.tap("taken_note")
    assert case_of(known) == begun
    await third.tap("again")
    assert third.shows == "abort: not_open"
    assert case_of(known) == begun


async def test_what_cannot_be_saved_is_not_begun_again(
    hass: HomeAssistant,
    known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await _press_off_later(hass, freezer)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, known)
    freezer.tick(3600)
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+43d", "auto_renew": True}})
    await refresh(hass, known)
    guide = await Guide.open(hass)
    _forget_all_writes(known, monkeypatch)
    await guide.tap("again")
    assert guide.shows == "abort: not_saved"
    assert standing(known) is CaseState.CHARGED_AFTER


# --- Many cameras ---


async def test_one_issue_for_many_leads_from_one_to_the_next(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    others = await _open_for_many(hass, known, sim)
    assert issue_keys(hass) == ["plan_cancellation"]
    guide = await Guide.open(hass)
    assert guide.shows == "pick"
    assert "6 cameras wait for you" in guide.said
    labels = [option["label"] for option in _options(guide)]
    assert "Renewing · One step left" in labels

    sim.world.switch_renewal(RENEWING, on=False)
    await guide.tap(camera=RENEWING)
    assert guide.shows == "decide"
    await (await guide.tap("steps")).tap()
    assert guide.shows == "confirmed"
    await guide.tap()
    assert guide.shows == "pick"
    assert [option["value"] for option in _options(guide)] == sorted(others)

    for did in others:
        sim.world.switch_renewal(did, on=False)
    await refresh(hass, known)
    await guide.tap(camera=others[0])
    assert guide.shows == "finished: confirmed"
    assert not issue_keys(hass)


async def test_a_list_in_which_nothing_waits_any_more_ends(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    others = await _open_for_many(hass, known, sim)
    guide = await Guide.open(hass)
    for did in (RENEWING, *others):
        await press(hass, did, "on")
    await guide.tap(camera=RENEWING)
    assert guide.shows == "abort: not_open"


async def test_a_list_of_an_account_that_is_not_loaded_ends(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    await _open_for_many(hass, known, sim)
    assert await hass.config_entries.async_unload(known.entry_id)
    assert (await Guide.open(hass)).shows == "abort: not_open"


# --- Windows that stay open, and those who may not ---


async def test_a_restart_loses_nothing(hass: HomeAssistant, known: MockConfigEntry) -> None:
    await press_off(hass)
    guide = await (await (await Guide.open(hass)).tap("steps")).tap()
    assert guide.shows == "still_on"
    await restart(hass, known)
    assert (await Guide.open(hass)).shows == "still_on"


async def test_two_windows_show_the_same(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    first, second = await Guide.open(hass), await Guide.open(hass)
    await (await first.tap("steps")).tap()
    assert first.shows == "still_on"
    sim.world.switch_renewal(RENEWING, on=False)
    await (await second.tap("steps")).tap()
    assert second.shows == "finished: confirmed"
    await first.tap("check")
    assert first.shows == "finished: confirmed"


@pytest.mark.parametrize(
    ("path", "then"),
    [
        ([], "steps"),
        ([], "save_first"),
        ([], "keep"),
        (["steps"], None),
        (["steps", None], "check"),
    ],
)
async def test_a_window_left_open_while_it_was_withdrawn_ends(
    hass: HomeAssistant, known: MockConfigEntry, path: list[str | None], then: str | None
) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    for step in path:
        await guide.tap(step)
    await press(hass, RENEWING, "on")
    await guide.tap(then)
    assert guide.shows == "abort: not_open"


async def test_a_question_left_open_while_it_was_withdrawn_keeps_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    await press(hass, RENEWING, "on")
    await guide.tap("billed_by_apple")
    assert guide.shows == "abort: not_open"
    assert not coordinator_of(loaded).is_billing_known(RENEWING)


async def test_renewal_that_comes_back_after_the_last_page_brings_the_issue_back(
    hass: HomeAssistant,
    known: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await _press_off_later(hass, freezer)
    guide = await (await Guide.open(hass)).tap("steps")
    # What fell due meanwhile is read before the owner goes there.
    await settle(hass)
    freezer.tick(60)
    sim.world.switch_renewal(RENEWING, on=False)
    await guide.tap()
    assert guide.shows == "finished: confirmed"
    freezer.tick(60)
    sim.world.switch_renewal(RENEWING, on=True)
    await refresh(hass, known)
    guide = await Guide.open(hass)
    assert guide.shows == "not_effective_back_on"
    assert issue_keys(hass) == ["plan_cancellation"]


async def test_unloading_while_the_maker_is_asked_ends_the_asking(
    hass: HomeAssistant, known: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    guide = await (await Guide.open(hass)).tap("steps")
    sim.faults.add("latency", seconds=5.0)
    await guide.begin()
    assert guide.shows == "check"
    assert await hass.config_entries.async_unload(known.entry_id)
    await hass.async_block_till_done()
    await guide.look()
    assert guide.shows == "abort: not_open"
    assert issue_keys(hass) == ["plan_cancellation"]


@pytest.mark.parametrize("then", ["check", "steps", "leave", "keep"])
async def test_a_window_left_open_while_the_account_was_unloaded_ends(
    hass: HomeAssistant, known: MockConfigEntry, then: str
) -> None:
    await press_off(hass)
    guide = await (await (await Guide.open(hass)).tap("steps")).tap()
    assert await hass.config_entries.async_unload(known.entry_id)
    await guide.tap(then)
    assert guide.shows == "abort: not_open"
    assert (await Guide.open(hass)).shows == "abort: not_open"


async def test_a_window_left_open_while_the_camera_went_ends(
    hass: HomeAssistant, known: MockConfigEntry
) -> None:
    await press_off(hass)
    guide = await Guide.open(hass)
    await coordinator_of(known).async_forget(RENEWING)
    await guide.tap("steps")
    assert guide.shows == "abort: not_open"


@pytest.mark.parametrize("is_admin", [True, False])
async def test_only_administrators_open_the_guide(
    hass: HomeAssistant,
    known: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_admin_user: MockUser,
    is_admin: bool,
) -> None:
    await press_off(hass)
    client = await hass_client()
    if not is_admin:
        group = await hass.auth.async_get_group("system-users")
        assert group is not None
        hass_admin_user.groups = [group]
        hass_admin_user.invalidate_cache()
    answer = await _open_over_the_network(hass, client)
    if is_admin:
        assert (await answer.json())["step_id"] == "decide"
    else:
        assert answer.status == HTTPStatus.UNAUTHORIZED


async def test_a_read_only_person_does_not_open_the_guide(
    hass: HomeAssistant,
    known: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> None:
    await press_off(hass)
    client = await hass_client(hass_read_only_access_token)
    answer = await _open_over_the_network(hass, client)
    assert answer.status == HTTPStatus.UNAUTHORIZED


# --- Help ---


async def _open_over_the_network(
    hass: HomeAssistant, client: TestClient[Request, Application]
) -> ClientResponse:
    """Ask for the guide as the frontend does."""
    issue_id = issue_of(hass, "plan_cancellation").issue_id
    return await client.post(
        "/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue_id}
    )


async def _press_off_later(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, silent: RunningSimulator | None = None
) -> None:
    """Press off with the clock in hand: a moment passes before and after."""
    await press_off(hass)
    freezer.tick(60)
    if silent:
        changes = {"isRenew": DROP, "renewStatus": DROP}
        edit_camera(silent.world, RENEWING, {"wire_overrides": changes})


async def _until_escalated(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await live(hass, freezer, timedelta(hours=73), step=timedelta(hours=6))
    assert case_of(entry).escalated_at is not None


async def _open_for_many(
    hass: HomeAssistant, entry: MockConfigEntry, sim: RunningSimulator
) -> list[str]:
    """Open a cancellation for six cameras, one of them `RENEWING`; return the others."""
    template = device_entry(sim.world.camera(RENEWING), sim.world)
    others = [f"20000001{number:02d}" for number in range(5)]
    for number, did in enumerate(others):
        names = {"en": f"Extra {number}", "zh": f"另{number}"}
        mac = f"02:E5:00:00:01:{number:02d}"
        add_camera(sim.world, {**template, "did": did, "names": names, "mac": mac})
    await refresh(hass, entry)
    coordinator = coordinator_of(entry)
    for did in (RENEWING, *others):
        await coordinator.casework.async_open(coordinator.data.cameras[did], Wish.OFF)
    return others


def _options(guide: Guide) -> list[dict[str, str]]:
    (selector,) = guide.result["data_schema"].schema.values()
    options: list[dict[str, str]] = selector.config["options"]
    return options


def _forget_all_writes(entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lose(*_args: Any) -> None:
        """Write nothing, as a full disk does."""

    monkeypatch.setattr(coordinator_of(entry).cases._store, "async_save", lose)


def _of_term(case: Case, days_ago: int) -> Case:
    return replace(case, term_ends_at=clock.now() - timedelta(days=days_ago))
