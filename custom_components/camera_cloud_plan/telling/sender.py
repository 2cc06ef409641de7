"""Sends messages to where an account's owner chose: here, to phones, to other ways to tell."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
import logging
from typing import Final

from homeassistant.components import persistent_notification
from homeassistant.components.notify.const import DOMAIN as NOTIFY, NotifyEntityFeature
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_ENTITY_ID, ATTR_SUPPORTED_FEATURES
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import slugify

from ..const import CONF_NOTIFY, NOTIFY_HERE

_LOGGER = logging.getLogger(__name__)

# Where the guided steps are. No address of the frontend opens a single one of them (its
# releases 2026.10 and 2026.11 know `?dialog=system-health` on that page, and nothing else).
REPAIRS: Final = "/config/repairs"

# Seconds that one way to tell may take.
_PATIENCE: Final = 30

_MOBILE_APP: Final = "mobile_app"
_HERE: Final = "home_assistant"
# What a mobile app calls a button that opens a page.
_OPENS: Final = "URI"
# The message that has a mobile app take the one of that tag down.
_CLEAR: Final = "clear_notification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A page that a message leads to; `where` says it in words for those who know no links."""

    path: str
    label: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button on a phone: its `action` comes back as an event, or it opens a page."""

    title: str
    action: str = _OPENS
    path: str | None = None

    def as_dict(self) -> dict[str, str]:
        """Return it as the mobile apps want it."""
        opens = {"uri": self.path} if self.path else {}
        return {"action": self.action, "title": self.title, **opens}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A message in words; `ref` names what it takes the place of."""

    ref: str
    title: str
    message: str
    link: Link | None = None
    buttons: tuple[Button, ...] = ()


@callback
def async_ways_to_tell(hass: HomeAssistant) -> dict[str, str]:
    """Return who can be told besides Home Assistant's own notifications: names by target.

    A target is a notify entity's id or a mobile app's action. A phone is reached by its
    action, which can carry a link, and so its entity is left out.
    """
    apps = {
        f"{NOTIFY}.{slugify(f'{_MOBILE_APP}_{app.data.get("device_name")}')}": app
        for app in hass.config_entries.async_entries(_MOBILE_APP)
    }
    actions = [
        f"{NOTIFY}.{action}"
        for action in hass.services.async_services_for_domain(NOTIFY)
        if action.startswith(f"{_MOBILE_APP}_")
    ]
    ways = {action: apps[action].title if action in apps else action for action in actions}
    reached = {apps[action].entry_id for action in actions if action in apps}
    registry = er.async_get(hass)
    for state in hass.states.async_all(NOTIFY):
        entity = registry.async_get(state.entity_id)
        if entity is None or entity.config_entry_id not in reached:
            ways[state.entity_id] = state.name
    return ways


@callback
def async_show_here(hass: HomeAssistant, text: Text) -> None:
    """Show a message in Home Assistant, in place of the one of the same `ref`."""
    message = text.message
    if text.link:
        message = f"{message}\n\n[{text.link.label}]({text.link.path})"
    persistent_notification.async_create(hass, message, text.title, text.ref)


def _kind(target: str) -> str:
    return "phone" if target.startswith(f"{NOTIFY}.{_MOBILE_APP}_") else "notify"


class Sender:
    """Sends one account's messages; its options name who is told."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take the account."""
        self._hass = hass
        self._entry = entry
        self._failing: set[str] = set()

    @property
    def targets(self) -> Collection[str]:
        """Who is told, Home Assistant's own notifications among them where they were chosen."""
        targets: Collection[str] = self._entry.options.get(CONF_NOTIFY, (NOTIFY_HERE,))
        return targets

    @property
    def kinds(self) -> Collection[str]:
        """What kinds of targets are told, without saying which they are."""
        kinds = {_HERE if target == NOTIFY_HERE else _kind(target) for target in self.targets}
        return sorted(kinds)

    @property
    def tells_here(self) -> bool:
        """Whether Home Assistant's own notifications are among those chosen."""
        return NOTIFY_HERE in self.targets

    @property
    def phones(self) -> Collection[str]:
        """The targets where a message takes the place of the one before."""
        return [target for target in self.targets if self._phone(target)]

    @callback
    def async_show(self, text: Text) -> None:
        """Show a message in Home Assistant, in place of the one of the same `ref`."""
        async_show_here(self._hass, text)

    @callback
    def async_dismiss(self, ref: str) -> None:
        """Take a message down that Home Assistant shows."""
        persistent_notification.async_dismiss(self._hass, ref)

    async def async_clear(self, target: str, ref: str) -> None:
        """Take a message down at a phone."""
        await self.async_send_to(target, (Text(ref=ref, title="", message=_CLEAR),))

    async def async_send(self, texts: Collection[Text]) -> Collection[str]:
        """Send messages to all that were chosen; return what kinds of targets took them.

        Home Assistant itself is one of these, which is shown them by `async_show`.
        """
        others = [target for target in self.targets if target != NOTIFY_HERE]
        took = await asyncio.gather(*(self.async_send_to(target, texts) for target in others))
        kinds = {_kind(target) for target, does in zip(others, took, strict=True) if does}
        return sorted(kinds | {_HERE} if self.tells_here else kinds)

    async def async_send_to(self, target: str, texts: Collection[Text]) -> bool:
        """Send to one target; return whether it took all.

        One that fails is named once, until it works again.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                for text in texts:
                    await self._async_send_one(target, text)
        except Exception as err:  # noqa: BLE001 - whatever another integration may raise
            if target not in self._failing:
                self._failing.add(target)
                # The text of an error of another integration may hold that one's secrets.
                _LOGGER.warning("Nobody could be told at %s: %s", target, type(err).__name__)
            return False
        self._failing.discard(target)
        return True

    async def _async_send_one(self, target: str, text: Text) -> None:
        if action := self._phone(target):
            more: dict[str, object] = {"tag": text.ref}
            if text.link:
                more |= {"url": text.link.path, "clickAction": text.link.path}
            if text.buttons:
                more["actions"] = [button.as_dict() for button in text.buttons]
            data: dict[str, object] = {"title": text.title, "message": text.message, "data": more}
        else:
            action = "send_message"
            data = {ATTR_ENTITY_ID: target, **self._plain(target, text)}
        await self._hass.services.async_call(NOTIFY, action, data, blocking=True)

    def _phone(self, target: str) -> str | None:
        """Return the action that reaches a phone; `None` for another target."""
        name = target.partition(".")[2]
        is_phone = name.startswith(f"{_MOBILE_APP}_") and self._hass.services.has_service(
            NOTIFY, name
        )
        return name if is_phone else None

    def _plain(self, target: str, text: Text) -> dict[str, object]:
        """Return a text without links, in one piece where a target knows no title."""
        if (state := self._hass.states.get(target)) is None:
            raise LookupError(target)
        message = f"{text.message}\n{text.link.where}" if text.link else text.message
        if state.attributes.get(ATTR_SUPPORTED_FEATURES, 0) & NotifyEntityFeature.TITLE:
            return {"title": text.title, "message": message}
        return {"message": f"{text.title}\n{message}"}
