"""Single files for people: whole or not there, in place of no other, where exports may go.

All of it blocks and is for a thread.
"""

import os
from pathlib import Path
import stat
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..const import DOMAIN
from ..export.model import InterruptedExportError, Interruption
from ..export.place import Root, disk_errors, numbered
from ..words import translated
from .folder import export_folder, is_allowed, keep_free, make

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MOST_BYTES: Final = 32 << 20


def write_paper(
    hass: HomeAssistant, given: str | None, stem: str, suffix: str, content: bytes
) -> Path:
    """Write a file below the folder that is meant, flushed to disk; return where it is.

    Where the name is taken, a number is added; the very same content is not written twice.
    Raises `ServiceValidationError` for a folder that may not be used, and
    `HomeAssistantError` where the disk does not take it.
    """
    folder = export_folder(hass, given)
    make(folder)
    try:
        root = Root.opened(str(folder))
        with root.folder, disk_errors():
            root.check(keep_free(hass, folder) + len(content))
            part = root.folder.new_part()
            try:
                part.write(content)
                part.flush()
                name = part.publish(numbered(stem, suffix), *part.digest())
            finally:
                part.discard()
            root.folder.sync()
    except InterruptedExportError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="paper_not_written",
            translation_placeholders={"why": _why(hass, err.why)},
        ) from err
    return root.path / name


def _why(hass: HomeAssistant, why: Interruption) -> str:
    return translated(hass, f"common.export_why_{why}")


def read_owners_file(hass: HomeAssistant, given: str) -> bytes:
    """Return the content of an owner's file in a folder that we may read.

    A relative path is below the configuration. Raises `ServiceValidationError`.
    """
    path = Path(hass.config.path(given))
    try:
        if ".." in Path(given).parts or not is_allowed(hass, path.parent):
            raise _refused("attachment_not_allowed", given)
        fd = os.open(path, _READ)
        with open(fd, "rb") as file:  # noqa: PTH123 - by its descriptor, not by a path
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise _refused("attachment_not_read", given)
            content = file.read(_MOST_BYTES + 1)
    except (OSError, RuntimeError, ValueError) as err:
        raise _refused("attachment_not_read", given) from err
    if len(content) > _MOST_BYTES:
        raise _refused("attachment_too_large", given)
    return content


def _refused(key: str, given: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"file": Path(given).name or given},
    )
