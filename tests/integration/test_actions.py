"""The actions: a row with a reason for each camera, whatever else is in the bag."""

from typing import Any

from homeassistant.components import persistent_notification
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    issue_registry as ir,
    label_registry as lr,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.camera_cloud_plan.const import (
    DOMAIN,
    SERVICE_CANCEL_PLAN,
    SERVICE_CHECK_RENEWAL,
    SERVICE_WITHDRAW_CANCELLATION,
)
from custom_components.camera_cloud_plan.devices import camera_identifier
from custom_components.camera_cloud_plan.plan import CaseState, Wish
from simulator.edits import add_camera
from simulator.server import RunningSimulator
from simulator.spelling import device_entry
from simulator.worldfile import load_world

from .acts import (
    EXPIRED,
    TRIAL,
    act,
    cancel,
    case_of,
    device_id,
    direct_way,
    issue_keys,
    issue_of,
    issues,
    press,
    press_off,
    settle,
    standing,
)
from .conftest import EntryMaker, entity_id, set_up
from .test_coordinator import (
    NEVER_BOUGHT,
    NOT_RENEWING,
    ORDERS_PATH,
    RENEWING,
    STATUS_PATH,
    coordinator_of,
)

# Cameras of the two homes.
FRONT_DOOR = "1051000101"
BALCONY = "1051000104"
STUDY = "1051000106"
GRANDMAS_HALL = "1074000401"
BERLIN_HALLWAY = "1064000201"
WORKSHOP = "1064000202"
WINDOW = "1064000203"
OLD_CAM = "1064000204"
KITCHEN = "1063000301"


def devices(hass: HomeAssistant, *camera_ids: str) -> list[str]:
    return [device_id(hass, camera_id) for camera_id in camera_ids]


def states(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["camera"]: row["state"] for row in rows}


# --- A mixed bag ---


