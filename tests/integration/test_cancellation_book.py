"""The book of cancellations by itself: asked about what it does not hold."""

from datetime import UTC, datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.camera_cloud_plan.cancellations import CancellationBook
from custom_components.camera_cloud_plan.plan import (
    Camera,
    Channel,
    Ownership,
    PlanReading,
    Service,
    Witness,
)
from custom_components.camera_cloud_plan.snapshot import CameraPlan

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

pytestmark = pytest.mark.freeze_time(NOW)


def plan_read(at: datetime, *, renews: bool) -> CameraPlan:
    camera = Camera(
        camera_id="1",
        name="Hall",
        maker="Xiaomi",
        model="m",
        region="cn",
        ownership=Ownership.OWNER,
    )
    reading = PlanReading(
        read_at=at,
        service=Service.ACTIVE,
        ends_at=NOW + timedelta(days=9),
        renewal=Witness(source="isRenew", says=renews, seen_at=at),
    )
    return CameraPlan(camera=camera, channel=Channel.MI_PAY, reading=reading)


@pytest.fixture
async def changed() -> list[str]:
    """Note whose cancellations change."""
    return []


@pytest.fixture
async def book(hass: HomeAssistant, changed: list[str]) -> CancellationBook:
    """Make an empty book."""
    book = CancellationBook(hass, "entry", changed.append)
    await book.async_load()
    return book


async def see(book: CancellationBook, at: datetime, *, renews: bool) -> None:
    view = plan_read(at, renews=renews).view
    assert view is not None
    await book.async_seen(view)


async def test_what_is_not_held_is_neither_done_nor_withdrawn_nor_seen(
    hass: HomeAssistant, book: CancellationBook, changed: list[str]
) -> None:
    await book.async_done("1")
    assert not await book.async_withdraw("1")
    await see(book, NOW, renews=False)
    await book.async_forget("1")
    assert book.get("1") is None
    assert changed == []


async def test_a_reading_from_before_the_wish_does_not_confirm_it(
    book: CancellationBook, changed: list[str]
) -> None:
    await book.async_open(plan_read(NOW, renews=True))
    await see(book, NOW - timedelta(seconds=1), renews=False)
    assert book.is_open("1")
    assert changed == ["1"]
    await see(book, NOW + timedelta(seconds=1), renews=False)
    assert not book.is_open("1")
    assert changed == ["1", "1"]


async def test_a_confirmed_one_is_neither_done_nor_seen_again(
    book: CancellationBook, changed: list[str]
) -> None:
    await book.async_open(plan_read(NOW, renews=True))
    await see(book, NOW + timedelta(seconds=1), renews=False)
    confirmed = book.get("1")
    await book.async_done("1")
    await see(book, NOW + timedelta(seconds=2), renews=True)
    assert book.get("1") == confirmed
    assert not await book.async_withdraw("1")


async def test_issues_are_shown_for_cameras_that_are_known(
    hass: HomeAssistant, book: CancellationBook
) -> None:
    plan = plan_read(NOW, renews=True)
    await book.async_open(plan)
    ir.async_delete_issue(hass, "camera_cloud_plan", book.issue_id("1"))
    book.async_show_all({})
    assert not ir.async_get(hass).issues
    book.async_show_all({"1": plan})
    assert len(ir.async_get(hass).issues) == 1
