"""`python -m benchmarks.poll`: polls of 1 to 1000 cameras, as tables in Markdown."""

import argparse
import asyncio
from collections.abc import Sequence
import json
from pathlib import Path
import sys
import tempfile
from typing import Final

from benchmarks.cloud import simulated
from benchmarks.machine import machine
from demo.process import Child

from .figures import LARGE, Phase, Runs, costs, stalls, verdict

_SIZES: Final = (1, 20, 200, LARGE)
_RUNS: Final = 5
_SMOKE_SIZES: Final = (1, 20)
_LOG_SHOWN: Final = 4000


class RunError(Exception):
    """A Home Assistant could not be measured; the text is the end of its log."""


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.poll", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="1 and 20 cameras, one run")
    parser.add_argument("--cameras", type=int, nargs="+", default=_SIZES, metavar="N")
    parser.add_argument("--runs", type=int, default=_RUNS)
    arguments = parser.parse_args(words)
    if arguments.smoke:
        asyncio.run(_smoke())
    else:
        asyncio.run(_measure(arguments.cameras, arguments.runs))
    return 0


async def _smoke() -> None:
    """Show that it works, in little time: one run of few cameras, and all at once."""
    all_runs = [Runs(cameras) for cameras in _SMOKE_SIZES]
    for runs, phases in zip(
        all_runs, await asyncio.gather(*map(_one_run, _SMOKE_SIZES)), strict=True
    ):
        runs.add(phases)
    _print(all_runs, "One run beside others: these are no figures, but show that it works")


async def _measure(sizes: Sequence[int], count: int) -> None:
    all_runs = [Runs(cameras) for cameras in sizes]
    # In turn, so that what else the machine does meets all sizes alike.
    for number in range(count):
        for runs in all_runs:
            _say(f"{runs.cameras} cameras, run {number + 1} of {count}")
            runs.add(await _one_run(runs.cameras))
    _print(all_runs, f"Median of {count} runs (least to greatest)")


def _print(all_runs: Sequence[Runs], words: str) -> None:
    print(f"{words}. {machine()}.", end="\n\n")
    for part in (costs(all_runs), stalls(all_runs), verdict(all_runs[-1])):
        print("\n".join(part), end="\n\n")


async def _one_run(cameras: int) -> list[Phase]:
    """Return the phases of a fresh Home Assistant and a fresh cloud."""
    with tempfile.TemporaryDirectory(prefix="camera-cloud-plan-") as name:
        folder = Path(name)
        async with simulated(folder / "simulator.log", "--cameras", str(cameras)) as address:
            house = await Child.start(
                "Home Assistant",
                (
                    *(sys.executable, "-m", "benchmarks.poll.house"),
                    *(address, folder / "config", folder / "figures.json"),
                ),
                output=folder / "house.log",
            )
            try:
                ended = await house.wait()
            finally:
                await house.stop()
        return await asyncio.to_thread(_figures, folder, ended)


def _figures(folder: Path, ended: int) -> list[Phase]:
    if ended:
        log = (folder / "house.log").read_text(encoding="utf-8", errors="replace")
        raise RunError(log[-_LOG_SHOWN:])
    written = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    return [Phase.read(phase) for phase in written]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
