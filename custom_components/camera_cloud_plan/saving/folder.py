"""Where exports may go: the media folder, or what this system's administrator allowed besides.

All that touches the disk blocks and is for a thread.
"""

from pathlib import Path, PurePath
import shutil
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from ..const import DOMAIN

_LOCAL: Final = "local"

# What a disk must keep free: more where Home Assistant itself writes.
_FREE_BESIDE_US: Final = 512 * 1024**2
_FREE_ELSEWHERE: Final = 32 * 1024**2


def default_root(hass: HomeAssistant) -> Path:
    """Return the media folder below which exports go unless told otherwise."""
    folders = hass.config.media_dirs
    return Path(folders.get(_LOCAL) or next(iter(folders.values())))


def is_allowed(hass: HomeAssistant, folder: Path) -> bool:
    """Return whether something may be written below a folder, links followed; blocks.

    Home Assistant's own answer, which a media folder that is itself a link would not pass.
    Never where files are served to whoever asks (`/local`), though that is allowed there.
    """
    if folder.resolve().is_relative_to(Path(hass.config.path("www")).resolve()):
        return False
    if hass.config.is_allowed_path(str(folder)):
        return True
    roots = (Path(root).resolve() for root in hass.config.media_dirs.values())
    return any(folder.resolve().is_relative_to(root) for root in roots)


def export_folder(hass: HomeAssistant, given: str | None) -> Path:
    """Return the folder that is meant, absolute; blocks.

    A relative one is below the media folder. Raises `ServiceValidationError` where nothing
    may be written.
    """
    folder = default_root(hass) / (given or DOMAIN)
    if ".." not in PurePath(given or "").parts and "\0" not in str(folder):
        try:
            if is_allowed(hass, folder):
                return folder
        except OSError, RuntimeError:  # links in a circle
            pass
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="folder_not_allowed",
        translation_placeholders={"folder": str(given)},
    )


def make(folder: Path) -> None:
    """Make the folder of an order, once, when it is given; blocks.

    One that is missing later is a disk that went, and is not made anew in its place. Raises
    `ServiceValidationError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="folder_not_made",
            translation_placeholders={"folder": str(folder), "why": err.strerror or "?"},
        ) from err


def nearest(folder: Path) -> Path:
    """Return a folder, or the nearest above it that is there; blocks."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def free(folder: Path) -> int:
    """Return the free space of the disk that a folder is on, or would be, in bytes; blocks."""
    return shutil.disk_usage(nearest(folder)).free


def keep_free(hass: HomeAssistant, folder: Path) -> int:
    """Return how many bytes must stay free on a folder's disk; blocks.

    Where it cannot be told whose disk it is, as much as on Home Assistant's own.
    """
    try:
        ours = Path(hass.config.config_dir).stat().st_dev
        theirs = nearest(folder).stat().st_dev
    except OSError:
        return _FREE_BESIDE_US
    return _FREE_BESIDE_US if theirs == ours else _FREE_ELSEWHERE
