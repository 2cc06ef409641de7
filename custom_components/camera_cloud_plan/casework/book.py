"""The cases of one account, on disk: what its owner wants of which plan's renewal.

A case is on disk before anybody hears of it, and leaves the disk only when its owner
withdrew it or took note of its end, or when nothing is left to be watched.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, UnsupportedStorageVersionError

from ..codec import DecodeError, Json, decode, encode
from ..const import DOMAIN
from ..devices import account_key
from ..plan import Case, clock
from ..store import LenientStore

_LOGGER = logging.getLogger(__name__)

_VERSION: Final = 1
_MINOR_VERSION: Final = 1

type OnCaseChange = Callable[[str, Case | None, Case | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """How a renewal request definition did: how often it worked, and since when it does not."""

    worked: int = 0
    failed_at: datetime | None = None


class CaseBook:
    """Every case of one account, by camera id.

    Kept by account rather than by config entry, so that an account which is added again
    finds what was open. `on_change` is called with a camera's id and its case before and
    after, once the change was written, or could not be: then it goes in with the next one.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, on_change: OnCaseChange) -> None:
        """Take the account whose cases they are."""
        self._hass = hass
        self._entry_id = entry.entry_id
        self._on_change = on_change
        self._cases: dict[str, Case] = {}
        self._requests: dict[str, RequestRecord] = {}
        self._saving = asyncio.Lock()
        self._store = _store(hass, account_key(entry))

    async def async_load(self) -> None:
        """Read them from disk.

        A damaged one counts as opened now: it must not be lost. Raises
        `UnsupportedStorageVersionError` for data of a newer major version.
        """
        stored = await self._store.async_load()
        earlier = _earlier_store(self._hass, self._entry_id)
        if stored is None and (cases := await earlier.async_load()) is not None:
            stored = {"cases": cases, "requests": {}}
            await self._store.async_save(stored)
            if await self._store.async_load() == stored:
                await earlier.async_remove()
        stored = stored or {}
        now = clock.now()
        for camera_id, data in stored.get("cases", {}).items():
            try:
                case = decode(Case, data)
            except DecodeError as err:
                _LOGGER.warning("A stored cancellation is damaged and starts anew: %s", err)
                case = Case(camera_id=camera_id, opened_at=now)
            self._cases[camera_id] = case
        for digest, data in stored.get("requests", {}).items():
            try:
                self._requests[digest] = decode(RequestRecord, data)
            except DecodeError as err:
                _LOGGER.warning("What a renewal request did is damaged and forgotten: %s", err)

    # --- What there is ---

    def get(self, camera_id: str) -> Case | None:
        """Return a camera's case, open or decided."""
        return self._cases.get(camera_id)

    def is_open(self, camera_id: str) -> bool:
        """Return whether a camera's case is not yet decided."""
        case = self._cases.get(camera_id)
        return case is not None and case.is_open

    @property
    def open_cameras(self) -> frozenset[str]:
        """The ids of all cameras with an open case."""
        return frozenset(camera_id for camera_id in self._cases if self.is_open(camera_id))

    @property
    def watched_cameras(self) -> frozenset[str]:
        """The ids of all cameras with a case, open or decided."""
        return frozenset(self._cases)

    def request_record(self, digest: str) -> RequestRecord:
        """Return how a definition did so far."""
        return self._requests.get(digest, RequestRecord())

    # --- What becomes of it ---

    async def async_open(self, case: Case, name: str) -> None:
        """Keep a new case in place of a decided one.

        Raises `HomeAssistantError`, and keeps things as they were, where it cannot be
        written; `name` is the camera's, for the words.
        """
        await self._async_put_safely(case, name)

    async def async_change(self, camera_id: str, change: Callable[[Case], Case]) -> Case | None:
        """Change a camera's case as it is at this moment; return it, `None` if there is none."""
        before = self._cases.get(camera_id)
        if before is None:
            return None
        after = change(before)
        if after != before:
            self._cases[camera_id] = after
            await self._async_save()
            self._on_change(camera_id, before, after)
        return after

    async def async_change_safely(
        self, camera_id: str, change: Callable[[Case], Case], name: str
    ) -> Case:
        """Change a case only if that gets to disk.

        Raises `HomeAssistantError`, and keeps things as they were, where it cannot be
        written, and `KeyError` where there is no case.
        """
        case = change(self._cases[camera_id])
        await self._async_put_safely(case, name)
        return case

    async def async_drop(self, camera_id: str) -> None:
        """Forget a camera's case."""
        if (before := self._cases.pop(camera_id, None)) is not None:
            await self._async_save()
            self._on_change(camera_id, before, None)

    async def async_request_worked(self, digest: str) -> None:
        """Take down that a definition did what was asked."""
        record = self.request_record(digest)
        self._requests[digest] = RequestRecord(worked=record.worked + 1)
        await self._async_save()

    async def async_request_failed(self, digest: str) -> None:
        """Take down that a definition had no effect in all the time it is given."""
        record = self.request_record(digest)
        self._requests[digest] = replace(record, failed_at=clock.now())
        await self._async_save()

    # --- The disk ---

    async def _async_put_safely(self, case: Case, name: str) -> None:
        before = self._cases.get(case.camera_id)
        self._cases[case.camera_id] = case
        if not await self._async_save():
            if before is None:
                del self._cases[case.camera_id]
            else:
                self._cases[case.camera_id] = before
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="not_saved",
                translation_placeholders={"camera": name},
            )
        same = before if before and before.is_open else None
        self._on_change(case.camera_id, same, case)

    async def _async_save(self) -> bool:
        """Write all; return whether they are on disk, by reading them back.

        The store itself only logs what it cannot write; it goes in with the next change.
        """
        async with self._saving:
            data: dict[str, Mapping[str, Json]] = {
                "cases": {key: encode(case) for key, case in self._cases.items()},
                "requests": {key: encode(record) for key, record in self._requests.items()},
            }
            await self._store.async_save(data)
            return await self._store.async_load() == data


async def async_remove_cases(hass: HomeAssistant, entry: ConfigEntry) -> frozenset[str]:
    """Delete what an account that goes has on disk; return the cameras whose case was kept.

    With open cases the file stays, for when the account is added again; so does one of a
    newer version, of which nothing is known.
    """
    book = CaseBook(hass, entry, lambda _camera_id, _before, _after: None)
    try:
        await book.async_load()
    except UnsupportedStorageVersionError:
        return frozenset()
    await _earlier_store(hass, entry.entry_id).async_remove()
    if not book.open_cameras:
        await async_end_kept(hass, account_key(entry))
    return book.open_cameras


async def async_end_kept(hass: HomeAssistant, key: str) -> None:
    """Delete the cases of an account that is no longer set up, by its `account_key`."""
    await _store(hass, key).async_remove()


def _store(hass: HomeAssistant, key: str) -> LenientStore:
    return LenientStore(
        hass,
        _VERSION,
        f"{DOMAIN}.{key}.cases",
        private=True,
        atomic_writes=True,
        minor_version=_MINOR_VERSION,
    )


def _earlier_store(hass: HomeAssistant, entry_id: str) -> LenientStore:
    """Return the file of an earlier version, which kept cases by config entry."""
    return LenientStore(hass, 1, f"{DOMAIN}.{entry_id}.cancellations", private=True)
