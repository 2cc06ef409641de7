"""Display names in the two languages that the simulated world speaks."""

from dataclasses import dataclass
from typing import Literal

type Language = Literal["en", "zh"]

LANGUAGES: tuple[Language, ...] = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Names:
    """One name, in English and in Chinese."""

    en: str
    zh: str

    def text(self, language: Language) -> str:
        """Return the name in `language`."""
        return self.zh if language == "zh" else self.en


def language_of(tag: str | None) -> Language:
    """Return the language of a locale or language tag such as `zh_CN`, `zh-Hans` or `en-GB`."""
    return "zh" if tag is not None and tag.lower().startswith("zh") else "en"
