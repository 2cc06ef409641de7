"""The dashboard's content, of built-in cards only, for the devices that are there.

One column on a phone, at most three on a desk. Blocks: the next charge, and what plans cost;
what needs its owner, absent when nothing does; every camera, those without a plan folded into
one line; the calendar of charges; what is being saved, and what is about to be lost; when all
that was read. Very many cameras have a page of their own, and here stand as a table, of those
with something to come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from ..const import DOMAIN
from ..outlook import Reason
from ..plan import CaseState
from ..words import places
from .found import (
    ACCOUNT_MONTHLY_COST,
    ATTENTION,
    AUTO_RENEWAL,
    CANCELLATION,
    CHARGES,
    CHECK_NOW,
    DAYS_REMAINING,
    EXPORT,
    LAST_CHECKED,
    NEXT_CHARGE,
    PLAN_STATUS,
    RECORDINGS_AT_RISK,
    RENEWING_PLANS,
    Found,
    FoundAccount,
)
from .parts import (
    Card,
    any_of,
    button,
    goes_to,
    grid,
    heading,
    performs,
    screen,
    section,
    shown_if,
    state_is,
    state_is_not,
    text,
    view,
)
from .texts import Given, Texts, label

_COLUMNS: Final = 3
_STACK: Final = {"grid_options": {"columns": 12}}
_ICON: Final = "mdi:cctv"
# So many cameras with a plan are shown one by one; of more, a table names those with something
# to come in fewer days than these.
_AT_ONCE: Final = 16
_SOON: Final = 8
# What so many cameras need alike is said of each; of more, of all at once.
_NEED_ALIKE: Final = 3
_MONTH_ROWS: Final = 10
_WEEK_ROWS: Final = 8
# A reading so old is told at the top: the longest that is left between two is a day.
_OLD_HOURS: Final = 36
# A month needs room for words on its days, beside Home Assistant's sidebar.
_DESK: Final = "(min-width: 1100px)"
_POCKET: Final = "(max-width: 1099px)"
_TWO_PLACES: Final = 2

_NO_PLAN: Final = ("none", "free_tier")
_PLAN_OVER: Final = ("expired", "expired_reachable")
_RUNNING: Final = ("trial", "active_renewing", "active_not_renewing", "active_renewal_unknown")
_MAY_RENEW: Final = ("active_renewing", "active_renewal_unknown")
_NOT_READ: Final = ("unknown", "unavailable")
_NOT_SAVING: Final = ("idle", *_NOT_READ)

# Pages: the one of all cameras, beside this one whatever the dashboard is called; Media, at what
# was saved; where steps wait; where accounts stand, and typed plans are changed.
_ALL_CAMERAS: Final = "cameras"
_MEDIA: Final = f"/media-browser/browser/{quote(f'app,media-source://{DOMAIN}', safe='')}"
_REPAIRS: Final = "/config/repairs"
_PLANS: Final = f"/config/integrations/integration/{DOMAIN}"
_CAMERA: Final = "camera"

# How weighty a reason is, and where its step is: others are told, and wait in the repairs.
_KINDS: Final = {
    Reason.RENEWED_AFTER_CANCELLING: "error",
    Reason.NOT_EFFECTIVE: "error",
    Reason.CANCELLATION_OPEN: "warning",
    Reason.CAMERA_LEFT: "warning",
    Reason.RENEWAL_BACK_ON: "warning",
    Reason.ENDED_OR_RENEWED: "warning",
}
_PAGES: Final = {
    Reason.WITNESSES_DISAGREE: _CAMERA,
    Reason.RENEWAL_UNKNOWN: _CAMERA,
    Reason.ENDED_OR_RENEWED: _PLANS,
}
# Who bills, where it is known who that is.
_SELLERS: Final = ("mi_pay", "wechat_pay", "alipay", "apple", "google_play")


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes a dashboard for these accounts, in the language of these texts."""

    found: Sequence[FoundAccount]
    texts: Texts

    def dashboard(self) -> Card:
        """Return the dashboard's content."""
        sections = [self._next_charge(), self._needs_you(), self._cameras()]
        if self._cameras_found:
            sections += [self._calendar(), self._recordings()]
        sections.append(self._small_print())
        title = self.texts["title"]
        views = [view("plans", title, _ICON, _COLUMNS, filter(None, sections))]
        if self._are_many:
            views.append(self._all_cameras())
        return {"title": title, "views": views}

    @property
    def _accounts(self) -> list[Found]:
        return [found.account for found in self.found]

    @property
    def _cameras_found(self) -> list[Found]:
        return [camera for found in self.found for camera in found.cameras]

    @property
    def _are_many(self) -> bool:
        """Whether there are more cameras with a plan than are shown at once."""
        return sum(DAYS_REMAINING in camera.read for camera in self._cameras_found) > _AT_ONCE

    # --- The next charge ---

    def _next_charge(self) -> Card | None:
        cards = [*self._charges_ahead(), *self._cost()]
        if not cards:
            return None
        return section(heading(self.texts["next_charge"], icon="mdi:calendar-clock"), *cards)

    def _charges_ahead(self) -> list[Card]:
        cameras = [
            _spoken(camera, NEXT_CHARGE, PLAN_STATUS) | {"maker": label(camera.maker)}
            for camera in self._cameras_found
            if camera.reads(NEXT_CHARGE)
        ]
        off = sum(NEXT_CHARGE in camera.off for camera in self._cameras_found)
        if not cameras and not off:
            return []
        named = self.texts.beginning("guide_seller_")
        content = self.texts.template(
            "next_charge",
            cameras=cameras,
            off=off,
            may_renew=_MAY_RENEW,
            sellers={who: named[who] for who in _SELLERS},
            places=self._places(),
            read=self._read_at(),
            old_hours=_OLD_HOURS,
        )
        return [{"type": "markdown", "content": content}]

    def _cost(self) -> list[Card]:
        """Return the line of what plans cost by the month."""
        charges = [
            entity for camera in self._cameras_found if (entity := camera.reads(NEXT_CHARGE))
        ]
        costs = [
            entity
            for account in self._accounts
            for entity in account.read.get(ACCOUNT_MONTHLY_COST, ())
        ]
        if not charges and not costs:
            return []
        return [
            text(self.texts.template("cost", charges=charges, costs=costs, places=self._places()))
        ]

    def _places(self) -> dict[str, Given]:
        """Return how many decimal places amounts have here, where that is not two."""
        currencies = sorted({name for account in self._accounts for name in account.currencies})
        return {name: places(name) for name in currencies if places(name) != _TWO_PLACES}

    # --- What needs its owner ---

    def _needs_you(self) -> Card | None:
        told = [
            (attention, found.cameras)
            for found in self.found
            if (attention := found.account.reads(ATTENTION))
        ]
        if not told:
            return None
        content = self.texts.template(
            "needs_you",
            accounts=[
                {"attention": attention, "pages": {camera.name: camera.page for camera in cameras}}
                for attention, cameras in told
            ],
            reasons={reason.value: self._needed(reason) for reason in Reason},
            other=self._needed(None),
            repairs=_REPAIRS,
            many=self.texts.common["many_cameras"],
            alike=_NEED_ALIKE,
        )
        return section(
            heading(self.texts["needs_you"], icon="mdi:hand-back-right-outline"), text(content)
        ) | shown_if(any_of(state_is(attention, "on") for attention, _ in told))

    def _needed(self, reason: Reason | None) -> dict[str, Given]:
        """Return how a reason is told, and where its step is; `None` is one of another version."""
        name = f"needs_{reason or 'other'}"
        return {
            "kind": _KINDS.get(reason, "info") if reason else "info",
            "what": self.texts[name],
            "text": self.texts[f"{name}_text"],
            # Its words stay together at the end of a line.
            "link": (self.texts.get(f"{name}_link") or self.texts["show_me"]).replace(" ", "\xa0"),
            "page": _PAGES.get(reason, _REPAIRS) if reason else _REPAIRS,
        }

    # --- The cameras ---

    def _cameras(self) -> Card:
        check_now = [entity for account in self._accounts if (entity := account.reads(CHECK_NOW))]
        press = button("mdi:refresh", self.texts["check_now"])
        badges = [press | performs("button.press", entity_id=check_now)] if check_now else []
        if self._are_many:
            badges.insert(0, button(_ICON, self.texts["all_cameras"]) | goes_to(_ALL_CAMERAS))
            cards = [text(self._table(_SOON))]
        elif self._cameras_found:
            cards = [self._camera(camera) for camera in self._cameras_found]
            cards += self._without_plan()
        else:
            cards = [text(self.texts["no_cameras"].format(page=_PLANS))]
        return section(
            heading(self.texts["cameras"], *badges, icon=_ICON), *cards, columns=_COLUMNS
        )

    def _without_plan(self) -> list[Card]:
        """Return the line into which cameras are folded that have no plan."""
        told = [
            (camera, status)
            for camera in self._cameras_found
            if (status := camera.reads(PLAN_STATUS))
        ]
        if not told:
            return []
        content = self.texts.template(
            "without_plan",
            cameras=[_spoken(camera, PLAN_STATUS) for camera, _ in told],
            no_plan=_NO_PLAN,
        )
        is_any = any_of(state_is(status, *_NO_PLAN) for _, status in told)
        return [text(content) | shown_if(is_any)]

    def _all_cameras(self) -> Card:
        """Return the page of every camera: all at a glance, then account by account."""
        sections = [
            section(
                heading(found.account.name, icon="mdi:account"),
                *(self._camera(camera, is_in_table=True) for camera in found.cameras),
            )
            for found in self.found
            if found.cameras
        ]
        title = self.texts["all_cameras"]
        table = section(heading(self.texts["title"], icon=_ICON), text(self._table(None)))
        return view(_ALL_CAMERAS, title, _ICON, _COLUMNS, [table, *sections]) | {"subview": True}

    def _table(self, within: int | None) -> str:
        """Return a table of how plans stand, those first that end first.

        Of those with something to come in fewer than `within` days, and what is folded then is
        said below; without that, of all.
        """
        states = (*_RUNNING, *_PLAN_OVER, *_NO_PLAN)
        return self.texts.template(
            "table",
            cameras=[
                _spoken(camera, PLAN_STATUS, DAYS_REMAINING, CANCELLATION)
                for camera in self._cameras_found
            ],
            within=within,
            stands={state: self.texts.state(PLAN_STATUS, state) for state in states},
            cancellation=self._how_far(),
            over=_PLAN_OVER,
            no_plan=_NO_PLAN,
            many=self.texts.common["many_cameras"],
        )

    def _camera(self, camera: Found, *, is_in_table: bool = False) -> Card:
        """Return a camera's name, status in words and days; below them off and on.

        Where there is nothing to switch, the status takes that place. What stands in a table is
        not said again, and one without a plan is named in a line below.
        """
        status, renewal = camera.reads(PLAN_STATUS), camera.shows(AUTO_RENEWAL)
        runs = (state_is_not(status, *_PLAN_OVER),) if status else ()
        name = heading(camera.name, *_saving(camera))
        cards = [name | {"heading_style": "subtitle"} | goes_to(camera.page)]
        if renewal:
            if not is_in_table:
                cards.append(self._standing(camera) | shown_if(*runs))
            switch = {"type": "tile", "entity": renewal, "name": self.texts["auto_renewal"]}
            inline = {"features": [{"type": "toggle"}], "features_position": "inline"}
            cards.append(switch | inline | shown_if(*runs))
        if status and not is_in_table:
            plan = {"type": "tile", "entity": status, "name": self.texts["plan"], "icon": _ICON}
            cards.append(plan | (shown_if(state_is(status, *_PLAN_OVER)) if renewal else {}))
        has_plan = (state_is_not(status, *_NO_PLAN),) if status else ()
        return {"type": "vertical-stack", "cards": cards} | _STACK | shown_if(*has_plan)

    def _standing(self, camera: Found) -> Card:
        """Return the line of how a plan stands, and how far its end is if it was asked for.

        It is no badge beside the name, where words of any length would be cut.
        """
        content = self.texts.template(
            "standing",
            camera=_read(camera, PLAN_STATUS, DAYS_REMAINING, CANCELLATION),
            running={state: self.texts.state(PLAN_STATUS, state) for state in _RUNNING},
            cancellation=self._how_far(),
        )
        return text(content)

    def _how_far(self) -> dict[str, Given]:
        """Return what is said of each state of a cancellation."""
        return {state.value: self.texts.state(CANCELLATION, state) for state in CaseState}

    # --- What comes, and recordings ---

    def _calendar(self) -> Card | None:
        """Return what is coming: a month on a desk, a list on a phone."""
        calendars = [entity for account in self._accounts if (entity := account.shows(CHARGES))]
        if not calendars:
            return None
        calendar = {"type": "calendar", "entities": calendars}
        month = {"initial_view": "dayGridMonth"} | grid(_MONTH_ROWS)
        week = {"initial_view": "listWeek"} | grid(_WEEK_ROWS)
        return section(
            heading(self.texts["calendar"], icon="mdi:calendar-month"),
            calendar | month | shown_if(screen(_DESK)),
            calendar | week | shown_if(screen(_POCKET)),
            columns=_COLUMNS,
        )

    def _recordings(self) -> Card | None:
        """Return what is being saved and about to be lost, and the way to what was saved."""
        exports = [
            (account, export) for account in self._accounts if (export := account.reads(EXPORT))
        ]
        at_risk = [
            _spoken(camera, RECORDINGS_AT_RISK)
            for camera in self._cameras_found
            if camera.reads(RECORDINGS_AT_RISK)
        ]
        if not exports and not at_risk:
            return None
        why = self.texts.beginning("export_why_")
        content = self.texts.template(
            "recordings",
            exports=[export for _, export in exports],
            at_risk=at_risk,
            why={**why, "incomplete": self.texts["export_incomplete"]},
        )
        tiles = [
            {
                "type": "tile",
                "entity": export,
                "name": account.name,
                "state_content": ["state", "camera"],
            }
            | _STACK
            | shown_if(state_is_not(export, *_NOT_SAVING))
            for account, export in exports
            if account.shows(EXPORT)
        ]
        media = button("mdi:play-box-multiple-outline", self.texts["open_media"])
        title = heading(self.texts["recordings"], media | goes_to(_MEDIA), icon="mdi:filmstrip")
        return section(title, *tiles, text(content), columns=_COLUMNS)

    def _small_print(self) -> Card | None:
        """Return when all that was read, which the oldest reading says."""
        read = self._read_at()
        if not read:
            return None
        return section(text(self.texts.template("small_print", read=read)), columns=_COLUMNS)

    def _read_at(self) -> list[tuple[str, str | None]]:
        """Return what tells when accounts were read: entities, each with the attribute."""
        return [
            (entity, attribute)
            for account in self._accounts
            for what, attribute in ((LAST_CHECKED, None), (RENEWING_PLANS, "read_at"))
            if (entity := account.reads(what))
        ]


def _spoken(camera: Found, *read: str) -> dict[str, Given]:
    """Return what a template may say about a camera: its name, its page and these entities."""
    named: dict[str, Given] = {"label": label(camera.name), "page": camera.page}
    return named | _read(camera, *read)


def _read(camera: Found, *what: str) -> dict[str, Given]:
    return {one: camera.reads(one) for one in what}


def _saving(camera: Found) -> list[Card]:
    """Return what saves a camera's recordings, if it has any."""
    save = performs(f"{DOMAIN}.export_recordings", device_id=[camera.device_id])
    return [button("mdi:download") | save] if camera.has_recordings else []
