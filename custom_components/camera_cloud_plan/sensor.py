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
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import RECORDINGS_AT_RISK, CloudPlanConfigEntry, CloudPlanCoordinator
from .entity import (
    AccountEntity,
    CameraDescription,
    CameraEntity,
    async_setup_camera_entities,
    own_plan,
)
from .export_desk import ExportDesk, ExportState
from .offers import offered
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


@dataclass(frozen=True, kw_only=True)
class RecordingsDescription(CameraDescription, SensorEntityDescription):
    """A sensor about a camera's recordings, from the desk that saves them."""

    value: Callable[[ExportDesk, str], Value]
    attributes: Callable[[ExportDesk, str], Mapping[str, Any]]


def _at_risk(desk: ExportDesk, camera_id: str) -> int | None:
    outlook = desk.outlook(camera_id)
    return outlook.at_risk if outlook else None


def _risk_attributes(desk: ExportDesk, camera_id: str) -> dict[str, Any]:
    outlook = desk.outlook(camera_id)
    if outlook is None:
        return {}
    told = {
        "kept": outlook.kept if outlook.complete else None,
        "first_loss": outlook.first_loss,
        "listed_at": outlook.seen_at,
    }
    return {name: value for name, value in told.items() if value is not None}


def _exported_at(desk: ExportDesk, camera_id: str) -> datetime | None:
    last = desk.last(camera_id)
    return last.finished_at if last else None


def _export_attributes(desk: ExportDesk, camera_id: str) -> dict[str, Any]:
    """Return what the last export came to."""
    last = desk.last(camera_id)
    if last is None:
        return {}
    tally = last.tally
    return {
        "whole": last.whole,
        "listed": tally.listed,
        "saved": tally.saved,
        "already": tally.already,
        "event_only": tally.event_only,
        "expired": tally.expired,
        "failed": tally.failed,
    }


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

CAMERA_RECORDINGS: tuple[RecordingsDescription, ...] = (
    RecordingsDescription(
        key=RECORDINGS_AT_RISK,
        translation_key="recordings_at_risk",
        entity_registry_enabled_default=False,
        exists=own_plan,
        value=_at_risk,
        attributes=_risk_attributes,
    ),
    RecordingsDescription(
        key="last_export",
        translation_key="last_export",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists=own_plan,
        value=_exported_at,
        attributes=_export_attributes,
    ),
)

EXPORT = SensorEntityDescription(
    key="export",
    translation_key="export",
    device_class=SensorDeviceClass.ENUM,
    options=[*ExportState],
)

# Seconds between two writes of mere figures: each is a row in the recorder's database.
_FIGURES_EVERY: Final = 5.0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CloudPlanConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the account's sensors and those of its cameras."""
    coordinator = entry.runtime_data.coordinator
    provider = coordinator.provider
    async_add_entities(
        AccountSensor(coordinator, description)
        for description in offered(provider, ACCOUNT_SENSORS)
    )
    await async_setup_camera_entities(
        hass, entry, async_add_entities, Platform.SENSOR, CAMERA_SENSORS, CameraSensor
    )
    await async_setup_camera_entities(
        hass, entry, async_add_entities, Platform.SENSOR, (CANCELLATION,), CancellationSensor
    )
    async_add_entities(
        ExportSensor(coordinator, description) for description in offered(provider, (EXPORT,))
    )
    await async_setup_camera_entities(
        hass, entry, async_add_entities, Platform.SENSOR, CAMERA_RECORDINGS, RecordingsSensor
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


class RecordingsSensor(CameraEntity, SensorEntity):
    """A sensor about one camera's recordings."""

    entity_description: RecordingsDescription

    @property
    @override
    def native_value(self) -> Value:
        """The value as last known."""
        return self.entity_description.value(self.coordinator.exports, self.camera_id)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What goes with the value."""
        return self.entity_description.attributes(self.coordinator.exports, self.camera_id)


class ExportSensor(AccountEntity, SensorEntity):
    """What the exports of an account are doing, and how far the foremost is."""

    _unrecorded_attributes = frozenset({"percent", "clip", "left", "speed", "remaining", "queued"})

    _written: tuple[object, ...] | None = None
    _written_at = 0.0

    @property
    @override
    def available(self) -> bool:
        """Always: an export does not hang on the last reading."""
        return True

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the desk too."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.exports.async_listen(self._async_on_desk))

    @callback
    def _async_on_desk(self) -> None:
        """Write a change at once, and mere figures not too often."""
        attributes = self.extra_state_attributes
        told = (self.native_value, attributes.get("camera"), attributes.get("reason"))
        now = self.hass.loop.time()
        if told == self._written and now - self._written_at < _FIGURES_EVERY:
            return
        self._written, self._written_at = told, now
        self.async_write_ha_state()

    @property
    @override
    def native_value(self) -> str:
        """What they are doing."""
        return self.coordinator.exports.state.value

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Which camera, how far, and for what it waits until when; unknown is left out."""
        desk = self.coordinator.exports
        job = desk.foremost
        if job is None:
            return self._unfinished()
        progress, why, until = job.progress, desk.why(job), desk.until(job)
        tally = progress.tally if progress else None
        speed = progress.bytes_per_second if progress else None
        told = {
            "camera": self.coordinator.display_name(job.order.camera_id),
            "percent": job.percent,
            "clip": progress.clip if progress else None,
            "left": tally.listed - tally.settled if tally and job.percent is not None else None,
            "speed": round(speed / 1_000_000, 2) if speed is not None else None,
            "remaining": round(progress.seconds_left)
            if progress and progress.seconds_left is not None
            else None,
            "queued": len(desk.jobs) - 1 or None,
            "reason": why.value if why else None,
            "until": until,
        }
        return {name: value for name, value in told.items() if value is not None}

    def _unfinished(self) -> dict[str, Any]:
        """Return whose last export is not whole."""
        lacking = self.coordinator.exports.lacking
        if lacking is None:
            return {}
        return {
            "camera": self.coordinator.display_name(lacking.order.camera_id),
            "reason": "incomplete",
        }
