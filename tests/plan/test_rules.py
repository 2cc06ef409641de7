"""The dated rules: what holds where, since when, and on whose word."""

from dataclasses import replace
from datetime import date, timedelta
import json
from pathlib import Path
import re
from typing import Any

import pytest

from custom_components.camera_cloud_plan.plan import (
    StageKind,
    region_of,
    rule_regions,
    rules,
    rules_for,
    rules_in_force,
    stages,
)
from custom_components.camera_cloud_plan.plan.rules import RegionRule, preload
from tests.plan.almanac import STAGES

PACK: dict[str, Any] = json.loads(Path(rules.__file__).with_name("rules.json").read_text())
ROWS = [
    (region, row)
    for region, rows in PACK["regions"].items()
    for row in sorted(rows["rules"], key=lambda row: row["key"])
]
CITED_ONLY = [
    (region, row)
    for region, rows in PACK["regions"].items()
    for row in rows.get("further_rules", ())
]
TODAY = date(2026, 11, 26)
DAY = timedelta(days=1)
MEMBERS = "AT BE BG CY CZ DK EE ES FI GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"


def said_in(region: str, on: date) -> set[str]:
    """Return all that is ever said in a region on a day."""
    return {
        key
        for kind in StageKind
        for days in range(400)
        for key in rules_for(region, kind, days, on)
    }


@pytest.mark.parametrize("region", PACK["regions"])
def test_stages_come_nearer_and_say_why(region: str) -> None:
    preload()
    for kind in StageKind:
        days = stages(region, kind)
        assert list(days) == sorted(set(days), reverse=True)
        assert days[-1] >= 1
    assert PACK["regions"][region]["stages_source"].endswith(".")
    assert region in rule_regions()


@pytest.mark.parametrize("region", STAGES)
def test_the_stages_are_those_of_the_policy(region: str) -> None:
    assert {kind.value: stages(region, kind) for kind in StageKind} == STAGES[region]


@pytest.mark.parametrize(("region", "row"), ROWS, ids=[row["key"] for _, row in ROWS])
def test_no_rule_before_its_date_and_none_that_is_void(region: str, row: dict[str, Any]) -> None:
    assert row["source"].endswith(".")
    assert date.fromisoformat(PACK["reviewed"]) <= TODAY
    key, since = row["key"], row["in_force_from"]
    if since is None or row.get("void"):
        assert not any(key in said_in(region, date(year, 6, 30)) for year in range(2015, 2060, 5))
        return
    begins = date.fromisoformat(since)
    assert key not in said_in(region, begins - DAY)
    assert key in said_in(region, begins)
    # It goes with some stage that there is.
    kinds = [StageKind(kind) for kind in row["kinds"]]
    for kind in kinds:
        assert any(key in rules_for(region, kind, days, TODAY) for days in stages(region, kind))


def test_what_was_struck_down_or_is_not_there_yet_stands_only_as_data() -> None:
    void = {row["key"] for _, row in ROWS if row.get("void")}
    undated = {row["key"] for _, row in ROWS if row["in_force_from"] is None}
    assert void == {"us_ftc_click_to_cancel"}
    assert undated == {"us_ftc_click_to_cancel", "uk_subscription_contracts"}
    assert said_in("us", date(2040, 1, 1)) == said_in("uk", date(2040, 1, 1)) == set()


def test_five_days_before_the_seller_has_to_have_given_notice() -> None:
    first, second = "cn_notice_five_days", "cn_notice_time_amount_way"
    for kind in (StageKind.MONTHLY, StageKind.YEARLY, StageKind.TRIAL):
        assert rules_for("cn", kind, 5, date(2026, 4, 9)) == (first,)
        assert rules_for("cn", kind, 5, date(2026, 4, 10)) == (first, second)
        assert rules_for("cn", kind, 3, TODAY) == ()
        assert rules_for("cn", kind, 1, TODAY) == ("cn_cancel_any_time",)
    assert rules_for("cn", StageKind.ENDING, 5, TODAY) == ()


