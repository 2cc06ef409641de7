"""What goes wrong with one recording is told and ends there; what concerns all is waited out."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
import threading
from typing import Any

import pytest

from custom_components.camera_cloud_plan.cloud.errors import (
    ApiError,
    CloudError,
    DamagedFootageError,
    ForbiddenAddressError,
    NoConnectionError,
    RateLimitedError,
    RecordingGoneError,
    SessionRefusedError,
    SignInNeededError,
    TooLargeError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.camera_cloud_plan.cloud.recordings import Piece
from custom_components.camera_cloud_plan.export import (
    CameraExport,
    InterruptedExportError,
    Interruption,
    Pace,
    Phase,
    Progress,
    Reason,
)
from custom_components.camera_cloud_plan.export.manifest import Manifest
from custom_components.camera_cloud_plan.plan import Recording, RecordingKind, clock
from tests.export.footage import cut, fetched
from tests.export.maker import DAY, MadeFootage, Maker, clips, exporting, files, manifest, phases


class Sleeps:
    """Stands for `asyncio.sleep`: takes note, and lets the others run."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._sleep = asyncio.sleep

    async def __call__(self, seconds: float) -> None:
        if seconds:
            self.asked.append(seconds)
        await self._sleep(0.001 if seconds else 0)

    @property
    def waits(self) -> list[float]:
        return [seconds for seconds in self.asked if seconds >= 30]


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> Sleeps:
    """Let no wait take its time."""
    sleeps = Sleeps()
    monkeypatch.setattr(asyncio, "sleep", sleeps)
    return sleeps


@pytest.fixture
def maker() -> Maker:
    """Return a maker with two recordings."""
    maker = Maker()
    maker.holds("one")
    maker.holds("two")
    return maker


async def interrupted(maker: Maker, root: Path, **how: Any) -> InterruptedExportError:
    with pytest.raises(InterruptedExportError) as caught:
        await exporting(maker, root, **how).run()
    return caught.value


@pytest.mark.parametrize(
    ("error", "expires", "reason", "tries"),
    [
        (RecordingGoneError(), DAY, Reason.REFUSED, 3),
        (RecordingGoneError(), None, Reason.REFUSED, 3),
        (DamagedFootageError("cut off"), DAY, Reason.DAMAGED, 3),
        (TooLargeError(), DAY, Reason.TOO_LARGE, 3),
        (ForbiddenAddressError("not https"), DAY, Reason.FORBIDDEN_ADDRESS, 1),
        (ApiError("/x", -6), DAY, Reason.REFUSED, 3),
        (UnexpectedAnswerError("host", "HTML"), DAY, Reason.REFUSED, 3),
        (UnreachableError("host", "503"), DAY, Reason.UNREACHABLE, 6),
    ],
)
async def test_one_bad_recording_ends_alone(  # noqa: PLR0913, PLR0917 - a table's columns
    maker: Maker,
    tmp_path: Path,
    sleeps: Sleeps,
    error: CloudError,
    expires: timedelta | None,
    reason: Reason,
    tries: int,
) -> None:
    bad = maker.holds("bad", error, expires=expires)
    result = await exporting(maker, tmp_path).run()
    assert [(each.file_id, each.reason) for each in result.missing] == [("bad", reason)]
    assert result.tally.saved == 2
    assert (result.tally.expired, result.is_whole) == (0, False)
    assert maker.opened.count("bad") == tries
    [line] = [line for line in manifest(tmp_path) if line["line"] == "missing"]
    assert line["reason"] == reason
    assert line["created_at"] == bad.created_at.isoformat()
    # It is tried again when asked again.
    maker.footage["bad"] = maker.footage["one"]
    result = await exporting(maker, tmp_path, job_id="job-2").run()
    assert (result.tally.already, result.tally.saved) == (2, 1)


