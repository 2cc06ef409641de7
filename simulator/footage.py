"""Footage made on the spot: a moving picture with a running clock, and sound.

It is rendered once per *stock*, muxed segment by segment in memory and then only shifted in time,
so that a video of two hours costs no more than its first sixteen seconds. Needs PyAV, NumPy and
Pillow, which are imported when the first picture is wanted. Everything here blocks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
import importlib.util
import io
from itertools import accumulate
import math
import struct
from typing import TYPE_CHECKING, Any, Final, Literal

from simulator.moments import SECOND_MS
from simulator.recordings import FRAMES_PER_SECOND, SEGMENT_MS, Codec, Container, Size

if TYPE_CHECKING:
    import av
    from av.container import InputContainer, OutputContainer
    import numpy as np
    from PIL import ImageFont

FRAMES_PER_SEGMENT: Final = SEGMENT_MS * FRAMES_PER_SECOND // SECOND_MS
_FRAMES_PER_KEYFRAME: Final = 2 * FRAMES_PER_SECOND
# What is longer than this is a loop. Sixteen seconds hold a whole number of sound frames.
_LOOP_SEGMENTS: Final = 4
_LONGEST_WHOLE: Final = 2 * _LOOP_SEGMENTS

_SOUND_RATE: Final = 16_000
_SOUND_FRAME: Final = 1024
_SOUND_BIT_RATE: Final = 32_000
# In seconds.
_BEEP: Final = 0.08

_TS_PACKET: Final = 188
_TS_CLOCK: Final = 90_000
_PTS_BITS: Final = 33

# Fonts with Chinese letters, as systems name them.
_CHINESE_FONTS: Final = (
    "NotoSansCJK-Regular.ttc",
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
    "DroidSansFallbackFull.ttf",
    "PingFang.ttc",
    "msyh.ttc",
)


class NoFootageError(Exception):
    """PyAV, NumPy, Pillow or an encoder is missing, so that no footage can be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that the bytes of a stock hang on. `starts` is the picture's first time of day."""

    title_en: str
    title_zh: str
    starts: datetime
    size: Size
    codec: Codec
    container: Container
    frames: int
    bit_rate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    """A muxed segment whose times count from its own place in the stock.

    `stamps` are the places of its time stamps; `packets` counts, for TS, those of each stream.
    """

    data: bytes
    first_frame: int
    stamps: tuple[Any, ...] = ()
    packets: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Rendered footage of one look, ready to be cut into segments."""

    look: Look
    templates: tuple[_Template, ...]
    # The last segment, where it is shorter than the others of a loop.
    tail: _Template | None
    initialisation: bytes
    thumbnail: bytes

    @property
    def size(self) -> int:
        """How many bytes it takes in memory."""
        kept = [*self.templates, *([] if self.tail is None else [self.tail])]
        return sum(len(template.data) for template in kept) + len(self.thumbnail)

    def segment(self, index: int, first_frame: int) -> bytes:
        """Return the segment `index` of this stock, its times set to begin at `first_frame`.

        Segments follow each other without a gap, in time and in their counters.
        """
        whole = self.look.frames // FRAMES_PER_SEGMENT
        is_tail = self.tail is not None and index == whole
        template = self.tail if is_tail else None
        if template is None:
            template = self.templates[index % len(self.templates)]
        if self.look.container == "mp4":
            return _shifted_mp4(template, first_frame, index)
        return _shifted_ts(template, first_frame, self._packets_before(index))

    def _packets_before(self, index: int) -> dict[int, int]:
        rounds, rest = divmod(index, len(self.templates))
        before: dict[int, int] = {}
        for place, template in enumerate(self.templates):
            for stream, count in template.packets.items():
                times = rounds + (place < rest)
                before[stream] = before.get(stream, 0) + times * count
        return before


def segment_frames(frames: int) -> list[int]:
    """Return how many frames each segment of a recording of `frames` has."""
    whole, rest = divmod(frames, FRAMES_PER_SEGMENT)
    return [FRAMES_PER_SEGMENT] * whole + ([rest] if rest else [])


def make_stock(look: Look) -> Stock:
    """Render a stock; takes about a tenth of the time that it plays.

    Raises:
        NoFootageError: when a package or an encoder that it needs is missing.

    """
    for package in ("av", "numpy", "PIL"):
        if importlib.util.find_spec(package) is None:
            raise NoFootageError(f"footage needs the package {package}, which is not installed")
    loops = look.frames > _LONGEST_WHOLE * FRAMES_PER_SEGMENT
    rendered = _LOOP_SEGMENTS * FRAMES_PER_SEGMENT if loops else look.frames
    film, thumbnail = _film(look, rendered)
    cuts = list(_cuts(segment_frames(rendered)))
    templates, initialisation = _mux(look, film, cuts)
    tail: tuple[_Template, ...] = ()
    whole, rest = divmod(look.frames, FRAMES_PER_SEGMENT)
    if loops and rest:
        begins = whole % _LOOP_SEGMENTS * FRAMES_PER_SEGMENT
        tail, _ = _mux(look, film, [(begins, begins + rest)])
    return Stock(
        look=look,
        templates=templates,
        tail=tail[0] if tail else None,
        initialisation=initialisation,
        thumbnail=thumbnail,
    )


def _cuts(frames: Sequence[int]) -> Iterator[tuple[int, int]]:
    ends = list(accumulate(frames))
    return zip([0, *ends], ends, strict=False)


# --- Rendering ------------------------------------------------------------------------------------


def _film(look: Look, frames: int) -> tuple[bytes, bytes]:
    """Return encoded footage as an MP4 file, and its first picture as a JPEG."""
    import av  # noqa: PLC0415 - only who watches needs it
    from PIL import Image  # noqa: PLC0415 - the same

    encoder: Literal["libx264", "libx265"] = "libx264" if look.codec == "h264" else "libx265"
    if encoder not in av.codecs_available:
        raise NoFootageError(f"footage needs the encoder {encoder}, which PyAV does not have here")
    file = io.BytesIO()
    thumbnail = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        video = container.add_stream(
            encoder,
            rate=FRAMES_PER_SECOND,
            options=_encoder_options(look),
        )
        video.width, video.height = look.size
        video.pix_fmt = "yuv420p"
        video.bit_rate = look.bit_rate * 1000
        if look.codec == "h265":
            video.codec_context.codec_tag = "hvc1"
        sound = container.add_stream("aac", rate=_SOUND_RATE, layout="mono")
        sound.bit_rate = _SOUND_BIT_RATE
        painter = _Painter(look)
        for number in range(frames):
            planes = painter.paint(number)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            if number == 0:
                rgb = Image.fromarray(frame.to_ndarray(format="rgb24"))
                rgb.save(thumbnail, "JPEG", quality=80)
            frame.pts = number
            frame.time_base = Fraction(1, FRAMES_PER_SECOND)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for heard in _sound(frames):
            container.mux(sound.encode(heard))
        container.mux(sound.encode())
    return file.getvalue(), thumbnail.getvalue()


def _encoder_options(look: Look) -> dict[str, str]:
    """Return options for closed groups of two seconds, without frames that look ahead."""
    common = f"keyint={_FRAMES_PER_KEYFRAME}:min-keyint={_FRAMES_PER_KEYFRAME}:scenecut=0:bframes=0"
    if look.codec == "h264":
        return {"preset": "ultrafast", "x264-params": f"{common}:threads=1"}
    return {
        "preset": "ultrafast",
        "x265-params": f"{common}:open-gop=0:pools=none:frame-threads=1:log-level=none",
    }


def _sound(frames: int) -> Iterator[av.AudioFrame]:
    """Yield a quiet tone with a beep at every full second."""
    import av  # noqa: PLC0415 - only who watches needs it
    import numpy as np  # noqa: PLC0415 - the same

    samples = frames * _SOUND_RATE // FRAMES_PER_SECOND
    at = np.arange(samples) / _SOUND_RATE
    wave = 0.03 * np.sin(2 * np.pi * 220 * at)
    wave += 0.12 * np.sin(2 * np.pi * 880 * at) * (at % 1 < _BEEP)
    whole = (wave * 32767).astype(np.int16)
    for begin in range(0, samples, _SOUND_FRAME):
        piece = whole[begin : begin + _SOUND_FRAME].reshape(1, -1)
        heard = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
        heard.sample_rate = _SOUND_RATE
        heard.pts = begin
        heard.time_base = Fraction(1, _SOUND_RATE)
        yield heard


# What is in the pictures' room, as shares of their width and height: left, top, right, bottom,
# and how much lighter it is than the wall. A floor, a door, and a window of four panes.
_IN_THE_ROOM: Final = (
    (0.0, 0.68, 1.0, 1.0, -24),
    (0.655, 0.27, 0.765, 0.68, -42),
    (0.28, 0.26, 0.346, 0.363, 60),
    (0.354, 0.26, 0.42, 0.363, 60),
    (0.28, 0.377, 0.346, 0.48, 55),
    (0.354, 0.377, 0.42, 0.48, 55),
)


class _Painter:
    """Paints pictures as YUV planes: a room, a ball that goes round in it, grain, name and clock.

    Name and clock stand in the middle, where a thumbnail that is cut to a square has them too.
    """

    def __init__(self, look: Look) -> None:
        import numpy as np  # noqa: PLC0415 - only who watches needs it

        self._look = look
        width, height = look.size
        self._font, has_chinese = _font(height // 12)
        self._title = look.title_en
        if has_chinese and look.title_zh != look.title_en:
            self._title = f"{look.title_en}  {look.title_zh}"
        columns, rows = np.meshgrid(np.arange(width), np.arange(height))
        self._columns, self._rows = columns, rows
        self._room = _room(width, height)
        # Grain keeps the encoder busy up to its bit rate.
        dice = np.random.default_rng(1)
        strength = 2 + look.bit_rate // 150
        self._grain = [
            dice.integers(-strength, strength + 1, (height, width), dtype=np.int16)
            for _ in range(5)
        ]
        hue = sum(look.title_en.encode()) % 360 / 180 * math.pi
        shape = (height // 2, width // 2)
        self._u = np.full(shape, 128 + round(28 * math.cos(hue)), np.uint8)
        self._v = np.full(shape, 128 + round(28 * math.sin(hue)), np.uint8)
        self._name = self._letters(self._title)
        self._second = -1
        self._clock = self._name

    def paint(self, number: int) -> np.ndarray[Any, Any]:
        """Return picture `number` as planes below each other."""
        import numpy as np  # noqa: PLC0415 - only who watches needs it

        width, height = self._look.size
        second = number // FRAMES_PER_SECOND
        if second != self._second:
            self._second = second
            shown = self._look.starts + timedelta(seconds=second)
            self._clock = self._letters(f"{shown:%Y-%m-%d %H:%M:%S}")
        light = self._room + self._grain[number % len(self._grain)]
        turn = number / FRAMES_PER_SECOND * 0.8
        middle = (width * (0.5 + 0.18 * math.cos(turn)), height * (0.6 + 0.1 * math.sin(turn)))
        radius = height // 10
        left, top = round(middle[0]) - radius, round(middle[1]) - radius
        box = np.s_[max(0, top) : top + 2 * radius, max(0, left) : left + 2 * radius]
        inside = (self._columns[box] - middle[0]) ** 2 + (self._rows[box] - middle[1]) ** 2
        light[box] = np.where(inside < radius * radius, 215, light[box])
        _put(light, self._name, height // 24)
        _put(light, self._clock, height - height // 24 - self._clock.shape[0])
        y = np.clip(light, 16, 235).astype(np.uint8)
        planes = np.concatenate([y.reshape(-1), self._u.reshape(-1), self._v.reshape(-1)])
        picture: np.ndarray[Any, Any] = planes.reshape(height * 3 // 2, width)
        return picture

    def _letters(self, text: str) -> np.ndarray[Any, Any]:
        """Return a text as a mask, from 0 to 1."""
        import numpy as np  # noqa: PLC0415 - only who watches needs it
        from PIL import Image, ImageDraw  # noqa: PLC0415 - the same

        left, top, right, bottom = self._font.getbbox(text)
        image = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4), 0)
        ImageDraw.Draw(image).text((2 - left, 2 - top), text, fill=255, font=self._font)
        return np.asarray(image, dtype=np.float32) / 255


def _room(width: int, height: int) -> np.ndarray[Any, Any]:
    """Return how light each place of a room is: a wall with a window and a door, and the floor."""
    import numpy as np  # noqa: PLC0415 - only who watches needs it

    across, down = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    light = 95 + 35 * down + 12 * np.sin(across * 9)
    for left, top, right, bottom, shade in _IN_THE_ROOM:
        place = np.s_[
            round(top * height) : round(bottom * height), round(left * width) : round(right * width)
        ]
        light[place] += shade
    room: np.ndarray[Any, Any] = light.astype(np.int16)
    return room


def _put(light: np.ndarray[Any, Any], mask: np.ndarray[Any, Any], top: int) -> None:
    """Write a mask into the middle of a picture, in white on a shade."""
    height = min(mask.shape[0], light.shape[0] - top)
    width = min(mask.shape[1], light.shape[1])
    left = (light.shape[1] - width) // 2
    place = light[top : top + height, left : left + width]
    seen = mask[:height, :width]
    place[:] = place * 0.5 * (1 - seen) + 235 * seen


def _font(size: int) -> tuple[ImageFont.FreeTypeFont | ImageFont.ImageFont, bool]:
    """Return a font, and whether it has Chinese letters."""
    from PIL import ImageFont  # noqa: PLC0415 - only who watches needs it

    for name in _CHINESE_FONTS:
        try:
            return ImageFont.truetype(name, size), True
        except OSError:
            continue
    return ImageFont.load_default(size), False


# --- Muxing ---------------------------------------------------------------------------------------


def _mux(
    look: Look, film: bytes, cuts: Sequence[tuple[int, int]]
) -> tuple[tuple[_Template, ...], bytes]:
    """Return the segments between `cuts` (frame numbers), and what comes before them all."""
    import av  # noqa: PLC0415 - only who watches needs it

    templates: list[_Template] = []
    initialisation = b""
    with av.open(io.BytesIO(film), "r") as source:
        streams = (source.streams.video[0], source.streams.audio[0])
        packets = sorted(_packets_of(source), key=lambda packet: (packet.seconds, packet.stream))
        for first, after in cuts:
            chosen = [
                packet for packet in packets if first <= packet.seconds * FRAMES_PER_SECOND < after
            ]
            segment = _muxed(look.container, streams, chosen)
            if look.container == "mp4":
                initialisation, data, clocks = _fragment(segment)
                templates.append(_Template(data=data, first_frame=first, stamps=clocks))
            else:
                stamps, counts = _ts_places(segment)
                templates.append(
                    _Template(data=segment, first_frame=first, stamps=stamps, packets=counts)
                )
    return tuple(templates), initialisation


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packet:
    """One encoded picture (stream 0) or frame of sound (stream 1)."""

    stream: int
    seconds: Fraction
    pts: int
    duration: int | None
    is_key: bool
    data: bytes


def _packets_of(source: InputContainer) -> Iterator[_Packet]:
    for number, stream in enumerate((source.streams.video[0], source.streams.audio[0])):
        source.seek(0)
        tick = Fraction(str(stream.time_base))
        for packet in source.demux(stream):
            # What comes before zero is the sound encoder's own start.
            if packet.pts is not None and packet.pts >= 0:
                yield _Packet(
                    stream=number,
                    seconds=packet.pts * tick,
                    pts=packet.pts,
                    duration=packet.duration,
                    is_key=packet.is_keyframe,
                    data=bytes(packet),
                )


def _muxed(container: Container, streams: Sequence[Any], packets: Sequence[_Packet]) -> bytes:
    """Return packets muxed into one TS file, or one MP4 file with a single fragment."""
    import av  # noqa: PLC0415 - only who watches needs it

    file = io.BytesIO()
    options = (
        {"movflags": "empty_moov+default_base_moof+frag_custom"}
        if container == "mp4"
        else {"mpegts_copyts": "1"}
    )
    output: OutputContainer = av.open(
        file, "w", format="mp4" if container == "mp4" else "mpegts", options=options
    )
    with output:
        targets = [output.add_stream_from_template(stream) for stream in streams]
        # MP4's own times are set later; a track that begins late would be filled up.
        begins = {piece.stream: piece.pts for piece in reversed(packets)}
        if container == "ts":
            begins = dict.fromkeys(begins, 0)
        for piece in packets:
            packet = av.Packet(piece.data)
            packet.stream = targets[piece.stream]
            packet.time_base = streams[piece.stream].time_base
            packet.pts = packet.dts = piece.pts - begins[piece.stream]
            packet.duration = piece.duration
            packet.is_keyframe = piece.is_key
            output.mux_one(packet)
    return file.getvalue()


def _ts_places(data: bytes) -> tuple[tuple[tuple[int, int], ...], dict[int, int]]:
    """Return the places of time stamps in TS, with their kind, and the packets of each stream.

    A stamp's kind is the number of its bytes: 6 for a clock reference, 5 for one of a picture.
    """
    stamps: list[tuple[int, int]] = []
    counts: dict[int, int] = {}
    for begin in range(0, len(data), _TS_PACKET):
        pid = (data[begin + 1] & 0x1F) << 8 | data[begin + 2]
        control = data[begin + 3]
        payload = begin + 4
        if control & 0x20:
            if data[payload] and data[payload + 1] & 0x10:
                stamps.append((payload + 2, 6))
            payload += 1 + data[payload]
        if not control & 0x10:
            continue
        counts[pid] = counts.get(pid, 0) + 1
        starts_unit = data[begin + 1] & 0x40
        if starts_unit and data[payload : payload + 3] == b"\0\0\1":
            flags = data[payload + 7]
            if flags & 0x80:
                stamps.append((payload + 9, 5))
            if flags & 0x40:
                stamps.append((payload + 14, 5))
    return tuple(stamps), counts


def _shifted_ts(template: _Template, first_frame: int, before: dict[int, int]) -> bytes:
    """Return a TS segment with its times and counters set to its place."""
    import numpy as np  # noqa: PLC0415 - only who watches needs it

    shift = (first_frame - template.first_frame) * _TS_CLOCK // FRAMES_PER_SECOND
    data = bytearray(template.data)
    for place, size in template.stamps:
        if size == 6:  # noqa: PLR2004 - a clock reference
            high, low = struct.unpack_from(">IH", data, place)
            clock = ((high << 1 | low >> 15) + shift) % (1 << _PTS_BITS)
            struct.pack_into(">IH", data, place, clock >> 1, (clock & 1) << 15 | low & 0x7FFF)
        else:
            lead, middle, end = struct.unpack_from(">BHH", data, place)
            pts = ((lead >> 1 & 7) << 30 | (middle >> 1) << 15 | end >> 1) + shift
            pts %= 1 << _PTS_BITS
            struct.pack_into(
                ">BHH",
                data,
                place,
                lead & 0xF1 | (pts >> 30) << 1,
                (pts >> 15 & 0x7FFF) << 1 | 1,
                (pts & 0x7FFF) << 1 | 1,
            )
    packets = np.frombuffer(data, dtype=np.uint8).reshape(-1, _TS_PACKET)
    pids = (packets[:, 1].astype(np.uint16) & 0x1F) << 8 | packets[:, 2]
    for pid, count in before.items():
        mine = pids == pid
        control = packets[mine, 3]
        packets[mine, 3] = control & 0xF0 | (control + count % 16) & 0x0F
    return bytes(data)


def _boxes(data: bytes, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the boxes of a part of an MP4 file: type, where it begins, where it ends."""
    while begin < end:
        size = int.from_bytes(data[begin : begin + 4])
        yield data[begin + 4 : begin + 8], begin, begin + size
        begin += size


