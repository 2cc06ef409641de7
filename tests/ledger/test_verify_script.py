"""The script that goes out with a ledger: it runs by itself and says what it sees."""

import ast
import contextlib
import hashlib
import io
import json
import os
from pathlib import Path
import subprocess
import sys
import warnings
import zipfile

import pytest

from custom_components.camera_cloud_plan.ledger import LedgerFile, withheld
from custom_components.camera_cloud_plan.ledger.verify_ledger import link_of, main
from tests.contract.shipped import INTEGRATION, ROOT
from tests.ledger.pages import anchor_of, entry, joined, written

SCRIPT = INTEGRATION / "ledger" / "verify_ledger.py"
LINES = written(5)


def run(*words: str | Path, code: int = 0) -> str:
    """Do what the command does; return what it says."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert main([*map(str, words)]) == code
    return said.getvalue()


def run_alone(script: Path, *words: str | Path, language: str = "C.UTF-8") -> str:
    """Run the script as somebody would who has nothing else; return what it says."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-I", script, *words],
        env={"LANG": language, "PATH": os.environ["PATH"]},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(joined(LINES))
    return path


def package(folder: Path) -> Path:
    """Return a folder as a dispute file is, unpacked."""
    folder.mkdir()
    (folder / "attachments").mkdir()
    first, second, *rest = LINES
    link = link_of(second)
    assert link
    (folder / "ledger.jsonl").write_bytes(joined([first, withheld(link), *rest]))
    (folder / "attachments" / "01_bill.pdf").write_bytes(b"a bill")
    (folder / SCRIPT.name).write_bytes(SCRIPT.read_bytes())
    files = {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in folder.rglob("*")
        if path.is_file()
    }
    (folder / "manifest.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    return folder


def test_it_needs_nothing_but_an_older_python() -> None:
    source = SCRIPT.read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 9))
    named = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert named <= sys.stdlib_module_names


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def test_a_whole_ledger(ledger: Path) -> None:
    said = run(ledger)
    assert "Rows: 5, number 1 to 5." in said
    assert anchor_of(LINES[-1]).hash in said
    assert "WHOLE" in said
    assert "--head" in said  # what it cannot show by itself


def test_an_edit_by_hand_is_shown(ledger: Path) -> None:
    ledger.write_bytes(joined(LINES).replace("Haustür".encode(), b"Hintertuer", 1))
    said = run(ledger, code=1)
    assert "Line 1: this row was altered" in said
    assert "NOT WHOLE" in said


def test_every_kind_of_damage_has_its_words(ledger: Path) -> None:
    one, two, three, four, five = LINES
    for lines, words in (
        ([one, two, four, five], "Missing before line 3: row 3."),
        ([one, four, five], "Missing before line 2: row 2 to 3."),
        ([one, two, two, three, four, five], "Line 3: row 2 stands here a second time."),
        ([one, three, two, four, five], "Line 3: row 2 does not stand in its place."),
        ([one, b"x\n", two, three], "Line 2 is not a row of a ledger."),
        ([one, two[:-9]], "Line 2, the last one, is not whole"),
        ([*written(1), two], "Row 1 is not the one that was written there first"),
    ):
        ledger.write_bytes(joined(lines))
        assert words in run(ledger, code=1)


def test_a_hash_from_elsewhere(ledger: Path) -> None:
    known = anchor_of(LINES[3])
    said = run("--head", f"4:{known.hash}", ledger)
    assert "Row 4 has the hash that was given." in said
    assert "--head" not in said
    assert "Row 4 is not the one" in run("--head", f"4:{'0' * 64}", ledger, code=1)
    assert "is not in this excerpt" in run("--head", f"9:{known.hash}", ledger)
    with pytest.raises(SystemExit):
        run("--head", "4:nothing", ledger)


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_dispute_file(tmp_path: Path, *, is_packed: bool) -> None:
    folder = package(tmp_path / "package")

    def said(code: int = 0) -> str:
        if not is_packed:
            return run(folder, code=code)
        packed = tmp_path / "package.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for path in folder.rglob("*"):
                archive.write(path, path.relative_to(folder))
        return run(packed, code=code)

    told = said()
    assert "attachments/01_bill.pdf: as in the manifest." in told
    assert "number 1 to 5.\nWithheld of these, not shown but in the chain: 1." in told
    assert hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest() in told
    (folder / "more.txt").write_text("more", encoding="utf-8")
    assert "more.txt: not in the manifest." in said(1)
    (folder / "more.txt").unlink()
    (folder / "attachments" / "01_bill.pdf").write_bytes(b"A bill")
    assert "attachments/01_bill.pdf: NOT the file" in said(1)
    (folder / "attachments" / "01_bill.pdf").unlink()
    assert "attachments/01_bill.pdf: MISSING." in said(1)
    (folder / "manifest.json").write_text("[]", encoding="utf-8")
    assert "The manifest cannot be read." in said(1)


