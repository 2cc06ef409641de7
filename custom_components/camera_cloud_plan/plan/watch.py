"""What is noticed of a camera from one reading to the next, whoever caused it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from .activity import Activity
from .camera import Camera
from .case import SHORTEST_TERM
from .reading import Service
from .renewal import Renewal
from .view import PlanView

# A camera that is offline for so long while its plan renews is told of.
OFFLINE_AFTER: Final = timedelta(hours=72)

_WITHOUT_A_PLAN: Final = (Service.EXPIRED, Service.NEVER_BOUGHT)


class Notice(StrEnum):
    """Something that stands until it is over or its owner has taken note."""

    RENEWAL_BACK_ON = "renewal_back_on"
    CAMERA_OFFLINE = "camera_offline"
    UPLOAD_OFF = "upload_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A notice that stands since a moment (UTC); `noted` once its owner has taken note."""

    since: datetime
    noted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that happened between two readings, with the plan's end before and now."""

    activity: Activity
    old_end: datetime | None = None
    new_end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is remembered of a camera to see what changes; all moments UTC.

    `renewal` is the last definite word about a running plan, `ends_at` its last known end,
    `renewed_until` the end that was last told as new, `offline_since` when the camera was
    first read as offline. `notices` are by `Notice`.
    """

    renewal: Renewal | None = None
    ends_at: datetime | None = None
    renewed_until: datetime | None = None
    offline_since: datetime | None = None
    notices: Mapping[str, Standing] = field(default_factory=dict)

    def seen(
        self, view: PlanView, now: datetime, *, wanted_on: bool = False
    ) -> tuple[Self, tuple[Finding, ...]]:
        """Return it after a fresh reading, and what that reading shows for the first time.

        `wanted_on` is whether its owner has asked for renewal to be on, or watches over its
        being off in a case: then coming on is no news that needs a notice. A plan that is
        typed in changes by its owner's word alone, which is no news to them.
        """
        if view.reading.typed:
            return self, ()
        findings = tuple(self._changes(view))
        watch = replace(
            self,
            renewal=self._definite(view),
            ends_at=(view.is_active and view.reading.ends_at) or self.ends_at,
            renewed_until=next((f.new_end for f in findings if f.new_end), self.renewed_until),
            offline_since=_offline_since(view.camera, self.offline_since, now),
        )
        switched_on = any(f.activity is Activity.RENEWAL_SWITCHED_ON for f in findings)
        renews = view.is_active and view.renewal is Renewal.ON
        may_renew = view.is_active and view.renewal is not Renewal.OFF
        since = watch.offline_since
        is_long_offline = (
            view.camera.online is False and since is not None and now - since >= OFFLINE_AFTER
        )
        begins = {
            Notice.RENEWAL_BACK_ON: renews and switched_on and not wanted_on,
            Notice.CAMERA_OFFLINE: may_renew and is_long_offline,
            Notice.UPLOAD_OFF: renews and view.reading.uploads is False,
        }
        ends = {
            Notice.RENEWAL_BACK_ON: False,
            Notice.CAMERA_OFFLINE: since is None,
            Notice.UPLOAD_OFF: view.reading.uploads is True,
        }
        # What stood goes on standing while it is not known whether it is over.
        stands = {
            notice: begins[notice]
            or (notice in self.notices and not ends[notice] and not _renews_no_more(view))
            for notice in Notice
        }
        notices = {
            notice.value: self.notices.get(notice, Standing(since=now))
            for notice, standing in stands.items()
            if standing
        }
        told = tuple(
            Finding(activity=_ACTIVITY_OF[notice])
            for notice, standing in stands.items()
            if standing and notice in _ACTIVITY_OF and notice not in self.notices
        )
        return replace(watch, notices=notices), (*findings, *told)

    def noted(self, notice: Notice) -> Self:
        """Return it with a notice that its owner has taken note of."""
        standing = self.notices.get(notice)
        if standing is None:
            return self
        return replace(self, notices={**self.notices, notice: replace(standing, noted=True)})

    def standing(self) -> Iterator[Notice]:
        """Yield the notices that stand and were not taken note of."""
        for notice in Notice:
            if (standing := self.notices.get(notice)) and not standing.noted:
                yield notice

    def _definite(self, view: PlanView) -> Renewal | None:
        if view.is_active and view.renewal is not Renewal.UNKNOWN:
            return view.renewal
        return None if view.reading.service in _WITHOUT_A_PLAN else self.renewal

    def _changes(self, view: PlanView) -> Iterator[Finding]:
        if not view.is_active:
            return
        old, new = self.ends_at, view.reading.ends_at
        # An old end that is read once more between two new ones makes no second term.
        if old and new and new - max(old, self.renewed_until or old) >= SHORTEST_TERM:
            yield Finding(activity=Activity.RENEWED, old_end=old, new_end=new)
        if self.renewal is Renewal.OFF and view.renewal is Renewal.ON:
            yield Finding(activity=Activity.RENEWAL_SWITCHED_ON)
        if self.renewal is Renewal.ON and view.renewal is Renewal.OFF:
            yield Finding(activity=Activity.RENEWAL_SWITCHED_OFF)


_ACTIVITY_OF: Final[Mapping[Notice, Activity]] = {
    Notice.CAMERA_OFFLINE: Activity.CAMERA_OFFLINE,
    Notice.UPLOAD_OFF: Activity.UPLOAD_OFF,
}


def _renews_no_more(view: PlanView) -> bool:
    """Return whether it is known that nothing renews; not understood is not known."""
    return view.reading.service in _WITHOUT_A_PLAN or (
        view.is_active and view.renewal is Renewal.OFF
    )


def _offline_since(camera: Camera, before: datetime | None, now: datetime) -> datetime | None:
    """Return since when a camera is read as offline; one of which it is not said stays so."""
    if camera.online is None:
        return before
    if camera.online:
        return None
    return min(before or now, now)
