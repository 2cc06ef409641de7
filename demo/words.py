"""The demo's own words, in the two languages that the integration speaks."""

from dataclasses import dataclass
from enum import StrEnum
import os
from typing import Final


class Language(StrEnum):
    """A language, by Home Assistant's code for it."""

    EN = "en"
    ZH = "zh-Hans"

    @property
    def of_simulator(self) -> str:
        """The simulator's code for it."""
        return "zh" if self is Language.ZH else "en"


def language_of_terminal() -> Language:
    """Return the language that the terminal's locale asks for; English for any other."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if locale := os.environ.get(name):
            return Language.ZH if locale.lower().startswith("zh") else Language.EN
    return Language.EN


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the dashboard says outside of its templates."""

    dashboard: str
    next_charge: str
    needs_you: str
    cameras: str
    this_month: str
    monthly_review: str
    auto_renewal: str
    plan: str
    check_now: str
    recordings: str
    open_media: str


WORDS: Final = {
    Language.EN: Words(
        dashboard="Camera plans",
        next_charge="Next charge",
        needs_you="Needs you",
        cameras="Cameras",
        this_month="This month",
        monthly_review="Camera plans monthly review",
        auto_renewal="Auto-renewal",
        plan="Plan",
        check_now="Check now",
        recordings="Recordings",
        open_media="Open Media",
    ),
    Language.ZH: Words(
        dashboard="摄像头套餐",
        next_charge="下次扣费",
        needs_you="需要您处理",
        cameras="摄像头",
        this_month="本月",
        monthly_review="摄像头套餐每月回顾",
        auto_renewal="自动续费",
        plan="套餐",
        check_now="立即检查",
        recordings="录像",
        open_media="打开媒体",
    ),
}
