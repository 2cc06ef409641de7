"""What is found in charges, which are known by somebody's word only."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from ...plan import Money
from ..row import Json
from .finding import Finding, FindingKind
from .history import CameraHistory, Paid, Version, money

# Two words for one charge: a bank books days after a shop does.
_SAME: Final = timedelta(days=4)
# Two charges closer than this share of a term are in one period.
_PERIOD: Final = 0.6
# A renewal is seen so long before or after the day of its charge, whatever the seller's lead.
_AROUND: Final = timedelta(days=7)
_NEW_PLAN: Final = ("plan", "term", "trial", "service")


def two_charges(history: CameraHistory, _now: datetime) -> Iterator[Finding]:
    """Yield charges that followed another within one period, unless money came back."""
    charges = _charges(history)
    for first, second in pairwise(charges):
        if (term := _term(history, first, second)) is None:
            continue
        if second.on - first.on >= term * _PERIOD or first.money is None or second.money is None:
            continue
        if first.money.currency != second.money.currency or _is_another_plan(
            history, first, second
        ):
            continue
        if any(first.on <= day <= second.on + _AROUND for day in history.refunds):
            continue
        yield Finding(
            key=_key(FindingKind.TWO_CHARGES, history, second),
            kind=FindingKind.TWO_CHARGES,
            camera=history.camera,
            at=second.at,
            facts={
                "from": first.on.isoformat(),
                "to": second.on.isoformat(),
                "money": _written(second.money),
            },
            rows=tuple(sorted((first.seq, second.seq))),
        )


def amount_changed(history: CameraHistory, _now: datetime) -> Iterator[Finding]:
    """Yield charges of another amount than was said, or else than was charged before."""
    before: Paid | None = None
    for charge in _charges(history):
        if charge.money is None:
            continue
        known = history.at(charge.at)
        if known is not None and known.is_trial:
            continue
        said = _said(history, charge)
        expected: Money | None = None
        row = None
        if said:
            expected = said[0]
        elif before is not None and not _is_another_plan(history, before, charge):
            expected, row = before.money, before.seq
        before = charge
        if expected is None or expected.currency != charge.money.currency:
            continue
        if charge.money in (said or (expected,)):
            continue
        yield Finding(
            key=_key(FindingKind.AMOUNT_CHANGED, history, charge),
            kind=FindingKind.AMOUNT_CHANGED,
            camera=history.camera,
            at=charge.at,
            facts={
                "on": charge.on.isoformat(),
                "old": _written(expected),
                "new": _written(charge.money),
            },
            rows=tuple(sorted({charge.seq, *((row,) if row else ())})),
        )


def _said(history: CameraHistory, charge: Paid) -> list[Money]:
    """Return what a charge was to be, by the maker's or the owner's word: then, or since."""
    versions = [known for known in (history.at(charge.at), *history.versions[-1:]) if known]
    return [said for known in versions for said in _prices(known, charge)]


def _prices(known: Version, charge: Paid) -> Iterator[Money]:
    """Yield the price of a day; around the day on which it changes, both."""
    changes = _moment(known.facts.get("price_from"))
    regular, price = money(known.facts.get("regular_price")), money(known.facts.get("price"))
    if regular and changes and charge.on >= (changes - _SAME).date():
        yield regular
    if price and (changes is None or regular is None or charge.on <= (changes + _SAME).date()):
        yield price


def _moment(value: Json) -> datetime | None:
    """Return the day of a moment or a day as rows have it, as its begin (UTC)."""
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def charge_without_renewal(history: CameraHistory, now: datetime) -> Iterator[Finding]:
    """Yield charges around which the plan was watched and nothing of it began."""
    for charge in _charges(history):
        day = datetime.combine(charge.on, time.min, UTC)
        start, end = day - _AROUND, day + _AROUND
        if end > now or charge.money is None:
            continue
        known = history.at(start)
        if known is None or known.is_typed or history.unseen(start, end):
            continue
        begun = [one.at for one in history.renewals] + [
            one.at for one in history.versions if one.changed - {"renewal", "price", "price_source"}
        ]
        if any(start <= moment <= end for moment in begun) or charge.on in history.refunds:
            continue
        if any(start <= left.at <= end for left in history.left):
            continue
        yield Finding(
            key=_key(FindingKind.CHARGE_WITHOUT_RENEWAL, history, charge),
            kind=FindingKind.CHARGE_WITHOUT_RENEWAL,
            camera=history.camera,
            at=charge.at,
            facts={"on": charge.on.isoformat(), "money": _written(charge.money)},
            rows=(charge.seq,),
        )


def _charges(history: CameraHistory) -> list[Paid]:
    """Return the charges by day, each once: what a shop and a bank both say is one."""
    charges: list[Paid] = []
    for paid in history.paid:
        if not any(paid.is_same(known, _SAME) for known in charges[-3:]):
            charges.append(paid)
    return charges


def _term(history: CameraHistory, first: Paid, second: Paid) -> timedelta | None:
    known = history.at(second.at) or history.at(first.at)
    if known is not None and known.term:
        return known.term
    lengths = [one.length for one in history.renewals if one.at <= second.at + _AROUND]
    return lengths[-1] if lengths else None


def _is_another_plan(history: CameraHistory, first: Paid, second: Paid) -> bool:
    """Return whether the plan became another between two charges, or around the second."""
    return any(
        first.at - _SAME <= known.at <= second.at + _SAME
        and not known.changed.isdisjoint(_NEW_PLAN)
        and known is not history.versions[0]
        for known in history.versions
    )


def _written(amount: Money) -> dict[str, Json]:
    return {"amount": str(amount.amount), "currency": amount.currency}


def _key(kind: FindingKind, history: CameraHistory, charge: Paid) -> str:
    return f"{kind}:{history.camera}:{charge.on.isoformat()}:{charge.seq}"
