"""The demo's dashboard, of built-in cards only, for the entities that are there.

One column on a phone, at most three on a desk. Blocks: the next charge; what needs the
owner, absent when nothing does; every camera, those with a plan first and the rest folded
into one line; what is charged this month, and what that costs; what is being saved. Sentences come from the templates in `cards/`, which Home Assistant renders,
so that they follow the entities.
"""

from collections.abc import Iterable, Sequence
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from .accounts import DOMAIN
from .entities import (
    ATTENTION,
    AUTO_RENEWAL,
    CANCELLATION,
    CHARGES,
    CHECK_NOW,
    DAYS_REMAINING,
    EXPORT,
    NEXT_CHARGE,
    PLAN_STATUS,
    Device,
)
from .home_assistant import HomeAssistant
from .words import WORDS, Language, Words

PATH: Final = "camera-plans"
_COLUMNS: Final = 3
_FULL_WIDTH: Final = 12
_ICON: Final = "mdi:cctv"
_NO_PLAN: Final = ["none", "free_tier"]
_PLAN_OVER: Final = ["expired", "expired_reachable"]
_NOTHING_OPEN: Final = ["none", "unknown", "unavailable"]
_SAVING: Final = ["running"]
_MONTH_ROWS: Final = 10
_WEEK_ROWS: Final = 8
_DESK: Final = "(min-width: 768px)"
_POCKET: Final = "(max-width: 767px)"
# Media, at what was saved.
_MEDIA: Final = f"/media-browser/browser/{quote(f'app,media-source://{DOMAIN}', safe='')}"
_CARDS: Final = Path(__file__).with_name("cards")
type Card = dict[str, Any]


def build(devices: Sequence[Device], *, language: Language, maker_url: str) -> Card:
    """Return the dashboard's content for these devices."""
    words = WORDS[language]
    cameras = [device for device in devices if device.is_camera]
    accounts = [device for device in devices if ATTENTION in device.entities]
    return {
        "title": words.dashboard,
        "views": [
            {
                "type": "sections",
                "title": words.dashboard,
                "path": "plans",
                "icon": _ICON,
                "max_columns": _COLUMNS,
                "sections": [
                    _next_charge(cameras, language),
                    _needs_you(accounts, language),
                    _cameras(cameras, accounts, language),
                    _this_month(cameras, accounts, language),
                    _recordings(accounts, language),
                    _small_print(accounts, language, maker_url),
                ],
            }
        ],
    }


async def save(home: HomeAssistant, content: Card, *, language: Language) -> None:
    """Make this the dashboard's content, creating the dashboard the first time."""
    known = {listed["url_path"] for listed in await home.command("lovelace/dashboards/list")}
    if PATH not in known:
        await home.command(
            "lovelace/dashboards/create",
            url_path=PATH,
            title=WORDS[language].dashboard,
            icon=_ICON,
            mode="storage",
            show_in_sidebar=True,
            require_admin=False,
        )
    await home.command("lovelace/config/save", url_path=PATH, config=content)


def _next_charge(cameras: Sequence[Device], language: Language) -> Card:
    charged = [camera for camera in cameras if NEXT_CHARGE in camera.entities]
    return _section(
        _heading(WORDS[language].next_charge, icon="mdi:calendar-clock"),
        _markdown("next_charge", language, cameras=charged),
    )


def _needs_you(accounts: Sequence[Device], language: Language) -> Card:
    return _section(
        _heading(WORDS[language].needs_you, icon="mdi:hand-back-right-outline"),
        _markdown("needs_you", language, accounts=accounts) | {"text_only": True},
    ) | {
        "visibility": [
            _any(_state(account.entities[ATTENTION], ["on"]) for account in accounts),
        ]
    }


def _cameras(cameras: Sequence[Device], accounts: Sequence[Device], language: Language) -> Card:
    words = WORDS[language]
    check_now = _button("mdi:refresh", words.check_now) | {
        "tap_action": _perform(
            "button.press",
            entity_id=[
                account.entities[CHECK_NOW] for account in accounts if CHECK_NOW in account.entities
            ],
        )
    }
    return _section(
        _heading(words.cameras, icon=_ICON) | {"badges": [check_now]},
        *(_camera(camera, words) for camera in cameras),
        _markdown("without_plan", language, cameras=cameras, no_plan=_NO_PLAN)
        | {
            "text_only": True,
            "grid_options": {"columns": "full"},
            "visibility": [
                _any(_state(camera.entities[PLAN_STATUS], _NO_PLAN) for camera in cameras),
            ],
        },
    ) | {"column_span": _COLUMNS}


