"""Homes whose makers behave: histories made from a seed, their rows written as the desk does.

A home's cameras live through what happens to real plans: terms, payments that are late, cancelling,
trials, outages, an owner's bookkeeping. Each reading goes through the desk's own `Known.news`, so
that the rows have the form that they have in a ledger. Nothing in it is wrong.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
import heapq
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from custom_components.camera_cloud_plan.ledger import Anchor, Entry, Json, Kind, Row, rows_of
from custom_components.camera_cloud_plan.ledger.table import Added, not_there_yet
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
    billing_zone,
)
from custom_components.camera_cloud_plan.proof.known import About, Known, Step, moment
from custom_components.camera_cloud_plan.snapshot import CameraPlan

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
POLL: Final = timedelta(hours=6)
_MISSED: Final = POLL * 1.5
_ZONES: Final = ("Asia/Shanghai", "Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe")
_TERMS: Final = (
    *(Term.months(1) for _ in range(5)),
    *(Term.months(12), Term.months(12), Term.months(3)),
    *(Term.days(7), Term.days(30), Term.days(31)),
)
_LEADS: Final = (0, 0, 0, 1, 24, 48, 72)
# How an owner keeps books: what is noted of each charge.
_BOOKS: Final = (
    *((), (), ("hand",), ("hand",), ("bank",), ("list",), ("hand", "bank"), ("hand", "list")),
    *(("list", "bank"), ("hand", "list", "bank")),
)


@dataclass(slots=True)
class Maker:
    """What a maker says of one camera at a moment; all of it may change."""

    service: Service = Service.ACTIVE
    name: str = "7-day cloud storage"
    trial: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    flag: bool | None = True
    kept: int = 7
    term: Term | None = None
    price: Money | None = None
    price_from: datetime | None = None
    regular_price: Money | None = None
    online: bool | None = True
    uploads: bool | None = True
    typed: bool = False
    present: bool = True

    def plan(self, camera: Camera, channel: Channel, read_at: datetime) -> CameraPlan:
        """Return what a reading finds."""
        is_tariff = self.price or self.term
        tariff = Tariff(
            source=PriceSource.OWNER,
            price=self.price,
            term=self.term,
            regular_price=self.regular_price,
            price_from=self.price_from,
        )
        witness = None if self.typed else Witness(source="isRenew", says=self.flag, seen_at=read_at)
        reading = PlanReading(
            read_at=read_at,
            service=self.service,
            name=self.name,
            trial=self.trial,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            renewal=witness,
            retention_days=self.kept,
            uploads=self.uploads,
            tariff=tariff if is_tariff else None,
            typed=self.typed,
        )
        return CameraPlan(
            camera=replace(camera, online=self.online), channel=channel, reading=reading
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that were written at once, and when the account had been read last (UTC)."""

    read_at: datetime
    rows: tuple[Row, ...]


