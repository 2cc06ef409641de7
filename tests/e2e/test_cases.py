"""Cancellations in a real Home Assistant that is killed again and again in the middle."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from demo.entities import ACTIVITY, AUTO_RENEWAL, CANCELLATION
from demo.home_assistant import HomeAssistant
from tests.e2e.later import (
    HouseInTime,
    add_accounts,
    cameras,
    end_of_guide,
    house_in_time,
    issues,
    open_guide,
    press_off,
    say_done,
    until,
    write,
)
from tests.e2e.small_world import HOURS_TO_END, WATCHED_AFTER_HOURS, did_of, small_world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

# Their owners switch all of these off in the maker's app right away, 20 hours before a charge
# may come at the earliest. What the maker does then is in their names.
FOLLOWS: Final = "Follows after 7 h"
NEVER: Final = "Never follows"
FLIPS: Final = "Flips back after 2 days"
CHARGES: Final = "Charges anyway"
# As the first, but what is stored of it comes back from a backup after it was confirmed.
RESTORED: Final = "Restored"
ALL: Final = (FOLLOWS, NEVER, FLIPS, CHARGES, RESTORED)

WORLD: Final = small_world(
    mei={
        FOLLOWS: {"flag_delay": "7h"},
        NEVER: {"flag_delay": "never"},
        FLIPS: {"flag_delay": "7h"},
        CHARGES: {"flag_delay": "7h", "charged": "72h before end"},
    },
    jun={RESTORED: {"flag_delay": "7h"}},
)


@dataclass(frozen=True, slots=True)
class Stands:
    """How a cancellation stands.

    Its state, how often it was said that it has no effect, and what was told of the camera
    last since this start.
    """

    cancellation: str
    escalations: int = 0
    told: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What Home Assistant shows and keeps of a camera.

    `issue` is the severity of what Repairs shows of it and `guide` the step to which that
    leads; `messages` are the titles of what people are told here.
    """

    stands: Stands
    renewal: str
    assumed: bool
    issue: str | None
    messages: tuple[str, ...]
    guide: str | None = None


CONFIRMED: Final = Stands("confirmed")
JUST_CONFIRMED: Final = Stands("confirmed", told="cancellation_confirmed")
SAID: Final = "cancellation_not_effective"
RENEWED: Final = "renewed_after_cancelling"

# By the hours since the wish: Home Assistant is started then, looked at and killed. What falls
# due in between does so while it is down.
FLAG_FOLLOWED: Final = 7.1
SIX_HOURS_BEFORE_EARLIEST: Final = 14.1
AFTER_EARLIEST: Final = 20.1
THREE_DAYS_LATER: Final = 73.0
WATCHED: Final = HOURS_TO_END + WATCHED_AFTER_HOURS + 0.5
STORY: Final[Mapping[float, Mapping[str, Stands]]] = {
    FLAG_FOLLOWED: {**dict.fromkeys(ALL, JUST_CONFIRMED), NEVER: Stands("checking")},
    # Meanwhile the backup was put back, which is from before anything was confirmed.
    SIX_HOURS_BEFORE_EARLIEST: {
        **dict.fromkeys(ALL, CONFIRMED),
        NEVER: Stands("not_effective", 1, SAID),
        RESTORED: JUST_CONFIRMED,
    },
    AFTER_EARLIEST: {
        **dict.fromkeys(ALL, CONFIRMED),
        NEVER: Stands("not_effective", 2, SAID),
        CHARGES: Stands("charged_after", 0, RENEWED),
    },
    # It flipped back after two days, and the flag followed seven hours later again.
    THREE_DAYS_LATER: {
        **dict.fromkeys(ALL, CONFIRMED),
        NEVER: Stands("not_effective", 3, SAID),
        FLIPS: Stands("not_effective", 1, "renewal_back_on"),
        CHARGES: Stands("charged_after"),
    },
    # The plans ended. Where none followed while one could have, the owner's word held; the
    # one that had flipped back was charged.
    WATCHED: {
        **dict.fromkeys(ALL, Stands("none")),
        NEVER: Stands("confirmed", 3, "cancellation_confirmed"),
        FLIPS: Stands("charged_after", 1, RENEWED),
        CHARGES: Stands("charged_after"),
    },
}


