"""Two years of plans of every kind: each stage is told once and in time, and sums are right.

Clocks change, months end, a leap day comes, and Home Assistant restarts whenever it likes.
What is to be told and what it will cost is worked out apart from the plan model, day by day
(`almanac`), and has to be the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
import heapq
from itertools import count, islice
from random import Random
from zoneinfo import ZoneInfo

import pytest

from custom_components.camera_cloud_plan.codec import decode, encode
from custom_components.camera_cloud_plan.plan import (
    Alert,
    AlertMemory,
    Camera,
    Channel,
    ChargeExpectation,
    Habits,
    Money,
    Ownership,
    PlanReading,
    PlanView,
    PriceSource,
    Service,
    Tariff,
    Term,
    Witness,
    charges_ahead,
    due,
    forecast,
    monthly_cost,
    next_moment,
    region_of,
)
from tests.plan.almanac import DAY, Diary, Plan, Window, local, moment, same_day_later

HOUR = timedelta(hours=1)
BEGINS = datetime(2027, 6, 1, tzinfo=UTC)
ENDS = datetime(2029, 7, 1, tzinfo=UTC)
CHINA = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where somebody lives and when they want to hear; `odd` are times clocks pass over."""

    zone: str
    country: str
    region: str
    digest: time
    night: tuple[time, time] | None
    odd: tuple[str, str]


# Digests in the hour that is missing in spring and twice in autumn, and at night; each home
# has a plan that ends in such an hour.
HOMES = (
    Home(
        zone="Asia/Shanghai",
        country="CN",
        region="cn",
        digest=time(9),
        night=(time(22), time(7)),
        odd=("2027-01-26 00:00", "2027-01-31 23:59:59"),
    ),
    Home(
        zone="Europe/Berlin",
        country="DE",
        region="de",
        digest=time(2, 30),
        night=None,
        odd=("2027-01-26 02:30", "2027-01-31 02:30"),
    ),
    Home(
        zone="America/Los_Angeles",
        country="US",
        region="us",
        digest=time(6),
        night=(time(23, 30), time(7, 15)),
        odd=("2027-01-12 02:30", "2027-01-07 01:30"),
    ),
    Home(
        zone="Australia/Lord_Howe",
        country="AU",
        region="*",
        digest=time(1, 45),
        night=(time(12), time(14)),
        odd=("2027-01-03 02:15", "2027-01-02 01:45"),
    ),
)


def plans_of(home: Home) -> list[Plan]:
    zone = ZoneInfo(home.zone)
    maker = "mi_pay" if home.region == "cn" else "google_play"
    here = partial(Plan, region=home.region, zone=zone)
    there = partial(Plan, region="cn", zone=CHINA, channel="mi_pay")
    read = partial(here, channel=maker)
    typed = partial(here, channel="seller", typed=True)
    apple = partial(here, channel="apple")
    unknown = partial(here, channel="outside_unknown", renews=None)
    family = partial(read, covers="family", start="2027-02-28 06:00", months=1, price="11.00")
    gap, fold = home.odd
    return [
        read(name="31st", start="2027-01-31 10:15", months=1, price="6.00"),
        read(name="30th", start="2027-01-30 23:59:59", months=1, price="3.50", says_term=False),
        apple(name="29th", start="2026-12-29 00:00", months=1, price="2.99", starts="first"),
        read(name="leap day", start="2024-02-29 12:00", months=12, price="33", starts="first"),
        typed(name="week", start="2027-05-28 18:00", days=7, price="1.10"),
        there(name="week there", start="2027-05-28 18:00", days=7),
        apple(name="trial", start="2027-12-31 08:00", trial_days=30, months=1, price="4.00"),
        read(
            name="short trial",
            start="2028-02-22 08:00",
            trial_days=7,
            months=1,
            price="4.00",
            says_term=False,
        ),
        read(
            name="promotion",
            start=gap,
            months=1,
            price="1.00",
            regular="12.00",
            price_from=date(2028, 3, 1),
        ),
        typed(
            name="promotion until nobody knows what",
            start=fold,
            months=1,
            price="0",
            price_from=date(2027, 10, 1),
        ),
        read(name="on the 5th", start="2027-01-20 15:00", months=1, price="7", billing_day=5),
        typed(name="on the last", start="2027-01-20 15:00", months=1, price="8", billing_day=31),
        typed(name="month's notice", start="2026-11-15 09:00", months=12, price="49.90", notice=30),
        read(name="half a year", start="2026-08-31 09:00", months=6, notice=14, starts="first"),
        unknown(name="who knows", start="2027-01-31 02:30", months=1, says_term=False),
        apple(
            name="who knows its term",
            start="2027-01-15 04:00",
            months=3,
            price="5.00",
            starts="none",
            says_term=False,
        ),
        there(name="not renewing", start="2027-04-30 20:00", days=30, renews=False, gap_days=20),
        there(name="quarter", start="2026-11-30 00:00", months=3, price="15", says_term=False),
        *(family(name=f"family {n}", renews=renews) for n, renews in enumerate((True, None, True))),
    ]


