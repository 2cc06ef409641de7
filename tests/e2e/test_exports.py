"""Recordings brought home, as a person sees it: on the dashboard, in Media, in the folder.

The tests of a language share one stage and stand in the order in which a person would go:
what one saved, the next looks at. A power cut and a full disk have a house of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
import hashlib
import json
from pathlib import Path
import re
import subprocess
from typing import Final
from zoneinfo import ZoneInfo

import aiohttp
from playwright.async_api import Browser, Page, expect
import pytest
import pytest_asyncio

from demo.accounts import choose
from demo.entities import AUTO_RENEWAL, CANCELLATION, Device
from demo.home_assistant import HomeAssistant, Json
from demo.house import machine_time_zone
from demo.stage import Stage
from tests.e2e.later import (
    ENDS_WITHIN,
    Control,
    HouseInTime,
    act,
    add_accounts,
    cameras,
    exports,
    house_in_time,
    issues,
    until,
    until_idle,
    write,
)
from tests.e2e.small_world import small_world
from tests.e2e.views import PHONE, Dashboard, Diary, Guide, Media, looking

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="session"),
]

STUDY: Final = "1051000106"
KITCHEN: Final = "1063000301"
SLOWLY: Final = 0.4  # seconds that the storage takes for an answer, so that there is a middle
SOUND_AND_PICTURE: Final = {"audio", "video"}

GATE: Final = "Gate"
CLIPS: Final = {
    "kind": "event",
    "from": "-9h",
    "every": "1h",
    "count": 7,
    "length": "4s",
    "event_types": ["PeopleMotion"],
}
TWO_SIZES: Final = {
    "kind": "video",
    "from": "-2h",
    "every": "1h",
    "count": 1,
    "length": "12s",
    "sizes": ["640x360", "320x180"],
}
LISTED: Final = 8
FILES: Final = 9
WORLD: Final = small_world(mei={GATE: {"recordings": [CLIPS, TWO_SIZES]}})


@pytest_asyncio.fixture(loop_scope="session")
async def control(stage: Stage) -> AsyncIterator[Control]:
    """Steer the stage's maker, who is well again afterwards."""
    async with aiohttp.ClientSession() as http:
        steering = Control(stage.maker, http)
        yield steering
        await steering.delete("faults")


# --- A camera's week ---


@pytest.mark.browser
async def test_the_badge_saves_a_camera_and_the_dashboard_says_how_far_it_is(
    page: Page, stage: Stage, control: Control, diary: Diary
) -> None:
    dashboard = Dashboard(page, stage)
    await dashboard.open()
    recordings = dashboard.block("Recordings")
    await expect(recordings).to_contain_text("Nothing is being saved just now.")
    async with slow_storage(control):
        await dashboard.save_recordings("Study")
        await expect(recordings).to_contain_text(re.compile(r"Study: [1-9]\d? % saved, \d+ left\."))
        await expect(recordings.locator("hui-tile-card")).to_have_text([re.compile("Saving")])
        running = await exporting(stage.home, "Study")
        assert running["state"] == "running"
        assert 0 < running["attributes"]["percent"] < 100
        await recordings.scroll_into_view_if_needed()
        await diary.note(page, "saving", recordings)
    await until_idle(stage.home)
    await expect(recordings.locator("hui-tile-card")).to_have_count(0)
    await expect(recordings).to_contain_text("Nothing is being saved just now.")


async def test_every_file_opens_and_is_named_by_its_camera_and_local_time(
    stage: Stage, control: Control
) -> None:
    zone = ZoneInfo(machine_time_zone())
    lengths = {
        f"{moment.date()}/Study {moment:%Y-%m-%d %H-%M-%S}.mp4": recording["length"]
        for recording in await held(control, STUDY)
        for moment in [datetime.fromtimestamp(recording["createTime"] / 1000, zone)]
    }
    folder = saved_in(stage, "Study")
    whole = await asyncio.to_thread(verified, folder)
    assert {file["path"] for file in whole} == lengths.keys()
    for path, length in lengths.items():
        await assert_plays(folder / path, length)


