"""The verdict table, run: each row's server, and what the module says of it in both modes.

The RFC's word stands in the row, and is held against the module's too: what must be refused never
connects, but for the rows that say why.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

import spwf
from spwf.errors import OpenSSLError
from spwf.openssl import OpenSSL
from spwf.outcome import Cause, Mode
from spwf.scenario import Verify

from . import authorities, printed
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


def judge(module: spwf.Module, server: spwf.Server, row: Row, mode: Mode) -> None:
    """Connects once, and compares what comes of it with the row."""
    module.clean()
    if mode is not Mode.ANONYMOUS:
        module.load(spwf.Slot.CA, cert_pem(*(row.ca or (CA,))))
    if mode is Mode.MUTUAL:
        module.load(spwf.Slot.CERT, good(spwf.Slot.CERT))
        module.load(spwf.Slot.KEY, good(spwf.Slot.KEY))
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
    assert outcome.mode is mode
    expected = row.anonymous if mode is Mode.ANONYMOUS else row.one_way
    got = Verdict.of(outcome)
    assert got == expected, f"{row.name}: expected {expected}; got {got}: {outcome}"


@pytest.mark.emulated
@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_as_expected(
    new_module: Callable[..., spwf.Module], serve: Serve, tmp_path: Path, row: Row
) -> None:
    server = serve(scenario(row), write(row, tmp_path))
    module = new_module(settime="lenient", limits="off")
    judge(module, server, row, Mode.ONE_WAY)
    judge(module, server, row, Mode.ANONYMOUS)


@pytest.mark.emulated
def test_the_certificate_at_fault_is_the_one_that_is_no_ca(
    new_module: Callable[..., spwf.Module], serve: Serve, tmp_path: Path
) -> None:
    (row,) = (row for row in authorities.ROWS if row.name == "intermediate with CA:FALSE")
    module = new_module(settime="lenient", limits="off")
    judge(module, serve(scenario(row), write(row, tmp_path)), row, Mode.ONE_WAY)
    assert module.emulation is not None
    assert module.emulation.outcome is not None
    assert module.emulation.outcome.depth == 1
    assert module.emulation.outcome.subject == "CN=intermediate CA"


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


# Telling ones: each is a check of another kind.
TELLING = {
    "CN matches, SAN does not",
    "address in iPAddress",
    "expired",
    "until the end of 9999",
    "two good intermediates",
    "intermediate with CA:FALSE",
    "pathlen 1, then 5, two below",
    "two CAs up: excluded name",
    "unknown critical",
    "CA of the same name and another key",
}


@pytest.mark.spwf("spwf://", "qemu://lm3s6965evb")
def test_mutual_mode_and_boards_judge_alike(
    new_module: Callable[..., spwf.Module], serve: Serve, tmp_path: Path
) -> None:
    module = new_module(settime="lenient", limits="off")
    rows = {row.name: row for rows in TABLE.values() for row in rows if row.name in TELLING}
    assert rows.keys() == TELLING
    for row in rows.values():
        server = serve(scenario(row, Verify.REQUEST), write(row, tmp_path))
        for mode in Mode:
            judge(module, server, row, mode)


def test_nothing_that_must_be_refused_connects_but_without_a_domain() -> None:
    refused = [row for rows in TABLE.values() for row in rows if row.says is Says.REFUSE]
    assert [row.name for row in refused if row.one_way.cause is Cause.NONE] == ["domain not set"]


# What openssl refuses and the module takes, and why.
OPENSSL_IS_STRICTER = {
    "trailing dot in f_domain": "it compares the text",
    "`*.com`": "it wants two labels behind a wildcard",
    "the last second": "to it, the end is not part of the time",
    "the same, and the clock says so": "likewise",
    "loaded CA with CA:FALSE": "to it, a loaded CA must be one",
    "loaded CA without keyCertSign": "likewise",
    "EKU any": "it wants serverAuth",
}


def test_openssl_would_take_what_the_module_takes(openssl: OpenSSL, tmp_path: Path) -> None:
    refused = {}
    for row in (row for rows in TABLE.values() for row in rows):
        if row.one_way.cause is Cause.NONE and (why := openssl_refuses(openssl, row, tmp_path)):
            refused[row.name] = why
    assert refused.keys() <= OPENSSL_IS_STRICTER.keys(), refused


def openssl_refuses(openssl: OpenSSL, row: Row, folder: Path) -> str:
    """What `openssl verify` has against the row; "": nothing."""
    write(row, folder)
    (folder / "ca.pem").write_bytes(cert_pem(*(row.ca or (CA,))))
    command = "verify -no-CApath -no-CAstore -CAfile ca.pem -partial_chain -purpose sslserver"
    words = [*command.split(), "-auth_level", "0"]
    words += ["-attime", f"{moment_of(row.now).timestamp():.0f}"]
    if len(row.chain) > 1:
        words += ["-untrusted", "chain_cert.pem"]
    if row.domain:
        address = row.domain.replace(".", "").isdigit()
        words += ["-verify_ip" if address else "-verify_hostname", row.domain]
    try:
        openssl.run(*words, "server_cert.pem", cwd=folder)
    except OpenSSLError as error:
        return str(error)
    return ""


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
