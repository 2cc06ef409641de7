"""Where the cloud is and what it calls things: `endpoints.json`, as types."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
import json
from pathlib import Path
from typing import Final

from .. import renewal_request

_DATA: Final = Path(__file__).with_name("endpoints.json")

# The maker's server regions, as in the data file; here for whoever may not read files.
REGIONS: Final = ("cn", "de", "i2", "ru", "sg", "us")


class HostKind(StrEnum):
    """The kinds of hosts; the regional ones exist once per region."""

    ACCOUNT = "account"
    STS = "sts"
    API = "api"
    CAMERA = "camera"
    PROCESSOR = "processor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One of the maker's server regions: how its hosts begin and which country it stands for."""

    prefix: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: its kind of host, method, path and the part of its data that never changes."""

    host: HostKind
    method: str
    path: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraModels:
    """Patterns that tell a camera by its model."""

    always: tuple[str, ...]
    where_supported: tuple[str, ...]
    never: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRules:
    """How a list of recordings is asked: units a page, and how much more at both ends."""

    page: int
    widened: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRules:
    """How recordings are listed, and what their fields mean; `lists` by the call's name."""

    lists: Mapping[str, ListRules]
    most_pages: int
    most_empty_pages: int
    doorbells: tuple[str, ...]
    no_footage_stores: frozenset[str]
    gone_codes: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Bits of a device's permission level."""

    owner: int
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStatusCodes:
    """What the status code of a plan that is not active means."""

    expired: frozenset[int]
    unclear: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWords:
    """By what an API host's plain answer is told; words in lower case."""

    expired_statuses: frozenset[int]
    expired_codes: frozenset[int]
    expired_words: tuple[str, ...]
    bad_signature_words: tuple[str, ...]
    success_words: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCodes:
    """What the account host's codes mean; any other is a refusal."""

    captcha: frozenset[int]
    code: frozenset[int]
    wait: frozenset[int]
    fault: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Everything in the data file."""

    sid: str
    user_agent: str
    secret_hosts: tuple[str, ...]
    one_cipher: bool
    regions: Mapping[str, Region]
    hosts: Mapping[HostKind, tuple[str, ...]]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    page_cookies_encoded: frozenset[str]
    locales: Mapping[str, str]
    calls: Mapping[str, Call]
    fields: Mapping[str, tuple[str, ...]]
    plan_status_codes: PlanStatusCodes
    no_free_tier: frozenset[int]
    trial_words: tuple[str, ...]
    recordings: RecordingRules
    camera_models: CameraModels
    permissions: Permissions
    answers: AnswerWords
    account_codes: AccountCodes
    code_dialogue_paths: frozenset[str]

    def hosts_of(self, kind: HostKind, region: str | None = None) -> tuple[str, ...]:
        """Return the hosts of a kind in a region, in the order to try them."""
        prefix = self.regions[region].prefix if region else ""
        return tuple(pattern.format(prefix=prefix) for pattern in self.hosts[kind])

    def page_host(self, mainland: str, region: str) -> str:
        """Return a region's host of the maker's pages, given as on the mainland."""
        return f"{self.regions[region].prefix}{mainland}"

    def may_have_secrets(self, host: str | None) -> bool:
        """Return whether a host is under a domain that may be sent secrets."""
        return host is not None and any(
            host == domain or host.endswith(f".{domain}") for domain in self.secret_hosts
        )


@cache
def endpoints() -> Endpoints:
    """Return the data, read from its file once; see `preload`."""
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    codes, account = data["plan_status_codes"], data["account_codes"]
    answers, models, recordings = data["answers"], data["camera_models"], data["recordings"]
    return Endpoints(
        sid=data["sid"],
        user_agent=data["user_agent"],
        secret_hosts=tuple(data["secret_hosts"]),
        one_cipher=data["signing"]["one_cipher"],
        regions={name: Region(**row) for name, row in data["regions"].items()},
        hosts={HostKind(kind): tuple(names) for kind, names in data["hosts"].items()},
        headers=data["headers"],
        cookies=data["cookies"],
        page_cookies_encoded=frozenset(data["page_cookies_encoded"]),
        locales=data["locales"],
        calls={
            name: Call(
                host=HostKind(row["host"]),
                method=row["method"],
                path=row["path"],
                data=row.get("data", {}),
            )
            for name, row in data["calls"].items()
        },
        fields={name: tuple(names) for name, names in data["fields"].items()},
        plan_status_codes=PlanStatusCodes(
            expired=frozenset(codes["expired"]), unclear=frozenset(codes["unclear"])
        ),
        no_free_tier=frozenset(data["no_free_tier"]),
        trial_words=tuple(data["trial_words"]),
        recordings=RecordingRules(
            lists={
                name: ListRules(page=row["page"], widened=timedelta(hours=row["widened_hours"]))
                for name, row in recordings["lists"].items()
            },
            most_pages=recordings["most_pages"],
            most_empty_pages=recordings["most_empty_pages"],
            doorbells=tuple(recordings["doorbells"]),
            no_footage_stores=frozenset(recordings["no_footage_stores"]),
            gone_codes=frozenset(recordings["gone_codes"]),
        ),
        camera_models=CameraModels(
            always=tuple(models["always"]),
            where_supported=tuple(models["where_supported"]),
            never=tuple(models["never"]),
        ),
        permissions=Permissions(
            owner=data["permissions"]["owner"], others=data["permissions"]["others"]
        ),
        answers=AnswerWords(
            expired_statuses=frozenset(answers["expired_statuses"]),
            expired_codes=frozenset(answers["expired_codes"]),
            expired_words=tuple(answers["expired_words"]),
            bad_signature_words=tuple(answers["bad_signature_words"]),
            success_words=frozenset(answers["success_words"]),
        ),
        account_codes=AccountCodes(
            captcha=frozenset(account["captcha"]),
            code=frozenset(account["code"]),
            wait=frozenset(account["wait"]),
            fault=frozenset(account["fault"]),
        ),
        code_dialogue_paths=frozenset(data["code_dialogue_paths"]),
    )


def preload() -> None:
    """Read the data files, those for an owner's definition too; blocking, so that later is not."""
    endpoints()
    renewal_request.preload()
