"""Looks at a camera's recordings as an app does, sharing no code with simulator or product."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Any

import aiohttp

from tests.simulator.signing_client import Answer, SigningClient
from tests.simulator.worlds import DID

EVENT_LIST = "/common/app/get/eventlist"
CLOUD_LIST = "/common/app/get/cloudlist"
PLAYLIST = "/common/app/m3u8"
THUMBNAIL = "/miot/camera/app/v1/img"

DAY_MS = 86_400_000

_ADDRESS = re.compile(r"https?://[^\s\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list."""

    units: list[dict[str, Any]]
    more: bool
    cursor: int


@dataclass(slots=True, kw_only=True)
class Viewer:
    """Asks about one camera; `prefix` is that of its region's hosts."""

    client: SigningClient
    did: str = DID
    prefix: str = ""

    async def call(
        self, path: str, data: Mapping[str, object], *, host: str = "business"
    ) -> Answer:
        """Make a signed call; a field of None is left out."""
        name = f"{self.prefix}{host}.smartcamera.api.io.mi.com"
        sent = {"did": self.did, **data}
        present = {field: value for field, value in sent.items() if value is not None}
        return await self.client.call("GET", name, path, present)

    async def ask(self, path: str = EVENT_LIST, **changes: object) -> Answer:
        """Ask for a page of a list, with all that public clients send."""
        now = self.client.simulator.world.now_ms()
        data: dict[str, object] = {
            "model": "chuangmi.camera.029a02",
            "region": "CN",
            "language": "zh_CN",
            "beginTime": now - 90 * DAY_MS,
            "endTime": now + DAY_MS,
            "limit": 20,
        }
        if path == EVENT_LIST:
            data |= {
                "eventType": "Default",
                "needMerge": True,
                "sortType": "DESC",
                "doorBell": False,
            }
        return await self.call(path, data | changes)

    async def page(self, path: str = EVENT_LIST, **changes: object) -> Page:
        """Return a page of a list."""
        answer = await self.ask(path, **changes)
        assert answer.sealed
        assert answer.json is not None
        assert answer.json["code"] == 0
        data: Any = answer.json["data"]
        assert data.keys() == {"isContinue", "nextTime", "thirdPartPlayUnits"}
        return Page(
            units=data["thirdPartPlayUnits"], more=data["isContinue"], cursor=data["nextTime"]
        )

    async def all_pages(self, path: str = EVENT_LIST, **changes: object) -> list[Page]:
        """Return every page of a list, following the server's cursor."""
        pages = [await self.page(path, **changes)]
        while pages[-1].more:
            assert len(pages) < 100
            pages.append(await self.page(path, **changes | {"endTime": pages[-1].cursor}))
        return pages

    async def units(self, path: str = EVENT_LIST, **changes: object) -> list[dict[str, Any]]:
        """Return every unit of a list."""
        return [unit for page in await self.all_pages(path, **changes) for unit in page.units]

    async def open(self, unit: Mapping[str, object], **changes: object) -> Answer:
        """Ask for a recording's playlist."""
        data: dict[str, object] = {
            "model": "chuangmi.camera.029a02",
            "fileId": unit["fileId"],
            "isAlarm": unit["isAlarm"],
            "videoCodec": "H265",
        }
        return await self.call(PLAYLIST, data | changes)

    async def playlist(self, unit: Mapping[str, object]) -> str:
        """Return a recording's playlist."""
        answer = await self.open(unit)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/vnd.apple.mpegurl"
        assert answer.text.startswith("#EXTM3U\n")
        return answer.text

    async def fetch(self, url: str, **headers: str) -> tuple[int, bytes]:
        """Return what lies at an address, and the status."""
        async with self.get(url, **headers) as response:
            return response.status, await response.read()

    def get(self, url: str, **headers: str) -> Any:
        """Ask for an address, bare, through the gateway."""
        found = re.fullmatch(r"https://([^/]+)(/.*)", url)
        assert found is not None
        gateway: aiohttp.ClientSession = self.client.http
        return gateway.get(
            self.client.simulator.base_url + found[2], headers={"Host": found[1], **headers}
        )

    async def copy(self, playlist: str, folder: Path) -> Path:
        """Write a playlist and all it names into a folder, still enciphered; return its path."""
        for number, url in enumerate(addresses(playlist)):
            status, data = await self.fetch(url)
            assert status == 200
            name = f"{number}{Path(url.partition('?')[0]).suffix or '.key'}"
            (folder / name).write_bytes(data)
            playlist = playlist.replace(url, name, 1)
        path = folder / "local.m3u8"
        path.write_text(playlist)
        return path


def addresses(playlist: str, kind: str = "") -> list[str]:
    """Return the addresses in a playlist, in order: all, or those of `key`, `ts` or `mp4`."""
    return [url for url in _ADDRESS.findall(playlist) if f".example/{kind}" in url or not kind]


def lengths(playlist: str) -> list[float]:
    """Return how long the segments of a playlist are (seconds)."""
    return [float(text) for text in re.findall(r"#EXTINF:([0-9.]+),", playlist)]
