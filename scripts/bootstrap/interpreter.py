"""Python 3.14.2 or newer, which Home Assistant 2026.10 and later need."""

from __future__ import annotations

from functools import cache
from pathlib import Path
import subprocess

from scripts.bootstrap import debian
from scripts.bootstrap.console import SetupError, say
from scripts.bootstrap.tools import install_tools, uv

# Below 3.15, as Home Assistant's compiled requirements come as wheels for 3.14.
WANTED = "cpython>=3.14.2,<3.15"

# Where uv's downloads can't be reached it says so at once; a firewall that
# swallows packets, or a very slow line, is given up on.
DOWNLOAD_SECONDS = 180

# A self-built interpreter may lack what its build did not find.
PROBE = "import bz2, ctypes, lzma, sqlite3, ssl, sys; print(sys.version.split()[0])"


@cache
def find_python() -> tuple[Path, str]:
    """Return an interpreter and its version: the machine's, uv's or Debian's."""
    install_tools()  # Here, so that a lack of pip isn't taken for a lack of Python.
    for find in (_installed, debian.already_unpacked, _installed_by_uv, debian.unpacked):
        python = find()
        version = python and _version(python)
        if python and version:
            return python, version
    problem = "No Python 3.14.2 or newer is here, and none could be had."
    remedy = (
        "Install python3.14 (any way you like, so that `python3.14` starts), "
        "or let this script reach the network."
    )
    raise SetupError(problem, remedy)


def _installed() -> Path | None:
    """Return one that is there: the machine's, or uv's from an earlier call."""
    try:
        found = uv("python", "find", "--system", "--no-python-downloads", WANTED)
    except SetupError:
        return None
    return Path(found.strip().splitlines()[-1])


def _installed_by_uv() -> Path | None:
    """Return one that uv downloads from where it gets its interpreters."""
    say("No Python 3.14.2 or newer on this machine: trying uv's")
    try:
        uv(
            "python",
            "install",
            WANTED,
            environment={"UV_HTTP_RETRIES": "1"},
            timeout=DOWNLOAD_SECONDS,
        )
    except SetupError:
        return None
    return _installed()


def _version(python: Path) -> str | None:
    """Return the version of an interpreter that has all we need, or nothing."""
    finished = subprocess.run(  # noqa: S603 (our own probe)
        [python, "-c", PROBE],
        check=False,
        encoding="utf-8",
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    return finished.stdout.strip() if finished.returncode == 0 else None
