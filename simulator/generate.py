"""Generated worlds of any size, for load: the same seed gives the same world."""

from collections.abc import Sequence
import random
import re
from typing import Final

from simulator.errors import WorldError
from simulator.moments import DAY_MS, SECOND_MS, spell_duration

type Json = dict[str, object]

_CAMERAS_PER_HOME: Final = 50
_OFFLINE_SHARE: Final = 0.05
_YEARLY_SHARE: Final = 0.2
_MODELS: Final = (
    "chuangmi.camera.029a02",
    "chuangmi.camera.039c01",
    "chuangmi.camera.046c04",
    "isa.camera.hlc6",
    "mijia.camera.v3",
)
_ROOMS: Final = (
    ("Door", "门口"),
    ("Hall", "走廊"),
    ("Kitchen", "厨房"),
    ("Garden", "花园"),
    ("Garage", "车库"),
    ("Stairs", "楼梯"),
    ("Store", "仓库"),
    ("Office", "办公室"),
)
_MONTHLY: Final = {"en": "7-day cloud storage, monthly", "zh": "7天云存储 包月"}
_YEARLY: Final = {"en": "30-day cloud storage, yearly", "zh": "30天云存储 包年"}
_RECORDINGS: Final = re.compile(r"(event|video):([1-9]\d{0,6}):(\w+)")
_RECORDED_MS: Final = 20 * DAY_MS
# In kbit/s, sound not counted.
_BIT_RATES: Final = {"event": 1150, "video": 450}
_STORE: Final = {"en": "Home Secure Plus, monthly", "zh": "Home Secure Plus 包月"}


def generate_world(
    cameras: int, *, regions: Sequence[str] = ("cn", "de"), seed: int = 0, past_terms: int = 1
) -> Json:
    """Return the content of a world file: one account with `cameras` cameras over `regions`.

    Cameras come in homes of up to fifty, in turn by region, with plans in every mixture: of ten
    cameras about six renew, one does not, one has expired and two never had a plan. Each plan
    was paid for up to `past_terms` terms before. Load it with `worldfile.build_world`.
    """
    # Reproducible variety is wanted here, not secrecy.
    dice = random.Random(seed)  # noqa: S311 - a world to test with, no secret
    homes: list[Json] = []
    entries: list[Json] = []
    for number in range(cameras):
        region = regions[number % len(regions)]
        home_id = f"{810 + number % len(regions)}{number // len(regions) // _CAMERAS_PER_HOME:06d}"
        if all(home["home_id"] != home_id for home in homes[-len(regions) :]):
            homes.append(_home(home_id, region, len(homes) + 1))
        entry = _camera(dice, number, region, home_id)
        if past_terms != 1 and isinstance(plan := entry.get("plan"), dict):
            plan["past_terms"] = dice.randint(0, past_terms)
        entries.append(entry)
    return {
        "names": {"en": f"{cameras} cameras", "zh": f"{cameras} 台摄像头"},
        "accounts": [
            {
                "key": "load",
                "user_id": "2900990099",
                "c_user_id": "sDf9GhJ2kLq4WeR7tYu1IoPz",
                "names": {"en": "Caretaker", "zh": "管理员"},
                "password": "granite-swallow-99",
                "region": regions[0],
                "homes": homes,
            }
        ],
        "cameras": entries,
    }


def generate_recordings(spelled: str) -> Json:
    """Return the content of a world file: one camera with recordings, all of one kind alike.

    `spelled` names kind, number and length of each, such as `event:200:12s,video:1:2h`. All
    recordings of a kind show the same picture, so that serving them costs next to nothing.

    Raises:
        WorldError: when it is not spelled so.

    """
    groups: list[Json] = []
    for number, part in enumerate(spelled.split(",")):
        found = _RECORDINGS.fullmatch(part)
        if found is None:
            raise WorldError("recordings", f"not such as event:200:12s,video:1:2h: {spelled!r}")
        every_ms = _RECORDED_MS // int(found[2])
        # Apart from each other by seconds, so that no two begin together.
        from_ms = _RECORDED_MS + DAY_MS - number * 7 * SECOND_MS
        groups.append(
            {
                "kind": found[1],
                "from": f"-{spell_duration(from_ms)}",
                "every": spell_duration(every_ms),
                "count": int(found[2]),
                "length": found[3],
                "stock": True,
                "bit_rate": _BIT_RATES[found[1]],
            }
        )
    world = generate_world(1, regions=("cn",))
    camera = _camera(random.Random(0), 0, "cn", "810000000")  # noqa: S311 - as above
    camera["plan"] = {
        "name": _YEARLY,
        "end": "+300d",
        "period": "12 months",
        "auto_renew": True,
        "channel": "mi_pay",
        "charged": "at end",
        "retention_days": 30,
        "price": "168.00 CNY",
    }
    camera["recordings"] = groups
    del camera["expect"]
    return world | {"cameras": [camera]}


def _home(home_id: str, region: str, number: int) -> Json:
    names = {"en": f"House {number}", "zh": f"{number} 号楼"}
    return {"home_id": home_id, "names": names, "region": region}


def _camera(dice: random.Random, number: int, region: str, home_id: str) -> Json:
    room_en, room_zh = _ROOMS[number % len(_ROOMS)]
    entry: Json = {
        "did": f"30{number:08d}",
        "names": {"en": f"{room_en} {number + 1}", "zh": f"{room_zh} {number + 1}"},
        "model": dice.choice(_MODELS),
        "mac": f"02:A0:{number >> 24 & 255:02X}:{number >> 16 & 255:02X}"
        f":{number >> 8 & 255:02X}:{number & 255:02X}",
        "firmware": f"4.3.{dice.randrange(9)}_0{dice.randrange(100, 999)}",
        "local_ip": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        "owner": "load",
        "home_id": home_id,
        "storage_used_mb": dice.randrange(100, 20000),
    }
    if dice.random() < _OFFLINE_SHARE:
        entry["offline_since"] = f"-{dice.randrange(1, 200)}h"
    state = dice.choices(("renewing", "ending", "expired", "none"), weights=(6, 1, 1, 2))[0]
    store = region != "cn"
    if state == "none":
        entry["expect"] = {"plan_status": "none", "auto_renewal": None}
        return entry
    yearly = not store and dice.random() < _YEARLY_SHARE
    hours = dice.randrange(2, 330 * 24 if yearly else 27 * 24)
    entry["plan"] = {
        "name": _STORE if store else _YEARLY if yearly else _MONTHLY,
        "end": f"-{hours % 600 + 1}h" if state == "expired" else f"+{hours}h30m",
        "period": "12 months" if yearly else "1 month",
        "auto_renew": state == "renewing",
        "channel": "google" if store else "mi_pay",
        "charged": "at end",
        "retention_days": 30 if store or yearly else 7,
        "price": "3.50 EUR" if store else "168.00 CNY" if yearly else "6.00 CNY",
        "past_terms": 1,
    }
    entry["expect"] = _expect(state, hours, store=store)
    return entry


def _expect(state: str, hours: int, *, store: bool) -> Json:
    if state == "expired":
        return {"plan_status": "expired_reachable", "auto_renewal": "unknown"}
    renewal = "unknown" if store else "on" if state == "renewing" else "off"
    status = {
        "unknown": "active_renewal_unknown",
        "on": "active_renewing",
        "off": "active_not_renewing",
    }[renewal]
    expect: Json = {
        "plan_status": status,
        "auto_renewal": renewal,
        "days_remaining": hours // 24 + 1,
    }
    return expect | ({} if renewal == "off" else {"charge": "renewal"})
