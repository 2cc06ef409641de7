"""Voice on the newest release: the private way to its agent works there, in both languages."""

from pathlib import Path
from typing import Any, Final

import pytest

from demo.hass_log import unexpected_errors
from demo.home_assistant import HomeAssistant
from tests.e2e.later import add_accounts, house_in_time
from tests.e2e.small_world import small_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

GATE: Final = "Gate"


async def test_the_newest_release_hears_our_sentences(tmp_path: Path) -> None:
    house_of_one = house_in_time(tmp_path, small_world(mei={GATE: {}}))
    async with house_of_one as house:  # noqa: SIM117 - its log is read after the home ended
        async with house.at(0) as home:
            await add_accounts(house, home, "mei")
            chat, said = await _ask(home, "when is the next charge for the gate?")
            assert said.startswith("Gate is set to renew"), said
            _, said = await _ask(home, "Gate什么时候扣费？", language="zh-cn")
            assert said.startswith("Gate将自动续费"), said
            _, said = await _ask(home, "when is the next charge for the moon")
            assert "Gate" not in said
            _, said = await _ask(home, "stop renewal for the gate", chat=chat)
            # The owner was asked at set-up and left it as it was.
            assert "Configure, Voice" in said
    assert unexpected_errors(house.log.read_text(encoding="utf-8")) == []


async def _ask(
    home: HomeAssistant, text: str, *, language: str = "en", chat: str | None = None
) -> tuple[str, str]:
    """Say something as the Assist dialogue does; return the chat and the answer."""
    answer: dict[str, Any] = await home.command(
        "conversation/process",
        text=text,
        language=language,
        **({"conversation_id": chat} if chat else {}),
    )
    speech: str = answer["response"]["speech"]["plain"]["speech"]
    return answer["conversation_id"], speech
