"""Who bills a plan, and how far the maker's flag can be trusted about it.

The rules are data (`channels.json`): one row per billing channel, with its source.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo
from enum import StrEnum
from functools import cache
import json
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from .renewal import Renewal

_RULES: Final = Path(__file__).with_name("channels.json")
_ANY_OTHER_REGION: Final = "*"

# From a day's last second back to its first.
_A_DAY_BEFORE_ITS_END: Final = timedelta(days=1, seconds=-1)


class Channel(StrEnum):
    """The party that takes the money."""

    MI_PAY = "mi_pay"
    WECHAT_PAY = "wechat_pay"
    ALIPAY = "alipay"
    APPLE = "apple"
    GOOGLE_PLAY = "google_play"
    OUTSIDE_UNKNOWN = "outside_unknown"
    # Of plans that are typed in: whoever sells them, paid by card, debit or a payment service.
    SELLER = "seller"
    SELLER_UNKNOWN = "seller_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRule:
    """What the maker's auto-renewal flag may be taken to mean for one channel.

    `charges_ahead` is how long before the plan's end a charge may come,
    `watched_after_end` how long after the end one may still come. `typed`: the flag is the
    owner's own word.
    """

    channel: Channel
    flag_true: Renewal
    flag_false: Renewal
    flag_missing: Renewal
    charges_ahead: timedelta
    watched_after_end: timedelta
    typed: bool = False

    @property
    def can_say_off(self) -> bool:
        """Whether the maker is a witness for "off" at all on this channel.

        Of a plan that is typed in nobody is: the owner's word is shown, and proves nothing.
        """
        return self.flag_false is Renewal.OFF and not self.typed

    def reading_of(self, flag: bool | None) -> Renewal:  # noqa: FBT001 - it is the flag
        """Return what the maker's flag means here; `None` is a missing flag."""
        if flag is None:
            return self.flag_missing
        return self.flag_true if flag else self.flag_false


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    rules: Mapping[Channel, TrustRule]
    default_by_region: Mapping[str, Channel]
    sold_in: Mapping[str, tuple[Channel, ...]]
    billing_zone: Mapping[str, ZoneInfo]


@cache
def _load() -> _Table:
    table = json.loads(_RULES.read_text(encoding="utf-8"))
    return _Table(
        rules={
            channel: TrustRule(
                channel=channel,
                flag_true=Renewal(row["flag_true"]),
                flag_false=Renewal(row["flag_false"]),
                flag_missing=Renewal(row["flag_missing"]),
                charges_ahead=timedelta(hours=row["charges_ahead_hours"]),
                watched_after_end=timedelta(days=row["watched_after_end_days"]),
            )
            for name, row in table["channels"].items()
            for channel in (Channel(name),)
        },
        default_by_region={
            region: Channel(name) for region, name in table["default_by_region"].items()
        },
        sold_in={
            region: tuple(Channel(name) for name in names)
            for region, names in table["sold_in"].items()
        },
        billing_zone={region: ZoneInfo(name) for region, name in table["billing_zone"].items()},
    )


def trust_rule(channel: Channel) -> TrustRule:
    """Return the trust rule of a billing channel.

    Reads the rule file once. Home Assistant loads it off the event loop by calling
    `preload` in the executor.
    """
    return _load().rules[channel]


def typed_rule(channel: Channel) -> TrustRule:
    """Return the rule for a plan that is typed in: the flag is its owner's word.

    Its end is a day, and stands for the last second of that: the charge may come ahead of
    the first.
    """
    rule = trust_rule(channel)
    return replace(
        rule,
        charges_ahead=rule.charges_ahead + _A_DAY_BEFORE_ITS_END,
        flag_true=Renewal.ON,
        flag_false=Renewal.OFF,
        flag_missing=Renewal.UNKNOWN,
        typed=True,
    )


def default_channel(region: str) -> Channel:
    """Return the channel assumed for a plan of this maker region until the owner says."""
    return _of_region(_load().default_by_region, region)


def channels_sold_in(region: str) -> tuple[Channel, ...]:
    """Return who can bill a plan of this maker region, the likeliest first."""
    return _of_region(_load().sold_in, region)


def channel_in(region: str, chosen: Channel | None) -> Channel:
    """Return the channel of a plan: the owner's choice where it is sold there, else the default."""
    return chosen if chosen in channels_sold_in(region) else default_channel(region)


def billing_zone(region: str, home: tzinfo) -> tzinfo:
    """Return the zone by whose calendar plans of a maker region are billed.

    That is the home's own where nothing is known of the region's.
    """
    return _load().billing_zone.get(region.lower(), home)


def _of_region[T](table: Mapping[str, T], region: str) -> T:
    return table.get(region.lower(), table[_ANY_OTHER_REGION])


def preload() -> None:
    """Read the rule file; blocking, so that later calls are not."""
    _load()
