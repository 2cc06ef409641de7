"""What is released: the file for installing by hand, and what the Marketplace takes."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from scripts.package import main, shipped, version_of
from tests.contract.shipped import INTEGRATION, ROOT, read_json, tracked

MANIFEST = read_json(INTEGRATION / "manifest.json")


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a release as its workflow does."""
    target = tmp_path / "camera_cloud_plan.zip"
    monkeypatch.setattr("sys.argv", ["package", "v9.8.7", str(target)])
    main()
    return target


def test_exactly_the_integration_is_released(released: Path) -> None:
    kept = {path for path in tracked() if path.is_relative_to(INTEGRATION)}
    with ZipFile(released) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert {INTEGRATION / name for name in names} == set(shipped()) <= kept
        for name in names:
            if name != "manifest.json":
                assert archive.read(name) == (INTEGRATION / name).read_bytes()
    # What Home Assistant looks for lies at the top, as it will in the integration's folder.
    assert {"__init__.py", "manifest.json", "translations/en.json", "brand/icon.png"} <= {*names}
    assert not [name for name in names if name.endswith(".pyc") or ".." in name]


def test_the_version_of_the_release_is_in_its_manifest(released: Path) -> None:
    with ZipFile(released) as archive:
        stamped = archive.read("manifest.json").decode()
    assert json.loads(stamped) == MANIFEST | {"version": "9.8.7"}
    assert list(json.loads(stamped)) == list(MANIFEST)


def test_the_same_commit_makes_the_same_file(released: Path) -> None:
    before = released.read_bytes()
    main()
    assert released.read_bytes() == before


@pytest.mark.parametrize(
    ("tag", "version"),
    [("v1.2.3", "1.2.3"), ("1.2.3", "1.2.3"), ("v1.2.3-beta.1", "1.2.3-beta.1")],
)
def test_a_tag_names_a_version(tag: str, version: str) -> None:
    assert version_of(tag) == version


@pytest.mark.parametrize("tag", ["", "v1.2", "latest", "v1.2.3.4", "v1.2.3; true", "refs/v1.2.3"])
def test_a_tag_that_names_none_is_refused(tag: str) -> None:
    with pytest.raises(SystemExit, match="is no version"):
        version_of(tag)


def test_the_marketplace_takes_the_repository_as_it_is() -> None:
    """It would ask a `zip_release` for the file also where no release is chosen, or none made.

    So the repository's own archive is what it installs: its limits are 50,000 files and
    100 MiB. The released file is for those who install by hand.
    """
    assert "zip_release" not in read_json(ROOT / "hacs.json")
    files = tracked()
    assert len(files) < 50_000
    assert sum(path.stat().st_size for path in files) < 100 * 2**20
    (folder,) = (path for path in INTEGRATION.parent.iterdir() if (path / "manifest.json").exists())
    assert folder == INTEGRATION
