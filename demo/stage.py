"""Starting everything: the simulated maker, Home Assistant, the accounts, the dashboard."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
import sys
from typing import Final

import aiohttp

from . import dashboard
from .accounts import add_account, choose, type_in
from .home_assistant import ConnectionLostError, HomeAssistant, RefusedError
from .house import DEFINITION, House, build, machine_time_zone
from .keeper import Keeper
from .maker import Account, Maker
from .ports import LOOPBACK, free_port
from .process import Child
from .typed import TypedPlan, typed_plan
from .words import WORDS, Language

DEFAULT_PORT: Final = 8123
DEFAULT_MAKER_PORT: Final = 8124
_START_WITHIN: Final = 180.0
_RESTART_ASKED: Final = 100
"""Home Assistant's exit status when somebody pressed "restart"."""


# A simulated maker suspends nobody: an export takes seconds.
_AT_ONCE: Final = {"export_at_once": 2, "export_pause": 0}
# What the accounts' owners chose in the options: one knows who bills, another found the
# request behind the page and lets the switch send it.
_CHOICES: Final[Mapping[str, Mapping[str, Mapping[str, object]]]] = {
    "cn": {"billing": {"billed_by": "mi_pay"}, "recordings": _AT_ONCE},
    "de": {"recordings": _AT_ONCE},
    "cn2": {"direct": {"file": DEFINITION, "mode": "by_switch"}, "recordings": _AT_ONCE},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What is to be staged. Ports are wishes: one that is taken moves up."""

    folder: Path
    language: Language
    world: str = "two_homes"
    port: int = DEFAULT_PORT
    maker_port: int = DEFAULT_MAKER_PORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The running demo. `ended` is done, with its exit status, once Home Assistant stops."""

    home: HomeAssistant
    maker: Maker
    accounts: tuple[Account, ...]
    typed: TypedPlan
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
        home_assistant(plot.folder, port=port, output=log, http=http) as running,
    ):
        home = running.home
        everybody = await maker.accounts()
        accounts = tuple(account for account in everybody if account.signs_in)
        for account in accounts:
            say(f"Signing in {account.name}")
            title = await add_account(home, maker, account)
            for page, answers in _CHOICES.get(account.key, {}).items():
                await choose(home, title, page, answers)
            for price in await maker.prices(account.key):
                await choose(home, title, "prices", price.answers())
        doorbell = typed_plan(plot.language, house.time_zone)
        say(f"Typing in {doorbell.name}")
        await type_in(home, doorbell.answers())
        # An automation of ours to try: "Run actions" shows what it says.
        inputs = {"language": plot.language.of_blueprints}
        await home.automate(WORDS[plot.language].monthly_review, "monthly_review", inputs)
        keeper = Keeper(home.base_url, f"{maker.base_url}/", plot.language)
        await keeper.tidy(home)
        keeping = asyncio.create_task(keeper.run(http))
        try:
            yield Stage(
                home=home,
                maker=maker,
                accounts=accounts,
                typed=doorbell,
                log=log,
                ended=running.ended,
            )
        finally:
            await _cancelled(keeping)


@asynccontextmanager
async def simulator(
    world: str,
    *,
    port: int,
    language: Language,
    output: Path,
    http: aiohttp.ClientSession,
    ageing: bool = True,
) -> AsyncIterator[Maker]:
    """Run the simulated maker in a process of its own; raises `StartError`.

    `ageing` lets time pass there by moving what is stored into the past. Without it the
    maker's clock runs ahead, for a Home Assistant that is started under one as far ahead.
    """
    say("Starting the simulated maker")
    child = await Child.start(
        "The simulated maker",
        (
            *(sys.executable, "-m", "simulator"),
            "--ageing" if ageing else "--virtual-clock",
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


class RunningHome:
    """A Home Assistant in a process of its own, started anew whenever it asks for that.

    `home` is a connection to it, `ended` is done, with the exit status, once it has
    stopped for good.
    """

    home: HomeAssistant
    ended: asyncio.Task[int]

    def __init__(self, child: Child, launch: Callable[[], Awaitable[Child]]) -> None:
        """Take the started process, and how to start another."""
        self._child = child
        self._launch = launch
        self.ended = asyncio.create_task(self._until_it_stops())

    async def connect(self, base_url: str, http: aiohttp.ClientSession) -> None:
        """Connect once its start is over; raises `StartError`."""
        self.home = await self._child.until(lambda: connected(base_url, http), within=_START_WITHIN)

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        await self._child.kill()

    async def stop(self) -> None:
        """End it, however far its start has come."""
        await _cancelled(self.ended)
        await self._child.stop()

    async def _until_it_stops(self) -> int:
        while (status := await self._child.wait()) == _RESTART_ASKED:
            self._child = await self._launch()
        return status


@asynccontextmanager
async def home_assistant(
    folder: Path,
    *,
    port: int,
    output: Path,
    http: aiohttp.ClientSession,
    program: Sequence[str | Path] = (sys.executable, "-m", "homeassistant"),
) -> AsyncIterator[RunningHome]:
    """Run Home Assistant for as long as the context lasts; raises `StartError`."""
    say("Starting Home Assistant")
    command = (*program, "--skip-pip", "--config", folder)

    async def launch() -> Child:
        return await Child.start("Home Assistant", command, output=output)

    running = RunningHome(await launch(), launch)
    try:
        await running.connect(f"http://{LOOPBACK}:{port}", http)
        try:
            yield running
        finally:
            await running.home.close()
    finally:
        await running.stop()


async def connected(base_url: str, http: aiohttp.ClientSession) -> HomeAssistant | None:
    """Return a connection once the start is over; `None` while nobody can connect yet."""
    try:
        home = await HomeAssistant.connect(base_url, http)
    except aiohttp.ClientError, RefusedError:
        return None
    with suppress(ConnectionLostError):
        while True:
            if await home.is_running():
                return home
            await asyncio.sleep(0.1)
    await home.close()
    return None


async def _cancelled(task: asyncio.Task[object]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(line, flush=True)
