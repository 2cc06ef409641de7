"""A disk that takes nothing more, for real: what could not be kept is not begun."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
import resource

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.casework.book import CaseBook
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.devices import account_key
from custom_components.camera_cloud_plan.plan import Case, CaseState, Wish
from custom_components.camera_cloud_plan.plan.alerts import AlertMemory, Keep
from custom_components.camera_cloud_plan.telling.alert_book import AlertBook
from simulator.server import RunningSimulator

from .acts import (
    Heard,
    assumed,
    cancel,
    case_of,
    device_id,
    direct_way,
    issues,
    press_off,
    press_refused,
    settle,
    standing,
)
from .conftest import EntryMaker, set_up
from .test_coordinator import RENEWING, coordinator_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACCOUNT = MockConfigEntry(domain=DOMAIN, unique_id="xiaomi_1")


@pytest.fixture
def hass_storage() -> dict[str, object]:
    """Leave the store as it is, instead of the test equipment's one in memory."""
    return {}


@pytest.fixture(autouse=True)
def _own_disk(hass: HomeAssistant, tmp_path: Path) -> None:
    """Store in a folder of the test's own."""
    hass.config.config_dir = str(tmp_path)


@contextmanager
def full_disk() -> Iterator[None]:
    """Let the system refuse every byte that this process writes to a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def book_on_disk(hass: HomeAssistant, changes: list[Case | None]) -> CaseBook:
    book = CaseBook(hass, ACCOUNT, lambda _camera_id, _before, after: changes.append(after))
    await book.async_load()
    return book


async def test_a_wish_that_cannot_be_kept_on_disk_is_not_begun(hass: HomeAssistant) -> None:
    changes: list[Case | None] = []
    book = await book_on_disk(hass, changes)
    case = Case(camera_id="1", opened_at=NOW)
    with full_disk(), pytest.raises(HomeAssistantError) as refused:
        await book.async_open(case, "Hall")
    assert refused.value.translation_key == "not_saved"
    assert refused.value.translation_placeholders == {"camera": "Hall"}
    assert (book.open_cameras, changes) == (frozenset(), [])

    await book.async_open(case, "Hall")
    assert changes == [case]
    assert (await book_on_disk(hass, [])).get("1") == case


async def test_a_decided_case_stays_where_the_next_one_cannot_be_kept(hass: HomeAssistant) -> None:
    book = await book_on_disk(hass, [])
    decided = Case(camera_id="1", opened_at=NOW, confirmed_at=NOW)
    await book.async_open(decided, "Hall")
    with full_disk(), pytest.raises(HomeAssistantError):
        await book.async_open(Case(camera_id="1", opened_at=NOW, wish=Wish.ON), "Hall")
    assert book.get("1") == decided


async def test_a_change_that_could_not_be_written_goes_in_with_the_next(
    hass: HomeAssistant,
) -> None:
    book = await book_on_disk(hass, [])
    await book.async_open(Case(camera_id="1", opened_at=NOW), "Hall")
    with full_disk():
        done = await book.async_change("1", lambda case: case.done(NOW))
    assert done is not None
    assert (await book_on_disk(hass, [])).get("1") != done
    await book.async_open(Case(camera_id="2", opened_at=NOW), "Door")
    again = await book_on_disk(hass, [])
    assert again.get("1") == done
    assert again.open_cameras == {"1", "2"}


async def test_many_wishes_at_once_are_all_kept(hass: HomeAssistant) -> None:
    book = await book_on_disk(hass, [])
    ids = [str(number) for number in range(30)]
    await asyncio.gather(
        *(book.async_open(Case(camera_id=camera_id, opened_at=NOW), "Hall") for camera_id in ids)
    )
    assert (await book_on_disk(hass, [])).open_cameras == set(ids)


async def test_many_plans_that_are_kept_at_once_are_all_kept(hass: HomeAssistant) -> None:
    """As by the action for a house; what is told meanwhile does not come between."""
    ids = [str(number) for number in range(30)]
    book = AlertBook(hass, "entry")

    async def tell() -> None:
        for camera_id in ids:
            book.async_put(f"{camera_id} told", AlertMemory(keep=Keep.CHARGE))
            await book.async_flush()

    kept = AlertMemory(keep=Keep.PLAN)
    *done, _ = await asyncio.gather(*(book.async_decide({key: kept}) for key in ids), tell())
    assert all(done)
    again = AlertBook(hass, "entry")
    await again.async_load()
    assert all(again.get(key) == kept for key in ids)
    assert all(again.get(f"{key} told").keep is Keep.CHARGE for key in ids)


async def test_a_plan_is_not_kept_that_cannot_be_on_disk(hass: HomeAssistant) -> None:
    book = AlertBook(hass, "entry")
    with full_disk():
        assert not await book.async_decide({"1": AlertMemory(keep=Keep.PLAN)})
    assert book.get("1") == AlertMemory()


async def test_an_earlier_versions_file_stays_until_it_is_taken_over(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    storage = tmp_path / ".storage"
    storage.mkdir()
    earlier = storage / f"{DOMAIN}.{ACCOUNT.entry_id}.cancellations"
    earlier.write_text(
        '{"version": 1, "minor_version": 1, "key": "k", "data": '
        '{"1": {"camera_id": "1", "opened_at": "2026-11-22T12:00:00+00:00"}}}',
        encoding="utf-8",
    )
    with full_disk():
        book = await book_on_disk(hass, [])
    assert book.open_cameras == {"1"}
    assert earlier.exists()
    book = await book_on_disk(hass, [])
    assert book.open_cameras == {"1"}
    assert not earlier.exists()
    assert (storage / f"{DOMAIN}.{account_key(ACCOUNT)}.cases").exists()


async def test_the_switch_says_that_nothing_was_begun(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    heard = Heard(loaded)
    with full_disk():
        await press_refused(hass, RENEWING, "off", "not_saved")
    assert standing(loaded) is None
    assert (issues(hass), heard.all, assumed(hass)) == ([], [], False)
    await press_off(hass)
    assert standing(loaded) is CaseState.WAITING_FOR_YOU


async def test_the_action_says_so_in_its_row(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    with full_disk():
        (row,) = await cancel(hass, device_id=device_id(hass, RENEWING))
    assert (row["state"], row["next_step"]) == ("not_kept", [])
    assert issues(hass) == []


async def test_a_request_that_cannot_be_kept_is_not_sent(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> None:
    """Else a crash could let it be sent twice."""
    entry = await make_entry(renewal_request=direct_way(by_switch=False))
    await set_up(hass, entry)
    await press_off(hass)
    casework = coordinator_of(entry).casework
    with full_disk(), pytest.raises(HomeAssistantError) as refused:
        await casework.async_send(RENEWING)
    assert refused.value.translation_key == "not_saved"
    assert sim.requests.renewals.total() == 0
    assert case_of(entry).request is None
    await casework.async_send(RENEWING)
    await settle(hass)
    assert sim.requests.renewals == {RENEWING: 1}
    assert standing(entry) is CaseState.CONFIRMED


async def test_a_switch_that_acts_sends_nothing_it_cannot_keep(
    hass: HomeAssistant, make_entry: EntryMaker, sim: RunningSimulator
) -> None:
    entry = await make_entry(renewal_request=direct_way())
    await set_up(hass, entry)
    with full_disk():
        await press_refused(hass, RENEWING, "off", "not_saved")
    assert sim.requests.renewals.total() == 0
    assert standing(entry) is None
