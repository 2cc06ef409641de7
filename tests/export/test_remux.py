"""Footage of every make becomes files that an independent player takes, and nothing else does."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from custom_components.camera_cloud_plan.cloud.errors import DamagedFootageError
from custom_components.camera_cloud_plan.cloud.recordings import Fetched, Piece, Segment
from custom_components.camera_cloud_plan.export import Container, Reason, clip, remux
from custom_components.camera_cloud_plan.export.feed import Feed
from custom_components.camera_cloud_plan.export.place import PartFile
from custom_components.camera_cloud_plan.export.remux import Part
from tests.export.footage import Cut, cut, enciphered, fetched, made, plays, probed
from tests.export.maker import Maker, clips, exporting, manifest


async def saved(tmp_path: Path, pieces: list[Fetched], **how: Any) -> list[Path]:
    """Save one recording of these segments, and return its files."""
    maker = Maker()
    maker.holds("one", pieces)
    result = await exporting(maker, tmp_path, **how).run()
    assert result.tally.saved == 1, result.missing
    return clips(tmp_path)


async def refused(tmp_path: Path, pieces: list[Fetched], *, stated: float | None = None) -> Reason:
    """Try to save one recording of these segments, and return why it is not."""
    maker = Maker()
    maker.holds("one", pieces)
    maker.footage_of("one").stated = stated
    result = await exporting(maker, tmp_path).run()
    assert result.tally.failed == 1
    assert not clips(tmp_path)
    assert len(maker.opened) == 3
    return result.missing[0].reason


def streams(path: Path) -> list[dict[str, Any]]:
    plays(path)
    told = probed(path)
    assert float(told["format"]["start_time"]) == pytest.approx(0, abs=0.2)
    for stream in told["streams"]:
        if not stream["codec_name"].startswith("pcm"):
            assert stream["nb_frames"] == stream["nb_read_packets"]
    return list(told["streams"])


@pytest.mark.parametrize("container", list(Container))
@pytest.mark.parametrize("kind", ["mpegts", "fmp4"])
@pytest.mark.parametrize(
    ("codec", "name", "tag"), [("libx264", "h264", "avc1"), ("libx265", "hevc", "hvc1")]
)
async def test_picture_and_sound_are_copied(
    tmp_path: Path, container: Container, kind: str, codec: str, name: str, tag: str
) -> None:
    footage = cut(kind, codec=codec, seconds=5.0)
    [path] = await saved(tmp_path, fetched(footage), container=container)
    assert path.suffix == f".{container}"
    picture, sound = streams(path)
    assert (picture["codec_name"], picture["codec_tag_string"]) == (name, tag)
    assert (picture["width"], picture["height"]) == (320, 180)
    assert picture["nb_read_packets"] == "75"
    assert float(picture["duration"]) == pytest.approx(5.0, abs=0.1)
    assert sound["codec_name"] == "aac"
    assert float(sound["duration"]) == pytest.approx(5.0, abs=0.2)
    told = manifest(tmp_path)[1]["files"][0]
    assert (told["codec"], told["audio"], told["remuxed"]) == (name, ["aac"], True)
    assert told["seconds"] == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
async def test_pictures_shown_in_another_order_than_they_come(tmp_path: Path, codec: str) -> None:
    [path] = await saved(tmp_path, fetched(cut(codec=codec, b_frames=2, seconds=4.0)))
    picture, _ = streams(path)
    assert picture["has_b_frames"]
    assert picture["nb_read_packets"] == "60"


async def test_a_picture_without_sound(tmp_path: Path) -> None:
    [path] = await saved(tmp_path, fetched(cut(sound=None)))
    assert [stream["codec_type"] for stream in streams(path)] == ["video"]


async def test_sound_that_mp4_does_not_take_is_kept_in_a_mov(tmp_path: Path) -> None:
    fragments = (("movflags", "frag_keyframe+empty_moov"),)
    whole = made(sound="pcm_alaw", carrier="mov", options=fragments)
    [path] = await saved(tmp_path, fetched(Cut(durations=(4.0,), segments=(whole,))))
    assert path.suffix == ".mov"
    assert [stream["codec_name"] for stream in streams(path)] == ["h264", "pcm_alaw"]
    assert manifest(tmp_path)[1]["files"][0]["container"] == "mov"


@pytest.mark.parametrize("is_said", [True, False])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
async def test_a_changed_picture_starts_another_part(
    tmp_path: Path, codec: str, *, is_said: bool
) -> None:
    pieces = fetched(cut(codec=codec), cut(codec=codec, size=(640, 360)))
    if not is_said:
        pieces = [_unsaid(piece) for piece in pieces]
    first, second = await saved(tmp_path, pieces)
    assert (first.name, second.name) == (
        "Door 2026-07-01 12-00-00 part 1.mp4",
        "Door 2026-07-01 12-00-00 part 2.mp4",
    )
    assert streams(first)[0]["width"] == 320
    assert streams(second)[0]["width"] == 640
    for path in (first, second):
        picture, sound = streams(path)
        assert picture["nb_read_packets"] == "60"
        assert float(sound["duration"]) == pytest.approx(4.0, abs=0.6)


def _unsaid(piece: Fetched) -> Fetched:
    segment = piece.segment
    return Fetched(
        segment=Segment(index=segment.index, duration=segment.duration),
        piece=piece.piece,
        initialisation=piece.initialisation,
    )


@pytest.mark.parametrize("kind", ["mpegts", "fmp4"])
@pytest.mark.parametrize("is_said", [True, False])
async def test_a_clock_that_starts_anew_goes_on(
    tmp_path: Path, kind: str, *, is_said: bool
) -> None:
    pieces = fetched(cut(kind), cut(kind), cut(kind))
    if not is_said and kind == "mpegts":
        pieces = [_unsaid(piece) for piece in pieces]
    [path] = await saved(tmp_path, pieces)
    picture, sound = streams(path)
    assert picture["nb_read_packets"] == "180"
    assert float(picture["duration"]) == pytest.approx(12.0, abs=0.3)
    assert float(sound["duration"]) == pytest.approx(12.0, abs=0.5)


async def test_segments_that_are_files_of_their_own(tmp_path: Path) -> None:
    whole = made(carrier="mp4")
    one = Cut(durations=(4.0, 4.0), segments=(whole, whole))
    [path] = await saved(tmp_path, fetched(one))
    assert streams(path)[0]["nb_read_packets"] == "120"


@pytest.mark.parametrize("carrier", ["ts", "mp4"])
async def test_without_pyav_the_original_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, carrier: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    [path] = await saved(tmp_path, fetched(cut("mpegts" if carrier == "ts" else "fmp4")))
    assert path.suffix == f".{carrier}"
    told = manifest(tmp_path)[1]["files"][0]
    assert (told["remuxed"], told["codec"], told["seconds"]) == (False, None, None)
    monkeypatch.undo()
    assert [stream["nb_read_packets"] for stream in probed(path)["streams"]] == ["60", "64"]


async def test_what_no_container_holds_is_kept_as_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unheld(*_: object) -> None:
        raise ValueError("format does not support this codec")

    monkeypatch.setattr(remux, "_muxer", unheld)
    [path] = await saved(tmp_path, fetched(cut()))
    assert path.suffix == ".ts"
    assert not manifest(tmp_path)[1]["files"][0]["remuxed"]
    assert [stream["nb_read_packets"] for stream in probed(path)["streams"]] == ["60", "64"]


def _with_last(pieces: list[Fetched], piece: Piece) -> list[Fetched]:
    return [*pieces[:-1], Fetched(segment=pieces[-1].segment, piece=piece)]


async def test_what_is_damaged_is_not_published(tmp_path: Path) -> None:
    pieces = fetched(cut())
    last = cut().segments[-1]
    damaged = {
        "cut off in a block": Piece(
            data=pieces[-1].piece.data[:-5], key=pieces[-1].piece.key, iv=pieces[-1].piece.iv
        ),
        "another key": Piece(data=pieces[-1].piece.data, key=b"k" * 16, iv=pieces[-1].piece.iv),
        "cut off in the plain": enciphered(last[: len(last) // 2]),
        "garbled in the plain": enciphered(last[:1880] + b"\0" * 1880 + last[3760:]),
        "a page instead": enciphered(b"<html>not found</html>" * 100),
        "nothing": Piece(data=b""),
    }
    for number, (what, piece) in enumerate(damaged.items()):
        root = tmp_path / str(number)
        root.mkdir()
        assert await refused(root, _with_last(pieces, piece)) is Reason.DAMAGED, what


@pytest.mark.parametrize(
    ("seconds", "lacks", "is_taken"),
    [(7200.0, 9.9, True), (7200.0, 10.1, False), (100.0, 2.1, False), (4.0, 0.9, True)],
)
def test_two_hours_lack_no_more_than_a_segment(
    seconds: float, lacks: float, *, is_taken: bool
) -> None:
    feed = cast("Feed", SimpleNamespace(duration=seconds, count=720, is_coarse=False))
    parts = [Part(file=cast("PartFile", None), container="mp4", seconds=seconds - lacks)]
    with nullcontext() if is_taken else pytest.raises(DamagedFootageError):
        clip._check_length(parts, feed)


async def test_a_length_unlike_the_playlists_is_not_published(tmp_path: Path) -> None:
    assert await refused(tmp_path, fetched(cut()), stated=6.0) is Reason.DAMAGED
