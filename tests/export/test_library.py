"""Looking at what was saved: as the manifest says, and nothing but what lies beside it."""

from datetime import UTC, datetime
import json
import os
from pathlib import Path
from typing import Any

import pytest

from custom_components.camera_cloud_plan.export.library import Shelf, clips, find, shelves

DAY = "2026-11-24"
STEM = "Front door 2026-11-24 07-31-05"


def saved_line(recording: str, *names: str, **changes: Any) -> dict[str, Any]:
    """Return a manifest's line about a saved recording, of one file or of several parts."""
    return {
        "line": "saved",
        "recording": recording,
        "kind": "event",
        "created_at": "2026-11-24T06:31:05+00:00",
        "events": [{"at": "2026-11-24T06:31:05+00:00", "kinds": ["PeopleMotion"]}],
        "files": [{"path": f"{DAY}/{name}", "bytes": 3, "seconds": 12.0} for name in names],
        "details": [f"{DAY}/.details/{STEM}.json", f"{DAY}/.details/{STEM}.jpg"],
    } | changes


def lay_out(root: Path, *lines: object, camera: str = "Front door") -> Path:
    """Make a camera's folder with one clip, its picture and a manifest; return the folder."""
    folder = root / camera
    details = folder / DAY / ".details"
    details.mkdir(parents=True)
    (folder / DAY / f"{STEM}.mp4").write_bytes(b"mp4")
    (details / f"{STEM}.jpg").write_bytes(b"jpg")
    header = {"line": "header", "format": 1, "salt": "00", "camera": "00", "name": camera}
    text = [line if isinstance(line, str) else json.dumps(line) for line in (header, *lines)]
    (folder / "manifest.jsonl").write_text("\n".join(text), encoding="utf-8")
    return folder


def test_cameras_and_clips_are_found_by_their_manifests(tmp_path: Path) -> None:
    lay_out(tmp_path, saved_line("a", f"{STEM}.mp4"))
    lay_out(tmp_path, camera="客厅")
    (tmp_path / "Holidays").mkdir()
    (tmp_path / "a file").write_text("")
    names = [shelf.name for shelf in shelves(str(tmp_path))]
    assert names == ["Front door", "客厅"]
    (clip,) = clips(str(tmp_path), "Front door")
    assert (clip.day, clip.name, clip.kinds) == (DAY, f"{STEM}.mp4", ("PeopleMotion",))
    assert clip.created_at == datetime(2026, 11, 24, 6, 31, 5, tzinfo=UTC)
    assert (clip.seconds, clip.part, clip.picture) == (12.0, None, f"{STEM}.jpg")
    assert clip.mime_type == "video/mp4"


def test_the_last_line_about_a_recording_holds_and_what_is_gone_is_left_out(
    tmp_path: Path,
) -> None:
    lay_out(
        tmp_path,
        saved_line("a", "moved away.mp4"),
        saved_line("b", f"{STEM} (2).mp4"),
        "{ cut off",
        saved_line("a", f"{STEM}.mp4"),
        saved_line("c", "odd.mp4", created_at="yesterday"),
        {"line": "saved"},
        ["no object"],
    )
    assert [clip.name for clip in clips(str(tmp_path), "Front door")] == [f"{STEM}.mp4"]


def test_parts_are_numbered_and_newest_comes_first(tmp_path: Path) -> None:
    folder = lay_out(
        tmp_path,
        saved_line("a", "one part 1.mp4", "one part 2.mp4"),
        saved_line("b", f"{STEM}.mp4", created_at="2026-11-24T09:00:00+00:00"),
    )
    for number in (1, 2):
        (folder / DAY / f"one part {number}.mp4").write_bytes(b"mp4")
    found = clips(str(tmp_path), "Front door")
    assert [(clip.name, clip.part) for clip in found] == [
        (f"{STEM}.mp4", None),
        ("one part 1.mp4", 1),
        ("one part 2.mp4", 2),
    ]


def test_a_clip_and_its_picture_are_found(tmp_path: Path) -> None:
    folder = lay_out(tmp_path)
    names = (str(tmp_path), "Front door", DAY)
    assert find(*names, f"{STEM}.mp4") == folder / DAY / f"{STEM}.mp4"
    assert find(*names, f"{STEM}.jpg") == folder / DAY / ".details" / f"{STEM}.jpg"


@pytest.mark.parametrize(
    "names",
    [
        ("Front door", DAY, "missing.mp4"),
        ("Front door", DAY, "manifest.jsonl"),
        ("Front door", DAY, f"{STEM}.json"),
        ("Front door", DAY, "../../secret.mp4"),
        ("Front door", DAY, "/etc/passwd"),
        ("Front door", DAY, ".hidden.mp4"),
        ("Front door", DAY, "folder.mp4"),
        ("Front door", DAY, "link.mp4"),
        ("Front door", "..", "secret.mp4"),
        ("Front door", ".details", f"{STEM}.jpg"),
        ("..", DAY, "secret.mp4"),
        ("No manifest", DAY, "secret.mp4"),
        ("Linked", DAY, f"{STEM}.mp4"),
        ("Front door\0", DAY, f"{STEM}.mp4"),
    ],
)
def test_nothing_else_is_found(tmp_path: Path, names: tuple[str, str, str]) -> None:
    root = tmp_path / "root"
    folder = lay_out(root)
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (root / "secret.mp4").write_bytes(b"secret")
    (folder / DAY / ".hidden.mp4").write_bytes(b"secret")
    (folder / DAY / "folder.mp4").mkdir()
    (folder / DAY / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    (root / "No manifest" / DAY).mkdir(parents=True)
    (root / "No manifest" / DAY / "secret.mp4").write_bytes(b"secret")
    (root / "Linked").symlink_to(folder, target_is_directory=True)
    assert find(str(root), *names) is None


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert shelves(str(tmp_path / "nowhere")) == []
    assert clips(str(tmp_path / "nowhere"), "Front door") == []
    assert find("relative", "Front door", DAY, f"{STEM}.mp4") is None
    lay_out(tmp_path)
    (tmp_path / "Front door" / "manifest.jsonl").write_bytes(b"[" * 100_000)
    assert shelves(str(tmp_path)) == []
    os.mkfifo(tmp_path / "Front door" / DAY / "pipe.mp4")
    assert find(str(tmp_path), "Front door", DAY, "pipe.mp4") is None


def test_a_camera_whose_name_was_lost_goes_by_its_folder(tmp_path: Path) -> None:
    folder = lay_out(tmp_path)
    (folder / "manifest.jsonl").write_text('{"line": "header", "name": null}\n')
    assert shelves(str(tmp_path)) == [Shelf(folder="Front door", name="Front door")]
