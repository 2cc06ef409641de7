"""From a cloud client's errors to the words and kinds that Home Assistant shows."""

from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError
from homeassistant.helpers.update_coordinator import UpdateFailed

from .cloud.errors import (
    ApiError,
    CloudError,
    RateLimitedError,
    SignatureRefusedError,
    SignInNeededError,
    UnexpectedAnswerError,
    UnreachableError,
)
from .const import DOMAIN
from .snapshot import Failure


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
    match err:
        case SignInNeededError():
            return ConfigEntryAuthFailed(
                translation_domain=DOMAIN, translation_key="sign_in_needed"
            )
        case RateLimitedError():
            return UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="rate_limited",
                translation_placeholders={"host": err.host},
                retry_after=err.retry_after,
            )
        case UnreachableError():
            return UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="unreachable",
                translation_placeholders={"host": err.host},
            )
        case SignatureRefusedError(clock_offset=float() | int() as offset):
            return UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="clock_is_off",
                translation_placeholders={"host": err.host, "seconds": str(round(abs(offset)))},
            )
        case SignatureRefusedError():
            return UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="signature_refused",
                translation_placeholders={"host": err.host},
            )
        case ApiError():
            return UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="api_error",
                translation_placeholders={"path": err.path, "code": str(err.code)},
            )
        case UnexpectedAnswerError():
            return UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="unexpected_answer",
                translation_placeholders={"host": err.host},
            )
        case _:
            return UpdateFailed(translation_domain=DOMAIN, translation_key="cannot_read")
