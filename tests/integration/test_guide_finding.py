"""What was found is opened in Repairs, explained, taken note of for good or taken up."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.camera_cloud_plan.ledger import (
    Anchor,
    Kind,
    LedgerError,
    LedgerFile,
    Trouble,
)
from custom_components.camera_cloud_plan.ledger.findings import Detectors, Finding, FindingKind
from tests.contract.shipped import words

from .acts import issue_keys, issues, restart, settle
from .guided import Guide
from .ledgers import desk_of, rows_of
from .test_coordinator import RENEWING, coordinator_of, refresh
from .test_ledger import WHEN

pytestmark = [
    pytest.mark.freeze_time(WHEN),
    pytest.mark.usefixtures("told_of_findings", "repairs"),
]

SIX: Final = {"amount": "6.00", "currency": "CNY"}
NINE: Final = {"amount": "9.00", "currency": "CNY"}
ENDS: Final = {"old_end": "2026-11-05T00:00:00+00:00", "new_end": "2026-12-05T00:00:00+00:00"}
SPAN: Final = {"from": "2026-10-05T00:00:00+00:00", "to": "2026-11-05T00:00:00+00:00"}
# Of each kind: facts as they are found, what of them is told, and whether money is asked back.
FOUND: Final[dict[FindingKind, tuple[dict[str, Any], str, bool]]] = {
    FindingKind.RENEWED_AFTER_CANCELLING: (ENDS, "End now", True),
    FindingKind.TWO_RENEWALS: (ENDS, "End before", True),
    FindingKind.TWO_CHARGES: (
        {"from": "2026-11-05", "to": "2026-11-06", "money": SIX},
        "6.00 CNY",
        True,
    ),
    FindingKind.AMOUNT_CHANGED: ({"on": "2026-11-05", "old": SIX, "new": NINE}, "9.00 CNY", True),
    FindingKind.CHARGE_WITHOUT_RENEWAL: ({"on": "2026-11-05", "money": SIX}, "6.00 CNY", True),
    FindingKind.TRIAL_TURNED_PAID: ({"plan": "7-day cloud storage", **ENDS}, "7-day", True),
    FindingKind.RENEWAL_REARMED: (SPAN, "From: ", False),
    FindingKind.PLAN_WITHOUT_CAMERA: ({"ends_at": ENDS["new_end"]}, "Ends: ", True),
    FindingKind.CAMERA_SILENT: ({"from": SPAN["from"]}, "From: ", False),
    FindingKind.MONTH_WITHOUT_RECORDINGS: ({**SPAN, "count": 0}, "To: ", True),
    FindingKind.PLAN_LAPSED: ({"ends_at": ENDS["old_end"]}, "Ends: ", False),
}


def finding(entry: MockConfigEntry, kind: FindingKind, occurrence: str = "first") -> Finding:
    camera = desk_of(entry).camera_key(RENEWING)
    return Finding(
        key=f"{kind}:{camera}:{occurrence}",
        kind=kind,
        camera=camera,
        at=datetime(2026, 11, 22, 11, tzinfo=UTC),
        facts=FOUND[kind][0],
        rows=(1,),
    )


@contextmanager
def shows(*found: Finding) -> Iterator[None]:
    """Let the rows show something."""
    with patch.object(Detectors, "due", return_value=found):
        yield


async def find(hass: HomeAssistant, entry: MockConfigEntry, *found: Finding) -> None:
    """Let it be found with the next reading."""
    with shows(*found):
        await refresh(hass, entry)
        await settle(hass)


def of_findings(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return the open issues of findings, by what was found."""
    return {
        str((issue.data or {})["finding"]).partition(":")[0]: issue
        for issue in issues(hass)
        if issue.translation_key == "finding"
    }


async def opened(hass: HomeAssistant, kind: FindingKind) -> Guide:
    """Open the issue of what was found."""
    return await Guide.open_one(hass, of_findings(hass)[kind])


def test_each_kind_is_looked_at() -> None:
    assert FOUND.keys() == {*FindingKind}


