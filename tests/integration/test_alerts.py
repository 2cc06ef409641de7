"""Coming charges: told in stages, once, in one message a day, in words that claim nothing."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
import re
from typing import Any

from homeassistant.components import persistent_notification
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.plan import Activity
from custom_components.camera_cloud_plan.plan.alerts import Keep
from simulator.edits import edit_camera
from simulator.faults import Trouble
from simulator.server import RunningSimulator
from simulator.world import World
from simulator.worldfile import load_world
from tests.contract.shipped import INTEGRATION, LANGUAGES, leaves, read_json, words

from .acts import STORE_BILLED, Heard, issues, press_off, restart, settle
from .alerted import (
    ALERTED,
    HOUR,
    TARGETS,
    Clock,
    add_like,
    edit,
    here,
    stop_others,
    until,
)
from .conftest import EUROPE, MAINLAND, EntryMaker, set_up
from .phone import PHONE, Phone
from .test_coordinator import RENEWING, coordinator_of, refresh
from .typed import local, typed_in

pytestmark = ALERTED


@pytest.fixture
def world() -> World:
    """Return a world in which one plan of the mainland account renews."""
    world = load_world("every_state")
    stop_others(world, RENEWING)
    return world


@pytest.fixture
async def entry(make_entry: EntryMaker) -> MockConfigEntry:
    return await make_entry(notify=TARGETS)


# --- Stages ---


async def test_each_stage_is_told_once_through_restarts(
    hass: HomeAssistant, freezer: Clock, loaded: MockConfigEntry, phone: Phone
) -> None:
    """Ten, five, three and one days ahead, at the last digest by then."""
    days: list[tuple[Activity, Any]] = []
    for day in range(22, 31):
        for hour in ("08:59", "09:00", "23:59"):
            heard = Heard(loaded)
            await until(hass, freezer, f"2026-11-{day}T{hour}", phone=phone)
            days += [(happened.activity, happened.facts["stage_days"]) for happened in heard.all]
            heard.stop()
            await restart(hass, loaded)
    assert days == [(Activity.CHARGE_AHEAD, stage) for stage in (10, 5, 3, 1)]
    assert [message.at for message in phone.all] == [
        "Sun 22 08:00",
        "Thu 26 09:00",
        "Sat 28 09:00",
        "Mon 30 09:00",
    ]


def at(phone: Phone) -> list[str]:
    """Return when messages came."""
    return [message.at for message in phone.all]


async def test_what_comes_up_late_waits_for_the_morning(
    hass: HomeAssistant, freezer: Clock, entry: MockConfigEntry, phone: Phone
) -> None:
    """First seen at night: the nearest stage is told when quiet hours end, the rest are past."""
    freezer.move_to("2026-11-28T14:00:00+00:00")  # in Shanghai ten in the evening
    await set_up(hass, entry)
    heard = Heard(entry)
    await until(hass, freezer, "2026-11-30T08:00", phone=phone)
    assert at(phone) == ["Sun 29 08:00"]
    assert [happened.facts["stage_days"] for happened in heard.all] == [3]


async def test_what_cannot_wait_is_told_in_quiet_hours(
    hass: HomeAssistant, freezer: Clock, sim: RunningSimulator, entry: MockConfigEntry, phone: Phone
) -> None:
    """The charge may come at four in the morning."""
    edit(sim, end="+7d21h")
    freezer.move_to("2026-11-26T15:30:00+00:00")
    await set_up(hass, entry)
    await until(hass, freezer, "2026-11-26T23:45", phone=phone)
    assert at(phone) == ["Thu 26 23:30"]


async def test_nothing_is_told_from_the_earliest_charge_on(
    hass: HomeAssistant, freezer: Clock, entry: MockConfigEntry, phone: Phone
) -> None:
    freezer.move_to("2026-12-01T11:00:00+00:00")
    await set_up(hass, entry)
    heard = Heard(entry)
    await until(hass, freezer, "2026-12-03T18:00", phone=phone)
    assert heard.all == []
    assert phone.all == []


async def test_nothing_is_told_before_home_assistant_has_started(
    hass: HomeAssistant, freezer: Clock, entry: MockConfigEntry, phone: Phone
) -> None:
    hass.set_state(CoreState.starting)
    await set_up(hass, entry)
    await until(hass, freezer, "2026-11-22T10:00", phone=phone)
    assert phone.all == []
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await until(hass, freezer, "2026-11-22T11:00", phone=phone)
    assert len(phone.all) == 1


async def test_a_new_term_begins_its_stages_anew(
    hass: HomeAssistant, freezer: Clock, make_entry: EntryMaker, phone: Phone
) -> None:
    entry = await make_entry(notify=TARGETS, poll_hours=24)
    await set_up(hass, entry)
    heard = Heard(entry)
    await until(hass, freezer, "2026-12-31T12:00", phone=phone)
    stages = [
        happened.facts["stage_days"]
        for happened in heard.all
        if happened.activity is Activity.CHARGE_AHEAD
    ]
    assert stages == [10, 5, 3, 1, 10, 5, 3, 1]
    assert "Fri 1 Jan" in phone.last.text


async def test_what_is_switched_off_meanwhile_is_not_told(
    hass: HomeAssistant,
    freezer: Clock,
    sim: RunningSimulator,
    loaded: MockConfigEntry,
    phone: Phone,
) -> None:
    """Nor does Home Assistant go on showing what it said of it."""
    await until(hass, freezer, "2026-11-22T12:00", phone=phone)
    assert len(here(hass)) == len(phone.all) == 1
    edit(sim, auto_renew=False)
    await refresh(hass, loaded)
    await settle(hass)
    assert here(hass) == []
    heard = Heard(loaded)
    await until(hass, freezer, "2026-12-03T12:00", phone=phone)
    assert heard.take() == [Activity.PLAN_ENDING]
    assert phone.last.title == "Plan ends: Renewing, Fri 4 Dec"
    assert phone.last.text == "Renewing: the plan ends on Fri 4 Dec, 19:00 and does not renew."
    assert phone.last.buttons == {}


async def test_what_was_shown_is_brought_up_to_date_after_a_reload(
    hass: HomeAssistant, freezer: Clock, world: World, loaded: MockConfigEntry, phone: Phone
) -> None:
    """Unless somebody took it down: then it does not come back."""
    other = add_like(world, RENEWING, 1)
    await refresh(hass, loaded)
    await until(hass, freezer, "2026-11-22T09:00", phone=phone)
    desk = coordinator_of(loaded).alerts
    await restart(hass, loaded)
    await coordinator_of(loaded).alerts.async_keep({other: Keep.CHARGE})
    await settle(hass)
    assert [title for title, _ in here(hass)] == ["Plan charge coming: Renewing, Tue 1 Dec"]
    assert coordinator_of(loaded).alerts is not desk
    persistent_notification.async_dismiss_all(hass)
    await coordinator_of(loaded).alerts.async_keep({other: None})
    await settle(hass)
    assert here(hass) == []


async def test_a_cancellation_that_is_open_reminds_by_itself(
    hass: HomeAssistant, freezer: Clock, loaded: MockConfigEntry, phone: Phone
) -> None:
    await press_off(hass)
    heard = Heard(loaded)
    await until(hass, freezer, "2026-12-01T12:00", phone=phone)
    assert Activity.CHARGE_AHEAD not in heard.take()
    assert not [message for message in phone.all if message.title.startswith("Plan charge")]
    coordinator = coordinator_of(loaded)
    await coordinator.casework.async_withdraw(RENEWING)
    await until(hass, freezer, "2026-12-01T18:00", phone=phone)
    assert heard.take() == [Activity.CANCELLATION_WITHDRAWN]


async def test_another_zone_moves_the_digest(
    hass: HomeAssistant, freezer: Clock, loaded: MockConfigEntry, phone: Phone
) -> None:
    await until(hass, freezer, "2026-11-25T12:00", phone=phone)
    await hass.config.async_set_time_zone("Europe/Berlin")
    await settle(hass)
    await until(hass, freezer, "2026-11-26T12:00", phone=phone)
    assert at(phone) == ["Sun 22 08:00", "Thu 26 09:00"]
    assert dt_util.as_local(dt_util.utcnow()).tzname() == "CET"


async def test_people_need_not_be_told(
    hass: HomeAssistant, freezer: Clock, make_entry: EntryMaker, phone: Phone
) -> None:
    """Events go on: automations have their own ways."""
    entry = await make_entry(notify=TARGETS, alerts=False)
    await set_up(hass, entry)
    heard = Heard(entry)
    await until(hass, freezer, "2026-12-01T12:00", phone=phone)
    assert heard.take() == [Activity.CHARGE_AHEAD] * 4
    assert phone.all == []
    assert here(hass) == []


async def test_whoever_cannot_be_told_holds_nobody_up(
    hass: HomeAssistant,
    freezer: Clock,
    make_entry: EntryMaker,
    phone: Phone,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is named once, and the stage is behind."""
    entry = await make_entry(notify=["notify.gone", *TARGETS])
    await set_up(hass, entry)
    await until(hass, freezer, "2026-11-28T12:00", phone=phone)
    assert at(phone) == ["Sun 22 08:00", "Thu 26 09:00", "Sat 28 09:00"]
    complaints = [text for text in caplog.messages if text.startswith("Nobody could be told")]
    assert complaints == ["Nobody could be told at notify.gone: LookupError"]
    caplog.clear()


