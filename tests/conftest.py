"""For all tests: TLS files, a plain TCP peer, and where the package is that they test.

They are of the installed package, never of the folder spwf/ beside them. pytest itself keeps to
that (no rootdir in sys.path); the programs that tests start in whatever folder do because of the
variable. Only the wheel has spwf._core, so a mistake is loud.
"""

import os
import signal
import socket
from collections.abc import Callable, Iterator

import pytest

import spwf
from spwf.demo import provision as provision_module

os.environ["PYTHONSAFEPATH"] = "1"

# A shell starts its background jobs with SIGINT ignored, and all that they start inherits that; but
# some tests send one.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["pytester"]  # pytest takes this in the topmost conftest only

DEADLINE = 20.0  # s, for every wait


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
def peer() -> Iterator[Peer]:
    """A plain server, which has accepted nobody yet."""
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def provision() -> Callable[[spwf.Module, spwf.Server], None]:
    """Loads what a server's scenario wants the module to have, in the order of [note 3.3]."""

    def load(module: spwf.Module, server: spwf.Server) -> None:
        provision_module(module, server.scenario, server.pki)

    return load
