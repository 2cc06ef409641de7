"""Python 3.14 from Debian's testing suite, unpacked aside.

For a Debian machine without Python 3.14 that can reach only its package
mirror. Nothing is installed and the system stays as it is: apt works with a
state, a cache and a source of its own, its packages are unpacked into the
cache folder, and the interpreter is pointed at the libraries beside it.
"""

from __future__ import annotations

from pathlib import Path
import re
import shutil
from typing import NamedTuple

from scripts.bootstrap.cache import built_once, cache_folder, is_complete
from scripts.bootstrap.console import SetupError, run, say
from scripts.bootstrap.tools import patchelf

SUITE = "forky"
PACKAGE = "python3.14"
REMEDY = f"Install {PACKAGE} (3.14.2 or newer) by other means, so that it starts by name."

SOURCES = Path("/etc/apt")
STABLE_NAMES = {"oldstable", "stable", "testing", "unstable", "sid"}

# The last setting lets an ordinary user, and root in a closed folder, run apt.
# The hooks of the machine's own configuration tidy *its* caches: not for us.
APT_CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{folder}/sources";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "{folder}/preferences";
Dir::State "{folder}/state";
Dir::State::Status "{folder}/status";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "root";
"""


class Source(NamedTuple):
    """Where the machine gets Debian's packages, and whose signature it trusts."""

    address: str
    suites: frozenset[str]
    components: frozenset[str]
    signed_by: str


def is_debian() -> bool:
    """Return whether this is Debian itself, with its package tool."""
    return _release().get("ID") == "debian" and shutil.which("apt-get") is not None


def already_unpacked() -> Path | None:
    """Return the interpreter that an earlier call unpacked."""
    return _interpreter(_home()) if is_complete(_home()) else None


def unpacked() -> Path | None:
    """Unpack an interpreter, if this is Debian, and return it."""
    if not is_debian():
        return None
    return _interpreter(built_once(_home(), _unpack))


def _home() -> Path:
    return cache_folder() / "python" / f"debian-{SUITE}"


def _interpreter(folder: Path) -> Path:
    return folder / "usr" / "bin" / "python3.14"


def _unpack(folder: Path) -> None:
    say(f"Unpacking Python 3.14 from Debian's {SUITE} into the cache folder")
    apt = folder / "apt"
    for name in ("cache/archives/partial", "preferences", "sources", "state/lists/partial"):
        (apt / name).mkdir(parents=True)
    # Empty: as if nothing were installed, so that apt fetches every library too.
    (apt / "status").touch()
    (apt / "apt.conf").write_text(APT_CONFIGURATION.format(folder=apt), "utf-8")
    (apt / "sources" / "debian.sources").write_text(_testing(_machine_source()), "utf-8")
    for arguments in (("update",), ("install", "--yes", "--download-only", PACKAGE)):
        run(
            ["apt-get", f"--config-file={apt / 'apt.conf'}", *arguments],
            doing=f"apt-get {arguments[0]} from {SUITE}",
            remedy=REMEDY,
        )
    for package in (apt / "cache" / "archives").glob("*.deb"):
        run(["dpkg", "--extract", package, folder], doing="dpkg --extract", remedy=REMEDY)
    shutil.rmtree(apt)
    _point_at_own_libraries(_interpreter(folder), folder / "usr")


def _point_at_own_libraries(interpreter: Path, usr: Path) -> None:
    """Let the interpreter use the C library it was built with, not the machine's.

    The forced kind of path (RPATH) also holds for the libraries that its
    libraries load; the ordinary kind would let `ssl` find an older libcrypto.
    """
    loader = usr / patchelf("--print-interpreter", interpreter).lstrip("/")
    libraries = next(usr.glob("lib/*/libc.so.6")).parent
    patchelf("--set-interpreter", loader, interpreter)
    patchelf("--force-rpath", "--set-rpath", libraries, interpreter)


def _testing(source: Source) -> str:
    lines = [
        "Types: deb",
        f"URIs: {source.address}",
        f"Suites: {SUITE}",
        "Components: main",
    ]
    if source.signed_by:  # Else apt trusts what it trusts anyway.
        lines.append(f"Signed-By: {source.signed_by}")
    return "\n".join([*lines, ""])


def _machine_source() -> Source:
    """Return the machine's own source of Debian's packages, mirrors included."""
    names = STABLE_NAMES | {_release().get("VERSION_CODENAME", "")}
    for source in _sources():
        if "main" in source.components and names & source.suites:
            return source
    problem = f"{SOURCES} names no source of Debian's packages."
    raise SetupError(problem, REMEDY)


def _sources() -> list[Source]:
    parts = SOURCES / "sources.list.d"
    stanzas = [
        source
        for file in sorted(parts.glob("*.sources"))
        for source in read_stanzas(file.read_text("utf-8"))
    ]
    lines = [
        source
        for file in (SOURCES / "sources.list", *sorted(parts.glob("*.list")))
        if file.exists()
        for source in read_lines(file.read_text("utf-8"))
    ]
    return stanzas + lines


def read_stanzas(text: str) -> list[Source]:
    """Read the newer format: paragraphs of fields, which may run over lines."""
    found = []
    text = re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)
    for stanza in re.split(r"\n\s*\n", text):
        fields = {
            name.lower(): value
            for name, value in re.findall(
                r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", stanza, flags=re.MULTILINE
            )
        }
        addresses = fields.get("uris", "").split()
        if "deb" in fields.get("types", "").split() and addresses:
            if fields.get("enabled", "yes").strip().lower() in {"no", "false", "off", "0"}:
                continue
            found.append(
                Source(
                    addresses[0],
                    frozenset(fields.get("suites", "").split()),
                    frozenset(fields.get("components", "").split()),
                    fields.get("signed-by", "").rstrip(),
                )
            )
    return found


def read_lines(text: str) -> list[Source]:
    """Read the older format: `deb [options] address suite component…`."""
    found = []
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)", line.strip())
        if match:
            options, address, suite, components = match.groups()
            keyring = re.search(r"signed-by=(\S+)", options or "")
            found.append(
                Source(
                    address,
                    frozenset({suite}),
                    frozenset(components.split()),
                    keyring.group(1).replace(",", " ") if keyring else "",
                )
            )
    return found


def _release() -> dict[str, str]:
    """Return what the machine says it is: ID, VERSION_CODENAME and more."""
    file = Path("/etc/os-release")
    text = file.read_text("utf-8") if file.exists() else ""
    return {
        name: value.strip("\"'")
        for name, _, value in (line.partition("=") for line in text.splitlines())
    }
