"""Who is signed in at the simulated cloud: tickets, pass tokens and service tokens.

Facts: a pass token is long-lived and renews without a password; a service token is short-lived,
comes with exactly one ssecurity and works in every region; a sign-in ticket is waited for by a
long poll. Inferred: that older tokens of an account stay good when newer ones are issued (two
clients on one account do not sign each other out), that a redemption URL works once, and how
long each of them lives.

Everything here goes by real time (epoch seconds), never by the world's.
"""

import asyncio
import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
import secrets
import uuid

from simulator.answers import ExpiredShape
from simulator.world import World

# All in seconds. Reports of service tokens' lives go from 10 hours to 7 days.
SERVICE_TOKEN_LIFETIME = 24 * 3600.0
PASS_TOKEN_LIFETIME = 60 * 24 * 3600.0
# `timeout` of a sign-in link, as observed.
TICKET_LIFETIME = 300.0
GRANT_LIFETIME = 300.0


class TicketState(StrEnum):
    """What became of a sign-in link."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class StsLayout(StrEnum):
    """The ways in which the redemption host hands over the service token."""

    # `ok` and the cookie in one answer.
    DIRECT = "direct"
    # The cookie on a redirect, `ok` behind it.
    REDIRECT = "redirect"
    # A redirect to another of the maker's hosts, which sets the cookie.
    OTHER_HOST = "other host"


class UnknownTicketError(LookupError):
    """A sign-in link that does not exist, or that no longer waits for an answer."""


class UnknownAccountError(LookupError):
    """An account that the world does not have."""


@dataclass(slots=True, kw_only=True, eq=False)
class Ticket:
    """One sign-in by link. `device_id` is the cookie with which the link was asked for."""

    key: str
    device_id: str
    expires_at: float
    user_id: str | None = None
    denied: bool = False
    # Set when there is something to tell the one who waits.
    news: asyncio.Event = field(default_factory=asyncio.Event)
    # Counts polls, so that a newer poll takes the place of an older one.
    polls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PassToken:
    """A long-lived secret of one account."""

    value: str
    user_id: str
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A sign-in that has not been traded for a service token yet.

    `auth` is the opaque part of its redemption URL; `login_nonce` and `ssecurity` go into
    `clientSign`.
    """

    auth: str
    user_id: str
    ssecurity: str
    login_nonce: int
    pass_token: str
    expires_at: float


