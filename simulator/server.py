"""The simulated cloud as a running server.

All hosts live on one port and are told apart by the `Host` header. A request to the loopback
address itself gets the simulated maker's pages and the control interface.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from simulator import account, api, camera, effects, playback, renewal, signed, storage
from simulator.cloud import Cloud, Requests
from simulator.control import control_routes
from simulator.effects import ConnectionDropped
from simulator.faults import Faults, Stage
from simulator.hosts import Host, HostKind, host_of
from simulator.pages import maker_routes
from simulator.sessions import Sessions
from simulator.world import World

# The longest request line, as usual for a server of this kind (inferred): calls about very many
# cameras have to be split.
MAX_REQUEST_LINE = 8190

_SURFACES = {
    HostKind.API: api.SURFACE,
    HostKind.CAMERA: camera.SURFACE,
    HostKind.PROCESSOR: playback.PROCESSOR_SURFACE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSimulator:
    """A simulated cloud that answers at `base_url` (loopback, http)."""

    cloud: Cloud
    port: int

    @property
    def base_url(self) -> str:
        """The simulator's origin, without a slash at its end."""
        return self.cloud.base_url

    @property
    def world(self) -> World:
        """The world that is being served."""
        return self.cloud.world

    @property
    def faults(self) -> Faults:
        """What is being made to go wrong."""
        return self.cloud.faults

    @property
    def sessions(self) -> Sessions:
        """Who is signed in."""
        return self.cloud.sessions

    @property
    def requests(self) -> Requests:
        """How often the cloud was called."""
        return self.cloud.requests


def create_app(
    cloud: Cloud, loopback_routes: Iterable[web.AbstractRouteDef] = ()
) -> web.Application:
    """Return the application: the cloud's hosts, and these routes for the loopback host."""

    @web.middleware
    async def by_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = host_of(request.headers.get("Host", ""))
        if host is not None and host.kind is HostKind.LOOPBACK:
            return await handler(request)
        name = "(unknown host)" if host is None else host.name
        response = (
            web.Response(status=HTTPStatus.NOT_FOUND, text="No such host")
            if host is None
            else await _serve(request, cloud, host)
        )
        status = 0 if isinstance(response, ConnectionDropped) else response.status
        cloud.requests.counts[name, request.path, status] += 1
        return response

    app = web.Application(middlewares=[by_host])
    app.add_routes(loopback_routes)
    return app


@asynccontextmanager
async def running(
    world: World, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RunningSimulator]:
    """Serve a world for as long as the context lasts; port 0 takes a free one.

    Raises:
        OSError: when the port is taken.

    """
    cloud = Cloud(world)
    # The pages' templates are read from disk.
    pages = await asyncio.to_thread(maker_routes, cloud)
    runner = web.AppRunner(
        create_app(cloud, [*control_routes(cloud), *storage.player_routes(cloud), *pages]),
        # Query strings hold secrets.
        access_log=None,
        # A poll whose client has gone must not be held any longer.
        handler_cancellation=True,
        shutdown_timeout=1.0,
        max_line_size=MAX_REQUEST_LINE,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        taken = runner.addresses[0][1]
        cloud.base_url = f"http://{host}:{taken}"
        yield RunningSimulator(cloud=cloud, port=taken)
    finally:
        cloud.sessions.tickets.expire()
        await runner.cleanup()
        await cloud.studio.close()


async def _serve(request: web.Request, cloud: Cloud, host: Host) -> web.StreamResponse:
    """Answer a request to one of the cloud's hosts."""
    if host.kind is HostKind.WEB:
        await renewal.note(request, cloud)
    skews = cloud.faults.take(Stage.CLOCK, host.kind, request.path)
    now = cloud.now() + sum(fault.number("seconds") for fault in skews)
    struck = cloud.faults.take(Stage.ARRIVAL, host.kind, request.path)
    response: web.StreamResponse | None = await effects.early_answer(request, struck)
    if response is None:
        response = await _answer(request, cloud, host, now)
    if not response.prepared:
        response.headers["Date"] = formatdate(now, usegmt=True)
    return response


async def _answer(request: web.Request, cloud: Cloud, host: Host, now: float) -> web.StreamResponse:
    """Answer a request that arrived in good order; `now` is the server's time (epoch seconds)."""
    if host.kind is HostKind.ACCOUNT:
        return await account.serve(request, cloud, host)
    if host.kind is HostKind.WEB:
        return await renewal.serve(request, cloud, host)
    if host.kind is HostKind.STORAGE:
        return await storage.serve(request, cloud, host, now)
    return await signed.serve(request, cloud, host, _SURFACES[host.kind], now)
