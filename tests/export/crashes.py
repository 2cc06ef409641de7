"""Exports that die at one of their steps, each in a process of its own.

Run as `python -m tests.export.crashes ROOT [--no-links]`. For every step at which the disk is
asked for something, a child runs an export and dies there as by `kill -9`; what it leaves is
looked at, and another child runs the export to its end. Steps that only look (`lseek`, `pread`)
are left out: to die at one leaves what dying at the next step does.
"""

import asyncio
from collections.abc import Callable
import os
from pathlib import Path
import pickle
import shutil
import sys
from typing import Any

from custom_components.camera_cloud_plan.cloud.recordings import Fetched
from tests.export.footage import cut, fetched
from tests.export.keys import derive_at_once
from tests.export.maker import Maker, clips, exporting, files, manifest

STEPS = ("open", "mkdir", "write", "utime", "fsync", "link", "unlink", "replace")
_EVERYTHING = 10_000


def _footage(at: Path) -> list[Fetched]:
    """Return footage that another process made: encoders leave threads behind."""
    if not (child := os.fork()):
        at.write_bytes(pickle.dumps(fetched(cut(), cut(size=(640, 360)))))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    pieces: list[Fetched] = pickle.loads(at.read_bytes())  # noqa: S301 - our own
    return pieces


def _maker(pieces: list[Fetched]) -> Maker:
    maker = Maker()
    maker.holds("one", pieces)
    return maker


def _dying(function: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def call(*args: Any, **how: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
        return function(*args, **how)

    return call


def _no_link(*_: object, **__: object) -> None:
    raise PermissionError(1, "no hard links here")


def run(maker: Maker, root: Path, steps: int, *, links: bool) -> int:
    """Run an export in a child that dies after so many steps; return its exit code."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = [steps]
    if not links:
        os.link = _no_link
    for name in STEPS:
        setattr(os, name, _dying(getattr(os, name), left))
    result = asyncio.run(exporting(maker, root).run())
    os._exit(0 if result.is_whole else 1)


def _content(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in clips(root)}


def main(root: Path, *, links: bool) -> None:
    """Let exports die at each step, and print how many did."""
    derive_at_once()
    maker = _maker(_footage(root / "footage"))
    whole = root / "whole"
    whole.mkdir()
    assert run(maker, whole, _EVERYTHING, links=links) == 0
    expected = _content(whole)
    assert len(expected) == 2
    for steps in range(_EVERYTHING):
        here = root / str(steps)
        here.mkdir()
        if run(maker, here, steps, links=links) == 0:
            break
        left = _content(here)
        for name, content in left.items():
            assert content == expected[name] or (not links and not content), (steps, name)
        assert run(maker, here, _EVERYTHING, links=links) == 0, steps
        again = _content(here)
        empty = {name for name, content in again.items() if not content}
        assert not empty or not links, steps
        assert sorted(again[name] for name in again.keys() - empty) == sorted(expected.values()), (
            steps
        )
        assert not [name for name in files(here) if name.endswith(".part")], steps
        camera = max(path.name for path in here.iterdir())
        saved = [line for line in manifest(here, camera) if line["line"] == "saved"]
        assert len(saved) == 1, steps
        shutil.rmtree(here)
    print(steps)  # noqa: T201 - for who started this


if __name__ == "__main__":
    main(Path(sys.argv[1]), links="--no-links" not in sys.argv)
