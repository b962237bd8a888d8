"""For all tests: TLS files, a plain TCP peer, a stand-in for a board, and what they test.

They are of the installed package, never of the folder spwf/ beside them. pytest itself keeps to
that (no rootdir in sys.path); the programs that tests start in whatever folder do because of the
variable. Only the wheel has spwf._core, so a mistake is loud.
"""

import gc
import math
import os
import re
import signal
import socket
import subprocess
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import spwf
from spwf.demo import provision as provision_module
from spwf.plugin import setting

os.environ["PYTHONSAFEPATH"] = "1"

# A shell starts its background jobs with SIGINT ignored, and all that they start inherits that; but
# some tests send one.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["pytester"]  # pytest takes this in the topmost conftest only

DEADLINE = 20.0  # s, for every wait
SPWF = Path(sysconfig.get_path("scripts")) / "spwf"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, in turn one of each function: while some wait, others compute."""
    turns: Counter[object] = Counter()

    def turn(item: pytest.Item) -> float:
        if item.get_closest_marker("long") is None:
            return math.inf
        function = getattr(item, "function", item)
        turns[function] += 1
        return turns[function]

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the garbage collector need not look at it again."""
    gc.freeze()


class Peer:
    """A TCP server of one connection at a time, without TLS."""

    def __init__(self, host: str) -> None:
        self._listener = socket.create_server((host, 0))
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
def bind(pytestconfig: pytest.Config) -> str:
    """The address that servers listen on."""
    return str(setting(pytestconfig, "bind"))


@pytest.fixture
def peer(bind: str) -> Iterator[Peer]:
    """A plain server, which has accepted nobody yet."""
    peer = Peer(bind)
    yield peer
    peer.close()


class StandIn:
    """What stands in for a board: a module of another process, and what its flash has borne."""

    SSID, PSK, BIND = "desk", "on the desk", "127.0.0.2"

    def __init__(self, *options: str) -> None:
        place = options or ("--tcp", "127.0.0.1:0", "--timeout", "4")
        self._process = subprocess.Popen(
            [SPWF, "emulate", *place, "--ap", f"{self.SSID}:{self.PSK}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        where = self._process.stdout.readline().removeprefix("listening on ").strip()
        self.url = where if where.startswith("/") else f"socket://{where}"

    def options(self, prefix: str) -> list[str]:
        """How to reach it, for pytest ("--spwf-") or for `spwf` ("--")."""
        given = {"ssid": self.SSID, "psk": self.PSK, "bind": self.BIND, "reset": "at"}
        return [f"{prefix}{name}={text}" for name, text in given.items()]

    def end(self) -> tuple[int, int]:
        """Ends it; how often its flash was written to, and how many pages were erased."""
        self._process.terminate()
        _, errors = self._process.communicate(timeout=DEADLINE)
        told = re.search(r"^flash: (\d+) writes, (\d+) pages erased$", errors, re.MULTILINE)
        assert told, errors
        return int(told[1]), int(told[2])


@pytest.fixture
def stand_in() -> Iterator[Callable[..., StandIn]]:
    """Starts one: `stand_in("--pty", path)`; by itself it has a TCP port."""
    with ExitStack() as stack:

        def start(*options: str) -> StandIn:
            board = StandIn(*options)
            stack.callback(board._process.communicate)
            stack.callback(board._process.terminate)
            return board

        yield start


@pytest.fixture
def provision() -> Callable[[spwf.Module, spwf.Server], None]:
    """Loads what a server's scenario wants the module to have, in the order of [note 3.3]."""

    def load(module: spwf.Module, server: spwf.Server) -> None:
        provision_module(module, server.scenario, server.pki)

    return load


@pytest.fixture(scope="session")
def tshark() -> Callable[..., str]:
    """What it says of a file, with all checksums looked at: `tshark(pcap, "-Y", "tls")`."""
    options = ("ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "tcp.try_heuristic_first:TRUE")
    # The last one: the kernel chooses the ports, and may choose one of another protocol.

    def run(pcap: Path, *arguments: str) -> str:
        chosen = [word for option in options for word in ("-o", option)]
        done = subprocess.run(
            ["tshark", "-r", pcap, *chosen, *arguments],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