def _inner_boxes(data: bytes, path: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where the boxes at the end of a path begin and end."""
    places = [(0, len(data))]
    for depth, wanted in enumerate(path):
        skip = 8 if depth else 0
        places = [
            (begin, end)
            for outer_begin, outer_end in places
            for kind, begin, end in _boxes(data, outer_begin + skip, outer_end)
            if kind == wanted
        ]
    yield from places


def _fragment(file: bytes) -> tuple[bytes, bytes, tuple[tuple[int, int, int], ...]]:
    """Return an MP4 file's initialisation, its fragment, and the places of its times.

    Each with the clock of its track and how far it begins behind the fragment, in that clock.
    """
    parts = {kind: (begin, end) for kind, begin, end in _boxes(file, 0, len(file))}
    moof, mdat = parts[b"moof"], parts[b"mdat"]
    initialisation = file[: moof[0]]
    data = file[moof[0] : mdat[1]]
    clocks = {
        track: struct.unpack_from(">I", file, begin + (20 if file[begin + 8] == 0 else 28))[0]
        for track, (begin, _) in enumerate(
            _inner_boxes(file, (b"moov", b"trak", b"mdia", b"mdhd")), start=1
        )
    }
    stamps = []
    for begin, end in _inner_boxes(data, (b"moof", b"traf")):
        children = {kind: place for kind, place, _ in _boxes(data, begin + 8, end)}
        track = struct.unpack_from(">I", data, children[b"tfhd"] + 12)[0]
        stamps.append((children[b"tfdt"], clocks[track], track))
    return initialisation, data, tuple(stamps)


def _shifted_mp4(template: _Template, first_frame: int, index: int) -> bytes:
    """Return an MP4 fragment with its times and its number set to its place."""
    data = bytearray(template.data)
    for _, begin, _ in _boxes(template.data, 8, int.from_bytes(template.data[:4])):
        if template.data[begin + 4 : begin + 8] == b"mfhd":
            struct.pack_into(">I", data, begin + 12, index + 1)
    for place, clock, track in template.stamps:
        seconds = Fraction(first_frame, FRAMES_PER_SECOND)
        at = seconds * clock
        if track != 1:
            # Sound frames begin where their own grid allows.
            at = -(-at // _SOUND_FRAME) * _SOUND_FRAME
        struct.pack_into(">Q" if data[place + 8] else ">I", data, place + 12, int(at))
    return bytes(data)
