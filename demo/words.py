"""The demo's own words, in the languages that the integration speaks."""

from dataclasses import dataclass
from enum import StrEnum
import os
from typing import Final


class Language(StrEnum):
    """A language, by Home Assistant's code for it."""

    EN = "en"
    ZH = "zh-Hans"
    DE = "de"

    @property
    def of_simulator(self) -> str:
        """The simulator's code for it."""
        return self.value.partition("-")[0]

    @property
    def of_blueprints(self) -> str:
        """The blueprints' code for it; they speak no German."""
        return "zh" if self is Language.ZH else "en"


def language_of_terminal() -> Language:
    """Return the language that the terminal's locale asks for; English for any other."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if locale := os.environ.get(name):
            spoken = locale.lower()
            return next(
                (one for one in Language if spoken.startswith(one.of_simulator)), Language.EN
            )
    return Language.EN


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the demo says in Home Assistant that the integration does not."""

    monthly_review: str
    simulated: str


WORDS: Final = {
    Language.EN: Words(
        monthly_review="Camera plans monthly review",
        simulated=(
            "Simulated. Not Xiaomi. No money. [The maker's page]({maker}) is where days pass "
            "and renewal is switched off by hand."
        ),
    ),
    Language.ZH: Words(
        monthly_review="摄像头套餐每月回顾",
        simulated=(
            "模拟演示。不是小米。不涉及金钱。时间流逝、手动关闭续费，都在[厂商页面]({maker})上。"
        ),
    ),
    Language.DE: Words(
        monthly_review="Kamera-Abos: Monatsrückblick",
        simulated=(
            "Simuliert. Nicht Xiaomi. Kein Geld. Auf der [Seite des Herstellers]({maker}) lässt du "
            "Tage vergehen und schaltest die Verlängerung von Hand aus."
        ),
    ),
}
