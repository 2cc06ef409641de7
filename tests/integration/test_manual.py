"""Plans that are typed in: set up without signing in, shown, changed, followed, removed."""

from datetime import datetime, timedelta
import json
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.diagnostics import async_get_config_entry_diagnostics
from tests.integration.acts import issues, restart, settle
from tests.integration.conftest import EntryMaker, entity_id, pass_time, set_up
from tests.integration.test_coordinator import coordinator_of
from tests.integration.typed import DOORBELL, VOICE, local, type_in, typed_in, typing

NOW = "2026-11-25T12:00:00+00:00"
BERLIN = ZoneInfo("Europe/Berlin")

pytestmark = [pytest.mark.freeze_time(NOW), pytest.mark.usefixtures("berlin")]

# What there is of a typed plan, by key: platform and whether it is on by itself.
OF_A_PLAN = {
    "auto_renewal": True,
    "billed_by": False,
    "cancellation": True,
    "days_remaining": True,
    "next_charge": True,
    "plan_activity": False,
    "plan_ends": False,
    "plan_name": False,
    "plan_status": True,
}
# What only makes sense where somebody is asked or holds recordings.
NOT_HERE = {
    "check_now",
    "export",
    "last_checked",
    "last_export",
    "recordings_at_risk",
    "retention",
    "stop_export",
    "storage_used",
    "upload",
}


@pytest.fixture
async def berlin(hass: HomeAssistant) -> None:
    """Be at home in Berlin, where one pays in euros."""
    await hass.config.async_update(time_zone="Europe/Berlin", currency="EUR")


def value(hass: HomeAssistant, plan_id: str, key: str) -> str:
    """Return the state of a plan's entity."""
    state = hass.states.get(entity_id(hass, plan_id, key))
    assert state is not None
    return state.state


def charge(hass: HomeAssistant, plan_id: str) -> tuple[datetime, datetime]:
    """Return the window of a plan's next charge, in Berlin."""
    state = hass.states.get(entity_id(hass, plan_id, "next_charge"))
    assert state is not None
    return (
        datetime.fromisoformat(state.state).astimezone(BERLIN),
        state.attributes["latest"].astimezone(BERLIN),
    )


def device_of(hass: HomeAssistant, plan_id: str) -> dr.DeviceEntry:
    """Return a plan's device."""
    entity = er.async_get(hass).async_get(entity_id(hass, plan_id, "plan_status"))
    assert entity is not None
    assert entity.device_id is not None
    device = dr.async_get(hass).async_get(entity.device_id)
    assert isinstance(device, dr.DeviceEntry)
    return device


