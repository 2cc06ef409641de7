"""What was told of coming charges and which plans their owner keeps, on disk."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
import logging
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from ..codec import DecodeError, Json, decode, encode
from ..const import DOMAIN
from ..plan.alerts import AlertMemory, Keep
from ..plan.rules import StageKind
from ..store import LenientStore

_LOGGER = logging.getLogger(__name__)

_VERSION: Final = 1
_MINOR_VERSION: Final = 1
_SAVE_DELAY: Final = 30.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a digest said of one plan: which cycle and stage it was about."""

    cycle: str
    kind: StageKind
    stage_days: int
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The digest that was sent last, at a moment (UTC): its lines by camera id."""

    at: datetime
    lines: Mapping[str, Line] = field(default_factory=dict)


class AlertBook:
    """The alerts of one config entry: a memory by camera id, the last digest, limits told of.

    What is lost of them is only that something might be told once more. What an owner
    keeps is a decision, and is saved even from a memory that is damaged otherwise.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Take the entry whose plans they are about."""
        self._memories: dict[str, AlertMemory] = {}
        self._limits: frozenset[str] = frozenset()
        self._digest: Digest | None = None
        self._dirty = False
        self._saving = asyncio.Lock()
        self._store = LenientStore(
            hass,
            _VERSION,
            f"{DOMAIN}.{entry_id}.alerts",
            private=True,
            atomic_writes=True,
            minor_version=_MINOR_VERSION,
        )

    async def async_load(self) -> None:
        """Read them from disk; raises `UnsupportedStorageVersionError` for newer ones."""
        stored = await self._store.async_load() or {}
        plans = stored.get("plans")
        for camera_id, data in plans.items() if isinstance(plans, dict) else ():
            self._memories[camera_id] = _memory(data)
        limits, digest = stored.get("limits"), stored.get("digest")
        if isinstance(limits, list):
            self._limits = frozenset(key for key in limits if isinstance(key, str))
        try:
            self._digest = decode(Digest, digest) if digest is not None else None
        except DecodeError as err:
            _LOGGER.warning("The last digest is damaged and is passed over: %s", err)

    # --- What there is ---

    def get(self, camera_id: str) -> AlertMemory:
        """Return what is remembered of a camera's plan; nothing of one not seen so far."""
        return self._memories.get(camera_id, AlertMemory())

    @property
    def limits(self) -> frozenset[str]:
        """The names of the limits that people were told are exceeded."""
        return self._limits

    @property
    def digest(self) -> Digest | None:
        """The digest that was sent last."""
        return self._digest

    # --- What becomes of it ---

    @callback
    def async_put(self, camera_id: str, memory: AlertMemory) -> None:
        """Remember something of a camera; written a little later, or by `async_flush`."""
        if memory != self.get(camera_id):
            self._memories[camera_id] = memory
            self._async_changed()

    @callback
    def async_put_digest(self, digest: Digest | None) -> None:
        """Remember the last digest, likewise."""
        if digest != self._digest:
            self._digest = digest
            self._async_changed()

    @callback
    def async_put_limits(self, limits: frozenset[str]) -> None:
        """Remember which limits people were told of, likewise."""
        if limits != self._limits:
            self._limits = limits
            self._async_changed()

    @callback
    def async_forget(self, camera_id: str) -> None:
        """Forget a camera."""
        if self._memories.pop(camera_id, None) is not None:
            self._async_changed()
        if self._digest and camera_id in self._digest.lines:
            lines = {key: line for key, line in self._digest.lines.items() if key != camera_id}
            self._digest = replace(self._digest, lines=lines)
            self._async_changed()

    async def async_decide(self, memories: Mapping[str, AlertMemory]) -> bool:
        """Remember an owner's decisions at once; return whether they are on disk.

        Where they cannot be written, all is as it was before.
        """
        before = {camera_id: self.get(camera_id) for camera_id in memories}
        self._memories |= memories
        async with self._saving:
            if await self._async_is_saved():
                return True
        self._memories |= before
        self._async_changed()
        return False

    @callback
    def _async_changed(self) -> None:
        self._dirty = True
        self._store.async_delay_save(self._encoded, _SAVE_DELAY)

    async def async_flush(self) -> None:
        """Write what changed since the last flush, even if a write of it is under way."""
        async with self._saving:
            if self._dirty:
                self._dirty = False
                await self._store.async_save(self._encoded())

    async def _async_is_saved(self) -> bool:
        """Write all; return whether it is on disk, by reading it back."""
        while True:
            self._dirty = False
            data = self._encoded()
            await self._store.async_save(data)
            stored = await self._store.async_load()
            # What changed meanwhile waits to be written, and was read instead of the disk.
            if not self._dirty:
                return stored == data

    async def async_remove(self) -> None:
        """Delete them from disk."""
        await self._store.async_remove()

    def _encoded(self) -> dict[str, Json]:
        return {
            "plans": {camera_id: encode(memory) for camera_id, memory in self._memories.items()},
            "limits": [*sorted(self._limits)],
            "digest": encode(self._digest) if self._digest else None,
        }


def _memory(data: Any) -> AlertMemory:
    """Return a stored memory; of a damaged one, whether its plan is kept."""
    try:
        return decode(AlertMemory, data)
    except DecodeError as err:
        _LOGGER.warning("What was told of a charge is damaged and starts anew: %s", err)
    is_kept = isinstance(data, dict) and data.get("keep") == Keep.PLAN
    return AlertMemory(keep=Keep.PLAN) if is_kept else AlertMemory()
