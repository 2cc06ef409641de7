"""The simulator as a process of its own, and what its loopback origin serves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import os
from pathlib import Path
import signal
import sys
import time
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from simulator.server import RunningSimulator, running
from simulator.sessions import TicketState
from simulator.world import World
from tests.simulator.sample import ACCOUNT

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `python -m simulator`, and end it whatever happens."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def first_line(process: asyncio.subprocess.Process) -> str:
    """Return the first line that a process prints."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode().strip()


@pytest.mark.parametrize(
    ("arguments", "cameras", "ageing"),
    [
        (("--ageing",), 13, True),
        (("--world", "every_state"), 9, False),
        (("--cameras", "30", "--virtual-clock", "--language", "zh"), 30, False),
    ],
)
async def test_runs_alone(
    http: aiohttp.ClientSession, arguments: tuple[str, ...], cameras: int, ageing: bool
) -> None:
    async with started("--port", "0", *arguments) as process:
        line = await first_line(process)
        address = line.removeprefix("Simulated cloud at ")
        assert address.startswith("http://127.0.0.1:")
        async with http.get(f"{address}/_control/state") as response:
            state = await response.json()
        assert len(state["cameras"]) >= cameras
        assert state["ageing"] is ageing
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            assert await process.wait() == 0


async def test_says_what_is_wrong(simulator: RunningSimulator) -> None:
    async with started("--port", str(simulator.port)) as process:
        assert "Cannot listen on 127.0.0.1" in await first_line(process)
        assert await process.wait() == 1
    async with started("--world", "/no/such/world.json") as process:
        assert await first_line(process) == "World file: /no/such/world.json: cannot be read"
        assert await process.wait() == 1


async def test_a_person_can_open_the_link_and_approve(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    asked = f"{simulator.base_url}/longPolling/loginUrl?sid=xiaomiio"
    async with http.get(asked, headers={"Host": ACCOUNT}) as response:
        text = await response.text()
    link = text.split('"loginUrl":"', 1)[1].split('"', 1)[0]
    ticket = parse_qs(urlsplit(link).query)["ticket"][0]
    # As a browser does that follows a link on a page of Home Assistant.
    async with http.get(link, headers={"Sec-Fetch-Site": "cross-site"}) as response:
        assert response.status == 200
        assert "Simulated. Not Xiaomi. No money." in await response.text()
    form = {"ticket": ticket, "answer": "approve", "who": "cn"}
    own = {"Origin": simulator.base_url}
    async with http.post(f"{simulator.base_url}/approve", data=form, headers=own) as response:
        assert response.status == 200
    assert simulator.sessions.tickets.state(ticket) is TicketState.APPROVED


async def test_the_loopback_origin_is_not_the_cloud(
    simulator: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    login = f"{simulator.base_url}/pass/serviceLogin?sid=xiaomiio&_json=true"
    async with http.get(login) as response:
        assert response.status == 404
    async with http.get(f"{simulator.base_url}/", headers={"Host": ACCOUNT}) as response:
        assert response.status == 404
    assert simulator.requests.total(host=ACCOUNT) == 1
    assert simulator.requests.total() == 1


async def test_a_held_poll_does_not_keep_the_simulator_from_ending(
    world: World, http: aiohttp.ClientSession
) -> None:
    async with running(world) as simulator:
        ticket = simulator.sessions.tickets.issue("k3Yq0ZtL")
        poll = asyncio.create_task(
            http.get(
                f"{simulator.base_url}/lp/s?k={ticket.key}",
                headers={"Host": "c3.lp.account.xiaomi.com", "Cookie": "deviceId=k3Yq0ZtL"},
            )
        )
        await asyncio.sleep(0.05)
        assert not poll.done()
        before = time.monotonic()
    assert time.monotonic() - before < 5
    assert (await poll).status == 403