async def test_gone_is_expired_only_when_its_time_is_over(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = maker.holds("bad", expires=timedelta(minutes=1))
    assert bad.expires_at
    over = bad.expires_at

    async def late(_: object) -> None:
        monkeypatch.setattr(clock, "now", lambda: over)
        raise RecordingGoneError

    maker.footage_of("bad").on_fetch = late
    result = await exporting(maker, tmp_path).run()
    assert [each.reason for each in result.missing] == [Reason.EXPIRED]
    assert maker.opened.count("bad") == 1
    assert result.is_whole


async def test_what_breaks_off_is_fetched_anew(maker: Maker, tmp_path: Path) -> None:
    maker.footage_of("one").errors = [
        UnreachableError("host", "reset"),
        DamagedFootageError("cut off"),
    ]
    result = await exporting(maker, tmp_path).run()
    assert result.tally.saved == 2
    assert maker.opened.count("one") == 3
    assert len(clips(tmp_path)) == 2


async def test_what_was_never_saved_comes_before_what_is_read_again(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await exporting(maker, tmp_path).run()
    damaged = clips(tmp_path)[0]
    damaged.write_bytes(bytes(reversed(damaged.read_bytes())))
    maker.holds("new", expires=9 * DAY)
    maker.opened.clear()
    opened_before: list[list[str]] = []
    is_there = Manifest.is_there

    def reading(manifest: Manifest, recording: Recording) -> bool:
        opened_before.append(list(maker.opened))
        return is_there(manifest, recording)

    monkeypatch.setattr(Manifest, "is_there", reading)
    told: list[Progress] = []
    result = await exporting(maker, tmp_path, job_id="job-2", on_progress=told.append).run()
    assert opened_before == [["new"], ["new"]]
    assert maker.opened == ["new", "one"]
    assert (result.tally.already, result.tally.saved, result.is_whole) == (1, 2, True)
    assert phases(told) == ["finding", "checking", "saving", "checking", "saving"]
    # Nothing counts as there before it was read, nor does it count for the time that is left.
    first = next(each for each in told if each.tally.saved == 1)
    assert (first.tally.already, first.percent, first.seconds_left) == (0, 33, 0)
    assert (told[-1].percent, told[-1].seconds_left) == (100, 0)


async def test_what_this_job_saved_counts_at_once_when_it_is_taken_up(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await exporting(maker, tmp_path).run()
    maker.holds("new")
    monkeypatch.delattr(Manifest, "is_there")
    told: list[Progress] = []
    assert (await exporting(maker, tmp_path, on_progress=told.append).run()).tally.already == 2
    assert {each.tally.already for each in told if each.phase is Phase.SAVING} == {2}


async def test_thousands_are_sorted_out_beside_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = Maker()
    for number in range(2000):
        maker.holds(str(number), ForbiddenAddressError("none is asked"), has_footage=False)
    threads = set[threading.Thread]()
    recording_key, count = Manifest.recording_key, CameraExport._count
    counted: list[int] = []

    def keyed(manifest: Manifest, recording: Recording) -> str:
        threads.add(threading.current_thread())
        return recording_key(manifest, recording)

    def counting(export: CameraExport, **more: Any) -> None:
        counted.append(more.get("event_only", 0))
        count(export, **more)

    monkeypatch.setattr(Manifest, "recording_key", keyed)
    monkeypatch.setattr(CameraExport, "_count", counting)
    result = await exporting(maker, tmp_path).run()
    assert result.tally.event_only == len(result.missing) == sum(counted) == 2000
    assert len([each for each in counted if each]) == 10
    assert threads
    assert threading.current_thread() not in threads


@pytest.mark.parametrize(
    "error", [ApiError("/x", -6), UnexpectedAnswerError("host", "HTML")], ids=["code", "page"]
)
async def test_refusals_one_after_another_are_not_the_recordings(
    tmp_path: Path, error: CloudError
) -> None:
    maker = Maker()
    for number in range(12):
        maker.holds(str(number), error)
    told: list[Progress] = []
    err = await interrupted(maker, tmp_path, on_progress=told.append)
    assert err.why is Interruption.MAKER_ERROR
    assert len(set(maker.opened)) == 11  # ten, and the one that is lost last
    assert told[-1].tally.failed == 0
    assert [line["line"] for line in manifest(tmp_path)] == ["header"]
    pieces = fetched(cut())
    maker.footage |= {each.file_id: MadeFootage(pieces) for each in maker.recordings}
    assert (await exporting(maker, tmp_path).run()).tally.saved == 12


async def test_many_that_are_refused_for_good_do_not_keep_the_others(tmp_path: Path) -> None:
    maker = Maker()
    for number in range(10):
        maker.holds(str(number), ApiError("playlist", -8))
    for number in range(10, 13):
        maker.holds(str(number))
    result = await exporting(maker, tmp_path).run()
    assert (result.tally.saved, result.tally.failed) == (3, 10)
    assert {missing.reason for missing in result.missing} == {Reason.REFUSED}


async def test_refusals_with_something_saved_between_are_the_recordings(tmp_path: Path) -> None:
    maker = Maker()
    for number in range(17):
        maker.holds(str(number), None if number == 8 else ApiError("/x", -6))
    result = await exporting(maker, tmp_path).run()
    assert (result.tally.saved, result.tally.failed) == (1, 16)
    assert len([line for line in manifest(tmp_path) if line["line"] == "missing"]) == 16
    assert len(result.missing) == 16


async def test_what_is_gone_one_after_another_ends_alone(tmp_path: Path) -> None:
    maker = Maker()
    for number in range(12):
        maker.holds(str(number), RecordingGoneError(), expires=None)
    result = await exporting(maker, tmp_path).run()
    assert (result.tally.failed, result.is_whole) == (12, False)


async def test_the_soonest_lost_comes_first(tmp_path: Path) -> None:
    maker = Maker()
    maker.holds("never", expires=None)
    maker.holds("late", expires=5 * DAY)
    maker.holds("soon", expires=DAY)
    await exporting(maker, tmp_path).run()
    assert maker.opened == ["soon", "late", "never"]


async def test_counts_are_facts(maker: Maker, tmp_path: Path) -> None:
    await exporting(maker, tmp_path).run()
    maker.holds("event", has_footage=False)
    maker.holds("gone", expires=-DAY)
    maker.holds("new")
    maker.holds("bad", ForbiddenAddressError("private"))
    maker.complete = False
    maker.opened.clear()
    result = await exporting(maker, tmp_path, job_id="job-2").run()
    tally = result.tally
    assert maker.opened == ["new", "bad"]
    assert (tally.listed, tally.settled) == (6, 6)
    assert (tally.event_only, tally.expired, tally.already, tally.saved, tally.failed) == (
        1,
        1,
        2,
        1,
        1,
    )
    assert not tally.complete
    assert not result.is_whole
    finished = manifest(tmp_path)[-1]
    assert finished["tally"]["listed"] == 6
    assert finished["tally"]["saved_bytes"] == tally.saved_bytes > 0


async def test_only_the_kinds_that_are_wanted(maker: Maker, tmp_path: Path) -> None:
    maker.holds("long", kind=RecordingKind.VIDEO)
    result = await exporting(maker, tmp_path, kinds=frozenset({RecordingKind.VIDEO})).run()
    assert maker.opened == ["long"]
    assert result.tally.listed == 1
    result = await exporting(maker, tmp_path, kinds=frozenset()).run()
    assert result.tally.listed == 0


@pytest.mark.parametrize("where", ["list", "open", "fetch"])
async def test_a_rate_limit_is_waited_out(
    maker: Maker, tmp_path: Path, sleeps: Sleeps, where: str
) -> None:
    errors: list[CloudError] = [
        RateLimitedError("host", 300.0),
        RateLimitedError("host"),
        RateLimitedError("host", 0.0),
    ]
    match where:
        case "list":
            maker.list_errors = errors
        case "open":
            maker.open_errors["one"] = errors
        case _:
            maker.footage_of("one").errors = errors
    told: list[Progress] = []
    result = await exporting(maker, tmp_path, on_progress=told.append).run()
    assert result.is_whole
    assert sleeps.waits == [300.0, 120.0, 240.0]
    waiting = [each for each in told if each.phase is Phase.WAITING]
    assert waiting
    assert all(each.waits_for is Interruption.RATE_LIMITED and each.until for each in waiting)
    assert phases(told)[-1] == "saving"
    assert told[-1].waits_for is None


async def test_a_rate_limit_that_does_not_end_ends_the_job(
    maker: Maker, tmp_path: Path, sleeps: Sleeps
) -> None:
    maker.open_errors["two"] = [RateLimitedError("host") for _ in range(100)]
    err = await interrupted(maker, tmp_path)
    assert err.why is Interruption.RATE_LIMITED
    assert sleeps.waits == [60, 120, 240, 480, 900, 900]
    assert len(clips(tmp_path)) == 1
    maker.open_errors.clear()
    maker.opened.clear()
    assert (await exporting(maker, tmp_path).run()).tally.already == 1
    assert maker.opened == ["two"]


async def test_a_long_wait_is_left_to_the_caller(maker: Maker, tmp_path: Path) -> None:
    maker.open_errors["one"] = [RateLimitedError("host", 7200.0)]
    err = await interrupted(maker, tmp_path)
    assert (err.why, err.retry_after) == (Interruption.RATE_LIMITED, 7200.0)


@pytest.mark.parametrize("where", ["list", "open"])
async def test_no_connection_is_waited_out(
    maker: Maker, tmp_path: Path, sleeps: Sleeps, where: str
) -> None:
    errors: list[CloudError] = [NoConnectionError("host", "no route") for _ in range(5)]
    if where == "list":
        maker.list_errors = errors
    else:
        maker.open_errors["one"] = errors
    assert (await exporting(maker, tmp_path).run()).is_whole
    assert sleeps.waits == [30, 60, 120, 240, 480]
    errors.extend(NoConnectionError("host", "no route") for _ in range(6))
    for number in range(3):
        maker.holds(f"more {number}")
    if where == "open":
        maker.open_errors["more 0"] = errors
    assert (await interrupted(maker, tmp_path)).why is Interruption.UNREACHABLE


async def test_footage_nobody_reaches_ends_the_job_and_not_the_recordings(
    tmp_path: Path, sleeps: Sleeps
) -> None:
    maker = Maker()
    pieces = fetched(cut())
    for number in range(40):
        maker.holds(str(number), pieces)
        maker.footage_of(str(number)).errors = [
            UnreachableError("storage", "time-out") for _ in range(100)
        ]
    err = await interrupted(maker, tmp_path)
    assert err.why is Interruption.UNREACHABLE
    assert sleeps.waits == [30, 60, 120, 240, 480]
    assert not [line for line in manifest(tmp_path) if line["line"] == "missing"]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (SignInNeededError(), Interruption.SIGN_IN_NEEDED),
        (SessionRefusedError("host", "refused"), Interruption.MAKER_ERROR),
        (CloudError("something"), Interruption.MAKER_ERROR),
    ],
)
@pytest.mark.parametrize("where", ["list", "open"])
async def test_what_concerns_all_ends_the_job_at_once(
    maker: Maker, tmp_path: Path, error: CloudError, why: Interruption, where: str
) -> None:
    if where == "list":
        maker.list_errors = [error]
    else:
        maker.open_errors["two"] = [error]
    assert (await interrupted(maker, tmp_path)).why is why
    assert len(clips(tmp_path)) == (where == "open")


async def test_a_thumbnail_is_no_condition(tmp_path: Path) -> None:
    maker = Maker()
    stills: list[Piece | CloudError] = [
        UnreachableError("host", "503"),
        Piece(data=b"<html>"),
        Piece(data=b"x" * 17, key=b"k" * 16, iv=b"i" * 16),
        Piece(data=b"\x89PNG\r\n\x1a\n..."),
    ]
    for number, still in enumerate(stills):
        maker.holds(str(number), thumbnail=still)
    assert (await exporting(maker, tmp_path).run()).tally.saved == 4
    pictures = [name for name in files(tmp_path) if ".details" in name and "json" not in name]
    assert [name[-6:] for name in pictures] == ["00.png"]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (RateLimitedError("host", 7200.0), Interruption.RATE_LIMITED),
        (SignInNeededError(), Interruption.SIGN_IN_NEEDED),
        (SessionRefusedError("host", "refused"), Interruption.MAKER_ERROR),
    ],
)
async def test_what_a_thumbnail_says_of_the_account_is_heard(
    tmp_path: Path, error: CloudError, why: Interruption
) -> None:
    maker = Maker()
    maker.holds("one", thumbnail=error)
    assert (await interrupted(maker, tmp_path)).why is why
    assert files(tmp_path) == ["Door/manifest.jsonl"]


