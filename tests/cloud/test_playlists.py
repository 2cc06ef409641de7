"""Playlists: what is read, what is refused, and that nothing else ever happens."""

import contextlib
import time

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.camera_cloud_plan.cloud.errors import (
    CloudError,
    DamagedFootageError,
    ForbiddenAddressError,
)
from custom_components.camera_cloud_plan.cloud.hls import MAX_PLAYLIST_BYTES, Part, parse

_S = "https://storage.example.com"
_IV = "0x000102030405060708090a0b0c0d0e0f"
_KEY = f'#EXT-X-KEY:METHOD=AES-128,URI="{_S}/key",IV={_IV}'


def _text(*lines: str) -> str:
    return "\n".join(["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:4", *lines])


def _one(*lines: str, address: str = f"{_S}/1.ts") -> str:
    return _text(*lines, "#EXTINF:4.0,", address)


def _opened(part: Part) -> tuple[str, str | None, bytes | None]:
    key = part.source.key
    return str(part.source.url), None if key is None else str(key), part.source.iv


def test_a_plain_playlist() -> None:
    parts = parse(
        _text("#EXTINF:4.004,", f"{_S}/1?a=%2F", "#EXTINF:2", f"{_S}/2", "#EXT-X-ENDLIST")
    )
    assert [part.segment.index for part in parts] == [0, 1]
    assert [part.segment.duration for part in parts] == [4.004, 2.0]
    assert [_opened(part) for part in parts] == [
        (f"{_S}/1?a=%2F", None, None),
        (f"{_S}/2", None, None),
    ]
    assert not any(part.segment.starts_anew or part.initialisation for part in parts)


def test_each_segment_has_the_key_in_force() -> None:
    parts = parse(
        _text(
            "#EXT-X-MEDIA-SEQUENCE:258",
            _KEY,
            "#EXTINF:4,",
            f"{_S}/1",
            "#EXTINF:4,",
            f"{_S}/2",
            f'#EXT-X-KEY:METHOD=AES-128,URI="{_S}/other?a,b=c"',
            "#EXTINF:4,",
            f"{_S}/3",
            "#EXT-X-KEY:METHOD=NONE",
            "#EXTINF:4,",
            f"{_S}/4",
        )
    )
    explicit = bytes(range(16))
    assert [_opened(part) for part in parts] == [
        (f"{_S}/1", f"{_S}/key", explicit),
        (f"{_S}/2", f"{_S}/key", explicit),
        # Without a vector it is the segment's number: RFC 8216 5.2.
        (f"{_S}/3", f"{_S}/other?a,b=c", (260).to_bytes(16)),
        (f"{_S}/4", None, None),
    ]


def test_what_comes_before_segments_has_the_key_in_force_at_its_own_place() -> None:
    parts = parse(
        _text(
            f'#EXT-X-MAP:URI="{_S}/init-plain"',
            _KEY,
            "#EXTINF:4,",
            f"{_S}/1",
            "#EXTINF:4,",
            f"{_S}/2",
            f'#EXT-X-MAP:URI="{_S}/init-sealed"',
            "#EXTINF:4,",
            f"{_S}/3",
            # The same again is nothing new.
            f'#EXT-X-MAP:URI="{_S}/init-sealed"',
            "#EXTINF:4,",
            f"{_S}/4",
        )
    )
    before = [part.initialisation for part in parts]
    assert [(str(each.url), each.iv) if each else None for each in before] == [
        (f"{_S}/init-plain", None),
        None,
        (f"{_S}/init-sealed", bytes(range(16))),
        None,
    ]
    assert [part.segment.starts_anew for part in parts] == [False, False, True, False]


def test_a_discontinuity_starts_anew() -> None:
    lines = [line for n in range(3) for line in ("#EXT-X-DISCONTINUITY", "#EXTINF:4,", f"{_S}/{n}")]
    parts = parse(_text(*lines[1:6], *lines[7:]))
    assert [part.segment.starts_anew for part in parts] == [False, True, False]


@pytest.mark.parametrize(
    "oddity",
    [
        "#EXT-X-PROGRAM-DATE-TIME:yesterday",
        "#EXT-X-PROGRAM-DATE-TIME:9999-12-31T23:59:59Z",
        "#EXT-X-VERSION:seven",
        "#EXT-X-TARGETDURATION:",
        "#EXT-X-DISCONTINUITY-SEQUENCE",
        "#EXT-X-DATERANGE:ID",
        "#EXT-X-START:TIME-OFFSET=x",
        "# a comment",
        "",
    ],
)
def test_what_does_not_matter_may_be_odd(oddity: str) -> None:
    assert len(parse(_one(oddity))) == 1


