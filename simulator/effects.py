"""What the faults of the catalogue do to a request or an answer."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
import os

from aiohttp import web

from simulator import answers
from simulator.answers import ExpiredShape
from simulator.faults import Fault, Trouble


class ConnectionDropped(web.Response):
    """Stands for an answer that never comes: its connection is closed already."""


async def early_answer(request: web.Request, struck: Iterable[Fault]) -> web.Response | None:
    """Return what a request gets instead of its proper answer; `None`: the proper one, maybe late."""
    for fault in struck:
        match fault.trouble:
            case Trouble.LATENCY:
                await asyncio.sleep(fault.number("seconds"))
            case Trouble.DROPPED:
                return drop(request)
            case Trouble.HTTP_STATUS:
                return _http_error(int(fault.number("status")), int(fault.number("retry_after")))
            case Trouble.HTML:
                return web.Response(text=answers.HTML_PAGE, content_type="text/html")
            case Trouble.EXPIRED_TOKEN:
                return answers.EXPIRED[ExpiredShape(fault.text("shape"))].response()
            case Trouble.INVALID_SIGNATURE:
                return answers.INVALID_SIGNATURE.response()
    return None


def drop(request: web.Request) -> ConnectionDropped:
    """Close a request's connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return ConnectionDropped()


def spoil(body: dict[str, object], fault: Fault) -> dict[str, object]:
    """Return an answer's envelope with its content spoilt."""
    content = "data" if "data" in body else "result"
    match fault.trouble:
        case Trouble.API_ERROR:
            words = "description" if content == "data" else "message"
            return body | {
                "code": int(fault.number("code")),
                words: fault.text("message"),
                content: None,
            }
        case Trouble.NULL_DATA:
            return body | {content: None}
        case Trouble.WRONG_TYPES:
            return body | {content: _retyped(body[content])}
        case Trouble.MISSING_KEYS:
            keys = frozenset(fault.text("keys").split(",")) - {""}
            return body | {content: _without(body[content], keys)}
        case Trouble.NO_DEVICES:
            return body | {content: _emptied(body[content])}
    return body


def spoil_flat(body: dict[str, object], fault: Fault) -> dict[str, object]:
    """Return an answer without an envelope spoilt: its own fields are its content."""
    match fault.trouble:
        case Trouble.API_ERROR:
            code, message = int(fault.number("code")), fault.text("message")
            return body | {"code": code, "result": "error", "message": message}
        case Trouble.NULL_DATA:
            return dict.fromkeys(body)
        case Trouble.WRONG_TYPES:
            return {key: _retyped(value) for key, value in body.items()}
        case Trouble.MISSING_KEYS:
            keys = frozenset(fault.text("keys").split(",")) - {""}
            return {key: value for key, value in body.items() if keys and key not in keys}
    return body


def spoil_playlist(text: str, origin: str, struck: Iterable[Fault]) -> str:
    """Return a playlist that leads elsewhere, or is none; `origin` is where it leads by rights."""
    for fault in struck:
        if fault.trouble is Trouble.FOREIGN_ADDRESS:
            foreign = fault.text("origin")
            starts = _ADDRESSES[fault.text("what")]
            text = "\n".join(
                line.replace(origin, foreign) if line.startswith(starts) else line
                for line in text.split("\n")
            )
        elif fault.trouble is Trouble.ODD_PLAYLIST:
            size = int(fault.number("megabytes")) * _MEGABYTE
            text = _odd_playlist(fault.text("shape"), text, origin, size)
    return text