@pytest.mark.parametrize("at_once", [1, 2, 4])
async def test_so_many_are_in_work_at_once(tmp_path: Path, at_once: int) -> None:
    maker = Maker()
    pieces = fetched(cut())
    now = most = 0

    async def on_fetch(_: object) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.2)
        now -= 1

    for number in range(8):
        maker.holds(str(number), pieces[:1])
        maker.footage_of(str(number)).on_fetch = on_fetch
    result = await exporting(maker, tmp_path, pace=Pace(at_once=at_once, pause=0)).run()
    assert result.tally.saved == 8
    assert most == at_once


async def test_the_maker_is_asked_politely(maker: Maker, tmp_path: Path, sleeps: Sleeps) -> None:
    await exporting(maker, tmp_path, pace=Pace()).run()
    assert [each for each in sleeps.asked if each == 1.5] == [1.5, 1.5]


async def test_progress_adds_up(maker: Maker, tmp_path: Path) -> None:
    told: list[Progress] = []

    async def slowly(_: object) -> None:
        await asyncio.sleep(1.3)

    maker.footage_of("two").on_fetch = slowly
    await exporting(maker, tmp_path, on_progress=told.append).run()
    assert told[0].percent is None
    assert (told[-1].percent, told[-1].seconds_left) == (100, 0)
    saving = [each for each in told if each.phase is Phase.SAVING][:-1]
    assert saving[-1].percent == 50
    assert saving[-1].clip == maker.recordings[1].created_at
    assert saving[-1].bytes_per_second
    assert saving[-1].seconds_left
    assert [each.tally.settled for each in told] == sorted(each.tally.settled for each in told)


