"""Polling: what is asked, what becomes of failures, and who is told."""

from collections.abc import Iterator
from datetime import timedelta
import logging
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
)

from custom_components.camera_cloud_plan.cloud.errors import (
    CloudError,
    SignInNeededError,
    UnreachableError,
)
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.coordinator import CloudPlanCoordinator
from custom_components.camera_cloud_plan.snapshot import Failure
from simulator.edits import add_camera, edit_camera
from simulator.server import RunningSimulator
from simulator.spelling import device_entry

from .conftest import EntryMaker, entity_id, pass_time, set_up

RENEWING = "2000000003"
NOT_RENEWING = "2000000004"
NEVER_BOUGHT = "2000000001"
STATUS_PATH = "/miot/camera/app/v1/vip/status"
LIST_PATH = "/app/v2/homeroom/gethome_merged"
HOST = "api.io.mi.com"
ORDERS_PATH = "/miot/camera/app/v1/vip/deductOrders"
POLL = timedelta(hours=6).total_seconds() * 1.1 + 1


@pytest.fixture(autouse=True)
def _no_jitter() -> Iterator[None]:
    """Poll after exactly the interval."""
    with patch("custom_components.camera_cloud_plan.coordinator.random.uniform", return_value=1.0):
        yield


def coordinator_of(entry: ConfigEntry[Any]) -> CloudPlanCoordinator:
    coordinator: CloudPlanCoordinator = entry.runtime_data.coordinator
    return coordinator


async def press_check_now(hass: HomeAssistant) -> None:
    await hass.services.async_call(
        "button",
        "press",
        {"entity_id": "button.xiaomi_cloud_plans_0011_check_plans_now"},
        blocking=True,
    )
    await hass.async_block_till_done(wait_background_tasks=True)


async def refresh(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await coordinator_of(entry).async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)


def state_of(hass: HomeAssistant, camera_id: str, key: str) -> str:
    state = hass.states.get(entity_id(hass, camera_id, key))
    assert state is not None
    return state.state


def as_of(hass: HomeAssistant, camera_id: str, key: str = "plan_status") -> Any:
    state = hass.states.get(entity_id(hass, camera_id, key))
    assert state is not None
    return state.attributes.get("as_of")


# --- What is asked ---


