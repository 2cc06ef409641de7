"""Signing in by link, over real sockets, down every path the simulated maker has."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
import pytest

from custom_components.camera_cloud_plan.cloud.errors import (
    ApiError,
    BrowserNeededError,
    CaptchaNeededError,
    CloudError,
    CodeNeededError,
    RateLimitedError,
    RefusedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.camera_cloud_plan.cloud.sign_in import LinkExpired
from custom_components.camera_cloud_plan.cloud.xiaomi import LinkSignIn, XiaomiCredentials, sign_in
from simulator.faults import Trouble
from simulator.hosts import HostKind
from simulator.server import RunningSimulator
from simulator.sessions import StsLayout
from tests.cloud.helpers import ACCOUNT, DEVICE_ID, MEI, approved, connect, until_polled

_POLL = "/lp/s"


@pytest.fixture
def dialogue(sim: RunningSimulator, http: aiohttp.ClientSession) -> LinkSignIn:
    """Return a sign-in dialogue through the gateway."""
    return LinkSignIn(http, gateway=sim.base_url, device_id=DEVICE_ID)


async def _wait(dialogue: LinkSignIn) -> XiaomiCredentials | LinkExpired:
    async with asyncio.timeout(10):
        return await dialogue.wait()


@pytest.mark.parametrize("layout", list(StsLayout))
async def test_an_approved_link_ends_in_credentials_that_work(
    sim: RunningSimulator, http: aiohttp.ClientSession, dialogue: LinkSignIn, layout: StsLayout
) -> None:
    sim.sessions.sts_layout = layout
    sim.sessions.require_client_sign = True
    await approved(sim, dialogue, MEI)
    credentials = await _wait(dialogue)
    assert isinstance(credentials, XiaomiCredentials)
    assert credentials.user_id == MEI
    assert credentials.c_user_id == sim.world.accounts[MEI].c_user_id
    assert credentials.device_id == DEVICE_ID
    assert await connect(sim, http, credentials, regions=("cn",)).list_cameras()


async def test_the_link_is_one_to_open(sim: RunningSimulator, dialogue: LinkSignIn) -> None:
    offered = await dialogue.start()
    assert offered.url.startswith(f"{sim.base_url}/approve?ticket=")
    assert offered.valid_for == sim.sessions.tickets.lifetime
    [ticket] = sim.sessions.tickets.waiting()
    assert ticket.device_id == DEVICE_ID


async def test_each_dialogue_without_a_device_id_makes_one(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    for _ in range(2):
        await LinkSignIn(http, gateway=sim.base_url).start()
    ids = {ticket.device_id for ticket in sim.sessions.tickets.waiting()}
    assert len(ids) == 2
    assert all(len(device_id) == 16 and device_id.isalnum() for device_id in ids)


async def test_secrets_in_a_hops_header_are_taken_from_there(
    sim: RunningSimulator, http: aiohttp.ClientSession, dialogue: LinkSignIn
) -> None:
    sim.sessions.require_client_sign = True
    sim.faults.add(Trouble.SECRETS_IN_HEADER)
    await approved(sim, dialogue, MEI)
    credentials = await _wait(dialogue)
    assert isinstance(credentials, XiaomiCredentials)
    assert credentials.pass_token.startswith("V1:")
    assert await connect(sim, http, credentials, regions=("cn",)).list_cameras()


async def test_a_denied_link_is_over(sim: RunningSimulator, dialogue: LinkSignIn) -> None:
    await dialogue.start()
    waiting = asyncio.create_task(_wait(dialogue))
    sim.sessions.tickets.deny(await until_polled(sim))
    assert await waiting == LinkExpired()
    assert await _wait(dialogue) == LinkExpired()


async def test_a_link_nobody_approves_runs_out_and_a_new_one_can_be_had(
    sim: RunningSimulator, dialogue: LinkSignIn
) -> None:
    await dialogue.start()
    waiting = asyncio.create_task(_wait(dialogue))
    await until_polled(sim)
    sim.sessions.tickets.expire()
    assert await waiting == LinkExpired()
    await approved(sim, dialogue, MEI)
    assert isinstance(await _wait(dialogue), XiaomiCredentials)


async def test_waiting_without_a_link_is_over_at_once(dialogue: LinkSignIn) -> None:
    assert await _wait(dialogue) == LinkExpired()


async def test_runs_out_by_itself_where_the_host_never_says_so(
    sim: RunningSimulator, dialogue: LinkSignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "_LEAST_VALID", 0.2)
    sim.sessions.tickets.lifetime = 0
    sim.faults.add(Trouble.LATENCY, path=_POLL, seconds=30)
    await dialogue.start()
    assert await _wait(dialogue) == LinkExpired()


async def test_runs_out_while_the_host_is_away(
    sim: RunningSimulator, dialogue: LinkSignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "_LEAST_VALID", 0.2)
    monkeypatch.setattr(sign_in, "_POLL_PAUSE", 0.15)
    sim.sessions.tickets.lifetime = 0
    sim.faults.add(Trouble.DROPPED, path=_POLL)
    await dialogue.start()
    assert await _wait(dialogue) == LinkExpired()


async def test_what_was_approved_is_waited_for_again_where_the_last_step_was_away(
    sim: RunningSimulator, dialogue: LinkSignIn
) -> None:
    sim.faults.add(Trouble.HTTP_STATUS, path="/sts", count=1, status=503)
    await approved(sim, dialogue, MEI)
    with pytest.raises(UnreachableError):
        await _wait(dialogue)
    assert isinstance(await _wait(dialogue), XiaomiCredentials)


async def test_waiting_can_be_cancelled_and_taken_up_again(
    sim: RunningSimulator, dialogue: LinkSignIn
) -> None:
    await dialogue.start()
    waiting = asyncio.create_task(dialogue.wait())
    key = await until_polled(sim)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    sim.sessions.tickets.approve(key, MEI)
    assert isinstance(await _wait(dialogue), XiaomiCredentials)


async def test_only_one_poll_runs_at_a_time(sim: RunningSimulator, dialogue: LinkSignIn) -> None:
    await approved(sim, dialogue, MEI)
    first, second = await asyncio.gather(_wait(dialogue), _wait(dialogue))
    assert isinstance(first, XiaomiCredentials)
    # The link works once; whoever waited behind learns that it is over.
    assert second == LinkExpired()


async def test_a_poll_that_breaks_off_is_taken_up_again(
    sim: RunningSimulator, dialogue: LinkSignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "_POLL_PAUSE", 0.01)
    sim.faults.add(Trouble.DROPPED, path=_POLL, count=2)
    sim.faults.add(Trouble.HTTP_STATUS, path=_POLL, count=2, status=502)
    await approved(sim, dialogue, MEI)
    assert isinstance(await _wait(dialogue), XiaomiCredentials)


async def test_a_host_that_stays_away_while_polling_is_unreachable(
    sim: RunningSimulator, dialogue: LinkSignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "_POLL_PAUSE", 0.01)
    await dialogue.start()
    fault = sim.faults.add(Trouble.DROPPED, path=_POLL)
    with pytest.raises(UnreachableError):
        await _wait(dialogue)
    # The link itself is still good.
    sim.faults.remove(fault)
    asyncio.get_running_loop().create_task(_approve_when_polled(sim))
    assert isinstance(await _wait(dialogue), XiaomiCredentials)


async def _approve_when_polled(sim: RunningSimulator) -> None:
    sim.sessions.tickets.approve(await until_polled(sim), MEI)


async def test_a_verification_sends_to_the_browser(
    sim: RunningSimulator, dialogue: LinkSignIn
) -> None:
    sim.faults.add(Trouble.VERIFICATION_NEEDED)
    await approved(sim, dialogue, MEI)
    with pytest.raises(BrowserNeededError) as raised:
        await _wait(dialogue)
    assert raised.value.url is not None
    assert raised.value.url.startswith("https://account.xiaomi.com/fe/service/identity/")
    assert raised.value.url not in str(raised.value)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (70016, RefusedError),
        (70002, RefusedError),
        (20003, RefusedError),
        (350008, RefusedError),
        (1002, RefusedError),
        (87001, CaptchaNeededError),
        (20031, CaptchaNeededError),
        (81003, CodeNeededError),
        (70022, CodeNeededError),
        (20023, RateLimitedError),
        (10031, RateLimitedError),
        (10016, ApiError),
        (10017, ApiError),
    ],
)
async def test_the_account_hosts_codes(
    sim: RunningSimulator, dialogue: LinkSignIn, code: int, error: type[CloudError]
) -> None:
    sim.faults.add(Trouble.ACCOUNT_CODE, path=_POLL, code=code)
    await dialogue.start()
    with pytest.raises(error) as raised:
        await _wait(dialogue)
    if isinstance(raised.value, RefusedError | ApiError):
        assert raised.value.code == code


async def test_a_refused_offer(sim: RunningSimulator, dialogue: LinkSignIn) -> None:
    sim.faults.add(Trouble.ACCOUNT_CODE, path="/longPolling/loginUrl", code=10031)
    with pytest.raises(RateLimitedError):
        await dialogue.start()


async def test_a_web_page_with_status_200_wants_the_owner(
    sim: RunningSimulator, dialogue: LinkSignIn
) -> None:
    sim.faults.add(Trouble.HTML, host=HostKind.ACCOUNT)
    with pytest.raises(BrowserNeededError) as raised:
        await dialogue.start()
    assert raised.value.url == "https://account.xiaomi.com/"


@pytest.mark.parametrize("status", [403, 500, 502, 503, 504])
async def test_a_web_page_with_another_status_does_not(
    sim: RunningSimulator, dialogue: LinkSignIn, status: int
) -> None:
    sim.faults.add(Trouble.HTTP_STATUS, host=HostKind.ACCOUNT, status=status)
    with pytest.raises(UnreachableError):
        await dialogue.start()


async def test_a_rejected_last_step(sim: RunningSimulator, dialogue: LinkSignIn) -> None:
    sim.faults.add(Trouble.STS_REFUSED)
    await approved(sim, dialogue, MEI)
    with pytest.raises(RefusedError):
        await _wait(dialogue)


async def test_no_half_session(sim: RunningSimulator, dialogue: LinkSignIn) -> None:
    sim.faults.add(Trouble.STS_WITHOUT_TOKEN)
    await approved(sim, dialogue, MEI)
    with pytest.raises(UnexpectedAnswerError, match="without a service token"):
        await _wait(dialogue)


@asynccontextmanager
async def _foreign_host() -> AsyncIterator[tuple[str, list[web.BaseRequest]]]:
    """Run a host that is not the maker's, and remember who calls."""
    calls: list[web.BaseRequest] = []

    async def remember(request: web.BaseRequest) -> web.Response:
        calls.append(request)
        return web.Response(text="ok", headers={"Set-Cookie": "serviceToken=foreign"})

    runner = web.ServerRunner(web.Server(remember))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", calls
    finally:
        await runner.cleanup()


