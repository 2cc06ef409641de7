"""Where files may go: folders opened one by one, and files that take nobody's place.

Everything below the root is reached through the open folder above it, and no link is followed
there, so that none that is swapped in later leads anywhere else. The root stays open while a
job lasts: a disk that is taken away meanwhile gives errors, and never the folder beneath it.
A file is written under a name that only we use, and gets its own by a hard link, which fails
where the name is taken. Where a file system has no hard links (exFAT, many SMB shares) the
name is taken first by an empty file of ours, which then gives way to the whole one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
import errno
import fcntl
import hashlib
import itertools
import os
from pathlib import Path
import re
import secrets
import shutil
import stat
from types import TracebackType
from typing import Final, Self

from .model import InterruptedExportError, Interruption
from .names import is_day_name

DETAILS: Final = ".details"
_PART: Final = re.compile(r"\.camera-cloud-plan-[0-9a-f]{16}\.part", re.ASCII)
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PASS_THROUGH: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK: Final = 1 << 18
# While one file is written, free space is looked at each time so much more is.
_LOOK_EVERY: Final = 32 << 20
_MOST_NAMES: Final = 10_000

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_GONE: Final = {errno.ENOENT, errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ENOTCONN}
_GONE_TOO: Final = {errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ETIMEDOUT, errno.ENETUNREACH}
_LINK_IN_THE_WAY: Final = {errno.ELOOP, errno.ENOTDIR}
# A name leads to nothing that is followed.
NOTHING_THERE: Final = {errno.ENOENT, *_LINK_IN_THE_WAY}
_NO_LINKS: Final = {
    errno.EPERM,
    errno.EACCES,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
    errno.EMLINK,
    errno.EXDEV,
    errno.EINVAL,
}
_NO_FSYNC: Final = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM}


def interruption(err: OSError) -> InterruptedExportError:
    """Return what a disk's error means for a job; without any path."""
    if err.errno in _FULL:
        why = Interruption.DISK_FULL
    elif err.errno in _GONE | _GONE_TOO:
        why = Interruption.FOLDER_GONE
    elif err.errno in _LINK_IN_THE_WAY:
        why = Interruption.FOLDER_REFUSED
    else:
        why = Interruption.NOT_WRITABLE
    return InterruptedExportError(why, detail=errno.errorcode.get(err.errno or 0, "unknown"))


@contextmanager
def disk_errors() -> Iterator[None]:
    """Make `InterruptedExportError` of every `OSError` within."""
    try:
        yield
    except OSError as err:
        raise interruption(err) from err


class Folder:
    """An open folder; what is in it is reached through it alone. Blocks."""

    def __init__(self, fd: int) -> None:
        """Take the open folder's descriptor, to be closed with it."""
        self.fd = fd

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close it; a second time does nothing."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def folder(self, name: str) -> Folder:
        """Open a folder in it. Raises `OSError`, for a link too."""
        return Folder(os.open(_one_step(name), _FOLDER, dir_fd=self.fd))

    def made_folder(self, name: str) -> Folder:
        """Open a folder in it, made where it is missing. Raises `OSError`, for a link too."""
        try:
            return self.folder(name)
        except FileNotFoundError:
            with suppress(FileExistsError):
                os.mkdir(_one_step(name), dir_fd=self.fd)
            folder = self.folder(name)
            self.sync()
            return folder

    def names(self) -> list[str]:
        """Return what is in it."""
        return os.listdir(self.fd)  # noqa: PTH208 - by its descriptor, not by a path

    def read_file(self, name: str) -> int:
        """Return a descriptor that reads a regular file in it. Raises `OSError`."""
        return self._opened_file(name, _READ)

    def _opened_file(self, name: str, flags: int) -> int:
        fd = os.open(_one_step(name), flags, dir_fd=self.fd)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise FileNotFoundError(errno.ENOENT, "not a regular file")
        return fd

    def append_file(self, name: str) -> int:
        """Return a descriptor that appends to an existing file in it. Raises `OSError`."""
        flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(_one_step(name), flags, dir_fd=self.fd)

    def new_part(self, *, keep_free: int = 0) -> PartFile:
        """Return a new file under a name that only we use. Raises `OSError`."""
        name = f".camera-cloud-plan-{secrets.token_hex(8)}.part"
        fd = os.open(name, _NEW, 0o666, dir_fd=self.fd)
        # Whoever clears up left-overs sees by the lock that this is none; where there are
        # no locks, it may look like one to another installation on the same disk.
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return PartFile(self, name, fd, keep_free)

    def remove_left_overs(self) -> None:
        """Remove partial files of ours that nobody writes any more."""
        for name in self.names():
            if _PART.fullmatch(name):
                with suppress(OSError):
                    self._remove_left_over(name)

    def _remove_left_over(self, name: str) -> None:
        # NFS locks only what is open for writing.
        fd = self._opened_file(name, _READ & ~os.O_ACCMODE | os.O_RDWR)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        finally:
            os.close(fd)
        os.unlink(name, dir_fd=self.fd)

    def sync(self) -> None:
        """Have its entries on disk, where the file system can do that. Raises `OSError`."""
        try:
            os.fsync(self.fd)
        except OSError as err:
            if err.errno not in _NO_FSYNC:
                raise

    def free(self) -> int:
        """Return the free space of its disk in bytes. Raises `OSError`."""
        return shutil.disk_usage(self.fd).free


