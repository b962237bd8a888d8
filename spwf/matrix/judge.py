"""What came of a cell, and whether it is what had to come [design 10]. Called by run.py."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import groupby

from spwf.matrix.cells import Cell, Group, lawful
from spwf.outcome import Cause, Mode, Note, Outcome
from spwf.suites import find
from spwf.transcript import Entry


class Status(StrEnum):
    """How a cell ended."""

    PASS = "pass"
    FAIL = "fail"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class Result:
    """One cell, and what happened in it."""

    cell: Cell
    status: Status
    why: str = ""
    """What is wrong with a failure, and why an impossible cell is none."""
    reply: str = ""
    """Of the module to SOCKON."""
    outcome: Outcome | None = None
    """None: not run, or not emulated."""
    server_says: tuple[str, str] | None = None
    """Version and suite in the words of the server program; None: no connection."""
    seconds: float = 0.0
    """From SOCKON to its reply."""
    transcript: tuple[Entry, ...] = field(default=(), repr=False)
    command: str = ""
    """That started the server."""
    log: str = field(default="", repr=False)
    """What a server printed, where the cell failed."""

    @property
    def agreed(self) -> tuple[str | None, ...]:
        """What must not depend on the server program."""
        outcome = self.outcome
        if outcome is None:
            return (self.status, self.reply)
        parts = (outcome.version, outcome.suite) if self.cell.suite else ()
        group = outcome.group if self.cell.curve else None  # else each server has its favourite
        return (self.status, outcome.mode, outcome.cause, *parts, group)


def judge(result: Result) -> Result:
    """The same result with its verdict; `why` has what went wrong between the two so far."""
    wrong = [result.why] if result.why else []
    if result.outcome is not None:
        wrong += _differences(result.cell, result.outcome)
    if result.server_says is not None:
        wrong += _contradictions(result.cell, result.outcome, *result.server_says)
    status = Status.FAIL if wrong else Status.PASS
    return replace(result, status=status, why="; ".join(wrong))


def _differences(cell: Cell, outcome: Outcome) -> Iterator[str]:
    """Between what had to come and what the module tells."""
    if outcome.cause is not cell.cause:
        yield f"cause {outcome.cause} ({outcome.cause.text}), not {cell.cause}"
    if outcome.mode is not cell.mode:
        yield f"mode {outcome.mode}, not {cell.mode}"
    if cell.note and cell.note not in outcome.notes:
        yield f"not noted: {cell.note}"
    if Note.NAME_UNCHECKED in outcome.notes:
        yield "the name was not checked"
    if cell.cause is Cause.SUITE and outcome.suite != str(cell.suite):
        yield f"the server did not choose {cell.suite}"
    if cell.cause is not Cause.NONE:
        return
    if outcome.version != cell.version and cell.group is not Group.MINIMUM:
        yield f"version {outcome.version}, not {cell.version}"
    if cell.suite and outcome.suite != cell.suite.name:
        yield f"suite {outcome.suite}, not {cell.suite}"
    if not cell.suite and not _may_choose(outcome):
        yield f"the server chose {outcome.suite}, which {outcome.version} does not have"
    if (outcome.group is None) == (_ephemeral(outcome) and outcome.version is not None):
        yield f"group {outcome.group} with {outcome.suite}"
    elif outcome.group and outcome.group not in cell.groups:
        yield f"group {outcome.group}, not {' or '.join(cell.groups)}"
    if cell.mode is Mode.MUTUAL and Note.CERT_SENT not in outcome.notes:
        yield "the module's certificate was not sent"


def _may_choose(outcome: Outcome) -> bool:
    """Whether a server's own choice is Table 2's, or the downgrade's [note 2.5]."""
    try:
        suite = find(outcome.suite or "")
    except KeyError:
        return False
    legal = {version for version in suite.versions if lawful(suite, version)}
    return outcome.version in legal or Note.OUTSIDE_TABLE_2 in outcome.notes


def _ephemeral(outcome: Outcome) -> bool:
    return "_ECDHE_" in (outcome.suite or "")


def _contradictions(cell: Cell, outcome: Outcome | None, version: str, suite: str) -> Iterator[str]:
    """Between what the server says and the module, or where that is silent the cell."""
    if version != (outcome.version if outcome else cell.version):
        yield f"the server says {version}"
    expected = outcome.suite if outcome else cell.suite.name if cell.suite else suite
    if suite != expected:
        yield f"the server says {suite}"


def disagreements(results: Iterable[Result]) -> Iterator[str]:
    """Cells that two servers share and that did not end alike, in words."""
    ran = [result for result in results if result.status is not Status.IMPOSSIBLE]
    by_cell = sorted(ran, key=lambda result: result.cell.shared)
    for shared, group in groupby(by_cell, lambda result: result.cell.shared):
        each = {result.cell.server: result.agreed for result in group}
        if len(set(each.values())) > 1:
            told = "; ".join(
                f"{server}: {', '.join(filter(None, parts))}" for server, parts in each.items()
            )
            yield f"{shared}: {told}"
