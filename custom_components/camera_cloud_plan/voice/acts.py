"""What may be begun by voice: a cancellation, taking it back, keeping a plan, saving recordings.

All but the last is asked back, and done only after the yes was spoken in the same chat.
Voice never does more than whoever speaks could do by the switch, and never says "off" before
that was read.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from ..casework.ask import Asker, Outcome, async_ask, async_asker, foresee
from ..const import CONF_NOTIFY, CONF_VOICE_CANCELS, NOTIFY_HERE
from ..devices import async_registered_cameras
from ..plan import Keep, Wish, clock
from ..saving.job import Wanted
from ..saving.rows import async_export
from .answers import Answers
from .grammar import Topic
from .names import Directory, Target
from .speech import Speech

# How long a yes is waited for.
AWAITED_FOR: Final = timedelta(minutes=2)
# Seconds that whoever speaks waits until an export has begun.
_PATIENCE: Final = 6.0

_NOTHING_TO_END: Final[Mapping[Outcome, str]] = {
    Outcome.SHARED: "shared",
    Outcome.NOT_READ: "not_read",
    Outcome.UNSUPPORTED: "no_plan",
    Outcome.NO_PLAN: "no_plan",
}
_SAVES: Final[Mapping[str, str]] = {
    "already_running": "saving_already",
    "does_not_fit": "does_not_fit",
    "unsupported": "no_recordings_of",
    "shared": "shared",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said, and which yes is waited for then."""

    text: str
    awaits: Topic | None = None
    target: Target | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """An act that waits for its yes: what was asked back, whom, and until when (UTC).

    The yes counts in the same chat and language alone, from whoever asked for the act
    (`user_id`; a satellite knows none).
    """

    topic: Topic
    target: Target
    asked: str
    language: str
    user_id: str | None
    until: datetime