def decide_charges(plan: Plan, dice: Random) -> None:
    """Let the seller take each charge at some moment of its window; all are taken."""
    for index, window in enumerate(plan.windows):
        share = dice.choice((0.0, 1.0, dice.random()))
        plan.charged_at[index] = window.earliest + share * (window.latest - window.earliest)


def tariff_of(plan: Plan) -> Tariff | None:
    if plan.price is None and not plan.says_term:
        return None
    price, regular = (
        None if amount is None else Money(amount=Decimal(amount), currency=currency_of(plan))
        for amount in (plan.price, plan.regular)
    )
    term = Term.days(plan.days) if plan.days else Term.months(plan.months)
    rises = plan.price_from and datetime.combine(plan.price_from, time())
    return Tariff(
        source=PriceSource.OWNER,
        price=price,
        term=term if plan.says_term else None,
        regular_price=regular,
        price_from=moment(rises, plan.zone) if rises else None,
        billing_day=plan.billing_day,
        covers_all=plan.covers is not None,
        notice_days=plan.notice,
    )


def currency_of(plan: Plan) -> str:
    return "CNY" if plan.region == "cn" else "EUR"


def read(plan: Plan, at: datetime) -> PlanView:
    index = plan.running(at)
    renewal = Witness(source="isRenew", says=plan.renews, seen_at=at)
    if index is None:
        reading = PlanReading(read_at=at, service=Service.EXPIRED, typed=plan.typed)
    else:
        window = plan.windows[index]
        starts = {"first": plan.terms[0][0], "term": window.begins, "none": None}
        reading = PlanReading(
            read_at=at,
            service=Service.ACTIVE,
            name=plan.covers or plan.name,
            trial=bool(plan.trial_days) and not index,
            starts_at=starts[plan.starts],
            ends_at=window.ends,
            renewal=renewal,
            tariff=tariff_of(plan),
            typed=plan.typed,
        )
    camera = Camera(
        camera_id=plan.name,
        name=plan.name,
        maker="Xiaomi",
        model="isa.camera.x",
        region="typed" if plan.typed else "cn" if plan.region == "cn" else "de",
        ownership=Ownership.OWNER,
    )
    return PlanView(
        camera=camera,
        reading=reading,
        channel=Channel(plan.channel),
        zone=plan.zone,
    )


