"""The simulated cloud as a process of its own, so that its work does not count as ours."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
import re
import sys
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp

from demo.ports import LOOPBACK
from demo.process import Child

_ADDRESS: Final = re.compile(r"^Simulated cloud at (\S+)$", re.MULTILINE)
_AT_ONCE: Final = 8
# Footage is made and enciphered before it is served.
_READY_WITHIN: Final = 180.0
_DAY_MS: Final = 86_400_000
_MONTH_MS: Final = 30 * _DAY_MS


class Cloud:
    """The control interface of a simulated cloud with a generated world."""

    def __init__(self, base_url: str, http: aiohttp.ClientSession) -> None:
        """Take the simulator's address without a trailing slash."""
        self.base_url = base_url
        self._http = http

    async def user_id(self) -> str:
        """Return the id of the world's one account."""
        (account,) = (await self._ask("GET", "state"))["accounts"]
        found: str = account["user_id"]
        return found

    async def approve(self, ticket: str, user_id: str) -> None:
        """Approve a sign-in by link, as the owner would in the maker's app."""
        await self._ask("POST", "link/approve", {"ticket": ticket, "user_id": user_id})

    async def reset_requests(self) -> None:
        """Count requests from nothing."""
        await self._ask("DELETE", "requests")

    async def requests(self) -> int:
        """Return how many requests the cloud's hosts got since counting began."""
        total: int = (await self._ask("GET", "requests"))["total"]
        return total

    async def playlists(self, kind: str) -> list[str]:
        """Return the addresses at which any player finds the one camera's recordings of a kind."""
        (camera,) = (await self._ask("GET", "state"))["cameras"]
        path = f"camera/{camera['did']}"
        listed = (await self._ask("GET", f"{path}/recordings"))["recordings"]
        found = [urlencode({"fileId": one["fileId"]}) for one in listed if one["kind"] == kind]
        return [f"{self.base_url}/_control/{path}/playlist?{query}" for query in found]

    async def charge(self, share: float) -> int:
        """Let plans of this share of all cameras run a month longer, as if charged.

        Return how many it were; cameras that never had a plan cannot be among them.
        """
        state = await self._ask("GET", "state")
        wanted = max(1, round(share * len(state["cameras"])))
        planned = [camera for camera in state["cameras"] if camera["plan"]][:wanted]
        turns = asyncio.Semaphore(_AT_ONCE)

        async def extend(camera: Mapping[str, Any]) -> None:
            end = max(camera["plan"]["end"], state["now"]) + _MONTH_MS
            async with turns:
                await self._ask("PATCH", f"camera/{camera['did']}", {"plan": {"end": end}})

        await asyncio.gather(*map(extend, planned))
        return len(planned)

    async def _ask(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        url = f"{self.base_url}/_control/{path}"
        async with self._http.request(method, url, json=body) as answer:
            answer.raise_for_status()
            content: dict[str, Any] = await answer.json()
            return content


@asynccontextmanager
async def simulated(output: Path, *world: str) -> AsyncIterator[str]:
    """Serve a generated world for as long as the context lasts; gives the address.

    `world` are the simulator's own words for it, such as "--cameras", "20". Raises
    `StartError`.
    """
    child = await Child.start(
        "The simulated cloud",
        (*(sys.executable, "-m", "simulator", *world), *("--host", LOOPBACK, "--port", "0")),
        output=output,
    )

    async def address() -> str | None:
        printed = await asyncio.to_thread(output.read_text, encoding="utf-8")
        found = _ADDRESS.search(printed)
        return found[1] if found else None

    try:
        yield await child.until(address, within=_READY_WITHIN)
    finally:
        await child.stop()
