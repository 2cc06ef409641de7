"""The printable page of a dispute file: what was seen, on whose word, and what is missing.

It says facts and where they stand. It never says that anybody was wrong, nor that money was
taken where only a plan's end moved.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from ..row import Kind
from .attached import named
from .excerpt import Shown
from .gist import MOST_ON_PAGE, Gist, Seen
from .lacks import Has, Item
from .mask import Include, shortened
from .model import CaseFile, Law, Way, Words
from .page import bullets, heading, page, pairs, paragraph, table
from .picture import Stretch, picture
from .told import Teller

_MARKS: Final = {Has.YES: "☑", Has.NO: "☐", Has.LOOK: "?"}
# They are on the picture too, and among the rows.
_MOST_STRETCHES: Final = 30
_OF_RENEWAL: Final = (Kind.CANCELLATION, Kind.FLAG)
_OF_MONEY: Final = (
    Kind.CHARGE,
    Kind.BANK_LINE,
    Kind.REFUND_ASKED,
    Kind.REFUND_RECEIVED,
    Kind.COMPLAINT,
)


def report(case: CaseFile, rows: Gist, law: Law, items: Iterable[Item], words: Words) -> str:
    """Return the page as HTML."""
    return _Report(case, rows, law, tuple(items), words).page()


@dataclass(frozen=True, slots=True)
class _Report:
    case: CaseFile
    rows: Gist
    law: Law
    items: tuple[Item, ...]
    words: Words

    @property
    def tell(self) -> Teller:
        return Teller(self.words, self.case.zone)

    @property
    def first(self) -> datetime:
        """When the time begins that the page is about (UTC)."""
        return self.case.first or self.rows.begins or self.last

    @property
    def last(self) -> datetime:
        """When it ends (UTC)."""
        return self.case.last or self.case.made_at

    @property
    def name(self) -> str:
        """The camera's name, without what was not asked for."""
        return self.case.mask.text(self.case.subject.name)

    def page(self) -> str:
        title = self.words("dispute_title", camera=self.name)
        sections: tuple[Callable[[], Iterator[str]], ...] = (
            self._summary,
            self._findings,
            self._money,
            self._renewals,
            self._cancellation,
            self._notices,
            self._plan,
            self._offline,
            self._timeline,
            self._rules,
            self._missing,
            self._attachments,
            self._verifying,
        )
        body = [f"<h1>{escape(title)}</h1>"]
        for section in sections:
            body += section()
        return page(self.words.language, title, body)

    # --- What it comes to ---

    def _summary(self) -> Iterator[str]:
        case, words, tell = self.case, self.words, self.tell
        yield paragraph(
            words(
                "dispute_made",
                at=tell.moment(case.made_at),
                first=tell.moment(self.first),
                last=tell.moment(self.last),
                version=case.version,
            ),
            "small",
        )
        counted = (
            ("findings", len(self.rows.findings)),
            ("renewals", self.rows.count(Kind.RENEWED)),
            ("charges", self.rows.count(Kind.CHARGE)),
            ("bank_lines", self.rows.count(Kind.BANK_LINE)),
        )
        told = [escape(words(f"dispute_count_{key}", count=count)) for key, count in counted]
        yield f'<div class="box">{bullets(told)}</div>'
        typed = "_typed" if case.subject.about.get("typed") else ""
        how_read = words(f"dispute_how_read{typed}", maker=case.subject.maker)
        yield paragraph(tell.sentences(how_read, words("dispute_zone", zone=case.zone)))

    def _plan(self) -> Iterator[str]:
        case, words = self.case, self.words
        subject, include = case.subject, case.mask.include
        yield heading(words("dispute_plan"))
        facts = [
            ("camera", self.name),
            *((("maker", subject.maker),) if subject.maker else ()),
            ("channel", subject.seller),
            ("account", subject.account if Include.ACCOUNT in include else "•••"),
        ]
        for key, value, asked in (
            ("device_id", subject.device_id, Include.DEVICE_ID),
            ("mac", subject.mac, Include.MAC),
        ):
            if value:
                facts.append((key, value if asked in include else shortened(value)))
        for key, of in subject.about.items():
            if key != "channel":
                facts.append((key, self.tell.value(key, case.mask.fact(key, of))))
        yield pairs((self.tell.label(key), value) for key, value in facts)

    # --- What happened ---

    def _findings(self) -> Iterator[str]:
        yield heading(self.words("dispute_findings"))
        if standing := [*self.rows.findings.values()]:
            yield from self._table_of(standing[-MOST_ON_PAGE:], len(standing))
            yield paragraph(self.words("dispute_findings_are"), "small")
        else:
            yield paragraph(self.words("dispute_no_findings"))

    def _renewals(self) -> Iterator[str]:
        words, tell, found = self.words, self.tell, self.rows.renewed
        yield heading(words("dispute_renewals"))
        if not found:
            yield paragraph(words("dispute_no_renewals"))
            return
        columns = [
            (words("dispute_seen"), "when"),
            (tell.label("old_end"), ""),
            (tell.label("new_end"), ""),
            (words("dispute_renewal_before"), ""),
            (words("dispute_row"), "row"),
        ]
        yield from self._left_out(len(found), self.rows.count(Kind.RENEWED))
        yield table(
            columns,
            (
                (
                    escape(tell.moment(shown.row.at)),
                    escape(tell.value("old_end", shown.facts.get("old_end"))),
                    escape(tell.value("new_end", shown.facts.get("new_end"))),
                    escape(self._seen(before)),
                    str(shown.row.seq),
                )
                for shown, before in found
            ),
        )
        yield paragraph(words("dispute_renewed_is"), "small")

    def _seen(self, seen: Seen | None) -> str:
        """Return what was last seen of auto-renewal, and when."""
        if seen is None:
            return self.words("dispute_unknown")
        on = self.words("dispute_on" if seen.on else "dispute_off")
        return self.words("dispute_since", value=on, at=self.tell.moment(seen.at))

    def _cancellation(self) -> Iterator[str]:
        yield from self._section("cancellation", *_OF_RENEWAL)

    def _money(self) -> Iterator[str]:
        yield from self._section("money", *_OF_MONEY)

    def _notices(self) -> Iterator[str]:
        yield from self._section("notices", Kind.NOTICE)

    def _section(self, name: str, *kinds: Kind) -> Iterator[str]:
        yield heading(self.words(f"dispute_{name}"))
        if count := self.rows.count(*kinds):
            yield from self._table_of(self.rows.of(*kinds), count)
        else:
            yield paragraph(self.words(f"dispute_no_{name}"))

    def _timeline(self) -> Iterator[str]:
        yield heading(self.words("dispute_timeline"))
        if count := self.rows.shown:
            yield from self._table_of(self.rows.newest, count)
        else:
            yield paragraph(self.words("dispute_no_timeline"))

    def _left_out(self, here: int, count: int) -> Iterator[str]:
        """Say that a table has the newest of many only, and where all of them are."""
        if here < count:
            yield paragraph(self.words("dispute_newest", here=here, count=count))

    def _table_of(self, rows: Collection[Shown], count: int) -> Iterator[str]:
        """Yield a table of rows, `count` of which there are in all."""
        yield from self._left_out(len(rows), count)
        words, tell, maker = self.words, self.tell, self.case.subject.maker
        columns = [
            (words("dispute_when"), "when"),
            (words("dispute_what"), ""),
            (words("dispute_by"), "by"),
            (words("dispute_row"), "row"),
        ]
        yield table(
            columns,
            (
                (
                    escape(tell.moment(shown.row.at)),
                    f"<b>{escape(tell.kind(shown))}</b><br>{escape(' · '.join(tell.details(shown)))}",
                    escape(tell.source(shown.row.source, maker)),
                    str(shown.row.seq),
                )
                for shown in sorted(rows, key=lambda shown: (shown.row.at, shown.row.seq))
            ),
        )

    # --- When it was offline ---

    def _offline(self) -> Iterator[str]:
        words, case = self.words, self.case
        offline = [*self.rows.still_offline()]
        unread = [of for of in self.rows.not_read(self.first) if of.begins != of.ends]
        yield heading(words("dispute_offline"))
        if offline or unread:
            title = words("dispute_picture")
            yield picture(offline, unread, (self.first, self.last), case.zone, title)
            yield paragraph(title, "small")
        if not offline:
            yield paragraph(words("dispute_no_offline"))
        for key, stretches in (("offline", offline), ("unread", unread)):
            if stretches:
                yield paragraph(words(f"dispute_spans_{key}"))
                newest = stretches[-_MOST_STRETCHES:]
                yield from self._left_out(len(newest), len(stretches))
                yield bullets(escape(self._span(stretch)) for stretch in newest)

    def _span(self, stretch: Stretch) -> str:
        tell = self.tell
        first = tell.moment(stretch.begins)
        if stretch.ends is None:
            return self.words("dispute_span_open", first=first)
        last, long = tell.moment(stretch.ends), tell.duration(stretch.ends - stretch.begins)
        return self.words("dispute_span", first=first, last=last, long=long)

    # --- What holds, and what to do ---

    def _rules(self) -> Iterator[str]:
        words, law = self.words, self.law
        yield heading(words("dispute_rules"))
        for cited in law.cited:
            since = words("dispute_in_force", since=cited.since.isoformat())
            yield paragraph(self.tell.sentences(words(f"dispute_rule_{cited.key}"), since))
            yield _source(cited.source)
        if not law.cited:
            yield paragraph(words("dispute_no_rules"))
        for way in law.ways:
            yield from self._way(way)
        yield paragraph(
            words("dispute_rules_are", reviewed=self.case.reviewed.isoformat()), "small"
        )

    def _way(self, way: Way) -> Iterator[str]:
        words, route = self.words, way.route
        subject = self.case.subject
        gaps = {"seller": subject.maker or subject.seller, "maker": subject.maker}
        said = [words(f"dispute_way_{route.key}", **gaps)]
        said += [
            words(f"dispute_deadline_{key}", until=self.tell.moment(until))
            for key, until in way.deadlines
        ]
        if route.url:
            said.append(words("dispute_at", url=route.url))
        said.append(words(f"dispute_weight_{route.weight}"))
        yield paragraph(self.tell.sentences(*said))
        yield _source(f"{route.source} ({route.reviewed.isoformat()})")

    def _missing(self) -> Iterator[str]:
        words = self.words
        yield heading(words("dispute_missing"))
        yield paragraph(words("dispute_missing_is"), "small")
        yield bullets(
            (
                f"{_MARKS[item.has]} "
                + escape(words(f"dispute_has_{item.key}_{item.has}", count=item.count))
                for item in self.items
            ),
            "check",
        )

    def _attachments(self) -> Iterator[str]:
        words = self.words
        yield heading(words("dispute_attachments"))
        if not self.case.attachments:
            yield paragraph(words("dispute_no_attachments"))
            return
        yield table(
            [(words("dispute_file"), "name"), (words("dispute_bytes"), "row"), ("SHA-256", "hash")],
            (
                (escape(name), str(len(of.content)), escape(of.sha256))
                for name, of in named(self.case.attachments)
            ),
        )

    def _verifying(self) -> Iterator[str]:
        words, rows = self.words, self.rows
        yield heading(words("dispute_verifying"))
        yield paragraph(words("dispute_chain", shown=rows.shown, covered=rows.covered))
        if rows.broken:
            yield paragraph(words("dispute_broken", count=rows.broken))
        yield paragraph(words("dispute_run"))
        yield "<p><code>python3 verify_ledger.py</code> · Windows: <code>py verify_ledger.py</code></p>"
        yield paragraph(words("dispute_proves"))
        if rows.head:
            yield paragraph(words("dispute_head", row=rows.head.seq))
            yield f'<p class="hash">{escape(rows.head.hash)}</p>'


def _source(text: str) -> str:
    """Return a source as it stands in the rules, which is in English."""
    return f'<p class="small" lang="en">{escape(text)}</p>'
