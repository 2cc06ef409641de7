"""Lives of plans that no generated home has lived: each is told what a careful person would say."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Self

import pytest

from custom_components.camera_cloud_plan.ledger import Entry, Json, Kind, Row, rows_of
from custom_components.camera_cloud_plan.ledger.findings import Detectors, Finding
from custom_components.camera_cloud_plan.ledger.table import Added
from custom_components.camera_cloud_plan.plan import (
    Camera,
    Channel,
    Money,
    Ownership,
    PlanReading,
    PriceSource,
    Service,
    Tariff,
    Term,
    Wish,
    Witness,
)
from custom_components.camera_cloud_plan.proof.known import About, Known, Step, moment
from custom_components.camera_cloud_plan.snapshot import CameraPlan

from .homes import Maker, clean_home
from .test_findings import found_in

BEGIN: Final = datetime(2026, 3, 1, 4, tzinfo=UTC)
DAY: Final = timedelta(days=1)
CAMERA: Final = "0123456789ab"
MONTH: Final = 30.0


def day(number: float) -> datetime:
    """Return the moment so many days after the begin."""
    return BEGIN + number * DAY


class Watched:
    """One camera that is read by hand. Home Assistant is started anew before each batch of rows."""

    def __init__(self, **said: Any) -> None:
        """Take what the maker says at first; its monthly plan renews and ends on day 20."""
        self.rows: list[Row] = []
        self.found: list[Finding] = []
        self.now = BEGIN
        self.said: dict[str, Any] = {
            "service": Service.ACTIVE,
            "name": "7-day cloud storage",
            "starts": -10.0,
            "ends": 20.0,
            "flag": True,
            "trial": False,
            "online": True,
            "kept": 7,
            "price": "6.00",
            "term": Term.months(1),
            "channel": Channel.MI_PAY,
            **said,
        }
        opened: dict[str, Json] = {"account": "Home", "maker": "x", "why": "new"}
        self._write(self._entry(Kind.LEDGER_OPENED, opened, about=None))
        self.read(0)

    def read(self, number: float, **said: Any) -> Self:
        """Read on a day what the maker says by then."""
        self.now = day(number)
        self.said |= said
        known = Known()
        for row in self.rows:
            known.heed(row)
        about = About(camera=CAMERA, zone="Europe/Berlin")
        self._write(*known.news(self._plan(), about))
        return self

    def reads(self, first: float, last: float, **said: Any) -> Self:
        """Read twice a day from one day to another."""
        for half in range(int((last - first) * 2) + 1):
            self.read(first + half / 2, **said)
        return self

    def away(self, first: float, last: float, **said: Any) -> Self:
        """Let nobody look from one day to another, and read then."""
        self.now = day(last)
        facts: dict[str, Json] = {
            "from": moment(day(first)),
            "to": moment(day(last)),
            "why": "not_running",
        }
        self._write(self._entry(Kind.READING_GAP, facts, about=None), is_read=False)
        return self.read(last, **said)

    def step(self, step: str, wish: Wish = Wish.OFF, **facts: Json) -> Self:
        """Take a step of a cancellation down."""
        about = About(camera=CAMERA, zone="Europe/Berlin")
        self._write(Step(wish=wish, step=step, at=self.now, facts=facts).entry(about))
        return self

    def cancelled(self, number: float) -> Self:
        """Switch renewal off with this Home Assistant, and read that it is."""
        self.read(number).step("opened").step("done")
        return self.read(number + 0.1, flag=False).step("confirmed", proof="read_from_maker")

    def paid(
        self, number: float, amount: str = "6.00", kind: Kind = Kind.CHARGE, **more: Any
    ) -> Self:
        """Note money that was taken, or came back, on a day."""
        added = Added(
            kind=kind,
            on=day(number).date(),
            money=Money(amount=Decimal(amount), currency="CNY"),
            **more,
        )
        at = datetime.combine(added.on, datetime.min.time(), UTC)
        self._write(self._entry(kind, added.facts, at=at, source=added.source))
        return self

    def left(self) -> Self:
        """Let the camera be gone from the account."""
        facts: dict[str, Json] = {"plan": self.said["name"], "ends_at": moment(self._ends_at)}
        self._write(self._entry(Kind.CAMERA_LEFT, facts, source="maker"))
        return self

    @property
    def kinds(self) -> list[str]:
        """What was found so far."""
        return [str(one.kind) for one in self.found]

    @property
    def _ends_at(self) -> datetime | None:
        return None if self.said["ends"] is None else day(self.said["ends"])

    def _plan(self) -> CameraPlan:
        said = self.said
        flag, price = said["flag"], said["price"]
        reading = PlanReading(
            read_at=self.now,
            service=said["service"],
            name=said["name"],
            trial=said["trial"],
            starts_at=None if said["starts"] is None else day(said["starts"]),
            ends_at=self._ends_at,
            renewal=Witness(source="isRenew", says=flag, seen_at=self.now),
            retention_days=said["kept"],
            tariff=Tariff(
                source=PriceSource.OWNER,
                price=Money(amount=Decimal(price), currency="CNY") if price else None,
                term=said["term"],
            ),
        )
        camera = Camera(
            camera_id="1",
            name="Camera",
            maker="xiaomi",
            model="x",
            region="cn",
            ownership=Ownership.OWNER,
            online=said["online"],
        )
        return CameraPlan(camera=camera, channel=said["channel"], reading=reading)

    def _entry(
        self,
        kind: Kind,
        facts: Mapping[str, Json],
        *,
        about: str | None = CAMERA,
        at: datetime | None = None,
        source: str = "home",
    ) -> Entry:
        return Entry(
            at=at or self.now,
            zone="Europe/Berlin",
            kind=kind,
            source=source,
            camera=about,
            facts=facts,
        )

    def _write(self, *entries: Entry, is_read: bool = True) -> None:
        after = self.rows[-1].anchor if self.rows else None
        self.rows += rows_of(entries, after=after, written_at=self.now)
        detectors = Detectors()
        for row in self.rows:
            detectors.heed(row)
        found = [*detectors.due(self.now)] if is_read else []
        self.found += found
        if found:
            self._write(
                *(
                    self._entry(
                        Kind.FINDING,
                        {"key": one.key, "finding": str(one.kind), "rows": [*one.rows]},
                        at=one.at,
                    )
                    for one in found
                )
            )


# --- Makers that say less ---


def says_no_start(reading: PlanReading, _first: datetime | None) -> PlanReading:
    """Leave out when a term began."""
    return replace(reading, starts_at=None)


def says_the_first_start(reading: PlanReading, first: datetime | None) -> PlanReading:
    """Say for ever when the plan was bought first."""
    return replace(reading, starts_at=first)


def says_no_name(reading: PlanReading, _first: datetime | None) -> PlanReading:
    """Leave out what a plan is called."""
    return replace(reading, name=None)


@pytest.mark.parametrize("says", [says_no_start, says_the_first_start, says_no_name])
def test_nothing_is_found_in_homes_whose_maker_says_less(
    monkeypatch: pytest.MonkeyPatch,
    says: Callable[[PlanReading, datetime | None], PlanReading],
) -> None:
    whole = Maker.plan
    first: dict[int, datetime | None] = {}

    def plan(maker: Maker, camera: Camera, channel: Channel, read_at: datetime) -> CameraPlan:
        said = whole(maker, camera, channel, read_at)
        assert said.reading is not None
        began = first.setdefault(id(maker), maker.starts_at)
        return replace(said, reading=says(said.reading, began))

    monkeypatch.setattr(Maker, "plan", plan)
    for seed in range(500, 550):
        first.clear()
        assert [(seed, one) for one in found_in(clean_home(seed))] == []


# --- Answers that are stale, or wrong for a while ---


def test_an_end_that_was_a_mistake_and_is_put_right_is_no_renewal() -> None:
    plan = Watched().reads(1, 20).read(20.1, ends=50.0)
    plan.reads(21, 25).read(25.5, ends=80.0).read(25.9, ends=50.0).reads(26, 40)
    assert plan.kinds == []


def test_renewals_are_seen_again_once_an_end_has_been_back_for_days() -> None:
    plan = Watched().read(5, ends=400.0).reads(5.5, 20, ends=20.0)
    plan.read(20.5, ends=50.0).reads(21, 22).read(23, ends=80.0).reads(23.5, 26)
    assert [(one.kind, one.at) for one in plan.found] == [("two_renewals", day(23))]


def test_a_flag_that_is_read_on_once_more_is_not_on_again() -> None:
    plan = Watched().cancelled(3).reads(4, 6)
    plan.read(6.5, flag=True).read(6.7, flag=False).reads(7, 12)
    assert plan.kinds == []


def test_a_flag_that_is_on_again_and_stays_so_is_found() -> None:
    plan = Watched().cancelled(3).reads(4, 6).read(6.5, flag=True)
    assert plan.kinds == []
    assert plan.reads(7, 12).kinds == ["renewal_rearmed"]


def test_a_flag_that_is_on_again_is_found_even_where_a_term_came_at_once() -> None:
    plan = Watched().read(2, flag=False).reads(3, 19.5).read(20, flag=True).read(20.2, ends=50.0)
    assert plan.reads(21, 24).kinds == ["renewal_rearmed"]


# --- Other terms, other plans ---


def test_a_term_of_another_length_is_no_second_renewal() -> None:
    for length in (3 * MONTH, 12 * MONTH):
        plan = Watched().reads(1, 20).read(20.2, ends=20 + length).reads(21, 30)
        assert plan.kinds == []


def test_a_plan_that_keeps_recordings_for_longer_is_another_one() -> None:
    plan = Watched(name=None).reads(1, 20).read(20.2, ends=50.0).paid(20).reads(21, 30)
    plan.read(31, kept=30, ends=61.0, starts=31.0).paid(31, "16.00").reads(31.5, 40)
    assert plan.kinds == []


def test_two_plans_that_are_shown_in_turns_show_nothing() -> None:
    plan = Watched()
    for week in range(8):
        plan.read(1 + week * 7, name="7-day cloud storage", ends=20 + week * 7.0, flag=True)
        plan.read(4 + week * 7, name="30-day cloud storage", ends=320.0, flag=False)
    assert plan.kinds == []


# --- Trials ---


def test_a_trial_that_is_given_longer_is_not_renewed() -> None:
    plan = Watched(name="Free trial", trial=True, starts=0.0, ends=14.0, price=None, term=None)
    plan.cancelled(3).reads(4, 10).read(10.5, ends=28.0).reads(11, 27.5)
    plan.read(28, service=Service.EXPIRED).reads(28.5, 33)
    assert plan.kinds == []


def test_a_trial_that_was_given_longer_and_then_turned_paid_is_found() -> None:
    plan = Watched(name="Free trial", trial=True, starts=0.0, ends=14.0, price=None, term=None)
    plan.reads(1, 10).read(10.5, ends=28.0).reads(11, 27.5)
    plan.read(28, name="7-day cloud storage", trial=False, starts=28.0, ends=58.0).reads(28.5, 31)
    assert plan.kinds == ["trial_turned_paid"]


def test_a_trial_that_was_cancelled_and_turned_paid_is_one_finding() -> None:
    plan = Watched(name="Free trial", trial=True, starts=0.0, ends=14.0, price=None, term=None)
    plan.cancelled(3).reads(4, 13.5)
    # Taken a day ahead, so that the end moves before the trial is over.
    plan.read(13.6, ends=44.0).step("disproved", old_end=moment(day(14)), new_end=moment(day(44)))
    plan.read(14.1, name="7-day cloud storage", trial=False, starts=14.0).reads(14.5, 20)
    assert plan.kinds == ["renewed_after_cancelling"]


def test_a_trial_that_its_owner_wanted_on_and_then_nearly_off_is_no_finding() -> None:
    plan = Watched(name="Free trial", trial=True, starts=0.0, ends=14.0, flag=False, term=None)
    plan.read(3).step("opened", Wish.ON).step("done", Wish.ON).read(3.2, flag=True)
    plan.step("confirmed", Wish.ON).read(6).step("opened").read(6.2).step("withdrawn")
    plan.reads(7, 13.5).read(14.1, name="7-day cloud storage", trial=False, starts=14.0, ends=44.0)
    assert plan.reads(14.5, 16).kinds == []


# --- Cancelling, and what its owner did else ---


def test_a_plan_bought_anew_while_nobody_looked_is_not_renewed() -> None:
    plan = Watched(starts=None).cancelled(3).reads(4, 15)
    plan.away(15, 35, ends=63.0).reads(35.5, 45)
    assert plan.kinds == []


def test_a_plan_that_was_over_when_that_was_confirmed_is_not_renewed() -> None:
    plan = Watched(starts=None, channel=Channel.GOOGLE_PLAY, flag=False).read(3)
    plan.step("opened").step("done").reads(4, 19.5).read(20.2, service=Service.EXPIRED)
    plan.step("confirmed", proof="no_new_term").reads(21, 77)
    plan.read(78, service=Service.ACTIVE, ends=108.0).reads(78.5, 107).read(107.5, ends=138.0)
    assert plan.reads(108, 112).kinds == []


def test_a_plan_that_goes_on_where_it_ended_was_renewed_though_nobody_looked() -> None:
    plan = Watched(starts=None).cancelled(3).reads(4, 15)
    plan.away(15, 35, ends=51.0).reads(35.5, 45)
    assert plan.kinds == ["renewed_after_cancelling"]


def test_a_plan_that_was_over_and_is_bought_again_is_not_renewed() -> None:
    plan = Watched().cancelled(3).reads(4, 19.5)
    plan.reads(20.5, 22.5, service=Service.EXPIRED)
    # Its owner buys it on the third day; the case that still watches takes that for a renewal.
    plan.read(23, service=Service.ACTIVE, starts=22.8, ends=52.8)
    plan.step("disproved", old_end=moment(day(20)), new_end=moment(day(52.8)))
    assert plan.reads(23.5, 30).kinds == []


def test_a_term_that_came_too_early_after_cancelling_is_one_finding() -> None:
    for terms in (1, 2):
        plan = Watched().reads(1, 19.5).read(20.1, ends=50.0, starts=20.0).cancelled(24)
        plan.reads(25, 29).read(30, ends=50 + terms * MONTH).reads(30.5, 34)
        assert plan.kinds == ["renewed_after_cancelling"]


def test_another_plan_that_is_bought_after_cancelling_is_not_renewed() -> None:
    plan = Watched().cancelled(3).reads(4, 6)
    plan.read(6.5, name="30-day cloud storage", kept=30, starts=6.4, ends=37.0, flag=True)
    plan.step("disproved", old_end=moment(day(20)), new_end=moment(day(37)))
    assert plan.reads(7, 36).read(37.1, ends=68.0, starts=37.0).reads(37.5, 40).kinds == []
    # Cancelled itself, it is another matter.
    plan.cancelled(45).reads(46, 67).read(68.1, ends=99.0, starts=68.0)
    assert plan.reads(68.5, 70).kinds == ["renewed_after_cancelling"]


def test_who_wanted_it_on_and_took_that_back_is_still_renewed_after_cancelling() -> None:
    plan = Watched().cancelled(3).reads(4, 6)
    plan.step("opened", Wish.ON).read(6.5).step("withdrawn", Wish.ON)
    plan.reads(7, 20).read(20.2, ends=50.0).reads(21, 24)
    assert plan.kinds == ["renewed_after_cancelling"]


def test_who_cancelled_wanted_it_again_and_cancelled_again_is_found_once_only() -> None:
    plan = Watched().cancelled(3).reads(4, 6)
    plan.step("opened", Wish.ON).step("done", Wish.ON).read(6.5, flag=True).step(
        "confirmed", Wish.ON
    )
    plan.reads(7, 9).cancelled(9.5).reads(10, 20).read(20.2, ends=50.0).reads(21, 24)
    assert plan.kinds == ["renewed_after_cancelling"]


def test_off_in_the_makers_app_and_a_term_bought_by_hand_is_no_accusation() -> None:
    plan = Watched().read(3, flag=False).reads(4, 15).read(15.5, ends=50.0).reads(16, 45)
    plan.read(46, ends=80.0).reads(47, 55)
    assert plan.kinds == []


# --- Out of sight ---


def test_a_camera_that_left_and_came_back_is_not_judged_by_what_was_before() -> None:
    plan = Watched().read(3, flag=False).reads(4, 6).left()
    plan.read(40, flag=True, ends=70.0).reads(41, 44).read(44.5, flag=None).reads(45, 46)
    plan.read(46.5, flag=True).reads(47, 52)
    assert plan.kinds == []


def test_what_is_charged_for_a_camera_that_left_is_not_said_to_bring_nothing() -> None:
    plan = Watched().reads(1, 6).left()
    assert plan.kinds == ["plan_without_camera"]
    plan.now = day(70)
    plan.paid(20).paid(50)
    plan.now = day(80)
    plan._write(plan._entry(Kind.NOTE, {"text": "x"}))
    assert plan.kinds == ["plan_without_camera"]


# --- Money ---


def test_what_a_bank_adds_to_a_charge_is_no_second_charge_nor_another_amount() -> None:
    plan = Watched().reads(1, 20).read(20.2, ends=50.0).paid(20)
    plan.paid(22, "6.11", Kind.BANK_LINE).reads(21, 30)
    assert plan.kinds == []


def test_a_charge_that_a_bank_tells_after_the_price_changed_is_one_at_the_old_price() -> None:
    plan = Watched().reads(1, 20).read(20.2, ends=50.0).reads(21, 22).read(22.5, price="8.00")
    plan.paid(23, kind=Kind.BANK_LINE).reads(23, 30)
    assert plan.kinds == []


def test_a_charge_that_is_told_again_by_somebody_else_is_not_found_again() -> None:
    plan = Watched().reads(1, 20).read(20.2, ends=50.0)
    plan.paid(22, "9.00", Kind.BANK_LINE).reads(21, 30)
    assert plan.kinds == ["amount_changed"]
    plan.paid(20, "9.00", order="…1234").reads(30.5, 33).paid(20, "9.00").reads(33.5, 36)
    assert plan.kinds == ["amount_changed"]


def test_what_was_charged_while_nobody_looked_for_long_is_not_held_against_a_price() -> None:
    plan = Watched().reads(1, 10).away(10, 70, ends=99.0, starts=69.0)
    plan.paid(39, "3.00").paid(69).reads(70.5, 80)
    assert plan.kinds == []


def test_a_charge_that_a_bank_tells_half_as_dear_again_is_another_amount() -> None:
    plan = Watched().reads(1, 20).read(20.2, ends=50.0).paid(20)
    plan.paid(22, "9.00", Kind.BANK_LINE).reads(21, 30)
    assert plan.kinds == ["amount_changed"]


def test_an_amount_that_stays_what_it_became_is_found_once_and_anew_when_it_comes_again() -> None:
    plan = Watched()
    for month, amount in enumerate(("9.00", "9.00", "6.00", "9.00")):
        begins = 20 + month * MONTH
        plan.reads(begins - 2, begins - 0.5).read(begins, ends=begins + MONTH).paid(begins, amount)
        plan.reads(begins + 0.5, begins + 10)
    assert [one.facts["on"] for one in plan.found] == [
        day(20).date().isoformat(),
        day(110).date().isoformat(),
    ]


def test_a_charge_of_a_plan_that_the_maker_may_not_show_is_not_said_to_bring_nothing() -> None:
    plan = Watched(channel=Channel.GOOGLE_PLAY, flag=False).reads(1, 19.5)
    plan.reads(20.5, 40, service=Service.EXPIRED).paid(30).reads(41, 50)
    assert plan.kinds == []


def test_a_charge_of_a_plan_whose_end_is_not_told_is_not_said_to_bring_nothing() -> None:
    plan = Watched(ends=None).reads(1, 20).paid(12).reads(21, 30)
    assert plan.kinds == []


def test_a_charge_after_the_plan_was_over_brought_nothing() -> None:
    plan = Watched(flag=False).reads(1, 19.5)
    plan.reads(20.5, 40, service=Service.EXPIRED).paid(30).reads(41, 50)
    assert plan.kinds == ["charge_without_renewal"]


# --- Silence ---


def test_a_camera_that_is_read_once_a_day_may_have_been_back_for_most_of_one() -> None:
    plan = Watched().read(1).read(2, online=False).read(3).read(4).read(5, online=True).reads(6, 9)
    assert plan.kinds == []
    plan.read(10, online=False).read(11).read(12).read(13).read(14, online=True)
    assert plan.kinds == ["camera_silent"]


def test_a_camera_that_cannot_be_read_is_not_silent() -> None:
    plan = Watched().reads(1, 5).read(5.5, online=False)
    detectors = Detectors()
    for row in plan.rows:
        detectors.heed(row)
    seen = {CAMERA: day(6)}
    assert [*detectors.due(day(12), seen)] == []
    assert [*detectors.due(day(12), {CAMERA: day(9)})] != []


def test_a_camera_that_nobody_reads_any_more_is_as_it_was_when_it_was_read_last() -> None:
    plan = Watched().reads(1, 5).read(5.5, online=False)
    detectors = Detectors()
    for row in plan.rows:
        detectors.heed(row)
    assert [*detectors.due(day(12), {})] == []
