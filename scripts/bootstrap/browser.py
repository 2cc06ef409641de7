"""Chromium, ffmpeg and fonts: what only the end-to-end tests need."""

from __future__ import annotations

import os
import shutil
import subprocess

from scripts.bootstrap.console import SetupError, run, say
from scripts.bootstrap.debian import is_debian

# A command that shows it is there, and the Debian package that brings it.
COMMANDS = {
    "chromium": "chromium",
    "ffmpeg": "ffmpeg",
    "ffprobe": "ffmpeg",
    "fc-list": "fontconfig",
}
CHINESE_FONT = "fonts-wqy-zenhei"


def require_browser() -> None:
    """See that all of it is there; as root on Debian, install what is not.

    A test that is skipped for want of a browser proves nothing: so this fails.
    """
    missing = _missing_packages()
    if not missing:
        return
    packages = " ".join(missing)
    remedy = f"Install them; on Debian: apt-get install {packages}"
    if not (is_debian() and os.geteuid() == 0):
        problem = f"The tests drive a real browser and read real video; missing: {packages}."
        raise SetupError(problem, remedy)
    say(f"Installing Debian's {packages}")
    quietly = {"DEBIAN_FRONTEND": "noninteractive"}
    patiently = ("-o", "DPkg::Lock::Timeout=300")
    run(["apt-get", *patiently, "update"], doing="apt-get update", remedy=remedy)
    run(
        ["apt-get", *patiently, "install", "--yes", "--no-install-recommends", *missing],
        doing=f"apt-get install {packages}",
        remedy=remedy,
        environment=quietly,
    )


def _missing_packages() -> list[str]:
    missing = {package for name, package in COMMANDS.items() if not shutil.which(name)}
    if "fontconfig" in missing or not _has_chinese_font():
        missing.add(CHINESE_FONT)
    return sorted(missing)


def _has_chinese_font() -> bool:
    """Return whether Chinese pages show words rather than boxes."""
    listing = subprocess.run(
        ["fc-list", ":lang=zh-cn", "family"],  # noqa: S607 (the machine's own)
        check=False,
        stdout=subprocess.PIPE,
    )
    return bool(listing.stdout.strip())
