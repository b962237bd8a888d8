"""docs/verdicts.md, from the rows that the tests run. `make verdicts` writes it."""

from spwf.outcome import Cause, Note

from .files import ROWS as FILES
from .files import FileRow
from .row import DOMAIN, NOW, Row, Says, Verdict
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
DIFFERENCES = """
## Where the module does otherwise than the RFC wants

"""
FILES_HEAD = """
## Files

What is loaded as f_ca in one-way mode, or as f_cert or f_key in mutual mode; all else is good.

"""
FILES_COLUMNS = ("File", "Case", "RFC", "SOCKON", "Why")


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


def answer(row: FileRow) -> str:
    """What the module says of a file."""
    if not row.reply:
        return "connects"
    return f"**{row.cause}**: `{row.reply}`" if row.cause is not Cause.NONE else f"`{row.reply}`"


def line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"


def head(columns: tuple[str, ...]) -> str:
    return line(*columns) + line(*["---"] * len(columns))


def differs(row: Row) -> bool:
    """Whether the RFC wants it otherwise, in one-way mode."""
    connects = row.one_way.cause is Cause.NONE
    return row.says is (Says.REFUSE if connects else Says.ACCEPT)


def differences() -> str:
    """What the module does otherwise than the RFC wants, all of it."""
    rows = [row for rows in TABLE.values() for row in rows if differs(row)]
    return "".join(f"- {case(row)}: {text(row.one_way)}; {row.why} ({row.rfc}).\n" for row in rows)


def document() -> str:
    """All of it."""
    parts = [HEAD.format(domain=DOMAIN, now=NOW), DIFFERENCES, differences()]
    for subject, rows in TABLE.items():
        parts.append(f"\n## {subject}\n\n" + head(COLUMNS))
        for row in rows:
            rfc = f"{row.rfc}: {row.says}"
            parts.append(line(case(row), rfc, text(row.one_way), text(row.anonymous), row.why))
    parts.append(FILES_HEAD + head(FILES_COLUMNS))
    for file in FILES:
        rfc = f"{file.rfc}: {file.says}"
        parts.append(line(file.slot, file.name, rfc, answer(file), file.why))
    return "".join(parts)


if __name__ == "__main__":
    print(document(), end="")
