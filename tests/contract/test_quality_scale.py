"""The self-assessment: every rule judged, and what a machine can check is so."""

import ast
from collections.abc import Callable, Iterator
import tomllib
from typing import Any

from homeassistant.util.yaml import load_yaml_dict
import pytest

from tests.contract.shipped import (
    INTEGRATION,
    ROOT,
    functions,
    keywords,
    modules,
    read_json,
    tree,
    words,
)

# All 54, by tier, as of 2026-11.
BRONZE = """
    action-setup appropriate-polling brands common-modules config-flow
    config-flow-test-coverage dependency-transparency docs-actions docs-conditions
    docs-high-level-description docs-installation-instructions docs-removal-instructions
    docs-triggers entity-event-setup entity-unique-id has-entity-name runtime-data
    test-before-configure test-before-setup unique-config-entry
"""
SILVER = """
    action-exceptions config-entry-unloading docs-configuration-parameters
    docs-installation-parameters entity-unavailable integration-owner log-when-unavailable
    parallel-updates reauthentication-flow test-coverage
"""
GOLD = """
    devices diagnostics discovery discovery-update-info docs-data-update docs-examples
    docs-known-limitations docs-supported-devices docs-supported-functions
    docs-troubleshooting docs-use-cases dynamic-devices entity-category entity-device-class
    entity-disabled-by-default entity-translations exception-translations icon-translations
    reconfiguration-flow repair-issues stale-devices
"""
PLATINUM = "async-dependency inject-websession strict-typing"
RULES = f"{BRONZE} {SILVER} {GOLD} {PLATINUM}".split()

JUDGED: dict[str, Any] = load_yaml_dict(str(INTEGRATION / "quality_scale.yaml"))["rules"]
MANIFEST: dict[str, Any] = read_json(INTEGRATION / "manifest.json")
ACTIONS = tuple(load_yaml_dict(str(INTEGRATION / "services.yaml")))
PLATFORMS = ("binary_sensor", "button", "calendar", "event", "select", "sensor", "switch")


def status(rule: str) -> str:
    judged = JUDGED[rule]
    return str(judged["status"] if isinstance(judged, dict) else judged)


def source(module: str) -> str:
    return (INTEGRATION / f"{module}.py").read_text(encoding="utf-8")


def does(module: str, *names: str) -> bool:
    return set(names) <= functions(INTEGRATION / f"{module}.py")


def documented(*headings: str) -> bool:
    """Return whether all these stand as headings in what an owner reads."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    lines = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    titles = {line.lstrip("# ").lower() for line in lines if line.startswith("#")}
    return all(any(heading in title for title in titles) for heading in headings)


def mentioned(*names: str) -> bool:
    """Return whether all these are named on the page of actions."""
    text = (ROOT / "docs" / "actions.md").read_text(encoding="utf-8")
    return all(f"`{name}`" in text or f".{name}`" in text for name in names)


def coverage() -> int:
    """Return below how many per cent the tests fail, branches counted."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["coverage"]
    return int(tool["report"]["fail_under"]) if tool["run"]["branch"] else 0


def descriptions(argument: str) -> Iterator[ast.keyword]:
    """Yield where an argument is given to an entity's description."""
    for platform in PLATFORMS:
        for call, _ in keywords(INTEGRATION / f"{platform}.py", "key"):
            yield from (keyword for keyword in call.keywords if keyword.arg == argument)