async def change(hass: HomeAssistant, plan_id: str, **plan: Any) -> Any:
    """Change a plan in its dialogue; return how that ended."""
    flow = hass.config_entries.subentries
    result: Any = await flow.async_init(
        (local(hass).entry_id, "plan"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": plan_id},
    )
    shown = suggested(result["data_schema"])
    result = await flow.async_configure(result["flow_id"], typing({**shown, **plan}))
    await settle(hass)
    return result


def suggested(schema: Any) -> dict[str, Any]:
    """Return what a form shows filled in, its folded part too."""
    found: dict[str, Any] = {}
    for marker, field in schema.schema.items():
        if str(marker) == "more":
            found |= suggested(field.schema)
        elif marker.description and marker.description["suggested_value"] is not None:
            found[str(marker)] = marker.description["suggested_value"]
    return found


# --- Setting up ---


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


async def test_the_account_is_named_in_the_language_of_the_home(hass: HomeAssistant) -> None:
    await hass.config.async_update(language="zh-Hans")
    result = await type_in(hass, name="门铃")
    assert result["title"] == "手动录入的套餐"
    (plan_id,) = local(hass).subentries
    assert device_of(hass, plan_id).model == "手动录入"


async def test_the_second_plan_joins_the_first(hass: HomeAssistant) -> None:
    first = await typed_in(hass)
    result = await type_in(hass, name="Garden")

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "plan_added"
    assert result["description_placeholders"] == {"plan": "Garden"}
    (second,) = {*local(hass).subentries} - {first}
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1
    assert value(hass, second, "plan_status") == "active_renewing"


async def test_the_first_plan_of_two_dialogues_at_once_begins_the_account(
    hass: HomeAssistant,
) -> None:
    flow = hass.config_entries.flow
    flows = []
    for name in ("Attic", "Garden"):
        begun: Any = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        await flow.async_configure(begun["flow_id"], {"next_step_id": "plan"})
        asked: Any = await flow.async_configure(
            begun["flow_id"], typing({**DOORBELL, "name": name})
        )
        assert asked["step_id"] == "voice"
        flows.append(begun["flow_id"])
    said = {"voice_answers": False, "voice_cancels": True}
    results: list[Any] = [await flow.async_configure(flow_id, said) for flow_id in flows]
    await settle(hass)
    assert results[0]["type"] is FlowResultType.CREATE_ENTRY
    assert results[1]["reason"] == "plan_added"
    assert [kept.title for kept in local(hass).subentries.values()] == ["Attic", "Garden"]
    assert local(hass).options == said


async def test_a_plan_is_added_from_the_account_itself(hass: HomeAssistant) -> None:
    await typed_in(hass)
    flow = hass.config_entries.subentries
    result: Any = await flow.async_init(
        (local(hass).entry_id, "plan"), context={"source": SOURCE_USER}
    )
    assert result["step_id"] == "plan"
    result = await flow.async_configure(
        result["flow_id"], typing({**DOORBELL, "name": "Attic", "renews": "unknown"})
    )
    await settle(hass)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (attic,) = [key for key, kept in local(hass).subentries.items() if kept.title == "Attic"]
    assert value(hass, attic, "plan_status") == "active_renewal_unknown"
    assert value(hass, attic, "auto_renewal") == "unknown"


async def test_an_account_of_a_maker_takes_no_typed_plan(
    hass: HomeAssistant, make_entry: EntryMaker
) -> None:
    entry = await make_entry()
    assert entry.supported_subentry_types == {}


@pytest.mark.parametrize(
    ("typed", "field", "flaw"),
    [
        ({"name": ""}, "name", "name_missing"),
        ({"term": "a while"}, "term", "term_unusable"),
        ({"starts_on": "2026-12-04"}, "base", "starts_after_end"),
        ({"regular_price": 12, "price": 6}, "base", "price_from_missing"),
        ({"price_from": "2027-01-01"}, "price", "price_missing"),
    ],
)
async def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    hass: HomeAssistant, typed: dict[str, Any], field: str, flaw: str
) -> None:
    result = await type_in(hass, **typed)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {field: flaw}
    shown = suggested(result["data_schema"])
    wanted = {**DOORBELL, **typed}
    assert {key: shown[key] for key in wanted if wanted[key]} == {
        key: value for key, value in wanted.items() if value
    }
    assert not hass.config_entries.async_entries(DOMAIN)


async def test_a_plan_of_the_same_name_and_brand_is_not_added_twice(hass: HomeAssistant) -> None:
    await typed_in(hass, brand="Reolink")
    result = await type_in(hass, name="doorbell", brand="REOLINK")
    assert result["errors"] == {"name": "plan_exists"}
    assert (await type_in(hass, brand="Ring"))["reason"] == "plan_added"


@pytest.mark.parametrize(
    ("field", "flaw"),
    [("ends_on", "date_missing"), ("term", "term_unusable"), ("renews", "renews_missing")],
)
async def test_what_has_to_be_said_is_asked_for_and_not_filled_in(
    hass: HomeAssistant, field: str, flaw: str
) -> None:
    """The frontend fills a required field with what comes first: it would guess."""
    result = await type_in(hass, **{field: None})
    assert result["errors"] == {field: flaw}
    fields = result["data_schema"].schema
    assert [str(marker) for marker in fields if isinstance(marker, vol.Required)] == ["more"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ["1 Monat", "3 Monate", "6 Monate", "1 Jahr", "30 Tage"]),
        ("en", ["1 month", "3 months", "6 months", "1 year", "30 days"]),
        ("zh-Hans", ["1 个月", "3 个月", "6 个月", "1 年", "30 天"]),
    ],
)
async def test_terms_are_offered_in_words_that_are_understood(
    hass: HomeAssistant, language: str, words: list[str]
) -> None:
    await hass.config.async_update(language=language)
    flow = hass.config_entries.flow
    begun: Any = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    form: Any = await flow.async_configure(begun["flow_id"], {"next_step_id": "plan"})
    assert form["data_schema"].schema["term"].config["options"] == words
    flow.async_abort(begun["flow_id"])
    for number, text in enumerate(words):
        await typed_in(hass, name=f"{number}", term=text)
    (account,) = hass.config_entries.async_entries(DOMAIN)
    assert [kept.data["term"] for kept in account.subentries.values()] == [
        *("1 month", "3 months", "6 months", "12 months", "30 days")
    ]


# --- What is shown ---


