"""The documents: whole, at one with the code, and every way in them leads somewhere."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
import re
from typing import Any, Final
from urllib.parse import unquote

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
from PIL import Image
import pytest

# Imported so that `custom_components` is this repository's and not the test harness's.
from custom_components.camera_cloud_plan import const
from custom_components.camera_cloud_plan.casework.ask import Outcome
from custom_components.camera_cloud_plan.const import DOMAIN
from custom_components.camera_cloud_plan.export import model as export
from custom_components.camera_cloud_plan.export.model import Interruption, Phase
from custom_components.camera_cloud_plan.outlook import Reason
from custom_components.camera_cloud_plan.plan import Channel, PlanStatus
from custom_components.camera_cloud_plan.plan.alerts import Keep
from custom_components.camera_cloud_plan.plan.case import Proof
from custom_components.camera_cloud_plan.plan.charge import Basis, ChargeKind
from custom_components.camera_cloud_plan.plan.tariff import PriceSource
from custom_components.camera_cloud_plan.saving.job import ExportState
from tests.contract.shipped import INTEGRATION, ROOT, leaves, read_json, tracked, words

PAGES: Final = tuple(path for path in tracked() if path.suffix == ".md")
DOCS: Final = ROOT / "docs"
READMES: Final = (ROOT / "README.md", ROOT / "README.zh-Hans.md")
PICTURES: Final = tuple(path for path in tracked() if path.parent == DOCS / "images")
MOST_BYTES: Final = 200_000

ACTIONS: Final[dict[str, Any]] = load_yaml_dict(str(INTEGRATION / "services.yaml"))
EN: Final = words()

_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\]\(([^()\s]+)\)")
_HEADING: Final = re.compile(r"^(#+) +(.+?) *$", re.MULTILINE)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """Return a page without what stands in fences."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def headings(path: Path) -> list[tuple[int, str]]:
    return [(len(hashes), title) for hashes, title in _HEADING.findall(prose(path))]


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    made: dict[str, int] = {}
    found = set()
    for _, title in headings(path):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        found.add(f"{slug}-{made[slug]}" if slug in made else slug)
        made[slug] = made.get(slug, 0) + 1
    return found


def links(path: Path) -> list[str]:
    return _LINK.findall(prose(path))


def fenced(path: Path, language: str) -> list[str]:
    blocks = _FENCE.findall(path.read_text(encoding="utf-8"))
    return [body for spoken, body in blocks if spoken == language]


# --- Every way leads somewhere ---


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_and_anchors_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if "://" in link:
            assert link.startswith("https://"), link
            continue
        place, _, anchor = unquote(link).partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("readme", READMES, ids=named)
def test_every_page_is_found_from_the_first(readme: Path) -> None:
    linked = {(readme.parent / link.partition("#")[0]).resolve() for link in links(readme)}
    assert {path for path in PAGES if path.parent == DOCS} <= linked


def test_pictures_are_shown_somewhere_and_small() -> None:
    shown = {
        (page.parent / link).resolve()
        for page in PAGES
        for link in links(page)
        if link.endswith(".png")
    }
    assert set(PICTURES) == shown
    for picture in PICTURES:
        assert picture.stat().st_size < MOST_BYTES, picture.name
        with Image.open(picture) as image:
            assert image.format == "PNG", picture.name


# --- Both front doors ---


def test_both_readmes_are_alike() -> None:
    """The same sections, commands, pictures and ways; each leads to the other."""
    english, chinese = READMES
    assert [level for level, _ in headings(english)] == [level for level, _ in headings(chinese)]
    assert [_commands(block) for block in fenced(english, "bash")] == [
        _commands(block) for block in fenced(chinese, "bash")
    ]
    assert _ways(english) == _ways(chinese)
    assert english.name in links(chinese)
    assert chinese.name in links(english)
    tours = [re.findall(r"^\d+\. ", prose(readme), re.MULTILINE) for readme in READMES]
    assert tours[0] == tours[1]


def _commands(block: str) -> list[str]:
    return [line.partition("#")[0].strip() for line in block.splitlines()]


def _ways(readme: Path) -> set[str]:
    """Return where a README leads, less the language; headings are named in each their own."""
    ways = {re.sub(r"\.zh-Hans(?=\.png)", "", link) for link in links(readme)}
    own = {each.name for each in READMES}
    return {way for way in ways if not way.startswith("#") and way not in own}


def test_the_chinese_tour_emphasises_what_is_on_the_screen() -> None:
    """The English one is walked, by tests/e2e/test_tour.py."""
    told = prose(READMES[1])
    steps = "\n".join(re.findall(r"^\d+\. (.+)$", told.partition("模拟厂商*")[2], re.MULTILINE))
    names = re.findall(r"\*([^*]+)\*", steps.partition("Marketplace")[0].replace("**", ""))
    assert len(names) > 20
    assert [name for name in names if not any(_shows(text, name) for text in _on_screen())] == []


