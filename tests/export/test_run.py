"""A whole export: what is on the disk afterwards, and what is said of it."""

from datetime import UTC, datetime
import hashlib
from pathlib import Path

from custom_components.camera_cloud_plan.export import Progress
from custom_components.camera_cloud_plan.export.model import ManifestSeal
from tests.export.footage import plays, probed
from tests.export.maker import Maker, clips, exporting, files, manifest, phases


async def test_every_recording_is_saved_and_verified(tmp_path: Path) -> None:
    maker = Maker()
    maker.holds("first-file-id", at=datetime(2026, 7, 1, 10, tzinfo=UTC))
    maker.holds("second-file-id", at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    told: list[Progress] = []
    result = await exporting(maker, tmp_path, on_progress=told.append).run()
    assert files(tmp_path) == [
        "Door/2026-07-01/.details/Door 2026-07-01 12-00-00.jpg",
        "Door/2026-07-01/.details/Door 2026-07-01 12-00-00.json",
        "Door/2026-07-01/Door 2026-07-01 12-00-00.mp4",
        "Door/2026-07-02/.details/Door 2026-07-02 00-30-00.jpg",
        "Door/2026-07-02/.details/Door 2026-07-02 00-30-00.json",
        "Door/2026-07-02/Door 2026-07-02 00-30-00.mp4",
        "Door/manifest.jsonl",
    ]
    assert result.is_whole
    assert result.folder == str(tmp_path / "Door")
    assert (result.tally.listed, result.tally.saved, result.tally.failed) == (2, 2, 0)
    assert result.tally.saved_bytes == sum(path.stat().st_size for path in clips(tmp_path))
    assert phases(told) == ["finding", "checking", "saving"]
    for path in clips(tmp_path):
        plays(path)
        streams = probed(path)["streams"]
        assert [(each["codec_name"], each["nb_read_packets"]) for each in streams] == [
            ("h264", "60"),
            ("aac", "64"),
        ]
    lines = manifest(tmp_path)
    assert [line["line"] for line in lines] == ["header", "saved", "saved", "finished"]
    first = lines[1]["files"][0]
    content = clips(tmp_path)[0].read_bytes()
    assert first["sha256"] == hashlib.sha256(content).hexdigest()
    assert first["bytes"] == len(content)
    assert seal_of(tmp_path) == result.manifest


def seal_of(root: Path, size: int | None = None) -> ManifestSeal:
    content = (root / "Door" / "manifest.jsonl").read_bytes()[:size]
    return ManifestSeal(size=len(content), sha256=hashlib.sha256(content).hexdigest())


async def test_a_second_run_downloads_nothing(tmp_path: Path) -> None:
    maker = Maker()
    maker.holds("one")
    maker.holds("two")
    first = await exporting(maker, tmp_path).run()
    before = files(tmp_path)
    maker.opened.clear()
    result = await exporting(maker, tmp_path, job_id="job-2").run()
    assert not maker.opened
    assert (result.tally.already, result.tally.saved) == (2, 0)
    assert files(tmp_path) == before
    # What is said of the manifest after the first run is still so of its first bytes.
    assert first.manifest is not None
    assert seal_of(tmp_path, first.manifest.size) == first.manifest != result.manifest
