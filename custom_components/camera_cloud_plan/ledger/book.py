"""The ledger of one account on disk: a text file that rows are only ever appended to.

Why a file and not a database: a copy that anybody takes at any time, such as a backup, is a
ledger up to some row; every byte belongs to a row, so that none can change unseen; it is read
with nothing; and an append is one write and one flush. Several writers, also in several
processes, take turns by a lock of the file.

Nothing is ever changed or removed in it but a last line that a crash left half written. That
one was never acknowledged, and is kept in a file beside. What is damaged otherwise stays as it
is and is told by `verify`; rows go on behind it.

All of this blocks and is for a thread.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
import errno
import fcntl
import hashlib
import json
import os
from pathlib import Path
import re
import stat
import time
from typing import Final

from ..plan import clock
from .chain import GENESIS, Anchor, Verdict, Walk, link_of, verify
from .row import FORM, Entry, Row, UnreadableRowError, sealed_rows
from .verify_ledger import LONGEST_LINE, lines_of, looks_sealed

_APPEND: Final = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_PRIVATE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700
_ASIDE: Final = ".torn-"
_END: Final = ".end"
_LEFT_END: Final = re.compile(rb"([1-9][0-9]{0,14}):([0-9a-f]{64})\n?")
_BEGIN: Final = b'{"at":"'
# The last row is looked for in so many bytes of the end.
_LAST: Final = 8 << 10
_WAIT_SECONDS: Final = 30.0
_LOOK_AGAIN_SECONDS: Final = 0.005
# After so many lines whoever reads lets go of Python's lock: else the event loop waits for it
# some milliseconds at each of its turns.
_AT_ONCE: Final = 50

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY: Final = {errno.EROFS, errno.EACCES, errno.EPERM}
_NOT_A_FILE: Final = {errno.ELOOP, errno.ENOTDIR, errno.EISDIR}
_NO_LOCKS: Final = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENOLCK}
_NO_FSYNC: Final = {errno.EINVAL, errno.ENOTSUP}


class Trouble(StrEnum):
    """Why a ledger could not be written or read."""

    FULL = "full"
    """The disk takes nothing more."""
    READ_ONLY = "read_only"
    """File or folder may not be written, or not be read."""
    NOT_A_FILE = "not_a_file"
    """A link, a folder or something else stands in the file's place."""
    NOT_A_LEDGER = "not_a_ledger"
    """The file holds something else."""
    NEWER_FORM = "newer_form"
    """A newer version wrote the last row, in a form that is not known here."""
    BUSY = "busy"
    """Another process did not let go of it in half a minute."""
    FAILED = "failed"
    """The disk failed otherwise."""


class LedgerError(Exception):
    """A ledger could not be written or read; `why` says why. Names no path."""

    def __init__(self, why: Trouble, *, detail: str = "") -> None:
        """Take the reason, and the system's name of the error where it gave one."""
        super().__init__(f"{why}: {detail}" if detail else str(why))
        self.why = why


class NotTheLastError(Exception):
    """A ledger does not end with the row that was taken for its last.

    Others wrote behind it, or rows are gone.
    """


