"""What a renewal request definition says, once it passed every check."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
import hashlib
import json
from typing import Final

from ...plan import Wish
from ..errors import RefusalMeaning
from ..values import as_id

FORMAT: Final = 1
_DIGEST_LENGTH: Final = 16

type Value = str | int | bool


class Method(StrEnum):
    """The HTTP methods that a definition may name; the one that deletes is not among them."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"


class Body(StrEnum):
    """Where the parameters of a request go."""

    FORM = "form"
    JSON = "json"
    QUERY = "query"


class Placeholder(StrEnum):
    """What stands for a whole parameter value until the request is sent."""

    CAMERA = "{camera}"
    REGION = "{region}"
    USER = "{user}"


class RenewalWitness(StrEnum):
    """What has to change in the readings for a request to count as working."""

    AUTO_RENEWAL = "auto_renewal"
    SECOND_WITNESS = "second_witness"


class DefinitionFlaw(StrEnum):
    """Why a definition is refused; each has words of its own in every language."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    MISSING = "missing"
    UNKNOWN_KEY = "unknown_key"
    WRONG_VALUE = "wrong_value"
    UNSUPPORTED_FORMAT = "unsupported_format"
    UNKNOWN_MAKER = "unknown_maker"
    FOREIGN_HOST = "foreign_host"
    UNSAFE_PATH = "unsafe_path"
    DENIED_WORD = "denied_word"
    SECRET_INSIDE = "secret_inside"  # noqa: S105 - the name of a flaw
    USE_PLACEHOLDER = "use_placeholder"
    UNKNOWN_PLACEHOLDER = "unknown_placeholder"
    NO_CAMERA = "no_camera"
    SAME_REQUESTS = "same_requests"


class DefinitionError(ValueError):
    """A text is no acceptable definition.

    `where` is the JSON path of the flaw, e.g. "$.off.parameters.region"; never a value.
    """

    def __init__(self, reason: DefinitionFlaw, where: str = "$") -> None:
        """Take the flaw and its place."""
        super().__init__(f"{reason} at {where}")
        self.reason = reason
        self.where = where


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRules:
    """How the maker's answer is read: one member of a JSON object holds a code.

    `accepted` are the codes by which the maker takes the request, `errors` what others
    mean; a code of neither means `RefusalMeaning.OTHER`.
    """

    code: str
    accepted: tuple[Value, ...]
    errors: Mapping[str, RefusalMeaning]

    def code_in(self, answer: object) -> str | None:
        """Return the code in an answer's JSON value as text; `None` where there is none."""
        return code_text(answer.get(self.code)) if isinstance(answer, Mapping) else None

    def accepts(self, code: str) -> bool:
        """Return whether this code means that the request was taken."""
        return code in {code_text(value) for value in self.accepted}

    def meaning_of(self, code: str) -> RefusalMeaning:
        """Return what a code that is not accepted means."""
        return self.errors.get(code, RefusalMeaning.OTHER)

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "code": self.code,
            "accepted": list(self.accepted),
            "errors": {code: str(meaning) for code, meaning in self.errors.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTemplate:
    """One request, https always.

    `host` is written as on the maker's mainland, without a region's prefix. A value of
    `parameters` that is a `Placeholder` stands for what `filled` puts there.
    """

    method: Method
    host: str
    path: str
    body: Body
    parameters: Mapping[str, Value]
    answer: AnswerRules

    def filled(self, *, camera: str, region: str, user: str) -> dict[str, Value]:
        """Return the parameters of a camera's request.

        `camera` is the maker's id, `region` the country code as the maker writes it,
        `user` the account's id.
        """
        known: dict[Value, str] = {
            Placeholder.CAMERA: camera,
            Placeholder.REGION: region,
            Placeholder.USER: user,
        }
        return {name: known.get(value, value) for name, value in self.parameters.items()}

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {**self.asked(), "answer": self.answer.as_dict()}

    def asked(self) -> dict[str, object]:
        """Return what is sent, without how the answer is read, as JSON values."""
        return {
            "method": str(self.method),
            "host": self.host,
            "path": self.path,
            "body": str(self.body),
            "parameters": dict(self.parameters),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRequest:
    """A definition that passed every check.

    `seen_on` is the day on which its finder saw the request. With `gateway_only` it is
    for accounts that go through a gateway, a server of one's own, and no others.
    """

    maker: str
    about: str
    seen_on: date
    witness: RenewalWitness
    off: RequestTemplate
    on: RequestTemplate | None = None
    gateway_only: bool = False

    @property
    def digest(self) -> str:
        """What tells this definition from every other, whatever the spacing of its text."""
        text = json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]

    def template(self, wish: Wish) -> RequestTemplate | None:
        """Return the request for a wish, where there is one."""
        return self.off if wish is Wish.OFF else self.on

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values, from whose text `parse` makes the same again."""
        data: dict[str, object] = {
            "format": FORMAT,
            "maker": self.maker,
            "about": self.about,
            "seen_on": self.seen_on.isoformat(),
            "gateway_only": self.gateway_only,
            "witness": str(self.witness),
            "off": self.off.as_dict(),
        }
        if self.on is not None:
            data["on"] = self.on.as_dict()
        return data


def code_text(value: object) -> str | None:
    """Return a code as text, so that 0 and "0" are the same and true is not 1."""
    return str(value).lower() if isinstance(value, bool) else as_id(value)
