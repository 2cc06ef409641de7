"""What hassfest, Home Assistant's validator, asks of a custom integration, restated.

It is not part of any release; Home Assistant's own loaders, which are, read the rest here.
"""

import ast
import importlib.util
import logging
import re
import string
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.icon import async_get_icons
from homeassistant.helpers.selector import selector, validate_selector
from homeassistant.helpers.translation import async_get_translations
from homeassistant.loader import Integration
from homeassistant.util.yaml import load_yaml_dict
import pytest
import voluptuous as vol

import custom_components as package

# Imported so that `custom_components` is this repository's and not the test harness's.
from custom_components.camera_cloud_plan.const import DOMAIN
from tests.contract.shipped import INTEGRATION, LANGUAGES, modules, read_json, tree, words

MANIFEST: dict[str, Any] = read_json(INTEGRATION / "manifest.json")
ICONS: dict[str, Any] = read_json(INTEGRATION / "icons.json")
ACTIONS: dict[str, Any] = load_yaml_dict(str(INTEGRATION / "services.yaml"))

# What Home Assistant always has, or lets anybody import without naming it as a dependency.
ALWAYS_THERE = {platform.value for platform in Platform} | {
    "conversation",
    "homeassistant",
    "media_source",
    "persistent_notification",
    "stream",
    "system_health",
}
VERSIONS = [
    AwesomeVersionStrategy.CALVER,
    AwesomeVersionStrategy.SEMVER,
    AwesomeVersionStrategy.SIMPLEVER,
    AwesomeVersionStrategy.BUILDVER,
    AwesomeVersionStrategy.PEP440,
]


# --- Words ---


def text(value: object) -> str:
    """Take a text that may be shown; its gaps are names."""
    said = cv.string_with_no_html(value)
    if said != said.strip() or not said:
        raise vol.Invalid("begins or ends with a space, or is empty")
    if re.search(r"'{\w+}'", said):
        raise vol.Invalid("a gap in single quotes is not filled")
    if re.search(r"(?i)\b(?:[a-z]+://|www\.)\w", said):
        raise vol.Invalid("an address belongs into a gap")
    if any(gap is not None and not gap.isidentifier() for gap in gaps(said)):
        raise vol.Invalid("a gap is no name")
    return said


def plain(value: object) -> str:
    """Take a text that is shown as it is."""
    said = text(value)
    if any(gap is not None for gap in gaps(said)):
        raise vol.Invalid("nothing fills a gap here")
    return said


def gaps(said: str) -> list[str | None]:
    return [gap for _, gap, _, _ in string.Formatter().parse(said)]


def key(value: object) -> str:
    """Take what may be the key of a text."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]+(?:[_-][a-z0-9]+)*", value):
        raise vol.Invalid(f"{value} is no key")
    return value


TEXTS = {str: text}
FORM = {
    vol.Optional("data"): TEXTS,
    vol.Optional("data_description"): TEXTS,
    vol.Optional("description"): text,
}
STEP = FORM | {
    vol.Required("title"): text,
    vol.Optional("menu_options"): TEXTS,
    vol.Optional("menu_option_descriptions"): TEXTS,
    vol.Optional("submit"): text,
    vol.Optional("sections"): {str: FORM | {vol.Optional("name"): text}},
}
DIALOGUE: dict[vol.Marker, object] = {
    vol.Required("step"): {str: STEP},
    **{vol.Optional(part): TEXTS for part in ("error", "abort", "progress", "create_entry")},
}
FIELDS = {key: {vol.Required("name"): text, vol.Required("description"): text}}
STATES = {key: plain}
WORDS = vol.Schema(
    {
        vol.Required("config"): DIALOGUE,
        vol.Required("options"): DIALOGUE,
        vol.Optional("config_subentries"): {
            key: DIALOGUE
            | {
                vol.Required("entry_type"): text,
                vol.Required("initiate_flow"): {vol.Required("user"): text, str: text},
            }
        },
        vol.Optional("selector"): {key: {vol.Required("options"): {key: text}}},
        vol.Optional("system_health"): {vol.Required("info"): {key: text}},
        vol.Optional("device"): {key: {vol.Required("name"): text}},
        vol.Optional("entity"): {
            vol.In([platform.value for platform in Platform]): {
                key: {
                    vol.Optional("name"): text,
                    vol.Optional("state"): STATES,
                    vol.Optional("state_attributes"): {
                        key: {vol.Optional("name"): plain, vol.Optional("state"): STATES}
                    },
                    vol.Optional("unit_of_measurement"): plain,
                }
            }
        },
        vol.Optional("exceptions"): {key: {vol.Required("message"): text}},
        vol.Optional("issues"): {
            key: vol.Any(
                {vol.Required("title"): text, vol.Required("description"): text},
                {vol.Required("title"): text, vol.Required("fix_flow"): DIALOGUE},
            )
        },
        vol.Optional("services"): {
            key: {
                vol.Required("name"): text,
                vol.Required("description"): text,
                vol.Optional("fields"): FIELDS,
                vol.Optional("sections"): FIELDS,
            }
        },
        vol.Optional("common"): {key: text},
    }
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_have_the_shape_that_home_assistant_reads(language: str) -> None:
    WORDS(words(language))


@pytest.mark.parametrize(
    "wrong",
    [
        {"exceptions": {"lost": {"message": "see https://example.com"}}},
        {"exceptions": {"lost": {"message": "'{camera}' is lost"}}},
        {"exceptions": {"lost": {"message": "<b>lost</b>"}}},
        {"exceptions": {"lost": {"message": "{no name}"}}},
        {"exceptions": {"Lost_": {"message": "lost"}}},
        {"entity": {"sensor": {"plan": {"state": {"on": "{what} is on"}}}}},
        {"issues": {"lost": {"title": "Lost"}}},
        {"services": {"find": {"name": "Find"}}},
    ],
    ids=str,
)
def test_words_of_another_shape_are_found(wrong: dict[str, Any]) -> None:
    with pytest.raises(vol.Invalid):
        WORDS(words() | wrong)


def test_only_fields_are_described() -> None:
    steps = [words()["config"], words()["options"], *words()["config_subentries"].values()]
    steps += [issue["fix_flow"] for issue in words()["issues"].values() if "fix_flow" in issue]
    for dialogue in steps:
        for name, step in dialogue["step"].items():
            for part in (step, *step.get("sections", {}).values()):
                assert set(part.get("data", {})) == set(part.get("data_description", {})), name


@pytest.mark.parametrize("language", LANGUAGES)
async def test_home_assistant_reads_all_words(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    caplog: pytest.LogCaptureFixture,
    language: str,
) -> None:
    """By its own loader, which says where a language's gaps are others than English ones."""
    for category in words(language):
        read = await async_get_translations(hass, language, category, {DOMAIN})
        assert read, category
        assert all(name.startswith(f"component.{DOMAIN}.{category}.") for name in read)
    assert not [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name != "homeassistant.loader"
    ]


