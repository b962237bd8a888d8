"""Runs cells: a server for each configuration, modules that are used again and again.

Called by the command and by tests. Cells whose servers are alike are a batch; a few threads take
one batch after the other, each with modules of its own. Python only moves bytes here: the module's
TLS and the servers run beside it.
"""

import shlex
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Self

import spwf
from spwf.board import Board
from spwf.capture import Capture, needs
from spwf.errors import HarnessError, ModuleError, ProgramMissing
from spwf.matrix.cells import Cell, Group, cells, why_unlawful
from spwf.matrix.judge import Result, Status, judge
from spwf.module import Module, Slot
from spwf.opening import is_emulated
from spwf.outcome import Cause, Outcome
from spwf.pki import Pki
from spwf.programs import OFFENDERS, PROGRAMS, Program
from spwf.server import Server

WORKERS = 2
SERVERS = PROGRAMS | OFFENDERS
"""By name, in the order of the reports."""
FLASH = (Slot.CA, Slot.CERT, Slot.KEY, Slot.DOMAIN)
RAM = (Slot.RAM_CA, Slot.RAM_CERT, Slot.RAM_KEY, Slot.RAM_DOMAIN)
PATIENCE = 10.0  # s for whatever a server must do


@dataclass(frozen=True)
class Site:
    """Where the module is, and how it comes to the servers."""

    url: str = "spwf://"
    bind: str = "127.0.0.1"
    """What servers listen on."""
    ssid: str = "lab"
    psk: str = "passphrase"
    reset: str = "at"
    """As of spwf.open()."""

    @property
    def emulated(self) -> bool:
        """Whether several modules of it can be had, each with options of its own."""
        return is_emulated(self.url)


@dataclass(frozen=True)
class Plan:
    """What is run: each program's cells, and those programs that are not here."""

    programs: dict[str, Program]
    absent: dict[str, str]
    """Name of the program to how it is got."""
    cells: tuple[Cell, ...]
    """Of the programs that are here. Those that the program cannot serve are impossible."""
    left_out: dict[str, int]
    """How many cells of each absent program are not run."""

    @classmethod
    def make(cls, servers: Iterable[str], wanted: Callable[[Cell], bool]) -> "Plan":
        """Finds the programs, and asks them what they can serve."""
        programs: dict[str, Program] = {}
        absent: dict[str, str] = {}
        chosen: list[Cell] = []
        left_out: dict[str, int] = {}
        for name in servers:
            mine = [cell for cell in cells(name) if wanted(cell) and _asked(cell)]
            try:
                programs[name] = SERVERS[name].find()
            except ProgramMissing as error:
                absent[name] = str(error)
                left_out[name] = len(mine)
                continue
            chosen += (_settle(cell, programs[name]) for cell in mine)
        return cls(programs, absent, tuple(chosen), left_out)

    def run(self, site: Site, folder: Path, capture: Capture | None = None) -> Iterator[Result]:
        """The results, as they come, of the module there; certificates are kept in `folder`.

        `capture` hears emulated modules, one after the other.
        """
        settled = [cell for cell in self.cells if cell.impossible]
        yield from (Result(cell, Status.IMPOSSIBLE, cell.impossible) for cell in settled)
        batches = _batches(cell for cell in self.cells if not cell.impossible)
        workers = WORKERS if site.emulated and not capture else 1  # there is one real module
        with _Benches(site, capture) as benches, ThreadPoolExecutor(workers) as pool:
            running = [
                pool.submit(benches.run, self.programs[batch[0].server], batch, folder)
                for batch in batches
            ]
            try:
                for done in as_completed(running):
                    yield from done.result()
            finally:
                pool.shutdown(cancel_futures=True)


def _asked(cell: Cell) -> bool:
    """What must be refused is all that an offender is for."""
    return cell.server in PROGRAMS or cell.group is Group.POLICY


def _settle(cell: Cell, program: Program) -> Cell:
    """The same cell, with the reason where this program cannot be its server."""
    if not cell.impossible and (lack := program.missing(cell.scenario)):
        law = why_unlawful(cell.suite, cell.version) if cell.suite else ""
        return replace(cell, impossible=law or lack)
    return cell


def _batches(possible: Iterable[Cell]) -> list[list[Cell]]:
    """Cells that one server can serve one after the other, those that take longest first."""

    def configuration(cell: Cell) -> str:
        scenario = cell.scenario
        return repr((cell.server, scenario.pki, scenario.server))

    alike = groupby(sorted(possible, key=configuration), configuration)
    return sorted((list(batch) for _, batch in alike), key=len, reverse=True)