class PartFile:
    """A file on its way: nobody takes it for a whole one before it is published. Blocks.

    It is what PyAV writes to and reads from: `write`, `read`, `seek` and `tell`.
    """

    def __init__(self, folder: Folder, name: str, fd: int, keep_free: int) -> None:
        """Take the folder it is in, open for as long, and the bytes its disk is to keep free."""
        self._folder = folder
        self._name = name
        self._fd = fd
        self._keep_free = keep_free
        self._unlooked = 0
        self._on_written: Callable[[int], None] | None = None
        self.error: OSError | None = None

    def watch(self, on_written: Callable[[int], None]) -> None:
        """Have each write's bytes counted."""
        self._on_written = on_written

    def write(self, data: bytes) -> int:
        """Write all of it. Raises `OSError`, which stays in `error`."""
        try:
            self._look(len(data))
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as err:
            self.error = err
            raise
        if self._on_written:
            self._on_written(len(data))
        return len(data)

    def _look(self, more: int) -> None:
        self._unlooked += more
        if self._unlooked >= _LOOK_EVERY:
            self._unlooked = 0
            if self._folder.free() < self._keep_free:
                raise OSError(errno.ENOSPC, "the disk keeps no more than is to stay free")

    def read(self, size: int) -> bytes:
        """Return up to so many bytes."""
        return os.read(self._fd, size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to another place in it."""
        return os.lseek(self._fd, offset, whence)

    def tell(self) -> int:
        """Return the place in it."""
        return os.lseek(self._fd, 0, os.SEEK_CUR)

    def set_time(self, mtime_ns: int) -> None:
        """Set when it was made, where the file system lets us."""
        with suppress(PermissionError, NotImplementedError):
            os.utime(self._fd, ns=(mtime_ns, mtime_ns))

    def flush(self) -> None:
        """Have it on disk. Raises `OSError`."""
        os.fsync(self._fd)

    def digest(self) -> tuple[int, str]:
        """Return its size in bytes and its SHA-256, as read back."""
        return digest(self._fd)

    def stated(self) -> os.stat_result:
        """Return what the file system says of it."""
        return os.fstat(self._fd)

    def publish(self, names: Iterator[str], size: int, sha256: str) -> str:
        """Give it the first of these names that is free, and return that.

        Where one is taken by a file of the very same content, that is it: a crash between
        this and the manifest left it. The folder is yet to be synced. Raises `OSError`.
        """
        for name in itertools.islice(names, _MOST_NAMES):
            if self._takes(name):
                self._close()
                return name
            if self._holds(name, size, sha256):
                self.discard()
                return name
        raise OSError(errno.EEXIST, "no name is free")

    def _takes(self, name: str) -> bool:
        try:
            os.link(
                self._name,
                _one_step(name),
                src_dir_fd=self._folder.fd,
                dst_dir_fd=self._folder.fd,
                follow_symlinks=False,
            )
        except FileExistsError:
            return False
        except OSError as err:
            if err.errno not in _NO_LINKS:
                raise
            return self._takes_reserved(name)
        os.unlink(self._name, dir_fd=self._folder.fd)
        return True

    def _takes_reserved(self, name: str) -> bool:
        try:
            fd = os.open(_one_step(name), _NEW, 0o666, dir_fd=self._folder.fd)
        except FileExistsError:
            return False
        os.close(fd)
        try:
            os.replace(self._name, name, src_dir_fd=self._folder.fd, dst_dir_fd=self._folder.fd)
        except OSError:
            with suppress(OSError):
                os.unlink(name, dir_fd=self._folder.fd)  # our own, and empty
            raise
        return True

    def _holds(self, name: str, size: int, sha256: str) -> bool:
        return has_content(self._folder, name, size, sha256)

    @property
    def closed(self) -> bool:
        """Whether it was published or discarded; PyAV then leaves it alone."""
        return self._fd < 0

    def discard(self) -> None:
        """Remove it; after it was published, this does nothing."""
        if self._fd >= 0:
            with suppress(OSError):
                os.unlink(self._name, dir_fd=self._folder.fd)
            self._close()

    def _close(self) -> None:
        os.close(self._fd)
        self._fd = -1


def digest(fd: int) -> tuple[int, str]:
    """Return the size in bytes and the SHA-256 of an open file. Raises `OSError`."""
    sha256, size = hashlib.sha256(), 0
    # One buffer for all: a new one each time costs as much as the hash.
    buffer = memoryview(bytearray(_CHUNK))
    while read := os.preadv(fd, [buffer], size):
        sha256.update(buffer[:read])
        size += read
    return size, sha256.hexdigest()


def has_content(folder: Folder, name: str, size: int, sha256: str) -> bool:
    """Return whether a file in a folder holds exactly this; one that is missing does not.

    Raises `OSError` where that cannot be told.
    """
    try:
        fd = folder.read_file(name)
    except OSError as err:
        if err.errno in NOTHING_THERE:
            return False
        raise
    try:
        return os.fstat(fd).st_size == size and digest(fd) == (size, sha256)
    finally:
        os.close(fd)


def numbered(stem: str, suffix: str) -> Iterator[str]:
    """Return a name, and the names to take one after another where it is taken."""
    yield f"{stem}{suffix}"
    for number in itertools.count(2):
        yield f"{stem} ({number}){suffix}"


def _one_step(name: str) -> str:
    """Return a name that leads exactly one step down. Raises `OSError` for any other."""
    if not name or name in {".", ".."} or "/" in name or "\0" in name:
        raise OSError(errno.ELOOP, "not the name of one file")
    return name


class Root:
    """The folder that somebody named, open while a job lasts. Blocks."""

    def __init__(self, folder: Folder, path: Path) -> None:
        """Take the open folder and its real path."""
        self.folder = folder
        self.path = path
        self._device = os.fstat(folder.fd).st_dev

    @classmethod
    def opened(cls, named: str) -> Root:
        """Open it. Links in its path are resolved once. Raises `InterruptedExportError`.

        It is never made: where a disk is not mounted, its folder is missing or empty, and
        what was made there would fill another disk.
        """
        if not named.startswith("/"):
            raise InterruptedExportError(Interruption.FOLDER_REFUSED, detail="not a full path")
        try:
            path = Path(named).resolve(strict=True)
            return cls(_walked(path), path)
        except (ValueError, RuntimeError) as err:
            raise InterruptedExportError(Interruption.FOLDER_REFUSED, detail="no path") from err
        except NotADirectoryError as err:
            raise InterruptedExportError(Interruption.FOLDER_GONE, detail="ENOTDIR") from err
        except OSError as err:
            raise interruption(err) from err

    def check(self, keep_free: int) -> None:
        """Raise `InterruptedExportError` where it is gone, or its disk is as good as full."""
        with disk_errors():
            is_there = self.path.stat().st_dev == self._device
            free = self.folder.free()
        if not is_there:
            raise InterruptedExportError(Interruption.FOLDER_GONE, detail="another disk is there")
        if free < keep_free:
            raise InterruptedExportError(Interruption.DISK_FULL, detail="kept free")


def _walked(path: Path) -> Folder:
    """Open a path without links step by step, so that none can be swapped in."""
    fd = os.open("/", _PASS_THROUGH | os.O_CLOEXEC)
    try:
        for name in path.parts[1:]:
            below = os.open(name, _PASS_THROUGH | os.O_CLOEXEC, dir_fd=fd)
            os.close(fd)
            fd = below
        return Folder(os.open(".", _FOLDER, dir_fd=fd))
    finally:
        os.close(fd)


def remove_left_overs(camera: Folder) -> None:
    """Remove what earlier jobs left half done in a camera's folders. Raises `OSError`."""
    camera.remove_left_overs()
    for name in camera.names():
        if is_day_name(name):
            with suppress(NotADirectoryError, FileNotFoundError), camera.folder(name) as day:
                day.remove_left_overs()
                with suppress(OSError), day.folder(DETAILS) as details:
                    details.remove_left_overs()
