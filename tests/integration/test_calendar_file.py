"""The calendar as a file: read by someone else's reader, by who may, and nothing else in it."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
import json
import os
from pathlib import Path
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from hypothesis import given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.camera_cloud_plan.agenda.ical import IcalEvent, calendar_text
from custom_components.camera_cloud_plan.const import DOMAIN

from .acts import TRIAL, press_off, settle
from .conftest import EntryMaker, entity_id, set_up
from .test_calendar import CALENDAR
from .test_coordinator import NOT_RENEWING, RENEWING

NOON = "2026-11-22T12:00:00+00:00"
VARIABLE = "CAMERA_CLOUD_PLAN_ORACLE"
READER = Path(__file__).parent / "ical_reader.py"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

pytestmark = pytest.mark.freeze_time(NOON)


async def read(text: str) -> dict[str, Any]:
    """Let an independent reader read a file."""
    python = os.environ.get(VARIABLE)
    if not python:
        pytest.fail(
            f"{VARIABLE} does not name a Python with icalendar: run scripts/test, which makes"
            " that environment and sets the variable"
        )
    process = await asyncio.create_subprocess_exec(
        *(python, "-I", str(READER)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(text.encode())
    assert process.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads(output)
    return found


async def exported(hass: HomeAssistant, context: Context | None = None, **target: Any) -> str:
    answer: Any = await hass.services.async_call(
        DOMAIN, "export_calendar", target, blocking=True, return_response=True, context=context
    )
    text: str = answer["ics"]
    return text


# --- The text ---

EVENT = IcalEvent(
    uid="a@b",
    begins=datetime(2026, 11, 26, 8, tzinfo=UTC),
    ends=datetime(2026, 11, 29, 8, tzinfo=UTC),
    summary="前门：预计扣费，6.00 CNY；" * 9,
    description='Line; one, "two"\\three\nnext: \N{VIDEO CAMERA}' * 5,
)


async def test_an_independent_reader_finds_what_was_written() -> None:
    days = IcalEvent(
        uid="days",
        begins=date(2026, 11, 29),
        ends=date(2026, 12, 2),
        summary="Whole days",
        description="",
    )
    moment = IcalEvent(
        uid="moment", begins=EVENT.begins, ends=EVENT.begins, summary="x", description=" y "
    )
    text = calendar_text((EVENT, days, moment), "Plans of the house", NOW)
    found = await read(text)
    assert found["name"] == "Plans of the house"
    stamp = NOW.isoformat()
    assert found["events"] == [
        {
            "uid": "a@b",
            "stamp": stamp,
            "begins": "2026-11-26T08:00:00+00:00",
            "ends": "2026-11-29T08:00:00+00:00",
            "summary": EVENT.summary,
            "description": EVENT.description,
        },
        {
            "uid": "days",
            "stamp": stamp,
            "begins": "2026-11-29",
            "ends": "2026-12-02",
            "summary": "Whole days",
            "description": "",
        },
        {
            "uid": "moment",
            "stamp": stamp,
            "begins": "2026-11-26T08:00:00+00:00",
            "ends": None,
            "summary": "x",
            "description": " y ",
        },
    ]


@settings(max_examples=200)
@given(st.text(max_size=300))
def test_any_text_is_folded_and_comes_back(said: str) -> None:
    """Within 75 octets a line, no character cut, and unfolded it is what was said."""
    text = (
        calendar_text(
            [IcalEvent(uid="a", begins=NOW, ends=NOW, summary=said, description="")], "x", NOW
        )
        if not re.search(r"[\ud800-\udfff]", said)
        else ""
    )
    lines = text.encode().split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    for line in lines:
        line.decode()
    assert b"\n" not in b"".join(lines)
    unfolded = text.replace("\r\n ", "").split("\r\n")
    summaries = [line.removeprefix("SUMMARY:") for line in unfolded if line.startswith("SUMMARY")]
    plain = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", re.sub(r"\r\n?", "\n", said))
    escapes = {"\\\\": "\\", "\\;": ";", "\\,": ",", "\\n": "\n"}
    back = [re.sub(r"\\[\\;,n]", lambda found: escapes[found[0]], line) for line in summaries]
    assert back == ([plain] if text else [])


# --- The action ---


async def test_the_action_returns_what_stands_on_the_calendar(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await press_off(hass)
    text = await exported(hass, entity_id=CALENDAR)
    found = await read(text)
    assert found["name"] == "Plan charges"
    assert [event["summary"] for event in found["events"]] == [
        "Trial: trial turns paid",
        "Renewing: charge expected",
        "Not renewing: plan ends, no renewal",
        "Renewing: charge expected",
        "Renewing: charge expected",
    ]
    assert found["events"][0]["begins"] == "2026-11-26T00:00:00+00:00"
    # No check of a cancellation: it moves by the hour, and a file does not.
    assert "checking" not in text
    for secret in (RENEWING, TRIAL, NOT_RENEWING, "2500110011", loaded.entry_id):
        assert secret not in text


async def test_a_camera_can_be_meant_alone_and_all_accounts_together(
    hass: HomeAssistant, loaded: MockConfigEntry, make_entry: EntryMaker
) -> None:
    only = await exported(hass, entity_id=entity_id(hass, NOT_RENEWING, "plan_status"))
    assert [event["summary"] for event in (await read(only))["events"]] == [
        "Not renewing: plan ends, no renewal"
    ]
    await set_up(hass, await make_entry("6500220022"))
    both = [event["summary"] for event in (await read(await exported(hass)))["events"]]
    assert "Trial: trial turns paid" in both
    assert [summary for summary in both if "may renew" in summary]


async def test_a_target_that_is_nothing_of_ours_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    hass.states.async_set("light.kitchen", "on")
    with pytest.raises(ServiceValidationError):
        await exported(hass, entity_id="light.kitchen")


async def test_who_may_not_see_it_does_not_get_it(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_admin_user: MockUser, housemate: MockUser
) -> None:
    assert await exported(hass, Context(user_id=housemate.id))
    housemate.mock_policy({})
    with pytest.raises(Unauthorized):
        await exported(hass, Context(user_id=housemate.id))


# --- The link ---


async def link(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Go to the options' page; return where its link leads."""
    flow: Any = await hass.config_entries.options.async_init(entry.entry_id)
    assert "calendar_file" in flow["menu_options"]
    page: Any = await hass.config_entries.options.async_configure(
        flow["flow_id"], {"next_step_id": "calendar_file"}
    )
    assert page["description_placeholders"]["minutes"] == "30"
    anchor = re.fullmatch(
        r'<a href="([^"]+)" target="_blank">Download the calendar</a>',
        page["description_placeholders"]["link"],
    )
    assert anchor
    done: Any = await hass.config_entries.options.async_configure(flow["flow_id"], {})
    assert done["type"] == "create_entry"
    return anchor[1]


