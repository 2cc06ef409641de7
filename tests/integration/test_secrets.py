"""No secret reaches a log, however much is logged, or a state, an error's text, or the ledger."""

import json
import logging
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.server import RunningSimulator

from .conftest import MAINLAND, entity_id, set_up
from .ledgers import desk_of
from .test_coordinator import RENEWING, coordinator_of, refresh


def secrets_of(entry: MockConfigEntry, sim: RunningSimulator) -> dict[str, str]:
    """Return every secret of the account, by what it is."""
    credentials = entry.data["credentials"]
    account = sim.world.accounts[MAINLAND]
    return {
        "user id": account.user_id,
        "enciphered user id": account.c_user_id,
        "password": account.password,
        "pass token": credentials["pass_token"],
        "device id": credentials["device_id"],
        "ssecurity": credentials["session"]["ssecurity"],
        "service token": credentials["session"]["service_token"],
    }


async def test_no_secret_in_a_full_debug_log(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sim: RunningSimulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    states: list[Any] = []

    async def note(event: Event[Any]) -> None:
        states.append(event.data["new_state"])

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    known = secrets_of(entry, sim)
    await set_up(hass, entry)
    texts: list[str] = []
    with pytest.raises(HomeAssistantError) as raised:
        await hass.services.async_call(
            "switch",
            "turn_off",
            {"entity_id": entity_id(hass, RENEWING, "auto_renewal")},
            blocking=True,
        )
    texts.append(str(raised.value))
    for fault in (
        {"trouble": "http_status", "status": 503},
        {"trouble": "html"},
        {"trouble": "garbage_cipher"},
        {"trouble": "api_error"},
        {"trouble": "invalid_signature"},
        {"trouble": "dropped"},
    ):
        sim.faults.clear()
        sim.faults.add(**fault)
        await refresh(hass, entry)
    sim.faults.clear()
    sim.sessions.expire()
    await refresh(hass, entry)
    sim.sessions.expire(pass_tokens=True)
    await refresh(hass, entry)
    known |= {f"{name}, renewed": value for name, value in secrets_of(entry, sim).items()}
    texts += [
        json.dumps([state.as_dict() for state in states if state], default=str),
        *(record.getMessage() for record in caplog.records),
        caplog.text,
    ]
    everything = "\n".join(texts)
    assert "camera_cloud_plan" in everything
    assert [name for name, value in known.items() if value in everything] == []
    # The ledger goes to others one day: neither a secret nor a camera's id or address is in it.
    ledger = desk_of(entry).file.path
    written = f"{ledger.name}\n{ledger.read_text(encoding='utf-8')}"
    assert "Renewing" in written
    for camera in coordinator_of(entry).data.cameras.values():
        known |= {f"id of {camera.camera.name}": camera.camera.camera_id}
        known |= {f"address of {camera.camera.name}": camera.camera.mac or RENEWING}
    assert [name for name, value in known.items() if value in written] == []
