"""How things are said in English."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

_NUMBERS: Final = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# By what is left or gone in days.
_NEAR: Final = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_WEEK: Final = 6
# Beyond these, days are told in months, and with their year.
_IN_DAYS: Final = 60
_WITH_YEAR: Final = 300
_PER_MONTH: Final = 30.44

# What one and several are called, and their hundredth where people name it.
_CURRENCIES: Final[dict[str, tuple[str, str, str, str]]] = {
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "CHF": ("franc", "francs", "", ""),
    "CNY": ("yuan", "yuan", "", ""),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "HKD": ("Hong Kong dollar", "Hong Kong dollars", "", ""),
    "INR": ("rupee", "rupees", "", ""),
    "JPY": ("yen", "yen", "", ""),
    "KRW": ("won", "won", "", ""),
    "PLN": ("zloty", "zlotys", "", ""),
    "RUB": ("rouble", "roubles", "", ""),
    "SGD": ("Singapore dollar", "Singapore dollars", "cent", "cents"),
    "TWD": ("Taiwan dollar", "Taiwan dollars", "", ""),
    "USD": ("dollar", "dollars", "cent", "cents"),
}


class English:
    """English."""

    between_sentences = " "

    def number(self, count: int) -> str:
        """Return a number: in a word up to twelve."""
        return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)

    def days(self, count: int) -> str:
        """Return so many days."""
        return f"{self.number(count)} day{'' if count == 1 else 's'}"

    def hours(self, count: int) -> str:
        """Return so many hours."""
        return "an hour" if count == 1 else f"{self.number(count)} hours"

    def day(self, day: date, today: date) -> str:
        """Return a day's name."""
        away = (day - today).days
        if away in _NEAR:
            return _NEAR[away]
        if 1 < away <= _WEEK:
            return _DAYS[day.weekday()]
        dated = f"{day.day} {_MONTHS[day.month - 1]}"
        if abs(away) > _WITH_YEAR:
            return f"{dated} {day.year}"
        return f"{_DAYS[day.weekday()]} {dated}" if abs(away) <= _IN_DAYS else dated

    def on(self, day: date, today: date) -> str:
        """Return when a day is, and how far away."""
        away = (day - today).days
        if away in _NEAR:
            return _NEAR[away]
        ahead = self._ahead(away)
        return f"on {self.day(day, today)}, {ahead}" if ahead else f"on {self.day(day, today)}"

    def between(self, first: date, last: date, today: date) -> str:
        """Return when a span of days is."""
        span = f"between {self.day(first, today)} and {self.day(last, today)}"
        ahead = self._ahead((first - today).days)
        return f"{span}, {ahead} at the earliest" if ahead else span

    def any_moment(self, last: date, today: date) -> str:
        """Return when something is that may come now."""
        if last <= today:
            return "any moment now, today at the latest"
        return f"any moment now, by {self.day(last, today)} at the latest"

    def at(self, moment: datetime, today: date) -> str:
        """Return a moment."""
        at = f"at {moment.hour}:{moment:%M}"
        away = (moment.date() - today).days
        if not away:
            return at
        day = self.day(moment.date(), today)
        return f"{day} {at}" if away in _NEAR else f"on {day} {at}"

    def sum(self, amount: Decimal, currency: str) -> str:
        """Return an amount."""
        if currency not in _CURRENCIES:
            return f"{amount:f} {currency}"
        one, many, hundredth, hundredths = _CURRENCIES[currency]
        whole = int(amount)
        rest = int((amount - whole) * 100)
        if not rest or not hundredth:
            short = f"{amount:f}" if rest else str(whole)
            return f"{short} {one if amount == 1 else many}"
        cents = f"{rest} {hundredth if rest == 1 else hundredths}"
        return f"{whole} {one if whole == 1 else many} and {cents}" if whole else cents

    def listed(self, names: Sequence[str], *, choice: bool) -> str:
        """Return names in a row."""
        *others, last = names
        joint = "or" if choice else "and"
        return f"{', '.join(others)} {joint} {last}" if others else last

    def _ahead(self, away: int) -> str:
        """Return how far a day is away; nothing where its own name says so."""
        if away > _WITH_YEAR or -1 <= away <= 1:
            return ""
        if away > _IN_DAYS:
            return f"in about {self.number(round(away / _PER_MONTH))} months"
        return f"in {self.days(away)}" if away > 0 else f"{self.days(-away)} ago"
