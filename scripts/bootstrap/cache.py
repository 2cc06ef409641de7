"""Where things are kept, and how they are built once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path
import shutil

from scripts.bootstrap.console import say

STAMP = ".complete"


def cache_folder() -> Path:
    """Return the private folder that holds all that the set-up makes."""
    own = os.environ.get("CAMERA_CLOUD_PLAN_CACHE")
    if own:
        return Path(own).absolute()
    shared = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(shared) / "camera-cloud-plan"


def is_complete(folder: Path) -> bool:
    """Return whether the folder was built to its end."""
    return (folder / STAMP).exists()


def built_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return the folder, built by this call, by an earlier one or by another script.

    The stamp is written last, so a folder left by an interrupted set-up is not
    taken for a whole one. It can't be built aside and renamed instead: scripts
    and libraries in it hold their own path.
    """
    if not is_complete(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _lock(folder):
            if not is_complete(folder):  # Another script may have built it meanwhile.
                shutil.rmtree(folder, ignore_errors=True)
                build(folder)
                (folder / STAMP).touch()
    return folder


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Let one process at a time build the folder; the lock dies with its holder."""
    with (folder.parent / f".{folder.name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another set-up to finish {folder.name}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