def _odd_playlist(shape: str, text: str, origin: str, size: int) -> str:
    match shape:
        case "garbage":
            return text[::-1]
        case "cut":
            return text[: len(text) // 2]
        case "gigantic":
            segment = f"#EXTINF:4.000000,\n{origin}/ts/1/1/1.ts\n"
            return text.replace("#EXT-X-ENDLIST", segment * (size // len(segment)))
        case "master":
            return f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=800000\n{origin}/ts/1/1/low.m3u8\n"
        case "no_key":
            return "\n".join(line for line in text.split("\n") if not line.startswith("#EXT-X-KEY"))
    return ""


async def footage_answer(
    request: web.Request, data: bytes, content_type: str, struck: Iterable[Fault]
) -> web.StreamResponse:
    """Return the answer with a key, a segment or what comes before segments, maybe spoilt."""
    for fault in struck:
        match fault.trouble:
            case Trouble.WRONG_KEY:
                data = os.urandom(int(fault.number("bytes")))
            case Trouble.TRUNCATED_SEGMENT:
                kept = len(data) // 2 // _CIPHER_BLOCK * _CIPHER_BLOCK
                data = data[: kept if fault.number("aligned") else kept + 5]
            case Trouble.DROPPED_SEGMENT:
                return await _dropped(request, data, content_type)
            case Trouble.SLOW_DRIP:
                return await _dripping(request, data, fault.number("bytes_per_second"))
            case Trouble.ENDLESS_SEGMENT:
                return await _endless(request)
    return web.Response(body=data, content_type=content_type)


async def _dropped(request: web.Request, data: bytes, content_type: str) -> web.StreamResponse:
    """Announce all of it, send half of it, and close the connection."""
    response = web.StreamResponse(headers={"Content-Type": content_type})
    response.content_length = len(data)
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    if request.transport is not None:
        # What was written leaves before the connection closes.
        request.transport.close()
    return ConnectionDropped()


async def _dripping(request: web.Request, data: bytes, speed: float) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_length = len(data)
    await response.prepare(request)
    step = max(1, int(speed / _DRIPS_PER_SECOND))
    for begin in range(0, len(data), step):
        await response.write(data[begin : begin + step])
        await asyncio.sleep(1 / _DRIPS_PER_SECOND)
    return response


async def _endless(request: web.Request) -> web.StreamResponse:
    """Send bytes for as long as somebody takes them."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(_ENDLESS_PIECE)
        await asyncio.sleep(0)


def damage(sealed: str, struck: Iterable[Fault]) -> str:
    """Return an answer's text, sealed or plain, cut off or garbled."""
    for fault in struck:
        if fault.trouble is Trouble.TRUNCATED_CIPHER:
            # Not at a border of base64 groups, and in the middle of the JSON text.
            sealed = sealed[: len(sealed) // 2 | 1]
        elif fault.trouble is Trouble.GARBAGE_CIPHER:
            sealed = sealed.translate(_GARBLE)
    return sealed


def compresses(struck: Iterable[Fault]) -> bool:
    """Return whether an answer is to be compressed although nobody asked."""
    return any(fault.trouble is Trouble.GZIP_INSIDE for fault in struck)


_MEGABYTE = 1024 * 1024
_CIPHER_BLOCK = 16
_DRIPS_PER_SECOND = 10
_ENDLESS_PIECE = bytes(64 * 1024)
# How the lines begin that hold addresses of a kind.
_ADDRESSES = {
    "segments": ("https:",),
    "keys": ("#EXT-X-KEY",),
    "initialisation": ("#EXT-X-MAP",),
    "all": ("https:", "#EXT-X-KEY", "#EXT-X-MAP"),
}

# Another order of the base64 alphabet: still base64, of something else.
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_GARBLE = str.maketrans(_ALPHABET, _ALPHABET[::-1])


def _http_error(status: int, retry_after: int) -> web.Response:
    phrase = HTTPStatus(status).phrase
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return web.Response(
        status=status,
        headers=headers,
        text=f"<html><head><title>{status} {phrase}</title></head><body>{phrase}</body></html>",
        content_type="text/html",
    )


def _retyped(value: object) -> object:
    """Return a value in which booleans and numbers are text, and text a list."""
    match value:
        case dict():
            return {key: _retyped(inner) for key, inner in value.items()}
        case list():
            return [_retyped(inner) for inner in value]
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str():
            return [value]
    return value


def _without(value: object, keys: frozenset[str]) -> object:
    """Return an object without these keys, or without any when none are named."""
    if not isinstance(value, dict):
        return value
    return {key: inner for key, inner in value.items() if keys and key not in keys}


def _emptied(value: object) -> object:
    """Return a device list's or a home list's answer with every list in it empty."""
    if not isinstance(value, dict):
        return value
    return {
        key: [] if isinstance(inner, list) else False if key == "has_more" else inner
        for key, inner in value.items()
    }
