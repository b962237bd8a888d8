"""What the acceptance tests share: exact bytes, and certificates for localhost.

These tests run unchanged on any module: `pytest tests/acceptance --spwf URL`.
"""

import time

import pytest

import spwf
from spwf.pki import Certificate, Pki

from .probing import NAME

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


@pytest.fixture
def wire(module: spwf.Module) -> Wire:
    """The bytes of `module`, which has joined the network."""
    return Wire(module)


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """P-256 certificates for NAME."""
    return Pki(tmp_path_factory.mktemp("pki"), server=Certificate(cn=NAME))
