"""Repairs: the guided cancellation, and cameras that left with a plan.

A flow keeps nothing of its own: whatever window it is opened in, it goes on from the
stored cancellation. One that ends in an entry deletes its issue, one that aborts keeps it,
so only what the maker confirmed ends in an entry.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import QrCodeSelector, QrCodeSelectorConfig
import voluptuous as vol

from .cancellations import ISSUE_CANCELLATION
from .cloud.errors import CloudError
from .coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from .doors import Door, doors_for
from .plan import Cancellation, CancellationState
from .snapshot import CameraPlan
from .words import spoken

# Seconds that a person waits for an answer of the maker.
_PATIENCE: Final = 60


async def async_create_fix_flow(
    _hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow of an issue."""
    entry_id, camera_id = str((data or {})["entry_id"]), str((data or {})["camera_id"])
    if issue_id.startswith(ISSUE_CANCELLATION):
        return CancellationFlow(entry_id, camera_id)
    return CameraLeftFlow(entry_id, camera_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What a flow goes on from, looked up anew at each step."""

    coordinator: CloudPlanCoordinator
    plan: CameraPlan

    @property
    def cancellation(self) -> Cancellation | None:
        """The camera's cancellation, open or confirmed."""
        return self.coordinator.cancellations.get(self.plan.camera.camera_id)

    @property
    def placeholders(self) -> dict[str, str]:
        """The words that every text may use."""
        return {
            "camera": self.plan.camera.name,
            "maker": self.coordinator.provider.maker,
            "hours": str(self.coordinator.poll_hours),
        }


class _CameraFlow(RepairsFlow):
    """A flow about one camera."""

    def __init__(self, entry_id: str, camera_id: str) -> None:
        """Take the camera it is about."""
        self._entry_id = entry_id
        self._camera_id = camera_id

    def _standing(self) -> _Standing | None:
        """Return where things stand; `None` if the account is not loaded or lacks the camera."""
        entry: CloudPlanConfigEntry | None = self.hass.config_entries.async_get_entry(
            self._entry_id
        )
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        coordinator = entry.runtime_data.coordinator
        plan = coordinator.data.cameras.get(self._camera_id)
        return _Standing(coordinator=coordinator, plan=plan) if plan else None


class CancellationFlow(_CameraFlow):
    """Decide, do it at the seller, hear what the maker says."""

    _check: asyncio.Task[bool] | None = None

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say what ends and what stays, and ask whether to go on."""
        if (at := self._open()) is None:
            return self.async_abort(reason="not_open")
        charge = at.plan.view.charge if at.plan.view else None
        placeholders = at.placeholders
        if charge is None:
            step = "decide_no_dates"
        else:
            step = "decide_unsure" if charge.possible else "decide"
            placeholders["end"] = spoken(self.hass, charge.latest)
            placeholders["earliest"] = spoken(self.hass, charge.earliest)
        return self.async_show_menu(
            step_id=step, menu_options=["steps", "keep"], description_placeholders=placeholders
        )

    # One step under three names: a line whose value is unknown is left out.
    async_step_decide = async_step_init
    async_step_decide_unsure = async_step_init
    async_step_decide_no_dates = async_step_init

    async def async_step_steps(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Go to the seller's door; ask which, where it is not known who bills."""
        if (at := self._open()) is None:
            return self.async_abort(reason="not_open")
        doors = doors_for(at.plan.channel)
        if len(doors) == 1:
            return self._show_door(at, doors[0])
        return self.async_show_menu(
            step_id="seller",
            menu_options=[door.key for door in doors],
            description_placeholders=at.placeholders,
        )

    async_step_seller = async_step_steps

    async def async_step_mi_home(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the steps in the maker's app."""
        return await self._async_at_door("mi_home", user_input)

    async def async_step_google_play(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the steps at Google Play."""
        return await self._async_at_door("google_play", user_input)

    async def async_step_apple(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the steps at Apple."""
        return await self._async_at_door("apple", user_input)

    async def async_step_check(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask the maker, which goes on by itself if the window is closed."""
        at = self._standing()
        if self._check is None:
            if at is None:
                return self.async_abort(reason="not_open")
            # The entry's own task, so that unloading the account ends it.
            self._check = at.coordinator.config_entry.async_create_background_task(
                self.hass, self._async_read_back(at.coordinator), "read back a cancellation"
            )
        if at and not self._check.done():
            return self.async_show_progress(
                step_id="check",
                progress_action="asking",
                progress_task=self._check,
                description_placeholders=at.placeholders,
            )
        check, self._check = self._check, None
        answered = check.done() and not check.cancelled() and check.result()
        return self.async_show_progress_done(next_step_id="answer" if answered else "not_reached")

    async def async_step_not_reached(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say that the maker could not be asked; the issue stays."""
        return self._end("not_reached")

    async def async_step_answer(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say what the maker answered."""
        at = self._standing()
        if at is None or (cancellation := at.cancellation) is None:
            return self.async_abort(reason="not_open")
        match cancellation.state:
            case CancellationState.CONFIRMED:
                return self._show_confirmed(at)
            case CancellationState.DONE_NOT_READABLE:
                return self._end("done_not_readable")
            case _:
                return self.async_show_menu(
                    step_id="still_on",
                    menu_options=["check", "steps", "leave", "keep"],
                    description_placeholders=at.placeholders,
                )

    async_step_still_on = async_step_answer

    async def async_step_confirmed(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """End the issue, once it was read that renewal is off; nothing else ends it."""
        return self.async_create_entry(data={})

    async_step_confirmed_no_end = async_step_confirmed

    async def async_step_leave(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Close and go on watching; the issue stays."""
        return self._end("still_on")

    async def async_step_keep(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Withdraw the cancellation at its owner's word."""
        if at := self._standing():
            await at.coordinator.cancellations.async_withdraw(self._camera_id)
        return self._end("kept")

    def _show_confirmed(self, at: _Standing) -> RepairsFlowResult:
        """Say that it is off, on the maker's word, and until when the plan runs."""
        ends_at = at.plan.reading.ends_at if at.plan.reading else None
        placeholders = at.placeholders
        if ends_at:
            placeholders["end"] = spoken(self.hass, ends_at)
        return self.async_show_form(
            step_id="confirmed" if ends_at else "confirmed_no_end",
            data_schema=vol.Schema({}),
            description_placeholders=placeholders,
        )

    def _open(self) -> _Standing | None:
        """Return where things stand while the cancellation is open."""
        at = self._standing()
        return at if at and at.cancellation and at.cancellation.is_open else None

    def _end(self, reason: str) -> RepairsFlowResult:
        """Close without ending the issue."""
        if (at := self._standing()) is None:
            return self.async_abort(reason="not_open")
        return self.async_abort(reason=reason, description_placeholders=at.placeholders)

    async def _async_at_door(
        self, key: str, user_input: dict[str, Any] | None
    ) -> RepairsFlowResult:
        """Show a door's steps; on the owner's word that they are done, go and check."""
        if (at := self._open()) is None:
            return self.async_abort(reason="not_open")
        if user_input is not None:
            await at.coordinator.cancellations.async_done(self._camera_id)
            return await self.async_step_check()
        (door,) = (door for door in doors_for(at.plan.channel) if door.key == key)
        return self._show_door(at, door)

    def _show_door(self, at: _Standing, door: Door) -> RepairsFlowResult:
        placeholders = at.placeholders
        schema: dict[vol.Marker, QrCodeSelector] = {}
        if door.url:
            placeholders["url"] = door.url
            schema[vol.Optional("qr")] = QrCodeSelector(QrCodeSelectorConfig(data=door.url))
        return self.async_show_form(
            step_id=door.key,
            data_schema=vol.Schema(schema),
            description_placeholders=placeholders,
        )

    async def _async_read_back(self, coordinator: CloudPlanCoordinator) -> bool:
        """Read the camera; return whether the maker answered."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await coordinator.async_read_back(self._camera_id)
        except CloudError, TimeoutError:
            return False
        return True


class CameraLeftFlow(_CameraFlow):
    """Take note that a plan may outlive its camera, and let the camera go."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say what is known, and ask whether to remove the camera here."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Remove the camera once its owner has taken note."""
        if (at := self._standing()) is None:
            return self.async_abort(reason="not_open")
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders=at.placeholders,
            )
        await at.coordinator.async_forget(self._camera_id)
        return self.async_create_entry(data={})
