"""A plain Home Assistant, the released file in its folder, and a phone: up to the first useful screen.

And what comes later: a session that the maker ended, signed in again to in the browser.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib import import_module
import json
from pathlib import Path
import shutil
from typing import Final
from zipfile import ZipFile

from playwright.async_api import Page, expect
import pytest
import pytest_asyncio

from demo.accounts import DOMAIN
from demo.entities import NEXT_CHARGE, PLAN_STATUS
from demo.home_assistant import HomeAssistant, Json
from demo.process import REPOSITORY
from scripts.package import package
from tests.e2e.later import HouseInTime, cameras, check, house_in_time, until
from tests.e2e.small_world import small_world
from tests.e2e.views import Diary, Integrations, approve

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="session"),
]

GATE: Final = "Gate"
PORCH: Final = "Porch"
VERSION: Final = "1.2.3"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HouseInTime]:
    """Build a house that holds of ours only what a release holds."""
    folder = tmp_path_factory.mktemp("plain")
    async with house_in_time(folder, small_world(mei={GATE: {}})) as built:
        await asyncio.to_thread(_install, built.folder, folder / "camera_cloud_plan.zip")
        yield built


def _install(folder: Path, released: Path) -> None:
    """Put a release into a configuration folder by hand, as the README says."""
    package(VERSION, released)
    (folder / "custom_components" / DOMAIN).unlink()
    (folder / "blueprints" / "automation" / DOMAIN).unlink()
    shutil.rmtree(folder / DOMAIN)
    with ZipFile(released) as archive:
        archive.extractall(folder / "custom_components" / DOMAIN)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home(house: HouseInTime) -> AsyncIterator[HomeAssistant]:
    """Start it."""
    async with house.at(0) as running:
        yield running


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a library of the Marketplace's
async def test_the_marketplace_would_take_it(house: HouseInTime) -> None:
    """By the checks of the newest release itself."""
    marketplace = "homeassistant.components.marketplace"
    checks = import_module(f"{marketplace}.repositories.integration")
    installed = house.folder / "custom_components" / DOMAIN
    await asyncio.to_thread(checks._check_loadable_manifest, installed, DOMAIN)
    known = import_module(f"{marketplace}.utils.validate").REPOSITORY_MANIFEST_VALUES
    for key, value in _json(REPOSITORY / "hacs.json").items():
        known[key](value)


async def test_a_plan_is_typed_in_on_a_phone(
    phone: Page, home: HomeAssistant, diary: Diary
) -> None:
    await phone.goto(home.base_url)
    integrations = Integrations(phone, home)
    await integrations.open()
    await integrations.add("Camera Cloud Plan")
    await expect(integrations.dialogue).to_contain_text("Four fields suffice")
    await diary.note(phone, "begin", integrations.dialogue)
    await integrations.begin_with("Without signing in")
    await integrations.type_name(PORCH)
    await integrations.pick_day_of_next_month(15)
    await integrations.choose_term("1 year")
    await integrations.choose("Yes")
    await diary.note(phone, "typed", integrations.dialogue)
    await integrations.press("Add the plan")
    await expect(integrations.dialogue).to_contain_text("Voice")
    await diary.note(phone, "voice", integrations.dialogue)
    await integrations.press("Finish")
    await integrations.press("Skip and finish")
    porch = (await until(lambda: cameras(home), lambda found: PORCH in found))[PORCH]
    assert (await home.states())[porch.entities[PLAN_STATUS]]["state"] == "active_renewing"


async def test_an_account_is_signed_in_to_on_a_phone(
    phone: Page, home: HomeAssistant, house: HouseInTime, diary: Diary
) -> None:
    integrations = Integrations(phone, home)
    await integrations.open()
    await integrations.add("Camera Cloud Plan")
    await integrations.begin_with("Xiaomi account")
    await phone.get_by_text("Advanced", exact=True).click()
    await integrations.dialogue.get_by_role("textbox").fill(house.maker.base_url)
    await diary.note(phone, "account", integrations.dialogue)
    await integrations.press("Show me the link")
    await _approve_link(phone, integrations, diary)
    await expect(integrations.dialogue).to_contain_text("Which regions")
    await diary.note(phone, "regions", integrations.dialogue)
    await integrations.press("Go on")
    await expect(integrations.dialogue).to_contain_text("Which cameras")
    await diary.note(phone, "cameras", integrations.dialogue)
    await integrations.press("Continue")
    await integrations.press("Finish")
    await integrations.press("Skip and finish")

    gate = (await until(lambda: cameras(home), lambda found: GATE in found))[GATE]
    await phone.goto(f"{home.base_url}{gate.page}")
    await expect(phone.get_by_text("Active, renews").first).to_be_visible()
    await expect(phone.get_by_text("Next plan charge").first).to_be_visible()
    await diary.note(phone, "device", phone.locator("ha-config-device-page"))
    charge = (await home.states())[gate.entities[NEXT_CHARGE]]["state"]
    assert datetime.fromisoformat(charge) > datetime.now(UTC)


async def test_a_session_that_the_maker_ended_is_signed_in_to_again(
    phone: Page, home: HomeAssistant, house: HouseInTime, diary: Diary
) -> None:
    gate = (await cameras(home))[GATE]
    before = (await home.states())[gate.entities[NEXT_CHARGE]]["state"]
    await house.control.post("sessions/expire", {"pass_tokens": True})
    assert (await check(home, [gate]))[GATE]["state"] == "not_reached"
    # What was known is shown on.
    assert (await home.states())[gate.entities[NEXT_CHARGE]]["state"] == before

    assert len(await until(lambda: _dialogues(home), bool)) == 1
    integrations = Integrations(phone, home)
    await integrations.open()
    again = phone.get_by_role("button", name="Reconfigure").first
    await expect(again).to_be_visible()
    await diary.note(phone, "integrations", phone.locator("ha-config-integrations-dashboard"))
    await again.click()
    await expect(integrations.dialogue).to_contain_text("Sign in again")
    await expect(integrations.dialogue).to_contain_text("no longer accepts the token")
    await diary.note(phone, "sign in again", integrations.dialogue)
    await integrations.press("Show me the link")
    await _approve_link(phone, integrations, diary)
    await expect(integrations.dialogue).to_contain_text("Signed in again")
    await diary.note(phone, "signed in", integrations.dialogue)

    assert await until(lambda: _dialogues(home), lambda going: not going) == []
    rows = await until(lambda: check(home, [gate]), lambda got: got[GATE]["state"] == "read")
    assert rows[GATE]["renewal"] == "on"


async def _approve_link(phone: Page, integrations: Integrations, diary: Diary) -> None:
    """Open the link that the dialogue shows, approve it there, and come back."""
    link = phone.get_by_role("link", name="Open the link")
    await expect(link).to_be_visible()
    await diary.note(phone, "link", integrations.dialogue)
    async with phone.context.expect_page() as opening:
        await link.click()
    await approve(await opening.value, "mei")
    await integrations.press("I have approved it")


async def _dialogues(home: HomeAssistant) -> list[Json]:
    """Return the dialogues of ours that wait for somebody."""
    progress: list[Json] = await home.command("config_entries/flow/progress")
    return [flow for flow in progress if flow["handler"] == DOMAIN]


def _json(path: Path) -> Json:
    content: Json = json.loads(path.read_text(encoding="utf-8"))
    return content
