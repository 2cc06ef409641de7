"""Actions: what the code registers, what is described, and what is shown are the same."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
import pytest

# Imported so that `custom_components` is this repository's and not the test harness's.
from custom_components.camera_cloud_plan.const import DOMAIN
from tests.contract.shipped import INTEGRATION, read_json, words

DESCRIBED: dict[str, Any] = load_yaml_dict(str(INTEGRATION / "services.yaml"))


@pytest.fixture(autouse=True)
def _custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant load the integration from this repository."""


def test_every_action_has_words_and_an_icon() -> None:
    spoken = words()["services"]
    icons = read_json(INTEGRATION / "icons.json")["services"]
    assert set(DESCRIBED) == set(spoken) == set(icons)
    for action, text in spoken.items():
        assert text["name"], action
        assert text["description"], action
        assert set((DESCRIBED[action] or {}).get("fields", {})) == set(text.get("fields", {}))


def test_no_device_filter_in_a_target() -> None:
    """Invalid from 2026.11 on."""
    for action in DESCRIBED.values():
        assert "device" not in (action.get("target") or {})


async def test_home_assistant_reads_them(hass: HomeAssistant) -> None:
    """What is registered is what is described, by Home Assistant's own reading."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert set(hass.services.async_services_for_domain(DOMAIN)) == set(DESCRIBED)
    descriptions = (await async_get_all_descriptions(hass))[DOMAIN]
    assert set(descriptions) == set(DESCRIBED)
    for action, described in DESCRIBED.items():
        assert ("target" in descriptions[action]) == ("target" in described)
        assert set(descriptions[action]["fields"]) == set(described.get("fields", {}))
