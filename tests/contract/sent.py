"""Every request that the integration sends while tests run, and which ones it may send.

All of them go through two methods, `Transport.send` and, for footage, `Transport.fetch`; both
are watched for the whole run, in whatever kind of test. What may be asked is read from the data
files, not from the code. Footage may lie anywhere but at the maker's own hosts, and is asked for
with nothing but its address.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, wraps
import sys
from typing import Any, Final

from tests.contract.shipped import DOMAIN, INTEGRATION, ROOT, read_json

_TRANSPORT: Final = f"custom_components.{DOMAIN}.cloud.xiaomi.transport"

# Calls of the maker that buy, sign a debit, delete recordings, stop uploads or add faces,
# and the hosts where money moves.
SPENDS: Final = (
    "mipaySign",
    "mipay_",
    "deductSign",
    "orderToken",
    "payExtraInfo",
    "put/cloudSwitch",
    "delete/files",
    "alarm/delete",
    "dailyStory/delete",
    "addFreeface",
    "addFreeFace",
    "web/vip",
    "mibi.mi.com",
    "pay.xiaomi.com",
)

# Where a sign-in leads after its first step; the addresses come in the maker's answers.
_SIGN_IN_HOPS: Final = frozenset(
    {
        ("GET", "c3.lp.account.xiaomi.com", "/lp/s"),
        ("GET", "account.xiaomi.com", "/sts"),
        ("GET", "account.xiaomi.com", "/identity/result/check"),
        ("GET", "account.xiaomi.com", "/pass/serviceLoginAuth2/end"),
        ("GET", "sts.api.io.mi.com", "/sts"),
        ("GET", "sts.api.io.mi.com", "/sts/ok"),
    }
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: what was asked, of whom. Queries and bodies hold secrets and stay out.

    `bare` is one for footage: without cookies, headers or a body of ours.
    """

    method: str
    host: str
    path: str
    bare: bool = False


RECORD: Final[list[Sent]] = []


def watch() -> None:
    """Record what is sent from now on; nothing where the transport is not even loaded."""
    module = sys.modules.get(_TRANSPORT)
    if module is None or hasattr(module.Transport.send, "__wrapped__"):
        return
    send, fetch = module.Transport.send, module.Transport.fetch

    @wraps(send)
    async def recorded(self: Any, method: str, url: Any, **rest: Any) -> Any:
        if self.is_safe(url):  # what is not, is refused before it goes out
            RECORD.append(Sent(method, url.host or "", url.path))
        return await send(self, method, url, **rest)

    # Takes an address and a bound, and nothing that could say who asks.
    @wraps(fetch)
    async def recorded_fetch(self: Any, url: Any, *, limit: int | None = None) -> bytes:
        if self.may_fetch(url):
            RECORD.append(Sent("GET", url.host or "", url.path, bare=True))
        bound = {} if limit is None else {"limit": limit}
        fetched: bytes = await fetch(self, url, **bound)
        return fetched

    module.Transport.send = recorded
    module.Transport.fetch = recorded_fetch


def spending(record: Iterable[Sent]) -> set[Sent]:
    """Return the requests that must never be sent to anyone, in any test."""
    return {
        sent
        for sent in record
        if any(word.lower() in f"{sent.host}{sent.path}".lower() for word in SPENDS)
    }


def unknown(record: Iterable[Sent]) -> set[Sent]:
    """Return the requests that neither read nor sign in, nor are the shipped definition's."""
    return {sent for sent in record if sent not in known() and not _is_footage(sent)}


def _is_footage(sent: Sent) -> bool:
    return sent.bare and not any(
        sent.host == domain or sent.host.endswith(f".{domain}")
        for domain in _endpoints()["secret_hosts"]
    )


@cache
def known() -> frozenset[Sent]:
    """Return every request that there is."""
    return frozenset({*_calls(), *_definitions(), *(Sent(*hop) for hop in _SIGN_IN_HOPS)})


def _calls() -> Iterator[Sent]:
    """Yield what the data file lists, in each region."""
    data = _endpoints()
    for call in data["calls"].values():
        for pattern in data["hosts"][call["host"]]:
            for region in data["regions"].values():
                host = pattern.format(prefix=region["prefix"])
                yield Sent(call["method"], host, call["path"])


def _definitions() -> Iterator[Sent]:
    """Yield the simulated maker's own request about renewal, in each region."""
    definition = read_json(ROOT / "simulator" / "renewal_request.json")
    for template in (definition["off"], definition["on"]):
        for region in _endpoints()["regions"].values():
            host = f"{region['prefix']}{template['host']}"
            yield Sent(template["method"], host, template["path"])


def _endpoints() -> Any:
    return read_json(INTEGRATION / "cloud" / "xiaomi" / "endpoints.json")
