"""Keeps the demo tidy while it runs: its dashboard, and what others complain about.

An account or camera that is added by hand shows up on the dashboard. Repairs issues of
others, such as those of a start without a network, are ignored as a person would.
"""

import asyncio
from contextlib import suppress
from typing import Final

import aiohttp

from . import dashboard
from .accounts import DOMAIN
from .home_assistant import ConnectionLostError, HomeAssistant, RefusedError
from .words import Language

_EVENTS: Final = (
    "device_registry_updated",
    "entity_registry_updated",
    "repairs_issue_registry_updated",
)
_CALM: Final = 0.3
"""Seconds without an event before a burst of them is answered."""


class Keeper:
    """Looks after one Home Assistant, over a connection of its own."""

    def __init__(self, base_url: str, maker_url: str, language: Language) -> None:
        """Take the addresses of Home Assistant and of the simulated maker's page."""
        self._base_url = base_url
        self._maker_url = maker_url
        self._language = language
        self._shown: dashboard.Content | None = None

    async def tidy(self, home: HomeAssistant) -> None:
        """Bring everything up to date once."""
        issues = (await home.command("repairs/list_issues"))["issues"]
        for issue in issues:
            if issue["domain"] != DOMAIN and not issue["ignored"]:
                await home.command(
                    "repairs/ignore_issue",
                    domain=issue["domain"],
                    issue_id=issue["issue_id"],
                    ignore=True,
                )
        content = await dashboard.made(home, language=self._language, maker_url=self._maker_url)
        if content != self._shown:
            await dashboard.save(home, content)
            self._shown = content

    async def run(self, http: aiohttp.ClientSession) -> None:
        """Look after it until cancelled, across its restarts."""
        while True:
            try:
                home = await HomeAssistant.connect(self._base_url, http)
            except aiohttp.ClientError, RefusedError:
                await asyncio.sleep(1)
                continue
            try:
                await self._follow(home)
            except asyncio.QueueShutDown, ConnectionLostError:
                continue
            finally:
                await home.close()

    async def _follow(self, home: HomeAssistant) -> None:
        await home.subscribe(*_EVENTS)
        while True:
            # It refuses while it starts or stops: the next event tells.
            with suppress(RefusedError):
                await self.tidy(home)
            await home.events.get()
            await self._let_calm_down(home)

    @staticmethod
    async def _let_calm_down(home: HomeAssistant) -> None:
        while True:
            try:
                async with asyncio.timeout(_CALM):
                    await home.events.get()
            except TimeoutError:
                return
