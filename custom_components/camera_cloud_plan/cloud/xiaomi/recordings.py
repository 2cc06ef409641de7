"""Which recordings the cloud holds of a camera, and their still pictures.

Source: xiaomi_cloud_plan_api 3.1, 3.3 and 7. A list comes in pages, newest first, each of which
says where the next one begins. It can go wrong in more ways than it says, so every way is
guarded, and a list that did not end by its own word is never called complete.
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
import json
import logging
import re
import secrets
from typing import Final

from ...plan import (
    Camera,
    Recording,
    RecordingEvent,
    RecordingKind,
    Span,
    soonest_lost_first,
)
from ..errors import ApiError, TooLargeError, UnexpectedAnswerError
from ..recordings import Piece, RecordingList
from ..values import (
    as_flag,
    as_int,
    as_list,
    as_moment,
    as_object,
    as_opaque,
    as_text,
    first_given,
)
from .client import XiaomiClient
from .endpoints import endpoints
from .transport import LongAnswerError

_LOGGER: Final = logging.getLogger(__name__)

MAX_THUMBNAIL: Final = 4 * 2**20
_LISTS: Final = {RecordingKind.EVENT: "event_list", RecordingKind.VIDEO: "cloud_list"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
# Entries read between two chances for others to run.
_READ_AT_ONCE: Final = 50
_BETWEEN_KINDS: Final = re.compile(r"[:,]")
_MOST_KINDS: Final = 16
_LONGEST_KIND: Final = 64
_LONGEST_EXTRA: Final = 2**14
_VECTOR_BYTES: Final = 16

type Wire = Mapping[str, object]
type Pause = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One entry of a list: an event in a file, or a file of its own. Moments in UTC."""

    kind: RecordingKind
    file_id: str
    created_at: datetime
    expires_at: datetime | None
    words: tuple[str, ...]
    offset: int | None
    alarm: bool | None
    video_store: str | None
    image_store: str | None
    has_footage: bool


async def list_recordings(
    client: XiaomiClient,
    camera: Camera,
    span: Span,
    kinds: Collection[RecordingKind],
    pause: Pause | None = None,
) -> RecordingList:
    """Return what the lists of these kinds hold of a span, each file once.

    A list that is refused while another one is not leaves what there is incomplete. Raises
    `CloudError` otherwise.
    """
    units: list[Unit] = []
    complete, answered = True, False
    refused: ApiError | None = None
    for kind in (kind for kind in RecordingKind if kind in kinds):
        pages = _Pages(client, camera, span, kind, units)
        try:
            complete &= await pages.read(pause if answered or refused else None, pause)
            answered = True
        except ApiError as error:
            refused, complete = refused or error, False
    if refused is not None and not answered:
        raise refused
    recordings = await asyncio.to_thread(_recordings, units, span)
    return RecordingList(recordings=recordings, complete=complete)


class _Pages:
    """One list, read page by page into `units`."""

    def __init__(
        self,
        client: XiaomiClient,
        camera: Camera,
        span: Span,
        kind: RecordingKind,
        units: list[Unit],
    ) -> None:
        self._client = client
        self._region = camera.region
        self._name = _LISTS[kind]
        self._kind = kind
        self._units = units
        self._seen: set[Unit] = set()
        self._unreadable = 0
        rule = endpoints().recordings.lists[self._name]
        self._begin = _milliseconds(span.start - rule.widened)
        self._cursor = _milliseconds(span.end + rule.widened)
        self._data: dict[str, object] = {
            "did": camera.camera_id,
            "model": camera.model,
            "region": endpoints().regions[camera.region].country,
            "language": client.locale,
            "beginTime": self._begin,
            "limit": rule.page,
        }
        if kind is RecordingKind.EVENT:
            self._data["doorBell"] = _is_doorbell(camera.model)

    async def read(self, before_first: Pause | None, before_others: Pause | None) -> bool:
        """Read all pages. Return whether the list ended by its own word, and could be read."""
        rules = endpoints().recordings
        empty, pause = 0, before_first
        for _ in range(rules.most_pages):
            if pause is not None:
                await pause()
            pause = before_others
            page = as_object(
                await self._client.call(
                    self._name, self._region, {**self._data, "endTime": self._cursor}
                )
            )
            is_new = await self._take(self._rows(page))
            ended = self._ended(page, is_new=is_new)
            if ended is not None:
                return self._said(ended)
            empty = 0 if is_new else empty + 1
            if empty > rules.most_empty_pages:
                break
        _LOGGER.debug("%s: stopped after as many pages as are read", self._name)
        return False

    def _ended(self, page: Wire, *, is_new: bool | None) -> bool | None:
        """Return whether the list is at its end by its own word; `None` where it goes on.

        `is_new` is whether the page held anything unseen, `None` where it held nothing.
        Moves the cursor on, which has to go down: a page says where the next one ends.
        """
        fields = endpoints().fields
        goes_on = as_flag(first_given(page, fields["continues"]))
        if goes_on is False:
            return True
        following = as_int(first_given(page, fields["next"]))
        if (
            goes_on is None
            or following is None
            or not 0 < following < self._cursor
            or is_new is False
        ):
            return False
        if following < self._begin:
            return True
        self._cursor = following
        return None

    def _said(self, ended: bool) -> bool:  # noqa: FBT001 - what `_ended` found
        if not ended or self._unreadable:
            _LOGGER.debug(
                "%s: ended %s, %s entries that cannot be read",
                self._name,
                "by its own word" if ended else "in another way",
                self._unreadable,
            )
        return ended and not self._unreadable

    def _rows(self, page: Wire) -> list[object]:
        rows = first_given(page, endpoints().fields["units"])
        if rows is not None and not isinstance(rows, list):
            call = endpoints().calls[self._name]
            host = endpoints().hosts_of(call.host, self._region)[0]
            raise UnexpectedAnswerError(host, "no list of recordings")
        return as_list(rows)

    async def _take(self, rows: list[object]) -> bool | None:
        """Keep a page's entries. Return whether any is new; `None` where there is none at all."""
        found = False if rows else None
        for count, row in enumerate(rows, 1):
            unit = read_unit(as_object(row), self._kind)
            if unit is None:
                self._unreadable += 1
            elif unit not in self._seen:
                self._seen.add(unit)
                self._units.append(unit)
                found = True
            if not count % _READ_AT_ONCE:
                await asyncio.sleep(0)
        return found


