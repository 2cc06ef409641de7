"""A disk that takes nothing more, for real: what could not be kept is not begun."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
import resource

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.camera_cloud_plan.cancellations import CancellationBook
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.plan import Camera, Channel, Ownership
from custom_components.camera_cloud_plan.snapshot import CameraPlan

HALL = CameraPlan(
    camera=Camera(
        camera_id="1",
        name="Hall",
        maker="Xiaomi",
        model="m",
        region="cn",
        ownership=Ownership.OWNER,
    ),
    channel=Channel.MI_PAY,
)


@pytest.fixture
def hass_storage() -> dict[str, object]:
    """Leave the store as it is, instead of the test equipment's one in memory."""
    return {}


@contextmanager
def full_disk() -> Iterator[None]:
    """Let the system refuse every byte that this process writes to a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_wish_that_cannot_be_kept_on_disk_is_not_begun(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    hass.config.config_dir = str(tmp_path)
    book = CancellationBook(hass, "entry")
    await book.async_load()
    with full_disk(), pytest.raises(HomeAssistantError) as refused:
        await book.async_open(HALL)
    assert refused.value.translation_key == "not_saved"
    assert book.open_cameras == frozenset()
    assert ir.async_get(hass).async_get_issue(DOMAIN, book.issue_id("1")) is None

    await book.async_open(HALL)
    again = CancellationBook(hass, "entry")
    await again.async_load()
    assert again.open_cameras == {"1"}


async def test_many_wishes_at_once_are_all_kept(hass: HomeAssistant, tmp_path: Path) -> None:
    hass.config.config_dir = str(tmp_path)
    book = CancellationBook(hass, "entry")
    await book.async_load()
    halls = [
        replace(HALL, camera=replace(HALL.camera, camera_id=str(number))) for number in range(30)
    ]
    await asyncio.gather(*map(book.async_open, halls))
    again = CancellationBook(hass, "entry")
    await again.async_load()
    assert again.open_cameras == {hall.camera.camera_id for hall in halls}
