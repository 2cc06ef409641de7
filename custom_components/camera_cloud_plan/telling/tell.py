"""Telling people what happens to their plans: where they chose, and in few messages.

Each step's message takes the place of the one before. What comes in close together goes
out together, and many cameras of which the same is told make one message. Nothing is told
before Home Assistant has started, when the ways to tell are there.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from homeassistant.components import persistent_notification
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, CoreState, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.translation import async_get_translations

from ..activity import Happened
from ..const import DOMAIN
from ..devices import key_of
from ..plan import Activity
from ..proof.words import message_of, title_of
from ..words import sentences, spoken
from .sender import REPAIRS, Link, Sender, Text

# Seconds that messages are collected, so that a person still hears within two.
_COLLECTED_FOR: Final = 1.0
# Cameras of which the same is told one by one; more make one message.
_MOST_SINGLY: Final = 5

# What a message is about. A later message about the same takes the place of an earlier.
_RENEWAL: Final = "renewal"
_OF_ITS_OWN: Final = frozenset(
    {
        Activity.CAMERA_LEFT,
        Activity.CAMERA_OFFLINE,
        Activity.UPLOAD_OFF,
        Activity.RECORDINGS_INCOMPLETE,
        Activity.FINDING,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A sentence that is added where its facts are known.

    `ahead` must lie in the future, `some` must not be zero.
    """

    key: str
    facts: tuple[str, ...]
    ahead: str | None = None
    some: str | None = None


_ASKED: Final = _Line(key="tell_asked", facts=("asked_on", "checks"))
_CHARGE: Final = _Line(key="tell_charge", facts=("earliest", "latest"), ahead="latest")
_ENDS: Final = _Line(key="tell_ends", facts=("plan_ends",), ahead="plan_ends")
_SAVED: Final = _Line(key="tell_saved", facts=("listed", "saved", "already"))
_NOT_SAVED: Final = _Line(key="tell_not_saved", facts=("failed", "expired"))
_LOST: Final = replace(_NOT_SAVED, some="expired")
_WAITS: Final = _Line(key="tell_waits", facts=("cancellation",))
_MOVED: Final = _Line(key="tell_moved", facts=("old_end", "new_end"))

# What people are told of, and the sentences that may be added.
_TOLD: Final[Mapping[Activity, tuple[_Line, ...]]] = {
    Activity.CANCELLATION_OPENED: (),
    Activity.CANCELLATION_REMINDER: (_CHARGE,),
    Activity.CANCELLATION_NOT_EFFECTIVE: (_ASKED, _CHARGE),
    Activity.CANCELLATION_CONFIRMED: (_ENDS,),
    Activity.RENEWED_AFTER_CANCELLING: (_MOVED,),
    Activity.RENEWAL_BACK_ON: (_CHARGE,),
    Activity.RENEWAL_SWITCHED_ON: (_CHARGE,),
    Activity.TURN_ON_OPENED: (_ENDS,),
    Activity.TURN_ON_NOT_EFFECTIVE: (_ASKED, _ENDS),
    Activity.TURN_ON_CONFIRMED: (_CHARGE,),
    Activity.CAMERA_LEFT: (_CHARGE,),
    Activity.CAMERA_OFFLINE: (_CHARGE,),
    Activity.UPLOAD_OFF: (_CHARGE,),
    Activity.RECORDINGS_SAVED: (_SAVED, _LOST, _CHARGE),
    Activity.RECORDINGS_INCOMPLETE: (_SAVED, _NOT_SAVED, _WAITS),
    Activity.FINDING: (),
}

# After these nothing is left that a person would have to do.
_NOTHING_LEFT: Final = frozenset(
    {
        Activity.CANCELLATION_CONFIRMED,
        Activity.TURN_ON_CONFIRMED,
        Activity.RECORDINGS_INCOMPLETE,
    }
)

# These make the message before them untrue, and are none themselves.
_ENDS_A_MESSAGE: Final = frozenset(
    {
        Activity.CANCELLATION_WITHDRAWN,
        Activity.CANCELLATION_STEP_DONE,
        Activity.CANCELLATION_REQUEST_SENT,
        Activity.TURN_ON_WITHDRAWN,
        Activity.TURN_ON_STEP_DONE,
        Activity.TURN_ON_REQUEST_SENT,
    }
)


