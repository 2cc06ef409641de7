"""What was found is told once, stands until it is taken note of, and that is for good."""

from collections.abc import Callable
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.camera_cloud_plan.activity import ActivityHub
from custom_components.camera_cloud_plan.const import NOTIFY_HERE
from custom_components.camera_cloud_plan.event import ActivityEntity
from custom_components.camera_cloud_plan.ledger import Kind, LedgerError, LedgerFile, Trouble
from custom_components.camera_cloud_plan.ledger.findings import Detectors
from custom_components.camera_cloud_plan.proof import desk as proof_desk
from custom_components.camera_cloud_plan.proof.board import ProofBoard
from custom_components.camera_cloud_plan.telling.sender import Sender
from custom_components.camera_cloud_plan.telling.tell import Teller
from simulator.server import RunningSimulator

from .acts import settle
from .conftest import pass_time, set_up
from .guided import Guide
from .ledgers import desk_of, kinds_of, rows_of
from .test_coordinator import RENEWING, refresh
from .test_event import ACCOUNT, events_of
from .test_ledger import MONTH, WHEN, move_end

pytestmark = [pytest.mark.freeze_time(WHEN), pytest.mark.usefixtures("told_of_findings")]
ATTENTION = "binary_sensor.xiaomi_cloud_plans_0011_plans_need_attention"


def finding_issue(hass: HomeAssistant) -> ir.IssueEntry | None:
    found = [one for one in ir.async_get(hass).issues.values() if one.translation_key == "finding"]
    assert len(found) <= 1
    return found[0] if found else None


