"""What is remembered of each camera to notice what changes, on disk."""

from collections.abc import Iterator
import logging
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import UnsupportedStorageVersionError

from ..codec import DecodeError, decode, encode
from ..const import DOMAIN
from ..plan import Notice, Watch
from ..store import LenientStore

_LOGGER = logging.getLogger(__name__)

_VERSION: Final = 1
_MINOR_VERSION: Final = 1
_SAVE_DELAY: Final = 30.0  # seconds


class WatchBook:
    """The watches of one config entry, by camera id.

    What is lost with them is only that something might be told once more or, of what
    changed meanwhile, not at all: damaged data is passed over.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Take the entry whose cameras are watched."""
        self._watches: dict[str, Watch] = {}
        self._dirty = False
        self._store = LenientStore(
            hass,
            _VERSION,
            f"{DOMAIN}.{entry_id}.watches",
            private=True,
            atomic_writes=True,
            minor_version=_MINOR_VERSION,
        )

    async def async_load(self) -> None:
        """Read them from disk."""
        try:
            stored = await self._store.async_load() or {}
            self._watches = {camera_id: decode(Watch, data) for camera_id, data in stored.items()}
        except (DecodeError, UnsupportedStorageVersionError) as err:
            _LOGGER.warning("What was noticed so far cannot be used and starts anew: %s", err)

    def get(self, camera_id: str) -> Watch:
        """Return a camera's watch; an empty one for a camera not seen so far."""
        return self._watches.get(camera_id, Watch())

    @callback
    def async_put(self, camera_id: str, watch: Watch) -> None:
        """Remember a camera's watch; written a little later, or by `async_flush`."""
        if watch != self._watches.get(camera_id):
            self._watches[camera_id] = watch
            self._dirty = True
            self._store.async_delay_save(self._encoded, _SAVE_DELAY)

    @callback
    def async_forget(self, camera_id: str) -> None:
        """Forget a camera."""
        if self._watches.pop(camera_id, None) is not None:
            self._dirty = True
            self._store.async_delay_save(self._encoded, _SAVE_DELAY)

    def standing(self) -> Iterator[tuple[str, Notice]]:
        """Yield what stands and was not taken note of: camera id and notice."""
        for camera_id, watch in self._watches.items():
            for notice in watch.standing():
                yield camera_id, notice

    async def async_flush(self) -> None:
        """Write what changed since the last flush, even if a write of it is under way."""
        if self._dirty:
            self._dirty = False
            await self._store.async_save(self._encoded())

    async def async_remove(self) -> None:
        """Delete them from disk."""
        await self._store.async_remove()

    def _encoded(self) -> dict[str, Any]:
        return {camera_id: encode(watch) for camera_id, watch in self._watches.items()}