async def test_each_kind_is_explained_and_once_taken_note_of_never_comes_back(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    every = [finding(loaded, kind) for kind in FindingKind]
    await find(hass, loaded, *every)
    assert of_findings(hass).keys() == {*FindingKind}
    for kind, (_, fact, is_money) in FOUND.items():
        guide = await opened(hass, kind)
        assert guide.shows == "choose"
        assert guide.buttons == (["charged", "seen"] if is_money else ["seen"])
        assert fact in guide.said
        assert words()["common"][f"finding_{kind}"] in guide.said
        assert words()["common"][f"finding_{kind}_message"] in guide.said
        await guide.tap("seen")
        assert guide.shows == "finished: noted"
        assert kind not in of_findings(hass)
    assert [row.source for row in rows_of(loaded, Kind.FINDING_DISMISSED)] == ["owner"] * len(FOUND)
    await restart(hass, loaded)
    await find(hass, loaded, *every)
    assert of_findings(hass) == {}
    # When it happens once more it is told once more.
    freezer.tick(timedelta(days=30))
    await find(hass, loaded, finding(loaded, FindingKind.CAMERA_SILENT, "again"), *every)
    assert of_findings(hass).keys() == {FindingKind.CAMERA_SILENT}
    assert len(rows_of(loaded, Kind.FINDING)) == len(FOUND) + 1


async def test_what_is_about_money_is_taken_up_and_leads_on(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await find(hass, loaded, finding(loaded, FindingKind.TWO_CHARGES))
    guide = await opened(hass, FindingKind.TWO_CHARGES)
    await guide.tap("charged")
    assert guide.shows == "abort: taken_up"
    assert issue_keys(hass) == ["charged"]
    (dismissed,) = rows_of(loaded, Kind.FINDING_DISMISSED)
    assert dismissed.facts["why"] == "claim"
    assert (await Guide.open(hass, "charged")).buttons
    await restart(hass, loaded)
    assert issue_keys(hass) == ["charged"]


@pytest.mark.parametrize("button", ["seen", "charged"])
async def test_what_cannot_be_kept_stays_open(
    hass: HomeAssistant, loaded: MockConfigEntry, button: str
) -> None:
    await find(hass, loaded, finding(loaded, FindingKind.TWO_CHARGES))
    guide = await opened(hass, FindingKind.TWO_CHARGES)
    with patch.object(LedgerFile, "append", side_effect=LedgerError(Trouble.FULL)):
        await guide.tap(button)
    assert guide.shows == "abort: not_kept"
    assert FindingKind.TWO_CHARGES in of_findings(hass)
    # With room again, the same press is kept.
    guide = await opened(hass, FindingKind.TWO_CHARGES)
    await guide.tap(button)
    assert of_findings(hass) == {}


@pytest.mark.parametrize("button", ["seen", "charged"])
async def test_an_account_that_is_unloaded_meanwhile_keeps_it_for_later(
    hass: HomeAssistant, loaded: MockConfigEntry, button: str
) -> None:
    await find(hass, loaded, finding(loaded, FindingKind.TWO_CHARGES))
    guide = await opened(hass, FindingKind.TWO_CHARGES)
    issue = of_findings(hass)[FindingKind.TWO_CHARGES]
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await guide.tap(button)
    assert guide.shows == "abort: not_open"
    assert (await Guide.open_one(hass, issue)).shows == "abort: not_open"
    assert await hass.config_entries.async_setup(loaded.entry_id)
    await settle(hass)
    assert FindingKind.TWO_CHARGES in of_findings(hass)


async def test_of_a_camera_that_is_not_there_any_more_it_can_only_be_taken_note_of(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await find(hass, loaded, finding(loaded, FindingKind.TWO_CHARGES))
    before = await opened(hass, FindingKind.TWO_CHARGES)
    await coordinator_of(loaded).async_forget(RENEWING)
    await settle(hass)
    await before.tap("charged")
    assert before.shows == "abort: not_open"
    guide = await opened(hass, FindingKind.TWO_CHARGES)
    assert guide.buttons == ["seen"]
    await guide.tap("seen")
    assert of_findings(hass) == {}


async def test_a_ledger_that_is_older_than_it_was_is_taken_note_of(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    board = desk_of(loaded)._board
    board.async_show_restored(Anchor(9, "ab" * 32), Anchor(4, "cd" * 32))
    guide = await Guide.open(hass, "ledger_restored")
    assert "Row 9 had been written" in guide.said
    late = await Guide.open(hass, "ledger_restored")
    await guide.tap()
    assert guide.shows == "finished: noted"
    assert issue_keys(hass) == []
    # Another window in which it still stands finds it gone.
    await late.tap()
    assert late.shows == "abort: not_open"
