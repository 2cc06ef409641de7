"""The README's tour, step by step, as a person on a desk takes it.

The tests share one stage and stand in the README's order. Every name that a step of it
emphasises has to be read on the way, letter by letter.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
import re
from typing import Final

from playwright.async_api import BrowserContext, Page, expect
import pytest
import pytest_asyncio

from demo.entities import NEXT_CHARGE, devices
from demo.stage import Stage
from tests.e2e.later import until, until_idle
from tests.e2e.views import (
    CHECK_FLOOR_MS,
    Assist,
    Dashboard,
    Diary,
    Guide,
    MakersPage,
    Media,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="session"),
]

README: Final = Path(__file__).parents[2] / "README.md"
MOST_SCREENS, MOST_TAPS = 3, 5
MEI: Final = "Mei, mainland"
_EMPHASISED: Final = re.compile(r"\*([^*]+)\*")


def tour() -> list[str]:
    """Return the steps as the README tells them."""
    told = README.read_text(encoding="utf-8").partition("\n## The tour")[2].partition("\n## ")[0]
    return re.findall(r"^\d+\. (.+)$", told, re.MULTILINE)


def names(step: int) -> list[str]:
    """Return what a step emphasises: cameras, buttons and words to look for."""
    return _EMPHASISED.findall(tour()[step - 1].replace("**", ""))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(desk: BrowserContext) -> AsyncIterator[Page]:
    """Open the one window in which all of it is seen."""
    window = await desk.new_page()
    yield window
    await window.close()


@pytest.fixture
def step(request: pytest.FixtureRequest, diary: Diary) -> Iterator[int]:
    """Yield the number of the step; all that it tells to look for has to be read by its end."""
    number = int(request.node.name.split("_")[1])
    yield number
    read = diary.all_words().casefold()
    assert [name for name in names(number) if name.casefold() not in read] == []


async def test_1_look(page: Page, stage: Stage, diary: Diary, step: int) -> None:
    dashboard = Dashboard(page, stage)
    await dashboard.open()
    await expect(dashboard.block("Next charge")).to_contain_text("Nursery")
    await expect(dashboard.renewal("Berlin hallway")).to_have_text("Unknown")
    await diary.note(page, "dashboard", page.locator("hui-view"))


async def test_2_press_off_at_front_door(page: Page, stage: Stage, diary: Diary, step: int) -> None:
    dashboard = Dashboard(page, stage)
    await dashboard.open()
    await dashboard.press_toggle("Front door")
    await expect(dashboard.toast).to_contain_text("Not off yet")
    await expect(dashboard.needs_you("Front door")).to_be_visible()
    await diary.note(page, "toast", dashboard.toast)
    await diary.note(page, "dashboard", page.locator("hui-view"))
    for either in ("Turn off", "Turn on"):
        await expect(dashboard.camera("Front door").get_by_label(either)).to_be_visible()

    await page.locator("ha-sidebar").get_by_text("Notifications").click()
    drawer = page.locator("notification-drawer")
    message = drawer.locator("notification-item").filter(has_text="One step left: Front door")
    link = message.get_by_role("link", name="Show me")
    await expect(link).to_have_attribute("href", "/config/repairs")
    await diary.note(page, "notification", drawer)


async def test_3_do_the_step(page: Page, stage: Stage, diary: Diary, step: int) -> None:
    dashboard, guide = Dashboard(page, stage), Guide(page, stage, diary)
    await dashboard.open()
    show_me = dashboard.needs_you("Front door").get_by_role("link", name="Show me")
    await diary.note(page, "needs you", dashboard.needs_you("Front door"))
    await guide.follow(show_me, "One step left: Front door")
    await guide.screen("Stop renewal for Front door?")
    await guide.choose("Continue")
    await guide.screen("Switch it off in Mi Home")
    await _switch_at_the_maker(page, stage, "Front door")
    await guide.press("I have done it")
    await guide.finishes_with("Off. Confirmed by Xiaomi")
    await guide.finish()
    assert len(guide.screens) <= MOST_SCREENS
    assert guide.taps <= MOST_TAPS

    await dashboard.open()
    await expect(dashboard.renewal("Front door")).to_have_text("Off")
    await expect(dashboard.needs_you("Front door")).to_have_count(0)
    await diary.note(page, "off", page.locator("hui-view"))


async def test_4_press_off_at_kitchen(page: Page, stage: Stage, diary: Diary, step: int) -> None:
    dashboard = Dashboard(page, stage)
    await dashboard.open()
    await dashboard.press_toggle("Kitchen")
    await expect(dashboard.renewal("Kitchen")).to_have_text("Off")
    await diary.note(page, "off", dashboard.camera("Kitchen"))


async def test_5_switch_garage_off(page: Page, stage: Stage, diary: Diary, step: int) -> None:
    dashboard, guide = Dashboard(page, stage), Guide(page, stage, diary)
    await dashboard.open()
    await dashboard.press_toggle("Garage")
    await expect(dashboard.toast).to_contain_text("Not off yet")
    await guide.open("One step left: Garage")
    await guide.choose("Continue")
    await guide.screen("Switch it off in Mi Home")
    await _switch_at_the_maker(page, stage, "Garage")
    await guide.press("I have done it")
    said = await guide.screen("Xiaomi still says on")
    assert "it can take up to 8 hours" in said
    assert "I check again on" in said
    assert "If nothing has changed by" in said
    async with await page.context.new_page() as window:
        await _let_pass(window, stage, diary, "+7 hours")
    await guide.choose("Check again now")
    await guide.finishes_with("Off. Confirmed by Xiaomi")
    await guide.finish()
    await dashboard.open()
    await expect(dashboard.renewal("Garage")).to_have_text("Off")


async def test_6_save_study_s_recordings(page: Page, stage: Stage, diary: Diary, step: int) -> None:
    dashboard, media = Dashboard(page, stage), Media(page, stage)
    await dashboard.open()
    await dashboard.save_recordings("Study")
    recordings = dashboard.block("Recordings")
    await expect(recordings).to_contain_text(re.compile(r"Study: [1-9]\d? % saved, \d+ left\."))
    await recordings.scroll_into_view_if_needed()
    await diary.note(page, "saving", recordings)
    await dashboard.open_media()
    await diary.note(page, "saved recordings", media.panel)
    await media.enter("Study")
    await media.item(re.compile(r"\d")).first.click()
    await expect(media.item(re.compile("·")).first).to_be_visible()
    drawn = await until(media.thumbnails, lambda drawn: bool(drawn) and all(drawn))
    assert all(drawn)
    await diary.note(page, "a day", media.panel)
    saved = stage.log.parent / "media" / "camera_cloud_plan" / "Study"
    assert any(saved.rglob("*.mp4"))


async def test_7_ask(page: Page, stage: Stage, diary: Diary, step: int) -> None:
    await Dashboard(page, stage).open()
    assist = Assist(page)
    await assist.open()
    answer = await assist.ask("When is the next charge?")
    assert "Nursery" in answer
    await diary.note(page, "assist", assist.dialogue)


async def test_8_three_days_later(page: Page, stage: Stage, diary: Diary, step: int) -> None:
    await until_idle(stage.home)
    before = await _next_charge(stage, "Nursery")
    async with await page.context.new_page() as window:
        await _let_pass(window, stage, diary, "+3 days")
        await window.goto(f"{stage.maker_url}orders")
        orders = await diary.note(window, "orders", window.locator("body"))
    assert re.search(r"Nursery\s+6\.00 CNY\s+paid", orders)
    dashboard = Dashboard(page, stage)
    await dashboard.open()
    await expect(dashboard.camera("Nursery")).to_contain_text("Trial")
    await dashboard.check_now()
    await expect(dashboard.camera("Nursery")).to_contain_text(
        "Active, renews", timeout=CHECK_FLOOR_MS
    )
    await diary.note(page, "dashboard", page.locator("hui-view"))
    # Charged for a month; three days less are ahead.
    after = await _next_charge(stage, "Nursery")
    assert timedelta(days=28 - 3) <= after - before <= timedelta(days=31 - 3)


async def test_the_readme_tells_no_other_steps() -> None:
    taken = {name.split("_")[1] for name in globals() if re.match(r"test_\d", name)}
    assert taken == {str(number) for number in range(1, len(tour()) + 1)}


async def _next_charge(stage: Stage, camera: str) -> datetime:
    """Return from when on a camera's next charge may come."""
    found = next(each for each in await devices(stage.home) if each.name == camera)
    shown = (await stage.home.states())[found.entities[NEXT_CHARGE]]
    return datetime.fromisoformat(shown["state"])


async def _switch_at_the_maker(page: Page, stage: Stage, camera: str) -> None:
    """Switch renewal at the maker, in a window of its own."""
    async with await page.context.new_page() as window:
        await MakersPage(window, stage).switch_renewal(MEI, camera)


async def _let_pass(window: Page, stage: Stage, diary: Diary, span: str) -> None:
    """Let time pass on the maker's page."""
    await MakersPage(window, stage).let_pass(span)
    await diary.note(window, "the maker's page", window.locator("body"))
