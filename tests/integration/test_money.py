"""Sums of money: by the month, in the months to come, each in its currency, nothing guessed."""

from datetime import datetime
from decimal import Decimal
import json
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.diagnostics import async_get_config_entry_diagnostics
from custom_components.camera_cloud_plan.plan import Money, Renewal
from custom_components.camera_cloud_plan.words import amount, spoken_amount
from simulator.edits import edit_camera
from simulator.server import RunningSimulator

from .acts import TRIAL, restart, settle
from .conftest import entity_id, set_up
from .test_calendar import to_moment
from .test_coordinator import NOT_RENEWING, RENEWING, coordinator_of, refresh

NOON = "2026-11-22T12:00:00+00:00"
MONTHLY = "sensor.xiaomi_cloud_plans_0011_plans_monthly_cost_cny"
FORECAST = "sensor.xiaomi_cloud_plans_0011_plan_charges_next_3_months_cny"
NEXT = "sensor.xiaomi_cloud_plans_0011_next_charge_of_all_cameras"

pytestmark = pytest.mark.freeze_time(NOON)


@pytest.fixture(autouse=True)
async def _shanghai(hass: HomeAssistant) -> None:
    """Live where the plans are billed."""
    await hass.config.async_update(time_zone="Asia/Shanghai")


def plan_name(entry: MockConfigEntry, camera_id: str = RENEWING) -> str:
    reading = coordinator_of(entry).data.cameras[camera_id].reading
    assert reading is not None
    assert reading.name is not None
    return reading.name


async def say(hass: HomeAssistant, entry: MockConfigEntry, **fields: Any) -> None:
    """Say what the renewing plan costs, as the options do, and load with that."""
    row = {"currency": "CNY", "term_months": 1, **fields}
    tariffs = {**entry.options.get("tariffs", {}), plan_name(entry): row}
    hass.config_entries.async_update_entry(entry, options={**entry.options, "tariffs": tariffs})
    await restart(hass, entry)


def seen(hass: HomeAssistant, entity: str) -> State:
    state = hass.states.get(entity)
    assert state is not None
    return state


# --- Amounts in words ---


@pytest.mark.parametrize(
    ("number", "currency", "words"),
    [
        ("6", "CNY", "6.00 CNY"),
        ("5.995", "EUR", "6.00 EUR"),
        ("1234567.8", "EUR", "1234567.80 EUR"),
        ("600", "JPY", "600 JPY"),
        ("600.5", "KRW", "601 KRW"),
        ("1.2345", "KWD", "1.235 KWD"),
        ("0", "CNY", "0.00 CNY"),
    ],
)
def test_an_amount_is_written_as_its_currency_is(number: str, currency: str, words: str) -> None:
    assert amount(Money(amount=Decimal(number), currency=currency)) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ["6,00 CNY", "1299,50 EUR", "300 JPY"]),
        ("en", ["6.00 CNY", "1299.50 EUR", "300 JPY"]),
        ("zh-Hans", ["6.00 CNY", "1299.50 EUR", "300 JPY"]),
    ],
)
async def test_an_amount_is_told_as_its_language_writes_it(
    hass: HomeAssistant, enable_custom_integrations: None, language: str, words: list[str]
) -> None:
    hass.config.language = language
    await async_get_translations(hass, language, "common", {DOMAIN})
    amounts = (("6", "CNY"), ("1299.5", "EUR"), ("300", "JPY"))
    assert [
        spoken_amount(hass, Money(amount=Decimal(number), currency=currency))
        for number, currency in amounts
    ] == words


# --- A camera's ---


