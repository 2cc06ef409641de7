"""The one place where the shipped code reads the clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return this moment, timezone-aware, in UTC."""
    return datetime.now(UTC)
