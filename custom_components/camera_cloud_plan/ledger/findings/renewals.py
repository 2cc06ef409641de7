"""What is found in a plan's renewals, and in what the maker says of auto-renewal."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from .finding import Finding, FindingKind
from .history import NEW_PLAN, PUT_RIGHT, CameraHistory, Flag, Renewal, Step, Version, moment

# A renewal comes this long before the end of its term at the earliest, or a third of a term:
# three days are what is known of any seller, and makers date terms loosely.
_EARLIEST: Final = timedelta(days=10)
_SHARE: Final = 3
# No seller is known to charge further ahead than three days, read half a day apart.
_LEAD: Final = timedelta(hours=84)
# Renewals that are further apart than this share of a term follow a seller's own calendar.
_RHYTHM: Final = 0.75
# From so many terms on, an end has moved by two of them.
_TWO_TERMS: Final = 1.75
# What was read has to stand for so long, where nothing else speaks for it.
_STANDS: Final = timedelta(hours=12)
# From so many terms on, it is a plan with a longer term.
_LONGER_TERM: Final = 2.5
# A term's end by the calendar, against one by mean months.
_LOOSELY: Final = timedelta(days=3)
_ROUGHLY: Final = 0.1
# A flag that was off for less may have been a slip of the finger or of the maker.
_OFF_FOR: Final = timedelta(hours=24)
# A maker's flag follows a purchase, or a person's switch, that much later at most.
_FLAG_LATE: Final = timedelta(hours=24)
# A plan that is over may only be late: a payment that is tried again the next day, and a
# poll that comes a while after.
_LATE: Final = timedelta(hours=36)
# What lies so close before a moment would have to be seen to say that nothing happened then.
_CLOSE: Final = timedelta(hours=72)
# What another plan has that does not follow from how the one before ended.
_OTHER_PLAN: Final = NEW_PLAN - {"trial", "service"}
_IN_FORCE: Final = ("done", "sent", "confirmed")
_ACTS: Final = ("done", "sent")
_UNDER_WAY: Final = ("opened", *_IN_FORCE, "not_effective", "reminded")


def renewed_after_cancelling(history: CameraHistory, _now: datetime) -> Iterator[Finding]:
    """Yield terms that began after renewal was confirmed off, or that a case was ended by."""
    for step in history.steps:
        end = moment(step.facts.get("new_end"))
        if step.step == "disproved" and step.wish == "off" and end:
            known = next((one for one in history.renewals if one.new_end == end), None)
            if known is None or not _is_something_else(history, known):
                yield _renewed_after(history, step.at, step.seq, end, known)
    for renewal in history.renewals:
        confirmed = _confirmed_before(history, renewal)
        if confirmed is not None and not _is_something_else(history, renewal):
            yield _renewed_after(history, renewal.at, confirmed.seq, renewal.new_end, renewal)


def _is_told(history: CameraHistory, fact: str, at: datetime) -> bool:
    """Return whether a term is found already, by an end of it, as one that began after cancelling."""
    return any(
        moment(found.facts.get(fact)) == at for found in renewed_after_cancelling(history, at)
    )


def _is_something_else(history: CameraHistory, renewal: Renewal) -> bool:
    """Return whether an end that moved was a mistake, a present, or a plan bought afterwards."""
    return (
        history.is_taken_back(renewal)
        or _is_longer_trial(history, renewal)
        or _was_over(history, renewal)
        or _is_of_a_later_plan(history, renewal)
    )


def _is_of_a_later_plan(history: CameraHistory, renewal: Renewal) -> bool:
    """Return whether a term is one of a plan that was bought after the other was switched off.

    What follows a trial has another name, too.
    """
    off = [one for one in history.steps if one.wish == "off" and one.step in _IN_FORCE]
    since = max((one.seq for one in off if one.seq < renewal.seq), default=renewal.seq)
    begins = {one.at for one in history.renewals if since < one.seq <= renewal.seq}
    return any(
        since < known.seq < renewal.seq
        and not known.changed.isdisjoint(_OTHER_PLAN)
        and (known.at in begins or "ends_at" in known.changed)
        and (before := history.before(known.seq)) is not None
        and not before.is_trial
        for known in history.versions
    )


def _is_longer_trial(history: CameraHistory, renewal: Renewal) -> bool:
    """Return whether all that is known is that a trial goes on for longer."""
    known = history.as_of(renewal.seq)
    if known is None or not known.is_trial:
        return False
    return not any(_is_paid_now(later) for later in history.since(known))


def _was_over(history: CameraHistory, renewal: Renewal) -> bool:
    """Return whether a plan was seen to be over for long after its renewal was confirmed off."""
    over_since = renewal.at
    for known in reversed(history.versions):
        if known.at >= renewal.at:
            continue
        if known.is_active:
            break
        over_since = known.at
    return renewal.at - over_since > _LATE and any(
        step.step == "confirmed" and step.wish == "off" and step.at < over_since
        for step in history.steps
    )


def _confirmed_before(history: CameraHistory, renewal: Renewal) -> Step | None:
    """Return the confirmation that held when a term was renewed.

    Renewal that was seen on again, or a plan that was seen to be over and then bought, is
    something else.
    """
    step = history.last_step("off", renewal.seq)
    if step is None or step.step not in {"confirmed", "disproved"}:
        return None
    before = history.before(renewal.seq)
    if step.step == "disproved" and before is not None and before.facts.get("renewal") is True:
        return None
    if _last_on(history, renewal.seq, after=step.seq) is not None:
        return None
    if any(flag.new and step.seq < flag.seq < renewal.seq for flag in history.flags):
        return None
    confirmed = history.as_of(step.seq)
    first = confirmed.seq if confirmed else step.seq
    over = any(
        not known.is_active for known in history.versions if first <= known.seq < renewal.seq
    ) or any(
        _may_be_bought_anew(history, one)
        for one in history.renewals
        if step.seq < one.seq <= renewal.seq
    )
    return None if over or history.lost(step.seq, renewal.seq) else step


def _last_on(history: CameraHistory, before: int, *, after: int = 0) -> Step | None:
    """Return the last step of who wanted renewal on, unless that was withdrawn undone."""
    step = history.last_step("on", before, after=after)
    if step is None or step.step != "withdrawn":
        return step
    begun = [one for one in history.steps if one.wish == "on" and after < one.seq < step.seq]
    return step if begun and begun[-1].step != "opened" else None


def _may_be_bought_anew(history: CameraHistory, renewal: Renewal) -> bool:
    """Return whether a plan may have been over before its new term began, though nobody saw that.

    Where the maker does not say when the term began, its end tells, if it follows the one before.
    """
    known = history.as_of(renewal.seq)
    starts_at = moment(known.facts.get("starts_at")) if known else None
    if starts_at is not None and starts_at >= renewal.old_end - _LATE:
        return starts_at > renewal.old_end + _LATE
    if not history.unseen(renewal.old_end, renewal.at):
        return False
    term = known.term if known else None
    if term is None:
        return True
    terms = round((renewal.new_end - renewal.old_end) / term)
    return abs(renewal.old_end + term * terms - renewal.new_end) > min(_LOOSELY, term * _ROUGHLY)


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


def two_renewals(history: CameraHistory, now: datetime) -> Iterator[Finding]:
    """Yield terms that were renewed before they had run, and ends that moved by two terms."""
    seen = [one for one in history.renewals if not history.is_taken_back(one)]
    for first, second in pairwise(seen):
        early = min(_EARLIEST, max(first.length / _SHARE, _LEAD))
        apart = second.at - history.not_seen_since(first.at)
        if second.at >= first.new_end - early or apart >= first.length * _RHYTHM:
            continue
        if second.at + _STANDS > now:
            continue
        if not _is_another_plan(history, first, second) and not _is_told(
            history, "new_end", second.new_end
        ):
            yield _twice(history, second, (first.seq, second.seq))
    for renewal in seen:
        known = history.before(renewal.seq)
        if (
            known is not None
            and renewal.at + _STANDS <= now
            and (term := _own_term(known)) is not None
            and term * _TWO_TERMS <= renewal.length < term * _LONGER_TERM
            and not history.unseen(renewal.old_end - _EARLIEST, renewal.at)
            and not _changed_with(history, renewal)
            and not _is_told(history, "new_end", renewal.new_end)
        ):
            yield _twice(history, renewal, (renewal.seq,))


def _own_term(known: Version) -> timedelta | None:
    """Return how long a term is; the running one, where that is longer than was said."""
    starts_at = moment(known.facts.get("starts_at"))
    if known.term is None or starts_at is None or known.ends_at is None:
        return known.term
    return max(known.term, known.ends_at - starts_at)


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
        first.seq, second.seq - 1, *NEW_PLAN, "ends_at"
    ):
        return True
    return second.old_end < first.new_end or history.lost(first.seq, second.seq)


def _changed_with(history: CameraHistory, renewal: Renewal) -> bool:
    """Return whether the reading that showed a renewal showed another plan too."""
    return any(
        not known.changed.isdisjoint(NEW_PLAN)
        for known in history.between(renewal.at, renewal.at)
        if known.seq < renewal.seq
    )


def trial_turned_paid(history: CameraHistory, _now: datetime) -> Iterator[Finding]:
    """Yield trials that went on as a paid plan, unless their owner wanted that or bought another."""
    ends_at: datetime | None = None
    since = 0
    for before, known in pairwise(history.versions):
        # A seller may renew ahead: the end of a trial is the first that it had, unless it was
        # seen to go on after that.
        seen = history.at(before.at) or before
        if not before.is_trial:
            ends_at, since = None, known.seq
            continue
        ends_at = ends_at or seen.ends_at
        if ends_at and known.at > ends_at + _LATE and not history.unseen(ends_at, known.at):
            ends_at = seen.ends_at
        if ends_at is None or before.is_typed or not _is_paid_now(known):
            continue
        after = history.at(known.at) or known
        began = after.ends_at is not None and after.ends_at > max(ends_at, known.at)
        starts_at = moment(after.facts.get("starts_at"))
        bought = (starts_at is not None and starts_at > ends_at + _LATE) or (
            "plan" in known.changed and before.facts.get("renewal") is not True
        )
        if not began or bought or _is_turned_on(history, known.seq):
            continue
        if history.lost(since, known.seq) or _is_told(history, "old_end", ends_at):
            continue
        facts = {"plan": after.facts.get("plan"), "price": after.facts.get("price")}
        ends = {"old_end": ends_at.isoformat(), "new_end": after.facts["ends_at"]}
        yield Finding(
            key=_key(FindingKind.TRIAL_TURNED_PAID, history, ends_at),
            kind=FindingKind.TRIAL_TURNED_PAID,
            camera=history.camera,
            at=known.at,
            facts={name: fact for name, fact in facts.items() if fact is not None} | ends,
            rows=(known.seq,) if after.seq == known.seq else (known.seq, after.seq),
        )


def _is_paid_now(known: Version) -> bool:
    return "trial" in known.changed and known.facts.get("trial") is False and known.is_active


def _is_turned_on(history: CameraHistory, seq: int) -> bool:
    """Return whether renewal was last turned on here, and not off, by the rows before one."""
    on, off = history.last_step("on", seq), history.last_step("off", seq)
    if on is None or on.step not in _IN_FORCE:
        return False
    return off is None or off.seq < on.seq or off.step == "withdrawn"


def renewal_rearmed(history: CameraHistory, now: datetime) -> Iterator[Finding]:
    """Yield flags that went on again by themselves, as far as anybody here knows, and stayed on."""
    for flag in history.flags:
        if flag.old is True or flag.new is not True or not _stays_on(history, flag, now):
            continue
        if (off := _off_before(history, flag)) is None or _is_wanted(history, off, flag):
            continue
        yield Finding(
            key=_key(FindingKind.RENEWAL_REARMED, history, flag.at),
            kind=FindingKind.RENEWAL_REARMED,
            camera=history.camera,
            at=flag.at,
            facts={"from": off.at.isoformat(), "to": flag.at.isoformat()},
            rows=(off.seq, flag.seq),
        )


def _off_before(history: CameraHistory, flag: Flag) -> Flag | None:
    """Return what showed that renewal was off before it was on again.

    Where the maker said nothing in between, what it had said last counts.
    """
    said = [one for one in history.flags if one.seq < flag.seq and one.new is not None]
    return said[-1] if said and said[-1].new is False else None


def _stays_on(history: CameraHistory, flag: Flag, now: datetime) -> bool:
    """Return whether a flag stood, until somebody did something about it or a term came of it."""
    off = next((one for one in history.flags if one.seq > flag.seq and one.new is False), None)
    until = off.seq if off else None
    meant = (
        *(step.seq for step in history.steps if step.wish == "off" and step.step in _ACTS),
        *(renewal.seq for renewal in history.renewals),
    )
    if any(flag.seq < seq and (until is None or seq < until) for seq in meant):
        return True
    if off is not None and off.at <= flag.at + PUT_RIGHT:
        return False
    return flag.at + _STANDS <= now


def stands_at(history: CameraHistory) -> Iterator[datetime]:
    """Yield when what was read last will have stood for long enough (UTC)."""
    for renewal in history.renewals[-1:]:
        yield renewal.at + _STANDS
    for flag in history.flags[-1:]:
        yield flag.at + _STANDS


def _is_of_another_plan(history: CameraHistory, off: Flag, flag: Flag) -> bool:
    """Return whether a plan was bought or changed after one was off; the flag may follow late."""
    if history.changed(off.seq, flag.seq, "service") or any(
        off.seq < one.seq <= flag.seq and _may_be_bought_anew(history, one)
        for one in history.renewals
    ):
        return True
    lately = history.between(flag.at - _FLAG_LATE, flag.at)
    return any(not one.changed.isdisjoint(NEW_PLAN) for one in lately)


def _is_wanted(history: CameraHistory, off: Flag, flag: Flag) -> bool:
    """Return whether a person here wanted it on, a new plan came with it, or it only flickered."""
    known = history.as_of(flag.seq)
    if known is None or known.is_typed or not known.is_active:
        return True
    if history.lost(off.seq, flag.seq) or _is_of_another_plan(history, off, flag):
        return True
    step, on = history.last_step("off", flag.seq), _last_on(history, flag.seq)
    lately = flag.at - _FLAG_LATE
    if on is not None and (on.seq > off.seq or (on.at >= lately and (not step or step.at < on.at))):
        return True
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
        until = known.at + _LATE
        if before.is_trial or before.is_typed or history.unseen(end - _CLOSE, until):
            continue
        if _is_stopped(history, known, until) or _came_back(history, known.seq, until):
            continue
        yield Finding(
            key=_key(FindingKind.PLAN_LAPSED, history, end),
            kind=FindingKind.PLAN_LAPSED,
            camera=history.camera,
            at=known.at,
            facts={"ends_at": end.isoformat()},
            rows=(known.seq,),
        )


def lapses_at(history: CameraHistory) -> Iterator[datetime]:
    """Yield when a plan that was seen to be over will be more than late (UTC)."""
    for known in history.versions:
        if "service" in known.changed and known.facts.get("service") == "expired":
            yield known.at + _LATE


def _is_stopped(history: CameraHistory, known: Version, until: datetime) -> bool:
    """Return whether a cancellation was under way or in force when a plan was seen to be over.

    A flag that is off as soon as the plan is over may have been switched by its owner, whom it
    follows late.
    """
    if any(
        flag.new is not True and known.at <= flag.at < until
        for flag in history.flags
        if flag.seq > known.seq
    ):
        return True
    if any(left.at <= until for left in history.left if left.seq > known.seq):
        return True
    step = history.last_step("off", known.seq)
    renewed = max((one.seq for one in history.renewals if one.seq < known.seq), default=0)
    return step is not None and step.step in _UNDER_WAY and step.seq > renewed


def _came_back(history: CameraHistory, seq: int, until: datetime) -> bool:
    return any(
        known.is_active and known.seq > seq and known.at <= until for known in history.versions
    )


def _key(kind: FindingKind, history: CameraHistory, at: datetime | None) -> str:
    return f"{kind}:{history.camera}:{at.isoformat() if at else ''}"
