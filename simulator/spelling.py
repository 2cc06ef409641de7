"""Writing worlds back in the terms of world files; moments as epoch ms.

What is written here `worldfile` reads again: an edit is an entry written, changed and read.
"""

from typing import assert_never

from simulator.moments import spell_duration
from simulator.names import Names
from simulator.plans import AtEnd, ChargeRule, FixedDay, HoursBefore, Order, Period, Plan
from simulator.recordings import RecordingGroup
from simulator.world import Camera, Device, World

type Entry = dict[str, object]


def spell_names(names: Names) -> Entry:
    """Return a name in each language."""
    spelled: Entry = {"en": names.en, "zh": names.zh}
    return spelled | ({"de": names.de} if names.de else {})


def spell_price(amount_minor: int, currency: str) -> str:
    """Return an amount in hundredths as `6.00 CNY`."""
    return f"{amount_minor // 100}.{amount_minor % 100:02d} {currency}"


def spell_period(period: Period) -> str:
    """Return a period as `1 month` or `30 days`."""
    number, unit = (period.days, "day") if period.days else (period.months, "month")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def spell_rule(rule: ChargeRule) -> str:
    """Return a charge rule as world files spell it."""
    match rule:
        case AtEnd():
            return "at end"
        case HoursBefore(hours):
            return f"{hours}h before end"
        case FixedDay(day, from_hour, to_hour):
            return f"day {day} {from_hour:02d}:00-{to_hour:02d}:00"
        case _:
            assert_never(rule)


def device_entry(device: Device, world: World) -> Entry:
    """Return the entry of a device in the world file's terms; a camera's with all it has."""
    entry: Entry = {
        "did": device.did,
        "names": spell_names(device.names),
        "model": device.model,
        "mac": device.mac,
        "firmware": device.firmware,
        "local_ip": device.local_ip,
        "owner": world.accounts[device.owner].key,
        "home_id": device.home_id,
        "shares": [
            {"with": world.accounts[share.user_id].key, "permit_level": share.permit_level}
            for share in device.shares
        ],
        "online": device.online,
        "offline_since": device.offline_since_ms,
    }
    if isinstance(device, Camera):
        entry |= _camera_part(device)
    return entry


def _camera_part(camera: Camera) -> Entry:
    entry: Entry = {
        "cloud_support": camera.cloud_support,
        "upload_on": camera.upload_on,
        "storage_used_mb": camera.storage_used_mb,
        "wire_overrides": dict(camera.wire_overrides),
        "free_tier": {
            "limited": camera.free_tier.limited,
            "expires": camera.free_tier.expires_ms,
        },
        "plan": None if camera.plan is None else plan_entry(camera.plan),
        "orders": [order_entry(order) for order in camera.orders],
        "recordings": [group_entry(group) for group in camera.recordings],
    }
    if camera.expect is not None:
        expect: Entry = {
            "plan_status": camera.expect.plan_status,
            "auto_renewal": camera.expect.auto_renewal,
            "days_remaining": camera.expect.days_remaining,
            "charge": camera.expect.charge,
        }
        if (counts := camera.expect.recordings) is not None:
            expect["recordings"] = {"listed": counts.listed, "event_only": counts.event_only}
        entry["expect"] = expect
    return entry


def group_entry(group: RecordingGroup) -> Entry:
    """Return recordings that are alike in the world file's terms."""
    return {
        "kind": group.kind,
        "from": group.from_ms,
        "every": spell_duration(group.every_ms),
        "count": group.count,
        "length": spell_duration(group.length_ms),
        "keep": spell_duration(group.keep_ms),
        "codec": group.codec,
        "container": group.container,
        "sizes": [f"{width}x{height}" for width, height in group.sizes],
        "event_types": list(group.event_types),
        "events_per_file": group.events_per_file,
        "footage": group.footage,
        "alarm": group.alarm,
        "needs_alarm": group.needs_alarm,
        "own_keys": group.own_keys,
        "stock": group.stock,
        "bit_rate": group.bit_rate,
    }


def plan_entry(plan: Plan) -> Entry:
    """Return a plan in the world file's terms."""
    return {
        "name": spell_names(plan.name),
        "paid_name": None if plan.paid_name is None else spell_names(plan.paid_name),
        "start": plan.start_ms,
        "end": plan.end_ms,
        "period": spell_period(plan.period),
        "anchor_day": plan.anchor_day,
        "auto_renew": plan.auto_renew,
        "shown_auto_renew": plan.shown_auto_renew,
        "channel": plan.channel,
        "charged": spell_rule(plan.rule),
        "retention_days": plan.retention_days,
        "price": spell_price(plan.amount_minor, plan.currency),
        "regular_price": None
        if plan.regular_minor is None
        else spell_price(plan.regular_minor, plan.currency),
        "regular_from": plan.regular_from_ms,
        "regular_told": plan.regular_told,
        "flag_delay": "never" if plan.flag_delay_ms is None else spell_duration(plan.flag_delay_ms),
        "asks_password": plan.asks_password,
        "trial": plan.trial,
        "reachable_days_after_end": plan.reachable_days_after_end,
        "payment_works": plan.payment_works,
        "flag_follows": plan.flag_follows_ms,
        "flips_back": plan.flips_back_ms,
        "next_term": plan.next_term_ms,
        "failing_since": plan.failing_since_ms,
        "failed_attempts": plan.failed_attempts,
        "switched_off": plan.switched_off_ms,
    }


def order_entry(order: Order) -> Entry:
    """Return an order in the world file's terms, without its camera."""
    return {
        "order_id": order.order_id,
        "at": order.at_ms,
        "price": spell_price(order.amount_minor, order.currency),
        "channel": order.channel,
        "outcome": order.outcome,
        "covers_from": order.covers_from_ms,
        "covers_to": order.covers_to_ms,
        "unwanted": order.unwanted,
    }