async def test_a_hop_to_a_foreign_host_is_not_taken(
    sim: RunningSimulator, dialogue: LinkSignIn
) -> None:
    async with _foreign_host() as (origin, calls):
        sim.faults.add(Trouble.FOREIGN_REDIRECT, location=f"{origin}/sts?auth=secret")
        await approved(sim, dialogue, MEI)
        with pytest.raises(UnexpectedAnswerError, match="leads away"):
            await _wait(dialogue)
    assert calls == []


@pytest.mark.parametrize(
    "location",
    [
        "https://xiaomi.com.example/sts",
        "http://sts.api.io.mi.com/sts",
        "//evil.example/sts",
        "https://sts.api.io.mi.com@evil.example/",
        "javascript:alert(1)",
        "https://[broken",
        "http://127.0.0.1:1/sts",
    ],
)
async def test_hops_that_are_never_taken(
    sim: RunningSimulator, dialogue: LinkSignIn, location: str
) -> None:
    sim.faults.add(Trouble.FOREIGN_REDIRECT, location=location)
    await approved(sim, dialogue, MEI)
    sim.requests.reset()
    with pytest.raises(UnexpectedAnswerError):
        await _wait(dialogue)
    assert [key for key in sim.requests.counts if "(unknown host)" in key] == []


type Answers = Callable[[web.Request], web.StreamResponse]