EVIDENCE: dict[str, Callable[[], bool]] = {
    "action-setup": lambda: "async_setup_services(hass)" in source("__init__"),
    "brands": (INTEGRATION / "brand" / "icon.png").exists,
    "common-modules": lambda: does("coordinator", "async_start") and does("entity", "available"),
    "config-flow": lambda: MANIFEST["config_flow"] is True,
    "config-flow-test-coverage": (ROOT / "tests/integration/test_config_flow.py").exists,
    "dependency-transparency": lambda: MANIFEST["requirements"] == ["m3u8==6.0.0"],
    "docs-actions": lambda: documented("actions") and mentioned(*ACTIONS),
    "docs-removal-instructions": lambda: documented("removal"),
    "docs-installation-instructions": lambda: documented("install"),
    "docs-configuration-parameters": lambda: documented("option"),
    "docs-installation-parameters": lambda: documented("set-up, field by field"),
    "docs-data-update": lambda: documented("how data is updated"),
    "docs-known-limitations": lambda: documented("known limits"),
    "docs-supported-devices": lambda: documented("supported devices"),
    "docs-supported-functions": lambda: documented("entities"),
    "docs-troubleshooting": (ROOT / "docs" / "troubleshooting.md").exists,
    "docs-use-cases": lambda: documented("what it is for"),
    "docs-examples": lambda: (
        documented("examples") and any((ROOT / "blueprints" / "automation").rglob("*.yaml"))
    ),
    "has-entity-name": lambda: "_attr_has_entity_name = True" in source("entity"),
    "entity-unique-id": lambda: "_attr_unique_id" in source("entity"),
    "runtime-data": lambda: "entry.runtime_data = " in source("__init__"),
    "unique-config-entry": lambda: "_abort_if_unique_id_configured" in source("config_flow"),
    "test-before-setup": lambda: "async_config_entry_first_refresh" in source("coordinator"),
    "test-coverage": lambda: coverage() > 94,
    "entity-event-setup": lambda: "async_added_to_hass" in source("event"),
    "entity-unavailable": lambda: does("entity", "available"),
    "dynamic-devices": lambda: does("devices", "async_register_camera"),
    "config-entry-unloading": lambda: does("__init__", "async_unload_entry"),
    "integration-owner": lambda: bool(MANIFEST["codeowners"]),
    "reauthentication-flow": lambda: does("config_flow", "async_step_reauth"),
    "reconfiguration-flow": lambda: does("config_flow", "async_step_reconfigure"),
    "diagnostics": lambda: does(
        "diagnostics", "async_get_config_entry_diagnostics", "async_get_device_diagnostics"
    ),
    "devices": lambda: does("devices", "async_register_account", "async_register_camera"),
    "stale-devices": lambda: does("__init__", "async_remove_config_entry_device"),
    "repair-issues": lambda: does("repairs", "async_create_fix_flow"),
    "entity-category": lambda: any(descriptions("entity_category")),
    "entity-device-class": lambda: any(descriptions("device_class")),
    "entity-disabled-by-default": lambda: any(descriptions("entity_registry_enabled_default")),
    "entity-translations": lambda: set(words()["entity"]) == set(PLATFORMS),
    "exception-translations": lambda: bool(words()["exceptions"]),
    "icon-translations": lambda: bool(read_json(INTEGRATION / "icons.json")["entity"]),
    "inject-websession": lambda: (
        not any(
            "ClientSession(" in path.read_text(encoding="utf-8")
            for path in modules(INTEGRATION / "cloud")
        )
    ),
    "async-dependency": lambda: (
        not any(
            word in path.read_text(encoding="utf-8")
            for path in modules(INTEGRATION / "cloud")
            for word in ("import requests", "import urllib.request", "time.sleep(")
        )
    ),
    "strict-typing": lambda: (
        (INTEGRATION / "py.typed").exists()
        and "strict = true" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ),
}


def test_every_rule_is_judged() -> None:
    assert len(RULES) == len(set(RULES)) == 54
    assert sorted(JUDGED) == sorted(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_judgement(rule: str) -> None:
    assert status(rule) in {"done", "exempt", "todo"}
    if status(rule) != "done":
        assert JUDGED[rule]["comment"]


@pytest.mark.parametrize("rule", EVIDENCE)
def test_what_is_called_done_is_so(rule: str) -> None:
    assert status(rule) != "done" or EVIDENCE[rule]()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_says_how_much_at_once(platform: str) -> None:
    """Reading from the coordinator needs no limit; what asks the cloud goes one by one."""
    values = [
        node.value.value
        for node in tree(INTEGRATION / f"{platform}.py").body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Constant)
        and "PARALLEL_UPDATES" in ast.unparse(node)
    ]
    assert values == [1 if platform in {"button", "switch"} else 0]