async def test_the_next_charge_says_what_it_costs_and_who_said_so(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    sensor = entity_id(hass, RENEWING, "next_charge")
    before = seen(hass, sensor).attributes
    assert before["kind"] == "renewal"
    assert before["deadline"] == datetime.fromisoformat(seen(hass, sensor).state)
    assert not {"amount", "currency", "price_source", "word"} & before.keys()
    await say(hass, loaded, price="6")
    after = seen(hass, sensor).attributes
    assert (after["amount"], after["currency"]) == (6.0, "CNY")
    assert after["price_source"] == "said_by_owner"
    assert "word" not in after
    of_all = seen(hass, NEXT)
    assert (of_all.attributes["kind"], of_all.attributes["camera"]) == ("trial_turns_paid", "Trial")
    assert "amount" not in of_all.attributes


@pytest.mark.usefixtures("all_entities_enabled")
async def test_a_camera_has_a_monthly_cost_once_a_price_is_known(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)
    keys = [entity.unique_id for entity in er.async_get(hass).entities.values()]
    assert not [key for key in keys if "monthly_cost" in key or "forecast" in key]
    await say(hass, entry, price="129.90", term_months=12)
    cost = seen(hass, entity_id(hass, RENEWING, "monthly_cost"))
    assert (cost.state, cost.attributes["unit_of_measurement"]) == ("10.83", "CNY")
    assert cost.attributes["possible"] is False
    assert "state_class" not in cost.attributes
    # One that does not renew costs nothing more, though its price is known.
    ends = seen(hass, entity_id(hass, NOT_RENEWING, "monthly_cost"))
    assert ends.state == "0.00"


async def test_a_cameras_monthly_cost_is_off_at_first(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await say(hass, loaded, price="6")
    registry = er.async_get(hass)
    entity = registry.async_get(entity_id(hass, RENEWING, "monthly_cost"))
    assert entity is not None
    assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    forecast = registry.async_get(FORECAST)
    assert forecast is not None
    assert forecast.disabled_by is er.RegistryEntryDisabler.INTEGRATION


# --- The account's ---


async def test_the_account_sums_up_what_is_known_and_counts_what_is_not(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    assert hass.states.get(MONTHLY) is None
    await say(hass, loaded, price="6")
    cost = seen(hass, MONTHLY)
    assert (cost.state, cost.attributes["unit_of_measurement"]) == ("6.00", "CNY")
    assert cost.attributes["possible"] == 0.0
    # The trial's price was never said: it is counted, not taken for nothing.
    assert cost.attributes["unknown_amounts"] == 1
    assert cost.attributes["device_class"] == "monetary"
    assert "state_class" not in cost.attributes
    assert "twelve months" in cost.attributes["note"]


async def test_a_sum_appears_without_a_restart(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    """As soon as a camera has a plan whose price was said."""
    name = plan_name(loaded)
    edit_camera(sim.world, RENEWING, {"plan": {"name": {"en": "Other", "zh": "其他"}}})
    edit_camera(sim.world, NOT_RENEWING, {"plan": {"name": {"en": "Another", "zh": "其他"}}})
    await refresh(hass, loaded)
    hass.config_entries.async_update_entry(
        loaded,
        options={**loaded.options, "tariffs": {name: {"price": "6", "currency": "CNY"}}},
    )
    await restart(hass, loaded)
    assert hass.states.get(MONTHLY) is None
    edit_camera(sim.world, RENEWING, {"plan": {"name": {"en": name, "zh": name}}})
    await refresh(hass, loaded)
    assert seen(hass, MONTHLY).state == "6.00"


async def test_each_currency_has_a_sum_of_its_own(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    trial = plan_name(loaded, TRIAL)
    hass.config_entries.async_update_entry(
        loaded,
        options={
            **loaded.options,
            "tariffs": {trial: {"price": "900", "currency": "JPY", "term_months": 3}},
        },
    )
    await say(hass, loaded, price="6")
    assert seen(hass, MONTHLY).state == "6.00"
    yen = seen(hass, MONTHLY.replace("_cny", "_jpy"))
    assert (yen.state, yen.attributes["unit_of_measurement"]) == ("300", "JPY")
    assert yen.attributes["unknown_amounts"] == 0


async def test_a_promotion_that_ends_changes_the_sum_on_time(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await say(hass, loaded, price="6", regular_price="12", price_from="2026-11-24")
    sim.faults.add("dropped")  # whatever changes now, the clock did
    await to_moment(hass, freezer, datetime.fromisoformat("2026-11-23T23:59:59+08:00"))
    assert seen(hass, MONTHLY).state == "6.00"
    await to_moment(hass, freezer, datetime.fromisoformat("2026-11-24T00:00:00+08:00"))
    assert seen(hass, MONTHLY).state == "12.00"


@pytest.mark.usefixtures("all_entities_enabled")
async def test_the_forecast_takes_charges_whole_where_they_begin(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await say(hass, loaded, price="72", term_months=12)
    ahead = seen(hass, FORECAST)
    assert ahead.state == "72.00"
    assert [month["amount"] for month in ahead.attributes["months"]] == [72.0, 0.0, 0.0]
    assert [month["begins"] for month in ahead.attributes["months"]] == [
        "2026-11-22",
        "2026-12-22",
        "2027-01-22",
    ]
    assert ahead.attributes["unknown_amounts"] == 1
    assert seen(hass, MONTHLY).state == "6.00"
    await say(hass, loaded, price="6", term_months=1)
    assert [month["amount"] for month in seen(hass, FORECAST).attributes["months"]] == [6, 6, 6]


@pytest.mark.usefixtures("all_entities_enabled")
async def test_what_may_renew_stands_apart(hass: HomeAssistant, loaded_de: MockConfigEntry) -> None:
    """No sum says that a plan will be charged of which that is not known."""
    plans = coordinator_of(loaded_de).data.cameras.values()
    views = [view for plan in plans if (view := plan.view) and view.charge]
    row = {"price": "3.99", "currency": "EUR", "term_months": 1}
    tariffs = {view.reading.name: row for view in views}
    hass.config_entries.async_update_entry(
        loaded_de, options={**loaded_de.options, "tariffs": tariffs}
    )
    await restart(hass, loaded_de)
    await settle(hass)
    possible = [view for view in views if view.charge and view.charge.possible]
    cost = seen(hass, "sensor.xiaomi_cloud_plans_0022_plans_monthly_cost_eur")
    assert possible
    assert float(cost.state) == pytest.approx(3.99 * (len(views) - len(possible)))
    assert cost.attributes["possible"] == pytest.approx(3.99 * len(possible))


async def test_a_fixed_day_that_is_over_is_no_next_charge(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The window of a fixed day ends before the plan does: what is next changes by the clock."""
    edit_camera(sim.world, RENEWING, {"plan": {"end": "+20d"}})
    await say(hass, loaded, price="6", billing_day=25)
    of_all = seen(hass, NEXT)
    assert of_all.state == "2026-11-24T16:00:00+00:00"
    assert of_all.attributes["camera"] == "Renewing"
    assert of_all.attributes["basis"] == "fixed_day_chosen_by_owner"
    sim.faults.add("dropped")
    await to_moment(hass, freezer, datetime.fromisoformat("2026-11-26T00:00:00+08:00"))
    assert seen(hass, NEXT).attributes["camera"] == "Trial"


async def test_a_download_says_what_a_plan_costs_and_whose_word_it_is(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await say(hass, loaded, price="6", billing_day=5)
    told = await async_get_config_entry_diagnostics(hass, loaded)
    (camera,) = (
        of
        for of in told["cameras"]
        if of["shown"] and of["shown"]["renewal"] == Renewal.ON and not of["reading"]["trial"]
    )
    tariff = camera["reading"]["tariff"]
    assert (tariff["price"], tariff["source"]) == (
        {"amount": "6", "currency": "CNY"},
        "said_by_owner",
    )
    assert camera["shown"]["charge"]["amount"] == {"amount": "6", "currency": "CNY"}
    assert camera["shown"]["charge"]["basis"] == "fixed_day_chosen_by_owner"
    assert RENEWING not in json.dumps(told, default=str)
