#!/usr/bin/env python3
"""What the module on the host costs, beside what others do the same with. Called by `make bench`.

    run.py [--quick] [--plot FILE]

Prints the table, and with --plot draws it. Status 1 where a ratio is below what is wanted of it.
--quick does a little of everything, to see that it works; its figures mean nothing.
"""

import argparse
import platform
import re
import ssl
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import bulk
import handshakes
import many
from contest import Line
from handshakes import AT, MODULE, PYTHON, S_TIME
from peer import Peer
from rich.console import Console
from rich.table import Table

from spwf._core import VERSION, WOLFSSL_VERSION
from spwf.openssl import OpenSSL

FASTER = 1.5  # times the handshakes of the others
HALF = 0.5  # of the bytes of Python's ssl
MANY = {
    "modules_a_second": "Modules made, booted and joined in a CPU second",
    "echoes_a_second": "Sessions of a connect, an echoed line and a close in a CPU second",
    "idle": "KB resident of a module in the network",
    "connected": "KB resident of a module with a secure socket open",
    "python_connected": "KB resident of a connection of Python's ssl",
}


@dataclass(frozen=True)
class Amount:
    """How much of everything."""

    rounds: int
    handshakes: int  # in a turn
    seconds: int  # of s_time, in a turn
    records: int  # in a turn
    modules: int


FULL = Amount(rounds=9, handshakes=500, seconds=1, records=4000, modules=2000)
QUICK = Amount(rounds=1, handshakes=2, seconds=1, records=2, modules=2)


def measure(amount: Amount) -> tuple[list[Line], dict[str, float]]:
    """All contests, and the figures of many modules."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Peer(Path(folder)) as peer,
        peer.module() as module,
    ):
        shaken = handshakes.measure(peer, module, amount.rounds, amount.handshakes, amount.seconds)
        written, read = bulk.measure(peer, module, amount.rounds, amount.records)
    lines = []
    for theirs in (S_TIME, PYTHON):
        lines += [Line(shaken, AT, theirs, FASTER), Line(shaken, MODULE, theirs)]
    for moved in (written, read):
        lines += [Line(moved, AT, PYTHON, HALF), Line(moved, MODULE, PYTHON)]
    return lines, {case: many.measure(case, amount.modules) for case in MANY}


def machine() -> str:
    """Where this was measured."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cpu = found[1] if found else platform.machine()
    openssl = " ".join(OpenSSL.find().version.split()[:2])
    return (
        f"{cpu}; {openssl}; Python {platform.python_version()} with "
        f"{' '.join(ssl.OPENSSL_VERSION.split()[:2])}; wolfSSL {WOLFSSL_VERSION}; spwf {VERSION}"
    )


def show(lines: list[Line], figures: dict[str, float]) -> None:
    """The tables."""
    console = Console(width=100)
    rounds = len(lines[0].ratios)
    table = Table(title=f"In a second of the client's CPU: medians of {rounds} interleaved rounds")
    for head in ("", "ours", "theirs"):
        table.add_column(head)
    for head in ("ours", "theirs", "ratio", "from", "to", "wanted"):
        table.add_column(head, justify="right")
    for line in lines:
        contest, ratios = line.contest, line.ratios
        table.add_row(
            contest.what,
            line.ours,
            line.theirs,
            f"{contest.median(line.ours):.0f}",
            f"{contest.median(line.theirs):.0f}",
            f"{median(ratios):.2f}",
            f"{ratios[0]:.2f}",
            f"{ratios[-1]:.2f}",
            f"{line.wanted:.1f}" if line.wanted else "",
            style="" if line.good else "red",
        )
    console.print(table)
    table = Table(title="Many in one process", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for case, figure in figures.items():
        table.add_row(MANY[case], f"{figure:.0f}")
    console.print(table)
    console.print(machine(), soft_wrap=True, highlight=False)


def main() -> None:
    """Measures, prints, draws."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a little of everything")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="a picture of it, PNG")
    wanted = parser.parse_args()
    lines, figures = measure(QUICK if wanted.quick else FULL)
    show(lines, figures)
    if wanted.plot:
        import plot  # needs matplotlib, which only `make bench` installs

        plot.draw(wanted.plot, lines, figures, machine())
    sys.exit(not wanted.quick and not all(line.good for line in lines))


if __name__ == "__main__":
    main()
