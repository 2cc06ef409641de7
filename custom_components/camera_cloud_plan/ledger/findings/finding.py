"""What a finding is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ..row import Json


class FindingKind(StrEnum):
    """What rows can show, taken together. Facts, no verdicts: "renewed" is not "charged"."""

    RENEWED_AFTER_CANCELLING = "renewed_after_cancelling"
    TWO_RENEWALS = "two_renewals"
    TWO_CHARGES = "two_charges"
    AMOUNT_CHANGED = "amount_changed"
    CHARGE_WITHOUT_RENEWAL = "charge_without_renewal"
    TRIAL_TURNED_PAID = "trial_turned_paid"
    RENEWAL_REARMED = "renewal_rearmed"
    PLAN_WITHOUT_CAMERA = "plan_without_camera"
    CAMERA_SILENT = "camera_silent"
    MONTH_WITHOUT_RECORDINGS = "month_without_recordings"
    PLAN_LAPSED = "plan_lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that the rows show.

    `key` names the occurrence, whenever it is looked for; `camera` is the camera's opaque key,
    `at` when it happened (UTC), and `rows` are the numbers of the rows that show it. `facts`
    are as in rows.
    """

    key: str
    kind: FindingKind
    camera: str
    at: datetime
    facts: Mapping[str, Json] = field(default_factory=dict)
    rows: tuple[int, ...] = ()
