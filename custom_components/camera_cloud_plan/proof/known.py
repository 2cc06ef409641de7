"""What an account's ledger says so far, and what a reading adds to it.

It is made of the rows alone: whatever was not written for any reason, a crash or a full disk,
is seen again as a difference to what is read next, and nothing is written twice.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ..ledger import Entry, Json, Kind, Source
from ..ledger.claim import Claims
from ..plan import (
    Activity,
    Answer,
    Case,
    Money,
    PlanReading,
    Service,
    Tariff,
    Wish,
    activities,
)
from ..plan.alerts import Alert
from ..plan.case import SHORTEST_TERM
from ..snapshot import CameraPlan
from ..words import rounded

# What of a plan is told by rows of its own.
_ENDS_AT: Final = "ends_at"
_RENEWAL: Final = "renewal"

_DAY: Final = timedelta(days=1)
# An old answer is read once more no later than that after the new one.
_PUT_RIGHT: Final = 2 * _DAY

# Readings that say nothing of a plan; a camera is not written down for one.
_NOTHING_SAID: Final = (Service.NEVER_BOUGHT, Service.UNKNOWN)


@dataclass(slots=True)
class KnownCamera:
    """What the ledger says of one camera; all moments UTC.

    `facts` are those of its plan, empty as long as none was seen. `read_at` is when it was
    read last, of what changed something. `name` is what people called it then. `furthest_end`
    is the latest end that its plan had, and `end_since` since when it has the one that it has.
    `steps` says of its cancellations' steps, by wish and
    step, when each was last; `open_wish` is that of the one that is undecided. `exports` are when
    each ended. `counted` is how many recordings the maker listed when they were `counted_at`.
    """

    facts: dict[str, Json] = field(default_factory=dict)
    read_at: datetime | None = None
    name: str | None = None
    furthest_end: datetime | None = None
    end_since: datetime | None = None
    offline_since: datetime | None = None
    uploads: bool | None = None
    has_left: bool = False
    steps: dict[tuple[str, str], datetime] = field(default_factory=dict)
    open_wish: Wish | None = None
    exports: set[datetime] = field(default_factory=set)
    counted_at: datetime | None = None
    counted: int | None = None


class Known:
    """What the rows of one account say, kept up with each row that is written."""

    def __init__(self) -> None:
        """Begin with an empty ledger."""
        self.cameras: dict[str, KnownCamera] = {}
        # By key: the row that says so.
        self.findings: dict[str, Entry] = {}
        self.told: set[str] = set()
        self.dismissed: set[str] = set()
        self.claims = Claims()

    def heed(self, entry: Entry) -> None:
        """Take an entry in that is written, or about to be."""
        facts = entry.facts
        self.claims.heed(entry)
        match entry.kind:
            case Kind.FINDING:
                self.findings[str(facts.get("key"))] = entry
            case Kind.FINDING_TOLD:
                self.told.add(str(facts.get("key")))
            case Kind.FINDING_DISMISSED:
                self.dismissed.add(str(facts.get("key")))
            case _ if entry.camera is not None:
                if (camera := self.cameras.get(entry.camera)) is None:
                    camera = self.cameras[entry.camera] = KnownCamera()
                self._heed_camera(camera, entry)
            case _:
                pass

    def _heed_camera(self, camera: KnownCamera, entry: Entry) -> None:
        camera.name = entry.name or camera.name
        match entry.kind:
            case Kind.CANCELLATION:
                _heed_step(camera, entry)
            case Kind.EXPORT:
                camera.exports.add(entry.at)
            case Kind.RECORDINGS:
                camera.counted_at = entry.at
                count = entry.facts.get("count")
                camera.counted = count if isinstance(count, int) else None
            case Kind.CAMERA_LEFT:
                self.cameras[str(entry.camera)] = KnownCamera(
                    name=camera.name,
                    read_at=max(camera.read_at or entry.at, entry.at),
                    has_left=True,
                    steps=camera.steps,
                    open_wish=camera.open_wish,
                    exports=camera.exports,
                    furthest_end=camera.furthest_end,
                )
            case _ if (heed := _OF_A_READING.get(entry.kind)) is not None:
                camera.read_at = max(camera.read_at or entry.at, entry.at)
                end = camera.facts.get(_ENDS_AT)
                heed(camera, entry.facts)
                if camera.facts.get(_ENDS_AT) != end:
                    camera.end_since = entry.at
            case _:
                pass

    def untold(self) -> Iterator[Entry]:
        """Yield the findings of which people are to be told, and were not."""
        for key, finding in self.findings.items():
            if "to_tell" in finding.facts and key not in self.told | self.dismissed:
                yield finding

    # --- What a reading adds ---

    def news(self, plan: CameraPlan, about: About) -> Iterator[Entry]:
        """Yield what a camera's reading says that the ledger does not; nothing of others' own."""
        reading = plan.reading
        if reading is None or not plan.is_own:
            return
        known = self.cameras.get(about.camera) or KnownCamera()
        entries = _Entries(about, reading)
        if not known.facts:
            if reading.service in _NOTHING_SAID:
                return
            yield entries.of(Kind.PLAN_SEEN, plan_facts(plan))
        yield from _beside_the_plan(known, plan, entries)
        if known.facts:
            yield from _changes(known, plan, entries)

    def is_count_news(self, camera: str, count: int, at: datetime) -> bool:
        """Return whether to write how many recordings there are: of none daily, and of an end.

        That a camera records is nothing to write down each day.
        """
        known = self.cameras.get(camera)
        if known is None or not known.facts:
            return False
        if count:
            return known.counted == 0
        # A clock that was set back counts as a day.
        return known.counted != 0 or known.counted_at is None or abs(at - known.counted_at) >= _DAY

    def steps_missing(self, case: Case | None, about: About, now: datetime) -> Iterator[Entry]:
        """Yield the steps of a case that the ledger lacks: what a crash kept from it.

        `case` is the one on disk at a start, `None` where there is none: one that the ledger
        has as open was withdrawn meanwhile.
        """
        known = self.cameras.get(about.camera) or KnownCamera()
        if known.open_wish and (case is None or case.wish is not known.open_wish):
            yield Step(wish=known.open_wish, step="withdrawn", at=now).entry(about)
        for step, at, is_kept in _remembered(case) if case else ():
            if case is None or at is None or not is_kept:
                continue
            written_at = known.steps.get((case.wish.value, step))
            # A moment of the case is earlier than it was where the clock was set back.
            if written_at is None or written_at < at:
                facts = _step_facts(case, step)
                yield Step(wish=case.wish, step=step, at=at, facts=facts).entry(about)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whom a row is about: the camera's opaque key, and the home's zone (its IANA name)."""

    camera: str
    zone: str


