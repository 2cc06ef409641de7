"""Sensors: what is known of each camera's plan, and of the account's charges."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, Platform, UnitOfInformation, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .coordinator import RECORDINGS_AT_RISK, CloudPlanConfigEntry, CloudPlanCoordinator
from .entity import (
    AccountEntity,
    CameraDescription,
    CameraEntity,
    ReckonedEntity,
    async_setup_camera_entities,
    own_plan,
)
from .offers import offered
from .outlook import (
    charge_facts,
    cost_by_month,
    currency_of,
    next_charge,
    own_views,
    renewing,
)
from .plan import (
    Case,
    CaseState,
    Forecast,
    Money,
    MonthlyCost,
    PlanStatus,
    PlanView,
    Wish,
    clock,
    forecast,
    monthly_cost,
)
from .saving.desk import ExportDesk
from .saving.job import ExportState
from .snapshot import AccountSnapshot, CameraPlan
from .words import places, rounded, translated

PARALLEL_UPDATES = 0

NO_CANCELLATION: Final = "none"

type Value = StateType | date | datetime | Decimal


@dataclass(frozen=True, kw_only=True)
class CameraSensorDescription(CameraDescription, SensorEntityDescription):
    """A sensor of a camera: its value and attributes, from a view at a moment (UTC)."""

    value: Callable[[PlanView, datetime], Value]
    attributes: Callable[[CloudPlanCoordinator, CameraPlan], Mapping[str, Any]] = (
        lambda _of, _plan: {}
    )


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


def _charge_attributes(coordinator: CloudPlanCoordinator, plan: CameraPlan) -> dict[str, Any]:
    """Return the charge's window, how it is known, what it costs, and who takes the money.

    And whether its owner keeps it, or the plan for good.
    """
    charge = plan.view.charge if plan.view else None
    if charge is None:
        return {}
    kept = coordinator.alerts.kept(plan.camera.camera_id)
    return charge_facts(plan, charge) | ({"kept": kept.value} if kept else {})


def _cost_attributes(_of: CloudPlanCoordinator, plan: CameraPlan) -> dict[str, Any]:
    """Return who says what it costs, and whether it may not come to that."""
    view = plan.view
    tariff = view.reading.tariff if view else None
    if view is None or tariff is None:
        return {}
    told: dict[str, Any] = {"price_source": tariff.source.value}
    if view.charge:
        told["possible"] = view.charge.possible
    return told


def _next_charge_words(coordinator: CloudPlanCoordinator, now: datetime) -> dict[str, Any]:
    """Return which camera the account's next charge is for, and what goes with it."""
    charge = next_charge(coordinator.data, now)
    if charge is None:
        return {}
    return charge.words(coordinator.display_name(charge.plan.camera.camera_id))


def _renewing_words(coordinator: CloudPlanCoordinator, _now: datetime) -> dict[str, Any]:
    """Return of how many plans it is not known, and when the maker was asked, where there is one."""
    told: dict[str, Any] = {"unknown": renewing(coordinator.data).unknown}
    if coordinator.provider.capabilities.asks:
        told["read_at"] = coordinator.data.read_at
    return told


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
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda data, _now: renewing(data).known,
        attributes=_renewing_words,
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


# No state class: a cost by the month is a rate and a forecast moves, neither is a total that
# adds up, and of money Home Assistant takes no other class.
MONTHLY_COST = CameraSensorDescription(
    key="monthly_cost",
    translation_key="monthly_cost",
    device_class=SensorDeviceClass.MONETARY,
    entity_registry_enabled_default=False,
    exists=lambda plan, now: own_plan(plan, now) and currency_of(plan) is not None,
    value=cost_by_month,
    attributes=_cost_attributes,
)


def _account_monthly_cost(currency: str) -> SensorEntityDescription:
    return SensorEntityDescription(
        key=f"monthly_cost_{currency.lower()}",
        translation_key="account_monthly_cost",
        translation_placeholders={"currency": currency},
        device_class=SensorDeviceClass.MONETARY,
        native_unit_of_measurement=currency,
        suggested_display_precision=places(currency),
    )


