"""Every request of the whole run is looked at: that the looking works, and what it lets pass."""

import ast
from datetime import UTC, datetime
import json
import re

import aiohttp
import pytest

from custom_components.camera_cloud_plan.cloud.provider import Detail
from custom_components.camera_cloud_plan.cloud.renewal_request import parse
from custom_components.camera_cloud_plan.cloud.renewal_request.deny_list import deny_list
from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCloud
from custom_components.camera_cloud_plan.plan import ALL_BACK, RecordingKind, Span, Wish
from simulator.server import running
from simulator.worldfile import load_world
from tests.cloud.helpers import credentials_of
from tests.contract import sent
from tests.contract.sent import Sent
from tests.contract.shipped import INTEGRATION, ROOT, modules, read_json, tree
from tests.contract.test_layout import reaches

JUN = "2300630093"
_VERBS = {"delete", "get", "head", "options", "patch", "post", "put"}
DEFINITION = ROOT / "simulator" / "renewal_request.json"
READS = read_json(INTEGRATION / "cloud" / "xiaomi" / "endpoints.json")["calls"]


async def test_what_arrives_is_what_was_recorded(socket_enabled: None) -> None:
    """A whole working day of the client, counted at both ends."""
    text = DEFINITION.read_text(encoding="utf-8")
    async with (
        running(load_world("two_homes")) as sim,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        cloud = XiaomiCloud(
            http,
            credentials_of(sim, JUN, session=False),
            regions=("cn",),
            gateway=sim.base_url,
            renewal_request=parse(text),
        )
        cameras = await cloud.list_cameras()
        every = Detail.STORAGE_USED | Detail.UPLOAD | Detail.SECOND_WITNESS
        await cloud.read_plans(cameras, {camera.camera_id: every for camera in cameras})
        for wish in Wish:
            await cloud.request_renewal(cameras[0], wish)
        now = datetime.fromtimestamp(sim.world.now_ms() / 1000, UTC)
        found = await cloud.list_recordings(
            cameras[0], Span(start=now - ALL_BACK, end=now), RecordingKind
        )
        footage = await cloud.open_recording(cameras[0], found.recordings[0])
        for segment in footage.segments:
            await footage.fetch(segment)
        await cloud.read_thumbnail(cameras[0], found.recordings[0])
        assert sim.requests.leaked_cookies == 0
        arrived = {(host, path) for host, path, _ in sim.requests.counts}
    assert {(each.host, each.path) for each in sent.RECORD} == arrived
    assert {each.path for each in sent.RECORD} >= {
        call["path"] for name, call in READS.items() if name != "offer_link"
    }
    assert not sent.unknown(sent.RECORD)


@pytest.mark.parametrize(
    "strange",
    [
        Sent("POST", "business.smartcamera.api.io.mi.com", READS["plan_status"]["path"]),
        Sent("GET", "api.io.mi.com", READS["plan_status"]["path"]),
        Sent("GET", "evil.example", READS["plan_status"]["path"]),
        Sent("GET", "evil.example", "/ts/1"),
        Sent("GET", "api.io.mi.com", "/ts/1", bare=True),
        Sent("GET", "business.smartcamera.api.io.mi.com", "/miot/camera/app/v1/vip/other"),
        Sent("GET", "camera.api.io.mi.com", "/simulated/cloud-plan/renewal"),
        Sent("POST", "fr.camera.api.io.mi.com", "/simulated/cloud-plan/renewal"),
    ],
)
def test_what_would_fail_a_test(strange: Sent) -> None:
    assert sent.unknown([strange]) == {strange}


@pytest.mark.parametrize("word", sent.SPENDS)
def test_what_would_fail_any_test(word: str) -> None:
    in_path = Sent("GET", "api.io.mi.com", f"/x/{word.upper()}/y")
    in_host = Sent("GET", word, "/")
    assert sent.spending([in_path, in_host]) == {in_path, in_host}
    assert not sent.spending(sent.known())


def test_what_passes_as_footage() -> None:
    assert not sent.unknown([Sent("GET", "storage.example", "/ts/1", bare=True)])


def test_every_known_call_reads() -> None:
    """Every call of the client is one that the facts list as reading."""
    changing = re.compile(r"/(put|delete|add|set|pay|sign|update)\b")
    assert {call["path"] for call in READS.values() if changing.search(call["path"])} == set()


def test_the_shipped_definition_passes_the_deny_list() -> None:
    request = parse(DEFINITION.read_text(encoding="utf-8"))
    for wish in Wish:
        template = request.template(wish)
        assert template is not None
        assert not deny_list().denies(template.path)
    assert request.gateway_only
    assert "simulated" in request.off.path


@pytest.mark.parametrize("word", sent.SPENDS)
def test_the_deny_list_knows_all_that_is_known_to_spend(word: str) -> None:
    if word.endswith(".com"):  # a host: definitions may name those of a list only
        definition = json.loads(DEFINITION.read_text(encoding="utf-8"))
        definition["off"]["host"] = word
        with pytest.raises(ValueError, match="foreign_host"):
            parse(json.dumps(definition))
    else:
        assert deny_list().denies(f"/miot/camera/{word}")


def test_one_place_sends() -> None:
    """No module but the transport asks an HTTP session, so watching it sees everything."""
    sending = {}
    for path in modules(INTEGRATION):
        sending[path.name] = sum(_sends(node) for node in ast.walk(tree(path)))
        assert not reaches(path, "requests", "httpx", "urllib.request", "http.client")
        # A resolver's signature speaks of sockets; it opens none.
        assert path.name == "guarded.py" or not reaches(path, "socket")
    assert {name: count for name, count in sending.items() if count} == {"transport.py": 1}


def _sends(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="request" | "ws_connect")):
            return True
        case ast.Call(func=ast.Attribute(attr=verb, value=asked)) if verb in _VERBS:
            return ast.unparse(asked).lower().endswith("session")
    return False
