"""TLS as server and host see it: the hello, versions, records, and the end of a session."""

import socket
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

import spwf
from spwf.outcome import Cause, Note
from spwf.scenario import Scenario, ServerOptions
from spwf.suites import SUITES, Version

Serve = Callable[..., spwf.Server]


def first_flight(module: spwf.Module, host: str = "127.0.0.1") -> bytes:
    """The first record that the module sends to a server, with its header."""
    with socket.create_server((host, 0)) as listener:
        listener.settimeout(20)
        got = bytearray()

        def listen() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(20)
                while len(got) < 5 or len(got) < 5 + int.from_bytes(got[3:5], "big"):
                    piece = connection.recv(4096)
                    assert piece, f"the module closed after {bytes(got)!r}"
                    got.extend(piece)

        thread = threading.Thread(target=listen)
        thread.start()
        with pytest.raises(spwf.ModuleError, match="SSL/TLS unable to connect"):
            module.connect(*listener.getsockname())
        thread.join(20)
    return bytes(got)


def test_client_hello_offers_table_2_and_nothing_else(module: spwf.Module, bind: str) -> None:
    """RFC 5246 7.4.1.2: version, random, session id, suites, compression, extensions."""
    record = first_flight(module, bind)
    assert record[:1] == b"\x16"
    hello = record[5:]
    assert hello[:1] == b"\x01"
    assert hello[4:6] == b"\x03\x03"
    assert hello[38] == 0  # no session to resume
    size = int.from_bytes(hello[39:41], "big")
    codes = [int.from_bytes(hello[41 + i : 43 + i], "big") for i in range(0, size, 2)]
    assert codes == [suite.code for suite in SUITES]
    rest = hello[41 + size :]
    assert rest[:2] == b"\x01\x00"  # no compression
    extensions, at = [], 4
    while at < len(rest):
        extensions.append(int.from_bytes(rest[at : at + 2], "big"))
        at += 4 + int.from_bytes(rest[at + 2 : at + 4], "big")
    assert sorted(extensions) == [10, 11, 13]  # groups, point formats, signature algorithms


@pytest.mark.emulated
def test_seed_repeats_the_handshake_exactly(new_module: Callable[..., spwf.Module]) -> None:
    """Two modules of one seed say the same hello, a third one of another does not."""
    assert first_flight(new_module(seed=b"one")) == first_flight(new_module(seed=b"one"))
    assert first_flight(new_module(seed=b"one")) != first_flight(new_module(seed=b"two"))


@pytest.mark.emulated
@pytest.mark.parametrize("version", [Version.TLS1, Version.TLS1_1, Version.TLS1_2])
def test_module_goes_down_to_the_version_of_the_server(
    module: spwf.Module, serve: Serve, version: Version
) -> None:
    echo = Scenario.load("echo")
    options = ServerOptions(echo=True, security_level=0, max_version=version)
    server = serve(replace(echo, server=options))
    assert module.emulation is not None
    with module.connect(server.host, server.port) as sock:
        sock.write(b"ping\n")
        assert sock.read_until(b"\n") == b"gnip\n"
        outcome = module.emulation.outcome
        assert outcome is not None
        assert outcome.version == version


@pytest.mark.emulated
def test_version_below_the_allowed_one_is_refused(
    new_module: Callable[..., spwf.Module], serve: Serve
) -> None:
    options = ServerOptions(security_level=0, max_version=Version.TLS1_1)
    server = serve(replace(Scenario.load("echo"), server=options))
    module = new_module(min_version="tls1.2")
    assert module.emulation is not None
    with pytest.raises(spwf.ModuleError, match="SSL/TLS unable to connect"):
        module.connect(server.host, server.port)
    outcome = module.emulation.outcome
    assert outcome is not None
    assert outcome.cause is Cause.VERSION
    assert outcome.alert_sent is not None


def test_record_without_content_is_not_indicated(module: spwf.Module, serve: Serve) -> None:
    """OpenSSL sends an empty record before each one of TLS 1.0 with CBC (CVE-2011-3389)."""
    options = ServerOptions(
        security_level=0, max_version=Version.TLS1, suites=("TLS_RSA_WITH_AES_128_CBC_SHA",)
    )
    server = serve(replace(Scenario.load("example2"), server=options, name="tls1"))
    with module.connect(server.host, server.port, indicate=True) as sock:
        for word in (b"one", b"two"):
            server.send(word)
            assert module.wait_for(55).text == "Pending Data:0:ENC"
            assert sock.pending() == 3
            assert sock.read(3) == word
    assert [each.number for each in module.indications].count(55) == 2


def test_four_records_are_indicated_and_the_others_wait(module: spwf.Module, serve: Serve) -> None:
    server = serve("example2")
    with module.connect(server.host, server.port, indicate=True) as sock:
        for i in range(8):
            server.send(b"%d" % i)
        for _ in range(4):
            module.wait_for(55)
        assert module.until(lambda: sock.pending() == 8 or None, 20)  # asking decrypts it
        assert [each.number for each in module.indications].count(55) == 4
        assert sock.read(8) == b"01234567"
        server.send(b"next")
        module.wait_for(55)
        assert sock.read(4) == b"next"


def test_what_is_not_read_waits_in_tcp_and_is_not_lost(module: spwf.Module, serve: Serve) -> None:
    server = serve("example2")
    records = [bytes([ord("a") + i]) * 1500 for i in range(10)]
    with module.connect(server.host, server.port) as sock:
        for record in records:
            server.send(record)
        with pytest.raises(spwf.ModuleError, match="Not enough data in buffer"):
            module.command(f"AT+S.SOCKR={sock.id:02},3073")
        assert sock.read(15_000) == b"".join(records)
        assert sock.pending() == 0


def test_a_record_of_16_kilobytes_is_read_in_pieces(module: spwf.Module, serve: Serve) -> None:
    server = serve("example2")
    record = bytes(ord("a") + i % 26 for i in range(16_384))
    with module.connect(server.host, server.port, indicate=True) as sock:
        server.send(record)
        module.wait_for(55)
        assert sock.pending() == 3072
        assert sock.read(16_384) == record


def test_sockc_insists_on_reading_what_has_come(module: spwf.Module, serve: Serve) -> None:
    server = serve("example2")
    sock = module.connect(server.host, server.port, indicate=True)
    server.send(b"unread")
    module.wait_for(55)
    with pytest.raises(spwf.ModuleError, match="Pending data"):
        module.command(f"AT+S.SOCKC={sock.id:02}")
    assert sock.read(6) == b"unread"
    module.command(f"AT+S.SOCKC={sock.id:02}")


def test_end_of_a_session_is_told_and_what_came_before_can_be_read(
    module: spwf.Module, serve: Serve
) -> None:
    server = serve("example2")
    sock = module.connect(server.host, server.port, indicate=True)
    server.send(b"last words")
    module.wait_for(55)
    server.__exit__(None, None, None)
    assert module.wait_for(58).text == "Socket Closed:0"
    assert sock.pending() == 10
    with pytest.raises(spwf.ModuleError, match="Socket not connected"):
        module.command(f"AT+S.SOCKW={sock.id:02},1", b"x")
    assert sock.read(10) == b"last words"
    with pytest.raises(spwf.PeerClosed):
        sock.read(1)
    if module.emulation is not None:
        outcome = module.emulation.outcome
        assert outcome is not None
        assert Note.FIN in outcome.notes
    sock.close()
