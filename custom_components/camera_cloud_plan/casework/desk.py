"""Works on the cases of one account: looks when it is time, speaks up, sends what may be sent.

What fell due while Home Assistant was down is made up for at start, and nothing is said of
a restored case before the maker was asked anew.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import logging
from typing import TYPE_CHECKING, Any, Final, Protocol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..activity import ActivityHub, Happened, OnTold
from ..cloud.errors import CloudError, RequestNotSentError, RequestRefusedError
from ..cloud.provider import PlanProvider
from ..cloud.renewal_request import RenewalRequest, RenewalWitness
from ..const import CONF_ADDED_AT, CONF_BY_SWITCH, CONF_RENEWAL_REQUEST, CONF_SOURCE
from ..plan import (
    Activity,
    Answer,
    Case,
    CaseState,
    ChargeExpectation,
    Finding,
    Notice,
    Proof,
    Wish,
    activities,
    clock,
)
from ..saving.book import LastExport, holds_all
from ..snapshot import CameraPlan
from ..telling.sender import Sender
from ..telling.tell import Teller
from ..ticker import Ticker
from .book import CaseBook
from .issues import IssueBoard
from .watches import WatchBook

_LOGGER = logging.getLogger(__name__)

# A check that failed is made again after this, then after twice that, and so on.
_FIRST_RETRY: Final = timedelta(minutes=5)
_LONGEST_RETRY: Final = timedelta(hours=1)
_MAX_DOUBLINGS: Final = 8

# A case that was restored is not spoken of before it was read anew; only where that failed
# so often in a row (after some 35 minutes) is silence the greater harm.
_SPEAKS_UNREAD_AFTER: Final = 4

# Whoever opens a case or acts on it reads back at once; the timer makes up for it if not.
_MAKES_UP_AFTER: Final = timedelta(seconds=5)

# Seconds between the readings that follow a request.
_LOOKS_AFTER_SENDING: Final = (0.0, 0.7, 1.0, 1.5)

_OPENED: Final[Mapping[Wish, Activity]] = {
    Wish.OFF: Activity.CANCELLATION_OPENED,
    Wish.ON: Activity.TURN_ON_OPENED,
}

# News that a case tells in words of its own.
_TOLD_BY_CASE: Final[Mapping[Activity, Activity]] = {
    Activity.RENEWED: Activity.RENEWED_AFTER_CANCELLING,
    Activity.RENEWAL_SWITCHED_ON: Activity.RENEWAL_BACK_ON,
    Activity.RENEWAL_SWITCHED_OFF: Activity.CANCELLATION_CONFIRMED,
}


class Reader(Protocol):
    """What casework needs of whoever reads the account."""

    provider: PlanProvider
    renewal_request: RenewalRequest | None

    def known(self, camera_id: str) -> CameraPlan | None:
        """Return a camera as last read."""

    def display_name(self, camera_id: str) -> str:
        """Return the name people gave a camera."""

    def is_kept(self, camera_id: str) -> bool:
        """Return whether the owner keeps a camera's plan for good."""

    async def async_read_back(self, camera_id: str) -> None:
        """Read a camera's plan now; raises `CloudError`."""

    async def async_request(self, camera_id: str, wish: Wish) -> None:
        """Send a request once; raises `CloudError`."""

    def async_show(self, *camera_ids: str) -> None:
        """Tell the entities of these cameras that something changed."""

    def async_write_down(self, camera_id: str, before: Case | None, after: Case | None) -> None:
        """Write down what happened between two versions of a camera's case."""

    def async_take_word(self, camera_id: str, before: Case | None, after: Case | None) -> None:
        """Take what an owner did about a case for their word, where there is no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionRecord:
    """The owner's renewal request definition, and how it did so far; moments UTC."""

    source: str
    added_at: datetime
    by_switch: bool
    has_on: bool
    worked: int
    failed_at: datetime | None


