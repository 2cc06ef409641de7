"""The words: every language whole and alike, nothing missing, nothing left over."""

import ast
from pathlib import Path
import re
from typing import Any

import pytest

from tests.contract.shipped import (
    INTEGRATION,
    LANGUAGES,
    functions,
    keywords,
    leaves,
    modules,
    read_json,
    strings,
    words,
)

EN = words()
ICONS = read_json(INTEGRATION / "icons.json")
MODULES = tuple(modules(INTEGRATION))
PLATFORMS = ("binary_sensor", "button", "calendar", "event", "select", "sensor", "switch")

# What an action's fields choose from is named there only.
CHOICES = set(re.findall(r"translation_key: (\w+)", (INTEGRATION / "services.yaml").read_text()))
SAID = CHOICES.union(*(strings(path) for path in MODULES))
DONE = set().union(*(functions(path) for path in MODULES))

OTHERS = tuple(language for language in LANGUAGES if language != "en")

# Keys whose text is not looked up by a constant of ours.
FIXED = {
    "abort",
    "entry_type",
    "initiate_flow",
    "already_configured",  # Home Assistant's own default
    "error",
    "fix_flow",
    "info",
    "init",
    "progress",
    "step",
}

# Steps that only show progress: their text stands under `progress`.
PROGRESS = {"waiting", "looking", "check"}

# The dialogue's words are the owner's, not ours, and the owner is spoken to in one way. What others are to say stands in quotes, and is not looked at.
FORBIDDEN = {
    "de": r"\b(?i:absenden|mandat\w*|vertr[aä]g\w*|übermitteln|pläne\w*)\b|\bOK\b|^Fehler"
    r"|(?<=[a-zäöüß,;] )(Sie|Ihnen|Ihr(e[mnrs]?)?)\b",
    "en": r"\b((?i:submit|mandate|contract|witness|read-back|optimistic)|OK|Error)\b",
    "zh-Hans": "签约|委托代扣|提交|你",
}
QUOTED = r"„[^“]*“"
# Nothing is called cancelled before the maker said so; the owner's own word is.
CLAIMS = {
    "de": r"(?<!^Ich habe )(?i:gekündigt|storniert)",
    "en": r"(?i)(?<!I have )(?<!could be )\bcancell?ed\b",
    "zh-Hans": "(?<!我)已(退订|取消)",
}
# What stands in English where somebody forgot to translate it, and in no other language.
ENGLISH = r"\b(the|and|of|you|your|with|from|it|renewal|charges?|recordings?)\b"
# Words that are the same in another language, where that is not all names and gaps.
SAME = {
    "de": {
        *("{camera} in {area}", "Xiaomi, in Mi Home"),
        *("Dashboard", "Format", "Gateway", "Person"),
        *("Bytes", "Firmware", "Offline", "SHA-256", "Text"),
    },
    "zh-Hans": set(),
}
NAMES = r"Alipay|Apple|Camera Cloud Plan|Google Play|Mi Home|WeChat Pay|Xiaomi( Home)?"
# A number that is never one, or of which it is told how many are something.
MANY = {
    "common.alert_title_mixed_many",
    "common.dashboard_in_days",
    "common.dashboard_nothing_soon",
    "common.guide_saving",
    "common.guide_unsaved_counts",
    "common.many_cameras",
    "config.error.clock_is_off",
    "issues.plan_cancellation.fix_flow.step.not_effective.description",
    "issues.plan_cancellation.fix_flow.step.pick.description",
}


def texts(language: str) -> list[tuple[str, str]]:
    return [(".".join(path), text) for path, text in leaves(words(language))]


