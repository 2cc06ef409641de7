"""What the contract tests look at: the repository's files, its modules and its words."""

import ast
from collections.abc import Iterator
from functools import cache
import json
from pathlib import Path
import subprocess
from typing import Any

DOMAIN = "camera_cloud_plan"
ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / DOMAIN
# A language is there, and checked, by having a file.
LANGUAGES = tuple(sorted(path.stem for path in (INTEGRATION / "translations").glob("*.json")))


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file that git keeps, and those that it would."""
    listed = subprocess.run(
        ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"),  # noqa: S607 - whichever git there is
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    paths = (ROOT / name.decode() for name in listed.stdout.split(b"\0") if name)
    return tuple(sorted({path for path in paths if path.is_file()}))


def text_files() -> Iterator[tuple[Path, str]]:
    """Yield every file that holds text, with it."""
    for path in tracked():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def modules(*folders: Path) -> Iterator[Path]:
    """Yield the Python files of these folders."""
    for folder in folders:
        yield from sorted(folder.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    """Return a module's syntax."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def strings(path: Path) -> set[str]:
    """Return the text constants of a module."""
    return {
        node.value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def functions(path: Path) -> set[str]:
    """Return the names of a module's functions and methods, also those given by assignment."""
    names = set()
    for node in ast.walk(tree(path)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]):
                names.add(name)
    return names


def keywords(path: Path, name: str) -> Iterator[tuple[ast.Call, str]]:
    """Yield each call that gives this keyword as a constant text, with the text."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if (
                    keyword.arg == name
                    and isinstance(keyword.value, ast.Constant)
                    and isinstance(keyword.value.value, str)
                ):
                    yield node, keyword.value.value


@cache
def read_json(path: Path) -> Any:
    """Return a JSON file's value."""
    return json.loads(path.read_text(encoding="utf-8"))


def words(language: str = "en") -> Any:
    """Return a language's words."""
    return read_json(INTEGRATION / "translations" / f"{language}.json")


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text of nested words, with the keys that lead to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value
