"""One signed-in account: its secrets, and their renewal without the owner.

Source: xiaomi_sign_in_and_signing 1.6. Renewal sends the pass token and nothing else:
no password is known here and no code is ever asked for. It is bound to a pace, because
clients that sign in again and again got accounts signed out everywhere (ibid. 4, row 6).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
import logging
from typing import Final

from ...plan import clock
from ..errors import CloudError, SessionRefusedError, UnexpectedAnswerError
from ..values import as_id
from .credentials import ServiceSession, XiaomiCredentials, is_cookie_value
from .endpoints import endpoints
from .passport import account_url, demand_signed_in, finish, read_account
from .transport import Transport

_LOGGER: Final = logging.getLogger(__name__)

RENEWAL_GAP: Final = timedelta(seconds=60)
RENEWALS_A_DAY: Final = 12
_DAY: Final = timedelta(days=1)

type OnRenewed = Callable[[XiaomiCredentials], None]


class XiaomiAccount:
    """Holds an account's credentials and renews their session, one renewal at a time."""

    def __init__(
        self,
        transport: Transport,
        credentials: XiaomiCredentials,
        on_renewed: OnRenewed | None = None,
    ) -> None:
        """Take the credentials; `on_renewed` is called with each set that replaces them."""
        self.transport = transport
        self._credentials = credentials
        self._on_renewed = on_renewed
        self._lock = asyncio.Lock()
        self._tried: list[datetime] = []
        self._failure: CloudError | None = None

    @property
    def credentials(self) -> XiaomiCredentials:
        """The credentials as they are now."""
        return self._credentials

    async def session(self) -> ServiceSession:
        """Return the session, renewed where there is none. Raises as `renewed` does."""
        return self._credentials.session or await self.renewed(None)

    async def renewed(self, stale: ServiceSession | None) -> ServiceSession:
        """Return a session that is not the stale one.

        Where another task already replaced it, that one is returned without a request.
        Raises `SignInNeededError` where the owner is needed, `SessionRefusedError` where
        a session renewed less than a minute ago is stale again or a day's renewals are
        used up, and what a request raises. Within a minute of a failure it is raised
        again instead of asking again.
        """
        async with self._lock:
            current = self._credentials.session
            if current is not None and current is not stale:
                return current
            self._keep_pace()
            self._tried.append(clock.now())
            try:
                session = await self._renew(stale)
            except CloudError as error:
                self._failure = error
                _LOGGER.debug("renewal failed: %s", error)
                raise
            self._failure = None
            _LOGGER.debug("renewed the session")
            return session

    def _keep_pace(self) -> None:
        now = clock.now()
        # A clock that was set back must not keep anything waiting: hence both bounds.
        self._tried = [moment for moment in self._tried if timedelta(0) <= now - moment < _DAY]
        host = account_url("/").host or "?"
        if self._tried and now - self._tried[-1] < RENEWAL_GAP:
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            raise SessionRefusedError(host, "a session just renewed is refused")
        if len(self._tried) >= RENEWALS_A_DAY:
            raise SessionRefusedError(host, "the renewals of a day are used up")

    async def _renew(self, stale: ServiceSession | None) -> ServiceSession:
        credentials = self._credentials
        call = endpoints().calls["sign_in"]
        answer = await self.transport.send(
            call.method,
            account_url(call.path).with_query(sid=endpoints().sid, _json="true"),
            cookies={
                "userId": credentials.user_id,
                "passToken": credentials.pass_token,
                "deviceId": credentials.device_id,
            },
        )
        data = read_account(answer)
        location = demand_signed_in(self.transport, answer, data)
        if as_id(data.get("userId")) not in (None, credentials.user_id):
            raise UnexpectedAnswerError(answer.host, "answers for another account")
        # Kept before going on: the old one may no longer be good.
        self._keep_pass_token(data.get("passToken") or answer.cookies().get("passToken"))
        signed_in = await finish(self.transport, location, data)
        self._keep_pass_token(signed_in.pass_token)
        session = signed_in.session
        if stale is not None and session.service_token == stale.service_token:
            raise SessionRefusedError(answer.host, "the renewal hands out the refused session")
        self._keep(replace(self._credentials, session=session))
        return session

    def _keep_pass_token(self, pass_token: object) -> None:
        if isinstance(pass_token, str) and is_cookie_value(pass_token):
            self._keep(replace(self._credentials, pass_token=pass_token))

    def _keep(self, credentials: XiaomiCredentials) -> None:
        if credentials == self._credentials:
            return
        self._credentials = credentials
        if self._on_renewed is not None:
            self._on_renewed(credentials)
