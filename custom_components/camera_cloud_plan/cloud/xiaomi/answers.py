"""What an API host's answer is: pure classification.

Source: xiaomi_sign_in_and_signing 1.7. A good answer is enciphered; what concerns the
session comes as plain JSON, in many shapes and under many statuses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import json
from typing import Final

from ..values import as_int, as_text
from .endpoints import AnswerWords, endpoints

_OK: Final = 200
_NONE: Final = object()


@dataclass(frozen=True, slots=True)
class Sealed:
    """Enciphered: to be opened with the request's nonce, then read again."""

    body: str


@dataclass(frozen=True, slots=True)
class Content[T = object]:
    """What was asked for; any JSON value, null included, or the bytes of what is none."""

    value: T


@dataclass(frozen=True, slots=True)
class Expired:
    """The service token is no longer good; renewing it may help."""


@dataclass(frozen=True, slots=True)
class BadSignature:
    """Secrets that do not fit together, a wrong clock, or a wrongly signed path."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of this one call."""

    code: int | None


@dataclass(frozen=True, slots=True)
class Strange:
    """Nothing the protocol has; `what` says so without content."""

    what: str


type Reading[T = object] = Content[T] | Expired | BadSignature | Refused | Strange


def read_answer(status: int, text: str, content_key: str) -> Reading | Sealed:
    """Return what a served answer (no 403, 429 or 5xx) is.

    `content_key` is the member that holds the content on this kind of host. Whether an
    answer is enciphered is told by its first character, not by words in it.
    """
    body = text.strip()
    words = endpoints().answers
    if status in words.expired_statuses:
        says = body.lower()
        bad_signature = any(word in says for word in words.bad_signature_words)
        return BadSignature() if bad_signature else Expired()
    if body.startswith(("{", "[")):
        try:
            return read_value(json.loads(body), content_key)
        except ValueError, RecursionError:
            return Strange("broken JSON")
    if body.startswith("<"):
        return Strange("a web page instead of data")
    if status != _OK:
        return Strange(f"status {status}")
    return Sealed(body) if body else Strange("an empty answer")


def read_value(value: object, content_key: str) -> Reading:
    """Return what a JSON answer, plain or opened, is.

    Code 0 alone does not mean success: without content the message has to say so.
    """
    if not isinstance(value, Mapping):
        return Strange("no JSON object")
    words = endpoints().answers
    code = as_int(value.get("code"))
    message = (as_text(value.get("message")) or as_text(value.get("description")) or "").lower()
    content = value.get(content_key, _NONE)
    if code != 0 or content is _NONE or content is None:
        said = _about_session(code, message, words)
        if said is not None:
            return said
    if code != 0:
        return Refused(code)
    if content is _NONE and message not in words.success_words:
        return Refused(0)
    return Content(None if content is _NONE else content)


def _about_session(
    code: int | None, message: str, words: AnswerWords
) -> Expired | BadSignature | None:
    if any(word in message for word in words.bad_signature_words):
        return BadSignature()
    if code in words.expired_codes or any(word in message for word in words.expired_words):
        return Expired()
    return None
