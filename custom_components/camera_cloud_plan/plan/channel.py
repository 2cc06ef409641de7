"""Who bills a plan, and how far the maker's flag can be trusted about it.

The rules are data (`channels.json`): one row per billing channel, with its source.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
import json
from pathlib import Path
from typing import Final

from .renewal import Renewal

_RULES: Final = Path(__file__).with_name("channels.json")
_ANY_OTHER_REGION: Final = "*"


class Channel(StrEnum):
    """The party that takes the money."""

    MI_PAY = "mi_pay"
    WALLET = "wallet"
    APPLE = "apple"
    GOOGLE_PLAY = "google_play"
    OUTSIDE_UNKNOWN = "outside_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRule:
    """What the maker's auto-renewal flag may be taken to mean for one channel.

    `charges_ahead` is how long before the plan's end a charge may come,
    `watched_after_end` how long after the end one may still come.
    """

    channel: Channel
    flag_true: Renewal
    flag_false: Renewal
    flag_missing: Renewal
    charges_ahead: timedelta
    watched_after_end: timedelta

    @property
    def can_say_off(self) -> bool:
        """Whether the maker is a witness for "off" at all on this channel."""
        return self.flag_false is Renewal.OFF

    def reading_of(self, flag: bool | None) -> Renewal:  # noqa: FBT001 - it is the flag
        """Return what the maker's flag means here; `None` is a missing flag."""
        if flag is None:
            return self.flag_missing
        return self.flag_true if flag else self.flag_false


@cache
def _load() -> tuple[dict[Channel, TrustRule], dict[str, Channel]]:
    table = json.loads(_RULES.read_text(encoding="utf-8"))
    rules = {
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
    }
    regions = {region: Channel(name) for region, name in table["default_by_region"].items()}
    return rules, regions


def trust_rule(channel: Channel) -> TrustRule:
    """Return the trust rule of a billing channel.

    Reads the rule file once. Home Assistant loads it off the event loop by calling
    `preload` in the executor.
    """
    return _load()[0][channel]


def default_channel(region: str) -> Channel:
    """Return the channel assumed for a plan of this maker region until the owner says."""
    regions = _load()[1]
    return regions.get(region.lower(), regions[_ANY_OTHER_REGION])


def preload() -> None:
    """Read the rule file; blocking, so that later calls are not."""
    _load()
