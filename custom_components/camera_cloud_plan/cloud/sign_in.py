"""Outcomes of signing in, common to all makers.

Signing in is a dialogue: each step ends in one of these values, and what went wrong
is raised as an error of `errors`. Password, captcha and code dialogues add outcomes
here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOffered:
    """A link (and the text of a QR code) that the owner approves where they are signed in.

    `url` is both: opened in a browser, or drawn as a QR code. `valid_for` is in seconds.
    """

    url: str
    valid_for: float


@dataclass(frozen=True, slots=True)
class LinkExpired:
    """The link was denied or its time ran out; a new one has to be offered."""