@dataclass(frozen=True, slots=True)
class _Entries:
    """Makes the entries of one reading."""

    about: About
    reading: PlanReading

    def of(self, kind: Kind, facts: Mapping[str, Json]) -> Entry:
        about = self.about
        return Entry(
            at=self.reading.read_at,
            zone=about.zone,
            kind=kind,
            source=Source.OWNER if self.reading.typed else Source.MAKER,
            camera=about.camera,
            facts=facts,
        )


# --- A plan's facts ---


def plan_facts(plan: CameraPlan) -> dict[str, Json]:
    """Return what is known of a camera's plan, as the ledger calls it; unknown is left out."""
    reading = plan.reading
    if reading is None:
        return {}
    said: dict[str, Json] = {
        "plan": reading.name,
        "service": reading.service.value,
        "trial": reading.trial,
        "starts_at": moment(reading.starts_at),
        _ENDS_AT: moment(reading.ends_at),
        _RENEWAL: reading.renewal.says if reading.renewal else None,
        "retention_days": reading.retention_days,
        "channel": plan.channel.value,
        "region": plan.camera.region or None,
        "typed": reading.typed or None,
        **_tariff_facts(reading.tariff),
    }
    return {name: fact for name, fact in said.items() if fact is not None}


def _tariff_facts(tariff: Tariff | None) -> dict[str, Json]:
    if tariff is None:
        return {}
    return {
        "price": money(tariff.price),
        "price_source": tariff.source.value if tariff.price else None,
        "term": {"count": term.count, "unit": term.unit.value} if (term := tariff.term) else None,
        "regular_price": money(tariff.regular_price),
        "price_from": moment(tariff.price_from),
    }


def moment(at: datetime | None) -> str | None:
    """Return a moment as the ledger has it."""
    return at.isoformat() if at else None


def money(amount: Money | None) -> dict[str, Json] | None:
    """Return an amount as the ledger has it: as its currency is written, where that is exact."""
    if amount is None:
        return None
    coins = rounded(amount)
    exact = coins if coins == amount.amount else amount.amount
    return {"amount": f"{exact:f}", "currency": amount.currency}


def alert_facts(alert: Alert, told_to: Collection[str]) -> dict[str, Json]:
    """Return what people, of these kinds, were told: how many days ahead, and of what."""
    charge = alert.charge
    said: dict[str, Json] = {
        "of": alert.kind.value,
        "stage": alert.stage_days,
        "told_to": [*told_to],
        "plan_ends": moment(alert.ends_at),
        "kept": alert.kept or None,
    }
    if charge is not None:
        said |= {
            "earliest": moment(charge.earliest),
            "latest": moment(charge.latest),
            "deadline": moment(charge.deadline),
            "possible": charge.possible or None,
            "money": money(charge.amount),
        }
    return {name: fact for name, fact in said.items() if fact is not None}


