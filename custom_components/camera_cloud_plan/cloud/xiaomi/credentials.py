"""What a signed-in account is kept as."""

from base64 import b64decode
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
import re
from typing import Final, Self, override

_SSECURITY_BYTES: Final = 16
# What a cookie can carry as it is: printable, with neither blanks nor semicolons.
_COOKIE_VALUE: Final = re.compile(r"[!-:<-~]+", re.ASCII)


class DamagedCredentialsError(ValueError):
    """Stored credentials cannot be read; the owner has to sign in again."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServiceSession:
    """The two secrets that sign and carry requests: always replaced together.

    `ssecurity` is the base64 text of the 16 bytes that key signatures and the cipher,
    `service_token` the session cookie that goes with exactly these. `issued_at` is UTC.
    """

    ssecurity: str
    service_token: str
    issued_at: datetime

    def __post_init__(self) -> None:
        """Refuse half a session: raises `DamagedCredentialsError`."""
        try:
            whole = len(b64decode(self.ssecurity, validate=True)) == _SSECURITY_BYTES
        except binascii.Error, ValueError:
            whole = False
        if not whole or not is_cookie_value(self.service_token) or self.issued_at.tzinfo is None:
            raise DamagedCredentialsError("not a whole session")

    @override
    def __repr__(self) -> str:
        return "ServiceSession(<secret>)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class XiaomiCredentials:
    """A signed-in account, never with its password.

    `user_id` is the account's id, `c_user_id` the same enciphered by the maker.
    `pass_token` renews sessions without the owner. `device_id` is chosen once, at
    random, and kept for ever: the account sees another device otherwise.
    """

    user_id: str
    c_user_id: str | None
    pass_token: str
    device_id: str
    session: ServiceSession | None

    def __post_init__(self) -> None:
        """Refuse what can never be used: raises `DamagedCredentialsError`."""
        cookies = (self.user_id, self.pass_token, self.device_id, self.c_user_id or "-")
        if not all(map(is_cookie_value, cookies)):
            raise DamagedCredentialsError("account id, pass token and device id belong together")

    @override
    def __repr__(self) -> str:
        return "XiaomiCredentials(<secret>)"

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values, secrets included."""
        session = self.session
        return {
            "user_id": self.user_id,
            "c_user_id": self.c_user_id,
            "pass_token": self.pass_token,
            "device_id": self.device_id,
            "session": session
            and {
                "ssecurity": session.ssecurity,
                "service_token": session.service_token,
                "issued_at": session.issued_at.isoformat(),
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Self:
        """Return credentials from `as_dict`'s values.

        A session that is damaged alone is left out: it can be renewed. Raises
        `DamagedCredentialsError` where the rest is.
        """
        c_user_id = data.get("c_user_id")
        return cls(
            user_id=_text(data, "user_id"),
            c_user_id=c_user_id if isinstance(c_user_id, str) and c_user_id else None,
            pass_token=_text(data, "pass_token"),
            device_id=_text(data, "device_id"),
            session=_session(data.get("session")),
        )


def is_cookie_value(text: str) -> bool:
    """Return whether a text can go into a `Cookie` header as it is."""
    return _COOKIE_VALUE.fullmatch(text) is not None


def _session(data: object) -> ServiceSession | None:
    if not isinstance(data, Mapping):
        return None
    try:
        return ServiceSession(
            ssecurity=_text(data, "ssecurity"),
            service_token=_text(data, "service_token"),
            issued_at=datetime.fromisoformat(_text(data, "issued_at")).astimezone(UTC),
        )
    except DamagedCredentialsError, ValueError, OverflowError:
        return None


def _text(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""
