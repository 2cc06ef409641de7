"""What no request handed over by an owner may say: `deny_list.json`, and how words are told.

Knows nothing of definitions or makers: it looks at one text and says no, or nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
import json
from pathlib import Path
import re
from typing import Final

_DATA: Final = Path(__file__).with_name("deny_list.json")

_SEGMENT: Final = re.compile(r"[A-Za-z0-9._-]+")
_NO_LETTERS: Final = re.compile(r"[^a-z]+")
# "payOrder", "PAYOrder" and "PayORDER" are each two words.
_CAMEL_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DenyList:
    """The data file; all in lower case.

    `anywhere` is refused as a part of a text's letters, `edges` as the beginning or end of
    a word unless it is that of a `harmless` one, `words` (with every ending) as a word of
    its own, `secrets` as a part of a parameter's name.
    """

    anywhere: tuple[str, ...]
    edges: tuple[str, ...]
    harmless: tuple[str, ...]
    words: frozenset[str]
    secrets: tuple[str, ...]

    def denies(self, text: str) -> bool:
        """Return whether a path, a name or a value speaks of what must never be done."""
        letters = _letters(text)
        if any(piece in letters for piece in self.anywhere):
            return True
        return any(word in self.words or self._has_denied_edge(word) for word in _words(text))

    def names_a_secret(self, name: str) -> bool:
        """Return whether a parameter of this name carries a secret."""
        letters = _letters(name)
        return any(piece in letters for piece in self.secrets)

    def _has_denied_edge(self, word: str) -> bool:
        return (word.startswith(self.edges) and not word.startswith(self.harmless)) or (
            word.endswith(self.edges) and not word.endswith(self.harmless)
        )


@cache
def deny_list() -> DenyList:
    """Return the data, read from its file once; see `preload`."""
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    return DenyList(
        anywhere=tuple(data["anywhere"]),
        edges=tuple(data["edges"]),
        harmless=tuple(data["harmless"]),
        words=frozenset(word + ending for word in data["words"] for ending in data["endings"]),
        secrets=tuple(data["secrets"]),
    )


def preload() -> None:
    """Read the data file; blocking, so that later calls are not."""
    deny_list()


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text.lower())


def _words(text: str) -> Iterator[str]:
    """Yield a text's words, told apart in each way that a spelling may have meant them."""
    for match in _CAMEL_WORD.finditer(text):
        yield match[0].lower()
    # Odd capitals are no border of words: "dEL".
    yield from _NO_LETTERS.split(text.lower())
    # Nor are marks between single letters: "d.e.l", "D-E-L".
    for segment in _SEGMENT.findall(text):
        yield _letters(segment)
