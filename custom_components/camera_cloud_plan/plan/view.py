"""One camera's plan as it may be shown: the reading, judged."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property

from .camera import Camera
from .channel import Channel, TrustRule, trust_rule, typed_rule
from .charge import ChargeExpectation, began_at, charge_at, expect_charge, term_of
from .reading import PlanReading, Service
from .renewal import Renewal
from .status import PlanStatus, plan_status
from .term import Term
from .verdict import RenewalVerdict, judge_renewal

_DAY = timedelta(days=1)


def days_remaining(ends_at: datetime, now: datetime) -> int:
    """Return the days left by the maker's own count: begun days count, 0 once ended.

    The app shows floor((end - now) / 1 day) + 1 while positive (three sources,
    xiaomi_cloud_plan_api 1.3), so the number changes at the plan's own time of day,
    not at midnight.
    """
    left = ends_at - now
    return left // _DAY + 1 if left > timedelta(0) else 0


def next_day_change(ends_at: datetime, now: datetime) -> datetime | None:
    """Return the moment after `now` at which `days_remaining` changes; `None` once ended."""
    left = ends_at - now
    if left <= timedelta(0):
        return None
    whole_days = left // _DAY
    if not whole_days:
        return ends_at
    # At exactly n days left the count is still n + 1; it drops right after.
    return ends_at - whole_days * _DAY + timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """A camera with its last reading, judged by the billing channel's trust rule.

    `zone` is the one by whose calendar it is billed. Each judgement is made once, when it is
    first asked for.
    """

    camera: Camera
    reading: PlanReading
    channel: Channel
    zone: tzinfo = UTC

    @cached_property
    def rule(self) -> TrustRule:
        """The trust rule that applies."""
        return typed_rule(self.channel) if self.reading.typed else trust_rule(self.channel)

    @property
    def is_active(self) -> bool:
        """Whether the maker says that a bought plan runs."""
        return self.reading.service is Service.ACTIVE

    @cached_property
    def verdict(self) -> RenewalVerdict:
        """What may be said about auto-renewal; of a plan that does not run, unknown."""
        return judge_renewal(self.reading, self.rule)

    @cached_property
    def renewal(self) -> Renewal:
        """Whether the running plan renews by itself."""
        return self.verdict.renewal if self.is_active else Renewal.UNKNOWN

    @cached_property
    def charge(self) -> ChargeExpectation | None:
        """The next charge to be expected; `None` where there is none or it is unknown."""
        if not self.is_active:
            return None
        return expect_charge(self.reading, self.renewal, self.rule, self.zone)

    @cached_property
    def ahead_since(self) -> datetime | None:
        """Since when the next charge is the next (UTC): the one before was due until then.

        Of a trial and of a plan that does not renew since it began; `None` if not known.
        """
        reading, charge = self.reading, self.charge
        if charge is not None and not reading.trial:
            for times in (0, -1):
                before = charge_at(reading, times, self.renewal, self.rule, self.zone)
                if before is not None and before.term_ends_at < charge.term_ends_at:
                    return before.latest
        return began_at(reading, self.zone)

    @cached_property
    def term(self) -> Term | None:
        """How long the plan runs at a time; `None` where it is not known."""
        return term_of(self.reading, self.zone)

    def status(self, now: datetime) -> PlanStatus:
        """Return the plan's status at `now` (UTC)."""
        return plan_status(self.reading, self.renewal, now)

    def days_remaining(self, now: datetime) -> int | None:
        """Return the begun days left of a running plan; `None` where no end was read."""
        if not self.is_active or self.reading.ends_at is None:
            return None
        return days_remaining(self.reading.ends_at, now)

    def next_change(self, now: datetime) -> datetime | None:
        """Return when, without a new reading, something shown here next changes.

        That is a drop of the day count, the plan's end or the end of a free tier.
        """
        moments = []
        if self.is_active and self.reading.ends_at is not None:
            moments.append(next_day_change(self.reading.ends_at, now))
        free = self.reading.free_tier
        if free and free.until and free.until > now:
            moments.append(free.until)
        return min((moment for moment in moments if moment is not None), default=None)