class _Benches:
    """A bench for each thread: a module that has joined, for each set of options."""

    def __init__(self, site: Site, capture: Capture | None) -> None:
        self._site = site
        self._capture = capture
        self._local = threading.local()
        self._stack = ExitStack()

    def run(self, program: Program, batch: list[Cell], folder: Path) -> list[Result]:
        """What came of each cell of one server; a server that does not start fails them all."""
        if not hasattr(self._local, "bench"):
            self._local.bench = self._stack.enter_context(_Bench(self._site, self._capture))
        bench: _Bench = self._local.bench
        scenario = batch[0].scenario
        pki = Pki.shared(folder, scenario.pki)
        try:
            pki.make("ca", scenario.server.cert, "client")
            with Server(scenario, pki, program=program, host=self._site.bind) as server:
                return [bench.meet(cell, server, pki) for cell in batch]
        except HarnessError as error:
            first, _, rest = str(error).partition("\n")
            return [Result(cell, Status.FAIL, first, log=rest) for cell in batch]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


class _Bench:
    """One thread's modules."""

    def __init__(self, site: Site, capture: Capture | None) -> None:
        self._site = site
        self._capture = capture
        self._modules: dict[tuple[tuple[str, str], ...], Module] = {}

    def meet(self, cell: Cell, server: Server, pki: Pki) -> Result:
        """Loads a module, connects it, passes data both ways, closes; the verdict."""
        if cell.options and not self._site.emulated:
            options = ", ".join("=".join(option) for option in cell.options)
            return Result(cell, Status.IMPOSSIBLE, f"only an emulated module is had with {options}")
        try:
            module = self._module(cell)
        except (HarnessError, ModuleError) as error:
            return Result(cell, Status.FAIL, f"no module: {error}")
        try:
            _provision(module, cell, pki)
            result = judge(_connect(module, cell, server))
        except (HarnessError, ModuleError) as error:
            result = Result(cell, Status.FAIL, str(error).splitlines()[0], outcome=_outcome(module))
        failed = result.status is Status.FAIL
        if failed:  # in whatever state it is
            self._modules.pop(cell.options).close()
        return replace(
            result,
            transcript=tuple(module.transcript),
            command=shlex.join(server.argv),
            log=server.log if failed else "",
        )

    def _module(self, cell: Cell) -> Module:
        if cell.options not in self._modules:
            options: dict[str, Any] = dict(cell.options)
            options |= needs(self._site.url, self._capture)
            module = spwf.open(self._site.url, reset=self._site.reset, **options)
            self._modules[cell.options] = module
            if self._capture and module.emulation:
                self._capture.attach(module.emulation.core)
            if self._site.emulated:
                module.join(self._site.ssid, self._site.psk)
            else:
                Board(self._site.ssid, self._site.psk).renew(module, join=True)
            module.set_time()
        module = self._modules[cell.options]
        module.transcript.clear()
        return module

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for module in self._modules.values():
            module.close()


def _provision(module: Module, cell: Cell, pki: Pki) -> None:
    """What the cell's module has, and nothing else; a real flash does not wear by it."""
    loads = cell.scenario.module
    real = module.emulation is None
    module.clean(*(RAM if real else ()))
    ca, cert, key, domain = RAM if real else FLASH
    if loads.ca:
        module.load(ca, pki[loads.ca].cert_pem)
    if loads.client:
        module.load(cert, pki[loads.client].cert_pem)
        module.load(key, pki[loads.client].key_pem)
    if loads.domain:
        module.set_domain(loads.domain, domain)


def _connect(module: Module, cell: Cell, server: Server) -> Result:
    """A result without its verdict: what was wrong with the data is in `why`."""
    begin = time.monotonic()
    result = Result(cell, Status.FAIL)
    try:
        sock = module.connect(server.host, server.port, indicate=True)
    except ModuleError as error:
        seconds = time.monotonic() - begin
        why = "" if cell.cause is not Cause.NONE else "it did not connect"
        result = replace(result, reply=f"ERROR: {error.text}", seconds=seconds, why=why)
    else:
        seconds = time.monotonic() - begin
        why = "" if cell.cause is Cause.NONE else "it connected"
        with sock:
            why = why or _exchange(sock, server)
        server.wait_closed(PATIENCE)
        if server.torn:
            why = why or "the server saw no close_notify"
        said = server.negotiated
        told = (said.version, said.suite.name if said.suite else "?") if said else None
        result = replace(
            result, reply=f"ID: {sock.id:02} OK", seconds=seconds, why=why, server_says=told
        )
    return replace(result, outcome=_outcome(module))


def _outcome(module: Module) -> Outcome | None:
    """What an emulated module tells of its SOCKON."""
    return module.emulation.outcome if module.emulation else None


def _exchange(sock: spwf.Socket, server: Server) -> str:
    """Data both ways; what was wrong with them."""
    exchange = server.exchange
    assert exchange is not None  # the cells' scenarios have no script
    sock.write(exchange.request)
    answer = sock.read(len(exchange.answer))
    return "" if answer == exchange.answer else f"the module read {answer!r}"
