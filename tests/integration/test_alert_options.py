"""The options about charges: when people are told, what plans cost, which are kept."""

from decimal import Decimal
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.plan import Money, PriceSource, Tariff, Term
from simulator.server import RunningSimulator

from .acts import settle
from .test_config_flow import start_options
from .test_coordinator import RENEWING, coordinator_of

FILLED = {
    "alerts": True,
    "digest_at": "09:00:00",
    "quiet_from": "21:00:00",
    "quiet_until": "08:00:00",
    "rules": "automatic",
    "limit_currency": "CNY",
}


def shown(result: Any, field: str) -> Any:
    """Return what a field shows at first."""
    (marker,) = (marker for marker in result["data_schema"].schema if marker.schema == field)
    suggested = (marker.description or {}).get("suggested_value")
    return suggested if suggested is not None else marker.default()


async def test_alerts_are_told_in_the_morning_unless_said_otherwise(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry
) -> None:
    await hass.config.async_update(currency="CNY")
    dialogue = await start_options(hass, sim, loaded, "alerts")
    assert {field: shown(dialogue.result, field) for field in FILLED} == FILLED
    filled = {**FILLED, "alerts": False, "digest_at": "18:30:00", "rules": "de"}
    done = await dialogue.answer(**filled, charge_limit=6, month_limit=20.5)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    filled |= {"charge_limit": "6.00", "month_limit": "20.50"}
    assert {key: loaded.options[key] for key in filled} == filled
    again = await start_options(hass, sim, loaded, "alerts")
    assert shown(again.result, "charge_limit") == 6
    assert shown(again.result, "digest_at") == "18:30:00"


async def test_emptied_quiet_hours_stay_empty(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry
) -> None:
    dialogue = await start_options(hass, sim, loaded, "alerts")
    without = {key: value for key, value in FILLED.items() if not key.startswith("quiet")}
    await dialogue.answer(**{**without, "digest_at": "03:00:00"})
    assert loaded.options["quiet_from"] is loaded.options["quiet_until"] is None
    again = await start_options(hass, sim, loaded, "alerts")
    (field,) = (mark for mark in again.result["data_schema"].schema if mark.schema == "quiet_from")
    assert field.description == {"suggested_value": None}


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"quiet_from": None}, "quiet_from", "both_or_none"),
        ({"quiet_until": None}, "quiet_until", "both_or_none"),
        ({"digest_at": "07:59:00"}, "digest_at", "in_quiet_hours"),
        ({"digest_at": "23:00"}, "digest_at", "in_quiet_hours"),
        ({"quiet_from": "08:00:00", "quiet_until": "10:00:00"}, "digest_at", "in_quiet_hours"),
    ],
)
async def test_what_makes_no_sense_is_asked_again(
    hass: HomeAssistant,
    sim: RunningSimulator,
    loaded: MockConfigEntry,
    changes: dict[str, str | None],
    field: str,
    problem: str,
) -> None:
    dialogue = await start_options(hass, sim, loaded, "alerts")
    typed = {key: value for key, value in {**FILLED, **changes}.items() if value is not None}
    await dialogue.answer(**typed)
    assert dialogue.result["errors"] == {field: problem}
    assert "digest_at" not in loaded.options
    await dialogue.answer(**FILLED)
    assert loaded.options["digest_at"] == "09:00:00"


async def choose_plan(dialogue: Any, plan: str) -> None:
    """Choose a plan by its name, where there is a choice."""
    if dialogue.step == "prices":
        await dialogue.answer(plan=plan)
    assert dialogue.words == {"plan": plan}


async def test_a_price_is_said_once_for_a_plan_name(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry
) -> None:
    await hass.config.async_update(currency="CNY")
    reading = coordinator_of(loaded).data.cameras[RENEWING].reading
    assert reading is not None
    assert reading.name is not None
    assert reading.tariff is None
    dialogue = await start_options(hass, sim, loaded, "prices")
    await choose_plan(dialogue, reading.name)
    done = await dialogue.answer(
        price=6, currency="CNY", term_months="1", special={"covers_all": False}
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    assert loaded.options["tariffs"] == {
        reading.name: {"price": "6.00", "currency": "CNY", "term_months": 1}
    }
    priced = [
        plan.reading.tariff
        for plan in coordinator_of(loaded).data.cameras.values()
        if plan.reading and plan.reading.name == reading.name
    ]
    price = Money(amount=Decimal("6.00"), currency="CNY")
    tariff = Tariff(source=PriceSource.OWNER, price=price, term=Term.months(1))
    assert priced
    assert priced == [tariff] * len(priced)

    dialogue = await start_options(hass, sim, loaded, "prices")
    await choose_plan(dialogue, reading.name)
    assert shown(dialogue.result, "price") == 6
    assert shown(dialogue.result, "term_months") == "1"
    await dialogue.answer(currency="CNY", special={"covers_all": False})
    assert loaded.options["tariffs"] == {}


async def test_what_few_plans_need_is_folded_away_until_it_is_used(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry
) -> None:
    reading = coordinator_of(loaded).data.cameras[RENEWING].reading
    assert reading is not None
    name = str(reading.name)
    special: dict[str, Any] = {
        "regular_price": 12.5,
        "price_from": "2027-03-01",
        "billing_day": 5,
        "covers_all": True,
    }
    dialogue = await start_options(hass, sim, loaded, "prices")
    await choose_plan(dialogue, name)
    assert dialogue.result["data_schema"].schema["special"].options == {"collapsed": True}
    without_day = {key: value for key, value in special.items() if key != "price_from"}
    await dialogue.answer(price=6, currency="EUR", special=without_day)
    assert dialogue.error == "no_day"
    assert shown(dialogue.result, "price") == 6
    with pytest.raises(InvalidData):
        await dialogue.answer(currency="EUR", special={**special, "billing_day": 32})
    await dialogue.answer(price=6, currency="EUR", special=special)
    assert loaded.options["tariffs"][name] == {
        "price": "6.00",
        "currency": "EUR",
        "regular_price": "12.50",
        "price_from": "2027-03-01",
        "billing_day": 5,
        "covers_all": True,
    }
    again = await start_options(hass, sim, loaded, "prices")
    await choose_plan(again, name)
    assert again.result["data_schema"].schema["special"].options == {"collapsed": False}


async def test_no_price_is_asked_where_no_plan_is_known(
    hass: HomeAssistant, sim: RunningSimulator, loaded: MockConfigEntry
) -> None:
    await hass.config_entries.async_unload(loaded.entry_id)
    dialogue = await start_options(hass, sim, loaded, "prices")
    assert dialogue.result["reason"] == "no_plan_names"
