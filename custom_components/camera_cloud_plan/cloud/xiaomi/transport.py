"""The one place where a request to the cloud is made.

Two kinds: `send` speaks with the maker's own hosts and carries secrets, `fetch` gets footage
from wherever a playlist says that it is, and carries nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
import logging
from typing import Final

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from ...plan import clock
from ..errors import (
    ApiError,
    CertificateError,
    CloudError,
    ForbiddenAddressError,
    NoConnectionError,
    NotServedError,
    RateLimitedError,
    RecordingGoneError,
    TooLargeError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ..guarded import public_url
from ..values import as_count
from .endpoints import endpoints
from .gateway import is_safe_for_secrets

_LOGGER: Final = logging.getLogger(__name__)

# Xiaomi's hosts are far away for many: 6 to 10 seconds were learnt to be too short.
PATIENCE: Final = 30.0
_CONNECT_PATIENCE: Final = 15.0
MAX_BODY: Final = 8 * 2**20
_CHUNKS_APART: Final = 64

# Footage: the largest segment, what all that are on their way may come to together, and how
# slowly one may come. Segments of known makers are a few megabytes; lines of 64 kbit/s exist.
MAX_SEGMENT: Final = 64 * 2**20
_BUDGET: Final = 96 * 2**20
_SLOWEST: Final = 4 * 2**10
_LONGEST_FETCH: Final = 20 * 60.0

# A server takes a cookie back by one of these values.
_TAKEN_BACK: Final = frozenset({"", "EXPIRED", "deleted"})

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_FORBIDDEN: Final = 403
_GONE: Final = frozenset({404, 410})
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = 500
_LONGEST_WAIT: Final = timedelta(days=1)

# A nonce holds minutes, so less than this needs no correction; a clock further out than
# a wrong time zone makes it is not corrected but reported.
_SKEW_NOTICED: Final = timedelta(seconds=30)
_SKEW_CORRECTED: Final = timedelta(days=1)


@dataclass(slots=True)
class ServerClock:
    """How far the maker's clock is ahead of ours, by the `Date` of its answers."""

    ahead: timedelta | None = None

    @property
    def seconds_ahead(self) -> float | None:
        """The difference in seconds, once an answer showed it."""
        return None if self.ahead is None else self.ahead.total_seconds()

    @property
    def correction(self) -> timedelta:
        """What to add to our time for a nonce; nothing for a small or an absurd difference."""
        if self.ahead is None or not _SKEW_NOTICED < abs(self.ahead) <= _SKEW_CORRECTED:
            return timedelta(0)
        return self.ahead

    def now(self) -> datetime:
        """Return this moment on the maker's clock, in UTC."""
        return clock.now() + self.correction

    def learn(self, date: str | None) -> None:
        """Take an answer's `Date` header; an unreadable one changes nothing."""
        moment = _http_date(date)
        if moment is not None:
            self.ahead = moment - clock.now()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it came; neither its text nor its headers may go into a log."""

    host: str
    status: int
    headers: CIMultiDictProxy[str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text; what is no UTF-8 in it is replaced."""
        return self.body.decode("utf-8", "replace")

    @property
    def location(self) -> str | None:
        """Where a redirect leads, as it was written; `None` where this is no redirect."""
        return self.headers.get("Location") if self.status in _REDIRECTS else None

    def cookies(self) -> dict[str, str]:
        """Return the cookies set by this answer alone, read from the raw headers.

        A cookie jar drops those whose domain does not fit (which happens at sign-in).
        Cookies that are taken back are left out.
        """
        cookies = {}
        for line in self.headers.getall("Set-Cookie", ()):
            name, _, value = line.partition(";")[0].partition("=")
            if (value := value.strip().strip('"')) not in _TAKEN_BACK:
                cookies[name.strip()] = value
        return cookies

    def demand_served(self) -> None:
        """Raise where the host could or would not serve.

        `RateLimitedError` for 429; `NotServedError` for 5xx and for 403, which comes
        from gatekeepers before the cloud and says nothing about the account.
        """
        if self.status == _TOO_MANY:
            raise RateLimitedError(self.host, _retry_after(self.headers.get("Retry-After")))
        if self.status == _FORBIDDEN or self.status >= _SERVER_ERRORS:
            raise NotServedError(self.host, self.status)


