"""A camera as its maker's account lists it."""

from dataclasses import dataclass
from enum import StrEnum


class Ownership(StrEnum):
    """Whose camera it is; plans belong to the owner, others may at most read."""

    OWNER = "owner"
    SHARED = "shared"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One camera of an account.

    `camera_id` is the maker's own id: opaque, stable, unique within the maker.
    `supports_plans` is the maker's answer to "can this camera have a cloud plan";
    `None` where it was not asked or not answered.
    """

    camera_id: str
    name: str
    maker: str
    model: str
    region: str
    ownership: Ownership
    mac: str | None = None
    firmware: str | None = None
    online: bool | None = None
    supports_plans: bool | None = None

    @property
    def is_owned(self) -> bool:
        """Whether the account may hold a plan for this camera."""
        return self.ownership is Ownership.OWNER
