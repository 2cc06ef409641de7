"""Equipment of the end-to-end tests: the demo as a stage, and browsers."""

from collections.abc import AsyncIterator, Iterator
import os
from pathlib import Path
import sys

from playwright.async_api import Browser, BrowserContext, Page, expect
import pytest
import pytest_asyncio

from demo.stage import Plot, Stage, staged
from demo.words import Language
from tests.e2e.lanes import in_lane
from tests.e2e.views import DESK, PHONE, SLOW_MS, Diary, chromium, looking

expect.set_options(timeout=SLOW_MS)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person watch the browser, or look at what it showed."""
    parser.addoption("--headed", action="store_true", help="show the browser")
    parser.addoption("--pictures", type=Path, help="keep a picture of every screen in this folder")


@pytest.fixture(scope="session")
def hass_python() -> str:
    """Return the interpreter whose Home Assistant is under test: this one, unless told."""
    return os.environ.get("CAMERA_CLOUD_PLAN_HASS_PYTHON", sys.executable)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Run the demo; the tests of a file share it, and its world moves on with them."""
    folder = tmp_path_factory.mktemp("stage") / "config"
    plot = Plot(folder=folder, language=Language.EN, port=in_lane(8323), maker_port=in_lane(8324))
    async with staged(plot) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chinese_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Run the demo in Chinese."""
    folder = tmp_path_factory.mktemp("chinese_stage") / "config"
    plot = Plot(folder=folder, language=Language.ZH, port=in_lane(8343), maker_port=in_lane(8344))
    async with staged(plot) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(pytestconfig: pytest.Config) -> AsyncIterator[Browser]:
    """Run Chromium."""
    async with chromium(headless=not pytestconfig.getoption("headed")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Open a browser on a desk."""
    async with looking(browser, DESK) as context:
        yield context


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pocket(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Open the browser of a phone."""
    async with looking(browser, PHONE) as context:
        yield context


@pytest_asyncio.fixture(loop_scope="session")
async def page(desk: BrowserContext) -> AsyncIterator[Page]:
    """Open a window on the desk."""
    window = await desk.new_page()
    yield window
    await window.close()


@pytest_asyncio.fixture(loop_scope="session")
async def phone(pocket: BrowserContext) -> AsyncIterator[Page]:
    """Open a window on the phone."""
    window = await pocket.new_page()
    yield window
    await window.close()


@pytest.fixture
def diary(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Diary]:
    """Keep what a person reads in a test; none of it may use a word that people do not."""
    pictures = request.config.getoption("pictures") or tmp_path
    kept = Diary(pictures, request.node.name)
    yield kept
    assert kept.unwanted_words() == []
