"""What a dispute file is made of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
import hashlib
from typing import Any

from ...plan import Route
from ..claim import FirstPaidTerm
from .mask import Mask


class Words:
    """The common texts of one language; these pages' own begin with "dispute_" or "bill_"."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        """Take the language, by its IETF tag, and its texts by key."""
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **gaps: object) -> str:
        """Return a text, its gaps filled. Raises `KeyError` for one that is not there."""
        return self._texts[key].format(**gaps)

    def name(self, prefix: str, key: str) -> str:
        """Return what something is called; a name that has no text stays as it is."""
        return self._texts.get(f"{prefix}_{key}", key.replace("_", " "))

    def maker(self, maker: str) -> str:
        """Return what people call a maker, or a brand, in this language."""
        return self._texts.get(f"maker_{maker.lower()}", maker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A rule that is cited: a fact of where it stands and since when, never a conclusion."""

    key: str
    since: date
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to ask for the money back, with its deadlines as far as their begin is known."""

    route: Route
    deadlines: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The rules that are cited, and the ways to ask for money back or to complain."""

    cited: tuple[Cited, ...] = ()
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of the owner's, as it is."""

    name: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Its hash, in hex."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Which camera and plan it is about; what is unknown is `None`.

    `key` is the opaque one of the ledger. `seller` and `maker` are in words already. `about`
    says further things, named and written as the facts of a row are.
    """

    key: str
    name: str
    maker: str
    seller: str
    account: str
    device_id: str | None = None
    mac: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """All that goes into a dispute file.

    `lines` are those of the account's whole ledger, other cameras' rows too; they are gone
    through once, and which of them are shown is decided then. `first` and `last` are the asked
    span (UTC), the end not included; without them all that there is.
    `law` returns what held on the day of a moment (UTC), in a first paid term or not.
    """

    subject: Subject
    first: datetime | None
    last: datetime | None
    made_at: datetime
    zone: tzinfo
    version: str
    reviewed: date
    lines: Iterable[bytes] = field(repr=False)
    law: Callable[[datetime, FirstPaidTerm], Law]
    mask: Mask = field(default_factory=Mask)
    attachments: tuple[Attachment, ...] = ()
