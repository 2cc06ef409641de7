"""A plan's status in one word."""

from datetime import datetime
from enum import StrEnum

from .reading import PlanReading, Service
from .renewal import Renewal


class PlanStatus(StrEnum):
    """The states a camera's plan can be in."""

    NONE = "none"
    FREE_TIER = "free_tier"
    TRIAL = "trial"
    ACTIVE_RENEWING = "active_renewing"
    ACTIVE_NOT_RENEWING = "active_not_renewing"
    ACTIVE_RENEWAL_UNKNOWN = "active_renewal_unknown"
    EXPIRED_REACHABLE = "expired_reachable"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


_ACTIVE = {
    Renewal.ON: PlanStatus.ACTIVE_RENEWING,
    Renewal.OFF: PlanStatus.ACTIVE_NOT_RENEWING,
    Renewal.UNKNOWN: PlanStatus.ACTIVE_RENEWAL_UNKNOWN,
}


def plan_status(reading: PlanReading, renewal: Renewal, now: datetime) -> PlanStatus:
    """Return the status of a plan as last read, seen at `now` (UTC)."""
    match reading.service:
        case Service.ACTIVE:
            return PlanStatus.TRIAL if reading.trial else _ACTIVE[renewal]
        case Service.EXPIRED:
            return PlanStatus.EXPIRED_REACHABLE if reading.reachable else PlanStatus.EXPIRED
        case Service.NEVER_BOUGHT:
            free = reading.free_tier
            if free and free.clips and (free.until is None or free.until > now):
                return PlanStatus.FREE_TIER
            return PlanStatus.NONE
        case Service.UNKNOWN:
            return PlanStatus.UNKNOWN
