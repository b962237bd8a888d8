"""The relay: every byte and every end passes, and is told in the order in which it happened."""

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from spwf.errors import HarnessError, ServerError
from spwf.relay import Relay
from spwf.tap import REFUSED, RESET, Event, Kind, read

DEADLINE = 10.0  # s, for every wait


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)
        yield listener


@pytest.fixture
def keylog(tmp_path: Path) -> Path:
    return tmp_path / "keys.log"


@pytest.fixture
def relay(server: socket.socket, keylog: Path) -> Iterator[Relay]:
    with Relay(server.getsockname(), keylog=keylog) as relay:
        assert relay.tap(True)
        yield relay


def meet(relay: Relay, server: socket.socket) -> tuple[socket.socket, socket.socket]:
    """Both ends of a connection through the relay: the module's, the server's."""
    module = socket.create_connection((relay.host, relay.port), DEADLINE)
    peer, _ = server.accept()
    peer.settimeout(DEADLINE)
    return module, peer


def reset(end: socket.socket) -> None:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


def told(relay: Relay) -> list[Event]:
    """All that has been recorded once every connection is over."""
    assert relay.tap(False)
    return list(read(relay.tapped(0)))


def test_bytes_and_ends_pass_in_both_directions(relay: Relay, server: socket.socket) -> None:
    module, peer = meet(relay, server)
    with module, peer:
        module.sendall(b"question")
        assert peer.recv(100) == b"question"
        peer.sendall(b"answer")
        assert module.recv(100) == b"answer"
        module.shutdown(socket.SHUT_WR)
        assert peer.recv(100) == b""
        peer.sendall(b"last words")
        assert module.recv(100) == b"last words"
        peer.shutdown(socket.SHUT_WR)
        assert module.recv(100) == b""
        local = module.getsockname()
    events = told(relay)
    assert [(event.kind, event.data) for event in events] == [
        (Kind.OPENED, b""),
        (Kind.CONNECTED, b""),
        (Kind.SENT, b"question"),
        (Kind.RECEIVED, b"answer"),
        (Kind.CLOSED, b""),
        (Kind.RECEIVED, b"last words"),
        (Kind.ENDED, b""),
    ]
    assert {(event.local, event.peer) for event in events} == {(local, server.getsockname())}


def test_a_reset_passes_on(relay: Relay, server: socket.socket) -> None:
    module, peer = meet(relay, server)
    reset(peer)
    with module, pytest.raises(ConnectionResetError):
        module.recv(100)
    module, peer = meet(relay, server)
    reset(module)
    with peer, pytest.raises(ConnectionResetError):
        peer.recv(100)
    ends = [event for event in told(relay) if event.kind not in (Kind.OPENED, Kind.CONNECTED)]
    assert [(event.kind, event.error, event.socket) for event in ends] == [
        (Kind.FAILED, RESET, 0),
        (Kind.ABORTED, 0, 1),
    ]


def test_a_port_that_is_closed_is_told(server: socket.socket) -> None:
    address = server.getsockname()
    server.close()
    with Relay(address) as relay:
        relay.tap(True)
        # The reset may be there before the connection is told of.
        with (
            pytest.raises(ConnectionResetError),
            socket.create_connection((relay.host, relay.port), DEADLINE) as module,
        ):
            module.recv(100)
        events = told(relay)
    assert [event.kind for event in events] == [Kind.OPENED, Kind.FAILED]
    assert events[1].error == REFUSED


def test_a_server_without_an_address_and_a_place_that_is_none_are_told() -> None:
    with pytest.raises(HarnessError, match=r"^nowhere\.invalid has no address$"):
        Relay(("nowhere.invalid", 443)).__enter__()
    with pytest.raises(ServerError, match=r"^cannot listen on foo\.invalid:0: Name or service"):
        Relay(("127.0.0.1", 443), "foo.invalid").__enter__()


def test_secrets_stand_before_what_they_protect(
    relay: Relay, server: socket.socket, keylog: Path
) -> None:
    module, peer = meet(relay, server)
    secrets = bytes(range(80))
    with module, peer:
        module.sendall(b"key exchange")
        assert peer.recv(100) == b"key exchange"
        line = f"CLIENT_RANDOM {secrets[:32].hex()} {secrets[32:].hex()}\n"
        keylog.write_text(f"# of another kind\nEXPORTER_SECRET {'00' * 32} {'11' * 32}\n{line}")
        peer.sendall(b"finished")
        assert module.recv(100) == b"finished"
    events = [event for event in told(relay) if event.data]
    assert [(event.kind, event.data) for event in events] == [
        (Kind.SECRETS, secrets),
        (Kind.SENT, b"key exchange"),
        (Kind.RECEIVED, b"finished"),
    ]


def test_its_end_ends_the_connections_through_it(server: socket.socket) -> None:
    with Relay(server.getsockname()) as relay:
        assert not relay.tap(False)
        module, peer = meet(relay, server)
    with module, peer:
        assert module.recv(100) == b""
        assert peer.recv(100) == b""
    assert relay.tapped(None) == b""