async def test_a_crash_while_telling_makes_it_told_twice_never_not_at_all(
    hass: HomeAssistant,
    freezer: Clock,
    loaded: MockConfigEntry,
    hass_storage: dict[str, Any],
    phone: Phone,
) -> None:
    """The message that comes again takes the place of the first."""
    key = f"{DOMAIN}.{loaded.entry_id}.alerts"
    stored: list[Any] = []

    async def crash(_call: ServiceCall) -> None:
        stored.append(deepcopy(hass_storage.get(key)))

    hass.services.async_register("notify", "mobile_app_other", crash)
    hass.config_entries.async_update_entry(
        loaded, options={**loaded.options, "notify": [PHONE, "notify.mobile_app_other"]}
    )
    await until(hass, freezer, "2026-11-22T09:00", phone=phone)
    assert len(stored) == len(phone.all) == 1
    await hass.config_entries.async_unload(loaded.entry_id)
    if stored[0] is None:
        hass_storage.pop(key)
    else:
        hass_storage[key] = stored[0]
    await hass.config_entries.async_setup(loaded.entry_id)
    await until(hass, freezer, "2026-11-22T12:00", phone=phone)
    first, second = phone.all
    assert first.data["tag"] == second.data["tag"]
    assert first.text == second.text


async def test_what_is_out_only_after_an_unload_writes_nothing_any_more(
    hass: HomeAssistant,
    freezer: Clock,
    loaded: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    """By then the book is another's: of who was loaded since, or of nobody."""
    freezer.move_to("2026-11-22T01:00:00+00:00")
    desk = coordinator_of(loaded).alerts
    found = await desk.async_find([RENEWING])
    assert found.parts
    await hass.config_entries.async_remove(loaded.entry_id)
    await found.settle()
    assert f"{DOMAIN}.{loaded.entry_id}.alerts" not in hass_storage


# --- Words ---


RENEWS = "Renewing is set to renew between Tue 1 Dec and Fri 4 Dec."
RENEWS_DE = "Renewing: Das Abo verlängert sich zwischen Di, 1. Dezember und Fr, 4. Dezember."
RENEWS_ZH = "自动续费 将于12月1日（周二）至12月4日（周五）自动续费。"


async def first_message(hass: HomeAssistant, freezer: Clock, phone: Phone) -> list[str]:
    """Return the lines of the day's digest."""
    await until(hass, freezer, "2026-11-22T09:00", phone=phone)
    (message,) = phone.all
    return message.lines


async def test_a_message_says_what_when_until_when_and_where(
    hass: HomeAssistant, freezer: Clock, loaded: MockConfigEntry, phone: Phone
) -> None:
    assert await first_message(hass, freezer, phone) == [
        f"{RENEWS} To stop it, go to Xiaomi (Mi Home) before Tue 1 Dec, 19:00.",
        "What it costs is not known.",
    ]
    assert phone.last.title == "Plan charge coming: Renewing, Tue 1 Dec"
    assert list(phone.last.buttons) == ["Show me how", "Keep", "Tomorrow"]
    page = phone.last.data["url"]
    assert re.fullmatch(r"/config/devices/device/[0-9a-f]{32}", page)
    ((title, text),) = here(hass)
    assert title == phone.last.title
    assert text == f"{phone.last.text}\n\n[Show me]({page})"


async def test_a_phone_learns_neither_camera_nor_account(
    hass: HomeAssistant, freezer: Clock, loaded: MockConfigEntry, phone: Phone
) -> None:
    await first_message(hass, freezer, phone)
    told = str(phone.last.data)
    assert RENEWING not in told
    assert MAINLAND not in told
    assert loaded.entry_id not in told


TOLD = {
    "de": (
        "Abbuchung steht an: Renewing, Di, 1. Dezember",
        (
            f"{RENEWS_DE} Ausschalten kannst du die Verlängerung bei Xiaomi (Mi Home), "
            "bis Di, 1. Dezember, 19:00 Uhr.\nWas es kostet, ist nicht bekannt."
        ),
        ["Zeig mir, wie", "Behalten", "Morgen"],
    ),
    "zh-Hans": (
        "即将扣费：自动续费，12月1日（周二）",
        f"{RENEWS_ZH}不想续费，请在12月1日（周二）19:00之前到小米（米家）关闭。\n金额未知。",
        ["怎样关闭", "保留", "明天再说"],
    ),
}


@pytest.mark.parametrize("language", TOLD)
async def test_it_is_told_in_home_assistants_language(
    hass: HomeAssistant, freezer: Clock, entry: MockConfigEntry, phone: Phone, language: str
) -> None:
    hass.config.language = language
    await set_up(hass, entry)
    lines = await first_message(hass, freezer, phone)
    assert (phone.last.title, "\n".join(lines), list(phone.last.buttons)) == TOLD[language]


NAME = "7-day cloud storage, monthly"
TRIAL_NAME = "7-day cloud storage, 30-day trial"
TRIAL_NAMED = {"name": {"en": TRIAL_NAME, "zh": "7天云存储 30天试用"}, "trial": True}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is known of a plan, and the words for it."""

    tariff: dict[str, Any]
    line: str
    plan: dict[str, Any] = field(default_factory=dict)
    amount_known: bool = True


SIX = {"price": "6.00", "currency": "CNY"}
WINDOW = "between Tue 1 Dec and Fri 4 Dec"


@pytest.mark.parametrize(
    "said",
    [
        Said(tariff=SIX, line=f"Renewing is set to renew {WINDOW}, 6.00 CNY."),
        Said(
            tariff={**SIX, "regular_price": "12.00", "price_from": "2026-12-01"},
            line=f"Renewing is set to renew {WINDOW} at another price, 12.00 CNY.",
        ),
        Said(
            tariff={**SIX, "price_from": "2026-12-01"},
            line=f"Renewing is set to renew {WINDOW} at another price.",
            amount_known=False,
        ),
        Said(
            tariff={**SIX, "billing_day": 1},
            line="Renewing is set to renew on Tue 1 Dec, 6.00 CNY.",
        ),
        Said(
            tariff=SIX,
            plan=TRIAL_NAMED,
            line=f"Renewing: the trial turns paid {WINDOW}, 6.00 CNY.",
        ),
    ],
)
async def test_a_charge_is_called_what_it_is(
    hass: HomeAssistant,
    freezer: Clock,
    sim: RunningSimulator,
    make_entry: EntryMaker,
    phone: Phone,
    said: Said,
) -> None:
    edit(sim, **said.plan)
    tariffs = {NAME: said.tariff, TRIAL_NAME: said.tariff}
    await set_up(hass, await make_entry(notify=TARGETS, tariffs=tariffs))
    await until(hass, freezer, "2026-11-28T09:00", phone=phone)
    first = phone.all[0]
    assert first.lines[0].partition(" To stop it")[0] == said.line
    assert ("What it costs is not known." not in first.lines) is said.amount_known


# Of a renewal that nobody can see, no text may say that it comes.
CLAIMS = r"will be charged|is set to renew|turns paid|charge coming|charges coming|renews"


@pytest.mark.parametrize("changes", [{}, TRIAL_NAMED])
async def test_of_an_unknown_renewal_nothing_is_claimed(
    hass: HomeAssistant,
    freezer: Clock,
    sim: RunningSimulator,
    make_entry: EntryMaker,
    phone: Phone,
    changes: dict[str, Any],
) -> None:
    """A plan that a store bills: the maker's flag is no witness for off."""
    hass.config.country = "DE"
    edit(sim, STORE_BILLED, end="+12d12h", auto_renew=False, **changes)
    entry = await make_entry(EUROPE, notify=TARGETS)
    await set_up(hass, entry)
    heard = Heard(entry)
    await until(hass, freezer, "2026-12-03T12:00", phone=phone)
    assert {happened.facts["possible"] for happened in heard.all} == {True}
    assert [happened.facts["stage_days"] for happened in heard.all] == [7, 3, 1]
    assert len(phone.all) == 3
    for message in phone.all:
        assert not re.search(CLAIMS, f"{message.title} {message.text}")
        assert "may" in message.title
        assert "Xiaomi does not show whether it does." in message.text


async def test_an_old_reading_says_its_age(
    hass: HomeAssistant,
    freezer: Clock,
    sim: RunningSimulator,
    loaded: MockConfigEntry,
    phone: Phone,
) -> None:
    """Through a restart in an outage, too: nothing is told before the maker was tried."""
    await until(hass, freezer, "2026-11-25T21:00", phone=phone)
    await hass.config_entries.async_unload(loaded.entry_id)
    sim.faults.add(Trouble.DROPPED)
    freezer.tick(12 * HOUR)
    await hass.config_entries.async_setup(loaded.entry_id)
    await until(hass, freezer, "2026-11-26T10:00", phone=phone)
    assert at(phone) == ["Sun 22 08:00", "Thu 26 09:00"]
    assert "Read" not in phone.all[0].text
    found = re.search(r"Read (\d+) hours ago; Xiaomi could not be asked since\.", phone.last.text)
    assert found
    assert 12 <= int(found[1]) <= 18


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_in_force_has_words(language: str) -> None:
    pack = read_json(INTEGRATION / "plan" / "rules.json")
    said = {
        rule["key"]
        for region in pack["regions"].values()
        for rule in region["rules"]
        if rule["in_force_from"] and not rule.get("void")
    }
    known = {key for key in words(language)["common"] if key.startswith("alert_rule_")}
    assert known == {f"alert_rule_{key}" for key in said}


def test_no_text_says_that_somebody_will_be_charged() -> None:
    texts = [text for _, text in leaves(words("en"))]
    assert not [text for text in texts if re.search(r"(?i)will be charged", text)]


# --- Many ---


def twelve(world: World) -> list[str]:
    """Give the account twelve cameras of which nine renew on one day; return those."""
    nine = [RENEWING, *(add_like(world, RENEWING, number) for number in range(8))]
    for number in range(8, 11):
        edit_camera(world, add_like(world, RENEWING, number), {"plan": None})
    return nine


async def test_nine_charges_on_one_day_make_one_digest(
    hass: HomeAssistant, freezer: Clock, world: World, entry: MockConfigEntry, phone: Phone
) -> None:
    twelve(world)
    await set_up(hass, entry)
    heard = Heard(entry)
    lines = await first_message(hass, freezer, phone)
    assert len([line for line in lines if line.startswith("• ")]) == 9
    assert lines[-1] == "What 9 of them cost is not known."
    assert phone.last.title == "9 plan charges coming, the first on Tue 1 Dec"
    assert phone.last.buttons["Show me"] == f"/config/integrations/integration/{DOMAIN}"
    assert list(phone.last.buttons) == ["Show me", "Tomorrow"]
    assert len(here(hass)) == 1
    assert heard.take() == [Activity.CHARGE_AHEAD] * 9
    assert issues(hass) == []


async def test_a_month_of_kept_plans_is_a_line(
    hass: HomeAssistant, freezer: Clock, world: World, make_entry: EntryMaker, phone: Phone
) -> None:
    """No message but the digest's line in Home Assistant, no event, no issue."""
    nine = twelve(world)
    entry = await make_entry(notify=TARGETS, poll_hours=24)
    await set_up(hass, entry)
    await coordinator_of(entry).alerts.async_keep(dict.fromkeys(nine, Keep.PLAN))
    heard: list[Activity] = []
    seen: list[tuple[str, str]] = []
    for day in range(22, 53):
        listening = Heard(entry)
        date = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day - 1)
        await until(hass, freezer, f"{date:%Y-%m-%d}T12:00", phone=phone)
        heard += listening.take()
        seen += [shown for shown in here(hass) if shown not in seen]
        assert issues(hass) == []
        if day in (24, 40):
            await restart(hass, entry)
    assert phone.all == []
    names = ", ".join(["Camera 0", *(f"Camera {number}" for number in range(1, 8)), "Renewing"])
    assert seen == [("Plans you keep: nothing to do", f"Kept, without further reminders: {names}.")]
    assert heard == [Activity.RENEWED] * 9


