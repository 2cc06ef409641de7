"""A Home Assistant to be measured: its own core, started as its own launcher does.

With recorder (SQLite), history and logbook. Its account is signed in by link, for real.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
import json
from pathlib import Path
import socket
from types import MappingProxyType
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar
from homeassistant import bootstrap, runner
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import HomeAssistant
from yarl import URL

from benchmarks.cloud import Cloud
from benchmarks.meter import Meter
from custom_components.camera_cloud_plan.cloud.sign_in import LinkOffered
from custom_components.camera_cloud_plan.cloud.xiaomi import (
    LinkSignIn,
    XiaomiCredentials,
    preload,
)
from custom_components.camera_cloud_plan.connect import mask
from custom_components.camera_cloud_plan.const import (
    CONF_ACCOUNT,
    CONF_CAMERAS_EXCLUDED,
    CONF_CREDENTIALS,
    CONF_GATEWAY,
    CONF_MAKER,
    CONF_POLL_HOURS,
    CONF_REGIONS,
    CONF_SHOW_SHARED,
    DEFAULT_POLL_HOURS,
    DOMAIN,
    MAKER_XIAOMI,
)
from demo.house import House, build
from demo.ports import LOOPBACK
from demo.words import Language

_CONFIGURATION: Final = """\
homeassistant:
  media_dirs:
    local: {media}
recorder:
history:
logbook:
"""
_APPROVED_WITHIN: Final = 30.0


def build_house(folder: Path) -> None:
    """Make a configuration folder."""
    house = House(
        port=_free_port(),
        language=Language.EN,
        time_zone="Europe/Berlin",
        default_panel="config",
    )
    build(folder, house)
    configuration = _CONFIGURATION.format(media=json.dumps(str(folder / "media")))
    (folder / "configuration.yaml").write_text(configuration, encoding="utf-8")


def in_timed_loop[T](work: Callable[[Meter], Coroutine[Any, Any, T]]) -> T:
    """Return what some work comes to, done in an event loop of which a meter misses nothing."""
    meter = Meter()
    return in_loop(lambda: work(meter), meter.new_loop())


def in_loop[T](
    work: Callable[[], Coroutine[Any, Any, T]], loop: asyncio.AbstractEventLoop | None = None
) -> T:
    """Return what some work comes to, done in an event loop as Home Assistant sets it up."""
    loop = loop or asyncio.new_event_loop()
    runner.configure_event_loop(loop)
    with asyncio.Runner(loop_factory=lambda: loop) as running:
        return running.run(work())


@asynccontextmanager
async def home_assistant(folder: Path) -> AsyncIterator[HomeAssistant]:
    """Run a Home Assistant in this process for as long as the context lasts."""
    hass = await bootstrap.async_setup_hass(
        runner.RuntimeConfig(config_dir=str(folder), skip_pip=True)
    )
    if hass is None:
        raise RuntimeError("Home Assistant did not start")
    try:
        await hass.async_start()
        await hass.async_block_till_done()
        await hass.async_add_executor_job(preload)
        yield hass
    finally:
        # The recorder's thread would else keep this process from ending.
        await hass.async_stop(force=True)


async def signed_in(cloud: Cloud) -> XiaomiCredentials:
    """Return credentials of the world's account from a real sign-in by link."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        link = LinkSignIn(http, gateway=cloud.base_url)
        offered = await link.start()
        if not isinstance(offered, LinkOffered):
            raise RuntimeError("no link was offered")  # noqa: TRY004 - no mistake of the caller's
        await cloud.approve(URL(offered.url).query["ticket"], await cloud.user_id())
        async with asyncio.timeout(_APPROVED_WITHIN):
            credentials = await link.wait()
    if not isinstance(credentials, XiaomiCredentials):
        raise RuntimeError("the link was not approved")  # noqa: TRY004 - as above
    return credentials


async def account_entry(cloud: Cloud, **options: object) -> ConfigEntry[Any]:
    """Return a config entry of the world's account, freshly signed in and not yet added."""
    credentials = await signed_in(cloud)
    account = mask(credentials.user_id)
    return ConfigEntry(
        data={
            CONF_MAKER: MAKER_XIAOMI,
            CONF_ACCOUNT: account,
            CONF_CREDENTIALS: credentials.as_dict(),
            CONF_GATEWAY: cloud.base_url,
        },
        discovery_keys=MappingProxyType({}),
        domain=DOMAIN,
        minor_version=1,
        options={
            CONF_REGIONS: ["cn", "de"],
            CONF_CAMERAS_EXCLUDED: [],
            CONF_POLL_HOURS: DEFAULT_POLL_HOURS,
            CONF_SHOW_SHARED: False,
            **options,
        },
        source=SOURCE_USER,
        subentries_data=(),
        title=f"Xiaomi ({account})",
        unique_id=f"{MAKER_XIAOMI}_{credentials.user_id}",
        version=1,
    )


def _free_port() -> int:
    """Return a port that nobody listens on; not a fixed one, as others measure beside."""
    with socket.create_server((LOOPBACK, 0)) as server:
        port: int = server.getsockname()[1]
        return port