class Casework:
    """Keeps an account's cases and watches going."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        reader: Reader,
    ) -> None:
        """Take who reads the account; nothing is begun yet."""
        self._hass = hass
        self._reader = reader
        self._entry = entry
        self.activity = ActivityHub()
        self.cases = CaseBook(hass, entry, self._async_on_case)
        self.watches = WatchBook(hass, entry.entry_id)
        self.sender = Sender(hass, entry)
        self._teller = Teller(hass, entry, self.sender)
        self._issues = IssueBoard(hass, entry, self.cases, self.watches, reader.display_name)
        self._ticker = Ticker(hass, self._async_on_due)
        self._working = asyncio.Lock()
        self._sending = asyncio.Lock()
        # By camera: how many checks in a row failed, and when the next is made.
        self._failed: dict[str, int] = {}
        self._retry_at: dict[str, datetime] = {}
        # Cameras that were read since the start.
        self._read: set[str] = set()
        # What cases told of the reading that is being taken.
        self._told: set[tuple[str, Activity]] = set()
        self._started = False

    # --- Life ---

    async def async_load(self) -> None:
        """Read what is stored; raises `UnsupportedStorageVersionError` for newer cases."""
        await self.cases.async_load()
        await self.watches.async_load()

    @callback
    def async_start(self) -> None:
        """Show what stands and set the timers, once the account was read or restored.

        A clock that was set back is left to the next reading: at a start it may just not
        be right yet.
        """
        self._started = True
        self._issues.async_sync()
        self._async_arm(self.cases.watched_cameras)

    async def async_stop(self) -> None:
        """Release the timers and write what is not yet written."""
        self._started = False
        self._ticker.async_stop()
        self._teller.async_stop()
        await self.watches.async_flush()

    # --- Readings ---

    async def async_seen(self, plan: CameraPlan) -> None:
        """Hold a fresh reading against a camera's case and against what was seen before.

        `async_all_seen` is to be called once this was done for all that were read.
        """
        view = plan.view
        if view is None or not plan.is_own:
            return
        now = clock.now()
        camera_id = plan.camera.camera_id
        self._told.clear()
        self._failed.pop(camera_id, None)
        self._retry_at.pop(camera_id, None)
        self._read.add(camera_id)
        case = await self.cases.async_change(camera_id, lambda case: case.seen(view, now))
        watch, findings = self.watches.get(camera_id).seen(view, now, wanted_on=case is not None)
        if self._reader.is_kept(camera_id):
            # Told once, like others, but nothing that its owner would have to do about it.
            watch = watch.noted(Notice.CAMERA_OFFLINE)
        noticed = watch.notices.keys() != self.watches.get(camera_id).notices.keys()
        self.watches.async_put(camera_id, watch)
        for finding in findings:
            self._tell_finding(plan, finding, expected=case is not None)
        if case and case.is_over(view, now):
            await self.cases.async_drop(camera_id)
        if noticed and self._started:
            self._issues.async_sync()
        if case:
            self._async_arm((camera_id,))

    async def async_all_seen(self) -> None:
        """Write what was noticed of all cameras in one go, before people are told of it."""
        await self.watches.async_flush()

    def _tell_finding(self, plan: CameraPlan, finding: Finding, *, expected: bool) -> None:
        told = _TOLD_BY_CASE.get(finding.activity)
        if (plan.camera.camera_id, told) in self._told:
            return
        facts = {"old_end": finding.old_end, "new_end": finding.new_end}
        # Renewal that came on at its owner's wish, or went off, is no message to anybody.
        silent = expected or finding.activity in (Activity.RENEWED, Activity.RENEWAL_SWITCHED_OFF)
        self.async_tell(plan.camera.camera_id, finding.activity, facts, to_people=not silent)

    # --- What people do ---

    async def async_open(
        self,
        plan: CameraPlan,
        wish: Wish,
        *,
        save_first: bool = False,
        send_when_saved: bool = False,
    ) -> Case:
        """Open a camera's case, or bring the guide of the one that is open back.

        Raises `HomeAssistantError`, and opens nothing, where it cannot be kept on disk.
        """
        camera_id = plan.camera.camera_id
        case = self.cases.get(camera_id)
        if case is None or not case.is_open or case.wish is not wish:
            view = plan.view
            case = Case(
                camera_id=camera_id,
                opened_at=clock.now(),
                wish=wish,
                term_ends_at=view.reading.ends_at if view and view.is_active else None,
                readable=wish is Wish.ON or view is None or view.rule.can_say_off,
                save_first=save_first,
                send_when_saved=send_when_saved,
            )
            await self.cases.async_open(case, self._reader.display_name(camera_id))
        self._issues.async_sync(again=(camera_id,))
        return case

    async def async_done(self, camera_id: str) -> None:
        """Take down the owner's word that the step at the seller is done."""
        now = clock.now()
        await self.cases.async_change(camera_id, lambda case: case.done(now))

    async def async_save_first(
        self, camera_id: str, *, wanted: bool, send_when_saved: bool = False
    ) -> None:
        """Take down whether the recordings are to be saved before renewal ends."""
        await self.cases.async_change(
            camera_id,
            lambda case: case.saving_first(wanted=wanted, send_when_saved=send_when_saved),
        )

    async def async_exported(self, last: LastExport, *, waited_for: bool, makes_up: bool) -> bool:
        """Go on with a case that waited for its recordings, and tell what an export came to.

        Returns whether a case waits for more than what was exported. `waited_for`: whether
        somebody waited for the export and hears of it anyway. `makes_up`: whether it was for
        all that lacked before.
        """
        camera_id = last.order.camera_id
        case = self.cases.get(camera_id)
        waits = case is not None and case.is_open and case.save_first
        if case and waits and not holds_all(last.order, case.opened_at):
            return True
        sent = False
        if case and waits and last.whole:
            sent = case.send_when_saved and await self._async_send_when_saved(case)
            if not sent:
                await self.async_save_first(camera_id, wanted=False)
        tally = last.tally
        facts = {
            "listed": tally.listed,
            "saved": tally.saved,
            "already": tally.already,
            "event_only": tally.event_only,
            "expired": tally.expired,
            "failed": tally.failed,
            "cancellation": waits or None,
        }
        if last.whole:
            if makes_up:
                self._teller.async_take_back(camera_id, Activity.RECORDINGS_INCOMPLETE)
            self.async_tell(
                camera_id, Activity.RECORDINGS_SAVED, facts, to_people=waits and not sent
            )
        else:
            self.async_tell(
                camera_id,
                Activity.RECORDINGS_INCOMPLETE,
                facts,
                to_people=waits or not waited_for,
            )
        return False

    async def _async_send_when_saved(self, case: Case) -> bool:
        """Send a case's request now that all is saved, where its owner let the switch do so.

        Returns whether it went out, whatever became of it.
        """
        definition = self.definition
        if definition is None or not definition.by_switch:
            return False
        try:
            after = await self.async_send(case.camera_id)
        except HomeAssistantError as err:
            _LOGGER.debug("Nothing was sent: %s", err.translation_key)
            return False
        return after is not None and after.request is not None and after.request != case.request

    async def async_withdraw(self, camera_id: str) -> bool:
        """Drop a camera's open case; return whether there was one."""
        if not self.cases.is_open(camera_id):
            return False
        await self.cases.async_drop(camera_id)
        return True

    async def async_forget(self, camera_id: str) -> None:
        """Drop a camera's case: its owner took note, or the camera is gone."""
        await self.cases.async_drop(camera_id)

    async def async_note(self, camera_id: str, notice: Notice) -> None:
        """Take down that the owner took note of what was noticed."""
        self.watches.async_put(camera_id, self.watches.get(camera_id).noted(notice))
        await self.watches.async_flush()
        self._issues.async_sync()
        self._reader.async_show(camera_id)

    async def async_let_go(self, camera_id: str) -> None:
        """Forget a camera that is gone for good."""
        await self.async_forget(camera_id)
        self.watches.async_forget(camera_id)
        self._issues.async_sync()

    # --- Looking ---

    async def async_check(self, camera_id: str) -> bool:
        """Read a camera's plan now; return whether the maker could be asked."""
        if self._reader.known(camera_id) is None:
            return False
        try:
            await self._reader.async_read_back(camera_id)
        except CloudError as err:
            _LOGGER.debug("A camera could not be read back: %s", err)
            return False
        return True

    def next_check(self, camera_id: str) -> datetime | None:
        """Return when a camera is looked at next, polls apart; `None` if only with those."""
        case = self.cases.get(camera_id)
        check = case.next_check(self._charge(camera_id)) if case else None
        retry = self._retry_at.get(camera_id)
        return max(check, retry) if check and retry else check

    def next_escalation(self, camera_id: str) -> datetime | None:
        """Return when it is said that a case has no effect, unless it is confirmed before."""
        case = self.cases.get(camera_id)
        return case.next_escalation(self._charge(camera_id)) if case else None

    def _charge(self, camera_id: str) -> ChargeExpectation | None:
        plan = self._reader.known(camera_id)
        return plan.view.charge if plan and plan.view else None

    @callback
    def _async_arm(self, camera_ids: Collection[str]) -> None:
        if not self._started:
            return
        self._ticker.async_set({camera_id: self._next(camera_id) for camera_id in camera_ids})

    def _next(self, camera_id: str) -> datetime | None:
        if self._reader.known(camera_id) is None:
            return None  # nothing can be asked about it until the account lists it again
        check = self.next_check(camera_id)
        moments = (
            check and max(check, clock.now() + _MAKES_UP_AFTER),
            self.next_escalation(camera_id) if self._may_speak(camera_id) else None,
        )
        return min((moment for moment in moments if moment), default=None)

    def _may_speak(self, camera_id: str) -> bool:
        return camera_id in self._read or self._failed.get(camera_id, 0) >= _SPEAKS_UNREAD_AFTER

    @callback
    def _async_on_due(self, camera_ids: Collection[str]) -> None:
        self._entry.async_create_background_task(
            self._hass, self._async_work(tuple(camera_ids)), "cases that are due"
        )

    async def _async_work(self, camera_ids: Collection[str]) -> None:
        """Look at cameras whose moment has come, then speak up where it is time."""
        async with self._working:
            with self._teller.batch():
                for camera_id in camera_ids:
                    await self._async_work_on(camera_id)

    async def _async_work_on(self, camera_id: str) -> None:
        check = self.next_check(camera_id)
        if check and check <= clock.now() and not await self.async_check(camera_id):
            failed = self._failed[camera_id] = self._failed.get(camera_id, 0) + 1
            wait = _FIRST_RETRY * (1 << min(failed - 1, _MAX_DOUBLINGS))
            self._retry_at[camera_id] = clock.now() + min(wait, _LONGEST_RETRY)
        if self._may_speak(camera_id):
            await self._async_speak_up(camera_id)
        self._async_arm((camera_id,))

    async def _async_speak_up(self, camera_id: str) -> None:
        """Say that a case has no effect, where it is time for that."""
        now, charge = clock.now(), self._charge(camera_id)
        case = await self.cases.async_change(camera_id, lambda case: case.escalated(charge, now))
        if case and case.state is CaseState.NOT_EFFECTIVE and _rests_on_request(case):
            await self._async_failed(case)

    # --- Sending ---

    @property
    def definition(self) -> DefinitionRecord | None:
        """The owner's renewal request definition; `None` without one."""
        option = self._entry.options.get(CONF_RENEWAL_REQUEST)
        request = self._reader.renewal_request
        if option is None or request is None:
            return None
        record = self.cases.request_record(request.digest)
        added_at = dt_util.parse_datetime(option[CONF_ADDED_AT], raise_on_error=True)
        # Adding it anew gives it another chance.
        failed = record.failed_at is not None and record.failed_at > added_at
        return DefinitionRecord(
            source=option[CONF_SOURCE],
            added_at=added_at,
            by_switch=option[CONF_BY_SWITCH],
            has_on=request.template(Wish.ON) is not None,
            worked=record.worked,
            failed_at=record.failed_at if failed else None,
        )

    def can_send(self, camera_id: str, *, by_switch: bool) -> bool:
        """Return whether a request may be sent for a camera's open case.

        It never may where one was sent that may have worked. `by_switch`: without a screen
        that asks; only "off", and only where the owner allowed it.
        """
        case, plan = self.cases.get(camera_id), self._reader.known(camera_id)
        if case is None or plan is None or not case.may_send:
            return False
        definition = self.definition
        if definition is None or definition.failed_at is not None:
            return False
        if by_switch and not (
            definition.by_switch and case.wish is Wish.OFF and not case.save_first
        ):
            return False
        requests = self._reader.provider.requests
        return requests is not None and requests.can_request(plan.camera, case.wish)

    async def async_send(self, camera_id: str) -> Case | None:
        """Send the request for a camera's case, once, and read back; return the case.

        That a request goes out is on disk before it does. Raises `HomeAssistantError`, and
        sends nothing, where it cannot be written. Where the maker cannot be read before,
        nothing is sent either.
        """
        async with self._sending:
            if not await self.async_check(camera_id) or not self.can_send(
                camera_id, by_switch=False
            ):
                return self.cases.get(camera_id)
            request = self._reader.renewal_request
            if TYPE_CHECKING:
                assert request is not None
            now = clock.now()
            case = await self.cases.async_change_safely(
                camera_id,
                lambda case: case.sending(request.digest, now),
                self._reader.display_name(camera_id),
            )
            answer, meaning = await self._async_request(camera_id, case.wish)
            await self.cases.async_change(camera_id, lambda case: case.answered(answer, meaning))
            if answer in (Answer.REFUSED, Answer.NOT_SENT):
                # The step is left after all: people hear of it as they did at first.
                self._teller.async_tell(self._happened(camera_id, _OPENED[case.wish], {}))
            else:
                for wait in _LOOKS_AFTER_SENDING:
                    await asyncio.sleep(wait)
                    if await self.async_check(camera_id) and not self.cases.is_open(camera_id):
                        break
            return self.cases.get(camera_id)

    async def _async_request(self, camera_id: str, wish: Wish) -> tuple[Answer, str | None]:
        """Send; an answer that is lost or odd is unknown, never a refusal."""
        try:
            await self._reader.async_request(camera_id, wish)
        except RequestNotSentError:
            return Answer.NOT_SENT, None
        except RequestRefusedError as err:
            return Answer.REFUSED, err.meaning.value
        except CloudError as err:
            _LOGGER.debug("What became of a request is unknown: %s", err)
            return Answer.UNKNOWN, None
        return Answer.ACCEPTED, None

    async def _async_failed(self, case: Case) -> None:
        """Mark the definition whose request had no effect, once for each request."""
        if case.request is None:
            return
        failed_at = self.cases.request_record(case.request.definition).failed_at
        if failed_at is None or failed_at <= case.request.at:
            await self.cases.async_request_failed(case.request.definition)

    def _worked(self, before: Case | None, after: Case) -> bool:
        """Return whether a case was confirmed just now because of a request.

        The reading that confirmed it must also show the change in what the definition
        names as having to change.
        """
        request, plan = self._reader.renewal_request, self._reader.known(after.camera_id)
        if after.proof is not Proof.READ or (before and before.confirmed_at):
            return False
        if request is None or plan is None or plan.reading is None or not _rests_on_request(after):
            return False
        if request.witness is RenewalWitness.AUTO_RENEWAL:
            witness = plan.reading.renewal
        else:
            witness = plan.reading.second_witness
        return witness is not None and witness.says is (after.wish is Wish.ON)

    # --- Telling ---

    @callback
    def _async_on_case(self, camera_id: str, before: Case | None, after: Case | None) -> None:
        """Tell what a change of a case means, and show it."""
        case = after or before
        facts = {} if case is None else {"asked_on": case.opened_at, "checks": case.checks}
        if after and after.renewed:
            facts |= {"old_end": after.renewed.old_end, "new_end": after.renewed.new_end}
        self._reader.async_write_down(camera_id, before, after)
        happened = tuple(activities(before, after))
        for activity in happened:
            self._told.add((camera_id, activity))
            # While the recordings are saved no step is left to anybody.
            saves = activity is Activity.CANCELLATION_OPENED and after and after.save_first
            self.async_tell(camera_id, activity, facts, to_people=not saves)
        if after and after.request and self._worked(before, after):
            self._entry.async_create_task(
                self._hass, self.cases.async_request_worked(after.request.definition)
            )
        self._reader.async_take_word(camera_id, before, after)
        if self._started:
            loud = after is not None and (before is None or after.escalations > before.escalations)
            self._issues.async_sync(again=(camera_id,) if loud else ())
            self._async_arm((camera_id,))
        self._reader.async_show(camera_id)

    @callback
    def async_tell(
        self,
        camera_id: str,
        activity: Activity,
        facts: Mapping[str, Any] | None = None,
        *,
        to_people: bool,
        on_told: OnTold | None = None,
    ) -> None:
        """Tell that something happened: as an event, and to people where they should know.

        What is about the account as a whole has no camera's id: an empty one. `on_told` is
        called once people were told.
        """
        happened = replace(self._happened(camera_id, activity, facts or {}), on_told=on_told)
        self.activity.async_tell(happened)
        if to_people:
            self._teller.async_tell(happened)

    def _happened(self, camera_id: str, activity: Activity, facts: Mapping[str, Any]) -> Happened:
        """Return what happened with all that is known beside it."""
        plan = self._reader.known(camera_id)
        view = plan.view if plan else None
        charge = view.charge if view else None
        known = {
            "plan_ends": view.reading.ends_at if view else None,
            "earliest": charge.earliest if charge else None,
            "latest": charge.latest if charge else None,
            **facts,
        }
        return Happened(
            activity=activity,
            camera_id=camera_id,
            camera=self._reader.display_name(camera_id) if camera_id else self._entry.title,
            at=clock.now(),
            facts={name: fact for name, fact in known.items() if fact is not None},
        )

    def batch(self) -> AbstractContextManager[None]:
        """Collect what people are told while it is open, so that many make one message."""
        return self._teller.batch()


def _rests_on_request(case: Case) -> bool:
    """Return whether a request was the last thing done about a case."""
    return case.request is not None and case.acted_at == case.request.at
