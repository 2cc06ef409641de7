"""From a config entry (or fresh credentials) to a signed-in provider."""

from collections.abc import Callable, Collection
from functools import partial

from aiohttp import ClientSession, DummyCookieJar
from homeassistant.config_entries import ConfigEntry, current_entry
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import (
    DATA_RESOLVER,
    HomeAssistantTCPConnector,
    async_create_clientsession,
)
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
from homeassistant.util.ssl import get_default_context

from .cloud.guarded import GuardedResolver
from .cloud.manual import ManualCloud
from .cloud.renewal_request import RenewalRequest
from .cloud.xiaomi import XiaomiCloud, XiaomiCredentials
from .const import DOMAIN
from .typed.plans import typed_plans

_VISIBLE_END = 4


def mask(user_id: str) -> str:
    """Return what may be shown of an account's id: an ellipsis and its last digits."""
    return f"…{user_id[-_VISIBLE_END:]}" if len(user_id) > _VISIBLE_END else "…"


@callback
def create_session(hass: HomeAssistant) -> ClientSession:
    """Return an HTTP session of its own, without a cookie jar.

    Cookies are set by hand, per account and host: Home Assistant's shared jar would mix
    accounts and drops cookies of bare addresses. The session is released when the config
    entry that is being set up is unloaded, or when Home Assistant stops.
    """
    return async_create_clientsession(hass, cookie_jar=DummyCookieJar())


@callback
def create_footage_session(hass: HomeAssistant) -> ClientSession:
    """Return an HTTP session that opens no connection into a private network.

    Footage lies wherever a playlist says, so its names are resolved by a guarded resolver,
    which takes a connector of its own: Home Assistant's is everybody's. Ended as the other
    session is. To be called once that one exists, for the resolver that both use.
    """
    session = ClientSession(
        connector=HomeAssistantTCPConnector(
            resolver=GuardedResolver(hass.data[DATA_RESOLVER]), ssl=get_default_context()
        ),
        cookie_jar=DummyCookieJar(),
    )

    async def close(_event: Event) -> None:
        await session.close()

    unsubscribe = hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, close)
    if (entry := current_entry.get()) is not None:
        entry.async_on_unload(unsubscribe)
        entry.async_on_unload(session.close)
    return session


def maker_locale(hass: HomeAssistant) -> str:
    """Return the language, as a tag, in which a maker is asked for names and pages."""
    return hass.config.language


async def async_build_typed(hass: HomeAssistant, entry: ConfigEntry) -> ManualCloud:
    """Return the provider of the plans that are typed in."""
    words = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    return ManualCloud(
        partial(typed_plans, entry),
        time_zone=dt_util.get_default_time_zone,
        model=words[f"component.{DOMAIN}.common.typed_in"],
    )


@callback
def build_provider(
    hass: HomeAssistant,
    credentials: XiaomiCredentials,
    *,
    regions: Collection[str],
    gateway: str | None,
    on_renewed: Callable[[XiaomiCredentials], None],
    renewal_request: RenewalRequest | None = None,
) -> XiaomiCloud:
    """Return the provider of one signed-in account.

    `on_renewed` is called with each renewed set of credentials, to be stored;
    `renewal_request` is the owner's definition, where there is one.
    """
    session = create_session(hass)
    return XiaomiCloud(
        session,
        credentials,
        regions=regions,
        gateway=gateway,
        # A gateway may well be in a private network; everything goes there.
        footage_session=None if gateway else create_footage_session(hass),
        on_renewed=on_renewed,
        renewal_request=renewal_request,
        locale=maker_locale(hass),
        time_zone=dt_util.get_default_time_zone(),
    )
