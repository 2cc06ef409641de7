"""Which room may know of which: dependencies point one way."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.contract.shipped import DOMAIN, INTEGRATION, ROOT, modules, tree

PLAN = INTEGRATION / "plan"
CLOUD = INTEGRATION / "cloud"
EXPORT = INTEGRATION / "export"
LEDGER = INTEGRATION / "ledger"
CLOCK = PLAN / "clock.py"
SHIPPED = tuple(modules(INTEGRATION))
PURE = (PLAN, CLOUD, EXPORT, LEDGER)
HOME_ASSISTANT_SIDE = tuple(
    path for path in SHIPPED if not any(path.is_relative_to(room) for room in PURE)
)

# Where a maker by name is let in; everything else speaks to any provider.
KNOW_THE_MAKER = {"__init__.py", "config_flow.py", "connect.py"}
# What a person sees; it reads the coordinator and never asks a cloud itself.
SHOWN = {
    "binary_sensor.py",
    "button.py",
    "diagnostics.py",
    "entity.py",
    "event.py",
    "llm.py",
    "select.py",
    "sensor.py",
    "switch.py",
    "system_health.py",
}
# Reading the clock, by module or class and name.
CLOCKS = {
    ("date", "today"),
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("dt_util", "now"),
    ("dt_util", "utcnow"),
    ("time", "localtime"),
    ("time", "time"),
    ("time", "time_ns"),
}


def imports(path: Path) -> set[str]:
    """Return the full names of what a module imports, relative ones resolved."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    names = set()
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=module, names=aliases, level=level):
                base = ".".join(package[: len(package) - level + 1]) if level else ""
                origin = ".".join(part for part in (base, module) if part)
                names |= {origin} | {f"{origin}.{alias.name}" for alias in aliases}
    return names


def reaches(path: Path, *packages: str) -> set[str]:
    """Return the imports of a module that lie in any of these packages."""
    return {
        name
        for name in imports(path)
        for package in packages
        if name == package or name.startswith(f"{package}.")
    }


OURS = f"custom_components.{DOMAIN}"


def test_the_plan_model_knows_nothing_of_ours_or_of_any_network() -> None:
    for path in modules(PLAN):
        assert not reaches(path, "homeassistant", "voluptuous", "aiohttp", "yarl"), path
        inside = reaches(path, f"{OURS}.plan")
        assert reaches(path, "custom_components") <= inside | {OURS, "custom_components"}, path


def test_the_cloud_clients_know_the_plan_model_and_nothing_of_home_assistant() -> None:
    for path in modules(CLOUD):
        assert not reaches(path, "homeassistant", "voluptuous"), path
        known = reaches(path, f"{OURS}.cloud", f"{OURS}.plan")
        assert reaches(path, "custom_components") <= known | {OURS, "custom_components"}, path


def test_the_export_knows_any_cloud_and_nothing_of_home_assistant() -> None:
    rooms = [f"{OURS}.{room}" for room in ("cloud", "export", "plan")]
    for path in modules(EXPORT):
        assert not reaches(path, "homeassistant", "voluptuous", "aiohttp"), path
        assert not reaches(path, f"{OURS}.cloud.xiaomi"), path
        assert reaches(path, "custom_components") <= reaches(path, *rooms) | {
            OURS,
            "custom_components",
        }, path


def test_the_ledger_knows_the_plan_model_alone() -> None:
    for path in modules(LEDGER):
        assert not reaches(path, "homeassistant", "voluptuous", "aiohttp", "yarl"), path
        known = reaches(path, f"{OURS}.ledger", f"{OURS}.plan")
        assert reaches(path, "custom_components") <= known | {OURS, "custom_components"}, path


def test_what_verifies_a_ledger_knows_nothing_of_ours() -> None:
    assert not reaches(LEDGER / "verify_ledger.py", "custom_components")


def test_what_makers_share_knows_no_maker() -> None:
    for path in CLOUD.glob("*.py"):
        assert not reaches(path, f"{OURS}.cloud.xiaomi"), path


def test_a_maker_is_named_in_few_places() -> None:
    named = {path.name for path in HOME_ASSISTANT_SIDE if reaches(path, f"{OURS}.cloud.xiaomi")}
    assert named <= KNOW_THE_MAKER


def test_what_is_shown_never_asks_a_cloud() -> None:
    for path in HOME_ASSISTANT_SIDE:
        if path.name in SHOWN or path.parent.name in ("guides", "voice"):
            assert not reaches(path, f"{OURS}.cloud"), path.name
            assert not reaches(path, f"{OURS}.connect", "aiohttp"), path.name


def test_one_module_knows_the_sentence_agent_and_its_grammar() -> None:
    """What is not public, or comes with another integration, is behind one door."""
    private = ("hassil", "homeassistant.components.conversation")
    assert {path.name for path in SHIPPED if reaches(path, *private)} == {"agent.py"}


def test_no_module_reaches_for_the_package_itself() -> None:
    """`__init__` stands at the top of everything; whoever imported it would go in a circle."""
    own = {
        node.name
        for node in tree(INTEGRATION / "__init__.py").body
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef | ast.ClassDef)
    }
    for path in SHIPPED:
        assert not imports(path) & {f"{OURS}.{name}" for name in own}, path


def test_no_module_stands_in_a_circle_of_imports() -> None:
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in SHIPPED}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    known = {
        name: (imports(path) & set(names)) - {name, name.rpartition(".")[0], OURS}
        for name, path in names.items()
    }
    assert circle(known) == []
    # It finds one.
    assert circle(known | {f"{OURS}.const": {f"{OURS}.sensor"}}) != []


def circle(known: dict[str, set[str]]) -> list[str]:
    """Return modules that import each other in a circle, the first one last as well."""
    try:
        TopologicalSorter(known).prepare()
    except CycleError as err:
        found: list[str] = err.args[1]
        return found
    return []


def test_integration_and_simulator_know_nothing_of_each_other() -> None:
    """Each is written from the facts, so that a mistake in one cannot hide in the other."""
    for path in SHIPPED:
        assert not reaches(path, "simulator", "demo", "tests", "benchmarks", "scripts"), path
    for path in modules(ROOT / "simulator"):
        assert not reaches(path, "custom_components", "homeassistant"), path


@pytest.mark.parametrize("folder", ["demo", "benchmarks"])
def test_what_starts_the_integration_does_not_look_inside(folder: str) -> None:
    for path in modules(ROOT / folder):
        if folder == "demo":
            assert not reaches(path, "custom_components"), path


def test_one_place_reads_the_clock() -> None:
    for path in SHIPPED:
        if path == CLOCK:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute):
                owner = node.value
                name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                assert (name, node.attr) not in CLOCKS, f"{path.name}:{node.lineno}"
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                assert not {alias.name for alias in node.names} & {"time", "time_ns"}, path


def test_home_assistant_comes_before_voluptuous() -> None:
    """Home Assistant serves that name through its own engine, once it is imported itself."""
    for folder in ("custom_components", "tests", "demo", "benchmarks"):
        for path in modules(ROOT / folder):
            lines = {
                name.partition(".")[0]: node.lineno
                for node in tree(path).body
                for name in imported(node)
            }
            if "voluptuous" in lines:
                assert lines.get("homeassistant", 10**6) < lines["voluptuous"], path


def imported(node: ast.stmt) -> list[str]:
    match node:
        case ast.Import(names=aliases):
            return [alias.name for alias in aliases]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
    return []


def test_no_module_announces_old_annotations() -> None:
    for path in modules(ROOT / "custom_components", ROOT / "simulator", ROOT / "tests"):
        assert not reaches(path, "__future__"), path
