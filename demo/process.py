"""Child processes: started with their output in a file, and surely ended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
import os
from pathlib import Path
import signal
import sys
from typing import Final, Self

REPOSITORY: Final = Path(__file__).resolve().parent.parent
_TAIL_LINES: Final = 25


class StartError(Exception):
    """A process ended, or was not ready, before it could be used."""


class Child:
    """One running program whose output goes to a file.

    It gets a process group of its own, so that Ctrl-C at the terminal reaches the demo
    alone, which then ends its children in order.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process, output: Path) -> None:
        """Take a started process; use `start`."""
        self.name = name
        self.output = output
        self._process = process

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        *,
        output: Path,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Start a program; it ends with this process, however this process ends.

        `output` is appended to. `environment` adds to this process's own.
        """
        with output.open("ab") as stream:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "demo.child", str(os.getpid()), "--"),
                *map(str, command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stream,
                stderr=asyncio.subprocess.STDOUT,
                cwd=REPOSITORY,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(environment or {})},
                start_new_session=True,
            )
        return cls(name, process, output)

    @property
    def return_code(self) -> int | None:
        """The exit status, `None` while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end and return the exit status."""
        return await self._process.wait()

    async def until[T](
        self, ready: Callable[[], Awaitable[T | None]], *, within: float, every: float = 0.1
    ) -> T:
        """Return what `ready` gives as soon as that is not `None`.

        Raises `StartError` with the end of the output if the process ends first, or if
        `within` seconds pass.
        """
        try:
            async with asyncio.timeout(within):
                while True:
                    if self.return_code is not None:
                        raise StartError(self._story(f"ended with status {self.return_code}"))
                    if (value := await ready()) is not None:
                        return value
                    await asyncio.sleep(every)
        except TimeoutError as error:
            raise StartError(self._story(f"was not ready within {within:.0f} s")) from error

    async def stop(self, *, grace: float = 20.0) -> None:
        """End it: asked first, killed after `grace` seconds."""
        for sign, wait in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
            if self.return_code is not None:
                return
            with suppress(ProcessLookupError):
                self._process.send_signal(sign)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wait(), wait)

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self.wait()

    def _story(self, what: str) -> str:
        lines = self.output.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = "\n".join(f"  | {line}" for line in lines[-_TAIL_LINES:])
        return f"{self.name} {what}; the end of its output ({self.output}):\n{tail}"
