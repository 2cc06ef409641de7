"""The action that returns a dashboard, and what the options show of it."""

from typing import Any, Final

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import CloudPlanConfigEntry
from ..targets import async_check_may
from .cards import Builder
from .found import FoundAccount, async_find
from .parts import Card
from .texts import async_texts
from .yaml import as_yaml

ATTR_CONFIG_ENTRY_ID: Final = "config_entry_id"
ATTR_LANGUAGE: Final = "language"

DASHBOARD_FIELDS: Final[dict[Any, Any]] = {
    vol.Optional(ATTR_CONFIG_ENTRY_ID): vol.All(cv.ensure_list, [cv.string]),
    vol.Optional(ATTR_LANGUAGE): cv.string,
}


async def async_get_dashboard(call: ServiceCall) -> ServiceResponse:
    """Return a dashboard as text and as data, of some accounts or of all that there are.

    Raises `Unauthorized` for a person who may not see them, and `ServiceValidationError`
    where there is none.
    """
    hass = call.hass
    chosen = _found(hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    devices = [device for one in chosen for device in (one.account, *one.cameras)]
    await async_check_may(call, POLICY_READ, (device.device_id for device in devices))
    dashboard = await _async_make(hass, chosen, call.data.get(ATTR_LANGUAGE))
    return {"yaml": as_yaml(dashboard), "config": dashboard}


async def async_dashboard_text(hass: HomeAssistant) -> str:
    """Return a dashboard of all accounts as text, in Home Assistant's language.

    Raises `ServiceValidationError` where there is no account.
    """
    return as_yaml(await _async_make(hass, _found(hass, None), None))


async def _async_make(hass: HomeAssistant, found: list[FoundAccount], language: str | None) -> Card:
    texts = await async_texts(hass, language or hass.config.language)
    return Builder(found, texts).dashboard()


def _found(hass: HomeAssistant, chosen: list[str] | None) -> list[FoundAccount]:
    """Return the accounts that are there, or those of them that are chosen by entry id."""
    entries: list[CloudPlanConfigEntry] = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    )
    found = async_find(
        hass, [entry for entry in entries if chosen is None or entry.entry_id in chosen]
    )
    if not found:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_account")
    return found
