"""The calendar of an account: when charges, ends, deadlines and checks come."""

from collections.abc import Sequence
from datetime import datetime
from typing import override

from homeassistant.components.calendar import (
    CalendarEntity,
    CalendarEntityDescription,
    CalendarEvent,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .agenda.agenda import AgendaEvent
from .agenda.words import description, span, summary, uid
from .coordinator import CloudPlanConfigEntry
from .entity import ReckonedEntity
from .plan import clock
from .slices import Slices

PARALLEL_UPDATES = 0

CHARGES = CalendarEntityDescription(key="charges", translation_key="charges")


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: CloudPlanConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the account's calendar."""
    async_add_entities([ChargesCalendar(entry.runtime_data.coordinator, CHARGES)])


class ChargesCalendar(ReckonedEntity, CalendarEntity):
    """When the plans of an account are charged, end, or need something done."""

    entity_description: CalendarEntityDescription

    _events: Sequence[AgendaEvent] = ()

    @property
    @override
    def available(self) -> bool:
        """Whether the account was ever read: what is due stays due while it cannot be asked."""
        return self.coordinator.data.read_at is not None

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """The event that runs or comes next."""
        now = clock.now()
        found = next((event for event in self._events if event.ends > now), None)
        return self._told(found) if found else None

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return the events of a span."""
        start, end = dt_util.as_utc(start_date), dt_util.as_utc(end_date)
        slices = Slices()
        told = []
        for event in await self.coordinator.agenda.async_events():
            if event.touches(start, end):
                told.append(self._told(event))
                await slices.pause_if_due()
        return told

    @override
    async def async_reckon(self) -> None:
        """Bring the events up to date."""
        self._events = await self.coordinator.agenda.async_events()

    def _told(self, event: AgendaEvent) -> CalendarEvent:
        """Return an event in words."""
        begins, ends = span(event)
        return CalendarEvent(
            start=begins,
            end=ends,
            summary=summary(self.coordinator, event),
            description=description(self.coordinator, event),
            uid=uid(self.coordinator, event),
        )
