"""Every sentence of the table, said to Home Assistant's own agent; the docs say what was answered."""

import os

from homeassistant.core import HomeAssistant
import pytest

from simulator.world import World
from simulator.worldfile import load_world

from .asked import ask, listen
from .conftest import EntryMaker, set_up
from .saving import engines_in
from .voice_table import SENTENCES, table, write, written

# Six cameras in the mainland.
MEI = "2300410071"

_MONTHLY = {"price": "6.00", "currency": "CNY", "term_months": 1}
TARIFFS = {
    "en": {"7-day cloud storage, monthly": _MONTHLY},
    "zh-Hans": {"7天云存储 包月": _MONTHLY},
}

pytestmark = pytest.mark.freeze_time("2026-11-22T12:00:00+00:00")


@pytest.fixture
def world() -> World:
    """Return the two homes."""
    return load_world("two_homes")


@pytest.mark.parametrize("language", [*SENTENCES])
async def test_every_sentence_has_the_answer_of_the_docs(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    engines_in(monkeypatch.setattr)
    hass.config.language = language
    await hass.config.async_set_time_zone("Asia/Shanghai")
    await listen(hass)
    entry = await make_entry(MEI, voice_cancels=True, tariffs=TARIFFS[language])
    await set_up(hass, entry)
    answers = {
        sentence: await ask(hass, sentence, language=language, chat="table")
        for sentence in SENTENCES[language]
    }
    if os.environ.get("VOICE_TABLE") == "write":
        write(language, answers)
    assert written(language) == table(language, answers)
