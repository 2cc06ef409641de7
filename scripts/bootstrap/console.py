"""Progress, running commands, errors with a remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
import subprocess
import sys

LINES_SHOWN_OF_A_FAILURE = 20


class SetupError(Exception):
    """Something that the set-up can't do, and what a person can do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        """Say both: neither helps alone."""
        super().__init__(f"{problem}\n{remedy}")


def say(message: str) -> None:
    """Print a line of progress; standard output is for answers."""
    print(f"[set-up] {message}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str | Path],
    *,
    doing: str,
    remedy: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout: float | None = None,
) -> str:
    """Run a command quietly and return its output; show its end if it fails."""
    try:
        finished = subprocess.run(  # noqa: S603 (no shell, and no words of a stranger)
            [str(word) for word in command],
            check=False,
            cwd=folder,
            encoding="utf-8",
            env={**os.environ, **(environment or {})},
            errors="replace",
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as error:
        problem = f"{doing} took longer than {timeout:.0f} seconds."
        raise SetupError(problem, remedy) from error
    except OSError as error:
        problem = f"{doing} failed: {error}"
        raise SetupError(problem, remedy) from error
    if finished.returncode:
        end = "\n".join(finished.stdout.splitlines()[-LINES_SHOWN_OF_A_FAILURE:])
        problem = f"{doing} failed:\n{end}"
        raise SetupError(problem, remedy)
    return finished.stdout
