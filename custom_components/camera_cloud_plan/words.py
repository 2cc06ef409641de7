"""Words that are put together on the server: moments, and half-sentences for gaps in texts."""

from datetime import date, datetime
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_ZH_DAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def spoken(hass: HomeAssistant, moment: datetime) -> str:
    """Return a moment in Home Assistant's zone and language, e.g. "Tue 24 Nov, 11:31"."""
    local = dt_util.as_local(moment)
    comma = "" if hass.config.language.startswith("zh") else ", "
    return f"{spoken_day(hass, local.date())}{comma}{local:%H:%M}"


def spoken_day(hass: HomeAssistant, day: date) -> str:
    """Return a day in Home Assistant's language, e.g. "Tue 24 Nov"."""
    if hass.config.language.startswith("zh"):
        return f"{day.month}月{day.day}日（{_ZH_DAYS[day.weekday()]}）"
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


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
