"""From the text of a definition to a `RenewalRequest`, or to what is wrong with it.

Strict where everything else here is tolerant: what is not known is refused.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
import json
from pathlib import Path
import re
from typing import Final, NoReturn

from ..errors import RefusalMeaning
from . import deny_list as denied
from .deny_list import deny_list
from .model import (
    FORMAT,
    AnswerRules,
    Body,
    DefinitionError,
    DefinitionFlaw,
    Method,
    Placeholder,
    RenewalRequest,
    RenewalWitness,
    RequestTemplate,
    Value,
    code_text,
)

# The limits of the published schema.
MAX_BYTES: Final = 16 * 1024
MAX_PARAMETERS: Final = 20
MAX_CODES: Final = 50
MAX_ABOUT: Final = 500
MAX_PATH: Final = 200
MAX_VALUE: Final = 64
MAX_NUMBER: Final = 999_999

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_-](?:\.?[A-Za-z0-9_-])*\.?)+/?")
# Neither quotes and braces, in which more could be packed, nor escapes.
_LITERAL: Final = re.compile(r"[A-Za-z0-9 _.,:/+=-]*")
_PLAIN_WORD: Final = re.compile(r"[A-Za-z_]{1,20}")
_BRACES: Final = re.compile(r"\{.*\}")

# A camera's or an account's id, or a moment; the longest run of digits that is neither.
_LONG_NUMBER: Final = re.compile(r"[0-9]{7,}")
_HEX: Final = re.compile(r"(?=.*[0-9])(?=.*[A-Fa-f])[0-9A-Fa-f]{16,}")
_TOKEN: Final = re.compile(r"(?!https:)(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/=:_.-]{20,}")

_GOES_WITH: Final = {
    Method.GET: {Body.QUERY},
    Method.POST: {Body.FORM, Body.JSON, Body.QUERY},
    Method.PUT: {Body.FORM, Body.JSON, Body.QUERY},
}


def parse(text: str) -> RenewalRequest:
    """Return the definition in a text.

    Raises `DefinitionError`, which names the first flaw and its place. Reads data files
    once; see `preload`.
    """
    data = _members(
        _json(text),
        "$",
        required={"format", "maker", "about", "seen_on", "witness", "off"},
        optional={"gateway_only", "on"},
    )
    if not _is_number(data["format"]) or data["format"] != FORMAT:
        raise DefinitionError(DefinitionFlaw.UNSUPPORTED_FORMAT, "$.format")
    maker = _text(data["maker"], "$.maker")
    if maker not in _hosts_by_maker():
        raise DefinitionError(DefinitionFlaw.UNKNOWN_MAKER, "$.maker")
    hosts = _hosts_by_maker()[maker]
    request = RenewalRequest(
        maker=maker,
        about=_about(data["about"], "$.about"),
        seen_on=_day(data["seen_on"], "$.seen_on"),
        gateway_only=_flag(data.get("gateway_only", False), "$.gateway_only"),
        witness=_one_of(RenewalWitness, data["witness"], "$.witness"),
        off=_template(data["off"], "$.off", hosts),
        on=_template(data["on"], "$.on", hosts) if "on" in data else None,
    )
    if request.on is not None and request.on.asked() == request.off.asked():
        raise DefinitionError(DefinitionFlaw.SAME_REQUESTS, "$.on")
    return request


def preload() -> None:
    """Read the data files; blocking, so that later calls are not."""
    denied.preload()
    _hosts_by_maker()


@cache
def _hosts_by_maker() -> Mapping[str, frozenset[str]]:
    """Return where each maker's definitions may lead; a maker is a folder with a data file."""
    return {
        path.parent.name: frozenset(
            json.loads(path.read_text(encoding="utf-8"))["renewal_request_hosts"]
        )
        for path in Path(__file__).parents[1].glob("*/endpoints.json")
    }


# --- One request ---


def _template(value: object, where: str, hosts: Collection[str]) -> RequestTemplate:
    data = _members(
        value, where, required={"method", "host", "path", "body", "parameters", "answer"}
    )
    method = _one_of(Method, data["method"], f"{where}.method")
    body = _one_of(Body, data["body"], f"{where}.body")
    if body not in _GOES_WITH[method]:
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, f"{where}.body")
    host = _text(data["host"], f"{where}.host")
    if host not in hosts:
        raise DefinitionError(DefinitionFlaw.FOREIGN_HOST, f"{where}.host")
    return RequestTemplate(
        method=method,
        host=host,
        path=_path(data["path"], f"{where}.path"),
        body=body,
        parameters=_parameters(data["parameters"], f"{where}.parameters", body),
        answer=_answer(data["answer"], f"{where}.answer"),
    )


def _path(value: object, where: str) -> str:
    path = _text(value, where)
    if len(path) > MAX_PATH or not _PATH.fullmatch(path):
        raise DefinitionError(DefinitionFlaw.UNSAFE_PATH, where)
    for segment in path.split("/"):
        _refuse_what_is_personal(segment, where)
    if deny_list().denies(path):
        raise DefinitionError(DefinitionFlaw.DENIED_WORD, where)
    return path