class Home:
    """One account of which rows are written; time passes by `run`."""

    def __init__(self, seed: int) -> None:
        """Begin with an empty ledger."""
        self.dice = Random(seed)  # noqa: S311 - homes to test with
        self.zone = self.dice.choice(_ZONES)
        self.begin = datetime(2023, 10, 1, tzinfo=UTC) + self.dice.randrange(900 * 24) * HOUR
        self.end = self.begin + self.dice.randrange(60, 500) * DAY
        self.now = self.read_at = self.begin
        self.known = Known()
        self.batches: list[Batch] = []
        self.lives: list[Life] = []
        self.told: Counter[str] = Counter()
        self._head: Anchor | None = None
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0
        self._away_until: datetime | None = None
        self._waiting: list[Entry] = []
        self._next_poll = self.begin

    @property
    def rows(self) -> list[Row]:
        """Every row."""
        return [row for batch in self.batches for row in batch.rows]

    # --- Time ---

    def at(self, when: datetime, happen: Callable[[], None], tag: str | None = None) -> None:
        """Let something happen at a moment, unless that is over."""
        if when < self.now:
            return
        self._count += 1

        def happens() -> None:
            happen()
            if tag:
                self.told[tag] += 1

        heapq.heappush(self._queue, (when, self._count, happens))

    def run(self) -> None:
        """Let all happen that is to happen; every reading that could show something is made."""
        self.write(self.entry(Kind.LEDGER_OPENED, {"account": "Home", "maker": "x", "why": "new"}))
        self.poll()
        self._live_until(self.end)
        self._poll_until(self.end + POLL)

    def pass_time(self, span: timedelta) -> None:
        """Let time pass with what happens in it, and read at its end."""
        end = self.now + span
        self._wait()
        self._live_until(end)
        self._poll_until(end)
        self.now = end
        self.poll()

    def _live_until(self, end: datetime) -> None:
        while self._queue and self._queue[0][0] <= end:
            when, _, happens = heapq.heappop(self._queue)
            self._poll_until(when)
            self.now = max(self.now, when)
            happens()
            self._flush()
            self._wait()

    def _wait(self) -> None:
        """Have it read at the next poll, which something may come before."""
        self._next_poll = self.now + POLL * self.dice.uniform(0.02, 1.1)

    def _poll_until(self, when: datetime) -> None:
        while self._next_poll <= when:
            self.now = max(self.now, self._next_poll)
            if self._away_until and self.now < self._away_until:
                self._next_poll = self._away_until
                continue
            self.poll()
            # Where nothing happens, a reading shows nothing; some are made all the same.
            self._next_poll = self.now + DAY * self.dice.uniform(3, 20)

    def poll(self) -> None:
        """Read the account, as the coordinator does."""
        if self._away_until:
            self._away_until = None
            facts = {"from": moment(self.read_at), "to": moment(self.now), "why": "not_running"}
            if self.now - self.read_at > _MISSED:
                self._waiting.append(self.entry(Kind.READING_GAP, facts))
        self.read_at = self.now
        for life in self.lives:
            life.read()
        self._flush()

    def go_away(self, span: timedelta) -> None:
        """Let nobody look for a while."""
        # The last reading is at most a poll ago.
        self.now += timedelta(minutes=1)
        if self._away_until is None:
            self.poll()
        self._away_until = max(self.now + span, self._away_until or self.now)
        self._next_poll = self._away_until

    @property
    def is_away(self) -> bool:
        """Whether nobody looks."""
        return self._away_until is not None

    # --- Rows ---

    def entry(
        self,
        kind: Kind,
        facts: Mapping[str, Json],
        life: Life | None = None,
        at: datetime | None = None,
        source: str = "home",
    ) -> Entry:
        """Return an entry as the desk makes it."""
        camera = life.about.camera if life else None
        return Entry(
            at=at or self.now,
            zone=self.zone,
            kind=kind,
            source=source,
            camera=camera,
            facts={name: fact for name, fact in facts.items() if fact is not None},
        )

    def write(self, *entries: Entry) -> None:
        """Write entries with the next reading's, or at once where nothing else is."""
        for entry in entries:
            self.known.heed(entry)
            self._waiting.append(entry)

    def _flush(self) -> None:
        if self._waiting:
            rows = (*rows_of(self._waiting, after=self._head, written_at=self.now),)
            self._waiting.clear()
            self._head = rows[-1].anchor
            self.batches.append(Batch(self.read_at, rows))
        elif not self.is_away:
            self.batches.append(Batch(self.read_at, ()))

    def restore(self, *, with_store: bool) -> None:
        """Put an older ledger in the place of this one, as a restored backup does."""
        self._flush()
        self.put_back(max(1, len(self.batches) - self.dice.randint(1, 12)), with_store=with_store)

    def put_back(self, count: int, *, with_store: bool) -> None:
        """Go on from the ledger as it was after so many batches, perhaps with its store."""
        kept = self.batches[:count]
        rows = [row for batch in kept for row in batch.rows]
        if not rows:
            return
        self.batches, self._head, self.known = kept, rows[-1].anchor, Known()
        for row in rows:
            self.known.heed(row)
        facts = {"account": "Home", "maker": "x", "why": "restored", "older": "ledger"}
        self.write(self.entry(Kind.LEDGER_OPENED, {**facts, "went_on_from": rows[-1].seq}))
        if with_store:
            gap = {"from": moment(kept[-1].read_at), "to": moment(self.now)}
            self.write(self.entry(Kind.READING_GAP, gap))
        self.poll()


