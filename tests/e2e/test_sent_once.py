"""A request that is sent for the owner, and Home Assistant killed before its answer is known."""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from demo.accounts import choose
from demo.entities import AUTO_RENEWAL, CANCELLATION
from demo.home_assistant import ConnectionLostError, HomeAssistant, RefusedError
from demo.house import DEFINITION
from tests.e2e.later import (
    HouseInTime,
    add_accounts,
    cameras,
    check,
    end_of_guide,
    house_in_time,
    open_guide,
    press_off,
    until,
    write,
)
from tests.e2e.small_world import did_of, small_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(480)]

REQUEST: Final = "/simulated/cloud-plan/renewal"

# The maker did what was asked, and its answer never came.
ANSWER_LOST: Final = "Answer lost"
# Home Assistant was killed while it waited, and the maker dropped what it had begun.
CUT_OFF: Final = "Cut off"
BOTH: Final = (ANSWER_LOST, CUT_OFF)
WORLD: Final = small_world(mei={name: {"flag_delay": "7h"} for name in BOTH})

type Shown = dict[str, tuple[str, str]]


async def test_a_request_whose_answer_is_not_known_is_never_sent_again(tmp_path: Path) -> None:
    async with house_in_time(tmp_path, WORLD) as house:
        async with house.at(0) as home:
            await _let_the_switch_send(house, home)
            await write(house, home)
            await _lose_an_answer(house, home)
            await _kill_while_sending(house, home)
        assert await _sent(house) == dict.fromkeys(BOTH, 1)

        # Read back at the start, and neither the switch nor the guide sends another.
        async with house.at(0.5) as home:
            checking = dict.fromkeys(BOTH, ("on", "checking"))
            assert await _shown_when(home, checking) == checking
            for name, camera in (await cameras(home)).items():
                assert "not off yet" in await press_off(home, camera)
                assert "send" not in await _offers(home, name)
        assert await _sent(house) == dict.fromkeys(BOTH, 1)

        # The flag followed: what was sent had worked, though nobody ever heard so.
        async with house.at(7.1) as home:
            told = {ANSWER_LOST: ("off", "confirmed"), CUT_OFF: ("on", "checking")}
            assert await _shown_when(home, told) == told

        # And the other never did: its owner goes the guided way.
        async with house.at(14.1) as home:
            told = {ANSWER_LOST: ("off", "confirmed"), CUT_OFF: ("on", "not_effective")}
            assert await _shown_when(home, told) == told
            await press_off(home, (await cameras(home))[CUT_OFF])
            offers = await _offers(home, CUT_OFF)
            assert "steps" in offers
            assert "send" not in offers
            await check(home, list((await cameras(home)).values()))
        assert await _sent(house) == dict.fromkeys(BOTH, 1)


async def _let_the_switch_send(house: HouseInTime, home: HomeAssistant) -> None:
    """Sign in and hand over the request, as the account's owner would."""
    title = (await add_accounts(house, home, "mei"))["mei"]
    await choose(home, title, "direct", {"file": DEFINITION, "mode": "by_switch"})

    async def find() -> bool:
        states = await home.states()
        found = await cameras(home)
        return {*BOTH} <= found.keys() and all(
            states[found[name].entities[AUTO_RENEWAL]]["state"] == "on" for name in BOTH
        )

    assert await until(find, bool)  # the options load the account anew


async def _lose_an_answer(house: HouseInTime, home: HomeAssistant) -> None:
    fault = {"trouble": "lost_answer", "did": did_of(ANSWER_LOST)}
    await house.control.post("faults", fault)
    camera = (await cameras(home))[ANSWER_LOST]
    assert "not off yet" in await press_off(home, camera)


async def _kill_while_sending(house: HouseInTime, home: HomeAssistant) -> None:
    async with house.slow_maker(REQUEST):
        camera = (await cameras(home))[CUT_OFF]
        pressing = asyncio.create_task(
            home.call("switch", "turn_off", entity_id=camera.entities[AUTO_RENEWAL])
        )
        arrived = await until(lambda: _sent(house), lambda sent: sent.get(CUT_OFF, 0) > 0)
        assert arrived[CUT_OFF] == 1
        await house.kill()
        with pytest.raises((ConnectionLostError, RefusedError)):
            await pressing


async def _sent(house: HouseInTime) -> dict[str, int]:
    """Return how many requests the maker got, by camera."""
    counts = (await house.control.get("requests"))["renewal_requests"]
    return {name: counts[did_of(name)] for name in BOTH if did_of(name) in counts}


async def _shown_when(home: HomeAssistant, expected: Shown) -> Shown:
    """Return each switch and how far its cancellation is, once that is as expected."""

    async def look() -> Shown:
        states = await home.states()
        return {
            name: (
                states[camera.entities[AUTO_RENEWAL]]["state"],
                states[camera.entities[CANCELLATION]]["state"],
            )
            for name, camera in (await cameras(home)).items()
        }

    return await until(look, lambda shown: shown == expected)


async def _offers(home: HomeAssistant, name: str) -> set[str]:
    """Return the buttons of the guide's screen on which a camera's stands."""
    step = await end_of_guide(home, await open_guide(home, name))
    return {*step["menu_options"]}
