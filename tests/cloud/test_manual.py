"""Plans that are typed in: what can be said of one, how it stands, and its way through a table."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from freezegun import freeze_time
import pytest

from custom_components.camera_cloud_plan.cloud.manual import (
    COLUMNS,
    Flaw,
    ManualCloud,
    ManualPlan,
    ManualPlanError,
    TableError,
    TableFlaw,
    read_table,
    write_table,
)
from custom_components.camera_cloud_plan.cloud.provider import PlanProvider, Readable
from custom_components.camera_cloud_plan.plan import (
    Camera,
    Channel,
    Money,
    Ownership,
    PlanReading,
    PriceSource,
    Service,
    Term,
    default_channel,
)

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")

FOUR = {"name": "Doorbell", "ends_on": "2026-12-03", "term": "1_month", "renews": "yes"}
ALL: dict[str, Any] = {
    **FOUR,
    "brand": "Reolink",
    "price": "6.99",
    "currency": "eur",
    "starts_on": "2026-11-03",
    "trial": "yes",
    "regular_price": "9.99",
    "price_from": "2027-03-03",
    "billed_by": "google_play",
    "notice_days": "14",
    "billing_day": "5",
    "attached_to": "abc123",
}


def plan(**values: Any) -> ManualPlan:
    return ManualPlan.parse({**FOUR, **values})


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def day(reading: PlanReading, zone: ZoneInfo = BERLIN) -> date:
    """Return the day that a plan ends on; it ends with its last second."""
    assert reading.ends_at is not None
    local = reading.ends_at.astimezone(zone)
    assert (local.hour, local.minute, local.second) == (23, 59, 59)
    return local.date()


# --- What was typed ---


def test_four_fields_suffice_and_nothing_is_guessed() -> None:
    assert plan() == ManualPlan(
        name="Doorbell", ends_on=date(2026, 12, 3), term=Term.months(1), renews=True
    )


def test_everything_that_can_be_said() -> None:
    assert ManualPlan.parse(ALL) == ManualPlan(
        name="Doorbell",
        ends_on=date(2026, 12, 3),
        term=Term.months(1),
        renews=True,
        brand="Reolink",
        price=Money(amount=Decimal("6.99"), currency="EUR"),
        starts_on=date(2026, 11, 3),
        trial=True,
        regular_price=Money(amount=Decimal("9.99"), currency="EUR"),
        price_from=date(2027, 3, 3),
        billed_by=Channel.GOOGLE_PLAY,
        notice_days=14,
        billing_day=5,
        attached_to="abc123",
    )


@pytest.mark.parametrize("values", [FOUR, ALL, {**FOUR, "renews": "no"}, {**FOUR, "renews": ""}])
def test_what_is_stored_is_the_same_plan(values: dict[str, Any]) -> None:
    typed = ManualPlan.parse(values)
    assert ManualPlan.parse(typed.as_dict()) == typed
    assert all(type(value) in {str, bool, int} for value in typed.as_dict().values())


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("1_months", Term.months(1)),
        ("12 months", Term.months(12)),
        ("1 year", Term.months(12)),
        ("2y", Term.months(24)),
        ("30 days", Term.days(30)),
        ("4 weeks", Term.days(28)),
        ("45天", Term.days(45)),
        ("3个月", Term.months(3)),
        ("1年", Term.months(12)),
        ("45 Tage", Term.days(45)),
        ("3 Monate", Term.months(3)),
        ("2 Jahre", Term.months(24)),
        ("10_days", Term.days(10)),
    ],
)
def test_terms_as_people_write_them(text: str, term: Term) -> None:
    typed = plan(term=text)
    assert typed.term == term
    assert ManualPlan.parse(typed.as_dict()).term == term


@pytest.mark.parametrize(
    ("renews", "said"),
    [
        (True, ("yes", "TRUE", "1", "Ja", "是")),
        (False, ("no", "false", "0", "Nein", "否")),
        (None, ("", "unknown", "?", "unbekannt", "未知")),
    ],
)
def test_yes_and_no_as_people_write_them(renews: bool | None, said: tuple[str, ...]) -> None:
    assert {plan(renews=text).renews for text in said} == {renews}


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("6.99", "6.99"),
        ("6,99", "6.99"),
        ("1.299,50", "1299.50"),
        ("1,299.50", "1299.50"),
        ("1 299,5", "1299.5"),
        ("0", "0"),
        (6.0, "6.0"),
        (12, "12"),
    ],
)
def test_amounts_as_people_write_them(text: object, amount: str) -> None:
    price = plan(price=text, currency="EUR").price
    assert price == Money(amount=Decimal(amount), currency="EUR")


def test_an_amount_of_three_decimals_keeps_them() -> None:
    said = plan(price=1.299, currency="KWD")
    assert said.price == Money(amount=Decimal("1.299"), currency="KWD")
    assert ManualPlan.parse(said.as_dict()) == said
    assert [row.plan for row in read_table(write_table([said]))] == [said]


@pytest.mark.parametrize(
    "text", ["2026-12-03", "2026/12/3", "2026.12.03", "3.12.2026", "2026年12月3日"]
)
def test_days_as_people_write_them(text: str) -> None:
    assert plan(ends_on=text).ends_on == date(2026, 12, 3)


@pytest.mark.parametrize(
    ("field", "value", "flaw"),
    [
        ("name", "  ", Flaw.NAME_MISSING),
        ("name", "x" * 101, Flaw.TEXT_UNUSABLE),
        ("brand", "two\nlines", Flaw.TEXT_UNUSABLE),
        ("ends_on", "", Flaw.DATE_MISSING),
        ("ends_on", "03/12/2026", Flaw.DATE_UNUSABLE),  # which of them is the month?
        ("ends_on", "2026-02-30", Flaw.DATE_UNUSABLE),
        ("ends_on", "0026-12-03", Flaw.DATE_UNUSABLE),
        ("term", "", Flaw.TERM_UNUSABLE),
        ("term", "0 days", Flaw.TERM_UNUSABLE),
        ("term", "monthly", Flaw.TERM_UNUSABLE),
        ("term", "9999 years", Flaw.TERM_UNUSABLE),
        ("renews", "perhaps", Flaw.YES_OR_NO_UNUSABLE),
        ("trial", "free", Flaw.YES_OR_NO_UNUSABLE),
        ("price", "1,299", Flaw.AMOUNT_UNUSABLE),  # a point for decimals or for thousands?
        ("price", "1.299", Flaw.AMOUNT_UNUSABLE),
        ("price", "-1", Flaw.AMOUNT_UNUSABLE),
        ("price", "6.9.9.", Flaw.AMOUNT_UNUSABLE),
        ("price", "NaN", Flaw.AMOUNT_UNUSABLE),
        ("price", "9" * 12, Flaw.AMOUNT_UNUSABLE),
        ("currency", "euro", Flaw.CURRENCY_UNUSABLE),
        ("billed_by", "mi_pay", Flaw.SELLER_UNUSABLE),
        ("notice_days", "-1", Flaw.NUMBER_UNUSABLE),
        ("billing_day", "32", Flaw.NUMBER_UNUSABLE),
        ("billing_day", "1.5", Flaw.NUMBER_UNUSABLE),
        ("starts_on", "2026-12-04", Flaw.STARTS_AFTER_END),
    ],
)
def test_a_flaw_is_named_with_its_field(field: str, value: str, flaw: Flaw) -> None:
    with pytest.raises(ManualPlanError) as raised:
        plan(**{"currency": "EUR", field: value})
    assert (raised.value.field, raised.value.flaw) == (field, flaw)


@pytest.mark.parametrize(
    ("values", "field", "flaw"),
    [
        ({"price": "6"}, "currency", Flaw.CURRENCY_UNUSABLE),
        ({"price_from": "2027-01-01"}, "price", Flaw.PRICE_MISSING),
        (
            {"price": "6", "regular_price": "12", "currency": "EUR"},
            "price_from",
            Flaw.PRICE_FROM_MISSING,
        ),
    ],
)
def test_what_is_said_by_halves(values: dict[str, str], field: str, flaw: Flaw) -> None:
    with pytest.raises(ManualPlanError) as raised:
        plan(**values)
    assert (raised.value.field, raised.value.flaw) == (field, flaw)


# --- How it stands ---


def test_a_reading_is_the_owners_word() -> None:
    reading = ManualPlan.parse(ALL).reading(at("2026-11-25"), BERLIN)
    assert reading.typed
    assert reading.service is Service.ACTIVE
    assert reading.trial
    assert reading.renewal is not None
    assert (reading.renewal.source, reading.renewal.says) == ("owner", True)
    tariff = reading.tariff
    assert tariff is not None
    assert tariff.source is PriceSource.OWNER
    assert tariff.price == Money(amount=Decimal("6.99"), currency="EUR")
    assert tariff.price_from == at("2027-03-03")
    assert (tariff.term, tariff.billing_day, tariff.notice_days) == (Term.months(1), 5, 14)


def test_the_day_that_was_typed_counts_as_one_that_remains() -> None:
    typed = plan(renews="no")
    reading = typed.reading(at("2026-12-03 12:00"), BERLIN)
    assert (reading.service, day(reading)) == (Service.ACTIVE, date(2026, 12, 3))
    assert typed.reading(at("2026-12-03 23:59:58"), BERLIN).service is Service.ACTIVE
    assert typed.reading(at("2026-12-03 23:59:59"), BERLIN).service is Service.EXPIRED


def test_past_its_day_unknown_renewal_is_neither_renewed_nor_ended() -> None:
    reading = plan(renews="").reading(at("2026-12-04"), BERLIN)
    assert reading.service is Service.UNKNOWN
    assert day(reading) == date(2026, 12, 3)


@pytest.mark.parametrize(
    ("values", "now", "end"),
    [
        ({}, "2026-12-04", date(2027, 1, 3)),
        ({"ends_on": "2027-01-31"}, "2027-02-01", date(2027, 2, 28)),
        ({"ends_on": "2027-01-31"}, "2027-03-01", date(2027, 3, 31)),
        ({"ends_on": "2028-01-31"}, "2028-02-10", date(2028, 2, 29)),
        # The day of the month is the one that it began on.
        ({"ends_on": "2027-02-28", "starts_on": "2027-01-30"}, "2027-03-01", date(2027, 3, 30)),
        # A start that leads nowhere says nothing.
        ({"ends_on": "2027-02-28", "starts_on": "2027-01-05"}, "2027-03-01", date(2027, 3, 28)),
        ({"ends_on": "2024-02-29", "term": "1 year"}, "2025-03-01", date(2026, 2, 28)),
        ({"ends_on": "2024-02-29", "term": "1 year"}, "2028-01-01", date(2028, 2, 29)),
        ({"term": "30 days"}, "2026-12-04", date(2027, 1, 2)),
        ({"term": "1 day"}, "2036-07-01 12:00", date(2036, 7, 1)),
        ({"ends_on": "1990-01-31"}, "2100-02-05", date(2100, 2, 28)),
        ({"trial": "yes", "starts_on": "2026-11-30"}, "2026-12-04", date(2027, 1, 3)),
    ],
)
def test_it_rolls_forward_from_the_day_that_was_typed(
    values: dict[str, str], now: str, end: date
) -> None:
    reading = plan(**values).reading(at(now), BERLIN)
    assert reading.service is Service.ACTIVE
    assert day(reading) == end
    assert not reading.trial


@pytest.mark.parametrize("zone", [BERLIN, LOS_ANGELES, LORD_HOWE, ZoneInfo("Asia/Shanghai")])
@pytest.mark.parametrize("ends_on", ["2026-01-31", "2026-02-28", "2026-03-29", "2026-10-04"])
def test_every_term_ends_with_its_day_and_the_next_begins_with_the_next_second(
    zone: ZoneInfo, ends_on: str
) -> None:
    """Through two years, in zones whose clocks change by an hour, by half of one or not at all."""
    typed = plan(ends_on=ends_on)
    anchor = date.fromisoformat(ends_on)
    reading = typed.reading(at(ends_on, zone), zone)
    for months in range(24):
        year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
        last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
        assert day(reading, zone) == date(year, month + 1, min(anchor.day, last))
        assert reading.ends_at is not None
        before = typed.reading(reading.ends_at - timedelta(seconds=1), zone)
        assert before.ends_at == reading.ends_at
        reading = typed.reading(reading.ends_at, zone)


# --- As a provider ---


@pytest.fixture
def plans() -> dict[str, ManualPlan]:
    return {"one": ManualPlan.parse(ALL), "two": plan(name="Garden")}


@pytest.fixture
def cloud(plans: dict[str, ManualPlan]) -> PlanProvider:
    return ManualCloud(lambda: plans, time_zone=lambda: BERLIN, model="Typed in")


async def test_each_plan_is_a_camera_of_its_brand(cloud: PlanProvider) -> None:
    first, second = await cloud.list_cameras()
    assert first == Camera(
        camera_id="one",
        name="Doorbell",
        maker="Reolink",
        model="Typed in",
        region="typed",
        ownership=Ownership.OWNER,
        supports_plans=True,
    )
    assert (second.camera_id, second.maker) == ("two", "")
    assert default_channel(first.region) is Channel.SELLER_UNKNOWN


@freeze_time("2026-12-10T12:00:00+00:00")
async def test_plans_are_read_as_they_are_now(
    cloud: PlanProvider, plans: dict[str, ManualPlan]
) -> None:
    cameras = await cloud.list_cameras()
    readings = await cloud.read_plans(cameras, {})
    assert readings["two"] == plans["two"].reading(datetime(2026, 12, 10, 12, tzinfo=UTC), BERLIN)
    del plans["two"]
    assert {*await cloud.read_plans(cameras, {})} == {"one"}


def test_nobody_is_asked_and_nothing_is_sent(cloud: PlanProvider) -> None:
    assert not cloud.capabilities.asks
    assert cloud.recordings is None
    assert cloud.requests is None
    assert not cloud.capabilities.readable & (Readable.RECORDINGS | Readable.UPLOAD)


# --- Tables ---


NASTY = [
    "=1+1",
    "+49 doorbell",
    "-minus",
    "@home",
    "'quoted",
    "'=quoted",
    "''",
    'a "b", c; d',
    "a;=1+1",
    "a;'=1+1",
    "门铃",
    "Ümlaut",
]


def test_a_table_comes_back_as_it_went() -> None:
    there = [ManualPlan.parse(ALL), plan(renews="no"), plan(renews="", name="x")]
    there += [plan(name=name, brand=name) for name in NASTY]
    assert [row.plan for row in read_table(write_table(there))] == there


def test_no_cell_makes_a_spreadsheet_calculate() -> None:
    text = write_table([plan(name=name) for name in NASTY]).decode("utf-8-sig")
    cells = [cell for line in text.splitlines()[1:] for cell in line.split(",")]
    assert not [cell for cell in cells if cell.lstrip('"').startswith(("=", "+", "-", "@"))]
    assert "'=1+1" in cells


def test_a_table_begins_with_its_columns() -> None:
    data = write_table([])
    assert data.startswith(b"\xef\xbb\xbfname,brand,")
    assert data.decode("utf-8-sig").strip() == ",".join(COLUMNS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_tables_as_spreadsheets_write_them(encoding: str, separator: str, ending: str) -> None:
    lines = [
        ["ends_on", "Name", "notes", "term", "price", "currency", "renews"],
        ["3.12.2026", "Doorbell", "mine", "1 month", '"6,99"', "EUR", "yes"],
        [""] * 7,
        ["2026-12-03", "Garden", "", "1 month", "", "", "no"],
    ]
    data = ending.join(separator.join(line) for line in lines).encode(encoding)
    rows = read_table(data)
    assert [row.line for row in rows] == [2, 4]
    assert [row.plan for row in rows] == [
        plan(price="6.99", currency="EUR"),
        plan(name="Garden", renews="no"),
    ]


def test_a_wrong_row_is_named_by_its_line_and_keeps_the_others_readable() -> None:
    data = b'name,ends_on,term\n"Door\nbell",2026-12-03,1 month\nB,soon,1 month\nC,2026-12-03,1 y\n'
    first, second, third = read_table(data)
    assert (first.line, second.line, third.line) == (2, 4, 5)
    assert isinstance(first.plan, ManualPlanError)
    assert isinstance(second.plan, ManualPlanError)
    assert (second.plan.field, second.plan.flaw) == ("ends_on", Flaw.DATE_UNUSABLE)
    assert isinstance(third.plan, ManualPlan)


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"", TableFlaw.EMPTY),
        (b"name,ends_on,term\n", TableFlaw.EMPTY),
        (b"name,term\nDoorbell,1 month\n", TableFlaw.COLUMNS_MISSING),
        ("name,ends_on,term\nTür,2026-12-03,1 month\n".encode("latin-1"), TableFlaw.NOT_TEXT),
        (b'name,ends_on,term\n"Door"bell,2026-12-03,1 month\n', TableFlaw.QUOTES),
        (b"PK\x03\x04\x14\x00\xff\xfe", TableFlaw.NOT_TEXT),
        (b"x" * 1_000_001, TableFlaw.TOO_LARGE),
        (b"name,ends_on,term\n" + b"A,2026-12-03,1 month\n" * 1001, TableFlaw.TOO_LARGE),
    ],
)
def test_what_is_no_table_of_plans(data: bytes, flaw: TableFlaw) -> None:
    with pytest.raises(TableError) as raised:
        read_table(data)
    assert raised.value.flaw is flaw