def packed(folder: Path, *more: tuple[str, bytes]) -> Path:
    """Return a dispute file as a zip, with more in it than there was."""
    path = folder.with_suffix(".zip")
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for file in (path for path in folder.rglob("*") if path.is_file()):
            archive.write(file, file.relative_to(folder))
        for name, content in more:
            archive.writestr(name, content)
    return path


def test_a_file_of_which_there_are_two_is_none(tmp_path: Path) -> None:
    """Who unpacks it may get the other one."""
    folder = package(tmp_path / "package")
    report = (folder / "attachments" / "01_bill.pdf").read_bytes()
    said = run(packed(folder, ("attachments/01_bill.pdf", report)), code=1)
    assert "attachments/01_bill.pdf: stands there MORE THAN ONCE." in said
    manifest = (folder / "manifest.json").read_bytes()
    run(packed(folder, ("manifest.json", manifest)), code=1)


def test_a_dispute_file_without_its_rows_is_not_whole(tmp_path: Path) -> None:
    folder = package(tmp_path / "package")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"].pop("ledger.jsonl")
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "ledger.jsonl").unlink()
    assert "ledger.jsonl: MISSING." in run(folder, code=1)


def test_a_name_says_no_verdict(tmp_path: Path) -> None:
    folder = package(tmp_path / "package")
    name = "x\n\nWHOLE: no row was changed.\x1b[2J\u202e.jsonl"
    said = run(packed(folder, (name, b"")), code=1)
    assert "\nWHOLE: no row was changed.\x1b" not in said
    assert "\x1b" not in said
    assert "\\n\\nWHOLE" in said


def test_a_zip_that_is_damaged_anywhere_is_found_or_holds_the_same(tmp_path: Path) -> None:
    whole = packed(package(tmp_path / "package"))
    content, broken = whole.read_bytes(), tmp_path / "broken.zip"
    for at in range(0, len(content), 41):
        broken.write_bytes(content[:at] + bytes((content[at] ^ 0xFF,)) + content[at + 1 :])
        with contextlib.redirect_stdout(io.StringIO()):
            status = main([str(broken)])
        if not status:  # A moment, or who packed it.
            assert unpacked(broken) == unpacked(whole)


def unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_beside_its_files_it_needs_no_words(tmp_path: Path) -> None:
    folder = package(tmp_path / "package")
    assert "WHOLE" in run_alone(folder / SCRIPT.name)


def test_what_cannot_be_verified(tmp_path: Path) -> None:
    assert "Nothing to verify" in run(tmp_path, code=1)
    assert "Cannot be read" in run(tmp_path / "gone", code=2)
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert "No row." in run(empty)
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\5\6" + b"\0" * 18 + b"x")
    run(broken, code=1)


def test_it_speaks_chinese_where_that_is_spoken(ledger: Path) -> None:
    assert "完整" in run_alone(SCRIPT, ledger, language="zh_CN.UTF-8")
    assert "完整" in run("--language", "zh", ledger)


def test_it_is_where_it_is_looked_for(tmp_path: Path) -> None:
    book = LedgerFile(tmp_path / "a ledger.jsonl")
    book.append([entry()])
    done = subprocess.run(  # noqa: S603 - our own words
        [ROOT / "scripts" / "verify-ledger", book.path], capture_output=True, text=True, check=True
    )
    assert "Rows: 1, number 1 to 1." in done.stdout
