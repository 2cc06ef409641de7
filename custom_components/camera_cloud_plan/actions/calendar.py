"""The action that returns the calendar as a file."""

from typing import Final

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv

from ..agenda.file import async_ical_events, calendar_file
from ..agenda.ical import IcalEvent
from .targets import async_chosen

CALENDAR_FIELDS: Final = cv.TARGET_SERVICE_FIELDS


async def async_export_calendar(call: ServiceCall) -> ServiceResponse:
    """Return the calendar as the text of an iCalendar file."""
    events: list[IcalEvent] = []
    for chosen in await async_chosen(call):
        if (coordinator := chosen.coordinator) is not None:
            events += await async_ical_events(coordinator, chosen.has)
    return {"ics": calendar_file(call.hass, events)}
