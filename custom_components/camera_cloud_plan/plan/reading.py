"""What a maker said about one camera's plan, in words common to all makers.

A reading holds what was read and nothing else: a value that was missing or odd is
`None`. Conclusions ("it is off") are drawn in `renewal`, `status` and `charge`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .tariff import Tariff


class Service(StrEnum):
    """Whether a bought plan is running, as the maker says."""

    ACTIVE = "active"
    EXPIRED = "expired"
    NEVER_BOUGHT = "never_bought"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One source that speaks about auto-renewal, and what it said.

    `source` is the maker's own name of the field or call, kept so that a person can
    see who said what. `says` is `None` where the source gave no usable answer.
    """

    source: str
    says: bool | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeTier:
    """Free recordings without a plan.

    `clips` is whether free clips are kept at all; `until` is when that ends, `None`
    where the maker names no end.
    """

    clips: bool
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReading:
    """One camera's plan as read from its maker at `read_at` (UTC).

    `renewal` is the maker's own auto-renewal flag. `second_witness` is a further
    source that was asked beside it, where there is one. `reachable` is whether
    recordings can still be opened after the plan's end. `retention_days` is how long
    recordings are kept (whole days), `storage_used_mb` is in megabytes (10**6 or 2**20
    is not established by any source; the maker's number is passed on). `tariff` is what is
    known of price and billing, from the maker or, where that one does not say, from the
    owner. `typed` is set where the owner's word is all there is: nobody can be asked.
    """

    read_at: datetime
    service: Service
    name: str | None = None
    trial: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    renewal: Witness | None = None
    second_witness: Witness | None = None
    reachable: bool | None = None
    retention_days: int | None = None
    free_tier: FreeTier | None = None
    storage_used_mb: int | None = None
    uploads: bool | None = None
    tariff: Tariff | None = None
    typed: bool = False
