"""What every sign-in shares: the account host's answers and the last step to a session.

Source: xiaomi_sign_in_and_signing 1.2, 1.5 and 1.7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import json
from typing import Final
from urllib.parse import quote

from yarl import URL

from ...plan import clock
from ..errors import (
    ApiError,
    BrowserNeededError,
    CaptchaNeededError,
    CloudError,
    CodeNeededError,
    RateLimitedError,
    RefusedError,
    UnexpectedAnswerError,
)
from ..values import as_id, as_int, as_object
from .credentials import DamagedCredentialsError, ServiceSession, is_cookie_value
from .endpoints import HostKind, endpoints
from .signing import client_sign
from .transport import Answer, Transport

_PREFIX: Final = "&&&START&&&"
_OK: Final = 200
_UNAUTHORIZED: Final = 401
_MAX_HOPS: Final = 8
_PRAGMA: Final = "Extension-Pragma"


def account_url(path: str) -> URL:
    """Return the address of a path on the account host."""
    return URL.build(scheme="https", host=endpoints().hosts[HostKind.ACCOUNT][0], path=path)


def read_account(answer: Answer) -> Mapping[str, object]:
    """Return the JSON object of an account host's answer.

    Raises as `Answer.demand_served` does; `BrowserNeededError` for a web page served with
    status 200, by which the host asks for the owner (terms, a phone number to confirm);
    `RefusedError` for 401; `UnexpectedAnswerError` for anything else.
    """
    answer.demand_served()
    if answer.status == _UNAUTHORIZED:
        raise RefusedError(_UNAUTHORIZED)
    if answer.status != _OK:
        raise UnexpectedAnswerError(answer.host, f"status {answer.status}")
    text = answer.text.strip()
    if text.startswith("<"):
        raise BrowserNeededError(str(account_url("/")))
    try:
        data = json.loads(text.removeprefix(_PREFIX))
    except ValueError, RecursionError:
        data = None
    if not isinstance(data, dict):
        raise UnexpectedAnswerError(answer.host, "neither data nor a web page")
    return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The maker wants to know that it is the owner: by a code, or otherwise in a browser.

    `url` is where, `None` where it would lead away from the maker.
    """

    url: str | None
    by_code: bool


def read_verification(transport: Transport, data: Mapping[str, object]) -> Verification | None:
    """Return the verification that an account host's answer asks for, if it does."""
    link = data.get("notificationUrl")
    if not link and as_int(data.get("securityStatus")) in (None, 0):
        return None
    url = absolute(account_url("/"), link)
    if url is None or not transport.is_safe(url):
        return Verification(url=None, by_code=False)
    return Verification(url=str(url), by_code=url.path in endpoints().code_dialogue_paths)


def demand_signed_in(transport: Transport, answer: Answer, data: Mapping[str, object]) -> str:
    """Return where a sign-in goes on, or raise its `refusal`.

    An address comes with errors too, and then leads to a form.
    """
    location = data.get("location")
    if as_int(data.get("code")) in (0, None) and isinstance(location, str) and location:
        return location
    raise refusal(transport, answer, data)


def refusal(transport: Transport, answer: Answer, data: Mapping[str, object]) -> CloudError:
    """Return why a sign-in does not go on.

    Decided in the order in which the reasons were seen to overlap: a verification, a
    captcha, the code. A `SignInNeededError`; `RateLimitedError` where the account asks
    to be left alone; `ApiError` for a fault of ours; `UnexpectedAnswerError` for none.
    """
    verification = read_verification(transport, data)
    if verification is not None:
        if verification.by_code:
            return CodeNeededError()
        return BrowserNeededError(verification.url)
    codes, code = endpoints().account_codes, as_int(data.get("code"))
    if data.get("captchaUrl") or code in codes.captcha:
        return CaptchaNeededError()
    if code in codes.code:
        return CodeNeededError()
    return _refusal_by_code(answer.host, code)


def _refusal_by_code(host: str, code: int | None) -> CloudError:
    codes = endpoints().account_codes
    if code in codes.wait:
        return RateLimitedError(host)
    if code in codes.fault:
        return ApiError("sign-in", code)
    if code in (0, None):
        return UnexpectedAnswerError(host, "a sign-in that leads nowhere")
    return RefusedError(code)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SignedIn:
    """The end of a sign-in: its session, and the pass token where it handed one over."""

    session: ServiceSession
    pass_token: str | None