def test_line_ends_and_a_mark_of_byte_order_do_not_matter() -> None:
    assert len(parse("\ufeff" + _one(_KEY).replace("\n", "\r\n") + "\r\n\r\n")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#EXTM3",
        "<html></html>",
        '{"code":0}',
        "\0\0\0",
        _text(),
        _text("#EXT-X-ENDLIST"),
        _text("#EXTINF:4,"),
        _text(f"{_S}/1"),
        _text("#EXTINF:4,", f"{_S}/1", f"{_S}/2"),
        _text('#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1"', f"{_S}/1.m3u8"),
        _text(f'#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="{_S}/1.m3u8"') + _one()[7:],
        _one("#EXT-X-I-FRAMES-ONLY"),
        _one("#EXT-X-BYTERANGE:10@0"),
        _one("#EXT-X-GAP"),
        _one(f'#EXT-X-PART:DURATION=1,URI="{_S}/p"'),
        _one("#EXT-X-SKIP:SKIPPED-SEGMENTS=3"),
        _one(f'#EXT-X-MAP:URI="{_S}/init",BYTERANGE="10@0"'),
        _one("#EXT-X-MAP"),
        _one("#EXT-X-MAP:"),
        _one('#EXT-X-MAP:BYTERANGE="1@0"'),
        # A map's vector cannot be worked out.
        _one(f'#EXT-X-KEY:METHOD=AES-128,URI="{_S}/key"', f'#EXT-X-MAP:URI="{_S}/init"'),
        _one("#EXT-X-KEY"),
        _one("#EXT-X-KEY:"),
        _one("#EXT-X-KEY:METHOD"),
        _one("#EXT-X-KEY:METHOD=AES-128"),
        _one(f'#EXT-X-KEY:URI="{_S}/key"'),
        _one(f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="{_S}/key",IV={_IV}'),
        _one(f'#EXT-X-KEY:METHOD=AES-256,URI="{_S}/key",IV={_IV}'),
        _one(f'{_KEY},KEYFORMAT="com.apple.streamingkeydelivery"'),
        _one(_KEY[:-1]),
        _one(f"{_KEY}0"),
        _one(_KEY.replace("0x", "")),
        _one(f"{_KEY[:-1]}g"),
        _one("#EXT-X-MEDIA-SEQUENCE:x"),
        _one("#EXT-X-MEDIA-SEQUENCE:-1"),
        _one(f"#EXT-X-MEDIA-SEQUENCE:{2**64}"),
        _one(f"#EXT-X-MEDIA-SEQUENCE:{'9' * 5000}"),
        *(
            _text(f"#EXTINF:{seconds},", f"{_S}/1")
            for seconds in ("", "x", "0", "-4", "nan", "inf", "1e9", "3600.1")
        ),
        _text(*(line for n in range(200) for line in ("#EXTINF:3600,", f"{_S}/{n}"))),
        _text(*(line for n in range(20_001) for line in ("#EXTINF:1,", f"{_S}/{n}"))),
        _text("#" * MAX_PLAYLIST_BYTES),
    ],
)
def test_what_is_no_whole_recording_is_damaged(text: str) -> None:
    with pytest.raises(DamagedFootageError) as raised:
        parse(text)
    assert _S not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "address", ["http://storage.example.com/1", "https://10.0.0.1/1", "/1.ts", "file:///etc/passwd"]
)
def test_addresses_are_looked_at_wherever_they_stand(address: str) -> None:
    for text in (
        _one(address=address),
        _one(f'#EXT-X-KEY:METHOD=AES-128,URI="{address}",IV={_IV}'),
        _one(f'#EXT-X-MAP:URI="{address}"'),
        _text("#EXTINF:1,", f"{_S}/1", "#EXTINF:1,", address),
    ):
        with pytest.raises(ForbiddenAddressError):
            parse(text)


def test_a_recording_that_may_grow_has_to_be_at_its_end() -> None:
    with pytest.raises(DamagedFootageError, match="without an end"):
        parse(_one(), may_grow=True)
    assert parse(_one()) == parse(f"{_one()}\n#EXT-X-ENDLIST\n", may_grow=True)


def test_a_port_is_for_a_gateway() -> None:
    text = _one(address="https://storage.example.com:8443/1")
    with pytest.raises(ForbiddenAddressError):
        parse(text)
    assert parse(text, any_port=True)[0].source.url.port == 8443


_LINES = st.sampled_from(
    [
        "#EXTINF:4,",
        "#EXTINF:",
        f"{_S}/1",
        "https://10.0.0.1/",
        _KEY,
        "#EXT-X-KEY:METHOD=NONE",
        '#EXT-X-KEY:METHOD=AES-128,URI="',
        f'#EXT-X-MAP:URI="{_S}/init"',
        "#EXT-X-DISCONTINUITY",
        "#EXT-X-MEDIA-SEQUENCE:7",
        "#EXT-X-ENDLIST",
        "#EXT-X-BYTERANGE:1",
    ]
)


@settings(max_examples=300)
@given(st.lists(_LINES | st.text(max_size=40) | st.builds("#EXT{}".format, st.text(max_size=30))))
def test_whatever_comes_is_read_or_refused(lines: list[str]) -> None:
    try:
        parts = parse("\n".join(["#EXTM3U", *lines]))
    except CloudError:
        return
    assert all(part.source.url.host == "storage.example.com" for part in parts)
    assert [part.segment.index for part in parts] == list(range(len(parts)))


@pytest.mark.parametrize(
    "hostile",
    [
        "\n".join(f'#EXT-X-KEY:METHOD=AES-128,URI="{_S}/{n}"' for n in range(30_000)),
        "#EXTINF:1,\n" * 150_000,
        "#EXT-X-KEY:" + "\"'" * 900_000,
        "#EXT-X-KEY:" + "A=B," * 450_000,
        "#EXT-X-MAP:" + '"' * 1_900_001,
        "\n" * 1_900_000,
    ],
    ids=["keys", "lengths", "quotes", "attributes", "quote", "lines"],
)
def test_the_worst_of_its_size_takes_no_age(hostile: str) -> None:
    start = time.process_time()
    with contextlib.suppress(CloudError):
        parse(_one(hostile))
    assert time.process_time() - start < 5
