"""The hosts of the real system, told apart by the `Host` header.

Facts: region prefixes `de`, `i2`, `ru`, `sg`, `us` and none for the mainland; the camera hosts
carry them in front of `business.smartcamera` and `processor.smartcamera`; the app's pages about plans are at
`camera.api.io.mi.com` (with region prefixes: inferred); long polls go to a host under
`lp.account.xiaomi.com`; redemption to `sts.api.io.mi.com`.

Where footage lies no source names; the storage hosts here are made up, one for each region.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
import re
from typing import Final

MAINLAND: Final = "cn"
REGIONS: Final = (MAINLAND, "de", "i2", "ru", "sg", "us")
# What a call's `region` says for each: a country code in upper case.
COUNTRIES: Final = {
    "cn": "CN",
    "de": "DE",
    "i2": "IN",
    "ru": "RU",
    "sg": "SG",
    "us": "US",
}

ACCOUNT_HOST: Final = "account.xiaomi.com"
POLL_HOST: Final = "c3.lp.account.xiaomi.com"
STS_HOST: Final = "sts.api.io.mi.com"

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_POLL = re.compile(r"[a-z0-9]+\.lp\.account\.xiaomi\.com")
_PREFIX = rf"(?:(?P<region>{'|'.join(REGIONS[1:])})\.)?"
_API = re.compile(_PREFIX + r"api\.io\.mi\.com")
_PROCESSOR = re.compile(_PREFIX + r"processor\.smartcamera\.api\.io\.mi\.com")
_STORAGE = re.compile(rf"(?P<region>{'|'.join(REGIONS)})\.storage\.simulated-maker\.example")
_CAMERA = re.compile(_PREFIX + r"business\.smartcamera\.api\.io\.mi\.com")
_WEB = re.compile(_PREFIX + r"camera\.api\.io\.mi\.com")


class HostKind(StrEnum):
    """What a host is for. Faults are aimed at all but the last."""

    ACCOUNT = "account"
    API = "api"
    CAMERA = "camera"
    WEB = "web"
    PROCESSOR = "processor"
    STORAGE = "storage"
    LOOPBACK = "loopback"


_PATTERNS: Final = (
    (HostKind.API, _API),
    (HostKind.CAMERA, _CAMERA),
    (HostKind.WEB, _WEB),
    (HostKind.PROCESSOR, _PROCESSOR),
    (HostKind.STORAGE, _STORAGE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host of the real system, or the simulator's own. `region` is `cn` where none applies."""

    kind: HostKind
    name: str
    region: str = MAINLAND


def storage_host(region: str) -> str:
    """Return the name of the host at which a region's footage lies."""
    return f"{region}.storage.simulated-maker.example"


@lru_cache
def host_of(header: str) -> Host | None:
    """Return what a `Host` header stands for, its port left out; `None` when nothing is there."""
    name = re.sub(r":\d+$", "", header).lower()
    if name in _LOOPBACK:
        return Host(kind=HostKind.LOOPBACK, name=name)
    if name in {ACCOUNT_HOST, STS_HOST} or _POLL.fullmatch(name):
        return Host(kind=HostKind.ACCOUNT, name=name)
    for kind, pattern in _PATTERNS:
        if match := pattern.fullmatch(name):
            return Host(kind=kind, name=name, region=match["region"] or MAINLAND)
    return None
