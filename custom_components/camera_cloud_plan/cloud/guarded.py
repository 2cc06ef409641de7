"""Where footage may be fetched from: public hosts, by https, and nowhere else.

A playlist names the addresses of its segments, and whoever wrote it may not be the maker.
Two guards, because a public name can lead to a private address: one looks at an address as it
is written, the other at what its name leads to, at the moment a connection is opened.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
import re
import socket
from typing import Final, override

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from .errors import ForbiddenAddressError

# Longer than any signed address that storage hosts are known to hand out.
_LONGEST: Final = 8192
_PRINTABLE: Final = re.compile(r"[!-~]+", re.ASCII)
# Two labels or more. No public domain ends in a label with a digit in front, so numbers that
# some systems take for an address ("127.1", "0x7f.1") are none either.
_NAME: Final = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])",
    re.ASCII,
)
# Names that lead into one's own network or nowhere: RFC 6761, 6762, 8375, 9476, and habit.
_PRIVATE_DOMAINS: Final = (
    "alt",
    "corp",
    "home",
    "home.arpa",
    "in-addr.arpa",
    "internal",
    "intranet",
    "invalid",
    "ip6.arpa",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
)
_HTTPS_PORT: Final = 443
_NOWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - nothing is bound to it
# An IPv4 address within: RFC 6052.
_NAT64: Final = ip_network("64:ff9b::/96")


def public_url(text: str, *, any_port: bool = False) -> URL:
    """Return an absolute https address of a public name, exactly as it is written.

    `any_port` is for a gateway, which all requests go to whatever they name. Raises
    `ForbiddenAddressError`, which does not hold the address.
    """
    if len(text) > _LONGEST:
        raise ForbiddenAddressError("it is too long")
    try:
        url = URL(text, encoded=True) if _PRINTABLE.fullmatch(text) else URL()
        host, port = url.raw_host, url.port
    except ValueError:
        url, host, port = URL(), None, None
    if url.scheme.lower() != "https":
        raise ForbiddenAddressError("it is not https")
    if "@" in url.raw_authority:
        raise ForbiddenAddressError("it names a user")
    if not port or (port != _HTTPS_PORT and not any_port):
        raise ForbiddenAddressError("it names a port of its own")
    if not host or not _is_public_name(host):
        raise ForbiddenAddressError("its host is no public name")
    return url


def _is_public_name(host: str) -> bool:
    name = host.lower().removesuffix(".")
    return _NAME.fullmatch(name) is not None and not any(
        name == domain or name.endswith(f".{domain}") for domain in _PRIVATE_DOMAINS
    )


def is_public_address(text: str) -> bool:
    """Return whether an IP address is one of the internet's, and not of any network at home."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast for each in _meant(address))


def _meant(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return an address and the IPv4 address that it stands for, where it does."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [IPv4Address(address.packed[-4:])]
    within = [address.sixtofour] if address.sixtofour is not None else []
    return [address, *within]


class GuardedResolver(AbstractResolver):
    """Resolves names as another resolver does, and refuses what leads into a private network.

    One address that is not the internet's is enough to refuse the name: a connection may be
    opened to any of them.
    """

    def __init__(self, resolver: AbstractResolver) -> None:
        """Take the resolver that does the work; it stays its owner's to close."""
        self._resolver = resolver

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return what a name leads to. Raises `ForbiddenAddressError`, and `OSError` for none.

        A name that leads nowhere is how DNS filters block one; it counts as none.
        """
        found = await self._resolver.resolve(host, port, family)
        if all(result["host"] in _NOWHERE for result in found):
            raise OSError(None, "no such name")
        if not all(is_public_address(result["host"]) for result in found):
            raise ForbiddenAddressError("its name leads into a private network")
        return found

    @override
    async def close(self) -> None:
        """Leave the resolver to its owner."""
