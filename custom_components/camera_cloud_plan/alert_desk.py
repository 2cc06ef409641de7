"""Tells of an account's coming charges: each stage once, a day's stages in one message.

What is due is told first and written down after: a crash in between makes it told twice,
never not at all, and a message that is sent again takes the place of the first. Nothing is
told before Home Assistant has started and the account was read, or could not be.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from homeassistant.components import persistent_notification
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .alert_book import AlertBook, Digest, Line
from .alert_words import DigestWords, Exceeded, Part, digest_ref
from .casework import Casework
from .charge_options import RULES_AUTOMATIC, RULES_NEUTRAL, limits_of
from .cloud.provider import PlanProvider
from .const import (
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
from .devices import camera_identifier
from .doors import doors_for
from .plan import Activity, ChargeExpectation, PlanView, Wish, clock
from .plan.alerts import Alert, AlertMemory, Habits, Keep, due, next_moment, tomorrow
from .plan.cost import LimitKind, OverLimit, forecast, over_limits
from .plan.rules import StageKind, region_of, rules_for
from .sender import Text
from .slices import Slices
from .snapshot import AccountSnapshot, CameraPlan
from .ticker import Ticker
from .words import rounded

# The moment at which limits are looked at stands among those of cameras under this name.
_LIMITS: Final = ""

# Seconds that unloading waits for what is being told; what is cut off is told again.
_PATIENCE: Final = 5

_NO_RULES: Final = "*"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A digest that Home Assistant shows: its words, and the limits in it."""

    text: Text
    exceeded: tuple[Exceeded, ...]

    def says_the_same_as(self, text: Text) -> bool:
        """Return whether other words would look the same."""
        return (self.text.title, self.text.message) == (text.title, text.message)


