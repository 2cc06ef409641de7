"""Says whether a ledger of camera cloud plans is whole: nothing but Python 3.9 is needed.

    python3 verify_ledger.py                     the folder that this file lies in
    python3 verify_ledger.py FILE.jsonl          a ledger
    python3 verify_ledger.py PACKAGE.zip         a dispute file, packed or unpacked (a folder)
    python3 verify_ledger.py --head 120:9f2c... FILE.jsonl    with a hash that you know from elsewhere

A ledger is a text file with one row a line. A line is JSON in UTF-8 and ends with

    ,"seq":<number>,"previous":"<64 hexadecimal digits>","hash":"<64 hexadecimal digits>"}

and a line feed. Cut that off and put a single } in its place: the SHA-256 of what is left, in hex,
is the digest of what the row says. The SHA-256 of the text "<number> <previous> <digest>" has to
be the hash. Rows are numbered from 1, and each names the hash of the row before it, the first one
64 zeros. So no row can be changed, taken out, put in or moved without the later rows telling of
it. What no file can show by itself is that it was not written anew from some row on: compare the
last hash with one that was kept elsewhere, in a report, a dispute file or a message.

Where only some rows are shown, the line of another one holds its digest in place of what it says,
{"withheld":"<digest>",...: it is in the chain like any other, and what it says cannot be guessed
from that, as each row has a random "salt".

In a dispute file `manifest.json` names every file with its size and SHA-256.
"""

import argparse
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
import hashlib
import io
import json
import os
from pathlib import Path
import re
import stat
import sys
from typing import IO, Final, NamedTuple, Optional, Union
import zipfile
import zlib

GENESIS: Final = "0" * 64
"""What the first row names as the hash before it."""
LONGEST_LINE: Final = 1 << 20
"""No row is longer, in bytes: more is not ours."""

_TAIL: Final = re.compile(
    rb',"seq":([1-9][0-9]{0,14}),"previous":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}'
)
_TAIL_BEGIN: Final = b',"seq":'
_LINK: Final = b',"seq":%b,"previous":"%b","hash":"%b"}\n'
_LINK_LENGTH: Final = len(_LINK % (b"", GENESIS.encode(), GENESIS.encode()))
_WITHHELD_BEGIN: Final = b'{"withheld":'
_WITHHELD: Final = re.compile(rb'\{"withheld":"([0-9a-f]{64})"\}')


class Damage(str, Enum):
    """What is wrong with a ledger at one place."""

    ALTERED = "altered"
    """A row does not have the hash of what it says."""
    UNREADABLE = "unreadable"
    """A line is no row."""
    MISSING = "missing"
    """Rows between two others are gone."""
    DOUBLED = "doubled"
    """A row stands there a second time."""
    MISPLACED = "misplaced"
    """A row stands behind one that was written after it."""
    REPLACED = "replaced"
    """A row is whole, but not the one that was there when the next one was written, or when
    the hash known from elsewhere was taken."""
    TORN = "torn"
    """The last line is not whole: writing it was interrupted."""
    CUT = "cut"
    """Rows are gone from the end, up to one that is known from elsewhere."""


class Anchor(NamedTuple):
    """A row's number and hash: enough to know later whether it is still there."""

    seq: int
    hash: str


class Break(NamedTuple):
    """One place where a ledger is not whole: its lines and the numbers of the rows concerned.

    Lines count from 1. Both rows are 0 where it cannot be said which they are.
    """

    kind: Damage
    line: int
    last_line: int
    row: int
    last_row: int


class Verdict(NamedTuple):
    """What a ledger is: how many rows stand there whole, how far they go, and what is broken.

    `withheld` of the rows are there by their hash only. `first` is the number of the first
    row. `head` is the last row in order, number 0 where there is none. `anchored` says that
    a row known from elsewhere was found.
    """

    rows: int
    withheld: int
    first: int
    head: Anchor
    breaks: tuple[Break, ...]
    anchored: bool

    @property
    def is_whole(self) -> bool:
        """Whether nothing is broken."""
        return not self.breaks


class Link(NamedTuple):
    """A row's place in the chain; `digest` is that of what it says."""

    seq: int
    previous: str
    digest: str
    hash: str
    is_withheld: bool


def sealed(content: bytes, seq: int, previous: str) -> bytes:
    """Return a row's line; `content` is what it says, as the JSON of an object."""
    digest, number = hashlib.sha256(content).hexdigest(), b"%d" % seq
    own = _hash(number, previous.encode(), digest)
    return content[:-1] + _LINK % (number, previous.encode(), own.encode())


