"""Plans that are typed in: set up without signing in, shown, changed, removed."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from tests.integration.conftest import entity_id
from tests.integration.typed import local, type_in

pytestmark = [
    pytest.mark.freeze_time("2026-11-25T12:00:00+00:00"),
    pytest.mark.usefixtures("berlin"),
]


@pytest.fixture
async def berlin(hass: HomeAssistant) -> None:
    """Be at home in Berlin, where one pays in euros."""
    await hass.config.async_update(time_zone="Europe/Berlin", currency="EUR")


def value(hass: HomeAssistant, plan_id: str, key: str) -> str:
    state = hass.states.get(entity_id(hass, plan_id, key))
    assert state is not None
    return state.state


async def test_four_fields_make_an_account_with_its_first_plan(hass: HomeAssistant) -> None:
    result = await type_in(hass)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Plans without an account"
    entry = local(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data == {"maker": "manual"}
    (plan_id,) = entry.subentries
    assert value(hass, plan_id, "plan_status") == "active_renewing"
    assert value(hass, plan_id, "days_remaining") == "9"
    assert value(hass, plan_id, "auto_renewal") == "on"
