"""Words that are put together on the server: moments, amounts, sentences with gaps."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .plan import Channel, Money, Term, TermUnit, clock

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_ZH_UNITS: Final = {"day": "天", "month": "个月", "year": "年"}
_MONTHS_PER_YEAR: Final = 12
_ZH_DAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
# A day so far away is told with its year.
_FAR: Final = timedelta(days=300)

# Decimal places of currencies that do not have two (ISO 4217, "minor unit").
_WHOLE: Final = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()  # noqa: SIM905 - read as in the standard
)
_THREE_PLACES: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def sentences(hass: HomeAssistant, said: Iterable[str]) -> str:
    """Return sentences in a row; Chinese leaves no space between them."""
    return ("" if hass.config.language.startswith("zh") else " ").join(said)


def spoken(hass: HomeAssistant, moment: datetime) -> str:
    """Return a moment in Home Assistant's zone and language, e.g. "Tue 24 Nov, 11:31"."""
    local = dt_util.as_local(moment)
    comma = "" if hass.config.language.startswith("zh") else ", "
    return f"{spoken_day(hass, local.date())}{comma}{local:%H:%M}"


def spoken_day(hass: HomeAssistant, day: date) -> str:
    """Return a day in Home Assistant's language, e.g. "Tue 24 Nov"; far ones with the year."""
    is_far = abs(day - dt_util.as_local(clock.now()).date()) > _FAR
    if hass.config.language.startswith("zh"):
        year = f"{day.year}年" if is_far else ""
        return f"{year}{day.month}月{day.day}日（{_ZH_DAYS[day.weekday()]}）"
    year = f" {day.year}" if is_far else ""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}{year}"


def spoken_month(hass: HomeAssistant, day: date) -> str:
    """Return a day's month in Home Assistant's language, e.g. "Dec 2026"."""
    if hass.config.language.startswith("zh"):
        return f"{day.year}年{day.month}月"
    return f"{_MONTHS[day.month - 1]} {day.year}"


def places(currency: str) -> int:
    """Return how many decimal places a currency's amounts are written with."""
    if currency in _WHOLE:
        return 0
    return 3 if currency in _THREE_PLACES else 2


def rounded(money: Money) -> Decimal:
    """Return an amount as its currency is written: to its smallest coin, halves up."""
    return money.amount.quantize(Decimal(1).scaleb(-places(money.currency)), ROUND_HALF_UP)


def amount(money: Money) -> str:
    """Return an amount with its currency's code, e.g. "6.00 CNY": the same in any language."""
    return f"{rounded(money):f} {money.currency}"


def spoken_date(hass: HomeAssistant, day: date) -> str:
    """Return a day with its year in Home Assistant's language, e.g. "3 Dec 2026"."""
    if hass.config.language.startswith("zh"):
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def spoken_term(hass: HomeAssistant, term: Term) -> str:
    """Return how long a term is in Home Assistant's language, e.g. "3 months" or "1 year"."""
    count, unit = term.count, term.unit.value
    if term.unit is TermUnit.MONTH and not count % _MONTHS_PER_YEAR:
        count, unit = count // _MONTHS_PER_YEAR, "year"
    if hass.config.language.startswith("zh"):
        return f"{count} {_ZH_UNITS[unit]}"
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def translated(hass: HomeAssistant, key: str, **gaps: object) -> str:
    """Return a text of ours in Home Assistant's language, its gaps filled.

    `key` is the path in the translations, e.g. "common.many_cameras". Raises `KeyError`
    for a text that is not there.
    """
    category = key.partition(".")[0]
    texts = async_get_cached_translations(hass, hass.config.language, category, DOMAIN)
    return texts[f"component.{DOMAIN}.{key}"].format(**gaps)


def maker_name(hass: HomeAssistant, maker: str) -> str:
    """Return what people call a maker in Home Assistant's language."""
    texts = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
    return texts.get(f"component.{DOMAIN}.common.maker_{maker.lower()}", maker)


def seller_name(hass: HomeAssistant, channel: Channel, maker: str) -> str:
    """Return what people call whoever bills, in Home Assistant's language.

    Of a typed plan that its seller bills, that is its brand, where it was said.
    """
    if channel is Channel.SELLER and maker:
        return maker
    return translated(hass, f"common.guide_seller_{channel}", maker=maker_name(hass, maker))
