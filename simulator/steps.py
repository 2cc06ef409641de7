"""What the maker's page asks an owner before it switches renewal."""

from collections.abc import Mapping
from enum import StrEnum

from simulator.world import Camera


class Step(StrEnum):
    """A question on the way, in the order in which they come."""

    CONFIRM = "confirm"
    # Users' reports: a pop-up after three renewals.
    AGAIN = "again"
    # Users' reports: the password is asked for again.
    PASSWORD = "password"  # noqa: S105 - the name of a step


def next_step(camera: Camera, form: Mapping[str, str], *, on: bool, password: str) -> Step | None:
    """Return what is asked after a form with the first confirmation; `None`: nothing more.

    The form tells by `confirmed` and `password` what was answered; a wrong password is asked for
    again. An app store asks its own questions, which are not the maker's.
    """
    plan = camera.plan
    if plan is None or plan.store_billed or plan.auto_renew == on:
        return None
    if not on and camera.asks_twice and form.get("confirmed") != "1":
        return Step.AGAIN
    if plan.asks_password and form.get("password") != password:
        return Step.PASSWORD
    return None
