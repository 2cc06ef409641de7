"""The three ways to sign a request and to open an answer."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
import hashlib
import json
from pathlib import Path
import subprocess
from time import perf_counter
from typing import IO, Final, Protocol, override

from custom_components.camera_cloud_plan.cloud.xiaomi import rc4
from custom_components.camera_cloud_plan.cloud.xiaomi.signing import (
    open_sealed,
    sign_path,
    signed_nonce,
    signed_parameters,
)

SSECURITY: Final = b64encode(bytes(range(16))).decode()
NONCE: Final = b64encode(bytes(range(12))).decode()
PATH: Final = "/app/v2/home/device_list_page"


class Task(StrEnum):
    """What is timed."""

    SIGN = "sign"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Seconds for all repetitions, and a digest of what came out."""

    seconds: float
    digest: str


class Subject(Protocol):
    """One way to do the tasks."""

    @property
    def name(self) -> str:
        """What it is called in the table."""

    def time(self, task: Task, body: str, times: int) -> Timed:
        """Do a task that many times over."""


class Ours:
    """Our own code, with the cipher that this machine has."""

    @property
    def name(self) -> str:
        """What it is called in the table."""
        return "ours, OpenSSL"

    def time(self, task: Task, body: str, times: int) -> Timed:
        """Do a task that many times over."""
        do = _WAYS[task]
        began = perf_counter()
        for _ in range(times):
            outcome = do(body)
        lasted = perf_counter() - began
        digest = hashlib.sha256(json.dumps(outcome).encode()).hexdigest()
        return Timed(seconds=lasted, digest=digest)


class OursInPython(Ours):
    """Our own code, with the cipher that stands in where OpenSSL refuses."""

    @property
    @override
    def name(self) -> str:
        return "ours, RC4 in Python"

    @override
    def time(self, task: Task, body: str, times: int) -> Timed:
        with _cipher_in_python():
            return super().time(task, body, times)


class OtherClient:
    """mijiaAPI in a process of its own."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        """Take the process's ends; use `other_client`."""
        self._orders = orders
        self._answers = answers

    @property
    def name(self) -> str:
        """What it is called in the table."""
        return "mijiaAPI"

    def time(self, task: Task, body: str, times: int) -> Timed:
        """Do a task that many times over; the clock runs over there."""
        self._orders.write(json.dumps({"do": task, "body": body, "times": times}) + "\n")
        self._orders.flush()
        return Timed(**json.loads(self._answers.readline()))


@contextmanager
def other_client(python: str) -> Iterator[OtherClient]:
    """Run mijiaAPI with the interpreter of its environment for as long as the context lasts."""
    program = Path(__file__).with_name("other_client.py")
    with subprocess.Popen(  # noqa: S603 - our own program, no shell
        [python, program, SSECURITY, NONCE, sign_path(PATH)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no way to talk to mijiaAPI")
        yield OtherClient(process.stdin, process.stdout)


def sealed(body: str) -> str:
    """Return a body as the cloud would answer it."""
    return b64encode(rc4.stream(signed_nonce(SSECURITY, NONCE)).update(body.encode())).decode()


def _sign(body: str) -> object:
    parameters = signed_parameters("POST", PATH, {"data": body}, ssecurity=SSECURITY, nonce=NONCE)
    return parameters["signature"]


def _open(body: str) -> object:
    return open_sealed(body, ssecurity=SSECURITY, nonce=NONCE)


_WAYS: Final[dict[Task, Callable[[str], object]]] = {Task.SIGN: _sign, Task.OPEN: _open}


@contextmanager
def _cipher_in_python() -> Iterator[None]:
    fast = rc4._IS_FAST  # noqa: SLF001 - what an OpenSSL without the cipher would make it
    try:
        rc4._IS_FAST = False  # type: ignore[misc] # noqa: SLF001 - the same
        yield
    finally:
        rc4._IS_FAST = fast  # type: ignore[misc] # noqa: SLF001 - the same