class Life:
    """One camera's life, and what its owner does."""

    def __init__(self, home: Home, number: int) -> None:
        """Take the home; nothing happens yet."""
        self.home, dice = home, home.dice
        region = dice.choice(("cn", "de", "us", "sg"))
        self.camera = Camera(
            camera_id=f"10{number}",
            name=f"Camera {number}",
            maker="xiaomi",
            model="x",
            region=region,
            ownership=Ownership.OWNER,
        )
        self.about = About(camera=f"{number:012x}", zone=home.zone)
        self.channel = dice.choice(
            (Channel.MI_PAY, Channel.MI_PAY, Channel.ALIPAY, Channel.GOOGLE_PLAY)
        )
        self.is_store = self.channel is Channel.GOOGLE_PLAY
        self.maker = Maker()
        self.billing = billing_zone(region, ZoneInfo(home.zone))
        self.books = dice.choice(_BOOKS)
        self.lead = dice.choice(_LEADS) * HOUR
        self.flag_late = dice.choice((0, 0, 1, 8)) * HOUR
        # The truth at the party that takes the money.
        self.renews = True
        self.term = dice.choice(_TERMS)
        self.money = Money(amount=Decimal(dice.choice((6, 10, 3.5, 168))), currency="CNY")
        self.dearer: Money | None = None
        self.is_uneventful = False
        self.begins = home.begin
        self.terms = 1
        self.confirming: Wish | None = None
        self.life = 0
        self._unlisted: list[Added] = []
        self._orders = dice.randrange(1000, 9000)

    # --- What is read ---

    def read(self) -> None:
        """Write down what a reading shows anew."""
        home, maker = self.home, self.maker
        known = home.known.cameras.get(self.about.camera)
        if not maker.present:
            if known and known.facts and not known.has_left:
                facts = {name: known.facts.get(name) for name in ("plan", "ends_at")}
                home.write(home.entry(Kind.CAMERA_LEFT, facts, self, source="maker"))
            return
        if maker.service is Service.NEVER_BOUGHT or (maker.typed and known and known.facts):
            return
        self.write_news()
        if self.confirming is Wish.OFF and maker.service is Service.EXPIRED:
            self.step(Wish.OFF, "confirmed", proof="no_new_term")
            self.confirming = None
        elif self.confirming and not self.is_store and maker.flag is (self.confirming is Wish.ON):
            self.step(self.confirming, "confirmed", proof="read_from_maker")
            self.confirming = None

    def write_news(self) -> None:
        """Write down how the plan differs from how it was written."""
        plan = self.maker.plan(self.camera, self.channel, self.home.now)
        self.home.write(*self.home.known.news(plan, self.about))

    def step(self, wish: Wish, step: str, **facts: Json) -> None:
        """Write down a step of a case."""
        self.home.write(Step(wish=wish, step=step, at=self.home.now, facts=facts).entry(self.about))

    def set(self, **facts: Any) -> None:
        """Let the maker say something else from now on."""
        for name, fact in facts.items():
            setattr(self.maker, name, fact)

    # --- Terms ---

    def start(self, *, trial: bool = False, days_ago: float = 0.0) -> None:
        """Begin a plan, so many days ago."""
        self.life += 1
        self.dearer = None
        self.begins, self.terms = self.home.now - days_ago * DAY, 1
        end = self.begins + 14 * DAY if trial else self.term.after(self.begins, 1, self.billing)
        dice = self.home.dice
        self.set(
            service=Service.ACTIVE,
            name=("Trial " if trial else "") + f"{self.maker.kept}-day cloud storage",
            trial=trial,
            starts_at=self.begins,
            ends_at=end,
            flag=False if self.is_store else self.renews,
            term=self.term if dice.random() < 0.7 else None,
            price=self.money if dice.random() < 0.5 else None,
            price_from=None,
            regular_price=None,
        )
        if not trial and days_ago == 0:
            self.note(self.home.now, self.money)
        if trial:
            self.begins = end
            self.terms = 0
        self.in_term(self.home.now, end)
        self.home.at(end - (self.lead if not trial else timedelta()), self._due(end))

    def _due(self, end: datetime) -> Callable[[], None]:
        life = self.life

        def due() -> None:
            if life == self.life and self.maker.ends_at is not None:
                self._end_of_term(end)

        return due

    def _end_of_term(self, end: datetime) -> None:
        home = self.home
        if not self.renews:
            home.at(max(end, home.now), self._expire_if(self.life))
            return
        if self._is_late():
            # The payment is late by less than a day.
            self.set(service=Service.EXPIRED)
            home.at(home.now + home.dice.randint(1, 20) * HOUR, self._pay_late(self.life))
            home.told["payment_late"] += 1
            return
        self._pay(end)

    def _is_late(self) -> bool:
        may_be = self.lead == timedelta() and not self.maker.trial and not self.is_uneventful
        return may_be and self.home.dice.random() < 0.07

    def _pay_late(self, life: int) -> Callable[[], None]:
        def pay() -> None:
            if self.life == life:
                self.begins, self.terms = self.home.now, 0
                self.set(service=Service.ACTIVE)
                self._pay(self.home.now)

        return pay

    def _pay(self, begins: datetime) -> None:
        home, maker = self.home, self.maker
        self.terms += 1
        new_end = self.term.after(self.begins, self.terms, self.billing)
        if maker.price_from and maker.regular_price and begins >= maker.price_from:
            self.money = maker.regular_price
        if self.dearer:
            self.money, self.dearer = self.dearer, None
        if maker.trial:
            home.told["trial_turned_on_by_owner"] += 1
        self.set(ends_at=new_end, trial=False, service=Service.ACTIVE)
        self.maker.name = self.maker.name.removeprefix("Trial ")
        self.note(home.now, self.money)
        home.told["renewed"] += 1
        home.told[f"term_{self.term.unit}_{self.term.count}"] += 1
        home.told[f"lead_{self.lead // HOUR}"] += 1
        if new_end.date() == date(2024, 2, 29):
            home.told["leap_day"] += 1
        if (
            new_end.astimezone(ZoneInfo(home.zone)).dst()
            != begins.astimezone(ZoneInfo(home.zone)).dst()
        ):
            home.told["daylight_saving"] += 1
        home.at(max(begins, home.now), partial(self.set, starts_at=begins))
        self.in_term(home.now, new_end)
        home.at(new_end - self.lead, self._due(new_end))

    def _expire_if(self, life: int) -> Callable[[], None]:
        def expire() -> None:
            if self.life != life:
                return
            home, was_trial = self.home, self.maker.trial
            self.set(service=Service.EXPIRED)
            home.told["trial_lapsed" if was_trial else "expired"] += 1
            if home.dice.random() < 0.4:
                self.set(flag=False)
            if home.dice.random() < 0.5:
                self.set(trial=False)
            if self.maker.present and home.dice.random() < 0.5:
                again = home.now + home.dice.randint(5, 90) * DAY
                home.at(again, partial(self._buy_again, life))

        return expire

    def _buy_again(self, life: int) -> None:
        if life != self.life or self.maker.service is Service.ACTIVE or not self.maker.present:
            return
        self.home.told["bought_again"] += 1
        self.confirming = None
        self.renews = True
        self.start()
        if self.flag_late and not self.is_store:
            self.set(flag=False)
            self.home.at(self.home.now + self.flag_late, partial(self.set, flag=True), "flag_late")

    # --- What happens within a term ---

    def in_term(self, begins: datetime, ends: datetime) -> None:
        """Let some of what may happen in a term happen."""
        if self.is_uneventful:
            return
        home, dice, length = self.home, self.home.dice, ends - begins
        happenings = (
            *((self._be_offline, 0.2), (self._say_nothing, 0.08), (self._shift_end, 0.06)),
            *((self._learn_price, 0.1), (self._announce_price, 0.05), (self._upgrade, 0.05)),
            *((self._stop_uploads, 0.06), (self._count, 0.3), (self._shorten, 0.03)),
            *((self._cancel, 0.12), (self._leave_home, 0.12), (self._import, 0.25)),
            *((self._open_and_withdraw, 0.05), (self._restore, 0.02), (self._own_gap, 0.04)),
            (self._shop_at_last_minute, 0.04),
        )
        life = self.life
        for happen, chance in happenings:
            if dice.random() < chance:
                when = begins + length * dice.uniform(0.15, 0.8)
                if happen == self._shop_at_last_minute:
                    when = ends - self.lead - 3 * HOUR
                home.at(when, self._while(life, happen))

    def _while(self, life: int, happen: Callable[[], None]) -> Callable[[], None]:
        def happens() -> None:
            if self.life == life and self.maker.service is Service.ACTIVE and self.maker.present:
                happen()

        return happens

    def _be_offline(self) -> None:
        home = self.home
        is_long = home.dice.random() < 0.4
        if is_long:
            # Longer than three days, of which nobody saw three.
            home.go_away(home.dice.randint(4, 20) * DAY)
            hours = home.dice.randint(73, 200)
        else:
            hours = home.dice.randint(1, 58)
        if self.maker.online:
            self.set(online=False)
            until = home.now + hours * HOUR
            if is_long and home._away_until is not None:
                until = min(until, home._away_until + 50 * HOUR)
            home.at(until, partial(self.set, online=True))
            if until > home.end:
                self.set(online=True)
            home.told["offline_unseen" if is_long else "offline"] += 1

    def _say_nothing(self) -> None:
        flag = self.maker.flag
        if flag is None or self.confirming:
            return
        self.set(flag=None)
        life = self.life

        def say_again() -> None:
            if self.maker.flag is None and self.life == life:
                self.set(flag=False if self.is_store else self.renews)

        self.home.at(self.home.now + self.home.dice.randint(1, 9) * DAY, say_again, "flag_unknown")

    def _shift_end(self) -> None:
        if self.maker.ends_at:
            minutes = self.home.dice.choice((-40, -1, 1, 5, 60, 239))
            self.set(ends_at=self.maker.ends_at + timedelta(minutes=minutes))
            self.home.told["end_shifted"] += 1

    def _learn_price(self) -> None:
        if self.dearer:
            return
        self.set(price=self.money, term=self.term)
        self.home.told["price_learned"] += 1

    def _announce_price(self) -> None:
        if self.maker.trial or self.maker.ends_at is None or self.dearer:
            return
        dearer = Money(amount=self.money.amount + 2, currency=self.money.currency)
        changes = self.home.now + self.home.dice.randint(1, 60) * DAY
        self.set(price=self.money, regular_price=dearer, price_from=changes)
        life = self.life

        def change() -> None:
            if self.life == life:
                self.set(price=dearer, regular_price=None, price_from=None)
                self.dearer = dearer

        self.home.at(changes, change)
        self.home.told["price_announced"] += 1

    def _upgrade(self) -> None:
        """Change to a dearer plan: a new term begins at once."""
        if self.maker.trial or not self.renews or self.maker.kept > 7:
            return
        self.maker.kept = 30
        self.money = Money(amount=self.money.amount * 2 + 1, currency=self.money.currency)
        self.start()
        self.home.told["upgraded"] += 1

    def _shorten(self) -> None:
        """Take money back for the rest of a term; the plan ends earlier."""
        if (
            self.maker.trial
            or not self.maker.ends_at
            or self.maker.ends_at - self.home.now < 4 * DAY
        ):
            return
        home, life = self.home, self.life
        self.renews = False
        self.set(ends_at=home.now + 2 * DAY, flag=False)
        refund = Added(kind=Kind.REFUND_RECEIVED, on=self.today(home.now), money=self.money)
        self.add(refund)
        home.at(home.now + 2 * DAY, self._expire_if(life), "shortened_by_refund")

    def _stop_uploads(self) -> None:
        self.set(uploads=False)
        until = self.home.now + self.home.dice.randint(1, 20) * DAY
        self.home.at(until, partial(self.set, uploads=True), "uploads")

    def _count(self) -> None:
        home, dice = self.home, self.home.dice
        days = dice.choice((1, 2, 7, 30, 40))
        count = dice.randint(1, 300) if days > 2 else dice.choice((0, 0, 5))
        facts = {
            "from": moment(home.now - days * DAY),
            "to": moment(home.now - HOUR),
            "count": count,
        }
        home.write(home.entry(Kind.RECORDINGS, facts, self, source="maker"))
        home.told["counted" if count else "counted_none"] += 1

    def _leave_home(self) -> None:
        span = self.home.dice.choice((10, 30, 80, 24 * 9, 24 * 45, 24 * 120)) * HOUR
        self.home.go_away(span)
        self.home.told["away_long" if span > 40 * DAY else "away"] += 1

    def _own_gap(self) -> None:
        since = self.home.read_at
        if self.home.is_away or self.home.now - since <= HOUR:
            return
        home = self.home
        home.poll()
        gap = {"from": moment(since), "to": moment(home.now), "why": "unreachable"}
        home.write(home.entry(Kind.READING_GAP, gap, self))
        home.told["own_gap"] += 1

    def _restore(self) -> None:
        if not self.home.is_away:
            self.home.restore(with_store=self.home.dice.random() < 0.5)
            self.home.told["restored"] += 1

    # --- Cancelling ---

    def _switch(self, *, on: bool) -> None:
        """Switch renewal where the money is taken; the maker's flag follows."""
        self.renews = on
        if self.is_store:
            return
        life = self.life

        def follow() -> None:
            if self.life == life and self.maker.flag is not None and self.renews is on:
                self.set(flag=on)

        if self.flag_late:
            self.home.at(self.home.now + self.flag_late, follow, "flag_late")
        else:
            follow()

    def _cancel(self) -> None:
        if not self.renews or self.maker.typed or self.confirming:
            return
        home, dice = self.home, self.home.dice
        if dice.random() < 0.25:
            # In the maker's app; nobody here knows but by the flag.
            home.told["cancelled_in_app"] += 1
            self._switch(on=False)
        else:
            self.step(Wish.OFF, "opened")
            self.step(Wish.OFF, "done")
            self.confirming = Wish.OFF
            self._switch(on=False)
            home.told["cancelled_unreadable" if self.is_store else "cancelled"] += 1
        ends, life = self.maker.ends_at, self.life
        if ends and dice.random() < 0.3:
            when = home.now + (ends - home.now) * dice.uniform(0.3, 0.7)
            home.at(when, self._while(life, self._turn_on))
        elif dice.random() < 0.3:
            home.at(home.now + 3 * DAY, self._while(life, self._remove))

    def _turn_on(self) -> None:
        """Turn renewal on again, through Home Assistant."""
        if self.renews or self.home.now >= (self.maker.ends_at or self.home.now) - self.lead:
            return
        if self.confirming is Wish.OFF:
            self.step(Wish.OFF, "withdrawn")
        self.step(Wish.ON, "opened")
        self.step(Wish.ON, "done")
        self.confirming = Wish.ON
        self._switch(on=True)
        self.home.told["turned_on"] += 1

    def _open_and_withdraw(self) -> None:
        if not self.renews or self.confirming:
            return
        self.step(Wish.OFF, "opened")
        self.confirming = Wish.OFF

        def withdraw() -> None:
            if self.confirming is Wish.OFF and self.renews:
                self.step(Wish.OFF, "withdrawn")
                self.confirming = None

        self.home.at(self.home.now + 5 * HOUR, withdraw, "withdrawn")

    def _shop_at_last_minute(self) -> None:
        """Switch renewal off in the app, hours before the end."""
        if self.renews and not self.maker.typed and self.lead == timedelta():
            self.flag_late = min(self.flag_late, 8 * HOUR)
            self._switch(on=False)
            self.home.told["cancelled_late"] += 1

    def _remove(self) -> None:
        if self.renews or (self.maker.flag and not self.is_store):
            return
        self.set(present=False)
        self.home.told["removed_after_cancelling"] += 1

    # --- Bookkeeping ---

    def today(self, when: datetime) -> date:
        """Return the day of a moment by the home's calendar."""
        return when.astimezone(ZoneInfo(self.home.zone)).date()

    def note(self, when: datetime, amount: Money) -> None:
        """Let the owner note a charge in the way that they keep books."""
        home, on = self.home, self.today(when)
        self._orders += home.dice.randint(1, 40)
        if "hand" in self.books and home.dice.random() < 0.95:
            self.add(Added(kind=Kind.CHARGE, on=on, money=amount, text="by hand"))
        if "bank" in self.books:
            booked = on + home.dice.randint(0, 3) * DAY
            line = Added(kind=Kind.BANK_LINE, on=booked, money=amount, text="XIAOMI")
            home.at(when + 4 * DAY, partial(self.add, line))
        if "list" in self.books:
            order = f"…{self._orders % 10000:04d}"
            self._unlisted.append(Added(kind=Kind.CHARGE, on=on, money=amount, order=order))

    def _import(self) -> None:
        """Read the maker's list in: all of it, as often as it is read."""
        there = not_there_yet([(self.about.camera, one) for one in self._unlisted], self.home.rows)
        for added, lacks in zip(self._unlisted, there, strict=True):
            if lacks:
                self.add(added)
                self.home.told["imported"] += 1
                if self.home.now.date() - added.on > 60 * DAY:
                    self.home.told["imported_late"] += 1

    def add(self, added: Added) -> None:
        """Write down what the owner adds, as the actions do."""
        begins = datetime.combine(added.on, time.min, ZoneInfo(self.home.zone)).astimezone(UTC)
        kind, source = added.kind, added.source
        self.home.write(self.home.entry(kind, added.facts, self, at=begins, source=source))
        self.home.told[f"added_{kind}"] += 1


