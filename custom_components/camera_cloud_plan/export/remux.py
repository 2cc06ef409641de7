"""Footage in another container: the same picture and sound, not encoded anew.

Blocks; for a thread. PyAV comes with Home Assistant's `stream` and is imported when it is
needed. Nothing here costs Python more than a few lines a packet.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
import io
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from ..cloud.errors import DamagedFootageError
from .model import Container
from .place import PartFile
from .segments import Carrier, Opened, runs

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoStream
    from av.container import InputContainer, OutputContainer
    from av.stream import Stream

# Few and large: each read and write is a call from FFmpeg into Python.
_BUFFER: Final = 1 << 20
# Probing decodes pictures to learn what nobody here asks (frame rate, pixel format) and so
# costs more than all the rest; sizes and parameter sets come from the stream's headers. In
# two seconds (here in microseconds) both streams have shown themselves.
_PROBING: Final = {"fpsprobesize": "0", "analyzeduration": "2000000", "skip_frame": "all"}
# A finished file states everything in its header.
_LOOKING: Final = {"probesize": "32", "analyzeduration": "1", "skip_frame": "all"}
_LOOKED_AT: Final = 1 << 15
# Without the second, FFmpeg would hand over every packet by itself.
_WRITING: Final = {"avoid_negative_ts": "make_zero", "flush_packets": "0"}
# Within one run time goes on. A step back, or further ahead than this many seconds, is a
# clock that was set: what follows goes on from where the last picture ended, as FFmpeg's own
# `-dts_delta_threshold` of 10 s has it.
_STEP_BACK: Final = 0.5
_STEP_AHEAD: Final = 10.0
_LEAST_STEP: Final = 0.001
# More parts than any camera changes its picture in one recording.
_MOST_PARTS: Final = 100
_START_CODE: Final = b"\x00\x00\x01"
# Uncompressed sound, of which files state samples instead of packets.
_SAMPLE_BYTES: Final = {"pcm_alaw": 1, "pcm_mulaw": 1, "pcm_s16be": 2, "pcm_s16le": 2}
_H264_SPS: Final = 7
_H264_PICTURES: Final = range(1, 6)
_HEVC_SETS: Final = range(32, 35)
_HEVC_PICTURES: Final = range(32)
# How far a file may state another duration than the packets in it have, in seconds.
_TOLERANCE: Final = 0.5


class UnheldError(Exception):
    """No container that is written here holds this footage; it has to be kept as it came."""


@dataclass(slots=True)
class Part:
    """One finished file: what was written into it."""

    file: PartFile
    container: str
    """The suffix of its name."""
    codec: str | None = None
    """`None` where it holds what came, unread."""
    width: int | None = None
    height: int | None = None
    audio: tuple[str, ...] = ()
    seconds: float | None = None
    samples: tuple[int, ...] = ()
    """How many of each stream, picture first: what the file then states itself."""


def is_possible() -> bool:
    """Return whether PyAV is there."""
    try:
        import av  # noqa: F401, PLC0415 - it takes long, and may be missing
    except ImportError:
        return False
    return True


def remux(
    segments: Iterator[Opened], container: Container, new_file: Callable[[], PartFile]
) -> list[Part]:
    """Write footage into as many files as its picture changes, and return them in order.

    The files are unfinished: neither flushed nor published. Raises `DamagedFootageError` for
    what FFmpeg cannot read, `UnheldError`, `OSError` of the files and whatever `segments`
    raises.
    """
    import av  # noqa: PLC0415 - it takes long, and may be missing

    writer = _Writer(container, new_file)
    try:
        for run in runs(segments):
            try:
                with av.open(
                    run.file,
                    "r",
                    format=run.carrier.value,
                    buffer_size=_BUFFER,
                    options=dict(_PROBING),
                ) as source:
                    writer.copy(source, run.carrier)
            except (av.FFmpegError, EOFError) as err:
                writer.raise_error()
                if run.error:
                    raise run.error from err
                raise DamagedFootageError("footage that cannot be read") from err
        return writer.finished()
    except av.FFmpegError as err:
        writer.raise_error()
        raise DamagedFootageError("footage that cannot be written") from err
    finally:
        writer.close()


def verify(part: Part) -> None:
    """Open a finished file, and see whether it states what was written into it.

    Raises `DamagedFootageError`.
    """
    import av  # noqa: PLC0415 - it takes long, and may be missing

    part.file.seek(0)
    try:
        with av.open(
            part.file, "r", format="mp4", buffer_size=_LOOKED_AT, options=dict(_LOOKING)
        ) as made:
            pictures = made.streams.video
            sounds = made.streams.audio
            is_whole = (
                [stream.codec_context.name for stream in pictures] == [part.codec]
                and len(sounds) == len(part.audio)
                and (pictures[0].width, pictures[0].height) == (part.width, part.height)
                and bool(pictures[0].codec_context.extradata)
                and tuple(stream.frames for stream in (*pictures, *sounds)) == part.samples
            )
            seconds = float((pictures[0].duration or 0) * pictures[0].time_base)
    except (av.FFmpegError, EOFError) as err:
        raise DamagedFootageError("the written file does not open") from err
    if not is_whole:
        raise DamagedFootageError("the written file is not what was written")
    if part.seconds is None or abs(seconds - part.seconds) > _TOLERANCE:
        raise DamagedFootageError("the written file has another duration")


@dataclass(slots=True)
class _Track:
    """One stream of a run, with the clock that its packets are put on; in its time base."""

    stream: Stream
    tick: float
    """Seconds."""
    least: int
    """What lies between two packets at least: a millisecond, more than a file's own tick."""
    shift: int = 0
    last: int | None = None
    """The last packet's decoding time."""
    next: int = 0
    """Where the last packet ended."""
    usual: int = 1
    """How long a packet is that does not say it."""
    block: int = 0
    """The bytes of a sample where each of a packet's is one of its own in the file."""


