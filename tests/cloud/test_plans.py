"""What a plan object on the wire is read as, and never is."""

from datetime import UTC, datetime

import aiohttp
from hypothesis import given, strategies as st
import pytest

from custom_components.camera_cloud_plan.cloud.provider import (
    CancelWay,
    Detail,
    PlanProvider,
    Readable,
)
from custom_components.camera_cloud_plan.cloud.xiaomi import XiaomiCloud
from custom_components.camera_cloud_plan.cloud.xiaomi.plans import read_plan
from custom_components.camera_cloud_plan.plan import (
    FreeTier,
    PlanReading,
    PlanView,
    Renewal,
    Service,
    Witness,
    clock,
    default_channel,
)
from simulator.server import running
from simulator.worldfile import load_world, shipped_worlds
from tests.cloud.helpers import connect, credentials_of
from tests.cloud.test_values import JSON

_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_START, _END = 1_793_000_000_000, 1_795_592_000_000
_PLAN = {
    "vip": True,
    "status": 0,
    "pacakgeType": "7-day cloud storage, monthly",
    "startTime": _START,
    "endTime": _END,
    "isRenew": True,
    "renewStatus": True,
    "rollingSaveInterval": 604_800_000,
    "closeWindow": False,
    "freeHomSurStatus": False,
    "freeHomeSurExpireTime": 0,
    "vipStatusEnum": "?",
}


def _read(**changes: object) -> PlanReading:
    return read_plan({**_PLAN, **changes}, _NOW)


def _without(*names: str) -> PlanReading:
    return read_plan({k: v for k, v in _PLAN.items() if k not in names}, _NOW)


def test_a_running_plan() -> None:
    assert _read() == PlanReading(
        read_at=_NOW,
        service=Service.ACTIVE,
        name="7-day cloud storage, monthly",
        trial=False,
        starts_at=datetime.fromtimestamp(_START / 1000, UTC),
        ends_at=datetime.fromtimestamp(_END / 1000, UTC),
        renewal=Witness(source="isRenew", says=True, seen_at=_NOW),
        reachable=True,
        retention_days=7,
        free_tier=None,
    )


@pytest.mark.parametrize(
    ("vip", "status", "service"),
    [
        (True, 1, Service.ACTIVE),
        ("true", None, Service.ACTIVE),
        (False, 1, Service.EXPIRED),
        (False, "1", Service.EXPIRED),
        (0, 0, Service.NEVER_BOUGHT),
        (False, None, Service.NEVER_BOUGHT),
        (False, 5, Service.NEVER_BOUGHT),
        (False, 2, Service.UNKNOWN),
        (False, "odd", Service.UNKNOWN),
        (False, [], Service.UNKNOWN),
        (None, 0, Service.UNKNOWN),
        ("perhaps", 1, Service.UNKNOWN),
        (2, 0, Service.UNKNOWN),
    ],
)
def test_whether_a_plan_runs(vip: object, status: object, service: Service) -> None:
    assert _read(vip=vip, status=status).service is service


def test_a_missing_status_of_a_plan_that_does_not_run() -> None:
    reading = read_plan({"vip": False}, _NOW)
    assert reading == PlanReading(read_at=_NOW, service=Service.NEVER_BOUGHT)
    assert read_plan({}, _NOW) == PlanReading(read_at=_NOW, service=Service.UNKNOWN)


@pytest.mark.parametrize(
    ("changes", "source", "says"),
    [
        ({"isRenew": False, "renewStatus": True}, "isRenew", False),
        ({"isRenew": "1"}, "isRenew", True),
        ({"isRenew": None, "renewStatus": True}, "isRenew", None),
        ({"isRenew": "odd", "renewStatus": False}, "isRenew", None),
    ],
)
def test_who_speaks_about_renewal(
    changes: dict[str, object], source: str, says: bool | None
) -> None:
    assert _read(**changes).renewal == Witness(source=source, says=says, seen_at=_NOW)


def test_the_other_field_speaks_only_where_the_first_is_absent() -> None:
    assert _without("isRenew").renewal == Witness(source="renewStatus", says=True, seen_at=_NOW)
    assert _without("isRenew", "renewStatus").renewal is None


def test_the_names_of_fields_as_mended() -> None:
    reading = read_plan(
        {
            "vip": False,
            "packageType": "Mended",
            "freeHomeSurStatus": True,
            "freeHomeSurExpireTime": _END,
        },
        _NOW,
    )
    assert reading.name == "Mended"
    assert reading.free_tier == FreeTier(clips=True, until=datetime.fromtimestamp(_END / 1000, UTC))


