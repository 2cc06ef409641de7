"""The one place where a request to the cloud is made."""

from collections.abc import Mapping
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
    CloudError,
    NoConnectionError,
    RateLimitedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ..values import as_count
from .endpoints import endpoints
from .gateway import is_safe_for_secrets

_LOGGER: Final = logging.getLogger(__name__)

# Xiaomi's hosts are far away for many: 6 to 10 seconds were learnt to be too short.
PATIENCE: Final = 30.0
_CONNECT_PATIENCE: Final = 15.0
_MAX_BODY: Final = 8 * 2**20
_CHUNK: Final = 2**16

# A server takes a cookie back by one of these values.
_TAKEN_BACK: Final = frozenset({"", "EXPIRED", "deleted"})

_FORBIDDEN: Final = 403
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
    text: str = field(repr=False)

    @property
    def location(self) -> str | None:
        """Where a redirect leads, as it was written; `None` where this is no redirect."""
        if 300 <= self.status < 400:  # noqa: PLR2004 - the redirects of HTTP
            return self.headers.get("Location")
        return None

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

        `RateLimitedError` for 429; `UnreachableError` for 5xx and for 403, which comes
        from gatekeepers before the cloud and says nothing about the account.
        """
        if self.status == _TOO_MANY:
            raise RateLimitedError(self.host, _retry_after(self.headers.get("Retry-After")))
        if self.status == _FORBIDDEN or self.status >= _SERVER_ERRORS:
            raise UnreachableError(self.host, f"status {self.status}")


class Transport:
    """Sends requests for one account: explicit cookies, no redirects, bounded answers.

    The session is the account's own and must keep no cookies (`DummyCookieJar`). With a
    gateway every request goes there, with the original host in the `Host` header.
    """

    def __init__(
        self, session: aiohttp.ClientSession, *, device_id: str, gateway: str | None = None
    ) -> None:
        """Take the session, the account's device id and a validated gateway address."""
        self._session = session
        self._gateway = URL(gateway).origin() if gateway else None
        self._user_agent = endpoints().user_agent.format(device_id=device_id)
        self.clock = ServerClock()

    @property
    def has_gateway(self) -> bool:
        """Whether every request goes to one address anyway."""
        return self._gateway is not None

    def is_safe(self, url: URL) -> bool:
        """Return whether an address may be sent secrets, or offered to the owner."""
        return is_safe_for_secrets(url, self._gateway)

    async def send(  # noqa: PLR0913 - what a request is made of
        self,
        method: str,
        url: URL,
        *,
        cookies: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        patience: float = PATIENCE,
        once: bool = False,
    ) -> Answer:
        """Return the answer to one request, whatever its status; redirects are not followed.

        `patience` is in seconds for the whole exchange. A request that may have no second
        try, not even where a connection broke off, is sent `once`; `NoConnectionError` then
        means that it never left. Raises `UnreachableError` (also
        for a time-out, which is never a statement about the account) and
        `UnexpectedAnswerError`, the latter also for an address that is not the maker's.
        """
        host = url.host or "?"
        if not self.is_safe(url):
            raise UnexpectedAnswerError(host, "leads away from the maker's hosts")
        sent_headers = CIMultiDict(headers or {})
        sent_headers["User-Agent"] = self._user_agent
        sent_headers.setdefault("Accept-Encoding", "identity")
        if cookies:
            sent_headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        target = url
        if self._gateway is not None and url.origin() != self._gateway:
            sent_headers["Host"] = url.raw_authority if url.explicit_port else host
            target = _at(self._gateway, url)

        try:
            async with self._session.request(
                method,
                target,
                headers=sent_headers,
                data=body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=patience, sock_connect=_CONNECT_PATIENCE),
                middlewares=(_never_again,) if once else None,
            ) as response:
                text = await _bounded_text(response)
                answer = Answer(
                    host=host, status=response.status, headers=response.headers, text=text
                )
        except (OSError, aiohttp.ClientError, _TooLongError) as error:
            # Through a gateway it is the gateway that was not reached.
            failure = _failure(target.host or host, error)
        else:
            self.clock.learn(answer.headers.get("Date"))
            _LOGGER.debug("%s %s: status %s", method, host, answer.status)
            return answer
        # Raised here, not above: what aiohttp raises can name the address with its query.
        _LOGGER.debug("%s %s: %s", method, host, type(failure).__name__)
        raise failure


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
    (aiohttp.ClientSSLError, NoConnectionError, "no valid certificate"),
    (aiohttp.ClientConnectorError, NoConnectionError, "no connection"),
    (OSError, UnreachableError, "the connection broke off"),
    (aiohttp.ClientConnectionError, UnreachableError, "the connection broke off"),
    (aiohttp.ClientPayloadError, UnreachableError, "the connection broke off"),
    (aiohttp.ClientResponseError, UnexpectedAnswerError, "not HTTP"),
    (_TooLongError, UnexpectedAnswerError, "a longer answer than any the cloud has"),
    # Home Assistant's guard against redirects to this machine raises a kind of its own,
    # though redirects are not followed: a DNS blocker makes such.
    (aiohttp.ClientError, UnexpectedAnswerError, "stopped before it could be read"),
)


def _failure(host: str, error: Exception) -> CloudError:
    """Return what became of a request, in words without its address."""
    return next(
        become(host, reason) for kind, become, reason in _FAILURES if isinstance(error, kind)
    )


async def _bounded_text(response: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > _MAX_BODY:
            raise _TooLongError
    return body.decode("utf-8", "replace")


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
