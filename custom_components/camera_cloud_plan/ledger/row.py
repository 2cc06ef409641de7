"""A row of the ledger: what happened or was seen, when, where and on whose word.

In the file a row is one line: a JSON object in UTF-8 without blanks, characters as they are
(`ensure_ascii=False`). What it says comes first, its keys in alphabetical order, then its place in
the chain, as `verify_ledger` describes. What is unknown is left out. Whole numbers are of 64 bits
at most, so that whatever reads JSON reads the same. ::

    {"at":"2026-11-22T12:00:00+00:00","camera":"9f1c0a77be21","facts":{...},"form":1,
     "kind":"renewed","name":"Front door","salt":"...","source":"maker","written_at":"...",
     "zone":"Europe/Berlin","seq":7,"previous":"...","hash":"..."}

A new kind of row, or a new fact, is not a new form: who does not know it passes over it. A new
form stands in the same file behind the older rows, which stay as they are.

What a kind's facts are called, each left out where it is unknown. Moments are ISO 8601 in UTC,
days `YYYY-MM-DD`, money `{"amount": "6.00", "currency": "CNY"}`, `source` as in `Source`:

=======================  ==========================================================================
``ledger_opened``        account, maker, why (`new`, `upgrade`, `restored`), went_on_from (seq)
``reading_gap``          from, to, why (`not_running`, `unreachable`, `signed_out`, `not_watched`)
``plan_seen``            all of the plan: plan (its name), service, trial, starts_at, ends_at,
                         renewal (bool), retention_days, channel, region, typed, price,
                         price_source, term (`{"count", "unit"}`), regular_price, price_from
``plan_changed``         changes: `{fact as in plan_seen: {"old", "new"}}`
``renewed``              old_end, new_end
``flag``                 old, new (bool), witness (the maker's name of the field)
``offline``, ``online``  from, to
``upload``               on (bool)
``camera_left``          plan, ends_at
``recordings``           from, to, count: of the recordings that the maker listed, all of them
``alert``                of (what was told of), stage (days ahead), told_to (kinds of places, no
                         addresses), plan_ends, kept, earliest, latest, deadline, possible, money
``notice``               arrived_at (day), text: the seller's notice, by its owner's word
``cancellation``         step (`opened`, `sent`, `done`, `reminded`, `not_effective`,
                         `contradicted`, `disproved`, `confirmed`, `withdrawn`, `ran_out`), wish
                         (`off`, `on`), proof, checks, old_end, new_end
``export``               from, to, whole, listed, saved, already, missing (counts), manifest (the
                         SHA-256 of the camera's `manifest.jsonl`, as it was read back then),
                         manifest_bytes (how long it was: later exports only add to it)
``charge``               on (day), money, order (its last characters), text
``bank_line``            on (day), money, text
``attachment``           file (its name), sha256, bytes
``finding``              key, finding (its kind), rows (list of seq), and what it found; shown_by
                         (what else tells people), or to_tell (true: a row says when they were)
``finding_told``         key, told_to (kinds of places, no addresses)
``finding_dismissed``    key, why
``refund_asked``         to (by which way), on (day), money, text
``refund_received``      on (day), money, text
``complaint``            step, answer, finding: what its owner says of a charge, as in `claim`
``dispute_package``      sha256, file (its name)
``report``               month, sha256
``note``                 text
=======================  ==========================================================================

What belongs to one matter of its owner's has its key as `claim`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
import json
import secrets
from typing import Final, Self

import orjson

from .verify_ledger import GENESIS, LONGEST_LINE, Anchor, Link, link_of, sealed

FORM: Final = 1
"""The form of row that is written and read here."""

_SALT_BYTES: Final = 16
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)

type Json = Mapping[str, Json] | list[Json] | str | int | float | bool | None


class UnreadableRowError(ValueError):
    """A line is no row, is not the row that was written, or is of a kind not known here."""


class Kind(StrEnum):
    """What a row tells of."""

    LEDGER_OPENED = "ledger_opened"
    READING_GAP = "reading_gap"
    """Nobody looked for a while."""
    PLAN_SEEN = "plan_seen"
    PLAN_CHANGED = "plan_changed"
    RENEWED = "renewed"
    """The plan's end moved by a term. That money was taken is not said by it."""
    FLAG = "flag"
    """What the maker says of auto-renewal changed."""
    OFFLINE = "offline"
    ONLINE = "online"
    UPLOAD = "upload"
    CAMERA_LEFT = "camera_left"
    RECORDINGS = "recordings"
    ALERT = "alert"
    NOTICE = "notice"
    CANCELLATION = "cancellation"
    EXPORT = "export"
    CHARGE = "charge"
    BANK_LINE = "bank_line"
    ATTACHMENT = "attachment"
    FINDING = "finding"
    FINDING_TOLD = "finding_told"
    """People were told of it, so that no start tells them again."""
    FINDING_DISMISSED = "finding_dismissed"
    REFUND_ASKED = "refund_asked"
    REFUND_RECEIVED = "refund_received"
    COMPLAINT = "complaint"
    DISPUTE_PACKAGE = "dispute_package"
    REPORT = "report"
    NOTE = "note"


