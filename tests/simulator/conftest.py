"""A running simulator for every test that wants one, over real sockets on loopback."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from simulator.server import RunningSimulator, running
from simulator.world import World
from simulator.worldfile import load_world
from tests.simulator.sample import MEI
from tests.simulator.signing_client import SigningClient


@pytest.fixture
def world() -> World:
    """Return the sample world."""
    return load_world("two_homes")


@pytest.fixture
async def simulator(world: World, socket_enabled: None) -> AsyncIterator[RunningSimulator]:
    """Run the sample world's cloud."""
    async with running(world) as sim:
        yield sim


@pytest.fixture
async def http(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a bare HTTP session that neither keeps cookies nor follows redirects by itself."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture
def client(simulator: RunningSimulator, http: aiohttp.ClientSession) -> SigningClient:
    """Give a client that is signed in to the mainland account."""
    return SigningClient(
        http=http, simulator=simulator, credentials=simulator.sessions.sign_in(MEI)
    )