def gaps(text: str) -> list[str]:
    return sorted(set(re.findall(r"{([^{}]*)}", text)))


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_keys_and_gaps(language: str) -> None:
    english, theirs = dict(texts("en")), dict(texts(language))
    assert set(english) == set(theirs)
    assert not {key for key, text in english.items() if gaps(text) != gaps(theirs[key])}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_fit_to_be_shown(language: str) -> None:
    for key, text in texts(language):
        assert isinstance(text, str), key
        assert text == text.strip(), key
        assert text, key
        assert not re.search(r"<[a-zA-Z/]", text), f"{key}: HTML"
        assert "[%key" not in text, f"{key}: only core resolves references"
        assert "://" not in text, f"{key}: an address belongs into a gap"
        assert all(gap.isidentifier() for gap in gaps(text)), key
        ours = re.sub(QUOTED, "", text)
        assert not re.search(FORBIDDEN[language], ours), f"{key}: {text}"
        assert not re.search(CLAIMS[language], text), f"{key}: {text}"


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_english(language: str) -> None:
    english = dict(texts("en"))
    left = [
        key
        for key, text in texts(language)
        if (own := re.sub(rf"{{\w+}}|{NAMES}", "", text)) and re.search(r"[^\W\d_]", own)
        if re.search(ENGLISH, own) or (text == english[key] and text not in SAME[language])
    ]
    assert not left


def test_chinese_is_chinese() -> None:
    """Whatever is more than names, numbers and gaps."""
    assert not [
        key
        for key, text in texts("zh-Hans")
        if re.search(r"[^\W\d_]", re.sub(rf"{{\w+}}|{NAMES}", "", text))
        and not re.search(r"[\u4e00-\u9fff]", text)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_counted_has_words_for_one_and_for_many(language: str) -> None:
    keys = {key for key, _ in texts(language)} - MANY
    # Of one camera a text without an ending tells, by its name.
    assert not {key for key in keys if key.endswith("_one") and f"{key[:-4]}_many" not in keys}
    assert not {
        key for key in keys if key.endswith("_many") and not keys & {key[:-5], f"{key[:-5]}_one"}
    }


def test_no_text_says_one_recordings() -> None:
    counted = r"{(count|n|days|hours|times|checks|worked)} [a-z]+s\b"
    assert not {
        key
        for key, text in texts("en")
        if re.search(counted, text) and not key.endswith(("_one", "_many")) and key not in MANY
    }


# --- Every key that the code uses ---


def test_entities_have_names() -> None:
    for platform in PLATFORMS:
        used = {
            text
            for call, text in keywords(INTEGRATION / f"{platform}.py", "translation_key")
            if any(keyword.arg == "key" for keyword in call.keywords)
        }
        assert used, platform
        assert used == set(EN["entity"][platform])


def test_raised_errors_have_messages() -> None:
    for path in MODULES:
        for call, text in keywords(path, "translation_key"):
            if any(keyword.arg == "translation_domain" for keyword in call.keywords):
                assert text in EN["exceptions"], path.name


def test_every_home_assistant_error_is_translated() -> None:
    """An exception that a person sees carries a key, never bare English."""
    raised = {
        "ConfigEntryAuthFailed",
        "ConfigEntryError",
        "ConfigEntryNotReady",
        "HomeAssistantError",
        "ServiceValidationError",
        "UpdateFailed",
    }
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in raised
            ):
                given = {keyword.arg for keyword in node.keywords}
                assert {"translation_domain", "translation_key"} <= given, (
                    f"{path.name}:{node.lineno}"
                )


