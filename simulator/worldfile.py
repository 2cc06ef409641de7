"""World files: reading and checking them.

A world file is JSON: `names`, `accounts`, `cameras`, `devices` (all that is no camera). Moments are
offsets from the time of loading (`+2d4h`, `-5d`), durations readable (`7h`), terms and prices too
(`1 month`, `6.00 CNY`). `worlds/README.md` lists the fields. What is wrong raises `WorldError`
and names its place.
"""

from collections.abc import Collection
import json
from pathlib import Path

from simulator import fields as read
from simulator.clock import Clock, VirtualClock
from simulator.errors import WorldError
from simulator.fields import Fields
from simulator.hosts import MAINLAND, REGIONS
from simulator.moments import (
    CHINA,
    DAY_MS,
    HOUR_MS,
    LONGEST_MONTH,
    SECOND_MS,
    SHORTEST_MONTH,
    days_in_month,
    moment,
    month_shifted,
    zone_of,
)
from simulator.names import Language
from simulator.plans import STORE_CHANNELS, Channel, FixedDay, HoursBefore, Order, Period, Plan
from simulator.recordings import (
    CODECS,
    CONTAINERS,
    FREE_TIER_KEEPS_MS,
    KINDS,
    MOST_IN_GROUP,
    SEGMENT_MS,
    RecordingGroup,
)
from simulator.world import (
    PERMIT_FAMILY,
    PERMIT_READ_ONLY,
    PERMIT_SHARED,
    Account,
    Camera,
    Device,
    Expect,
    ExpectRecordings,
    FreeTier,
    Home,
    Share,
    World,
)

PLAN_STATUSES = (
    "none",
    "free_tier",
    "trial",
    "active_renewing",
    "active_not_renewing",
    "active_renewal_unknown",
    "expired_reachable",
    "expired",
    "unknown",
)

CHARGE_KINDS = ("renewal", "trial_turns_paid", "price_changes")

_WORLDS = Path(__file__).parent / "worlds"


def shipped_worlds() -> tuple[str, ...]:
    """Return the names of the world files that come with the simulator."""
    return tuple(sorted(path.stem for path in _WORLDS.glob("*.json")))


def load_world(
    source: str | Path = "two_homes",
    *,
    clock: Clock | None = None,
    language: Language | None = None,
) -> World:
    """Load a world file, by path or by the name of a shipped one.

    Reads from disk: call it in a thread from an event loop that must not wait.

    Raises:
        WorldError: when there is no such file, or something in it is wrong.

    """
    path = _WORLDS / f"{source}.json" if str(source) in shipped_worlds() else Path(source)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise WorldError(str(path), "cannot be read") from err
    except ValueError as err:
        raise WorldError(str(path), f"is not JSON: {err}") from err
    return build_world(data, clock=clock, language=language)


def build_world(
    data: object, *, clock: Clock | None = None, language: Language | None = None
) -> World:
    """Build a world from the content of a world file.

    Raises:
        WorldError: when something in it is wrong.

    """
    clock = VirtualClock() if clock is None else clock
    top = Fields(data, "")
    names = top.read("names", read.names)
    top.read("about", read.text, "")
    accounts: list[Account] = []
    for account_fields in top.objects("accounts"):
        accounts.append(_account(account_fields, accounts))
    if not accounts:
        raise WorldError("accounts", "at least one is needed")
    world = World(names=names, accounts=accounts, clock=clock, language=language)
    for entry in top.objects("cameras"):
        _put_new(read_camera(entry, world), entry, world)
    for entry in top.objects("devices"):
        _put_new(_device(entry, world), entry, world)
    top.finish()
    return world


