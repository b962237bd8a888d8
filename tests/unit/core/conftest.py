"""Cores, what can be asked of them, and peers that they connect to."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from spwf._core import Core

DEADLINE = 10.0  # seconds that a wait may last before the test has failed
BOOTED = b"+WIND:32:WiFi Hardware Started\r\n"
UP = b"+WIND:24:WiFi Up:192.168.0.50\r\n"

Done = Callable[[bytes], bool]


def read_while_not(done: Done, core: Core) -> bytes:
    """Read byte by byte until what came is `done`."""
    text = b""
    deadline = time.monotonic() + DEADLINE
    while not done(text):
        text += core.read(1, max(0.0, deadline - time.monotonic()))
        assert time.monotonic() < deadline, text
    return text


def is_reply(text: bytes) -> bool:
    """Say whether a reply is complete."""
    return text.endswith(b"\r\nOK\r\n") or (b"\r\nERROR" in text and text.endswith(b"\r\n"))


@pytest.fixture
def read_until() -> Callable[[Core, bytes], bytes]:
    """Read until what came ends in the bytes that are given."""
    return lambda core, end: read_while_not(lambda text: text.endswith(end), core)


@pytest.fixture
def ask() -> Callable[[Core, bytes], bytes]:
    """Send one command and return its reply, which is all that comes."""

    def send(core: Core, command: bytes) -> bytes:
        core.write(command)
        return read_while_not(is_reply, core)

    return send


@pytest.fixture
def join() -> Callable[..., bytes]:
    """Return the commands that join a network by SSID and passphrase, which end in a reset."""

    def commands(ssid: str = "lab", passphrase: str = "") -> bytes:
        return (
            f"AT+S.SSIDTXT={ssid}\rAT+S.SCFG=wifi_wpa_psk_text,{passphrase}\r"
            f"AT+S.SCFG=wifi_priv_mode,{2 if passphrase else 0}\rAT+S.SCFG=wifi_mode,1\r"
            "AT&W\rAT+CFUN=1\r"
        ).encode()

    return commands


@pytest.fixture
def new_core(
    join: Callable[..., bytes], read_until: Callable[[Core, bytes], bytes]
) -> Iterator[Callable[..., Core]]:
    """Make a Core that has booted, with its boot read; all are closed at the end."""
    cores = []

    def make(*, joined: bool = False, **options: object) -> Core:
        core = Core(**options)  # type: ignore[arg-type]
        cores.append(core)
        core.power(True)
        read_until(core, BOOTED)
        if joined:
            core.write(join())
            read_until(core, UP)
        return core

    yield make
    for core in cores:
        core.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Listen on a port of the kernel's choice."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        server.settimeout(DEADLINE)
        yield server


@pytest.fixture
def connect(
    listener: socket.socket, ask: Callable[[Core, bytes], bytes]
) -> Iterator[Callable[[Core], socket.socket]]:
    """Open plain socket 0 of a module with indications, and return the peer's end."""
    peers = []

    def make(core: Core) -> socket.socket:
        port = listener.getsockname()[1]
        command = f"AT+S.SOCKON=127.0.0.1,{port},t,ind\r".encode()
        assert ask(core, command) == b"\r\n ID: 00\r\n\r\nOK\r\n"
        peer, _ = listener.accept()
        peer.settimeout(DEADLINE)
        peers.append(peer)
        return peer

    yield make
    for peer in peers:
        peer.close()
