"""One Home Assistant that exports: the process that is measured.

    python -m benchmarks.export.house ADDRESS_OF_CLOUD FOLDER FIGURES [--stalls]

writes what each export cost into the file FIGURES, as JSON; with `--stalls` how long the event
loop was held instead, as timing each callback costs by itself. The action is called as anybody
would call it; only the pauses between recordings are switched off.
"""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
import gc
import json
from pathlib import Path
import threading
from time import perf_counter, process_time
from typing import Any, Final

from aiohttp import ClientSession
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import psutil

from benchmarks.cloud import Cloud
from benchmarks.house import account_entry, build_house, home_assistant, in_loop, in_timed_loop
from benchmarks.meter import Lap, Meter
from custom_components.camera_cloud_plan.const import (
    CONF_EXPORT_AT_ONCE,
    CONF_EXPORT_PAUSE,
    DOMAIN,
    MAX_EXPORT_AT_ONCE,
    SERVICE_EXPORT_RECORDINGS,
)
from custom_components.camera_cloud_plan.devices import camera_id_of
from custom_components.camera_cloud_plan.plan import RecordingKind

from .figures import Export, Stall

_SAMPLED_EVERY: Final = 0.05
_ACTION_NAMES: Final = {RecordingKind.EVENT: "events", RecordingKind.VIDEO: "videos"}


@contextmanager
def _peak() -> Iterator[list[int]]:
    """Note the most resident memory of this process, in bytes, as the list's one item."""
    process, most, over = psutil.Process(), [0], threading.Event()

    def watch() -> None:
        while not over.wait(_SAMPLED_EVERY):
            most[0] = max(most[0], process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


async def _measure(meter: Meter | None, address: str, folder: Path) -> list[Export]:
    async with home_assistant(folder) as hass, ClientSession() as http:
        cloud = Cloud(address, http)
        options = {CONF_EXPORT_AT_ONCE: MAX_EXPORT_AT_ONCE, CONF_EXPORT_PAUSE: 0}
        entry = await account_entry(cloud, **options)
        await hass.config_entries.async_add(entry)
        await hass.async_block_till_done()
        (device_id,) = (
            device.id
            for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
            if isinstance(device, dr.DeviceEntry) and camera_id_of(entry, device)
        )
        return [await _export(hass, meter, device_id, kind) for kind in RecordingKind]


async def _export(
    hass: HomeAssistant, meter: Meter | None, device_id: str, kind: RecordingKind
) -> Export:
    gc.collect()
    await asyncio.sleep(1)
    if meter is not None:
        meter.lap()
    idle = psutil.Process().memory_info().rss
    began, used = perf_counter(), process_time()
    with _peak() as most:
        answer: Any = await hass.services.async_call(
            DOMAIN,
            SERVICE_EXPORT_RECORDINGS,
            {"device_id": device_id, "kinds": [_ACTION_NAMES[kind]], "wait": True},
            blocking=True,
            return_response=True,
        )
        wall, cpu = perf_counter() - began, process_time() - used
    (row,) = answer["plans"]
    return Export(
        kind=kind.value,
        saved=row["counts"]["saved"],
        failed=row["counts"]["failed"],
        wall=wall,
        cpu=cpu,
        memory=most[0] - idle,
        stall=None if meter is None else _stall(meter.lap()),
    )


def _stall(lap: Lap) -> Stall:
    return Stall(
        longest=lap.own_turn,
        by_clock=lap.turn,
        callback=lap.bare_callback,
        collection=lap.collection,
        worst=lap.holds[0].name if lap.holds else "",
    )


def main() -> None:
    """Measure one Home Assistant and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export.house", description=__doc__)
    parser.add_argument("cloud", help="the simulated cloud's address")
    parser.add_argument("folder", type=Path, help="a configuration folder to make")
    parser.add_argument("figures", type=Path, help="the file to write")
    parser.add_argument("--stalls", action="store_true", help="time the event loop")
    arguments = parser.parse_args()
    build_house(arguments.folder)
    if arguments.stalls:
        exports = in_timed_loop(lambda meter: _measure(meter, arguments.cloud, arguments.folder))
    else:
        exports = in_loop(lambda: _measure(None, arguments.cloud, arguments.folder))
    written = json.dumps([asdict(export) for export in exports])
    arguments.figures.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
