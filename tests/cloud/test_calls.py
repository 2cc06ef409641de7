"""Signed calls: every answer of the catalogue, and renewal without the owner."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partialmethod

import aiohttp
from aiohttp import web
import pytest

from custom_components.camera_cloud_plan.cloud.errors import (
    ApiError,
    BrowserNeededError,
    CaptchaNeededError,
    CloudError,
    CodeNeededError,
    RateLimitedError,
    RefusedError,
    SessionRefusedError,
    SignatureRefusedError,
    SignInNeededError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.camera_cloud_plan.cloud.provider import Detail
from custom_components.camera_cloud_plan.cloud.xiaomi import (
    REGIONS,
    XiaomiCloud,
    XiaomiCredentials,
    transport,
)
from custom_components.camera_cloud_plan.cloud.xiaomi.account import RENEWALS_A_DAY
from custom_components.camera_cloud_plan.cloud.xiaomi.credentials import ServiceSession
from custom_components.camera_cloud_plan.plan import PlanReading, Service, clock
from simulator.answers import ExpiredShape
from simulator.faults import Trouble
from simulator.generate import generate_world
from simulator.hosts import HostKind
from simulator.protocol import Flaw
from simulator.server import RunningSimulator, running
from simulator.worldfile import build_world
from tests.cloud.helpers import (
    ACCOUNT,
    CAPACITY,
    DEVICE_ID,
    FRONT_DOOR,
    HOMES,
    MEI,
    MEI_BERLIN,
    ORDERS,
    SIGN_IN,
    STATUS,
    SUPPORT,
    UPLOAD,
    connect,
    credentials_of,
)

_ALL = Detail.STORAGE_USED | Detail.UPLOAD | Detail.SECOND_WITNESS


@pytest.mark.parametrize("region", REGIONS)
async def test_every_region_has_its_own_hosts(http: aiohttp.ClientSession, region: str) -> None:
    async with running(build_world(generate_world(3, regions=[region]))) as sim:
        [user_id] = sim.world.accounts
        cloud = connect(sim, http, credentials_of(sim, user_id), regions=[region])
        cameras = await cloud.list_cameras()
        readings = await cloud.read_plans(cameras, {c.camera_id: _ALL for c in cameras})
        assert {camera.region for camera in cameras} == {region}
        assert len(readings) == len(cameras) == 3
        assert all(isinstance(reading, PlanReading) for reading in readings.values())
        called = {host for host, _, _ in sim.requests.counts}
    prefix = "" if region == "cn" else f"{region}."
    assert called == {f"{prefix}api.io.mi.com", f"{prefix}business.smartcamera.api.io.mi.com"}


@pytest.mark.parametrize("shape", list(ExpiredShape))
async def test_every_shape_of_expiry_is_renewed_out_of_sight(
    sim: RunningSimulator, http: aiohttp.ClientSession, shape: ExpiredShape
) -> None:
    kept: list[XiaomiCredentials] = []
    before = credentials_of(sim, MEI)
    cloud = connect(sim, http, before, regions=("cn",), on_renewed=kept.append)
    sim.sessions.expire(shape=shape)
    assert await cloud.list_cameras()
    assert sim.requests.total(path=SIGN_IN) == 1
    after = kept[-1]
    assert after == cloud.credentials
    assert before.session is not None
    assert after.session is not None
    # Both secrets were replaced, together, and the maker's new pass token kept.
    assert after.session.service_token != before.session.service_token
    assert after.session.ssecurity != before.session.ssecurity
    assert after.pass_token != before.pass_token
    assert (after.user_id, after.device_id) == (before.user_id, before.device_id)


async def test_what_was_kept_works_after_a_restart(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    kept: list[XiaomiCredentials] = []
    cloud = connect(sim, http, credentials_of(sim, MEI), regions=("cn",), on_renewed=kept.append)
    sim.sessions.expire()
    await cloud.list_cameras()
    sim.requests.reset()
    stored = XiaomiCredentials.from_dict(kept[-1].as_dict())
    assert await connect(sim, http, stored, regions=("cn",)).list_cameras()
    assert sim.requests.total(host=ACCOUNT) == 0


async def test_an_account_without_a_session_gets_one(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud = connect(sim, http, credentials_of(sim, MEI, session=False), regions=("cn",))
    assert await cloud.list_cameras()
    assert sim.requests.total(path=SIGN_IN) == 1


@pytest.mark.parametrize("at_once", [True, False])
async def test_many_expired_calls_make_one_renewal(
    http: aiohttp.ClientSession, at_once: bool
) -> None:
    async with running(build_world(generate_world(40, regions=["cn"]))) as sim:
        [user_id] = sim.world.accounts
        kept: list[XiaomiCredentials] = []
        cloud = connect(
            sim, http, credentials_of(sim, user_id), regions=["cn"], on_renewed=kept.append
        )
        cameras = await cloud.list_cameras()
        sim.sessions.expire()
        if at_once:
            polls = [cloud.read_plans([camera], {}) for camera in cameras]
            answers = await asyncio.gather(*polls)
            readings = {key: value for answer in answers for key, value in answer.items()}
        else:
            readings = dict(await cloud.read_plans(cameras, {}))
        assert all(isinstance(reading, PlanReading) for reading in readings.values())
        assert sim.requests.total(path=SIGN_IN) == 1
        # One for the new pass token, one for the session.
        assert len(kept) == 2
        assert len(readings) == 40


async def test_a_session_refused_straight_after_its_renewal_is_no_loop(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    sim.faults.add(Trouble.EXPIRED_TOKEN)
    with pytest.raises(SessionRefusedError):
        await mei.list_cameras()
    with pytest.raises(SessionRefusedError):
        await mei.list_cameras()
    assert sim.requests.total(path=SIGN_IN) == 1


class _Clock:
    """A clock that a test moves on by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta(0)
        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + self.ahead)