class FetchRefusedError(CloudError):
    """A storage host does not serve an address: signed too long ago, or there is nothing.

    Signing anew tells which; `final` is the error where that does not help.
    """

    def __init__(self, final: CloudError) -> None:
        """Take the error that it comes to."""
        super().__init__("a storage host does not serve an address")
        self.final = final


class LongAnswerError(UnexpectedAnswerError):
    """An answer is longer than any that is known; it was not read to its end."""


class CutOffError(UnreachableError):
    """Footage began to come and broke off: fewer bytes than were promised."""


class Transport:
    """Sends requests for one account: explicit cookies, no redirects, bounded answers.

    The sessions are the account's own and must keep no cookies (`DummyCookieJar`). Footage
    comes through `footage_session`, whose names are resolved by a `GuardedResolver`; without
    it there is none. With a gateway every request goes there, through `session`, with the
    original host in the `Host` header.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        device_id: str,
        gateway: str | None = None,
        footage_session: aiohttp.ClientSession | None = None,
    ) -> None:
        """Take the sessions, the account's device id and a validated gateway address."""
        self._session = session
        self._gateway = URL(gateway).origin() if gateway else None
        self._footage_session = session if gateway else footage_session
        self._user_agent = endpoints().user_agent.format(device_id=device_id)
        # The same app, but nothing that tells one account from another.
        self._bare_user_agent = endpoints().user_agent.format(device_id="").strip()
        self._budget = _Budget(_BUDGET)
        self.clock = ServerClock()

    @property
    def has_gateway(self) -> bool:
        """Whether every request goes to one address anyway."""
        return self._gateway is not None

    def is_safe(self, url: URL) -> bool:
        """Return whether an address may be sent secrets, or offered to the owner."""
        return is_safe_for_secrets(url, self._gateway)

    def may_fetch(self, url: URL) -> bool:
        """Return whether footage may be asked for at an address, as far as it is written."""
        try:
            self._demand_fetchable(url)
        except ForbiddenAddressError:
            return False
        return True

    async def send(  # noqa: PLR0913 - what a request is made of
        self,
        method: str,
        url: URL,
        *,
        cookies: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        patience: float = PATIENCE,
        limit: int = MAX_BODY,
        once: bool = False,
    ) -> Answer:
        """Return the answer to one request, whatever its status; redirects are not followed.

        `patience` is in seconds for the whole exchange, `limit` in bytes for the body. A
        request that may have no second try, not even where a connection broke off, is sent
        `once`; `NoConnectionError` then means that it never left. Raises `UnreachableError`
        (also for a time-out, which is never a statement about the account) and
        `UnexpectedAnswerError`, the latter also for an address that is not the maker's.
        """
        if not self.is_safe(url):
            raise UnexpectedAnswerError(url.host or "?", "leads away from the maker's hosts")
        sent_headers = CIMultiDict(headers or {})
        sent_headers["User-Agent"] = self._user_agent
        if cookies:
            sent_headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())

        async def read(response: aiohttp.ClientResponse) -> Answer:
            return Answer(
                host=url.host or "?",
                status=response.status,
                headers=response.headers,
                body=await _bounded(response, limit),
            )

        answer = await self._exchange(
            self._session,
            method,
            url,
            headers=sent_headers,
            body=body,
            patience=asyncio.timeout(patience),
            once=once,
            read=read,
        )
        self.clock.learn(answer.headers.get("Date"))
        return answer

    async def fetch(self, url: URL, *, limit: int = MAX_SEGMENT) -> bytes:
        """Return what lies at an address of footage: asked bare, with no secret of anybody's.

        `limit` is in bytes. Raises `ForbiddenAddressError` for an address that nothing is
        fetched from, or that leads to another; `FetchRefusedError` where it is not served,
        so that it is to be signed anew; `TooLargeError`; `CutOffError` and other
        `UnreachableError`, which may be tried again; `RateLimitedError` and `ApiError`.
        """
        session, host = self._demand_fetchable(url), url.host or "?"
        patience = asyncio.timeout(PATIENCE)

        async def read(response: aiohttp.ClientResponse) -> bytes:
            _demand_footage(host, response)
            promised = response.content_length
            if promised is not None and promised > limit:
                raise TooLargeError
            # What is packed may unpack to anything.
            known = promised is not None and "Content-Encoding" not in response.headers
            patience.reschedule(None)
            async with self._budget.held(promised if known and promised else limit):
                return await _whole(host, response, limit, patience)

        return await self._exchange(
            session,
            "GET",
            url,
            headers=CIMultiDict({"User-Agent": self._bare_user_agent}),
            patience=patience,
            read=read,
        )

    def _demand_fetchable(self, url: URL) -> aiohttp.ClientSession:
        public_url(str(url), any_port=self.has_gateway)
        if self._footage_session is None:
            raise ForbiddenAddressError("there is no guarded way to it")
        return self._footage_session

    async def _exchange[T](  # noqa: PLR0913 - what a request is made of
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: URL,
        *,
        headers: CIMultiDict[str],
        patience: asyncio.Timeout,
        read: Callable[[aiohttp.ClientResponse], Awaitable[T]],
        body: bytes | None = None,
        once: bool = False,
    ) -> T:
        """Return what `read` makes of the answer; errors hold neither address nor answer."""
        host = url.host or "?"
        headers.setdefault("Accept-Encoding", "identity")
        target = url
        if self._gateway is not None and url.origin() != self._gateway:
            headers["Host"] = url.raw_authority if url.explicit_port else host
            target = _at(self._gateway, url)
        failure: CloudError
        try:
            async with (
                patience,
                session.request(
                    method,
                    target,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_PATIENCE),
                    middlewares=(_never_again,) if once else None,
                ) as response,
            ):
                result = await read(response)
        except CloudError as error:
            failure = error
        except (OSError, aiohttp.ClientError, _TooLongError) as error:
            # Through a gateway it is the gateway that was not reached.
            failure = _failure(target.host or host, error)
        else:
            _LOGGER.debug("%s %s: status %s", method, host, response.status)
            return result
        # Raised here, not above: what aiohttp raises can name the address with its query.
        _LOGGER.debug("%s %s: %s", method, host, type(failure).__name__)
        raise failure


