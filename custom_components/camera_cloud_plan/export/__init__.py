"""Saving recordings on a disk: complete, verified, resumable, and never in the place of anything.

Knows the cloud clients and the plan model, and nothing of Home Assistant. From the outside
in: `job` saves one camera's recordings, `clip` makes one recording a file, `remux` changes
its container without touching picture or sound, `manifest` remembers what was saved and what
is missing and why, `place` and `names` say where things may go and what they are called.
"""

from .model import (
    Container,
    Estimate,
    Interruption,
    InterruptedExportError,
    Missing,
    Order,
    Phase,
    Progress,
    Reason,
    Result,
    Tally,
)

__all__ = [
    "Container",
    "Estimate",
    "InterruptedExportError",
    "Interruption",
    "Missing",
    "Order",
    "Phase",
    "Progress",
    "Reason",
    "Result",
    "Tally",
]