async def finish(transport: Transport, location: str, data: Mapping[str, object]) -> SignedIn:
    """Return what is at the end of a sign-in, following its hops one by one.

    `data` is the account host's answer; its `ssecurity` and `nonce`, or those in a hop's
    `Extension-Pragma` header, sign the last step. The tokens are taken from the raw
    cookies of whichever hop sets them, and nothing is fetched after the service token. A hop's
    cookies go back to that hop's host only.

    Raises `RefusedError` where the last step is rejected, `UnexpectedAnswerError` where
    a hop leads away from the maker or no whole session comes of it: a half one is never
    returned.
    """
    url = _hop(account_url("/"), location)
    secrets = data
    pass_token = data.get("passToken")
    jar: dict[str, dict[str, str]] = {}
    for _ in range(_MAX_HOPS):
        url = _with_client_sign(url, secrets)
        host = url.host or "?"
        answer = await transport.send("GET", url, cookies=jar.get(host, {}))
        answer.demand_served()
        if answer.status == _UNAUTHORIZED:
            raise RefusedError(_UNAUTHORIZED)
        secrets = _pragma(answer) or secrets
        cookies = {
            name: value for name, value in answer.cookies().items() if is_cookie_value(value)
        }
        pass_token = cookies.get("passToken", pass_token)
        token = _service_token(cookies)
        if token is not None:
            return SignedIn(
                session=_whole_session(host, secrets, token),
                pass_token=pass_token if isinstance(pass_token, str) else None,
            )
        jar[host] = jar.get(host, {}) | cookies
        if answer.location is None:
            raise UnexpectedAnswerError(host, "the sign-in ended without a service token")
        url = _hop(url, answer.location)
    raise UnexpectedAnswerError(url.host or "?", "the sign-in has no end")


def _whole_session(host: str, secrets: Mapping[str, object], token: str) -> ServiceSession:
    ssecurity = secrets.get("ssecurity")
    try:
        return ServiceSession(
            ssecurity=ssecurity if isinstance(ssecurity, str) else "",
            service_token=token,
            issued_at=clock.now(),
        )
    except DamagedCredentialsError:
        pass
    raise UnexpectedAnswerError(host, "the sign-in ended with half a session")


def _with_client_sign(url: URL, secrets: Mapping[str, object]) -> URL:
    """Return the address with the proof of the sign-in, where it is the last step's."""
    ssecurity, nonce = secrets.get("ssecurity"), as_id(secrets.get("nonce"))
    if (
        url.host not in endpoints().hosts[HostKind.STS]
        or not isinstance(ssecurity, str)
        or nonce is None
        or "clientSign" in url.query
    ):
        return url
    sign = quote(client_sign(nonce, ssecurity), safe="")
    query = f"{url.raw_query_string}&clientSign={sign}".lstrip("&")
    return URL.build(
        scheme=url.scheme,
        authority=url.raw_authority,
        path=url.raw_path,
        query_string=query,
        encoded=True,
    )


def _pragma(answer: Answer) -> Mapping[str, object] | None:
    """Return the secrets that a hop hands over in a header, where it does."""
    try:
        secrets = as_object(json.loads(answer.headers.get(_PRAGMA, "")))
    except ValueError, RecursionError:
        return None
    return secrets if secrets.get("ssecurity") else None


def _service_token(cookies: Mapping[str, str]) -> str | None:
    return cookies.get("serviceToken") or cookies.get(f"{endpoints().sid}_serviceToken")


def absolute(base: URL, link: object) -> URL | None:
    """Return the address a link leads to from a page; `None` for what is no link."""
    if not isinstance(link, str) or not link:
        return None
    try:
        return base.join(URL(link, encoded=True))
    except ValueError:
        return None


def _hop(base: URL, location: str) -> URL:
    url = absolute(base, location)
    if url is None:
        raise UnexpectedAnswerError(base.host or "?", "a hop to no address")
    return url
