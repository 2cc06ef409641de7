"""A simulated cloud over real sockets, and clients of it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCloud
from simulator.server import RunningSimulator, running
from simulator.world import World
from simulator.worldfile import load_world
from tests.cloud.helpers import MEI, connect, credentials_of


@pytest.fixture
def world() -> World:
    """Return the sample world of two homes."""
    return load_world("two_homes")


@pytest.fixture
async def sim(world: World, socket_enabled: None) -> AsyncIterator[RunningSimulator]:
    """Run the sample world's cloud."""
    async with running(world) as simulator:
        yield simulator


@pytest.fixture
async def http(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Return an HTTP session as the integration makes it: without a cookie jar."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture
def mei(sim: RunningSimulator, http: aiohttp.ClientSession) -> XiaomiCloud:
    """Return the mainland account, signed in."""
    return connect(sim, http, credentials_of(sim, MEI), regions=("cn",))
