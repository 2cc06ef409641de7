"""The file: nothing that was acknowledged is lost, whatever happens to it, and to the disk."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
import errno
import fcntl
import os
from pathlib import Path
import resource
import shutil
import stat
import tracemalloc

import pytest

from custom_components.camera_cloud_plan.ledger import (
    Anchor,
    Entry,
    Kind,
    LedgerError,
    LedgerFile,
    Row,
    Trouble,
    book as room,
)
from custom_components.camera_cloud_plan.ledger.verify_ledger import sealed
from tests.ledger.pages import (
    CAMERA,
    NOW,
    anchor_of,
    entry,
    joined,
    told,
    written,
    written_fast,
)


@pytest.fixture
def book(tmp_path: Path) -> LedgerFile:
    return LedgerFile(tmp_path / "ledger.jsonl")


@pytest.fixture
def unflushed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what only takes time where nobody pulls a plug."""
    monkeypatch.setattr(os, "fsync", lambda _fd: None)


def numbers(book: LedgerFile) -> list[object]:
    """Return by which numbers the rows differ that are in a ledger."""
    return [row.facts["number"] for row in book.rows()]


def refused(book: LedgerFile, why: Trouble) -> LedgerError:
    """Append in vain; return the error, which says why and names no path."""
    with pytest.raises(LedgerError) as caught:
        book.append([entry(99)])
    assert caught.value.why is why
    assert book.path.name not in str(caught.value)
    return caught.value


def test_rows_are_there_as_they_were_acknowledged(book: LedgerFile) -> None:
    assert (book.head(), [*book.rows()], [*book.lines()]) == (None, [], [])
    assert book.verify().is_whole
    assert book.append([]) == ()
    assert not book.path.exists()
    rows = [*book.append([entry(0), entry(1)]), *book.append([entry(2)])]
    assert [*book.rows()] == rows
    assert [row.seq for row in rows] == [1, 2, 3]
    assert book.head() == rows[-1].anchor
    assert book.verify(rows[1].anchor).anchored
    assert [*book.lines()] == [row.line() for row in rows]


def test_file_and_folder_are_its_owners_alone(tmp_path: Path) -> None:
    book = LedgerFile(tmp_path / "new" / "newer" / "ledger.jsonl")
    book.append([entry()])
    assert stat.S_IMODE(book.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(book.path.parent.stat().st_mode) == 0o700


def test_an_append_is_one_write_and_is_flushed(
    book: LedgerFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.append([entry()])
    did: list[str] = []

    def noted(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object) -> object:
            did.append(name)
            return real(*given)

        return call

    for name in ("write", "fsync", "ftruncate"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name)))
    book.append(map(entry, range(1, 50)))
    assert did == ["write", "fsync"]


def test_what_is_no_row_takes_the_others_with_it(book: LedgerFile) -> None:
    book.append([entry(0)])
    with pytest.raises(ValueError, match="zone"):
        book.append([entry(1), entry(2, at=NOW.replace(tzinfo=None))])
    assert numbers(book) == [0]


# --- Torn ends ---


def test_torn_at_every_byte_of_the_last_append(book: LedgerFile, unflushed: None) -> None:
    kept = [row.line() for row in book.append([entry(0), entry(1)])]
    last = [row.line() for row in book.append([entry(2), entry(3)])]
    for length in range(len(joined(last)) + 1):
        torn = joined(last)[:length]
        book.path.write_bytes(joined(kept) + torn)
        (row,) = book.append([entry(4)])
        # A row that lacks but its line feed is whole.
        whole = sum(length >= len(joined(last[:count])) - 1 for count in (1, 2))
        assert numbers(book) == [0, 1, *range(2, 2 + whole), 4]
        assert book.verify(row.anchor).is_whole
        rest = torn[len(joined(last[:whole])) :]
        assert joined(path.read_bytes() for path in book.kept_aside()) == rest
        for path in book.kept_aside():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            path.unlink()


def test_a_first_row_that_is_torn_is_begun_anew(book: LedgerFile, unflushed: None) -> None:
    (line,) = written(1)
    for length in range(1, len(line) - 1, 3):
        book.path.write_bytes(line[:length])
        book.append([entry(1)])
        assert numbers(book) == [1]
        assert book.verify().is_whole
        assert line[:length] in {path.read_bytes() for path in book.kept_aside()}
        for path in book.kept_aside():
            path.unlink()


