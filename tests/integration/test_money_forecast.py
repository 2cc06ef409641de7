"""The action that says what is to come: charges, sums by month and currency, limits."""

from datetime import datetime
from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
import voluptuous as vol

from custom_components.camera_cloud_plan.const import DOMAIN

from .acts import STORE_BILLED, TRIAL, restart
from .conftest import EntryMaker, entity_id, set_up
from .test_coordinator import RENEWING
from .test_money import plan_name, say

NOON = "2026-11-22T12:00:00+00:00"

pytestmark = pytest.mark.freeze_time(NOON)


@pytest.fixture(autouse=True)
async def _shanghai(hass: HomeAssistant) -> None:
    """Live where the plans are billed."""
    await hass.config.async_update(time_zone="Asia/Shanghai")


async def ahead(hass: HomeAssistant, context: Context | None = None, **data: Any) -> Any:
    return await hass.services.async_call(
        DOMAIN, "get_forecast", data, blocking=True, return_response=True, context=context
    )


async def test_it_says_each_charge_and_what_they_sum_up_to(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await say(hass, loaded, price="6")
    told = await ahead(hass)
    assert told["accounts"] == ["Xiaomi (…0011)"]
    assert told["accounts_missing"] == []
    trial, first, *later = told["items"]
    assert len(later) == 2
    assert trial == {
        "account": "Xiaomi (…0011)",
        "cameras": ["Trial"],
        "plan": plan_name(loaded, TRIAL),
        "earliest": "2026-11-26T00:00:00+00:00",
        "first_day": "2026-11-26",
        "last_day": "2026-11-29",
        "latest": "2026-11-29T00:00:00+00:00",
        "deadline": "2026-11-26T00:00:00+00:00",
        "basis": "derived_plan_end_less_lead_time",
        "kind": "trial_turns_paid",
        "possible": False,
        "channel": "mi_pay",
    }
    assert (first["amount"], first["currency"]) == (6.0, "CNY")
    assert [month["sums"] for month in told["months"]] == [
        {"CNY": {"amount": 6.0, "possible": 0.0}}
    ] * 3
    assert [month["unknown_amounts"] for month in told["months"]] == [1, 0, 0]
    assert [month["first_day"] for month in told["months"]] == [
        "2026-11-22",
        "2026-12-22",
        "2027-01-22",
    ]
    assert told["months"][0]["last_day"] == "2026-12-22"
    assert told["total"]["sums"] == {"CNY": {"amount": 18.0, "possible": 0.0}}
    assert told["total"]["unknown_amounts"] == 1


@pytest.mark.parametrize(("months", "charges"), [(1, 1), (12, 12)])
async def test_as_many_months_as_are_asked_for(
    hass: HomeAssistant, loaded: MockConfigEntry, months: int, charges: int
) -> None:
    await say(hass, loaded, price="6")
    told = await ahead(hass, months=months, entity_id=entity_id(hass, RENEWING, "next_charge"))
    assert len(told["months"]) == months
    assert len(told["items"]) == charges
    assert told["total"]["sums"]["CNY"]["amount"] == 6 * charges


@pytest.mark.parametrize("months", [0, 13, "many"])
async def test_other_numbers_of_months_are_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, months: object
) -> None:
    with pytest.raises(vol.Invalid):
        await ahead(hass, months=months)


async def test_accounts_add_up_by_currency_and_what_may_renew_stands_apart(
    hass: HomeAssistant, loaded: MockConfigEntry, make_entry: EntryMaker
) -> None:
    await say(hass, loaded, price="6")
    other = await make_entry("6500220022")
    await set_up(hass, other)
    row = {"price": "3.99", "currency": "EUR", "term_months": 1}
    hass.config_entries.async_update_entry(
        other, options={**other.options, "tariffs": {plan_name(other, STORE_BILLED): row}}
    )
    await restart(hass, other)
    told = await ahead(hass)
    assert set(told["total"]["sums"]) == {"CNY", "EUR"}
    assert told["total"]["sums"]["CNY"] == {"amount": 18.0, "possible": 0.0}
    charges = [item for item in told["items"] if item.get("currency") == "EUR"]
    assert charges
    possible = sum(item["amount"] for item in charges if item["possible"])
    assert told["total"]["sums"]["EUR"]["possible"] == pytest.approx(possible)
    assert STORE_BILLED not in str(told)


async def test_an_account_that_is_not_there_is_named(
    hass: HomeAssistant, loaded: MockConfigEntry, make_entry: EntryMaker
) -> None:
    """A sum that lacks an account says so."""
    other = await make_entry("6500220022")
    await set_up(hass, other)
    await hass.config_entries.async_unload(other.entry_id)
    told = await ahead(hass)
    assert told["accounts"] == ["Xiaomi (…0011)"]
    assert told["accounts_missing"] == ["Xiaomi (…0022)"]
    await hass.config_entries.async_unload(loaded.entry_id)
    nothing = await ahead(hass)
    assert (nothing["items"], nothing["months"], nothing["total"]) == ([], [], None)


async def test_an_administrator_may_ask_though_an_account_was_never_set_up(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    make_entry: EntryMaker,
    hass_admin_user: MockUser,
    hass_read_only_user: MockUser,
) -> None:
    """Of that one there is a device, and no entity by which somebody might be let in."""
    never = await make_entry("6500220022")
    await set_up(hass, never)
    for entity in er.async_entries_for_config_entry(er.async_get(hass), never.entry_id):
        er.async_get(hass).async_remove(entity.entity_id)
    await hass.config_entries.async_unload(never.entry_id)
    told = await ahead(hass, context=Context(user_id=hass_admin_user.id))
    assert told["accounts_missing"] == ["Xiaomi (…0022)"]
    with pytest.raises(Unauthorized):
        await ahead(hass, context=Context(user_id=hass_read_only_user.id))


async def test_limits_that_are_exceeded_are_named(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(
        loaded,
        options={
            **loaded.options,
            "charge_limit": "5",
            "month_limit": "5.5",
            "limit_currency": "CNY",
        },
    )
    await say(hass, loaded, price="6")
    told = await ahead(hass)
    assert {of["limit_of"] for of in told["limits_exceeded"]} == {"charge", "month"}
    first = next(of for of in told["limits_exceeded"] if of["limit_of"] == "charge")
    assert first == {
        "account": "Xiaomi (…0011)",
        "limit_of": "charge",
        "first_day": "2026-12-02",
        "amount": 6.0,
        "limit": 5.0,
        "currency": "CNY",
        "possible": False,
        "cameras": ["Renewing"],
    }
    # Of a single camera nothing is said about the account's limits.
    one = await ahead(hass, entity_id=entity_id(hass, RENEWING, "next_charge"))
    assert one["limits_exceeded"] == []


async def test_dates_are_those_of_home_assistants_zone(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await hass.config.async_update(time_zone="America/Los_Angeles")
    await hass.async_block_till_done()
    told = await ahead(hass)
    trial = told["items"][0]
    assert datetime.fromisoformat(trial["earliest"]).isoformat() == "2026-11-26T00:00:00+00:00"
    assert (trial["first_day"], trial["last_day"]) == ("2026-11-25", "2026-11-28")
