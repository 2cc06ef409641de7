"""What people do in the tests, and what they then see."""

from collections.abc import Callable
from datetime import datetime, timedelta
import json
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_ASSUMED_STATE
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.camera_cloud_plan.activity import Happened
from custom_components.camera_cloud_plan.const import DOMAIN, SERVICE_CANCEL_PLAN
from custom_components.camera_cloud_plan.plan import Activity, Case, CaseState

from .conftest import entity_id
from .test_coordinator import RENEWING, coordinator_of

TRIAL = "2000000002"
EXPIRED = "2000000005"
STORE_BILLED = "2000000007"

# The path of the simulated maker's own request, and the definition of it.
REQUEST_PATH = "/simulated/cloud-plan/renewal"
DEFINITION: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "simulator" / "renewal_request.json").read_text(encoding="utf-8")
)


def direct_way(*, by_switch: bool = True, **changes: Any) -> dict[str, Any]:
    """Return the option that holds the simulated maker's definition, with changes to it."""
    return {
        "definition": {**DEFINITION, **changes},
        "source": "kitchen.json",
        "added_at": "2026-11-01T09:00:00+00:00",
        "by_switch": by_switch,
    }


# --- What people do ---


async def settle(hass: HomeAssistant) -> None:
    """Wait until all that is under way is done."""
    await hass.async_block_till_done(wait_background_tasks=True)


async def press(
    hass: HomeAssistant, camera_id: str, direction: str, context: Context | None = None
) -> None:
    """Press a camera's switch and let what it begins go on to its end."""
    try:
        await hass.services.async_call(
            "switch",
            f"turn_{direction}",
            {"entity_id": entity_id(hass, camera_id, "auto_renewal")},
            blocking=True,
            context=context,
        )
    finally:
        await settle(hass)


async def press_refused(
    hass: HomeAssistant,
    camera_id: str,
    direction: str,
    key: str,
    context: Context | None = None,
) -> None:
    """Press a camera's switch and see it refused in these words."""
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, camera_id, direction, context)
    assert raised.value.translation_key == key
    assert "{" not in str(raised.value)


async def press_off(
    hass: HomeAssistant, camera_id: str = RENEWING, key: str = "not_off_yet"
) -> None:
    """Press off and see it said that it is not off yet."""
    await press_refused(hass, camera_id, "off", key)


async def act(
    hass: HomeAssistant, action: str, context: Context | None = None, **data: Any
) -> list[dict[str, Any]]:
    """Call an action and return its rows."""
    answer: Any = await hass.services.async_call(
        DOMAIN, action, data, blocking=True, return_response=True, context=context
    )
    await settle(hass)
    rows: list[dict[str, Any]] = answer["plans"]
    return rows


async def cancel(
    hass: HomeAssistant, context: Context | None = None, **data: Any
) -> list[dict[str, Any]]:
    """Call the action that opens cancellations and return its rows."""
    return await act(hass, SERVICE_CANCEL_PLAN, context, **data)


async def restart(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Unload and set up again, as a restart does for an entry."""
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)


async def live(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    span: timedelta,
    *,
    step: timedelta = timedelta(minutes=15),
) -> None:
    """Let time pass in steps, each with whatever falls due in it."""
    hass.loop.set_debug(False)  # which keeps where each task was made: half of a long life
    end = dt_util.utcnow() + span
    while (left := end - dt_util.utcnow()) > timedelta(0):
        freezer.tick(min(step, left))
        async_fire_time_changed(hass)
        await settle(hass)


# --- What is seen ---


def issues(hass: HomeAssistant) -> list[ir.IssueEntry]:
    """Return the open Repairs issues of the integration."""
    return [
        issue
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active
    ]


def issue_of(hass: HomeAssistant, key: str) -> ir.IssueEntry:
    """Return the only issue of a kind."""
    (found,) = (issue for issue in issues(hass) if issue.translation_key == key)
    return found


def issue_keys(hass: HomeAssistant) -> list[str]:
    """Return the kinds of all open issues, in order of the alphabet."""
    return sorted(issue.translation_key or "" for issue in issues(hass))


def assumed(hass: HomeAssistant, camera_id: str = RENEWING) -> bool:
    """Return whether the switch offers both off and on."""
    state = hass.states.get(entity_id(hass, camera_id, "auto_renewal"))
    assert state is not None
    return state.attributes.get(ATTR_ASSUMED_STATE) is True


def attention(hass: HomeAssistant, account: str = "0011") -> list[dict[str, str]]:
    """Return what an account says needs its owner's attention."""
    state = hass.states.get(f"binary_sensor.xiaomi_cloud_plans_{account}_plans_need_attention")
    assert state is not None
    items: list[dict[str, str]] = state.attributes["items"]
    return items


def case_of(entry: ConfigEntry[Any], camera_id: str = RENEWING) -> Case:
    """Return a camera's case; there is one."""
    case = coordinator_of(entry).cases.get(camera_id)
    assert case is not None
    return case


def standing(entry: ConfigEntry[Any], camera_id: str = RENEWING) -> CaseState | None:
    """Return how far a camera's case has come; `None` without one."""
    case = coordinator_of(entry).cases.get(camera_id)
    return case.state if case else None


def device_id(hass: HomeAssistant, camera_id: str) -> str:
    """Return the id of a camera's device."""
    entity = er.async_get(hass).async_get(entity_id(hass, camera_id, "plan_status"))
    assert entity is not None
    assert entity.device_id is not None
    return entity.device_id


class Heard:
    """Notes what an account tells of its cameras, or of one, in the order of telling."""

    def __init__(self, entry: ConfigEntry[Any], camera_id: str | None = None) -> None:
        """Begin to listen."""
        self.all: list[Happened] = []
        self._camera_id = camera_id
        self.stop: Callable[[], None] = coordinator_of(entry).activity.async_listen(self._note)

    def _note(self, happened: Happened) -> None:
        if self._camera_id in {None, happened.camera_id}:
            self.all.append(happened)

    def take(self) -> list[Activity]:
        """Return what was told since, and forget it."""
        heard, self.all = self.all, []
        return [happened.activity for happened in heard]

    def facts(self, activity: Activity) -> dict[str, Any]:
        """Return the facts of the only telling of a kind."""
        (found,) = (happened for happened in self.all if happened.activity is activity)
        return dict(found.facts)


def moment(text: str) -> datetime:
    """Return a moment in UTC."""
    found = dt_util.parse_datetime(text, raise_on_error=True)
    return dt_util.as_utc(found)
