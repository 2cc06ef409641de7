"""What a person does with the demo, in a real browser against a real Home Assistant.

The tests share one stage. What the README's tour does is in `test_tour`.
"""

from typing import Literal

from playwright.async_api import Browser, Page, expect
import pytest

from demo.accounts import DOMAIN
from demo.dashboard import PATH
from demo.stage import Stage
from tests.e2e.copied import cut, pasted
from tests.e2e.views import PHONE, Dashboard, MakersPage, approve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="session"),
]

WITH_PLAN = (
    "Front door",
    "Living room",
    "Nursery",
    "Balcony",
    "Garage",
    "Study",
    "Grandma's hall",
    "Berlin hallway",
    "Workshop",
    "Attic",
    "Kitchen",
)
WITHOUT_PLAN = ("Window", "Old cam")
# Widths of windows, and how light they are; in each language what heads the cameras.
SCREENS: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    (1280, "light"),
    (768, "dark"),
    (PHONE["width"], "dark"),
)
LANGUAGES = {"de": "Kameras", "zh-Hans": "摄像头", "en": "Cameras"}


async def test_every_camera_is_on_the_dashboard(page: Page, stage: Stage) -> None:
    dashboard = Dashboard(page, stage)
    await dashboard.open()
    for camera in WITH_PLAN:
        await expect(dashboard.camera(camera)).to_be_visible()
    await expect(page.get_by_text("2 cameras without a plan")).to_be_visible()
    for camera in WITHOUT_PLAN:
        await expect(page.get_by_role("link", name=camera)).to_be_visible()
    await expect(dashboard.block("Next charge")).to_contain_text("Nursery, any moment now")
    await expect(dashboard.block("Needs you")).to_contain_text("Berlin hallway")


async def test_nothing_is_cut_in_any_language_at_any_width(page: Page, stage: Stage) -> None:
    home = stage.home
    shown = await home.command("lovelace/config", url_path=PATH)
    try:
        for language, cameras in LANGUAGES.items():
            made = await home.answered(DOMAIN, "get_dashboard", language=language)
            await home.command(
                "frontend/set_user_data", key="language", value={"language": language}
            )
            await home.command("lovelace/config/save", url_path=PATH, config=made["config"])
            dashboard = Dashboard(page, stage)
            await dashboard.open()
            await expect(dashboard.block(cameras)).to_be_visible()
            for width, scheme in SCREENS:
                await page.emulate_media(color_scheme=scheme)
                await page.set_viewport_size({"width": width, "height": 900})
                await expect(dashboard.camera("Doorbell")).to_be_visible()
                assert await cut(page) == [], (language, width)
    finally:  # as the others find it
        await home.command("frontend/set_user_data", key="language", value={"language": "en"})
        await home.command("lovelace/config/save", url_path=PATH, config=shown)


async def test_the_text_of_the_options_makes_a_dashboard_whose_cameras_open(
    browser: Browser, stage: Stage
) -> None:
    async with pasted(browser, stage, "Our plans") as page:
        dashboard = Dashboard(page, stage)
        for camera in WITH_PLAN:
            await expect(dashboard.camera(camera)).to_be_visible()
        await dashboard.camera("Balcony").get_by_text("Balcony").click()
        await expect(page.locator("ha-config-device-page")).to_contain_text("Balcony")
    kept = await stage.home.command("lovelace/config", url_path="our-plans")
    made = await stage.home.answered(DOMAIN, "get_dashboard")
    assert kept == made["config"]


async def test_a_renewal_nobody_can_read_is_never_shown_as_off(page: Page, stage: Stage) -> None:
    dashboard = Dashboard(page, stage)
    await dashboard.open()
    await expect(dashboard.renewal("Berlin hallway")).to_have_text("Unknown")
    await expect(dashboard.renewal("Study")).to_have_text("Off")
    await expect(dashboard.renewal("Front door")).to_have_text("On")


async def test_nothing_of_others_is_in_the_way(page: Page, stage: Stage) -> None:
    dashboard = Dashboard(page, stage)
    await dashboard.open()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    issues = (await stage.home.command("repairs/list_issues"))["issues"]
    assert [issue for issue in issues if not issue["ignored"]] == []


async def test_off_at_the_maker_turns_the_switch_off_after_a_check(
    page: Page, stage: Stage
) -> None:
    await MakersPage(page, stage).switch_renewal("Jun, Mei's brother", "Kitchen")
    dashboard = Dashboard(page, stage)
    await dashboard.open()
    await expect(dashboard.renewal("Kitchen")).to_have_text("On")
    await dashboard.check_now()
    await expect(dashboard.renewal("Kitchen")).to_have_text("Off")
    await expect(dashboard.camera("Kitchen")).to_contain_text("Active, ends")


async def test_another_account_is_added_by_link_by_hand(page: Page, stage: Stage) -> None:
    await page.goto(
        f"{stage.home.base_url}/_my_redirect/config_flow_start?domain=camera_cloud_plan"
    )
    await page.get_by_role("button", name="OK").click()
    await page.locator("dialog-data-entry-flow").get_by_text("Xiaomi account").click()
    await page.get_by_text("Advanced", exact=True).click()
    await page.locator("dialog-data-entry-flow").get_by_role("textbox").fill(stage.maker.base_url)
    await page.get_by_role("button", name="Show me the link").click()
    async with page.context.expect_page() as opening:
        await page.get_by_role("link", name="Open the link").click()
    await approve(await opening.value, "Grandma")
    await page.get_by_role("button", name="I have approved it").click()
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Finish", exact=True).click()
    await page.get_by_role("button", name="Skip and finish").click()

    dashboard = Dashboard(page, stage)
    await dashboard.open()
    # Shared with Mei, and now also seen by its owner, who has a switch for it.
    await expect(dashboard.camera("Grandma's hall")).to_have_count(2)
    await expect(dashboard.camera("Grandma's hall").locator("ha-control-switch")).to_have_count(1)