class Teller:
    """Tells people what happens to the plans of one account."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, sender: Sender) -> None:
        """Take the account, and who sends its messages."""
        self._hass = hass
        self._entry = entry
        self._sender = sender
        self._words: Mapping[str, str] = {}
        self._waiting: dict[tuple[str, str], Happened] = {}
        self._batches = 0
        self._stop_waiting: CALLBACK_TYPE | None = None
        # Messages about many cameras that stand in Home Assistant: names by camera.
        self._shared: dict[Activity, dict[str, str]] = {}

    @callback
    def async_tell(self, happened: Happened) -> None:
        """Tell people what happened, soon; or take back what it makes untrue."""
        about = (happened.camera_id, _subject_of(happened))
        if happened.activity in _ENDS_A_MESSAGE:
            self._waiting.pop(about, None)
            self._async_take_down(*about)
        elif happened.activity in _TOLD:
            self._waiting.pop(about, None)
            self._waiting[about] = happened
            self._async_wait()

    @callback
    def async_take_back(self, camera_id: str, activity: Activity) -> None:
        """Take back what is no longer so."""
        self._waiting.pop((camera_id, _subject(activity)), None)
        self._async_take_down(camera_id, _subject(activity))

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Collect what is told while it is open, however long that takes."""
        self._batches += 1
        try:
            yield
        finally:
            self._batches -= 1
            if self._stop_waiting is None:
                self._async_on_time()

    @callback
    def async_stop(self) -> None:
        """Collect no longer: what is still to be told is told now."""
        if self._stop_waiting:
            self._stop_waiting()
            self._stop_waiting = None
        if self._waiting:
            self._hass.async_create_background_task(self._async_tell_all(), f"{DOMAIN} tells")

    # --- Waiting ---

    @callback
    def _async_wait(self) -> None:
        if self._stop_waiting is None and not self._batches:
            job = HassJob(self._async_on_time, cancel_on_shutdown=True)
            self._stop_waiting = async_call_later(self._hass, _COLLECTED_FOR, job)

    @callback
    def _async_on_time(self, _: datetime | HomeAssistant | None = None) -> None:
        self._stop_waiting = None
        if self._batches or not self._waiting:
            return
        if self._hass.state is CoreState.running:
            self._entry.async_create_background_task(
                self._hass, self._async_tell_all(), f"{DOMAIN} tells"
            )
        else:
            self._stop_waiting = async_at_started(self._hass, self._async_on_time)

    # --- Telling ---

    async def _async_tell_all(self) -> None:
        self._words = await async_get_translations(
            self._hass, self._hass.config.language, "common", {DOMAIN}
        )
        waiting, self._waiting = self._waiting, {}
        by_activity: dict[Activity, list[Happened]] = {}
        for happened in waiting.values():
            by_activity.setdefault(happened.activity, []).append(happened)
        texts: list[Text] = []
        here = self._sender.tells_here
        for activity, all_of_it in by_activity.items():
            if len(all_of_it) > _MOST_SINGLY:
                texts.append(self._async_tell_of_many(activity, all_of_it, here=here))
            else:
                texts += [self._async_tell_of_one(happened, here=here) for happened in all_of_it]
        told_to = await self._sender.async_send(texts)
        for happened in waiting.values():
            if happened.on_told:
                happened.on_told(told_to)

    @callback
    def _async_tell_of_one(self, happened: Happened, *, here: bool) -> Text:
        text = self._text_of_one(happened)
        self._async_take_down(happened.camera_id, _subject_of(happened), keep=text.ref)
        if here:
            self._sender.async_show(text)
        return text

    @callback
    def _async_tell_of_many(
        self, activity: Activity, all_of_it: Iterable[Happened], *, here: bool
    ) -> Text:
        cameras = self._shared.get(activity, {}) | {
            happened.camera_id: happened.camera for happened in all_of_it
        }
        for camera_id in cameras:
            self._async_take_down(camera_id, _subject(activity))
        text = self._text_of_many(activity, cameras.values())
        if here:
            self._shared[activity] = cameras
            self._sender.async_show(text)
        return text

    @callback
    def _async_take_down(self, camera_id: str, subject: str, *, keep: str | None = None) -> None:
        """Take a camera out of what Home Assistant shows of it about a subject."""
        if (ref := self._ref_of_one(camera_id, subject)) != keep:
            self._sender.async_dismiss(ref)
        for activity in [*self._shared]:
            cameras = self._shared[activity]
            if _subject(activity) != subject or camera_id not in cameras:
                continue
            del cameras[camera_id]
            if cameras:
                self._sender.async_show(self._text_of_many(activity, cameras.values()))
            else:
                del self._shared[activity]
                self._sender.async_dismiss(self._ref_of_many(activity))

    # --- Words ---

    def _text_of_one(self, happened: Happened) -> Text:
        key = f"tell_{happened.activity}"
        if happened.activity is Activity.FINDING:
            what = title_of(self._hass, happened.facts)
            title = self._word(key, camera=happened.camera, what=what)
            message = message_of(self._hass, happened.facts)
        else:
            title = self._word(key, camera=happened.camera)
            said = [self._word(f"{key}_message"), *self._lines(happened)]
            message = sentences(self._hass, said)
        return Text(
            ref=self._ref_of_one(happened.camera_id, _subject_of(happened)),
            title=title,
            message=message,
            link=self._link(happened.activity),
        )

    def _text_of_many(self, activity: Activity, cameras: Collection[str]) -> Text:
        key = f"tell_{activity}"
        names = "\n".join(f"• {camera}" for camera in sorted(cameras, key=str.casefold))
        return Text(
            ref=self._ref_of_many(activity),
            title=self._word(f"{key}_many", count=str(len(cameras))),
            message=f"{self._word(f'{key}_message')}\n\n{names}",
            link=self._link(activity),
        )

    def _link(self, activity: Activity) -> Link | None:
        """Return where to look; `None` where nothing is left to be done."""
        if activity in _NOTHING_LEFT:
            return None
        return Link(path=REPAIRS, label=self._word("tell_show_me"), where=self._word("tell_where"))

    def _lines(self, happened: Happened) -> Iterator[str]:
        facts = happened.facts
        for line in _TOLD[happened.activity]:
            if not all(fact in facts for fact in line.facts):
                continue
            if line.some and not facts[line.some]:
                continue
            if line.ahead is None or facts[line.ahead] > happened.at:
                yield self._word(
                    line.key,
                    **{
                        fact: spoken(self._hass, value) if isinstance(value, datetime) else value
                        for fact in line.facts
                        for value in (facts[fact],)
                    },
                )

    def _word(self, key: str, **gaps: object) -> str:
        return self._words[f"component.{DOMAIN}.common.{key}"].format(**gaps)

    def _ref_of_one(self, camera_id: str, subject: str) -> str:
        return _ref(self._entry, subject, camera_id)

    def _ref_of_many(self, activity: Activity) -> str:
        return _ref(self._entry, activity)


@callback
def async_take_down_all(
    hass: HomeAssistant, entry: ConfigEntry, camera_ids: Collection[str]
) -> None:
    """Take down what Home Assistant shows of an account that goes."""
    for activity in _TOLD:
        persistent_notification.async_dismiss(hass, _ref(entry, activity))
        for camera_id in camera_ids:
            persistent_notification.async_dismiss(hass, _ref(entry, _subject(activity), camera_id))


def _ref(entry: ConfigEntry, what: str, *camera_id: str) -> str:
    """Return what a message is known by; it does not tell a camera's id."""
    return f"{DOMAIN}_{what}_{key_of(entry.entry_id, *camera_id)}"


def _subject_of(happened: Happened) -> str:
    """Return what a message is about: each finding is a matter of its own."""
    subject = _subject(happened.activity)
    if happened.activity is Activity.FINDING:
        return f"{subject}_{key_of(happened.facts['key'])}"
    return subject


def _subject(activity: Activity) -> str:
    return activity.value if activity in _OF_ITS_OWN else _RENEWAL
