"""What was saved, for looking at it: as the manifests say, and only what lies beside them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
import json
import os
from pathlib import Path
from typing import Any, Final

from .manifest import NAME
from .model import InterruptedExportError
from .names import is_day_name
from .place import DETAILS, Folder, Root

_VIDEOS: Final = {".mp4": "video/mp4", ".mov": "video/quicktime", ".ts": "video/mp2t"}
_PICTURES: Final = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
_LONGEST_HEADER: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One camera's folder: what it is called on disk, and what the camera was called."""

    folder: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedClip:
    """A file that was saved; `created_at` in UTC, `seconds` where they are known.

    `kinds` are the maker's words for what happened in it, `part` its number among the files
    of one recording, `None` where it is the only one. `picture` is a name in `DETAILS`.
    """

    day: str
    name: str
    created_at: datetime
    kinds: tuple[str, ...] = ()
    seconds: float | None = None
    part: int | None = None
    picture: str | None = None

    @property
    def mime_type(self) -> str:
        """What kind of video it is."""
        return video_type(self.name) or "application/octet-stream"


def video_type(name: str) -> str | None:
    """Return the kind of video that a name stands for; `None` for anything else."""
    return _VIDEOS.get(Path(name).suffix)


def picture_type(name: str) -> str | None:
    """Return the kind of picture that a name stands for; `None` for anything else."""
    return _PICTURES.get(Path(name).suffix)


def shelves(root: str) -> list[Shelf]:
    """Return the cameras of which something was saved under a root, by name. Blocks."""
    found: list[Shelf] = []
    with suppress(OSError, InterruptedExportError), _opened(root) as folder:
        found += (
            Shelf(folder=name, name=str(header.get("name") or name))
            for name in folder.names()
            if (header := _header(folder, name)) is not None
        )
    return sorted(found, key=lambda shelf: (shelf.name.casefold(), shelf.folder))


def clips(root: str, shelf: str) -> list[SavedClip]:
    """Return what was saved of a camera and is still there, the newest first. Blocks."""
    saved: dict[str, Mapping[str, Any]] = {}
    there: dict[str, set[str]] = {}
    with (
        suppress(OSError, InterruptedExportError),
        _opened(root) as top,
        top.folder(shelf) as camera,
    ):
        for line in _lines(camera):
            if line.get("line") == "saved":
                saved[str(line.get("recording"))] = line
        for day in filter(is_day_name, camera.names()):
            with suppress(OSError), camera.folder(day) as folder:
                there[day] = set(folder.names())
    found = [
        clip
        for line in saved.values()
        for clip in _clips_of(line)
        if clip.name in there.get(clip.day, ())
    ]
    return sorted(found, key=lambda clip: (clip.created_at, -(clip.part or 0)), reverse=True)


def find(root: str, shelf: str, day: str, name: str) -> Path | None:
    """Return a saved video, or a picture in `DETAILS`, by its names; `None` without one. Blocks.

    Nothing but videos and pictures of cameras' folders is found, and no link is followed.
    """
    if not is_day_name(day):
        return None
    folders = (day,) if video_type(name) else (day, DETAILS) if picture_type(name) else ()
    if not folders or name.startswith("."):
        return None
    with suppress(OSError, InterruptedExportError), _opened(root) as top:
        if _header(top, shelf) is None:
            return None
        path, folder = Path(root, shelf), top.folder(shelf)
        for below in folders:
            with folder:
                path, folder = path / below, folder.folder(below)
        with folder:
            os.close(folder.read_file(name))
        return path / name
    return None


def _opened(root: str) -> Folder:
    return Root.opened(root).folder


def _header(folder: Folder, name: str) -> Mapping[str, Any] | None:
    """Return the first line of the manifest in a folder; `None` where that is none of ours."""
    with suppress(OSError, ValueError, RecursionError):
        with folder.folder(name) as camera, os.fdopen(camera.read_file(NAME), "rb") as file:
            line = json.loads(file.readline(_LONGEST_HEADER))
        if isinstance(line, dict) and line.get("line") == "header":
            return line
    return None


def _lines(camera: Folder) -> Iterator[Mapping[str, Any]]:
    with os.fdopen(camera.read_file(NAME), "rb") as file:
        for text in file:
            with suppress(ValueError, RecursionError):
                line = json.loads(text)
                if isinstance(line, dict):
                    yield line


def _clips_of(line: Mapping[str, Any]) -> list[SavedClip]:
    """Return the files of a saved recording; none where the line makes no sense."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        created_at = datetime.fromisoformat(line["created_at"])
        kinds = dict.fromkeys(kind for event in line["events"] for kind in event["kinds"])
        pictures = [
            name
            for path in line.get("details", ())
            if picture_type(name := str(path).rpartition("/")[2])
        ]
        files = line["files"]
        return [
            SavedClip(
                day=file["path"].partition("/")[0],
                name=file["path"].partition("/")[2],
                created_at=created_at,
                kinds=tuple(map(str, kinds)),
                seconds=file.get("seconds"),
                part=number if len(files) > 1 else None,
                picture=pictures[0] if pictures else None,
            )
            for number, file in enumerate(files, 1)
        ]
    return []
