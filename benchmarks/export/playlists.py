"""The same recordings as playlists that other programs can play: with the cloud's real address.

Listing, signing and asking for playlists is done for the rivals beforehand, for nothing.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
import shutil
from typing import Final

from aiohttp import ClientSession, DummyCookieJar
from yarl import URL

from benchmarks.cloud import Cloud
from benchmarks.house import signed_in
from custom_components.camera_cloud_plan.cloud.hls import Part
from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCloud
from custom_components.camera_cloud_plan.plan import ALL_BACK, RecordingKind, Span


class Playlists:
    """Writes the playlists of the account's one camera, signed just now."""

    def __init__(self, cloud: Cloud, maker: XiaomiCloud) -> None:
        """Take the cloud and a signed-in client of it."""
        self._cloud = cloud
        self._maker = maker

    async def write(self, kind: RecordingKind, folder: Path) -> str:
        """Write one file for each recording of a kind; return the host that they mean.

        Addresses run out after some minutes.
        """
        await asyncio.to_thread(_empty, folder)
        (camera,) = await self._maker.list_cameras()
        now = datetime.now(UTC)
        found = await self._maker.list_recordings(
            camera, Span(start=now - ALL_BACK, end=now), (kind,)
        )
        hosts = set()
        for number, recording in enumerate(found.recordings):
            footage = await self._maker.open_recording(camera, recording)
            parts: Sequence[Part] = footage._parts  # noqa: SLF001 - nobody else is to see them
            hosts |= {part.source.url.host for part in parts}
            lines = "\n".join(self._lines(parts))
            (folder / f"{number:04}.m3u8").write_text(lines, encoding="utf-8")
        (host,) = hosts
        if host is None:
            raise ValueError("a playlist without a host")
        return host

    def _lines(self, parts: Sequence[Part]) -> list[str]:
        longest = max(part.segment.duration for part in parts)
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{longest + 1:.0f}"]
        for part in parts:
            source = part.source
            if source.key is None or source.iv is None:
                raise ValueError("a segment that is not enciphered")
            key = f'METHOD=AES-128,URI="{self._local(source.key)}",IV=0x{source.iv.hex()}'
            lines += [
                f"#EXT-X-KEY:{key}",
                f"#EXTINF:{part.segment.duration:.6f},",
                self._local(source.url),
            ]
        return [*lines, "#EXT-X-ENDLIST", ""]

    def _local(self, url: URL) -> str:
        return f"{self._cloud.base_url}{url.raw_path_qs}"


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


_REGIONS: Final = ("cn",)


async def connected(cloud: Cloud, http: ClientSession) -> Playlists:
    """Return who writes playlists, signed in; the session is to keep no cookies."""
    if not isinstance(http.cookie_jar, DummyCookieJar):
        raise TypeError("a session that keeps cookies")
    credentials = await signed_in(cloud)
    maker = XiaomiCloud(http, credentials, regions=_REGIONS, gateway=cloud.base_url)
    return Playlists(cloud, maker)
