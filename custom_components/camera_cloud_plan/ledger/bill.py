"""A month's bill of one account, put together from its ledger: facts of that month, sums by currency.

What was renewed is what was seen; what it cost is known only where a charge, or a line of a bank,
was noted: what a shop and a bank both tell is one. A renewal without one is counted as of unknown
cost and is in no sum. Nothing is converted and nothing guessed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ..plan import Money, by_currency
from ..plan.written import day_of
from .claim import Claims
from .findings.charges import SAME_CHARGE
from .findings.history import CameraHistory
from .row import Kind, Row

# A charge belongs to a renewal that is so near: sellers charge up to three days ahead of the end,
# and payments are tried again for up to thirty days.
_AHEAD: Final = timedelta(days=4)
_BEHIND: Final = timedelta(days=30)

_CHANGES: Final = frozenset(
    {
        *(Kind.PLAN_SEEN, Kind.PLAN_CHANGED, Kind.FLAG, Kind.CAMERA_LEFT),
        *(Kind.CANCELLATION, Kind.REFUND_ASKED, Kind.REFUND_RECEIVED),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewedTerm:
    """A renewal that was seen, with the charge that was noted for it, if exactly one was.

    `price` is what a term costs as it was known then, which is no proof of what was taken.
    """

    row: Row
    old_end: datetime | None
    new_end: datetime | None
    charge: Row | None = None
    paid: Money | None = None
    price: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a ledger says of a month; moments in UTC, the end not included.

    `paid` are the sums of the charges noted in it, by currency, `back` of what came back, and
    `back_unknown` counts what came back without an amount.
    `unknown` counts the renewals without a noted charge and the charges without an amount.
    """

    begins: datetime
    ends: datetime
    renewed: tuple[RenewedTerm, ...] = ()
    charges: tuple[Row, ...] = ()
    paid: Mapping[str, Decimal] = field(default_factory=dict)
    back: Mapping[str, Decimal] = field(default_factory=dict)
    back_unknown: int = 0
    unknown: int = 0
    changes: tuple[Row, ...] = ()
    found: tuple[Row, ...] = ()
    open_findings: tuple[Row, ...] = ()
    open_claims: tuple[Row, ...] = ()
    gaps: tuple[Row, ...] = ()


