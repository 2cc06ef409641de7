"""Frozen dataclasses to and from JSON values, for what is stored on disk.

Knows what the plan model is made of: dataclasses, enums, moments, exact numbers, optional values,
mappings by text, and JSON's own types.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

type Json = dict[str, Json] | list[Json] | str | int | float | bool | None


class DecodeError(ValueError):
    """Stored data does not have the shape of the type it should become."""


def encode(value: DataclassInstance) -> dict[str, Json]:
    """Return a dataclass of the plan model as JSON values; moments become ISO 8601 text."""
    return {field.name: _encode(getattr(value, field.name)) for field in fields(value)}


def _encode(value: object) -> Json:
    match value:
        case Enum():
            return _encode(value.value)
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case Mapping():
            return {str(key): _encode(item) for key, item in value.items()}
        case None | bool() | int() | float() | str():
            return value
        case _ if is_dataclass(value) and not isinstance(value, type):
            return encode(value)
        case _:
            raise TypeError(f"cannot store {type(value).__name__}")


def decode[T](kind: type[T], data: object) -> T:
    """Return stored JSON values as `kind`; keys that it does not know are passed over.

    Raises `DecodeError` where the data does not fit.
    """
    value: T = _decode(kind, data)
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, data: object) -> Any:
    origin = get_origin(kind)
    if origin is UnionType:
        return _decode_optional(kind, data)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _decode(get_args(kind)[1], item) for key, item in _dict(data).items()}
    if is_dataclass(kind):
        return _decode_dataclass(kind, _dict(data))
    return _decode_scalar(kind, data)


def _decode_scalar(kind: Any, data: object) -> Any:
    if issubclass(kind, datetime):
        return _decode_moment(data)
    if issubclass(kind, Decimal):
        return _decode_number(data)
    if issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError as err:
            raise DecodeError(f"no {kind.__name__}") from err
    if type(data) is not kind:
        raise DecodeError(f"{kind.__name__} expected, {type(data).__name__} found")
    return data


def _decode_optional(kind: Any, data: object) -> Any:
    if data is None:
        return None
    (inner,) = (choice for choice in get_args(kind) if choice is not NoneType)
    return _decode(inner, data)


def _decode_dataclass(kind: Any, data: dict[str, object]) -> Any:
    values = {}
    for field in fields(kind):
        if field.name in data:
            values[field.name] = _decode(_hints(kind)[field.name], data[field.name])
        elif field.default is MISSING and field.default_factory is MISSING:
            raise DecodeError(f"{kind.__name__} lacks {field.name}")
    return kind(**values)


def _decode_moment(data: object) -> datetime:
    if not isinstance(data, str):
        raise DecodeError("moment expected")
    try:
        moment = datetime.fromisoformat(data)
    except ValueError as err:
        raise DecodeError("no moment") from err
    if moment.tzinfo is None:
        raise DecodeError("moment without time zone")
    return moment


def _decode_number(data: object) -> Decimal:
    try:
        number = Decimal(data) if isinstance(data, str) else Decimal("NaN")
    except InvalidOperation as err:
        raise DecodeError("no number") from err
    if not number.is_finite():
        raise DecodeError("number expected")
    return number


def _dict(data: object) -> dict[str, object]:
    if not isinstance(data, dict):
        raise DecodeError("object expected")
    return data
