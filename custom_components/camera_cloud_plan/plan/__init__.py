"""The plan model: what a camera's cloud plan is, and what may be said about it.

Pure: knows neither Home Assistant nor any network. Everything takes the moment it
speaks about as an argument; `clock.now` is the only place that reads the clock.
All moments are timezone-aware and in UTC.
"""

from .activity import Activity
from .alerts import Alert, AlertMemory, Cycle, Habits, Keep, due, next_moment, tomorrow
from .camera import Camera, Ownership
from .case import (
    Answer,
    Case,
    CaseState,
    NewTerm,
    Proof,
    SentRequest,
    Wish,
    activities,
)
from .channel import (
    Channel,
    TrustRule,
    billing_zone,
    channel_in,
    channels_sold_in,
    default_channel,
    trust_rule,
    typed_rule,
)
from .charge import Basis, ChargeExpectation, ChargeKind
from .cost import (
    MONTHS_AHEAD,
    ComingCharge,
    Forecast,
    LimitKind,
    Limits,
    MonthlyCost,
    Outlay,
    OverLimit,
    forecast,
    monthly_cost,
    over_limits,
    plans_charged,
)
from .money import Money, by_currency
from .reading import FreeTier, PlanReading, Service, Witness
from .recording import (
    ALL_BACK,
    AT_RISK_WITHIN,
    Recording,
    RecordingEvent,
    RecordingKind,
    RecordingOutlook,
    Span,
    possible_kinds,
    recording_outlook,
    soonest_lost_first,
)
from .renewal import Renewal
from .routes import CountsFrom, Deadline, Route, follow_up, routes_for, working_days_after
from .rules import (
    RegionRule,
    StageKind,
    region_of,
    rule_regions,
    rules_for,
    rules_in_force,
    rules_reviewed,
    stages,
)
from .schedule import CYCLES_AHEAD, charges_ahead, coming_charges, cycle_of, is_same_cycle
from .status import PlanStatus
from .tariff import PriceSource, Tariff
from .term import Term, TermUnit, term_between
from .verdict import RenewalVerdict, judge_renewal
from .view import PlanView, days_remaining
from .watch import Finding, Notice, Standing, Watch

__all__ = [
    "ALL_BACK",
    "AT_RISK_WITHIN",
    "CYCLES_AHEAD",
    "MONTHS_AHEAD",
    "Activity",
    "Alert",
    "AlertMemory",
    "Answer",
    "Basis",
    "Camera",
    "Case",
    "CaseState",
    "Channel",
    "ChargeExpectation",
    "ChargeKind",
    "ComingCharge",
    "CountsFrom",
    "Cycle",
    "Deadline",
    "Finding",
    "Forecast",
    "FreeTier",
    "Habits",
    "Keep",
    "LimitKind",
    "Limits",
    "Money",
    "MonthlyCost",
    "NewTerm",
    "Notice",
    "Outlay",
    "OverLimit",
    "Ownership",
    "PlanReading",
    "PlanStatus",
    "PlanView",
    "PriceSource",
    "Proof",
    "Recording",
    "RecordingEvent",
    "RecordingKind",
    "RecordingOutlook",
    "RegionRule",
    "Renewal",
    "RenewalVerdict",
    "Route",
    "SentRequest",
    "Service",
    "Span",
    "StageKind",
    "Standing",
    "Tariff",
    "Term",
    "TermUnit",
    "TrustRule",
    "Watch",
    "Wish",
    "Witness",
    "activities",
    "billing_zone",
    "by_currency",
    "channel_in",
    "channels_sold_in",
    "charges_ahead",
    "coming_charges",
    "cycle_of",
    "days_remaining",
    "default_channel",
    "due",
    "follow_up",
    "forecast",
    "is_same_cycle",
    "judge_renewal",
    "monthly_cost",
    "next_moment",
    "over_limits",
    "plans_charged",
    "possible_kinds",
    "recording_outlook",
    "region_of",
    "routes_for",
    "rule_regions",
    "rules_for",
    "rules_in_force",
    "rules_reviewed",
    "soonest_lost_first",
    "stages",
    "term_between",
    "tomorrow",
    "trust_rule",
    "typed_rule",
    "working_days_after",
]
