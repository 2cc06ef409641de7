"""The cancellations of one account: kept on disk, shown as Repairs issues.

A cancellation is on disk before anybody hears of it, and leaves the disk only when the
maker confirmed it, its owner withdrew it, or its plan is over.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
import logging
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir

from .codec import DecodeError, decode, encode
from .const import DOMAIN
from .devices import key_of
from .plan import Cancellation, PlanView, clock
from .snapshot import CameraPlan
from .store import LenientStore

_LOGGER = logging.getLogger(__name__)

_VERSION: Final = 1
_MINOR_VERSION: Final = 1

ISSUE_CANCELLATION: Final = "plan_cancellation"


class CancellationBook:
    """Every cancellation of one config entry, by camera id.

    Each change is written at once; `on_change` is then called with the camera's id.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        on_change: Callable[[str], None] = lambda _camera_id: None,
    ) -> None:
        """Take the entry whose cancellations they are."""
        self._hass = hass
        self._entry_id = entry_id
        self._on_change = on_change
        self._book: dict[str, Cancellation] = {}
        self._saving = asyncio.Lock()
        self._store = LenientStore(
            hass,
            _VERSION,
            f"{DOMAIN}.{entry_id}.cancellations",
            private=True,
            atomic_writes=True,
            minor_version=_MINOR_VERSION,
        )

    async def async_load(self) -> None:
        """Read them from disk.

        A damaged one counts as opened now: it must not be lost. Raises
        `UnsupportedStorageVersionError` for data of a newer major version.
        """
        stored = await self._store.async_load() or {}
        for camera_id, data in stored.items():
            try:
                self._book[camera_id] = decode(Cancellation, data)
            except DecodeError as err:
                _LOGGER.warning("A stored cancellation is damaged and starts anew: %s", err)
                self._book[camera_id] = Cancellation(camera_id=camera_id, opened_at=clock.now())

    def get(self, camera_id: str) -> Cancellation | None:
        """Return a camera's last cancellation, open or confirmed."""
        return self._book.get(camera_id)

    def is_open(self, camera_id: str) -> bool:
        """Return whether a cancellation still has to be watched for this camera."""
        cancellation = self._book.get(camera_id)
        return cancellation is not None and cancellation.is_open

    @property
    def open_cameras(self) -> frozenset[str]:
        """The ids of all cameras with an open cancellation."""
        return frozenset(camera_id for camera_id in self._book if self.is_open(camera_id))

    async def async_open(self, plan: CameraPlan) -> Cancellation:
        """Open a camera's cancellation, or show the one that is open once more.

        Asking again also brings back an issue that was ignored. Raises
        `HomeAssistantError`, and opens nothing, where it cannot be kept on disk.
        """
        camera_id = plan.camera.camera_id
        cancellation = self._book.get(camera_id)
        if cancellation is None or not cancellation.is_open:
            cancellation = Cancellation(camera_id=camera_id, opened_at=clock.now())
            self._book[camera_id] = cancellation
            if not await self._async_save():
                del self._book[camera_id]
                raise HomeAssistantError(
                    translation_domain=DOMAIN,
                    translation_key="not_saved",
                    translation_placeholders={"camera": plan.camera.name},
                )
            self._on_change(camera_id)
        ir.async_delete_issue(self._hass, DOMAIN, self.issue_id(camera_id))
        self.async_show(plan)
        return cancellation

    async def async_done(self, camera_id: str) -> None:
        """Take down the owner's word that the step at the seller is done."""
        if (cancellation := self._book.get(camera_id)) and cancellation.is_open:
            await self._async_put(cancellation.done(clock.now()))

    async def async_withdraw(self, camera_id: str) -> bool:
        """Drop a camera's open cancellation; return whether there was one."""
        if not self.is_open(camera_id):
            return False
        await self.async_forget(camera_id)
        return True

    async def async_forget(self, camera_id: str) -> None:
        """Drop what is known of a camera's cancellation."""
        if self._book.pop(camera_id, None) is not None:
            await self._async_save()
            ir.async_delete_issue(self._hass, DOMAIN, self.issue_id(camera_id))
            self._on_change(camera_id)

    async def async_seen(self, view: PlanView) -> None:
        """Hold a new reading against the camera's open cancellation."""
        camera_id = view.camera.camera_id
        before = self._book.get(camera_id)
        if before is None or not before.is_open:
            return
        after = before.seen(view)
        if after.is_open and _is_over(view, clock.now()):
            await self.async_forget(camera_id)
        elif after is not before:
            await self._async_put(after)
            if not after.is_open:
                ir.async_delete_issue(self._hass, DOMAIN, self.issue_id(camera_id))

    @callback
    def async_show(self, plan: CameraPlan) -> None:
        """Create the Repairs issue of a camera's open cancellation."""
        camera_id = plan.camera.camera_id
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self.issue_id(camera_id),
            data={"entry_id": self._entry_id, "camera_id": camera_id},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_CANCELLATION,
            translation_placeholders={"camera": plan.camera.name},
        )

    @callback
    def async_show_all(self, plans: Mapping[str, CameraPlan]) -> None:
        """Create the issues of all open cancellations, at set-up."""
        for camera_id in self.open_cameras:
            if plan := plans.get(camera_id):
                self.async_show(plan)

    def issue_id(self, camera_id: str) -> str:
        """Return the id of a camera's Repairs issue; it gets into diagnostics, the camera's not."""
        return f"{ISSUE_CANCELLATION}_{key_of(self._entry_id, camera_id)}"

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()

    async def _async_put(self, cancellation: Cancellation) -> None:
        self._book[cancellation.camera_id] = cancellation
        await self._async_save()
        self._on_change(cancellation.camera_id)

    async def _async_save(self) -> bool:
        """Write all; return whether they are on disk, by reading them back.

        The store itself only logs what it cannot write; it goes in with the next change.
        """
        async with self._saving:
            data = {
                camera_id: encode(cancellation) for camera_id, cancellation in self._book.items()
            }
            await self._store.async_save(data)
            return await self._store.async_load() == data


def _is_over(view: PlanView, now: datetime) -> bool:
    """Return whether the plan ended and the time for late charges has passed."""
    ends_at = view.reading.ends_at
    if view.is_active or ends_at is None:
        return False
    return now > ends_at + view.rule.watched_after_end