async def test_an_estimate_downloads_and_writes_nothing(maker: Maker, tmp_path: Path) -> None:
    estimate = await exporting(maker, tmp_path).estimate()
    assert not files(tmp_path)
    assert not maker.opened
    assert (estimate.to_fetch, estimate.size) == (2, None)
    assert estimate.first_loss == maker.recordings[0].expires_at
    assert estimate.free > 0
    await exporting(maker, tmp_path).run()
    before = files(tmp_path)
    maker.holds("three")
    maker.holds("event", has_footage=False)
    maker.holds("gone", expires=-DAY)
    estimate = await exporting(maker, tmp_path).estimate()
    size = clips(tmp_path)[0].stat().st_size
    assert estimate.to_fetch == 1
    assert estimate.size == pytest.approx(size, abs=2)
    tally = estimate.tally
    assert (tally.listed, tally.already, tally.event_only, tally.expired) == (5, 2, 1, 1)
    maker.holds("long", kind=RecordingKind.VIDEO)
    assert (await exporting(maker, tmp_path).estimate()).size is None
    assert files(tmp_path) == before


async def test_an_estimate_says_what_is_wrong(maker: Maker, tmp_path: Path) -> None:
    for error, why in (
        (SignInNeededError(), Interruption.SIGN_IN_NEEDED),
        (RateLimitedError("host", 9.0), Interruption.RATE_LIMITED),
    ):
        maker.list_errors = [error]
        with pytest.raises(InterruptedExportError) as caught:
            await exporting(maker, tmp_path).estimate()
        assert caught.value.why is why
    with pytest.raises(InterruptedExportError) as caught:
        await exporting(maker, tmp_path / "missing").estimate()
    assert caught.value.why is Interruption.FOLDER_GONE


