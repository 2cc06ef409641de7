"""Every error of a cloud client has its words, and none of them is taken for another."""

from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError
from homeassistant.helpers.update_coordinator import UpdateFailed
import pytest

from custom_components.camera_cloud_plan.cloud.errors import (
    ApiError,
    BrowserNeededError,
    CaptchaNeededError,
    CertificateError,
    CloudError,
    CodeNeededError,
    NotServedError,
    RateLimitedError,
    RefusedError,
    SignatureRefusedError,
    SignInNeededError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.camera_cloud_plan.failures import failure_of, update_error
from custom_components.camera_cloud_plan.snapshot import Failure
from tests.contract.shipped import LANGUAGES, words

HOST = "api.example"

CASES: list[tuple[CloudError, Failure, str, dict[str, str] | None]] = [
    (SignInNeededError(), Failure.SIGN_IN_NEEDED, "sign_in_needed", None),
    (RefusedError(70016), Failure.SIGN_IN_NEEDED, "sign_in_needed", None),
    (CaptchaNeededError(), Failure.SIGN_IN_NEEDED, "sign_in_needed", None),
    (CodeNeededError(), Failure.SIGN_IN_NEEDED, "sign_in_needed", None),
    (BrowserNeededError(), Failure.SIGN_IN_NEEDED, "sign_in_needed", None),
    (RateLimitedError(HOST, 90.0), Failure.RATE_LIMITED, "rate_limited", {"host": HOST}),
    (UnreachableError(HOST, "time-out"), Failure.UNREACHABLE, "unreachable", {"host": HOST}),
    (
        NotServedError(HOST, 503),
        Failure.UNREACHABLE,
        "not_served",
        {"host": HOST, "status": "503"},
    ),
    (NotServedError(HOST, 403), Failure.UNREACHABLE, "not_let_in", {"host": HOST}),
    (
        CertificateError(HOST, "no valid certificate"),
        Failure.UNREACHABLE,
        "no_valid_certificate",
        {"host": HOST},
    ),
    (
        UnexpectedAnswerError(HOST, "a web page"),
        Failure.UNEXPECTED_ANSWER,
        "unexpected_answer",
        {"host": HOST},
    ),
    (
        SignatureRefusedError(HOST, -3600.4),
        Failure.SIGNATURE_REFUSED,
        "clock_is_off",
        {"host": HOST, "seconds": "3600"},
    ),
    (
        SignatureRefusedError(HOST, 3.0),
        Failure.SIGNATURE_REFUSED,
        "signature_refused",
        {"host": HOST},
    ),
    (SignatureRefusedError(HOST), Failure.SIGNATURE_REFUSED, "signature_refused", {"host": HOST}),
    (ApiError("/a/b", -8), Failure.API_ERROR, "api_error", {"path": "/a/b", "code": "-8"}),
    (CloudError("new kind"), Failure.UNEXPECTED_ANSWER, "cannot_read", {}),
]


@pytest.mark.parametrize(
    ("error", "failure", "key", "placeholders"), CASES, ids=lambda case: type(case).__name__
)
def test_each_error_has_its_words(
    error: CloudError, failure: Failure, key: str, placeholders: dict[str, str] | None
) -> None:
    raised: HomeAssistantError = update_error(error)
    assert failure_of(error) is failure
    assert raised.translation_key == key
    assert raised.translation_placeholders == placeholders
    expected = ConfigEntryAuthFailed if placeholders is None else UpdateFailed
    assert type(raised) is expected
    for language in LANGUAGES:
        text = words(language)["exceptions"][key]["message"]
        assert text.format(**(placeholders or {}))


def test_only_a_maker_that_asks_to_wait_sets_the_time() -> None:
    waits = update_error(RateLimitedError(HOST, 90.0))
    fails = update_error(UnreachableError(HOST, "time-out"))
    assert isinstance(waits, UpdateFailed)
    assert isinstance(fails, UpdateFailed)
    assert (waits.retry_after, fails.retry_after) == (90.0, None)
