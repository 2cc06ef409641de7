"""The documents' pictures, taken from the demo: `scripts/screenshots` runs this.

A walk through the demo in each language, with the page objects of the end-to-end tests, so
that a picture shows what those tests look at. Moments in them are those of the day on which
they were taken; all else is the same each time.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
import io
from pathlib import Path
import re
import tempfile
from typing import Final

from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize, expect

from demo.stage import Plot, Stage, say, staged
from demo.words import Language
from tests.e2e.later import exports, until, until_idle
from tests.e2e.views import (
    DESK,
    PHONE,
    SLOW_MS,
    Assist,
    Dashboard,
    Diary,
    Guide,
    Media,
    chromium,
    looking,
)

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"

_WIDE: Final[ViewportSize] = {"width": 1280, "height": 1180}
_NARROW: Final[ViewportSize] = {"width": 900, "height": 640}
_COLOURS: Final = 256
_PORT: Final = 8623
_MAKER_PORT: Final = 8643
_ITEMS_OF_A_DAY: Final = 4
_NO_POINTER: Final = (1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is pressed on the way, in a language."""

    locale: str
    camera: str
    entry: str
    show_me: str
    go_on: str
    saved: str
    open_media: str
    question: str


TOLD: Final = {
    Language.EN: Told(
        locale="en-GB",
        camera="Front door",
        entry="One step left: Front door",
        show_me="Show me",
        go_on="Continue",
        saved="Study",
        open_media="Open Media",
        question="When is the next charge?",
    ),
    Language.ZH: Told(
        locale="zh-CN",
        camera="门口",
        entry="还差一步：门口",
        show_me="去看看",
        go_on="继续",
        saved="书房",
        open_media="打开媒体",
        question="下次什么时候扣费？",
    ),
}


class Album:
    """The pictures of one language, as files."""

    def __init__(self, folder: Path, language: Language) -> None:
        """Take the folder and the language that goes into the names, but for English."""
        self._folder = folder
        self._suffix = "" if language is Language.EN else f".{language}"

    async def keep(self, page: Page, name: str) -> None:
        """Keep what a window shows, in few colours: a page has not many, a file is small."""
        await page.mouse.move(*_NO_POINTER)
        taken = await page.screenshot(animations="disabled")
        path = self._folder / f"{name}{self._suffix}.png"
        await asyncio.to_thread(_write, path, taken)
        say(f"{path.name}: {path.stat().st_size // 1000} kB")


def _write(path: Path, taken: bytes) -> None:
    with Image.open(io.BytesIO(taken)) as image:
        few = image.convert("RGB").quantize(
            _COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
        few.save(path, optimize=True)


async def take(browser: Browser, stage: Stage, language: Language, folder: Path) -> None:
    """Walk through the demo and keep its pictures in a folder.

    What only the English pages show is taken in English only.
    """
    album, told = Album(folder, language), TOLD[language]
    english = language is Language.EN
    async with _window(browser, told, _WIDE) as page:
        await _dashboard(page, stage, told)
        await album.keep(page, "dashboard")
        if english:
            await page.emulate_media(color_scheme="dark")
            await _settled(page)
            await album.keep(page, "dashboard-dark")
    async with _window(browser, told, _NARROW) as page:
        await _guide(page, stage, told)
        await album.keep(page, "guide")
        await _assist(page, stage, told)
        await album.keep(page, "assist")
    if english:
        async with _window(browser, told, PHONE) as page:
            await Dashboard(page, stage).open(told.camera)
            await _settled(page)
            await album.keep(page, "dashboard-phone")
        async with _window(browser, told, DESK) as page:
            await _media(page, stage, told)
            await album.keep(page, "media")


async def _dashboard(page: Page, stage: Stage, told: Told) -> None:
    """Show the dashboard while a cancellation is open."""
    dashboard = Dashboard(page, stage)
    await dashboard.open(told.camera)
    await dashboard.press_toggle(told.camera)
    await expect(dashboard.needs_you(told.camera)).to_be_visible()
    await dashboard.open(told.camera)
    await _settled(page)


async def _guide(page: Page, stage: Stage, told: Told) -> None:
    """Go to the screen that tells what to do at the maker."""
    with tempfile.TemporaryDirectory() as notes:
        dashboard = Dashboard(page, stage)
        guide = Guide(page, stage, Diary(Path(notes), "guide"))
        await dashboard.open(told.camera)
        link = dashboard.needs_you(told.camera).get_by_role("link", name=told.show_me)
        await guide.follow(link, told.entry)
        await guide.choose(told.go_on)
        await expect(page.locator("dialog-data-entry-flow ol li").first).to_be_visible()
    await _settled(page)


async def _assist(page: Page, stage: Stage, told: Told) -> None:
    """Ask Assist something."""
    await Dashboard(page, stage).open(told.camera)
    assist = Assist(page)
    await assist.open()
    await assist.ask(told.question)
    await _settled(page)


async def _media(page: Page, stage: Stage, told: Told) -> None:
    """Save a camera's recordings and go to a day of them, pictures and all."""
    dashboard = Dashboard(page, stage)
    await dashboard.open(told.camera)
    await dashboard.save_recordings(told.saved)
    await until(partial(_saves, stage), bool)
    await until_idle(stage.home)
    await dashboard.open_media(told.open_media)
    media = Media(page, stage)
    await media.enter(told.saved)
    days = media.item(re.compile(r"\d"))
    await expect(days.first).to_be_visible()
    # A whole day: the newest has only begun.
    await days.nth(1).click()
    await expect(media.item(re.compile("·")).nth(_ITEMS_OF_A_DAY - 1)).to_be_visible()
    drawn = await until(media.thumbnails, lambda drawn: bool(drawn) and all(drawn))
    assert all(drawn)
    await _settled(page)


async def _saves(stage: Stage) -> bool:
    return any(shown["state"] == "running" for shown in await exports(stage.home))


@asynccontextmanager
async def _window(browser: Browser, told: Told, size: ViewportSize) -> AsyncIterator[Page]:
    async with looking(browser, size, locale=told.locale) as context:
        yield await context.new_page()


async def _settled(page: Page) -> None:
    """Wait until nothing is fetched any more, no toast stands there, and all fonts are there."""
    await page.wait_for_load_state("networkidle")
    await expect(page.locator("ha-toast")).to_have_count(0)
    await page.evaluate("document.fonts.ready")
    await asyncio.sleep(1)


async def main(languages: Iterable[Language], folder: Path) -> None:
    """Take all pictures, one demo after the other."""
    expect.set_options(timeout=SLOW_MS)
    async with chromium() as browser:
        for language in languages:
            with tempfile.TemporaryDirectory(prefix="camera-cloud-plan-") as place:
                plot = Plot(
                    folder=Path(place) / "config",
                    language=language,
                    port=_PORT,
                    maker_port=_MAKER_PORT,
                )
                async with staged(plot) as stage:
                    await take(browser, stage, language, folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument("--language", type=Language, choices=[*TOLD], action="append")
    parser.add_argument("--folder", type=Path, default=IMAGES, help="where they go (docs/images)")
    given = parser.parse_args()
    asyncio.run(main(given.language or TOLD, given.folder))
