"""Readings for the tests of cases and watches: one plan, read at chosen moments."""

from datetime import UTC, datetime, timedelta

from custom_components.camera_cloud_plan.plan import (
    Camera,
    Channel,
    Ownership,
    PlanReading,
    PlanView,
    Service,
    Witness,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# The running term's end, unless a test says otherwise, and how long the next one runs.
ENDS = NOW + 10 * DAY
TERM = 30 * DAY

# Channels on which the maker can confirm that renewal is off, and the others.
MAKERS = (Channel.MI_PAY, Channel.WECHAT_PAY, Channel.ALIPAY)
STORES = tuple(channel for channel in Channel if channel not in MAKERS)


def camera(region: str = "cn", *, online: bool | None = True) -> Camera:
    return Camera(
        camera_id="1",
        name="Front door",
        maker="Xiaomi",
        model="isa.camera.x",
        region=region,
        ownership=Ownership.OWNER,
        online=online,
    )


def reading(
    at: datetime,
    flag: bool | None = True,
    *,
    second: bool | None = None,
    service: Service = Service.ACTIVE,
    ends: datetime | None = ENDS,
    uploads: bool | None = None,
) -> PlanReading:
    return PlanReading(
        read_at=at,
        service=service,
        ends_at=ends,
        renewal=Witness(source="isRenew", says=flag, seen_at=at),
        second_witness=None
        if second is None
        else Witness(source="hasDeductOrders", says=second, seen_at=at),
        uploads=uploads,
    )


def read(
    at: datetime,
    flag: bool | None = True,
    *,
    second: bool | None = None,
    service: Service = Service.ACTIVE,
    ends: datetime | None = ENDS,
    channel: Channel = Channel.MI_PAY,
) -> PlanView:
    """Return what is read at that moment, and judged by the channel's trust rule."""
    return PlanView(
        camera=camera(),
        reading=reading(at, flag, second=second, service=service, ends=ends),
        channel=channel,
    )
