"""Input cut at every byte: the module answers the same [design 8.4]."""

from collections.abc import Iterator
from typing import Any

import pytest

import spwf

pytestmark = pytest.mark.emulated

OK = b"\r\nOK\r\n"
NO_SOCKET = b"\r\nERROR: Illegal Socket ID\r\n"

# Commands without a network, good and bad, with and without data. Repeating it changes nothing.
SCRIPT = (
    b"AT\r\n"
    b"AT+S.SCFG=localecho1,0\r"
    b"AT+S.GCFG=console1_speed\r"
    b"at+s.sts=version\r"
    b"AT+S.TLSCERT2=clean,all\r"
    b"AT+S.TLSCERT=f_ca,12\rAT\rAT\r\nPEM\r\n"
    b"\n-AAT+S.TLSDOMAIN=f_domain,server domain\r"
    b"AT+S.TLSCERT=f_content,0\r"
    b"AT+S.SSIDTXT=a, b\r\r"
    b"AT+S.SSIDTXT\r"
    b"AT+S.SOCKW=00,5\rAT\rATA"
    b"TI\rAT&W\r"
    b"AT+S.SOCKQ=00\r"
)
ANSWER = (
    OK
    + OK
    + (b"\r\n#  console1_speed = 115200\r\n" + OK)
    + (b"\r\n#  version = 160129-c5bf5ce-SPWF01S\r\n" + OK)
    + OK
    + OK
    + OK
    + (b"\r\n#  f_ca = 12\r\n#  f_domain = 13\r\n" + OK)
    + OK
    + (b"\r\na, b\r\n" + OK)
    + NO_SOCKET
    + b"\r\nERROR: Command not found\r\n"
    + OK
    + NO_SOCKET
)

SESSION_ANSWER = (b"\r\n ID: 00\r\n" + OK) + OK + (b"\r\n DATALEN: 0\r\n" + OK) + OK


# A reset forgets the time, so that it can be told again and again.
RESET = b"AT+S.SETTIME=1427791696\rAT+S.STS=ip_ipaddr\rAT+CFUN=1\r"


def session(peer: Any) -> bytes:
    """A connection without TLS, from SOCKON to SOCKC."""
    sockon = b"AT+S.SOCKON=127.0.0.1,%d,t\r" % peer.port
    return sockon + b"AT+S.SOCKW=00,5\rAT\rATAT+S.SOCKQ=00\rAT+S.SOCKC=00\r"


def run(module: spwf.Module, pieces: Iterator[bytes] | list[bytes], size: int) -> bytes:
    """What the module says to these pieces, which is `size` bytes; it runs after each."""
    port = module.port
    port.timeout = 0
    said = b""
    for piece in pieces:
        port.write(piece)
        said += port.read(4096)
    port.timeout = 20
    said += port.read(size - len(said))
    port.timeout = 0
    return said + port.read(4096)  # there must be none


def test_a_cut_at_any_byte_gives_the_same_answer(module: spwf.Module) -> None:
    for at in range(len(SCRIPT)):
        assert run(module, [SCRIPT[:at], SCRIPT[at:]], len(ANSWER)) == ANSWER, SCRIPT[:at]


def test_single_bytes_give_the_same_answer(module: spwf.Module) -> None:
    pieces = (SCRIPT[i : i + 1] for i in range(len(SCRIPT)))
    assert run(module, pieces, len(ANSWER)) == ANSWER


def test_a_cut_session_is_the_same_session(module: spwf.Module, peer: Any) -> None:
    script = session(peer)
    for at in range(len(script)):
        said = run(module, [script[:at], script[at:]], len(SESSION_ANSWER))
        assert said == SESSION_ANSWER, script[:at]
        assert peer.receive(5) == b"AT\rAT"
        assert peer.ended()
        peer.hang_up()


def test_a_cut_reset_is_the_same_reset(module: spwf.Module, wire: Any) -> None:
    up = module.status("ip_ipaddr").encode() + b"\r\n"
    wire.send(RESET)
    whole = wire.until(b"\r\n+WIND:24:WiFi Up:" + up)
    before = OK + b"\r\n#  ip_ipaddr = " + up + OK + b"\r\n+WIND:2:RESET\r\n\r\n+WIND:1:Poweron ("
    assert whole.startswith(before)
    for at in range(len(RESET)):
        assert run(module, [RESET[:at], RESET[at:]], len(whole)) == whole, RESET[:at]
