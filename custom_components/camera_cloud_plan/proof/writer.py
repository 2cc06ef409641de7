"""Writes one ledger beside the event loop: in order, one batch at a time, nothing twice.

What was only seen waits in memory while it cannot be written. What a person asked to have
written is refused then, and not written later either.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
import logging
from typing import Any, Final, Protocol

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later

from ..const import DOMAIN
from ..ledger import Anchor, Entry, LedgerError, LedgerFile, NotTheLastError, Row, Trouble, rows_of
from ..words import translated

_LOGGER = logging.getLogger(__name__)

# What could not be written is tried again after this, then after twice that, and so on.
_FIRST_RETRY: Final = 60  # seconds
_LONGEST_RETRY: Final = 900


class Listener(Protocol):
    """Who hears what becomes of what is to be written."""

    @property
    def head(self) -> Anchor | None:
        """The last row as far as it is known."""

    async def async_before(self) -> None:
        """Read what has to be known before anything is written; raises `LedgerError`."""

    async def async_astray(self) -> None:
        """Hear that `head` is not the last row, and read anew; raises `LedgerError`."""

    async def async_written(self, rows: Sequence[Row], asked_for: Sequence[Row]) -> None:
        """Hear of rows that are on disk, of which some were asked for; none where all was.

        More may be added meanwhile.
        """

    def async_on_trouble(self, why: Trouble | None) -> None:
        """Hear that nothing can be written, or that it can again."""


@dataclass(slots=True)
class _Waiting:
    """An entry that is to be written, and whoever waits for its row."""

    entry: Entry
    written: asyncio.Future[Row] | None = None


class LedgerWriter:
    """Writes the rows of one ledger."""

    def __init__(self, hass: HomeAssistant, file: LedgerFile, listener: Listener) -> None:
        """Take the file and who hears of it; nothing is touched yet."""
        self._hass = hass
        self._file = file
        self._listener = listener
        self._queue: list[_Waiting] = []
        self._work: asyncio.Task[None] | None = None
        self._retry: CALLBACK_TYPE | None = None
        self._retry_after = _FIRST_RETRY
        self._stopped = False
        self.trouble: Trouble | None = None

    @property
    def waiting(self) -> Sequence[Entry]:
        """What was seen and is still to be written."""
        return [one.entry for one in self._queue if one.written is None]

    # --- What is to be written ---

    @callback
    def async_add(self, entry: Entry, *, first: bool = False) -> None:
        """Take an entry in, behind the others or before them; `async_kick` has it written."""
        if not self._stopped:
            self._queue.insert(0 if first else len(self._queue), _Waiting(entry))

    async def async_append(self, entries: Sequence[Entry]) -> tuple[Row, ...]:
        """Write entries and return their rows once they are on disk.

        Raises `HomeAssistantError`, and writes them never, where that cannot be done now.
        """
        if self._stopped:
            raise self._refusal(Trouble.FAILED)
        waiting = [_Waiting(entry, self._hass.loop.create_future()) for entry in entries]
        self._queue += waiting
        self._async_start()
        return tuple([await one.written for one in waiting if one.written is not None])

    @callback
    def async_kick(self) -> None:
        """Write what waits, unless a timer is set to try that again."""
        if self.trouble is None:
            self._async_start()

    async def async_settled(self) -> None:
        """Wait until what came so far is written, or could not be."""
        if self._queue:
            self.async_kick()
        if self._work is not None:
            await asyncio.shield(self._work)

    async def async_stop(self) -> None:
        """Write what waits, once more; take nothing in after that."""
        if self._queue:
            self._async_start()
        if self._work is not None:
            await asyncio.shield(self._work)
        self._stopped = True
        self._async_end_retry()

    # --- Writing ---

    @callback
    def _async_start(self) -> None:
        if self._stopped or self._work is not None:
            return
        self._async_run(self._async_work())

    @callback
    def _async_run(self, work: Coroutine[Any, Any, None]) -> None:
        # Neither the entry's nor one that Home Assistant ends when it stops: an append whose
        # end nobody saw would be made again.
        self._work = self._hass.async_create_task(
            work, f"{DOMAIN} writes a ledger", eager_start=False
        )

    async def _async_work(self) -> None:
        try:
            await self._listener.async_before()
            rows, asked_for = await self._async_write()
            self._async_out_of_trouble()
            await self._listener.async_written(rows, asked_for)
            while self._queue:
                rows, asked_for = await self._async_write()
                await self._listener.async_written(rows, asked_for)
        except LedgerError as err:
            self._async_in_trouble(err.why)
        finally:
            self._work = None
            self._async_refuse_whoever_waits()

    async def _async_write(self) -> tuple[Sequence[Row], Sequence[Row]]:
        """Append what waits now; return the rows, and those that were asked for.

        Raises `LedgerError`; then all of it waits on.
        """
        while batch := [*self._queue]:
            entries, known = [one.entry for one in batch], self._listener.head
            try:
                rows = await self._hass.async_add_executor_job(_append, self._file, entries, known)
            except NotTheLastError:
                await self._listener.async_astray()
            else:
                return self._async_acknowledge(batch, rows)
        return (), ()

    @callback
    def _async_acknowledge(
        self, batch: Sequence[_Waiting], rows: Sequence[Row | None]
    ) -> tuple[Sequence[Row], Sequence[Row]]:
        """Take what is on disk out of what waits, and tell whoever asked for it."""
        del self._queue[: len(batch)]
        asked_for: list[Row] = []
        for one, row in zip(batch, rows, strict=True):
            if row is None:
                _LOGGER.error("No row can hold what happened: %s", one.entry.kind)
            elif one.written is not None:
                asked_for.append(row)
            if one.written is None or one.written.done():
                continue
            if row is None:
                one.written.set_exception(self._refusal(Trouble.FAILED))
            else:
                one.written.set_result(row)
        return [row for row in rows if row is not None], asked_for

    @callback
    def _async_refuse_whoever_waits(self) -> None:
        """Tell those who still wait for their row that it is not kept, and forget it."""
        refused = [one for one in self._queue if one.written is not None]
        self._queue = [one for one in self._queue if one.written is None]
        for one in refused:
            if one.written is not None and not one.written.done():
                one.written.set_exception(self._refusal(self.trouble or Trouble.FAILED))

    def _refusal(self, why: Trouble) -> HomeAssistantError:
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="ledger_not_kept",
            translation_placeholders={
                "why": translated(self._hass, f"common.ledger_trouble_{why}")
            },
        )

    # --- Trouble ---

    @callback
    def _async_in_trouble(self, why: Trouble) -> None:
        if self.trouble is not why:
            _LOGGER.warning("A ledger cannot be written: %s", why)
        self.trouble = why
        self._listener.async_on_trouble(why)
        self._async_end_retry()
        if not self._stopped:
            self._retry = async_call_later(self._hass, self._retry_after, self._async_try_again)
            self._retry_after = min(self._retry_after * 2, _LONGEST_RETRY)

    @callback
    def _async_out_of_trouble(self) -> None:
        self._async_end_retry()
        self._retry_after = _FIRST_RETRY
        if self.trouble is not None:
            self.trouble = None
            self._listener.async_on_trouble(None)

    @callback
    def _async_try_again(self, _now: datetime) -> None:
        self._retry = None
        self._async_start()

    @callback
    def _async_end_retry(self) -> None:
        if self._retry is not None:
            self._retry()
            self._retry = None


def _append(
    file: LedgerFile, entries: Sequence[Entry], known: Anchor | None
) -> Sequence[Row | None]:
    """Append entries; return their rows, `None` for one that no row can hold; blocks.

    Raises `LedgerError` and `NotTheLastError`.
    """
    try:
        return file.append(entries, known=known)
    except ValueError:
        fits = [_fits(entry) for entry in entries]
        fitting = [entry for entry, does in zip(entries, fits, strict=True) if does]
        rows = iter(file.append(fitting, known=known))
        return [next(rows) if does else None for does in fits]


def _fits(entry: Entry) -> bool:
    try:
        return bool([*rows_of((entry,))])
    except ValueError:
        return False
