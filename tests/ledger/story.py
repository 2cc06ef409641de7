"""A story of one camera that was renewed after it was switched off, as its account's ledger has it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
import json
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from custom_components.camera_cloud_plan.ledger import Entry, Kind, LedgerFile, Source
from custom_components.camera_cloud_plan.ledger.dispute import (
    CaseFile,
    Cited,
    Law,
    Mask,
    Subject,
    Way,
    Words,
)
from custom_components.camera_cloud_plan.plan import (
    Channel,
    StageKind,
    routes_for,
    rules_in_force,
)
from tests.contract.shipped import words

ZONE: Final = "Asia/Shanghai"
SHANGHAI: Final = ZoneInfo(ZONE)
CAMERA: Final = "0123456789ab"
OTHER: Final = "ba9876543210"
DID: Final = "1063000301"
OTHER_DID: Final = "1063000999"
MAC: Final = "02:4a:10:63:00:03"
ACCOUNT: Final = "Xiaomi 2300630093"
OTHER_NAME: Final = "Mei's bedroom"
PHONE: Final = "+86 138 0013 8000"
TOKEN: Final = "V1:made-up-pass-token"
BEGIN: Final = datetime(2026, 9, 1, 4, tzinfo=UTC)
LATE: Final = datetime(2026, 11, 26, 4, tzinfo=UTC)
MONTHLY: Final = frozenset({StageKind.MONTHLY})
SIX: Final = {"amount": "6.00", "currency": "CNY"}


def entry(day: float, kind: Kind, source: str = Source.MAKER, **facts: Any) -> Entry:
    """Return what was seen of the camera so many days after the begin."""
    about = facts.pop("camera", CAMERA)
    return Entry(
        at=BEGIN + timedelta(days=day),
        zone=ZONE,
        kind=kind,
        source=source,
        camera=about,
        name={CAMERA: "Front door", OTHER: OTHER_NAME}.get(about),
        facts=facts,
    )


def iso(day: float) -> str:
    """Return a moment so many days after the begin, as rows hold it."""
    return (BEGIN + timedelta(days=day)).isoformat()


def entries() -> Iterator[Entry]:
    """Yield the story from its begin to its end."""
    plan: dict[str, Any] = {
        "plan": "7-day cloud storage, monthly",
        "service": "active",
        "starts_at": iso(-11),
        "ends_at": iso(20),
        "renewal": True,
        "price": SIX,
        "term": {"count": 1, "unit": "month"},
        "channel": "mi_pay",
        "retention_days": 7,
    }
    yield entry(0, Kind.LEDGER_OPENED, Source.HOME, camera=None, account=ACCOUNT, why="new")
    yield entry(0, Kind.PLAN_SEEN, **plan)
    yield entry(0, Kind.PLAN_SEEN, camera=OTHER, **{**plan, "plan": "30-day, yearly"})
    yield entry(3, Kind.OFFLINE, **{"from": iso(2.9)})
    yield entry(6.5, Kind.ONLINE, **{"from": iso(2.9), "to": iso(6.5)})
    yield entry(
        9,
        Kind.READING_GAP,
        Source.HOME,
        camera=None,
        why="not_running",
        **{"from": iso(8), "to": iso(9)},
    )
    yield entry(10, Kind.CANCELLATION, Source.OWNER, step="opened", wish="off")
    yield entry(10.1, Kind.CANCELLATION, Source.OWNER, step="done", wish="off")
    yield entry(10.4, Kind.FLAG, old=True, new=False, witness="isRenew")
    yield entry(10.4, Kind.CANCELLATION, step="confirmed", wish="off")
    yield entry(12, Kind.FLAG, camera=OTHER, old=True, new=False, witness="isRenew")
    yield entry(19, Kind.RENEWED, old_end=iso(20), new_end=iso(50))
    yield entry(19, Kind.CANCELLATION, step="disproved", wish="off")
    yield entry(
        19, Kind.FINDING, Source.HOME, key="k1", finding="renewed_after_cancelling", rows=[10, 12]
    )
    yield entry(20, Kind.CHARGE, Source.OWNER, on="2026-09-21", money=SIX, what="camera plan")
    yield entry(21, Kind.BANK_LINE, Source.BANK, on="2026-09-21", money=SIX, text=f"XIAOMI {PHONE}")
    yield entry(
        22, Kind.NOTE, Source.OWNER, text=f"Support says: device {DID}, {MAC}, mei@example.org"
    )
    yield entry(23, Kind.OFFLINE, **{"from": iso(23)})


def told_in(language: str) -> Words:
    """Return the words of a language, as they are shipped."""
    return Words(language, words(language)["common"])


def ledger(folder: Path) -> LedgerFile:
    """Return the story's ledger."""
    book = LedgerFile(folder / "ledger.jsonl")
    if not book.path.exists():
        book.append(entries())
    return book


def case(book: LedgerFile, **changes: Any) -> CaseFile:
    """Return all that goes into a dispute file of the story."""
    today = date(2026, 11, 26)
    given: dict[str, Any] = {
        "subject": Subject(
            key=CAMERA,
            name="Front door",
            maker="Xiaomi",
            seller="Xiaomi (Mi Home)",
            account=ACCOUNT,
            device_id=DID,
            mac=MAC,
            about={
                "model": "chuangmi.camera.046c04",
                "ends_at": iso(50),
                "channel": "mi_pay",
                "region": "cn",
            },
        ),
        "first": BEGIN - timedelta(days=1),
        "last": LATE,
        "made_at": LATE,
        "zone": SHANGHAI,
        "version": "1.0.0",
        "reviewed": today,
        "lines": book.lines(),
        "mask": Mask(own_id=DID, ids=frozenset({OTHER_DID})),
        "law": lambda *_: Law(
            cited=tuple(
                Cited(key=rule.key, since=rule.since, source=rule.source)
                for rule in rules_in_force("cn", MONTHLY, today)
                if rule.since
            ),
            ways=tuple(Way(route=of) for of in routes_for("cn", Channel.MI_PAY, MONTHLY, today)),
        ),
    }
    return CaseFile(**{**given, **changes})


def printed(value: object) -> str:
    """Return anything as JSON, to look for words in it."""
    return json.dumps(value, ensure_ascii=False)
