"""The manifest is believed only as far as it agrees with the files, and survives everything."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from custom_components.camera_cloud_plan.export import InterruptedExportError, Reason
from tests.export.maker import CAMERA, JPEG, Maker, clips, exporting, files, manifest

MANIFEST = "Door/manifest.jsonl"


@pytest.fixture
def maker() -> Maker:
    """Return a maker with two recordings."""
    maker = Maker()
    maker.holds("opaque-file-id-1")
    maker.holds("opaque-file-id-2")
    return maker


async def again(maker: Maker, root: Path, job_id: str = "job-2") -> list[str]:
    """Export once more, and return what was opened for that."""
    maker.opened.clear()
    assert (await exporting(maker, root, job_id=job_id).run()).is_whole
    return maker.opened


@pytest.mark.parametrize("job_id", ["job-1", "job-2"])
async def test_a_damaged_file_is_fetched_again_and_kept(
    maker: Maker, tmp_path: Path, job_id: str
) -> None:
    await exporting(maker, tmp_path).run()
    damaged = clips(tmp_path)[0]
    content = bytearray(damaged.read_bytes())
    content[1000] ^= 1
    damaged.write_bytes(content)
    assert await again(maker, tmp_path, job_id) == ["opaque-file-id-1"]
    assert damaged.read_bytes() == bytes(content)
    assert [path.name for path in clips(tmp_path)] == [
        "Door 2026-07-01 12-00-00 (2).mp4",
        "Door 2026-07-01 12-00-00.mp4",
        "Door 2026-07-01 12-01-00.mp4",
    ]
    assert await again(maker, tmp_path) == []


async def test_a_damaged_file_is_found_by_whoever_did_not_write_it(
    maker: Maker, tmp_path: Path
) -> None:
    """Neither its size nor its time gives it away."""
    await exporting(maker, tmp_path).run()
    damaged = clips(tmp_path)[0]
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    made_at = damaged.stat().st_mtime_ns
    damaged.write_bytes(content)
    __import__("os").utime(damaged, ns=(made_at, made_at))
    assert await again(maker, tmp_path, "job-2") == ["opaque-file-id-1"]


async def test_a_missing_file_is_fetched_again(maker: Maker, tmp_path: Path) -> None:
    await exporting(maker, tmp_path).run()
    before = files(tmp_path)
    clips(tmp_path)[1].unlink()
    assert await again(maker, tmp_path) == ["opaque-file-id-2"]
    assert files(tmp_path) == before


async def test_a_file_published_before_a_crash_is_found_by_its_content(
    maker: Maker, tmp_path: Path
) -> None:
    await exporting(maker, tmp_path).run()
    before = files(tmp_path)
    lines = (tmp_path / MANIFEST).read_text().splitlines(keepends=True)
    (tmp_path / MANIFEST).write_text(lines[0])
    assert len(await again(maker, tmp_path)) == 2
    assert files(tmp_path) == before


@pytest.mark.parametrize("torn", [1, 40, -1])
async def test_a_torn_line_is_passed_over(maker: Maker, tmp_path: Path, torn: int) -> None:
    await exporting(maker, tmp_path).run()
    lines = (tmp_path / MANIFEST).read_text().splitlines(keepends=True)
    (tmp_path / MANIFEST).write_text("".join(lines[:2]) + lines[2][:torn])
    await again(maker, tmp_path)
    text = (tmp_path / MANIFEST).read_text()
    assert text.startswith("".join(lines[:2]) + lines[2][:torn])
    assert text.endswith("}\n")
    assert await again(maker, tmp_path) == []


async def test_lines_of_others_are_passed_over(maker: Maker, tmp_path: Path) -> None:
    await exporting(maker, tmp_path).run()
    strange = [
        "not json",
        "[]",
        "null",
        '{"line": "later", "x": 1}',
        '{"line": "saved"}',
        '{"line": "saved", "recording": "x", "files": [{"path": "../../etc/passwd"}]}',
        "[" * 100_000,
        "\ud7ff" * 10,
    ]
    with (tmp_path / MANIFEST).open("a") as file:
        file.write("\n".join(strange) + "\n\n\0\0\0\n")
    assert await again(maker, tmp_path) == []


async def test_a_manifest_that_points_outside_is_not_followed(maker: Maker, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    await exporting(maker, root).run()
    text = (root / MANIFEST).read_text()
    (root / MANIFEST).write_text(text.replace('"path":"2026-07-01/', '"path":"../../2026-07-01/'))
    assert len(await again(maker, root)) == 2


async def test_two_cameras_of_one_name_have_a_folder_each(maker: Maker, tmp_path: Path) -> None:
    from dataclasses import replace  # noqa: PLC0415 - for this alone

    await exporting(maker, tmp_path).run()
    other = replace(CAMERA, camera_id="another")
    result = await exporting(maker, tmp_path, camera=other, job_id="job-2").run()
    assert result.folder == str(tmp_path / "Door (2)")
    assert result.tally.saved == 2
    for camera in (CAMERA, other):
        result = await exporting(maker, tmp_path, camera=camera, job_id="job-3").run()
        assert result.tally.already == 2


@pytest.mark.parametrize("what", ["Door", "manifest.jsonl"])
@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE])
async def test_what_cannot_be_read_is_not_begun_anew(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, number: int
) -> None:
    await exporting(maker, tmp_path).run()
    before = files(tmp_path)
    opened = os.open

    def failing(name: str, *args: Any, **how: Any) -> int:
        if name == what:
            raise OSError(number, os.strerror(number))
        return opened(name, *args, **how)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing)
        with pytest.raises(InterruptedExportError):
            await exporting(maker, tmp_path, job_id="job-2").run()
    assert os.listdir(tmp_path) == ["Door"]  # noqa: PTH208 - short
    assert files(tmp_path) == before


async def test_a_folder_that_is_not_ours_to_open_is_another_s(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Another").mkdir()
    (tmp_path / "a file").touch()
    opened = os.open

    def failing(name: str, *args: Any, **how: Any) -> int:
        if name == "Another":
            raise PermissionError(errno.EACCES, "not yours")
        return opened(name, *args, **how)

    monkeypatch.setattr(os, "open", failing)
    result = await exporting(maker, tmp_path).run()
    assert (result.folder, result.tally.saved) == (str(tmp_path / "Door"), 2)


async def test_what_is_missing_is_written_down_once(tmp_path: Path) -> None:
    maker = Maker()
    maker.holds("event", has_footage=False)
    for job_id in ("job-1", "job-2"):
        result = await exporting(maker, tmp_path, job_id=job_id).run()
        assert [each.reason for each in result.missing] == [Reason.EVENT_ONLY]
    assert [line["line"] for line in manifest(tmp_path)] == [
        "header",
        "missing",
        "finished",
        "finished",
    ]


async def test_ids_stay_out_of_everything_that_is_written(
    maker: Maker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    maker.holds("opaque-file-id-3", has_footage=False)
    await exporting(maker, tmp_path).run()
    secrets = ["opaque-file-id", CAMERA.camera_id]
    keys = [piece.piece.key or b"" for piece in maker.footage_of("opaque-file-id-1").pieces]
    for name in files(tmp_path):
        content = (tmp_path / name).read_bytes()
        for secret in (*(each.encode() for each in secrets), *keys):
            assert secret not in content
            assert secret.hex().encode() not in content
        assert not any(secret in name for secret in secrets)
    assert not any(secret in caplog.text for secret in secrets)


async def test_the_sidecar_says_what_a_person_asks(maker: Maker, tmp_path: Path) -> None:
    await exporting(maker, tmp_path).run()
    details = tmp_path / "Door/2026-07-01/.details"
    told = json.loads((details / "Door 2026-07-01 12-00-00.json").read_text())
    line = manifest(tmp_path)[1]
    assert told == {
        "camera": "Door",
        "local_time": "2026-07-01T12:00:00+02:00",
        "utc_time": "2026-07-01T10:00:00+00:00",
        "kind": "event",
        "events": [{"at": "2026-07-01T10:00:00+00:00", "kinds": ["PeopleMotion"]}],
        "seconds": pytest.approx(4.0, abs=0.1),
        "source": {"maker": "Maker", "list": "event"},
        "files": [
            {
                "name": "Door 2026-07-01 12-00-00.mp4",
                "bytes": line["files"][0]["bytes"],
                "sha256": line["files"][0]["sha256"],
            }
        ],
    }
    assert (details / "Door 2026-07-01 12-00-00.jpg").read_bytes() == JPEG
    assert line["details"] == [
        "2026-07-01/.details/Door 2026-07-01 12-00-00.json",
        "2026-07-01/.details/Door 2026-07-01 12-00-00.jpg",
    ]
    assert line["playlist_seconds"] == pytest.approx(4.0, abs=0.1)