class Acts:
    """Does what is asked for in one language, by one person or nobody in particular."""

    def __init__(
        self,
        hass: HomeAssistant,
        directory: Directory,
        speech: Speech,
        context: Context,
    ) -> None:
        """Take who is there, how to say it, and who speaks."""
        self._hass = hass
        self._directory = directory
        self._speech = speech
        self._say = speech.say
        self._context = context
        self._answers = Answers(directory, speech)

    async def async_asked(self, topic: Topic, form: str | None) -> Reply:
        """Answer to what was asked for: ask back, refuse, or begin to save recordings."""
        targets = self._candidates(topic, form)
        if len(targets) != 1:
            if not targets and form is None:
                return Reply(self._say(f"nothing_to_{topic}"))
            return Reply(self._answers.which(targets))
        (target,) = targets
        return await self._of(topic, target)

    async def async_confirmed(self, awaited: Awaited) -> Reply:
        """Do what was asked back, now that the yes was spoken; all is looked at anew.

        A yes is to what was asked: where that would be another question by now, or none,
        as after a charge, that is said and nothing is done.
        """
        topic, target = awaited.topic, awaited.target
        if target.plan is None:
            return Reply(self._say("gone"))
        reply = await self._of(topic, target)
        if reply.text != awaited.asked:
            return reply
        acts = {Topic.STOP: self._stop, Topic.WITHDRAW: self._withdraw, Topic.KEEP: self._keep}
        return Reply(await acts[topic](target))

    async def _of(self, topic: Topic, target: Target) -> Reply:
        if not await self._may_control(target):
            return Reply(self._say("not_yours", camera=target.name))
        asks = {
            Topic.STOP: self._ask_stop,
            Topic.WITHDRAW: self._ask_withdraw,
            Topic.KEEP: self._ask_keep,
            Topic.SAVE: self._save,
        }
        return await asks[topic](target)

    def _candidates(self, topic: Topic, form: str | None) -> tuple[Target, ...]:
        """Return which cameras may be meant; where none was named, those it makes sense for."""
        targets = self._directory.named(form)
        if len(targets) <= 1:
            return targets
        fit = tuple(target for target in targets if _fits(topic, target))
        return fit if form is None or (fit and self._directory.is_place(form)) else targets

    # --- Ending renewal ---

    async def _ask_stop(self, target: Target) -> Reply:
        if refused := self._cannot_stop(target):
            return Reply(refused)
        plan = target.plan
        ends_at = plan.view.reading.ends_at if plan and plan.view else None
        if plan is None or not plan.is_shown(clock.now()):
            ends_at = None
        until = self._speech.day(ends_at) if ends_at else ""
        key = "ask_stop" if ends_at else "ask_stop_end_unknown"
        return Reply(self._say(key, camera=target.name, day=until), Topic.STOP, target)

    def _cannot_stop(self, target: Target) -> str | None:
        """Say why no cancellation can be begun; `None` where one can."""
        foreseen = foresee(target.coordinator, target.camera_id, Wish.OFF)
        if foreseen and (why := _NOTHING_TO_END.get(foreseen)):
            return self._say(why, camera=target.name)
        if foreseen:
            return self._answers.standing(target)
        if not target.coordinator.config_entry.options.get(CONF_VOICE_CANCELS, False):
            return self._say("not_allowed")
        return None

    async def _stop(self, target: Target) -> str:
        asker = await async_asker(self._hass, self._context)
        outcome = await async_ask(target.coordinator, target.camera_id, asker=asker)
        if outcome is not Outcome.WAITING:
            return self._answers.standing(target)
        view = target.plan.view if target.plan else None
        readable = view is None or view.rule.can_say_off
        plan = target.plan
        confirms = self._say(
            "maker_confirms" if readable else "seller_confirms",
            maker=self._speech.maker(plan.camera.maker) if plan else "",
            seller=self._speech.seller(plan.channel, plan.camera.maker) if plan else "",
        )
        sent = target.coordinator.config_entry.options.get(CONF_NOTIFY, [NOTIFY_HERE])
        if not sent:
            return self._say("step_left_in_repairs", confirms=confirms)
        owner = await self._hass.auth.async_get_owner()
        if asker is Asker.ADMINISTRATOR:
            return self._say("step_left_you", confirms=confirms)
        if owner and owner.name:
            return self._say("step_left", owner=owner.name, confirms=confirms)
        return self._say("step_left_owner", confirms=confirms)

    # --- Taking it back, and keeping ---

    async def _ask_withdraw(self, target: Target) -> Reply:
        if not _is_open(target):
            return Reply(self._say("nothing_open", camera=target.name))
        if await self._is_no_administrator():
            return Reply(self._say("administrators_only", camera=target.name))
        return Reply(self._say("ask_withdraw", camera=target.name), Topic.WITHDRAW, target)

    async def _withdraw(self, target: Target) -> str:
        if not await target.coordinator.casework.async_withdraw(target.camera_id):
            return self._say("nothing_open", camera=target.name)
        return self._say("withdrawn", camera=target.name)

    async def _ask_keep(self, target: Target) -> Reply:
        if _is_open(target):
            return await self._ask_withdraw(target)
        if target.coordinator.alerts.charge(target.camera_id) is None:
            return Reply(self._say("nothing_to_keep", camera=target.name))
        return Reply(self._say("ask_keep", camera=target.name), Topic.KEEP, target)

    async def _keep(self, target: Target) -> str:
        await target.coordinator.alerts.async_keep({target.camera_id: Keep.CHARGE})
        return self._say("kept", camera=target.name)

    # --- Saving ---

    async def _save(self, target: Target) -> Reply:
        entry = target.coordinator.config_entry
        begun = entry.async_create_background_task(
            self._hass,
            async_export(target.coordinator, target.camera_id, Wanted(), dry_run=False, wait=False),
            "saving that was asked for by voice",
        )
        await asyncio.wait((begun,), timeout=_PATIENCE)
        if not begun.done():
            return Reply(self._say("saving", camera=target.name))
        key = _SAVES.get(str(begun.result()["state"]), "saving")
        return Reply(self._say(key, camera=target.name))

    # --- Who speaks ---

    async def _is_no_administrator(self) -> bool:
        return await async_asker(self._hass, self._context) is Asker.PERSON

    async def _may_control(self, target: Target) -> bool:
        """Return whether whoever speaks may control the camera; without a user everybody may."""
        if self._context.user_id is None:
            return True
        user = await self._hass.auth.async_get_user(self._context.user_id)
        if user is None:
            return False
        registered = async_registered_cameras(self._hass, target.coordinator.config_entry)
        device_id = registered.get(target.camera_id, "")
        return any(
            user.permissions.check_entity(entity.entity_id, POLICY_CONTROL)
            for entity in er.async_entries_for_device(
                er.async_get(self._hass), device_id, include_disabled_entities=True
            )
        )

    def failed(self, err: HomeAssistantError) -> str:
        """Say that something could not be done; what that was is translated or not told."""
        key = {"not_saved": "not_kept", "keep_not_saved": "not_kept", "order_not_saved": "not_kept"}
        return self._say(key.get(err.translation_key or "", "failed"))


def _fits(topic: Topic, target: Target) -> bool:
    plan = target.plan
    if plan is None or not plan.is_own:
        return False
    match topic:
        case Topic.STOP:
            return plan.may_charge
        case Topic.WITHDRAW:
            return _is_open(target)
        case Topic.KEEP:
            return target.coordinator.alerts.charge(target.camera_id) is not None
        case _:
            return bool(target.coordinator.exports.kinds(target.camera_id, Wanted().kinds))


def _is_open(target: Target) -> bool:
    """Return whether a cancellation of a camera's plan is open."""
    case = target.coordinator.cases.get(target.camera_id)
    return case is not None and case.is_open and case.wish is Wish.OFF


def is_due(awaited: Awaited) -> bool:
    """Return whether a yes is still waited for."""
    return clock.now() < awaited.until
