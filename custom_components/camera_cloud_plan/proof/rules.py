"""Which rules and ways go for a plan, where it is bought and on a day."""

from dataclasses import dataclass
from datetime import datetime

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..ledger.dispute import Cited
from ..plan import Channel, Route, StageKind, region_of, routes_for, rules_in_force
from ..plan.charge import term_of
from ..snapshot import CameraPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """Which rules and ways go for a camera's plan, as of a moment."""

    cited: tuple[Cited, ...]
    routes: tuple[Route, ...]


def background(
    hass: HomeAssistant, plan: CameraPlan, on: datetime, *, first_paid: bool = False
) -> Background:
    """Return what holds where a plan is bought, on the day of a moment."""
    region = region_of(plan.camera.region, hass.config.country)
    kinds, day = plan_kinds(plan, first_paid=first_paid), dt_util.as_local(on).date()
    cited = tuple(
        Cited(key=rule.key, since=rule.since, source=rule.source)
        for rule in rules_in_force(region, kinds, day)
        if rule.since is not None
    )
    return Background(cited=cited, routes=routes_for(region, _payee(plan), kinds, day))


def _payee(plan: CameraPlan) -> Channel:
    """Return who is asked for the money: of a typed plan never a maker that stands behind a wallet."""
    is_typed = plan.reading is not None and plan.reading.typed
    if not is_typed or plan.channel not in (Channel.WECHAT_PAY, Channel.ALIPAY):
        return plan.channel
    return Channel.SELLER if plan.camera.maker else Channel.SELLER_UNKNOWN


def plan_kinds(plan: CameraPlan, *, first_paid: bool = False) -> frozenset[StageKind]:
    """Return as what a plan counts for the rules: by its term, and as a trial or what followed it.

    `first_paid`: whether it is in the term that a trial turned into.
    """
    reading = plan.reading
    term = term_of(reading, plan.zone) if reading else None
    kinds = {StageKind.YEARLY if term and term.is_long else StageKind.MONTHLY}
    if first_paid or (reading and reading.trial):
        kinds.add(StageKind.TRIAL)
    return frozenset(kinds)
