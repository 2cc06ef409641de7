"""Equipment of the end-to-end tests: the demo as a stage, and a browser."""

from collections.abc import AsyncIterator
import os
import shutil
import sys
from typing import Final

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright
import pytest
import pytest_asyncio

from demo.stage import Plot, Stage, staged
from demo.words import Language

CHROMIUM_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK: Final[ViewportSize] = {"width": 1280, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
PATIENCE_MS: Final = 30_000


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person watch the browser."""
    parser.addoption("--headed", action="store_true", help="show the browser")


@pytest.fixture(scope="session")
def hass_python() -> str:
    """Return the interpreter whose Home Assistant is under test: this one, unless told."""
    return os.environ.get("CAMERA_CLOUD_PLAN_HASS_PYTHON", sys.executable)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Run the demo; the tests share it, and its world moves on with them."""
    folder = tmp_path_factory.mktemp("stage") / "config"
    plot = Plot(folder=folder, language=Language.EN, port=8323, maker_port=8324)
    async with staged(plot) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(pytestconfig: pytest.Config) -> AsyncIterator[Browser]:
    """Run Chromium; without one these tests fail rather than show nothing."""
    path = shutil.which("chromium")
    assert path, "chromium is not on the PATH; scripts/test installs it where it can"
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield running
        await running.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Open a browser on a desk."""
    async with await browser.new_context(viewport=DESK, locale="en-GB") as context:
        context.set_default_timeout(PATIENCE_MS)
        yield context


@pytest_asyncio.fixture(loop_scope="session")
async def page(desk: BrowserContext) -> AsyncIterator[Page]:
    """Open a window on the desk."""
    window = await desk.new_page()
    yield window
    await window.close()


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser) -> AsyncIterator[Page]:
    """Open the browser of a phone that has never been here before."""
    async with await browser.new_context(viewport=PHONE, locale="en-GB") as context:
        context.set_default_timeout(PATIENCE_MS)
        yield await context.new_page()