@asynccontextmanager
async def _account_host(answer: Answers) -> AsyncIterator[str]:
    """Run an account host of the test's own making, and return its origin."""

    async def serve(request: web.Request) -> web.StreamResponse:
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _said(text: str, status: int = 200) -> Answers:
    return lambda _request: web.Response(text=text, status=status)


@pytest.mark.parametrize(
    ("text", "status", "error"),
    [
        ("", 200, UnexpectedAnswerError),
        ("nonsense", 200, UnexpectedAnswerError),
        ("&&&START&&&[]", 200, UnexpectedAnswerError),
        ("&&&START&&&{", 200, UnexpectedAnswerError),
        ("&&&START&&&" + "[" * 100_000, 200, UnexpectedAnswerError),
        ("&&&START&&&{}", 200, UnexpectedAnswerError),
        ("<html>", 404, UnexpectedAnswerError),
        ("", 302, UnexpectedAnswerError),
        ("", 401, RefusedError),
        ('&&&START&&&{"lp":"https://lp.account.xiaomi.com/s"}', 200, UnexpectedAnswerError),
        (
            '&&&START&&&{"lp":"https://lp.account.xiaomi.com/s","loginUrl":"https://evil.example"}',
            200,
            UnexpectedAnswerError,
        ),
        (
            '&&&START&&&{"lp":"http://lp.account.xiaomi.com/s","loginUrl":"https://account.xiaomi.com/l"}',
            200,
            UnexpectedAnswerError,
        ),
        (
            '&&&START&&&{"lp":["https://lp.account.xiaomi.com/s"],"loginUrl":7}',
            200,
            UnexpectedAnswerError,
        ),
    ],
)
async def test_odd_offers(
    http: aiohttp.ClientSession, text: str, status: int, error: type[CloudError]
) -> None:
    async with _account_host(_said(text, status)) as origin:
        with pytest.raises(error):
            await LinkSignIn(http, gateway=origin).start()