@pytest.fixture
async def homes(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> dict[str, MockConfigEntry]:
    """Set up two accounts of the two homes, and a third that is then unloaded."""
    world = await hass.async_add_executor_job(load_world, "two_homes")
    sim.world.become(world)
    entries = {}
    for key in ("cn", "de", "cn2"):
        entries[key] = await make_entry(world.account(key).user_id, show_shared=True)
        await set_up(hass, entries[key])
    return entries


BAG = (
    FRONT_DOOR,
    BALCONY,
    STUDY,
    GRANDMAS_HALL,
    BERLIN_HALLWAY,
    WORKSHOP,
    WINDOW,
    OLD_CAM,
    KITCHEN,
)


async def test_a_mixed_bag_of_two_accounts_has_a_row_with_a_reason_for_each(
    hass: HomeAssistant, homes: dict[str, MockConfigEntry]
) -> None:
    bag = devices(hass, *BAG)
    assert await hass.config_entries.async_unload(homes["cn2"].entry_id)
    rows = await cancel(hass, device_id=bag)
    assert states(rows) == {
        "Front door": "waiting_for_you",
        "Balcony": "waiting_for_you",
        "Study": "already_so",
        "Grandma's hall": "shared",
        "Berlin hallway": "waiting_for_you",
        "Workshop": "no_running_plan",
        "Window": "no_running_plan",
        "Old cam": "unsupported",
        "Kitchen": "account_not_loaded",
    }
    assert {row["device_id"] for row in rows} == set(bag)
    by_camera = {row["camera"]: row for row in rows}
    assert [name for name, row in by_camera.items() if row.get("offline")] == ["Balcony"]
    assert {name: row["account"] for name, row in by_camera.items()} == {
        name: homes[key].title
        for key, names in {
            "cn": ("Front door", "Balcony", "Study", "Grandma's hall"),
            "de": ("Berlin hallway", "Workshop", "Window", "Old cam"),
            "cn2": ("Kitchen",),
        }.items()
        for name in names
    }
    view = coordinator_of(homes["cn"]).data.cameras[FRONT_DOOR].view
    assert view is not None
    assert view.charge is not None
    assert by_camera["Front door"] == {
        "device_id": bag[0],
        "camera": "Front door",
        "account": homes["cn"].title,
        "offline": False,
        "plan_ends": view.charge.latest.isoformat(),
        "deadline": view.charge.earliest.isoformat(),
        "state": "waiting_for_you",
        "next_step": ["mi_home"],
        "for": "you",
    }
    assert by_camera["Berlin hallway"]["next_step"] == ["google_play", "apple"]
    assert (by_camera["Window"]["plan_ends"], by_camera["Window"]["deadline"]) == (None, None)
    assert coordinator_of(homes["cn"]).cases.watched_cameras == {FRONT_DOOR, BALCONY}
    assert coordinator_of(homes["de"]).cases.watched_cameras == {BERLIN_HALLWAY}
    assert issue_keys(hass) == ["plan_cancellation"] * 3


async def test_a_dry_run_says_what_would_be_and_opens_nothing(
    hass: HomeAssistant, homes: dict[str, MockConfigEntry], sim: RunningSimulator
) -> None:
    sim.requests.reset()
    rows = await cancel(hass, device_id=devices(hass, *BAG), dry_run=True)
    assert states(rows) == {
        "Front door": "would_open",
        "Balcony": "would_open",
        "Study": "already_so",
        "Grandma's hall": "shared",
        "Berlin hallway": "would_open",
        "Workshop": "no_running_plan",
        "Window": "no_running_plan",
        "Old cam": "unsupported",
        "Kitchen": "would_open",
    }
    assert sim.requests.total() == 0
    assert issues(hass) == []
    assert not any(coordinator_of(entry).cases.watched_cameras for entry in homes.values())
    await press_off(hass, FRONT_DOOR)
    (row,) = await cancel(hass, device_id=device_id(hass, FRONT_DOOR), dry_run=True)
    assert row["state"] == "waiting_for_you"


async def test_twice_opens_nothing_twice_and_asks_nothing(
    hass: HomeAssistant, homes: dict[str, MockConfigEntry], sim: RunningSimulator
) -> None:
    bag = devices(hass, FRONT_DOOR, BALCONY, STUDY)
    await cancel(hass, device_id=bag)
    before = case_of(homes["cn"], FRONT_DOOR)
    sim.requests.reset()
    rows = await cancel(hass, device_id=bag)
    assert states(rows) == {
        "Front door": "waiting_for_you",
        "Balcony": "waiting_for_you",
        "Study": "already_so",
    }
    assert sim.requests.total() == 0
    assert case_of(homes["cn"], FRONT_DOOR) == before


async def test_a_camera_that_was_never_read_is_said_to_be_so(
    hass: HomeAssistant, entry: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("api_error", host="camera", did=RENEWING)
    await set_up(hass, entry)
    (row,) = await cancel(hass, device_id=device_id(hass, RENEWING))
    assert (row["state"], row["next_step"], row["plan_ends"]) == ("not_read", [], None)


async def test_the_state_of_what_is_open_is_the_rows(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    await coordinator_of(loaded).casework.async_done(RENEWING)
    (row,) = await cancel(hass, device_id=device_id(hass, RENEWING))
    assert (row["state"], row["next_step"]) == ("checking", [])
    assert "for" not in row
    sim.world.switch_renewal(TRIAL, on=False)
    (row,) = await cancel(hass, device_id=device_id(hass, TRIAL))
    assert row["state"] == "confirmed"


# --- Many ---


@pytest.fixture
async def many(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> MockConfigEntry:
    """Set an account up with seven cameras whose plans renew."""
    model = device_entry(sim.world.camera(RENEWING), sim.world)
    for number in range(5):
        add_camera(
            sim.world,
            {
                **model,
                "did": f"300000000{number}",
                "mac": f"02:E5:00:00:01:0{number}",
                "names": {"en": f"Camera {number}", "zh": f"{number}号"},
            },
        )
    entry = await make_entry()
    await set_up(hass, entry)
    return entry


async def test_more_than_five_make_one_issue_and_one_message(
    hass: HomeAssistant, many: MockConfigEntry
) -> None:
    rows = await cancel(hass, entity_id="all")
    assert list(states(rows).values()).count("waiting_for_you") == 7
    (issue,) = issues(hass)
    assert issue.translation_key == "plan_cancellation"
    assert issue.data == {"entry_id": many.entry_id, "camera_id": None}
    assert issue.translation_placeholders == {"standing": "One step left", "camera": "7 cameras"}
    (message,) = hass.data[persistent_notification.DOMAIN].values()
    assert message["title"] == "One step left for 7 cameras"
    for name in ("Renewing", "Trial", *(f"Camera {number}" for number in range(5))):
        assert f"• {name}" in message["message"]


async def test_the_one_issue_for_many_is_named_by_the_weightiest_and_ends_with_them(
    hass: HomeAssistant, many: MockConfigEntry, sim: RunningSimulator
) -> None:
    await cancel(hass, entity_id="all")
    await coordinator_of(many).casework.async_done(TRIAL)
    placeholders = issue_of(hass, "plan_cancellation").translation_placeholders
    assert placeholders == {"standing": "One step left", "camera": "7 cameras"}
    ir.async_ignore_issue(hass, DOMAIN, issue_of(hass, "plan_cancellation").issue_id, ignore=True)
    sim.world.switch_renewal("3000000000", on=False)
    await act(hass, SERVICE_CHECK_RENEWAL, device_id=device_id(hass, "3000000000"))
    issue = issue_of(hass, "plan_cancellation")
    assert issue.translation_placeholders == {"standing": "One step left", "camera": "6 cameras"}
    assert issue.dismissed_version is not None  # good news brings nothing back
    await press(hass, RENEWING, "on")
    assert len(issues(hass)) == 5
    assert all(issue.data and issue.data["camera_id"] for issue in issues(hass))


async def test_the_action_for_many_waits_once_for_a_slow_maker(
    hass: HomeAssistant, many: MockConfigEntry, sim: RunningSimulator
) -> None:
    sim.faults.add("latency", seconds=3.0)
    started = hass.loop.time()
    answer: Any = await hass.services.async_call(
        DOMAIN, SERVICE_CANCEL_PLAN, {"entity_id": "all"}, blocking=True, return_response=True
    )
    assert hass.loop.time() - started < 3
    assert list(states(answer["plans"]).values()).count("waiting_for_you") == 7
    sim.faults.clear()
    await settle(hass)


async def test_with_a_direct_way_each_is_sent_for_once(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> None:
    entry = await make_entry(renewal_request=direct_way())
    await set_up(hass, entry)
    bag = devices(hass, RENEWING, TRIAL, NOT_RENEWING)
    rows = await cancel(hass, device_id=bag)
    assert states(rows) == {
        "Renewing": "confirmed",
        "Trial": "confirmed",
        "Not renewing": "already_so",
    }
    assert sim.requests.renewals == {RENEWING: 1, TRIAL: 1}
    await cancel(hass, device_id=bag)
    assert sim.requests.renewals == {RENEWING: 1, TRIAL: 1}


# --- Targets ---


async def test_a_camera_is_found_by_every_kind_of_target(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    registry = er.async_get(hass)
    floor = fr.async_get(hass).async_create("Ground")
    area = ar.async_get(hass).async_create("Hall", floor_id=floor.floor_id)
    label = lr.async_get(hass).async_create("Paid")
    camera = device_id(hass, RENEWING)
    dr.async_get(hass).async_update_device(camera, area_id=area.id, labels={label.label_id})
    switch = registry.async_get(entity_id(hass, RENEWING, "auto_renewal"))
    assert switch is not None
    targets: tuple[dict[str, Any], ...] = (
        {"entity_id": switch.entity_id},
        {"entity_id": switch.id},
        {"entity_id": [switch.entity_id, entity_id(hass, RENEWING, "plan_status")]},
        {"device_id": camera},
        {"area_id": area.id},
        {"floor_id": floor.floor_id},
        {"label_id": label.label_id},
    )
    for target in targets:
        rows = await cancel(hass, dry_run=True, **target)
        assert [row["device_id"] for row in rows] == [camera], target
    rows = await cancel(hass, entity_id="all", dry_run=True)
    assert len(rows) == len(coordinator_of(loaded).data.cameras)


@pytest.mark.parametrize(
    "action", [SERVICE_CANCEL_PLAN, SERVICE_CHECK_RENEWAL, SERVICE_WITHDRAW_CANCELLATION]
)
async def test_a_target_without_a_camera_says_so(
    hass: HomeAssistant, loaded: MockConfigEntry, action: str
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
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    theirs = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={(DOMAIN, "x"), ("other", "y")}
    )
    targets: tuple[dict[str, Any], ...] = (
        {},
        {"entity_id": "none"},
        {"entity_id": "sun.sun"},
        {"device_id": "unheard-of"},
        {"device_id": account},
        {"device_id": left_behind.id},
        {"device_id": theirs.id},
    )
    for target in targets:
        with pytest.raises(ServiceValidationError) as raised:
            await act(hass, action, **target)
        assert raised.value.translation_key == "no_camera_in_target", target


async def test_an_account_that_is_not_loaded_is_a_row_for_every_action(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    target = device_id(hass, RENEWING)
    dr.async_get(hass).async_update_device(target, name_by_user="Garden gate")
    assert await hass.config_entries.async_unload(loaded.entry_id)
    for action in (SERVICE_CANCEL_PLAN, SERVICE_CHECK_RENEWAL, SERVICE_WITHDRAW_CANCELLATION):
        rows = await act(hass, action, device_id=target)
        assert rows == [
            {
                "device_id": target,
                "camera": "Garden gate",
                "account": loaded.title,
                "state": "account_not_loaded",
            }
        ]


async def test_without_an_answer_asked_for_it_acts_all_the_same(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    answer = await hass.services.async_call(
        DOMAIN, SERVICE_CANCEL_PLAN, {"device_id": device_id(hass, RENEWING)}, blocking=True
    )
    assert answer is None
    assert issue_keys(hass) == ["plan_cancellation"]


# --- Who may ---


@pytest.mark.parametrize(
    "action", [SERVICE_CANCEL_PLAN, SERVICE_CHECK_RENEWAL, SERVICE_WITHDRAW_CANCELLATION]
)
async def test_actions_are_for_those_who_may_control_the_camera(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_read_only_user: MockUser, action: str
) -> None:
    target = device_id(hass, RENEWING)
    with pytest.raises(Unauthorized):
        await act(hass, action, Context(user_id=hass_read_only_user.id), device_id=target)
    with pytest.raises((UnknownUser, Unauthorized)):
        await act(hass, action, Context(user_id="nobody"), device_id=target)
    assert issues(hass) == []


async def test_a_housemate_opens_and_the_step_is_for_an_administrator(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    housemate: MockUser,
) -> None:
    entry = await make_entry(renewal_request=direct_way())
    await set_up(hass, entry)
    context = Context(user_id=housemate.id)
    (row,) = await cancel(hass, context, device_id=device_id(hass, RENEWING))
    assert (row["state"], row["for"]) == ("waiting_for_you", "administrator")
    assert sim.requests.renewals.total() == 0
    (row,) = await act(hass, SERVICE_CHECK_RENEWAL, context, device_id=device_id(hass, RENEWING))
    assert row["state"] == "read"


@pytest.mark.parametrize("dry_run", [False, True])
async def test_only_administrators_and_automations_withdraw(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    housemate: MockUser,
    hass_admin_user: MockUser,
    *,
    dry_run: bool,
) -> None:
    target = device_id(hass, RENEWING)
    for context in (Context(user_id=hass_admin_user.id), Context()):
        await press_off(hass)
        with pytest.raises(Unauthorized):
            await act(
                hass,
                SERVICE_WITHDRAW_CANCELLATION,
                Context(user_id=housemate.id),
                device_id=target,
                dry_run=dry_run,
            )
        assert standing(loaded) is CaseState.WAITING_FOR_YOU
        (row,) = await act(hass, SERVICE_WITHDRAW_CANCELLATION, context, device_id=target)
        assert row["state"] == "withdrawn"
        assert standing(loaded) is None


# --- Withdrawing ---


async def test_withdrawing_says_what_was_open(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    with pytest.raises(Exception, match="Not on yet"):
        await press(hass, NOT_RENEWING, "on")
    sim.requests.reset()
    bag = devices(hass, RENEWING, TRIAL, NOT_RENEWING, EXPIRED)
    rows = await act(hass, SERVICE_WITHDRAW_CANCELLATION, device_id=bag, dry_run=True)
    assert states(rows)["Renewing"] == "would_withdraw"
    assert standing(loaded) is CaseState.WAITING_FOR_YOU
    rows = await act(hass, SERVICE_WITHDRAW_CANCELLATION, device_id=bag)
    assert states(rows) == {
        "Renewing": "withdrawn",
        "Trial": "nothing_open",
        "Not renewing": "nothing_open",
        "Expired, reachable": "nothing_open",
    }
    assert standing(loaded) is None
    assert case_of(loaded, NOT_RENEWING).wish is Wish.ON  # no cancellation, so it stays
    assert sim.requests.total() == 0


# --- Checking ---


async def test_checking_reads_now_and_says_what_was_read(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    sim.requests.reset()
    rows = await act(
        hass,
        SERVICE_CHECK_RENEWAL,
        device_id=devices(hass, RENEWING, TRIAL, NEVER_BOUGHT),
    )
    by_camera = {row["camera"]: row for row in rows}
    reading = coordinator_of(loaded).data.cameras[RENEWING].reading
    assert reading is not None
    assert {
        key: by_camera["Renewing"][key] for key in ("state", "renewal", "read_at", "cancellation")
    } == {
        "state": "read",
        "renewal": "off",
        "read_at": reading.read_at.isoformat(),
        "cancellation": "confirmed",
    }
    assert (by_camera["Trial"]["renewal"], by_camera["Trial"]["cancellation"]) == ("on", None)
    assert by_camera["None"]["renewal"] is None
    # One reading per camera, with its further witness, and nothing else.
    assert sim.requests.total(path=STATUS_PATH) == 3
    assert sim.requests.total() == 3 + sim.requests.total(path=ORDERS_PATH)


async def test_checking_says_where_the_maker_could_not_be_asked(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    before = coordinator_of(loaded).data.cameras[RENEWING].reading
    assert before is not None
    sim.faults.add("api_error", host="camera", did=RENEWING)
    rows = await act(hass, SERVICE_CHECK_RENEWAL, device_id=devices(hass, RENEWING, NOT_RENEWING))
    assert states(rows) == {"Renewing": "not_reached", "Not renewing": "read"}
    (row,) = (row for row in rows if row["camera"] == "Renewing")
    assert (row["renewal"], row["read_at"]) == ("on", before.read_at.isoformat())