async def test_renewals_keep_a_pace(
    sim: RunningSimulator, mei: XiaomiCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = _Clock(monkeypatch)
    # Half a day behind, later half a day ahead: never further from the maker than is corrected.
    moved.ahead = timedelta(hours=-12)
    for _ in range(RENEWALS_A_DAY):
        sim.sessions.expire()
        assert await mei.list_cameras()
        moved.ahead += timedelta(minutes=2)
    sim.sessions.expire()
    with pytest.raises(SessionRefusedError, match="used up"):
        await mei.list_cameras()
    assert sim.requests.total(path=SIGN_IN) == RENEWALS_A_DAY
    moved.ahead += timedelta(hours=23, minutes=37)
    assert await mei.list_cameras()


async def test_a_clock_set_back_does_not_stop_renewals(
    sim: RunningSimulator, mei: XiaomiCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = _Clock(monkeypatch)
    sim.sessions.expire()
    assert await mei.list_cameras()
    moved.ahead = timedelta(hours=-3)
    sim.sessions.expire()
    assert await mei.list_cameras()


async def test_a_pass_token_no_longer_good_needs_the_owner(
    sim: RunningSimulator, mei: XiaomiCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = _Clock(monkeypatch)
    sim.sessions.expire(pass_tokens=True)
    for _ in range(3):
        with pytest.raises(RefusedError) as raised:
            await mei.list_cameras()
        assert raised.value.code == 70016
    # Asked once, not with every poll.
    assert sim.requests.total(path=SIGN_IN) == 1
    moved.ahead = timedelta(minutes=2)
    with pytest.raises(RefusedError):
        await mei.list_cameras()
    assert sim.requests.total(path=SIGN_IN) == 2


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (70016, RefusedError),
        (70002, RefusedError),
        (350008, RefusedError),
        (87001, CaptchaNeededError),
        (81003, CodeNeededError),
        (20023, RateLimitedError),
        (10017, ApiError),
    ],
)
async def test_a_renewal_answered_with_a_code(
    sim: RunningSimulator, mei: XiaomiCloud, code: int, error: type[CloudError]
) -> None:
    sim.sessions.expire()
    sim.faults.add(Trouble.ACCOUNT_CODE, code=code)
    with pytest.raises(error):
        await mei.list_cameras()
    assert {path for host, path, _ in sim.requests.counts if host == ACCOUNT} == {SIGN_IN}


async def test_a_renewal_that_wants_a_code_sends_none(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    sim.sessions.expire()
    sim.faults.add(Trouble.VERIFICATION_NEEDED)
    with pytest.raises(CodeNeededError):
        await mei.list_cameras()
    assert {path for host, path, _ in sim.requests.counts if host == ACCOUNT} == {SIGN_IN}


async def test_a_renewal_answered_with_a_page_wants_the_owner(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    sim.sessions.expire()
    sim.faults.add(Trouble.HTML, host=HostKind.ACCOUNT)
    with pytest.raises(BrowserNeededError):
        await mei.list_cameras()


@pytest.mark.parametrize(
    "fault",
    [
        {"trouble": Trouble.DROPPED},
        {"trouble": Trouble.HTTP_STATUS, "status": 403},
        {"trouble": Trouble.HTTP_STATUS, "status": 500},
        {"trouble": Trouble.HTTP_STATUS, "status": 503},
        {"trouble": Trouble.LATENCY, "seconds": 30},
    ],
)
async def test_an_account_host_in_trouble_says_nothing_about_the_account(
    sim: RunningSimulator,
    mei: XiaomiCloud,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, str | int],
) -> None:
    moved = _Clock(monkeypatch)
    cameras = await mei.list_cameras()
    sim.sessions.expire()
    struck = sim.faults.add(str(fault["trouble"]), _params(fault), host=HostKind.ACCOUNT)
    impatient = partialmethod(transport.Transport.send, patience=0.3)
    with monkeypatch.context() as hurried:
        hurried.setattr(transport.Transport, "send", impatient)
        with pytest.raises(UnreachableError):
            await mei.read_plans(cameras, {})
    # Not one try for every camera. (On a kept connection that breaks, aiohttp asks once more.)
    assert sim.requests.total(host=ACCOUNT) <= 2
    sim.faults.remove(struck)
    moved.ahead = timedelta(minutes=2)
    readings = await mei.read_plans(cameras, {})
    assert all(isinstance(reading, PlanReading) for reading in readings.values())


def _params(fault: dict[str, str | int]) -> dict[str, str | int]:
    return {key: value for key, value in fault.items() if key != "trouble"}


async def test_a_rejected_last_step_of_a_renewal(sim: RunningSimulator, mei: XiaomiCloud) -> None:
    sim.sessions.expire()
    sim.faults.add(Trouble.STS_REFUSED)
    with pytest.raises(RefusedError):
        await mei.list_cameras()


async def test_a_pass_token_is_kept_though_the_renewal_fails_later(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    kept: list[XiaomiCredentials] = []
    before = credentials_of(sim, MEI)
    cloud = connect(sim, http, before, regions=("cn",), on_renewed=kept.append)
    sim.sessions.expire()
    sim.faults.add(Trouble.STS_WITHOUT_TOKEN)
    with pytest.raises(UnexpectedAnswerError):
        await cloud.list_cameras()
    [after] = kept
    assert after.pass_token != before.pass_token
    assert after.session == before.session


async def _renewed_by(
    http: aiohttp.ClientSession, *said: dict[str, object]
) -> tuple[XiaomiCloud, list[str], CloudError]:
    """Let an account host of the test's own making renew.

    Returns the client, the cookies by which the host was asked, and what came of it: the
    session is no good afterwards either.
    """
    asked: list[str] = []
    answers = iter(said)

    async def serve(request: web.Request) -> web.Response:
        if request.path == SIGN_IN:
            asked.append(request.headers["Cookie"])
            return web.json_response(_SIGNED_IN | next(answers))
        if request.path == "/sts":
            token = request.query["token"]
            return web.Response(headers={"Set-Cookie": f"serviceToken={token}"})
        return web.json_response({"code": 3, "message": "serviceToken expired"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        cloud = XiaomiCloud(
            http,
            XiaomiCredentials(
                user_id="1",
                c_user_id=None,
                pass_token="V1:old",
                device_id=DEVICE_ID,
                session=ServiceSession(
                    ssecurity=_SSECURITY, service_token="old", issued_at=datetime.now(UTC)
                ),
            ),
            regions=["cn"],
            gateway=f"http://127.0.0.1:{runner.addresses[0][1]}",
        )
        with pytest.raises(CloudError) as raised:
            await cloud.list_cameras()
    finally:
        await runner.cleanup()
    return cloud, asked, raised.value


_SSECURITY = "ABEiM0RVZneImaq7zN3u/w=="
_SIGNED_IN: dict[str, object] = {
    "code": 0,
    "location": "https://sts.api.io.mi.com/sts?token=new",
    "ssecurity": _SSECURITY,
    "nonce": 1,
    "userId": 1,
}


async def test_a_renewal_sends_the_pass_token_and_no_other_secret(
    http: aiohttp.ClientSession,
) -> None:
    cloud, asked, error = await _renewed_by(http, {})
    assert isinstance(error, SessionRefusedError)
    assert asked == [f"userId=1; passToken=V1:old; deviceId={DEVICE_ID}"]
    # Without a new pass token the old one stays.
    assert cloud.credentials.pass_token == "V1:old"
    assert cloud.credentials.session is not None
    assert cloud.credentials.session.service_token == "new"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"userId": 2, "passToken": "V1:anothers"}, UnexpectedAnswerError),
        ({"location": "https://sts.api.io.mi.com/sts?token=old"}, SessionRefusedError),
        ({"location": ""}, UnexpectedAnswerError),
        ({"location": None, "code": None}, UnexpectedAnswerError),
        ({"location": "https://evil.example/"}, UnexpectedAnswerError),
        ({"ssecurity": "short"}, UnexpectedAnswerError),
        ({"location": "", "notificationUrl": "/fe/service/bindPhone"}, BrowserNeededError),
        ({"location": "", "notificationUrl": "/identity/authStart?c=1"}, CodeNeededError),
    ],
)
async def test_a_renewal_that_makes_no_sense_changes_nothing(
    http: aiohttp.ClientSession, said: dict[str, object], expected: type[CloudError]
) -> None:
    cloud, _, error = await _renewed_by(http, said)
    assert type(error) is expected
    assert cloud.credentials.pass_token == "V1:old"
    assert cloud.credentials.session is not None
    assert cloud.credentials.session.service_token == "old"


async def test_a_wrong_clock_is_corrected_by_the_makers_own(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    sim.faults.add(Trouble.CLOCK_SKEW, seconds=3 * 3600)
    assert await mei.list_cameras()
    # Seen once from the refusal of the first call, then right; and nothing was renewed.
    assert [refusal.flaw for refusal in sim.requests.refusals] == [Flaw.STALE_NONCE]
    assert sim.requests.total(path=SIGN_IN) == 0
    assert mei._account.transport.clock.seconds_ahead == pytest.approx(3 * 3600, abs=5)


async def test_a_small_difference_is_not_corrected(sim: RunningSimulator, mei: XiaomiCloud) -> None:
    sim.faults.add(Trouble.CLOCK_SKEW, seconds=20)
    assert await mei.list_cameras()
    assert not sim.requests.refusals


async def test_an_absurd_clock_is_reported_not_followed(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    sim.faults.add(Trouble.CLOCK_SKEW, seconds=400 * 86400)
    with pytest.raises(SignatureRefusedError) as raised:
        await mei.list_cameras()
    assert raised.value.clock_offset == pytest.approx(400 * 86400, abs=5)
    assert sim.requests.total(path=SIGN_IN) == 1


async def test_a_signature_refused_once_is_renewed_out_of_sight(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    sim.faults.add(Trouble.INVALID_SIGNATURE, count=1)
    assert await mei.list_cameras()
    assert sim.requests.total(path=SIGN_IN) == 1


async def test_a_signature_refused_for_good_is_no_loop(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    sim.faults.add(Trouble.INVALID_SIGNATURE)
    with pytest.raises(SignatureRefusedError):
        await mei.list_cameras()
    assert sim.requests.total(path=SIGN_IN) == 1
    assert sim.requests.total(path=HOMES) == 2


@pytest.mark.parametrize("status", [403, 500, 502, 503, 504])
async def test_a_host_in_trouble_is_unreachable(
    sim: RunningSimulator, mei: XiaomiCloud, status: int
) -> None:
    sim.faults.add(Trouble.HTTP_STATUS, host=HostKind.API, status=status)
    with pytest.raises(UnreachableError) as raised:
        await mei.list_cameras()
    assert raised.value.host == "api.io.mi.com"
    assert sim.requests.total(host=ACCOUNT) == 0


@pytest.mark.parametrize(("said", "wait"), [(120, 120.0), (0, None), (10**7, 86400.0)])
async def test_a_host_that_asks_to_wait(
    sim: RunningSimulator, mei: XiaomiCloud, said: int, wait: float | None
) -> None:
    sim.faults.add(Trouble.HTTP_STATUS, host=HostKind.API, status=429, retry_after=said)
    with pytest.raises(RateLimitedError) as raised:
        await mei.list_cameras()
    assert raised.value.retry_after == wait


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (Trouble.DROPPED, UnreachableError),
        (Trouble.HTML, UnexpectedAnswerError),
        (Trouble.TRUNCATED_CIPHER, UnexpectedAnswerError),
        (Trouble.GARBAGE_CIPHER, UnexpectedAnswerError),
        (Trouble.API_ERROR, ApiError),
        (Trouble.NULL_DATA, UnexpectedAnswerError),
        (Trouble.WRONG_TYPES, UnexpectedAnswerError),
        (Trouble.MISSING_KEYS, UnexpectedAnswerError),
    ],
)
async def test_an_odd_list_is_an_error_and_never_fewer_cameras(
    sim: RunningSimulator, mei: XiaomiCloud, trouble: Trouble, error: type[CloudError]
) -> None:
    sim.faults.add(trouble, host=HostKind.API)
    with pytest.raises(error):
        await mei.list_cameras()
    assert sim.requests.total(host=ACCOUNT) == 0


async def test_gzip_nobody_asked_for(sim: RunningSimulator, mei: XiaomiCloud) -> None:
    sim.faults.add(Trouble.GZIP_INSIDE)
    assert await mei.list_cameras()


async def test_an_answer_too_long_for_the_loop_is_opened_beside_it(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.camera_cloud_plan.cloud.xiaomi.rc4.INLINE_LIMIT", 100)
    aside = []
    to_thread = asyncio.to_thread

    async def watched(*args: object, **kwargs: object) -> object:
        aside.append(args)
        return await to_thread(*args, **kwargs)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(asyncio, "to_thread", watched)
    async with running(build_world(generate_world(30, regions=["cn"]))) as sim:
        [user_id] = sim.world.accounts
        cloud = connect(sim, http, credentials_of(sim, user_id), regions=["cn"])
        assert len(await cloud.list_cameras()) == 30
    assert aside


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"trouble": Trouble.API_ERROR}, ApiError),
        ({"trouble": Trouble.HTML}, UnexpectedAnswerError),
        ({"trouble": Trouble.TRUNCATED_CIPHER}, UnexpectedAnswerError),
        ({"trouble": Trouble.GARBAGE_CIPHER}, UnexpectedAnswerError),
        ({"trouble": Trouble.DROPPED}, UnreachableError),
        ({"trouble": Trouble.HTTP_STATUS, "status": 502}, UnreachableError),
    ],
)
async def test_one_failing_camera_hides_no_other(
    sim: RunningSimulator,
    mei: XiaomiCloud,
    fault: dict[str, str | int],
    error: type[CloudError],
) -> None:
    cameras = await mei.list_cameras()
    sim.faults.add(str(fault["trouble"]), _params(fault), did=FRONT_DOOR)
    readings = dict(await mei.read_plans(cameras, {}))
    assert set(readings) == {camera.camera_id for camera in cameras}
    assert isinstance(readings.pop(FRONT_DOOR), error)
    assert all(isinstance(reading, PlanReading) for reading in readings.values())


