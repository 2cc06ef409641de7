"""Two Home Assistants on one account: neither is in the other's way."""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from demo.accounts import DOMAIN
from demo.entities import ACTIVITY, AUTO_RENEWAL, CANCELLATION, devices
from demo.hass_log import unexpected_errors
from demo.home_assistant import HomeAssistant
from tests.e2e.later import (
    add_accounts,
    cameras,
    check,
    end_of_guide,
    house_in_time,
    issues,
    press_off,
    say_done,
)
from tests.e2e.small_world import did_of, small_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

GATE: Final = "Gate"
# No charge so near that it is told of, at whatever hour this runs.
FAR: Final = {"end": "+40d"}


async def test_what_one_home_cancels_the_other_sees_and_leaves_alone(tmp_path: Path) -> None:
    async with house_in_time(tmp_path, small_world(mei={GATE: FAR})) as house:
        neighbour = house.another(tmp_path / "neighbour")
        async with house.at(0) as home, neighbour.at(0) as other:
            await asyncio.gather(
                add_accounts(house, home, "mei"), add_accounts(neighbour, other, "mei")
            )
            await press_off(home, (await cameras(home))[GATE])
            await house.control.post(f"camera/{did_of(GATE)}/renewal", {"on": False})
            step = await end_of_guide(home, await say_done(home, GATE))
            assert (step["type"], step["description"]) == ("create_entry", "confirmed")
            assert await _shown(home) == ("off", "confirmed", "cancellation_confirmed")

            assert await _shown(other) == ("on", "none", None)
            await _check(other)
            assert await _shown(other) == ("off", "none", "renewal_switched_off")
            assert await issues(other) == {}
            assert neighbour.cases() == {}

            # The sessions run out, and each home renews its own without ending the other's.
            await house.control.post("sessions/expire")
            for one in (home, other, home, other):
                await _check(one)
            for one in (home, other):
                assert await _stands(one) == ("loaded", [])
    assert all("Not off yet" in error for error in _errors(house.log))
    assert _errors(neighbour.log) == []


def _errors(log: Path) -> list[str]:
    """Return what went wrong; what a press is answered with counts as an error there."""
    return unexpected_errors(log.read_text(encoding="utf-8"))


async def _check(home: HomeAssistant) -> None:
    rows = await check(home, [(await cameras(home))[GATE]])
    assert rows[GATE]["state"] == "read"


async def _shown(home: HomeAssistant) -> tuple[str, str, str | None]:
    """Return the switch, how far a cancellation is, and what was told of the account last."""
    states = await home.states()
    found = {device.is_camera: device.entities for device in await devices(home)}
    camera, account = found[True], found[False]
    return (
        states[camera[AUTO_RENEWAL]]["state"],
        states[camera[CANCELLATION]]["state"],
        states[account[ACTIVITY]]["attributes"].get("event_type"),
    )


async def _stands(home: HomeAssistant) -> tuple[str, list[str]]:
    """Return how the account is, and what somebody would have to sign in for."""
    entries = await home.command("config_entries/get", domain=DOMAIN)
    flows = await home.command("config_entries/flow/progress")
    return entries[0]["state"], [flow["handler"] for flow in flows if flow["handler"] == DOMAIN]