@pytest.mark.usefixtures("all_entities_enabled")
async def test_a_plan_has_what_its_owners_word_can_fill(hass: HomeAssistant) -> None:
    plan_id = await typed_in(hass)
    entities = er.async_entries_for_config_entry(er.async_get(hass), local(hass).entry_id)
    of_plan = {
        entity.unique_id.rpartition(f"{plan_id}_")[2]
        for entity in entities
        if entity.config_subentry_id == plan_id
    }
    assert {*OF_A_PLAN} <= of_plan
    keys = {key for entity in entities for key in NOT_HERE if entity.unique_id.endswith(key)}
    assert keys == set()


async def test_what_a_plan_shows_by_itself(hass: HomeAssistant) -> None:
    plan_id = await typed_in(hass)
    registry = er.async_get(hass)
    for key, is_on in OF_A_PLAN.items():
        entity = registry.async_get(entity_id(hass, plan_id, key))
        assert entity is not None
        assert (entity.disabled_by is None) is is_on, key


async def test_a_charge_may_come_all_of_the_day_that_was_typed(hass: HomeAssistant) -> None:
    plan_id = await typed_in(hass, billed_by="seller")
    earliest, latest = charge(hass, plan_id)
    # The seller may charge a day ahead.
    assert earliest == datetime(2026, 12, 2, tzinfo=BERLIN)
    assert latest == datetime(2026, 12, 3, 23, 59, 59, tzinfo=BERLIN)


async def test_every_entity_says_that_it_is_the_owners_word(hass: HomeAssistant) -> None:
    plan_id = await typed_in(hass)
    for key in ("auto_renewal", "next_charge", "days_remaining", "plan_status"):
        state = hass.states.get(entity_id(hass, plan_id, key))
        assert state is not None
        assert state.attributes["word"] == "owner", key


async def test_a_device_for_each_plan(hass: HomeAssistant) -> None:
    plan_id = await typed_in(hass, brand="Reolink")
    device = device_of(hass, plan_id)
    assert (device.name, device.manufacturer, device.model) == ("Doorbell", "Reolink", "Typed in")
    assert device.config_subentry_id == plan_id
    account = dr.async_get(hass).async_get(device.via_device_id or "")
    assert account is not None
    assert account.name == "Plans without an account"


async def test_what_is_downloaded_names_neither_plan_nor_camera(hass: HomeAssistant) -> None:
    await typed_in(hass, name="Grandma", brand="Reolink", attached_to="device-of-grandma")
    told = json.dumps(await async_get_config_entry_diagnostics(hass, local(hass)))
    assert "says" in told
    for secret in ("Grandma", "Reolink", "device-of", *local(hass).subentries):
        assert secret not in told


# --- Attached to a camera ---


@pytest.fixture
def camera(hass: HomeAssistant) -> dr.DeviceEntry:
    """Have a camera of another integration, in the garden."""
    other = MockConfigEntry(domain="reolink")
    other.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("reolink", "cam")}, name="Reolink E1"
    )
    garden = ar.async_get(hass).async_create("Garden")
    changed = dr.async_get(hass).async_update_device(
        device.id, name_by_user="Shed", area_id=garden.id
    )
    assert isinstance(changed, dr.DeviceEntry)
    return changed


async def test_an_attached_plan_stands_behind_its_camera(
    hass: HomeAssistant, camera: dr.DeviceEntry
) -> None:
    plan_id = await typed_in(hass, name="", attached_to=camera.id)
    device = device_of(hass, plan_id)
    assert device.name == "Shed"
    assert device.via_device_id == camera.id
    assert device.area_id == camera.area_id


async def test_an_area_of_ones_own_is_not_taken_back(
    hass: HomeAssistant, camera: dr.DeviceEntry
) -> None:
    plan_id = await typed_in(hass, attached_to=camera.id)
    dr.async_get(hass).async_update_device(device_of(hass, plan_id).id, area_id=None)
    await restart(hass, local(hass))
    assert device_of(hass, plan_id).area_id is None


async def test_a_camera_that_goes_leaves_its_plan(
    hass: HomeAssistant, camera: dr.DeviceEntry
) -> None:
    plan_id = await typed_in(hass, attached_to=camera.id)
    dr.async_get(hass).async_remove_device(camera.id)
    await restart(hass, local(hass))
    assert value(hass, plan_id, "plan_status") == "active_renewing"
    assert device_of(hass, plan_id).via_device_id != camera.id


