"""What has to be true of the package for Home Assistant and its Marketplace to take it.

The public validators need a network; these are their rules, restated.
"""

import re
import tomllib
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.util.yaml import load_yaml_dict
from PIL import Image
import pytest

# Imported so that `custom_components` is this repository's and not the test harness's.
from custom_components.camera_cloud_plan.const import DOMAIN
from tests.contract.shipped import INTEGRATION, ROOT, read_json, tracked, tree

MANIFEST: dict[str, Any] = read_json(INTEGRATION / "manifest.json")
HOME = "https://github.com/camera-cloud-plan/camera-cloud-plan"

# What a repository's manifest may say; the Marketplace takes no other key.
HACS_KEYS = {
    "content_in_root",
    "country",
    "filename",
    "hacs",
    "hide_default_branch",
    "homeassistant",
    "name",
    "persistent_directory",
    "render_readme",
    "zip_release",
}


def test_manifest_keys_stand_in_the_usual_order() -> None:
    keys = list(MANIFEST)
    assert keys[:2] == ["domain", "name"]
    assert keys[2:] == sorted(keys[2:])


def test_manifest_says_who_and_where() -> None:
    assert MANIFEST["domain"] == DOMAIN == INTEGRATION.name
    assert MANIFEST["name"] == "Camera Cloud Plan"
    assert MANIFEST["documentation"] == HOME
    assert MANIFEST["issue_tracker"] == f"{HOME}/issues"
    assert MANIFEST["codeowners"]
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])


def test_manifest_says_what_kind_it_is() -> None:
    assert MANIFEST["config_flow"] is True
    assert MANIFEST["integration_type"] == "service"
    assert MANIFEST["iot_class"] == "cloud_polling"
    # PyAV comes with `stream`: a pin of our own would fight Home Assistant's next one.
    assert MANIFEST["dependencies"] == ["file_upload", "http", "stream"]
    # Playlists are parsed by a well-kept library. FFmpeg would, too, and open addresses by
    # itself, past every check of where footage may be fetched from.
    assert MANIFEST["requirements"] == ["m3u8==6.0.0"]
    # The grade is not for us to give.
    assert "quality_scale" not in MANIFEST


async def test_home_assistant_loads_it(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    integration = await async_get_integration(hass, DOMAIN)
    assert integration.file_path == INTEGRATION
    assert integration.version == MANIFEST["version"]
    assert integration.has_translations


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = changelog.partition("\n## [")[2].partition("]")[0]
    assert MANIFEST["version"] == project["version"] == newest


def test_the_changelog_keeps_its_form() -> None:
    """By keepachangelog.com; only the newest version may not be out yet."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    assert released
    for number, title in enumerate(released):
        form = r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2}|unreleased)"
        found = re.fullmatch(form, title)
        assert found, title
        assert number == 0 or found[2] != "unreleased"
        assert f"\n[{found[1]}]: https://" in changelog
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert {*re.findall(r"^### (.+)$", changelog, re.MULTILINE)} <= kinds


def test_marketplace_manifest() -> None:
    hacs = read_json(ROOT / "hacs.json")
    assert hacs["name"] == MANIFEST["name"]
    assert set(hacs) <= HACS_KEYS


def test_one_minimum_release_everywhere() -> None:
    minimum = read_json(ROOT / "hacs.json")["homeassistant"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"homeassistant>={minimum}" in project["dependencies"]


def test_the_package_holds_one_integration() -> None:
    manifests = [path for path in tracked() if path.name == "manifest.json"]
    assert manifests == [INTEGRATION / "manifest.json"]


def test_the_words_are_where_a_custom_integration_keeps_them() -> None:
    assert not (INTEGRATION / "strings.json").exists()


@pytest.mark.parametrize("prefix", ["", "dark_"])
def test_brand_images(prefix: str) -> None:
    """Square icons of 256 and 512 pixels, a logo, each see-through, for light and for dark."""
    brand = INTEGRATION / "brand"
    sizes = {}
    for name in ("icon", "icon@2x", "logo", "logo@2x"):
        with Image.open(brand / f"{prefix}{name}.png") as image:
            assert image.format == "PNG"
            assert image.mode == "RGBA"
            assert image.getchannel("A").getpixel((0, 0)) == 0
            sizes[name] = image.size
    assert sizes["icon"] == (256, 256)
    assert sizes["icon@2x"] == (512, 512)
    width, height = sizes["logo"]
    assert width > height
    assert 128 <= height <= 256
    assert sizes["logo@2x"] == (2 * width, 2 * height)


def test_licence() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert licence.startswith("MIT License\n")


def test_set_up_in_yaml_is_refused() -> None:
    """`async_setup` is there, so Home Assistant wants to be told that YAML holds nothing."""
    names = {
        target.id
        for node in tree(INTEGRATION / "__init__.py").body
        if hasattr(node, "targets")
        for target in node.targets
    }
    assert "CONFIG_SCHEMA" in names


def test_blueprints_have_their_metadata() -> None:
    blueprints = list((ROOT / "blueprints").rglob(f"{DOMAIN}/*.yaml"))
    assert blueprints

    for path in blueprints:
        blueprint: dict[str, Any] = load_yaml_dict(str(path))["blueprint"]
        assert blueprint["domain"] == path.parts[-3]
        assert blueprint["source_url"].startswith(f"{HOME}/blob/main/")
        assert blueprint["source_url"].endswith(str(path.relative_to(ROOT)))
        assert blueprint["homeassistant"]["min_version"] == "2026.10.0"
