"""What can go wrong with a maker's cloud, as types.

No error text ever carries a secret, a cookie, an answer's body or a URL's query.
"""

from enum import StrEnum


class CloudError(Exception):
    """Base of everything a cloud client raises."""


class UnreachableError(CloudError):
    """The cloud could not be reached: no route, no name, time-out, 5xx, rate of failures.

    Never a statement about the account. `host` is the host that failed, so that a
    person can look for it in a DNS filter.
    """

    def __init__(self, host: str, reason: str) -> None:
        """Take the host and a short reason without secrets."""
        super().__init__(f"{host}: {reason}")
        self.host = host
        self.reason = reason


class NotServedError(UnreachableError):
    """The host was reached and does not serve: it is down, or lets nobody in from here.

    `status` is the HTTP status with which it said so.
    """

    def __init__(self, host: str, status: int) -> None:
        """Take the host and the status of its answer."""
        super().__init__(host, f"status {status}")
        self.status = status


class NoConnectionError(UnreachableError):
    """Not even a connection: no such name, no route, no TLS. Another host may do."""


class CertificateError(NoConnectionError):
    """Whoever answered does not prove to be the host: a filter in between, or a wrong clock."""


class UnexpectedAnswerError(CloudError):
    """The host answered with something the protocol does not have (HTML, broken cipher)."""

    def __init__(self, host: str, what: str) -> None:
        """Take the host and what was wrong, in words without content."""
        super().__init__(f"{host}: {what}")
        self.host = host
        self.what = what


class SessionRefusedError(UnexpectedAnswerError):
    """A session just handed out is refused, or a renewal hands out the refused one again.

    Not a statement about the account: going on would only hammer its host.
    """


class RateLimitedError(CloudError):
    """The cloud asks to wait; `retry_after` in seconds where it names a time."""

    def __init__(self, host: str, retry_after: float | None = None) -> None:
        """Take the host and the wait in seconds."""
        super().__init__(f"{host}: asked to wait")
        self.host = host
        self.retry_after = retry_after


class ApiError(CloudError):
    """One call was answered with an error of its own; the session is fine."""

    def __init__(self, path: str, code: int | str | None) -> None:
        """Take the path (no query) and the maker's code."""
        super().__init__(f"{path}: code {code}")
        self.path = path
        self.code = code


class RecordingGoneError(CloudError):
    """The maker no longer has a recording, or never had footage of it."""

    def __init__(self) -> None:
        """Say so; which one it is, the caller knows."""
        super().__init__("the maker does not have this recording")


class DamagedFootageError(CloudError):
    """What came cannot be the recording: cut off, another key's, or no footage at all."""

    def __init__(self, what: str) -> None:
        """Take what was wrong, in words without content."""
        super().__init__(what)
        self.what = what


class TooLargeError(DamagedFootageError):
    """A part of a recording is larger than any that makers send; it was not read."""

    def __init__(self) -> None:
        """Say so; how large it is, nobody knows."""
        super().__init__("a part of it is larger than any")


class ForbiddenAddressError(CloudError):
    """Footage is said to be where nothing may be fetched from.

    Not https, a name that leads into a private network, or an address spelt out.
    """

    def __init__(self, what: str) -> None:
        """Take what was wrong with it; the address itself stays out."""
        super().__init__(f"footage is named at an address that is not asked: {what}")
        self.what = what


class SignatureRefusedError(CloudError):
    """Requests are refused as badly signed even after a renewal: clock or session off.

    `clock_offset` is how far the server's clock is ahead of ours, in seconds, where
    its answers said so.
    """

    def __init__(self, host: str, clock_offset: float | None = None) -> None:
        """Take the host and the measured offset in seconds."""
        super().__init__(f"{host}: signature refused")
        self.host = host
        self.clock_offset = clock_offset


class SignInNeededError(CloudError):
    """The owner has to sign in again; nothing in the background may do it for them."""


class RefusedError(SignInNeededError):
    """The sign-in or its renewal was refused; `code` is the maker's own."""

    def __init__(self, code: int | str | None) -> None:
        """Take the maker's code."""
        super().__init__(f"refused, code {code}")
        self.code = code


class CaptchaNeededError(SignInNeededError):
    """A picture has to be read by a person first."""


class CodeNeededError(SignInNeededError):
    """A code sent to the owner's phone or mailbox is needed first."""


class BrowserNeededError(SignInNeededError):
    """The maker wants something confirmed in a browser; `url` opens it, if it gave one."""

    def __init__(self, url: str | None = None) -> None:
        """Take the page's address."""
        super().__init__("the maker wants something confirmed in a browser")
        self.url = url


class RequestNotSentError(CloudError):
    """A request about renewal surely never left: nothing was asked of the maker.

    `cause` is what kept it, where that was an error of the cloud's own.
    """

    def __init__(self, reason: str, cause: CloudError | None = None) -> None:
        """Take a short reason without secrets, and the error behind it."""
        super().__init__(f"not sent: {reason}")
        self.reason = reason
        self.cause = cause


class RequestUnansweredError(CloudError):
    """A request about renewal went out and no answer says what became of it.

    It may have worked. It must be read back, and never sent again blindly. `cause` is
    the error that took the answer's place, where there was one.
    """

    def __init__(self, reason: str, cause: CloudError | None = None) -> None:
        """Take a short reason without content, and the error behind it."""
        super().__init__(f"sent, and not answered: {reason}")
        self.reason = reason
        self.cause = cause


class RefusalMeaning(StrEnum):
    """Why a maker refuses a request about renewal, in words that fit every maker."""

    ALREADY_SO = "already_so"
    PASSWORD_NEEDED = "password_needed"  # noqa: S105 - a meaning, not a password
    CONFIRMATION_NEEDED = "confirmation_needed"
    BILLED_BY_STORE = "billed_by_store"
    PLAN_ENDED = "plan_ended"
    SESSION_EXPIRED = "session_expired"
    NOT_ALLOWED = "not_allowed"
    OTHER = "other"


class RequestRefusedError(CloudError):
    """The maker answered a request about renewal with an error."""

    def __init__(self, meaning: RefusalMeaning) -> None:
        """Take what the maker's error means."""
        super().__init__(f"refused: {meaning}")
        self.meaning = meaning
