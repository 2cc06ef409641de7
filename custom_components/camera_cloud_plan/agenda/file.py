"""An account's calendar as a file, to take it to a calendar elsewhere."""

from collections.abc import Callable, Iterable

from homeassistant.core import HomeAssistant

from ..coordinator import CloudPlanCoordinator
from ..plan import clock
from ..slices import Slices
from ..words import translated
from .agenda import AgendaEvent, EventKind
from .ical import IcalEvent, calendar_text
from .words import description, span, summary, uid

type _IsMeant = Callable[[str], bool]


async def async_ical_events(
    coordinator: CloudPlanCoordinator, is_meant: _IsMeant = lambda _camera_id: True
) -> list[IcalEvent]:
    """Return an account's events in words.

    Not the checks of a cancellation: those move by the hour, and a file does not.
    """
    slices = Slices()
    told = []
    for event in await coordinator.agenda.async_events():
        is_lasting = event.kind not in (EventKind.CHECK, EventKind.OFF_BY)
        if is_lasting and any(is_meant(plan.camera.camera_id) for plan in event.plans):
            told.append(_ical_event(coordinator, event))
        await slices.pause_if_due()
    return told


def calendar_file(hass: HomeAssistant, events: Iterable[IcalEvent]) -> str:
    """Return events as the text of an iCalendar file."""
    return calendar_text(events, translated(hass, "common.calendar_file"), clock.now())


def _ical_event(coordinator: CloudPlanCoordinator, event: AgendaEvent) -> IcalEvent:
    begins, ends = span(event)
    return IcalEvent(
        uid=uid(coordinator, event),
        begins=begins,
        ends=ends,
        summary=summary(coordinator, event),
        description=description(coordinator, event),
    )
