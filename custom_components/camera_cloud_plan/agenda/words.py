"""The events of an account's calendar in words, in Home Assistant's language."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from ..casework.doors import doors_for
from ..coordinator import CloudPlanCoordinator
from ..devices import account_key, key_of
from ..plan import Basis, PlanView, PriceSource, clock
from ..words import listed, maker_name, seller_name, spoken, spoken_amount, translated
from .agenda import AgendaEvent, EventKind

_SECOND: Final = timedelta(seconds=1)

# What may come without being certain is told in words of its own.
_MAY: Final = "_possible"
_CHARGES: Final = frozenset(
    {EventKind.RENEWAL, EventKind.TRIAL_TURNS_PAID, EventKind.PRICE_CHANGES}
)


def uid(coordinator: CloudPlanCoordinator, event: AgendaEvent) -> str:
    """Return a name for an event that stays, is nobody else's, and tells no camera."""
    reading, camera = event.plan.reading, event.plan.camera
    # One for all goes by the plan: which of its cameras comes first may change.
    joint = reading if len(event.plans) > 1 else None
    whose = f"{camera.maker}:{joint.name}" if joint else camera.camera_id
    # A renewal stays the same event when its price is found to change.
    kind = EventKind.RENEWAL if event.kind in _CHARGES else event.kind
    account = account_key(coordinator.config_entry)
    return f"{key_of(account, whose, kind, event.cycle)}@{account}"


def span(event: AgendaEvent) -> tuple[date, date]:
    """Return when an event begins and ends on a calendar of Home Assistant's zone.

    Days, the last one not included, if it is made of whole ones. All others keep their
    moments, also windows of several days: lists and cards show those on each of their days
    all the same, and a trigger's offset counts from the first moment at which a charge may
    come, rather than from the midnight before.
    """
    begins = dt_util.as_local(event.begins)
    # A typed day ends with its last second.
    for ends in (dt_util.as_local(event.ends + _SECOND), dt_util.as_local(event.ends)):
        if begins < ends and begins.time() == ends.time() == time.min:
            return begins.date(), ends.date()
    return begins, ends


def summary(coordinator: CloudPlanCoordinator, event: AgendaEvent) -> str:
    """Return an event in a line, e.g. "Front door: charge expected, 6.00 CNY"."""
    hass, charge = coordinator.hass, event.charge
    key = f"common.calendar_{event.kind}"
    added = ""
    if event.kind in _CHARGES and charge:
        if charge.possible:
            key += _MAY
        if charge.amount:
            added = translated(
                hass, "common.calendar_amount", amount=spoken_amount(hass, charge.amount)
            )
    if event.plan.reading and event.plan.reading.typed:
        added += translated(hass, "common.calendar_by_your_word")
    if len(event.plans) == 1:
        name = coordinator.display_name(event.plan.camera.camera_id)
    else:
        name = translated(hass, "common.many_cameras", count=len(event.plans))
    return translated(hass, key, camera=name) + added


def description(coordinator: CloudPlanCoordinator, event: AgendaEvent) -> str:
    """Return what is known of an event, a line each: when, how much, where to, by whose word."""
    return "\n".join(_lines(coordinator, event))


def _lines(coordinator: CloudPlanCoordinator, event: AgendaEvent) -> Iterator[str]:
    hass, plan, view = coordinator.hass, event.plan, event.plan.view
    if len(event.plans) > 1:
        names = sorted(coordinator.display_name(of.camera.camera_id) for of in event.plans)
        yield listed(hass, names)
    if event.deadline:
        until = spoken(hass, event.ends)
        yield translated(hass, f"common.dispute_deadline_{event.deadline}", until=until)
        yield translated(hass, "common.calendar_of_claim")
        return
    if view is None:
        return
    if event.charge:
        yield from _charge_lines(coordinator, event, view)
    elif event.kind in (EventKind.PLAN_ENDS, EventKind.TRIAL_ENDS):
        yield translated(hass, "common.calendar_works_until", end=spoken(hass, event.ends))
    if view.reading.typed:
        yield translated(hass, "common.calendar_typed")
    else:
        yield translated(
            hass,
            "common.calendar_read",
            maker=maker_name(hass, plan.camera.maker),
            read=spoken(hass, view.reading.read_at),
        )


def _charge_lines(
    coordinator: CloudPlanCoordinator, event: AgendaEvent, view: PlanView
) -> Iterator[str]:
    hass, plan, charge = coordinator.hass, event.plan, event.charge
    if charge is None:
        return
    yield translated(
        hass,
        "common.calendar_window",
        earliest=spoken(hass, charge.earliest),
        latest=spoken(hass, charge.latest),
    )
    if charge.possible:
        yield translated(hass, "common.calendar_unknown")
    if event.ahead:
        yield translated(hass, "common.calendar_goes_on")
    tariff = view.reading.tariff
    if charge.amount is None:
        yield translated(hass, "common.calendar_amount_unknown")
    elif tariff and tariff.source is PriceSource.OWNER and not charge.typed:
        yield translated(
            hass, "common.calendar_owners_price", amount=spoken_amount(hass, charge.amount)
        )
    else:
        yield translated(hass, "common.calendar_price", amount=spoken_amount(hass, charge.amount))
    seller = seller_name(hass, plan.channel, plan.camera.maker)
    if charge.deadline > clock.now():
        deadline = spoken(hass, charge.deadline)
        yield translated(hass, "common.calendar_stop", seller=seller, deadline=deadline)
        yield from (door.url for door in doors_for(plan.channel) if door.url)
    else:
        yield translated(hass, "common.calendar_too_late", seller=seller)
    if charge.basis in (Basis.PLAN_END_LESS_LEAD, Basis.FIXED_DAY):
        yield translated(hass, f"common.calendar_{charge.basis}")
