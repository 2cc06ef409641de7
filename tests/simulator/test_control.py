"""The control interface, over real sockets."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from simulator.moments import DAY_MS
from simulator.server import RunningSimulator
from simulator.sessions import TicketState
from simulator.world import Misbehaviour, World
from tests.simulator.sample import (
    API,
    CAMERA,
    CLOUD_SWITCH,
    DEVICE_PAGE,
    FRONT_DOOR,
    JUN,
    MEI,
    VIP_STATUS,
)
from tests.simulator.signing_client import SigningClient
from tests.simulator.worlds import plan_entry, world_entry

type Json = dict[str, Any]


class Control:
    """Calls of the control interface; `answer` holds the last status."""

    def __init__(self, simulator: RunningSimulator, http: aiohttp.ClientSession) -> None:
        self._url = simulator.base_url + "/_control/"
        self._http = http
        self.status = 0

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        async with self._http.request(
            method, self._url + path, json=body, headers=headers
        ) as response:
            self.status = response.status
            if response.content_type != "application/json":
                return {"text": await response.text()}
            answer: Json = await response.json()
            return answer


@pytest.fixture
def control(simulator: RunningSimulator, http: aiohttp.ClientSession) -> Control:
    return Control(simulator, http)


async def test_the_state_holds_the_whole_world_and_no_password(
    control: Control, world: World
) -> None:
    state = await control("GET", "state")
    assert state["names"]["zh"] == "两个家"
    assert state["ageing"] is False
    assert len(state["cameras"]) == 13
    assert len(state["devices"]) == 5
    assert len(state["orders"]) == len(world.orders)
    kitchen = next(c for c in state["cameras"] if c["names"]["en"] == "Kitchen")
    assert kitchen["expect"]["plan_status"] == "active_renewing"
    assert 0 <= kitchen["plan"]["end"] - kitchen["next_charge"]["at"] <= 2 * 3_600_000
    assert next(c for c in state["cameras"] if c["names"]["en"] == "Study")["next_charge"] is None
    for account in world.accounts.values():
        assert account.password not in str(state)


async def test_time_passes_and_plans_renew(control: Control, world: World) -> None:
    before = (await control("GET", "state"))["orders"]
    answer = await control("POST", "advance", {"days": 3, "hours": 1, "minutes": 30})
    assert answer["advanced"] == 3 * DAY_MS + 90 * 60_000
    after = (await control("GET", "state"))["orders"]
    assert [order["outcome"] for order in after[len(before) :]] == ["paid"]
    assert world.passed_ms == answer["advanced"]


@pytest.mark.parametrize("body", [{"days": -1}, {"days": "3"}, {"weeks": 1}, [3]])
async def test_odd_spans_of_time_are_refused(control: Control, world: World, body: object) -> None:
    answer = await control("POST", "advance", body)
    assert control.status == 400
    assert answer["error"]
    assert world.passed_ms == 0


async def test_what_is_no_json_is_refused(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    async with http.post(simulator.base_url + "/_control/advance", data="{days: 3}") as response:
        assert response.status == 400
        assert (await response.json())["error"] == "body: is not JSON"


async def test_renewal_switched_by_hand_reaches_the_wire(
    control: Control, client: SigningClient
) -> None:
    async def flag() -> object:
        answer = await client.call("GET", CAMERA, VIP_STATUS, {"did": FRONT_DOOR, "region": "CN"})
        assert answer.json is not None
        data: Any = answer.json["data"]
        return data["isRenew"]

    assert await flag() is True
    answer = await control("POST", f"camera/{FRONT_DOOR}/renewal", {"on": False})
    assert answer["plan"]["auto_renew"] is False
    assert answer["next_charge"] is None
    assert await flag() is False


async def test_a_plan_that_has_ended_cannot_be_switched(control: Control) -> None:
    await control("PATCH", f"camera/{FRONT_DOOR}", {"plan": {"end": "-1h", "auto_renew": False}})
    answer = await control("POST", f"camera/{FRONT_DOOR}/renewal", {"on": True})
    assert control.status == 409
    assert "nothing to switch" in answer["error"]


@pytest.mark.parametrize("told", [True, False])
async def test_a_price_is_changed_with_and_without_notice(
    control: Control, simulator: RunningSimulator, http: aiohttp.ClientSession, *, told: bool
) -> None:
    body = {"price": "9.00 CNY", **({} if told else {"told": False})}
    answer = await control("POST", f"camera/{FRONT_DOOR}/price", body)
    assert answer["next_charge"]["price"] == "9.00 CNY"
    assert answer["plan"]["price"] == "6.00 CNY"
    url, signed_in = f"{simulator.base_url}/plan/{FRONT_DOOR}", {"Cookie": "simulated_owner=cn"}
    async with http.get(url, headers=signed_in) as page:
        assert ("9.00 CNY for terms that begin on" in await page.text()) == told
    await control("POST", "advance", {"days": 5})
    orders = (await control("GET", f"camera/{FRONT_DOOR}"))["orders"]
    assert orders[-1]["price"] == "9.00 CNY"


@pytest.mark.parametrize(
    ("body", "status"),
    [({"price": "9.00 EUR"}, 400), ({"price": "dear"}, 400), ({}, 400), ({"price": "9 CNY"}, 400)],
)
async def test_odd_prices_are_refused(control: Control, body: Json, status: int) -> None:
    await control("POST", f"camera/{FRONT_DOOR}/price", body)
    assert control.status == status


async def test_a_plan_that_has_ended_has_no_price_to_change(control: Control) -> None:
    await control("PATCH", f"camera/{FRONT_DOOR}", {"plan": {"end": "-1h", "auto_renew": False}})
    await control("POST", f"camera/{FRONT_DOOR}/price", {"price": "9.00 CNY"})
    assert control.status == 409


async def test_a_camera_is_edited_added_and_removed(control: Control, world: World) -> None:
    edited = await control("PATCH", f"camera/{FRONT_DOOR}", {"online": False})
    assert control.status == 200
    assert edited["online"] is False
    assert world.cameras[FRONT_DOOR].online is False

    wrong = await control("PATCH", f"camera/{FRONT_DOOR}", {"plan": {"price": "free"}})
    assert control.status == 400
    assert wrong["error"].startswith("plan.price: ")

    await control("DELETE", f"camera/{FRONT_DOOR}")
    assert FRONT_DOOR not in world.cameras
    await control("GET", f"camera/{FRONT_DOOR}")
    assert control.status == 404

    entry: Json = world_entry(plan_entry())
    entry = entry["cameras"][0] | {"owner": "cn", "home_id": "330001001"}
    added = await control("POST", "camera", entry)
    assert control.status == 201
    assert added["next_charge"]["covers_from"] == added["plan"]["end"]
    assert (await control("GET", f"camera/{added['did']}"))["names"]["en"] == "Door"
    await control("POST", "camera", entry)
    assert control.status == 400


async def test_a_camera_unlinked_offline_or_without_upload_is_so_on_the_wire(
    control: Control, client: SigningClient
) -> None:
    async def call(path: str) -> Json:
        answer = await client.call("GET", CAMERA, path, {"did": FRONT_DOOR, "region": "CN"})
        assert answer.json is not None
        return answer.json

    async def listed() -> dict[str, bool]:
        answer = await client.call("POST", API, DEVICE_PAGE, {})
        assert answer.json is not None
        result: Any = answer.json["result"]
        return {device["did"]: device["isOnline"] for device in result["list"]}

    assert (await listed())[FRONT_DOOR] is True
    assert (await call(CLOUD_SWITCH))["data"] == {"status": True}
    await control("PATCH", f"camera/{FRONT_DOOR}", {"online": False, "upload_on": False})
    assert (await listed())[FRONT_DOOR] is False
    assert (await call(CLOUD_SWITCH))["data"] == {"status": False}
    # Neither of it is renewal.
    assert (await call(VIP_STATUS))["data"]["isRenew"] is True
    kept = await control("GET", f"camera/{FRONT_DOOR}")
    await control("DELETE", f"camera/{FRONT_DOOR}")
    assert FRONT_DOOR not in await listed()
    assert (await call(VIP_STATUS))["code"] == -8
    # And linked again, with the plan it had.
    del kept["next_charge"]
    await control("POST", "camera", kept | {"online": True, "offline_since": None})
    assert (await listed())[FRONT_DOOR] is True
    assert (await call(VIP_STATUS))["data"]["isRenew"] is True


async def test_a_plans_habits_are_changed_while_it_runs(control: Control) -> None:
    edited = await control(
        "PATCH",
        f"camera/{FRONT_DOOR}",
        {"plan": {"flag_delay": "never", "asks_password": True}},
    )
    assert edited["plan"]["flag_delay"] == "never"
    assert edited["plan"]["asks_password"] is True
    await control("POST", f"camera/{FRONT_DOOR}/renewal", {"on": False})
    await control("POST", "advance", {"days": 2})
    plan = (await control("GET", f"camera/{FRONT_DOOR}"))["plan"]
    assert (plan["auto_renew"], plan["shown_auto_renew"]) == (False, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "camera/0"), ("DELETE", "camera/0"), ("POST", "camera/0/renewal")],
)
async def test_an_unknown_camera_is_not_found(control: Control, method: str, path: str) -> None:
    await control(method, path, {"on": False} if path.endswith("renewal") else {})
    assert control.status == 404


async def test_faults_are_listed_switched_on_and_cleared(
    control: Control, simulator: RunningSimulator
) -> None:
    catalogue = (await control("GET", "faults"))["catalogue"]
    assert {"latency", "html", "expired_token"} <= {kind["trouble"] for kind in catalogue}
    fault = await control(
        "POST",
        "faults",
        {"trouble": "http_status", "host": "camera", "count": 2, "params": {"status": 429}},
    )
    assert control.status == 201
    assert fault["params"]["status"] == 429
    [active] = simulator.faults.active
    assert (active.host, active.left) == ("camera", 2)
    await control("DELETE", "faults")
    assert not simulator.faults.active


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"trouble": "flood"},
        {"trouble": "latency", "host": "moon"},
        {"trouble": "latency", "count": 0},
        {"trouble": "latency", "params": {"seconds": [1]}},
        {"trouble": "latency", "params": {"host": "api"}},
        {"trouble": "latency", "until": "noon"},
    ],
)
async def test_odd_faults_are_refused(
    control: Control, simulator: RunningSimulator, body: object
) -> None:
    await control("POST", "faults", body)
    assert control.status == 400
    assert not simulator.faults.active


async def test_a_fault_strikes_and_its_count_runs_out(
    control: Control, simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    await control("POST", "faults", {"trouble": "html", "host": "camera", "count": 1})
    statuses = []
    for _ in range(2):
        async with http.get(simulator.base_url + VIP_STATUS, headers={"Host": CAMERA}) as response:
            statuses.append(response.content_type)
    assert statuses[0] == "text/html"
    assert statuses[1] != "text/html"


async def test_misbehaviour_is_switched_on_and_ended(control: Control, world: World) -> None:
    await control(
        "POST",
        "misbehaviour",
        {
            "flips_back_after": "2d",
            "charges_anyway": True,
            "flag_stays": True,
            "charges_twice": True,
            "charges_more": True,
            "payments_fail": True,
            "dids": [FRONT_DOOR],
        },
    )
    assert world.misbehaviour.flips_back_after_ms == 2 * DAY_MS
    assert world.misbehaviour.charges_anyway
    assert world.misbehaviour.flag_stays
    assert world.misbehaviour.concerns(FRONT_DOOR)
    assert not world.misbehaviour.concerns("another")
    assert (await control("GET", "state"))["misbehaviour"] == {
        "flips_back_after_ms": 2 * DAY_MS,
        "charges_anyway": True,
        "flag_stays": True,
        "charges_twice": True,
        "charges_more": True,
        "payments_fail": True,
        "dids": [FRONT_DOOR],
    }
    await control("DELETE", "misbehaviour")
    assert world.misbehaviour == Misbehaviour()


async def test_sessions_expire_in_the_shape_asked_for(
    control: Control, client: SigningClient, simulator: RunningSimulator
) -> None:
    simulator.sessions.sign_in(JUN)
    answer = await control(
        "POST", "sessions/expire", {"shape": "code 3, 200", "user_id": MEI, "pass_tokens": True}
    )
    assert answer["expired"] == 2
    await control("POST", "sessions/expire", {"shape": "a polite letter"})
    assert control.status == 400
    assert (await control("POST", "sessions/expire"))["expired"] == 1


async def test_a_link_is_approved_without_a_person(
    control: Control, simulator: RunningSimulator
) -> None:
    await control("POST", "link/approve", {"user_id": MEI})
    assert control.status == 409
    tickets = simulator.sessions.tickets
    older, newer = tickets.issue("device"), tickets.issue("device")
    assert (await control("GET", "state"))["waiting_links"] == 2
    assert (await control("POST", "link/approve", {"user_id": MEI}))["ticket"] == newer.key
    await control("POST", "link/approve", {"user_id": JUN, "ticket": older.key})
    assert tickets.state(older.key) is TicketState.APPROVED
    assert older.user_id == JUN
    await control("POST", "link/approve", {"user_id": JUN, "ticket": older.key})
    assert control.status == 409
    await control("POST", "link/approve", {"user_id": "nobody"})
    assert control.status == 400


async def test_the_world_is_replaced_and_its_accounts_sessions_end(
    control: Control, world: World, simulator: RunningSimulator
) -> None:
    token = simulator.sessions.sign_in(MEI).service_token
    assert (await control("POST", "world", {"name": "every_state"}))["cameras"] == 9
    assert world.names.en == "Every state"
    ended = simulator.sessions.service_token(token)
    assert ended is None or ended.expires_at <= simulator.sessions.now()
    assert (await control("POST", "world", {"cameras": 40, "seed": 3}))["cameras"] == 40
    assert (await control("POST", "world", {"world": world_entry(None)}))["cameras"] == 1
    mistakes: list[Json] = [{"name": "atlantis"}, {}, {"world": {}}, {"name": "two_homes", "at": 1}]
    for wrong in mistakes:
        await control("POST", "world", wrong)
        assert control.status == 400
    assert len(world.cameras) == 1


async def test_requests_are_counted_and_forgotten(control: Control, client: SigningClient) -> None:
    await client.call("GET", CAMERA, VIP_STATUS, {"did": FRONT_DOOR, "region": "CN"})
    requests = await control("GET", "requests")
    assert requests["total"] == 1
    assert requests["counts"] == [{"host": CAMERA, "path": VIP_STATUS, "status": 200, "count": 1}]
    await control("DELETE", "requests")
    assert (await control("GET", "requests"))["total"] == 0


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://example.org"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
async def test_a_page_of_another_site_controls_nothing(
    control: Control, world: World, headers: dict[str, str]
) -> None:
    await control("POST", "advance", {"days": 1}, headers)
    assert control.status == 403
    assert world.passed_ms == 0


async def test_our_own_pages_may(
    control: Control, world: World, simulator: RunningSimulator
) -> None:
    await control("POST", "advance", {"days": 1}, {"Origin": simulator.base_url})
    assert control.status == 200
    assert world.passed_ms == DAY_MS
