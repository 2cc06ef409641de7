"""HTML for pages that stand alone: one file, no script, nothing from outside, fit to be printed."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

# No paper size: A4 and Letter both do.
_STYLE: Final = """
@page { margin: 16mm 14mm 18mm; @bottom-right { content: counter(page) " / " counter(pages);
  font: 8pt sans-serif; color: #555; } }
* { box-sizing: border-box; }
body { font: 10.5pt/1.45 system-ui, "Segoe UI", "Helvetica Neue", "PingFang SC",
  "Noto Sans CJK SC", "Microsoft YaHei", Arial, sans-serif; color: #111; background: #fff;
  max-width: 190mm; margin: 0 auto; padding: 8mm; }
h1 { font-size: 17pt; line-height: 1.2; margin: 0 0 2mm; }
h2 { font-size: 12.5pt; margin: 7mm 0 2mm; padding-bottom: 1mm; border-bottom: 1px solid #999;
  break-after: avoid; }
p { margin: 1.5mm 0; orphans: 3; widows: 3; }
.small { font-size: 8.5pt; color: #444; }
.box { border: 1px solid #777; padding: 2mm 4mm; margin: 3mm 0; break-inside: avoid; }
table { border-collapse: collapse; width: 100%; margin: 2mm 0; }
thead { display: table-header-group; }
tr, li, .bar { break-inside: avoid; }
th, td { text-align: left; vertical-align: top; padding: 1mm 2.5mm 1mm 0;
  border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
th { font-weight: 600; border-bottom-color: #999; overflow-wrap: break-word; }
table.pairs th { width: 34%; border-bottom-color: #ddd; }
td.when, td.row, th.when, th.row { white-space: nowrap; }
td.row { text-align: right; color: #444; }
th.by { width: 38mm; }
th.who { width: 30mm; }
th.hash { width: 64mm; }
ul { margin: 1mm 0; padding-left: 5mm; }
ul.check { list-style: none; padding-left: 0; }
code, .hash { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace;
  font-size: 8.5pt; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; display: block; margin: 2mm 0; }
svg text { font-family: sans-serif; fill: #333; }
@media print { body { padding: 0; max-width: none; } }
""".strip()

# What the browser itself is told: nothing is fetched, nothing runs.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def page(language: str, title: str, body: Iterable[str]) -> str:
    """Return a whole page; `body` is HTML already."""
    return "\n".join(
        (
            "<!doctype html>",
            f'<html lang="{escape(language)}">',
            '<head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{_STYLE}\n</style></head>",
            "<body>",
            *body,
            "</body></html>",
            "",
        )
    )


def heading(text: str) -> str:
    """Return the heading of a section."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; `kind` names its style."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def bullets(items: Iterable[str], kind: str = "") -> str:
    """Return a list; the items are HTML already."""
    opened = f'<ul class="{kind}">' if kind else "<ul>"
    return opened + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def table(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; columns are text and style, cells are HTML already."""
    head = "".join(f'<th class="{kind}">{escape(text)}</th>' for text, kind in columns)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{kind}">{cell}</td>'
            for (_, kind), cell in zip(columns, cells, strict=True)
        )
        + "</tr>"
        for cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def pairs(facts: Iterable[tuple[str, str]]) -> str:
    """Return facts with their labels, a row each; text."""
    body = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>" for label, value in facts
    )
    return f'<table class="pairs"><tbody>{body}</tbody></table>'
