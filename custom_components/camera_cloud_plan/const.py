"""Names that the Home Assistant side shares."""

from datetime import timedelta
from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "camera_cloud_plan"

PLATFORMS: Final = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
)

# Versions of config entries. Data and options of one major version are only added to, and
# what lacks has an answer wherever it is read; the minor version says what may be there.
# 1.1: an account, its options. 1.2: what voice may do.
ENTRY_VERSION: Final = 1
ENTRY_MINOR_VERSION: Final = 2

# Config entry, data. The account's label is what may be shown of it: its name or a
# masked id, never the id itself.
CONF_MAKER: Final = "maker"
CONF_ACCOUNT: Final = "account"
CONF_CREDENTIALS: Final = "credentials"
CONF_GATEWAY: Final = "gateway"

# Config entry, options.
CONF_REGIONS: Final = "regions"
CONF_CAMERAS_EXCLUDED: Final = "cameras_excluded"
CONF_POLL_HOURS: Final = "poll_hours"
CONF_SHOW_SHARED: Final = "show_shared"
# Where people are told: notify entities and actions, and Home Assistant's own notifications.
CONF_NOTIFY: Final = "notify"
NOTIFY_HERE: Final = "persistent_notification"
# Whether people are told of coming charges, when, by which rules, and from which sums on.
CONF_ALERTS: Final = "alerts"
CONF_DIGEST_AT: Final = "digest_at"
CONF_QUIET_FROM: Final = "quiet_from"
CONF_QUIET_UNTIL: Final = "quiet_until"
CONF_RULES: Final = "rules"
CONF_CHARGE_LIMIT: Final = "charge_limit"
CONF_MONTH_LIMIT: Final = "month_limit"
CONF_LIMIT_CURRENCY: Final = "limit_currency"
# Who bills, by camera id, and for all other cameras.
CONF_BILLED_BY: Final = "billed_by"
BILLED_BY_DEFAULT: Final = "*"
BILLED_BY_UNKNOWN: Final = "unknown"
# What plans cost by the owner's word, by plan name; the fields are in `tariffs`.
CONF_TARIFFS: Final = "tariffs"
# The owner's renewal request definition, where it comes from, and who may send it.
CONF_RENEWAL_REQUEST: Final = "renewal_request"
CONF_DEFINITION: Final = "definition"
CONF_SOURCE: Final = "source"
CONF_ADDED_AT: Final = "added_at"
CONF_BY_SWITCH: Final = "by_switch"
# What voice may do: answer questions, which it may where nobody was asked, and begin a
# cancellation, which it may not.
CONF_VOICE_ANSWERS: Final = "voice_answers"
CONF_VOICE_CANCELS: Final = "voice_cancels"
# How recordings are saved: at once, seconds between them, and where.
CONF_EXPORT_AT_ONCE: Final = "export_at_once"
CONF_EXPORT_PAUSE: Final = "export_pause"
CONF_EXPORT_FOLDER: Final = "export_folder"

MAKER_XIAOMI: Final = "xiaomi"
# Plans that are typed in; one account holds them all, and this is its unique id too.
MAKER_MANUAL: Final = "manual"

MIN_POLL_HOURS: Final = 1
MAX_POLL_HOURS: Final = 24
DEFAULT_POLL_HOURS: Final = 6

MAX_EXPORT_AT_ONCE: Final = 4
DEFAULT_EXPORT_AT_ONCE: Final = 1
MAX_EXPORT_PAUSE: Final = 60
DEFAULT_EXPORT_PAUSE: Final = 1.5

# When a day's alerts are told, and when nothing is, by Home Assistant's local clock.
DEFAULT_DIGEST_AT: Final = "09:00:00"
DEFAULT_QUIET_FROM: Final = "21:00:00"
DEFAULT_QUIET_UNTIL: Final = "08:00:00"

# How long a last good reading is shown while no newer one can be had.
KEEP_LAST_GOOD: Final = timedelta(days=7)

# How long after its end a plan still counts as one the camera has.
RECENT_PLAN: Final = timedelta(days=60)

SERVICE_ADD_CHARGE: Final = "add_charge"
SERVICE_CANCEL_PLAN: Final = "cancel_plan"
SERVICE_CHECK_RENEWAL: Final = "check_renewal"
SERVICE_CREATE_DISPUTE_PACKAGE: Final = "create_dispute_package"
SERVICE_EXPORT_CALENDAR: Final = "export_calendar"
SERVICE_EXPORT_LEDGER: Final = "export_ledger"
SERVICE_EXPORT_RECORDINGS: Final = "export_recordings"
SERVICE_GET_BILL: Final = "get_bill"
SERVICE_GET_DASHBOARD: Final = "get_dashboard"
SERVICE_GET_FORECAST: Final = "get_forecast"
SERVICE_IMPORT_CHARGES: Final = "import_charges"
SERVICE_KEEP_PLAN: Final = "keep_plan"
SERVICE_REPORT_CHARGE: Final = "report_charge"
SERVICE_STOP_EXPORT: Final = "stop_export"
SERVICE_VERIFY_LEDGER: Final = "verify_ledger"
SERVICE_WITHDRAW_CANCELLATION: Final = "withdraw_cancellation"
