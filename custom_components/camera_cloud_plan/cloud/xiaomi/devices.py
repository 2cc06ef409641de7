"""Which cameras an account sees.

Source: xiaomi_cloud_plan_api 4; the shapes of lists, pages and device records as several
public clients read them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
import json
from typing import Final

from ...plan import Camera, Ownership
from ..errors import CloudError, RateLimitedError, SignInNeededError, UnexpectedAnswerError
from ..values import (
    as_flag,
    as_id,
    as_int,
    as_list,
    as_mac,
    as_object,
    as_text,
    first_given,
)
from .client import XiaomiClient
from .endpoints import HostKind, endpoints

MAKER: Final = "Xiaomi"

_MISSING: Final = object()
# Records read between two chances for others to run.
_READ_AT_ONCE: Final = 50
# A GET carries its data in the address, enciphered: base64 and percent signs make it 1.4
# times as long, and servers commonly refuse a request line beyond 8 KB. So many bytes of
# pairs (some 90 cameras) stay well below.
_SUPPORT_QUERY_BYTES: Final = 4800

type Device = Mapping[str, object]


async def list_region(client: XiaomiClient, region: str, user_id: str) -> tuple[Camera, ...]:
    """Return the cameras of a region: those of every home, own or shared, and those shared alone.

    Models that only may be cameras are among them, with `supports_plans` still unknown;
    see `with_support`. Raises `CloudError` where any part of the list is missing.
    """
    cameras: dict[str, Camera] = {}
    count = 0
    async for device, home_owner in _devices(client, region, user_id):
        camera = read_camera(device, region=region, user_id=user_id, home_owner=home_owner)
        if camera is not None:
            cameras.setdefault(camera.camera_id, camera)
        count += 1
        if not count % _READ_AT_ONCE:
            await asyncio.sleep(0)
    return tuple(cameras.values())


async def with_support(
    client: XiaomiClient, region: str, cameras: tuple[Camera, ...]
) -> tuple[Camera, ...]:
    """Return the cameras with the cloud's answer to whether they can have a plan.

    Where it has none for a camera, `supports_plans` stays `None`, and what only may be a
    camera is left out. Raises what concerns the account or asks to wait; any other
    failure leaves the question open.
    """
    supported: dict[str, bool] = {}
    for pairs in _chunks(cameras):
        try:
            content = await client.call(
                "cloud_support",
                region,
                {
                    "region": endpoints().regions[region].country,
                    "modelPairs": {"modelPairs": pairs},
                },
            )
        except SignInNeededError, RateLimitedError:
            raise
        except CloudError:
            continue
        supported |= dict(_read_support(content))
    return tuple(
        replace(camera, supports_plans=supported.get(camera.camera_id))
        for camera in cameras
        if supported.get(camera.camera_id) or is_surely_camera(camera.model)
    )


def read_camera(
    device: Device, *, region: str, user_id: str, home_owner: str | None
) -> Camera | None:
    """Return a device record as a camera; `None` for what is none.

    Raises `UnexpectedAnswerError` for a record that cannot be read at all: left out, it
    would look like a camera that left.
    """
    camera_id, given_model = as_id(device.get("did")), device.get("model")
    if camera_id is None or not isinstance(given_model, str | None):
        raise _unreadable(region, "a device without an id or model")
    model = as_text(given_model)
    if model is None or not _may_be_camera(model):
        return None
    return Camera(
        camera_id=camera_id,
        name=as_text(device.get("name")) or model,
        maker=MAKER,
        model=model,
        region=region,
        ownership=_ownership(device, user_id, home_owner),
        mac=as_mac(device.get("mac")),
        firmware=as_text(_extra(device).get("fw_version")),
        online=as_flag(device.get("isOnline")),
    )


def is_surely_camera(model: str) -> bool:
    """Return whether a model is a camera whatever the cloud says about plans."""
    models = endpoints().camera_models
    return _matches(model, models.always) and not _matches(model, models.never)


def _may_be_camera(model: str) -> bool:
    models = endpoints().camera_models
    return _matches(model, (*models.always, *models.where_supported)) and not _matches(
        model, models.never
    )


def _matches(model: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(model.lower(), pattern) for pattern in patterns)


def _ownership(device: Device, user_id: str, home_owner: str | None) -> Ownership:
    """Return whose device it is: the owner's only where nothing speaks against it."""
    permissions = endpoints().permissions
    level = as_int(device.get("permitLevel"))
    owner = as_id(device.get("uid")) or home_owner
    if device.get("owner") or owner not in (None, user_id):
        return Ownership.SHARED
    if level is None:
        return Ownership.UNKNOWN if owner is None else Ownership.OWNER
    if level & permissions.owner:
        return Ownership.OWNER
    return Ownership.SHARED if level & permissions.others else Ownership.UNKNOWN