@pytest.mark.parametrize(
    ("named", "valid_for"),
    [("300", 300), (0, 5), (-1, 300), (10**9, 900), ("soon", 300), (None, 300), ([], 300)],
)
async def test_how_long_an_offer_is_good_for(
    http: aiohttp.ClientSession, named: object, valid_for: float
) -> None:
    def offer(_request: web.Request) -> web.Response:
        return web.json_response(
            {
                "loginUrl": "https://account.xiaomi.com/l?x=a%2Fb",
                "lp": "/lp",
                "timeout": named,
            }
        )

    async with _account_host(offer) as origin:
        offered = await LinkSignIn(http, gateway=origin).start()
    # Answers without the usual prefix are read as well, and links are kept to the letter.
    assert offered.url == "https://account.xiaomi.com/l?x=a%2Fb"
    assert offered.valid_for == valid_for


_APPROVED = {
    "code": 0,
    "location": "https://sts.api.io.mi.com/sts?auth=a%2Bb",
    "ssecurity": "ABEiM0RVZneImaq7zN3u/w==",
    "nonce": 6312345678901234567,
    "userId": 2300410071,
    "cUserId": "cU5er",
    "passToken": "V1:pass",
    "securityStatus": 0,
    "notificationUrl": "",
}


def _maker(
    approved_: dict[str, object], sts: Callable[[web.Request], web.Response]
) -> tuple[Answers, list[web.Request]]:
    """Return a maker that offers a link, at once says this to the poll, and ends like that."""
    seen: list[web.Request] = []

    def answer(request: web.Request) -> web.Response:
        seen.append(request)
        match request.path:
            case "/longPolling/loginUrl":
                return web.json_response(
                    {
                        "loginUrl": "https://account.xiaomi.com/l",
                        "lp": "https://lp.account.xiaomi.com/s",
                    }
                )
            case "/s":
                return web.json_response(approved_)
        return sts(request)

    return answer, seen


def _token(request: web.Request) -> web.Response:
    return web.Response(text="ok", headers={"Set-Cookie": "serviceToken=t/o+k==; Path=/"})


async def _signed_in(
    http: aiohttp.ClientSession, answer: Answers
) -> XiaomiCredentials | LinkExpired:
    async with _account_host(answer) as origin:
        dialogue = LinkSignIn(http, gateway=origin, device_id=DEVICE_ID)
        await dialogue.start()
        return await dialogue.wait()


@pytest.mark.own_server
async def test_the_last_step_is_signed_and_its_address_kept_to_the_letter(
    http: aiohttp.ClientSession,
) -> None:
    answer, seen = _maker(_APPROVED, _token)
    credentials = await _signed_in(http, answer)
    assert isinstance(credentials, XiaomiCredentials)
    assert credentials.session is not None
    assert credentials.session.service_token == "t/o+k=="
    last = seen[-1]
    # The signature is the vector of this nonce and ssecurity.
    assert last.raw_path == "/sts?auth=a%2Bb&clientSign=%2FB1hwigBwhNSyuAfPWgYiaPzcjQ%3D"
    assert last.headers["Host"] == "sts.api.io.mi.com"
    assert "Cookie" not in last.headers