def _track(stream: Stream, jump: float = 0.0, before: _Track | None = None) -> _Track:
    """Return a stream's track, so many seconds added to its clock, that goes on from another."""
    tick = float(stream.time_base)
    from av import AudioStream  # noqa: PLC0415 - it takes long, and may be missing

    usual = 1
    block = 0
    if isinstance(stream, AudioStream):
        context = stream.codec_context
        if context.frame_size and context.sample_rate:
            usual = round(context.frame_size / context.sample_rate / tick)
        block = _SAMPLE_BYTES.get(context.name, 0) * context.channels
    return _Track(
        stream,
        tick,
        least=ceil(_LEAST_STEP / tick),
        shift=round(jump / tick),
        last=None
        if before is None or before.last is None
        else ceil(before.last * before.tick / tick),
        next=round(before.next * before.tick / tick) if before else 0,
        usual=usual,
        block=block,
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """What has to stay equal within a file."""

    shape: tuple[object, ...]
    sets: frozenset[bytes]
    """The parameter sets known, where each key frame brings its own."""


@dataclass(slots=True)
class _Output:
    """A file being written."""

    file: PartFile
    container: Container
    muxer: OutputContainer
    streams: list[Stream]
    look: _Look
    video: VideoStream
    audio: list[AudioStream]
    """What picture and sound were taken from."""
    keeps: InputContainer | None
    """What that belongs to, where it is not the run."""
    samples: list[int]
    start: float | None = None
    end: float = 0.0
    """In seconds, of the picture."""


class _Writer:
    """Copies runs into files."""

    def __init__(self, container: Container, new_file: Callable[[], PartFile]) -> None:
        self._container = container
        self._new_file = new_file
        self._files: list[PartFile] = []
        self._parts: list[Part] = []
        self._current: _Output | None = None
        self._previous: _Output | None = None
        self._boundary = 0.0
        self._tracks: list[_Track] = []
        self._jump = 0.0
        """What was last added to a clock that was set, in seconds."""

    def copy(self, source: InputContainer, carrier: Carrier) -> None:
        """Copy a whole run. Raises `DamagedFootageError` and `UnheldError`."""
        if not source.streams.video:
            raise DamagedFootageError("footage without a picture")
        video = source.streams.video[0]
        # Of a stream that FFmpeg has no name for there is no context.
        audio = [each for each in source.streams.audio if each.codec_context is not None]
        if video.codec_context is None or not video.codec_context.width:
            raise DamagedFootageError("footage without a picture")
        look = _look(video, audio, carrier)
        if self._current is None or self._current.look.shape != look.shape:
            self._finish()
            self._begin(video, audio, look)
            self._jump = 0.0
            self._tracks = [_track(stream) for stream in (video, *audio)]
        else:
            # Goes on in the same file where the run before ended.
            end = max(track.next * track.tick for track in self._tracks)
            self._jump = end - _start([video, *audio])
            self._tracks = [
                _track(stream, self._jump, before)
                for stream, before in zip((video, *audio), self._tracks, strict=True)
            ]
        self._copy(source, heeds_sets=carrier is Carrier.TS)
        self._close_previous()

    def _copy(self, source: InputContainer, *, heeds_sets: bool) -> None:
        tracks = self._tracks
        order = {track.stream.index: index for index, track in enumerate(tracks)}
        for packet in source.demux([track.stream for track in tracks]):
            if not packet.size:  # which ends a stream
                continue
            index = order[packet.stream_index]
            track = tracks[index]
            start = self._timed(packet, track)
            if index == 0 and heeds_sets and packet.is_keyframe:
                self._heed_sets(bytes(packet), start)
            output = self._output(index, start)
            output.samples[index] += packet.size // track.block if track.block else 1
            if index == 0:
                if output.start is None:
                    output.start = start
                output.end = track.next * track.tick
            packet.stream = output.streams[index]
            output.muxer.mux_one(packet)

    def _output(self, index: int, start: float) -> _Output:
        """Return the file that a packet belongs to: sound may yet be the one's before."""
        if self._previous and index:
            if start < self._boundary:
                return self._previous
            if index == 1:
                self._close_previous()
        if self._current is None:
            raise RuntimeError("a packet without a file")
        return self._current

    def _timed(self, packet: Packet[Any], track: _Track) -> float:
        """Put a packet on the file's clock; return its decoding time in seconds."""
        came = packet.dts
        if came is None:
            came = packet.pts
        last = track.last
        if came is None:
            dts = track.next
        else:
            dts = came + track.shift
            if last is not None:
                gap = (dts - track.next) * track.tick
                if not -_STEP_BACK <= gap <= _STEP_AHEAD:
                    dts = self._set_anew(came, track)
        if last is not None and dts <= last:
            dts = last + track.least
        if dts != packet.dts:
            pts = packet.pts
            shown = dts if pts is None or came is None else dts + (pts - came)
            packet.dts = dts
            packet.pts = max(shown, dts)
        elif packet.pts is None:
            packet.pts = dts
        if packet.duration:
            track.usual = packet.duration
        elif last is not None and track.usual == 1:
            track.usual = dts - last
        track.last = dts
        track.next = dts + track.usual
        return dts * track.tick

    def _set_anew(self, came: int, track: _Track) -> int:
        """Return a packet's time after its clock was set; the other streams follow suit."""
        shift = round(self._jump / track.tick)
        if not -_STEP_BACK <= (came + shift - track.next) * track.tick <= _STEP_AHEAD:
            shift = track.next - came
            self._jump = shift * track.tick
        track.shift = shift
        return came + shift

    def _heed_sets(self, data: bytes, start: float) -> None:
        """Go on in another file where a key frame brings other parameter sets.

        Sound that belongs before it still goes into the file before.
        """
        current = self._current
        if current is None:
            return
        codec = current.video.codec_context.name
        sets = _parameter_sets(data, codec)
        if sets <= current.look.sets:
            return
        self._close_previous()
        self._previous, self._boundary = current, start
        self._current = None
        template = _template(data, codec)
        video = template.streams.video[0]
        audio = current.audio
        self._begin(video, audio, _look(video, audio, Carrier.TS), keeps=template)

    def _begin(
        self,
        video: VideoStream,
        audio: list[AudioStream],
        look: _Look,
        keeps: InputContainer | None = None,
    ) -> None:
        if len(self._files) >= _MOST_PARTS:
            raise DamagedFootageError("a picture that changes all the time")
        file = self._new_file()
        self._files.append(file)
        # MOV takes sound that MP4 has no name for, such as the G.711 of many cameras.
        for container in dict.fromkeys((self._container, Container.MOV)):
            with suppress(ValueError):
                muxer, streams = _muxer(file, container, video, audio)
                self._current = _Output(
                    file=file,
                    container=container,
                    muxer=muxer,
                    streams=streams,
                    look=look,
                    video=video,
                    audio=audio,
                    keeps=keeps,
                    samples=[0] * len(streams),
                )
                return
        raise UnheldError

    def _close_previous(self) -> None:
        if self._previous:
            previous, self._previous = self._previous, None
            self._complete(previous)

    def _finish(self) -> None:
        self._close_previous()
        if self._current:
            current, self._current = self._current, None
            self._complete(current)

    def _complete(self, output: _Output) -> None:
        output.muxer.close()
        if output.file.error:
            raise output.file.error
        context = output.video.codec_context
        sounds = [stream.codec_context.name for stream in output.streams[1:]]
        self._parts.append(
            Part(
                file=output.file,
                container=output.container.value,
                codec=context.name,
                width=context.width,
                height=context.height,
                audio=tuple(sounds),
                seconds=output.end - (output.start or 0.0),
                samples=tuple(output.samples),
            )
        )

    def finished(self) -> list[Part]:
        """Finish the last file, and return all."""
        self._finish()
        return self._parts

    def close(self) -> None:
        """Drop the files that were not finished, and what holds them."""
        for output in filter(None, (self._current, self._previous)):
            output.file.discard()
            output.muxer.close()  # which writes nothing more into a file that is closed
        self._current = self._previous = None

    def raise_error(self) -> None:
        """Raise what befell the writing of a file, which FFmpeg may have made its own of."""
        for file in self._files:
            if file.error:
                raise file.error


def _muxer(
    file: PartFile, container: Container, video: VideoStream, audio: list[AudioStream]
) -> tuple[OutputContainer, list[Stream]]:
    """Return what writes these streams into a file, picture first.

    Raises `ValueError` where such a file cannot hold one of them.
    """
    import av  # noqa: PLC0415 - it takes long, and may be missing

    muxer = av.open(
        file,
        "w",
        format=container.value,
        buffer_size=_BUFFER,
        container_options=dict(_WRITING),
    )
    picture = muxer.add_stream_from_template(video, opaque=True)
    if video.codec_context.name == "hevc":
        # Parameter sets in the header only: what Apple's players take.
        picture.codec_context.codec_tag = "hvc1"
    sounds = [muxer.add_stream_from_template(stream, opaque=True) for stream in audio]
    return muxer, [picture, *sounds]


def _look(video: VideoStream, audio: list[AudioStream], carrier: Carrier) -> _Look:
    """Return what a run looks like."""
    context = video.codec_context
    extradata = context.extradata or b""
    sets = _parameter_sets(extradata, context.name) if carrier is Carrier.TS else frozenset()
    sounds = [stream.codec_context for stream in audio]
    return _Look(
        (
            (context.name, context.width, context.height, sets or extradata),
            *(
                (sound.name, sound.sample_rate, sound.layout.name, sound.extradata)
                for sound in sounds
            ),
        ),
        sets,
    )


def _start(streams: list[Stream]) -> float:
    """Return when a run starts on its own clock, in seconds."""
    starts = [
        float(stream.start_time * stream.time_base)
        for stream in streams
        if stream.start_time is not None
    ]
    return min(starts, default=0.0)


def _parameter_sets(data: bytes, codec: str) -> frozenset[bytes]:
    """Return the parameter sets before the first picture of Annex B data.

    Of H.264 the sequence parameter sets only: its others stay in the file's pictures, and a
    player follows them there. Of H.265 all: `hvc1` has them in the header only.
    """
    found = set()
    start = data.find(_START_CODE) + len(_START_CODE)
    while len(_START_CODE) <= start < len(data):
        is_set, is_picture = _nal_kind(data[start], codec)
        if is_picture:
            break
        end = data.find(_START_CODE, start)
        if is_set:
            found.add(data[start : end if end >= 0 else None].rstrip(b"\0"))
        start = end + len(_START_CODE)
    return frozenset(found)


def _nal_kind(header: int, codec: str) -> tuple[bool, bool]:
    """Return whether a NAL unit is a parameter set, and whether it is of a picture.

    By the first byte of its header (H.264 table 7-1, H.265 table 7-1).
    """
    if codec == "h264":
        kind = header & 0x1F
        return kind == _H264_SPS, kind in _H264_PICTURES
    if codec == "hevc":
        kind = header >> 1 & 0x3F
        return kind in _HEVC_SETS, kind in _HEVC_PICTURES
    return False, True


def _template(data: bytes, codec: str) -> InputContainer:
    """Return an open container whose stream is what a key frame says."""
    import av  # noqa: PLC0415 - it takes long, and may be missing

    return av.open(io.BytesIO(data), "r", format=codec, options=dict(_PROBING))