def month_of(year: int, month: int, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return when a month of a zone's calendar begins and ends (UTC)."""
    after = (year + month // 12, month % 12 + 1)
    begins, ends = (datetime(*of, 1, tzinfo=zone).astimezone(UTC) for of in ((year, month), after))
    return begins, ends


def bill(rows: Iterable[Row], begins: datetime, ends: datetime, zone: tzinfo) -> Bill:
    """Return the bill of a span of time (UTC), by an account's rows in their order.

    Rows of before are needed to know what is open, and rows of after for charges that were
    noted late. `zone` is the one in which the days of charges are meant.
    """
    known = [*rows]
    within = [row for row in known if begins <= row.at < ends]
    charges = _charges(known)
    here = [row for row in charges if begins <= happened(row, zone) < ends]
    renewed = tuple(_renewed(known, charges, begins, ends, zone))
    refunds = [row for row in known if row.kind is Kind.REFUND_RECEIVED]
    back = [row for row in refunds if begins <= happened(row, zone) < ends]
    return Bill(
        begins=begins,
        ends=ends,
        renewed=renewed,
        charges=tuple(here),
        paid=by_currency(_amounts(here)),
        back=by_currency(_amounts(back)),
        back_unknown=sum(money_of(row) is None for row in back),
        unknown=sum(term.paid is None for term in renewed)
        + sum(money_of(row) is None for row in here if _is_nobodys(row, renewed)),
        changes=tuple(row for row in within if row.kind in _CHANGES),
        found=tuple(row for row in within if row.kind is Kind.FINDING),
        open_findings=tuple(_open_findings(known, ends)),
        open_claims=tuple(_open_claims(known, ends)),
        gaps=tuple(row for row in within if row.kind is Kind.READING_GAP),
    )


def _charges(rows: Iterable[Row]) -> list[Row]:
    """Return the charges, each once: as the shop tells it where it does, else as the bank."""
    told: dict[str, CameraHistory] = {}
    by_seq: dict[int, Row] = {}
    for row in rows:
        if row.kind in (Kind.CHARGE, Kind.BANK_LINE):
            camera = row.camera or ""
            told.setdefault(camera, CameraHistory(camera=camera, account_gaps=[])).heed(row)
            by_seq[row.seq] = row
    once = {paid.seq for history in told.values() for paid in history.charges(SAME_CHARGE)}
    return [by_seq[seq] for seq in sorted(once)]


def _is_nobodys(charge: Row, renewed: Sequence[RenewedTerm]) -> bool:
    return all(term.charge is not charge for term in renewed)


def happened(row: Row, zone: tzinfo) -> datetime:
    """Return when the money moved (UTC): the begin of the day that is named, else when noted."""
    day = row.facts.get("on")
    found = day_of(day) if isinstance(day, str) else None
    if found is None:
        return row.at
    return datetime(found.year, found.month, found.day, tzinfo=zone).astimezone(UTC)


def money_of(row: Row) -> Money | None:
    """Return the amount that a row names; `None` where it names none."""
    return _money(row.facts.get("money"))


def _money(fact: Any) -> Money | None:
    match fact:
        case {"amount": str(amount), "currency": str(currency)}:
            try:
                found = Decimal(amount)
            except InvalidOperation:
                return None
            return Money(amount=found, currency=currency) if found.is_finite() else None
    return None


def _amounts(rows: Iterable[Row]) -> Iterator[Money]:
    return (money for row in rows if (money := money_of(row)) is not None)


def _renewed(
    rows: Sequence[Row], charges: Sequence[Row], begins: datetime, ends: datetime, zone: tzinfo
) -> Iterator[RenewedTerm]:
    """Yield the renewals of a span, each with its charge where there is one and no other."""
    prices: dict[str | None, Money | None] = {}
    of_renewal = _by_renewal(rows, charges, zone)
    for row in rows:
        if row.kind in (Kind.PLAN_SEEN, Kind.PLAN_CHANGED):
            _heed_price(prices, row)
        if row.kind is not Kind.RENEWED or not begins <= row.at < ends:
            continue
        own = of_renewal.get(row.seq, ())
        charge = own[0] if len(own) == 1 else None
        yield RenewedTerm(
            row=row,
            old_end=_moment(row.facts.get("old_end")),
            new_end=_moment(row.facts.get("new_end")),
            charge=charge,
            paid=money_of(charge) if charge else None,
            price=prices.get(row.camera),
        )


def _by_renewal(
    rows: Iterable[Row], charges: Iterable[Row], zone: tzinfo
) -> Mapping[int, Sequence[Row]]:
    """Return by the number of each renewal the charges that are nearest to it, of those that fit."""
    renewals: dict[str | None, list[Row]] = {}
    for row in rows:
        if row.kind is Kind.RENEWED:
            renewals.setdefault(row.camera, []).append(row)
    found: dict[int, list[Row]] = {}
    for charge in charges:
        near = [
            (apart, row.seq)
            for row in renewals.get(charge.camera, ())
            if (apart := _apart(charge, row, zone)) is not None
        ]
        if near:
            found.setdefault(min(near)[1], []).append(charge)
    return found


def _apart(charge: Row, renewed: Row, zone: tzinfo) -> timedelta | None:
    """Return how far a charge is from a renewal; `None` where it is surely none of it."""
    end = _moment(renewed.facts.get("old_end")) or renewed.at
    first, last, on = min(end, renewed.at), max(end, renewed.at), happened(charge, zone)
    if not first - _AHEAD <= on <= last + _BEHIND:
        return None
    return max(first - on, on - last, timedelta())


def _heed_price(prices: dict[str | None, Money | None], row: Row) -> None:
    if row.kind is Kind.PLAN_SEEN:
        prices[row.camera] = _money(row.facts.get("price"))
        return
    changes = row.facts.get("changes")
    price = changes.get("price") if isinstance(changes, Mapping) else None
    if isinstance(price, Mapping):
        prices[row.camera] = _money(price.get("new"))


def _open_findings(rows: Sequence[Row], ends: datetime) -> Iterator[Row]:
    """Yield what was found by the end of a span, and not put aside by then."""
    aside = {
        row.facts.get("key") for row in rows if row.kind is Kind.FINDING_DISMISSED and row.at < ends
    }
    for row in rows:
        if row.kind is Kind.FINDING and row.at < ends and row.facts.get("key") not in aside:
            yield row


def _open_claims(rows: Sequence[Row], ends: datetime) -> Iterator[Row]:
    """Yield the rows with which matters began that were open at the end of a span."""
    claims, began = Claims(), {}
    for row in rows:
        if row.at < ends:
            claims.heed(row)
            began[row.facts.get("claim"), row.facts.get("step")] = row
    for claim in claims.open():
        yield began[claim.key, "began"]


def _moment(fact: object) -> datetime | None:
    try:
        return datetime.fromisoformat(fact) if isinstance(fact, str) else None
    except ValueError:
        return None
