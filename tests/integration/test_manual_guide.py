"""Switching a typed plan off: at the seller's own door, on the owner's word, to its end."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
import pytest

from custom_components.camera_cloud_plan.plan import Activity, CaseState
from tests.integration.acts import (
    Heard,
    assumed,
    cancel,
    issue_keys,
    press,
    press_refused,
    restart,
    settle,
    standing,
)
from tests.integration.conftest import entity_id, pass_time
from tests.integration.guided import Guide
from tests.integration.test_manual import NOW, berlin, change, value  # noqa: F401 - a fixture
from tests.integration.typed import local, typed_in

pytestmark = [
    pytest.mark.freeze_time(NOW),
    pytest.mark.usefixtures("berlin", "repairs"),
]


def subentry(hass: HomeAssistant, plan_id: str) -> ConfigSubentry:
    return local(hass).subentries[plan_id]


async def asked_off(hass: HomeAssistant, **plan: Any) -> str:
    """Type a plan in and press off; return its id."""
    plan_id = await typed_in(hass, **{"brand": "Reolink", "billed_by": "seller", **plan})
    await press_refused(hass, plan_id, "off", "not_off_yet")
    return plan_id


async def said_done(hass: HomeAssistant, **plan: Any) -> str:
    """Press off, go through the guide and say that it is done; return the plan's id."""
    plan_id = await asked_off(hass, **plan)
    guide = await Guide.open(hass)
    await guide.tap("steps")
    await guide.tap()
    assert guide.shows == "abort: typed_done"
    await settle(hass)
    return plan_id


async def test_the_owners_word_is_shown_and_confirms_nothing(hass: HomeAssistant) -> None:
    plan_id = await asked_off(hass)
    assert assumed(hass, plan_id)
    guide = await Guide.open(hass)
    assert guide.shows == "typed_decide"
    assert guide.buttons == ["steps", "keep"]
    assert "Thu 3 Dec, 23:59" in guide.said
    assert "only Reolink can confirm" in guide.said
    await guide.tap("steps")
    assert guide.shows == "seller_door"
    assert "from **Reolink**" in guide.said
    await guide.tap()

    assert guide.shows == "abort: typed_done"
    assert "Noted. Only Reolink can confirm this" in guide.said
    for text in guide.read().values():
        assert "Xiaomi" not in text
        assert "小米" not in text
    await settle(hass)
    assert subentry(hass, plan_id).data["renews"] is False
    assert standing(local(hass), plan_id) is CaseState.DONE_NOT_READABLE
    assert value(hass, plan_id, "auto_renewal") == "off"
    assert value(hass, plan_id, "plan_status") == "active_not_renewing"
    assert value(hass, plan_id, "cancellation") == "done_not_readable"


@pytest.mark.parametrize(
    ("billed_by", "door", "words"),
    [
        ("apple", "apple", "**Reolink** → **Cancel subscription**"),
        ("google_play", "google_play", "Choose **Reolink**"),
        ("wechat_pay", "wechat_pay", "**Reolink** → **Close**"),
        ("alipay", "alipay", "**Reolink** → **Close**"),
        ("seller_unknown", "seller_unknown", "last payment for Doorbell"),
    ],
)
async def test_every_seller_has_a_door_that_names_no_other_maker(
    hass: HomeAssistant, billed_by: str, door: str, words: str
) -> None:
    await asked_off(hass, billed_by=billed_by)
    guide = await Guide.open(hass)
    await guide.tap("steps")
    assert guide.shows == door
    assert words in guide.said
    for text in guide.read().values():
        for foreign in ("Xiaomi", "Mi Home", "小米", "米家"):
            assert foreign not in text


async def test_without_a_brand_the_words_still_fit(hass: HomeAssistant) -> None:
    await asked_off(hass, brand="", billed_by="seller")
    guide = await Guide.open(hass)
    assert "only the seller can confirm" in guide.said
    await guide.tap("steps")
    assert "from **the seller**" in guide.said


