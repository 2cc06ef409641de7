"""Whenever it ends, and however: what has a name is whole, and the next run does the rest."""

import asyncio
from collections.abc import Iterator
import errno
import os
from pathlib import Path
import signal
import subprocess
import sys

import pytest

from custom_components.camera_cloud_plan.export import InterruptedExportError, Interruption
from tests.export.footage import cut, fetched, plays
from tests.export.maker import Maker, clips, exporting, files

HERE = Path(__file__).parents[2]


def python(*arguments: str | Path) -> str:
    """Run a module of ours in a process of its own, and return what it prints."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", *arguments],
        cwd=HERE,
        # One thread: some of these processes fork.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("links", [True, False])
def test_a_crash_at_any_step_leaves_nothing_half(tmp_path: Path, *, links: bool) -> None:
    told = python("tests.export.crashes", tmp_path, *([] if links else ["--no-links"]))
    assert int(told) > 40


def test_a_long_recording_takes_no_more_memory(tmp_path: Path) -> None:
    """It is 600 MB; what a file's index grows by is the rest."""
    assert float(python("tests.export.long_clip", tmp_path)) < 30


async def test_killed_in_the_middle(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.export.endless", tmp_path, cwd=HERE
    )
    while len(clips(tmp_path)) < 3:  # noqa: ASYNC110 - another process's doing
        await asyncio.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    await child.wait()
    there = {path: path.read_bytes() for path in clips(tmp_path)}
    for path in there:
        plays(path)
    maker = Maker()
    for number in range(8):
        maker.holds(str(number))
    result = await exporting(maker, tmp_path).run()
    assert result.is_whole
    assert result.tally.already >= 2
    assert len(clips(tmp_path)) == 8
    assert not [name for name in files(tmp_path) if name.endswith(".part")]
    assert all(path.read_bytes() == content for path, content in there.items())


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder on a disk of half a megabyte; without the right to mount, as good as."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    is_mounted = not subprocess.call(mount, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
    if not is_mounted:
        write = os.write

        def bounded(fd: int, data: bytes) -> int:
            if sum(path.stat().st_size for path in disk.rglob("*")) + len(data) > 512 << 10:
                raise OSError(errno.ENOSPC, "full")
            return write(fd, data)

        monkeypatch.setattr(os, "write", bounded)
    yield disk
    if is_mounted:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S603, S607 - our own


async def test_a_full_disk_stops_cleanly_and_goes_on_later(small_disk: Path) -> None:
    maker = Maker()
    pieces = fetched(cut(seconds=12.0))
    for number in range(12):
        maker.holds(str(number), pieces)
    with pytest.raises(InterruptedExportError) as caught:
        await exporting(maker, small_disk).run()
    assert caught.value.why is Interruption.DISK_FULL
    saved = clips(small_disk)
    assert 0 < len(saved) < 12
    assert not [name for name in files(small_disk) if name.endswith(".part")]
    for path in saved:
        plays(path)
    # Somebody moves things elsewhere.
    for path in saved[1:]:
        path.unlink()
    maker.recordings = maker.recordings[: len(saved)]
    result = await exporting(maker, small_disk).run()
    assert result.is_whole
    assert result.tally.already >= 1
