"""What people read of coming charges: a day's digest, and the answer to a button pressed."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import chain
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..devices import key_of
from ..plan import ChargeExpectation
from ..plan.alerts import Alert
from ..plan.cost import LimitKind, OverLimit, plans_charged
from ..snapshot import CameraPlan
from ..words import (
    counted,
    listed,
    maker_name,
    seller_name,
    sentences,
    spoken,
    spoken_amount,
    spoken_day,
    spoken_month,
    translated,
)
from .sender import REPAIRS, Button, Link, Text

# What a digest is known by, and what is answered to it: the next takes the place of the last.
DIGEST_REF: Final = f"{DOMAIN}_alerts"

# Where plans are kept or stopped.
_INTEGRATION: Final = f"/config/integrations/integration/{DOMAIN}"
_DEVICE: Final = "/config/devices/device/"

_HOUR: Final = timedelta(hours=1)
_INSTANT: Final = timedelta(microseconds=1)


class Verb(StrEnum):
    """What a button on a phone does."""

    HOW = "how"
    KEEP = "keep"
    TOMORROW = "tomorrow"


def action_of(verb: Verb, *about: str) -> str:
    """Return what a phone says when a button is pressed; it tells neither camera nor account.

    It is `about` an account, a camera's id and its cycle, or about a digest of several: the
    target it was sent to and its day. What comes up later that day may be sent elsewhere only.
    """
    return f"{DOMAIN}_{verb}_{key_of(*about)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One plan's part of a digest; `can_wait` if it may be put off until tomorrow.

    `camera` is what the camera is called; of a plan that `covers_several` what all are.
    `asked_every` is how often its maker is asked; a reading older than that by half is told
    with its age.
    """

    entry_id: str
    asked_every: timedelta
    plan: CameraPlan
    camera: str
    device_id: str | None
    alert: Alert
    can_wait: bool
    covers_several: bool = False

    @property
    def camera_id(self) -> str:
        """The camera's id."""
        return self.plan.camera.camera_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeded:
    """A limit that a forecast exceeds, and the names of the cameras that it is about."""

    over: OverLimit
    cameras: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestWords:
    """The words of a digest, sent at `at` (UTC)."""

    hass: HomeAssistant
    at: datetime

    @property
    def repairs(self) -> Link:
        """Where the guided steps are."""
        return Link(path=REPAIRS, label=self._said("tell_show_me"), where=self._said("tell_where"))

    def digest(self, parts: Sequence[Part], exceeded: Sequence[Exceeded], *, target: str) -> Text:
        """Return the digest for a target; there is at least one part or limit."""
        charges = self._joined(
            [part for part in parts if part.alert.charge and not part.alert.kept]
        )
        endings = [part for part in parts if part.alert.charge is None]
        told = sorted((*charges, *endings), key=lambda part: (_first(part), part.camera))
        lines = [self._line(part) for part in told]
        lines += [self._over(one) for one in exceeded]
        if len(lines) > 1:
            lines = [f"• {line}" for line in lines]
        notes = self._notes(charges, told, [part for part in parts if part.alert.kept])
        return Text(
            ref=DIGEST_REF,
            title=self._title(charges, endings, exceeded),
            message="\n".join(chain(lines, notes)),
            link=self._link(told, exceeded),
            buttons=tuple(self._buttons(told, target)),
        )

    def answer(
        self,
        key: str,
        cameras: Collection[str],
        *,
        why: str | None = None,
        link: Link | None = None,
        **gaps: str,
    ) -> Text:
        """Return what takes a digest's place once a button of it was pressed.

        `key` is what became of it; `why` names other words for the message below.
        """
        many = len(cameras) > 1
        return Text(
            ref=DIGEST_REF,
            title=self._said(
                f"{key}_many" if many else key,
                **({"count": str(len(cameras))} if many else {"camera": next(iter(cameras))}),
            ),
            message=self._said(f"{why or key}_message", **gaps),
            link=link,
        )

    # --- The title ---

    def _title(
        self, charges: Sequence[Part], endings: Sequence[Part], exceeded: Sequence[Exceeded]
    ) -> str:
        about = charges or endings
        if not about:
            return self._said("alert_title_limit" if exceeded else "alert_title_kept")
        possible = [part for part in charges if part.alert.charge and part.alert.charge.possible]
        key = "charge"
        if not charges:
            key = "ending"
        elif possible:
            key = "possible" if len(possible) == len(charges) else "mixed"
        first = spoken_day(self.hass, _local_day(min(map(_first, about))))
        if len(about) > 1:
            return self._said(f"alert_title_{key}_many", count=len(about), first=first)
        return self._said(f"alert_title_{key}", camera=about[0].camera, first=first)

    # --- The lines ---

    def _line(self, part: Part) -> str:
        charge = part.alert.charge
        said = self._ending(part) if charge is None else self._charge(part, charge)
        return sentences(self.hass, said)

    def _ending(self, part: Part) -> Iterator[str]:
        ends_at = part.alert.ends_at
        yield self._said("alert_ending", camera=part.camera, when=self._when(ends_at, ends_at))
        if part.plan.reading and part.plan.reading.typed:
            yield self._said("alert_typed")

    def _charge(self, part: Part, charge: ChargeExpectation) -> Iterator[str]:
        possible = "_possible" if charge.possible else ""
        yield self._said(
            f"alert_{charge.kind}{possible}",
            camera=part.camera,
            when=self._when(charge.earliest, charge.latest),
            amount=self._said("alert_amount", amount=spoken_amount(self.hass, charge.amount))
            if charge.amount
            else "",
        )
        maker = maker_name(self.hass, part.plan.camera.maker)
        if charge.possible:
            yield self._said("alert_not_said" if charge.typed else "alert_not_shown", maker=maker)
        elif charge.typed:
            yield self._said("alert_typed")
        deadline = spoken(self.hass, charge.deadline)
        if charge.deadline <= self.at:
            yield self._said("alert_too_late", deadline=deadline)
        else:
            seller = seller_name(self.hass, part.plan.channel, part.plan.camera.maker)
            yield self._said("alert_stop", seller=seller, deadline=deadline)

    def _when(self, earliest: datetime, latest: datetime) -> str:
        """Return a window in local words: a moment, a day, or from day to day."""
        if earliest == latest:
            return self._said("alert_on", day=spoken(self.hass, earliest))
        # A window that ends at midnight does not reach into the day that begins then.
        days = [spoken_day(self.hass, _local_day(at)) for at in (earliest, latest - _INSTANT)]
        if days[0] == days[1]:
            return self._said("alert_on", day=days[0])
        return self._said("alert_between", earliest=days[0], latest=days[1])

    def _over(self, one: Exceeded) -> str:
        over = one.over
        possible = "_possible" if over.possible else ""
        month = dt_util.as_local(over.charges[0].at).date()
        return self._said(
            f"alert_over_{over.kind}{possible}",
            amount=spoken_amount(self.hass, over.amount),
            limit=spoken_amount(self.hass, over.limit),
            **(
                {"camera": listed(self.hass, one.cameras)}
                if over.kind is LimitKind.CHARGE
                else {"month": spoken_month(self.hass, month)}
            ),
        )

    # --- What is said below them ---

    def _notes(
        self, charges: Sequence[Part], told: Sequence[Part], kept: Sequence[Part]
    ) -> Iterator[str]:
        unknown = [part for part in charges if part.alert.charge and not part.alert.charge.amount]
        if unknown:
            key = "common.alert_amount_unknown"
            if len(charges) == 1:
                yield translated(self.hass, key)
            else:
                yield counted(self.hass, key, len(unknown))
        # What a region's rules say, once each.
        for rule in dict.fromkeys(rule for part in told for rule in part.alert.rules):
            yield self._said(f"alert_rule_{rule}")
        if kept:
            names = sorted((part.camera for part in kept), key=str.casefold)
            yield self._said("alert_kept", cameras=listed(self.hass, names))
        if age := self._age((*told, *kept)):
            yield age

    def _age(self, parts: Sequence[Part]) -> str | None:
        """Return how old the oldest reading is, where that is more than its polls explain."""
        old = [
            (reading.read_at, part.plan.camera.maker)
            for part in parts
            if (reading := part.plan.reading)
            and not reading.typed
            and self.at - reading.read_at > part.asked_every * 1.5
        ]
        if not old:
            return None
        read_at, maker = min(old)
        hours = (self.at - read_at) // _HOUR
        return counted(self.hass, "common.alert_age", hours, maker=maker_name(self.hass, maker))

    # --- Where it leads ---

    def _link(self, told: Sequence[Part], exceeded: Sequence[Exceeded]) -> Link | None:
        if not told and not exceeded:
            return None
        only = told[0] if len(told) == 1 else None
        path = f"{_DEVICE}{only.device_id}" if only and only.device_id else _INTEGRATION
        return Link(path=path, label=self._said("tell_show_me"), where=self._said("alert_where"))

    def _buttons(self, told: Sequence[Part], target: str) -> Iterator[Button]:
        if not told:
            return
        can_wait = any(part.can_wait for part in told)
        if len(told) > 1 or told[0].covers_several:
            yield Button(title=self._said("tell_show_me"), path=_INTEGRATION)
            if can_wait:
                yield self._button(Verb.TOMORROW, target, _local_day(self.at).isoformat())
        elif told[0].alert.charge:
            about = told[0].entry_id, told[0].camera_id, told[0].alert.cycle
            yield self._button(Verb.HOW, *about)
            yield self._button(Verb.KEEP, *about)
            if can_wait:
                yield self._button(Verb.TOMORROW, *about)

    def _button(self, verb: Verb, *about: str) -> Button:
        return Button(title=self._said(f"alert_button_{verb}"), action=action_of(verb, *about))

    def _said(self, key: str, **gaps: object) -> str:
        return translated(self.hass, f"common.{key}", **gaps)

    # --- One plan for several cameras ---

    def _joined(self, parts: Sequence[Part]) -> list[Part]:
        """Return charges with those that one plan makes for several cameras as one."""
        accounts = dict.fromkeys(part.entry_id for part in parts)
        return [
            joined
            for entry_id in accounts
            for joined in self._joined_of([part for part in parts if part.entry_id == entry_id])
        ]

    def _joined_of(self, parts: Sequence[Part]) -> Iterator[Part]:
        """Yield the charges of one account, likewise."""
        by_camera = {part.camera_id: part for part in parts}
        for view, camera_ids in plans_charged(part.plan.view for part in parts if part.plan.view):
            part = by_camera[view.camera.camera_id]
            if len(camera_ids) > 1:
                names = sorted((by_camera[key].camera for key in camera_ids), key=str.casefold)
                part = replace(part, camera=listed(self.hass, names), covers_several=True)
            yield part


def _first(part: Part) -> datetime:
    """Return when what is told of may first happen (UTC)."""
    return part.alert.charge.earliest if part.alert.charge else part.alert.ends_at


def _local_day(moment: datetime) -> date:
    return dt_util.as_local(moment).date()
