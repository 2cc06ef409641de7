"""I was charged: what is known, what the owner says of it, what to do, and the file for it.

Every answer is a row of the ledger as soon as it is given, so the guide goes on from there in
any window. Nothing is sent anywhere.
"""

from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime
from typing import Any, Final

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    DateSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..casework.ask import foresee
from ..ledger.claim import Claim, Step
from ..ledger.table import MOST_MONEY
from ..plan import CountsFrom, Money, Renewal, Route, Wish
from ..plan.written import amount_of, currency_of, day_of
from ..proof.claims import ClaimDesk
from ..proof.file_view import async_file_url
from ..proof.package import Order, async_make
from ..words import maker_name, seller_name, spoken, spoken_day, translated
from .camera import CameraGuide
from .standing import Standing

_ON: Final = "on"
_AMOUNT: Final = "amount"
_CURRENCY: Final = "currency"
_ROUTE: Final = "route"

# The questions that are asked with buttons.
_QUESTIONS: Final = {
    Step.RENEWAL_WAS: ["was_off", "was_on", "was_unknown", "not_charged"],
    Step.NOTICE: ["notice_came", "notice_none", "notice_unknown"],
    Step.AMOUNT: ["amount_right", "amount_wrong", "amount_unknown"],
    Step.WANT: ["want_refund", "want_stop", "want_record"],
}

type _Act = Callable[[ClaimDesk, str], Awaitable[None]]
type _StepOf = Callable[..., Awaitable[RepairsFlowResult]]


