"""What is answered to a question: of one camera, of an area, or of all.

Nothing is guessed: what is not known is said so, what only may happen "may", and what rests
on the owner's word is said to. Old data is told with its age.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from ..coordinator import CloudPlanCoordinator
from ..plan import (
    AT_RISK_WITHIN,
    Case,
    CaseState,
    ChargeExpectation,
    Money,
    Notice,
    PlanView,
    PriceSource,
    Proof,
    RecordingKind,
    RecordingOutlook,
    Renewal,
    Wish,
    by_currency,
    clock,
    monthly_cost,
    plans_charged,
)
from .names import Directory, Target
from .speech import Speech

# Seconds that whoever asks waits for lists of recordings; they go on by themselves.
_PATIENCE: Final = 6.0
# Of so many cameras it is said in full what goes.
_MOST_IN_FULL: Final = 2
# What goes soon is not told from a list that is older: it would have gone meanwhile.
_LISTED_WITHIN: Final = timedelta(hours=12)
# A reading counts as old when so many polls were missed, in part.
_OLD_AFTER_POLLS: Final = 1.5


class Answers:
    """Answers questions in one language."""

    def __init__(self, directory: Directory, speech: Speech) -> None:
        """Take who is there, and how to say it."""
        self._directory = directory
        self._speech = speech
        self._say = speech.say

    # --- When the next charge is ---

    async def next_charge(self, form: str | None) -> str:
        """Say when the next charge is: of a camera, in an area, or of all."""
        targets = self._directory.named(form)
        if form is not None and not self._directory.is_place(form):
            return self._of_one(targets, self._charge)
        due = min(_charges(targets), key=lambda found: found[1].earliest, default=None)
        if due is None:
            return self._say("no_charge_unread" if self._unread(targets) else "no_charge")
        covered, _ = due
        several = self._speech.counted("cameras", len(covered)) if len(covered) > 1 else None
        return self._joined(self._charge(covered[0], several), *self._unread(targets))

    def _charge(self, target: Target, name: str | None = None) -> str:
        """Say when a camera's next charge is; `name` is for a plan of several."""
        view = _view(target)
        if problem := self._not_known(target):
            return problem
        if view is None or not view.is_active:
            return self._no_plan(target)
        name = name or target.name
        charge = view.charge
        if view.renewal is Renewal.OFF:
            return self._joined(self._say("no_renewal", camera=name), *self._until(view))
        if charge is None:
            return self._say("charge_unknown", camera=name)
        if charge.latest <= clock.now():
            return self._say("charge_due", camera=name, day=self._speech.day(charge.latest))
        return self._joined(
            self._say(
                f"charge_{charge.kind}{'_possible' if charge.possible else ''}",
                camera=name,
                when=self._speech.window(charge.earliest, charge.latest),
                amount=self._amount(charge),
            ),
            *([] if charge.amount else [self._say("amount_unknown")]),
            *self._whose_word(target, view),
            *self._age(target),
        )

    def _amount(self, charge: ChargeExpectation) -> str:
        if charge.amount is None:
            return ""
        money = {charge.amount.currency: charge.amount.amount}
        return self._say("amount", amount=self._speech.sums(money))

    # --- How many days are left ---

    async def days_left(self, form: str | None) -> str:
        """Say how many days are left of a plan; of the one that ends next, if none is named."""
        targets = self._directory.named(form)
        if form is None or self._directory.is_place(form):
            ending = [
                (view.reading.ends_at, target)
                for target in targets
                if (view := _view(target)) and view.days_remaining(clock.now())
                if view.reading.ends_at and _is_own(target) and _is_shown(target)
            ]
            if not ending:
                return self._joined(self._say("no_plans"), *self._unread(targets))
            first = min(ending, key=lambda found: found[0])[1]
            return self._joined(self._days(first), *self._unread(targets))
        return self._of_one(targets, self._days)

    def _days(self, target: Target) -> str:
        view = _view(target)
        if problem := self._not_known(target):
            return problem
        if view is None or not view.is_active:
            return self._no_plan(target)
        left, ends_at = view.days_remaining(clock.now()), view.reading.ends_at
        if left is None or ends_at is None:
            return self._say("end_unknown", camera=target.name)
        return self._joined(
            self._speech.counted(
                "days_left",
                left,
                days=self._speech.days(left),
                camera=target.name,
                day=self._speech.day(ends_at),
            ),
            *([self._say("own_word")] if view.reading.typed else []),
            *self._age(target),
        )

    # --- Whether it renews ---

    async def renews(self, form: str | None) -> str:
        """Say whether a plan renews; of all, or of a place with several, which ones do."""
        targets = self._directory.named(form)
        if form is not None and not (len(targets) > 1 and self._directory.is_place(form)):
            return self._of_one(targets, self._renews)
        by_renewal: dict[Renewal, list[str]] = defaultdict(list)
        for target in targets:
            view = _view(target)
            if view and view.is_active and _is_own(target) and _is_shown(target):
                by_renewal[view.renewal].append(target.name)
        said = [
            self._speech.counted(key, len(names), cameras=self._speech.names(names))
            for renewal, key in (
                (Renewal.ON, "renewing"),
                (Renewal.UNKNOWN, "renewing_unknown"),
            )
            if (names := by_renewal[renewal])
        ]
        if not by_renewal[Renewal.ON]:
            said.insert(0, self._say("none_renews"))
        return self._joined(*said, *self._unread(targets), *self._age_of_all(targets))

    def _renews(self, target: Target) -> str:
        view = _view(target)
        if problem := self._not_known(target):
            return problem
        if view is None or not view.is_active:
            return self._no_plan(target)
        if view.renewal is Renewal.OFF:
            key = "renews_no"
        else:
            key = "renews_yes" if view.renewal is Renewal.ON else "renews_unknown"
        own = [self._say("own_word")] if view.reading.typed and key != "renews_unknown" else []
        unknown = self._whose_word(target, view) if key == "renews_unknown" else []
        charge = view.charge
        when = []
        if charge and charge.latest > clock.now():
            possible = "_possible" if charge.possible else ""
            window = self._speech.window(charge.earliest, charge.latest)
            when = [self._say(f"when{possible}", when=window)]
        ends = self._until(view) if key == "renews_no" else []
        return self._joined(
            self._say(key, camera=target.name), *unknown, *when, *ends, *own, *self._age(target)
        )

    # --- What it costs ---

    async def monthly_cost(self, form: str | None) -> str:
        """Say what plans cost by the month, as far as prices are known."""
        targets = self._directory.named(form)
        views = _views_by_account(targets)
        costs = [monthly_cost(of_account, clock.now()) for of_account in views.values()]
        sums = _added(cost.sums for cost in costs)
        possible = _added(cost.possible for cost in costs)
        unknown = sum(cost.unknown for cost in costs)
        unread = self._unread(targets)
        if not sums and not possible and not unknown:
            if form is not None and len(targets) == 1:
                return self._costs_nothing(targets[0])
            return self._joined(self._say("costs_nothing"), *unread)
        if not sums and not possible:
            return self._joined(self._speech.counted("costs_unknown", unknown), *unread)
        one = targets[0].name if len(targets) == 1 else ""
        of = "_of" if one else ""
        said = []
        if sums:
            key = "costs_known" if unknown or unread else f"costs{of}"
            said.append(self._say(key, camera=one, sums=self._speech.sums(sums)))
        if possible:
            key = "costs_more" if sums else f"costs_possible{of}"
            said.append(self._say(key, camera=one, sums=self._speech.sums(possible)))
        if unknown:
            said.append(self._speech.counted("prices_unknown", unknown))
        return self._joined(*said, *unread, *self._whose_prices(views))

    def _costs_nothing(self, target: Target) -> str:
        """Say why one camera's plan has no cost."""
        view = _view(target)
        if problem := self._not_known(target):
            return problem
        if view is None or not view.is_active:
            return self._no_plan(target)
        return self._joined(self._say("no_renewal", camera=target.name), *self._until(view))

    def _whose_prices(self, views: Mapping[CloudPlanCoordinator, Sequence[PlanView]]) -> list[str]:
        """Say that prices are the owner's word, where any of them is."""
        every = [view for of_account in views.values() for view in of_account]
        if not any(map(_is_owners_price, every)):
            return []
        return [self._say("own_word_prices" if len(every) > 1 else "own_word_price")]

    # --- Which recordings go ---

    async def at_risk(self, form: str | None) -> str:
        """Say which recordings are lost soon, after looking, but not for long."""
        targets = [target for target in self._directory.named(form) if _has_recordings(target)]
        if not targets:
            return self._say("no_recordings")
        looks = [
            asyncio.ensure_future(target.coordinator.exports.async_look(target.camera_id))
            for target in targets
        ]
        await asyncio.wait(looks, timeout=_PATIENCE)
        for look in looks:
            look.cancel()  # the list itself is made to its end
        seen = [
            (target, target.coordinator.exports.outlook(target.camera_id)) for target in targets
        ]
        going = sorted(
            (
                (outlook.first_loss, target, outlook.at_risk)
                for target, outlook in seen
                if outlook and _is_known(outlook) and outlook.at_risk and outlook.first_loss
            ),
            key=lambda found: found[0],
        )
        said = [
            self._speech.counted("going", count, camera=target.name, first=self._speech.at(first))
            for first, target, count in going
        ]
        if len(going) > _MOST_IN_FULL:
            cameras = self._speech.names([target.name for _, target, _ in going])
            first = self._speech.at(going[0][0])
            said = [self._say("going_several", cameras=cameras, first=first)]
        within = self._speech.days(AT_RISK_WITHIN.days)
        if not said and any(_is_known(outlook) for _, outlook in seen):
            said.append(self._say("none_going", within=within))
        unknown = [target.name for target, outlook in seen if not _is_known(outlook)]
        if unknown:
            said.append(self._say("going_unknown", cameras=self._speech.names(unknown)))
        return self._joined(*said)

    # --- Whether it is off yet ---

    async def is_off(self, form: str | None) -> str:
        """Say how far a cancellation has come; of all that there are, if none is named."""
        targets = self._directory.named(form)
        if form is not None:
            return self._of_one(targets, self.standing)
        cancelled = [target for target in targets if is_cancelled(target)]
        if not cancelled:
            return self._say("no_cancellation")
        return self._joined(*map(self.standing, cancelled))

    def standing(self, target: Target) -> str:
        """Say how far a camera's cancellation has come; "off" only where that was read."""
        view, case = _view(target), target.coordinator.cases.get(target.camera_id)
        if case is None or case.wish is not Wish.OFF:
            return self._without_a_case(target)
        name, maker = target.name, self._maker(target)
        match case.state:
            case CaseState.CONFIRMED:
                if view and view.renewal is Renewal.ON:
                    return self._on_again(target, view.reading.read_at)
                key = "off_confirmed" if case.proof is Proof.READ else "off_no_new_term"
                at = self._speech.at(case.confirmed_at) if case.confirmed_at else ""
                return self._say(key, camera=name, maker=maker, at=at)
            case CaseState.CHARGED_AFTER:
                after = self._say("renewed_after", camera=name)
                return self._joined(after, self._say("see_repairs"))
            case CaseState.NOT_EFFECTIVE if case.back_on_at:
                return self._on_again(target, case.back_on_at)
            case _:
                return self._joined(*self._under_way(target, case))

    def _on_again(self, target: Target, since: datetime) -> str:
        """Say that renewal was off and is on again, and where one sees what to do."""
        at = self._speech.at(since)
        again = self._say("on_again", camera=target.name, maker=self._maker(target), at=at)
        return self._joined(again, self._say("see_repairs"))

    def _under_way(self, target: Target, case: Case) -> Iterator[str]:
        """Say how far a cancellation is that is open, and what was last read."""
        maker = self._maker(target)
        key = f"standing_{case.state}"
        if case.request and case.state is CaseState.CHECKING:
            key = "standing_checking_sent"
        elif case.state is CaseState.NOT_EFFECTIVE:
            # It is said in time before a charge too that nothing was done so far.
            key = "standing_not_effective" if case.contrary else "standing_silent"
            key = key if case.acted_at else f"standing_{CaseState.WAITING_FOR_YOU}"
        yield self._say(key, camera=target.name, maker=maker, seller=self._seller(target))
        if case.last_check_at and case.last_said is Renewal.ON:
            yield self._say("said_on", maker=maker, at=self._speech.at(case.last_check_at))
        if case.state is CaseState.NOT_EFFECTIVE:
            yield self._say("see_repairs")
        check = target.coordinator.casework.next_check(target.camera_id)
        if check and check > clock.now():
            yield self._say("asks_again", at=self._speech.at(check))

    def _without_a_case(self, target: Target) -> str:
        view = _view(target)
        if problem := self._not_known(target):
            return problem
        if view is None or not view.is_active:
            return self._no_plan(target)
        name, maker = target.name, self._maker(target)
        own = "_own_word" if view.reading.typed else ""
        match view.renewal:
            case Renewal.OFF:
                at = self._speech.at(view.reading.read_at)
                off = self._say(f"is_off{own}", camera=name, maker=maker, at=at)
                return self._joined(off, *self._age(target))
            case Renewal.ON:
                watch = target.coordinator.watches.get(target.camera_id)
                if again := watch.notices.get(Notice.RENEWAL_BACK_ON):
                    return self._on_again(target, again.since)
                own_word = [self._say("own_word")] if view.reading.typed else []
                return self._joined(self._say("is_on", camera=name), *own_word, *self._age(target))
            case _:
                return self._joined(
                    self._say("renews_unknown", camera=name), *self._whose_word(target, view)
                )

    # --- What they have in common ---

    def _of_one(self, targets: Sequence[Target], answer: Callable[[Target], str]) -> str:
        """Answer about one camera; of several ask which."""
        return answer(targets[0]) if len(targets) == 1 else self.which(targets)

    def which(self, targets: Sequence[Target]) -> str:
        """Ask which of several cameras is meant; those of one name by where they are."""
        if not targets:
            return self._say("gone")
        names = [target.name for target in targets]
        if len({*names}) == len(names):
            return self._say("which", cameras=self._speech.names(names, choice=True))
        areas = self._directory.areas
        places = [
            self._say("name_in", camera=target.name, area=areas[target])
            for target in targets
            if target in areas
        ]
        if len({*places}) == len(targets):
            return self._say("which", cameras=self._speech.names(places, choice=True))
        return self._speech.counted("same_names", len(targets), camera=names[0])

    def _not_known(self, target: Target) -> str | None:
        """Say why nothing can be said of a plan; `None` where something can."""
        plan = target.plan
        if plan is not None and not plan.is_own:
            return self._say("shared", camera=target.name)
        if plan is None or plan.reading is None:
            if plan is not None and plan.camera.supports_plans is False:
                return self._no_plan(target)
            return self._say("not_read", camera=target.name)
        if not plan.is_shown(clock.now()):
            age = self._speech.age(plan.reading.read_at)
            return self._say("too_old", camera=target.name, age=age)
        return None

    def _no_plan(self, target: Target) -> str:
        return self._say("no_plan", camera=target.name)

    def _until(self, view: PlanView) -> list[str]:
        ends_at = view.reading.ends_at
        return [self._say("runs_until", day=self._speech.day(ends_at))] if ends_at else []

    def _whose_word(self, target: Target, view: PlanView) -> list[str]:
        """Say whose word a renewal is, or why it is not known."""
        if view.renewal is Renewal.UNKNOWN:
            if view.reading.typed:
                return [self._say("not_said")]
            return [self._say("not_shown", maker=self._maker(target))]
        if view.reading.typed:
            return [self._say("own_word")]
        tariff, charge = view.reading.tariff, view.charge
        if charge and charge.amount and tariff and tariff.source is PriceSource.OWNER:
            return [self._say("own_word_price")]
        return []

    def _age(self, target: Target) -> list[str]:
        """Say how old a reading is, where polls were missed since."""
        plan = target.plan
        reading = plan.reading if plan else None
        if reading is None or reading.typed:
            return []
        asked_every = timedelta(hours=target.coordinator.poll_hours)
        if clock.now() - reading.read_at <= asked_every * _OLD_AFTER_POLLS:
            return []
        age = self._speech.age(reading.read_at)
        return [self._say("age", age=age, maker=self._maker(target))]

    def _age_of_all(self, targets: Sequence[Target]) -> list[str]:
        """Say how old the oldest of several readings is, where polls were missed since."""
        shown = [target for target in targets if _is_own(target) and _is_shown(target)]
        ages = [(view.reading.read_at, target) for target in shown if (view := _view(target))]
        return self._age(min(ages, key=lambda read: read[0])[1]) if ages else []

    def _unread(self, targets: Sequence[Target]) -> list[str]:
        """Say that not all is known, where plans could not be read at all, or of late."""
        return [self._say("some_unread")] if any(map(_is_unread, targets)) else []

    def _maker(self, target: Target) -> str:
        plan = target.plan
        return self._speech.maker(plan.camera.maker) if plan else ""

    def _seller(self, target: Target) -> str:
        plan = target.plan
        return self._speech.seller(plan.channel, plan.camera.maker) if plan else ""

    def _joined(self, *sentences: str) -> str:
        return self._speech.joined(sentences)