class LedgerFile:
    """One account's ledger. For several threads and processes; holds nothing in memory."""

    def __init__(self, path: Path) -> None:
        """Take where it is or is to be; nothing is touched yet."""
        self.path = path

    # --- Writing ---

    def append(self, entries: Iterable[Entry], *, known: Anchor | None = None) -> tuple[Row, ...]:
        """Append entries; on return they are on disk, in this order.

        The file, and its folder, are made where they are missing. Raises `LedgerError`,
        `NotTheLastError` where the last row is not the `known` one, and `ValueError` for an
        entry that is no row; nothing was appended then. Where the power goes off before this
        returns, the first of the rows may be there: those count.
        """
        entries = tuple(entries)
        if not entries:
            return ()
        with _told(), self._locked() as fd:
            end = self._mended_end(fd)
            if known is not None and end.anchor != known:
                raise NotTheLastError
            made = tuple(sealed_rows(entries, after=end.anchor, written_at=clock.now()))
            if not end.size:
                _sync_folder(self.path.parent)
            _append(fd, end.size, end.joint + b"".join(line for _, line in made))
        return tuple(row for row, _ in made)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Open the file to append to it, while nobody else does."""
        while True:
            fd = self._opened_or_made()
            try:
                _lock(fd, fcntl.LOCK_EX)
                if self._leads_to(fd):
                    yield fd
                    return
            finally:
                os.close(fd)

    def _opened_or_made(self) -> int:
        try:
            return _checked(os.open(self.path, _APPEND))
        except FileNotFoundError:
            _make_folder(self.path.parent)
            return _checked(os.open(self.path, _APPEND | os.O_CREAT, _PRIVATE))

    def _leads_to(self, fd: int) -> bool:
        """Return whether it is still the open file: a backup may have been put in its place."""
        try:
            return os.path.samestat(self.path.lstat(), os.fstat(fd))
        except FileNotFoundError:
            return False

    def _mended_end(self, fd: int) -> _End:
        """Return the file's end, once a half-written last line was put aside."""
        end = _end(fd)
        if end.torn:
            self._put_aside(end.torn)
            _cut_back(fd, end.size)
        return end

    def _put_aside(self, torn: bytes) -> None:
        """Keep what a crash left of a line in a file of its own, named by what is in it."""
        name = f"{self.path.name}{_ASIDE}{hashlib.sha256(torn).hexdigest()[:12]}"
        fd = os.open(self.path.with_name(name), _NEW, _PRIVATE)
        try:
            _append(fd, 0, torn)
        finally:
            os.close(fd)
        _sync_folder(self.path.parent)

    # --- Reading ---

    def head(self) -> Anchor | None:
        """Return the last row's number and hash; `None` where there is none yet.

        Only the end of the file is read, unless that is damaged. Raises `LedgerError`.
        """
        with _told():
            try:
                fd = _checked(os.open(self.path, _READ))
            except FileNotFoundError:
                return None
            try:
                _lock(fd, fcntl.LOCK_SH)
                return _end(fd).anchor
            finally:
                os.close(fd)

    def lines(self) -> Iterator[bytes]:
        """Yield all lines as they stand there, each with its line feed; none without a file.

        What is appended meanwhile is not among them; of a line that is too long for any row
        only the beginning is. Raises `LedgerError`.
        """
        with _told():
            try:
                fd = _checked(os.open(self.path, _READ))
            except FileNotFoundError:
                return
            with os.fdopen(fd, "rb") as file:
                # Nobody is in the middle of a line; then others may go on.
                _lock(fd, fcntl.LOCK_SH)
                size = os.fstat(fd).st_size
                with suppress(OSError):
                    fcntl.flock(fd, fcntl.LOCK_UN)
                for number, line in enumerate(lines_of(file, size)):
                    if number % _AT_ONCE == _AT_ONCE - 1:
                        time.sleep(0)
                    yield line

    def rows(
        self,
        *,
        camera: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Iterator[Row]:
        """Yield the rows that are whole, one at a time, in the order they were written.

        `camera` names one by its key; rows of the account as a whole are then left out.
        `start` (inclusive) and `end` (exclusive) are of what `at` says. Raises `LedgerError`.
        """
        wanted = b'"camera":%s' % json.dumps(camera).encode() if camera else b""
        earliest, latest = (moment and _at(moment) for moment in (start, end))
        for line in self.lines():
            # Most lines are passed over by their bytes, without being read as JSON.
            if wanted not in line or (earliest and line < earliest) or (latest and line >= latest):
                continue
            try:
                row = Row.from_line(line)
            except UnreadableRowError:
                continue
            if camera in {None, row.camera}:
                yield row

    def rows_along(self, walk: Walk) -> Iterator[Row]:
        """Yield all rows that are whole, and have a walk see every line on the way.

        Its verdict is that of `verify` once all are there. Raises `LedgerError`.
        """
        for line in self.lines():
            if link := walk.step(line):
                try:
                    row = Row.placed(line, link)
                except UnreadableRowError:
                    continue
                yield row

    def verify(self, anchor: Anchor | None = None) -> Verdict:
        """Return whether it is whole, and holds a row that is known from elsewhere.

        Raises `LedgerError`.
        """
        return verify(self.lines(), anchor)

    # --- Its end, while nobody keeps it in mind ---

    def leave_end(self, end: Anchor) -> None:
        """Write down beside it which row was the last, for when nobody else knows that.

        One line, as `verify_ledger --head` takes it. Raises `LedgerError`.
        """
        with _told():
            part = self._end_path.with_name(f"{self._end_path.name}.part")
            fd = os.open(part, _NEW, _PRIVATE)
            try:
                _append(fd, 0, f"{end.seq}:{end.hash}\n".encode())
                part.replace(self._end_path)
            except OSError:
                part.unlink(missing_ok=True)
                raise
            finally:
                os.close(fd)
            _sync_folder(self.path.parent)

    def left_end(self) -> Anchor | None:
        """Return what `leave_end` wrote; `None` where there is nothing of the kind.

        Raises `LedgerError`.
        """
        with _told():
            try:
                fd = _checked(os.open(self._end_path, _READ))
            except FileNotFoundError:
                return None
            with os.fdopen(fd, "rb") as file:
                said = _LEFT_END.fullmatch(file.read(_LAST))
        return Anchor(int(said[1]), said[2].decode()) if said else None

    def drop_end(self) -> None:
        """Delete what `leave_end` wrote. Raises `LedgerError`."""
        with _told():
            self._end_path.unlink(missing_ok=True)

    @property
    def _end_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}{_END}")

    def kept_aside(self) -> tuple[Path, ...]:
        """Return the files that hold half-written last lines of earlier crashes.

        Raises `LedgerError`.
        """
        with _told():
            beside = self.path.parent.iterdir() if self.path.parent.is_dir() else ()
            prefix = f"{self.path.name}{_ASIDE}"
            return tuple(sorted(path for path in beside if path.name.startswith(prefix)))


