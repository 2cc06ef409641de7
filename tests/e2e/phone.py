"""A phone with the Home Assistant app, as Home Assistant sees one: what it gets, and says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Self

import aiohttp
from aiohttp import web

from demo.home_assistant import HomeAssistant, Json
from demo.ports import LOOPBACK

_PATIENCE: Final = 20.0
_TAKEN_AWAY: Final = "clear_notification"
_APP: Final = {
    "app_id": "io.simulated.companion",
    "app_name": "Simulated app",
    "app_version": "1",
    "manufacturer": "Nobody",
    "model": "Paper",
    "os_name": "none",
    "os_version": "1",
    "supports_encryption": False,
}


class Phone:
    """One registered phone; messages come to it through a push server of its own."""

    def __init__(self, home: HomeAssistant) -> None:
        """Take whose phone it is; use `registered`."""
        self.device_id = ""
        self.action = ""
        self._home = home
        self._webhook = ""
        self._got: asyncio.Queue[Json] = asyncio.Queue()

    @classmethod
    @asynccontextmanager
    async def registered(cls, home: HomeAssistant, name: str) -> AsyncIterator[Self]:
        """Register a phone, as the app does when somebody signs in with it."""
        phone = cls(home)
        app = web.Application()
        app.router.add_post("/push", phone._push)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        try:
            port = runner.addresses[0][1]
            await phone._register(name, f"http://{LOOPBACK}:{port}/push")
            yield phone
        finally:
            await runner.cleanup()

    async def message(self, title: str) -> Json:
        """Wait for the next message, which must have this title; return all of it."""
        got = await self.message_about(title)
        assert got["title"] == title
        return got

    async def message_about(self, words: str) -> Json:
        """Wait for the next message, whose title must hold these words.

        That an earlier one is taken away is none.
        """
        async with asyncio.timeout(_PATIENCE):
            while (got := await self._got.get())["message"] == _TAKEN_AWAY:
                pass
        assert words in got["title"], got
        return got

    async def is_quiet(self, seconds: float = 1.0) -> bool:
        """Return whether nothing comes for a while."""
        await asyncio.sleep(seconds)
        return self._got.empty()

    async def press(self, message: Json, button: str) -> None:
        """Press one of a message's buttons, by its words."""
        actions = {action["title"]: action["action"] for action in message["data"]["actions"]}
        body = {
            "type": "fire_event",
            "data": {
                "event_type": "mobile_app_notification_action",
                "event_data": {"action": actions[button], "tag": message["data"]["tag"]},
            },
        }
        url = f"{self._home.base_url}/api/webhook/{self._webhook}"
        async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
            answer.raise_for_status()

    async def _register(self, name: str, push_url: str) -> None:
        body = _APP | {
            "device_id": f"paper-{name}",
            "device_name": name,
            "app_data": {"push_token": "paper", "push_url": push_url},
        }
        answer = await self._home.register_phone(body)
        self._webhook = answer["webhook_id"]
        async with asyncio.timeout(_PATIENCE):
            while not self.device_id or not await self._can_be_told(name):
                await asyncio.sleep(0.1)
                for device in await self._home.command("config/device_registry/list"):
                    if device["name"] == name:
                        self.device_id = device["id"]

    async def _can_be_told(self, name: str) -> bool:
        self.action = f"mobile_app_{name.lower().replace(' ', '_')}"
        return self.action in (await self._home.command("get_services"))["notify"]

    async def _push(self, request: web.Request) -> web.Response:
        self._got.put_nowait(await request.json())
        return web.json_response({"rateLimits": _LIMITS}, status=201)


_LIMITS: Final = {
    "attempts": 1,
    "successful": 1,
    "errors": 0,
    "total": 1,
    "maximum": 500,
    "remaining": 499,
    "remainingSeconds": 1,
    "resetsAt": "2099-01-01T00:00:00.000Z",
}
