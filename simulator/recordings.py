"""The recordings that the simulated maker holds, worked out from a few rules.

A camera has *groups* of recordings: so many, so far apart, so long. Single recordings exist only
while somebody looks at them, so that thousands cost nothing. Moments are epoch ms (UTC).

A recording's id is worked out from the camera, its group and its place there, and back again. It
stays the same while the world ages. Facts: decimal text of 18 digits, or base64 of a JSON object
on accounts outside the mainland (seen once).
"""

import base64
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
import hashlib
import heapq
import json
from typing import TYPE_CHECKING, Final, Literal

from simulator.hosts import MAINLAND
from simulator.moments import DAY_MS, SECOND_MS

if TYPE_CHECKING:
    from simulator.world import Camera

type Kind = Literal["event", "video"]
type Codec = Literal["h264", "h265"]
type Container = Literal["ts", "mp4"]
type Size = tuple[int, int]

KINDS: Final[tuple[Kind, ...]] = ("event", "video")
CODECS: Final[tuple[Codec, ...]] = ("h264", "h265")
CONTAINERS: Final[tuple[Container, ...]] = ("ts", "mp4")

# How long the free tier keeps its clips (facts: seven days).
FREE_TIER_KEEPS_MS: Final = 7 * DAY_MS

# Ids are numbers of 18 digits: a recording's place, multiplied through so that it cannot be seen.
_IDS: Final = 9 * 10**17
_FIRST_ID: Final = 10**17
_SPREAD: Final = 618_033_988_749_894_853
_GATHER: Final = pow(_SPREAD, -1, _IDS)
MOST_IN_GROUP: Final = 10**7

FRAMES_PER_SECOND: Final = 15
SEGMENT_MS: Final = 4 * SECOND_MS


