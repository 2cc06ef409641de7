"""Sensors: what is known of each camera's plan, and of the account's charges."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory, Platform, UnitOfInformation, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import CloudPlanConfigEntry, CloudPlanCoordinator
from .entity import (
    AccountEntity,
    CameraDescription,
    CameraEntity,
    async_setup_camera_entities,
    own_plan,
)
from .outlook import next_charge, renewing
from .plan import Case, CaseState, PlanStatus, PlanView, Wish, clock
from .snapshot import AccountSnapshot, CameraPlan

PARALLEL_UPDATES = 0

NO_CANCELLATION: Final = "none"

type Value = StateType | date | datetime


@dataclass(frozen=True, kw_only=True)
class CameraSensorDescription(CameraDescription, SensorEntityDescription):
    """A sensor of a camera: its value and attributes, from a view at a moment (UTC)."""

    value: Callable[[PlanView, datetime], Value]
    attributes: Callable[[PlanView], Mapping[str, Any]] = lambda _view: {}


@dataclass(frozen=True, kw_only=True)
class AccountSensorDescription(SensorEntityDescription):
    """A sensor of the account: its value and attributes, at a moment (UTC)."""

    value: Callable[[AccountSnapshot, datetime], Value]
    attributes: Callable[[CloudPlanCoordinator, datetime], Mapping[str, Any]] = lambda _of, _now: {}


@dataclass(frozen=True, kw_only=True)
class CancellationDescription(CameraDescription, SensorEntityDescription):
    """The sensor that says how far a cancellation has come."""


def _status(view: PlanView, now: datetime) -> str | None:
    """Return the plan's status; the unknown one is Home Assistant's own "unknown"."""
    status = view.status(now)
    return None if status is PlanStatus.UNKNOWN else status.value


def _next_charge(view: PlanView, _now: datetime) -> datetime | None:
    return view.charge.earliest if view.charge else None


def _charge_attributes(view: PlanView) -> dict[str, Any]:
    """Return the charge's window, how it is known, and who takes the money."""
    if view.charge is None:
        return {}
    return {
        "latest": view.charge.latest,
        "basis": view.charge.basis.value,
        "possible": view.charge.possible,
        "channel": view.channel.value,
    }


def _next_charge_words(coordinator: CloudPlanCoordinator, now: datetime) -> dict[str, Any]:
    """Return which camera the account's next charge is for, and what goes with it."""
    charge = next_charge(coordinator.data, now)
    if charge is None:
        return {}
    return charge.words(coordinator.display_name(charge.plan.camera.camera_id))


CAMERA_SENSORS: tuple[CameraSensorDescription, ...] = (
    CameraSensorDescription(
        key="plan_status",
        translation_key="plan_status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in PlanStatus if status is not PlanStatus.UNKNOWN],
        exists=lambda _plan, _now: True,
        value=_status,
    ),
    CameraSensorDescription(
        key="next_charge",
        translation_key="next_charge",
        device_class=SensorDeviceClass.TIMESTAMP,
        exists=own_plan,
        value=_next_charge,
        attributes=_charge_attributes,
    ),
    CameraSensorDescription(
        key="days_remaining",
        translation_key="days_remaining",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.DAYS,
        suggested_display_precision=0,
        exists=CameraPlan.has_plan,
        value=PlanView.days_remaining,
    ),
    CameraSensorDescription(
        key="plan_ends",
        translation_key="plan_ends",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        exists=own_plan,
        value=lambda view, _now: view.reading.ends_at,
    ),
    CameraSensorDescription(
        key="plan_name",
        translation_key="plan_name",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists=own_plan,
        value=lambda view, _now: view.reading.name,
    ),
    CameraSensorDescription(
        key="retention",
        translation_key="retention",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.DAYS,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists=own_plan,
        value=lambda view, _now: view.reading.retention_days,
    ),
    CameraSensorDescription(
        key="storage_used",
        translation_key="storage_used",
        device_class=SensorDeviceClass.DATA_SIZE,
        native_unit_of_measurement=UnitOfInformation.MEGABYTES,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists=own_plan,
        value=lambda view, _now: view.reading.storage_used_mb,
    ),
)

