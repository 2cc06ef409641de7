"""Where things stand for one camera, and the words for it.

Looked up anew at each step: a guide keeps nothing of its own, so that a closed window, a
restart or a second browser goes on from what is stored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from homeassistant.core import HomeAssistant

from ..casework.desk import Casework
from ..casework.doors import phone_for
from ..coordinator import CloudPlanCoordinator
from ..export.model import Interruption, Tally
from ..plan import (
    Answer,
    Case,
    Channel,
    ChargeExpectation,
    RecordingOutlook,
    Renewal,
    TrustRule,
    clock,
    trust_rule,
)
from ..plan.charge import expect_charge
from ..saving.book import LastExport
from ..saving.job import Job
from ..snapshot import CameraPlan
from ..words import counted, maker_name, seller_name, sentences, spoken, translated

# Who decides about money that was taken, as named in the texts about it.
_REFUND_BY: Final = {
    Channel.MI_PAY: "maker",
    Channel.WECHAT_PAY: "maker",
    Channel.ALIPAY: "maker",
    Channel.APPLE: "apple",
    Channel.GOOGLE_PLAY: "google_play",
    Channel.OUTSIDE_UNKNOWN: "store",
    Channel.SELLER: "seller",
    Channel.SELLER_UNKNOWN: "seller",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One camera with its plan and its case, at `now` (UTC)."""

    coordinator: CloudPlanCoordinator
    plan: CameraPlan
    now: datetime

    @classmethod
    def of(cls, coordinator: CloudPlanCoordinator, camera_id: str) -> Standing | None:
        """Return where things stand for a camera; `None` if the account has it no more."""
        plan = coordinator.known(camera_id)
        if plan is None:
            return None
        return cls(coordinator=coordinator, plan=plan, now=clock.now())

    # --- What there is ---

    @property
    def camera_id(self) -> str:
        """The camera's id."""
        return self.plan.camera.camera_id

    @property
    def case(self) -> Case | None:
        """The camera's case, open or decided."""
        return self.coordinator.cases.get(self.camera_id)

    @property
    def casework(self) -> Casework:
        """Who works on the account's cases."""
        return self.coordinator.casework

    @property
    def rule(self) -> TrustRule:
        """The trust rule of whoever bills."""
        return self.plan.view.rule if self.plan.view else trust_rule(self.plan.channel)

    @property
    def is_typed(self) -> bool:
        """Whether all that is known of the plan is its owner's word."""
        return self.plan.reading is not None and self.plan.reading.typed

    @property
    def is_active(self) -> bool:
        """Whether the maker says that a bought plan runs."""
        return self.plan.view is not None and self.plan.view.is_active

    @property
    def ends_at(self) -> datetime | None:
        """When the running plan ends, or the last one ended (UTC)."""
        if self.is_active and self.plan.reading:
            return self.plan.reading.ends_at
        return self.case.term_ends_at if self.case else None

    @property
    def charge(self) -> ChargeExpectation | None:
        """The next charge, if renewal is on; `None` where no end of a running plan is known."""
        if self.plan.view is None or not self.is_active:
            return None
        view = self.plan.view
        return view.charge or expect_charge(view.reading, Renewal.UNKNOWN, self.rule, view.zone)

    @property
    def is_late(self) -> bool:
        """Whether a charge may already be on its way."""
        return self.charge is not None and self.charge.earliest <= self.now

    @property
    def watched_until(self) -> datetime | None:
        """Until when a late charge may still come (UTC)."""
        return self.ends_at + self.rule.watched_after_end if self.ends_at else None

    @property
    def nothing_done(self) -> bool:
        """Whether nobody has done anything so far about what the case is for."""
        case = self.case
        return case is None or (case.acted_at is None and case.back_on_at is None)

    @property
    def disagree(self) -> bool:
        """Whether the maker's witnesses contradict each other."""
        return self.plan.view is not None and self.plan.view.verdict.disagree

    @property
    def rests_on_request(self) -> bool:
        """Whether a request, not the owner, was the last to do something about the case."""
        case = self.case
        return case is not None and case.request is not None and case.acted_at == case.request.at

    @property
    def was_refused(self) -> bool:
        """Whether the request that was sent last surely had no effect."""
        return self._answer in (Answer.REFUSED, Answer.NOT_SENT)

    @property
    def was_unanswered(self) -> bool:
        """Whether the last thing done is a request of which nobody knows what became."""
        return self.rests_on_request and self._answer is Answer.UNKNOWN

    @property
    def _answer(self) -> Answer | None:
        return self.case.request.answer if self.case and self.case.request else None

    # --- The words for it ---

    @property
    def gaps(self) -> dict[str, str]:
        """What fills the gaps in the texts; what is unknown is not among it."""
        moments = {name: spoken(self._hass, at) for name, at in self._moments() if at}
        return {**dict(self._names()), **moments, **dict(self._sentences())}

    @property
    def _hass(self) -> HomeAssistant:
        return self.coordinator.hass

    @property
    def _maker(self) -> str:
        return maker_name(self._hass, self.plan.camera.maker)

    @property
    def _seller(self) -> str:
        return seller_name(self._hass, self.plan.channel, self.plan.camera.maker)

    @property
    def _name(self) -> str:
        return self.coordinator.display_name(self.camera_id)

    def _names(self) -> Iterator[tuple[str, str]]:
        yield "camera", self._name
        yield "maker", self._maker
        yield "seller", self._seller
        yield from self._listed_as()
        if case := self.case:
            yield "count", str(case.contrary)
            yield "checks", str(case.checks)
        if definition := self.casework.definition:
            yield "file", definition.source
        if self.disagree and self.plan.view:
            for witness in self.plan.view.verdict.witnesses:
                yield "says_on" if witness.says else "says_off", witness.source

    def _listed_as(self) -> Iterator[tuple[str, str]]:
        """Yield by what name the plan is found at whoever bills it, and what goes with that."""
        if not self.is_typed:
            yield "app", self._said("app")
            yield "payee", self._maker
            yield "first_at_maker", self._said("first_at_maker", camera=self._name)
            yield "maker_lags", self._said("maker_lags")
            return
        brand = self.plan.camera.maker
        yield "app", brand or self._said("app_typed")
        yield "payee", brand or self._said("seller_seller")
        yield "first_at_maker", ""
        yield "maker_lags", ""

    def _moments(self) -> Iterator[tuple[str, datetime | None]]:
        yield "end", self.ends_at
        yield "earliest", self.charge.earliest if self.charge else None
        yield "watch_end", self.watched_until
        if case := self.case:
            yield "asked_on", case.opened_at
            yield "time", case.confirmed_at
            yield "back_on", case.back_on_at
            if term := case.renewed:
                yield "old", term.old_end
                yield "new", term.new_end
                yield "seen", term.seen_at
        if definition := self.casework.definition:
            yield "added_on", definition.added_at

    def _sentences(self) -> Iterator[tuple[str, str]]:
        yield "kept", self._kept()
        yield "recordings", "".join(f"\n• {line}" for line in self._recordings())
        yield "how_many", self._how_many()
        yield "how_far", self._how_far()
        yield "unsaved", self._unsaved()
        yield "next_charge", self._next_charge()
        yield "reminding", self._reminding()
        yield "do_it_by", self._do_it_by()
        yield "watching", self._watching()
        yield "call", self._call()
        yield (
            "refund",
            self._said(f"refund_{_REFUND_BY[self.plan.channel]}", maker=self._maker),
        )
        if definition := self.casework.definition:
            yield "worked", self._worked(definition.worked)
        if self.was_refused:
            yield "refusal", self._refusal()

    def _kept(self) -> str:
        days = self.plan.reading.retention_days if self.plan.reading else None
        return self._counted("kept_for", days) if days else ""

    # --- The words for its recordings ---

    @property
    def _outlook(self) -> RecordingOutlook | None:
        return self.coordinator.exports.outlook(self.camera_id)

    @property
    def _job(self) -> Job | None:
        return self.coordinator.exports.job(self.camera_id)

    @property
    def _last(self) -> LastExport | None:
        """What the last export of all came to since the case was opened."""
        if self.case is None:
            return None
        return self.coordinator.exports.last_of_all(self.camera_id, self.case.opened_at)

    def _recordings(self) -> Iterator[str]:
        last = self._last
        if last and last.whole and last.tally.expired:
            yield self._counts(last.tally)
        elif last and last.whole:
            yield self._counted("all_saved", last.tally.saved + last.tally.already)
        if (outlook := self._outlook) is None:
            return
        if not outlook.complete:
            yield self._counted("recordings_at_least", outlook.kept)
        elif outlook.first_loss is None:
            yield self._counted("recordings", outlook.kept)
        else:
            lost_on = spoken(self._hass, outlook.first_loss)
            yield self._counted("recordings_lost", outlook.kept, first_loss=lost_on)

    def _how_many(self) -> str:
        """Return how many are to be saved, as an offer; nothing once all were."""
        outlook = self._outlook
        if self._last and self._last.whole:
            return ""
        return self._said("offered", n=outlook.kept) if outlook and outlook.complete else ""

    def _how_far(self) -> str:
        job, desk = self._job, self.coordinator.exports
        if job is None:
            return ""
        if why := desk.why(job):
            return self._why(why, desk.until(job))
        if desk.running is not job:
            return self._said("saving_queued")
        if job.progress is None or job.percent is None:
            return self._said("saving_finding")
        tally = job.progress.tally
        return self._said("saving", done=tally.settled, n=tally.listed, percent=job.percent)

    def _unsaved(self) -> str:
        """Return why the recordings are not saved, or what the export came to."""
        desk = self.coordinator.exports
        if (job := self._job) and (why := desk.why(job)):
            return self._why(why, desk.until(job))
        if (last := self._last) is None:
            return self._said("unsaved_nothing")
        said = self._counts(last.tally)
        more = () if last.tally.complete else (self._said("unsaved_more"),)
        return sentences(self._hass, (said, *more))

    def _counts(self, tally: Tally) -> str:
        return self._said(
            "unsaved_counts",
            n=tally.listed,
            there=tally.saved + tally.already,
            failed=tally.failed,
            expired=tally.expired,
            event_only=tally.event_only,
        )

    def _why(self, why: Interruption, until: datetime | None) -> str:
        said = translated(self._hass, f"common.export_why_{why}")
        if until is None or until <= self.now:
            return said
        again = self._said("tried_again", until=spoken(self._hass, until))
        return sentences(self._hass, (said, again))

    def _next_charge(self) -> str:
        if self.charge is None:
            return self._said("charge_unknown")
        if self.is_late:
            return self._said("charge_on_its_way")
        return self._said("charge_from", earliest=spoken(self._hass, self.charge.earliest))

    def _reminding(self) -> str:
        if self.charge is None or self.is_late:
            return self._said("reminding")
        return self._said("reminding_until", earliest=spoken(self._hass, self.charge.earliest))

    def _do_it_by(self) -> str:
        """Return by when it has to be done; nothing where that is not known, or past."""
        if self.charge is None or self.charge.deadline <= self.now:
            return ""
        return self._said("do_it_by", deadline=spoken(self._hass, self.charge.deadline))

    def _watching(self) -> str:
        look = self.casework.next_check(self.camera_id)
        until = self.casework.next_escalation(self.camera_id)
        if look is None or look <= self.now:
            return self._counted("watching", self.coordinator.poll_hours)
        if until is None or until <= self.now:
            return self._said("watching_from", next=spoken(self._hass, look))
        return self._said(
            "watching_until", next=spoken(self._hass, look), until=spoken(self._hass, until)
        )

    def _call(self) -> str:
        phone = phone_for(self.plan.camera.region, self.plan.channel)
        return self._said("call", phone=phone.number) if phone else ""

    def _worked(self, times: int) -> str:
        return self._counted("worked", times) if times else self._said("worked_never")

    def _refusal(self) -> str:
        meaning = self.case.request.meaning if self.case and self.case.request else None
        return self._said(f"refused_{meaning or 'not_sent'}", maker=self._maker)

    def _said(self, key: str, **gaps: object) -> str:
        return translated(self._hass, f"common.guide_{key}", **gaps)

    def _counted(self, key: str, count: int, **gaps: object) -> str:
        return counted(self._hass, f"common.guide_{key}", count, **gaps)
