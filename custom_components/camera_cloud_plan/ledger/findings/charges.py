"""What is found in charges, which are known by somebody's word only."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from ...plan import Channel, Money
from ..row import Json
from .finding import Finding, FindingKind
from .history import NEW_PLAN, CameraHistory, Paid, Version, moment, money

# Two words for one charge: a bank books days after a shop does.
SAME_CHARGE: Final = timedelta(days=4)
# What began while nobody looked stands in the first reading after that.
_POLL: Final = timedelta(hours=9)
# What else began on the day of a charge, another plan say, has been read by then.
_READ_BY: Final = timedelta(hours=36)
# Two charges closer than this share of a term are in one period.
_PERIOD: Final = 0.6
# What changes of a plan without anything beginning.
_NO_BEGIN: Final = frozenset(
    {"renewal", "price", "price_source", "regular_price", "price_from", "channel"}
)
# Who bills for the maker itself, so that it knows of each term.
_BY_THE_MAKER: Final = frozenset({Channel.MI_PAY, Channel.WECHAT_PAY, Channel.ALIPAY})
# A renewal is seen so long before or after the day of its charge, whatever the seller's lead.
_AROUND: Final = timedelta(days=7)


def two_charges(history: CameraHistory, now: datetime) -> Iterator[Finding]:
    """Yield charges that followed another within one period, unless money came back."""
    charges = [
        charge
        for charge in history.charges(SAME_CHARGE)
        if charge.money is not None and charge.at + _READ_BY <= now
    ]
    for first, second in pairwise(charges):
        if (term := _term(history, first, second)) is None:
            continue
        if second.on - first.on >= min(term * _PERIOD, term - SAME_CHARGE):
            continue
        # A shop and a bank that tell of other amounts may mean the same charge.
        if first.kind is not second.kind and second.on - first.on <= SAME_CHARGE:
            continue
        if first.money is None or second.money is None:
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


def amount_changed(history: CameraHistory, now: datetime) -> Iterator[Finding]:
    """Yield charges of another amount than was said, or else than was charged before, once."""
    before: Paid | None = None
    found: Money | None = None
    for charge in history.charges(SAME_CHARGE):
        if charge.money is None or charge.at + _READ_BY > now:
            continue
        known = history.at(charge.at)
        # Of a plan that nobody read around then nothing is known, its price least of all.
        if known is None or known.is_trial or _is_unseen(history, charge):
            continue
        if _is_another_plan(history, charge, charge):
            before = charge
            continue
        expected, row = next(_prices(known, charge), None), None
        if expected is None and before is not None and not _is_new_price(history, before, charge):
            expected, row = before.money, before.seq
        before = charge
        if expected is None or expected.currency != charge.money.currency:
            continue
        if charge.money == expected or charge.money in _said_since(history, charge, known):
            found = None
            continue
        # What it was found to be by now it may stay.
        if charge.money == found:
            continue
        found = charge.money
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


def _is_unseen(history: CameraHistory, charge: Paid) -> bool:
    """Return whether nobody looked for days before a charge and after it."""
    return history.unseen(charge.at - SAME_CHARGE, charge.at + SAME_CHARGE) >= 2 * SAME_CHARGE


def _said_since(history: CameraHistory, charge: Paid, known: Version) -> Iterator[Money]:
    """Yield what else it may have been, by what was said around then and since of the same plan.

    A price that is said later does not say what it was before, but it may. A bank tells a charge
    days after it was made, when the price may be another.
    """
    for one in (
        history.at(charge.at - SAME_CHARGE),
        *history.between(charge.at - SAME_CHARGE, charge.at),
    ):
        if one is not None:
            yield from _prices(one, charge)
    is_told = bool([*_prices(known, charge)])
    until = history.seen_from(charge.at + SAME_CHARGE) + _POLL
    for one in history.since(known):
        if not one.changed.isdisjoint(NEW_PLAN) and one.at > until:
            return
        if is_told and one.at > until:
            return
        yield from _prices(one, charge)


def _prices(known: Version, charge: Paid) -> Iterator[Money]:
    """Yield the price of a day; around the day on which it changes, both.

    After that day it is not known where nobody said what it will be.
    """
    changes = _moment(known.facts.get("price_from"))
    regular, price = money(known.facts.get("regular_price")), money(known.facts.get("price"))
    if regular and changes and charge.on >= (changes - SAME_CHARGE).date():
        yield regular
    if changes and not regular and charge.on >= (changes - SAME_CHARGE).date():
        return
    if price and (changes is None or charge.on <= (changes + SAME_CHARGE).date()):
        yield price


def _is_new_price(history: CameraHistory, before: Paid, charge: Paid) -> bool:
    """Return whether a charge may be another one because of another plan or a told price."""
    known = history.at(charge.at)
    told = known is not None and known.facts.get("price_from") is not None
    return told or _is_another_plan(history, before, charge)


def _moment(value: Json) -> datetime | None:
    """Return the day of a moment or a day as rows have it, as its begin (UTC)."""
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment(value) if read.tzinfo else moment(read.replace(tzinfo=UTC).isoformat())


def charge_without_renewal(history: CameraHistory, now: datetime) -> Iterator[Finding]:
    """Yield charges around which the plan was watched and nothing of it began."""
    for charge in history.charges(SAME_CHARGE):
        day = datetime.combine(charge.on, time.min, UTC)
        start, end = day - _AROUND, day + _AROUND
        if end > now or charge.money is None:
            continue
        known = history.at(start)
        if known is None or not _shows_terms(known) or history.unseen(start, end):
            continue
        # A renewal is news of the plan too: of its end.
        begun = any(one.changed - _NO_BEGIN for one in history.between(start, end))
        if begun or charge.on in history.refunds:
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


def _shows_terms(known: Version) -> bool:
    """Return whether a term that began would have been read.

    A maker may not show at all what an app store bills, once the plan that it knows is over.
    """
    if known.is_typed or known.ends_at is None:
        return False
    return known.is_active or known.facts.get("channel") in _BY_THE_MAKER


def settled_at(history: CameraHistory) -> Iterator[datetime]:
    """Yield when it shows that nothing began around a charge (UTC)."""
    for charge in history.paid:
        yield charge.at + _READ_BY
        yield datetime.combine(charge.on, time.min, UTC) + _AROUND


def _term(history: CameraHistory, first: Paid, second: Paid) -> timedelta | None:
    known = history.at(second.at) or history.at(first.at)
    if known is not None and known.term:
        return known.term
    lengths = [one.length for one in history.renewals if one.at <= second.at + _AROUND]
    return lengths[-1] if lengths else None


def _is_another_plan(history: CameraHistory, first: Paid, second: Paid) -> bool:
    """Return whether the plan became another between two charges, or around the second.

    While nobody looked it may have.
    """
    until = history.seen_from(second.at + SAME_CHARGE) + _POLL
    return any(
        not known.changed.isdisjoint(NEW_PLAN) and known is not history.versions[0]
        for known in history.between(first.at - SAME_CHARGE, until)
    )


def _written(amount: Money) -> dict[str, Json]:
    return {"amount": str(amount.amount), "currency": amount.currency}


def _key(kind: FindingKind, history: CameraHistory, charge: Paid) -> str:
    return f"{kind}:{history.camera}:{charge.occurrence}"