def withheld(link: Link) -> bytes:
    """Return the line that stands for a row which is not shown."""
    place = (b"%d" % link.seq, link.previous.encode(), link.hash.encode())
    return _WITHHELD_BEGIN + b'"%b"' % link.digest.encode() + _LINK % place


def _hash(seq: bytes, previous: bytes, digest: str) -> str:
    return hashlib.sha256(b"%s %s %s" % (seq, previous, digest.encode())).hexdigest()


def link_of(line: bytes) -> Optional[Link]:
    """Return a line's place in the chain; `None` where it is no row, or not as it was written.

    The line is with or without its line feed.
    """
    line = line[:-1] if line.endswith(b"\n") else line
    begin = line.rfind(_TAIL_BEGIN)
    tail = _TAIL.fullmatch(line, max(0, begin))
    if tail is None or len(line) > LONGEST_LINE:
        return None
    content = line[:begin] + b"}"
    other = _WITHHELD.fullmatch(content)
    digest = other.group(1).decode() if other else hashlib.sha256(content).hexdigest()
    seq, previous, stated = tail.groups()
    if _hash(seq, previous, digest) != stated.decode():
        return None
    return Link(int(seq), previous.decode(), digest, stated.decode(), other is not None)


def looks_sealed(line: bytes) -> bool:
    """Return whether a line ends as a row does, whatever its hash."""
    return _TAIL.fullmatch(line.rstrip(b"\n"), max(0, line.rfind(_TAIL_BEGIN))) is not None


def lines_of(file: IO[bytes], size: Optional[int] = None) -> Iterator[bytes]:
    """Yield a file's lines with their line feeds, up to `size` bytes; of one too long the beginning."""
    left = sys.maxsize if size is None else size
    while line := file.readline(min(LONGEST_LINE + 2, left)):
        left -= len(line)
        rest = line
        while len(line) > LONGEST_LINE and rest and not rest.endswith(b"\n"):
            rest = file.readline(min(LONGEST_LINE, left))
            left -= len(rest)
        yield line if rest is line else line[:-1] + rest[-1:]


def check(
    lines: Iterable[bytes], anchor: Optional[Anchor] = None, *, is_excerpt: bool = False
) -> Verdict:
    """Return what a ledger's lines (with their line feeds) are.

    `anchor` is a row known from elsewhere that has to be there. An excerpt may begin and end
    at any row and withhold rows; an account's own ledger does none of that.
    """
    walk = Walk(anchor, is_excerpt=is_excerpt)
    for line in lines:
        walk.step(line)
    return walk.verdict()


