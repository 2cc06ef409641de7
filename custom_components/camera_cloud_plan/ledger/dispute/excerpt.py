"""Which rows of an account's ledger are shown, and what stands for the others.

The excerpt goes from the first row that is shown to the last, without a gap. A row of another
camera, and one that says something that was not asked for, is withheld: its line holds what the
chain needs and nothing of what it says.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
import re
from typing import Any, Final

from ..row import Row, UnreadableRowError
from ..verify_ledger import link_of, withheld
from .mask import Mask

# With what a row of a camera begins: its keys are in alphabetical order.
_WHOSE: Final = re.compile(rb'\{"at":"[^"\\]*","camera":"([^"\\]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A row that is shown, as far as it may be.

    `name` and `facts` are without what was not asked for; `is_short` says that something was
    taken out, so that the row's line is withheld.
    """

    row: Row
    name: str | None
    facts: Mapping[str, Any]
    is_short: bool


def excerpt(
    lines: Iterable[bytes], camera: str, first: datetime | None, last: datetime | None, mask: Mask
) -> Iterator[tuple[bytes, Shown | None]]:
    """Yield the lines of an excerpt of a ledger, each with its row where that is shown.

    Shown are a camera's rows of a span, and the account's own. `first` is included, `last` is
    not; both by when something happened. Without `first` the excerpt begins with the camera's
    first row, without `last` it goes to the last. A damaged line is passed over, and the chain
    tells of it.
    """
    between: list[bytes] = []
    has_begun = False
    for line in lines:
        row = None if _is_of_another(line, camera) else _row(line)
        if row and row.camera is None and first is None and not has_begun:
            continue
        is_within = row and (first is None or first <= row.at) and (last is None or row.at < last)
        if row and row.camera in (camera, None) and is_within:
            yield from ((covered, None) for covered in between)
            between, has_begun = [], True
            told = _shown(row, mask)
            yield _withheld(line) if told.is_short else line, told
        elif has_begun and (covered := _withheld(line)):
            between.append(covered)


def _is_of_another(line: bytes, camera: str) -> bool:
    """Return whether a line is surely about another camera, without reading all of it."""
    whose = _WHOSE.match(line)
    return whose is not None and whose[1] != camera.encode()


def _row(line: bytes) -> Row | None:
    try:
        return Row.from_line(line)
    except UnreadableRowError:
        return None


def _withheld(line: bytes) -> bytes:
    """Return what stands for a line; nothing for one that is damaged."""
    link = link_of(line)
    return withheld(link) if link else b""


def _shown(row: Row, mask: Mask) -> Shown:
    name = mask.text(row.name) if row.name else row.name
    facts = {key: mask.fact(key, value) for key, value in row.facts.items()}
    return Shown(
        row=row, name=name, facts=facts, is_short=(name, facts) != (row.name, dict(row.facts))
    )
