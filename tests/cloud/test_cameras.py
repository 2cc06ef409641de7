"""Which cameras an account sees, whose they are, and whether they can have a plan."""

from collections.abc import Mapping
from itertools import product

import aiohttp
from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.cloud.errors import (
    RateLimitedError,
    SignInNeededError,
    UnexpectedAnswerError,
)
from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCloud
from custom_components.camera_cloud_plan.cloud.xiaomi.client import XiaomiClient
from custom_components.camera_cloud_plan.cloud.xiaomi.devices import (
    is_surely_camera,
    list_region,
    read_camera,
    with_support,
)
from custom_components.camera_cloud_plan.plan import Camera, Ownership, PlanReading, Service
from simulator.faults import Trouble
from simulator.generate import generate_world
from simulator.server import RunningSimulator, running
from simulator.worldfile import build_world
from tests.cloud.helpers import (
    FRONT_DOOR,
    GRANDMAS_HALL,
    HOMES,
    MEI_BERLIN,
    OLD_CAM,
    STATUS,
    SUPPORT,
    connect,
    credentials_of,
)
from tests.cloud.test_values import JSON

_ME, _OTHER = "2300410071", "2300740104"


async def test_a_camera_as_its_maker_lists_it(mei: XiaomiCloud) -> None:
    cameras = {camera.camera_id: camera for camera in await mei.list_cameras()}
    assert cameras[FRONT_DOOR] == Camera(
        camera_id=FRONT_DOOR,
        name="Front door",
        maker="Xiaomi",
        model="chuangmi.camera.046c04",
        region="cn",
        ownership=Ownership.OWNER,
        mac="02:c1:10:00:01:01",
        firmware=cameras[FRONT_DOOR].firmware,
        online=True,
        supports_plans=True,
    )
    assert cameras[FRONT_DOOR].firmware


