"""What happens to plans stands in the account's ledger: once, in order, through every trouble."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
import time
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from hypothesis import given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.devices import account_key
from custom_components.camera_cloud_plan.export.model import Order, Tally
from custom_components.camera_cloud_plan.ledger import (
    Entry,
    Kind,
    LedgerError,
    LedgerFile,
    Trouble,
)
from custom_components.camera_cloud_plan.plan import clock
from custom_components.camera_cloud_plan.proof import desk as proof_desk
from custom_components.camera_cloud_plan.saving.book import LastExport
from simulator.server import RunningSimulator

from .acts import press, press_off, settle
from .conftest import EntryMaker, pass_time, set_up
from .ledgers import desk_of, is_whole, kinds_of, rows_of
from .test_coordinator import (
    NEVER_BOUGHT,
    NOT_RENEWING,
    POLL,
    RENEWING,
    coordinator_of,
    refresh,
)
from .typed import local, typed_in

WHEN = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
MOMENTS = (
    "2026-11-22",
    "2026-11-22T12:00:00",
    "2026-11-22T12:00:00+00:00",
    "2026-12-22T12:00:00+00:00",
    "0001-01-01T00:00:00+14:00",
)
FACTS = (
    *("from", "to", "service", "trial", "ends_at", "renewal", "retention_days", "changes"),
    *("old_end", "new_end", "old", "new", "count", "step", "wish", "money", "amount", "currency"),
    *("term", "unit", "key", "claim", "finding", "to_tell", "on", "order", "older", "why"),
)

pytestmark = pytest.mark.freeze_time(WHEN)


def issue(hass: HomeAssistant, key: str) -> ir.IssueEntry | None:
    """Return the issue of a key that is there."""
    return next(
        (one for one in ir.async_get(hass).issues.values() if one.translation_key == key), None
    )


def move_end(sim: RunningSimulator, camera_id: str, by: timedelta) -> None:
    """Let the maker show a later end of a camera's plan."""
    plan = sim.world.camera(camera_id).plan
    assert plan is not None
    plan.end_ms += int(by.total_seconds() * 1000)


