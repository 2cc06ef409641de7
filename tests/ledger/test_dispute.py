"""The dispute file: what is in it and what is not, that it is the same twice, and that it verifies."""

import csv
from dataclasses import replace
from datetime import date, timedelta
import hashlib
from html.parser import HTMLParser
import io
import json
from pathlib import Path
import re
import subprocess
from typing import Any, override
import zipfile

import pytest

from custom_components.camera_cloud_plan.ledger import Kind, Source
from custom_components.camera_cloud_plan.ledger.claim import Step
from custom_components.camera_cloud_plan.ledger.dispute import (
    Attachment,
    Include,
    LeakError,
    Mask,
    Package,
    make_package,
)
from custom_components.camera_cloud_plan.ledger.dispute.gist import MOST_ON_PAGE
from custom_components.camera_cloud_plan.ledger.verify_ledger import check
from custom_components.camera_cloud_plan.plan import (
    Channel,
    StageKind,
    TermUnit,
    routes_for,
    rule_regions,
    rules_in_force,
)
from tests.contract.shipped import LANGUAGES

from .story import (
    ACCOUNT,
    BEGIN,
    DID,
    MAC,
    OTHER,
    OTHER_DID,
    OTHER_NAME,
    PHONE,
    SIX,
    TOKEN,
    case,
    entry,
    ledger,
    told_in,
)

EVERYTHING = frozenset(Include)
BILL = Attachment(name="账单 2026/09.png", content=b"\x89PNG made up")
PERSONAL = (ACCOUNT, DID, MAC, PHONE, "mei@example.org")


def unpacked(package: Package) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def made(folder: Path, language: str = "en", **changes: Any) -> dict[str, bytes]:
    return unpacked(make_package(case(ledger(folder), **changes), told_in(language)))


