"""Bad input: an error, nothing left over, and a module as it was [design 10]."""

from collections.abc import Iterator
from typing import Any

import pytest

import spwf

OK = b"\r\nOK\r\n"
COMMANDS = b"AT+S.SCFG=user_desc,spoilt\r"  # what a body must not be taken for

NOT_FOUND = "Command not found"
MISSING = "Missing argument(s)"
TOO_MANY = "Too many argument(s)"
INVALID = "Invalid argument(s)"
VARIABLE = "Variable not found"
SIZE = "Argument exceeds allowed size"
ZERO = "Argument evaluated to zero"
SOCKET = "Illegal Socket ID"

# Line and body as they are sent, and the error. A body is consumed with its error.
REFUSED: list[tuple[bytes, str]] = [
    (b"AT+S.NOTHING\r", NOT_FOUND),
    (b"AT+S.NOTHING=1,2,3\r", NOT_FOUND),
    (b"ATI\r", NOT_FOUND),
    (b"AT \r", NOT_FOUND),
    (b"AT+S.GCFG\r", MISSING),
    (b"AT+S.GCFG=\r", MISSING),
    (b"AT+S.GCFG=user_desc,1\r", TOO_MANY),
    (b"AT+S.GCFG=no_such_key\r", VARIABLE),
    (b"AT+S.STS=no_such_key\r", VARIABLE),
    (b"AT+S.SCFG=no_such_key,1\r", VARIABLE),
    (b"AT+S.SCFG=wifi_mode\r", MISSING),
    (b"AT+S.SCFG=wifi_mode,x\r", INVALID),
    (b"AT+S.SCFG=wifi_mode,4\r", INVALID),
    (b"AT+S.SCFG=ip_ipaddr,1.2.3\r", INVALID),
    (b"AT+S.SCFG=console1_speed,99999999999999999999\r", INVALID),
    (b"AT+CFUN=5\r", INVALID),
    (b"AT+CFUN=\r", MISSING),
    (b"AT+S.SETTIME\r", MISSING),
    (b"AT+S.SETTIME=now\r", INVALID),
    (b"AT+S.SETTIME=-1\r", INVALID),
    (b"AT+S.TLSCERT=f_ca\r", MISSING),
    (b"AT+S.TLSCERT=f_ca,x\r", INVALID),
    (b"AT+S.TLSCERT=f_ca,0\r", ZERO),
    (b"AT+S.TLSCERT=f_ca,4097\r", SIZE),
    (b"AT+S.TLSCERT=f_ca,4294967296\r", INVALID),
    (b"AT+S.TLSCERT=f_ca,3073\r" + COMMANDS * 113 + b"x" * 22, SIZE),
    (b"AT+S.TLSCERT=f_domain,27\r" + COMMANDS, INVALID),
    (b"AT+S.TLSCERT=f_nothing,27\r" + COMMANDS, INVALID),
    (b"AT+S.TLSCERT=f_ca,27,1\r" + COMMANDS, TOO_MANY),
    (b"AT+S.TLSCERT2=wash,all\r", INVALID),
    (b"AT+S.TLSCERT2=clean,f_nothing\r", INVALID),
    (b"AT+S.TLSCERT2=clean\r", MISSING),
    (b"AT+S.TLSDOMAIN=f_ca,name\r", INVALID),
    (b"AT+S.TLSDOMAIN=f_domain,\r", MISSING),
    (b"AT+S.SOCKON=127.0.0.1,80\r", MISSING),
    (b"AT+S.SOCKON=127.0.0.1,80,t,ind,x\r", TOO_MANY),
    (b"AT+S.SOCKON=127.0.0.1,0,t\r", INVALID),
    (b"AT+S.SOCKON=127.0.0.1,65536,t\r", INVALID),
    (b"AT+S.SOCKON=127.0.0.1,80,q\r", INVALID),
    (b"AT+S.SOCKW=07,27\r" + COMMANDS, SOCKET),
    (b"AT+S.SOCKW=00,27\r" + COMMANDS, SOCKET),
    (b"AT+S.SOCKW=00\r", MISSING),
    (b"AT+S.SOCKQ=8\r", SOCKET),
    (b"AT+S.SOCKQ=-1\r", SOCKET),
    (b"AT+S.SOCKR=00,5\r", SOCKET),
    (b"AT+S.SOCKC=99999999999\r", SOCKET),
    (b"AT+S.SCFG=user_desc," + b"x" * 65 + b"\r", SIZE),
    (b"AT+S.SSIDTXT=" + b"x" * 33 + b"\r", SIZE),
    (b"AT" + b"x" * 4000 + b"\r", SIZE),
]


@pytest.fixture
def loaded(module: spwf.Module) -> Iterator[spwf.Module]:
    """A module with four TLS files, which it must still have in the end."""
    module.load(spwf.Slot.CA, b"ca" * 100)
    module.load(spwf.Slot.CERT, b"cert" * 100)
    module.load(spwf.Slot.KEY, b"key" * 100)
    module.set_domain("server domain")
    before = contents(module)
    assert before == ("#  f_ca = 200", "#  f_cert = 400", "#  f_key = 300", "#  f_domain = 13")
    yield module
    assert contents(module) == before
    assert module.config["user_desc"] == "anonymous"
    assert module.config["wifi_mode"] == "1"


