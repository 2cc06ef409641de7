"""Signing in: `account.xiaomi.com`, its long-poll host and the redemption host.

Facts: the `&&&START&&&` in front of JSON; code 70016 with `_sign`, `qs`, `callback`, `sid`,
`serviceParam` where nobody is signed in; renewal by the cookies `userId`, `passToken`,
`deviceId`; `longPolling/loginUrl` with `loginUrl`, `qr`, `lp`, `timeout`, `qrTips`; the poll's
answer, and 403 once a link has run out or was refused; `clientSign`, the body `ok` and the
cookie `serviceToken` of the redemption host, its 401; and, after a verification, the secrets in
the header `Extension-Pragma` of a redirect.

Inferred: the other query fields of a `location`; that a `location` works once; that the poll has
to carry the `deviceId` with which the link was asked for; that renewal needs a `deviceId` at all.

Not the real thing: `loginUrl` is a page of the simulator itself, so that a person can open it.
The picture behind `qr` is not served.

Signing in by password is not possible here, nor are captcha and code: their paths
(`/pass/serviceLoginAuth2`, `/pass/getCode`, `/identity/...`) belong into `_ROUTES` and answer 404
until they are built.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping
import hashlib
from http import HTTPStatus
import json
from typing import Final
from urllib.parse import quote, urlencode

from aiohttp import web

from simulator import answers
from simulator.cloud import Cloud
from simulator.faults import Fault, Trouble
from simulator.hosts import ACCOUNT_HOST, POLL_HOST, STS_HOST, Host, HostKind
from simulator.protocol import client_sign
from simulator.sessions import Grant, ServiceToken, StsLayout, TicketState

# Service id, and where its sign-ins are redeemed.
SID: Final = "xiaomiio"
_CALLBACK: Final = f"https://{STS_HOST}/sts"

NOT_SIGNED_IN: Final = 70016
_PARAMETER_MISSING: Final = 10016
_PARAMETER_ILLEGAL: Final = 10017
_VERIFICATION_STATUS: Final = 16


type _Handler = Callable[[web.Request, Cloud], Awaitable[web.Response]]


async def serve(request: web.Request, cloud: Cloud, host: Host) -> web.Response:
    """Answer one request to an account host."""
    group = POLL_HOST if host.name not in {ACCOUNT_HOST, STS_HOST} else host.name
    handler = _ROUTES.get((group, request.path))
    if handler is None:
        return web.Response(status=HTTPStatus.NOT_FOUND, text="Not Found")
    if request.method != "GET":
        return web.Response(status=HTTPStatus.METHOD_NOT_ALLOWED, text="Method Not Allowed")
    fault = _fault(cloud, Trouble.ACCOUNT_CODE, request)
    if fault is not None and group != STS_HOST:
        code = int(fault.number("code"))
        return answers.account_json(_refusal(code, fault.text("description")))
    return await handler(request, cloud)


async def _service_login(request: web.Request, cloud: Cloud) -> web.Response:
    """Answer `serviceLogin`: who is signed in, or that nobody is."""
    if request.query.get("_json") != "true":
        return web.Response(text=answers.HTML_PAGE, content_type="text/html")
    if (refused := _refused_sid(request)) is not None:
        return refused
    cookies = request.cookies
    user_id, pass_token = cookies.get("userId", ""), cookies.get("passToken", "")
    grant = cloud.sessions.renew(user_id, pass_token) if cookies.get("deviceId") else None
    if grant is None:
        return answers.account_json(_not_signed_in())
    if _fault(cloud, Trouble.VERIFICATION_NEEDED, request):
        return answers.account_json(_verification_needed())
    return answers.account_json(_signed_in(cloud, grant))


async def _login_url(request: web.Request, cloud: Cloud) -> web.Response:
    """Answer `loginUrl`: a link to approve, and where to wait for it."""
    if (refused := _refused_sid(request)) is not None:
        return refused
    ticket = cloud.sessions.tickets.issue(request.cookies.get("deviceId", ""))
    picture = urlencode({"ticket": ticket.key, "dc": "c3", "sid": SID})
    return answers.account_json(
        {
            "loginUrl": f"{cloud.base_url}/approve?{urlencode({'ticket': ticket.key})}",
            "qr": f"https://{ACCOUNT_HOST}/pass/qr/login?{picture}",
            "qrTips": "可使用小米手机或平板，点击设置 > 小米账号后扫码登录，或使用其他扫码工具",
            "lp": f"https://{POLL_HOST}/lp/s?{urlencode({'k': ticket.key})}",
            "timeout": int(cloud.sessions.tickets.lifetime),
            "code": 0,
            "result": "ok",
            "desc": "成功",
            "description": "成功",
        }
    )


async def _poll(request: web.Request, cloud: Cloud) -> web.Response:
    """Hold a poll until its link is approved, refused or run out."""
    tickets = cloud.sessions.tickets
    ticket = tickets.get(request.query.get("k", ""))
    gone = web.Response(status=HTTPStatus.FORBIDDEN)
    if ticket is None or ticket.device_id != request.cookies.get("deviceId", ""):
        return gone
    if _fault(cloud, Trouble.LINK_EXPIRED, request):
        return gone
    if await tickets.wait(ticket) is not TicketState.APPROVED or ticket.user_id is None:
        return gone
    if _fault(cloud, Trouble.VERIFICATION_NEEDED, request):
        return answers.account_json(_verification_needed())
    grant = cloud.sessions.grant(ticket.user_id)
    if _fault(cloud, Trouble.SECRETS_IN_HEADER, request):
        return answers.account_json(_verified(grant))
    return answers.account_json(_signed_in(cloud, grant))


async def _verification_result(request: web.Request, cloud: Cloud) -> web.Response:
    """Redirect from a passed verification to the sign-in's end."""
    grant = cloud.sessions.find_grant(request.query.get("auth", ""))
    if grant is None:
        return web.Response(status=HTTPStatus.UNAUTHORIZED)
    query = urlencode({"auth": grant.auth, "sid": SID})
    return _redirect(f"https://{ACCOUNT_HOST}/pass/serviceLoginAuth2/end?{query}")