@pytest.mark.parametrize(
    ("name", "trial"),
    [
        ("7-day cloud storage, 30-day Trial", True),
        ("7天云存储 30天试用", True),
        ("雲存儲試用", True),
        ("7-day cloud storage", False),
        ("", False),
        (None, False),
        (["trial"], False),
    ],
)
def test_a_trial_is_told_by_its_name(name: object, trial: bool) -> None:
    assert _read(pacakgeType=name).trial is trial


@pytest.mark.parametrize(
    ("closed", "reachable"), [(False, True), (True, False), (None, None), ("odd", None)]
)
def test_whether_recordings_can_be_reached(closed: object, reachable: bool | None) -> None:
    assert _read(closeWindow=closed).reachable is reachable


def test_not_told_whether_recordings_can_be_reached() -> None:
    assert _without("closeWindow").reachable is None


@pytest.mark.parametrize(
    ("limited", "until", "free"),
    [
        (False, 0, FreeTier(clips=True)),
        (False, None, FreeTier(clips=True)),
        (True, _END, FreeTier(clips=True, until=datetime.fromtimestamp(_END / 1000, UTC))),
        (True, str(_END), FreeTier(clips=True, until=datetime.fromtimestamp(_END / 1000, UTC))),
        (True, -2, FreeTier(clips=False)),
        (True, "-2", FreeTier(clips=False)),
        (False, -1, FreeTier(clips=False)),
        (None, -1, FreeTier(clips=False)),
        (True, 0, None),
        (True, None, None),
        (True, "odd", None),
        (True, -7, None),
        (None, _END, None),
        ("odd", 0, None),
    ],
)
def test_what_is_kept_without_a_plan(limited: object, until: object, free: FreeTier | None) -> None:
    reading = _read(vip=False, freeHomSurStatus=limited, freeHomeSurExpireTime=until)
    assert reading.free_tier == free
    # It is said of cameras without a plan only.
    assert _read(freeHomSurStatus=limited, freeHomeSurExpireTime=until).free_tier is None


@given(st.dictionaries(st.sampled_from(sorted(_PLAN)), JSON))
def test_no_plan_object_makes_reading_fail_or_invent(fields: dict[str, object]) -> None:
    reading = read_plan(fields, _NOW)
    # Whatever is said was said by a field that is there.
    for told, name in (
        (reading.name, "pacakgeType"),
        (reading.starts_at, "startTime"),
        (reading.ends_at, "endTime"),
        (reading.reachable, "closeWindow"),
        (reading.retention_days, "rollingSaveInterval"),
    ):
        assert told is None or fields[name] is not None
    # Yes and no are read from single values only, never from their absence or a list.
    if reading.service is not Service.UNKNOWN:
        assert isinstance(fields["vip"], bool | int | float | str)
    if reading.renewal is not None and reading.renewal.says is not None:
        assert isinstance(fields[reading.renewal.source], bool | int | float | str)
    # What has calls of its own is not taken from here.
    assert (reading.second_witness, reading.storage_used_mb, reading.uploads) == (None, None, None)


def test_what_can_be_read_and_changed(mei: XiaomiCloud) -> None:
    provider: PlanProvider = mei
    assert provider.maker == "Xiaomi"
    assert provider.capabilities.cancel is CancelWay.GUIDED
    assert Readable.AUTO_RENEWAL in provider.capabilities.readable


@pytest.mark.parametrize("name", shipped_worlds())
async def test_every_state_a_world_promises_is_read(http: aiohttp.ClientSession, name: str) -> None:
    world = load_world(name)
    checked = 0
    async with running(world) as sim:
        for user_id, account in world.accounts.items():
            cloud = connect(sim, http, credentials_of(sim, user_id))
            cameras = await cloud.list_cameras()
            readings = await cloud.read_plans(
                cameras, {camera.camera_id: Detail.SECOND_WITNESS for camera in cameras}
            )
            for camera in cameras:
                expect = world.cameras[camera.camera_id].expect
                reading = readings[camera.camera_id]
                assert isinstance(reading, PlanReading)
                if expect is None or not camera.is_owned:
                    continue
                view = PlanView(
                    camera=camera, reading=reading, channel=default_channel(account.region)
                )
                assert view.status(clock.now()) == expect.plan_status, camera.name
                if expect.auto_renewal is not None:
                    assert view.renewal is Renewal(expect.auto_renewal), camera.name
                if expect.days_remaining is not None:
                    assert view.days_remaining(clock.now()) == expect.days_remaining
                checked += 1
    assert checked == sum(camera.expect is not None for camera in world.cameras.values())
