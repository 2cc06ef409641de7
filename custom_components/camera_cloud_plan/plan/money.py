"""Sums of money, each in its own currency; never converted, never guessed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in a currency (ISO 4217 code, e.g. "CNY")."""

    amount: Decimal
    currency: str

    def __mul__(self, factor: int | Decimal) -> Money:
        """Return so many times this amount; not rounded."""
        return Money(amount=self.amount * factor, currency=self.currency)


def by_currency(sums: Iterable[Money]) -> Mapping[str, Decimal]:
    """Return the sums of each currency, by its code in alphabetical order."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for money in sums:
        totals[money.currency] += money.amount
    return {currency: totals[currency] for currency in sorted(totals)}
