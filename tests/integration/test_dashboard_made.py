"""The dashboard that is made to be copied: for the entities that are there, in any language."""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from syrupy.assertion import SnapshotAssertion

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.dashboard import cards
from custom_components.camera_cloud_plan.dashboard.texts import async_texts, templates
from custom_components.camera_cloud_plan.devices import account_identifier, camera_identifier
from custom_components.camera_cloud_plan.outlook import Reason
from simulator.world import World
from simulator.worldfile import load_world

from .conftest import EntryMaker, set_up
from .test_config_flow import check_words
from .typed import typed_in

MEI = "2300410071"
BERLIN = "6400520082"
LANGUAGES = ("en", "zh-Hans", "de")
MONTHLY = {"price": "6.00", "currency": "CNY", "term_months": 1}

pytestmark = pytest.mark.freeze_time("2026-11-22T12:00:00+00:00")


@pytest.fixture
def world() -> World:
    """Return the two homes."""
    return load_world("two_homes")


@pytest.fixture(autouse=True)
async def _shanghai(hass: HomeAssistant) -> None:
    """Live where most of the plans are billed."""
    await hass.config.async_set_time_zone("Asia/Shanghai")


@pytest.fixture
async def mei(hass: HomeAssistant, make_entry: EntryMaker) -> MockConfigEntry:
    """Set an account of six own cameras up, whose monthly plans have a price."""
    prices = {"7-day cloud storage, monthly": MONTHLY}
    entry = await make_entry(MEI, show_shared=True, tariffs=prices)
    await set_up(hass, entry)
    return entry


async def made(hass: HomeAssistant, **fields: Any) -> dict[str, Any]:
    """Return what the action answers."""
    answer = await hass.services.async_call(
        DOMAIN, "get_dashboard", fields, blocking=True, return_response=True
    )
    assert answer is not None
    return answer