def read_unit(data: Wire, kind: RecordingKind) -> Unit | None:
    """Return an entry of a list, `None` for one that names no file or no time. Never raises."""
    fields = endpoints().fields
    file_id = as_opaque(first_given(data, fields["file"]))
    created_at = as_moment(first_given(data, fields["created"]))
    if file_id is None or created_at is None:
        return None
    image_store = as_opaque(first_given(data, fields["image_store"]))
    has_footage = image_store not in endpoints().recordings.no_footage_stores
    return Unit(
        kind=kind,
        file_id=file_id,
        created_at=created_at,
        expires_at=as_moment(first_given(data, fields["expires"])),
        words=tuple(_words(data)),
        offset=as_int(first_given(data, fields["offset"])),
        alarm=as_flag(first_given(data, fields["alarm"])),
        video_store=as_opaque(first_given(data, fields["video_store"])),
        image_store=image_store if has_footage else None,
        has_footage=has_footage,
    )


def _words(data: Wire) -> Iterator[str]:
    """Yield what kinds of events an entry names; the word for all of them says nothing."""
    fields = endpoints().fields
    text = as_text(first_given(data, fields["kinds"]))
    if text is None:
        text = as_text(first_given(_extra(data), fields["kinds"]))
    everything = endpoints().calls["event_list"].data.get("eventType")
    for word in _BETWEEN_KINDS.split(text or "")[:_MOST_KINDS]:
        kind = as_text(word, _LONGEST_KIND)
        if kind is not None and kind != everything:
            yield kind


def _extra(data: Wire) -> Wire:
    """Return an entry's extra part, the JSON text of an object."""
    extra = first_given(data, endpoints().fields["extra"])
    if not isinstance(extra, str):
        return as_object(extra)
    try:
        return as_object(json.loads(extra)) if len(extra) <= _LONGEST_EXTRA else {}
    except ValueError, RecursionError:
        return {}


def _recordings(units: Iterable[Unit], span: Span) -> tuple[Recording, ...]:
    """Return the files of a span, each once, in the order to save them."""
    files: dict[str, list[Unit]] = {}
    for unit in units:
        files.setdefault(unit.file_id, []).append(unit)
    recordings = map(_recording, files.values())
    return tuple(soonest_lost_first(each for each in recordings if span.holds(each.created_at)))


def _recording(units: list[Unit]) -> Recording:
    """Return a file with all that is said of it; what the list of videos says comes first."""
    units = sorted(units, key=lambda unit: (unit.kind is RecordingKind.EVENT, unit.created_at))
    expiries = [unit.expires_at for unit in units if unit.expires_at is not None]
    events = {
        RecordingEvent(at=unit.created_at, kinds=unit.words, offset=unit.offset): None
        for unit in units
        if unit.kind is RecordingKind.EVENT or unit.words
    }
    return Recording(
        file_id=units[0].file_id,
        kind=units[0].kind,
        created_at=min(unit.created_at for unit in units),
        expires_at=min(expiries, default=None),
        events=tuple(sorted(events, key=lambda event: event.at)),
        has_footage=any(unit.has_footage for unit in units),
        alarm=_first(unit.alarm for unit in units),
        video_store=_first(unit.video_store for unit in units),
        image_store=_first(unit.image_store for unit in units),
    )


def _first[T](values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def _is_doorbell(model: str) -> bool:
    return any(fnmatchcase(model.lower(), pattern) for pattern in endpoints().recordings.doorbells)


async def read_thumbnail(
    client: XiaomiClient, camera: Camera, recording: Recording
) -> Piece | None:
    """Return a recording's still picture, `None` where the lists name none.

    It comes under the session's own secret and a vector of ours. Raises `CloudError`.
    """
    if recording.image_store is None:
        return None
    vector = secrets.token_bytes(_VECTOR_BYTES)
    try:
        data, session = await client.download(
            "thumbnail",
            camera.region,
            {
                "did": camera.camera_id,
                "fileId": recording.file_id,
                "stoId": recording.image_store,
                "segmentIv": b64encode(vector).decode("ascii"),
            },
            limit=MAX_THUMBNAIL,
            # Enciphered bytes; an error comes as a text, enciphered or not.
            is_good=lambda body: not body.isascii(),
        )
    except LongAnswerError:
        raise TooLargeError from None
    return Piece(data=data, key=b64decode(session.ssecurity), iv=vector)
