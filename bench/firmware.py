#!/usr/bin/env python3
"""What handshakes cost the firmware: instructions, memory, flash. Called by `make bench-firmware`.

QEMU counts instructions (-icount shift=0: one is a nanosecond of the guest); the firmware sums them
over the polls that carry a secure SOCKON from the PEM files to Finished (firmware/side.h). They are
instructions, not cycles, of which a Cortex-M3 takes about 1.5 for one. "planned" are the figures of
the trial build that this firmware was planned by.

In millions: all, planned, limit, the longest poll. In bytes: most heap in use, deepest stack.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import spwf
from spwf.demo import provision
from spwf.qemu import PROGRAM, Memory, Qemu
from spwf.scenario import Scenario, Verify

BOARD = "lm3s6965evb"
ROOT = Path(__file__).parent.parent
EC = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"
RSA = "TLS_RSA_WITH_AES_128_CBC_SHA256"
ECDHE_RSA = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"

# Mode, key, suite; millions of instructions of the trial build, and what may not be exceeded.
HANDSHAKES = [
    ("anonymous", "rsa2048", ECDHE_RSA, 4.9, None),
    ("one-way", "rsa2048", RSA, 4.1, None),
    ("one-way", "rsa2048", ECDHE_RSA, 6.3, None),
    ("mutual", "p256", EC, 12.3, 13.0),
    ("mutual", "rsa2048", ECDHE_RSA, 55.8, 60.0),
    ("mutual", "rsa2048", RSA, 53.7, 60.0),
    ("mutual", "p384", EC, 92.0, None),
    ("mutual", "p521", EC, 136.0, None),
]
LONGEST_P256 = 5.5  # millions, one poll


def scenario_of(mode: str, key: str, suite: str) -> Scenario:
    """The note's first example with other keys, and less of it for the weaker modes."""
    example = Scenario.load("example1")
    loads, verify = example.module, example.server.verify
    if mode != "mutual":
        verify = Verify.NONE
        loads = replace(loads, client="")
    if mode == "anonymous":
        loads = replace(loads, ca="", domain="")
    return replace(
        example,
        name=mode,
        pki=spwf.PkiSpec(key=key),
        server=replace(example.server, suites=(suite,), verify=verify),
        module=loads,
    )


def count_instructions(folder: Path) -> None:
    """Puts a QEMU that counts in front of the real one."""
    real = shutil.which(PROGRAM)
    if real is None:
        sys.exit(f"{PROGRAM} is missing: make firmware installs it")
    script = folder / PROGRAM
    script.write_text(f'#!/bin/sh\nexec {real} -icount shift=0 "$@"\n')
    script.chmod(0o755)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"


def measure(scenario: Scenario, folder: Path) -> tuple[float, float, Memory]:
    """Millions of instructions of one handshake, of its longest poll, and the memory it took."""
    pki = spwf.Pki(folder / scenario.pki.key, scenario.pki)
    with (
        spwf.Server(scenario, pki) as server,
        spwf.open(f"qemu://{BOARD}", limits="off", timeout=60.0) as module,
    ):
        module.join("lab", "")
        provision(module, scenario, pki)
        with module.connect(server.host, server.port):
            assert module.emulation is not None
            core = module.emulation.core
            assert isinstance(core, Qemu)
            total, longest = (ns / 1e6 for ns in core.spent)
            return total, longest, core.memory


def main() -> None:
    """Prints both tables; status 1 where a limit is exceeded."""
    head = ("Minsn", "planned", "limit", "longest", "heap", "stack")
    print(f"{BOARD:44}" + "".join(f"{word:>9}" for word in head))
    over = False
    with tempfile.TemporaryDirectory() as place:
        count_instructions(Path(place))
        for mode, key, suite, planned, limit in HANDSHAKES:
            total, longest, memory = measure(scenario_of(mode, key, suite), Path(place))
            name = f"{mode} {key} {suite.removeprefix('TLS_').partition('_WITH')[0]}"
            print(
                f"{name:44}{total:9.1f}{planned:9.1f}{limit or '':>9}{longest:9.1f}"
                f"{memory.peak:9}{memory.stack:9}"
            )
            over |= limit is not None and total > limit
            over |= key == "p256" and longest > LONGEST_P256
    print(flush=True)
    subprocess.run([sys.executable, ROOT / "scripts/firmware_size.py", BOARD], check=True)
    sys.exit(over)


if __name__ == "__main__":
    main()
