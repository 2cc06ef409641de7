"""The two programs that the set-up itself needs, from PyPI by the machine's pip."""

from __future__ import annotations

import hashlib
from pathlib import Path
import ssl
import sys

from scripts.bootstrap.cache import built_once, cache_folder
from scripts.bootstrap.console import run, say

REQUIREMENTS = Path(__file__).parents[2] / "requirements"


def install_tools() -> Path:
    """Return the folder of both programs, installed if need be."""
    requirements = REQUIREMENTS / "tools.txt"
    return built_once(
        cache_folder() / "tools" / fingerprint(requirements.read_text("utf-8")),
        lambda folder: _install(requirements, folder),
    )


def uv(
    *arguments: str | Path,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    timeout: float | None = None,
) -> str:
    """Run uv with its own cache and interpreters inside ours; return its output."""
    return run(
        [install_tools() / "bin" / "uv", *arguments],
        doing=f"uv {arguments[0]} {arguments[1]}",
        remedy="Is the network there? The set-up fetches packages from PyPI.",
        environment={
            "UV_CACHE_DIR": str(cache_folder() / "uv"),
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_INSTALL_DIR": str(cache_folder() / "python" / "uv"),
            # As pip does; a company's mirror is signed by the company.
            "UV_SYSTEM_CERTS": str(_has_certificates()).lower(),
            **(environment or {}),
        },
        folder=folder,
        timeout=timeout,
    )


def patchelf(*arguments: str | Path) -> str:
    """Run patchelf, which rewrites where a program looks for its libraries."""
    return run(
        [install_tools() / "bin" / "patchelf", *arguments],
        doing="patchelf",
        remedy="Install python3.14 (3.14.2 or newer), so that none has to be unpacked.",
    ).strip()


def _has_certificates() -> bool:
    """Return whether the machine has certificates; without, uv's own must do."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


def fingerprint(*parts: str) -> str:
    """Return a short name for these contents, which changes when they do."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _install(requirements: Path, folder: Path) -> None:
    say("Installing uv")
    run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-input"),
            *("--disable-pip-version-check", "--no-deps"),
            *("--requirement", requirements, "--target", folder),
        ],
        doing="pip install",
        remedy=(
            "The set-up needs pip and the network. No pip? `python3 -m ensurepip`, "
            "or on Debian `apt-get install python3-pip`."
        ),
        # A machine may be set to install nothing outside virtual environments, or
        # into the user's folder; this goes to a folder of its own.
        environment={"PIP_REQUIRE_VIRTUALENV": "0", "PIP_USER": "0"},
    )
