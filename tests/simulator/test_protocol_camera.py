"""What the camera hosts say of a plan."""

from dataclasses import replace

import pytest

from simulator.world import DROP, Camera
from tests.simulator.sample import (
    CAMERA,
    CAPACITY,
    CLOUD_SUPPORT,
    CLOUD_SWITCH,
    COMMON_STATUS,
    DEDUCT_ORDERS,
    FRONT_DOOR,
    GRANDMAS_HALL,
    MEI_BERLIN,
    VIP_STATUS,
)
from tests.simulator.signing_client import SigningClient

type Json = dict[str, object]

DAY_MS = 86_400_000
HALLWAY, WORKSHOP, WINDOW = "1064000201", "1064000202", "1064000203"


async def data(
    client: SigningClient, path: str = VIP_STATUS, did: str = FRONT_DOOR, host: str = CAMERA
) -> Json:
    """Return the data of an answer about one camera."""
    answer = await client.call("GET", host, path, {"did": did, "region": "CN"})
    assert answer.json is not None
    assert answer.json["code"] == 0
    content = answer.json["data"]
    assert isinstance(content, dict)
    return content


@pytest.fixture
def front_door(client: SigningClient) -> Camera:
    """Give the front door as the world has it."""
    return client.simulator.world.camera(FRONT_DOOR)


@pytest.fixture
def berlin(client: SigningClient) -> SigningClient:
    """Give a client that is signed in to the account in Berlin."""
    return replace(client, credentials=client.simulator.sessions.sign_in(MEI_BERLIN))


async def test_envelope(client: SigningClient) -> None:
    answer = await client.call("GET", CAMERA, VIP_STATUS, {"did": FRONT_DOOR, "region": "CN"})
    assert answer.json is not None
    assert answer.json.keys() == {"result", "retriable", "code", "description", "data", "ts"}
    assert (answer.json["result"], answer.json["retriable"]) == ("ok", False)
    assert abs(int(str(answer.json["ts"])) - client.simulator.world.now_ms()) < 10_000


async def test_a_running_plan(client: SigningClient, front_door: Camera) -> None:
    assert front_door.plan is not None
    assert await data(client) == {
        "vip": True,
        "status": 0,
        "pacakgeType": "7-day cloud storage, monthly",
        "startTime": front_door.plan.start_ms,
        "endTime": front_door.plan.end_ms,
        "isRenew": True,
        "renewStatus": True,
        "rollingSaveInterval": 7 * DAY_MS,
        "closeWindow": False,
        "freeHomSurStatus": front_door.free_tier.limited,
        "freeHomeSurExpireTime": front_door.free_tier.expires_ms,
    }
    assert await data(client, COMMON_STATUS) == await data(client)


async def test_a_plan_on_its_way_out(client: SigningClient, front_door: Camera) -> None:
    assert front_door.plan is not None
    client.simulator.world.switch_renewal(FRONT_DOOR, on=False)
    assert (await data(client))["isRenew"] is False
    left = front_door.plan.end_ms - client.simulator.world.now_ms()
    client.simulator.world.advance(left - 60_000)
    assert (await data(client))["vip"] is True
    client.simulator.world.advance(60_000)
    expired = await data(client)
    assert (expired["vip"], expired["status"], expired["closeWindow"]) == (False, 1, False)
    client.simulator.world.advance(front_door.plan.reachable_days_after_end * DAY_MS)
    gone = await data(client)
    assert (gone["vip"], gone["status"], gone["closeWindow"]) == (False, 1, True)


async def test_a_plan_whose_payment_fails_is_not_in_force(
    client: SigningClient, front_door: Camera
) -> None:
    assert front_door.plan is not None
    front_door.plan.payment_works = False
    end = front_door.plan.end_ms
    client.simulator.world.advance(end - client.simulator.world.now_ms() + 3_600_000)
    fields = await data(client)
    assert fields["vip"] is False
    assert fields["endTime"] == end


async def test_an_app_store_plan_never_shows_its_renewal(
    berlin: SigningClient,
) -> None:
    plan = berlin.simulator.world.camera(HALLWAY).plan
    assert plan is not None
    assert plan.auto_renew
    host = f"de.{CAMERA}"
    fields = await data(berlin, did=HALLWAY, host=host)
    assert (fields["vip"], fields["isRenew"], fields["renewStatus"]) == (True, False, False)
    orders = await data(berlin, DEDUCT_ORDERS, HALLWAY, host)
    assert orders == {"hasDeductOrders": False}