async def find(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Let the maker renew a plan twice within hours, and show it so for half a day."""
    for _ in range(2):
        freezer.tick(3600)
        move_end(sim, RENEWING, MONTH)
        await refresh(hass, entry)
    for _ in range(2):
        freezer.tick(6 * 3600)
        await refresh(hass, entry)


def needs(hass: HomeAssistant) -> list[str]:
    state = hass.states.get(ATTENTION)
    assert state is not None
    return [item["reason"] for item in state.attributes["items"] if item["camera"] == "Renewing"]


async def test_a_finding_is_a_row_an_event_an_issue_and_one_message(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    heard = events_of(hass, ACCOUNT)
    await find(hass, loaded, sim, freezer)
    (row,) = rows_of(loaded, Kind.FINDING)
    first, second = rows_of(loaded, Kind.RENEWED)
    assert (row.facts["finding"], row.facts["rows"]) == ("two_renewals", [first.seq, second.seq])
    assert (row.name, row.at) == ("Renewing", second.at)
    issue = finding_issue(hass)
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["what"] == "Renewed twice in one period"
    assert "End before: " in issue.translation_placeholders["facts"]
    assert (issue.is_fixable, RENEWING in str(issue)) == (True, False)
    told = [one for one in heard if one.get("event_type") == "finding"]
    assert [(one["finding"], one["camera"]) for one in told] == [("two_renewals", "Renewing")]
    assert needs(hass) == ["finding"]
    await pass_time(hass, freezer, 2)
    notices = persistent_notification._async_get_or_create_notifications(hass).values()
    assert [one["title"] for one in notices] == ["Renewed twice in one period: Renewing"]
    # Once: neither another reading nor a restart repeats it, and its issue stands.
    await refresh(hass, loaded)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass)
    assert len(rows_of(loaded, Kind.FINDING)) == 1
    assert finding_issue(hass) is not None


@pytest.mark.usefixtures("repairs")
async def test_what_is_taken_note_of_is_gone_for_good(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await find(hass, loaded, sim, freezer)
    await pass_time(hass, freezer, 2)
    guide = await Guide.open(hass, "finding")
    assert guide.result["menu_options"] == ["charged", "seen"]
    await guide.tap("seen")
    await settle(hass)
    assert finding_issue(hass) is None
    assert needs(hass) == []
    (dismissed,) = rows_of(loaded, Kind.FINDING_DISMISSED)
    assert dismissed.source == "owner"
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await settle(hass)
    assert finding_issue(hass) is None
    assert kinds_of(rows_of(loaded))[-1] == "finding_dismissed"


async def test_what_cannot_be_written_is_not_dismissed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await find(hass, loaded, sim, freezer)
    (row,) = rows_of(loaded, Kind.FINDING)
    desk = desk_of(loaded)
    with (
        patch.object(LedgerFile, "append", side_effect=LedgerError(Trouble.FULL)),
        pytest.raises(HomeAssistantError),
    ):
        await desk.async_dismiss(str(row.facts["key"]))
    await settle(hass)
    assert finding_issue(hass) is not None
    assert len(desk.open_findings()) == 1


@dataclass(frozen=True, kw_only=True)
class Kill:
    """What a kill at one step leaves: what is on the disk, and what was told by then."""

    step: str = field(compare=False)
    ledger: bytes
    storage: dict[str, Any]
    events: int
    messages: int


def steps(*functions: tuple[type, str], note: Callable[[str], None]) -> ExitStack:
    """Have `note` called before and after each of these functions, with which it is."""

    def noted(owner: type, name: str) -> Callable[..., Any]:
        real = getattr(owner, name)

        def call(*given: Any, **how: Any) -> Any:
            note(f"before {name}")
            done = real(*given, **how)
            note(f"after {name}")
            return done

        return call

    patches = ExitStack()
    for owner, name in functions:
        patches.enter_context(patch.object(owner, name, noted(owner, name)))
    return patches


async def test_killed_at_any_step_a_finding_is_told_all_the_same(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    """Never lost, at worst repeated: a start is made from the disk as each step leaves it."""
    path, heard, kills = desk_of(loaded).file.path, list[str](), list[Kill]()

    def hear(_entity: ActivityEntity, activity: str, _attributes: dict[str, Any]) -> None:
        heard.append(activity)

    def events() -> int:
        return heard.count("finding")

    def note(step: str) -> None:
        if path.read_bytes().count(b'"kind":"renewed"') < 2:
            return  # there is nothing to be found yet
        kill = Kill(
            step=step,
            ledger=path.read_bytes(),
            storage=deepcopy(hass_storage),
            events=events(),
            messages=show.call_count,
        )
        if not kills or kill != kills[-1]:
            kills.append(kill)

    listening = patch.object(ActivityEntity, "_trigger_event", autospec=True, side_effect=hear)
    with (
        listening,
        patch.object(Sender, "async_show", autospec=True, side_effect=Sender.async_show) as show,
        steps(
            (LedgerFile, "append"),
            (ProofBoard, "async_sync_findings"),
            (ActivityHub, "async_tell"),
            (Sender, "async_send"),
            note=note,
        ),
    ):
        await find(hass, loaded, sim, freezer)
        await pass_time(hass, freezer, 2)
    assert (events(), show.call_count) == (1, 1)
    (told,) = rows_of(loaded, Kind.FINDING_TOLD)
    assert (told.facts["told_to"], told.name) == (["home_assistant"], "Renewing")
    # Nothing was told before it was on disk, and that it was told is the last that is written.
    assert [(kill.events, kill.messages) for kill in kills[:2]] == [(0, 0), (0, 0)]
    assert kills[-1].step == "after append"
    repeated = 0
    for kill in kills:
        assert await hass.config_entries.async_unload(loaded.entry_id)
        hass_storage.clear()
        hass_storage.update(kill.storage)
        path.write_bytes(kill.ledger)
        ir.async_get(hass).issues.clear()
        before = events()
        with (
            listening,
            patch.object(
                Sender, "async_show", autospec=True, side_effect=Sender.async_show
            ) as show,
        ):
            await set_up(hass, loaded)
            await pass_time(hass, freezer, 2)
        assert kill.events + events() - before >= 1, kill.step
        assert kill.messages + show.call_count >= 1, kill.step
        assert finding_issue(hass) is not None, kill.step
        assert len(rows_of(loaded, Kind.FINDING)) == 1, kill.step
        assert len(rows_of(loaded, Kind.FINDING_TOLD)) == 1, kill.step
        repeated += kill.messages + show.call_count - 1
    # Whoever was told, and had it written down, hears no more of it.
    assert repeated < len(kills)
    assert (events() - before, show.call_count) == (0, 0)


async def test_who_could_not_be_told_is_not_said_to_have_been(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async_mock_service(hass, "notify", "mobile_app_phone", raise_exception=HomeAssistantError("no"))
    hass.config_entries.async_update_entry(
        loaded, options={**loaded.options, "notify": ["notify.mobile_app_phone", NOTIFY_HERE]}
    )
    await settle(hass)
    await find(hass, loaded, sim, freezer)
    await pass_time(hass, freezer, 2)
    (told,) = rows_of(loaded, Kind.FINDING_TOLD)
    assert told.facts["told_to"] == ["home_assistant"]
    assert "Nobody could be told at notify.mobile_app_phone" in caplog.text
    caplog.clear()


async def test_a_finding_of_an_earlier_version_is_not_told_anew(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Its row does not say that it is to be told, and no row says that it was."""
    with patch.object(Teller, "async_tell"):
        await find(hass, loaded, sim, freezer)
        await pass_time(hass, freezer, 2)
    assert rows_of(loaded, Kind.FINDING_TOLD) == []
    (row,), rows = rows_of(loaded, Kind.FINDING), rows_of(loaded)
    path = desk_of(loaded).file.path
    assert row.facts["to_tell"] is True
    assert await hass.config_entries.async_unload(loaded.entry_id)
    older = replace(row, facts={key: row.facts[key] for key in row.facts if key != "to_tell"})
    path.unlink()
    LedgerFile(path).append(older if one == row else one for one in rows)
    with patch(f"{proof_desk.__name__}.AnchorStore.async_load", return_value=None):
        await set_up(hass, loaded)
    await pass_time(hass, freezer, 2)
    assert finding_issue(hass) is not None
    assert rows_of(loaded, Kind.FINDING_TOLD) == []


async def test_what_another_notice_tells_is_a_row_without_an_issue(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    with patch(
        "custom_components.camera_cloud_plan.coordinator.shown_by", return_value="camera_left"
    ):
        await find(hass, loaded, sim, freezer)
    (row,) = rows_of(loaded, Kind.FINDING)
    assert row.facts["shown_by"] == "camera_left"
    assert finding_issue(hass) is None
    assert needs(hass) == []


async def test_a_mistake_in_looking_keeps_nothing_unwritten(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with patch.object(Detectors, "due", side_effect=ZeroDivisionError):
        await find(hass, loaded, sim, freezer)
    assert len(rows_of(loaded, Kind.RENEWED)) == 2
    assert "Unexpected error looking through the rows" in caplog.text
    await refresh(hass, loaded)
    assert len(rows_of(loaded, Kind.FINDING)) == 1
