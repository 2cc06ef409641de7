"""Read-only tools for language models: the same questions as by voice, as data.

A model sees of a camera what the entities show that are exposed to it, and only of accounts
whose owner lets assistants answer. There is no tool that changes anything.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, override

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.llm import LLMTools
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from .const import CONF_VOICE_ANSWERS, DOMAIN
from .coordinator import CloudPlanCoordinator
from .devices import account_key, async_registered_cameras
from .plan import Money, PlanView, Renewal, Wish, clock, monthly_cost
from .snapshot import CameraPlan
from .words import amount

type _Row = dict[str, JsonValueType]

_CAMERA: Final = "camera"
# A camera is told of where its status is exposed; the rest where their own entity is.
_STATUS: Final = "plan_status"
_CHARGE: Final = "next_charge"
# So many cameras are told of at once, and named to a model beforehand.
_MOST: Final = 50
_RENEWS: Final = {Renewal.ON: "yes", Renewal.OFF: "no", Renewal.UNKNOWN: "unknown"}


class _Exposed:
    """The accounts, cameras and values that an assistant may see."""

    def __init__(self, hass: HomeAssistant, assistant: str | None) -> None:
        self._hass = hass
        self._assistant = assistant

    @callback
    def async_cameras(self) -> list[tuple[CloudPlanCoordinator, str, CameraPlan]]:
        """Return the cameras whose status is exposed."""
        return [
            (entry.runtime_data.coordinator, camera_id, plan)
            for entry in self._hass.config_entries.async_entries(DOMAIN)
            if entry.state is ConfigEntryState.LOADED
            and entry.options.get(CONF_VOICE_ANSWERS, True)
            for camera_id, plan in entry.runtime_data.coordinator.data.cameras.items()
            if self.async_sees(entry.runtime_data.coordinator, camera_id, _STATUS)
        ]

    @callback
    def async_sees(self, coordinator: CloudPlanCoordinator, camera_id: str, key: str) -> bool:
        """Return whether a value of a camera is exposed."""
        unique_id = f"{account_key(coordinator.config_entry)}_{camera_id}_{key}"
        registry = er.async_get(self._hass)
        entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
        if entity_id is None or self._assistant is None:
            return False
        return async_should_expose(self._hass, self._assistant, entity_id)


class _PlanTool(Tool):
    """What the tools have in common: they read what is known here, and change nothing."""

    annotations = ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=False
    )
    integration = DOMAIN


class GetPlansTool(_PlanTool):
    """Tells how plans stand: what renews, when the next charge may come, what is under way."""

    name = f"{DOMAIN}__get_plans"
    title = "Get camera cloud plans"
    description = (
        "Get the cloud storage plans of the cameras: whether each renews, when the next charge"
        " comes at the earliest and latest, how many days are left, how far a cancellation is."
        " 'unknown' means that nobody can tell; never take it for yes or no. A charge that is"
        " 'possible' may not come. 'by_owners_word' means that the owner typed it in and nothing"
        " confirms it. 'left_out' counts cameras beyond those told: ask for them by name."
        " Times are ISO 8601, local."
    )

    def __init__(self, cameras: Iterable[str]) -> None:
        """Take the names that may be asked for."""
        self.parameters = vol.Schema({vol.Optional(_CAMERA): _one_of(cameras)})

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Return a row for each camera, or for those of one name."""
        asked = self.parameters(tool_input.tool_args)
        exposed = _Exposed(hass, llm_context.assistant)
        meant = [
            (coordinator, plan)
            for coordinator, camera_id, plan in exposed.async_cameras()
            if asked.get(_CAMERA) in (None, coordinator.display_name(camera_id))
        ]
        rows: list[JsonValueType] = [
            _row(hass, exposed, coordinator, plan) for coordinator, plan in meant[:_MOST]
        ]
        return ToolResult(data={"plans": rows, "left_out": len(meant) - len(rows)})


