"""Signed addresses at the storage hosts, good for a few minutes of real time."""

from collections.abc import Mapping
import hashlib
import hmac
import secrets
from typing import Final

# How long an address is good, in seconds (made up: no source knows).
LIFETIME: Final = 300.0


class Links:
    """Signs addresses, and tells which are good. `lifetime` is in seconds and may be changed."""

    def __init__(self, lifetime: float = LIFETIME) -> None:
        """Start with a secret of its own."""
        self.lifetime = lifetime
        self._secret = secrets.token_bytes(32)

    def sign(self, path: str, now: float, lifetime: float | None = None) -> str:
        """Return the query that makes a path good from `now` (epoch seconds)."""
        ends = f"{now + (self.lifetime if lifetime is None else lifetime):.3f}"
        return f"Expires={ends}&Signature={self._signature(path, ends)}"

    def is_good(self, path: str, query: Mapping[str, str], now: float) -> bool:
        """Return whether a path was signed here and has not run out at `now` (epoch seconds)."""
        ends = query.get("Expires", "")
        fits = hmac.compare_digest(
            self._signature(path, ends).encode(), query.get("Signature", "").encode()
        )
        return fits and now < float(ends)

    def _signature(self, path: str, ends: str) -> str:
        return hmac.digest(self._secret, f"{path} {ends}".encode(), hashlib.sha256).hex()
