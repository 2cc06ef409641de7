"""Recordings from the simulated maker to files on a disk, through everything in between."""

from collections.abc import Callable
from hashlib import sha256
import json
from pathlib import Path
from typing import Any

import av
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.ledger import Kind
from simulator.faults import Trouble
from simulator.server import RunningSimulator
from simulator.world import World
from simulator.worldfile import load_world

from .acts import direct_way, settle, standing
from .conftest import EntryMaker, set_up
from .guided import Guide
from .ledgers import rows_of
from .saving import desk_of, export, media_folder
from .test_coordinator import coordinator_of

MEI = "2300410071"
GARAGE = "1051000105"


@pytest.fixture
def world() -> World:
    """Return the two homes, whose cameras have recordings."""
    return load_world("two_homes")


@pytest.fixture(autouse=True)
def media(hass: HomeAssistant, tmp_path: Path) -> Path:
    return media_folder(hass, tmp_path)


@pytest.fixture
async def home(hass: HomeAssistant, make_entry: EntryMaker) -> MockConfigEntry:
    entry = await make_entry(
        MEI, export_at_once=2, billed_by={"*": "mi_pay"}, renewal_request=direct_way()
    )
    await set_up(hass, entry)
    return entry


def listed(world: World) -> int:
    expect = world.cameras[GARAGE].expect
    assert expect is not None
    assert expect.recordings is not None
    return expect.recordings.listed


def clips(media: Path) -> dict[str, bytes]:
    return {str(path.relative_to(media)): path.read_bytes() for path in media.rglob("*.mp4")}


def play(media: Path) -> float:
    """Decode a picture of every clip; return how long they are together, in seconds."""
    seconds = 0.0
    for path in media.rglob("*.mp4"):
        with av.open(str(path)) as container:
            assert next(container.decode(video=0)).width
            assert container.duration
            seconds += container.duration / av.time_base
    return seconds


async def in_thread[T](hass: HomeAssistant, work: Callable[[Path], T], media: Path) -> T:
    return await hass.async_add_executor_job(work, media)


async def test_all_of_a_camera_comes_home_and_a_second_run_fetches_nothing(
    hass: HomeAssistant, home: MockConfigEntry, world: World, media: Path, sim: RunningSimulator
) -> None:
    (row,) = await export(hass, GARAGE, dry_run=True)
    assert row["estimate"]["to_fetch"] == row["counts"]["listed"] == listed(world)
    assert not await in_thread(hass, clips, media)

    (row,) = await export(hass, GARAGE, wait=True)
    assert row["state"] == "saved"
    assert row["counts"]["saved"] == listed(world)
    assert row["missing"] == []
    files = await in_thread(hass, clips, media)
    name = coordinator_of(home).display_name(GARAGE)
    assert len(files) == listed(world)
    assert all(path.startswith(f"{DOMAIN}/{name}/") for path in files)
    assert row["folder"] == str(media / DOMAIN / name)
    assert await in_thread(hass, play, media) > 0
    listing = media / DOMAIN / name / "manifest.jsonl"
    first = await in_thread(hass, Path.read_bytes, listing)

    (row,) = await export(hass, GARAGE, wait=True)
    assert row["state"] == "saved"
    assert (row["counts"]["already"], row["counts"]["saved"]) == (listed(world), 0)
    assert await in_thread(hass, clips, media) == files
    # The ledger has what the manifest was after each; the first is the beginning of the second.
    second = await in_thread(hass, Path.read_bytes, listing)
    assert second.startswith(first)
    assert [
        (one.facts["manifest"], one.facts["manifest_bytes"]) for one in rows_of(home, Kind.EXPORT)
    ] == [(sha256(content).hexdigest(), len(content)) for content in (first, second)]


async def test_each_camera_has_its_row(
    hass: HomeAssistant, make_entry: EntryMaker, world: World, sim: RunningSimulator
) -> None:
    entry = await make_entry(MEI, show_shared=True)
    await set_up(hass, entry)
    rows = await export(hass, *coordinator_of(entry).data.cameras, dry_run=True)
    shared = {row["camera"] for row in rows if row["state"] == "shared"}
    assert shared == {"Grandma's hall"}
    for row in rows:
        (expect,) = (
            camera.expect for camera in world.cameras.values() if camera.names.en == row["camera"]
        )
        if row["camera"] in shared:
            continue
        assert expect is not None
        assert expect.recordings is not None
        assert row["counts"]["listed"] == expect.recordings.listed, row["camera"]
        assert row["counts"]["event_only"] == expect.recordings.event_only


async def test_what_breaks_off_is_named_and_fetched_later(
    hass: HomeAssistant, home: MockConfigEntry, world: World, media: Path, sim: RunningSimulator
) -> None:
    sim.faults.add(Trouble.TRUNCATED_SEGMENT)
    (row,) = await export(hass, GARAGE, wait=True)
    assert row["state"] == "incomplete"
    assert row["counts"]["failed"] == len(row["missing"]) > 0
    sim.faults.clear()
    (row,) = await export(hass, GARAGE, wait=True)
    assert row["state"] == "saved"
    assert len(await in_thread(hass, clips, media)) == listed(world)


@pytest.mark.usefixtures("repairs")
async def test_a_cancellation_waits_for_the_files_and_is_sent_once(
    hass: HomeAssistant, home: MockConfigEntry, world: World, media: Path, sim: RunningSimulator
) -> None:
    await export(hass, GARAGE, action="cancel_plan", export_first=True)
    assert sim.requests.renewals.total() == 0
    await desk_of(home).async_wait(GARAGE)
    await settle(hass)
    assert len(await in_thread(hass, clips, media)) == listed(world)
    assert sim.requests.renewals.total() == 1
    assert standing(home, GARAGE) is not None


@pytest.mark.usefixtures("repairs")
async def test_the_guide_counts_what_is_in_the_cloud(
    hass: HomeAssistant, make_entry: EntryMaker, world: World
) -> None:
    entry = await make_entry(MEI, billed_by={"*": "mi_pay"})
    await set_up(hass, entry)
    await export(hass, GARAGE, action="cancel_plan")
    await settle(hass)
    guide = await Guide.open(hass)
    assert guide.shows == "decide"
    assert f"**{listed(world)} recordings** are in the cloud now." in guide.said
    await guide.tap("save_first")
    assert guide.shows == "decide"
    assert f"**All {listed(world)} recordings are saved**" in guide.said


def manifest(media: Path) -> list[dict[str, Any]]:
    (path,) = media.rglob("manifest.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def test_nothing_that_is_written_or_stored_tells_an_id_or_a_token(
    hass: HomeAssistant,
    home: MockConfigEntry,
    media: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await export(hass, GARAGE, wait=True)
    written = json.dumps(await in_thread(hass, manifest, media))
    told = written + caplog.text
    session = home.data["credentials"]["session"]
    for secret in (
        home.data["credentials"]["pass_token"],
        session["service_token"],
        session["ssecurity"],
    ):
        assert secret not in told
    assert GARAGE not in written
    assert MEI not in written
