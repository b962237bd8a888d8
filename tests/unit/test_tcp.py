"""Servers without TLS: what a client sees of each kind."""

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spwf.errors import HarnessError, ServerError
from spwf.pki import Pki
from spwf.scenario import End, Port, Scenario, TcpOptions
from spwf.server import Server
from spwf.tcp import TcpServer, server_for

DEADLINE = 20.0  # s, for every wait


@pytest.fixture
def make(tmp_path: Path) -> Callable[[TcpOptions], TcpServer]:
    def make(options: TcpOptions) -> TcpServer:
        scenario = replace(Scenario.load("server-closes"), tcp=options)
        server = server_for(scenario, Pki(tmp_path))
        assert isinstance(server, TcpServer)
        return server

    return make


Make = Callable[[TcpOptions], TcpServer]


def meet(server: Server) -> socket.socket:
    client = socket.create_connection((server.host, server.port), DEADLINE)
    client.sendall(b"hello")
    return client


def test_scenario_with_tls_has_a_server_of_openssl(tmp_path: Path) -> None:
    assert type(server_for(Scenario.load("echo"), Pki(tmp_path))) is Server


def test_answer_comes_after_the_hello_and_then_the_end(make: Make) -> None:
    with make(TcpOptions(answer=b"no TLS")) as server:
        for count in (1, 2):  # one connection after the other
            with meet(server) as client:
                assert client.recv(100) == b"no TLS"
                assert client.recv(100) == b""
            server.wait_closed()
            assert server.received == b"hello"
            assert server.connections == count
    assert server.log.startswith(f"TCP without TLS on 127.0.0.1:{server.port}\n")


@pytest.mark.parametrize(
    ("port", "words"), [(Port.CLOSED, "nothing listens on"), (Port.MUTE, "nobody answers on")]
)
def test_log_says_what_a_port_is_that_takes_nobody(make: Make, port: Port, words: str) -> None:
    with make(TcpOptions(port=port)) as server:
        assert server.log == f"{words} 127.0.0.1:{server.port}\n"


def test_reset_is_a_reset(make: Make) -> None:
    with (
        make(TcpOptions(then=End.RESET)) as server,
        meet(server) as client,
        pytest.raises(ConnectionResetError),
    ):
        client.recv(100)


def test_one_that_waits_ends_with_its_test(make: Make) -> None:
    with make(TcpOptions(then=End.WAIT)) as server:
        client = meet(server)
        server.wait_received(b"hello")
    with client:
        assert client.recv(100) == b""


def test_one_that_waits_hurries_whoever_waits_for_it(make: Make) -> None:
    skipped: list[float] = []
    with make(TcpOptions(then=End.WAIT)) as server:
        server.hurry(skipped.append)
        meet(server).close()
        server.wait_closed()
    assert skipped == [60.0]


def test_time_that_cannot_be_skipped_is_no_failure(make: Make) -> None:
    def refuse(seconds: float) -> None:
        raise HarnessError("time cannot be skipped")

    with make(TcpOptions(then=End.WAIT)) as server:
        server.hurry(refuse)
        meet(server).close()
        server.wait_closed()


def test_closed_port_refuses(make: Make) -> None:
    with make(TcpOptions(port=Port.CLOSED)) as server, pytest.raises(ConnectionRefusedError):
        meet(server)


def test_mute_port_does_not_answer(make: Make) -> None:
    with make(TcpOptions(port=Port.MUTE)) as server, socket.socket() as client:
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.connect((server.host, server.port))


def test_nothing_can_be_sent_by_hand(make: Make) -> None:
    with make(TcpOptions()) as server, pytest.raises(ServerError, match="nothing else"):
        server.send(b"more")
