"""The integration's lines on Home Assistant's system information page."""

from collections.abc import Iterable
from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .const import CONF_GATEWAY, DOMAIN
from .coordinator import CloudPlanConfigEntry

# The host without which no session can be had or renewed.
_SIGN_IN_PAGE = "https://account.xiaomi.com"


@callback
def async_register(_hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register the lines."""
    register.async_register_info(_system_health)


async def _system_health(hass: HomeAssistant) -> dict[str, Any]:
    """Return how many accounts and cameras there are, how fresh, and whether the way is free."""
    entries: list[CloudPlanConfigEntry] = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    )
    snapshots = [
        entry.runtime_data.coordinator.data
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
    ]
    plans = [plan for snapshot in snapshots for plan in snapshot.cameras.values()]
    oldest = min((read_at for snapshot in snapshots if (read_at := snapshot.read_at)), default=None)
    gateways = {gateway for entry in entries if (gateway := entry.data.get(CONF_GATEWAY))}
    health: dict[str, Any] = {
        "accounts": len(entries),
        "cameras": len(plans),
        "cameras_not_read": sum(plan.failure is not None for plan in plans),
        "oldest_read": dt_util.as_local(oldest) if oldest else None,
    }
    if any(entry.data.get(CONF_GATEWAY, "") is None for entry in entries):
        health["reach_maker"] = _reach(hass, {_SIGN_IN_PAGE})
    if gateways:
        health["reach_gateway"] = _reach(hass, gateways)
    return health


async def _reach(hass: HomeAssistant, urls: Iterable[str]) -> str | dict[str, str]:
    """Return "ok" if all addresses can be reached, else what is wrong with one that cannot."""
    checks = [await system_health.async_check_can_reach_url(hass, url) for url in urls]
    return next((check for check in checks if check != "ok"), "ok")
