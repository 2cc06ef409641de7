"""Camera Cloud Plan: shows each camera's cloud plan and helps to end its renewal."""

from collections.abc import Collection
import json
import logging
from pathlib import Path
from typing import Final

from homeassistant.components import persistent_notification
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    UnsupportedStorageVersionError,
)
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    issue_registry as ir,
)
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.translation import async_get_translations
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.hass_dict import HassKey

from .agenda.calendar_view import CalendarFileView
from .casework import doors
from .casework.book import async_end_kept, async_remove_cases
from .casework.issues import ISSUE_REMOVED
from .casework.watches import WatchBook
from .cloud import renewal_request, xiaomi
from .cloud.provider import PlanProvider
from .cloud.renewal_request import DefinitionError, RenewalRequest, parse
from .connect import async_build_typed, build_provider
from .const import (
    CONF_CREDENTIALS,
    CONF_DEFINITION,
    CONF_GATEWAY,
    CONF_REGIONS,
    CONF_RENEWAL_REQUEST,
    DOMAIN,
    ENTRY_MINOR_VERSION,
    ENTRY_VERSION,
    PLATFORMS,
)
from .coordinator import CloudPlanConfigEntry, CloudPlanCoordinator, CloudPlanRuntime
from .dashboard import texts
from .devices import account_key, async_register_account, async_shown_name, camera_id_of
from .plan import channel, routes, rules
from .proof.desk import async_leave_ledger
from .proof.file_view import DisputeFileView
from .saving.book import ExportBook
from .saving.media_view import SavedRecordingView
from .services import async_setup_services
from .store import SnapshotStore
from .telling.alert_book import AlertBook
from .telling.alert_buttons import async_listen_to_buttons
from .telling.tell import async_take_down_all
from .typed.follow import PlanFollower
from .typed.plans import is_typed
from .typed.table_view import PlanTableView
from .voice import VoiceDesk, async_expose_entities, preload as preload_sentences
from .words import listed, translated

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

_LOGGER = logging.getLogger(__name__)

_ISSUE_NEWER: Final = "made_by_newer_version"
_VOICE: Final[HassKey[VoiceDesk]] = HassKey(f"{DOMAIN}_voice")


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Read the data files off the event loop; register the actions and what serves recordings."""
    for preload in (
        channel.preload,
        rules.preload,
        routes.preload,
        doors.preload,
        renewal_request.preload,
        xiaomi.preload,
        preload_sentences,
        texts.preload,
    ):
        await hass.async_add_executor_job(preload)
    async_setup_services(hass)
    _async_tell_of_newer_entries(hass)
    hass.http.register_view(CalendarFileView)
    hass.data[_VOICE] = VoiceDesk(hass)
    hass.http.register_view(SavedRecordingView)
    hass.http.register_view(PlanTableView)
    hass.http.register_view(DisputeFileView)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: CloudPlanConfigEntry) -> bool:
    """Set up one account."""
    request = _renewal_request(entry)
    provider = (
        await async_build_typed(hass, entry)
        if is_typed(entry)
        else _signed_in(hass, entry, request)
    )
    async_register_account(hass, entry, provider.maker)
    ir.async_delete_issue(hass, DOMAIN, _removed_issue_id(entry))
    persistent_notification.async_dismiss(hass, _removed_message_id(entry))
    coordinator = CloudPlanCoordinator(hass, entry, provider, request)
    try:
        await coordinator.async_start()
    except UnsupportedStorageVersionError as err:
        raise ConfigEntryError(
            translation_domain=DOMAIN, translation_key="stored_by_newer_version"
        ) from err
    entry.runtime_data = CloudPlanRuntime(provider=provider, coordinator=coordinator)
    # Before entities are there: once they have a state, Home Assistant decides for them.
    async_expose_entities(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    if is_typed(entry):
        PlanFollower(hass, entry, coordinator).async_start()

    @callback
    def release(_hass: HomeAssistant) -> None:
        coordinator.activity.async_release()

    # Automations listen only once Home Assistant has started.
    entry.async_on_unload(async_at_started(hass, release))
    async_listen_to_buttons(hass, entry)
    hass.data[_VOICE].async_join(entry)
    return True


def _signed_in(
    hass: HomeAssistant, entry: CloudPlanConfigEntry, request: RenewalRequest | None
) -> PlanProvider:
    """Return the provider of a maker's account; raises `ConfigEntryAuthFailed`."""
    try:
        credentials = xiaomi.XiaomiCredentials.from_dict(entry.data[CONF_CREDENTIALS])
    except ValueError as err:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="sign_in_needed"
        ) from err

    @callback
    def store_renewed(renewed: xiaomi.XiaomiCredentials) -> None:
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_CREDENTIALS: renewed.as_dict()}
        )

    return build_provider(
        hass,
        credentials,
        renewal_request=request,
        regions=entry.options[CONF_REGIONS],
        gateway=entry.data[CONF_GATEWAY],
        on_renewed=store_renewed,
    )


