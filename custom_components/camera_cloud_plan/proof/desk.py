"""Writes down what happens to one account's plans, in order, and what follows from it.

Rows are written beside the event loop, one batch at a time. What could not be written waits
in memory and is tried again; what a crash takes from there is seen at the next start as a
difference between the ledger and what is read. Only what was written and flushed counts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
import logging
from pathlib import Path
from typing import Any, Final, Protocol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import Event, HomeAssistant, callback

from ..activity import OnTold
from ..casework.book import CaseBook
from ..const import DOMAIN
from ..devices import account_key, key_of
from ..export.model import ManifestSeal
from ..ledger import (
    Anchor,
    Entry,
    Json,
    Kind,
    LedgerError,
    LedgerFile,
    Row,
    Source,
    Trouble,
    Verdict,
    Walk,
)
from ..ledger.claim import Claims
from ..ledger.findings import Detectors, Finding
from ..plan import Case, clock
from ..saving.book import LastExport
from ..snapshot import AccountSnapshot, CameraPlan, Failure
from ..typed.plans import is_typed
from .board import ProofBoard
from .known import About, Known, moment, steps_between
from .store import AnchorStore
from .writer import LedgerWriter

_LOGGER = logging.getLogger(__name__)

# Nobody looked, where the next reading comes later than this many poll intervals.
_MISSED: Final = 1.5

# What of a finding's row is for programs that read the ledger.
_UNTOLD: Final = frozenset({"rows", "shown_by", "to_tell"})

# Home Assistant's store is written within seconds of the ledger. Where it knows only rows
# that are older than the last by more, it is from an older backup.
_STORE_LAG: Final = timedelta(minutes=10)


def ledger_path(hass: HomeAssistant, key: str) -> Path:
    """Return where the ledger of an account is, by its `account_key`; backups carry it."""
    return Path(hass.config.path(DOMAIN, f"ledger_{key}.jsonl"))


async def async_leave_ledger(hass: HomeAssistant, entry: ConfigEntry) -> Path | None:
    """Return where the ledger of a removed account stays, if there is one.

    An account that is added again goes on with it. Which row was the last stands beside it
    then, as Home Assistant forgets it.
    """
    path, anchors = ledger_path(hass, account_key(entry)), AnchorStore(hass, account_key(entry))
    known = await anchors.async_load()
    try:
        await hass.async_add_executor_job(_leave_end, LedgerFile(path), known)
    except LedgerError as err:
        # Then Home Assistant goes on knowing it.
        _LOGGER.warning("How far a ledger goes could not be written beside it: %s", err)
    else:
        await anchors.async_remove()
    return path if await hass.async_add_executor_job(path.exists) else None


class Account(Protocol):
    """What the desk needs of whoever reads the account."""

    poll_hours: int

    @property
    def cases(self) -> CaseBook:
        """The account's cases."""

    def known(self, camera_id: str) -> CameraPlan | None:
        """Return a camera as last read."""

    def display_name(self, camera_id: str) -> str:
        """Return the name people gave a camera."""

    def async_show(self, *camera_ids: str) -> None:
        """Tell the entities of these cameras that something changed."""

    def shown_by(self, finding: str, camera_id: str) -> str | None:
        """Return what else tells people of such a finding; `None` where nothing does."""

    def async_tell_finding(
        self, camera_id: str, facts: Mapping[str, Json], on_told: OnTold
    ) -> None:
        """Tell what was found; an empty id is of the account as a whole."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found on disk: what it says, how far it goes, whether it is whole.

    `older` is what of ledger and store is older than the other.
    """

    known: Known
    detectors: Detectors
    head: Anchor | None
    older: str | None
    verdict: Verdict


