"""How things are said in Chinese."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

_NUMBERS: Final = ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")
_DAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
# By what is left or gone in days.
_NEAR: Final = {-2: "前天", -1: "昨天", 0: "今天", 1: "明天", 2: "后天"}
_WEEK: Final = 6
# Beyond these, days are told in months, and with their year.
_IN_DAYS: Final = 60
_WITH_YEAR: Final = 300
_PER_MONTH: Final = 30.44

_CURRENCIES: Final = {
    "CAD": "加元",
    "CHF": "瑞士法郎",
    "CNY": "元",
    "EUR": "欧元",
    "GBP": "英镑",
    "HKD": "港元",
    "INR": "卢比",
    "JPY": "日元",
    "KRW": "韩元",
    "PLN": "兹罗提",
    "RUB": "卢布",
    "SGD": "新加坡元",
    "TWD": "新台币",
    "USD": "美元",
}


class Chinese:
    """Chinese, as on the mainland."""

    between_sentences = ""

    def number(self, count: int) -> str:
        """Return a number as it stands before a measure word: in a word up to ten."""
        return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)

    def days(self, count: int) -> str:
        """Return so many days."""
        return f"{self.number(count)}天"

    def hours(self, count: int) -> str:
        """Return so many hours."""
        return f"{self.number(count)}小时"

    def day(self, day: date, today: date) -> str:
        """Return a day's name."""
        away = (day - today).days
        if away in _NEAR:
            return _NEAR[away]
        if 1 < away <= _WEEK:
            return _DAYS[day.weekday()]
        dated = f"{day.month}月{day.day}日"
        if abs(away) > _WITH_YEAR:
            return f"{day.year}年{dated}"
        return f"{dated}{_DAYS[day.weekday()]}" if abs(away) <= _IN_DAYS else dated

    def on(self, day: date, today: date) -> str:
        """Return when a day is, and how far away."""
        ahead = self._ahead((day - today).days)
        return f"{self.day(day, today)}，{ahead}" if ahead else self.day(day, today)

    def between(self, first: date, last: date, today: date) -> str:
        """Return when a span of days is."""
        span = f"{self.day(first, today)}到{self.day(last, today)}之间"
        ahead = self._ahead((first - today).days)
        return f"{span}，最早{ahead}" if ahead else span

    def any_moment(self, last: date, today: date) -> str:
        """Return when something is that may come now."""
        return (
            "今天之内，随时可能"
            if last <= today
            else f"现在到{self.day(last, today)}之间，随时可能"
        )

    def at(self, moment: datetime, today: date) -> str:
        """Return a moment."""
        minutes = f"{moment.minute}分" if moment.minute else "整"
        at = f"{moment.hour}点{minutes}"
        return at if moment.date() == today else f"{self.day(moment.date(), today)}{at}"

    def sum(self, amount: Decimal, currency: str) -> str:
        """Return an amount."""
        short = f"{amount:f}"
        if "." in short:
            short = short.rstrip("0").rstrip(".")
        name = _CURRENCIES.get(currency)
        return f"{short}{name}" if name else f"{short} {currency}"

    def listed(self, names: Sequence[str], *, choice: bool) -> str:
        """Return names in a row."""
        *others, last = names
        joint = "还是" if choice else "和"
        return f"{'、'.join(others)}{joint}{last}" if others else last

    def _ahead(self, away: int) -> str:
        """Return how far a day is away; nothing where its own name says so."""
        if away > _WITH_YEAR or away in _NEAR:
            return ""
        if away > _IN_DAYS:
            return f"大约{self.number(round(away / _PER_MONTH))}个月后"
        return f"{self.days(away)}后" if away > 0 else f"{self.days(-away)}前"
