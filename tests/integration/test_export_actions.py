"""The actions that save recordings: who may, what is refused, what is answered."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.export.model import (
    Estimate,
    InterruptedExportError,
    Interruption,
    Tally,
)

from .conftest import EntryMaker, set_up
from .saving import (
    LACKING,
    WHOLE,
    Engines,
    FakeExport,
    breathe,
    desk_of,
    engines_in,
    export,
    media_folder,
)
from .test_coordinator import RENEWING, coordinator_of

NOON = "2026-11-22T12:00:00+00:00"
SECOND = "2000000002"

pytestmark = pytest.mark.freeze_time(NOON)


@pytest.fixture(autouse=True)
def media(hass: HomeAssistant, tmp_path: Path) -> Path:
    return media_folder(hass, tmp_path)


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch) -> Engines:
    return engines_in(monkeypatch.setattr)


async def export_refused(hass: HomeAssistant, key: str, **data: Any) -> str:
    with pytest.raises(ServiceValidationError) as raised:
        await export(hass, RENEWING, **data)
    assert raised.value.translation_key == key
    assert "{" not in str(raised.value)
    return str(raised.value)


def nothing_in(folder: Path) -> bool:
    return not [*folder.iterdir()]


# --- What is asked ---


async def test_it_begins_and_answers_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, media: Path
) -> None:
    (row,) = await export(hass, RENEWING)
    assert row["state"] == "started"
    assert row["folder"] == str(media / DOMAIN)
    assert row["camera"] == coordinator_of(loaded).display_name(RENEWING)
    order = engines.last.order
    assert (order.start, order.end, order.events, order.videos) == (None, None, True, True)


async def test_a_span_is_local_unless_it_says_otherwise(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    await export(hass, RENEWING, start="2026-11-20 08:00:00", end="2026-11-21T00:00:00+00:00")
    order = engines.last.order
    assert order.start == dt_util.parse_datetime("2026-11-20T00:00:00+00:00")
    assert order.end == dt_util.parse_datetime("2026-11-21T00:00:00+00:00")


@pytest.mark.parametrize("time_zone", ["Asia/Shanghai", "America/Los_Angeles"])
async def test_a_span_of_all_times_can_be_reckoned_with(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, time_zone: str
) -> None:
    await hass.config.async_set_time_zone(time_zone)
    (row,) = await export(hass, RENEWING, start="0001-01-01 00:00:00", end="9999-12-31 23:59:59")
    assert row["state"] == "started"
    order = engines.last.order
    assert order.start == dt_util.utcnow() - timedelta(days=3650)
    assert order.end == dt_util.utcnow() + timedelta(days=3650)


async def test_days_are_counted_back_from_now(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    await export(hass, RENEWING, last_days=7, kinds="videos")
    order = engines.last.order
    assert order.start == dt_util.utcnow() - timedelta(days=7)
    assert (order.events, order.videos) == (False, True)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"last_days": 2, "start": "2026-11-20 08:00:00"}, "start_or_last_days"),
        ({"start": "2026-11-20 08:00:00", "end": "2026-11-19 08:00:00"}, "empty_span"),
        ({"start": "2026-12-20 08:00:00"}, "empty_span"),
        ({"last_days": 1, "end": "2026-11-20 08:00:00"}, "empty_span"),
        ({"last_days": 1, "end": "0001-01-01 00:00:00"}, "empty_span"),
        ({"start": "9999-12-31 23:59:59"}, "empty_span"),
        ({"folder": "/etc"}, "folder_not_allowed"),
        ({"folder": "../elsewhere"}, "folder_not_allowed"),
        ({"folder": "a/../../elsewhere"}, "folder_not_allowed"),
        ({"folder": "with\0nothing"}, "folder_not_allowed"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    engines: Engines,
    data: dict[str, Any],
    key: str,
) -> None:
    await export_refused(hass, key, **data)
    await export_refused(hass, key, dry_run=True, **data)
    assert not engines.begun


# --- Where ---


async def test_a_relative_folder_is_below_the_media_folder(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, media: Path
) -> None:
    await export(hass, RENEWING, folder="kept/forever")
    assert engines.last.order.folder == str(media / "kept" / "forever")
    assert (media / "kept" / "forever").is_dir()


async def test_an_allowed_folder_may_be_anywhere(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    said = await export_refused(hass, "folder_not_allowed", folder=str(disk))
    assert "allowlist_external_dirs" in said
    hass.config.allowlist_external_dirs = {str(disk)}
    await export(hass, RENEWING, folder=str(disk))
    assert engines.last.order.folder == str(disk)


async def test_what_is_served_without_a_sign_in_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, tmp_path: Path
) -> None:
    hass.config.config_dir = str(tmp_path)
    www = tmp_path / "www"
    www.mkdir()
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    await export_refused(hass, "folder_not_allowed", folder=str(www / "recordings"))
    (tmp_path / "link").symlink_to(www)
    await export_refused(hass, "folder_not_allowed", folder=str(tmp_path / "link"))
    assert nothing_in(www)


async def test_a_link_out_of_the_media_folder_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, media: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (media / "inside").symlink_to(tmp_path / "outside")
    (media / "round").symlink_to(media / "round")
    await export_refused(hass, "folder_not_allowed", folder="inside")
    await export_refused(hass, "folder_not_allowed", folder="inside/deeper/still")
    assert nothing_in(tmp_path / "outside")


async def test_a_media_folder_that_is_itself_a_link_is_allowed(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, media: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(media)
    hass.config.media_dirs = {"local": str(link)}
    hass.config.allowlist_external_dirs = {str(link)}
    assert (await export(hass, RENEWING))[0]["state"] == "started"


async def test_a_folder_that_cannot_be_made_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, media: Path
) -> None:
    (media / "file").write_text("")
    await export_refused(hass, "folder_not_made", folder="file/below")


async def test_the_folder_of_the_options_is_taken(
    hass: HomeAssistant, make_entry: EntryMaker, engines: Engines, media: Path
) -> None:
    await set_up(hass, await make_entry(export_folder="videos"))
    await export(hass, RENEWING)
    assert engines.last.order.folder == str(media / "videos")


async def test_a_folder_of_the_options_that_is_refused_is_its_accounts_own_matter(
    hass: HomeAssistant, make_entry: EntryMaker, engines: Engines
) -> None:
    await set_up(hass, await make_entry(export_folder="/etc/elsewhere"))
    (row,) = await export(hass, RENEWING)
    assert (row["state"], row["reason"]) == ("not_kept", "folder_not_allowed")
    assert (await export(hass, RENEWING, folder="here"))[0]["state"] == "started"
    await export_refused(hass, "folder_not_allowed", folder="/etc")


# --- Who may ---


async def test_a_person_who_may_control_a_camera_may_save_its_recordings(
    hass: HomeAssistant, loaded: MockConfigEntry, housemate: MockUser
) -> None:
    context = Context(user_id=housemate.id)
    assert (await export(hass, RENEWING, context=context))[0]["state"] == "started"
    rows = await export(hass, RENEWING, action="stop_export", context=context)
    assert rows[0]["state"] == "stopped"


async def test_only_administrators_and_automations_name_a_folder(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    housemate: MockUser,
    hass_admin_user: MockUser,
    engines: Engines,
) -> None:
    with pytest.raises(Unauthorized):
        await export(hass, RENEWING, folder="x", context=Context(user_id=housemate.id))
    assert not engines.begun
    admin = Context(user_id=hass_admin_user.id)
    assert (await export(hass, RENEWING, folder="x", context=admin))[0]["state"] == "started"


@pytest.mark.parametrize("action", ["export_recordings", "stop_export"])
async def test_who_may_only_look_may_not(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_read_only_user: MockUser, action: str
) -> None:
    with pytest.raises(Unauthorized):
        await export(hass, RENEWING, action=action, context=Context(user_id=hass_read_only_user.id))


# --- What is answered ---


async def test_a_dry_run_saves_nothing_and_says_what_it_would_come_to(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, media: Path
) -> None:
    (row,) = await export(hass, RENEWING, dry_run=True)
    assert row["state"] == "would_export"
    assert row["counts"]["listed"] == 5
    assert row["estimate"] == {"to_fetch": 4, "size": 4000, "free": 9000, "first_loss": None}
    assert not engines.begun
    assert nothing_in(media)


async def test_what_does_not_fit_is_not_begun(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    engines: Engines,
    freezer: FrozenDateTimeFactory,
) -> None:
    engines.estimate = replace(engines.estimate, size=10**18)
    await export(hass, RENEWING, dry_run=True, last_days=7)
    freezer.tick(30)
    (row,) = await export(hass, RENEWING, last_days=7)
    assert row["state"] == "does_not_fit"
    assert row["estimate"]["size"] == 10**18
    assert not engines.begun
    # Of less, or long after, nobody knows.
    assert (await export(hass, RENEWING, last_days=1))[0]["state"] == "started"
    await export(hass, RENEWING, action="stop_export")
    freezer.tick(601)
    assert (await export(hass, RENEWING, last_days=7))[0]["state"] == "started"


async def test_a_dry_run_of_nothing_says_so(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    engines.estimate = Estimate(tally=Tally(), to_fetch=0, size=0, free=1, first_loss=None)
    assert (await export(hass, RENEWING, dry_run=True))[0]["state"] == "nothing_listed"


async def test_a_dry_run_that_cannot_be_made_says_why(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    interrupted = InterruptedExportError(Interruption.UNREACHABLE)
    with patch.object(FakeExport, "estimate", side_effect=interrupted):
        (row,) = await export(hass, RENEWING, dry_run=True)
    assert (row["state"], row["reason"]) == ("interrupted", "unreachable")


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (WHOLE, "saved"),
        (LACKING, "incomplete"),
        (Tally(complete=False), "incomplete"),
        (Tally(), "nothing_listed"),
    ],
)
async def test_who_waits_hears_the_end(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, end: Tally, state: str
) -> None:
    engines.script = [end]
    (row,) = await export(hass, RENEWING, wait=True)
    assert row["state"] == state
    assert row["counts"]["saved"] == end.saved
    assert (row["complete"], row["bytes"]) == (end.complete, end.saved_bytes)
    # Those without footage are counted, not named.
    assert [item["reason"] for item in row["missing"]] == [
        *["expired"] * end.expired,
        *["damaged"] * end.failed,
    ]


async def test_who_waits_hears_why_it_does_not_go_on(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    engines.script = [Interruption.DISK_FULL, Interruption.UNREACHABLE]
    (row,) = await export(hass, RENEWING, wait=True)
    assert (row["state"], row["reason"]) == ("interrupted", "disk_full")
    (row,) = await export(hass, RENEWING, wait=True)
    assert (row["state"], row["reason"]) == ("interrupted", "unreachable")
    # The maker is not asked again before it is time.
    (row,) = await export(hass, RENEWING, wait=True)
    assert (row["state"], row["reason"]) == ("interrupted", "unreachable")
    assert len(engines.begun) == 2


@pytest.mark.parametrize("ends_by", ["stop", "unload", "leave"])
async def test_waiting_ends(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines, ends_by: str
) -> None:
    waiting = hass.async_create_background_task(export(hass, RENEWING, wait=True), "waits")
    await breathe(hass)
    engines.last.tell(Tally(listed=4, saved=1))
    match ends_by:
        case "stop":
            await export(hass, RENEWING, action="stop_export")
        case "unload":
            await hass.config_entries.async_unload(loaded.entry_id)
        case "leave":
            waiting.cancel()
            await breathe(hass)
            assert engines.running
            assert desk_of(loaded).job(RENEWING)
            return
    async with asyncio.timeout(5):
        (row,) = await waiting
    assert row["state"] == ("stopped" if ends_by == "stop" else "interrupted")
    assert row.get("reason") == (None if ends_by == "stop" else "account_not_loaded")
    assert row["progress"]["percent"] == 25


async def test_many_cameras_one_row_each(
    hass: HomeAssistant, loaded: MockConfigEntry, engines: Engines
) -> None:
    cameras = [RENEWING, SECOND, "2000000005"]
    engines.script = [WHOLE, LACKING, Interruption.DISK_FULL]
    rows = await export(hass, *cameras, wait=True)
    assert sorted(row["state"] for row in rows) == ["incomplete", "interrupted", "saved"]
    names = {coordinator_of(loaded).display_name(camera_id) for camera_id in cameras}
    assert {row["camera"] for row in rows} == names
