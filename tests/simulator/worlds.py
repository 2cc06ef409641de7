"""Small worlds for tests: one account with one camera, at a moment of the test's choosing."""

from collections.abc import Mapping
from datetime import datetime

from simulator.clock import AgeingClock, Clock, VirtualClock
from simulator.moments import CHINA, epoch_ms
from simulator.world import Camera, World
from simulator.worldfile import build_world

DID = "1"


def china(text: str) -> int:
    """Return a China-time moment such as `2026-01-31 10:00` as epoch ms."""
    return epoch_ms(datetime.fromisoformat(text).replace(tzinfo=CHINA))


def stopped(at_ms: int, *, ageing: bool = False) -> Clock:
    """Return a clock that moves only when told to."""
    return AgeingClock(lambda: at_ms) if ageing else VirtualClock(lambda: at_ms)


def plan_entry(**changes: object) -> dict[str, object]:
    """Return a monthly plan that renews; `changes` replace or add fields."""
    return {
        "name": {"en": "Monthly", "zh": "包月"},
        "end": "+10d",
        "period": "1 month",
        "auto_renew": True,
        "channel": "mi_pay",
        "charged": "at end",
        "retention_days": 7,
        "price": "6.00 CNY",
    } | changes


def world_entry(
    plan: Mapping[str, object] | None, *, region: str = "cn", **camera: object
) -> dict[str, object]:
    """Return the content of a world file with one camera of one account."""
    entry: dict[str, object] = {
        "did": DID,
        "names": {"en": "Door", "zh": "门口"},
        "model": "chuangmi.camera.029a02",
        "mac": "02:00:00:00:00:01",
        "firmware": "1.0.0",
        "local_ip": "192.168.1.2",
        "owner": "me",
        "home_id": "9",
        "plan": plan,
    }
    return {
        "names": {"en": "One", "zh": "一"},
        "accounts": [
            {
                "key": "me",
                "user_id": "100",
                "c_user_id": "c100",
                "names": {"en": "Me", "zh": "我"},
                "password": "not-a-secret",
                "region": region,
                "homes": [{"home_id": "9", "names": {"en": "Home", "zh": "家"}}],
            }
        ],
        "cameras": [entry | camera],
    }


def one_camera(
    plan: Mapping[str, object] | None,
    *,
    at: str = "2026-01-10 12:00",
    ageing: bool = False,
    region: str = "cn",
) -> World:
    """Return a world with one camera, its clock stopped at a China-time moment."""
    clock = stopped(china(at), ageing=ageing)
    return build_world(world_entry(plan, region=region), clock=clock)


def camera_of(world: World) -> Camera:
    """Return that camera, as of now."""
    return world.camera(DID)
