"""Print the interpreters of environments, one a line, building what is missing."""

from __future__ import annotations

import argparse
import sys

from scripts.bootstrap.browser import require_browser
from scripts.bootstrap.console import SetupError, say
from scripts.bootstrap.environment import NAMES, environment


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python3 -m scripts.bootstrap", description=__doc__)
    parser.add_argument("environments", nargs="+", choices=NAMES)
    parser.add_argument("--browser", action="store_true", help="see that Chromium is there too")
    arguments = parser.parse_args()
    try:
        if arguments.browser:
            require_browser()
        for name in arguments.environments:
            print(environment(name))
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Interrupted; the next call goes on where this one stopped")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