def read_camera(entry: Fields, world: World) -> Camera:
    """Read the entry of one camera into the world's terms, without putting it there.

    Raises:
        WorldError: when something in it is wrong.

    """
    now = world.now_ms()
    base = _base(entry, world)
    camera = Camera(
        did=base.did,
        names=base.names,
        model=base.model,
        mac=base.mac,
        firmware=base.firmware,
        local_ip=base.local_ip,
        region=base.region,
        home_id=base.home_id,
        owner=base.owner,
        shares=base.shares,
        online=base.online,
        offline_since_ms=base.offline_since_ms,
        cloud_support=entry.switch("cloud_support", default=True),
        upload_on=entry.switch("upload_on", default=True),
        storage_used_mb=entry.read("storage_used_mb", read.count, 0),
        wire_overrides=entry.read("wire_overrides", read.mapping, {}),
        settled_ms=now,
    )
    if "free_tier" in entry:
        camera.free_tier = _free_tier(_inner(entry, "free_tier"), now)
    if (plan_entry := entry.read("plan", read.nullable(read.mapping), None)) is not None:
        if not camera.cloud_support:
            raise WorldError(entry.at("plan"), "this camera has no cloud storage")
        plan_fields = Fields(plan_entry, entry.at("plan"))
        past_terms = plan_fields.read("past_terms", read.count, 0)
        camera.plan = _plan(plan_fields, camera.region, world)
        camera.orders = _past_orders(camera, camera.plan, past_terms, world.aged_ms)
    camera.orders += [_order(order, camera.did, now) for order in entry.objects("orders")]
    camera.orders.sort(key=lambda order: order.at_ms)
    keeps_ms = FREE_TIER_KEEPS_MS if camera.plan is None else camera.plan.retention_days * DAY_MS
    camera.recordings = [
        _recording_group(group, camera.region, keeps_ms, now)
        for group in entry.objects("recordings")
    ]
    if "expect" in entry:
        camera.expect = _expect(_inner(entry, "expect"))
    entry.finish()
    return camera


def _put_new(device: Device, entry: Fields, world: World) -> None:
    _refuse_twice(entry.at("did"), device.did, world.devices)
    world.put_device(device)


def _inner(entry: Fields, key: str) -> Fields:
    return Fields(entry.read(key, read.mapping), entry.at(key))


def _account(entry: Fields, before: list[Account]) -> Account:
    account = Account(
        key=entry.read("key", read.text),
        user_id=entry.read("user_id", read.text),
        c_user_id=entry.read("c_user_id", read.text),
        names=entry.read("names", read.names),
        password=entry.read("password", read.text),
        region=entry.read("region", read.one_of(*REGIONS)),
        signs_in=entry.switch("signs_in", default=True),
        homes=[],
    )
    for home in entry.objects("homes"):
        account.homes.append(
            Home(
                home_id=home.read("home_id", read.text),
                names=home.read("names", read.names),
                region=home.read("region", read.one_of(*REGIONS), account.region),
            )
        )
        home.finish()
    entry.finish()
    _refuse_twice(entry.at("key"), account.key, [other.key for other in before])
    _refuse_twice(entry.at("user_id"), account.user_id, [other.user_id for other in before])
    known_homes = [home.home_id for other in (*before, account) for home in other.homes]
    for home_id in {home.home_id for home in account.homes}:
        if known_homes.count(home_id) > 1:
            raise WorldError(entry.at("homes"), f"{home_id} is there twice")
    return account


def _refuse_twice(place: str, value: str, taken: Collection[str]) -> None:
    if value in taken:
        raise WorldError(place, f"{value} is there twice")


def _device(entry: Fields, world: World) -> Device:
    device = _base(entry, world)
    entry.finish()
    return device


