"""One Home Assistant with one account: the process that is measured.

    python -m benchmarks.poll.house ADDRESS_OF_CLOUD FOLDER FIGURES

writes what each phase cost into the file FIGURES, as JSON. It is Home Assistant's own core, started as its own
launcher does, with recorder (SQLite), history and logbook. The account is signed in by link.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
import gc
import json
from pathlib import Path
import socket
from time import perf_counter
from types import MappingProxyType
from typing import Any, Final, override

from aiohttp import ClientSession, DummyCookieJar
from homeassistant import bootstrap, runner
from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import registry
from homeassistant.helpers.recorder import get_instance
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from yarl import URL

from custom_components.camera_cloud_plan import store
from custom_components.camera_cloud_plan.cloud.sign_in import LinkOffered
from custom_components.camera_cloud_plan.cloud.xiaomi import (
    LinkSignIn,
    XiaomiCredentials,
    preload,
)
from custom_components.camera_cloud_plan.connect import mask
from custom_components.camera_cloud_plan.const import (
    CONF_ACCOUNT,
    CONF_CAMERAS_EXCLUDED,
    CONF_CREDENTIALS,
    CONF_GATEWAY,
    CONF_MAKER,
    CONF_POLL_HOURS,
    CONF_REGIONS,
    CONF_SHOW_SHARED,
    DEFAULT_POLL_HOURS,
    DOMAIN,
    MAKER_XIAOMI,
)
from custom_components.camera_cloud_plan.coordinator import CloudPlanCoordinator
from demo.house import House, build
from demo.ports import LOOPBACK
from demo.words import Language

from .cloud import Cloud
from .figures import Phase, Work
from .meter import Lap, Meter

_FEW: Final = 0.05
_CONFIGURATION: Final = "recorder:\nhistory:\nlogbook:\n"


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
    hass = await bootstrap.async_setup_hass(
        runner.RuntimeConfig(config_dir=str(folder), skip_pip=True)
    )
    if hass is None:
        raise RuntimeError("Home Assistant did not start")
    try:
        await hass.async_start()
        await hass.async_block_till_done()
        async with ClientSession(cookie_jar=DummyCookieJar()) as http:
            cloud = Cloud(address, http)
            await hass.async_add_executor_job(preload)
            watch = _Watch(hass, cloud, meter)
            entry = _entry(await _signed_in(cloud, http), address)
            await _set_up(watch, entry)
            await _polls(watch, cloud, entry)
    finally:
        # The recorder's thread would else keep this process from ending.
        await hass.async_stop(force=True)
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


async def _signed_in(cloud: Cloud, http: ClientSession) -> XiaomiCredentials:
    """Return credentials from a real sign-in by link."""
    link = LinkSignIn(http, gateway=cloud.base_url)
    offered = await link.start()
    if not isinstance(offered, LinkOffered):
        raise RuntimeError("no link was offered")  # noqa: TRY004 - no mistake of the caller's
    await cloud.approve(URL(offered.url).query["ticket"], await cloud.user_id())
    async with asyncio.timeout(30):
        credentials = await link.wait()
    if not isinstance(credentials, XiaomiCredentials):
        raise RuntimeError("the link was not approved")  # noqa: TRY004 - as above
    return credentials


def _entry(credentials: XiaomiCredentials, gateway: str) -> ConfigEntry[Any]:
    account = mask(credentials.user_id)
    return ConfigEntry(
        data={
            CONF_MAKER: MAKER_XIAOMI,
            CONF_ACCOUNT: account,
            CONF_CREDENTIALS: credentials.as_dict(),
            CONF_GATEWAY: gateway,
        },
        discovery_keys=MappingProxyType({}),
        domain=DOMAIN,
        minor_version=1,
        options={
            CONF_REGIONS: ["cn", "de"],
            CONF_CAMERAS_EXCLUDED: [],
            CONF_POLL_HOURS: DEFAULT_POLL_HOURS,
            CONF_SHOW_SHARED: False,
        },
        source=SOURCE_USER,
        subentries_data=(),
        title=f"Xiaomi ({account})",
        unique_id=f"{MAKER_XIAOMI}_{credentials.user_id}",
        version=1,
    )


def _free_port() -> int:
    """Return a port that nobody listens on; not a fixed one, as others measure beside."""
    with socket.create_server((LOOPBACK, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def main() -> None:
    """Measure one Home Assistant and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.poll.house", description=__doc__)
    parser.add_argument("cloud", help="the simulated cloud's address")
    parser.add_argument("folder", type=Path, help="a configuration folder to make")
    parser.add_argument("figures", type=Path, help="the file to write")
    arguments = parser.parse_args()
    house = House(
        port=_free_port(),
        language=Language.EN,
        time_zone="Europe/Berlin",
        default_panel="config",
    )
    build(arguments.folder, house)
    (arguments.folder / "configuration.yaml").write_text(_CONFIGURATION, encoding="utf-8")
    # Both sooner than usual, so that what is written belongs to the phase that caused it:
    # our store, and Home Assistant's registries after set-up.
    store._SAVE_DELAY = 0.0  # type: ignore[misc] # noqa: SLF001
    registry.SAVE_DELAY = 2

    meter = Meter()
    loop = meter.new_loop()
    runner.configure_event_loop(loop)
    with asyncio.Runner(loop_factory=lambda: loop) as in_loop:
        phases = in_loop.run(_measure(meter, arguments.cloud, arguments.folder))
    written = json.dumps([asdict(phase) for phase in phases])
    arguments.figures.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
