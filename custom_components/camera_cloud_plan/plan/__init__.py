"""The plan model: what a camera's cloud plan is, and what may be said about it.

Pure: knows neither Home Assistant nor any network. Everything takes the moment it
speaks about as an argument; `clock.now` is the only place that reads the clock.
All moments are timezone-aware and in UTC.
"""

from .activity import Activity
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
    channel_in,
    channels_sold_in,
    default_channel,
    trust_rule,
)
from .charge import Basis, ChargeExpectation
from .reading import FreeTier, PlanReading, Service, Witness
from .renewal import Renewal
from .status import PlanStatus
from .verdict import RenewalVerdict, judge_renewal
from .view import PlanView, days_remaining
from .watch import Finding, Notice, Standing, Watch

__all__ = [
    "Activity",
    "Answer",
    "Basis",
    "Camera",
    "Case",
    "CaseState",
    "Channel",
    "ChargeExpectation",
    "Finding",
    "FreeTier",
    "NewTerm",
    "Notice",
    "Ownership",
    "PlanReading",
    "PlanStatus",
    "PlanView",
    "Proof",
    "Renewal",
    "RenewalVerdict",
    "SentRequest",
    "Service",
    "Standing",
    "TrustRule",
    "Watch",
    "Wish",
    "Witness",
    "activities",
    "channel_in",
    "channels_sold_in",
    "days_remaining",
    "default_channel",
    "judge_renewal",
    "trust_rule",
]
