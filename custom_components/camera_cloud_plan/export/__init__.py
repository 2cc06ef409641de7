"""Saving recordings on a disk: complete, verified, resumable, and never in the place of anything.

Knows the cloud clients and the plan model, and nothing of Home Assistant. From the outside
in: `job` saves one camera's recordings at the speed of `pace`, `clip` makes one recording a
file, `feed` and `segments` bring what it is made of, `remux` changes its container without
touching picture or sound, `manifest` remembers what was saved and what is missing and why,
`place` and `names` say where things may go and what they are called.
"""

from .job import CameraExport
from .model import (
    Container,
    Estimate,
    InterruptedExportError,
    Interruption,
    Missing,
    Order,
    Phase,
    Progress,
    Reason,
    Result,
    Tally,
)
from .pace import Pace

__all__ = [
    "CameraExport",
    "Container",
    "Estimate",
    "InterruptedExportError",
    "Interruption",
    "Missing",
    "Order",
    "Pace",
    "Phase",
    "Progress",
    "Reason",
    "Result",
    "Tally",
]