class _Budget:
    """Bytes that may be on their way at a time; who waits, waits in line."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def held(self, size: int) -> AsyncIterator[None]:
        """Hold so many bytes, as soon as they are free; at most all that there are."""
        async with self._turn:
            while self._free < size:
                self._freed.clear()
                await self._freed.wait()
            self._free -= size
        try:
            yield
        finally:
            self._free += size
            self._freed.set()


def _demand_footage(host: str, response: aiohttp.ClientResponse) -> None:
    """Raise as `Transport.fetch` does where a storage host could or would not serve."""
    status = response.status
    if status == _OK:
        return
    if status == _TOO_MANY:
        raise RateLimitedError(host, _retry_after(response.headers.get("Retry-After")))
    if status >= _SERVER_ERRORS:
        raise NotServedError(host, status)
    if status in _REDIRECTS:
        raise ForbiddenAddressError("it leads to another")
    if status in _GONE:
        raise FetchRefusedError(RecordingGoneError())
    refused = ApiError("footage", status)
    raise FetchRefusedError(refused) if status == _FORBIDDEN else refused


class _TooLongError(Exception):
    """An answer passed the bound."""


class _BrokeOffError(aiohttp.ClientConnectionError):
    """A connection broke off: of a kind that aiohttp does not take for a reason to try again."""


async def _never_again(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again, as it does by itself for all but POST.

    Takes the place of the session's own middlewares, which look at redirects only.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except aiohttp.ClientOSError, aiohttp.ServerDisconnectedError:
        raise _BrokeOffError from None


def _at(gateway: URL, url: URL) -> URL:
    # Built part by part: joined as a text, a path that begins with "//" would be a host.
    return URL.build(
        scheme=gateway.scheme,
        host=gateway.host or "",
        port=gateway.port,
        path=url.raw_path,
        query_string=url.raw_query_string,
        encoded=True,
    )


# What becomes of a request that failed: the first that fits.
_FAILURES: Final = (
    (aiohttp.ConnectionTimeoutError, NoConnectionError, "no connection in time"),
    (TimeoutError, UnreachableError, "no answer in time"),
    (aiohttp.ClientConnectorDNSError, NoConnectionError, "no such name"),
    (aiohttp.ClientConnectorCertificateError, CertificateError, "no valid certificate"),
    (aiohttp.ClientSSLError, NoConnectionError, "no encrypted connection"),
    (aiohttp.ClientConnectorError, NoConnectionError, "no connection"),
    (OSError, UnreachableError, "the connection broke off"),
    (aiohttp.ClientConnectionError, UnreachableError, "the connection broke off"),
    (aiohttp.ClientPayloadError, UnreachableError, "the connection broke off"),
    (aiohttp.ClientResponseError, UnexpectedAnswerError, "not HTTP"),
    (_TooLongError, LongAnswerError, "a longer answer than any the cloud has"),
    # Home Assistant's guard against redirects to this machine raises a kind of its own,
    # though redirects are not followed: a DNS blocker makes such.
    (aiohttp.ClientError, UnexpectedAnswerError, "stopped before it could be read"),
)


def _failure(host: str, error: Exception) -> CloudError:
    """Return what became of a request, in words without its address."""
    return next(
        become(host, reason) for kind, become, reason in _FAILURES if isinstance(error, kind)
    )


async def _bounded(
    response: aiohttp.ClientResponse, limit: int, on_progress: Callable[[int], None] | None = None
) -> bytes:
    # Joined once at the end as a rule; what drips is put together on the way.
    body, chunks, size = bytearray(), list[bytes](), 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise _TooLongError
        chunks.append(chunk)
        if len(chunks) == _CHUNKS_APART:
            body += b"".join(chunks)
            chunks.clear()
        if on_progress is not None:
            on_progress(size)
    return b"".join((body, *chunks))


async def _whole(
    host: str, response: aiohttp.ClientResponse, limit: int, patience: asyncio.Timeout
) -> bytes:
    """Return a body in which nothing is missing, and that comes fast enough all the time."""
    start = asyncio.get_running_loop().time()

    def wait_on(size: int) -> None:
        patience.reschedule(start + min(PATIENCE + size / _SLOWEST, _LONGEST_FETCH))

    failure: CloudError
    wait_on(0)
    try:
        return await _bounded(response, limit, wait_on)
    except _TooLongError:
        failure = TooLargeError()
    except aiohttp.ClientPayloadError, aiohttp.ClientConnectionError:
        failure = CutOffError(host, "the connection broke off")
    raise failure


def _http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except ValueError, OverflowError:
        return None


def _retry_after(text: str | None) -> float | None:
    """Return the wait in seconds, given as such or as a date, at most a day."""
    seconds = as_count(text)
    if seconds is None:
        moment = _http_date(text)
        if moment is None:
            return None
        seconds = max(0, int((moment - clock.now()).total_seconds()))
    return float(min(seconds, int(_LONGEST_WAIT.total_seconds())))
