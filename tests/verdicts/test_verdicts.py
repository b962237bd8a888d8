"""The verdict table, run: each row's server, and what the module says of it in both modes.

The RFC's word stands in the row, and is held against the module's too: what must be refused never
connects, but for the rows that say why.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

import spwf
from spwf.outcome import Cause, Mode
from spwf.scenario import Verify

from . import printed
from .der import moment_of
from .files import ROWS as FILES
from .files import UNREADABLE, FileRow, good
from .making import cert_pem
from .row import CA, DOMAIN, LEAF, NOW, Row, Says, Verdict
from .served import scenario, write
from .table import TABLE

ROOT = Path(__file__).parents[2]
ROWS = [
    pytest.param(row, id=f"{subject}-{row.name}") for subject in TABLE for row in TABLE[subject]
]

FILE_ROWS = [pytest.param(row, id=f"{row.slot}-{row.name}") for row in FILES]

Serve = Callable[..., spwf.Server]


def verdict(module: spwf.Module, server: spwf.Server, row: Row, *, ca: bool) -> tuple[Verdict, str]:
    """Connects once; what came of it, and the outcome's line."""
    module.clean()
    if ca:
        module.load(spwf.Slot.CA, cert_pem(*(row.ca or (CA,))))
    if row.domain:
        module.set_domain(row.domain)
    if row.now:
        module.set_time(moment_of(row.now))
    reply = module.command(f"AT+S.SOCKON={server.host},{server.port},s", check=False)
    if reply.error is None:
        module.command(f"AT+S.SOCKC={reply.value}")
    assert module.emulation is not None
    outcome = module.emulation.outcome
    assert outcome is not None
    assert (reply.error is None) == outcome.connected == (outcome.cause is Cause.NONE)
    assert outcome.mode is (Mode.ONE_WAY if ca else Mode.ANONYMOUS)
    return Verdict.of(outcome), str(outcome)


@pytest.mark.emulated
@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_as_expected(
    new_module: Callable[..., spwf.Module], serve: Serve, tmp_path: Path, row: Row
) -> None:
    server = serve(scenario(row), write(row, tmp_path))
    module = new_module(settime="lenient", limits="off")
    for expected, ca in ((row.one_way, True), (row.anonymous, False)):
        got, line = verdict(module, server, row, ca=ca)
        assert got == expected, f"{row.name}: expected {expected}; got {got}: {line}"


GOOD = Row("good", "", Says.ACCEPT, (LEAF,))


def files_of(row: FileRow) -> dict[spwf.Slot, bytes]:
    """What is loaded: in mutual mode for a file of the client's, in one-way mode for the CA."""
    slots = (spwf.Slot.CA,) if row.slot is spwf.Slot.CA else (*UNREADABLE,)
    return {slot: row.data() if slot is row.slot else good(slot) for slot in slots}


@pytest.mark.parametrize("row", FILE_ROWS)
def test_every_file_is_taken_or_refused_as_expected(
    module: spwf.Module, serve: Serve, tmp_path: Path, row: FileRow
) -> None:
    server = serve(scenario(GOOD, Verify.REQUEST), write(GOOD, tmp_path))
    module.set_time(moment_of(NOW))
    reply, cause = "", Cause.NONE
    try:
        for slot, data in files_of(row).items():
            module.load(slot, data)
        module.set_domain(DOMAIN)
        with module.connect(server.host, server.port) as sock:
            sock.write(b"hello\n")
            server.wait_received(b"hello\n")
    except spwf.ModuleError as error:
        reply = error.text
    if module.emulation is not None and module.emulation.outcome is not None:
        outcome = module.emulation.outcome
        cause = outcome.cause
        assert outcome.mode is (Mode.ONE_WAY if row.slot is spwf.Slot.CA else Mode.MUTUAL)
        assert cause is row.cause, f"{row.slot}, {row.name}: expected {row.cause}; got {outcome}"
    assert reply == row.reply, f"{row.slot}, {row.name}: {cause}"


def connects_though_it_must_not(row: Row) -> bool:
    return row.says is Says.REFUSE and row.one_way.cause is Cause.NONE


def test_nothing_that_must_be_refused_connects_but_without_a_domain() -> None:
    rows = [row for rows in TABLE.values() for row in rows]
    assert [row.name for row in rows if connects_though_it_must_not(row)] == ["domain not set"]


def test_whatever_the_rfc_does_not_decide_has_its_reason() -> None:
    for subject, rows in TABLE.items():
        for row in rows:
            decided = row.says is (Says.ACCEPT if row.one_way.cause is Cause.NONE else Says.REFUSE)
            assert decided != bool(row.why), f"{subject}: {row.name}: {row.why or 'why?'}"
    for file in FILES:
        decided = file.says is (Says.REFUSE if file.reply else Says.ACCEPT)
        assert decided != bool(file.why), f"{file.slot}: {file.name}: {file.why or 'why?'}"


def test_names_of_rows_are_unique() -> None:
    for rows in TABLE.values():
        names = [row.name for row in rows]
        assert len(names) == len(set(names))


def test_the_document_is_the_table() -> None:
    """`make verdicts` writes it."""
    assert (ROOT / "docs/verdicts.md").read_text() == printed.document()
