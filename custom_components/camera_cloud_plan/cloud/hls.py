"""Playlists of HTTP live streaming (RFC 8216), as far as recordings use them.

What a playlist says is not trusted: everything is bounded, only public https addresses pass,
and what cannot be fetched and opened as a whole is refused rather than left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
import math
import re
from typing import Any, Final

import m3u8
from yarl import URL

from .errors import DamagedFootageError
from .guarded import public_url
from .recordings import Segment

MAX_PLAYLIST_BYTES: Final = 2 * 2**20
_MAX_SEGMENTS: Final = 20_000
_MAX_SECONDS: Final = 3600.0
_MAX_TOTAL_SECONDS: Final = 7 * 86400.0
_IV: Final = re.compile(r"0[xX]([0-9a-fA-F]{32})", re.ASCII)
_MAX_SEQUENCE: Final = 2**64

_HEADER: Final = "#EXTM3U"
_KEY_TAG: Final = "#EXT-X-KEY"
_MAP_TAG: Final = "#EXT-X-MAP"
_END_TAG: Final = "#EXT-X-ENDLIST"
# All that matters here. What the others say can be as odd as it likes.
_READ_TAGS: Final = frozenset(
    {_KEY_TAG, _MAP_TAG, "#EXTINF", "#EXT-X-DISCONTINUITY", "#EXT-X-MEDIA-SEQUENCE"}
)
# What changes which bytes a segment is made of, or whether there are any.
_REFUSED: Final = {
    "#EXT-X-BYTERANGE": "a playlist of byte ranges",
    "#EXT-X-GAP": "a playlist with a gap",
    "#EXT-X-PART": "a playlist of partial segments",
    "#EXT-X-SKIP": "a playlist that leaves segments out",
    "#EXT-X-STREAM-INF": "a playlist of playlists",
    "#EXT-X-I-FRAME": "a playlist of still pictures",
}

type _Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where some bytes are, and what opens them: `key` is where the key is. Never logged."""

    url: URL = field(repr=False)
    key: URL | None = field(default=None, repr=False)
    iv: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A segment with where it is; `initialisation` is what has to come before it."""

    segment: Segment
    source: Source
    initialisation: Source | None = None


def parse(text: str, *, any_port: bool = False, may_grow: bool = False) -> tuple[Part, ...]:
    """Return a playlist's segments, in order; may take a second, so mind the event loop.

    `any_port` as for `public_url`. Where the recording `may_grow` still, only the mark at the
    playlist's end says that this is all of it. Raises `DamagedFootageError` for what is no
    playlist of one whole recording, and `ForbiddenAddressError` for addresses that nothing is
    fetched from.
    """
    lines = _lines(text, may_grow=may_grow)
    named = sum(not line.startswith("#") for line in lines)
    if not 0 < named <= _MAX_SEGMENTS:
        raise DamagedFootageError("a playlist without segments, or with too many")
    map_keys: list[_Wire | None] = []

    def passes_over(line: str, _number: int, data: dict[str, Any], state: dict[str, Any]) -> bool:
        """Refuse what is not handled, and keep the key that is in force at each map."""
        tag = line.partition(":")[0]
        for start, what in _REFUSED.items():
            if tag.startswith(start):
                raise DamagedFootageError(what)
        if tag == _MAP_TAG:
            map_keys.append(state["current_key"])
        if tag == _KEY_TAG:
            # The library compares each key with all before it, which takes for ever.
            data["keys"].clear()
            if "METHOD=" not in line:  # which it would take for no cipher at all
                raise DamagedFootageError("a playlist with an unknown cipher")
        return tag not in _READ_TAGS

    try:
        data = m3u8.parse("\n".join(lines), custom_tags_parser=passes_over)
        # The library passes over a segment that is not announced.
        if len(data["segments"]) != named:
            raise DamagedFootageError("a playlist with an address out of place")
        return _read(data, map_keys, any_port=any_port)
    except ValueError, LookupError, TypeError, AttributeError, ArithmeticError, m3u8.ParseError:
        # `from None`, because the library's errors repeat the line.
        raise DamagedFootageError("no playlist that can be read") from None


def _lines(text: str, *, may_grow: bool) -> list[str]:
    if len(text) > MAX_PLAYLIST_BYTES:
        raise DamagedFootageError("a playlist longer than any")
    lines = [line for given in text.removeprefix("\ufeff").splitlines() if (line := given.strip())]
    if not lines or not lines[0].startswith(_HEADER):
        raise DamagedFootageError("no playlist")
    if may_grow and _END_TAG not in lines:
        raise DamagedFootageError("a playlist without an end")
    return lines


def _read(data: _Wire, map_keys: list[_Wire | None], *, any_port: bool) -> tuple[Part, ...]:
    rows, sequence = data["segments"], data["media_sequence"]
    if not 0 <= sequence < _MAX_SEQUENCE:
        raise DamagedFootageError("a playlist that is numbered oddly")
    maps = {
        id(row): _initialisation(row, key, any_port=any_port)
        for row, key in zip(data["segment_map"], map_keys, strict=True)
    }
    read = [
        (
            _source(row["uri"], row.get("key"), sequence + index, any_port=any_port),
            maps[id(row["init_section"])] if "init_section" in row else None,
        )
        for index, row in enumerate(rows)
    ]
    turns = [True, *(before[1] != after[1] for before, after in pairwise(read))]
    parts = tuple(
        Part(
            segment=Segment(
                index=index,
                duration=_duration(row["duration"]),
                starts_anew=index > 0 and (bool(row["discontinuity"]) or turns[index]),
            ),
            source=source,
            initialisation=initialisation if turns[index] else None,
        )
        for index, (row, (source, initialisation)) in enumerate(zip(rows, read, strict=True))
    )
    if math.fsum(part.segment.duration for part in parts) > _MAX_TOTAL_SECONDS:
        raise DamagedFootageError("a playlist longer than any")
    return parts


def _duration(seconds: float) -> float:
    if not math.isfinite(seconds) or not 0 < seconds <= _MAX_SECONDS:
        raise DamagedFootageError("a segment of no possible length")
    return seconds


def _initialisation(row: _Wire, key: _Wire | None, *, any_port: bool) -> Source:
    if "byterange" in row:
        raise DamagedFootageError("a playlist of byte ranges")
    # Its IV cannot be told by any number: RFC 8216 4.3.2.5 wants it to be there.
    return _source(row["uri"], key, None, any_port=any_port)


def _source(uri: str, key: _Wire | None, sequence: int | None, *, any_port: bool) -> Source:
    """Return where something is, under the key in force: RFC 8216 4.3.2.4 and 5.2."""
    url = public_url(uri, any_port=any_port)
    method = None if key is None else key["method"]
    if method in (None, "NONE"):
        return Source(url=url)
    if key is None or method != "AES-128" or key.get("keyformat", "identity") != "identity":
        raise DamagedFootageError("a playlist with an unknown cipher")
    if (given := key.get("iv")) is not None:
        found = _IV.fullmatch(given)
        iv = bytes.fromhex(found[1]) if found else None
    else:
        iv = None if sequence is None else sequence.to_bytes(16)
    if iv is None:
        raise DamagedFootageError("a playlist without what opens it")
    return Source(url=url, key=public_url(key["uri"], any_port=any_port), iv=iv)
