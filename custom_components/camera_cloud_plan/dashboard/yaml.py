"""A dashboard as text for the raw configuration editor."""

from typing import Any

from homeassistant.util.yaml import dump
from homeassistant.util.yaml.dumper import add_representer

from .parts import Card


class _Lines(str):
    """A text of several lines, which is written line by line."""

    __slots__ = ()


def _written(dumper: Any, lines: _Lines) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(lines), style="|")


add_representer(_Lines, _written)


def as_yaml(dashboard: Card) -> str:
    """Return a dashboard as YAML; what is read from that is the same again."""
    return dump(_by_lines(dashboard))


def _by_lines(value: Any) -> Any:
    match value:
        case dict():
            return {key: _by_lines(inner) for key, inner in value.items()}
        case list():
            return [_by_lines(inner) for inner in value]
        case str() if "\n" in value:
            return _Lines(value)
        case _:
            return value
