"""The parts of the demo that decide something, each by itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
import socket
from types import MappingProxyType

import pytest

from demo.accounts import filled
from demo.check import Entered, Shown, compare, table, wrong_sums
from demo.entities import (
    ACCOUNT_MONTHLY_COST,
    AUTO_RENEWAL,
    DAYS_REMAINING,
    NEXT_CHARGE,
    PLAN_STATUS,
    Device,
)
from demo.hass_log import unexpected_errors
from demo.house import House, NotOursError, build
from demo.maker import ExpectedCamera, ExpectedCharge
from demo.ports import LOOPBACK, free_port, is_free
from demo.words import Language, language_of_terminal

END = datetime(2026, 11, 27, 12, tzinfo=UTC)
NOW = END - timedelta(hours=72)
EXPECTED = ExpectedCamera(
    did="1051",
    name="Front door",
    accounts=("cn",),
    plan_status="active_renewing",
    auto_renewal="on",
    days_remaining=5,
    charge=ExpectedCharge(
        earliest=END - timedelta(hours=72),
        latest=END,
        kind="renewal",
        amount=(Decimal("6.00"), "CNY"),
    ),
)
DEVICE = Device(
    device_id="d",
    key="account_1051",
    name="Front door",
    entities={
        PLAN_STATUS: "sensor.status",
        AUTO_RENEWAL: "switch.renewal",
        DAYS_REMAINING: "sensor.days",
        NEXT_CHARGE: "sensor.charge",
    },
)
SHOWN = {
    "sensor.status": {"state": "active_renewing", "attributes": {}},
    "switch.renewal": {"state": "on", "attributes": {}},
    "sensor.days": {"state": "5", "attributes": {}},
    "sensor.charge": {
        "state": "2026-11-24T12:00:00+00:00",
        "attributes": {
            "latest": "2026-11-27T12:00:00+00:00",
            "kind": "renewal",
            "amount": 6.0,
            "currency": "CNY",
        },
    },
}
ON_CALENDAR = Entered(
    summary="Front door: charge expected", begins=END - timedelta(hours=72), ends=END
)


def faults(
    states: Mapping[str, str] = MappingProxyType({}),
    *,
    expected: ExpectedCamera = EXPECTED,
    device: Device = DEVICE,
    events: Sequence[Entered] = (ON_CALENDAR,),
) -> tuple[str, ...]:
    """Return what is found wrong when these entities show something else."""
    shown = SHOWN | {
        entity_id: {"state": state, "attributes": {}} for entity_id, state in states.items()
    }
    (row,) = compare([expected], Shown(at=NOW, devices=[device], states=shown, events=events))
    return row.faults


def test_a_camera_that_is_as_expected_has_no_faults() -> None:
    assert faults() == ()


@pytest.mark.parametrize(
    ("states", "fault"),
    [
        ({"sensor.status": "active_not_renewing"}, "plan_status should be active_renewing"),
        ({"switch.renewal": "off"}, "auto_renewal should be on"),
        ({"switch.renewal": "unavailable"}, "auto_renewal should be on"),
        ({"sensor.days": "4"}, "days_remaining should be 5"),
        ({"sensor.charge": "unknown"}, "next charge should be from 2026-11-24T12:00:00+00:00"),
        (
            {"sensor.charge": "2026-11-24T12:00:05+00:00"},
            "next charge should be from 2026-11-24T12:00:00+00:00",
        ),
    ],
)
def test_what_is_shown_otherwise_is_a_fault(states: dict[str, str], fault: str) -> None:
    assert fault in faults(states)


def test_a_charge_that_nobody_expects_is_a_fault() -> None:
    assert faults(expected=replace(EXPECTED, charge=None)) == ("no charge should be expected",)


def test_a_switch_where_there_must_be_none_is_a_fault() -> None:
    found = faults(expected=replace(EXPECTED, auto_renewal=None, charge=None))
    assert found == ("auto_renewal should be –", "there should be no next charge")


def test_a_camera_that_is_not_there_is_a_fault() -> None:
    assert faults(device=replace(DEVICE, key="account_9999")) == ("is not there",)


def test_another_kind_or_amount_is_a_fault() -> None:
    charge = EXPECTED.charge
    assert charge
    other = replace(charge, kind="trial_turns_paid", amount=None)
    assert faults(expected=replace(EXPECTED, charge=other)) == (
        "next charge should be of the kind trial_turns_paid",
        "next charge should cost nothing known",
    )


@pytest.mark.parametrize("times", [0, 2])
def test_a_charge_that_is_near_stands_on_the_calendar_once(times: int) -> None:
    assert faults(events=[ON_CALENDAR] * times) == (f"the calendar has its charge {times} times",)


def test_a_charge_that_is_far_is_not_looked_for_there() -> None:
    later = timedelta(days=30)
    charge = EXPECTED.charge
    assert charge
    far = replace(charge, earliest=charge.earliest + later, latest=charge.latest + later)
    assert not any(
        "calendar" in fault for fault in faults(expected=replace(EXPECTED, charge=far), events=())
    )


@pytest.mark.parametrize(
    ("shown", "fault"),
    [
        ({"sensor.cost": "8.00"}, None),
        ({"sensor.cost": "8.02"}, "by the month it should cost 8.00 CNY, not 8.02"),
        ({"sensor.cost": "unknown"}, "by the month it should cost 8.00 CNY, not 0.00"),
        ({}, "by the month it should cost 8.00 CNY, not 0.00"),
    ],
)
def test_what_plans_cost_by_the_month_is_the_sum_of_their_prices(
    shown: dict[str, str], fault: str | None
) -> None:
    prices = [Decimal(6), Decimal(24) / 12]
    expected = [replace(EXPECTED, monthly=(price, "CNY")) for price in prices]
    account = replace(DEVICE, entities={ACCOUNT_MONTHLY_COST: "sensor.cost"})
    states = {
        entity_id: {"state": state, "attributes": {"unit_of_measurement": "CNY"}}
        for entity_id, state in shown.items()
    }
    found = wrong_sums(expected, Shown(at=NOW, devices=[account], states=states, events=()))
    assert found == ([fault] if fault else [])


def test_the_table_lines_up_where_characters_take_two_columns() -> None:
    shown = Shown(at=NOW, devices=[DEVICE], states=SHOWN, events=())
    rows = compare([EXPECTED, replace(EXPECTED, name="门口")], shown)
    _, latin, chinese = table(rows).splitlines()
    assert chinese.index("active") == latin.index("active") - len("门口")


def test_errors_in_the_log_count_unless_they_are_known_foreign_ones() -> None:
    log = """\
