"""Signed calls to the regional hosts, and the one kind of request that is not signed.

Most are answered with JSON, a few with plain text or bytes (`download`).

A call renews the session once where it has expired, and signs again once where the
signature was refused; then it gives up with an error that says which. What a page of the
maker would send (`submit`) is sent once, whatever comes of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta, tzinfo
import json
from typing import Final
from urllib.parse import quote, urlencode

from yarl import URL

from ...plan import clock
from ..errors import (
    ApiError,
    CloudError,
    NoConnectionError,
    RequestNotSentError,
    SessionRefusedError,
    SignatureRefusedError,
    UnexpectedAnswerError,
)
from ..values import as_int
from . import rc4
from .account import XiaomiAccount
from .answers import (
    BadSignature,
    Content,
    Expired,
    Reading,
    Refused,
    Sealed,
    Strange,
    read_answer,
    read_value,
)
from .credentials import ServiceSession
from .endpoints import Call, HostKind, endpoints
from .signing import CannotOpenError, make_nonce, open_sealed, signed_parameters
from .transport import MAX_BODY, Answer

# Few enough that a poll of a house full of cameras looks like one person's app.
CONCURRENT_CALLS: Final = 4

_CONTENT_KEY: Final = {
    HostKind.API: "result",
    HostKind.CAMERA: "data",
    HostKind.PROCESSOR: "data",
}

_OK: Final = 200
_ERRORS: Final = 400
_FORBIDDEN: Final = 403
# What the answer's status would be, on an answer whose status is 200: source A 0.
_TOLD_STATUS: Final = "x-xiaomi-status-code"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seal:
    """What opens the answer to one request, and where in it the content is."""

    ssecurity: str = field(repr=False)
    nonce: str = field(repr=False)
    content_key: str


type _Read[T] = Callable[[Answer, _Seal], Awaitable[Reading[T]]]


class XiaomiClient:
    """Makes an account's calls, at most four at a time."""

    def __init__(
        self, account: XiaomiAccount, *, locale: str = "en", time_zone: tzinfo | None = None
    ) -> None:
        """Take the account, its owner's language and, where known, their time zone."""
        self._account = account
        self._transport = account.transport
        self.locale = endpoints().locales.get(locale, locale.replace("-", "_"))
        self._time_zone = time_zone
        self._turn = asyncio.Semaphore(CONCURRENT_CALLS)
        self._hosts: dict[tuple[HostKind, str], tuple[str, ...]] = {}

    async def call(self, name: str, region: str, data: Mapping[str, object]) -> object:
        """Return the content of the answer to a call named in the data file.

        Any JSON value, null included: what is expected is for the caller to check.

        Raises `ApiError` for an error of this call alone; `SignInNeededError` where only
        the owner can renew the session; `SessionRefusedError`, `SignatureRefusedError`,
        `RateLimitedError`, `UnreachableError` and `UnexpectedAnswerError` for the rest.
        """
        value, _ = await self._signed(name, region, data, _read_value)
        return value

    async def download(
        self,
        name: str,
        region: str,
        data: Mapping[str, object],
        *,
        limit: int,
        is_good: Callable[[bytes], bool],
    ) -> tuple[bytes, ServiceSession]:
        """Return the plain answer to a call, at most `limit` bytes, and the session it was for.

        Some calls answer with a text or bytes as they are; `is_good` tells these from an
        error, which comes as any other. Raises as `call` does.
        """

        async def read(answer: Answer, seal: _Seal) -> Reading[bytes]:
            return await _read_plain(answer, seal, is_good)

        return await self._signed(name, region, data, read, limit)

    async def _signed[T](
        self,
        name: str,
        region: str,
        data: Mapping[str, object],
        read: _Read[T],
        limit: int = MAX_BODY,
    ) -> tuple[T, ServiceSession]:
        """Return what `read` finds in the answer to a call, and the session that got it."""
        call = endpoints().calls[name]
        text = json.dumps({**call.data, **data}, separators=(",", ":"))
        session = await self._account.session()
        renewed = signed_again = False
        while True:
            correction = self._transport.clock.correction
            async with self._turn:
                host, reading = await self._exchange(call, region, text, session, read, limit)
            match reading:
                case Content():
                    return reading.value, session
                case Refused():
                    raise ApiError(call.path, reading.code)
                case Strange():
                    raise UnexpectedAnswerError(host, reading.what)
                case BadSignature() if (
                    not signed_again and correction != self._transport.clock.correction
                ):
                    # The answer itself showed that the nonce was of a wrong time.
                    signed_again = True
                case BadSignature() if renewed:
                    raise SignatureRefusedError(host, self._transport.clock.seconds_ahead)
                case Expired() if renewed:
                    raise SessionRefusedError(host, "a session just renewed is refused")
                case Expired() | BadSignature():
                    session = await self._account.renewed(session)
                    renewed = True

    async def submit(
        self, method: str, url: URL, *, content_type: str | None, body: bytes | None
    ) -> Answer:
        """Return the answer to a request of the maker's own pages, sent once and never again.

        With the session as it is: nothing is renewed for it. Raises `RequestNotSentError`
        where there is none, and as `Transport.send` does.
        """
        session = self._account.credentials.session
        if session is None:
            raise RequestNotSentError("there is no session")
        headers = {"Content-Type": content_type} if content_type is not None else {}
        async with self._turn:
            return await self._transport.send(
                method,
                url,
                cookies=self._page_cookies(session),
                headers=headers,
                body=body,
                once=True,
            )

    async def _exchange[T](
        self,
        call: Call,
        region: str,
        text: str,
        session: ServiceSession,
        read: _Read[T],
        limit: int,
    ) -> tuple[str, Reading[T]]:
        """Return the host that answered and what it said; other hosts are tried on no connection."""
        key = (call.host, region)
        hosts = self._hosts.get(key) or endpoints().hosts_of(call.host, region)
        if self._transport.has_gateway:
            hosts = hosts[:1]
        failure: CloudError | None = None
        for index, host in enumerate(hosts):
            try:
                reading = await self._ask(host, call, text, session, read, limit)
            except NoConnectionError as error:
                # The first host's is the error that a person can do something about.
                failure = failure or error
            else:
                self._hosts[key] = hosts[index:] + hosts[:index]
                return host, reading
        raise failure or UnexpectedAnswerError(region, "no host is known")

    async def _ask[T](
        self,
        host: str,
        call: Call,
        text: str,
        session: ServiceSession,
        read: _Read[T],
        limit: int,
    ) -> Reading[T]:
        nonce = make_nonce(self._transport.clock.now())
        parameters = signed_parameters(
            call.method,
            call.path,
            {"data": text},
            ssecurity=session.ssecurity,
            nonce=nonce,
            one_cipher=endpoints().one_cipher,
        )
        form = urlencode(parameters)
        headers = dict(endpoints().headers)
        if call.method == "GET":
            url, body = f"https://{host}{call.path}?{form}", None
        else:
            url, body = f"https://{host}{call.path}", form.encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = await self._transport.send(
            call.method,
            URL(url, encoded=True),
            cookies=self._cookies(session),
            headers=headers,
            body=body,
            limit=limit,
        )
        seal = _Seal(ssecurity=session.ssecurity, nonce=nonce, content_key=_CONTENT_KEY[call.host])
        return await read(answer, seal)

    def _page_cookies(self, session: ServiceSession) -> dict[str, str]:
        """Return what the maker's pages are opened with: source xiaomi_cloud_plan_api 2.1."""
        cookies = {
            "userId": self._account.credentials.user_id,
            "serviceToken": session.service_token,
            "yetAnotherServiceToken": session.service_token,
            "locale": self.locale,
        }
        encoded = endpoints().page_cookies_encoded
        return {
            name: quote(value, safe="") if name in encoded else value
            for name, value in cookies.items()
        }

    def _cookies(self, session: ServiceSession) -> dict[str, str]:
        credentials = self._account.credentials
        now = clock.now().astimezone(self._time_zone)
        saving = now.dst() or timedelta(0)
        cookies = {
            "userId": credentials.user_id,
            "serviceToken": session.service_token,
            "yetAnotherServiceToken": session.service_token,
            "locale": self.locale,
            "timezone": f"GMT{now:%:z}",
            "is_daylight": str(int(bool(saving))),
            "dst_offset": str(saving // timedelta(milliseconds=1)),
            **endpoints().cookies,
        }
        if credentials.c_user_id is not None:
            cookies["cUserId"] = credentials.c_user_id
        return cookies


async def _read_value(answer: Answer, seal: _Seal) -> Reading:
    """Return what an answer is that holds JSON, enciphered where all is well."""
    answer.demand_served()
    return await _read_content(answer, seal)


async def _read_plain(
    answer: Answer, seal: _Seal, is_good: Callable[[bytes], bool]
) -> Reading[bytes]:
    """Return what an answer is that holds something else where all is well."""
    told = as_int(answer.headers.get(_TOLD_STATUS))
    status = told if told is not None and told >= _ERRORS else answer.status
    if status == _OK and is_good(answer.body):
        return Content(answer.body)
    # A 403 that is told comes from the cloud itself, not from a gatekeeper before it.
    if answer.status == _FORBIDDEN or status != _FORBIDDEN:
        replace(answer, status=status).demand_served()
    reading = await _read_content(replace(answer, status=status), seal)
    if isinstance(reading, Expired | BadSignature):
        return reading
    if status >= _ERRORS:
        return Refused(status)
    return Strange("not what was asked for") if isinstance(reading, Content) else reading


async def _read_content(answer: Answer, seal: _Seal) -> Reading:
    reading = read_answer(answer.status, answer.text, seal.content_key)
    if not isinstance(reading, Sealed):
        return reading
    try:
        value = await _open(reading.body, ssecurity=seal.ssecurity, nonce=seal.nonce)
    except CannotOpenError as error:
        return Strange(str(error))
    return read_value(value, seal.content_key)


async def _open(body: str, *, ssecurity: str, nonce: str) -> object:
    if len(body) <= rc4.INLINE_LIMIT:
        return open_sealed(body, ssecurity=ssecurity, nonce=nonce)
    return await asyncio.to_thread(open_sealed, body, ssecurity=ssecurity, nonce=nonce)
