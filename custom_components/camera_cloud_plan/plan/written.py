"""What people write by hand into forms and tables: days and amounts, and nothing guessed."""

from datetime import date
from decimal import Decimal, InvalidOperation
import re
from typing import Final

YEARS: Final = range(1990, 2101)
"""The years that people mean."""

# A comma or a point before three digits begins decimals here, thousands there: not guessed.
_MAYBE_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}([,.]\d{3})+")

# 2026-12-03, 2026/12/3, 2026年12月3日; and 3.12.2026. With slashes nobody knows what is first.
# Shops and wallets write the time of day behind.
_YEAR_FIRST: Final = re.compile(
    r"(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?"
)
_DAY_FIRST: Final = re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})")

# Digits in groups, of which the last has three, and decimals behind the other sign.
_NUMBER: Final = re.compile(
    r"\d+(?:[.,]\d*)?|\d{1,3}(?:\.\d{3})+(?:,\d*)?|\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?|[.,]\d+"
)

_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def day_of(said: str) -> date | None:
    """Return the day that a text says; `None` where that is not sure."""
    match = _YEAR_FIRST.fullmatch(said) or _DAY_FIRST.fullmatch(said)
    if match is None or int(match["y"]) not in YEARS:
        return None
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        return None


def amount_of(said: str) -> Decimal | None:
    """Return the amount that a text says, without a sign; `None` where that is not sure.

    Of two kinds of separators the last one begins the decimals.
    """
    return None if _MAYBE_THOUSANDS.fullmatch(said) else number_of(said)


def number_of(said: str) -> Decimal | None:
    """Return the amount that a number says as its text, of whose decimals there is no doubt."""
    text = re.sub(r"[\s'’]", "", said)
    if not _NUMBER.fullmatch(text):
        return None
    if text.rfind(",") > text.rfind("."):
        text = text.replace(".", "").replace(",", ".")
    else:
        text = text.replace(",", "")
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def amount_text(amount: Decimal) -> str:
    """Return an amount as text of whose decimals there is no doubt."""
    text = f"{amount:f}"
    return f"{text}0" if _MAYBE_THOUSANDS.fullmatch(text) else text


def currency_of(said: str) -> str | None:
    """Return the currency's code that a text says; `None` where it is none."""
    code = said.upper()
    return code if _CURRENCY.fullmatch(code) else None
