"""A client of the simulated maker's control interface, and what its world implies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import re
from typing import Any, Final
from zoneinfo import ZoneInfo

import aiohttp

from .words import Language

type Money = tuple[Decimal, str]
"""An amount and its currency."""

KNOWN_PRICES: Final = frozenset({"cn", "cn2"})
"""The accounts whose owners say what their plans cost, and on which day it is taken."""

_CHINA: Final = ZoneInfo("Asia/Shanghai")
_FIXED_DAY: Final = re.compile(r"day (\d+) ")
_PATIENCE: Final = aiohttp.ClientTimeout(total=30)
_STATES_WITH_CHARGE: Final = {"trial", "active_renewing", "active_renewal_unknown"}
_ANNOUNCED_AHEAD: Final = {
    "mi_pay": timedelta(hours=72),
    "wechat": timedelta(hours=72),
    "alipay": timedelta(hours=72),
    # Outside the mainland nobody can tell who bills, so the longest time is assumed.
    "apple": timedelta(hours=72),
    "google": timedelta(hours=72),
}
"""How long before a plan's end a charge may come, as Home Assistant must show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of the world; `name` in the demo's language.

    `signs_in` is false for one that is left for a person to add by hand.
    """

    key: str
    user_id: str
    name: str
    signs_in: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What an owner knows of a plan: its price for a term of so many months, if it is of months.

    From `regular_from`, a day in China, on it costs `regular`; `billing_day` is the day of
    the month on which it is charged, whatever the term.
    """

    plan: str
    price: Money
    months: int | None
    regular: Money | None
    regular_from: date | None
    billing_day: int | None

    def answers(self) -> dict[str, object]:
        """Return what the owner fills in, by field."""
        special: dict[str, object] = {"covers_all": False}
        if self.regular and self.regular_from:
            special["regular_price"] = float(self.regular[0])
            special["price_from"] = self.regular_from.isoformat()
        if self.billing_day:
            special["billing_day"] = self.billing_day
        return {
            "plan": self.plan,
            "price": float(self.price[0]),
            "currency": self.price[1],
            "special": special,
        } | ({"term_months": str(self.months)} if self.months else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCharge:
    """The charge that Home Assistant must expect: its window, UTC, its kind and its amount.

    The amount is `None` where nobody said what the plan costs.
    """

    earliest: datetime
    latest: datetime
    kind: str
    amount: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCamera:
    """What Home Assistant must show of a camera, by the world's own word.

    `auto_renewal` is `on`, `off` or `unknown`, and `None` where there must be no switch.
    `days_remaining` is `None` where the world does not say. `monthly` is what its plan costs
    by the month, as far as it renews and its price is known.
    """

    did: str
    name: str
    accounts: tuple[str, ...]
    plan_status: str
    auto_renewal: str | None
    days_remaining: int | None
    charge: ExpectedCharge | None
    monthly: Money | None = None


class Maker:
    """The simulated maker, as its control interface lets it be seen and steered."""

    def __init__(self, base_url: str, http: aiohttp.ClientSession, language: Language) -> None:
        """Take the simulator's address without a trailing slash."""
        self.base_url = base_url
        self._http = http
        self._language = language

    async def is_up(self) -> bool:
        """Return whether the simulator answers."""
        try:
            await self._state()
        except aiohttp.ClientError, TimeoutError:
            return False
        return True

    async def accounts(self) -> tuple[Account, ...]:
        """Return the world's accounts in the order of the world file."""
        state = await self._state()
        return tuple(
            Account(
                key=entry["key"],
                user_id=entry["user_id"],
                name=self._name(entry),
                signs_in=entry["signs_in"],
            )
            for entry in state["accounts"]
        )

    async def cameras(self) -> tuple[ExpectedCamera, ...]:
        """Return what is to be seen of every camera of which the world file says it."""
        state = await self._state()
        return tuple(
            ExpectedCamera(
                did=entry["did"],
                name=self._name(entry),
                accounts=(entry["owner"], *(share["with"] for share in entry["shares"])),
                plan_status=entry["expect"]["plan_status"],
                auto_renewal=entry["expect"]["auto_renewal"],
                days_remaining=entry["expect"]["days_remaining"],
                charge=_charge(entry),
                monthly=self._monthly(entry),
            )
            for entry in state["cameras"]
            if "expect" in entry
        )

    async def prices(self, account: str) -> tuple[Price, ...]:
        """Return what an account's owner knows of its plans that renew, each name once."""
        if account not in KNOWN_PRICES:
            return ()
        state = await self._state()
        prices = {
            price.plan: price
            for entry in state["cameras"]
            if entry["owner"] == account and entry["plan"] and entry["plan"]["auto_renew"]
            for price in (self._price(entry["plan"]),)
        }
        return tuple(prices.values())

    async def plan_end(self, did: str) -> datetime:
        """Return when a camera's plan ends."""
        return _moment((await self._camera(did))["plan"]["end"])

    async def approve_link(self, ticket: str, user_id: str) -> None:
        """Approve a waiting sign-in as its owner would on the approval page."""
        await self._post("link/approve", {"ticket": ticket, "user_id": user_id})

    async def advance(self, *, days: int = 0, hours: int = 0) -> None:
        """Let time pass at the maker."""
        await self._post("advance", {"days": days, "hours": hours})

    def _monthly(self, entry: Mapping[str, Any]) -> Money | None:
        charge = _charge(entry)
        if charge is None or charge.amount is None:
            return None
        price = self._price(entry["plan"])
        return (price.price[0] / price.months, price.price[1]) if price.months else None

    def _price(self, plan: Mapping[str, Any]) -> Price:
        regular, since = plan["regular_price"], plan["regular_from"]
        count, _, unit = plan["period"].partition(" ")
        return Price(
            plan=self._said(plan["name"]),
            price=_money(plan["price"]),
            months=int(count) if unit.startswith("month") else None,
            regular=_money(regular) if regular else None,
            regular_from=_moment(since).astimezone(_CHINA).date() if since else None,
            billing_day=_fixed_day(plan),
        )

    def _name(self, entry: Mapping[str, Any]) -> str:
        return self._said(entry["names"])

    def _said(self, names: Mapping[str, str]) -> str:
        """Return a name in the demo's language; what lacks there is English."""
        return names.get(self._language.of_simulator, names["en"])

    async def _state(self) -> dict[str, Any]:
        return await self._get("state")

    async def _camera(self, did: str) -> dict[str, Any]:
        return await self._get(f"camera/{did}")

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._http.get(self._url(path), timeout=_PATIENCE) as answer:
            answer.raise_for_status()
            content: dict[str, Any] = await answer.json()
            return content

    async def _post(self, path: str, body: Mapping[str, object]) -> None:
        async with self._http.post(self._url(path), json=body, timeout=_PATIENCE) as answer:
            answer.raise_for_status()

    def _url(self, path: str) -> str:
        return f"{self.base_url}/_control/{path}"


def _charge(entry: Mapping[str, Any]) -> ExpectedCharge | None:
    plan, expect = entry["plan"], entry["expect"]
    if plan is None or expect["plan_status"] not in _STATES_WITH_CHARGE:
        return None
    if expect["auto_renewal"] in (None, "off"):
        return None
    end, known = _moment(plan["end"]), entry["owner"] in KNOWN_PRICES
    earliest, latest = end - _ANNOUNCED_AHEAD[plan["channel"]], end
    if known and (day := _fixed_day(plan)):
        # The worlds' own end on that day.
        earliest = end.astimezone(_CHINA).replace(day=day, hour=0, minute=0).astimezone(UTC)
    return ExpectedCharge(
        earliest=earliest,
        latest=latest,
        kind=expect["charge"],
        amount=_money(entry["next_charge"]["price"]) if known else None,
    )


def _fixed_day(plan: Mapping[str, Any]) -> int | None:
    found = _FIXED_DAY.match(plan["charged"])
    return int(found[1]) if found else None


def _money(spelled: str) -> Money:
    """Return an amount as the world files spell it, e.g. "6.00 CNY"."""
    amount, _, currency = spelled.partition(" ")
    return Decimal(amount), currency


def _moment(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