# --- What changed ---


def _beside_the_plan(known: KnownCamera, plan: CameraPlan, entries: _Entries) -> Iterator[Entry]:
    online, at = plan.camera.online, moment(entries.reading.read_at)
    if online is False and known.offline_since is None:
        yield entries.of(Kind.OFFLINE, {"from": at})
    if online and known.offline_since is not None:
        yield entries.of(Kind.ONLINE, {"from": moment(known.offline_since), "to": at})
    uploads = entries.reading.uploads
    if uploads is not None and uploads is not known.uploads:
        yield entries.of(Kind.UPLOAD, {"on": uploads})


def _changes(known: KnownCamera, plan: CameraPlan, entries: _Entries) -> Iterator[Entry]:
    """Yield how a plan differs from how it was written last."""
    facts = plan_facts(plan)
    changes: dict[str, Json] = {
        name: {
            **({"old": old} if (old := known.facts.get(name)) is not None else {}),
            **({"new": new} if (new := facts.get(name)) is not None else {}),
        }
        for name in (*known.facts, *(name for name in facts if name not in known.facts))
        if known.facts.get(name) != facts.get(name)
    }
    renewal = changes.pop(_RENEWAL, None)
    if renewed := _is_renewed(known, entries.reading):
        changes.pop(_ENDS_AT)
    if changes:
        yield entries.of(Kind.PLAN_CHANGED, {"changes": changes})
    if renewed:
        ends = {"old_end": known.facts[_ENDS_AT], "new_end": facts[_ENDS_AT]}
        yield entries.of(Kind.RENEWED, ends)
    if isinstance(renewal, Mapping):
        witness = entries.reading.renewal
        source: dict[str, Json] = {"witness": witness.source} if witness else {}
        yield entries.of(Kind.FLAG, {**renewal, **source})


def _is_renewed(known: KnownCamera, reading: PlanReading) -> bool:
    """Return whether a plan's end was seen to move on by a term.

    An old end that is read once more between two new ones makes no second term; one that has
    stood for days is the end. One that is typed moves by its owner's word, which nobody has seen.
    """
    old, new = _moment_of(known.facts.get(_ENDS_AT)), reading.ends_at
    if old is None or new is None or reading.typed or reading.service is not Service.ACTIVE:
        return False
    stands = known.end_since is not None and reading.read_at - known.end_since > _PUT_RIGHT
    before = old if stands else max(old, known.furthest_end or old)
    return new - before >= SHORTEST_TERM


def _moment_of(fact: Json) -> datetime | None:
    try:
        read = datetime.fromisoformat(fact) if isinstance(fact, str) else None
    except ValueError:
        return None
    return read if read and read.tzinfo else None


# --- Reading rows ---


def _heed_facts(camera: KnownCamera, facts: Mapping[str, Any]) -> None:
    camera.facts = dict(facts)
    camera.has_left = False
    _heed_end(camera)


def _heed_changes(camera: KnownCamera, facts: Mapping[str, Any]) -> None:
    changes = facts.get("changes")
    for name, change in changes.items() if isinstance(changes, Mapping) else ():
        if isinstance(change, Mapping) and "new" in change:
            camera.facts[name] = change["new"]
        else:
            camera.facts.pop(name, None)
    _heed_end(camera)


def _heed_renewed(camera: KnownCamera, facts: Mapping[str, Any]) -> None:
    camera.facts[_ENDS_AT] = facts.get("new_end")
    _heed_end(camera)


def _heed_end(camera: KnownCamera) -> None:
    end = _moment_of(camera.facts.get(_ENDS_AT))
    if end and (camera.furthest_end is None or end > camera.furthest_end):
        camera.furthest_end = end


def _heed_flag(camera: KnownCamera, facts: Mapping[str, Any]) -> None:
    if (new := facts.get("new")) is None:
        camera.facts.pop(_RENEWAL, None)
    else:
        camera.facts[_RENEWAL] = new


def _heed_offline(camera: KnownCamera, facts: Mapping[str, Any]) -> None:
    camera.offline_since = _moment_of(facts.get("from")) or camera.read_at


def _heed_online(camera: KnownCamera, _facts: Mapping[str, Any]) -> None:
    camera.offline_since = None


def _heed_upload(camera: KnownCamera, facts: Mapping[str, Any]) -> None:
    camera.uploads = facts.get("on")