# --- Icons ---


async def test_home_assistant_reads_all_icons(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    assert set(ICONS) == {"entity", "services"}
    for category, icons in ICONS.items():
        assert (await async_get_icons(hass, category, {DOMAIN}))[DOMAIN] == icons


def test_icons_have_the_shape_that_home_assistant_reads() -> None:
    icon = vol.Match(r"mdi:[a-z0-9-]+$")
    of_entity = {vol.Optional("default"): icon, vol.Optional("state"): {key: icon}}
    of_entity |= {vol.Optional("state_attributes"): {key: {**of_entity}}}
    vol.Schema(
        {
            vol.Required("entity"): {str: {key: of_entity}},
            vol.Required("services"): {key: {vol.Required("service"): icon}},
        }
    )(ICONS)


# --- Actions ---


def test_actions_have_the_shape_that_home_assistant_reads() -> None:
    field = {
        vol.Optional("selector"): validate_selector,
        vol.Optional("required"): bool,
        vol.Optional("default"): vol.Any(bool, int, float, str, list),
        vol.Optional("example"): vol.Any(bool, int, float, str, list),
    }
    target = selector({"target": {}}).CONFIG_SCHEMA
    vol.Schema(
        {key: {vol.Optional("target"): target, vol.Optional("fields"): {key: field}}}, required=True
    )({name: action or {} for name, action in ACTIONS.items()})


def test_what_a_field_chooses_from_has_words() -> None:
    for action in ACTIONS.values():
        for field in ((action or {}).get("fields") or {}).values():
            choice = field["selector"].get("select") or {}
            if key_of_words := choice.get("translation_key"):
                named = words()["selector"][key_of_words]["options"]
                assert set(named) == set(choice["options"])
            else:
                assert all(option["label"] for option in choice.get("options", ()))


# --- The manifest ---


def test_home_assistant_finds_it_by_its_own_loader(hass: HomeAssistant) -> None:
    found = Integration.resolve_from_root(hass, package, DOMAIN)
    assert found is not None
    assert found.file_path == INTEGRATION
    assert not found.is_built_in
    assert found.config_flow


def test_the_version_is_one_that_is_loaded() -> None:
    AwesomeVersion(MANIFEST["version"], ensure_strategy=VERSIONS)


def test_addresses_are_of_the_web() -> None:
    for name in ("documentation", "issue_tracker"):
        assert MANIFEST[name].startswith("https://")


def test_the_name_is_nobody_elses() -> None:
    assert importlib.util.find_spec(f"homeassistant.components.{DOMAIN}") is None


def test_what_it_needs_of_home_assistant_is_named_and_there() -> None:
    named = {*MANIFEST["dependencies"], *MANIFEST["after_dependencies"]}
    assert len(named) == len(MANIFEST["dependencies"]) + len(MANIFEST["after_dependencies"])
    for other in named:
        assert importlib.util.find_spec(f"homeassistant.components.{other}"), other
    own = {path.stem for path in INTEGRATION.glob("*.py")}
    assert _imported() - own <= named | ALWAYS_THERE


def _imported() -> set[str]:
    """Return the integrations of Home Assistant whose code is imported."""
    start = "homeassistant.components"
    found = set()
    for path in modules(INTEGRATION):
        for node in ast.walk(tree(path)):
            match node:
                case ast.ImportFrom(module=str(module), names=names) if module == start:
                    found |= {alias.name for alias in names}
                case ast.ImportFrom(module=str(module)) if module.startswith(f"{start}."):
                    found.add(module.split(".")[2])
                case ast.Import(names=names):
                    found |= {
                        alias.name.split(".")[2]
                        for alias in names
                        if alias.name.startswith(f"{start}.")
                    }
    return found