async def test_counts_are_those_of_the_world(stage: Stage) -> None:
    """Of every own camera; a plan that is typed in has none, and the answer says so."""
    listed = await cameras(stage.home)
    own = [camera for camera in listed.values() if is_own(camera)]
    rows = await act(stage.home, "export_recordings", *own, dry_run=True)
    counted = {
        name: {key: row["counts"][key] for key in ("listed", "event_only")}
        for name, row in rows.items()
    }
    assert counted == {
        name: wanted for name, wanted in (await expected(stage)).items() if name in counted
    }
    assert len(counted) == len(own)
    assert all(row["complete"] for row in rows.values())
    typed = await act(stage.home, "export_recordings", listed["Doorbell"], dry_run=True)
    assert typed["Doorbell"]["state"] == "unsupported"


async def test_a_second_run_downloads_nothing(stage: Stage, control: Control) -> None:
    await control.delete("requests")
    study = (await cameras(stage.home))["Study"]
    row = (await act(stage.home, "export_recordings", study, wait=True))["Study"]
    listed = (await expected(stage))["Study"]["listed"]
    assert row["state"] == "saved"
    assert (row["counts"]["already"], row["counts"]["saved"]) == (listed, 0)
    assert row["bytes"] == 0
    asked = {(count["host"], count["path"]) for count in (await control.get("requests"))["counts"]}
    assert not [path for host, path in asked if "storage" in host or "m3u8" in path]
    assert [path for _, path in asked if "eventlist" in path]


async def test_events_without_video_are_counted_and_named(stage: Stage, control: Control) -> None:
    nursery = (await cameras(stage.home))["Nursery"]
    row = (await act(stage.home, "export_recordings", nursery, wait=True))["Nursery"]
    wanted = (await expected(stage))["Nursery"]
    counts = row["counts"]
    assert row["state"] == "saved"
    assert (counts["listed"], counts["event_only"]) == (wanted["listed"], wanted["event_only"])
    assert counts["saved"] == wanted["listed"] - wanted["event_only"]
    assert counts["failed"] == counts["expired"] == 0
    folder = saved_in(stage, "Nursery")
    assert len(await asyncio.to_thread(verified, folder)) == counts["saved"]
    missing = [line["reason"] for line in manifest(folder) if line["line"] == "missing"]
    assert missing == ["event_only"] * wanted["event_only"]
    assert (await control.get("requests"))["leaked_cookies"] == 0


# --- Media ---


@pytest.mark.browser
async def test_a_clip_plays_in_the_built_in_media_folder(
    page: Page, phone: Page, stage: Stage, control: Control, diary: Diary
) -> None:
    moment = min(await newest_day_for_browsers(control, ZoneInfo(machine_time_zone())))
    for window in (page, phone):
        media = Media(window, stage)
        await media.open()
        await media.enter("My media", "camera_cloud_plan", "Study", f"{moment.date()}")
        clip = media.item(f"Study {moment:%Y-%m-%d %H-%M-%S}.mp4")
        await expect(clip).to_be_visible()
        await expect(media.item(re.compile("details|json|jpg"))).to_have_count(0)
        await diary.note(window, "built-in folder", media.panel)
        await clip.click()
        await assert_shown(media)
        await media.close()


@pytest.mark.browser
async def test_a_clip_plays_among_saved_recordings_which_have_pictures(
    page: Page, phone: Page, stage: Stage, control: Control, diary: Diary
) -> None:
    moment = max(await newest_day_for_browsers(control, ZoneInfo(machine_time_zone())))
    for window in (page, phone):
        await Dashboard(window, stage).open()
        await Dashboard(window, stage).open_media()
        media = Media(window, stage)
        await media.enter("Study", f"{moment:%a} {moment.day} {moment:%b}")
        clip = media.item(re.compile(rf"{moment:%H:%M:%S} · (Person|Movement) · 0:12"))
        await expect(clip).to_be_visible()
        drawn = await until(media.thumbnails, lambda drawn: bool(drawn) and all(drawn))
        assert drawn
        assert all(drawn)
        await diary.note(window, "saved recordings", media.panel)
        await clip.click()
        await assert_shown(media)
        await diary.note(window, "playing", media.dialogue)
        await media.close()