_OF_A_READING: Final = {
    Kind.PLAN_SEEN: _heed_facts,
    Kind.PLAN_CHANGED: _heed_changes,
    Kind.RENEWED: _heed_renewed,
    Kind.FLAG: _heed_flag,
    Kind.OFFLINE: _heed_offline,
    Kind.ONLINE: _heed_online,
    Kind.UPLOAD: _heed_upload,
}


# --- Cancellations ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a camera's cancellation, or of turning renewal on, at a moment (UTC)."""

    wish: Wish
    step: str
    at: datetime
    facts: Mapping[str, Json] = field(default_factory=dict)

    def entry(self, about: About) -> Entry:
        """Return it as it is written down."""
        return Entry(
            at=self.at,
            zone=about.zone,
            kind=Kind.CANCELLATION,
            source=Source.OWNER if self.step in _BY_THE_OWNER else Source.HOME,
            camera=about.camera,
            facts={"step": self.step, "wish": self.wish.value, **self.facts},
        )


def steps_between(before: Case | None, after: Case | None, now: datetime) -> Iterator[Step]:
    """Yield what happened between two versions of one case, each as it is written down."""
    for activity in activities(before, after):
        case = before if activity in _WITHDRAWN or after is None else after
        if case is not None and (step := _STEP_OF.get(activity)) is not None:
            at = {name: at for name, at, _ in _remembered(case)}.get(step) or now
            yield Step(wish=case.wish, step=step, at=at, facts=_step_facts(case, step))
    if after and after.over_at and not (before and before.over_at):
        yield Step(wish=after.wish, step=_RAN_OUT, at=after.over_at)


def _remembered(case: Case) -> Iterator[tuple[str, datetime | None, bool]]:
    """Yield the steps of a case, when they were, and whether that is on disk for good."""
    sent = case.request if case.request and case.request.answer is not Answer.NOT_SENT else None
    yield "opened", case.opened_at, True
    yield "sent", sent.at if sent else None, True
    yield "done", case.done_at, True
    yield "not_effective", case.escalated_at, False
    yield "reminded", case.escalated_at, False
    yield "contradicted", case.back_on_at, True
    yield "disproved", case.renewed.seen_at if case.renewed else None, True
    yield "confirmed", case.confirmed_at, True
    yield _RAN_OUT, case.over_at, True


def _step_facts(case: Case, step: str) -> dict[str, Json]:
    match step:
        case "confirmed" if case.proof:
            return {"proof": case.proof.value}
        case "disproved" if case.renewed:
            return {
                "old_end": moment(case.renewed.old_end),
                "new_end": moment(case.renewed.new_end),
            }
        case "not_effective" | "reminded":
            return {"checks": case.checks}
        case _:
            return {}


_RAN_OUT: Final = "ran_out"
_BY_THE_OWNER: Final = frozenset({"opened", "done", "withdrawn"})
_WITHDRAWN: Final = frozenset({Activity.CANCELLATION_WITHDRAWN, Activity.TURN_ON_WITHDRAWN})
_STEP_OF: Final[Mapping[Activity, str]] = {
    Activity.CANCELLATION_OPENED: "opened",
    Activity.CANCELLATION_REQUEST_SENT: "sent",
    Activity.CANCELLATION_STEP_DONE: "done",
    Activity.CANCELLATION_REMINDER: "reminded",
    Activity.CANCELLATION_NOT_EFFECTIVE: "not_effective",
    Activity.CANCELLATION_CONFIRMED: "confirmed",
    Activity.CANCELLATION_WITHDRAWN: "withdrawn",
    Activity.RENEWAL_BACK_ON: "contradicted",
    Activity.RENEWED_AFTER_CANCELLING: "disproved",
    Activity.TURN_ON_OPENED: "opened",
    Activity.TURN_ON_REQUEST_SENT: "sent",
    Activity.TURN_ON_STEP_DONE: "done",
    Activity.TURN_ON_NOT_EFFECTIVE: "not_effective",
    Activity.TURN_ON_CONFIRMED: "confirmed",
    Activity.TURN_ON_WITHDRAWN: "withdrawn",
}
_OPENS: Final = frozenset({"opened", "contradicted"})
_ENDS: Final = frozenset({"confirmed", "withdrawn", "disproved", _RAN_OUT})


def _heed_step(camera: KnownCamera, entry: Entry) -> None:
    step, wish = str(entry.facts.get("step")), str(entry.facts.get("wish"))
    key = wish, step
    camera.steps[key] = max(camera.steps.get(key, entry.at), entry.at)
    if step in _ENDS:
        camera.open_wish = None
    elif step in _OPENS and wish in {*Wish}:
        camera.open_wish = Wish(wish)