async def async_unload_entry(hass: HomeAssistant, entry: CloudPlanConfigEntry) -> bool:
    """Release one account; its cases stay on disk."""
    await entry.runtime_data.coordinator.async_stop_asking()
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded and entry.disabled_by:
        _async_delete_issues(hass, entry)
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: CloudPlanConfigEntry) -> None:
    """Delete what is stored and shown about an account. Its plans go on as they are.

    Open cases stay on disk, for when the account is added again, and it is said that
    nobody watches them now; that page offers to end them. Saved recordings and the ledger stay
    as well, and it is said where.
    """
    # An entry that was disabled since the start brought no words with it.
    await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    _async_delete_issues(hass, entry)
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    async_take_down_all(hass, entry, {*filter(None, (camera_id_of(entry, one) for one in devices))})
    kept = await async_remove_cases(hass, entry)
    if is_typed(entry):
        # Typed in again, a plan is another one: its cases would find nothing.
        await async_end_kept(hass, account_key(entry))
    elif kept:
        names = [name for key in kept if (name := async_shown_name(hass, entry, key))]
        ir.async_create_issue(
            hass,
            DOMAIN,
            _removed_issue_id(entry),
            data={"account_key": account_key(entry)},
            is_fixable=True,
            is_persistent=True,  # after a restart nothing else would say it
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_REMOVED,
            translation_placeholders={
                "account": entry.title,
                "cameras": listed(hass, sorted(names)) if names else str(len(kept)),
            },
        )
    await SnapshotStore(hass, entry.entry_id).async_remove()
    await WatchBook(hass, entry.entry_id).async_remove()
    await AlertBook(hass, entry.entry_id).async_remove()
    exports = ExportBook(hass, entry)
    await exports.async_load()
    await exports.async_remove()
    _async_say_what_stays(hass, entry, exports.folders, await async_leave_ledger(hass, entry))


@callback
def _async_say_what_stays(
    hass: HomeAssistant, entry: ConfigEntry, folders: Collection[str], ledger: Path | None
) -> None:
    """Say in one message where the recordings and the ledger of a removed account are."""
    stays = []
    if folders:
        where = listed(hass, sorted(folders))
        stays.append(translated(hass, "common.removed_recordings", folders=where))
    if ledger:
        file = f"{ledger.parent.name}/{ledger.name}"
        stays.append(translated(hass, "common.removed_ledger", file=file))
    if stays:
        persistent_notification.async_create(
            hass,
            translated(hass, "common.removed_message", stays="\n".join(stays)),
            translated(hass, "common.removed_title", account=entry.title),
            _removed_message_id(entry),
        )


def _removed_message_id(entry: ConfigEntry) -> str:
    return f"{DOMAIN}_removed_{account_key(entry)}"


def _removed_issue_id(entry: ConfigEntry) -> str:
    return f"{ISSUE_REMOVED}_{account_key(entry)}"


def _renewal_request(entry: ConfigEntry) -> RenewalRequest | None:
    """Return the owner's request definition; one that no longer passes counts as none."""
    option = entry.options.get(CONF_RENEWAL_REQUEST)
    if option is None:
        return None
    try:
        return parse(json.dumps(option[CONF_DEFINITION]))
    except DefinitionError as err:
        _LOGGER.warning("The renewal request of %s is not used: %s", entry.title, err)
        return None


async def async_migrate_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Take down that an entry of an earlier minor version is of this one: nothing is rewritten.

    One of a later minor version stays as it is; Home Assistant refuses a later major one.
    """
    if entry.minor_version < ENTRY_MINOR_VERSION:
        hass.config_entries.async_update_entry(entry, minor_version=ENTRY_MINOR_VERSION)
    return True


@callback
def _async_tell_of_newer_entries(hass: HomeAssistant) -> None:
    """Say what helps where an entry is of a newer version, which only the log would else say."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.version > ENTRY_VERSION:
            ir.async_create_issue(
                hass,
                DOMAIN,
                f"{_ISSUE_NEWER}_{account_key(entry)}",
                data={"entry_id": entry.entry_id},
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key=_ISSUE_NEWER,
                translation_placeholders={"account": entry.title},
            )


async def async_remove_config_entry_device(
    _hass: HomeAssistant, entry: CloudPlanConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let an owner remove the device of a camera that the account no longer has."""
    coordinator = entry.runtime_data.coordinator
    camera_id = camera_id_of(entry, device)
    if camera_id is None:
        return False
    if (plan := coordinator.data.cameras.get(camera_id)) and plan.left_at is None:
        return False
    await coordinator.async_forget(camera_id)
    return True


@callback
def _async_delete_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    for issue in list(ir.async_get(hass).issues.values()):
        if issue.domain == DOMAIN and (issue.data or {}).get("entry_id") == entry.entry_id:
            ir.async_delete_issue(hass, DOMAIN, issue.issue_id)
