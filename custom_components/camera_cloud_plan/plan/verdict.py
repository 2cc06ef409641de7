"""Judging auto-renewal from its witnesses by the billing channel's trust rule."""

from dataclasses import dataclass

from .channel import TrustRule
from .reading import PlanReading, Witness
from .renewal import Renewal


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalVerdict:
    """What may be said about auto-renewal, and on whose word.

    `disagree` is set when one witness says on and another off: the verdict is then
    unknown and both are shown, never averaged.
    """

    renewal: Renewal
    witnesses: tuple[Witness, ...]
    disagree: bool = False


def judge_renewal(reading: PlanReading, rule: TrustRule) -> RenewalVerdict:
    """Return the verdict on auto-renewal of one reading.

    A second witness can take an "off" back, never give one: its meaning is inferred
    (xiaomi_cloud_plan_api 1.3), the flag's is not.
    """
    flag = reading.renewal.says if reading.renewal else None
    witnesses = tuple(w for w in (reading.renewal, reading.second_witness) if w is not None)
    renewal = rule.reading_of(flag)
    second = reading.second_witness.says if reading.second_witness else None
    if renewal is Renewal.OFF and second:
        return RenewalVerdict(renewal=Renewal.UNKNOWN, witnesses=witnesses, disagree=True)
    return RenewalVerdict(renewal=renewal, witnesses=witnesses)