class Walk:
    """Goes along a ledger's lines and notes what is broken, in little memory; as `check`."""

    def __init__(self, anchor: Optional[Anchor] = None, *, is_excerpt: bool = False) -> None:
        """Begin before the first line."""
        self._anchor = anchor
        self._is_anchored = False
        self._is_excerpt = is_excerpt
        self._line = 0
        self._rows = 0
        self._withheld = 0
        self._first = 0
        self._seq = 0
        self._hash = GENESIS
        # Lines since the last good row that may each have been one.
        self._doubtful = 0
        self._breaks: list[Break] = []
        # Rows that were left out so far: first, last, and the line before which they were.
        self._gaps: list[tuple[int, int, int]] = []

    def step(self, line: bytes) -> Optional[Link]:
        """Look at the next line; return its place in the chain where it is a row."""
        self._line += 1
        link = self._next(line) or link_of(line)
        if link and (self._is_excerpt or not link.is_withheld):
            self._take(link)
            return link
        if line.endswith(b"\n"):
            self._doubt(line)
        else:
            self._note(Damage.TORN, self._line, 0, 0)
        return None

    def _next(self, line: bytes) -> Optional[Link]:
        """Return the place of a line that is the row to be expected, which nearly all are.

        How such a line ends is known but for what it says: it need not be taken apart.
        """
        number, previous = b"%d" % (self._seq + 1), self._hash.encode()
        begin = len(line) - _LINK_LENGTH - len(number)
        if begin <= 0 or len(line) > LONGEST_LINE or line.startswith(_WITHHELD_BEGIN):
            return None
        digest = hashlib.sha256(line[:begin] + b"}").hexdigest()
        own = hashlib.sha256(b"%b %b %b" % (number, previous, digest.encode())).hexdigest()
        if line[begin:] != _LINK % (number, previous, own.encode()):
            return None
        return Link(self._seq + 1, self._hash, digest, own, False)  # noqa: FBT003 - costs less

    def _doubt(self, line: bytes) -> None:
        """Note a line that may have been a row."""
        self._doubtful += 1
        if looks_sealed(line):
            is_known = self._first or not self._is_excerpt
            row = self._seq + self._doubtful if is_known else 0
            self._note(Damage.ALTERED, self._line, row, row)
        else:
            self._note(Damage.UNREADABLE, self._line, 0, 0)

    def _take(self, link: Link) -> None:
        self._rows += 1
        self._withheld += link.is_withheld
        if self._anchor and link.seq == self._anchor.seq:
            self._is_anchored |= link.hash == self._anchor.hash
        if self._is_excerpt and not self._first:
            self._seq, self._hash = max(0, link.seq - 1 - self._doubtful), link.previous
        self._first = self._first or link.seq
        if link.seq <= self._seq:
            self._take_out_of_order(link.seq)
            return
        gap = link.seq - self._seq - 1
        if gap > self._doubtful:
            insort(self._gaps, (self._seq + 1, link.seq - 1, self._line))
        elif gap == 0 and link.previous != self._hash:
            self._note(Damage.REPLACED, self._line, link.seq - 1, link.seq - 1)
        self._seq, self._hash, self._doubtful = link.seq, link.hash, 0

    def _take_out_of_order(self, seq: int) -> None:
        index = bisect_left(self._gaps, (seq + 1, 0, 0)) - 1
        if index < 0 or self._gaps[index][1] < seq:
            self._note(Damage.DOUBLED, self._line, seq, seq)
            return
        first, last, line = self._gaps.pop(index)
        if seq < last:
            self._gaps.insert(index, (seq + 1, last, line))
        if first < seq:
            self._gaps.insert(index, (first, seq - 1, line))
        self._note(Damage.MISPLACED, self._line, seq, seq)

    def _note(self, kind: Damage, line: int, row: int, last_row: int) -> None:
        """Note a break, together with one of the same kind in the line before."""
        before = self._breaks[-1] if self._breaks else None
        if (
            before
            and (before.kind, before.last_line) == (kind, line - 1)
            and (before.last_row == row - 1 or before.last_row == row == 0)
        ):
            self._breaks[-1] = before._replace(last_line=line, last_row=last_row)
        else:
            self._breaks.append(Break(kind, line, line, row, last_row))

    def verdict(self) -> Verdict:
        """Return what came of it."""
        breaks = self._breaks + [
            Break(Damage.MISSING, line, line, first, last) for first, last, line in self._gaps
        ]
        breaks.sort(key=lambda found: (found.line, found.row))
        if self._anchor and not self._is_anchored:
            breaks += self._unanchored(self._anchor.seq)
        head = Anchor(self._seq, self._hash)
        return Verdict(
            self._rows, self._withheld, self._first, head, tuple(breaks), self._is_anchored
        )

    def _unanchored(self, seq: int) -> Iterator[Break]:
        last = self._seq + self._doubtful
        if seq > last and not self._is_excerpt:
            yield Break(Damage.CUT, self._line, self._line, last + 1, seq)
        elif self._first <= seq <= self._seq and not any(
            first <= seq <= end for first, end, _ in self._gaps
        ):
            yield Break(Damage.REPLACED, self._line, self._line, seq, seq)


# --- In words ---