type Story = Mapping[float, Mapping[str, Seen]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Live through the story once; return what was seen of each camera at each hour."""
    return asyncio.run(_live(tmp_path_factory.mktemp("story")))


async def _live(folder: Path) -> Story:
    seen: dict[float, Mapping[str, Seen]] = {}
    async with house_in_time(folder, WORLD) as house:
        await _begin(house)
        backup = house.case_file(did_of(RESTORED))
        saved = backup.read_bytes()
        for hours, expected in STORY.items():
            if hours == SIX_HOURS_BEFORE_EARLIEST:
                backup.write_bytes(saved)
            async with house.at(hours) as home:
                seen[hours] = await _look_until(house, home, expected)
    return seen


async def _begin(house: HouseInTime) -> None:
    """Have every renewal switched off: here, at the maker, and by its owner's word."""
    async with house.at(0) as home:
        await add_accounts(house, home, "mei", "jun")
        await _enable_activity(home)
        await write(house, home)
        shown = await cameras(home)
        for name in ALL:
            assert "Not off yet" in await press_off(home, shown[name])
        await house.control.post(
            "misbehaviour", {"charges_anyway": True, "dids": [did_of(CHARGES)]}
        )
        for name in ALL:
            await house.control.post(f"camera/{did_of(name)}/renewal", {"on": False})
        await house.control.patch(f"camera/{did_of(FLIPS)}", {"plan": {"flips_back": "+2d"}})
        for name in ALL:
            if name != NEVER:
                step = await end_of_guide(home, await say_done(home, name))
                assert step["step_id"] == "still_on"
        async with house.slow_maker():
            step = await say_done(home, NEVER)
            assert step["type"] == "progress"
            # Killed while the maker is being asked whether the owner's word is true.
            await house.kill()


async def _enable_activity(home: HomeAssistant) -> None:
    """Enable each camera's own activity, from the next start on."""
    for entity in await home.command("config/entity_registry/list"):
        if entity["disabled_by"] and entity["unique_id"].endswith("_plan_activity"):
            entity_id = entity["entity_id"]
            await home.command(
                "config/entity_registry/update", entity_id=entity_id, disabled_by=None
            )


async def _look_until(
    house: HouseInTime, home: HomeAssistant, expected: Mapping[str, Stands]
) -> Mapping[str, Seen]:
    """Look until all is as expected, and once more a little later: it must stay so."""

    async def look() -> Mapping[str, Seen]:
        return await _look(house, home)

    await until(look, lambda seen: {name: seen[name].stands for name in seen} == expected)
    await asyncio.sleep(0.5)
    seen = await look()
    return {name: replace(seen[name], guide=await _first_step(home, name)) for name in seen}


async def _first_step(home: HomeAssistant, name: str) -> str | None:
    if name not in await issues(home):
        return None
    step = await end_of_guide(home, await open_guide(home, name))
    return str(step["step_id"])


async def _look(house: HouseInTime, home: HomeAssistant) -> dict[str, Seen]:
    states = await home.states()
    found = await issues(home)
    messages = await home.command("persistent_notification/get")
    cases = await asyncio.to_thread(house.cases)
    seen: dict[str, Seen] = {}
    for name, camera in (await cameras(home)).items():
        switch = states[camera.entities[AUTO_RENEWAL]]
        told = states[camera.entities[ACTIVITY]]
        seen[name] = Seen(
            stands=Stands(
                states[camera.entities[CANCELLATION]]["state"],
                cases.get(did_of(name), {}).get("escalations", 0),
                told["attributes"]["event_type"] if _is_of(told["state"], house) else None,
            ),
            renewal=switch["state"],
            assumed=switch["attributes"].get("assumed_state", False),
            issue=found[name]["severity"] if name in found else None,
            messages=tuple(told["title"] for told in messages if name in told["title"]),
        )
    return seen


def _is_of(told_at: str, house: HouseInTime) -> bool:
    """Return whether something was told since this start; what is shown of it outlives one."""
    return told_at != "unknown" and datetime.fromisoformat(told_at) >= house.started_at


@pytest.mark.parametrize("hours", STORY)
def test_each_stands_right_at_its_hour(story: Story, hours: float) -> None:
    assert {name: seen.stands for name, seen in story[hours].items()} == STORY[hours]


def test_what_was_done_is_kept_though_the_kill_came_before_the_answer(story: Story) -> None:
    seen = story[FLAG_FOLLOWED][NEVER]
    assert (seen.stands.cancellation, seen.guide) == ("checking", "still_on")


def test_off_is_shown_only_where_the_maker_said_so(story: Story) -> None:
    shown_off = {
        hours: {name for name, seen in cameras.items() if seen.renewal == "off"}
        for hours, cameras in story.items()
    }
    confirmed = {FOLLOWS, FLIPS, CHARGES, RESTORED}
    assert shown_off == {
        FLAG_FOLLOWED: confirmed,
        SIX_HOURS_BEFORE_EARLIEST: confirmed,
        AFTER_EARLIEST: confirmed,
        THREE_DAYS_LATER: confirmed - {FLIPS},
        WATCHED: {CHARGES},
    }


def test_what_has_no_effect_is_said_before_the_charge_and_three_times_at_most(
    story: Story,
) -> None:
    seen = [story[hours][NEVER] for hours in STORY]
    assert [(one.issue, one.guide) for one in seen] == [
        ("warning", "still_on"),
        *[("error", "not_effective")] * 3,
        (None, None),
    ]
    assert sum(one.stands.told == SAID for one in seen) == 3
    words = "Never follows: renewal is not confirmed off"
    assert [one.messages for one in seen[1:4]] == [(words,)] * 3


def test_a_confirmation_that_was_taken_back_brings_its_issue_back(story: Story) -> None:
    issues = {hours: (seen[FLIPS].issue, seen[FLIPS].guide) for hours, seen in story.items()}
    assert issues[AFTER_EARLIEST] == (None, None)
    assert issues[THREE_DAYS_LATER] == ("error", "not_effective_back_on")
    assert story[THREE_DAYS_LATER][FLIPS].messages == (
        "Renewal is on again: Flips back after 2 days",
    )


def test_a_new_term_after_switching_off_is_called_renewed_and_stays_said(story: Story) -> None:
    assert story[AFTER_EARLIEST][CHARGES].messages == (
        "Charges anyway was renewed after you switched it off",
    )
    for hours in (AFTER_EARLIEST, THREE_DAYS_LATER, WATCHED):
        seen = story[hours][CHARGES]
        assert (seen.issue, seen.guide) == ("error", "renewed_after")


def test_a_backup_is_read_anew_before_anything_is_said_of_it(story: Story) -> None:
    seen = story[SIX_HOURS_BEFORE_EARLIEST][RESTORED]
    assert seen.messages == ("Off, confirmed: Restored",)
    assert (seen.renewal, seen.assumed, seen.issue) == ("off", False, None)