def _extra(device: Device) -> Device:
    """Return the record's extra part, an object or the JSON text of one."""
    extra = device.get("extra")
    if not isinstance(extra, str):
        return as_object(extra)
    try:
        return as_object(json.loads(extra))
    except ValueError, RecursionError:
        return {}


async def _devices(
    client: XiaomiClient, region: str, user_id: str
) -> AsyncIterator[tuple[Device, str | None]]:
    """Yield every device record with the owner of its home, where it is in one."""
    for home_id, home_owner in await _homes(client, region, user_id):
        data = {"home_id": home_id, "home_owner": as_int(home_owner)}
        async for device in _paged(
            client, "home_devices", region, data, listed="device_info", cursor="max_did"
        ):
            yield device, home_owner
    async for device in _paged(
        client, "all_devices", region, {}, listed="list", cursor="next_start_did"
    ):
        yield device, None


async def _homes(client: XiaomiClient, region: str, user_id: str) -> list[tuple[int, str]]:
    content = as_object(await client.call("homes", region, {}))
    homes: dict[int, str] = {}
    for listed in ("homelist", *({"share_home_list"} & content.keys())):
        for home in map(as_object, _list_of(content, listed, region)):
            home_id = as_int(home.get("id"))
            if home_id is None:
                raise _unreadable(region, "a home without an id")
            homes[home_id] = as_id(home.get("uid")) or user_id
    return list(homes.items())


async def _paged(
    client: XiaomiClient,
    name: str,
    region: str,
    data: Mapping[str, object],
    *,
    listed: str,
    cursor: str,
) -> AsyncIterator[Device]:
    start, seen = "", set[str]()
    while start not in seen:
        seen.add(start)
        page = as_object(await client.call(name, region, {**data, "start_did": start}))
        for device in _list_of(page, listed, region):
            yield as_object(device)
        start = as_id(page.get(cursor)) or ""
        # Some clients were seen to need this: more is announced, but not from where on.
        if not as_flag(page.get("has_more")) or not start:
            return
    raise _unreadable(region, "pages that go round")


def _list_of(content: Mapping[str, object], name: str, region: str) -> list[object]:
    """Return a list in an answer. It may be null, as for a region without devices.

    Where it is not there at all (several clients rely on it), nothing was listed.
    """
    listed = content.get(name, _MISSING)
    if listed is not None and not isinstance(listed, list):
        raise _unreadable(region, f"no list in {name}")
    return as_list(listed)


def _unreadable(region: str, what: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(endpoints().hosts_of(HostKind.API, region)[0], what)


def _chunks(cameras: Iterable[Camera]) -> Iterator[list[dict[str, str]]]:
    pairs: list[dict[str, str]] = []
    size = 0
    for camera in cameras:
        pair = {"model": camera.model, "did": camera.camera_id}
        length = len(json.dumps(pair, separators=(",", ":"))) + 1
        if pairs and size + length > _SUPPORT_QUERY_BYTES:
            yield pairs
            pairs, size = [], 0
        pairs.append(pair)
        size += length
    if pairs:
        yield pairs


def _read_support(content: object) -> Iterator[tuple[str, bool]]:
    fields = endpoints().fields
    for info in map(as_object, as_list(as_object(content).get("didSupportInfos"))):
        camera_id = as_id(first_given(info, fields["did"]))
        supported = as_flag(first_given(info, fields["supported"]))
        if camera_id is not None and supported is not None:
            yield camera_id, supported