# --- The file's end ---


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """Where rows go on: behind so many bytes, and after which row.

    `torn` is what stands behind and is no whole line. `joint` is the line feed that a last
    row lacks which is whole otherwise.
    """

    size: int
    anchor: Anchor | None
    joint: bytes = b""
    torn: bytes = b""


def _end(fd: int) -> _End:
    """Return an open ledger's end. Raises `OSError` and `LedgerError`."""
    size = os.fstat(fd).st_size
    if not size:
        return _End(size=0, anchor=None)
    last = os.pread(fd, _LAST, max(0, size - _LAST))
    joint = b"" if last.endswith(b"\n") else b"\n"
    line = last.removesuffix(b"\n").rpartition(b"\n")[2]
    link = link_of(line)
    if link is None or link.is_withheld:
        return _damaged_end(fd, size)
    _check_form(line)
    return _End(size=size, anchor=Anchor(link.seq, link.hash), joint=joint)


def _damaged_end(fd: int, size: int) -> _End:
    """Return the end of a ledger whose last line is no row: all of it is read.

    Rows are counted on from the last whole one, and the next is chained to the damaged line
    as it stands: who mends that by hand breaks the chain. Raises `OSError` and `LedgerError`.
    """
    anchor, is_ours, row, torn = Anchor(0, GENESIS), False, b"", b""
    with os.fdopen(os.dup(fd), "rb") as file:
        file.seek(0)
        for line in lines_of(file, size):
            is_ours = is_ours or line.startswith(_BEGIN[: len(line)]) or looks_sealed(line)
            link = link_of(line)
            if link and not link.is_withheld:
                anchor, row = Anchor(link.seq, link.hash), line
            elif line.endswith(b"\n"):
                anchor = Anchor(anchor.seq + 1, hashlib.sha256(line).hexdigest())
            else:
                torn = line
    if row:
        _check_form(row)
    if not is_ours or len(torn) > LONGEST_LINE:
        raise LedgerError(Trouble.NOT_A_LEDGER)
    return _End(size=size - len(torn), anchor=anchor if anchor.seq else None, torn=torn)


def _check_form(line: bytes) -> None:
    """Refuse to write behind a row that a newer version wrote in a form of its own."""
    try:
        form = json.loads(line)["form"]
    except ValueError, KeyError, TypeError:
        form = None
    if form != FORM:
        raise LedgerError(Trouble.NEWER_FORM)


def _at(moment: datetime) -> bytes:
    """Return what a row of this moment begins with; rows sort by it as moments do."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return _BEGIN + moment.astimezone(UTC).isoformat().encode()


# --- The disk ---


@contextmanager
def _told() -> Iterator[None]:
    """Make `LedgerError` of every `OSError` within; without any path."""
    try:
        yield
    except OSError as err:
        if err.errno in _FULL:
            why = Trouble.FULL
        elif err.errno in _READ_ONLY:
            why = Trouble.READ_ONLY
        elif err.errno in _NOT_A_FILE:
            why = Trouble.NOT_A_FILE
        else:
            why = Trouble.FAILED
        raise LedgerError(why, detail=errno.errorcode.get(err.errno or 0, "unknown")) from err


def _checked(fd: int) -> int:
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise LedgerError(Trouble.NOT_A_FILE)
    return fd


def _lock(fd: int, way: int) -> None:
    """Wait for a file's lock; where the file system has none, go without."""
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            fcntl.flock(fd, way | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise LedgerError(Trouble.BUSY) from None
            time.sleep(_LOOK_AGAIN_SECONDS)
        except OSError as err:
            if err.errno not in _NO_LOCKS:
                raise
            return
        else:
            return


def _append(fd: int, size: int, data: bytes) -> None:
    """Write behind `size` bytes and have it on disk, or leave the file as it was."""
    try:
        written = os.write(fd, data)
        os.fsync(fd)
    except OSError:
        # What cannot be cut back either is cut back, or whole, before the next row.
        with suppress(OSError):
            _cut_back(fd, size)
        raise
    if written != len(data):
        _cut_back(fd, size)
        raise OSError(errno.ENOSPC, "only a part fits")


def _cut_back(fd: int, size: int) -> None:
    os.ftruncate(fd, size)
    os.fsync(fd)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, and have them on disk."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(_PRIVATE_FOLDER)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Have a folder's entries on disk, where the file system can do that."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as err:
        if err.errno not in _NO_FSYNC:
            raise
    finally:
        os.close(fd)
