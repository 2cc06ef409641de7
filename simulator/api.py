"""The regional API hosts: homes and devices of an account.

Facts, each from two or more public clients:

* `gethome_merged` answers `homelist` with `id` (text), `uid` (number, the owner), `name`, `dids`
  and `roomlist`, the homes of others in which one is family among them; the older `gethome` lists
  those under `share_home_list`;
* `home_device_list` takes `home_owner`, `home_id`, `limit`, `start_did` and answers
  `device_info`, `has_more`, `max_did`; it is served with and without `/v2`;
* `home/device_list` and `v2/home/device_list_page` answer `list`; they leave out what belongs to a
  family's home, and a device that somebody shared carries an `owner` object;
* a device's fields, their spelling and types, `permitLevel` 16, 8, 4 and 36 among them.

Inferred: that the dids of a home stand in `dids` when it has no rooms; `has_more` with
`next_start_did` for `device_list_page`; the largest page; that pages go by ascending did; the
texts and codes of refusals; every value that a plan does not hang on, such as `rssi`.
"""

import hashlib

from simulator.answers import ExpiredShape, api_envelope
from simulator.cloud import Cloud
from simulator.signed import Call, CallRefusedError, Surface
from simulator.world import PERMIT_FAMILY, PERMIT_OWNER, Account, Device, Home

# The largest page served, and the one for a call that names none.
MAX_PAGE = 300


def homes_merged(call: Call) -> object:
    """Return every home that the account sees."""
    homes = call.cloud.world.homes_seen_by(call.user_id, call.region)
    return {
        "homelist": [_home(call, account, home) for account, home in homes],
        "has_more": False,
        "max_id": "",
    }


def homes(call: Call) -> object:
    """Return the account's own homes, and those of others apart."""
    own: list[object] = []
    lent: list[object] = []
    for account, home in call.cloud.world.homes_seen_by(call.user_id, call.region):
        mine = account.user_id == call.user_id
        (own if mine else lent).append(_home(call, account, home))
    return {"homelist": own, "share_home_list": lent, "has_more": False, "max_id": ""}


def home_devices(call: Call) -> object:
    """Return a page of the devices of one home."""
    home_id, owner = call.text("home_id"), call.text("home_owner")
    seen = call.cloud.world.homes_seen_by(call.user_id, call.region)
    if not any(home.home_id == home_id and account.user_id == owner for account, home in seen):
        reason = "no such home"
        raise CallRefusedError(reason)
    devices = [
        (device, permit)
        for device, permit in call.cloud.world.devices_seen_by(call.user_id, call.region)
        if device.home_id == home_id and permit in {PERMIT_OWNER, PERMIT_FAMILY}
    ]
    page, more = _page(call, devices)
    return {
        "device_info": [_device(call, device, permit) for device, permit in page],
        "has_more": more,
        "max_did": page[-1][0].did if page else "",
    }


def devices(call: Call) -> object:
    """Return the account's own devices and those shared with it one by one."""
    return {"list": [_device(call, device, permit) for device, permit in _not_family(call)]}


def device_page(call: Call) -> object:
    """Return a page of the account's own devices and those shared with it one by one."""
    page, more = _page(call, _not_family(call))
    return {
        "list": [_device(call, device, permit) for device, permit in page],
        "has_more": more,
        "next_start_did": page[-1][0].did if more else "",
    }


def _envelope(
    _cloud: Cloud, content: object, code: int = 0, text: str | None = None, /
) -> dict[str, object]:
    return api_envelope(content, code=code, message=text or "ok")


def _not_family(call: Call) -> list[tuple[Device, int]]:
    seen = call.cloud.world.devices_seen_by(call.user_id, call.region)
    return [(device, permit) for device, permit in seen if permit != PERMIT_FAMILY]


def _page(call: Call, devices: list[tuple[Device, int]]) -> tuple[list[tuple[Device, int]], bool]:
    """Return the devices after `start_did`, at most `limit`, and whether there are more."""
    limit = call.data.get("limit", MAX_PAGE)
    start = call.data.get("start_did", "")
    if not isinstance(limit, int) or limit < 1 or not isinstance(start, str):
        reason = "parameter limit or start_did is malformed"
        raise CallRefusedError(reason)
    rest = sorted(
        (entry for entry in devices if entry[0].did > start), key=lambda entry: entry[0].did
    )
    size = min(limit, MAX_PAGE)
    return rest[:size], len(rest) > size


def _home(call: Call, account: Account, home: Home) -> dict[str, object]:
    """Return one home as the wire shows it."""
    mine = account.user_id == call.user_id
    return {
        "id": home.home_id,
        "name": call.name(home.names),
        "bssid": "",
        "dids": [
            device.did
            for device, _ in call.cloud.world.devices_seen_by(call.user_id, call.region)
            if device.home_id == home.home_id
        ],
        "icon": "",
        "shareflag": int(not mine),
        "permit_level": PERMIT_OWNER if mine else PERMIT_FAMILY,
        "status": 0,
        "longitude": 0,
        "latitude": 0,
        "city_id": 0,
        "address": "",
        "create_time": 1_700_000_000,
        "roomlist": [],
        "uid": int(account.user_id),
    }


def _device(call: Call, device: Device, permit: int) -> dict[str, object]:
    """Return one device as the wire shows it."""
    mine = permit == PERMIT_OWNER
    fields: dict[str, object] = {
        "did": device.did,
        # The key of the device in its own network: a secret that clients must not pass on.
        "token": hashlib.sha256(f"device {device.did}".encode()).hexdigest()[:32],
        "longitude": "0.00000000",
        "latitude": "0.00000000",
        "name": call.name(device.names),
        "pid": "0",
        "localip": device.local_ip if device.online else "",
        "mac": device.mac,
        "ssid": "home",
        "bssid": "02:00:00:00:00:00",
        "parent_id": "",
        "parent_model": "",
        "show_mode": 1,
        "model": device.model,
        "adminFlag": int(mine),
        "shareFlag": int(not mine),
        "permitLevel": permit,
        "isOnline": device.online,
        "desc": "",
        "extra": {
            "isSetPincode": 0,
            "pincodeType": 0,
            "fw_version": device.firmware,
            "needVerifyCode": 0,
            "isPasswordEncrypt": 0,
        },
        "uid": int(device.owner),
        "pd_id": 0,
        "password": "",
        "p2p_id": "",
        "rssi": -50,
        "family_id": 0,
        "reset_flag": 0,
    }
    if not mine:
        owner = call.cloud.world.accounts.get(device.owner)
        nickname = "" if owner is None else call.name(owner.names)
        fields["owner"] = {"userid": int(device.owner), "nickname": nickname}
    return fields


SURFACE = Surface(
    method="POST",
    handlers={
        "/app/v2/homeroom/gethome_merged": homes_merged,
        "/app/v2/homeroom/gethome": homes,
        "/app/v2/home/home_device_list": home_devices,
        "/app/home/home_device_list": home_devices,
        "/app/home/device_list": devices,
        "/app/v2/home/device_list_page": device_page,
    },
    envelope=_envelope,
    expired=ExpiredShape.AUTH_ERROR_401,
    unknown_token=ExpiredShape.AUTH_ERROR_401,
    plain_calls=True,
    announced_only=False,
)