async def test_who_bills_is_asked_of_each_plan(hass: HomeAssistant) -> None:
    first = await asked_off(hass, billed_by=None)
    guide = await Guide.open(hass)
    assert guide.shows == "typed_seller"
    await guide.tap("billed_by_alipay")
    assert guide.shows == "typed_decide"
    assert subentry(hass, first).data["billed_by"] == "alipay"
    await guide.tap("keep")
    await asked_off(hass, name="Garden", billed_by=None)
    assert (await Guide.open(hass)).shows == "typed_seller"


async def test_of_unknown_renewal_no_text_says_that_it_is_charged(hass: HomeAssistant) -> None:
    await asked_off(hass, renews="unknown")
    guide = await Guide.open(hass)
    assert "will be charged" not in guide.said
    await guide.tap("keep")
    assert guide.shows == "abort: kept_unsure"


async def test_the_guide_comes_back_to_what_was_noted(hass: HomeAssistant) -> None:
    plan_id = await said_done(hass)
    guide = await Guide.open(hass)
    assert guide.shows == "typed_noted"
    assert "check" not in guide.buttons
    await press_refused(hass, plan_id, "off", "only_seller_confirms")


async def test_the_dialogue_survives_that_the_plan_is_written(hass: HomeAssistant) -> None:
    """What the owner says in it is stored, which must not end it by loading the account anew."""
    await asked_off(hass)
    coordinator = local(hass).runtime_data.coordinator
    guide = await Guide.open(hass)
    await guide.tap("steps")
    await guide.tap()
    await settle(hass)
    assert guide.shows == "abort: typed_done"
    assert local(hass).runtime_data.coordinator is coordinator


