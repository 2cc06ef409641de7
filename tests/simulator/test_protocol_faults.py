"""Each kind of fault, its scope and its end."""

import asyncio
import base64
import json
import time
from typing import Any

import aiohttp
import pytest

from simulator.answers import EXPIRED, ExpiredShape
from simulator.faults import FaultError, Faults, Trouble
from simulator.hosts import HostKind
from simulator.server import RunningSimulator
from tests.simulator.sample import (
    ACCOUNT,
    API,
    CAMERA,
    COMMON_STATUS,
    DEVICE_PAGE,
    FRONT_DOOR,
    HOMES_MERGED,
    MEI,
    STS,
    VIP_STATUS,
)
from tests.simulator.signing_client import Answer, SigningClient

LIVING_ROOM = "1051000102"


async def status(client: SigningClient, did: str = FRONT_DOOR, path: str = VIP_STATUS) -> Answer:
    """Ask about a camera."""
    return await client.call("GET", CAMERA, path, {"did": did, "region": "CN"})


async def devices(client: SigningClient) -> Answer:
    """Ask for the devices."""
    return await client.call("POST", API, DEVICE_PAGE, {})


def is_fine(answer: Answer) -> bool:
    """Return whether an answer is a good one."""
    return answer.status == 200 and answer.json is not None and answer.json.get("code") == 0


async def test_everything_is_fine_without_faults(client: SigningClient) -> None:
    assert client.simulator.faults.active == ()
    assert is_fine(await status(client))
    assert is_fine(await devices(client))


async def test_scope_by_host_path_and_camera(client: SigningClient) -> None:
    faults = client.simulator.faults
    faults.add("html", host="camera")
    assert "<html>" in (await status(client)).text
    assert is_fine(await devices(client))
    faults.clear()
    faults.add(Trouble.HTML, path=COMMON_STATUS)
    assert is_fine(await status(client))
    assert "<html>" in (await status(client, path=COMMON_STATUS)).text
    faults.clear()
    faults.add("http_status", {"status": 500}, did=LIVING_ROOM)
    assert is_fine(await status(client))
    assert (await status(client, LIVING_ROOM)).status == 500
    assert is_fine(await devices(client))


async def test_a_fault_ends_by_its_count_or_by_hand(client: SigningClient) -> None:
    faults = client.simulator.faults
    faults.add("html", count=2)
    assert [is_fine(await status(client)) for _ in range(4)] == [False, False, True, True]
    assert faults.active == ()
    lasting = faults.add("html")
    assert [is_fine(await status(client)) for _ in range(3)] == [False, False, False]
    faults.remove(lasting)
    faults.remove(lasting)
    assert is_fine(await status(client))


async def test_latency(client: SigningClient) -> None:
    client.simulator.faults.add("latency", seconds=0.3, count=1)
    before = time.monotonic()
    assert is_fine(await status(client))
    assert time.monotonic() - before >= 0.3