async def _verification_end(request: web.Request, cloud: Cloud) -> web.Response:
    """Redirect to the redemption host, the secrets in a header and in cookies."""
    grant = cloud.sessions.find_grant(request.query.get("auth", ""))
    if grant is None:
        return web.Response(status=HTTPStatus.UNAUTHORIZED)
    response = _redirect(_sts_url(grant))
    response.headers["Extension-Pragma"] = json.dumps(
        {
            "ssecurity": grant.ssecurity,
            "psecurity": _psecurity(grant),
            "nonce": grant.login_nonce,
        }
    )
    _set_cookie(response, "passToken", grant.pass_token, ".account.xiaomi.com")
    _set_cookie(response, "userId", grant.user_id, ".xiaomi.com")
    return response


async def _sts(request: web.Request, cloud: Cloud) -> web.Response:
    """Trade a sign-in for its service token."""
    sessions = cloud.sessions
    grant = sessions.find_grant(request.query.get("auth", ""))
    sign = request.query.get("clientSign")
    if (
        grant is None
        or _fault(cloud, Trouble.STS_REFUSED, request)
        or (sign is None and sessions.require_client_sign)
        or (sign is not None and sign != client_sign(grant.login_nonce, grant.ssecurity))
    ):
        return web.Response(status=HTTPStatus.UNAUTHORIZED)
    if (fault := _fault(cloud, Trouble.FOREIGN_REDIRECT, request)) is not None:
        return _redirect(fault.text("location"))
    if _fault(cloud, Trouble.STS_WITHOUT_TOKEN, request):
        return web.Response(text="ok")
    match sessions.sts_layout:
        case StsLayout.OTHER_HOST:
            return _redirect(f"https://{ACCOUNT_HOST}/sts?{urlencode({'auth': grant.auth})}")
        case StsLayout.REDIRECT:
            response = _redirect(f"https://{STS_HOST}/sts/ok")
        case StsLayout.DIRECT:
            response = web.Response(text="ok")
    return _with_token(response, cloud, sessions.redeem(grant))


async def _sts_elsewhere(request: web.Request, cloud: Cloud) -> web.Response:
    """Set the service token on behalf of the redemption host."""
    grant = cloud.sessions.find_grant(request.query.get("auth", ""))
    if grant is None:
        return web.Response(status=HTTPStatus.UNAUTHORIZED)
    return _with_token(web.Response(text="ok"), cloud, cloud.sessions.redeem(grant))


async def _sts_ok(_request: web.Request, _cloud: Cloud) -> web.Response:
    """End a chain of redirects."""
    return web.Response(text="ok")


_ROUTES: Mapping[tuple[str, str], _Handler] = {
    (ACCOUNT_HOST, "/pass/serviceLogin"): _service_login,
    (ACCOUNT_HOST, "/longPolling/loginUrl"): _login_url,
    (POLL_HOST, "/lp/s"): _poll,
    (ACCOUNT_HOST, "/identity/result/check"): _verification_result,
    (ACCOUNT_HOST, "/pass/serviceLoginAuth2/end"): _verification_end,
    (ACCOUNT_HOST, "/sts"): _sts_elsewhere,
    (STS_HOST, "/sts"): _sts,
    (STS_HOST, "/sts/ok"): _sts_ok,
}


def _fault(cloud: Cloud, trouble: Trouble, request: web.Request) -> Fault | None:
    return cloud.faults.take_one(trouble, HostKind.ACCOUNT, request.path)


