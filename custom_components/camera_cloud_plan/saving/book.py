"""The exports of one account, on disk: what is still to be saved, and what the last came to.

An order is on disk before it is begun, and leaves the disk only when it is done, stopped, or
its camera is gone. How far it is, is not written, but for that something was saved: the rest
is said by what is there.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import UnsupportedStorageVersionError

from ..codec import DecodeError, Json, decode, encode
from ..const import DOMAIN
from ..devices import account_key
from ..export.model import ManifestSeal, Order, Tally
from ..plan import clock
from ..store import LenientStore

_LOGGER = logging.getLogger(__name__)

_VERSION: Final = 1
_MINOR_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LastExport:
    """What the last export of a camera came to, at `finished_at` (UTC).

    `order` is what had been asked; `whole` whether all that could be had of it is saved and
    verified. `lacks_from` is when the oldest recording that failed was made (UTC), if known,
    `manifest` what the camera's manifest was then.
    """

    order: Order
    finished_at: datetime
    whole: bool
    tally: Tally
    lacks_from: datetime | None = None
    manifest: ManifestSeal | None = None


def holds_all(order: Order, since: datetime) -> bool:
    """Return whether an order is for all that a camera had at `since` (UTC).

    A moment that lies ahead is of a clock that was set back meanwhile.
    """
    is_all = order.start is None and order.end is None and order.events and order.videos
    return is_all and (order.asked_at >= since or since > clock.now())


def covers(order: Order, other: Order) -> bool:
    """Return whether an order is for all of what another is for, wherever either is saved."""
    return (
        order.kinds >= other.kinds
        and (order.start is None or (other.start is not None and other.start >= order.start))
        and (order.end is None or (other.end is not None and other.end <= order.end))
    )


class ExportBook:
    """The orders that are not done, in the order in which they came, and each camera's last.

    A camera has one order at a time; what it does not cover comes later.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take the account whose exports they are."""
        self._orders: dict[str, Order] = {}
        self._later: list[Order] = []
        self._last: dict[str, LastExport] = {}
        self._lacking: list[LastExport] = []
        self._begun: set[str] = set()
        self._saving = asyncio.Lock()
        self._readable = True
        self._store = LenientStore(
            hass,
            _VERSION,
            f"{DOMAIN}.{account_key(entry)}.exports",
            private=True,
            atomic_writes=True,
            minor_version=_MINOR_VERSION,
        )

    async def async_load(self) -> None:
        """Read them from disk.

        What is damaged is passed over: an order can be given again, and what was saved for it
        stays. Data of a newer version is left as it is, and nothing is written over it.
        """
        try:
            stored = await self._store.async_load() or {}
        except UnsupportedStorageVersionError as err:
            _LOGGER.warning("The stored exports cannot be used: %s", err)
            self._readable = False
            return
        self._orders = _decoded(Order, stored.get("orders", {}))
        for order in _decoded_list(Order, stored.get("later", ())):
            # What it came after may be damaged.
            if self._orders.setdefault(order.camera_id, order) is not order:
                self._later.append(order)
        self._last = _decoded(LastExport, stored.get("last", {}))
        self._lacking = _decoded_list(LastExport, stored.get("lacking", ()))
        self._begun = self._orders.keys() & {*stored.get("begun", ())}

    @property
    def orders(self) -> Mapping[str, Order]:
        """The orders that are not done, by camera id, the oldest first."""
        return self._orders

    @property
    def later(self) -> tuple[Order, ...]:
        """The orders that come after their camera's, the oldest first."""
        return (*self._later,)

    @property
    def begun(self) -> frozenset[str]:
        """The cameras of whose order something was saved: their folder has to be there."""
        return frozenset(self._begun)

    @property
    def last(self) -> Mapping[str, LastExport]:
        """What the last export of each camera came to, by camera id."""
        return self._last

    @property
    def lacking(self) -> tuple[LastExport, ...]:
        """The exports that were not whole and are not made up for, the oldest first."""
        return (*self._lacking,)

    @property
    def folders(self) -> frozenset[str]:
        """Where recordings of the account lie, by what was saved last of each camera."""
        saved = {
            last.order.folder
            for last in self._last.values()
            if last.tally.saved or last.tally.already
        }
        return frozenset(saved | {self._orders[camera_id].folder for camera_id in self._begun})

    def makes_up(self, last: LastExport) -> bool:
        """Return whether an export was for all that its camera lacks of those before."""
        camera_id = last.order.camera_id
        return all(
            _makes_up(last, one) for one in self._lacking if one.order.camera_id == camera_id
        )

    async def async_add(self, order: Order) -> bool:
        """Keep a new order; return whether it is on disk. If not, it is not kept."""
        if order.camera_id in self._orders:
            self._later.append(order)
            if await self._async_save():
                return True
            self._later.remove(order)
            return False
        self._orders[order.camera_id] = order
        if await self._async_save():
            return True
        self._orders.pop(order.camera_id, None)
        return False

    async def async_begin(self, camera_id: str) -> None:
        """Keep that something was saved for a camera's order."""
        if camera_id in self._orders and camera_id not in self._begun:
            self._begun.add(camera_id)
            await self._async_save()

    async def async_drop(self, camera_id: str) -> None:
        """Take a camera's orders out."""
        if self._orders.pop(camera_id, None) is not None:
            self._drop_later(camera_id)
            await self._async_save()

    async def async_finish(self, last: LastExport) -> None:
        """Take a camera's order out, for the one that comes after it; keep what it came to.

        What lacks stands until an export that was for all of it is whole.
        """
        camera_id = last.order.camera_id
        if self._orders.get(camera_id) == last.order:
            del self._orders[camera_id]
            self._begun.discard(camera_id)
            if later := next((one for one in self._later if one.camera_id == camera_id), None):
                self._later.remove(later)
                self._orders[camera_id] = later
        self._lacking = [one for one in self._lacking if not _makes_up(last, one)]
        if not last.whole:
            self._lacking.append(last)
        self._last[camera_id] = last
        await self._async_save()

    async def async_forget(self, camera_id: str) -> None:
        """Forget a camera that is gone."""
        known = self._orders.pop(camera_id, None), self._last.pop(camera_id, None)
        self._drop_later(camera_id)
        self._lacking = [one for one in self._lacking if one.order.camera_id != camera_id]
        if any(known):
            await self._async_save()

    def _drop_later(self, camera_id: str) -> None:
        self._later = [order for order in self._later if order.camera_id != camera_id]

    async def async_remove(self) -> None:
        """Delete them from disk; the files that were saved stay where they are."""
        await self._store.async_remove()

    async def _async_save(self) -> bool:
        """Write all; return whether they are on disk, by reading them back."""
        if not self._readable:
            return False
        async with self._saving:
            self._begun &= self._orders.keys()
            data: dict[str, Json] = {
                "orders": {key: encode(order) for key, order in self._orders.items()},
                "later": [encode(order) for order in self._later],
                "last": {key: encode(last) for key, last in self._last.items()},
                "lacking": [encode(last) for last in self._lacking],
                "begun": [*sorted(self._begun)],
            }
            await self._store.async_save(data)
            return await self._store.async_load() == data


def _makes_up(last: LastExport, before: LastExport) -> bool:
    """Return whether an export was for all that one before it lacks."""
    start = before.lacks_from or before.order.start
    return last.order.camera_id == before.order.camera_id and covers(
        last.order, replace(before.order, start=start)
    )


def _decoded_list[T](kind: type[T], stored: Iterable[object]) -> list[T]:
    """Return what can be read of a stored list."""
    return [*_decoded(kind, {str(at): data for at, data in enumerate(stored)}).values()]


def _decoded[T](kind: type[T], stored: Mapping[str, object]) -> dict[str, T]:
    """Return what can be read of stored data, by camera id."""
    decoded = {}
    for camera_id, data in stored.items():
        try:
            decoded[camera_id] = decode(kind, data)
        except DecodeError as err:
            _LOGGER.warning("A stored export is damaged and forgotten: %s", err)
    return decoded
