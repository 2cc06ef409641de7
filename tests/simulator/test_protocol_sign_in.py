"""Signing in at the simulated cloud: link, renewal, redemption, expiry."""

import asyncio
import base64
from dataclasses import dataclass, replace
import hashlib
import json
from urllib.parse import parse_qs, quote, urlsplit

import aiohttp
import pytest

from simulator.answers import ExpiredShape
from simulator.server import RunningSimulator
from simulator.sessions import (
    Credentials,
    StsLayout,
    TicketState,
    UnknownAccountError,
    UnknownTicketError,
)
from tests.simulator.sample import (
    ACCOUNT,
    API as API_HOST,
    CAMERA,
    DEVICE_PAGE,
    FRONT_DOOR,
    MEI,
    VIP_STATUS,
)
from tests.simulator.signing_client import SigningClient

DEVICE_ID = "k3Yq0ZtLmN5pRs7u"
LOGIN = "/pass/serviceLogin?sid=xiaomiio&_json=true"
LINK = "/longPolling/loginUrl?sid=xiaomiio&_json=true"
PREFIX = "&&&START&&&"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One raw answer."""

    status: int
    text: str
    cookies: dict[str, str]
    headers: dict[str, str]

    @property
    def json(self) -> dict[str, object]:
        """The JSON behind the prefix."""
        assert self.text.startswith(PREFIX)
        body: dict[str, object] = json.loads(self.text.removeprefix(PREFIX))
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Asks one real URL after another and shows each answer raw."""

    simulator: RunningSimulator
    http: aiohttp.ClientSession

    async def get(self, url: str, **cookies: str) -> Hop:
        """GET an https URL of the real system, or a path of the account host."""
        target = urlsplit(url if url.startswith("https://") else f"https://{ACCOUNT}{url}")
        async with self.http.get(
            f"{self.simulator.base_url}{target.path}?{target.query}",
            headers={
                "Host": target.netloc,
                "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            },
            allow_redirects=False,
        ) as response:
            return Hop(
                status=response.status,
                text=await response.text(),
                cookies={
                    header.split("=", 1)[0]: header.split("=", 1)[1].split(";")[0]
                    for header in response.headers.getall("Set-Cookie", [])
                },
                headers=dict(response.headers),
            )

    async def redeem(self, signed_in: dict[str, object]) -> Credentials:
        """Follow a sign-in to its service token."""
        url = f"{signed_in['location']}&clientSign={client_sign(signed_in)}"
        cookies: dict[str, str] = {}
        hop = await self.get(url)
        cookies |= hop.cookies
        while hop.status == 302:
            hop = await self.get(hop.headers["Location"])
            cookies |= hop.cookies
        assert (hop.status, hop.text) == (200, "ok")
        return Credentials(
            user_id=cookies["userId"],
            c_user_id=cookies["cUserId"],
            pass_token=str(signed_in["passToken"]),
            service_token=cookies["serviceToken"],
            ssecurity=str(signed_in["ssecurity"]),
        )


def client_sign(signed_in: dict[str, object]) -> str:
    """Sign a sign-in, percent-encoded."""
    text = f"nonce={signed_in['nonce']}&{signed_in['ssecurity']}"
    return quote(
        base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode(),
        safe="",
    )


def ticket_of(link: Hop) -> str:
    """Return the ticket in a sign-in link."""
    return parse_qs(urlsplit(str(link.json["loginUrl"])).query)["ticket"][0]


@pytest.fixture
def browser(simulator: RunningSimulator, http: aiohttp.ClientSession) -> Browser:
    """Give a client for sign-in pages."""
    return Browser(simulator=simulator, http=http)


async def opens(simulator: RunningSimulator, browser: Browser, credentials: Credentials) -> bool:
    """Return whether credentials are good for a signed call."""
    client = SigningClient(http=browser.http, simulator=simulator, credentials=credentials)
    answer = await client.call("GET", CAMERA, VIP_STATUS, {"did": FRONT_DOOR, "region": "CN"})
    return answer.sealed and answer.json is not None and answer.json["code"] == 0


async def test_nobody_signed_in(browser: Browser) -> None:
    hop = await browser.get(LOGIN, deviceId=DEVICE_ID)
    assert hop.status == 200
    assert not hop.headers["Content-Type"].startswith("application/json")
    assert hop.json["code"] == 70016
    assert {"_sign", "qs", "callback", "sid", "serviceParam"} <= hop.json.keys()
    # A client may take the same fields from the query of `location`.
    query = parse_qs(urlsplit(str(hop.json["location"])).query)
    for name in ("_sign", "qs", "callback", "sid"):
        assert query[name] == [hop.json[name]]
    assert not {"ssecurity", "passToken"} & hop.json.keys()


async def test_a_page_instead_of_json_when_json_is_not_asked_for(browser: Browser) -> None:
    hop = await browser.get("/pass/serviceLogin?sid=xiaomiio", deviceId=DEVICE_ID)
    assert not hop.text.startswith(PREFIX)
    assert "<html>" in hop.text


@pytest.mark.parametrize(("query", "code"), [("", 10016), ("sid=micoapi&", 10017)])
async def test_another_service_is_refused(browser: Browser, query: str, code: int) -> None:
    assert (await browser.get(f"/pass/serviceLogin?{query}_json=true")).json["code"] == code
    assert (await browser.get(f"/longPolling/loginUrl?{query}")).json["code"] == code


@pytest.mark.parametrize("layout", list(StsLayout))
async def test_sign_in_by_link(
    simulator: RunningSimulator, browser: Browser, layout: StsLayout
) -> None:
    simulator.sessions.sts_layout = layout
    simulator.sessions.require_client_sign = True
    link = await browser.get(LINK, deviceId=DEVICE_ID)
    assert str(link.json["loginUrl"]).startswith(f"{simulator.base_url}/approve?ticket=lp_")
    assert str(link.json["lp"]).startswith("https://c3.lp.account.xiaomi.com/lp/s?k=lp_")
    assert link.json["timeout"] == 300
    poll = asyncio.create_task(browser.get(str(link.json["lp"]), deviceId=DEVICE_ID))
    await asyncio.sleep(0.05)
    assert not poll.done()
    assert simulator.sessions.tickets.state(ticket_of(link)) is TicketState.WAITING
    simulator.sessions.tickets.approve(ticket_of(link), MEI)
    signed_in = (await poll).json
    assert signed_in["code"] == 0
    assert signed_in["userId"] == int(MEI)
    credentials = await browser.redeem(signed_in)
    assert credentials.user_id == MEI
    assert set("/+=") <= set(credentials.service_token)
    assert await opens(simulator, browser, credentials)


async def test_a_poll_after_the_approval_is_answered_at_once(
    simulator: RunningSimulator, browser: Browser
) -> None:
    link = await browser.get(LINK, deviceId=DEVICE_ID)
    simulator.sessions.tickets.approve(ticket_of(link), MEI)
    hop = await browser.get(str(link.json["lp"]), deviceId=DEVICE_ID)
    assert hop.json["code"] == 0


async def test_links_that_are_gone(simulator: RunningSimulator, browser: Browser) -> None:
    tickets = simulator.sessions.tickets
    denied = await browser.get(LINK, deviceId=DEVICE_ID)
    poll = asyncio.create_task(browser.get(str(denied.json["lp"]), deviceId=DEVICE_ID))
    await asyncio.sleep(0.05)
    tickets.deny(ticket_of(denied))
    assert (await poll).status == 403
    assert tickets.state(ticket_of(denied)) is TicketState.DENIED
    with pytest.raises(UnknownTicketError):
        tickets.approve(ticket_of(denied), MEI)
    with pytest.raises(UnknownAccountError):
        tickets.approve(ticket_of(denied), "1")

    tickets.lifetime = 0.1
    short = await browser.get(LINK, deviceId=DEVICE_ID)
    assert (await browser.get(str(short.json["lp"]), deviceId=DEVICE_ID)).status == 403
    assert tickets.state(ticket_of(short)) is TicketState.EXPIRED

    unknown = "https://c3.lp.account.xiaomi.com/lp/s?k=lp_unknown"
    assert (await browser.get(unknown, deviceId=DEVICE_ID)).status == 403
    assert tickets.state("lp_unknown") is TicketState.UNKNOWN


async def test_a_poll_needs_the_device_that_asked_for_the_link(
    simulator: RunningSimulator, browser: Browser
) -> None:
    link = await browser.get(LINK, deviceId=DEVICE_ID)
    simulator.sessions.tickets.approve(ticket_of(link), MEI)
    assert (await browser.get(str(link.json["lp"]), deviceId="another")).status == 403


async def test_a_newer_poll_ends_an_older_one(
    simulator: RunningSimulator, browser: Browser
) -> None:
    link = await browser.get(LINK, deviceId=DEVICE_ID)
    older = asyncio.create_task(browser.get(str(link.json["lp"]), deviceId=DEVICE_ID))
    await asyncio.sleep(0.05)
    newer = asyncio.create_task(browser.get(str(link.json["lp"]), deviceId=DEVICE_ID))
    assert (await older).status == 403
    assert not newer.done()
    simulator.sessions.tickets.approve(ticket_of(link), MEI)
    assert (await newer).json["code"] == 0


async def test_a_poll_given_up_by_its_client_can_be_taken_up_again(
    simulator: RunningSimulator, browser: Browser
) -> None:
    link = await browser.get(LINK, deviceId=DEVICE_ID)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await browser.get(str(link.json["lp"]), deviceId=DEVICE_ID)
    simulator.sessions.tickets.approve(ticket_of(link), MEI)
    assert (await browser.get(str(link.json["lp"]), deviceId=DEVICE_ID)).json["code"] == 0


async def test_renewal(simulator: RunningSimulator, browser: Browser) -> None:
    old = simulator.sessions.sign_in(MEI)
    hop = await browser.get(LOGIN, userId=MEI, passToken=old.pass_token, deviceId=DEVICE_ID)
    assert hop.json["code"] == 0
    new = await browser.redeem(hop.json)
    assert new.service_token != old.service_token
    assert new.ssecurity != old.ssecurity
    assert await opens(simulator, browser, new)
    # Another client that still uses the old pair is not signed out, and its pass token renews.
    assert await opens(simulator, browser, old)
    again = await browser.get(LOGIN, userId=MEI, passToken=new.pass_token, deviceId=DEVICE_ID)
    assert again.json["code"] == 0


@pytest.mark.parametrize("bent", ["userId", "passToken", "deviceId"])
async def test_renewal_needs_all_three_cookies(
    simulator: RunningSimulator, browser: Browser, bent: str
) -> None:
    good = {
        "userId": MEI,
        "passToken": simulator.sessions.sign_in(MEI).pass_token,
        "deviceId": DEVICE_ID,
    }
    without = {name: value for name, value in good.items() if name != bent}
    assert (await browser.get(LOGIN, **without)).json["code"] == 70016
    if bent != "deviceId":
        assert (await browser.get(LOGIN, **good | {bent: "6400520082"})).json["code"] == 70016


async def test_a_pass_token_that_ran_out(simulator: RunningSimulator, browser: Browser) -> None:
    old = simulator.sessions.sign_in(MEI)
    assert simulator.sessions.expire(service_tokens=False, pass_tokens=True) == 1
    hop = await browser.get(LOGIN, userId=MEI, passToken=old.pass_token, deviceId=DEVICE_ID)
    assert hop.json["code"] == 70016
    with pytest.raises(UnknownAccountError):
        simulator.sessions.sign_in("1")
    # What is signed in stays so until its own end.
    assert await opens(simulator, browser, old)


async def test_redemption_is_refused(simulator: RunningSimulator, browser: Browser) -> None:
    async def fresh() -> dict[str, object]:
        token = simulator.sessions.sign_in(MEI).pass_token
        return (await browser.get(LOGIN, userId=MEI, passToken=token, deviceId=DEVICE_ID)).json

    signed_in = await fresh()
    wrong = f"{signed_in['location']}&clientSign={quote('/B1hwigBwhNSyuAfPWgYiaPzcjQ=', safe='')}"
    assert (await browser.get(wrong)).status == 401
    assert (await browser.get("https://sts.api.io.mi.com/sts?auth=made-up")).status == 401
    # Public clients that leave `clientSign` out are let in; a location works once.
    assert (await browser.get(str(signed_in["location"]))).status == 302
    assert (await browser.get(str(signed_in["location"]))).status == 401
    simulator.sessions.require_client_sign = True
    assert (await browser.get(str((await fresh())["location"]))).status == 401


@pytest.mark.parametrize("path", ["/identity/result/check", "/pass/serviceLoginAuth2/end", "/sts"])
async def test_a_chain_of_redirects_needs_its_sign_in(browser: Browser, path: str) -> None:
    assert (await browser.get(f"{path}?auth=made-up")).status == 401


@pytest.mark.parametrize("shape", [None, *ExpiredShape])
async def test_an_expired_token_in_each_shape(
    client: SigningClient, shape: ExpiredShape | None
) -> None:
    expected = {
        None: (200, 401),
        ExpiredShape.AUTH_ERROR_401: (401, 401),
        ExpiredShape.CODE_3_200: (200, 200),
        ExpiredShape.TOKEN_INVALID_401: (401, 401),
        ExpiredShape.UPGRADE_426: (426, 426),
        ExpiredShape.PLAIN_401: (401, 401),
        ExpiredShape.CODE_2: (200, 200),
        ExpiredShape.AUTH_ERR_MESSAGE: (200, 200),
        ExpiredShape.CODE_MINUS_3: (200, 200),
    }[shape]
    other = replace(client, credentials=client.simulator.sessions.sign_in("6400520082"))
    assert client.simulator.sessions.expire(user_id=MEI, shape=shape) == 1
    camera = await client.call("GET", CAMERA, VIP_STATUS, {"did": FRONT_DOOR})
    api = await client.call("POST", API_HOST, DEVICE_PAGE, {})
    assert (camera.status, api.status) == expected
    assert camera.json is None or "data" not in camera.json
    if shape is None:
        assert camera.json == {"code": 3, "message": "serviceToken expired"}
        assert api.json == {"code": 3, "message": "auth error"}
    assert (await other.call("POST", API_HOST, DEVICE_PAGE, {})).sealed


async def test_tokens_run_out_by_themselves(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    simulator.sessions.service_token_lifetime = 0.0
    client = SigningClient(
        http=http, simulator=simulator, credentials=simulator.sessions.sign_in(MEI)
    )
    assert not (await client.call("POST", API_HOST, DEVICE_PAGE, {})).sealed


async def test_owner_has_to_confirm_something_first(
    simulator: RunningSimulator, browser: Browser
) -> None:
    link = await browser.get(LINK, deviceId=DEVICE_ID)
    simulator.sessions.tickets.approve(ticket_of(link), MEI)
    simulator.faults.add("verification_needed", count=1)
    asked = (await browser.get(str(link.json["lp"]), deviceId=DEVICE_ID)).json
    assert asked["code"] == 0
    assert asked["securityStatus"] == 16
    assert asked["location"] == ""
    assert str(asked["notificationUrl"]).startswith(f"https://{ACCOUNT}/fe/service/identity/")
    assert "ssecurity" not in asked
    # Once it is confirmed, the same link can be polled again.
    assert (await browser.get(str(link.json["lp"]), deviceId=DEVICE_ID)).json["securityStatus"] == 0


async def test_secrets_come_in_a_header_after_a_verification(
    simulator: RunningSimulator, browser: Browser
) -> None:
    link = await browser.get(LINK, deviceId=DEVICE_ID)
    simulator.sessions.tickets.approve(ticket_of(link), MEI)
    simulator.faults.add("secrets_in_header", count=1)
    verified = (await browser.get(str(link.json["lp"]), deviceId=DEVICE_ID)).json
    assert not {"ssecurity", "passToken", "nonce"} & verified.keys()
    hops = [await browser.get(str(verified["location"]))]
    while hops[-1].status == 302:
        hops.append(await browser.get(hops[-1].headers["Location"]))
    assert hops[-1].text == "ok"
    secrets = next(
        json.loads(hop.headers["Extension-Pragma"])
        for hop in hops
        if "Extension-Pragma" in hop.headers
    )
    cookies = {name: value for hop in hops for name, value in hop.cookies.items()}
    assert await opens(
        simulator,
        browser,
        Credentials(
            user_id=cookies["userId"],
            c_user_id=cookies["cUserId"],
            pass_token=cookies["passToken"],
            service_token=cookies["serviceToken"],
            ssecurity=secrets["ssecurity"],
        ),
    )


async def test_sign_in_by_password_is_not_served(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    async with http.post(
        f"{simulator.base_url}/pass/serviceLoginAuth2",
        headers={"Host": ACCOUNT},
        data={"user": "x"},
    ) as response:
        assert response.status == 404
    async with http.post(
        f"{simulator.base_url}/pass/serviceLogin", headers={"Host": ACCOUNT}, data={"sid": "x"}
    ) as response:
        assert response.status == 405
