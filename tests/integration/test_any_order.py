"""Whatever people, the maker, its faults, restarts and the clock do, in any order.

No order of events may confirm what was not so, lose a case, or send a request twice.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.camera_cloud_plan.activity import Happened
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.devices import account_key
from custom_components.camera_cloud_plan.plan import (
    Activity,
    Answer,
    Case,
    CaseState,
    Proof,
    Wish,
)
from simulator.edits import edit_camera
from simulator.faults import Trouble
from simulator.plans import Plan
from simulator.server import RunningSimulator
from simulator.world import Misbehaviour

from .acts import REQUEST_PATH, TRIAL, direct_way, issues, live, press, restart, settle
from .conftest import EntryMaker, set_up
from .test_coordinator import NOT_RENEWING, RENEWING, coordinator_of, refresh, state_of

CAMERAS = (TRIAL, RENEWING, NOT_RENEWING)
HOUR = timedelta(hours=1)
LIVES = 20
ACTS = 30
# After a plan's end a mainland seller may still charge for so long (channels.json).
WATCHED_MS = 3 * 86_400_000

pytestmark = pytest.mark.freeze_time("2026-11-22T12:00:00+00:00")


class Life:
    """An account, its maker and its people, and what may never be true of them."""

    random: Random

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        sim: RunningSimulator,
        freezer: FrozenDateTimeFactory,
        people: Sequence[str | None],
    ) -> None:
        """Begin; `people` are those who press, by user id."""
        self.hass = hass
        self.entry = entry
        self.sim = sim
        self.freezer = freezer
        self.people = people
        self.trail: list[str] = []
        self.untrue: list[Activity] = []
        self.listen()

    def listen(self) -> None:
        """Hear what is told, anew after each restart."""
        coordinator_of(self.entry).activity.async_listen(self.hear)

    # --- What happens ---

    @property
    def acts(self) -> list[Callable[[str], Awaitable[None]]]:
        """All that can happen to a camera, the likelier ones more than once."""
        return [
            *[self.press_off] * 4,
            *[self.done, self.flag_changes, self.hours_pass, self.look_again] * 3,
            *[self.press_on, self.send, self.trouble, self.no_trouble] * 2,
            self.check,
            self.is_bought_again,
            self.flag_lags,
            self.maker_misbehaves,
            self.restarts,
            self.is_down_for_days,
            self.clock_goes_back,
            self.weeks_pass,
        ]

    async def press_off(self, camera_id: str) -> None:
        await self._press(camera_id, "off")

    async def press_on(self, camera_id: str) -> None:
        await self._press(camera_id, "on")

    async def _press(self, camera_id: str, direction: str) -> None:
        context = Context(user_id=self.random.choice(self.people))
        plan = coordinator_of(self.entry).data.cameras[camera_id]
        if not plan.has_plan(dt_util.utcnow()):
            return  # the switch of a plan long over is gone
        try:
            await press(self.hass, camera_id, direction, context)
        except HomeAssistantError as err:
            self.trail.append(f"  {err.translation_key}")

    async def done(self, camera_id: str) -> None:
        await coordinator_of(self.entry).casework.async_done(camera_id)

    async def check(self, camera_id: str) -> None:
        await coordinator_of(self.entry).casework.async_check(camera_id)

    async def send(self, camera_id: str) -> None:
        await coordinator_of(self.entry).casework.async_send(camera_id)

    async def look_again(self, _camera_id: str) -> None:
        await refresh(self.hass, self.entry)

    async def flag_changes(self, camera_id: str) -> None:
        plan = self.plan(camera_id)
        if plan.running(self.sim.world.now_ms()):
            self.sim.world.switch_renewal(camera_id, on=not plan.auto_renew)

    async def is_bought_again(self, camera_id: str) -> None:
        if not self.plan(camera_id).running(self.sim.world.now_ms()):
            edit_camera(self.sim.world, camera_id, {"plan": {"end": "+20d", "auto_renew": True}})

    async def flag_lags(self, camera_id: str) -> None:
        delay = self.random.choice(("0s", "2h", "7h", "10h", "never"))
        edit_camera(self.sim.world, camera_id, {"plan": {"flag_delay": delay}})

    async def maker_misbehaves(self, _camera_id: str) -> None:
        self.sim.world.misbehave(
            self.random.choice(
                (
                    Misbehaviour(),
                    Misbehaviour(flips_back_after_ms=2 * 86_400_000),
                    Misbehaviour(charges_anyway=True),
                    Misbehaviour(flag_stays=True),
                )
            )
        )

    async def trouble(self, camera_id: str) -> None:
        troubles: tuple[tuple[Trouble, dict[str, Any]], ...] = (
            (Trouble.DROPPED, {}),
            (Trouble.HTTP_STATUS, {"host": "camera"}),
            (Trouble.API_ERROR, {"host": "camera", "did": camera_id}),
            (Trouble.NULL_DATA, {"host": "camera"}),
            (Trouble.LOST_ANSWER, {}),
            (Trouble.ACCEPTED_NO_EFFECT, {}),
            (Trouble.DROPPED, {"path": REQUEST_PATH}),
        )
        trouble, scope = self.random.choice(troubles)
        self.sim.faults.add(trouble, **scope)

    async def no_trouble(self, _camera_id: str) -> None:
        self.sim.faults.clear()

    async def hours_pass(self, _camera_id: str) -> None:
        await live(self.hass, self.freezer, self.random.randint(1, 30) * HOUR, step=3 * HOUR)

    async def weeks_pass(self, _camera_id: str) -> None:
        await live(self.hass, self.freezer, self.random.randint(3, 10) * 24 * HOUR, step=24 * HOUR)

    async def restarts(self, _camera_id: str) -> None:
        await restart(self.hass, self.entry)
        self.listen()

    async def is_down_for_days(self, _camera_id: str) -> None:
        await self.hass.config_entries.async_unload(self.entry.entry_id)
        self.freezer.tick(self.random.randint(1, 6) * 24 * HOUR)
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        self.listen()

    async def clock_goes_back(self, _camera_id: str) -> None:
        self.freezer.tick(-self.random.randint(1, 50) * HOUR)
        await self.restarts(_camera_id)

    # --- What may never be ---

    def hear(self, happened: Happened) -> None:
        """Hold what is told against what the maker shows at that moment."""
        self.trail.append(f"  told {happened.activity}")
        if not self.is_true(happened):
            self.untrue.append(happened.activity)

    def is_true(self, happened: Happened) -> bool:
        """Return whether what is confirmed is so, by the maker's flag or its silence."""
        plan = self.plan(happened.camera_id)
        if happened.activity is Activity.TURN_ON_CONFIRMED:
            return plan.shown_auto_renew is True
        if happened.activity is not Activity.CANCELLATION_CONFIRMED:
            return True
        case = self.cases[happened.camera_id]
        if case.proof is Proof.READ:
            return plan.shown_auto_renew is False
        return not plan.running(self.sim.world.now_ms() - WATCHED_MS)

    async def happen(self) -> None:
        """Let one thing happen, and look at what came of it."""
        act = self.random.choice(self.acts)
        camera_id = self.random.choice(CAMERAS)
        self.trail.append(f"{dt_util.utcnow():%d %H:%M} {act.__name__} {camera_id}")
        self.freezer.tick(7)
        before, sent_before = self.cases, self.sim.requests.renewals.copy()
        await act(camera_id)
        await settle(self.hass)
        assert self.untrue == []
        after = self.cases
        for lost in before.keys() - after.keys():
            self.may_be_gone(act.__name__, camera_id, before[lost])
        for did, sent in self.sim.requests.renewals.items():
            self.may_be_sent(sent - sent_before[did], before.get(did), after.get(did))
        self.is_kept_and_shown(after)

    def may_be_gone(self, act: str, camera_id: str, case: Case) -> None:
        """See that a case that is gone was withdrawn, or that its plan is over."""
        withdrawn = act in {"press_on", "press_off"} and case.camera_id == camera_id
        plan = self.plan(case.camera_id)
        decided_on = case.wish is Wish.ON
        assert withdrawn or decided_on or not plan.running(self.sim.world.now_ms())

    def may_be_sent(self, times: int, before: Case | None, after: Case | None) -> None:
        """See that nothing is sent again that may have worked."""
        assert times <= 1
        if times and before and after and before.opened_at == after.opened_at and before.request:
            assert before.request.answer in {Answer.REFUSED, Answer.NOT_SENT}

    def is_kept_and_shown(self, cases: dict[str, Case]) -> None:
        """See that those that wait for somebody are shown."""
        shown = {
            issue.data["camera_id"]
            for issue in issues(self.hass)
            if issue.data and issue.translation_key in {"plan_cancellation", "plan_turn_on"}
        }
        assert shown == {did for did, case in cases.items() if case.state != CaseState.CONFIRMED}

    async def is_true_in_the_end(self) -> None:
        """See that without trouble each switch soon shows what the maker shows."""
        self.sim.faults.clear()
        self.freezer.tick(60)
        await refresh(self.hass, self.entry)
        for camera_id in CAMERAS:
            plan = self.plan(camera_id)
            if plan.running(self.sim.world.now_ms()):
                flag = "on" if plan.shown_auto_renew else "off"
                assert state_of(self.hass, camera_id, "auto_renewal") in {flag, "unknown"}

    @property
    def cases(self) -> dict[str, Case]:
        """All cases, by camera."""
        book = coordinator_of(self.entry).cases
        return {did: case for did in book.watched_cameras if (case := book.get(did))}

    def plan(self, camera_id: str) -> Plan:
        """Return a camera's plan as the maker holds it at this moment."""
        plan = self.sim.world.camera(camera_id).plan
        assert plan is not None
        return plan


@pytest.fixture
async def life(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    housemate: MockUser,
) -> Life:
    """Set an account up with three cameras and a direct way that the switch may go."""
    for did in set(sim.world.cameras) - set(CAMERAS):
        sim.world.remove_device(did)
    entry = await make_entry(poll_hours=24, regions=["cn"], renewal_request=direct_way())
    await set_up(hass, entry)
    return Life(hass, entry, sim, freezer, (None, housemate.id))


@pytest.mark.parametrize("seed", range(LIVES))
async def test_in_any_order(life: Life, hass_storage: dict[str, Any], seed: int) -> None:
    life.random = Random(seed)  # noqa: S311 - the same life for the same seed
    key = f"{DOMAIN}.{account_key(life.entry)}.cases"
    with patch("custom_components.camera_cloud_plan.casework.desk._LOOKS_AFTER_SENDING", (0.0,)):
        try:
            for _ in range(ACTS):
                await life.happen()
                stored = hass_storage.get(key, {"data": {"cases": {}}})["data"]["cases"]
                assert stored.keys() == life.cases.keys()
            await life.is_true_in_the_end()
        except AssertionError as err:
            err.add_note("\n".join(life.trail))
            raise