def _camera(camera: Device, words: Words) -> Card:
    """Return a camera's name, status in words and days; below them off and on.

    Where there is nothing to switch, the status takes that place.
    """
    status = camera.entities[PLAN_STATUS]
    switched = [_not_state(status, _PLAN_OVER)]
    heading = _heading(camera.name) | {
        "heading_style": "subtitle",
        "tap_action": {"action": "navigate", "navigation_path": camera.page},
    }
    plan = {"type": "tile", "entity": status, "name": words.plan, "icon": _ICON}
    if AUTO_RENEWAL not in camera.entities:
        cards = [heading, plan]
    else:
        badges = [
            {"type": "entity", "entity": camera.entities[what], "show_icon": False}
            for what in (PLAN_STATUS, DAYS_REMAINING)
            if what in camera.entities
        ]
        badges = [badge | {"visibility": switched} for badge in badges]
        if CANCELLATION in camera.entities:
            how_far = camera.entities[CANCELLATION]
            open_only = {"visibility": [_not_state(how_far, _NOTHING_OPEN)]}
            badges.append({"type": "entity", "entity": how_far, "show_icon": False} | open_only)
        if camera.has_recordings:
            save = _perform(f"{DOMAIN}.export_recordings", device_id=[camera.device_id])
            badges.append(_button("mdi:download") | {"tap_action": save})
        toggle = {
            "type": "tile",
            "entity": camera.entities[AUTO_RENEWAL],
            "name": words.auto_renewal,
            "features": [{"type": "toggle"}],
            "features_position": "inline",
        }
        cards = [
            heading | {"badges": badges},
            toggle | {"visibility": switched},
            plan | {"visibility": [_state(status, _PLAN_OVER)]},
        ]
    return {
        "type": "vertical-stack",
        "cards": cards,
        "grid_options": {"columns": _FULL_WIDTH},
        "visibility": [_not_state(status, _NO_PLAN)],
    }


def _this_month(cameras: Sequence[Device], accounts: Sequence[Device], language: Language) -> Card:
    """Return what plans cost, and what is coming: a month on a desk, a list on a phone."""
    charged = [camera for camera in cameras if NEXT_CHARGE in camera.entities]
    calendars = {
        "type": "calendar",
        "entities": [
            account.entities[CHARGES] for account in accounts if CHARGES in account.entities
        ],
    }
    return _section(
        _heading(WORDS[language].this_month, icon="mdi:calendar-month"),
        _markdown("this_month", language, cameras=charged, accounts=accounts)
        | {"text_only": True, "grid_options": {"columns": "full"}},
        calendars
        | {
            "initial_view": "dayGridMonth",
            "grid_options": {"columns": "full", "rows": _MONTH_ROWS},
            "visibility": [_screen(_DESK)],
        },
        calendars
        | {
            "initial_view": "listWeek",
            "grid_options": {"columns": "full", "rows": _WEEK_ROWS},
            "visibility": [_screen(_POCKET)],
        },
    ) | {"column_span": _COLUMNS}


def _recordings(accounts: Sequence[Device], language: Language) -> Card:
    """Return what each account is saving, and the way to what was saved."""
    words = WORDS[language]
    saving = [account for account in accounts if EXPORT in account.entities]
    media = {"tap_action": {"action": "navigate", "navigation_path": _MEDIA}}
    return _section(
        _heading(words.recordings, icon="mdi:filmstrip")
        | {"badges": [_button("mdi:play-box-multiple-outline", words.open_media) | media]},
        *(
            {
                "type": "tile",
                "entity": account.entities[EXPORT],
                "name": account.name,
                "state_content": ["state", "camera"],
                "grid_options": {"columns": _FULL_WIDTH},
            }
            for account in saving
        ),
        _markdown("recordings", language, accounts=saving)
        | {
            "text_only": True,
            "grid_options": {"columns": "full"},
            "visibility": [_any(_state(account.entities[EXPORT], _SAVING) for account in saving)],
        },
    ) | {"column_span": _COLUMNS}


def _small_print(accounts: Sequence[Device], language: Language, maker_url: str) -> Card:
    return _section(
        _markdown("small_print", language, accounts=accounts, maker=maker_url)
        | {"text_only": True, "grid_options": {"columns": "full"}}
    ) | {"column_span": _COLUMNS}


def _section(*cards: Card) -> Card:
    return {"type": "grid", "cards": list(cards)}


def _heading(text: str, *, icon: str | None = None) -> Card:
    card = {"type": "heading", "heading": text, "grid_options": {"columns": "full"}}
    return card | ({"icon": icon} if icon else {})


def _button(icon: str, text: str = "") -> Card:
    """Return a badge to press."""
    return {"type": "button", "icon": icon} | ({"text": text} if text else {})


def _perform(action: str, **target: Sequence[str]) -> Card:
    return {"action": "perform-action", "perform_action": action, "target": target}


def _markdown(template: str, language: Language, **given: str | Sequence[str | Device]) -> Card:
    """Return a card of words; the template is given the devices it speaks about."""
    # JSON of texts alone is a literal in a template too.
    head = "".join(
        f"{{%- set {name} = {json.dumps(value, default=_spoken, ensure_ascii=False)} -%}}\n"
        for name, value in given.items()
    )
    body = (_CARDS / f"{template}.{language}.j2").read_text(encoding="utf-8")
    return {"type": "markdown", "content": head + body}


def _spoken(device: Device) -> dict[str, str]:
    """Return what a template may say about a device."""
    return {"name": device.name, "page": device.page, **device.entities}


def _state(entity_id: str, states: Sequence[str]) -> Card:
    return {"condition": "state", "entity": entity_id, "state": list(states)}


def _not_state(entity_id: str, states: Sequence[str]) -> Card:
    return {"condition": "state", "entity": entity_id, "state_not": list(states)}


def _screen(media_query: str) -> Card:
    return {"condition": "screen", "media_query": media_query}


def _any(conditions: Iterable[Card]) -> Card:
    return {"condition": "or", "conditions": list(conditions)}
