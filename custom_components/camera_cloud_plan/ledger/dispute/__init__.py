"""The file for a dispute: what an account's ledger knows of one camera, for another person.

Rows of other cameras are withheld: such a row is there with what the chain needs alone, so
that it is checked across it all the same.
"""

from .mask import Include, Mask
from .model import Attachment, CaseFile, Cited, Law, Subject, Way, Words
from .package import LeakError, Package, make_package

__all__ = [
    "Attachment",
    "CaseFile",
    "Cited",
    "Include",
    "Law",
    "LeakError",
    "Mask",
    "Package",
    "Subject",
    "Way",
    "Words",
    "make_package",
]