async def test_a_plan_for_a_part_of_a_device_stands_behind_the_whole(
    hass: HomeAssistant, camera: dr.DeviceEntry
) -> None:
    lens = dr.async_get(hass).async_get_or_create_child(
        config_entry_id=camera.config_entry_id,
        identifiers={("reolink", "lens")},
        parent_device_id=camera.id,
        name="Left lens",
    )
    plan_id = await typed_in(hass, name=None, attached_to=lens.id)
    assert device_of(hass, plan_id).name == "Left lens"
    assert device_of(hass, plan_id).via_device_id == camera.id


async def test_a_plan_is_attached_later(hass: HomeAssistant, camera: dr.DeviceEntry) -> None:
    plan_id = await typed_in(hass)
    await change(hass, plan_id, attached_to=camera.id)
    assert device_of(hass, plan_id).via_device_id == camera.id
    assert device_of(hass, plan_id).area_id == camera.area_id


# --- Changing and removing ---


async def test_a_change_shows_at_once_and_keeps_the_rest(hass: HomeAssistant) -> None:
    plan_id = await typed_in(hass, price=6.5, brand="Reolink", notice_days=3)
    result = await change(hass, plan_id, name="Front", ends_on="2026-12-10", renews="no")

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "plan_changed"
    assert local(hass).subentries[plan_id].title == "Front"
    assert dict(local(hass).subentries[plan_id].data) == {
        "name": "Front",
        "brand": "Reolink",
        "ends_on": "2026-12-10",
        "term": "1 month",
        "renews": False,
        "price": "6.5",
        "currency": "EUR",
        "notice_days": 3,
    }
    assert value(hass, plan_id, "plan_status") == "active_not_renewing"
    assert value(hass, plan_id, "days_remaining") == "16"
    assert value(hass, plan_id, "next_charge") == "unknown"
    assert device_of(hass, plan_id).name == "Front"


async def test_a_change_to_what_another_is_called_is_refused(hass: HomeAssistant) -> None:
    await typed_in(hass)
    second = await typed_in(hass, name="Garden")
    result = await change(hass, second, name="Doorbell")
    assert result["errors"] == {"name": "plan_exists"}
    assert (await change(hass, second, name="garden"))["reason"] == "plan_changed"


async def test_a_removed_plan_leaves_nothing(hass: HomeAssistant) -> None:
    stays, goes = await typed_in(hass), await typed_in(hass, name="Garden")
    device = device_of(hass, goes).id
    coordinator = coordinator_of(local(hass))
    assert hass.config_entries.async_remove_subentry(local(hass), goes)
    await settle(hass)

    assert dr.async_get(hass).async_get(device) is None
    assert {*coordinator.data.cameras} == {stays}
    entities = er.async_entries_for_config_entry(er.async_get(hass), local(hass).entry_id)
    assert not [entity for entity in entities if goes in entity.unique_id]
    assert value(hass, stays, "plan_status") == "active_renewing"
    assert issues(hass) == []
    await restart(hass, local(hass))
    assert {*coordinator_of(local(hass)).data.cameras} == {stays}


async def test_a_plan_removed_while_nothing_ran_leaves_nothing(hass: HomeAssistant) -> None:
    await typed_in(hass)
    goes = await typed_in(hass, name="Garden")
    await hass.config_entries.async_unload(local(hass).entry_id)
    hass.config_entries.async_remove_subentry(local(hass), goes)
    await hass.config_entries.async_setup(local(hass).entry_id)
    await settle(hass)
    assert goes not in coordinator_of(local(hass)).data.cameras
    assert issues(hass) == []


