"""What was found is told once, stands until it is taken note of, and that is for good."""

from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.ledger import Kind, LedgerError, LedgerFile, Trouble
from custom_components.camera_cloud_plan.ledger.findings import Detectors
from custom_components.camera_cloud_plan.proof import desk as proof_desk
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
    """Let the maker renew a plan twice within hours."""
    for _ in range(2):
        freezer.tick(3600)
        move_end(sim, RENEWING, MONTH)
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


async def test_a_finding_that_a_crash_kept_from_being_told_still_has_its_issue(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    sim: RunningSimulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    with patch.object(proof_desk.ProofDesk, "_async_tell"):
        await find(hass, loaded, sim, freezer)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    for issue in [*ir.async_get(hass).issues.values()]:
        ir.async_delete_issue(hass, issue.domain, issue.issue_id)
    await set_up(hass, loaded)
    assert finding_issue(hass) is not None


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
