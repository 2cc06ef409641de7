"""The actions about ledgers: look through them, add to them, hand them out."""

import asyncio
import json
from pathlib import Path
import subprocess
import sys
from typing import Any
from unittest.mock import patch

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.ledger import Kind, LedgerError, LedgerFile, Trouble

from .acts import device_id
from .ledgers import act, desk_of, kinds_of, rows_of
from .test_coordinator import NOT_RENEWING, RENEWING
from .test_ledger import WHEN, issue

pytestmark = pytest.mark.freeze_time(WHEN)

TABLE = """Kind;Date;Amount;Currency;Camera;Text
charge;20.11.2026;6,00;CNY;Renewing;
bank_line;2026-11-20;-6,00;CNY;renewing;XIAOMI CLOUD
"""
WRONG = f"""{TABLE}charge;20.11.2026;6,00;CNY;Attic;
charge;31.11.2026;6,00;CNY;Renewing;
"""


@pytest.fixture
def media(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Let files go to a folder of the test's own."""
    folder = tmp_path / "media"
    folder.mkdir()
    hass.config.media_dirs = {"local": str(folder)}
    return folder


async def test_a_whole_ledger_is_said_to_be_whole(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    (answer,) = (await act(hass, "verify_ledger"))["ledgers"]
    last = rows_of(loaded)[-1]
    assert (answer["state"], answer["rows"], answer["words"]) == ("whole", last.seq, [])
    assert answer["head"] == {"row": last.seq, "hash": last.hash}
    assert answer["file"].startswith("camera_cloud_plan/ledger_")


@pytest.mark.parametrize("action", ["get_bill", "export_ledger"])
async def test_why_a_ledger_cannot_be_read_is_said_in_words(
    hass: HomeAssistant, loaded: MockConfigEntry, media: Path, action: str
) -> None:
    busy = LedgerError(Trouble.BUSY)
    with (
        patch.object(LedgerFile, "rows", side_effect=busy),
        patch.object(LedgerFile, "lines", side_effect=busy),
        pytest.raises(HomeAssistantError) as refused,
    ):
        await act(hass, action)
    assert refused.value.translation_key == "ledger_not_read"
    assert refused.value.translation_placeholders is not None
    said = refused.value.translation_placeholders["why"]
    assert said == "Another program has held the file for half a minute. Close it there."


async def test_an_edit_is_found_where_it_is_and_said_in_words(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    path = desk_of(loaded).file.path
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"Renewing", b"Somebody")
    path.write_bytes(b"".join(lines))
    (answer,) = (await act(hass, "verify_ledger"))["ledgers"]
    assert answer["state"] == "broken"
    assert [(one["kind"], one["line"], one["row"]) for one in answer["breaks"]] == [
        ("altered", 3, 3)
    ]
    assert answer["words"] == ["Row 3 (line 3) was changed after it was written."]
    said = issue(hass, "ledger_broken")
    assert said is not None
    assert said.translation_placeholders is not None
    assert answer["words"][0] in said.translation_placeholders["where"]
    # Put right, the notice goes.
    lines[2] = lines[2].replace(b"Somebody", b"Renewing")
    path.write_bytes(b"".join(lines))
    await act(hass, "verify_ledger")
    assert issue(hass, "ledger_broken") is None


async def test_a_charge_is_added_once_unless_there_were_two(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    charge: dict[str, Any] = {
        "device_id": device_id(hass, RENEWING),
        "date": "2026-11-20",
        "amount": 6.0,
        "currency": "cny",
        "order": "5100202300001234",
    }
    answer = await act(hass, "add_charge", **charge)
    (row,) = rows_of(loaded, Kind.CHARGE)
    assert (answer["state"], answer["hash"]) == ("added", row.hash)
    assert row.facts == {
        "on": "2026-11-20",
        "money": {"amount": "6.0", "currency": "CNY"},
        "order": "…1234",
    }
    assert (row.source, row.name) == ("owner", "Renewing")
    # The day begins at the home's midnight.
    assert row.at.isoformat() == "2026-11-20T08:00:00+00:00"
    assert await act(hass, "add_charge", **charge) == {"state": "already"}
    assert (await act(hass, "add_charge", **charge, another=True))["state"] == "added"
    assert len(rows_of(loaded, Kind.CHARGE)) == 2


async def test_what_is_not_clear_is_not_added(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    charge: dict[str, Any] = {
        "device_id": device_id(hass, RENEWING),
        "date": "2026-11-20",
        "amount": "6.00",
        "currency": "CNY",
    }
    both = [device_id(hass, camera) for camera in (RENEWING, NOT_RENEWING)]
    for changes, key in (
        ({"date": "2026-12-24"}, "charge_unusable"),
        ({"amount": "1.234"}, "charge_unusable"),
        ({"currency": "¥"}, "charge_unusable"),
        ({"device_id": both}, "not_one_camera_in_target"),
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await act(hass, "add_charge", **{**charge, **changes})
        assert refused.value.translation_key == key
    assert rows_of(loaded, Kind.CHARGE) == []


async def test_a_table_is_read_line_by_line_and_twice_adds_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    shown = await act(hass, "import_charges", table=TABLE, dry_run=True)
    assert rows_of(loaded, Kind.CHARGE, Kind.BANK_LINE) == []
    assert shown["would_add"] == 2
    answer = await act(hass, "import_charges", table=TABLE)
    assert [(line["line"], line["state"]) for line in answer["lines"]] == [
        (2, "added"),
        (3, "added"),
    ]
    charge, bank = rows_of(loaded, Kind.CHARGE, Kind.BANK_LINE)
    assert (charge.facts["money"], bank.facts["money"]) == (
        {"amount": "6.00", "currency": "CNY"},
    ) * 2
    assert (bank.source, bank.facts["text"]) == ("bank", "XIAOMI CLOUD")
    again = await act(hass, "import_charges", table=TABLE)
    assert again["already"] == 2
    assert len(rows_of(loaded, Kind.CHARGE, Kind.BANK_LINE)) == 2


async def test_a_table_that_is_sent_twice_at_once_is_added_once(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    charge: dict[str, Any] = {"device_id": device_id(hass, RENEWING), "date": "2026-11-21"}
    await asyncio.gather(
        *(act(hass, "import_charges", table=TABLE) for _ in range(2)),
        *(act(hass, "add_charge", **charge) for _ in range(2)),
    )
    assert len(rows_of(loaded, Kind.CHARGE, Kind.BANK_LINE)) == 3


async def test_of_a_table_with_a_wrong_line_nothing_is_added(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    shown = await act(hass, "import_charges", table=WRONG, dry_run=True)
    assert (shown["would_add"], shown["wrong"]) == (2, 2)
    assert [(line["line"], line["column"], line["why"]) for line in shown["lines"][2:]] == [
        (4, "camera", "camera_unknown"),
        (5, "date", "date_unusable"),
    ]
    # Also where nobody asked for an answer.
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(DOMAIN, "import_charges", {"table": WRONG}, blocking=True)
    said = str(refused.value)
    assert "Line 4, camera: No camera goes by that name here." in said
    assert "Line 5, date: Write the day like 2026-12-03" in said
    assert rows_of(loaded, Kind.CHARGE, Kind.BANK_LINE) == []
    with pytest.raises(ServiceValidationError, match="and 90 more"):
        await act(hass, "import_charges", table="date\n" + "yesterday\n" * 100)


async def test_a_table_may_be_a_file_where_home_assistant_may_read(
    hass: HomeAssistant, loaded: MockConfigEntry, media: Path
) -> None:
    file = media / "charges.csv"
    file.write_text("date,amount,currency\n2026-11-20,6,CNY\n", encoding="utf-8")
    target = {"device_id": device_id(hass, RENEWING)}
    answer = await act(hass, "import_charges", file=str(file), **target)
    assert answer["added"] == 1
    with pytest.raises(ServiceValidationError):
        await act(hass, "import_charges", file="/etc/passwd", **target)
    for table, said in (
        ("amount\n6", "Known are: kind, date, camera, amount, currency, text, order"),
        ("date,amount,amount\n2026-11-20,6,7", "the same name"),
        ("date,currency,amount\n2026-11-20,EUR,6,50", "Line 2 has more cells"),
        ('date,text\n2026-11-19,a\n2026-11-20,"b', "In line 3 a quotation mark"),
    ):
        with pytest.raises(ServiceValidationError, match=said):
            await act(hass, "import_charges", table=table, **target)


async def test_a_ledger_is_handed_out_with_what_verifies_it(
    hass: HomeAssistant, loaded: MockConfigEntry, media: Path
) -> None:
    await act(hass, "import_charges", table=TABLE)
    (answer,) = (await act(hass, "export_ledger"))["ledgers"]
    ledger, script, charges = (Path(path) for path in answer["files"])
    assert ledger.is_relative_to(media / DOMAIN)
    assert ledger.read_bytes() == desk_of(loaded).file.path.read_bytes()
    done = subprocess.run(  # noqa: ASYNC221, S603 - what an owner does elsewhere, with our own script
        [sys.executable, "-I", str(script), str(ledger)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert answer["head"].encode()[:8] in done.stdout
    assert charges.read_text(encoding="utf-8-sig").splitlines()[0].startswith("kind,date,camera")
    # What was handed out can be read in again.
    again = await act(hass, "import_charges", file=str(charges))
    assert again["already"] == 2
    # The same again makes no other file; a longer one stands beside it.
    assert (await act(hass, "export_ledger"))["ledgers"][0]["files"] == answer["files"]
    assert kinds_of(rows_of(loaded)) == [
        json.loads(line)["kind"] for line in ledger.read_text(encoding="utf-8").splitlines()
    ]


async def test_evidence_is_for_administrators(
    hass: HomeAssistant, loaded: MockConfigEntry, housemate: MockUser
) -> None:
    for action, data in (
        ("add_charge", {"date": "2026-11-20"}),
        ("import_charges", {"table": TABLE}),
        ("export_ledger", {}),
    ):
        with pytest.raises(Unauthorized):
            await hass.services.async_call(
                DOMAIN, action, data, blocking=True, context=Context(user_id=housemate.id)
            )
    assert rows_of(loaded, Kind.CHARGE) == []
