"""Registers the actions."""

from homeassistant.core import HomeAssistant, SupportsResponse, callback
import voluptuous as vol

from .actions.bill import BILL_FIELDS, async_get_bill
from .actions.calendar import CALENDAR_FIELDS, async_export_calendar
from .actions.charges import (
    ADD_FIELDS,
    IMPORT_FIELDS,
    REPORT_FIELDS,
    async_add_charge,
    async_import_charges,
    async_report_charge,
)
from .actions.dashboard import DASHBOARD_FIELDS, async_get_dashboard
from .actions.dispute import PACKAGE_FIELDS, async_create_dispute_package
from .actions.forecast import FORECAST_FIELDS, async_get_forecast
from .actions.ledgers import (
    EXPORT_LEDGER_FIELDS,
    VERIFY_FIELDS,
    async_export_ledger,
    async_verify_ledger,
)
from .actions.plans import (
    CANCEL_FIELDS,
    CHECK_FIELDS,
    KEEP_FIELDS,
    WITHDRAW_FIELDS,
    async_cancel_plan,
    async_check_renewal,
    async_keep_plan,
    async_withdraw_cancellation,
)
from .actions.recordings import (
    EXPORT_FIELDS,
    STOP_FIELDS,
    async_export_recordings,
    async_stop_export,
)
from .const import (
    DOMAIN,
    SERVICE_ADD_CHARGE,
    SERVICE_CANCEL_PLAN,
    SERVICE_CHECK_RENEWAL,
    SERVICE_CREATE_DISPUTE_PACKAGE,
    SERVICE_EXPORT_CALENDAR,
    SERVICE_EXPORT_LEDGER,
    SERVICE_EXPORT_RECORDINGS,
    SERVICE_GET_BILL,
    SERVICE_GET_DASHBOARD,
    SERVICE_GET_FORECAST,
    SERVICE_IMPORT_CHARGES,
    SERVICE_KEEP_PLAN,
    SERVICE_REPORT_CHARGE,
    SERVICE_STOP_EXPORT,
    SERVICE_VERIFY_LEDGER,
    SERVICE_WITHDRAW_CANCELLATION,
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions; those that only answer have to be asked for their answer."""
    optional, only = SupportsResponse.OPTIONAL, SupportsResponse.ONLY
    for name, act, fields, response in (
        (SERVICE_ADD_CHARGE, async_add_charge, ADD_FIELDS, optional),
        (SERVICE_CANCEL_PLAN, async_cancel_plan, CANCEL_FIELDS, optional),
        (SERVICE_CHECK_RENEWAL, async_check_renewal, CHECK_FIELDS, optional),
        (SERVICE_CREATE_DISPUTE_PACKAGE, async_create_dispute_package, PACKAGE_FIELDS, optional),
        (SERVICE_EXPORT_CALENDAR, async_export_calendar, CALENDAR_FIELDS, only),
        (SERVICE_EXPORT_LEDGER, async_export_ledger, EXPORT_LEDGER_FIELDS, optional),
        (SERVICE_EXPORT_RECORDINGS, async_export_recordings, EXPORT_FIELDS, optional),
        (SERVICE_GET_BILL, async_get_bill, BILL_FIELDS, optional),
        (SERVICE_GET_DASHBOARD, async_get_dashboard, DASHBOARD_FIELDS, only),
        (SERVICE_GET_FORECAST, async_get_forecast, FORECAST_FIELDS, only),
        (SERVICE_IMPORT_CHARGES, async_import_charges, IMPORT_FIELDS, optional),
        (SERVICE_KEEP_PLAN, async_keep_plan, KEEP_FIELDS, optional),
        (SERVICE_REPORT_CHARGE, async_report_charge, REPORT_FIELDS, optional),
        (SERVICE_STOP_EXPORT, async_stop_export, STOP_FIELDS, optional),
        (SERVICE_VERIFY_LEDGER, async_verify_ledger, VERIFY_FIELDS, optional),
        (SERVICE_WITHDRAW_CANCELLATION, async_withdraw_cancellation, WITHDRAW_FIELDS, optional),
    ):
        hass.services.async_register(
            DOMAIN, name, act, schema=vol.Schema(fields), supports_response=response
        )
