"""Who bills a camera's plan, chosen by camera."""

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.coordinator import CloudPlanCoordinator
from custom_components.camera_cloud_plan.plan import Channel

from .conftest import EntryMaker, entity_id, set_up

RENEWING = "2000000003"
OTHER = "2000000004"
MAINLAND = ["mi_pay", "wechat_pay", "alipay", "apple", "not_known"]

pytestmark = pytest.mark.usefixtures("all_entities_enabled")


def coordinator_of(entry: MockConfigEntry) -> CloudPlanCoordinator:
    coordinator: CloudPlanCoordinator = entry.runtime_data.coordinator
    return coordinator


def state_of(hass: HomeAssistant, camera_id: str) -> str:
    state = hass.states.get(entity_id(hass, camera_id, "billed_by"))
    assert state is not None
    return state.state


async def choose(hass: HomeAssistant, camera_id: str, option: str) -> None:
    target = entity_id(hass, camera_id, "billed_by")
    await hass.services.async_call(
        "select", "select_option", {"entity_id": target, "option": option}, blocking=True
    )
    await hass.async_block_till_done()


async def test_a_choice_is_kept_for_its_camera(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Nothing before the owner was asked; a choice is believed at once, and after a restart."""
    assert state_of(hass, RENEWING) == STATE_UNKNOWN
    await choose(hass, RENEWING, "apple")
    assert (state_of(hass, RENEWING), state_of(hass, OTHER)) == ("apple", STATE_UNKNOWN)
    assert coordinator_of(loaded).data.cameras[RENEWING].channel is Channel.APPLE
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, RENEWING) == "apple"
    assert coordinator_of(loaded).data.cameras[RENEWING].channel is Channel.APPLE


async def test_not_knowing_is_an_answer(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    await choose(hass, RENEWING, "not_known")
    assert state_of(hass, RENEWING) == "not_known"
    assert coordinator_of(loaded).is_billing_known(RENEWING)
    assert coordinator_of(loaded).billed_by(RENEWING) is None


async def test_one_answer_for_all_takes_the_place_of_single_ones(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await choose(hass, RENEWING, "apple")
    await coordinator_of(loaded).async_set_billed_by(Channel.ALIPAY)
    await hass.async_block_till_done()
    assert (state_of(hass, RENEWING), state_of(hass, OTHER)) == ("alipay", "alipay")


async def test_only_who_sells_in_the_region_is_offered(
    hass: HomeAssistant, loaded: MockConfigEntry, make_entry: EntryMaker
) -> None:
    """Somebody else chosen for the whole account is not shown as billing there."""
    state = hass.states.get(entity_id(hass, RENEWING, "billed_by"))
    assert state is not None
    assert state.attributes["options"] == MAINLAND
    with pytest.raises(ServiceValidationError):
        await choose(hass, RENEWING, "google_play")
    elsewhere = await make_entry("6500220022", billed_by={"*": "mi_pay"})
    await set_up(hass, elsewhere)
    entities = [
        entity.entity_id
        for entity in er.async_entries_for_config_entry(er.async_get(hass), elsewhere.entry_id)
        if entity.domain == "select"
    ]
    assert entities
    for entity in entities:
        state = hass.states.get(entity)
        assert state is not None
        assert state.attributes["options"] == ["google_play", "apple", "not_known"]
        assert state.state == STATE_UNKNOWN


async def test_who_bills_someone_elses_plan_is_not_asked(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Nor that of a camera without a plan."""
    asked = {
        entity.unique_id.split("_")[-3]
        for entity in er.async_get(hass).entities.values()
        if entity.domain == "select"
    }
    own = {
        camera_id
        for camera_id, plan in coordinator_of(loaded).data.cameras.items()
        if plan.is_own and plan.view and plan.view.is_active
    }
    assert own
    assert own <= asked
    assert "2000000001" not in asked
