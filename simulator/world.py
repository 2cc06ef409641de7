"""The simulated world: accounts, homes, devices, plans and the time in which they live.

Everything is mutable on purpose: tests, the control interface and the maker's pages edit it.
All moments are epoch ms, UTC. Read plans through `World` (`camera`, `cameras_seen_by`, `orders`),
which first runs the billing engine up to the present; nothing here needs a background task.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import override

from simulator import billing
from simulator.clock import Clock, VirtualClock
from simulator.names import Language, Names
from simulator.plans import (
    AtEnd,
    Channel,
    ChargeRule,
    FixedDay,
    HoursBefore,
    Order,
    Period,
    Plan,
)
from simulator.recordings import RecordingGroup

__all__ = [
    "DROP",
    "PERMIT_FAMILY",
    "PERMIT_OWNER",
    "PERMIT_READ_ONLY",
    "PERMIT_SHARED",
    "Account",
    "AtEnd",
    "Camera",
    "Channel",
    "ChargeRule",
    "Device",
    "Expect",
    "ExpectRecordings",
    "FixedDay",
    "FreeTier",
    "Home",
    "HoursBefore",
    "Language",
    "Misbehaviour",
    "Names",
    "Order",
    "Period",
    "Plan",
    "RecordingGroup",
    "Share",
    "World",
]

# A value in `Camera.wire_overrides` that leaves the key out of the answer.
DROP = "$drop"

# Values of `permitLevel` (a bit mask) seen in the app and in the maker's plug-in SDK.
PERMIT_SHARED = 4
PERMIT_FAMILY = 8
PERMIT_OWNER = 16
PERMIT_READ_ONLY = 36

# Paid terms from which the maker's page asks once more whether renewal shall really go off
# (users' reports: a pop-up after three renewals).
ASKS_TWICE_FROM = 3


@dataclass(slots=True, kw_only=True)
class Home:
    """One home of an account; it lives in one region."""

    home_id: str
    names: Names
    region: str


@dataclass(slots=True, kw_only=True)
class Account:
    """One account at the maker. `region` is its home region, such as `cn` or `de`."""

    key: str
    user_id: str
    c_user_id: str
    names: Names
    password: str
    region: str
    homes: list[Home]
    # False for an account that the demo leaves for a person to sign in by hand.
    signs_in: bool = True


@dataclass(slots=True, kw_only=True)
class Share:
    """A device lent to another account. `permit_level`: 4 shared, 36 read only, 8 family."""

    user_id: str
    permit_level: int


@dataclass(slots=True, kw_only=True)
class FreeTier:
    """Free alarm clips of a camera without a paid plan.

    `limited` false: seven days of clips without limit of time. True: until `expires_ms`, where
    -2 stands for events without video and -1 for models without the free tier.
    """

    limited: bool
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectRecordings:
    """How many recordings a camera has, and how many of them are events without footage."""

    listed: int
    event_only: int


@dataclass(slots=True, kw_only=True)
class Expect:
    """What Home Assistant must show of a camera right after this world was loaded.

    `plan_status` and `auto_renewal` (`on`, `off`, `unknown`) are the states of those entities;
    `None` for auto-renewal means that the camera has no such switch. `days_remaining` is left
    out where it hangs on the calendar. `charge`: what kind of charge comes next, left out where
    none is to be expected. `recordings`: how many files the maker's two lists hold
    together, and how many of those are events without footage.
    """

    plan_status: str
    auto_renewal: str | None
    days_remaining: int | None = None
    charge: str | None = None
    recordings: ExpectRecordings | None = None


@dataclass(slots=True, kw_only=True)
class Device:
    """Anything in a home: a camera, or a lamp that clients have to leave out."""

    did: str
    names: Names
    model: str
    mac: str
    firmware: str
    local_ip: str
    region: str
    home_id: str
    owner: str
    shares: list[Share] = field(default_factory=list)
    online: bool = True
    offline_since_ms: int | None = None

    def permit_level(self, user_id: str) -> int | None:
        """Return what `user_id` may do with this device; `None` when it does not see it."""
        if user_id == self.owner:
            return PERMIT_OWNER
        return next((share.permit_level for share in self.shares if share.user_id == user_id), None)

    def age(self, ms: int) -> None:
        """Move every stored moment `ms` into the past."""
        if self.offline_since_ms is not None:
            self.offline_since_ms -= ms


@dataclass(slots=True, kw_only=True)
class Camera(Device):
    """A camera and what the maker's cloud knows of it."""

    cloud_support: bool = True
    upload_on: bool = True
    storage_used_mb: int = 0
    plan: Plan | None = None
    free_tier: FreeTier = field(default_factory=lambda: FreeTier(limited=True, expires_ms=-2))
    # Fields of `vip/status` forced to a value, however odd; `DROP` leaves the key out.
    wire_overrides: dict[str, object] = field(default_factory=dict)
    expect: Expect | None = None
    orders: list[Order] = field(default_factory=list)
    recordings: list[RecordingGroup] = field(default_factory=list)
    # The billing engine has been run up to here.
    settled_ms: int = 0

    @property
    def paid_terms(self) -> int:
        """How many terms were paid so far."""
        return sum(order.outcome == "paid" for order in self.orders)

    @property
    def asks_twice(self) -> bool:
        """Whether the maker's page wants a further confirmation before renewal goes off."""
        return self.paid_terms >= ASKS_TWICE_FROM

    @override
    def age(self, ms: int) -> None:
        Device.age(self, ms)
        self.settled_ms -= ms
        # Zero and the negative markers are no moments.
        if self.free_tier.expires_ms > 0:
            self.free_tier.expires_ms -= ms
        if self.plan is not None:
            self.plan.age(ms)
        for order in self.orders:
            order.age(ms)
        for group in self.recordings:
            group.age(ms)


