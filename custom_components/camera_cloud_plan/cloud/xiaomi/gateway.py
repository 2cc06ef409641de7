"""The gateway: one address to which all requests to the cloud are sent instead.

For an owner's own proxy, and for a simulated cloud. The original host goes in the `Host`
header; path and query stay as they are, because the path is signed.
"""

from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

from yarl import URL

from .endpoints import endpoints

_LOOPBACK: Final = ip_network("127.0.0.0/8")
_LOOPBACK_V6: Final = ip_address("::1")


class GatewayError(ValueError):
    """An address cannot be a gateway."""


class NotAnAddressError(GatewayError):
    """It is no base address: scheme, host and perhaps a port, nothing else."""


class NotEncryptedError(GatewayError):
    """Plain http to anything but a literal loopback address would show every secret."""


def validate_gateway(text: str) -> str:
    """Return a gateway's base address in its normal form.

    Raises `NotAnAddressError` or `NotEncryptedError`, whose texts hold nothing of the
    address. "localhost" is refused over http: it is whatever a resolver says.
    """
    try:
        url = URL(text.strip())
        host, port = url.host, url.port
    except ValueError:
        url, host, port = URL(), None, None
    if (
        url.scheme not in {"http", "https"}
        or not host
        or not port
        or url.user is not None
        or url.password is not None
        or url.raw_path not in {"", "/"}
        or url.raw_query_string
        or url.raw_fragment
    ):
        raise NotAnAddressError("not a base address")
    if url.scheme == "http" and not _is_loopback(host):
        raise NotEncryptedError("plain http is for a literal loopback address only")
    return str(url.origin())


def is_safe_for_secrets(url: URL, gateway: URL | None) -> bool:
    """Return whether a secret may go to an address: https to the maker, or the gateway."""
    if url.scheme not in {"http", "https"} or not url.host or url.user is not None:
        return False
    if gateway is not None and url.origin() == gateway:
        return True
    return url.scheme == "https" and endpoints().may_have_secrets(url.host)


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return address in _LOOPBACK
    return address == _LOOPBACK_V6
