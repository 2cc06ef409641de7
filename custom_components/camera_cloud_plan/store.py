"""What an account keeps on disk; its last good data, so that a restart in an outage has it."""

import logging
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store

from .codec import DecodeError, decode, encode
from .const import DOMAIN
from .snapshot import AccountSnapshot

_LOGGER = logging.getLogger(__name__)

_VERSION: Final = 1
_MINOR_VERSION: Final = 1
_SAVE_DELAY: Final = 30.0  # seconds


class LenientStore(Store[dict[str, Any]]):
    """A store whose data of another minor version is read as it is."""

    @override
    async def _async_migrate_func(
        self, old_major_version: int, old_minor_version: int, old_data: dict[str, Any]
    ) -> dict[str, Any]:
        """Return data of another version as this one.

        Within a major version fields are only added, and decoding copes with both more
        and fewer. There is no older major version.
        """
        return old_data


class SnapshotStore:
    """Reads and writes the last good snapshot of one config entry.

    It holds only what can be read again: damaged or newer data is passed over, never
    an error.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Take the entry whose data it is."""
        self._hass = hass
        self._store = LenientStore(
            hass,
            _VERSION,
            f"{DOMAIN}.{entry_id}.last_good",
            private=True,
            atomic_writes=True,
            minor_version=_MINOR_VERSION,
            serialize_in_event_loop=False,
        )
        self._latest: AccountSnapshot | None = None

    async def async_load(self) -> AccountSnapshot | None:
        """Return the stored snapshot; `None` where there is none that can be used."""
        try:
            data = await self._store.async_load()
            if data is None:
                return None
            return await self._hass.async_add_executor_job(_decoded, data)
        except (DecodeError, UnsupportedStorageVersionError) as err:
            _LOGGER.warning("The stored plan data cannot be used and is read anew: %s", err)
            return None

    @callback
    def async_save(self, snapshot: AccountSnapshot) -> None:
        """Write a snapshot a little later; the last one given wins, one of nothing never."""
        if snapshot.read_at is None:
            return
        self._latest = snapshot
        self._store.async_delay_save(self._encode_latest, _SAVE_DELAY)

    async def async_flush(self) -> None:
        """Write what was given last, so that no timer outlives the config entry.

        Also where it may be written already: a write that is still under way would else be
        overtaken by whoever loads next.
        """
        if self._latest:
            data = await self._hass.async_add_executor_job(self._encode_latest)
            await self._store.async_save(data)

    def _encode_latest(self) -> dict[str, Any]:
        return encode(self._latest) if self._latest else {}

    async def async_remove(self) -> None:
        """Delete it from disk."""
        await self._store.async_remove()


def _decoded(data: dict[str, Any]) -> AccountSnapshot:
    """Return stored data as a snapshot; raises `DecodeError`, also for one of nothing."""
    snapshot = decode(AccountSnapshot, data)
    if snapshot.read_at is None:
        raise DecodeError("moment expected")
    return snapshot
