"""What must not be in the repository at all."""

import ast
from pathlib import Path
import re

import pytest

from tests.contract.sent import SPENDS
from tests.contract.shipped import INTEGRATION, ROOT, modules, text_files, tracked, tree

# The one file in which these words may stand: it refuses whatever speaks of them.
DENY_LIST = INTEGRATION / "cloud" / "renewal_request" / "deny_list.json"

# Written apart, so that this file does not hold what it looks for.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("deb", "debian", "org"),
        ("registry", "npmjs", "org"),
    )
)
HOMES = tuple(f"/{name}/" for name in ("root", "work", "home/user"))


def test_nothing_that_spends_signs_or_deletes() -> None:
    """Neither in what is shipped nor in the simulated cloud, which could then be asked for it."""
    for folder in (INTEGRATION, ROOT / "simulator"):
        for path, text in text_files():
            if path.is_relative_to(folder) and path.suffix != ".md" and path != DENY_LIST:
                found = [word for word in SPENDS if word.lower() in text.lower()]
                assert not found, path
                assert not re.search(r"(?i)unsign(?!ed)", text), path


def test_only_what_refuses_reads_the_deny_list() -> None:
    """The words stand in one file, and one module reads it."""
    naming = {
        path for path, text in text_files() if path.suffix == ".py" and DENY_LIST.name in text
    }
    assert naming - {Path(__file__)} == {DENY_LIST.with_suffix(".py")}
    for path in modules(INTEGRATION):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in {"anywhere", "edges"}:
                assert path == DENY_LIST.with_suffix(".py")


def test_no_lock_file_with_addresses() -> None:
    names = {path.name for path in tracked()}
    assert not names & {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json"}


@pytest.mark.parametrize("words", [REGISTRIES, HOMES], ids=["registries", "this machine"])
def test_no_address_of(words: tuple[str, ...]) -> None:
    found = {
        (str(path.relative_to(ROOT)), word)
        for path, text in text_files()
        for word in words
        if word in text
    }
    assert not found


def test_no_half_done_work() -> None:
    """No mark that something is still to be done, and no exception from a rule without a why."""
    for path, text in text_files():
        if path.suffix != ".py" or path == Path(__file__):
            continue
        assert not re.search(r"#\s*(TODO|FIXME|XXX|HACK)\b", text), path
        for line in text.splitlines():
            match = re.search(
                r"#\s*(noqa(: [A-Z0-9, ]+)?|type: ignore(\[[\w, -]+\])?|pragma: no cover)(.*)", line
            )
            if match:
                assert re.search(r"[a-zA-Z]{3}", match[4]), f"{path}: {line.strip()}"


def test_no_real_looking_token() -> None:
    """A fixture's secrets are made up, and none has the shape of a real pass token."""
    for path, text in text_files():
        assert not re.search(r"\bV1:[A-Za-z0-9+/]{60,}", text), path
