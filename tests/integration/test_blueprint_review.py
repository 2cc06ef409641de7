"""The monthly review of all plans, run on the automation engine."""

from datetime import UTC, datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, ServiceCall, State
from homeassistant.helpers import restore_state
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from .acts import settle
from .automations import add_phone, automate, to_moment
from .conftest import EUROPE, EntryMaker, set_up
from .typed import typed_in

BLUEPRINT = "monthly_review"
PRICES = {
    "7-day cloud storage, monthly": {"price": "6.00", "currency": "CNY", "term_months": 1},
    "7-day cloud storage, 30-day trial": {"price": "6.00", "currency": "CNY", "term_months": 1},
}

pytestmark = [
    pytest.mark.freeze_time("2026-11-22T12:00:00+00:00"),
    pytest.mark.usefixtures("blueprints"),
]


@pytest.fixture
async def calls(hass: HomeAssistant) -> list[ServiceCall]:
    """Note what the review says."""
    await hass.config.async_set_time_zone("Asia/Shanghai")
    return async_mock_service(hass, "notify", "send")


async def review(hass: HomeAssistant, **inputs: Any) -> None:
    """Set up an automation that uses the blueprint."""
    send = [{"action": "notify.send", "data": {"title": "{{ title }}", "text": "{{ message }}"}}]
    await automate(hass, BLUEPRINT, {"notify": send, **inputs})


async def whole_house(hass: HomeAssistant, make_entry: EntryMaker) -> None:
    """Set up two accounts, of one of which the prices are known, and type a plan in."""
    await set_up(hass, await make_entry(tariffs=PRICES))
    await set_up(hass, await make_entry(EUROPE))
    await typed_in(
        hass, ends_on="2027-01-01", term="12_months", price=39.9, currency="EUR", billed_by="apple"
    )


def china(text: str) -> datetime:
    """Return a moment of China's clocks, such as "2026-12-05 09:00"."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


async def test_it_lists_what_renews_what_it_costs_and_what_is_unknown(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    await whole_house(hass, make_entry)
    await review(hass, day=23)
    await to_moment(hass, freezer, china("2026-11-23 08:59"))
    assert calls == []
    await to_moment(hass, freezer, china("2026-11-23 09:00"))
    (call,) = calls
    assert call.data["title"] == "Camera plans: 3 renew, 1 may renew, 1 ends"
    assert call.data["text"].splitlines() == [
        "Set to renew:",
        "• Trial: Thu 26 Nov to Sun 29 Nov, 6.00 CNY, its trial turns paid",
        "• Renewing: Wed 2 Dec to Sat 5 Dec, 6.00 CNY",
        "• Doorbell: Thu 31 Dec to Fri 1 Jan 2027, 39.90 EUR",
        "Nobody can see whether these renew:",
        "• Renewal unknown: Thu 10 Dec to Sun 13 Dec, amount unknown",
        "By the month: 12.00 CNY, 3.33 EUR (longer terms spread over their months)",
        "Amount unknown for 1",
        "End by themselves: Not renewing",
        "Need you: Renewal unknown",
    ]
    assert "charged" not in call.data["text"]


async def test_a_phone_reads_it_in_chinese(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    await whole_house(hass, make_entry)
    phone = await add_phone(hass, "Mei's phone")
    pushes = async_mock_service(hass, "notify", "mobile_app_mei_s_phone")
    await review(hass, day=23, phones=[phone], language="zh")
    await to_moment(hass, freezer, china("2026-11-23 09:00"))
    (push,) = pushes
    assert push.data["title"] == "摄像头套餐：3 个自动续费，1 个是否续费未知，1 个到期停止"
    assert push.data["message"].splitlines()[:4] == [
        "将自动续费：",
        "• Trial：11月26日 至 11月29日，6.00 CNY，试用转为付费",
        "• Renewing：12月2日 至 12月5日，6.00 CNY",
        "• Doorbell：12月31日 至 2027年1月1日，39.90 EUR",
    ]
    assert "每月合计：12.00 CNY、3.33 EUR（长周期按月分摊）" in push.data["message"]


async def test_it_saves_the_bill_of_the_month_before_if_that_is_wanted(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, calls: list[ServiceCall]
) -> None:
    bills = async_mock_service(hass, "camera_cloud_plan", "get_bill")
    await review(hass, day=23, save_bill=True, language="zh")
    await to_moment(hass, freezer, china("2026-11-23 09:00"))
    (bill,) = bills
    assert bill.data == {"month": "2026-10", "file": True, "language": "zh-Hans"}
    assert len(calls) == 1


async def test_it_comes_once_a_month_on_the_last_day_where_the_day_is_lacking(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    calls: list[ServiceCall],
) -> None:
    await review(hass, day=31)
    told: list[str] = []
    for month, days in (("2026-11", 30), ("2026-12", 31), ("2027-01", 31), ("2027-02", 28)):
        for day in range(23 if month == "2026-11" else 1, days + 1):
            await to_moment(hass, freezer, china(f"{month}-{day:02} 09:00"))
            if len(calls) > len(told):
                told.append(f"{month}-{day:02}")
    assert told == ["2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"]
    assert len(calls) == 4
    assert calls[0].data["text"] == "No charge is expected."


@pytest.mark.parametrize(("last_triggered", "comes"), [("2026-10-05T01:00:00+00:00", 1), (None, 0)])
async def test_a_review_missed_while_home_assistant_was_off_is_made_up_for_at_the_start(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    calls: list[ServiceCall],
    last_triggered: str | None,
    comes: int,
) -> None:
    before = State("automation.owners", "on", {"last_triggered": last_triggered})
    known = restore_state.async_get(hass).last_states
    known[before.entity_id] = restore_state.StoredState(before, None, dt_util.utcnow())
    hass.set_state(CoreState.starting)
    await review(hass)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle(hass)
    assert len(calls) == comes
