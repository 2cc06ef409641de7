"""What was found, and whether people are told of it already in another way."""

from typing import Final

from ..plan import Case, CaseState, Notice, Watch
from ..snapshot import CameraPlan

_NOTICED: Final = {
    "renewal_rearmed": Notice.RENEWAL_BACK_ON,
    "camera_silent": Notice.CAMERA_OFFLINE,
}


def shown_by(kind: str, plan: CameraPlan | None, case: Case | None, watch: Watch) -> str | None:
    """Return what else tells people of a finding; `None` where nothing does.

    Then it makes no issue, no event and no message of its own.
    """
    match kind:
        case "renewed_after_cancelling":
            told = case is not None and case.state is CaseState.CHARGED_AFTER
            return "cancellation" if told else None
        case "renewal_rearmed" if case is not None and case.is_open:
            return "cancellation"
        case "plan_without_camera":
            return "camera_left" if plan is not None and plan.left_at else None
        case _ if (notice := _NOTICED.get(kind)) is not None:
            return notice.value if notice in watch.notices else None
        case _:
            return None
