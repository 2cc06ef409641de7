"""The three answers to "does it renew?"."""

from enum import StrEnum


class Renewal(StrEnum):
    """Whether a plan renews by itself; unknown is an answer, never rounded to off."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"
