"""Serves the dispute files that were made since Home Assistant started."""

from datetime import timedelta
import hashlib
from pathlib import Path
from typing import Final

from aiohttp import web
from homeassistant.components.http.auth import async_sign_path
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

_PATH: Final = f"/api/{DOMAIN}/dispute"
_MADE: Final[HassKey[dict[str, Path]]] = HassKey(f"{DOMAIN}_dispute_files")

# How long a link to a file is good.
GOOD_FOR: Final = timedelta(minutes=30)


@callback
def async_file_url(hass: HomeAssistant, path: Path, sha256: str) -> str:
    """Return a link to a file that was just made, signed for a while."""
    hass.data.setdefault(_MADE, {})[sha256] = path
    return async_sign_path(hass, f"{_PATH}/{sha256}.zip", GOOD_FOR)


class DisputeFileView(HomeAssistantView):
    """Serves a file to administrators, and to whoever has a signed address."""

    url = f"{_PATH}/{{sha256}}.zip"
    name = f"api:{DOMAIN}:dispute"

    async def get(self, request: web.Request, sha256: str) -> web.Response:
        """Return a file as it was made; one that is another by now is none."""
        hass = request.app[KEY_HASS]
        user = request[KEY_HASS_USER]
        # Home Assistant's own user is whom an address is signed for where nobody asked by page.
        if not (user.is_admin or user.system_generated):
            raise web.HTTPForbidden
        path = hass.data.get(_MADE, {}).get(sha256)
        content = await hass.async_add_executor_job(_content, path, sha256) if path else None
        if path is None or content is None:
            raise web.HTTPNotFound
        return web.Response(
            body=content,
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{path.name}"'},
        )


def _content(path: Path, sha256: str) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