def _base(entry: Fields, world: World) -> Device:
    did = entry.read("did", read.text)
    owner = _account_of(entry, "owner", world)
    home_id = entry.read("home_id", read.text)
    home = next((home for home in owner.homes if home.home_id == home_id), None)
    if home is None:
        raise WorldError(entry.at("home_id"), f"{owner.key} has no home {home_id}")
    offline_since = entry.read(
        "offline_since", read.nullable(read.moment_from(world.now_ms())), None
    )
    shares = []
    for share in entry.objects("shares"):
        member = _account_of(share, "with", world)
        permit = share.read("permit_level", read.whole)
        share.finish()
        if permit not in {PERMIT_SHARED, PERMIT_FAMILY, PERMIT_READ_ONLY}:
            raise WorldError(share.at("permit_level"), "4, 8 or 36 is needed here")
        if member is owner:
            raise WorldError(share.at("with"), "the owner needs no share")
        shares.append(Share(user_id=member.user_id, permit_level=permit))
    return Device(
        did=did,
        names=entry.read("names", read.names),
        model=entry.read("model", read.text),
        mac=entry.read("mac", read.text),
        firmware=entry.read("firmware", read.text),
        local_ip=entry.read("local_ip", read.text),
        region=home.region,
        home_id=home_id,
        owner=owner.user_id,
        shares=shares,
        online=entry.read("online", read.truth, offline_since is None),
        offline_since_ms=offline_since,
    )


def _account_of(entry: Fields, key: str, world: World) -> Account:
    wanted = entry.read(key, read.text)
    try:
        return world.account(wanted)
    except KeyError as err:
        raise WorldError(entry.at(key), f"there is no account {wanted}") from err


def _free_tier(entry: Fields, now_ms: int) -> FreeTier:
    tier = FreeTier(
        limited=entry.read("limited", read.truth),
        expires_ms=entry.read("expires", read.moment_from(now_ms), 0),
    )
    entry.finish()
    return tier


def _expect(entry: Fields) -> Expect:
    expect = Expect(
        plan_status=entry.read("plan_status", read.one_of(*PLAN_STATUSES)),
        auto_renewal=entry.read("auto_renewal", read.nullable(read.one_of("on", "off", "unknown"))),
        days_remaining=entry.read("days_remaining", read.nullable(read.count), None),
        charge=entry.read("charge", read.nullable(read.one_of(*CHARGE_KINDS)), None),
    )
    if "recordings" in entry:
        counts = _inner(entry, "recordings")
        expect.recordings = ExpectRecordings(
            listed=counts.read("listed", read.count),
            event_only=counts.read("event_only", read.count, 0),
        )
        counts.finish()
    entry.finish()
    return expect


