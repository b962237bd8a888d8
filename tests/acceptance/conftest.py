"""What the acceptance tests share: exact bytes, TLS files, and a plain TCP peer.

These tests run unchanged on any module: `pytest tests/acceptance --spwf URL`.
"""

import socket
import time
from collections.abc import Callable, Iterator

import pytest

import spwf
from spwf.scenario import Clock

DEADLINE = 20.0  # s, for every wait
OK = b"\r\nOK\r\n"


class Wire:
    """The module's port, and exactly the bytes that are expected from it."""

    def __init__(self, module: spwf.Module) -> None:
        self.port = module.port

    def send(self, data: bytes) -> None:
        self.port.write(data)

    def take(self, size: int) -> bytes:
        deadline = time.monotonic() + DEADLINE
        data = b""
        while len(data) < size:
            assert time.monotonic() < deadline, f"only {data!r} came"
            data += self.port.read(size - len(data))
        return data

    def until(self, end: bytes) -> bytes:
        data = b""
        while not data.endswith(end):
            data += self.take(1)
        return data

    def expect(self, data: bytes) -> None:
        """The next bytes are these, no more and no less."""
        assert self.take(len(data)) == data

    def ask(self, command: bytes, reply: bytes = OK) -> None:
        self.send(command)
        self.expect(reply)

    def wait_for_data(self, size: int) -> None:
        """Asks SOCKQ of socket 0 until it tells `size`, and nothing else comes."""
        deadline = time.monotonic() + DEADLINE
        told = b""
        while told != b"\r\n DATALEN: %d\r\n" % size + OK:
            assert time.monotonic() < deadline, f"only {told!r}"
            self.send(b"AT+S.SOCKQ=00\r")
            told = self.until(OK)
            assert told.startswith(b"\r\n DATALEN: ")

    def came(self, seconds: float) -> bytes:
        """What comes in so many seconds: for what must not come."""
        deadline = time.monotonic() + seconds
        data = b""
        while time.monotonic() < deadline:
            data += self.port.read(1)
        return data


class Peer:
    """A TCP server of one connection at a time, without TLS."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.host, self.port = self._listener.getsockname()
        self._connection: socket.socket | None = None

    @property
    def connection(self) -> socket.socket:
        if self._connection is None:
            self._connection, _ = self._listener.accept()
            self._connection.settimeout(DEADLINE)
        return self._connection

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self.connection.recv(size - len(data))
            assert piece, f"the module closed after {data!r}"
            data += piece
        return data

    def ended(self) -> bool:
        """Waits for the module to close."""
        return self.connection.recv(1) == b""

    def hang_up(self) -> None:
        """Ends the connection; the next one may come."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        self.hang_up()
        self._listener.close()


@pytest.fixture
def wire(module: spwf.Module) -> Wire:
    """The bytes of `module`, which has joined the network."""
    return Wire(module)


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A plain server, which has accepted nobody yet."""
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def provision() -> Callable[[spwf.Module, spwf.Server], None]:
    """Loads what a server's scenario wants the module to have, in the order of [note 3.3]."""

    def load(module: spwf.Module, server: spwf.Server) -> None:
        wanted, pki = server.scenario.module, server.pki
        module.clean()
        if wanted.clock is Clock.NOW:
            module.set_time()
        if wanted.ca:
            module.load(spwf.Slot.CA, pki[wanted.ca].cert_pem)
        if wanted.client:
            module.load(spwf.Slot.CERT, pki[wanted.client].cert_pem)
            module.load(spwf.Slot.KEY, pki[wanted.client].key_pem)
        if wanted.domain:
            module.set_domain(wanted.domain)

    return load
