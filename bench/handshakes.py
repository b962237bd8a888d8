"""Whole mutual handshakes in a second of the client's CPU. Called by run.py.

The module's is the whole path: AT+S.SOCKON as bytes on its UART, its four files out of flash, TCP,
TLS with both certificates verified, the socket's id as bytes, AT+S.SOCKC. Beside it `openssl s_time
-new`, which does nothing but handshakes in C, and Python's ssl.
"""

import re
import resource
import subprocess

import wire
from contest import Contest, cpu, hold
from peer import HOST, SUITE, Peer

from spwf import Module
from spwf._core import Core

AT, MODULE, S_TIME, PYTHON = "AT commands", "spwf.Module", "openssl s_time", "Python ssl"


def by_wire(peer: Peer, core: Core, count: int) -> float:
    """AT bytes to spwf._core."""
    before = cpu()
    for _ in range(count):
        wire.connect(core, peer.port)
        wire.close(core)
    return count / (cpu() - before)


def by_module(peer: Peer, module: Module, count: int) -> float:
    """The same by spwf.Module, which parses and notes all that passes."""
    before = cpu()
    for _ in range(count):
        module.connect(HOST, peer.port).close()
    return count / (cpu() - before)


def by_python(peer: Peer, count: int) -> float:
    """Python's ssl, one context for all."""
    context = peer.client()
    before = cpu()
    for _ in range(count):
        peer.connect(context).close()
    return count / (cpu() - before)


def by_s_time(peer: Peer, seconds: int) -> float:
    """`openssl s_time`, less what it takes the program to start.

    It verifies the chain with or without -verify, and knows no names.
    """
    client, ca = peer.pki.client, peer.pki["ca"]
    command = ["openssl", "s_time", "-new", "-connect", f"{HOST}:{peer.port}"]
    command += ["-tls1_2", "-cipher", SUITE, "-verify", "2", "-time", str(seconds)]
    command += ["-cert", str(client.cert_path), "-key", str(client.key_path)]
    command += ["-CAfile", str(ca.cert_path)]
    before = cpu(resource.RUSAGE_CHILDREN)
    subprocess.run(["openssl", "version"], capture_output=True, check=True)
    started = cpu(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, check=True)
    count = re.search(rb"(\d+) connections in \d+ real seconds", done.stdout)
    if count is None or int(count[1]) == 0:
        raise RuntimeError(f"openssl s_time: {done.stdout.decode()}{done.stderr.decode()}")
    return int(count[1]) / (cpu(resource.RUSAGE_CHILDREN) - started - (started - before))


def measure(peer: Peer, module: Module, rounds: int, count: int, seconds: int) -> Contest:
    """`count` handshakes, or `seconds` of s_time, per turn."""
    core = wire.core_of(module)
    contestants = {
        AT: lambda: by_wire(peer, core, count),
        S_TIME: lambda: by_s_time(peer, seconds),
        MODULE: lambda: by_module(peer, module, count),
        PYTHON: lambda: by_python(peer, count),
    }
    contest = hold("Mutual handshakes", contestants, rounds)
    outcome = core.outcome
    assert outcome is not None
    assert (outcome["connected"], outcome["suite"]) == (True, 0xC023)
    return contest
