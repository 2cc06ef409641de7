"""What is found where a plan goes on and its camera does not."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from .finding import Finding, FindingKind
from .history import CameraHistory, Counted

_SILENT: Final = timedelta(hours=72)
_LONGEST_POLL: Final = timedelta(hours=24)
_DAY: Final = timedelta(days=1)
_MONTH: Final = timedelta(days=28)
# Lists of what was there follow each other, if there is no more than this between them.
_NEXT_TO: Final = timedelta(hours=1)


def plan_without_camera(history: CameraHistory, _now: datetime) -> Iterator[Finding]:
    """Yield cameras that left the account while their plan was set to renew."""
    for left in history.left:
        end = left.ends_at
        if end is None or end <= left.at or left.is_typed or left.facts.get("renewal") is not True:
            continue
        # While nobody looked, renewal may have been switched off before.
        if history.unseen(left.at - _DAY, left.at):
            continue
        plan = left.facts.get("plan")
        yield Finding(
            key=f"{FindingKind.PLAN_WITHOUT_CAMERA}:{history.camera}:{left.at.isoformat()}",
            kind=FindingKind.PLAN_WITHOUT_CAMERA,
            camera=history.camera,
            at=left.at,
            facts={"ends_at": end.isoformat()} | ({"plan": plan} if plan else {}),
            rows=(left.seq,),
        )


def camera_silent(history: CameraHistory, now: datetime) -> Iterator[Finding]:
    """Yield cameras with a running, paid plan that were not heard of for three days.

    Time in which nobody looked does not count.
    """
    for silence in history.silences:
        until = silence.end or now
        if until - silence.start < _SILENT:
            continue  # nearly all are short, and there may be very many
        silent = until - silence.start - history.unseen(silence.start, until)
        # That it was heard of again may have been seen a day later.
        if silence.end:
            silent -= _LONGEST_POLL
        known = history.at(until) or history.as_of(silence.seq)
        if silent < _SILENT or known is None or not known.is_active or known.is_trial:
            continue
        if (end := known.ends_at) is None or end < silence.start + _SILENT:
            continue
        yield Finding(
            key=f"{FindingKind.CAMERA_SILENT}:{history.camera}:{silence.start.isoformat()}",
            kind=FindingKind.CAMERA_SILENT,
            camera=history.camera,
            at=silence.start + _SILENT,
            facts={"from": silence.start.isoformat()},
            rows=(silence.seq,),
        )


def silent_at(history: CameraHistory, now: datetime) -> Iterator[datetime]:
    """Yield when a camera that is silent now will have been for so long (UTC)."""
    for silence in history.silences[-1:]:
        if silence.end is None:
            yield silence.start + _SILENT + history.unseen(silence.start, now)


def month_without_recordings(history: CameraHistory, _now: datetime) -> Iterator[Finding]:
    """Yield months of a paid plan in which the maker listed no recording at all.

    Only lists that follow each other count; a time that nobody listed is unknown.
    """
    run: list[Counted] = []
    for counted in history.counted:
        if counted.count or not _is_paid(history, counted):
            run = []
            continue
        if run and counted.start > max(one.end for one in run) + _NEXT_TO:
            run = []
        run.append(counted)
        start, end = run[0].start, max(one.end for one in run)
        if end - start < _MONTH:
            continue
        yield Finding(
            key=f"{FindingKind.MONTH_WITHOUT_RECORDINGS}:{history.camera}:{start.isoformat()}",
            kind=FindingKind.MONTH_WITHOUT_RECORDINGS,
            camera=history.camera,
            at=end,
            facts={"from": start.isoformat(), "to": end.isoformat(), "count": 0},
            rows=tuple(sorted(one.seq for one in run)),
        )
        run = []


def _is_paid(history: CameraHistory, counted: Counted) -> bool:
    """Return whether a paid plan is known to have run through all of a time."""
    during = [known for known in history.versions if counted.start < known.at <= counted.end]
    known = [history.at(counted.start), *during]
    return all(one is not None and one.is_active and not one.is_trial for one in known)
