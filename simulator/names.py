"""Display names in the languages that the simulated world speaks."""

from dataclasses import dataclass
from typing import Literal

type Language = Literal["en", "zh", "de"]

LANGUAGES: tuple[Language, ...] = ("en", "zh", "de")


@dataclass(frozen=True, slots=True)
class Names:
    """One name, in English and in Chinese, and in German where that differs from the English."""

    en: str
    zh: str
    de: str | None = None

    def text(self, language: Language) -> str:
        """Return the name in `language`."""
        match language:
            case "en":
                return self.en
            case "zh":
                return self.zh
            case "de":
                return self.de or self.en


def language_of(tag: str | None) -> Language:
    """Return the language of a locale or language tag such as `zh_CN`, `zh-Hans` or `en-GB`."""
    spoken = (tag or "").lower()
    return next((language for language in LANGUAGES if spoken.startswith(language)), "en")