ACCOUNT_SENSORS: tuple[AccountSensorDescription, ...] = (
    AccountSensorDescription(
        key="next_charge",
        translation_key="account_next_charge",
        device_class=SensorDeviceClass.TIMESTAMP,
        value=lambda data, now: charge.earliest if (charge := next_charge(data, now)) else None,
        attributes=_next_charge_words,
    ),
    AccountSensorDescription(
        key="renewing_plans",
        translation_key="renewing_plans",
        value=lambda data, _now: renewing(data).known,
        attributes=lambda coordinator, _now: {"unknown": renewing(coordinator.data).unknown},
    ),
    AccountSensorDescription(
        key="last_checked",
        translation_key="last_checked",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda data, _now: data.read_at,
    ),
)


CANCELLATION = CancellationDescription(
    key="cancellation",
    translation_key="cancellation",
    device_class=SensorDeviceClass.ENUM,
    options=[NO_CANCELLATION, *(state.value for state in CaseState)],
    exists=own_plan,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CloudPlanConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the account's sensors and those of its cameras."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities(AccountSensor(coordinator, description) for description in ACCOUNT_SENSORS)
    await async_setup_camera_entities(
        hass, entry, async_add_entities, Platform.SENSOR, CAMERA_SENSORS, CameraSensor
    )
    await async_setup_camera_entities(
        hass, entry, async_add_entities, Platform.SENSOR, (CANCELLATION,), CancellationSensor
    )


class CameraSensor(CameraEntity, SensorEntity):
    """A sensor of one camera's plan."""

    entity_description: CameraSensorDescription

    def __init__(
        self,
        coordinator: CloudPlanCoordinator,
        camera_id: str,
        description: CameraSensorDescription,
    ) -> None:
        """Take the camera; of one that is shared with the account only the status is on."""
        super().__init__(coordinator, camera_id, description)
        if not coordinator.data.cameras[camera_id].is_own and description.key != "plan_status":
            self._attr_entity_registry_enabled_default = False

    @property
    @override
    def native_value(self) -> Value:
        """The value at this moment."""
        view = self.plan.view if self.plan else None
        return self.entity_description.value(view, clock.now()) if view else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What goes with the value."""
        view = self.plan.view if self.plan else None
        own = self.entity_description.attributes(view) if view else {}
        return {**own, **super().extra_state_attributes}


class CancellationSensor(CameraEntity, SensorEntity):
    """How far the cancellation of a camera's plan has come."""

    entity_description: CancellationDescription

    @property
    @override
    def native_value(self) -> str:
        """The state of the cancellation; "none" without one."""
        case = self._case
        return case.state.value if case else NO_CANCELLATION

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """When it was asked for, what was said last, and when it is looked and spoken up next."""
        case = self._case
        if case is None:
            return super().extra_state_attributes
        casework = self.coordinator.casework
        told = {
            "since": case.opened_at,
            "done_at": case.done_at,
            "checks": case.checks,
            "last_check": case.last_check_at,
            "last_said": case.last_said.value if case.last_said else None,
            "next_check": casework.next_check(self.camera_id),
            "deadline": casework.next_escalation(self.camera_id),
            "confirmed_at": case.confirmed_at,
            "proof": case.proof.value if case.proof else None,
        }
        return {
            **{name: value for name, value in told.items() if value is not None},
            **super().extra_state_attributes,
        }

    @property
    def _case(self) -> Case | None:
        """The camera's cancellation; a wish for "on" is none."""
        case = self.coordinator.cases.get(self.camera_id)
        return case if case and case.wish is Wish.OFF else None


class AccountSensor(AccountEntity, SensorEntity):
    """A sensor over all cameras of an account."""

    entity_description: AccountSensorDescription

    @property
    @override
    def native_value(self) -> Value:
        """The value at this moment."""
        return self.entity_description.value(self.coordinator.data, clock.now())

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What goes with the value."""
        return self.entity_description.attributes(self.coordinator, clock.now())
