"""What the simulator refuses, and in which words."""

import base64
from dataclasses import replace
import hashlib
import hmac
import time
from typing import Any

import aiohttp
import pytest

from simulator.protocol import Flaw
from simulator.server import RunningSimulator
from tests.simulator.sample import (
    API,
    CAMERA,
    COMMON_STATUS,
    DEVICE_PAGE,
    FRONT_DOOR,
    JUN,
    MEI,
    MEI_BERLIN,
    VIP_STATUS,
)
from tests.simulator.signing_client import SigningClient

DATA = {"did": FRONT_DOOR, "region": "CN"}

INVALID_SIGNATURE = {"code": 0, "message": "invalid signature"}


@pytest.mark.parametrize("continuous", [False, True], ids=["fresh cipher", "one cipher"])
@pytest.mark.parametrize(
    ("method", "host", "path"),
    [("GET", CAMERA, VIP_STATUS), ("GET", CAMERA, COMMON_STATUS), ("POST", API, DEVICE_PAGE)],
)
async def test_a_good_call_is_answered_sealed(
    client: SigningClient, method: str, host: str, path: str, continuous: bool
) -> None:
    client.continuous = continuous
    answer = await client.call(method, host, path, DATA)
    assert answer.status == 200
    assert answer.sealed
    assert answer.json is not None
    assert answer.json["code"] == 0


async def test_fields_of_a_post_may_stand_in_the_query(client: SigningClient) -> None:
    answer = await client.call("POST", API, DEVICE_PAGE, {}, query=True)
    assert answer.sealed
    assert answer.json is not None


async def test_gzip_only_where_asked(client: SigningClient) -> None:
    plain = await client.call("GET", CAMERA, VIP_STATUS, DATA)
    client.headers = {**client.headers, "miot-accept-encoding": "GZIP"}
    small = await client.call("GET", CAMERA, VIP_STATUS, DATA)
    assert plain.json is not None
    assert small.json is not None
    assert small.json["data"] == plain.json["data"]
    assert len(small.text) < len(plain.text)


@pytest.mark.parametrize(
    ("bent", "flaw"),
    [
        ({"signed_method": "POST"}, Flaw.WRONG_SIGNATURE),
        # What micloud and the token extractor sign: every `/app/` cut out.
        ({"signed_path": "/miot/camera/v1/vip/status"}, Flaw.WRONG_SIGNATURE),
        ({"tampered": {"signature": "VmOR2dafESWK4//6n+AsTvX3RIE="}}, Flaw.WRONG_SIGNATURE),
        ({"tampered": {"signature": "é"}}, Flaw.WRONG_SIGNATURE),
        ({"tampered": {"data": "AAAA"}}, Flaw.WRONG_SIGNATURE),
        ({"tampered": {"extra": "field"}}, Flaw.WRONG_SIGNATURE),
        ({"tampered": {"data": None}}, Flaw.MISSING_FIELD),
        ({"tampered": {"signature": None}}, Flaw.MISSING_FIELD),
        ({"tampered": {"_nonce": None}}, Flaw.MISSING_FIELD),
        ({"tampered": {"rc4_hash__": None}}, Flaw.WRONG_SIGNATURE),
        ({"tampered": {"_nonce": "not base64!"}}, Flaw.MALFORMED_NONCE),
        ({"tampered": {"_nonce": "AAAA"}}, Flaw.MALFORMED_NONCE),
        ({"clock_offset": 600.0}, Flaw.STALE_NONCE),
        ({"clock_offset": -600.0}, Flaw.STALE_NONCE),
        ({"headers": {}}, Flaw.NOT_ENCRYPTED),
    ],
)
async def test_a_bent_call_is_an_invalid_signature(
    client: SigningClient, bent: dict[str, Any], flaw: Flaw
) -> None:
    answer = await replace(client, **bent).call("GET", CAMERA, VIP_STATUS, DATA)
    assert answer.status == 200
    assert not answer.sealed
    assert answer.json == INVALID_SIGNATURE
    assert [refusal.flaw for refusal in client.simulator.requests.refusals] == [flaw]


async def test_clock_is_read_off_the_date_header(client: SigningClient) -> None:
    client.simulator.faults.add("clock_skew", seconds=7200)
    assert (await client.call("GET", CAMERA, VIP_STATUS, DATA)).json == INVALID_SIGNATURE
    answer = await replace(client, clock_offset=7200.0).call("GET", CAMERA, VIP_STATUS, DATA)
    assert answer.sealed
    told = aiohttp.helpers.parse_http_date(answer.headers["Date"])
    assert told is not None
    assert abs(told.timestamp() - time.time() - 7200) < 5


async def test_the_whole_path_is_signed_unless_it_starts_with_app(client: SigningClient) -> None:
    client.signed_path = DEVICE_PAGE
    assert (await client.call("POST", API, DEVICE_PAGE, {})).json == INVALID_SIGNATURE
    client.signed_path = "/"
    assert (await client.call("GET", CAMERA, COMMON_STATUS, DATA)).json == INVALID_SIGNATURE


