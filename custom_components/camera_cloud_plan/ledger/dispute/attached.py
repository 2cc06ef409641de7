"""What the owner's files are called in a dispute file."""

from collections.abc import Iterator, Sequence
import re
from typing import Final
import unicodedata

from .model import Attachment

FOLDER: Final = "attachments"

_UNFIT: Final = re.compile(r"[^\w.() -]+")
_LONGEST_NAME: Final = 80


def named(attachments: Sequence[Attachment]) -> Iterator[tuple[str, Attachment]]:
    """Yield attachments with names that any system can unpack, each once."""
    for number, of in enumerate(attachments, 1):
        plain = unicodedata.normalize("NFC", of.name).replace("/", "_").replace("\\", "_")
        plain = _UNFIT.sub("_", plain).strip(" .")[-_LONGEST_NAME:]
        yield f"{number:02}_{plain or 'file'}", of