2026-11-22 20:38:48.640+00:00 INFO (MainThread) [homeassistant.core] ERROR in a text
2026-11-22 20:38:51.164+00:00 ERROR (SyncWorker_0) [homeassistant.components.camera.img_util] Error loading libturbojpeg; slow
Traceback (most recent call last):
2026-11-22 20:38:52.164+00:00 ERROR (MainThread) [custom_components.camera_cloud_plan] No
2026-11-22 20:38:53.164+00:00 CRITICAL (MainThread) [homeassistant.components.marketplacer] No
"""
    assert [line.rpartition(" [")[2] for line in unexpected_errors(log)] == [
        "custom_components.camera_cloud_plan] No",
        "homeassistant.components.marketplacer] No",
    ]


def test_a_form_is_answered_with_what_it_suggests_and_what_is_ours() -> None:
    step = {
        "data_schema": [
            {"name": "regions", "default": ["cn"]},
            {"name": "show_shared", "default": False},
            {"name": "optional"},
        ]
    }
    assert filled(step, {"show_shared": True, "gateway": "elsewhere"}) == {
        "regions": ["cn"],
        "show_shared": True,
    }


@pytest.fixture
def taken_port() -> Iterator[int]:
    """Listen on a port."""
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_that_is_taken_moves_up(taken_port: int) -> None:
    assert not is_free(taken_port)
    assert taken_port < free_port(taken_port) < taken_port + 50


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    house = House(port=1, language=Language.EN, time_zone="UTC", default_panel="home")
    precious = tmp_path / "precious.txt"
    precious.touch()
    with pytest.raises(NotOursError):
        build(tmp_path, house)
    assert precious.exists()
    build(tmp_path / "own", house)
    build(tmp_path / "own", house)
    assert (tmp_path / "own" / "custom_components" / "camera_cloud_plan" / "plan").is_dir()


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("zh_CN.UTF-8", Language.ZH),
        ("de_AT.UTF-8", Language.DE),
        ("fr_FR.UTF-8", Language.EN),
        ("C", Language.EN),
    ],
)
def test_the_terminal_chooses_the_language(
    monkeypatch: pytest.MonkeyPatch, locale: str, language: Language
) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", locale)
    assert language_of_terminal() is language
