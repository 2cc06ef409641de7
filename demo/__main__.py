"""`python -m demo`: stage it, print the two addresses, stay until Ctrl-C; or `--check`."""

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path
import signal
import sys
import tempfile
from typing import Final

import aiohttp

from .accounts import SetUpError
from .check import settled_rows, table, troubles
from .home_assistant import ConnectionLostError, RefusedError
from .house import NotOursError
from .ports import NoPortError
from .process import StartError
from .stage import DEFAULT_MAKER_PORT, DEFAULT_PORT, Plot, Stage, say, staged
from .words import Language, language_of_terminal

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_TROUBLES: Final = (
    aiohttp.ClientError,
    ConnectionLostError,
    NoPortError,
    NotOursError,
    RefusedError,
    SetUpError,
    StartError,
)


def main() -> int:
    """Do what the command line asks for and return the exit status."""
    arguments = _arguments()
    try:
        if arguments.folder:
            return asyncio.run(_run(arguments, arguments.folder.resolve()))
        with tempfile.TemporaryDirectory(prefix="camera-cloud-plan-") as folder:
            return asyncio.run(_run(arguments, Path(folder) / "config"))
    except _TROUBLES as error:
        say(f"The demo could not go on: {error}")
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare every camera with what the world implies, print a table, and end",
    )
    parser.add_argument(
        "--stay",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="with --check: stay up that long, then check once more",
    )
    parser.add_argument(
        "--language",
        type=Language,
        choices=[*Language],
        default=language_of_terminal(),
        help="en, zh-Hans or de; by default as the terminal's locale",
    )
    parser.add_argument("--world", default="two_homes", help="a world of the simulator, or a file")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="where to look for a port first (8123)"
    )
    parser.add_argument(
        "--maker-port", type=int, default=DEFAULT_MAKER_PORT, help="likewise (8124)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        help="make the configuration folder here, replacing an earlier demo's, and leave it",
    )
    return parser.parse_args()


async def _run(arguments: argparse.Namespace, folder: Path) -> int:
    """Stage the demo until told to stop, which is no failure wherever it happens."""
    work = asyncio.ensure_future(_perform(arguments, folder))
    loop = asyncio.get_running_loop()
    for sign in _STOPPING:
        loop.add_signal_handler(sign, work.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        say("Stopped.")
        return 1 if arguments.check else 0


async def _perform(arguments: argparse.Namespace, folder: Path) -> int:
    plot = Plot(
        folder=folder,
        language=arguments.language,
        world=arguments.world,
        port=arguments.port,
        maker_port=arguments.maker_port,
    )
    async with staged(plot) as stage:
        if not arguments.check:
            return await _show(stage)
        if not await _check(stage):
            return 1
        if arguments.stay:
            say(f"Staying up for {arguments.stay:.0f} s")
            await asyncio.wait((stage.ended,), timeout=arguments.stay)
            return 0 if await _check(stage) else 1
        return 0


async def _show(stage: Stage) -> int:
    say("")
    say(f"  Home Assistant         {stage.home_url}")
    say(f"  The simulated maker    {stage.maker_url}")
    say("")
    say(f"Both are for this machine only. Home Assistant's log: {stage.log}")
    say("Stop with Ctrl-C.")
    status = await stage.ended
    say("Home Assistant has stopped.")
    return status


async def _check(stage: Stage) -> bool:
    """Print what is shown of every camera; return whether all is as it should be."""
    rows, sums = await settled_rows(
        stage.home, stage.maker, stage.typed, accounts=[account.key for account in stage.accounts]
    )
    say("")
    say(table(rows))
    say("")
    found = [*sums, *await troubles(stage.home, stage.log)]
    for trouble in found:
        say(f"Wrong: {trouble}")
    differing = sum(bool(row.faults) for row in rows)
    say(
        f"{len(rows)} cameras, {differing} not as the world implies; "
        f"{len(found)} other things wrong."
    )
    return not differing and not found


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
