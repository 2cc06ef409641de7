"""`python -m benchmarks.signing`: ratios of one run, as a table in Markdown."""

import argparse
from collections.abc import Sequence
import json
import os
from statistics import median
import sys
from typing import Final

from benchmarks.machine import machine
from benchmarks.table import table

from .subjects import Ours, OursInPython, Subject, Task, other_client, sealed

VARIABLE: Final = "CAMERA_CLOUD_PLAN_ORACLE"
"""Names the interpreter of the independent clients' environment."""

_SIZES: Final = {"1 KB": 1_000, "100 KB": 100_000, "1 MB": 1_000_000}
_ROUNDS: Final = 7
# How often a body is worked on in a round, about so that a round takes as long for each.
_TIMES: Final = {"1 KB": 200, "100 KB": 10, "1 MB": 2}


class DisagreementError(Exception):
    """Two subjects made different things of the same body."""


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signing", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="the two smaller bodies, one round")
    arguments = parser.parse_args(words)
    python = os.environ.get(VARIABLE)
    if not python:
        print(f"{VARIABLE} does not name an interpreter; use scripts/benchmark", file=sys.stderr)
        return 1
    rounds, sizes = _ROUNDS, tuple(_SIZES)
    if arguments.smoke:
        rounds, sizes = 1, sizes[:-1]
    with other_client(python) as other:
        subjects: tuple[Subject, ...] = (Ours(), OursInPython(), other)
        rows = [
            row for size in sizes for task in Task for row in _rows(subjects, task, size, rounds)
        ]
    print(f"Median of {rounds} rounds in turn. {machine()}.", end="\n\n")
    heads = ("Task", "Body", "By", "Milliseconds each", "Against ours")
    print("\n".join(table(heads, rows, left=(0, 2))), end="\n\n")
    return 0


def _rows(subjects: Sequence[Subject], task: Task, size: str, rounds: int) -> list[tuple[str, ...]]:
    """Return one row per subject; they take turns, each round in the opposite order."""
    plain = _body(_SIZES[size])
    body = sealed(plain) if task is Task.OPEN else plain
    seconds: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    for subject in subjects:
        subject.time(task, body, 1)  # once unmeasured
    for number in range(rounds):
        timed = {
            subject.name: subject.time(task, body, _TIMES[size])
            for subject in (subjects if number % 2 else subjects[::-1])
        }
        if len({outcome.digest for outcome in timed.values()}) != 1:
            raise DisagreementError(f"{task}, {size}")
        for name, outcome in timed.items():
            seconds[name].append(outcome.seconds / _TIMES[size])
    # The ratio of each round's two times, not of the medians: what else the machine does meets both.
    ours = seconds[subjects[0].name]
    return [
        (
            task,
            size,
            name,
            f"{median(its) * 1e3:.3f}",
            f"{median(one / own for one, own in zip(its, ours, strict=True)):.2f}",
        )
        for name, its in seconds.items()
    ]


def _body(size: int) -> str:
    """Return JSON of about so many bytes, shaped like a list of devices."""
    devices: list[dict[str, object]] = []
    body = "{}"
    while len(body) < size:
        missing = max(1, (size - len(body)) // 250)
        devices += (_device(number) for number in range(len(devices), len(devices) + missing))
        body = json.dumps({"code": 0, "message": "ok", "result": {"list": devices}})
    return body


def _device(number: int) -> dict[str, object]:
    return {
        "did": f"30{number:08d}",
        "name": f"Camera {number}",
        "model": "chuangmi.camera.029a02",
        "mac": "02:A0:00:00:00:01",
        "localip": "10.0.0.1",
        "permitLevel": 16,
        "isOnline": True,
        "extra": {"isSetPincode": 0, "pincodeType": 0, "fw_version": "4.3.4_0411"},
    }


if __name__ == "__main__":
    raise SystemExit(main())
