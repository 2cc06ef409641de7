"""As much of JSON Schema as the published schema uses, to hold the parser against it.

A keyword that is not known here is an error, so that nothing in the schema goes unread.
"""

from collections.abc import Callable, Mapping
from operator import ge, le
import re
from typing import Any

type Schema = Mapping[str, Any]

_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}
_ANNOTATIONS = {"$schema", "$defs", "title", "description", "default", "then"}


def fits(value: Any, schema: Schema, root: Schema) -> bool:
    """Return whether a JSON value fits a schema, whose references lead into `root`."""
    return all(
        keyword in _ANNOTATIONS or _KEYWORDS[keyword](value, wanted, schema, root)
        for keyword, wanted in schema.items()
    )


def _same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _referenced(value: Any, name: str, _schema: Schema, root: Schema) -> bool:
    assert name.startswith("#/$defs/")
    return fits(value, root["$defs"][name.removeprefix("#/$defs/")], root)


def _properties(value: Any, wanted: Schema, _schema: Schema, root: Schema) -> bool:
    return not isinstance(value, dict) or all(
        fits(value[name], inner, root) for name, inner in wanted.items() if name in value
    )


def _others(value: Any, wanted: Schema | bool, schema: Schema, root: Schema) -> bool:
    if not isinstance(value, dict):
        return True
    others = [inner for name, inner in value.items() if name not in schema.get("properties", {})]
    if isinstance(wanted, bool):
        return wanted or not others
    return all(fits(inner, wanted, root) for inner in others)


def _conditional(value: Any, wanted: Schema, schema: Schema, root: Schema) -> bool:
    return not fits(value, wanted, root) or fits(value, schema["then"], root)


def _matches(value: Any, pattern: str, _schema: Schema, _root: Schema) -> bool:
    # Without a line end of its own: "$" would match before one here, and nowhere else.
    assert pattern.startswith("^")
    assert pattern.endswith("$")
    return not isinstance(value, str) or re.fullmatch(pattern[1:-1], value) is not None


def _size(value: Any) -> int:
    return value if isinstance(value, int) else len(value)


def _bound(kind: type, holds: Callable[[int, int], bool]) -> Callable[..., bool]:
    def bounded(value: Any, bound: int, _schema: Schema, _root: Schema) -> bool:
        applies = isinstance(value, kind) and not isinstance(value, bool)
        return not applies or holds(_size(value), bound)

    return bounded


_KEYWORDS: Mapping[str, Callable[[Any, Any, Schema, Schema], bool]] = {
    "$ref": _referenced,
    "additionalProperties": _others,
    "allOf": lambda value, wanted, _, root: all(fits(value, each, root) for each in wanted),
    "anyOf": lambda value, wanted, _, root: any(fits(value, each, root) for each in wanted),
    "const": lambda value, wanted, *_: _same(value, wanted),
    "enum": lambda value, wanted, *_: any(_same(value, each) for each in wanted),
    "if": _conditional,
    "items": lambda value, wanted, _, root: (
        not isinstance(value, list) or all(fits(each, wanted, root) for each in value)
    ),
    "maxItems": _bound(list, le),
    "maxLength": _bound(str, le),
    "maxProperties": _bound(dict, le),
    "maximum": _bound(int, le),
    "minItems": _bound(list, ge),
    "minLength": _bound(str, ge),
    "minimum": _bound(int, ge),
    "not": lambda value, wanted, _, root: not fits(value, wanted, root),
    "pattern": _matches,
    "properties": _properties,
    "propertyNames": lambda value, wanted, _, root: (
        not isinstance(value, dict) or all(fits(name, wanted, root) for name in value)
    ),
    "required": lambda value, wanted, *_: (
        not isinstance(value, dict) or set(wanted) <= value.keys()
    ),
    "type": lambda value, wanted, *_: any(
        _KINDS[kind](value) for kind in ([wanted] if isinstance(wanted, str) else wanted)
    ),
}
