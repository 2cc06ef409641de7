"""`python -m benchmarks.export`: the same recordings saved in four ways, as tables in Markdown."""

import argparse
import asyncio
from collections.abc import Sequence
import json
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
from typing import Final

from aiohttp import ClientSession
import av

from benchmarks.cloud import Cloud, simulated
from benchmarks.machine import machine
from custom_components.camera_cloud_plan.plan import RecordingKind
from demo.process import Child

from .figures import Export, Rounds, Run, Way, costs, stalls, verdict

_CLIPS: Final = "event:200:12s"
_LONG: Final = "video:1:2h"
_SMOKE_CLIPS: Final = "event:8:12s"
_SMOKE_LONG: Final = "video:1:2m"
_ROUNDS: Final = 5
_LOG_SHOWN: Final = 4000
# What a file's length may differ by from another program's, in seconds.
_SAME_LENGTH: Final = 1.0
_AV_TIME_BASE: Final = 1_000_000
_MB: Final = 1e6
_RIVALS: Final = {
    RecordingKind.EVENT: (Way.ONE, Way.FOUR, Way.LIMIT),
    # One recording cannot be saved four at a time.
    RecordingKind.VIDEO: (Way.ONE, Way.LIMIT),
}
_AT_ONCE: Final = {Way.ONE: 1, Way.FOUR: 4, Way.LIMIT: 4}


class RunError(Exception):
    """A program could not be measured; the text is the end of its log."""


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="few recordings, one round")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    arguments = parser.parse_args(words)
    clips, long = (_SMOKE_CLIPS, _SMOKE_LONG) if arguments.smoke else (_CLIPS, _LONG)
    rounds = 1 if arguments.smoke else arguments.rounds
    asyncio.run(_measure(clips, long, rounds))
    return 0


async def _measure(clips: str, long: str, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="camera-cloud-plan-") as name:
        folder = Path(name)
        log = folder / "simulator.log"
        async with (
            simulated(log, "--recordings", f"{clips},{long}") as address,
            ClientSession() as http,
        ):
            bench = _Bench(Cloud(address, http), folder)
            for number in range(rounds):
                _say(f"round {number + 1} of {rounds}")
                await bench.go_round()
    found = [bench.found[kind] for kind in RecordingKind]
    print(f"Median of {rounds} rounds (least to greatest). {machine()}, {_ffmpeg()}.", end="\n\n")
    for part in (verdict(*found), costs(found), stalls(found)):
        print("\n".join(part), end="\n\n")


class _Bench:
    """Saves the same recordings in each way, in turn."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._cloud = cloud
        self._folder = folder
        self._count: dict[RecordingKind, int] = {}
        self._length: dict[RecordingKind, float] = {}
        self.found = {kind: Rounds("", {way: [] for way in Way}, []) for kind in RecordingKind}

    async def go_round(self) -> None:
        """Save everything once in each way; what was saved is looked at, then deleted."""
        for kind, rivals in _RIVALS.items():
            for way in rivals:
                _say(f"  {kind}: {way}")
                self.found[kind].runs[way].append(await self._rival(kind, way))
        _say(f"  {Way.OURS}")
        for export in await self._ours():
            run = Run(wall=export.wall, cpu=export.cpu, memory=export.memory)
            self.found[RecordingKind(export.kind)].runs[Way.OURS].append(run)
        _say(f"  {Way.OURS}, with the event loop timed")
        for export in await self._ours("--stalls"):
            if export.stall:
                self.found[RecordingKind(export.kind)].stalls.append(export.stall)

    async def _rival(self, kind: RecordingKind, way: Way) -> Run:
        addresses, saved = self._folder / "addresses", self._folder / "saved"
        playlists = await self._cloud.playlists(kind)
        await asyncio.to_thread(addresses.write_text, "\n".join(playlists), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.export.rivals"),
            "limit" if way is Way.LIMIT else "ffmpeg",
            *(str(addresses), str(saved), "--at-once", str(_AT_ONCE[way])),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, complained = await process.communicate()
        if process.returncode:
            raise RunError(complained.decode(errors="replace")[-_LOG_SHOWN:])
        if way is not Way.LIMIT:
            self._look_at(kind, sorted(saved.iterdir()))
        await asyncio.to_thread(shutil.rmtree, saved)
        return Run(**json.loads(printed))

    async def _ours(self, *words: str) -> list[Export]:
        folder = self._folder / "house"
        folder.mkdir()
        house = await Child.start(
            "Home Assistant",
            (
                *(sys.executable, "-m", "benchmarks.export.house", *words),
                *(self._cloud.base_url, folder / "config", folder / "figures.json"),
            ),
            output=folder / "house.log",
        )
        try:
            ended = await house.wait()
        finally:
            await house.stop()
        if ended:
            log = (folder / "house.log").read_text(encoding="utf-8", errors="replace")
            raise RunError(log[-_LOG_SHOWN:])
        written = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
        exports = [Export.read(export) for export in written]
        for export in exports:
            if export.failed or export.saved != self._count[RecordingKind(export.kind)]:
                raise RunError(f"{export.saved} saved, {export.failed} failed")
        files = sorted((folder / "config" / "media").rglob("*.mp4"), key=_seconds)
        clips = self._count[RecordingKind.EVENT]
        self._look_at(RecordingKind.EVENT, files[:clips])
        self._look_at(RecordingKind.VIDEO, files[clips:])
        await asyncio.to_thread(shutil.rmtree, folder)
        return exports

    def _look_at(self, kind: RecordingKind, files: Sequence[Path]) -> None:
        """Raise `RunError` where recordings are not as many, or not as long, as in other ways."""
        lengths = [_seconds(file) for file in files]
        count = self._count.setdefault(kind, len(files))
        rounds = self.found[kind]
        if not rounds.title:
            each, size = lengths[0], sum(file.stat().st_size for file in files) / _MB
            rounds.title = f"{count} of {each:.0f} s, {size:.0f} MB"
            self._length[kind] = each
        if len(files) != count or any(
            abs(seconds - self._length[kind]) > _SAME_LENGTH for seconds in lengths
        ):
            raise RunError(f"{len(files)} files of {min(lengths)} to {max(lengths)} s")


def _seconds(file: Path) -> float:
    with av.open(str(file)) as opened:
        return (opened.duration or 0) / _AV_TIME_BASE


def _ffmpeg() -> str:
    """Return the version of the ffmpeg that is measured."""
    told = subprocess.run(
        ("ffmpeg", "-version"),  # noqa: S607 - whichever a person has
        check=True,
        capture_output=True,
        text=True,
    )
    return " ".join(told.stdout.split(maxsplit=3)[:3])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
