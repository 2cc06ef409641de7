"""Home Assistant's log: which lines of level ERROR need no one's attention."""

from dataclasses import dataclass
import re
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """An error that others log and that changes nothing here; `why` it is harmless."""

    logger: str
    text: str
    why: str


FOREIGN: Final = (
    Foreign(
        logger="homeassistant.components.camera.img_util",
        text="libturbojpeg",
        why="a library for camera pictures that this machine lacks; there are no pictures",
    ),
    Foreign(
        logger="homeassistant.components.marketplace",
        text="",
        why="the catalogue of custom integrations is on the network, which is not needed",
    ),
)

SETTLED_HTTP: Final = "Using stable HTTP config"
"""Logged when the server's settings need nobody's confirmation.

With the other line, about a pending one, Home Assistant restarts itself after five minutes.
"""

_LINE: Final = re.compile(
    r"^\d{4}-\d\d-\d\d [\d:.]+(?:[+-]\d\d:\d\d)? "
    r"(?P<level>[A-Z]+) \(.*?\) \[(?P<logger>[^\]]+)\] (?P<text>.*)$"
)
_SERIOUS: Final = {"ERROR", "CRITICAL", "FATAL"}


def unexpected_errors(log: str) -> list[str]:
    """Return the lines of a log that report an error which is not a known foreign one."""
    return [
        line
        for line in log.splitlines()
        if (found := _LINE.match(line))
        and found["level"] in _SERIOUS
        and not any(_is(foreign, found["logger"], found["text"]) for foreign in FOREIGN)
    ]


def _is(foreign: Foreign, logger: str, text: str) -> bool:
    same_logger = logger == foreign.logger or logger.startswith(f"{foreign.logger}.")
    return same_logger and foreign.text in text
