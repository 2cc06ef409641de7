"""Setting accounts up through the integration's real config flow, as a person would."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from .home_assistant import HomeAssistant, Json
from .maker import Account, Maker

DOMAIN: Final = "camera_cloud_plan"
_WITHIN: Final = 60.0
_MOST_STEPS: Final = 20


class SetUpError(Exception):
    """The config flow did not end in a new account."""


async def add_account(home: HomeAssistant, maker: Maker, account: Account) -> str:
    """Sign one account in by link and return the new config entry's title.

    Every field keeps what the form suggests, but for the gateway, which is the simulator,
    cameras that others share, which are shown, and voice, which may start a cancellation.
    Raises `SetUpError`.
    """
    answers: dict[str, object] = {
        "advanced": {"gateway": maker.base_url},
        "show_shared": True,
        "voice_cancels": True,
    }
    try:
        async with asyncio.timeout(_WITHIN):
            step = await home.start_flow(DOMAIN)
            for _ in range(_MOST_STEPS):
                match step["type"]:
                    case "create_entry":
                        title: str = step["title"]
                        return title
                    case "menu":
                        step = await home.answer_flow(step["flow_id"], {"next_step_id": "xiaomi"})
                    case "form" if step.get("errors"):
                        raise SetUpError(_where(step, f"says {step['errors']}"))
                    case "form":
                        if url := (step.get("description_placeholders") or {}).get("url"):
                            await maker.approve_link(_ticket(url), account.user_id)
                        step = await home.answer_flow(step["flow_id"], filled(step, answers))
                    case "progress":
                        await asyncio.sleep(0.1)
                        step = await home.flow(step["flow_id"])
                    case _:
                        raise SetUpError(_where(step, str(step.get("reason", "is unexpected"))))
            raise SetUpError(_where(step, "is asked again and again"))
    except TimeoutError as error:
        message = f"signing {account.name} in took more than {_WITHIN:.0f} s"
        raise SetUpError(message) from error


async def type_in(home: HomeAssistant, answers: Mapping[str, object]) -> str:
    """Type a first plan in, as a person would who does not sign in; return its account's title.

    Every field that is not given keeps what the form suggests. Raises `SetUpError`.
    """
    step = await home.start_flow(DOMAIN)
    step = await home.answer_flow(step["flow_id"], {"next_step_id": "plan"})
    for _ in ("plan", "voice"):
        step = await home.answer_flow(step["flow_id"], filled(step, answers))
    if step["type"] != "create_entry":
        raise SetUpError(_where(step, f"says {step.get('errors') or step.get('reason')}"))
    title: str = step["title"]
    return title


async def choose(home: HomeAssistant, title: str, page: str, answers: Mapping[str, object]) -> None:
    """Fill in one page of an account's options, whose config entry has this title.

    `answers` are by field, for all forms that the page leads to; every other field keeps
    what its form suggests. Returns once the entry, which is loaded anew by that, is back.
    Raises `SetUpError`.
    """
    entry_id = (await _entry(home, title))["entry_id"]
    step = await home.start_flow(entry_id, options=True)
    step = await home.answer_flow(step["flow_id"], {"next_step_id": page}, options=True)
    for _ in range(_MOST_STEPS):
        if step["type"] != "form" or step.get("errors"):
            break
        step = await home.answer_flow(step["flow_id"], filled(step, answers), options=True)
    if step["type"] != "create_entry":
        raise SetUpError(_where(step, f"says {step.get('errors') or step.get('reason')}"))
    try:
        async with asyncio.timeout(_WITHIN):
            while True:
                await asyncio.sleep(0.1)
                if (await _entry(home, title))["state"] == "loaded":
                    return
    except TimeoutError as error:
        message = f"{title} did not come back within {_WITHIN:.0f} s"
        raise SetUpError(message) from error


async def _entry(home: HomeAssistant, title: str) -> Json:
    entries = await home.command("config_entries/get", domain=DOMAIN)
    found: Json = next(entry for entry in entries if entry["title"] == title)
    return found


def filled(step: Json, answers: Mapping[str, object]) -> dict[str, Any]:
    """Return a form's answer: ours where we have one, else what the form suggests."""
    return {
        field["name"]: answers.get(field["name"], field.get("default"))
        for field in step["data_schema"] or ()
        if field["name"] in answers or "default" in field
    }


def _ticket(url: str) -> str:
    return parse_qs(urlsplit(url).query)["ticket"][0]


def _where(step: Json, what: str) -> str:
    return f"the set-up step {step.get('step_id', step['type'])!r} {what}"
