"""What happens to plans, as events: which, about whom, once; and their documentation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation.const import DOMAIN as AUTOMATION
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
    mock_restore_cache_with_extra_data,
)

from custom_components.camera_cloud_plan.activity import Happened
from custom_components.camera_cloud_plan.casework.desk import Casework
from custom_components.camera_cloud_plan.export.model import Order, Tally
from custom_components.camera_cloud_plan.plan import Activity, Money, Wish, clock
from custom_components.camera_cloud_plan.plan.alerts import Alert
from custom_components.camera_cloud_plan.plan.rules import StageKind
from custom_components.camera_cloud_plan.saving.book import LastExport
from custom_components.camera_cloud_plan.telling.alert_desk import facts_of
from simulator.server import RunningSimulator
from tests.contract.shipped import LANGUAGES, words

from .conftest import EntryMaker, entity_id, pass_time, set_up

RENEWING = "2000000003"
NOT_RENEWING = "2000000004"
ACCOUNT = "event.xiaomi_cloud_plans_0011_plan_activity"
WHEN = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = (DOCS / "events.md").read_text(encoding="utf-8")
AUTOMATIONS = (DOCS / "automations.md").read_text(encoding="utf-8")


def casework_of(entry: MockConfigEntry) -> Casework:
    casework: Casework = entry.runtime_data.coordinator.casework
    return casework


def events_of(hass: HomeAssistant, entity: str) -> list[dict[str, Any]]:
    """Return a list that grows by what the entity tells from now on."""
    heard: list[dict[str, Any]] = []

    @callback  # else threads take them, in any order
    def take(event: Event[EventStateChangedData]) -> None:
        if state := event.data["new_state"]:
            heard.append(dict(state.attributes))

    async_track_state_change_event(hass, entity, take)
    return heard


def shown(hass: HomeAssistant, entity: str) -> State:
    state = hass.states.get(entity)
    assert state is not None
    return state


@pytest.mark.freeze_time(WHEN)
async def test_a_cancellation_from_the_press_to_what_was_read(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Each step once, in order, with its facts as they were then."""
    assert shown(hass, ACCOUNT).state == STATE_UNKNOWN
    heard = events_of(hass, ACCOUNT)
    casework = casework_of(loaded)
    plan = loaded.runtime_data.coordinator.data.cameras[RENEWING]
    await casework.async_open(plan, Wish.OFF)
    await casework.async_done(RENEWING)
    sim.world.switch_renewal(RENEWING, on=False)
    freezer.tick(60)
    assert await casework.async_check(RENEWING)
    await pass_time(hass, freezer, 1)
    assert [event["event_type"] for event in heard] == [
        "cancellation_opened",
        "cancellation_step_done",
        "cancellation_confirmed",
    ]
    device = dr.async_get(hass).async_get(heard[0]["device_id"])
    assert device is not None
    assert device.name == heard[0]["camera"] == "Renewing"
    assert datetime.fromisoformat(heard[0]["asked_on"]) == WHEN
    assert datetime.fromisoformat(heard[0]["latest"]) == plan.reading.ends_at
    assert "earliest" not in heard[2]
    assert RENEWING not in str(heard)


