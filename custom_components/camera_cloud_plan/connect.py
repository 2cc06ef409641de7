"""From a config entry (or fresh credentials) to a signed-in provider."""

from collections.abc import Callable, Collection

from aiohttp import ClientSession, DummyCookieJar
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.util import dt as dt_util

from .cloud.renewal_request import RenewalRequest
from .cloud.xiaomi import XiaomiCloud, XiaomiCredentials

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


def maker_locale(hass: HomeAssistant) -> str:
    """Return the language, as a tag, in which a maker is asked for names and pages."""
    return hass.config.language


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
    return XiaomiCloud(
        create_session(hass),
        credentials,
        regions=regions,
        gateway=gateway,
        on_renewed=on_renewed,
        renewal_request=renewal_request,
        locale=maker_locale(hass),
        time_zone=dt_util.get_default_time_zone(),
    )