def _shows(text: str, name: str) -> bool:
    """Return whether a text shows a name, whatever stands in its gaps."""
    if not re.sub(r"{\w+}|\W", "", text):
        return False
    with_gaps = re.sub(r"\\{\w+\\}", ".+", re.escape(text))
    return name in text or re.fullmatch(with_gaps, name) is not None


@cache
def _on_screen() -> tuple[str, ...]:
    """Return what is said in Chinese: by us, by the simulated maker, by Home Assistant."""
    ours = [str(text) for _, text in leaves(words("zh-Hans"))]
    makers = [
        text
        for name in ("templates/words.json", "worlds/two_homes.json")
        for text in re.findall(
            r'"zh": "([^"]+)"', (ROOT / "simulator" / name).read_text(encoding="utf-8")
        )
    ]
    return (*ours, *makers, *first_cells(DOCS / "voice.md"), "语音助手")


def first_cells(path: Path) -> list[str]:
    """Return the first cells of a page's tables."""
    return re.findall(r"^\| ([^|]+) \|", prose(path), re.MULTILINE)


# --- Every example is one ---


def examples() -> Iterator[tuple[str, Any]]:
    for page in PAGES:
        for block in fenced(page, "yaml"):
            yield named(page), parse_yaml(block)


def calls(content: Any) -> Iterator[dict[str, Any]]:
    """Yield every call of an action of ours, wherever it stands."""
    if isinstance(content, dict):
        if str(content.get("action", "")).startswith(f"{DOMAIN}."):
            yield content
        for value in content.values():
            yield from calls(value)
    elif isinstance(content, list):
        for value in content:
            yield from calls(value)


