"""What happens to a camera's plan, as told to people and automations."""

from enum import StrEnum


class Activity(StrEnum):
    """One thing that happened; each is told once.

    "Renewed" is said where a plan's end moved forward. That money was taken is never
    concluded from it.
    """

    CANCELLATION_OPENED = "cancellation_opened"
    CANCELLATION_STEP_DONE = "cancellation_step_done"
    CANCELLATION_REQUEST_SENT = "cancellation_request_sent"
    CANCELLATION_REMINDER = "cancellation_reminder"
    CANCELLATION_NOT_EFFECTIVE = "cancellation_not_effective"
    CANCELLATION_CONFIRMED = "cancellation_confirmed"
    CANCELLATION_WITHDRAWN = "cancellation_withdrawn"
    RENEWED_AFTER_CANCELLING = "renewed_after_cancelling"
    RENEWAL_BACK_ON = "renewal_back_on"
    TURN_ON_OPENED = "turn_on_opened"
    TURN_ON_STEP_DONE = "turn_on_step_done"
    TURN_ON_REQUEST_SENT = "turn_on_request_sent"
    TURN_ON_NOT_EFFECTIVE = "turn_on_not_effective"
    TURN_ON_CONFIRMED = "turn_on_confirmed"
    TURN_ON_WITHDRAWN = "turn_on_withdrawn"
    RENEWED = "renewed"
    RENEWAL_SWITCHED_ON = "renewal_switched_on"
    RENEWAL_SWITCHED_OFF = "renewal_switched_off"
    CAMERA_LEFT = "camera_left"
    CAMERA_OFFLINE = "camera_offline"
    UPLOAD_OFF = "upload_off"
    RECORDINGS_SAVED = "recordings_saved"
    RECORDINGS_INCOMPLETE = "recordings_incomplete"
    CHARGE_AHEAD = "charge_ahead"
    PLAN_ENDING = "plan_ending"
    FINDING = "finding"
    """What the rows of the ledger show, taken together."""