@pytest.mark.browser
async def test_in_chinese_a_clip_is_saved_and_plays(
    browser: Browser, chinese_stage: Stage, diary: Diary
) -> None:
    async with looking(browser, PHONE, locale="zh-CN") as context:
        dashboard = Dashboard(await context.new_page(), chinese_stage)
        await dashboard.open("车库")
        await dashboard.save_recordings("车库")
        await exporting(chinese_stage.home, "车库")
        await until_idle(chinese_stage.home)
        block = dashboard.block("录像")
        await block.scroll_into_view_if_needed()
        await diary.note(dashboard.page, "dashboard", block)
        await dashboard.open_media("打开媒体")
        media = Media(dashboard.page, chinese_stage)
        await media.enter("车库")
        await media.item(re.compile(r"\d+月\d+日")).first.click()
        clip = media.item(re.compile("· (有动静|有人)")).first
        await expect(clip).to_be_visible()
        await diary.note(dashboard.page, "saved recordings", media.panel)
        await clip.click()
        await assert_shown(media)


# --- Before a plan ends ---


@pytest.mark.browser
async def test_the_guide_saves_first_and_then_goes_on(
    page: Page, stage: Stage, control: Control, diary: Diary
) -> None:
    dashboard, guide = Dashboard(page, stage), Guide(page, stage, diary)
    listed = (await expected(stage))["Balcony"]["listed"]
    await dashboard.open()
    await dashboard.press_toggle("Balcony")
    await expect(dashboard.toast).to_contain_text("Not off yet")
    await guide.open("One step left: Balcony")
    said = await guide.screen("Stop renewal for Balcony?")
    assert f"{listed} recordings are in the cloud now" in said
    async with slow_storage(control):
        await guide.choose(f"Save the recordings first ({listed})")
        working = page.locator("step-flow-progress")
        await expect(working).to_contain_text("Saving the recordings of Balcony")
        await expect(working).to_contain_text(re.compile(r"[1-9]\d?\s*%"))
        await diary.note(page, "saving", working)
    all_saved = page.get_by_text(f"All {listed} recordings are saved")
    await expect(all_saved).to_be_visible(timeout=ENDS_WITHIN * 1000)
    await guide.screen("Stop renewal for Balcony?")
    assert len(await asyncio.to_thread(verified, saved_in(stage, "Balcony"))) == listed
    await guide.choose("Continue")
    await guide.screen("Switch it off in Mi Home")
    await guide.close()


async def test_nothing_is_sent_before_all_is_saved_and_then_once(
    stage: Stage, control: Control
) -> None:
    await control.delete("requests")
    kitchen = (await cameras(stage.home))["Kitchen"]
    listed = (await expected(stage))["Kitchen"]["listed"]
    async with slow_storage(control):
        row = (await act(stage.home, "cancel_plan", kitchen, export_first=True))["Kitchen"]
        assert row["state"] == "waiting_for_you"
        folder = saved_in(stage, "Kitchen")

        async def saved() -> int:
            return len([*folder.rglob("*.mp4")])

        assert 0 < await until(saved, lambda count: count > 0) < listed
        assert (await control.get("requests"))["renewal_requests"] == {}
        assert (await stage.home.states())[kitchen.entities[AUTO_RENEWAL]]["state"] == "on"
    await until_idle(stage.home)

    async def cancelled() -> str:
        state: str = (await stage.home.states())[kitchen.entities[CANCELLATION]]["state"]
        return state

    assert await until(cancelled, "confirmed".__eq__) == "confirmed"
    assert (await control.get("requests"))["renewal_requests"] == {KITCHEN: 1}
    assert len(await asyncio.to_thread(verified, folder)) == listed


# --- What goes wrong ---


