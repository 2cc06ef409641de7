"""Secrets stay where they belong: no text, log or trace of an error ever shows one."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
import logging
from pathlib import Path
import traceback
from typing import override
from urllib.parse import quote

import aiohttp
import pytest

from custom_components.camera_cloud_plan.cloud.errors import CloudError
from custom_components.camera_cloud_plan.cloud.provider import Detail
from custom_components.camera_cloud_plan.cloud.renewal_request import DefinitionError, parse
from custom_components.camera_cloud_plan.cloud.xiaomi import (
    LinkSignIn,
    XiaomiCloud,
    XiaomiCredentials,
    footage,
)
from custom_components.camera_cloud_plan.plan import (
    ALL_BACK,
    Camera,
    Recording,
    RecordingKind,
    Span,
    Wish,
)
from simulator.faults import Trouble
from simulator.hosts import HostKind
from simulator.server import RunningSimulator
from tests.cloud.helpers import DEVICE_ID, FRONT_DOOR, MEI, approved, connect, credentials_of

_ALL = Detail.STORAGE_USED | Detail.UPLOAD | Detail.SECOND_WITNESS


class _Everything(logging.Handler):
    """Keeps every record of every logger, as text with its trace."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log() -> Iterator[_Everything]:
    """Keep the whole log at its most talkative."""
    handler, root = _Everything(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def _secrets(sim: RunningSimulator, *kept: XiaomiCredentials) -> set[str]:
    """Return everything that must not be seen, also as it looks inside an address."""
    values = {MEI, sim.world.accounts[MEI].c_user_id, sim.world.accounts[MEI].password}
    values |= set(sim.sessions._pass_tokens) | set(sim.sessions._service_tokens)
    values |= set(sim.sessions._grants)
    values |= {token.ssecurity for token in sim.sessions._service_tokens.values()}
    values |= {ticket.key for ticket in sim.sessions.tickets._tickets.values()}
    for credentials in kept:
        values |= {credentials.pass_token, credentials.device_id}
    return values | {quote(value, safe="") for value in values}


def _traced(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)


async def test_no_secret_in_logs_or_errors(
    sim: RunningSimulator, http: aiohttp.ClientSession, log: _Everything
) -> None:
    seen: list[str] = []
    kept: list[XiaomiCredentials] = []

    dialogue = LinkSignIn(http, gateway=sim.base_url, device_id=DEVICE_ID)
    sim.faults.add(Trouble.VERIFICATION_NEEDED, count=1)
    await approved(sim, dialogue, MEI)
    with pytest.raises(CloudError) as raised:
        await dialogue.wait()
    seen.append(_traced(raised.value))
    await approved(sim, dialogue, MEI)
    credentials = await dialogue.wait()
    assert isinstance(credentials, XiaomiCredentials)
    kept.append(credentials)
    seen.append(repr((dialogue, credentials, credentials.session)))

    cloud = connect(sim, http, credentials, regions=("cn",), on_renewed=kept.append)
    cameras = await cloud.list_cameras()
    await cloud.read_plans(cameras, {camera.camera_id: _ALL for camera in cameras})
    for trouble, params in (
        (Trouble.DROPPED, {}),
        (Trouble.HTTP_STATUS, {"status": 503}),
        (Trouble.HTTP_STATUS, {"status": 429}),
        (Trouble.HTML, {}),
        (Trouble.API_ERROR, {}),
        (Trouble.TRUNCATED_CIPHER, {}),
        (Trouble.GARBAGE_CIPHER, {}),
        (Trouble.WRONG_TYPES, {}),
        (Trouble.INVALID_SIGNATURE, {}),
        (Trouble.EXPIRED_TOKEN, {}),
    ):
        fault = sim.faults.add(trouble, params)
        with pytest.raises(CloudError) as raised:
            await cloud.list_cameras()
        sim.faults.remove(fault)
        seen.append(_traced(raised.value))
        # The one before kept the renewal's pace: a fresh account keeps its own.
        cloud = connect(sim, http, kept[-1], regions=("cn",), on_renewed=kept.append)
    for trouble in (Trouble.STS_REFUSED, Trouble.FOREIGN_REDIRECT, Trouble.ACCOUNT_CODE):
        sim.sessions.expire()
        fault = sim.faults.add(trouble)
        cloud = connect(sim, http, kept[-1], regions=("cn",), on_renewed=kept.append)
        with pytest.raises(CloudError) as raised:
            await cloud.list_cameras()
        sim.faults.remove(fault)
        seen.append(_traced(raised.value))
    seen += [repr(vars(cloud)), repr(vars(cloud._account)), repr(vars(cloud._client))]

    ours = [line for line in log.lines if "camera_cloud_plan" in line]
    assert any("api.io.mi.com" in line for line in ours)
    for secret in _secrets(sim, *kept):
        for line in [*log.lines, *seen]:
            assert secret not in line
    for line in log.lines:
        for word in ("signature=", "_nonce", "clientSign", "serviceToken", "passToken"):
            assert word not in line


async def _fetched(cloud: XiaomiCloud, camera: Camera, recording: Recording) -> None:
    opened = await cloud.open_recording(camera, recording)
    await opened.fetch(opened.segments[1])


async def test_no_secret_in_what_is_said_of_recordings(
    sim: RunningSimulator,
    http: aiohttp.ClientSession,
    log: _Everything,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor what a recording is called, where it lies, what opens it, and whose camera it is."""
    monkeypatch.setattr(footage, "BACKOFF", 0.001)
    credentials = credentials_of(sim, MEI)
    cloud = connect(sim, http, credentials, regions=("cn",))
    camera = next(each for each in await cloud.list_cameras() if each.camera_id == FRONT_DOOR)
    log.lines.clear()
    now = datetime.fromtimestamp(sim.world.now_ms() / 1000, UTC)
    found = await cloud.list_recordings(camera, Span(start=now - ALL_BACK, end=now), RecordingKind)
    recording = found.recordings[0]
    opened = await cloud.open_recording(camera, recording)
    fetched = await opened.fetch(opened.segments[0])
    thumbnail = await cloud.read_thumbnail(camera, recording)
    assert fetched.piece.key is not None
    assert thumbnail is not None
    seen: list[str] = [
        repr((opened, opened._parts, vars(opened), fetched, thumbnail, found.complete))
    ]
    for trouble, params, host in (
        (Trouble.DROPPED, {}, HostKind.STORAGE),
        (Trouble.HTTP_STATUS, {"status": 429}, HostKind.STORAGE),
        (Trouble.HTTP_STATUS, {"status": 503}, HostKind.STORAGE),
        (Trouble.HASTY_LINKS, {}, None),
        (Trouble.FOREIGN_ADDRESS, {"origin": "https://10.20.30.40"}, None),
        (Trouble.ODD_PLAYLIST, {"shape": "garbage"}, None),
        (Trouble.RECORDING_GONE, {}, None),
        (Trouble.HTML, {}, HostKind.CAMERA),
        (Trouble.DROPPED_SEGMENT, {}, None),
        (Trouble.WRONG_KEY, {"bytes": 3}, None),
        (Trouble.ENDLESS_SEGMENT, {}, None),
    ):
        fault = sim.faults.add(trouble, params, host=host)
        with pytest.raises(CloudError) as raised:
            await _fetched(cloud, camera, recording)
        sim.faults.remove(fault)
        seen.append(_traced(raised.value))
        seen += [repr(vars(error)) for error in (raised.value, raised.value.__cause__) if error]
    assert any("storage.simulated-maker.example" in line for line in log.lines)
    source = opened._parts[0].source
    assert source.key is not None
    secrets = _secrets(sim, credentials) | {
        FRONT_DOOR,
        recording.file_id,
        str(recording.video_store),
        str(recording.image_store),
        source.url.raw_path,
        source.key.raw_path,
        "Signature=",
        "10.20.30.40",
        "<html",
        fetched.piece.key.hex(),
        repr(fetched.piece.key)[2:-1],
        repr(source.iv)[2:-1],
    }
    for secret in secrets:
        for line in [*log.lines, *seen]:
            assert secret not in line


_REQUEST = (Path(__file__).parents[2] / "simulator" / "renewal_request.json").read_text("utf-8")


async def test_no_secret_in_what_is_said_of_a_renewal_request(
    sim: RunningSimulator, http: aiohttp.ClientSession, log: _Everything
) -> None:
    """Nor the camera's id, which the request holds, nor anything of the answer's body."""
    credentials = credentials_of(sim, MEI)
    definition = parse(_REQUEST)
    cloud = connect(sim, http, credentials, regions=("cn",), renewal_request=definition)
    cameras = {camera.camera_id: camera for camera in await cloud.list_cameras()}
    log.lines.clear()
    seen: list[str] = [repr(vars(cloud))]
    for trouble, params in (
        (Trouble.LOST_ANSWER, {}),
        (Trouble.DROPPED, {}),
        (Trouble.HTTP_STATUS, {"status": 503}),
        (Trouble.HTTP_STATUS, {"status": 429}),
        (Trouble.HTML, {}),
        (Trouble.API_ERROR, {"message": "the words of the answer"}),
        (Trouble.TRUNCATED_CIPHER, {}),
        (Trouble.EXPIRED_TOKEN, {}),
    ):
        fault = sim.faults.add(trouble, params, host=HostKind.WEB)
        with pytest.raises(CloudError) as raised:
            await cloud.request_renewal(cameras[FRONT_DOOR], Wish.OFF)
        sim.faults.remove(fault)
        seen.append(_traced(raised.value))
        seen += [repr(vars(error)) for error in (raised.value, raised.value.__cause__) if error]
        assert raised.value.__context__ is raised.value.__cause__
    assert len([line for line in log.lines if "camera.api.io.mi.com" in line]) == 8
    for secret in {*_secrets(sim, credentials), FRONT_DOOR, "the words of the answer", "<html"}:
        for line in [*log.lines, *seen]:
            assert secret not in line


def test_a_definition_that_is_refused_is_not_repeated() -> None:
    for changed in (
        _REQUEST.replace('"confirmed"', '"V1:a-pass-token-as-a-name"'),
        _REQUEST.replace('"1"', '"V1:a-pass-token-as-a-value-1"'),
        _REQUEST.replace('"form"', '"V1:a-pass-token"'),
        _REQUEST.replace('"about"', '"V1:a-pass-token"'),
        _REQUEST.replace('"accepted"', '"V1:a-pass-token"'),
        _REQUEST.replace('"4001"', '"V1:a-pass-token"'),
        _REQUEST.replace("/simulated/", "/V1:a-pass-token/"),
        _REQUEST.replace("camera.api", "V1.a-pass-token"),
        _REQUEST[:-9] + "V1:a-pass-token",
    ):
        assert changed != _REQUEST
        with pytest.raises(DefinitionError) as raised:
            parse(changed)
        said = _traced(raised.value).replace(str(Path(__file__).parents[2]), "")
        assert "a-pass-token" not in said


async def test_what_aiohttp_says_with_the_address_is_not_passed_on(
    sim: RunningSimulator, http: aiohttp.ClientSession, log: _Everything
) -> None:
    async def not_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"garbage instead of HTTP\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(not_http, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        dialogue = LinkSignIn(http, gateway=f"http://127.0.0.1:{port}", device_id=DEVICE_ID)
        with pytest.raises(CloudError) as raised:
            await dialogue.start()
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert "loginUrl" not in _traced(raised.value)
    assert not [line for line in log.lines if "loginUrl" in line]
