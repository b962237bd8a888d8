"""docs/verdicts.md, from the rows that the tests run. `make verdicts` writes it."""

from spwf.outcome import Cause, Note

from .row import DOMAIN, NOW, Row, Verdict
from .table import TABLE

HEAD = """\
# Verdicts

What the module says of a server's certificates, row by row. `make verdicts` writes this text from
the table that tests/verdicts runs against real `openssl s_server`s: do not edit it.

- RFC: what decides the row, and whether it wants the chain accepted or refused; "either" where it
  leaves that open, or binds only those who make certificates.
- One-way: with a CA, f_domain and the clock. "Connects", or the cause and the alert that the module
  sends, or that the server sent. Mutual mode judges the server alike.
- Anonymous: without a CA. Chain, dates and name are notes there, and no reason to refuse; `chain`,
  which is always noted, is left out.
- Where a row says nothing else, f_domain is `{domain}`, the clock says {now}, and keys are
  of P-256.
"""
COLUMNS = ("Case", "RFC", "One-way", "Anonymous", "Why")


def text(verdict: Verdict) -> str:
    """A verdict in words."""
    words = "connects" if verdict.cause is Cause.NONE else f"**{verdict.cause}**"
    if verdict.alert:
        words += f" ({verdict.alert})"
    if verdict.received:
        words += f" (from the server: {verdict.received})"
    notes = sorted(verdict.notes - {Note.CHAIN})
    return words + (f"; noted: {', '.join(notes)}" if notes else "")


def case(row: Row) -> str:
    """Its name, and what it has of its own."""
    if row.domain in ("", DOMAIN):
        return row.name
    return f"{row.name}; f_domain `{row.domain}`"


def line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"


def document() -> str:
    """All of it."""
    parts = [HEAD.format(domain=DOMAIN, now=NOW)]
    for subject, rows in TABLE.items():
        parts.append(f"\n## {subject}\n\n" + line(*COLUMNS) + line(*["---"] * len(COLUMNS)))
        for row in rows:
            rfc = f"{row.rfc}: {row.says}"
            parts.append(line(case(row), rfc, text(row.one_way), text(row.anonymous), row.why))
    return "".join(parts)


if __name__ == "__main__":
    print(document(), end="")
