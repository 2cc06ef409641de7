"""Compile ``requirements/*.in`` into the pins that everything installs.

    scripts/compile-requirements              keep what is pinned, add and remove
    scripts/compile-requirements --upgrade    the newest that fits

For an environment with Home Assistant three more things count: what the
integrations that run here require (``requirements/integrations.txt``) and the
versions Home Assistant allows, both read from Home Assistant's own package, and
what this project's own manifest requires.
"""

from __future__ import annotations

import json
from pathlib import Path
import re
import shutil
import sys
import tempfile

from scripts.bootstrap.console import SetupError, say
from scripts.bootstrap.interpreter import find_python
from scripts.bootstrap.tools import REQUIREMENTS, uv

WITH_HOME_ASSISTANT = ("tests", "demo")
ON_PYTHON_314 = ("oracle", "lint")

OUR_MANIFEST = REQUIREMENTS.parent / "custom_components" / "camera_cloud_plan" / "manifest.json"

# Home Assistant's own lower bound; the pins hold for it and all that follow.
OLDEST_PYTHON = "3.14.2"


def compile_all(*options: str) -> None:
    """Write every ``requirements/*.txt`` anew."""
    with tempfile.TemporaryDirectory() as temporary:
        # uv names its sources in the pins' comments, so the names are relative
        # to a folder that looks like the repository.
        folder = Path(temporary)
        shutil.copytree(REQUIREMENTS, folder / "requirements")
        _compile("tools", folder, *options, python="3.9")
        for name in ON_PYTHON_314:
            _compile(name, folder, *options)
        for name in WITH_HOME_ASSISTANT:
            extra = _ask_home_assistant(name, folder, *options)
            _compile(name, folder, *extra, *options)
        for compiled in (folder / "requirements").glob("*.txt"):
            shutil.copy(compiled, REQUIREMENTS)


def _compile(name: str, folder: Path, *options: str, python: str = OLDEST_PYTHON) -> None:
    say(f"Compiling requirements/{name}.txt")
    output = ("--output-file", f"requirements/{name}.txt")
    _uv_compile(name, folder, *output, *options, python=python)


def _uv_compile(name: str, folder: Path, *options: str, python: str = OLDEST_PYTHON) -> str:
    return uv(
        *("pip", "compile", "--quiet", "--no-header", "--universal"),
        *("--emit-build-options", "--no-emit-index-url", "--no-emit-find-links"),
        *("--python", find_python()[0], "--python-version", python),
        *(f"requirements/{name}.in", *options),
        folder=folder,
    )


def _ask_home_assistant(name: str, folder: Path, *options: str) -> tuple[str, ...]:
    """Return the options that add what the release of this environment asks for."""
    version = _pinned("homeassistant", _uv_compile(name, folder, *options))
    release = folder / f"homeassistant-{version}"
    uv(
        *("pip", "install", "--quiet", "--no-deps", "--target", release / "package"),
        *("--python", find_python()[0], f"homeassistant=={version}"),
    )
    package = release / "package" / "homeassistant"
    overrides = folder / "requirements" / "overrides.txt"
    overridden = {_name(line) for line in _lines(overrides)}

    required = release / "integrations.in"
    ours = json.loads(OUR_MANIFEST.read_text("utf-8"))["requirements"]
    theirs = _required_by_integrations(package / "components", folder)
    required.write_text("\n".join([*theirs, *ours]))

    # An override has no say over a constraint, so those it replaces are left out.
    allowed = release / "package_constraints.txt"
    constraints = _lines(package / "package_constraints.txt")
    allowed.write_text("\n".join(line for line in constraints if _name(line) not in overridden))
    return (
        *(str(required.relative_to(folder)), "--constraints", str(allowed.relative_to(folder))),
        *("--overrides", str(overrides.relative_to(folder))),
    )


def _required_by_integrations(components: Path, folder: Path) -> list[str]:
    """Return the requirements of the listed integrations and all they load."""
    manifests = {
        file.parent.name: json.loads(file.read_text("utf-8"))
        for file in components.glob("*/manifest.json")
    }
    wanted = set(_lines(folder / "requirements" / "integrations.txt"))
    if unknown := wanted - manifests.keys():
        say(f"Not in this release: {', '.join(sorted(unknown))}")
    # Core loads every entity platform's descriptions, so it imports them all.
    platforms = {
        name for name, manifest in manifests.items() if manifest.get("integration_type") == "entity"
    }
    loaded: set[str] = set()
    waiting = (wanted & manifests.keys()) | platforms
    while waiting:
        name = waiting.pop()
        loaded.add(name)
        waiting |= set(manifests[name].get("dependencies", [])) - loaded
    return sorted({line for name in loaded for line in manifests[name].get("requirements", [])})


def _lines(file: Path) -> list[str]:
    """Return the lines that say something, without their comments."""
    lines = (line.partition("#")[0].strip() for line in file.read_text("utf-8").splitlines())
    return [line for line in lines if line]


def _name(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", match.group()).lower() if match else ""


def _pinned(name: str, compiled: str) -> str:
    for line in compiled.splitlines():
        if line.startswith(f"{name}=="):
            return line.split("==")[1].split()[0]
    problem = f"The compiled requirements pin no {name}."
    raise SetupError(problem, "See requirements/*.in.")


if __name__ == "__main__":
    try:
        compile_all(*sys.argv[1:])
    except SetupError as error:
        say(str(error))
        sys.exit(1)