def contents(module: spwf.Module) -> tuple[str, ...]:
    return module.command("AT+S.TLSCERT=f_content,0").lines


def error(text: str) -> bytes:
    return f"\r\nERROR: {text}\r\n".encode()


def test_every_bad_input_is_refused_and_consumed(loaded: spwf.Module, wire: Any) -> None:
    for command, text in REFUSED:
        wire.send(command + b"AT\r")
        expected = error(text) + OK
        answer = wire.take(len(expected))
        assert answer == expected, command[:60]


def test_sizes_and_lengths_are_held_on_an_open_socket(
    loaded: spwf.Module, wire: Any, peer: Any
) -> None:
    wire.ask(
        b"AT+S.SOCKON=%s,%d,t,ind\r" % (peer.host.encode(), peer.port), b"\r\n ID: 00\r\n" + OK
    )
    peer.send(b"hello")
    wire.expect(b"\r\n+WIND:55:Pending Data:0:5\r\n")
    not_enough = error("Not enough data in buffer")
    wire.ask(b"AT+S.SOCKR=00,6\r", not_enough)
    wire.ask(b"AT+S.SOCKR=00,99999\r", not_enough)
    wire.ask(b"AT+S.SOCKR=00,0\r", error(ZERO))
    wire.ask(b"AT+S.SOCKR=00,x\r", error(INVALID))
    wire.ask(b"AT+S.SOCKR=01,5\r", error(SOCKET))
    wire.ask(b"AT+S.SOCKW=00,0\r", error(ZERO))
    wire.ask(b"AT+S.SOCKW=00,4097\r", error(SIZE))
    wire.ask(b"AT+S.SOCKW=01,27\r" + COMMANDS, error(SOCKET))
    wire.ask(b"AT+S.SOCKR=00,5\r", b"hello" + OK)
    wire.ask(b"AT+S.SOCKW=00,5\rthere")
    assert peer.receive(5) == b"there"
    wire.ask(b"AT+S.SOCKC=00\r")
    assert peer.ended()


def test_secure_sockw_takes_3072_bytes_and_no_more(
    loaded: spwf.Module, wire: Any, serve: Any
) -> None:
    server = serve("echo")
    loaded.clean()
    socket = loaded.connect(server.host, server.port)
    wire.send(b"AT+S.SOCKW=00,3073\r" + COMMANDS * 113 + b"x" * 22 + b"AT\r")
    wire.expect(error(SIZE) + OK)
    wire.ask(b"AT+S.SOCKW=00,3072\r" + b"x" * 3071 + b"\n")
    assert socket.read(3072) == b"x" * 3071 + b"\n"
    socket.close()
    loaded.load(spwf.Slot.CA, b"ca" * 100)
    loaded.load(spwf.Slot.CERT, b"cert" * 100)
    loaded.load(spwf.Slot.KEY, b"key" * 100)
    loaded.set_domain("server domain")


def test_files_together_hold_3072_bytes(module: spwf.Module) -> None:
    module.load(spwf.Slot.CA, b"x" * 1500)
    module.load(spwf.Slot.CERT, b"y" * 1500)
    module.load(spwf.Slot.KEY, b"z" * 72)
    before = contents(module)
    with pytest.raises(spwf.ModuleError, match=SIZE):
        module.set_domain("d")
    with pytest.raises(spwf.ModuleError, match=SIZE):
        module.load(spwf.Slot.KEY, b"z" * 73)
    assert contents(module) == before
    module.load(spwf.Slot.KEY, b"z" * 71)
    module.set_domain("d")


def test_nine_sockets_are_one_too_many(module: spwf.Module, peer: Any) -> None:
    sockets = [module.connect(peer.host, peer.port, secure=False) for _ in range(8)]
    assert [socket.id for socket in sockets] == list(range(8))
    with pytest.raises(spwf.ModuleError, match="Too many sockets"):
        module.connect(peer.host, peer.port, secure=False)
    sockets[3].close()
    assert module.connect(peer.host, peer.port, secure=False).id == 3


def test_before_the_network_there_is_no_connection(new_module: Any) -> None:
    module = new_module(join=False)
    with pytest.raises(spwf.ModuleError, match="IP not ready to send"):
        module.connect("127.0.0.1", 80)


@pytest.mark.emulated
def test_name_that_no_server_can_have_is_not_resolved_and_the_outcome_says_so(
    module: spwf.Module,
) -> None:
    with pytest.raises(spwf.ModuleError, match="Failed to resolve name"):
        module.connect("a" * 101, 443)
    assert module.emulation is not None
    assert module.emulation.outcome is not None
    assert module.emulation.outcome.cause is spwf.Cause.RESOLVE