async def test_a_dropped_connection(client: SigningClient) -> None:
    # A POST: the HTTP client repeats a GET once by itself.
    client.simulator.faults.add("dropped", count=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await devices(client)
    assert client.simulator.requests.counts[API, DEVICE_PAGE, 0] == 1
    assert is_fine(await devices(client))


@pytest.mark.parametrize("code", [403, 429, 500, 502, 503, 504])
async def test_http_errors(client: SigningClient, code: int) -> None:
    client.simulator.faults.add("http_status", status=code, retry_after=17)
    answer = await status(client)
    assert answer.status == code
    assert answer.headers["Retry-After"] == "17"
    assert answer.json is None


@pytest.mark.parametrize("shape", list(ExpiredShape))
async def test_every_way_of_saying_expired(client: SigningClient, shape: ExpiredShape) -> None:
    client.simulator.faults.add("expired_token", shape=shape.value, count=1)
    answer = await devices(client)
    assert answer.status == EXPIRED[shape].status
    assert answer.json == EXPIRED[shape].body
    assert is_fine(await devices(client))


async def test_an_invalid_signature(client: SigningClient) -> None:
    client.simulator.faults.add("invalid_signature", count=1)
    assert (await status(client)).json == {"code": 0, "message": "invalid signature"}
    assert is_fine(await status(client))


@pytest.mark.parametrize("trouble", ["truncated_cipher", "garbage_cipher"])
async def test_a_broken_cipher_text(client: SigningClient, trouble: str) -> None:
    client.simulator.faults.add(trouble, count=1)
    answer = await status(client)
    assert answer.status == 200
    assert answer.sealed
    assert answer.json is None
    assert is_fine(await status(client))


async def test_compressed_without_being_asked(client: SigningClient) -> None:
    expected = await status(client)
    client.simulator.faults.add("gzip_inside", count=1)
    answer = await status(client)
    assert len(base64.b64decode(answer.text)) < len(base64.b64decode(expected.text))
    assert answer.json is not None
    assert expected.json is not None
    assert answer.json["data"] == expected.json["data"]


async def test_a_call_refused_with_a_code(client: SigningClient) -> None:
    client.simulator.faults.add("api_error", code=-704042011, message="busy")
    camera = (await status(client)).json
    assert camera is not None
    assert (camera["code"], camera["description"], camera["data"]) == (-704042011, "busy", None)
    api = (await devices(client)).json
    assert api == {"code": -704042011, "message": "busy", "result": None}


async def test_null_data(client: SigningClient) -> None:
    client.simulator.faults.add("null_data")
    camera = (await status(client)).json
    assert camera is not None
    assert (camera["code"], camera["data"]) == (0, None)
    assert (await devices(client)).json == {"code": 0, "message": "ok", "result": None}


async def test_wrong_types(client: SigningClient) -> None:
    client.simulator.faults.add("wrong_types", did=FRONT_DOOR)
    wrong = (await status(client)).json
    assert wrong is not None
    assert isinstance(wrong["data"], dict)
    assert wrong["data"]["vip"] == "true"
    assert wrong["data"]["pacakgeType"] == ["7-day cloud storage, monthly"]
    assert str(wrong["data"]["endTime"]).isdecimal()
    assert isinstance(wrong["data"]["endTime"], str)
    client.simulator.faults.add("wrong_types", host="api")
    listed = (await devices(client)).json
    assert listed is not None
    assert isinstance(listed["result"], dict)
    assert [FRONT_DOOR] in [device["did"] for device in listed["result"]["list"]]
    right = (await status(client, LIVING_ROOM)).json
    assert right is not None
    assert isinstance(right["data"], dict)
    assert right["data"]["vip"] is True


async def test_missing_keys(client: SigningClient) -> None:
    fault = client.simulator.faults.add("missing_keys", keys="isRenew,endTime")
    some = (await status(client)).json
    assert some is not None
    assert isinstance(some["data"], dict)
    assert "vip" in some["data"]
    assert not {"isRenew", "endTime"} & some["data"].keys()
    client.simulator.faults.remove(fault)
    client.simulator.faults.add("missing_keys")
    none = (await status(client)).json
    assert none is not None
    assert none["data"] == {}


async def test_faults_of_content_leave_what_has_no_content(client: SigningClient) -> None:
    for trouble in ("wrong_types", "missing_keys"):
        client.simulator.faults.add("null_data")
        client.simulator.faults.add(trouble)
        answer = (await status(client)).json
        assert answer is not None
        assert answer["data"] is None
    client.simulator.faults.add("no_devices")
    listed = (await devices(client)).json
    assert listed is not None
    assert listed["result"] is None


async def test_no_devices(client: SigningClient) -> None:
    client.simulator.faults.add("no_devices")
    listed = (await devices(client)).json
    assert listed is not None
    assert listed["result"] == {"list": [], "has_more": False, "next_start_did": ""}
    homes = (await client.call("POST", API, HOMES_MERGED, {})).json
    assert homes is not None
    assert isinstance(homes["result"], dict)
    assert homes["result"]["homelist"] == []


async def fetch(simulator: RunningSimulator, http: aiohttp.ClientSession, url: str) -> Answer:
    """Ask an account host for something, signed in by pass token."""
    host, _, path = url.partition("/")
    token = simulator.sessions.sign_in(MEI).pass_token
    async with http.get(
        f"{simulator.base_url}/{path}",
        headers={"Host": host, "Cookie": f"userId={MEI}; passToken={token}; deviceId=k3Yq0ZtL"},
        allow_redirects=False,
    ) as response:
        text = (await response.text()).removeprefix("&&&START&&&")
        return Answer(
            status=response.status,
            sealed=False,
            json=json.loads(text) if text.startswith("{") else None,
            text=text,
            headers=dict(response.headers),
        )


LOGIN = f"{ACCOUNT}/pass/serviceLogin?sid=xiaomiio&_json=true"


@pytest.mark.parametrize("code", [70016, 87001, 81003, 70022, 350008, 20023, 10031, 20003])
async def test_sign_in_refused_with_a_code(
    simulator: RunningSimulator, http: aiohttp.ClientSession, code: int
) -> None:
    simulator.faults.add("account_code", code=code, count=1)
    refused = (await fetch(simulator, http, LOGIN)).json
    assert refused is not None
    assert refused["code"] == code
    assert "location" not in refused
    accepted = (await fetch(simulator, http, LOGIN)).json
    assert accepted is not None
    assert accepted["code"] == 0


async def test_verification_needed_at_renewal(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    simulator.faults.add("verification_needed", count=1)
    asked = (await fetch(simulator, http, LOGIN)).json
    assert asked is not None
    assert (asked["code"], asked["securityStatus"], asked["location"]) == (0, 16, "")


async def test_a_link_that_runs_out(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    simulator.faults.add("link_expired", count=1)
    link = (await fetch(simulator, http, f"{ACCOUNT}/longPolling/loginUrl?sid=xiaomiio")).json
    assert link is not None
    poll = str(link["lp"]).removeprefix("https://")
    assert (await fetch(simulator, http, poll)).status == 403


async def test_the_last_step_goes_wrong(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    async def redeemed() -> Answer:
        signed_in = (await fetch(simulator, http, LOGIN)).json
        assert signed_in is not None
        return await fetch(simulator, http, str(signed_in["location"]).removeprefix("https://"))

    simulator.faults.add("foreign_redirect", count=1)
    foreign = await redeemed()
    assert (foreign.status, foreign.headers["Location"]) == (302, "https://xiaomi.com.example/sts")
    assert "Set-Cookie" not in foreign.headers
    simulator.faults.add("sts_refused", count=1)
    assert (await redeemed()).status == 401
    simulator.faults.add("sts_without_token", count=1)
    empty = await redeemed()
    assert (empty.status, empty.text) == (200, "ok")
    assert "Set-Cookie" not in empty.headers
    good = await redeemed()
    assert good.headers["Location"].startswith(f"https://{STS}/")
    assert "Set-Cookie" in good.headers


@pytest.mark.parametrize(
    ("trouble", "options"),
    [
        ("no such trouble", {}),
        ("html", {"host": "nowhere"}),
        ("no_devices", {"host": "camera"}),
        ("html", {"host": "loopback"}),
        ("html", {"count": 0}),
        ("html", {"params": {"seconds": 3}}),
        ("latency", {"params": {"seconds": "soon"}}),
        ("http_status", {"params": {"status": 200}}),
        ("expired_token", {"params": {"shape": "round"}}),
    ],
)
def test_a_fault_that_makes_no_sense(trouble: str, options: dict[str, Any]) -> None:
    faults = Faults()
    with pytest.raises(FaultError):
        faults.add(trouble, **options)
    assert faults.active == ()


def test_the_catalogue_names_every_trouble_in_both_languages() -> None:
    catalogue = Faults.catalogue()
    assert {kind.trouble for kind in catalogue} == set(Trouble)
    for kind in catalogue:
        assert kind.names.en
        assert kind.names.zh
        assert kind.hosts <= set(HostKind) - {HostKind.LOOPBACK}
        assert kind.choices.keys() <= kind.params.keys()
        for name, choices in kind.choices.items():
            assert kind.params[name] in choices


async def test_requests_are_counted(client: SigningClient) -> None:
    requests = client.simulator.requests
    await asyncio.gather(*(status(client) for _ in range(3)), devices(client))
    await client.call("POST", CAMERA, VIP_STATUS, {})
    assert requests.counts[CAMERA, VIP_STATUS, 200] == 3
    assert requests.counts[CAMERA, VIP_STATUS, 405] == 1
    assert requests.total(path=VIP_STATUS) == 4
    assert requests.total(host=API) == 1
    assert requests.total() == 5
    requests.reset()
    assert requests.total() == 0
