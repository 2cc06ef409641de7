"""A plan as its owner types it in: what was said, checked, and nothing guessed.

A day that was typed stands for all of it. A term ends with the last second of its day, so
that the day counts as one that remains; a price changes with the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
import re
from typing import Final, Self

from ...plan import (
    Channel,
    Money,
    PlanReading,
    PriceSource,
    Service,
    Tariff,
    Term,
    TermUnit,
    Witness,
)
from ...plan.term import term_ends
from ...plan.written import amount_of, amount_text, currency_of, day_of, number_of

# Who is named as having said whether a plan renews.
OWNER: Final = "owner"

_LONGEST_TEXT: Final = 100
_SELLERS: Final = (
    Channel.SELLER,
    Channel.APPLE,
    Channel.GOOGLE_PLAY,
    Channel.WECHAT_PAY,
    Channel.ALIPAY,
    Channel.SELLER_UNKNOWN,
)
_MOST_MONEY: Final = Decimal(10**9)
_MOST_DAYS: Final = 3660
_MONTHS_PER_YEAR: Final = 12
_DAYS_PER_WEEK: Final = 7
# The Gregorian calendar's mean month; near enough to say where to begin to look.
_MEAN_MONTH: Final = timedelta(days=30.436875)
_LAST_SECOND: Final = time(23, 59, 59)

_YES: Final = frozenset({"yes", "y", "true", "1", "ja", "是", "对"})
_NO: Final = frozenset({"no", "n", "false", "0", "nein", "否", "不"})
_NOT_KNOWN: Final = frozenset({"", "unknown", "?", "unbekannt", "不知道", "未知"})

# In every language that there are words in; the first letter says which unit it is.
_TERM: Final = re.compile(
    r"(\d{1,4})[\s_]*("
    r"days?|d|weeks?|w|months?|m|years?|y"
    r"|tage?|wochen?|monate?|jahre?"
    r"|[天日周月年]|个月)"
)
_DAYS: Final = {"d": 1, "t": 1, "天": 1, "日": 1, "w": _DAYS_PER_WEEK, "周": _DAYS_PER_WEEK}
_YEAR: Final = dict.fromkeys("yj年", _MONTHS_PER_YEAR)
_MONTHS: Final = {"m": 1, "月": 1, "个": 1, **_YEAR}


class Flaw(StrEnum):
    """What can be wrong with what was typed."""

    NAME_MISSING = "name_missing"
    TEXT_UNUSABLE = "text_unusable"
    DATE_MISSING = "date_missing"
    DATE_UNUSABLE = "date_unusable"
    TERM_UNUSABLE = "term_unusable"
    YES_OR_NO_UNUSABLE = "yes_or_no_unusable"
    AMOUNT_UNUSABLE = "amount_unusable"
    CURRENCY_UNUSABLE = "currency_unusable"
    PRICE_MISSING = "price_missing"
    PRICE_FROM_MISSING = "price_from_missing"
    NUMBER_UNUSABLE = "number_unusable"
    SELLER_UNUSABLE = "seller_unusable"
    STARTS_AFTER_END = "starts_after_end"


class ManualPlanError(ValueError):
    """What was typed cannot be a plan: `flaw` says why, `field` where."""

    def __init__(self, field: str, flaw: Flaw) -> None:
        """Take the field's name and what is wrong with it."""
        super().__init__(f"{field}: {flaw}")
        self.field = field
        self.flaw = flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualPlan:
    """A plan by its owner's word; what was not said is `None`.

    `ends_on` is the day of a charge, or of the plan's end, by the home's calendar; every
    later one is counted from it. `renews` is `None` where the owner does not know.
    `billed_by` is `Channel.SELLER_UNKNOWN` where they were asked and do not know, `None`
    where they were not. `trial` is whether the term up to `ends_on` costs nothing. From
    `price_from` on a term costs `regular_price` (`None`: not known what). `notice_days` is
    how long before a term's end it has to be cancelled at the latest, `billing_day` a day of
    the month on which is charged whatever the term. `attached_to` is an opaque name of the
    device that the plan is for.
    """

    name: str
    ends_on: date
    term: Term
    renews: bool | None
    brand: str | None = None
    price: Money | None = None
    starts_on: date | None = None
    trial: bool = False
    regular_price: Money | None = None
    price_from: date | None = None
    billed_by: Channel | None = None
    notice_days: int = 0
    billing_day: int | None = None
    attached_to: str | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it the same plan as another: name and brand, however they are written."""
        return self.name.casefold(), (self.brand or "").casefold()

    # --- From and to plain values ---

    @classmethod
    def parse(cls, values: Mapping[str, object]) -> Self:
        """Return the plan that plain values say: of a form, a table's row, or what is stored.

        An empty text, or a field that is not there, was not said. Raises `ManualPlanError`.
        """
        given = _Values(values)
        currency = given.currency("currency")
        plan = cls(
            name=given.name("name"),
            ends_on=given.needed_day("ends_on"),
            term=given.term("term"),
            renews=given.yes_or_no("renews"),
            brand=given.text("brand"),
            price=given.money("price", currency),
            starts_on=given.day("starts_on"),
            trial=bool(given.yes_or_no("trial")),
            regular_price=given.money("regular_price", currency),
            price_from=given.day("price_from"),
            billed_by=given.channel("billed_by"),
            notice_days=given.number("notice_days", 0, _MOST_DAYS) or 0,
            billing_day=given.number("billing_day", 1, 31),
            attached_to=given.text("attached_to"),
        )
        if plan.starts_on is not None and plan.starts_on > plan.ends_on:
            raise ManualPlanError("starts_on", Flaw.STARTS_AFTER_END)
        if plan.regular_price is not None and plan.price_from is None:
            raise ManualPlanError("price_from", Flaw.PRICE_FROM_MISSING)
        if plan.price_from is not None and plan.price is None:
            raise ManualPlanError("price", Flaw.PRICE_MISSING)
        return plan

    def as_dict(self) -> dict[str, str | bool | int]:
        """Return it as plain values that `parse` takes; what was not said is left out."""
        money = self.price or self.regular_price
        said: dict[str, str | bool | int | None] = {
            "name": self.name,
            "brand": self.brand,
            "ends_on": self.ends_on.isoformat(),
            "term": f"{self.term.count} {self.term.unit}{'s' if self.term.count > 1 else ''}",
            "renews": self.renews,
            "price": _written(self.price),
            "currency": money.currency if money else None,
            "starts_on": self.starts_on.isoformat() if self.starts_on else None,
            "trial": self.trial or None,
            "regular_price": _written(self.regular_price),
            "price_from": self.price_from.isoformat() if self.price_from else None,
            "billed_by": self.billed_by,
            "notice_days": self.notice_days or None,
            "billing_day": self.billing_day,
            "attached_to": self.attached_to,
        }
        return {
            field: value.value if isinstance(value, Channel) else value
            for field, value in said.items()
            if value is not None
        }

    # --- As it stands ---

    def reading(self, now: datetime, zone: tzinfo) -> PlanReading:
        """Return how it stands at `now` (UTC), by a zone's calendar, on its owner's word.

        While it renews, its term is the one that runs. One that does not has expired once its
        day is over. Of one whose renewal is not known nobody knows then whether it still runs.
        """
        first_end = _day_end(self.ends_on, zone)
        times = self._terms_over(first_end, now, zone) if self.renews else 0
        ended = first_end <= now and not times
        if not ended:
            service = Service.ACTIVE
        else:
            service = Service.UNKNOWN if self.renews is None else Service.EXPIRED
        return PlanReading(
            read_at=now,
            service=service,
            name=self.name,
            trial=self.trial and not times,
            starts_at=self._counted_from(zone) if times else self._starts_at(zone),
            ends_at=self._end(times, zone),
            renewal=Witness(source=OWNER, says=self.renews, seen_at=now),
            tariff=Tariff(
                source=PriceSource.OWNER,
                price=self.price,
                term=self.term,
                regular_price=self.regular_price,
                price_from=_day_begin(self.price_from, zone) if self.price_from else None,
                billing_day=self.billing_day,
                notice_days=self.notice_days,
            ),
            typed=True,
        )

    def _starts_at(self, zone: tzinfo) -> datetime | None:
        return _day_end(self.starts_on, zone) if self.starts_on else None

    def _counted_from(self, zone: tzinfo) -> datetime:
        """Return the moment from which whole terms lead to every end.

        The start that was typed, if they lead from there to the end that was typed; what
        follows a trial begins with the trial's end.
        """
        first_end = _day_end(self.ends_on, zone)
        start = self.starts_on
        if start is None or self.trial or start == self.ends_on:
            return first_end
        if self.term.unit is TermUnit.DAY:
            between = (self.ends_on - start).days
        else:
            between = (self.ends_on.year - start.year) * _MONTHS_PER_YEAR
            between += self.ends_on.month - start.month
        starts_at = _day_end(start, zone)
        leads_there = self.term.after(starts_at, between // self.term.count, zone) == first_end
        return starts_at if leads_there else first_end

    def _end(self, times: int, zone: tzinfo) -> datetime:
        """Return the end of the term that comes so many after the one that was typed."""
        counted_from = self._counted_from(zone)
        return term_ends(self.term, counted_from, _day_end(self.ends_on, zone), times, zone)

    def _terms_over(self, first_end: datetime, now: datetime, zone: tzinfo) -> int:
        """Return how many terms are over at `now`: the next one is the one that runs."""
        if now < first_end:
            return 0
        mean = self.term.count * (
            timedelta(days=1) if self.term.unit is TermUnit.DAY else _MEAN_MONTH
        )
        times = max((now - first_end) // mean - 1, 0)
        while self._end(times, zone) <= now:
            times += 1
        return times


def _day_begin(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _day_end(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, _LAST_SECOND, zone).astimezone(UTC)


class _Values:
    """Plain values as they come from a form, a table or a file, made into what they mean."""

    def __init__(self, values: Mapping[str, object]) -> None:
        """Take them by the names of their fields."""
        self._values = values

    def _said(self, field: str) -> str:
        value = self._values.get(field)
        return "" if value is None else str(value).strip()

    def text(self, field: str) -> str | None:
        """Return a text of one line, `None` for an empty one."""
        said = self._said(field)
        if len(said) > _LONGEST_TEXT or not said.isprintable():
            raise ManualPlanError(field, Flaw.TEXT_UNUSABLE)
        return said or None

    def name(self, field: str) -> str:
        """Return a text that has to be there."""
        if (said := self.text(field)) is None:
            raise ManualPlanError(field, Flaw.NAME_MISSING)
        return said

    def day(self, field: str) -> date | None:
        """Return a day."""
        if not (said := self._said(field)):
            return None
        if (day := day_of(said)) is None:
            raise ManualPlanError(field, Flaw.DATE_UNUSABLE)
        return day

    def needed_day(self, field: str) -> date:
        """Return a day that has to be there."""
        if (said := self.day(field)) is None:
            raise ManualPlanError(field, Flaw.DATE_MISSING)
        return said

    def term(self, field: str) -> Term:
        """Return the length of a term: "1_month", "30 days", "1 year", "3个月"."""
        match = _TERM.fullmatch(self._said(field).casefold())
        count, unit = (int(match[1]), match[2][0]) if match else (0, "d")
        term = (
            Term.days(count * _DAYS[unit]) if unit in _DAYS else Term.months(count * _MONTHS[unit])
        )
        if not 0 < term.count <= _MOST_DAYS or term.in_months > _MOST_DAYS // 30:
            raise ManualPlanError(field, Flaw.TERM_UNUSABLE)
        return term

    def yes_or_no(self, field: str) -> bool | None:
        """Return whether; `None` where it is not known."""
        said = self._said(field).casefold()
        if said in _NOT_KNOWN:
            return None
        if said not in _YES | _NO:
            raise ManualPlanError(field, Flaw.YES_OR_NO_UNUSABLE)
        return said in _YES

    def currency(self, field: str) -> str | None:
        """Return a currency's code."""
        if not (said := self._said(field)):
            return None
        if (code := currency_of(said)) is None:
            raise ManualPlanError(field, Flaw.CURRENCY_UNUSABLE)
        return code

    def money(self, field: str, currency: str | None) -> Money | None:
        """Return an amount; decimals after a point or a comma."""
        if not (said := self._said(field)):
            return None
        # A form sends a number, of which there is no doubt.
        is_text = isinstance(self._values.get(field), str)
        amount = amount_of(said) if is_text else number_of(said)
        if amount is None or not 0 <= amount <= _MOST_MONEY:
            raise ManualPlanError(field, Flaw.AMOUNT_UNUSABLE)
        if currency is None:
            raise ManualPlanError("currency", Flaw.CURRENCY_UNUSABLE)
        return Money(amount=amount, currency=currency)

    def channel(self, field: str) -> Channel | None:
        """Return who bills, of those who can bill any brand's plan."""
        if not (said := self._said(field)):
            return None
        sellers = {channel.value: channel for channel in _SELLERS}
        if (channel := sellers.get(said.casefold())) is None:
            raise ManualPlanError(field, Flaw.SELLER_UNUSABLE)
        return channel

    def number(self, field: str, least: int, most: int) -> int | None:
        """Return a whole number within limits; a form's sliders send 5.0 for 5."""
        if not (said := self._said(field)):
            return None
        match = re.fullmatch(r"(\d{1,5})(?:[.,]0+)?", said)
        if match is None or not least <= int(match[1]) <= most:
            raise ManualPlanError(field, Flaw.NUMBER_UNUSABLE)
        return int(match[1])


def _written(money: Money | None) -> str | None:
    return amount_text(money.amount) if money else None
