"""A small world for the simulated maker: plans of mainland accounts that all end alike."""

from collections.abc import Mapping
from typing import Final

CHARGED_AHEAD_HOURS: Final = 72
HOURS_TO_EARLIEST: Final = 20
HOURS_TO_END: Final = HOURS_TO_EARLIEST + CHARGED_AHEAD_HOURS
WATCHED_AFTER_HOURS: Final = 72

# Accounts by key: their user id, and the id of their home.
_ACCOUNTS: Final = {"mei": ("2300910011", "330910011"), "jun": ("2300910022", "330910022")}


def did_of(name: str) -> str:
    """Return the maker's id of a camera; it hangs on the name alone."""
    return f"109{sum(number * ord(letter) for number, letter in enumerate(name, 1)):07}"


def small_world(**cameras: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Return a world file's content: by account, cameras by name and what their plans lack.

    `recordings` among that are the camera's, spelled as in a world file. A charge may come in 20 hours at the earliest, and by the maker's rule comes at the end.
    """
    return {
        "names": {"en": "Small world", "zh": "小世界"},
        "accounts": [_account(key) for key in cameras],
        "cameras": [
            _camera(name, key, plan)
            for key, plans in cameras.items()
            for name, plan in plans.items()
        ],
    }


def _account(key: str) -> dict[str, object]:
    user_id, home_id = _ACCOUNTS[key]
    return {
        "key": key,
        "user_id": user_id,
        "c_user_id": f"{key}-made-up",
        "names": {"en": key, "zh": key},
        "password": f"{key}-lantern",
        "region": "cn",
        "homes": [{"home_id": home_id, "names": {"en": "Home", "zh": "家"}}],
    }


def _camera(name: str, owner: str, plan: Mapping[str, object]) -> dict[str, object]:
    did = did_of(name)
    of_plan = {key: value for key, value in plan.items() if key != "recordings"}
    return {
        "did": did,
        "names": {"en": name, "zh": name},
        "model": "chuangmi.camera.046c04",
        "mac": ":".join(("02", *(did[at : at + 2] for at in range(0, 10, 2)))),
        "firmware": "5.1.9_0412",
        "local_ip": "192.168.31.41",
        "owner": owner,
        "home_id": _ACCOUNTS[owner][1],
        "plan": {
            "name": {"en": "7-day cloud storage, monthly", "zh": "7天云存储 包月"},
            "end": f"+{HOURS_TO_END}h",
            "period": "1 month",
            "auto_renew": True,
            "channel": "mi_pay",
            "charged": "at end",
            "retention_days": 7,
            "price": "6.00 CNY",
            **of_plan,
        },
        "recordings": plan.get("recordings", []),
    }