@dataclass
class Life:
    """One home's two years: what is read when, and what is told."""

    home: Home
    plans: Mapping[str, Plan]
    diary: Diary
    habits: Habits
    dice: Random
    downs: list[tuple[datetime, datetime]] = field(default_factory=list)
    views: dict[str, PlanView] = field(default_factory=dict)
    memories: dict[str, AlertMemory] = field(default_factory=lambda: defaultdict(AlertMemory))
    seen: dict[tuple[str, int], datetime] = field(default_factory=dict)
    told: dict[tuple[str, int], list[tuple[datetime, Alert]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    sums_checked: int = 0
    agenda: list[tuple[datetime, int, str, str]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=count)
    looks: dict[str, datetime] = field(default_factory=dict)
    restarted: set[str] = field(default_factory=set)

    def run(self) -> None:
        self.downs = list(self._downs())
        for name in self.plans:
            self._note(BEGINS + self.dice.random() * 12 * HOUR, "poll", name)
        for at in self._samples():
            self._note(at, "sums")
        down = 0
        while self.agenda and (event := heapq.heappop(self.agenda))[0] < ENDS:
            now, _, what, name = event
            while now >= self.downs[down][1]:
                down += 1
            if now < self.downs[down][0]:
                self._happens(now, what, name)
                continue
            # Nobody is there. What is due then happens once somebody is.
            self.restarted.update(self.views)
            self._note(self.downs[down][1], what, name)

    def _note(self, at: datetime, what: str, name: str = "") -> None:
        heapq.heappush(self.agenda, (at, next(self.order), what, name))

    def _happens(self, now: datetime, what: str, name: str) -> None:
        if what == "sums":
            self._check_sums(now)
            return
        if name in self.restarted:
            self._restart(name)
        if what == "poll":
            self._poll(now, name)
            self._note(now + self.dice.uniform(0.2, 40) * HOUR, "poll", name)
        self._look(now, name)
        ahead = next_moment(
            self.memories[name], self.views[name], self._region(name), self.habits, now
        )
        if ahead is not None and ahead != self.looks.get(name):
            assert ahead > now, name
            self.looks[name] = ahead
            self._note(ahead, "look", name)

    def _restart(self, name: str) -> None:
        """Leave of what is known only what was on disk."""
        self.restarted.discard(name)
        self.memories[name] = decode(AlertMemory, encode(self.memories[name]))
        view = self.views[name]
        reading = decode(PlanReading, encode(view.reading))
        self.views[name] = replace(view, reading=reading)

    def _downs(self) -> Iterator[tuple[datetime, datetime]]:
        """Yield when Home Assistant is down: for minutes or hours, often over a digest."""
        at = BEGINS + 3 * DAY
        while at < ENDS + 400 * DAY:
            lasts = self.dice.choice((0.05, 0.5, 3.0, 5.5)) * HOUR
            begins = at + self.dice.random() * 20 * HOUR
            if self.dice.random() < 0.5:
                digest = self.diary.digest_of(local(at, self.diary.zone).date() + DAY)
                begins = digest - self.dice.random() * lasts
            yield begins, begins + lasts
            at = begins + lasts + self.dice.uniform(2, 12) * DAY

    def _samples(self) -> Iterator[datetime]:
        at = BEGINS + DAY
        while at < ENDS:
            yield at
            at += self.dice.uniform(2, 20) * DAY

    def _region(self, name: str) -> str:
        return region_of(self.views[name].camera.region, self.home.country)

    def _poll(self, now: datetime, name: str) -> None:
        plan = self.plans[name]
        self.views[name] = read(plan, now)
        index = plan.running(now) if plan.renews is False else plan.due_next(now)
        if index is not None:
            self.seen.setdefault((name, index), now)

    def _look(self, now: datetime, name: str) -> None:
        plan, view = self.plans[name], self.views[name]
        memory = self.memories[name]
        self.memories[name], alert = due(memory, view, self._region(name), self.habits, now)
        if alert:
            index = next(n for n, term in enumerate(plan.terms) if term[1] == alert.ends_at)
            self.told[name, index].append((now, alert))

    # --- What has to be told ---

    def expected(self, name: str, index: int) -> dict[int, datetime]:
        """Return the stages of a cycle that have to be told, and when."""
        plan, seen = self.plans[name], self.seen[name, index]
        window, moments = plan.windows[index], dict[int, datetime]()
        for stage in plan.stages(index):
            digest = self.diary.digest_before(window.deadline - stage * DAY)
            at = self._somebody_hears(max(digest, seen), window)
            if at < min(window.earliest, ENDS):
                moments[stage] = at
        # Of those that come up at once the most urgent.
        return {
            stage: at
            for stage, at in moments.items()
            if not any(other < stage and moments[other] == at for other in moments)
        }

    def _somebody_hears(self, at: datetime, window: Window) -> datetime:
        while True:
            up = next((until for since, until in self.downs if since <= at < until), at)
            quiet_until = self.diary.morning(up)
            urgent = not window.ending and window.earliest <= quiet_until
            heard = up if urgent else quiet_until
            if heard == at:
                return at
            at = heard

    # --- What it costs ---

    def _check_sums(self, now: datetime) -> None:
        self.sums_checked += 1
        views = list(self.views.values())
        ahead = {name: self._ahead(name) for name in self.views}
        for name, view in self.views.items():
            assert [_as_told(charge) for charge in charges_ahead(view)] == [
                self._as_known(name, window) for window in islice(ahead[name], 3)
            ], (name, now)
        payers = list(self._payers(ahead))
        self._check_forecast(now, views, {name: ahead[name] for name in payers})
        self._check_monthly(now, views, payers)

    def _ahead(self, name: str) -> list[Window]:
        plan = self.plans[name]
        index = plan.due_next(self.views[name].reading.read_at)
        return [] if index is None else list(islice(plan.ahead(index), 30))

    def _as_known(self, name: str, window: Window) -> tuple[object, ...]:
        plan = self.plans[name]
        price = plan.price_at(window.ends)
        return (
            window.earliest,
            window.latest,
            window.ends,
            window.deadline,
            None if price is None else Decimal(price),
            window.kind,
            plan.renews is None,
        )

    def _payers(self, ahead: Mapping[str, list[Window]]) -> Iterator[str]:
        """Yield the plans that cost something; of one for several cameras the surest."""
        best: dict[str, tuple[bool, datetime, str]] = {}
        for name, windows in ahead.items():
            if windows:
                plan = self.plans[name]
                mine = (plan.renews is None, windows[0].earliest, name)
                key = plan.covers or name
                best[key] = min(best.get(key, mine), mine, key=lambda known: known[:2])
        yield from (name for *_, name in best.values())

    def _check_forecast(
        self, now: datetime, views: Iterable[PlanView], ahead: Mapping[str, list[Window]]
    ) -> None:
        borders = [same_day_later(now, months, self.diary.zone) for months in range(4)]
        sums: Counter[tuple[int, str, bool]] = Counter()
        unknown: Counter[int] = Counter()
        for name, windows in ahead.items():
            plan = self.plans[name]
            for window in windows:
                counts_at = max(window.earliest, now)
                if window.latest < now or counts_at >= borders[3]:
                    continue
                month = sum(border <= counts_at for border in borders) - 1
                price = plan.price_at(window.ends)
                if price is None:
                    unknown[month] += 1
                else:
                    cents = int(Fraction(price) * 100)
                    sums[month, currency_of(plan), plan.renews is None] += cents
        told = forecast(views, now, self.diary.zone)
        assert [month.begins for month in told.months] == borders[:3]
        assert [month.unknown for month in told.months] == [unknown[month] for month in range(3)]
        assert (
            Counter(
                {
                    (number, currency, possible): int(amount * 100)
                    for number, month in enumerate(told.months)
                    for possible, by_currency in ((False, month.sums), (True, month.possible))
                    for currency, amount in by_currency.items()
                }
            )
            == sums
        )
        assert told.total.unknown == unknown.total()
        assert sum(told.total.sums.values()) * 100 == sum(
            cents for (_, _, possible), cents in sums.items() if not possible
        )

    def _check_monthly(
        self, now: datetime, views: Iterable[PlanView], payers: Iterable[str]
    ) -> None:
        sums: dict[tuple[str, bool], Fraction] = defaultdict(Fraction)
        unknown = 0
        for name in payers:
            plan = self.plans[name]
            price = plan.price_at(now)
            index = plan.running(self.views[name].reading.read_at)
            if price is None or index is None or not plan.knows_term(index):
                unknown += 1
            else:
                sums[currency_of(plan), plan.renews is None] += Fraction(price) * plan.per_month
        told = monthly_cost(views, now)
        assert told.unknown == unknown
        for possible, by_currency in ((False, told.sums), (True, told.possible)):
            expected = {currency: sums[currency, p] for currency, p in sums if p is possible}
            assert by_currency.keys() == expected.keys()
            for currency, amount in by_currency.items():
                assert abs(Fraction(amount) - expected[currency]) < Fraction(1, 10**20)


def _as_told(charge: object) -> tuple[object, ...]:
    assert isinstance(charge, ChargeExpectation)
    return (
        charge.earliest,
        charge.latest,
        charge.term_ends_at,
        charge.deadline,
        charge.amount.amount if charge.amount else None,
        charge.kind.value,
        charge.possible,
    )


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.zone)
def test_two_years(home: Home) -> None:
    dice = Random(home.zone)  # noqa: S311 - chance, not secrets
    plans = plans_of(home)
    for plan in plans:
        decide_charges(plan, dice)
    zone = ZoneInfo(home.zone)
    since, until = home.night or (None, None)
    life = Life(
        home=home,
        plans={plan.name: plan for plan in plans},
        diary=Diary(zone=zone, digest=home.digest, night=home.night),
        habits=Habits(digest_at=home.digest, quiet_from=since, quiet_until=until, zone=zone),
        dice=dice,
    )
    life.run()
    assert life.told.keys() <= life.seen.keys()
    told_in_time = told_late = 0
    for name, index in life.seen:
        told, window = life.told[name, index], life.plans[name].windows[index]
        assert [(alert.stage_days, at) for at, alert in told] == list(
            life.expected(name, index).items()
        ), (name, index)
        for at, alert in told:
            assert at < window.earliest
            assert not life.diary.is_quiet(at) or life.diary.morning(at) >= window.earliest
            is_in_time = at == life.diary.digest_of(local(at, zone).date())
            told_in_time += is_in_time
            told_late += not is_in_time
            if alert.charge is None:
                assert window.ending
            else:
                assert alert.charge.kind.value == window.kind
                assert alert.charge.possible is (life.plans[name].renews is None)
    # No cycle went unseen, and there was something to see.
    for name, plan in life.plans.items():
        indices = [index for seen, index in life.seen if seen == name]
        assert indices == list(range(indices[0], indices[-1] + 1))
        assert plan.windows[indices[-1]].ends > ENDS - 21 * DAY
    assert told_in_time > 800
    assert 10 < told_late < told_in_time / 4
    assert life.sums_checked > 50