async def test_a_cancellation_to_its_end(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    plan_id = await said_done(hass)
    heard = Heard(local(hass), plan_id)
    freezer.move_to("2026-12-03T23:00:00+00:00")
    await pass_time(hass, freezer, 0)
    assert value(hass, plan_id, "plan_status") == "expired"
    assert standing(local(hass), plan_id) is CaseState.DONE_NOT_READABLE
    # The seller may still try for two weeks.
    await pass_time(hass, freezer, timedelta(days=13).total_seconds())
    assert standing(local(hass), plan_id) is CaseState.DONE_NOT_READABLE
    for _ in range(6):
        await pass_time(hass, freezer, timedelta(hours=8).total_seconds())
    assert standing(local(hass), plan_id) is None
    assert issue_keys(hass) == []
    assert subentry(hass, plan_id).data["renews"] is False
    assert not {*heard.take()} & {
        Activity.CANCELLATION_CONFIRMED,
        Activity.CANCELLATION_WITHDRAWN,
        Activity.RENEWED,
    }


async def test_nothing_is_lost_when_it_ends_while_nothing_runs(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    plan_id = await said_done(hass)
    await restart(hass, local(hass))
    assert standing(local(hass), plan_id) is CaseState.DONE_NOT_READABLE
    await hass.config_entries.async_unload(local(hass).entry_id)
    freezer.move_to("2027-01-20T12:00:00+00:00")
    await hass.config_entries.async_setup(local(hass).entry_id)
    await settle(hass)
    assert standing(local(hass), plan_id) is None
    assert value(hass, plan_id, "auto_renewal") == "unknown"


async def test_a_word_that_a_crash_cut_off_is_made_up_for(hass: HomeAssistant) -> None:
    """The case is on disk at once, the plan's own data a second later."""
    plan_id = await asked_off(hass)
    entry = local(hass)
    modified_at = entry.modified_at
    await entry.runtime_data.coordinator.casework.async_done(plan_id)
    await settle(hass)
    data = {**subentry(hass, plan_id).data, "renews": True}
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_subentry(entry, subentry(hass, plan_id), data=data)
    object.__setattr__(entry, "modified_at", modified_at - timedelta(seconds=1))
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert subentry(hass, plan_id).data["renews"] is False
    assert standing(entry, plan_id) is CaseState.DONE_NOT_READABLE


async def test_taken_back_it_is_not_known_any_more(hass: HomeAssistant) -> None:
    plan_id = await said_done(hass)
    await press(hass, plan_id, "on")
    assert standing(local(hass), plan_id) is None
    assert "renews" not in subentry(hass, plan_id).data
    assert value(hass, plan_id, "auto_renewal") == "unknown"


async def test_kept_before_anything_was_done_it_stays_as_it_was(hass: HomeAssistant) -> None:
    plan_id = await asked_off(hass)
    guide = await Guide.open(hass)
    await guide.tap("keep")
    await settle(hass)
    assert standing(local(hass), plan_id) is None
    assert subentry(hass, plan_id).data["renews"] is True


async def test_it_is_not_switched_on_from_here(hass: HomeAssistant) -> None:
    plan_id = await typed_in(hass, renews="no")
    await press_refused(hass, plan_id, "on", "renew_at_seller")
    await change(hass, plan_id, renews="yes")
    await press(hass, plan_id, "on")
    assert issue_keys(hass) == []


async def test_what_is_off_by_the_owners_word_needs_no_step(hass: HomeAssistant) -> None:
    plan_id = await typed_in(hass, renews="no")
    await press(hass, plan_id, "off")
    assert standing(local(hass), plan_id) is None


async def test_a_step_that_is_left_undone_is_brought_up_in_every_term(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    plan_id = await asked_off(hass)
    heard = Heard(local(hass), plan_id)
    for day in ("2026-11-30", "2026-12-01", "2026-12-04"):
        for hour in (1, 18, 23):
            freezer.move_to(f"{day}T{hour:02}:30:00+00:00")
            await pass_time(hass, freezer, 0)
    assert heard.take().count(Activity.CANCELLATION_REMINDER) == 3
    freezer.move_to("2027-01-01T18:30:00+00:00")
    await pass_time(hass, freezer, 0)
    assert Activity.CANCELLATION_REMINDER in heard.take()


@pytest.mark.parametrize(
    ("renews", "state"), [("no", CaseState.DONE_NOT_READABLE), ("unknown", "waiting_for_you")]
)
async def test_a_change_of_the_plan_moves_its_cancellation(
    hass: HomeAssistant, renews: str, state: CaseState
) -> None:
    plan_id = await asked_off(hass)
    await change(hass, plan_id, renews=renews)
    assert standing(local(hass), plan_id) == state


@pytest.mark.parametrize(
    ("renews", "shown", "kept"), [("yes", "on", True), ("unknown", "unknown", None)]
)
async def test_an_owner_who_says_that_it_may_renew_takes_the_cancellation_back(
    hass: HomeAssistant, renews: str, shown: str, kept: bool | None
) -> None:
    plan_id = await said_done(hass)
    await change(hass, plan_id, renews=renews)
    assert standing(local(hass), plan_id) is None
    assert value(hass, plan_id, "auto_renewal") == shown
    assert subentry(hass, plan_id).data.get("renews") is kept


async def test_a_corrected_date_is_no_renewal(hass: HomeAssistant) -> None:
    plan_id = await said_done(hass)
    heard = Heard(local(hass), plan_id)
    await change(hass, plan_id, ends_on="2027-01-03")
    assert standing(local(hass), plan_id) is CaseState.DONE_NOT_READABLE
    assert heard.take() == []


async def test_a_removed_plan_takes_its_cancellation_along(hass: HomeAssistant) -> None:
    plan_id = await asked_off(hass)
    hass.config_entries.async_remove_subentry(local(hass), plan_id)
    await settle(hass)
    assert standing(local(hass), plan_id) is None
    assert issue_keys(hass) == []


async def test_a_removed_account_takes_its_cancellations_along(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    await asked_off(hass)
    await hass.config_entries.async_remove(local(hass).entry_id)
    await settle(hass)
    assert issue_keys(hass) == []
    assert not [key for key in hass_storage if key.endswith(".cases")]


async def test_nothing_can_be_saved_first(hass: HomeAssistant) -> None:
    plan_id = await typed_in(hass)
    status = entity_id(hass, plan_id, "plan_status")
    (row,) = await cancel(hass, entity_id=status, export_first=True)
    assert row["state"] == "no_recordings"
    assert standing(local(hass), plan_id) is None
    (row,) = await cancel(hass, entity_id=status)
    assert (row["state"], row["next_step"]) == ("waiting_for_you", ["seller_unknown"])
