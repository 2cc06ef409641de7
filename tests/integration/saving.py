"""An export whose course a test decides, and what people do around exports."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from homeassistant.core import Context, HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan import sensor
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.export.model import (
    Estimate,
    InterruptedExportError,
    Interruption,
    Missing,
    Order,
    Phase,
    Progress,
    Reason,
    Result,
    Tally,
)
from custom_components.camera_cloud_plan.plan import clock
from custom_components.camera_cloud_plan.saving import desk as export_desk
from custom_components.camera_cloud_plan.saving.desk import ExportDesk

from .acts import device_id
from .test_coordinator import coordinator_of

WHOLE = Tally(listed=4, event_only=1, already=1, saved=2, saved_bytes=4096)
LACKING = Tally(listed=4, saved=2, failed=1, expired=1, saved_bytes=2048)


class FakeExport:
    """An export that goes as its test says: it holds until `finish` or `interrupt`."""

    def __init__(self, engines: Engines, given: dict[str, Any]) -> None:
        self.given = given
        self.order: Order = given["order"]
        self.is_running = False
        self._engines = engines
        self._end: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    async def estimate(self) -> Estimate:
        return self._engines.estimate

    async def run(self) -> Result:
        self.is_running = True
        self._engines.begun.append(self)
        match self._engines.script.pop(0) if self._engines.script else None:
            case Tally() as tally:
                self.finish(tally)
            case Interruption() as why:
                self.interrupt(why)
        try:
            return await self._end
        finally:
            self.is_running = False

    def tell(self, tally: Tally, phase: Phase = Phase.SAVING, **facts: Any) -> None:
        tell: Callable[[Progress], None] = self.given["on_progress"]
        tell(Progress(phase=phase, tally=tally, **facts))

    def finish(self, tally: Tally = WHOLE) -> None:
        missing = [
            Missing(file_id="7", created_at=self.order.asked_at, reason=reason)
            for reason, count in (
                (Reason.EVENT_ONLY, tally.event_only),
                (Reason.EXPIRED, tally.expired),
                (Reason.DAMAGED, tally.failed),
            )
            for _ in range(count)
        ]
        self._end.set_result(
            Result(
                tally=tally,
                missing=tuple(missing),
                finished_at=clock.now(),
                folder=f"{self.order.folder}/camera",
            )
        )

    def interrupt(self, why: Interruption, retry_after: float | None = None) -> None:
        self._end.set_exception(InterruptedExportError(why, retry_after=retry_after))

    def break_down(self, err: Exception) -> None:
        self._end.set_exception(err)


@dataclass(slots=True)
class Engines:
    """All exports that were begun; `script` says how the next ones end at once."""

    begun: list[FakeExport] = field(default_factory=list)
    script: list[Tally | Interruption] = field(default_factory=list)
    estimate: Estimate = field(
        default_factory=lambda: Estimate(
            tally=Tally(listed=5, already=1), to_fetch=4, size=4000, free=9000, first_loss=None
        )
    )

    def __call__(self, **given: Any) -> FakeExport:
        return FakeExport(self, given)

    @property
    def last(self) -> FakeExport:
        return self.begun[-1]

    @property
    def running(self) -> list[FakeExport]:
        return [export for export in self.begun if export.is_running]


def media_folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Make a media folder of the test's own."""
    folder = tmp_path / "media"
    folder.mkdir()
    hass.config.media_dirs = {"local": str(folder)}
    hass.config.allowlist_external_dirs = {str(folder)}
    return folder


def engines_in(monkeypatch_setattr: Callable[..., None]) -> Engines:
    """Have exports made by a test."""
    engines = Engines()
    monkeypatch_setattr(ExportDesk, "make_export", staticmethod(engines))
    # Figures are shown as they come.
    monkeypatch_setattr(export_desk, "_SHOWN_EVERY", 0.0)
    monkeypatch_setattr(sensor, "_FIGURES_EVERY", 0.0)
    return engines


async def breathe(hass: HomeAssistant) -> None:
    """Let all go on that can, without waiting for what holds."""
    for _ in range(8):
        await hass.async_block_till_done()
        # Threads take as long as they take, and what waits for one here is a background task.
        while jobs := [
            each for each in hass._background_tasks if not isinstance(each, asyncio.Task)
        ]:
            await asyncio.wait(jobs)
        await asyncio.sleep(0)


async def export(
    hass: HomeAssistant,
    *camera_ids: str,
    context: Context | None = None,
    action: str = "export_recordings",
    **data: Any,
) -> list[dict[str, Any]]:
    """Call the action for cameras and return its rows; what it begins may go on."""
    answer: Any = await hass.services.async_call(
        DOMAIN,
        action,
        {"device_id": [device_id(hass, camera_id) for camera_id in camera_ids], **data},
        blocking=True,
        return_response=True,
        context=context,
    )
    await breathe(hass)
    rows: list[dict[str, Any]] = answer["plans"]
    return rows


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Unload and set up again, whatever goes on."""
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_setup(entry.entry_id)
    await breathe(hass)


def desk_of(entry: MockConfigEntry) -> ExportDesk:
    """Return an account's desk."""
    return coordinator_of(entry).exports


def stored(hass_storage: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what is stored of exports."""
    for key, value in hass_storage.items():
        if key.startswith(f"{DOMAIN}.") and key.endswith(".exports"):
            yield value["data"]


def export_state(hass: HomeAssistant, account: str = "0011") -> Any:
    """Return the state of an account's export sensor."""
    state = hass.states.get(f"sensor.xiaomi_cloud_plans_{account}_recordings_export")
    assert state is not None
    return state


def at(moment: datetime | None) -> str | None:
    """Return a moment as it is answered."""
    return moment.isoformat() if moment else None
