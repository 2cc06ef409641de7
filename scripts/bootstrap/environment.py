"""A virtual environment per compiled file of ``requirements/``."""

from __future__ import annotations

from pathlib import Path

from scripts.bootstrap.cache import built_once, cache_folder
from scripts.bootstrap.console import say
from scripts.bootstrap.interpreter import find_python
from scripts.bootstrap.tools import REQUIREMENTS, fingerprint, uv

NAMES = ("tests", "demo", "oracle", "lint")


def environment(name: str) -> Path:
    """Return the interpreter of an environment, which is built if need be.

    The folder is named after its pins and its interpreter: with a changed file
    or another Python it is another folder, and an unchanged one is found at once.
    """
    requirements = REQUIREMENTS / f"{name}.txt"
    python, version = find_python()
    key = fingerprint(requirements.read_text("utf-8"), str(python), version)

    def build(folder: Path) -> None:
        say(f"Building the environment '{name}' on Python {version}")
        uv("venv", "--quiet", "--python", python, folder)
        uv(
            *("pip", "install", "--quiet", "--python", folder / "bin" / "python"),
            *("--no-deps", "--requirement", requirements),
        )

    folder = built_once(cache_folder() / "environments" / f"{name}-{key}", build)
    return folder / "bin" / "python"
