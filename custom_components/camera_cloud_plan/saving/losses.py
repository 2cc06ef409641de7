"""What cameras are about to lose: their recordings, listed in turn where that is shown."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from functools import partial
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..cloud.errors import CloudError
from ..plan import ALL_BACK, RecordingOutlook, Span, clock, recording_outlook
from .job import Reader, kinds_of, pace_of

_LOGGER = logging.getLogger(__name__)

# For so long what was listed of a camera is taken for what is there: six hours, less the
# tenth by which polls are spread.
_LISTED_EVERY: Final = timedelta(hours=5.4)
# Seconds between the pages of such a list, at most.
_LIST_PAUSE: Final = 0.3


class LossWatch:
    """Lists what cameras have in the cloud, one at a time, and says when it is lost."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        reader: Reader,
        listing: asyncio.Lock,
    ) -> None:
        """Take who reads the account, and what lets one list at a time."""
        self._hass = hass
        self._entry = entry
        self._reader = reader
        self._listing = listing
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._outlooks: dict[str, RecordingOutlook] = {}

    def outlook(self, camera_id: str) -> RecordingOutlook | None:
        """Return what a camera is about to lose, as last listed; `None` if it never was."""
        return self._outlooks.get(camera_id)

    def forget(self, camera_id: str) -> None:
        """Take nothing that was listed of a camera for true any more."""
        self._outlooks.pop(camera_id, None)

    async def async_look(self, camera_id: str) -> None:
        """List a camera's recordings, unless what was listed still holds.

        It goes on if whoever waits goes away. Where they cannot be listed, what was listed
        before stands.
        """
        if not self._is_to_be_listed(camera_id):
            return
        if (look := self._looks.get(camera_id)) is None:
            look = self._looks[camera_id] = self._entry.async_create_background_task(
                self._hass, self._async_list(camera_id), "lists recordings", eager_start=False
            )
            look.add_done_callback(lambda _done: self._looks.pop(camera_id, None))
        await asyncio.wait((look,))

    @callback
    def async_look_in_turn(self) -> None:
        """List the cameras whose losses are shown, where that was done long ago."""
        due = [*filter(self._is_to_be_listed, self._reader.showing_losses())]
        if due:
            self._entry.async_create_background_task(
                self._hass, self._async_look_at(due), "lists recordings in turn"
            )

    def _is_to_be_listed(self, camera_id: str) -> bool:
        """Return whether nothing was listed, or that long ago, or some of it is lost since."""
        known, now = self._outlooks.get(camera_id), clock.now()
        return (
            known is None
            or now - known.seen_at >= _LISTED_EVERY
            or (known.first_loss is not None and known.first_loss <= now)
        )

    async def _async_look_at(self, camera_ids: Collection[str]) -> None:
        for camera_id in camera_ids:
            await self.async_look(camera_id)

    async def _async_list(self, camera_id: str) -> None:
        kinds = kinds_of(self._reader, camera_id)
        plan = self._reader.known(camera_id)
        source = self._reader.provider.recordings
        if plan is None or source is None or not kinds:
            return
        pause = min(_LIST_PAUSE, pace_of(self._entry).pause)
        async with self._listing:
            now = clock.now()
            span = Span(start=now - ALL_BACK, end=now)
            try:
                found = await source.list_recordings(
                    plan.camera, span, kinds, pause=partial(asyncio.sleep, pause)
                )
            except CloudError as err:
                _LOGGER.debug("Recordings could not be listed: %s", err)
                return
        self._outlooks[camera_id] = recording_outlook(
            found.recordings, now, complete=found.complete
        )
        if found.complete:
            self._reader.async_counted(camera_id, len(found.recordings), now)
        self._reader.async_show(camera_id)
