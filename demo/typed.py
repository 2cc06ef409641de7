"""The plan of another brand: typed in by its owner, and what must be shown of it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from .maker import ExpectedCamera, ExpectedCharge
from .words import Language

_NAMES: Final = {Language.EN: "Doorbell", Language.ZH: "门铃", Language.DE: "Türklingel"}
_BRAND: Final = "Knockwell"
_PRICE: Final = Decimal("39.99")
_CURRENCY: Final = "EUR"
_DAYS_AHEAD: Final = 12
_APPLE_CHARGES_AHEAD: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedPlan:
    """A yearly plan that an app store bills; `ends_on` is a day of the home's calendar."""

    name: str
    ends_on: date
    time_zone: str

    def answers(self) -> dict[str, object]:
        """Return what its owner types in."""
        return {
            "name": self.name,
            "ends_on": self.ends_on.isoformat(),
            "term": "12_months",
            "renews": "yes",
            "price": float(_PRICE),
            "currency": _CURRENCY,
            "more": {"brand": _BRAND, "billed_by": "apple"},
            "voice_cancels": True,
        }

    def expected(self, plan_id: str, now: datetime) -> ExpectedCamera:
        """Return what must be shown of it, under the id that it got, at a moment (UTC)."""
        begin, end = (
            datetime.combine(self.ends_on, at, ZoneInfo(self.time_zone)).astimezone(UTC)
            for at in (time.min, time(23, 59, 59))
        )
        return ExpectedCamera(
            did=plan_id,
            name=self.name,
            accounts=(),
            plan_status="active_renewing",
            auto_renewal="on",
            days_remaining=(end - now).days + 1,
            charge=ExpectedCharge(
                earliest=begin - _APPLE_CHARGES_AHEAD,
                latest=end,
                kind="renewal",
                amount=(_PRICE, _CURRENCY),
            ),
            monthly=(_PRICE / 12, _CURRENCY),
        )


def typed_plan(language: Language, time_zone: str) -> TypedPlan:
    """Return the plan, twelve days before its charge."""
    today = datetime.now(ZoneInfo(time_zone)).date()
    return TypedPlan(
        name=_NAMES[language], ends_on=today + timedelta(days=_DAYS_AHEAD), time_zone=time_zone
    )
