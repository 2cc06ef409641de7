"""A phone with the companion app: what is sent to it, and its buttons."""

from dataclasses import dataclass
from typing import Any

from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_mock_service

PHONE = "notify.mobile_app_phone"


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message that was sent to a phone: the local time, and what it said."""

    at: str
    title: str
    text: str
    data: dict[str, Any]

    @property
    def buttons(self) -> dict[str, str]:
        """The buttons: what comes back, or the page that opens, by their names."""
        actions = self.data.get("actions", [])
        return {button["title"]: button.get("uri", button["action"]) for button in actions}

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")


class Phone:
    """A phone with the companion app."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.hass = hass
        self.calls = async_mock_service(hass, "notify", "mobile_app_phone")
        self._noted: list[Message] = []

    @property
    def all(self) -> list[Message]:
        """All that was sent, each noted with when it is first looked at."""
        for call in self.calls[len(self._noted) :]:
            self._noted.append(self._message(call))
        return self._noted

    def _message(self, call: ServiceCall) -> Message:
        return Message(
            at=f"{dt_util.as_local(dt_util.utcnow()):%a %d %H:%M}",
            title=call.data["title"],
            text=call.data["message"],
            data=call.data["data"],
        )

    @property
    def last(self) -> Message:
        return self.all[-1]

    async def press(self, action: str, user_id: str | None = None) -> None:
        """Press a button, as the app says it."""
        self.hass.bus.async_fire(
            "mobile_app_notification_action",
            {"action": action, "device_id": "1234"},
            context=Context(user_id=user_id),
        )
        await self.hass.async_block_till_done(wait_background_tasks=True)