@dataclass(slots=True, kw_only=True)
class RecordingGroup:
    """Recordings that are alike: `count` of them from `from_ms` on, `every_ms` apart.

    They are kept for `keep_ms`. `event_types` go round among the events of the event list, of
    which a file has `events_per_file`; a video without any is in the other list only. `alarm` is
    what the lists say in `isAlarm`, `needs_alarm` what the playlist wants to hear (None: either).
    `sizes` follow each other in one file. `own_keys`: every segment has a key of its own.
    `stock`: all of them show the same picture, which costs nothing to serve. `bit_rate` is in
    kbit/s.
    """

    kind: Kind
    from_ms: int
    every_ms: int
    count: int
    length_ms: int
    keep_ms: int
    codec: Codec
    container: Container
    sizes: tuple[Size, ...]
    event_types: tuple[str, ...]
    events_per_file: int
    footage: bool
    alarm: bool
    needs_alarm: bool | None
    own_keys: bool
    stock: bool
    bit_rate: int

    def age(self, ms: int) -> None:
        """Move every moment `ms` into the past."""
        self.from_ms -= ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording as it is now. `number` is its id without any disguise."""

    did: str
    number: int
    file_id: str
    group: RecordingGroup
    created_ms: int
    has_footage: bool

    @property
    def expires_ms(self) -> int:
        """When the cloud drops it."""
        return self.created_ms + self.group.keep_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One entry of a list: an event in a recording, or a whole one. `offset` is in seconds."""

    recording: Recording
    at_ms: int
    offset: int
    event_type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many recordings there are, how many of them without footage, and the first loss."""

    listed: int
    event_only: int
    first_expiry_ms: int | None


def tally(camera: Camera, now_ms: int) -> Tally:
    """Return what the cloud holds of a camera."""
    listed = event_only = 0
    expiries: list[int] = []
    for group in _held(camera, now_ms):
        alive = _alive(group, now_ms)
        if not alive:
            continue
        listed += len(alive)
        expiries.append(_created(group, alive[0]) + group.keep_ms)
        event_only += len(alive) - _count_with_footage(camera, group, alive)
    return Tally(listed=listed, event_only=event_only, first_expiry_ms=min(expiries, default=None))


def all_recordings(camera: Camera, now_ms: int) -> Iterator[Recording]:
    """Yield every recording of a camera that the cloud still holds, group by group."""
    for number, group in enumerate(camera.recordings):
        if _is_held(camera, group, now_ms):
            for index in _alive(group, now_ms):
                yield _recording(camera, number, index)


def find(camera: Camera, file_id: str, now_ms: int) -> Recording | None:
    """Return the recording of this id, if the cloud still holds it."""
    number = _number_of(file_id)
    recording = None if number is None else find_number(camera, number, now_ms)
    return recording if recording is not None and recording.file_id == file_id else None


def find_number(camera: Camera, number: int, now_ms: int) -> Recording | None:
    """Return the recording with this number, if the cloud still holds it."""
    place = (number - _FIRST_ID - _shift(camera.did)) * _GATHER % _IDS
    group_number, index = divmod(place, MOST_IN_GROUP)
    if group_number >= len(camera.recordings):
        return None
    group = camera.recordings[group_number]
    if not _is_held(camera, group, now_ms) or index not in _alive(group, now_ms):
        return None
    return _recording(camera, group_number, index)


def events(camera: Camera, begin_ms: int, end_ms: int, now_ms: int) -> Iterator[Unit]:
    """Yield the events of a span, both ends included, newest first."""
    yield from _newest_first(
        _events_of(camera, number, group, begin_ms, end_ms, now_ms)
        for number, group in enumerate(camera.recordings)
        if group.event_types and _is_held(camera, group, now_ms)
    )


def videos(camera: Camera, begin_ms: int, end_ms: int, now_ms: int) -> Iterator[Unit]:
    """Yield the long videos that began in a span, both ends included, newest first."""
    yield from _newest_first(
        _videos_of(camera, number, group, begin_ms, end_ms, now_ms)
        for number, group in enumerate(camera.recordings)
        if group.kind == "video" and _is_held(camera, group, now_ms)
    )


def _newest_first(groups: Iterator[Iterator[Unit]]) -> Iterator[Unit]:
    return heapq.merge(*groups, key=lambda unit: unit.at_ms, reverse=True)


def _events_of(
    camera: Camera, number: int, group: RecordingGroup, begin_ms: int, end_ms: int, now_ms: int
) -> Iterator[Unit]:
    step = group.length_ms // group.events_per_file // SECOND_MS
    for index in _indexes(group, begin_ms - group.length_ms, end_ms, now_ms):
        recording = _recording(camera, number, index)
        for event in reversed(range(group.events_per_file)):
            at_ms = recording.created_ms + event * step * SECOND_MS
            if begin_ms <= at_ms <= end_ms:
                types = group.event_types
                yield Unit(
                    recording=recording,
                    at_ms=at_ms,
                    offset=event * step,
                    event_type=types[(index + event) % len(types)],
                )


def _videos_of(
    camera: Camera, number: int, group: RecordingGroup, begin_ms: int, end_ms: int, now_ms: int
) -> Iterator[Unit]:
    for index in _indexes(group, begin_ms, end_ms, now_ms):
        recording = _recording(camera, number, index)
        yield Unit(recording=recording, at_ms=recording.created_ms, offset=0, event_type=None)


def _indexes(group: RecordingGroup, begin_ms: int, end_ms: int, now_ms: int) -> Iterator[int]:
    """Yield the places of those that began in a span and are still there, newest first."""
    first = -((group.from_ms - begin_ms) // group.every_ms)
    last = (end_ms - group.from_ms) // group.every_ms
    alive = _alive(group, now_ms)
    return reversed(range(max(first, alive.start), min(last + 1, alive.stop)))


def _held(camera: Camera, now_ms: int) -> list[RecordingGroup]:
    return [group for group in camera.recordings if _is_held(camera, group, now_ms)]


def _is_held(camera: Camera, group: RecordingGroup, now_ms: int) -> bool:
    """Return whether plan or free tier let a camera have such recordings in the cloud.

    Facts: after a plan's end they stay reachable for a while; -1 marks models without the free
    tier, which gives event clips only.
    """
    if not camera.cloud_support:
        return False
    if camera.plan is not None:
        return now_ms < camera.plan.reachable_until_ms
    return group.kind == "event" and camera.free_tier.expires_ms != -1


def _has_footage(camera: Camera, group: RecordingGroup, created_ms: int) -> bool:
    """Return whether there is video. Facts: without a plan it hangs on the free tier."""
    tier = camera.free_tier
    free = not tier.limited or created_ms < tier.expires_ms
    return group.footage and (camera.plan is not None or free)


def _count_with_footage(camera: Camera, group: RecordingGroup, alive: range) -> int:
    """Return how many of a group have video; those begin before the others."""
    return bisect_left(
        alive, 1, key=lambda at: int(not _has_footage(camera, group, _created(group, at)))
    )


def _alive(group: RecordingGroup, now_ms: int) -> range:
    """Return the places of the recordings that exist: made by now, and not yet expired."""
    gone = (now_ms - group.keep_ms - group.from_ms) // group.every_ms + 1
    made = (now_ms - group.from_ms) // group.every_ms + 1
    stop = max(0, min(group.count, made))
    return range(min(max(0, gone), stop), stop)


def _created(group: RecordingGroup, index: int) -> int:
    return group.from_ms + index * group.every_ms


def _recording(camera: Camera, group_number: int, index: int) -> Recording:
    group = camera.recordings[group_number]
    place = group_number * MOST_IN_GROUP + index
    number = _FIRST_ID + (place * _SPREAD + _shift(camera.did)) % _IDS
    created_ms = _created(group, index)
    return Recording(
        did=camera.did,
        number=number,
        file_id=_file_id(number, group, mainland=camera.region == MAINLAND),
        group=group,
        created_ms=created_ms,
        has_footage=_has_footage(camera, group, created_ms),
    )


def _shift(did: str) -> int:
    digest = hashlib.sha256(f"recordings {did}".encode()).digest()
    return int.from_bytes(digest[:8]) % _IDS


def _file_id(number: int, group: RecordingGroup, *, mainland: bool) -> str:
    if mainland:
        return str(number)
    # Facts: these five keys; their values are made up.
    content = {
        "duration": group.length_ms,
        "offset": 0,
        "iId": number % 1009,
        "aId": number % 97,
        "fileId": str(number),
    }
    return base64.b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()


def _number_of(file_id: str) -> int | None:
    """Return the number in an id of either kind; `None` when it is neither."""
    text = file_id
    if not text.isdecimal():
        try:
            content = json.loads(base64.b64decode(text, validate=True))
        except ValueError:
            return None
        text = content.get("fileId", "") if isinstance(content, dict) else ""
    return int(text) if isinstance(text, str) and text.isdecimal() else None
