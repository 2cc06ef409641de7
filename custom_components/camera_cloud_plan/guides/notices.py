"""What was noticed of a camera whoever caused it: take note of it, or stop renewal."""

from datetime import datetime
from typing import Any

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.exceptions import HomeAssistantError

from ..casework.ask import foresee
from ..plan import Notice, Wish
from ..words import spoken
from .camera import CameraGuide
from .standing import Standing


class NoticeGuide(CameraGuide):
    """Say what was noticed, and ask what to do about it."""

    def __init__(self, entry_id: str, camera_id: str, notice: Notice) -> None:
        """Take the camera and what was noticed of it."""
        super().__init__(entry_id, camera_id)
        self._notice = notice

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say the facts in plain words."""
        at = self._standing()
        since = self._since(at) if at else None
        if at is None or since is None:
            return self._nothing_to_do()
        return self._menu(at, "choose", ["stop", "fine"], {"since": spoken(self.hass, since)})

    async_step_choose = async_step_init

    async def async_step_stop(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin to switch renewal off; its own guide does the rest, so nothing is sent here."""
        if (at := self._standing()) is None:
            return self._nothing_to_do()
        foreseen = foresee(at.coordinator, at.camera_id, Wish.OFF)
        if foreseen and not foreseen.is_open:
            return self._end("nothing_to_stop", at)
        try:
            await at.casework.async_open(at.plan, Wish.OFF)
        except HomeAssistantError:
            return self._end("not_saved", at)
        return self._end("opened", at)

    async def async_step_fine(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Take down that the owner took note of it."""
        if (at := self._standing()) is None:
            return self._nothing_to_do()
        await at.casework.async_note(at.camera_id, self._notice)
        return self._end("taken_note", at)

    def _since(self, at: Standing) -> datetime | None:
        """Return since when it stands; `None` if it is over."""
        watch = at.coordinator.watches.get(at.camera_id)
        standing = watch.notices.get(self._notice)
        if standing is None:
            return None
        offline = watch.offline_since if self._notice is Notice.CAMERA_OFFLINE else None
        return offline or standing.since