async def test_a_removed_account_leaves_nothing(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    plan_id = await typed_in(hass)
    await hass.config_entries.async_remove(local(hass).entry_id)
    await settle(hass)
    assert not [key for key in hass_storage if key.startswith(DOMAIN)]
    registry = er.async_get(hass)
    assert not [key for key in registry.entities.values() if plan_id in key.unique_id]
    assert issues(hass) == []


async def test_many_changes_at_a_time_are_read_once(hass: HomeAssistant) -> None:
    plan_ids = [await typed_in(hass, name=f"Camera {n}") for n in range(3)]
    coordinator = coordinator_of(local(hass))
    read: list[int] = []
    coordinator.async_add_listener(lambda: read.append(1))
    for plan_id in plan_ids:
        subentry = local(hass).subentries[plan_id]
        hass.config_entries.async_update_subentry(
            local(hass), subentry, data={**subentry.data, "renews": False}
        )
    await settle(hass)
    assert len(read) == 1


async def test_a_damaged_plan_does_not_keep_the_others_from_being_shown(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    plan_id, damaged = await typed_in(hass), await typed_in(hass, name="Garden")
    hass.config_entries.async_update_subentry(
        local(hass), local(hass).subentries[damaged], data={"name": "Garden"}
    )
    await restart(hass, local(hass))
    assert value(hass, plan_id, "plan_status") == "active_renewing"
    assert "Typed plans that are damaged and left out: 1" in caplog.text


# --- Who bills ---


@pytest.mark.usefixtures("all_entities_enabled")
async def test_who_bills_is_kept_with_the_plan(hass: HomeAssistant) -> None:
    plan_id = await typed_in(hass)
    select = entity_id(hass, plan_id, "billed_by")
    assert value(hass, plan_id, "billed_by") == "unknown"
    for option, kept in (("apple", "apple"), ("not_known", "seller_unknown")):
        await hass.services.async_call(
            "select", "select_option", {"entity_id": select, "option": option}, blocking=True
        )
        await settle(hass)
        assert value(hass, plan_id, "billed_by") == option
        assert local(hass).subentries[plan_id].data["billed_by"] == kept
    assert local(hass).options == VOICE


# --- Time ---


async def test_a_plan_rolls_forward_at_the_end_of_its_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    plan_id = await typed_in(hass)
    freezer.move_to("2026-12-03T22:59:58+00:00")
    await pass_time(hass, freezer, 0)
    assert value(hass, plan_id, "days_remaining") == "1"
    await pass_time(hass, freezer, 2)
    assert charge(hass, plan_id)[1] == datetime(2027, 1, 3, 23, 59, 59, tzinfo=BERLIN)
    assert value(hass, plan_id, "days_remaining") == "31"


async def test_a_year_of_month_ends_does_not_drift(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    plan_id = await typed_in(hass, ends_on="2026-11-30", starts_on="2026-10-31")
    ends = []
    for _ in range(13):
        end = charge(hass, plan_id)[1]
        ends.append((end.month, end.day))
        assert (end.hour, end.minute, end.second) == (23, 59, 59)
        freezer.move_to(end + timedelta(seconds=1))
        await pass_time(hass, freezer, 0)
    assert ends == [
        *((11, 30), (12, 31), (1, 31), (2, 28), (3, 31), (4, 30), (5, 31)),
        *((6, 30), (7, 31), (8, 31), (9, 30), (10, 31), (11, 30)),
    ]


async def test_a_plan_that_does_not_renew_expires(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    plan_id = await typed_in(hass, renews="no")
    freezer.move_to("2026-12-03T22:59:59+00:00")
    await pass_time(hass, freezer, 0)
    assert value(hass, plan_id, "plan_status") == "expired"


async def test_of_a_plan_that_may_have_renewed_nothing_is_claimed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    plan_id = await typed_in(hass, renews="unknown")
    assert charge(hass, plan_id)
    freezer.move_to("2026-12-03T22:59:59+00:00")
    await pass_time(hass, freezer, 0)
    assert value(hass, plan_id, "plan_status") == "unknown"
    assert value(hass, plan_id, "next_charge") == "unknown"
    state = hass.states.get("binary_sensor.plans_without_an_account_plans_need_attention")
    assert state is not None
    assert state.attributes["items"] == [{"camera": "Doorbell", "reason": "ended_or_renewed"}]


async def test_what_ended_while_nothing_ran_is_seen_at_the_start(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    plan_id = await typed_in(hass)
    await hass.config_entries.async_unload(local(hass).entry_id)
    freezer.move_to("2028-02-29T12:00:00+00:00")
    await hass.config_entries.async_setup(local(hass).entry_id)
    await settle(hass)
    assert charge(hass, plan_id)[1] == datetime(2028, 3, 3, 23, 59, 59, tzinfo=BERLIN)


async def test_a_home_that_moves_keeps_the_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    plan_id = await typed_in(hass)
    await hass.config.async_update(time_zone="America/Los_Angeles")
    await settle(hass)
    there = charge(hass, plan_id)[1].astimezone(ZoneInfo("America/Los_Angeles"))
    assert (there.day, there.hour) == (3, 23)


async def test_a_trial_turns_paid_once(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    plan_id = await typed_in(hass, trial=True)
    assert value(hass, plan_id, "plan_status") == "trial"
    freezer.move_to("2026-12-03T22:59:59+00:00")
    await pass_time(hass, freezer, 0)
    assert value(hass, plan_id, "plan_status") == "active_renewing"


async def test_a_typed_plan_beside_an_account_of_a_maker(
    hass: HomeAssistant, make_entry: EntryMaker
) -> None:
    await set_up(hass, await make_entry())
    plan_id = await typed_in(hass)
    assert value(hass, plan_id, "plan_status") == "active_renewing"
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2