def is_cancelled(target: Target) -> bool:
    """Return whether a cancellation of a camera's plan is open, or was lately decided."""
    case = target.coordinator.cases.get(target.camera_id)
    return case is not None and case.wish is Wish.OFF


def _view(target: Target) -> PlanView | None:
    plan = target.plan
    return plan.view if plan else None


def _is_own(target: Target) -> bool:
    plan = target.plan
    return plan is not None and plan.is_own


def _is_shown(target: Target) -> bool:
    plan = target.plan
    return plan is not None and plan.is_shown(clock.now())


def _is_unread(target: Target) -> bool:
    plan = target.plan
    may_have_a_plan = plan is not None and plan.is_own and plan.camera.supports_plans is not False
    return may_have_a_plan and not _is_shown(target)


def _views_by_account(
    targets: Iterable[Target],
) -> Mapping[CloudPlanCoordinator, Sequence[PlanView]]:
    views: dict[CloudPlanCoordinator, list[PlanView]] = defaultdict(list)
    for target in targets:
        if _is_own(target) and _is_shown(target) and (view := _view(target)):
            views[target.coordinator].append(view)
    return views


def _charges(targets: Iterable[Target]) -> Iterator[tuple[list[Target], ChargeExpectation]]:
    """Yield the charges that are ahead, each with the cameras that it is for."""
    now = clock.now()
    for coordinator, views in _views_by_account(targets).items():
        for view, camera_ids in plans_charged(views):
            if view.charge and view.charge.latest > now:
                others = [
                    camera_id for camera_id in camera_ids if camera_id != view.camera.camera_id
                ]
                covered = [view.camera.camera_id, *others]
                yield [Target(coordinator, camera_id) for camera_id in covered], view.charge


def _added(sums: Iterable[Mapping[str, Decimal]]) -> Mapping[str, Decimal]:
    """Return the sums of several accounts, each currency for itself."""
    return by_currency(
        Money(amount=amount, currency=currency)
        for of_account in sums
        for currency, amount in of_account.items()
    )


def _is_owners_price(view: PlanView) -> bool:
    tariff = view.reading.tariff
    return bool(view.charge and tariff and tariff.price and tariff.source is PriceSource.OWNER)


def _has_recordings(target: Target) -> bool:
    """Return whether recordings of a camera can be listed at all."""
    kinds = target.coordinator.exports.kinds(target.camera_id, frozenset(RecordingKind))
    return _is_own(target) and bool(kinds)


def _is_known(outlook: RecordingOutlook | None) -> bool:
    """Return whether it is known what goes soon, from a list that is not old."""
    return (
        outlook is not None
        and outlook.at_risk is not None
        and clock.now() - outlook.seen_at <= _LISTED_WITHIN
        and (outlook.first_loss is None or outlook.first_loss > clock.now())
    )