async def test_a_flag_that_is_not_there(client: SigningClient, front_door: Camera) -> None:
    assert front_door.plan is not None
    front_door.plan.shown_auto_renew = None
    assert not {"isRenew", "renewStatus"} & (await data(client)).keys()


async def test_a_camera_that_never_had_a_plan(berlin: SigningClient) -> None:
    fields = await data(berlin, did=WINDOW, host=f"de.{CAMERA}")
    assert (fields["vip"], fields["status"], fields["isRenew"]) == (False, 0, False)
    assert (fields["startTime"], fields["endTime"]) == (0, 0)


async def test_odd_values_are_forced_last(client: SigningClient, front_door: Camera) -> None:
    front_door.wire_overrides = {
        "endTime": "1795797886130",
        "vipStatusEnum": None,
        "isRenew": DROP,
        "packageType": DROP,
    }
    fields = await data(client)
    assert fields["endTime"] == "1795797886130"
    assert fields["vipStatusEnum"] is None
    assert "isRenew" not in fields
    assert fields["renewStatus"] is True


async def test_a_member_can_read_what_is_shared(client: SigningClient) -> None:
    assert (await data(client, did=GRANDMAS_HALL))["vip"] is True


async def test_support_of_several_cameras_at_once(berlin: SigningClient) -> None:
    dids = [HALLWAY, WORKSHOP, WINDOW, "1064000204", FRONT_DOOR, "1"]
    pairs = [{"model": "chuangmi.camera.029a02", "did": did} for did in dids]
    host = f"de.{CAMERA}"
    asked = {"region": "DE", "modelPairs": {"modelPairs": pairs}}
    answer = await berlin.call("GET", host, CLOUD_SUPPORT, asked)
    assert answer.json is not None
    assert answer.json["data"] == {
        "didSupportInfos": [
            {"did": HALLWAY, "cloudSupport": True, "isVip": True},
            {"did": WORKSHOP, "cloudSupport": True, "isVip": False},
            {"did": WINDOW, "cloudSupport": True, "isVip": False},
            {"did": "1064000204", "cloudSupport": False, "isVip": False},
        ]
    }
    for malformed in (
        {"region": "DE"},
        {"region": "DE", "modelPairs": pairs},
        {"region": "DE", "modelPairs": {"modelPairs": [{"did": HALLWAY}]}},
    ):
        refused = await berlin.call("GET", host, CLOUD_SUPPORT, malformed)
        assert refused.json is not None
        assert refused.json["code"] == -8


async def test_a_call_about_too_many_cameras_does_not_fit_a_request_line(
    client: SigningClient,
) -> None:
    pairs = [{"model": "chuangmi.camera.029a02", "did": str(1_000_000 + n)} for n in range(300)]
    asked = {"region": "CN", "modelPairs": {"modelPairs": pairs}}
    assert (await client.call("GET", CAMERA, CLOUD_SUPPORT, asked)).status == 400


async def test_debit_contract_storage_and_upload(client: SigningClient, front_door: Camera) -> None:
    assert await data(client, DEDUCT_ORDERS) == {"hasDeductOrders": True}
    client.simulator.world.switch_renewal(FRONT_DOOR, on=False)
    assert await data(client, DEDUCT_ORDERS) == {"hasDeductOrders": False}
    assert await data(client, CAPACITY) == {"capacity": front_door.storage_used_mb}
    assert await data(client, CLOUD_SWITCH) == {"status": True}
    front_door.upload_on = False
    assert await data(client, CLOUD_SWITCH) == {"status": False}


async def test_a_camera_is_shown_in_its_own_region_only(client: SigningClient) -> None:
    for asked in ({"did": FRONT_DOOR}, {"did": ""}, {}):
        answer = await client.call("GET", f"de.{CAMERA}", VIP_STATUS, asked)
        assert answer.json is not None
        assert (answer.json["code"], answer.json["result"]) == (-8, "error")
        assert answer.json["data"] is None
