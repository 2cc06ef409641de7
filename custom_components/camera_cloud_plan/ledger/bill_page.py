"""A month's bill as a page to print, and as values for programs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from html import escape
from typing import Any

from ..plan import Money
from .bill import Bill, happened, money_of
from .dispute import Words
from .dispute.excerpt import Shown
from .dispute.mask import Mask
from .dispute.page import bullets, heading, page, paragraph, table
from .dispute.told import Teller
from .row import Row
from .verify_ledger import Anchor


@dataclass(frozen=True, slots=True, kw_only=True)
class BillOf:
    """A bill and what is said around it; `head` is the ledger's last row when it was made."""

    bill: Bill
    month: str
    account: str
    made_at: datetime
    zone: tzinfo
    head: Anchor | None
    version: str

    @property
    def is_over(self) -> bool:
        """Whether the month is over."""
        return self.made_at >= self.bill.ends


# --- For programs ---


def bill_values(of: BillOf) -> dict[str, Any]:
    """Return it as JSON values. Moments are ISO 8601 in UTC, amounts numbers, unknown is null."""
    bill = of.bill
    return {
        "month": of.month,
        "account": of.account,
        "begins": bill.begins.isoformat(),
        "ends": bill.ends.isoformat(),
        "is_over": of.is_over,
        "renewed": [
            {
                **_whose(term.row),
                "old_end": _moment(term.old_end),
                "new_end": _moment(term.new_end),
                "paid": _number(term.paid),
                "price": _number(term.price),
            }
            for term in bill.renewed
        ],
        "charges": [
            {
                **_whose(row),
                "on": happened(row, of.zone).astimezone(of.zone).date().isoformat(),
                "money": _number(money_of(row)),
                "source": row.source,
            }
            for row in bill.charges
        ],
        "paid": _numbers(bill.paid),
        "refunded": _numbers(bill.back),
        "refunds_unknown": bill.back_unknown,
        "unknown_amounts": bill.unknown,
        "changes": [{**_whose(row), "kind": row.kind.value} for row in bill.changes],
        "found": [_found(row) for row in bill.found],
        "open": [
            *(_found(row) for row in bill.open_findings),
            *({**_whose(row), "finding": None} for row in bill.open_claims),
        ],
        "unread": [{"from": row.facts.get("from"), "to": row.facts.get("to")} for row in bill.gaps],
        "ledger": {"row": of.head.seq, "hash": of.head.hash} if of.head else None,
    }


def _whose(row: Row) -> dict[str, Any]:
    return {"camera": row.name, "at": row.at.isoformat(), "row": row.seq}


def _found(row: Row) -> dict[str, Any]:
    return {**_whose(row), "finding": row.facts.get("finding")}


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _number(money: Money | None) -> dict[str, Any] | None:
    return {"amount": float(money.amount), "currency": money.currency} if money else None


def _numbers(sums: Mapping[str, Decimal]) -> dict[str, float]:
    return {currency: float(amount) for currency, amount in sums.items()}


# --- For people ---


def bill_page(of: BillOf, words: Words) -> str:
    """Return it as a page of HTML, as the page of a dispute file is."""
    title = words("bill_title", month=of.month, account=Mask().text(of.account))
    body = [f"<h1>{escape(title)}</h1>", *_Page(of, words).body()]
    return page(words.language, title, body)


@dataclass(frozen=True, slots=True)
class _Page:
    of: BillOf
    words: Words

    @property
    def tell(self) -> Teller:
        return Teller(self.words, self.of.zone)

    def body(self) -> Iterator[str]:
        words, of, bill = self.words, self.of, self.of.bill
        at = self.tell.moment(of.made_at)
        made = words("bill_made", at=at, version=of.version)
        zone = words("dispute_zone", zone=of.zone)
        yield paragraph(self.tell.sentences(made, zone), "small")
        if not of.is_over:
            yield paragraph(words("bill_running"))
        summed = (
            words("bill_paid", sums=self._sums(bill.paid)),
            words("bill_back", sums=self._sums(bill.back, bill.back_unknown)),
            words("bill_unknown", count=bill.unknown),
        )
        yield f'<div class="box">{bullets(map(escape, summed))}</div>'
        yield from self._renewed()
        yield from self._rows("charges", bill.charges, None)
        yield from self._rows("changes", bill.changes, "no_changes")
        yield from self._rows("open", (*bill.open_findings, *bill.open_claims), "no_open")
        yield from self._rows("gaps", bill.gaps, None)
        yield heading(words("dispute_verifying"))
        yield paragraph(words("bill_witness"))
        if of.head:
            yield paragraph(words("dispute_head", row=of.head.seq))
            yield f'<p class="hash">{escape(of.head.hash)}</p>'

    def _sums(self, sums: Mapping[str, Decimal], unknown: int = 0) -> str:
        said = [f"{amount} {currency}" for currency, amount in sums.items()]
        if unknown:
            said.append(self.words("bill_amount_unknown", count=unknown))
        return ", ".join(said) or self.words("bill_none")

    def _renewed(self) -> Iterator[str]:
        words, tell, terms = self.words, self.tell, self.of.bill.renewed
        yield heading(words("bill_renewed"))
        if not terms:
            yield paragraph(words("bill_no_renewed"))
            return
        columns = [
            (tell.label("camera"), "who"),
            (tell.label("old_end"), ""),
            (tell.label("new_end"), ""),
            (words("bill_paid_for"), ""),
            (tell.label("price"), ""),
        ]
        yield table(
            columns,
            (
                (
                    escape(Mask().text(term.row.name or "")),
                    escape(tell.moment(term.old_end) if term.old_end else unknown),
                    escape(tell.moment(term.new_end) if term.new_end else unknown),
                    escape(_said(term.paid) or words("bill_not_noted")),
                    escape(_said(term.price) or unknown),
                )
                for unknown in (words("dispute_unknown"),)
                for term in terms
            ),
        )
        yield paragraph(words("dispute_renewed_is"), "small")

    def _rows(self, name: str, rows: Iterable[Row], without: str | None) -> Iterator[str]:
        shown = [self._shown(row) for row in rows]
        if not shown and without is None:
            return
        yield heading(self.words(f"bill_{name}"))
        if not shown:
            yield paragraph(self.words(f"bill_{without}"))
            return
        columns = [
            (self.words("dispute_when"), "when"),
            (self.tell.label("camera"), "who"),
            (self.words("dispute_what"), ""),
            (self.words("dispute_row"), "row"),
        ]
        yield table(
            columns,
            (
                (
                    escape(self.tell.moment(one.row.at)),
                    escape(one.name or ""),
                    f"<b>{escape(self.tell.kind(one))}</b><br>"
                    + escape(" · ".join(self.tell.details(one))),
                    str(one.row.seq),
                )
                for one in shown
            ),
        )

    def _shown(self, row: Row) -> Shown:
        mask = Mask()
        facts = {key: mask.fact(key, value) for key, value in row.facts.items()}
        name = mask.text(row.name) if row.name else None
        return Shown(row=row, name=name, facts=facts, is_short=False)


def _said(money: Money | None) -> str:
    return f"{money.amount} {money.currency}" if money else ""