@pytest.mark.parametrize(
    "cookies",
    [
        {"serviceToken": None},
        {"serviceToken": "made/up+token=="},
        {"yetAnotherServiceToken": "another/token=="},
        {"userId": None},
        {"userId": JUN},
        {"cUserId": "somebody else"},
    ],
    ids=["no token", "unknown token", "two tokens", "no id", "another's id", "another's cUserId"],
)
async def test_cookies_that_do_not_fit_are_not_signed_in(
    client: SigningClient, cookies: dict[str, str | None]
) -> None:
    client.cookies = cookies
    camera = await client.call("GET", CAMERA, VIP_STATUS, DATA)
    assert camera.status == 401
    assert camera.json is not None
    assert camera.json["message"] == "serviceToken invalid"
    api = await client.call("POST", API, DEVICE_PAGE, {})
    assert api.status == 401
    assert api.json == {"code": 3, "message": "auth error"}


async def test_cookies_that_suffice(client: SigningClient) -> None:
    client.cookies = {
        "userId": None,
        "cUserId": client.credentials.c_user_id,
        "yetAnotherServiceToken": None,
        "locale": None,
    }
    assert (await client.call("GET", CAMERA, VIP_STATUS, DATA)).sealed
    # As aiohttp writes it by default: in double quotes.
    client.cookies = {"serviceToken": f'"{client.credentials.service_token}"'}
    client.cookies = {**client.cookies, "yetAnotherServiceToken": None}
    assert (await client.call("GET", CAMERA, VIP_STATUS, DATA)).sealed


async def test_a_token_goes_with_its_own_ssecurity_only(client: SigningClient) -> None:
    newer = client.simulator.sessions.sign_in(MEI)
    mixed = replace(client, credentials=replace(newer, ssecurity=client.credentials.ssecurity))
    assert (await mixed.call("GET", CAMERA, VIP_STATUS, DATA)).json == INVALID_SIGNATURE


async def test_two_sessions_of_one_account_live_side_by_side(client: SigningClient) -> None:
    newer = replace(client, credentials=client.simulator.sessions.sign_in(MEI))
    assert (await newer.call("GET", CAMERA, VIP_STATUS, DATA)).sealed
    assert (await client.call("GET", CAMERA, VIP_STATUS, DATA)).sealed


@pytest.mark.parametrize("user_id", [JUN, MEI_BERLIN])
async def test_another_accounts_camera_is_not_shown(client: SigningClient, user_id: str) -> None:
    other = replace(client, credentials=client.simulator.sessions.sign_in(user_id))
    answer = await other.call("GET", CAMERA, VIP_STATUS, DATA)
    assert answer.sealed
    assert answer.json is not None
    assert answer.json["code"] == -8
    assert answer.json["data"] is None


async def test_wrong_method_and_unknown_paths(client: SigningClient) -> None:
    assert (await client.call("POST", CAMERA, VIP_STATUS, DATA)).status == 405
    assert (await client.call("GET", API, DEVICE_PAGE, {})).status == 405
    assert (
        await client.call("GET", CAMERA, "/miot/camera/app/v1/vip/statuses", DATA)
    ).status == 404
    # Right path, wrong kind of host.
    assert (await client.call("GET", API, VIP_STATUS, DATA)).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/miot/camera/app/v2/vip/android/mipaySign",
        "/miot/camera/app/v1/put/cloudSwitch",
        "/miot/camera/app/v1/vip/freeface/addFreeface",
        "/common/app/v2/delete/files",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nothing_that_spends_switches_or_deletes_is_served(
    client: SigningClient, method: str, path: str
) -> None:
    assert (await client.call(method, CAMERA, path, DATA)).status == 404


async def test_unknown_hosts_are_nobody(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    for host in ("xx.api.io.mi.com", "api.io.mi.com.example", "example.com", "st.api.io.mi.com"):
        async with http.get(
            f"{simulator.base_url}{VIP_STATUS}", headers={"Host": host}
        ) as response:
            assert response.status == 404
            assert await response.text() == "No such host"


async def test_a_plain_call_is_taken_by_api_hosts_only(
    client: SigningClient, http: aiohttp.ClientSession
) -> None:
    # Signed independently of the signing client: HMAC over path, key, nonce and data.
    nonce = base64.b64encode(bytes(8) + int(time.time() // 60).to_bytes(4)).decode()
    key = hashlib.sha256(
        base64.b64decode(client.credentials.ssecurity) + base64.b64decode(nonce)
    ).digest()

    async def plain(method: str, host: str, path: str, signed: str) -> dict[str, object]:
        text = "&".join([signed, base64.b64encode(key).decode(), nonce, "data={}"])
        fields = {
            "_nonce": nonce,
            "data": "{}",
            "signature": base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode(),
        }
        async with http.request(
            method,
            f"{client.simulator.base_url}{path}",
            params=fields if method == "GET" else None,
            data=fields if method == "POST" else None,
            headers={
                "Host": host,
                "MIOT-ENCRYPT-ALGORITHM": "ENCRYPT-RC4",
                "Cookie": f"userId={MEI}; serviceToken={client.credentials.service_token}",
            },
        ) as response:
            body: dict[str, object] = await response.json()
            return body

    assert (await plain("POST", API, DEVICE_PAGE, DEVICE_PAGE.removeprefix("/app")))[
        "message"
    ] == "ok"
    assert await plain("GET", CAMERA, VIP_STATUS, VIP_STATUS) == INVALID_SIGNATURE
