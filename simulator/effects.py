"""What the faults of the catalogue do to a request or an answer."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

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
