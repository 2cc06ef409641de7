"""The whole way over real sockets: simulated maker, its client, the export, and ffprobe."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from custom_components.camera_cloud_plan.export import CameraExport, Reason, Result
from custom_components.camera_cloud_plan.plan import clock
from simulator.faults import Trouble
from simulator.hosts import HostKind
from simulator.server import RunningSimulator, running
from simulator.worldfile import build_world
from tests.cloud.helpers import connect, credentials_of
from tests.export.footage import plays, probed
from tests.export.maker import Maker, clips, exporting, files
from tests.simulator.worlds import DID, plan_entry, world_entry

COUNT = 3
EVENTS = {
    "kind": "event",
    "from": "-1d",
    "every": "1h",
    "count": COUNT,
    "length": "8s",
    "stock": True,
}


@asynccontextmanager
async def recorded(
    http: aiohttp.ClientSession, root: Path, **group: object
) -> AsyncIterator[tuple[RunningSimulator, CameraExport]]:
    """Run a cloud with some recordings, and an export of them."""
    entry = world_entry(plan_entry(), recordings=[EVENTS | group], cloud_support=True)
    async with running(build_world(entry)) as sim:
        cloud = connect(sim, http, credentials_of(sim, "100"), regions=["cn"])
        camera = next(each for each in await cloud.list_cameras() if each.camera_id == DID)
        order = replace(exporting(Maker(), root)._order, asked_at=clock.now())
        yield sim, exporting(Maker(), root, source=cloud, camera=camera, order=order)


def whole(root: Path, result: Result) -> None:
    """Fail unless every recording is there and plays."""
    assert result.is_whole, result.missing
    assert result.tally.saved + result.tally.already == COUNT
    assert not [name for name in files(root) if name.endswith(".part")]


@pytest.mark.parametrize("container", ["ts", "mp4"])
@pytest.mark.parametrize("codec", ["h264", "h265"])
async def test_recordings_come_home(
    http: aiohttp.ClientSession, tmp_path: Path, container: str, codec: str
) -> None:
    async with recorded(http, tmp_path, container=container, codec=codec) as (_, export):
        whole(tmp_path, await export.run())
        assert (await export.run()).tally.already == COUNT
    assert len(clips(tmp_path)) == COUNT
    for path in clips(tmp_path):
        plays(path)
        told = probed(path)
        assert {each["codec_type"] for each in told["streams"]} == {"video", "audio"}
        assert float(told["format"]["duration"]) == pytest.approx(8, abs=1)
    assert len([name for name in files(tmp_path) if ".details" in name]) == 2 * COUNT


async def test_several_resolutions_become_parts(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    sizes = ["320x180", "640x360"]
    async with recorded(http, tmp_path, sizes=sizes) as (_, export):
        whole(tmp_path, await export.run())
    widths = [probed(path)["streams"][0]["width"] for path in clips(tmp_path)]
    assert widths == [320, 640] * COUNT


PASSING: list[tuple[Trouble, dict[str, Any]]] = [
    (Trouble.TRUNCATED_SEGMENT, {}),
    (Trouble.WRONG_KEY, {}),
    (Trouble.GARBAGE_SEGMENT, {}),
    (Trouble.DROPPED_SEGMENT, {}),
    (Trouble.HASTY_LINKS, {}),
    (Trouble.ODD_PLAYLIST, {"shape": "garbage"}),
    (Trouble.ENDLESS_SEGMENT, {}),
    (Trouble.EMPTY_PAGE, {}),
]


@pytest.mark.parametrize(("trouble", "params"), PASSING)
async def test_what_passes_costs_nothing(
    http: aiohttp.ClientSession, tmp_path: Path, trouble: Trouble, params: dict[str, Any]
) -> None:
    async with recorded(http, tmp_path) as (sim, export):
        sim.faults.add(trouble, params, count=1)
        whole(tmp_path, await export.run())
    for path in clips(tmp_path):
        plays(path)


LASTING: list[tuple[Trouble, dict[str, Any], Reason]] = [
    (Trouble.TRUNCATED_SEGMENT, {}, Reason.DAMAGED),
    (Trouble.WRONG_KEY, {}, Reason.DAMAGED),
    (Trouble.GARBAGE_SEGMENT, {}, Reason.DAMAGED),
    (Trouble.DROPPED_SEGMENT, {}, Reason.DAMAGED),
    (Trouble.HASTY_LINKS, {}, Reason.REFUSED),
    (Trouble.FOREIGN_ADDRESS, {"origin": "https://127.0.0.1"}, Reason.FORBIDDEN_ADDRESS),
    (Trouble.ODD_PLAYLIST, {"shape": "empty"}, Reason.DAMAGED),
    (Trouble.ENDLESS_SEGMENT, {}, Reason.TOO_LARGE),
    (Trouble.RECORDING_GONE, {}, Reason.REFUSED),
]


@pytest.mark.parametrize(("trouble", "params", "reason"), LASTING)
async def test_what_lasts_is_told_and_leaves_nothing_half(
    http: aiohttp.ClientSession,
    tmp_path: Path,
    trouble: Trouble,
    params: dict[str, Any],
    reason: Reason,
) -> None:
    async with recorded(http, tmp_path) as (sim, export):
        sim.faults.add(trouble, params)
        result = await export.run()
        assert {each.reason for each in result.missing} == {reason}
        assert len(result.missing) == result.tally.failed == COUNT
        assert files(tmp_path) == ["Door/manifest.jsonl"]
        sim.faults.clear()
        whole(tmp_path, await export.run())


async def test_a_slow_maker_is_waited_for(http: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with recorded(http, tmp_path) as (sim, export):
        slow = {"bytes_per_second": 50_000.0}
        sim.faults.add(Trouble.SLOW_DRIP, slow, host=HostKind.STORAGE, count=2)
        whole(tmp_path, await export.run())
