"""Serves saved recordings and their pictures."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from aiohttp import web
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from ..const import DOMAIN
from ..coordinator import CloudPlanConfigEntry
from ..devices import key_of
from ..export.library import find
from .folder import default_root

_PATH = f"/api/{DOMAIN}/recordings"


def recording_url(names: Sequence[str]) -> str:
    """Return where a file is served: by the key of its root, its camera, day and name."""
    return "/".join((_PATH, *(quote(name, safe="") for name in names)))


@callback
def async_roots(hass: HomeAssistant) -> Mapping[str, str]:
    """Return the folders into which recordings were saved, each by a name that hides it."""
    entries: list[CloudPlanConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    folders = {str(default_root(hass) / DOMAIN)}
    for entry in entries:
        folders |= entry.runtime_data.coordinator.exports.folders
    return {key_of(DOMAIN, folder): folder for folder in sorted(folders)}


class SavedRecordingView(HomeAssistantView):
    """Serves saved videos and their pictures to whoever is signed in, or has a signed address."""

    url = f"{_PATH}/{{root}}/{{camera}}/{{day}}/{{name}}"
    name = f"api:{DOMAIN}:recordings"

    async def get(
        self, request: web.Request, root: str, camera: str, day: str, name: str
    ) -> web.StreamResponse:
        """Return a file, or the range of it that is asked for."""
        hass = request.app[KEY_HASS]
        if (folder := async_roots(hass).get(root)) is None:
            raise web.HTTPNotFound
        path = await hass.async_add_executor_job(find, folder, camera, day, name)
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)
