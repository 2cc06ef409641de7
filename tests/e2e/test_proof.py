"""From a renewal that should not have been to a file that another person can check.

In a real Home Assistant and a real browser: what was found, the guide, the file, its pages.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
import io
from pathlib import Path
import re
import subprocess
from typing import Final, cast
import zipfile

from playwright.async_api import Browser, Page
import pytest
import pytest_asyncio

from demo.home_assistant import HomeAssistant
from demo.stage import Stage
from tests.e2e.later import (
    HouseInTime,
    add_accounts,
    cameras,
    check,
    end_of_guide,
    house_in_time,
    issues,
    press_off,
    say_done,
    until,
)
from tests.e2e.small_world import HOURS_TO_END, did_of, small_world
from tests.e2e.views import DESK, Diary, Guide, looking

pytestmark = [
    pytest.mark.browser,
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="session"),
]

NAME: Final = "Front door"
OTHER: Final = "Bedroom"
WORLD: Final = small_world(mei={NAME: {}, OTHER: {}})
PHONE: Final = "13800138000"
EVIL: Final = "<script>document.body.remove()</script>" + "x" * 300
# Between the margins, in the pixels that a browser reckons with.
ACROSS_A4: Final = 687
A_MONTH_LATER: Final = f"+{HOURS_TO_END + 31 * 24}h"


@dataclass(frozen=True, slots=True)
class Scene:
    """A house whose camera was renewed after it was confirmed off."""

    house: HouseInTime
    home: HomeAssistant
    title: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """Have a camera's renewal switched off, confirmed, and the plan renewed all the same."""
    async with (
        house_in_time(tmp_path_factory.mktemp("proof"), WORLD) as house,
        house.at(0) as home,
    ):
        await add_accounts(house, home, "mei")
        camera = (await cameras(home))[NAME]
        await press_off(home, camera)
        await house.control.post(f"camera/{did_of(NAME)}/renewal", {"on": False})
        assert (await end_of_guide(home, await say_done(home, NAME)))["type"] == "create_entry"
        await house.control.patch(f"camera/{did_of(NAME)}", {"plan": {"end": A_MONTH_LATER}})
        await check(home, (camera,))
        found = (await until(lambda: issues(home), lambda found: NAME in found))[NAME]
        yield Scene(house, home, f"{found['translation_placeholders']['standing']}: {NAME}")


@pytest_asyncio.fixture(loop_scope="session")
async def window(browser: Browser) -> AsyncIterator[Page]:
    """Open a window that was never here before."""
    async with looking(browser, DESK) as context:
        yield await context.new_page()


async def test_a_wrong_renewal_becomes_a_file_that_prints_and_verifies(
    scene: Scene, window: Page, diary: Diary, tmp_path: Path
) -> None:
    guide = Guide(window, cast("Stage", scene), diary)
    await guide.open(scene.title)
    await guide.screen("Renewed after switching off")
    await guide.choose("I was charged")
    await guide.ends_with("Close this and open the entry")
    await guide.open(f"You were charged: {NAME}")
    assert "The end moved from" in await guide.screen("Was renewal off?")
    await guide.choose("It was off")
    await guide.screen("Did a notice come?")
    await guide.choose("No")
    await guide.screen("The charge")
    await guide.fill("6.00")
    await guide.press("Continue")
    await guide.screen("Is the amount right?")
    await guide.choose("Yes")
    await guide.screen("What do you want?")
    await guide.choose("My money back")
    assert "12315" in await guide.screen("What to do now")
    await note_evil(scene.home)
    await guide.choose("Make the file")
    said = await guide.screen("The file is there")
    assert "Missing: the order number" in said

    (package,) = (scene.house.folder / "media" / "camera_cloud_plan").glob("dispute_*.zip")
    assert str(package) in said
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(io.BytesIO(package.read_bytes())) as archive:
        archive.extractall(folder)
    assert_verifies(folder)
    assert_tells_nobody(folder, scene.house)

    await window.goto((folder / "report.html").as_uri())
    await diary.note(window, "report", window.locator("body"))
    assert EVIL in await window.locator("body").inner_text()
    asked_for: list[str] = []
    window.on("request", lambda request: asked_for.append(request.url))
    for paper in ("A4", "Letter"):
        printed = await window.pdf(format=paper, path=diary.folder / f"report-{paper}.pdf")
        assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 12
    assert asked_for == []
    # Neither on a screen nor on the narrower paper is anything pushed over the edge.
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert await window.evaluate(fits)
    await window.emulate_media(media="print")
    await window.set_viewport_size({"width": ACROSS_A4, "height": 1000})
    assert await window.evaluate(fits)


async def note_evil(home: HomeAssistant) -> None:
    """Note a line of the bank whose text is meant to break the page."""
    camera = (await cameras(home))[NAME]
    line = {"kind": "bank_line", "date": "2026-01-02", "amount": "1.00", "currency": "CNY"}
    await home.call(
        "camera_cloud_plan", "add_charge", device_id=camera.device_id, text=EVIL, **line
    )


def assert_verifies(folder: Path) -> None:
    """Whatever Python this system has finds the file whole, by the script that is in it."""
    ran = subprocess.run(
        ("/usr/bin/python3", "-I", "verify_ledger.py"),
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout


def assert_tells_nobody(folder: Path, house: HouseInTime) -> None:
    """No token, no id of a device and of the account, nothing of another camera, in any file."""
    stored = (house.folder / ".storage" / "core.config_entries").read_text(encoding="utf-8")
    secrets = set(re.findall(r'"(?:pass_token|service_token|ssecurity)":\s*"([^"]+)"', stored))
    assert len(secrets) == 3
    secrets |= {did_of(NAME), did_of(OTHER), OTHER, "2300910011", PHONE}
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [secret for secret in secrets if secret.encode() in content], path.name