async def test_what_a_power_cut_interrupts_is_taken_up_by_itself(tmp_path: Path) -> None:
    async with house_in_time(tmp_path, WORLD) as house:
        folder = house.folder / "media" / "camera_cloud_plan" / GATE
        async with house.at(0) as home:
            await add_fast_account(house, home)
            await write(house, home)
            async with slow_storage(house.control):
                row = (await act(home, "export_recordings", (await cameras(home))[GATE]))[GATE]
                assert row["state"] == "started"

                async def in_the_middle() -> bool:
                    return len([*folder.rglob("*.mp4")]) > 1

                assert await until(in_the_middle, bool)
                # Leaving is a kill -9.
        there = {path: path.read_bytes() for path in folder.rglob("*.mp4")}
        assert 1 < len(there) < FILES

        async with house.at(0) as home:
            await until_idle(home)
            files = await asyncio.to_thread(verified, folder)
            assert len(files) == FILES
            assert finished(folder)["saved"] + finished(folder)["already"] == LISTED
            for file in files:
                await assert_plays(folder / file["path"], file["seconds"])
            assert all(path.read_bytes() == content for path, content in there.items())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk with two megabytes more than must stay free."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(  # noqa: S603 - our own
        ["mount", "-t", "tmpfs", "-o", "size=34m", "tmpfs", disk],  # noqa: S607 - whichever there is
        check=True,
    )
    yield disk
    subprocess.run(["umount", disk], check=True)  # noqa: S603, S607 - our own


async def test_a_full_disk_is_said_and_once_there_is_room_the_rest_is_saved(
    tmp_path: Path, small_disk: Path
) -> None:
    async with house_in_time(tmp_path, WORLD) as house:
        allow(house, small_disk)
        async with house.at(0) as home:
            await add_fast_account(house, home)
            gate = (await cameras(home))[GATE]
            wanted = {"folder": str(small_disk), "wait": True}
            row = (await act(home, "export_recordings", gate, **wanted))[GATE]
            assert (row["state"], row["reason"]) == ("interrupted", "disk_full")
            assert 0 < row["counts"]["saved"] < LISTED
            folder = small_disk / GATE
            there = {path: path.read_bytes() for path in folder.rglob("*.mp4")}
            assert len(await asyncio.to_thread(verified, folder)) == len(there)
            shown = await exporting(home, GATE)
            assert (shown["state"], shown["attributes"]["reason"]) == ("problem", "disk_full")
            told = (await issues(home))[GATE]
            assert told["translation_key"] == "export_needs_you"
            assert told["translation_placeholders"] == {
                "camera": GATE,
                "folder": str(small_disk),
                "why": "The disk is full. Free some space, or choose another folder.",
            }

            await run("mount", "-o", "remount,size=64m", small_disk)
            row = (await act(home, "export_recordings", gate, **wanted))[GATE]
            assert row["state"] == "saved"
            assert row["counts"]["saved"] + row["counts"]["already"] == LISTED
            assert row["counts"]["already"] == len(there)
            assert len(await asyncio.to_thread(verified, folder)) == FILES
            assert all(path.read_bytes() == content for path, content in there.items())
            assert await issues(home) == {}
            await until_idle(home)


# --- The world's word, and the house's ---


def is_own(camera: Device) -> bool:
    """Return whether a camera has a plan of the account's own, and recordings."""
    return AUTO_RENEWAL in camera.entities and camera.has_recordings


async def expected(stage: Stage) -> dict[str, dict[str, int]]:
    """Return how many recordings the world file says that a camera has, by its name."""
    async with aiohttp.ClientSession() as http:
        state = await Control(stage.maker, http).get("state")
    return {
        camera["names"]["en"]: camera["expect"]["recordings"]
        for camera in state["cameras"]
        if "recordings" in camera.get("expect", {})
    }


async def held(control: Control, did: str) -> list[Json]:
    """Return what the maker holds of a camera, but for what has no video."""
    recordings: list[Json] = (await control.get(f"camera/{did}/recordings"))["recordings"]
    return [recording for recording in recordings if recording["footage"]]


