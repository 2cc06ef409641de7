"""What the cloud says of a camera's plan.

Source: xiaomi_cloud_plan_api 1 and 7.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ...plan import Camera, FreeTier, PlanReading, Service, Witness, clock
from ..errors import CloudError, RateLimitedError, SignInNeededError
from ..provider import Detail
from ..values import (
    as_count,
    as_days,
    as_flag,
    as_int,
    as_moment,
    as_object,
    as_text,
    first_given,
)
from .client import XiaomiClient
from .endpoints import endpoints

type Wire = Mapping[str, object]


async def read_camera_plan(client: XiaomiClient, camera: Camera, detail: Detail) -> PlanReading:
    """Return a camera's plan, with the details asked for.

    A camera of which the cloud says that it cannot have a plan is not asked about: it
    never bought one, because it could not. A detail that cannot be read stays `None`.
    Raises `CloudError` where the plan itself cannot be read.
    """
    if camera.supports_plans is False:
        return PlanReading(read_at=clock.now(), service=Service.NEVER_BOUGHT)
    reading = read_plan(as_object(await _ask(client, "plan_status", camera)), clock.now())
    if Detail.STORAGE_USED in detail:
        used = as_count(await _detail(client, "capacity", camera, "capacity"))
        reading = replace(reading, storage_used_mb=used)
    if Detail.UPLOAD in detail:
        uploads = as_flag(await _detail(client, "upload_switch", camera, "uploads"))
        reading = replace(reading, uploads=uploads)
    if Detail.SECOND_WITNESS in detail:
        says = as_flag(await _detail(client, "deduct_orders", camera, "has_orders"))
        source = endpoints().fields["has_orders"][0]
        witness = Witness(source=source, says=says, seen_at=clock.now())
        reading = replace(reading, second_witness=witness)
    return reading


def read_plan(data: Wire, read_at: datetime) -> PlanReading:
    """Return what a plan object says, read at that moment (UTC). Never raises."""
    fields = endpoints().fields
    service = _service(data)
    name = as_text(first_given(data, fields["plan_name"]))
    closed = as_flag(first_given(data, fields["window_closed"]))
    return PlanReading(
        read_at=read_at,
        service=service,
        name=name,
        trial=_is_trial(name),
        starts_at=as_moment(first_given(data, fields["starts"])),
        ends_at=as_moment(first_given(data, fields["ends"])),
        renewal=_renewal(data, read_at),
        reachable=None if closed is None else not closed,
        retention_days=as_days(first_given(data, fields["retention"])),
        free_tier=None if service is Service.ACTIVE else _free_tier(data),
    )


def _service(data: Wire) -> Service:
    """Return whether a plan runs; the status code is read only where it is said not to."""
    fields, codes = endpoints().fields, endpoints().plan_status_codes
    active = as_flag(first_given(data, fields["active"]))
    if active is None:
        return Service.UNKNOWN
    if active:
        return Service.ACTIVE
    given = first_given(data, fields["status"])
    status = as_int(given)
    if status in codes.expired:
        return Service.EXPIRED
    if status in codes.unclear or (status is None and given is not None):
        return Service.UNKNOWN
    return Service.NEVER_BOUGHT


def _renewal(data: Wire, read_at: datetime) -> Witness | None:
    """Return the most trusted field that is there; one that is there and odd says nothing."""
    for name in endpoints().fields["renewal"]:
        if name in data:
            return Witness(source=name, says=as_flag(data[name]), seen_at=read_at)
    return None


def _free_tier(data: Wire) -> FreeTier | None:
    """Return what is kept without a plan; a sentinel in the date overrules the flag."""
    fields = endpoints().fields
    until = first_given(data, fields["free_until"])
    if as_int(until) in endpoints().no_free_tier:
        return FreeTier(clips=False)
    limited = as_flag(first_given(data, fields["free_limited"]))
    if limited is False:
        return FreeTier(clips=True)
    ends_at = as_moment(until)
    if limited and ends_at is not None:
        return FreeTier(clips=True, until=ends_at)
    return None


def _is_trial(name: str | None) -> bool:
    return name is not None and any(word in name.casefold() for word in endpoints().trial_words)


async def _ask(client: XiaomiClient, name: str, camera: Camera) -> object:
    country = endpoints().regions[camera.region].country
    return await client.call(name, camera.region, {"did": camera.camera_id, "region": country})


async def _detail(client: XiaomiClient, name: str, camera: Camera, field: str) -> object:
    """Return a field of a call of its own, `None` where it failed by itself."""
    try:
        content = as_object(await _ask(client, name, camera))
    except SignInNeededError, RateLimitedError:
        raise
    except CloudError:
        return None
    return first_given(content, endpoints().fields[field])
