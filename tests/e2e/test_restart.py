"""A real Home Assistant, cut off in the middle and started again in an outage of the maker's."""

from pathlib import Path
from typing import Final

import pytest

from demo.entities import AUTO_RENEWAL, CANCELLATION, DAYS_REMAINING
from demo.home_assistant import HomeAssistant, Json
from tests.e2e.later import (
    add_accounts,
    cameras,
    check,
    house_in_time,
    issues,
    press_off,
    until,
    write,
)
from tests.e2e.small_world import did_of, small_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

GATE: Final = "Gate"
HOURS_LATER: Final = 80
DAYS_SHOWN, DAYS_SHOWN_LATER = "4", "1"  # of the 92 hours left, 12 are left by then


async def test_a_cancellation_and_the_last_good_data_outlive_a_power_cut_and_an_outage(
    tmp_path: Path,
) -> None:
    async with house_in_time(tmp_path, small_world(mei={GATE: {}})) as house:
        async with house.at(0) as home:
            await add_accounts(house, home, "mei")
            assert (await _shown(home, DAYS_REMAINING, DAYS_SHOWN))["state"] == DAYS_SHOWN
            await write(house, home)
            assert "Not off yet" in await press_off(home, (await cameras(home))[GATE])
        await house.control.post(f"camera/{did_of(GATE)}/renewal", {"on": False})

        # What is known is old: shown with its age, and nothing is concluded from it.
        async with house.at(HOURS_LATER, maker_answers=False) as home:
            days = await _shown(home, DAYS_REMAINING, DAYS_SHOWN_LATER)
            assert days["state"] == DAYS_SHOWN_LATER
            assert days["attributes"]["as_of"]
            waiting = await _shown(home, CANCELLATION, "waiting_for_you")
            assert waiting["state"] == "waiting_for_you"
            switch = await _shown(home, AUTO_RENEWAL, "on")
            assert switch["state"] == "on"
            assert switch["attributes"]["assumed_state"] is True
            assert [*await issues(home)] == [GATE]

            await house.let_maker_answer()
            await check(home, [(await cameras(home))[GATE]])
            assert (await _shown(home, CANCELLATION, "confirmed"))["state"] == "confirmed"
            assert (await _shown(home, AUTO_RENEWAL, "off"))["state"] == "off"
            assert await issues(home) == {}


async def _shown(home: HomeAssistant, what: str, state: str) -> Json:
    """Return what one of the camera's entities shows, once it is this state."""

    async def look() -> Json:
        entity_id = (await cameras(home))[GATE].entities.get(what, "")
        shown: Json = (await home.states()).get(entity_id, {"state": None})
        return shown

    return await until(look, lambda shown: shown["state"] == state)
