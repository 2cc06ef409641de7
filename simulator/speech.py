"""How the pages speak: words, times and amounts in each language."""

from collections.abc import Mapping
from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

from simulator.moments import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from simulator.names import Language, Names

_WORDS: Final = Path(__file__).parent / "templates" / "words.json"
_WEEKDAYS_ZH: Final = "一二三四五六日"
_WEEKDAYS_DE: Final = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
_MONTHS_DE: Final = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)
_UNITS: Final = (
    (DAY_MS, Names(en="d", zh="天", de="T")),
    (HOUR_MS, Names(en="h", zh="小时", de="Std.")),
    (MINUTE_MS, Names(en="min", zh="分钟", de="Min.")),
)


def load_words() -> dict[str, Names]:
    """Read every text of the pages, in every language; blocking."""
    words: dict[str, dict[str, str]] = json.loads(_WORDS.read_text(encoding="utf-8"))
    return {key: Names(**texts) for key, texts in words.items()}


class Speech:
    """One language, for one page, at one moment."""

    def __init__(self, words: Mapping[str, Names], language: Language, now_ms: int) -> None:
        """Speak `language`; relative times count from `now_ms` (epoch ms)."""
        self.language = language
        self._words = words
        self._now_ms = now_ms

    def word(self, key: str, **values: object) -> Markup:
        """Return a text with its placeholders filled in (and escaped).

        Raises:
            KeyError: when there is no such text.

        """
        text = Markup(escape(self._words[key].text(self.language)))  # noqa: S704 - just escaped
        return text.format(**values)

    def name(self, names: Names) -> str:
        """Return a name."""
        return names.text(self.language)

    def when(self, ms: int) -> Markup:
        """Return a moment in the time zone of this machine, where the reader sits too."""
        utc = datetime.fromtimestamp(ms // SECOND_MS, UTC)
        local = utc.astimezone()
        this_year = (
            local.year == datetime.fromtimestamp(self._now_ms // SECOND_MS).astimezone().year
        )
        if self.language == "zh":
            year = "" if this_year else f"{local.year}年"
            weekday = _WEEKDAYS_ZH[local.weekday()]
            text = f"{year}{local.month}月{local.day}日 周{weekday} {local:%H:%M}"
        elif self.language == "de":
            year = "" if this_year else f" {local.year}"
            month = _MONTHS_DE[local.month - 1]
            text = f"{_WEEKDAYS_DE[local.weekday()]}, {local.day}. {month}{year}, {local:%H:%M}"
        else:
            year = "" if this_year else f" {local.year}"
            text = f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"
        return Markup('<time datetime="{}">{}</time>').format(utc.isoformat(), text)

    def away(self, ms: int) -> str:
        """Return how far a moment is from now, such as `in 4 d 20 h`."""
        ahead = ms >= self._now_ms
        span = self.span(abs(ms - self._now_ms))
        if self.language == "zh":
            return f"{span}后" if ahead else f"{span}前"
        if self.language == "de":
            return f"in {span}" if ahead else f"vor {span}"
        return f"in {span}" if ahead else f"{span} ago"

    def span(self, ms: int) -> str:
        """Return a duration by its two largest units, such as `4 d 20 h`."""
        parts: list[str] = []
        for unit_ms, unit in _UNITS:
            count, ms = divmod(ms, unit_ms)
            if count:
                parts.append(f"{count} {unit.text(self.language)}")
        return " ".join(parts[:2]) or f"0 {_UNITS[-1][1].text(self.language)}"

    @staticmethod
    def money(amount_minor: int, currency: str) -> str:
        """Return an amount in hundredths, such as `6.00 CNY`."""
        return f"{amount_minor // 100}.{amount_minor % 100:02d} {currency}"