@pytest.fixture(autouse=True)
def _custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant load the integration from this repository."""


async def test_every_call_of_an_action_is_taken_by_its_schema(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    registered = hass.services.async_services_for_domain(DOMAIN)
    shown = set()
    for _, content in examples():
        for call in calls(content):
            name = call["action"].partition(".")[2]
            schema = registered[name].schema
            assert schema
            schema({**call.get("data", {}), **call.get("target", {})})
            shown.add(name)
    assert shown == set(ACTIONS)


async def test_every_automation_is_taken_by_home_assistant(hass: HomeAssistant) -> None:
    automations = [content for _, content in examples() if "triggers" in content]
    assert automations
    for component in (DOMAIN, "calendar", "event", "notify"):
        assert await async_setup_component(hass, component, {})
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()
    states = {state.name: state.state for state in hass.states.async_all("automation")}
    assert states == {automation["alias"]: "on" for automation in automations}
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


# --- Everything that there is, is told ---


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def missing(told: str, *wanted: str) -> list[str]:
    return [each for each in wanted if each not in told]


def test_actions_and_their_fields_are_told() -> None:
    told = page("actions.md")
    sections = {
        title.rpartition("`")[0].rpartition("`")[2]: body
        for title, body in re.findall(
            r"^## (.*?)\n(.*?)(?=^## |\Z)", told, re.MULTILINE | re.DOTALL
        )
    }
    for action, described in ACTIONS.items():
        fields = (described or {}).get("fields", {})
        assert missing(sections[action], *(f"`{field}`" for field in fields)) == [], action


def test_entities_are_told() -> None:
    told = page("reference.md")
    names = [
        entity["name"].removesuffix(" ({currency})")
        for platform in EN["entity"].values()
        for entity in platform.values()
    ]
    assert missing(told, *names) == []


def test_options_are_told() -> None:
    told = page("reference.md") + page("alerts.md") + page("renewal-request.md")
    labels = [
        label
        for step in EN["options"]["step"].values()
        for part in (step, *step.get("sections", {}).values())
        for label in part.get("data", {}).values()
    ]
    assert missing(told.lower(), *(label.lower() for label in labels)) == []


def test_fields_of_set_up_are_told() -> None:
    told = page("reference.md") + page("manual-plans.md")
    labels = {
        label
        for step in EN["config"]["step"].values()
        for part in (step, *step.get("sections", {}).values())
        for label in part.get("data", {}).values()
    }
    assert missing(told.lower(), *(label.lower() for label in labels)) == []


def test_events_are_told() -> None:
    states = EN["entity"]["event"]["activity"]["state_attributes"]["event_type"]["state"]
    assert missing(page("events.md"), *(f"`{event_type}`" for event_type in states)) == []


def test_states_of_a_cancellation_are_told() -> None:
    states = [key for key in EN["entity"]["sensor"]["cancellation"]["state"] if key != "none"]
    assert missing(page("cancelling.md"), *(f"`{state}`" for state in states)) == []


def values(*kinds: type[StrEnum], but: Iterable[str] = ()) -> list[str]:
    return [f"`{one.value}`" for kind in kinds for one in kind if one.value not in but]


def test_what_a_program_may_read_is_told() -> None:
    """States, and what attributes and answers may hold, as automations compare them."""
    told = page("reference.md")
    assert missing(told, *values(PlanStatus, Reason, ExportState, ChargeKind, PriceSource)) == []
    assert missing(told, *values(Basis, but=("unknown",))) == []
    assert missing(page("cancelling.md"), *values(Channel, Proof)) == []
    assert missing(page("actions.md"), *values(Outcome, Keep, Phase)) == []
    told = page("recordings.md")
    assert missing(told, *values(export.Reason)) == []
    assert missing(told, *values(Interruption, but=("stopped",))) == []  # its action says so


def test_whom_a_session_is_sent_to_is_told() -> None:
    hosts = read_json(INTEGRATION / "cloud" / "xiaomi" / "endpoints.json")
    told = page("privacy.md")
    assert missing(told, *(f"`{host}`" for host in hosts["secret_hosts"])) == []
    assert missing(told, *(f"`{host}`" for host in hosts["hosts"]["account"])) == []
    for host in hosts["hosts"]["sts"] + hosts["hosts"]["api"] + hosts["hosts"]["camera"]:
        assert host.endswith("api.io.mi.com")


# --- Figures are those of the data ---


def rows(name: str, *titles: str) -> list[list[str]]:
    """Return the cells of the table on a page that has these titles, less what links."""
    (table,) = re.findall(
        rf"^\| {' \\| '.join(map(re.escape, titles))} \|\n\|[-|]+\|\n((?:\|.*\n)+)",
        page(name),
        re.MULTILINE,
    )
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]


def test_stages_of_alerts_are_those_of_the_rules() -> None:
    rules = read_json(INTEGRATION / "plan" / "rules.json")
    told = {}
    for region, *stages, _ in rows(
        "alerts.md", "region", "monthly", "yearly", "trial", "plan ends", "because"
    ):
        code = re.search(r"`(\w+)`", region)
        told[code[1] if code else "*"] = [[*map(int, days.split(", "))] for days in stages]
    kinds = ("monthly", "yearly", "trial", "ending")
    assert told == {
        code: [region["stages"][kind] for kind in kinds]
        for code, region in rules["regions"].items()
    }
    assert f"last looked at on {rules['reviewed']}" in page("alerts.md")


def test_defaults_and_bounds_are_those_of_the_code() -> None:
    asked, at_once = const.DEFAULT_POLL_HOURS, const.DEFAULT_EXPORT_AT_ONCE
    pause, kept, recent = const.DEFAULT_EXPORT_PAUSE, const.KEEP_LAST_GOOD, const.RECENT_PLAN
    digest, begins, ends = (
        at.removesuffix(":00")
        for at in (const.DEFAULT_DIGEST_AT, const.DEFAULT_QUIET_FROM, const.DEFAULT_QUIET_UNTIL)
    )
    in_words = {7: "seven"}
    assert (
        missing(
            page("reference.md"),
            f"| {asked} hours ({const.MIN_POLL_HOURS}–{const.MAX_POLL_HOURS}) |",
            f"| {at_once} (1–{const.MAX_EXPORT_AT_ONCE}) |",
            f"| {pause} s (0–{const.MAX_EXPORT_PAUSE}) |",
            f"| told at {digest}, quiet from {begins} to {ends} |",
            f"for up to {in_words[kept.days]} days",
            f"in the past {recent.days} days",
        )
        == []
    )


def test_what_the_makers_word_is_worth_is_told_by_the_channels() -> None:
    channels = read_json(INTEGRATION / "plan" / "channels.json")["channels"]
    told: dict[str, tuple[bool, int, int]] = {}
    for who, says, ahead, after in rows(
        "cancelling.md",
        *("billed by", "the maker says off", "may charge before the end", "watched after the end"),
    ):
        figures = tuple(int(re.findall(r"\d+", cell)[0]) for cell in (ahead, after))
        told |= dict.fromkeys(re.findall(r"`(\w+)`", who), (says == "is off", *figures))
    assert told == {
        name: (
            row["flag_false"] == "off",
            row["charges_ahead_hours"],
            row["watched_after_end_days"],
        )
        for name, row in channels.items()
    }


def test_troubles_are_told_in_the_words_that_one_sees() -> None:
    """Emphasised in a first column: our own words, with dots where a name or number stands."""
    shown = [str(text) for _, text in leaves(EN)]
    cells = "\n".join(first_cells(DOCS / "troubleshooting.md"))
    for seen in re.findall(r"\*([^*]+)\*", cells):
        parts = [part.strip() for part in seen.split("…")]
        assert any(all(part in text for part in parts) for text in shown), seen
