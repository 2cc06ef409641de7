"""What was saved of a camera, in `manifest.jsonl` in its folder: one JSON object a line.

Lines are only ever appended, each with one write, and are on disk before what they say
counts. A line that makes no sense (cut off by a crash, a newer kind) is passed over. Of
several lines about one recording the last one holds. Moments are ISO 8601 in UTC.

`{"line": "header", "format": 1, "salt", "camera", "name", "maker"}` comes first. `camera`
says whose recordings these are: the first half of PBKDF2-HMAC-SHA256 (100,000 rounds, 64
bytes) of the maker's name, a zero byte and the maker's camera id, with `salt`; all in hex.

`{"line": "saved", "recording", "kind", "created_at", "expires_at", "events", "source",
"playlist_seconds", "segments", "files", "details", "saved_at", "job"}`. `recording` is the
keyed BLAKE2b (16 bytes) of the maker's file id, the key being the second half of the above:
who does not know the camera's id cannot guess either. `events` are `{"at", "kinds"}`.
`source` is `{"maker", "list"}`. `files` are the parts in order: `{"path", "bytes", "sha256",
"mtime_ns", "seconds", "remuxed", "container", "codec", "width", "height", "audio"}`, `path`
being the day's folder and a name in it; of what could not be remuxed the last ones are null.
`details` are further files: thumbnail and sidecar.

`{"line": "missing", "recording", "kind", "created_at", "expires_at", "reason", "at", "job"}`
says why one is not saved; `reason` as in `model.Reason`.

`{"line": "finished", "job", "at", "tally"}` ends a job; `tally` as in `model.Tally`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
import errno
import hashlib
import hmac
import itertools
import json
import os
import secrets
from statistics import fmean
import threading
from typing import Any, Final

from ..plan import Camera, Recording, RecordingKind
from .model import ManifestSeal, Reason, Tally
from .names import is_day_name
from .place import NOTHING_THERE, Folder, digest, has_content, numbered

NAME: Final = "manifest.jsonl"
_FORMAT: Final = 1
_ROUNDS: Final = 100_000
# A header is far shorter, and no line is longer: more is not ours.
_LONGEST_LINE: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFile:
    """A file of a saved recording: where it is in the camera's folder, and what it holds.

    `seconds` of picture; `mtime_ns` as the file system keeps it. `codec`, `width`, `height`
    and `audio` (codec names) are `None` or empty where the original was kept unread.
    """

    day: str
    name: str
    size: int
    sha256: str
    mtime_ns: int
    seconds: float | None = None
    container: str = ""
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    audio: tuple[str, ...] = ()

    @property
    def remuxed(self) -> bool:
        """Whether its container is another than the maker sends."""
        return self.codec is not None

    def as_json(self) -> dict[str, Any]:
        """Return it as it stands in the manifest."""
        return {
            "path": f"{self.day}/{self.name}",
            "bytes": self.size,
            "sha256": self.sha256,
            "mtime_ns": self.mtime_ns,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "remuxed": self.remuxed,
            "container": self.container,
            "codec": self.codec,
            "width": self.width,
            "height": self.height,
            "audio": list(self.audio),
        }


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of a saved recording, of which there may be very many."""

    job: str
    kind: str
    files: tuple[tuple[str, str, int, str, int], ...]
    """Day, name, size, SHA-256 and modification time of each."""


