"""The plain JSON shapes in which the cloud answers what it does not accept.

Nothing here is encrypted: a real server answers authentication failures in plain JSON even to
encrypted calls. Shapes marked *inferred* have no public witness; the others are in the facts'
answer catalogue.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
import json

from aiohttp import web

# In front of every JSON answer of the account host.
ACCOUNT_PREFIX = "&&&START&&&"

# An error of one call only, such as a camera that this account does not see (facts: "e.g. -8").
CALL_REFUSED = -8


class ExpiredShape(StrEnum):
    """The shapes in which the cloud says that a service token is no longer good."""

    AUTH_ERROR_401 = "auth error, 401"
    CODE_3_200 = "code 3, 200"
    TOKEN_INVALID_401 = "token invalid, 401"  # noqa: S105 - the name of a shape
    UPGRADE_426 = "upgrade required, 426"
    PLAIN_401 = "empty 401"
    CODE_2 = "code 2"
    AUTH_ERR_MESSAGE = "auth err in the message"
    CODE_MINUS_3 = "code -3"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainAnswer:
    """One unencrypted answer; `body` None is an empty one."""

    status: HTTPStatus = HTTPStatus.OK
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """Return it as a fresh HTTP response."""
        if self.body is None:
            return web.Response(status=self.status, headers=self.headers)
        return web.Response(
            status=self.status,
            headers=self.headers,
            body=encode(self.body),
            content_type="application/json",
        )


EXPIRED: Mapping[ExpiredShape, PlainAnswer] = {
    # Api host.
    ExpiredShape.AUTH_ERROR_401: PlainAnswer(
        status=HTTPStatus.UNAUTHORIZED, body={"code": 3, "message": "auth error"}
    ),
    # Camera host.
    ExpiredShape.CODE_3_200: PlainAnswer(body={"code": 3, "message": "serviceToken expired"}),
    # Camera host; the words are known, the JSON around them is inferred.
    ExpiredShape.TOKEN_INVALID_401: PlainAnswer(
        status=HTTPStatus.UNAUTHORIZED, body={"code": 401, "message": "serviceToken invalid"}
    ),
    ExpiredShape.UPGRADE_426: PlainAnswer(
        status=HTTPStatus.UPGRADE_REQUIRED, body={"code": 0, "message": "SERVICETOKEN_EXPIRED"}
    ),
    ExpiredShape.PLAIN_401: PlainAnswer(status=HTTPStatus.UNAUTHORIZED),
    # Clients test for the code and for the words; the rest of these bodies is inferred.
    ExpiredShape.CODE_2: PlainAnswer(body={"code": 2, "message": "auth error"}),
    ExpiredShape.AUTH_ERR_MESSAGE: PlainAnswer(body={"code": 1, "message": "auth err"}),
    ExpiredShape.CODE_MINUS_3: PlainAnswer(body={"code": -3, "message": "token expired"}),
}

INVALID_SIGNATURE = PlainAnswer(body={"code": 0, "message": "invalid signature"})

# Inferred: what a server says to a path or method that it does not have.
NOT_FOUND = PlainAnswer(
    status=HTTPStatus.NOT_FOUND, body={"code": 404, "message": "Not Found", "result": None}
)
METHOD_NOT_ALLOWED = PlainAnswer(
    status=HTTPStatus.METHOD_NOT_ALLOWED,
    body={"code": 405, "message": "Method Not Allowed", "result": None},
)

# A page where JSON was expected: terms to accept, a phone to bind, a gateway's error page.
HTML_PAGE = (
    "<!DOCTYPE html><html><head><title>Please confirm</title></head>"
    "<body><p>Please continue in your browser.</p></body></html>"
)


def encode(body: Mapping[str, object]) -> bytes:
    """Return a JSON object as compact UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def account_json(body: Mapping[str, object], *, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """Return an account host's answer: prefixed JSON under a content type that is not JSON's."""
    return web.Response(
        status=status,
        text=ACCOUNT_PREFIX + encode(body).decode(),
        content_type="text/html",
        charset="utf-8",
    )


def api_envelope(result: object, *, code: int = 0, message: str = "ok") -> dict[str, object]:
    """Return the envelope of the regional API hosts."""
    return {"code": code, "message": message, "result": result}


def camera_envelope(
    data: object, *, now_ms: int, code: int = 0, description: str = "成功"
) -> dict[str, object]:
    """Return the envelope of the regional camera hosts; `now_ms` is the server's time."""
    return {
        "result": "ok" if code == 0 else "error",
        "retriable": False,
        "code": code,
        "description": description,
        "data": data,
        "ts": now_ms,
    }
