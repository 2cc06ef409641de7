"""I was charged: every edge of the guide, kept as it goes, the days for it, and the file."""

from collections.abc import Iterator
from datetime import timedelta
import hashlib
from http import HTTPStatus
import json
from pathlib import Path
import re
from typing import Any
from unittest.mock import patch
import zipfile

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.ledger import Kind, Row, Source
from custom_components.camera_cloud_plan.ledger.verify_ledger import check_path
from custom_components.camera_cloud_plan.proof.words import message_of
from simulator.server import RunningSimulator

from .acts import device_id, issue_keys, press_off, restart
from .conftest import MAINLAND
from .guided import Guide
from .ledgers import act, desk_of, rows_of
from .test_coordinator import NOT_RENEWING, RENEWING, coordinator_of, refresh
from .typed import typed_in

pytestmark = pytest.mark.usefixtures("repairs")

CALENDAR = "calendar.xiaomi_cloud_plans_0011_plan_charges"


@pytest.fixture(autouse=True)
def _media(hass: HomeAssistant, tmp_path: Path) -> None:
    """Have a media folder of the test's own."""
    (tmp_path / "media").mkdir()
    hass.config.media_dirs = {"local": str(tmp_path / "media")}
    hass.config.allowlist_external_dirs = {str(tmp_path / "media")}


async def report(hass: HomeAssistant) -> str:
    """Take a charge up as a person does; return what became of it."""
    (row,) = (await act(hass, "report_charge", device_id=device_id(hass, RENEWING)))["plans"]
    state: str = row["state"]
    return state


def said(entry: MockConfigEntry) -> list[Row]:
    """Return what was said, in the ledger."""
    return [row for row in rows_of(entry) if "claim" in row.facts]


async def due(hass: HomeAssistant, calendar: str = CALENDAR) -> list[tuple[str, str]]:
    """Return what stands in the calendar about charges that were taken up: moment and words."""
    answer: Any = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": calendar, "duration": {"days": 150}},
        blocking=True,
        return_response=True,
    )
    return [
        (event["start"], event["summary"])
        for event in answer[calendar]["events"]
        if "answer" in event["summary"] or "money back" in event["summary"]
    ]


async def answered(
    guide: Guide, renewal: str, notice: str, amount: str, want: str, *, on: str = "2026-11-20"
) -> Guide:
    """Answer all that is asked."""
    assert guide.shows == "renewal_was"
    await guide.tap(renewal)
    assert guide.shows == "notice"
    await guide.tap(notice)
    if notice == "notice_came":
        assert guide.shows == "notice_when"
        await guide.tap(on="2026-11-17")
    assert guide.shows == "charge"
    await guide.tap(on=on)
    assert guide.shows == "amount"
    await guide.tap(amount)
    assert guide.shows == "want"
    return await guide.tap(want)


