"""The action that returns a dashboard."""

from typing import Any, Final

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..dashboard.make import accounts_found, async_make
from ..dashboard.yaml import as_yaml
from .targets import async_check_may

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
    chosen = accounts_found(hass, call.data.get(ATTR_CONFIG_ENTRY_ID))
    devices = [device for one in chosen for device in (one.account, *one.cameras)]
    await async_check_may(call, POLICY_READ, (device.device_id for device in devices))
    dashboard = await async_make(hass, chosen, call.data.get(ATTR_LANGUAGE) or hass.config.language)
    return {"yaml": as_yaml(dashboard), "config": dashboard}
