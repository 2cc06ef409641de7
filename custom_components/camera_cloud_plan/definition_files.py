"""Renewal request definitions that lie as files in the configuration folder.

All of this blocks: call it in the executor.
"""

from pathlib import Path
from typing import Final

from .const import DOMAIN

# The folder's name inside the configuration folder.
FOLDER: Final = DOMAIN

# More than the most that a definition may have, so that one that is too long is told so.
_MOST_BYTES: Final = 64 * 1024


def definition_files(configuration: str) -> list[str]:
    """Return the names of the JSON files in the folder, none if there is no such folder."""
    folder = Path(configuration, FOLDER)
    return sorted(path.name for path in folder.glob("*.json") if _lies_in(folder, path))


def read_definition(configuration: str, name: str) -> str:
    """Return a file's text, or the beginning of one that is too long for any definition.

    Raises `OSError` for one that is not there, is no file or leads out of the folder, and
    `UnicodeDecodeError` for one that is no text.
    """
    folder = Path(configuration, FOLDER)
    path = folder / name
    if not _lies_in(folder, path):
        raise FileNotFoundError(name)
    with path.open("rb") as file:
        return file.read(_MOST_BYTES).decode()


def _lies_in(folder: Path, path: Path) -> bool:
    """Return whether a path is a file right in the folder, whatever links stand between."""
    return path.is_file() and path.resolve().parent == folder.resolve()
