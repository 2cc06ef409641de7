"""The regional camera hosts: what the maker says of a camera's cloud plan.

Facts: paths, GET, parameters, the fields of `vip/status` with their types, the envelope, and that
`modelPairs` is nested twice. Nothing that buys, signs, deletes or switches is served, on purpose.

Inferred, for want of a captured answer:

* `status` while a plan is in force (0), and `closeWindow` of a camera that never had one (true);
* that a shared member can read `vip/status`;
* the code for a camera that the account does not see in this region;
* that `vip/status` and `common/app/vip/status` answer alike.

The fields `vipStatusEnum`, `vipVersion` and `vipBindStatus` are left out: their types are unknown.
A world file can put them in, like any odd value, through `wire_overrides`.
"""

from collections.abc import Iterator, Mapping

from simulator import playback
from simulator.answers import ExpiredShape
from simulator.signed import Call, CallRefusedError, Surface, camera_answer, camera_of, seen_camera
from simulator.world import DROP, Camera

_DAY_MS = 86_400_000

# Values of `status` while `vip` is false.
_NEVER_BOUGHT = 0
_EXPIRED = 1


def vip_status(call: Call) -> object:
    """Return the plan of one camera."""
    camera = camera_of(call)
    fields = plan_fields(camera, call)
    for key, value in camera.wire_overrides.items():
        if value == DROP:
            fields.pop(key, None)
        else:
            fields[key] = value
    return fields


def plan_fields(camera: Camera, call: Call) -> dict[str, object]:
    """Return the fields of `vip/status`, before any are forced to odd values."""
    now = call.cloud.world.now_ms()
    plan = camera.plan
    free_tier: dict[str, object] = {
        "freeHomSurStatus": camera.free_tier.limited,
        "freeHomeSurExpireTime": camera.free_tier.expires_ms,
    }
    if plan is None:
        return {
            "vip": False,
            "status": _NEVER_BOUGHT,
            "pacakgeType": "",
            "startTime": 0,
            "endTime": 0,
            "isRenew": False,
            "renewStatus": False,
            "rollingSaveInterval": 0,
            "closeWindow": True,
        } | free_tier
    running = plan.running(now)
    fields: dict[str, object] = {
        "vip": running,
        "status": _NEVER_BOUGHT if running else _EXPIRED,
        "pacakgeType": call.name(plan.name),
        "startTime": plan.start_ms,
        "endTime": plan.end_ms,
        "rollingSaveInterval": plan.retention_days * _DAY_MS,
        "closeWindow": now >= plan.reachable_until_ms,
    } | free_tier
    if plan.shown_auto_renew is not None:
        fields |= {"isRenew": plan.shown_auto_renew, "renewStatus": plan.shown_auto_renew}
    return fields


def cloud_support(call: Call) -> object:
    """Return, for each camera asked about, whether it can have a plan and has one."""
    now = call.cloud.world.now_ms()
    infos: list[dict[str, object]] = []
    for did in _asked(call.data):
        camera = seen_camera(call, did)
        if camera is not None:
            infos.append(
                {
                    "did": did,
                    "cloudSupport": camera.cloud_support,
                    "isVip": camera.plan is not None and camera.plan.running(now),
                }
            )
    return {"didSupportInfos": infos}


def deduct_orders(call: Call) -> object:
    """Return whether the maker itself holds a running debit contract for a camera."""
    plan = camera_of(call).plan
    now = call.cloud.world.now_ms()
    return {
        "hasDeductOrders": plan is not None
        and plan.auto_renew
        and not plan.store_billed
        and plan.running(now)
    }


def capacity(call: Call) -> object:
    """Return how much a camera's recordings take up in the cloud (MB)."""
    return {"capacity": camera_of(call).storage_used_mb}


def cloud_switch(call: Call) -> object:
    """Return whether a camera uploads to the cloud; this is not its renewal."""
    return {"status": camera_of(call).upload_on}


def _asked(data: Mapping[str, object]) -> Iterator[str]:
    """Yield the dids of `modelPairs: {modelPairs: [{model, did}, ...]}`."""
    outer = data.get("modelPairs")
    pairs = outer.get("modelPairs") if isinstance(outer, dict) else None
    if not isinstance(pairs, list):
        reason = "parameter modelPairs is missing"
        raise CallRefusedError(reason)
    for pair in pairs:
        match pair:
            case {"model": str(), "did": str(did)}:
                yield did
            case _:
                reason = "parameter modelPairs is malformed"
                raise CallRefusedError(reason)


SURFACE = Surface(
    method="GET",
    handlers={
        "/miot/camera/app/v1/vip/status": vip_status,
        "/common/app/vip/status": vip_status,
        "/miot/camera/app/v1/vip/cloud/support": cloud_support,
        "/miot/camera/app/v1/vip/deductOrders": deduct_orders,
        "/miot/camera/app/v1/capacity": capacity,
        "/miot/camera/app/v1/get/cloudSwitch": cloud_switch,
        playback.EVENT_LIST: playback.event_list,
        playback.CLOUD_LIST: playback.cloud_list,
        playback.PLAYLIST: playback.play,
    },
    envelope=camera_answer,
    expired=ExpiredShape.CODE_3_200,
    unknown_token=ExpiredShape.TOKEN_INVALID_401,
    plain_calls=False,
    announced_only=True,
)