async def test_what_is_unknown_is_left_out(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    casework = casework_of(loaded)
    casework.activity.async_tell(
        Happened(
            activity=Activity.RENEWED,
            camera_id=RENEWING,
            camera="Renewing",
            at=WHEN,
            facts={"old_end": WHEN, "new_end": WHEN + 30 * DAY},
        )
    )
    attributes = shown(hass, ACCOUNT).attributes
    assert set(attributes) - {"event_types", "friendly_name"} == {
        "event_type",
        "camera",
        "device_id",
        "old_end",
        "new_end",
    }
    assert attributes["new_end"] == "2026-12-22T12:00:00+00:00"


async def test_the_name_that_people_gave(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    registry = dr.async_get(hass)
    entity = er.async_get(hass).async_get(entity_id(hass, RENEWING, "auto_renewal"))
    assert entity is not None
    assert entity.device_id is not None
    registry.async_update_device(entity.device_id, name_by_user="Back door")
    casework_of(loaded).async_tell(RENEWING, Activity.UPLOAD_OFF, to_people=False)
    attributes = shown(hass, ACCOUNT).attributes
    assert (attributes["camera"], attributes["device_id"]) == ("Back door", entity.device_id)


async def test_a_camera_tells_only_of_itself(
    hass: HomeAssistant, entry: MockConfigEntry, all_entities_enabled: None
) -> None:
    await set_up(hass, entry)
    mine, other = (entity_id(hass, did, "plan_activity") for did in (RENEWING, NOT_RENEWING))
    casework_of(entry).async_tell(RENEWING, Activity.UPLOAD_OFF, to_people=False)
    assert shown(hass, mine).attributes["event_type"] == "upload_off"
    assert shown(hass, other).state == STATE_UNKNOWN
    assert shown(hass, ACCOUNT).state != STATE_UNKNOWN


async def test_only_the_account_tells_at_first(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """No camera without a plan has events at all."""
    registry = er.async_get(hass)
    ours = [entity for entity in registry.entities.values() if entity.domain == "event"]
    (account,) = (entity for entity in ours if not entity.disabled)
    assert account.entity_id == ACCOUNT
    named = {entity.unique_id.split("_")[-3] for entity in ours if entity.disabled}
    assert RENEWING in named
    assert "2000000001" not in named


@pytest.mark.freeze_time(WHEN)
async def test_two_things_at_once_are_two_events(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    heard = events_of(hass, ACCOUNT)
    for activity in (Activity.RENEWED, Activity.UPLOAD_OFF):
        casework_of(loaded).async_tell(RENEWING, activity, to_people=False)
    await hass.async_block_till_done()
    assert [event["event_type"] for event in heard] == ["renewed", "upload_off"]


async def test_readings_are_no_events(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Nor do events become unavailable when the account cannot be read for long."""
    casework_of(loaded).async_tell(RENEWING, Activity.UPLOAD_OFF, to_people=False)
    before = shown(hass, ACCOUNT)
    heard = events_of(hass, ACCOUNT)
    await loaded.runtime_data.coordinator.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    freezer.tick(8 * DAY)
    loaded.runtime_data.coordinator.async_show(RENEWING)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert heard == []
    assert shown(hass, ACCOUNT) == before


async def test_the_last_event_survives_a_restart(
    hass: HomeAssistant, make_entry: EntryMaker
) -> None:
    """And is not told again."""
    kept = {"last_event_type": "renewed", "last_event_attributes": {"camera": "Renewing"}}
    state = State(ACCOUNT, "2026-11-22T12:00:00.000+00:00")
    mock_restore_cache_with_extra_data(hass, ((state, kept),))
    await set_up(hass, await make_entry())
    restored = shown(hass, ACCOUNT)
    assert restored.state == state.state
    assert restored.attributes["event_type"] == "renewed"
    assert restored.attributes["camera"] == "Renewing"


# --- Words and documents ---


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_event_has_a_name(language: str) -> None:
    named = words(language)["entity"]["event"]["activity"]["state_attributes"]["event_type"]
    assert list(named["state"]) == [*Activity]
    assert len(set(named["state"].values())) == len(Activity)


def table(heading: str) -> dict[str, str]:
    """Return a table of the document: its second column by the names in the first."""
    rows = DOCUMENT.partition(f"## {heading}\n")[2].partition("\n## ")[0].split("\n")
    cells = [row.strip("|").split("|") for row in rows if row.startswith("| `")]
    return {name: text.strip() for first, text in cells for name in re.findall(r"`(\w+)`", first)}


def test_every_event_is_documented_in_order() -> None:
    documented = table("What is told")
    assert list(documented) == [*Activity]
    assert all(documented.values())


async def test_every_attribute_is_documented(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Whatever a case or a reading may know."""
    casework = casework_of(loaded)
    told: set[str] = set()
    casework.activity.async_listen(lambda happened: told.update(happened.facts))
    plan = loaded.runtime_data.coordinator.data.cameras[RENEWING]
    await casework.async_open(plan, Wish.OFF)
    moved = {"old_end": WHEN, "new_end": WHEN}
    casework.async_tell(RENEWING, Activity.RENEWED, moved, to_people=False)
    order = Order(job_id="1", camera_id=RENEWING, asked_at=clock.now(), folder="/media")
    last = LastExport(order=order, finished_at=clock.now(), whole=True, tally=Tally())
    await casework.async_save_first(RENEWING, wanted=True)
    await casework.async_exported(last, waited_for=True, makes_up=True)
    assert plan.view is not None
    assert plan.view.charge is not None
    charge = replace(plan.view.charge, amount=Money(amount=Decimal(6), currency="CNY"))
    alert = Alert(
        cycle="1", kind=StageKind.MONTHLY, stage_days=5, ends_at=charge.latest, charge=charge
    )
    casework.async_tell(RENEWING, Activity.CHARGE_AHEAD, facts_of(plan, alert), to_people=False)
    casework.async_tell(RENEWING, Activity.FINDING, {"finding": "x", "key": "y"}, to_people=False)
    assert set(table("What comes with it")) == told | {"camera", "device_id"}


async def test_the_documented_automation_works(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    section = AUTOMATIONS.partition("### When something went wrong\n")[2]
    example = section.partition("```yaml\n")[2].partition("```")[0]
    automation = parse_yaml(example.replace("_0071_", "_0011_"))
    assert ACCOUNT in str(automation)
    said = async_mock_service(hass, "notify", "send_message")
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: automation})
    for activity in (Activity.UPLOAD_OFF, Activity.RENEWED_AFTER_CANCELLING):
        casework_of(loaded).async_tell(RENEWING, activity, to_people=False)
        await hass.async_block_till_done()
    (call,) = said
    assert call.data["message"] == "Renewing needs you"
