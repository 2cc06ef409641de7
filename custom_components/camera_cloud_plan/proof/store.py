"""Which row of an account's ledger was acknowledged last, kept apart from the ledger itself.

By it, rows that were cut off the ledger's end are missed, and so is a ledger or a store that
comes from an older backup than the other.
"""

import logging
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import UnsupportedStorageVersionError

from ..const import DOMAIN
from ..ledger import Anchor
from ..store import LenientStore

_LOGGER = logging.getLogger(__name__)

_VERSION: Final = 1
_SAVE_DELAY: Final = 5.0  # seconds


class AnchorStore:
    """The last acknowledged row of one account's ledger, on disk."""

    def __init__(self, hass: HomeAssistant, account_key: str) -> None:
        """Take the account by its key."""
        self._anchor: Anchor | None = None
        self._store = LenientStore(
            hass, _VERSION, f"{DOMAIN}.{account_key}.ledger", private=True, atomic_writes=True
        )

    async def async_load(self) -> Anchor | None:
        """Return it as it was written last; `None` where nothing is known of any row."""
        try:
            stored = await self._store.async_load() or {}
        except UnsupportedStorageVersionError as err:
            _LOGGER.warning("Which row was written last is not known: %s", err)
            return None
        seq, digest = stored.get("seq"), stored.get("hash")
        return Anchor(seq, digest) if isinstance(seq, int) and isinstance(digest, str) else None

    @callback
    def async_put(self, anchor: Anchor) -> None:
        """Keep a row; written a little later, or by `async_flush`."""
        self._anchor = anchor
        self._store.async_delay_save(self._encoded, _SAVE_DELAY)

    async def async_flush(self) -> None:
        """Write the row that was given last, if one was."""
        if self._anchor is not None:
            await self._store.async_save(self._encoded())

    async def async_remove(self) -> None:
        """Delete it from disk; the ledger stays."""
        await self._store.async_remove()

    def _encoded(self) -> dict[str, Any]:
        return {} if self._anchor is None else {"seq": self._anchor.seq, "hash": self._anchor.hash}
