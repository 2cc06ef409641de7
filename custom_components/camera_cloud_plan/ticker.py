"""Tells when something shown of a camera changes by the clock alone."""

from collections.abc import Callable, Collection
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time

from .plan import clock


class Ticker:
    """One timer for many cameras, set to the earliest of their moments.

    `on_due` is called with the ids whose moment has come; whoever is called sets their
    next one. All moments are UTC.
    """

    def __init__(self, hass: HomeAssistant, on_due: Callable[[Collection[str]], None]) -> None:
        """Take what to call; nothing runs before the first moment is set."""
        self._hass = hass
        self._on_due = on_due
        self._moments: dict[str, datetime] = {}
        self._timer: CALLBACK_TYPE | None = None
        self._timer_at: datetime | None = None
        self._stopped = False

    @callback
    def async_set(self, moments: dict[str, datetime | None]) -> None:
        """Set cameras' next moments by their id; `None` for those without any."""
        if self._stopped:
            return
        for camera_id, moment in moments.items():
            if moment is None:
                self._moments.pop(camera_id, None)
            else:
                self._moments[camera_id] = moment
        self._async_arm()

    @callback
    def async_stop(self) -> None:
        """Forget all moments, release the timer and set no other."""
        self._stopped = True
        self._moments.clear()
        self._async_arm()

    @callback
    def _async_arm(self) -> None:
        earliest = min(self._moments.values(), default=None)
        if earliest == self._timer_at:
            return
        if self._timer:
            self._timer()
            self._timer = None
        self._timer_at = earliest
        if earliest is not None:
            self._timer = async_track_point_in_utc_time(self._hass, self._async_tick, earliest)

    @callback
    def _async_tick(self, _now: datetime) -> None:
        self._timer = self._timer_at = None
        now = clock.now()
        due = [camera_id for camera_id, moment in self._moments.items() if moment <= now]
        for camera_id in due:
            del self._moments[camera_id]
        self._on_due(due)
        self._async_arm()