async def test_the_options_give_a_link_that_is_good_for_a_while(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    url = await link(hass, loaded)
    anybody = await hass_client_no_auth()
    answer = await anybody.get(url)
    assert answer.status == HTTPStatus.OK
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    text = await answer.text()
    assert text.count("BEGIN:VEVENT") == 5
    assert (await read(text))["name"] == "Plan charges"
    unsigned = await anybody.get(url.split("?", maxsplit=1)[0])
    assert unsigned.status == HTTPStatus.UNAUTHORIZED
    freezer.tick(timedelta(minutes=31))
    assert (await anybody.get(url)).status == HTTPStatus.UNAUTHORIZED


async def test_the_file_is_for_who_may_see_the_calendar(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    hass_admin_user: MockUser,
) -> None:
    url = (await link(hass, loaded)).split("?", maxsplit=1)[0]
    owner = await hass_client()
    assert (await owner.get(url)).status == HTTPStatus.OK
    assert (await owner.get(url.replace(".ics", "0.ics"))).status == HTTPStatus.NOT_FOUND
    hass_admin_user.groups = []
    hass_admin_user.is_owner = False
    hass_admin_user.mock_policy({})
    assert (await owner.get(url)).status == HTTPStatus.FORBIDDEN


async def test_without_the_account_there_is_no_file(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    url = (await link(hass, loaded)).split("?", maxsplit=1)[0]
    owner = await hass_client()
    await hass.config_entries.async_unload(loaded.entry_id)
    await settle(hass)
    assert (await owner.get(url)).status == HTTPStatus.NOT_FOUND
