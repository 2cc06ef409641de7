"""A spoken yes and the direct way: by the real clock, since what is read back must be newer."""

from homeassistant.core import HomeAssistant
import pytest

from simulator.server import RunningSimulator
from simulator.world import World
from simulator.worldfile import load_world

from .acts import direct_way
from .asked import ask
from .conftest import EntryMaker
from .test_voice import YES, case_state, home_with

# An account whose only camera is the kitchen's, and whose maker flips at once.
LING, KITCHEN = "2300630093", "1063000301"


@pytest.fixture
def world() -> World:
    """Return the two homes."""
    return load_world("two_homes")


@pytest.mark.parametrize(
    ("by_switch", "answer", "state"),
    [(True, "Yes, renewal is off", "confirmed"), (False, "I can't", "waiting_for_you")],
)
async def test_a_request_goes_out_only_where_the_switch_may_send_it(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    by_switch: bool,
    answer: str,
    state: str,
) -> None:
    entry = await home_with(
        hass,
        make_entry,
        LING,
        voice_cancels=True,
        renewal_request=direct_way(by_switch=by_switch),
    )
    await ask(hass, "stop renewal", chat="one")
    assert sim.requests.renewals == {}
    said = await ask(hass, YES, chat="one")
    assert said.startswith(answer), said
    assert case_state(entry, KITCHEN) == state
    assert sim.requests.renewals == ({KITCHEN: 1} if by_switch else {})