class ProofDesk:
    """Keeps the ledger of one account."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, account: Account) -> None:
        """Take who reads the account; nothing is read or written yet."""
        self._hass = hass
        self._entry = entry
        self._account = account
        self._account_key = account_key(entry)
        self.file = LedgerFile(ledger_path(hass, self._account_key))
        self.head: Anchor | None = None
        self._anchors = AnchorStore(hass, self._account_key)
        self._anchor: Anchor | None = None
        # How long after that row others may have been written, unless it is from an older backup.
        self._lag: timedelta | None = _STORE_LAG
        self._board = ProofBoard(hass, entry, self.file.path)
        # What the ledger says, with what waits to be written; `None` until it could be read.
        self._known: Known | None = None
        self._detectors: Detectors | None = None
        self._writer = LedgerWriter(hass, self.file, self)
        # Findings that are on disk and of which people are to be told; whether anybody hears it.
        self._untold: list[Entry] = []
        self._heard = False
        # What is known of the account, for what the ledger may lack of it.
        self._latest: AccountSnapshot | None = None
        self._exports: dict[str, LastExport] = {}
        self._started = False
        # The ids of cameras by what they are called in the ledger.
        self._ids: dict[str, str] = {}
        # When the account was read last; why nobody could look since then, and since when, where that was long.
        self._read_at: datetime | None = None
        self._unread: set[Failure] = set()
        self._gap_since: datetime | None = None

    # --- Life ---

    async def async_load(self) -> None:
        """Begin to read what was written so far; where that cannot be, it is tried again."""
        known = await self._anchors.async_load()
        try:
            self._anchor = await self._hass.async_add_executor_job(_left, self.file, known)
        except LedgerError as err:
            self._anchor = known
            _LOGGER.debug("What was left beside a ledger is not known: %s", err)
        if known is None and self._anchor is not None:
            self._anchors.async_put(self._anchor)
        self._writer.async_kick()

    async def async_ready(self) -> None:
        """Wait until what was written so far is read, or could not be."""
        if self._known is None:
            await self._writer.async_settled()

    async def async_before(self) -> None:
        """Read the ledger, once; raises `LedgerError`."""
        if self._known is not None:
            return
        found = await self._hass.async_add_executor_job(_read, self.file, self._anchor, self._lag)
        self._known, self._detectors, self.head = found.known, found.detectors, found.head
        self._untold = [*found.known.untold()]
        for entry in self._writer.waiting:
            self._known.heed(entry)
        self._board.async_show_breaks(found.verdict)
        if found.head is None or found.older:
            self._async_add_opened(found)
        if self._started:
            self._async_catch_up()

    async def async_astray(self) -> None:
        """Read the ledger anew: it does not end with the row that was written last.

        Where that row is gone, the ledger goes on as after an older backup.
        """
        self._anchor, self._known, self._lag = self.head, None, None
        await self.async_before()

    @callback
    def _async_add_opened(self, found: _Found) -> None:
        """Write down that a ledger begins, or goes on where an older one ends."""
        facts: dict[str, Json] = {"account": self._entry.title, "maker": self._entry.data["maker"]}
        if found.head is None and self._anchor is None:
            facts["why"] = "new"
        else:
            facts |= {"why": "restored", "older": found.older}
            facts["went_on_from"] = found.head.seq if found.head else 0
            if self._anchor and found.older == "ledger":
                facts["known_row"] = {"seq": self._anchor.seq, "hash": self._anchor.hash}
                self._board.async_show_restored(self._anchor, found.head)
        self._writer.async_add(self._entry_of(Kind.LEDGER_OPENED, facts), first=True)

    @callback
    def async_start(self, stored: AccountSnapshot | None, exports: Iterable[LastExport]) -> None:
        """Write down what the ledger lacks of what is known.

        `stored` is the account as it was read before, `exports` the last of each camera.
        """
        self._entry.async_on_unload(
            self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, self._async_last)
        )
        self._started, self._latest = True, stored
        self._exports = {last.order.camera_id: last for last in exports}
        self._async_catch_up()
        self.async_kick()

    @callback
    def async_tell(self) -> None:
        """Tell what was found, now that it is heard: what was never told, and what comes."""
        self._heard = True
        self._async_tell_untold()

    @callback
    def _async_catch_up(self) -> None:
        """Write down what the ledger lacks of what is known, for whatever reason it does."""
        if self._known is None:
            return
        for plan in self._latest.cameras.values() if self._latest else ():
            known = self._known.cameras.get(self.camera_key(plan.camera.camera_id))
            written_at = known.read_at if known else None
            # What was stored before the last row of it says nothing new.
            if plan.reading and (written_at is None or plan.reading.read_at >= written_at):
                self.async_read(plan, plan)
        self._async_add_missing_steps(self._known)
        for last in self._exports.values():
            self._async_add_export(last)
        self._async_show_findings()

    @callback
    def _async_add_missing_steps(self, known: Known) -> None:
        now, cases = clock.now(), self._account.cases
        ids = {self.camera_key(camera_id): camera_id for camera_id in cases.watched_cameras}
        for key in {*ids, *(key for key, camera in known.cameras.items() if camera.open_wish)}:
            camera_id = ids.get(key)
            case = cases.get(camera_id) if camera_id else None
            self._async_add(camera_id, known.steps_missing(case, self._about(key), now))

    async def async_stop(self) -> None:
        """Write what waits, once more; take nothing in after that."""
        await self._writer.async_stop()
        await self._anchors.async_flush()

    async def _async_last(self, _event: Event) -> None:
        """Write what waits as Home Assistant ends; the store writes by itself what it was given."""
        known = self.head
        await self._writer.async_stop()
        if self.head is not known:
            await self._anchors.async_flush()

    # --- What happens ---

    @callback
    def async_looked(self, before: AccountSnapshot | None, after: AccountSnapshot) -> None:
        """Hear that the account was asked; write down where nobody had looked for long.

        `before` is what was known until then.
        """
        since, self._read_at = before.read_at if before else None, after.read_at
        self._latest = after
        if self._untold:
            for camera_id in after.cameras:
                self.camera_key(camera_id)  # so that what is told finds whom it is about
        if is_typed(self._entry):
            return  # nobody is asked there
        if after.read_at is None or since is None or after.read_at == since:
            self._unread |= {plan.failure for plan in after.cameras.values() if plan.failure}
            return
        why, self._unread, self._gap_since = _why(self._unread), set(), None
        if after.read_at - since > self._missed_after:
            self._gap_since = since
            facts = {"from": moment(since), "to": moment(after.read_at), "why": why}
            self._async_add(None, (self._entry_of(Kind.READING_GAP, facts, at=after.read_at),))

    @callback
    def async_read(self, plan: CameraPlan, before: CameraPlan | None = None) -> None:
        """Write down what a camera's reading says anew.

        `before` is the camera as it was known, `None` for one that was out of sight. Nothing
        is written before `async_kick`, so that a reading of many makes one batch.
        """
        camera_id = plan.camera.camera_id
        about = self._about(self.camera_key(camera_id))
        if self._known is None:
            return
        if known := self._known.cameras.get(about.camera):
            self._async_add(camera_id, self._gap_of(plan, before, known.read_at))
        self._async_add(camera_id, self._known.news(plan, about))

    def _gap_of(
        self, plan: CameraPlan, before: CameraPlan | None, written_at: datetime | None
    ) -> Iterable[Entry]:
        """Return the entry of a gap that one camera has of its own, the account having none.

        Of one that was out of sight, not chosen or somebody else's, only that is known for sure
        which was `written_at` some moment (UTC).
        """
        last, now = before.reading if before and before.is_own else None, plan.reading
        was = last.read_at if last else written_at
        if was is None or now is None or now.typed or not plan.is_own:
            return ()
        told = self._gap_since is not None and was >= self._gap_since - self._missed_after
        if told or now.read_at - was <= self._missed_after:
            return ()
        why = "unreachable" if last else "not_watched"
        facts = {"from": moment(was), "to": moment(now.read_at), "why": why}
        return (self._entry_of(Kind.READING_GAP, facts, at=now.read_at),)

    @callback
    def async_left(self, camera_ids: Iterable[str], at: datetime) -> None:
        """Write down that cameras are gone from the account, those whose plan was seen."""
        for camera_id in camera_ids:
            known = self._known and self._known.cameras.get(self.camera_key(camera_id))
            if known and known.facts and not known.has_left:
                facts = {name: known.facts.get(name) for name in ("plan", "ends_at")}
                left = self._entry_of(Kind.CAMERA_LEFT, facts, at=at, source=Source.MAKER)
                self._async_add(camera_id, (left,))

    @callback
    def async_case(self, camera_id: str, before: Case | None, after: Case | None) -> None:
        """Write down what happened between two versions of a camera's case."""
        about = self._about(self.camera_key(camera_id))
        steps = steps_between(before, after, clock.now())
        self._async_add(camera_id, [step.entry(about) for step in steps])
        self.async_kick()

    @callback
    def async_alerted(self, camera_id: str, facts: Mapping[str, Json]) -> None:
        """Write down that people were told of a coming charge, or of a plan's end."""
        self._async_add(camera_id, (self._entry_of(Kind.ALERT, facts),))

    @callback
    def async_counted(self, camera_id: str, count: int, at: datetime) -> None:
        """Write down that the maker lists no recording at all, or lists some again."""
        key, plan = self.camera_key(camera_id), self._account.known(camera_id)
        kept = plan.reading.retention_days if plan and plan.reading else None
        if kept is None or self._known is None or not self._known.is_count_news(key, count, at):
            return
        facts: dict[str, Json] = {
            "from": moment(at - timedelta(days=kept)),
            "to": moment(at),
            "count": count,
        }
        counted = self._entry_of(Kind.RECORDINGS, facts, at=at, source=Source.MAKER)
        self._async_add(camera_id, (counted,))
        self.async_kick()

    @callback
    def async_exported(self, last: LastExport) -> None:
        """Write down what an export came to, once."""
        self._exports[last.order.camera_id] = last
        self._async_add_export(last)
        self.async_kick()

    @callback
    def _async_add_export(self, last: LastExport) -> None:
        camera_id = last.order.camera_id
        if self._known is None:
            return
        known = self._known.cameras.get(self.camera_key(camera_id))
        if known and last.finished_at in known.exports:
            return
        plan = self._account.known(camera_id)
        self._async_add(
            camera_id,
            [
                self._entry_of(kind, facts, at=last.finished_at, source=source)
                for kind, source, facts in _of_export(last, plan)
            ],
        )

    @callback
    def async_kick(self) -> None:
        """Write what waits, and look what follows from it."""
        self._writer.async_kick()

    async def async_settled(self) -> None:
        """Wait until what came so far is written, or could not be."""
        await self._writer.async_settled()

    # --- What people add ---

    async def async_append(
        self,
        kind: Kind,
        facts: Mapping[str, Json],
        *,
        camera_id: str | None = None,
        at: datetime | None = None,
        source: str = Source.HOME,
    ) -> Row:
        """Write one entry and return its row once it is kept.

        Raises `HomeAssistantError`, and writes nothing later either, where it cannot be.
        """
        entry = self._entry_of(kind, facts, at=at, source=source)
        (row,) = await self.async_append_all(((camera_id, entry),))
        return row

    def entry_of(
        self, kind: Kind, facts: Mapping[str, Json], *, at: datetime, source: str
    ) -> Entry:
        """Return an entry for `async_append_all`; facts that are `None` are left out."""
        return self._entry_of(kind, facts, at=at, source=source)

    async def async_append_all(
        self, entries: Sequence[tuple[str | None, Entry]]
    ) -> tuple[Row, ...]:
        """Write entries, each with the id of its camera or `None`, as `async_append` does."""
        if not entries:
            return ()
        completed = [self._completed(camera_id, entry) for camera_id, entry in entries]
        return await self._writer.async_append(completed)

    async def async_dismiss(self, key: str, why: str | None = None) -> None:
        """Take down that an owner took note of a finding, once; its issue goes.

        Raises `HomeAssistantError` where that cannot be kept.
        """
        if self._known is None or key not in self._known.findings or key in self._known.dismissed:
            return
        finding = self._known.findings[key]
        camera_id = self.camera_id(finding.camera)
        await self.async_append(
            Kind.FINDING_DISMISSED, {"key": key, "why": why}, camera_id=camera_id, source="owner"
        )
        self._async_show_findings()
        if camera_id:
            self._account.async_show(camera_id)

    # --- What is looked up ---

    def camera_key(self, camera_id: str) -> str:
        """Return what a camera is called in the ledger; it does not tell the camera's id."""
        key = key_of(self._account_key, camera_id)
        self._ids[key] = camera_id
        return key

    def camera_id(self, key: str | None) -> str | None:
        """Return the id of the camera that the ledger calls so; `None` for one not there."""
        camera_id = self._ids.get(key or "")
        return camera_id if camera_id and self._account.known(camera_id) else None

    async def async_rows(
        self,
        camera_id: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> list[Row]:
        """Return the rows that are on disk, of one camera or of all; raises `LedgerError`."""
        camera = self.camera_key(camera_id) if camera_id else None

        def read() -> list[Row]:
            return [*self.file.rows(camera=camera, start=start, end=end)]

        return await self._hass.async_add_executor_job(read)

    async def async_verify(self) -> Verdict:
        """Look through the whole ledger, and show what is broken; raises `LedgerError`."""
        verdict = await self._hass.async_add_executor_job(self.file.verify, self.head)
        self._board.async_show_breaks(verdict)
        return verdict

    @property
    def trouble(self) -> Trouble | None:
        """Why nothing can be written at the moment."""
        return self._writer.trouble

    @property
    def waiting(self) -> int:
        """How many entries are still to be written."""
        return len(self._writer.waiting)

    @property
    def claims(self) -> Claims:
        """What owners say and do about charges; none while the ledger cannot be read."""
        return self._known.claims if self._known is not None else Claims()

    def finding(self, key: str | None) -> Entry | None:
        """Return what was found, by its key, dismissed or not."""
        return self._known.findings.get(key or "") if self._known is not None else None

    def found(self) -> frozenset[str]:
        """Return the ids of cameras of which something was found that nobody took note of.

        Not where people are told of it in another way.
        """
        cameras = {
            self.camera_id(one.camera)
            for one in self.open_findings()
            if "shown_by" not in one.facts
        }
        return frozenset(camera_id for camera_id in cameras if camera_id)

    def open_findings(self) -> list[Entry]:
        """Return what was found and not dismissed, oldest first."""
        known = self._known
        if known is None:
            return []
        return [entry for key, entry in known.findings.items() if key not in known.dismissed]

    # --- Writing ---

    def _about(self, key: str) -> About:
        return About(camera=key, zone=self._hass.config.time_zone)

    def _entry_of(
        self,
        kind: Kind,
        facts: Mapping[str, Json],
        *,
        at: datetime | None = None,
        source: str = Source.HOME,
    ) -> Entry:
        return Entry(
            at=at or clock.now(),
            zone=self._hass.config.time_zone,
            kind=kind,
            source=source,
            facts={name: fact for name, fact in facts.items() if fact is not None},
        )

    def _completed(self, camera_id: str | None, entry: Entry) -> Entry:
        """Return an entry with whom it is about, as people call the camera now."""
        if camera_id is None:
            return entry
        return replace(
            entry,
            camera=self.camera_key(camera_id),
            name=self._account.display_name(camera_id),
        )

    @callback
    def _async_add(self, camera_id: str | None, entries: Iterable[Entry]) -> None:
        """Take entries in, in order."""
        for entry in [*entries]:
            completed = self._completed(camera_id, entry)
            if self._known is not None:
                self._known.heed(completed)
            self._writer.async_add(completed)

    async def async_written(self, rows: Sequence[Row], asked_for: Sequence[Row]) -> None:
        """Keep how far the ledger goes, and look what follows from what was written."""
        if rows:
            self.head = rows[-1].anchor
            self._anchors.async_put(self.head)
        if self._known is None or self._detectors is None:
            return
        for row in asked_for:
            self._known.heed(row)
        for finding in await self._async_find(self._detectors, rows):
            self._async_add_finding(finding)
        found = [row for row in rows if row.kind is Kind.FINDING]
        if found:
            self._async_show_findings()
        self._untold += (row for row in found if "to_tell" in row.facts)
        self._async_tell_untold()

    async def _async_find(self, detectors: Detectors, rows: Sequence[Row]) -> Sequence[Finding]:
        """Return what the rows show, these among them, that was not found before.

        As of the last reading, of the account and of each camera: while nobody can look,
        nothing goes on.
        """
        read_at, cameras = self._read_at, self._cameras_read()

        def find() -> Sequence[Finding]:
            for row in rows:
                detectors.heed(row)
            return [*detectors.due(read_at, cameras)] if read_at else []

        try:
            return await self._hass.async_add_executor_job(find)
        except Exception:  # a mistake in what is concluded must not keep anything unwritten
            _LOGGER.exception("Unexpected error looking through the rows")
            return ()

    def _cameras_read(self) -> Mapping[str, datetime]:
        """Return when each camera that is watched was read last, by what the ledger calls it."""
        plans = {key: self._account.known(camera_id) for key, camera_id in self._ids.items()}
        return {
            key: plan.reading.read_at
            for key, plan in plans.items()
            if plan is not None and plan.reading and plan.is_own
        }

    @callback
    def _async_add_finding(self, finding: Finding) -> None:
        """Write a finding down, once; and what else tells people of it."""
        if self._known is None or finding.key in self._known.findings:
            return
        camera_id, kind = self.camera_id(finding.camera), str(finding.kind)
        shown_by = self._account.shown_by(kind, camera_id) if camera_id else None
        facts: dict[str, Json] = {
            **finding.facts,
            "key": finding.key,
            "finding": kind,
            "rows": [*finding.rows],
            "shown_by": shown_by,
            "to_tell": None if shown_by else True,
        }
        known = self._known.cameras.get(finding.camera or "")
        entry = replace(
            self._entry_of(Kind.FINDING, facts, at=finding.at),
            camera=finding.camera,
            name=known.name if known else None,
        )
        self._async_add(camera_id, (entry,))

    @callback
    def _async_tell_untold(self) -> None:
        """Tell of findings that are on disk, once the account was read and all hear it.

        That it was told is a row too, once it is: whatever a crash takes is told by the next
        start, and at worst told twice.
        """
        if not self._heard or self._read_at is None:
            return
        untold, self._untold = self._untold, []
        for finding in untold:
            facts = {name: fact for name, fact in finding.facts.items() if name not in _UNTOLD}
            camera_id = self.camera_id(finding.camera) or ""
            self._account.async_tell_finding(camera_id, facts, partial(self._async_told, finding))
            if camera_id:
                self._account.async_show(camera_id)

    @callback
    def _async_told(self, finding: Entry, told_to: Collection[str]) -> None:
        """Write down that people were told of a finding."""
        facts: dict[str, Json] = {"key": finding.facts["key"], "told_to": [*told_to]}
        told = self._entry_of(Kind.FINDING_TOLD, facts)
        self._async_add(None, (replace(told, camera=finding.camera, name=finding.name),))
        self.async_kick()

    @callback
    def async_on_trouble(self, why: Trouble | None) -> None:
        """Show that nothing can be written, or that it can again."""
        if why is None:
            self._board.async_hide_trouble()
        else:
            self._board.async_show_trouble(why)

    @callback
    def _async_show_findings(self) -> None:
        self._board.async_sync_findings(self.open_findings())

    @property
    def _missed_after(self) -> timedelta:
        return timedelta(hours=self._account.poll_hours) * _MISSED


def _leave_end(file: LedgerFile, known: Anchor | None) -> None:
    """Leave beside a ledger which row was the last; blocks. Raises `LedgerError`.

    Where rows were cut off already, that is the one which was known.
    """
    if (head := file.head()) is not None:
        file.leave_end(known if known and known.seq > head.seq else head)


def _left(file: LedgerFile, known: Anchor | None) -> Anchor | None:
    """Return the last row by what Home Assistant knows, else by what was left; blocks.

    What was left has served once Home Assistant knows better. Raises `LedgerError`.
    """
    if known is None:
        return file.left_end()
    file.drop_end()
    return known


def _read(file: LedgerFile, anchor: Anchor | None, lag: timedelta | None) -> _Found:
    """Return what a ledger says; blocks. Raises `LedgerError`.

    Rows that were written for longer than `lag` after the one that is known say that this one
    is from an older backup; without `lag` another program wrote them.
    """
    known, detectors, walk, head = Known(), Detectors(), Walk(), file.head()
    is_there, first_after, last = anchor is None, None, None
    for row in file.rows_along(walk):
        known.heed(row)
        detectors.heed(row)
        last = row.written_at
        if anchor and row.seq > anchor.seq and first_after is None:
            first_after = row.written_at
        if anchor and row.seq == anchor.seq:
            is_there = is_there or row.hash == anchor.hash
    older = None
    if not is_there:
        older = "ledger"
    elif lag and first_after and last and last - first_after > lag:
        older = "store"
    return _Found(known=known, detectors=detectors, head=head, older=older, verdict=walk.verdict())


def _why(unread: Collection[Failure]) -> str | None:
    """Return why nobody could look; `None` where there was more than one reason."""
    if Failure.SIGN_IN_NEEDED in unread:
        return "signed_out" if Failure.RESTORED not in unread else None
    if Failure.RESTORED in unread:
        return "not_running" if len(unread) == 1 else None
    return "unreachable" if unread else None


def _of_manifest(seal: ManifestSeal | None) -> Mapping[str, Json]:
    return {"manifest": seal.sha256, "manifest_bytes": seal.size} if seal else {}


def _of_export(
    last: LastExport, plan: CameraPlan | None
) -> Iterable[tuple[Kind, str, Mapping[str, Any]]]:
    """Yield what an export says: what was saved, and how many recordings there were."""
    order, tally = last.order, last.tally
    yield (
        Kind.EXPORT,
        Source.HOME,
        {
            "whole": last.whole,
            "listed": tally.listed,
            "saved": tally.saved,
            "already": tally.already,
            "missing": tally.failed + tally.expired,
            "from": moment(order.start),
            "to": moment(order.end or order.asked_at),
            **_of_manifest(last.manifest),
        },
    )
    if not (tally.complete and order.events and order.videos):
        return
    kept = plan.reading.retention_days if plan and plan.reading else None
    since = order.start or (order.asked_at - timedelta(days=kept) if kept else None)
    yield (
        Kind.RECORDINGS,
        Source.MAKER,
        {
            "from": moment(since),
            "to": moment(order.end or order.asked_at),
            "count": tally.listed,
        },
    )
