"""What an owner says and does about a charge: each a row of the ledger, and an issue while open."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, Protocol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..devices import key_of
from ..ledger import Json, Kind, LedgerError, Source
from ..ledger.bill import money_of
from ..ledger.claim import TAKEN_UP, Claim, Step
from ..plan import Money, Route, clock
from ..snapshot import CameraPlan
from .desk import ProofDesk
from .known import money
from .rules import background
from .words import not_read

ISSUE_CHARGED: Final = "charged"


class Account(Protocol):
    """What is needed of whoever reads the account."""

    proof: ProofDesk

    def known(self, camera_id: str) -> CameraPlan | None:
        """Return a camera as last read."""

    def display_name(self, camera_id: str) -> str:
        """Return the name people gave a camera."""

    def async_show(self, *camera_ids: str) -> None:
        """Tell the entities of these cameras that something changed."""


class ClaimDesk:
    """Keeps what one account's owners say about charges.

    Nothing is held here: all of it is in the ledger. What cannot be written is refused.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, account: Account) -> None:
        """Take who reads the account."""
        self._hass = hass
        self._entry = entry
        self._account = account

    def of(self, camera_id: str) -> Claim | None:
        """Return what is open about a camera."""
        desk = self._account.proof
        return desk.claims.of(desk.camera_key(camera_id))

    @property
    def cameras(self) -> frozenset[str]:
        """The ids of the cameras of which something is open."""
        desk = self._account.proof
        ids = (desk.camera_id(claim.camera) for claim in desk.claims.open())
        return frozenset(camera_id for camera_id in ids if camera_id)

    def deadlines(self, camera_id: str) -> Sequence[tuple[str, datetime]]:
        """Return what has to be done or answered until when (UTC), by name."""
        if (claim := self.of(camera_id)) is None:
            return ()
        return tuple(claim.deadlines(self.routes(camera_id), dt_util.get_default_time_zone()))

    def routes(self, camera_id: str) -> Sequence[Route]:
        """Return the ways to ask for the money back, as they were when that was taken up."""
        claim, plan = self.of(camera_id), self._account.known(camera_id)
        if claim is None or plan is None:
            return ()
        return background(self._hass, plan, claim.began_at, first_paid=claim.first_paid).routes

    # --- What is said and done; each raises `HomeAssistantError` where it cannot be kept ---

    async def async_begin(self, camera_id: str, finding: str | None = None) -> None:
        """Take a charge up, once; `finding` is the key of what was found, which is then told so."""
        if self.of(camera_id) is None:
            now = clock.now()
            key = key_of(self._account.proof.camera_key(camera_id), now.isoformat())
            facts = {"claim": key, "step": Step.BEGAN.value, "finding": finding}
            await self._async_append(camera_id, Kind.COMPLAINT, facts)
        self.async_show(camera_id)
        if finding is not None:
            await self._account.proof.async_dismiss(finding, TAKEN_UP)

    async def async_answer(self, camera_id: str, step: Step, answer: str) -> None:
        """Take an answer down."""
        await self._async_say(camera_id, Kind.COMPLAINT, {"step": step.value, "answer": answer})

    async def async_notice(self, camera_id: str, arrived_on: date) -> None:
        """Take down on which day the seller's notice came."""
        facts = {"arrived_at": arrived_on.isoformat()}
        await self._async_say(camera_id, Kind.NOTICE, facts)

    async def async_charge(self, camera_id: str, on: date, amount: Money | None) -> None:
        """Take down the charge that it is about; its amount may be unknown.

        One that was noted before, by hand or from a table, is the same and is referred to.
        """
        try:
            rows = await self._account.proof.async_rows(camera_id)
        except LedgerError as err:
            raise not_read(self._hass, err) from err
        day = on.isoformat()
        if any(
            row.kind is Kind.CHARGE and row.facts.get("on") == day and money_of(row) == amount
            for row in rows
        ):
            facts = {"step": Step.CHARGE.value, "answer": "noted", "on": day}
            await self._async_say(camera_id, Kind.COMPLAINT, facts)
        else:
            await self._async_say(camera_id, Kind.CHARGE, {"on": day, "money": money(amount)})

    async def async_asked(self, camera_id: str, route: str) -> None:
        """Take down by which way the money was asked back."""
        await self._async_say(camera_id, Kind.REFUND_ASKED, {"to": route})

    async def async_accepted(self, camera_id: str) -> None:
        """Take down that a complaint was accepted."""
        await self._async_say(camera_id, Kind.COMPLAINT, {"step": Step.ACCEPTED.value})

    async def async_money_back(self, camera_id: str) -> None:
        """Take down that the money came back, which ends it."""
        await self._async_say(camera_id, Kind.REFUND_RECEIVED, {})

    async def async_close(self, camera_id: str) -> None:
        """Take down that nothing more is to be done, which ends it."""
        await self._async_say(camera_id, Kind.COMPLAINT, {"step": Step.CLOSED.value})

    async def _async_say(self, camera_id: str, kind: Kind, facts: Mapping[str, Json]) -> None:
        if (claim := self.of(camera_id)) is None:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="nothing_to_settle")
        await self._async_append(camera_id, kind, {"claim": claim.key, **facts})
        self.async_show(camera_id)

    async def _async_append(self, camera_id: str, kind: Kind, facts: Mapping[str, Json]) -> None:
        await self._account.proof.async_append(
            kind, facts, camera_id=camera_id, source=Source.OWNER
        )

    # --- The issues ---

    @callback
    def async_show_all(self, camera_ids: Sequence[str]) -> None:
        """Show what is open of these cameras."""
        for camera_id in camera_ids:
            if self.of(camera_id) is not None:
                self.async_show(camera_id)

    @callback
    def async_show(self, camera_id: str) -> None:
        """Bring a camera's issue, and its entities, in step with what is open."""
        issue_id = f"{ISSUE_CHARGED}_{self._account.proof.camera_key(camera_id)}"
        if self.of(camera_id) is None:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        else:
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                issue_id,
                data={"entry_id": self._entry.entry_id, "camera_id": camera_id},
                is_fixable=True,
                severity=ir.IssueSeverity.WARNING,
                translation_key=ISSUE_CHARGED,
                translation_placeholders={"camera": self._account.display_name(camera_id)},
            )
        self._account.async_show(camera_id)
