"""What a maker holds of a camera's recordings: one entry of its lists, without any footage."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from .reading import Service
from .view import PlanView

# Without a span given, so far back is asked: further than any plan known keeps recordings,
# and the time after a plan's end in which they stay reachable, whose length no source names.
ALL_BACK: Final = timedelta(days=90)
# A recording that is gone within this is about to expire.
AT_RISK_WITHIN: Final = timedelta(days=2)


class RecordingKind(StrEnum):
    """The two kinds of recordings that makers keep."""

    EVENT = "event"
    """A short clip of something that happened."""
    VIDEO = "video"
    """A long video of a paid plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time, UTC: from `start` on, before `end`."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Return whether a moment lies in it."""
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingEvent:
    """One thing that happened in a recording.

    `kinds` are the maker's own words, an open set. `offset` is its place in the recording
    as the maker gives it; the unit is not proven.
    """

    at: datetime
    kinds: tuple[str, ...] = ()
    offset: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording in the maker's cloud; moments in UTC.

    `file_id` is the maker's own, opaque and unique for the camera. `alarm`, `video_store` and
    `image_store` are passed back to the maker as they came. `has_footage` is false for an
    event of which no video is kept. How long it is stands in its playlist only.
    """

    file_id: str
    kind: RecordingKind
    created_at: datetime
    expires_at: datetime | None = None
    events: tuple[RecordingEvent, ...] = ()
    has_footage: bool = True
    alarm: bool | None = None
    video_store: str | None = None
    image_store: str | None = None

    def is_expired(self, now: datetime) -> bool:
        """Return whether the maker has said that it is gone by `now` (UTC)."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingOutlook:
    """What is about to be lost, as of `seen_at` (UTC).

    `kept` counts the recordings with footage, `at_risk` those of them that expire within
    `AT_RISK_WITHIN`; `first_loss` is when the first one goes (UTC). Both are `None` where that
    is unknown: none names it, or the list is not `complete`. Lists come newest first, so that
    what they lack is lost first; then `kept` is the least there is.
    """

    seen_at: datetime
    kept: int
    at_risk: int | None
    first_loss: datetime | None
    complete: bool = True


def soonest_lost_first(recordings: Iterable[Recording]) -> list[Recording]:
    """Return recordings in the order to save them: soonest expiry first, then the oldest.

    One that names no expiry comes after those that do.
    """
    return sorted(
        recordings,
        key=lambda recording: (
            recording.expires_at is None,
            recording.expires_at or recording.created_at,
            recording.created_at,
            recording.file_id,
        ),
    )


def recording_outlook(
    recordings: Iterable[Recording], now: datetime, *, complete: bool = True
) -> RecordingOutlook:
    """Return what is about to be lost of these recordings, at `now` (UTC).

    `complete`: whether they are all there are.
    """
    kept = [
        recording
        for recording in recordings
        if recording.has_footage and not recording.is_expired(now)
    ]
    ends = [recording.expires_at for recording in kept if recording.expires_at is not None]
    is_known = complete and (bool(ends) or not kept)
    return RecordingOutlook(
        seen_at=now,
        kept=len(kept),
        at_risk=sum(end <= now + AT_RISK_WITHIN for end in ends) if is_known else None,
        first_loss=min(ends, default=None) if is_known else None,
        complete=complete,
    )


def possible_kinds(view: PlanView | None) -> frozenset[RecordingKind]:
    """Return the kinds of recordings that a camera's plan can have left in the cloud.

    Long videos come with a bought plan, running or over while its recordings can be reached
    (or that is not known); event clips also from the free tier. Where nothing was read, both
    are possible.
    """
    if view is None:
        return frozenset(RecordingKind)
    if not view.camera.supports_plans and view.camera.supports_plans is not None:
        return frozenset()
    reading = view.reading
    bought = reading.service in (Service.ACTIVE, Service.UNKNOWN) or (
        reading.service is Service.EXPIRED and reading.reachable is not False
    )
    return frozenset(RecordingKind) if bought else frozenset({RecordingKind.EVENT})
