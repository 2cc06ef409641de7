"""What GitHub reads: workflows and the forms of issues, by its rules, restated."""

import re
from typing import Any

from homeassistant.util.yaml import load_yaml_dict
import pytest

from tests.contract.shipped import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = {path.stem: load_yaml_dict(str(path)) for path in (GITHUB / "workflows").glob("*.yml")}
TEMPLATES = {
    path.stem: load_yaml_dict(str(path)) for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml")
}
FORMS = {name: form for name, form in TEMPLATES.items() if name != "config"}

# Validators whose makers offer them by branch, to be followed as they are.
FOLLOWED = {"home-assistant/actions/hassfest@master", "hacs/action@main"}
FIELDS = {"checkboxes", "dropdown", "input", "textarea"}
BLOB = "https://github.com/camera-cloud-plan/camera-cloud-plan/blob/main/"


def jobs() -> list[dict[str, Any]]:
    return [job for workflow in WORKFLOWS.values() for job in workflow["jobs"].values()]


def steps() -> list[dict[str, Any]]:
    return [step for job in jobs() for step in job["steps"]]


def fields(form: dict[str, Any]) -> list[dict[str, Any]]:
    return [field for field in form["body"] if field["type"] != "markdown"]


# --- Workflows ---


def test_what_must_pass_is_asked_of_every_change() -> None:
    assert set(WORKFLOWS) == {"lint", "release", "tests", "validate"}
    for name in ("lint", "tests", "validate"):
        # YAML takes the bare word `on` for a yes.
        assert {"pull_request", "push"} <= set(WORKFLOWS[name][True])


def test_a_workflow_may_no_more_than_it_needs() -> None:
    for name, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {}, name
        for job in workflow["jobs"].values():
            assert job["timeout-minutes"] <= 45, name
            granted = job["permissions"]
            assert granted == {"contents": "write" if name == "release" else "read"}, name


def test_actions_are_pinned() -> None:
    used = {step["uses"] for step in steps() if "uses" in step}
    assert used >= FOLLOWED
    for action in used - FOLLOWED:
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", action), action


def test_no_command_takes_in_what_others_name() -> None:
    """A title or a tag within a command would be run by it."""
    assert not [step["run"] for step in steps() if "${{" in step.get("run", "")]
    for step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_what_a_workflow_runs_is_there() -> None:
    run = " ".join(step["run"] for step in steps() if "run" in step)
    scripts = set(re.findall(r"\bscripts/\w+", run))
    scripts |= {name.replace(".", "/") + ".py" for name in re.findall(r"-m (scripts\.\w+)", run)}
    assert {"scripts/lint", "scripts/test", "scripts/package.py"} <= scripts
    assert all((ROOT / script).is_file() for script in scripts)


# --- Forms ---


def test_there_is_a_form_for_each_concern() -> None:
    assert set(FORMS) == {"bug_report", "feature_request", "help-prove-it", "new_maker"}
    names = [form["name"] for form in FORMS.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", FORMS)
def test_github_takes_the_form(name: str) -> None:
    form = FORMS[name]
    assert set(form) <= {"name", "description", "title", "labels", "assignees", "body"}
    assert len(form["name"]) >= 3
    assert 3 <= len(form["description"]) <= 200
    assert all(isinstance(label, str) for label in form["labels"])
    ids = [field["id"] for field in fields(form)]
    labels = [field["attributes"]["label"] for field in fields(form)]
    assert ids
    assert len(ids) == len(set(ids))
    assert len(labels) == len(set(labels))
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]+", key) for key in ids)


@pytest.mark.parametrize("name", FORMS)
def test_github_takes_each_field(name: str) -> None:
    for field in FORMS[name]["body"]:
        attributes = field["attributes"]
        if field["type"] == "markdown":
            assert set(field) == {"type", "attributes"}
            assert attributes["value"].strip()
            continue
        assert field["type"] in FIELDS
        assert set(field) <= {"type", "id", "attributes", "validations"}
        assert set(attributes) <= {"label", "description", "placeholder", "value", "options"}
        assert set(field.get("validations", {})) <= {"required"}
        assert ("options" in attributes) == (field["type"] in {"checkboxes", "dropdown"})
        if field["type"] == "dropdown":
            options = attributes["options"]
            # A bare yes or no would be no text, and "None" is GitHub's own.
            assert all(isinstance(option, str) and option != "None" for option in options)
            assert len(options) == len(set(options))
        if field["type"] == "checkboxes":
            assert "validations" not in field  # each box has its own
            assert all(set(box) <= {"label", "required"} for box in attributes["options"])


def test_every_open_question_is_asked() -> None:
    """The form asks what the page asks, number by number."""
    page = (ROOT / "docs" / "help-prove-it.md").read_text(encoding="utf-8")
    asked = re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
    labels = [field["attributes"]["label"] for field in fields(FORMS["help-prove-it"])]
    numbered = [label.partition(".")[0] for label in labels if label[0].isdigit()]
    assert asked == numbered == [str(number + 1) for number in range(len(asked))]
    assert {"before", "after", "looked-over"} <= {
        field["id"] for field in fields(FORMS["help-prove-it"])
    }


def test_what_is_linked_is_there() -> None:
    texts = [path.read_text(encoding="utf-8") for path in GITHUB.rglob("*") if path.is_file()]
    linked = {link for text in texts for link in re.findall(re.escape(BLOB) + r"([\w./-]+)", text)}
    assert linked
    assert all((ROOT / link).exists() for link in linked)
    for link in TEMPLATES["config"]["contact_links"]:
        assert set(link) == {"name", "url", "about"}
        assert link["url"].startswith("https://github.com/")