_WORDS: Final = {
    "en": {
        "altered": "Line {line}: this row was altered after it was written; its hash is another.",
        "unreadable": "Line {line} is not a row of a ledger.",
        "missing": "Missing before line {line}: row {rows}.",
        "doubled": "Line {line}: row {rows} stands here a second time.",
        "misplaced": "Line {line}: row {rows} does not stand in its place.",
        "replaced": "Row {rows} is not the one that was written there first; it was replaced.",
        "torn": "Line {line}, the last one, is not whole: writing it was interrupted.",
        "cut": "Missing after the last line: row {rows}, which is known from elsewhere.",
        "not_begun": "The first row is not the first of its ledger; what was before it is missing.",
        "rows": "Rows: {rows}, number {first} to {last}.",
        "withheld": "Withheld of these, not shown but in the chain: {withheld}.",
        "empty": "No row.",
        "head": "Hash of the last row: {hash}",
        "anchored": "Row {seq} has the hash that was given.",
        "not_there": "Row {seq}, of which the hash was given, is not in this excerpt.",
        "whole": "WHOLE: no row was changed, removed, doubled or moved.",
        "broken": "NOT WHOLE.",
        "limit": "Not shown by this alone: that it was not written anew from some row on. Compare a hash"
        " with one that was kept elsewhere (a report, a dispute file): --head NUMBER:HASH",
        "file_ok": "{name}: as in the manifest.",
        "file_other": "{name}: NOT the file that the manifest names.",
        "file_gone": "{name}: MISSING.",
        "file_more": "{name}: not in the manifest.",
        "file_twice": "{name}: stands there MORE THAN ONCE.",
        "manifest": "SHA-256 of the manifest: {hash}",
        "no_manifest": "The manifest cannot be read.",
        "nothing": "Nothing to verify here.",
        "failed": "Cannot be read: {name}",
        "span": "{first} to {last}",
    },
    "zh": {
        "altered": "第 {line} 行：这条记录写入后被改动过，哈希值对不上。",
        "unreadable": "第 {line} 行不是账本记录。",
        "missing": "第 {line} 行之前：缺少第 {rows} 号记录。",
        "doubled": "第 {line} 行：第 {rows} 号记录重复出现。",
        "misplaced": "第 {line} 行：第 {rows} 号记录的位置不对。",
        "replaced": "第 {rows} 号记录不是最初写入的那一条，已被替换。",
        "torn": "最后一行（第 {line} 行）不完整：写入时被中断。",
        "cut": "最后一行之后：缺少第 {rows} 号记录，而别处有它的凭据。",
        "not_begun": "第一条记录并不是账本的开头，它之前的内容缺失。",
        "rows": "共 {rows} 条记录，从第 {first} 号到第 {last} 号。",
        "withheld": "其中 {withheld} 条不公开内容，但仍在哈希链中。",
        "empty": "没有记录。",
        "head": "最后一条记录的哈希值：{hash}",
        "anchored": "第 {seq} 号记录与给出的哈希值一致。",
        "not_there": "给出哈希值的第 {seq} 号记录不在这份节选里。",
        "whole": "完整：没有记录被改动、删除、重复或移动。",
        "broken": "不完整。",
        "limit": "仅凭文件本身无法证明的是：它没有从某条记录起整个重写过。请与另外保存的哈希值"
        "（月报、争议材料）核对：--head 序号:哈希值",
        "file_ok": "{name}：与清单一致。",
        "file_other": "{name}：与清单【不一致】。",
        "file_gone": "{name}：【缺失】。",
        "file_more": "{name}：不在清单里。",
        "file_twice": "{name}：【重复出现】。",
        "manifest": "清单的 SHA-256：{hash}",
        "no_manifest": "清单无法读取。",
        "nothing": "这里没有可核对的内容。",
        "failed": "无法读取：{name}",
        "span": "{first} 至 {last}",
    },
}
_MANIFEST: Final = "manifest.json"
_LEDGER: Final = ".jsonl"
_ROWS: Final = "ledger.jsonl"
_CHUNK: Final = 1 << 18


def break_in_words(found: Break, language: str = "en") -> str:
    """Return what is broken at one place, in a sentence; in English where there is no other."""
    words = _words(language)
    if found.kind is Damage.REPLACED and not found.row:
        return words["not_begun"]
    spans = {"line": (found.line, found.last_line), "rows": (found.row, found.last_row)}
    return words[found.kind.value].format_map(
        {
            gap: str(first) if first == last else words["span"].format(first=first, last=last)
            for gap, (first, last) in spans.items()
        }
    )


def in_words(verdict: Verdict, anchor: Optional[Anchor] = None, language: str = "en") -> str:
    """Return a verdict in sentences, one a line."""
    words = _words(language)
    first, head = verdict.first, verdict.head
    said = [words["empty"]]
    if verdict.rows:
        said = [words["rows"].format(rows=verdict.rows, first=first, last=head.seq)]
    if verdict.withheld:
        said.append(words["withheld"].format(withheld=verdict.withheld))
    said += (break_in_words(found, language) for found in verdict.breaks)
    if verdict.rows:
        said.append(words["head"].format(hash=head.hash))
    if anchor and verdict.anchored:
        said.append(words["anchored"].format(seq=anchor.seq))
    elif anchor and verdict.is_whole:
        said.append(words["not_there"].format(seq=anchor.seq))
    said.append(words["whole" if verdict.is_whole else "broken"])
    if verdict.is_whole and not verdict.anchored:
        said.append(words["limit"])
    return "\n".join(said)


def _words(language: str) -> dict[str, str]:
    return _WORDS["zh" if language.startswith("zh") else "en"]


# --- A folder or a zip ---