@pytest.mark.own_server
@pytest.mark.parametrize(
    "change",
    [
        {"userId": None},
        {"userId": ""},
        {"passToken": None},
        {"passToken": "with blank"},
        {"ssecurity": None},
        {"ssecurity": "short"},
        {"ssecurity": 7},
    ],
)
async def test_no_half_credentials(http: aiohttp.ClientSession, change: dict[str, object]) -> None:
    answer, _ = _maker(_APPROVED | change, _token)
    with pytest.raises(UnexpectedAnswerError):
        await _signed_in(http, answer)


@pytest.mark.own_server
@pytest.mark.parametrize(
    ("change", "url"),
    [
        (
            {"notificationUrl": "/fe/service/identity/x?a=b"},
            "https://account.xiaomi.com/fe/service/identity/x?a=b",
        ),
        ({"notificationUrl": "https://evil.example/"}, None),
        ({"notificationUrl": "https://[broken"}, None),
        ({"notificationUrl": 7}, None),
        ({"securityStatus": 16}, None),
    ],
)
async def test_where_a_verification_may_send(
    http: aiohttp.ClientSession, change: dict[str, object], url: str | None
) -> None:
    answer, _ = _maker(_APPROVED | change, _token)
    with pytest.raises(BrowserNeededError) as raised:
        await _signed_in(http, answer)
    assert raised.value.url == url


@pytest.mark.own_server
async def test_a_captcha_named_by_its_address(http: aiohttp.ClientSession) -> None:
    answer, _ = _maker({"code": 1, "captchaUrl": "/pass/getCode"}, _token)
    with pytest.raises(CaptchaNeededError):
        await _signed_in(http, answer)


@pytest.mark.own_server
async def test_cookies_of_a_hop_go_back_to_its_host_only(http: aiohttp.ClientSession) -> None:
    def sts(request: web.Request) -> web.Response:
        match request.headers["Host"], request.path:
            case "sts.api.io.mi.com", "/sts":
                location = "https://sts.api.io.mi.com/again"
                headers = [("Set-Cookie", "hop=1; Path=/"), ("Set-Cookie", "bad=a b")]
            case "sts.api.io.mi.com", "/again":
                location, headers = "https://account.xiaomi.com/other", []
            case _:
                return _token(request)
        return web.Response(status=302, headers=[("Location", location), *headers])

    answer, seen = _maker(_APPROVED, sts)
    await _signed_in(http, answer)
    assert [request.headers.get("Cookie") for request in seen[2:]] == [None, "hop=1", None]
    # The second time round at the same host the proof is not added again.
    assert [request.raw_path.count("clientSign") for request in seen[2:]] == [1, 1, 0]


@pytest.mark.own_server
async def test_a_service_token_under_the_services_own_name(http: aiohttp.ClientSession) -> None:
    def sts(_request: web.Request) -> web.Response:
        response = web.Response(text="ok")
        response.headers.add("Set-Cookie", "serviceToken=EXPIRED; Max-Age=0")
        response.headers.add("Set-Cookie", 'xiaomiio_serviceToken="quoted/token=="; Path=/')
        return response

    answer, _ = _maker(_APPROVED, sts)
    credentials = await _signed_in(http, answer)
    assert isinstance(credentials, XiaomiCredentials)
    assert credentials.session is not None
    assert credentials.session.service_token == "quoted/token=="


@pytest.mark.own_server
async def test_hops_that_go_round(http: aiohttp.ClientSession) -> None:
    answer, seen = _maker(
        _APPROVED,
        lambda _request: web.Response(status=302, headers={"Location": "/round"}),
    )
    with pytest.raises(UnexpectedAnswerError, match="no end"):
        await _signed_in(http, answer)
    assert len(seen) == 2 + 8


@pytest.mark.own_server
async def test_a_redirect_without_an_address(http: aiohttp.ClientSession) -> None:
    answer, _ = _maker(_APPROVED, lambda _request: web.Response(status=302))
    with pytest.raises(UnexpectedAnswerError, match="without a service token"):
        await _signed_in(http, answer)


async def test_signs_in_without_following_anything_to_the_account_host_twice(
    sim: RunningSimulator, dialogue: LinkSignIn
) -> None:
    await approved(sim, dialogue, MEI)
    await _wait(dialogue)
    assert sim.requests.total(host=ACCOUNT) == 1
    assert sim.requests.total() == 3
