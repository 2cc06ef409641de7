"""What the figures were measured on, in words that fit many machines."""

import os
from pathlib import Path
import platform
import re

from homeassistant.const import __version__ as home_assistant


def machine() -> str:
    """Return the kind of processor, how many cores, and the versions that count."""
    cores = os.process_cpu_count() or 1
    return (
        f"{cores} cores, {_processor()}, {platform.system()}, "
        f"Python {platform.python_version()}, Home Assistant {home_assistant}"
    )


def _processor() -> str:
    """Return the processor's family, without the number of its model."""
    try:
        listed = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    names: list[str] = re.findall(r"^model name\s*: *(.+)$", listed, re.MULTILINE)
    return " ".join(names[0].split()[:2]) if names else platform.machine()
