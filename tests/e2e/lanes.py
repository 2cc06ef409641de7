"""End-to-end tests run in two lanes side by side, each with ports of its own."""

import os
from typing import Final

_APART: Final = 1000


def in_lane(wanted: int) -> int:
    """Return the port to begin looking at, in this lane, for one that is free."""
    lane = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return wanted + _APART * int(lane)
