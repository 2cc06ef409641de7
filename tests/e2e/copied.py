"""A dashboard that is copied from the options and pasted into a new one, as a person does it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, Locator, Page, expect

from demo.stage import Stage
from tests.e2e.views import DESK, looking

# How often, and how many seconds apart, what does not fit is looked at again.
_LOOKS_AGAIN: Final = 12
_REST: Final = 0.25
_OPTIONS: Final = "/config/integrations/integration/camera_cloud_plan"

# What is drawn wider than its place, in any shadow root; but for Home Assistant's calendar,
# whose own business it is how it cuts what is on it.
_CUT: Final = """() => {
  const found = [];
  const look = node => {
    if (node.nodeType !== Node.ELEMENT_NODE || node.tagName === "HA-FULL-CALENDAR") return;
    const style = getComputedStyle(node);
    if (style.display === "none" || style.visibility === "hidden") return;
    const {left, right, width} = node.getBoundingClientRect();
    const isCut = node.clientWidth && node.scrollWidth > node.clientWidth + 1
      && style.overflowX !== "visible";
    if (isCut || (width && (left < -1 || right > innerWidth + 1)))
      found.push(`${node.tagName.toLowerCase()}: ${node.innerText ?? ""}`);
    node.childNodes.forEach(look);
    node.shadowRoot?.childNodes.forEach(look);
  };
  const view = root => {
    for (const node of root.querySelectorAll("*")) {
      const inside = node.matches("hui-sections-view") ? node : node.shadowRoot && view(node.shadowRoot);
      if (inside) return inside;
    }
  };
  look(view(document));
  const page = document.documentElement;
  return page.scrollWidth > innerWidth ? [`page: ${page.scrollWidth}`, ...found] : found;
}"""


async def cut(page: Page) -> list[str]:
    """Return what of a dashboard does not fit into its place, or into the window, once it rests.

    A card that is being laid out anew may be too small for a moment.
    """
    found: list[str] = await page.evaluate(_CUT)
    for _ in range(_LOOKS_AGAIN):
        if not found:
            break
        await asyncio.sleep(_REST)
        found = await page.evaluate(_CUT)
    return found


@asynccontextmanager
async def pasted(browser: Browser, stage: Stage, name: str) -> AsyncIterator[Page]:
    """Copy a dashboard from the options, paste it into a new one of that name, and look at it."""
    async with looking(browser, DESK) as context:
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        await page.goto(stage.home.base_url)
        await expect(page.locator("hui-sections-view")).to_be_visible()
        await page.goto(stage.home.base_url + _OPTIONS)
        await _copy(page)
        await _create(page, name)
        await _paste(page)
        yield page


async def _copy(page: Page) -> None:
    await page.locator("ha-config-entry-row").first.get_by_label("Configure").first.click()
    dialogue = page.locator("dialog-data-entry-flow")
    await dialogue.get_by_text("Dashboard", exact=True).click()
    await dialogue.locator("ha-expansion-panel").click()
    await _labelled(dialogue.locator("ha-code-editor"), "Copy to clipboard").click()
    await page.get_by_role("link", name="the list of dashboards").click()


async def _create(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Add dashboard").click()
    await page.get_by_text("New dashboard from scratch").click()
    dialogue = page.locator("dialog-lovelace-dashboard-detail")
    await dialogue.locator("input").first.fill(name)
    await dialogue.get_by_role("button", name="Create").click()
    await page.locator("ha-sidebar").get_by_text(name, exact=True).click()


async def _paste(page: Page) -> None:
    await page.get_by_label("Edit dashboard").first.click()
    await page.locator("hui-root .toolbar ha-icon-button").last.click()
    await page.get_by_text("Raw configuration editor").click()
    editor = page.locator("hui-editor")
    await editor.locator(".cm-content").click()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.press("ControlOrMeta+v")
    await editor.get_by_role("button", name="Save").click()
    await expect(editor.get_by_text("Saved")).to_be_visible()
    await editor.get_by_label("Close").first.click()
    await page.get_by_role("button", name="Done").click()


def _labelled(where: Locator, words: str) -> Locator:
    """Return the buttons of a toolbar that are called this."""
    return where.get_by_label(words).first
