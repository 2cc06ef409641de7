"""Finds what is to be told of an account's coming charges, and keeps that it was: each stage once.

The house tells it (`house`), in one message with what other accounts found. It is told first and written down after: a crash in between makes it told twice,
never not at all, and a message that is sent again takes the place of the first. Nothing is
told before Home Assistant has started and the account was read, or could not be.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import logging
from typing import Any, Final, Protocol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..casework.desk import Casework
from ..casework.doors import doors_for
from ..charge_options import RULES_AUTOMATIC, RULES_NEUTRAL, limits_of
from ..cloud.provider import PlanProvider
from ..const import (
    CONF_ALERTS,
    CONF_DIGEST_AT,
    CONF_QUIET_FROM,
    CONF_QUIET_UNTIL,
    CONF_RULES,
    DEFAULT_DIGEST_AT,
    DEFAULT_QUIET_FROM,
    DEFAULT_QUIET_UNTIL,
    DOMAIN,
)
from ..devices import camera_identifier
from ..plan import Activity, ChargeExpectation, PlanView, Wish, clock
from ..plan.alerts import Alert, AlertMemory, Habits, Keep, due, next_moment, tomorrow
from ..plan.cost import LimitKind, OverLimit, forecast, over_limits
from ..plan.rules import StageKind, region_of, rules_for
from ..slices import Slices
from ..snapshot import AccountSnapshot, CameraPlan
from ..ticker import Ticker
from ..words import rounded
from .alert_book import AlertBook, Digest, Line
from .alert_words import Exceeded, Part
from .house import Found, async_house
from .sender import Sender

_LOGGER = logging.getLogger(__name__)

# The moment at which limits are looked at stands among those of cameras under this name.
_LIMITS: Final = ""

# Seconds that unloading waits for what is being told; what is cut off is told again.
_PATIENCE: Final = 5

# Seconds after which it is looked again where something of ours went wrong.
_LOOKS_AGAIN_AFTER: Final = 3600

_NO_RULES: Final = "*"

# Who hears of it where people are not told.
_AUTOMATIONS: Final = "automations"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is due of one plan at a moment (UTC), to be asked of what is remembered of it."""

    view: PlanView
    region: str
    habits: Habits
    now: datetime
    muted: bool

    def asked(self, memory: AlertMemory) -> tuple[AlertMemory, Alert | None]:
        """Return the memory once all was told, and what is to be told."""
        return due(memory, self.view, self.region, self.habits, self.now, muted=self.muted)

    def next(self, memory: AlertMemory) -> datetime | None:
        """Return when it is to be asked next (UTC)."""
        return next_moment(memory, self.view, self.region, self.habits, self.now)


class Account(Protocol):
    """What the desk needs of whoever reads the account."""

    provider: PlanProvider
    data: AccountSnapshot
    casework: Casework
    poll_hours: int

    def display_name(self, camera_id: str) -> str:
        """Return the name people gave a camera."""

    def async_show(self, *camera_ids: str) -> None:
        """Tell the entities of these cameras that something changed."""

    async def async_told(self, alerts: Mapping[str, Alert], told_to: Collection[str]) -> None:
        """Write down what people, of these kinds, were told, by camera id."""

    def async_add_cameras_listener(
        self, listener: Callable[[Collection[str]], None]
    ) -> Callable[[], None]:
        """Listen for which cameras changed."""