def clean_home(seed: int) -> Home:
    """Return a home that has lived through some of what may happen, in which nothing is wrong."""
    home = Home(seed)
    dice = home.dice
    for number in range(dice.choice((1, 1, 2))):
        life = Life(home, number)
        home.lives.append(life)
        kind = dice.choices(("running", "new", "trial", "off", "typed"), (6, 2, 2, 1, 1))[0]
        home.told[f"kind_{kind}"] += 1
        _begin(life, kind)
    home.run()
    return home


def _begin(life: Life, kind: str) -> None:
    home, dice = life.home, life.home.dice
    if kind == "typed":
        life.start(days_ago=2)
        life.renews = False
        life.life += 1
        life.set(typed=True, flag=None, online=None, uploads=None)
        for number in range(1, 6):
            end = life.term.after(life.begins, number + 1, life.billing)
            home.at(home.now + number * 25 * DAY, partial(_retype, life, end), "typed_again")
    elif kind == "trial":
        life.renews = dice.random() < 0.4
        life.start(trial=True)
        if life.renews:
            # Its owner wants it to go on, and says so here.
            life.renews = False
            life.set(flag=False)
            home.at(home.now + 3 * DAY, life._while(life.life, life._turn_on))
    else:
        life.renews = kind != "off"
        days = life.term.after(home.now, 1, life.billing) - home.now
        life.start(days_ago=0 if kind == "new" else days / DAY * dice.uniform(0.05, 0.9))


def _retype(life: Life, end: datetime) -> None:
    life.set(ends_at=end)
    life.write_news()
