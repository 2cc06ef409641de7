"""The made-up request with which the simulated maker's own page could switch renewal."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
import gzip
import json
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from simulator.answers import EXPIRED, ExpiredShape
from simulator.faults import Faults, Trouble
from simulator.hosts import COUNTRIES, REGIONS, HostKind
from simulator.moments import DAY_MS, HOUR_MS
from simulator.renewal import DEFINITION, Refusal
from simulator.server import RunningSimulator, running
from simulator.sessions import Credentials
from simulator.world import World
from simulator.worldfile import build_world
from tests.simulator.sample import (
    BALCONY,
    BERLIN_HALLWAY,
    CAMERA,
    FRONT_DOOR,
    GARAGE,
    GRANDMAS_HALL,
    JUN,
    KITCHEN,
    MEI,
    MEI_BERLIN,
    RENEWAL,
    VIP_STATUS,
    WEB,
    WINDOW,
    WORKSHOP,
)
from tests.simulator.worlds import DID, plan_entry, world_entry

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    @property
    def json(self) -> Json:
        answer: Json = json.loads(self.body)
        return answer

    @property
    def code(self) -> object:
        return self.json["code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Sends what the page of one signed-in account would send."""

    http: aiohttp.ClientSession
    simulator: RunningSimulator
    credentials: Credentials
    region: str = "cn"

    async def switch(
        self, did: str, renewal: str, *, cookies: dict[str, str] | None = None, **form: str
    ) -> Answer:
        """Ask for a camera's renewal to be on or off; `form` and `cookies` add or replace."""
        fields = {
            "did": did,
            "region": COUNTRIES[self.region],
            "user": self.credentials.user_id,
            "renewal": renewal,
        } | form
        sent = {
            "userId": self.credentials.user_id,
            "serviceToken": quote(self.credentials.service_token, safe=""),
        } | (cookies or {})
        return await self.send("POST", RENEWAL, fields, sent)

    async def send(
        self, method: str, path: str, form: Mapping[str, str], cookies: Mapping[str, str]
    ) -> Answer:
        prefix = "" if self.region == "cn" else f"{self.region}."
        async with self.http.request(
            method,
            self.simulator.base_url + path,
            data=form,
            headers={
                "Host": prefix + WEB,
                "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            },
        ) as response:
            return Answer(status=response.status, body=await response.read())


def signed_in(
    simulator: RunningSimulator, http: aiohttp.ClientSession, user_id: str, region: str = "cn"
) -> Page:
    credentials = simulator.sessions.sign_in(user_id)
    return Page(http=http, simulator=simulator, credentials=credentials, region=region)


@pytest.fixture
def mei(simulator: RunningSimulator, http: aiohttp.ClientSession) -> Page:
    return signed_in(simulator, http, MEI)


@pytest.fixture
def jun(simulator: RunningSimulator, http: aiohttp.ClientSession) -> Page:
    return signed_in(simulator, http, JUN)


def renewal(world: World, did: str) -> tuple[bool, bool | None]:
    """Return the truth at the party that takes the money, and the maker's flag."""
    plan = world.camera(did).plan
    assert plan is not None
    return plan.auto_renew, plan.shown_auto_renew


# --- What it does ------------------------------------------------------------


async def test_off_and_on_again(jun: Page, world: World) -> None:
    answer = await jun.switch(KITCHEN, "off", confirmed="1")
    assert answer.status == 200
    assert answer.json.keys() == {"code", "result", "ts"}
    assert (answer.code, answer.json["result"]) == (0, "ok")
    assert abs(answer.json["ts"] - world.now_ms()) < HOUR_MS
    assert renewal(world, KITCHEN) == (False, False)
    assert (await jun.switch(KITCHEN, "on")).code == 0
    assert renewal(world, KITCHEN) == (True, True)


async def test_the_flag_follows_after_the_plans_delay(mei: Page, world: World) -> None:
    assert (await mei.switch(GARAGE, "off", confirmed="1")).code == 0
    assert renewal(world, GARAGE) == (False, True)
    # Off is off for the maker, whatever its flag says.
    assert (await mei.switch(GARAGE, "off", confirmed="1")).code == Refusal.ALREADY_SO
    world.advance(7 * HOUR_MS)
    assert renewal(world, GARAGE) == (False, False)


async def test_a_bare_token_is_taken_as_well_as_an_encoded_one(jun: Page, world: World) -> None:
    bare = {"serviceToken": jun.credentials.service_token}
    assert quote(bare["serviceToken"], safe="") != bare["serviceToken"]
    assert (await jun.switch(KITCHEN, "off", confirmed="1", cookies=bare)).code == 0
    assert renewal(world, KITCHEN) == (False, False)


@pytest.mark.parametrize("region", REGIONS)
async def test_every_region_has_its_host(
    socket_enabled: None, http: aiohttp.ClientSession, region: str
) -> None:
    world = build_world(world_entry(plan_entry(), region=region))
    async with running(world) as simulator:
        page = signed_in(simulator, http, "100", region)
        elsewhere = replace(page, region=next(other for other in REGIONS if other != region))
        assert (await elsewhere.switch(DID, "off")).code == Refusal.NOT_ALLOWED
        assert (await page.switch(DID, "off")).code == 0
    assert renewal(world, DID) == (False, False)


# --- What it refuses ---------------------------------------------------------


async def test_a_plan_that_asks_for_the_password_is_not_switched(mei: Page, world: World) -> None:
    for password in ("", world.accounts[MEI].password):
        answer = await mei.switch(BALCONY, "off", confirmed="1", password=password)
        assert answer.status == 200
        assert (answer.code, answer.json["result"]) == (Refusal.PASSWORD_NEEDED, "error")
        assert answer.json["message"] == "password needed"
    assert renewal(world, BALCONY) == (True, True)


async def test_after_three_paid_terms_it_has_to_be_confirmed(mei: Page, world: World) -> None:
    refused = [
        await mei.switch(FRONT_DOOR, "off"),
        await mei.switch(FRONT_DOOR, "off", confirmed="0"),
    ]
    assert [answer.code for answer in refused] == [Refusal.CONFIRMATION_NEEDED] * 2
    assert renewal(world, FRONT_DOOR) == (True, True)
    assert (await mei.switch(FRONT_DOOR, "off", confirmed="1")).code == 0
    # Switching on asks for nothing.
    assert (await mei.switch(FRONT_DOOR, "on")).code == 0
    garage = world.cameras[GARAGE]
    garage.orders = garage.orders[-2:]
    assert (await mei.switch(GARAGE, "off")).code == 0


async def test_what_a_store_bills_is_the_stores(
    simulator: RunningSimulator, http: aiohttp.ClientSession, world: World
) -> None:
    page = signed_in(simulator, http, MEI_BERLIN, "de")
    assert (await page.switch(BERLIN_HALLWAY, "off", confirmed="1")).code == Refusal.BILLED_BY_STORE
    assert renewal(world, BERLIN_HALLWAY) == (True, False)


@pytest.mark.parametrize("did", [WORKSHOP, WINDOW])
@pytest.mark.parametrize("wanted", ["on", "off"])
async def test_without_a_running_plan_there_is_nothing_to_switch(
    simulator: RunningSimulator, http: aiohttp.ClientSession, did: str, wanted: str
) -> None:
    page = signed_in(simulator, http, MEI_BERLIN, "de")
    assert (await page.switch(did, wanted, confirmed="1")).code == Refusal.PLAN_ENDED


@pytest.mark.parametrize("did", [KITCHEN, GRANDMAS_HALL, BERLIN_HALLWAY, "0", ""])
async def test_only_the_owner_switches(mei: Page, world: World, did: str) -> None:
    assert (await mei.switch(did, "off", confirmed="1")).code == Refusal.NOT_ALLOWED
    assert all(
        camera.plan.switched_off_ms is None for camera in world.cameras.values() if camera.plan
    )


async def test_only_in_ones_own_name(jun: Page, world: World) -> None:
    assert (await jun.switch(KITCHEN, "off", confirmed="1", user=MEI)).code == Refusal.NOT_ALLOWED
    assert renewal(world, KITCHEN) == (True, True)


@pytest.mark.parametrize("form", [{"renewal": "maybe"}, {"region": "cn"}, {"region": "DE"}])
async def test_an_odd_form_is_not_understood(jun: Page, world: World, form: dict[str, str]) -> None:
    fields = {"did": KITCHEN, "region": "CN", "user": JUN, "renewal": "off", "confirmed": "1"}
    cookies = {"userId": JUN, "serviceToken": quote(jun.credentials.service_token, safe="")}
    answer = await jun.send("POST", RENEWAL, fields | form, cookies)
    assert answer.code == Refusal.NOT_UNDERSTOOD
    assert renewal(world, KITCHEN) == (True, True)


async def test_other_paths_and_methods_are_not_there(jun: Page) -> None:
    cookies = {"userId": JUN, "serviceToken": quote(jun.credentials.service_token, safe="")}
    assert (await jun.send("POST", "/simulated/cloud-plan", {}, cookies)).status == 404
    assert (await jun.send("GET", RENEWAL, {}, cookies)).status == 405
    # The signed calls live on another host.
    assert (await jun.send("GET", VIP_STATUS, {}, cookies)).status == 404


# --- Sessions ----------------------------------------------------------------


@pytest.mark.parametrize(
    "cookies",
    [
        {"serviceToken": "made-up"},
        {"serviceToken": ""},
        {"userId": MEI},
        {"userId": ""},
        {"yetAnotherServiceToken": "another"},
    ],
)
async def test_cookies_that_do_not_fit_are_refused(
    jun: Page, world: World, cookies: dict[str, str]
) -> None:
    answer = await jun.switch(KITCHEN, "off", confirmed="1", cookies=cookies)
    assert answer.json == {"code": 3, "message": "serviceToken expired"}
    assert renewal(world, KITCHEN) == (True, True)


async def test_the_user_id_has_to_be_among_the_cookies(jun: Page) -> None:
    form = {"did": KITCHEN, "region": "CN", "user": JUN, "renewal": "off", "confirmed": "1"}
    token = quote(jun.credentials.service_token, safe="")
    for cookies in (
        {"serviceToken": token},
        {"cUserId": jun.credentials.c_user_id} | {"serviceToken": token},
    ):
        assert (await jun.send("POST", RENEWAL, form, cookies)).code == 3


@pytest.mark.parametrize("shape", [None, *ExpiredShape])
async def test_an_expired_token_is_refused_in_the_shape_asked_for(
    jun: Page, world: World, shape: ExpiredShape | None
) -> None:
    jun.simulator.sessions.expire(shape=shape)
    answer = await jun.switch(KITCHEN, "off", confirmed="1")
    expected = EXPIRED[shape or ExpiredShape.CODE_3_200]
    assert answer.status == expected.status
    assert (json.loads(answer.body) if answer.body else None) == expected.body
    assert renewal(world, KITCHEN) == (True, True)


# --- Going wrong -------------------------------------------------------------


async def test_a_lost_answer_was_carried_out(jun: Page, world: World) -> None:
    jun.simulator.faults.add("lost_answer", path=RENEWAL, count=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await jun.switch(KITCHEN, "off", confirmed="1")
    assert renewal(world, KITCHEN) == (False, False)
    assert jun.simulator.requests.counts[WEB, RENEWAL, 0] == 1
    assert (await jun.switch(KITCHEN, "on")).code == 0


async def test_accepted_without_effect(jun: Page, world: World) -> None:
    jun.simulator.faults.add("accepted_no_effect", did=KITCHEN, count=1)
    assert (await jun.switch(KITCHEN, "off", confirmed="1")).code == 0
    world.advance(DAY_MS)
    assert renewal(world, KITCHEN) == (True, True)
    assert (await jun.switch(KITCHEN, "off", confirmed="1")).code == 0
    assert renewal(world, KITCHEN) == (False, False)


@pytest.mark.parametrize(
    "trouble", ["dropped", "http_status", "html", "expired_token", "api_error"]
)
async def test_what_is_turned_away_is_not_carried_out(
    jun: Page, world: World, trouble: str
) -> None:
    for did in (None, KITCHEN):
        jun.simulator.faults.add(trouble, path=RENEWAL, did=did, count=1)
        try:
            answer = await jun.switch(KITCHEN, "off", confirmed="1")
        except aiohttp.ServerDisconnectedError:
            assert trouble == "dropped"
        else:
            assert not says_accepted(answer.body)
        assert renewal(world, KITCHEN) == (True, True)
    assert not jun.simulator.faults.active


@pytest.mark.parametrize(
    ("trouble", "params"),
    [
        ("null_data", {}),
        ("wrong_types", {}),
        ("missing_keys", {"keys": "code"}),
        ("missing_keys", {}),
        ("truncated_cipher", {}),
        ("garbage_cipher", {}),
        ("gzip_inside", {}),
    ],
)
async def test_a_spoilt_answer_does_not_undo_what_was_done(
    jun: Page, world: World, trouble: str, params: dict[str, str]
) -> None:
    jun.simulator.faults.add(trouble, params, host=HostKind.WEB, count=1)
    answer = await jun.switch(KITCHEN, "off", confirmed="1")
    assert answer.status == 200
    assert not says_accepted(answer.body)
    assert renewal(world, KITCHEN) == (False, False)


def says_accepted(body: bytes) -> bool:
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("code") == 0


async def test_compressed_without_being_asked(jun: Page) -> None:
    jun.simulator.faults.add("gzip_inside", host=HostKind.WEB)
    answer = await jun.switch(KITCHEN, "off", confirmed="1")
    assert json.loads(gzip.decompress(answer.body))["code"] == 0


async def test_a_slow_answer_is_still_one(jun: Page, world: World) -> None:
    jun.simulator.faults.add("latency", path=RENEWAL, seconds=0.2)
    asked = asyncio.create_task(jun.switch(KITCHEN, "off", confirmed="1"))
    await asyncio.sleep(0.1)
    assert renewal(world, KITCHEN) == (True, True)
    assert (await asked).code == 0
    assert renewal(world, KITCHEN) == (False, False)


def test_every_kind_of_fault_but_those_of_other_hosts_reaches_it() -> None:
    out = {kind.trouble for kind in Faults.catalogue() if HostKind.WEB not in kind.hosts}
    elsewhere = {HostKind.ACCOUNT}, {HostKind.CAMERA}, {HostKind.STORAGE}
    others = {kind.trouble for kind in Faults.catalogue() if kind.hosts in elsewhere}
    assert out == others | {Trouble.NO_DEVICES}


# --- Counting ----------------------------------------------------------------


async def test_requests_are_counted_by_camera_whatever_comes_of_them(
    jun: Page, mei: Page, http: aiohttp.ClientSession
) -> None:
    await jun.switch(KITCHEN, "off", confirmed="1")
    await mei.switch(BALCONY, "off", confirmed="1")
    jun.simulator.faults.add("dropped", path=RENEWAL, count=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await jun.switch(KITCHEN, "on")
    await mei.switch(KITCHEN, "off", cookies={"serviceToken": "made-up"})
    control = f"{jun.simulator.base_url}/_control/requests"
    async with http.get(control) as response:
        counted: Json = await response.json()
    assert counted["renewal_requests"] == {KITCHEN: 3, BALCONY: 1}
    assert counted["total"] == 4
    assert {"host": WEB, "path": RENEWAL, "status": 0, "count": 1} in counted["counts"]
    async with http.delete(control):
        assert not jun.simulator.requests.renewals


# --- Its definition ----------------------------------------------------------


def filled_in(parameters: Mapping[str, str], **values: str) -> dict[str, str]:
    return {name: value.format(**values) for name, value in parameters.items()}


async def test_the_definition_describes_the_request_as_it_is(jun: Page, world: World) -> None:
    definition: Json = json.loads(DEFINITION.read_text(encoding="utf-8"))
    assert definition["gateway_only"] is True
    cookies = {"userId": JUN, "serviceToken": quote(jun.credentials.service_token, safe="")}
    for wanted in ("off", "on"):
        call = definition[wanted]
        assert (call["host"], call["body"]) == (WEB, "form")
        form = filled_in(call["parameters"], camera=KITCHEN, region="CN", user=JUN)
        answer = await jun.send(call["method"], call["path"], form, cookies)
        assert answer.json[call["answer"]["code"]] in call["answer"]["accepted"]
        assert renewal(world, KITCHEN)[0] is (wanted == "on")


def test_the_definition_names_every_refusal_and_holds_no_secret() -> None:
    text = DEFINITION.read_text(encoding="utf-8")
    definition: Json = json.loads(text)
    for wanted in ("off", "on"):
        errors = definition[wanted]["answer"]["errors"]
        named = {int(code): word for code, word in errors.items()}
        assert named.pop(3) == "session_expired"
        assert named == {
            int(refusal): refusal.name.lower()
            for refusal in Refusal
            if refusal is not Refusal.NOT_UNDERSTOOD
        }
    assert "confirmed" not in definition["on"]["parameters"]
    assert "token" not in text.lower()


async def test_the_definition_is_offered_on_the_desk(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{simulator.base_url}/") as response:
        assert 'href="/renewal_request.json" download' in await response.text()
    async with http.get(f"{simulator.base_url}/renewal_request.json") as response:
        assert response.content_type == "application/json"
        assert await response.read() == DEFINITION.read_bytes()


async def test_the_web_host_is_a_host_of_its_own(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    for host, status in ((WEB, 405), (CAMERA, 404), ("evil.camera.api.io.mi.com", 404)):
        async with http.get(simulator.base_url + RENEWAL, headers={"Host": host}) as response:
            assert response.status == status
    async with http.post(simulator.base_url + RENEWAL) as response:
        assert response.status == 404
