"""Footage made on the spot, cut into segments and enciphered as makers do."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
import io
import json
import os
from pathlib import Path
import subprocess
import tempfile
from typing import Any

import av
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
import numpy as np

from custom_components.camera_cloud_plan.cloud.recordings import Fetched, Piece, Segment

_RATE = 15
_SOUND_RATE = 16000


def _picture(index: int, width: int, height: int) -> av.VideoFrame:
    rows = np.arange(height, dtype=np.uint16)[:, None]
    columns = np.arange(width, dtype=np.uint16)[None, :]
    plane = ((rows * 3 + columns + index * 7) % 256).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(np.stack([plane, plane.T.copy().T, plane], axis=2), "rgb24")
    frame.pts = index
    frame.time_base = Fraction(1, _RATE)
    return frame


@cache
def made(  # noqa: PLR0913 - what footage is made of
    *,
    codec: str = "libx264",
    sound: str | None = "aac",
    size: tuple[int, int] = (320, 180),
    seconds: float = 4.0,
    carrier: str = "mpegts",
    options: tuple[tuple[str, str], ...] = (),
    b_frames: int = 0,
) -> bytes:
    """Return a whole file of moving picture and sound, a key frame each second."""
    file = io.BytesIO()
    with av.open(file, "w", format=carrier, options=dict(options)) as muxer:
        picture = muxer.add_stream(codec, rate=_RATE)
        assert isinstance(picture, av.VideoStream)
        picture.width, picture.height = size
        picture.pix_fmt = "yuv420p"
        picture.gop_size = _RATE
        picture.codec_context.max_b_frames = b_frames
        if codec == "libx265":
            picture.options = {
                "preset": "ultrafast",
                "x265-params": f"log-level=none:keyint={_RATE}:bframes={b_frames}",
            }
        else:
            picture.options = {"preset": "veryfast"}
        tone = (
            muxer.add_stream(sound, rate=8000 if "pcm" in sound else _SOUND_RATE) if sound else None
        )
        if isinstance(tone, av.AudioStream):
            tone.layout = "mono"
        for index in range(round(seconds * _RATE)):
            muxer.mux(picture.encode(_picture(index, *size)))
        muxer.mux(picture.encode(None))
        if isinstance(tone, av.AudioStream):
            rate = tone.rate or _SOUND_RATE
            block = 1024
            for start in range(0, int(seconds * rate), block):
                wave = np.sin(np.arange(start, start + block) / rate * 440 * 6.283) * 8000
                frame = av.AudioFrame.from_ndarray(
                    wave.astype(np.int16)[None, :], format="s16", layout="mono"
                )
                frame.sample_rate = rate
                frame.pts = start
                frame.time_base = Fraction(1, rate)
                muxer.mux(tone.encode(frame))
            muxer.mux(tone.encode(None))
    return file.getvalue()


@dataclass(frozen=True)
class Cut:
    """Footage in segments, as HTTP live streaming has it: seconds and bytes of each."""

    durations: tuple[float, ...]
    segments: tuple[bytes, ...]
    initialisation: bytes | None = None

    @property
    def seconds(self) -> float:
        return sum(self.durations)


@cache
def cut(kind: str = "mpegts", length: float = 2.0, **how: Any) -> Cut:
    """Return footage cut at key frames by FFmpeg's own segmenter; `kind` as FFmpeg's."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "whole").write_bytes(made(**how))
        command: list[str | Path] = [
            "ffmpeg",
            "-v",
            "error",
            "-i",
            place / "whole",
            "-map",
            "0",
            "-c",
            "copy",
        ]
        if kind == "fmp4" and how.get("carrier", "mpegts") == "mpegts":
            command += ["-bsf:a", "aac_adtstoasc"]
        command += ["-f", "hls", "-hls_time", str(length), "-hls_list_size", "0"]
        command += ["-hls_segment_type", kind, "-hls_segment_filename", place / "%03d"]
        _run(*command, place / "list.m3u8")
        lines = (place / "list.m3u8").read_text().splitlines()
        durations = [float(line[8:-1]) for line in lines if line.startswith("#EXTINF:")]
        first = place / "init.mp4"
        return Cut(
            durations=tuple(durations),
            segments=tuple((place / f"{index:03}").read_bytes() for index in range(len(durations))),
            initialisation=first.read_bytes() if first.exists() else None,
        )


def enciphered(data: bytes) -> Piece:
    """Return bytes as a maker sends them, with the key and vector that open them."""
    key, iv = os.urandom(16), os.urandom(16)
    padding = 16 - len(data) % 16
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    return Piece(
        data=encryptor.update(data + bytes((padding,)) * padding) + encryptor.finalize(),
        key=key,
        iv=iv,
    )


def fetched(*cuts: Cut) -> list[Fetched]:
    """Return the segments of one or more cuts, one after another, as one recording's."""
    result: list[Fetched] = []
    for number, one in enumerate(cuts):
        for index, (seconds, data) in enumerate(zip(one.durations, one.segments, strict=True)):
            is_first = index == 0
            result.append(
                Fetched(
                    segment=Segment(
                        index=len(result),
                        duration=seconds,
                        starts_anew=is_first and number > 0,
                    ),
                    piece=enciphered(data),
                    initialisation=Piece(data=one.initialisation)
                    if is_first and one.initialisation
                    else None,
                )
            )
    return result


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, text=True, check=True
    )


def probed(path: Path) -> dict[str, Any]:
    """Return what ffprobe, the independent judge, says of a file, its packets counted."""
    asked = ("-count_packets", "-show_streams", "-show_format", "-of", "json")
    done = _run("ffprobe", "-v", "error", *asked, path)
    assert not done.stderr, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def plays(path: Path) -> None:
    """Fail unless FFmpeg decodes every picture and all the sound without a complaint."""
    as_timed = ("-vsync", "passthrough", "-enc_time_base", "-1")
    done = _run("ffmpeg", "-v", "error", "-xerror", "-i", path, *as_timed, "-f", "null", "-")
    assert not done.stderr, done.stderr