class GetMonthlyCostTool(_PlanTool):
    """Tells what the plans cost by the month."""

    name = f"{DOMAIN}__get_monthly_cost"
    title = "Get monthly cost of camera plans"
    description = (
        "Get what the cameras' cloud plans cost a month, by currency; currencies are never added"
        " up. 'possible' is of plans of which it is not known whether they renew, and"
        " 'price_unknown' counts those without a known price: never guess it. 'not_read' counts"
        " plans that could not be read, which may cost more."
    )
    parameters = vol.Schema({})

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Return the sums of each account."""
        exposed = _Exposed(hass, llm_context.assistant)
        views: dict[CloudPlanCoordinator, list[PlanView]] = {}
        not_read: Counter[CloudPlanCoordinator] = Counter()
        for coordinator, camera_id, plan in exposed.async_cameras():
            if not plan.is_own or not exposed.async_sees(coordinator, camera_id, _CHARGE):
                continue
            of_account = views.setdefault(coordinator, [])
            if plan.view and plan.is_shown(clock.now()):
                of_account.append(plan.view)
            elif plan.camera.supports_plans is not False:
                not_read[coordinator] += 1
        accounts: list[JsonValueType] = []
        for coordinator, of_account in views.items():
            cost = monthly_cost(of_account, clock.now())
            row: _Row = {
                "account": coordinator.config_entry.title,
                "sums": _sums(cost.sums),
                "possible": _sums(cost.possible),
                "price_unknown": cost.unknown,
                "not_read": not_read[coordinator],
            }
            accounts.append(row)
        return ToolResult(data={"accounts": accounts})


class GetRecordingsAtRiskTool(_PlanTool):
    """Tells which recordings are lost soon; the maker's cloud is asked."""

    annotations = replace(_PlanTool.annotations, open_world=True)
    name = f"{DOMAIN}__get_recordings_at_risk"
    title = "Get camera recordings about to expire"
    description = (
        "Get how many cloud recordings of a camera disappear within two days, and when the first"
        " one does, as listed at 'listed_at'; null means that nobody can tell. It asks the camera"
        " maker's cloud, so ask for one camera at a time."
    )

    def __init__(self, cameras: Iterable[str]) -> None:
        """Take the names that may be asked for."""
        self.parameters = vol.Schema({vol.Required(_CAMERA): _one_of(cameras)})

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Look at the recordings of the cameras of a name; return a row for each."""
        name = self.parameters(tool_input.tool_args)[_CAMERA]
        rows: list[JsonValueType] = []
        for coordinator, camera_id, _ in _Exposed(hass, llm_context.assistant).async_cameras():
            if coordinator.display_name(camera_id) != name:
                continue
            await coordinator.exports.async_look(camera_id)
            outlook = coordinator.exports.outlook(camera_id)
            row: _Row = {
                _CAMERA: name,
                "at_risk": outlook.at_risk if outlook else None,
                "first_loss": _local(outlook.first_loss) if outlook else None,
                "listed_at": _local(outlook.seen_at) if outlook else None,
            }
            rows.append(row)
        return ToolResult(data={"recordings": rows})


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """Return the tools, where any camera is exposed."""
    if api_id != LLM_API_ASSIST:
        return None
    cameras = _Exposed(hass, llm_context.assistant).async_cameras()
    names = sorted({coordinator.display_name(camera_id) for coordinator, camera_id, _ in cameras})
    if not names:
        return None
    return LLMTools(
        tools=[GetPlansTool(names), GetMonthlyCostTool(), GetRecordingsAtRiskTool(names)]
    )


def _one_of(names: Iterable[str]) -> Any:
    """Return what is accepted as a camera's name; of too many to list, any text."""
    listed = [*names]
    return vol.In(listed) if len(listed) <= _MOST else str


def _row(
    hass: HomeAssistant, exposed: _Exposed, coordinator: CloudPlanCoordinator, plan: CameraPlan
) -> _Row:
    """Return what may be seen of a camera; old readings are told with when they were made."""
    camera_id, now = plan.camera.camera_id, clock.now()
    row: _Row = {
        _CAMERA: coordinator.display_name(camera_id),
        "area": _area(hass, coordinator, camera_id),
    }
    view = plan.view
    if view is None or not plan.is_shown(now):
        return {**row, "status": "unknown"}
    row["status"] = view.status(now).value
    row["read_at"] = _local(view.reading.read_at)
    row["by_owners_word"] = view.reading.typed
    if plan.is_own and view.is_active:
        row["renews"] = _RENEWS[view.renewal]
    of_entities: Mapping[str, Callable[[], _Row]] = {
        "days_remaining": lambda: {
            "days_left": view.days_remaining(now),
            "ends": _local(view.reading.ends_at),
        },
        _CHARGE: lambda: {"next_charge": _charge(view)} if plan.is_own else {},
        "cancellation": lambda: _cancellation(coordinator, camera_id),
    }
    for key, told in of_entities.items():
        if exposed.async_sees(coordinator, camera_id, key):
            row |= told()
    return row


def _charge(view: PlanView) -> _Row | None:
    charge = view.charge
    if charge is None:
        return None
    return {
        "earliest": _local(charge.earliest),
        "latest": _local(charge.latest),
        "possible": charge.possible,
        "kind": charge.kind.value,
        "amount": amount(charge.amount) if charge.amount else "unknown",
    }


def _cancellation(coordinator: CloudPlanCoordinator, camera_id: str) -> _Row:
    case = coordinator.cases.get(camera_id)
    if case is None or case.wish is not Wish.OFF:
        return {"cancellation": "none"}
    check = coordinator.casework.next_check(camera_id)
    return {"cancellation": case.state.value, "next_check": _local(check)}


def _area(hass: HomeAssistant, coordinator: CloudPlanCoordinator, camera_id: str) -> str | None:
    device_id = async_registered_cameras(hass, coordinator.config_entry).get(camera_id)
    device = dr.async_get(hass).async_get(device_id) if device_id else None
    area = ar.async_get(hass).async_get_area(device.area_id) if device and device.area_id else None
    return area.name if area else None


def _sums(sums: Mapping[str, Decimal]) -> list[JsonValueType]:
    return [amount(Money(amount=each, currency=code)) for code, each in sums.items()]


def _local(moment: datetime | None) -> str | None:
    return dt_util.as_local(moment).isoformat(timespec="minutes") if moment else None