async def test_owned_and_shared_cameras_and_no_other_device(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    cameras = {camera.camera_id: camera for camera in await mei.list_cameras()}
    assert set(cameras) == {
        did
        for did, camera in sim.world.cameras.items()
        if camera.region == "cn" and camera.permit_level(_ME) is not None
    }
    assert cameras.pop(GRANDMAS_HALL).ownership is Ownership.SHARED
    assert {camera.ownership for camera in cameras.values()} == {Ownership.OWNER}


async def test_names_come_in_the_owners_language(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    for locale in ("zh-Hans", "zh_CN"):
        cloud = connect(sim, http, credentials_of(sim, _ME), regions=("cn",), locale=locale)
        names = {camera.camera_id: camera.name for camera in await cloud.list_cameras()}
        assert names[FRONT_DOOR] == "门口"


async def test_a_camera_that_can_have_no_plan_is_not_asked_about(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud = connect(sim, http, credentials_of(sim, MEI_BERLIN), regions=("de",))
    cameras = await cloud.list_cameras()
    [old] = [camera for camera in cameras if camera.camera_id == OLD_CAM]
    assert old.supports_plans is False
    sim.requests.reset()
    readings = await cloud.read_plans(cameras, {})
    assert sim.requests.total(path=STATUS) == len(cameras) - 1
    reading = readings[OLD_CAM]
    assert isinstance(reading, PlanReading)
    assert reading.service is Service.NEVER_BOUGHT
    assert reading.renewal is None
    assert reading.free_tier is None


@pytest.mark.parametrize(
    "trouble", [Trouble.API_ERROR, Trouble.NULL_DATA, Trouble.HTML, Trouble.MISSING_KEYS]
)
async def test_without_an_answer_about_support_every_camera_is_asked(
    sim: RunningSimulator, mei: XiaomiCloud, trouble: Trouble
) -> None:
    sim.faults.add(trouble, path=SUPPORT)
    cameras = await mei.list_cameras()
    assert {camera.supports_plans for camera in cameras} == {None}
    assert set(await mei.read_plans(cameras, {})) == {camera.camera_id for camera in cameras}
    assert sim.requests.total(path=STATUS) == len(cameras)


async def test_a_camera_left_out_of_the_answer_about_support_is_asked(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud = connect(sim, http, credentials_of(sim, _ME), regions=("cn",))
    client = cloud._client
    unknown = Camera(
        camera_id="999",
        name="x",
        maker="Xiaomi",
        model="isa.camera.x",
        region="cn",
        ownership=Ownership.OWNER,
    )
    listed = await list_region(client, "cn", _ME)
    checked = await with_support(client, "cn", (*listed, unknown))
    assert checked[-1].supports_plans is None
    assert all(camera.supports_plans for camera in checked[:-1])


async def test_a_wait_asked_for_is_not_walked_over(sim: RunningSimulator, mei: XiaomiCloud) -> None:
    sim.faults.add(Trouble.HTTP_STATUS, path=SUPPORT, status=429)
    with pytest.raises(RateLimitedError):
        await mei.list_cameras()


async def test_an_owner_needed_is_not_walked_over(sim: RunningSimulator, mei: XiaomiCloud) -> None:
    sim.faults.add(Trouble.EXPIRED_TOKEN, path=SUPPORT, count=1)
    sim.sessions.expire(pass_tokens=True, service_tokens=False)
    with pytest.raises(SignInNeededError):
        await mei.list_cameras()


async def test_very_many_cameras_are_listed_whole_and_asked_in_parts(
    http: aiohttp.ClientSession,
) -> None:
    async with running(build_world(generate_world(700, regions=["sg"]))) as sim:
        [user_id] = sim.world.accounts
        cloud = connect(sim, http, credentials_of(sim, user_id), regions=["sg"])
        cameras = await cloud.list_cameras()
        assert len(cameras) == len({camera.camera_id for camera in cameras}) == 700
        assert all(camera.supports_plans is not None for camera in cameras)
        # 14 homes, each in one page; four pages of everything; eight parts of the question.
        assert sim.requests.total(path=SUPPORT) == 8
        assert sim.requests.total() == 1 + 14 + 4 + 8
        # The longest of these questions fits where a server draws the line at 8190 bytes.
        assert {status for _, _, status in sim.requests.counts} == {200}


async def test_an_empty_account_is_empty(sim: RunningSimulator, mei: XiaomiCloud) -> None:
    sim.faults.add(Trouble.NO_DEVICES)
    assert await mei.list_cameras() == ()
    assert sim.requests.total(path=HOMES) == 1
    assert sim.requests.total(path=SUPPORT) == 0


class _Pages(list[object]):
    """Answers to one call, each given once."""


class _Cloud:
    """Answers calls by name as a test says."""

    def __init__(self, **answers: object) -> None:
        self._answers = answers
        self.asked: list[tuple[str, Mapping[str, object]]] = []

    async def call(self, name: str, region: str, data: Mapping[str, object]) -> object:
        assert region == "cn"
        self.asked.append((name, data))
        answer = self._answers[name]
        if isinstance(answer, _Pages):
            return answer.pop(0)
        return answer


def _client(**answers: object) -> XiaomiClient:
    return _Cloud(**answers)  # type: ignore[return-value]  # stands in for it


_NOTHING: dict[str, object] = {"list": None}


async def _listed(**answers: object) -> list[str]:
    cameras = await list_region(_client(**answers), "cn", _ME)
    return [camera.camera_id for camera in cameras]


def _device(did: str, **more: object) -> dict[str, object]:
    return {"did": did, "model": "isa.camera.x", **more}


async def test_homes_and_pages_are_gone_through() -> None:
    client = _Cloud(
        homes={
            "homelist": [{"id": "11", "uid": int(_ME)}, {"id": 12, "uid": None}],
            "share_home_list": [{"id": "13", "uid": int(_OTHER)}],
        },
        home_devices=_Pages(
            [
                {"device_info": [_device("a")], "has_more": True, "max_did": "a"},
                {"device_info": [_device("b")], "has_more": False, "max_did": "b"},
                {"device_info": None},
                {"device_info": [_device("c", uid=int(_OTHER))]},
            ]
        ),
        all_devices=_Pages(
            [
                {"list": [_device("a"), _device("d")], "has_more": "true", "next_start_did": "d"},
                {"list": [_device("e", owner={"userid": 1})]},
            ]
        ),
    )
    cameras = await list_region(client, "cn", _ME)  # type: ignore[arg-type]  # stands in for it
    assert {camera.camera_id: camera.ownership for camera in cameras} == {
        "a": Ownership.OWNER,
        "b": Ownership.OWNER,
        "c": Ownership.SHARED,
        "d": Ownership.UNKNOWN,
        "e": Ownership.SHARED,
    }
    assert client.asked[1:5] == [
        ("home_devices", {"home_id": 11, "home_owner": int(_ME), "start_did": ""}),
        ("home_devices", {"home_id": 11, "home_owner": int(_ME), "start_did": "a"}),
        ("home_devices", {"home_id": 12, "home_owner": int(_ME), "start_did": ""}),
        ("home_devices", {"home_id": 13, "home_owner": int(_OTHER), "start_did": ""}),
    ]


async def test_more_that_is_announced_but_not_from_where_on() -> None:
    page = {"list": [_device("a")], "has_more": True, "next_start_did": ""}
    assert await _listed(homes={"homelist": []}, all_devices=page) == ["a"]


async def test_pages_that_go_round_are_no_whole_list() -> None:
    page = {"list": [_device("a")], "has_more": True, "next_start_did": "a"}
    with pytest.raises(UnexpectedAnswerError, match="go round"):
        await _listed(homes={"homelist": []}, all_devices=page)


@pytest.mark.parametrize(
    "answers",
    [
        {"homes": None},
        {"homes": []},
        {"homes": {}},
        {"homes": {"homelist": {}}},
        {"homes": {"homelist": ["home"]}},
        {"homes": {"homelist": [{"id": None}]}},
        {"homes": {"homelist": [], "share_home_list": "none"}},
        {"homes": {"homelist": []}, "all_devices": None},
        {"homes": {"homelist": []}, "all_devices": {"list": "none"}},
        {"homes": {"homelist": []}, "all_devices": {"list": ["device"]}},
        {"homes": {"homelist": []}, "all_devices": {"list": [{"model": "isa.camera.x"}]}},
        {"homes": {"homelist": []}, "all_devices": {"list": [_device("a", model=["x"])]}},
        {"homes": {"homelist": [{"id": 1}]}, "home_devices": {"has_more": False}},
    ],
)
async def test_a_list_that_cannot_be_read_is_an_error(answers: dict[str, object]) -> None:
    with pytest.raises(UnexpectedAnswerError):
        await _listed(**({"all_devices": _NOTHING} | answers))


@given(JSON)
async def test_no_answer_makes_listing_fail_otherwise(content: object) -> None:
    for answers in (
        {"homes": content, "all_devices": _NOTHING},
        {"homes": {"homelist": []}, "all_devices": {"list": content}},
        {"homes": {"homelist": []}, "all_devices": {"list": [content]}},
    ):
        try:
            await _listed(**answers)
        except UnexpectedAnswerError:
            continue


@given(JSON)
async def test_no_answer_about_support_makes_it_fail(content: object) -> None:
    camera = Camera(
        camera_id="1",
        name="x",
        maker="Xiaomi",
        model="isa.camera.x",
        region="cn",
        ownership=Ownership.OWNER,
    )
    for answer in (content, {"didSupportInfos": content}, {"didSupportInfos": [content]}):
        [checked] = await with_support(_client(cloud_support=answer), "cn", (camera,))
        assert checked.supports_plans is None


@pytest.mark.parametrize(
    ("model", "surely"),
    [
        ("chuangmi.camera.046c04", True),
        ("ISA.Camera.HLC7", True),
        ("madv.cateye.mi3iot", True),
        ("lumi.camera.gwagl02", True),
        ("miot.camera.virtual", False),
        ("lumi.lock.wbmcn1", False),
        ("yeelink.light.lamp1", False),
        ("", False),
    ],
)
def test_which_models_are_cameras(model: str, surely: bool) -> None:
    assert is_surely_camera(model) is surely


@pytest.mark.parametrize(("says", "kept"), [(True, 1), (False, 0), (None, 0)])
async def test_a_lock_is_a_camera_where_the_cloud_takes_its_recordings(
    says: bool | None, kept: int
) -> None:
    client = _client(
        homes={"homelist": []},
        all_devices={"list": [_device("a", model="lumi.lock.wbmcn1")]},
        cloud_support={"didSupportInfos": [{"did": "a", "cloudSupport": says}]},
    )
    cameras = await list_region(client, "cn", _ME)
    assert len(cameras) == 1
    assert len(await with_support(client, "cn", cameras)) == kept


_LEVELS = (None, 0, 1, 4, 8, 16, 20, 24, 32, 36, 64, 80, "16", "odd")


@pytest.mark.parametrize("lent", [False, True])
@pytest.mark.parametrize("home_owner", [None, _ME, _OTHER])
def test_whose_camera_it_is(home_owner: str | None, lent: bool) -> None:
    for level, uid in product(_LEVELS, (None, int(_ME), _ME, int(_OTHER))):
        device = _device("a", permitLevel=level, uid=uid, owner={"userid": 1} if lent else None)
        camera = read_camera(device, region="cn", user_id=_ME, home_owner=home_owner)
        assert camera is not None
        belongs_to = str(uid) if uid is not None else home_owner
        if camera.ownership is Ownership.OWNER:
            # Only where something says so, and nothing speaks against it.
            assert not lent
            assert belongs_to in (None, _ME)
            owner_bit = level in (16, 20, 24, 80, "16")
            assert owner_bit or (level in (None, "odd") and belongs_to == _ME)
        if lent or belongs_to == _OTHER or level in (4, 8, 32, 36, 64):
            assert camera.ownership is Ownership.SHARED
        if level in (16, "16") and belongs_to == _ME and not lent:
            assert camera.ownership is Ownership.OWNER


@pytest.mark.parametrize(
    ("extra", "firmware"),
    [
        ({"fw_version": "4.3.4_0411"}, "4.3.4_0411"),
        ('{"fw_version":"4.3.4_0411"}', "4.3.4_0411"),
        ('{"fw_version"', None),
        ("[" * 100_000, None),
        ("[1]", None),
        ({"fw_version": 4}, None),
        (None, None),
        (7, None),
    ],
)
def test_firmware(extra: object, firmware: str | None) -> None:
    camera = read_camera(_device("a", extra=extra), region="cn", user_id=_ME, home_owner=None)
    assert camera is not None
    assert camera.firmware == firmware


def test_a_camera_without_a_name_goes_by_its_model() -> None:
    camera = read_camera(
        _device("a", name=" \x00", isOnline="0"), region="cn", user_id=_ME, home_owner=None
    )
    assert camera is not None
    assert camera.name == "isa.camera.x"
    assert camera.online is False
    assert camera.mac is None


@given(
    st.dictionaries(
        st.sampled_from(["name", "mac", "uid", "permitLevel", "isOnline", "extra", "owner"]), JSON
    )
)
def test_no_other_field_makes_a_camera_unreadable(fields: dict[str, object]) -> None:
    camera = read_camera(_device("7", **fields), region="cn", user_id=_ME, home_owner=None)
    assert camera is not None
    assert camera.camera_id == "7"
