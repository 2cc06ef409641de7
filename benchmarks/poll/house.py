"""One Home Assistant with one account: the process that is measured.

    python -m benchmarks.poll.house ADDRESS_OF_CLOUD FOLDER FIGURES

writes what each phase cost into the file FIGURES, as JSON.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
import gc
import json
from pathlib import Path
from time import perf_counter
from typing import Any, Final, override

from aiohttp import ClientSession
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import registry
from homeassistant.helpers.recorder import get_instance
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from benchmarks.cloud import Cloud
from benchmarks.house import account_entry, build_house, home_assistant, in_timed_loop
from benchmarks.meter import Lap, Meter
from custom_components.camera_cloud_plan import store
from custom_components.camera_cloud_plan.coordinator import CloudPlanCoordinator

from .figures import Phase, Work

_FEW: Final = 0.05


class _PlainCoordinator(CloudPlanCoordinator):
    """The rival: tells as Home Assistant's coordinator does, all listeners in one go."""

    @callback
    @override
    def async_update_listeners(self) -> None:
        DataUpdateCoordinator.async_update_listeners(self)


class _Watch:
    """Makes phases of what the meter measures."""

    def __init__(self, hass: HomeAssistant, cloud: Cloud, meter: Meter) -> None:
        self.hass = hass
        self.phases: list[Phase] = []
        self._cloud = cloud
        self._meter = meter
        self._states = 0
        self._began = 0.0
        self._full_collection = 0.0
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._count)

    @callback
    def _count(self, _event: Event[Any]) -> None:
        self._states += 1

    async def measure(
        self, work: Work, do: Callable[[], Awaitable[object]], *, writing: float = 0.0
    ) -> None:
        """Measure a phase with all that it sets off, the recorder's commit included.

        `writing` are seconds for what is written to disk a little later.
        """
        await self.begin()
        await do()
        await self.hass.async_block_till_done()
        wall = perf_counter() - self._began
        await asyncio.sleep(writing)
        await get_instance(self.hass).async_block_till_done()
        await self.end(work, wall)

    async def begin(self) -> None:
        """Begin a phase, with a clean heap: it pays for its own garbage alone."""
        await self._cloud.reset_requests()
        self._states = 0
        began = perf_counter()
        gc.collect()
        self._full_collection = perf_counter() - began
        await self._lap()
        self._began = perf_counter()

    async def end(self, work: Work, wall: float | None = None) -> None:
        """End a phase that took this long (seconds), or until now, and begin the next."""
        wall = perf_counter() - self._began if wall is None else wall
        lap = await self._lap()
        requests = await self._cloud.requests()
        self.phases.append(
            Phase(
                work=work,
                requests=requests,
                states=self._states,
                wall=wall,
                full_collection=self._full_collection,
                lap=lap,
            )
        )
        await self.begin()

    async def _lap(self) -> Lap:
        """Return the last lap; the turn of the loop that is going on still belongs to it."""
        await asyncio.sleep(0)
        return self._meter.lap()


async def _measure(meter: Meter, address: str, folder: Path) -> list[Phase]:
    async with home_assistant(folder) as hass, ClientSession() as http:
        cloud = Cloud(address, http)
        watch = _Watch(hass, cloud, meter)
        entry = await account_entry(cloud)
        await _set_up(watch, entry)
        await _polls(watch, cloud, entry)
        return watch.phases


async def _set_up(watch: _Watch, entry: ConfigEntry[Any]) -> None:
    """Set the account up in two phases, divided where its first poll ends."""
    start = CloudPlanCoordinator.async_start

    async def divided(self: CloudPlanCoordinator) -> None:
        await watch.begin()
        await start(self)
        await watch.end(Work.FIRST_POLL)

    async def add() -> None:
        await watch.hass.config_entries.async_add(entry)
        if entry.state is not ConfigEntryState.LOADED:
            raise RuntimeError(f"set-up ended in {entry.state}: {entry.reason}")

    CloudPlanCoordinator.async_start = divided  # type: ignore[method-assign] # to see its end
    await watch.measure(Work.ENTITIES, add, writing=registry.SAVE_DELAY + 1)


async def _polls(watch: _Watch, cloud: Cloud, entry: ConfigEntry[Any]) -> None:
    coordinator: CloudPlanCoordinator = entry.runtime_data.coordinator

    async def poll() -> None:
        # A task, as when the poll's time has come: so it goes by its own name.
        await watch.hass.async_create_task(coordinator.async_refresh())
        if not coordinator.last_update_success:
            raise RuntimeError("the poll failed") from coordinator.last_exception

    await watch.measure(Work.NOTHING, poll)
    await cloud.charge(_FEW)
    await watch.measure(Work.FEW, poll)
    await cloud.charge(1)
    await watch.measure(Work.ALL, poll)
    coordinator.__class__ = _PlainCoordinator
    coordinator.always_update = True
    await watch.measure(Work.PLAIN_NOTHING, poll)
    await cloud.charge(_FEW)
    await watch.measure(Work.PLAIN_FEW, poll)


def main() -> None:
    """Measure one Home Assistant and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.poll.house", description=__doc__)
    parser.add_argument("cloud", help="the simulated cloud's address")
    parser.add_argument("folder", type=Path, help="a configuration folder to make")
    parser.add_argument("figures", type=Path, help="the file to write")
    arguments = parser.parse_args()
    build_house(arguments.folder)
    # Both sooner than usual, so that what is written belongs to the phase that caused it:
    # our store, and Home Assistant's registries after set-up.
    store._SAVE_DELAY = 0.0  # type: ignore[misc] # noqa: SLF001
    registry.SAVE_DELAY = 2

    phases = in_timed_loop(lambda meter: _measure(meter, arguments.cloud, arguments.folder))
    written = json.dumps([asdict(phase) for phase in phases])
    arguments.figures.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