def _answering(step: Step, answer: str) -> _StepOf:
    """Return the step of a button that is an answer."""

    async def say(claims: ClaimDesk, camera_id: str) -> None:
        await claims.async_answer(camera_id, step, answer)

    async def answered(
        guide: ChargedGuide, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        return await guide.async_keep(say)

    return answered


class ChargedGuide(CameraGuide):
    """Walks through what is said about one charge, and what is done about it."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Go on with the question that is not answered yet, or with what to do."""
        at, claim = self._standing(), self._claim
        if at is None or claim is None:
            return self._nothing_to_do()
        question = claim.next_question
        if question is Step.CHARGE:
            return await self.async_step_charge()
        if question is None:
            return self._settle(at, claim)
        return self._menu(at, question, _QUESTIONS[question], {"known": self._known(at, claim)})

    # Menus need a step of their name.
    async_step_renewal_was = async_step_init
    async_step_notice = async_step_init
    async_step_amount = async_step_init
    async_step_want = async_step_init
    async_step_settle = async_step_init
    async_step_go_on = async_step_init
    async_step_made = async_step_init

    @property
    def _claim(self) -> Claim | None:
        coordinator = self._coordinator()
        if coordinator is None or self._camera_id is None:
            return None
        return coordinator.claims.of(self._camera_id)

    # --- What is said ---

    async def async_keep(self, act: _Act, *, ending: str | None = None) -> RepairsFlowResult:
        """Have something kept, and go on, or end with these words; say so where it cannot be."""
        if (at := self._standing()) is None:
            return self._nothing_to_do()
        try:
            await act(at.coordinator.claims, at.camera_id)
        except HomeAssistantError:
            return self._end("not_saved", at)
        if ending is not None:
            return self.async_create_entry(data={}, description=ending)
        return await self.async_step_init()

    async_step_was_off = _answering(Step.RENEWAL_WAS, "off")
    async_step_was_on = _answering(Step.RENEWAL_WAS, "on")
    async_step_was_unknown = _answering(Step.RENEWAL_WAS, "unknown")
    async_step_notice_none = _answering(Step.NOTICE, "no")
    async_step_notice_unknown = _answering(Step.NOTICE, "unknown")
    async_step_amount_right = _answering(Step.AMOUNT, "right")
    async_step_amount_wrong = _answering(Step.AMOUNT, "wrong")
    async_step_amount_unknown = _answering(Step.AMOUNT, "unknown")
    async_step_want_refund = _answering(Step.WANT, "refund")
    async_step_want_record = _answering(Step.WANT, "record")

    async def async_step_want_stop(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Renewal is to stop: its own guide does that, and nothing is sent here."""
        at = self._standing()

        async def stop(claims: ClaimDesk, camera_id: str) -> None:
            foreseen = foresee(at.coordinator, camera_id, Wish.OFF) if at else None
            if at and (foreseen is None or foreseen.is_open):
                await at.casework.async_open(at.plan, Wish.OFF)
            await claims.async_answer(camera_id, Step.WANT, "stop")

        return await self.async_keep(stop)

    async def async_step_notice_came(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask when it came."""
        return await self.async_step_notice_when()

    async def async_step_notice_when(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Take down on which day the notice came."""
        at, claim = self._standing(), self._claim
        if at is None or claim is None:
            return self._nothing_to_do()
        if claim.next_question is not Step.NOTICE:
            return await self.async_step_init()
        errors: dict[str, str] = {}
        if user_input is not None and (day := _day_said(user_input, at, errors)):

            async def say(claims: ClaimDesk, camera_id: str) -> None:
                await claims.async_notice(camera_id, day)
                await claims.async_answer(camera_id, Step.NOTICE, "yes")

            return await self.async_keep(say)
        schema = vol.Schema({vol.Required(_ON): DateSelector()})
        return self._asking(at, "notice_when", schema, user_input, errors)

    async def async_step_charge(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Take down the charge: its day, and its amount if that is known."""
        at, claim = self._standing(), self._claim
        if at is None or claim is None:
            return self._nothing_to_do()
        if claim.next_question is not Step.CHARGE:
            # Another window was quicker: there is one charge.
            return await self.async_step_init()
        errors: dict[str, str] = {}
        if user_input is not None:
            day, amount = _day_said(user_input, at, errors), _amount(user_input, errors)
            if day and not errors:
                return await self.async_keep(
                    lambda claims, camera_id: claims.async_charge(camera_id, day, amount)
                )
        seen = at.case.renewed.seen_at if at.case and at.case.renewed else at.now
        given = user_input or {
            _ON: _day(seen).isoformat(),
            _CURRENCY: self._usual_currency(at),
        }
        schema = vol.Schema(
            {
                vol.Required(_ON): DateSelector(),
                vol.Optional(_AMOUNT): TextSelector(),
                vol.Optional(_CURRENCY): TextSelector(),
            }
        )
        return self._asking(at, "charge", schema, given, errors)

    def _asking(
        self,
        at: Standing,
        step: str,
        schema: vol.Schema,
        given: dict[str, Any] | None,
        errors: dict[str, str],
    ) -> RepairsFlowResult:
        """Show a form again with what was given and what is wrong with it."""
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(schema, given),
            errors=errors,
            description_placeholders=at.gaps,
        )

    def _usual_currency(self, at: Standing) -> str:
        """Return the currency that the plan's price is in, else that of the home."""
        tariff = at.plan.reading.tariff if at.plan.reading else None
        return tariff.price.currency if tariff and tariff.price else self.hass.config.currency

    # --- What is done ---

    def _settle(self, at: Standing, claim: Claim) -> RepairsFlowResult:
        """Say what can be done, and take down what was."""
        options = ["make_file"]
        if claim.answers[Step.WANT] == "refund" and claim.asked_at is None:
            options.append("asked")
        if claim.asked_at is not None:
            options += ["asked_another"] if self._left_to_ask(at, claim) else []
            options += ["accepted"] if self._may_be_accepted(at, claim) else []
            options.append("money_back")
        said = "\n\n".join(self._what_to_do(at, claim))
        return self._menu(at, "settle", [*options, "close", "leave"], {"what_to_do": said})

    def _left_to_ask(self, at: Standing, claim: Claim) -> list[Route]:
        """Return the ways by which the money was not asked back last."""
        routes = at.coordinator.claims.routes(at.camera_id)
        return [route for route in routes if route.key != claim.asked_of]

    def _may_be_accepted(self, at: Standing, claim: Claim) -> bool:
        return claim.accepted_at is None and any(
            deadline.counts_from is CountsFrom.ACCEPTED
            for route in at.coordinator.claims.routes(at.camera_id)
            if route.key == claim.asked_of
            for deadline in route.deadlines
        )

    async def async_step_make_file(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Make the dispute file, with nothing personal in it."""
        if (at := self._standing()) is None or self._claim is None:
            return self._nothing_to_do()
        try:
            made = await async_make(at.coordinator, at.camera_id, Order())
        except HomeAssistantError as err:
            return self.async_abort(
                reason="file_not_made", description_placeholders={**at.gaps, "why": str(err)}
            )
        lacking = (
            translated(self.hass, f"common.dispute_has_{key}_no", count=0)
            for key in made.package.missing
            if key != "no_gaps"
        )
        url = async_file_url(self.hass, made.path, made.package.sha256)
        label = translated(self.hass, "common.dispute_link")
        gaps = {
            # A plain link to this address the frontend takes for one of its own pages.
            "link": f'<a href="{url}" target="_blank">{label}</a>',
            "path": str(made.path),
            "missing": "\n".join(f"• {line}" for line in lacking),
        }
        return self._menu(at, "made", ["go_on", "leave"], gaps)

    async def async_step_asked(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask by which way the money was asked back."""
        return await self.async_step_asked_of()

    async_step_asked_another = async_step_asked

    async def async_step_asked_of(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Take down whom the owner asked; the day for an answer comes into the calendar."""
        at, claim = self._standing(), self._claim
        if at is None or claim is None:
            return self._nothing_to_do()
        routes = self._left_to_ask(at, claim)
        if not routes:
            return await self.async_step_init()
        if user_input is None and len(routes) > 1:
            options = [
                SelectOptionDict(
                    value=route.key,
                    label=translated(self.hass, f"common.dispute_value_{route.key}"),
                )
                for route in routes
            ]
            selector = SelectSelector(
                SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST)
            )
            return self._form(at, "asked_of", vol.Schema({vol.Required(_ROUTE): selector}))
        chosen = user_input[_ROUTE] if user_input else routes[0].key
        return await self.async_keep(
            lambda claims, camera_id: claims.async_asked(camera_id, chosen)
        )

    async def async_step_accepted(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Take down that the complaint was accepted."""
        return await self.async_keep(ClaimDesk.async_accepted)

    # --- How it ends ---

    async def async_step_money_back(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Take down that the money came back."""
        return await self.async_keep(ClaimDesk.async_money_back, ending="money_back")

    async def async_step_close(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Close it; nothing more is to be done."""
        return await self.async_keep(ClaimDesk.async_close, ending="closed")

    async def async_step_not_charged(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Close it: there was no charge."""
        return await self.async_keep(ClaimDesk.async_close, ending="not_charged")

    async def async_step_leave(
        self, _user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Close the window; all is kept."""
        return self._end("left", self._standing())

    # --- The words for it ---

    def _known(self, at: Standing, claim: Claim) -> str:
        return "\n".join(f"• {line}" for line in self._known_lines(at, claim))

    def _known_lines(self, at: Standing, claim: Claim) -> Iterator[str]:
        """Yield what is known of the plan, and what was found."""
        found = at.coordinator.proof.finding(claim.finding)
        if found is not None:
            yield translated(self.hass, f"common.finding_{found.facts['finding']}_message")
        if at.case and (term := at.case.renewed):
            ends = {"old": term.old_end, "new": term.new_end}
            yield self._said(
                "known_renewed", **{name: spoken(self.hass, end) for name, end in ends.items()}
            )
        renewal = at.plan.view.renewal if at.plan.view else Renewal.UNKNOWN
        if at.is_typed and renewal is not Renewal.UNKNOWN:
            yield self._said(f"known_typed_{renewal}")
        else:
            maker = maker_name(self.hass, at.plan.camera.maker)
            yield self._said(f"known_{renewal}", maker=maker)
        if at.ends_at:
            yield self._said("known_end", end=spoken(self.hass, at.ends_at))

    def _what_to_do(self, at: Standing, claim: Claim) -> Iterator[str]:
        """Yield what to do at this seller in this region, and until when."""
        if claim.asked_at:
            yield self._said("asked", at=spoken_day(self.hass, _day(claim.asked_at)))
        if claim.accepted_at:
            yield self._said("accepted", at=spoken_day(self.hass, _day(claim.accepted_at)))
        if claim.answers[Step.WANT] == "refund":
            yield from self._ways(at)
        else:
            yield self._said(claim.answers[Step.WANT])
        for name, until in at.coordinator.claims.deadlines(at.camera_id):
            gaps = {"until": spoken(self.hass, until)}
            yield translated(self.hass, f"common.dispute_deadline_{name}", **gaps)

    def _ways(self, at: Standing) -> Iterator[str]:
        camera = at.plan.camera
        gaps = {
            "maker": maker_name(self.hass, camera.maker),
            "seller": camera.maker or seller_name(self.hass, at.plan.channel, camera.maker),
        }
        for route in at.coordinator.claims.routes(at.camera_id):
            said = [translated(self.hass, f"common.dispute_way_{route.key}", **gaps)]
            if route.url:
                said.append(translated(self.hass, "common.dispute_at", url=route.url))
            said.append(translated(self.hass, f"common.dispute_weight_{route.weight}"))
            yield "• " + " ".join(said)

    def _said(self, key: str, **gaps: object) -> str:
        return translated(self.hass, f"common.claim_{key}", **gaps)


def _day(moment: datetime) -> date:
    return dt_util.as_local(moment).date()


def _day_said(given: dict[str, Any], at: Standing, errors: dict[str, str]) -> date | None:
    """Return the day on which something is said to have been; `None` for one that cannot be."""
    day = day_of(given[_ON])
    if day is None or day > _day(at.now):
        errors[_ON] = "not_a_day"
        return None
    return day


def _amount(given: dict[str, Any], errors: dict[str, str]) -> Money | None:
    """Return the amount that was typed; `None` for none, or for one that is not sure."""
    text, code = str(given.get(_AMOUNT) or "").strip(), str(given.get(_CURRENCY) or "").strip()
    if not text:
        return None
    amount, currency = amount_of(text), currency_of(code)
    if amount is None or not 0 < amount <= MOST_MONEY:
        errors[_AMOUNT] = "not_an_amount"
    if currency is None:
        errors[_CURRENCY] = "not_a_currency"
    if amount is None or currency is None:
        return None
    return Money(amount=amount, currency=currency)
