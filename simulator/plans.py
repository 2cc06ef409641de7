"""What the simulated maker knows of a bought plan: its term, who bills it, and its orders.

These are plain values; `billing` runs them through time. All moments are epoch ms, UTC.
"""

from dataclasses import dataclass
from typing import Literal

from simulator.moments import DAY_MS
from simulator.names import Names

type Channel = Literal["mi_pay", "wechat", "alipay", "apple", "google"]
type Outcome = Literal["paid", "failed"]

CHANNELS: tuple[Channel, ...] = ("mi_pay", "wechat", "alipay", "apple", "google")
STORE_CHANNELS: frozenset[Channel] = frozenset({"apple", "google"})


@dataclass(frozen=True, slots=True)
class Period:
    """The length of one term: calendar months, or days; exactly one of them is not zero."""

    months: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class AtEnd:
    """The charge falls on the plan's end (the app's own text: "deducted on the expiry date")."""


@dataclass(frozen=True, slots=True)
class HoursBefore:
    """The charge falls some hours before the plan's end, as app stores and wallets do it."""

    hours: int


@dataclass(frozen=True, slots=True)
class FixedDay:
    """The charge falls on a day of the month within a window, China time, before the plan's end.

    Hearsay says the 5th, 00:00 to 02:00; one sample account is billed that way so that a client
    can show that it does not take the plan's end for the only rule.
    """

    day: int = 5
    from_hour: int = 0
    to_hour: int = 2


type ChargeRule = AtEnd | HoursBefore | FixedDay


@dataclass(slots=True, kw_only=True)
class Order:
    """One attempt to charge, as the maker's order list shows it."""

    order_id: str
    did: str
    at_ms: int
    amount_minor: int
    currency: str
    channel: Channel
    outcome: Outcome
    covers_from_ms: int
    covers_to_ms: int
    # The maker charged although renewal was off: the "charges anyway" misbehaviour.
    unwanted: bool = False

    def age(self, ms: int) -> None:
        """Move every moment `ms` into the past."""
        self.at_ms -= ms
        self.covers_from_ms -= ms
        self.covers_to_ms -= ms


@dataclass(slots=True, kw_only=True)
class Plan:
    """One bought plan of one camera.

    `auto_renew` is the truth at the party that takes the money; `shown_auto_renew` is what the
    maker's `isRenew` flag says. The flag follows the truth `flag_delay_ms` later where the maker
    bills (`None`: never), stays false for plans billed by an app store, and `None` means that the
    wire lacks it.
    """

    name: Names
    start_ms: int
    end_ms: int
    period: Period
    # Day of the month on which terms end (billing zone), kept through shorter months.
    anchor_day: int
    auto_renew: bool
    shown_auto_renew: bool | None
    channel: Channel
    rule: ChargeRule
    retention_days: int
    amount_minor: int
    currency: str
    # A promotion, or a new price: terms that begin at `regular_from_ms` or later cost
    # `regular_minor`. Told: the plan's page says so beforehand.
    regular_minor: int | None = None
    regular_from_ms: int | None = None
    regular_told: bool = True
    flag_delay_ms: int | None = 0
    # Whether the maker's page wants the password again before it changes renewal.
    asks_password: bool = False
    trial: bool = False
    # The plan's name once a trial has turned into a paid term.
    paid_name: Names | None = None
    reachable_days_after_end: int = 30
    payment_works: bool = True

    # Things under way. None: nothing of the kind is.
    # When the flag will follow the truth.
    flag_follows_ms: int | None = None
    # When the misbehaving maker will switch renewal on again.
    flips_back_ms: int | None = None
    # When a term that was paid ahead of the running one's end will begin.
    next_term_ms: int | None = None
    # When the first attempt for the coming term failed, and how many have failed since.
    failing_since_ms: int | None = None
    failed_attempts: int = 0
    # When renewal was last switched off by a person.
    switched_off_ms: int | None = None

    @property
    def store_billed(self) -> bool:
        """Whether an app store bills this plan, so that the maker's flag cannot say."""
        return self.channel in STORE_CHANNELS

    @property
    def reachable_until_ms(self) -> int:
        """Until when recordings can be opened, if nothing is paid any more (epoch ms)."""
        return self.end_ms + self.reachable_days_after_end * DAY_MS

    def price_at(self, begins_ms: int) -> int:
        """Return what a term costs that begins at a moment (epoch ms), in hundredths."""
        if self.regular_minor is None or self.regular_from_ms is None:
            return self.amount_minor
        return self.amount_minor if begins_ms < self.regular_from_ms else self.regular_minor

    def change_price(self, minor: int, *, told: bool) -> None:
        """Let terms that begin after the paid one cost `minor`; the paid one keeps its price."""
        self.amount_minor = self.price_at(self.next_term_ms or self.start_ms)
        self.regular_minor, self.regular_from_ms, self.regular_told = minor, self.end_ms, told

    @property
    def next_price_told(self) -> int:
        """What the plan's page says that the next term costs, in hundredths."""
        return self.price_at(self.end_ms if self.regular_told else self.start_ms)

    def running(self, at_ms: int) -> bool:
        """Return whether the plan is in force at `at_ms` (epoch ms)."""
        return at_ms < self.end_ms

    def age(self, ms: int) -> None:
        """Move every moment `ms` into the past."""
        self.start_ms -= ms
        self.end_ms -= ms
        for name in _OTHER_MOMENTS:
            at = getattr(self, name)
            if at is not None:
                setattr(self, name, at - ms)


_OTHER_MOMENTS = (
    "regular_from_ms",
    "flag_follows_ms",
    "flips_back_ms",
    "next_term_ms",
    "failing_since_ms",
    "switched_off_ms",
)