async def test_a_poll_makes_one_request_per_camera_and_a_handful(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    cameras = len(coordinator_of(loaded).data.cameras)
    assert sim.requests.total(path=STATUS_PATH) == cameras
    sim.requests.reset()
    await press_check_now(hass)
    assert sim.requests.total(path=STATUS_PATH) == cameras
    assert sim.requests.total() <= cameras + 8
    assert sim.requests.total(path=ORDERS_PATH) == 0


async def test_polls_at_the_interval_of_the_options(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    entry = await make_entry(poll_hours=2)
    await set_up(hass, entry)
    read_at = coordinator_of(entry).data.read_at
    await pass_time(hass, freezer, 3600)
    assert read_at is not None
    assert coordinator_of(entry).data.read_at == read_at
    await pass_time(hass, freezer, 3700)
    later = coordinator_of(entry).data.read_at
    assert later is not None
    assert later > read_at


async def test_the_interval_is_spread(hass: HomeAssistant, make_entry: EntryMaker) -> None:
    entry = await make_entry(poll_hours=10)
    with patch(
        "custom_components.camera_cloud_plan.coordinator.random.uniform", return_value=0.93
    ) as uniform:
        await set_up(hass, entry)
    uniform.assert_called_with(0.9, 1.1)
    assert coordinator_of(entry).update_interval == timedelta(hours=9.3)


async def test_an_excluded_camera_is_neither_read_nor_shown(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> None:
    entry = await make_entry(cameras_excluded=[RENEWING])
    await set_up(hass, entry)
    assert RENEWING not in coordinator_of(entry).data.cameras
    assert sim.requests.total(path=STATUS_PATH) == len(coordinator_of(entry).data.cameras)


async def test_an_account_without_cameras_is_set_up(
    hass: HomeAssistant, entry: MockConfigEntry, sim: RunningSimulator
) -> None:
    for did in list(sim.world.cameras):
        sim.world.remove_device(did)
    await set_up(hass, entry)
    renewing = hass.states.get("sensor.xiaomi_cloud_plans_0011_plans_set_to_renew")
    assert renewing is not None
    assert renewing.state == "0"
    assert sim.requests.total(path=STATUS_PATH) == 0


async def test_renewal_seen_to_go_off_is_asked_of_a_second_witness(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.world.switch_renewal(RENEWING, on=False)
    await press_check_now(hass)
    assert sim.requests.total(path=ORDERS_PATH) == 1
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    sim.requests.reset()
    await refresh(hass, loaded)
    assert sim.requests.total(path=ORDERS_PATH) == 0


async def test_at_most_eight_second_witnesses_are_asked_in_a_poll(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> None:
    model = device_entry(sim.world.camera(RENEWING), sim.world)
    for number in range(10):
        add_camera(
            sim.world,
            {
                **model,
                "did": f"30000000{number:02}",
                "mac": f"02:E5:00:00:01:{number:02}",
            },
        )
    entry = await make_entry()
    await set_up(hass, entry)
    for number in range(10):
        sim.world.switch_renewal(f"30000000{number:02}", on=False)
    await refresh(hass, entry)
    assert sim.requests.total(path=ORDERS_PATH) == 8


@pytest.mark.parametrize(
    ("error", "failure", "succeeded"),
    [
        (UnreachableError("api.example", "time-out"), Failure.UNREACHABLE, True),
        (SignInNeededError(), Failure.SIGN_IN_NEEDED, False),
    ],
)
async def test_off_is_not_shown_while_the_second_witness_cannot_be_asked(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    error: CloudError,
    failure: Failure,
    *,
    succeeded: bool,
) -> None:
    coordinator = coordinator_of(loaded)
    read = coordinator.provider.read_plans
    answers: list[Any] = [read, AsyncMock(side_effect=error)]

    async def first_well_then_not(*args: Any) -> Any:
        return await answers.pop(0)(*args)

    sim.world.switch_renewal(RENEWING, on=False)
    with patch.object(coordinator.provider, "read_plans", first_well_then_not):
        await refresh(hass, loaded)
    assert coordinator.last_update_success is succeeded
    assert coordinator.data.cameras[RENEWING].failure is failure
    assert state_of(hass, RENEWING, "auto_renewal") == "on"


# --- What becomes of failures ---


@pytest.mark.parametrize(
    ("fault", "key", "placeholders"),
    [
        (
            {"trouble": "http_status", "status": 503},
            "not_served",
            {"host": HOST, "status": "503"},
        ),
        ({"trouble": "http_status", "status": 403}, "not_let_in", {"host": HOST}),
        (
            {"trouble": "http_status", "status": 429, "retry_after": 120},
            "rate_limited",
            {"host": HOST},
        ),
        ({"trouble": "dropped"}, "unreachable", {"host": "127.0.0.1"}),  # the gateway itself
        ({"trouble": "html"}, "unexpected_answer", {"host": HOST}),
        ({"trouble": "garbage_cipher"}, "unexpected_answer", {"host": HOST}),
        ({"trouble": "api_error"}, "api_error", {"path": LIST_PATH, "code": "-8"}),
        ({"trouble": "invalid_signature"}, "signature_refused", {"host": HOST}),
    ],
)
async def test_each_failure_of_the_first_read_says_what_to_do(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    fault: dict[str, Any],
    key: str,
    placeholders: dict[str, str],
) -> None:
    entry = await make_entry(regions=["cn"])
    sim.faults.add(**fault, host="api")
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == key
    assert entry.error_reason_translation_placeholders == placeholders


async def test_a_refused_sign_in_asks_for_a_new_one(
    hass: HomeAssistant, entry: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.sessions.expire(pass_tokens=True)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "sign_in_needed"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_an_outage_keeps_the_last_good_data_marked_and_tries_again_sooner(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    read_at = coordinator_of(loaded).data.cameras[RENEWING].reading
    assert read_at is not None
    assert as_of(hass, RENEWING) is None
    sim.faults.add("http_status", status=503)
    await pass_time(hass, freezer, POLL)
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    assert as_of(hass, RENEWING, "auto_renewal") == read_at.read_at
    assert coordinator_of(loaded).update_interval == timedelta(minutes=10)

    await pass_time(hass, freezer, 11 * 60)
    assert coordinator_of(loaded).update_interval == timedelta(minutes=20)
    said = [record for record in caplog.records if "does not serve just now" in record.message]
    assert len(said) == 1

    sim.faults.clear()
    await pass_time(hass, freezer, 21 * 60)
    assert as_of(hass, RENEWING) is None
    assert coordinator_of(loaded).update_interval == timedelta(hours=6)


async def test_waits_as_long_as_the_maker_asks(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    sim.faults.add("http_status", status=429, retry_after=1800)
    with pytest.raises(HomeAssistantError) as raised:
        await press_check_now(hass)
    assert raised.value.translation_key == "rate_limited"
    sim.faults.clear()
    sim.requests.reset()
    await pass_time(hass, freezer, 1500)
    assert sim.requests.total() == 0
    await pass_time(hass, freezer, 400)
    assert sim.requests.total(path=STATUS_PATH) > 0


async def test_last_good_data_is_shown_for_seven_days(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    sim.faults.add("dropped")
    await pass_time(hass, freezer, 6.9 * 86400)
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    await pass_time(hass, freezer, 0.2 * 86400)
    for key in ("auto_renewal", "plan_status", "next_charge"):
        assert state_of(hass, RENEWING, key) == STATE_UNAVAILABLE
    charge = hass.states.get("sensor.xiaomi_cloud_plans_0011_next_charge_of_all_cameras")
    assert charge is not None
    assert charge.state == STATE_UNAVAILABLE
    button = hass.states.get("button.xiaomi_cloud_plans_0011_check_plans_now")
    assert button is not None
    assert button.state != STATE_UNAVAILABLE
    sim.faults.clear()
    await press_check_now(hass)
    assert state_of(hass, RENEWING, "plan_status") != STATE_UNAVAILABLE


async def test_one_failing_camera_never_hides_the_others(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("api_error", host="camera", did=RENEWING)
    sim.world.switch_renewal("2000000002", on=False)
    await press_check_now(hass)
    assert coordinator_of(loaded).last_update_success
    assert coordinator_of(loaded).data.cameras[RENEWING].failure is Failure.API_ERROR
    assert as_of(hass, RENEWING) is not None
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    assert as_of(hass, NOT_RENEWING) is None
    assert state_of(hass, "2000000002", "auto_renewal") == "off"


async def test_a_camera_never_read_is_unavailable_until_it_is(
    hass: HomeAssistant, entry: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("api_error", host="camera", did=RENEWING)
    await set_up(hass, entry)
    assert state_of(hass, RENEWING, "plan_status") == STATE_UNAVAILABLE
    sim.faults.clear()
    await press_check_now(hass)
    assert state_of(hass, RENEWING, "plan_status") == "active_renewing"
    assert state_of(hass, RENEWING, "auto_renewal") == "on"


async def test_without_a_list_the_known_cameras_are_read(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("http_status", status=503, host="api")
    sim.world.switch_renewal(RENEWING, on=False)
    await press_check_now(hass)
    assert coordinator_of(loaded).last_update_success
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    assert as_of(hass, RENEWING) is None
    # The list alone says whether they are online.
    assert {plan.camera.online for plan in coordinator_of(loaded).data.cameras.values()} == {None}


async def test_a_sign_in_refused_later_starts_a_new_one_and_keeps_the_data(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
) -> None:
    sim.sessions.expire(pass_tokens=True)
    with pytest.raises(HomeAssistantError) as raised:
        await press_check_now(hass)
    assert raised.value.translation_key == "sign_in_needed"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    assert as_of(hass, RENEWING) is not None


async def test_a_renewed_session_is_stored_without_a_reload(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    before = loaded.data["credentials"]["session"]
    coordinator = coordinator_of(loaded)
    sim.sessions.expire()
    await press_check_now(hass)
    assert loaded.data["credentials"]["session"]["service_token"] != before["service_token"]
    assert loaded.data["credentials"]["session"]["ssecurity"] != before["ssecurity"]
    assert coordinator_of(loaded) is coordinator
    assert coordinator.last_update_success


# --- By hand ---


async def test_checking_too_early_answers_with_the_last_result_and_checks_when_it_is_time(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await press_check_now(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    sim.requests.reset()
    await press_check_now(hass)
    await press_check_now(hass)
    assert sim.requests.total() == 0
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    await pass_time(hass, freezer, 61)
    assert state_of(hass, RENEWING, "auto_renewal") == "off"


async def test_update_entity_keeps_to_the_same_floor(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_check_now(hass)
    sim.requests.reset()
    entity = hass.data["entity_components"]["sensor"].get_entity(
        entity_id(hass, RENEWING, "plan_status")
    )
    await entity.async_update()
    assert sim.requests.total() == 0


# --- Who is told ---


async def test_only_entities_of_the_changed_camera_are_written(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    written: list[str] = []
    with patch(
        "homeassistant.helpers.entity.Entity.async_write_ha_state",
        autospec=True,
        side_effect=lambda entity: written.append(entity.unique_id),
    ):
        await press_check_now(hass)
        assert [name for name in written if "_20000000" in name] == []
        sim.world.switch_renewal(RENEWING, on=False)
        await refresh(hass, loaded)
        await hass.async_block_till_done()
    cameras = {name.split("_")[1] for name in written if "_20000000" in name}
    assert cameras == {RENEWING}


async def test_many_changes_are_told_in_slices_and_completely(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("dropped")
    with pytest.raises(HomeAssistantError):
        await press_check_now(hass)
    for camera_id in coordinator_of(loaded).data.cameras:
        assert as_of(hass, camera_id) is not None


async def test_a_listener_that_fails_does_not_silence_the_others(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    remove = coordinator_of(loaded).async_add_listener(fail, RENEWING)
    listeners = coordinator_of(loaded)._of_camera[RENEWING]
    first, *_ = listeners
    listeners[first] = listeners.pop(first)  # so that an entity comes after the failing one
    sim.world.switch_renewal(RENEWING, on=False)
    await press_check_now(hass)
    assert "Unexpected error updating a listener" in caplog.text
    assert state_of(hass, RENEWING, "auto_renewal") == "off"
    remove()


# --- Cameras come and go ---


async def test_a_new_camera_appears_without_a_reload(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    model = device_entry(sim.world.camera(RENEWING), sim.world)
    add_camera(
        sim.world,
        {**model, "did": "2000000077", "mac": "02:E5:00:00:00:77"},
    )
    await press_check_now(hass)
    assert state_of(hass, "2000000077", "auto_renewal") == "on"
    assert dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{_account_prefix(hass)}_2000000077"), loaded.entry_id
    )


async def test_a_plan_bought_later_brings_its_entities(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    bought = device_entry(sim.world.camera(RENEWING), sim.world)["plan"]
    edit_camera(sim.world, NEVER_BOUGHT, {"plan": bought})
    await press_check_now(hass)
    assert state_of(hass, NEVER_BOUGHT, "auto_renewal") == "on"
    assert state_of(hass, NEVER_BOUGHT, "days_remaining") == "13"


async def test_a_camera_without_a_plan_that_leaves_is_removed_after_the_second_list(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.world.remove_device(NEVER_BOUGHT)
    await refresh(hass, loaded)
    assert as_of(hass, NEVER_BOUGHT) is not None
    await refresh(hass, loaded)
    assert NEVER_BOUGHT not in coordinator_of(loaded).data.cameras
    assert not [
        entity
        for entity in er.async_get(hass).entities.values()
        if f"_{NEVER_BOUGHT}_" in entity.unique_id
    ]
    assert not ir.async_get(hass).issues


async def test_a_camera_missing_once_is_back_as_if_nothing_happened(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    camera = sim.world.camera(NEVER_BOUGHT)
    for _ in range(2):
        sim.world.remove_device(NEVER_BOUGHT)
        await refresh(hass, loaded)
        sim.world.put_device(camera)
        await refresh(hass, loaded)
    assert state_of(hass, NEVER_BOUGHT, "plan_status") == "none"
    assert as_of(hass, NEVER_BOUGHT) is None


async def test_an_empty_list_is_not_believed_the_first_time(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    known = set(coordinator_of(loaded).data.cameras)
    sim.faults.add("no_devices")
    await refresh(hass, loaded)
    assert set(coordinator_of(loaded).data.cameras) == known
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    sim.faults.clear()
    await refresh(hass, loaded)
    assert as_of(hass, RENEWING) is None
    sim.faults.add("no_devices")
    await refresh(hass, loaded)
    await refresh(hass, loaded)
    # What renews stays; it goes on being charged.
    assert set(coordinator_of(loaded).data.cameras) == {"2000000002", RENEWING}


async def test_a_camera_that_leaves_with_a_renewing_plan_stays_and_is_pointed_out(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    camera = sim.world.camera(RENEWING)
    sim.world.remove_device(RENEWING)
    for _ in range(3):
        await refresh(hass, loaded)
    left = coordinator_of(loaded).data.cameras[RENEWING]
    assert left.left_at is not None
    assert state_of(hass, RENEWING, "auto_renewal") == "on"
    (issue,) = ir.async_get(hass).issues.values()
    assert (issue.translation_key, issue.is_fixable) == ("camera_left", True)
    attention = hass.states.get("binary_sensor.xiaomi_cloud_plans_0011_plans_need_attention")
    assert attention is not None
    assert attention.attributes["items"] == [{"camera": "Renewing", "reason": "camera_left"}]

    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert coordinator_of(loaded).data.cameras[RENEWING].left_at == left.left_at
    assert len(ir.async_get(hass).issues) == 1

    sim.world.put_device(camera)
    await refresh(hass, loaded)
    assert coordinator_of(loaded).data.cameras[RENEWING].left_at is None
    assert not ir.async_get(hass).issues


async def test_a_camera_deselected_in_the_options_goes_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(
        loaded, options={**loaded.options, "cameras_excluded": [RENEWING]}
    )
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not [
        entity
        for entity in er.async_get(hass).entities.values()
        if f"_{RENEWING}_" in entity.unique_id
    ]
    assert not ir.async_get(hass).issues


async def test_a_device_left_behind_while_home_assistant_was_off_goes_after_two_lists(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    dr.async_get(hass).async_get_or_create(
        config_entry_id=loaded.entry_id,
        identifiers={(DOMAIN, f"{_account_prefix(hass)}_1999999999")},
        name="Left behind",
    )
    await refresh(hass, loaded)
    identifier = (DOMAIN, f"{_account_prefix(hass)}_1999999999")
    registry = dr.async_get(hass)
    assert registry.async_get_device_by_identifier(identifier, loaded.entry_id)
    await refresh(hass, loaded)
    assert registry.async_get_device_by_identifier(identifier, loaded.entry_id) is None


async def test_entities_of_a_plan_long_over_are_cleared_at_set_up(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
) -> None:
    switch = entity_id(hass, NOT_RENEWING, "auto_renewal")
    edit_camera(sim.world, NOT_RENEWING, {"plan": {"end": "-61d"}})
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    registry = er.async_get(hass)
    assert registry.async_get(switch) is None
    assert state_of(hass, NOT_RENEWING, "plan_status") == "expired"
    assert state_of(hass, RENEWING, "auto_renewal") == "on"


def _account_prefix(hass: HomeAssistant) -> str:
    (status,) = (
        entity.unique_id
        for entity in er.async_get(hass).entities.values()
        if entity.unique_id.endswith(f"_{NOT_RENEWING}_plan_status")
    )
    return status.split("_")[0]


async def test_nothing_is_logged_above_info_in_a_normal_life(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sim: RunningSimulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await set_up(hass, entry)
    await press_check_now(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    ours = [
        record
        for record in caplog.records
        if record.levelno > logging.INFO and "camera_cloud_plan" in record.name
    ]
    assert ours == []