def _account_forecast(currency: str) -> SensorEntityDescription:
    return SensorEntityDescription(
        key=f"forecast_3_months_{currency.lower()}",
        translation_key="forecast_3_months",
        translation_placeholders={"currency": currency},
        device_class=SensorDeviceClass.MONETARY,
        native_unit_of_measurement=currency,
        suggested_display_precision=places(currency),
        entity_registry_enabled_default=False,
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
        state_class=SensorStateClass.MEASUREMENT,
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
    await async_setup_camera_entities(
        hass, entry, async_add_entities, Platform.SENSOR, (MONTHLY_COST,), MonthlyCostSensor
    )
    _async_setup_sums(entry, async_add_entities)


@callback
def _async_setup_sums(
    entry: CloudPlanConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sums of the account, once for each currency as soon as a price is known in it."""
    coordinator = entry.runtime_data.coordinator
    there: set[str] = set()

    @callback
    def add_missing(changed: Collection[str]) -> None:
        plans = [plan for camera_id in changed if (plan := coordinator.known(camera_id))]
        running = [plan for plan in plans if plan.is_own and plan.view and plan.view.is_active]
        known = {currency for plan in running if (currency := currency_of(plan))}
        for currency in sorted(known - there):
            there.add(currency)
            async_add_entities(
                [
                    AccountCostSensor(coordinator, _account_monthly_cost(currency)),
                    ForecastSensor(coordinator, _account_forecast(currency)),
                ]
            )

    add_missing(coordinator.data.cameras)
    entry.async_on_unload(coordinator.async_add_cameras_listener(add_missing))


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
        description, plan = self.entity_description, self.plan
        own = description.attributes(self.coordinator, plan) if plan else {}
        return {**own, **super().extra_state_attributes}


class MonthlyCostSensor(CameraSensor):
    """What one camera's plan costs by the month."""

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """The currency of its price."""
        return currency_of(self.plan) if self.plan else None

    @property
    @override
    def native_value(self) -> Decimal | None:
        """What it costs by the month, in whole coins."""
        value, currency = super().native_value, self.native_unit_of_measurement
        if not isinstance(value, Decimal) or currency is None:
            return None
        return rounded(Money(amount=value, currency=currency))


class SumSensor(ReckonedEntity, SensorEntity):
    """A sum over all cameras of an account, in one currency."""

    def sum_of(self, sums: Mapping[str, Decimal]) -> Decimal:
        """Return the sum in this sensor's currency, in whole coins."""
        currency = str(self.entity_description.native_unit_of_measurement)
        return rounded(Money(amount=sums.get(currency, Decimal(0)), currency=currency))

    @property
    def views(self) -> list[PlanView]:
        """The plans that are summed up."""
        return own_views(self.coordinator.data.cameras.values())


class AccountCostSensor(SumSensor):
    """What the plans of an account cost by the month."""

    _cost: MonthlyCost | None = None

    @override
    async def async_reckon(self) -> None:
        """Sum up what plans cost."""
        self._cost = await self.hass.async_add_executor_job(monthly_cost, self.views, clock.now())

    @property
    @override
    def native_value(self) -> Decimal | None:
        """What the plans cost that are known to renew."""
        return self.sum_of(self._cost.sums) if self._cost else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What may come on top, and of how many plans it is not known."""
        if self._cost is None:
            return {}
        return {
            "possible": float(self.sum_of(self._cost.possible)),
            "unknown_amounts": self._cost.unknown,
            "note": translated(self.hass, "common.cost_spread"),
        }


class ForecastSensor(SumSensor):
    """What the plans of an account cost in the next three months."""

    _unrecorded_attributes = frozenset({"months", "note"})

    _forecast: Forecast | None = None

    @override
    async def async_reckon(self) -> None:
        """Sum up the charges to come."""
        self._forecast = await self.hass.async_add_executor_job(
            forecast, self.views, clock.now(), dt_util.get_default_time_zone()
        )

    @property
    @override
    def native_value(self) -> Decimal | None:
        """What the plans cost that are known to renew."""
        return self.sum_of(self._forecast.total.sums) if self._forecast else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What may come on top, and the months one by one."""
        if self._forecast is None:
            return {}
        total = self._forecast.total
        return {
            "possible": float(self.sum_of(total.possible)),
            "unknown_amounts": total.unknown,
            "months": [
                {
                    "begins": dt_util.as_local(month.begins).date().isoformat(),
                    "amount": float(self.sum_of(month.sums)),
                    "possible": float(self.sum_of(month.possible)),
                    "unknown_amounts": month.unknown,
                }
                for month in self._forecast.months
            ],
            "note": translated(self.hass, "common.cost_whole"),
        }


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
    # It changes with every poll.
    _unrecorded_attributes = frozenset({"read_at"})

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
