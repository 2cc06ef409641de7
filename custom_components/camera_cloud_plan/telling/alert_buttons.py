"""The buttons of a digest on a phone: show me how, keep, tomorrow.

What a phone sends back names neither account nor camera, and is compared with what the
buttons of the coming charges would send: nothing has to be remembered for it, a restart
changes nothing, and the button of a charge that is over does nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
import logging
from typing import Any, Final

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..casework.ask import Asker, async_ask, async_asker
from ..const import DOMAIN
from ..coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from ..devices import async_registered_cameras
from ..plan.alerts import Keep
from ..words import spoken, translated
from .alert_words import DIGEST_REF, Verb, action_of
from .house import async_house
from .sender import Text

_LOGGER = logging.getLogger(__name__)

# What a mobile app fires when a button of a notification is pressed.
_EVENT: Final = "mobile_app_notification_action"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pressed:
    """A button: what it does, and the cameras it is about, by account.

    Of a digest about several the first account does it for all.
    """

    verb: Verb
    about: Mapping[CloudPlanCoordinator, Sequence[str]]

    @property
    def only(self) -> tuple[CloudPlanCoordinator, str]:
        """The one camera that it is about, and its account."""
        ((coordinator, (camera_id,)),) = self.about.items()
        return coordinator, camera_id


@callback
def async_listen_to_buttons(hass: HomeAssistant, entry: CloudPlanConfigEntry) -> None:
    """Do what people press, as long as the account is loaded."""
    coordinator = entry.runtime_data.coordinator

    @callback
    def on_pressed(event: Event[dict[str, Any]]) -> None:
        action = event.data.get("action")
        if isinstance(action, str) and action.startswith(f"{DOMAIN}_"):
            pressed = _pressed(coordinator, action) or _pressed_about_several(hass, action)
            if pressed is None or next(iter(pressed.about)) is not coordinator:
                _LOGGER.debug("A button of a charge that is over, or of another account")
                return
            entry.async_create_background_task(
                hass, _async_do(hass, pressed, event.context), f"{DOMAIN} button"
            )

    entry.async_on_unload(hass.bus.async_listen(_EVENT, on_pressed))


def _pressed(coordinator: CloudPlanCoordinator, action: str) -> _Pressed | None:
    desk, entry_id = coordinator.alerts, coordinator.config_entry.entry_id
    for camera_id in desk.keepable():
        if cycle := desk.cycle(camera_id):
            for verb in Verb:
                if action == action_of(verb, entry_id, camera_id, cycle):
                    return _Pressed(verb=verb, about={coordinator: (camera_id,)})
    return None


def _pressed_about_several(hass: HomeAssistant, action: str) -> _Pressed | None:
    entries: list[CloudPlanConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    coordinators = [entry.runtime_data.coordinator for entry in entries]
    about = {
        coordinator: charges
        for coordinator in coordinators
        if (charges := _put_off_by(coordinator, action))
    }
    return _Pressed(verb=Verb.TOMORROW, about=about) if about else None


def _put_off_by(coordinator: CloudPlanCoordinator, action: str) -> tuple[str, ...]:
    """Return the charges of an account that the last digest brought up, if that is its button."""
    desk = coordinator.alerts
    digest = desk.digest
    if digest is None:
        return ()
    day = dt_util.as_local(digest.at).date().isoformat()
    if action not in {action_of(Verb.TOMORROW, target, day) for target in desk.sender.targets}:
        return ()
    return tuple(
        camera_id
        for camera_id, line in digest.lines.items()
        if not line.kept and desk.cycle(camera_id) == line.cycle
    )


async def _async_do(hass: HomeAssistant, pressed: _Pressed, context: Context) -> None:
    """Do what was pressed and say what holds now, in place of the digest."""
    for coordinator, camera_ids in pressed.about.items():
        if not await _async_may_control(coordinator, camera_ids, context):
            _LOGGER.debug("A button was pressed by somebody who may not control these cameras")
            return
    text: Text | None
    try:
        match pressed.verb:
            case Verb.HOW:
                text = await _async_show_how(*pressed.only, context)
            case Verb.KEEP:
                text = await _async_keep(*pressed.only)
            case Verb.TOMORROW:
                text = await _async_put_off(hass, pressed.about)
    except HomeAssistantError as err:
        text = await _async_failed(*pressed.only, err)
    await async_house(hass).async_answer(
        text, {coordinator.alerts: camera_ids for coordinator, camera_ids in pressed.about.items()}
    )


async def _async_show_how(
    coordinator: CloudPlanCoordinator, camera_id: str, context: Context
) -> Text | None:
    """Open the guided cancellation; nothing is ever sent to the maker from a button.

    Where that is told anyway, no answer is needed.
    """
    asker = await async_asker(coordinator.hass, context)
    was_open = coordinator.cases.is_open(camera_id)
    outcome = await async_ask(coordinator, camera_id, asker=asker, guided=True)
    words = await async_house(coordinator.hass).async_words()
    cameras = (coordinator.display_name(camera_id),)
    if asker is Asker.PERSON and outcome.is_open:
        return words.answer("tell_cancellation_opened", cameras, why="alert_answer_told")
    if was_open:
        return words.answer("tell_cancellation_opened", cameras, link=words.repairs)
    return None


async def _async_keep(coordinator: CloudPlanCoordinator, camera_id: str) -> Text:
    await coordinator.alerts.async_keep({camera_id: Keep.CHARGE})
    words = await async_house(coordinator.hass).async_words()
    return words.answer("alert_answer_kept", (coordinator.display_name(camera_id),))


async def _async_put_off(
    hass: HomeAssistant, about: Mapping[CloudPlanCoordinator, Sequence[str]]
) -> Text:
    cameras: list[str] = []
    moments: list[datetime] = []
    for coordinator, camera_ids in about.items():
        await coordinator.alerts.async_put_off(camera_ids)
        for camera_id in camera_ids:
            cameras.append(coordinator.display_name(camera_id))
            if moment := coordinator.alerts.tomorrow(camera_id):
                moments.append(moment)
    words = await async_house(hass).async_words()
    if not moments:
        return words.answer("alert_answer_tomorrow", cameras, why="alert_answer_too_late")
    return words.answer("alert_answer_tomorrow", cameras, when=spoken(hass, min(moments)))


async def _async_failed(
    coordinator: CloudPlanCoordinator, camera_id: str, err: HomeAssistantError
) -> Text:
    """Return what is said where it could not be done."""
    hass = coordinator.hass
    await async_get_translations(hass, hass.config.language, "exceptions", {DOMAIN})
    return Text(
        ref=DIGEST_REF,
        title=coordinator.display_name(camera_id),
        message=translated(
            hass,
            f"exceptions.{err.translation_key}.message",
            **(err.translation_placeholders or {}),
        ),
    )


async def _async_may_control(
    coordinator: CloudPlanCoordinator, camera_ids: Collection[str], context: Context
) -> bool:
    """Return whether whoever pressed may control an entity of each of these cameras."""
    hass, user_id = coordinator.hass, context.user_id
    if user_id is None:
        return True
    user = await hass.auth.async_get_user(user_id)
    devices = async_registered_cameras(hass, coordinator.config_entry)
    registry = er.async_get(hass)
    return user is not None and all(
        camera_id in devices
        and any(
            user.permissions.check_entity(entity.entity_id, POLICY_CONTROL)
            for entity in er.async_entries_for_device(
                registry, devices[camera_id], include_disabled_entities=True
            )
        )
        for camera_id in camera_ids
    )