class Reader(HTMLParser):
    """Reads a page: its text, its tags, and whatever would be fetched."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.feed(html)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in {"meta", "br", "path", "rect"}:
            self.open.append(tag)
        self.fetched += [name for name, _ in attrs if name in {"src", "href", "srcset", "data"}]

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag not in {"path", "rect"}:
            assert self.open.pop() == tag

    @override
    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    @override
    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(files: dict[str, bytes]) -> str:
    return " ".join(" ".join(Reader(files["report.html"].decode()).text).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_stands_alone(tmp_path: Path, language: str) -> None:
    html = made(tmp_path, language)["report.html"].decode()
    page = Reader(html)
    assert not page.open
    assert not page.fetched
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert not re.search(r"@import|url\((?!#)", html)
    assert f'<html lang="{language}">' in html
    assert "svg" in page.tags
    assert not re.search(r"[{}]|dispute_", html.split("</style>")[1])


def test_whatever_somebody_calls_something_is_text(tmp_path: Path) -> None:
    """Cameras and plans by their owner and the maker, files, notes, and what they are of."""
    evil = "</title><img src=x onerror=alert(1)>{0}{maker}<style>*{display:none}</style>"
    book = ledger(tmp_path)
    book.append(
        [
            replace(entry(24, kind, source, text=evil, plan=evil, answer=evil), name=evil)
            for kind, source in ((Kind.NOTE, evil), (Kind.COMPLAINT, evil), (Kind.FINDING, evil))
        ]
    )
    subject = replace(
        case(book).subject, name=evil, maker=evil, seller=evil, about={"plan": evil, "model": evil}
    )
    files = unpacked(
        make_package(
            case(book, subject=subject, attachments=(replace(BILL, name=evil),)), told_in("en")
        )
    )
    page = Reader(files["report.html"].decode())
    assert not page.open
    assert not page.fetched
    assert page.tags.count("style") == 1
    assert "img" not in page.tags
    assert "onerror=alert(1)>{0}{maker}" in " ".join(page.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_the_page_is_left_in_code(tmp_path: Path, language: str) -> None:
    """Every kind, fact and value of the story has its words."""
    body = made(tmp_path, language)["report.html"].decode().split("</style>")[1]
    left = re.findall(r"\b[a-z]+_[a-z_]+\b", body)
    assert set(left) <= {"verify_ledger"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_a_row_tells_of_has_words(language: str) -> None:
    told = told_in(language)
    for kind in Kind:
        assert told(f"dispute_kind_{kind}")
    for step in Step:
        assert told(f"dispute_value_{step}")
    for answer in ("yes", "no", "off", "on", "right", "wrong", "refund", "stop", "record", "seen"):
        assert told(f"dispute_value_{answer}")
    for unit in TermUnit:
        assert told(f"dispute_value_{unit}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_cited_has_words_a_day_and_a_source(language: str) -> None:
    """Wherever somebody lives and whoever bills; what is void or to come is nowhere."""
    told, every, today = told_in(language), frozenset(StageKind), date(2026, 11, 26)
    for region in rule_regions():
        for rule in rules_in_force(region, every, today):
            words = told(f"dispute_rule_{rule.key}")
            assert rule.since
            assert rule.source
            assert not re.search(r"FTC|UK|DMCC|Art\. ?49\b|第四十九条", f"{words} {rule.source}")
        for channel in Channel:
            for route in routes_for(region, channel, every, today):
                assert told(f"dispute_way_{route.key}", seller="s", maker="m")
                assert told(f"dispute_value_{route.key}")
                assert told(f"dispute_weight_{route.weight}")
                assert route.source
                for deadline in route.deadlines:
                    assert told(f"dispute_deadline_{deadline.key}", until="then")


def test_what_happened_is_told_with_its_source_and_no_conclusion(tmp_path: Path) -> None:
    text = read(made(tmp_path))
    for said in (
        "What happened to the cloud plan of Front door",
        "off, confirmed by the maker",
        "off, since 2026-09-11 21:36 +08:00",
        "End before",
        "XIAOMI",
        "1 × month",
        "although renewal had been switched off before",
        "Missing: whether and when the seller's notice came",
        "That does not say that none was sent",
        "five days before each automatic renewal",
        "SAMR Order 37",
        "seven working days",
        "Secondary sources".lower(),
    ):
        assert said in text, said
    assert not re.search(r"(?i)illegal|unlawful|breach|fraud|Art\. ?49\b|FTC|click-to-cancel", text)


def test_the_law_that_is_not_for_this_is_in_no_language(tmp_path: Path) -> None:
    for language in LANGUAGES:
        for content in made(tmp_path, language).values():
            assert not re.search(
                r"Art\.? ?49\b|第?四十九条|第 ?49 ?条", content.decode("utf-8", "replace")
            )


@pytest.mark.parametrize(("why", "count"), [("claim", 1), ("seen", 0)])
def test_a_finding_that_was_taken_up_stands(tmp_path: Path, why: str, count: int) -> None:
    book = ledger(tmp_path)
    book.append([entry(24, Kind.FINDING_DISMISSED, Source.OWNER, key="k1", why=why)])
    text = read(unpacked(make_package(case(book), told_in("en"))))
    assert f"Findings: {count}" in text
    assert ("Nothing out of the ordinary was found" in text) is not bool(count)


def test_an_amount_that_nobody_knows_is_said_to_be_unknown(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    book.append([entry(24, Kind.CHARGE, Source.OWNER, on="2026-09-25")])
    text = read(unpacked(make_package(case(book), told_in("en"))))
    assert "Charge On: 2026-09-25 · Amount: unknown" in text
    assert text.count("Amount: unknown") == 2  # among the charges, and among all rows


def test_renewed_is_not_charged(tmp_path: Path) -> None:
    """Without a charge that was noted nothing says that there was one."""
    text = read(made(tmp_path, last=BEGIN + timedelta(days=19.5)))
    assert "Charges noted by the owner: 0" in text
    assert "Times that the plan's end was seen to move on by a term: 1" in text
    assert "No charge and no line of a bank statement is noted." in text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Billed by Xiaomi (Mi Home)", "Region of the account Mainland China")),
        ("zh-Hans", ("收款方 Xiaomi (Mi Home)", "账号地区 中国大陆")),
        ("de", ("Abgerechnet von Xiaomi (Mi Home)", "Region des Kontos Festlandchina")),
    ],
)
def test_who_bills_and_where_is_said_once_and_in_words(
    tmp_path: Path, language: str, said: tuple[str, str]
) -> None:
    html = made(tmp_path, language)["report.html"].decode()
    heading = f"<h2>{told_in(language)('dispute_plan')}</h2>"
    plan = " ".join(" ".join(Reader(html.split(heading)[1].split("<h2>")[0]).text).split())
    for words in said:
        assert words in plan
    assert plan.count("Xiaomi (Mi Home)") == 1
    assert not re.search(r"\bcn\b", plan)


def test_a_long_history_has_its_newest_rows_on_the_page_and_all_in_the_table(
    tmp_path: Path,
) -> None:
    book = ledger(tmp_path)
    book.append(
        entry(24 + number / 100, Kind.FLAG, old=bool(number % 2), new=not number % 2)
        for number in range(2 * MOST_ON_PAGE)
    )
    files = unpacked(make_package(case(book), told_in("en")))
    page = files["report.html"].decode()
    assert f"Here are the newest {MOST_ON_PAGE} of {2 * MOST_ON_PAGE + 16}." in page
    # The timeline, and the table of how renewal was switched; next to nothing else.
    assert 2 * MOST_ON_PAGE < page.count("<tr>") < 2 * MOST_ON_PAGE + 50
    assert "off, since 2026-09-11 21:36 +08:00" in page  # of a row that is not among them
    assert len(files["ledger.csv"].splitlines()) == 1 + 16 + 2 * MOST_ON_PAGE
    assert check(io.BytesIO(files["ledger.jsonl"]), is_excerpt=True).is_whole


def test_before_a_camera_was_read_nobody_knows_whether_it_was_offline(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    assert "2026-09-01" not in read(made(tmp_path, first=BEGIN)).partition("Nobody looked:")[2][:40]
    book.append([entry(-90, Kind.BANK_LINE, Source.BANK, on="2026-06-03", money=SIX)])
    files = unpacked(make_package(case(book, first=None), told_in("en")))
    assert "Nobody looked: 2026-06-03 12:00 +08:00 to 2026-09-01 12:00 +08:00" in read(files)
    # From the bar's begin on, not as if it had been online.
    (bar,) = re.findall(r'<rect x="0.0"[^>]*url\(#unread\)', files["report.html"].decode())
    assert bar


def test_without_a_begin_it_begins_with_the_camera(tmp_path: Path) -> None:
    """What was of the account alone before is not about this camera."""
    files = made(tmp_path, first=None)
    assert files["ledger.jsonl"].startswith(b'{"at":"2026-09-01T04:00:00+00:00","camera":')
    assert "from 2026-09-01 12:00 +08:00 to 2026-11-26" in read(files)


def test_of_renewal_what_was_seen_before_counts(tmp_path: Path) -> None:
    """What the maker showed later says nothing of the moment of a renewal."""
    book = ledger(tmp_path)
    book.append([entry(24, Kind.FLAG, old=False, new=True, witness="isRenew")])
    assert "off, since 2026-09-11 21:36 +08:00" in read(
        unpacked(make_package(case(book), told_in("en")))
    )


def test_what_is_missing_is_named_and_what_only_a_person_can_tell_is_not(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    without = make_package(case(book), told_in("en")).missing
    assert {"notice", "order", "proof_of_purchase", "terms", "screenshot", "serial"} <= {*without}
    assert not {"charge", "bank_line", "renewal", "cancellation", "confirmed"} & {*without}
    package = make_package(case(book, attachments=(BILL,)), told_in("en"))
    assert not {"proof_of_purchase", "terms", "screenshot"} & {*package.missing}
    assert "look whether it is among the attached files" in read(unpacked(package))


# --- What is personal ---


def test_nothing_personal_unless_asked(tmp_path: Path) -> None:
    files = made(tmp_path)
    for name in ("report.html", "ledger.csv", "ledger.jsonl", "manifest.json"):
        content = files[name].decode("utf-8")
        for secret in (*PERSONAL, "13800138000", "138 0013 8000", OTHER_DID, OTHER_NAME, OTHER):
            assert secret not in content, (name, secret)
    assert "•••01" in files["report.html"].decode()


@pytest.mark.parametrize("include", Include)
def test_each_thing_is_there_when_it_is_asked_for(tmp_path: Path, include: Include) -> None:
    mask = Mask(include=frozenset({include}), own_id=DID, ids=frozenset({OTHER_DID}))
    text = read(made(tmp_path, mask=mask))
    there = {secret for secret in PERSONAL if secret in text}
    assert (
        there
        == {
            Include.ACCOUNT: {ACCOUNT},
            Include.DEVICE_ID: {DID},
            Include.MAC: {MAC},
            Include.NUMBERS: {PHONE, "mei@example.org"},
        }[include]
    )


def test_another_camera_is_never_told(tmp_path: Path) -> None:
    files = made(tmp_path, mask=Mask(include=EVERYTHING, own_id=DID, ids=frozenset({OTHER_DID})))
    for name, content in files.items():
        for secret in (OTHER_DID, OTHER_NAME, OTHER, "30-day, yearly"):
            assert secret.encode() not in content, name


def test_a_secret_in_any_file_of_ours_stops_it(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    with pytest.raises(LeakError) as raised:
        make_package(case(book), told_in("en"), frozenset({TOKEN, "7-day cloud"}))
    assert "7-day" not in str(raised.value)
    make_package(case(book), told_in("en"), frozenset({TOKEN}))


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("call +86 138-0013-8000 now", "call •••00 now"),
        ("card 6222 0200 1234 5678 901", "card •••01"),
        ("2026-09-21", "2026-09-21"),
        ("on 21.09.2026 6.00 CNY", "on 21.09.2026 6.00 CNY"),
        ("order 26092112345678", "order •••78"),
        ("06.12.34.56.78 or 138.0013.8000", "•••78 or •••00"),
        ("camera at 192.168.1.20:8123", "camera at •••:8123"),
        ("on 2026.09.21 1.234.567,00 EUR", "on 2026.09.21 1.234.567,00 EUR"),
        ("6.00 CNY, 12345.67", "6.00 CNY, 12345.67"),
        ("022000", "022000"),
        ("chuangmi.camera.046c04", "chuangmi.camera.046c04"),
        ("MAC 02:4A:10:63:00:03", "MAC •••"),
        ("订单1234567890号", "订单•••90号"),
    ],
)
def test_long_numbers_are_shortened_and_days_and_amounts_are_not(text: str, then: str) -> None:
    assert Mask().text(text) == then


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "text", ["x" * 500_000, "x@" * 250_000, "1-" * 250_000, "a@" + "." * 500_000]
)
def test_a_text_without_end_is_masked_in_no_time(text: str) -> None:
    Mask().text(text)


# --- The chain ---


def test_the_rows_verify_across_those_that_are_withheld(tmp_path: Path) -> None:
    files = made(tmp_path)
    verdict = check(io.BytesIO(files["ledger.jsonl"]), is_excerpt=True)
    assert verdict.is_whole
    # Those of the other camera, and those with something personal in them.
    assert (verdict.rows, verdict.withheld) == (18, 2 + 3)


def test_a_ledger_that_is_not_whole_is_said_to_be(tmp_path: Path) -> None:
    """Also where a row was altered that is another camera's."""
    book = ledger(tmp_path)
    assert "is not whole" not in read(made(tmp_path))
    lines = book.path.read_bytes().splitlines(keepends=True)
    (altered,) = [line for line in lines if b"30-day, yearly" in line]
    content = book.path.read_bytes().replace(altered, altered.replace(b"30-day", b"31-day"))
    book.path.write_bytes(content)
    files = made(tmp_path)
    assert "is not whole; breaks found: 1" in read(files)
    assert not check(io.BytesIO(files["ledger.jsonl"]), is_excerpt=True).is_whole


