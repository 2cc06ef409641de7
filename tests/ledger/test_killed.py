"""Writers that are killed lose nothing that they acknowledged."""

import os
from pathlib import Path
import subprocess
import sys

HERE = Path(__file__).parents[2]


def python(*arguments: str | Path) -> int:
    """Run the writers in a process of its own; return what it counted."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "tests.ledger.killed", *arguments],
        cwd=HERE,
        # One thread: that process forks.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_killed_200_times_at_random_points(tmp_path: Path) -> None:
    assert python(tmp_path, "200") > 200


def test_dying_at_any_step_leaves_a_ledger_that_goes_on(tmp_path: Path) -> None:
    assert python(tmp_path) > 40
