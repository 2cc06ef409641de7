"""How fast a maker is asked, and how long it is waited for."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ..cloud.errors import CloudError, RateLimitedError, SignInNeededError, UnreachableError
from ..plan import clock
from .model import InterruptedExportError, Interruption

_RATE_LIMITED_FIRST: Final = 60.0  # seconds, doubling
_RATE_LIMITED_LONGEST: Final = 900.0  # seconds
_RATE_LIMITED_MOST: Final = 6  # waits in a row
_UNREACHABLE_FIRST: Final = 30.0  # seconds, doubling
_UNREACHABLE_MOST: Final = 5  # waits in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How politely recordings are fetched.

    `at_once` recordings are in work at a time, 1 to 4. `pause` in seconds lies between
    recordings, and between the pages of a list; 0 is none. The defaults are low: accounts
    have been suspended after downloads in bulk.
    """

    at_once: int = 1
    pause: float = 1.5


class Patience:
    """The waits of one job; whoever asks the maker for it comes by here first."""

    def __init__(
        self, pace: Pace, on_wait: Callable[[Interruption | None, datetime | None], None]
    ) -> None:
        """Take who is told what is waited for until when (UTC), and when that is over."""
        self._pace = pace
        self._on_wait = on_wait
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._in_a_row = 0

    async def pause(self) -> None:
        """Pause between two requests."""
        if self._pace.pause:
            await asyncio.sleep(self._pace.pause)
        await self._is_open.wait()

    async def until_open(self) -> None:
        """Return when nothing is being waited for."""
        await self._is_open.wait()

    def succeeded(self) -> None:
        """Take note that the maker serves: the next wait is a short one again."""
        self._in_a_row = 0

    async def wait_out(self, err: CloudError) -> None:
        """Wait for as long as an error asks for.

        Of several who come at a time one waits, and the others until it is over. Raises
        `InterruptedExportError` where waiting does not help (any more).
        """
        if not self._is_open.is_set():
            await self._is_open.wait()
            return
        why, seconds = self._judged(err)
        self._in_a_row += 1
        self._is_open.clear()
        self._on_wait(why, clock.now() + timedelta(seconds=seconds))
        try:
            await asyncio.sleep(seconds)
        finally:
            self._is_open.set()
            self._on_wait(None, None)

    def _judged(self, err: CloudError) -> tuple[Interruption, float]:
        """Return what is waited for, and how many seconds."""
        seconds = None
        if isinstance(err, RateLimitedError) and self._in_a_row < _RATE_LIMITED_MOST:
            doubled = min(_RATE_LIMITED_FIRST * 2**self._in_a_row, _RATE_LIMITED_LONGEST)
            seconds = max(doubled, err.retry_after or 0)
        elif isinstance(err, UnreachableError) and self._in_a_row < _UNREACHABLE_MOST:
            seconds = _UNREACHABLE_FIRST * 2**self._in_a_row
        interrupted = interruption(err)
        if seconds is None or seconds > _RATE_LIMITED_LONGEST:
            raise interrupted from err
        return interrupted.why, seconds


def interruption(err: CloudError) -> InterruptedExportError:
    """Return what ends a job with an error that concerns more than one recording."""
    if isinstance(err, SignInNeededError):
        return InterruptedExportError(Interruption.SIGN_IN_NEEDED)
    if isinstance(err, RateLimitedError):
        return InterruptedExportError(Interruption.RATE_LIMITED, retry_after=err.retry_after)
    if isinstance(err, UnreachableError):
        return InterruptedExportError(Interruption.UNREACHABLE, detail=err.host)
    return InterruptedExportError(Interruption.MAKER_ERROR, detail=type(err).__name__)