def test_the_same_content_makes_the_same_bytes(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    first, second = (
        make_package(case(book, attachments=(BILL,)), told_in("zh-Hans")) for _ in range(2)
    )
    assert first.content == second.content
    assert first.sha256 == hashlib.sha256(first.content).hexdigest()


def test_the_list_holds_every_file(tmp_path: Path) -> None:
    package = make_package(case(ledger(tmp_path), attachments=(BILL, BILL)), told_in("en"))
    files = unpacked(package)
    listed = json.loads(files["manifest.json"])["files"]
    assert set(listed) == set(files) - {"manifest.json"}
    assert package.files == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    attached = [name for name in files if name.startswith("attachments/")]
    assert sorted(attached) == [
        "attachments/01_账单 2026_09.png",
        "attachments/02_账单 2026_09.png",
    ]
    page = files["report.html"].decode()
    assert BILL.sha256 in page
    assert "02_账单 2026_09.png" in page


@pytest.mark.parametrize(
    ("given", "packed"),
    [
        ("../../etc/passwd", "01__.._etc_passwd"),
        ("C:\\Users\\mei\\a.png", "01_C__Users_mei_a.png"),
        ("bill\u202egnp.exe", "01_bill_gnp.exe"),
        ("CON", "01_CON"),
        ("...", "01_file"),
        ("a\n=1<b>.png", "01_a_1_b_.png"),
        ("x" * 300 + ".png", f"01_{'x' * 76}.png"),
    ],
)
def test_an_attached_file_has_a_name_that_does_no_harm(
    tmp_path: Path, given: str, packed: str
) -> None:
    files = made(tmp_path, attachments=(replace(BILL, name=given),))
    (name,) = (name for name in files if name.startswith("attachments/"))
    assert name == f"attachments/{packed}"
    assert f">{packed}</td>" in files["report.html"].decode()


def verified(folder: Path) -> tuple[int, str]:
    """Run the script that came with the files, with whatever Python this system has."""
    ran = subprocess.run(
        ("python3", "-I", "verify_ledger.py", "--language", "en"),  # noqa: S607 - whichever Python there is
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert not ran.stderr
    return ran.returncode, ran.stdout


def test_its_own_script_verifies_it_and_finds_what_was_changed(tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    for name, content in made(tmp_path, attachments=(BILL,)).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    status, said = verified(folder)
    assert status == 0, said
    rows = folder / "ledger.jsonl"
    rows.write_bytes(rows.read_bytes().replace(b"6.00", b"9.00", 1))
    status, said = verified(folder)
    assert status == 1
    assert "ledger.jsonl" in said


def test_an_empty_span_makes_a_file_all_the_same(tmp_path: Path) -> None:
    long_ago = BEGIN - timedelta(days=900)
    files = made(tmp_path, first=long_ago, last=long_ago + timedelta(days=1))
    assert files["ledger.jsonl"] == b""
    assert "Nothing was written down in this time." in read(files)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_opens_in_a_spreadsheet_and_calculates_nothing(
    tmp_path: Path, separator: str
) -> None:
    """Also where the spreadsheet takes another sign for what separates the cells."""
    book = ledger(tmp_path)
    evil = '=1+1;=2+2\t=3+3;"=4+4;＝5+5,=6+6'
    book.append([replace(entry(24, Kind.NOTE, Source.OWNER, text=evil), name=evil)])
    text = unpacked(make_package(case(book), told_in("en")))["ledger.csv"].decode("utf-8-sig")
    lines = text.splitlines()
    assert lines[0].split(",")[:3] == ["seq", "at", "zone"]
    assert len(lines) == 1 + 17
    for cells in csv.reader(io.StringIO(text), delimiter=separator):
        assert not [cell for cell in cells if cell.startswith(("=", "＝", '"='))]
