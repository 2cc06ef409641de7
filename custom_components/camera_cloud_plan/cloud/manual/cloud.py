"""Plans that are typed in, as a plan provider: read from what their owner said."""

from collections.abc import Callable, Collection, Mapping
from datetime import tzinfo
from typing import Final

from ...plan import Camera, Ownership, clock
from ..provider import CancelWay, Capabilities, Detail, PlanReadings, Readable
from .plan import ManualPlan

# The region of every plan that is typed in, as `plan/channels.json` knows it.
REGION: Final = "typed"

_CAPABILITIES: Final = Capabilities(
    readable=Readable.STATUS | Readable.END_DATE | Readable.AUTO_RENEWAL,
    cancel=CancelWay.GUIDED,
    asks=False,
)


class ManualCloud:
    """The plans of a home that are typed in; a `PlanProvider` that asks nobody.

    `plans` returns them as they are at the moment, by an id of their own; `time_zone`
    returns the home's, by whose calendar their days count. `model` is what is said in place
    of a camera's model.
    """

    maker: Final = ""
    capabilities: Final = _CAPABILITIES
    recordings: Final = None
    requests: Final = None

    def __init__(
        self,
        plans: Callable[[], Mapping[str, ManualPlan]],
        *,
        time_zone: Callable[[], tzinfo],
        model: str,
    ) -> None:
        """Take where plans come from."""
        self._plans = plans
        self._time_zone = time_zone
        self._model = model

    async def list_cameras(self) -> tuple[Camera, ...]:
        """Return a camera for every plan; its maker is the brand, as far as it was said."""
        return tuple(
            Camera(
                camera_id=plan_id,
                name=plan.name,
                maker=plan.brand or "",
                model=self._model,
                region=REGION,
                ownership=Ownership.OWNER,
                supports_plans=True,
            )
            for plan_id, plan in self._plans().items()
        )

    async def read_plans(
        self,
        cameras: Collection[Camera],
        details: Mapping[str, Detail],  # noqa: ARG002 - there are none
    ) -> PlanReadings:
        """Return how each plan stands now."""
        plans, now, zone = self._plans(), clock.now(), self._time_zone()
        return {
            camera_id: plans[camera_id].reading(now, zone)
            for camera in cameras
            if (camera_id := camera.camera_id) in plans
        }
