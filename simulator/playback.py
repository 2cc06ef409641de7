"""A camera's recordings as the maker's hosts show them: two lists, playlists and thumbnails.

Facts: paths, GET, parameters, the fields of a unit, `nextTime` as the next call's `endTime` while
`isContinue`, newest first, `extraInfo` as JSON text; that several events share one file; that
events without video carry the store id below; that the playlist is plain text; that thumbnails are
AES-128-CBC under the session's secret and the call's own vector.

Inferred, for want of a captured answer:

* which parameters a call cannot do without (all that public clients send), and the largest page;
* both ends of a span count, and `nextTime` is when the next unit begins;
* a page stays empty, and says that there is more, where nothing happened for a day;
* `cloudlist` counts its times with eight hours less the region's own offset on top (the app shifts
  what it sends by as much; nothing for the mainland). A region's offset is its winter time;
* `needMerge`, `doorBell` and `language` change nothing;
* how a playlist or a thumbnail is refused: plain JSON with an `x-xiaomi-status-code` of 404.

Nothing that marks recordings as seen or takes them away is served, on purpose.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
import json
from typing import Final

from aiohttp import web

from simulator import answers, effects
from simulator.answers import ExpiredShape, camera_envelope
from simulator.cloud import Cloud
from simulator.faults import Stage, Trouble
from simulator.footage import NoFootageError
from simulator.hosts import MAINLAND, HostKind, storage_host
from simulator.moments import DAY_MS, HOUR_MS, MINUTE_MS, home_offset_ms
from simulator.recordings import Recording, Unit, events, find, videos
from simulator.signed import Call, CallRefusedError, Surface, camera_answer, camera_of
from simulator.storage import PLAYLIST_TYPE, playlist
from simulator.studio import encipher

EVENT_LIST: Final = "/common/app/get/eventlist"
CLOUD_LIST: Final = "/common/app/get/cloudlist"
PLAYLIST: Final = "/common/app/m3u8"
THUMBNAILS: Final = ("/miot/camera/app/v1/img", "/common/app/v1/img")

# The largest page (public clients ask for up to so many).
MAX_PAGE: Final = 100
# Facts: the store of the picture that stands for an event without video.
NO_FOOTAGE_STORE: Final = "FREE_HOME_SUR_DEFAULT_STORE_ID"

_ALL_TYPES: Final = "Default"
_CODECS: Final = frozenset({"H264", "H265"})
_VECTOR_BYTES: Final = 16


def event_list(call: Call) -> object:
    """Return a page of what happened, newest first."""
    camera = camera_of(call)
    wanted = call.text("eventType")
    if call.text("sortType") != "DESC":
        raise CallRefusedError("parameter sortType is malformed")
    _truth(call, "needMerge")
    _truth(call, "doorBell")

    def units(begin_ms: int, end_ms: int) -> Iterator[Unit]:
        for unit in events(camera, begin_ms, end_ms, call.cloud.world.now_ms()):
            if wanted == _ALL_TYPES or wanted in (unit.event_type or "").split(":"):
                yield unit

    return _page(call, EVENT_LIST, units, _event_unit, shift_ms=0)


def cloud_list(call: Call) -> object:
    """Return a page of long videos, newest first."""
    camera = camera_of(call)

    def units(begin_ms: int, end_ms: int) -> Iterator[Unit]:
        return videos(camera, begin_ms, end_ms, call.cloud.world.now_ms())

    return _page(call, CLOUD_LIST, units, _video_unit, shift_ms=list_shift_ms(camera.region))


def list_shift_ms(region: str) -> int:
    """Return by how much the times of `cloudlist` are later than the epoch's (ms)."""
    return home_offset_ms(MAINLAND) - home_offset_ms(region)


def _page(
    call: Call,
    path: str,
    units: Callable[[int, int], Iterator[Unit]],
    shown: Callable[[Unit], dict[str, object]],
    *,
    shift_ms: int,
) -> object:
    """Return a page of the units of a span (begin and end, epoch ms)."""
    call.text("model")
    call.text("region")
    call.text("language")
    begin_ms, end_ms = _whole(call, "beginTime") - shift_ms, _whole(call, "endTime") - shift_ms
    limit = _whole(call, "limit")
    if limit < 1 or begin_ms > end_ms:
        raise CallRefusedError("parameter limit or endTime is malformed")
    struck = call.cloud.faults.take(Stage.LIST, HostKind.CAMERA, path, call.text("did"))
    troubles = {fault.trouble for fault in struck}
    now_ms = call.cloud.world.now_ms()
    repeats = Trouble.REPEATED_PAGE in troubles
    chosen, next_ms = _cut(
        units(begin_ms, now_ms if repeats else end_ms),
        now_ms if repeats else min(end_ms, now_ms),
        min(limit, MAX_PAGE),
    )
    if Trouble.EMPTY_PAGE in troubles:
        next_ms = chosen[0].at_ms if chosen else end_ms - HOUR_MS
        chosen = []
    if Trouble.ENDLESS_PAGES in troubles and next_ms is None:
        next_ms = (chosen[-1].at_ms if chosen else end_ms) - HOUR_MS
    if repeats:
        next_ms = end_ms - MINUTE_MS
    if Trouble.STILL_CURSOR in troubles:
        next_ms = end_ms
    return {
        "isContinue": next_ms is not None,
        "nextTime": 0 if next_ms is None else next_ms + shift_ms,
        "thirdPartPlayUnits": [shown(unit) for unit in chosen],
    }