def _parameters(value: object, where: str, body: Body) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)
    if len(value) > MAX_PARAMETERS:
        raise DefinitionError(DefinitionFlaw.TOO_LARGE, where)
    parameters = {}
    for name, given in value.items():
        _check_name(name, where)
        parameters[name] = _parameter(given, f"{where}.{name}", body)
    # Without it the request would be about the account, and all its cameras.
    if Placeholder.CAMERA not in parameters.values():
        raise DefinitionError(DefinitionFlaw.NO_CAMERA, where)
    return parameters


def _check_name(name: str, where: str) -> None:
    # The name is shown only once it is known to be one: a secret may have slipped into it.
    if not _NAME.fullmatch(name):
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)
    _refuse_what_is_personal(name, where)
    if deny_list().names_a_secret(name):
        raise DefinitionError(DefinitionFlaw.SECRET_INSIDE, f"{where}.{name}")
    if deny_list().denies(name):
        raise DefinitionError(DefinitionFlaw.DENIED_WORD, f"{where}.{name}")


def _parameter(value: object, where: str, body: Body) -> Value:
    if isinstance(value, bool | int) and body is Body.JSON:
        if abs(value) > MAX_NUMBER:
            raise DefinitionError(DefinitionFlaw.USE_PLACEHOLDER, where)
        return value
    text = _text(value, where)
    if text in Placeholder:
        return text
    if _BRACES.search(text):
        raise DefinitionError(DefinitionFlaw.UNKNOWN_PLACEHOLDER, where)
    if len(text) > MAX_VALUE:
        raise DefinitionError(DefinitionFlaw.SECRET_INSIDE, where)
    if not _LITERAL.fullmatch(text):
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)
    _refuse_what_is_personal(text, where)
    if deny_list().denies(text):
        raise DefinitionError(DefinitionFlaw.DENIED_WORD, where)
    return text


def _answer(value: object, where: str) -> AnswerRules:
    data = _members(value, where, required={"code", "accepted"}, optional={"errors"})
    code = _text(data["code"], f"{where}.code")
    if not _CODE.fullmatch(code):
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, f"{where}.code")
    accepted = _accepted(data["accepted"], f"{where}.accepted")
    errors = _errors(data.get("errors", {}), f"{where}.errors")
    rules = AnswerRules(code=code, accepted=accepted, errors=errors)
    if any(map(rules.accepts, errors)):
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, f"{where}.errors")
    return rules


def _accepted(value: object, where: str) -> tuple[Value, ...]:
    if not isinstance(value, list) or not value:
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)
    if len(value) > MAX_CODES:
        raise DefinitionError(DefinitionFlaw.TOO_LARGE, where)
    for code in value:
        text = code_text(code) if isinstance(code, str | int) else None
        if text is None or not _CODE.fullmatch(text):
            raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)
    return tuple(value)


def _errors(value: object, where: str) -> dict[str, RefusalMeaning]:
    if not isinstance(value, dict):
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)
    if len(value) > MAX_CODES:
        raise DefinitionError(DefinitionFlaw.TOO_LARGE, where)
    for code in value:
        if not _CODE.fullmatch(code):
            raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)
    return {code: _one_of(RefusalMeaning, meaning, where) for code, meaning in value.items()}


# --- Small readers ---


def _json(text: str) -> object:
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise DefinitionError(DefinitionFlaw.TOO_LARGE)
    try:
        return json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=_unique_members,
            parse_constant=_refuse_constant,
        )
    except ValueError, RecursionError:
        pass
    # Raised here, not above: what the reader raises can hold the text itself.
    raise DefinitionError(DefinitionFlaw.NOT_JSON)


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        # Two readers could take one of each.
        raise ValueError("a key twice")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("not a number of JSON")


def _members(
    value: object, where: str, *, required: set[str], optional: Collection[str] = ()
) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)
    for name in sorted(value.keys() - required.union(optional)):
        # A key that is no plain word may be anything, a secret too: only its place is told.
        place = f"{where}.{name}" if _PLAIN_WORD.fullmatch(name) else where
        raise DefinitionError(DefinitionFlaw.UNKNOWN_KEY, place)
    for name in sorted(required - value.keys()):
        raise DefinitionError(DefinitionFlaw.MISSING, f"{where}.{name}")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _about(value: object, where: str) -> str:
    text = _text(value, where)
    if len(text) > MAX_ABOUT:
        raise DefinitionError(DefinitionFlaw.TOO_LARGE, where)
    if not text or not text.isprintable():
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)
    for word in text.split():
        _refuse_what_is_personal(word, where)
    return text


def _day(value: object, where: str) -> date:
    text = _text(value, where)
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)
    return value


def _one_of[T: StrEnum](kind: Callable[[str], T], value: object, where: str) -> T:
    text = _text(value, where)
    try:
        return kind(text)
    except ValueError:
        pass
    raise DefinitionError(DefinitionFlaw.WRONG_VALUE, where)


def _refuse_what_is_personal(text: str, where: str) -> None:
    """Raise where a text holds an id of a camera or an account, or looks like a token."""
    if _HEX.search(text) or _TOKEN.fullmatch(text):
        raise DefinitionError(DefinitionFlaw.SECRET_INSIDE, where)
    if _LONG_NUMBER.search(text):
        raise DefinitionError(DefinitionFlaw.USE_PLACEHOLDER, where)