class AlertDesk:
    """Keeps an account's owner told of the charges to come."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, account: Account) -> None:
        """Take who reads the account; nothing is begun yet."""
        self._hass = hass
        self._entry = entry
        self._account = account
        self._book = AlertBook(hass, entry.entry_id)
        self._ticker = Ticker(hass, self._async_on_due)
        self._house = async_house(hass)
        self._work: set[asyncio.Task[None]] = set()
        # When something is due, by camera id: what the timer is set to.
        self._moments: dict[str, datetime] = {}
        self._started = False
        self._left = False

    # --- Life ---

    async def async_load(self) -> None:
        """Read what is stored; raises `UnsupportedStorageVersionError` for newer data."""
        await self._book.async_load()

    @callback
    def async_start(self) -> None:
        """Set the timer, once the account was read or could not be and all is running."""
        for end in (
            self._account.async_add_cameras_listener(self._async_on_news),
            self._hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._async_on_core_config),
            async_at_started(self._hass, self._async_begin),
        ):
            self._entry.async_on_unload(end)

    @callback
    def _async_begin(self, _hass: HomeAssistant) -> None:
        self._started = True
        self._house.async_join(self)
        self._async_rearm((*self._account.data.cameras, _LIMITS))

    async def async_stop(self) -> None:
        """Release the timer and write what is not yet written."""
        self._started = False
        self._ticker.async_stop()
        if self._work:
            _, late = await asyncio.wait(self._work, timeout=_PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._house.async_leave(self)
        self._left = True
        await self._book.async_flush()

    @callback
    def async_forget(self, camera_id: str) -> None:
        """Forget a camera that is gone for good."""
        self._book.async_forget(camera_id)

    # --- What an owner keeps, or puts off ---

    def charge(self, camera_id: str) -> ChargeExpectation | None:
        """Return the coming charge of an own plan; `None` where none is expected."""
        plan = self._account.data.cameras.get(camera_id)
        return plan.view.charge if plan and plan.is_own and plan.view else None

    def cycle(self, camera_id: str) -> str | None:
        """Return the name of the cycle that an own plan's coming charge ends."""
        charge = self.charge(camera_id)
        return self._book.get(camera_id).cycle_of(charge) if charge else None

    def keepable(self) -> Iterator[str]:
        """Yield the cameras whose plan has a charge to come."""
        for camera_id in self._account.data.cameras:
            if self.charge(camera_id):
                yield camera_id

    def kept(self, camera_id: str) -> Keep | None:
        """Return what the owner keeps of a camera's plan: it, its coming charge or nothing."""
        memory, cycle = self._book.get(camera_id), self.cycle(camera_id)
        if memory.keep is Keep.PLAN or (cycle and memory.is_kept(cycle)):
            return memory.keep
        return None

    async def async_keep(self, wishes: Mapping[str, Keep | None]) -> None:
        """Take down what an owner keeps, by camera id, before anything else goes on.

        Cameras without a charge to come are passed over. Raises `HomeAssistantError`, and
        changes nothing, where it cannot be written.
        """
        memories = {}
        for camera_id, keep in wishes.items():
            memory, cycle = self._book.get(camera_id), self.cycle(camera_id)
            if cycle is None or keep is self.kept(camera_id):
                continue
            if keep is Keep.PLAN:
                memories[camera_id] = memory.plan_kept()
            else:
                memories[camera_id] = memory.charge_kept(cycle) if keep else memory.unkept()
        if not memories:
            return
        if not await self._book.async_decide(memories):
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="keep_not_saved")
        self._account.async_show(*memories)

    async def async_put_off(self, camera_ids: Iterable[str]) -> None:
        """Bring cameras' charges up again tomorrow."""
        now = clock.now()
        put_off = []
        for camera_id in camera_ids:
            if cycle := self.cycle(camera_id):
                self._book.async_put(camera_id, self._book.get(camera_id).snoozed(cycle, now))
                put_off.append(camera_id)
        await self._book.async_flush()
        self._async_rearm(put_off)

    def tomorrow(self, camera_id: str) -> datetime | None:
        """Return when a charge that is put off is told again (UTC); `None` if that is late."""
        charge = self.charge(camera_id)
        return tomorrow(charge, self._habits(), clock.now()) if charge else None

    @property
    def digest(self) -> Digest | None:
        """The digest that was sent last."""
        return self._book.digest

    # --- When ---

    @callback
    def _async_on_news(self, camera_ids: Collection[str]) -> None:
        self._async_rearm(camera_ids)

    @callback
    def _async_on_core_config(self, _event: Event) -> None:
        """Reckon anew by another zone's clock, or another country's rules."""
        self._async_rearm((*self._account.data.cameras, _LIMITS))

    @callback
    def _async_rearm(self, camera_ids: Collection[str]) -> None:
        if self._started and camera_ids:
            self._async_run(self._async_arm(tuple(camera_ids)))

    async def _async_arm(self, camera_ids: Collection[str]) -> None:
        """Set the moments of cameras, and bring the digest that is shown up to date."""
        slices = Slices()
        moments = {}
        for camera_id in camera_ids:
            moments[camera_id] = (
                self._next_of_limits() if camera_id == _LIMITS else self._next(camera_id)
            )
            await slices.pause_if_due()
        self._ticker.async_set(moments)
        for camera_id, moment in moments.items():
            if moment is None:
                self._moments.pop(camera_id, None)
            else:
                self._moments[camera_id] = moment
        if self.digest and not self.digest.lines.keys().isdisjoint(camera_ids):
            await self._house.async_show_again()

    def _next(self, camera_id: str) -> datetime | None:
        """Return when something may be told of a camera (UTC).

        What changed about its plan meanwhile is taken down: that renewal went off, or that
        a plan that was kept is gone.
        """
        question = self._question(camera_id)
        if question is None:
            return None
        moment = question.next(self._book.get(camera_id))
        if moment is None or moment > question.now:
            memory, alert = question.asked(self._book.get(camera_id))
            if alert is None:
                self._book.async_put(camera_id, memory)
        return moment

    def _next_of_limits(self) -> datetime | None:
        if not self.tells_people or not limits_of(self._entry.options):
            return None
        now, habits = clock.now(), self._habits()
        today = habits.digest_on(now.astimezone(habits.zone).date())
        return today if today > now else habits.digest_of_tomorrow(now)

    @callback
    def _async_on_due(self, camera_ids: Collection[str]) -> None:
        self._async_run(self._house.async_tell(self, tuple(camera_ids)))

    @callback
    def _async_run(self, work: Any) -> None:
        # Not the entry's: that would end it before what is being told is out.
        task = self._hass.async_create_background_task(work, f"{DOMAIN} alerts")
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    # --- What is told ---

    @contextmanager
    def looks_again_on_error(self) -> Iterator[None]:
        """Let no mistake of ours keep the other accounts' owners from hearing of theirs."""
        try:
            yield
        except Exception:  # as in Home Assistant's own: one must not silence the others
            _LOGGER.exception("Unexpected error with the alerts of %s", self._entry.title)
            self.async_look_again()

    @callback
    def async_look_again(self) -> None:
        """Look for all that is due a while later."""

        @callback
        def look(_now: datetime) -> None:
            self._async_rearm((*self._account.data.cameras, _LIMITS))

        self._entry.async_on_unload(async_call_later(self._hass, _LOOKS_AGAIN_AFTER, look))

    @property
    def entry_id(self) -> str:
        """The config entry whose desk it is."""
        return self._entry.entry_id

    @property
    def sender(self) -> Sender:
        """Who sends to those that the account's options name."""
        return self._account.casework.sender

    async def async_find(self, camera_ids: Collection[str] | None) -> Found:
        """Return what is due of cameras, and tell automations of it.

        `None` for all whose moment has come.
        """
        now = clock.now()
        if camera_ids is None:
            camera_ids = [key for key, moment in self._moments.items() if moment <= now]
        told: dict[str, _Question] = {}
        parts: list[Part] = []
        for camera_id in camera_ids:
            if (question := self._question(camera_id)) is None:
                continue
            memory, alert = question.asked(self._book.get(camera_id))
            if alert is None:
                self._book.async_put(camera_id, memory)
            else:
                told[camera_id] = question
                parts.append(self._part(camera_id, alert))
        looks_at_limits = _LIMITS in camera_ids
        exceeded = await self._async_exceeded(now) if looks_at_limits else ()
        for part in parts:
            self._tell_event(part)

        async def settle() -> None:
            if self._left:
                return  # whoever is loaded next has read the book and writes it now
            await self._async_write_down(parts)
            for camera_id, question in told.items():
                # Asked again: what the owner decided meanwhile stays.
                self._book.async_put(camera_id, question.asked(self._book.get(camera_id))[0])
            if looks_at_limits:
                self._remember_limits(exceeded, now)
            await self._book.async_flush()
            self._async_rearm(camera_ids)

        return Found(parts=parts, exceeded=exceeded, settle=settle)

    async def _async_write_down(self, parts: Iterable[Part]) -> None:
        """Have it in the ledger before it is remembered as told: else a crash takes it."""
        told_to = self.sender.kinds if self.tells_people else (_AUTOMATIONS,)
        await self._account.async_told({part.camera_id: part.alert for part in parts}, told_to)

    def _tell_event(self, part: Part) -> None:
        if not part.alert.kept and not part.alert.again:
            activity = Activity.CHARGE_AHEAD if part.alert.charge else Activity.PLAN_ENDING
            facts = facts_of(part.plan, part.alert)
            self._account.casework.async_tell(part.camera_id, activity, facts, to_people=False)

    def remember(self, at: datetime, parts: Sequence[Part]) -> None:
        """Remember what a digest of a moment (UTC) said of this account."""
        lines = {
            part.camera_id: Line(
                cycle=part.alert.cycle,
                kind=part.alert.kind,
                stage_days=part.alert.stage_days,
                kept=part.alert.kept,
            )
            for part in parts
        }
        self._book.async_put_digest(Digest(at=at, lines=lines))

    def forget_lines(self, camera_ids: Collection[str]) -> None:
        """Take cameras out of the digest that is remembered: they were answered."""
        if digest := self.digest:
            lines = {key: line for key, line in digest.lines.items() if key not in camera_ids}
            self._book.async_put_digest(replace(digest, lines=lines))

    def parts_of_day(self, at: datetime) -> Iterator[Part]:
        """Yield what the last digest said, if it was of this moment's day, as far as it holds."""
        digest = self.digest
        if digest and dt_util.as_local(digest.at).date() == dt_util.as_local(at).date():
            yield from self._parts_of(digest)

    def parts_ahead(self, at: datetime) -> Iterator[Part]:
        """Yield what the digest of a moment (UTC) said that may still happen."""
        digest = self.digest
        if digest and digest.at == at:
            now = clock.now()
            yield from (part for part in self._parts_of(digest) if _is_ahead(part, now))

    def _parts_of(self, digest: Digest) -> Iterator[Part]:
        for camera_id, line in digest.lines.items():
            view = self._view(camera_id)
            if view is None or self._is_muted(camera_id):
                continue
            charge, ends_at = view.charge, view.reading.ends_at
            of_an_end = line.kind is StageKind.ENDING
            if ends_at is None or of_an_end is not (charge is None):
                continue
            if charge and self.cycle(camera_id) != line.cycle:
                continue
            if charge and self.kept(camera_id) and not line.kept:
                continue
            region = self._region(view)
            on = dt_util.as_local(digest.at).date()
            alert = Alert(
                cycle=line.cycle,
                kind=line.kind,
                stage_days=line.stage_days,
                ends_at=charge.term_ends_at if charge else ends_at,
                charge=charge,
                kept=line.kept,
                rules=rules_for(region, line.kind, line.stage_days, on),
            )
            yield self._part(camera_id, alert)

    def _part(self, camera_id: str, alert: Alert) -> Part:
        device = dr.async_get(self._hass).async_get_device_by_identifier(
            camera_identifier(self._entry, camera_id), self._entry.entry_id
        )
        return Part(
            entry_id=self.entry_id,
            asked_every=timedelta(hours=self._account.poll_hours),
            plan=self._account.data.cameras[camera_id],
            camera=self._account.display_name(camera_id),
            device_id=device.id if device else None,
            alert=alert,
            can_wait=alert.charge is not None and self.tomorrow(camera_id) is not None,
        )

    # --- Limits ---

    async def _async_exceeded(self, now: datetime) -> tuple[Exceeded, ...]:
        """Return what exceeds the limits by forecast and was not told yet.

        Of single charges the next of each plan, unless its owner keeps it.
        """
        limits = limits_of(self._entry.options)
        if limits is None:
            return ()
        zone = dt_util.get_default_time_zone()
        views = [view for key in self._account.data.cameras if (view := self._view(key))]
        ahead = await self._hass.async_add_executor_job(forecast, views, now, zone)
        return tuple(self._not_told(over_limits(ahead, limits, zone)))

    def _not_told(self, exceeded: Iterable[OverLimit]) -> Iterator[Exceeded]:
        for over in exceeded:
            cameras = [key for coming in over.charges for key in coming.camera_ids]
            if over.key in self._book.limits or (
                over.kind is LimitKind.CHARGE and not self._is_next(over, cameras)
            ):
                continue
            names = [self._account.display_name(camera_id) for camera_id in cameras]
            yield Exceeded(over=over, cameras=names)

    def _is_next(self, over: OverLimit, camera_ids: Collection[str]) -> bool:
        """Return whether a charge is the next of its plan, and not kept for all its cameras."""
        (coming,) = over.charges
        return any(
            self.charge(camera_id) == coming.charge and not self.kept(camera_id)
            for camera_id in camera_ids
        )

    def _remember_limits(self, exceeded: Iterable[Exceeded], now: datetime) -> None:
        """Remember which were told; those of months that are over are forgotten."""
        this_month = dt_util.as_local(now).strftime("%Y-%m")
        told = self._book.limits | {one.over.key for one in exceeded}
        self._book.async_put_limits(
            frozenset(key for key in told if key.split(":")[1] >= this_month)
        )

    # --- What is looked up ---

    @property
    def tells_people(self) -> bool:
        """Whether people are told at all, and not only automations."""
        tells: bool = self._entry.options.get(CONF_ALERTS, True)
        return tells

    def _question(self, camera_id: str) -> _Question | None:
        view = self._view(camera_id)
        if view is None:
            return None
        return _Question(
            view=view,
            region=self._region(view),
            habits=self._habits(),
            now=clock.now(),
            muted=self._is_muted(camera_id),
        )

    def _view(self, camera_id: str) -> PlanView | None:
        """Return an own plan of the account, judged; `None` where there is none."""
        plan: CameraPlan | None = self._account.data.cameras.get(camera_id)
        return plan.view if plan and plan.is_own else None

    def _is_muted(self, camera_id: str) -> bool:
        """Return whether an open cancellation reminds of it anyway."""
        case = self._account.casework.cases.get(camera_id)
        return case is not None and case.is_open and case.wish is Wish.OFF

    def _region(self, view: PlanView) -> str:
        """Return whose rules hold for a plan."""
        chosen: str = self._entry.options.get(CONF_RULES, RULES_AUTOMATIC)
        if chosen == RULES_AUTOMATIC:
            return region_of(view.camera.region, self._hass.config.country)
        return _NO_RULES if chosen == RULES_NEUTRAL else chosen

    def _habits(self) -> Habits:
        options = self._entry.options
        since: str | None = options.get(CONF_QUIET_FROM, DEFAULT_QUIET_FROM)
        until: str | None = options.get(CONF_QUIET_UNTIL, DEFAULT_QUIET_UNTIL)
        return Habits(
            digest_at=cv.time(options.get(CONF_DIGEST_AT, DEFAULT_DIGEST_AT)),
            quiet_from=cv.time(since) if since else None,
            quiet_until=cv.time(until) if until else None,
            zone=dt_util.get_default_time_zone(),
        )


def facts_of(plan: CameraPlan, alert: Alert) -> dict[str, Any]:
    """Return what is known with an alert; an amount is text, so that it stays exact."""
    facts: dict[str, Any] = {"stage_days": alert.stage_days, "plan_ends": alert.ends_at}
    if (charge := alert.charge) is None:
        return facts
    return {
        **facts,
        "deadline": charge.deadline,
        "kind": charge.kind.value,
        "possible": charge.possible,
        "amount": f"{rounded(charge.amount):f}" if charge.amount else None,
        "currency": charge.amount.currency if charge.amount else None,
        "doors": [door.key for door in doors_for(plan.channel)],
    }


def _is_ahead(part: Part, now: datetime) -> bool:
    """Return whether what is told of may still happen."""
    charge = part.alert.charge
    return now < (charge.latest if charge else part.alert.ends_at)
