"""Names of folders and files that hold on every system a disk may be read on.

Bounds are those of Windows, exFAT, SMB shares and Linux together: the reserved characters and
device names of Windows, 255 UTF-16 units (exFAT, NTFS) and 255 bytes of UTF-8 (ext4, many
NAS), of which a camera's name takes the smaller part.
"""

from datetime import datetime, timedelta, tzinfo
import re
from typing import Final
import unicodedata

NAMELESS: Final = "Camera"
# A clip's name and suffixes add at most 56 to the camera's: the whole stays under 240 bytes.
# In UTF-16 units it is shorter still, as Windows counts whole paths, in which it stands twice.
_MOST_BYTES: Final = 150
_MOST_UNITS: Final = 60
_RESERVED: Final = frozenset('<>:"/\\|?*')
# Other, unassigned and private characters: control and bidirectional ones, lone surrogates,
# what SMB servers map reserved characters to; and the separators of lines.
_LEFT_OUT: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_DEVICES: Final = re.compile(
    r"(CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def camera_folder_name(name: str) -> str:
    """Return a camera's name as one that a folder can have everywhere; never an empty one."""
    shown = "".join(_held(character) for character in unicodedata.normalize("NFC", name))
    # What was left out may have kept apart what belongs together.
    shown = unicodedata.normalize("NFC", " ".join(shown.split()))
    shown = _bounded(shown.lstrip(". ")).rstrip(". ")
    if _DEVICES.match(shown):
        shown = _bounded(f"_{shown}").rstrip(". ")
    return shown or NAMELESS


def _held(character: str) -> str:
    category = unicodedata.category(character)
    if character in _RESERVED or category in {"Zl", "Zp", "Zs", "Cc"}:
        return " "
    return "" if category in _LEFT_OUT else character


def _bounded(name: str) -> str:
    """Return the longest beginning within both bounds that cuts no character in two."""
    size = units = 0
    for index, character in enumerate(name):
        size += len(character.encode())
        units += 1 + (character > "\uffff")
        if size > _MOST_BYTES or units > _MOST_UNITS:
            return name[:index]
    return name


def day_name(moment: datetime, time_zone: tzinfo) -> str:
    """Return the folder of the day on which something happened there."""
    return f"{moment.astimezone(time_zone):%Y-%m-%d}"


def is_day_name(name: str) -> bool:
    """Return whether a folder is named like one of ours."""
    return _DAY.fullmatch(name) is not None


def clip_stem(camera: str, moment: datetime, time_zone: tzinfo) -> str:
    """Return a clip's name without suffix, which sorts by camera and moment.

    `camera` is as `camera_folder_name` gives it. Where an hour is repeated, its second pass
    carries the offset from UTC behind the hour, so that it sorts after the first.
    """
    local = moment.astimezone(time_zone)
    second_pass = f"UTC{_offset(local)}" if local.fold else ""
    return f"{camera} {local:%Y-%m-%d %H}{second_pass}-{local:%M-%S}"


def _offset(local: datetime) -> str:
    offset = local.utcoffset() or timedelta()
    minutes = round(abs(offset).total_seconds() / 60)
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02}{minutes % 60:02}"
