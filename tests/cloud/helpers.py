"""How tests sign in to the simulated cloud, and the ids of its sample worlds."""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Final

import aiohttp

from custom_components.camera_cloud_plan.cloud.renewal_request import RenewalRequest
from custom_components.camera_cloud_plan.cloud.xiaomi import (
    REGIONS,
    LinkSignIn,
    XiaomiCloud,
    XiaomiCredentials,
)
from custom_components.camera_cloud_plan.cloud.xiaomi.credentials import ServiceSession
from simulator.server import RunningSimulator

# Accounts and cameras of the world "two_homes".
MEI: Final = "2300410071"
MEI_BERLIN: Final = "6400520082"
FRONT_DOOR: Final = "1051000101"
GRANDMAS_HALL: Final = "1074000401"
OLD_CAM: Final = "1064000204"

ACCOUNT: Final = "account.xiaomi.com"
SIGN_IN: Final = "/pass/serviceLogin"
STATUS: Final = "/miot/camera/app/v1/vip/status"
SUPPORT: Final = "/miot/camera/app/v1/vip/cloud/support"
ORDERS: Final = "/miot/camera/app/v1/vip/deductOrders"
CAPACITY: Final = "/miot/camera/app/v1/capacity"
UPLOAD: Final = "/miot/camera/app/v1/get/cloudSwitch"
HOMES: Final = "/app/v2/homeroom/gethome_merged"

DEVICE_ID: Final = "aDeviceIdOfTests"


def credentials_of(
    sim: RunningSimulator, user_id: str, *, session: bool = True
) -> XiaomiCredentials:
    """Return credentials of a signed-in account, without the dialogue."""
    signed_in = sim.sessions.sign_in(user_id)
    return XiaomiCredentials(
        user_id=signed_in.user_id,
        c_user_id=signed_in.c_user_id,
        pass_token=signed_in.pass_token,
        device_id=DEVICE_ID,
        session=ServiceSession(
            ssecurity=signed_in.ssecurity,
            service_token=signed_in.service_token,
            issued_at=datetime(2026, 11, 22, tzinfo=UTC),
        )
        if session
        else None,
    )


def connect(  # noqa: PLR0913 - what an account is connected with
    sim: RunningSimulator,
    http: aiohttp.ClientSession,
    credentials: XiaomiCredentials,
    *,
    regions: Collection[str] = REGIONS,
    on_renewed: Callable[[XiaomiCredentials], None] | None = None,
    locale: str = "en",
    renewal_request: RenewalRequest | None = None,
) -> XiaomiCloud:
    """Return the client of an account, which reaches the simulator through the gateway."""
    return XiaomiCloud(
        http,
        credentials,
        regions=regions,
        gateway=sim.base_url,
        on_renewed=on_renewed,
        locale=locale,
        renewal_request=renewal_request,
    )


async def approved(sim: RunningSimulator, dialogue: LinkSignIn, user_id: str) -> None:
    """Offer a link and approve it once the client waits for it."""
    await dialogue.start()
    asyncio.get_running_loop().create_task(_approve(sim, user_id))


async def until_polled(sim: RunningSimulator) -> str:
    """Return the key of the newest link as soon as a client polls for it."""
    async with asyncio.timeout(5):
        while True:
            for ticket in sim.sessions.tickets.waiting():
                if ticket.polls:
                    return ticket.key
            await asyncio.sleep(0.005)


async def _approve(sim: RunningSimulator, user_id: str) -> None:
    sim.sessions.tickets.approve(await until_polled(sim), user_id)