def _recording_group(entry: Fields, region: str, keeps_ms: int, now_ms: int) -> RecordingGroup:
    """Read recordings that are alike."""
    kind = entry.read("kind", read.one_word(KINDS))
    length_ms = entry.read("length", read.duration)
    from_ms, every_ms, count = _times(entry, length_ms, now_ms)
    is_event = kind == "event"
    alarm = entry.switch("alarm", default=is_event)
    group = RecordingGroup(
        kind=kind,
        from_ms=from_ms,
        every_ms=every_ms,
        count=count,
        length_ms=length_ms,
        keep_ms=entry.read("keep", read.duration, keeps_ms),
        codec=entry.read("codec", read.one_word(CODECS), "h264"),
        container=entry.read("container", read.one_word(CONTAINERS), "ts"),
        sizes=entry.read("sizes", read.several(read.size), ((640, 360),)),
        event_types=entry.read(
            "event_types", read.several(read.text), ("ObjectMotion",) if is_event else ()
        ),
        events_per_file=entry.read("events_per_file", read.count, 1),
        footage=entry.switch("footage", default=True),
        alarm=alarm,
        # Outside the mainland either value was seen to be taken.
        needs_alarm=entry.read(
            "needs_alarm", read.nullable(read.truth), alarm if region == MAINLAND else None
        ),
        own_keys=entry.switch("own_keys", default=True),
        stock=entry.switch("stock", default=False),
        bit_rate=entry.read("bit_rate", read.count, 600 if is_event else 400),
    )
    entry.finish()
    if not 1 <= group.events_per_file <= length_ms // SECOND_MS:
        raise WorldError(entry.at("events_per_file"), "at least one, and a second for each")
    if not 1 <= len(group.sizes) <= -(-length_ms // SEGMENT_MS):
        raise WorldError(entry.at("sizes"), "at least one, and a segment for each")
    if is_event and not group.event_types:
        raise WorldError(entry.at("event_types"), "an event is of some kind")
    return group


def _times(entry: Fields, length_ms: int, now_ms: int) -> tuple[int, int, int]:
    """Read when recordings begin: from, how far apart and how many.

    Two of `until`, `every` and `count` give the third.
    """
    from_ms = entry.read("from", read.moment_from(now_ms))
    until_ms = entry.read("until", read.nullable(read.moment_from(now_ms)), None)
    every_ms = entry.read("every", read.nullable(read.duration), None)
    count = entry.read("count", read.nullable(read.count), None)
    match until_ms, every_ms, count:
        case None, int(), int():
            pass
        case int(), None, int() if count:
            every_ms = (until_ms - from_ms) // count // SECOND_MS * SECOND_MS
        case int(), int(), None if every_ms:
            count = -((from_ms - until_ms) // every_ms)
        case _:
            raise WorldError(entry.at("every"), "two of until, every and count are needed")
    if not SECOND_MS <= length_ms < every_ms:
        raise WorldError(entry.at("length"), "a recording ends before the next one begins")
    if not 0 <= count <= MOST_IN_GROUP:
        raise WorldError(entry.at("count"), "more than a group can have, or less than none")
    return from_ms, every_ms, count


def _plan(entry: Fields, region: str, world: World) -> Plan:
    moment_ms = read.moment_from(world.now_ms())
    end = entry.read("end", moment_ms)
    period = entry.read("period", read.period)
    last_day = moment(end + world.aged_ms, zone_of(region))
    anchor_day = entry.read("anchor_day", read.count, last_day.day)
    cut_short = (
        last_day.day == days_in_month(last_day) and last_day.day < anchor_day <= LONGEST_MONTH
    )
    if anchor_day != last_day.day and not cut_short:
        raise WorldError(entry.at("anchor_day"), "the plan does not end on this day of the month")
    whole_term = term_before(end, period, anchor_day, region, world.aged_ms)
    channel = entry.read("channel", read.channel)
    renews = entry.read("auto_renew", read.truth)
    amount, currency = entry.read("price", read.price)
    plan = Plan(
        name=entry.read("name", read.names),
        start_ms=entry.read("start", moment_ms, whole_term),
        end_ms=end,
        period=period,
        anchor_day=anchor_day,
        auto_renew=renews,
        shown_auto_renew=_shown(entry, channel, renews=renews),
        channel=channel,
        rule=entry.read("charged", read.charge_rule(moment(end + world.aged_ms, CHINA).day)),
        retention_days=entry.read("retention_days", read.count),
        amount_minor=amount,
        currency=currency,
        regular_minor=_regular_price(entry, currency),
        regular_from_ms=entry.read("regular_from", read.nullable(moment_ms), None),
        regular_told=entry.switch("regular_told", default=True),
        flag_delay_ms=entry.read("flag_delay", read.duration_or_never)
        if "flag_delay" in entry
        else 0,
        asks_password=entry.switch("asks_password", default=False),
        trial=entry.switch("trial", default=False),
        paid_name=entry.read("paid_name", read.nullable(read.names), None),
        reachable_days_after_end=entry.read("reachable_days_after_end", read.count, 30),
        payment_works=entry.switch("payment_works", default=True),
        flag_follows_ms=entry.read("flag_follows", read.nullable(moment_ms), None),
        flips_back_ms=entry.read("flips_back", read.nullable(moment_ms), None),
        next_term_ms=entry.read("next_term", read.nullable(moment_ms), None),
        failing_since_ms=entry.read("failing_since", read.nullable(moment_ms), None),
        failed_attempts=entry.read("failed_attempts", read.count, 0),
        switched_off_ms=entry.read("switched_off", read.nullable(moment_ms), None),
    )
    entry.finish()
    _check_plan(plan, entry)
    return plan


def _regular_price(entry: Fields, currency: str) -> int | None:
    regular = entry.read("regular_price", read.nullable(read.price), None)
    if regular is None:
        return None
    if regular[1] != currency:
        raise WorldError(entry.at("regular_price"), "is in another currency than the price")
    return regular[0]


def _shown(entry: Fields, channel: Channel, *, renews: bool) -> bool | None:
    if "shown_auto_renew" in entry:
        return entry.read("shown_auto_renew", read.nullable(read.truth))
    return renews and channel not in STORE_CHANNELS


def _check_plan(plan: Plan, entry: Fields) -> None:
    if plan.start_ms >= plan.end_ms:
        raise WorldError(entry.at("start"), "a plan begins before it ends")
    if plan.store_billed and plan.shown_auto_renew:
        raise WorldError(
            entry.at("shown_auto_renew"), "the maker's flag never shows what a store bills"
        )
    shortest_ms = (plan.period.days or plan.period.months * SHORTEST_MONTH) * DAY_MS
    # Otherwise one charge would come before the term ahead of it has begun.
    if isinstance(plan.rule, HoursBefore) and plan.rule.hours * HOUR_MS >= shortest_ms:
        raise WorldError(entry.at("charged"), "a charge may not come earlier than its last term")
    if isinstance(plan.rule, FixedDay) and not plan.period.months:
        raise WorldError(entry.at("charged"), "a fixed day needs a period of months")
    if (plan.regular_minor is None) is not (plan.regular_from_ms is None):
        raise WorldError(entry.at("regular_from"), "comes with regular_price, and only with it")
    if plan.failing_since_ms is None and plan.failed_attempts:
        raise WorldError(entry.at("failed_attempts"), "says that failing_since is missing")


def term_before(end_ms: int, period: Period, anchor_day: int, region: str, aged_ms: int) -> int:
    """Return when the term that ends at `end_ms` began (epoch ms)."""
    if period.days:
        return end_ms - period.days * DAY_MS
    calendar_ms = end_ms + aged_ms
    return month_shifted(calendar_ms, -period.months, anchor_day, zone_of(region)) - aged_ms


def _past_orders(camera: Camera, plan: Plan, terms: int, aged_ms: int) -> list[Order]:
    """Make the orders of the running term and those before it, each paid as its term began."""
    orders: list[Order] = []
    begins, ends = plan.start_ms, plan.end_ms
    for number in range(terms, 0, -1):
        orders.append(
            Order(
                order_id=f"{camera.did}{number:04d}",
                did=camera.did,
                at_ms=begins,
                amount_minor=plan.price_at(begins),
                currency=plan.currency,
                channel=plan.channel,
                outcome="paid",
                covers_from_ms=begins,
                covers_to_ms=ends,
            )
        )
        ends = begins
        begins = term_before(ends, plan.period, plan.anchor_day, camera.region, aged_ms)
    return orders


def _order(entry: Fields, did: str, now_ms: int) -> Order:
    amount, currency = entry.read("price", read.price)
    order = Order(
        order_id=entry.read("order_id", read.text),
        did=did,
        at_ms=entry.read("at", read.moment_from(now_ms)),
        amount_minor=amount,
        currency=currency,
        channel=entry.read("channel", read.channel),
        outcome="paid"
        if entry.read("outcome", read.one_of("paid", "failed")) == "paid"
        else "failed",
        covers_from_ms=entry.read("covers_from", read.moment_from(now_ms)),
        covers_to_ms=entry.read("covers_to", read.moment_from(now_ms)),
        unwanted=entry.switch("unwanted", default=False),
    )
    entry.finish()
    return order
