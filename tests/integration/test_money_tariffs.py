"""What plans cost by their owner's word: put on every reading, and bad data on none."""

from datetime import UTC, datetime
from decimal import Decimal

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.plan import (
    Basis,
    ChargeExpectation,
    Money,
    PlanReading,
    PriceSource,
    Service,
    Tariff,
    Term,
)
from custom_components.camera_cloud_plan.tariffs import OwnersTariffs
from simulator.server import RunningSimulator

from .acts import restart
from .conftest import EUROPE, EntryMaker, entity_id, set_up
from .test_coordinator import RENEWING, coordinator_of

NOON = "2026-11-22T12:00:00+00:00"

SIX = {"price": "6.00", "currency": "CNY", "term_months": 1}

pytestmark = pytest.mark.freeze_time(NOON)


def reading_of(entry: MockConfigEntry, camera_id: str = RENEWING) -> PlanReading:
    reading = coordinator_of(entry).data.cameras[camera_id].reading
    assert reading is not None
    return reading


def plan_name(entry: MockConfigEntry) -> str:
    name = reading_of(entry).name
    assert name is not None
    return name


def charge_of(entry: MockConfigEntry) -> ChargeExpectation:
    view = coordinator_of(entry).data.cameras[RENEWING].view
    assert view is not None
    assert view.charge is not None
    return view.charge


@pytest.fixture
async def named(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Read the account once; return what the renewing plan is called."""
    await set_up(hass, entry)
    return plan_name(entry)


async def say(hass: HomeAssistant, entry: MockConfigEntry, tariffs: object) -> None:
    """Say what plans cost, as the options do, and load with that."""
    hass.config_entries.async_update_entry(entry, options={**entry.options, "tariffs": tariffs})
    await restart(hass, entry)


async def test_what_the_owner_says_stands_on_every_reading_of_that_plan(
    hass: HomeAssistant, entry: MockConfigEntry, named: str
) -> None:
    assert charge_of(entry).amount is None
    await say(hass, entry, {named: SIX})
    tariff = reading_of(entry).tariff
    assert tariff == Tariff(
        source=PriceSource.OWNER,
        price=Money(amount=Decimal("6.00"), currency="CNY"),
        term=Term.months(1),
    )
    assert charge_of(entry).amount == Money(amount=Decimal("6.00"), currency="CNY")
    for plan in coordinator_of(entry).data.cameras.values():
        assert plan.reading is not None
        assert (plan.reading.tariff is not None) == (plan.reading.name == named)
    # A read-back of one camera brings it too.
    await coordinator_of(entry).async_read_back(RENEWING)
    assert reading_of(entry).tariff == tariff


async def test_restored_readings_cost_what_the_options_say_now(
    hass: HomeAssistant, entry: MockConfigEntry, named: str, sim: RunningSimulator
) -> None:
    await say(hass, entry, {named: SIX})
    sim.faults.add("dropped")
    await say(hass, entry, {named: {**SIX, "price": "12.00"}})
    assert coordinator_of(entry).data.cameras[RENEWING].failure is not None
    amount = charge_of(entry).amount
    assert amount is not None
    assert amount.amount == 12
    await say(hass, entry, {})
    assert reading_of(entry).tariff is None


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"price": "6.00"}, "currency"),
        ({"price": "6.00", "currency": "yuan"}, "currency"),
        ({"price": 6.0, "currency": "CNY"}, "price"),
        ({"price": "-1", "currency": "CNY"}, "price"),
        ({"price": "NaN", "currency": "CNY"}, "price"),
        ({"price": "six", "currency": "CNY"}, "price"),
        ({"regular_price": "1e", "currency": "CNY"}, "regular_price"),
        ({"term_months": 0}, "term_months"),
        ({"term_months": True}, "term_months"),
        ({"billing_day": 32}, "billing_day"),
        ({"price_from": "1st of May"}, "isoformat"),
        ({"price_from": 5}, "fromisoformat"),
        ("6.00 CNY", "no fields"),
    ],
)
def test_a_row_that_makes_no_sense_is_logged_and_counts_as_not_said(
    caplog: pytest.LogCaptureFixture, row: object, why: str
) -> None:
    tariffs = OwnersTariffs({"Odd": row, "Six": SIX})
    reading = PlanReading(read_at=datetime.now(UTC), service=Service.ACTIVE, name="Odd")
    assert tariffs.put_on(reading, UTC) is reading
    said = [record.getMessage() for record in caplog.records if "is not used" in record.message]
    assert len(said) == 1
    assert why in said[0]


async def test_options_of_another_shape_are_logged_and_ignored(
    hass: HomeAssistant, make_entry: EntryMaker, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await make_entry(tariffs=["6.00"])
    await set_up(hass, entry)
    assert reading_of(entry).tariff is None
    assert "The prices in the options cannot be used" in caplog.text


def test_numbers_as_a_form_gives_them_are_whole() -> None:
    tariffs = OwnersTariffs({"Six": {**SIX, "term_months": 12.0, "billing_day": 5.0}})
    reading = PlanReading(read_at=datetime.now(UTC), service=Service.ACTIVE, name="Six")
    tariff = tariffs.put_on(reading, UTC).tariff
    assert tariff is not None
    assert (tariff.term, tariff.billing_day) == (Term.months(12), 5)


def test_the_makers_own_price_and_that_of_a_typed_plan_go_first() -> None:
    tariffs = OwnersTariffs({"Six": SIX})
    price = Money(amount=Decimal(8), currency="CNY")
    now = datetime.now(UTC)
    read = PlanReading(
        read_at=now,
        service=Service.ACTIVE,
        name="Six",
        tariff=Tariff(source=PriceSource.MAKER, price=price),
    )
    typed = PlanReading(
        read_at=now,
        service=Service.ACTIVE,
        name="Six",
        typed=True,
        tariff=Tariff(source=PriceSource.OWNER, price=price),
    )
    assert tariffs.put_on(read, UTC) is read
    assert tariffs.put_on(typed, UTC) is typed


async def test_another_zone_judges_anew_without_asking_the_maker(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
) -> None:
    """A plan billed in no known zone goes by the home's: its fixed day moves with it."""
    first = await make_entry(EUROPE)
    await set_up(hass, first)
    camera_id, plan = next(
        (camera_id, plan)
        for camera_id, plan in coordinator_of(first).data.cameras.items()
        if plan.view and plan.view.charge
    )
    assert plan.reading is not None
    await say(hass, first, {plan.reading.name: {"billing_day": 1, "price_from": "2026-11-30"}})
    earliest = {}
    for zone in ("America/Los_Angeles", "Asia/Tokyo"):
        sim.requests.reset()
        await hass.config.async_update(time_zone=zone)
        await hass.async_block_till_done()
        view = coordinator_of(first).data.cameras[camera_id].view
        assert view is not None
        assert view.charge is not None
        assert view.reading.tariff is not None
        assert view.charge.basis is Basis.FIXED_DAY
        local = view.charge.earliest.astimezone(view.zone)
        assert (local.day, local.hour) == (1, 0)
        assert view.reading.tariff.price_from == datetime(2026, 11, 30, tzinfo=view.zone)
        state = hass.states.get(entity_id(hass, camera_id, "next_charge"))
        assert state is not None
        assert datetime.fromisoformat(state.state) == view.charge.earliest
        assert sim.requests.total() == 0
        earliest[zone] = view.charge.earliest
    assert earliest["America/Los_Angeles"] != earliest["Asia/Tokyo"]
