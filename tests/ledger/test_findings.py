"""What rows show together is found, once; five hundred homes in which nothing is wrong show nothing."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import process_time
from typing import Final

import pytest

from custom_components.camera_cloud_plan.ledger import Json, Kind, Row, rows_of
from custom_components.camera_cloud_plan.ledger.findings import Detectors, Finding, FindingKind
from custom_components.camera_cloud_plan.ledger.table import Added
from custom_components.camera_cloud_plan.plan import Channel, Money, Service, Term, Wish

from .homes import DAY, HOUR, Home, Life, clean_home

HOMES: Final = 500
SEEDS: Final = range(12)
SIX: Final[Json] = {"amount": "6.00", "currency": "CNY"}

# What the five hundred homes have to have lived through, and how often at least.
_LIVED: Final = {
    **dict.fromkeys(("renewed", "imported", "offline", "added_bank_line", "counted"), 300),
    **dict.fromkeys(
        (
            "cancelled",
            "away",
            "away_long",
            "offline_unseen",
            "flag_late",
            "flag_unknown",
            "upgraded",
        ),
        80,
    ),
    **dict.fromkeys(
        ("price_announced", "price_learned", "end_shifted", "turned_on", "withdrawn"), 60
    ),
    **dict.fromkeys(("cancelled_unreadable", "cancelled_in_app", "imported_late", "own_gap"), 40),
    **dict.fromkeys(("expired", "bought_again", "payment_late", "uploads", "counted_none"), 40),
    **dict.fromkeys(("trial_lapsed", "trial_turned_on_by_owner", "shortened_by_refund"), 15),
    **dict.fromkeys(("removed_after_cancelling", "restored", "typed_again", "cancelled_late"), 15),
    **dict.fromkeys(("daylight_saving", "term_month_12", "term_day_7", "lead_72", "lead_0"), 15),
    **dict.fromkeys(("kind_off", "kind_new", "kind_typed", "added_refund_received"), 15),
    "leap_day": 1,
}


def found_in(home: Home) -> Iterator[Finding]:
    """Yield what is found as the rows come, each followed by a look, as the desk does."""
    detectors, told = Detectors(), set[str]()
    for batch in home.batches:
        for row in batch.rows:
            detectors.heed(row)
        for finding in detectors.due(batch.read_at):
            if finding.key not in told:
                told.add(finding.key)
                yield finding


def test_nothing_is_found_in_homes_where_nothing_is_wrong() -> None:
    lived: Counter[str] = Counter()
    for seed in range(HOMES):
        home = clean_home(seed)
        lived += home.told
        assert [(seed, one) for one in found_in(home)] == []
    assert {what: lived[what] for what, least in _LIVED.items() if lived[what] < least} == {}


# --- One thing goes wrong ---


def quiet_home(seed: int, lead: timedelta | None = None) -> tuple[Home, Life]:
    """Return a home with a camera whose monthly plan has been renewed for a while, as it should."""
    home = Home(seed)
    life = Life(home, 0)
    home.lives.append(life)
    life.channel, life.is_store, life.term = Channel.MI_PAY, False, Term.months(1)
    life.books, life.is_uneventful = (), True
    life.lead = lead or home.dice.choice((0, 24, 72)) * HOUR
    life.start(days_ago=home.dice.uniform(1, 25))
    life.set(price=life.money, term=life.term)
    home.write(home.entry(Kind.LEDGER_OPENED, {"account": "Home", "maker": "x", "why": "new"}))
    home.poll()
    home.pass_time(70 * DAY)
    # In the middle of a term.
    assert life.maker.ends_at is not None
    home.pass_time(max(life.maker.ends_at - home.now - 15 * DAY, HOUR))
    if life.maker.ends_at - home.now < 12 * DAY:
        home.pass_time(22 * DAY)
    return home, life


def _stop_terms(life: Life) -> None:
    """Let the maker do nothing by itself any more."""
    life.life += 1


def _next_end(life: Life, terms: int = 1) -> None:
    life.terms += terms
    life.set(ends_at=life.term.after(life.begins, life.terms, life.billing))


def _charge(life: Life, days: float = 0, *, more: int = 0, order: str | None = None) -> None:
    when = life.home.now + days * DAY
    amount = Money(amount=life.money.amount + Decimal(more), currency=life.money.currency)
    life.add(Added(kind=Kind.CHARGE, on=life.today(when), money=amount, order=order))


def _cancel(life: Life) -> None:
    life.step(Wish.OFF, "opened")
    life.step(Wish.OFF, "done")
    life.confirming = Wish.OFF
    life.renews = False
    life.set(flag=False)
    life.home.pass_time(2 * DAY)
    assert life.confirming is None


def renew_after_cancelling(home: Home, life: Life) -> None:
    """Renew once more, though it was confirmed off."""
    _cancel(life)
    _stop_terms(life)
    assert life.maker.ends_at is not None
    home.pass_time(life.maker.ends_at - home.now)
    _next_end(life)
    home.pass_time(DAY)


def renew_twice(home: Home, life: Life) -> None:
    """Renew ahead of time, after the term that began days ago."""
    assert life.maker.ends_at is not None
    home.pass_time(life.maker.ends_at - home.now + 2 * DAY)
    _stop_terms(life)
    _next_end(life)
    home.pass_time(DAY)


def renew_by_two(home: Home, life: Life) -> None:
    """Add two terms at once."""
    _stop_terms(life)
    assert life.maker.ends_at is not None
    home.pass_time(life.maker.ends_at - home.now)
    _next_end(life, 2)
    home.pass_time(DAY)


def charge_twice(home: Home, life: Life) -> None:
    """Take the money for a term twice, by two orders of one day."""
    assert life.maker.ends_at is not None
    home.pass_time(life.maker.ends_at - life.lead - home.now + 2 * HOUR)
    _charge(life, order="…1234")
    _charge(life, order="…1235")
    home.pass_time(12 * DAY)


def charge_more(home: Home, life: Life) -> None:
    """Take more than was said."""
    assert life.maker.ends_at is not None
    home.pass_time(life.maker.ends_at - life.lead - home.now + 2 * HOUR)
    _charge(life, more=3)
    home.pass_time(12 * DAY)


def charge_more_than_before(home: Home, life: Life) -> None:
    """Take more than a term before, of a plan whose price nobody said."""
    life.set(price=None)
    for more in (0, 3):
        assert life.maker.ends_at is not None
        home.pass_time(life.maker.ends_at - life.lead - home.now + 2 * HOUR)
        _charge(life, more=more)
        home.pass_time(12 * DAY)


def charge_for_nothing(home: Home, life: Life) -> None:
    """Take money in the middle of a term, of which nothing comes."""
    _charge(life, -1)
    home.pass_time(20 * DAY)


def turn_trial_paid(home: Home, life: Life) -> None:
    """Go on as a paid plan when a trial ends, by itself."""
    _stop_terms(life)
    life.set(service=Service.EXPIRED, flag=False)
    home.pass_time(30 * DAY)
    life.renews = True
    life.start(trial=True)
    home.pass_time(20 * DAY)


def rearm(home: Home, life: Life) -> None:
    """Switch renewal on again, days after it was off."""
    _cancel(life)
    home.pass_time(3 * DAY)
    life.set(flag=True)
    home.pass_time(DAY)


def rearm_after_silence(home: Home, life: Life) -> None:
    """Switch it on again, after the maker said nothing for a while."""
    _cancel(life)
    life.set(flag=None)
    home.pass_time(3 * DAY)
    life.set(flag=True)
    home.pass_time(DAY)


def rearm_as_a_term_is_noted(home: Home, life: Life) -> None:
    """Switch it on again on the day on which its owner notes how long a term is."""
    life.set(term=None)
    _cancel(life)
    home.pass_time(3 * DAY)
    life.set(flag=True, term=life.term)
    home.pass_time(DAY)


def lose_camera(home: Home, life: Life) -> None:
    """Take a camera out of the account while its plan is set to renew."""
    life.set(present=False)
    home.pass_time(20 * DAY)


def fall_silent(home: Home, life: Life) -> None:
    """Let a camera be silent for four days of a term that goes on."""
    assert life.maker.ends_at is not None
    life.set(online=False)
    home.pass_time(4 * DAY)
    life.set(online=True)
    home.pass_time(DAY)


def fall_silent_for_good(home: Home, life: Life) -> None:
    """Let it be silent and stay so: the clock alone shows that."""
    life.set(online=False)
    for _ in range(3):
        home.pass_time(1.5 * DAY)


def record_nothing(home: Home, life: Life) -> None:
    """List no recording of a whole month."""
    life.set(kept=30)
    home.pass_time(DAY)
    home.pass_time(31 * DAY)
    facts: dict[str, Json] = {
        "from": (home.now - 30 * DAY).isoformat(),
        "to": home.now.isoformat(),
        "count": 0,
    }
    home.write(home.entry(Kind.RECORDINGS, facts, life, source="maker"))
    home.pass_time(DAY)


def lapse(home: Home, life: Life) -> None:
    """End although it was to renew."""
    _stop_terms(life)
    assert life.maker.ends_at is not None
    home.pass_time(life.maker.ends_at - home.now)
    life.set(service=Service.EXPIRED)
    home.pass_time(4 * DAY)


FAULTS: Final[dict[Callable[[Home, Life], None], FindingKind]] = {
    renew_after_cancelling: FindingKind.RENEWED_AFTER_CANCELLING,
    renew_twice: FindingKind.TWO_RENEWALS,
    renew_by_two: FindingKind.TWO_RENEWALS,
    charge_twice: FindingKind.TWO_CHARGES,
    charge_more: FindingKind.AMOUNT_CHANGED,
    charge_more_than_before: FindingKind.AMOUNT_CHANGED,
    charge_for_nothing: FindingKind.CHARGE_WITHOUT_RENEWAL,
    turn_trial_paid: FindingKind.TRIAL_TURNED_PAID,
    rearm: FindingKind.RENEWAL_REARMED,
    rearm_as_a_term_is_noted: FindingKind.RENEWAL_REARMED,
    rearm_after_silence: FindingKind.RENEWAL_REARMED,
    lose_camera: FindingKind.PLAN_WITHOUT_CAMERA,
    fall_silent: FindingKind.CAMERA_SILENT,
    fall_silent_for_good: FindingKind.CAMERA_SILENT,
    record_nothing: FindingKind.MONTH_WITHOUT_RECORDINGS,
    lapse: FindingKind.PLAN_LAPSED,
}


@pytest.mark.parametrize(
    ("go_wrong", "kind"), FAULTS.items(), ids=lambda one: getattr(one, "__name__", str(one))
)
def test_one_fault_is_one_finding(
    go_wrong: Callable[[Home, Life], None], kind: FindingKind
) -> None:
    for seed in SEEDS:
        home, life = quiet_home(seed)
        assert [*found_in(home)] == []
        before = len(home.rows)
        go_wrong(home, life)
        (finding,) = found_in(home)
        assert (seed, finding.kind, finding.camera) == (seed, kind, life.about.camera)
        rows = {row.seq: row for row in home.rows}
        assert {rows[seq].camera for seq in finding.rows} == {life.about.camera}
        assert max(finding.rows) > before
        assert finding.key.startswith(f"{kind}:")
        assert finding.at <= home.now


@pytest.mark.parametrize("go_wrong", FAULTS, ids=lambda one: one.__name__)
def test_what_was_found_is_not_found_again_after_a_restart_at_any_row(
    go_wrong: Callable[[Home, Life], None],
) -> None:
    home, life = quiet_home(3)
    go_wrong(home, life)
    (finding,) = found_in(home)
    facts: dict[str, Json] = {
        "key": finding.key,
        "finding": str(finding.kind),
        "rows": [*finding.rows],
    }
    entry = home.entry(Kind.FINDING, facts, life, at=finding.at)
    (row,) = rows_of((entry,), after=home.rows[-1].anchor)
    batches = home.batches
    for stopped in range(len(batches)):
        again = Detectors()
        for batch in batches[:stopped]:
            for one in batch.rows:
                again.heed(one)
        early = [*again.due(batches[stopped].read_at)]
        assert [one.key for one in early] in ([], [finding.key])
        again.heed(row)
        for batch in batches[stopped:]:
            for one in batch.rows:
                again.heed(one)
            assert [*again.due(batch.read_at)] == []


# --- What looks wrong and is not ---


def turn_on_and_lose_the_rows(home: Home, life: Life) -> None:
    """Turn renewal on again here; the rows of that are lost with an older ledger."""
    _cancel(life)
    life.set(flag=None)
    home.pass_time(2 * DAY)
    before = len(home.batches)
    life.step(Wish.ON, "opened")
    life.step(Wish.ON, "done")
    life.renews = True
    home.poll()
    home.put_back(before, with_store=False)
    home.pass_time(40 * DAY)


def turn_on_and_lose_the_flag(home: Home, life: Life) -> None:
    """Turn it on again at a maker that says so; the rows of that are lost."""
    _cancel(life)
    home.pass_time(2 * DAY)
    before = len(home.batches)
    life.step(Wish.ON, "opened")
    life.step(Wish.ON, "done")
    life.renews = True
    life.set(flag=True)
    home.poll()
    home.put_back(before, with_store=False)
    home.pass_time(40 * DAY)


def unplug_and_remove(home: Home, life: Life) -> None:
    """Unplug a camera whose renewal is off, and remove it the next day."""
    _cancel(life)
    life.set(online=False)
    home.pass_time(DAY)
    life.set(present=False)
    home.pass_time(9 * DAY)


def list_what_is_kept_no_longer(home: Home, life: Life) -> None:
    """List a month of a plan that keeps recordings for a week."""
    facts: dict[str, Json] = {
        "from": (home.now - 40 * DAY).isoformat(),
        "to": home.now.isoformat(),
        "count": 0,
    }
    home.write(home.entry(Kind.RECORDINGS, facts, life, source="maker"))
    home.pass_time(DAY)


def tell_one_charge_thrice(home: Home, life: Life) -> None:
    """Note a charge by hand, by the seller's list and by the bank's."""
    assert life.maker.ends_at is not None
    home.pass_time(life.maker.ends_at - life.lead - home.now + 2 * HOUR)
    _charge(life)
    _charge(life, order="…1234")
    on = home.now.date() + 2 * DAY
    home.pass_time(4 * DAY)
    life.add(Added(kind=Kind.BANK_LINE, on=on, money=life.money))
    home.pass_time(12 * DAY)


def take_back_what_was_too_much(home: Home, life: Life) -> None:
    """Pay back the second of two charges."""
    assert life.maker.ends_at is not None
    home.pass_time(life.maker.ends_at - life.lead - home.now + 2 * HOUR)
    _charge(life, order="…1234")
    _charge(life, order="…1235")
    on = life.today(home.now)
    life.add(Added(kind=Kind.REFUND_RECEIVED, on=on, money=life.money))
    home.pass_time(12 * DAY)


def shut_off_at_the_end(home: Home, life: Life) -> None:
    """Switch renewal off in the app before the end; the flag follows after it."""
    _stop_terms(life)
    assert life.maker.ends_at is not None
    home.pass_time(life.maker.ends_at - home.now)
    life.set(service=Service.EXPIRED)
    home.pass_time(8 * HOUR)
    life.set(flag=False)
    home.pass_time(4 * DAY)


def come_back_while_nobody_looks(home: Home, life: Life) -> None:
    """Let a payment be late by two days, of which nobody sees the second."""
    _stop_terms(life)
    assert life.maker.ends_at is not None
    home.pass_time(life.maker.ends_at - home.now)
    life.set(service=Service.EXPIRED)
    home.pass_time(12 * HOUR)
    home.go_away(10 * DAY)
    life.set(service=Service.ACTIVE)
    _next_end(life)
    home.pass_time(12 * DAY)


def be_silent_while_nobody_looks(home: Home, life: Life) -> None:
    """Let a camera be silent before and after days in which nobody looks."""
    life.set(online=False)
    home.pass_time(12 * HOUR)
    home.go_away(5 * DAY)
    home.pass_time(6 * DAY)
    life.set(online=True)
    home.pass_time(DAY)


def turn_on_at_a_slow_maker(home: Home, life: Life) -> None:
    """Turn renewal on again here; the flag follows two days later."""
    _cancel(life)
    home.pass_time(2 * DAY)
    life.step(Wish.ON, "opened")
    life.step(Wish.ON, "done")
    home.pass_time(2 * DAY)
    life.set(flag=True)
    home.pass_time(DAY)


def learn_what_it_is_called(home: Home, life: Life) -> None:
    """Not say for a while how long a term is; nothing else changes."""
    for term in (None, life.term):
        life.set(term=term, flag=not term)
        home.pass_time(3 * DAY)


CLEAN: Final[tuple[Callable[[Home, Life], None], ...]] = (
    turn_on_and_lose_the_rows,
    turn_on_and_lose_the_flag,
    unplug_and_remove,
    list_what_is_kept_no_longer,
    tell_one_charge_thrice,
    take_back_what_was_too_much,
    shut_off_at_the_end,
    come_back_while_nobody_looks,
    be_silent_while_nobody_looks,
    turn_on_at_a_slow_maker,
    learn_what_it_is_called,
)


@pytest.mark.parametrize("happen", CLEAN, ids=lambda one: one.__name__)
def test_what_looks_wrong_and_is_not_shows_nothing(happen: Callable[[Home, Life], None]) -> None:
    for seed in SEEDS:
        home, life = quiet_home(seed)
        happen(home, life)
        assert [(seed, one) for one in found_in(home)] == []


def test_a_seller_with_a_day_of_its_own_renews_once_a_term() -> None:
    for seed in SEEDS:
        home, _ = quiet_home(seed, lead=20 * DAY)
        home.pass_time(100 * DAY)
        assert [(seed, one) for one in found_in(home)] == []


def test_two_orders_and_one_note_of_them_are_two_charges() -> None:
    home, life = quiet_home(2)
    charge_twice(home, life)
    (before,) = found_in(home)
    _charge(life, -12)
    home.pass_time(2 * DAY)
    assert [one.kind for one in found_in(home)] == [before.kind]


def far_off(far: str) -> dict[str, Json]:
    """Return facts of every kind of row that leave no room to reckon with."""
    facts: dict[str, Json] = dict.fromkeys(
        ("from", "to", "old_end", "new_end", "ends_at", "starts_at", "price_from"), far
    )
    plan: dict[str, Json] = {
        "service": "active",
        "renewal": True,
        "regular_price": SIX,
        "retention_days": 10**12,
        "term": {"count": 10**15, "unit": "month"},
        "changes": {"ends_at": {"new": far}, "service": {"old": "active", "new": "expired"}},
    }
    others: dict[str, Json] = {
        "on": far[:10],
        "money": SIX,
        "count": 0,
        "step": "disproved",
        "wish": "off",
    }
    return facts | plan | others


def test_rows_that_say_odd_things_show_nothing() -> None:
    home, life = quiet_home(1)
    odd: list[Row] = []
    oddities: tuple[dict[str, Json], ...] = (
        {},
        {"changes": 7, "from": "x", "new_end": None, "old_end": 3, "on": []},
        *(far_off(far) for far in ("9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00")),
    )
    for kind in Kind:
        for facts in oddities:
            for about in (None, life):
                entry = home.entry(kind, {**facts, "key": kind.value}, about)
                odd += rows_of((entry,), after=home.rows[-1].anchor)
    detectors = Detectors()
    for one in (*odd, *home.rows, *odd):
        detectors.heed(one)
    assert [*detectors.due(home.now + 40 * DAY)] == []
    # Nor do they keep what others show from being looked for, whenever they are of.
    fall_silent(home, home.lives[0])
    for one in odd:
        detectors = Detectors()
        for at in (one.at, datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
            detectors.heed(replace(one, at=at))
        for row in home.rows:
            detectors.heed(row)
        assert "camera_silent" in {each.kind for each in detectors.due(home.now + 40 * DAY)}


def test_a_poll_that_shows_nothing_costs_little_after_five_years() -> None:
    home, _ = quiet_home(5)
    home.pass_time(timedelta(days=5 * 365))
    detectors = Detectors()
    for number in range(20):
        for row in home.rows:
            detectors.heed(replace(row, camera=f"{number:012x}") if row.camera else row)
    started = process_time()
    assert [*detectors.due(home.now)] == []
    first = process_time() - started
    started = process_time()
    for _ in range(100):
        assert [*detectors.due(home.now)] == []
    assert (process_time() - started) / 100 < first / 20