@dataclass(slots=True, kw_only=True)
class ServiceToken:
    """A session at the API and camera hosts. `shape`: how its expiry is answered, if it matters."""

    value: str
    user_id: str
    ssecurity: str
    expires_at: float
    shape: ExpiredShape | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Everything that a signed-in client holds."""

    user_id: str
    c_user_id: str
    pass_token: str
    service_token: str
    ssecurity: str


class Tickets:
    """Sign-ins by link."""

    def __init__(self, knows: Callable[[str], bool], now: Callable[[], float]) -> None:
        """Start with none.

        `knows` tells whether there is an account of a user id; `now` gives real time in epoch
        seconds.
        """
        self._knows = knows
        self._now = now
        self._tickets: dict[str, Ticket] = {}
        # Seconds for which a link can be approved.
        self.lifetime = TICKET_LIFETIME

    def issue(self, device_id: str) -> Ticket:
        """Make a new link for a client with this device id."""
        ticket = Ticket(
            key=f"lp_{secrets.token_hex(6)}-{uuid.uuid4()}",
            device_id=device_id,
            expires_at=self._now() + self.lifetime,
        )
        self._tickets[ticket.key] = ticket
        return ticket

    def get(self, key: str) -> Ticket | None:
        """Return a ticket, in whatever state."""
        return self._tickets.get(key)

    def state(self, key: str) -> TicketState:
        """Return what became of a link."""
        ticket = self._tickets.get(key)
        if ticket is None:
            return TicketState.UNKNOWN
        if ticket.denied:
            return TicketState.DENIED
        if ticket.user_id is not None:
            return TicketState.APPROVED
        return TicketState.WAITING if self._now() < ticket.expires_at else TicketState.EXPIRED

    def waiting(self) -> Iterator[Ticket]:
        """Yield the links that can be approved, the newest first."""
        for key in reversed(self._tickets):
            if self.state(key) is TicketState.WAITING:
                yield self._tickets[key]

    def approve(self, key: str, user_id: str) -> None:
        """Sign the one who waits for this link in to an account.

        Raises:
            UnknownTicketError: when the link does not wait (any more).
            UnknownAccountError: when there is no such account.

        """
        if not self._knows(user_id):
            raise UnknownAccountError
        ticket = self._waiting(key)
        ticket.user_id = user_id
        ticket.news.set()

    def deny(self, key: str) -> None:
        """Turn the one who waits for this link away.

        Raises:
            UnknownTicketError: when the link does not wait (any more).

        """
        ticket = self._waiting(key)
        ticket.denied = True
        ticket.news.set()

    def expire(self) -> None:
        """Let every link that waits run out now."""
        for ticket in list(self.waiting()):
            ticket.expires_at = self._now()
            ticket.news.set()

    async def wait(self, ticket: Ticket) -> TicketState:
        """Hold a poll until the link is answered or runs out.

        Of two polls for one link the older ends with `EXPIRED` (inferred: clients run only one).
        """
        ticket.polls += 1
        mine = ticket.polls
        ticket.news.set()
        ticket.news = asyncio.Event()
        news = ticket.news
        if self.state(ticket.key) is TicketState.WAITING:
            try:
                async with asyncio.timeout(max(0.0, ticket.expires_at - self._now())):
                    await news.wait()
            except TimeoutError:
                pass
        return self.state(ticket.key) if ticket.polls == mine else TicketState.EXPIRED

    def _waiting(self, key: str) -> Ticket:
        ticket = self._tickets.get(key)
        if ticket is None or self.state(key) is not TicketState.WAITING:
            raise UnknownTicketError
        return ticket


class Sessions:
    """Every token that the simulated cloud has given out."""

    def __init__(self, world: World, now: Callable[[], float]) -> None:
        """Start with nobody signed in; `now` gives real time in epoch seconds."""
        self.world = world
        self.now = now
        self.tickets = Tickets(lambda user_id: user_id in self.world.accounts, now)
        # Seconds for which tokens issued from now on are good.
        self.service_token_lifetime = SERVICE_TOKEN_LIFETIME
        self.pass_token_lifetime = PASS_TOKEN_LIFETIME
        # Some clients leave `clientSign` out and are let in; a test can insist on it.
        self.require_client_sign = False
        self.sts_layout = StsLayout.REDIRECT
        self._pass_tokens: dict[str, PassToken] = {}
        self._grants: dict[str, Grant] = {}
        self._service_tokens: dict[str, ServiceToken] = {}

    def sign_in(self, user_id: str) -> Credentials:
        """Sign an account in without any dialogue, for tests and benchmarks.

        Raises:
            UnknownAccountError: when there is no such account.

        """
        grant = self.grant(user_id)
        token = self.redeem(grant)
        return Credentials(
            user_id=user_id,
            c_user_id=self.world.accounts[user_id].c_user_id,
            pass_token=grant.pass_token,
            service_token=token.value,
            ssecurity=token.ssecurity,
        )

    def grant(self, user_id: str) -> Grant:
        """Begin a session for an account, with a fresh pass token and a fresh ssecurity.

        Raises:
            UnknownAccountError: when there is no such account.

        """
        if user_id not in self.world.accounts:
            raise UnknownAccountError
        pass_token = PassToken(
            value=f"V1:{_token(96)}",
            user_id=user_id,
            expires_at=self.now() + self.pass_token_lifetime,
        )
        self._pass_tokens[pass_token.value] = pass_token
        grant = Grant(
            auth=_token(48),
            user_id=user_id,
            ssecurity=base64.b64encode(secrets.token_bytes(16)).decode(),
            login_nonce=secrets.randbelow(2**63 - 2**62) + 2**62,
            pass_token=pass_token.value,
            expires_at=self.now() + GRANT_LIFETIME,
        )
        self._grants[grant.auth] = grant
        return grant

    def renew(self, user_id: str, pass_token: str) -> Grant | None:
        """Begin a new session from a pass token; `None` when it is not (or no longer) good."""
        known = self._pass_tokens.get(pass_token)
        if known is None or known.user_id != user_id or known.expires_at <= self.now():
            return None
        return self.grant(user_id)

    def find_grant(self, auth: str) -> Grant | None:
        """Return a sign-in that still can be redeemed."""
        grant = self._grants.get(auth)
        return grant if grant is not None and grant.expires_at > self.now() else None

    def redeem(self, grant: Grant) -> ServiceToken:
        """Trade a sign-in for its service token; it works once.

        Raises:
            KeyError: when it was redeemed before.

        """
        del self._grants[grant.auth]
        token = ServiceToken(
            value=_token(264),
            user_id=grant.user_id,
            ssecurity=grant.ssecurity,
            expires_at=self.now() + self.service_token_lifetime,
        )
        self._service_tokens[token.value] = token
        return token

    def service_token(self, value: str) -> ServiceToken | None:
        """Return a service token, good or expired; `None` when it was never given out."""
        return self._service_tokens.get(value)

    def expire(
        self,
        *,
        user_id: str | None = None,
        service_tokens: bool = True,
        pass_tokens: bool = False,
        shape: ExpiredShape | None = None,
    ) -> int:
        """Let tokens run out now and return how many did.

        `user_id`: only this account's. `shape`: how API and camera hosts shall say so from now
        on; `None`: each as it usually does.
        """
        now = self.now()
        count = 0
        if service_tokens:
            for token in self._service_tokens.values():
                if user_id in {None, token.user_id}:
                    count += token.expires_at > now
                    token.expires_at = min(token.expires_at, now)
                    token.shape = shape
        if pass_tokens:
            dropped = [
                value
                for value, token in self._pass_tokens.items()
                if user_id in {None, token.user_id}
            ]
            for value in dropped:
                del self._pass_tokens[value]
            count += len(dropped)
        return count


def _token(size: int) -> str:
    """Return a secret of about `size` characters, with the `/`, `+` and `=` real ones may have.

    All three always occur, so that a client which mishandles one of them cannot pass by luck.
    """
    body = base64.b64encode(secrets.token_bytes(size * 3 // 4)).decode().rstrip("=")
    return f"{body}/+{secrets.token_hex(1)}=="