def test_germany_has_the_rules_of_the_union_too() -> None:
    withdrawal = {"eu_withdrawal_14_days", "eu_withdrawal_function"}
    assert set(rules_for("eu", StageKind.TRIAL, 7, TODAY)) == withdrawal
    assert set(rules_for("de", StageKind.TRIAL, 7, TODAY)) == withdrawal | {"de_cancel_button"}
    assert rules_for("de", StageKind.TRIAL, 7, date(2022, 6, 30)) == ("eu_withdrawal_14_days",)
    # Only a first paid term can be withdrawn from.
    assert rules_for("eu", StageKind.MONTHLY, 7, TODAY) == ()
    assert rules_for("de", StageKind.YEARLY, 31, TODAY) == (
        "de_cancel_button",
        "de_one_month_notice",
    )
    assert rules_for("de", StageKind.YEARLY, 7, TODAY) == ("de_cancel_button",)


def test_a_rule_may_end() -> None:
    rule = RegionRule(
        key="old",
        kinds=frozenset({StageKind.MONTHLY}),
        days=frozenset(),
        since=date(2020, 1, 1),
        until=date(2025, 1, 1),
        void=False,
        source="A law.",
    )
    assert rule.applies(StageKind.MONTHLY, 3, date(2024, 12, 31))
    assert not rule.applies(StageKind.MONTHLY, 3, date(2025, 1, 1))
    assert replace(rule, until=None).applies(StageKind.MONTHLY, 3, date(2025, 1, 1))


@pytest.mark.parametrize("maker_region", ["de", "us", "sg", "i2", "typed", ""])
def test_where_an_account_does_not_say_the_home_does(maker_region: str) -> None:
    assert region_of(maker_region, "DE") == "de"
    assert {region_of(maker_region, country) for country in MEMBERS.split()} == {"eu"}
    assert [region_of(maker_region, country) for country in ("FR", "GB", "US", "IN", "CN")] == [
        "fr",
        "uk",
        "us",
        "in",
        "cn",
    ]
    for country in ("CH", "NO", "JP", "", None):
        assert region_of(maker_region, country) == "*"
    assert region_of(maker_region, "de") == "de"


def test_a_mainland_account_has_the_rules_of_the_mainland_anywhere() -> None:
    assert {region_of(region, country) for region in ("cn", "CN") for country in ("DE", None)} == {
        "cn"
    }


def test_a_region_that_nobody_looked_up_has_the_neutral_rules() -> None:
    assert stages("atlantis", StageKind.YEARLY) == stages("*", StageKind.YEARLY) == (30, 7, 1)
    assert rules_for("atlantis", StageKind.TRIAL, 7, TODAY) == ()


@pytest.mark.parametrize(("region", "row"), CITED_ONLY, ids=[row["key"] for _, row in CITED_ONLY])
def test_a_rule_that_is_only_cited_is_never_told_ahead(region: str, row: dict[str, Any]) -> None:
    begins = date.fromisoformat(row["in_force_from"])
    assert row["key"] not in said_in(region, begins)
    kinds = frozenset(StageKind)
    assert row["key"] in {rule.key for rule in rules_in_force(region, kinds, begins)}
    assert row["key"] not in {rule.key for rule in rules_in_force(region, kinds, begins - DAY)}


def test_what_is_cited_is_in_force_and_of_the_plans_kind() -> None:
    monthly = frozenset({StageKind.MONTHLY})
    assert [rule.key for rule in rules_in_force("cn", monthly, TODAY)] == [
        "cn_notice_five_days",
        "cn_notice_time_amount_way",
        "cn_cancel_any_time",
        "cn_notice_each_renewal",
    ]
    assert rules_in_force("eu", monthly, TODAY) == ()
    for year in range(2015, 2060, 5):
        assert rules_in_force("uk", frozenset(StageKind), date(year, 6, 30)) == ()
        cited = rules_in_force("us", frozenset(StageKind), date(year, 6, 30))
        assert "us_ftc_click_to_cancel" not in {rule.key for rule in cited}


def test_the_article_that_the_web_names_for_this_is_nowhere() -> None:
    """Art. 49 of the consumer law is about bodily harm."""
    assert not re.search(
        r"Art\.? ?49\b|第?四十九条|第 ?49 ?条", json.dumps(PACK, ensure_ascii=False)
    )