@pytest.mark.parametrize(
    ("path", "sections"),
    [
        (INTEGRATION / "config_flow.py", [EN["config"]]),
        (INTEGRATION / "typed" / "flow.py", [EN["config"]]),
        (INTEGRATION / "options_flow.py", [EN["options"]]),
        (INTEGRATION / "typed" / "subentry.py", [*EN["config_subentries"].values()]),
        *(
            (path, [issue.get("fix_flow", {}) for issue in EN["issues"].values()])
            for path in modules(INTEGRATION / "guides")
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_dialogues_have_words(path: Path, sections: list[dict[str, Any]]) -> None:
    for keyword, part in (
        ("step_id", "step"),
        ("reason", "abort"),
        ("progress_action", "progress"),
    ):
        known = {key for section in sections for key in section.get(part, {})}
        used = {
            text
            for call, text in keywords(path, keyword)
            if keyword != "step_id" or "progress" not in ast.unparse(call.func)
        }
        assert used <= known, keyword


def test_steps_have_titles_and_buttons() -> None:
    """A form's button says what it does; "Submit" is what appears where it does not."""
    dialogues = [EN["config"], EN["options"], *EN["config_subentries"].values()]
    dialogues += [issue["fix_flow"] for issue in EN["issues"].values() if "fix_flow" in issue]
    for dialogue in dialogues:
        for name, step in dialogue["step"].items():
            assert step["title"], name
            if name in PROGRESS:
                assert set(step) == {"title"}, name
            else:
                assert ("submit" in step) != ("menu_options" in step), name


def test_fields_have_descriptions() -> None:
    for section in (EN["config"], EN["options"], *EN["config_subentries"].values()):
        for name, step in section["step"].items():
            for part in (step, *step.get("sections", {}).values()):
                assert set(part.get("data", {})) == set(part.get("data_description", {})), name


def test_a_plan_has_one_form() -> None:
    """Home Assistant resolves no references for us, so the same words stand in both places."""
    for language in LANGUAGES:
        told = words(language)
        first = told["config"]["step"]["plan"]
        later = told["config_subentries"]["plan"]["step"]["plan"]
        for part in ("data", "data_description", "sections"):
            assert first[part] == later[part]
        errors = told["config_subentries"]["plan"]["error"]
        assert errors.items() <= told["config"]["error"].items()


# --- Every key that there is ---


def is_used(key: str) -> bool:
    return key in SAID or key in FIXED or f"async_step_{key}" in DONE


@pytest.mark.parametrize(
    ("section", "depth"),
    [
        ("config", {2, 4}),
        ("options", {2, 4}),
        ("config_subentries", {1, 3, 5}),
        ("exceptions", {1}),
        ("issues", {1, 4}),
        ("services", {1}),
        ("system_health", {2}),
        ("device", {1}),
        ("selector", {1}),
    ],
)
def test_no_word_is_left_over(section: str, depth: set[int]) -> None:
    """Keys at these depths below a section are looked up by name somewhere in the code."""
    unused = {
        path[level - 1]
        for path, _ in leaves(EN[section])
        for level in depth
        if len(path) >= level and not is_used(path[level - 1])
    }
    parts = {"data", "data_description", "menu_options", "menu_option_descriptions"}
    # The end of a guide of Home Assistant's own, which goes by no name of ours.
    assert not unused - parts - {"default"}


def test_regions_have_names() -> None:
    endpoints = read_json(INTEGRATION / "cloud" / "xiaomi" / "endpoints.json")
    assert set(EN["selector"]["region"]["options"]) == set(endpoints["regions"])


def test_states_have_names() -> None:
    """Every status that can be shown; `unknown` is Home Assistant's own."""
    status = Path(INTEGRATION / "plan" / "status.py")
    values = {text for text in strings(status) if re.fullmatch(r"[a-z_]+", text)}
    assert set(EN["entity"]["sensor"]["plan_status"]["state"]) == values - {"unknown"}


# --- Icons ---


def test_icons_are_of_entities_that_there_are() -> None:
    for platform, entities in ICONS["entity"].items():
        assert set(entities) <= set(EN["entity"][platform]), platform


def test_icons_are_the_frontends_own() -> None:
    assert all(re.fullmatch(r"mdi:[a-z0-9-]+", icon) for _, icon in leaves(ICONS))


def test_a_state_icon_differs_from_the_default() -> None:
    for platform, entities in ICONS["entity"].items():
        for key, icon in entities.items():
            assert icon["default"] not in icon.get("state", {}).values(), key
            named = EN["entity"][platform][key].get("state")
            if named is not None:
                assert set(icon.get("state", {})) <= set(named), key
