"""Starts Home Assistant under another wall clock: `shifted_hass.py HOURS [ARGUMENT ...]`.

Only the wall clock moves, not the event loop's: timers inside one process still wait in
real time, so a test jumps across a restart. Nothing in the shipped code knows of this.
"""

from datetime import UTC, datetime, timedelta
import runpy
import sys

import time_machine

if __name__ == "__main__":
    hours = float(sys.argv[1])
    sys.argv[1:] = sys.argv[2:]
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=True):
        runpy.run_module("homeassistant", run_name="__main__", alter_sys=True)
