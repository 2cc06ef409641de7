"""What is found in a plan's renewals, and in what the maker says of auto-renewal."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from .finding import Finding, FindingKind
from .history import CameraHistory, Flag, Renewal, Step, moment

# A renewal comes this long before the end of its term at the earliest, or a third of a term:
# three days are what is known of any seller, and makers date terms loosely.
_EARLIEST: Final = timedelta(days=10)
_SHARE: Final = 3
# From so many terms on, an end has moved by two of them.
_TWO_TERMS: Final = 1.75
# A flag that was off for less may have been a slip of the finger or of the maker.
_OFF_FOR: Final = timedelta(hours=24)
# A plan that is over may only be late: a payment that is tried again, a maker that is slow.
_LATE: Final = timedelta(hours=24)
# What lies so close before a moment would have to be seen to say that nothing happened then.
_CLOSE: Final = timedelta(hours=72)
_IN_FORCE: Final = ("done", "sent", "confirmed")
_UNDER_WAY: Final = ("opened", *_IN_FORCE, "not_effective", "reminded")


def renewed_after_cancelling(history: CameraHistory, _now: datetime) -> Iterator[Finding]:
    """Yield terms that began after renewal was confirmed off, or that a case was ended by."""
    for step in history.steps:
        end = moment(step.facts.get("new_end"))
        if step.step == "disproved" and step.wish == "off" and end:
            known = next((one for one in history.renewals if one.new_end == end), None)
            yield _renewed_after(history, step.at, step.seq, end, known)
    for renewal in history.renewals:
        if (confirmed := _confirmed_before(history, renewal)) is not None:
            yield _renewed_after(history, renewal.at, confirmed.seq, renewal.new_end, renewal)


def _confirmed_before(history: CameraHistory, renewal: Renewal) -> Step | None:
    """Return the confirmation that held when a term was renewed.

    Renewal that was seen on again, or a plan that was seen to be over and then bought, is
    something else.
    """
    step = history.last_step("off", renewal.seq)
    if step is None or step.step != "confirmed":
        return None
    if history.last_step("on", renewal.seq, after=step.seq) is not None:
        return None
    if any(flag.new and step.seq < flag.seq < renewal.seq for flag in history.flags):
        return None
    over = any(
        not known.is_active for known in history.versions if step.seq < known.seq < renewal.seq
    )
    return None if over else step


def _renewed_after(
    history: CameraHistory, at: datetime, seq: int, end: datetime, renewal: Renewal | None
) -> Finding:
    facts = {"old_end": renewal.old_end.isoformat()} if renewal else {}
    cancelled = [
        step
        for step in history.steps
        if step.wish == "off" and step.step in _IN_FORCE and step.seq <= seq
    ]
    rows = {seq, *(step.seq for step in cancelled[-2:]), *((renewal.seq,) if renewal else ())}
    return Finding(
        key=_key(FindingKind.RENEWED_AFTER_CANCELLING, history, end),
        kind=FindingKind.RENEWED_AFTER_CANCELLING,
        camera=history.camera,
        at=at,
        facts=facts | {"new_end": end.isoformat()},
        rows=tuple(sorted(rows)),
    )


def two_renewals(history: CameraHistory, _now: datetime) -> Iterator[Finding]:
    """Yield terms that were renewed before they had run, and ends that moved by two terms."""
    for first, second in pairwise(history.renewals):
        early = min(_EARLIEST, first.length / _SHARE)
        if second.at < first.new_end - early and not _is_another_plan(history, first, second):
            yield _twice(history, second, (first.seq, second.seq))
    for renewal in history.renewals:
        known = history.before(renewal.seq)
        if (
            known is not None
            and known.term is not None
            and renewal.length >= known.term * _TWO_TERMS
            and not history.unseen(renewal.old_end - _EARLIEST, renewal.at)
            and not _changed_with(history, renewal)
        ):
            yield _twice(history, renewal, (renewal.seq,))


def _twice(history: CameraHistory, renewal: Renewal, rows: tuple[int, ...]) -> Finding:
    return Finding(
        key=_key(FindingKind.TWO_RENEWALS, history, renewal.new_end),
        kind=FindingKind.TWO_RENEWALS,
        camera=history.camera,
        at=renewal.at,
        facts={"old_end": renewal.old_end.isoformat(), "new_end": renewal.new_end.isoformat()},
        rows=rows,
    )


def _is_another_plan(history: CameraHistory, first: Renewal, second: Renewal) -> bool:
    """Return whether the plan was changed, bought anew or shortened between two renewals."""
    if _changed_with(history, second) or history.changed(
        first.seq, second.seq - 1, "plan", "term", "trial", "service", "ends_at"
    ):
        return True
    return second.old_end < first.new_end


def _changed_with(history: CameraHistory, renewal: Renewal) -> bool:
    """Return whether the reading that showed a renewal showed another plan too."""
    return any(
        known.at == renewal.at
        and not known.changed.isdisjoint(("plan", "term", "trial", "service"))
        for known in history.versions
        if known.seq < renewal.seq
    )


def trial_turned_paid(history: CameraHistory, _now: datetime) -> Iterator[Finding]:
    """Yield trials that went on as a paid plan, unless their owner bought another."""
    for known in history.versions:
        before = history.before(known.seq)
        if before is None or not before.is_trial or "trial" not in known.changed:
            continue
        if known.facts.get("trial") is not False or not known.is_active:
            continue
        after = history.at(known.at) or known
        began = after.ends_at and before.ends_at and after.ends_at > before.ends_at
        bought = "plan" in known.changed and before.facts.get("renewal") is False
        if not began or bought or before.is_typed:
            continue
        facts = {"plan": after.facts.get("plan"), "price": after.facts.get("price")}
        ends = {"old_end": before.facts["ends_at"], "new_end": after.facts["ends_at"]}
        yield Finding(
            key=_key(FindingKind.TRIAL_TURNED_PAID, history, before.ends_at),
            kind=FindingKind.TRIAL_TURNED_PAID,
            camera=history.camera,
            at=known.at,
            facts={name: fact for name, fact in facts.items() if fact is not None} | ends,
            rows=(known.seq,) if after.seq == known.seq else (known.seq, after.seq),
        )


def renewal_rearmed(history: CameraHistory, _now: datetime) -> Iterator[Finding]:
    """Yield flags that went on again by themselves, as far as anybody here knows."""
    for flag in history.flags:
        if flag.old is not False or flag.new is not True:
            continue
        if (off := _off_before(history, flag)) is None or _is_wanted(history, off, flag):
            continue
        yield Finding(
            key=_key(FindingKind.RENEWAL_REARMED, history, flag.at),
            kind=FindingKind.RENEWAL_REARMED,
            camera=history.camera,
            at=flag.at,
            facts={"from": off.at.isoformat(), "to": flag.at.isoformat()},
            rows=(off.seq, flag.seq) if off.seq < flag.seq else (flag.seq,),
        )


def _off_before(history: CameraHistory, flag: Flag) -> Flag | None:
    """Return what showed that renewal was off before it was on again; first sight counts."""
    seen = [one for one in history.flags if one.seq < flag.seq and one.new is False]
    if seen:
        return seen[-1]
    first = history.versions[0] if history.versions else None
    if first is None or first.facts.get("renewal") is not False:
        return None
    return Flag(first.seq, first.at, old=None, new=False)


def _is_wanted(history: CameraHistory, off: Flag, flag: Flag) -> bool:
    """Return whether a person here wanted it on, a new plan came with it, or it only flickered."""
    known = history.as_of(flag.seq)
    if known is None or known.is_typed or not known.is_active:
        return True
    if any(one.at == flag.at and "service" in one.changed for one in history.versions):
        return True
    if any(one.at == flag.at for one in history.renewals) and "plan" in known.changed:
        return True
    if history.last_step("on", flag.seq, after=off.seq) is not None:
        return True
    step = history.last_step("off", flag.seq)
    if step is not None and step.step == "withdrawn" and step.seq > off.seq:
        return True
    held = step is not None and step.step in _IN_FORCE
    return flag.at - off.at < _OFF_FOR and not held


def plan_lapsed(history: CameraHistory, now: datetime) -> Iterator[Finding]:
    """Yield plans that ended although the maker had said that they renew."""
    for known in history.versions:
        before = history.before(known.seq)
        if before is None or "service" not in known.changed or not before.is_active:
            continue
        if known.facts.get("service") != "expired" or before.facts.get("renewal") is not True:
            continue
        end = before.ends_at
        if end is None or end > known.at or now < known.at + _LATE:
            continue
        if before.is_trial or before.is_typed or history.unseen(end - _CLOSE, known.at):
            continue
        if _is_stopped(history, known.seq) or _came_back(history, known.seq, known.at + _LATE):
            continue
        yield Finding(
            key=_key(FindingKind.PLAN_LAPSED, history, end),
            kind=FindingKind.PLAN_LAPSED,
            camera=history.camera,
            at=known.at,
            facts={"ends_at": end.isoformat()},
            rows=(known.seq,),
        )


def _is_stopped(history: CameraHistory, seq: int) -> bool:
    """Return whether a cancellation was under way or in force, by the rows before one."""
    step = history.last_step("off", seq)
    renewed = max((one.seq for one in history.renewals if one.seq < seq), default=0)
    return step is not None and step.step in _UNDER_WAY and step.seq > renewed


def _came_back(history: CameraHistory, seq: int, until: datetime) -> bool:
    return any(
        known.is_active and known.seq > seq and known.at <= until for known in history.versions
    )


def _key(kind: FindingKind, history: CameraHistory, at: datetime | None) -> str:
    return f"{kind}:{history.camera}:{at.isoformat() if at else ''}"