@dataclass(slots=True, kw_only=True)
class Misbehaviour:
    """What a maker does that it should not. `dids`: only these cameras; `None`: all."""

    # Renewal that a person switched off comes on again after this long.
    flips_back_after_ms: int | None = None
    # A plan that does not renew is charged all the same.
    charges_anyway: bool = False
    # The maker's flag stays as it is, whatever its owner switches.
    flag_stays: bool = False
    # The money for a term is taken twice.
    charges_twice: bool = False
    # Half as much again is taken as was said.
    charges_more: bool = False
    # No payment works, so that plans end which were to renew.
    payments_fail: bool = False
    dids: frozenset[str] | None = None

    def concerns(self, did: str) -> bool:
        """Return whether the camera `did` is meant."""
        return self.dids is None or did in self.dids


class World:
    """All that the simulated maker holds, and its time."""

    def __init__(
        self,
        *,
        names: Names,
        accounts: list[Account],
        clock: Clock | None = None,
        language: Language | None = None,
    ) -> None:
        """Begin a world without devices; `clock` is a virtual one unless given."""
        self.names = names
        self.clock: Clock = VirtualClock() if clock is None else clock
        # The one language of names on the wire; None: each request's own.
        self.language = language
        self.accounts: dict[str, Account] = {account.user_id: account for account in accounts}
        self.devices: dict[str, Device] = {}
        self.cameras: dict[str, Camera] = {}
        self.misbehaviour = Misbehaviour()
        # How far ageing has moved this world's moments into the past, in all (ms). Months are
        # counted in the world's own calendar: what a moment was before the world was aged.
        self.aged_ms = 0
        # How far time was made to pass, in all (ms), whichever clock did it.
        self.passed_ms = 0

    def now_ms(self) -> int:
        """Return the world's time (epoch ms)."""
        return self.clock.now_ms()

    def settle(self, did: str | None = None) -> None:
        """Run the billing engine up to now, for one camera or for all."""
        now = self.now_ms()
        for camera in self.cameras.values() if did is None else (self.cameras[did],):
            billing.run(camera, now, self.aged_ms, self.misbehaviour)

    def camera(self, did: str) -> Camera:
        """Return a camera as it is now.

        Raises:
            KeyError: when there is none of that `did`.

        """
        self.settle(did)
        return self.cameras[did]

    def become(self, other: World) -> None:
        """Take over all that another world holds; the clock and the language stay.

        Whoever holds this world sees the other from now on. Misbehaviour ends.
        """
        self.names = other.names
        self.accounts = other.accounts
        self.devices = other.devices
        self.cameras = other.cameras
        self.misbehaviour = Misbehaviour()
        self.aged_ms = 0
        self.passed_ms = 0

    def account(self, key: str) -> Account:
        """Return the account with a world file's key.

        Raises:
            KeyError: when there is none.

        """
        for account in self.accounts.values():
            if account.key == key:
                return account
        raise KeyError(key)

    def put_device(self, device: Device) -> None:
        """Add a device, or put it in the place of the one with its `did`."""
        self.devices[device.did] = device
        self.cameras.pop(device.did, None)
        if isinstance(device, Camera):
            self.cameras[device.did] = device

    def remove_device(self, did: str) -> None:
        """Take a device out of the world, as its owner does by unlinking it.

        Raises:
            KeyError: when there is none of that `did`.

        """
        del self.devices[did]
        self.cameras.pop(did, None)

    @property
    def orders(self) -> list[Order]:
        """Every order of every camera, oldest first, as of now."""
        self.settle()
        orders = [order for camera in self.cameras.values() for order in camera.orders]
        return sorted(orders, key=lambda order: (order.at_ms, order.order_id))

    def devices_seen_by(self, user_id: str, region: str) -> list[tuple[Device, int]]:
        """Return the devices of a region that an account sees, with its permit level on each."""
        return list(_seen(self.devices.values(), user_id, region))

    def cameras_seen_by(self, user_id: str, region: str) -> list[tuple[Camera, int]]:
        """Return the cameras of a region that an account sees, with its permit level on each."""
        seen = list(_seen(self.cameras.values(), user_id, region))
        for camera, _ in seen:
            self.settle(camera.did)
        return seen

    def homes_seen_by(self, user_id: str, region: str) -> list[tuple[Account, Home]]:
        """Return the homes of a region that an account sees, each with its owner.

        Its own homes, and those of others in which it is a member of the family.
        """
        lent = {
            device.home_id
            for device, permit in self.devices_seen_by(user_id, region)
            if permit == PERMIT_FAMILY
        }
        return [
            (account, home)
            for account in self.accounts.values()
            for home in account.homes
            if home.region == region and (account.user_id == user_id or home.home_id in lent)
        ]

    def advance(self, ms: int) -> None:
        """Let `ms` of time pass; plans renew and charge on the way.

        A virtual clock moves ahead. An ageing one stands: the world is run ahead and then every
        moment in it moved back by as much, which comes to the same seen from now.

        Raises:
            ValueError: when `ms` is negative; time does not run backwards here.

        """
        if ms < 0:
            reason = "time cannot be made to run backwards"
            raise ValueError(reason)
        target = self.now_ms() + ms
        for camera in self.cameras.values():
            billing.run(camera, target, self.aged_ms, self.misbehaviour)
        back = self.clock.advance(ms)
        self.passed_ms += ms
        self.aged_ms += back
        if back:
            for device in self.devices.values():
                device.age(back)

    def switch_renewal(self, did: str, *, on: bool) -> None:
        """Switch a plan's renewal as a person does at the party that takes the money.

        Raises:
            KeyError: when there is no such camera.
            ValueError: when the camera has no running plan.

        """
        camera = self.camera(did)
        now = self.now_ms()
        if camera.plan is None or not camera.plan.running(now):
            reason = "no running plan, so there is nothing to switch"
            raise ValueError(reason)
        billing.switch_renewal(camera.plan, now, on=on)
        if not on:
            self._plan_flip_back(camera)
        self.settle(did)

    def change_price(self, did: str, amount_minor: int, *, told: bool) -> None:
        """Change what a plan costs from its next term on (in hundredths).

        `told`: whether its page says so beforehand.

        Raises:
            KeyError: when there is no such camera.
            ValueError: when the camera has no running plan.

        """
        camera = self.camera(did)
        if camera.plan is None or not camera.plan.running(self.now_ms()):
            reason = "no running plan, so there is no price to change"
            raise ValueError(reason)
        camera.plan.change_price(amount_minor, told=told)

    def misbehave(self, misbehaviour: Misbehaviour) -> None:
        """Make the maker misbehave from now on; `Misbehaviour()` puts it right again.

        Renewal that a person switched off before counts: it flips back as well.
        """
        self.settle()
        self.misbehaviour = misbehaviour
        for camera in self.cameras.values():
            if camera.plan is not None:
                camera.plan.flips_back_ms = None
                if camera.plan.switched_off_ms is not None:
                    self._plan_flip_back(camera)
        self.settle()

    def _plan_flip_back(self, camera: Camera) -> None:
        after = self.misbehaviour.flips_back_after_ms
        if camera.plan is None or after is None or not self.misbehaviour.concerns(camera.did):
            return
        camera.plan.flips_back_ms = self.now_ms() + after


def _seen[D: Device](devices: Iterable[D], user_id: str, region: str) -> Iterator[tuple[D, int]]:
    for device in devices:
        permit = device.permit_level(user_id)
        if device.region == region and permit is not None:
            yield device, permit
