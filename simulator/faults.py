"""What can be made to go wrong at the simulated cloud.

A fault is one kind of trouble with a scope (which hosts, which path, which camera) and, if it is
to pass by itself, a number of requests. Tests, the control interface and the "make it misbehave"
box all use the same catalogue.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from simulator.answers import ExpiredShape
from simulator.hosts import HostKind
from simulator.names import Names

type Value = str | int | float

_CLOUD = frozenset(HostKind) - {HostKind.LOOPBACK}
_SIGNED = frozenset({HostKind.API, HostKind.CAMERA, HostKind.WEB, HostKind.PROCESSOR})
_CAMERA = frozenset({HostKind.CAMERA})
_STORAGE = frozenset({HostKind.STORAGE})
_SESSION = frozenset({HostKind.API, HostKind.CAMERA, HostKind.WEB})
_WEB = frozenset({HostKind.WEB})
_API = frozenset({HostKind.API})
_ACCOUNT = frozenset({HostKind.ACCOUNT})


class FaultError(ValueError):
    """A fault that does not exist, or whose scope or parameters make no sense."""


class Stage(StrEnum):
    """When a fault strikes while a request is served."""

    CLOCK = "clock"
    ARRIVAL = "arrival"
    # As at arrival, but once it is known which camera is meant.
    OPENED = "opened"
    CONTENT = "content"
    SEALING = "sealing"
    SIGN_IN = "sign in"
    # As at the content of an answer, for the parts of a recording.
    LIST = "list"
    PLAYLIST = "playlist"
    KEY = "key"
    SEGMENT = "segment"


class Trouble(StrEnum):
    """The kinds of trouble."""

    LATENCY = "latency"
    DROPPED = "dropped"
    HTTP_STATUS = "http_status"
    HTML = "html"
    CLOCK_SKEW = "clock_skew"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - the name of a fault
    INVALID_SIGNATURE = "invalid_signature"
    TRUNCATED_CIPHER = "truncated_cipher"
    GARBAGE_CIPHER = "garbage_cipher"
    GZIP_INSIDE = "gzip_inside"
    API_ERROR = "api_error"
    NULL_DATA = "null_data"
    WRONG_TYPES = "wrong_types"
    MISSING_KEYS = "missing_keys"
    NO_DEVICES = "no_devices"
    ACCEPTED_NO_EFFECT = "accepted_no_effect"
    LOST_ANSWER = "lost_answer"
    ACCOUNT_CODE = "account_code"
    LINK_EXPIRED = "link_expired"
    VERIFICATION_NEEDED = "verification_needed"
    SECRETS_IN_HEADER = "secrets_in_header"
    FOREIGN_REDIRECT = "foreign_redirect"
    STS_REFUSED = "sts_refused"
    STS_WITHOUT_TOKEN = "sts_without_token"  # noqa: S105 - the name of a fault
    EMPTY_PAGE = "empty_page"
    REPEATED_PAGE = "repeated_page"
    STILL_CURSOR = "still_cursor"
    ENDLESS_PAGES = "endless_pages"
    RECORDING_GONE = "recording_gone"
    HASTY_LINKS = "hasty_links"
    FOREIGN_ADDRESS = "foreign_address"
    ODD_PLAYLIST = "odd_playlist"
    WRONG_KEY = "wrong_key"
    TRUNCATED_SEGMENT = "truncated_segment"
    DROPPED_SEGMENT = "dropped_segment"
    SLOW_DRIP = "slow_drip"
    GARBAGE_SEGMENT = "garbage_segment"
    ENDLESS_SEGMENT = "endless_segment"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """One entry of the catalogue.

    `params`: what can be set, with defaults. `choices`: for those params that take only certain
    values.
    """

    trouble: Trouble
    names: Names
    hosts: frozenset[HostKind]
    stage: Stage
    params: Mapping[str, Value] = field(default_factory=dict)
    choices: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault that is switched on.

    `host` None: every host the kind applies to. `path`: only this one. `did`: only calls about
    this camera. `left`: for so many more requests; None: until it is switched off.
    """

    kind: FaultKind
    host: HostKind | None
    path: str | None
    did: str | None
    left: int | None
    params: Mapping[str, Value]

    @property
    def trouble(self) -> Trouble:
        """What goes wrong."""
        return self.kind.trouble

    @property
    def stage(self) -> Stage:
        """When it strikes: one about a camera has to wait until the camera is known."""
        early = self.kind.stage is Stage.ARRIVAL
        return Stage.OPENED if early and self.did is not None else self.kind.stage

    def strikes(self, stage: Stage, host: HostKind, path: str, did: str | None) -> bool:
        """Return whether a request is in this fault's scope."""
        return (
            stage is self.stage
            and host in self.kind.hosts
            and self.host in {None, host}
            and self.path in {None, path}
            and self.did in {None, did}
        )

    def number(self, name: str) -> float:
        """Return a parameter as a number."""
        return float(self.params[name])

    def text(self, name: str) -> str:
        """Return a parameter as text."""
        return str(self.params[name])