async def newest_day_for_browsers(control: Control, zone: ZoneInfo) -> list[datetime]:
    """Return when the clips of the study's newest day were made that every browser can play.

    Late on a day it has more clips than a window shows, and a list draws what is in view only.
    The built-in folder begins with a day's first clip, saved recordings with its last.
    """
    moments = [
        datetime.fromtimestamp(each["createTime"] / 1000, zone)
        for each in await held(control, STUDY)
        if each["codec"] == "h264"
    ]
    newest = max(moments).date()
    return [moment for moment in moments if moment.date() == newest]


@asynccontextmanager
async def slow_storage(control: Control) -> AsyncIterator[None]:
    """Have the maker take its time for footage."""
    slow = {"trouble": "latency", "host": "storage", "params": {"seconds": SLOWLY}}
    await control.post("faults", slow)
    try:
        yield
    finally:
        await control.delete("faults")


async def exporting(home: HomeAssistant, camera: str) -> Json:
    """Wait until an account shows something of a camera's export; return that."""

    async def look() -> Json | None:
        shown = await exports(home)
        return next((each for each in shown if each["attributes"].get("camera") == camera), None)

    shown = await until(look, bool)
    assert shown
    return shown


async def add_fast_account(house: HouseInTime, home: HomeAssistant) -> None:
    """Sign the account of a house in, and let it save without pauses."""
    titles = await add_accounts(house, home, "mei")
    fast = {"export_at_once": 2, "export_pause": 0}
    await choose(home, titles["mei"], "recordings", fast)


def allow(house: HouseInTime, folder: Path) -> None:
    """Let Home Assistant write to a folder, by its configuration."""
    file = house.folder / "configuration.yaml"
    head, rest = file.read_text(encoding="utf-8").split("\n", 1)
    allowed = f"  allowlist_external_dirs:\n    - {json.dumps(str(folder))}"
    file.write_text(f"{head}\n{allowed}\n{rest}", encoding="utf-8")


# --- What lies there ---


def saved_in(stage: Stage, camera: str) -> Path:
    """Return the folder of a camera's recordings."""
    return stage.log.parent / "media" / "camera_cloud_plan" / camera


def manifest(folder: Path) -> list[Json]:
    """Return the lines of a camera's manifest."""
    text = (folder / "manifest.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def finished(folder: Path) -> Json:
    """Return what the last export came to, by a camera's manifest."""
    tally: Json = next(
        line["tally"] for line in reversed(manifest(folder)) if line["line"] == "finished"
    )
    return tally


def verified(folder: Path) -> list[Json]:
    """Return the files that a camera's manifest names.

    Every one of them is there as it says, nothing else is, and no recording is there twice.
    """
    saved = [line for line in manifest(folder) if line["line"] == "saved"]
    assert len({line["recording"] for line in saved}) == len(saved)
    files: list[Json] = [file for line in saved for file in line["files"]]
    named = {file["path"] for file in files}
    details = {path for line in saved for path in line["details"]}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == named | details | {"manifest.jsonl"}
    assert len(details) == 2 * len(saved)
    for file in files:
        content = (folder / file["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
    return files


async def assert_plays(path: Path, length: float) -> None:
    """Open a file with ffprobe: it has picture and sound, and about this length in seconds."""
    told = json.loads(
        await run(
            *("ffprobe", "-v", "error", "-show_entries", "stream=codec_type:format=duration"),
            *("-of", "json", path),
        )
    )
    assert {stream["codec_type"] for stream in told["streams"]} == SOUND_AND_PICTURE
    assert float(told["format"]["duration"]) == pytest.approx(length, abs=0.3)


async def assert_shown(media: Media) -> None:
    """See that a clip that was opened in the browser goes on."""
    begun = await until(media.played, bool)
    assert begun > 0
    assert await until(media.played, lambda seconds: seconds > begun + 0.5) > begun + 0.5


async def run(*command: str | Path) -> bytes:
    """Run a program that has nothing to complain about; return what it prints."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    printed, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")
    return printed
