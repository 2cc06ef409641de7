"""A maker that misbehaves over real sockets is found out, once; one that behaves is not."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

from aiohttp import ClientSession, CookieJar
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.ledger import Kind
from simulator.server import RunningSimulator
from simulator.world import PERMIT_SHARED, Share

from .acts import TRIAL, issues, press_off, restart, settle
from .conftest import EUROPE, MAINLAND, EntryMaker, set_up
from .ledgers import act, rows_of
from .test_coordinator import RENEWING, refresh
from .test_ledger import MONTH, WHEN, move_end

pytestmark = [pytest.mark.freeze_time(WHEN), pytest.mark.usefixtures("told_of_findings")]

DAY: Final = timedelta(days=1)
TARIFFS: Final = {
    "7-day cloud storage, monthly": {"price": "6.00", "currency": "CNY", "term_months": 1}
}

type Days = Callable[[int], Awaitable[None]]


@pytest.fixture
async def account(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> MockConfigEntry:
    """Set an account up that is read once a day, whose trial ends by itself."""
    sim.world.switch_renewal(TRIAL, on=False)
    entry = await make_entry(poll_hours=24, tariffs=TARIFFS)
    await set_up(hass, entry)
    return entry


@pytest.fixture
def days(hass: HomeAssistant, account: MockConfigEntry, freezer: FrozenDateTimeFactory) -> Days:
    """Let days pass, with a reading on each."""

    async def pass_days(count: int) -> None:
        for _ in range(count):
            freezer.tick(DAY)
            await refresh(hass, account)
        await settle(hass)

    return pass_days


def found(entry: MockConfigEntry) -> list[tuple[str | None, object]]:
    """Return what was found, and of which camera."""
    return [(row.name, row.facts["finding"]) for row in rows_of(entry, Kind.FINDING)]


async def options(hass: HomeAssistant, entry: MockConfigEntry, **changes: Any) -> None:
    """Let an owner change options, after which the account is loaded anew."""
    hass.config_entries.async_update_entry(entry, options={**entry.options, **changes})
    await restart(hass, entry)


async def steer(sim: RunningSimulator, method: str, path: str, **body: Any) -> None:
    """Have the maker do something, as its control page's programs do."""
    async with (
        ClientSession() as program,
        program.request(method, f"{sim.base_url}/_control/{path}", json=body) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def import_orders(hass: HomeAssistant, sim: RunningSimulator) -> None:
    """Download the maker's orders as its owner does in a browser, and read them in."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        form = {"who": "cn", "next": "/orders"}
        await browser.post(f"{sim.base_url}/who", data=form, headers={"Origin": sim.base_url})
        async with browser.get(f"{sim.base_url}/orders.csv") as answer:
            table = await answer.text()
    answered = await act(hass, "import_charges", table=table)
    assert {line["state"] for line in answered["lines"]} <= {"added", "already"}


async def test_a_maker_that_behaves_is_not_accused(
    hass: HomeAssistant, account: MockConfigEntry, sim: RunningSimulator, days: Days
) -> None:
    await days(13)
    await import_orders(hass, sim)
    await press_off(hass, RENEWING)
    sim.world.switch_renewal(RENEWING, on=False)
    await days(9)
    assert len(rows_of(account, Kind.RENEWED, camera_id=RENEWING)) == 1
    assert rows_of(account, Kind.CHARGE, camera_id=RENEWING)
    assert found(account) == []


@pytest.mark.parametrize(
    ("wrong", "kinds"),
    [
        ({"charges_twice": True}, ["two_charges"]),
        ({"charges_more": True}, ["amount_changed"]),
        ({"charges_twice": True, "charges_more": True}, ["amount_changed", "two_charges"]),
    ],
)
async def test_money_that_is_taken_twice_or_too_much_is_found_in_its_list(
    hass: HomeAssistant,
    account: MockConfigEntry,
    sim: RunningSimulator,
    days: Days,
    wrong: dict[str, bool],
    kinds: list[str],
) -> None:
    await steer(sim, "PATCH", f"camera/{RENEWING}", plan={"end": "+4d"})
    await days(1)
    await steer(sim, "POST", "misbehaviour", **wrong)
    await days(3)
    await import_orders(hass, sim)
    await days(2)
    assert sorted(found(account)) == [("Renewing", kind) for kind in kinds]
    await import_orders(hass, sim)
    await days(1)
    assert len(found(account)) == len(kinds)


@pytest.mark.parametrize(("told", "noted"), [(True, True), (True, False), (False, False)])
async def test_a_new_price_is_found_unless_its_owner_noted_what_the_maker_said(
    hass: HomeAssistant,
    account: MockConfigEntry,
    sim: RunningSimulator,
    days: Days,
    *,
    told: bool,
    noted: bool,
) -> None:
    await steer(sim, "PATCH", f"camera/{RENEWING}", plan={"end": "+4d"})
    await days(1)
    await steer(sim, "POST", f"camera/{RENEWING}/price", price="9.00 CNY", told=told)
    if noted:
        rise = {"regular_price": "9.00", "price_from": "2026-11-26"}
        await options(
            hass, account, tariffs={name: price | rise for name, price in TARIFFS.items()}
        )
    await days(4)
    await import_orders(hass, sim)
    await days(3)
    await import_orders(hass, sim)
    await days(1)
    assert found(account) == ([] if noted else [("Renewing", "amount_changed")])


async def test_a_payment_that_works_the_next_day_is_a_renewal(
    account: MockConfigEntry, sim: RunningSimulator, days: Days
) -> None:
    await steer(sim, "PATCH", f"camera/{RENEWING}", plan={"end": "+2d", "payment_works": False})
    await days(2)
    await steer(sim, "PATCH", f"camera/{RENEWING}", plan={"payment_works": True})
    await days(5)
    outcomes = [order.outcome for order in sim.world.camera(RENEWING).orders[-2:]]
    assert outcomes == ["failed", "paid"]
    assert len(rows_of(account, Kind.RENEWED, camera_id=RENEWING)) == 1
    assert found(account) == []


# --- The maker's interface does not follow ---


async def test_what_is_off_in_the_app_and_shown_as_on_to_the_end_is_a_plan_that_lapsed(
    hass: HomeAssistant, account: MockConfigEntry, sim: RunningSimulator, days: Days
) -> None:
    await steer(sim, "PATCH", f"camera/{RENEWING}", plan={"end": "+3d"})
    await days(1)
    await steer(sim, "POST", "misbehaviour", flag_stays=True)
    await steer(sim, "POST", f"camera/{RENEWING}/renewal", on=False)
    await days(6)
    assert found(account) == [("Renewing", "plan_lapsed")]
    (issue,) = (one for one in issues(hass) if one.translation_key == "finding")
    assert "off where the maker does not see it" in (issue.translation_placeholders or {})["facts"]


async def test_what_is_off_by_its_owners_word_and_never_shown_so_lapses_as_wanted(
    hass: HomeAssistant, account: MockConfigEntry, sim: RunningSimulator, days: Days
) -> None:
    await steer(sim, "PATCH", f"camera/{RENEWING}", plan={"end": "+5d"})
    await days(1)
    await steer(sim, "POST", "misbehaviour", flag_stays=True)
    await press_off(hass, RENEWING)
    await steer(sim, "POST", f"camera/{RENEWING}/renewal", on=False)
    await days(8)
    steps = [row.facts["step"] for row in rows_of(account, Kind.CANCELLATION)]
    assert steps[0] == "opened"
    assert "confirmed" in steps
    assert found(account) == []


async def test_what_is_shown_as_off_and_renewed_was_wanted_by_nobody_here(
    hass: HomeAssistant, account: MockConfigEntry, sim: RunningSimulator, days: Days
) -> None:
    await steer(sim, "PATCH", f"camera/{RENEWING}", plan={"end": "+3d"})
    await steer(sim, "POST", f"camera/{RENEWING}/renewal", on=False)
    await days(1)
    # Its owner switches it on again in the app, and the interface never follows.
    await steer(sim, "POST", "misbehaviour", flag_stays=True)
    await steer(sim, "POST", f"camera/{RENEWING}/renewal", on=True)
    await days(5)
    assert len(rows_of(account, Kind.RENEWED, camera_id=RENEWING)) == 1
    assert found(account) == []


async def test_a_trial_that_was_cancelled_here_and_charged_anyway_is_one_finding(
    hass: HomeAssistant, account: MockConfigEntry, sim: RunningSimulator, days: Days
) -> None:
    await steer(sim, "POST", f"camera/{TRIAL}/renewal", on=True)
    await days(1)
    await press_off(hass, TRIAL)
    await steer(sim, "POST", f"camera/{TRIAL}/renewal", on=False)
    await days(1)
    await steer(sim, "POST", "misbehaviour", charges_anyway=True, dids=[TRIAL])
    await days(8)
    assert found(account) == [("Trial", "renewed_after_cancelling")]


async def test_another_plan_bought_after_cancelling_is_not_renewed(
    hass: HomeAssistant, account: MockConfigEntry, sim: RunningSimulator, days: Days
) -> None:
    await press_off(hass, RENEWING)
    await steer(sim, "POST", f"camera/{RENEWING}/renewal", on=False)
    await days(1)
    names = {"en": "30-day cloud storage, monthly", "zh": "30 天云存储，包月"}
    bought = {"name": names, "retention_days": 30, "end": "+31d", "auto_renew": True}
    await steer(sim, "PATCH", f"camera/{RENEWING}", plan=bought)
    await days(3)
    assert len(rows_of(account, Kind.RENEWED, camera_id=RENEWING)) == 1
    assert found(account) == []


# --- Out of sight ---


@pytest.mark.parametrize("is_shared", [False, True])
async def test_a_camera_that_was_out_of_sight_is_not_accused(
    hass: HomeAssistant,
    account: MockConfigEntry,
    sim: RunningSimulator,
    days: Days,
    *,
    is_shared: bool,
) -> None:
    camera = sim.world.cameras[RENEWING]
    camera.online = False
    await days(1)
    if is_shared:
        await options(hass, account, show_shared=True)
        camera.owner = EUROPE
        camera.shares = [Share(user_id=MAINLAND, permit_level=PERMIT_SHARED)]
    else:
        await options(hass, account, cameras_excluded=[RENEWING])
    await days(5)
    camera.online = True
    move_end(sim, RENEWING, 2 * MONTH)
    camera = sim.world.cameras[RENEWING]
    camera.owner, camera.shares = MAINLAND, []
    await options(hass, account, cameras_excluded=[])
    await days(2)
    assert len(rows_of(account, Kind.RENEWED, camera_id=RENEWING)) == 1
    assert found(account) == []


async def test_an_account_that_is_added_again_is_not_accused(
    hass: HomeAssistant,
    account: MockConfigEntry,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    days: Days,
    freezer: FrozenDateTimeFactory,
) -> None:
    await days(2)
    await hass.config_entries.async_remove(account.entry_id)
    freezer.tick(70 * DAY)
    again = await make_entry(poll_hours=24, tariffs=TARIFFS)
    await set_up(hass, again)
    for _ in range(3):
        freezer.tick(DAY)
        await refresh(hass, again)
    await import_orders(hass, sim)
    freezer.tick(2 * DAY)
    await refresh(hass, again)
    assert rows_of(again, Kind.RENEWED, camera_id=RENEWING)
    assert found(again) == []


async def test_a_payment_that_never_works_is_a_plan_that_lapsed(
    account: MockConfigEntry, sim: RunningSimulator, days: Days
) -> None:
    await steer(sim, "POST", "misbehaviour", payments_fail=True)
    await days(17)
    assert found(account) == [("Renewing", "plan_lapsed")]


async def test_a_maker_that_renews_what_is_off_is_found_out(
    hass: HomeAssistant, account: MockConfigEntry, sim: RunningSimulator, days: Days
) -> None:
    await press_off(hass, RENEWING)
    sim.world.switch_renewal(RENEWING, on=False)
    sim.world.switch_renewal(TRIAL, on=True)
    await days(3)
    await steer(sim, "POST", "misbehaviour", charges_anyway=True, dids=[RENEWING])
    await days(15)
    assert sorted(found(account)) == [
        ("Renewing", "renewed_after_cancelling"),
        ("Trial", "trial_turned_paid"),
    ]


async def test_renewal_that_comes_on_again_by_itself_is_found(
    hass: HomeAssistant, account: MockConfigEntry, sim: RunningSimulator, days: Days
) -> None:
    sim.world.switch_renewal(RENEWING, on=False)
    await days(2)
    await steer(sim, "POST", "misbehaviour", flips_back_after="2h", dids=[RENEWING])
    await days(2)
    assert found(account) == [("Renewing", "renewal_rearmed")]
