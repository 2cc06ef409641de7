"""Homes and devices as the API hosts show them."""

from dataclasses import replace

import pytest

from simulator.world import PERMIT_FAMILY, Home, Share
from tests.simulator.sample import (
    API,
    DEVICE_PAGE,
    DEVICES,
    FRONT_DOOR,
    GRANDMA,
    GRANDMAS_HALL,
    HOME_DEVICES,
    HOMES,
    HOMES_MERGED,
    JUN,
    MEI,
)
from tests.simulator.signing_client import SigningClient

type Json = dict[str, object]

MEIS_HOME = "330001001"
GRANDMAS_HOUSE = "330004001"


async def result(client: SigningClient, path: str, data: Json | None = None) -> Json:
    """Return what a call to the mainland API host results in."""
    answer = await client.call("POST", API, path, data or {})
    assert answer.json is not None
    assert (answer.json["code"], answer.json["message"]) == (0, "ok")
    content = answer.json["result"]
    assert isinstance(content, dict)
    return content


def entries(content: Json, key: str) -> list[Json]:
    """Return a list in a result."""
    listed = content[key]
    assert isinstance(listed, list)
    return listed


async def test_homes_of_the_account(client: SigningClient) -> None:
    (home,) = entries(await result(client, HOMES_MERGED), "homelist")
    assert home["id"] == MEIS_HOME
    assert home["uid"] == int(MEI)
    assert home["name"] == "Home"
    assert isinstance(home["dids"], list)
    assert FRONT_DOOR in home["dids"]


async def test_a_family_home_is_merged_or_apart(client: SigningClient) -> None:
    client.simulator.world.devices[GRANDMAS_HALL].shares = [
        Share(user_id=MEI, permit_level=PERMIT_FAMILY)
    ]
    merged = entries(await result(client, HOMES_MERGED), "homelist")
    assert [home["id"] for home in merged] == [MEIS_HOME, GRANDMAS_HOUSE]
    apart = await result(client, HOMES)
    assert [home["id"] for home in entries(apart, "homelist")] == [MEIS_HOME]
    (lent,) = entries(apart, "share_home_list")
    assert (lent["id"], lent["uid"]) == (GRANDMAS_HOUSE, int(GRANDMA))
    family = {"home_id": int(GRANDMAS_HOUSE), "home_owner": int(GRANDMA), "start_did": ""}
    (hall,) = entries(await result(client, HOME_DEVICES, family), "device_info")
    assert (hall["did"], hall["permitLevel"]) == (GRANDMAS_HALL, 8)
    # What belongs to a family's home is not in the flat lists.
    for path in (DEVICES, DEVICE_PAGE):
        flat = entries(await result(client, path), "list")
        assert GRANDMAS_HALL not in [device["did"] for device in flat]


@pytest.mark.parametrize("path", [DEVICES, DEVICE_PAGE])
async def test_flat_lists_hold_own_and_shared_devices(client: SigningClient, path: str) -> None:
    listed = {device["did"]: device for device in entries(await result(client, path), "list")}
    own = listed[FRONT_DOOR]
    assert (own["permitLevel"], own["uid"], own["adminFlag"]) == (16, int(MEI), 1)
    assert own["name"] == "Front door"
    assert own["model"] == "chuangmi.camera.046c04"
    assert own["isOnline"] is True
    assert isinstance(own["extra"], dict)
    assert own["extra"]["fw_version"] == "5.1.9_0412"
    assert "owner" not in own
    shared = listed[GRANDMAS_HALL]
    assert (shared["permitLevel"], shared["uid"], shared["shareFlag"]) == (36, int(GRANDMA), 1)
    assert shared["owner"] == {"userid": int(GRANDMA), "nickname": "Grandma"}
    # Things that are no cameras are listed as well.
    assert any("camera" not in str(device["model"]) for device in listed.values())


async def test_a_home_in_pages(client: SigningClient) -> None:
    seen: list[object] = []
    start = ""
    for _ in range(20):
        page = await result(
            client,
            HOME_DEVICES,
            {"home_id": MEIS_HOME, "home_owner": MEI, "limit": 3, "start_did": start},
        )
        devices = entries(page, "device_info")
        assert 0 < len(devices) <= 3
        seen += [device["did"] for device in devices]
        assert page["max_did"] == seen[-1]
        if not page["has_more"]:
            break
        start = str(page["max_did"])
    world = client.simulator.world
    assert seen == sorted(did for did, device in world.devices.items() if device.owner == MEI)


async def test_the_flat_list_in_pages(client: SigningClient) -> None:
    everything = entries(await result(client, DEVICE_PAGE), "list")
    first = await result(client, DEVICE_PAGE, {"limit": 4})
    assert first["has_more"] is True
    rest = await result(client, DEVICE_PAGE, {"start_did": first["next_start_did"]})
    assert rest["has_more"] is False
    assert entries(first, "list") + entries(rest, "list") == everything


@pytest.mark.parametrize(
    "data",
    [
        {"home_id": MEIS_HOME},
        {"home_id": MEIS_HOME, "home_owner": JUN},
        {"home_id": "1", "home_owner": MEI},
        {"home_id": True, "home_owner": MEI},
        {"home_id": MEIS_HOME, "home_owner": MEI, "limit": 0},
        {"home_id": MEIS_HOME, "home_owner": MEI, "limit": "many"},
        {"home_id": MEIS_HOME, "home_owner": MEI, "start_did": 7},
    ],
)
async def test_a_home_that_cannot_be_shown(client: SigningClient, data: Json) -> None:
    answer = await client.call("POST", API, HOME_DEVICES, data)
    assert answer.sealed
    assert answer.json is not None
    assert answer.json["code"] == -8
    assert answer.json["result"] is None


async def test_regions_hold_their_own_devices(client: SigningClient) -> None:
    client.simulator.world.accounts[MEI].homes.append(
        Home(home_id="651", names=client.simulator.world.names, region="sg")
    )
    for region in ("de", "i2", "ru", "sg", "us"):
        answer = await client.call("POST", f"{region}.{API}", DEVICES, {})
        assert answer.json is not None
        assert answer.json["result"] == {"list": []}
        homes = await client.call("POST", f"{region}.{API}", HOMES_MERGED, {})
        assert homes.json is not None
        assert isinstance(homes.json["result"], dict)
        assert [home["id"] for home in homes.json["result"]["homelist"]] == (
            ["651"] if region == "sg" else []
        )


async def test_names_in_the_language_of_the_request_or_of_the_world(client: SigningClient) -> None:
    async def name() -> object:
        listed = entries(await result(client, DEVICES), "list")
        return next(device["name"] for device in listed if device["did"] == FRONT_DOOR)

    assert await name() == "Front door"
    client.cookies = {"locale": "zh_CN"}
    assert await name() == "门口"
    client.simulator.world.language = "en"
    assert await name() == "Front door"


async def test_an_offline_device_has_no_address(client: SigningClient) -> None:
    client.simulator.world.devices[FRONT_DOOR].online = False
    listed = entries(await result(replace(client), DEVICES), "list")
    front_door = next(device for device in listed if device["did"] == FRONT_DOOR)
    assert front_door["isOnline"] is False
    assert front_door["localip"] == ""
