"""What the coordinator holds: every camera of one account, as last read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import cached_property
from typing import Self

from homeassistant.util import dt as dt_util

from .const import KEEP_LAST_GOOD, RECENT_PLAN
from .plan import (
    Camera,
    Channel,
    Ownership,
    PlanReading,
    PlanView,
    Renewal,
    Witness,
    billing_zone,
)


class Failure(StrEnum):
    """Why a camera's reading is not from the last poll."""

    RESTORED = "restored"
    NOT_LISTED = "not_listed"
    UNREACHABLE = "unreachable"
    RATE_LIMITED = "rate_limited"
    UNEXPECTED_ANSWER = "unexpected_answer"
    API_ERROR = "api_error"
    SIGNATURE_REFUSED = "signature_refused"
    SIGN_IN_NEEDED = "sign_in_needed"


@dataclass(frozen=True, kw_only=True)
class CameraPlan:
    """One camera with its last good reading, and what befell it since.

    `reading` is `None` as long as none was ever made. `failure` is set while the last
    attempt to read it failed or the reading comes from the store. `left_at` (UTC) is
    when a camera was found gone from the account although its plan may go on charging.
    """

    camera: Camera
    channel: Channel
    reading: PlanReading | None = None
    failure: Failure | None = None
    left_at: datetime | None = None

    @cached_property
    def view(self) -> PlanView | None:
        """The reading, judged by the billing channel's rule; `None` without a reading."""
        if self.reading is None:
            return None
        return PlanView(
            camera=self.camera,
            reading=self.reading,
            channel=self.channel,
            zone=self.zone,
        )

    @property
    def zone(self) -> tzinfo:
        """The zone by whose calendar the plan is billed, as of now."""
        return billing_zone(self.camera.region, dt_util.get_default_time_zone())

    def judge(self) -> Self:
        """Make now the judgements that would else be made when first asked for; return it.

        For many cameras at once, so that it can be done in slices.
        """
        if self.view:
            _ = self.view.charge
        return self

    @property
    def is_own(self) -> bool:
        """Whether the plan is this account's concern; only a camera known as shared is not."""
        return self.camera.ownership is not Ownership.SHARED

    @property
    def may_charge(self) -> bool:
        """Whether a running plan renews, or may do so."""
        view = self.view
        return view is not None and view.is_active and view.renewal is not Renewal.OFF

    @property
    def as_of(self) -> datetime | None:
        """When the reading was made (UTC), while it is not from the last poll."""
        return self.reading.read_at if self.failure and self.reading else None

    @property
    def good_until(self) -> datetime | None:
        """Until when a failing camera's last reading is shown (UTC); `None` if not failing."""
        return self.as_of + KEEP_LAST_GOOD if self.as_of else None

    def is_shown(self, now: datetime) -> bool:
        """Return whether there is a reading young enough to be shown at `now` (UTC)."""
        if self.reading is None:
            return False
        return self.good_until is None or now < self.good_until

    def has_plan(self, now: datetime) -> bool:
        """Return whether the camera has a plan, or had one until recently, at `now` (UTC)."""
        view = self.view
        if view is None:
            return False
        ends_at = view.reading.ends_at
        return view.is_active or (ends_at is not None and ends_at > now - RECENT_PLAN)

    def next_change(self, now: datetime) -> datetime | None:
        """Return when something shown of it next changes by the clock alone (UTC)."""
        view, tariff = self.view, self.reading.tariff if self.reading else None
        moments = (
            view.next_change(now) if view else None,
            # On a fixed day it may be over before the plan ends.
            view.charge.latest if view and view.charge else None,
            tariff.price_from if tariff else None,
            self.good_until,
        )
        return min((moment for moment in moments if moment and moment > now), default=None)

    def shows_the_same_as(self, other: CameraPlan | None) -> bool:
        """Return whether nothing that is shown differs; when it was read does not count."""
        return (
            other is not None
            and self.camera == other.camera
            and self.channel == other.channel
            and self.as_of == other.as_of
            and self.left_at == other.left_at
            and _shown(self.reading) == _shown(other.reading)
        )


def _shown(reading: PlanReading | None) -> tuple[object, ...] | None:
    if reading is None:
        return None
    return (
        reading.service,
        reading.name,
        reading.trial,
        reading.starts_at,
        reading.ends_at,
        _said(reading.renewal),
        _said(reading.second_witness),
        reading.reachable,
        reading.retention_days,
        reading.free_tier,
        reading.storage_used_mb,
        reading.uploads,
        reading.tariff,
        reading.typed,
    )


def _said(witness: Witness | None) -> tuple[str, bool | None] | None:
    return None if witness is None else (witness.source, witness.says)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSnapshot:
    """One account as last read.

    `read_at` (UTC) is when the account was last asked successfully, `None` where nothing is
    known of it yet; `cameras` is by the maker's camera id.
    """

    read_at: datetime | None
    cameras: Mapping[str, CameraPlan]
