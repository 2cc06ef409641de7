"""The action that adds up what is to be paid: of the cameras that are meant, or of all accounts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..charge_options import limits_of
from ..coordinator import CloudPlanCoordinator
from ..outlook import charge_facts, own_views
from ..plan import (
    ComingCharge,
    Forecast,
    Money,
    Outlay,
    OverLimit,
    clock,
    forecast,
    over_limits,
)
from ..snapshot import CameraPlan
from ..words import rounded
from .targets import async_chosen

ATTR_MONTHS: Final = "months"

_MOST_MONTHS: Final = 12
_LAST_MOMENT: Final = timedelta(microseconds=1)

FORECAST_FIELDS: Final = {
    **cv.TARGET_SERVICE_FIELDS,
    vol.Optional(ATTR_MONTHS, default=3): vol.All(
        vol.Coerce(int), vol.Range(min=1, max=_MOST_MONTHS)
    ),
}

type _Row = dict[str, Any]


async def async_get_forecast(call: ServiceCall) -> ServiceResponse:
    """Return the charges to come, what they sum up to by month and currency, and in all.

    Moments are ISO 8601 in UTC, dates are those of Home Assistant's zone. Amounts that are
    not known are counted and not in any sum; plans that may or may not renew stand apart.
    """
    hass, now, zone = call.hass, clock.now(), dt_util.get_default_time_zone()
    items: list[_Row] = []
    exceeded: list[_Row] = []
    ahead: list[Forecast] = []
    counted: list[str] = []
    missing: list[str] = []
    for chosen in await async_chosen(call):
        coordinator = chosen.coordinator
        if coordinator is None:
            missing.append(chosen.entry.title)
            continue
        counted.append(chosen.entry.title)
        cameras = coordinator.data.cameras
        views = own_views(plan for key, plan in cameras.items() if chosen.has(key))
        of_account = await hass.async_add_executor_job(
            forecast, views, now, zone, call.data[ATTR_MONTHS]
        )
        ahead.append(of_account)
        items += (_item(coordinator, cameras, coming) for coming in of_account.charges)
        limits = limits_of(chosen.entry.options)
        if limits and chosen.camera_ids is None:
            over = over_limits(of_account, limits, zone)
            exceeded += (_exceeded(coordinator, found) for found in over)
    answer: _Row = {
        "accounts": counted,
        "accounts_missing": missing,
        "items": sorted(items, key=lambda item: item["earliest"]),
        "months": [_outlay(month) for month in zip(*(of.months for of in ahead), strict=True)],
        "total": _outlay([of.total for of in ahead]) if ahead else None,
        "limits_exceeded": exceeded,
    }
    return answer


# --- In rows ---


def _item(
    coordinator: CloudPlanCoordinator, cameras: Mapping[str, CameraPlan], coming: ComingCharge
) -> _Row:
    """Return a coming charge; `cameras` are those that were reckoned with."""
    charge, first = coming.charge, cameras[coming.camera_ids[0]]
    last_moment = max(charge.earliest, charge.latest - _LAST_MOMENT)
    facts = {
        name: fact.isoformat() if isinstance(fact, datetime) else fact
        for name, fact in charge_facts(first, charge).items()
    }
    return {
        "account": coordinator.config_entry.title,
        "cameras": [coordinator.display_name(camera_id) for camera_id in coming.camera_ids],
        "plan": first.reading.name if first.reading else None,
        "earliest": charge.earliest.isoformat(),
        "first_day": _day(charge.earliest),
        "last_day": _day(last_moment),
        **facts,
    }


def _outlay(parts: Sequence[Outlay]) -> _Row:
    """Return what a span costs, added up over accounts."""
    currencies = sorted({name for part in parts for name in (*part.sums, *part.possible)})
    return {
        "begins": parts[0].begins.isoformat(),
        "ends": parts[0].ends.isoformat(),
        "first_day": _day(parts[0].begins),
        "last_day": _day(parts[0].ends - _LAST_MOMENT),
        "sums": {
            currency: {
                "amount": _sum((part.sums for part in parts), currency),
                "possible": _sum((part.possible for part in parts), currency),
            }
            for currency in currencies
        },
        "unknown_amounts": sum(part.unknown for part in parts),
    }


def _sum(sums: Iterator[Mapping[str, Decimal]], currency: str) -> float:
    amount = sum((of.get(currency, Decimal(0)) for of in sums), Decimal(0))
    return _number(Money(amount=amount, currency=currency))


def _exceeded(coordinator: CloudPlanCoordinator, over: OverLimit) -> _Row:
    """Return a limit that is exceeded, if nothing is switched off until then."""
    cameras = {camera_id for coming in over.charges for camera_id in coming.camera_ids}
    return {
        "account": coordinator.config_entry.title,
        "limit_of": over.kind.value,
        "first_day": _day(min(coming.charge.earliest for coming in over.charges)),
        "amount": _number(over.amount),
        "limit": _number(over.limit),
        "currency": over.limit.currency,
        "possible": over.possible,
        "cameras": sorted(map(coordinator.display_name, cameras)),
    }


def _number(money: Money) -> float:
    return float(rounded(money))


def _day(moment: datetime) -> str:
    return dt_util.as_local(moment).date().isoformat()
