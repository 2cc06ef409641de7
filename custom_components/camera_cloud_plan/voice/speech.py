"""How things are said aloud: days, spans, sums and lists, in the language of the question."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..plan import Channel, Money, clock
from ..words import rounded
from .chinese import Chinese
from .english import English

# So many names are said; of the rest only how many there are.
_MOST_NAMES: Final = 5
# A span that ends at midnight does not reach into the day that begins then.
_INSTANT: Final = timedelta(microseconds=1)


class Tongue(Protocol):
    """What differs from language to language beyond words."""

    # What stands between two sentences.
    between_sentences: str

    def number(self, count: int) -> str:
        """Return a number as it is said."""

    def days(self, count: int) -> str:
        """Return so many days, e.g. "two days"."""

    def hours(self, count: int) -> str:
        """Return so many hours."""

    def day(self, day: date, today: date) -> str:
        """Return a day's name, e.g. "Tuesday" or "tomorrow"; far ones by their date."""

    def on(self, day: date, today: date) -> str:
        """Return when a day is, e.g. "on Tuesday, in two days"."""

    def between(self, first: date, last: date, today: date) -> str:
        """Return when a span of days is, e.g. "between Tuesday and Thursday"."""

    def any_moment(self, last: date, today: date) -> str:
        """Return when something is that may come now, until a day."""

    def at(self, moment: datetime, today: date) -> str:
        """Return a local moment, e.g. "at 9:10" for one of today."""

    def sum(self, amount: Decimal, currency: str) -> str:
        """Return an amount, e.g. "4 euros and 99 cents"."""

    def listed(self, names: Sequence[str], *, choice: bool) -> str:
        """Return names in a row; `choice`: one of them is to be chosen."""


_TONGUES: Final[Mapping[str, Tongue]] = {"en": English(), "zh-Hans": Chinese()}


class Speech:
    """Says things in one language."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        """Take a language that there are sentences in, and our texts in it."""
        self._texts = texts
        self._tongue = _TONGUES[language]

    # --- Texts ---

    def say(self, key: str, **gaps: object) -> str:
        """Return a text, its gaps filled."""
        return self._text(f"voice_{key}").format(**gaps)

    def counted(self, key: str, count: int, **gaps: object) -> str:
        """Return a text about so many, `count` said as a number."""
        how_many = "one" if count == 1 else "many"
        return self.say(f"{key}_{how_many}", count=self._tongue.number(count), **gaps)

    def maker(self, maker: str) -> str:
        """Return what people call a maker."""
        return self._texts.get(f"component.{DOMAIN}.common.maker_{maker.lower()}", maker)

    def seller(self, channel: Channel, maker: str) -> str:
        """Return what people call whoever bills; of a typed plan that is its brand."""
        if channel is Channel.SELLER and maker:
            return maker
        return self._text(f"guide_seller_{channel}").format(maker=self.maker(maker))

    def _text(self, key: str) -> str:
        return self._texts[f"component.{DOMAIN}.common.{key}"]

    # --- Time ---

    def day(self, moment: datetime) -> str:
        """Return the local day of a moment."""
        return self._tongue.day(_local(moment), _today())

    def on(self, moment: datetime) -> str:
        """Return on which local day a moment is, and how far away that is."""
        return self._tongue.on(_local(moment), _today())

    def at(self, moment: datetime) -> str:
        """Return a moment of about now by the local clock."""
        return self._tongue.at(dt_util.as_local(moment), _today())

    def window(self, earliest: datetime, latest: datetime) -> str:
        """Return when something is that comes within a window; it may have begun."""
        first, last = _local(earliest), _local(max(earliest, latest - _INSTANT))
        today = _today()
        if earliest <= clock.now():
            return self._tongue.any_moment(last, today)
        if first == last:
            return self._tongue.on(first, today)
        return self._tongue.between(first, last, today)

    def age(self, read_at: datetime) -> str:
        """Return how old something is, e.g. "nine hours"."""
        age = clock.now() - read_at
        hours = age // timedelta(hours=1)
        if hours < 2 * 24:
            return self._tongue.hours(max(hours, 1))
        return self._tongue.days(age.days)

    def days(self, count: int) -> str:
        """Return so many days."""
        return self._tongue.days(count)

    def joined(self, sentences: Iterable[str]) -> str:
        """Return sentences as one text, each with a capital where the language has them."""
        return self._tongue.between_sentences.join(
            f"{sentence[:1].upper()}{sentence[1:]}" for sentence in sentences
        )

    # --- Money and names ---

    def sums(self, sums: Mapping[str, Decimal]) -> str:
        """Return sums in several currencies, never added up."""
        said = [
            self._tongue.sum(rounded(Money(amount=amount, currency=currency)), currency)
            for currency, amount in sums.items()
        ]
        return self._tongue.listed(said, choice=False)

    def names(self, names: Sequence[str], *, choice: bool = False) -> str:
        """Return names in a row, not too many."""
        said = [*dict.fromkeys(names)]
        rest = len(said) - _MOST_NAMES
        if rest > 0:
            said = [*said[:_MOST_NAMES], self.counted("more", rest)]
        return self._tongue.listed(said, choice=choice)


def spoken(language: str) -> str:
    """Return which of our languages is nearest to one of Home Assistant's."""
    return "zh-Hans" if language.casefold().startswith("zh") else "en"


async def async_speech(hass: HomeAssistant, language: str) -> Speech:
    """Return who says things in a language."""
    texts = await async_get_translations(hass, language, "common", {DOMAIN})
    return Speech(language, texts)


def _local(moment: datetime) -> date:
    return dt_util.as_local(moment).date()


def _today() -> date:
    return _local(clock.now())
