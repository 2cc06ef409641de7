"""The coordinator of one account: polls the maker's cloud and tells who is concerned.

It differs from Home Assistant's plain coordinator in three ways. Listeners are told per
changed camera and in slices, so that many cameras do not hold the event loop. What hangs
on the clock alone changes by a timer of its own. And a camera, or the whole account, that
cannot be read keeps its last good reading, marked with its age.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import logging
import random
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, Platform
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryNotReady,
    HomeAssistantError,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .activity import ActivityHub, OnTold
from .agenda.agenda import Agenda
from .casework.book import CaseBook
from .casework.departures import Departures
from .casework.desk import Casework
from .casework.watches import WatchBook
from .cloud.errors import CloudError, RateLimitedError, RequestNotSentError, SignInNeededError
from .cloud.provider import Detail, PlanProvider, PlanReadings
from .cloud.renewal_request import RenewalRequest
from .connect import mask
from .const import (
    BILLED_BY_DEFAULT,
    BILLED_BY_UNKNOWN,
    CONF_BILLED_BY,
    CONF_CAMERAS_EXCLUDED,
    CONF_POLL_HOURS,
    CONF_SHOW_SHARED,
    CONF_TARIFFS,
    DEFAULT_POLL_HOURS,
    DOMAIN,
)
from .devices import (
    account_key,
    async_register_camera,
    async_registered_cameras,
    async_remove_camera,
    async_shown_name,
)
from .failures import failure_of, update_error
from .plan import (
    Activity,
    Camera,
    Case,
    Channel,
    Ownership,
    PlanReading,
    Renewal,
    Wish,
    channel_in,
    clock,
)
from .plan.alerts import Alert, Keep
from .proof.claims import ClaimDesk
from .proof.desk import ProofDesk
from .proof.found import shown_by
from .proof.known import alert_facts
from .saving.book import LastExport
from .saving.desk import ExportDesk
from .slices import Slices
from .snapshot import AccountSnapshot, CameraPlan, Failure
from .store import SnapshotStore
from .tariffs import OwnersTariffs
from .telling.alert_desk import AlertDesk
from .ticker import Ticker
from .typed.plans import async_change_plan, typed_plan

_LOGGER = logging.getLogger(__name__)

# Polls are spread by this share of the interval, so that installations do not meet.
_JITTER: Final = 0.1
# A poll that failed is tried again after this, then after twice that, and so on up to the
# poll interval.
_FIRST_RETRY: Final = timedelta(minutes=10)
_MAX_DOUBLINGS: Final = 8
# The least time between two checks by hand; one asked for earlier is made when it is over.
CHECK_NOW_FLOOR: Final = timedelta(seconds=60)
# Second witnesses asked because a renewal was seen to go off, per poll.
_MAX_SECOND_WITNESSES: Final = 8
# Changed cameras whose listeners are told in one go rather than in slices, if the account has
# no more than so many: what shows the account sums up all of them.
_AT_ONCE: Final = 3
_FEW: Final = 100

# Entities whose value costs a request of its own: platform and key, as in their unique ids.
DETAIL_ENTITIES: Final[Mapping[tuple[Platform, str], Detail]] = {
    (Platform.SENSOR, "storage_used"): Detail.STORAGE_USED,
    (Platform.BINARY_SENSOR, "upload"): Detail.UPLOAD,
}


# The one that costs lists.
RECORDINGS_AT_RISK: Final = "recordings_at_risk"


@dataclass(slots=True, kw_only=True)
class CloudPlanRuntime:
    """What lives as long as a loaded config entry."""

    provider: PlanProvider
    coordinator: CloudPlanCoordinator


type CloudPlanConfigEntry = ConfigEntry[CloudPlanRuntime]
type CamerasListener = Callable[[Collection[str]], None]


class CloudPlanCoordinator(DataUpdateCoordinator[AccountSnapshot]):
    """Keeps one account's snapshot up to date.

    A listener's context is the id of the camera that it shows, or `None` if it shows
    the account.
    """

    config_entry: CloudPlanConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: CloudPlanConfigEntry,
        provider: PlanProvider,
        renewal_request: RenewalRequest | None = None,
    ) -> None:
        """Take the account's provider and the owner's request definition; nothing is read yet."""
        self.poll_hours: int = entry.options.get(CONF_POLL_HOURS, DEFAULT_POLL_HOURS)
        self._poll_every = timedelta(hours=self.poll_hours)
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=f"{DOMAIN} {entry.title}",
            update_interval=self._poll_every,
            always_update=False,
        )
        self.provider = provider
        self.renewal_request = renewal_request
        self.casework = Casework(hass, entry, self)
        self.exports = ExportDesk(hass, entry, self)
        self.alerts = AlertDesk(hass, entry, self)
        self.agenda = Agenda(self)
        self.proof = ProofDesk(hass, entry, self)
        self.claims = ClaimDesk(hass, entry, self)
        self._tariffs = OwnersTariffs(entry.options.get(CONF_TARIFFS, {}))
        self._store = SnapshotStore(hass, entry.entry_id)
        self._departures = Departures(hass, entry)
        self._ticker = Ticker(hass, self._async_on_due)
        self._check_now = Debouncer(
            hass,
            _LOGGER,
            cooldown=CHECK_NOW_FLOOR.total_seconds(),
            immediate=True,
            function=self.async_refresh,
        )
        self._reading = asyncio.Lock()
        self._asking: set[asyncio.Task[Any]] = set()
        self._stopped = False
        self._failures = 0
        self._changed: set[str] = set()
        self._devices: dict[str, Camera] = {}
        self._of_camera: dict[str, dict[object, CALLBACK_TYPE]] = {}
        self._of_account: dict[object, CALLBACK_TYPE] = {}
        self._of_cameras: list[CamerasListener] = []

    # --- Life ---

    async def async_start(self) -> None:
        """Restore what is stored and read the account for the first time.

        Where the account cannot be read, set-up goes on with what is stored, or with nothing
        if it has been set up before: its entities have to be there for the automations that
        are begun with Home Assistant. Raises `ConfigEntryNotReady` or `ConfigEntryAuthFailed`
        where it never was, and `UnsupportedStorageVersionError` for cases of a newer version.
        """
        await self.casework.async_load()
        await self.exports.async_load()
        await self.alerts.async_load()
        await self.proof.async_load()
        stored = await self._store.async_load()
        if stored:
            await self._async_take(await self._async_restored(stored))
        self.proof.async_start(stored, self.exports.last_of_each)
        try:
            await self.async_config_entry_first_refresh()
        except (ConfigEntryNotReady, ConfigEntryAuthFailed) as err:
            if stored:
                _LOGGER.warning("Showing the last good data, of %s: %s", stored.read_at, err)
            elif self._was_set_up:
                _LOGGER.warning("Nothing is known of the plans until they are read: %s", err)
                self.data = AccountSnapshot(read_at=None, cameras={})
            else:
                await self.proof.async_stop()
                raise
            if isinstance(err, ConfigEntryAuthFailed):
                self.update_interval = None  # signing in again reloads the entry
                self.config_entry.async_start_reauth(self.hass)
        self._ticker.async_set(
            {camera_id: self._next_change(camera_id) for camera_id in self.data.cameras}
        )
        await self.proof.async_ready()
        self.casework.async_start()
        self.exports.async_start()
        self.alerts.async_start()
        self._departures.async_show_all(self.data.cameras.values())
        self.claims.async_show_all(tuple(self.data.cameras))
        self.activity.async_when_heard(self.proof.async_tell)
        self.config_entry.async_on_unload(
            self.hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._async_on_core_config)
        )

    @property
    def _was_set_up(self) -> bool:
        """Whether the account has been set up before: then it left entities."""
        registry = er.async_get(self.hass)
        return bool(er.async_entries_for_config_entry(registry, self.config_entry.entry_id))

    async def _async_restored(self, stored: AccountSnapshot) -> AccountSnapshot:
        """Return stored data as such, and with what plans cost as the options say it now."""
        slices = Slices()
        cameras: dict[str, CameraPlan] = {}
        for camera_id, plan in _marked(stored, Failure.RESTORED).cameras.items():
            cameras[camera_id] = self._priced(plan)
            await slices.pause_if_due()
        return replace(stored, cameras=cameras)

    @override
    async def async_shutdown(self) -> None:
        """Release every timer and write what is not yet written."""
        await super().async_shutdown()
        self._check_now.async_shutdown()
        self._ticker.async_stop()
        await self.alerts.async_stop()
        await self.casework.async_stop()
        await self.proof.async_stop()
        await self._store.async_flush()

    async def async_stop_asking(self) -> None:
        """End what is being asked, and ask nothing more: the session is about to be closed."""
        self._stopped = True
        await self.exports.async_stop()
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    # --- What others look up ---

    @property
    def cases(self) -> CaseBook:
        """The account's cases."""
        return self.casework.cases

    @property
    def watches(self) -> WatchBook:
        """What is remembered of each camera."""
        return self.casework.watches

    @property
    def activity(self) -> ActivityHub:
        """Who tells what happens."""
        return self.casework.activity

    @callback
    def known(self, camera_id: str) -> CameraPlan | None:
        """Return a camera as last read; `None` for one that is not there."""
        return self._known.get(camera_id)

    @callback
    def display_name(self, camera_id: str) -> str:
        """Return the name that people gave a camera's device here, else the maker's.

        One that the account does not list, and that has no device, goes by the end of its id.
        """
        plan = self.known(camera_id)
        own = async_shown_name(self.hass, self.config_entry, camera_id)
        return own or (plan.camera.name if plan else mask(camera_id))

    @callback
    def is_kept(self, camera_id: str) -> bool:
        """Return whether the owner keeps a camera's plan for good."""
        return self.alerts.kept(camera_id) is Keep.PLAN

    # --- Exports ---

    @property
    def needs_sign_in(self) -> bool:
        """Whether the owner has to sign in again before anything can be asked."""
        return not self.last_update_success and isinstance(
            self.last_exception, ConfigEntryAuthFailed
        )

    @callback
    def showing_losses(self) -> Collection[str]:
        """Return the cameras of which an enabled entity shows what they are about to lose."""
        return [
            camera_id
            for camera_id in self._known
            if self._is_enabled(Platform.SENSOR, camera_id, RECORDINGS_AT_RISK)
        ]

    @callback
    def async_counted(self, camera_id: str, count: int, at: datetime) -> None:
        """Hear how many recordings the maker lists of a camera, all there are at a moment (UTC)."""
        self.proof.async_counted(camera_id, count, at)

    async def async_exported(self, last: LastExport, *, waited_for: bool, makes_up: bool) -> bool:
        """Hear that an export is done; return whether a case waits for all there is."""
        self.proof.async_exported(last)
        return await self.casework.async_exported(last, waited_for=waited_for, makes_up=makes_up)

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        """Let exports go on that waited for this, after a reading that succeeded."""
        super()._async_refresh_finished()
        if self.last_update_success:
            self.exports.async_polled()

    # --- Who bills ---

    @callback
    def billed_by(self, camera_id: str) -> Channel | None:
        """Return who bills a camera's plan by its owner's word; `None` without one."""
        choice = self._choice(camera_id)
        return None if choice in (None, BILLED_BY_UNKNOWN) else Channel(choice)

    @callback
    def is_billing_known(self, camera_id: str) -> bool:
        """Return whether the owner was asked who bills; "I don't know" is an answer."""
        return self._choice(camera_id) is not None

    def _choice(self, camera_id: str) -> str | None:
        if plan := typed_plan(self.config_entry, camera_id):
            if plan.billed_by is Channel.SELLER_UNKNOWN:
                return BILLED_BY_UNKNOWN
            return plan.billed_by.value if plan.billed_by else None
        choices: Mapping[str, str] = self.config_entry.options.get(CONF_BILLED_BY, {})
        return choices.get(camera_id, choices.get(BILLED_BY_DEFAULT))

    async def async_set_billed_by(
        self, choice: Channel | None, camera_id: str | None = None
    ) -> None:
        """Keep who bills a camera, or all of the account's in place of what was said singly.

        `None` is "I don't know". What is shown is judged anew at once. Who bills a typed plan
        is kept with it.
        """
        if camera_id and camera_id in self.config_entry.subentries:
            said = choice or Channel.SELLER_UNKNOWN
            async_change_plan(self.hass, self.config_entry, camera_id, billed_by=said)
            await self._async_judge_anew()
            return
        word = BILLED_BY_UNKNOWN if choice is None else choice.value
        options = self.config_entry.options
        before = options.get(CONF_BILLED_BY, {}) if camera_id else {}
        billed_by = {**before, camera_id or BILLED_BY_DEFAULT: word}
        self.hass.config_entries.async_update_entry(
            self.config_entry, options={**options, CONF_BILLED_BY: billed_by}
        )
        await self._async_judge_anew()

    async def _async_judge_anew(self) -> None:
        """Judge all readings by who bills, what it costs and which zone holds now; show it."""
        slices = Slices()
        async with self._reading:
            cameras: dict[str, CameraPlan] = {}
            for camera_id, plan in self._known.items():
                channel = channel_in(plan.camera.region, self.billed_by(camera_id))
                cameras[camera_id] = self._priced(replace(plan, channel=channel)).judge()
                await slices.pause_if_due()
            await self._async_take(replace(self.data, cameras=cameras), news=False)
            self._store.async_save(self.data)
        # Also where nothing is judged differently: who bills is itself shown.
        self.async_show(*cameras)

    def shown_by(self, finding: str, camera_id: str) -> str | None:
        """Return what else tells people of a kind of finding; `None` where nothing does."""
        case, watch = self.cases.get(camera_id), self.watches.get(camera_id)
        return shown_by(finding, self.known(camera_id), case, watch)

    @callback
    def async_tell_finding(self, camera_id: str, facts: Mapping[str, Any], on_told: OnTold) -> None:
        """Tell what was found; an empty id is of the account as a whole."""
        self.casework.async_tell(
            camera_id, Activity.FINDING, facts, to_people=True, on_told=on_told
        )

    @callback
    def async_write_down(self, camera_id: str, before: Case | None, after: Case | None) -> None:
        """Write down what happened between two versions of a camera's case."""
        self.proof.async_case(camera_id, before, after)

    async def async_told(self, alerts: Mapping[str, Alert], told_to: Collection[str]) -> None:
        """Write down what people, of these kinds, were told of charges and ends to come."""
        for camera_id, alert in alerts.items():
            self.proof.async_alerted(camera_id, alert_facts(alert, told_to))
        await self.proof.async_settled()

    @callback
    def async_take_word(self, camera_id: str, before: Case | None, after: Case | None) -> None:
        """Take what an owner did about a typed plan's case for their word on its renewal.

        Whoever says that it is off, it is off by their word. Whoever takes that back has said
        nothing of what the seller knows of it: then it is not known.
        """
        case, plan = after or before, typed_plan(self.config_entry, camera_id)
        if plan is None or case is None or case.wish is Wish.ON:
            return
        done_before = before.done_at if before else None
        if after and after.done_at and done_before is None:
            async_change_plan(self.hass, self.config_entry, camera_id, renews=False)
        elif after is None and done_before and case.is_open and plan.renews is False:
            async_change_plan(self.hass, self.config_entry, camera_id, renews=None)

    # --- What it costs, and by which calendar ---

    def _priced(self, plan: CameraPlan) -> CameraPlan:
        """Return a camera with what its owner says that its plan costs."""
        if plan.reading is None:
            return plan
        reading = self._tariffs.put_on(plan.reading, plan.zone)
        return plan if reading is plan.reading else replace(plan, reading=reading)

    @callback
    def _async_on_core_config(self, event: Event) -> None:
        """Judge anew in another zone; days that were typed are read by its calendar."""
        if "time_zone" in event.data:
            asks = self.provider.capabilities.asks
            self.config_entry.async_create_task(
                self.hass,
                self._async_judge_anew() if asks else self.async_refresh(),
                f"{self.name} in another zone",
            )

    # --- Asking the maker ---

    async def _async_ask[T](self, question: Coroutine[Any, Any, T]) -> T:
        """Await an answer of the maker, or what the question raises.

        Unloading the account cancels the question, and whoever waits for it. Where the maker
        wants a new sign-in its owner is asked at once, whoever put the question.
        """
        task = self.config_entry.async_create_background_task(
            self.hass, question, f"{self.name} asks", eager_start=False
        )
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        if self._stopped:
            task.cancel()
        try:
            return await task
        except SignInNeededError:
            self.config_entry.async_start_reauth(self.hass)
            raise

    async def async_check_now(self) -> None:
        """Read the account now, at most once a minute.

        Asked again within that minute, it keeps the last result and reads again when the
        minute is over. Raises the last read's error.
        """
        await self._check_now.async_call()
        if not self.last_update_success and isinstance(self.last_exception, HomeAssistantError):
            raise self.last_exception

    async def async_request(self, camera_id: str, wish: Wish) -> None:
        """Send the maker a request for one camera, once; raises `CloudError`."""
        if (requests := self.provider.requests) is None:
            raise RequestNotSentError("nobody is asked here")
        await self._async_ask(requests.request_renewal(self.data.cameras[camera_id].camera, wish))

    async def async_read_back(self, camera_id: str) -> None:
        """Read one camera's plan at once, with its second witness.

        Raises `CloudError`; nothing is changed then.
        """
        async with self._reading:
            plan = self.data.cameras[camera_id]
            detail = Detail.SECOND_WITNESS | self._shown_details(camera_id)
            readings = await self._async_ask(
                self.provider.read_plans((plan.camera,), {camera_id: detail})
            )
            reading = readings[camera_id]
            if isinstance(reading, CloudError):
                raise reading
            read = self._priced(replace(plan, reading=reading, failure=None))
            await self._async_take(
                replace(self.data, cameras={**self.data.cameras, camera_id: read})
            )
            self._store.async_save(self.data)
        self.async_update_listeners()

    @override
    async def _async_update_data(self) -> AccountSnapshot:
        async with self._reading:
            try:
                snapshot = await self._async_ask(self._async_poll())
            except CloudError as err:
                self._failures += 1
                self.update_interval = _jittered(self._wait_after_failures())
                if self.data is not None:
                    await self._async_take(_marked(self.data, failure_of(err)))
                    self.async_update_listeners()
                raise update_error(err) from err
            self._failures = 0
            self.update_interval = _jittered(self._poll_every)
            await self._async_take(snapshot)
            self._store.async_save(snapshot)
            return snapshot

    def _wait_after_failures(self) -> timedelta:
        """Return the wait after failures in a row: doubling, up to the poll interval."""
        doublings = min(self._failures - 1, _MAX_DOUBLINGS)
        return min(_FIRST_RETRY * (1 << doublings), self._poll_every)

    @property
    def _known(self) -> Mapping[str, CameraPlan]:
        """The cameras as last read; none before the first reading."""
        return self.data.cameras if self.data is not None else {}

    async def _async_poll(self) -> AccountSnapshot:
        """Ask the maker; raises `CloudError` where the account as a whole cannot be read."""
        known = self._known
        try:
            listed = await self.provider.list_cameras()
        except SignInNeededError, RateLimitedError:
            raise
        except CloudError as err:
            if not known:
                raise
            _LOGGER.debug("No list of cameras, reading those that are known: %s", err)
            return await self._async_poll_known(known)
        cameras = {camera.camera_id: camera for camera in listed if self._is_chosen(camera)}
        plans = await self._async_read(cameras, known)
        await self.proof.async_ready()  # it was read meanwhile, and is asked from here on
        return AccountSnapshot(
            read_at=clock.now(), cameras={**plans, **await self._async_settle(listed, plans)}
        )

    async def _async_poll_known(self, known: Mapping[str, CameraPlan]) -> AccountSnapshot:
        """Read the cameras of the last snapshot, where the account cannot list them.

        Whether they are online is in that list alone.
        """
        cameras = {
            camera_id: replace(plan.camera, online=None)
            for camera_id, plan in known.items()
            if not plan.left_at
        }
        plans = await self._async_read(cameras, known)
        await self.proof.async_ready()
        return AccountSnapshot(read_at=clock.now(), cameras={**known, **plans})

    def _is_chosen(self, camera: Camera) -> bool:
        """Return whether the owner's options let a camera be shown.

        One with a case is watched to its end whatever they say.
        """
        if camera.camera_id in self.cases.watched_cameras:
            return True
        options = self.config_entry.options
        if camera.camera_id in options.get(CONF_CAMERAS_EXCLUDED, ()):
            return False
        shows_shared: bool = options.get(CONF_SHOW_SHARED, False)
        return shows_shared or camera.ownership is not Ownership.SHARED

    async def _async_read(
        self, cameras: Mapping[str, Camera], known: Mapping[str, CameraPlan]
    ) -> dict[str, CameraPlan]:
        """Read the cameras' plans, with second witnesses where they are called for.

        Those are cameras with an open case, ones whose witnesses disagreed, and
        ones whose renewal goes off with this reading: they are read once more, and where
        that fails, their last good reading stays.
        """
        if not cameras:
            return {}
        slices = Slices()
        details: dict[str, Detail] = {}
        doubted: list[str] = []
        for camera_id in cameras:
            if detail := self._shown_details(camera_id):
                details[camera_id] = detail
            if self.cases.is_open(camera_id) or _disagrees(known.get(camera_id)):
                doubted.append(camera_id)
            await slices.pause_if_due()
        del doubted[_MAX_SECOND_WITNESSES:]
        for camera_id in doubted:
            details[camera_id] = details.get(camera_id, Detail.NONE) | Detail.SECOND_WITNESS
        readings = await self.provider.read_plans(cameras.values(), details)
        plans: dict[str, CameraPlan] = {}
        turned_off: list[Camera] = []
        for camera_id, camera in cameras.items():
            before = known.get(camera_id)
            plans[camera_id] = self._merged(before, camera, readings.get(camera_id)).judge()
            if camera_id not in doubted and _turned_off(before, plans[camera_id]):
                turned_off.append(camera)
            await slices.pause_if_due()
        del turned_off[_MAX_SECOND_WITNESSES - len(doubted) :]
        if turned_off:
            again = await self._async_read_again(turned_off, details)
            for camera in turned_off:
                camera_id = camera.camera_id
                plans[camera_id] = self._merged(known.get(camera_id), camera, again.get(camera_id))
        return plans

    def _merged(
        self,
        known: CameraPlan | None,
        camera: Camera,
        reading: PlanReading | CloudError | None,
    ) -> CameraPlan:
        """Return a camera with its new reading, or with its last good one and what went wrong."""
        channel = channel_in(camera.region, self.billed_by(camera.camera_id))
        if isinstance(reading, PlanReading):
            return self._priced(CameraPlan(camera=camera, channel=channel, reading=reading))
        return CameraPlan(
            camera=camera,
            channel=channel,
            reading=known.reading if known else None,
            failure=failure_of(reading) if reading else Failure.UNEXPECTED_ANSWER,
        )

    async def _async_read_again(
        self, cameras: Collection[Camera], details: Mapping[str, Detail]
    ) -> PlanReadings:
        """Read a few cameras with their second witness; where it fails, their error."""
        more = {
            camera.camera_id: details.get(camera.camera_id, Detail.NONE) | Detail.SECOND_WITNESS
            for camera in cameras
        }
        try:
            return await self.provider.read_plans(cameras, more)
        except SignInNeededError:
            raise
        except CloudError as err:
            return dict.fromkeys(more, err)

    def _shown_details(self, camera_id: str) -> Detail:
        """Return what a camera's enabled entities ask beyond the plan's status."""
        details = Detail.NONE
        for (platform, key), detail in DETAIL_ENTITIES.items():
            if self._is_enabled(platform, camera_id, key):
                details |= detail
        return details

    def _is_enabled(self, platform: Platform, camera_id: str, key: str) -> bool:
        """Return whether a camera's entity is there and not disabled."""
        registry = er.async_get(self.hass)
        unique_id = f"{account_key(self.config_entry)}_{camera_id}_{key}"
        entity_id = registry.async_get_entity_id(platform, DOMAIN, unique_id)
        entity = registry.async_get(entity_id) if entity_id else None
        return entity is not None and not entity.disabled

    async def _async_settle(
        self, listed: Collection[Camera], plans: Mapping[str, CameraPlan]
    ) -> Mapping[str, CameraPlan]:
        """Return the absent cameras that stay; remove those that go."""
        known = self._known
        ids = {*known, *async_registered_cameras(self.hass, self.config_entry)} - {*plans}
        deselected = {
            *self.config_entry.options.get(CONF_CAMERAS_EXCLUDED, ()),
            *(camera.camera_id for camera in listed),
            # What is typed in is there or is not: no list of it is to be doubted.
            *(() if self.provider.capabilities.asks else ids),
        }
        settled = self._departures.async_settle(
            {camera_id: known.get(camera_id) for camera_id in ids},
            deselected=deselected,
            watched=self.cases.watched_cameras | self.claims.cameras,
        )
        for camera_id in settled.left:
            self.casework.async_tell(camera_id, Activity.CAMERA_LEFT, to_people=True)
        now, gone = clock.now(), settled.gone - deselected
        self.proof.async_left(
            gone | {key for key in settled.kept if settled.kept[key].left_at}, now
        )
        for camera_id in settled.gone:
            await self._async_let_go(camera_id)
        for camera_id in plans:
            if (plan := known.get(camera_id)) and plan.left_at:
                self._departures.async_hide(camera_id)
        return settled.kept

    async def async_forget(self, camera_id: str) -> None:
        """Let go of a camera at its owner's wish: its data, device and case."""
        async with self._reading:
            plans = {key: plan for key, plan in self.data.cameras.items() if key != camera_id}
            await self._async_take(replace(self.data, cameras=plans))
            self._store.async_save(self.data)
            await self._async_let_go(camera_id)
        self.async_update_listeners()

    async def _async_let_go(self, camera_id: str) -> None:
        self._departures.async_hide(camera_id)
        await self.casework.async_let_go(camera_id)
        await self.exports.async_forget(camera_id)
        self.alerts.async_forget(camera_id)
        self._devices.pop(camera_id, None)
        async_remove_camera(self.hass, self.config_entry, camera_id)

    # --- Taking and telling ---

    async def _async_take(self, snapshot: AccountSnapshot, *, news: bool = True) -> None:
        """Make a snapshot the current one; note what it changes, yielding on the way.

        `news`: whether something was read anew.
        """
        before, data = self._known, self.data
        slices = Slices()
        for camera_id, plan in snapshot.cameras.items():
            if not plan.shows_the_same_as(before.get(camera_id)):
                self._changed.add(camera_id)
            if self._devices.get(camera_id) != plan.camera:
                async_register_camera(self.hass, self.config_entry, plan.camera)
                self._devices[camera_id] = plan.camera
            await slices.pause_if_due()
        self._changed |= before.keys() - snapshot.cameras.keys()
        self.data = snapshot
        if not news:
            return
        self.proof.async_looked(data, snapshot)
        with self.casework.batch():
            for camera_id, plan in snapshot.cameras.items():
                known = before.get(camera_id)
                # A reading that is held already, or comes from the store, is no news.
                if not plan.failure and (known is None or known.reading is not plan.reading):
                    self.proof.async_read(plan, known)
                    await self.casework.async_seen(plan)
                    await slices.pause_if_due()
            await self.casework.async_all_seen()
        self.proof.async_kick()

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: str | None = None
    ) -> Callable[[], None]:
        """Listen for changes of one camera, or with no context for any news."""
        remove = super().async_add_listener(update_callback, context)
        listeners = self._of_account if context is None else self._of_camera.setdefault(context, {})
        token = object()
        listeners[token] = update_callback

        @callback
        def remove_listener() -> None:
            del listeners[token]
            remove()

        return remove_listener

    @callback
    def async_add_cameras_listener(self, listener: CamerasListener) -> Callable[[], None]:
        """Listen for which cameras changed, by their ids; gone ones are among them."""
        self._of_cameras.append(listener)

        @callback
        def remove_listener() -> None:
            self._of_cameras.remove(listener)

        return remove_listener

    @callback
    def async_show(self, *camera_ids: str) -> None:
        """Tell the listeners of these cameras, and the account's, that something changed."""
        self._changed.update(camera_ids)
        self.async_update_listeners()

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Tell the listeners of the cameras that changed, and the account's.

        Many are told in slices that yield to the event loop.
        """
        changed, self._changed = self._changed, set()
        if len(changed) <= _AT_ONCE and len(self._known) <= _FEW:
            for listener in tuple(self._of_cameras):
                listener(changed)
            self._ticker.async_set(
                {camera_id: self._next_change(camera_id) for camera_id in changed}
            )
            for camera_id in changed:
                self._async_tell(self._of_camera.get(camera_id, {}).values())
            self._async_tell(self._of_account.values())
        else:
            self.config_entry.async_create_task(
                self.hass, self._async_tell_in_slices(changed), f"{self.name} changes"
            )

    async def _async_tell_in_slices(self, changed: Collection[str]) -> None:
        slices = Slices()
        for call in tuple(self._of_cameras):
            call(changed)
            await slices.pause_if_due()
        moments: dict[str, datetime | None] = {}
        for camera_id in changed:
            moments[camera_id] = self._next_change(camera_id)
            self._async_tell(self._of_camera.get(camera_id, {}).values())
            await slices.pause_if_due()
        self._ticker.async_set(moments)
        for listener in tuple(self._of_account.values()):
            await asyncio.sleep(0)  # each sums up all cameras
            self._async_tell((listener,))

    @callback
    def _async_tell(self, listeners: Iterable[CALLBACK_TYPE]) -> None:
        for update_callback in tuple(listeners):
            try:
                update_callback()
            except Exception:  # as in Home Assistant's own: one must not silence the others
                _LOGGER.exception("Unexpected error updating a listener of %s", self.name)

    def _next_change(self, camera_id: str) -> datetime | None:
        """Return the clock's next moment of a camera; `None` for one that is gone."""
        plan = self._known.get(camera_id)
        return plan.next_change(clock.now()) if plan else None

    @callback
    def _async_on_due(self, camera_ids: Collection[str]) -> None:
        self.async_show(*camera_ids)
        now = clock.now()
        if any(_has_ended(self.data.cameras[camera_id], now) for camera_id in camera_ids):
            self.config_entry.async_create_background_task(
                self.hass, self.async_request_refresh(), f"{self.name} plan ended"
            )


def _jittered(interval: timedelta) -> timedelta:
    return interval * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret


def _marked(snapshot: AccountSnapshot, failure: Failure) -> AccountSnapshot:
    """Return a snapshot whose readings are all from before; a camera's own failure stays."""
    return replace(
        snapshot,
        cameras={
            camera_id: plan if plan.failure else replace(plan, failure=failure)
            for camera_id, plan in snapshot.cameras.items()
        },
    )


def _disagrees(plan: CameraPlan | None) -> bool:
    return plan is not None and plan.view is not None and plan.view.verdict.disagree


def _turned_off(before: CameraPlan | None, after: CameraPlan) -> bool:
    """Return whether a running plan's renewal went from on to off between two readings."""
    if before is None or before.view is None or after.view is None:
        return False
    return before.view.renewal is Renewal.ON and after.view.renewal is Renewal.OFF


def _has_ended(plan: CameraPlan, now: datetime) -> bool:
    """Return whether a plan that was read as running has reached its end."""
    view = plan.view
    if view is None or not view.is_active or view.reading.ends_at is None:
        return False
    return view.reading.ends_at <= now