def test_what_is_torn_stays_where_it_cannot_be_put_aside(
    book: LedgerFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.append([entry(0)])
    with book.path.open("ab") as file:
        file.write(b'{"at":"20')
    before = book.path.read_bytes()
    with full_disk():
        refused(book, Trouble.FULL)
    assert book.path.read_bytes() == before
    book.append([entry(1)])
    assert numbers(book) == [0, 1]
    (aside,) = book.kept_aside()
    assert aside.read_bytes() == b'{"at":"20'


def test_zeros_that_a_power_cut_left_are_put_aside(book: LedgerFile) -> None:
    """Some file systems lengthen a file before what is in it is there."""
    for number in range(2):
        book.append([entry(number)])
        with book.path.open("ab") as file:
            file.write(b"\0" * 4096)
    assert book.head() is not None
    row, *_ = book.append([entry(2)])
    assert numbers(book) == [0, 1, 2]
    assert book.verify(row.anchor).is_whole


# --- Damage ---


def test_damage_anywhere_never_stops_appending_and_stays_told(
    book: LedgerFile, unflushed: None
) -> None:
    lines = written(4)
    for index, line in enumerate(lines):
        for at in (0, len(line) // 2, len(line) - 3):
            damaged = bytearray(joined(lines))
            damaged[len(joined(lines[:index])) + at] ^= 1
            book.path.write_bytes(damaged)
            row, _ = book.append([entry(4), entry(5)])
            assert row.seq == 5
            assert numbers(book) == [*range(index), *range(index + 1, 6)]
            verdict = book.verify()
            assert [(found.line, found.last_line) for found in verdict.breaks] == [
                (index + 1, index + 1)
            ]
            assert book.path.read_bytes().startswith(damaged)


def test_all_damaged_and_still_a_ledger(book: LedgerFile) -> None:
    book.path.write_bytes(joined(written(2)).replace(b"renewed", b"removed"))
    (row,) = book.append([entry(2)])
    assert row.seq == 3
    assert told(book.verify()) == [("altered", 1, 2, 1, 2)]


def test_a_longer_line_than_any_row_is_passed_over(book: LedgerFile) -> None:
    book.append([entry(0)])
    with book.path.open("ab") as file:
        file.write(b"x" * (5 << 20) + b"\n")
    book.append([entry(1)])
    assert numbers(book) == [0, 1]
    assert told(book.verify()) == [("unreadable", 2, 2, 0, 0)]


def test_long_rows_are_found_again(book: LedgerFile) -> None:
    for number in range(3):
        book.append([entry(number, name="x" * 100_000)])
    assert numbers(book) == [0, 1, 2]
    assert book.verify().is_whole


# --- What is no ledger, or not yet one ---


@pytest.mark.parametrize(
    "content",
    [b"SQLite format 3\0" * 50, b'{"version": 1}\n', b"x", b"\n", b"x" * (3 << 20)],
    ids=["database", "json", "letter", "line", "long"],
)
def test_what_is_no_ledger_is_left_alone(book: LedgerFile, content: bytes) -> None:
    book.path.write_bytes(content)
    refused(book, Trouble.NOT_A_LEDGER)
    assert book.path.read_bytes() == content
    assert not book.verify().is_whole


def test_a_form_of_a_newer_version_is_refused_and_still_verified(book: LedgerFile) -> None:
    row, *_ = book.append([entry(0)])
    newer = sealed(b'{"at":"2027-01-01T00:00:00+00:00","form":2,"more":[]}', 2, row.hash)
    for behind in (b"", b'{"at":"20'):
        content = row.line() + newer + behind
        book.path.write_bytes(content)
        refused(book, Trouble.NEWER_FORM)
        assert book.path.read_bytes() == content
        assert numbers(book) == [0]
        assert book.verify().head == anchor_of(newer)


def test_a_link_or_a_folder_in_its_place_is_refused(book: LedgerFile) -> None:
    elsewhere = book.path.with_name("elsewhere")
    elsewhere.write_bytes(joined(written(1)))
    book.path.symlink_to(elsewhere)
    refused(book, Trouble.NOT_A_FILE)
    with pytest.raises(LedgerError):
        list(book.lines())
    book.path.unlink()
    book.path.mkdir()
    refused(book, Trouble.NOT_A_FILE)
    book.path.rmdir()
    os.mkfifo(book.path)
    refused(book, Trouble.NOT_A_FILE)
    with pytest.raises(LedgerError):
        book.head()
    assert elsewhere.read_bytes() == joined(written_again(elsewhere))


def written_again(path: Path) -> list[bytes]:
    return [row.line() for row in LedgerFile(path).rows()]


# --- The disk ---


@contextmanager
def full_disk(room_left: int = 0) -> Iterator[None]:
    """Let the system refuse what makes a file longer than this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_what_was_there(book: LedgerFile) -> None:
    with full_disk():
        refused(book, Trouble.FULL)
    assert book.head() is None
    book.append([entry(0)])
    before = book.path.read_bytes()
    for left in (0, 1, 100, len(before) - 1):  # a part fits, which is cut back
        with full_disk(len(before) + left):
            refused(book, Trouble.FULL)
        assert book.path.read_bytes() == before
    book.append([entry(1)])
    assert numbers(book) == [0, 1]
    assert book.verify().is_whole
    assert book.kept_aside() == ()


def test_a_disk_that_does_not_flush_acknowledges_nothing(
    book: LedgerFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.append([entry(0)])
    before = book.path.read_bytes()

    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        refused(book, Trouble.FAILED)
    assert book.path.read_bytes() == before
    book.append([entry(1)])
    assert numbers(book) == [0, 1]


def test_a_folder_that_cannot_be_flushed_takes_no_ledger(
    book: LedgerFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def broken(fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(code, "broken")
        real(fd)

    monkeypatch.setattr(os, "fsync", broken)
    code = errno.EIO
    refused(book, Trouble.FAILED)
    assert [*book.rows()] == []
    code = errno.EINVAL  # a file system that cannot do that
    book.append([entry(1)])
    assert numbers(book) == [1]


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_what_may_not_be_written_is_said_to_be(
    book: LedgerFile, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    book.append([entry(0)])
    real = os.open

    def read_only(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(code, "no")
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", read_only)
    refused(book, Trouble.READ_ONLY)
    assert numbers(book) == [0]
    assert book.verify().is_whole


def test_a_folder_that_cannot_be_written(book: LedgerFile) -> None:
    """For real, by whoever has no right to; root always has."""
    folder = book.path.parent / "closed"
    folder.mkdir(0o500)
    closed = LedgerFile(folder / "ledger.jsonl")
    if os.access(folder, os.W_OK):
        folder.rmdir()
        folder.write_text("not a folder", encoding="utf-8")
        refused(closed, Trouble.NOT_A_FILE)
    else:
        refused(closed, Trouble.READ_ONLY)


# --- Its end, while nobody keeps it in mind ---


def test_which_row_was_the_last_can_be_left_beside(book: LedgerFile) -> None:
    assert book.left_end() is None
    ends = [row.anchor for row in book.append([entry(0), entry(1)])]
    for end in ends:
        book.leave_end(end)
        assert book.left_end() == end
    beside = book.path.with_name("ledger.jsonl.end")
    assert sorted(book.path.parent.iterdir()) == [book.path, beside]
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    assert beside.read_text(encoding="ascii") == f"2:{ends[-1].hash}\n"
    for content in (b"", b"2", b"0:" + b"0" * 64, b"2:x\n", b"\xff" * 9000):
        beside.write_bytes(content)
        assert book.left_end() is None
    book.drop_end()
    book.drop_end()
    assert not beside.exists()
    with full_disk(), pytest.raises(LedgerError):
        book.leave_end(ends[0])
    assert [*book.path.parent.iterdir()] == [book.path]


def test_what_is_left_beside_is_no_link(book: LedgerFile) -> None:
    (row,) = book.append([entry(0)])
    beside, other = book.path.with_name("ledger.jsonl.end"), book.path.with_name("other")
    other.write_text("theirs", encoding="ascii")
    beside.symlink_to(other)
    with pytest.raises(LedgerError):
        book.left_end()
    book.leave_end(row.anchor)
    assert other.read_text(encoding="ascii") == "theirs"
    assert book.left_end() == row.anchor


# --- Others beside us ---


def test_many_threads_lose_nothing(book: LedgerFile, unflushed: None) -> None:
    with ThreadPoolExecutor(8) as threads:
        rows: list[tuple[Row, ...]] = list(
            threads.map(
                lambda number: LedgerFile(book.path).append([entry(number), entry(-number)]),
                range(1, 41),
            )
        )
    assert book.verify().is_whole
    assert sorted(row.seq for pair in rows for row in pair) == [*range(1, 81)]
    assert all(one.seq + 1 == other.seq for one, other in rows)
    assert {row.seq: row for pair in rows for row in pair} == {row.seq: row for row in book.rows()}


def test_who_never_lets_go_is_not_waited_for_for_ever(
    book: LedgerFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.append([entry(0)])
    monkeypatch.setattr(room, "_WAIT_SECONDS", 0.05)
    with book.path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        refused(book, Trouble.BUSY)
        with pytest.raises(LedgerError):
            book.head()
    assert numbers(book) == [0]


@pytest.mark.parametrize("code", [errno.ENOTSUP, errno.ENOLCK])
def test_a_file_system_without_locks_does(
    book: LedgerFile, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def none(_file: object, _way: int) -> None:
        raise OSError(code, "no locks")

    monkeypatch.setattr(fcntl, "flock", none)
    book.append([entry(0)])
    assert numbers(book) == [0]


def test_a_file_that_was_replaced_while_waiting_is_not_written_to(
    book: LedgerFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = book.append([entry(0)])
    other = book.path.with_name("restored")
    shutil.copy(book.path, other)
    real = fcntl.flock
    replaced: list[Path] = []

    def lock(file: int, way: int) -> None:
        real(file, way)
        if not replaced:
            replaced.append(book.path.rename(book.path.with_name("old")))
            other.rename(book.path)

    monkeypatch.setattr(fcntl, "flock", lock)
    (second,) = book.append([entry(1)])
    assert second.previous == first.hash
    assert numbers(book) == [0, 1]
    assert LedgerFile(replaced[0]).head() == first.anchor


def test_a_copy_at_any_time_is_a_ledger_and_goes_on_when_restored(book: LedgerFile) -> None:
    older = book.append([entry(0), entry(1)])[-1]
    copy = book.path.with_name("backup")
    shutil.copy(book.path, copy)
    newest = book.append([entry(2), entry(3)])[-1]
    copy.replace(book.path)
    assert book.verify(older.anchor).is_whole
    # Who remembers the newest row sees that rows are gone; and later that others came instead.
    assert told(book.verify(newest.anchor)) == [("cut", 2, 2, 3, 4)]
    (opened,) = book.append([entry(4, kind=Kind.LEDGER_OPENED, facts={"number": 4})])
    assert (opened.seq, opened.previous) == (3, older.hash)
    assert book.verify(opened.anchor).is_whole
    book.append([entry(5)])
    assert told(book.verify(newest.anchor)) == [("replaced", 4, 4, 4, 4)]


# --- Reading ---


def test_reading_sees_what_was_there_when_it_began(book: LedgerFile) -> None:
    book.append(map(entry, range(3)))
    reading = book.lines()
    first = next(reading)
    book.append(map(entry, range(3, 100)))
    assert len([first, *reading]) == 3


def test_rows_of_a_camera_and_of_a_span(book: LedgerFile) -> None:
    other = "0123456789ab"
    book.append(
        [
            entry(0),
            entry(10, camera=other),
            entry(20, camera=None, name=CAMERA, facts={"number": 20, "camera": other}),
            entry(30, camera=other),
            entry(40),
        ]
    )

    def found(**wanted: object) -> list[object]:
        return [row.facts["number"] for row in book.rows(**wanted)]  # type: ignore[arg-type] # as given

    assert found(camera=CAMERA) == [0, 40]
    assert found(camera=other) == [10, 30]
    assert found(camera='not"a key') == []
    at = {number: entry(number).at for number in (10, 30)}
    assert found(start=at[10]) == [10, 20, 30, 40]
    assert found(end=at[30]) == [0, 10, 20]
    assert found(start=at[10], end=at[30], camera=other) == [10]
    half = entry(10, at=at[10].replace(microsecond=500_000), facts={"number": 10.5})
    book.append([half])
    assert found(start=half.at, end=at[30]) == [20, 10.5]
    assert found(start=at[10], end=half.at) == [10]
    with pytest.raises(ValueError, match="zone"):
        found(start=NOW.replace(tzinfo=None))


def test_very_many_rows_take_little_memory(book: LedgerFile) -> None:
    book.path.write_bytes(joined(written_fast(5_000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in book.rows(camera=CAMERA)) == 5_000
        assert book.verify().rows == 5_000
        (row,) = book.append([entry(1)])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert row.seq == 5_001
    assert most < 256 << 10


def test_an_entry_needs_no_camera() -> None:
    of_all = Entry(at=NOW, zone="UTC", kind=Kind.NOTE, source="owner")
    assert (of_all.camera, of_all.name, of_all.facts) == (None, None, {})
    assert Anchor(1, "x") == (1, "x")
