"""From a cloud client's errors to the words and kinds that Home Assistant shows."""

from http import HTTPStatus
from typing import Final

from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError
from homeassistant.helpers.update_coordinator import UpdateFailed

from .cloud.errors import (
    ApiError,
    CertificateError,
    CloudError,
    NotServedError,
    RateLimitedError,
    SignatureRefusedError,
    SignInNeededError,
    UnexpectedAnswerError,
    UnreachableError,
)
from .const import DOMAIN
from .snapshot import Failure

# From how many seconds on a clock is to blame for refused signatures.
_CLOCK_IS_OFF: Final = 60


def failure_of(err: CloudError) -> Failure:
    """Return the kind of an error, as kept with a camera."""
    match err:
        case SignInNeededError():
            return Failure.SIGN_IN_NEEDED
        case RateLimitedError():
            return Failure.RATE_LIMITED
        case SignatureRefusedError():
            return Failure.SIGNATURE_REFUSED
        case ApiError():
            return Failure.API_ERROR
        case UnreachableError():
            return Failure.UNREACHABLE
        case _:
            return Failure.UNEXPECTED_ANSWER


def update_error(err: CloudError) -> HomeAssistantError:
    """Return what the coordinator raises for an error: sign in again, or try later."""
    key, placeholders = _words(err)
    if isinstance(err, SignInNeededError):
        return ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key=key)
    return UpdateFailed(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
        retry_after=err.retry_after if isinstance(err, RateLimitedError) else None,
    )


def why_unreachable(err: UnreachableError) -> tuple[str, dict[str, str]]:
    """Return an error's translation key and placeholders; dialogues have texts of the same key."""
    match err:
        case NotServedError(status=HTTPStatus.FORBIDDEN):
            return "not_let_in", {"host": err.host}
        case NotServedError():
            return "not_served", {"host": err.host, "status": str(err.status)}
        case CertificateError():
            return "no_valid_certificate", {"host": err.host}
        case _:
            return "unreachable", {"host": err.host}


def _words(err: CloudError) -> tuple[str, dict[str, str]]:
    """Return an error's translation key and placeholders."""
    key, placeholders = "cannot_read", {}
    match err:
        case SignInNeededError():
            key = "sign_in_needed"
        case RateLimitedError():
            key, placeholders = "rate_limited", {"host": err.host}
        case UnreachableError():
            key, placeholders = why_unreachable(err)
        case SignatureRefusedError(clock_offset=float() | int() as offset) if (
            abs(offset) >= _CLOCK_IS_OFF
        ):
            seconds = str(round(abs(offset)))
            key, placeholders = "clock_is_off", {"host": err.host, "seconds": seconds}
        case SignatureRefusedError():
            key, placeholders = "signature_refused", {"host": err.host}
        case ApiError():
            key, placeholders = "api_error", {"path": err.path, "code": str(err.code)}
        case UnexpectedAnswerError():
            key, placeholders = "unexpected_answer", {"host": err.host}
    return key, placeholders
