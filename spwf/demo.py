"""`spwf demo`: the note's five examples over real openssl servers, each with its failing twins.

Called by cli.py. Each row is a scenario: what the module loads, the server that it meets [note 3],
and what must come of it. On a narrow terminal a row is a few lines.
"""

import tempfile
import time
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

import spwf
from spwf import listening
from spwf.board import clear
from spwf.capture import Capture, needs
from spwf.cli_module import join
from spwf.outcome import Cause, Outcome
from spwf.pki import Pki
from spwf.scenario import Clock, Scenario
from spwf.server import Server
from spwf.suites import SUITES
from spwf.tcp import TcpServer, serving

COLUMNS = {"Scenario": 26, "Mode": 9, "Reply": 32, "What came of it": 0}  # widths of plain lines
OPENSSL_NAMES = {suite.name: suite.openssl for suite in SUITES}
WIDE = 120  # columns of a terminal that shows a row of them on one or two lines
FLASH = (spwf.Slot.CA, spwf.Slot.CERT, spwf.Slot.KEY, spwf.Slot.DOMAIN)
RAM = (spwf.Slot.RAM_CA, spwf.Slot.RAM_CERT, spwf.Slot.RAM_KEY, spwf.Slot.RAM_DOMAIN)
UNTOLD = "?"  # what only an emulated module tells


@dataclass(frozen=True)
class Row:
    """What happened, one text for each of COLUMNS; `wrong`: what should have happened, or ""."""

    texts: tuple[str, str, str, str]
    wrong: str
    tried: bool = True


def cases() -> list[Scenario]:
    """All scenarios that belong to an example: each example itself, and then its twins."""
    scenarios = [scenario for scenario in map(Scenario.load, Scenario.names()) if scenario.example]
    return sorted(scenarios, key=lambda s: (s.example, not s.name.startswith("example"), s.name))


def run(
    module: spwf.Module, url: str, bind: str, ssid: str, psk: str, capture: Capture | None = None
) -> int:
    """Run all cases on `module`, opened at `url`; return the exit status: 1 if one misbehaves.

    `bind`: the address that servers listen on; `ssid`, `psk`: of the network that is joined.
    `capture`: hears an emulated `module` already, and a real one on its way to the servers.
    """
    listening.check(bind)
    console, started = Console(highlight=False), time.monotonic()
    title = f"[bold]The five examples[/bold], and how they fail: the module at {url}"
    console.print(title, soft_wrap=True)
    rows: dict[str, Row] = {}
    join(module, ssid, psk)
    with tempfile.TemporaryDirectory(prefix="spwf-") as folder:
        for example, scenarios in groupby(cases(), lambda scenario: scenario.example):
            if console.is_terminal:
                console.print(f"\n[bold]Example {example}[/bold]")
            for scenario in scenarios:
                row = rows[scenario.name] = attempt(
                    module, url, scenario, bind, (ssid, psk), Path(folder), capture
                )
                show(console, row)
    if console.is_terminal:
        console.print()
    wrong = {name: row.wrong for name, row in rows.items() if row.wrong}
    tried = [row for row in rows.values() if row.tried]
    for name, why in wrong.items():
        console.print(Text(f"{name}: {why}", "bold red"))
    seconds = time.monotonic() - started
    if any(UNTOLD in row.texts for row in rows.values()):
        console.print(f"{UNTOLD}: what only a module that is emulated in this process tells")
    left = f", {len(rows) - len(tried)} not tried" if len(tried) < len(rows) else ""
    right = f"{len(tried) - len(wrong)} of {len(tried)} as expected"
    console.print(f"{right}{left}, in {seconds:.1f} s.")
    return 1 if wrong else 0


def attempt(
    module: spwf.Module,
    url: str,
    scenario: Scenario,
    bind: str,
    network: tuple[str, str],
    folder: Path,
    capture: Capture | None = None,
) -> Row:
    """Meet the scenario with `module`, or with another one where its memory must be small.

    `network`: name and passphrase, which the other one joins too.
    """
    heap = scenario.module.heap
    if not heap:
        return meet(module, scenario, bind, folder, capture)
    if module.emulation is None:
        why = "not tried: only an emulated module can have less memory"
        return Row((scenario.name, scenario.expect.mode.replace("_", "-"), "-", why), "", False)
    place, _, query = url.partition("?")
    others = [option for option in query.split("&") if not option.startswith("nv=")]  # it is in use
    with spwf.open(f"{place}?{'&'.join(others)}", heap=heap, **needs(url, capture)) as small:
        if capture and small.emulation:
            capture.attach(small.emulation.core)
        small.join(*network)
        return meet(small, scenario, bind, folder)


