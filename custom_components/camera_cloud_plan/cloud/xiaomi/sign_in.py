"""Signing in by a link, or the QR code of it, that the owner approves.

The owner opens the link where they are signed in at the maker; the password never comes
here, and no captcha is asked. Source: xiaomi_sign_in_and_signing 1.6.

A state machine: `start` offers a link, `wait` ends in credentials or in `LinkExpired`,
after which `start` offers another. Everything else is raised as a typed error.
"""

import asyncio
from dataclasses import dataclass
import secrets
import string
from typing import Final

import aiohttp
from yarl import URL

from ..errors import (
    BrowserNeededError,
    CloudError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ..sign_in import LinkExpired, LinkOffered
from ..values import as_count, as_id, as_int
from .credentials import DamagedCredentialsError, XiaomiCredentials
from .endpoints import endpoints
from .passport import (
    absolute,
    account_url,
    demand_signed_in,
    finish,
    read_account,
    read_verification,
    refusal,
)
from .transport import Answer, Transport

_DEVICE_ID_LENGTH: Final = 16
_DEVICE_ID_LETTERS: Final = string.ascii_letters + string.digits
_FORBIDDEN: Final = 403
# A poll is held open by the host; it may break off on the way and is then taken up again.
_POLL_PAUSE: Final = 2.0
_POLLS_LOST_IN_A_ROW: Final = 5
_LEAST_VALID: Final = 5
_MOST_VALID: Final = 900
_USUALLY_VALID: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    poll: URL
    ends_at: float


class LinkSignIn:
    """One dialogue of signing in by link, on a session of its own without a cookie jar."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        gateway: str | None = None,
        device_id: str | None = None,
        locale: str = "en",
    ) -> None:
        """Take a validated gateway address and, when signing in again, the device id kept."""
        self._device_id = device_id or "".join(
            secrets.choice(_DEVICE_ID_LETTERS) for _ in range(_DEVICE_ID_LENGTH)
        )
        self._transport = Transport(session, device_id=self._device_id, gateway=gateway)
        self._locale = endpoints().locales.get(locale, locale.replace("-", "_"))
        self._offer: _Offer | None = None
        self._polling = asyncio.Lock()

    async def start(self) -> LinkOffered:
        """Return a link to approve; one offered before is forgotten.

        Raises `UnreachableError`, `RateLimitedError`, `UnexpectedAnswerError` (also for a
        link that leads away from the maker) or a `SignInNeededError`.
        """
        self._offer = None
        call = endpoints().calls["offer_link"]
        answer = await self._transport.send(
            call.method,
            account_url(call.path).with_query(
                sid=endpoints().sid, _json="true", _locale=self._locale
            ),
            cookies={"deviceId": self._device_id},
        )
        data = read_account(answer)
        if as_int(data.get("code")) not in (0, None):
            raise refusal(self._transport, answer, data)
        link, poll = self._address(data.get("loginUrl")), self._address(data.get("lp"))
        if link is None or poll is None:
            raise UnexpectedAnswerError(answer.host, "offers no link of the maker's")
        named = as_count(data.get("timeout"))
        valid = min(max(_USUALLY_VALID if named is None else named, _LEAST_VALID), _MOST_VALID)
        self._offer = _Offer(poll=poll, ends_at=asyncio.get_running_loop().time() + valid)
        return LinkOffered(url=str(link), valid_for=float(valid))

    async def wait(self) -> XiaomiCredentials | LinkExpired:
        """Return the credentials once the link is approved, or that it expired.

        May be cancelled and called again; only one poll runs at a time. Raises
        `BrowserNeededError` where the maker wants something confirmed first,
        `RefusedError`, and as `start` does.
        """
        async with self._polling:
            offer = self._offer
            answer = None if offer is None else await self._poll(offer)
            if answer is None or answer.status == _FORBIDDEN:
                self._offer = None
                return LinkExpired()
            try:
                credentials = await self._finish(answer)
            except UnreachableError:
                # What was approved stays approved: it can be waited for again.
                raise
            except CloudError:
                self._offer = None
                raise
            self._offer = None
            return credentials

    async def _poll(self, offer: _Offer) -> Answer | None:
        """Return the answer to the long poll; `None` once the offer's time is over."""
        loop = asyncio.get_running_loop()
        lost = 0
        while (left := offer.ends_at - loop.time()) > 0:
            try:
                answer = await self._transport.send(
                    "GET", offer.poll, cookies={"deviceId": self._device_id}, patience=left
                )
                if answer.status != _FORBIDDEN:
                    answer.demand_served()
            except UnreachableError:
                lost += 1
                if lost == _POLLS_LOST_IN_A_ROW:
                    raise
                await asyncio.sleep(min(_POLL_PAUSE, max(0, offer.ends_at - loop.time())))
            else:
                return answer
        return None

    async def _finish(self, answer: Answer) -> XiaomiCredentials:
        data = read_account(answer)
        verification = read_verification(self._transport, data)
        if verification is not None:
            # A link is approved in a browser, so that is also where a code is entered.
            raise BrowserNeededError(verification.url)
        location = demand_signed_in(self._transport, answer, data)
        signed_in = await finish(self._transport, location, data)
        try:
            return XiaomiCredentials(
                user_id=as_id(data.get("userId")) or "",
                c_user_id=as_id(data.get("cUserId")),
                pass_token=signed_in.pass_token or "",
                device_id=self._device_id,
                session=signed_in.session,
            )
        except DamagedCredentialsError:
            pass
        raise UnexpectedAnswerError(answer.host, "the sign-in ended without an account")

    def _address(self, link: object) -> URL | None:
        """Return an address that may be opened: the maker's, or the gateway's own."""
        url = absolute(account_url("/"), link)
        return url if url is not None and self._transport.is_safe(url) else None