class Source(StrEnum):
    """Who says it. Rows may name others; these are the usual ones."""

    MAKER = "maker"
    OWNER = "owner"
    HOME = "home"
    """This Home Assistant: what it did or saw by itself."""
    ORDER_LIST = "order_list"
    BANK = "bank"


_KINDS: Final[Mapping[str, Kind]] = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be written down.

    `at` is when it happened or was seen, with its zone of whatever kind; the row has it in UTC.
    `zone` is the IANA name of the home's zone. `camera` is the opaque key of a camera, never
    its maker's id, and `name` what people called it then; both `None` for what concerns the
    whole account.
    """

    at: datetime
    zone: str
    kind: Kind
    source: str
    camera: str | None = None
    name: str | None = None
    facts: Mapping[str, Json] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Entry):
    """A row as it stands in the ledger, whole. Moments are in UTC, hashes in hex."""

    seq: int
    written_at: datetime
    salt: str
    previous: str
    hash: str

    @property
    def anchor(self) -> Anchor:
        """What is to be known of it to find out later whether it is still there."""
        return Anchor(self.seq, self.hash)

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Return the row of a line, with or without its line feed.

        Raises `UnreadableRowError` where it is none, does not have its own hash, withholds
        what it says, or is of a form or kind that is not known here.
        """
        link = link_of(line)
        if link is None or link.is_withheld:
            raise UnreadableRowError("not a row as it was written")
        return cls.placed(line, link)

    @classmethod
    def placed(cls, line: bytes, link: Link) -> Self:
        """Return the row of a line whose place in the chain is known; else as `from_line`."""
        try:
            data = orjson.loads(line)
            if data["form"] != FORM:
                raise UnreadableRowError("a row of a form not known here")
            row = cls(
                at=datetime.fromisoformat(data["at"]),
                zone=data["zone"],
                kind=_KINDS[data["kind"]],
                source=data["source"],
                camera=data.get("camera"),
                name=data.get("name"),
                facts=data["facts"],
                seq=link.seq,
                written_at=datetime.fromisoformat(data["written_at"]),
                salt=data["salt"],
                previous=link.previous,
                hash=link.hash,
            )
        except (KeyError, TypeError, ValueError) as err:
            raise UnreadableRowError("a row of a kind not known here") from err
        if not row.is_sound:
            raise UnreadableRowError("not what a row says")
        return row

    @property
    def is_sound(self) -> bool:
        """Whether all that it says is of the type that rows have."""
        return (
            isinstance(self.facts, dict)
            and self.at.tzinfo is not None
            and self.written_at.tzinfo is not None
            and isinstance(self.zone, str)
            and isinstance(self.source, str)
            and isinstance(self.salt, str)
            and (self.camera is None or isinstance(self.camera, str))
            and (self.name is None or isinstance(self.name, str))
        )

    def line(self) -> bytes:
        """Return the row as it stands in the file, with its line feed."""
        return _line(self, self.seq, self.previous, self.written_at, self.salt)


def rows_of(
    entries: Iterable[Entry], *, after: Anchor | None = None, written_at: datetime | None = None
) -> Iterator[Row]:
    """Yield entries as rows that follow the row `after`; without it they begin a ledger.

    `written_at` is that of all of them; each one's `at` where it is left out. Raises
    `ValueError` for an entry that no line can hold: longer than a megabyte, a moment without
    a zone, a number that JSON does not know.
    """
    for row, _ in sealed_rows(entries, after=after, written_at=written_at):
        yield row


def sealed_rows(
    entries: Iterable[Entry], *, after: Anchor | None, written_at: datetime | None
) -> Iterator[tuple[Row, bytes]]:
    """Yield entries as rows, each with its line; otherwise as `rows_of`."""
    seq, previous = after or (0, GENESIS)
    for entry in entries:
        seq += 1
        salt = secrets.token_hex(_SALT_BYTES)
        line = _line(entry, seq, previous, written_at or entry.at, salt)
        if len(line) > LONGEST_LINE:
            raise ValueError("an entry is too long for a row")
        # What is returned is what the line says: characters that no file can hold are gone.
        row = Row.from_line(line)
        previous = row.hash
        yield row, line


def _line(entry: Entry, seq: int, previous: str, written_at: datetime, salt: str) -> bytes:
    data = {
        "at": _moment(entry.at),
        "camera": entry.camera,
        "facts": entry.facts,
        "form": FORM,
        "kind": entry.kind,
        "name": entry.name,
        "salt": salt,
        "source": entry.source,
        "written_at": _moment(written_at),
        "zone": entry.zone,
    }
    known = {key: value for key, value in data.items() if value is not None}
    text = _ENCODER.encode(known)
    # A lone half of a character, as some JSON holds, has no UTF-8.
    return sealed(text.encode("utf-8", "replace"), seq, previous)


def _moment(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(UTC).isoformat()
