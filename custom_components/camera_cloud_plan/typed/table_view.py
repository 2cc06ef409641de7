"""Serves the table of the plans that are typed in, to take away or to a spreadsheet."""

from http import HTTPStatus

from aiohttp import web
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from ..cloud.manual import write_table
from ..const import DOMAIN
from .plans import async_local_entry, typed_plans

_PATH = f"/api/{DOMAIN}/plans"


def table_url(entry: ConfigEntry) -> str:
    """Return where an account's table is served, unsigned."""
    return f"{_PATH}/{entry.entry_id}.csv"


class PlanTableView(HomeAssistantView):
    """Serves the typed plans to administrators, and to whoever has the address they were given.

    That is signed in the name of a user of Home Assistant's own, as it may be opened elsewhere.
    """

    url = f"{_PATH}/{{entry_id}}.csv"
    name = f"api:{DOMAIN}:plans"

    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Return the table as a file."""
        hass: HomeAssistant = request.app[KEY_HASS]
        user = request[KEY_HASS_USER]
        if not user.is_admin and not user.system_generated:
            raise web.HTTPForbidden
        entry = async_local_entry(hass)
        if entry is None or entry.entry_id != entry_id:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return web.Response(
            body=write_table(typed_plans(entry).values()),
            content_type="text/csv",
            charset="utf-8",
            headers={"Content-Disposition": 'attachment; filename="camera_cloud_plans.csv"'},
        )
