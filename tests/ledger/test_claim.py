"""What an owner says about a charge: put together from rows, in whatever order they come."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.camera_cloud_plan.ledger import Entry, Kind
from custom_components.camera_cloud_plan.ledger.claim import QUESTIONS, Claim, Claims, Step
from custom_components.camera_cloud_plan.plan import Channel, StageKind, routes_for

from .story import CAMERA, OTHER, SHANGHAI

NOON = datetime(2026, 11, 26, 4, tzinfo=UTC)
ROUTES = routes_for("cn", Channel.MI_PAY, frozenset({StageKind.MONTHLY}), date(2026, 11, 26))
GOOGLE = routes_for("*", Channel.GOOGLE_PLAY, frozenset({StageKind.MONTHLY}), date(2026, 11, 26))


def said(kind: Kind, hours: float = 0, camera: str = CAMERA, **facts: str) -> Entry:
    return Entry(
        at=NOON + timedelta(hours=hours),
        zone="Asia/Shanghai",
        kind=kind,
        source="owner",
        camera=camera,
        facts={"claim": "c1", **facts},
    )


def began(camera: str = CAMERA) -> Entry:
    return said(Kind.COMPLAINT, camera=camera, step="began", finding="k1")


def claims(*entries: Entry) -> Claims:
    found = Claims()
    for entry in entries:
        found.heed(entry)
    return found


def claim(*entries: Entry) -> Claim:
    found = claims(began(), *entries).of(CAMERA)
    assert found
    return found


def test_it_is_asked_in_order_and_goes_on_where_it_was_left() -> None:
    asked = []
    given = [began()]
    while step := claim(*given).next_question:
        asked.append(step)
        if step is Step.CHARGE:
            given.append(said(Kind.CHARGE, on="2026-11-25"))
        else:
            given.append(said(Kind.COMPLAINT, step=step, answer="unknown"))
    assert tuple(asked) == QUESTIONS


def test_what_is_not_about_it_is_passed_over() -> None:
    found = claims(
        said(Kind.COMPLAINT, step="want", answer="refund"),
        began(),
        Entry(at=NOON, zone="UTC", kind=Kind.CHARGE, source="owner", camera=CAMERA),
        Entry(at=NOON, zone="UTC", kind=Kind.COMPLAINT, source="owner", facts={"claim": "c1"}),
        Entry(
            at=NOON,
            zone="UTC",
            kind=Kind.COMPLAINT,
            source="owner",
            camera=CAMERA,
            facts={"claim": "c0", "step": "closed"},
        ),
    )
    (left,) = found.open()
    assert (left.answers, left.charged_on, left.finding) == ({}, None, "k1")


@pytest.mark.parametrize(
    "end", [said(Kind.REFUND_RECEIVED, 9), said(Kind.COMPLAINT, 9, step="closed")]
)
def test_it_ends_and_another_may_begin(end: Entry) -> None:
    found = claims(began(), began(OTHER), end)
    assert found.of(CAMERA) is None
    assert [left.camera for left in found.open()] == [OTHER]
    found.heed(began())
    assert found.of(CAMERA)


def test_a_day_of_the_charge_begins_the_quick_way() -> None:
    charged = said(Kind.CHARGE, on="2026-11-25")
    ends = dict(claim(charged).deadlines(GOOGLE, SHANGHAI))
    assert ends == {"google_48_hours": datetime(2026, 11, 26, 16, tzinfo=UTC)}
    assert not dict(claim().deadlines(GOOGLE, SHANGHAI))
    asked = said(Kind.REFUND_ASKED, 1, to="google_refund")
    ends = dict(claim(charged, asked).deadlines(GOOGLE, SHANGHAI))
    assert ends == {"follow_up": NOON + timedelta(days=7, hours=1)}


def test_a_complaint_has_the_days_of_the_rules() -> None:
    asked = said(Kind.REFUND_ASKED, to="cn_market_regulator")
    ends = dict(claim(asked).deadlines(ROUTES, SHANGHAI))
    assert ends == {"cn_accepted": datetime(2026, 12, 7, 15, 59, 59, tzinfo=UTC)}
    accepted = said(Kind.COMPLAINT, 24 * 11, step="accepted")
    ends = dict(claim(asked, accepted).deadlines(ROUTES, SHANGHAI))
    assert ends == {"cn_mediated": datetime(2027, 2, 8, 15, 59, 59, tzinfo=UTC)}


def test_whoever_sets_no_day_is_looked_after_in_a_week() -> None:
    asked = said(Kind.REFUND_ASKED, to="maker_service")
    ends = dict(claim(asked).deadlines(ROUTES, SHANGHAI))
    assert ends == {"follow_up": NOON + timedelta(days=7)}


def test_a_day_that_is_none_is_not_known() -> None:
    assert claim(said(Kind.CHARGE, on="soon")).charged_on is None


def turned(hours: float) -> Entry:
    """Return the row of a trial that turned into a paid plan."""
    changes = {"trial": {"old": True, "new": False}}
    return replace(said(Kind.PLAN_CHANGED, hours), facts={"changes": changes})


def renewed(hours: float) -> Entry:
    """Return the row of an end that moved."""
    return replace(said(Kind.RENEWED, hours), facts={})


@pytest.mark.parametrize(
    ("before", "first_paid"),
    [
        ((), False),
        ((turned(-9),), True),
        # One reading shows both: the trial is over, and the end moved.
        ((turned(-9), renewed(-9)), True),
        ((turned(-9), renewed(-9), renewed(-2)), False),
        ((replace(turned(-9), camera=OTHER),), False),
    ],
)
def test_a_charge_of_the_first_paid_term_is_known_as_one(
    before: tuple[Entry, ...], first_paid: bool
) -> None:
    assert claim(*before, began()).first_paid is first_paid


def test_a_notice_answers_its_question_itself() -> None:
    """A crash may have kept the answer from being written behind it."""
    found = claim(began(), said(Kind.NOTICE, arrived_at="2026-11-20"))
    assert found.answers == {Step.NOTICE: "yes"}


def test_what_comes_later_makes_it_no_other_term() -> None:
    assert claim(turned(-9), began(), renewed(1)).first_paid
