"""Words that are put together on the server: moments, amounts, sentences with gaps.

How a language writes a day, an amount or a list stands in its translations (`common.said_…`),
so that a language that has none of ours gets English throughout.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .plan import Channel, Money, Term, TermUnit, clock

_MONTHS_PER_YEAR: Final = 12
# A day so far away is told with its year.
_FAR: Final = timedelta(days=300)

# Decimal places of currencies that do not have two (ISO 4217, "minor unit").
_WHOLE: Final = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()  # noqa: SIM905 - read as in the standard
)
_THREE_PLACES: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


# --- Texts ---


def translated(hass: HomeAssistant, key: str, **gaps: object) -> str:
    """Return a text of ours in Home Assistant's language, its gaps filled.

    `key` is the path in the translations, e.g. "common.many_cameras". Raises `KeyError`
    for a text that is not there.
    """
    category = key.partition(".")[0]
    texts = async_get_cached_translations(hass, hass.config.language, category, DOMAIN)
    return texts[f"component.{DOMAIN}.{key}"].format(**gaps)


def counted(hass: HomeAssistant, key: str, count: int, **gaps: object) -> str:
    """Return a text about so many: the one for one, or the one for any other number."""
    return translated(hass, f"{key}_{'one' if count == 1 else 'many'}", count=count, **gaps)


def sentences(hass: HomeAssistant, said: Iterable[str]) -> str:
    """Return sentences in a row; Chinese leaves no space between them."""
    return _in_a_row(hass, "sentences", said)


def listed(hass: HomeAssistant, names: Iterable[str]) -> str:
    """Return names in a row, e.g. "Front door, Garage"."""
    return _in_a_row(hass, "names", names)


# --- Time ---


def today() -> date:
    """Return the day that it is by Home Assistant's zone."""
    return dt_util.as_local(clock.now()).date()


def spoken(hass: HomeAssistant, moment: datetime) -> str:
    """Return a moment in Home Assistant's zone and language, e.g. "Tue 24 Nov, 11:31"."""
    local = dt_util.as_local(moment)
    return _said(hass, "moment", day=spoken_day(hass, local.date()), time=f"{local:%H:%M}")


def spoken_day(hass: HomeAssistant, day: date) -> str:
    """Return a day in Home Assistant's language, e.g. "Tue 24 Nov"; far ones with the year."""
    weekday = _said(hass, f"weekday_{day.isoweekday()}")
    if abs(day - today()) > _FAR:
        return _said(hass, "far_day", weekday=weekday, **_parts(hass, day))
    parts = _parts(hass, day)
    return _said(hass, "day", weekday=weekday, day=parts["day"], month=parts["month"])


def spoken_date(hass: HomeAssistant, day: date) -> str:
    """Return a day with its year in Home Assistant's language, e.g. "3 Dec 2026"."""
    return _said(hass, "date", **_parts(hass, day))


def spoken_month(hass: HomeAssistant, day: date) -> str:
    """Return a day's month in Home Assistant's language, e.g. "Dec 2026"."""
    parts = _parts(hass, day)
    return _said(hass, "month", month=parts["month"], year=parts["year"])


def spoken_term(hass: HomeAssistant, term: Term) -> str:
    """Return how long a term is in Home Assistant's language, e.g. "3 months" or "1 year"."""
    count, unit = term.count, term.unit.value
    if term.unit is TermUnit.MONTH and not count % _MONTHS_PER_YEAR:
        count, unit = count // _MONTHS_PER_YEAR, "year"
    return counted(hass, f"common.said_{unit}s", count)


# --- Money ---


def places(currency: str) -> int:
    """Return how many decimal places a currency's amounts are written with."""
    if currency in _WHOLE:
        return 0
    return 3 if currency in _THREE_PLACES else 2


def rounded(money: Money) -> Decimal:
    """Return an amount as its currency is written: to its smallest coin, halves up."""
    return money.amount.quantize(Decimal(1).scaleb(-places(money.currency)), ROUND_HALF_UP)


def amount(money: Money) -> str:
    """Return an amount with its currency's code, e.g. "6.00 CNY": for machines, in no language."""
    return f"{rounded(money):f} {money.currency}"


def spoken_amount(hass: HomeAssistant, money: Money) -> str:
    """Return an amount in Home Assistant's language, e.g. "6.00 CNY" or "6,00 CNY"."""
    whole, _, coins = f"{rounded(money):f}".partition(".")
    if not coins:
        return _said(hass, "round_amount", whole=whole, currency=money.currency)
    return _said(hass, "amount", whole=whole, coins=coins, currency=money.currency)


# --- Names ---


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


def _said(hass: HomeAssistant, key: str, **gaps: object) -> str:
    return translated(hass, f"common.said_{key}", **gaps)


def _parts(hass: HomeAssistant, day: date) -> dict[str, str]:
    month = _said(hass, f"month_{day.month}")
    return {"day": str(day.day), "month": month, "year": str(day.year)}


def _in_a_row(hass: HomeAssistant, key: str, said: Iterable[str]) -> str:
    row = list(said)
    return reduce(lambda so_far, one: _said(hass, key, so_far=so_far, one=one), row) if row else ""
