"""Whether a ledger is whole: what `verify_ledger` finds, which also goes out by itself."""

from .verify_ledger import (
    GENESIS,
    Anchor,
    Break,
    Damage,
    Link,
    Verdict,
    Walk,
    check as verify,
    link_of,
    withheld,
)

__all__ = [
    "GENESIS",
    "Anchor",
    "Break",
    "Damage",
    "Link",
    "Verdict",
    "Walk",
    "link_of",
    "verify",
    "withheld",
]