# By entry, and longer than one is loaded: notifications go with Home Assistant only.
_DIGESTS: HassKey[dict[str, _Shown]] = HassKey(f"{DOMAIN}_digests")


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
        self._working = asyncio.Lock()
        self._work: set[asyncio.Task[None]] = set()
        self._started = False
        self._digests = hass.data.setdefault(_DIGESTS, {})

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
            persistent_notification.async_register_callback(self._hass, self._async_on_notice),
            async_at_started(self._hass, self._async_begin),
        ):
            self._entry.async_on_unload(end)

    @callback
    def _async_begin(self, _hass: HomeAssistant) -> None:
        self._started = True
        self._async_rearm((*self._account.data.cameras, _LIMITS))

    @callback
    def _async_on_notice(
        self,
        change: persistent_notification.UpdateType,
        notices: Mapping[str, persistent_notification.Notification],
    ) -> None:
        """Hear that somebody took the digest down: it is not to come back by itself."""
        if change is persistent_notification.UpdateType.REMOVED and self._ref in notices:
            self._digests.pop(self._entry.entry_id, None)

    @property
    def _ref(self) -> str:
        return digest_ref(self._entry.entry_id)

    async def async_stop(self) -> None:
        """Release the timer and write what is not yet written."""
        self._started = False
        self._ticker.async_stop()
        if self._work:
            _, late = await asyncio.wait(self._work, timeout=_PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
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
        if self.digest and not self.digest.lines.keys().isdisjoint(camera_ids):
            await self._async_show_again(self.digest)

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
        if not self._tells or not limits_of(self._entry.options):
            return None
        now, habits = clock.now(), self._habits()
        today = habits.digest_on(now.astimezone(habits.zone).date())
        return today if today > now else habits.digest_of_tomorrow(now)

    @callback
    def _async_on_due(self, camera_ids: Collection[str]) -> None:
        self._async_run(self._async_work(tuple(camera_ids)))

    @callback
    def _async_run(self, work: Any) -> None:
        # Not the entry's: that would end it before what is being told is out.
        task = self._hass.async_create_background_task(work, f"{DOMAIN} alerts")
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    # --- Telling ---

    async def _async_work(self, camera_ids: Collection[str]) -> None:
        """Tell what is due of cameras whose moment has come, and write down that it was."""
        async with self._working:
            now = clock.now()
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
            exceeded = tuple(self._exceeded_now(now)) if _LIMITS in camera_ids else ()
            for part in parts:
                self._tell_event(part)
            if self._tells and (parts or exceeded):
                await self._async_send(parts, exceeded, now)
            for camera_id, question in told.items():
                # Asked again: what the owner decided meanwhile stays.
                self._book.async_put(camera_id, question.asked(self._book.get(camera_id))[0])
            if _LIMITS in camera_ids:
                self._remember_limits(exceeded, now)
            await self._book.async_flush()
        await self._async_arm(camera_ids)

    def _tell_event(self, part: Part) -> None:
        if not part.alert.kept and not part.alert.again:
            activity = Activity.CHARGE_AHEAD if part.alert.charge else Activity.PLAN_ENDING
            facts = facts_of(part.plan, part.alert)
            self._account.casework.async_tell(part.camera_id, activity, facts, to_people=False)

    async def _async_send(
        self, parts: list[Part], exceeded: tuple[Exceeded, ...], now: datetime
    ) -> None:
        """Send a digest; what was told earlier this day stays in it."""
        new = {part.camera_id for part in parts}
        earlier = [part for part in self._earlier(now) if part.camera_id not in new]
        loud = bool(exceeded) or any(not part.alert.kept for part in parts)
        self._book.async_put_digest(
            Digest(
                at=now,
                lines={
                    part.camera_id: Line(
                        cycle=part.alert.cycle,
                        kind=part.alert.kind,
                        stage_days=part.alert.stage_days,
                        kept=part.alert.kept,
                    )
                    for part in (*earlier, *parts)
                },
            )
        )
        text = (await self.async_words()).digest((*earlier, *parts), exceeded)
        sender = self._account.casework.sender
        if sender.tells_here:
            self._async_show(text, exceeded)
        if loud:
            await sender.async_send((text,))

    def _earlier(self, now: datetime) -> Iterator[Part]:
        """Yield what the last digest said, if that was today and as far as it holds."""
        digest = self.digest
        if digest and dt_util.as_local(digest.at).date() == dt_util.as_local(now).date():
            yield from self._parts_of(digest)

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

    @callback
    def _async_show(self, text: Text, exceeded: tuple[Exceeded, ...]) -> None:
        self._account.casework.sender.async_show(text)
        self._digests[self._entry.entry_id] = _Shown(text=text, exceeded=exceeded)

    async def _async_show_again(self, digest: Digest) -> None:
        """Bring the digest up to date that Home Assistant shows, or take it down."""
        words = await self.async_words()
        shown = self._digests.get(self._entry.entry_id)
        if shown is None:
            return
        parts = [part for part in self._parts_of(digest) if _is_ahead(part, clock.now())]
        if not parts and not shown.exceeded:
            self._account.casework.sender.async_dismiss(self._ref)
        elif not shown.says_the_same_as(text := words.digest(parts, shown.exceeded)):
            self._async_show(text, shown.exceeded)

    async def async_answer(self, text: Text | None, camera_ids: Collection[str]) -> None:
        """Put an answer in place of the digest that it is to; `None` if another message is one.

        What cannot take its place is not sent.
        """
        if digest := self.digest:
            lines = {key: line for key, line in digest.lines.items() if key not in camera_ids}
            self._book.async_put_digest(replace(digest, lines=lines))
        self._digests.pop(self._entry.entry_id, None)
        sender = self._account.casework.sender
        if text is None:
            await sender.async_take_down(self._ref)
            return
        if sender.tells_here:
            sender.async_show(text)
        await sender.async_send((text,), only_phones=True)

    async def async_words(self) -> DigestWords:
        """Return the words for a digest as of now."""
        await async_get_translations(self._hass, self._hass.config.language, "common", {DOMAIN})
        return DigestWords(
            hass=self._hass,
            entry_id=self._entry.entry_id,
            maker=self._account.provider.maker,
            at=clock.now(),
            asked_every=timedelta(hours=self._account.poll_hours),
        )

    def _part(self, camera_id: str, alert: Alert) -> Part:
        device = dr.async_get(self._hass).async_get_device_by_identifier(
            camera_identifier(self._entry, camera_id), self._entry.entry_id
        )
        return Part(
            plan=self._account.data.cameras[camera_id],
            camera=self._account.display_name(camera_id),
            device_id=device.id if device else None,
            alert=alert,
            can_wait=alert.charge is not None and self.tomorrow(camera_id) is not None,
        )

    # --- Limits ---

    def _exceeded_now(self, now: datetime) -> Iterator[Exceeded]:
        """Yield what exceeds the limits by forecast and was not told yet.

        Of single charges the next of each plan, unless its owner keeps it.
        """
        limits = limits_of(self._entry.options)
        if limits is None:
            return
        zone = dt_util.get_default_time_zone()
        views = [view for key in self._account.data.cameras if (view := self._view(key))]
        for over in over_limits(forecast(views, now, zone), limits, zone):
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
    def _tells(self) -> bool:
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