def _cut(units: Iterator[Unit], from_ms: int, limit: int) -> tuple[list[Unit], int | None]:
    """Return a page, and where the next one begins; `None`: this was the last.

    Units of the same moment stay together, or the next page would begin with them again.
    """
    chosen: list[Unit] = []
    for unit in units:
        if not chosen and from_ms - unit.at_ms > DAY_MS:
            return [], unit.at_ms
        if len(chosen) >= limit and unit.at_ms != chosen[-1].at_ms:
            return chosen, unit.at_ms
        chosen.append(unit)
    return chosen, None


def _unit(unit: Unit, event_type: str) -> dict[str, object]:
    recording = unit.recording
    fields: dict[str, object] = {
        "fileId": recording.file_id,
        "createTime": unit.at_ms,
        "expireTime": recording.expires_ms,
        "eventType": event_type,
        "isAlarm": recording.group.alarm,
        "isRead": False,
        "isShowImg": recording.has_footage,
        "offset": unit.offset,
        "startDuration": 0,
        "imgStoreId": image_store(recording),
        "extraInfo": json.dumps(
            {"eventType": event_type, "relatedFileId": ""}, separators=(",", ":")
        ),
    }
    if recording.has_footage:
        fields["videoStoreId"] = f"CAMERA_VIDEO_{recording.number % 10**8:08d}"
    return fields


def _event_unit(unit: Unit) -> dict[str, object]:
    return _unit(unit, unit.event_type or _ALL_TYPES)


def _video_unit(unit: Unit) -> dict[str, object]:
    group = unit.recording.group
    people = any("People" in event_type for event_type in group.event_types)
    return _unit(unit, _ALL_TYPES) | {
        "duration": group.length_ms,
        "tags": ["people"] if people else [],
    }


def image_store(recording: Recording) -> str:
    """Return the store of a recording's thumbnail."""
    if not recording.has_footage:
        return NO_FOOTAGE_STORE
    return f"CAMERA_IMG_{recording.number % 10**8:08d}"


def play(call: Call) -> object:
    """Return a recording's playlist as plain text."""
    try:
        camera = camera_of(call)
        call.text("model")
        _check_codec(call)
        is_alarm = _truth(call, "isAlarm")
        recording = find(camera, call.text("fileId"), call.cloud.world.now_ms())
    except CallRefusedError as error:
        return _plain_refusal(call.cloud, error)
    struck = call.cloud.faults.take(Stage.PLAYLIST, HostKind.CAMERA, PLAYLIST, camera.did)
    faults = {fault.trouble: fault for fault in struck}
    if (
        recording is None
        or not recording.has_footage
        or recording.group.needs_alarm not in {None, is_alarm}
        or Trouble.RECORDING_GONE in faults
    ):
        return _plain_refusal(call.cloud, CallRefusedError("file not exist"))
    hasty = faults.get(Trouble.HASTY_LINKS)
    lifetime = None if hasty is None else hasty.number("seconds")
    text = playlist(call.cloud, camera, recording, lifetime=lifetime)
    text = effects.spoil_playlist(text, f"https://{storage_host(camera.region)}", struck)
    return web.Response(body=text.encode(), content_type=PLAYLIST_TYPE)


async def thumbnail(call: Call) -> object:
    """Return a recording's first picture, enciphered with the session's secret."""
    try:
        camera = camera_of(call)
        recording = find(camera, call.text("fileId"), call.cloud.world.now_ms())
        vector = _vector(call)
        store = call.text("stoId")
    except CallRefusedError as error:
        return _plain_refusal(call.cloud, error)
    if recording is None or not recording.has_footage or store != image_store(recording):
        return _plain_refusal(call.cloud, CallRefusedError("file not exist"))
    try:
        picture = await call.cloud.studio.thumbnail(camera, recording)
    except NoFootageError as error:
        return _plain_refusal(call.cloud, CallRefusedError(str(error)))
    key = base64.b64decode(call.ssecurity)
    return web.Response(
        body=encipher(picture, key, vector), content_type="application/octet-stream"
    )


def _plain_refusal(cloud: Cloud, error: CallRefusedError) -> web.Response:
    body = camera_envelope(
        None, now_ms=cloud.world.now_ms(), code=error.code, description=error.text
    )
    return web.Response(
        body=answers.encode(body),
        content_type="application/json",
        headers={"x-xiaomi-status-code": "404"},
    )


def _truth(call: Call, field: str) -> bool:
    """Return a field that is true or false; one client sends 0 and 1."""
    value = call.data.get(field)
    if isinstance(value, bool) or value in {0, 1}:
        return bool(value)
    raise CallRefusedError(f"parameter {field} is missing")


def _whole(call: Call, field: str) -> int:
    """Return a field that is a whole number."""
    value = call.data.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise CallRefusedError(f"parameter {field} is missing")


def _check_codec(call: Call) -> None:
    if call.text("videoCodec") not in _CODECS:
        raise CallRefusedError("parameter videoCodec is malformed")


def _vector(call: Call) -> bytes:
    """Return the vector with which the caller wants the answer enciphered (16 bytes)."""
    try:
        vector = base64.b64decode(call.text("segmentIv"), validate=True)
    except binascii.Error as error:
        raise CallRefusedError("parameter segmentIv is malformed") from error
    if len(vector) != _VECTOR_BYTES:
        raise CallRefusedError("parameter segmentIv is malformed")
    return vector


PROCESSOR_SURFACE = Surface(
    method="GET",
    handlers=dict.fromkeys(THUMBNAILS, thumbnail),
    envelope=camera_answer,
    expired=ExpiredShape.CODE_3_200,
    unknown_token=ExpiredShape.TOKEN_INVALID_401,
    plain_calls=False,
    announced_only=True,
)