async def test_a_plan_for_several_cameras_is_one_charge(
    hass: HomeAssistant, freezer: Clock, world: World, make_entry: EntryMaker, phone: Phone
) -> None:
    twelve(world)
    tariff = {**SIX, "covers_all": True}
    entry = await make_entry(notify=TARGETS, tariffs={NAME: tariff})
    await set_up(hass, entry)
    (line,) = await first_message(hass, freezer, phone)
    assert line.startswith("Camera 0, Camera 1, Camera 2, ")
    assert "6.00 CNY" in line
    assert list(phone.last.buttons) == ["Show me", "Tomorrow"]


async def test_two_digests_of_a_day_are_one(
    hass: HomeAssistant,
    freezer: Clock,
    sim: RunningSimulator,
    world: World,
    loaded: MockConfigEntry,
    phone: Phone,
) -> None:
    """A charge that comes up later that day joins what was told in the morning."""
    await first_message(hass, freezer, phone)
    add_like(world, RENEWING, 1)
    await refresh(hass, loaded)
    await until(hass, freezer, "2026-11-22T12:00", phone=phone)
    first, second = phone.all
    assert first.data["tag"] == second.data["tag"]
    assert second.title == "2 plan charges coming, the first on Tue 1 Dec"
    assert len(here(hass)) == 1