class Manifest:
    """One camera's manifest, open for reading and appending. Blocks; for several threads."""

    def __init__(self, folder: Folder, camera: Camera, salt: bytes) -> None:
        """Take the camera's open folder, and the salt of the manifest's header."""
        self._folder = folder
        self.maker = camera.maker
        self._key = _derived(camera, salt)[32:]
        self._saved: dict[str, _Known] = {}
        self._missing: dict[str, str] = {}
        self._lock = threading.Lock()
        self._fd = -1

    @classmethod
    def found(cls, folder: Folder, camera: Camera) -> Manifest | None:
        """Return a folder's manifest where it is this camera's. Raises `OSError`.

        `folder` stays the caller's where it is not, and has to stay open where it is.
        """
        try:
            fd = folder.read_file(NAME)
        except OSError as err:
            if err.errno in NOTHING_THERE:
                return None
            # What a disk does not read may well be this camera's: no second one is begun.
            raise
        with os.fdopen(fd, "rb") as file:
            salt = _salt(file.readline(_LONGEST_LINE), camera)
            if salt is None:
                return None
            manifest = cls(folder, camera, salt)
            while line := file.readline(_LONGEST_LINE):
                manifest._heed(line)
        return manifest

    @classmethod
    def begun(cls, folder: Folder, camera: Camera, name: str) -> Manifest:
        """Begin a manifest in a folder that has none. Raises `OSError`."""
        salt = secrets.token_bytes(16)
        header = {
            "line": "header",
            "format": _FORMAT,
            "salt": salt.hex(),
            "camera": _derived(camera, salt)[:32].hex(),
            "name": name,
            "maker": camera.maker,
        }
        part = folder.new_part()
        try:
            part.write(_line(header))
            part.flush()
            part.publish(itertools.repeat(NAME, 1), *part.digest())
            folder.sync()
        finally:
            part.discard()
        return cls(folder, camera, salt)

    def close(self) -> None:
        """Close it; the folder stays open."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def recording_key(self, recording: Recording) -> str:
        """Return what stands for a recording here."""
        return hashlib.blake2b(
            recording.file_id.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16
        ).hexdigest()

    def _heed(self, line: bytes) -> None:
        """Remember what a line says; one that makes no sense says nothing."""
        with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
            data = json.loads(line)
            match data.get("line"):
                case "saved":
                    self._saved[str(data["recording"])] = _known(data)
                    self._missing.pop(str(data["recording"]), None)
                case "missing":
                    self._missing[str(data["recording"])] = str(data["reason"])

    def is_untouched(self, recording: Recording, job_id: str) -> bool:
        """Return whether this very job saved it, and nobody touched it. Raises `OSError`."""
        known = self._saved.get(self.recording_key(recording))
        return (
            known is not None
            and known.job == job_id
            and all(
                (found := self._stated(day, name)) is not None
                and (found.st_size, found.st_mtime_ns) == (size, mtime_ns)
                for day, name, size, _, mtime_ns in known.files
            )
        )

    def looks_there(self, recording: Recording) -> bool:
        """Return whether all its files are there with their sizes, unread. Raises `OSError`."""
        known = self._saved.get(self.recording_key(recording))
        return known is not None and all(
            (found := self._stated(day, name)) is not None and found.st_size == size
            for day, name, size, _, _ in known.files
        )

    def is_there(self, recording: Recording) -> bool:
        """Return whether all its files hold what was saved: they are read. Raises `OSError`."""
        known = self._saved.get(self.recording_key(recording))
        return known is not None and all(
            self._is_there(day, name, size, sha256) for day, name, size, sha256, _ in known.files
        )

    def _is_there(self, day: str, name: str, size: int, sha256: str) -> bool:
        try:
            with self._folder.folder(day) as folder:
                return has_content(folder, name, size, sha256)
        except FileNotFoundError, NotADirectoryError:
            return False

    def _stated(self, day: str, name: str) -> os.stat_result | None:
        try:
            with self._folder.folder(day) as folder:
                return os.stat(name, dir_fd=folder.fd, follow_symlinks=False)
        except FileNotFoundError, NotADirectoryError:
            return None

    def mean_size(self, kind: RecordingKind) -> float | None:
        """Return how large the saved recordings of a kind are on average, in bytes."""
        sizes = defaultdict[str, list[int]](list)
        for known in self._saved.values():
            sizes[known.kind].append(sum(file[2] for file in known.files))
        return fmean(sizes[kind]) if sizes[kind] else None

    def add_saved(
        self,
        recording: Recording,
        files: tuple[SavedFile, ...],
        facts: Mapping[str, object],
    ) -> None:
        """Write down that a recording is saved; on disk on return. Raises `OSError`.

        `facts` are the fields that are not of the recording or the files.
        """
        data = self._about(recording, "saved")
        data["events"] = events_as_json(recording)
        data["source"] = {"maker": self.maker, "list": recording.kind.value}
        data["files"] = [file.as_json() for file in files]
        data |= facts
        self._append([data])

    def add_missing(
        self, missing: Iterable[tuple[Recording, Reason]], at: datetime, job_id: str
    ) -> None:
        """Write down which recordings are not saved and why; what is known already is not.

        Raises `OSError`.
        """
        self._append(
            [
                self._about(recording, "missing")
                | {"reason": reason.value, "at": at.isoformat(), "job": job_id}
                for recording, reason in missing
                if self._missing.get(self.recording_key(recording)) != reason
            ]
        )

    def add_finished(self, tally: Tally, at: datetime, job_id: str) -> ManifestSeal:
        """Write down what a job came to; return what is on disk then. Raises `OSError`."""
        self._append(
            [{"line": "finished", "job": job_id, "at": at.isoformat(), "tally": asdict(tally)}]
        )
        fd = self._folder.read_file(NAME)
        try:
            size, sha256 = digest(fd)
        finally:
            os.close(fd)
        return ManifestSeal(size=size, sha256=sha256)

    def _about(self, recording: Recording, line: str) -> dict[str, Any]:
        expires = recording.expires_at
        return {
            "line": line,
            "recording": self.recording_key(recording),
            "kind": recording.kind.value,
            "created_at": recording.created_at.isoformat(),
            "expires_at": expires.isoformat() if expires else None,
        }

    def _append(self, lines: list[dict[str, Any]]) -> None:
        """Append lines with one write, on a new line whatever stands before."""
        if not lines:
            return
        data = b"".join(map(_line, lines))
        with self._lock:
            if self._fd < 0:
                self._fd = self._folder.append_file(NAME)
            end = os.fstat(self._fd).st_size
            if end and os.pread(self._fd, 1, end - 1) != b"\n":
                data = b"\n" + data
            if os.write(self._fd, data) != len(data):
                # The next append begins a new line behind what is cut off here.
                raise OSError(errno.ENOSPC, "the manifest is cut off")
            os.fsync(self._fd)
            for line in lines:
                self._heed(_line(line))


def events_as_json(recording: Recording) -> list[dict[str, Any]]:
    """Return a recording's events as they stand in manifest and sidecar."""
    return [{"at": event.at.isoformat(), "kinds": list(event.kinds)} for event in recording.events]