@pytest.mark.parametrize("trouble", [Trouble.NULL_DATA, Trouble.MISSING_KEYS])
async def test_a_plan_without_content_is_unknown(
    sim: RunningSimulator, mei: XiaomiCloud, trouble: Trouble
) -> None:
    cameras = await mei.list_cameras()
    sim.faults.add(trouble, path=STATUS)
    for reading in (await mei.read_plans(cameras, {})).values():
        assert isinstance(reading, PlanReading)
        assert reading.service is Service.UNKNOWN
        assert reading.renewal is None
        assert reading.ends_at is None


async def test_numbers_and_truth_values_written_as_text(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    cameras = await mei.list_cameras()
    proper = (await mei.read_plans(cameras, {}))[FRONT_DOOR]
    sim.faults.add(Trouble.WRONG_TYPES, path=STATUS)
    odd = (await mei.read_plans(cameras, {}))[FRONT_DOOR]
    assert isinstance(proper, PlanReading)
    assert isinstance(odd, PlanReading)
    assert (odd.service, odd.ends_at, odd.retention_days, odd.reachable) == (
        proper.service,
        proper.ends_at,
        proper.retention_days,
        proper.reachable,
    )
    assert odd.renewal is not None
    assert proper.renewal is not None
    assert odd.renewal.says is proper.renewal.says is not None
    assert proper.name is not None
    assert odd.name is None  # a list there


async def test_a_detail_that_fails_leaves_the_plan(sim: RunningSimulator, mei: XiaomiCloud) -> None:
    cameras = await mei.list_cameras()
    for path in (CAPACITY, UPLOAD, ORDERS):
        sim.faults.add(Trouble.API_ERROR, path=path)
    readings = await mei.read_plans(cameras, {FRONT_DOOR: _ALL})
    reading = readings[FRONT_DOOR]
    assert isinstance(reading, PlanReading)
    assert reading.service is Service.ACTIVE
    assert reading.storage_used_mb is None
    assert reading.uploads is None
    assert reading.second_witness is not None
    assert reading.second_witness.says is None


@pytest.mark.parametrize("path", [CAPACITY, UPLOAD, ORDERS])
async def test_a_detail_that_asks_to_wait_stops_the_asking(
    sim: RunningSimulator, mei: XiaomiCloud, path: str
) -> None:
    cameras = await mei.list_cameras()
    sim.faults.add(Trouble.HTTP_STATUS, path=path, status=429)
    with pytest.raises(RateLimitedError):
        await mei.read_plans([c for c in cameras if c.camera_id == FRONT_DOOR], {FRONT_DOOR: _ALL})


async def test_details_are_asked_only_where_they_are_wanted(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    cameras = await mei.list_cameras()
    sim.requests.reset()
    readings = await mei.read_plans(cameras, {FRONT_DOOR: _ALL})
    assert sim.requests.total(path=STATUS) == len(cameras)
    for path in (CAPACITY, UPLOAD, ORDERS):
        assert sim.requests.total(path=path) == 1
    wanted = readings[FRONT_DOOR]
    assert isinstance(wanted, PlanReading)
    assert wanted.storage_used_mb == sim.world.cameras[FRONT_DOOR].storage_used_mb
    assert wanted.uploads is True
    assert wanted.second_witness is not None
    assert wanted.second_witness.says is True
    others = [readings[c.camera_id] for c in cameras if c.camera_id != FRONT_DOOR]
    assert all(isinstance(r, PlanReading) and r.second_witness is None for r in others)


async def test_nothing_reachable_at_all_is_one_error(http: aiohttp.ClientSession) -> None:
    async with running(build_world(generate_world(40, regions=["cn"]))) as sim:
        [user_id] = sim.world.accounts
        cloud = connect(sim, http, credentials_of(sim, user_id), regions=["cn"])
        cameras = await cloud.list_cameras()
        sim.requests.reset()
        sim.faults.add(Trouble.HTTP_STATUS, host=HostKind.CAMERA, status=503)
        with pytest.raises(UnreachableError):
            await cloud.read_plans(cameras, {})
        # The rest of the region is not tried once several cameras in a row failed.
        assert sim.requests.total() < 10


async def test_an_error_of_every_camera_is_still_each_ones_own(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    cameras = await mei.list_cameras()
    sim.faults.add(Trouble.API_ERROR, path=STATUS)
    readings = await mei.read_plans(cameras, {})
    assert all(isinstance(reading, ApiError) for reading in readings.values())


async def test_a_region_that_asks_to_wait_does_not_stop_another(
    http: aiohttp.ClientSession,
) -> None:
    async with running(build_world(generate_world(20, regions=["cn", "de"]))) as sim:
        [user_id] = sim.world.accounts
        cloud = connect(sim, http, credentials_of(sim, user_id), regions=["cn", "de"])
        cameras = await cloud.list_cameras()
        asked = next(c for c in cameras if c.region == "de")
        sim.requests.reset()
        sim.faults.add(
            Trouble.HTTP_STATUS, path=STATUS, did=asked.camera_id, status=429, retry_after=60
        )
        readings = await cloud.read_plans(cameras, {})
        waiting = {k for k, v in readings.items() if isinstance(v, RateLimitedError)}
        assert asked.camera_id in waiting
        assert waiting <= {c.camera_id for c in cameras if c.region == "de"}
        assert sim.requests.total(host="de.business.smartcamera.api.io.mi.com") < 10
        assert sim.requests.total(host="business.smartcamera.api.io.mi.com") == 10


async def test_signing_in_needed_during_a_poll_is_told_once(
    sim: RunningSimulator, mei: XiaomiCloud
) -> None:
    cameras = await mei.list_cameras()
    sim.sessions.expire(pass_tokens=True)
    sim.requests.reset()
    with pytest.raises(SignInNeededError):
        await mei.read_plans(cameras, {})
    assert sim.requests.total(path=SIGN_IN) == 1
    assert sim.requests.total(path=STATUS) <= 4


async def test_no_cameras_cost_nothing(sim: RunningSimulator, mei: XiaomiCloud) -> None:
    assert await mei.read_plans([], {}) == {}
    assert sim.requests.total() == 0


async def test_all_regions_are_asked_once_at_set_up(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud = connect(sim, http, credentials_of(sim, MEI_BERLIN), regions=())
    found = await cloud.cameras_by_region()
    assert tuple(found) == REGIONS
    assert {
        region: len(cameras) for region, cameras in found.items() if isinstance(cameras, tuple)
    } == {region: 5 if region == "de" else 0 for region in REGIONS}
    assert sim.requests.total(path=HOMES) == len(REGIONS)
    assert sim.requests.total(path=SUPPORT) == 0
    assert await cloud.list_cameras() == ()


async def test_a_region_that_fails_at_set_up_is_named(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud = connect(sim, http, credentials_of(sim, MEI), regions=())
    sim.faults.add(Trouble.HTTP_STATUS, host=HostKind.API, count=1, status=503)
    found = await cloud.cameras_by_region()
    failed = [error for error in found.values() if isinstance(error, CloudError)]
    assert len(failed) == 1
    assert isinstance(failed[0], UnreachableError)


async def test_an_owner_needed_at_set_up_is_told(
    sim: RunningSimulator, http: aiohttp.ClientSession
) -> None:
    cloud = connect(sim, http, credentials_of(sim, MEI))
    sim.sessions.expire(pass_tokens=True)
    with pytest.raises(RefusedError):
        await cloud.cameras_by_region()
    with pytest.raises(RefusedError):
        await cloud.list_cameras()
    assert sim.requests.total(path=SIGN_IN) == 1


async def test_no_more_than_four_calls_at_a_time(http: aiohttp.ClientSession) -> None:
    async with running(build_world(generate_world(24, regions=["cn"]))) as sim:
        [user_id] = sim.world.accounts
        cloud = connect(sim, http, credentials_of(sim, user_id), regions=["cn"])
        cameras = await cloud.list_cameras()
        sim.faults.add(Trouble.LATENCY, path=STATUS, seconds=0.1)
        begun = asyncio.get_running_loop().time()
        await asyncio.gather(*(cloud.read_plans(cameras[n::3], {}) for n in range(3)))
        took = asyncio.get_running_loop().time() - begun
    # 24 calls of a tenth of a second, four at a time.
    assert took >= 0.55
