"""The Repairs issues of one account's ledger: what was found, and what is wrong with the file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..devices import key_of
from ..ledger import Anchor, Entry, Trouble, Verdict
from ..words import translated
from .words import finding_message, finding_title, where_broken

ISSUE_FINDING: Final = "finding"
ISSUE_NOT_WRITTEN: Final = "ledger_not_written"
ISSUE_BROKEN: Final = "ledger_broken"
ISSUE_RESTORED: Final = "ledger_restored"


class ProofBoard:
    """Keeps the issues of one account in step with its ledger."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, path: Path) -> None:
        """Take the account, and where its ledger is."""
        self._hass = hass
        self._entry = entry
        self._path = path

    # --- What was found ---

    @callback
    def async_sync_findings(self, findings: Iterable[Entry]) -> None:
        """Create the issues of what was found and is not told elsewhere; delete the others."""
        wanted = {self._finding_id(one): one for one in findings if "shown_by" not in one.facts}
        present = {
            issue.issue_id
            for issue in ir.async_get(self._hass).issues.values()
            if issue.domain == DOMAIN
            and issue.translation_key == ISSUE_FINDING
            and (issue.data or {}).get("entry_id") == self._entry.entry_id
        }
        for issue_id in present - wanted.keys():
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        for issue_id, finding in wanted.items():
            if issue_id in present:
                continue
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                issue_id,
                data={"entry_id": self._entry.entry_id, "finding": str(finding.facts["key"])},
                is_fixable=True,
                severity=ir.IssueSeverity.WARNING,
                translation_key=ISSUE_FINDING,
                translation_placeholders={
                    "what": finding_title(self._hass, finding),
                    "camera": finding.name or self._entry.title,
                    "facts": finding_message(self._hass, finding),
                },
            )

    def _finding_id(self, finding: Entry) -> str:
        """Return an issue's id; it gets into diagnostics, and tells no camera."""
        return f"{ISSUE_FINDING}_{key_of(self._entry.entry_id, str(finding.facts['key']))}"

    # --- What is wrong with the file ---

    @callback
    def async_show_trouble(self, why: Trouble) -> None:
        """Say that nothing can be written, why, and what helps."""
        self._create(
            ISSUE_NOT_WRITTEN,
            ir.IssueSeverity.ERROR,
            {"why": translated(self._hass, f"common.ledger_trouble_{why}")},
        )

    @callback
    def async_hide_trouble(self) -> None:
        """Take that back: all is written."""
        ir.async_delete_issue(self._hass, DOMAIN, self._id(ISSUE_NOT_WRITTEN))

    @callback
    def async_show_breaks(self, verdict: Verdict) -> None:
        """Say where a ledger is broken, or that it no longer is."""
        if verdict.is_whole:
            ir.async_delete_issue(self._hass, DOMAIN, self._id(ISSUE_BROKEN))
            return
        where = "\n".join(f"- {place}" for place in where_broken(self._hass, verdict))
        self._create(ISSUE_BROKEN, ir.IssueSeverity.ERROR, {"where": where})

    @callback
    def async_show_restored(self, known: Anchor, head: Anchor | None) -> None:
        """Say that rows are gone that were written, as after a backup was restored.

        The ledger goes on with a row that says so; the issue stays until its reader has
        taken note.
        """
        self._create(
            ISSUE_RESTORED,
            ir.IssueSeverity.WARNING,
            {"known": str(known.seq), "found": str(head.seq if head else 0)},
            is_fixable=True,
            is_persistent=True,
        )

    def _create(
        self,
        key: str,
        severity: ir.IssueSeverity,
        gaps: dict[str, str],
        *,
        is_fixable: bool = False,
        is_persistent: bool = False,
    ) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._id(key),
            data={"entry_id": self._entry.entry_id},
            is_fixable=is_fixable,
            is_persistent=is_persistent,
            severity=severity,
            translation_key=key,
            translation_placeholders={
                "account": self._entry.title,
                "file": f"{self._path.parent.name}/{self._path.name}",
                **gaps,
            },
        )

    def _id(self, key: str) -> str:
        return f"{key}_{key_of(self._entry.entry_id)}"