def within(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every card, badge, condition and whatever else has a name within a dashboard."""
    if isinstance(value, dict):
        yield value
        value = [*value.values()]
    if isinstance(value, list):
        for inner in value:
            yield from within(inner)


def entities(config: dict[str, Any]) -> set[str]:
    """Return the entities that a dashboard shows or hangs on, but for those in its sentences."""
    found = set()
    for part in within(config):
        for key in ("entity", "entities", "entity_id"):
            named = part.get(key, [])
            found |= {named} if isinstance(named, str) else {*named}
    return found


def sentences(hass: HomeAssistant, config: dict[str, Any]) -> dict[str, str]:
    """Return what each block says, by its heading."""
    said: dict[str, str] = {}
    for view in config["views"]:
        for section in view["sections"]:
            heading = section["cards"][0].get("heading", "")
            texts = [
                str(Template(card["content"], hass).async_render(parse_result=False)).strip()
                for card in within(section)
                if card.get("type") == "markdown"
            ]
            said[heading] = "\n---\n".join(texts)
    return said


def stacks(config: dict[str, Any], view: int = 0) -> dict[str, dict[str, Any]]:
    """Return the cards of each camera, by its name."""
    return {
        part["cards"][0]["heading"]: part
        for part in within(config["views"][view])
        if part.get("type") == "vertical-stack"
    }


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_says_what_is_known_in_any_language(
    hass: HomeAssistant,
    mei: MockConfigEntry,
    make_entry: EntryMaker,
    language: str,
    snapshot: SnapshotAssertion,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await set_up(hass, await make_entry(BERLIN))
    await typed_in(hass, price=39.99, currency="EUR", term="1 year", billed_by="apple")
    dashboard = await made(hass, language=language)
    said = sentences(hass, dashboard["config"])
    assert {
        block: re.sub("device/[0-9a-f]+", "…", text) for block, text in said.items()
    } == snapshot
    assert "Template variable" not in caplog.text


async def test_the_text_is_the_dashboard_and_tells_no_secret(
    hass: HomeAssistant, mei: MockConfigEntry, world: World
) -> None:
    dashboard = await made(hass)
    assert parse_yaml(dashboard["yaml"]) == dashboard["config"]
    assert (await made(hass))["yaml"] == dashboard["yaml"]
    secrets = {MEI, mei.entry_id, mei.data["gateway"], *world.cameras}
    secrets |= {str(value) for value in mei.data["credentials"].values() if len(str(value)) > 4}
    assert not [secret for secret in secrets if secret in dashboard["yaml"]]


async def test_it_holds_built_in_cards_and_entities_that_are_there(
    hass: HomeAssistant, mei: MockConfigEntry
) -> None:
    config = (await made(hass))["config"]
    types = {card["type"] for part in within(config) for card in part.get("cards", ())}
    assert types == {"calendar", "heading", "markdown", "tile", "vertical-stack"}
    registry = er.async_get(hass)
    for entity_id in entities(config):
        entity = registry.async_get(entity_id)
        assert entity is not None
        assert not entity.disabled_by


async def test_a_renamed_camera_and_entity_have_their_new_names(
    hass: HomeAssistant, mei: MockConfigEntry
) -> None:
    registry = er.async_get(hass)
    registry.async_update_entity("switch.front_door_plan_auto_renewal", new_entity_id="switch.door")
    switch = registry.async_get("switch.door")
    assert switch is not None
    assert switch.device_id is not None
    name = "Door [*1*] {{ 7 * 6 }} \"quoted\" 'x' %} #"
    dr.async_get(hass).async_update_device(switch.device_id, name_by_user=name)
    dashboard = await made(hass)
    config = dashboard["config"]
    assert stacks(config)[name]["cards"][2]["entity"] == "switch.door"
    assert "switch.front_door" not in dashboard["yaml"]
    assert parse_yaml(dashboard["yaml"]) == config
    said = sentences(hass, config)["Next charge"]
    assert "[Door \\[\\*1\\*\\] {{ 7 * 6 }} \"quoted\" 'x' %} \\#](/config/devices" in said.replace(
        "{{ 7 \\* 6 }}", "{{ 7 * 6 }}"
    )


async def test_what_its_owner_disabled_or_hid_is_not_shown(
    hass: HomeAssistant, mei: MockConfigEntry
) -> None:
    registry = er.async_get(hass)
    user = er.RegistryEntryDisabler.USER
    registry.async_update_entity("switch.front_door_plan_auto_renewal", disabled_by=user)
    registry.async_update_entity("sensor.front_door_next_plan_charge", disabled_by=user)
    registry.async_update_entity(
        "switch.nursery_plan_auto_renewal", hidden_by=er.RegistryEntryHider.USER
    )
    registry.async_remove("sensor.garage_plan_days_remaining")
    registry.async_update_entity("sensor.balcony_plan_status", disabled_by=user)
    await hass.async_block_till_done(wait_background_tasks=True)
    config = (await made(hass))["config"]
    found = stacks(config)
    assert [card["type"] for card in found["Front door"]["cards"]] == ["heading", "tile"]
    assert found["Nursery"]["cards"][1]["entity"] == "sensor.nursery_plan_status"
    assert "visibility" not in found["Balcony"]
    shown = entities(config)
    assert not shown & {
        "switch.front_door_plan_auto_renewal",
        "switch.nursery_plan_auto_renewal",
        "sensor.garage_plan_days_remaining",
        "sensor.balcony_plan_status",
    }
    # A charge that cannot be read here is not passed over in silence.
    said = sentences(hass, config)["Next charge"]
    assert "Front door" not in said
    assert "Not counted: one camera" in said


async def test_without_an_entity_its_line_is_left_out(
    hass: HomeAssistant, mei: MockConfigEntry
) -> None:
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, mei.entry_id):
        if entity.translation_key in {"attention", "charges", "export", "check_now"}:
            registry.async_update_entity(
                entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER
            )
    config = (await made(hass))["config"]
    said = sentences(hass, config)
    assert "Needs you" not in said
    assert "Recordings" not in said
    assert not [part for part in within(config) if part.get("type") == "calendar"]
    assert "button.press" not in str(config)


@pytest.mark.usefixtures("all_entities_enabled")
async def test_recordings_at_risk_are_told_where_they_are_looked_for(
    hass: HomeAssistant, mei: MockConfigEntry
) -> None:
    at_risk = "sensor.study_recordings_about_to_expire"
    config = (await made(hass))["config"]
    for count, told in (("1", "one recording is"), ("23", "23 recordings are")):
        hass.states.async_set(at_risk, count, {"first_loss": "2026-11-24T03:00:00+00:00"})
        said = sentences(hass, config)["Recordings"]
        assert f"): {told} about to expire. The first is lost on Tue 24 Nov." in said
        assert "Nothing is being saved just now." in said
    hass.states.async_set(at_risk, "0")
    assert "Study" not in sentences(hass, config)["Recordings"]
    export = "sensor.xiaomi_cloud_plans_0071_recordings_export"
    hass.states.async_set(export, "running", {"camera": "Study", "percent": 40, "left": 3})
    assert "**Study**: 40 % saved, 3 left." in sentences(hass, config)["Recordings"]
    hass.states.async_set(export, "waiting", {"camera": "Study", "reason": "disk_full"})
    assert "**Study**: The disk is full." in sentences(hass, config)["Recordings"]


async def test_how_far_a_cancellation_is_stands_beside_how_the_plan_does(
    hass: HomeAssistant, mei: MockConfigEntry
) -> None:
    config = (await made(hass))["config"]
    hass.states.async_set("sensor.garage_plan_cancellation", "done_not_readable")
    said = sentences(hass, config)["Cameras"]
    assert "Active, renews · Done, only the seller can confirm · 13 days" in said


@pytest.mark.parametrize(
    ("sure", "possible", "is_priced", "told"),
    [
        (6, 0, True, "Plans cost **6.00 CNY** a month. Yearly"),
        (
            6,
            3,
            False,
            "Plans cost **6.00 CNY** a month. Up to **3.00 CNY** more for plans that may",
        ),
        (0, 3, True, "Plans that may renew cost up to **3.00 CNY** a month. Yearly"),
        (0, 3, False, "cost up to **3.00 CNY** a month. Amount unknown for 6. Yearly"),
        (0, 0, False, "What the plans cost is not known."),
        # Nothing renews, and nothing is unknown.
        (0, 0, True, ""),
    ],
)
async def test_what_plans_cost_is_said_as_far_as_it_is_known(
    hass: HomeAssistant,
    mei: MockConfigEntry,
    sure: float,
    possible: float,
    is_priced: bool,
    told: str,
) -> None:
    config = (await made(hass))["config"]
    for state in hass.states.async_all("sensor"):
        if state.entity_id.endswith("_next_plan_charge"):
            amount = {"amount": 6.0, "currency": "CNY"} if is_priced else {}
            hass.states.async_set(state.entity_id, "2026-12-01T00:00:00+00:00", amount)
        if "monthly_cost" in state.entity_id:
            facts = {"unit_of_measurement": "CNY", "possible": possible}
            hass.states.async_set(state.entity_id, str(sure), facts)
    said = sentences(hass, config)["Next charge"].rpartition("---\n")[2]
    assert told in said
    assert bool(said) == bool(told)


async def test_a_charge_whose_time_is_over_is_not_announced(
    hass: HomeAssistant, mei: MockConfigEntry
) -> None:
    config = (await made(hass))["config"]
    for state in hass.states.async_all("sensor"):
        if state.entity_id.endswith("_next_plan_charge"):
            hass.states.async_set(
                state.entity_id,
                "2026-11-18T00:00:00+00:00",
                {"latest": "2026-11-21T00:00:00+00:00"},
            )
    said = sentences(hass, config)["Next charge"]
    assert "No charge is known to be coming" in said
    assert "Not counted: 6 cameras" in said


async def test_an_old_reading_is_told_at_the_top(hass: HomeAssistant, mei: MockConfigEntry) -> None:
    config = (await made(hass))["config"]
    counted = "sensor.xiaomi_cloud_plans_0071_plans_set_to_renew"
    for read_at, begins in (
        ("2026-11-21T20:00:00+00:00", "## "),
        (
            "2026-11-20T20:00:00+00:00",
            '<ha-alert alert-type="warning">Not read since Sat 21 Nov, 04',
        ),
    ):
        hass.states.async_set(counted, "6", {"read_at": read_at})
        assert sentences(hass, config)["Next charge"].startswith(begins)


async def test_of_several_accounts_all_stand_on_it_or_one(
    hass: HomeAssistant, mei: MockConfigEntry, make_entry: EntryMaker
) -> None:
    other = await make_entry(BERLIN)
    await set_up(hass, other)
    both = stacks((await made(hass))["config"])
    assert {"Front door", "Berlin hallway"} <= both.keys()
    only = stacks((await made(hass, config_entry_id=other.entry_id))["config"])
    assert "Berlin hallway" in only
    assert "Front door" not in only
    with pytest.raises(ServiceValidationError) as refused:
        await made(hass, config_entry_id="of_another_integration")
    assert refused.value.translation_key == "no_account"


async def test_an_account_that_is_not_loaded_keeps_its_place(
    hass: HomeAssistant, mei: MockConfigEntry
) -> None:
    before = (await made(hass))["yaml"]
    await hass.config_entries.async_unload(mei.entry_id)
    after = await made(hass)
    assert after["yaml"] == before
    said = sentences(hass, after["config"])
    assert "No charge is known to be coming" in said["Next charge"]
    assert "Not counted: 6 cameras" in said["Next charge"]


async def test_who_may_not_see_an_account_gets_none(
    hass: HomeAssistant, mei: MockConfigEntry, housemate: MockUser
) -> None:
    context = Context(user_id=housemate.id)
    answer = await hass.services.async_call(
        DOMAIN, "get_dashboard", {}, blocking=True, return_response=True, context=context
    )
    assert answer


async def test_the_options_show_it_to_be_copied(hass: HomeAssistant, mei: MockConfigEntry) -> None:
    before = dict(mei.options)
    flow = hass.config_entries.options
    page: Any = await flow.async_init(mei.entry_id)
    page = await flow.async_configure(page["flow_id"], {"next_step_id": "dashboard"})
    check_words("options", page)
    schema = page["data_schema"].schema["text"].schema.schema
    (text,) = (field.default() for field in schema)
    assert text == (await made(hass))["yaml"]
    # What is there is a template, too, which the field checks.
    done = await flow.async_configure(page["flow_id"], {"text": {"yaml": text}})
    assert done["type"] == "create_entry"
    assert mei.options == before


# --- Few cameras, and many ---


def house(hass: HomeAssistant, cameras: int, name: str = "House") -> MockConfigEntry:
    """Register an account of so many cameras with a plan, half of which end soon."""
    entry = MockConfigEntry(domain=DOMAIN, unique_id=f"xiaomi_{name}", title=name)
    entry.add_to_hass(hass)
    registry, devices = er.async_get(hass), dr.async_get(hass)
    devices.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={account_identifier(entry)}, name=name
    )
    for number in range(cameras):
        device = devices.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={camera_identifier(entry, str(number))},
            name=f"Camera {number}",
        )
        for key, state in (
            ("plan_status", "active_renewing"),
            ("days_remaining", "3" if number % 2 else "300"),
            ("cancellation", "none"),
        ):
            entity = registry.async_get_or_create(
                "sensor",
                DOMAIN,
                f"{name}_{number}_{key}",
                config_entry=entry,
                device_id=device.id,
                translation_key=key,
                suggested_object_id=f"camera_{number}_{key}",
            )
            hass.states.async_set(entity.entity_id, state)
    return entry


@pytest.fixture
async def domain(hass: HomeAssistant) -> None:
    """Set the integration up without an account."""
    assert await async_setup_component(hass, DOMAIN, {})


@pytest.mark.usefixtures("domain")
async def test_without_an_account_there_is_none(hass: HomeAssistant) -> None:
    with pytest.raises(ServiceValidationError):
        await made(hass)


@pytest.mark.usefixtures("domain")
async def test_before_the_first_reading_it_says_so(hass: HomeAssistant) -> None:
    house(hass, 0)
    said = sentences(hass, (await made(hass))["config"])
    assert [*said] == ["Cameras"]
    assert said["Cameras"].startswith(
        "No camera has been read so far. [How the accounts stand](/config"
    )


@pytest.mark.usefixtures("domain")
@pytest.mark.parametrize("count", [1, 16])
async def test_few_cameras_are_shown_one_by_one(hass: HomeAssistant, count: int) -> None:
    house(hass, count)
    config = (await made(hass))["config"]
    assert len(config["views"]) == 1
    assert len(stacks(config)) == count


@pytest.mark.usefixtures("domain")
async def test_many_cameras_stand_in_a_table_and_on_a_page_of_their_own(
    hass: HomeAssistant,
) -> None:
    house(hass, 50)
    for number, status in (
        (1, "expired_reachable"),
        (3, "expired"),
        (5, "none"),
        (7, "unavailable"),
    ):
        hass.states.async_set(f"sensor.camera_{number}_plan_status", status)
    hass.states.async_set("sensor.camera_0_cancellation", "waiting_for_you")
    hass.states.async_set("sensor.camera_9_days_remaining", "unknown")
    hass.states.async_set("sensor.camera_11_days_remaining", "1")
    dashboard = await made(hass)
    config = dashboard["config"]
    assert parse_yaml(dashboard["yaml"]) == config
    assert not stacks(config)
    said = re.sub(r"\(/config/devices/device/[0-9a-f]+\)", "", sentences(hass, config)["Cameras"])
    rows = [line for line in said.splitlines() if line.startswith("|")]
    # Of 25 that end soon four are folded below; one of the others has a step left.
    assert len(rows) == 2 + 21 + 1
    assert rows[0] == "| Camera | Plan | Days |"
    assert rows[2:4] == [
        "| [Camera 11] | Active, renews | 1 |",
        "| [Camera 13] | Active, renews | 3 |",
    ]
    assert rows[-2:] == [
        "| [Camera 0] | Active, renews · One step left | 300 |",
        "| [Camera 9] | Active, renews |  |",
    ]
    assert re.split("\n\n+", said)[1:] == [
        "Nothing to come within 7 days: 24 cameras",
        "Expired, recordings still there: [Camera 1]",
        "Expired: [Camera 3]",
        "Not known just now: [Camera 7]",
        "One camera without a plan",
    ]


@pytest.mark.usefixtures("domain")
async def test_of_many_cameras_each_has_its_switch_on_a_page_that_is_led_to(
    hass: HomeAssistant,
) -> None:
    house(hass, 50)
    config = (await made(hass))["config"]
    page = config["views"][1]
    assert len(stacks(config, 1)) == 50
    assert page["subview"] is True
    assert page["path"] in [part.get("navigation_path") for part in within(config["views"][0])]
    glance = Template(page["sections"][0]["cards"][1]["content"], hass).async_render()
    assert glance.count("](/config/devices/device/") == 50


@pytest.mark.usefixtures("domain")
async def test_the_text_grows_with_the_cameras_and_not_faster(hass: HomeAssistant) -> None:
    house(hass, 50)
    fifty = len((await made(hass))["yaml"])
    house(hass, 100, name="Block")
    more = len((await made(hass))["yaml"])
    assert fifty < 90_000
    assert more < 3.2 * fifty


@pytest.mark.usefixtures("domain")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_many_need_alike_is_said_once(hass: HomeAssistant, language: str) -> None:
    entry = house(hass, 5)
    attention = er.async_get(hass).async_get_or_create(
        "binary_sensor",
        DOMAIN,
        "attention",
        config_entry=entry,
        device_id=next(
            device.id
            for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
            if account_identifier(entry) in device.identifiers
        ),
        translation_key="attention",
    )
    config = (await made(hass, language=language))["config"]
    heading = (await async_texts(hass, language))["needs_you"]
    for reason in (*Reason, "of_another_version"):
        for count, alerts in ((3, 3), (4, 1)):
            items = [{"camera": f"Camera {n}", "reason": str(reason)} for n in range(count)]
            hass.states.async_set(attention.entity_id, "on", {"items": items})
            said = sentences(hass, config)[heading]
            assert said.count("<ha-alert") == alerts
            assert all(f"Camera {n}" in said for n in range(count))
            assert "<a href" in said


# --- The words ---


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_reason_is_told_with_a_link(hass: HomeAssistant, language: str) -> None:
    builder = cards.Builder([], await async_texts(hass, language))
    for reason in Reason:
        told = builder._needed(reason)
        assert all(told.values()), reason


async def test_no_word_of_a_dashboard_is_left_over(hass: HomeAssistant) -> None:
    texts = await async_texts(hass, "en")
    words = {*texts.beginning("dashboard_")}
    room = Path(cards.__file__).parent
    said = "".join(path.read_text() for path in room.glob("*.py")) + "".join(templates().values())
    unused = {word for word in words if word not in said and not word.startswith("needs_")}
    assert not unused
