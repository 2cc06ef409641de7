"""The guided cancellation, from the press to the maker's own "off"."""

from typing import Any

from homeassistant.components.repairs import RepairsFlowManager, repairs_flow_manager
from homeassistant.const import ATTR_ASSUMED_STATE
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.camera_cloud_plan.const import DOMAIN, SERVICE_CANCEL_PLAN
from custom_components.camera_cloud_plan.devices import camera_identifier
from custom_components.camera_cloud_plan.plan import CancellationState
from simulator.edits import edit_camera
from simulator.server import RunningSimulator
from simulator.world import DROP

from .conftest import entity_id, set_up
from .test_coordinator import (
    NOT_RENEWING,
    ORDERS_PATH,
    RENEWING,
    coordinator_of,
    refresh,
    state_of,
)

TRIAL = "2000000002"
EXPIRED = "2000000005"
NEVER_BOUGHT = "2000000001"
STORE_BILLED = "2000000007"


async def press(
    hass: HomeAssistant, camera_id: str, direction: str, context: Context | None = None
) -> None:
    await hass.services.async_call(
        "switch",
        f"turn_{direction}",
        {"entity_id": entity_id(hass, camera_id, "auto_renewal")},
        blocking=True,
        context=context,
    )
    await hass.async_block_till_done(wait_background_tasks=True)


async def press_off(hass: HomeAssistant, camera_id: str = RENEWING) -> None:
    """Press off and see it said that it is not off yet."""
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, camera_id, "off")
    assert raised.value.translation_key == "not_off_yet"
    await hass.async_block_till_done(wait_background_tasks=True)


def issues(hass: HomeAssistant) -> list[ir.IssueEntry]:
    return list(ir.async_get(hass).issues.values())


def assumed(hass: HomeAssistant, camera_id: str = RENEWING) -> bool:
    state = hass.states.get(entity_id(hass, camera_id, "auto_renewal"))
    assert state is not None
    return state.attributes.get(ATTR_ASSUMED_STATE) is True


# --- The switch ---