@pytest.mark.freeze_time("2026-11-22T12:00:00Z")
async def test_money_is_asked_back_and_comes(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    assert await report(hass) == "begun"
    assert await report(hass) == "begun_already"
    assert issue_keys(hass) == ["charged"]
    guide = await Guide.open(hass, "charged")
    assert "shows auto-renewal as on" in guide.said
    await guide.tap("was_off")
    await guide.tap("notice_none")
    await guide.tap(on="2026-11-20", amount="1.234", currency="yuan")
    assert guide.result["errors"] == {"amount": "not_an_amount", "currency": "not_a_currency"}
    await guide.tap(on="2026-11-20", amount="6,00", currency="cny")
    await guide.tap("amount_right")
    await guide.tap("want_refund")
    assert guide.shows == "settle"
    assert guide.buttons == ["make_file", "asked", "close", "leave"]
    assert "its service in the app is asked first" in guide.said
    assert "12315" in guide.said
    assert await due(hass) == []
    await guide.tap("asked")
    assert guide.shows == "asked_of"
    await guide.tap(route="cn_market_regulator")
    asked = ["make_file", "asked_another", "accepted", "money_back", "close", "leave"]
    assert guide.buttons == asked
    # Asked on a Sunday: seven working days later is Tuesday of the week after.
    words = "answer about the charge due"
    assert [(start[:10], words in summary) for start, summary in await due(hass)] == [
        ("2026-12-01", True)
    ]
    freezer.tick(timedelta(days=5))
    await guide.tap("accepted")
    assert guide.buttons == ["make_file", "asked_another", "money_back", "close", "leave"]
    assert [start[:10] for start, _ in await due(hass)] == ["2027-01-29"]
    await guide.tap("money_back")
    assert guide.shows == "finished: money_back"
    assert issue_keys(hass) == []
    assert await due(hass) == []
    facts = [{**row.facts, "kind": row.kind.value} for row in said(loaded)]
    assert [(of["kind"], of.get("step"), of.get("answer")) for of in facts] == [
        ("complaint", "began", None),
        ("complaint", "renewal_was", "off"),
        ("complaint", "notice", "no"),
        ("charge", None, None),
        ("complaint", "amount", "right"),
        ("complaint", "want", "refund"),
        ("refund_asked", None, None),
        ("complaint", "accepted", None),
        ("refund_received", None, None),
    ]
    assert facts[3]["money"] == {"amount": "6.00", "currency": "CNY"}
    assert {row.source for row in said(loaded)} == {"owner"}


@pytest.mark.parametrize(
    ("answers", "then"),
    [
        (("was_on", "notice_unknown", "amount_wrong", "want_record"), "written down"),
        (("was_unknown", "notice_came", "amount_unknown", "want_stop"), "open the other entry"),
    ],
)
async def test_the_other_answers(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    answers: tuple[str, str, str, str],
    then: str,
) -> None:
    await report(hass)
    guide = await answered(await Guide.open(hass, "charged"), *answers)
    assert guide.shows == "settle"
    assert guide.buttons == ["make_file", "close", "leave"]
    assert then in guide.said
    assert ("plan_cancellation" in issue_keys(hass)) is ("want_stop" in answers)
    assert len(rows_of(loaded, Kind.NOTICE)) == ("notice_came" in answers)
    await guide.tap("close")
    assert guide.shows == "finished: closed"
    assert "charged" not in issue_keys(hass)


@pytest.mark.freeze_time("2026-11-22T12:00:00Z")
async def test_where_there_is_one_way_it_is_not_asked_for(hass: HomeAssistant) -> None:
    """A plan that is typed in has a seller and no maker; no rule names a day for an answer."""
    plan_id = await typed_in(hass, billed_by="seller", brand="Ring")
    typed = device_id(hass, plan_id)
    await act(hass, "report_charge", device_id=typed)
    guide = await answered(
        await Guide.open(hass, "charged"), "was_off", "notice_none", "amount_wrong", "want_refund"
    )
    assert "Whoever took the money is asked first: Ring." in guide.said
    await guide.tap("asked")
    assert guide.shows == "settle"
    assert guide.buttons == ["make_file", "money_back", "close", "leave"]
    assert "No rule names a day for an answer" in guide.said
    (calendar,) = hass.states.async_entity_ids("calendar")
    (event,) = await due(hass, calendar)
    assert event[0].startswith("2026-11-29")
    await guide.tap("make_file")
    assert guide.shows == "made"


@pytest.mark.freeze_time("2026-11-22T12:00:00Z")
@pytest.mark.parametrize(
    ("country", "plan", "ways"),
    [
        ("DE", {"billed_by": "google_play", "brand": "Ring"}, ["48 hours, which end on Mon 23"]),
        ("US", {"billed_by": "apple", "brand": "Ring"}, ["https://reportaproblem.apple.com"]),
        ("IN", {"billed_by": "seller", "brand": "Ring"}, ["is asked first: Ring."]),
        ("FR", {"billed_by": "seller", "term": "1 year"}, ["is asked first: the seller."]),
        # Behind a wallet stands whoever sells the plan, of whom nothing is known but the name.
        ("GB", {"billed_by": "wechat_pay", "brand": "Ring"}, ["is asked first: Ring."]),
        ("CN", {"billed_by": "alipay"}, ["wallet statement names them", "12315"]),
        (None, {"billed_by": "seller_unknown"}, ["the bank or wallet statement names them"]),
    ],
)
async def test_what_to_do_goes_by_the_seller_and_the_region(
    hass: HomeAssistant, country: str | None, plan: dict[str, str], ways: list[str]
) -> None:
    hass.config.country = country
    typed = device_id(hass, await typed_in(hass, **plan))
    await act(hass, "report_charge", device_id=typed)
    guide = await Guide.open(hass, "charged")
    assert "By your word, it renews by itself." in guide.said
    await answered(guide, "was_off", "notice_came", "amount_wrong", "want_refund", on="2026-11-21")
    for way in ways:
        assert way in guide.said
    assert not re.search(r"whichever wallet|FTC|Art\. ?49", guide.said)
    (calendar,) = hass.states.async_entity_ids("calendar")
    told = [start[:10] for start, _ in await due(hass, calendar)]
    assert told == (["2026-11-23"] if "48 hours" in ways[0] else [])
    await guide.tap("make_file")
    (page,) = (unpacked(path)["report.html"].decode() for path in made(hass))
    assert "The plan was typed in by its owner" in page
    assert ("<th>Maker</th><td>Ring</td>" if "brand" in plan else "<th>Billed by</th>") in page
    assert "read from  was" not in page
    assert "Missing: the charge" not in guide.said
    assert "Missing: whether and when the seller's notice came" not in guide.said


@pytest.mark.freeze_time("2026-11-22T12:00:00Z")
async def test_who_was_refused_goes_on_to_somebody_else(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await report(hass)
    guide = await answered(
        await Guide.open(hass, "charged"), "was_off", "notice_none", "amount_right", "want_refund"
    )
    await guide.tap("asked")
    await guide.tap(route="maker_service")
    assert [start[:10] for start, _ in await due(hass)] == ["2026-11-29"]
    await restart(hass, loaded)
    assert [start[:10] for start, _ in await due(hass)] == ["2026-11-29"]
    freezer.tick(timedelta(days=9))
    guide = await Guide.open(hass, "charged")
    await guide.tap("asked_another")  # There is one other way, so it is not asked for.
    assert guide.shows == "settle"
    assert "You asked for the money back on Tue 1 Dec" in guide.said
    assert [start[:10] for start, _ in await due(hass)] == ["2026-12-10"]
    assert [row.facts["to"] for row in rows_of(loaded, Kind.REFUND_ASKED)] == [
        "maker_service",
        "cn_market_regulator",
    ]


@pytest.mark.freeze_time("2026-11-22T12:00:00Z")
async def test_one_charge_stays_one(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Noted before it was taken up, and said in two windows."""
    camera = device_id(hass, RENEWING)
    await act(hass, "add_charge", device_id=camera, date="2026-11-20", amount="6", currency="CNY")
    await report(hass)
    guide, other = [await Guide.open(hass, "charged") for _ in range(2)]
    for window in (guide, other):
        await window.tap("was_off")
    await guide.tap("notice_came")
    await other.tap("notice_came")
    for day in ("2026-11-23", "0026-11-17"):
        await guide.tap(on=day)
        assert guide.result["errors"] == {"on": "not_a_day"}
    await guide.tap(on="2026-11-17")
    await other.tap(on="2026-11-17")
    assert (guide.shows, other.shows) == ("charge", "charge")
    for amount in ("0", "1" * 12):
        await guide.tap(on="2026-11-23", amount=amount, currency="CNY")
        assert guide.result["errors"] == {"on": "not_a_day", "amount": "not_an_amount"}
    await guide.tap(on="2026-11-20", amount="6,00", currency="CNY")
    await other.tap(on="2026-11-20", amount="6.00", currency="CNY")
    assert (guide.shows, other.shows) == ("amount", "amount")
    assert len(rows_of(loaded, Kind.CHARGE)) == 1
    assert len(rows_of(loaded, Kind.NOTICE)) == 1
    assert (await act(hass, "get_bill"))["bills"][0]["paid"] == {"CNY": 6.0}


@pytest.mark.freeze_time("2026-11-22T12:00:00Z")
async def test_of_a_first_paid_term_in_the_union_the_days_to_withdraw_are_told(
    hass: HomeAssistant,
) -> None:
    """Also once the plan is no trial any more: then there is a charge."""
    hass.config.country = "DE"
    plan_id = await typed_in(hass, billed_by="seller", brand="Ring")
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    changes = {"trial": {"old": True, "new": False}}
    await desk_of(entry).async_append(
        Kind.PLAN_CHANGED, {"changes": changes}, camera_id=plan_id, source=Source.OWNER
    )
    await act(hass, "report_charge", device_id=device_id(hass, plan_id))
    guide = await answered(
        await Guide.open(hass, "charged"), "was_off", "notice_none", "amount_right", "want_refund"
    )
    assert "the first paid term may be withdrawn from" in guide.said
    assert "14 days end on" in guide.said
    (calendar,) = hass.states.async_entity_ids("calendar")
    assert [event[0][:10] for event in await due(hass, calendar)] == ["2026-12-04"]


async def test_who_may_not_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_read_only_user: MockUser
) -> None:
    for action, data in (
        ("create_dispute_package", {"device_id": device_id(hass, RENEWING)}),
        ("report_charge", {"device_id": device_id(hass, RENEWING)}),
        ("get_bill", {"file": True}),
    ):
        with pytest.raises(Unauthorized):
            await hass.services.async_call(
                DOMAIN,
                action,
                data,
                blocking=True,
                return_response=True,
                context=Context(user_id=hass_read_only_user.id),
            )
    assert said(loaded) == []


async def test_no_charge_after_all(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    await report(hass)
    guide = await Guide.open(hass, "charged")
    await guide.tap("not_charged")
    assert guide.shows == "finished: not_charged"
    assert issue_keys(hass) == []
    assert await report(hass) == "begun"


async def test_it_goes_on_where_it_was_left_after_a_restart(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await report(hass)
    guide = await Guide.open(hass, "charged")
    await guide.tap("was_off")
    await restart(hass, loaded)
    guide = await Guide.open(hass, "charged")
    assert guide.shows == "notice"
    await guide.tap("notice_none")
    await guide.tap(on="2026-11-20")
    await guide.tap("amount_right")
    await guide.tap("want_record")
    await guide.tap("leave")
    assert guide.shows == "abort: left"
    assert issue_keys(hass) == ["charged"]
    assert (await Guide.open(hass, "charged")).shows == "settle"


async def test_a_camera_that_leaves_stays_until_its_charge_is_settled(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await act(hass, "report_charge", device_id=device_id(hass, NOT_RENEWING))
    sim.world.remove_device(NOT_RENEWING)
    for _ in range(3):
        await refresh(hass, loaded)
    await restart(hass, loaded)
    await refresh(hass, loaded)
    guide = await answered(
        await Guide.open(hass, "charged"), "was_off", "notice_none", "amount_right", "want_refund"
    )
    await guide.tap("asked")
    await guide.tap(route="cn_market_regulator")
    assert await due(hass)
    await guide.tap("make_file")
    assert guide.shows == "made"
    await guide.tap("go_on")
    await guide.tap("money_back")
    await refresh(hass, loaded)
    assert NOT_RENEWING not in coordinator_of(loaded).data.cameras
    assert issue_keys(hass) == []


async def test_what_cannot_be_kept_is_not_said(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await report(hass)
    guide = await Guide.open(hass, "charged")
    full = HomeAssistantError(translation_domain="camera_cloud_plan", translation_key="not_saved")
    with patch.object(coordinator_of(loaded).proof, "async_append", side_effect=full):
        await guide.tap("was_off")
        assert guide.shows == "abort: not_saved"
    assert (await Guide.open(hass, "charged")).shows == "renewal_was"


async def test_an_account_that_is_unloaded_meanwhile(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await report(hass)
    guide = await Guide.open(hass, "charged")
    await hass.config_entries.async_unload(loaded.entry_id)
    await guide.tap("was_off")
    assert guide.shows == "abort: not_open"


async def test_a_renewal_after_switching_off_leads_there(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    await press_off(hass)
    sim.world.switch_renewal(RENEWING, on=False)
    await refresh(hass, loaded)
    assert await ended_all_the_same(hass, loaded, sim)
    guide = await Guide.open(hass, "plan_cancellation")
    assert guide.shows == "renewed_after"
    await guide.tap("charged")
    assert guide.shows == "abort: charged"
    assert "charged" in issue_keys(hass)
    guide = await Guide.open(hass, "charged")
    assert "The end moved from" in guide.said


async def ended_all_the_same(
    hass: HomeAssistant, entry: MockConfigEntry, sim: RunningSimulator
) -> bool:
    """Have the maker renew a plan whose renewal is off; return whether that was seen."""
    plan = sim.world.camera(RENEWING).plan
    assert plan is not None
    plan.end_ms += int(timedelta(days=31).total_seconds() * 1000)
    await refresh(hass, entry)
    return bool(rows_of(entry, Kind.RENEWED))


# --- The file ---


async def test_the_file_is_made_with_one_press(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tmp_path: Path,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    await report(hass)
    guide = await answered(
        await Guide.open(hass, "charged"), "was_off", "notice_none", "amount_right", "want_refund"
    )
    await guide.tap("make_file")
    assert guide.shows == "made"
    assert "Missing: the order number" in guide.said
    (made,) = (tmp_path / "media" / "camera_cloud_plan").iterdir()
    assert str(made) in guide.said
    assert all(checked.is_whole for checked in check_path(made))
    (row,) = rows_of(loaded, Kind.DISPUTE_PACKAGE)
    assert row.facts["sha256"] == hashlib.sha256(made.read_bytes()).hexdigest()
    link = re.search(r'href="([^"]+)"', guide.said)
    assert link
    stranger = await hass_client_no_auth()
    answer = await stranger.get(link[1])
    assert await answer.read() == made.read_bytes()
    assert (await stranger.get(link[1].partition("?")[0])).status == HTTPStatus.UNAUTHORIZED
    made.write_bytes(b"another")
    assert (await stranger.get(link[1])).status == HTTPStatus.NOT_FOUND
    await guide.tap("go_on")
    assert guide.shows == "settle"
    await guide.tap("make_file")
    await guide.tap("leave")
    assert guide.shows == "abort: left"


async def test_a_file_that_cannot_be_made_is_said(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    await report(hass)
    guide = await answered(
        await Guide.open(hass, "charged"), "was_off", "notice_none", "amount_right", "want_record"
    )
    hass.config.media_dirs = {"local": "/proc/none"}
    await guide.tap("make_file")
    assert guide.shows == "abort: file_not_made"
    assert not rows_of(loaded, Kind.DISPUTE_PACKAGE)


def content_of(path: str) -> bytes:
    return Path(path).read_bytes()


def made(hass: HomeAssistant) -> list[str]:
    """Return the dispute files that there are."""
    folder = Path(hass.config.media_dirs["local"]) / DOMAIN
    return [str(path) for path in folder.glob("dispute_*.zip")]


def unpacked(path: str) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def secrets_of(entry: MockConfigEntry) -> Iterator[str]:
    credentials = entry.data["credentials"]
    for value in (*credentials.values(), *credentials["session"].values()):
        if isinstance(value, str) and len(value) >= 8:
            yield value


async def test_the_action_makes_it_too_and_tells_no_token_and_no_id(
    hass: HomeAssistant, loaded: MockConfigEntry, tmp_path: Path
) -> None:
    (tmp_path / "media" / "bill.png").write_bytes(b"made up")
    text = f"paid for {MAINLAND} from 13800138000"
    camera = device_id(hass, RENEWING)
    await act(hass, "add_charge", device_id=camera, date="2026-11-20", text=text)
    (row,) = (
        await act(
            hass,
            "create_dispute_package",
            device_id=device_id(hass, RENEWING),
            attachments=[str(tmp_path / "media" / "bill.png")],
            language="zh-Hans",
        )
    )["plans"]
    assert row["state"] == "made"
    assert "notice" in row["missing"]
    files = unpacked(row["path"])
    assert {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} == row[
        "files"
    ]
    assert files["attachments/01_bill.png"] == b"made up"
    page = files["report.html"].decode()
    assert '<html lang="zh-Hans">' in page
    # Not in Home Assistant's language.
    assert "<th>收款方</th><td>小米（米家）</td>" in page
    assert "<th>账号地区</th><td>中国大陆</td>" in page
    for name, content in files.items():
        for secret in (*secrets_of(loaded), RENEWING, MAINLAND, str(tmp_path)):
            assert secret.encode() not in content, name
    assert [row.facts["file"] for row in rows_of(loaded, Kind.ATTACHMENT)] == ["bill.png"]
    (again,) = (
        await act(
            hass,
            "create_dispute_package",
            device_id=device_id(hass, RENEWING),
            include=["device_id", "numbers"],
        )
    )["plans"]
    assert again["path"] != row["path"]  # nothing is overwritten
    page = unpacked(again["path"])["report.html"].decode()
    assert RENEWING in page
    # The account's own id is no number like others.
    assert "paid for •••11 from 13800138000" in page


async def test_files_that_are_too_large_together_are_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, tmp_path: Path
) -> None:
    given = []
    for number in range(3):
        given.append(str(tmp_path / "media" / f"{number}.mp4"))
        with open(given[-1], "wb") as file:  # noqa: ASYNC230, PTH123 - a hole, that takes no room
            file.truncate(30 << 20)
    with pytest.raises(ServiceValidationError) as raised:
        await act(
            hass,
            "create_dispute_package",
            device_id=device_id(hass, RENEWING),
            attachments=given,
        )
    assert raised.value.translation_key == "attachments_too_large"
    assert not rows_of(loaded, Kind.ATTACHMENT)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"attachments": ["/etc/hostname"]}, "attachment_not_allowed"),
        ({"attachments": ["../../x"]}, "attachment_not_allowed"),
        ({"folder": "/etc"}, "folder_not_allowed"),
        ({"start": "2026-11-20 00:00:00", "end": "2026-11-19 00:00:00"}, "empty_span"),
        ({"end": "9999-12-31 23:00:00"}, "empty_span"),
    ],
)
async def test_what_may_not_be_read_or_written_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, data: dict[str, Any], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, "create_dispute_package", device_id=device_id(hass, RENEWING), **data)
    assert raised.value.translation_key == key


@pytest.mark.parametrize("plan", ["2026-13-45T99:99", "2026-99-99", "2026-11-24T10:00:00+00:00"])
def test_a_plan_is_called_what_its_maker_calls_it(hass: HomeAssistant, plan: str) -> None:
    """However much that looks like a moment."""
    facts = {"finding": "plan_lapsed", "plan": plan, "ends_at": "2026-11-24T10:00:00+00:00"}
    said = message_of(hass, facts)
    assert f": {plan}" in said
    assert "24 Nov, 02:00" in said


# --- The bill ---


@pytest.mark.freeze_time("2026-11-22T12:00:00Z")
async def test_a_bill_says_what_a_month_brought_and_is_saved(
    hass: HomeAssistant, loaded: MockConfigEntry, sim: RunningSimulator
) -> None:
    assert await ended_all_the_same(hass, loaded, sim)
    await report(hass)
    (bill,) = (await act(hass, "get_bill", file=True))["bills"]
    assert bill["month"] == "2026-11"
    assert [term["paid"] for term in bill["renewed"]] == [None]
    assert bill["unknown_amounts"] == 1
    assert bill["paid"] == {}
    assert [item["row"] for item in bill["open"]]
    page, values = map(content_of, bill["files"])
    assert b"Of unknown cost: 1" in page
    assert MAINLAND.encode() not in page + values
    assert json.loads(values)["ledger"] == bill["ledger"]
    (row,) = rows_of(loaded, Kind.REPORT)
    assert row.facts["sha256"] == hashlib.sha256(values).hexdigest()
    (before,) = (await act(hass, "get_bill", month="2026-10"))["bills"]
    assert (before["renewed"], before["is_over"]) == ([], True)
    for month in ("2026-13", "9999-12", "0001-01", "2026-1"):
        with pytest.raises(ServiceValidationError):
            await act(hass, "get_bill", month=month)
