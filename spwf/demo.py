"""`spwf demo`: the three TLS modes over real openssl servers, each with one refusal [note 2.4].

Called by cli.py. Each case is a scenario: what the module loads, the server that it meets, and what
must come of it. On a terminal the table fills row by row; elsewhere each row is a plain line.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

import spwf
from spwf.outcome import Cause, Outcome
from spwf.pki import Pki
from spwf.scenario import Clock, Scenario
from spwf.server import Server
from spwf.suites import SUITES

CASES = (
    "example1",
    "expired",
    "example2",
    "wrong-domain",
    "example5",
    "client-certificate-missing",
)
COLUMNS = {"Mode": 9, "Version": 7, "Suite": 25, "Reply": 33, "Cause": 0}  # widths of plain lines
OPENSSL_NAMES = {suite.name: suite.openssl for suite in SUITES}
UNTOLD = "?"  # what only an emulated module tells


@dataclass(frozen=True)
class Row:
    """What happened, one text for each of COLUMNS; `wrong`: what should have happened, or ""."""

    texts: tuple[str, str, str, str, str]
    wrong: str


def run(module: spwf.Module, url: str) -> int:
    """Run all cases on `module`, opened at `url`; return the exit status: 1 if one misbehaves."""
    console, started = Console(highlight=False), time.monotonic()
    title = f"[bold]TLS in three modes[/bold]: the module at {url} meets servers of OpenSSL"
    console.print(title, soft_wrap=True)
    rows: dict[str, Row] = {}
    module.join("lab", "passphrase")
    with tempfile.TemporaryDirectory(prefix="spwf-") as folder, table(console) as show:
        for name in CASES:
            rows[name] = meet(module, Scenario.load(name), Path(folder))
            show(rows[name])
    wrong = {name: row.wrong for name, row in rows.items() if row.wrong}
    for name, why in wrong.items():
        console.print(Text(f"{name}: {why}", "bold red"))
    seconds = time.monotonic() - started
    if any(UNTOLD in row.texts for row in rows.values()):
        console.print(f"{UNTOLD}: what only a module that is emulated in this process tells")
    console.print(f"{len(rows) - len(wrong)} of {len(rows)} as expected, in {seconds:.1f} s.")
    return 1 if wrong else 0


def meet(module: spwf.Module, scenario: Scenario, folder: Path) -> Row:
    """Load the module, connect it to the scenario's server, and see what comes of it."""
    pki = Pki.shared(folder, scenario.pki)
    said = ""
    try:
        load(module, scenario, pki)
        with (
            Server(scenario, pki) as server,
            module.connect(server.host, server.port, indicate=True) as sock,
        ):
            reply = f"ID: {sock.id:02} OK"
            said = talk(sock, scenario)
    except spwf.ModuleError as error:
        reply = f"ERROR: {error.text}"
    except spwf.HarnessError as error:
        return Row((scenario.expect.mode, UNTOLD, UNTOLD, UNTOLD, UNTOLD), str(error))
    return judge(scenario, reply, said, module.emulation.outcome if module.emulation else None)


def load(module: spwf.Module, scenario: Scenario, pki: Pki) -> None:
    """Reset the module and give it what the scenario says, nothing else."""
    loads = scenario.module
    files: dict[spwf.Slot, bytes] = {}
    if loads.ca:
        files[spwf.Slot.CA] = pki[loads.ca].cert_pem
    if loads.client:
        files[spwf.Slot.CERT] = pki[loads.client].cert_pem
        files[spwf.Slot.KEY] = pki[loads.client].key_pem
    module.reset()
    module.wait_for(24)
    module.clean()
    if loads.clock is Clock.NOW:
        module.set_time()  # when the certificates have been made, or they were of the future
    for slot, data in files.items():
        module.load(slot, data)
    if loads.domain:
        module.set_domain(loads.domain)


def talk(sock: spwf.Socket, scenario: Scenario) -> str:
    """Play the module's side of the script; return what to say of a connection."""
    count = 0
    for step in scenario.script:
        sock.write(step.after)
        answer = b"".join(step.answers)
        if sock.read(len(answer)) != answer:
            raise spwf.HarnessError("the module read something else than the server sent")
        count += len(answer)
    return f"connected, {count} bytes read" if count else "connected"


def judge(scenario: Scenario, reply: str, said: str, outcome: Outcome | None) -> Row:
    """Compare with what the scenario expects; without an outcome only the reply can be."""
    expect = scenario.expect
    right = bool(said) == (expect.cause is Cause.NONE)
    mode, version, suite, cause = expect.mode, UNTOLD, UNTOLD, said or UNTOLD
    if outcome is not None:
        right = right and (outcome.mode, outcome.cause) == (expect.mode, expect.cause)
        mode, version = outcome.mode, outcome.version or "-"
        suite = OPENSSL_NAMES.get(outcome.suite or "", "-")
        cause = said or outcome.cause.text
    wanted = "connected" if expect.cause is Cause.NONE else expect.cause.text
    wrong = "" if right else f"expected {expect.mode}, {wanted}; got {outcome or reply}"
    return Row((mode.replace("_", "-"), version, suite, reply, cause), wrong)


@contextmanager
def table(console: Console) -> Iterator[Callable[[Row], None]]:
    """Give a function that shows one more row."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda row: print(plain(row), flush=True)
        return
    columns = [Column(name, no_wrap=name not in ("Reply", "Cause")) for name in COLUMNS]
    shown = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))

    def show(row: Row) -> None:
        style = "bold red" if row.wrong else "yellow" if "ERROR" in row.texts[3] else "green"
        shown.add_row(*row.texts, style=style)

    console.print()
    with Live(shown, console=console):
        yield show
    console.print()


def plain(row: Row) -> str:
    """One row as a line of text in columns."""
    widths = COLUMNS.values()
    return "  ".join(f"{text:{width}}" for text, width in zip(row.texts, widths, strict=True))
