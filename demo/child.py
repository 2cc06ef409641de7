"""Becomes another program that ends when its parent does: `python -m demo.child -- CMD`.

Without this, a demo that is killed outright would leave Home Assistant and the
simulator running. Linux only (prctl); elsewhere the program simply starts.
"""

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
"""From linux/prctl.h: the signal a process gets when its parent ends; kept by exec."""


def main(arguments: list[str]) -> None:
    """Replace this process by the program named after `PARENT_PID --`."""
    parent, separator, *command = arguments
    if separator != "--" or not command:
        sys.exit("usage: python -m demo.child PARENT_PID -- PROGRAM [ARGUMENT ...]")
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(parent):
            # The parent ended before the line above could take effect.
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - a fixed program, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