def _line(data: Mapping[str, object]) -> bytes:
    return (
        json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        + b"\n"
    )


def _known(data: Mapping[str, Any]) -> _Known:
    """Return what a line says of a saved recording. Raises `ValueError` and the like."""
    files = []
    for file in data["files"]:
        day, name = file["path"].split("/")
        if not is_day_name(day) or name in {"", ".", ".."} or "\0" in name:
            raise ValueError("a path that is not ours")
        files.append((day, name, int(file["bytes"]), str(file["sha256"]), int(file["mtime_ns"])))
    if not files:
        raise ValueError("no files")
    return _Known(str(data["job"]), str(data["kind"]), tuple(files))


def _derived(camera: Camera, salt: bytes) -> bytes:
    secret = f"{camera.maker}\0{camera.camera_id}".encode("utf-8", "surrogatepass")
    return hashlib.pbkdf2_hmac("sha256", secret, salt, _ROUNDS, 64)


def _salt(line: bytes, camera: Camera) -> bytes | None:
    """Return the salt of a header that is this camera's."""
    with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
        data = json.loads(line)
        salt = bytes.fromhex(data["salt"])
        wanted = _derived(camera, salt)[:32].hex()
        if (
            data["line"] == "header"
            and data["format"] == _FORMAT
            and hmac.compare_digest(str(data["camera"]), wanted)
        ):
            return salt
    return None


def camera_manifest(root: Folder, camera: Camera) -> tuple[Manifest, Folder, str] | None:
    """Return a camera's manifest under a root, with its folder and that one's name.

    The folder is open and the caller's to close. Raises `OSError`.
    """
    for name in sorted(root.names()):
        try:
            folder = root.folder(name)
        except OSError as err:
            if err.errno in {errno.EACCES, *NOTHING_THERE}:  # a file, a link, or another's
                continue
            raise
        manifest = None
        try:
            manifest = Manifest.found(folder, camera)
        finally:
            if not manifest:
                folder.close()
        if manifest:
            return manifest, folder, name
    return None


def new_camera_folder(
    root: Folder, camera: Camera, name: str, folder_name: str
) -> tuple[Manifest, Folder, str]:
    """Make a camera's folder and begin its manifest; as `camera_manifest` for the rest.

    A folder of that name that holds anything is somebody else's, and another name is taken.
    """
    for candidate in numbered(folder_name, ""):
        try:
            folder = root.made_folder(candidate)
        except NotADirectoryError:
            continue
        folder.remove_left_overs()
        if not folder.names():
            return Manifest.begun(folder, camera, name), folder, candidate
        folder.close()
    raise AssertionError("names never end")
