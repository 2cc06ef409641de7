"""Nothing is written outside the folder, and nothing that exists is touched."""

import errno
import fcntl
import os
from pathlib import Path
import stat
from typing import Any

import pytest

from custom_components.camera_cloud_plan.export import InterruptedExportError, Interruption, place
from custom_components.camera_cloud_plan.export.place import Root, numbered
from tests.export.maker import Maker, clips, exporting, files, manifest

STEM = "Door 2026-07-01 12-00-00"
DAY = "Door/2026-07-01"


async def interrupted(maker: Maker, root: Path, **how: Any) -> Interruption:
    with pytest.raises(InterruptedExportError) as caught:
        await exporting(maker, root, **how).run()
    assert str(root) not in str(caught.value)
    return caught.value.why


@pytest.fixture
def maker() -> Maker:
    """Return a maker with one recording."""
    maker = Maker()
    maker.holds("one")
    return maker


@pytest.mark.parametrize("name", ["../../up", "/etc", "..", "a/../../b", "\0", "x" * 400])
async def test_a_hostile_camera_name_stays_inside(maker: Maker, tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    await exporting(maker, root, name=name).run()
    assert os.listdir(tmp_path) == ["root"]  # noqa: PTH208 - short
    assert len(clips(root)) == 1
    assert len(os.listdir(root)) == 1  # noqa: PTH208 - short


async def test_a_missing_folder_is_never_made(maker: Maker, tmp_path: Path) -> None:
    assert await interrupted(maker, tmp_path / "mnt") is Interruption.FOLDER_GONE
    assert not (tmp_path / "mnt").exists()


@pytest.mark.parametrize("folder", ["relative", "", "./x"])
async def test_a_folder_without_a_full_path_is_refused(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "relative").mkdir()
    with pytest.raises(InterruptedExportError) as caught:
        await exporting(maker, Path("/nowhere"), order=_order(folder)).run()
    assert caught.value.why is Interruption.FOLDER_REFUSED


def _order(folder: str) -> Any:
    from dataclasses import replace  # noqa: PLC0415 - for this alone

    return replace(exporting(Maker(), Path("/"))._order, folder=folder)


async def test_what_home_assistant_does_not_allow_is_refused(maker: Maker, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    asked: list[Path] = []

    def is_allowed(path: Path) -> bool:
        asked.append(path)
        return False

    why = await interrupted(maker, tmp_path / "link", is_allowed=is_allowed)
    assert why is Interruption.FOLDER_REFUSED
    assert asked == [real / "Door"]
    assert not list(real.iterdir())


@pytest.mark.parametrize("below", ["Door/2026-07-01", "Door/2026-07-01/.details"])
async def test_a_link_below_the_root_leads_nowhere(
    maker: Maker, tmp_path: Path, below: str
) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    empty = Maker()
    await exporting(empty, root).run()
    (root / below).parent.mkdir(exist_ok=True)
    (root / below).symlink_to(outside)
    assert await interrupted(maker, root) is Interruption.FOLDER_REFUSED
    assert not list(outside.iterdir())


async def test_a_link_in_the_cameras_place_is_somebody_elses(maker: Maker, tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "Door").symlink_to(outside)
    result = await exporting(maker, root).run()
    assert result.folder == str(root / "Door (2)")
    assert not list(outside.iterdir())


async def test_a_link_swapped_in_during_the_job_leads_nowhere(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    maker = Maker()
    maker.holds("one")
    maker.holds("two")

    async def swap(_: object) -> None:
        if not (root / "Door").is_symlink():
            (root / "Door").rename(root / "moved")
            (root / "Door").symlink_to(outside)

    maker.footage_of("two").on_fetch = swap
    await exporting(maker, root).run()
    assert not list(outside.iterdir())
    assert len(clips(root / "moved")) == 2


async def test_a_manifest_that_is_a_link_is_not_written_through(
    maker: Maker, tmp_path: Path
) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside.jsonl"
    root.mkdir()
    await exporting(Maker(), root).run()
    (root / "Door/manifest.jsonl").rename(outside)
    (root / "Door/manifest.jsonl").symlink_to(outside)
    before = outside.read_bytes()
    await exporting(maker, root).run()
    assert outside.read_bytes() == before
    assert clips(root / "Door (2)")


async def test_no_name_that_is_taken_is_taken_over(maker: Maker, tmp_path: Path) -> None:
    await exporting(Maker(), tmp_path).run()
    day = tmp_path / DAY
    day.mkdir()
    (day / f"{STEM}.mp4").write_bytes(b"a person's own")
    (day / f"{STEM} (2).mp4").symlink_to("/nowhere")
    (day / f"{STEM} (3).mp4").mkdir()
    await exporting(maker, tmp_path).run()
    assert (day / f"{STEM}.mp4").read_bytes() == b"a person's own"
    assert (day / f"{STEM} (2).mp4").readlink() == Path("/nowhere")
    assert manifest(tmp_path)[-2]["files"][0]["path"] == f"2026-07-01/{STEM} (4).mp4"
    assert (day / f"{STEM} (4).mp4").stat().st_size > 1000


async def test_another_cameras_folder_is_not_shared(maker: Maker, tmp_path: Path) -> None:
    (tmp_path / "Door").mkdir()
    (tmp_path / "Door/photo.jpg").write_bytes(b"a person's own")
    result = await exporting(maker, tmp_path).run()
    assert result.folder == str(tmp_path / "Door (2)")
    assert files(tmp_path / "Door") == ["photo.jpg"]


async def test_a_renamed_camera_keeps_its_folder(maker: Maker, tmp_path: Path) -> None:
    await exporting(maker, tmp_path).run()
    result = await exporting(maker, tmp_path, name="Gate", job_id="job-2").run()
    assert result.folder == str(tmp_path / "Door")
    assert result.tally.already == 1


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.EACCES, errno.EMLINK])
async def test_without_hard_links_nothing_is_overwritten_either(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError(number, "no hard links here")

    await exporting(Maker(), tmp_path).run()
    day = tmp_path / DAY
    day.mkdir()
    (day / f"{STEM}.mp4").write_bytes(b"a person's own")
    monkeypatch.setattr(os, "link", no_link)
    await exporting(maker, tmp_path).run()
    assert (day / f"{STEM}.mp4").read_bytes() == b"a person's own"
    assert (day / f"{STEM} (2).mp4").stat().st_size > 1000
    assert not [name for name in files(tmp_path) if name.endswith(".part")]


async def test_files_bear_the_time_they_were_recorded(maker: Maker, tmp_path: Path) -> None:
    await exporting(maker, tmp_path).run()
    [clip] = clips(tmp_path)
    assert clip.stat().st_mtime == maker.recordings[0].created_at.timestamp()
    assert stat.S_IMODE(clip.stat().st_mode) & 0o111 == 0


async def test_left_overs_of_ours_go_and_all_else_stays(maker: Maker, tmp_path: Path) -> None:
    await exporting(maker, tmp_path).run()
    ours = ".camera-cloud-plan-0123456789abcdef.part"
    left = [f"Door/{ours}", f"{DAY}/{ours}", f"{DAY}/.details/{ours}"]
    kept = [f"{DAY}/.camera-cloud-plan-xyz.part", f"{DAY}/other.part", f"Door/mine/{ours}"]
    (tmp_path / "Door/mine").mkdir()
    for name in (*left, *kept):
        (tmp_path / name).write_bytes(b"left over")
    await exporting(maker, tmp_path, job_id="job-2").run()
    assert not set(left) & set(files(tmp_path))
    assert set(kept) <= set(files(tmp_path))


def test_left_overs_go_where_only_writers_may_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on NFS, where an exclusive lock is one of its own kind (flock(2))."""
    flock = fcntl.flock

    def as_nfs(fd: int, operation: int) -> None:
        if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "not open for writing")
        flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", as_nfs)
    (tmp_path / ".camera-cloud-plan-0123456789abcdef.part").write_bytes(b"left over")
    os.mkfifo(tmp_path / ".camera-cloud-plan-0123456789abcde0.part")
    root = Root.opened(str(tmp_path))
    part = root.folder.new_part()
    root.folder.remove_left_overs()
    assert len(files(tmp_path)) == 1
    part.discard()
    assert [path.is_fifo() for path in tmp_path.iterdir()] == [True]
    root.folder.close()


async def test_what_another_installation_is_writing_stays(tmp_path: Path) -> None:
    root = Root.opened(str(tmp_path))
    part = root.folder.new_part()
    root.folder.remove_left_overs()
    assert len(files(tmp_path)) == 1
    part.discard()
    root.folder.close()


async def test_a_folder_that_was_there_and_is_not_is_gone(maker: Maker, tmp_path: Path) -> None:
    root = tmp_path / "mount"
    root.mkdir()
    export = exporting(maker, root)
    await export.run()
    root.rename(tmp_path / "taken away")
    root.mkdir()
    with pytest.raises(InterruptedExportError) as caught:
        await export.run()
    assert caught.value.why is Interruption.FOLDER_GONE
    assert await interrupted(maker, root, begun=True) is Interruption.FOLDER_GONE
    assert not list(root.iterdir())


async def test_another_disk_in_its_place_is_not_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = Maker()
    maker.holds("one")
    maker.holds("two")
    other = os.stat("/proc")  # noqa: PTH116 - it never blocks

    async def swap(_: object) -> None:
        monkeypatch.setattr(Path, "stat", lambda _: other)

    maker.footage_of("one").on_fetch = swap
    assert await interrupted(maker, tmp_path) is Interruption.FOLDER_GONE
    monkeypatch.undo()
    assert len(clips(tmp_path)) == 1


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.ENOSPC, Interruption.DISK_FULL),
        (errno.EDQUOT, Interruption.DISK_FULL),
        (errno.EIO, Interruption.FOLDER_GONE),
        (errno.ESTALE, Interruption.FOLDER_GONE),
        (errno.ENODEV, Interruption.FOLDER_GONE),
        (errno.EACCES, Interruption.NOT_WRITABLE),
        (errno.EROFS, Interruption.NOT_WRITABLE),
    ],
)
async def test_what_a_disk_says_is_told(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, why: Interruption
) -> None:
    def failing(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    await exporting(Maker(), tmp_path).run()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing)
        assert await interrupted(maker, tmp_path) is why
    assert files(tmp_path) == ["Door/manifest.jsonl"]
    assert (await exporting(maker, tmp_path).run()).is_whole


async def test_so_much_of_the_disk_stays_free(maker: Maker, tmp_path: Path) -> None:
    assert await interrupted(maker, tmp_path, keep_free=1 << 60) is Interruption.DISK_FULL
    assert not files(tmp_path)


def test_names_are_one_step() -> None:
    root = Root.opened("/")
    for name in ("", ".", "..", "a/b", "a\0b"):
        with pytest.raises(OSError, match="one file"):
            root.folder.folder(name)
    root.folder.close()
    names = numbered("a", ".b")
    assert [next(names) for _ in range(3)] == ["a.b", "a (2).b", "a (3).b"]
    assert place.DETAILS.startswith(".")