async def test_off_is_saved_and_shown_before_it_says_not_yet(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    with pytest.raises(HomeAssistantError, match="Renewing") as raised:
        await hass.services.async_call(
            "switch",
            "turn_off",
            {"entity_id": entity_id(hass, RENEWING, "auto_renewal")},
            blocking=True,
        )
    assert raised.value.translation_key == "not_off_yet"
    stored = hass_storage[f"{DOMAIN}.{loaded.entry_id}.cancellations"]["data"]
    assert set(stored) == {RENEWING}
    (issue,) = issues(hass)
    assert (issue.translation_key, issue.is_fixable) == ("plan_cancellation", True)
    assert issue.translation_placeholders == {"camera": "Renewing"}
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    assert assumed(hass)
    attention = hass.states.get("binary_sensor.xiaomi_cloud_plans_0011_plans_need_attention")
    assert attention is not None
    assert attention.attributes["items"] == [{"camera": "Renewing", "reason": "cancellation_open"}]


async def test_a_second_off_brings_an_ignored_guide_back(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await press_off(hass)
    opened_at = coordinator_of(loaded).cancellations.get(RENEWING)
    (issue,) = issues(hass)
    ir.async_ignore_issue(hass, DOMAIN, issue.issue_id, ignore=True)
    await press_off(hass)
    (issue,) = issues(hass)
    assert issue.dismissed_version is None
    still = coordinator_of(loaded).cancellations.get(RENEWING)
    assert opened_at is not None
    assert still is not None
    assert still.opened_at == opened_at.opened_at


async def test_on_withdraws_an_open_cancellation(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    await press_off(hass)
    await press(hass, RENEWING, "on")
    assert not issues(hass)
    assert not assumed(hass)
    assert hass_storage[f"{DOMAIN}.{loaded.entry_id}.cancellations"]["data"] == {}


async def test_on_of_a_plan_that_renews_does_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.requests.reset()
    await press(hass, RENEWING, "on")
    assert sim.requests.total() == 0


async def test_on_never_buys_and_says_where_to_renew(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.requests.reset()
    with pytest.raises(ServiceValidationError) as raised:
        await press(hass, NOT_RENEWING, "on")
    assert raised.value.translation_key == "renew_in_mi_home"
    assert sim.requests.total() == 0


async def test_on_of_a_store_billed_plan_names_the_store(
    hass: HomeAssistant, loaded_de: MockConfigEntry
) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await press(hass, STORE_BILLED, "on")
    assert raised.value.translation_key == "renew_in_store"


async def test_off_of_a_plan_read_as_off_succeeds_and_opens_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await press(hass, NOT_RENEWING, "off")
    assert not issues(hass)


async def test_off_of_a_plan_that_is_over_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await press(hass, EXPIRED, "off")
    assert raised.value.translation_key == "no_running_plan"
    assert not issues(hass)


async def test_off_succeeds_where_the_maker_already_says_off(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.world.switch_renewal(RENEWING, on=False)
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    await press(hass, RENEWING, "off")
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    assert not assumed(hass)
    assert not issues(hass)
    assert sim.requests.total(path=ORDERS_PATH) == 1


async def test_off_does_not_wait_for_a_slow_maker(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("latency", seconds=3.0)
    started = hass.loop.time()
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call(
            "switch",
            "turn_off",
            {"entity_id": entity_id(hass, RENEWING, "auto_renewal")},
            blocking=True,
        )
    assert hass.loop.time() - started < 2.0
    assert assumed(hass)


async def test_off_during_an_outage_is_kept(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("dropped")
    await press_off(hass)
    assert coordinator_of(loaded).cancellations.is_open(RENEWING)
    sim.faults.clear()
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    assert not issues(hass)


async def test_off_is_kept_where_that_camera_cannot_be_read(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("api_error", host="camera", did=RENEWING)
    await press_off(hass)
    assert coordinator_of(loaded).cancellations.is_open(RENEWING)


async def test_a_toggle_of_everything_only_opens_the_guide(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.requests.reset()
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call("switch", "turn_off", {"entity_id": "all"}, blocking=True)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert coordinator_of(loaded).cancellations.open_cameras == {TRIAL, RENEWING}
    assert all(sim.world.camera(did).plan.auto_renew for did in (TRIAL, RENEWING))  # type: ignore[union-attr] # they have plans


async def test_a_device_target_does_not_reach_the_switch(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await hass.services.async_call(
        "switch", "turn_off", {"device_id": device_id(hass, RENEWING)}, blocking=True
    )
    assert not issues(hass)


# --- Who may ---


@pytest.fixture
async def housemate(hass: HomeAssistant) -> MockUser:
    """Add a person of the household without administrator's rights."""
    group = await hass.auth.async_get_group("system-users")
    assert group is not None
    return MockUser(groups=[group]).add_to_hass(hass)


async def test_a_housemate_opens_the_guide_and_hears_that_the_owner_was_told(
    hass: HomeAssistant, loaded: MockConfigEntry, housemate: MockUser
) -> None:
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, RENEWING, "off", Context(user_id=housemate.id))
    assert raised.value.translation_key == "not_off_yet_owner_told"
    assert len(issues(hass)) == 1


async def test_a_housemate_does_not_withdraw_it(
    hass: HomeAssistant, loaded: MockConfigEntry, housemate: MockUser
) -> None:
    await press_off(hass)
    with pytest.raises(ServiceValidationError) as raised:
        await press(hass, RENEWING, "on", Context(user_id=housemate.id))
    assert raised.value.translation_key == "withdrawn_by_owner_only"
    assert coordinator_of(loaded).cancellations.is_open(RENEWING)


async def test_an_administrator_withdraws_it(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_admin_user: MockUser
) -> None:
    await press_off(hass)
    await press(hass, RENEWING, "on", Context(user_id=hass_admin_user.id))
    assert not coordinator_of(loaded).cancellations.is_open(RENEWING)


async def test_a_read_only_person_opens_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_read_only_user: MockUser
) -> None:
    with pytest.raises(Unauthorized):
        await press(hass, RENEWING, "off", Context(user_id=hass_read_only_user.id))
    assert not issues(hass)


# --- Read back ---


async def test_a_poll_confirms_once_the_maker_says_off(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    await refresh(hass, loaded)
    assert assumed(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    cancellation = coordinator_of(loaded).cancellations.get(RENEWING)
    assert cancellation is not None
    assert cancellation.state is CancellationState.CONFIRMED
    assert not issues(hass)
    assert not assumed(hass)
    assert state_of(hass, RENEWING, "auto_renewal") == "off"


async def test_a_confirmed_one_can_be_opened_again_when_renewal_came_back(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    sim.world.switch_renewal(RENEWING, on=True)
    await refresh(hass, loaded)
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    await press_off(hass)
    assert coordinator_of(loaded).cancellations.is_open(RENEWING)


async def test_a_cancellation_ends_when_the_plan_is_over_and_no_charge_can_come(
    hass: HomeAssistant,
    loaded_de: MockConfigEntry,
    sim: RunningSimulator,
) -> None:
    with pytest.raises(HomeAssistantError):
        await press(hass, STORE_BILLED, "off")
    edit_camera(sim.world, STORE_BILLED, {"plan": {"end": "-29d", "auto_renew": False}})
    await refresh(hass, loaded_de)
    assert coordinator_of(loaded_de).cancellations.is_open(STORE_BILLED)
    edit_camera(sim.world, STORE_BILLED, {"plan": {"end": "-31d", "auto_renew": False}})
    await refresh(hass, loaded_de)
    assert not coordinator_of(loaded_de).cancellations.is_open(STORE_BILLED)
    assert not issues(hass)


async def test_a_deselected_camera_stays_while_its_cancellation_is_open(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    hass.config_entries.async_update_entry(
        loaded, options={**loaded.options, "cameras_excluded": [RENEWING]}
    )
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert assumed(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    await refresh(hass, loaded)
    assert RENEWING not in coordinator_of(loaded).data.cameras


async def test_a_second_witness_that_still_says_on_keeps_it_unconfirmed(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    # The flag says off, the order list still shows a coming debit.
    edit_camera(sim.world, RENEWING, {"wire_overrides": {"isRenew": False}})
    await refresh(hass, loaded)
    assert state_of(hass, RENEWING, "auto_renewal") == "unknown"
    assert coordinator_of(loaded).cancellations.is_open(RENEWING)
    switch = hass.states.get(entity_id(hass, RENEWING, "auto_renewal"))
    assert switch is not None
    assert switch.attributes["witnesses"] == {"isRenew": False, "hasDeductOrders": True}
    # It is asked for as long as the two contradict each other, also without a cancellation.
    await press(hass, RENEWING, "on")
    await refresh(hass, loaded)
    assert state_of(hass, RENEWING, "auto_renewal") == "unknown"
    attention = hass.states.get("binary_sensor.xiaomi_cloud_plans_0011_plans_need_attention")
    assert attention is not None
    assert attention.attributes["items"] == [{"camera": "Renewing", "reason": "witnesses_disagree"}]


# --- Repairs ---


@pytest.fixture
async def manager(hass: HomeAssistant) -> RepairsFlowManager:
    """Set up Repairs and return what hands out its flows."""
    assert await async_setup_component(hass, "repairs", {})
    found = repairs_flow_manager(hass)
    assert found is not None
    return found


async def start(hass: HomeAssistant, manager: RepairsFlowManager) -> Any:
    (issue,) = issues(hass)
    return await manager.async_init(DOMAIN, data={"issue_id": issue.issue_id})


async def go(
    hass: HomeAssistant, manager: RepairsFlowManager, result: Any, step: str | None = None
) -> Any:
    """Choose a menu's step, or send an empty form; wait where the maker is asked."""
    result = await manager.async_configure(
        result["flow_id"], {"next_step_id": step} if step else {}
    )
    if result["type"] is FlowResultType.SHOW_PROGRESS:
        await hass.async_block_till_done(wait_background_tasks=True)
        result = await manager.async_configure(result["flow_id"])
    return result


async def test_the_good_case_in_mi_home(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    manager: RepairsFlowManager,
) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    await press_off(hass)
    result = await start(hass, manager)
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "decide")
    assert result["menu_options"] == ["steps", "keep"]
    assert set(result["description_placeholders"]) >= {"camera", "end", "earliest"}

    result = await go(hass, manager, result, "steps")
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "mi_home")
    sim.world.switch_renewal(RENEWING, on=False)
    result = await go(hass, manager, result)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "confirmed")
    assert state_of(hass, RENEWING, "auto_renewal") == "off"

    result = await go(hass, manager, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert not issues(hass)


async def test_still_on_keeps_the_issue_and_can_be_checked_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    manager: RepairsFlowManager,
) -> None:
    await press_off(hass)
    result = await go(hass, manager, await start(hass, manager), "steps")
    result = await go(hass, manager, result)
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "still_on")
    assert result["menu_options"] == ["check", "steps", "leave", "keep"]
    cancellation = coordinator_of(loaded).cancellations.get(RENEWING)
    assert cancellation is not None
    assert cancellation.state is CancellationState.CHECKING

    result = await go(hass, manager, result, "check")
    assert result["step_id"] == "still_on"
    result = await go(hass, manager, result, "steps")
    assert result["step_id"] == "mi_home"
    result = await go(hass, manager, result)
    result = await go(hass, manager, result, "leave")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "still_on")
    assert len(issues(hass)) == 1

    # A new window goes on from what is stored.
    result = await start(hass, manager)
    assert result["step_id"] == "decide"
    result = await go(hass, manager, result, "steps")
    sim.world.switch_renewal(RENEWING, on=False)
    result = await go(hass, manager, result)
    assert result["step_id"] == "confirmed"


async def test_keeping_the_plan_withdraws(
    hass: HomeAssistant, loaded: MockConfigEntry, manager: RepairsFlowManager
) -> None:
    await press_off(hass)
    result = await go(hass, manager, await start(hass, manager), "keep")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "kept")
    assert not issues(hass)
    assert not coordinator_of(loaded).cancellations.is_open(RENEWING)


async def test_a_maker_that_cannot_be_asked_leaves_the_issue(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    manager: RepairsFlowManager,
) -> None:
    await press_off(hass)
    result = await go(hass, manager, await start(hass, manager), "steps")
    sim.faults.add("dropped")
    result = await go(hass, manager, result)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_reached")
    cancellation = coordinator_of(loaded).cancellations.get(RENEWING)
    assert cancellation is not None
    assert cancellation.done_at is not None
    assert len(issues(hass)) == 1


@pytest.mark.parametrize("store", ["google_play", "apple"])
async def test_a_store_billed_plan_is_never_called_off(
    hass: HomeAssistant,
    loaded_de: MockConfigEntry,
    sim: RunningSimulator,
    manager: RepairsFlowManager,
    store: str,
) -> None:
    with pytest.raises(HomeAssistantError):
        await press(hass, STORE_BILLED, "off")
    result = await start(hass, manager)
    assert result["step_id"] == "decide_unsure"
    result = await go(hass, manager, result, "steps")
    assert (result["step_id"], result["menu_options"]) == ("seller", ["google_play", "apple"])
    result = await go(hass, manager, result, store)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, store)
    link = result["description_placeholders"].get("url")
    fields = [str(field) for field in result["data_schema"].schema]
    if store == "google_play":
        assert link == "https://play.google.com/store/account/subscriptions"
        assert fields == ["qr"]
    else:
        assert link is None
        assert fields == []
    sim.world.switch_renewal(STORE_BILLED, on=False)
    result = await go(hass, manager, result)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "done_not_readable")
    assert state_of(hass, STORE_BILLED, "auto_renewal") == "unknown"
    assert len(issues(hass)) == 1


async def test_unknown_dates_are_left_out(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    manager: RepairsFlowManager,
) -> None:
    edit_camera(sim.world, RENEWING, {"wire_overrides": {"endTime": DROP}})
    await refresh(hass, loaded)
    await press_off(hass)
    result = await start(hass, manager)
    assert result["step_id"] == "decide_no_dates"
    assert "end" not in result["description_placeholders"]
    sim.world.switch_renewal(RENEWING, on=False)
    result = await go(hass, manager, await go(hass, manager, result, "steps"))
    assert result["step_id"] == "confirmed_no_end"
    result = await go(hass, manager, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("path", [[], ["steps"], ["steps", None], ["steps", None, "check"]])
async def test_a_window_left_open_while_it_was_withdrawn_ends(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    manager: RepairsFlowManager,
    path: list[str | None],
) -> None:
    await press_off(hass)
    result = await start(hass, manager)
    for step in path:
        result = await go(hass, manager, result, step)
    await press(hass, RENEWING, "on")
    if not path:
        result = await go(hass, manager, result, "steps")
    elif path[-1] == "steps":
        result = await go(hass, manager, result)
    else:
        result = await go(hass, manager, result, "check")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_open")


async def test_unloading_while_the_maker_is_asked_ends_the_asking(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    manager: RepairsFlowManager,
) -> None:
    await press_off(hass)
    result = await go(hass, manager, await start(hass, manager), "steps")
    sim.faults.add("latency", seconds=5.0)
    result = await manager.async_configure(result["flow_id"], {})
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()
    result = await manager.async_configure(result["flow_id"])
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_open")
    assert len(issues(hass)) == 1


async def test_a_window_of_an_account_that_is_not_loaded_ends(
    hass: HomeAssistant, loaded: MockConfigEntry, manager: RepairsFlowManager
) -> None:
    await press_off(hass)
    result = await start(hass, manager)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    result = await go(hass, manager, result, "keep")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_open")
    result = await start(hass, manager)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_open")


async def test_a_window_left_open_while_a_poll_confirmed_shows_it(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    manager: RepairsFlowManager,
) -> None:
    await press_off(hass)
    result = await go(hass, manager, await go(hass, manager, await start(hass, manager), "steps"))
    assert result["step_id"] == "still_on"
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    assert not issues(hass)
    result = await go(hass, manager, result, "check")
    assert result["step_id"] == "confirmed"
    assert await hass.config_entries.async_unload(loaded.entry_id)
    result = await go(hass, manager, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("step", ["check", "steps"])
async def test_a_window_left_open_while_the_account_was_unloaded_ends(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    manager: RepairsFlowManager,
    step: str,
) -> None:
    await press_off(hass)
    result = await go(hass, manager, await go(hass, manager, await start(hass, manager), "steps"))
    assert await hass.config_entries.async_unload(loaded.entry_id)
    result = await go(hass, manager, result, step)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_open")


async def test_taking_note_of_a_camera_that_left_removes_it(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    manager: RepairsFlowManager,
) -> None:
    sim.world.remove_device(RENEWING)
    for _ in range(2):
        await refresh(hass, loaded)
    result = await start(hass, manager)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "confirm")
    result = await go(hass, manager, result)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert RENEWING not in coordinator_of(loaded).data.cameras
    assert not [
        entity
        for entity in er.async_get(hass).entities.values()
        if f"_{RENEWING}_" in entity.unique_id
    ]
    await refresh(hass, loaded)
    assert not issues(hass)


async def test_a_camera_that_left_and_came_back_ends_its_window(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    manager: RepairsFlowManager,
) -> None:
    sim.world.remove_device(RENEWING)
    for _ in range(2):
        await refresh(hass, loaded)
    result = await start(hass, manager)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    result = await go(hass, manager, result)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_open")


# --- The action ---


def device_id(hass: HomeAssistant, camera_id: str) -> str:
    entity = er.async_get(hass).async_get(entity_id(hass, camera_id, "plan_status"))
    assert entity is not None
    assert entity.device_id is not None
    return entity.device_id


async def cancel(hass: HomeAssistant, **target: Any) -> list[dict[str, Any]]:
    answer: Any = await hass.services.async_call(
        DOMAIN, SERVICE_CANCEL_PLAN, target, blocking=True, return_response=True
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    rows: list[dict[str, Any]] = answer["plans"]
    return rows


async def test_the_action_answers_with_a_row_per_camera(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    rows = await cancel(
        hass,
        entity_id=[
            entity_id(hass, camera_id, "plan_status")
            for camera_id in (NEVER_BOUGHT, RENEWING, NOT_RENEWING)
        ],
    )
    by_camera = {row["camera"]: row for row in rows}
    assert {name: row["state"] for name, row in by_camera.items()} == {
        "None": "no_running_plan",
        "Renewing": "waiting_for_you",
        "Not renewing": "already_off",
    }
    plan = coordinator_of(loaded).data.cameras[RENEWING].view
    assert plan is not None
    assert plan.charge is not None
    assert by_camera["Renewing"] == {
        "device_id": device_id(hass, RENEWING),
        "camera": "Renewing",
        "state": "waiting_for_you",
        "next_step": ["mi_home"],
        "plan_ends": plan.charge.latest.isoformat(),
        "deadline": plan.charge.earliest.isoformat(),
    }
    assert by_camera["None"]["plan_ends"] is None
    assert len(issues(hass)) == 1
    # Once more is no error.
    rows = await cancel(hass, entity_id=entity_id(hass, RENEWING, "plan_status"))
    assert [row["state"] for row in rows] == ["waiting_for_you"]


async def test_the_action_is_found_by_every_kind_of_target(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    registry = er.async_get(hass)
    area = ar.async_get(hass).async_create("Hall")
    label = lr.async_get(hass).async_create("Paid")
    dr.async_get(hass).async_update_device(
        device_id(hass, RENEWING), area_id=area.id, labels={label.label_id}
    )
    switch = entity_id(hass, RENEWING, "auto_renewal")
    switch_entry = registry.async_get(switch)
    assert switch_entry is not None
    for target in (
        {"entity_id": switch},
        {"entity_id": switch_entry.id},
        {"device_id": device_id(hass, RENEWING)},
        {"area_id": area.id},
        {"label_id": label.label_id},
    ):
        rows = await cancel(hass, **target)
        assert [row["device_id"] for row in rows] == [device_id(hass, RENEWING)], target
    rows = await cancel(hass, entity_id="all")
    assert len(rows) == len(coordinator_of(loaded).data.cameras)


async def test_the_action_without_a_camera_says_so(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    left_behind = dr.async_get(hass).async_get_or_create(
        config_entry_id=loaded.entry_id,
        identifiers={camera_identifier(loaded, "1999999999")},
        name="Left behind",
    )
    account = next(
        device.id
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), loaded.entry_id)
        if device.via_device_id is None
    )
    for target in (
        {},
        {"entity_id": "none"},
        {"entity_id": "sun.sun"},
        {"device_id": "unheard-of"},
        {"device_id": account},
        {"device_id": left_behind.id},
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await cancel(hass, **target)
        assert raised.value.translation_key == "no_camera_in_target", target


async def test_the_action_does_not_touch_devices_of_others(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={(DOMAIN, "x"), ("other", "y")}
    )
    with pytest.raises(ServiceValidationError) as raised:
        await cancel(hass, device_id=device.id)
    assert raised.value.translation_key == "no_camera_in_target"


async def test_the_action_of_a_person_is_for_those_who_may_control(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    housemate: MockUser,
    hass_read_only_user: MockUser,
) -> None:
    async def ask(user_id: str) -> None:
        await hass.services.async_call(
            DOMAIN,
            SERVICE_CANCEL_PLAN,
            {"device_id": device_id(hass, RENEWING)},
            blocking=True,
            context=Context(user_id=user_id),
        )

    with pytest.raises(Unauthorized):
        await ask(hass_read_only_user.id)
    with pytest.raises(UnknownUser):
        await ask("nobody")
    assert not issues(hass)
    await ask(housemate.id)
    assert len(issues(hass)) == 1


async def test_the_action_for_many_waits_once_for_a_slow_maker(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("latency", seconds=3.0)
    started = hass.loop.time()
    answer: Any = await hass.services.async_call(
        DOMAIN, SERVICE_CANCEL_PLAN, {"entity_id": "all"}, blocking=True, return_response=True
    )
    assert hass.loop.time() - started < 2.5
    waiting = [row for row in answer["plans"] if row["state"] == "waiting_for_you"]
    assert len(waiting) == 2


async def test_the_action_of_an_account_that_is_not_loaded_says_so(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    target = device_id(hass, RENEWING)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    with pytest.raises(ServiceValidationError) as raised:
        await cancel(hass, device_id=target)
    assert raised.value.translation_key == "account_not_loaded"


async def test_the_action_without_an_answer_asked_for(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await hass.services.async_call(
        DOMAIN,
        SERVICE_CANCEL_PLAN,
        {"device_id": device_id(hass, RENEWING)},
        blocking=True,
    )
    assert len(issues(hass)) == 1


@pytest.mark.freeze_time("2026-11-22T12:00:00+00:00")
@pytest.mark.parametrize(
    ("language", "said"), [("en", "Sun 6 Dec, 01:00"), ("zh-Hans", "12月6日（周日）01:00")]
)
async def test_moments_are_said_in_the_local_zone_and_language(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    manager: RepairsFlowManager,
    sim: RunningSimulator,
    language: str,
    said: str,
) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    hass.config.language = language
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+13d5h"}})
    await set_up(hass, entry)
    await press_off(hass)
    result = await start(hass, manager)
    assert result["description_placeholders"]["end"] == said
