"""What a dispute file has and what it lacks, as a checklist."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ..row import Kind
from .gist import Gist
from .mask import Include
from .model import CaseFile, Law


class Has(StrEnum):
    """Whether something is in the file."""

    YES = "yes"
    NO = "no"
    LOOK = "look"
    """Only a person can tell: the owner's own files are not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of the checklist; `key` names its words, `count` how many there are of it."""

    key: str
    has: Has
    count: int = 0


# What a complaint needs besides, by the way to complain.
_NEEDS: dict[str, str] = {"cn_market_regulator": "complaint_cn"}


def checklist(case: CaseFile, rows: Gist, law: Law) -> tuple[Item, ...]:
    """Return what is asked for in disputes, whether it is there or not."""
    return tuple(_items(case, rows, law))


def _items(case: CaseFile, rows: Gist, law: Law) -> Iterator[Item]:
    for key, kind in (
        ("charge", Kind.CHARGE),
        ("bank_line", Kind.BANK_LINE),
        ("renewal", Kind.RENEWED),
        ("notice", Kind.NOTICE),
        ("cancellation", Kind.CANCELLATION),
    ):
        yield _counted(key, rows.count(kind))
    yield _counted("confirmed", rows.confirmed)
    yield _counted("order", rows.orders)
    gaps = rows.count(Kind.READING_GAP)
    yield Item(key="no_gaps", has=Has.NO if gaps else Has.YES, count=gaps)
    for key in ("proof_of_purchase", "terms", "screenshot"):
        yield Item(key=key, has=Has.LOOK if case.attachments else Has.NO)
    if case.subject.device_id:
        has_id = Include.DEVICE_ID in case.mask.include
        yield Item(key="device_id", has=Has.YES if has_id else Has.NO)
    yield Item(key="serial", has=Has.NO)
    for way in law.ways:
        if needed := _NEEDS.get(way.route.key):
            yield Item(key=needed, has=Has.NO)


def _counted(key: str, count: int) -> Item:
    return Item(key=key, has=Has.YES if count else Has.NO, count=count)
