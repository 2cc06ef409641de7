"""Footage without a gateway: its own session, which leads nowhere private and ends with the entry."""

from unittest.mock import patch

from aiohttp import ClientSession
from aiohttp.abc import ResolveResult
from homeassistant.config_entries import current_entry
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import DATA_RESOLVER
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.cloud.errors import ForbiddenAddressError
from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCredentials
from custom_components.camera_cloud_plan.cloud.xiaomi.transport import Transport
from custom_components.camera_cloud_plan.connect import build_provider
from custom_components.camera_cloud_plan.const import DOMAIN

_CREDENTIALS = XiaomiCredentials(
    user_id="1", c_user_id=None, pass_token="p", device_id="d", session=None
)


def _transport(hass: HomeAssistant, gateway: str | None) -> Transport:
    provider = build_provider(
        hass, _CREDENTIALS, regions=["cn"], gateway=gateway, on_renewed=lambda _renewed: None
    )
    return provider._account.transport


def _session(hass: HomeAssistant) -> ClientSession:
    session = _transport(hass, None)._footage_session
    assert session is not None
    assert not session.closed
    return session


async def test_it_leads_nowhere_private(hass: HomeAssistant, socket_enabled: None) -> None:
    session = _session(hass)
    home = ResolveResult(hostname="x", host="192.168.31.5", port=443, family=2, proto=0, flags=0)
    with (
        patch.object(hass.data[DATA_RESOLVER], "resolve", return_value=[home]),
        pytest.raises(ForbiddenAddressError),
    ):
        await session.get("https://storage.example.com/")
    hass.bus.async_fire(EVENT_HOMEASSISTANT_CLOSE)
    await hass.async_block_till_done()
    assert session.closed


async def test_it_ends_with_the_entry(hass: HomeAssistant) -> None:
    entry = MockConfigEntry(domain=DOMAIN)
    token = current_entry.set(entry)
    session = _session(hass)
    current_entry.reset(token)
    await entry._async_process_on_unload(hass)
    assert session.closed


async def test_with_a_gateway_there_is_one_session_for_all(hass: HomeAssistant) -> None:
    sender = _transport(hass, "http://127.0.0.1:8123")
    assert sender._footage_session is sender._session
