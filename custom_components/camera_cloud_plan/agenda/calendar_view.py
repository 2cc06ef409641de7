"""Serves an account's calendar as a file, to take it to a calendar elsewhere."""

from datetime import timedelta
from typing import Final

from aiohttp import web
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.http.auth import async_sign_path
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from ..const import DOMAIN
from ..coordinator import CloudPlanConfigEntry
from ..devices import account_key
from .file import async_ical_events, calendar_file

_PATH: Final = f"/api/{DOMAIN}/calendar"

# How long a link to the file is good.
GOOD_FOR: Final = timedelta(minutes=30)


@callback
def async_calendar_url(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Return a link to an account's calendar file, signed for a while."""
    return async_sign_path(hass, f"{_PATH}/{account_key(entry)}.ics", GOOD_FOR)


class CalendarFileView(HomeAssistantView):
    """Serves the file to whoever may see the calendar, or has a signed address."""

    url = f"{_PATH}/{{key}}.ics"
    name = f"api:{DOMAIN}:calendar"

    async def get(self, request: web.Request, key: str) -> web.Response:
        """Return the calendar as it stands."""
        hass = request.app[KEY_HASS]
        entries: list[CloudPlanConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
        entry = next((entry for entry in entries if account_key(entry) == key), None)
        if entry is None:
            raise web.HTTPNotFound
        registry = er.async_get(hass)
        calendar = registry.async_get_entity_id(Platform.CALENDAR, DOMAIN, f"{key}_charges")
        if calendar is None or not request[KEY_HASS_USER].permissions.check_entity(
            calendar, POLICY_READ
        ):
            raise web.HTTPForbidden
        events = await async_ical_events(entry.runtime_data.coordinator)
        return web.Response(
            text=calendar_file(hass, events),
            content_type="text/calendar",
            charset="utf-8",
            headers={"Content-Disposition": 'attachment; filename="plan_charges.ics"'},
        )