async def test_a_first_start_opens_the_ledger_with_what_is_known(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    rows = rows_of(loaded)
    assert kinds_of(rows)[0] == "ledger_opened"
    assert rows[0].facts["why"] == "new"
    assert set(kinds_of(rows[1:])) <= {"plan_seen", "offline"}
    (seen,) = rows_of(loaded, Kind.PLAN_SEEN, camera_id=RENEWING)
    plan = coordinator_of(loaded).data.cameras[RENEWING]
    assert plan.reading is not None
    assert plan.reading.ends_at is not None
    assert (seen.name, seen.source, seen.zone) == ("Renewing", "maker", "US/Pacific")
    assert seen.at == plan.reading.read_at
    assert seen.facts["ends_at"] == plan.reading.ends_at.isoformat()
    assert (seen.facts["renewal"], seen.facts["service"]) == (True, "active")
    assert rows_of(loaded, camera_id=NEVER_BOUGHT) == []
    assert is_whole(loaded)
    await refresh(hass, loaded)
    assert len(rows_of(loaded)) == len(rows)


async def test_what_a_reading_changes_is_a_row_each(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    before = len(rows_of(loaded))
    sim.world.camera(RENEWING).online = False
    move_end(sim, RENEWING, MONTH)
    sim.world.switch_renewal(NOT_RENEWING, on=True)
    with patch.object(LedgerFile, "append", autospec=True, side_effect=LedgerFile.append) as append:
        await pass_time(hass, freezer, POLL)
    assert append.call_count == 1
    new = rows_of(loaded)[before:]
    assert [(row.kind, row.name) for row in new] == [
        (Kind.OFFLINE, "Renewing"),
        (Kind.RENEWED, "Renewing"),
        (Kind.FLAG, "Not renewing"),
    ]
    old, later = (
        datetime.fromisoformat(str(new[1].facts[name])) for name in ("old_end", "new_end")
    )
    assert later - old == MONTH
    assert (new[2].facts["old"], new[2].facts["new"]) == (False, True)
    sim.world.camera(RENEWING).online = True
    await pass_time(hass, freezer, POLL)
    (online,) = rows_of(loaded, Kind.ONLINE)
    assert online.facts["from"] == new[0].facts["from"]
    assert is_whole(loaded)


async def test_an_end_that_is_read_again_between_two_is_no_second_term(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    for by in (MONTH, -MONTH, MONTH):
        move_end(sim, RENEWING, by)
        await refresh(hass, loaded)
    assert kinds_of(rows_of(loaded, camera_id=RENEWING)) == [
        "plan_seen",
        "renewed",
        "plan_changed",
        "plan_changed",
    ]


async def test_each_step_of_a_cancellation_is_there_with_its_moment(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await press_off(hass)
    freezer.tick(60)
    await coordinator_of(loaded).casework.async_done(RENEWING)
    sim.world.switch_renewal(RENEWING, on=False)
    freezer.tick(60)
    await coordinator_of(loaded).casework.async_check(RENEWING)
    await settle(hass)
    steps = rows_of(loaded, Kind.CANCELLATION)
    assert [(row.facts["step"], row.source) for row in steps] == [
        ("opened", "owner"),
        ("done", "owner"),
        ("confirmed", "home"),
    ]
    assert [row.at - steps[0].at for row in steps][1:] == [
        timedelta(minutes=1),
        timedelta(minutes=2),
    ]
    assert kinds_of(rows_of(loaded, camera_id=RENEWING)).count("flag") == 1
    # What stands is not written anew by a restart.
    count = len(rows_of(loaded))
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass)
    assert len(rows_of(loaded)) == count


async def test_what_a_crash_took_is_written_at_the_next_start(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, tmp_path: Path
) -> None:
    """The case is on disk, its row is not: as after a kill between the two."""
    path = desk_of(loaded).file.path
    before = path.read_bytes()
    await press_off(hass)
    move_end(sim, NOT_RENEWING, MONTH)
    await refresh(hass, loaded)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    path.write_bytes(before)
    with patch(f"{proof_desk.__name__}.AnchorStore.async_load", return_value=None):
        await set_up(hass, loaded)
    (opened,) = rows_of(loaded, Kind.CANCELLATION)
    assert opened.facts["step"] == "opened"
    case = coordinator_of(loaded).cases.get(RENEWING)
    assert case is not None
    assert opened.at == case.opened_at
    assert len(rows_of(loaded, Kind.RENEWED, camera_id=NOT_RENEWING)) == 1
    assert is_whole(loaded)


async def test_a_full_disk_is_said_once_and_nothing_is_lost(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    desk, count = desk_of(loaded), len(rows_of(loaded))
    full = LedgerError(Trouble.FULL)
    with patch.object(LedgerFile, "append", side_effect=full):
        for by in (MONTH, MONTH):
            move_end(sim, RENEWING, by)
            await refresh(hass, loaded)
        with pytest.raises(HomeAssistantError) as refused:
            await desk.async_append(Kind.NOTE, {"text": "lost"})
        assert refused.value.translation_key == "ledger_not_kept"
        said = issue(hass, "ledger_not_written")
        assert said is not None
        assert said.translation_placeholders is not None
        assert said.translation_placeholders["file"].startswith("camera_cloud_plan/ledger_")
        assert (desk.waiting, len(rows_of(loaded))) == (2, count)
    await pass_time(hass, freezer, 1000)
    assert issue(hass, "ledger_not_written") is None
    assert kinds_of(rows_of(loaded)[count:]) == ["renewed", "renewed"]
    assert is_whole(loaded)


async def test_what_waits_is_written_when_home_assistant_stops(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    with patch.object(LedgerFile, "append", side_effect=LedgerError(Trouble.READ_ONLY)):
        move_end(sim, RENEWING, MONTH)
        await refresh(hass, loaded)
        assert rows_of(loaded, Kind.RENEWED) == []
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await settle(hass)
    assert len(rows_of(loaded, Kind.RENEWED)) == 1


async def test_an_end_keeps_which_row_was_last(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    hass_storage: dict[str, Any],
) -> None:
    move_end(sim, RENEWING, MONTH)
    await refresh(hass, loaded)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await settle(hass)
    head = desk_of(loaded).head
    assert head is not None
    (stored,) = (one["data"] for key, one in hass_storage.items() if key.endswith(".ledger"))
    assert stored == {"seq": head.seq, "hash": head.hash}


async def test_a_clock_that_is_set_back_keeps_nothing_from_being_written(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It was two days ahead for a while, and rows were written by it."""
    order = Order(job_id="1", camera_id=RENEWING, asked_at=WHEN, folder="/")
    coordinator, broken_off = coordinator_of(loaded), Tally(complete=False)
    for ahead in (2, 0):
        freezer.move_to(WHEN + timedelta(days=ahead))
        move_end(sim, RENEWING, MONTH)
        await refresh(hass, loaded)
        for _ in range(2):  # the second is a start that finds it in the books
            last = LastExport(order=order, finished_at=clock.now(), whole=False, tally=broken_off)
            desk_of(loaded).async_exported(last)
        coordinator.async_counted(RENEWING, 0, clock.now())
        await settle(hass)
    rows = [(row.kind.value, (row.at - WHEN).days) for row in rows_of(loaded, camera_id=RENEWING)]
    for kind in ("renewed", "export", "recordings"):
        assert [ahead for one, ahead in rows if one == kind] == [2, 0], kind
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass)
    assert len(rows_of(loaded, camera_id=RENEWING)) == len(rows)
    assert is_whole(loaded)


async def test_a_time_in_which_nobody_looked_is_a_gap(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    read_at = coordinator_of(loaded).data.read_at
    sim.faults.add(trouble="http_status", status=503)
    for _ in range(3):
        await pass_time(hass, freezer, POLL)
    sim.faults.clear()
    await refresh(hass, loaded)
    (gap,) = rows_of(loaded, Kind.READING_GAP)
    assert read_at is not None
    assert (gap.facts["from"], gap.facts["why"]) == (read_at.isoformat(), "unreachable")
    assert gap.camera is None
    # A restart that takes long is one as well.
    assert await hass.config_entries.async_unload(loaded.entry_id)
    freezer.tick(POLL * 3)
    await set_up(hass, loaded)
    assert [row.facts["why"] for row in rows_of(loaded, Kind.READING_GAP)] == [
        "unreachable",
        "not_running",
    ]


async def test_one_camera_that_could_not_be_read_has_a_gap_of_its_own(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    sim.faults.add(trouble="api_error", did=RENEWING)
    for _ in range(2):
        await pass_time(hass, freezer, POLL)
    sim.faults.clear()
    await refresh(hass, loaded)
    assert [row.name for row in rows_of(loaded, Kind.READING_GAP)] == ["Renewing"]


@pytest.mark.usefixtures("told_of_findings")
async def test_a_camera_that_left_is_a_row_and_seen_anew_when_it_is_back(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    device = sim.world.camera(RENEWING)
    sim.world.remove_device(RENEWING)
    for _ in range(3):
        await refresh(hass, loaded)
    sim.world.put_device(device)
    await refresh(hass, loaded)
    kinds = kinds_of(rows_of(loaded, camera_id=RENEWING))
    assert kinds == ["plan_seen", "camera_left", "finding", "plan_seen"]
    # The notice that a camera left tells people already.
    (finding,) = rows_of(loaded, Kind.FINDING)
    assert (finding.facts["finding"], finding.facts["shown_by"]) == (
        "plan_without_camera",
        "camera_left",
    )
    assert issue(hass, "finding") is None


async def test_the_zone_of_the_home_goes_with_each_row(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await hass.config.async_set_time_zone("Asia/Shanghai")
    move_end(sim, RENEWING, MONTH)
    await refresh(hass, loaded)
    (row,) = rows_of(loaded, Kind.RENEWED)
    assert row.zone == "Asia/Shanghai"


@pytest.mark.parametrize("keeps", [3, 0])
async def test_an_older_ledger_is_noticed_and_goes_on(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator, keeps: int
) -> None:
    path, rows = desk_of(loaded).file.path, rows_of(loaded)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:keeps]))
    if not keeps:
        path.unlink()
    await set_up(hass, loaded)
    said = issue(hass, "ledger_restored")
    assert said is not None
    assert said.translation_placeholders is not None
    assert said.translation_placeholders["known"] == str(len(rows))
    assert said.translation_placeholders["found"] == str(keeps)
    opened = rows_of(loaded, Kind.LEDGER_OPENED)[-1]
    assert (opened.facts["why"], opened.facts["went_on_from"]) == ("restored", keeps)
    assert opened.facts["known_row"] == {"seq": len(rows), "hash": rows[-1].hash}
    # What was gone is seen again, and the next start finds nothing amiss.
    assert {row.name for row in rows_of(loaded, Kind.PLAN_SEEN)} == {
        row.name for row in rows if row.kind is Kind.PLAN_SEEN
    }
    count = len(rows_of(loaded))
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass)
    assert len(rows_of(loaded)) == count


def cut(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))


def restore(path: Path) -> None:
    other = path.with_name("restored")
    other.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    other.replace(path)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [cut, restore, empty, Path.unlink])
async def test_rows_that_go_while_it_runs_are_missed_and_what_is_known_is_written_anew(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    harm: Callable[[Path], None],
) -> None:
    await press_off(hass)
    path, rows = desk_of(loaded).file.path, rows_of(loaded)
    harm(path)
    kept = len(path.read_bytes().splitlines()) if path.exists() else 0
    move_end(sim, NOT_RENEWING, MONTH)
    await refresh(hass, loaded)
    opened = rows_of(loaded, Kind.LEDGER_OPENED)[-1]
    assert (opened.seq, opened.facts["went_on_from"]) == (kept + 1, kept)
    assert opened.facts["known_row"] == {"seq": len(rows), "hash": rows[-1].hash}
    said = issue(hass, "ledger_restored")
    assert said is not None
    assert {row.name for row in rows_of(loaded, Kind.PLAN_SEEN, Kind.PLAN_CHANGED)} == {
        row.name for row in rows if row.kind is Kind.PLAN_SEEN
    }
    assert [row.facts["step"] for row in rows_of(loaded, Kind.CANCELLATION)] == ["opened"]
    assert len(rows_of(loaded, Kind.RENEWED, camera_id=NOT_RENEWING)) == 1
    assert is_whole(loaded)
    count = len(rows_of(loaded))
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass)
    assert len(rows_of(loaded)) == count


async def test_what_another_program_wrote_is_known(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    desk, rows = desk_of(loaded), rows_of(loaded, camera_id=RENEWING)
    theirs = replace(rows[0], kind=Kind.PLAN_CHANGED, facts={"changes": {"plan": {"new": "X"}}})
    LedgerFile(desk.file.path).append([theirs])
    move_end(sim, RENEWING, MONTH)
    await refresh(hass, loaded)
    changed, renewed, corrected = rows_of(loaded, camera_id=RENEWING)[1:]
    assert (changed.facts, renewed.kind) == (theirs.facts, Kind.RENEWED)
    assert corrected.facts == {"changes": {"plan": {"old": "X", "new": rows[0].facts["plan"]}}}
    assert kinds_of(rows_of(loaded)).count("ledger_opened") == 1
    assert issue(hass, "ledger_restored") is None
    assert is_whole(loaded)


async def test_a_store_from_an_older_backup_is_noticed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    assert await hass.config_entries.async_unload(loaded.entry_id)
    (key,) = (key for key in hass_storage if key.endswith(".ledger"))
    older = {**hass_storage[key], "data": {**hass_storage[key]["data"]}}
    await set_up(hass, loaded)
    for _ in range(2):
        freezer.tick(3600)
        move_end(sim, RENEWING, MONTH)
        await refresh(hass, loaded)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    hass_storage[key] = older
    await set_up(hass, loaded)
    opened = rows_of(loaded, Kind.LEDGER_OPENED)[-1]
    assert (opened.facts["why"], opened.facts["older"]) == ("restored", "store")
    assert issue(hass, "ledger_restored") is None


# What a row can say that its kind never does.
ODD = st.recursive(
    st.sampled_from(
        [None, True, -1, 7, 1.5, "", "x", "off", "NaN", *MOMENTS],
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FACTS), inner),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(
    said=st.lists(
        st.tuples(st.sampled_from([*Kind]), st.dictionaries(st.sampled_from(FACTS), ODD)),
        min_size=1,
        max_size=8,
    )
)
def test_no_row_that_is_whole_keeps_a_ledger_from_being_read(
    said: list[tuple[Kind, dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever a newer version, or whoever knows how rows are sealed, wrote there."""
    file = LedgerFile(tmp_path_factory.mktemp("odd") / "ledger.jsonl")
    file.append(
        Entry(at=WHEN, zone="UTC", kind=kind, source="x", camera="9f1c0a77be21", facts=facts)
        for kind, facts in said
    )
    found = proof_desk._read(file, file.head(), None)
    assert found.verdict.rows == len(said)
    assert found.older is None


async def test_an_edit_by_hand_is_shown_in_words(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    path = desk_of(loaded).file.path
    assert await hass.config_entries.async_unload(loaded.entry_id)
    path.write_bytes(path.read_bytes().replace(b'"renewal":true', b'"renewal":tru3', 1))
    await set_up(hass, loaded)
    said = issue(hass, "ledger_broken")
    assert said is not None
    assert said.translation_placeholders is not None
    assert "was changed" in said.translation_placeholders["where"]
    assert "(line 2)" in said.translation_placeholders["where"]


async def test_a_removed_account_leaves_its_ledger_and_goes_on_when_added_again(
    hass: HomeAssistant, make_entry: EntryMaker, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)
    path, rows = desk_of(entry).file.path, rows_of(entry)
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    shown = hass.data["persistent_notification"].values()
    assert any(path.name in one["message"] for one in shown)
    beside = path.with_name(f"{path.name}.end")
    assert beside.read_text(encoding="ascii") == f"{rows[-1].seq}:{rows[-1].hash}\n"
    again = await make_entry()
    await set_up(hass, again)
    assert desk_of(again).file.path == path
    assert rows_of(again)[: len(rows)] == rows
    assert kinds_of(rows_of(again)).count("ledger_opened") == 1
    assert kinds_of(rows_of(again)).count("plan_seen") == kinds_of(rows).count("plan_seen")
    assert issue(hass, "ledger_restored") is None
    assert await hass.config_entries.async_reload(again.entry_id)
    assert not beside.exists()


@pytest.mark.parametrize("cut", [1, 100])
async def test_rows_that_go_while_an_account_is_removed_are_missed(
    hass: HomeAssistant, make_entry: EntryMaker, entry: MockConfigEntry, cut: int
) -> None:
    await set_up(hass, entry)
    path, rows = desk_of(entry).file.path, rows_of(entry)
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-cut]))
    again = await make_entry()
    await set_up(hass, again)
    said = issue(hass, "ledger_restored")
    assert said is not None
    assert said.translation_placeholders is not None
    assert said.translation_placeholders["known"] == str(len(rows))
    (opened,) = (row for row in rows_of(again) if row.facts.get("why") == "restored")
    assert opened.facts["known_row"] == {"seq": len(rows), "hash": rows[-1].hash}
    assert desk_of(again).head == rows_of(again)[-1].anchor


async def test_rows_that_were_gone_before_an_account_is_removed_are_missed_after(
    hass: HomeAssistant, make_entry: EntryMaker, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)
    path, rows = desk_of(entry).file.path, rows_of(entry)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    await set_up(hass, await make_entry())
    said = issue(hass, "ledger_restored")
    assert said is not None
    assert said.translation_placeholders is not None
    assert said.translation_placeholders["known"] == str(len(rows))


async def test_a_wish_that_was_ended_while_nobody_looked_is_withdrawn(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await press_off(hass)
    casework = coordinator_of(loaded).casework
    with patch.object(proof_desk.ProofDesk, "async_case"):
        await press(hass, RENEWING, "on")
    assert casework.cases.get(RENEWING) is None
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass)
    assert [row.facts["step"] for row in rows_of(loaded, Kind.CANCELLATION)] == [
        "opened",
        "withdrawn",
    ]


async def test_that_nothing_is_recorded_is_a_row_a_day(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    coordinator = coordinator_of(loaded)
    for hours in (0, 12, 13):
        freezer.tick(timedelta(hours=hours))
        await coordinator.exports.async_look(RENEWING)
    for count in (3, 4):
        coordinator.async_counted(RENEWING, count, clock.now())
    await settle(hass)
    rows = rows_of(loaded, Kind.RECORDINGS)
    assert [row.facts["count"] for row in rows] == [0, 0, 3]
    begins, ends = (datetime.fromisoformat(str(rows[0].facts[key])) for key in ("from", "to"))
    assert ends - begins == timedelta(days=7)


async def test_a_ledger_that_cannot_be_read_keeps_no_account_from_loading(
    hass: HomeAssistant, entry: MockConfigEntry, tmp_path: Path, freezer: FrozenDateTimeFactory
) -> None:
    path = proof_desk.ledger_path(hass, account_key(entry))
    path.parent.mkdir()
    path.mkdir()
    await set_up(hass, entry)
    assert issue(hass, "ledger_not_written") is not None
    await press_off(hass)
    path.rmdir()
    await pass_time(hass, freezer, 1000)
    assert issue(hass, "ledger_not_written") is None
    kinds = kinds_of(rows_of(entry))
    assert (kinds[0], kinds.count("cancellation")) == ("ledger_opened", 1)
    assert "plan_seen" in kinds
    assert is_whole(entry)


@pytest.mark.parametrize("harm", [None, cut])
async def test_a_ledger_that_is_still_read_while_the_maker_answers_lacks_nothing(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[Path], None] | None,
) -> None:
    path, seen = desk_of(loaded).file.path, rows_of(loaded, Kind.PLAN_SEEN)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    move_end(sim, RENEWING, MONTH)
    if harm:
        harm(path)
    real = proof_desk._read

    def slow(*given: Any) -> Any:
        time.sleep(0.5)  # the simulated maker takes a tenth of that
        return real(*given)

    monkeypatch.setattr(proof_desk, "_read", slow)
    await set_up(hass, loaded)
    kinds = kinds_of(rows_of(loaded))
    assert kinds.count("plan_seen") == len(seen)
    assert kinds.count("ledger_opened") == (2 if harm else 1)
    assert [row.name for row in rows_of(loaded, Kind.RENEWED)] == ["Renewing"]
    assert is_whole(loaded)


async def test_a_typed_plan_is_its_owners_word_and_no_renewal_was_seen(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    plan_id = await typed_in(hass, price="6.00", currency="CNY")
    entry = local(hass)
    freezer.tick(timedelta(days=20))
    await coordinator_of(entry).async_refresh()
    await settle(hass)
    seen, changed = rows_of(entry, camera_id=plan_id)
    assert (seen.kind, seen.source, seen.name) == (Kind.PLAN_SEEN, "owner", "Doorbell")
    assert seen.facts["price"] == {"amount": "6.00", "currency": "CNY"}
    assert (seen.facts["term"], seen.facts["typed"]) == ({"count": 1, "unit": "month"}, True)
    assert (changed.kind, changed.source) == (Kind.PLAN_CHANGED, "owner")
    assert rows_of(entry, Kind.READING_GAP) == []