CATALOGUE: tuple[FaultKind, ...] = (
    FaultKind(
        trouble=Trouble.LATENCY,
        names=Names("Slow answers", "响应缓慢"),
        hosts=_CLOUD,
        stage=Stage.ARRIVAL,
        params={"seconds": 3.0},
    ),
    FaultKind(
        trouble=Trouble.DROPPED,
        names=Names("Connection dropped", "连接中断"),
        hosts=_CLOUD,
        stage=Stage.ARRIVAL,
    ),
    FaultKind(
        trouble=Trouble.HTTP_STATUS,
        names=Names("Server error", "服务器错误"),
        hosts=_CLOUD,
        stage=Stage.ARRIVAL,
        # Seconds in `Retry-After`; 0: no such header.
        params={"status": 503, "retry_after": 0},
        choices={"status": (403, 429, 500, 502, 503, 504)},
    ),
    FaultKind(
        trouble=Trouble.HTML,
        names=Names("A web page instead of JSON", "返回网页而不是 JSON"),
        hosts=_CLOUD,
        stage=Stage.ARRIVAL,
    ),
    FaultKind(
        trouble=Trouble.CLOCK_SKEW,
        names=Names("Server clock runs ahead of yours", "服务器时钟比本机快"),
        hosts=_CLOUD,
        stage=Stage.CLOCK,
        params={"seconds": 3600.0},
    ),
    FaultKind(
        trouble=Trouble.EXPIRED_TOKEN,
        names=Names("Session said to be expired", "提示登录已过期"),
        hosts=_SIGNED,
        stage=Stage.ARRIVAL,
        params={"shape": ExpiredShape.AUTH_ERROR_401.value},
        choices={"shape": tuple(shape.value for shape in ExpiredShape)},
    ),
    FaultKind(
        trouble=Trouble.INVALID_SIGNATURE,
        names=Names("Signature refused", "签名被拒绝"),
        hosts=_SIGNED,
        stage=Stage.ARRIVAL,
    ),
    FaultKind(
        trouble=Trouble.TRUNCATED_CIPHER,
        names=Names("Answer cut off", "密文被截断"),
        hosts=_SESSION,
        stage=Stage.SEALING,
    ),
    FaultKind(
        trouble=Trouble.GARBAGE_CIPHER,
        names=Names("Answer garbled", "密文损坏"),
        hosts=_SESSION,
        stage=Stage.SEALING,
    ),
    FaultKind(
        trouble=Trouble.GZIP_INSIDE,
        names=Names("Compressed without being asked", "未请求却被压缩"),
        hosts=_SESSION,
        stage=Stage.SEALING,
    ),
    FaultKind(
        trouble=Trouble.API_ERROR,
        names=Names("Call refused with a code", "接口返回错误码"),
        hosts=_SESSION,
        stage=Stage.CONTENT,
        params={"code": -8, "message": "server busy"},
    ),
    FaultKind(
        trouble=Trouble.NULL_DATA,
        names=Names("Empty data", "数据为空"),
        hosts=_SESSION,
        stage=Stage.CONTENT,
    ),
    FaultKind(
        trouble=Trouble.WRONG_TYPES,
        names=Names("Wrong types in fields", "字段类型错误"),
        hosts=_SESSION,
        stage=Stage.CONTENT,
    ),
    FaultKind(
        trouble=Trouble.MISSING_KEYS,
        names=Names("Fields missing", "缺少字段"),
        hosts=_SESSION,
        stage=Stage.CONTENT,
        # Names separated by commas; empty: every field.
        params={"keys": ""},
    ),
    FaultKind(
        trouble=Trouble.NO_DEVICES,
        names=Names("Empty device list", "设备列表为空"),
        hosts=_API,
        stage=Stage.CONTENT,
    ),
    FaultKind(
        trouble=Trouble.ACCEPTED_NO_EFFECT,
        names=Names("Accepted, and nothing done", "已受理但没有生效"),
        hosts=_WEB,
        stage=Stage.CONTENT,
    ),
    FaultKind(
        trouble=Trouble.LOST_ANSWER,
        names=Names("Done, but the answer is lost", "已执行但响应丢失"),
        hosts=_WEB,
        stage=Stage.SEALING,
    ),
    FaultKind(
        trouble=Trouble.ACCOUNT_CODE,
        names=Names("Sign-in refused with a code", "登录被拒绝（错误码）"),
        hosts=_ACCOUNT,
        stage=Stage.SIGN_IN,
        params={"code": 70016, "description": "登录验证失败"},
    ),
    FaultKind(
        trouble=Trouble.LINK_EXPIRED,
        names=Names("Sign-in link expired", "登录链接已过期"),
        hosts=_ACCOUNT,
        stage=Stage.SIGN_IN,
    ),
    FaultKind(
        trouble=Trouble.VERIFICATION_NEEDED,
        names=Names("Owner must confirm something first", "需要账号本人先验证"),
        hosts=_ACCOUNT,
        stage=Stage.SIGN_IN,
    ),
    FaultKind(
        trouble=Trouble.SECRETS_IN_HEADER,
        names=Names("Session secrets in a redirect's header", "会话密钥在跳转头中"),
        hosts=_ACCOUNT,
        stage=Stage.SIGN_IN,
    ),
    FaultKind(
        trouble=Trouble.FOREIGN_REDIRECT,
        names=Names("Redirect to a foreign host", "跳转到陌生主机"),
        hosts=_ACCOUNT,
        stage=Stage.SIGN_IN,
        params={"location": "https://xiaomi.com.example/sts"},
    ),
    FaultKind(
        trouble=Trouble.STS_REFUSED,
        names=Names("Session refused at the last step", "最后一步被拒绝"),
        hosts=_ACCOUNT,
        stage=Stage.SIGN_IN,
    ),
    FaultKind(
        trouble=Trouble.STS_WITHOUT_TOKEN,
        names=Names("No session at the last step", "最后一步没有返回会话"),
        hosts=_ACCOUNT,
        stage=Stage.SIGN_IN,
    ),
    FaultKind(
        trouble=Trouble.EMPTY_PAGE,
        names=Names("An empty page that says there is more", "空白页却提示还有更多"),
        hosts=_CAMERA,
        stage=Stage.LIST,
    ),
    FaultKind(
        trouble=Trouble.REPEATED_PAGE,
        names=Names("The newest page again and again", "反复返回最新一页"),
        hosts=_CAMERA,
        stage=Stage.LIST,
    ),
    FaultKind(
        trouble=Trouble.STILL_CURSOR,
        names=Names("A cursor that stands still", "翻页位置不动"),
        hosts=_CAMERA,
        stage=Stage.LIST,
    ),
    FaultKind(
        trouble=Trouble.ENDLESS_PAGES,
        names=Names("Pages without end", "翻不完的列表"),
        hosts=_CAMERA,
        stage=Stage.LIST,
    ),
    FaultKind(
        trouble=Trouble.RECORDING_GONE,
        names=Names("Recordings gone since they were listed", "录像在列出之后已被删除"),
        hosts=_CAMERA,
        stage=Stage.PLAYLIST,
    ),
    FaultKind(
        trouble=Trouble.HASTY_LINKS,
        names=Names("Addresses that run out at once", "下载地址立即失效"),
        hosts=_CAMERA,
        stage=Stage.PLAYLIST,
        params={"seconds": 0.0},
    ),
    FaultKind(
        trouble=Trouble.FOREIGN_ADDRESS,
        names=Names("A playlist that leads elsewhere", "播放列表指向其他地址"),
        hosts=_CAMERA,
        stage=Stage.PLAYLIST,
        # `what`: whose addresses; an origin such as https://10.0.0.1 or http://127.0.0.1:8123.
        params={"origin": "https://10.0.0.1", "what": "segments"},
        choices={"what": ("segments", "keys", "initialisation", "all")},
    ),
    FaultKind(
        trouble=Trouble.ODD_PLAYLIST,
        names=Names("Something else than a playlist of segments", "播放列表内容异常"),
        hosts=_CAMERA,
        stage=Stage.PLAYLIST,
        params={"shape": "garbage", "megabytes": 64},
        choices={"shape": ("garbage", "cut", "gigantic", "master", "empty", "no_key")},
    ),
    FaultKind(
        trouble=Trouble.WRONG_KEY,
        names=Names("Wrong key", "密钥错误"),
        hosts=_STORAGE,
        stage=Stage.KEY,
        params={"bytes": 16},
    ),
    FaultKind(
        trouble=Trouble.TRUNCATED_SEGMENT,
        names=Names("Footage cut short", "视频片段被截断"),
        hosts=_STORAGE,
        stage=Stage.SEGMENT,
        # `aligned`: at the border of a cipher block, so that only its padding tells.
        params={"aligned": 0},
        choices={"aligned": (0, 1)},
    ),
    FaultKind(
        trouble=Trouble.DROPPED_SEGMENT,
        names=Names("Footage breaks off half-way", "视频下载中途断开"),
        hosts=_STORAGE,
        stage=Stage.SEGMENT,
    ),
    FaultKind(
        trouble=Trouble.SLOW_DRIP,
        names=Names("Footage trickles in", "视频下载极慢"),
        hosts=_STORAGE,
        stage=Stage.SEGMENT,
        params={"bytes_per_second": 2000.0},
    ),
    FaultKind(
        trouble=Trouble.GARBAGE_SEGMENT,
        names=Names("Garbage instead of footage", "视频内容是乱码"),
        hosts=_STORAGE,
        stage=Stage.SEGMENT,
    ),
    FaultKind(
        trouble=Trouble.ENDLESS_SEGMENT,
        names=Names("Footage without end", "没有结尾的视频片段"),
        hosts=_STORAGE,
        stage=Stage.SEGMENT,
    ),
)