class _Folder:
    """The files of a folder and of those below it, by name; not what a system hides there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        found = (path for path in self._path.rglob("[!.]*") if path.is_file())
        return sorted(path.relative_to(self._path).as_posix() for path in found)

    def opened(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")


class _Zip:
    """The files of a zip, by name; a name as often as it stands there."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        return sorted(name for name in self._zip.namelist() if not name.endswith("/"))

    def opened(self, name: str) -> IO[bytes]:
        return self._zip.open(name)


class Checked(NamedTuple):
    """What came of one thing that was checked: whether it is as it has to be, and the words."""

    is_whole: bool
    words: str


def check_path(
    path: Path, anchor: Optional[Anchor] = None, language: str = "en"
) -> Iterator[Checked]:
    """Check a ledger, or a dispute file as a folder or a zip; yield what came of it.

    Raises `OSError` and `zipfile.BadZipFile`.
    """
    is_file = stat.S_ISREG(path.stat().st_mode)
    if is_file and not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            yield _checked_ledger(file, anchor, language)
        return
    package = _Zip(path) if is_file else _Folder(path)
    names = package.names()
    found = [_checked_manifest(package, language)] if _MANIFEST in names else []
    for name in names:
        if name.endswith(_LEDGER) and "/" not in name:
            with package.opened(name) as file:
                checked = _checked_ledger(file, anchor, language)
            found.append(checked._replace(words=f"{_printable(name)}\n{checked.words}"))
    yield from found or [Checked(is_whole=False, words=_words(language)["nothing"])]


def _checked_ledger(file: IO[bytes], anchor: Optional[Anchor], language: str) -> Checked:
    verdict = check(lines_of(file), anchor, is_excerpt=True)
    return Checked(verdict.is_whole, in_words(verdict, anchor, language))


def _checked_manifest(package: Union[_Folder, _Zip], language: str) -> Checked:
    """Check every file that the manifest of a dispute file names."""
    words = _words(language)
    with package.opened(_MANIFEST) as file:
        content = file.read()
    try:
        listed = {
            str(name): (int(about["bytes"]), str(about["sha256"]))
            for name, about in json.loads(content.decode())["files"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Checked(is_whole=False, words=words["no_manifest"])
    there = Counter(package.names())
    names = set(there) - {_MANIFEST}
    said, is_whole = [], there[_MANIFEST] == 1
    # Without its rows a dispute file has nothing that could be checked.
    for name in sorted(names | set(listed) | {_ROWS}):
        if name not in names:
            key = "file_gone"
        elif there[name] > 1:
            key = "file_twice"
        elif name not in listed:
            key = "file_more"
        else:
            key = "file_ok" if _digest(package, name) == listed[name] else "file_other"
        is_whole = is_whole and key == "file_ok"
        said.append(words[key].format(name=_printable(name)))
    said.append(words["manifest"].format(hash=hashlib.sha256(content).hexdigest()))
    return Checked(is_whole, "\n".join(said))


def _printable(name: str) -> str:
    """Return a name on one line: a file may be called like a verdict."""
    shown = (sign if sign.isprintable() else ascii(sign)[1:-1] for sign in name)
    return "".join(shown)


def _digest(package: Union[_Folder, _Zip], name: str) -> tuple[int, str]:
    sha256, size = hashlib.sha256(), 0
    with package.opened(name) as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            size += len(chunk)
    return size, sha256.hexdigest()


# --- The command ---


def _anchor(text: str) -> Anchor:
    seq, _, digest = text.partition(":")
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError("not a hash")
    return Anchor(int(seq), digest)


def main(words: Sequence[str]) -> int:
    """Verify what the words name; return 0 where all is whole, 1 where not, 2 where unreadable."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", type=Path, default=[Path(__file__).parent])
    parser.add_argument("--head", type=_anchor, metavar="NUMBER:HASH", help="a row that you know")
    parser.add_argument("--language", choices=sorted(_WORDS), default=_language())
    arguments = parser.parse_args(words)
    return max(_say(path, arguments.head, arguments.language) for path in arguments.paths)


def _say(path: Path, anchor: Optional[Anchor], language: str) -> int:
    status = 0
    try:
        for checked in check_path(path, anchor, language):
            print(checked.words, end="\n\n")
            status = max(status, 0 if checked.is_whole else 1)
    # What a zip that is damaged, or has a password, is answered with depends on where.
    except (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error):
        print(_words(language)["failed"].format(name=path))
        return 2
    return status


def _language() -> str:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    return "zh" if spoken.startswith("zh") else "en"


if __name__ == "__main__":
    # Names are told whatever the terminal can show.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
