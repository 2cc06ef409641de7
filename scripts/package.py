"""Makes the file that the Marketplace installs: `python3 -m scripts.package v1.2.3 out.zip`.

What git keeps of the integration, at the top of the archive as the Marketplace expects it,
with the release's version in its manifest. The same commit makes the same bytes.
"""

import json
from pathlib import Path
import re
import subprocess
import sys
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

DOMAIN = "camera_cloud_plan"
ROOT = Path(__file__).parents[1]
INTEGRATION = ROOT / "custom_components" / DOMAIN

_TAG = re.compile(r"v?(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+)?)")
# The least that a zip file can say; what was changed when stands in git.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16


def main() -> None:
    """Write the archive of a release: its tag, and where to."""
    _, tag, target = sys.argv
    package(version_of(tag), Path(target))


def version_of(tag: str) -> str:
    """Return the version that a release's tag names; raises `SystemExit` where it names none."""
    named = _TAG.fullmatch(tag)
    if named is None:
        raise SystemExit(f"{tag} is no version: v1.2.3 or v1.2.3-beta.1 is")
    return named.group(1)


def package(version: str, target: Path) -> None:
    """Write the integration as it is released under this version."""
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for path in shipped():
            content = path.read_bytes()
            if path == INTEGRATION / "manifest.json":
                content = _stamped(content, version)
            entry = ZipInfo(path.relative_to(INTEGRATION).as_posix(), _NO_TIME)
            entry.external_attr = _PLAIN_FILE
            archive.writestr(entry, content, ZIP_DEFLATED)


def shipped() -> list[Path]:
    """Return the files of the integration, as git knows them."""
    listed = subprocess.run(
        ("git", "ls-files", "-z"),  # noqa: S607 - whichever git there is
        cwd=INTEGRATION,
        check=True,
        stdout=subprocess.PIPE,
    )
    return sorted(INTEGRATION / name.decode() for name in listed.stdout.split(b"\0") if name)


def _stamped(manifest: bytes, version: str) -> bytes:
    """Return a manifest with this version, which stands last in it."""
    content = json.loads(manifest)
    content["version"] = version
    return (json.dumps(content, indent=2) + "\n").encode()


if __name__ == "__main__":
    main()
