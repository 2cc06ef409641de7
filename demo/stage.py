"""Starting everything: the simulated maker, Home Assistant, the accounts, the dashboard."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
import sys
from typing import Final

import aiohttp

from . import dashboard
from .accounts import add_account
from .home_assistant import ConnectionLostError, HomeAssistant, RefusedError
from .house import House, build, machine_time_zone
from .keeper import Keeper
from .maker import Account, Maker
from .ports import LOOPBACK, free_port
from .process import Child
from .words import Language

DEFAULT_PORT: Final = 8123
DEFAULT_MAKER_PORT: Final = 8124
LEFT_TO_ADD: Final = frozenset({"grandma"})
"""The account that a person at the demo can add by hand."""

_RESTART_ASKED: Final = 100
"""Home Assistant's exit status when somebody pressed "restart"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What is to be staged. Ports are wishes: one that is taken moves up."""

    folder: Path
    language: Language
    world: str = "two_homes"
    port: int = DEFAULT_PORT
    maker_port: int = DEFAULT_MAKER_PORT
    left_out: frozenset[str] = LEFT_TO_ADD


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The running demo. `ended` is done, with its exit status, once Home Assistant stops."""

    home: HomeAssistant
    maker: Maker
    accounts: tuple[Account, ...]
    log: Path
    ended: asyncio.Task[int]

    @property
    def home_url(self) -> str:
        """The address of the dashboard."""
        return f"{self.home.base_url}/{dashboard.PATH}"

    @property
    def maker_url(self) -> str:
        """The address of the simulated maker's page."""
        return f"{self.maker.base_url}/"


@asynccontextmanager
async def staged(plot: Plot) -> AsyncIterator[Stage]:
    """Run the demo for as long as the context lasts.

    Raises `StartError`, `SetUpError`, `RefusedError` or `NoPortError` when it cannot be.
    """
    port = free_port(plot.port)
    maker_port = free_port(plot.maker_port, taken=frozenset({port}))
    house = House(
        port=port,
        language=plot.language,
        time_zone=machine_time_zone(),
        default_panel=dashboard.PATH,
    )
    build(plot.folder, house)
    log = plot.folder / "home-assistant.log"
    async with (
        aiohttp.ClientSession() as http,
        simulator(
            plot.world,
            port=maker_port,
            language=plot.language,
            output=plot.folder / "simulator.log",
            http=http,
        ) as maker,
        home_assistant(plot.folder, port=port, output=log, http=http) as (home, ended),
    ):
        everybody = await maker.accounts()
        accounts = tuple(account for account in everybody if account.key not in plot.left_out)
        for account in accounts:
            say(f"Signing in {account.name}")
            await add_account(home, maker, account)
        keeper = Keeper(home.base_url, f"{maker.base_url}/", plot.language)
        await keeper.tidy(home)
        keeping = asyncio.create_task(keeper.run(http))
        try:
            yield Stage(home=home, maker=maker, accounts=accounts, log=log, ended=ended)
        finally:
            await _cancelled(keeping)


@asynccontextmanager
async def simulator(
    world: str, *, port: int, language: Language, output: Path, http: aiohttp.ClientSession
) -> AsyncIterator[Maker]:
    """Run the simulated maker in a process of its own; raises `StartError`."""
    say("Starting the simulated maker")
    child = await Child.start(
        "The simulated maker",
        (
            *(sys.executable, "-m", "simulator", "--ageing"),
            *("--world", world, "--language", language.of_simulator),
            *("--host", LOOPBACK, "--port", str(port)),
        ),
        output=output,
    )
    maker = Maker(f"http://{LOOPBACK}:{port}", http, language)

    async def up() -> Maker | None:
        return maker if await maker.is_up() else None

    try:
        yield await child.until(up, within=30)
    finally:
        await child.stop()


@asynccontextmanager
async def home_assistant(
    folder: Path,
    *,
    port: int,
    output: Path,
    http: aiohttp.ClientSession,
    program: Sequence[str | Path] = (sys.executable, "-m", "homeassistant"),
) -> AsyncIterator[tuple[HomeAssistant, asyncio.Task[int]]]:
    """Run Home Assistant in a process of its own, started anew whenever it asks for that.

    Gives a connection, and a task that is done with the exit status once it has stopped
    for good. Raises `StartError`.
    """
    say("Starting Home Assistant")
    running = _Running(folder, output, program)
    await running.start()
    supervisor = asyncio.create_task(running.until_it_stops())
    try:
        home = await running.connected(f"http://{LOOPBACK}:{port}", http)
        try:
            yield home, supervisor
        finally:
            await home.close()
    finally:
        await _cancelled(supervisor)
        await running.child.stop()


class _Running:
    """Home Assistant's process, whichever is the present one."""

    child: Child

    def __init__(self, folder: Path, output: Path, program: Sequence[str | Path]) -> None:
        self._command = (*program, "--skip-pip", "--config", folder)
        self._output = output

    async def start(self) -> None:
        self.child = await Child.start("Home Assistant", self._command, output=self._output)

    async def until_it_stops(self) -> int:
        while (status := await self.child.wait()) == _RESTART_ASKED:
            await self.start()
        return status

    async def connected(self, base_url: str, http: aiohttp.ClientSession) -> HomeAssistant:
        """Return a connection once the start is over."""

        async def up() -> HomeAssistant | None:
            try:
                home = await HomeAssistant.connect(base_url, http)
            except aiohttp.ClientError, RefusedError:
                return None
            with suppress(ConnectionLostError):
                if await home.is_running():
                    return home
            await home.close()
            return None

        return await self.child.until(up, within=180)


async def _cancelled(task: asyncio.Task[object]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(line, flush=True)
