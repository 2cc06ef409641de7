"""The house's digest: what all accounts have to tell at a time is one message to each person.

The accounts' desks find what is due of theirs. When one of them is due, all are asked; what
they found is told together, and each writes down what it told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, NOTIFY_HERE
from ..plan import clock
from .alert_words import DIGEST_REF, DigestWords, Exceeded, Part
from .sender import Sender, Text, async_show_here

# Under this name stands what all are told; where none of them can be reached, it is shown here
# until somebody looks.
_UNREACHED: Final = ""

# Seconds that a desk which closes waits for what is being told; what is cut off is told again.
_PATIENCE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one desk has to tell; `settle` writes down that it was told, nothing included."""

    parts: Sequence[Part]
    exceeded: Sequence[Exceeded]
    settle: Callable[[], Awaitable[None]]


class Desk(Protocol):
    """What the house needs of an account's desk."""

    @property
    def entry_id(self) -> str:
        """The config entry whose desk it is."""

    @property
    def sender(self) -> Sender:
        """Who sends to those that the account's options name."""

    @property
    def tells_people(self) -> bool:
        """Whether people are told at all, and not only automations."""

    async def async_find(self, camera_ids: Collection[str] | None) -> Found:
        """Return what is due of cameras; `None` for all whose moment has come."""

    def looks_again_on_error(self) -> AbstractContextManager[None]:
        """Let no mistake of ours keep the other accounts' owners from hearing of theirs."""

    def async_look_again(self) -> None:
        """Look for all that is due a while later."""

    def parts_of_day(self, at: datetime) -> Iterator[Part]:
        """Yield what the last digest said, if it was of this moment's day, as far as it holds."""

    def parts_ahead(self, at: datetime) -> Iterator[Part]:
        """Yield what the digest of a moment said that may still happen."""

    def remember(self, at: datetime, parts: Sequence[Part]) -> None:
        """Remember what a digest said of this account."""

    def forget_lines(self, camera_ids: Collection[str]) -> None:
        """Take cameras out of the digest that is remembered: they were answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """The digest that Home Assistant shows: whose, of when (UTC), its words and limits."""

    at: datetime
    entry_ids: frozenset[str]
    text: Text
    exceeded: tuple[Exceeded, ...]


@dataclass(slots=True, kw_only=True)
class _Message:
    """What goes to one target: all that is told there, and whether it is news and worth a sound."""

    sender: Sender
    parts: list[Part] = field(default_factory=list)
    exceeded: list[Exceeded] = field(default_factory=list)
    entry_ids: set[str] = field(default_factory=set)
    is_new: bool = False
    is_loud: bool = False


class House:
    """All desks of this Home Assistant, and the digest that it shows."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin without desks."""
        self._hass = hass
        self._desks: dict[str, Desk] = {}
        self._telling = asyncio.Lock()
        self._shown: _Shown | None = None
        # For as long as Home Assistant runs, as notifications do.
        persistent_notification.async_register_callback(hass, self._async_on_notice)

    @callback
    def async_join(self, desk: Desk) -> None:
        """Ask a desk too from now on."""
        self._desks[desk.entry_id] = desk

    async def async_leave(self, desk: Desk) -> None:
        """Ask a desk no more, once what is being told is out."""
        self._desks.pop(desk.entry_id, None)
        try:
            async with asyncio.timeout(_PATIENCE), self._telling:
                pass
        except TimeoutError:
            pass  # what it did not write down is told again

    # --- Telling ---

    async def async_tell(self, desk: Desk, camera_ids: Collection[str]) -> None:
        """Tell what is due of a desk's cameras, and whatever else is due in the house."""
        async with self._telling:
            found: dict[Desk, Found] = {}
            for one in tuple(self._desks.values()):
                with one.looks_again_on_error():
                    found[one] = await one.async_find(camera_ids if one is desk else None)
            sent = False
            with desk.looks_again_on_error():
                await self._async_send(found)
                sent = True
            for one, what in found.items():
                if sent:
                    with one.looks_again_on_error():
                        await what.settle()
                else:
                    one.async_look_again()

    async def _async_send(self, found: Mapping[Desk, Found]) -> None:
        """Send each target its digest; what was told earlier this day stays in it."""
        telling = {desk: what for desk, what in found.items() if desk.tells_people}
        if not any(what.parts or what.exceeded for what in telling.values()):
            return
        words = await self.async_words()
        # One moment for all: by its day the digest's button is known later.
        now = words.at
        messages: dict[str, _Message] = {}
        for desk, what in telling.items():
            new = {part.camera_id for part in what.parts}
            earlier = [part for part in desk.parts_of_day(now) if part.camera_id not in new]
            parts = [*earlier, *what.parts]
            if not parts and not what.exceeded:
                continue
            desk.remember(now, parts)
            targets = desk.sender.targets
            for target in (*targets, _UNREACHED) if targets else ():
                message = messages.setdefault(target, _Message(sender=desk.sender))
                message.parts += parts
                message.exceeded += what.exceeded
                message.entry_ids.add(desk.entry_id)
                message.is_new |= bool(what.parts or what.exceeded)
                message.is_loud |= bool(what.exceeded) or any(
                    not part.alert.kept for part in what.parts
                )
        unreached = messages.pop(_UNREACHED, None)
        sending: dict[str, Awaitable[bool]] = {}
        for target, message in messages.items():
            text = words.digest(message.parts, message.exceeded, target=target)
            if target == NOTIFY_HERE:
                if message.is_new:
                    self._async_show(now, message.entry_ids, text, message.exceeded)
            elif message.is_loud:
                sending[target] = message.sender.async_send_to(target, (text,))
        reached = await asyncio.gather(*sending.values())
        if unreached and sending and not any(reached) and NOTIFY_HERE not in messages:
            text = words.digest(unreached.parts, unreached.exceeded, target=NOTIFY_HERE)
            self._async_show(now, unreached.entry_ids, text, unreached.exceeded)

    async def async_words(self) -> DigestWords:
        """Return the words for a digest as of now."""
        await async_get_translations(self._hass, self._hass.config.language, "common", {DOMAIN})
        return DigestWords(hass=self._hass, at=clock.now())

    # --- What Home Assistant shows ---

    @callback
    def _async_show(
        self,
        at: datetime,
        entry_ids: Collection[str],
        text: Text,
        exceeded: Sequence[Exceeded],
    ) -> None:
        async_show_here(self._hass, text)
        self._shown = _Shown(
            at=at, entry_ids=frozenset(entry_ids), text=text, exceeded=tuple(exceeded)
        )

    async def async_show_again(self) -> None:
        """Bring the digest up to date that Home Assistant shows, or take it down.

        Not while an account that it is about is being loaded: it would seem to have nothing.
        """
        words, shown = await self.async_words(), self._shown
        if shown is None or self._is_incomplete(shown):
            return
        parts = self._parts_ahead(shown)
        if not parts and not shown.exceeded:
            persistent_notification.async_dismiss(self._hass, DIGEST_REF)
            return
        text = words.digest(parts, shown.exceeded, target=NOTIFY_HERE)
        if (text.title, text.message) != (shown.text.title, shown.text.message):
            self._async_show(shown.at, shown.entry_ids, text, shown.exceeded)

    def _is_incomplete(self, shown: _Shown) -> bool:
        return any(
            entry_id not in self._desks
            and (entry := self._hass.config_entries.async_get_entry(entry_id)) is not None
            and entry.disabled_by is None
            for entry_id in shown.entry_ids
        )

    def _parts_ahead(self, shown: _Shown) -> list[Part]:
        return [
            part
            for desk in self._desks.values()
            if desk.entry_id in shown.entry_ids
            for part in desk.parts_ahead(shown.at)
        ]

    @callback
    def _async_on_notice(
        self,
        change: persistent_notification.UpdateType,
        notices: Mapping[str, persistent_notification.Notification],
    ) -> None:
        """Hear that the digest was taken down: it is not to come back by itself."""
        if change is persistent_notification.UpdateType.REMOVED and DIGEST_REF in notices:
            self._shown = None

    # --- Answering ---

    async def async_answer(
        self, text: Text | None, answered: Mapping[Desk, Collection[str]]
    ) -> None:
        """Put an answer in place of the digest that it is to; `None` if another message is one.

        On phones, of all that hear of these accounts; what cannot take its place is not sent.
        Home Assistant goes on showing what else the digest said.
        """
        for desk, camera_ids in answered.items():
            desk.forget_lines(camera_ids)
        shown = self._shown
        is_here = any(NOTIFY_HERE in desk.sender.targets for desk in answered)
        if shown and self._parts_ahead(shown):
            await self.async_show_again()
        elif is_here and text:
            self._shown = None
            async_show_here(self._hass, text)
        elif is_here:
            persistent_notification.async_dismiss(self._hass, DIGEST_REF)
        phones = {target: desk.sender for desk in answered for target in desk.sender.phones}
        await asyncio.gather(
            *(
                sender.async_send_to(target, (text,))
                if text
                else sender.async_clear(target, DIGEST_REF)
                for target, sender in phones.items()
            )
        )


_HOUSE: HassKey[House] = HassKey(f"{DOMAIN}_house")


@callback
def async_house(hass: HomeAssistant) -> House:
    """Return the house, which outlives its accounts."""
    if _HOUSE not in hass.data:
        hass.data[_HOUSE] = House(hass)
    return hass.data[_HOUSE]