def _refused_sid(request: web.Request) -> web.Response | None:
    """Return the refusal of a request for no service, or for one that is not served here."""
    sid = request.query.get("sid")
    if sid == SID:
        return None
    code = _PARAMETER_MISSING if sid is None else _PARAMETER_ILLEGAL
    return answers.account_json(_refusal(code, "参数错误"))


def _refusal(code: int, description: str) -> dict[str, object]:
    return {
        "code": code,
        "result": "error",
        "desc": description,
        "description": description,
        "securityStatus": 0,
        "captchaUrl": None,
    }


def _not_signed_in() -> dict[str, object]:
    """Return the answer to somebody who has yet to sign in."""
    query = {"sid": SID, "_json": "true"}
    fields = {
        "serviceParam": '{"checkSafePhone":false,"checkSafeAddress":false,"lsrp_score":0.0}',
        "qs": quote(f"?{urlencode(query)}", safe=""),
        "_sign": "2&V1_xiaomiio&c2ltdWxhdGVkIHNpZ25hdHVyZSE=",
        "sid": SID,
        "callback": _CALLBACK,
    }
    return (
        _refusal(NOT_SIGNED_IN, "登录验证失败")
        | fields
        | {"location": f"https://{ACCOUNT_HOST}/fe/service/login?{urlencode(query | fields)}"}
    )


def _verification_needed() -> dict[str, object]:
    """Return the answer to somebody who must confirm something in a browser first."""
    context = urlencode({"sid": SID, "context": "simulated", "_locale": "zh_CN"})
    return {
        "code": 0,
        "result": "ok",
        "desc": "成功",
        "description": "成功",
        "location": "",
        "securityStatus": _VERIFICATION_STATUS,
        "notificationUrl": f"https://{ACCOUNT_HOST}/fe/service/identity/authStart?{context}",
        "captchaUrl": None,
        "pwd": 0,
        "child": 0,
    }


def _signed_in(cloud: Cloud, grant: Grant) -> dict[str, object]:
    """Return the answer to somebody who is signed in."""
    return {
        "psecurity": _psecurity(grant),
        "nonce": grant.login_nonce,
        "ssecurity": grant.ssecurity,
        "passToken": grant.pass_token,
        "userId": int(grant.user_id),
        "cUserId": cloud.world.accounts[grant.user_id].c_user_id,
        "securityStatus": 0,
        "notificationUrl": "",
        "pwd": 1,
        "child": 0,
        "code": 0,
        "result": "ok",
        "desc": "成功",
        "description": "成功",
        "location": _sts_url(grant),
        "captchaUrl": None,
    }


def _verified(grant: Grant) -> dict[str, object]:
    """Return the answer after a verification: no secrets, only where to go on."""
    query = urlencode({"auth": grant.auth, "sid": SID})
    return {
        "code": 0,
        "result": "ok",
        "desc": "成功",
        "description": "成功",
        "userId": int(grant.user_id),
        "securityStatus": 0,
        "notificationUrl": "",
        "location": f"https://{ACCOUNT_HOST}/identity/result/check?{query}",
        "captchaUrl": None,
    }


def _sts_url(grant: Grant) -> str:
    """Return the URL that trades a sign-in for its service token."""
    return f"{_CALLBACK}?" + urlencode(
        {
            "d": "wb_simulated",
            "ticket": 0,
            "pwd": 1,
            "p_ts": int(grant.expires_at),
            "fid": 0,
            "p_lm": 1,
            "auth": grant.auth,
            "m": 1,
            "_group": "DEFAULT",
            "tsl": 0,
            "nonce": grant.login_nonce,
        }
    )


def _psecurity(grant: Grant) -> str:
    """Return a secret that is delivered, but not needed for these hosts."""
    return base64.b64encode(hashlib.sha256(grant.auth.encode()).digest()[:16]).decode()


def _with_token(response: web.Response, cloud: Cloud, token: ServiceToken) -> web.Response:
    """Return a response with a session's cookies."""
    account = cloud.world.accounts[token.user_id]
    _set_cookie(response, "userId", account.user_id, ".io.mi.com")
    _set_cookie(response, "cUserId", account.c_user_id, ".io.mi.com")
    _set_cookie(response, "serviceToken", token.value, ".io.mi.com")
    _set_cookie(response, f"{SID}_slh", "simulated_slh", ".io.mi.com")
    _set_cookie(response, f"{SID}_ph", "simulated_ph==", ".io.mi.com")
    return response


def _set_cookie(response: web.Response, name: str, value: str, domain: str) -> None:
    """Add a cookie as the maker writes it: its value bare, whatever is in it."""
    response.headers.add("Set-Cookie", f"{name}={value}; Domain={domain}; Path=/; Secure; HttpOnly")


def _redirect(location: str) -> web.Response:
    return web.Response(status=HTTPStatus.FOUND, headers={"Location": location})