_BY_KEY = {kind.trouble: kind for kind in CATALOGUE}


class Faults:
    """The faults that are switched on."""

    def __init__(self) -> None:
        """Start with none."""
        self._active: list[Fault] = []

    @staticmethod
    def catalogue() -> list[FaultKind]:
        """Return every kind of fault."""
        return list(CATALOGUE)

    @property
    def active(self) -> tuple[Fault, ...]:
        """The faults that are on, the oldest first."""
        return tuple(self._active)

    def add(
        self,
        trouble: Trouble | str,
        params: Mapping[str, Value] | None = None,
        *,
        host: HostKind | str | None = None,
        path: str | None = None,
        did: str | None = None,
        count: int | None = None,
        **more_params: Value,
    ) -> Fault:
        """Switch a fault on.

        `host`, `path` and `did` narrow it down; `count` ends it after so many requests. What the
        kind leaves to choose may be given as `params` or by name.

        Raises:
            FaultError: when there is no such fault, host or parameter, or the count is not
                positive.

        """
        try:
            kind = _BY_KEY[Trouble(trouble)]
            scope = None if host is None else HostKind(host)
        except ValueError as error:
            raise FaultError(str(error)) from error
        if scope is not None and scope not in kind.hosts:
            reason = f"{kind.trouble} does not happen at {scope} hosts"
            raise FaultError(reason)
        if count is not None and count < 1:
            reason = "a fault strikes at least once"
            raise FaultError(reason)
        fault = Fault(
            kind=kind,
            host=scope,
            path=path,
            did=did,
            left=count,
            params={**kind.params, **_checked(kind, {**(params or {}), **more_params})},
        )
        self._active.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Switch one fault off; one that has ended already is no error."""
        if fault in self._active:
            self._active.remove(fault)

    def clear(self) -> None:
        """Switch every fault off."""
        self._active.clear()

    def take(self, stage: Stage, host: HostKind, path: str, did: str | None = None) -> list[Fault]:
        """Return the faults that strike a request at this stage, and count them."""
        if not self._active:
            return []
        struck = [fault for fault in self._active if fault.strikes(stage, host, path, did)]
        for fault in struck:
            self._count(fault)
        return struck

    def take_one(self, trouble: Trouble, host: HostKind, path: str) -> Fault | None:
        """Return the first fault of one kind that strikes a request, and count it."""
        stage = _BY_KEY[trouble].stage
        for fault in self._active:
            if fault.trouble is trouble and fault.strikes(stage, host, path, None):
                self._count(fault)
                return fault
        return None

    def _count(self, fault: Fault) -> None:
        if fault.left is None:
            return
        fault.left -= 1
        if fault.left == 0:
            self._active.remove(fault)


def _checked(kind: FaultKind, params: Mapping[str, Value]) -> dict[str, Value]:
    """Return parameters in the types of their defaults."""
    checked: dict[str, Value] = {}
    for name, value in params.items():
        if name not in kind.params:
            reason = f"{kind.trouble} has no parameter {name!r}"
            raise FaultError(reason)
        try:
            checked[name] = type(kind.params[name])(value)
        except ValueError as error:
            reason = f"{kind.trouble}: {name} cannot be {value!r}"
            raise FaultError(reason) from error
        if name in kind.choices and checked[name] not in kind.choices[name]:
            reason = f"{kind.trouble}: {name} cannot be {value!r}"
            raise FaultError(reason)
    return checked
