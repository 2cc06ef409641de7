"""The storage hosts, at which footage lies, and the playlists that lead there.

Facts: a playlist is plain text, `EXT-X-VERSION` may be 7, its addresses are absolute and https,
keys are 16 raw bytes and, like segments, need no session. Made up: the host names, the paths
behind `/ts/` and `/mp4/`, and how an address is signed and for how long (no source knows). A
segment's key and vector are its own most of the time, as the playlist's tags allow.
"""

from dataclasses import dataclass
from http import HTTPStatus
import os
import re
from typing import Final

from aiohttp import web

from simulator import effects
from simulator.cloud import Cloud
from simulator.faults import Stage, Trouble
from simulator.footage import FRAMES_PER_SEGMENT, NoFootageError
from simulator.hosts import Host, HostKind, storage_host
from simulator.recordings import FRAMES_PER_SECOND, Recording, all_recordings, find, find_number
from simulator.studio import STOCK_ROOM, encipher, iv_of, key_of, part_of, parts
from simulator.world import Camera

PLAYLIST_TYPE: Final = "application/vnd.apple.mpegurl"

_PATH: Final = re.compile(
    r"/(?P<what>key|ts|mp4)/(?P<did>[^/]+)/(?P<number>\d{1,20})"
    r"/(?P<init>init)?(?P<index>\d{1,6})(?:\.ts|\.mp4)?"
)
_TYPES: Final = {"key": "application/octet-stream", "ts": "video/mp2t", "mp4": "video/mp4"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a request to a storage host is about."""

    what: str
    did: str
    number: int
    index: int
    is_initialisation: bool


class _RefusedError(Exception):
    """A request for something that is not there, or not for its caller."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


def playlist(
    cloud: Cloud,
    camera: Camera,
    recording: Recording,
    *,
    lifetime: float | None = None,
    origin: str | None = None,
) -> str:
    """Return a recording's playlist.

    Its addresses are good for `lifetime` seconds from now, or for as long as usual; they lie at
    `origin`, or at the region's storage host.
    """
    group = recording.group
    origin = origin or f"https://{storage_host(camera.region)}"
    place = f"{recording.did}/{recording.number}"

    now = cloud.now()

    def address(path: str) -> str:
        return f"{origin}{path}?{cloud.links.sign(path, now, lifetime)}"

    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{-(-FRAMES_PER_SEGMENT // FRAMES_PER_SECOND)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    for part in parts(recording):
        if part.first:
            lines.append("#EXT-X-DISCONTINUITY")
        for index, frames in enumerate(part.frames, start=part.first):
            key = address(f"/key/{place}/{index if group.own_keys else 0}")
            vector = iv_of(recording, index).hex()
            lines.append(f'#EXT-X-KEY:METHOD=AES-128,URI="{key}",IV=0x{vector}')
            if group.container == "mp4" and index == part.first:
                lines.append(f'#EXT-X-MAP:URI="{address(f"/mp4/{place}/init{index}.mp4")}"')
            lines.append(f"#EXTINF:{frames / FRAMES_PER_SECOND:.6f},")
            lines.append(address(f"/{group.container}/{place}/{index}.{group.container}"))
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def player_routes(cloud: Cloud) -> list[web.RouteDef]:
    """Return routes that let any player watch a recording at the simulator's own origin."""

    async def open_recording(request: web.Request) -> web.StreamResponse:
        camera = cloud.world.cameras.get(request.match_info["did"])
        file_id = request.query.get("fileId", "")
        now_ms = cloud.world.now_ms()
        recording = None if camera is None else find(camera, file_id, now_ms)
        if camera is None or recording is None or not recording.has_footage:
            return _refusal(HTTPStatus.NOT_FOUND)
        text = playlist(cloud, camera, recording, origin=cloud.base_url)
        return web.Response(body=text.encode(), content_type=PLAYLIST_TYPE)

    async def watch(request: web.Request) -> web.StreamResponse:
        camera = cloud.world.cameras.get(request.match_info["did"])
        if camera is None:
            return _refusal(HTTPStatus.NOT_FOUND)
        name = storage_host(camera.region)
        host = Host(kind=HostKind.STORAGE, name=name, region=camera.region)
        return await serve(request, cloud, host, cloud.now())

    return [
        web.get("/_control/camera/{did}/playlist", open_recording),
        web.get("/{what:key|ts|mp4}/{did}/{number}/{name}", watch),
    ]


async def prepare_stock(cloud: Cloud) -> None:
    """Make all footage that recordings share, so that none has to be made while it is served."""
    now_ms = cloud.world.now_ms()
    for camera in cloud.world.cameras.values():
        shared = {
            id(recording.group): recording
            for recording in all_recordings(camera, now_ms)
            if recording.group.stock
        }
        for recording in shared.values():
            cloud.studio.room = STOCK_ROOM
            for part in parts(recording):
                for index in range(part.first, part.first + len(part.frames)):
                    await cloud.studio.segment(camera, recording, index)


async def serve(request: web.Request, cloud: Cloud, host: Host, now: float) -> web.StreamResponse:
    """Answer one request to a storage host; `now` is the server's time (epoch seconds)."""
    if request.headers.get("Cookie"):
        cloud.requests.leaked_cookies += 1
    wanted = _wanted(request.path)
    struck = cloud.faults.take(
        Stage.OPENED, host.kind, request.path, None if wanted is None else wanted.did
    )
    if (early := await effects.early_answer(request, struck)) is not None:
        return early
    try:
        return await _answer(request, cloud, host, now, wanted)
    except _RefusedError as error:
        return _refusal(error.status)
    except NoFootageError as error:
        return web.Response(status=HTTPStatus.NOT_IMPLEMENTED, text=str(error))


async def _answer(
    request: web.Request, cloud: Cloud, host: Host, now: float, wanted: _Wanted | None
) -> web.StreamResponse:
    """Return what lies at an address.

    Raises:
        NoFootageError: when footage cannot be made here.
        _RefusedError: when nothing lies there, or not for this caller.

    """
    if request.method != "GET":
        raise _RefusedError(HTTPStatus.METHOD_NOT_ALLOWED)
    if wanted is not None and not cloud.links.is_good(request.path, request.query, now):
        raise _RefusedError(HTTPStatus.FORBIDDEN)
    camera = None if wanted is None else cloud.world.cameras.get(wanted.did)
    if wanted is None or camera is None or camera.region != host.region:
        raise _RefusedError(HTTPStatus.NOT_FOUND)
    camera = cloud.world.camera(camera.did)
    recording = find_number(camera, wanted.number, cloud.world.now_ms())
    if recording is None or not recording.has_footage:
        raise _RefusedError(HTTPStatus.NOT_FOUND)
    stage = Stage.KEY if wanted.what == "key" else Stage.SEGMENT
    struck = cloud.faults.take(stage, host.kind, request.path, wanted.did)
    try:
        data = await _data(cloud, camera, recording, wanted)
    except KeyError as error:
        raise _RefusedError(HTTPStatus.NOT_FOUND) from error
    if any(fault.trouble is Trouble.GARBAGE_SEGMENT for fault in struck):
        key, vector = key_of(recording, wanted.index), iv_of(recording, wanted.index)
        data = encipher(os.urandom(len(data)), key, vector)
    return await effects.footage_answer(request, data, _TYPES[wanted.what], struck)


async def _data(cloud: Cloud, camera: Camera, recording: Recording, wanted: _Wanted) -> bytes:
    """Return the bytes that a request is about.

    Raises:
        KeyError: when there are none.
        NoFootageError: when footage cannot be made here.

    """
    if wanted.what == "key":
        if part_of(recording, wanted.index) is None:
            raise KeyError(wanted.index)
        return key_of(recording, wanted.index)
    if wanted.what != recording.group.container:
        raise KeyError(wanted.what)
    if wanted.is_initialisation:
        return await cloud.studio.initialisation(camera, recording, wanted.index)
    return await cloud.studio.segment(camera, recording, wanted.index)


def _wanted(path: str) -> _Wanted | None:
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    return _Wanted(
        what=found["what"],
        did=found["did"],
        number=int(found["number"]),
        index=int(found["index"]),
        is_initialisation=found["init"] is not None,
    )


def _refusal(status: HTTPStatus) -> web.Response:
    """Return a refusal as object stores word it."""
    code = status.phrase.replace(" ", "")
    return web.Response(
        status=status,
        text=f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code></Error>\n',
        content_type="application/xml",
    )
