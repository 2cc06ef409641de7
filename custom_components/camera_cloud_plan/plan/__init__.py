"""The plan model: what a camera's cloud plan is, and what may be said about it.

Pure: knows neither Home Assistant nor any network. Everything takes the moment it
speaks about as an argument; `clock.now` is the only place that reads the clock.
All moments are timezone-aware and in UTC.
"""

from .camera import Camera, Ownership
from .cancellation import Cancellation, CancellationState
from .channel import Channel, TrustRule, default_channel, trust_rule
from .charge import Basis, ChargeExpectation
from .reading import FreeTier, PlanReading, Service, Witness
from .renewal import Renewal
from .status import PlanStatus
from .verdict import RenewalVerdict, judge_renewal
from .view import PlanView, days_remaining

__all__ = [
    "Basis",
    "Camera",
    "Cancellation",
    "CancellationState",
    "Channel",
    "ChargeExpectation",
    "FreeTier",
    "Ownership",
    "PlanReading",
    "PlanStatus",
    "PlanView",
    "Renewal",
    "RenewalVerdict",
    "Service",
    "TrustRule",
    "Witness",
    "days_remaining",
    "default_channel",
    "judge_renewal",
    "trust_rule",
]
