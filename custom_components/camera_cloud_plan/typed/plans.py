"""The plans that are typed in: subentries of the local account, as the plan model has them."""

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry, ConfigSubentryData
from homeassistant.core import HomeAssistant, callback

from ..cloud.manual import ManualPlan, ManualPlanError
from ..const import CONF_MAKER, DOMAIN, MAKER_MANUAL

SUBENTRY_PLAN: Final = "plan"


def is_typed(entry: ConfigEntry) -> bool:
    """Return whether an entry holds plans that are typed in."""
    return bool(entry.data[CONF_MAKER] == MAKER_MANUAL)


@callback
def async_local_entry(hass: HomeAssistant) -> ConfigEntry | None:
    """Return the entry of the plans that are typed in; `None` before the first."""
    return hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, MAKER_MANUAL)


def typed_plans(entry: ConfigEntry) -> dict[str, ManualPlan]:
    """Return an entry's typed plans by the ids of their subentries; damaged ones are left out."""
    plans = {plan_id: typed_plan(entry, plan_id) for plan_id in entry.subentries}
    return {plan_id: plan for plan_id, plan in plans.items() if plan is not None}


def typed_plan(entry: ConfigEntry, plan_id: str) -> ManualPlan | None:
    """Return one typed plan; `None` where there is none of this id, or it is damaged."""
    subentry = entry.subentries.get(plan_id)
    try:
        return ManualPlan.parse(subentry.data) if subentry else None
    except ManualPlanError:
        return None


def stored(plan: ManualPlan) -> ConfigSubentryData:
    """Return what is stored of a plan."""
    return {
        "data": plan.as_dict(),
        "subentry_type": SUBENTRY_PLAN,
        "title": plan.name,
        "unique_id": None,
    }


@callback
def async_add_plans(hass: HomeAssistant, entry: ConfigEntry, plans: Iterable[ManualPlan]) -> None:
    """Add plans to the local account."""
    for plan in plans:
        kept = stored(plan)
        subentry = ConfigSubentry(
            data=MappingProxyType(kept["data"]),
            subentry_type=kept["subentry_type"],
            title=kept["title"],
            unique_id=kept["unique_id"],
        )
        hass.config_entries.async_add_subentry(entry, subentry)


@callback
def async_change_plan(
    hass: HomeAssistant, entry: ConfigEntry, plan_id: str, **changes: Any
) -> None:
    """Change what is said of a plan; nothing where there is none of this id."""
    if (plan := typed_plan(entry, plan_id)) is None:
        return
    after = replace(plan, **changes)
    hass.config_entries.async_update_subentry(
        entry, entry.subentries[plan_id], data=after.as_dict(), title=after.name
    )


def is_among(plan: ManualPlan, plans: Iterable[ManualPlan]) -> bool:
    """Return whether one of these has the same name and brand."""
    return any(known.identity == plan.identity for known in plans)
