"""A maker whose recordings a test makes up: what `PlanProvider` says of recordings."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from custom_components.camera_cloud_plan.cloud.errors import CloudError
from custom_components.camera_cloud_plan.cloud.recordings import (
    Fetched,
    Footage,
    Piece,
    RecordingList,
    Segment,
)
from custom_components.camera_cloud_plan.export import (
    CameraExport,
    Container,
    Order,
    Pace,
    Progress,
)
from custom_components.camera_cloud_plan.plan import (
    Camera,
    Ownership,
    Recording,
    RecordingEvent,
    RecordingKind,
    Span,
    clock,
    soonest_lost_first,
)

from .footage import cut, fetched

ZONE: Final = ZoneInfo("Europe/Berlin")
CAMERA: Final = Camera(
    camera_id="secret-camera-id-4711",
    name="Door",
    maker="Maker",
    model="maker.camera.one",
    region="cn",
    ownership=Ownership.OWNER,
)
JPEG: Final = b"\xff\xd8\xff\xe0 a picture, as far as anybody looks"
DAY: Final = timedelta(days=1)


@dataclass
class MadeFootage:
    """A recording's footage; `errors` befall its first segment first, one each time."""

    pieces: Sequence[Fetched]
    errors: list[CloudError] = field(default_factory=list)
    on_fetch: Callable[[Segment], Awaitable[None]] | None = None
    stated: float | None = None

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(piece.segment for piece in self.pieces)

    @property
    def duration(self) -> float:
        if self.stated is not None:
            return self.stated
        return sum(piece.segment.duration for piece in self.pieces)

    async def fetch(self, segment: Segment) -> Fetched:
        if self.on_fetch:
            await self.on_fetch(segment)
        await asyncio.sleep(0)
        if self.errors and segment.index == 0:
            raise self.errors.pop(0)
        return self.pieces[segment.index]


class Maker:
    """Holds recordings and their footage, and counts what is asked."""

    def __init__(self) -> None:
        self.recordings: list[Recording] = []
        self.footage: dict[str, MadeFootage | CloudError] = {}
        self.thumbnails: dict[str, Piece | CloudError] = {}
        self.open_errors: dict[str, list[CloudError]] = {}
        self.list_errors: list[CloudError] = []
        self.complete = True
        self.opened: list[str] = []
        self.spans: list[Span] = []

    def holds(
        self,
        file_id: str,
        pieces: Sequence[Fetched] | CloudError | None = None,
        *,
        at: datetime | None = None,
        expires: timedelta | None = 3 * DAY,
        kind: RecordingKind = RecordingKind.EVENT,
        thumbnail: Piece | CloudError | None = None,
        **more: Any,
    ) -> Recording:
        """Have a recording, of six seconds where nothing else is said."""
        created = at or datetime(2026, 7, 1, 10, tzinfo=UTC) + timedelta(
            minutes=len(self.recordings)
        )
        recording = Recording(
            file_id=file_id,
            kind=kind,
            created_at=created,
            expires_at=None if expires is None else clock.now() + expires,
            events=(RecordingEvent(at=created, kinds=("PeopleMotion",)),),
            **more,
        )
        self.recordings.append(recording)
        if isinstance(pieces, CloudError):
            self.footage[file_id] = pieces
        else:
            self.footage[file_id] = MadeFootage(pieces or fetched(cut()))
        self.thumbnails[file_id] = thumbnail or Piece(data=JPEG)
        return recording

    def footage_of(self, file_id: str) -> MadeFootage:
        footage = self.footage[file_id]
        assert isinstance(footage, MadeFootage)
        return footage

    async def list_recordings(
        self,
        camera: Camera,
        span: Span,
        kinds: Collection[RecordingKind],
        *,
        pause: Callable[[], Awaitable[None]] | None = None,
    ) -> RecordingList:
        self.spans.append(span)
        if pause:
            await pause()
        if self.list_errors:
            raise self.list_errors.pop(0)
        return RecordingList(
            recordings=tuple(
                soonest_lost_first(each for each in self.recordings if each.kind in kinds)
            ),
            complete=self.complete,
        )

    async def open_recording(self, camera: Camera, recording: Recording) -> Footage:
        self.opened.append(recording.file_id)
        await asyncio.sleep(0)
        if errors := self.open_errors.get(recording.file_id):
            raise errors.pop(0)
        footage = self.footage[recording.file_id]
        if isinstance(footage, CloudError):
            raise footage
        return footage

    async def read_thumbnail(self, camera: Camera, recording: Recording) -> Piece | None:
        await asyncio.sleep(0)
        still = self.thumbnails[recording.file_id]
        if isinstance(still, CloudError):
            raise still
        return still


def exporting(maker: Maker, root: Path, **how: Any) -> CameraExport:
    """Return an export into a folder, without pauses."""
    order: dict[str, Any] = {
        "job_id": how.pop("job_id", "job-1"),
        "camera_id": CAMERA.camera_id,
        "asked_at": datetime(2026, 7, 2, tzinfo=UTC),
        "folder": str(root),
        "container": how.pop("container", Container.MP4),
    }
    settings: dict[str, Any] = {
        "source": maker,
        "camera": CAMERA,
        "name": CAMERA.name,
        "kinds": frozenset(RecordingKind),
        "order": Order(**order),
        "time_zone": ZONE,
        "pace": Pace(pause=0),
        "keep_free": 0,
        "is_allowed": lambda _: True,
    }
    return CameraExport(**(settings | how))


def files(root: Path) -> list[str]:
    """Return all files below a folder, sorted, by their paths in it."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def clips(root: Path) -> list[Path]:
    """Return the clips below a folder, sorted."""
    return sorted(path for path in root.rglob("*") if path.suffix in {".mp4", ".mov", ".ts"})


def phases(told: Iterable[Progress]) -> list[str]:
    """Return the phases in a row, each once."""
    row: list[str] = []
    for progress in told:
        if not row or row[-1] != progress.phase:
            row.append(progress.phase)
    return row


def manifest(root: Path, name: str = "Door") -> list[dict[str, Any]]:
    """Return the lines of a camera's manifest."""
    text = (root / name / "manifest.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]
