"""Megabytes in a second of the client's CPU, each way. Called by run.py.

AT+S.SOCKW of 3072 bytes, the most it takes, which is one record; AT+S.SOCKQ and AT+S.SOCKR for each
record that comes. Beside it Python's ssl with the same suite and the same records.
"""

import ssl
from collections.abc import Callable

import wire
from contest import Contest, Turn, cpu, hold
from handshakes import AT, MODULE, PYTHON
from peer import BLOB, HOST, RECORD, Peer

from spwf import Module
from spwf._core import Core

Transfer = Callable[[Peer, int, int], float]
"""Sends so many bytes, receives so many; the seconds of CPU that it took."""


def head(sends: int, wants: int) -> bytes:
    """What the server is told first: bytes that it gets, and then gives."""
    return sends.to_bytes(8, "big") + wants.to_bytes(8, "big")


def drain(receive: Callable[[], int], total: int) -> None:
    """Receives so many bytes."""
    while total > 0:
        total -= receive()


def by_wire(core: Core) -> Transfer:
    """AT bytes to spwf._core."""

    def transfer(peer: Peer, sends: int, wants: int) -> float:
        wire.connect(core, peer.port)
        wire.ask(core, b"AT+S.SOCKW=0,16\r" + head(sends, wants))
        before = cpu()
        for _ in range(sends // RECORD):
            wire.ask(core, b"AT+S.SOCKW=0,%d\r%b" % (RECORD, BLOB))
        drain(lambda: wire.receive(core), 1 + wants)
        used = cpu() - before
        wire.close(core)
        return used

    return transfer


def by_module(module: Module) -> Transfer:
    """The same by spwf.Module."""

    def transfer(peer: Peer, sends: int, wants: int) -> float:
        with module.connect(HOST, peer.port) as socket:
            socket.write(head(sends, wants))
            before = cpu()
            for _ in range(sends // RECORD):
                socket.write(BLOB)
            socket.read(1)
            drain(lambda: len(socket.read(RECORD)), wants)
            used = cpu() - before
        module.transcript.clear()
        return used

    return transfer


def by_python(context: ssl.SSLContext) -> Transfer:
    """Python's ssl."""

    def transfer(peer: Peer, sends: int, wants: int) -> float:
        with peer.connect(context) as socket:
            socket.sendall(head(sends, wants))
            before = cpu()
            for _ in range(sends // RECORD):
                socket.sendall(BLOB)
            drain(lambda: len(socket.recv(RECORD)), 1 + wants)
            return cpu() - before

    return transfer


def measure(peer: Peer, module: Module, rounds: int, records: int) -> tuple[Contest, Contest]:
    """Writing and reading, `records` of 3072 bytes per turn."""
    size = records * RECORD
    ways = {
        AT: by_wire(wire.core_of(module)),
        MODULE: by_module(module),
        PYTHON: by_python(peer.client()),
    }

    def turn(transfer: Transfer, sends: int, wants: int) -> Turn:
        return lambda: size / 1e6 / transfer(peer, sends, wants)

    writing = {name: turn(way, size, 0) for name, way in ways.items()}
    reading = {name: turn(way, 0, size) for name, way in ways.items()}
    return hold("MB written", writing, rounds), hold("MB read", reading, rounds)