def meet(
    module: spwf.Module,
    scenario: Scenario,
    bind: str,
    folder: Path,
    capture: Capture | None = None,
) -> Row:
    """Load the module, connect it to the scenario's server, and see what comes of it."""
    relayed = capture if module.emulation is None else None
    pki = Pki.shared(folder, scenario.pki)
    said: str | None = None
    try:
        module.reset()
        if scenario.expect.cause is Cause.CLOCK:
            module.reset()  # to the first one, the clock of the scenario before was lost
        module.wait_for_network()
        provision(module, scenario, pki)
        with (
            serving(scenario, pki, relayed, host=bind) as server,
            connect(module, server) as sock,
        ):
            reply = f"ID: {sock.id:02} OK"
            said = talk(sock, server)
    except spwf.ModuleError as error:
        reply = f"ERROR: {error.text}"
    except spwf.HarnessError as error:
        mode, why = scenario.expect.mode.replace("_", "-"), str(error).partition("\n")[0]
        return Row((scenario.name, mode, "-", why), str(error))
    return judge(scenario, reply, said, module.emulation.outcome if module.emulation else None)


def provision(module: spwf.Module, scenario: Scenario, pki: Pki) -> None:
    """Give the module what the scenario says and nothing else, in the order of [note 3.3].

    A real one has it in RAM, because its flash wears, unless it must outlive a reset.
    """
    loads = scenario.module
    flash = module.emulation is not None or loads.clock is Clock.LOST
    slots = FLASH if flash else RAM
    files: dict[spwf.Slot, bytes] = {}
    if loads.ca:
        files[slots[0]] = pki[loads.ca].cert_pem
    if loads.client:
        files[slots[1]] = pki[loads.client].cert_pem
        files[slots[2]] = pki[loads.key or loads.client].key_pem
    clear(module)
    if loads.clock is not Clock.UNSET:
        module.set_time()  # when the certificates have been made, or they were of the future
    for slot, data in files.items():
        module.load(slot, data)
    if loads.domain:
        module.set_domain(loads.domain, slots[3])
    if loads.clock is Clock.LOST:
        module.reset()
        module.wait_for_network()


def connect(module: spwf.Module, server: Server) -> spwf.Socket:
    """Open a secure socket to the server; an emulated module does not wait for one that is mute."""
    if isinstance(server, TcpServer) and module.emulation is not None:
        server.hurry(module.emulation.skip)
    host = server.scenario.module.host or server.host
    return module.connect(host, server.port, indicate=True)


def talk(sock: spwf.Socket, server: Server) -> str:
    """Play the module's side of the script and compare both; return what to say of it."""
    count, script = 0, server.scenario.script
    for step in script:
        if step.after:
            sock.write(step.after)
        answer = b"".join(step.answers)
        if sock.read(len(answer)) != answer:
            raise spwf.HarnessError("the module read something else than the server sent")
        count += len(answer)
    sent = b"".join(step.after for step in script)
    server.wait_received(sent)
    return f", {len(sent)} bytes sent, {count} bytes read" if count else ""


def judge(scenario: Scenario, reply: str, said: str | None, outcome: Outcome | None) -> Row:
    """Compare with what the scenario expects; without an outcome only the reply can be.

    `said`: of a connection; None where there was none.
    """
    expect, connects = scenario.expect, scenario.expect.cause is Cause.NONE
    right = said is not None if connects else reply == f"ERROR: {expect.cause.error}"
    mode, what = expect.mode, UNTOLD
    if outcome is not None:
        right = right and (outcome.mode, outcome.cause) == (expect.mode, expect.cause)
        right = right and outcome.notes.issuperset(expect.notes)
        right = right and expect.alert in (outcome.alert_received, "")
        mode, what = outcome.mode, outcome.cause.text
        if outcome.alert_received:
            what += f" ({outcome.alert_received})"
        if outcome.version:
            agreed = f"{outcome.version} {OPENSSL_NAMES.get(outcome.suite or '', '-')}"
            noted = "".join(f", {note}" for note in expect.notes)
            what = f"{agreed}: {what}" if said is None else f"{agreed}{said}{noted}"
    wanted = "connected" if connects else f"{expect.cause.text} ({expect.cause.error})"
    got = f"{outcome} ({reply})" if outcome else reply
    wrong = "" if right else f"expected {expect.mode}, {wanted}; got {got}"
    return Row((scenario.name, mode.replace("_", "-"), reply, what), wrong)


def show(console: Console, row: Row) -> None:
    """One row: below the others on a terminal, where it folds; elsewhere a line of text."""
    if not console.is_terminal or console.is_dumb_terminal:
        widths = COLUMNS.values()
        texts = zip(row.texts, widths, strict=True)
        print("  ".join(f"{text:{width}}" for text, width in texts).rstrip(), flush=True)
        return
    name, mode, reply, what = row.texts
    cells = row.texts if console.width >= WIDE else (name, mode, f"{reply}\n{what}")
    columns = [Column(width=width or None) for width in COLUMNS.values()][: len(cells) - 1]
    line = Table.grid(*columns, Column(overflow="fold"), padding=(0, 1, 0, 0))
    style = "bold red" if row.wrong else "yellow" if "ERROR" in reply else "green"
    line.add_row(*map(Text, cells), style=style)
    console.print(line)
