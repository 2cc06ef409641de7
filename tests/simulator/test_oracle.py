"""Public clients of the real cloud work with the simulated one.

What they do right is accepted and answered in a form they can decipher; the path rule that one of
them has wrong is refused. They run in an environment of their own, see `oracle_client.py`.
"""

import asyncio
from dataclasses import asdict
import json
import os
from pathlib import Path
from typing import Any

import pytest

from simulator.server import RunningSimulator
from simulator.world import PERMIT_FAMILY
from tests.simulator.sample import (
    CAMERA,
    CLOUD_SUPPORT,
    COMMON_STATUS,
    FRONT_DOOR,
    GRANDMAS_HALL,
    MEI,
    MEI_BERLIN,
    VIP_STATUS,
)

VARIABLE = "CAMERA_CLOUD_PLAN_ORACLE"
SCRIPT = Path(__file__).parent / "oracle_client.py"
HALLWAY = "1064000201"


@pytest.fixture
def oracle() -> str:
    """Return the interpreter that has the public clients."""
    python = os.environ.get(VARIABLE)
    if not python:
        pytest.fail(
            f"{VARIABLE} does not name a Python with mijiaAPI and micloud: run scripts/test, which"
            " makes that environment and sets the variable"
        )
    return python


async def run(oracle: str, simulator: RunningSimulator, task: str, **given: object) -> Any:
    """Let a public client do a task against the simulator and return what it got."""
    process = await asyncio.create_subprocess_exec(
        *(oracle, "-I", str(SCRIPT)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    ordered = {"task": task, "gateway": simulator.base_url, **given}
    output, errors = await process.communicate(json.dumps(ordered).encode())
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


def account(simulator: RunningSimulator, user_id: str) -> dict[str, object]:
    """Sign an account in and return what a client has to know."""
    return asdict(simulator.sessions.sign_in(user_id))


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("path", [VIP_STATUS, COMMON_STATUS])
async def test_mijia_reads_a_plan(
    oracle: str, simulator: RunningSimulator, path: str, compressed: bool
) -> None:
    answer = await run(
        oracle,
        simulator,
        "mijia_camera",
        host=CAMERA,
        path=path,
        data={"did": FRONT_DOOR, "region": "CN"},
        gzip=compressed,
        **account(simulator, MEI),
    )
    plan = simulator.world.camera(FRONT_DOOR).plan
    assert plan is not None
    assert (answer["code"], answer["result"]) == (0, "ok")
    assert answer["data"]["vip"] is True
    assert answer["data"]["isRenew"] is True
    assert answer["data"]["endTime"] == plan.end_ms


async def test_mijia_asks_which_cameras_can_have_a_plan(
    oracle: str, simulator: RunningSimulator
) -> None:
    answer = await run(
        oracle,
        simulator,
        "mijia_camera",
        host=f"de.{CAMERA}",
        path=CLOUD_SUPPORT,
        data={
            "region": "DE",
            "modelPairs": {"modelPairs": [{"model": "chuangmi.camera.x", "did": HALLWAY}]},
        },
        **account(simulator, MEI_BERLIN),
    )
    assert answer["data"]["didSupportInfos"] == [
        {"did": HALLWAY, "cloudSupport": True, "isVip": True}
    ]


async def test_mijia_signs_in_by_link_and_lists_devices(
    oracle: str, simulator: RunningSimulator
) -> None:
    async def approve() -> None:
        tickets = simulator.sessions.tickets
        while (ticket := next(tickets.waiting(), None)) is None:  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.05)
        tickets.approve(ticket.key, MEI)

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(approve())
        client = tasks.create_task(run(oracle, simulator, "mijia_sign_in"))
    got = client.result()
    assert got["signed_in"]["userId"] == MEI
    assert [home["id"] for home in got["homes"]] == ["330001001"]
    own = {did for did, device in simulator.world.devices.items() if device.owner == MEI}
    assert {device["did"] for device in got["devices"]} == own
    lent = {
        device.did
        for device, permit in simulator.world.devices_seen_by(MEI, "cn")
        if device.owner != MEI and permit != PERMIT_FAMILY
    }
    assert {device["did"] for device in got["shared"]} == lent
    assert GRANDMAS_HALL in lent
    assert got["renewed"] is True


@pytest.mark.parametrize(("user_id", "region"), [(MEI, "cn"), (MEI_BERLIN, "de")])
async def test_micloud_lists_devices(
    oracle: str, simulator: RunningSimulator, user_id: str, region: str
) -> None:
    listed = await run(
        oracle, simulator, "micloud_devices", region=region, **account(simulator, user_id)
    )
    seen = simulator.world.devices_seen_by(user_id, region)
    assert {device["did"] for device in listed} == {device.did for device, _ in seen}


async def test_the_path_rule_of_micloud_is_refused_at_camera_hosts(
    oracle: str, simulator: RunningSimulator
) -> None:
    answer = await run(
        oracle,
        simulator,
        "micloud_camera",
        host=CAMERA,
        path=VIP_STATUS,
        data={"did": FRONT_DOOR, "region": "CN"},
        **account(simulator, MEI),
    )
    assert answer["status"] == 200
    assert json.loads(answer["text"]) == {"code": 0, "message": "invalid signature"}