async def test_expiring_during_the_job(maker: Maker, tmp_path: Path) -> None:
    pieces = fetched(cut())
    maker.holds("soon", pieces, expires=timedelta(seconds=0.9))
    maker.holds("sooner", pieces, expires=timedelta(seconds=0.8))

    async def slowly(_: object) -> None:
        await asyncio.sleep(1.0)

    maker.footage_of("sooner").on_fetch = slowly
    result = await exporting(maker, tmp_path).run()
    assert [(each.file_id, each.reason) for each in result.missing] == [("soon", Reason.EXPIRED)]
    assert (result.tally.saved, result.tally.expired) == (3, 1)
    assert result.is_whole


def _cancel_at(step: int) -> Callable[[asyncio.Task[Any]], None]:
    """Return what cancels a task when the loop has run so many steps."""

    def later(task: asyncio.Task[Any], left: int = step) -> None:
        if left:
            asyncio.get_running_loop().call_soon(later, task, left - 1)
        else:
            task.cancel()

    return later


@pytest.mark.parametrize("part", range(4))
async def test_cancelled_anywhere_nothing_is_half_there(tmp_path: Path, part: int) -> None:
    pieces = fetched(cut())
    whole = Maker()
    whole.holds("one", pieces)
    for step in range(part, 80, 4):
        root = tmp_path / str(step)
        root.mkdir()
        task = asyncio.create_task(exporting(whole, root).run())
        _cancel_at(step)(task)
        await asyncio.wait([task])
        left = files(root)
        assert not [name for name in left if name.endswith(".part")], step
        assert len(asyncio.all_tasks()) == 1, step
        if clips(root):
            assert [line["line"] for line in manifest(root)][:2] == ["header", "saved"]
    result = await exporting(whole, root).run()
    assert result.is_whole
    assert len(clips(root)) == 1


async def test_cancelled_while_the_thread_works(maker: Maker, tmp_path: Path) -> None:
    """The segments stop in the middle: the thread waits for one that never comes."""
    started = asyncio.Event()
    pieces = fetched(*[cut() for _ in range(5)])
    maker.holds("long", pieces, expires=timedelta(hours=1))

    async def stuck(segment: Any) -> None:
        if segment.index == 8:
            started.set()
            await asyncio.Event().wait()

    maker.footage_of("long").on_fetch = stuck
    task = asyncio.create_task(exporting(maker, tmp_path).run())
    await started.wait()
    await asyncio.sleep(0.1)
    assert [name for name in files(tmp_path) if name.endswith(".part")]
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert files(tmp_path) == ["Door/manifest.jsonl"]
    maker.footage_of("long").on_fetch = None
    assert (await exporting(maker, tmp_path).run()).tally.saved == 3
