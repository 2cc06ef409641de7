"""What tests read of an account's ledger."""

from collections.abc import Iterable
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from custom_components.camera_cloud_plan.ledger import Kind, LedgerFile, Row, verify
from custom_components.camera_cloud_plan.proof.desk import ProofDesk

from .test_coordinator import coordinator_of


def desk_of(entry: ConfigEntry[Any]) -> ProofDesk:
    """Return an account's desk."""
    return coordinator_of(entry).proof


def rows_of(entry: ConfigEntry[Any], *kinds: Kind, camera_id: str | None = None) -> list[Row]:
    """Return an account's rows as they are on disk, of some kinds and of one camera."""
    desk = desk_of(entry)
    camera = desk.camera_key(camera_id) if camera_id else None
    rows = LedgerFile(desk.file.path).rows(camera=camera)
    return [row for row in rows if not kinds or row.kind in kinds]


def kinds_of(rows: Iterable[Row]) -> list[str]:
    """Return what rows tell of, in their order."""
    return [row.kind.value for row in rows]


def is_whole(entry: ConfigEntry[Any]) -> bool:
    """Return whether an account's ledger is whole."""
    return verify(desk_of(entry).file.lines()).is_whole


async def act(hass: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    """Call an action of ours and return its answer."""
    answer = await hass.services.async_call(
        "camera_cloud_plan", action, data, blocking=True, return_response=True
    )
    assert answer is not None
    return dict(answer)