# --- By its owner's word ---


@pytest.mark.parametrize(
    ("renews", "title", "line"),
    [
        (
            "yes",
            "Plan charge coming: Doorbell, Mon 30 Nov",
            "Doorbell is set to renew between Mon 30 Nov and Thu 3 Dec, 3.50 EUR. That is by your word.",
        ),
        (
            "unknown",
            "Plan may renew: Doorbell, Mon 30 Nov",
            "Doorbell may renew between Mon 30 Nov and Thu 3 Dec, 3.50 EUR. You left open whether it does.",
        ),
    ],
)
async def test_of_a_typed_plan_it_is_said_whose_word_it_is(
    hass: HomeAssistant, freezer: Clock, phone: Phone, renews: str, title: str, line: str
) -> None:
    hass.config.country = "DE"
    await typed_in(hass, renews=renews, price=3.5, currency="EUR")
    entry = local(hass)
    hass.config_entries.async_update_entry(entry, options={**entry.options, "notify": TARGETS})
    heard = Heard(entry)
    await until(hass, freezer, "2026-12-02T12:00", phone=phone)
    assert [happened.facts["stage_days"] for happened in heard.all] == [7, 3, 1]
    assert len(phone.all) == 3
    assert phone.last.title == title
    assert phone.last.text.partition(" To stop it")[0] == line
    assert "hours ago" not in phone.last.text
    await phone.press(phone.last.buttons["Keep"])
    assert phone.last.title == "Kept: Doorbell"


def test_the_documented_stages_are_those_of_the_rules() -> None:
    document = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
    rows = [row.strip("|").split("|") for row in document.split("\n") if row.startswith("| ")]
    documented = {row[0].strip(): [cell.strip() for cell in row[1:5]] for row in rows}
    for region, row in read_json(INTEGRATION / "plan" / "rules.json")["regions"].items():
        name = "everywhere else" if region == "*" else f"(`{region}`)"
        (said,) = (cells for title, cells in documented.items() if title.endswith(name))
        kinds = ("monthly", "yearly", "trial", "ending")
        assert said == [", ".join(map(str, row["stages"][kind])) for kind in kinds], region
