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
from ..verify_ledger import Link, Walk, withheld
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which rows of a ledger are meant: a camera's by its key, and the account's own.

    `first` (UTC) is included, `last` is not, both by when something happened. Without `first`
    it begins with the camera's first row, without `last` it goes to the last.
    """

    camera: str
    first: datetime | None = None
    last: datetime | None = None

    def has(self, row: Row) -> bool:
        """Return whether a row is meant, as far as it and its moment tell."""
        return (
            row.camera in (self.camera, None)
            and (self.first is None or self.first <= row.at)
            and (self.last is None or row.at < self.last)
        )


def excerpt(
    lines: Iterable[bytes], walk: Walk, part: Part, mask: Mask
) -> Iterator[tuple[bytes, Shown | None]]:
    """Yield the lines of an excerpt of a ledger, each with its row where that is shown.

    `walk` goes along all of the ledger with it. A damaged line is passed over, and the chain
    tells of it.
    """
    between: list[bytes] = []
    has_begun = False
    for line in lines:
        if (link := walk.step(line)) is None:
            continue
        row = None if _is_of_another(line, part.camera) else _row(line, link)
        if row and row.camera is None and part.first is None and not has_begun:
            continue
        if row and part.has(row):
            yield from ((covered, None) for covered in between)
            between, has_begun = [], True
            told = _shown(row, mask)
            yield withheld(link) if told.is_short else line, told
        elif has_begun:
            between.append(withheld(link))


def _is_of_another(line: bytes, camera: str) -> bool:
    """Return whether a line is surely about another camera, without reading all of it."""
    whose = _WHOSE.match(line)
    return whose is not None and whose[1] != camera.encode()


def _row(line: bytes, link: Link) -> Row | None:
    try:
        return Row.placed(line, link)
    except UnreadableRowError:
        return None


def _shown(row: Row, mask: Mask) -> Shown:
    name = mask.text(row.name) if row.name else row.name
    facts = {key: mask.fact(key, value) for key, value in row.facts.items()}
    return Shown(
        row=row, name=name, facts=facts, is_short=(name, facts) != (row.name, dict(row.facts))
    )
