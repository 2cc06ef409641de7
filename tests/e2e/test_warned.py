"""A plan typed in by hand, the calendar, and what is said ahead of a charge, in a real browser.

The tests share one stage and stand in the order in which time passes on it.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
import re
import time
from typing import Final

from playwright.async_api import Browser, Page, expect
import pytest
import pytest_asyncio

from demo.accounts import DOMAIN, choose
from demo.entities import AUTO_RENEWAL, CANCELLATION, NEXT_CHARGE, PLAN_STATUS, Device, devices
from demo.stage import Stage
from tests.e2e.later import until
from tests.e2e.views import PHONE, Calendar, Dashboard, Diary, Guide, Integrations, looking

pytestmark = [
    pytest.mark.browser,
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="session"),
]

PORCH: Final = "Porch"
HALF_A_MINUTE: Final = 30.0

# What is never said of a charge that is only possible, or of any that was not seen.
_CERTAIN: Final = re.compile(r"will (?:be charged|renew)|was charged|将(?:被|会)?扣费|已扣费")


@pytest_asyncio.fixture(loop_scope="session")
async def chinese_phone(browser: Browser) -> AsyncIterator[Page]:
    """Open a window on a phone in China."""
    async with looking(browser, PHONE, locale="zh-CN") as context:
        yield await context.new_page()


# --- A plan of any brand ---


async def test_a_plan_is_typed_in_within_half_a_minute(
    page: Page, stage: Stage, diary: Diary
) -> None:
    await page.goto(stage.home.base_url)
    integrations = Integrations(page, stage.home)
    await integrations.open()
    began = time.monotonic()
    await integrations.add("Camera Cloud Plan")
    await integrations.begin_with("Without signing in")
    await integrations.type_name(PORCH)
    await integrations.pick_day_of_next_month(15)
    await integrations.choose_term("1 year")
    await integrations.choose("Yes")
    await diary.note(page, "form", integrations.dialogue)
    await integrations.press("Add the plan")
    await expect(integrations.dialogue).to_contain_text(f"{PORCH} was added")
    assert time.monotonic() - began < HALF_A_MINUTE

    porch = await _device(stage, PORCH)
    states = await stage.home.states()
    assert states[porch.entities[PLAN_STATUS]]["state"] == "active_renewing"
    assert states[porch.entities[AUTO_RENEWAL]]["state"] == "on"
    charge = states[porch.entities[NEXT_CHARGE]]
    assert charge["attributes"]["word"] == "owner"
    assert "amount" not in charge["attributes"]
    await page.goto(f"{stage.home.base_url}{porch.page}")
    await expect(page.get_by_text("Active, renews").first).to_be_visible()
    await diary.note(page, "device", page.locator("ha-config-device-page"))


async def test_its_cancellation_ends_in_what_only_the_seller_can_confirm(
    page: Page, stage: Stage, diary: Diary
) -> None:
    dashboard = Dashboard(page, stage)
    await dashboard.open(PORCH)
    await dashboard.press_toggle(PORCH)
    guide = Guide(page, stage, diary)
    await guide.open(f"One step left: {PORCH}")
    await guide.screen("Who charges you?")
    await guide.choose("The seller, by card or debit")
    decision = await guide.screen(f"Stop renewal for {PORCH}?")
    assert "Nobody can be asked about this plan" in decision
    await guide.choose("Continue")
    await guide.screen("Switch it off where you bought it")
    await guide.press("I have done it")
    ending = await guide.ends_with("Noted. Only the seller can confirm this.")
    assert "shown as not renewing, by your word" in ending
    assert "confirmed" not in ending.replace("mail that confirms", "").casefold()

    porch = await _device(stage, PORCH)
    states = await stage.home.states()
    assert states[porch.entities[AUTO_RENEWAL]]["state"] == "off"
    assert states[porch.entities[CANCELLATION]]["state"] != "confirmed"


# --- The calendar ---


async def test_the_calendar_reads_well_on_a_desk(page: Page, stage: Stage, diary: Diary) -> None:
    calendar = Calendar(page, stage)
    await calendar.open()
    await expect(calendar.event("Nursery: trial turns paid, 6.00 CNY")).to_be_visible()
    await expect(calendar.event("Front door: charge expected, 6.00 CNY")).to_be_visible()
    said = await calendar.read("Front door: charge expected", diary)
    assert "6.00 CNY" in said
    # Nobody is asked about the plan that was typed in.
    await expect(calendar.event(f"{PORCH}: checking")).to_have_count(0)
    assert "To stop it, go to Xiaomi (Mi Home)" in said


async def test_the_calendar_reads_well_on_a_phone(phone: Page, stage: Stage, diary: Diary) -> None:
    await _reads_well(phone, stage, diary, "Front door: charge expected, 6.00 CNY")


async def test_the_calendar_reads_well_on_a_phone_in_chinese(
    chinese_phone: Page, chinese_stage: Stage, diary: Diary
) -> None:
    await _reads_well(chinese_phone, chinese_stage, diary, "门口：预计扣费，6.00 CNY")


async def _reads_well(page: Page, stage: Stage, diary: Diary, event: str) -> None:
    calendar = Calendar(page, stage)
    await calendar.open()
    await expect(calendar.event(event)).to_be_visible()
    assert await calendar.fits(event)
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    await calendar.read(event, diary)


async def test_the_calendar_is_a_file_for_any_other(page: Page, stage: Stage) -> None:
    home = stage.home
    entry_id = (await _entries(stage))["Xiaomi (…0071)"]
    step = await home.start_flow(entry_id, options=True)
    chosen = {"next_step_id": "calendar_file"}
    step = await home.answer_flow(step["flow_id"], chosen, options=True)
    await page.goto(home.base_url)
    await page.evaluate(
        "link => document.body.insertAdjacentHTML('afterbegin', link)",
        step["description_placeholders"]["link"].replace("target", "download data-target"),
    )
    async with page.expect_download() as downloading:
        await page.locator("body > a[download]").evaluate("link => link.click()")
    download = await downloading.value
    assert download.suggested_filename == "plan_charges.ics"
    text = (await download.path()).read_bytes().decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert "Front door: charge expected" in text


# --- What is said ahead of a charge ---


async def test_the_digest_reads_well_on_a_phone(phone: Page, stage: Stage, diary: Diary) -> None:
    await _nine_days_pass(stage)
    text = await _digest(phone, stage, diary, "Garage is set to renew", "Notifications")
    assert "To stop it, go to Xiaomi (Mi Home) before" in text
    assert "6.00 CNY" in text


async def test_the_digest_reads_well_on_a_phone_in_chinese(
    chinese_phone: Page, chinese_stage: Stage, diary: Diary
) -> None:
    await _nine_days_pass(chinese_stage)
    text = await _digest(chinese_phone, chinese_stage, diary, "车库", "通知")
    assert "自动续费，6.00 CNY" in text


async def test_an_unknown_renewal_is_warned_about_and_never_called_certain(
    phone: Page, stage: Stage, diary: Diary
) -> None:
    text = await _digest(phone, stage, diary, "Attic may renew", "Notifications")
    assert "Xiaomi does not show whether it does." in text
    dashboard = Dashboard(phone, stage)
    await dashboard.open()
    said = [text, await diary.note(phone, "dashboard", phone.locator("hui-sections-view"))]
    now = datetime.now(UTC)
    for account in await devices(stage.home):
        if calendar := account.entities.get("charges"):
            events = await stage.home.calendar(calendar, now, now + timedelta(days=90))
            said += [f"{event['summary']}\n{event['description']}" for event in events]
    assert any("Attic: may renew" in words for words in said)
    assert [found for words in said for found in _CERTAIN.findall(words)] == []


async def _nine_days_pass(stage: Stage) -> None:
    """Let time pass at the maker, and have what is due by then told, whatever the time is."""
    await stage.maker.advance(days=9)
    for title in await _entries(stage):
        await choose(stage.home, title, "alerts", {})


async def _digest(page: Page, stage: Stage, diary: Diary, words: str, heading: str) -> str:
    """Return the digest with these words, as Home Assistant shows it on a phone."""
    await page.goto(stage.home.base_url)
    await page.locator("ha-menu-button").first.click()
    await page.get_by_text(heading, exact=True).click()
    item = page.locator("notification-drawer notification-item").filter(has_text=words)
    await expect(item).to_be_visible()
    assert await item.evaluate("item => item.scrollWidth <= item.clientWidth")
    return await diary.note(page, "digest", item)


async def _entries(stage: Stage) -> dict[str, str]:
    """Return the ids of all accounts by their title."""
    listed = await stage.home.command("config_entries/get", domain=DOMAIN)
    return {entry["title"]: entry["entry_id"] for entry in listed}


async def _device(stage: Stage, name: str) -> Device:
    async def find() -> Device | None:
        found = next((device for device in await devices(stage.home) if device.name == name), None)
        return found if found and NEXT_CHARGE in found.entities else None

    device = await until(find, bool)
    assert device
    return device
